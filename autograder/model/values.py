"""Keys and sizes of data values: a hashable key for exact comparison, and an estimate of the memory."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from coursekit.student import layout

_NUMBERS = (bool, int, float, complex, str, bytes, type(None))


def frozen(value: Any) -> Any:
    """Return a hashable key that is equal for two values if they are equal to the last bit, memory layout included.

    Raises
    ------
    TypeError
        If the value isn't an array, a number, text, or a list, tuple or dict of such.
    """
    kind = type(value)
    if kind is np.ndarray and value.dtype.kind in "biufc":
        return value.dtype.str, value.shape, layout(value), value.tobytes()
    if kind is tuple or kind is list:
        return kind, tuple([frozen(item) for item in value])
    if kind is dict:
        return kind, tuple([(frozen(key), frozen(item)) for key, item in value.items()])
    if kind in _NUMBERS or isinstance(value, np.generic):
        return kind, repr(value)  # distinguishes -0.0 from 0.0, and treats NaN as equal to NaN
    raise TypeError(f"{kind.__name__} isn't data")


def size_of(value: Any) -> int:
    """Return an upper estimate of a value's memory in bytes."""
    kind = type(value)
    if kind is float:
        return 64
    if isinstance(value, (list, tuple)):
        return 64 + sum([64 if type(item) is float else size_of(item) for item in value])  # often very many floats
    if isinstance(value, dict):
        return 64 + sum([size_of(key) + size_of(item) for key, item in value.items()])
    if isinstance(value, np.ndarray):
        return 256 + max(value.nbytes, value.base.nbytes if isinstance(value.base, np.ndarray) else 0)  # a view keeps its whole base alive
    if isinstance(value, (str, bytes, int)):
        return 256 + sys.getsizeof(value)
    return 256 if isinstance(value, (np.generic, *_NUMBERS)) else 1280  # other objects, such as handles
