"""Results of grading as plain data, and their JSON.

Command line, gradebook and feedback page render results themselves.
"""

from __future__ import annotations

import json
import os
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autograder.errors import printable_json
from autograder.model.cells import Printed
from coursekit.outcomes import shortened

Status = Literal["passed", "failed", "not_attempted", "error", "timeout"]

VERSION = 1
KILLED = "its process was killed, twice: by its own doing, or from outside (out of memory?); the next run grades it again"
IN_MEMORY = 32 << 20


@dataclass(frozen=True)
class TestResult:
    """One hidden test.

    Parameters
    ----------
    name : str
        Its sentence.
    outcome : {"passed", "failed"}
    message : str
        What the student reads.
    weight : float
        The points that it can earn.
    aspect : str
        The aspect of the exercise that it belongs to.
    """

    __test__ = False

    name: str
    outcome: Literal["passed", "failed"]
    message: str
    weight: float
    aspect: str = ""


@dataclass(frozen=True)
class AspectResult:
    """An aspect of an exercise with its points. A corner earns in proportion to what the other aspects earned."""

    name: str
    score: float
    max_score: float
    corner: bool = False


@dataclass(frozen=True)
class MisconceptionFound:
    """A misconception that explains failures: id, title, explanation for the student, section of the lecture, and the explained aspects."""

    id: str
    title: str
    explanation: str
    see: str
    aspects: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExerciseResult:
    """The result of one exercise; `score` is from 0 to `max_score`, and the sum of its aspects' up to rounding.

    `misconception` explains the failures; `also` holds further ones that do. `follow_through` holds the earlier exercises that the function
    uses, and whose own mistakes were left aside: it was judged with right ones.
    """

    name: str
    score: float
    max_score: float
    status: Status
    tests: tuple[TestResult, ...] = ()
    misconception: MisconceptionFound | None = None
    aspects: tuple[AspectResult, ...] = ()
    also: tuple[MisconceptionFound, ...] = ()
    follow_through: tuple[str, ...] = ()

    @property
    def misconceptions(self) -> tuple[MisconceptionFound, ...]:
        """All misconceptions that explain the failures, the most important first."""
        return (self.misconception, *self.also) if self.misconception else ()

    @property
    def judged_with(self) -> str:
        """A sentence about the earlier exercises in `follow_through`, or an empty text."""
        if not self.follow_through:
            return ""
        names = " and ".join(f"`{name}`" for name in self.follow_through)
        return f"Judged with a right {names}: " + ("its" if len(self.follow_through) == 1 else "their") + " own mistake cost points there."

    @property
    def first_failure(self) -> TestResult | None:
        """The first test that failed, if one did."""
        return next((test for test in self.tests if test.outcome == "failed"), None)


@dataclass(frozen=True)
class SubmissionResult:
    """The result of one notebook of one student.

    Parameters
    ----------
    student, lecture, notebook : str
        The student, the lecture's id (``05_batch_normalization``), and the notebook's path.
    exercises : tuple of ExerciseResult
        All exercises, in the lecture's order. Empty if the notebook could not be read.
    problems : tuple of str
        Messages about the notebook, shortened.
    printed : tuple of Printed
        The printed text, up to a limit.
    graded : bool
        False if nothing could be graded; then `problems` holds the reason.
    """

    student: str
    lecture: str
    notebook: str
    exercises: tuple[ExerciseResult, ...] = ()
    problems: tuple[str, ...] = ()
    printed: tuple[Printed, ...] = ()
    graded: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "problems", tuple(map(shortened, self.problems)))

    @property
    def score(self) -> float:
        """The points of all exercises."""
        return round(sum(exercise.score for exercise in self.exercises), 2)

    @property
    def max_score(self) -> float:
        """The points of all exercises together."""
        return round(sum(exercise.max_score for exercise in self.exercises), 2)


def rounded(points: float) -> float:
    """Return points rounded to hundredths. Marks are rounded only here."""
    return round(points + 1e-9, 2)


def to_json(results: Iterable[SubmissionResult]) -> dict[str, Any]:
    """Return the results in the form that ``--json`` writes."""
    return {"version": VERSION, "results": [submission_to_json(result) for result in results]}


def submission_to_json(result: SubmissionResult) -> dict[str, Any]:
    """Return one result as JSON data, with its sums. (`asdict` takes ten times as long for hundreds of tests.)"""
    exercises = [exercise_to_json(exercise) for exercise in result.exercises]
    plain = {**vars(result), "exercises": exercises, "printed": [{**vars(part)} for part in result.printed]}
    return {**plain, "score": result.score, "max_score": result.max_score}


def exercise_to_json(exercise: ExerciseResult) -> dict[str, Any]:
    """Return one exercise's result as JSON data."""
    return {
        **vars(exercise),
        "tests": [{**vars(test)} for test in exercise.tests],
        "misconception": {**vars(exercise.misconception)} if exercise.misconception else None,
        "aspects": [{**vars(aspect)} for aspect in exercise.aspects],
        "also": [{**vars(found)} for found in exercise.also],
        "follow_through": list(exercise.follow_through),
    }


def submission_from_json(data: dict[str, Any]) -> SubmissionResult:
    """Return the result that `submission_to_json` wrote.

    Raises
    ------
    KeyError, TypeError
        If `data` has another form.
    """
    return SubmissionResult(
        student=data["student"],
        lecture=data["lecture"],
        notebook=data["notebook"],
        exercises=tuple(map(exercise_from_json, data["exercises"])),
        problems=tuple(data["problems"]),
        printed=tuple(Printed(**part) for part in data["printed"]),
        graded=data["graded"],
    )


def exercise_from_json(data: Mapping[str, Any]) -> ExerciseResult:
    """Return the result that `exercise_to_json` wrote.

    Raises
    ------
    KeyError, TypeError
        If `data` has another form.
    """
    return ExerciseResult(
        name=data["name"],
        score=data["score"],
        max_score=data["max_score"],
        status=data["status"],
        tests=tuple(TestResult(**test) for test in data["tests"]),
        misconception=_misconception(data["misconception"]) if data["misconception"] else None,
        aspects=tuple(AspectResult(**aspect) for aspect in data["aspects"]),
        also=tuple(_misconception(found) for found in data["also"]),
        follow_through=tuple(data.get("follow_through", ())),
    )


def _misconception(data: dict[str, Any]) -> MisconceptionFound:
    return MisconceptionFound(**{**data, "aspects": tuple(data["aspects"])})


class Findings:
    """All results of a run, sorted by lecture and student. Large ones are kept in a temporary file. A context manager.

    Attributes
    ----------
    all_graded : bool
        Whether every submission could be graded.
    """

    def __init__(self) -> None:
        self.all_graded = True
        self._places: list[tuple[tuple[bool, str, str], int]] = []

    def __enter__(self) -> Findings:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[SubmissionResult]:
        for _, place in sorted(self._places):
            self._file.seek(place)
            yield submission_from_json(json.loads(self._file.readline()))

    def add(self, result: SubmissionResult) -> None:
        """Add a result."""
        self.all_graded = self.all_graded and result.graded
        order = (not result.lecture, result.lecture, result.student)
        self._places.append((order, self._file.seek(0, os.SEEK_END)))
        self._file.write(json.dumps(submission_to_json(result)).encode() + b"\n")

    def as_json(self) -> Iterator[str]:
        """Yield the text of ``--json``, result by result: `to_json` of all, with control characters escaped."""
        before, after = json.dumps(to_json([]), indent=1).split("[]")
        yield before + "[" + "]" * (not self) + after * (not self)
        for number, result in enumerate(self, start=1):
            text = printable_json(json.dumps(submission_to_json(result), ensure_ascii=False, indent=1))
            yield textwrap.indent(text, "  ") + "," * (number < len(self))
        if self:
            yield " ]" + after
