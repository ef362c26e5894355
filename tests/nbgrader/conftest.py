"""A small course in a temporary folder, the class that took it, and nbgrader's own commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.gradebook.writer import GradebookWriter
from autograder.model.course import PACKAGE, Course, Lecture, grade_id
from autograder.model.results import SubmissionResult
from autograder.runners.class_run import Options, grade, submitted

LECTURE, SLUG = "03_initialization", "initialization"

FANS = """    if len(shape) == 2:
        return int(shape[0]), int(shape[1])
    out, channels, height, width = shape
    return int(channels * height * width), int(out * height * width)"""
GLOROT = "    return rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))"
HEADS = {
    "fans": 'def fans(shape):\n    """Return (fan_in, fan_out)."""',
    "glorot_normal": 'def glorot_normal(fan_in, fan_out, rng):\n    """Draw weights."""',
}
BODIES = {"fans": FANS, "glorot_normal": GLOROT}
POINTS = {"fans": 3, "glorot_normal": 7}
WRITTEN = "written_symmetry"


def write(course: Course, results: Iterable[SubmissionResult]) -> None:
    """Write results into the gradebook of a course."""
    with GradebookWriter(course) as writer:
        for result in results:
            writer.write(result)


# nbgrader's commands in one process: a command alone takes seconds to import what it needs.
DRIVER = """
import json, sys, traceback
from autograder.gradebook.writer import import_nbgrader
import_nbgrader()
from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp
statuses = []
for argv in json.loads(sys.argv[1]):
    print("$ nbgrader", *argv, file=sys.stderr, flush=True)
    for command in (NbGraderApp, *(command for command, _ in NbGraderApp.subcommands.values())):
        command.clear_instance()  # else a command's options would stay for its next call
    app = NbGraderApp.instance()
    try:
        app.initialize(argv)
        app.start()
        statuses.append(0)
    except NoStart:  # how a command says that its subcommand has done the work
        statuses.append(0)
    except SystemExit as stop:
        statuses.append(int(stop.code or 0))
    except Exception:
        traceback.print_exc()
        statuses.append(70)
print(json.dumps(statuses))
"""


def answer(name: str, body: str) -> str:
    """Return the source of an exercise's cell."""
    return f"{HEADS[name]}\n{body}"


def code(source: str, **nbgrader: Any) -> dict[str, Any]:
    """Return a code cell."""
    return nbformat.v4.new_code_cell(
        source, metadata={"nbgrader": _metadata(nbgrader)} if nbgrader else {}, id=nbgrader.get("grade_id", "added")
    )


def text(source: str, cell_id: str, **nbgrader: Any) -> dict[str, Any]:
    """Return a Markdown cell."""
    return nbformat.v4.new_markdown_cell(source, metadata={"nbgrader": _metadata(nbgrader)} if nbgrader else {}, id=cell_id)


def _metadata(nbgrader: dict[str, Any]) -> dict[str, Any]:
    return {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False, **nbgrader}


def source_notebook() -> dict[str, Any]:
    """Return the solution notebook of a lecture with two exercises and a written answer."""
    cells = [
        text("# Initialization\n\n<details><summary>Hint</summary>a hint</details>", "title"),
        code("import numpy as np\nfrom coursekit import check", grade_id="setup", locked=True),
    ]
    for name, body in BODIES.items():
        solution = answer(name, f"    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION")
        hidden = f"check({name})\n### BEGIN HIDDEN TESTS\nfrom autograder import score\nscore({name})\n### END HIDDEN TESTS"
        cells += [
            code(solution, grade_id=name, solution=True),
            code(hidden, grade_id=f"test_{name}", grade=True, locked=True, points=POINTS[name]),
        ]
    question = "=== BEGIN MARK SCHEME ===\nneurons stay alike\n=== END MARK SCHEME ===\n"
    cells.append(text(f"Why not zeros?\n\n{question}", WRITTEN, grade_id=WRITTEN, grade=True, solution=True, points=2))
    kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec, "language_info": {"name": "python"}})


@dataclass(frozen=True)
class Folder:
    """A course in a folder of its own."""

    path: Path

    @property
    def course(self) -> Course:
        return Course(self.path)

    @property
    def lecture(self) -> Lecture:
        return self.course.lecture(LECTURE)

    @property
    def released(self) -> dict[str, Any]:
        return json.loads(self.lecture.released.read_text(encoding="utf-8"))

    def notebook(self, sources: dict[str, str]) -> dict[str, Any]:
        """Return the released notebook with these sources in its cells."""
        notebook = self.released
        for cell in notebook["cells"]:
            cell["source"] = sources.get(grade_id(cell), cell["source"])
        return notebook

    def hand_in(self, student: str, notebook: dict[str, Any] | str, timestamp: str | None = "2026-03-01 10:00:00.0 UTC") -> Path:
        """Put a notebook, or whatever else a student sent, into submitted/."""
        folder = self.path / "submitted" / student / LECTURE
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{SLUG}.ipynb"
        path.write_text(notebook if isinstance(notebook, str) else json.dumps(notebook), encoding="utf-8")
        if timestamp is not None:
            (folder / "timestamp.txt").write_text(timestamp + "\n", encoding="utf-8")
        return path

    def hand_in_class(self) -> None:
        """Hand in the notebooks of the whole class."""
        for student, notebook in class_of(self).items():
            self.hand_in(student, notebook)

    @staticmethod
    def answer(name: str, body: str = "") -> str:
        """Return the source of an exercise's cell, the right one where the body is left out."""
        return answer(name, body or BODIES[name])

    def grade(self, *students: str) -> list[SubmissionResult]:
        """Grade as «autograder grade» does, and write the gradebook."""
        hand_ins = [hand_in for hand_in in submitted(self.course, self.lecture) if not students or hand_in.student in students]
        results = sorted(grade(hand_ins, self.course, Options()), key=lambda result: result.student)
        write(self.course, results)
        return results

    def autograded(self, student: str) -> dict[str, Any]:
        """Return the autograded notebook."""
        return nbformat.read(self.path / "autograded" / student / LECTURE / f"{SLUG}.ipynb", as_version=4)

    def feedback(self, student: str) -> str:
        """Return the feedback page."""
        return (self.path / "feedback" / student / LECTURE / f"{SLUG}.html").read_text(encoding="utf-8")

    def nbgrader(self, *commands: Iterable[str], prefix: Iterable[str] = ()) -> tuple[list[int], str]:
        """Run nbgrader's commands, with the words of `prefix` before them; return their exit statuses and what they said."""
        arguments = json.dumps([list(command) for command in commands])
        driver, seconds = [*prefix, sys.executable, "-c", DRIVER, arguments], 300 * len(commands)
        done = subprocess.run(driver, cwd=self.path, env=self.environment(), capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    def environment(self) -> dict[str, str]:
        """Return an environment as after activation, without this account's own Jupyter configuration."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        home = self.path / ".home"
        home.mkdir(exist_ok=True)
        return {
            **os.environ,
            "PATH": programs,
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
            "IPYTHONDIR": str(home / "ipython"),
        }

    def grades(self) -> dict[tuple[str, str], tuple[float | None, float | None, float | None, bool]]:
        """Return all grades: automatic, manual, extra credit, and whether a person is asked, by student and cell."""
        return {(grade.student.id, grade.name): _marks(grade) for grade in self.rows("Grade")}

    def comments(self) -> dict[tuple[str, str], str | None]:
        """Return all automatic comments by student and cell."""
        return {(comment.student.id, comment.name): comment.auto_comment for comment in self.rows("Comment")}

    def rows(self, model: str) -> list[Any]:
        """Return all rows of one of nbgrader's tables."""
        from nbgrader import api

        return self.gradebook().db.query(getattr(api, model)).all()

    def gradebook(self) -> Any:
        """Return nbgrader's own gradebook; it is closed when the test is over."""
        from nbgrader.api import Gradebook

        gradebook = Gradebook(f"sqlite:///{self.path / 'gradebook.db'}", "training_deep_neural_networks")
        OPEN.append(gradebook)
        return gradebook


OPEN: list[Any] = []


def _marks(grade: Any) -> tuple[float | None, float | None, float | None, bool]:
    return grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade


@pytest.fixture(autouse=True)
def close_gradebooks():
    """Let no connection of one test hold the database of the next."""
    yield
    while OPEN:
        OPEN.pop().close()


def class_of(folder: Folder) -> dict[str, dict[str, Any]]:
    """Return the notebooks of a small class; each can be read by nbgrader itself."""
    right = {name: answer(name, body) for name, body in BODIES.items()}
    noisy = "    print('drawing')\n    np.log(np.zeros(1))\n" + GLOROT  # the second warns on standard error
    return {
        "ann": folder.notebook({**right, WRITTEN: "Because they stay alike. <script>alert(1)</script>"}),
        "ben": folder.notebook(
            {**right, "fans": answer("fans", "    return tuple(shape[:2])"), "glorot_normal": answer("glorot_normal", noisy)}
        ),
        "cem": folder.notebook({}),
        "dee": folder.notebook({**right, "fans": "def fans(shape:\n    return"}),
        "eve": folder.notebook({**right, "glorot_normal": answer("glorot_normal", GLOROT.replace("2 / (fan_in + fan_out)", "1 / fan_in"))}),
        "fay": folder.notebook({**right, "glorot_normal": "glorot_normal = 3"}),
    }


@pytest.fixture(scope="session")
def folder_at() -> type[Folder]:
    """Return what makes a course in a given folder."""
    return Folder


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A course as after a checkout, with nbgrader's configuration, made by nbgrader's own generate_assignment."""
    folder = Folder(tmp_path_factory.mktemp("pristine"))
    shutil.copy(PACKAGE.parent / "nbgrader_config.py", folder.path)
    source = folder.path / "solutions" / LECTURE / f"{SLUG}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(source_notebook(), source)
    source.with_suffix(".py").write_text("# the paired script, with the solutions\n", encoding="utf-8")
    statuses, said = folder.nbgrader(["generate_assignment", LECTURE])
    assert statuses == [0], said
    return folder


@pytest.fixture(scope="session")
def new_folder(pristine: Folder, tmp_path_factory: pytest.TempPathFactory):
    """Return copies of the pristine course, with nbgrader's database or without."""

    def copy(name: str, database: bool = False) -> Folder:
        folder = Folder(tmp_path_factory.mktemp(name))
        shutil.copytree(
            pristine.path, folder.path, dirs_exist_ok=True, ignore=None if database else shutil.ignore_patterns("gradebook.db*")
        )
        return folder

    return copy
