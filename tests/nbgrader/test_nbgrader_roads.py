"""One class on every road through nbgrader: the marks are the same, and nbgrader's own tools take over from there."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from traitlets import TraitError
from traitlets.config import Config

from autograder.gradebook import nbgrader_plugin
from autograder.model.results import SubmissionResult
from autograder.runners.class_run import Handin, Options

LECTURE, SLUG, WRITTEN = "03_initialization", "initialization", "written_symmetry"
BROKEN = '{"cells": [<script>alert(2)</script>'


@pytest.fixture(scope="module")
def ours(new_folder):
    """The class graded by us in a fresh checkout, and what nbgrader makes of it."""
    folder = new_folder("ours")
    folder.hand_in_class()
    folder.hand_in("gus", BROKEN)
    folder.grade()
    statuses, said = folder.nbgrader(["generate_feedback", LECTURE], ["export"])
    assert statuses == [0, 0], said
    return folder


@pytest.fixture(scope="module")
def plugin(new_folder):
    """The class graded by ``nbgrader autograde`` with the course's configuration."""
    folder = new_folder("plugin", database=True)
    folder.hand_in_class()
    folder.hand_in("gus", BROKEN)
    statuses, said = folder.nbgrader(["autograde", LECTURE])
    assert statuses == [0], said
    return folder


@pytest.fixture(scope="module")
def plain(new_folder):
    """The class graded by ``nbgrader autograde`` in kernels, as nbgrader does by itself."""
    folder = new_folder("plain", database=True)
    config = folder.path / "nbgrader_config.py"
    config.write_text("".join(line for line in config.read_text().splitlines(keepends=True) if not line.startswith("c.Autograde")))
    folder.hand_in_class()
    statuses, said = folder.nbgrader(["autograde", LECTURE], ["generate_feedback", LECTURE])
    assert statuses == [0, 0], said
    return folder


def test_solutions_stay_at_home(pristine):
    """generate_assignment copies the notebook and nothing else, without solution or hidden test."""
    released = [path.name for path in (pristine.path / "course").rglob("*") if path.is_file()]
    assert released == [f"{SLUG}.ipynb"]
    assert not re.search("channels|HIDDEN|score", pristine.lecture.released.read_text())


def test_marks(ours):
    """The class gets what it deserves."""
    marks = {key: grade[0] for key, grade in ours.grades().items()}
    assert marks["ann", "test_fans"] == 3 and marks["ann", "test_glorot_normal"] == 7
    assert 0 < marks["ben", "test_fans"] < 3 and marks["ben", "test_glorot_normal"] == 7  # standard error doesn't cost anything
    assert marks["cem", "test_fans"] == marks["cem", "test_glorot_normal"] == 0
    assert marks["dee", "test_fans"] == 0 and marks["dee", "test_glorot_normal"] == 7
    assert marks["eve", "test_fans"] == 3 and 0 < marks["eve", "test_glorot_normal"] < 7
    assert marks["fay", "test_fans"] == 3 and marks["fay", "test_glorot_normal"] == 0


def test_written_answers_are_left_to_a_person(ours):
    """Only a written answer that was given asks for a person."""
    asked = {key for key, (score, _, _, asked) in ours.grades().items() if asked or score is None}
    assert asked == {("ann", WRITTEN)}


def test_plugin_gives_the_same_gradebook(ours, plugin):
    """``nbgrader autograde`` writes the same grades and comments as we do, those of a broken notebook included."""
    assert plugin.grades() == ours.grades()
    assert plugin.comments() == ours.comments()
    assert all(plugin.autograded(student) == ours.autograded(student) for student in ("ann", "ben", "dee", "gus"))


UNNAMEABLE = ("=1+1|cmd", "two\nlines", "\x9b31m")


@pytest.fixture(scope="module")
def hostile(new_folder):
    """A class in which some have handed in what would stop nbgrader's own commands for everybody, and what these commands said."""
    folder = new_folder("hostile", database=True)
    (folder.path / "outside.txt").write_text("the instructor's own")
    right = folder.notebook({name: folder.answer(name) for name in ("fans", "glorot_normal")})
    for name in ("zoe", *UNNAMEABLE):
        folder.hand_in(name, right)
    stamps = {who: folder.hand_in(who, right, timestamp=None).with_name("timestamp.txt") for who in ("abe", "ada", "aki", "amy")}
    os.mkfifo(stamps["abe"])
    stamps["ada"].symlink_to("/dev/zero")
    stamps["aki"].symlink_to(folder.path / "outside.txt")
    stamps["amy"].write_text(f"{'9' * 60}.5h")
    for who, beside in {"abe": "/dev/zero", "aki": folder.path / "outside.txt"}.items():
        stamps[who].with_name("data.txt").symlink_to(beside)
    renamed = folder.hand_in("ava", right)
    renamed.rename(renamed.with_name("mine.ipynb"))
    picture = folder.notebook({WRITTEN: "![p](attachment:gone.png)"})
    folder.hand_in("axl", picture)
    return folder, *folder.nbgrader(*2 * [["autograde", LECTURE]], *2 * [["generate_feedback", LECTURE]])


def test_nbgraders_commands_survive_every_student(hostile):
    """All are graded but those with impossible names, who are named; the second time as the first, and everybody else has a page."""
    hostile, statuses, said = hostile
    graded = {"abe", "ada", "aki", "amy", "ava", "axl", "zoe"}
    assert statuses == [1, 1, 0, 0] and "Traceback" not in said, said
    assert all(f"the name {shown} " in said for shown in ("=1+1|cmd", r"two\nlines", r"\x9b31m")) and "\x9b" not in said
    marks = {student: score for (student, name), (score, *_) in hostile.grades().items() if name == "test_fans"}
    assert marks == {**dict.fromkeys(graded, 3.0), "ava": 0.0, "axl": 0.0}
    assert {row.id for row in hostile.rows("Student")} == graded == {path.name for path in (hostile.path / "feedback").iterdir()}
    assert "does not exist; its folder holds mine.ipynb" in hostile.comments()["ava", "fans"]
    copied = [path for path in (hostile.path / "autograded").rglob("*") if path.is_file() and path.suffix == ".txt"]
    assert {path.name for path in copied} == {"timestamp.txt", "submission_secret.txt"}
    assert not [path for path in copied if path.is_symlink() or "instructor" in path.read_text()]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="an ordinary user: the other tests show it")
def test_plugin_needs_no_rights_of_roots(new_folder):
    """Who may not write into a file that is read-only autogrades all the same, the second time, too."""
    folder = new_folder("ordinary", database=True)
    folder.hand_in("ann", folder.notebook({"fans": folder.answer("fans")}))
    ordinary = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    statuses, said = folder.nbgrader(["autograde", LECTURE], ["autograde", LECTURE, "--force"], prefix=ordinary)
    assert statuses == [0, 0], said
    assert folder.grades()["ann", "test_fans"][0] == 3.0 and folder.autograded("ann").cells


def test_the_command_line_gives_the_same(hostile, new_folder):
    """``autograder grade`` of the same class."""
    hostile, folder = hostile[0], new_folder("hostile-ours")
    shutil.copytree(hostile.path / "submitted", folder.path / "submitted", symlinks=True, ignore=shutil.ignore_patterns("abe"))
    (folder.path / "outside.txt").write_text("the instructor's own")
    command = [sys.executable, "-c", "from autograder.cli import main; main()", "grade", LECTURE, "--jobs", "2"]
    done = subprocess.run(command, cwd=folder.path, env=folder.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert folder.grades() == {key: grade for key, grade in hostile.grades().items() if key[0] != "abe"}


def test_plugin_heeds_the_configuration(monkeypatch):
    """``c.Grade.limits`` and ``c.Grade.sandbox`` decide how it grades; anything else is refused when nbgrader starts."""
    asked = []
    result = SubmissionResult("ann", LECTURE, "x", problems=("a note",))
    monkeypatch.setattr(nbgrader_plugin, "grade", lambda hand_ins, course, options: asked.append(options) or iter([result]))
    writer = SimpleNamespace(write=lambda result: {"cells": []})
    config = Config({"Grade": {"limits": {"call_seconds": 30}, "sandbox": "none"}})
    for step in (nbgrader_plugin.Grade(), nbgrader_plugin.Grade(config=config)):
        step.notebook(Handin(Path("x.ipynb"), "ann"), None, writer)
    assert asked == [Options(), Options(confine=False, limits={"call_seconds": 30})]
    with pytest.raises(TraitError):
        nbgrader_plugin.Grade(config=Config({"Grade": {"sandbox": "a little"}}))


def test_kernels_give_the_same_marks(ours, plain):
    """A kernel without sandbox gives the same marks wherever nbgrader can read the notebook."""
    assert plain.grades() == {key: grade for key, grade in ours.grades().items() if key[0] != "gus"}


def test_feedback_page_says_what_is_wrong(ours):
    """The page has each failed test with its message, and the misconception by name."""
    page = ours.feedback("eve")
    assert "4 of 9 hidden tests passed" in page and "Only the fan-in is counted" in page and "See 03 §" in page
    assert "has standard deviation" in page and "✗" in page
    assert "Not attempted" in ours.feedback("cem") and "SyntaxError" in ours.feedback("dee")
    assert "could not be graded" in ours.feedback("gus")


def test_feedback_page_after_nbgrader_alone(ours, plain):
    """The points of the gradebook, and what the test cells printed about the hidden tests; neither their code nor a student's script."""
    for student in ("ann", "ben", "cem", "dee", "eve", "fay"):
        page, total = plain.feedback(student), re.search(r"Total</th><td[^>]*>(.*?)<", ours.feedback(student))
        assert total and total[0] in page
        assert not re.search("HIDDEN|autograder import|def test_|neurons stay alike|<script", page)
    assert "4 of 9 hidden tests passed" in plain.feedback("eve") and "Only the fan-in is counted" in plain.feedback("eve")


@pytest.mark.parametrize("student", ["ann", "ben", "cem", "gus"])
def test_feedback_page_keeps_the_hidden_tests_hidden(ours, student):
    """Neither the lines that call them nor their source are on the page."""
    page = ours.feedback(student)
    assert not re.search("HIDDEN|autograder import|def test_|neurons stay alike", page)


@pytest.mark.parametrize("student", ["ann", "gus"])
def test_feedback_page_runs_nothing_of_the_student(ours, student):
    """What looks like a script in a written answer, or in a broken file, isn't one."""
    assert "<script>alert" not in ours.feedback(student)
    assert "&lt; script&gt;alert(1)" in ours.feedback("ann")


def test_autograded_notebook(ours):
    """Each cell that nbgrader knows is there once, and the notebook is valid."""
    import nbformat

    for student in ("ann", "dee", "gus"):
        notebook = ours.autograded(student)
        nbformat.validate(notebook)
        names = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
        assert sorted(names) == sorted(["setup", "fans", "test_fans", "glorot_normal", "test_glorot_normal", WRITTEN])
        folder = ours.path / "autograded" / student / LECTURE
        assert (folder / "timestamp.txt").read_text().startswith("2026-03-01")
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_nbgrader_reads_our_marks_off_the_outputs(ours):
    """With its own SaveAutoGrades nbgrader comes to the same scores."""
    from nbgrader.utils import determine_grade, is_grade

    for student in ("ann", "ben", "cem"):
        read = {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in ours.autograded(student).cells if is_grade(cell)}
        assert read == {name: grade[0] for (who, name), grade in ours.grades().items() if who == student}


def test_export(ours):
    """The table of marks has everybody."""
    with open(ours.path / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert float(rows["ann"]["score"]) == 10 and float(rows["gus"]["score"]) == 0 and float(rows["ann"]["max_score"]) == 12
    assert rows["ann"]["timestamp"].startswith("2026-03-01 10:00")


# --- formgrader ---------------------------------------------------------------------------------------------------------------


@contextmanager
def formgrader(folder) -> Iterator[Callable[..., str]]:
    """Start a server with formgrader in a course; yield a function that requests a page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [
        f"--port={port}",
        "--ip=127.0.0.1",
        "--no-browser",
        "--allow-root",
        "--IdentityProvider.token=secret",
        "--ServerApp.port_retries=0",
    ]
    log = open(folder.path / "server.log", "w")  # noqa: SIM115
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", *options], cwd=folder.path, env=folder.environment(), stdout=log, stderr=log
    )

    def request(path: str, method: str = "GET") -> str:
        query = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers={"Authorization": "token secret"})
        with urllib.request.urlopen(query, timeout=60) as answer:
            return answer.read().decode()

    try:
        for _ in range(120):
            try:
                request("/api/status")
                break
            except OSError:
                assert server.poll() is None, (folder.path / "server.log").read_text()
                time.sleep(0.25)
        yield request
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def test_formgrader(ours, tmp_path_factory):
    """Lists, the page of a submission, and the autograde button work, and a person's score survives the button."""
    folder = type(ours)(tmp_path_factory.mktemp("formgrader"))
    shutil.copytree(ours.path, folder.path, dirs_exist_ok=True)
    book = folder.gradebook()
    book.find_grade("test_fans", SLUG, LECTURE, "ben").manual_score = 2.5
    book.db.commit()
    book.close()
    with formgrader(folder) as request:
        listed = {row["student"]: row for row in json.loads(request(f"/formgrader/api/submissions/{LECTURE}"))}
        assert all(row["autograded"] for row in listed.values()) and listed["ann"]["score"] == 10 and listed["ben"]["score"] == 9.5
        assert [who for who, row in listed.items() if row["needs_manual_grade"]] == ["ann"]
        notebooks = {row["student"]: row for row in json.loads(request(f"/formgrader/api/submitted_notebooks/{LECTURE}/{SLUG}"))}
        page = request(f"/formgrader/submissions/{notebooks['eve']['id']}/")
        assert "Only the fan-in is counted" in page and "HIDDEN" not in page
        assert "<script>alert" not in request(f"/formgrader/submissions/{notebooks['ann']['id']}/")
        answer = json.loads(request(f"/formgrader/api/submission/{LECTURE}/ben/autograde", method="POST"))
        assert answer["success"], answer
        shutil.rmtree(folder.path / "feedback")
        answer = json.loads(request(f"/formgrader/api/assignment/{LECTURE}/eve/generate_feedback", method="POST"))
        assert answer["success"] and folder.feedback("eve") == ours.feedback("eve"), answer
        folder.hand_in("=1+1|cmd", folder.notebook({}))
        answer = json.loads(request(f"/formgrader/api/submission/{LECTURE}/%3D1%2B1%7Ccmd/autograde", method="POST"))
        assert not answer["success"] and "the name =1+1|cmd would be a formula" in answer["log"], answer
    assert folder.grades()["ben", "test_fans"] == (ours.grades()["ben", "test_fans"][0], 2.5, None, True)
    assert {key: grade for key, grade in folder.grades().items() if key != ("ben", "test_fans")} == {
        key: grade for key, grade in ours.grades().items() if key != ("ben", "test_fans")
    }
