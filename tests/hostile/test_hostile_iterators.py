"""Iterators that lie, hang, end the process, or leave threads behind: each costs its own exercise, and nothing else."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from autograder.limits import Limits
from autograder.sandbox.host import Cell, Guest, Sandbox
from coursekit.streams import Source, Steps
from coursekit.student import Died, Raised, StudentError, Unreadable

CODE = """
import os, sys, threading, time
import numpy as np

def right(x):
    return x + 1

def draws(n, rng):
    for _ in range(n):
        yield rng.integers(10**9)

def draws_at_once(n, rng):
    return iter(rng.integers(10**9, size=n).tolist())

def ahead(items):
    taken, found = threading.Event(), []

    def take():
        for item in items:
            found.append(item)
            taken.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        taken.wait()
        yield found[0]
    finally:
        thread.join()

def leaks(items):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    yield from items

def says_no_thread(items):
    sys.modules["coursekit.streams"].METHODS["threads_end"] = lambda *anything: True
    return leaks(items)

def forged(kind):
    wrong = {"array": np.zeros(2), "number": 5, "dict": {1: 2}, "two": (1, 2), "iterator": iter([1]), "text": "", "object": object()}[kind]
    for method in ("next", "take", "within", "threads_end"):
        sys.modules["coursekit.streams"].METHODS[method] = lambda *anything: wrong
    return iter([])

def hangs_when_dropped():
    try:
        yield 1
    finally:
        threading.Event().wait()

def takes_for_ever(items):
    def take():
        while True:
            try:
                next(items)
            except Exception:
                pass
    for _ in range(8):
        threading.Thread(target=take, daemon=True).start()
    yield 1

def writes():
    def write():
        while True:
            time.sleep(0.001)
            os.write(3, b"x" * 100)
    threading.Thread(target=write, daemon=True).start()
    yield 1

def holds_the_lock(items):
    def hold():
        items._guest._turn.acquire()
        time.sleep(1000)
    threading.Thread(target=hold, daemon=True).start()
    yield 1

def asks(items, number, args):
    yield items._guest._ask_host(number, args, {})

class Lies:
    def __init__(self, how):
        self.how = how
    def __next__(self):
        if self.how == "next":
            raise SystemExit(3)
        if self.how == "fork":
            os.fork()
        if self.how == "exit":
            os._exit(3)
        return 1
    def __del__(self):
        if self.how == "del":
            os._exit(3)
    @property
    def close(self):
        raise SystemExit(4)
    @property
    def __class__(self):
        if self.how == "class":
            raise SystemExit(5)
        return int

def lies(how):
    return Lies(how)

def endless(item):
    while True:
        yield item
"""
LIMITS = Limits(call_seconds=0.5)


@pytest.fixture
def guest(sandbox: Sandbox) -> Iterator[Guest]:
    with sandbox.guest([Cell("1", CODE)], LIMITS) as guest:
        guest.prefetch("hostile", ())
        guest.turn_to("hostile::test")
        yield guest


def next_exercise_is_right(guest: Guest) -> None:
    """Expect that another exercise, whose function is right, is answered as ever."""
    guest.prefetch("right", ())
    guest.turn_to("right::test")
    assert [guest.student.right(number) for number in range(20)] == list(range(1, 21))


@pytest.mark.parametrize("name", ["draws", "draws_at_once"])
def test_steps_draw_from_the_generator_of_their_call(guest, name):
    """As in one process: a second iterator, and the test itself, go on where the first has stopped."""
    function, ours, theirs = getattr(guest.student, name), np.random.default_rng(1), np.random.default_rng(1)
    found = [*function(3, theirs), *function(2, theirs), theirs.integers(10**9)]
    assert found == [*ours.integers(10**9, size=3).tolist(), *ours.integers(10**9, size=2).tolist(), ours.integers(10**9)]


def test_planned_calls_draw_from_it_as_well(guest):
    from autograder.sandbox.prefetch import Planner

    ours, theirs, planner = np.random.default_rng(1), np.random.default_rng(1), Planner()
    planner.draws(3, np.random.default_rng(1))
    guest.prefetch("draws", (planner.plan("draws::test"),))
    guest.turn_to("draws::test")
    assert [*guest.student.draws(3, theirs), *guest.student.draws(3, theirs)] == ours.integers(10**9, size=6).tolist()


def test_threads_that_start_between_a_planned_call_and_its_test_are_not_counted(guest):
    from autograder.sandbox.prefetch import Planner

    planner = Planner()
    planner.endless(1)
    guest.prefetch("threads", (planner.plan("threads::last"),))
    list(guest.student.leaks(Source("a")))
    guest.turn_to("threads::last")
    steps = guest.student.endless(1)
    assert next(steps) == 1 and steps.threads_end(0.01)


def test_a_dropped_generator_may_wait_for_its_thread(guest):
    """Its thread waits for an item, which comes only during a call."""
    steps = guest.student.ahead(Source(range(300)))
    assert next(steps) == 0
    del steps
    assert guest.student.right(1) == 2


@pytest.mark.parametrize("name", ["leaks", "says_no_thread"])
def test_threads_are_counted_in_the_host(guest, name):
    steps = getattr(guest.student, name)(Source("a"))
    assert list(steps) == ["a"]
    assert not steps.threads_end(0.01)


def test_threads_of_earlier_calls_are_not_counted(guest):
    list(guest.student.leaks(Source("a")))
    steps = guest.student.draws(0, np.random.default_rng(0))
    assert list(steps) == [] and steps.threads_end(0.01)


@pytest.mark.parametrize("kind", ["array", "number", "dict", "two", "iterator", "text", "object"])
def test_a_forged_step_is_the_answer_that_is_wrong(guest, kind):
    """A test gets a `StudentError` and no error of its own, which would be a defect of the course."""
    steps = guest.student.forged(kind)
    for asked in (steps, steps.within(1)):
        with pytest.raises(Unreadable, match="answered with something else"):
            next(asked)
        with pytest.raises(Unreadable, match="answered with something else"):
            asked.take(1)
    assert steps.threads_end() is False
    next_exercise_is_right(guest)


@pytest.mark.parametrize("number", [-(10**30), -99, -2, 0, 1, 10**30, True, None, "right", [1]])
@pytest.mark.parametrize("args", [(), (1, 2), [1]])
def test_numbers_that_were_never_given_out_lead_nowhere(guest, number, args):
    source = Source("ab")
    with suppress(Raised, Unreadable):
        next(guest.student.asks(source, number, args))
    assert source.taken == 0
    next_exercise_is_right(guest)


def hostile_thread(name: str) -> Callable[[Any], Steps]:
    return lambda student: getattr(student, name)(Source(range(10**9)))


LEFT: dict[str, Callable[[Any], Steps]] = {
    "hangs when it is dropped": lambda student: student.hangs_when_dropped(),
    "takes items for ever": hostile_thread("takes_for_ever"),
    "holds the lock": hostile_thread("holds_the_lock"),
    "writes to the socket": lambda student: student.writes(),
    "ends the process when it is dropped": lambda student: student.lies("del"),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_an_exercise_leaves_behind_costs_no_other_one(guest, what):
    with suppress(StudentError):
        next(LEFT[what](guest.student))
    started = time.monotonic()
    next_exercise_is_right(guest)
    assert time.monotonic() - started < 10 * LIMITS.call_seconds


def test_an_exercise_without_threads_keeps_its_process(guest):
    process = guest._process
    next(guest.student.endless(1))
    next_exercise_is_right(guest)
    assert guest._process is process


@pytest.mark.parametrize(("how", "error"), [("next", Raised), ("exit", Died), ("fork", Raised), ("class", Died)])
def test_what_a_step_does_is_said_of_its_function(guest, how, error):
    with pytest.raises(error, match="lies"):
        next(guest.student.lies(how))
    next_exercise_is_right(guest)


def test_close_is_a_step_as_any_other(guest):
    with pytest.raises(Raised, match="lies raised SystemExit"):
        guest.student.lies("").close()
    next_exercise_is_right(guest)


def test_large_items_do_not_stay_in_the_host(guest):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    steps = guest.student.endless(np.zeros(1 << 20))
    for _ in range(40):
        next(steps)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10
