"""Grading on a cluster: a real scheduler and workers in processes of their own, which are killed, changed and taken away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from autograder.errors import WorkerError
from autograder.judging.sample_notebooks import fill, solved, write
from autograder.model.course import CONFIG, PACKAGE, Course, find_course
from autograder.model.results import SubmissionResult
from autograder.runners import dask_cluster as cluster
from autograder.runners.class_run import Options, grade, submitted

HERE = find_course(Path(__file__).parent)
ID, SLUG = "08_adaptive_optimizers", "adaptive_optimizers"
SECONDS = 120  # on a busy machine; what would hang hangs for longer
SLOW = "import time\ntime.sleep(0.3)  # student {}"


class DaskCluster:
    """A scheduler and its workers, as processes on this machine."""

    def __init__(self, folder: Path, allowed_failures: int = 3) -> None:
        self._folder, self._allowed_failures = folder, allowed_failures
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        file = folder / "scheduler.json"
        self._start(
            "scheduler", "scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0", "--scheduler-file", str(file)
        )
        self.address = json.loads(until(lambda: file.exists() and file.read_text()))["address"]

    def worker(self, name: str, path: Path | None = None, nanny: bool = False, more: Sequence[str] = ()) -> None:
        """Start a worker; what lies in `path` comes before what is installed."""
        before = len(self._workers())
        options = ["--nthreads", "1", "--no-dashboard", *([] if nanny else ["--no-nanny"]), *more]
        self._start(name, "worker", self.address, "--name", name, *options, path=path)
        until(lambda: len(self._workers()) > before)

    def kill(self, name: str, gently: bool = False) -> None:
        """Kill a scheduler or a worker, as the kernel does when memory is short."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM if gently else signal.SIGKILL)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # a worker waits for what it is at, which may have no end
            process.kill()
            process.wait()

    def freeze(self, name: str) -> None:
        """Stop a scheduler or a worker without closing its connections, as a machine that sleeps does."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def wake(self, name: str) -> None:
        """Let it go on where it was."""
        self.processes[name].send_signal(signal.SIGCONT)

    def _start(self, name: str, *command: str, path: Path | None = None) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(self._allowed_failures)}
        if path is not None:
            environment["PYTHONPATH"] = str(path)
        log = (self._folder / f"{name}.log").open("wb")
        with log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *command], cwd=self._folder, env=environment, stdout=log, stderr=log
            )

    def _workers(self) -> list[str]:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return list(client.nthreads())


def until(happened: Callable[[], object]) -> object:
    """Wait for something, and return it."""
    deadline = time.monotonic() + SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found


@pytest.fixture
def dask(tmp_path, request) -> Iterator[DaskCluster]:
    """A scheduler without workers; whatever is started is ended."""
    (tmp_path / "dask").mkdir()
    started = DaskCluster(tmp_path / "dask", *([request.param] if hasattr(request, "param") else []))
    try:
        yield started
    finally:
        for name in list(started.processes):
            started.kill(name, gently=name == "nanny")  # which takes its worker with it


@pytest.fixture
def course(tmp_path) -> Course:
    """A course without a class."""
    root = tmp_path / "course"
    for path in (HERE.root / CONFIG, HERE.lecture(ID).source, HERE.lecture(ID).released):
        copy = root / path.relative_to(HERE.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return Course(root)


def hand_in(course: Course, student: str, notebook: dict) -> None:
    write(notebook, course.root / "submitted" / student / ID / f"{SLUG}.ipynb")


def slow_class(course: Course, count: int) -> None:
    """Let students hand in work that takes a moment, each another."""
    name = course.lecture(ID).exercises[0].name
    for number in range(count):
        hand_in(course, f"s{number:02}", fill(course.lecture(ID), {name: SLOW.format(number)}))


def run(course: Course, **options) -> list[SubmissionResult]:
    return list(grade(submitted(course, course.lecture(ID)), course, Options(**options)))


def test_a_cluster_gives_the_same_results_as_this_machine(course, dask, tmp_path):
    dask.worker("one")
    dask.worker("two")
    hand_in(course, "ann", solved(course.lecture(ID)))
    hand_in(course, "ben", fill(course.lecture(ID), {}))
    hand_in(course, "cem", solved(course.lecture(ID)))
    hand_in(course, "dee", {"cells": []})
    there = run(course, scheduler=dask.address, cache=False)
    here = run(course, cache=False)
    assert sorted(there, key=lambda result: result.student) == sorted(here, key=lambda result: result.student)
    assert [result.graded for result in sorted(there, key=lambda result: result.student)] == [True, True, True, False]


def test_a_worker_killed_in_the_middle_loses_nobody_and_counts_nobody_twice(course, dask):
    dask.worker("one")
    dask.worker("two")
    slow_class(course, 8)
    found = []
    for result in grade(submitted(course, course.lecture(ID)), course, Options(scheduler=dask.address)):
        found.append(result)
        if len(found) == 2:
            dask.kill("one")
    assert sorted(result.student for result in found) == [f"s{number:02}" for number in range(8)]
    assert all(result.graded for result in found)


MORTAL = """
import os, signal, time
from autograder.runners import dask_cluster as cluster
def signed(task, real=cluster.signed):
    if b"die always" in task:
        time.sleep(0.5)  # until the worker has been given its next task
        os.kill(os.getpid(), signal.SIGKILL)
    return real(task)
if not hasattr(cluster, "mortal"):  # Dask loads this twice
    cluster.signed, cluster.mortal = signed, True
"""


@pytest.mark.parametrize("dask", [0], indirect=True, ids=["one_death_is_enough"])  # then Dask gives up all that the worker had
def test_only_the_submission_that_workers_die_of_is_not_graded(course, dask, tmp_path):
    (tmp_path / "mortal.py").write_text(MORTAL)
    dask.worker("nanny", more=["--preload", str(tmp_path / "mortal.py")], nanny=True)
    slow_class(course, 4)
    hand_in(course, "s00", fill(course.lecture(ID), {course.lecture(ID).exercises[0].name: "# die always"}))
    results = {result.student: result for result in run(course, scheduler=dask.address)}
    assert {student: result.graded for student, result in results.items()} == {"s00": False, "s01": True, "s02": True, "s03": True}
    assert "several workers of the cluster died of it" in results["s00"].problems[0]


@pytest.fixture
def impatient(monkeypatch) -> dict[str, object]:
    """Limits of a submission by which a worker is silent after some seconds; what grades the classes here takes a tenth of that."""
    monkeypatch.setattr(cluster, "GRACE_SECONDS", 2.0)
    return {"total_seconds": 2, "host_seconds": 1}


def test_a_worker_that_falls_silent_loses_nobody_and_what_it_says_later_counts_nobody_twice(course, dask, impatient):
    dask.worker("one")
    dask.worker("two")
    slow_class(course, 8)
    found, began = [], time.monotonic()
    for result in grade(submitted(course, course.lecture(ID)), course, Options(scheduler=dask.address, limits=impatient)):
        found.append(result)
        if len(found) == 2:
            dask.freeze("one")
        elif len(found) == 7:  # one of its two was asked elsewhere, the other one is about to be
            dask.wake("one")
    assert sorted(result.student for result in found) == [f"s{number:02}" for number in range(8)]
    assert all(result.graded for result in found)
    assert time.monotonic() - began < SECONDS, "Dask itself gives a worker up after some minutes"


ENDLESS = """
import time
from autograder.runners import dask_cluster as cluster
def signed(task, real=cluster.signed):
    if b"hang always" in task:
        time.sleep(60)  # for ever, but that a test which fails should end
    return real(task)
if not hasattr(cluster, "endless"):  # Dask loads this twice
    cluster.signed, cluster.endless = signed, True
"""


def test_only_the_submission_over_which_workers_fall_silent_is_not_graded(course, dask, tmp_path, impatient):
    (tmp_path / "endless.py").write_text(ENDLESS)
    for name in ("one", "two", "three"):
        dask.worker(name, more=["--preload", str(tmp_path / "endless.py")])
    slow_class(course, 8)
    hand_in(course, "s00", fill(course.lecture(ID), {course.lecture(ID).exercises[0].name: "# hang always"}))
    results = {result.student: result for result in run(course, scheduler=dask.address, limits=impatient)}
    assert {student for student, result in results.items() if not result.graded} == {"s00"} and len(results) == 8
    assert results["s00"].problems[0].startswith("there was no answer within 8 s, at the second try either")


def test_where_all_workers_are_silent_the_run_ends_and_says_which(course, dask, impatient):
    dask.worker("one")
    slow_class(course, 6)
    found = []
    with pytest.raises(WorkerError, match=r"no worker of \S+ can grade. worker tcp://\S+: no answer within 8 s: start it again"):
        for result in grade(submitted(course, course.lecture(ID)), course, Options(scheduler=dask.address, limits=impatient)):
            found.append(result)
            dask.freeze("one")
    assert 1 <= len(found) <= 3 and all(result.graded for result in found)


def other_version(folder: Path) -> Path:
    """Return a folder with a copy of our package in which one file is another."""
    shutil.copytree(PACKAGE, folder / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    module = folder / "autograder" / "judging" / "marking.py"
    module.write_text(module.read_text() + "\n# an older one\n")
    return folder


def test_a_worker_of_another_version_is_passed_over_and_alone_it_ends_the_run(course, dask, tmp_path):
    dask.worker("old", other_version(tmp_path / "old"))
    hand_in(course, "ann", solved(course.lecture(ID)))
    hand_in(course, "ben", fill(course.lecture(ID), {}))
    with pytest.raises(WorkerError, match=r"worker tcp://\S+: it has another version of the grader \(other code\): install the same"):
        run(course, scheduler=dask.address)
    dask.worker("new")
    assert all(result.graded for result in run(course, scheduler=dask.address))


def test_a_worker_that_cannot_load_the_grader_is_passed_over(course, dask, tmp_path):
    (other_version(tmp_path / "none") / "autograder" / "runners" / "dask_cluster.py").write_text("")
    dask.worker("empty", tmp_path / "none")
    slow_class(course, 3)
    with pytest.raises(WorkerError, match="it can't load the grader"):
        run(course, scheduler=dask.address)
    dask.worker("new")
    assert all(result.graded for result in run(course, scheduler=dask.address))


def command(course: Course, address: str, *more: str, first: str = "") -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", f"{first}\nfrom autograder.cli import main; main()", "grade", ID, "--scheduler", address, *more]
    return subprocess.Popen(arguments, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_a_scheduler_that_goes_away_ends_the_run_with_a_sentence_and_what_is_done_is_kept(course, dask, how):
    dask.worker("one")
    slow_class(course, 12)
    kept = course.root / ".autograder" / "results"
    process = command(
        course, dask.address, "--json", "-", first="from autograder.runners import dask_cluster as cluster; cluster.REPLY_SECONDS = 2"
    )
    until(lambda: len(list(kept.glob("*.json"))) >= 2)
    getattr(dask, how)("scheduler")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "has gone away; what was graded is kept, and the same command goes on from there" in err and "Traceback" not in err
    graded = json.loads(out)["results"]
    assert 2 <= len(graded) < 12 and all(result["graded"] for result in graded)
    assert len(list(kept.glob("*.json"))) == len(graded)
    assert len(list((course.root / "autograded").iterdir())) == len(graded)


def test_a_scheduler_that_is_not_there_gets_a_sentence(course, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    slow_class(course, 1)
    with pytest.raises(WorkerError, match=r"there is no Dask scheduler at tcp://127.0.0.1:9"):
        run(course, scheduler="tcp://127.0.0.1:9")
    for nonsense in ("localhost", "nonsense://127.0.0.1:9", "tcp://127.0.0.1:port"):
        with pytest.raises(WorkerError, match="there is no Dask scheduler at"):
            cluster.Cluster(nonsense)


def test_a_scheduler_without_workers_gets_a_sentence(course, dask, monkeypatch):
    monkeypatch.setattr(cluster, "NO_WORKERS_SECONDS", 1)
    slow_class(course, 1)
    with pytest.raises(WorkerError, match="has no workers: start some with «dask worker tcp://"):
        run(course, scheduler=dask.address)


def test_without_dask_a_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WorkerError, match="pip install distributed"):
        cluster.Cluster("tcp://127.0.0.1:9")


def test_dask_is_imported_only_for_a_cluster(tmp_path):
    path = write(fill(HERE.lecture(ID), {}), tmp_path / "ann.ipynb")
    code = (
        "import sys; from autograder.runners.class_run import *; from autograder.model.course import find_course; "
        f"print(len(list(grade(handins([{str(path)!r}], find_course()), find_course(), Options(cache=False))))); "
        "assert 'distributed' not in sys.modules and 'dask' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.root, capture_output=True, text=True, timeout=SECONDS)
    assert done.stdout.strip() == "1", done.stderr
