"""Demonstrations, the cells that draw and train with a student's functions: `ready`, and the guard that keeps them from raising.

A demonstration is a cell whose last part begins with ``if ready(f, g):``::

    if ready(batchnorm_forward):
        out, _ = batchnorm_forward(x, gamma, beta)
        plots.show(...)

It is drawn when the public checks of its functions pass. In a notebook, an exception inside such an ``if`` is shown as one sentence instead
of a traceback, so that "Run All" goes on: this module registers an AST transformer with IPython, which puts every ``if ready(...):`` at the
top level of a cell into ``with demonstration():``. With COURSEKIT_STRICT set, as it is while a solution notebook is built, both raise.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from . import checks, show
from .student import is_stub, own_line

_latest: tuple[str, ...] = ()  # the functions of the latest call of ready
_results: dict[str, tuple[dict[str, Any], str]] = {}  # by exercise: what its function reaches, and what `_reason` said


def ready(*functions: Callable[..., Any]) -> bool:
    """Tell whether the public checks of all functions pass, and say which ones don't.

    A demonstration begins with ``if ready(f, g):``, so that a notebook can be run from top to bottom at any time: while a check fails, one
    sentence is shown in place of the figure, and in a notebook so it is when the demonstration itself raises.

    Parameters
    ----------
    functions : callable
        The functions that the demonstration uses. One that is no exercise is ready as soon as it is written.

    Returns
    -------
    bool
    """
    global _latest
    _latest = tuple(getattr(function, "__name__", str(function)) for function in functions)
    if checks.grading():
        return all(callable(function) and not is_stub(function) for function in functions)
    try:
        reasons = {name: reason for name, function in zip(_latest, functions, strict=True) if (reason := _reason(name, function))}
    except checks.Unchecked as problem:
        _say(str(problem))
        return False
    if reasons:
        _say(_waiting(reasons))
    return not reasons


@contextmanager
def demonstration() -> Iterator[None]:
    """Show an exception that is raised in the block as one sentence: what raised, in which line, and which checks to run."""
    global _latest
    _latest, figures = (), _open_figures()
    try:
        yield
    except Exception as error:
        if _strict():
            raise
        for figure in _open_figures() - figures:
            sys.modules["matplotlib.pyplot"].close(figure)  # half drawn
        show.notice(_stopped(error))


def _open_figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot is not None else set()


# --- are the functions right? ---------------------------------------------------------------------------------------------


def _reason(name: str, function: Any) -> str:
    """Return what a demonstration waits for, such as "2 of its 9 checks fail; run check(f)", or an empty string.

    The checks are run again only if the function, or another one that takes part, changed since.

    Raises
    ------
    checks.Unchecked
        If the checks could not be run.
    """
    if not callable(function) or is_stub(function):
        return _UNWRITTEN
    module = checks.module_of(name)
    if module is None:
        return ""
    here = getattr(function, "__globals__", {})
    namespace = {**here, name: function}
    reached = _reached([name, *checks.exercises(module)], namespace, here)
    before, reason = _results.get(name, ({}, ""))
    if reached is None or not _same(before, reached):
        reason = _failures(name, module, namespace)
        _results[name] = (reached or {}, reason)
    return reason


def _failures(name: str, module: Path, namespace: Mapping[str, Any]) -> str:
    outcomes = checks.outcomes_of(module, namespace, [name])
    failures = [outcome for outcome in outcomes if not outcome.passed and outcome.kind != "broken"]  # a broken check is the course's
    if not failures:
        return ""
    others = sorted({outcome.culprit for outcome in failures if outcome.kind in ("not_attempted", "missing")} - {name, ""})
    if others:
        return f"its checks wait for {checks.listed(others)}"
    how_many = f"{len(failures)} of its {len(outcomes)} checks" if len(outcomes) > 1 else "its check"
    return f"{how_many} {'fails' if len(failures) == 1 else 'fail'}; run check({name})"


def _same(before: dict[str, Any], now: dict[str, Any]) -> bool:
    return before.keys() == now.keys() and all(value is now[name] for name, value in before.items())


def _reached(names: list[str], namespace: Mapping[str, Any], here: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what functions reach by name: each other, helpers, constants and modules.

    Parameters
    ----------
    names : list of str
        The functions.
    namespace, here : mapping of str to object
        Where they are looked up, and the globals of the functions that may have changed.

    Returns
    -------
    dict of str to object, or None
        None if something among it can change without being bound anew, such as an array.
    """
    found: dict[str, Any] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or name not in namespace:
            continue
        value = found[name] = namespace[name]
        if isinstance(value, FunctionType) and value.__globals__ is here and not value.__closure__:
            waiting.extend(_names_in(value.__code__))
        elif not isinstance(value, _STEADY) and not (isinstance(value, FunctionType | type) and value.__module__ != "__main__"):
            return None
    return found


_STEADY = (ModuleType, BuiltinFunctionType, np.ufunc, bool, int, float, complex, str, type(None))


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


# --- exceptions in a demonstration ----------------------------------------------------------------------------------------


class _Guard:
    """The AST transformer that puts every ``if ready(...):`` at the top level of a cell into ``with demonstration():``."""

    def visit(self, cell: ast.Module) -> ast.Module:
        """Return the cell with its demonstrations guarded."""
        cell.body = [self._guarded(statement) for statement in cell.body]
        return cell

    def _guarded(self, statement: ast.stmt) -> ast.stmt:
        match statement:
            case ast.If(test=ast.Call(func=ast.Name(id="ready"))):
                guard = ast.parse(f"with __import__({__name__!r}, fromlist=['']).demonstration(): pass").body[0]
                assert isinstance(guard, ast.With)
                for node in ast.walk(guard):
                    ast.copy_location(node, statement.test)
                guard.body = [statement]
                return guard
        return statement


def _register() -> None:
    """Register the guard with IPython, where this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        shell.ast_transformers.append(_Guard())


# --- words ----------------------------------------------------------------------------------------------------------------

_UNWRITTEN = "not written yet"


def _waiting(reasons: Mapping[str, str]) -> str:
    names = list(reasons)
    if set(reasons.values()) == {_UNWRITTEN}:
        return f"This figure waits for {checks.listed(names)}: {'it is' if len(names) == 1 else 'they are'} {_UNWRITTEN}."
    if len(names) == 1:
        return f"This figure waits for {names[0]}: {reasons[names[0]]}."
    return f"This figure waits for {checks.listed([f'{name} ({reason})' for name, reason in reasons.items()])}."


def _stopped(error: Exception) -> str:
    """Return the sentence about an exception in a demonstration."""
    name = error.name if isinstance(error, NameError) else None
    if name and checks.module_of(name) is not None:
        return f"This figure waits for {name}: run the cell that defines it."
    if name and not _latest_in(error):
        return f"This figure needs {name}, which a cell above defines: run the cells above, then this one again."
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    place = own_line(error.__traceback__)
    if place is not None and place.function.startswith("<"):
        place = replace(place, cell="this cell")
    where = f" (in {place})" if place else ""
    culprit = _latest_in(error)
    if culprit:
        return f"This figure stopped: {culprit} raised {what}{where}. Its checks pass, but with other inputs; see check({culprit})."
    advice = ""
    if _latest:
        passed = f"check({_latest[0]}) passes: read its docstring" if len(_latest) == 1 else "their checks pass: read their docstrings"
        advice = f" It uses {checks.listed(list(_latest))}, and {passed} again."
    if isinstance(error, AssertionError) and str(error):
        return f"This figure comes out otherwise than it should: {error}.{advice}"
    return f"This figure stopped: {what}{where}.{advice}"


def _latest_in(error: Exception) -> str:
    """Return the innermost function in the traceback that the demonstration was to be ready for, or an empty string."""
    name, traceback = "", error.__traceback__
    while traceback is not None:
        called = traceback.tb_frame.f_code.co_name
        name, traceback = (called if called in _latest else name), traceback.tb_next
    return name


def _say(text: str) -> None:
    """Show why a demonstration isn't drawn."""
    if _strict():
        raise AssertionError(text)
    show.notice(text)


def _strict() -> bool:
    return bool(os.environ.get("COURSEKIT_STRICT"))


_register()
