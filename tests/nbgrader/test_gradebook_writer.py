"""The gradebook as we write it: complete, the same twice over, and never over what a person wrote."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta

import nbformat
import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.errors import GradebookError
from autograder.files import write_whole
from autograder.gradebook import autograded_notebook as autograded
from autograder.gradebook.writer import GradebookWriter
from autograder.model.course import PACKAGE, Course, source_of
from autograder.model.notebook_file import as_file
from autograder.model.results import ExerciseResult, SubmissionResult, TestResult
from autograder.runners import class_run as classroom

from .conftest import write

LECTURE, SLUG, WRITTEN = "03_initialization", "initialization", "written_symmetry"


def result_of(folder, student, fans=3.0, glorot=7.0):
    """Return a result without having graded anything."""
    failed = TestResult("Values are right.", "failed", "wrong", 1.0)
    exercises = tuple(
        ExerciseResult(name, score, maximum, "passed" if score == maximum else "failed", () if score == maximum else (failed,))
        for name, score, maximum in (("fans", fans, 3.0), ("glorot_normal", glorot, 7.0))
    )
    notebook = folder.path / "submitted" / student / LECTURE / f"{SLUG}.ipynb"
    return SubmissionResult(student, LECTURE, str(notebook), exercises)


@pytest.fixture
def folder(new_folder):
    """A course in which ann has handed in the released notebook, with an answer to the written question."""
    folder = new_folder("gradebook", database=True)
    folder.hand_in("ann", folder.notebook({WRITTEN: "they stay alike"}))
    return folder


@pytest.fixture(scope="module")
def fresh(new_folder):
    """The same without a database, as after a checkout, and with its first result written."""
    folder = new_folder("fresh")
    folder.hand_in("ann", folder.notebook({WRITTEN: "they stay alike"}))
    before = {path: path.stat().st_mtime_ns for path in (folder.path / "course").rglob("*")}
    write(folder.course, [result_of(folder, "ann", fans=1.5)])
    assert before == {path: path.stat().st_mtime_ns for path in (folder.path / "course").rglob("*")}, "course/ is the build's"
    return folder


@pytest.fixture
def config(folder):
    """Add lines to nbgrader's configuration."""

    def add(line):
        with open(folder.path / "nbgrader_config.py", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    return add


def penalty(folder):
    (row,) = folder.rows("SubmittedNotebook")
    return row.late_submission_penalty


def due(folder, hours_late):
    """Set the due date so that ann was this late."""
    book = folder.gradebook()
    book.update_or_create_assignment(LECTURE, duedate=datetime(2026, 3, 1, 10) - timedelta(hours=hours_late))
    book.close()


def test_fresh_checkout(fresh):
    """Without a database the assignment is created from solutions/, and the result is in it."""
    assert fresh.grades() == {
        ("ann", "test_fans"): (1.5, None, None, False),
        ("ann", "test_glorot_normal"): (7.0, None, None, False),
        ("ann", WRITTEN): (None, None, None, True),
    }
    (submission,) = fresh.rows("SubmittedAssignment")
    assert submission.timestamp == datetime(2026, 3, 1, 10) and submission.score == 8.5 and submission.max_score == 12


def test_same_rows_as_generate_assignment(fresh, new_folder):
    """nbgrader finds its own cells: sources with hidden tests, checksums, points."""
    theirs = new_folder("theirs", database=True)
    for model in ("SourceCell", "GradeCell", "SolutionCell", "Notebook"):
        ours, right = ([{**row.to_dict(), "id": ""} for row in where.rows(model)] for where in (fresh, theirs))
        for row in ours + right:
            row.pop("num_submissions", None), row.pop("needs_manual_grade", None)
        assert sorted(ours, key=lambda row: row["name"]) == sorted(right, key=lambda row: row["name"])


def test_twice_is_once(folder):
    """The same result leaves the same rows, ids included, and the same files."""

    def state():
        rows = [sorted(str(vars(row) | {"_sa_instance_state": ""}) for row in folder.rows(model)) for model in ("Grade", "Comment")]
        return rows, [path.read_bytes() for path in sorted((folder.path / "autograded").rglob("*")) if path.is_file()]

    write(folder.course, [result_of(folder, "ann", fans=2.0)])
    first = state()
    write(folder.course, [result_of(folder, "ann", fans=2.0)])
    assert state() == first


def test_what_a_person_wrote_stays(folder):
    """Manual score, comment, extra credit and extension survive; what was graded by a person is shown to a person again."""
    write(folder.course, [result_of(folder, "ann", fans=1.0)])
    book = folder.gradebook()
    grade = book.find_grade("test_fans", SLUG, LECTURE, "ann")
    grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 2.5, 0.5, False
    book.find_grade(WRITTEN, SLUG, LECTURE, "ann").manual_score = 1.5
    book.find_comment("fans", SLUG, LECTURE, "ann").manual_comment = "well tried"
    book.db.commit()
    due(folder, hours_late=0)
    book.grant_extension(LECTURE, "ann", days=2)
    book.close()
    write(folder.course, [result_of(folder, "ann", fans=2.0)])
    assert folder.grades()["ann", "test_fans"] == (2.0, 2.5, 0.5, True)
    assert folder.grades()["ann", WRITTEN] == (None, 1.5, None, True)
    assert {comment.manual_comment for comment in folder.rows("Comment")} == {"well tried", None}
    (submission,) = folder.rows("SubmittedAssignment")
    assert submission.score == 2.5 + 0.5 + 7 + 1.5 and submission.extension == timedelta(days=2)


@pytest.mark.parametrize(("hours", "method", "expected"), [(5, "zero", 8.0), (5, "none", None), (-5, "zero", None)])
def test_late_penalty(folder, config, hours, method, expected):
    """nbgrader's plugin decides, as in ``nbgrader autograde``."""
    config(f"c.LateSubmissionPlugin.penalty_method = '{method}'")
    due(folder, hours)
    write(folder.course, [result_of(folder, "ann", fans=1.0)])
    assert penalty(folder) == expected


def test_penalty_goes_with_its_cause(folder, config):
    """A deadline that is moved takes the penalty back."""
    config("c.LateSubmissionPlugin.penalty_method = 'zero'")
    write(folder.course, [result_of(folder, "ann")])
    due(folder, 5)
    write(folder.course, [result_of(folder, "ann")])
    assert penalty(folder) == 10
    due(folder, -5)
    write(folder.course, [result_of(folder, "ann")])
    assert penalty(folder) is None


@pytest.mark.parametrize("broken", ["", "{not json", '{"nbformat": 4, "cells": 3}', "[" * 5000, None])
def test_what_cannot_be_graded(folder, broken):
    """All zero, nothing for a person to do, and a comment that says why; a notebook to look at all the same."""
    path = folder.hand_in("ann", broken or "")
    if broken is None:
        path.unlink()
    write(folder.course, [replace(result_of(folder, "ann"), exercises=(), problems=("it is *broken*",), graded=False)])
    assert set(folder.grades().values()) == {(0.0, None, None, False)}
    assert folder.comments()["ann", "fans"] == "This notebook could not be graded:\n\n    it is *broken*"
    assert [text for (_, name), text in folder.comments().items() if name != "fans"] == [None, None]
    assert "it is *broken*" in folder.autograded("ann").cells[0].source


def test_what_nobody_has_foreseen_costs_one_student(folder, config, monkeypatch):
    """Whatever is raised on the way to the gradebook: the others are written, the sentence says what and where, and the status is 1."""
    for student in ("ben", "cem", "dee"):
        folder.hand_in(student, folder.notebook({}))
    due(folder, hours_late=5)
    config("c.AssignLatePenalties.plugin_class = 'late.Late'")
    (folder.path / "late.py").write_text(LATE)
    real_read, real_build = classroom.read_submission, autograded.build

    def read(path, *others):
        return 1 / 0 if "ann" in str(path) else real_read(path, *others)

    def build(release, submitted, result):
        return [][1] if result.student == "ben" else real_build(release, submitted, result)

    monkeypatch.setattr(classroom, "read_submission", read)
    monkeypatch.setattr(autograded, "build", build)
    monkeypatch.syspath_prepend(folder.path)
    monkeypatch.chdir(folder.path)
    done = CliRunner().invoke(cli.app, ["grade", LECTURE, "--json", "results.json"])
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.output
    assert re.search(r"ann: not graded: reading it failed \(ZeroDivisionError in test_gradebook_writer.py, line \d+: .*report", done.output)
    assert re.search(r"result of ben for .* can't be written .*: IndexError in test_gradebook_writer.py, line \d+: .*report", done.output)
    assert re.search(r"result of cem for .* can't be written .*: KeyError in late.py, line 6: .*report", done.output)
    graded = {result["student"]: result["graded"] for result in json.loads((folder.path / "results.json").read_text())["results"]}
    assert graded == {"ann": False, "ben": True, "cem": True, "dee": True}
    assert {who for who, _ in folder.grades()} == {"ann", "dee"} and penalty_of(folder, "dee") == 0


LATE = """
from nbgrader.plugins import LateSubmissionPlugin
class Late(LateSubmissionPlugin):
    def late_submission_penalty(self, student, score, late):
        if student == "cem":
            raise KeyError(student)
        return 0.0
"""


def penalty_of(folder, student):
    (row,) = (row for row in folder.rows("SubmittedNotebook") if row.student.id == student)
    return row.late_submission_penalty


def test_nobody_gets_a_name_that_nbgrader_cannot_handle(folder):
    """Neither a formula nor what stops nbgrader's own commands; on the command line such a student doesn't come so far."""
    for name in ("=1+1|cmd", "two\nlines"):
        folder.hand_in(name, folder.notebook({}))
        with pytest.raises(GradebookError, match="rename it"):
            write(folder.course, [result_of(folder, name)])
    assert folder.rows("Student") == [] and not (folder.path / "autograded").exists()


@pytest.mark.parametrize(
    ("text", "expected"), [("2026-03-01 10:00:00 CET", datetime(2026, 3, 1, 9)), ("yesterday or so", None), ("", None), (None, None)]
)
def test_timestamps(folder, text, expected):
    """A time that can't be read is no time; nobody goes ungraded for it."""
    timestamp = folder.path / "submitted" / "ann" / LECTURE / "timestamp.txt"
    timestamp.unlink()
    if text is not None:
        timestamp.write_text(text)
    write(folder.course, [result_of(folder, "ann")])
    (submission,) = folder.rows("SubmittedAssignment")
    assert submission.timestamp == expected


def test_deleted_and_doubled_cells(folder):
    """A deleted answer counts as none given; of doubled answers the last is read."""
    notebook = folder.notebook({WRITTEN: "first"})
    written = next(cell for cell in notebook["cells"] if cell["id"] == WRITTEN)
    folder.hand_in("ann", {**notebook, "cells": [cell for cell in notebook["cells"] if cell["id"] != WRITTEN]})
    folder.hand_in("ben", {**notebook, "cells": [*notebook["cells"], {**written, "source": "last"}]})
    write(folder.course, [result_of(folder, "ann"), result_of(folder, "ben")])
    assert folder.grades()["ann", WRITTEN] == (0.0, None, None, False) and folder.comments()["ann", WRITTEN] == "No response."
    assert folder.grades()["ben", WRITTEN] == (None, None, None, True) and folder.comments()["ben", WRITTEN] is None


def test_leftover_folder_is_replaced(folder):
    """nbgrader takes any folder in autograded/ for a graded submission, read-only files included; we write it anew."""
    leftover = folder.path / "autograded" / "ann" / LECTURE
    leftover.mkdir(parents=True)
    for name in (f"{SLUG}.ipynb", "timestamp.txt"):
        (leftover / name).write_text("old")
        (leftover / name).chmod(0o444)
    write(folder.course, [result_of(folder, "ann")])
    assert "fans" in {cell.id for cell in folder.autograded("ann").cells}
    assert (leftover / "timestamp.txt").read_text().startswith("2026") and oct((leftover / f"{SLUG}.ipynb").stat().st_mode)[-3:] == "444"


def test_changed_points_are_taken_up(folder):
    """Where solutions/ changed after the assignment was created, its rows follow."""
    write(folder.course, [result_of(folder, "ann")])
    source = folder.lecture.source
    source.write_text(source.read_text().replace('"points": 2', '"points": 5'))
    write(folder.course, [result_of(folder, "ann")])
    (submission,) = folder.rows("SubmittedAssignment")
    assert submission.max_score == 15


def test_removed_cells_are_refused(folder):
    """nbgrader can't take up a changed set of cells once there are submissions; the error says what to do."""
    write(folder.course, [result_of(folder, "ann")])
    source = json.loads(folder.lecture.source.read_text())
    source["cells"].pop()
    folder.lecture.source.write_text(json.dumps(source))
    with pytest.raises(GradebookError, match="restore the cells"):
        write(folder.course, [result_of(folder, "ann")])


def test_result_of_another_version(folder):
    """A result that lacks an exercise isn't filed as if it had it, and nothing of it is written."""
    result = result_of(folder, "ann")
    with pytest.raises(GradebookError, match="test_glorot_normal"):
        write(folder.course, [replace(result, exercises=result.exercises[:1])])
    assert folder.rows("Student") == [] and not (folder.path / "autograded").exists()


def test_missing_solutions(folder):
    """The error names the file and the command."""
    folder.lecture.source.unlink()
    with pytest.raises(GradebookError, match="autograder build"):
        write(folder.course, [result_of(folder, "ann")])


def test_one_failure_leaves_no_half(folder, monkeypatch):
    """If the notebook can't be written, the database doesn't say it was; the next student's is."""
    folder.hand_in("ben", folder.notebook({}))

    def full(path, text, mode):
        if "ann" in str(path):
            raise OSError(28, "No space left on device")
        write_whole(path, text, mode)

    monkeypatch.setattr("autograder.files.write_whole", full)
    with GradebookWriter(folder.course) as writer:
        with pytest.raises(GradebookError, match=r"ann.*No space left"):
            writer.write(result_of(folder, "ann"))
        writer.write(result_of(folder, "ben"))
    assert {who for who, _ in folder.grades()} == {"ben"}


def test_what_is_there_is_left_alone(folder):
    """No file is written again, and who has graded an answer by hand isn't asked again, as long as nothing has changed."""
    write(folder.course, [result_of(folder, "ann")])
    book = folder.gradebook()
    grade = book.find_grade(WRITTEN, SLUG, LECTURE, "ann")
    grade.manual_score, grade.needs_manual_grade = 1.0, False
    book.db.commit()
    book.close()
    path = folder.path / "autograded" / "ann" / LECTURE / f"{SLUG}.ipynb"
    before = path.stat().st_ino, (folder.path / "gradebook.db").read_bytes()
    write(folder.course, [result_of(folder, "ann")])
    assert (path.stat().st_ino, (folder.path / "gradebook.db").read_bytes()) == before
    folder.hand_in("ann", folder.notebook({WRITTEN: "another answer"}))
    write(folder.course, [result_of(folder, "ann")])
    assert folder.grades()["ann", WRITTEN] == (None, 1.0, None, True)


@pytest.mark.parametrize("lost", [f"autograded/ann/{LECTURE}/{SLUG}.ipynb", f"autograded/ann/{LECTURE}/timestamp.txt", "comment", "grade"])
def test_half_a_state_is_made_whole(folder, lost):
    """Whatever a run that was cut off has left undone, the next one does."""
    write(folder.course, [result_of(folder, "ann", fans=1.0)])
    grades, comments, notebook = folder.grades(), folder.comments(), folder.autograded("ann")
    if "/" in lost:
        (folder.path / lost).unlink()
    else:
        with sqlite3.connect(folder.path / "gradebook.db") as database:
            database.execute(f"DELETE FROM {lost}")
    write(folder.course, [result_of(folder, "ann", fans=1.0)])
    assert (folder.grades(), folder.comments(), folder.autograded("ann")) == (grades, comments, notebook)
    assert (folder.path / "autograded" / "ann" / LECTURE / "timestamp.txt").exists()


def test_a_database_that_does_not_commit_leaves_no_notebook(folder):
    """The database comes first; then files that are ready are renamed."""
    with sqlite3.connect(folder.path / "gradebook.db") as database, GradebookWriter(folder.course) as writer:
        database.execute("CREATE TRIGGER no BEFORE INSERT ON comment BEGIN SELECT RAISE(ABORT, 'no comment'); END")
        database.commit()
        with pytest.raises(GradebookError, match=r"ann.*no comment"):
            writer.write(result_of(folder, "ann"))
        assert folder.rows("Grade") == [] and not (folder.path / "autograded" / "ann" / LECTURE).exists()


def test_files_are_as_nbformat_writes_them(folder):
    """Byte for byte, and valid: we write them ourselves because nbformat takes its time."""
    write(folder.course, [result_of(folder, "ann", fans=1.0)])
    text = (folder.path / "autograded" / "ann" / LECTURE / f"{SLUG}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert nbformat.writes(notebook) + "\n" == text


AWKWARD = ["", "\n", "a\\n\nb\r\nc\u2028d\x85", 'quoted "so" \t \x00 é 😀', "long\n" * 4000]


def test_files_are_as_json_writes_them():
    """Byte for byte, whatever a student has written, at any depth, the second time as the first."""
    data = {"text/html": AWKWARD[-1], "text/plain": AWKWARD[2]}
    cells = [{"source": text, "metadata": {"points": -0.0, "none": None, "yes": True, "one": 1, "x": [[], {}, ()]}} for text in AWKWARD]
    cells += [{"source": text, "outputs": [{"text": text}, {"data": data}]} for text in AWKWARD]
    lines = [{**cell, "source": cell["source"].splitlines(True)} for cell in cells]
    for cell, text in zip(lines[len(AWKWARD) :], AWKWARD, strict=True):
        split = {kind: shown.splitlines(True) for kind, shown in data.items()}
        cell["outputs"] = [{"text": text.splitlines(True)}, {"data": split}]
    expected = json.dumps({"cells": lines}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert as_file({"cells": cells}) == expected == as_file({"cells": cells})


def test_database_of_something_else(folder):
    """A file that isn't a database gets a sentence."""
    (folder.path / "gradebook.db").write_text("not a database " * 100)
    with pytest.raises(GradebookError, match="can't be opened"):
        write(folder.course, [result_of(folder, "ann")])


def test_database_of_an_older_nbgrader(folder):
    """The error says how to bring it up to date."""
    with sqlite3.connect(folder.path / "gradebook.db") as database:
        database.execute("ALTER TABLE notebook DROP COLUMN kernelspec")
    with pytest.raises(GradebookError, match="nbgrader db upgrade"):
        write(folder.course, [result_of(folder, "ann")])


def version_in(folder):
    """Return what a database says of its version."""
    with sqlite3.connect(folder.path / "gradebook.db") as database:
        return database.execute("SELECT version_num FROM alembic_version").fetchall()


def test_version_of_a_new_database(folder, monkeypatch):
    """It has the version that nbgrader itself writes, and no process is started to ask for it."""
    nbgraders = version_in(folder)
    (folder.path / "gradebook.db").unlink()
    monkeypatch.setattr(subprocess, "Popen", None)
    write(folder.course, [result_of(folder, "ann")])
    assert version_in(folder) == nbgraders


def test_works_without_activated_environment(folder, monkeypatch):
    """Where nbgrader calls «alembic» when it makes a database, it is found beside this Python."""
    nbgraders = version_in(folder)
    (folder.path / "gradebook.db").unlink()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("alembic.script.ScriptDirectory", None)
    write(folder.course, [result_of(folder, "ann")])
    assert version_in(folder) == nbgraders and os.environ["PATH"] == "/usr/bin:/bin"


@pytest.mark.parametrize("module", ["writer", "cell_run"])
def test_import_is_cheap(module):
    """Who only grades doesn't wait for nbgrader; where it is needed, `import_nbgrader` imports it, which takes half the time."""
    code = f"import sys, autograder.gradebook.{module}; print({{'nbgrader', 'sqlalchemy', 'nbformat', 'nbconvert'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout.strip() == "set()"


@pytest.mark.parametrize("lecture", Course(PACKAGE.parent).lectures(), ids=lambda lecture: lecture.id)
def test_lectures_of_the_course(folder, lecture):
    """Every lecture can be filed: what is released in memory is what students have, with each test's points."""
    from nbgrader.coursedir import CourseDirectory

    coursedir = CourseDirectory(root=str(PACKAGE.parent), db_url=f"sqlite:///{folder.path / 'gradebook.db'}")
    with GradebookWriter(Course(PACKAGE.parent), coursedir) as writer:
        known = writer.assignment(lecture)
    assert [(cell["cell_type"], source_of(cell)) for cell in known.release["cells"]] == [
        (c["cell_type"], source_of(c)) for c in lecture.cells
    ]
    grades = {row.name: row.max_score for row in folder.rows("GradeCell") if row.notebook.name == lecture.slug}
    assert {f"test_{name}": points for name, points in lecture.points.items()}.items() <= grades.items()
    assert set(grades) <= {cell.name for cell in known.cells}


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts in the background ignore Ctrl-C
from autograder.gradebook.writer import import_nbgrader

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == "nbgrader.api":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Impatient())
try:
    import_nbgrader()
except KeyboardInterrupt:
    print("autograder.gradebook.assignment" in sys.modules)
"""


def test_ctrl_c_waits_for_an_import():
    """In the midst of one it could become any error."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
