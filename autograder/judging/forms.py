"""Right numbers in another form than is asked for: lists in place of arrays, or the items of a tuple in another order.

Every test of such an answer fails. So an exercise that earned nothing is judged once more with its answers put into the form that is asked
for; the form is then a corner that it loses, like integers or an argument changed in place.

A forward pass that returns `out` alone, or raises an exception in some calls, loses points for it. Its backward pass is judged with a cache
that is made in its place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np

from autograder.judging.recorder import has_generator
from coursekit.outcomes import Aspect, TestOutcome
from coursekit.student import Call, Raised, Student, StudentFunction

FORM = Aspect("the form of the answer", 0.25, corner=True)
MOST_ITEMS = 3  # of a tuple whose items are tried in other orders
MOST_NUMBERS = 100_000  # of lists that are made into an array
MOST_LISTS = 6  # inside each other
_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True)
class Form:
    """A change of an answer's form.

    Parameters
    ----------
    apply : callable
        Takes an answer and the arguments of the call, and returns the answer in the form that is asked for. Other answers come back as
        they are.
    message : str
        What the student reads, behind the function's name.
    instead : callable, optional
        Takes the arguments of a call that raised an exception, and returns an answer in its place.
    """

    apply: Callable[..., Any]
    message: str
    instead: Callable[..., Any] | None = None

    def outcome(self, exercise: str) -> TestOutcome:
        """Return the outcome of a failed test of the form."""
        sentence = "The answer has the form that is asked for."
        return TestOutcome(exercise, "form", sentence, kind="type", message=f"{exercise} {self.message}", aspect=FORM)


def forms_of(answer: Any, first_only: bool) -> Iterator[Form]:
    """Yield the forms that an answer may be put into.

    Parameters
    ----------
    answer : object
        One answer of the function.
    first_only : bool
        Whether only the first item of a tuple should be an array; the other is a cache or a state.
    """

    def as_arrays(value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(_as_array(item) if number == 0 or not first_only else item for number, item in enumerate(value))
        return _as_array(value)

    parts = answer[:1] if isinstance(answer, tuple) and first_only else answer if isinstance(answer, tuple) else (answer,)
    if any(_as_array(part) is not part for part in parts):
        yield Form(as_arrays, "returned a list where an array is asked for; the numbers were judged: make an array of it")
    if isinstance(answer, (list, tuple)) and 2 <= len(answer) <= MOST_ITEMS:
        kinds = [_kind(item) for item in answer]
        for order in list(permutations(range(len(answer))))[1:]:
            if any(kinds[one] == kinds[other] and one > other for one, other in combinations(order, 2)):
                continue  # among items of one kind the order is a part of what is asked for
            names = ", ".join(_ORDINALS[place] for place in order)
            yield Form(_in_order(order), f"returned its items in another order; they were judged in this one: the {names}")


def caches_for(forward: Callable[..., Any]) -> Iterator[Form]:
    """Yield forms that put a cache behind the `out` of a forward pass, and answer where it raises.

    The cache is a tuple of the arguments, or that of the reference's `forward`. Where something is drawn, none can be made afterwards.
    """

    def arguments(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(forward).bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.args

    yield _with_cache(forward, arguments)
    yield _with_cache(forward, lambda *args, **kwargs: forward(*args, **kwargs)[1])


def _with_cache(forward: Callable[..., Any], cache_of: Callable[..., Any]) -> Form:
    def paired(value: Any, *args: Any, **kwargs: Any) -> Any:
        return (value, cache_of(*args, **kwargs)) if isinstance(value, np.ndarray) and not has_generator(args, kwargs) else value

    return Form(paired, "returned no cache", lambda *args, **kwargs: (forward(*args, **kwargs)[0], cache_of(*args, **kwargs)))


def _kind(item: Any) -> Any:
    """Return the shape of a number or an array, or another item's type."""
    return np.shape(item) if isinstance(item, (int, float, np.generic, np.ndarray)) else type(item)


def _in_order(order: tuple[int, ...]) -> Callable[..., Any]:
    def ordered(value: Any, *_: Any, **__: Any) -> Any:
        right_kind = isinstance(value, (list, tuple)) and len(value) == len(order)
        return tuple(value[place] for place in order) if right_kind else value

    return ordered


def _as_array(value: Any) -> Any:
    """Return a list of numbers, or of equally long such lists, as an array, and anything else as it is."""
    shape = _shape(value, MOST_LISTS) if isinstance(value, list) else None
    return np.array(value, dtype=float) if shape is not None and 0 < np.prod(shape) <= MOST_NUMBERS else value


def _shape(value: Any, depth: int) -> tuple[int, ...] | None:
    """Return the shape of the array that a list would make, or None. Of each list one item after the other is looked at, up to a limit."""
    if type(value) in (float, int):
        return () if type(value) is float or value.bit_length() < 1000 else None  # a larger integer is no float
    if isinstance(value, (np.floating, np.integer)):
        return ()
    if isinstance(value, np.ndarray):
        return value.shape if value.dtype.kind in "iuf" else None
    if not isinstance(value, list) or not depth or not 0 < len(value) <= MOST_NUMBERS:
        return None
    first = _shape(value[0], depth - 1)
    if first is None or len(value) * np.prod(first, dtype=float) > MOST_NUMBERS:
        return None
    return (len(value), *first) if all(_shape(item, depth - 1) == first for item in value[1:]) else None


class InForm:
    """A student whose answers are put into another form.

    Parameters
    ----------
    student : Student
    forms : mapping of str to Form
        By the function's name.
    """

    def __init__(self, student: Student, forms: Mapping[str, Form]) -> None:
        self._student, self._forms = student, forms

    def __getattr__(self, name: str) -> StudentFunction:
        function = getattr(self._student, name)
        return _Changed(function, self._forms[name]) if name in self._forms else function


class _Changed:
    def __init__(self, function: StudentFunction, form: Form) -> None:
        self.name, self._function, self._form = function.name, function, form

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._form.apply(self._function(*args, **kwargs), *args, **kwargs)
        except Raised:
            return self._instead(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the answer together with the positional arguments after the call."""
        try:
            call = self._function.call(*args, **kwargs)
        except Raised:
            return Call(self._instead(*args, **kwargs), args)
        return Call(self._form.apply(call.answer, *args, **kwargs), call.arguments)

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        """Return the first items of the iterator that is the answer, unchanged."""
        return self._function.items(count, *args, **kwargs)

    def _instead(self, *args: Any, **kwargs: Any) -> Any:
        """Return an answer in the place of the exception that is being handled, or raise it again."""
        if self._form.instead is None or has_generator(args, kwargs):
            raise
        return self._form.instead(*args, **kwargs)
