"""Judges a backward pass by the forward pass that it belongs to.

A hidden suite compares gradients with the reference's. Where they differ because the student's *forward* pass is wrong, the backward pass
may still be right: right for what the forward pass gave it. So in that case, and only in that case, the gradients are compared with the
numerical derivative of the student's own forward pass. One mistake then costs one exercise, not two.

The way out is narrow. It is open only where the forward pass is really wrong, and only for a forward pass that does something: one that
returns its input, or ignores an argument that matters, would make the backward pass trivial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from coursekit.expectations import Mismatch, expect
from coursekit.student import StudentError, StudentFunction

H = 1e-5  # of central differences: their error is of the order h² + 1e-16/h
DIRECTIONS = 3
RTOL = 1e-5  # what a right gradient and a numerical one may differ by, relative to the scale of the gradient


class ForwardPass:
    """A forward pass of a student's that was run, and what gradients are right for it.

    Parameters
    ----------
    forward : StudentFunction
        Called as ``out, cache = forward(*arguments, **options())``.
    arguments : sequence of ndarray
        The forward pass's positional arguments: what is differentiated.
    dout : ndarray
        The upstream gradient, of the shape of the right `out`.
    reference : tuple of callable
        The reference's forward and backward pass.
    options : callable
        Makes the keyword arguments of one forward pass. Called anew for each, so that a generator among them starts from the same seed.

    Attributes
    ----------
    out, cache : object
        What the forward pass returned.

    Raises
    ------
    Mismatch
        If it didn't return a pair.
    StudentError
        If it didn't return.
    """

    def __init__(
        self,
        forward: StudentFunction,
        arguments: Sequence[np.ndarray],
        dout: np.ndarray,
        reference: tuple[Callable[..., Any], Callable[..., Any]],
        options: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._forward, self._arguments, self._dout, self._options = forward, arguments, dout, options
        self.out, self.cache = expect(forward(*arguments, **options()), f"what {forward.name} returns").items("out", "cache")
        self._right_out, right_cache = reference[0](*arguments, **options())
        self._right = reference[1](dout, right_cache)

    def expect_right(self, gradients: Any, names: Sequence[str], name: str = "the answer", rtol: float = 1e-7) -> None:
        """Expect the reference's gradients, or, where the forward pass is wrong, those of the forward pass as it is.

        Parameters
        ----------
        gradients : array, or tuple of array
            What the backward pass returned.
        names : sequence of str
            What the gradients are called.
        name : str
            What the answer as a whole is called.
        rtol : float
            The tolerance, relative to each gradient's scale.

        Raises
        ------
        Mismatch
            If they are neither.
        """
        try:
            expect(gradients, name).close_to(self._right, rtol=rtol, names=names)
        except Mismatch as mismatch:
            if mismatch.kind != "value" or not self._are_own(_listed(gradients), max(rtol, RTOL)):
                raise

    def _are_own(self, gradients: list[np.ndarray], rtol: float) -> bool:
        """Tell whether gradients are those of the forward pass where it is wrong, in values alone, and not trivial."""
        if _agrees(self.out, self._right_out) or _is_trivial(gradients, _listed(self._right), self._dout):
            return False
        try:
            return are_derivatives(gradients, self._again, self._arguments, self._dout, rtol)
        except (Mismatch, StudentError, TypeError, IndexError, KeyError):
            return False  # out has another shape, or none: there is nothing that gradients could be compared with

    def _again(self, *moved: np.ndarray) -> np.ndarray:
        answer = self._forward(*moved, **self._options())
        return expect(answer[0], "out").shaped(np.shape(self._right_out)).answer


def expect_gradients(
    forward: StudentFunction,
    backward: StudentFunction,
    arguments: Sequence[np.ndarray],
    dout: np.ndarray,
    reference: tuple[Callable[..., Any], Callable[..., Any]],
    names: Sequence[str],
    rtol: float = 1e-7,
    options: Callable[[], dict[str, Any]] = dict,
) -> None:
    """Run a student's forward and backward pass, and expect right gradients; see `ForwardPass`."""
    run = ForwardPass(forward, arguments, dout, reference, options)
    run.expect_right(backward(dout, run.cache), names, f"what {backward.name} returns", rtol)


def are_derivatives(
    gradients: Sequence[np.ndarray], function: Callable[..., np.ndarray], arguments: Sequence[np.ndarray], dout: np.ndarray, rtol: float
) -> bool:
    """Tell whether `gradients` are the derivatives of Σ dout·function(*arguments) with respect to each argument.

    They are tried along random directions, in which what is wrong anywhere shows: that takes a few calls, where the derivative with respect
    to every single number takes hundreds.
    """
    rng = np.random.default_rng(2010)
    for position, (argument, gradient) in enumerate(zip(arguments, gradients, strict=True)):
        steps = H * np.maximum(1.0, np.abs(argument))
        for _ in range(DIRECTIONS):
            move = steps * rng.normal(size=argument.shape)
            above, below = (dout * function(*_moved(arguments, position, sign * move)) for sign in (1, -1))
            difference = np.sum(above) - np.sum(below)
            rounding = 1e-14 * (np.sum(np.abs(above)) + np.sum(np.abs(below)))
            scale = np.max(np.abs(gradient), initial=0.0) * np.sqrt(np.sum(move**2))
            if not abs(difference - 2 * np.sum(gradient * move)) <= 2 * rtol * scale + rounding:
                return False
    return True


def _moved(arguments: Sequence[np.ndarray], position: int, move: np.ndarray) -> list[np.ndarray]:
    moved = [np.array(one, dtype=float) for one in arguments]
    moved[position] += move
    return moved


def _listed(gradients: Any) -> list[np.ndarray]:
    return [np.asarray(one, dtype=float) for one in (gradients if isinstance(gradients, (list, tuple)) else [gradients])]


def numerical_gradients(function: Callable[..., np.ndarray], arguments: Sequence[np.ndarray], dout: np.ndarray) -> list[np.ndarray]:
    """Return the derivatives of Σ dout·function(*arguments) with respect to each argument, by central differences."""
    gradients = []
    for position, argument in enumerate(arguments):
        gradient = np.empty(argument.shape)
        for index in np.ndindex(argument.shape):
            moved = [np.array(one, dtype=float) for one in arguments]
            step = H * max(1.0, abs(float(moved[position][index])))
            moved[position][index] += step
            above = np.sum(dout * function(*moved))
            moved[position][index] -= 2 * step
            gradient[index] = (above - np.sum(dout * function(*moved))) / (2 * step)
        gradients.append(gradient)
    return gradients


def _agrees(out: Any, right: np.ndarray) -> bool:
    try:
        expect(out).close_to(right)
    except Mismatch:
        return False
    return True


def _is_trivial(own: Sequence[np.ndarray], expected: Sequence[np.ndarray], dout: np.ndarray) -> bool:
    """Tell whether gradients are nothing, or the upstream gradient passed on, where the right ones are neither."""
    for mine, right in zip(own, expected, strict=True):
        right = np.asarray(right)
        scale = np.max(np.abs(right), initial=0.0)
        if scale > 0 and np.max(np.abs(mine), initial=0.0) < RTOL * scale:
            return True
        if mine.shape == dout.shape and np.allclose(mine, dout, rtol=0, atol=RTOL * np.max(np.abs(dout))) and not np.allclose(right, dout):
            return True
    return False
