"""Judges the known answers of a lecture in this process: what ``autograder try`` shows to its author.

Each answer is put among the reference's functions and judged as a submission is: its share of the points against the band of its severity,
the name that the diagnosis gives it, and what it costs other exercises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.judging.grading import judge
from autograder.judging.known_answers import BANDS, KnownAnswer, catalogue
from autograder.model.course import Lecture
from autograder.model.results import ExerciseResult
from coursekit.student import LocalStudent


@dataclass(frozen=True)
class KnownTrial:
    """A known answer and how it was judged.

    Parameters
    ----------
    known : KnownAnswer
    result : ExerciseResult
        Of its own exercise.
    others : tuple of ExerciseResult
        The other exercises that lost points.
    """

    known: KnownAnswer
    result: ExerciseResult
    others: tuple[ExerciseResult, ...]

    @property
    def share(self) -> float:
        """The share of its exercise's points."""
        return self.result.score / self.result.max_score

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of the misconceptions by which it was named."""
        return tuple(found.id for found in self.result.misconceptions)

    def findings(self) -> Iterator[str]:
        """Yield what is wrong with the suite or with the answer's severity."""
        if not self.known.title:
            if self.share < 1:
                yield f"is right, and gets {self.share:.0%}: {_failures(self.result)}"
        elif self.share >= 1:
            yield "is wrong, and gets full marks"
        elif self.known.severity:
            low, high = BANDS[self.known.severity]
            if not low - 0.005 <= self.share <= high + 0.005:
                yield f"is a {self.known.severity} ({low:.0%} to {high:.0%}), and gets {self.share:.0%}"
        else:
            yield "has no severity"
        for other in self.others:
            yield f"costs {other.name} {1 - other.score / other.max_score:.0%}: {_failures(other)}"
        if self.known.title and self.known.id not in self.names:
            yield f"is named {' and '.join(self.names)}" if self.names else "isn't named"


def tried(lecture: Lecture, exercises: Sequence[str] = ()) -> Iterator[KnownTrial]:
    """Judge the known answers of a lecture, or of some of its exercises. The notebook isn't needed: each exercise is worth 100 points."""
    known = catalogue(lecture.slug)
    points = dict.fromkeys((answer.exercise for answer in known.misconceptions), 100.0)
    for answer in (*known.misconceptions, *known.alternatives):
        if not exercises or answer.exercise in exercises:
            student = LocalStudent({**vars(known.reference), **answer.functions})
            results = {result.name: result for result in judge(lecture.slug, student, points)}
            others = tuple(result for result in results.values() if result.status != "passed" and result.name != answer.exercise)
            yield KnownTrial(answer, results[answer.exercise], others)


def _failures(result: ExerciseResult) -> str:
    return "; ".join(f"{test.name} ({test.message})" for test in result.tests if test.outcome == "failed")[:300]
