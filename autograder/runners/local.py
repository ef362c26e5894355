"""Who grades: this process, or processes on this machine; `autograder.runners.dask_cluster` is the third way, and looks the same.

A few tasks for each worker are on their way at any time, however large the class. Each comes back once: with the worker's reply, or with
the reason why it has none.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from typing import Protocol

from autograder.errors import AutograderError, Shortage, WorkerError, in_one_line
from autograder.model.results import SubmissionResult
from autograder.runners.protocol import result_in

AHEAD = 8  # tasks a worker: the one that it is at, and those of the half second in which the host imports nbgrader
TRIES = 2  # how many processes a task may bring down


@dataclass
class Job:
    """A task on its way: the key that the caller knows it by, its bytes, and how many processes have died of it."""

    key: str
    task: bytes
    deaths: int = 0


@dataclass(frozen=True)
class Done:
    """What became of a task: a result, or why there is none."""

    key: str
    result: SubmissionResult | None
    why: str = ""


def work(message: bytes) -> bytes:
    """Grade a task in the process that this is called in; see `autograder.runners.worker.work`."""
    from autograder.runners.worker import work

    return work(message)


class Workers(AbstractContextManager["Workers"], Protocol):
    """Who grades."""

    @property
    def full(self) -> bool:
        """Whether there are as many tasks on their way as make sense."""

    def submit(self, job: Job) -> None:
        """Send a task on its way."""

    def no_more(self) -> None:
        """Say that no other task will be submitted."""

    def done(self) -> Iterator[Done]:
        """Wait until a task has come back, and yield all that have.

        Raises
        ------
        AutograderError
            If nobody is left who could grade.
        """


class ThisProcess:
    """Grades in this process, one after the other."""

    def __init__(self) -> None:
        self._job: Job | None = None

    def __enter__(self) -> ThisProcess:
        return self

    def __exit__(self, *error: object) -> None:
        from autograder.runners.worker import close_sandbox

        close_sandbox()

    @property
    def full(self) -> bool:
        """Whether a task is there."""
        return self._job is not None

    def submit(self, job: Job) -> None:
        """Take a task."""
        self._job = job

    def no_more(self) -> None:
        """Go on as before."""

    def done(self) -> Iterator[Done]:
        """Grade it."""
        job, self._job = self._job, None
        if job is not None:
            future: Future[bytes] = Future()
            try:
                future.set_result(work(job.task))
            except Exception as error:
                future.set_exception(error)
            yield _outcome_here(job, future)


def outcome(job: Job, future: Future[bytes]) -> Done:
    """Return what a future that is done says of its task; an error that isn't known costs this task alone.

    Raises
    ------
    AutograderError
        If the worker said that it can't grade.
    """
    try:
        return Done(job.key, result_in(future.result()))
    except Shortage as error:
        return Done(job.key, None, str(error))
    except AutograderError:
        raise
    except Exception as error:
        return Done(job.key, None, f"grading it failed ({in_one_line(f'{type(error).__name__}: {error}')}); please report this")


def _outcome_here(job: Job, future: Future[bytes]) -> Done:
    """Return the outcome of a task on this machine, where another version means that somebody has edited the grader meanwhile."""
    try:
        return outcome(job, future)
    except WorkerError:
        raise WorkerError(
            "the grader's files were changed while it was at work: run the same command again, it goes on from there"
        ) from None


class LocalProcesses:
    """Grades in processes of this machine.

    Each process has a queue of its own, so that it is known which task one has died of: that one is tried again in a fresh process, and
    nobody else loses anything.

    Parameters
    ----------
    count : int
        How many processes. Each starts when there is something for it to do.
    """

    def __init__(self, count: int) -> None:
        self._lanes = [_Lane() for _ in range(count)]

    def __enter__(self) -> LocalProcesses:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None:  # Ctrl-C, for one: nobody waits for what they are at
            for lane in self._lanes:
                lane.kill()
        for lane in self._lanes:
            lane.stop()

    @property
    def full(self) -> bool:
        """Whether every process has its next task."""
        return all(len(lane.given) >= AHEAD for lane in self._lanes)

    def submit(self, job: Job) -> None:
        """Give a task to the process that has least to do."""
        min(self._lanes, key=lambda lane: len(lane.given)).submit(job)

    def no_more(self) -> None:
        """Let each process end as soon as it has done what it was given."""
        for lane in self._lanes:
            lane.no_more()

    def done(self) -> Iterator[Done]:
        """Wait for a process, and yield what all have done."""
        wait([future for lane in self._lanes for _, future in lane.given], return_when=FIRST_COMPLETED)
        for lane in self._lanes:
            yield from lane.done()


class _Lane:
    """One process, and what it has been given, the oldest first: that is what it is at."""

    def __init__(self) -> None:
        self.given: deque[tuple[Job, Future[bytes]]] = deque()
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, job: Job) -> None:
        if self._pool is None:
            self._pool = _one_process()
        try:
            with without_interrupts():
                self.given.append((job, self._pool.submit(work, job.task)))
        except BrokenProcessPool as error:  # it died when it had nothing to do, or a moment ago
            broken: Future[bytes] = Future()
            broken.set_exception(error)
            self.given.append((job, broken))

    def done(self) -> Iterator[Done]:
        while self.given and self.given[0][1].done():
            job, future = self.given.popleft()
            if isinstance(future.exception(), BrokenProcessPool):
                yield from self._after_death_of(job)
            else:
                yield _outcome_here(job, future)

    def _after_death_of(self, job: Job) -> Iterator[Done]:
        """Go on in a fresh process; what stood behind `job` in the queue has nothing to do with it."""
        again = [job, *(other for other, _ in self.given)]
        self.given.clear()
        self.stop()
        job.deaths += 1
        if job.deaths >= TRIES:
            again.remove(job)
            yield Done(job.key, None, DEADLY)
        for each in again:
            self.submit(each)

    def kill(self) -> None:
        for process in list((self._pool and self._pool._processes) or ()):  # there is no public way before Python 3.14
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    def no_more(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    def stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


DEADLY = f"it has brought down {TRIES} grading processes (killed from outside, perhaps for want of memory): look at it, and grade it again"


def _one_process() -> ProcessPoolExecutor:
    # BLAS reads these when NumPy is imported; more threads than cores would make every guest slower
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let a process that is started now begin deaf to Ctrl-C: a terminal sends it to all, and this one would answer with a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Make a new process ready; what Ctrl-C does is the host's business. A handler isn't passed on to zygote and guests."""
    signal.signal(signal.SIGINT, lambda *signalled: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _end_with_parent()
    from autograder.runners.worker import make_ready

    make_ready()


def _end_with_parent() -> None:
    """Watch the host: a worker that waits for its next task wouldn't notice that the host was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
