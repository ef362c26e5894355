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
        answer = expect(gradients, name)
        try:
            answer.close_to(self._right, rtol=rtol, names=names)
        except Mismatch as mismatch:
            own = self._own_gradients()
            if own is None:
                raise
            try:
                answer.close_to(own if isinstance(self._right, (list, tuple)) else own[0], rtol=max(rtol, RTOL), names=names)
            except Mismatch:
                raise mismatch from None

    def _own_gradients(self) -> list[np.ndarray] | None:
        """Return the derivatives of the forward pass where it is wrong, in values alone, and not trivial."""
        if _agrees(self.out, self._right_out):
            return None
        try:
            own = numerical_gradients(self._again, self._arguments, self._dout)
        except (Mismatch, StudentError, TypeError, IndexError, KeyError):
            return None  # out has another shape, or none: there is nothing that gradients could be compared with
        right = list(self._right) if isinstance(self._right, (list, tuple)) else [self._right]
        return None if _is_trivial(own, right, self._dout) else own

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
