"""Which misconception explains a failure.

A failed test is run again with each misconception in the student's place. Where a misconception answers every call of the exercise as the
student's function did, in every test, it explains what happened: not by how the code looks, but by what it does.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from autograder import deadline
from autograder.judging.known_answers import KnownAnswer, catalogue
from autograder.judging.recorder import Answer, Recorder
from autograder.model.results import MisconceptionFound
from autograder.model.values import size_of
from coursekit.outcomes import TestOutcome
from coursekit.student import LocalStudent, Raised, StudentError

RTOL = 1e-6  # of the larger answer's scale; two ways of writing the same mistake differ by rounding alone
ALIKE_P = 1e-4  # two samples of one distribution are told apart by mistake this rarely
MOST_DRAWS = 20_000  # of a sample: more would tell no more misconceptions apart
FEW_CALLS = 20  # whose random answers are compared one by one; those of more calls make one sample
ROOM = 32 << 20  # bytes of records of misconceptions that are kept


@dataclass(frozen=True)
class Trial:
    """One test that was run, what came of it, and what the student answered; ``again(student, reference)`` runs it once more."""

    exercise: str
    id: str
    again: Callable[..., None]
    outcome: TestOutcome
    answers: tuple[Answer, ...]


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
    passed, theirs = try_again(slug, known, trial)
    if theirs is None or passed != trial.outcome.passed:
        return passed == trial.outcome.passed
    return record_of(trial.exercise, trial.answers, _state_of(known.function)).is_like(theirs)


@cache
def _state_of(function: Callable[..., Any]) -> int | None:
    """Return the position of an optimiser's `state` among the arguments, or None: what is in it is the student's own business."""
    names = list(inspect.signature(function).parameters)
    return names.index("state") if "state" in names else None


def try_again(slug: str, known: KnownAnswer, trial: Trial) -> tuple[bool, Record | None]:
    """Run a test with a known answer in the student's place; return whether it passed, and what was answered if it didn't."""
    key = (slug, f"{known.exercise}/{known.id}", trial.id)
    if key not in _tried:
        impostor = Recorder(LocalStudent({**vars(catalogue(slug).reference), **known.functions}))
        try:
            with deadline.uncounted():  # it is the same for everybody's submission
                trial.again(impostor)
            _tried[key] = True, None
        except Exception:  # a failed expectation, or a test that chokes on the answer
            _tried[key] = False, record_of(known.exercise, impostor.answers, _state_of(known.function))
        while sum(record.size for _, record in _tried.values() if record) > ROOM:
            del _tried[next(iter(_tried))]
            if key not in _tried:
                return False, record_of(known.exercise, impostor.answers, _state_of(known.function))
    return _tried[key]


_tried: dict[tuple[str, str, str], tuple[bool, Record | None]] = {}


# --- what is compared of the answers to a test ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """What a function answered in one test, as far as two functions are compared by it.

    Parameters
    ----------
    calls : tuple
        For each call the type of its error, or its answer and the arguments after it; of a random answer only how it is made up.
    samples : dict
        The numbers of the random answers, by their place in an answer: those of one call, or of many calls together.
    repeats : tuple of int
        For each random answer the first one that is equal to it: re-seeding a generator and ignoring it show in this.
    """

    calls: tuple[Any, ...]
    samples: dict[Any, Sample]
    repeats: tuple[int, ...]

    @cached_property
    def size(self) -> int:
        """How many bytes it takes."""
        return size_of(self.calls) + sum(sample.values.nbytes for sample in self.samples.values())

    def is_like(self, other: Record) -> bool:
        """Tell whether another function may be the same: equal but for rounding, and what is random of the same distribution."""
        if not self.calls or self.repeats != other.repeats or self.samples.keys() != other.samples.keys():
            return False
        return _alike(self.calls, other.calls) and all(self.samples[place].is_like(other.samples[place]) for place in self.samples)


class Sample:
    """Numbers that were drawn at random, or a part of them that is enough to know their distribution."""

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        most = max(MOST_DRAWS // len(arrays), 1)
        self.values = np.concatenate([array.ravel()[:: -(-array.size // most) or 1] for array in arrays])

    @cached_property
    def _sorted(self) -> np.ndarray:
        return np.sort(self.values)

    def is_like(self, other: Sample) -> bool:
        """Compare two samples by Kolmogorov and Smirnov; too small samples say nothing, and count as alike."""
        if self.values.shape != other.values.shape:
            return False
        return _close(self.values, other.values) or _same_distribution(self._sorted, other._sorted)


def record_of(exercise: str, answers: Sequence[Answer], state: int | None = None) -> Record:
    """Return what is compared of the answers of an exercise's function.

    Parameters
    ----------
    exercise : str
        The function; answers of others are left out.
    answers : sequence of Answer
        All answers in one test, in order.
    state : int, optional
        The position of a state among the arguments: neither it is compared nor what comes back as the second item of the answer.
    """
    mine = [_without(state, answer) for answer in answers if answer.function == exercise]
    leaves: dict[Any, list[np.ndarray]] = {}
    first: dict[bytes, int] = {}
    repeats: list[int] = []
    calls: list[Any] = []
    for answer in mine:
        if answer.error:
            calls.append((type(answer.error).__name__, _type_name(answer.error)))
        elif answer.random:
            shape, arrays, digest = _taken_apart(_out(answer))
            calls.append((shape, _arguments(answer)))
            repeats.append(first.setdefault(digest, len(repeats)))
            if repeats[-1] == len(repeats) - 1:  # what repeats an earlier draw is none
                for place, array in arrays:
                    leaves.setdefault(place, []).append(array)
        else:
            calls.append((_out(answer), _arguments(answer)))
    samples: dict[Any, Sample] = {}
    for place, draws in leaves.items():
        together = [draws] if len(draws) > FEW_CALLS else [[draw] for draw in draws]
        samples |= {(place, number): Sample(some) for number, some in enumerate(together)}
    return Record(tuple(calls), samples, tuple(repeats))


def _taken_apart(answer: Any) -> tuple[Any, list[tuple[Any, np.ndarray]], bytes]:
    """Return how a random answer is made up, its arrays by their place and shape, and a digest that is another one for other answers."""
    arrays: list[tuple[Any, np.ndarray]] = []
    digest = hashlib.blake2b(digest_size=16)

    def shape_of(value: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(value, (list, tuple)):
            return [shape_of(item, (*path, number)) for number, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: shape_of(item, (*path, key)) for key, item in value.items()}
        if _numeric(value):
            array = np.asarray(value)
            digest.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
            arrays.append(((path, array.shape), array))
            return array.shape
        digest.update(repr(value).encode() if isinstance(value, (str, bool, type(None))) else type(value).__name__.encode())
        return value

    return shape_of(answer, ()), arrays, digest.digest()


def alike(exercise: str, ours: Sequence[Answer], theirs: Sequence[Answer], state: int | None = None) -> bool:
    """Tell whether two records of one test hold the same answers to the calls of `exercise`; see `record_of` and `Record.is_like`."""
    return record_of(exercise, ours, state).is_like(record_of(exercise, theirs, state))


def _without(state: int | None, answer: Answer) -> Answer:
    """Return a copy of `answer` without its states, before and after."""
    if state is None:
        return answer
    out = answer.answer[0] if isinstance(answer.answer, (list, tuple)) and len(answer.answer) == 2 else answer.answer
    return replace(answer, answer=out, arguments=answer.arguments[:state] + answer.arguments[state + 1 :])


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


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if _numeric(one) and _numeric(other):
        return close(one, other)
    return type(one) is type(other) and (not isinstance(one, (str, bool, type(None))) or one == other)


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float, np.generic, np.ndarray)) and not isinstance(value, bool)


def close(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same numbers, but for rounding, in the same shape."""
    return _numeric(one) and _numeric(other) and np.shape(one) == np.shape(other) and _close(np.asarray(one), np.asarray(other))


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
    """Compare two samples, each in order, by Kolmogorov and Smirnov."""
    from scipy.special import kolmogorov

    if one.dtype.kind == "c" or other.dtype.kind == "c":
        return False
    both = np.concatenate([one, other])
    difference = np.searchsorted(one, both, "right") / one.size - np.searchsorted(other, both, "right") / other.size
    effective = np.sqrt(one.size * other.size / (one.size + other.size))
    return float(kolmogorov(effective * np.max(np.abs(difference), initial=0.0))) > ALIKE_P
