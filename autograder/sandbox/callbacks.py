"""Calls in the other direction: a guest calls a function of the host that it was given as an argument, or that replaces one of its own."""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Callable
from typing import Any

from autograder.deadline import check
from autograder.errors import AutograderError
from autograder.limits import Limits, in_units
from autograder.model.values import size_of
from autograder.sandbox import wire
from autograder.sandbox.process import StaleHandle
from coursekit.student import StudentError


class Callbacks:
    """Serves the callbacks of a submission within its limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes: Counter[str] = Counter()  # what each function has passed to callbacks

    def check(self, name: str, number: int, fields: list[Any]) -> None:
        """Check the number of callbacks of a call of `name`, and the size of all that it passes to callbacks: the host may keep it.

        Raises
        ------
        WireError
            If one of them is above its limit, or the message is malformed.
        """
        if len(fields) != 3:
            raise wire.WireError("an unexpected message")
        if number > self._limits.callbacks:
            raise wire.WireError(f"it called what it was given more than {self._limits.callbacks} times (the limit callbacks)")
        self._bytes[name] += size_of(fields)
        if self._bytes[name] > self._limits.all_answers_bytes:
            most = in_units(self._limits.all_answers_bytes)
            raise wire.WireError(f"what it passed to callbacks is larger than {most} altogether (the limit all_answers_bytes)")

    def run(
        self, find: Callable[[Any], Callable[..., Any] | None], fields: list[Any], process_lives: Callable[[], bool]
    ) -> tuple[Any, ...]:
        """Call the function of the host that `find` has for the guest's number or name; return the kind and the values of the reply.

        If the function called the submission again, and that ended the process, its error goes on.
        """
        check()
        which, args, kwargs = fields
        function = find(which) if type(which) in (int, str) else None
        if function is None or type(args) is not tuple or type(kwargs) is not dict or not all(type(key) is str for key in kwargs):
            raise wire.WireError("a callback of an unknown function")
        try:
            return "answer", function(*args, **kwargs)
        except StudentError as error:
            if not process_lives():
                raise
            return "failed", "RuntimeError", str(error)
        except AutograderError:  # no process could be started: not the submission's doing
            raise
        except Exception as error:
            return "failed", type(error).__name__ if hasattr(builtins, type(error).__name__) else "RuntimeError", str(error)


def encoded(codec: wire.Codec, message: tuple[Any, ...]) -> Any:
    """Return the frame of a reply; if the function returned a value that can't be sent, that of a ValueError."""
    try:
        return codec.encode(*message)
    except (wire.WireError, TypeError, StaleHandle) as error:
        return codec.encode("failed", "ValueError", str(error))
