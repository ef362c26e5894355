"""Prefetching: the calls that tests are certain to make travel to the guest together.

A call is a message to another process and one back, and to switch between two processes takes longer than most of the functions do. So each
test is run once with answers that are pending, and the calls that it makes then are its plan: those which come whatever is answered. When a
submission is graded, all planned calls of an exercise are sent in one message, and made in the order of the tests. Then the tests run, and
take their answers from what came back. A call that isn't planned is made when the test makes it. (Barbara Liskov and Liuba Shrira,
"Promises", PLDI 1988, has the idea.)

A plan depends on the suite alone, so every submission's functions get the same calls in the same order. It holds inputs, and none of the
reference's answers but those that a test passes on to the student itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.model.values import frozen
from autograder.sandbox import wire
from coursekit.expectations import Expectation, expect
from coursekit.student import Call, StudentError

if TYPE_CHECKING:  # it brings pytest, which somebody who only runs guests does without
    from coursekit.suite import CollectedTest

MOST_CALLS = 1000  # of a test
_UNPLANNABLE = (TypeError, wire.WireError)


# --- pending answers --------------------------------------------------------------------------------------------------------


class Pending:
    """Stands for an answer, or a part of one, while a plan is made.

    `expect` can take it apart, and it can be passed on to another call. Whatever else a test does with an answer raises TypeError, because
    the calls that follow could depend on it.

    Parameters
    ----------
    call : int
        Which of the test's calls it is the answer to, counted from zero.
    path : tuple of int
        Which part of the answer, and of that part.
    """

    __slots__ = ("call", "path")
    __array_ufunc__ = None  # arithmetic with an array is refused, too

    def __init__(self, call: int, path: tuple[int, ...] = ()) -> None:
        self.call, self.path = call, path

    def part(self, index: int) -> Pending:
        """Return a part of it."""
        return Pending(self.call, (*self.path, index))

    def __bool__(self) -> bool:
        raise TypeError("this answer is pending")

    def __array__(self, *anyhow: Any, **options: Any) -> np.ndarray:
        raise TypeError("this answer is pending")


class PendingExpectation(Expectation):
    """An expectation about a pending answer: it may be met."""

    def close_to(self, *anything: Any, **options: Any) -> None:
        """Expect nothing."""

    equals = differs_from = same_as = close_to

    def shaped(self, *anything: Any, **options: Any) -> Expectation:
        """Expect nothing."""
        return self

    within = is_normal = is_uniform = is_independent = shaped

    def items(self, *names: str) -> list[Any]:
        """Return as many parts as there are names."""
        return [self.answer.part(index) for index in range(len(names))]


@expect.register
def _expect_of_pending(answer: Pending, name: str = "the answer") -> Expectation:
    return PendingExpectation(answer, name)


# --- plans ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draws:
    """Stands for a random generator among the arguments of a planned call: the number `number` of its test."""

    number: int


@dataclass(frozen=True)
class PlannedCall:
    """A call that a test is certain to make.

    Parameters
    ----------
    name : str
        The function.
    args, kwargs : tuple, dict
        Its arguments: each frozen (see `autograder.model.values.frozen`), or `Pending`, or `Draws`.
    want_arguments : bool
        Whether the arguments after the call are wanted, too.
    frame : bytes
        The call as it is sent.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    want_arguments: bool
    frame: bytes


@dataclass(frozen=True)
class TestPlan:
    """The calls that a test is certain to make, in their order.

    Parameters
    ----------
    test : str
        The test's id.
    calls : tuple of PlannedCall
    generators : tuple of dict
        The state of each random generator among the arguments, before it is used.
    last_uses : dict of int to list of int
        By the number of a call, the generators that no call after it uses: then the host is told their states.
    """

    __test__ = False

    test: str
    calls: tuple[PlannedCall, ...] = ()
    generators: tuple[Any, ...] = ()
    last_uses: dict[int, list[int]] = field(default_factory=dict)

    def message(self, start: int) -> list[Any]:
        """Return it as it is sent, from the call number `start` on."""
        return [[(call.name, call.frame) for call in self.calls], list(self.generators), list(self.last_uses.items()), start]


Plan = tuple[TestPlan, ...]
_plans: dict[tuple[tuple[type, str], ...], dict[str, Plan]] = {}


def plans_of(tests: Sequence[CollectedTest], fixtures: Mapping[str, Any]) -> dict[str, Plan]:
    """Return the plans of a suite, by exercise: the same ones, whenever the same tests are asked about.

    Parameters
    ----------
    tests : sequence of CollectedTest
        In the order in which they are to be run.
    fixtures : mapping of str to object
        What they are run with, but for the student and the random numbers.
    """
    key = tuple([(test.case, test.name) for test in tests])
    if key not in _plans:
        by_exercise = groupby(tests, lambda test: test.exercise)
        _plans[key] = {exercise: tuple([plan_of(test, fixtures) for test in some]) for exercise, some in by_exercise}
    return _plans[key]


def plan_of(test: CollectedTest, fixtures: Mapping[str, Any]) -> TestPlan:
    """Run a test with pending answers, and return the calls that it makes."""
    student = Planner()
    with suppress(Exception):  # at the first look at a pending answer
        test.run({**fixtures, "student": student, "rng": test.rng()})
    return student.plan(test.id)


class Planner:
    """A student who notes what is asked, and whose answers are pending."""

    def __init__(self) -> None:
        self._calls: list[PlannedCall] = []
        self._codec = wire.Codec(_refer, _refuse)
        self._states: list[Any] = []
        self._last_use: dict[int, int] = {}
        self._certain = True

    def __getattr__(self, name: str) -> PlannedFunction:
        return PlannedFunction(name, self)

    def plan(self, test: str) -> TestPlan:
        """Return what was noted."""
        last_uses: dict[int, list[int]] = {}
        for generator, call in self._last_use.items():
            last_uses.setdefault(call, []).append(generator)
        return TestPlan(test, tuple(self._calls), tuple(self._states), last_uses)

    def note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> Pending:
        """Note a call, and return what stands for its answer; after the first call that can't be planned, nothing is certain any more."""
        try:
            if not self._certain or len(self._calls) >= MOST_CALLS:
                raise TypeError("no call after this is certain")
            frame = self._codec.encode("call", name, args, kwargs, want_arguments, [], states=False)
            planned = tuple(map(self._argument, args)), {key: self._argument(value) for key, value in kwargs.items()}
        except _UNPLANNABLE:
            self._certain = False
            raise TypeError(f"a call of {name} can't be planned here") from None
        self._calls.append(PlannedCall(name, *planned, want_arguments, frame))
        return Pending(len(self._calls) - 1)

    def _argument(self, argument: Any) -> Any:
        if type(argument) is Pending:
            return argument
        if type(argument) is not np.random.Generator:
            return frozen(argument)
        number = next(number for number, known in enumerate(self._codec.generators) if known is argument)
        state = argument.bit_generator.state
        if number == len(self._states):
            self._states.append(state)
        elif frozen(state) != frozen(self._states[number]):
            raise TypeError("the test itself has drawn from a generator that the student's functions have used")
        self._last_use[number] = len(self._calls)
        return Draws(number)


class PlannedFunction:
    """One function of a `Planner`."""

    def __init__(self, name: str, student: Planner) -> None:
        self.name, self._student = name, student

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._student.note(self.name, args, kwargs, False)

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return what stands for the answer, and the arguments: a right function leaves them alone."""
        return Call(self._student.note(self.name, args, kwargs, True), args)


def _refer(value: Any) -> list[Any]:
    return ["p", value.call, *value.path] if type(value) is Pending else _refuse(value)


def _refuse(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} can't be planned")


# --- answers that were fetched ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """What came of a planned call: a frame, and the process that sent it."""

    process: Any
    frame: wire.Frame


class Prefetched:
    """The planned calls of one test, and what came of them: the test takes them in order, as long as it makes just these calls.

    Parameters
    ----------
    plan : TestPlan
        What is asked.
    """

    def __init__(self, plan: TestPlan) -> None:
        self.plan = plan
        self.outcomes: list[Reply | StudentError | None] = []
        self.generators: list[np.random.Generator] = []
        self._answers: list[Any] = []

    @property
    def next(self) -> Reply | StudentError | None:
        """What came of the next call."""
        return self.outcomes[len(self._answers)]

    def reported(self) -> list[np.random.Generator]:
        """Return the generators whose state comes with the reply to the next call."""
        return [self.generators[number] for number in self.plan.last_uses.get(len(self._answers), ())]

    def take(self, answer: Any = None) -> None:
        """Note what the test is given for the next call; the reply isn't needed any more."""
        self.outcomes[len(self._answers)] = None
        self._answers.append(answer)

    def is_next(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> bool:
        """Tell whether a call is the next one of the plan."""
        if len(self._answers) >= len(self.outcomes):
            return False
        call = self.plan.calls[len(self._answers)]
        if (call.name, call.want_arguments, len(call.args)) != (name, want_arguments, len(args)) or call.kwargs.keys() != kwargs.keys():
            return False
        return all(map(self._is, call.args, args)) and all(self._is(call.kwargs[key], kwargs[key]) for key in kwargs)

    def _is(self, planned: Any, argument: Any) -> bool:
        """Tell whether an argument is the planned one."""
        if type(planned) is Pending:
            return argument is self._part(planned)
        if type(planned) is Draws:
            return self._is_generator(planned.number, argument)
        try:
            return bool(planned == frozen(argument))
        except TypeError:
            return False

    def _is_generator(self, number: int, argument: Any) -> bool:
        if number < len(self.generators):
            return self.generators[number] is argument
        known = type(argument) is np.random.Generator and number == len(self.generators)
        if known and frozen(argument.bit_generator.state) == frozen(self.plan.generators[number]):
            self.generators.append(argument)
            return True
        return False

    def _part(self, pending: Pending) -> Any:
        part = self._answers[pending.call]
        for index in pending.path:
            if type(part) not in (list, tuple) or index >= len(part):
                return _NOTHING
            part = part[index]
        return part


_NOTHING = object()


class Queue:
    """The planned calls of an exercise that are still to be made, in their order."""

    def __init__(self, plan: Plan) -> None:
        self.tests = [Prefetched(test) for test in plan if test.calls]

    def __iter__(self) -> Iterator[tuple[Prefetched, PlannedCall]]:
        for test in self.tests:
            for call in test.plan.calls[len(test.outcomes) :]:
                yield test, call

    def message(self) -> list[list[Any]]:
        """Return the calls as they are sent."""
        return [test.plan.message(len(test.outcomes)) for test in self.tests if len(test.outcomes) < len(test.plan.calls)]
