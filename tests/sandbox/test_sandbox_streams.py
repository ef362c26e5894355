"""Iterators between tests and students' functions: step by step in both directions, with limits, in a guest and in this process."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograder.judging.recorder import FUNCTION, ITERATOR, Recorder
from autograder.limits import Limits
from autograder.sandbox.host import Cell, Sandbox
from coursekit.streams import ReturnedFunction, Source, Steps
from coursekit.student import Died, LocalStudent, NotAttempted, Raised, TimedOut, Unreadable

CODE = """
import queue, threading, time
import numpy as np

def batch(items, size):
    held = []
    for item in items:
        held.append(item)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held

def all_at_once(items):
    return iter(list(items))

def same(items):
    return items

def one_list(items):
    held = [0]
    for held[0] in items:
        yield held

def echo(x):
    while True:
        yield x

def fails(items):
    yield next(items)
    raise KeyError("broken")

def not_yet(items):
    raise NotImplementedError

def chained(sources):
    for source in sources:
        yield from source

def ahead(items, size):
    waiting, stopped = queue.Queue(size), threading.Event()

    def put(item):
        while not stopped.is_set():
            try:
                return waiting.put(item, timeout=0.005)
            except queue.Full:
                pass

    def produce():
        try:
            for item in items:
                put((item, None))
                if stopped.is_set():
                    return
            put((None, StopIteration()))
        except BaseException as error:
            put((None, error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        stopped.set()
        thread.join()

def slow_to_stop(items):
    stopped = threading.Event()
    def wait():
        stopped.wait()
        time.sleep(0.05)
    threading.Thread(target=wait, daemon=True).start()
    try:
        yield from items
    finally:
        stopped.set()

def leaking(items):
    threading.Thread(target=lambda: [time.sleep(0.01) for _ in iter(int, 1)], daemon=True).start()
    yield from items

def asks_later(items):
    threading.Thread(target=lambda: (time.sleep(0.05), list(items)), daemon=True).start()
    return 0

def one(x):
    return x + 1

def rest(x):
    time.sleep(0.01)
    return x

def endless(items):
    for _ in items:
        pass

class Odd:
    def __next__(self):
        import os
        os._exit(3)

def odd():
    return Odd()

def fits(shift):
    def predict(x):
        if x is None:
            x = np.zeros(5)
            return x[5]
        x += shift
        return x
    return int if shift is None else predict

def used(function, x):
    return function(x)

def draws(rng):
    while True:
        yield rng.random()

def hangs():
    while True:
        pass
    yield

def waits_for_ever():
    try:
        yield 1
        threading.Event().wait()
    finally:
        threading.Event().wait()
"""


@pytest.fixture(scope="module")
def guest(sandbox: Sandbox) -> Iterator[Any]:
    with sandbox.guest([Cell("1", CODE)], Limits(call_seconds=2.0)) as guest:
        yield guest


@pytest.fixture(params=["guest", "here"])
def student(request: pytest.FixtureRequest, guest: Any) -> Any:
    if request.param == "guest":
        return guest.student
    namespace: dict[str, Any] = {}
    exec(textwrap.dedent(CODE), namespace)
    return LocalStudent(namespace)


def test_a_test_sees_how_lazy_a_function_is(student):
    source = Source(range(10))
    steps = student.batch(source, 3)
    assert isinstance(steps, Steps) and source.taken == 0
    assert next(steps) == [0, 1, 2] and source.taken == 3
    assert list(steps) == [[3, 4, 5], [6, 7, 8], [9]] and source.taken == 10
    assert list(steps) == []
    source = Source("ab")
    assert list(student.all_at_once(source)) == ["a", "b"]


def test_a_returned_function_can_be_called(student):
    predict = student.fits(np.array([1.0, 2.0]))
    assert isinstance(predict, ReturnedFunction) and "fits" in repr(predict)
    x = np.zeros(2)
    np.testing.assert_array_equal(predict(x), [1.0, 2.0])
    np.testing.assert_array_equal(x, 0.0)  # it is called on copies
    np.testing.assert_array_equal(student.used(predict, x), [1.0, 2.0])
    with pytest.raises(Raised, match=r"fits raised IndexError: .*\(in line \d+ of "):
        predict(None)
    assert not isinstance(student.fits(None), ReturnedFunction)  # a class isn't a prediction


def test_calls_of_a_returned_function_are_recorded(student):
    recorder = Recorder(student)
    predict = recorder.fits(np.array([1.0]))
    predict(np.zeros(1))
    with pytest.raises(Raised):
        predict(None)
    assert [answer.answer for answer in recorder.answers[:2]] == [FUNCTION, np.ones(1)]
    assert isinstance(recorder.answers[2].error, Raised)


def test_the_first_items_come_with_the_call(student):
    source = Source(range(10))
    assert student.batch.items(2, source, 3) == [[0, 1, 2], [3, 4, 5]] and source.taken == 6
    assert student.batch.items(9, [1, 2, 3], size=2) == [[1, 2], [3]]
    assert student.one_list.items(2, [5, 6]) == [[5], [6]]  # each as it was when it came
    assert student.fits.items(3, None) is not None  # no iterator
    generator, again = np.random.default_rng(3), np.random.default_rng(3)
    assert student.draws.items(4, generator) == list(again.random(4)) and generator.random() == again.random()


def test_a_list_is_an_argument_as_ever(student):
    assert list(student.batch([1, 2, 3], 2)) == [[1, 2], [3]]


def test_items_are_data_and_copies(student):
    x = np.arange(3.0)
    items = list(student.batch(Source([x, {"a": (1, None)}]), 1))
    np.testing.assert_array_equal(items[0][0], x)
    assert items[1] == [{"a": (1, None)}]
    steps = student.echo(x)
    next(steps)[:] = 7
    assert next(steps)[0] == 0


def test_several_iterators_at_once_and_one_of_them_twice(student):
    source = Source(range(6))
    assert list(student.chained([Source("ab"), Source("c")])) == ["a", "b", "c"]
    one, other = student.batch(source, 1), student.batch(source, 2)
    assert [next(one), next(other), next(one)] == [[0], [1, 2], [3]]


def test_what_was_returned_can_be_passed_on(student):
    assert list(student.batch(student.batch(Source(range(4)), 1), 2)) == [[[0], [1]], [[2], [3]]]
    assert list(student.same(Source("xy"))) == ["x", "y"]
    assert list(student.batch(student.one_list(Source(range(3))), 3)) == [[[2], [2], [2]]], "an item is copied on its way to a test only"


def test_errors_arrive_where_they_belong(student):
    steps = student.fails(Source("a"))
    assert next(steps) == "a"
    with pytest.raises(Raised, match="fails raised KeyError"):
        next(steps)
    with pytest.raises(NotAttempted):
        student.not_yet(Source("a"))
    source = Source("ab", error=OSError("the disk is gone"))
    steps = student.batch(source, 1)
    assert [next(steps), next(steps)] == [["a"], ["b"]]
    with pytest.raises(Raised, match="batch raised OSError: the disk is gone"):
        next(steps)


def test_a_thread_may_take_items_in_advance_and_ends_with_the_iterator(student):
    source = Source(range(100))
    steps = student.ahead(source, 2)
    assert next(steps) == 0
    assert steps.wait_for(source, 4) and source.taken == 4
    assert not steps.wait_for(source, 5, seconds=0.05)
    assert [next(steps) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert not steps.threads_end(seconds=0.01)
    steps.close()
    assert steps.threads_end()
    assert list(steps) == []
    assert list(student.ahead(Source(range(50)), 3)) == list(range(50))
    steps = student.ahead(Source("a", error=ValueError("no more")), 3)
    assert next(steps) == "a"
    with pytest.raises(Raised, match="ValueError: no more"):
        next(steps)


def test_steps_may_have_a_limit_of_their_own(student):
    """Nothing is ended by it, neither a guest's process nor this one."""
    steps = student.waits_for_ever().within(0.2)
    assert next(steps) == 1
    with pytest.raises(Raised, match=r"waits_for_ever raised TimeoutError: neither an item nor the end came within 0.2 s"):
        next(steps)
    steps = student.waits_for_ever().within(0.2)
    next(steps)
    with pytest.raises(Raised, match="TimeoutError: it didn't stop"):
        steps.close()
    source = Source("ab", error=OSError("the disk is gone"))
    steps = student.ahead(source, 3).within(5)
    assert next(steps) == "a" and steps.wait_for(source, 2) and next(steps) == "b"
    with pytest.raises(Raised, match="ahead raised OSError: the disk is gone"):
        next(steps)
    assert list(steps) == [] and steps.threads_end()
    assert student.one(1) == 2


def test_several_items_may_be_taken_by_one_call(student):
    source = Source(range(1, 8))
    steps = student.batch(source, 2)
    assert steps.take(2) == [[1, 2], [3, 4]] and source.taken == 4
    assert steps.take(0) == [] and steps.take(9) == [[5, 6], [7]] and steps.take(1) == []
    limited = student.waits_for_ever().within(0.2)
    with pytest.raises(Raised, match=r"TimeoutError: neither an item nor the end came within 0\.2 s"):
        limited.take(2)
    with pytest.raises(Raised, match="fails raised KeyError"):
        student.fails(Source("ab")).take(2)


def test_what_is_taken_is_recorded(student):
    recorder = Recorder(student)
    recorder.batch([1, 2, 3], 2).take(5)
    assert [answer.answer for answer in recorder.answers] == [ITERATOR, [1, 2], [3], Steps.END]


def test_threads_that_stay_are_seen(student):
    steps = student.leaking(Source("a"))
    assert list(steps) == ["a"]
    assert not steps.threads_end(seconds=0.02)


def test_a_thread_of_an_earlier_call_that_ends_is_not_taken_for_one_of_this(student):
    earlier = student.slow_to_stop([1])
    next(earlier)
    steps = student.leaking(Source("ab"))
    assert next(steps) == "a"
    earlier.close()
    assert earlier.wait_for(Source([]), 1, seconds=0.2) is False
    assert not steps.threads_end(seconds=0.02)


def test_a_thread_between_two_calls_waits_for_the_next_one(guest):
    """The host listens during calls only; a thread that asks meanwhile is neither lost, nor mixed up with a call."""
    source = Source(range(10**6))
    guest.student.asks_later(source)
    threading.Event().wait(0.15)
    assert source.taken == 0
    assert any(guest.student.rest(number) == number and source.taken for number in range(1, 500))
    assert [guest.student.one(number) for number in range(300)] == list(range(1, 301))
    taken = source.taken
    guest.turn_to("another test")
    assert [guest.student.one(number) for number in range(300)] == list(range(1, 301))
    assert source.taken == taken, "the iterators of the earlier test have ended"


def test_no_thread_gets_a_turn_during_planned_calls(guest, monkeypatch):
    """There the host expects replies only."""
    from autograder.sandbox.prefetch import Planner

    source = Source(range(10**6))
    guest.student.asks_later(source)
    threading.Event().wait(0.15)
    planner = Planner()
    for number in range(50):
        planner.one(number)
    guest.prefetch("one", (planner.plan("planned"),))
    guest.turn_to("planned")
    assert [guest.student.one(number) for number in range(50)] == list(range(1, 51))


def test_items_are_asked_for_within_limits(sandbox):
    limits = Limits(call_seconds=0.5, callbacks=50)
    with sandbox.guest([Cell("1", CODE)], limits) as guest:
        with pytest.raises(Unreadable, match="more than 50 times"):
            guest.student.endless(Source(itertools.count()))
        steps = guest.student.hangs()
        with pytest.raises(TimedOut, match=r"hangs did not answer within 0.5 s"):
            next(steps)
        steps = guest.student.odd()
        with pytest.raises(Died, match="odd ended the whole process"):
            next(steps)
        with pytest.raises(Died, match="an argument belongs to an earlier process"):
            next(steps)
        assert guest.student.one(1) == 2


def test_an_iterator_of_a_call_that_has_ended_can_not_be_used_by_a_cell(sandbox):
    code = CODE + "\nkept = []\ndef keep(items): kept.append(items)\ndef use(): return list(kept[0])\n"
    with sandbox.guest([Cell("1", code)]) as guest:
        guest.student.keep(Source("ab"))
        assert guest.student.use() == ["a", "b"]
        guest.turn_to("another test")
        assert guest.student.use() == []


def recorded(make: Callable[[Any], Any], student: Any) -> list[Any]:
    recorder = Recorder(student)
    make(recorder)
    return [(answer.function, answer.random, answer.answer if answer.error is None else type(answer.error)) for answer in recorder.answers]


def test_items_are_recorded_as_answers(student):
    def one_test(recorded: Any) -> None:
        assert list(recorded.batch(Source("abc"), 2)) == [["a", "b"], ["c"]]
        with pytest.raises(Raised):
            list(recorded.fails(Source("")))

    assert recorded(one_test, student) == [
        *[("batch", False, answer) for answer in (ITERATOR, ["a", "b"], ["c"], Steps.END)],
        ("fails", False, ITERATOR),
        ("fails", False, Raised),
    ]


def test_a_returned_function_tells_its_arguments_after_the_call(student):
    X = np.array([1.0, 2.0])
    call = student.fits(np.array([1.0, 2.0])).call(X)
    assert [argument.tolist() for argument in call.arguments] == [[2.0, 4.0]]
    assert X.tolist() == [1.0, 2.0]


DROPPED = """
import gc, threading
from coursekit.streams import running_threads

class Dropped:
    def __init__(self):
        self.itself = self

    def __del__(self):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()

for allocations in range(1, 30):  # until garbage is collected: with one of these numbers, that is while threads are counted
    gc.disable()
    gc.collect()
    Dropped()
    gc.set_threshold(allocations)
    gc.enable()
    threads = running_threads()
    assert len(threads) == 1 and gc.isenabled()
gc.collect()  # no thread can start when Python exits
"""


def test_threads_are_counted_while_garbage_waits_for_one():
    done = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
