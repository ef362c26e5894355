"""Finds the misconception that explains a failure.

The tests are run again with each misconception in place of the student's function. A misconception explains the failure if it gives the
same answers as the student's function in every call of the exercise, in every test. Source code isn't compared.
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

RTOL = 1e-6  # relative to the largest entry of an answer; two implementations of a mistake differ by rounding only
ALIKE_P = 1e-4  # probability that two samples of the same distribution count as different
MOST_DRAWS = 20_000  # of a sample: enough to tell any two misconceptions apart
FEW_CALLS = 20  # up to so many random answers are compared one by one, more are pooled into one sample
ROOM = 32 << 20  # size of the cache of misconceptions' records, in bytes


@dataclass(frozen=True)
class Trial:
    """A test that was run, with its outcome and the student's answers; ``again(student, reference)`` runs it again."""

    exercise: str
    id: str
    again: Callable[..., None]
    outcome: TestOutcome
    answers: tuple[Answer, ...]


def explain(slug: str, exercise: str, trials: Sequence[Trial]) -> MisconceptionFound | None:
    """Return the first misconception that gives the student's answers, or None.

    Parameters
    ----------
    slug, exercise : str
        The lecture and the exercise that failed.
    trials : sequence of Trial
        All tests of the exercise.
    """
    failures_first = sorted(trials, key=lambda trial: trial.outcome.passed)  # most misconceptions are excluded by the first failed test
    records: dict[tuple[str, int | None], Record] = {}

    def explains(known: KnownAnswer, trial: Trial) -> bool:
        deadline.check()
        passed, theirs = trial_with(slug, known, trial)
        if theirs is None or passed != trial.outcome.passed:
            return passed == trial.outcome.passed
        key = trial.id, _state_of(known.function)
        if key not in records:
            records[key] = record_of(exercise, trial.answers, key[1])
        return theirs.is_like(records[key])

    for known in catalogue(slug).misconceptions:
        if known.exercise == exercise and all(explains(known, trial) for trial in failures_first):
            return MisconceptionFound(known.id, known.title, known.explanation, known.see)
    return None


@cache
def _state_of(function: Callable[..., Any]) -> int | None:
    """Return the position of an optimiser's `state` among the arguments, or None. Students choose its form, so it isn't compared."""
    names = list(inspect.signature(function).parameters)
    return names.index("state") if "state" in names else None


def trial_with(slug: str, known: KnownAnswer, trial: Trial) -> tuple[bool, Record | None]:
    """Run a test with a known answer; return whether it passed, and the record of its answers if it failed. Cached."""
    key = (slug, f"{known.exercise}/{known.id}", trial.id)
    if key not in _tried:
        recorder = Recorder(LocalStudent({**vars(catalogue(slug).reference), **known.functions}))
        try:
            with deadline.uncounted():  # the result is cached for all submissions
                trial.again(recorder)
            _tried[key] = True, None
        except Exception:  # a failed expectation, or an error of the test because of the answer
            _tried[key] = False, record_of(known.exercise, recorder.answers, _state_of(known.function))
        while sum(record.size for _, record in _tried.values() if record) > ROOM:
            del _tried[next(iter(_tried))]
            if key not in _tried:
                return False, record_of(known.exercise, recorder.answers, _state_of(known.function))
    return _tried[key]


_tried: dict[tuple[str, str, str], tuple[bool, Record | None]] = {}


# --- records: the compared parts of answers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """The answers of a function in one test, reduced to what is compared.

    Parameters
    ----------
    calls : tuple
        For each call the type of its error, or its answer and the arguments after it; for a random answer its structure and shapes.
    samples : dict
        The numbers of random answers, by their place in the answer: of one call, or of many calls together.
    repeats : tuple of int
        For each random answer the index of the first equal one: shows whether a function seeds or ignores the generator.
    """

    calls: tuple[Any, ...]
    samples: dict[Any, Sample]
    repeats: tuple[int, ...]

    @cached_property
    def size(self) -> int:
        """Its size in bytes."""
        return size_of(self.calls) + sum(sample.values.nbytes for sample in self.samples.values())

    def is_like(self, other: Record) -> bool:
        """Tell whether two records agree: equal but for rounding, and random answers of the same distribution."""
        if not self.calls or self.repeats != other.repeats or self.samples.keys() != other.samples.keys():
            return False
        return _alike(self.calls, other.calls) and all(self.samples[place].is_like(other.samples[place]) for place in self.samples)


class Sample:
    """Random numbers; at most `MOST_DRAWS` of them, evenly chosen."""

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        most = max(MOST_DRAWS // len(arrays), 1)
        self.values = np.concatenate([array.ravel()[:: -(-array.size // most) or 1] for array in arrays])

    @cached_property
    def _sorted(self) -> np.ndarray:
        return np.sort(self.values)

    def is_like(self, other: Sample) -> bool:
        """Compare two samples by a Kolmogorov–Smirnov test; very small samples always pass it."""
        if self.values.shape != other.values.shape:
            return False
        return _close(self.values, other.values) or _same_distribution(self._sorted, other._sorted)


def record_of(exercise: str, answers: Sequence[Answer], state: int | None = None) -> Record:
    """Return the record of an exercise's answers in one test.

    Parameters
    ----------
    exercise : str
        The function; answers of others are left out.
    answers : sequence of Answer
        All answers in one test, in order.
    state : int, optional
        The position of the state among the arguments. It isn't compared, and neither is the new state, the second item of the answer.
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
            shape, arrays, digest = _parts_of_random_answer(_out(answer))
            calls.append((shape, _arguments(answer)))
            repeats.append(first.setdefault(digest, len(repeats)))
            if repeats[-1] == len(repeats) - 1:  # a repeated answer isn't an independent draw
                for place, array in arrays:
                    leaves.setdefault(place, []).append(array)
        else:
            calls.append((_out(answer), _arguments(answer)))
    samples: dict[Any, Sample] = {}
    for place, draws in leaves.items():
        together = [draws] if len(draws) > FEW_CALLS else [[draw] for draw in draws]
        samples |= {(place, number): Sample(some) for number, some in enumerate(together)}
    return Record(tuple(calls), samples, tuple(repeats))


def _parts_of_random_answer(answer: Any) -> tuple[Any, list[tuple[Any, np.ndarray]], bytes]:
    """Return the structure of a random answer, its arrays by place and shape, and a digest of the whole."""
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
    """Return the compared part of an answer: without the cache of a forward pass."""
    if answer.function.endswith("_forward") and isinstance(answer.answer, tuple) and len(answer.answer) == 2:
        return answer.answer[0]
    return answer.answer


def _arguments(answer: Answer) -> tuple[Any, ...]:
    """Return the compared part of the arguments after a call: without the cache of a backward pass."""
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
    """Tell whether two answers have the same shape and the same numbers, up to rounding."""
    return _numeric(one) and _numeric(other) and np.shape(one) == np.shape(other) and _close(np.asarray(one), np.asarray(other))


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return np.array_equal(one, other)
    with np.errstate(invalid="ignore", over="ignore"):  # infinity minus infinity, or an overflow
        a, b = one.astype(float), other.astype(float)
        apart = np.abs(a - b)
    finite = np.isfinite(apart)
    scale = float(np.max(np.abs(a), initial=0.0, where=finite)) or 1.0
    near = apart <= RTOL * scale
    if near.all():
        return True
    return bool((near | (a == b) | (np.isnan(a) & np.isnan(b))).all())


def _same_distribution(one: np.ndarray, other: np.ndarray) -> bool:
    """Compare two sorted samples by a Kolmogorov–Smirnov test with the significance `ALIKE_P`."""
    from scipy.special import kolmogorov

    if one.dtype.kind == "c" or other.dtype.kind == "c":
        return False
    both = np.concatenate([one, other])
    difference = np.searchsorted(one, both, "right") / one.size - np.searchsorted(other, both, "right") / other.size
    effective = np.sqrt(one.size * other.size / (one.size + other.size))
    return float(kolmogorov(effective * np.max(np.abs(difference), initial=0.0))) > ALIKE_P
