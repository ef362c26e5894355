"""How long the host may work on one submission.

What is counted is the processor time of the thread that judges: comparing, decoding, answering callbacks, diagnosis. The time in which the
host waits for the guest isn't, and neither is the load of the machine. Each exercise has an equal share of the limit, so that none uses up
what the others need. The clock is looked at where the work goes on: at each call of a student's function, each callback, each call of the
reference and each trial of the diagnosis. Between two of these lies a bounded amount of work, because the size of what a guest may send is
bounded. That needs no signal, and holds in any thread.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time

_here = threading.local()


class Overdue(BaseException):
    """The host has worked on an exercise as long as it may. Not an `Exception`: tests and callbacks take those for a student's fault."""


class HostClock:
    """The host's processor time for one submission. A context manager: within it, `check` looks at this clock.

    Parameters
    ----------
    seconds : float
        The limit for all exercises together, `Limits.host_seconds`.
    exercises : int
        How many share it.
    """

    def __init__(self, seconds: float, exercises: int) -> None:
        self._seconds, self._share = seconds, seconds / max(exercises, 1)
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._exercise, self._since = "", thread_time()

    def __enter__(self) -> HostClock:
        self._outer = getattr(_here, "clock", None)
        _here.clock = self
        return self

    def __exit__(self, *exception: object) -> None:
        _here.clock = self._outer

    def turn_to(self, exercise: str) -> None:
        """Say which exercise the work to come is for; with an empty name, that it is for none of them."""
        now = thread_time()
        self._spent[self._exercise] += now - self._since
        self._exercise, self._since = exercise, now

    def check(self) -> None:
        """Raise where the exercise has used up its share.

        Raises
        ------
        Overdue
        """
        if self._exercise and self._spent[self._exercise] + thread_time() - self._since > self._share:
            raise Overdue(
                f"judging the answers of {self._exercise} took the grader more than {self._share:.3g} s "
                f"(its share of the limit host_seconds, {self._seconds:g} s for all exercises)"
            )


def check() -> None:
    """Look at the clock of the submission that is being judged in this thread, if there is one.

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
    """Count nothing meanwhile: for what is the same for every submission, and computed once."""
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
