"""A temporary folder with a class that has handed in, and an environment that is nobody's own: where everything is measured."""

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

from autograder.model.course import Lecture


class Workshop:
    """A temporary folder with a released lecture and a class that has handed in.

    Parameters
    ----------
    lecture : Lecture
        What is graded.
    folder : Path
        A new directory.
    students : int
        How many hand in.
    patience : float
        How many seconds to wait for an idle machine before a run.
    """

    def __init__(self, lecture: Lecture, folder: Path, students: int, patience: float) -> None:
        self.lecture, self.folder, self.patience = lecture, folder, patience
        self.students = roster.names(students)
        self.environment = environment(folder)

    def _handed_in(self, plain: bool) -> Path:
        """Return the course into which the whole class has handed in; when it is first asked for, nbgrader releases the lecture there."""
        folder = self.folder / ("without-demonstrations" if plain else "released")
        if not folder.exists():
            lecture = roster.new_course(self.lecture, folder, demonstrations=not plain)
            self.run([sys.executable, "-m", "nbgrader", "generate_assignment", lecture.id, "--force"], folder)
            roster.hand_in(lecture, len(self.students))
        return folder

    def run(self, command: Sequence[str], where: Path) -> str:
        """Run a command in this environment that isn't measured, and return what it prints."""
        return run(command, where, self.environment)

    @contextmanager
    def course(self, students: Sequence[str], plain: bool = False) -> Iterator[Path]:
        """Yield a fresh course into which `students` have handed in, nothing graded.

        Where it is `plain`, notebooks have no demonstrations, and nbgrader is configured to grade by itself.
        """
        copy = self.folder / "run"
        shutil.copytree(self._handed_in(plain), copy)
        roster.keep(copy, set(students))
        if plain:
            roster.without_plugin(copy)
        try:
            yield copy
        finally:
            shutil.rmtree(copy)


def environment(folder: Path) -> dict[str, str]:
    """Return an environment as after activation, without this account's settings of Python and Jupyter; its home is made in `folder`."""
    home = folder / "home"
    home.mkdir(parents=True)
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    own = {"HOME": home, "JUPYTER_CONFIG_DIR": home / "jupyter", "IPYTHONDIR": home / "ipython", "MPLCONFIGDIR": home / "mpl"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # one of them forbids bytecode
    return {**inherited, "PATH": programs, "PYTHONNOUSERSITE": "1", **threads, **{name: str(path) for name, path in own.items()}}


def run(command: Sequence[str], where: Path, environment: Mapping[str, str]) -> str:
    """Run a command that isn't measured, and return what it prints.

    Raises
    ------
    CommandFailed
        If it doesn't end well.
    """
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise meter.CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout
