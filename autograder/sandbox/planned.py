"""Calls that were read before there was a guest to make them: every submission of a lecture is asked the same.

The zygote reads them once, and its guests find them in their memory. They hold inputs, and never an answer of the reference's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from . import wire


@dataclass(frozen=True)
class Earlier:
    """What stands for the answer to an earlier call of the same test, or for a part of it."""

    call: int
    path: tuple[int, ...]


@dataclass(frozen=True)
class PlannedCall:
    """A call that can be made once: its arguments are then the function's own.

    Parameters
    ----------
    frame : bytes
        As the host sent it: to read it again gives arguments that nobody has touched.
    """

    frame: bytes
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    want_arguments: bool

    def with_answers(self, answer: Callable[[Earlier], Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments, with an answer wherever there is to be one."""
        args = tuple([answer(value) if type(value) is Earlier else value for value in self.args])
        return args, {name: answer(value) if type(value) is Earlier else value for name, value in self.kwargs.items()}


def planned(frame: bytes) -> PlannedCall:
    """Read a call that the host has foreseen; see `autograder.sandbox.ahead.foreseen`."""
    codec = wire.Codec(_refuse, lambda node: Earlier(node[1], tuple(node[2:])))
    name, args, kwargs, want_arguments, _ = codec.decode(wire.frame_in(frame, wire.Bounds()))
    return PlannedCall(frame, name, args, kwargs, want_arguments)


def plan_in(tests: Sequence[Sequence[bytes]]) -> list[list[PlannedCall]]:
    """Read the calls of several tests."""
    return [[planned(frame) for frame in frames] for frames in tests]


def _refuse(value: Any) -> NoReturn:
    raise TypeError("what was planned is only read here")
