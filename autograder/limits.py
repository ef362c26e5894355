"""Limits of a submission: seconds, bytes, threads.

`Limits` has the defaults; a lecture can change some in its notebook's metadata, and an instructor on the command line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograder.errors import LimitError

if TYPE_CHECKING:
    from autograder.sandbox.wire import Bounds

SETTINGS = "grading"
"""The key of the grader's settings in a notebook's metadata."""

OPEN_FILES = 32
"""Open files of one process. Deleted files that are still open aren't counted on disk: at most `OPEN_FILES` × `file_bytes`."""
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_QUANTITY = re.compile(r"(?P<number>\d{1,15}(\.\d{1,9})?)\s*(?P<unit>[KMG]iB)?")
_LEAST = {"memory_bytes": 256 << 20, "answer_bytes": 1 << 20, "processes": 8, "depth": 4}  # with less, no guest could start
_MOST = 1 << 50


@dataclass(frozen=True)
class Limits:
    """Limits of a submission. Messages about a limit contain its name.

    Parameters
    ----------
    call_seconds, cell_seconds : float
        Wall clock for one call of a function, and for one cell.
    total_seconds : float
        Wall clock for a submission: the time for which the host has waited for it.
    cpu_seconds : int
        Processor time of one process.
    call_cpu_seconds : float
        Processor time of one call. A busy machine doesn't change it, so it is the limit for calls that take long, such as a training.
    host_seconds : float
        Processor time that the host itself spends on a submission's answers; each exercise has an equal share. See `autograder.deadline`.
    memory_bytes : int
        Address space of a guest, which is a single process.
    file_bytes, disk_bytes : int
        Size of one file in the scratch directory, and of all together. The sum is checked several times a second.
    output_bytes : int
        Length of the printed text that is kept. The rest is dropped.
    answer_bytes, depth : int
        Size of an answer, and levels of nested lists in it.
    all_answers_bytes : int
        Size of all answers of one function together, which the host keeps for the diagnosis. The same limit holds for all that the function
        passes to callbacks, which are functions of the host among its arguments.
    callbacks : int
        Number of callbacks in one call.
    processes : int
        Threads in addition to those that the user has already. Root has no such limit.
    """

    call_seconds: float = 10
    cell_seconds: float = 20
    total_seconds: float = 120
    cpu_seconds: int = 120
    call_cpu_seconds: float = 120
    host_seconds: float = 30
    memory_bytes: int = 2 << 30
    file_bytes: int = 8 << 20
    disk_bytes: int = 256 << 20
    output_bytes: int = 64 << 10
    answer_bytes: int = 16 << 20
    all_answers_bytes: int = 16 << 20
    callbacks: int = 1000
    depth: int = 32
    processes: int = 256

    def changed(self, settings: Mapping[str, object]) -> Limits:
        """Return these limits with some of them set anew.

        Parameters
        ----------
        settings : mapping of str to number or str
            New values by name. Sizes may have a unit: ``"4 GiB"``, ``"512MiB"``, ``"64KiB"``.

        Raises
        ------
        LimitError
            If a limit is unknown, or a value is invalid.
        """
        if not settings:
            return self
        for name in settings:
            if name not in LIMITS:
                raise LimitError(f"there is no limit {name!r}; there are: {', '.join(LIMITS)}")
        changes: dict[str, Any] = {name: _quantity(name, value) for name, value in settings.items()}
        return replace(self, **changes)

    @property
    def too_much(self) -> str:
        """The message about a function that exceeds all_answers_bytes."""
        return f"all its answers together are larger than {in_units(self.all_answers_bytes)} (the limit all_answers_bytes)"

    @cached_property
    def bounds(self) -> Bounds:
        """The limits of a message."""
        from autograder.sandbox.wire import Bounds  # imports NumPy, which isn't needed for the names of limits

        return Bounds(frame_bytes=self.answer_bytes, depth=self.depth)

    def of_process(self) -> dict[str, int]:
        """Return the limits that the kernel enforces, by the name of the resource."""
        return {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": OPEN_FILES,
            "RLIMIT_CORE": 0,
        }


LIMITS = tuple(field.name for field in fields(Limits))

NOTEBOOK_LIMITS = Limits(
    cell_seconds=30,  # nbgrader's
    total_seconds=600,
    cpu_seconds=600,
    memory_bytes=4 << 30,
    file_bytes=64 << 20,
    disk_bytes=1 << 30,
    output_bytes=1 << 20,
    answer_bytes=32 << 20,
)
"""Limits of a notebook whose own cells are its tests: courses of others load more and show more than our lectures do."""


def limits_in(metadata: Mapping[str, Any]) -> Limits:
    """Return the limits of a lecture, by its notebook's metadata: ``{"grading": {"limits": {"call_seconds": 30}}}``.

    Raises
    ------
    LimitError
        If the settings have another form, a limit is unknown, or a value is invalid.
    """
    settings = metadata.get(SETTINGS, {})
    limits = settings.get("limits", {}) if isinstance(settings, Mapping) else settings
    if not isinstance(limits, Mapping):
        raise LimitError(f"{SETTINGS} should hold limits by name, such as call_seconds: 30, and not {str(limits)[:40]!r}")
    return Limits().changed(limits)


def in_units(size: int) -> str:
    """Return a number of bytes with a unit, such as "64 KiB"."""
    unit = next((unit for unit, factor in reversed(_UNITS.items()) if size >= factor), "")
    return f"{size / _UNITS[unit]:g} {unit}" if unit else f"{size} bytes"


def _quantity(name: str, value: object) -> float | int:
    """Return the value of a limit as a number of seconds, bytes or items."""
    seconds = name.endswith("_seconds")
    match = _QUANTITY.fullmatch(str(value).strip())
    unit = match["unit"] if match else ""
    if match is None or (unit and not name.endswith("_bytes")) or isinstance(value, bool):
        example = "2.5" if seconds else "64 MiB" if name.endswith("_bytes") else "16"
        raise LimitError(f"{str(value)[:40]!r} can't be the limit {name}: write a number above 0, such as {example}")
    number = float(match["number"]) * _UNITS.get(unit, 1)
    least = _LEAST.get(name, 0.05 if seconds else 1)
    if not least <= number <= _MOST:
        raise LimitError(f"{str(value)[:40]!r} can't be the limit {name}: it has to be from {least:g} to {_MOST:g}")
    return number if seconds and name != "cpu_seconds" else math.ceil(number)
