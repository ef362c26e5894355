"""Atomic writes of files, a lock for one writer at a time, and a context that delays Ctrl-C."""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

UNFINISHED = ".unfinished"
FileState = tuple[int, ...]


def state_of(file: Path | os.DirEntry[str]) -> FileState:
    """Return a file's times, size and inode, which differ after a change; an empty tuple if there is no file."""
    try:
        about = file.stat()
    except FileNotFoundError:
        return ()
    return about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino, about.st_dev


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file, and the folders above it, through a temporary file that is renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporary files of `write_atomically` whose processes have ended."""
    for path in folder.glob(f".*{UNFINISHED}"):
        writer = path.name.removesuffix(UNFINISHED).rpartition(".")[2]
        if writer.isdigit() and not _is_alive(int(writer)):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)  # a process of another user can't be signalled
    return True


def holds(path: Path, content: str | Path) -> bool:
    """Tell whether the content of a file is this text, or that of another file."""
    try:
        return filecmp.cmp(path, content, shallow=False) if isinstance(content, Path) else path.read_bytes() == content.encode()
    except OSError:
        return False


@contextmanager
def staged(files: Mapping[Path, str | Path], mode: int) -> Iterator[Callable[[], None]]:
    """Write temporary files, and yield a function that renames them; without a call of it they are removed at the end.

    Parameters
    ----------
    files : mapping of Path to str or Path
        The files' texts, or the files to copy.
    mode : int
        Their permissions.
    """
    made = [made for folder in {path.parent for path in files} for made in _make_folders(folder)]
    waiting = {path: path.with_name(f".{path.name}{UNFINISHED}") for path in files}
    placed = False

    def place() -> None:
        nonlocal placed
        for path, unfinished in waiting.items():
            os.replace(unfinished, path)
        placed = True

    try:
        for path, unfinished in waiting.items():
            unfinished.unlink(missing_ok=True)  # left by a process that was killed
            write_whole(unfinished, files[path], mode)
        yield place
    finally:
        if not placed:
            _remove_staged(waiting.values(), made)


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder, and return all new ones, the innermost first. They are removed on failure: nbgrader takes an empty one for a grade."""
    missing = list(takewhile(lambda path: not path.exists(), (folder, *folder.parents)))
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_staged(unfinished: Iterable[Path], made: Iterable[Path]) -> None:
    with suppress(OSError):
        for path in unfinished:
            path.unlink(missing_ok=True)
        for folder in made:
            folder.rmdir()


def write_whole(path: Path, content: str | Path, mode: int) -> None:
    """Write a new file with permissions: a text, or a copy of a plain file that isn't a link."""
    if isinstance(content, Path):
        with open(content, "rb", opener=_plain) as source, open(path, "xb") as copy:
            shutil.copyfileobj(source, copy)
    else:
        with open(path, "x", encoding="utf-8") as file:
            file.write(content)
    path.chmod(mode)


def _plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


@contextmanager
def only_writer(lock: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a file lock, which the system releases when the process ends; report the process that it waits for.

    If the file can't be written or locked, continue without the lock: databases have locks of their own.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            lock.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(open(lock, "a+", encoding="utf-8"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                say(f"Waiting for the process {file.read(20).strip() or 'that holds it'}, which is writing this course's gradebook …")
                fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Delay the handling of Ctrl-C until the end of this context."""
    if current_thread() is not main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda *signalled: came.append(signalled))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(*came[0])
