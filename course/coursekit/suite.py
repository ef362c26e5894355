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
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import pytest

from .expectations import Mismatch
from .outcomes import TestOutcome
from .student import NotAttempted, Student, StudentError, TimedOut

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


def exercise(name: str) -> Callable[[C], C]:
    """Say which exercise the tests of a class judge."""

    def mark(cls: C) -> C:
        cls.exercise = name  # type: ignore[attr-defined]
        return cls

    return mark


def worth(weight: float) -> Callable[[F], F]:
    """Let a test weigh `weight` times as much as an undecorated one."""

    def mark(function: F) -> F:
        function.worth = weight  # type: ignore[attr-defined]
        return function

    return mark


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


class BrokenSuite(RuntimeError):
    """A module of tests can't be run: a defect of the course."""


@dataclass(frozen=True)
class CollectedTest:
    """A test as pytest has collected it: a method, and what it wants to be called with.

    Parameters
    ----------
    case : type
        The class around the test.
    method, name : str
        What the method is called, and the test: that has its parameters in it.
    parameters : mapping of str to object
        Arguments from ``pytest.mark.parametrize``.
    fixtures : frozenset of str
        The other arguments.
    special : frozenset of str
        What only pytest can do for the test: autouse fixtures, set-up methods, marks such as skip.
    """

    case: type
    method: str
    name: str
    parameters: Mapping[str, Any]
    fixtures: frozenset[str]
    special: frozenset[str]

    @property
    def exercise(self) -> str:
        """The exercise that the test belongs to."""
        return getattr(self.case, "exercise", "")

    @cached_property
    def sentence(self) -> str:
        """The first paragraph of its docstring, which says what is right."""
        return (inspect.getdoc(getattr(self.case, self.method)) or self.name).split("\n\n")[0].replace("\n", " ")

    @property
    def id(self) -> str:
        """Its name, among those of the module."""
        return f"{self.case.__name__}::{self.name}"

    def rng(self) -> np.random.Generator:
        """Return the random numbers of its inputs."""
        return seeded(self.case.__name__, self.name)

    def run(self, fixtures: Mapping[str, Any]) -> None:
        """Call the test."""
        wanted = {name: fixtures[name] for name in self.fixtures}
        getattr(self.case(), self.method)(**wanted, **self.parameters)

    def outcome(self, error: BaseException | None) -> TestOutcome:
        """Tell what `error`, raised by the test, means for the student."""
        return outcome_of(self.exercise, self.name, self.sentence, getattr(getattr(self.case, self.method), "worth", 1.0), error)


class SuitePlugin:
    """What tests are run with: the fixtures `student` and `rng`, and the outcomes. Also the pytest plugin of such a run.

    Parameters
    ----------
    student : Student
        Whose functions are tested.
    only : iterable of str, optional
        The exercises whose tests are run; all where it is left out.
    """

    fixtures: tuple[str, ...] = ("student", "rng")

    def __init__(self, student: Student, only: Iterable[str] | None = None) -> None:
        self.student = student
        self.only = None if only is None else frozenset(only)
        self.outcomes: list[TestOutcome] = []

    def begin(self, tests: Sequence[CollectedTest]) -> None:
        """Prepare for the tests that are going to be run, in this order."""

    def provide(self, test: CollectedTest) -> dict[str, Any]:
        """Return the fixtures of one test."""
        return {"student": self.student, "rng": test.rng()}

    def wants(self, test: CollectedTest) -> bool:
        """Tell whether a test is to be run."""
        return self.only is None or test.exercise in self.only

    def note(self, test: CollectedTest, fixtures: Mapping[str, Any], error: BaseException | None) -> TestOutcome:
        """Append the outcome of one test, and return it."""
        outcome = test.outcome(error)
        self.outcomes.append(outcome)
        return outcome


def run_tests(path: Path, plugin: SuitePlugin, until_failure: bool = False) -> list[TestOutcome]:
    """Run the tests of one module, silently, and return their outcomes.

    pytest collects a module once, and sets up and runs its tests itself where they ask for more than our fixtures: its care for each test
    costs more than most of the tests.

    Parameters
    ----------
    path : Path
        The module of tests.
    plugin : SuitePlugin
        Which carries the student, and collects.
    until_failure : bool
        Stop after the first test that fails.

    Raises
    ------
    BrokenSuite
        If the module can't be collected: a defect of the course, not of the student.
    KeyboardInterrupt
        If the run was interrupted.
    """
    about = path.stat()
    tests = collected(path, about.st_mtime_ns, about.st_size)
    if not all(test.fixtures | test.special <= set(plugin.fixtures) for test in tests):
        _under_pytest(path, _Run(plugin), *(["--maxfail=1"] if until_failure else []))
        return plugin.outcomes
    wanted = list(filter(plugin.wants, tests))
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        plugin.begin(wanted)
        for test in wanted:
            fixtures = plugin.provide(test)
            outcome = plugin.note(test, fixtures, error_of(test, fixtures))
            if until_failure and not outcome.passed:
                break
    return plugin.outcomes


def error_of(test: CollectedTest, fixtures: Mapping[str, Any]) -> BaseException | None:
    """Call a test, and return what it raised, if it did."""
    try:
        test.run(fixtures)
    except KeyboardInterrupt:
        raise  # somebody grew tired of waiting
    except BaseException as error:  # pytest's own outcomes, such as that of pytest.fail, are no Exceptions
        return error
    return None


@lru_cache(maxsize=32)
def collected(path: Path, changed: int, size: int) -> tuple[CollectedTest, ...]:
    """Return the tests that pytest finds in a module; `changed` and `size` tell one version of the file from the next.

    Raises
    ------
    BrokenSuite
        If there is something wrong with the module.
    """
    run = _Run(None)
    _under_pytest(path, run, "--collect-only")
    return tuple(map(_described, run.items))


def _described(item: pytest.Item) -> CollectedTest:
    """Return what is to be known of a test that pytest has collected."""
    if not isinstance(item, pytest.Function) or item.cls is None:
        raise BrokenSuite(f"{item.nodeid}: a test has to be a method of a class with @exercise")
    call = getattr(item, "callspec", None)
    parameters = dict(call.params) if call else {}
    asked = inspect.signature(item.obj).parameters.keys() - parameters.keys()
    special = {*item.fixturenames, *(mark.name for mark in item.iter_markers())} - asked - parameters.keys()
    ours = {"ours", "request", "parametrize"}  # behind our fixtures, and what has been done already
    return CollectedTest(item.cls, item.originalname, item.name, parameters, frozenset(asked), frozenset(special - ours))


class _Run:
    """The pytest plugin of one run of pytest.

    Parameters
    ----------
    plugin : SuitePlugin, optional
        What the tests are run with; None where they are only collected.
    """

    def __init__(self, plugin: SuitePlugin | None) -> None:
        self._plugin = plugin
        self.items: list[pytest.Item] = []
        self.trouble: list[str] = []

    @pytest.fixture
    def ours(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        """All that this test can ask us for."""
        assert self._plugin is not None
        return self._plugin.provide(_described(request.node))

    @pytest.fixture
    def student(self, ours: dict[str, Any]) -> Student:
        """The student's functions."""
        return ours["student"]

    @pytest.fixture
    def rng(self, ours: dict[str, Any]) -> np.random.Generator:
        """Random numbers for this test's inputs."""
        return ours["rng"]

    @pytest.fixture
    def reference(self, ours: dict[str, Any]) -> ModuleType:
        """The hidden reference, where there is one."""
        return ours["reference"]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests of the wanted exercises."""
        if self._plugin is not None:
            items[:] = [item for item in items if self._plugin.wants(_described(item))]
        self.items = list(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Note what became of a test: its own phase, or a set-up that failed.

        The report takes the place of pytest's own, whose traceback nobody reads here and which costs more than the test.
        """
        error = call.excinfo.value if call.excinfo else None
        if self._plugin is not None and (call.when == "call" or error is not None):
            self._plugin.note(_described(item), dict(getattr(item, "funcargs", {})), error)
        outcome: Any = "failed" if error else "passed"
        when: Any = call.when
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, longrepr=None, when=when)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that can't be collected."""
        if report.failed:
            self.trouble.append(str(report.longrepr))


# Without the terminal plugin pytest knows neither -q nor --tb.
_UNWANTED = "cacheprovider doctest faulthandler junitxml logging terminal threadexception unraisableexception warnings"
_QUIET = (
    "--assert=plain",
    "--capture=no",
    "--import-mode=importlib",
    *(word for name in _UNWANTED.split() for word in ("-p", f"no:{name}")),
)


def _under_pytest(path: Path, run: _Run, *more: str) -> None:
    """Let pytest collect, and run, the tests of one module."""
    sys.modules.pop(path.stem, None)  # pytest would take the module that it has loaded before, whatever the file says now
    arguments = [str(path), "--rootdir", str(path.parent), "-c", os.devnull, *_QUIET, *more]
    autoload = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
            status = pytest.main(arguments, plugins=[run])
    finally:
        if autoload is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = autoload
    if status == pytest.ExitCode.INTERRUPTED and not run.trouble:
        raise KeyboardInterrupt  # somebody grew tired of waiting
    if run.trouble or status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED):
        raise BrokenSuite(f"the tests in {path.name} could not be run: {' '.join(run.trouble) or said.getvalue() or status}")
