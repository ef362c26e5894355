"""Values that are data: what tells one from all others, and how much memory one takes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from coursekit.student import layout

_NUMBERS = (bool, int, float, complex, str, bytes, type(None))


def frozen(value: Any) -> Any:
    """Return what is equal for two values where they are the same to the last bit, memory layout included; it can be a key.

    Raises
    ------
    TypeError
        If the value isn't data.
    """
    kind = type(value)
    if kind is np.ndarray and value.dtype.kind in "biufc":
        return value.dtype.str, value.shape, layout(value), value.tobytes()
    if kind is tuple or kind is list:
        return kind, tuple([frozen(item) for item in value])
    if kind is dict:
        return kind, tuple([(frozen(key), frozen(item)) for key, item in value.items()])
    if kind in _NUMBERS or isinstance(value, np.generic):
        return kind, repr(value)  # tells -0.0 from 0.0, and not NaN from itself
    raise TypeError(f"{kind.__name__} isn't data")


def size_of(value: Any) -> int:
    """Estimate how much memory a value takes: rather too much than too little."""
    if isinstance(value, dict):
        return size_of([*value, *value.values()])
    if isinstance(value, (list, tuple)):
        return 64 + sum(map(size_of, value))
    if isinstance(value, np.ndarray):
        return 256 + max(value.nbytes, value.base.nbytes if isinstance(value.base, np.ndarray) else 0)  # every other column of another one
    if isinstance(value, (str, bytes, int)):
        return 256 + sys.getsizeof(value)
    return 256 if isinstance(value, (np.generic, *_NUMBERS)) else 1280  # such as a handle
