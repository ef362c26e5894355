"""The gradebook on PostgreSQL: a server of its own, on a socket in a temporary folder, where one is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.errors import GradebookError
from autograder.gradebook.manual import ByHand, read_by_hand
from autograder.gradebook.writer import GradebookWriter

from .conftest import write

LECTURE = "03_initialization"
DRIVERS = ("psycopg", "psycopg2")


def program(name: str) -> str:
    """Return where a program of PostgreSQL lies: Debian has them beside the PATH."""
    found = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))]
    if not (path := shutil.which(name) or next(reversed(found), None)):
        pytest.skip("PostgreSQL is not installed")
    return path


@pytest.fixture(scope="module")
def driver() -> str:
    """The first driver that is installed."""
    for name in DRIVERS:
        if importlib.util.find_spec(name):
            return name
    pytest.skip("there is no driver for PostgreSQL: pip install 'psycopg[binary]'")


@pytest.fixture(scope="module")
def server(driver):
    """A server, as the address of its databases; it refuses to run as root."""
    initdb, postgres = program("initdb"), program("postgres")
    user = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.getuid() == 0 else []
    if user and not shutil.which("setpriv"):
        pytest.skip("there is no setpriv to become an ordinary user with")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    if user:
        shutil.chown(folder, "nobody")
    data = folder / "data"
    new = [*user, initdb, "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "-N"]
    made = subprocess.run(new, capture_output=True, text=True, cwd="/")
    if made.returncode:
        shutil.rmtree(folder)
        pytest.fail(f"initdb: {made.stderr}")
    command = [*user, postgres, "-D", data, "-k", folder, "-h", "", "-F"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    deadline = time.monotonic() + 30
    while not (folder / ".s.PGSQL.5432").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    yield lambda database: f"postgresql+{driver}://tester@/{database}?host={folder}"
    process.terminate()
    process.wait(30)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def database(server):
    """Return what makes a new database, and its address."""
    from sqlalchemy import create_engine, text

    count = 0

    def database() -> str:
        nonlocal count
        count += 1
        engine = create_engine(server("postgres"), isolation_level="AUTOCOMMIT")
        for attempt in range(50):
            try:
                with engine.connect() as connection:
                    connection.execute(text(f"CREATE DATABASE gradebook{count}"))
                break
            except Exception:
                if attempt == 49:
                    raise
                time.sleep(0.1)  # it is still starting
        engine.dispose()
        return server(f"gradebook{count}")

    return database


@pytest.fixture
def url(database) -> str:
    """A new database."""
    return database()


@pytest.fixture
def folder(new_folder, url):
    """A course whose gradebook is on the server."""
    folder = new_folder("postgresql")
    folder.hand_in_class()
    with open(folder.path / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    return folder


@pytest.fixture
def on_file(new_folder):
    """The same course with nbgrader's own SQLite file."""
    folder = new_folder("sqlite")
    folder.hand_in_class()
    return folder


def at(url):
    """Return nbgrader's gradebook on the server."""
    from nbgrader.api import Gradebook

    return Gradebook(url, "training_deep_neural_networks")


def facts(gradebook):
    """Return what nbgrader knows of everybody, by its own sums."""
    from nbgrader import api

    with gradebook:
        submissions = {
            row.student.id: (row.timestamp, row.score, row.max_score, row.needs_manual_grade, row.late_submission_penalty)
            for row in gradebook.db.query(api.SubmittedAssignment)
        }
        grades = {(g.student.id, g.name): (g.auto_score, g.manual_score, g.needs_manual_grade) for g in gradebook.db.query(api.Grade)}
        comments = {(c.student.id, c.name): (c.auto_comment, c.manual_comment) for c in gradebook.db.query(api.Comment)}
    return submissions, grades, comments


def test_the_same_as_in_a_file(folder, url, on_file):
    """Rows, sums, timestamps and notebooks; twice is once; what a person wrote stays."""
    results = folder.grade()
    on_file.grade()
    assert facts(at(url)) == facts(on_file.gradebook())
    assert [folder.autograded(result.student) for result in results] == [on_file.autograded(result.student) for result in results]
    assert read_by_hand(folder.course) == read_by_hand(on_file.course) != ByHand(), "what the report reads"
    before = facts(at(url))
    with at(url) as book:
        book.find_grade("test_fans", "initialization", LECTURE, "ben").manual_score = 1.5
        book.db.commit()
    write(folder.course, results)
    write(folder.course, [result for result in results if result.student != "ann"])
    submissions, grades, comments = facts(at(url))
    assert grades["ben", "test_fans"][1] == 1.5 and comments == before[2]
    assert {student for student in submissions} == {result.student for result in results}


def test_nbgraders_own_commands(folder, url):
    """Its grading with our plugin, its feedback and its export find what they need there."""
    folder.grade()
    statuses, said = folder.nbgrader(["autograde", LECTURE, "--force"], ["generate_feedback", LECTURE], ["export"])
    assert statuses == [0, 0, 0], said
    assert "fans" in folder.feedback("ann")
    assert (folder.path / "grades.csv").read_text().count(LECTURE) == len(facts(at(url))[0])


def test_what_the_server_refuses_costs_one_student(folder, url):
    """A name that is too long for its column, and a text that no column can hold."""
    long = "x" * 129
    folder.hand_in(long, folder.notebook({}))
    results = folder.grade("ann")
    path = folder.path / "submitted" / long / LECTURE / "initialization.ipynb"
    with GradebookWriter(folder.course) as writer:
        with pytest.raises(GradebookError, match="too long"):
            writer.write(replace(results[0], student=long, notebook=str(path)))
        writer.write(replace(results[0], problems=("a NUL: \0",), exercises=(), graded=False))
        ben = folder.path / "submitted" / "ben" / LECTURE / "initialization.ipynb"
        writer.write(replace(results[0], student="ben", notebook=str(ben)))
    assert {"ann", "ben"} == set(facts(at(url))[0])
    assert not (folder.path / "autograded" / long).exists()


def test_what_cannot_be_reached(folder, url):
    """A sentence, without the password."""
    with open(folder.path / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(f"\nc.CourseDirectory.db_url = {url.replace('tester@', 'tester:secret@').replace('gradebook', 'nothing')!r}\n")
    with pytest.raises(GradebookError, match="can't be opened") as told:
        folder.grade("ann")
    assert "secret" not in str(told.value)
