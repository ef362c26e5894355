"""A class in which nearly everybody has handed in something else than a notebook as it should be, graded by one command.

Each function below puts one student's folder into ``submitted/``. Its docstring says what is wrong; its decorator what must come of it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.errors import in_one_line
from autograder.judging import sample_notebooks
from autograder.model.course import CONFIG, Course, Lecture, find_course, grade_id
from autograder.report.page import write_report

HERE = find_course(Path(__file__).parent)
LECTURE, OTHER = HERE.lecture("05_batch_normalization"), HERE.lecture("03_initialization")
EXERCISE = "update_running"
FULL, LESS = sum(LECTURE.points.values()), sum(LECTURE.points.values()) - LECTURE.points[EXERCISE]
SECONDS = 240

OUTSIDE, SECRET = "outside.txt", "the instructor's own"  # a file beside submitted/, and what it holds
Notebook = dict[str, Any]
HandIn = Callable[[Path], None]


@dataclass(frozen=True)
class Student:
    """One who hands something in: `score` is None where it can't be graded, `said` is searched for in the problems."""

    name: str
    hand_in: HandIn
    score: float | None
    said: str | None


CLASS: dict[str, Student] = {}


def refused(said: str, name: str = "") -> Callable[[HandIn], HandIn]:
    """What is handed in can't be graded, for this reason."""
    return _student(None, said, name)


def graded(score: float, said: str | None = None, name: str = "") -> Callable[[HandIn], HandIn]:
    """What is handed in gets this score, and a sentence, unless there is nothing to say."""
    return _student(score, said, name)


def _student(score: float | None, said: str | None, name: str) -> Callable[[HandIn], HandIn]:
    def enrol(hand_in: HandIn) -> HandIn:
        CLASS[hand_in.__name__] = Student(name or hand_in.__name__, hand_in, score, said)
        return hand_in

    return enrol


def short(notebook: Notebook) -> Notebook:
    """Return a notebook with the cells that nbgrader knows and a few others: nbgrader's pages for a whole class are soon made then."""
    others = [cell for cell in notebook["cells"] if not grade_id(cell)]
    demonstrations = [cell for cell in others if "demo" in cell["metadata"].get("tags", ())]
    assert demonstrations, "one is compared with what students add"
    kept = [*others[:2], *demonstrations[:2]]
    return {**notebook, "cells": [cell for cell in notebook["cells"] if grade_id(cell) or cell in kept]}


def solved(lecture: Lecture) -> Notebook:
    """Return a lecture's notebook with the solution."""
    return short(sample_notebooks.solved(lecture))


def released(lecture: Lecture) -> Notebook:
    """Return a lecture's notebook as it was handed out."""
    return short(sample_notebooks.fill(lecture, {}))


def put(folder: Path, data: bytes | str | Notebook) -> Path:
    """Write the notebook into a student's folder for the lecture."""
    path = folder / LECTURE.id / f"{LECTURE.slug}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps(data) if isinstance(data, dict) else data
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def cell(notebook: Notebook, name: str = EXERCISE) -> Notebook:
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def added(source: Any, **more: Any) -> Notebook:
    """Return the solved notebook with a cell of the student's own."""
    notebook = solved(LECTURE)
    notebook["cells"].append({"cell_type": "code", "source": source, "metadata": {}, **more})
    return notebook


def answered(change: Callable[[str], str]) -> Notebook:
    """Return the solved notebook with one answer changed."""
    notebook = solved(LECTURE)
    cell(notebook)["source"] = change("".join(cell(notebook)["source"]))
    return notebook


# --- blameless ----------------------------------------------------------------------------------------------------------------


@graded(FULL)
def ann(folder: Path) -> None:
    """Everything is right."""
    put(folder, solved(LECTURE))


@graded(0)
def zoe(folder: Path) -> None:
    """The notebook as it was released."""
    put(folder, released(LECTURE))


# --- no notebook --------------------------------------------------------------------------------------------------------------


@refused("the file is empty")
def empty_file(folder: Path) -> None:
    """No byte at all."""
    put(folder, b"")


@refused("stops being JSON at line")
def truncated(folder: Path) -> None:
    """The upload was cut off."""
    put(folder, json.dumps(solved(LECTURE), indent=1)[:10_000])


@refused(r"isn't UTF-8 text \(byte 0\)")
def utf_16(folder: Path) -> None:
    """Saved by an editor in another encoding."""
    put(folder, json.dumps(solved(LECTURE)).encode("utf-16"))


@refused("stops being JSON at line 1, column 1 ")
def a_picture(folder: Path) -> None:
    """A picture's SVG under a notebook's name."""
    put(folder, "<svg onload='alert(1)'/>")


@refused("notebook of 03_initialization, but 05_batch_normalization")
def another_lecture(folder: Path) -> None:
    """Last month's notebook."""
    put(folder, solved(OTHER))


@refused("does not exist; its folder holds my notebook.ipynb: was the notebook renamed")
def renamed(folder: Path) -> None:
    """The right notebook under another name."""
    path = put(folder, solved(LECTURE))
    path.rename(path.with_name("my notebook.ipynb"))


@refused("does not exist")
def empty_folder(folder: Path) -> None:
    """A folder with nothing in it."""
    put(folder, "").unlink()


@refused("can't be read: Not a directory")
def file_for_a_folder(folder: Path) -> None:
    """A file where the lecture's folder should be."""
    (folder / LECTURE.id).write_text("here is my homework")


@refused("not a file but a folder")
def folder_for_a_notebook(folder: Path) -> None:
    """A folder called like the notebook."""
    (folder / LECTURE.id / f"{LECTURE.slug}.ipynb").mkdir(parents=True)


@refused("not a file but a pipe")
def pipe(folder: Path) -> None:
    """A pipe: who opens it waits for ever."""
    path = put(folder, "")
    path.unlink()
    os.mkfifo(path)


@refused("not a file but a socket")
def a_socket(folder: Path) -> None:
    """A socket."""
    path = put(folder, "")
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # the whole path would be too long for one
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


# --- links --------------------------------------------------------------------------------------------------------------------


@refused("batch_normalization.ipynb is a link to ../../ann/.*: hand in the file itself")
def linked_notebook(folder: Path) -> None:
    """Another student's notebook under one's own name."""
    path = put(folder, "")
    path.unlink()
    path.symlink_to(f"../../ann/{LECTURE.id}/{path.name}")


@refused("05_batch_normalization is a link to ../ann/")
def linked_lecture(folder: Path) -> None:
    """Another student's folder for the lecture."""
    (folder / LECTURE.id).symlink_to(f"../ann/{LECTURE.id}")


@refused("linked_student is a link to ann: hand in the file itself")
def linked_student(folder: Path) -> None:
    """Another student's whole folder."""
    folder.rmdir()
    folder.symlink_to("ann")


@refused("is a link to /dev/zero")
def linked_device(folder: Path) -> None:
    """A device that never ends."""
    path = put(folder, "")
    path.unlink()
    path.symlink_to("/dev/zero")


@refused("is a link to nowhere")
def dangling_link(folder: Path) -> None:
    """A link to nothing."""
    (folder / LECTURE.id).symlink_to("nowhere")


# --- too much -----------------------------------------------------------------------------------------------------------------


@refused("larger than 64 MiB: clear its outputs")
def large_file(folder: Path) -> None:
    """200 MB, which take no space on the disk."""
    os.truncate(put(folder, solved(LECTURE)), 200 << 20)


@refused("more than 2000000 values: clear its outputs")
def zip_bomb(folder: Path) -> None:
    """9 MB, which are 300 MB as Python's lists."""
    put(folder, json.dumps(added("1", outputs=["here"])).replace('"here"', "[]," * 3_000_000 + "[]"))


@refused("has 1000[0-9]+ cells, more than the 5000")
def many_cells(folder: Path) -> None:
    """100,000 empty cells."""
    notebook = solved(LECTURE)
    notebook["cells"] += [{"cell_type": "code", "source": ""}] * 100_000
    put(folder, notebook)


@graded(FULL, "isn't a cell and was passed over.*and [0-9]+ more problems")
def many_problems(folder: Path) -> None:
    """Hundreds of things that aren't cells: nobody wants to read of each."""
    notebook = solved(LECTURE)
    notebook["cells"] += [7] * 500
    put(folder, notebook)


@refused("numbers or nesting beyond all reason")
def deep(folder: Path) -> None:
    """Lists within lists."""
    put(folder, json.dumps(added("1", outputs=["here"])).replace('"here"', "[" * 100_000 + "]" * 100_000))


@graded(FULL)
def deep_metadata(folder: Path) -> None:
    """Metadata that can be read but hardly copied."""
    notebook = json.dumps(added("1", metadata={"deep": "here"}, id="here"))
    put(folder, notebook.replace('"here"', '{"a":' * 900 + "1" + "}" * 900))


@refused("numbers or nesting beyond all reason")
def long_number(folder: Path) -> None:
    """A number of 10,000 digits."""
    put(folder, json.dumps(added("1", execution_count="here")).replace('"here"', "9" * 10_000))


@graded(FULL)
def no_numbers(folder: Path) -> None:
    """Numbers that JSON doesn't have."""
    put(folder, json.dumps(added("1", execution_count="here", outputs=["here"])).replace('"here"', "[1e999, NaN, -Infinity]"))


@graded(FULL, r"cell [0-9]+ isn't run: with it, the notebook has more than 3 MiB of code")
def large_cell(folder: Path) -> None:
    """A data set pasted into a cell, too large for a message to the sandbox."""
    put(folder, added("data = '" + "x" * (5 << 20) + "'"))


@graded(FULL)
def blanks(folder: Path) -> None:
    """A megabyte of blanks: comparing it with the demonstrations must not take hours."""
    put(folder, added("1" + " " * (1 << 20) + "+ 1"))


# --- formats ------------------------------------------------------------------------------------------------------------------


@refused("format is '5', and only 2, 3 and 4 can be read")
def from_the_future(folder: Path) -> None:
    """A format that there isn't yet."""
    put(folder, {**solved(LECTURE), "nbformat": 5})


@graded(FULL, "old format 2")
def format_2(folder: Path) -> None:
    """A notebook of 2011."""
    cells = [{**each, "input": each["source"]} if each["cell_type"] == "code" else each for each in solved(LECTURE)["cells"]]
    for each in cells:
        if "input" in each:
            del each["source"]
    put(folder, {"nbformat": 2, "worksheets": [{"cells": cells}], "metadata": {"name": "old"}})


@refused("no list of worksheets")
def format_3_with_nothing(folder: Path) -> None:
    """An old format without what it should have."""
    put(folder, {"nbformat": 3, "metadata": {}, "cells": []})


@graded(FULL)
def no_ids(folder: Path) -> None:
    """Format 4.0, with another kernel, whose cells have no ids."""
    notebook = {**solved(LECTURE), "nbformat_minor": 0, "metadata": {"kernelspec": {"name": "ir", "language": "R"}}}
    for each in notebook["cells"]:
        each.pop("id", None)
    put(folder, notebook)


@graded(FULL)
def same_ids(folder: Path) -> None:
    """Two and two cells have one id, and it is the one that the grader would give the second."""
    notebook = solved(LECTURE)
    for number, each in enumerate(notebook["cells"]):
        each["id"] = f"autograded-{number // 2 * 2 + 1}"
    put(folder, notebook)


@graded(FULL)
def no_metadata(folder: Path) -> None:
    """Metadata, ids and attachments of types that they can't have."""
    notebook = added("1", metadata=7, id=["x"], attachments={"p.png": 3, "\ud800": {"image/png": "aGFsbG8="}})
    put(folder, {**notebook, "metadata": None})


# --- cells --------------------------------------------------------------------------------------------------------------------


@graded(LESS, f"{EXERCISE}|SyntaxError")
def curly_quotes(folder: Path) -> None:
    """Pasted from a word processor."""
    put(folder, answered(lambda source: source.replace('"""', "“”“") + "\nx = ‘curly’"))


@graded(LESS, "TabError|inconsistent")
def tabs(folder: Path) -> None:
    """Tabs and blanks in one function."""
    put(folder, answered(lambda source: source + "\n    if True:\n\treturn 1\n        return 2"))


@graded(FULL)
def split(folder: Path) -> None:
    """The answer's function in a cell of its own, below the one that it was to be in."""
    notebook = solved(LECTURE)
    where = notebook["cells"].index(cell(notebook))
    notebook["cells"].insert(where + 1, {"cell_type": "code", "metadata": {}, "source": cell(notebook)["source"]})
    cell(notebook)["source"] = "# see below"
    put(folder, notebook)


@graded(FULL, "EOFError|input")
def asks(folder: Path) -> None:
    """A cell that waits for somebody to type."""
    put(folder, added("name = input('your name? ')"))


@graded(FULL)
def shell(folder: Path) -> None:
    """Magics, and cells that aren't Python."""
    notebook = added("%%bash\nrm -rf / --no-preserve-root\nfor x in 1 2; do echo $x; done")
    notebook["cells"].append({"cell_type": "code", "source": "%timeit 1\n!ls\n%load_ext autoreload", "metadata": {}})
    put(folder, notebook)


@graded(LESS, r"cell [0-9]+ has characters that no text has; each was replaced by �")
def half_a_character(folder: Path) -> None:
    """Half of an emoji in the middle of an answer."""
    put(folder, answered(lambda source: source.replace("return", "return \ud83d +", 1)))


@graded(FULL, "characters that no text has")
def nul(folder: Path) -> None:
    """NUL and half characters, where they do no harm."""
    notebook = added("# \0 \ud800")
    notebook["cells"] += [{"cell_type": "markdown", "source": "a\0b", "metadata": {}}]
    put(folder, notebook)


@graded(LESS, "ValueError")
def commands_to_the_terminal(folder: Path) -> None:
    """An error's message that would clear the instructor's terminal, and is markup besides."""
    put(folder, answered(lambda source: r'raise ValueError("\x1b[2J[red]<b>$\\href{javascript:alert(1)}{x}$")'))


@graded(LESS, "ValueError.*Κώστας é")
def commands_of_one_byte_to_the_terminal(folder: Path) -> None:
    """Controls beyond ASCII, marks that turn the reading direction round, and separators of lines, beside letters that may stay."""
    put(folder, answered(lambda source: r'raise ValueError("\x9b2J \x85 \x7f \u202e \u2066 \u2028 \ud800 Κώστας é")'))


# --- timestamps ---------------------------------------------------------------------------------------------------------------


@graded(FULL)
def pipe_for_a_timestamp(folder: Path) -> None:
    """A pipe where nbgrader has a time."""
    os.mkfifo(put(folder, solved(LECTURE)).with_name("timestamp.txt"))


@graded(FULL)
def folder_for_a_timestamp(folder: Path) -> None:
    """A folder where nbgrader has a time."""
    put(folder, solved(LECTURE)).with_name("timestamp.txt").mkdir()


@graded(FULL)
def strange_timestamp(folder: Path) -> None:
    """Bytes that aren't UTF-8 where nbgrader has a time."""
    put(folder, solved(LECTURE)).with_name("timestamp.txt").write_bytes(b"\xff yesterday")


@graded(FULL)
def timestamp_beyond_decimals(folder: Path) -> None:
    """A time that makes dateutil raise decimal.InvalidOperation, which is no ValueError."""
    put(folder, solved(LECTURE)).with_name("timestamp.txt").write_text(f"{'9' * 60}.5h")


@graded(FULL)
def linked_timestamp(folder: Path) -> None:
    """Links to a file outside the student's folder where nbgrader's exchange has a time and a secret."""
    path = put(folder, solved(LECTURE))
    for name in ("timestamp.txt", "submission_secret.txt"):
        path.with_name(name).symlink_to(folder.parents[1] / OUTSIDE)


@graded(FULL)
def endless_timestamp(folder: Path) -> None:
    """A link to a device that never ends."""
    put(folder, solved(LECTURE)).with_name("timestamp.txt").symlink_to("/dev/zero")


# --- pictures -----------------------------------------------------------------------------------------------------------------


def pasted(source: str, **attachments: Any) -> Notebook:
    """Return the solved notebook with a text of the student's own."""
    notebook = solved(LECTURE)
    notebook["cells"].append({"cell_type": "markdown", "source": source, "metadata": {}, "attachments": attachments})
    return notebook


@graded(FULL)
def pasted_svg(folder: Path) -> None:
    """An honest drawing, of a kind that isn't shown, for it could hold scripts."""
    put(folder, pasted("![drawing](attachment:drawing.svg)", **{"drawing.svg": {"image/svg+xml": "PHN2Zy8+"}}))


@graded(FULL)
def picture_without_attachment(folder: Path) -> None:
    """The text was copied from another cell, and the picture stayed there."""
    put(folder, pasted("![a](attachment:gone.png) ![b](attachment:) ![c](attachment:](attachment:gone.png)"))


@graded(FULL)
def empty_attachment(folder: Path) -> None:
    """A picture with nothing in it, and one of a type that it can't have."""
    put(folder, pasted("![](attachment:p.png) ![](attachment:q.png)", **{"p.png": {}, "q.png": [1]}))


# --- names --------------------------------------------------------------------------------------------------------------------


def solves(folder: Path) -> None:
    put(folder, solved(LECTURE))


NAMES = {
    "blanks in a name": "  Jürgen  Müller ",
    "emoji": "🎓 👩‍🎓",
    "a long name": "x" * 251,
    "rich's markup": "[red]markup[bold] :boom: \\",
    "HTML": "<b onclick=alert(1)>",
    "braces": "{student_id} %s",
    "signs within": "Müller-Κώστας, Anna+test@home=x",
}
for what, name in NAMES.items():
    CLASS[what] = Student(name, solves, FULL, None)
UNPRINTABLE = {
    "a line break": "two\nlines",
    "a tab": "\ttabulated",
    "escape sequences": "\x1b[31mred\x1b]0;title\x07",
    "C1 controls": "\x9b31mred\x85",
    "reading from right to left": "abc\u202egpj.exe",
}
FORMULAS = {
    "a formula": "=1+1|cmd",
    "a leading dash": "--json",
    "a leading plus": "+1",
    "a leading at": "@SUM(A1)",
    "a formula behind blanks": "  =2+2",
    "a formula behind a comma": 'x, "=1+1',
    "a formula in wide characters": "＝1+1",
}
for what, name in UNPRINTABLE.items():
    CLASS[what] = Student(name, solves, None, "the name .* has control characters in it.*rename it")
for what, name in FORMULAS.items():
    CLASS[what] = Student(name, solves, None, "the name .* would be a formula in a spreadsheet.*rename it")
NOT_UTF_8 = os.fsdecode(b"J\xfcrgen")
CLASS["a name that isn't UTF-8"] = Student(NOT_UTF_8, solves, None, r"the name J\\xfcrgen in submitted/ isn't UTF-8 text.*rename it")


# --- one command --------------------------------------------------------------------------------------------------------------

everybody = pytest.mark.parametrize("student", CLASS.values(), ids=CLASS)
those_graded = pytest.mark.parametrize(
    "student", [one for one in CLASS.values() if one.score is not None], ids=[what for what, one in CLASS.items() if one.score is not None]
)


@dataclass(frozen=True)
class Graded:
    """What the command has left."""

    course: Course
    done: subprocess.CompletedProcess[bytes]
    results: dict[str, dict[str, Any]]

    @property
    def said(self) -> list[str]:
        return self.done.stderr.decode().splitlines()


@pytest.fixture(scope="module")
def all_graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class, graded by one command, with gradebook."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(HERE.root / CONFIG, root)
    for path in (LECTURE.source, LECTURE.released, OTHER.source, OTHER.released):
        copy = root / path.relative_to(HERE.root)
        copy.parent.mkdir(parents=True)
        copy.write_text(json.dumps(short(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    (root / OUTSIDE).write_text(SECRET)
    for student in CLASS.values():
        folder = root / "submitted" / student.name
        folder.mkdir(parents=True)
        student.hand_in(folder)
    command = [sys.executable, "-c", "from autograder.cli import main; main()", "grade", LECTURE.id, "--json", "-", "--jobs", "2"]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    assert done.returncode == 1, done.stderr.decode()
    return Graded(Course(root), done, {result["student"]: result for result in json.loads(done.stdout)["results"]})


def shown(student: Student) -> str:
    """Return a student's name as results have it."""
    return r"J\xfcrgen" if student.name == NOT_UTF_8 else student.name


def in_the_sentence(student: Student) -> str:
    """Return a student's name as sentences have it."""
    return in_one_line(shown(student))


def test_everybody_has_one_result(all_graded: Graded) -> None:
    assert sorted(all_graded.results) == sorted(map(shown, CLASS.values()))


@everybody
def test_the_score_and_the_sentence(all_graded: Graded, student: Student) -> None:
    result = all_graded.results[shown(student)]
    assert (result["score"] if result["graded"] else None) == student.score, result["problems"]
    problems = "\n".join(result["problems"])
    assert re.search(student.said, problems, re.DOTALL) if student.said else not problems, problems
    assert all(len(problem) < 600 for problem in result["problems"])


@everybody
def test_each_who_is_not_graded_is_named_in_one_line(all_graded: Graded, student: Student) -> None:
    lines = [line for line in all_graded.said if line.startswith(f"{in_the_sentence(student)}: not graded: ")]
    assert len(lines) == (student.score is None)


def test_standard_error_has_no_traceback_and_nothing_that_a_terminal_obeys(all_graded: Graded) -> None:
    said = all_graded.done.stderr.decode()
    assert "Traceback" not in said
    assert all(line.isprintable() for line in all_graded.said)
    assert all(re.search(r": not graded: |^graded \d+ of \d+ \(", line) for line in all_graded.said), said


def test_json_has_nothing_that_a_terminal_obeys(all_graded: Graded) -> None:
    """All is escaped as JSON has it, so the data stay the same; letters beyond ASCII stay readable."""
    text = all_graded.done.stdout.decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
    assert "Κώστας é" in text and "Jürgen" in text
    assert {"\x9b31mred\x85", "abc\u202egpj.exe"} <= set(all_graded.results)
    assert "\x9b2J \x85 \x7f \u202e \u2066 \u2028" in json.dumps(
        all_graded.results["commands_of_one_byte_to_the_terminal"], ensure_ascii=False
    ).replace(r"\u007f", "\x7f")


def test_nobody_is_written_whose_name_nbgrader_cannot_handle(all_graded: Graded) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{all_graded.course.root / 'gradebook.db'}", "training_deep_neural_networks") as gradebook:
        written = {student.id for student in gradebook.students}
    assert not written & {*UNPRINTABLE.values(), *FORMULAS.values()} and set(NAMES.values()) <= written
    assert written == set(os.listdir(all_graded.course.root / "autograded"))


def test_no_link_is_copied(all_graded: Graded) -> None:
    folder = all_graded.course.root / "autograded" / "linked_timestamp" / LECTURE.id
    copies = {path.name: path.read_text() for path in folder.iterdir()}
    assert copies["timestamp.txt"] == "" and SECRET not in copies["submission_secret.txt"]


def test_everybody_has_feedback(all_graded: Graded) -> None:
    """nbgrader's own page, for whoever is in the gradebook; none of them stops it."""
    start = "from autograder.gradebook.writer import import_nbgrader; import_nbgrader(); from nbgrader.apps.nbgraderapp import main; main()"
    command = [sys.executable, "-c", start, "generate_feedback", LECTURE.id]
    done = subprocess.run(command, cwd=all_graded.course.root, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    pages = {path.parent.parent.name for path in (all_graded.course.root / "feedback").rglob("*.html")}
    # nbgrader takes brackets in a folder's name for a pattern, and passes over it
    assert pages == set(os.listdir(all_graded.course.root / "autograded")) - {NAMES["rich's markup"]}


@those_graded
def test_who_is_graded_is_in_the_gradebook(all_graded: Graded, student: Student) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{all_graded.course.root / 'gradebook.db'}", "training_deep_neural_networks") as gradebook:
        assert gradebook.find_submission(LECTURE.id, student.name).score == student.score


@those_graded
def test_the_autograded_notebook_is_one(all_graded: Graded, student: Student) -> None:
    path = all_graded.course.root / "autograded" / student.name / LECTURE.id / f"{LECTURE.slug}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert len({each["id"] for each in notebook.cells}) == len(notebook.cells)
    assert set(LECTURE.points) <= {grade_id(each) for each in notebook.cells}


def test_the_class_report_has_everybody_and_no_markup_of_theirs(all_graded: Graded, tmp_path: Path) -> None:
    course = all_graded.course
    page = write_report(course, [course.lecture(LECTURE.id)], tmp_path).read_text(encoding="utf-8")
    assert f"of {len(CLASS)} handed in" in page and "&lt;b onclick=alert(1)&gt;" in page and "<b onclick" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page)


def test_the_table_shows_names_as_they_are(all_graded: Graded) -> None:
    from io import StringIO

    from rich.console import Console

    from autograder.model.results import submission_from_json
    from autograder.report.terminal import show

    console = Console(file=StringIO(), width=400, force_terminal=True, color_system=None)
    show(list(map(submission_from_json, all_graded.results.values())), console)
    text = console.file.getvalue()
    assert "[red]markup[bold] :boom: \\ " in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
