"""Calls that are asked of a guest before the test makes them: what they look like, and whether the test then makes just these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..pending import Pending
from ..values import frozen
from . import wire

_NO_ANSWER = object()


@dataclass(frozen=True, eq=False)
class ForeseenCall:
    """A call as it will be made, and as it is sent. An argument is frozen, or the answer to an earlier call, or a part of it."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    want_arguments: bool
    frame: bytes


def foreseen(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> ForeseenCall | None:
    """Return a call as one that can be asked ahead; None where that can't be done: with a function as an argument, or a generator."""
    try:
        frame = wire.Codec(_refer, _refuse).encode("call", name, args, kwargs, want_arguments, [])
        return ForeseenCall(name, tuple(map(_frozen, args)), {key: _frozen(value) for key, value in kwargs.items()}, want_arguments, frame)
    except (TypeError, wire.WireError):
        return None


def _frozen(argument: Any) -> Any:
    return argument if type(argument) is Pending else frozen(argument)


def _refer(value: Any) -> list[Any]:
    if type(value) is Pending:
        return ["p", value.call, *value.path]
    return _refuse(value)


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} can't be sent ahead")


class Plan:
    """The calls that the tests of a suite are certain to make, in the order of the tests.

    Parameters
    ----------
    calls : mapping of str to sequence of ForeseenCall
        By the test's id.

    Attributes
    ----------
    frames : list of list of bytes
        The calls of each test, as they are sent.
    size : int
        How many bytes that are.
    """

    def __init__(self, calls: Mapping[str, Sequence[ForeseenCall]]) -> None:
        self.calls = calls
        self.frames = [[call.frame for call in some] for some in calls.values()]
        self.size = sum(len(frame) for frames in self.frames for frame in frames)


class Batch:
    """The calls that a test is going to make, and what became of them."""

    def __init__(self, calls: Sequence[ForeseenCall]) -> None:
        self.calls = calls
        self._replies: list[bytes] = []
        self._answers: list[Any] = []

    def take(self, replies: Any) -> None:
        """Take the guest's replies: a frame for each call, empty for one that it could not make.

        Raises
        ------
        wire.WireError
            If it is anything else.
        """
        if type(replies) is not list or list(map(type, replies)) != [bytes] * len(self.calls):
            raise wire.WireError("replies that aren't any")
        self._replies = replies

    def is_next(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> bool:
        """Tell whether a call is the one that was foreseen."""
        if len(self._answers) == len(self.calls):
            return False
        call = self.calls[len(self._answers)]
        if (call.name, call.want_arguments, len(call.args)) != (name, want_arguments, len(args)) or call.kwargs.keys() != kwargs.keys():
            return False
        return all(map(self._is, call.args, args)) and all(self._is(call.kwargs[key], kwargs[key]) for key in kwargs)

    def reply(self) -> bytes:
        """Return the reply to the next call."""
        return self._replies[len(self._answers)]

    def answered(self, answer: Any = _NO_ANSWER) -> None:
        """Note what the test has been given as the answer to the next call, if anything."""
        self._answers.append(answer)

    def _is(self, planned: Any, argument: Any) -> bool:
        """Tell whether an argument is what was foreseen."""
        if type(planned) is Pending:
            return argument is self._part(planned)
        try:
            return bool(planned == frozen(argument))
        except TypeError:
            return False

    def _part(self, pending: Pending) -> Any:
        part = self._answers[pending.call]
        for index in pending.path:
            if type(part) not in (list, tuple) or index >= len(part):
                return _NO_ANSWER
            part = part[index]
        return part
