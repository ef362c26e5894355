"""Records the calls of a student's functions and their answers, for the diagnosis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder import deadline
from autograder.limits import Limits
from autograder.model.values import size_of
from coursekit.streams import ReturnedFunction, Steps
from coursekit.student import Call, Raised, Student, StudentError, Unreadable, parameters_of

ITERATOR = "<iterator>"
"""Recorded for an answer that is an iterator; its items are recorded when they are asked for."""
FUNCTION = "<function>"
"""Recorded for an answer that is a function; its answers are recorded when it is called."""


@dataclass(frozen=True)
class Answer:
    """The outcome of one call: an answer and the arguments after the call, or an error. `random`: it had a random generator."""

    function: str
    random: bool
    answer: Any = None
    arguments: tuple[Any, ...] = ()
    error: StudentError | None = None


class Account:
    """The memory that a submission's answers take, over all tests.

    Parameters
    ----------
    limits : Limits
        Of which all_answers_bytes bounds the answers of one function, which are kept until the diagnosis has used them.

    Attributes
    ----------
    kept : Counter
        Bytes of the answers of each function.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self.kept: Counter[str] = Counter()

    def has_room_for(self, name: str, call: Call) -> bool:
        """Add the size of a call's answer and arguments, and tell whether the function is still within the limit."""
        self.kept[name] += size_of(call.answer) + size_of(call.arguments)
        return not self.is_full(name)

    def is_full(self, name: str) -> bool:
        """Tell whether a function has exceeded the limit."""
        return self.kept[name] > self._limits.all_answers_bytes

    @property
    def too_much(self) -> str:
        """The message about a function that has exceeded the limit."""
        return self._limits.too_much


class Recorder:
    """A student that records the calls of one test.

    Parameters
    ----------
    student : Student
        The recorded functions.
    account : Account, optional
        Shared by all tests of a submission; a new one by default.
    reference : object, optional
        Has functions of the same names, whose parameters are named in messages.
    """

    def __init__(self, student: Student, account: Account | None = None, reference: Any = None) -> None:
        self._student, self._account, self._reference = student, account or Account(), reference
        self.answers: list[Answer] = []

    def __getattr__(self, name: str) -> RecordedFunction:
        return RecordedFunction(name, self)

    def ask(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool, items: int | None = None) -> Call:
        """Call the function `name`, and record its answer or its `StudentError`; with a number of `items`, as an iterator's first ones."""
        deadline.check()
        random = has_generator(args, kwargs) or self._follows_random(name)
        try:
            if self._account.is_full(name):
                raise Unreadable(name, self._account.too_much)
            function = getattr(self._student, name)
            if items is not None:
                call = Call(function.items(items, *args, **kwargs), ())
            else:
                call = function.call(*args, **kwargs) if want_arguments else Call(function(*args, **kwargs), ())
            if not self._account.has_room_for(name, call):
                del call  # the error's traceback refers to this frame
                raise Unreadable(name, self._account.too_much)
        except StudentError as error:
            if isinstance(error, Raised) and error.arguments and not self._account.has_room_for(name, Call(None, error.arguments)):
                error.arguments = ()
            self.answers.append(Answer(name, random, error=error))
            raise
        if isinstance(call.answer, Steps):
            call.answer.note = partial(self._note_step, name, random)
            self.answers.append(Answer(name, random, ITERATOR, call.arguments))
        elif isinstance(call.answer, ReturnedFunction):
            call.answer.note = partial(self._note_step, name, random)
            self.answers.append(Answer(name, random, FUNCTION, call.arguments))
        else:
            self.answers.append(Answer(name, random, call.answer, call.arguments))
        deadline.check()
        return call

    def _note_step(self, name: str, random: bool, item: Any) -> None:
        """Record what an iterator or a function that `name` has returned gave: an item, its end, an answer, or an error."""
        deadline.check()
        if isinstance(item, StudentError):
            self.answers.append(Answer(name, random, error=item))
        elif not self._account.has_room_for(name, Call(item, ())):
            raise Unreadable(name, self._account.too_much)
        else:
            self.answers.append(Answer(name, random, item))

    def parameters(self, name: str) -> tuple[str, ...]:
        """Return the names of a function's parameters as far as the reference has that function."""
        return parameters_of(getattr(self._reference, name, None))

    def _follows_random(self, name: str) -> bool:
        """Tell whether `name` is a backward pass whose forward pass had a random generator in this test."""
        forward = name.removesuffix("_backward") + "_forward"
        return name.endswith("_backward") and any(answer.random and answer.function == forward for answer in self.answers)


class RecordedFunction:
    """A function of a `Recorder`."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name, self._recorder = name, recorder

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, if they are known."""
        return self._recorder.parameters(self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._recorder.ask(self.name, args, kwargs, want_arguments=False).answer

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the answer together with the arguments after the call."""
        return self._recorder.ask(self.name, args, kwargs, want_arguments=True)

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        """Return the first items of the iterator that is the answer; see `coursekit.student.StudentFunction`."""
        return self._recorder.ask(self.name, args, kwargs, want_arguments=False, items=count).answer


def has_generator(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Tell whether one of the arguments is a random generator."""
    return any(isinstance(value, np.random.Generator) for value in (*args, *kwargs.values()))
