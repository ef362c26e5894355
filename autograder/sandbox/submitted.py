"""What goes into a guest, and how much it may use: plain data that host, grading and results share."""

from __future__ import annotations

from dataclasses import dataclass

from . import wire


@dataclass(frozen=True)
class Limits:
    """What a submission may use. A message about a limit names it.

    Parameters
    ----------
    call_seconds, cell_seconds : float
        Wall clock for one call of a function, and for one cell.
    total_seconds : float
        Wall clock for a submission: all that the host has waited for it.
    cpu_seconds : int
        Processor time of one process.
    memory_bytes, file_bytes : int
        Address space of one process, and size of each file in its scratch directory.
    output_bytes : int
        How much of what is printed to keep. The rest is read and forgotten.
    answer_bytes, depth : int
        Size of an answer, and lists within lists in it.
    processes : int
        Threads in addition to those that the user has already; guests can't start processes. Root has no such limit.
    """

    call_seconds: float = 10
    cell_seconds: float = 20
    total_seconds: float = 120
    cpu_seconds: int = 120
    memory_bytes: int = 2 << 30
    file_bytes: int = 16 << 20
    output_bytes: int = 64 << 10
    answer_bytes: int = 64 << 20
    depth: int = 32
    processes: int = 256

    @property
    def bounds(self) -> wire.Bounds:
        """The limits of a message."""
        return wire.Bounds(frame_bytes=self.answer_bytes, depth=self.depth)

    def of_process(self) -> dict[str, int]:
        """Return the limits that the kernel enforces, by the name of the resource."""
        return {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CORE": 0,
        }


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission.

    Parameters
    ----------
    label : str
        What messages call it, such as "cell 12". Unique in the notebook.
    source : str
        Its text.
    name : str, optional
        The exercise that it answers.
    stub : str, optional
        What the released notebook had there.
    lazy : bool
        Run it only when a later cell, or a call, needs a name from it.
    """

    label: str
    source: str
    name: str | None = None
    stub: str | None = None
    lazy: bool = False


@dataclass(frozen=True)
class CellProblem:
    """A cell that didn't run to its end: where, what was wrong, and which exercise it answers, if any."""

    label: str
    message: str
    name: str | None
