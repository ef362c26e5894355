"""Expectations about answers: ``expect(out, "out").close_to(expected)``.

Type, shape, dtype, finiteness and values are checked in this order, and the first mismatch is reported. The shape is checked before the
values, so nothing broadcasts; a tolerance is relative to the scale of the expected values.

Random answers are judged by their distribution. A statistic fails a right answer with a probability below 1e-7, so a suite of a hundred
such tests fails a right answer with a probability below 1e-5.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from .student import Raised, StudentFunction, copied

Z_LIMIT = 5.5  # standard errors; a normal statistic is farther out with probability 4e-8
P_LIMIT = 1e-8


class Mismatch(AssertionError):
    """An answer differs from the expected one.

    Parameters
    ----------
    kind : {"type", "shape", "dtype", "nan", "value"}
        The failed check.
    message : str
        The message for the student.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@singledispatch
def expect(answer: Any, name: str = "the answer") -> Expectation:
    """Return an expectation about `answer`, called `name` in messages."""
    return Expectation(answer, name)


class Expectation:
    """Checks of one answer; see `expect`. Each raises `Mismatch` if it fails."""

    def __init__(self, answer: Any, name: str) -> None:
        self.answer, self.name = answer, name

    # --- exact answers -------------------------------------------------------------------------------------------------

    def close_to(self, expected: Any, rtol: float = 1e-7, names: Sequence[str] = (), scale: float | None = None) -> None:
        """Expect numbers: an array or number, or a list or tuple of them.

        Parameters
        ----------
        expected : array_like, or list or tuple of array_like
            The right answer. A list or tuple asks for as many items, compared one by one.
        rtol : float
            Allowed difference, as a fraction of `scale`.
        names : sequence of str
            Names of the items, such as ``("dx", "dgamma", "dbeta")``.
        scale : float, optional
            By default the largest absolute value in `expected`, or 1 if that is zero.

        Raises
        ------
        Mismatch
            At the first difference.
        """
        if isinstance(expected, (list, tuple)):
            for item, right, name in zip(self._items(len(expected), names), expected, self._names(len(expected), names), strict=True):
                Expectation(item, name).close_to(right, rtol, scale=scale)
            return
        expected = np.asarray(expected, dtype=float)
        got = self._array(expected.shape)
        if scale is None:
            scale = float(np.max(np.abs(expected), initial=0.0)) or 1.0
        wrong = ~(np.abs(got - expected) <= rtol * scale) | ~np.isfinite(expected)  # nothing is close to NaN or infinity
        if wrong.any():
            raise Mismatch("value", self._first_wrong(got, expected, wrong))

    def equals(self, expected: Any) -> None:
        """Expect exactly this string, integer, boolean or None, or a list or tuple of them."""
        if isinstance(expected, (list, tuple)):
            for index, (item, right) in enumerate(zip(self._items(len(expected), ()), expected, strict=True)):
                Expectation(item, f"{self.name}[{index}]").equals(right)
            return
        answer = self.answer.item() if isinstance(self.answer, (np.generic, np.ndarray)) and np.ndim(self.answer) == 0 else self.answer
        if isinstance(expected, (int, np.integer)) and not isinstance(expected, bool):
            if isinstance(answer, bool) or not isinstance(answer, (int, float)):
                raise Mismatch("type", f"{self.name} should be an integer, but it is {described(self.answer)}")
        elif type(answer) is not type(expected):
            raise Mismatch("type", f"{self.name} should be {described(expected)}, but it is {described(self.answer)}")
        if answer != expected:
            got = repr(answer) if is_brief(answer) else described(answer)
            raise Mismatch("value", f"{self.name} is {got}, expected {expected!r}")

    def items(self, *names: str) -> list[Any]:
        """Expect a list or tuple of as many items as there are names, such as ``("out", "cache")``, and return them."""
        return self._items(len(names), names)

    # --- shape, and random answers -------------------------------------------------------------------------------------

    def shaped(self, shape: tuple[int, ...]) -> Expectation:
        """Expect a finite array of floating-point numbers of this shape."""
        self._array(shape)
        return self

    def within(self, low: float, high: float) -> Expectation:
        """Expect no entry outside [low, high]."""
        values = self._values()
        slack = 1e-12 * max(abs(low), abs(high))
        outside = (values < low - slack) | (values > high + slack)
        if outside.any():
            found = f"{outside.sum()} of {values.size} entries outside [{low:.4g}, {high:.4g}]"
            raise Mismatch("value", f"{self.name} has {found}, such as {values[outside][0]:.4g}")
        return self

    def is_normal(self, mean: float, std: float) -> Expectation:
        """Expect independent draws from a normal distribution, by mean, standard deviation and Kolmogorov-Smirnov distance."""
        from scipy.special import ndtr

        self._moments(mean, std, kurtosis=3.0)
        self._kolmogorov_smirnov(ndtr((np.sort(self._values()) - mean) / std), f"a normal distribution with standard deviation {std:.4g}")
        return self

    def is_uniform(self, low: float, high: float) -> Expectation:
        """Expect independent draws from a uniform distribution, by bounds, mean, standard deviation and Kolmogorov-Smirnov distance."""
        self.within(low, high)
        self._moments((low + high) / 2, (high - low) / np.sqrt(12), kurtosis=1.8)
        self._kolmogorov_smirnov((np.sort(self._values()) - low) / (high - low), f"a uniform distribution on [{low:.4g}, {high:.4g}]")
        return self

    def is_independent(self, std: float) -> Expectation:
        """Expect independent entries, by the means along each axis: the mean of m draws with variance std² has variance std²/m."""
        from scipy.special import chdtr, chdtrc

        values = self._values().reshape(self.answer.shape)
        for axis in range(values.ndim):
            others = tuple(other for other in range(values.ndim) if other != axis)
            means = values.mean(axis=others)
            statistic = float(np.sum(means**2)) * (values.size / means.size) / std**2
            if min(chdtr(means.size, statistic), chdtrc(means.size, statistic)) < P_LIMIT:
                raise Mismatch("value", f"the entries of {self.name} aren't independent: they move together along axis {axis}")
        return self

    def differs_from(self, other: Any, why: str) -> None:
        """Expect another answer than `other`; the message is "<name> is the same <why>"."""
        self._data()
        if same(other, self.answer):
            raise Mismatch("value", f"{self.name} is the same {why}")

    def same_as(self, other: Any, why: str) -> None:
        """Expect exactly the answer `other`; the message is "<name> differs <why>"."""
        self._data()
        if not same(other, self.answer):
            raise Mismatch("value", f"{self.name} differs {why}")

    def alike(self, other: Any, why: str, names: Sequence[str] = (), rtol: float = 1e-7) -> None:
        """Expect the same answer as `other`, another answer of the function, up to rounding; the message is "<name> differs <why>".

        Used where two forms of the same arguments have to give the same answer, whatever it is. Answers that are no numbers count as the
        same if they have the same type.
        """
        if isinstance(other, (list, tuple)) and isinstance(self.answer, (list, tuple)) and len(other) == len(self.answer):
            for item, wanted, name in zip(self.answer, other, self._names(len(other), names), strict=True):
                Expectation(item, name).alike(wanted, why, rtol=rtol)
        elif not _is_real(other) or not _is_real(self.answer):
            if type(other) is not type(self.answer):
                raise Mismatch("type", f"{self.name} differs {why}: {described(self.answer)}, and {described(other)} there")
        elif np.shape(other) != np.shape(self.answer):
            raise Mismatch("shape", f"{self.name} differs {why}: it has shape {np.shape(self.answer)}, and {np.shape(other)} there")
        else:
            got, wanted = np.asarray(self.answer, dtype=float), np.asarray(other, dtype=float)
            scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted))) or 1.0
            wrong = ~np.isclose(got, wanted, rtol=0, atol=rtol * scale, equal_nan=True)
            if wrong.any():
                place = f"{at_first(wrong)} it is".lstrip()
                raise Mismatch("value", f"{self.name} differs {why}: {place} {got[wrong][0]:.6g}, and {wanted[wrong][0]:.6g} there")

    # --- single checks--------------------------------------------------------------------------------------------------

    def _names(self, count: int, names: Sequence[str]) -> Sequence[str]:
        return names if len(names) == count else [f"{self.name}[{index}]" for index in range(count)]

    def _items(self, count: int, names: Sequence[str]) -> list[Any]:
        if not isinstance(self.answer, (list, tuple, np.ndarray)) or (isinstance(self.answer, np.ndarray) and self.answer.ndim == 0):
            wanted = f"({', '.join(names)})" if names else f"{count} items"
            raise Mismatch("type", f"{self.name} should be a list or tuple of {wanted}, but it is {described(self.answer)}")
        if len(self.answer) != count:
            wanted = f": {', '.join(names)}" if names else ""
            raise Mismatch("shape", f"{self.name} should have {count} items{wanted}, but it has {len(self.answer)}")
        return list(self.answer)

    def _data(self) -> None:
        if not isinstance(self.answer, _DATA):
            raise Mismatch("type", f"{self.name} should be an array, but it is {described(self.answer)}")

    def _array(self, shape: tuple[int, ...]) -> np.ndarray:
        if not isinstance(self.answer, (np.ndarray, np.generic, int, float)) or isinstance(self.answer, bool):
            wanted = f"an array of shape {shape}" if shape else "a number"
            raise Mismatch("type", f"{self.name} should be {wanted}, but it is {described(self.answer)}")
        got = np.asarray(self.answer)
        if got.shape != shape:
            wanted = f"shape {shape}" if shape else "be a single number, shape ()"
            raise Mismatch("shape", f"{self.name} has shape {got.shape}, but it should {'have ' if shape else ''}{wanted}")
        if got.dtype.kind != "f" and not (shape == () and got.dtype.kind == "i"):
            raise Mismatch("dtype", f"{self.name} has dtype {got.dtype}, but it should be float64")
        bad = ~np.isfinite(got)
        if bad.any():
            raise Mismatch(
                "nan", f"{self.name} has {bad.sum()} of {bad.size} entries that are NaN or infinite, the first {at_first(bad)}".rstrip()
            )
        return got.astype(float)

    def _values(self) -> np.ndarray:
        if not isinstance(self.answer, np.ndarray):
            raise Mismatch("type", f"{self.name} should be an array, but it is {described(self.answer)}")
        return self._array(self.answer.shape).ravel()

    def _first_wrong(self, got: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> str:
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        if not index:
            return f"{self.name} is {got[()]:.6g}, expected {expected[()]:.6g}"
        count = f"{wrong.sum()} of {wrong.size} entries are wrong" if wrong.size > 1 else "it is wrong"
        return f"{self.name}: {count}; the first at {list(index)}: got {got[index]:.6g}, expected {expected[index]:.6g}"

    def _moments(self, mean: float, std: float, kurtosis: float) -> None:
        values = self._values()
        got_mean, got_std = float(values.mean()), float(np.sqrt(np.mean((values - mean) ** 2)))
        if abs(got_std**2 / std**2 - 1) > Z_LIMIT * np.sqrt((kurtosis - 1) / values.size):
            raise Mismatch("value", f"{self.name} has standard deviation {got_std:.4g} over {values.size} draws, expected {std:.4g}")
        if abs(got_mean - mean) > Z_LIMIT * std / np.sqrt(values.size):
            raise Mismatch("value", f"{self.name} has mean {got_mean:.4g} over {values.size} draws, expected {mean:.4g}")

    def _kolmogorov_smirnov(self, cdf: np.ndarray, wanted: str) -> None:
        from scipy.special import kolmogorov

        steps = np.arange(cdf.size + 1) / cdf.size
        distance = max(float(np.max(steps[1:] - cdf)), float(np.max(cdf - steps[:-1])))
        if kolmogorov(np.sqrt(cdf.size) * distance) < P_LIMIT:
            raise Mismatch("value", f"{self.name} isn't distributed as {wanted}, though its mean and standard deviation are right")


def expect_unchanged(function: StudentFunction, *arguments: Any) -> Any:
    """Expect that a call doesn't change its arguments, and return the answer."""
    before = copied(arguments)
    call = function.call(*arguments)
    for position, (was, now) in enumerate(zip(before, call.arguments, strict=True)):
        if not same(was, now):
            raise Mismatch("value", f"{function.name} changed its argument number {position + 1} in place; work on a copy instead")
    return call.answer


def expect_error(function: StudentFunction, error: type[Exception], *arguments: Any) -> None:
    """Expect that a call raises an exception with the name of `error`."""
    try:
        answer = function(*arguments)
    except Raised as raised:
        if raised.type_name == error.__name__:
            return
        said = f"{raised.message} (expected {error.__name__})".strip()
        raise Raised(raised.name, raised.type_name, said, raised.place) from None
    raise Mismatch("value", f"{function.name} should raise {error.__name__} here, but it returned {described(answer)}")


_NUMBERS = (np.generic, int, float, complex)
_DATA = (np.ndarray, *_NUMBERS, str, bytes, list, tuple, dict)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal. If `one` isn't data (an object, a handle), the values count as equal.

    Works for any value of a student's function. Only arrays of equal shape are passed to NumPy, because an array made from nested lists can
    take far more memory than the lists.
    """
    if isinstance(one, (list, tuple)):
        return isinstance(other, type(one)) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray) and one.ndim:
        return isinstance(other, np.ndarray) and one.shape == other.shape and bool(np.array_equal(one, other))
    if isinstance(one, (np.ndarray, *_NUMBERS)):
        return isinstance(other, (np.ndarray, *_NUMBERS)) and np.ndim(other) == 0 and bool(_scalar(one) == _scalar(other))
    if isinstance(one, (str, bytes)):
        return isinstance(other, type(one)) and one == other
    return True


def _is_real(value: Any) -> bool:
    """Tell whether a value is a real number or an array of them."""
    return isinstance(value, (int, float)) or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf")


def _scalar(value: Any) -> Any:
    """Return a zero-dimensional array or a NumPy scalar as a Python number."""
    return value.item() if isinstance(value, (np.ndarray, np.generic)) else value


def at_first(mask: np.ndarray) -> str:
    """Return the index of the first True of a mask as text."""
    index = [int(i) for i in np.argwhere(mask)[0]]
    return f"at {index}" if index else ""


def listed(values: np.ndarray, most: int = 20) -> str:
    """Return the first `most` numbers of a one-dimensional array as text."""
    shown = ", ".join(map(str, values[:most].tolist()))
    return f"[{shown}, …] ({len(values)} numbers)" if len(values) > most else f"[{shown}]"


def described(value: Any) -> str:
    """Return a value's type as text, with the shape or number of items, and the value itself if its text is short."""
    if value is None:
        return "None (is a return missing?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, int) and not is_brief(value):
        return f"an integer of about {value.bit_length() * 3 // 10} digits"
    text = repr(value) if is_brief(value) else ""
    size = f" of {len(value)} items" if isinstance(value, (list, tuple, dict)) and len(value) != 1 else ""
    return f"a {type(value).__name__}{size}" + (f", {text}" if 0 < len(text) <= 40 else "")


def is_brief(value: Any, depth: int = 3) -> bool:
    """Tell whether ``repr(value)`` is cheap: for ten thousand arrays it takes a second, and for a huge integer it raises."""
    if isinstance(value, int):
        return value.bit_length() <= 128
    if isinstance(value, (str, bytes)):
        return len(value) <= 40
    if isinstance(value, np.ndarray):
        return value.size <= 8
    if isinstance(value, (list, tuple, dict)):
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and len(items) <= 10 and all(is_brief(item, depth - 1) for item in items)
    return True
