"""The main loop of a guest, the process in which a submission's code runs: read a message, run a cell or a call, send a reply.

It receives cells and arguments, and sends answers as data (see `wire`). Reference, suite and expected values are never in it.
"""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import Any, NoReturn

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.cells import GuestCell, Notebook, place_of, text_of, type_name
from autograder.sandbox.confine import GUEST_PACKAGES, coursekit_folders, readable_paths
from autograder.sandbox.zygote import SOCKET
from coursekit.streams import METHODS, Threads, is_function, is_iterator, running_threads
from coursekit.student import builtin_bases, first_items, raising_function, shares_memory

_ALLOWED_NAMES = {entry.partition(".")[0] for entry in GUEST_PACKAGES} | {"coursekit"}


class HostFunction:
    """A function of the host that was passed as an argument: a call is sent to the host."""

    def __init__(self, guest: Guest, number: int) -> None:
        self._guest, self._number = guest, number

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._guest.call_host(self._number, args, kwargs)


class HostIterator:
    """An iterator of the host that was passed as an argument: each item is asked for, also by other threads and in later calls.

    Attributes
    ----------
    served : int
        How many items have come.
    """

    def __init__(self, guest: Guest, number: int) -> None:
        self._guest, self._number = guest, number
        self.served = 0

    def __iter__(self) -> HostIterator:
        return self

    def __next__(self) -> Any:
        return self._guest.next_of_host(self, self._number)

    def wait_for(self, count: int, seconds: float) -> bool:
        """Let other threads take items; see `coursekit.streams.Source.wait_for`."""
        return self._guest.wait_until(lambda: self.served >= count, seconds)


class StandIn:
    """A function that takes the place of a student's: a call is sent to the host, which has it answered in another process."""

    def __init__(self, guest: Guest, name: str) -> None:
        self._guest, self.__name__ = guest, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._guest.ask_host(self.__name__, args, kwargs)


class Guest:
    """Serves the calls of one submission.

    Parameters
    ----------
    descriptor : int
        The socket to the host, used with read and write only: a guest may not make socket calls.
    bounds : wire.Bounds
        Limits of what it may send.
    """

    def __init__(self, descriptor: int, bounds: wire.Bounds) -> None:
        self._descriptor, self._bounds, self._own_bounds = descriptor, bounds, bounds.received
        self._received = bytearray()
        self._handles: dict[int, Any] = {}
        self._threads: dict[int, Threads] = {}  # for each handle of an iterator, those before the call that returned it
        self._threads_before = running_threads()
        self._generators: dict[int, list[np.random.Generator]] = {}  # for each handle of an iterator, those of that call
        self._generators_before: list[np.random.Generator] = []
        self._iterators: dict[int, HostIterator] = {}
        self._host_listens = False  # to callbacks: during a call, but not during planned ones
        self._numbers: Iterator[int] = count(1)
        self._turn = threading.Condition(threading.RLock())  # held while a message of the host is waited for during a call
        self._calls: list[wire.Codec] = []
        self._replies: list[tuple[bytes, list[np.random.Generator]]] = []  # of a test, each with the generators in it
        self._labels: set[str] = set()
        self._notebook = Notebook([], set(), self._announce)

    def serve(self) -> None:
        """Handle messages until the host closes the socket."""
        while True:
            self._handle(self._receive())

    def _handle(self, frame: wire.Frame) -> None:
        {"cells": self._run_cells, "call": self._call, "calls": self._call_all}[frame.kind](frame)

    # --- messages ---------------------------------------------------------------------------------------------------------

    def _send(self, frame: bytes) -> None:
        view = memoryview(frame)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _receive(self) -> wire.Frame:
        kind, structure, data = wire.frame_lengths(self._read(wire.HEADER.size), self._bounds)
        body = self._read(structure + data)
        return wire.Frame(kind, body[:structure], body[structure:])

    def _read(self, length: int) -> bytes:
        while len(self._received) < length:
            part = os.read(self._descriptor, 1 << 18)
            if not part:
                exit_process()
            self._received += part
        taken = bytes(memoryview(self._received)[:length])
        del self._received[:length]
        return taken

    def _codec(self) -> wire.Codec:
        return wire.Codec(self._refer, self._resolve, self._own_bounds)

    def _refer(self, value: Any) -> list[Any]:
        if type(value) is HostFunction:
            return ["f", value._number]
        number = next(self._numbers)
        self._handles[number] = value
        iterates = is_iterator(value)
        if iterates:
            self._threads[number], self._generators[number] = self._threads_before, self._generators_before
        return ["h", number, type_name(value)[:100], iterates, is_function(value)]

    def _resolve(self, node: list[Any]) -> Any:
        tag, which = node[:2]
        if tag == "p":
            return self._earlier_answer(which, node[2:])
        if tag == "h":  # a handle that was sent to the host, now in an argument or in a reply of this process
            return self._handles[which]
        if tag == "e":
            return self._iterators.setdefault(which, HostIterator(self, which))
        return HostFunction(self, which) if tag == "f" else self._notebook.namespace[which]

    # --- cells ------------------------------------------------------------------------------------------------------------

    def _announce(self, index: int) -> None:
        flush()
        self._send(self._codec().encode("running", index))
        self._receive()  # the host has read the text that was printed before, and attributed it to the last cell

    def _run_cells(self, frame: wire.Frame) -> None:
        cells, skipped, replaced = self._codec().decode(frame)
        self._labels = {cell[0] for cell in cells}
        self._notebook = Notebook([GuestCell(*cell) for cell in cells], set(skipped), self._announce)
        self._notebook.run()
        self._notebook.namespace.update({name: StandIn(self, name) for name in replaced})
        flush()
        found = self._notebook
        self._send(self._codec().encode("ready", found.problems, found.untouched(), found.callables()))

    # --- calls ------------------------------------------------------------------------------------------------------------

    def _call(self, frame: wire.Frame) -> None:
        self._host_listens = True
        reply = self._reply(frame)
        flush()
        self._send(reply)

    def _call_all(self, frame: wire.Frame) -> None:
        """Make the planned calls of several tests in order, and send each reply as soon as it is there."""
        tests, skipped, forgotten = self._codec().decode(frame)
        self._host_listens = False
        self._forget(forgotten)
        for calls, states, last_uses, start in tests:
            generators, reports = [wire.generator_in(state) for state in states], dict(last_uses)
            self._replies = [(b"", [])] * start
            for number, (name, call) in enumerate(calls[start:], start=start):
                if name in skipped:
                    self._replies.append((b"", []))
                    continue
                reported = [generators[each] for each in reports.get(number, ())]
                reply = self._planned_reply(name, call, generators, reported)
                self._replies.append((reply, reported))
                flush()
                self._send(reply)

    def _planned_reply(self, name: str, call: bytes, generators: list[np.random.Generator], reported: list[np.random.Generator]) -> bytes:
        """Make a planned call, and return its reply with the states of the generators in `reported` and in the answer."""
        while True:  # again where a lazy cell had to be run for a missing name; each is run once
            calling, codec = self._codec(), self._codec()
            calling.generators, codec.generators = generators, reported
            try:
                called, args, kwargs, want_arguments, _ = calling.decode(wire.frame_in(call, self._bounds), states=False)
            except wire.WireError:  # an argument is a part that an earlier answer lacks, so the test won't make this call
                return codec.encode("error", "unreadable", name, "", "an earlier answer has no such part", None)
            reply = self._answer(codec, called, args, kwargs, want_arguments)
            if reply is not None:
                return reply

    def _earlier_answer(self, call: int, path: list[int]) -> Any:
        """Return an earlier answer, or the part of it at `path`, as if the host had sent it back: data is copied, handles are resolved."""
        reply, generators = self._replies[call]
        codec = self._codec()
        codec.generators = generators  # they continue from their present states
        part = codec.decode(wire.frame_in(reply, self._bounds), states=False)[0]
        for index in path:
            part = part[index]
        return part

    def _forget(self, numbers: list[int]) -> None:
        for number in numbers:
            for known in (self._handles, self._threads, self._generators):
                known.pop(number, None)

    def _reply(self, frame: wire.Frame) -> bytes:
        codec = self._codec()
        name, args, kwargs, want_arguments, forgotten = codec.decode(frame)
        with self._during_call(codec):  # a generator that is dropped may wait for its thread, and that for an item of the host
            self._forget(forgotten)
        reply = self._answer(codec, name, args, kwargs, want_arguments)
        while reply is None:  # a lazy cell was run for a missing name: call again, with a fresh copy of the arguments
            codec = self._codec()
            name, args, kwargs, want_arguments, _ = codec.decode(frame)
            reply = self._answer(codec, name, args, kwargs, want_arguments)
        return reply

    def _answer(self, codec: wire.Codec, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> bytes | None:
        name, _, method = name.partition(":")
        function = partial(self._step, codec, method) if method in METHODS else self._notebook.namespace.get(name)
        if method == "items" and callable(function):
            function = partial(first_items, function)
        if method == "forget":
            function = partial(self._forget, list(self._threads))
        if not callable(function):
            return codec.encode("error", "missing", name, "", "", None)
        self._threads_before, self._generators_before = running_threads(), list(codec.generators)
        try:
            with self._during_call(codec):
                answer = function(*args, **kwargs)
        except NotImplementedError as error:
            return codec.encode("error", "not_attempted", raising_function(error.__traceback__) or name, "", "", None)
        except BaseException as error:  # exit() as well as RecursionError and MemoryError
            if isinstance(error, NameError) and self._notebook.provide(error.name):
                return None
            place = place_of(error.__traceback__, self._labels)
            report = "raised", name, type_name(error), text_of(error), place, builtin_bases(error)
            if want_arguments:
                with suppress(Exception):  # the arguments may hold what can't be sent
                    return codec.encode("error", *report, tuple(args))
            return codec.encode("error", *report)
        return self._result(codec, name, answer, list(args) if want_arguments else None)

    @contextmanager
    def _during_call(self, codec: wire.Codec) -> Iterator[None]:
        """Let functions and iterators of the host be used, also by other threads."""
        with self._turn:
            self._calls.append(codec)
            self._turn.notify_all()
        try:
            yield
        finally:
            with self._turn:  # no other thread is waiting for the host
                self._calls.pop()

    def _step(self, codec: wire.Codec, method: str, iterator: Any, *args: Any) -> Any:
        """Do something with an iterator that was sent to the host as a handle. It draws from the generators that it was given."""
        number = next((number for number, value in self._handles.items() if value is iterator), 0)
        own = self._generators.get(number, [])[: len(codec.generators)]
        for generator, sent in zip(own, codec.generators, strict=False):
            generator.bit_generator.state = sent.bit_generator.state
        codec.generators[: len(own)] = own
        return METHODS[method](iterator, self._threads.get(number, self._threads_before), *args)

    def _result(self, codec: wire.Codec, name: str, answer: Any, arguments: list[Any] | None) -> bytes:
        try:
            shared = arguments is not None and shares_memory(answer, arguments)
            return codec.encode("result", answer, arguments, *([True] if shared else []))
        except Exception as error:
            reason = text_of(error) if isinstance(error, wire.WireError) else f"{type_name(error)}: {text_of(error)}"
            return codec.encode("error", "unreadable", name, "", reason, None)

    def call_host(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function in the host, and serve calls from it until its answer arrives."""
        with self._turn:
            if not self._calls:
                raise RuntimeError("a function that was passed as an argument can be called only until the call returns")
            return self._ask_host(number, args, kwargs)

    def next_of_host(self, iterator: HostIterator, number: int) -> Any:
        """Ask for the next item of a host's iterator. A thread waits until a call is made, because the host listens only then."""
        with self._turn:
            if threading.current_thread() is threading.main_thread() and not self._calls:
                raise RuntimeError("an iterator that was passed as an argument can be used only while a function is called")
            self._turn.wait_for(lambda: self._calls and self._host_listens)
            item = self._ask_host(number, (), {})
            iterator.served += 1
            self._turn.notify_all()
            return item

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until another thread has brought something about."""
        with self._turn:
            return self._turn.wait_for(condition, seconds)

    def _ask_host(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        codec = self._calls[-1]
        self._send(codec.encode("callback", number, args, kwargs))
        while (frame := self._receive()).kind == "call":
            self._call(frame)
        return _answer_in(codec, frame)

    def ask_host(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Have a call of a replaced function answered through the host. Only data can be among the arguments."""
        if not self._calls:
            raise RuntimeError(f"{name} can be called only while a function of the notebook is called")
        codec = wire.Codec(_refuse, _refuse, self._own_bounds)
        with self._turn:
            self._send(codec.encode("ask", name, args, kwargs))
            frame = self._receive()
        return _answer_in(codec, frame)


def _refuse(value: Any) -> Any:
    raise TypeError(f"a {type_name(value)} can't be passed to another process")


def _answer_in(codec: wire.Codec, frame: wire.Frame) -> Any:
    """Return the answer in a message of the host, or raise the exception in it."""
    if frame.kind == "answer":
        return codec.decode(frame)[0]
    raise wire.builtin_error(*codec.decode(frame))


def exit_process() -> NoReturn:
    """Exit without running Python's exit handlers and finalizers."""
    os._exit(0)


def flush() -> None:
    """Write the buffered printed text to the pipe."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the student may have closed or replaced it
            stream.flush()


class OnlyGuestPackages:
    """Import hook: a package that a guest may not read doesn't exist, which libraries with optional dependencies expect."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise ModuleNotFoundError for a top-level package outside the standard library and `GUEST_PACKAGES`."""
        if path is None and name not in sys.stdlib_module_names and name not in _ALLOWED_NAMES:
            raise ModuleNotFoundError(f"No module named {name!r} (the grader has NumPy, SciPy, scikit-learn and Matplotlib)", name=name)


class Calls:
    """The service of guests that run a submission's cells and then serve calls; see `autograder.sandbox.zygote.Service`."""

    def warm_up(self) -> None:
        """Import what every guest needs."""
        self._coursekit = coursekit_folders()
        with suppress(ModuleNotFoundError):  # an installed engine has the general part of coursekit alone
            from coursekit import check, ready  # noqa: F401  imported by set-up cells

    def readable(self) -> Iterable[str]:
        """Return the files and folders that guests may read."""
        return [*readable_paths(), *self._coursekit]

    def prepare(self, bounds: wire.Bounds) -> None:
        """Do what the limits and the confinement would refuse: nothing."""

    def serve(self, bounds: wire.Bounds, confined: bool) -> NoReturn:
        """Serve on descriptor 3, with standard output and error on descriptors 1 and 2."""
        if confined:
            sys.meta_path.insert(0, OnlyGuestPackages())
        main(bounds)


def main(bounds: wire.Bounds) -> NoReturn:
    """Serve on descriptor 3, with standard output and error on descriptors 1 and 2."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(os.fdopen(descriptor, "wb", closefd=False), "utf-8", "backslashreplace", line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    random.seed(0)  # unseeded random numbers are the same in each run
    np.random.seed(0)
    Guest(SOCKET, bounds).serve()
    exit_process()
