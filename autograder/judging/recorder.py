"""A student whose every call is noted, so that the diagnosis can ask later which misconception would have answered alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import deadline
from autograder.limits import Limits, in_units
from autograder.model.values import size_of
from coursekit.student import Call, Student, StudentError, TimedOut, Unreadable


@dataclass(frozen=True)
class Answer:
    """What one call gave: an answer and the arguments after the call, or an error."""

    function: str
    random: bool
    answer: Any = None
    arguments: tuple[Any, ...] = ()
    error: StudentError | None = None


class Account:
    """What a submission's functions have used so far, in all tests together.

    Parameters
    ----------
    room : int
        How many bytes the answers of one function may come to: all are kept until the diagnosis has seen them.

    Attributes
    ----------
    kept : Counter
        How many bytes each function has answered.
    hopeless : dict of str to StudentError
        The functions that have timed out, or answered too much; they aren't called again.
    """

    def __init__(self, room: int = Limits.all_answers_bytes) -> None:
        self.room = room
        self.kept: Counter[str] = Counter()
        self.hopeless: dict[str, StudentError] = {}

    def has_room_for(self, name: str, call: Call) -> bool:
        """Count what a call has brought, and tell whether that is still as much as anybody could keep."""
        self.kept[name] += size_of(call.answer) + size_of(call.arguments)
        return self.kept[name] <= self.room


class Recorder:
    """A student whose every call is noted, for the length of one test.

    Parameters
    ----------
    student : Student
        Who answers.
    account : Account, optional
        Of all tests; this one's own where it is left out.
    """

    def __init__(self, student: Student, account: Account | None = None) -> None:
        self._student, self._account = student, account or Account()
        self.answers: list[Answer] = []

    def __getattr__(self, name: str) -> RecordedFunction:
        return RecordedFunction(name, self)

    def ask(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> Call:
        """Call the function `name` and note what it answered, or which error kept it from answering."""
        deadline.check()
        random = has_generator(args, kwargs) or self._follows_random(name)
        try:
            if name in self._account.hopeless:
                raise self._account.hopeless[name]
            function = getattr(self._student, name)
            call = function.call(*args, **kwargs) if want_arguments else Call(function(*args, **kwargs), ())
            if not self._account.has_room_for(name, call):
                del call  # the error holds on to this frame
                too_much = f"all its answers together are larger than {in_units(self._account.room)} (the limit all_answers_bytes)"
                raise Unreadable(name, too_much)
        except StudentError as error:
            if isinstance(error, TimedOut) or self._account.kept[name] > self._account.room:
                self._account.hopeless[name] = error
            self.answers.append(Answer(name, random, error=error))
            raise
        self.answers.append(Answer(name, random, call.answer, call.arguments))
        deadline.check()
        return call

    def _follows_random(self, name: str) -> bool:
        """Tell whether `name` is a backward pass whose forward pass drew at random: then it depends on these draws."""
        forward = name.removesuffix("_backward") + "_forward"
        return name.endswith("_backward") and any(answer.random and answer.function == forward for answer in self.answers)


class RecordedFunction:
    """One function of a `Recorder`."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name, self._recorder = name, recorder

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._recorder.ask(self.name, args, kwargs, want_arguments=False).answer

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the answer together with the arguments after the call."""
        return self._recorder.ask(self.name, args, kwargs, want_arguments=True)


def has_generator(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Tell whether a call was given a source of random numbers."""
    return any(isinstance(value, np.random.Generator) for value in (*args, *kwargs.values()))
