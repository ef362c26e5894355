"""Feedback for students: the comment on a solution cell, and the output of a test cell.

nbgrader shows both as markup, in formgrader and on the feedback page, so text of students is escaped.
"""

from __future__ import annotations

import json
import textwrap
from functools import lru_cache
from typing import Any

from autograder.model.results import ExerciseResult, TestResult, exercise_to_json
from coursekit import show
from coursekit.outcomes import Aspect, TestOutcome

UNIT = "hidden test"
DATA = "application/vnd.autograder.exercise"  # the type under which an output holds an exercise's result as JSON, for the feedback page
PRINTED_LENGTH = 4000


def comment(exercise: ExerciseResult) -> str | None:
    """Return the Markdown comment on an exercise: first failure, misconception, follow-through; None if there is nothing to say."""
    if exercise.status == "passed":
        return exercise.judged_with or None
    if exercise.status == "not_attempted":
        return "Not attempted: the cell is as it was handed out."
    parts = [f"{show.state_of(_outcomes(exercise), exercise.name, UNIT).words}."]
    if (failure := exercise.first_failure) is not None:
        parts += [f"The first that did not: {failure.name}", verbatim(failure.message)]
    for found in exercise.misconceptions:
        parts += [f"**{found.title}**", f"{found.explanation} (See {found.see}.)"]
    parts += [exercise.judged_with] if exercise.follow_through else []
    return "\n\n".join(parts)


def verbatim(text: str) -> str:
    """Return `text` as a Markdown code block."""
    return textwrap.indent(text.strip(), "    ", predicate=lambda line: True)


def bundle(exercise: ExerciseResult) -> dict[str, str]:
    """Return the feedback of a test cell as a MIME bundle of HTML and plain text."""
    html, text = _feedback(exercise)
    return {"text/html": html, "text/plain": text}


@lru_cache(maxsize=64)  # many students have the same result
def _feedback(exercise: ExerciseResult) -> tuple[str, str]:
    points = f"{exercise.score:g} of {exercise.max_score:g} points. {exercise.judged_with}".removesuffix(". ")
    told: tuple[Any, ...] = (exercise.name, _outcomes(exercise), points, exercise.misconceptions, UNIT, exercise.aspects)
    # Quoted text of a student could contain a formula with a link: the classes turn MathJax 2 and 3 off.
    html = f'<div class="tex2jax_ignore mathjax_ignore">{show.feedback_html(*told)}</div>'
    return html, show.feedback_text(*told)


@lru_cache(maxsize=64)
def _data(exercise: ExerciseResult) -> str:
    return json.dumps(exercise_to_json(exercise))


def outputs(exercise: ExerciseResult, printed: str = "") -> list[dict[str, Any]]:
    """Return a test cell's outputs: the feedback, with the result as data, the printed text, and the points as nbgrader parses them.

    Without the points, nbgrader's own ``SaveAutoGrades`` would give full marks.
    """
    said = f"{exercise.name} printed, while the hidden tests called it:\n{printed}" if printed else ""
    return [
        {"output_type": "display_data", "data": {**bundle(exercise), DATA: _data(exercise)}, "metadata": {}},
        *stream(said),
        {"output_type": "execute_result", "data": {"text/plain": repr(float(exercise.score))}, "metadata": {}, "execution_count": None},
    ]


def stream(text: str) -> list[dict[str, Any]]:
    """Return printed text as a cell's outputs, cut at `PRINTED_LENGTH`."""
    if len(text) > PRINTED_LENGTH:
        text = f"{text[:PRINTED_LENGTH]}\n(and {len(text) - PRINTED_LENGTH} characters more)\n"
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def _outcomes(exercise: ExerciseResult) -> list[TestOutcome]:
    """Return the tests of a result in the form that `show` renders."""
    failed = "not_attempted" if exercise.status == "not_attempted" else "value"
    return [_outcome(exercise.name, test, failed) for test in exercise.tests]


def _outcome(exercise: str, test: TestResult, failed: str) -> TestOutcome:
    kind = "" if test.outcome == "passed" else failed
    aspect = Aspect(test.aspect) if test.aspect else None
    return TestOutcome(exercise, test.name, test.name, kind, test.message, test.weight, exercise, aspect)
