"""The process that forks guests: it has NumPy loaded, has never run a student's code, and knows nothing of suite or reference.

The host starts it with ``python -s -P`` and a clean environment, and asks it over a socket to ``fork`` a guest or to ``end`` one. A fork
takes a few milliseconds where a new Python would take hundreds. The zygote alone waits for its children, so a process id that the host
knows is never somebody else's. Several times a second, whatever the host is doing, it looks at how much room the files of its guests take,
and kills who has exceeded `disk_bytes`. When the host hangs up, or dies, everything ends.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib.util
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, NoReturn

import msgpack

from autograder.sandbox import wire
from autograder.sandbox.confine import GUEST_PACKAGES, Confinement

REQUEST = struct.Struct("!I")
SHORTAGES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""Errors that say that the machine lacks something now, and may have it later."""
LOOK_SECONDS, LONGEST_LOOK_SECONDS, LOOK_SHARE = 0.1, 0.5, 100  # looking at files takes a hundredth of the time, unless there are very many
CLEAN_SECONDS = 3.0
BLOCK = 4096
SCANS = 20
_PR_SET_PDEATHSIG = 1
_KEPT_PACKAGES = {entry.partition(".")[0] for entry in GUEST_PACKAGES} | {"coursekit"}


def send(control: socket.socket, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    """Send a request or a reply, and with it open files."""
    packed = msgpack.packb(message)
    socket.send_fds(control, [REQUEST.pack(len(packed))], descriptors)
    control.sendall(packed)


def receive(control: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Return a request or a reply, with the open files that came; None when the other side has gone."""
    header, descriptors, _, _ = socket.recv_fds(control, REQUEST.size, 2)
    body = b""
    while header and len(body) < REQUEST.unpack(header)[0]:
        part = control.recv(REQUEST.unpack(header)[0] - len(body))
        if not part:
            return None, descriptors
        body += part
    return (msgpack.unpackb(body) if header else None), descriptors


@dataclass(frozen=True)
class Place:
    """A scratch directory, the rules of a guest that works there, and when it was made: if nobody writes there, that is its last change."""

    directory: str
    rules: Any
    made: int

    @property
    def is_fresh(self) -> bool:
        """Whether nobody has put anything into it, or taken anything out."""
        with suppress(OSError):  # where guests aren't confined, one may have removed it
            return os.stat(self.directory).st_mtime_ns == self.made and not os.listdir(self.directory)
        return False


@dataclass
class Running:
    """A guest at work.

    Parameters
    ----------
    place : Place
        Where it works.
    mappings : int
        Descriptor of the list of files in its memory (``/proc/<pid>/maps``), -1 where there is none.
    disk_bytes, file_bytes : int
        How much its files may take together, and how large one can be.
    overfull : bool
        Whether they took more, so that it was killed.
    """

    place: Place
    mappings: int
    disk_bytes: int
    file_bytes: int
    overfull: bool = False

    def takes_too_much(self) -> bool:
        """Tell whether its files take more room than they may; those in memory alone count as if each were as large as can be."""
        if self.place.is_fresh:
            return False
        room = self.disk_bytes - self.file_bytes * len(deleted_files(self.mappings, self.place.directory))
        return room < 0 or holds_more_than(room, self.place.directory)


class Zygote:
    """Forks and ends guests, as the host asks, and kills those that fill the disk.

    Parameters
    ----------
    control : socket
        To the host.
    root : str
        Directory for the guests' scratch directories. It is removed at the end.
    confinement : Confinement or None
        What guests are put under.
    """

    def __init__(self, control: socket.socket, root: str, confinement: Confinement | None) -> None:
        self._control, self._root, self._confinement = control, os.path.realpath(root), confinement
        self._running: dict[int, Running] = {}
        self._next_look = 0.0
        self._fresh: list[Place] = []
        self._numbers = count(1)
        self._cleaners: list[int] = []

    def serve(self) -> None:
        """Do what the host asks until it hangs up."""
        try:
            send(self._control, {"ready": True})
            while True:
                self._await_request()
                request, descriptors = receive(self._control)
                if request is None:
                    return
                send(self._control, self._done(request, descriptors))
        except OSError:  # the host has died in the middle of a sentence
            return
        finally:
            for pid in list(self._running):
                self._end(pid, 0)
            for pid in self._cleaners:
                os.waitpid(pid, 0)
            remove(self._root)

    def _await_request(self) -> None:
        """Wait until the host asks for something, and look at the guests' files whenever it is time to."""
        waiting = select.poll()
        waiting.register(self._control, select.POLLIN)
        while True:
            if self._running and time.monotonic() >= self._next_look:
                self._look()
            if waiting.poll(max(0.0, self._next_look - time.monotonic()) * 1000 if self._running else None):
                return

    def _look(self) -> None:
        """Kill the guests whose files take more room than they may. The host is told when it asks to end them."""
        started = time.monotonic()
        for pid, running in self._running.items():
            if not running.overfull and running.takes_too_much():
                running.overfull = True
                kill(pid)
        ended = time.monotonic()
        self._next_look = ended + min(max(LOOK_SECONDS, LOOK_SHARE * (ended - started)), LONGEST_LOOK_SECONDS)

    def _done(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        """Do what the host asks, and return the reply."""
        if request["do"] == "fork":
            return self._fork(request, descriptors)
        return self._end(request["pid"], request["grace"])

    def _fork(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        parent = os.getpid()
        try:
            place, pid, mappings = self._forked()
        except Exception as error:
            return {"error": str(error), "errno": getattr(error, "errno", None)}
        finally:
            if os.getpid() == parent:
                for descriptor in descriptors:
                    os.close(descriptor)
        if pid == 0:
            self._control.detach()  # its number is about to become the guest's own socket
            become_guest(parent, place, request, descriptors, self._confinement)
        self._running[pid] = Running(place, mappings, request["disk_bytes"], request["limits"]["RLIMIT_FSIZE"])
        return {"pid": pid}

    def _forked(self) -> tuple[Place, int, int]:
        """Fork with a place to work in. Where something is short, this is tried once more when all that others have left is removed."""
        for last in (False, True):
            try:
                if not self._fresh:
                    self._fresh.append(self._place())
                pid, mappings = fork()
                break
            except OSError as error:
                if last or error.errno not in SHORTAGES:
                    raise
                self._finish_cleaning()
        return self._fresh.pop(), pid, mappings

    def _place(self) -> Place:
        """Make a directory with its rules, which takes longer than a fork: most guests never write there, and leave it to the next one."""
        directory = os.path.join(self._root, str(next(self._numbers)))
        os.mkdir(directory, 0o700)
        try:
            rules = self._confinement.rules(directory) if self._confinement else None
        except BaseException:
            os.rmdir(directory)
            raise
        return Place(directory, rules, os.stat(directory).st_mtime_ns)

    def _end(self, pid: int, grace: float) -> dict[str, Any]:
        """Kill a guest and all in its process group, and tell how it had ended, if it had."""
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
        self._clean(running.place)
        return {"status": os.waitstatus_to_exitcode(status), "overfull": running.overfull}

    def _clean(self, place: Place) -> None:
        """Keep a scratch directory for the next guest, or remove it; what may take long is done by a process of its own."""
        self._reap_cleaners()
        if place.is_fresh:
            self._fresh.append(place)
            return
        if place.rules is not None:
            place.rules.close()
        try:
            os.rmdir(place.directory)
        except OSError:
            try:
                pid = os.fork()
            except OSError:  # no process for it
                remove(place.directory)
                return
            if pid == 0:
                self._control.close()
                remove(place.directory)
                os._exit(0)
            self._cleaners.append(pid)

    def _reap_cleaners(self) -> None:
        self._cleaners = [pid for pid in self._cleaners if not os.waitpid(pid, os.WNOHANG)[0]]

    def _finish_cleaning(self) -> None:
        """Give the cleaners some time, those of other zygotes too."""
        deadline = time.monotonic() + CLEAN_SECONDS
        while True:
            time.sleep(LOOK_SECONDS)
            self._reap_cleaners()
            if not self._cleaners or time.monotonic() > deadline:
                return


def fork() -> tuple[int, int]:
    """Fork, and return the child's id and a descriptor of its mappings (only root could open it later); in the child 0 and -1."""
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
    os.read(waiting, 1)  # ends when the zygote has closed its end, too
    return 0, -1


def mappings_of(pid: int) -> int:
    """Open the list of files in the memory of a child that doesn't work yet; -1 where the system has none."""
    if not os.path.isdir("/proc/self"):
        return -1
    try:
        return os.open(f"/proc/{pid}/maps", os.O_RDONLY)
    except OSError:  # nothing must go on without it
        kill(pid)
        os.waitpid(pid, 0)
        raise


def kill(pid: int) -> None:
    """Kill a guest and all in its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # should it not have got as far as its own group


def deleted_files(mappings: int, directory: str) -> set[bytes]:
    """Return the inodes of files below a directory that were deleted, and take room as long as they are mapped into a guest's memory."""
    if mappings < 0:
        return set()
    os.lseek(mappings, 0, os.SEEK_SET)
    content = b"".join(iter(lambda: os.read(mappings, 1 << 16), b""))
    ours = b" " + os.fsencode(directory) + b"/"
    return {line.split()[4] for line in content.splitlines() if ours in line and line.endswith(b" (deleted)")}


def holds_more_than(limit: int, directory: str) -> bool:
    """Tell whether the files below a directory take more than `limit` bytes of the disk, or can't be counted.

    Each counts as at least a block. A guest may move its directories about meanwhile, so they are looked for again, within reason.
    """
    for _ in range(SCANS):
        try:
            return room_taken(directory, limit) > limit
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):  # such as a path too long to be opened
                return True
    return True


def room_taken(directory: str, enough: int) -> int:
    """Return how much room the files below a directory take; it is counted no further than `enough`.

    Raises
    ------
    OSError
        If there is a directory that can't be looked into, or not any more.
    """
    taken, waiting = 0, [(directory, os.stat(directory).st_ino)]
    while waiting and taken <= enough:
        path, inode = waiting.pop()
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_ino != inode:  # another one has taken its place
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
    """Tell whether a child has come to its end, without reaping it: its process group must not be given away yet."""
    return hasattr(os, "waitid") and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def remove(directory: str) -> None:
    """Remove a directory, whatever a guest has made of it: no permissions, or thousands of levels.

    Directories in it are emptied one after the other, and what they hold is moved up first: so no path gets long, and nothing recurs.
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
    """Remove the files in `directory`, and return its directories under their new names."""
    os.chmod(directory, 0o700)
    found = []
    with os.scandir(directory) as entries:
        for entry in list(entries):  # before anything is moved
            with suppress(FileNotFoundError):  # somebody else may be about to remove the same
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)  # to move a directory is to write in it
                new = next(names)
                os.rename(entry.path, new)
                found.append(new)
    return found


def become_guest(
    parent: int,
    place: Place,
    request: dict[str, Any],
    descriptors: list[int],
    confinement: Confinement | None,
) -> NoReturn:
    """Turn a fresh fork into a guest. Never returns: nothing of the zygote must go on in it."""
    try:
        from autograder.sandbox import guest

        prepare(parent, place, request["limits"], descriptors)
        bounds = wire.Bounds(**request["bounds"])
        try:
            if confinement is not None:
                confinement.apply(place.rules)
                sys.meta_path.insert(0, OnlyGuestPackages())
        except Exception as error:
            refused = wire.Codec(lambda value: [], lambda node: None, bounds).encode("refused", f"{type(error).__name__}: {error}")
            os.write(guest.SOCKET, refused)
            os._exit(1)
        guest.main(bounds)
    finally:
        os._exit(1)


def prepare(parent: int, place: Place, limits: dict[str, int], descriptors: list[int]) -> None:
    """Give a guest its own session, descriptors, directory, environment and limits."""
    import resource

    others = threads_of_user()
    os.setsid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask to die with it
            os._exit(1)
    link, output = (os.dup(descriptor) for descriptor in descriptors)  # out of the way of 0 to 3
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2), (link, 3)):
        os.dup2(source, target)
    kept = 3 if place.rules is None else place.rules.fileno()
    os.closerange(4, kept)
    os.closerange(max(4, kept + 1), 1 << 16)
    os.chdir(place.directory)
    os.umask(0o077)
    os.environ.update(HOME=place.directory, TMPDIR=place.directory, MPLCONFIGDIR=place.directory)
    limits = limits | {"RLIMIT_NPROC": limits["RLIMIT_NPROC"] + others}
    for name, limit in limits.items():
        with suppress(OSError, ValueError):  # macOS refuses some; on Linux a lower limit is always granted
            _, hard = resource.getrlimit(getattr(resource, name))
            lowered = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            # the signal at the soft limit says what was exceeded; who ignores it is killed a second later
            hard = lowered + 1 if name == "RLIMIT_CPU" and hard != lowered else lowered
            resource.setrlimit(getattr(resource, name), (lowered, hard))


def threads_of_user() -> int:
    """Count the threads of this user, which the kernel counts together: a limit for one process has to lie above."""
    user, count = os.getuid(), 0
    if user == 0 or not os.path.isdir("/proc/self/task"):
        return 0  # root has no such limit
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):  # it may have ended meanwhile
            if os.stat(f"/proc/{process}").st_uid == user:
                count += os.stat(f"/proc/{process}/task").st_nlink - 2
    return count


class OnlyGuestPackages:
    """Says of a package that a guest can't read that there is none, as libraries that look for one expect."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise ModuleNotFoundError for the name of an installed package that is none of `GUEST_PACKAGES`."""
        if path is None and name not in sys.stdlib_module_names and name not in _KEPT_PACKAGES:
            raise ModuleNotFoundError(f"No module named {name!r} (the grader has NumPy, SciPy, scikit-learn and Matplotlib)", name=name)


def warm_up() -> list[str]:
    """Load what every guest needs, and return the directories of packages that lie outside site-packages."""
    from autograder.sandbox import guest  # noqa: F401  NumPy, msgpack, and the guest's own code

    spec = importlib.util.find_spec("coursekit")
    from coursekit import check, ready  # noqa: F401  what a set-up cell imports; where it is found, a guest may not look

    gc.collect()
    gc.freeze()  # else the first collection in a guest touches, and so copies, all of this
    return list(spec.submodule_search_locations or ()) if spec else []


def remember_names() -> None:
    """Let the import system look through the folders of ``sys.path`` now: a guest may not list them, as all below could be listed then."""
    for entry in sys.path:
        finder = pkgutil.get_importer(entry)
        if finder is not None:
            finder.find_spec("a_module_that_is_not_there")


def main(descriptor: int, root: str, layers: list[str], borrowed: list[str]) -> None:
    """Serve the host on `descriptor`; `borrowed` are the entries of ``sys.path`` that guests should not have."""
    while os.dup(0) < 3:  # no ruleset may get a number that is to be a guest's own
        pass
    packages = warm_up()
    sys.path[:] = [entry for entry in sys.path if entry not in borrowed]
    remember_names()
    confinement = Confinement(packages, frozenset(layers)) if layers else None
    Zygote(socket.socket(fileno=descriptor), root, confinement).serve()
