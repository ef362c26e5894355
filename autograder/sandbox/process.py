"""Clients of the other processes: `ZygoteClient` starts the zygote and sends it requests, `GuestProcess` is one forked guest."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import coursekit.student
from autograder.errors import SandboxUnavailable, Shortage
from autograder.limits import Limits
from autograder.sandbox import wire
from autograder.sandbox.channel import Channel
from autograder.sandbox.zygote import SHORTAGES, receive, remove, send
from coursekit.streams import as_argument, is_iterator

START_SECONDS, END_SECONDS, GRACE_SECONDS, LAST_GUEST_SECONDS = 60.0, 10.0, 0.1, 2.0
POLL_SECONDS = 0.002
_PROCESSORS = os.cpu_count() or 1
FORKS = 3
TYPE_LENGTH = 200
_BOOT = """
import sys
sys.path += {added!r}
from autograder.sandbox.zygote import main
main({descriptor}, {root!r}, {layers}, {removed!r}, {service!r}, {options!r})
"""
_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class GuestKind:
    """What the guests of a zygote do, and what they find.

    Parameters
    ----------
    service : tuple of str
        The module and the name of the class of what they do; see `autograder.sandbox.zygote.Service`.
    options : mapping of str to data
        Arguments of that class.
    environment : mapping of str to str
        Variables besides those of `clean_environment`.
    """

    service: tuple[str, str] = ("autograder.sandbox.guest", "Calls")
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


CALLS = GuestKind()
"""Guests that run a submission's cells and then serve calls: `autograder.sandbox.host`."""


class StaleHandle(Exception):
    """A handle refers to a value in a process that has ended."""


class Ending(NamedTuple):
    """How a guest ended: its exit status (negative for a signal), whether it was killed because its files exceeded disk_bytes, and the
    scratch directory that was kept."""

    status: int
    exceeded_disk: bool = False
    folder: str = ""


class GuestProcess:
    """One forked guest: its channel, the handles to its values, and the functions of the host that it may call.

    Parameters
    ----------
    zygote : ZygoteClient
        The client of the zygote that forked it, used to end it.
    pid : int
    channel : Channel
    bounds : wire.Bounds

    Attributes
    ----------
    iterates : bool
        Whether it has answered with an iterator.
    first_threads : frozenset of str
        The threads that it had when its cells had run.
    """

    def __init__(self, zygote: ZygoteClient, pid: int, channel: Channel, bounds: wire.Bounds) -> None:
        self._zygote, self._pid, self.channel, self._bounds = zygote, pid, channel, bounds
        self._forgotten: list[int] = []
        self._numbers: dict[int, int] = {}  # numbers of functions, by their id()
        self._next_number = count(1)
        self.functions: dict[int, Callable[..., Any]] = {}
        self._iterators: dict[int, Any] = {}  # that were passed in this test, by negative numbers: usable after the call, too
        self._next_iterator = count(1)
        self.iterates, self.first_threads = False, frozenset[str]()

    def threads(self) -> frozenset[str]:
        """Return the kernel's numbers of its threads, which a submission can't forge; none where the system doesn't tell."""
        try:
            return frozenset(os.listdir(f"/proc/{self._pid}/task"))
        except OSError:
            return frozenset()

    def limit_cpu(self, seconds: float) -> None:
        """Let it use the processor for so many seconds from now on; see `Channel.cpu_left`. Threads count together."""
        clock = ~self._pid << 3 | 2  # the process's clock, as clock_getcpuclockid(3) numbers it

        def used() -> float:
            try:
                return time.clock_gettime(clock)
            except OSError:  # it has ended
                return 0.0

        end = used() + seconds
        self.channel.cpu_left = lambda: (end - used()) / _PROCESSORS

    def has_only(self, threads: frozenset[str], seconds: float) -> bool:
        """Wait until it has no other threads than these, at most so many seconds; tell whether it has none."""
        deadline = time.monotonic() + seconds
        while self.threads() - threads:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def codec(self, guest: Any = None) -> wire.Codec:
        """Return a codec for one call to this process; the functions of `guest` itself are passed by name."""
        return wire.Codec(lambda value: self._refer(value, guest), self._resolve, self._bounds)

    def forgotten(self) -> list[int]:
        """Return the numbers of handles that the host has garbage-collected, up to 1000 at a time: the guest drops their values."""
        forgotten, self._forgotten[:] = self._forgotten[:1000], self._forgotten[1000:]
        return forgotten

    @contextmanager
    def functions_of_a_call(self) -> Iterator[None]:
        """Unregister the functions that are passed in this context, so that they and what they refer to can be freed."""
        before = set(self.functions)
        try:
            yield
        finally:
            for number in self.functions.keys() - before:
                del self._numbers[id(self.functions.pop(number))]

    def interrupt(self) -> None:
        """Send SIGINT to it, and to all that it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGINT)

    def end(self, grace: bool = True, keep: bool = False) -> Ending:
        """Kill the process and all that it has started; return its exit status.

        With `grace`, wait `GRACE_SECONDS` first: a process that has closed its socket is about to exit, and its own status says more.
        With `keep`, its scratch directory stays for another guest, see `ZygoteClient.fork`.
        """
        self.channel.close()
        return self._zygote.end(self._pid, GRACE_SECONDS if grace else 0, keep)

    def _refer(self, value: Any, guest: Any) -> list[Any]:
        if type(value) is wire.Handle:
            if value.owner is not self:
                raise StaleHandle
            return ["h", value.id]
        if guest is not None and getattr(value, "_guest", None) is guest:
            return ["n", value.name]
        if (handle := as_argument(value)) is not value:
            return self._refer(handle, guest)
        if is_iterator(value):
            known = [number for number, other in self._iterators.items() if other is value]
            number = known[0] if known else -next(self._next_iterator)
            self._iterators[number] = value
            return ["e", number]
        if not callable(value):
            raise TypeError(f"a value of type {type(value).__name__} can't be passed to a student's function")
        number = self._numbers.get(id(value)) or self._numbers.setdefault(id(value), next(self._next_number))
        self.functions[number] = value  # a reference, so that the id isn't used again
        return ["f", number]

    def callback(self, number: Any) -> Callable[..., Any] | None:
        """Return what the guest calls by a number: a function that was passed, or the next item of an iterator that was passed.

        The iterators of an earlier test have ended: a thread that goes on asking gets no more items.
        """
        if type(number) is not int or number >= 0:
            return self.functions.get(number) if type(number) is int else None
        return partial(next, self._iterators.get(number, iter(())))

    def forget_iterators(self) -> None:
        """End the iterators that were passed so far."""
        self._iterators.clear()

    def _resolve(self, node: list[Any]) -> Any:
        if node[0] == "f" and len(node) == 2 and type(node[1]) is int and node[1] in self.functions:
            return self.functions[node[1]]
        if node[0] == "h" and list(map(type, node)) == [str, int, str, bool, bool]:
            handle = wire.Handle(node[1], node[2][:TYPE_LENGTH], self, *node[3:])
            self.iterates = self.iterates or handle.iterates
            weakref.finalize(handle, self._forgotten.append, node[1]).atexit = False
            return handle
        raise wire.WireError("an unknown tag")


class ZygoteClient:
    """Starts the zygote, sends it requests, and starts it again if it has died.

    Parameters
    ----------
    layers : frozenset of str
        The mechanisms that confine guests; see `autograder.sandbox.confine.LAYERS`.
    kind : GuestKind
        What they do.
    """

    def __init__(self, layers: frozenset[str], kind: GuestKind = CALLS) -> None:
        self._layers, self._kind = layers, kind
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the zygote, without waiting until it is ready."""
        if self._process is not None:
            return
        self._root = tempfile.mkdtemp(prefix="guests-")
        self._control, other = socket.socketpair()
        with other:
            # isolated as by -I, which would ignore PYTHONHASHSEED as well; the environment is clean
            command = [sys.executable, "-s", "-P", "-c", boot_code(other.fileno(), self._root, self._layers, self._kind)]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=self._root,
                env=clean_environment() | dict(self._kind.environment),
                pass_fds=[other.fileno()],
                start_new_session=True,
            )
        self._ready = False

    def fork(self, limits: Limits, output_bytes: int, folder: str = "") -> GuestProcess:
        """Fork a guest, and return its process; at most `output_bytes` of its printed text are kept.

        Its scratch directory is a new one, or the `folder` that was kept at the end of another guest of the same submission.

        Raises
        ------
        Shortage
            If the machine lacks disk, memory or processes for one, also after a retry.
        SandboxUnavailable
            If no guest can be started for another reason.
        """
        with self._lock:
            for _ in range(FORKS):
                try:
                    return self._fork(limits, output_bytes, folder)
                except (ConnectionError, TimeoutError):
                    continue  # the zygote has died, or does not answer: try again with a new one
                except OSError as error:
                    if error.errno in SHORTAGES:
                        raise Shortage(f"no guest could be started: {error}; make room on the machine, and grade it again") from None
                    raise
            raise SandboxUnavailable(f"the sandbox was killed {FORKS} times (out of memory?)")

    def end(self, pid: int, grace: float, keep: bool = False) -> Ending:
        """Kill a guest, and return its exit status; with `keep`, its scratch directory stays."""
        with self._lock:
            try:
                return Ending(**self._ask({"do": "end", "pid": pid, "grace": grace, "keep": keep}, END_SECONDS))
            except (ConnectionError, TimeoutError):
                return Ending(-9)  # SIGKILL: the guests of a zygote die with it

    def remove(self, folder: str) -> None:
        """Remove a scratch directory that was kept, if no guest has taken it."""
        with self._lock, suppress(ConnectionError, TimeoutError):  # it is removed with the zygote
            self._ask({"do": "remove", "folder": folder}, END_SECONDS)

    def stop(self) -> None:
        """End the zygote and all its guests."""
        with self._lock:
            self._stop()

    def _fork(self, limits: Limits, output_bytes: int, folder: str) -> GuestProcess:
        self.start()
        self._await_ready()
        link, other = socket.socketpair()
        reading, writing = os.pipe()
        try:
            request = {"do": "fork", "limits": limits.of_process(), "disk_bytes": limits.disk_bytes, "bounds": asdict(limits.bounds)}
            request["folder"] = folder
            reply = self._ask(request, END_SECONDS, (other.fileno(), writing))
            if "error" in reply:
                if reply["errno"] in SHORTAGES:
                    raise OSError(reply["errno"], reply["error"])
                raise SandboxUnavailable(f"no guest could be started: {reply['error']}")
        except BaseException:
            link.close()
            os.close(reading)
            raise
        finally:
            other.close()
            os.close(writing)
        return GuestProcess(self, reply["pid"], Channel(link, reading, limits.bounds, output_bytes), limits.bounds)

    def _await_ready(self) -> None:
        if self._ready:
            return
        self._control.settimeout(START_SECONDS)
        try:
            message, _ = receive(self._control)
        except OSError:
            message = None
        if message is None:
            error = self._startup_error()
            raise SandboxUnavailable(f"the sandbox did not start: {error}") if error else ConnectionError("it was killed")
        self._ready = True

    def _ask(self, request: dict[str, Any], seconds: float, descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        if self._process is None:
            raise ConnectionError("the sandbox is closed")
        try:
            self._control.settimeout(seconds)
            send(self._control, request, descriptors)
            reply, _ = receive(self._control)
            if reply is None:
                raise ConnectionError("the zygote has died")
            return reply
        except BaseException:  # an interrupt, too: the late reply would be read as the reply to the next request
            self._stop()
            raise

    def _startup_error(self) -> str:
        assert self._process is not None and self._process.stderr is not None
        self._process.kill()
        lines = self._process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        self._stop()
        return lines[-1] if lines else ""

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._control.close()  # at end of file it kills its guests, removes their directories and exits
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()
        deadline = time.monotonic() + LAST_GUEST_SECONDS
        while os.path.exists(self._root):  # the zygote removes it, unless it was killed; its guests die soon after it
            remove(self._root)
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)


def boot_code(descriptor: int, root: str, layers: frozenset[str], kind: GuestKind) -> str:
    """Return the Python code that starts the zygote.

    An isolated Python lacks entries of this process's ``sys.path``: coursekit in a checkout, NumPy outside site-packages. They are added;
    the folders of autograder and coursekit are removed again before a guest is forked.
    """
    ours = {str(Path(__file__).resolve().parents[2]), str(Path(coursekit.student.__file__).resolve().parents[1])}
    packages = {str(Path(np.__file__).resolve().parents[1])}
    removed = sorted(ours - packages)
    return _BOOT.format(
        added=sorted(ours | packages),
        descriptor=descriptor,
        root=root,
        layers=sorted(layers),
        removed=removed,
        service=kind.service,
        options=dict(kind.options),
    )


def clean_environment() -> dict[str, str]:
    """Return the environment of the zygote: of the host's variables only the search paths of shared libraries, and fixed values."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    ours = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "COURSEKIT_GRADING": "1"}
    ours["PYTHONHASHSEED"] = "0"  # the order of a set of texts can change an answer, and with it a mark
    return kept | ours | dict.fromkeys(_THREAD_COUNTS, "1")
