"""The host's view of the zygote (`Nursery`) and of one forked guest (`GuestProcess`)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
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

START_SECONDS, END_SECONDS, GRACE_SECONDS, LAST_GUEST_SECONDS = 60.0, 10.0, 0.1, 2.0
FORKS = 3
TYPE_LENGTH = 200
_BOOT = """
import sys
sys.path += {borrowed!r}
from autograder.sandbox.zygote import main
main({descriptor}, {root!r}, {layers}, {removed!r})
"""
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Stale(Exception):
    """A handle belongs to a process that has ended."""


class Ending(NamedTuple):
    """How a guest has ended: its exit status, negative for a signal, and whether it was killed because its files took too much."""

    status: int
    overfull: bool = False


class GuestProcess:
    """One forked guest: its channel, and what it and the host keep for each other.

    Parameters
    ----------
    nursery : Nursery
        Which can end it.
    pid : int
    channel : Channel
    bounds : wire.Bounds
    """

    def __init__(self, nursery: Nursery, pid: int, channel: Channel, bounds: wire.Bounds) -> None:
        self._nursery, self._pid, self.channel, self._bounds = nursery, pid, channel, bounds
        self._forgotten: list[int] = []
        self._numbers: dict[int, int] = {}  # of functions, by their id
        self._next_number = count(1)
        self.functions: dict[int, Callable[..., Any]] = {}

    def codec(self, guest: Any = None) -> wire.Codec:
        """Return a codec for one call to this process; the functions of `guest` itself are passed by name."""
        return wire.Codec(lambda value: self._refer(value, guest), self._resolve, self._bounds)

    def forgotten(self) -> list[int]:
        """Return the numbers of the handles that nobody in the host holds any more."""
        forgotten, self._forgotten[:] = self._forgotten[:1000], self._forgotten[1000:]
        return forgotten

    @contextmanager
    def functions_of_a_call(self) -> Iterator[None]:
        """Forget the functions that are passed meanwhile: a test's function, and all that it has noted, lives as long as the test."""
        before = set(self.functions)
        try:
            yield
        finally:
            for number in self.functions.keys() - before:
                del self._numbers[id(self.functions.pop(number))]

    def end(self, grace: bool = True) -> Ending:
        """Kill the process and all that it has started; return how it had ended.

        With `grace`, it has a moment to come to its own end, if it is about to.
        """
        self.channel.close()
        return self._nursery.end(self._pid, GRACE_SECONDS if grace else 0)

    def _refer(self, value: Any, guest: Any) -> list[Any]:
        if type(value) is wire.Handle:
            if value.owner is not self:
                raise Stale
            return ["h", value.id]
        if guest is not None and getattr(value, "_guest", None) is guest:
            return ["n", value.name]
        if not callable(value):
            raise TypeError(f"a value of type {type(value).__name__} can't be passed to a student's function")
        number = self._numbers.get(id(value)) or self._numbers.setdefault(id(value), next(self._next_number))
        self.functions[number] = value  # kept, so that the id stays its own
        return ["f", number]

    def _resolve(self, node: list[Any]) -> Any:
        if node[0] == "f" and len(node) == 2 and type(node[1]) is int and node[1] in self.functions:
            return self.functions[node[1]]
        if node[0] == "h" and list(map(type, node)) == [str, int, str]:
            handle = wire.Handle(node[1], node[2][:TYPE_LENGTH], self)
            weakref.finalize(handle, self._forgotten.append, node[1]).atexit = False
            return handle
        raise wire.WireError("an unknown tag")


class Nursery:
    """The zygote as the host sees it: started early, waited for late, started again should it have died.

    Parameters
    ----------
    layers : frozenset of str
        What the guests are confined by; see `autograder.sandbox.confine.LAYERS`.
    """

    def __init__(self, layers: frozenset[str]) -> None:
        self._layers = layers
        self._lock = threading.Lock()
        self._zygote: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the zygote, without waiting until it is ready."""
        if self._zygote is not None:
            return
        self._root = tempfile.mkdtemp(prefix="guests-")
        self._control, other = socket.socketpair()
        with other:
            # isolated as by -I, which would ignore PYTHONHASHSEED as well; the environment is clean
            command = [sys.executable, "-s", "-P", "-c", boot_code(other.fileno(), self._root, self._layers)]
            self._zygote = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=self._root,
                env=clean_environment(),
                pass_fds=[other.fileno()],
                start_new_session=True,
            )
        self._ready = False

    def fork(self, limits: Limits, output_bytes: int) -> GuestProcess:
        """Return a fresh guest, of whose output `output_bytes` are kept.

        Raises
        ------
        Shortage
            If there is no room, memory or process for one, at the second try either.
        SandboxUnavailable
            If no guest can be started at all.
        """
        with self._lock:
            for _ in range(FORKS):
                try:
                    return self._fork(limits, output_bytes)
                except (ConnectionError, TimeoutError):
                    continue  # the zygote has died, or does not answer: a new one may
                except OSError as error:
                    if error.errno in SHORTAGES:
                        raise Shortage(f"no guest could be started: {error}; make room on the machine, and grade it again") from None
                    raise
            raise SandboxUnavailable(f"the sandbox was killed {FORKS} times (for want of memory?)")

    def end(self, pid: int, grace: float) -> Ending:
        """End a guest, and return how it had ended."""
        with self._lock:
            try:
                return Ending(**self._ask({"do": "end", "pid": pid, "grace": grace}, END_SECONDS))
            except (ConnectionError, TimeoutError):
                return Ending(-9)  # the guests of a zygote die with it

    def stop(self) -> None:
        """End the zygote and all its guests."""
        with self._lock:
            self._stop()

    def _fork(self, limits: Limits, output_bytes: int) -> GuestProcess:
        self.start()
        self._await_ready()
        link, other = socket.socketpair()
        reading, writing = os.pipe()
        try:
            request = {"do": "fork", "limits": limits.of_process(), "disk_bytes": limits.disk_bytes, "bounds": asdict(limits.bounds)}
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
            words = self._last_words()
            raise SandboxUnavailable(f"the sandbox did not start: {words}") if words else ConnectionError("it was killed")
        self._ready = True

    def _ask(self, request: dict[str, Any], seconds: float, descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        if self._zygote is None:
            raise ConnectionError("the sandbox is closed")
        try:
            self._control.settimeout(seconds)
            send(self._control, request, descriptors)
            reply, _ = receive(self._control)
            if reply is None:
                raise ConnectionError("the zygote has died")
            return reply
        except BaseException:  # an interrupt, too: the reply to come would be taken for the one to the next request
            self._stop()
            raise

    def _last_words(self) -> str:
        assert self._zygote is not None and self._zygote.stderr is not None
        self._zygote.kill()
        lines = self._zygote.stderr.read().decode("utf-8", "replace").strip().splitlines()
        self._stop()
        return lines[-1] if lines else ""

    def _stop(self) -> None:
        zygote, self._zygote = self._zygote, None
        if zygote is None:
            return
        self._control.close()  # it notices, kills its guests, cleans up and leaves
        try:
            zygote.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            zygote.kill()
            zygote.wait()
        assert zygote.stderr is not None
        zygote.stderr.close()
        deadline = time.monotonic() + LAST_GUEST_SECONDS
        while os.path.exists(self._root):  # it has removed it itself, unless it was killed; then its guests are about to die, too
            remove(self._root)
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)


def boot_code(descriptor: int, root: str, layers: frozenset[str]) -> str:
    """Return the program of the zygote.

    An isolated Python may not find what this one has found: the course from a checkout, NumPy from elsewhere. So it is told where. Where
    the grader itself lies is taken back before there is a guest.
    """
    ours = {str(Path(__file__).resolve().parents[2]), str(Path(coursekit.student.__file__).resolve().parents[1])}
    packages = {str(Path(np.__file__).resolve().parents[1])}
    removed = sorted(ours - packages)
    return _BOOT.format(borrowed=sorted(ours | packages), descriptor=descriptor, root=root, layers=sorted(layers), removed=removed)


def clean_environment() -> dict[str, str]:
    """Return the environment of the zygote: where shared libraries lie, as in the host, and fixed values."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    ours = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "COURSEKIT_GRADING": "1"}
    ours["PYTHONHASHSEED"] = "0"  # the order of a set of texts can change an answer, and with it a mark
    return kept | ours | dict.fromkeys(_ONE_THREAD, "1")
