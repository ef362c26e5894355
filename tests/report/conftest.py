"""Results that are made by hand: nothing is graded here."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.model.results import AspectResult, ExerciseResult, MisconceptionFound, Status, SubmissionResult, TestResult

LECTURE = "11_dropout"
POINTS = {"mask": 2.0, "forward": 4.0, "backward": 4.0}
SWAPPED = MisconceptionFound(
    "forward_swapped", "Keeping and dropping are swapped", "You kept a unit with probability rate.", "11 §2", ("mask",)
)


def exercise(
    name: str,
    share: float = 1.0,
    status: Status | None = None,
    failed: Sequence[str] = (),
    known: MisconceptionFound | None = None,
    said: str = "wrong",
) -> ExerciseResult:
    """Return the result of an exercise with four tests, of which some failed; all where there is no share."""
    status = status or ("passed" if share == 1 else "failed")
    sentences = ("First values are right.", "Random values are right.", "Integers are right.", "x stays as it is.")
    failed = failed or (() if share == 1 else sentences[:1] if share else sentences)
    tests = tuple(
        TestResult(sentence, "failed" if sentence in failed else "passed", said if sentence in failed else "", 0.25 * POINTS[name], aspect)
        for sentence, aspect in zip(sentences, ("values", "values", "integers", "in place"), strict=True)
    )
    aspects = tuple(AspectResult(aspect, share, 1.0, aspect != "values") for aspect in ("values", "integers", "in place"))
    score = share * POINTS[name]
    return ExerciseResult(name, score, POINTS[name], status, tests, known, () if status == "not_attempted" else aspects)


def untouched(name: str) -> ExerciseResult:
    """Return the result of an exercise that is still the stub."""
    return exercise(name, 0.0, "not_attempted")


def result(student: str, *exercises: ExerciseResult, problems: Sequence[str] = (), lecture: str = LECTURE) -> SubmissionResult:
    """Return a student's result; all right in the exercises that aren't given."""
    given = {one.name: one for one in exercises}
    every = tuple(given.get(name) or exercise(name) for name in POINTS)
    return SubmissionResult(student, lecture, f"submitted/{student}/{lecture}/dropout.ipynb", every, tuple(problems))


def ungraded(student: str, why: str) -> SubmissionResult:
    """Return the result of a notebook that can't be graded."""
    return SubmissionResult(student, LECTURE, f"submitted/{student}/{LECTURE}/dropout.ipynb", problems=(why,), graded=False)
