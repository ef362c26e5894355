"""Which survivors are known, and why they do no harm; which exercises are left out, and why: ``survivors.toml``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from judging import Verdict

Key = tuple[str, str, str, str]


def key_of(verdict: Verdict) -> Key:
    """Return what a survivor is known by: exercise, origin, the line before, and the operator with the line after."""
    mutant = verdict.mutant
    return verdict.subject.exercise, verdict.subject.origin, mutant.line, f"{mutant.operator}: {mutant.becomes}"


def read_reasons(path: Path) -> dict[Key, str]:
    """Return the reasons by key."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", []) if path.exists() else []
    return {
        (entry["exercise"], entry["origin"], entry["line"], becomes): entry["reason"].strip()
        for entry in entries
        for becomes in entry["becomes"]
    }


def read_left_out(path: Path) -> dict[str, str]:
    """Return the exercises that aren't mutated, each with the reason."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("left_out", []) if path.exists() else []
    return {entry["exercise"]: entry["reason"].strip() for entry in entries}


def unexplained(verdicts: Iterable[Verdict], reasons: Mapping[Key, str]) -> list[Verdict]:
    """Return the survivors that have no reason."""
    return [verdict for verdict in verdicts if not verdict.caught and not reasons.get(key_of(verdict))]


def outdated(verdicts: Iterable[Verdict], reasons: Mapping[Key, str], exercises: Iterable[str] | None = None) -> list[Key]:
    """Return the reasons whose mutant doesn't survive any more, or doesn't exist; of these exercises, or of all."""
    survivors = {key_of(verdict) for verdict in verdicts if not verdict.caught}
    asked = None if exercises is None else set(exercises)
    return [key for key in reasons if key not in survivors and (asked is None or key[0] in asked)]


def as_toml(verdicts: Iterable[Verdict]) -> str:
    """Return survivors as they would stand in the file, the reason to be written."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for verdict in verdicts:
        exercise, origin, line, becomes = key_of(verdict)
        lines.setdefault((exercise, origin, line), []).append(becomes)
    return "\n".join(_entry(*key, becomes) for key, becomes in lines.items())


def _entry(exercise: str, origin: str, line: str, becomes: list[str]) -> str:
    quoted = [json.dumps(text, ensure_ascii=False) for text in (exercise, origin, line)]
    listed = "".join(f"    {json.dumps(text, ensure_ascii=False)},\n" for text in dict.fromkeys(becomes))
    names = "\n".join(f"{name} = {text}" for name, text in zip(("exercise", "origin", "line"), quoted, strict=True))
    return f'[[survivor]]\n{names}\nbecomes = [\n{listed}]\nreason = ""\n'
