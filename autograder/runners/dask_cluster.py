"""Workers on an existing Dask cluster: ``autograder grade LECTURE --scheduler tcp://host:port``.

Tasks and replies are bytes, so workers need only the installed package. Dask moves the tasks of a worker that dies to another one. A worker
with another version of the grader, or without a reply for longer than a submission can take, gets no more tasks. Dask is imported only when
a cluster is used.
"""

from __future__ import annotations

import json
import logging
import time
import warnings
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, InvalidStateError, wait
from contextlib import suppress
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from autograder.errors import SandboxUnavailable, WorkerError, in_one_line
from autograder.runners.local import TRIES, Done, Job, outcome
from autograder.runners.worker import work

if TYPE_CHECKING:
    import distributed

CONNECT_SECONDS = 10
NO_WORKERS_SECONDS = 30.0  # how long to wait where the cluster has no workers: a nanny starts a dead one again
QUEUE_LENGTH = 2  # tasks for each worker: the running one and the next
POLL_SECONDS = 1.0  # time between two polls of the scheduler
REPLY_SECONDS = 30.0  # timeout for a reply of the scheduler or a worker that needs no work
GRACE_SECONDS = 120.0  # time for a task in addition to its guests' limits: imports, the suite, the diagnosis
SCHEDULER = ""  # stands for the "worker" of tasks that the scheduler hasn't assigned

TOO_MANY_DEATHS = "several workers of the cluster died of it (out of memory?): look at it, and grade it again"
NO_REPLY = "there was no answer within {:g} s, at the second try either: look at it and at the workers of the cluster, and grade it again"
RESUME = "what was graded is kept, and the same command goes on from there"


class _NoReply(Exception):
    """No reply to a task within the longest time that it can take."""


class Cluster:
    """Grades on the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        Address of the scheduler, as ``tcp://host:port``.

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
        self._suspects: deque[Job] = deque()
        self._refusals: dict[str, str] = {}
        self._seen: set[str] = set()
        self._moved: dict[str, float] = {}  # when each worker last had none of our tasks, or finished one
        self._polled, self._last_seen = 0.0, time.monotonic()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Exception):  # the scheduler may have gone
            self._client.cancel(list(self._asked.values()), force=True)
        with suppress(Exception):
            self._client.close(timeout=CONNECT_SECONDS)

    @property
    def full(self) -> bool:
        """Whether the queues of all workers are full, or a task is to be retried alone."""
        self._poll_workers()
        alone = self._suspects or any(job.deaths for job in self._jobs.values())
        return bool(alone) or len(self._jobs) >= QUEUE_LENGTH * max(1, len(self._usable()))

    def no_more(self) -> None:
        """Do nothing."""

    def submit(self, job: Job) -> None:
        """Submit a task, for the workers that can grade."""
        self._poll_workers()
        chosen = self._usable() if self._refusals else None
        try:
            asked = self._client.submit(eval, CALL, {"task": job.task}, pure=False, workers=chosen or None, allow_other_workers=False)
        except Exception as error:
            raise self._scheduler_lost() from error
        future: Future[tuple[str, bytes]] = Future()
        self._jobs[future], self._asked[future] = job, asked
        asked.add_done_callback(lambda asked: self._forward_result(asked, future))

    def done(self) -> Iterator[Done]:
        """Wait for at least one task, and yield all that are done."""
        if not self._jobs and self._suspects:
            self.submit(self._suspects.popleft())
        while not (ready := wait(self._jobs, POLL_SECONDS, FIRST_COMPLETED).done):
            self._poll_workers()
        for future in ready:
            job, _ = self._jobs.pop(future), self._asked.pop(future)
            yield from self._outcome(job, future)

    def _outcome(self, job: Job, future: Future[tuple[str, bytes]]) -> Iterator[Done]:
        from distributed import KilledWorker

        error = future.exception()
        if _is_lost(error):
            raise self._scheduler_lost()
        if isinstance(error, KilledWorker):
            yield from self._retry_alone(job, TOO_MANY_DEATHS)
        elif isinstance(error, _NoReply):
            yield from self._retry_alone(job, str(error))
        elif isinstance(error, (ImportError, AttributeError)):  # a worker lacks the package, or our function in it
            self._refuse_workers_without_package()
            self.submit(job)
        elif error is not None:
            yield outcome(job, _failed(error))
        else:
            yield from self._reply(job, *future.result())

    def _retry_alone(self, job: Job, why: str) -> Iterator[Done]:
        """Retry a task once with no other task in the cluster: it was on workers that died (as Dask counts), or didn't reply."""
        job.deaths += 1
        if job.deaths < TRIES:
            self._suspects.append(job)
        else:
            yield Done(job.key, None, why)

    def _reply(self, job: Job, worker: str, reply: bytes) -> Iterator[Done]:
        told: Future[bytes] = Future()
        told.set_result(reply)
        try:
            yield outcome(job, told)
        except (WorkerError, SandboxUnavailable) as error:
            self._refusals[worker] = f"worker {worker}: {error}"
            self._poll_workers(now=True)
            self.submit(job)

    def _usable(self) -> list[str]:
        return sorted(self._seen - self._refusals.keys())

    def _poll_workers(self, now: bool = False) -> None:
        """Update the list of workers every `POLL_SECONDS`, and raise WorkerError if none can grade."""
        if self._client.status != "running":
            raise self._scheduler_lost()
        if not now and self._usable() and time.monotonic() - self._polled < POLL_SECONDS:
            return
        try:
            held = self._client.sync(self._client.scheduler.processing, callback_timeout=REPLY_SECONDS)
        except Exception as error:
            raise self._scheduler_lost() from error
        moment = self._polled = time.monotonic()
        self._seen = set(held)
        if self._usable():
            self._last_seen = moment
            self._find_stuck_workers(held, moment)
        elif self._seen:
            raise WorkerError(f"no worker of {self._address} can grade. {'; '.join(sorted(self._refusals.values())[:3])}")
        elif moment - self._last_seen > NO_WORKERS_SECONDS:
            raise WorkerError(f"the scheduler {self._address} has no workers: start some with «dask worker {self._address}»; {RESUME}")
        else:
            time.sleep(POLL_SECONDS / 10)

    def _find_stuck_workers(self, held: Mapping[str, Collection[Any]], moment: float) -> None:
        """Cancel the tasks of workers that finished none for longer than a task can take: they hang, or are disconnected.

        A worker grades one task after the other, so it replies regularly while tasks wait in its queue. Workers that hold tasks of other
        clients aren't checked, because ours may wait behind them.
        """
        ours = {asked.key: future for future, asked in self._asked.items() if not future.done()}
        unassigned = ours.keys() ^ {key for keys in held.values() for key in keys}  # and tasks of other clients
        for worker, keys in {**held, SCHEDULER: unassigned}.items():
            futures = [ours[key] for key in keys if key in ours]
            if not futures or len(futures) < len(keys):
                self._moved[worker] = moment
            elif (silent := moment - self._moved.setdefault(worker, moment)) > GRACE_SECONDS:
                self._cancel_tasks(worker, futures, silent)

    def _cancel_tasks(self, worker: str, futures: list[Future[tuple[str, bytes]]], silent: float) -> None:
        """Cancel the tasks of a worker that has been silent for longer than the longest one can take, and refuse the worker."""
        seconds = max(_most_seconds(self._jobs[future]) for future in futures)
        if silent <= seconds:
            return
        if worker != SCHEDULER:
            self._refusals[worker] = f"worker {worker}: no answer within {seconds:g} s: start it again"
        for future in futures:
            with suppress(InvalidStateError):  # its reply has just arrived
                future.set_exception(_NoReply(NO_REPLY.format(seconds)))
        self._client.cancel([self._asked[future] for future in futures], force=True)

    def _refuse_workers_without_package(self) -> None:
        """Find and refuse the workers that can't import our function; `resolve_name` is in the standard library, so each of them has it."""
        for worker in self._usable():
            try:
                self._client.run(resolve_name, f"{__name__}:{signed.__name__}", workers=[worker], callback_timeout=REPLY_SECONDS)
            except Exception as error:
                said = in_one_line(str(error), 200)
                self._refusals[worker] = f"worker {worker}: it can't load the grader ({said}): install the same there"
        self._poll_workers(now=True)

    def _forward_result(self, asked: distributed.Future, future: Future[tuple[str, bytes]]) -> None:
        """Copy the outcome of Dask's future to ours. Runs in Dask's thread, so the result is fetched while the host is busy.

        The outcome of a cancelled task is dropped.
        """
        with suppress(InvalidStateError):
            try:
                answer = asked.result()
                self._moved[answer[0]] = self._moved[SCHEDULER] = time.monotonic()
                future.set_result(answer)
            except BaseException as error:
                future.set_exception(error)

    def _scheduler_lost(self) -> WorkerError:
        return WorkerError(f"the scheduler {self._address} has gone away; {RESUME}")


def signed(task: bytes) -> tuple[str, bytes]:
    """Grade on a worker; return its address with the reply."""
    from distributed import get_worker

    return get_worker().address, work(task)


# A Dask worker dies of a function that it can't import, and then the next one gets it. So the function is sent as an expression.
CALL = f"__import__({__name__!r}, fromlist=['signed']).signed(task)"


def _most_seconds(job: Job) -> float:
    """Return the longest time that a task can take: twice the limits, because a submission whose process was killed is graded again."""
    limits = json.loads(job.task)["limits"]
    return 2 * (float(limits["total_seconds"]) + float(limits["host_seconds"])) + GRACE_SECONDS


def _failed(error: BaseException) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_exception(error)
    return future


def _is_lost(error: BaseException | None) -> bool:
    """Tell whether Dask cancelled a task because the scheduler is gone."""
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    return isinstance(error, (CancelledError, FutureCancelledError, CommClosedError))


def _connected(address: str) -> distributed.Client:
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise WorkerError("--scheduler needs Dask, which isn't installed: «pip install distributed» adds it") from None
    for name in [*logging.root.manager.loggerDict]:  # errors are reported in our own messages
        if name.split(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about other versions of Dask; versions that affect marks are compared for each task
            get_address_host_port(address)  # checked first, because a client logs at length about a malformed address
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        said = in_one_line(str(error), 200) or type(error).__name__
        raise WorkerError(f"there is no Dask scheduler at {in_one_line(address)}, or it can't be reached from here: {said}") from None
