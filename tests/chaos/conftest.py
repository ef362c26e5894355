"""A small class in a folder of its own, the command that grades it, and all that can be seen of it from outside.

How many moments are tried is in ``CHAOS_MOMENTS``: 1 in every run of the tests, 20 in ``make chaos``. They are chosen at random, from
``CHAOS_SEED`` where it is given; a test that fails prints it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.demo import new_course
from autograder.gradebook.connection import LOCK
from autograder.gradebook.exchange_files import SECRET
from autograder.judging.known_answers import catalogue
from autograder.judging.sample_notebooks import fill, solved, with_answers, write
from autograder.model.course import Course, find_course, grade_id

LECTURE = "05_batch_normalization"
MOMENTS = int(os.environ.get("CHAOS_MOMENTS", "1"))
SEED = int(os.environ.get("CHAOS_SEED", random.SystemRandom().randrange(10**6)))
CLASS = 12
COMMAND = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom autograder.cli import main; main()"
"""Grades as the command line does. A shell lets what it starts in the background ignore Ctrl-C, tests too, so that is undone first."""
PATIENCE = 120.0


@dataclass
class Run:
    """A run of the command, and every process that belongs to it."""

    process: subprocess.Popen[str]
    room: Room

    def finished(self) -> tuple[int, str]:
        """Wait for its end; return the exit status and what it said."""
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said

    def all(self, kind: str) -> list[psutil.Process]:
        """Return its processes of a kind: worker, zygote or guest."""
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.Error:
            return []
        return [process for process in family if self.kind(process) == kind]

    def kind(self, process: psutil.Process) -> str:
        """Tell what a process is for."""
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if "sandbox.zygote" in command:
                parent = process.parent()
                return "guest" if parent and "sandbox.zygote" in " ".join(parent.cmdline()) else "zygote"
            return "worker" if "spawn_main" in command else "helper"
        return "gone"

    def kill(self, kind: str, moments: random.Random) -> bool:
        """Kill one of a kind, if there is one."""
        if found := self.all(kind):
            with suppress(psutil.NoSuchProcess):
                moments.choice(found).kill()
                return True
        return False


@dataclass
class Room:
    """A course in a folder of its own, with its own folder for temporary files, by which its processes are known."""

    path: Path
    seed: int = SEED
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def course(self) -> Course:
        return Course(self.path / "course")

    def start(self, *options: str, first: str = "", **how: Any) -> Run:
        """Start grading the class; `first` is run before, in the command's process."""
        process = subprocess.Popen(
            [sys.executable, "-c", f"{first}\n{COMMAND}", "grade", LECTURE, "--jobs", "2", *options],
            cwd=self.course.root,
            env={**os.environ, "TMPDIR": str(self.path / "tmp"), **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **how,
        )
        return Run(process, self)

    def started(self) -> Run:
        """Start grading the class, and wait until it is about to begin."""
        lock = self.course.root / LOCK
        lock.unlink(missing_ok=True)
        run = self.start()
        while not (lock.exists() and lock.stat().st_size) and run.process.poll() is None:
            time.sleep(0.01)
        return run

    def grade(self, *options: str) -> tuple[int, str]:
        """Grade the class; return the exit status and what was said."""
        return self.start(*options).finished()

    def processes(self) -> list[psutil.Process]:
        """Return all processes that work in here, whoever started them."""
        return [process for process in psutil.process_iter() if self._is_here(process)]

    def _is_here(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return str(self.path) in " ".join([process.cwd(), *process.cmdline()])
        return False

    def emptied(self) -> list[str]:
        """Wait until no process is left, and return what is: commands, and temporary files."""
        deadline = time.monotonic() + 15
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        commands = []
        for process in left:
            with suppress(psutil.Error):
                commands.append(" ".join(process.cmdline())[:200])
        return commands + [path.name for path in (self.path / "tmp").glob("guests-*")]

    def results(self) -> dict[str, tuple[int, int]]:
        """Return what was kept of earlier runs, with what changes when it is written again."""
        return {
            path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (self.path / "course/.autograder/results").glob("*.json")
        }

    def forget_gradebook(self) -> None:
        """Remove what nbgrader can see; the results are kept."""
        for path in self.course.root.glob("gradebook.db*"):
            path.unlink()
        shutil.rmtree(self.course.root / "autograded", ignore_errors=True)

    def state(self) -> tuple[dict[str, list[str]], dict[str, tuple[bytes, int]]]:
        """Return all that nbgrader can see: rows, with what they refer to in place of random ids, and files, secrets left blank."""
        folder = self.course.root / "autograded"
        files = {
            str(path.relative_to(folder)): (b"" if path.name == SECRET else path.read_bytes(), path.stat().st_mode)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        return rows(self.course.root / "gradebook.db"), files


def rows(database: Path) -> dict[str, list[str]]:
    """Return the rows of all tables; a random id is replaced by the row that it stands for."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}
    return {name: sorted(described(tables)(row) for row in table) for name, table in tables.items()}


def described(tables: dict[str, list[dict[str, Any]]]) -> Callable[[dict[str, Any]], str]:
    """Return a function that tells a row by what is in it."""
    known: dict[str, dict[str, Any]] = {}
    for table in tables.values():
        for row in table:
            if is_random(row.get("id")):
                known.setdefault(row["id"], {}).update(row)

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: plain(known[value]) if name != "id" and is_random(value) and value in known else value
            for name, value in row.items()
            if not (name == "id" and is_random(value))
        }

    return lambda row: json.dumps(plain(row), sort_keys=True)


def is_random(value: Any) -> bool:
    """Tell an id that nbgrader has drawn."""
    return isinstance(value, str) and len(value) == 32 and set(value) <= set("0123456789abcdef")


def class_of(course: Course) -> Iterator[dict[str, Any]]:
    """Yield notebooks: two that are wrong, one that is empty, one that is half done, and right ones, which take least time to grade."""
    lecture = course.lecture(LECTURE)
    yield fill(lecture, {})
    for misconception in catalogue(lecture.hidden).misconceptions[:2]:
        yield with_answers(lecture, misconception)
    for _ in range(CLASS - 4):
        yield solved(lecture)
    first = next(iter(lecture.points))
    yield fill(lecture, {first: f"def {first}(x, gamma, beta, *rest):\n    print('a word')\n    raise ValueError('not yet')"})


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The class before anybody is graded."""
    room = Room(tmp_path_factory.mktemp("class"))
    here = find_course(Path(__file__).parent)
    new_course(here, room.path / "course", [here.lecture(LECTURE)])
    for number, notebook in enumerate(class_of(room.course)):
        student = room.path / "course" / "submitted" / f"student{number:02}" / LECTURE
        for cell in notebook["cells"]:
            if grade_id(cell) in room.course.lecture(LECTURE).points:
                cell["source"] = [*cell["source"], f"\n# by student {number}"]
        write(notebook, student / f"{room.course.lecture(LECTURE).slug}.ipynb")
        (student / "timestamp.txt").write_text("2026-03-02 18:00:00 UTC\n")
    return room


@pytest.fixture(scope="session")
def new_room(pristine: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Room]]:
    """Return what makes a fresh copy of the class."""
    made: list[Room] = []

    def new_room() -> Room:
        made.append(Room(tmp_path_factory.mktemp("room")))
        shutil.copytree(pristine.path, made[-1].path, dirs_exist_ok=True)
        (made[-1].path / "tmp").mkdir()
        return made[-1]

    yield new_room
    for process in [process for room in made for process in room.processes()]:
        with suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def room(new_room: Callable[[], Room]) -> Room:
    """A fresh copy of the class."""
    return new_room()


@pytest.fixture(scope="session")
def undisturbed(new_room: Callable[[], Room]) -> tuple[Room, float]:
    """The class after a run that nobody disturbed, and how many seconds that took."""
    room, start = new_room(), time.monotonic()
    status, said = room.grade()
    assert status == 0, said
    assert room.emptied() == []
    return room, time.monotonic() - start


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> random.Random:
    """Random moments, other ones in every run; the seed is shown where a test fails."""
    print(f"CHAOS_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session")
def how_many() -> int:
    """How many moments are tried."""
    return MOMENTS
