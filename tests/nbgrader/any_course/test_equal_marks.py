"""The same marks, comments, penalties and autograded notebooks as nbgrader's own, in three courses.

The outputs are those of nbgrader's kernels on both sides; test_equal_marks_of_the_command.py has the command and our own guests. Where ours
differ on purpose stands in `comparison.py`, with a test each.
"""

from __future__ import annotations

import json
import os
import shutil
from functools import partial

import nbformat
import pytest

from autograder.errors import GradebookError, SubmissionError
from autograder.gradebook.cell_grading import STOPPED, CellGradebook, Recorded
from autograder.model.notebook_file import as_file

from .comparison import DIFFERENT, written
from .conftest import MAKERS, Sample, autograded, executed_by, marks, ours
from .traps import TRAPS

NOTEBOOKS = ("automatic", "code", "traps", "words")


@pytest.mark.parametrize("name", MAKERS)
def test_marks(graded, name):
    """Cell by cell, of every student."""
    right, got = marks(graded[name].theirs), marks(graded[name].ours)
    assert got.keys() - DIFFERENT.keys() == right.keys() - DIFFERENT.keys() != set()
    for student in right.keys() - DIFFERENT.keys():
        assert got[student] == right[student], student


@pytest.mark.parametrize("name", MAKERS)
def test_autograded_files(graded, name):
    """The same files with the same permissions and contents, but for ids that nbformat makes up, and the times at which cells were run."""
    both = graded[name]
    for student in marks(both.theirs).keys() - DIFFERENT.keys():
        right, got = autograded(both.theirs, student), autograded(both.ours, student)
        # a secret is made where there is none, so that nbgrader release_feedback works; what a notebook writes while it runs isn't kept
        got.pop("submission_secret.txt", None)
        right = {path: content for path, content in right.items() if path not in written(both.theirs, student)}
        assert got.keys() == right.keys(), student
        for path in right:
            assert got[path] == right[path], (student, path)


@pytest.mark.parametrize("name", MAKERS)
def test_text_of_a_notebook(graded, name):
    """It is written as nbgrader writes it, byte by byte."""
    paths = [path for path in graded[name].theirs.path.rglob("*.ipynb") if "autograded" in path.parts or "marked" in path.parts]
    assert paths
    for path in paths:
        assert as_file(nbformat.read(path, as_version=4)) == path.read_text(encoding="utf-8"), path


def test_the_class_is_graded(graded):
    """The comparison isn't one of empty tables."""
    found = marks(graded["everything"].ours)
    scores = {student: {name: grade["auto_score"] for name, grade in row["code"]["grades"].items()} for student, row in found.items()}
    full = {"test_add": 2, "test_scale": 3, "test_odd": 4, "test_data": 1, "test_nothing": 0, "essay": None}
    assert scores["ann"] == full
    assert scores["ben"] == {**full, "test_add": 0, "test_scale": 1.5, "test_odd": 0}
    assert scores["cem"] == {**dict.fromkeys(full, 0), "test_data": 1}
    assert scores["dee"] == {**full, "test_scale": None}
    assert found["cem"]["late_submission_penalty"] == 0 and found["ben"]["late_submission_penalty"] == 2.5
    assert found["fay"]["late_submission_penalty"] == found["fay"]["score"] > 0
    assert {scores[student]["test_odd"] for student in ("odd_negative", "odd_repr", "odd_infinite")} == {4}
    assert found["ben"]["words"]["comments"]["why"] == ("No response.", None)
    assert {grade["auto_score"] for grade in found["ida"]["code"]["grades"].values()} == {0}
    assert {name: grade["auto_score"] for name, grade in found["ann"]["traps"]["grades"].items()} == {
        name: points for name, (_, points) in TRAPS.items()
    }


def test_reasons(graded):
    """A submission at which nbgrader stops gets a sentence with nbgrader's reason, and the others go on."""
    said = {student: result for student, result in graded["everything"].results.items() if isinstance(result, str)}
    reasons = {
        "unknown_cell": "does not have a grade_id",
        "bad_metadata": "'many' is not of type 'number'",
        "no_points": "points",
        "no_json": "it stops being JSON at line 1",
        "zz_too_old": "Outdated schema version: 1",
        "zz_too_new": "Schema version is too new: 4",
        "odd_too_many": "partial credit cannot be greater than maximum points",
    }
    assert said.keys() == reasons.keys()
    for student, reason in reasons.items():
        assert said[student].startswith("code.ipynb: ") and reason in said[student]
        assert not graded["everything"].ours.folder("autograded", student).exists()


def test_warnings(graded):
    """What nbgrader's steps have found in a submission is said."""
    dee, ida = (graded["everything"].results[student] for student in ("dee", "ida"))
    assert any("'points' for cell test_odd has changed" in problem for problem in dee.problems)
    missing = [f"{name}.ipynb was not handed in" for name in ("automatic", "code", "traps")]
    assert ida.problems == ("notes.ipynb isn't a notebook of ps", *missing)


def test_recorded(graded):
    """What is returned for a submission is what the gradebook has."""
    both = graded["everything"]
    for student, row in marks(both.ours).items():
        if isinstance(result := both.results[student], Recorded):
            assert (result.score, result.max_score, result.penalty) == (row["score"], row["max_score"], row["late_submission_penalty"])
            in_rows = {(name, cell): grade["auto_score"] for name in NOTEBOOKS for cell, grade in row[name]["grades"].items()}
            assert result.scores.items() <= in_rows.items()


# --- differences on purpose -----------------------------------------------------------------------------------------------------


def test_a_process_that_ends(graded):
    """No cell after it is scored as if it had passed, though it has no output."""
    row = marks(graded["everything"].ours)["dies"]["code"]["grades"]
    assert {name: grade["auto_score"] for name, grade in row.items()} == {
        **dict.fromkeys(("test_add", "test_scale", "test_odd", "test_data", "test_nothing"), 0),
        "essay": None,
    }
    path = graded["everything"].ours.folder("autograded", "dies") / "code.ipynb"
    errors = [output.ename for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
    assert set(errors) == {STOPPED}
    missing = [f"{name}.ipynb was not handed in" for name in ("automatic", "traps", "words")]
    assert graded["everything"].results["dies"].problems == (*missing, "the kernel died")


def test_a_cell_twice(graded):
    """It is graded as nbgrader grades the same notebook without the metadata of the copies."""
    rows, both = marks(graded["everything"].ours), graded["everything"]
    assert rows["zz_twice"] == marks(both.theirs)["by_hand"]
    assert rows["zz_twice"]["code"]["grades"]["test_add"]["auto_score"] == 2
    assert any("'add' exists multiple times" in problem for problem in both.results["zz_twice"].problems)


def test_no_time(graded):
    """The submission is recorded, without a time."""
    assert marks(graded["everything"].ours)["no_time"]["timestamp"] is None
    assert "timestamp.txt holds no time" in graded["everything"].results["no_time"].problems


def test_where_nbgrader_stops(graded):
    """All cells wait for a person."""
    grades = marks(graded["everything"].ours)["odd_too_many"]["code"]["grades"].values()
    assert all(grade["auto_score"] is None and grade["needs_manual_grade"] for grade in grades)


# --- again ------------------------------------------------------------------------------------------------------------------------


def test_twice_is_once(graded):
    """What is there already isn't written again."""
    both = graded["everything"]

    def state():
        files = sorted(path for path in both.ours.path.glob("autograded/**/*") if path.is_file())
        return marks(both.ours), {path: path.stat().st_mtime_ns for path in files}

    before = state()
    assert ours(both.ours, partial(executed_by, both.theirs)) == both.results
    assert state() == before


def test_again_after_a_person(graded, run, tmp_path):
    """A person's scores, comments and extra credit stay when a submission is handed in once more, and files of the one before don't."""
    both = [
        sample.copied(tmp_path / name) for name, sample in (("theirs", graded["everything"].theirs), ("ours", graded["everything"].ours))
    ]
    later, changes = "2026-03-01 13:00:00 UTC", ("ben", "dee", "ida")
    for sample in both:
        book = sample.gradebook()
        for student in changes:
            grade = book.find_grade("test_add", "code", "ps", student)
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.25, False
            book.find_comment("add", "code", "ps", student).manual_comment = "nicely wrong"
        book.db.commit()
        book.close()
        for student, source in zip(changes, ("ann", "cem", "ann"), strict=True):
            shutil.copy(sample.folder("submitted", source) / "code.ipynb", sample.hand_in(student, later) / "code.ipynb")
        shutil.rmtree(sample.folder("submitted", "dee") / "own")
        for student in ("dies", "odd_too_many"):  # nbgrader would run them once more
            shutil.rmtree(sample.folder("submitted", student))
    run(both[0].path, ["autograde", "ps"])
    ours(both[1], partial(executed_by, both[0]))
    right, got = (marks(sample) for sample in both)
    for student in right.keys() - DIFFERENT.keys():
        assert got[student] == right[student], student
    assert (
        got["ben"]["code"]["grades"]["test_add"] | {"auto_score": 2, "manual_score": 1.5, "extra_credit": 0.25}
        == (got["ben"]["code"]["grades"]["test_add"])
    )
    assert got["ben"]["code"]["comments"]["add"] == (None, "nicely wrong")
    assert not (both[1].folder("autograded", "dee") / "own").exists()


# --- what a course lacks ----------------------------------------------------------------------------------------------------------


def configured(sample: Sample, line: str) -> Sample:
    with open(sample.path / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(f"\n{line}\n")
    return sample


def test_an_unknown_assignment(course):
    """The error says what to run."""
    with CellGradebook(course.path) as gradebook, pytest.raises(GradebookError, match="run «nbgrader generate_assignment ps9»"):
        gradebook.assignment("ps9")


def test_configuration_that_cannot_be_used(course):
    """It gets a sentence, each time."""
    configured(course, "c.AssignLatePenalties.plugin_class = 'no_such_module.Late'")
    with CellGradebook(course.path) as gradebook:
        for _ in range(2):
            with pytest.raises(GradebookError, match="nbgrader can't be set up"):
                gradebook.assignment("ps")


def test_only_students_in_the_gradebook(course):
    """With create_student off, a stranger is refused, and no student is added."""
    configured(course, "c.Autograde.create_student = False")
    course.hand_in("ann", None, code=course.released("code"))
    course.hand_in("stranger", None, code=course.released("code"))
    assert [notebook.name for notebook in prepared(course, "ann").notebooks] == ["code"]
    assert "no student with the id stranger exists" in refusal(course, "stranger")
    ours(course, partial(executed_by, course))
    assert "stranger" not in marks(course)


def test_without_execution(course):
    """A notebook that nobody has run gets no points; with nbgrader's --no-execute, the outputs that were handed in count."""
    notebook = course.released("code")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "test_scale":
            cell.outputs = [{"output_type": "execute_result", "data": {"text/plain": "1.5"}, "metadata": {}, "execution_count": 1}]
    course.hand_in("eva", None, code=notebook)
    assert recorded(course, "eva").scores["code", "test_scale"] == 0
    configured(course, "c.Execute.enabled = False\nc.ClearOutput.enabled = False")
    assert prepared(course, "eva").notebooks[0].code == {}
    assert recorded(course, "eva").scores["code", "test_scale"] == 1.5


def recorded(sample: Sample, student: str) -> Recorded:
    with CellGradebook(sample.path) as gradebook:
        return gradebook.record(gradebook.prepare(gradebook.assignment("ps"), student), {})


# --- students who mean harm ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def course(graded, tmp_path) -> Sample:
    """A course without submissions."""
    sample = graded["everything"].ours.copied(tmp_path / "course")
    shutil.rmtree(sample.path / "submitted")
    return sample


def prepared(sample: Sample, student: str):
    with CellGradebook(sample.path) as gradebook:
        return gradebook.prepare(gradebook.assignment("ps"), student)


def test_links_are_passed_over(course):
    """A link doesn't bring a file of somebody else into a guest, or into autograded/."""
    folder = course.hand_in("eva", None, code=course.released("code"))
    (folder / "secret.txt").symlink_to(course.path / "gradebook.db")
    (folder / "all").symlink_to(course.path)
    os.mkfifo(folder / "pipe")
    found = prepared(course, "eva")
    assert sorted(found.files) == ["helper.py", "numbers.csv", "picture.png"]
    assert "secret.txt isn't a plain file, and was passed over" in found.problems


@pytest.mark.parametrize("link", ["code.ipynb", "."])
def test_a_linked_submission_is_refused(course, link):
    """Neither the notebook nor its folder may be a link."""
    other = course.hand_in("ann", None, code=course.released("code"))
    place = course.folder("submitted", "eva") / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(other / link)
    assert "is a link to" in refusal(course, "eva")


def refusal(sample: Sample, student: str) -> str:
    with pytest.raises(SubmissionError) as caught:
        prepared(sample, student)
    return str(caught.value)


def test_names_that_would_replace_other_files(course):
    """A student's file can't take the place of the notebook that is being written, or of the instructor's folder."""
    files = {".code.ipynb.unfinished": "{}", "numbers.csv/inner.txt": "x"}
    course.hand_in("eva", None, code=course.released("code"), **files)
    assert sorted(prepared(course, "eva").files) == ["helper.py", "numbers.csv", "picture.png"]


def test_what_is_no_notebook(course):
    """Whatever is handed in, it is refused with a sentence."""
    course.hand_in("ann", None, **{"code.ipynb": ""})
    course.hand_in("ben", None, **{"code.ipynb": json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [[]]})})
    course.hand_in("cem", None, **{"code.ipynb": json.dumps({"nbformat": 9})})
    course.hand_in("dee", None, **{"code.ipynb": "[" * 100_000})
    course.hand_in("eva", None, **{"notes.txt": "x"})
    course.hand_in("fay", None, code=course.released("code") | {"cells": [{"cell_type": "code", "source": "'\ud800'", "metadata": {}}]})
    sentences = {student: refusal(course, student) for student in ("ann", "ben", "cem", "dee", "eva", "fay")}
    assert "the file is empty" in sentences["ann"] and "no notebook of ps was handed in" in sentences["eva"]
    assert all("\n" not in sentence and len(sentence) < 700 for sentence in sentences.values())
