"""The `student` object of hidden tests: calls to it are made in a guest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from autograder.model.cells import Cell
from autograder.sandbox.prefetch import Plan
from coursekit.student import Call


class Guest(Protocol):
    """The process that has the functions; see `autograder.sandbox.host.Guest`."""

    student: RemoteStudent

    @property
    def cells(self) -> Sequence[Cell]:
        """The cells that it runs."""

    def with_replaced(self, sources: Mapping[str, str]) -> AbstractContextManager[tuple[Guest, set[str]]]:
        """Run the same cells in another process, with some functions replaced; note which of them are called."""

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool = True, method: str = "") -> Call:
        """Call a function, or do something else with it."""

    def prefetch(self, exercise: str, plan: Plan) -> None:
        """Start an exercise, and make its planned calls."""

    def turn_to(self, test: str) -> None:
        """Start a test."""


class RemoteStudent:
    """The functions of a guest: ``student.softmax(z)``. The counterpart of `coursekit.student.LocalStudent`."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        return RemoteFunction(self._guest, name)


def prefetch(student: RemoteStudent, exercise: str, plan: Plan) -> None:
    """Make the calls that the tests of an exercise are certain to make; see `Guest.prefetch`."""
    student._guest.prefetch(exercise, plan)


def turn_to(student: RemoteStudent, test: str) -> None:
    """Start a test, whose calls come next; see `Guest.turn_to`."""
    student._guest.turn_to(test)


def cells_of(student: RemoteStudent) -> Sequence[Cell]:
    """Return the cells that define the functions."""
    return student._guest.cells


@contextmanager
def with_replaced(student: RemoteStudent, sources: Mapping[str, str]) -> Iterator[tuple[RemoteStudent, set[str]]]:
    """Provide the functions of the same cells, some of them replaced, and the names of those that are called; see `Guest.with_replaced`."""
    with student._guest.with_replaced(sources) as (guest, asked):
        yield guest.student, asked


class RemoteFunction:
    """One function in a guest. Arguments are copied there, the answer is copied back, random generators continue on both sides."""

    def __init__(self, guest: Guest, name: str) -> None:
        self._guest, self.name = guest, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._guest.call(self.name, args, kwargs, want_arguments=False).answer

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the answer together with the positional arguments after the call."""
        return self._guest.call(self.name, args, kwargs)

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        """Return the first items of an iterator that it answers with, in one message; see `coursekit.student.StudentFunction`."""
        return self._guest.call(self.name, (count, *args), kwargs, want_arguments=False, method="items").answer
