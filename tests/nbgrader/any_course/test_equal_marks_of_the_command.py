"""The whole road, ``autograder grade`` with notebooks in our guests, beside nbgrader's own run: marks, comments, penalties and outputs.

``EQUAL_MARKS=1`` writes the table in docs/any-course-marks.md; without it, a test compares the page with the run.
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from .comparison import DIFFERENT, DIFFERENT_FILES, DIFFERENT_OUTPUTS, equality, outputs, written
from .conftest import MAKERS, autograded, marks

PAGE = Path(__file__).parents[3] / "docs" / "any-course-marks.md"
BEGIN, END = "<!-- made by the tests: begin -->\n", "\n<!-- made by the tests: end -->"


@pytest.mark.parametrize("name", MAKERS)
def test_marks(graded, name):
    """Cell by cell, of every student, with comments and penalties."""
    right, got = marks(graded[name].theirs), marks(graded[name].command)
    assert got.keys() - DIFFERENT.keys() == right.keys() - DIFFERENT.keys() != set()
    for student in right.keys() - DIFFERENT.keys():
        assert got[student] == right[student], student


@pytest.mark.parametrize("name", MAKERS)
def test_outputs(graded, name):
    """Of every code cell, figures to the byte."""
    both = graded[name]
    students = marks(both.theirs).keys() - DIFFERENT.keys() - DIFFERENT_OUTPUTS.keys()
    assert students
    for student in students:
        right, got = outputs(both.theirs, student), outputs(both.command, student)
        assert got.keys() == right.keys()
        for notebook in right:
            for number, (given, expected) in enumerate(zip(got[notebook], right[notebook], strict=True)):
                assert given == expected, (student, notebook, number)


@pytest.mark.parametrize("name", MAKERS)
def test_files(graded, name):
    """The same files, but for those that notebooks wrote."""
    both = graded[name]
    for student in marks(both.theirs).keys() - DIFFERENT.keys():
        right, got = autograded(both.theirs, student).keys(), autograded(both.command, student).keys()
        assert got - {"submission_secret.txt"} == right - written(both.theirs, student) - {"submission_secret.txt"}, student


def test_the_command_says_what_the_gradebook_has(graded):
    """Every student is in its results, and the points are those of the test cells."""
    both = graded["everything"]
    rows = marks(both.command)
    for student, result in both.said.items():
        if result["graded"]:
            scores = {name: row["grades"] for name, row in rows[student].items() if isinstance(row, dict)}
            for exercise in result["exercises"]:
                notebook, cell = exercise["name"].split("/")
                assert exercise["score"] == (scores[notebook][cell]["auto_score"] or 0), (student, exercise)
    assert {student for student, result in both.said.items() if not result["graded"]} == {
        *("bad_metadata", "no_json", "no_points", "odd_too_many", "unknown_cell", "zz_too_new", "zz_too_old")
    }


# --- different on purpose -------------------------------------------------------------------------------------------------------


def of_cells(graded, student: str, notebook: str = "code") -> dict[str, float | None]:
    grades = marks(graded["everything"].command)[student][notebook]["grades"]
    return {name: grade["auto_score"] for name, grade in grades.items()}


@pytest.mark.parametrize("student", ["dies", "leaves"])
def test_a_process_that_ends(graded, student):
    """The cells before keep their marks, and no cell after it has passed."""
    assert of_cells(graded, student) == {
        **{"test_add": 2, "test_scale": 0, "test_odd": 0, "test_data": 0, "test_nothing": 0},
        "essay": None,
    }
    assert any("ended the whole process" in problem for problem in graded["everything"].said[student]["problems"])


def test_no_time(graded):
    """The submission is recorded, without a time."""
    assert marks(graded["everything"].command)["no_time"]["timestamp"] is None


def test_a_cell_twice(graded):
    """It counts once."""
    rows = marks(graded["everything"].command)
    assert rows["zz_twice"] == rows["by_hand"] and of_cells(graded, "zz_twice")["test_add"] == 2


def test_more_points_than_there_are(graded):
    """Nothing is recorded."""
    assert set(of_cells(graded, "odd_too_many").values()) == {None}
    assert "cannot be greater than maximum points" in graded["everything"].said["odd_too_many"]["problems"][0]


def test_a_command_of_the_system(graded):
    """It says why it wasn't run, and by which option it would be."""
    both = graded["everything"]
    (right, got), others = different(both, "commands")
    assert "hi" in right[0]["text"] and got[0]["name"] == "stderr" and "--sandbox none" in got[0]["text"]
    assert others == [] and marks(both.command)["commands"] == marks(both.theirs)["commands"]


def test_the_file_of_the_notebook(graded):
    """It isn't in the folder."""
    (right, got), others = different(graded["everything"], "own_file")
    assert right[0]["text"] == "True\n" and got[0]["ename"] == "FileNotFoundError" and others == []


def test_a_cell_that_takes_too_long(graded):
    """The error of the same name says which limit it was."""
    (right, got), others = different(graded["everything"], "slow")
    assert got[:-1] == right[:-1] and got[-1]["ename"] == right[-1]["ename"] == "CellTimeoutError"
    assert "15 s (the limit cell_seconds)" in got[-1]["evalue"] and others == []


def different(both, student: str):
    """Return the first cell whose outputs differ, as nbgrader's and ours, and the others."""
    right, got = outputs(both.theirs, student)["code"], outputs(both.command, student)["code"]
    first, *others = [pair for pair in zip(right, got, strict=True) if pair[0] != pair[1]]
    return first, others


def test_files_that_notebooks_write(graded):
    """They aren't in autograded/, and were there for the notebook that ran later."""
    both = graded["everything"]
    made = {path for path in written(both.theirs, "ann") if "__pycache__" not in path}
    assert made == {"handover.txt", "written.py"} and written(both.command, "ann") == set() and DIFFERENT_FILES
    assert of_cells(graded, "ann", "traps")["handed_over"] == 2 and of_cells(graded, "alone", "traps")["handed_over"] == 0


# --- the table --------------------------------------------------------------------------------------------------------------------


def test_the_table(graded):
    """The page has what the run gives."""
    made, page = equality(graded), PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    found, after = rest.split(END)
    if os.environ.get("EQUAL_MARKS"):
        PAGE.write_text(f"{before}{BEGIN}{made}{END}{after}", encoding="utf-8")
    else:
        assert found == made, "run this test with EQUAL_MARKS=1, and look at what has changed"


def test_every_difference_is_of_somebody(graded):
    """A name in the lists is a student of the class, and has the difference still."""
    both = graded["everything"]
    right, got = marks(both.theirs), marks(both.command)
    for student in DIFFERENT.keys() - {"leaves"}:  # which depends on how fast nbgrader's kernel is
        assert right.get(student) != got[student], student
    assert all(outputs(both.theirs, student) != outputs(both.command, student) for student in DIFFERENT_OUTPUTS)
    path = both.command.folder("autograded", "commands") / "code.ipynb"
    nbformat.validate(nbformat.read(path, as_version=4))
