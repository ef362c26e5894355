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

SAMPLE_SECONDS, COARSE_SECONDS = 0.02, 0.1
_PR_SET_CHILD_SUBREAPER = 36


class CommandFailed(Exception):
    """A command that is measured did not do its work."""


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Parameters
    ----------
    wall, cpu : float
        Seconds; `cpu` is of all processes together.
    others : float
        Processors that the rest of the machine kept busy meanwhile, on average: 0 on a quiet machine.
    """

    wall: float
    cpu: float
    others: float


@dataclass(frozen=True)
class Memory:
    """What one run occupied at its peak, in MiB: all processes together (shared pages counted once), and the largest one."""

    together: float
    largest: float
    processes: int


def adopt_orphans() -> None:
    """Become the parent of every process whose parent ends; only Linux can."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def measure(command: Sequence[str], where: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command and return what it took; nothing else is done meanwhile."""
    busy, own = _busy(), time.process_time()
    started = time.perf_counter()
    wall, cpu = _run(command, where, environment, started)
    passed = time.perf_counter() - started
    others = (_busy() - busy - cpu - (time.process_time() - own)) / passed
    return Cost(wall, cpu, max(0.0, round(others, 3)))


def memory(command: Sequence[str], where: Path, environment: Mapping[str, str]) -> Memory:
    """Run a command and return what it occupied, sampled while it runs."""
    over = threading.Event()
    samples: list[list[tuple[float, float]]] = []

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            samples.append([size for process in psutil.Process().children(recursive=True) if (size := _size(process))])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _run(command, where, environment, time.perf_counter())
    finally:
        over.set()
        watcher.join()
    largest = max(resident for sample in samples for _, resident in sample)
    return Memory(max(sum(shared for shared, _ in sample) for sample in samples), largest, max(map(len, samples)))


@dataclass(frozen=True)
class Kinds:
    """What the processes of one run took, by their kind: host, worker, zygote or guest.

    Parameters
    ----------
    peaks : dict of str to float
        The largest resident size that one of a kind ever had, in MiB. What a process shares with others counts in full.
    cpu : dict of str to float
        Processor seconds of all of a kind. Zygotes and guests are one kind, "sandbox": all that hosts and workers haven't used.
    """

    peaks: dict[str, float]
    cpu: dict[str, float]


def measure_by_kind(command: Sequence[str], where: Path, environment: Mapping[str, str]) -> tuple[Cost, Kinds]:
    """Run a command, and return what it took, together and by kind of process.

    The kernel keeps each process's peak and processor time, so it is enough to ask from time to time; a guest may end before it is asked.
    """
    over = threading.Event()
    kinds: dict[int, str] = {}
    peaks: dict[str, float] = {}
    seconds: dict[int, float] = {}

    def watch() -> None:
        while not over.wait(COARSE_SECONDS):
            for process in psutil.Process().children(recursive=True):
                kind, size = kinds.get(process.pid) or _kind(process, kinds), _peak(process.pid)
                peaks[kind] = max(size, peaks.get(kind, 0.0))
                with suppress(psutil.NoSuchProcess):
                    seconds[process.pid] = sum(process.cpu_times()[:2])  # its own, without its children's

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        cost = measure(command, where, environment)
    finally:
        over.set()
        watcher.join()
    cpu = {kind: sum(spent for pid, spent in seconds.items() if kinds.get(pid) == kind) for kind in ("host", "worker")}
    return cost, Kinds(peaks, {**cpu, "sandbox": cost.cpu - sum(cpu.values())})


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
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


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


def _size(process: psutil.Process) -> tuple[float, float] | None:
    """Return a process's share of memory (pages divided among those who share them), and all that it has resident, in MiB."""
    try:
        resident = process.memory_info().rss
        try:
            share = process.memory_full_info().pss
        except (AttributeError, psutil.AccessDenied):  # not Linux, or not ours to read: then shared pages count more than once
            share = resident
    except psutil.NoSuchProcess:
        return None
    return (share / 2**20, resident / 2**20) if resident else None


def _busy() -> float:
    """Return the seconds that all processors have worked since the machine was started."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
