"""Workers on this machine: this process, or a pool of processes. `autograder.runners.dask_cluster` has the same interface.

Each worker has a queue of a few tasks. Each task comes back once, as a `Done` with a result or with the reason why there is none.
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

QUEUE_LENGTH = 8  # tasks for each worker: enough for the half second in which the host imports nbgrader
TRIES = 2  # a task is given up when so many processes have died of it


@dataclass
class Job:
    """A submitted task: the caller's key, the encoded task, and the number of processes that died of it."""

    key: str
    task: bytes
    deaths: int = 0


@dataclass(frozen=True)
class Done:
    """The outcome of a task: a result, or the reason why there is none."""

    key: str
    result: SubmissionResult | None
    why: str = ""


def work(message: bytes) -> bytes:
    """Grade a task in the current process; see `autograder.runners.worker.work`."""
    from autograder.runners.worker import work

    return work(message)


class Workers(AbstractContextManager["Workers"], Protocol):
    """The interface of a set of workers."""

    @property
    def full(self) -> bool:
        """Whether the queues of all workers are full."""

    def submit(self, job: Job) -> None:
        """Send a task to a worker."""

    def no_more(self) -> None:
        """Announce that no other task will be submitted."""

    def done(self) -> Iterator[Done]:
        """Wait for at least one task, and yield all that are done.

        Raises
        ------
        AutograderError
            If no worker can grade.
        """


class ThisProcess:
    """Grades in this process, one task after the other."""

    def __init__(self) -> None:
        self._job: Job | None = None

    def __enter__(self) -> ThisProcess:
        return self

    def __exit__(self, *error: object) -> None:
        from autograder.runners.worker import close_sandbox

        close_sandbox()

    @property
    def full(self) -> bool:
        """Whether a task is waiting."""
        return self._job is not None

    def submit(self, job: Job) -> None:
        """Store the task for `done`."""
        self._job = job

    def no_more(self) -> None:
        """Do nothing."""

    def done(self) -> Iterator[Done]:
        """Grade the stored task."""
        job, self._job = self._job, None
        if job is not None:
            future: Future[bytes] = Future()
            try:
                future.set_result(work(job.task))
            except Exception as error:
                future.set_exception(error)
            yield _outcome_here(job, future)


def outcome(job: Job, future: Future[bytes]) -> Done:
    """Return the outcome of a task from its finished future. Unexpected errors concern this task alone.

    Raises
    ------
    AutograderError
        If the worker can't grade any task.
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
    """Return the outcome of a task on this machine, where a `WorkerError` means that the grader's files were edited during the run."""
    try:
        return outcome(job, future)
    except WorkerError:
        raise WorkerError(
            "the grader's files were changed while it was at work: run the same command again, it goes on from there"
        ) from None


class LocalProcesses:
    """Grades in processes of this machine.

    Each process has a queue of its own, so the task that it died of is known: that task is retried in a new process, and the others in the
    queue are submitted again.

    Parameters
    ----------
    count : int
        Number of processes. Each is started with its first task.
    """

    def __init__(self, count: int) -> None:
        self._processes = [_Process() for _ in range(count)]

    def __enter__(self) -> LocalProcesses:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None:  # such as Ctrl-C: don't wait for running tasks
            for process in self._processes:
                process.kill()
        for process in self._processes:
            process.stop()

    @property
    def full(self) -> bool:
        """Whether the queues of all processes are full."""
        return all(len(process.queue) >= QUEUE_LENGTH for process in self._processes)

    def submit(self, job: Job) -> None:
        """Send a task to the process with the shortest queue."""
        min(self._processes, key=lambda process: len(process.queue)).submit(job)

    def no_more(self) -> None:
        """Let each process exit when its queue is empty."""
        for process in self._processes:
            process.no_more()

    def done(self) -> Iterator[Done]:
        """Wait for at least one task, and yield all that are done."""
        wait([future for process in self._processes for _, future in process.queue], return_when=FIRST_COMPLETED)
        for process in self._processes:
            yield from process.done()


class _Process:
    """A process and its queue of tasks, the running one first."""

    def __init__(self) -> None:
        self.queue: deque[tuple[Job, Future[bytes]]] = deque()
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, job: Job) -> None:
        if self._pool is None:
            self._pool = _one_process()
        try:
            with without_interrupts():
                self.queue.append((job, self._pool.submit(work, job.task)))
        except BrokenProcessPool as error:  # the process died while it was idle, or just now
            broken: Future[bytes] = Future()
            broken.set_exception(error)
            self.queue.append((job, broken))

    def done(self) -> Iterator[Done]:
        while self.queue and self.queue[0][1].done():
            job, future = self.queue.popleft()
            if isinstance(future.exception(), BrokenProcessPool):
                yield from self._after_death_of(job)
            else:
                yield _outcome_here(job, future)

    def _after_death_of(self, job: Job) -> Iterator[Done]:
        """Submit the queue again to a new process, with `job` unless too many processes have died of it."""
        again = [job, *(other for other, _ in self.queue)]
        self.queue.clear()
        self.stop()
        job.deaths += 1
        if job.deaths >= TRIES:
            again.remove(job)
            yield Done(job.key, None, TOO_MANY_DEATHS)
        for each in again:
            self.submit(each)

    def kill(self) -> None:
        for process in list((self._pool and self._pool._processes) or ()):  # Python 3.14 has a public method
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

    def no_more(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    def stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


TOO_MANY_DEATHS = (
    f"it has brought down {TRIES} grading processes (killed from outside, perhaps because memory ran out): look at it, and grade it again"
)


def _one_process() -> ProcessPoolExecutor:
    # BLAS reads these when NumPy is imported; more threads than cores would make every guest slower
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_initialise)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Block SIGINT, also in processes started in this context, which Ctrl-C reaches, too: while they start they would print a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _initialise() -> None:
    """Initialise a worker process: ignore SIGINT, which the host handles. Zygote and guests don't inherit the handler."""
    signal.signal(signal.SIGINT, lambda *signalled: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _end_with_parent()
    from autograder.runners.worker import make_ready

    make_ready()


def _end_with_parent() -> None:
    """Exit when the host dies, which a worker that waits for a task wouldn't notice."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait_for([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
