"""Errors and messages about a guest: its error reports, its exit status, and the limits that it exceeded."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from autograder.limits import Limits, in_units
from autograder.sandbox import wire
from coursekit.outcomes import MESSAGE_LENGTH
from coursekit.student import Missing, NotAttempted, Place, Raised, StudentError, Unreadable

NAME_LENGTH, MOST_BASES = 200, 50
BUILTIN_EXCEPTIONS = frozenset(name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException))


def disk_message(limits: Limits) -> str:
    """Return the message about a guest that was killed because its files exceeded disk_bytes."""
    return f"it was killed: its files took more than {in_units(limits.disk_bytes)} (the limit disk_bytes), or could not be counted"


def meaning_of_status(status: int, limits: Limits) -> str:
    """Return the meaning of an exit status as a part of a sentence; negative numbers are signals."""
    processor = f"{limits.cpu_seconds} s of processor time (the limit cpu_seconds)"
    signals = {
        -24: f"it used more than {processor}",
        -11: "it crashed (segmentation fault)",
        -9: f"it was killed; did it use more than {in_units(limits.memory_bytes)} of memory (the limit memory_bytes), or {processor}?",
        -6: "it crashed (abort)",
    }
    if status >= 0:
        return f"it left Python with status {status}"
    return signals.get(status, f"it was ended by signal {-status}")


def reported_error(*fields: Any) -> StudentError:
    """Return the error that a guest reports in the fields of an "error" message.

    There are five; for an exception also the names of its bases, and the arguments after the call if they were asked for.

    Raises
    ------
    wire.WireError
        If the report is malformed.
    """
    if not 5 <= len(fields) <= 7 or not all(type(part) is str for part in fields[:4]):
        raise wire.WireError("a malformed error report")
    kind, name, type_name, message, place = fields[:5]
    name, type_name, message = name[:NAME_LENGTH], type_name[:NAME_LENGTH], message[:MESSAGE_LENGTH]
    if kind == "raised":
        if place is not None and (type(place) is not tuple or list(map(type, place)) != [str, int, str, str]):
            raise wire.WireError("a malformed place in an error report")
        at = Place(place[0][:NAME_LENGTH], place[1], place[2][:MESSAGE_LENGTH], place[3][:NAME_LENGTH]) if place else None
        bases, arguments = _bases(fields[5]) if len(fields) > 5 else (), fields[6] if len(fields) == 7 else ()
        if type(arguments) is not tuple:
            raise wire.WireError("malformed arguments in an error report")
        return Raised(name, type_name, message, at, bases, arguments)
    plain: dict[str, Callable[[], StudentError]] = {
        "not_attempted": lambda: NotAttempted(name),
        "missing": lambda: Missing(name),
        "unreadable": lambda: Unreadable(name, message),
    }
    if kind not in plain:
        raise wire.WireError("an unknown kind of error")
    return plain[kind]()


def _bases(names: Any) -> tuple[str, ...]:
    """Return the reported names of built-in exceptions; other names are left out."""
    if type(names) is not tuple or len(names) > MOST_BASES or not all(type(name) is str for name in names):
        raise wire.WireError("malformed bases in an error report")
    return tuple(name for name in names if name in BUILTIN_EXCEPTIONS)
