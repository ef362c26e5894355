"""A class is graded once: twins together, nothing again that was graded before, and everything again when anything changed."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import classroom
from autograder.classroom import Handin, Options, Store, fingerprint, grade, handins, latest, submitted
from autograder.course import CONFIG, Course, find_course
from autograder.errors import CourseError, SubmissionError
from autograder.results import submission_from_json, submission_to_json
from autograder.specimens import fill, solved, write
from autograder.submission import read_submission

HERE = find_course(Path(__file__).parent)
ID, SLUG = "05_batch_normalization", "batch_normalization"


@pytest.fixture
def course(tmp_path) -> Course:
    """A course with a class of four, two of whom handed in the same."""
    shutil.copy(HERE.root / CONFIG, tmp_path)
    lecture = HERE.lecture(ID)
    for path in (lecture.source, lecture.released):
        copy = tmp_path / path.relative_to(HERE.root)
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
    course = Course(tmp_path)
    for student, notebook in (("ann", solved(lecture)), ("ben", fill(lecture, {})), ("cem", solved(lecture))):
        write(notebook, tmp_path / "submitted" / student / ID / f"{SLUG}.ipynb")
    (tmp_path / "submitted" / "dee" / ID).mkdir(parents=True)
    return course


def run(course: Course, **options) -> dict:
    return {result.student: result for result in grade(submitted(course, course.lecture(ID)), course, Options(**options))}


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """The students whose notebooks are really graded."""
    graded: list[str] = []
    real = classroom.grade_submission

    def counting(submission, sandbox, limits):
        graded.append(submission.student)
        return real(submission, sandbox, limits)

    monkeypatch.setattr(classroom, "grade_submission", counting)
    return graded


def test_twins_are_graded_once_and_everyone_gets_a_result(course, counted):
    results = run(course)
    assert set(results) == {"ann", "ben", "cem", "dee"}
    assert sorted(counted) == ["ann", "ben"]
    assert results["ann"].score == results["cem"].score == results["ann"].max_score > 0 == results["ben"].score
    assert results["cem"].notebook.endswith(f"cem/{ID}/{SLUG}.ipynb")
    assert not results["dee"].graded and f"{SLUG}.ipynb does not exist" in results["dee"].problems[0]


def test_what_was_graded_is_not_graded_again(course, counted):
    first = run(course)
    counted.clear()
    assert run(course) == first
    assert counted == []
    half = fill(course.lecture(ID), {"update_running": "update_running = None"})
    write(half, course.root / "submitted" / "ben" / ID / f"{SLUG}.ipynb")
    run(course)
    assert counted == ["ben"]
    counted.clear()
    run(course, cache=False)
    assert sorted(counted) == ["ann", "ben"]


def test_a_damaged_result_is_graded_again(course, counted):
    run(course)
    for path in (course.root / classroom.STORE).glob("*.json"):
        path.write_text(path.read_text()[:50])
    counted.clear()
    assert run(course)["ann"].graded
    assert sorted(counted) == ["ann", "ben"]


def test_a_timeout_is_not_remembered(course, counted):
    path = course.root / "submitted" / "ben" / ID / f"{SLUG}.ipynb"
    write(fill(course.lecture(ID), {"update_running": "def update_running(*args, **kwargs):\n    while True: pass"}), path)
    limits = {"call_seconds": 0.3}
    assert "timeout" in {exercise.status for exercise in run(course, limits=limits)["ben"].exercises}
    counted.clear()
    run(course, limits=limits)
    assert counted == ["ben"]


def test_the_fingerprint_changes_with_whatever_determines_a_mark(course, monkeypatch):
    lecture = course.lecture(ID)
    path = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    options = Options()
    keys = {fingerprint(read_submission(path, course), options)}
    keys.add(fingerprint(read_submission(path, course), replace(options, confine=False)))
    keys.add(fingerprint(read_submission(path, course), replace(options, limits={"call_seconds": 1})))
    notebook = json.loads(path.read_text())
    cell = next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "update_running")
    cell["source"] = "".join(cell["source"]) + "\n# a comment"
    write(notebook, path)
    keys.add(fingerprint(read_submission(path, course), options))
    classroom.lecture_fingerprint.cache_clear()
    lecture.released.write_text(lecture.released.read_text() + "\n")
    keys.add(fingerprint(read_submission(path, course), options))
    for name in ("version", "PACKAGE"):
        classroom.lecture_fingerprint.cache_clear()
        if name == "version":
            monkeypatch.setattr(classroom, "version", lambda package: "0")
        else:
            elsewhere = course.root / "autograder"
            shutil.copytree(classroom.PACKAGE, elsewhere)
            (elsewhere / "diagnosis.py").write_text("# changed")
            monkeypatch.setattr(classroom, "PACKAGE", elsewhere)
        keys.add(fingerprint(read_submission(path, course), options))
    classroom.lecture_fingerprint.cache_clear()
    assert len(keys) == 7


def test_outputs_and_the_students_name_do_not_matter(course):
    path = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    key = fingerprint(read_submission(path, course), Options())
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "something"}]
    other = write(notebook, course.root / "somebody else.ipynb")
    assert fingerprint(read_submission(other, course), Options()) == key


def test_several_processes_give_the_same_results(course):
    alone, together = run(course, cache=False), run(course, cache=False, jobs=2)
    assert alone == together


def test_a_worker_that_is_killed_costs_its_own_submissions_and_says_so(course):
    lecture = course.lecture(ID)
    submission = read_submission(course.submitted(lecture)[0], course, "ann")
    lost: Future = Future()
    lost.set_exception(BrokenProcessPool("ended"))
    ((key, result),) = classroom._collected({lost: ("key", submission)})
    assert (key, result.student, result.graded) == ("key", "ann", False)
    assert "grade again to go on" in result.problems[0]


def test_the_last_results_are_kept_for_the_report(course):
    assert latest(course, course.lecture(ID)) == []
    results = run(course)
    assert {result.student: result for result in latest(course, course.lecture(ID))} == results


def test_results_survive_json(course):
    for result in run(course).values():
        assert submission_from_json(json.loads(json.dumps(submission_to_json(result)))) == result


def test_half_a_result_is_never_there(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        store.put("key", classroom.ungraded(Handin(tmp_path, "ann"), "why"))
    assert store.get("key") is None


def test_who_is_meant(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course.root)
    inside = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    assert handins([str(inside)], course) == [Handin(inside, "ann", course.lecture(ID))]
    assert {hand_in.student for hand_in in handins([ID], course)} == {"ann", "ben", "cem", "dee"}
    assert handins([SLUG], course) == handins([ID], course)
    bare = write(fill(course.lecture(ID), {}), tmp_path / "downloads" / "gus.ipynb")
    assert handins([str(bare.parent)], course) == handins([str(bare)], course) == [Handin(bare, "gus")]
    with pytest.raises(CourseError, match="no lecture 'nothing'"):
        handins(["nothing"], course)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionError, match="no notebook"):
        handins([str(tmp_path / "empty")], course)
