"""What a command costs: seconds of wall clock and of processor, and memory, with all the processes that it starts.

A kernel or a zygote may outlive the process that started it. So this process adopts orphans (Linux's "child subreaper"), waits until
none is left, and adds up what the kernel says that each has used.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SECONDS = 0.1  # between two looks at the processes
_PR_SET_CHILD_SUBREAPER = 36


class CommandFailed(Exception):
    """A command that is measured did not do its work."""


@dataclass(frozen=True)
class Cost:
    """What one run took. Its processes are of these kinds: host, worker, zygote, guest, and other ones.

    Parameters
    ----------
    wall, cpu : float
        Seconds; `cpu` is of all processes together.
    others : float
        Processors that the rest of the machine kept busy meanwhile, on average: 0 on a quiet machine.
    cpu_by_kind : dict of str to float
        The processor seconds of host, workers and "sandbox", which is all that these two haven't used.
    peaks : dict of str to float
        The largest resident size that one process of a kind ever had, in MiB. What a process shares with others counts in full.
    """

    wall: float
    cpu: float
    others: float
    cpu_by_kind: dict[str, float]
    peaks: dict[str, float]


def adopt_orphans() -> None:
    """Become the parent of every process whose parent ends; only Linux can."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def measure(command: Sequence[str], where: Path, environment: Mapping[str, str], shared: bool = False) -> Cost:
    """Run a command, and return what it took.

    The kernel keeps each process's peak and processor time, so it is enough to ask from time to time; a guest may end before it is asked.
    With `shared`, the peaks have one of "all" processes at once, in which memory that some share counts once.
    """
    over = threading.Event()
    kinds: dict[int, str] = {}
    peaks: dict[str, float] = {}
    seconds: dict[int, float] = {}

    def watch() -> None:
        while not over.wait(SECONDS):
            processes = psutil.Process().children(recursive=True)
            if shared:
                peaks["all"] = round(max(sum(_proportional(process.pid) for process in processes), peaks.get("all", 0.0)), 1)
            for process in processes:
                kind, size = kinds.get(process.pid) or _kind(process, kinds), _peak(process.pid)
                peaks[kind] = round(max(size, peaks.get(kind, 0.0)), 1)
                with suppress(psutil.NoSuchProcess):
                    seconds[process.pid] = sum(process.cpu_times()[:2])  # its own, without its children's

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        busy, own = _busy(), time.process_time()
        started = time.perf_counter()
        wall, cpu = _run(command, where, environment, started)
        passed = time.perf_counter() - started
        others = (_busy() - busy - cpu - (time.process_time() - own)) / passed
    finally:
        over.set()
        watcher.join()
    by_kind = {kind: sum(spent for pid, spent in seconds.items() if kinds.get(pid) == kind) for kind in ("host", "worker")}
    by_kind["sandbox"] = cpu - sum(by_kind.values())
    return Cost(wall, cpu, max(0.0, round(others, 3)), {kind: round(spent, 2) for kind, spent in by_kind.items()}, peaks)


def _kind(process: psutil.Process, known: dict[int, str]) -> str:
    """Return what a process of ours is: a guest is a zygote's fork, and has its command line."""
    try:
        words, parent = " ".join(process.cmdline()), process.ppid()
    except psutil.Error:
        return "other"
    if parent == os.getpid():
        kind = "host"
    elif "autograder.sandbox.zygote" in words:
        kind = "guest" if known.get(parent) in ("zygote", "guest") else "zygote"
    elif "spawn_main" in words:
        kind = "worker"
    else:
        kind = "other"
    known[process.pid] = kind
    return kind


def _peak(pid: int) -> float:
    return _mebibytes(f"/proc/{pid}/status", "VmHWM:")


def _proportional(pid: int) -> float:
    """Return the MiB of a process, of those that it shares with others only its part."""
    return _mebibytes(f"/proc/{pid}/smaps_rollup", "Pss:")


def _mebibytes(file: str, field: str) -> float:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


def _run(command: Sequence[str], where: Path, environment: Mapping[str, str], started: float) -> tuple[float, float]:
    """Return the wall and processor seconds of a command; it is over when the last process that it started is."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=where, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        status, cpu, wall = None, 0.0, 0.0
        while True:
            try:
                pid, code, used = os.wait4(-1, 0)
            except ChildProcessError:  # none left
                break
            cpu += used.ru_utime + used.ru_stime
            if pid == process.pid:
                status, wall = os.waitstatus_to_exitcode(code), time.perf_counter() - started
        process.returncode = status
        if status != 0:
            said.seek(0)
            raise CommandFailed(f"{' '.join(command)} ended with {status}:\n{said.read().decode(errors='replace')[-3000:]}")
    return wall, cpu


def _busy() -> float:
    """Return the seconds that all processors have worked since the machine was started."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
