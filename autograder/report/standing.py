"""A class in one lecture, as plain data: students, exercises, hidden tests, and what wants the instructor's eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["right", "partly", "wrong", "timeout", "untouched"]
State = Literal["graded", "not graded", "waits for grading", "not handed in"]

SIGNS: dict[Outcome, str] = {"right": "✓", "partly": "◐", "wrong": "✗", "timeout": "⧖", "untouched": "–"}
MEANINGS: dict[Outcome, str] = {
    "right": "all right",
    "partly": "partly right",
    "wrong": "no points",
    "timeout": "a call took too long",
    "untouched": "not attempted",
}


@dataclass(frozen=True)
class Mark:
    """What a student has in one exercise."""

    exercise: str
    outcome: Outcome
    score: float


@dataclass(frozen=True)
class StudentRow:
    """A student in one lecture.

    Parameters
    ----------
    student : str
    state : {"graded", "not graded", "waits for grading", "not handed in"}
    score : float
        Points of the exercises, with scores that a person has entered in place of automatic ones.
    by_hand : float
        Points that a person has added: written answers and extra credit.
    penalty : float
        The late penalty, which `score` and `by_hand` don't contain.
    waits : int
        Written answers that nobody has graded yet.
    marks : tuple of Mark
        In the lecture's order; empty if not graded.
    problems : tuple of str
        Why it could not be graded, or what was wrong with the notebook.
    """

    student: str
    state: State
    score: float = 0.0
    by_hand: float = 0.0
    penalty: float = 0.0
    waits: int = 0
    marks: tuple[Mark, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """All points, before the late penalty."""
        return round(self.score + self.by_hand, 2)

    @property
    def stuck(self) -> int:
        """How many exercises were attempted without full points."""
        return sum(mark.outcome in ("partly", "wrong", "timeout") for mark in self.marks)

    @property
    def untouched(self) -> int:
        """How many exercises were not attempted."""
        return sum(mark.outcome == "untouched" for mark in self.marks)

    @property
    def endless(self) -> tuple[str, ...]:
        """The exercises in which a call took too long."""
        return tuple(mark.exercise for mark in self.marks if mark.outcome == "timeout")

    @property
    def wrote_nothing(self) -> bool:
        """Whether no exercise was attempted."""
        return bool(self.marks) and self.untouched == len(self.marks)

    @property
    def all_wrong(self) -> bool:
        """Whether something was attempted, nothing of it earned a point, and no call took too long."""
        return bool(self.marks) and not self.wrote_nothing and not self.endless and not any(mark.score for mark in self.marks)


@dataclass(frozen=True)
class AspectRow:
    """An aspect of an exercise: how many of those who attempted the exercise lost points in it."""

    name: str
    corner: bool
    failed: int
    tried: int


@dataclass(frozen=True)
class TestRow:
    """A hidden test: its sentence, and how many of those who attempted the exercise passed it."""

    __test__ = False

    sentence: str
    aspect: str
    passed: int
    tried: int

    @property
    def rate(self) -> float:
        """The share that passed."""
        return self.passed / self.tried if self.tried else 0.0


@dataclass(frozen=True)
class Flag:
    """Something about an exercise or one of its tests that wants the instructor's eye."""

    exercise: str
    kind: Literal["nobody passes", "everybody passes", "the strong fail", "no discrimination"]
    sentence: str
    students: int
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExerciseRow:
    """An exercise in a class.

    Parameters
    ----------
    name : str
    points : float
    mean : float
        The mean share of the points, of all who were graded.
    discrimination : float or None
        The correlation of the points with those of the rest of the lecture; None where it can't be computed.
    outcomes : mapping of Outcome to int
        How many students have each outcome.
    aspects : tuple of AspectRow
        The ones that fail most first.
    tests : tuple of TestRow
        In the suite's order.
    """

    name: str
    points: float
    mean: float
    discrimination: float | None
    outcomes: Mapping[Outcome, int]
    aspects: tuple[AspectRow, ...]
    tests: tuple[TestRow, ...]

    @property
    def attempted(self) -> int:
        """How many students attempted it."""
        return sum(count for outcome, count in self.outcomes.items() if outcome != "untouched")


@dataclass(frozen=True)
class Level:
    """Mean and median of the class."""

    mean: float
    median: float
    maximum: float


@dataclass(frozen=True)
class Standing:
    """A lecture's students and exercises in numbers; see `autograder.report.statistics`.

    Parameters
    ----------
    lecture : str
    students : tuple of StudentRow
        By name.
    exercises : tuple of ExerciseRow
        In the lecture's order.
    automatic, with_manual : Level or None
        Points of the exercises, and all points; None if nobody was graded.
    bins : tuple of int
        How many students have each tenth of the automatic points.
    flags : tuple of Flag
    """

    lecture: str
    students: tuple[StudentRow, ...]
    exercises: tuple[ExerciseRow, ...]
    automatic: Level | None
    with_manual: Level | None
    bins: tuple[int, ...]
    flags: tuple[Flag, ...]

    def in_state(self, state: State) -> tuple[StudentRow, ...]:
        """Return the students in one state."""
        return tuple(row for row in self.students if row.state == state)

    @property
    def graded(self) -> tuple[StudentRow, ...]:
        """Who was graded."""
        return self.in_state("graded")

    @property
    def handed_in(self) -> int:
        """How many have handed something in."""
        return sum(row.state != "not handed in" for row in self.students)

    @property
    def has_manual(self) -> bool:
        """Whether there are points that a person gives: for written answers, or beyond them."""
        written = bool(self.automatic and self.with_manual and self.with_manual.maximum != self.automatic.maximum)
        return written or any(row.by_hand for row in self.students)

    @property
    def waiting(self) -> tuple[StudentRow, ...]:
        """Whose written answers wait."""
        return tuple(row for row in self.students if row.waits)
