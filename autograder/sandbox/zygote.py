"""The zygote: a process with NumPy loaded that forks guests. It never runs a student's code, and never imports suite or reference.

The host starts it with ``python -s -P`` and a clean environment, and sends it requests over a socket: ``fork`` a guest, ``end`` one, or
``remove`` a scratch directory that was kept for the next guest of the same submission. A fork takes a few milliseconds, a new Python
hundreds. Only the zygote reaps its children, so a process id that the host holds is never reused. Several times a second it adds up the
sizes of each guest's files, and kills a guest that exceeds `disk_bytes`. When the host closes the socket, or dies, the zygote kills all
guests and exits.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any, NoReturn, Protocol

import msgpack

from autograder.sandbox import wire
from autograder.sandbox.confine import Confinement

REQUEST = struct.Struct("!I")
SHORTAGES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""Errors that may pass: the machine is short of disk, memory, processes or descriptors."""
CHECK_SECONDS, LONGEST_CHECK_SECONDS, CHECK_SHARE = (
    0.1,
    0.5,
    100,
)  # checks take at most a hundredth of the time, except with very many files
CLEAN_SECONDS = 3.0
BLOCK = 4096
SCANS = 20
SOCKET = 3
"""The descriptor of a guest's socket to the host."""
_PR_SET_PDEATHSIG = 1


def send(control: socket.socket, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    """Send a request or a reply, with file descriptors."""
    packed = msgpack.packb(message)
    socket.send_fds(control, [REQUEST.pack(len(packed))], descriptors)
    control.sendall(packed)


def receive(control: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Return a request or a reply, and its file descriptors; None instead of a message if the other side has closed the socket."""
    header, descriptors, _, _ = socket.recv_fds(control, REQUEST.size, 2)
    body = b""
    while header and len(body) < REQUEST.unpack(header)[0]:
        part = control.recv(REQUEST.unpack(header)[0] - len(body))
        if not part:
            return None, descriptors
        body += part
    return (msgpack.unpackb(body) if header else None), descriptors


class Service(Protocol):
    """What the guests of a zygote do: an object that is made in the zygote, and serves the host in each guest."""

    def warm_up(self) -> None:
        """In the zygote: import what every guest needs."""

    def readable(self) -> Iterable[str]:
        """In the zygote: return the files and folders that guests may read."""

    def prepare(self, bounds: wire.Bounds) -> None:
        """In a guest: do what the limits and the confinement would refuse."""

    def serve(self, bounds: wire.Bounds, confined: bool) -> NoReturn:
        """In a guest: serve the host, and exit."""


@dataclass(frozen=True)
class Scratch:
    """A scratch directory, the Landlock ruleset of a guest that works there, and the directory's modification time when it was made."""

    directory: str
    rules: Any
    modified_ns: int

    @property
    def is_untouched(self) -> bool:
        """Whether no file was ever created in it."""
        with suppress(OSError):  # a guest that isn't confined can remove it
            return os.stat(self.directory).st_mtime_ns == self.modified_ns and not os.listdir(self.directory)
        return False


@dataclass
class RunningGuest:
    """A guest that has not been ended.

    Parameters
    ----------
    scratch : Scratch
        Its working directory.
    mappings : int
        Descriptor of ``/proc/<pid>/maps``, which lists mapped files; -1 where there is none.
    disk_bytes, file_bytes : int
        Limits for the sum of its files, and for one of them.
    exceeded_disk : bool
        Whether it was killed because its files exceeded `disk_bytes`.
    """

    scratch: Scratch
    mappings: int
    disk_bytes: int
    file_bytes: int
    exceeded_disk: bool = False

    def exceeds_disk_limit(self) -> bool:
        """Tell whether its files exceed `disk_bytes`; deleted files that are still mapped count with `file_bytes` each."""
        if self.scratch.is_untouched:
            return False
        room = self.disk_bytes - self.file_bytes * len(deleted_files(self.mappings, self.scratch.directory))
        return room < 0 or holds_more_than(room, self.scratch.directory)


class Zygote:
    """Serves the host's requests to fork and end guests, and kills guests that exceed their disk limit.

    Parameters
    ----------
    control : socket
        The socket to the host.
    root : str
        Parent of the guests' scratch directories; removed at the end.
    confinement : Confinement or None
        Applied to each guest; None where guests aren't confined.
    service : Service
        What guests do.
    """

    def __init__(self, control: socket.socket, root: str, confinement: Confinement | None, service: Service) -> None:
        self._control, self._root, self._confinement, self._service = control, os.path.realpath(root), confinement, service
        self._running: dict[int, RunningGuest] = {}
        self._next_check = 0.0
        self._fresh: list[Scratch] = []
        self._kept: dict[str, Scratch] = {}
        self._numbers = count(1)
        self._cleaners: list[int] = []

    def serve(self) -> None:
        """Serve requests until the host closes the socket."""
        try:
            send(self._control, {"ready": True})
            while True:
                self._await_request()
                request, descriptors = receive(self._control)
                if request is None:
                    return
                send(self._control, self._handle(request, descriptors))
        except OSError:  # the host died while it sent a request
            return
        finally:
            for pid in list(self._running):
                self._end(pid, 0)
            for pid in self._cleaners:
                os.waitpid(pid, 0)
            remove(self._root)

    def _await_request(self) -> None:
        """Wait for a request, and check the guests' disk use every `CHECK_SECONDS` meanwhile."""
        waiting = select.poll()
        waiting.register(self._control, select.POLLIN)
        while True:
            if self._running and time.monotonic() >= self._next_check:
                self._check_disk()
            if waiting.poll(max(0.0, self._next_check - time.monotonic()) * 1000 if self._running else None):
                return

    def _check_disk(self) -> None:
        """Kill the guests that exceed their disk limit; the host learns of it in the reply to ``end``."""
        started = time.monotonic()
        for pid, running in self._running.items():
            if not running.exceeded_disk and running.exceeds_disk_limit():
                running.exceeded_disk = True
                kill(pid)
        ended = time.monotonic()
        self._next_check = ended + min(max(CHECK_SECONDS, CHECK_SHARE * (ended - started)), LONGEST_CHECK_SECONDS)

    def _handle(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        """Execute a request, and return the reply."""
        if request["do"] == "fork":
            return self._fork(request, descriptors)
        if request["do"] == "remove":
            if scratch := self._kept.pop(request["folder"], None):
                self._clean(scratch)
            return {}
        return self._end(request["pid"], request["grace"], request["keep"])

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        parent = os.getpid()
        try:
            scratch, pid, mappings = self._fork_with_scratch(request["folder"])
        except Exception as error:
            return {"error": str(error), "errno": getattr(error, "errno", None)}
        finally:
            if os.getpid() == parent:
                for descriptor in descriptors:
                    os.close(descriptor)
        if pid == 0:
            self._control.detach()  # its descriptor will be used for the guest's socket
            become_guest(parent, scratch, request, descriptors, self._confinement, self._service)
        self._running[pid] = RunningGuest(scratch, mappings, request["disk_bytes"], request["limits"]["RLIMIT_FSIZE"])
        return {"pid": pid}

    def _fork_with_scratch(self, kept: str) -> tuple[Scratch, int, int]:
        """Fork with a new scratch directory, or with one that was `kept`.

        At a shortage, wait until the directories of earlier guests are removed, and try once more.
        """
        for last in (False, True):
            try:
                if kept and kept not in self._kept:
                    raise OSError(errno.EAGAIN, "the sandbox was started again, and has lost what earlier notebooks wrote")
                if not (kept or self._fresh):
                    self._fresh.append(self._new_scratch())
                pid, mappings = fork()
                break
            except OSError as error:
                if last or error.errno not in SHORTAGES:
                    raise
                self._finish_cleaning()
        return self._kept.pop(kept) if kept else self._fresh.pop(), pid, mappings

    def _new_scratch(self) -> Scratch:
        """Make a scratch directory with its ruleset. That takes longer than a fork, so unused ones are kept for the next guest."""
        directory = os.path.join(self._root, str(next(self._numbers)))
        os.mkdir(directory, 0o700)
        try:
            rules = self._confinement.rules(directory) if self._confinement else None
        except BaseException:
            os.rmdir(directory)
            raise
        return Scratch(directory, rules, os.stat(directory).st_mtime_ns)

    def _end(self, pid: int, grace: float, keep: bool = False) -> dict[str, Any]:
        """Kill a guest and its process group, and return its exit status; wait up to `grace` seconds for it to exit by itself.

        Its scratch directory is removed, or with `keep` left as it is for another guest.
        """
        running = self._running.pop(pid, None)
        if running is None:
            return {"status": 0}
        deadline = time.monotonic() + grace
        while not exited(pid) and time.monotonic() < deadline:
            time.sleep(0.0005)
        kill(pid)
        _, status = os.waitpid(pid, 0)
        if running.mappings >= 0:
            os.close(running.mappings)
        folder = running.scratch.directory if keep else ""
        if keep:
            self._kept[folder] = running.scratch
        else:
            self._clean(running.scratch)
        return {"status": os.waitstatus_to_exitcode(status), "exceeded_disk": running.exceeded_disk, "folder": folder}

    def _clean(self, scratch: Scratch) -> None:
        """Keep an unused scratch directory for the next guest; remove any other one in a forked process, for that may take long."""
        self._reap_cleaners()
        if scratch.is_untouched:
            self._fresh.append(scratch)
            return
        if scratch.rules is not None:
            scratch.rules.close()
        try:
            os.rmdir(scratch.directory)
        except OSError:
            try:
                pid = os.fork()
            except OSError:  # no process left: remove it here
                remove(scratch.directory)
                return
            if pid == 0:
                self._control.close()
                remove(scratch.directory)
                os._exit(0)
            self._cleaners.append(pid)

    def _reap_cleaners(self) -> None:
        self._cleaners = [pid for pid in self._cleaners if not os.waitpid(pid, os.WNOHANG)[0]]

    def _finish_cleaning(self) -> None:
        """Wait up to `CLEAN_SECONDS` for the cleaning processes, and at least a moment for those of other zygotes."""
        deadline = time.monotonic() + CLEAN_SECONDS
        while True:
            time.sleep(CHECK_SECONDS)
            self._reap_cleaners()
            if not self._cleaners or time.monotonic() > deadline:
                return


def fork() -> tuple[int, int]:
    """Fork, and return the child's id and a descriptor of its ``maps`` file (later only root could open it); in the child 0 and -1."""
    pid = -1
    waiting, opened = os.pipe()
    try:
        pid = os.fork()
        if pid:
            return pid, mappings_of(pid)
    finally:
        os.close(opened)
        if pid:
            os.close(waiting)
    os.read(waiting, 1)  # end of file: the zygote has opened the maps file
    return 0, -1


def mappings_of(pid: int) -> int:
    """Open the ``maps`` file of a child that waits for it; -1 where there is no ``/proc``."""
    if not os.path.isdir("/proc/self"):
        return -1
    try:
        return os.open(f"/proc/{pid}/maps", os.O_RDONLY)
    except OSError:  # without it, deleted files could not be counted
        kill(pid)
        os.waitpid(pid, 0)
        raise


def kill(pid: int) -> None:
    """Kill a guest and its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it may not have made its own group yet


def deleted_files(mappings: int, directory: str) -> set[bytes]:
    """Return the inodes of deleted files below a directory that are still mapped, and so still take space."""
    if mappings < 0:
        return set()
    os.lseek(mappings, 0, os.SEEK_SET)
    content = b"".join(iter(lambda: os.read(mappings, 1 << 16), b""))
    ours = b" " + os.fsencode(directory) + b"/"
    return {line.split()[4] for line in content.splitlines() if ours in line and line.endswith(b" (deleted)")}


def holds_more_than(limit: int, directory: str) -> bool:
    """Tell whether the files below a directory take more than `limit` bytes of the disk, or can't be counted.

    Each counts as at least a block. Where a guest moves directories during the scan, it is repeated, up to `SCANS` times.
    """
    for _ in range(SCANS):
        try:
            return disk_usage(directory, limit) > limit
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):  # such as a path too long to be opened
                return True
    return True


def disk_usage(directory: str, enough: int) -> int:
    """Return the bytes of disk that the files below a directory take; stop counting above `enough`.

    Raises
    ------
    OSError
        If a directory can't be opened, or was moved or replaced meanwhile.
    """
    taken, waiting = 0, [(directory, os.stat(directory).st_ino)]
    while waiting and taken <= enough:
        path, inode = waiting.pop()
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_ino != inode:  # it was replaced by another directory
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    taken += BLOCK
                    with suppress(FileNotFoundError):
                        taken += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((os.path.join(path, entry.name), entry.inode()))
                    if taken > enough:
                        break
        finally:
            os.close(descriptor)
    return taken


def exited(pid: int) -> bool:
    """Tell whether a child has exited, without reaping it: until it is reaped, the id of its process group isn't reused."""
    return hasattr(os, "waitid") and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def remove(directory: str) -> None:
    """Remove a directory tree of a guest, also without permissions, or thousands of levels deep.

    Subdirectories are moved up to the top level before they are emptied, so paths stay short and there is no recursion.
    """
    names = (os.path.join(directory, f"{os.urandom(8).hex()}-{number}") for number in count())
    with suppress(OSError):
        waiting = clear(directory, names)
        while waiting:
            current = waiting.pop()
            with suppress(OSError):
                waiting += clear(current, names)
                os.rmdir(current)
        os.rmdir(directory)


def clear(directory: str, names: Iterator[str]) -> list[str]:
    """Delete the files in `directory`, move its subdirectories to new `names`, and return these."""
    os.chmod(directory, 0o700)
    found = []
    with os.scandir(directory) as entries:
        for entry in list(entries):  # before anything is moved
            with suppress(FileNotFoundError):  # another process may remove the same tree
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)  # needed to rename a directory, whose ".." changes
                new = next(names)
                os.rename(entry.path, new)
                found.append(new)
    return found


def become_guest(
    parent: int,
    scratch: Scratch,
    request: dict[str, Any],
    descriptors: list[int],
    confinement: Confinement | None,
    service: Service,
) -> NoReturn:
    """Turn a fork of the zygote into a guest: apply the limits and the confinement, serve the host, exit. Never returns."""
    try:
        others = threads_of_user()
        prepare(parent, scratch, descriptors, confinement.descriptors(scratch.rules) if confinement else [])
        bounds = wire.Bounds(**request["bounds"])
        try:
            service.prepare(bounds)
            set_limits(request["limits"], others)
            if confinement is not None:
                confinement.apply(scratch.rules)
        except Exception as error:
            refused = wire.Codec(lambda value: [], lambda node: None, bounds).encode("refused", f"{type(error).__name__}: {error}")
            os.write(SOCKET, refused)
            os._exit(1)
        service.serve(bounds, confinement is not None)
    finally:
        os._exit(1)


def prepare(parent: int, scratch: Scratch, descriptors: list[int], kept: list[int]) -> None:
    """Give a guest its own session, descriptors, working directory and environment; `kept` are other descriptors that it needs."""
    os.setsid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the zygote died before the death signal was set
            os._exit(1)
    link, output = (os.dup(descriptor) for descriptor in descriptors)  # above 3, so that dup2 below overwrites none
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2), (link, SOCKET)):
        os.dup2(source, target)
    for below, above in pairwise([SOCKET, *sorted(kept), 1 << 16]):
        os.closerange(below + 1, above)
    os.chdir(scratch.directory)
    os.umask(0o077)
    os.environ.update(HOME=scratch.directory, TMPDIR=scratch.directory, MPLCONFIGDIR=scratch.directory)


def set_limits(limits: dict[str, int], others: int) -> None:
    """Apply the limits that the kernel enforces; `others` are the threads that the user has in other processes."""
    import resource

    limits = limits | {"RLIMIT_NPROC": limits["RLIMIT_NPROC"] + others}
    for name, limit in limits.items():
        with suppress(OSError, ValueError):  # macOS refuses some; on Linux a lower limit is always granted
            _, hard = resource.getrlimit(getattr(resource, name))
            lowered = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            # the soft limit sends SIGXCPU, which names the limit; a process that ignores it is killed a second later
            hard = lowered + 1 if name == "RLIMIT_CPU" and hard != lowered else lowered
            resource.setrlimit(getattr(resource, name), (lowered, hard))


def threads_of_user() -> int:
    """Count this user's threads. RLIMIT_NPROC bounds all of them together, so a guest's limit is added to this number."""
    user, count = os.getuid(), 0
    if user == 0 or not os.path.isdir("/proc/self/task"):
        return 0  # root has no such limit
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):  # it may have ended meanwhile
            if os.stat(f"/proc/{process}").st_uid == user:
                count += os.stat(f"/proc/{process}/task").st_nlink - 2
    return count


def fill_import_caches() -> None:
    """Fill the import system's caches of the folders in ``sys.path``, which a guest may not list."""
    for entry in sys.path:
        finder = pkgutil.get_importer(entry)
        if finder is not None:
            finder.find_spec("a_module_that_is_not_there")


def main(descriptor: int, root: str, layers: list[str], removed: list[str], service: tuple[str, str], options: dict[str, Any]) -> None:
    """Serve the host on `descriptor`.

    Parameters
    ----------
    descriptor : int
    root, layers
        See `Zygote` and `Confinement`.
    removed : list of str
        Entries of ``sys.path`` to remove before guests are forked.
    service : tuple of str
        The module and the name of the class of what guests do, a `Service`.
    options : dict
        Its arguments.
    """
    while os.dup(0) < 3:  # keep descriptors 0 to 3 for guests: no ruleset may get one of them
        pass
    module, name = service
    serving: Service = getattr(importlib.import_module(module), name)(**options)
    serving.warm_up()
    gc.collect()
    gc.freeze()  # else the first collection in a guest would copy all these pages (copy on write)
    sys.path[:] = [entry for entry in sys.path if entry not in removed]
    fill_import_caches()
    confinement = Confinement(serving.readable(), root, frozenset(layers)) if layers else None
    Zygote(socket.socket(fileno=descriptor), root, confinement, serving).serve()
