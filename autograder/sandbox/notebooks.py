"""Notebooks in confined guests: `IPythonSandbox.run` runs the cells of one from top to bottom, and returns their outputs.

The tests of an nbgrader course are cells, so they run in the student's process, which could forge their outputs. What holds is the
confinement, and that what arrives is checked: outputs are valid by nbformat 4, and have limits.
"""

from __future__ import annotations

import os
import site
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from autograder.errors import SandboxUnavailable, Shortage
from autograder.limits import NOTEBOOK_LIMITS, Limits, in_units
from autograder.sandbox import wire
from autograder.sandbox.channel import Closed, Timeout
from autograder.sandbox.confine import LAYERS, available
from autograder.sandbox.outputs import MOST_OUTPUTS, NotebookOutputs, OutputError
from autograder.sandbox.process import Ending, GuestKind, GuestProcess, ZygoteClient
from autograder.sandbox.reasons import MESSAGE_LENGTH, disk_message, meaning_of_status
from autograder.sandbox.usage import Clock
from autograder.sandbox.zygote import SHORTAGES

START_SECONDS = 60.0
"""How long a guest may take until it runs the first cell: it copies files before."""
INTERRUPT_SECONDS = 4.0
"""How long a cell may take to end after it was interrupted: nbclient's ``iopub_timeout``."""
MOST_MESSAGES = 10 * MOST_OUTPUTS
MOST_RECEIVED = 4
"""How many messages a guest may send, and how often `answer_bytes`: a guest that keeps its limits sends far fewer."""
CANNOT_COPY = "the files beside it can't be copied"
ENVIRONMENT = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "NBGRADER_EXECUTION": "autograde"}
ENVIRONMENT |= {"CLICOLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-color", "PAGER": "cat", "GIT_PAGER": "cat"}
"""What ipykernel and nbgrader set in a kernel's environment."""
SEQUENTIAL = {"JOBLIB_MULTIPROCESSING": "0"}
"""Makes joblib, and so scikit-learn with ``n_jobs``, run its jobs one after the other: a guest can't start processes."""


@dataclass(frozen=True)
class NotebookRun:
    """What running a notebook's cells has led to.

    Parameters
    ----------
    outputs : tuple of list of dict
        For each cell its outputs, in the form of nbformat 4.
    counts : tuple of int or None
        The execution count of each cell; None for cells that weren't run: empty ones, and those after the end.
    interrupted : tuple of int
        The indices of cells that were interrupted at their time limit. Their outputs end with a CellTimeoutError, as in nbgrader.
    ended_in : int or None
        The index of the cell in which the process ended before the last cell. If it is -1, no cell was run. The cell's outputs end
        with an error of the name DeadKernelError.
    reason : str
        Why it ended, as a sentence without its subject, such as "it crashed (segmentation fault)".
    """

    outputs: tuple[list[dict[str, Any]], ...]
    counts: tuple[int | None, ...]
    interrupted: tuple[int, ...] = ()
    ended_in: int | None = None
    reason: str = ""

    def was_run(self, index: int) -> bool:
        """Tell whether a cell was run, or was empty. Without outputs, nbgrader's rules give all points to a test cell that wasn't."""
        return self.ended_in is None or index <= self.ended_in


class IPythonSandbox:
    """Runs notebooks in guests whose code runs in IPython: a context manager around one zygote. Threads can share it.

    Parameters
    ----------
    modules : sequence of str
        What the course's notebooks import (see `autograder.sandbox.imports`): imported once, before guests are forked.
    closed : sequence of path
        The course's folder and others that guests may not read even where packages are imported from there.
    confine : bool
        Whether guests are confined. If False, they run with the rights of this user: for trusted code only.
    layers : frozenset of str
        The mechanisms that confine them; see `autograder.sandbox.confine.LAYERS`.
    environment : mapping of str to str
        Variables of the environment, besides the usual ones.

    Raises
    ------
    SandboxUnavailable
        If this machine can't confine guests.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        closed: Sequence[str | Path] = (),
        confine: bool = True,
        layers: frozenset[str] = LAYERS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if confine and (reason := available()):
            raise SandboxUnavailable(f"{reason}; --sandbox none grades without confinement, for code that you trust")
        options = {"modules": list(modules), "closed": [str(Path(folder).resolve()) for folder in closed], "paths": search_paths()}
        kind = GuestKind(("autograder.sandbox.shell", "Notebooks"), options, ENVIRONMENT | SEQUENTIAL | dict(environment or {}))
        self._zygote = ZygoteClient(layers if confine else frozenset(), kind)

    def __enter__(self) -> IPythonSandbox:
        self._zygote.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and all its guests."""
        self._zygote.stop()

    def check(self) -> None:
        """Run a cell, so that a fault of this machine or of a package is found before it costs a class its points.

        Raises
        ------
        SandboxUnavailable, Shortage
            If a guest can't be started, or the cell doesn't show what it should.
        """
        run = self.run(["print(6 * 7)"])
        if run.outputs != ([{"output_type": "stream", "name": "stdout", "text": "42\n"}],):
            why = run.reason or f"`print(6 * 7)` shows {str(run.outputs[0])[:MESSAGE_LENGTH]}"
            raise SandboxUnavailable(f"notebooks can't be run in the sandbox here ({why}); --sandbox none grades without confinement")

    def run(
        self, cells: Sequence[str], files: Sequence[str | Path] | Mapping[str, str | Path] = (), limits: Limits = NOTEBOOK_LIMITS
    ) -> NotebookRun:
        """Run the code cells of a notebook from top to bottom, each also where one before it has raised.

        Parameters
        ----------
        cells : sequence of str
            Their sources.
        files : sequence of path, or mapping of str to path
            What the notebook finds in its working directory: files, and folders whose contents are copied. Later ones win. Or files by
            their paths in the working directory.
        limits : Limits

        Returns
        -------
        NotebookRun

        Raises
        ------
        SandboxUnavailable, Shortage
            If no guest can be started.
        """
        return self.run_in_turn([cells], files, limits)[0]

    def run_in_turn(
        self,
        notebooks: Sequence[Sequence[str]],
        files: Sequence[str | Path] | Mapping[str, str | Path] = (),
        limits: Limits = NOTEBOOK_LIMITS,
    ) -> list[NotebookRun]:
        """Run the notebooks of one submission one after the other, as nbgrader does: a notebook finds what those before it have written.

        Each runs in a guest of its own, with all limits; the sum of the files counts for all of them together. Files are copied once.

        Parameters
        ----------
        notebooks : sequence of sequence of str
            The sources of the code cells of each.
        files, limits
            As for `run`.

        Raises
        ------
        SandboxUnavailable, Shortage
            If no guest can be started.
        """
        named = {name: str(path) for name, path in files.items()} if isinstance(files, Mapping) else files_in(files)
        found, folder = [], ""
        try:
            for number, cells in enumerate(notebooks, 1):
                run = _Run(self._zygote, cells, limits, folder, keep=number < len(notebooks))
                try:
                    found.append(run.result({} if folder else named))
                finally:
                    folder = run.folder
        finally:
            if folder:
                self._zygote.remove(folder)
        return found


class _Uncopied(Exception):
    """A file of a notebook can't be read."""


class _Run:
    """One run of a notebook, in a new scratch directory or in the `folder` of an earlier one; with `keep`, `folder` says where it is."""

    def __init__(self, zygote: ZygoteClient, cells: Sequence[str], limits: Limits, folder: str, keep: bool) -> None:
        self._zygote, self._sources, self._limits = zygote, list(cells), limits
        self.folder, self._keep = folder, keep
        self._outputs = NotebookOutputs(len(cells), limits)
        self._counts: list[int | None] = [None] * len(cells)
        self._clock = Clock(limits.total_seconds)
        self._running, self._has_begun, self._is_interrupted = -1, False, False
        self._deadline = 0.0
        self._interrupted: list[int] = []
        self._messages = self._received = 0

    def result(self, files: dict[str, str]) -> NotebookRun:
        """Run the cells, and return what has come of it."""
        size = sum(os.stat(path).st_size for path in files.values())
        if size > self._limits.disk_bytes:
            return self._ended(f"its files take {in_units(size)}, and may take {in_units(self._limits.disk_bytes)} (the limit disk_bytes)")
        codec = wire.Codec(_refuse, _refuse, self._limits.bounds)
        try:
            limits = {name: getattr(self._limits, name) for name in ("output_bytes", "answer_bytes")}
            frame = codec.encode("cells", self._sources, [(path, name) for name, path in files.items()], limits)
        except wire.WireError as error:
            return self._ended(f"its cells can't be run: {error}")
        process = self._zygote.fork(self._limits, 0, self.folder)
        try:
            with self._clock.running():
                return self._served(process, frame)
        except BaseException:
            process.end(grace=False)
            raise

    def _end(self, process: GuestProcess, grace: bool = False) -> Ending:
        ending = process.end(grace, self._keep)
        self.folder = ending.folder
        return ending

    def _served(self, process: GuestProcess, frame: bytes) -> NotebookRun:
        self._deadline = self._clock.deadline(START_SECONDS)
        try:
            process.channel.send(frame, self._deadline)
            while True:
                try:
                    message = process.channel.receive(self._deadline)
                except Timeout:
                    if self._is_interrupted or self._running < 0 or self._clock.left <= 0:
                        raise
                    self._interrupt(process)
                    continue
                if message.kind == "ready":
                    self._finish()
                    self._end(process)
                    return self._found()
                self._count(message)
                self._handle(message, wire.Codec(_refuse, _refuse, self._limits.bounds).decode(message))
        except Timeout:
            self._end(process)
            if not self._has_begun and self._clock.left > 0:
                raise Shortage(f"a guest did not start within {START_SECONDS:g} s; grade it again when the machine is less busy") from None
            seconds, limit = self._clock.exceeded(self._limits, "cell_seconds")
            again = ", nor when it was interrupted" if self._is_interrupted else ""
            return self._ended(f"did not finish within {seconds:g} s (the limit {limit}){again}")
        except _Uncopied as error:
            self._end(process)
            return self._ended(f"{CANNOT_COPY}: {error}")
        except (OutputError, wire.WireError) as error:
            self._end(process)
            return self._ended(f"sent something that can't be read ({error})")
        except Closed:
            ending = self._end(process, grace=True)
            reason = disk_message(self._limits) if ending.exceeded_disk else meaning_of_status(ending.status, self._limits)
            return self._ended(f"ended the whole process: {reason}")

    def _count(self, message: wire.Frame) -> None:
        """Bound the work of the host on what a guest sends."""
        self._messages += 1
        self._received += len(message.structure) + len(message.data)
        if self._messages > MOST_MESSAGES or self._received > MOST_RECEIVED * (self._limits.answer_bytes + self._limits.output_bytes):
            raise OutputError("far more than the limits allow")

    def _handle(self, message: wire.Frame, fields: list[Any]) -> None:
        """Take a message of the guest: an output, or that a cell has started or ended."""
        if message.kind == "refused" and not self._has_begun:
            said = " ".join(map(str, fields))[:MESSAGE_LENGTH]
            raise SandboxUnavailable(f"a guest could not be started ({said}); --sandbox none grades without confinement")
        if message.kind == "uncopied" and not self._has_begun and list(map(type, fields)) == [int, str]:
            number, said = fields
            if number in SHORTAGES:
                raise Shortage(f"{CANNOT_COPY}: {said}; make room on the machine, and grade it again")
            raise _Uncopied(said)
        if message.kind == "begin" and not (self._has_begun or fields):
            self._has_begun = True
            self._deadline = self._clock.deadline(self._limits.cell_seconds)
        elif message.kind == "running" and self._has_begun and list(map(type, fields)) == [int, int]:
            index, count = fields
            if not self._running < index < len(self._sources) or count < 0:
                raise OutputError("an unexpected message")
            self._finish()
            self._running, self._counts[index] = index, count
            self._outputs.start(index, count)
            self._deadline, self._is_interrupted = self._clock.deadline(self._limits.cell_seconds), False
        elif message.kind == "output" and len(fields) == 2 and self._running >= 0:
            kind, content = fields
            self._outputs.receive(kind, content, wire.HEADER.size + len(message.structure) + len(message.data))
        elif message.kind == "result" and len(fields) == 1 and self._running >= 0:
            self._add_reply(fields[0])
        else:
            raise OutputError("an unexpected message")

    def _add_reply(self, error: Any) -> None:
        """Add the error with which a cell has ended, if its outputs have none of that name: nbgrader does so."""
        if error is None:
            return
        if type(error) is not list or list(map(type, error)) != [str, str, list] or not all(type(line) is str for line in error[2]):
            raise OutputError("an unexpected message")
        name, message, lines = error
        if not self._outputs.has_error(name):
            self._outputs.add_error(name, message[:MESSAGE_LENGTH], lines or ["ERROR: An error occurred while showtraceback was disabled"])

    def _interrupt(self, process: GuestProcess) -> None:
        process.interrupt()
        self._is_interrupted = True
        self._interrupted.append(self._running)
        self._deadline = self._clock.deadline(INTERRUPT_SECONDS)

    def _finish(self) -> None:
        """End a cell: note that it was interrupted."""
        if self._is_interrupted:
            seconds = self._limits.cell_seconds
            self._outputs.add_error("CellTimeoutError", f"the cell did not finish within {seconds:g} s (the limit cell_seconds)")

    def _ended(self, reason: str) -> NotebookRun:
        if self._running >= 0:
            self._outputs.add_error("DeadKernelError", f"the notebook ended in this cell, which {reason}")
        return self._found(self._running, reason)

    def _found(self, ended_in: int | None = None, reason: str = "") -> NotebookRun:
        return NotebookRun(tuple(self._outputs.cells), tuple(self._counts), tuple(self._interrupted), ended_in, reason)


def _refuse(value: Any) -> Any:
    raise wire.WireError("a value that isn't data")


def search_paths() -> list[str]:
    """Return the folders of packages that an isolated Python leaves out: the user's own, and those in PYTHONPATH."""
    folders = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    folders += filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    here = {os.path.realpath(folder) for folder in folders if os.path.isdir(folder)}
    return [entry for entry in sys.path if entry and os.path.realpath(entry) in here]


def files_in(given: Sequence[str | Path]) -> dict[str, str]:
    """Return the regular files among those given, and in the folders given, by their names in the working directory.

    What is no regular file is left out, such as links, which could lead to files of others. A file takes the place of one before it
    with the same name, and of a folder; a folder takes the place of a file.
    """
    found: dict[str, str] = {}
    for path in map(str, given):
        for name, source in sorted(_regular_files(path)):
            parents = {str(parent) for parent in PurePath(name).parents}
            for other in [other for other in found if other in parents or other.startswith(name + os.sep)]:
                del found[other]
            found[name] = source
    return found


def _regular_files(path: str) -> list[tuple[str, str]]:
    if not os.path.isdir(path):
        return [(os.path.basename(path), path)] if _is_readable(path) else []
    found = []
    for folder, _, names in os.walk(path):
        sources = [os.path.join(folder, name) for name in names]
        found += [(os.path.relpath(source, path), source) for source in sources if _is_readable(source)]
    return found


def _is_readable(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode) and os.access(path, os.R_OK)
    except OSError:
        return False
