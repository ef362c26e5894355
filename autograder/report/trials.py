"""The table of ``autograder try``: a lecture's known answers, each with its share, its band, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autograder.judging.known_answers import BANDS
from autograder.judging.trials import KnownTrial


def as_table(trials: Iterable[KnownTrial]) -> RenderableType:
    """Return the table, with a line below it that counts what is in its band and what is named."""
    table = Table(box=None)
    for heading in ("", "exercise", "answer", "severity", "share", "aspects that lost points", "findings"):
        table.add_column(heading, justify="right" if heading == "share" else "left", overflow="fold")
    all_trials = list(trials)
    for trial in all_trials:
        findings = list(trial.findings())
        lost = [f"{aspect.name} {aspect.score:.2g}/{aspect.max_score:.2g}" for aspect in trial.result.aspects if _lost(trial, aspect)]
        table.add_row(
            Text("✗", style="red") if findings else Text("✓", style="green"),
            trial.known.exercise,
            trial.known.id,
            trial.known.severity or ("–" if trial.known.title else "right"),
            f"{trial.share:.0%}",
            ", ".join(lost),
            "; ".join(findings),
        )
    wrong = [trial for trial in all_trials if trial.known.title]
    in_band = sum(bool(trial.known.severity) and _in_band(trial) for trial in wrong)
    named = sum(trial.known.id in trial.names for trial in wrong)
    right = sum(trial.share == 1 for trial in all_trials if not trial.known.title)
    of_wrong = f"{in_band} of {len(wrong)} misconceptions are in their band, {named} are named"
    return Group(table, Text(f"{of_wrong}; {right} of {len(all_trials) - len(wrong)} right answers get full marks"))


def _in_band(trial: KnownTrial) -> bool:
    low, high = BANDS[trial.known.severity or ""]
    return low - 0.005 <= trial.share <= high + 0.005


def _lost(trial: KnownTrial, aspect: object) -> bool:
    failed = {test.aspect for test in trial.result.tests if test.outcome == "failed"}
    return getattr(aspect, "name", "") in failed
