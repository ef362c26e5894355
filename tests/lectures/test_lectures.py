"""What must hold for every lecture, proved on what it ships: right answers get full marks, wrong ones don't and are named, stubs get zero.

Everything here goes the way of a real submission: a notebook file, a confined guest, the suite in the host.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder.judging.grading import grade_submission, judge
from autograder.judging.known_answers import KnownAnswer, catalogue
from autograder.judging.sample_notebooks import fill, reference_sources, solved, with_answers, write
from autograder.model.course import Course, Lecture, find_course
from autograder.model.results import ExerciseResult, SubmissionResult
from autograder.model.submission import read_submission
from coursekit.student import LocalStudent

COURSE = find_course()
ALL = [pytest.param(lecture, id=lecture.id) for lecture in COURSE.lectures()]
KNOWN = [(lecture, catalogue(lecture.slug)) for lecture in COURSE.lectures()]
WRONG = [pytest.param(lecture, answer, id=f"{answer.exercise}-{answer.id}") for lecture, known in KNOWN for answer in known.misconceptions]
RIGHT = [pytest.param(lecture, answer, id=f"{answer.exercise}-{answer.id}") for lecture, known in KNOWN for answer in known.alternatives]
NAMED = 0.95


@pytest.fixture
def grade(sandbox, tmp_path):
    """Grade a notebook given as its content."""

    def grade(notebook: dict) -> SubmissionResult:
        return grade_submission(read_submission(write(notebook, tmp_path / "someone.ipynb"), Course(COURSE.root)), sandbox)

    return grade


def of(result: SubmissionResult, exercise: str) -> ExerciseResult:
    return next(found for found in result.exercises if found.name == exercise)


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


@pytest.mark.parametrize(("lecture", "known"), RIGHT)
def test_an_alternative_gets_full_marks(lecture: Lecture, known: KnownAnswer, grade) -> None:
    result = grade(with_answers(lecture, known))
    assert failures(result) == []
    assert result.score == result.max_score


@pytest.mark.parametrize(("lecture", "known"), WRONG)
def test_a_misconception_fails_its_exercise(lecture: Lecture, known: KnownAnswer, grade) -> None:
    exercise = of(grade(with_answers(lecture, known)), known.exercise)
    assert exercise.status in ("failed", "error")
    assert not any("the test itself failed" in test.message for test in exercise.tests)
    assert exercise.score < exercise.max_score
    named.setdefault(lecture.id, {})[f"{known.exercise}/{known.id}"] = exercise.misconception.id if exercise.misconception else None


named: dict[str, dict[str, str | None]] = {}


@pytest.mark.parametrize("lecture", ALL)
def test_misconceptions_are_named_as_themselves(lecture: Lecture) -> None:
    """Runs after all misconceptions of the module have been graded."""
    found = named.get(lecture.id, {})
    if len(found) < len(catalogue(lecture.slug).misconceptions):
        pytest.skip("not all of its misconceptions were graded in this run")
    others = {known: name for known, name in found.items() if known.split("/")[1] != name}
    assert len(others) <= (1 - NAMED) * len(found), f"named as something else: {others}"
    assert None not in others.values(), f"not named at all: {[known for known, name in others.items() if name is None]}"


NUMBERS = [1, -2.5, np.nan, np.ones(3), np.ones((2, 2), complex), np.array(["a"])]
ANYTHING = [None, "text", True, [], (), {}, [[1], [2, 3]], (None, None), *NUMBERS]


@pytest.mark.parametrize("lecture", ALL)
@pytest.mark.parametrize("answer", ANYTHING, ids=repr)
def test_no_answer_breaks_a_hidden_test_and_none_gets_points(lecture: Lecture, answer: object) -> None:
    student = LocalStudent({name: lambda *args, **kwargs: answer for name in lecture.points})
    for exercise in judge(lecture.slug, student, lecture.points):
        assert [test.message for test in exercise.tests if "the test itself failed" in test.message] == []
        assert all(test.outcome == "failed" and test.message for test in exercise.tests), exercise.name


@pytest.mark.parametrize("lecture", ALL)
def test_an_exercise_has_three_of_each(lecture: Lecture) -> None:
    known = catalogue(lecture.slug)
    for exercise in lecture.points:
        assert sum(answer.exercise == exercise for answer in known.misconceptions) >= 3, exercise
        assert sum(answer.exercise == exercise for answer in known.alternatives) >= 3, exercise


@pytest.mark.parametrize(("lecture", "known"), WRONG)
def test_a_misconception_says_what_is_wrong_and_where_to_read(lecture: Lecture, known: KnownAnswer) -> None:
    assert len(known.explanation) > 60
    number, section = known.see.split(" §")
    headings = [line for cell in lecture.cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    assert number == lecture.id[:2]
    assert any(line.startswith(f"## §{section} ") for line in headings), f"there is no section {known.see}"
