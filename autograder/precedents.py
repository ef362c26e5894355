"""What was decided where a submission's functions gave the same answers: equal answers get equal marks, and are judged once.

Most of a class writes one of a few right functions, or makes one of a few mistakes. A test is a function of the answers that it gets, so
two submissions that answer all calls of an exercise's tests alike, to the last bit, have the same result. The second one's functions are
called as ever; only what the tests and the diagnosis make of the answers is remembered.

No result may depend on who else is in the class, so there is no precedent unless all calls were asked ahead, and answered without an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from coursekit.suite import CollectedTest

from .diagnosis import Answer, Trial
from .results import ExerciseResult
from .values import size_of

MOST_PRECEDENTS = 4096  # in a process; then all are forgotten


@dataclass(frozen=True)
class Precedent:
    """A result, and how many bytes each function answered on the way there."""

    result: ExerciseResult
    kept: Counter[str] = field(default_factory=Counter)


_known: dict[Any, Precedent] = {}


def precedent_of(case: Any) -> Precedent | None:
    """Return what was decided in an equal case.

    Parameters
    ----------
    case : hashable
        All that the result depends on.
    """
    return _known.get(case)


def decide(case: Any, result: ExerciseResult, trials: Iterable[Trial]) -> None:
    """Let a result hold for all equal cases, unless a function went wrong in a test: what is said of that may have other causes."""
    answers = [answer for trial in trials for answer in trial.answers]
    if any(answer.error for answer in answers):
        return
    if len(_known) >= MOST_PRECEDENTS:
        _known.clear()
    _known[case] = Precedent(result, sum(map(_kept, answers), Counter()))


def _kept(answer: Answer) -> Counter[str]:
    return Counter({answer.function: bytes_kept(answer.answer, answer.arguments)})


def bytes_kept(answer: Any, arguments: tuple[Any, ...]) -> int:
    """Return how many bytes a call has brought."""
    return size_of(answer) + size_of(arguments)


def exercises_in_a_row(tests: Sequence[CollectedTest]) -> dict[str, list[CollectedTest]]:
    """Return the tests of each exercise that has all its own one after the other, so that nothing comes between them."""
    runs = [(name, list(some)) for name, some in groupby(tests, lambda test: test.exercise)]
    times = Counter(name for name, _ in runs)
    return {name: some for name, some in runs if times[name] == 1}
