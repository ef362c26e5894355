"""The interface through which tests call a student's functions, its errors, and the implementation for functions in this process.

A test gets ``student``, and ``student.batchnorm_forward(x, gamma, beta)`` calls the function on *copies* of the arguments, so changes in
place don't affect the test.

The errors; their text is the message for the student::

    StudentError
    ├── NotAttempted   the function is still the stub
    ├── Missing        there is no function of that name
    ├── Raised         the function raised; `place` is the student's own line
    ├── TimedOut       no answer within the time limit
    ├── Died           the process ended, or ran out of memory
    └── Unreadable     the answer was too large, nested too deeply, or malformed
"""

from __future__ import annotations

import builtins
import dis
import inspect
import linecache
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from coursekit.streams import METHODS, ReturnedFunction, Steps, Threads, as_argument, is_function, is_iterator, running_threads


@dataclass(frozen=True)
class Place:
    """A line of the student's own code."""

    function: str
    lineno: int
    line: str
    cell: str = ""

    def __str__(self) -> str:
        where = f"line {self.lineno} of {self.cell or self.function}"
        return f"{where}: {self.line.strip()}" if self.line.strip() else where


class StudentError(Exception):
    """A call of a student's function gave no answer."""


class NotAttempted(StudentError):
    """The function `name` is still the stub that the course gave out."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not written yet: it still raises NotImplementedError")
        self.name = name


class Missing(StudentError):
    """There is no function `name`."""

    def __init__(self, name: str, reason: str = "") -> None:
        super().__init__(f"there is no function called {name}" + (f": {reason}" if reason else ""))
        self.name = name


class Raised(StudentError):
    """The function raised an exception of the type named `type_name`; `bases` names the built-in types that it is an instance of.

    `arguments` are the positional arguments as they are after the call, where `StudentFunction.call` made it.
    """

    def __init__(
        self,
        name: str,
        type_name: str,
        message: str,
        place: Place | None = None,
        bases: tuple[str, ...] = (),
        arguments: tuple[Any, ...] = (),
    ) -> None:
        said = f"{type_name}: {message}" if message else type_name
        super().__init__(f"{name} raised {said}" + (f" (in {place})" if place else ""))
        self.name, self.type_name, self.message, self.place, self.bases = name, type_name, message, place, bases
        self.arguments = arguments


class TimedOut(StudentError):
    """The function did not answer within `seconds`, which is the limit called `limit`."""

    def __init__(self, name: str, seconds: float, limit: str = "") -> None:
        which = " of processor time" * ("cpu" in limit) + (f" (the limit {limit})" if limit else "")
        super().__init__(f"{name} did not answer within {seconds:g} s{which}: is there a loop that never ends?")
        self.name, self.seconds = name, seconds


class Died(StudentError):
    """The process in which the function ran came to an end."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} ended the whole process: {reason}")
        self.name, self.reason = name, reason


class Unreadable(StudentError):
    """The function returned a value that can't be transferred as data."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"what {name} returned can't be read: {reason}")
        self.name, self.reason = name, reason


@dataclass(frozen=True)
class Call:
    """An answer, the arguments as they are after the call, and whether an array of the answer uses memory of an argument."""

    answer: Any
    arguments: tuple[Any, ...]
    shared: bool = False


class StudentFunction(Protocol):
    """A function of a student, in this or another process."""

    name: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the answer to a call on copies of the arguments.

        Raises
        ------
        StudentError
            If there is no answer.
        """

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the answer together with the positional arguments after the call."""

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        """Call the function; if the answer is an iterator, return a list of at most its first `count` items, and else the answer."""


class Student(Protocol):
    """A student's functions, by name: ``student.softmax(z)``."""

    def __getattr__(self, name: str) -> StudentFunction: ...


# --- arrays keep their memory layout when they are copied ----------------------------------------------------------------


def layout(array: np.ndarray) -> str:
    """Return the memory layout of `array`: ``"C"``, ``"F"`` or ``"strided"``."""
    if array.flags.c_contiguous:
        return "C"
    return "F" if array.flags.f_contiguous else "strided"


def with_layout(array: np.ndarray, kind: str) -> np.ndarray:
    """Return a copy of `array` with the memory layout `kind`."""
    if kind != "strided" or array.ndim == 0:
        return np.array(array, order="F" if kind == "F" else "C", copy=True)
    roomy = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    roomy[..., ::2] = array
    return roomy[..., ::2]


def copied(value: Any) -> Any:
    """Return a copy of `value` with its arrays copied, in lists, tuples and dicts, too; other objects are shared."""
    kind = type(value)
    if kind is np.ndarray:
        return with_layout(value, layout(value))
    if kind is list or kind is tuple:
        return kind([copied(item) if type(item) in _CONTAINERS else item for item in value])
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


_CONTAINERS = frozenset({np.ndarray, list, tuple, dict})


MOST_ARRAYS = 64  # that are looked at, of the answer and of the arguments


def shares_memory(answer: Any, arguments: Any) -> bool:
    """Tell whether an array in `answer` uses memory of an array in `arguments`; both may be lists, tuples and dicts of them."""
    return any(np.may_share_memory(one, other) for one in _some_arrays(answer) for other in _some_arrays(arguments))


def _some_arrays(value: Any) -> list[np.ndarray]:
    """Return the first arrays in a value, which may hold itself or very many others."""
    found: list[np.ndarray] = []
    waiting = [value]
    for _ in range(8 * MOST_ARRAYS):
        if not waiting:
            break
        item = waiting.pop()
        if type(item) is np.ndarray:
            found.append(item)
        elif type(item) in (list, tuple):
            waiting += item[:MOST_ARRAYS]
        elif type(item) is dict:
            waiting += list(item.values())[:MOST_ARRAYS]
    return found[:MOST_ARRAYS]


# --- functions in this process --------------------------------------------------------------------------------------------


class LocalStudent:
    """The functions of a namespace in this process, such as a notebook's.

    Parameters
    ----------
    namespace : mapping of str to object
        The functions by name, looked up at each call.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> LocalFunction:
        function = self._namespace.get(name)
        if not callable(function):
            raise Missing(name, "run the cell that defines it")
        return LocalFunction(name, function)


class LocalFunction:
    """A function in this process, called on copies; its exceptions are raised as `StudentError`."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name, self._function = name, function

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, if it has a signature."""
        return parameters_of(self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs).answer

    def call(self, *args: Any, **kwargs: Any) -> Call:
        arguments, threads = copied(args), running_threads()
        answer = self._guarded(self._function, *map(as_argument, arguments), **copied(kwargs))
        if is_iterator(answer):
            answer = Steps(self.name, partial(self._step, answer, threads), answer)
        elif is_function(answer):
            answer = ReturnedFunction(self.name, partial(self._apply, answer), answer)
        return Call(answer, arguments, shares_memory(answer, arguments))

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        return copied(self._guarded(first_items, self._function, count, *copied(args), **copied(kwargs)))

    def _step(self, iterator: Any, threads: Threads, method: str, *args: Any) -> Any:
        """Do something with an iterator that the function has returned; an item is copied."""
        return copied(self._guarded(METHODS[method], iterator, threads, *args))

    def _apply(self, function: Callable[..., Any], args: tuple[Any, ...], want_arguments: bool) -> Call:
        """Call a function that the function has returned, on copies."""
        arguments = copied(args)
        return Call(copied(self._guarded(function, *arguments)), arguments)

    def _guarded(self, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call something of the student's, and raise its exceptions as `StudentError`."""
        try:
            return do(*args, **kwargs)
        except NotImplementedError as error:
            raise NotAttempted(raising_function(error.__traceback__) or self.name) from None
        except StudentError:
            raise
        except (Exception, SystemExit) as error:
            place = own_line(error.__traceback__)
            raise Raised(self.name, type(error).__name__, str(error), place, builtin_bases(error), args) from None


def first_items(function: Callable[..., Any], count: int, *args: Any, **kwargs: Any) -> Any:
    """Call a function; see `StudentFunction.items`. Each item is copied as it is when it comes."""
    answer = function(*map(as_argument, args), **kwargs)
    return [copied(item) for item in islice(answer, count)] if is_iterator(answer) else answer


def parameters_of(function: Any) -> tuple[str, ...]:
    """Return the names of a function's parameters that can be passed by position, as far as they are known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in function without a signature
        return ()
    by_position = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(parameter.name for parameter in parameters if parameter.kind in by_position)


def builtin_bases(error: BaseException) -> tuple[str, ...]:
    """Return the names of the built-in exceptions that an exception is an instance of."""
    kinds = type.__dict__["__mro__"].__get__(type(error))[:-1]  # without object; and not `__mro__`, which a metaclass can override
    named = [(str(type.__dict__["__name__"].__get__(kind)), kind) for kind in kinds]
    return tuple(name for name, kind in named if vars(builtins).get(name) is kind)


def is_stub(function: Any) -> bool:
    """Tell whether `function` still raises the NotImplementedError of the released notebook.

    A function with a return before the stub's last line is an answer, for students often leave that line in place.
    """
    code = getattr(function, "__code__", None)
    if code is None or "NotImplementedError" not in code.co_names:
        return False
    steps = list(dis.get_instructions(code))  # the compiler leaves out unreachable code
    returns = any(step.opname in ("RETURN_VALUE", "RETURN_CONST") for step in steps)
    return not returns and any(step.argval == "NotImplementedError" for step in steps)


def raising_function(traceback: TracebackType | None) -> str:
    """Return the name of the function in which an exception was raised."""
    name = ""
    while traceback is not None:
        name, traceback = traceback.tb_frame.f_code.co_name, traceback.tb_next
    return name


def own_line(traceback: TracebackType | None) -> Place | None:
    """Return the innermost line of a traceback that is in neither this package nor an installed one."""
    place = None
    here = os.path.dirname(__file__)
    while traceback is not None:
        code, lineno = traceback.tb_frame.f_code, traceback.tb_lineno
        installed = code.co_filename.startswith(here) or any(part in code.co_filename for part in _INSTALLED)
        if not installed:
            place = Place(code.co_name, lineno, linecache.getline(code.co_filename, lineno))
        traceback = traceback.tb_next
    return place


_INSTALLED = (
    os.sep + "site-packages" + os.sep,
    os.sep + "dist-packages" + os.sep,
    os.path.dirname(os.__file__) + os.sep,
    "<frozen ",
    "<__array_function__",
)
