"""Expectations about answers: ``expect(out, "out").close_to(expected)``.

Type, shape, dtype, finiteness and values are checked in this order, and the first mismatch is reported. The shape is checked before the
values, so nothing broadcasts; a tolerance is relative to the scale of the expected values.

Any real dtype is accepted if the values are right: integers if they are the exact values, and 32-bit floats to their own precision.

Random answers are judged by their distribution. A statistic fails a right answer with a probability below 1e-7, so a suite of a hundred
such tests fails a right answer with a probability below 1e-5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from .student import Raised, StudentFunction, copied

Z_LIMIT = 5.5  # standard errors; a normal statistic is farther out with probability 4e-8
P_LIMIT = 1e-8
FLOAT32_RTOL = 1e-5  # the tolerance for 32-bit floats, which have seven digits; a calculation loses some of them
NO_ARRAYS = frozenset({"cache", "state"})  # names of items that are no array
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_ROUNDINGS = (np.trunc, np.floor, np.rint)


class Mismatch(AssertionError):
    """An answer differs from the expected one.

    Parameters
    ----------
    kind : {"type", "shape", "dtype", "nan", "value"}
        The failed check.
    message : str
        The message for the student.
    got : ndarray or tuple, optional
        The compared item of the answer, where its shape, dtype or values are wrong; None where it isn't a number or an array of numbers.
        Of random answers a tuple of what was found, such as the shares that were dropped: two mistakes are told apart by that alone.
    share : float
        The share of the test's points that the answer earns nevertheless, from 0 to 1, where the points grow with a measured number.
    """

    def __init__(self, kind: str, message: str, got: np.ndarray | tuple[Any, ...] | None = None, share: float = 0.0) -> None:
        super().__init__(message)
        self.kind, self.got, self.share = kind, got, share


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
            The right answer. A list or tuple asks for as many items, compared one by one; a list of numbers stands for an array, too.
        rtol : float
            Allowed difference, as a fraction of `scale`; at least `FLOAT32_RTOL` for an answer of dtype float32.
        names : sequence of str
            Names of the items, such as ``("dx", "dgamma", "dbeta")``.
        scale : float, optional
            By default the largest absolute value in `expected`, or 1 if that is zero.

        Raises
        ------
        Mismatch
            At the first difference.
        """
        if isinstance(expected, (list, tuple)) and not self._stands_for_an_array(expected, names):
            for item, right, name in zip(self._items(len(expected), names), expected, self._names(len(expected), names), strict=True):
                Expectation(item, name).close_to(right, rtol, scale=scale)
            return
        expected = np.asarray(expected, dtype=float)
        got = self._array(expected.shape)
        if scale is None:
            scale = float(np.max(np.abs(expected), initial=0.0)) or 1.0
        allowed = scale * (max(rtol, FLOAT32_RTOL) if got.dtype == np.float32 else rtol)
        wrong = ~(np.abs(got - expected) <= allowed) | ~np.isfinite(expected)  # nothing is close to NaN or infinity
        if wrong.any():
            raise self._wrong(got, expected, wrong)

    def equals(self, expected: Any) -> None:
        """Expect exactly this string, integer, boolean or None, or a list or tuple of them."""
        if isinstance(expected, (list, tuple)):
            for index, (item, right) in enumerate(zip(self._items(len(expected), ()), expected, strict=True)):
                Expectation(item, f"{self.name}[{index}]").equals(right)
            return
        answer = self.answer.item() if isinstance(self.answer, (np.generic, np.ndarray)) and np.ndim(self.answer) == 0 else self.answer
        if isinstance(expected, (int, np.integer)) and not isinstance(expected, bool):
            if isinstance(answer, bool) or not isinstance(answer, (int, float)):
                raise Mismatch("type", f"{self.name} should be an integer, but it is {described(self.answer)}", self._compared())
        elif type(answer) is not type(expected):
            raise Mismatch("type", f"{self.name} should be {described(expected)}, but it is {described(self.answer)}", self._compared())
        if answer != expected:
            got = repr(answer) if is_brief(answer) else described(answer)
            raise Mismatch("value", f"{self.name} is {got}, expected {expected!r}", self._compared())

    def items(self, *names: str) -> list[Any]:
        """Expect a list or tuple of as many items as there are names, such as ``("out", "cache")``, and return them.

        An array of that length is a list of its rows, unless one of the names is in `NO_ARRAYS`.
        """
        return self._items(len(names), names)

    # --- shape, and random answers -------------------------------------------------------------------------------------

    def shaped(self, shape: tuple[int, ...]) -> Expectation:
        """Expect a finite array of real numbers of this shape; the `answer` of what is returned is of floats, to compute with."""
        got = self._array(shape)
        return self if got.dtype == float else Expectation(got.astype(float), self.name)

    def within(self, low: float, high: float) -> Expectation:
        """Expect no entry outside [low, high]."""
        values = self._values()
        slack = 1e-7 * max(abs(low), abs(high))  # 32-bit floats are rounded by as much
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

    def alike(self, other: Any, why: str, names: Sequence[str] = (), rtol: float = 1e-7, zero: float = 0.0) -> None:
        """Expect the same answer as `other`, another answer of the function, up to rounding; the message is "<name> differs <why>".

        Used where two forms of the same arguments have to give the same answer, whatever it is. Answers that are no numbers count as the
        same if they have the same type; two arrays of which no entry is larger than `zero` are zeros but for rounding.
        """
        if isinstance(other, (list, tuple)) and isinstance(self.answer, (list, tuple)) and len(other) == len(self.answer):
            for item, wanted, name in zip(self.answer, other, self._names(len(other), names), strict=True):
                Expectation(item, name).alike(wanted, why, rtol=rtol, zero=zero)
        elif isinstance(other, dict) and isinstance(self.answer, dict):
            if other.keys() != self.answer.keys():
                raise Mismatch("type", f"{self.name} differs {why}: it has the keys {_keys(self.answer)}, and {_keys(other)} there")
            for key, item in self.answer.items():
                Expectation(item, f"{self.name}[{key!r}]").alike(other[key], why, rtol=rtol, zero=zero)
        elif not _is_real(other) or not _is_real(self.answer):
            if type(other) is not type(self.answer):
                raise Mismatch("type", f"{self.name} differs {why}: {described(self.answer)}, and {described(other)} there")
        elif np.shape(other) != np.shape(self.answer):
            raise Mismatch("shape", f"{self.name} differs {why}: it has shape {np.shape(self.answer)}, and {np.shape(other)} there")
        else:
            got, wanted = np.asarray(self.answer), np.asarray(other)
            if all(np.max(np.abs(array), initial=0.0) <= zero for array in (got, wanted)):  # NaN isn't; of a huge int abs is no array
                return
            wrong = _apart(got, wanted, max(rtol, FLOAT32_RTOL) if np.float32 in (got.dtype, wanted.dtype) else rtol)
            if wrong.any():
                index = [int(i) for i in np.argwhere(wrong)[0]]
                place = f"at {index} it is" if index else "it is"
                one, two = distinct(float(got[wrong][0]), float(wanted[wrong][0]))
                raise Mismatch("value", f"{self.name} differs {why}: {place} {one}, and {two} there", got)

    # --- single checks -------------------------------------------------------------------------------------------------

    def _names(self, count: int, names: Sequence[str]) -> Sequence[str]:
        return names if len(names) == count else [f"{self.name}[{index}]" for index in range(count)]

    def _stands_for_an_array(self, expected: Any, names: Sequence[str]) -> bool:
        """Tell whether `expected` is an array written as a list of numbers. If the answer is such a list, too, its items are compared."""
        if names or not _is_list_of_numbers(expected):
            return False
        return not isinstance(self.answer, (list, tuple)) or _depth(self.answer) != _depth(expected)

    def _items(self, count: int, names: Sequence[str]) -> list[Any]:
        answer = self.answer
        returned, wanted = self._said(), f"({', '.join(names)})" if names else f"{count} items"
        if isinstance(answer, np.ndarray):
            only_first = len(names) > 1 and NO_ARRAYS.issuperset(names[1:])
            if only_first:
                raise Mismatch("type", f"{returned[0]} only {names[0]}; {returned[1]} {wanted}")
            if answer.ndim == 0 or len(answer) != count:
                raise Mismatch("type", f"{returned[0]} {described(answer)}; {returned[1]} {wanted}")
        elif not isinstance(answer, (list, tuple)):
            raise Mismatch("type", f"{returned[0]} {described(answer)}; {returned[1]} {wanted}")
        elif len(answer) != count:
            raise Mismatch("shape", f"{returned[0]} {described(answer)}; {returned[1]} {wanted}")
        return list(answer)

    def _said(self) -> tuple[str, str]:
        """Return the beginnings of two clauses: what came back, and what should have."""
        function = re.fullmatch(r"what (\w+) returns", self.name)
        return (f"{function[1]} returned", "it has to return") if function else (f"{self.name} is", "it has to be")

    def _data(self) -> None:
        if not isinstance(self.answer, _DATA):
            raise Mismatch("type", f"{self.name} should be an array, but it is {described(self.answer)}")

    def _compared(self) -> np.ndarray | None:
        """Return the answer as an array without a copy, or None if it isn't a number or an array of numbers."""
        got = np.asarray(self.answer) if _is_number(self.answer) or isinstance(self.answer, np.ndarray) else None
        return got if got is not None and got.dtype.kind in "biufc" else None

    def _array(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the answer as an array of this shape with finite real numbers. It isn't copied."""
        if not isinstance(self.answer, np.ndarray) and not _is_number(self.answer):
            wanted = f"an array of shape {shape}" if shape else "a number"
            raise Mismatch("type", f"{self.name} should be {wanted}, but it is {described(self.answer)}{self._hint(shape)}")
        got = np.asarray(self.answer)
        if got.shape != shape:
            wanted = f"shape {shape}" if shape else "be a single number, shape ()"
            said = f"{self.name} has shape {got.shape}, but it should {'have ' if shape else ''}{wanted}"
            raise Mismatch("shape", said, self._compared())
        if got.dtype.kind not in "fiu":
            raise Mismatch("dtype", f"{self.name} has dtype {got.dtype}, but it should be float64", self._compared())
        bad = ~np.isfinite(got)
        if bad.any():
            raise Mismatch("nan", self._not_finite(got, bad), got)
        return got

    def _hint(self, shape: tuple[int, ...]) -> str:
        """Return what to do about a list or tuple that begins with what is wanted."""
        if not isinstance(self.answer, (list, tuple)) or not self.answer:
            return ""
        first = self.answer[0]
        if not (isinstance(first, np.ndarray) or _is_number(first)) or np.shape(first) != shape:
            return ""
        return f": return only {self.name if self.name.isidentifier() else 'the first of them'}"

    def _values(self) -> np.ndarray:
        if not isinstance(self.answer, np.ndarray):
            raise Mismatch("type", f"{self.name} should be an array, but it is {described(self.answer)}")
        return self._array(self.answer.shape).astype(float, copy=False).ravel()

    def _not_finite(self, got: np.ndarray, bad: np.ndarray) -> str:
        nan = np.isnan(got[bad])
        what = "NaN" if nan.all() else "NaN or infinite" if nan.any() else "infinite"
        return f"{self.name} is {what}" if got.size == 1 else f"{self.name}: {counted(bad, what)}"

    def _wrong(self, got: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> Mismatch:
        """Return the mismatch of wrong values; integers that are the expected numbers without their fractions have a wrong dtype."""
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        both = "{}, expected {}".format(*distinct(float(got[first]), float(expected[first])))
        if not first:
            return Mismatch("value", f"{self.name} is {both}", got)
        if got.dtype.kind in "iu":
            if any(np.array_equal(got[wrong], cut(expected[wrong])) for cut in _ROUNDINGS):
                cause = "was it made by empty_like or zeros_like of an array of integers, or by astype?"
                said = f"has dtype {got.dtype}, so the digits behind the decimal point are cut off (at {list(first)} it is {both}): {cause}"
                return Mismatch("dtype", f"{self.name} {said}", got)
            if (expected != np.rint(expected)).any():
                both += f"; its dtype {got.dtype} can't hold fractions"
        if got.size == 1:
            return Mismatch("value", f"{self.name} is {both}", got)
        return Mismatch("value", f"{self.name}: {counted(wrong, 'wrong')}: got {both}", got)

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


def expect_unchanged(function: StudentFunction, *arguments: Any, names: Sequence[str] = ()) -> Any:
    """Expect that a call doesn't change its arguments, and return the answer.

    Parameters
    ----------
    function : StudentFunction
        The called function.
    *arguments
        Its arguments.
    names : sequence of str
        Their names; by default those that the function knows.
    """
    before = copied(arguments)
    call = function.call(*arguments)
    for position, (was, now) in enumerate(zip(before, call.arguments, strict=True)):
        if not same(was, now):
            which = _argument(names or getattr(function, "parameters", ()), position)
            raise Mismatch("value", f"{function.name} changed its {which} in place; work on a copy instead")
    return call.answer


def _argument(names: Sequence[str], position: int) -> str:
    """Return "argument x", or "first argument" where its name isn't known."""
    if position < len(names):
        return f"argument {names[position]}"
    return f"{_ORDINALS[position]} argument" if position < len(_ORDINALS) else f"argument number {position + 1}"


def expect_error(function: StudentFunction, error: type[Exception], *arguments: Any) -> None:
    """Expect that a call raises an exception of the type `error`, or of a type derived from it."""
    try:
        answer = function(*arguments)
    except Raised as raised:
        if error.__name__ in (raised.type_name, *raised.bases):
            return
        said = f"{raised.message} (expected {error.__name__})".strip()
        raise Raised(raised.name, raised.type_name, said, raised.place, raised.bases, raised.arguments) from None
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


def _apart(got: np.ndarray, wanted: np.ndarray, rtol: float) -> np.ndarray:
    """Return where two arrays differ by more than a fraction of the scale of the second; integers exactly, without copies as floats."""
    if got.dtype.kind in "biu" and wanted.dtype.kind in "biu":
        return got != wanted
    got, wanted = got.astype(float), wanted.astype(float)
    scale = float(np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted))) or 1.0
    with np.errstate(invalid="ignore"):  # the difference of two infinities
        return ~((np.abs(got - wanted) <= rtol * scale) | (got == wanted) | (np.isnan(got) & np.isnan(wanted)))


def _keys(items: Mapping[Any, Any]) -> str:
    """Return the keys of a dictionary, at most eight, in words."""
    return ", ".join(map(repr, list(items)[:8])) or "of an empty dictionary"


def _is_real(value: Any) -> bool:
    """Tell whether a value is a real number or an array of them."""
    if isinstance(value, int):
        return value.bit_length() < 1000  # a larger one is no float
    return isinstance(value, float) or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf")


def _scalar(value: Any) -> Any:
    """Return a zero-dimensional array or a NumPy scalar as a Python number."""
    return value.item() if isinstance(value, (np.ndarray, np.generic)) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (np.generic, int, float)) and not isinstance(value, bool)


def _is_list_of_numbers(value: Any) -> bool:
    """Tell whether `value` is a list of numbers, or of such lists."""
    return isinstance(value, list) and bool(value) and (all(map(_is_number, value)) or all(map(_is_list_of_numbers, value)))


def _depth(value: Any) -> int:
    """Return the number of indices down to the first number of nested lists and arrays; more than 32 lists aren't counted."""
    depth = 0
    while isinstance(value, (list, tuple)) and value and depth < 32:  # a list may hold itself
        depth, value = depth + 1, value[0]
    return depth + (value.ndim if isinstance(value, np.ndarray) else int(isinstance(value, (list, tuple))))


def counted(mask: np.ndarray, what: str) -> str:
    """Return how many entries of a mask are True, and where the first one is: "2 of 3 entries are wrong, the first at [1]"."""
    count, first = int(mask.sum()), [int(i) for i in np.argwhere(mask)[0]]
    if count == 1:
        return f"1 of {mask.size} entries is {what}, at {first}"
    return f"{'all' if count == mask.size else f'{count} of'} {mask.size} entries are {what}, the first at {first}"


def distinct(one: float, other: float) -> tuple[str, str]:
    """Return two different numbers as text, with as many digits as show the difference."""
    texts = [(f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in (6, 9, 12, 17)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[-1])


def listed(values: np.ndarray, most: int = 20) -> str:
    """Return the first `most` numbers of a one-dimensional array as text."""
    shown = ", ".join(map(str, values[:most].tolist()))
    return f"[{shown}, …] ({len(values)} numbers)" if len(values) > most else f"[{shown}]"


def described(value: Any) -> str:
    """Return a value's type as text, with the shape or the items, and the value itself if its text is short."""
    text = _text(value)
    if text:
        return text
    shown = _kind(value)
    if isinstance(value, np.ndarray):
        return f"{shown} and dtype {value.dtype}"
    if isinstance(value, (list, tuple)) and value:
        items = [_text(item, alone=False) or _kind(item) for item in value[:3]]
        return f"{shown} ({', '.join(items)}{', …' if len(value) > 3 else ''})"
    return shown


def _text(value: Any, alone: bool = True) -> str:
    """Return a value's type and short text, or only the text of an item; an empty string if it has no short text."""
    if value is None:
        return "None (is a return missing?)" if alone else "None"
    arrays = any(
        isinstance(item, np.ndarray) for item in (value if isinstance(value, (list, tuple)) else (value,))
    )  # shown by their shapes
    text = repr(value.item() if isinstance(value, np.generic) else value) if is_brief(value) and not arrays else ""
    if not 0 < len(text) <= 40:
        return ""
    return f"{_kind(value)}, {text}" if alone else text


def _kind(value: Any) -> str:
    """Return a value's type as text, with its shape or number of items."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, int) and not is_brief(value):
        return f"an integer of about {value.bit_length() * 3 // 10} digits"
    name = type(value).__name__
    size = f" of {len(value)} item{'' if len(value) == 1 else 's'}" if isinstance(value, (list, tuple, dict)) else ""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}{size}"


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
