"""Which calls a test is going to make, as far as that doesn't depend on what is answered.

A call of a student's function is a message to another process and one back, and changing from one process to the other takes longer than
most of the functions do. So each test is run once with answers that are pending, and the calls that it makes then are asked all at once
whenever it is run for a submission. There it runs as ever, with real answers: one that was asked ahead is taken only where the test makes
exactly the call that was foreseen. (Barbara Liskov and Liuba Shrira, "Promises", PLDI 1988, has the idea.)

What is foreseen are inputs. No answer of the reference's can be among them that the test wouldn't pass on itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coursekit.student import Call
from coursekit.suite import CollectedTest, error_of

from .pending import Pending
from .sandbox.ahead import ForeseenCall, Plan, foreseen

MOST_CALLS = 1000  # of a test; some draw a thousand samples, and need no help
_plans: dict[tuple[tuple[type, str], ...], Plan] = {}


def plan_of(tests: Sequence[CollectedTest], fixtures: Mapping[str, Any]) -> Plan:
    """Return the calls that tests begin with: the same plan, whenever the same tests are asked about.

    Parameters
    ----------
    tests : sequence of CollectedTest
        In the order in which they are to be run.
    fixtures : mapping of str to object
        What they are run with, but for the student and the random numbers.
    """
    key = tuple([(test.case, test.name) for test in tests])
    if key not in _plans:
        _plans[key] = Plan({test.id: calls_of(test, fixtures) for test in tests})
    return _plans[key]


def calls_of(test: CollectedTest, fixtures: Mapping[str, Any]) -> tuple[ForeseenCall, ...]:
    """Run a test, and return the calls that it begins with, whatever they are answered."""
    student = Foreteller()
    error_of(test, {**fixtures, "student": student, "rng": test.rng()})
    return tuple(student.calls)


class Foreteller:
    """A student who notes what is asked, and doesn't answer yet."""

    def __init__(self) -> None:
        self.calls: list[ForeseenCall] = []
        self._certain = True

    def __getattr__(self, name: str) -> PendingFunction:
        return PendingFunction(name, self)

    def note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> Pending:
        """Note a call, and return what stands for its answer; from the first call on that can't be noted, nothing is certain any more."""
        call = foreseen(name, args, kwargs, want_arguments) if self._certain and len(self.calls) < MOST_CALLS else None
        if call is None:
            self._certain = False
            raise TypeError(f"nobody can tell whether {name} will be called like this")
        self.calls.append(call)
        return Pending(len(self.calls) - 1)


class PendingFunction:
    """One function of a `Foreteller`."""

    def __init__(self, name: str, student: Foreteller) -> None:
        self.name, self._student = name, student

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._student.note(self.name, args, kwargs, False)

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return what stands for the answer, and the arguments: a right function leaves them alone."""
        return Call(self._student.note(self.name, args, kwargs, True), args)
