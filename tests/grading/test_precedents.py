"""Who answers alike is judged once, and nobody's result depends on who was graded before."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import grading, precedents
from autograder.catalogue import catalogue
from autograder.course import find_course
from autograder.foresight import plan_of
from autograder.grading import grade_cells
from autograder.limits import Limits
from autograder.results import SubmissionResult
from autograder.sandbox.host import Cell, Sandbox
from autograder.specimens import solved, with_answers
from autograder.submission import parse_submission
from coursekit.outcomes import TestOutcome
from coursekit.suite import collected

COURSE = find_course(Path(__file__).parent)
LECTURES = list(COURSE.lectures())
LECTURE = COURSE.lecture("05_batch_normalization")
POINTS = {"update_running": 1.0, "batchnorm_inference": 2.0}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_decided(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """What is known, which is nothing when a test begins."""
    known: dict[Any, Any] = {}
    monkeypatch.setattr(precedents, "_known", known)
    return known


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The exercises whose tests were run, a name for each test."""
    names: list[str] = []
    note = grading.HiddenSuite.note

    def noted(self: Any, test: Any, fixtures: Any, error: Any) -> TestOutcome:
        names.append(test.exercise)
        return note(self, test, fixtures, error)

    monkeypatch.setattr(grading.HiddenSuite, "note", noted)
    return names


def cells_of(notebook: Any) -> tuple[Cell, ...]:
    return parse_submission(json.dumps(notebook).encode(), Path("a.ipynb"), COURSE).cells


SOLVED = cells_of(solved(LECTURE))


def also(more: str) -> tuple[Cell, ...]:
    """Return the solution with a cell behind it."""
    return (*SOLVED, Cell("one more", more))


def grade(
    cells: tuple[Cell, ...], sandbox: Sandbox, lecture: Any = LECTURE, points: Any = None, limits: Limits | None = None
) -> SubmissionResult:
    return grade_cells(cells, lecture.id, points or lecture.points, sandbox, limits or lecture.limits)


def test_the_second_who_answers_alike_is_not_judged_again(sandbox, judged):
    first = grade(SOLVED, sandbox)
    assert set(judged) == set(LECTURE.points) and first.score == first.max_score
    judged.clear()
    assert grade(also("x = 1"), sandbox) == first
    assert not judged


def test_a_mistake_is_a_mistake_of_one_exercise(sandbox, judged):
    """What the others are worth is known; what a wrong forward pass does to its backward pass is not."""
    grade(SOLVED, sandbox)
    judged.clear()
    wrong = "def update_running(running, batch_value, momentum=0.9):\n    return momentum * batch_value + (1 - momentum) * running\n"
    first = grade(also(wrong), sandbox)
    assert set(judged) == {"update_running"}
    judged.clear()
    assert grade(also(wrong + "\ny = 2"), sandbox) == first and not judged
    (found,) = (exercise for exercise in first.exercises if exercise.name == "update_running")
    assert found.status == "failed" and found.misconception is not None


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.id)
def test_no_result_depends_on_who_came_before(sandbox, nothing_decided, lecture):
    """Each result alone is that of a class, in two orders, with precedents that others have set."""
    found = catalogue(lecture.slug)
    answers = [*found.misconceptions[::7], *found.alternatives[::5]]
    everyone = [cells_of(solved(lecture)), *(cells_of(with_answers(lecture, answer)) for answer in answers)]
    alone = []
    for cells in everyone:
        nothing_decided.clear()
        alone.append(grade(cells, sandbox, lecture))
    for seed in (0, 1):
        order = random.Random(seed).sample(range(len(everyone)), len(everyone))
        assert {index: grade(everyone[index], sandbox, lecture) for index in order} == dict(enumerate(alone))


@pytest.mark.parametrize(
    "more",
    ["print('hello')", "raise ValueError('no')", "import time; time.sleep(0.1)"],
    ids=["prints", "raises", "slow"],
)
def test_what_was_not_all_answered_ahead_decides_nothing(sandbox, judged, nothing_decided, more):
    """Something printed, an error or a long wait may come out otherwise for the next one: they are judged each time."""
    cells = also(f"old = update_running\ndef update_running(*args, **kwargs):\n    {more}\n    return old(*args, **kwargs)\n")
    results = [grade(cells, sandbox, points={"update_running": 1.0}) for _ in range(2)]
    assert results[0] == results[1] and not nothing_decided
    assert judged and judged[: len(judged) // 2] == judged[len(judged) // 2 :]


def test_what_stays_with_the_student_is_told_apart_by_its_place(sandbox, judged):
    """Objects of other tests change nothing: here somebody's moving averages come with one, and the inference is judged as it was."""
    kept = "def batchnorm_inference(*args, **kwargs):\n    return object()\n"
    other = "def update_running(*args, **kwargs):\n    return [object(), object()]\n"
    first = grade(also(kept), sandbox)
    judged.clear()
    second = grade(also(kept + other), sandbox)
    assert set(judged) == {"update_running"}
    assert [one == another for one, another in zip(first.exercises, second.exercises, strict=True)].count(False) == 1


def test_points_limits_and_stubs_are_part_of_the_case(sandbox, judged):
    first = grade(SOLVED, sandbox, points=POINTS)
    for change in ({"points": {**POINTS, "update_running": 5.0}}, {"limits": LECTURE.limits.changed({"answer_bytes": 1 << 22})}):
        judged.clear()
        again = grade(SOLVED, sandbox, **{"points": POINTS, **change})
        assert "update_running" in judged, change
        assert [exercise.status for exercise in again.exercises] == [exercise.status for exercise in first.exercises]
    judged.clear()
    assert grade(SOLVED, sandbox, points=POINTS) == first and not judged


def test_an_edited_suite_decides_anew(sandbox, monkeypatch, tmp_path):
    """Also where it makes the same calls, and only expects something else."""
    first = grade(SOLVED, sandbox)
    edited = tmp_path / "test_batch_normalization.py"
    source = grading.suite_of(LECTURE.slug).read_text(encoding="utf-8")
    edited.write_text(source.replace(".close_to(", ".differs_from("), encoding="utf-8")
    monkeypatch.setattr(grading, "suite_of", lambda slug: edited)
    changed = [one.score < other.score for one, other in zip(grade(SOLVED, sandbox).exercises, first.exercises, strict=True)]
    assert sum(changed) >= 5


def test_what_is_asked_later_may_be_answered_otherwise(sandbox):
    """Two forward passes answer the calls that were foreseen alike; only one of them is what its backward pass belongs to."""
    doubled = (
        "old, old_backward = batchnorm_forward, batchnorm_backward\nasked = []\n"
        "def batchnorm_forward(x, gamma, beta, eps=1e-5):\n    asked.append(1)\n"
        "    out, cache = old(x, gamma, beta, eps)\n    return 2 * out * (1 + (len(asked) > MOST)), cache\n"
        "def batchnorm_backward(dout, cache):\n    return tuple(2 * each for each in old_backward(dout, cache))\n"
        "def count():\n    return len(asked)\n"
    )
    most = 0
    for limit in (10**9, None):  # the first time all calls are counted, the second time those that come later are answered otherwise
        cells = also(f"MOST = {most if limit is None else limit}\n{doubled}")
        if limit:
            with sandbox.guest(cells) as guest:
                path = grading.suite_of(LECTURE.slug)
                tests = collected(path, path.stat().st_mtime_ns, path.stat().st_size)
                guest.foretell(plan_of(tests, {"reference": catalogue(LECTURE.slug).reference}))
                most = guest.student.count()
        results = grade(cells, sandbox)
        (backward,) = (exercise for exercise in results.exercises if exercise.name == "batchnorm_backward")
        assert (backward.score == backward.max_score) == (limit is not None)


def test_answers_that_nobody_could_keep_count_all_together(sandbox, nothing_decided):
    """Precedents included: a function that answers too much in two exercises does so whoever was graded before."""
    grade(SOLVED, sandbox)
    kept = [precedent.kept["batchnorm_forward"] for precedent in nothing_decided.values()]
    few = LECTURE.limits.changed({"all_answers_bytes": sum(kept) - 1})
    assert max(kept) < sum(kept) - 1  # each alone would do
    alone = grade(SOLVED, sandbox, limits=few)
    assert alone.score < alone.max_score
    for _ in range(2):
        assert grade(SOLVED, sandbox, limits=few) == alone


def test_a_process_that_ends_takes_its_precedents_along(sandbox):
    """Whoever brings a process down is asked again in a new one, and what the old one had answered ahead counts for nothing."""
    fragile = (
        "calls = []\nold = update_running\n"
        "def update_running(*args, **kwargs):\n    calls.append(1)\n    if len(calls) > 40:\n        import os\n        os._exit(3)\n"
        "    return old(*args, **kwargs)\n"
    )
    alone = grade(also(fragile), sandbox)
    grade(SOLVED, sandbox)
    assert grade(also(fragile), sandbox) == alone


def test_there_are_never_too_many(sandbox, nothing_decided, monkeypatch):
    monkeypatch.setattr(precedents, "MOST_PRECEDENTS", 3)
    for value in range(5):
        wrong = f"def update_running(running, batch_value, momentum=0.9):\n    return running * {value}.5\n"
        grade(also(wrong), sandbox, points=POINTS)
        assert len(nothing_decided) <= 3


def test_only_an_exercise_whose_tests_stand_together_has_one():
    class A:
        exercise = "a"

    class B:
        exercise = "b"

    def test(case: type) -> Any:
        return precedents.CollectedTest(case, "m", "m", {}, frozenset(), frozenset())

    assert {name: len(tests) for name, tests in precedents.exercises_in_a_row([test(A), test(B), test(B)]).items()} == {"a": 1, "b": 2}
    assert set(precedents.exercises_in_a_row([test(A), test(B), test(A)])) == {"b"}
