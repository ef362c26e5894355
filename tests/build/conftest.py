"""A course of one tiny lecture, for the tests of the build: everything that a lecture has, as small as it can be.

And environments in which nothing of this repository can be imported, for the engine's wheel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from autograder.build import Built, build
from autograder.model.course import Course

ID, SLUG = "07_tiny", "tiny"
REPOSITORY = Path(__file__).parents[2]
SECONDS = 300
OFFLINE = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_QUIET": "1"}


def write(root: Path, name: str, text: str) -> Path:
    """Write a file of the course, with its folders."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def make_course(root: Path) -> Path:
    """Write the course into `root`."""
    write(root, "nbgrader_config.py", CONFIG)
    write(root, f"solutions/{ID}/{SLUG}.py", SCRIPT)
    write(root, f"solutions/{ID}/picture.svg", "<svg/>\n")
    write(root, f"course/coursekit/public/test_{SLUG}.py", PUBLIC)
    write(root, f"autograder/suites/test_{SLUG}.py", SUITE)
    write(root, f"autograder/reference/{SLUG}.py", REFERENCE)
    write(root, f"autograder/misconceptions/{SLUG}.py", ANSWERS)
    return root


def make_stand_ins(folder: Path) -> Path:
    """Write stand-ins for a kernel's coursekit and autograder, which don't know the tiny lecture; return the folder to import them from."""
    write(folder, "coursekit.py", COURSEKIT)
    write(folder, "autograder.py", "def score(function):\n    return 2.0\n")
    return folder


COURSEKIT = """
    def check(function):
        print("checked", function.__name__)

    def ready(function):
        return "NotImplementedError" not in function.__code__.co_names
"""

CONFIG = """
    c = get_config()
    c.CourseDirectory.course_id = "tiny_course"
    c.CourseDirectory.source_directory = "solutions"
    c.CourseDirectory.release_directory = "course"
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "*.py", "feedback"]
"""

SCRIPT = '''
    # ---
    # jupyter:
    #   jupytext:
    #     formats: ipynb,py:percent
    #     text_representation:
    #       extension: .py
    #       format_name: percent
    #   kernelspec:
    #     display_name: Python 3 (ipykernel)
    #     language: python
    #     name: python3
    # ---

    # %% [markdown]
    # # A tiny lecture

    # %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
    from coursekit import check, ready

    # %% [markdown]
    # ## §1 Means
    #
    # ### Exercise 1 · harmonic_mean

    # %% nbgrader={"grade": false, "grade_id": "harmonic_mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
    def harmonic_mean(a, b):
        """Return the harmonic mean of two numbers."""
        ### BEGIN SOLUTION
        total = 1.0 / a + 1.0 / b
        answer = 2.0 / total
        return answer
        ### END SOLUTION

    # %% nbgrader={"grade": true, "grade_id": "test_harmonic_mean", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
    check(harmonic_mean)
    ### BEGIN HIDDEN TESTS
    from autograder import score
    score(harmonic_mean)
    ### END HIDDEN TESTS

    # %% tags=["demo"]
    if ready(harmonic_mean):
        print("of 1 and 3:", harmonic_mean(1, 3))

    # %% [markdown] nbgrader={"grade": true, "grade_id": "written_mean", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
    # Which of the two numbers is the harmonic mean closer to?
    #
    # === BEGIN SOLUTION ===
    # It always lies nearer to the smaller one of both.
    # === END SOLUTION ===
'''  # noqa: E501

PUBLIC = '''
    from coursekit import exercise, expect


    @exercise("harmonic_mean")
    class TestHarmonicMean:
        def test_of_equals(self, student):
            """The mean of equal numbers is that number."""
            expect(student.harmonic_mean(3.0, 3.0)).close_to(3.0)
'''

SUITE = '''
    from coursekit import aspect, corner, exercise, expect


    @exercise("harmonic_mean")
    class TestHarmonicMean:
        @aspect("other numbers", 2)
        def test_random(self, student, reference, rng):
            """Random numbers have the right mean."""
            a, b = rng.uniform(0.5, 2.5, size=2)
            expected = reference.harmonic_mean(a, b)
            expect(student.harmonic_mean(a, b)).close_to(expected)

        @aspect("equal numbers", 1)
        def test_equal(self, student, reference):
            """The mean of two equal numbers is that number."""
            expect(student.harmonic_mean(0.75, 0.75)).close_to(0.75)

        @corner("large numbers", 0.1)
        def test_large(self, student, reference):
            """Numbers whose product is infinite have a mean."""
            expect(student.harmonic_mean(3e200, 3e200)).close_to(3e200)
'''

REFERENCE = '''
    import numpy as np


    def harmonic_mean(a, b):
        """The product of both, over their arithmetic mean; both are divided by b."""
        product, arithmetic = a * 1.0, (a + b) / 2 / b
        return product / arithmetic + 0.0 * product
'''

ANSWERS = "from autograder.judging.known_answers import alternative, misconception\n" + "".join(
    f'''

@{mark}
def {name}(a, b):
    """You took another mean."""
    return {code}
'''
    for mark, name, code in (
        ('misconception("harmonic_mean", "part", title="Arithmetic", see="07 §1")', "arithmetic", "(a + b) / 2"),
        ('misconception("harmonic_mean", "slip", title="A product", see="07 §1")', "product", "2 * (a * b) / (a + b)"),
        ('misconception("harmonic_mean", "core", title="Half", see="07 §1")', "half", "1 / (1 / a + 1 / b)"),
        ('alternative("harmonic_mean")', "as_powers", "2 * (a**-1 + b**-1) ** -1"),
        ('alternative("harmonic_mean")', "as_quotients", "2 / (1 / b + 1 / a)"),
        ('alternative("harmonic_mean")', "turned_round", "1 / ((1 / a + 1 / b) / 2)"),
    )
)


@pytest.fixture(scope="session")
def stand_in_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stand-ins are."""
    return make_stand_ins(tmp_path_factory.mktemp("stand_ins"))


@pytest.fixture
def stand_ins(stand_in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels import the stand-ins; during one test only, for they'd stand in for the real packages in any other process, too."""
    monkeypatch.setenv("PYTHONPATH", str(stand_in_folder))


@pytest.fixture(scope="session")
def first_build(stand_in_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """The tiny course after its first build, and what that build did. Not to be changed: `root` is a copy for that."""
    root = make_course(tmp_path_factory.mktemp("course"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(stand_in_folder))
        return root, build(Course(root))


@pytest.fixture
def root(first_build: tuple[Path, Built], tmp_path: Path) -> Path:
    """The tiny course, built, for a test to spoil."""
    return Path(shutil.copytree(first_build[0], tmp_path / "course"))


@pytest.fixture
def unbuilt(tmp_path: Path) -> Path:
    """The tiny course, not built yet."""
    return make_course(tmp_path / "unbuilt")


# --- the engine's wheel -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", f"--wheel-dir={folder}", str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **OFFLINE})
    (found,) = folder.glob("*.whl")
    return found


@dataclass(frozen=True)
class Elsewhere:
    """A course in a folder of its own, and the programs of an environment in which nothing of this repository can be imported."""

    root: Path
    programs: Path

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the course's folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COURSEKIT", "PYTHON", "VIRTUAL"))}
        environment = {**kept, **OFFLINE, "HOME": str(self.programs.parent), "PATH": f"{self.programs}{os.pathsep}{os.defpath}"}
        command = [shutil.which(program, path=environment["PATH"]) or program, *map(str, arguments)]
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=SECONDS)

    def install(self, wheel: Path) -> None:
        """Install the engine's wheel, and nothing else."""
        done = self.run("pip", "install", wheel)
        assert done.returncode == 0, done.stderr
        code = "import autograder, coursekit, sys; print(autograder.__file__, coursekit.__file__, *sys.path, sep='\\n')"
        paths = self.run("python", "-c", code).stdout.splitlines()
        ours = str(self.programs.parent)
        assert paths[0].startswith(ours) and paths[1].startswith(ours) and str(REPOSITORY) not in paths, paths


def environment(folder: Path) -> Path:
    """Make a virtual environment with links to all that is installed here but this repository's packages; return its programs."""
    venv.create(folder, symlinks=True, with_pip=False)
    programs = folder / "bin"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([programs / "python", "-c", code], check=True, capture_output=True, text=True).stdout.strip())
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.suffix != ".pth" and not entry.name.startswith(("training_deep_neural_networks", "coursekit", "__pycache__")):
            (packages / entry.name).symlink_to(entry)
    (folder / "share").symlink_to(Path(sys.prefix, "share"))  # nbconvert's templates
    for name in ("alembic", "nbgrader", "pip"):
        (programs / name).write_text(f'#!/bin/sh\nexec "{programs}/python" -m {name} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    return programs
