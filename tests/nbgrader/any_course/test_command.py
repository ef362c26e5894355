"""``autograder grade`` and the plugin on an assignment without a hidden suite."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import typer
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import compute_checksum

from autograder.cli import app
from autograder.errors import AutograderError, CourseError, SandboxUnavailable, SubmissionError
from autograder.gradebook.execution_cache import FOLDER
from autograder.model.course import Course
from autograder.runners.cell_hand_ins import CellHandin, cell_hand_ins
from autograder.sandbox.notebooks import IPythonSandbox, NotebookRun

from .conftest import KERNELSPEC, Sample, autograded, marks

SOLUTION = "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION"
TEST = 'assert square(3) == 9, "three times three is nine"'
SHOWN = "import time\nprint(time.time_ns())"  # another output in each run
PLUGIN = """
c.Autograde.exporter_class = "autograder.gradebook.nbgrader_plugin.SubmissionExporter"
c.Autograde.sanitize_preprocessors = ["autograder.gradebook.nbgrader_plugin.Restore"]
c.Autograde.autograde_preprocessors = ["autograder.gradebook.nbgrader_plugin.Grade", "nbgrader.preprocessors.CheckCellMetadata"]
"""
WITH_SIGINT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
from autograder.cli import main
main()
"""
LOOP = "while True:\n    pass"


def cell(kind: Any, source: str, name: str, **nbgrader: Any) -> Any:
    flags = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, "grade_id": name}
    return kind(source, metadata={"nbgrader": flags | nbgrader})


@pytest.fixture(scope="module")
def released(tmp_path_factory, run) -> Sample:
    """A course with one assignment of one notebook."""
    path = tmp_path_factory.mktemp("course") / "course"
    sample = Sample(path, "ps")
    cells = [
        cell(new_code_cell, SOLUTION, "square", solution=True),
        cell(new_code_cell, TEST, "test_square", grade=True, locked=True, points=2),
        cell(new_markdown_cell, "Why?", "why", grade=True, solution=True, points=3),
        new_code_cell(SHOWN),
    ]
    sample.folder("source").mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), sample.folder("source") / "squares.ipynb")
    (path / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "any"\n', encoding="utf-8")
    assert run(path, ["generate_assignment", "ps"])[0] == [0]
    return sample


@pytest.fixture
def course(released, tmp_path, monkeypatch) -> Sample:
    """A copy of it, with right, wrong and unreadable submissions."""
    sample = released.copied(tmp_path / "course")
    answer(sample, "ann", "def square(x):\n    return x**2")
    answer(sample, "ben", "def square(x):\n    return 2 * x")
    monkeypatch.chdir(sample.path)
    return sample


def answer(sample: Sample, student: str, source: str, **metadata: Any) -> Path:
    """Hand in an answer; return the notebook's path."""
    notebook = sample.released("squares")
    notebook.cells[0].source = source
    notebook.metadata.update(metadata)
    return sample.hand_in(student, None, squares=notebook) / "squares.ipynb"


@pytest.fixture
def grade(capsys) -> Callable[..., dict[str, Any]]:
    """Run ``autograder grade``; return the results by student, with its exit status and what it said."""

    def grade(*arguments: object) -> dict[str, Any]:
        capsys.readouterr()
        status = app(["grade", *map(str, arguments), "--json", "-"], standalone_mode=False)
        printed = capsys.readouterr()
        found = {result["student"]: result for result in json.loads(printed.out)["results"]}
        return {**found, "status": status, "said": printed.err}

    return grade


def scores(found: dict[str, Any]) -> dict[str, float]:
    return {student: result["score"] for student, result in found.items() if isinstance(result, dict)}


def shown(sample: Sample, student: str) -> str:
    """Return what the last cell has printed."""
    notebook = nbformat.read(sample.folder("autograded", student) / "squares.ipynb", as_version=4)
    return notebook.cells[-1].outputs[0].text


def test_a_class(course, grade):
    """Results, gradebook and files; whom nobody can grade is named, with the reason."""
    (course.folder("submitted", "cem")).mkdir(parents=True)
    (course.folder("submitted", "cem") / "squares.ipynb").write_text("{", encoding="utf-8")
    found = grade("ps", "--jobs", "2")
    assert found["status"] == 1 and scores(found) == {"ann": 2, "ben": 0, "cem": 0}
    assert "cem" in found["said"] and "it stops being JSON" in found["said"] and "Traceback" not in found["said"]
    assert "graded 3 of 3" in found["said"] and "written answers wait: ann, ben" not in found["said"], "nobody has written any"
    (exercise,) = found["ben"]["exercises"]
    assert (exercise["name"], exercise["max_score"], exercise["status"]) == ("test_square", 2, "failed")
    assert exercise["tests"][0]["message"] == "AssertionError: three times three is nine"
    rows = marks(course)
    assert {student: rows[student]["squares"]["grades"]["test_square"]["auto_score"] for student in ("ann", "ben")} == {"ann": 2, "ben": 0}
    assert autograded(course, "ann").keys() == {"squares.ipynb", "submission_secret.txt"}
    assert not course.folder("autograded", "cem").exists()


def test_one_submission(course, capsys):
    """It is named by its folder or its notebook, and reported in full."""
    for path in (course.folder("submitted", "ben"), course.folder("submitted", "ben") / "squares.ipynb"):
        assert app(["grade", str(path)], standalone_mode=False) == 0
        printed = capsys.readouterr().out
        assert "ben · ps · 0 of 2" in printed and "three times three is nine" in printed and "misconception" not in printed
    assert marks(course).keys() == {"ben"}
    assert app(["grade", str(path), "ps"], standalone_mode=False) == 0
    assert "ps: 2 graded" in capsys.readouterr().out, "each once"


def test_partial_credit(course, grade):
    """A test cell whose result is a number of points says so, also where that is none."""
    book = course.gradebook()
    row, released = book.find_source_cell("test_square", "squares", "ps"), course.released("squares").cells[1]
    released.source = row.source = "1 if square(3) == 6 else 0 if square(3) == 0 else 2"
    row.checksum = compute_checksum(released)
    book.db.commit()
    book.close()
    answer(course, "cem", "def square(x):\n    return 0")
    found = grade("ps")
    assert scores(found) == {"ann": 2, "ben": 1, "cem": 0}
    messages = {student: found[student]["exercises"][0]["tests"][0]["message"] for student in scores(found)}
    assert messages == {"ann": "", "ben": "its result gives 1 of 2 points", "cem": "its result gives 0 of 2 points"}


def test_results_are_kept(course, grade):
    """A notebook runs again when it, its files or the limits have changed, and after a time limit."""
    answer(course, "cem", f"{SHOWN}\n{LOOP}")
    limits = ("--limit", "cell_seconds=0.5", "--jobs", "2")

    def all_shown() -> dict[str, str]:
        found = grade("ps", *limits)
        assert found["status"] == 0 and found["cem"]["exercises"][0]["status"] == "failed"
        return {student: shown(course, student) for student in ("ann", "ben", "cem")}

    first, second = all_shown(), all_shown()
    assert (first["ann"], first["ben"]) == (second["ann"], second["ben"]) and first["cem"] != second["cem"]
    assert len(list((course.path / FOLDER).glob("*.json"))) == 2
    (course.folder("submitted", "ann") / "numbers.csv").write_text("1\n", encoding="utf-8")
    third = all_shown()
    assert third["ann"] != first["ann"] and third["ben"] == first["ben"]
    for damaged in (course.path / FOLDER).glob("*.json"):
        damaged.write_text("[]", encoding="utf-8")
    assert all_shown()["ben"] != first["ben"]
    limits = (*limits, "--no-cache")
    assert all_shown()["ben"] != all_shown()["ben"]


def test_a_test_cell_that_takes_too_long(course, grade):
    answer(course, "ann", f"def square(x):\n    {LOOP.splitlines()[0]}\n        pass")
    (exercise,) = grade("ps", "--limit", "cell_seconds=0.5")["ann"]["exercises"]
    assert exercise["status"] == "timeout" and "0.5 s (the limit cell_seconds)" in exercise["tests"][0]["message"]


def test_the_time_limit_of_the_configuration(course, grade):
    """nbgrader's Execute.timeout holds, shorter or longer than the default, unless a limit is given."""
    answer(course, "ann", "def square(x):\n    import time\n    time.sleep(2)\n    return x * x")
    with open(course.path / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write("c.Execute.timeout = 1\n")
    assert scores(grade("ps")) == {"ann": 0, "ben": 0}
    assert scores(grade("ps", "--limit", "cell_seconds=20")) == {"ann": 2, "ben": 0}


def test_nothing_is_written_without_the_gradebook(course, grade):
    answer(course, "zoe", "raise")
    (course.folder("submitted", "zoe") / "squares.ipynb").write_text("", encoding="utf-8")
    before = {path: path.read_bytes() for path in course.path.rglob("*") if path.is_file()}
    assert scores(grade("ps", "--no-gradebook", "--no-cache")) == {"ann": 2, "ben": 0, "zoe": 0}
    after = {path: path.read_bytes() for path in course.path.rglob("*") if path.is_file() and path.name != "gradebook.lock"}
    assert after == before


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (["ps7"], CourseError, r"there is no assignment 'ps7' in .*; there are: ps"),
        (["submitted/nobody/ps"], SubmissionError, "there is no file or folder submitted/nobody/ps"),
        (
            ["ps", "--scheduler", "tcp://localhost:1"],
            typer.BadParameter,
            "is for assignments with a hidden suite, and ps has none",
        ),
        (["ps", "--gradescope", "out.json"], typer.BadParameter, "--gradescope is for assignments with a hidden suite, and ps"),
        (["ps", "--limit", "cells=3"], typer.BadParameter, "there is no limit 'cells'"),
    ],
)
def test_wrong_usage(course, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        app(["grade", *arguments], standalone_mode=False)


def test_nothing_was_handed_in(course):
    shutil.rmtree(course.path / "submitted")
    with pytest.raises(SubmissionError, match=r"nothing was handed in for ps: there is no submitted/<student>/ps"):
        app(["grade", "ps"], standalone_mode=False)


def test_a_notebook_in_another_place(course, tmp_path, grade):
    """It belongs to no submission."""
    path = shutil.copy(course.folder("submitted", "ann") / "squares.ipynb", tmp_path / "squares.ipynb")
    found = grade(path)
    assert found["status"] == 1 and "submitted/" in found["squares"]["problems"][0]


def test_modules_are_imported_before_the_class(course, grade):
    """Those of the instructor's notebooks and modules, and those of the configuration; a student's wait until they are needed."""
    listed = ("colorsys", "fractions", "wave")
    (course.folder("source") / "helper.py").write_text("import wave\n", encoding="utf-8")
    with open(course.path / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write("c.Autograder.modules = ['colorsys', 'no_such_module']\n")
    source = course.folder("source") / "squares.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells.append(new_code_cell("from fractions import Fraction"))
    nbformat.write(notebook, source)
    asked = f"import sys\ndef square(x):\n    return [name in sys.modules for name in {(*listed, 'chunk')}]"
    answer(course, "ann", f"import colorsys, wave, fractions\n{asked}")
    answer(course, "ben", asked + "\nprint(square(1))")
    assert grade("ps")["status"] == 0
    shown = nbformat.read(course.folder("autograded", "ben") / "squares.ipynb", as_version=4).cells[0].outputs[0].text
    assert shown == "[True, True, True, False]\n"


# --- without the sandbox ----------------------------------------------------------------------------------------------------


def test_without_the_sandbox(course, grade):
    """Notebooks run in Jupyter's kernels, with commands; time limits hold, a kernel that dies costs its own cells only."""
    answer(course, "ann", "word = !echo nine\ndef square(x):\n    return {'nine': 9}[word[0]]")
    answer(course, "cem", "import os\nos._exit(1)")
    answer(course, "dee", LOOP)
    found = grade("ps", "--sandbox", "none", "--jobs", "2", "--limit", "cell_seconds=2")
    assert scores(found) == {"ann": 2, "ben": 0, "cem": 0, "dee": 0} and found["status"] == 0
    assert "Submissions run unconfined" in found["said"] and "IPKernelApp" not in found["said"]
    assert any("squares.ipynb: Kernel died" in problem for problem in found["cem"]["problems"]), found["cem"]["problems"]
    assert not (course.path / FOLDER).exists(), "what a kernel gives isn't kept"
    confined = grade("ps")
    assert scores(confined) == {**scores(found), "ann": 0}
    outputs = nbformat.read(course.folder("autograded", "ann") / "squares.ipynb", as_version=4).cells[0].outputs
    assert "--sandbox none grades without it" in outputs[0].text


def with_kernel(course: Sample, **kernelspec: str) -> None:
    """Change the kernel of the instructor's notebook."""
    book = course.gradebook()
    book.find_notebook("squares", "ps").kernelspec = json.dumps(kernelspec)
    book.db.commit()
    book.close()


@pytest.mark.parametrize("language", [{"language": "python"}, {}])
def test_a_python_that_is_not_installed(course, grade, language):
    """A notebook of somebody's environment is run by this Python."""
    with_kernel(course, name="conda-env-ml-py", display_name="Python [conda env:ml]", **language)
    assert scores(grade("ps")) == {"ann": 2, "ben": 0}


def test_another_language(course, grade):
    """The sandbox refuses it once for the class; without the sandbox, a kernel that isn't installed is named."""
    with_kernel(course, name="ir", language="R", display_name="R")
    with pytest.raises(SandboxUnavailable, match="the sandbox runs Python, and the kernel ir is for R: --sandbox none runs it by Jupyter"):
        app(["grade", "ps"], standalone_mode=False)
    found = grade("ps", "--sandbox", "none")
    assert found["status"] == 1 and "there is no kernel 'ir' on this machine" in found["ann"]["problems"][0]
    assert not course.folder("autograded", "ann").exists()


def test_a_sandbox_that_runs_nothing_right(course, monkeypatch):
    """A fault of the machine or of a package costs nobody points: nothing is recorded."""
    monkeypatch.setattr(IPythonSandbox, "run", lambda *arguments: NotebookRun(([],), (1,), ended_in=0, reason="ended the whole process"))
    with pytest.raises(SandboxUnavailable, match=r"notebooks can't be run in the sandbox here \(ended the whole process\)"):
        app(["grade", "ps"], standalone_mode=False)
    assert marks(course) == {} and not (course.path / "autograded").exists()


# --- interrupted ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sandbox", ["landlock", "none"])
def test_an_interrupt_ends_it_at_once(course, sandbox, grade):
    """What was graded is kept, the rest isn't waited for, and no process is left."""
    answer(course, "zoe", f"open('started', 'w').close()\n{LOOP}")
    place = course.path / "folder"
    place.mkdir()
    command = [sys.executable, "-m", "autograder.cli_main", "grade", "ps", "--jobs", "2", "--sandbox", sandbox]
    command[1:3] = [
        "-c",
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from autograder.cli import main; main()",
    ]
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(place)}, start_new_session=True
    )
    said = ""
    while "graded 2 of 3" not in said:
        line = running.stderr.readline()
        assert line, said
        said += line
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, rest = running.communicate(timeout=20)  # the cell may take 30 seconds
    assert running.returncode == 130 and "the same command goes on from there" in rest and "Traceback" not in rest
    assert marks(course)["ann"]["squares"]["grades"]["test_square"]["auto_score"] == 2 and "zoe" not in marks(course)
    assert list(place.iterdir()) == [], "its folders are removed"


# --- nbgrader's own command ---------------------------------------------------------------------------------------------------


def test_the_plugin(course, run, grade, tmp_path):
    """``nbgrader autograde`` gives the same marks and files; as usual, it skips what was graded, unless it is forced."""
    answer(course, "cem", "import os\nos._exit(1)")
    other = course.copied(tmp_path / "other")
    with open(other.path / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(PLUGIN)
    book = other.gradebook()
    book.close()
    (other.folder("submitted", "zoe")).mkdir(parents=True)
    (other.folder("submitted", "zoe") / "squares.ipynb").write_text("{", encoding="utf-8")
    grade("ps")
    ann = ["autograde", "ps", "--student=ann"]
    statuses, said = run(other.path, ["autograde", "ps"], ann)
    before = shown(other, "ann")
    forced, more = run(other.path, [*ann, "--force"])
    assert before != shown(other, "ann"), "it was run again"
    statuses, said = [*statuses, *forced], said + more
    assert statuses == [1, 0, 0], said
    for sentence in ("zoe: squares.ipynb: the file isn't a notebook", "of 4: ps, ann", "Skipping existing assignment"):
        assert sentence in said
    assert "Traceback" not in said
    right, got = marks(course), marks(other)
    assert {student: got[student] for student in right} == right and len(right) == 3
    for student in ("ann", "ben", "cem"):
        pair = [autograded(sample, student) for sample in (course, other)]
        for files in pair:
            files.pop("submission_secret.txt")
            files["squares.ipynb"][1]["cells"][-1].pop("outputs")  # the time at which it was run
        assert pair[0] == pair[1]


def test_the_plugin_keeps_the_options_of_nbgrader(course, run):
    """Those of its command line hold, too; what can't be done is said in nbgrader's way."""
    answer(course, "ann", "import time\ntime.sleep(2)\ndef square(x):\n    return 9")
    with open(course.path / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(PLUGIN + "c.CourseDirectory.student_id_exclude = 'ben'\n")
    options = ["--Execute.timeout=1", "--Autograde.create_student=False"]
    assert run(course.path, ["autograde", "ps", options[1]])[0] == [1]
    assert marks(course) == {}
    statuses, said = run(course.path, ["autograde", "ps", options[0]])
    assert statuses == [0], said
    assert {student: row["squares"]["grades"]["test_square"]["auto_score"] for student, row in marks(course).items()} == {"ann": 0}
    with_kernel(course, name="ir", language="R", display_name="R")
    statuses, said = run(course.path, ["autograde", "ps", "--force"])
    assert statuses == [1] and "the sandbox runs Python" in said


def test_errors_have_one_base():
    """The command line turns them into sentences."""
    assert all(issubclass(error, AutograderError) for error in (CourseError, SandboxUnavailable, SubmissionError))


# --- names --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("structure", "folder"),
    [
        ("{nbgrader_step}/{student_id}/{assignment_id}", "submitted/ann/ps"),
        ("{assignment_id}/{nbgrader_step}/{student_id}", "ps/submitted/ann"),
        ("all/{student_id}/{nbgrader_step}/{assignment_id}", "all/ann/submitted/ps"),
    ],
)
def test_names_in_other_directory_structures(tmp_path, monkeypatch, structure, folder):
    """An assignment is known by its name, and a submission by its folder, a folder above it that is the assignment's own excepted."""
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.CourseDirectory.directory_structure = {structure!r}\n")
    for path in (structure.format(nbgrader_step="source", student_id=".", assignment_id="ps"), folder):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / "squares.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    found = Course(tmp_path)
    assert found.assignments.keys() == {"ps"}
    assert cell_hand_ins(["ps", folder, f"{folder}/squares.ipynb", "ps7", "nbgrader_config.py"], found) == (
        [CellHandin("ps"), CellHandin("ps", "ann")],
        ["ps7", "nbgrader_config.py"],
    )
