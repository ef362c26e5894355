"""Where the figures come from: processor, memory, kernel, versions. Nothing that names the machine."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("nbgrader", "numpy", "pytest")
QUIET, PATIENCE = 1.0, 600.0
IDLE, PAUSE = 10.0, 60.0


def describe() -> dict[str, str]:
    """Return what a reader needs to know of this machine."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def wait_until_quiet(patience: float = PATIENCE) -> float:
    """Wait, for so many seconds at most, until the machine has little else to do; return its load."""
    until = time.monotonic() + patience
    while os.getloadavg()[0] >= QUIET and time.monotonic() < until:
        time.sleep(5)
    return round(os.getloadavg()[0], 2)


def pause_until_idle(patience: float = PATIENCE) -> None:
    """Wait, for a minute or `patience` at most, for a second in which nobody uses the processors much.

    The load would still tell of our own last run.
    """
    until = time.monotonic() + min(PAUSE, patience)
    while time.monotonic() < until and psutil.cpu_percent(interval=1) > IDLE:
        pass
