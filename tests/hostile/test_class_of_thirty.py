"""A class of thirty, ten of whose notebooks exhaust something, is graded in full by the command, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import Lecture, find_course
from autograder.sandbox.confine import available

HERE = Path(__file__).parent
COURSE = find_course(HERE)
NORMALIZATION, DROPOUT, CONVOLUTION = (COURSE.lecture(name) for name in ("batch_normalization", "dropout", "convolution"))
ODDITIES = (HERE / "oddities.py").read_text(encoding="utf-8")
BLAMELESS = (NORMALIZATION, CONVOLUTION, NORMALIZATION, DROPOUT) * 5
MEGABYTES = 400  # see docs/security.md
LOOK_SECONDS, MOST_SECONDS = 0.05, 600

LIMITS = {
    **{"call_seconds": 1, "cell_seconds": 2, "total_seconds": 8, "host_seconds": 6},
    **{"memory_bytes": "512MiB", "disk_bytes": "64MiB", "processes": 32},
}
HOSTILE: dict[str, tuple[Lecture, str]] = {
    "an endless loop": (NORMALIZATION, "def fold_batchnorm(*arguments):\n    while True: pass"),
    "memory": (NORMALIZATION, "kept = []\nwhile True: kept.append(bytearray(64 << 20))"),
    "output": (NORMALIZATION, "def fold_batchnorm(*arguments):\n    while True: print('x')"),
    "disk": (NORMALIZATION, "for number in range(10**6): open(str(number), 'wb').write(bytes(1 << 20))"),
    "threads": (
        NORMALIZATION,
        "import threading, time\ndef fold_batchnorm(*arguments):\n"
        "    while True: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
    ),
    "a message that doesn't end": (
        NORMALIZATION,
        "import os, struct, time\ndef fold_batchnorm(*arguments):\n    os.write(3, struct.pack('!BII', 5, 1 << 20, 10 << 20))\n"
        "    while True:\n        os.write(3, bytes(1))\n        time.sleep(0.05)",
    ),
    "callbacks": (DROPOUT, "flooding('mc_dropout', 10**6, lambda predict, x, n, rng: (x, rng), True, True)"),
    "large callbacks": (DROPOUT, "flooding('mc_dropout', 40, lambda predict, x, n, rng: (np.ones((8_000_000, 0)), rng), True, True)"),
    "large arguments": (
        NORMALIZATION,
        "for name in ('batchnorm_backward', 'batchnorm2d_backward'): odd(name, argument=lambda: [bytes(7 << 20), *[b''] * 190])",
    ),
    "keys that collide": (CONVOLUTION, "odd('conv_output_size', lambda right: colliding(800, 300))"),
}


def hand_in(folder: Path, student: str, lecture: Lecture, *cells: str) -> None:
    """Write a solved notebook with more cells behind it."""
    notebook = solved(lecture)
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None} for cell in cells]
    write(notebook, folder / f"{student}.ipynb")


@dataclass
class Run:
    """A class that was graded: its results by student, the seconds that it took, and each grading process's peak of memory in MiB."""

    results: dict[str, dict[str, Any]]
    seconds: float
    peaks: dict[str, int]


def graded(folder: Path) -> Run:
    """Grade a folder by the command with two workers, and watch its processes; guests have their own limit."""
    results = folder.parent / f"{folder.name}.json"
    command = [str(Path(sys.executable).with_name("autograder")), "grade", str(folder), "--json", str(results), "--jobs", "2"]
    command += ["--no-gradebook", "--no-cache", *(word for name, value in LIMITS.items() for word in ("--limit", f"{name}={value}"))]
    peaks: dict[str, int] = {}
    started = time.monotonic()
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=COURSE.root, stdout=log, stderr=log)
    try:
        while process.poll() is None and time.monotonic() < started + MOST_SECONDS:
            note_peaks(process.pid, peaks)
            time.sleep(LOOK_SECONDS)
        seconds = time.monotonic() - started
    finally:
        process.kill()
        process.wait()
    said = Path(log.name).read_text(encoding="utf-8")
    assert process.returncode == 0, said
    found = json.loads(results.read_text(encoding="utf-8"))["results"]
    return Run({result["student"]: result for result in found}, seconds, peaks)


def note_peaks(host: int, peaks: dict[str, int]) -> None:
    """Note how many MiB the host and each of its workers have used at most."""
    try:
        children = psutil.Process(host).children()
        named = [("host", host), *((f"worker {each.pid}", each.pid) for each in children if "spawn_main" in " ".join(each.cmdline()))]
        for name, process in named:
            status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
            peaks[name] = next(int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM"))
    except (psutil.Error, OSError, StopIteration):  # it has ended
        pass


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Return the class of twenty without the hostile notebooks, and the whole class, in which they lie between the others."""
    if reason := available():
        pytest.skip(reason)
    few, whole = tmp_path_factory.mktemp("class") / "few", tmp_path_factory.mktemp("class") / "whole"
    for number, lecture in enumerate(BLAMELESS):
        for folder in (few, whole):
            hand_in(folder, f"{number:02} blameless", lecture, f"# student {number}")
    for number, (name, (lecture, cell)) in enumerate(HOSTILE.items()):
        hand_in(whole, f"{2 * number:02} hostile, {name}", lecture, ODDITIES, cell)
    return graded(few), graded(whole)


def test_everybody_is_graded(runs: tuple[Run, Run]) -> None:
    _, whole = runs
    assert len(whole.results) == len(BLAMELESS) + len(HOSTILE) == 30
    assert {student: result["problems"] for student, result in whole.results.items() if not result["graded"]} == {}


def test_the_blameless_have_full_marks(runs: tuple[Run, Run]) -> None:
    for run in runs:
        blameless = {student: result for student, result in run.results.items() if "blameless" in student}
        assert len(blameless) == len(BLAMELESS)
        assert {student: result["score"] for student, result in blameless.items() if result["score"] != result["max_score"]} == {}


def test_the_hostile_do_what_they_say(runs: tuple[Run, Run]) -> None:
    """Each loses something, or is told of the cell that went wrong, so that the others prove something."""
    _, whole = runs
    for student, result in whole.results.items():
        if "hostile" in student:
            assert result["problems"] or result["score"] < result["max_score"], student


def test_memory_is_bounded(runs: tuple[Run, Run]) -> None:
    _, whole = runs
    assert len(whole.peaks) == 3
    assert max(whole.peaks.values()) < MEGABYTES, whole.peaks


def test_time_is_bounded(runs: tuple[Run, Run]) -> None:
    """By what the others take, and the limits of the hostile; three times as much on a busy machine."""
    few, whole = runs
    limits = len(HOSTILE) * (LIMITS["total_seconds"] + LIMITS["host_seconds"])
    assert whole.seconds < 3 * (few.seconds + limits), (few.seconds, whole.seconds)
