"""Grades on an existing Dask cluster: ``autograder grade LECTURE --scheduler tcp://host:port``.

A task travels as bytes and its reply comes back as bytes, so workers need the installed package and nothing else. Dask gives the tasks
of a worker that dies to another one. A worker that can't grade as this machine would, or that isn't heard of for longer than a submission
can take, is passed over from then on. Dask is imported only when a cluster is asked for.
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
ALONE_SECONDS = 30.0  # how long to wait for a worker where there is none: one that died is started again by its nanny
AHEAD = 2  # tasks a worker: the one that it is at, and the next one, so that it never waits for the host
LOOK_SECONDS = 1.0  # how often to look whether the cluster is still there
ANSWER_SECONDS = 30.0  # how long the scheduler, or a worker, may take for a word that needs no work
GRACE_SECONDS = 120.0  # what a worker may take for a task beyond its guests' own time: imports, the suite, the diagnosis
NOBODY = ""  # who has the tasks that the scheduler hasn't given to a worker

DEADLY = "several workers of the cluster died of it (for want of memory?): look at it, and grade it again"
SILENT = "there was no answer within {:g} s, at the second try either: look at it and at the workers of the cluster, and grade it again"
GO_ON = "what was graded is kept, and the same command goes on from there"


class _Silent(Exception):
    """There is no answer, though a worker has had a task for longer than any can take."""


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
        self._suspects: deque[Job] = deque()
        self._refusals: dict[str, str] = {}
        self._seen: set[str] = set()
        self._moved: dict[str, float] = {}  # when each worker last had none of our tasks, or finished one
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
        """Whether every worker has its next task, or a suspect is to be alone."""
        self._look()
        alone = self._suspects or any(job.deaths for job in self._jobs.values())
        return bool(alone) or len(self._jobs) >= AHEAD * max(1, len(self._usable()))

    def no_more(self) -> None:
        """Go on as before."""

    def submit(self, job: Job) -> None:
        """Send a task to a worker that can grade."""
        self._look()
        chosen = self._usable() if self._refusals else None
        try:
            asked = self._client.submit(eval, CALL, {"task": job.task}, pure=False, workers=chosen or None, allow_other_workers=False)
        except Exception as error:
            raise self._lost() from error
        future: Future[tuple[str, bytes]] = Future()
        self._jobs[future], self._asked[future] = job, asked
        asked.add_done_callback(lambda asked: self._pass_on(asked, future))

    def done(self) -> Iterator[Done]:
        """Wait for a worker, and yield what all have done."""
        if not self._jobs and self._suspects:
            self.submit(self._suspects.popleft())
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
            yield from self._alone(job, DEADLY)
        elif isinstance(error, _Silent):
            yield from self._alone(job, str(error))
        elif isinstance(error, (ImportError, AttributeError)):  # it hasn't got our function
            self._look_for_strangers()
            self.submit(job)
        elif error is not None:
            yield outcome(job, _failed(error))
        else:
            yield from self._reply(job, *future.result())

    def _alone(self, job: Job, why: str) -> Iterator[Done]:
        """Try a task alone, once: all tasks of a worker that dies (Dask gives one up after some deaths), or is silent, are suspects."""
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
            self._look(now=True)
            self.submit(job)

    def _usable(self) -> list[str]:
        return sorted(self._seen - self._refusals.keys())

    def _look(self, now: bool = False) -> None:
        """Look who is there, now and then; complain where nobody is."""
        if self._client.status != "running":
            raise self._lost()
        if not now and self._usable() and time.monotonic() - self._looked < LOOK_SECONDS:
            return
        try:
            held = self._client.sync(self._client.scheduler.processing, callback_timeout=ANSWER_SECONDS)
        except Exception as error:
            raise self._lost() from error
        moment = self._looked = time.monotonic()
        self._seen = set(held)
        if self._usable():
            self._last_seen = moment
            self._notice_silence(held, moment)
        elif self._seen:
            raise WorkerError(f"no worker of {self._address} can grade. {'; '.join(sorted(self._refusals.values())[:3])}")
        elif moment - self._last_seen > ALONE_SECONDS:
            raise WorkerError(f"the scheduler {self._address} has no workers: start some with «dask worker {self._address}»; {GO_ON}")
        else:
            time.sleep(LOOK_SECONDS / 10)

    def _notice_silence(self, held: Mapping[str, Collection[Any]], moment: float) -> None:
        """Take tasks away from a worker of which nothing was heard for longer than one can take: it hangs, or has been cut off.

        A worker grades one submission after the other, so while tasks wait in its queue it is heard of again and again. Behind somebody
        else's tasks ours may wait for ever.
        """
        ours = {asked.key: future for future, asked in self._asked.items() if not future.done()}
        with_nobody = ours.keys() ^ {key for keys in held.values() for key in keys}  # and all that isn't ours
        for worker, keys in {**held, NOBODY: with_nobody}.items():
            futures = [ours[key] for key in keys if key in ours]
            if not futures or len(futures) < len(keys):
                self._moved[worker] = moment
            elif (silent := moment - self._moved.setdefault(worker, moment)) > GRACE_SECONDS:
                self._take_away(worker, futures, silent)

    def _take_away(self, worker: str, futures: list[Future[tuple[str, bytes]]], silent: float) -> None:
        """Take tasks away from a worker, if the longest of them can't have taken so long, and pass it over from now on."""
        seconds = max(_most_seconds(self._jobs[future]) for future in futures)
        if silent <= seconds:
            return
        if worker != NOBODY:
            self._refusals[worker] = f"worker {worker}: no answer within {seconds:g} s: start it again"
        for future in futures:
            with suppress(InvalidStateError):  # its answer came at this very moment
                future.set_exception(_Silent(SILENT.format(seconds)))
        self._client.cancel([self._asked[future] for future in futures], force=True)

    def _look_for_strangers(self) -> None:
        """Find the workers that haven't got the package, or one without our function; they are asked by nothing but Python's own."""
        for worker in self._usable():
            try:
                self._client.run(resolve_name, f"{__name__}:{signed.__name__}", workers=[worker], callback_timeout=ANSWER_SECONDS)
            except Exception as error:
                said = in_one_line(str(error), 200)
                self._refusals[worker] = f"worker {worker}: it can't load the grader ({said}): install the same there"
        self._look(now=True)

    def _pass_on(self, asked: distributed.Future, future: Future[tuple[str, bytes]]) -> None:
        """Let a future of ours have the outcome of Dask's, which is fetched here, in Dask's own thread: the host may be busy.

        What comes after we have given up waiting is forgotten.
        """
        with suppress(InvalidStateError):
            try:
                answer = asked.result()
                self._moved[answer[0]] = self._moved[NOBODY] = time.monotonic()
                future.set_result(answer)
            except BaseException as error:
                future.set_exception(error)

    def _lost(self) -> WorkerError:
        return WorkerError(f"the scheduler {self._address} has gone away; {GO_ON}")


def signed(task: bytes) -> tuple[str, bytes]:
    """Grade on a worker; return its address with the reply."""
    from distributed import get_worker

    return get_worker().address, work(task)


# A worker of Dask's ends when it is sent a function that it hasn't got, and then the next one is sent it. So it is told the name.
CALL = f"__import__({__name__!r}, fromlist=['signed']).signed(task)"


def _most_seconds(job: Job) -> float:
    """Return how long a worker can be at a task: its code may run twice, for a submission whose process was killed is graded again."""
    limits = json.loads(job.task)["limits"]
    return 2 * (float(limits["total_seconds"]) + float(limits["host_seconds"])) + GRACE_SECONDS


def _failed(error: BaseException) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_exception(error)
    return future


def _is_lost(error: BaseException | None) -> bool:
    """Tell whether Dask gave a task up because there is no scheduler any more."""
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    return isinstance(error, (CancelledError, FutureCancelledError, CommClosedError))


def _connected(address: str) -> distributed.Client:
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port
    except ImportError:
        raise WorkerError("--scheduler needs Dask, which isn't installed: «pip install distributed» adds it") from None
    for name in [*logging.root.manager.loggerDict]:  # what goes wrong is said in our own words
        if name.split(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions of Dask's: what matters to marks is compared with each task
            get_address_host_port(address)  # a client complains at length about what is no address
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        said = in_one_line(str(error), 200) or type(error).__name__
        raise WorkerError(f"there is no Dask scheduler at {in_one_line(address)}, or it can't be reached from here: {said}") from None
