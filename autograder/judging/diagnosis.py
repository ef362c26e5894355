"""Finds the misconceptions that explain a failure.

The tests are run again with each misconception in place of the student's function, and the answers of the two are compared. Source code
isn't. A misconception of substance explains the aspects in which it fails: the student fails in them, too, and gave the same answers. A
slip explains the corners in which it fails. So a mistake keeps its name beside a slip, or beside a second mistake in another aspect.
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
from autograder.judging.known_answers import KnownAnswer, catalogue, without_warnings
from autograder.judging.recorder import Answer, Recorder
from autograder.model.course import HiddenModules
from autograder.model.results import MisconceptionFound
from autograder.model.values import size_of
from coursekit.outcomes import TestOutcome
from coursekit.student import LocalStudent, Raised, StudentError
from coursekit.suite import outcome_of

RTOL = 1e-6  # relative to the largest entry of an answer; two implementations of a mistake differ by rounding only
ALIKE_P = 1e-4  # probability that two samples of the same distribution count as different
MOST_DRAWS = 20_000  # of a sample: enough to tell any two misconceptions apart
FEW_CALLS = 20  # up to so many random answers are compared one by one, more are pooled into one sample
BLOCK = 1 << 16  # numbers that are made into floats at a time: an array of bytes would take eight times its memory
ROOM = 32 << 20  # size of the cache of misconceptions' records, in bytes


MOST_FOUND = 2  # misconceptions named for one exercise


@dataclass(frozen=True)
class Trial:
    """A test that was run, with its outcome and the student's answers; ``again(student, reference)`` runs it again.

    `got` is what the test looked at when it failed: the item of an answer that was wrong, a tuple of what it found, or None.
    """

    exercise: str
    id: str
    again: Callable[..., None]
    outcome: TestOutcome
    answers: tuple[Answer, ...]
    got: Any = None

    @property
    def aspect(self) -> str:
        """The aspect that the test belongs to; its own name, if it has none."""
        return self.outcome.aspect.name if self.outcome.aspect else self.id

    @property
    def is_corner(self) -> bool:
        """Whether the test belongs to a corner."""
        return self.outcome.aspect is not None and self.outcome.aspect.corner


def explain(hidden: HiddenModules, exercise: str, trials: Sequence[Trial]) -> list[MisconceptionFound]:
    """Return the misconceptions that explain the failures, at most `MOST_FOUND`, those of substance first.

    Parameters
    ----------
    hidden : HiddenModules
        Of the lecture.
    exercise : str
        The lecture and the exercise that failed.
    trials : sequence of Trial
        All tests of the exercise.
    """
    student = _Failures(exercise, trials)
    known = [one for one in catalogue(hidden).misconceptions if one.exercise == exercise]
    found: dict[KnownAnswer, set[str]] = {}
    unexplained = {trial.aspect for trial in student.failed if not trial.is_corner}
    substance = {one: aspects for one in known if unexplained and (aspects := student.aspects_like(hidden, one))}
    while unexplained and len(found) < MOST_FOUND:
        best = max(substance, key=lambda one: len(substance[one] & unexplained), default=None)  # of equal ones the first
        if best is not None and unexplained - substance[best] and student.only_raises(hidden, best):
            del substance[best]  # that both raise an error says little where the student fails elsewhere, too
            continue
        if best is None or not substance[best] & unexplained:
            break
        found[best] = substance[best]
        unexplained -= substance[best]
        substance = {one: aspects for one, aspects in substance.items() if aspects & unexplained}
    corners = {trial.aspect for trial in student.failed if trial.is_corner and all(trial_with(hidden, one, trial).passed for one in found)}
    by_answers = not found or bool(unexplained)
    in_corners = [trial for trial in student.failed if trial.aspect in corners]
    if in_corners and not by_answers:  # of slips of the same kinds, that which explains most
        known.sort(key=lambda one: sum(trial_with(hidden, one, trial).passed for trial in in_corners))
    for one in known:
        if corners and len(found) < MOST_FOUND and (aspects := student.corners_like(hidden, one, by_answers, bool(unexplained))) & corners:
            found[one] = aspects
            corners -= aspects
    names = list(dict.fromkeys(trial.aspect for trial in trials if trial.outcome.aspect))
    return [
        MisconceptionFound(one.id, one.title, one.explanation, one.see, tuple(name for name in names if name in aspects))
        for one, aspects in found.items()
    ]


class _Failures:
    """A student's failures in the tests of one exercise, compared with those of misconceptions."""

    def __init__(self, exercise: str, trials: Sequence[Trial]) -> None:
        self.failed = [trial for trial in trials if not trial.outcome.passed]
        self._exercise, self._records = exercise, dict[tuple[str, int | None], Record]()
        self._trials = sorted(trials, key=lambda trial: trial.outcome.passed)  # most misconceptions are excluded by the first failed test

    def aspects_like(self, hidden: HiddenModules, known: KnownAnswer) -> set[str]:
        """Return the aspects in which a misconception fails, if the student fails in the same tests with the same answers; else nothing.

        In corners the student may fail where the misconception doesn't: because of a slip.
        """
        aspects = set()
        for trial in self._trials:
            deadline.check()
            theirs = trial_with(hidden, known, trial)
            if theirs.passed:
                continue
            if trial.outcome.passed or not (trial.is_corner or self._is_like(trial, theirs, known)):
                return set()
            if not trial.is_corner:
                aspects.add(trial.aspect)
        others = {trial.aspect for trial in self.failed if trial_with(hidden, known, trial).passed}
        return aspects - others

    def only_raises(self, hidden: HiddenModules, known: KnownAnswer) -> bool:
        """Tell whether a misconception raises an error in all aspects in which it fails, so that no values could be compared."""
        tried = [trial_with(hidden, known, trial) for trial in self.failed if not trial.is_corner]
        return all(one.passed or one.kind == "raised" for one in tried)

    def corners_like(self, hidden: HiddenModules, known: KnownAnswer, by_answers: bool, unexplained: bool = False) -> set[str]:
        """Return the corners in which a slip fails, if the student fails in the same tests; else nothing.

        `by_answers`: the answers are compared, too. Beside a mistake of substance, which changes them, it is the kind of failure. Where a
        mistake of substance is `unexplained`, it may be what fails in the corners: then only failures count that aren't about numbers.
        """
        corners = set()
        for trial in self._trials:
            deadline.check()
            theirs = trial_with(hidden, known, trial)
            if theirs.passed:
                continue
            if trial.outcome.passed or not trial.is_corner:
                return set()
            called = any(answer.function == self._exercise for answer in trial.answers)  # otherwise another function is at fault
            same_kind = called and theirs.kind == trial.outcome.kind and not (unexplained and _numeric(theirs.got))
            if called and (_is_finding(trial.got) or _is_finding(theirs.got)):
                same_kind = not unexplained and _alike(theirs.got, trial.got)
            if not (same_kind if unexplained or not by_answers else self._is_like(trial, theirs, known)):
                return set()
            corners.add(trial.aspect)
        return corners

    def _is_like(self, trial: Trial, theirs: Tried, known: KnownAnswer) -> bool:
        """Tell whether student and misconception gave the same answers in a test that both failed, as far as the test looked at them."""
        if _is_finding(trial.got) or _is_finding(theirs.got):
            return trial.outcome.kind == theirs.kind and _alike(theirs.got, trial.got)
        if _numeric(trial.got) and _numeric(theirs.got) and not any(answer.random for answer in trial.answers):
            return trial.outcome.kind == theirs.kind and close(theirs.got, trial.got)
        key = trial.id, _state_of(known.function)
        if key not in self._records:
            self._records[key] = record_of(self._exercise, trial.answers, key[1])
        if trial.outcome.kind != theirs.kind or theirs.record is None:
            return False
        return theirs.record.is_like(self._records[key], arguments=False)


@cache
def _state_of(function: Callable[..., Any]) -> int | None:
    """Return the position of an optimiser's `state` among the arguments, or None. Students choose its form, so it isn't compared."""
    names = list(inspect.signature(function).parameters)
    return names.index("state") if "state" in names else None


@dataclass(frozen=True)
class Tried:
    """What came of a test with a known answer: whether it passed, or else the kind of failure, what was looked at, and all answers."""

    passed: bool
    kind: str = ""
    got: Any = None
    record: Record | None = None

    @cached_property
    def size(self) -> int:
        """Its size in bytes."""
        return (self.record.size if self.record else 0) + size_of(self.got)


def trial_with(hidden: HiddenModules, known: KnownAnswer, trial: Trial) -> Tried:
    """Run a test with a known answer. Cached."""
    key = (hidden, f"{known.exercise}/{known.id}", trial.id)
    if key not in _tried:
        recorder = Recorder(LocalStudent({**vars(catalogue(hidden).reference), **known.functions}))
        try:
            with deadline.uncounted(), without_warnings():  # the result is cached for all submissions
                trial.again(recorder)
            found = Tried(True)
        except Exception as error:  # a failed expectation, or an error of the test because of the answer
            kind = outcome_of("", "", "", 0, error).kind
            record = record_of(known.exercise, recorder.answers, _state_of(known.function))
            found = Tried(False, kind, getattr(error, "got", None), record)
        _tried.add(key, found)
        return found
    return _tried[key]


class _Cache(dict[tuple[HiddenModules, str, str], Tried]):
    """What came of tests with known answers, at most `ROOM` bytes of it: the oldest goes first."""

    _size = 0

    def add(self, key: tuple[HiddenModules, str, str], found: Tried) -> None:
        """Keep `found`, unless it alone is too large."""
        if found.size > ROOM:
            return
        self[key] = found
        self._size += found.size
        while self._size > ROOM:
            self._size -= self.pop(next(iter(self))).size


_tried = _Cache()


# --- records: the compared parts of answers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """The answers of a function in one test, reduced to what is compared.

    Parameters
    ----------
    calls : tuple
        For each call the type of its error, or its answer; for a random answer its structure and shapes.
    arguments : tuple
        For each call the arguments after it.
    samples : dict
        The numbers of random answers, by their place in the answer: of one call, or of many calls together.
    pooled : dict
        The same for the calls of which there are many, repeated answers included.
    repeats : tuple of int
        For each random answer the index of the first equal one: shows whether a function seeds or ignores the generator.
    """

    calls: tuple[Any, ...]
    arguments: tuple[Any, ...]
    samples: dict[Any, Sample]
    pooled: dict[Any, Sample]
    repeats: tuple[int, ...]

    @cached_property
    def size(self) -> int:
        """Its size in bytes."""
        samples = (*self.samples.values(), *self.pooled.values())
        return size_of(self.calls) + size_of(self.arguments) + sum(sample.values.nbytes for sample in samples)

    def is_like(self, other: Record, arguments: bool = True) -> bool:
        """Tell whether two records agree: equal but for rounding, and random answers of the same distribution.

        With ``arguments=False`` changes of the arguments aren't compared.
        """
        by_chance = self.repeats != other.repeats and self._repeats_by_chance and other._repeats_by_chance
        ours, theirs = (self.pooled, other.pooled) if by_chance else (self.samples, other.samples)
        if not self.calls or (self.repeats != other.repeats and not by_chance) or ours.keys() != theirs.keys():
            return False
        if arguments and not _alike(self.arguments, other.arguments):
            return False
        return _alike(self.calls, other.calls) and all(ours[place].is_like(theirs[place]) for place in ours)

    @property
    def _repeats_by_chance(self) -> bool:
        """Whether some of many answers are equal, and not all of them, as where there are few possible answers."""
        return len(self.repeats) > FEW_CALLS and 1 < len(set(self.repeats)) < len(self.repeats)


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
    every: dict[Any, list[np.ndarray]] = {}
    first: dict[bytes, int] = {}
    repeats: list[int] = []
    calls: list[Any] = []
    arguments = tuple(() if answer.error else _arguments(answer) for answer in mine)
    for answer in mine:
        if answer.error:
            calls.append((type(answer.error).__name__, _type_name(answer.error)))
        elif answer.random:
            shape, arrays, digest = _parts_of_random_answer(_out(answer))
            calls.append(shape)
            repeats.append(first.setdefault(digest, len(repeats)))
            for place, array in arrays:
                every.setdefault(place, []).append(array)
                if repeats[-1] == len(repeats) - 1:  # a repeated answer isn't an independent draw
                    leaves.setdefault(place, []).append(array)
        else:
            calls.append(_out(answer))
    samples: dict[Any, Sample] = {}
    for place, draws in leaves.items():
        together = [draws] if len(draws) > FEW_CALLS else [[draw] for draw in draws]
        samples |= {(place, number): Sample(some) for number, some in enumerate(together)}
    pooled = {place: Sample(draws) for place, draws in every.items() if len(repeats) > FEW_CALLS}
    return Record(tuple(calls), arguments, samples, pooled, tuple(repeats))


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
            digest.update(f"{array.shape}".encode())
            flat = array.ravel()
            for start in range(0, flat.size, BLOCK):
                digest.update(_rounded(flat[start : start + BLOCK]).tobytes())
            arrays.append(((path, array.shape), array))
            return array.shape
        digest.update(repr(value).encode() if isinstance(value, (str, bool, type(None))) else type(value).__name__.encode())
        return value

    return shape_of(answer, ()), arrays, digest.digest()


def alike(exercise: str, ours: Sequence[Answer], theirs: Sequence[Answer], state: int | None = None) -> bool:
    """Tell whether two records of one test hold the same answers to the calls of `exercise`; see `record_of` and `Record.is_like`."""
    return record_of(exercise, ours, state).is_like(record_of(exercise, theirs, state))


def _rounded(array: np.ndarray) -> np.ndarray:
    """Return numbers rounded to five digits, so that neither their dtype nor the order of a sum makes a difference."""
    if array.dtype.kind not in "biuf":
        return array
    mantissa, exponent = np.frexp(array.astype(float))
    return np.ldexp(np.round(mantissa, 5), exponent) + 0.0


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
    if one is ...:  # in the answer of a misconception: stands for anything
        return True
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if one and one[-1] is ...:  # at the end: for any number of items
            one, other = one[:-1], other[: len(one) - 1]
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, (list, tuple)) and isinstance(other, np.ndarray):
        return all(_numeric(item) and np.ndim(item) == 0 for item in one) and close(np.array(one), other)
    if isinstance(one, np.ndarray) and isinstance(other, (list, tuple)):
        return _alike(other, one)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if _numeric(one) and _numeric(other):
        return close(one, other)
    return type(one) is type(other) and (not isinstance(one, (str, bool, type(None))) or one == other)


def _is_finding(got: Any) -> bool:
    """Tell whether a test says what it found, as a tuple of numbers or words: then that is compared, and not random answers."""
    return isinstance(got, tuple)


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
