"""What a student reads about a result: the comment on a solution cell, and the output of a test cell.

Both are shown by nbgrader, in formgrader and on the feedback page, so neither may carry a student's own words as markup.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import Any

from .results import ExerciseResult, TestResult

_MARKS = {"passed": "✓", "failed": "✗"}
_COLOURS = {"passed": "#00734f", "failed": "#a04000"}  # dark enough on white, and told apart by the colour blind


def comment(exercise: ExerciseResult) -> str | None:
    """Return the Markdown comment on an exercise: what failed first, and the misconception behind it. None where all is well."""
    if exercise.status == "passed":
        return None
    if exercise.status == "not_attempted":
        return "Not attempted: the cell is as it was handed out."
    failure = exercise.first_failure
    parts = [f"{summary(exercise)}."]
    if failure is not None:
        parts += [f"The first that does not: {failure.name}", verbatim(failure.message)]
    if exercise.misconception is not None:
        found = exercise.misconception
        parts += [f"**{found.title}**", f"{found.explanation} (See {found.see}.)"]
    return "\n\n".join(part for part in parts if part)


def summary(exercise: ExerciseResult) -> str:
    """Return the state of an exercise in a few words."""
    if exercise.status == "not_attempted":
        return "Not attempted"
    if not exercise.tests:
        return "The hidden tests could not be run"
    passed = sum(test.outcome == "passed" for test in exercise.tests)
    return f"{passed} of {len(exercise.tests)} hidden tests pass"


def verbatim(text: str) -> str:
    """Return Markdown that shows `text` as it is, whatever is in it."""
    return textwrap.indent(text.strip(), "    ", predicate=lambda line: True)


def bundle(exercise: ExerciseResult) -> dict[str, str]:
    """Return the feedback of a test cell as a MIME bundle: HTML and its plain twin."""
    return {"text/html": _html(exercise), "text/plain": _text(exercise)}


def outputs(exercise: ExerciseResult) -> list[dict[str, Any]]:
    """Return a test cell's outputs: the feedback, and the points in the one form that nbgrader reads as partial credit.

    Without the second, nbgrader's own ``SaveAutoGrades`` would give full marks.
    """
    return [
        {"output_type": "display_data", "data": bundle(exercise), "metadata": {}},
        {"output_type": "execute_result", "data": {"text/plain": repr(float(exercise.score))}, "metadata": {}, "execution_count": None},
    ]


def _title(exercise: ExerciseResult) -> str:
    return f"{exercise.name}: {exercise.score:g} of {exercise.max_score:g} points. {summary(exercise)}."


def _text(exercise: ExerciseResult) -> str:
    lines = [_title(exercise)]
    for test in _told(exercise):
        lines += [f"  {_MARKS[test.outcome]} {test.name}"] + ([f"      {test.message}"] if test.message else [])
    if exercise.misconception is not None:
        found = exercise.misconception
        lines += [f"  {found.title}: {found.explanation} (See {found.see}.)"]
    return "\n".join(lines)


def _html(exercise: ExerciseResult) -> str:
    found = exercise.misconception
    tests = "".join(map(_html_test, _told(exercise)))
    because = f"<p><b>{escape(found.title)}</b><br>{escape(found.explanation)} (See {escape(found.see)}.)</p>" if found else ""
    listed = f'<ul style="list-style: none; padding-left: 0">{tests}</ul>'
    return f'<div class="autograder"><p><b>{escape(_title(exercise))}</b></p>{listed}{because}</div>'


def _html_test(test: TestResult) -> str:
    mark = f'<span style="color: {_COLOURS[test.outcome]}; font-weight: bold">{_MARKS[test.outcome]}</span>'
    message = (
        f'<div style="margin-left: 1.5em; font-family: monospace; white-space: pre-wrap">{escape(test.message)}</div>'
        if test.message
        else ""
    )
    return f"<li>{mark} {escape(test.name)}{message}</li>"


def _told(exercise: ExerciseResult) -> tuple[TestResult, ...]:
    """Return the tests worth listing: a stub's would say the same thing over and over."""
    return () if exercise.status == "not_attempted" else exercise.tests
