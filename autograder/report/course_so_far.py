"""Each student's course so far: shares of the points by lecture, and who has stopped handing in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.report.standing import Standing, State

LAST = 2  # lectures without a hand-in after which a student counts as one who has stopped


@dataclass(frozen=True)
class Step:
    """A student in one lecture: the state, and the share of the points of the exercises, if graded."""

    lecture: str
    state: State
    share: float | None


@dataclass(frozen=True)
class StudentSoFar:
    """A student over the lectures.

    Parameters
    ----------
    student : str
    steps : tuple of Step
        One for each lecture.
    mean : float or None
        The mean share over the lectures in which the student was graded.
    stopped : bool
        Whether the student has handed in something, but nothing for the last lectures (two of them; one, if there are only two).
    """

    student: str
    steps: tuple[Step, ...]
    mean: float | None
    stopped: bool

    @property
    def handed_in(self) -> int:
        """For how many lectures the student has handed in something."""
        return sum(step.state != "not handed in" for step in self.steps)


def so_far(standings: Sequence[Standing]) -> tuple[StudentSoFar, ...]:
    """Return each student's course so far, by name.

    Parameters
    ----------
    standings : sequence of Standing
        Of the lectures that somebody has handed in, in order.
    """
    found: dict[str, dict[str, Step]] = {}
    for standing in standings:
        for row in standing.students:
            maximum = standing.automatic.maximum if standing.automatic else 0.0
            share = row.score / maximum if row.state == "graded" and maximum else None
            found.setdefault(row.student, {})[standing.lecture] = Step(standing.lecture, row.state, share)
    return tuple(_student(student, steps, standings) for student, steps in sorted(found.items()))


def _student(student: str, steps: dict[str, Step], standings: Sequence[Standing]) -> StudentSoFar:
    own = tuple(steps.get(standing.lecture, Step(standing.lecture, "not handed in", None)) for standing in standings)
    shares = [step.share for step in own if step.share is not None]
    last = own[-min(LAST, len(own) - 1) :] if len(own) > 1 else ()
    stopped = bool(last) and all(step.state == "not handed in" for step in last) and any(step.state != "not handed in" for step in own)
    return StudentSoFar(student, own, sum(shares) / len(shares) if shares else None, stopped)
