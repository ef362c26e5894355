"""Iterators between a test and a student's functions: what a test passes in, and what a function returns. Functions that it returns, too.

A test gives a `Source`, which counts what is taken from it. What comes back is read through `Steps`, one item at a time, wherever the
function runs. So a test can see how lazy a function is::

    source = Source(range(10))
    batches = student.batch(source, 3)
    assert next(batches) == [0, 1, 2] and source.taken == 3
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Protocol


class Source(Iterator[Any]):
    """An iterator over `items` that counts, and raises `error` after the last of them, if one is given. Threads may share it.

    Attributes
    ----------
    taken : int
        How many items have been taken so far.
    """

    def __init__(self, items: Iterable[Any], error: Exception | None = None) -> None:
        self._items, self._error, self._changed = iter(items), error, threading.Condition()
        self.taken = 0

    def __next__(self) -> Any:
        with self._changed:
            try:
                item = next(self._items)
            except StopIteration:
                if self._error is not None:
                    raise self._error from None
                raise
            self.taken += 1
            self._changed.notify_all()
            return item

    def wait_for(self, count: int, seconds: float) -> bool:
        """Wait until so many items have been taken, at most so many seconds; tell whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: self.taken >= count, seconds)


class Awaited(Protocol):
    """A source on either side; see `Source.wait_for`."""

    def wait_for(self, count: int, seconds: float) -> bool: ...


# --- what is done with a student's iterator, in the process that has it ------------------------------------------------------


def is_iterator(value: Any) -> bool:
    """Tell whether a value has items to be asked for."""
    return hasattr(type(value), "__next__")


def is_function(value: Any) -> bool:
    """Tell whether a value that a function returned can be called, but for classes."""
    return callable(value) and not isinstance(value, type) and not is_iterator(value)


Threads = frozenset[threading.Thread]


def running_threads() -> Threads:
    """Return the threads that are running.

    `threading.enumerate` holds a lock that every thread needs to start. Garbage isn't collected meanwhile: a generator that is dropped may
    wait for a thread that has yet to start.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return frozenset(threading.enumerate())
    finally:
        if was_enabled:
            gc.enable()


def _next(iterator: Iterator[Any], threads: Threads) -> tuple[Any, ...]:
    try:
        return (next(iterator),)
    except StopIteration:
        return ()


def _take(iterator: Iterator[Any], threads: Threads, count: int) -> list[Any]:
    return list(islice(iterator, count))


def _close(iterator: Iterator[Any], threads: Threads) -> None:
    if hasattr(iterator, "close"):
        iterator.close()


def _wait_for(iterator: Iterator[Any], threads: Threads, source: Awaited, count: int, seconds: float) -> bool:
    return source.wait_for(count, seconds)


def _threads_end(iterator: Iterator[Any], threads: Threads, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while (others := running_threads() - threads) and time.monotonic() < deadline:
        time.sleep(0.002)
    return not others


def _within(iterator: Iterator[Any], threads: Threads, seconds: float, method: str, *args: Any) -> Any:
    outcome: list[tuple[Any, BaseException | None]] = []

    def ask() -> None:
        try:
            outcome.append((METHODS[method](iterator, threads, *args), None))
        except BaseException as error:
            outcome.append((None, error))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    if not outcome:
        what = "it didn't stop" if method == "close" else "neither an item nor the end came"
        raise TimeoutError(f"{what} within {seconds:g} s, so it waits for something that never comes")
    answer, error = outcome[0]
    if error is not None:
        raise error
    asking.join()
    return answer


METHODS: dict[str, Callable[..., Any]] = {
    "next": _next,
    "take": _take,
    "close": _close,
    "wait_for": _wait_for,
    "threads_end": _threads_end,
    "within": _within,
    "apply": lambda function, threads, *args: function(*args),
}
"""Called with an iterator or a function, and the threads before the call that returned it."""


class Steps(Iterator[Any]):
    """An iterator that a student's function returned, wherever it is. Each step is a call: it is limited and can raise `StudentError`.

    Parameters
    ----------
    name : str
        The function.
    ask : callable
        ``ask(method, *arguments)`` calls one of `METHODS` with the iterator.
    handle : object, optional
        What stands for the iterator where it is passed to another function; by default these steps.

    Attributes
    ----------
    note : callable
        Called with each item, with the error in place of one, and with `Steps.END`.
    """

    END = "<end>"

    def __init__(self, name: str, ask: Callable[..., Any], handle: object = None) -> None:
        self.name, self._ask, self.handle = name, ask, handle
        self.note: Callable[[Any], None] = lambda item: None

    def __repr__(self) -> str:
        return f"<the iterator that {self.name} returned>"

    def __next__(self) -> Any:
        try:
            found = self._ask("next")
        except Exception as error:
            self.note(error)
            raise
        self.note(found[0] if found else self.END)
        if not found:
            raise StopIteration
        return found[0]

    def within(self, seconds: float) -> Steps:
        """Return the same steps with a limit: an item, or to close it, that takes longer raises `TimeoutError`. For functions with threads.

        The step is made in a thread, so nothing has to be ended: a function that hangs doesn't stop a notebook.
        """

        def ask(method: str, *args: Any) -> Any:
            return self._ask("within", seconds, method, *args) if method in ("next", "take", "close") else self._ask(method, *args)

        limited = Steps(self.name, ask, self.handle)
        limited.note = lambda item: self.note(item)
        return limited

    def take(self, count: int) -> list[Any]:
        """Return the next items, at most so many, by one call: faster than one by one, where nothing is looked at between them."""
        try:
            found: list[Any] = self._ask("take", count)
        except Exception as error:
            self.note(error)
            raise
        for item in found + [self.END] * (len(found) < count):
            self.note(item)
        return found

    def close(self) -> None:
        """Stop early: close the iterator if it can be closed, as a generator can."""
        self._ask("close")

    def wait_for(self, source: Source, count: int, seconds: float = 1.0) -> bool:
        """Give the function's threads time to take so many items from `source`, at most so many seconds; tell whether they have."""
        self._ask("wait_for", source, count, seconds)
        return source.taken >= count

    def threads_end(self, seconds: float = 1.0) -> bool:
        """Wait until no thread is left that the function has started, at most so many seconds; tell whether none is."""
        return bool(self._ask("threads_end", seconds))


class ReturnedFunction:
    """A function that a student's function returned, wherever it is. A call of it is limited and can raise `StudentError`.

    Parameters
    ----------
    name : str
        The function that returned it.
    ask : callable
        ``ask(arguments, want_arguments)`` returns a `coursekit.student.Call`.
    handle : object
        What stands for it where it is passed to another function.
    """

    def __init__(self, name: str, ask: Callable[[tuple[Any, ...], bool], Any], handle: object) -> None:
        self.name, self._ask, self.handle = name, ask, handle
        self.note: Callable[[Any], None] = lambda answer: None

    def __repr__(self) -> str:
        return f"<the function that {self.name} returned>"

    def __call__(self, *args: Any) -> Any:
        return self._made(args, want_arguments=False).answer

    def call(self, *args: Any) -> Any:
        """Return the answer together with the arguments after the call, as a `coursekit.student.Call`."""
        return self._made(args, want_arguments=True)

    def _made(self, args: tuple[Any, ...], want_arguments: bool) -> Any:
        try:
            call = self._ask(args, want_arguments)
        except Exception as error:
            self.note(error)
            raise
        self.note(call.answer)
        return call


def as_argument(value: Any) -> Any:
    """Return what stands for a value where it is passed to a student's function."""
    return value.handle if isinstance(value, (Steps, ReturnedFunction)) and value.handle is not None else value
