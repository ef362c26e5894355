"""The decorators of a test, and what a run of tests leaves behind.

A test class belongs to an exercise, a test may weigh more than another, and a test's docstring is the sentence that the student reads::

    @exercise("batchnorm_forward")
    class TestBatchnormForward:
        @worth(2)
        def test_matches_reference(self, student, reference, rng):
            '''A random batch is normalised as equation 3 says.'''

Public checks and hidden suites are plain pytest modules that are written with these, and run by `run_tests`.
"""

from __future__ import annotations

import inspect
import io
import os
import zlib
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from .expectations import Mismatch
from .student import NotAttempted, Student, StudentError, TimedOut

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


def exercise(name: str) -> Callable[[C], C]:
    """Say which exercise the tests of a class judge."""

    def mark(cls: C) -> C:
        cls.exercise = name
        return cls

    return mark


def worth(weight: float) -> Callable[[F], F]:
    """Let a test weigh `weight` times as much as an undecorated one."""

    def mark(function: F) -> F:
        function.worth = weight
        return function

    return mark


@dataclass(frozen=True)
class TestOutcome:
    """What became of one test.

    Parameters
    ----------
    exercise, name, sentence : str
        The exercise, the test's own name, and the first paragraph of its docstring.
    kind : str
        Empty where the test passed, else the step in the order of feedback at which it failed: ``not_attempted``, ``missing``,
        ``raised``, ``timeout``, ``type``, ``shape``, ``dtype``, ``nan``, ``value``, or ``broken`` for a defect of the test itself.
    message : str
        What the student reads about the failure.
    weight : float
        Of all weights in the exercise.
    culprit : str
        The function that kept the test from passing, where one did by raising or by being missing.
    """

    __test__ = False  # not a test class, whatever its name makes pytest think

    exercise: str
    name: str
    sentence: str
    kind: str = ""
    message: str = ""
    weight: float = 1.0
    culprit: str = ""

    @property
    def passed(self) -> bool:
        """Whether the test passed."""
        return not self.kind


def outcome_of(exercise: str, name: str, sentence: str, weight: float, error: BaseException | None) -> TestOutcome:
    """Tell what `error`, raised by a test, means for the student."""
    kind, message, culprit = "", "", ""
    if isinstance(error, NotAttempted):
        kind, message, culprit = "not_attempted", str(error), error.name
    elif isinstance(error, TimedOut):
        kind, message, culprit = "timeout", str(error), error.name
    elif isinstance(error, StudentError):
        kind, message, culprit = type(error).__name__.lower(), str(error), getattr(error, "name", "")
    elif isinstance(error, Mismatch):
        kind, message = error.kind, str(error)
    elif error is not None:
        kind, message = "broken", f"the test itself failed ({type(error).__name__}: {error}); please tell your instructor"
    return TestOutcome(exercise, name, sentence, kind, message, weight, culprit)


def seeded(*names: str) -> np.random.Generator:
    """Return a generator that is the same in every run, and another one for every test."""
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))


class SuitePlugin:
    """The pytest plugin behind every run: the fixtures `student` and `rng`, and the outcomes.

    Parameters
    ----------
    student : Student
        Whose functions are tested.
    only : iterable of str, optional
        The exercises whose tests are run; all where it is left out.
    """

    def __init__(self, student: Student, only: Iterable[str] | None = None) -> None:
        self.student, self.outcomes = student, []
        self.only = None if only is None else frozenset(only)
        self.outcomes: list[TestOutcome] = []
        self.trouble: list[str] = []

    @pytest.fixture(name="student")
    def student_fixture(self) -> Student:
        """The student's functions."""
        return self.student

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random numbers for this test's inputs."""
        return seeded(request.node.cls.__name__, request.node.name)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests of the wanted exercises."""
        if self.only is not None:
            items[:] = [item for item in items if exercise_of(item) in self.only]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Note what became of a test: its own phase, or a set-up that failed.

        The report takes the place of pytest's own, whose traceback nobody reads here and which costs more than the test.
        """
        error = call.excinfo.value if call.excinfo else None
        if call.when == "call" or error is not None:
            self.note(item, error)
        return pytest.TestReport(item.nodeid, item.location, {}, "failed" if error else "passed", longrepr=None, when=call.when)

    def note(self, item: pytest.Item, error: BaseException | None) -> TestOutcome:
        """Append the outcome of one test, and return it."""
        sentence = (inspect.getdoc(item.obj) or item.name).split("\n\n")[0].replace("\n", " ")
        outcome = outcome_of(exercise_of(item), item.name, sentence, getattr(item.obj, "worth", 1.0), error)
        self.outcomes.append(outcome)
        return outcome

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that can't be collected."""
        if report.failed:
            self.trouble.append(str(report.longrepr))


def exercise_of(item: pytest.Item) -> str:
    """Return the exercise that a collected test belongs to."""
    return getattr(getattr(item, "cls", None), "exercise", "")


# Without the terminal plugin pytest knows neither -q nor --tb.
_UNWANTED = "cacheprovider doctest faulthandler junitxml logging terminal threadexception unraisableexception warnings"
_QUIET = (
    "--assert=plain",
    "--capture=no",
    "--import-mode=importlib",
    *(word for name in _UNWANTED.split() for word in ("-p", f"no:{name}")),
)


def run_tests(path: Path, plugin: SuitePlugin, *more: str) -> list[TestOutcome]:
    """Run the tests of one module under pytest, silently, and return their outcomes.

    Parameters
    ----------
    path : Path
        The module of tests.
    plugin : SuitePlugin
        Which carries the student, and collects.
    more : str
        Further arguments for pytest.

    Raises
    ------
    RuntimeError
        If the module can't be collected: a defect of the course, not of the student.
    KeyboardInterrupt
        If the run was interrupted.
    """
    arguments = [str(path), "--rootdir", str(path.parent), "-c", os.devnull, *_QUIET, *more]
    autoload = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
            status = pytest.main(arguments, plugins=[plugin])
    finally:
        if autoload is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = autoload
    if status == pytest.ExitCode.INTERRUPTED and not plugin.trouble:
        raise KeyboardInterrupt  # somebody grew tired of waiting
    if plugin.trouble or status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED):
        raise RuntimeError(f"the tests in {path.name} could not be run: {' '.join(plugin.trouble) or said.getvalue() or status}")
    return plugin.outcomes
