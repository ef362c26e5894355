"""The limit of the host's own work on one submission (`Limits.host_seconds`).

Counted is the processor time of the judging thread: comparisons, decoding, callbacks, diagnosis. Time in which the host waits for the
guest isn't counted. Each exercise has an equal share of the limit. The clock is checked at each call of a student's function, each
callback, each call of the reference and each trial of the diagnosis. The work between two checks is bounded, because the size of messages
is. So no signal is needed, and it works in any thread.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic, thread_time

_here = threading.local()


class Overdue(BaseException):
    """An exercise has used up its share of host_seconds. A BaseException, because tests and callbacks catch `Exception`."""


class HostClock:
    """The host's processor time for one submission. A context manager: inside it, `check` uses this clock.

    Parameters
    ----------
    seconds : float
        The limit for all exercises together, `Limits.host_seconds`.
    exercises : int
        Number of exercises that share the limit.
    """

    def __init__(self, seconds: float, exercises: int) -> None:
        self._seconds, self._share = seconds, seconds / max(exercises, 1)
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._exercise, self._since = "", thread_time()
        self._due = inf  # by the wall clock, which runs at least as fast: before it, the processor's needn't be read, which takes longer

    def __enter__(self) -> HostClock:
        self._outer = getattr(_here, "clock", None)
        _here.clock = self
        return self

    def __exit__(self, *exception: object) -> None:
        _here.clock = self._outer

    def turn_to(self, exercise: str) -> None:
        """Count the time from now on for an exercise; with an empty name, for none."""
        now = thread_time()
        self._spent[self._exercise] += now - self._since
        self._exercise, self._since = exercise, now
        self._due = monotonic() + self._share - self._spent[exercise] if exercise else inf

    def _left(self) -> float:
        """Return the seconds of its share that the exercise has left."""
        return self._share - self._spent[self._exercise] - (thread_time() - self._since)

    def check(self) -> None:
        """Raise if the exercise has used up its share.

        Raises
        ------
        Overdue
        """
        if monotonic() < self._due:
            return
        left = self._left()
        self._due = monotonic() + left
        if left <= 0:
            raise Overdue(
                f"judging the answers of {self._exercise} took the grader more than {self._share:.3g} s "
                f"(its share of the limit host_seconds, {self._seconds:g} s for all exercises)"
            )


def check() -> None:
    """Check the clock of the submission that is being judged in this thread, if there is one.

    Raises
    ------
    Overdue
        If the exercise has used up its share.
    """
    clock = getattr(_here, "clock", None)
    if clock is not None:
        clock.check()


@contextmanager
def uncounted() -> Iterator[None]:
    """Don't count the time in this context, for work whose result is cached for all submissions."""
    clock = getattr(_here, "clock", None)
    if clock is None:
        yield
        return
    exercise = clock._exercise
    clock.turn_to("")
    try:
        yield
    finally:
        clock.turn_to(exercise)
