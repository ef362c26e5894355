"""Decorators for tests, and the runner of a module of tests.

A test class belongs to an exercise, a test has a weight, and its docstring is shown to the student::

    @exercise("batchnorm_forward")
    class TestBatchnormForward:
        @worth(2)
        def test_matches_reference(self, student, reference, rng):
            '''A random batch is normalised as equation 3 says.'''

Public checks and hidden suites are pytest modules with these decorators, run by `run_tests`.
"""

from __future__ import annotations

import inspect
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import pytest

from .expectations import Mismatch
from .outcomes import Aspect, TestOutcome
from .student import NotAttempted, Student, StudentError, TimedOut

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


def exercise(name: str) -> Callable[[C], C]:
    """Set the exercise that the tests of a class judge."""

    def mark(cls: C) -> C:
        cls.exercise = name  # type: ignore[attr-defined]
        return cls

    return mark


def worth(weight: float) -> Callable[[F], F]:
    """Set the weight of a test; without the decorator it is 1."""

    def mark(function: F) -> F:
        function.worth = weight  # type: ignore[attr-defined]
        return function

    return mark


def aspect(name: str, points: float = 0.0) -> Callable[[F], F]:
    """Set the aspect that a test belongs to, and the aspect's points beside the other aspects of the exercise.

    Tests with the same name share the aspect's points, in proportion to their `worth`. The points are written at one of them.
    """
    return _belongs_to(Aspect(name, points))


def corner(name: str, share: float = 0.0) -> Callable[[F], F]:
    """Set the corner that a test belongs to, and the share of what the exercise earned otherwise that is lost where it fails.

    A corner is something that an answer may get wrong that is right in ordinary use: integers, an argument changed in place, a tie, a
    default, a missing exception. An answer that is wrong otherwise gains nothing by it.
    """
    return _belongs_to(Aspect(name, share, corner=True))


def _belongs_to(aspect: Aspect) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.aspect = aspect  # type: ignore[attr-defined]
        return function

    return mark


def outcome_of(
    exercise: str, name: str, sentence: str, weight: float, error: BaseException | None, aspect: Aspect | None = None
) -> TestOutcome:
    """Return the outcome of a test that raised `error`, or None."""
    kind, message, culprit, share = "", "", "", 0.0
    if isinstance(error, NotAttempted):
        kind, message, culprit = "not_attempted", str(error), error.name
    elif isinstance(error, TimedOut):
        kind, message, culprit = "timeout", str(error), error.name
    elif isinstance(error, StudentError):
        kind, message, culprit = type(error).__name__.lower(), str(error), getattr(error, "name", "")
    elif isinstance(error, Mismatch):
        kind, message, share = error.kind, str(error), error.share
    elif error is not None:
        kind, message = "broken", f"the test itself failed ({type(error).__name__}: {error}); please tell your instructor"
    return TestOutcome(exercise, name, sentence, kind, message, weight, culprit, aspect, share)


def seeded(*names: str) -> np.random.Generator:
    """Return a generator seeded by `names`: the same in every run, and different for each test."""
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))


class BrokenSuite(RuntimeError):
    """A module of tests can't be run: a defect of the course."""


@dataclass(frozen=True)
class CollectedTest:
    """A collected test: a method and its arguments.

    Parameters
    ----------
    case : type
        The test class.
    method, name : str
        The name of the method, and of the test, which includes its parameters.
    parameters : mapping of str to object
        Arguments from ``pytest.mark.parametrize``.
    fixtures : frozenset of str
        The other arguments.
    special : frozenset of str
        Names of features that need pytest to run the test: autouse fixtures, set-up methods, marks such as skip.
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
        """The first paragraph of its docstring, shown to the student."""
        return (inspect.getdoc(getattr(self.case, self.method)) or self.name).split("\n\n")[0].replace("\n", " ")

    @cached_property
    def aspect(self) -> Aspect | None:
        """The aspect that it belongs to; a parametrized test may name a parameter in it, as ``"{gradient}"``."""
        found: Aspect | None = getattr(getattr(self.case, self.method), "aspect", None)
        return replace(found, name=found.name.format(**self.parameters)) if found else None

    @property
    def is_corner(self) -> bool:
        """Whether it belongs to a corner."""
        return self.aspect is not None and self.aspect.corner

    @property
    def id(self) -> str:
        """Its name, unique in the module."""
        return f"{self.case.__name__}::{self.name}"

    def rng(self) -> np.random.Generator:
        """Return the generator for its inputs."""
        return seeded(self.case.__name__, self.name)

    def run(self, fixtures: Mapping[str, Any]) -> None:
        """Call the test."""
        wanted = {name: fixtures[name] for name in self.fixtures}
        getattr(self.case(), self.method)(**wanted, **self.parameters)

    def outcome(self, error: BaseException | None) -> TestOutcome:
        """Return the outcome of the test, which raised `error`, or None."""
        worth = getattr(getattr(self.case, self.method), "worth", 1.0)
        return outcome_of(self.exercise, self.name, self.sentence, worth, error, self.aspect)


class SuitePlugin:
    """Provides the fixtures `student` and `rng`, and collects outcomes.

    Parameters
    ----------
    student : Student
        The tested functions.
    only : iterable of str, optional
        The exercises whose tests are run; all by default.
    """

    fixtures: tuple[str, ...] = ("student", "rng")

    def __init__(self, student: Student, only: Iterable[str] | None = None) -> None:
        self.student = student
        self.only = None if only is None else frozenset(only)
        self.outcomes: list[TestOutcome] = []

    def begin(self, tests: Sequence[CollectedTest]) -> None:
        """Called once before the tests, which will be run in this order."""

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
    """Run the tests of one module without output, and return their outcomes.

    The tests of an exercise are run one after the other, also where its classes lie apart, and those of corners last. pytest collects a
    module once. The tests are called directly, because pytest's set-up takes longer than most of them; pytest runs the module only if a
    test needs more than our fixtures.

    Parameters
    ----------
    path : Path
        The module of tests.
    plugin : SuitePlugin
        Provides the fixtures, and collects the outcomes.
    until_failure : bool
        Stop after the first test that fails.

    Raises
    ------
    BrokenSuite
        If the module can't be collected: a defect of the course, not of the student.
    KeyboardInterrupt
        If the run was interrupted.
    """
    file_status = path.stat()
    tests = collected(path, file_status.st_mtime_ns, file_status.st_size)
    if not all(test.fixtures | test.special <= set(plugin.fixtures) for test in tests):
        _under_pytest(path, _Run(plugin), *(["--maxfail=1"] if until_failure else []))
        return plugin.outcomes
    wanted = in_order(filter(plugin.wants, tests))
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        plugin.begin(wanted)
        for test in wanted:
            fixtures = plugin.provide(test)
            outcome = plugin.note(test, fixtures, error_of(test, fixtures))
            if until_failure and not outcome.passed:
                break
    return plugin.outcomes


def in_order(tests: Iterable[CollectedTest]) -> list[CollectedTest]:
    """Return tests exercise by exercise, by first appearance, those of corners last."""
    tests = list(tests)
    exercises = list(dict.fromkeys(test.exercise for test in tests))
    return sorted(tests, key=lambda test: (exercises.index(test.exercise), test.is_corner))


def error_of(test: CollectedTest, fixtures: Mapping[str, Any]) -> BaseException | None:
    """Call a test, and return the exception that it raised, or None."""
    try:
        test.run(fixtures)
    except KeyboardInterrupt:
        raise  # Ctrl-C
    except BaseException as error:  # pytest.fail and others raise a BaseException
        return error
    return None


@lru_cache(maxsize=32)
def collected(path: Path, changed: int, size: int) -> tuple[CollectedTest, ...]:
    """Return the tests that pytest collects from a module. Cached by path, time of change and size.

    Raises
    ------
    BrokenSuite
        If the module can't be collected.
    """
    run = _Run(None)
    _under_pytest(path, run, "--collect-only")
    return tuple(map(_collected_test, run.items))


def _collected_test(item: pytest.Item) -> CollectedTest:
    """Return a pytest item as a `CollectedTest`."""
    if not isinstance(item, pytest.Function) or item.cls is None:
        raise BrokenSuite(f"{item.nodeid}: a test has to be a method of a class with @exercise")
    call = getattr(item, "callspec", None)
    parameters = dict(call.params) if call else {}
    asked = inspect.signature(item.obj).parameters.keys() - parameters.keys()
    special = {*item.fixturenames, *(mark.name for mark in item.iter_markers())} - asked - parameters.keys()
    ours = {"ours", "request", "parametrize"}  # used by our fixtures, or already resolved
    return CollectedTest(item.cls, item.originalname, item.name, parameters, frozenset(asked), frozenset(special - ours))


class _Run:
    """The pytest plugin of one run of pytest.

    Parameters
    ----------
    plugin : SuitePlugin, optional
        Provides the fixtures; None if the tests are only collected.
    """

    def __init__(self, plugin: SuitePlugin | None) -> None:
        self._plugin = plugin
        self.items: list[pytest.Item] = []
        self.errors: list[str] = []

    @pytest.fixture
    def ours(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        """All fixtures of the plugin for this test."""
        assert self._plugin is not None
        return self._plugin.provide(_collected_test(request.node))

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
            by_id = {test.id: item for item in items if self._plugin.wants(test := _collected_test(item))}
            items[:] = [by_id[test.id] for test in in_order(map(_collected_test, by_id.values()))]
        self.items = list(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Note the outcome of a test, or of a failed set-up.

        Returns a minimal report: pytest's own formats a traceback, which isn't used and takes longer than the test.
        """
        error = call.excinfo.value if call.excinfo else None
        if self._plugin is not None and (call.when == "call" or error is not None):
            self._plugin.note(_collected_test(item), dict(getattr(item, "funcargs", {})), error)
        outcome: Any = "failed" if error else "passed"
        when: Any = call.when
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, longrepr=None, when=when)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that can't be collected."""
        if report.failed:
            self.errors.append(str(report.longrepr))


# Without the terminal plugin, the options -q and --tb don't exist.
_UNWANTED = "cacheprovider doctest faulthandler junitxml logging terminal threadexception unraisableexception warnings"
_QUIET = (
    "--assert=plain",
    "--capture=no",
    "--import-mode=importlib",
    *(word for name in _UNWANTED.split() for word in ("-p", f"no:{name}")),
)


def _under_pytest(path: Path, run: _Run, *more: str) -> None:
    """Let pytest collect, and run, the tests of one module."""
    sys.modules.pop(path.stem, None)  # else pytest would use the loaded module instead of the changed file
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
    if status == pytest.ExitCode.INTERRUPTED and not run.errors:
        raise KeyboardInterrupt  # Ctrl-C
    if run.errors or status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED):
        raise BrokenSuite(f"the tests in {path.name} could not be run: {' '.join(run.errors) or said.getvalue() or status}")
