"""Grades on an existing Dask cluster: ``autograder grade LECTURE --scheduler tcp://host:port``.

A task travels as bytes and its reply comes back as bytes, so workers need the installed package and nothing else. Dask gives the tasks
of a worker that dies to another one. A worker that can't grade as this machine would is passed over from then on. Dask is imported only
when a cluster is asked for.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .errors import SandboxUnavailable, WorkerError, in_one_line
from .executors import AHEAD, Done, Job, outcome
from .task import work

if TYPE_CHECKING:
    import distributed

CONNECT_SECONDS = 10
ALONE_SECONDS = 30.0  # how long to wait for a worker where there is none: one that died is started again by its nanny
LOOK_SECONDS = 1.0  # how often to look whether the cluster is still there

GO_ON = "what was graded is kept, and the same command goes on from there"


class Cluster:
    """Grades on the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        The scheduler's, as ``tcp://host:port``.

    Raises
    ------
    WorkerError
        If Dask isn't installed, or there is no scheduler.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self._jobs: dict[Future[tuple[str, bytes]], Job] = {}
        self._asked: dict[Future[tuple[str, bytes]], distributed.Future] = {}
        self._refusals: dict[str, str] = {}
        self._seen: set[str] = set()
        self._looked, self._last_seen = 0.0, time.monotonic()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Exception):  # it may have gone
            self._client.cancel(list(self._asked.values()), force=True)
        with suppress(Exception):
            self._client.close(timeout=CONNECT_SECONDS)

    @property
    def full(self) -> bool:
        """Whether every worker has its next task."""
        self._look()
        return len(self._jobs) >= AHEAD * max(1, len(self._usable()))

    def submit(self, job: Job) -> None:
        """Send a task to a worker that can grade."""
        self._look()
        chosen = self._usable() if self._refusals else None
        try:
            # its own key: Dask must not take two tasks of one text for one
            asked = self._client.submit(_work, job.task, pure=False, workers=chosen or None, allow_other_workers=False)
        except Exception as error:
            raise self._lost() from error
        future: Future[tuple[str, bytes]] = Future()
        self._jobs[future], self._asked[future] = job, asked
        asked.add_done_callback(lambda asked: _pass_on(asked, future))

    def done(self) -> Iterator[Done]:
        """Wait for a worker, and yield what all have done."""
        while not (ready := wait(self._jobs, LOOK_SECONDS, FIRST_COMPLETED).done):
            self._look()
        for future in ready:
            job, _ = self._jobs.pop(future), self._asked.pop(future)
            yield from self._outcome(job, future)

    def _outcome(self, job: Job, future: Future[tuple[str, bytes]]) -> Iterator[Done]:
        from distributed import KilledWorker

        error = future.exception()
        if _is_lost(error):
            raise self._lost()
        if isinstance(error, KilledWorker):
            yield Done(job.key, None, f"it has brought down several workers of the cluster, {_last(error)}: look at it, and grade it again")
        elif isinstance(error, (ImportError, AttributeError)):  # it could not even load our function
            self._look_for_strangers()
            self.submit(job)
        elif error is not None:
            yield outcome(job, _failed(error))
        else:
            yield from self._reply(job, *future.result())

    def _reply(self, job: Job, worker: str, reply: bytes) -> Iterator[Done]:
        told: Future[bytes] = Future()
        told.set_result(reply)
        try:
            yield outcome(job, told)
        except (WorkerError, SandboxUnavailable) as error:
            self._refusals[worker] = f"worker {worker}: {error}"
            self._look(now=True)
            self.submit(job)

    def _usable(self) -> list[str]:
        return sorted(self._seen - self._refusals.keys())

    def _look(self, now: bool = False) -> None:
        """Look who is there, now and then; complain where nobody is."""
        if self._client.status != "running":
            raise self._lost()
        moment = time.monotonic()
        if not now and self._usable() and moment - self._looked < LOOK_SECONDS:
            return
        try:
            self._seen = set(self._client.nthreads())
        except Exception as error:
            raise self._lost() from error
        self._looked = moment
        if self._usable():
            self._last_seen = moment
        elif self._seen:
            raise WorkerError(f"no worker of {self._address} can grade. {'; '.join(sorted(self._refusals.values())[:3])}")
        elif moment - self._last_seen > ALONE_SECONDS:
            raise WorkerError(f"the scheduler {self._address} has no workers: start some with «dask worker {self._address}»; {GO_ON}")
        else:
            time.sleep(LOOK_SECONDS / 10)

    def _look_for_strangers(self) -> None:
        """Find the workers that haven't got the package, or one that has no such function."""
        answers: dict[str, Any] = self._client.run(_work, b"", on_error="return")
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                self._refusals[worker] = (
                    f"worker {worker}: it can't load the grader ({in_one_line(str(answer), 200)}): install the same there"
                )
        self._look(now=True)

    def _lost(self) -> WorkerError:
        return WorkerError(f"the scheduler {self._address} has gone away; {GO_ON}")


def _work(message: bytes) -> tuple[str, bytes]:
    """Grade on a worker, and say which one it is; without a message, only that."""
    from distributed import get_worker

    return get_worker().address, work(message) if message else b""


def _pass_on(asked: distributed.Future, future: Future[tuple[str, bytes]]) -> None:
    """Let a future of ours have the outcome of Dask's, which is fetched here, in Dask's own thread."""
    try:
        future.set_result(asked.result())
    except BaseException as error:
        future.set_exception(error)


def _failed(error: BaseException) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_exception(error)
    return future


def _is_lost(error: BaseException | None) -> bool:
    """Tell whether Dask gave a task up because there is no scheduler any more."""
    from distributed import CommClosedError
    from distributed.client import FutureCancelledError

    return isinstance(error, (CancelledError, FutureCancelledError, CommClosedError))


def _last(error: Any) -> str:
    worker = getattr(error, "last_worker", None)
    return f"the last of them {worker.address}" if worker is not None else "one after the other"


def _connected(address: str) -> distributed.Client:
    try:
        from distributed import Client
    except ImportError:
        raise WorkerError("--scheduler needs Dask, which isn't installed: «pip install distributed» adds it") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said in our own words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions of Dask's: what matters to marks is compared with each task
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        said = in_one_line(str(error), 200) or type(error).__name__
        raise WorkerError(f"there is no Dask scheduler at {in_one_line(address)}, or it can't be reached from here: {said}") from None
