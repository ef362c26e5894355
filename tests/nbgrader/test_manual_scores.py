"""What persons have graded, and what waits for them, as read from nbgrader's database; and what «autograder grade» says of it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.errors import GradebookError
from autograder.gradebook.manual import ByHand, CellMark, names, read_by_hand, waiting_sentences
from autograder.report.class_report import class_report

from .conftest import LECTURE, SLUG, WRITTEN


@pytest.fixture(scope="module")
def graded(new_folder):
    """Four students: ann and ben have written an answer, and ann's is graded, with extra credit; cem and dee have not; eve is known."""
    folder = new_folder("manual")
    for student, sources in {"ann": {WRITTEN: "they stay alike"}, "ben": {WRITTEN: "no gradient"}, "cem": {}}.items():
        folder.hand_in(student, folder.notebook(sources))
    folder.hand_in("dee", "not a notebook")
    folder.grade()
    book = folder.gradebook()
    grade = book.find_grade(WRITTEN, SLUG, LECTURE, "ann")
    grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 0.5, False
    book.add_student("eve")
    book.db.commit()
    book.close()
    return folder


def test_what_waits_and_what_is_graded(graded):
    found = read_by_hand(graded.course)
    assert found.students == {"ann", "ben", "cem", "dee", "eve"} and found.written == {LECTURE: {WRITTEN: 2.0}}
    assert found.marks == {
        (LECTURE, "ann"): (CellMark(WRITTEN, 1.5, 0.5, False),),
        (LECTURE, "ben"): (CellMark(WRITTEN, None, 0.0, True),),
    }
    assert found.waiting(LECTURE, "ben") == (WRITTEN,) and not found.waiting(LECTURE, "ann")


def test_the_sentence_is_about_those_who_were_graded_now(graded):
    assert list(waiting_sentences(graded.course, [(LECTURE, name) for name in ("ann", "ben", "cem")])) == ["1 written answer waits: ben"]
    assert list(waiting_sentences(graded.course, [(LECTURE, "ann"), (LECTURE, "cem")])) == []


def test_grading_ends_with_what_waits(graded, monkeypatch):
    monkeypatch.chdir(graded.path)
    done = CliRunner().invoke(cli.app, ["grade", LECTURE])
    assert done.exit_code == 1 and done.stderr.endswith("\n1 written answer waits: ben\n") and "waits" not in done.stdout
    assert "waits" not in CliRunner().invoke(cli.app, ["grade", LECTURE, "--no-gradebook"]).output


def test_the_report_counts_it(graded):
    (lecture,) = class_report(graded.course, graded.course.lectures()).lectures
    rows = {row.student: row for row in lecture.standing.students}
    assert {name: row.state for name, row in rows.items()} == {
        "ann": "graded",
        "ben": "graded",
        "cem": "graded",
        "dee": "not graded",
        "eve": "not handed in",
    }
    assert rows["ann"].by_hand == 2.0 and rows["ben"].waits == 1 and lecture.standing.with_manual.maximum == 12.0


def test_the_command_prints_the_page_or_the_data(graded, monkeypatch):
    """The page's path is printed on standard output, unless data are; a lecture's files are all there."""
    monkeypatch.chdir(graded.path)
    plain = CliRunner().invoke(cli.app, ["report", LECTURE])
    assert (plain.exit_code, plain.stdout, plain.stderr) == (0, "report/index.html\n", "")
    data = CliRunner().invoke(cli.app, ["report", "--json", "-", "--csv", "tables", "--output", "pages"])
    assert json.loads(data.stdout)["lectures"][0]["lecture"] == LECTURE and data.stderr == "pages/index.html\n"
    assert (graded.path / "tables" / "students.csv").is_file() and (graded.path / "pages" / f"{LECTURE}.html").is_file()
    again = CliRunner().invoke(cli.app, ["report", "--json", "report.json"])
    made = {"made": ""}
    assert json.loads((graded.path / "report.json").read_text()) | made == json.loads(data.stdout) | made and again.stdout == plain.stdout
    assert CliRunner().invoke(cli.app, ["report", "--skeleton"]).stdout.startswith("# no two students fail")


def test_a_mark_by_hand_of_what_was_handed_in_again(new_folder):
    folder = new_folder("again")
    folder.hand_in("ann", folder.notebook({WRITTEN: "they stay alike"}))
    folder.grade()
    book = folder.gradebook()
    grade = book.find_grade(WRITTEN, SLUG, LECTURE, "ann")
    grade.manual_score, grade.needs_manual_grade = 1.0, False
    book.db.commit()
    book.close()
    assert list(waiting_sentences(folder.course, [(LECTURE, "ann")])) == []
    folder.hand_in("ann", folder.notebook({WRITTEN: "another answer"}), "2026-03-02 10:00:00.0 UTC")
    folder.grade()
    assert list(waiting_sentences(folder.course, [(LECTURE, "ann")])) == ["1 mark by hand wants another look: ann"]


def test_without_a_gradebook_there_is_nothing(new_folder):
    folder = new_folder("without")
    assert read_by_hand(folder.course) == ByHand() and not (folder.path / "gradebook.db").exists()


def test_what_is_no_gradebook_is_said_and_the_report_goes_on(new_folder):
    folder = new_folder("damaged")
    folder.hand_in("ann", folder.notebook({}))
    folder.grade()
    (folder.path / "gradebook.db").write_text("no database")
    with pytest.raises(GradebookError, match="the gradebook can't be read"):
        read_by_hand(folder.course)
    report = class_report(folder.course, folder.course.lectures())
    assert "can't be read" in report.note and len(report.lectures[0].standing.graded) == 1


def test_a_list_of_names_is_short():
    assert names([f"s{number}" for number in range(20)], most=3) == "s0, s1, s2 and 17 more"
    assert names(["a\nb", "\x1b[31m"]) == r"a b, \x1b[31m"
