"""Feedback while you work: ``check(f)`` runs the public checks of an exercise, ``check_all()`` sums up a lecture.

The public checks are the pytest modules in `coursekit.public`. They are loaded when they are needed, and so is pytest, because a
notebook begins by importing this module.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from . import show
from .student import LocalStudent

if TYPE_CHECKING:
    from .outcomes import TestOutcome

PUBLIC = Path(__file__).parent / "public"
NOTE = "These checks are only some: the hidden tests that grade your work use other inputs."

_NO_ARGUMENT = object()
_EXERCISE = re.compile(r"""^@exercise\(\s*["'](\w+)["']""", re.MULTILINE)


def check(function: Any = _NO_ARGUMENT) -> None:
    """Run the public checks of an exercise, and show the results.

    Parameters
    ----------
    function : callable or str
        Your function, such as ``check(batchnorm_forward)``, or its name.

    Raises
    ------
    NotPassed
        Under nbgrader's *Validate* only, which counts a cell as right unless it raises: if not all checks pass.
    """
    if grading():
        return
    namespace: Mapping[str, Any] = sys._getframe(1).f_globals
    if isinstance(function, str):
        name, function = function, namespace.get(function)
    else:
        name = getattr(function, "__name__", "")
        namespace = {**getattr(function, "__globals__", {}), name: function}
    try:
        outcomes = _outcomes(name, function, namespace)
    except Unchecked as problem:
        show.notice(str(problem))
        if _validating():
            raise NotPassed(str(problem)) from None
        return
    show.feedback(name, outcomes, NOTE)
    first = show.first_failure(outcomes)
    if first is not None and _validating():
        raise NotPassed(f"{name}: {show.state_of(outcomes, name).words}\n{first.sentence}\n{first.message}")


def _outcomes(name: str, function: Any, namespace: Mapping[str, Any]) -> list[TestOutcome]:
    """Run the checks of a function, or raise `Unchecked` with the reason why there is nothing to check."""
    problem = _problem_with(name, function)
    if problem:
        raise Unchecked(problem)
    module = module_of(name)
    assert module is not None
    return outcomes_of(module, namespace, [name])


def check_all(lecture: str | None = None) -> None:
    """Show the state of all exercises of a lecture.

    Parameters
    ----------
    lecture : str, optional
        Such as ``"initialization"`` or ``"03_initialization"``; by default the one whose functions are defined where you call this.
    """
    if grading():
        return
    namespace = sys._getframe(1).f_globals
    module = _lecture_here(namespace) if lecture is None else PUBLIC / f"test_{re.sub(r'^[0-9]+_', '', str(lecture))}.py"
    if module is None:
        show.notice("None of the course's functions is defined here yet: run the cells above, then this one again.")
        return
    if not module.exists():
        show.notice(f"There is no lecture called {lecture}.{_did_you_mean(str(lecture), [_slug(path) for path in _modules()])}")
        return
    names = list(exercises(module))
    try:
        outcomes = outcomes_of(module, namespace, [name for name in names if callable(namespace.get(name))])
    except Unchecked as problem:
        show.notice(str(problem))
        return
    rows = [_row(name, namespace, [outcome for outcome in outcomes if outcome.exercise == name]) for name in names]
    done = sum(row.state == "passed" for row in rows)
    show.table(f"{_slug(module)}: {done} of {len(rows)} exercises pass their checks", rows, NOTE)


def exercises(module: Path) -> dict[str, None]:
    """Return the exercises of a module of public checks, in order, without importing it."""
    return dict.fromkeys(_EXERCISE.findall(module.read_text(encoding="utf-8")))


# --- which checks ---------------------------------------------------------------------------------------------------------


def _modules() -> list[Path]:
    return sorted(PUBLIC.glob("test_*.py"))


def _slug(module: Path) -> str:
    return module.stem.removeprefix("test_")


def module_of(name: str) -> Path | None:
    """Return the module with the public checks of an exercise, or None if there is no such exercise."""
    return next((module for module in _modules() if name in exercises(module)), None)


def _lecture_here(namespace: Mapping[str, Any]) -> Path | None:
    """Return the module of checks with the most exercises defined in `namespace`."""
    overlap = {module: sum(name in namespace for name in exercises(module)) for module in _modules()}
    best = max(overlap, key=lambda module: overlap[module], default=None)
    return best if best is not None and overlap[best] else None


def _problem_with(name: str, function: Any) -> str:
    """Return the message why nothing can be checked, or an empty string."""
    if function is _NO_ARGUMENT:
        return "What is to be checked? Pass your function, such as check(batchnorm_forward)."
    if name and module_of(name) is None:
        names = [exercise for module in _modules() for exercise in exercises(module)]
        return f"There is no exercise called {name}.{_did_you_mean(name, names)}"
    if function is None and name:
        return f"There is no function called {name} yet: run the cell that defines it."
    if not callable(function) or not name:
        wanted = "check takes the function itself, such as check(batchnorm_forward)"
        return f"{wanted}, but this is of type {type(function).__name__}. Has the function been called by mistake?"
    return ""


# --- running and summing up -----------------------------------------------------------------------------------------------


class Unchecked(Exception):
    """The checks could not be run; the text says why."""


class NotPassed(Exception):
    """A check fails while nbgrader validates a notebook. Shown without a traceback; nbgrader cuts lines off after 87 characters."""

    def _render_traceback_(self) -> list[str]:
        return [line for paragraph in str(self).splitlines() for line in wrap(paragraph, 80)]


def outcomes_of(module: Path, namespace: Mapping[str, Any], names: list[str]) -> list[TestOutcome]:
    """Run the checks of some exercises.

    Parameters
    ----------
    module : Path
        The module of public checks.
    namespace : mapping of str to object
        The student's functions by name.
    names : list of str
        The exercises.

    Raises
    ------
    Unchecked
        If the student interrupted the checks, or if the checks themselves are broken.
    """
    from .suite import SuitePlugin, run_tests

    if not names:
        return []
    try:
        return run_tests(module, SuitePlugin(LocalStudent(namespace), names))
    except KeyboardInterrupt:
        raise Unchecked("You stopped the checks before they were through.") from None
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        message = "The checks could not be run. That is a defect of the course and not yours; please tell your instructor"
        raise Unchecked(f"{message}: {reason}") from error


def _row(name: str, namespace: Mapping[str, Any], outcomes: list[TestOutcome]) -> show.Row:
    if not callable(namespace.get(name)):
        return show.Row(name, "waiting", "missing: run the cell that defines it")
    return show.state_of(outcomes, name)


def grading() -> bool:
    """Tell whether this process grades a submission: nothing is shown then."""
    return bool(os.environ.get("COURSEKIT_GRADING"))


def _validating() -> bool:
    """Tell whether nbgrader's *Validate* runs the notebook."""
    return os.environ.get("NBGRADER_EXECUTION") == "validate"


# --- words ----------------------------------------------------------------------------------------------------------------


def listed(names: list[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _did_you_mean(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""
