"""What must hold for every lecture, proved on what it ships: right answers get full marks, wrong ones don't and are named, stubs get zero.

Everything here goes the way of a real submission: a notebook file, a confined guest, the suite in the host.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.judging.gradients import forward_of
from autograder.judging.grading import HiddenSuite, grade_submission, judge
from autograder.judging.known_answers import BANDS, KnownAnswer, catalogue
from autograder.judging.sample_notebooks import fill, reference_sources, solved, with_answers, write
from autograder.judging.solution import solution_of
from autograder.judging.trials import defects, suite_findings
from autograder.model.course import Course, Lecture, find_course
from autograder.model.results import ExerciseResult, SubmissionResult
from autograder.model.submission import read_submission
from autograder.sandbox.host import Sandbox
from coursekit.student import LocalStudent
from coursekit.suite import run_tests

COURSE = find_course()


def params(lecture: Lecture, *more: object, id: str) -> Any:
    """Return the parameters of a test about a lecture."""
    return pytest.param(lecture, *more, id=id)


pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # wrong answers divide by 0 and overflow

ALL = [params(lecture, id=lecture.id) for lecture in COURSE.lectures()]
KNOWN = [(lecture, catalogue(lecture.hidden)) for lecture in COURSE.lectures()]
WRONG = [params(lecture, answer, id=f"{lecture.id}-{answer.id}") for lecture, known in KNOWN for answer in known.misconceptions]
NAMED = 0.95


@pytest.fixture(scope="module")
def grade(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, Any]], SubmissionResult]:
    """Grade a notebook given as its content."""
    folder = tmp_path_factory.mktemp("notebooks")

    def grade(notebook: dict[str, Any]) -> SubmissionResult:
        return grade_submission(read_submission(write(notebook, folder / "someone.ipynb"), Course(COURSE.root)), sandbox)

    return grade


# --- known answers: as many in one notebook as leave each other alone -------------------------------------------------------


@cache
def looked_at(lecture: Lecture) -> dict[str, set[str]]:
    """Return the functions on which the result of each exercise depends: those that its hidden tests call, and a forward pass before it."""
    reference, points = catalogue(lecture.hidden).reference, lecture.points
    suite = HiddenSuite(LocalStudent(vars(reference)), reference, list(points))
    run_tests(lecture.hidden.suite, suite)
    called = {name: {answer.function for trial in suite.trials if trial.exercise == name for answer in trial.answers} for name in points}
    return {name: {name, *called[name], forward_of(name, list(points)) or name} for name in points}


def in_notebooks(lecture: Lecture, answers: Iterable[KnownAnswer]) -> list[list[KnownAnswer]]:
    """Share answers out among few notebooks, so that the result of no answer's exercise depends on another answer."""
    used, notebooks = looked_at(lecture), list[list[KnownAnswer]]()
    for answer in answers:
        for others in notebooks:
            if not any(one.functions.keys() & used[two.exercise] for other in others for one, two in ((answer, other), (other, answer))):
                others.append(answer)
                break
        else:
            notebooks.append([answer])
    return notebooks


Results = dict[KnownAnswer, ExerciseResult]


@pytest.fixture(scope="module")
def graded(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Lecture], Results]:
    """Return a function that grades the misconceptions of a lecture, once; of a notebook only the exercises in which there is one."""
    path = tmp_path_factory.mktemp("known") / "someone.ipynb"

    @cache
    def graded(lecture: Lecture) -> Results:
        results: Results = {}
        for answers in in_notebooks(lecture, catalogue(lecture.hidden).misconceptions):
            submission = read_submission(write(with_answers(lecture, *answers), path), Course(COURSE.root))
            points = {name: lecture.points[name] for name in lecture.points if name in {answer.exercise for answer in answers}}
            with sandbox.guest(submission.cells, lecture.limits) as guest:
                found = judge(lecture.hidden, guest.student, points, guest.untouched, lecture.limits, list(lecture.points))
            results |= {answer: result for answer in answers for result in found if result.name == answer.exercise}
        return results

    return graded


def failures(result: SubmissionResult) -> list[str]:
    return [f"{e.name}: {t.name}: {t.message}" for e in result.exercises for t in e.tests if t.outcome == "failed"]


@pytest.mark.parametrize("lecture", ALL)
def test_the_solution_gets_full_marks(lecture: Lecture, grade) -> None:
    result = grade(solved(lecture))
    assert failures(result) == []
    assert result.problems == ()
    assert result.score == result.max_score == sum(lecture.points.values()) > 0


@pytest.mark.parametrize("lecture", ALL)
def test_the_reference_gets_full_marks(lecture: Lecture, grade) -> None:
    result = grade(fill(lecture, reference_sources(lecture)))
    assert failures(result) == []
    assert result.score == result.max_score


@pytest.mark.parametrize("lecture", ALL)
def test_the_released_notebook_gets_zero_and_nothing_is_called_wrong(lecture: Lecture, grade) -> None:
    result = grade(fill(lecture, {}))
    assert {exercise.name: exercise.status for exercise in result.exercises} == dict.fromkeys(lecture.points, "not_attempted")
    assert result.score == 0
    assert result.problems == ()
    assert all(test.outcome == "failed" for exercise in result.exercises for test in exercise.tests), "a stub passes a hidden test"


@pytest.mark.parametrize("lecture", ALL)
def test_alternatives_get_full_marks(lecture: Lecture, grade) -> None:
    """In each notebook all of them do, whichever forward pass stands before which backward pass."""
    for answers in in_notebooks(lecture, catalogue(lecture.hidden).alternatives):
        result = grade(with_answers(lecture, *answers))
        assert failures(result) == [], [answer.id for answer in answers]
        assert result.score == result.max_score


HYGIENE = {
    "arguments unchanged": r"in_place",
    "integers": r"in_place",
    "32-bit floats": r"(?!)",
    "memory layouts": r"(?!)",
    "no memory of earlier calls": r"(?!)",
    "random numbers from rng": r"generator_ignored|reseeded|constant|phases_swapped|regions_|expected|shuffle_queue",
}
"""The corners of contracts, and the ids of mistakes of substance that break one beside. Nothing random is drawn by the last three."""


@pytest.mark.parametrize(("lecture", "known"), WRONG)
def test_a_misconception_earns_what_a_fair_marker_would_give(lecture: Lecture, known: KnownAnswer, graded) -> None:
    """It fails, its share is in its band, and a mistake of substance passes the tests of hygiene that it doesn't break itself."""
    result = graded(lecture)[known]
    assert result.status in ("failed", "error")
    assert not any("the test itself failed" in test.message for test in result.tests)
    assert known.severity is not None, f"{known.id} has no severity"
    low, high = BANDS[known.severity]
    assert low - 0.005 <= result.score / result.max_score <= high + 0.005, result.aspects
    red = {test.aspect for test in result.tests if test.outcome == "failed"} & HYGIENE.keys()
    if known.severity != "slip":
        assert {aspect for aspect in red if not re.search(HYGIENE[aspect], known.id)} == set()


@pytest.mark.parametrize("lecture", ALL)
def test_misconceptions_are_named_as_themselves(lecture: Lecture, graded) -> None:
    named = {
        f"{known.exercise}/{known.id}": (known.id, result.misconception and result.misconception.id)
        for known, result in graded(lecture).items()
    }
    others = {name: other for name, (own, other) in named.items() if other != own}
    assert len(others) <= (1 - NAMED) * len(named), f"named as something else: {others}"
    assert None not in others.values(), f"not named at all: {[name for name, other in others.items() if other is None]}"


@pytest.mark.parametrize("lecture", ALL)
def test_answers_in_one_notebook_leave_each_other_alone(lecture: Lecture, grade, graded) -> None:
    """In the notebook that has the most misconceptions each gets the result that it gets in a notebook of its own, graded as a whole."""
    together = max(in_notebooks(lecture, catalogue(lecture.hidden).misconceptions), key=len)
    for known in together:
        alone = grade(with_answers(lecture, known))
        assert graded(lecture)[known] == next(result for result in alone.exercises if result.name == known.exercise)


NUMBERS = [1, -2.5, np.nan, np.ones(3), np.ones((2, 2), complex), np.array(["a"])]
ANYTHING = [None, "text", True, [], (), {}, [[1], [2, 3]], (None, None), *NUMBERS]


@pytest.mark.parametrize("lecture", ALL)
@pytest.mark.parametrize("answer", ANYTHING, ids=repr)
def test_no_answer_breaks_a_hidden_test_and_none_gets_points(lecture: Lecture, answer: object) -> None:
    student = LocalStudent({name: lambda *args, **kwargs: answer for name in lecture.points})
    for exercise in judge(lecture.hidden, student, lecture.points):
        assert [test.message for test in exercise.tests if "the test itself failed" in test.message] == []
        assert exercise.score == 0, exercise.name
        assert all(test.message for test in exercise.tests if test.outcome == "failed"), exercise.name


@pytest.mark.parametrize("lecture", ALL)
def test_an_exercise_has_three_of_each(lecture: Lecture) -> None:
    known = catalogue(lecture.hidden)
    for exercise in lecture.points:
        assert sum(answer.exercise == exercise for answer in known.misconceptions) >= 3, exercise
        assert sum(answer.exercise == exercise for answer in known.alternatives) >= 3, exercise


@pytest.mark.parametrize("lecture", ALL)
def test_the_reference_needs_numpy_alone(lecture: Lecture) -> None:
    """In a follow-through it runs in a guest, where importing SciPy would take longer than everything else."""
    tree = ast.parse(lecture.hidden.reference.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | {"numpy", "coursekit"}


@pytest.mark.parametrize("lecture", ALL)
def test_aspects_have_points_and_corners_their_shares(lecture: Lecture) -> None:
    assert suite_findings(lecture) == []


@pytest.mark.parametrize("lecture", ALL)
def test_known_answers_are_declared_as_they_should_be(lecture: Lecture) -> None:
    """They have a severity, arguments like the exercise's, and a section that is there."""
    known, solution = catalogue(lecture.hidden), solution_of(lecture)
    answers = (*known.misconceptions, *known.alternatives)
    assert {answer.id: found for answer in answers if (found := list(defects(answer, solution)))} == {}


@pytest.mark.parametrize("lecture", ALL)
def test_misconceptions_say_what_is_wrong_and_where_to_read(lecture: Lecture) -> None:
    headings = [line for cell in lecture.cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    for known in catalogue(lecture.hidden).misconceptions:
        assert len(known.explanation) > 60, known.id
        number, section = known.see.split(" §")
        assert number == lecture.id[:2], known.id
        assert any(line.startswith(f"## §{section} ") for line in headings), f"there is no section {known.see}"
