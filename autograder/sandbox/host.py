"""The host's side: `Sandbox` starts the zygote, and `Guest` is a submission at work.

Whatever a submission does, the host sees one of the errors of `coursekit.student` and goes on: a guest that hangs, ends or talks
nonsense is killed with all that it has started, and the next call gets a fresh process in which the cells have run again.
"""

from __future__ import annotations

import builtins
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograder.deadline import check
from autograder.errors import SandboxUnavailable
from autograder.limits import Limits, in_units
from autograder.model.cells import Cell, CellProblem, Printed
from autograder.model.values import size_of
from autograder.sandbox import wire
from autograder.sandbox.channel import Closed, Timeout
from autograder.sandbox.confine import LAYERS, available
from autograder.sandbox.prefetch import Plan, PlannedCall, Prefetched, Queue, Reply
from autograder.sandbox.process import Ending, GuestProcess, Nursery, Stale
from autograder.sandbox.reasons import MESSAGE_LENGTH, overfull, said_error, why
from autograder.sandbox.remote import RemoteStudent
from coursekit.student import Call, Died, Missing, StudentError, TimedOut, Unreadable

__all__ = ["Cell", "CellProblem", "Guest", "Limits", "Printed", "Sandbox"]

TROUBLE = (Timeout, Closed, wire.WireError)
"""What can come of waiting for a guest."""


class Sandbox:
    """Where guests come from: a context manager around one zygote.

    Parameters
    ----------
    confine : bool
        Whether guests are confined. Without, they run with your rights: for code that you trust.
    layers : frozenset of str
        What confines them; see `autograder.sandbox.confine.LAYERS`.

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
        self._nursery = Nursery(layers if confine else frozenset())

    def __enter__(self) -> Sandbox:
        self._nursery.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def guest(self, cells: Sequence[Cell], limits: Limits | None = None) -> Guest:
        """Run `cells` in a fresh process, and return it."""
        return Guest(self._nursery, cells, limits or Limits())

    def close(self) -> None:
        """End the zygote and all its guests."""
        self._nursery.stop()


class Guest:
    """A submission at work, from `Sandbox.guest`. A context manager: leaving it ends the process.

    Attributes
    ----------
    problems : tuple of CellProblem
        The cells that went wrong.
    untouched : frozenset of str
        The exercises whose cell still says what the stub says.
    defined : frozenset of str
        The names that can be called.
    student : RemoteStudent
        What a test calls.
    """

    def __init__(self, nursery: Nursery, cells: Sequence[Cell], limits: Limits) -> None:
        self._nursery, self._cells, self._limits = nursery, tuple(cells), limits
        self._process: GuestProcess | None = None
        self._bad: dict[int, str] = {}
        self._hopeless = ""
        self._where, self._printed = "", dict[str, bytes]()
        self._cut: str | None = None
        self._spent, self._waiting = 0.0, 0
        self._called_back_with: Counter[str] = Counter()  # how many bytes each function has passed to callbacks
        self._exercise = ""  # that is being judged
        self._prefetched: dict[str, Prefetched] = {}  # by test
        self._current: Prefetched | None = None  # of the test that is running, as long as it makes the planned calls
        self.problems: tuple[CellProblem, ...] = ()
        self.killed = False  # by itself or from outside, which nobody can tell apart
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
        """What was printed, as far as `Limits.output_bytes` goes: first by cells, in their order, then by functions."""
        cut = f"\n(cut here: more than {in_units(self._limits.output_bytes)} was printed, the limit output_bytes)\n"
        places = [cell.label for cell in self._cells]
        places += [where for where in self._printed if where not in places]
        said = {where: self._printed[where].decode("utf-8", "replace") for where in places if where in self._printed}
        return tuple(Printed(where, text + cut * (where == self._cut)) for where, text in said.items())

    def close(self) -> None:
        """End the process for good; it is one of its problems if it had to be killed after its last answer."""
        if self._end().overfull:
            self.problems = (*self.problems, CellProblem("after the last answer", overfull(self._limits), None))
        self._hopeless = self._hopeless or "its guest has been closed"

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool = True) -> Call:
        """Call the function `name`; see `RemoteFunction`."""
        if (fetched := self._fetched(name, args, kwargs, want_arguments)) is not None:
            return fetched
        with self._clock(), self._printing_in(self._exercise or name):
            try:
                return self._call(self._running(name), name, args, kwargs, want_arguments)
            except TROUBLE as error:
                raise self._dead(name, error) from None
            except StudentError:
                raise
            except BaseException:  # an interrupt, or a bug of a test's: nobody waits for the answer any more
                self._end()
                raise

    def prefetch(self, exercise: str, plan: Plan) -> None:
        """Turn to an exercise: make its planned calls, in the order of its tests, and keep what came of them until the next exercise.

        A call that ends the process, or takes longer than it may, has its error, and the calls after it go to a fresh process.
        """
        queue = Queue(plan)
        self._prefetched, self._current = {test.plan.test: test for test in queue.tests}, None
        room: Counter[str] = Counter()
        skipped: dict[str, StudentError] = {}
        self._exercise = exercise
        with self._clock(), self._printing_in(exercise):
            while rest := list(queue):
                try:
                    self._fetch(queue, rest, room, skipped)
                except StudentError:  # there is no process any more, and won't be
                    for test, call in rest:
                        test.outcomes.append(self._unable(call.name))
                except wire.WireError:  # more than one message can hold
                    self._prefetched = {}
                    return
                except BaseException:
                    self._end()
                    raise

    def _fetch(
        self, queue: Queue, rest: Sequence[tuple[Prefetched, PlannedCall]], room: Counter[str], skipped: dict[str, StudentError]
    ) -> None:
        """Make the rest of planned calls, up to one after which a fresh process is needed."""
        process, left_out = self._running(rest[0][1].name), dict(skipped)
        frame = process.codec().encode("calls", queue.message(), list(left_out), process.forgotten())
        test, call = rest[0]
        try:
            process.channel.send(frame, self._deadline(self._limits.call_seconds))
            for test, call in rest:
                name = call.name
                if name in left_out:
                    test.outcomes.append(left_out[name])
                    continue
                reply = process.channel.receive(self._deadline(self._limits.call_seconds))
                if reply.kind not in ("result", "error"):
                    raise wire.WireError("out of turn")
                room[name] += len(reply.structure) + len(reply.data)
                if room[name] > self._limits.all_answers_bytes:
                    skipped[name] = Unreadable(name, self._limits.too_much)
                test.outcomes.append(skipped.get(name) or Reply(process, reply))
        except TROUBLE as error:
            dead = self._dead(call.name, error)
            if isinstance(dead, TimedOut):
                skipped[call.name] = dead
            test.outcomes.append(dead)

    def turn_to(self, test: str) -> None:
        """Say that the calls to come are those of a test."""
        self._current = self._prefetched.get(test)

    # --- cells ------------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Run the cells in a fresh process, without those that have brought one down."""
        with self._clock(), self._printing_in(""):
            for _ in range(len(self._cells) + 1):
                self._forget_printed()
                self._process = self._nursery.fork(self._limits, self._room())
                running, error = self._run_cells(self._process)
                if error is None:
                    break
                reason = self._reason(error)
                if running is None or running in self._bad or self._left() <= 0:
                    self._hopeless = f"the cells could not be run: {reason}"
                    break
                self._bad[running] = reason
            else:
                self._hopeless = "every cell ends the process"
        bad = (self._problem(index, f"it {reason}") for index, reason in self._bad.items())
        order = {cell.label: index for index, cell in enumerate(self._cells)}
        found = () if self._hopeless else self.problems
        self.problems = tuple(sorted({*found, *bad}, key=lambda problem: order[problem.label]))

    def _run_cells(self, process: GuestProcess) -> tuple[int | None, Exception | None]:
        """Return the number of the cell that was running last, and what went wrong, if anything did."""
        running = None
        codec = process.codec()
        try:
            frame = codec.encode("cells", [tuple(vars(cell).values()) for cell in self._cells], sorted(self._bad))
            process.channel.send(frame, self._deadline(self._limits.cell_seconds))
            while True:
                reply = process.channel.receive(self._deadline(self._limits.cell_seconds))
                fields = process.codec().decode(reply)
                if reply.kind == "refused" and running is None:  # later on it would be the student's code that says so
                    self._end()
                    said = " ".join(map(str, fields))[:MESSAGE_LENGTH]
                    raise SandboxUnavailable(f"a guest could not be confined ({said}); --sandbox none grades without confinement")
                if reply.kind == "ready":
                    self._take_stock(*fields)
                    self._note_printed(process)
                    return running, None
                if reply.kind != "running" or not fields or type(fields[0]) is not int or not 0 <= fields[0] < len(self._cells):
                    raise wire.WireError("out of turn")
                self._note_printed(process)
                running = fields[0]
                self._where = self._cells[running].label
                process.channel.send(process.codec().encode("running"), self._deadline(self._limits.cell_seconds))
        except TROUBLE as error:
            return running, error

    def _take_stock(self, problems: Any = None, untouched: Any = None, defined: Any = None, *rest: Any) -> None:
        """Note what the guest says of its cells, if it makes sense."""
        if rest or not type(problems) is type(untouched) is type(defined) is list or len(problems) > len(self._cells):
            raise wire.WireError("out of turn")
        pairs = all(type(problem) in (list, tuple) and len(problem) == 2 for problem in problems)
        if not pairs or not all(type(name) is str for name in [*untouched, *defined]):
            raise wire.WireError("out of turn")
        self.problems = tuple(self._problem(*problem) for problem in problems)
        self.untouched, self.defined = frozenset(untouched), frozenset(defined)

    def _problem(self, index: Any, message: Any) -> CellProblem:
        if type(index) is not int or not 0 <= index < len(self._cells) or type(message) is not str:
            raise wire.WireError("out of turn")
        return CellProblem(self._cells[index].label, message[:MESSAGE_LENGTH], self._cells[index].name)

    # --- calls ------------------------------------------------------------------------------------------------------------

    def _running(self, name: str) -> GuestProcess:
        """Return a process in which the cells have run."""
        if self._process is None and not self._hopeless and self._left() > 0:
            self._start()
        if self._process is None or self._hopeless or self._left() <= 0:
            raise self._unable(name)
        return self._process

    def _unable(self, name: str) -> StudentError:
        """Return why no function can be called any more."""
        if self._left() <= 0:
            self._end()
            return TimedOut(name, self._limits.total_seconds, "total_seconds")
        return Died(name, self._hopeless)

    def _call(self, process: GuestProcess, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> Call:
        with process.functions_of_a_call():
            return self._conversation(process, name, args, kwargs, want_arguments)

    def _conversation(self, process: GuestProcess, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> Call:
        """Send a call, answer the callbacks that come, and return the result."""
        codec, callbacks = process.codec(self), 0
        try:
            frame = codec.encode("call", name, args, kwargs, want_arguments, process.forgotten())
        except Stale:
            raise Died(name, "an argument was made by an earlier process, which has ended") from None
        except wire.WireError as error:
            raise ValueError(f"the arguments of {name} can't be sent: {error}") from None
        process.channel.send(frame, self._deadline(self._limits.call_seconds))
        deadline = self._deadline(self._limits.call_seconds)
        while True:
            reply = process.channel.receive(deadline)
            fields = codec.decode(reply)
            if reply.kind != "callback":
                return self._outcome(reply, fields, len(args) if want_arguments else None)
            if len(fields) != 3:
                raise wire.WireError("out of turn")
            callbacks += 1
            self._count_callback(name, callbacks, fields)
            self._send_back(process, codec, self._called_back(process, fields), deadline)

    def _outcome(self, reply: wire.Frame, fields: list[Any], expected: int | None) -> Call:
        """Return what a reply says came of a call, `expected` arguments with it."""
        if reply.kind == "result" and len(fields) == 2:
            answer, arguments = fields
            count = len(arguments) if type(arguments) is list else None
            if type(arguments) not in (list, type(None)) or count != expected:
                raise wire.WireError("arguments that aren't any")
            return Call(answer, tuple(arguments or ()))
        if reply.kind == "error":
            raise self._explained(said_error(*fields))
        raise wire.WireError("out of turn")

    def _fetched(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], want_arguments: bool) -> Call | None:
        """Return what came of a planned call, or None: then it has to be made, and so have all that follow in this test."""
        test = self._current
        if test is None or not test.is_next(name, args, kwargs, want_arguments):
            self._current = None
            return None
        outcome, reported = test.next, test.reported()
        call = None
        try:
            if isinstance(outcome, Reply):
                codec = outcome.process.codec(self)
                codec.generators = reported
                call = self._outcome(outcome.frame, codec.decode(outcome.frame), len(args) if want_arguments else None)
                return call
            assert outcome is not None
            raise outcome
        except wire.WireError as error:
            raise Unreadable(name, str(error)) from None
        finally:
            test.take(call.answer if call else None)

    def _explained(self, error: StudentError) -> StudentError:
        """Say of a missing function why it is missing, where its cell went wrong."""
        problem = next((one for one in self.problems if isinstance(error, Missing) and one.name == error.name), None)
        return Missing(problem.name, f"{problem.label}: {problem.message}") if problem and problem.name else error

    def _count_callback(self, name: str, number: int, fields: list[Any]) -> None:
        """Count a callback of a call and what it was given, which the host's function may keep as long as the test lasts."""
        if number > self._limits.callbacks:
            raise wire.WireError(f"it called what it was given more than {self._limits.callbacks} times (the limit callbacks)")
        self._called_back_with[name] += size_of(fields)
        if self._called_back_with[name] > self._limits.all_answers_bytes:
            most = in_units(self._limits.all_answers_bytes)
            raise wire.WireError(f"what it passed to callbacks is larger than {most} altogether (the limit all_answers_bytes)")

    def _called_back(self, process: GuestProcess, fields: list[Any]) -> tuple[Any, ...]:
        """Call a function of the host's for the guest, and return the message about it."""
        check()
        number, args, kwargs = fields
        function = process.functions.get(number) if type(number) is int else None
        if function is None or type(args) is not tuple or type(kwargs) is not dict or not all(type(key) is str for key in kwargs):
            raise wire.WireError("a call of nothing")
        try:
            return "answer", function(*args, **kwargs)
        except StudentError as error:
            if process is not self._process:  # it called the student again, and that was the end of the process
                raise
            return "failed", "RuntimeError", str(error)
        except Exception as error:
            return "failed", type(error).__name__ if hasattr(builtins, type(error).__name__) else "RuntimeError", str(error)

    def _send_back(self, process: GuestProcess, codec: wire.Codec, message: tuple[Any, ...], deadline: float) -> None:
        try:
            frame = codec.encode(*message)
        except (wire.WireError, TypeError, Stale) as error:  # what the host's function returned is no data
            frame = codec.encode("failed", "ValueError", str(error))
        process.channel.send(frame, deadline)

    # --- time and death ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _clock(self) -> Iterator[None]:
        """Count the time that the host waits; a call within a call's callback counts once."""
        started, self._waiting = time.monotonic(), self._waiting + 1
        if self._waiting == 1:
            self._since = started
        try:
            yield
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._spent += time.monotonic() - started

    def _left(self) -> float:
        return self._limits.total_seconds - self._spent - (time.monotonic() - self._since if self._waiting else 0)

    def _room(self) -> int:
        return max(0, self._limits.output_bytes - sum(map(len, self._printed.values())))

    def _deadline(self, seconds: float) -> float:
        return time.monotonic() + min(seconds, self._left())

    def _end(self, grace: bool = True) -> Ending:
        process, self._process = self._process, None
        if process is None:
            return Ending(0)
        ending = process.end(grace)
        self._note_printed(process)
        return ending

    def _reason(self, error: Exception) -> str:
        """End the process in which a cell was running, and say why."""
        ending = self._end(grace=isinstance(error, Closed))
        if isinstance(error, Timeout):
            seconds, limit = self._exceeded("cell_seconds")
            return f"did not finish within {seconds:g} s (the limit {limit})"
        if isinstance(error, wire.WireError):
            return f"sent something that can't be read ({error})"
        return f"ended the whole process: {self._why(ending, error)}"

    def _dead(self, name: str, error: Exception) -> StudentError:
        """End the process in which a function was called, and return the error for the test."""
        ending = self._end(grace=isinstance(error, Closed))
        if isinstance(error, Timeout):
            return TimedOut(name, *self._exceeded("call_seconds"))
        if isinstance(error, wire.WireError):
            return Unreadable(name, str(error))
        return Died(name, self._why(ending, error))

    def _exceeded(self, limit: str) -> tuple[float, str]:
        """Return how many seconds have been exceeded, those of `limit` or of the whole submission, and the limit's name."""
        limit = "total_seconds" if self._left() <= 0 else limit
        return getattr(self._limits, limit), limit

    def _why(self, ending: Ending, error: Exception) -> str:
        if ending.overfull:
            return overfull(self._limits)
        self.killed = self.killed or (isinstance(error, Closed) and ending.status == -signal.SIGKILL)
        return why(ending.status, self._limits)

    # --- what is printed --------------------------------------------------------------------------------------------------

    @contextmanager
    def _printing_in(self, where: str) -> Iterator[None]:
        """Keep what is printed meanwhile as printed in `where`."""
        before, self._where = self._where, where
        try:
            yield
        finally:
            if self._process is not None:
                self._note_printed(self._process)
            self._where = before

    def _note_printed(self, process: GuestProcess) -> None:
        """Keep what has been printed since this was done last."""
        text = process.channel.take_printed()
        if text:
            self._printed[self._where] = self._printed.get(self._where, b"") + text
        if process.channel.cut and self._cut is None:
            self._cut = self._where

    def _forget_printed(self) -> None:
        """Forget what the cells have printed that are about to run again."""
        again = {cell.label for index, cell in enumerate(self._cells) if index not in self._bad}
        self._printed = {where: text for where, text in self._printed.items() if where not in again}
