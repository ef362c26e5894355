"""Renders feedback from `TestOutcome`s: HTML in a notebook, plain text elsewhere.

Used for public checks and for hidden tests. Colours are those of the theme (JupyterLab, VS Code, or a default), always with a sign beside
them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from .outcomes import TestOutcome

GOOD = "var(--jp-success-color1, var(--vscode-testing-iconPassed, #388e3c))"
BAD = "var(--jp-error-color1, var(--vscode-errorForeground, #d32f2f))"
CALM = "var(--jp-border-color1, var(--vscode-descriptionForeground, #9e9e9e))"
FAINT = "var(--jp-content-font-color2, var(--vscode-descriptionForeground, #6f6f6f))"
RAISED = "var(--jp-layout-color2, var(--vscode-textCodeBlock-background, rgba(128,128,128,.12)))"


class Diagnosis(Protocol):
    """A misconception that explains the failures."""

    title: str
    explanation: str
    see: str
    aspects: Sequence[str]


class Points(Protocol):
    """An aspect of an exercise with its points."""

    name: str
    score: float
    max_score: float
    corner: bool


class Group(NamedTuple):
    """Tests that stand below one heading, which is empty for tests without an aspect."""

    heading: str
    points: str
    tests: list[TestOutcome]


class Row(NamedTuple):
    """A line of the table of a lecture's exercises; `state` is ``passed``, ``failed``, ``waiting`` or ``broken``."""

    name: str
    state: str
    words: str


_MARKS = {"passed": ("✓", GOOD), "failed": ("✗", BAD), "waiting": ("○", FAINT), "broken": ("!", BAD)}


def feedback(
    title: str, outcomes: Sequence[TestOutcome], note: str = "", misconceptions: Sequence[Diagnosis] = (), unit: str = "check"
) -> None:
    """Display the results of an exercise.

    Parameters
    ----------
    title : str
        The exercise.
    outcomes : sequence of TestOutcome
        Of its tests, in the order in which they are to be listed.
    note : str
        The last line.
    misconceptions : sequence of objects with title, explanation and see
        What explains the failures.
    unit : str
        What one test is called, such as "hidden test".
    """
    display(feedback_html(title, outcomes, note, misconceptions, unit), feedback_text(title, outcomes, note, misconceptions, unit))


def notice(text: str) -> None:
    """Display a neutral message."""
    display(_card(CALM, code(text)), text)


def table(title: str, rows: Sequence[Row], note: str = "") -> None:
    """Display the state of several exercises."""
    width = max((len(row.name) for row in rows), default=0)
    lines = [title, *(f"  {_MARKS[row.state][0]} {row.name.ljust(width)}  {row.words}" for row in rows), note]
    cells = "".join(
        f'<tr style="background:none"><td style="{_CELL}">{_mark(row.state)}</td>'
        f'<td style="{_CELL};font-family:{_MONO}">{escape(row.name)}</td>'
        f'<td style="{_CELL}">{code(row.words)}</td></tr>'
        for row in rows
    )
    done = all(row.state == "passed" for row in rows)
    style = "border-collapse:collapse;margin:.4em 0;border:none;font-size:inherit"
    body = f'<strong>{escape(title)}</strong><table style="{style}">{cells}</table>{_note(note)}'
    display(_card(GOOD if done else CALM, body), "\n".join(line for line in lines if line))


def state_of(outcomes: Sequence[TestOutcome], exercise: str = "", unit: str = "check") -> Row:
    """Return the state of an exercise with a short text."""
    name = exercise or (outcomes[0].exercise if outcomes else "")
    passed = sum(outcome.passed for outcome in outcomes)
    words = f"{passed} of {len(outcomes)} {unit}{'' if len(outcomes) == 1 else 's'} passed"
    kinds = {outcome.kind for outcome in outcomes if not outcome.passed}
    if not outcomes:
        return Row(name, "broken", f"there are no {unit}s")
    if not kinds:
        return Row(name, "passed", words)
    if not passed and kinds <= {"not_attempted", "missing"}:
        return Row(name, "waiting", _waiting(name, outcomes))
    if kinds == {"broken"}:
        return Row(name, "broken", f"{words}, and a defect of the course kept the rest from running")
    return Row(name, "failed", words)


def _waiting(name: str, outcomes: Sequence[TestOutcome]) -> str:
    others = sorted({outcome.culprit for outcome in outcomes} - {name, ""})
    if others:
        return f"waits for {' and '.join(others)}"
    return "not attempted" if outcomes[0].kind == "not_attempted" else "missing: run the cell that defines it"


def first_failure(outcomes: Sequence[TestOutcome]) -> TestOutcome | None:
    """Return the first failure in the order of the tests, or None; a defect of the course comes last."""
    failures = [outcome for outcome in outcomes if not outcome.passed]
    return min(failures, key=lambda outcome: outcome.kind == "broken", default=None)


# --- as HTML ----------------------------------------------------------------------------------------------------------


def feedback_html(
    title: str,
    outcomes: Sequence[TestOutcome],
    note: str = "",
    misconceptions: Sequence[Diagnosis] = (),
    unit: str = "check",
    aspects: Sequence[Points] = (),
) -> str:
    """Return the HTML of `feedback`; with `aspects`, the tests stand below the aspect that they belong to."""
    row, first = state_of(outcomes, title, unit), first_failure(outcomes)
    head = f'<div>{_mark(row.state)} <strong style="font-family:{_MONO}">{escape(title)}</strong> · {escape(row.words)}</div>'
    if row.state == "waiting":
        return _card(CALM, head + _note(note))
    parts = [head]
    for group in _groups(outcomes, aspects):
        if group.heading:
            parts.append(f'<div style="margin:.5em 0 .1em"><strong>{code(group.heading)}</strong> · {group.points}</div>')
        items = "".join(_test_html(outcome, outcome is first) for outcome in group.tests)
        parts.append(f'<ul style="list-style:none;margin:{".1em 0 .1em .8em" if group.heading else ".4em 0"};padding:0">{items}</ul>')
    parts += [_others_html(outcomes, first), *map(_misconception_html, misconceptions)]
    return _card(_MARKS[row.state][1], "".join(parts) + _note(note))


def _groups(outcomes: Sequence[TestOutcome], aspects: Sequence[Points]) -> list[Group]:
    """Return the tests without an aspect, those of each aspect, and those of all corners together, each with the points."""
    of_aspect: dict[str, list[TestOutcome]] = {}
    for outcome in outcomes:
        of_aspect.setdefault(outcome.aspect.name if outcome.aspect else "", []).append(outcome)
    known, corners = [aspect for aspect in aspects if aspect.name in of_aspect], [aspect for aspect in aspects if aspect.corner]
    alone = [outcome for outcome in outcomes if not outcome.aspect or outcome.aspect.name not in {aspect.name for aspect in known}]
    groups = [Group("", "", alone), *(Group(one.name, _points([one]), of_aspect[one.name]) for one in known if not one.corner)]
    rest = [outcome for aspect in corners for outcome in of_aspect.get(aspect.name, ())]
    groups.append(Group("corners", f"{_points(corners)}, in proportion to the points above", rest))
    return [group for group in groups if group.tests]


def _points(aspects: Sequence[Points]) -> str:
    score, most = sum(aspect.score for aspect in aspects), sum(aspect.max_score for aspect in aspects)
    return f"{score + 1e-9:.2f} of {most + 1e-9:.2f}"


def _test_html(outcome: TestOutcome, in_full: bool) -> str:
    message = ""
    if in_full:
        style = f"margin:.25em 0 .4em 1.5em;padding:.35em .6em;background:{RAISED};border-radius:3px;overflow-wrap:anywhere"
        message = f'<div style="{style}">{code(outcome.message)}</div>'
    return f'<li style="margin:.15em 0">{_mark(_state(outcome))} {code(outcome.sentence)}{message}</li>'


def _others_html(outcomes: Sequence[TestOutcome], first: TestOutcome | None) -> str:
    others = _others(outcomes, first)
    if not others:
        return ""
    items = "".join(f'<li style="margin:.3em 0;overflow-wrap:anywhere">{code(o.sentence)}<br>{code(o.message)}</li>' for o in others)
    summary = f'<summary style="cursor:pointer">{_others_head(others)}</summary>'
    return f'<details style="margin:.4em 0">{summary}<ul style="margin:.3em 0 0 1em;padding:0 0 0 1em">{items}</ul></details>'


def _misconception_html(misconception: Diagnosis) -> str:
    see = f'<div style="color:{FAINT}">{code(_evidence(misconception))}</div>'
    style = f"margin:.5em 0;padding:.4em .7em;border:1px solid {CALM};border-radius:3px"
    return f'<div style="{style}"><strong>{code(misconception.title)}</strong><div>{code(misconception.explanation)}</div>{see}</div>'


def _evidence(misconception: Diagnosis) -> str:
    """Return where to read, and in which aspects the student's answers are those of the misconception."""
    found = f"The wrong answers in {listed(misconception.aspects)} are those of this mistake." if misconception.aspects else ""
    return " ".join(filter(None, [f"See {misconception.see}." if misconception.see else "", found]))


def listed(names: Sequence[str]) -> str:
    """Return names as text: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


_MONO = "var(--jp-code-font-family, var(--vscode-editor-font-family, monospace))"
_CELL = "text-align:left;padding:.15em .8em .15em 0;border:none"


def _card(colour: str, body: str) -> str:
    shape = "padding:.35em .9em;margin:.3em 0;max-width:52em;line-height:1.45;font-size:var(--jp-content-font-size1, 1em)"
    return f'<div style="border-left:4px solid {colour};{shape}">{body}</div>'


def _mark(state: str) -> str:
    mark, colour = _MARKS[state]
    return f'<span role="img" aria-label="{state}" style="display:inline-block;width:1.2em;color:{colour};font-weight:bold">{mark}</span>'


def _note(note: str) -> str:
    return f'<div style="color:{FAINT};font-size:.92em;margin-top:.4em">{code(note)}</div>' if note else ""


def code(text: str) -> str:
    """Escape a text for HTML, with code between backticks."""
    return re.sub(r"(`+)([^`]+)\1", rf'<code style="font-family:{_MONO}">\2</code>', escape(text))


# --- as text ----------------------------------------------------------------------------------------------------------


def feedback_text(
    title: str,
    outcomes: Sequence[TestOutcome],
    note: str = "",
    misconceptions: Sequence[Diagnosis] = (),
    unit: str = "check",
    aspects: Sequence[Points] = (),
) -> str:
    """Return the plain text of `feedback`; see `feedback_html`."""
    row, first = state_of(outcomes, title, unit), first_failure(outcomes)
    lines = [f"{_MARKS[row.state][0]} {title}: {row.words}"]
    if row.state == "waiting":
        return "\n".join([*lines, *([note] if note else [])])
    for group in _groups(outcomes, aspects):
        if group.heading:
            lines.append(f"{group.heading} · {group.points}")
        for outcome in group.tests:
            lines.append(f"  {_MARKS[_state(outcome)][0]} {outcome.sentence}")
            if outcome is first:
                lines.append(f"      {outcome.message}")
    others = _others(outcomes, first)
    if others:
        lines.append(f"{_others_head(others)}:")
        lines += [f"  - {outcome.message}" for outcome in others]
    for found in misconceptions:
        lines += [f"{found.title}. {found.explanation} {_evidence(found)}".rstrip()]
    return "\n".join([*lines, *([note] if note else [])])


def _state(outcome: TestOutcome) -> str:
    if outcome.passed:
        return "passed"
    return {"not_attempted": "waiting", "broken": "broken"}.get(outcome.kind, "failed")


def _others(outcomes: Sequence[TestOutcome], first: TestOutcome | None) -> list[TestOutcome]:
    """Return the failures with another message than the first one."""
    return [outcome for outcome in outcomes if not outcome.passed and first is not None and outcome.message != first.message]


def _others_head(others: Sequence[TestOutcome]) -> str:
    return "The other message" if len(others) == 1 else f"The other {len(others)} messages"


# --- display ----------------------------------------------------------------------------------------------------------


def display(html: str, text: str) -> bool:
    """Display HTML with its plain-text version, and return whether this process is a notebook's kernel.

    In a plain process the text is printed. Nothing is written to standard error, and nothing becomes a cell's result.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        _print(text)
        return False
    ipython.display.display({"text/html": html, "text/plain": text}, raw=True)
    return True


def _print(text: str) -> None:
    if not sys.stdout.isatty():
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding))  # an ASCII pipe has no ✓
        return
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    for pattern, style in ((r"(?m)^ *✓", "bold green"), (r"(?m)^ *[✗!] ", "bold red"), (r"(?m)^ *○", "dim")):
        styled.highlight_regex(pattern, style)
    Console().print(styled)
