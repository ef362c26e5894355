"""A temporary folder with the class handed in, and an environment that is nobody's own: where everything is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import meter
import roster

from autograder.model.course import Course


class Workshop:
    """A temporary folder with the released course, in it or not the demonstrations.

    Parameters
    ----------
    course : Course
        Where the lecture is taken from.
    folder : Path
        An empty directory.
    students : int
        How many hand in.
    patience : float
        How many seconds to wait for a quiet machine.
    """

    def __init__(self, course: Course, folder: Path, students: int, patience: float) -> None:
        self.patience = patience
        self.lecture, self.folder = course.lecture(roster.LECTURE), folder
        self.environment = self._environment()
        self.students: list[str] = []
        for demonstrations in (True, False):
            self._prepare(demonstrations, students)

    def _environment(self) -> dict[str, str]:
        """Return an environment as after activation, without this account's own settings of Python and Jupyter."""
        home = self.folder / "home"
        home.mkdir()
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
        own = {"HOME": home, "JUPYTER_CONFIG_DIR": home / "jupyter", "IPYTHONDIR": home / "ipython", "MPLCONFIGDIR": home / "mpl"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # one of them forbids bytecode
        return {**inherited, "PATH": programs, "PYTHONNOUSERSITE": "1", **threads, **{name: str(path) for name, path in own.items()}}

    def _prepare(self, demonstrations: bool, students: int) -> None:
        """Make the course of a variant, let nbgrader release it, and hand in."""
        lecture = roster.new_course(self.lecture, self._pristine(demonstrations), demonstrations)
        self.run([sys.executable, "-m", "nbgrader", "generate_assignment", lecture.id, "--force"], lecture.root)
        self.students = roster.hand_in(lecture, students)

    def _pristine(self, demonstrations: bool) -> Path:
        return self.folder / ("released" if demonstrations else "no-demonstrations")

    def run(self, command: Sequence[str], where: Path, environment: Mapping[str, str] | None = None) -> str:
        """Run a command that isn't measured, and return what it prints.

        Raises
        ------
        CommandFailed
            If it doesn't end well.
        """
        environment = {**self.environment, **(environment or {})}
        done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise meter.CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return done.stdout

    @contextmanager
    def course(self, students: Sequence[str], demonstrations: bool = True, plugin: bool = True, apart: bool = False) -> Iterator[Path]:
        """Yield a fresh copy of a course into which `students` have handed in, nothing graded."""
        copy = self.folder / "run"
        shutil.copytree(self._pristine(demonstrations), copy)
        roster.keep(copy, students)
        if not plugin:
            roster.without_plugin(copy)
        if apart:
            roster.set_apart(copy)
        try:
            yield copy
        finally:
            shutil.rmtree(copy)
