"""Prefetching: calls that do not depend on earlier answers are sent to the guest together.

A call is a message to another process and a reply, and switching between processes takes longer than most functions do. So each test is run
once with pending answers (promises: Liskov and Shrira, PLDI 1988), and the calls that it makes then, which depend on no answer, are its
plan. When a submission is graded, the planned calls of an exercise are sent in one message and made in the order of the tests. Then the
tests run, and take their answers from the replies. A call outside the plan is made when the test makes it.

A plan depends on the suite alone, so the functions of every submission get the same calls in the same order. It holds the inputs of the
tests, and answers of the reference only where a test passes them to the student's functions itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.model.values import frozen
from autograder.sandbox import wire
from coursekit.expectations import Expectation, expect
from coursekit.student import Call, StudentError

if TYPE_CHECKING:  # it imports pytest, which a sandbox without tests doesn't need
    from coursekit.suite import CollectedTest

MOST_CALLS = 1000  # planned for one test
_UNPLANNABLE = (TypeError, wire.WireError)


# --- pending answers --------------------------------------------------------------------------------------------------------


class Pending:
    """A placeholder for an answer, or for a part of one, while a plan is made.

    `expect` accepts it, and it can be an argument of another call. Any other use raises TypeError and ends the plan, because later calls
    could depend on the answer.

    Parameters
    ----------
    call : int
        The index of the call within the test.
    path : tuple of int
        The index of the part within the answer, then within that part, and so on.
    """

    __slots__ = ("call", "path")
    __array_ufunc__ = None  # arithmetic with an array raises TypeError, too

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
    """An expectation about a pending answer: every check passes."""

    def close_to(self, *anything: Any, **options: Any) -> None:
        """Expect nothing."""

    equals = differs_from = same_as = alike = close_to

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
class GeneratorNumber:
    """A placeholder for a random generator among the arguments of a planned call: the test's generator number `number`."""

    number: int


@dataclass(frozen=True)
class PlannedCall:
    """A call of a plan.

    Parameters
    ----------
    name : str
        The function.
    args, kwargs : tuple, dict
        Its arguments: each frozen (see `autograder.model.values.frozen`), or `Pending`, or `GeneratorNumber`.
    want_arguments : bool
        Whether the reply contains the arguments after the call.
    frame : bytes
        The encoded call.
    method : str
        What is done with the function, if not just a call: "items".
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    want_arguments: bool
    frame: bytes
    method: str = ""


@dataclass(frozen=True)
class TestPlan:
    """The planned calls of a test, in order.

    Parameters
    ----------
    test : str
        The test's id.
    calls : tuple of PlannedCall
    generators : tuple of dict
        The state of each random generator among the arguments, before it is used.
    last_uses : dict of int to list of int
        For the index of a call, the generators used by no later call: the reply to it contains their states.
    """

    __test__ = False

    test: str
    calls: tuple[PlannedCall, ...] = ()
    generators: tuple[Any, ...] = ()
    last_uses: dict[int, list[int]] = field(default_factory=dict)

    def message(self, start: int) -> list[Any]:
        """Return the plan as values of a message; the calls before number `start` have been made."""
        return [[(call.name, call.frame) for call in self.calls], list(self.generators), list(self.last_uses.items()), start]


Plan = tuple[TestPlan, ...]
_plans: dict[tuple[tuple[type, str], ...], dict[str, Plan]] = {}


def plans_of(tests: Sequence[CollectedTest], fixtures: Mapping[str, Any]) -> dict[str, Plan]:
    """Return the plans of a suite, by exercise. They are cached.

    Parameters
    ----------
    tests : sequence of CollectedTest
        In the order in which they are to be run.
    fixtures : mapping of str to object
        The fixtures of the tests, except `student` and `rng`.
    """
    key = tuple([(test.case, test.name) for test in tests])
    if key not in _plans:
        by_exercise = groupby(tests, lambda test: test.exercise)
        _plans[key] = {exercise: tuple([plan_of(test, fixtures) for test in some]) for exercise, some in by_exercise}
    return _plans[key]


def plan_of(test: CollectedTest, fixtures: Mapping[str, Any]) -> TestPlan:
    """Run a test with pending answers, and return its plan."""
    student = Planner()
    try:
        test.run({**fixtures, "student": student, "rng": test.rng()})
    except KeyboardInterrupt:
        raise
    except BaseException:  # TypeError at the first look at a pending answer, or pytest's own, which is no Exception
        pass
    return student.plan(test.id)


class Planner:
    """A student that records calls and returns pending answers."""

    def __init__(self) -> None:
        self._calls: list[PlannedCall] = []
        self._codec = wire.Codec(_refer, _refuse)
        self._states: list[Any] = []
        self._last_use: dict[int, int] = {}
        self._plannable = True

    def __getattr__(self, name: str) -> PlannedFunction:
        return PlannedFunction(name, self)

    def plan(self, test: str) -> TestPlan:
        """Return the recorded calls as a plan."""
        last_uses: dict[int, list[int]] = {}
        for generator, call in self._last_use.items():
            last_uses.setdefault(call, []).append(generator)
        return TestPlan(test, tuple(self._calls), tuple(self._states), last_uses)

    def note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool, method: str = "") -> Pending:
        """Record a call, and return its pending answer; raise TypeError from the first call on that can't be planned."""
        try:
            if not self._plannable or len(self._calls) >= MOST_CALLS:
                raise TypeError("the plan has ended")
            frame = self._codec.encode("call", called(name, method), args, kwargs, want_arguments, [], states=False)
            planned = tuple(map(self._argument, args)), {key: self._argument(value) for key, value in kwargs.items()}
        except _UNPLANNABLE:
            self._plannable = False
            raise TypeError(f"a call of {name} can't be planned here") from None
        self._calls.append(PlannedCall(name, *planned, want_arguments, frame, method))
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
        return GeneratorNumber(number)


class PlannedFunction:
    """A function of a `Planner`."""

    def __init__(self, name: str, student: Planner) -> None:
        self.name, self._student = name, student

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._student.note(self.name, args, kwargs, False)

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the pending answer and the arguments, as if the call left them unchanged."""
        return Call(self._student.note(self.name, args, kwargs, True), args)

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        """Return pending items."""
        return self._student.note(self.name, (count, *args), kwargs, False, "items")


def called(name: str, method: str) -> str:
    """Return how a message says what is called."""
    return f"{name}:{method}" if method else name


def _refer(value: Any) -> list[Any]:
    return ["p", value.call, *value.path] if type(value) is Pending else _refuse(value)


def _refuse(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} can't be planned")


# --- replies ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """The reply to a planned call: a frame, and the process that sent it."""

    process: Any
    frame: wire.Frame


class Prefetched:
    """The plan of one test and its outcomes (replies or errors), which the test consumes in order.

    Parameters
    ----------
    plan : TestPlan
    """

    def __init__(self, plan: TestPlan) -> None:
        self.plan = plan
        self.outcomes: list[Reply | StudentError | None] = []
        self.generators: list[np.random.Generator] = []
        self._answers: list[Any] = []

    @property
    def next(self) -> Reply | StudentError | None:
        """The outcome of the next call."""
        return self.outcomes[len(self._answers)]

    def reported(self) -> list[np.random.Generator]:
        """Return the generators whose state comes with the reply to the next call."""
        return [self.generators[number] for number in self.plan.last_uses.get(len(self._answers), ())]

    def take(self, answer: Any = None) -> None:
        """Consume the next outcome: drop the reply, and keep the decoded answer for comparisons with later arguments."""
        self.outcomes[len(self._answers)] = None
        self._answers.append(answer)

    def is_next(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool, method: str = "") -> bool:
        """Tell whether a call equals the next one of the plan, and its outcome is there."""
        if len(self._answers) >= len(self.outcomes):
            return False
        call = self.plan.calls[len(self._answers)]
        known = call.name, call.method, call.want_arguments, len(call.args)
        if known != (name, method, want_arguments, len(args)) or call.kwargs.keys() != kwargs.keys():
            return False
        return all(map(self._matches, call.args, args)) and all(self._matches(call.kwargs[key], kwargs[key]) for key in kwargs)

    def _matches(self, planned: Any, argument: Any) -> bool:
        """Tell whether an argument is the planned one."""
        if type(planned) is Pending:
            return argument is self._part(planned)
        if type(planned) is GeneratorNumber:
            return self._matches_generator(planned.number, argument)
        try:
            return bool(planned == frozen(argument))
        except TypeError:
            return False

    def _matches_generator(self, number: int, argument: Any) -> bool:
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
                return _NO_SUCH_PART
            part = part[index]
        return part


_NO_SUCH_PART = object()


class Queue:
    """The planned calls of an exercise that have no outcome yet, in order."""

    def __init__(self, plan: Plan) -> None:
        self.tests = [Prefetched(test) for test in plan if test.calls]

    def __iter__(self) -> Iterator[tuple[Prefetched, PlannedCall]]:
        for test in self.tests:
            for call in test.plan.calls[len(test.outcomes) :]:
                yield test, call

    def message(self) -> list[list[Any]]:
        """Return the calls as values of a message."""
        return [test.plan.message(len(test.outcomes)) for test in self.tests if len(test.outcomes) < len(test.plan.calls)]
