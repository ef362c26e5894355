"""The student's side of the course: checks, data, networks and figures.

Everything is loaded when it is first used, so that ``import coursekit`` costs next to nothing. The engine's wheel brings the modules along
with which suites are written (`suite`, `expectations` and what they import), without those for lectures.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "check": "checks",
    "check_all": "checks",
    "ready": "demonstrations",
    "aspect": "suite",
    "corner": "suite",
    "exercise": "suite",
    "worth": "suite",
    "expect": "expectations",
    "expect_error": "expectations",
    "expect_unchanged": "expectations",
}
_MODULES = ("data", "nets", "plots")

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
