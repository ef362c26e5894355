"""Right gradients of a forward pass with a known mistake.

A backward pass is judged by the reference. If it fails, and a misconception explains the student's forward pass, the backward pass may be
right behind that wrong forward pass, in one of two ways: as its derivative, or as the right formula on what the wrong forward pass kept. So
its tests are run again with `KnownForward` as the reference, which has the misconception as forward pass and one of the two as backward
pass. `AnsweringAs` checks that the student's forward pass equals the misconception in these tests, too.

The right gradients are computed from the misconception, never from the student's code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder import deadline
from autograder.judging.diagnosis import close
from autograder.judging.known_answers import KnownAnswer, catalogue, without_warnings
from autograder.judging.recorder import has_generator
from autograder.judging.reference_cache import Remembered, remembered
from autograder.model.course import HiddenModules
from coursekit.expectations import Mismatch
from coursekit.student import Call, Student, StudentFunction, copied

STEP = 1e-4  # of difference quotients, relative to the largest number in an array: their error is then of the order 1e-12
TRIVIAL = 1e-5  # relative to the right gradient; a smaller gradient counts as zero


def forward_of(backward: str, exercises: Sequence[str]) -> str | None:
    """Return the forward exercise of a backward pass: ``x_forward`` or ``x`` for ``x_backward``; None if there is none."""
    stem = backward.removesuffix("_backward")
    return next((name for name in (f"{stem}_forward", stem) if name in exercises and name != backward), None)


def _answer(known: KnownAnswer, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return what a known answer returns for copies of the arguments."""
    with without_warnings():
        return known.function(*copied(args), **copied(kwargs))


class KnownForward:
    """A reference whose forward pass is a misconception, and whose backward pass is the derivative of it, or the formula.

    Parameters
    ----------
    reference : module
        The right functions, used for all other names.
    hidden : HiddenModules
        The lecture.
    known : KnownAnswer
        A misconception of the forward pass.
    backward : str
        The name of the backward pass: ``backward(dout, cache)`` for an ``x_forward`` that returns ``(out, cache)``, and
        ``backward(dout, *arguments)`` for an ``x`` that returns ``out``. Where the forward pass's first argument is a dictionary of
        parameters, it returns a dictionary of their gradients, with the same keys in the same order.
    by_formula : bool
        The backward pass is the reference's on the misconception's cache, in place of the derivative.

    Attributes
    ----------
    trivial : list of bool
        For each call of the backward pass, whether a gradient was zero, or the upstream gradient itself, where the reference's is neither.
    """

    def __init__(
        self, reference: ModuleType | Remembered, hidden: HiddenModules, known: KnownAnswer, backward: str, by_formula: bool = False
    ) -> None:
        self._reference, self._hidden, self.known, self._backward, self._by_formula = reference, hidden, known, backward, by_formula
        self._returns_pair = known.exercise.endswith("_forward")
        self.trivial: list[bool] = []

    def __getattr__(self, name: str) -> Any:
        own = {self.known.exercise: self.forward, self._backward: self.backward}
        return own[name] if name in own else getattr(self._reference, name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the misconception's output, with the arguments and its own cache as cache."""
        answer = _answer(self.known, args, kwargs)
        return (answer[0], (args, kwargs, answer[1])) if self._returns_pair else answer

    def backward(self, dout: np.ndarray, *cache: Any) -> Any:
        """Return the right gradients with respect to the forward pass's first arguments, as many as the reference returns."""
        args, kwargs, kept = cache[0] if self._returns_pair else (cache, {}, None)
        right = self._right_gradients(dout, args, kwargs)
        count = len(right) if isinstance(right, (list, tuple, dict)) else 1
        if self._by_formula:
            found = _listed(getattr(self._reference, self._backward)(dout, kept))
        else:
            with deadline.uncounted():  # the result is cached for all submissions
                lecture = str(self._hidden.folder), self._hidden.slug
                found = _derivatives.derivatives(*lecture, self.known.exercise, self.known.id, dout, args, kwargs, count)
        self.trivial.append(any(_is_trivial(mine, np.asarray(other), dout) for mine, other in zip(found, _listed(right), strict=True)))
        if isinstance(right, dict):
            return dict(zip(right, found, strict=True))
        return tuple(found) if isinstance(right, (list, tuple)) else found[0]

    def _right_gradients(self, dout: np.ndarray, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Return the reference's gradients; for a random upstream gradient if its `out` has another shape than `dout`."""
        answer = getattr(self._reference, self.known.exercise)(*args, **kwargs)
        out = answer[0] if self._returns_pair else answer
        upstream = dout if np.shape(dout) == np.shape(out) else np.random.default_rng(2010).normal(0.3, 1, np.shape(out))
        behind = (answer[1],) if self._returns_pair else args
        return getattr(self._reference, self._backward)(upstream, *behind)


@lru_cache(maxsize=256)
def known_forward(hidden: HiddenModules, forward: str, id: str, backward: str, by_formula: bool) -> KnownForward:
    """Return the `KnownForward` for a misconception of `forward`. Cached."""
    found = catalogue(hidden)
    known = next(one for one in found.misconceptions if (one.exercise, one.id) == (forward, id))
    return KnownForward(remembered(found.reference), hidden, known, backward, by_formula)


def derivatives(
    folder: str, slug: str, exercise: str, known: str, dout: np.ndarray, args: Sequence[Any], kwargs: Mapping[str, Any], count: int
) -> list[np.ndarray]:
    """Return the derivatives of Σ dout·out of a misconception with respect to its first `count` arguments.

    Where the first argument is a dictionary of parameters, they are with respect to its items. The lecture is named by plain data, as
    `HiddenModules` has them, because the answers are remembered by the arguments.
    """
    function = next(
        one.function for one in catalogue(HiddenModules(Path(folder), slug)).misconceptions if (one.exercise, one.id) == (exercise, known)
    )

    params = args[0] if isinstance(args[0], dict) else None
    rest = args[1:] if params is not None else args[count:]

    def out(*moved: np.ndarray) -> np.ndarray:
        first = moved if params is None else (dict(zip(params, moved, strict=True)),)
        answer = function(*first, *copied(rest), **copied(dict(kwargs)))
        return answer[0] if exercise.endswith("_forward") else answer

    return numerical_gradients(out, args[:count] if params is None else list(params.values()), dout)


_derivatives = Remembered(sys.modules[__name__])  # cached: they take hundreds of calls, and are the same for all students


class AnsweringAs:
    """A student whose forward pass is compared with a misconception in every call.

    Parameters
    ----------
    student : Student
    known : KnownAnswer
        The misconception.
    """

    def __init__(self, student: Student, known: KnownAnswer) -> None:
        self._student, self._known = student, known

    def __getattr__(self, name: str) -> StudentFunction:
        function = getattr(self._student, name)
        return _Compared(function, self._known) if name == self._known.exercise else function


class _Compared:
    """The compared function. Calls with a random generator aren't compared."""

    def __init__(self, function: StudentFunction, known: KnownAnswer) -> None:
        self.name, self._function, self._known = function.name, function, known

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs).answer

    def items(self, count: int, *args: Any, **kwargs: Any) -> Any:
        """Return the first items of the iterator that is the answer, unchanged."""
        return self._function.items(count, *args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Call:
        """Return the answer together with the positional arguments after the call.

        Raises
        ------
        Mismatch
            If the misconception's answer differs.
        """
        wanted = None if has_generator(args, kwargs) else _out(self.name, _answer(self._known, args, kwargs))
        call = self._function.call(*args, **kwargs)
        if wanted is not None and not close(wanted, _out(self.name, call.answer)):
            raise Mismatch("value", f"expected the answer of the misconception that explains {self.name} in its own tests, got another one")
        return call


def _out(name: str, answer: Any) -> Any:
    return answer[0] if name.endswith("_forward") and type(answer) in (list, tuple) and answer else answer


def numerical_gradients(function: Callable[..., np.ndarray], arguments: Sequence[np.ndarray], dout: np.ndarray) -> list[np.ndarray]:
    """Return the derivatives of Σ dout·function(*arguments) with respect to each argument, by central differences.

    f′ = (8·(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h, with an error of the order h⁴. Where the function is linear in a number, as
    convolutions are, the first difference is exact, and the second isn't computed.
    """
    arguments = [np.array(argument, dtype=float) for argument in arguments]

    def value_at(argument: np.ndarray, index: tuple[int, ...], number: float) -> float:
        before = argument[index]
        argument[index] = number
        found = np.sum(dout * function(*[each.copy() for each in arguments]))
        argument[index] = before
        return float(found)

    middle = float(np.sum(dout * function(*[each.copy() for each in arguments])))
    gradients = []
    for argument in arguments:
        h = STEP * (float(np.max(np.abs(argument), initial=0.0)) or 1.0)
        gradient = np.empty(argument.shape)
        for index in np.ndindex(argument.shape):
            x = float(argument[index])
            above, below = value_at(argument, index, x + h), value_at(argument, index, x - h)
            gradient[index] = (above - below) / (2 * h)
            if abs(above - 2 * middle + below) > 1e-13 * (abs(above) + abs(below)):
                farther = value_at(argument, index, x + 2 * h) - value_at(argument, index, x - 2 * h)
                gradient[index] = (8 * (above - below) - farther) / (12 * h)
        gradients.append(gradient)
    return gradients


def _listed(gradients: Any) -> list[np.ndarray]:
    if isinstance(gradients, dict):
        return list(gradients.values())
    return list(gradients) if isinstance(gradients, (list, tuple)) else [gradients]


def _is_trivial(mine: np.ndarray, right: np.ndarray, dout: np.ndarray) -> bool:
    """Tell whether a gradient is zero, or equal to the upstream gradient, where the right one is neither."""
    scale = np.max(np.abs(right), initial=0.0)
    if scale > 0 and np.max(np.abs(mine), initial=0.0) < TRIVIAL * scale:
        return True
    slack = TRIVIAL * np.max(np.abs(dout), initial=0.0)
    passed_on = mine.shape == dout.shape and np.allclose(mine, dout, rtol=0, atol=slack)
    return passed_on and not (right.shape == dout.shape and np.allclose(right, dout, rtol=0, atol=slack))
