"""The host's side of the sandbox: `Sandbox` starts the zygote, and `Guest` runs one submission.

Every failure of a submission becomes one of the errors of `coursekit.student`. A guest that hangs, ends or sends malformed messages is
killed together with all processes that it has started, and the next call is made in a fresh process in which the cells have run again.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from autograder.deadline import Overdue
from autograder.errors import SandboxUnavailable
from autograder.limits import Limits
from autograder.model.cells import Cell, CellProblem, Printed
from autograder.sandbox import wire
from autograder.sandbox.callbacks import Callbacks, encoded
from autograder.sandbox.channel import Closed, CpuTimeout, Timeout
from autograder.sandbox.confine import LAYERS, available
from autograder.sandbox.prefetch import Plan, PlannedCall, Prefetched, Queue, Reply, called
from autograder.sandbox.process import Ending, GuestProcess, StaleHandle, ZygoteClient
from autograder.sandbox.reasons import MESSAGE_LENGTH, disk_message, meaning_of_status, reported_error
from autograder.sandbox.remote import RemoteStudent
from autograder.sandbox.usage import Clock, Output
from coursekit.streams import ReturnedFunction, Steps
from coursekit.student import Call, Died, Missing, Raised, StudentError, TimedOut, Unreadable

__all__ = ["Cell", "CellProblem", "Guest", "Limits", "Printed", "Sandbox"]

GUEST_FAILURES = (Timeout, Closed, wire.WireError)
"""Errors of sending to, or receiving from, a guest."""
THREAD_SECONDS, LEAVE_SECONDS = 1.0, 0.1
"""How long a thread may take to end after its last line, and after its exercise."""


class Sandbox:
    """Starts guests: a context manager around one zygote.

    Parameters
    ----------
    confine : bool
        Whether guests are confined. If False, they run with the rights of this user: for trusted code only.
    layers : frozenset of str
        The mechanisms that confine them; see `autograder.sandbox.confine.LAYERS`.

    Raises
    ------
    SandboxUnavailable
        If this machine can't confine guests.
    """

    def __init__(self, confine: bool = True, layers: frozenset[str] = LAYERS) -> None:
        if confine:
            reason = available()
            if reason:
                raise SandboxUnavailable(f"{reason}; --sandbox none grades without confinement, for code that you trust")
        self._zygote = ZygoteClient(layers if confine else frozenset())

    def __enter__(self) -> Sandbox:
        self._zygote.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def guest(self, cells: Sequence[Cell], limits: Limits | None = None) -> Guest:
        """Run `cells` in a fresh process, and return it."""
        return Guest(self._zygote, cells, limits or Limits())

    def close(self) -> None:
        """End the zygote and all its guests."""
        self._zygote.stop()


class _Asking:
    """A function of a guest as a function of the host, for another guest: it raises what the function raised, by the type's name.

    Its name is added to `asked` when it is called.
    """

    def __init__(self, guest: Guest, name: str, asked: set[str]) -> None:
        self._guest, self._name, self._asked = guest, name, asked

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._asked.add(self._name)
        try:
            return self._guest.call(self._name, args, kwargs, want_arguments=False).answer
        except Raised as error:
            raise wire.builtin_error(error.type_name, error.message) from None


class Guest:
    """A submission in a process of its own, from `Sandbox.guest`. A context manager: leaving it ends the process.

    Parameters
    ----------
    zygote : ZygoteClient
        Forks the process.
    cells : sequence of Cell
        The code to run.
    limits : Limits
    replaced : mapping of str to callable, optional
        Functions of the host that take the place of the submission's own after the cells have run; see `with_replaced`.
    earlier : Guest, optional
        A guest with the same cells: the time that it has taken counts, and cells that have ended its process are skipped.

    Attributes
    ----------
    problems : tuple of CellProblem
        The cells that raised, could not be compiled, or ended the process.
    untouched : frozenset of str
        The exercises whose cell is still the released stub.
    defined : frozenset of str
        The names of callables that the cells define.
    student : RemoteStudent
        The submission's functions, as tests call them.
    killed : bool
        Whether the process was killed by a signal that the host didn't send, such as the kernel's when memory runs out.
    """

    def __init__(
        self,
        zygote: ZygoteClient,
        cells: Sequence[Cell],
        limits: Limits,
        replaced: Mapping[str, Callable[..., Any]] | None = None,
        earlier: Guest | None = None,
    ) -> None:
        self._zygote, self._cells, self._limits = zygote, tuple(cells), limits
        self._process: GuestProcess | None = None
        self._replaced = replaced or {}
        self._crashed: dict[int, str] = dict(earlier._crashed) if earlier else {}
        self._unusable = ""
        self._output, self._callbacks = Output(limits.output_bytes), Callbacks(limits)
        self._clock: Clock = Clock(limits.total_seconds, earlier._clock.spent if earlier else 0.0)
        self._exercise = ""  # the one that is being judged
        self._answered_bytes: Counter[str] = Counter()  # the size of all prefetched replies of each function
        self._skipped: dict[str, StudentError] = {}  # functions that timed out, or answered too much: they aren't called again
        self._prefetched: dict[str, Prefetched] = {}  # by test
        self._current: Prefetched | None = None  # of the test that is running; None once it has made another call than planned
        self.problems: tuple[CellProblem, ...] = ()
        self.killed = False
        self.untouched: frozenset[str] = frozenset()
        self.defined: frozenset[str] = frozenset()
        self.student = RemoteStudent(self)
        self._start()

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def printed(self) -> tuple[Printed, ...]:
        """The printed text, cut at `Limits.output_bytes`: first that of the cells, in their order, then that of the exercises."""
        return self._output.of([cell.label for cell in self._cells])

    def close(self) -> None:
        """End the process for good. If it was killed after its last answer, that is added to `problems`."""
        if self._end().exceeded_disk:
            self.problems = (*self.problems, CellProblem("after the last answer", disk_message(self._limits), None))
        self._unusable = self._unusable or "the guest has been closed"

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that it runs."""
        return self._cells

    @contextmanager
    def with_replaced(self, sources: Mapping[str, str]) -> Iterator[tuple[Guest, set[str]]]:
        """Provide a guest with the same cells and some functions replaced, and the names of those that it calls.

        The replaced functions run in a third process, confined alike, and the host passes calls and answers on. So the submission's process
        doesn't hold their code, and the host computes nothing on arguments that a submission has chosen. The limits are those of callbacks.

        Parameters
        ----------
        sources : mapping of str to str
            For each replaced name the code of a cell that defines it.
        """
        cells = [Cell(name, source, name) for name, source in sources.items()]
        with Guest(self._zygote, cells, self._limits) as right:
            asked: set[str] = set()
            replaced = {name: _Asking(right, name, asked) for name in sources}
            with Guest(self._zygote, self._cells, self._limits, replaced, self) as other:
                try:
                    yield other, asked
                finally:
                    self._clock.spent, self.killed = other._clock.spent, self.killed or other.killed

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool = True, method: str = "") -> Call:
        """Call the function `name`; see `RemoteFunction`.

        With a `method`, do that with the iterator or function which is the first argument; with "items", take items of the answer.
        """
        if (fetched := self._fetched(name, args, kwargs, want_arguments, method)) is not None:
            return fetched
        if name in self._skipped:
            raise self._skipped[name]
        with self._clock.running(), self._printing_in(self._exercise or name):
            try:
                process = self._running(name)
                threads = frozenset() if method else process.threads()
                return self._usable(name, self._call(process, name, args, kwargs, want_arguments, method), threads)
            except GUEST_FAILURES as error:
                raise self._call_error(name, error) from None
            except StudentError:
                raise
            except BaseException:  # an interrupt, or a bug in a test: a late answer must not be read as the next one
                self._end()
                raise

    def _usable(self, name: str, call: Call, threads: frozenset[str]) -> Call:
        """Return a call whose answer can be called, if it is a function of the guest, and asked for its items, if it is an iterator.

        `threads` are those before the call. What a step is answered by, is the submission's word: it can replace
        the functions that make a step. So its form is checked, and threads are counted here as well.
        """
        handle = call.answer
        if type(handle) is wire.Handle and handle.callable:
            return Call(ReturnedFunction(name, partial(self._apply, name, handle), handle), call.arguments)
        if type(handle) is not wire.Handle or not handle.iterates:
            return call
        process: Any = handle.owner

        def ask(method: str, *args: Any) -> Any:
            answer = self.call(name, (handle, *args), {}, want_arguments=False, method=method).answer
            if method == "threads_end":
                return answer is True and process.has_only(threads, THREAD_SECONDS)
            if "next" in (method, *args[1:2]) and not (type(answer) is tuple and len(answer) <= 1):
                raise Unreadable(name, "its iterator was asked for an item, and answered with something else")
            if "take" in (method, *args[1:2]) and not (type(answer) is list and len(answer) <= args[-1]):
                raise Unreadable(name, "its iterator was asked for items, and answered with something else")
            return answer

        return Call(Steps(name, ask, handle), call.arguments)

    def _apply(self, name: str, function: wire.Handle, args: tuple[Any, ...], want_arguments: bool) -> Call:
        """Call a function that `name` has returned."""
        call = self.call(name, (function, *args), {}, want_arguments, method="apply")
        return Call(call.answer, call.arguments[1:])

    def prefetch(self, exercise: str, plan: Plan) -> None:
        """Start an exercise: make its planned calls, in the order of its tests, and keep the replies until the next exercise.

        A call that ends the process, times out or answers too much gets that error, and the calls after it are made in a fresh process.
        """
        if exercise != self._exercise:
            self._leave()
        queue = Queue(plan)
        self._prefetched, self._current = {test.plan.test: test for test in queue.tests}, None
        self._exercise = exercise
        with self._clock.running(), self._printing_in(exercise):
            while rest := list(queue):
                try:
                    self._fetch(queue, rest)
                except StudentError:  # no process can be started any more
                    for test, call in rest:
                        test.outcomes.append(self._unable(call.name))
                except wire.WireError:  # the plan exceeds the size of a message: make the calls one by one
                    self._prefetched = {}
                    return
                except Overdue:  # while a replaced function was served: the tests' own calls meet the same limit
                    self._end()
                    self._prefetched = {}
                    return
                except BaseException:
                    self._end()
                    raise

    def _leave(self) -> None:
        """Drop the iterators of an exercise. If that hangs or a thread stays, end the process: it could disturb the next exercise."""
        process = self._process
        if process is None or not process.iterates:
            return
        process.iterates = False
        process.forget_iterators()  # a thread that takes their items comes to its end
        try:
            with self._clock.running(), self._printing_in(self._exercise):
                self._call(process, "", (), {}, want_arguments=False, method="forget")
                left = not process.has_only(process.first_threads, LEAVE_SECONDS)
        except (*GUEST_FAILURES, StudentError):
            left = True
        except BaseException:
            self._end()
            raise
        if left:
            self._end(grace=False)

    def _fetch(self, queue: Queue, rest: Sequence[tuple[Prefetched, PlannedCall]]) -> None:
        """Make the remaining planned calls, until the process fails or all are made."""
        process, left_out = self._running(rest[0][1].name), dict(self._skipped)
        frame = process.codec().encode("calls", queue.message(), list(left_out), process.forgotten())
        test, call = rest[0]
        try:
            process.channel.send(frame, self._clock.deadline(self._limits.call_seconds))
            for test, call in rest:
                name = call.name
                if name in left_out:
                    test.outcomes.append(left_out[name])
                    continue
                process.limit_cpu(self._limits.call_cpu_seconds)
                reply = self._receive_reply(process, name, self._clock.deadline(self._limits.call_seconds))
                if reply.kind not in ("result", "error"):
                    raise wire.WireError("an unexpected message")
                self._answered_bytes[name] += len(reply.structure) + len(reply.data)
                if self._answered_bytes[name] > self._limits.all_answers_bytes:  # nobody reads what else it would answer
                    self._skipped[name] = Unreadable(name, self._limits.too_much)
                    test.outcomes.append(self._skipped[name])
                    self._end(grace=False)
                    return
                test.outcomes.append(Reply(process, reply))
        except GUEST_FAILURES as error:
            test.outcomes.append(self._call_error(call.name, error))

    def turn_to(self, test: str) -> None:
        """Start a test: take prefetched replies from its plan from now on."""
        self._current = self._prefetched.get(test)
        if self._process is not None:
            self._process.forget_iterators()

    # --- cells ------------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Run the cells in a fresh process; skip cells that have ended an earlier process."""
        with self._clock.running(), self._printing_in(""):
            for _ in range(len(self._cells) + 1):
                self._output.forget({cell.label for index, cell in enumerate(self._cells) if index not in self._crashed})
                self._process = self._zygote.fork(self._limits, self._output.left)
                running, error = self._run_cells(self._process)
                if error is None:
                    break
                reason = self._cell_error(error)
                if running is None or running in self._crashed or self._clock.left <= 0:
                    self._unusable = f"the cells could not be run: {reason}"
                    break
                self._crashed[running] = reason
            else:
                self._unusable = "every cell ends the process"
        bad = (self._problem(index, f"it {reason}") for index, reason in self._crashed.items())
        order = {cell.label: index for index, cell in enumerate(self._cells)}
        found = () if self._unusable else self.problems
        self.problems = tuple(sorted({*found, *bad}, key=lambda problem: order[problem.label]))

    def _run_cells(self, process: GuestProcess) -> tuple[int | None, Exception | None]:
        """Return the index of the cell that ran last, and the error that ended the process, if any."""
        running = None
        codec = process.codec()
        try:
            cells = [tuple(vars(cell).values()) for cell in self._cells]
            frame = codec.encode("cells", cells, sorted(self._crashed), list(self._replaced))
            process.channel.send(frame, self._clock.deadline(self._limits.cell_seconds))
            while True:
                reply = process.channel.receive(self._clock.deadline(self._limits.cell_seconds))
                fields = process.codec().decode(reply)
                if reply.kind == "refused" and running is None:  # after a cell has run, the student's code could have sent it
                    self._end()
                    said = " ".join(map(str, fields))[:MESSAGE_LENGTH]
                    raise SandboxUnavailable(f"a guest could not be confined ({said}); --sandbox none grades without confinement")
                if reply.kind == "ready":
                    self._read_ready(*fields)
                    process.first_threads = process.threads()
                    self._output.take(process.channel)
                    return running, None
                if reply.kind != "running" or not fields or type(fields[0]) is not int or not 0 <= fields[0] < len(self._cells):
                    raise wire.WireError("an unexpected message")
                self._output.take(process.channel)
                running = fields[0]
                self._output.place = self._cells[running].label
                process.channel.send(process.codec().encode("running"), self._clock.deadline(self._limits.cell_seconds))
        except GUEST_FAILURES as error:
            return running, error

    def _read_ready(self, problems: Any = None, untouched: Any = None, defined: Any = None, *rest: Any) -> None:
        """Check and store the guest's report about its cells."""
        if rest or not type(problems) is type(untouched) is type(defined) is list or len(problems) > len(self._cells):
            raise wire.WireError("an unexpected message")
        pairs = all(type(problem) in (list, tuple) and len(problem) == 2 for problem in problems)
        if not pairs or not all(type(name) is str for name in [*untouched, *defined]):
            raise wire.WireError("an unexpected message")
        self.problems = tuple(self._problem(*problem) for problem in problems)
        self.untouched, self.defined = frozenset(untouched), frozenset(defined)

    def _problem(self, index: Any, message: Any) -> CellProblem:
        if type(index) is not int or not 0 <= index < len(self._cells) or type(message) is not str:
            raise wire.WireError("an unexpected message")
        return CellProblem(self._cells[index].label, message[:MESSAGE_LENGTH], self._cells[index].name)

    # --- calls ------------------------------------------------------------------------------------------------------------

    def _running(self, name: str) -> GuestProcess:
        """Return a process in which the cells have run; start one if there is none."""
        if self._process is None and not self._unusable and self._clock.left > 0:
            self._start()
        if self._process is None or self._unusable or self._clock.left <= 0:
            raise self._unable(name)
        return self._process

    def _unable(self, name: str) -> StudentError:
        """Return the error for a call that can't be made any more: the time is up, or the cells can't be run."""
        if self._clock.left <= 0:
            self._end()
            return TimedOut(name, self._limits.total_seconds, "total_seconds")
        return Died(name, self._unusable)

    def _call(
        self, process: GuestProcess, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool, method: str
    ) -> Call:
        with process.functions_of_a_call():
            return self._exchange_messages(process, name, args, kwargs, want_arguments, method)

    def _exchange_messages(
        self, process: GuestProcess, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool, method: str
    ) -> Call:
        """Send a call, serve its callbacks, and return the result."""
        codec, callbacks = process.codec(self), 0
        codec.generators += args[0].generators if args and type(args[0]) is wire.Handle and method else ()
        try:
            frame = codec.encode("call", called(name, method), args, kwargs, want_arguments, process.forgotten())
            generators = tuple(codec.generators)
        except StaleHandle:
            raise Died(name, "an argument belongs to an earlier process, which has ended") from None
        except wire.WireError as error:
            raise ValueError(f"the arguments of {name} can't be sent: {error}") from None
        process.limit_cpu(self._limits.call_cpu_seconds)
        process.channel.send(frame, self._clock.deadline(self._limits.call_seconds))
        deadline = self._clock.deadline(self._limits.call_seconds)
        while True:
            reply = self._receive_reply(process, name, deadline)
            fields = codec.decode(reply)
            if reply.kind != "callback":
                call = self._outcome(reply, fields, len(args) if want_arguments else None)
                if type(call.answer) is wire.Handle and call.answer.iterates:
                    call.answer.generators = generators
                return call
            callbacks += 1
            self._callbacks.check(name, callbacks, fields)
            self._serve(process, codec, process.callback, fields, deadline)

    def _receive_reply(self, process: GuestProcess, name: str, deadline: float) -> wire.Frame:
        """Return the next message in reply to a call of `name`; serve the calls of replaced functions that come before it."""
        asked = 0
        while (reply := process.channel.receive(deadline)).kind == "ask":
            codec = process.codec()  # its own: the generators among the arguments needn't be those of the call
            fields = codec.decode(reply)
            asked += 1
            self._callbacks.check(name, asked, fields)
            self._serve(process, codec, self._replaced.get, fields, deadline)
        return reply

    def _outcome(self, reply: wire.Frame, fields: list[Any], expected: int | None) -> Call:
        """Return the answer and the `expected` number of arguments in a reply, or raise the error in it."""
        if reply.kind == "result" and len(fields) in (2, 3) and all(field is True for field in fields[2:]):
            answer, arguments, *shared = fields
            count = len(arguments) if type(arguments) is list else None
            if type(arguments) not in (list, type(None)) or count != expected:
                raise wire.WireError("malformed arguments")
            return Call(answer, tuple(arguments or ()), bool(shared))
        if reply.kind == "error":
            raise self._with_reason_if_missing(reported_error(*fields))
        raise wire.WireError("an unexpected message")

    def _fetched(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool, method: str) -> Call | None:
        """Return the prefetched answer, or None if the call differs from the plan: then this and later calls of the test are made now."""
        test = self._current
        if test is None or not test.is_next(name, args, kwargs, want_arguments, method):
            self._current = None
            return None
        outcome, reported = test.next, test.reported()
        used = [value for value in (*args, *kwargs.values()) if isinstance(value, np.random.Generator)]
        states = [generator.bit_generator.state for generator in used]
        call = None
        try:
            if isinstance(outcome, Reply):
                codec = outcome.process.codec(self)
                codec.generators = reported
                call = self._outcome(outcome.frame, codec.decode(outcome.frame), len(args) if want_arguments else None)
                if type(call.answer) is wire.Handle and call.answer.iterates:  # it needs the generators and the threads of this moment
                    for generator, state in zip(used, states, strict=True):
                        generator.bit_generator.state = state
                    self._current = None
                    return None
                return self._usable(name, call, frozenset())
            assert outcome is not None
            raise outcome
        except wire.WireError as error:
            raise Unreadable(name, str(error)) from None
        finally:
            test.take(call.answer if call else None)

    def _serve(
        self,
        process: GuestProcess,
        codec: wire.Codec,
        find: Callable[[Any], Callable[..., Any] | None],
        fields: list[Any],
        deadline: float,
    ) -> None:
        """Run a callback, and send back what it returned."""
        message = self._callbacks.run(find, fields, lambda: process is self._process)
        process.channel.send(encoded(codec, message), deadline)

    def _with_reason_if_missing(self, error: StudentError) -> StudentError:
        """Add to a `Missing` error the problem of the function's cell, if it has one."""
        problem = next((one for one in self.problems if isinstance(error, Missing) and one.name == error.name), None)
        return Missing(problem.name, f"{problem.label}: {problem.message}") if problem and problem.name else error

    # --- time and failures ------------------------------------------------------------------------------------------------

    def _end(self, grace: bool = True) -> Ending:
        process, self._process = self._process, None
        if process is None:
            return Ending(0)
        ending = process.end(grace)
        self._output.take(process.channel)
        return ending

    def _cell_error(self, error: Exception) -> str:
        """End the process in which a cell was running, and return the reason as a part of a sentence."""
        ending = self._end(grace=isinstance(error, Closed))
        if isinstance(error, Timeout):
            seconds, limit = self._clock.exceeded(self._limits, "cell_seconds")
            return f"did not finish within {seconds:g} s (the limit {limit})"
        if isinstance(error, wire.WireError):
            return f"sent something that can't be read ({error})"
        return f"ended the whole process: {self._how_it_ended(ending, error)}"

    def _call_error(self, name: str, error: Exception) -> StudentError:
        """End the process in which a function was called, and return the error for the test."""
        ending = self._end(grace=isinstance(error, Closed))
        if isinstance(error, Timeout):
            limit = "call_cpu_seconds" if isinstance(error, CpuTimeout) else "call_seconds"
            self._skipped[name] = TimedOut(name, *self._clock.exceeded(self._limits, limit))
            return self._skipped[name]
        if isinstance(error, wire.WireError):
            return Unreadable(name, str(error))
        return Died(name, self._how_it_ended(ending, error))

    def _how_it_ended(self, ending: Ending, error: Exception) -> str:
        if ending.exceeded_disk:
            return disk_message(self._limits)
        self.killed = self.killed or (isinstance(error, Closed) and ending.status == -signal.SIGKILL)
        return meaning_of_status(ending.status, self._limits)

    # --- printed text ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _printing_in(self, where: str) -> Iterator[None]:
        """Attribute text that is printed in this context to `where`, a cell or an exercise."""
        before, self._output.place = self._output.place, where
        try:
            yield
        finally:
            if self._process is not None:
                self._output.take(self._process.channel)
            self._output.place = before
