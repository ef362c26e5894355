"""A result as Gradescope's ``results.json``: https://gradescope-autograders.readthedocs.io/en/latest/specs/."""

from __future__ import annotations

from typing import Any

from autograder.errors import printable
from autograder.gradebook import feedback
from autograder.model.results import ExerciseResult, SubmissionResult


def as_gradescope(result: SubmissionResult, visibility: str) -> dict[str, Any]:
    """Return one result in Gradescope's form: a test for each exercise, with the feedback as its output.

    Parameters
    ----------
    result : SubmissionResult
        The result; one that could not be graded has 0 points, and the reason as output.
    visibility : {"visible", "after_due_date", "after_published", "hidden"}
        When students see the tests, and with them the score.
    """
    why = "" if result.graded else "This notebook could not be graded.\n"
    return {
        "score": result.score,
        "output": printable(why + "\n".join(result.problems)),
        "output_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": {"lecture": result.lecture, "graded": result.graded},
        "tests": [_test(number, exercise) for number, exercise in enumerate(result.exercises, start=1)],
    }


def _test(number: int, exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": exercise.name,
        "score": exercise.score,
        "max_score": exercise.max_score,
        "status": "passed" if exercise.status == "passed" else "failed",
        "output": printable(feedback.bundle(exercise)["text/plain"]),
        "output_format": "text",
        "extra_data": {"status": exercise.status, "misconceptions": [found.id for found in exercise.misconceptions]},
    }
