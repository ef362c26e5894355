"""Runs a notebook's cells in IPython, as ipykernel does, without a kernel: no sockets, no threads.

Runs in the guest. The shell is ipykernel's, so that its outputs are those of a notebook; `Messages` takes the place of the session by which
ipykernel sends them. The zygote builds the shell, and imports what notebooks import, before it forks.
"""

from __future__ import annotations

import asyncio
import asyncio.selector_events
import builtins
import errno
import fnmatch
import getpass
import importlib
import io
import json
import linecache
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from functools import partial, wraps
from importlib import metadata
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
from ipykernel import zmqshell
from ipykernel.eventloops import loop_map
from ipykernel.kernelbase import Kernel
from IPython.core.compilerop import CachingCompiler
from IPython.core.error import UsageError
from IPython.core.profiledir import ProfileDir
from IPython.utils.text import SList
from jupyter_client.session import Session, json_packer
from traitlets.config import Config

from autograder.limits import Limits
from autograder.sandbox import wire
from autograder.sandbox.cells import text_of, type_name
from autograder.sandbox.confine import coursekit_folders, installed_paths
from autograder.sandbox.outputs import KINDS, STREAMS, Allowance, kind_of, packed, shortened, size_in_notebook
from autograder.sandbox.zygote import SOCKET

PIECE = 1 << 16
"""Characters of printed text in one message."""
LINE = 1 << 13
"""Characters after which printed text is sent also where its line has no end yet."""
MOST_CAUSES = 20
NOT_EXECUTED = 126
"""The exit code of a shell for a command that can't be executed."""
REFUSALS = (errno.EPERM, errno.EACCES, errno.ENOSYS)
REFUSED = "the sandbox refuses programs, other processes, network and other files; --sandbox none grades without it"
ARGUMENTS = ["ipykernel_launcher.py", "-f", "kernel.json"]
"""``sys.argv`` of a kernel: code that parses its arguments behaves as in a notebook."""


class Outlet:
    """Sends the host what cells print and show. Threads may print, too.

    Parameters
    ----------
    bounds : wire.Bounds
    allowance : Allowance
        What exceeds it is shortened or left out.
    descriptors : Descriptors
        What was written to them is sent before the next output that isn't text, which nbgrader may read as points.
    """

    def __init__(self, bounds: wire.Bounds, allowance: Allowance, descriptors: Descriptors) -> None:
        self._bounds, self._allowance = bounds.received, allowance
        self._lock = threading.RLock()
        self._descriptors = descriptors
        self._name, self._pending, self._length = "", list[str](), 0

    def send(self, kind: str, *values: Any) -> None:
        """Send a message to the host."""
        self._send(self._frame(kind, *values))

    def _frame(self, kind: str, *values: Any) -> bytes:
        return wire.Codec(_refuse, _refuse, self._bounds).encode(kind, *values)

    def _send(self, frame: bytes) -> None:
        """Send a frame, whole also where an interrupt arrives meanwhile."""
        if threading.current_thread() is not threading.main_thread():
            return self._write(frame)
        with deferred_interrupt():
            return self._write(frame)

    def _write(self, frame: bytes) -> None:
        with self._lock:
            view = memoryview(frame)
            while view:
                view = view[os.write(SOCKET, view) :]

    def start_cell(self) -> None:
        """Allow the next cell its outputs."""
        self._allowance.start_cell()

    def write(self, name: str, text: str) -> None:
        """Print a text: send it by lines, in the order in which both streams are written to."""
        with self._lock:
            if name != self._name:
                self.flush()
                self._name = name
            self._pending.append(text)
            self._length += len(text)
            if "\n" in text or self._length > LINE:
                self.flush()

    def flush(self) -> None:
        """Send the printed text that waits for the end of its line."""
        with self._lock:
            text = "".join(self._pending).encode("utf-8", "backslashreplace").decode()
            self._pending.clear()
            self._length = 0
            for start in range(0, len(text), PIECE):
                self._output("stream", {"name": self._name, "text": text[start : start + PIECE]})

    def collect(self) -> None:
        """Send all text that was printed, also that of libraries in other languages."""
        with self._lock:
            self._descriptors.take(self)
            self.flush()

    def publish(self, kind: str, content: dict[str, Any]) -> None:
        """Send an output, after the text that was printed before it."""
        self.collect()
        self._output(kind, content)

    def _output(self, kind: str, content: dict[str, Any]) -> None:
        content = content if kind == "stream" else json.loads(json_packer(content))
        counted = kind_of(kind, content)
        with suppress(wire.WireError):  # it is too large for a message
            frame = self._frame("output", kind, packed(content))
            if self._allowance.takes(counted, size_in_notebook(kind, content, len(frame))):
                return self._send(frame)
        if self._allowance.takes_short(counted):
            short = shortened(kind, content)
            if short is not None:
                self.send("output", kind, packed(short))
            self.send("output", "cut", {})
        return None


@contextmanager
def deferred_interrupt() -> Iterator[None]:
    """Let a SIGINT that arrives in this context take effect behind it."""
    arrived: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)  # None is a handler of a library in C
        if arrived:
            signal.raise_signal(signal.SIGINT)


def _refuse(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} isn't data")


class Messages(Session):
    """A session whose messages go to the guest's `Outlet`. ipykernel's shell, display hook and display publisher send by it."""

    outlet: Outlet

    def msg(self, msg_type: str, content: Any = None, parent: Any = None, header: Any = None, metadata: Any = None) -> dict[str, Any]:
        """Return a message, with what hooks of a notebook look at."""
        return {"header": {"msg_type": msg_type}, "msg_type": msg_type, "content": content or {}, "metadata": metadata or {}}

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *rest: Any, **options: Any) -> None:  # type: ignore[override]
        """Send a message, or a type of message and its content."""
        if isinstance(msg_or_type, dict):
            msg_or_type, content = msg_or_type["msg_type"], msg_or_type["content"]
        if msg_or_type in KINDS:  # and nothing of comms and widgets
            self.outlet.publish(msg_or_type, content)


class Printed(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a notebook."""

    encoding = "UTF-8"

    def __init__(self, name: str, outlet: Outlet) -> None:
        self.name, self._outlet = name, outlet

    def write(self, text: str) -> int:
        """Print a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._outlet.write(self.name, text)
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
        self._outlet.flush()

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the descriptor to which libraries in other languages print."""
        return STREAMS.index(self.name) + 1


class Descriptors:
    """What is written to descriptors 1 and 2, by libraries in C for example: kept in files in memory until a cell has run."""

    def __init__(self) -> None:
        for number in (1, 2):
            with open(os.memfd_create("printed"), "wb") if hasattr(os, "memfd_create") else tempfile.TemporaryFile() as file:
                os.dup2(file.fileno(), number)

    def take(self, outlet: Outlet) -> None:
        """Print what was written since the last call."""
        for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
            with suppress(OSError, ValueError):  # a cell may have closed them
                stream.flush()
        for number, name in enumerate(STREAMS, 1):
            with suppress(OSError):  # a cell may have closed them
                length = os.lseek(number, 0, os.SEEK_CUR)
                if length:
                    text = os.pread(number, length, 0)
                    os.ftruncate(number, 0)
                    os.lseek(number, 0, os.SEEK_SET)
                    outlet.write(name, text.decode("utf-8", "replace"))


class Remembered(dict[str, Any]):
    """IPython's database, in memory: guests may not write into its folder."""

    def keys(self, pattern: str = "*") -> list[str]:  # type: ignore[override]
        """Return the keys that match a pattern, as for the names of files."""
        return fnmatch.filter(self, pattern)


class Compiler(CachingCompiler):
    """Names a cell's code as ipykernel does, which warnings show, but the same in each run."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return the name of a cell's file."""
        return f"/tmp/ipykernel/{zlib.crc32(raw_code.encode('utf-8', 'replace'))}.py"


class ZMQInteractiveShell(zmqshell.ZMQInteractiveShell):
    """ipykernel's shell, with sentences about what the sandbox refuses. Libraries know a notebook by the name of this class."""

    confined = False
    has_exited = False
    """Whether ``exit()`` was called. It raises nothing, and a kernel ends after that cell."""

    def ask_exit(self) -> None:
        """Note that the notebook wants to end."""
        self.has_exited = True

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        if self.confined and was_refused(evalue):
            evalue, stb = f"{text_of(evalue)} ({REFUSED})", [*stb, f"({REFUSED})"]
        super()._showtraceback(etype, evalue, stb)

    def _format_exception_for_storage(self, exception: BaseException, *rest: Any, **options: Any) -> dict[str, Any]:
        """Describe an error for the history, which nobody reads here, by the traceback that was shown: formatting takes long."""
        if hasattr(exception, "_render_traceback_"):  # code of a notebook, which may do something else, too
            return super()._format_exception_for_storage(exception, *rest, **options)
        return {"ename": type_name(exception), "evalue": text_of(exception), "traceback": self._last_traceback or []}

    def enable_gui(self, gui: Any = None) -> None:
        """Refuse windows; figures are shown in the notebook, also those that a browser would draw."""
        if loop_map.get(gui, gui) is not None:
            raise UsageError(f"there is no screen for the windows of {gui!r}: use %matplotlib inline")

    def confine(self) -> None:
        """Refuse commands of the system with a sentence, and say of other errors if the sandbox has led to them."""
        self.confined = True
        self.system = self.system_piped = self.system_raw = self._refused_command  # type: ignore[method-assign]
        self.getoutput = self._refused_output  # type: ignore[method-assign]
        os.system = self._refused_status
        shutil.copymode, shutil.copystat = without_refusal(shutil.copymode), without_refusal(shutil.copystat)

    def _refused_command(self, cmd: str) -> None:
        print(f"`!{cmd}` was not run: {REFUSED}", file=sys.stderr)
        self.user_ns["_exit_code"] = NOT_EXECUTED

    def _refused_output(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        self._refused_command(cmd)
        return SList() if split else ""

    def _refused_status(self, command: Any) -> int:
        self._refused_command(os.fsdecode(command))
        return NOT_EXECUTED << 8


def without_refusal(copy: Callable[..., None]) -> Callable[..., None]:
    """Return a function that copies a file's permissions or times, and leaves them where they can't be changed.

    ``shutil.copy`` and others of that module end with it, when the file itself is there.
    """

    @wraps(copy)
    def copied(*args: Any, **options: Any) -> None:
        with suppress(PermissionError):
            copy(*args, **options)

    return copied


def was_refused(error: BaseException) -> bool:
    """Tell whether the system has refused something, and that has led to an exception."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MOST_CAUSES:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            if isinstance(one, socket.gaierror) or (isinstance(one, OSError) and one.errno in REFUSALS):
                return True
            waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
    return False


class PipeEnd:
    """One end of a pipe, with the methods of a socket by which an event loop wakes itself: sockets are refused in a guest."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def recv(self, size: int) -> bytes:
        """Read."""
        return os.read(self._descriptor, size)

    def send(self, data: bytes) -> int:
        """Write."""
        return os.write(self._descriptor, data)

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)


def make_self_pipe(loop: Any) -> None:
    """Give an event loop a pipe in the place of its pair of sockets."""
    reading, writing = os.pipe()
    loop._ssock, loop._csock = PipeEnd(reading), PipeEnd(writing)
    loop._internal_fds += 1
    loop._add_reader(reading, loop._read_from_self)


class Notebooks:
    """The service of guests that run notebooks; see `autograder.sandbox.zygote.Service`.

    Parameters
    ----------
    modules : sequence of str
        What notebooks import: it is imported before guests are forked. What can't be imported is passed over.
    closed : sequence of str
        Folders of courses, which guests may not read.
    paths : sequence of str
        Folders to add to ``sys.path``.
    """

    def __init__(self, modules: Iterable[str] = (), closed: Iterable[str] = (), paths: Iterable[str] = ()) -> None:
        self._modules, self._closed, self._paths = tuple(modules), tuple(closed), tuple(paths)

    def warm_up(self) -> None:
        """Build the shell, and import the modules."""
        sys.path += self._paths
        self._coursekit = coursekit_folders()
        root = os.getcwd()
        os.environ["IPYTHONDIR"] = root
        options = Config(HistoryManager={"enabled": False})
        profile = ProfileDir.create_profile_dir(os.path.join(root, "profile"))
        self._shell = ZMQInteractiveShell.instance(config=options, ipython_dir=root, profile_dir=profile, compiler_class=Compiler)
        self._shell.db = Remembered()
        manager: Any = self._shell.extension_manager
        manager.load_extension("storemagic")  # as a kernel does
        self._session = Messages()
        for publisher in (self._shell.displayhook, self._shell.display_pub):
            publisher.session = self._session
        with self._shell.builtin_trap:  # libraries ask get_ipython() whether they are in a notebook, such as pandas for the width of tables
            for name in self._modules:
                with suppress(BaseException), redirect_stderr(io.StringIO()):
                    importlib.import_module(name)
            self._rehearse()
            for name, rehearse in REHEARSALS.items():
                if name in sys.modules:
                    with suppress(Exception):
                        rehearse(self._shell)
        linecache.cache.pop(__file__, None)  # guests can't read this file
        with suppress(metadata.PackageNotFoundError):
            metadata.version("a-package-that-is-not-there")  # fills its caches of the folders in sys.path, which guests may not list
        with suppress(ImportError):  # scikit-learn uses it in clustering, for example
            threadpoolctl: Any = importlib.import_module("threadpoolctl")
            threadpoolctl._HAS_PROCFS = False  # it asks the loader for the libraries in this process: guests may not read /proc

    def _rehearse(self) -> None:
        """Load what IPython imports only when a cell runs, shows a result, or raises, and what it remembers of all modules.

        Later a file of that name beside the notebook would take its place, which it doesn't in a kernel.
        """
        importlib.import_module("bdb")
        transformed = self._shell.transform_cell("%time 1\n")
        self._shell.should_run_async(transformed, transformed_cell=transformed)
        formatter: Any = self._shell.display_formatter
        formatter.format({})
        json_packer({})
        with suppress(AttributeError):  # older versions of IPython have no lazy magics
            self._shell.magics_manager.load_all_lazy_magics()
        format_error(self._shell, lambda: int(""))
        self._shell.SyntaxTB.structured_traceback(SyntaxError, SyntaxError(), None)

    def readable(self) -> Iterable[str]:
        """Return the files and folders that guests may read."""
        return [*installed_paths(self._closed), *self._coursekit]

    def prepare(self, bounds: wire.Bounds) -> None:
        """Receive the notebook, copy the files that belong to it, and make those for printed text."""
        self._cells, files, self._limits = _received(bounds)
        try:
            copy_files(files)
        except OSError as error:
            os.write(SOCKET, wire.Codec(_refuse, _refuse, bounds).encode("uncopied", error.errno or 0, error.strerror or ""))
            os._exit(1)
        tempfile.tempdir = None  # the zygote's own, if a library has asked for it
        self._descriptors = Descriptors()

    def serve(self, bounds: wire.Bounds, confined: bool) -> NoReturn:
        """Run the notebook, and exit."""
        if confined:
            self._shell.confine()
        asyncio.selector_events.BaseSelectorEventLoop._make_self_pipe = make_self_pipe  # type: ignore[attr-defined]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._outlet = self._session.outlet = Outlet(bounds, Allowance(Limits(**self._limits)), self._descriptors)
        for name in STREAMS:
            setattr(sys, name, Printed(name, self._outlet))
        sys.argv = list(ARGUMENTS)
        self._shell.user_ns["_dh"][:] = [os.getcwd()]  # where %cd was
        self._outlet.send("begin")  # from here on the notebook's files can have effects
        sys.path.insert(0, "")  # modules beside the notebook
        random.seed(0)  # unseeded random numbers are the same in each run
        np.random.seed(0)
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())
        os._exit(0)

    async def _run(self) -> None:
        for index, source in enumerate(self._cells):
            if source.strip():
                self._outlet.start_cell()
                self._outlet.send("running", index, self._shell.execution_count)
                error = await self._run_cell(source)
                self._outlet.collect()
                self._outlet.send("result", error)
                if self._shell.has_exited and any(later.strip() for later in self._cells[index + 1 :]):
                    return
        self._outlet.send("ready")

    async def _run_cell(self, source: str) -> list[Any] | None:
        """Run a cell as ipykernel's ``do_execute`` does; return name, message and traceback of the error in its reply, or None."""
        shell = self._shell
        kernel: Any = SimpleNamespace(_allow_stdin=False)
        builtins.input, getpass.getpass = partial(Kernel.raw_input, kernel), partial(Kernel.getpass, kernel)  # they refuse
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                result = await self._execute(source)
                await asyncio.sleep(0)  # tasks that the cell has started begin
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        except (KeyboardInterrupt, asyncio.CancelledError):  # it came when the cell had just ended
            return ["KeyboardInterrupt", "", []]
        if result.success and not getattr(shell, "_last_traceback_during_displayhook", None):  # which old versions of ipykernel lack
            return None
        error = result.error_in_exec if result.error_before_exec is None else result.error_before_exec
        lines = [str(line)[:PIECE] for line in shell._last_traceback or []]
        return [type_name(error), text_of(error), lines if sum(map(len, lines)) < PIECE else []]

    async def _execute(self, source: str) -> Any:
        shell = self._shell
        try:
            transformed, failed = shell.transform_cell(source), None
        except Exception:
            transformed, failed = source, sys.exc_info()
        if not shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=failed):
            return shell.run_cell(source, store_history=True)
        options = {"store_history": True, "transformed_cell": transformed, "preprocessing_exc_tuple": failed}
        task = asyncio.ensure_future(shell.run_cell_async(source, **options))
        result = None
        with self._cancelled_by_interrupt(task):
            try:
                result = await task
            finally:
                shell.events.trigger("post_execute")
                shell.events.trigger("post_run_cell", result)
        return result

    @contextmanager
    def _cancelled_by_interrupt(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """Let SIGINT cancel a task, in place of raising KeyboardInterrupt in the event loop."""
        before = signal.signal(signal.SIGINT, lambda number, frame: self._loop.call_soon_threadsafe(task.cancel))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _received(bounds: wire.Bounds) -> tuple[list[str], list[tuple[str, str]], dict[str, int]]:
    """Return what the host sends: the cells, the files (see `copy_files`), and the limits of outputs."""

    def read(length: int) -> bytes:
        parts = b""
        while len(parts) < length:
            part = os.read(SOCKET, length - len(parts))
            if not part:
                os._exit(0)
            parts += part
        return parts

    kind, structure, data = wire.frame_lengths(read(wire.HEADER.size), bounds)
    cells, files, limits = wire.Codec(_refuse, _refuse, bounds).decode(wire.Frame(kind, read(structure), read(data)))
    return cells, files, limits


def copy_files(files: list[tuple[str, str]]) -> None:
    """Copy files into the working directory: pairs of a file's path and its name there. A link isn't followed."""
    for source, name in files:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(reading, "rb") as content, open(name, "wb") as copy:
            shutil.copyfileobj(content, copy, 1 << 20)


def format_error(shell: ZMQInteractiveShell, failing: Callable[[], Any]) -> None:
    """Format the error of a call: IPython parses the files of all functions in a traceback, which takes long, and remembers them."""
    try:
        failing()
    except Exception:
        shell.InteractiveTB.structured_traceback(*sys.exc_info())


def show_a_table(shell: ZMQInteractiveShell) -> None:
    """Load what the first table of a notebook needs, and the first error of those that are made most often: a wrong name of a column."""
    import pandas as pd

    table = pd.DataFrame({"a": [1.5, 2.5]})
    shell.display_formatter.format(table)  # type: ignore[union-attr]
    for failing in (lambda: table["b"], lambda: table.groupby("b")):
        format_error(shell, failing)
    if "matplotlib.pyplot" in sys.modules:
        importlib.import_module("pandas.plotting._matplotlib")


def draw_a_figure(shell: ZMQInteractiveShell) -> None:
    """Load what the first figure of a notebook needs: Matplotlib's backend of notebooks, fonts, and the form of the usual labels."""
    import matplotlib_inline.backend_inline  # noqa: F401  connects itself with the shell
    from IPython.core.pylabtools import print_figure
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], label="a")
    axes.set_title("$x$")
    axes.legend()
    print_figure(figure)


REHEARSALS: dict[str, Callable[[ZMQInteractiveShell], None]] = {"matplotlib.pyplot": draw_a_figure, "pandas": show_a_table}
"""What loads the parts of a module that it imports only when they are used, by its name."""
