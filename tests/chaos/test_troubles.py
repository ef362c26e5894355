"""Ctrl-C, a second run at once, and disks and databases that can't be written: one sentence, nothing lost, and the next run goes on."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import time
from contextlib import closing, suppress
from types import SimpleNamespace

import pytest

from autograder.gradebook.assignment import open_gradebook

STUDENTS = 12


def written(room):
    """Return how many have an autograded notebook."""
    return len(list((room.course.root / "autograded").rglob("*.ipynb")))


def goes_on(room, undisturbed):
    """Assert that the next run does what is missing, and nothing else, and that all is as if nothing had happened."""
    kept = room.results()
    status, said = room.grade()
    assert status == 0, said
    assert kept.items() <= room.results().items()
    assert room.state() == undisturbed[0].state()
    assert not list(room.course.root.rglob("*.unfinished"))
    assert room.emptied() == []


@pytest.mark.parametrize("times", [1, 2])
def test_interrupted(room, undisturbed, moments, how_many, times):
    """Ctrl-C on a terminal goes to all processes of the run; whoever is impatient presses it again."""
    for _ in range(how_many):
        run = room.started()
        time.sleep(moments.uniform(0, undisturbed[1]))
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, signal.SIGSTOP)  # or it would go on while we count
        missing = STUDENTS - written(room)
        for _ in range(times):
            with suppress(ProcessLookupError):
                os.killpg(run.process.pid, signal.SIGINT)
                os.killpg(run.process.pid, signal.SIGCONT)
            time.sleep(0.1)
        start = time.monotonic()
        status, said = run.finished()
        assert "Traceback" not in said, said
        if status or missing:  # or else it was about to end
            assert status == 130 and said.splitlines()[-1].startswith("autograder: interrupted; what was graded is kept"), said
        assert time.monotonic() - start < 30  # also on a busy machine
        assert room.emptied() == [], "processes or their files are left"
    goes_on(room, undisturbed)


def test_two_runs_at_once(room, undisturbed):
    """The second waits for the first, says so, and has nothing left to do."""
    first, second = room.started(), room.start()
    assert first.finished()[0] == 0
    kept = room.results()
    status, said = second.finished()
    assert status == 0 and f"Waiting for the process {first.process.pid}" in said, said
    assert len(kept) == STUDENTS and room.results() == kept
    goes_on(room, undisturbed)


def test_a_lock_goes_with_its_process(room, undisturbed):
    """A run that was killed holds up nobody."""
    first = room.started()
    first.process.kill()
    first.finished()
    status, said = room.grade()
    assert status == 0 and "Waiting" not in said
    goes_on(room, undisturbed)


def test_a_database_that_somebody_else_has_locked(room, undisturbed):
    """Everybody is graded; who can't be written is named, and is written by the next run, without being graded again."""
    assert room.grade()[0] == 0
    wanted = room.state()
    database = room.course.root / "gradebook.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM grade")
        connection.execute("DELETE FROM comment")
        connection.commit()
        connection.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        status, said = room.start(first="from autograder.gradebook import connection; connection.LOCK_SECONDS = 4").finished()
        seconds = time.monotonic() - start
        connection.rollback()
    assert status == 1 and said.count("database is locked") == STUDENTS and "Traceback" not in said, said
    assert seconds < undisturbed[1] + 20, "it isn't waited for by each student again"
    goes_on(room, undisturbed)
    assert room.state() == wanted


def test_a_file_in_the_databases_place(room, undisturbed):
    """Everybody is graded; what isn't a database is named, once, and left as it is."""
    database = room.course.root / "gradebook.db"
    database.write_text("not a database " * 100)
    status, said = room.grade()
    assert status == 1 and said.count("can't be opened") == 1 and "Traceback" not in said, said
    assert len(room.results()) == STUDENTS and written(room) == 0
    assert database.read_text() == "not a database " * 100
    database.unlink()
    goes_on(room, undisturbed)


def test_a_folder_that_cannot_be_written(room, undisturbed):
    """Neither database nor folder has half of it."""
    blocked = room.course.root / "autograded"
    blocked.write_text("a file where a folder should be")
    status, said = room.grade()
    assert status == 1 and said.count("can't be written to the gradebook") == STUDENTS and "Traceback" not in said, said
    with closing(sqlite3.connect(room.course.root / "gradebook.db")) as connection:
        assert connection.execute("SELECT count(*) FROM submitted_assignment").fetchone() == (0,)
    blocked.unlink()
    goes_on(room, undisturbed)


def test_results_that_cannot_be_kept(room, undisturbed):
    """Grading goes on without; it is said once."""
    blocked = room.course.root / ".autograder"
    blocked.write_text("a file where a folder should be")
    status, said = room.grade()
    assert "Traceback" not in said and said.count("can't be kept") == 1, said
    assert status == 0 and room.state() == undisturbed[0].state()
    blocked.unlink()
    goes_on(room, undisturbed)


@pytest.fixture(scope="session")
def sizes(undisturbed, tmp_path_factory):
    """How large a file may become on a disk with room for some of what a run writes."""
    room, _ = undisturbed
    results = [path.stat().st_size for path in (room.course.root / ".autograder" / "results").iterdir()]
    empty = tmp_path_factory.mktemp("empty") / "gradebook.db"
    open_gradebook(SimpleNamespace(db_url=f"sqlite:///{empty}", course_id="")).close()
    return {
        "nothing": min(results) // 2,
        "results": 2 * max(results),
        "an_empty_database": empty.stat().st_size + 100,
        "some_students": (empty.stat().st_size + (room.course.root / "gradebook.db").stat().st_size) // 2,
    }


@pytest.mark.parametrize(
    ("room_for", "sentence"),
    [
        ("nothing", "can't be opened as nbgrader's gradebook"),
        ("results", "can't be opened as nbgrader's gradebook"),
        ("an_empty_database", "05_batch_normalization can't be written to the gradebook"),
        ("some_students", "for 05_batch_normalization can't be written to the gradebook"),
    ],
)
def test_a_full_disk(room, undisturbed, sizes, room_for, sentence):
    """No file can grow beyond some size: everybody is graded, what can be written is, and what can't be is said."""

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (sizes[room_for], resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    status, said = room.start(preexec_fn=limited).finished()
    assert status == 1 and "Traceback" not in said, said
    assert f"graded {STUDENTS} of {STUDENTS}" in said, said
    some = room_for == "some_students"
    assert 0 < written(room) < STUDENTS if some else written(room) == 0
    assert said.count(sentence) == (STUDENTS - written(room) if some else 1), said
    assert len(room.results()) == (0 if room_for == "nothing" else STUDENTS)
    assert said.count("Results can't be kept") == (room_for == "nothing"), said
    goes_on(room, undisturbed)
