"""A module of tests gives the same outcomes whether pytest runs its tests or only collects them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from autograder.judging.grading import HiddenSuite
from autograder.model.course import find_course
from coursekit import suite as suite_module
from coursekit.outcomes import TestOutcome
from coursekit.student import LocalStudent
from coursekit.suite import SuitePlugin, run_tests

LECTURES = find_course(Path(__file__).parent).lectures()


@pytest.fixture
def by_pytest(monkeypatch: pytest.MonkeyPatch):
    """Let pytest run all tests."""

    def run(path: Path, plugin: SuitePlugin) -> list[TestOutcome]:
        suite_module._under_pytest(path, suite_module._Run(plugin))
        return plugin.outcomes

    return run


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.slug)
def test_collected_tests_come_out_as_under_pytest(by_pytest, lecture):
    reference = import_module(f"autograder.reference.{lecture.slug}")
    wrong = {name: (lambda *args, **kwargs: 0.0) for name in list(lecture.points)[::2]}
    student = LocalStudent({**vars(reference), **wrong})
    first, second = (HiddenSuite(student, reference) for _ in range(2))
    assert run_tests(lecture.hidden.suite, first) == by_pytest(lecture.hidden.suite, second)
    assert not all(outcome.passed for outcome in first.outcomes)
    assert [trial.id for trial in first.trials] == [trial.id for trial in second.trials]


SOURCE = '''
import pytest
from coursekit import exercise, expect

@exercise("double")
class TestDouble:
    def test_two(self, student):
        """Two is four."""
        expect(student.double(2)).close_to(4)

    @pytest.mark.parametrize("x", [3, 4])
    def test_more(self, student, x):
        """And more."""
        expect(student.double(x)).close_to(2 * x)

    def test_drawn(self, student, rng):
        """Any number."""
        x = rng.normal()
        expect(student.double(x)).close_to(2 * x)
'''
FIXTURE = '''
    @pytest.fixture
    def five(self):
        return 5

    def test_five(self, student, five, tmp_path):
        """Five is ten."""
        expect(student.double(five)).close_to(10)
'''
SKIPPED = '''
    @pytest.mark.skip
    def test_later(self, student):
        """Not yet."""
'''
SET_UP = '''
    def setup_method(self):
        self.three = 3

    def test_three(self, student):
        """Three is six."""
        expect(student.double(self.three)).close_to(6)
'''


@pytest.mark.parametrize("more", ["", FIXTURE, SKIPPED, SET_UP])
def test_whatever_pytest_knows_can_be_used(by_pytest, tmp_path, monkeypatch, more):
    path = tmp_path / "test_doubles.py"
    path.write_text(SOURCE + more)
    student = LocalStudent({"double": lambda x: 2 * x if x != 4 else 9})
    under_pytest = by_pytest(path, SuitePlugin(student))
    assert run_tests(path, SuitePlugin(student)) == under_pytest
    names = {outcome.name: outcome.passed for outcome in under_pytest}
    assert names.items() >= {"test_two": True, "test_more[3]": True, "test_more[4]": False, "test_drawn": True}.items()
    assert names.keys() & {"test_five", "test_three"} == ({"test_five"} if more == FIXTURE else {"test_three"} if more == SET_UP else set())


def test_an_edited_module_is_collected_anew(tmp_path):
    path = tmp_path / "test_doubles.py"
    student = LocalStudent({"double": lambda x: 2 * x})
    path.write_text(SOURCE)
    assert len(run_tests(path, SuitePlugin(student))) == 4
    path.write_text(SOURCE + SOURCE.replace("TestDouble", "TestAgain"))
    assert len(run_tests(path, SuitePlugin(student))) == 8


def test_the_tests_of_an_exercise_are_run_one_after_the_other(tmp_path):
    """Also where its classes lie apart."""
    path = tmp_path / "test_doubles.py"
    apart = SOURCE.replace("TestDouble", "TestOther").replace('"double"', '"other"'), SOURCE.replace("TestDouble", "TestAgain")
    path.write_text("".join((SOURCE, *apart)))
    outcomes = run_tests(path, SuitePlugin(LocalStudent({"double": lambda x: 2 * x})))
    assert [outcome.exercise for outcome in outcomes] == ["double"] * 8 + ["other"] * 4


def test_the_first_failure_can_end_a_run(tmp_path):
    path = tmp_path / "test_doubles.py"
    student = LocalStudent({"double": lambda x: 0})
    for more in ("", FIXTURE):
        path.write_text(SOURCE + more)
        (outcome,) = run_tests(path, SuitePlugin(student), until_failure=True)
        assert not outcome.passed
