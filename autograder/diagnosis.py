"""Which misconception explains a failure.

A failed test is run again with each misconception in the student's place. Where a misconception answers every call of the exercise as the
student's function did, in every test, it explains what happened: not by how the code looks, but by what it does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from coursekit.expectations import same
from coursekit.outcomes import TestOutcome
from coursekit.student import LocalStudent, Raised, Student, StudentError

from . import deadline
from .catalogue import KnownAnswer, catalogue
from .results import MisconceptionFound

RTOL = 1e-6  # of the larger answer's scale; two ways of writing the same mistake differ by rounding alone
ALIKE_P = 1e-4  # two samples of one distribution are told apart by mistake this rarely


@dataclass(frozen=True)
class Answer:
    """What one call gave: an answer and the arguments after the call, or an error."""

    function: str
    random: bool
    answer: Any = None
    arguments: tuple[Any, ...] = ()
    error: StudentError | None = None


@dataclass(frozen=True)
class Trial:
    """One test that was run: how to run it again, what came of it, and what the student answered."""

    exercise: str
    id: str
    again: Callable[[Student], None]
    outcome: TestOutcome
    answers: tuple[Answer, ...]


_tried: dict[tuple[str, str, str], tuple[bool, tuple[Answer, ...]]] = {}


def explain(slug: str, exercise: str, trials: Sequence[Trial]) -> MisconceptionFound | None:
    """Return the first misconception that answers as the student did.

    Parameters
    ----------
    slug, exercise : str
        The lecture and the exercise that failed.
    trials : sequence of Trial
        All tests of the exercise.
    """
    telling = sorted(trials, key=lambda trial: trial.outcome.passed)  # the failures tell misconceptions apart at once
    for known in catalogue(slug).misconceptions:
        if known.exercise == exercise and all(_explains(slug, known, trial) for trial in telling):
            return MisconceptionFound(known.id, known.title, known.explanation, known.see)
    return None


def _explains(slug: str, known: KnownAnswer, trial: Trial) -> bool:
    deadline.check()
    passed, answers = try_again(slug, known, trial)
    return passed == trial.outcome.passed and (passed or alike(trial.exercise, trial.answers, answers, _state_of(known.function)))


@cache
def _state_of(function: Callable[..., Any]) -> int | None:
    """Return the position of an optimiser's `state` among the arguments, or None: what is in it is the student's own business."""
    names = list(inspect.signature(function).parameters)
    return names.index("state") if "state" in names else None


def try_again(slug: str, known: KnownAnswer, trial: Trial) -> tuple[bool, tuple[Answer, ...]]:
    """Run a test with a known answer in the student's place; return whether it passed, and what was answered."""
    from .grading import Recorder

    key = (slug, f"{known.exercise}/{known.id}", trial.id)
    if key not in _tried:
        impostor = Recorder(LocalStudent({**vars(catalogue(slug).reference), **known.functions}))
        passed = True
        try:
            with deadline.uncounted():  # it is the same for everybody's submission
                trial.again(impostor)
        except Exception:  # a failed expectation, or a test that chokes on the answer
            passed = False
        _tried[key] = passed, tuple(impostor.answers)
    return _tried[key]


def alike(exercise: str, ours: Sequence[Answer], theirs: Sequence[Answer], state: int | None = None) -> bool:
    """Tell whether two records of one test hold the same answers to the calls of `exercise`.

    Where the argument number `state` is a state, neither it is compared nor what comes back as the second item of the answer.
    """
    mine = [_without(state, answer) for answer in ours if answer.function == exercise]
    other = [_without(state, answer) for answer in theirs if answer.function == exercise]
    if len(mine) != len(other) or not mine:
        return False
    return all(map(_alike_calls, mine, other)) and _repeats(mine) == _repeats(other)


def _without(state: int | None, answer: Answer) -> Answer:
    """Return a copy of `answer` without its states, before and after."""
    if state is None:
        return answer
    out = answer.answer[0] if isinstance(answer.answer, (list, tuple)) and len(answer.answer) == 2 else answer.answer
    return replace(answer, answer=out, arguments=answer.arguments[:state] + answer.arguments[state + 1 :])


def _alike_calls(one: Answer, other: Answer) -> bool:
    if one.error or other.error:
        return type(one.error) is type(other.error) and _type_name(one.error) == _type_name(other.error)
    return _alike(_out(one), _out(other), one.random) and _alike(_arguments(one), _arguments(other), random=False)


def _type_name(error: StudentError | None) -> str:
    return error.type_name if isinstance(error, Raised) else ""


def _out(answer: Answer) -> Any:
    """Return what can be compared: a forward pass's cache is the student's own business."""
    if answer.function.endswith("_forward") and isinstance(answer.answer, tuple) and len(answer.answer) == 2:
        return answer.answer[0]
    return answer.answer


def _arguments(answer: Answer) -> tuple[Any, ...]:
    """Return what can be compared of the arguments after a call: not the cache that a backward pass was handed."""
    return answer.arguments[:1] if answer.function.endswith("_backward") else answer.arguments


def _alike(one: Any, other: Any, random: bool) -> bool:
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(_alike(a, b, random) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key], random) for key in one)
    if _numeric(one) and _numeric(other):
        a, b = np.asarray(one), np.asarray(other)
        return a.shape == b.shape and (_close(a, b) or (random and _same_distribution(a.ravel(), b.ravel())))
    return type(one) is type(other) and (not isinstance(one, (str, bool, type(None))) or one == other)


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float, np.generic, np.ndarray)) and not isinstance(value, bool)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return np.array_equal(one, other)
    with np.errstate(invalid="ignore", over="ignore"):  # infinity minus infinity, or what is too large for a double
        a, b = one.astype(float), other.astype(float)
        apart = np.abs(a - b)
    finite = np.isfinite(apart)
    scale = float(np.max(np.abs(a), initial=0.0, where=finite)) or 1.0
    near = apart <= RTOL * scale
    if near.all():
        return True
    return bool((near | (a == b) | (np.isnan(a) & np.isnan(b))).all())


def _same_distribution(one: np.ndarray, other: np.ndarray) -> bool:
    """Compare two samples by Kolmogorov and Smirnov; too small samples say nothing, and count as alike."""
    from scipy.special import kolmogorov

    both = np.sort(np.concatenate([one, other]))
    difference = np.searchsorted(np.sort(one), both, "right") / one.size - np.searchsorted(np.sort(other), both, "right") / other.size
    effective = np.sqrt(one.size * other.size / (one.size + other.size))
    return float(kolmogorov(effective * np.max(np.abs(difference), initial=0.0))) > ALIKE_P


def _repeats(answers: Sequence[Answer]) -> list[int]:
    """Return for each random answer the first one that it repeats: re-seeding and ignoring a generator show in it."""
    drawn = [_out(answer) for answer in answers if answer.random and not answer.error]
    return [next(index for index, earlier in enumerate(drawn) if earlier is value or same(earlier, value)) for value in drawn]


def has_generator(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Tell whether a call was given a source of random numbers."""
    return any(isinstance(value, np.random.Generator) for value in (*args, *kwargs.values()))
