"""The engine as a wheel in the environment of another course, whose suites, references and misconceptions lie in its own folder."""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import coursekit
from autograder.build.leaks import module_secrets, squeezed, suite_secrets
from autograder.errors import WorkerError
from autograder.model.course import Course, HiddenModules, Layout, layout_of
from autograder.model.submission import read_submission
from autograder.runners.class_run import Options, task_of
from autograder.runners.grader_version import installed
from autograder.runners.protocol import result_in
from autograder.runners.worker import close_sandbox, work

from .conftest import REPOSITORY, Elsewhere, environment, write

LECTURES = ("suites", "reference", "misconceptions")
KIT = REPOSITORY / "course" / "coursekit"
TYPED = "coursekit/py.typed"
SET_UP = ("coursekit.check", "coursekit.ready")  # loaded by guests for our own notebooks, where they are there

CONFIG = """
    c = get_config()
    c.CourseDirectory.course_id = "statistics"
    c.Autograder.hidden_directory = "tests/hidden"
    c.Autograde.exporter_class = "autograder.gradebook.nbgrader_plugin.SubmissionExporter"
    c.Autograde.sanitize_preprocessors = ["autograder.gradebook.nbgrader_plugin.Restore"]
    c.Autograde.autograde_preprocessors = ["autograder.gradebook.nbgrader_plugin.Grade", "nbgrader.preprocessors.CheckCellMetadata"]
"""

SUITE = '''
    from autograder.kit.contracts import ArgumentsUnchanged
    from coursekit import aspect, exercise, expect


    @exercise("spread")
    class TestSpread(ArgumentsUnchanged):
        def arguments(self, rng):
            return (rng.normal(size=6),)

        @aspect("the spread", 1)
        def test_spread(self, student, reference, rng):
            """The spread of random numbers is right."""
            x = rng.normal(3, 2, size=7)
            expect(student.spread(x)).close_to(reference.spread(x))

        @aspect("equal numbers", 1)
        def test_equal(self, student):
            """Equal numbers have no spread."""
            expect(student.spread([0.5, 0.5])).close_to(0.0)
'''

REFERENCE = '''
    import numpy as np


    def spread(x):
        """The mean of the squares, less the square of the mean."""
        x = np.asarray(x, dtype=float)
        return np.sqrt(np.mean((x - x.mean()) ** 2))
'''

ANSWERS = '''
    import numpy as np

    from autograder.judging.known_answers import misconception
    from autograder.kit.families import in_place

    from ..reference import ps1 as right


    @misconception("spread", "part", title="Divided by n − 1", see="ps1 §1")
    def one_less(x):
        """You divided by n − 1, as for an estimate from a sample."""
        return np.std(x, ddof=1)


    @misconception("spread", "part", title="The root is missing", see="ps1 §1")
    def variance(x):
        """You returned the variance; the spread is its square root."""
        return np.var(x)


    changes_x = in_place("spread", right.spread, see="ps1 §1")
'''

RIGHT = "return np.std(x)"
STUB = "def spread(x):\n    ### BEGIN SOLUTION\n    return np.std(x)\n    ### END SOLUTION"


def cell(name: str, source: str, kind: str = "code", **nbgrader: Any) -> dict[str, Any]:
    """Return a cell of a notebook, with nbgrader's metadata if it has a name."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3} | nbgrader
    metadata = {"nbgrader": {**flags, "grade_id": name}} if name else {}
    more: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": name or "text", "metadata": metadata, "source": source, **more}


def notebook(*cells: dict[str, Any]) -> str:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": list(cells), "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


def source() -> str:
    """Return the source notebook of the assignment."""
    return notebook(
        cell("setup", "import numpy as np", locked=True),
        cell("", "## §1 Spread", "markdown"),
        cell("spread", STUB, solution=True),
        cell("test_spread", "assert spread([2.0, 2.0]) == 0", grade=True, locked=True, points=4),
    )


def make_course(root: Path) -> Path:
    """Write a course with nbgrader's own folders: an assignment with a hidden suite, and one without."""
    write(root, "nbgrader_config.py", CONFIG)
    write(root, "source/ps1/ps1.ipynb", source())
    write(root, "source/ps2/ps2.ipynb", source())
    hidden = HiddenModules(root / "tests" / "hidden", "ps1")
    for path, text in ((hidden.suite, SUITE), (hidden.reference, REFERENCE), (hidden.misconceptions, ANSWERS)):
        write(root, path.relative_to(root).as_posix(), text)
    return root


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports at any place, and the names that it takes from them as if they were modules, too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = (
                f"coursekit.{node.module or ''}".rstrip(".") if node.level else str(node.module)
            )  # coursekit has no folders in this part
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))


def engine_files() -> list[Path]:
    return [path for path in (REPOSITORY / "autograder").rglob("*.py") if path.relative_to(REPOSITORY).parts[1] not in LECTURES]


def general_part() -> set[str]:
    """Return the modules of coursekit that the engine imports, with what these import; what only students' set-up cells need is none."""
    waiting = {name for path in engine_files() for name in imports(path) if path.name != "guest.py" or name not in SET_UP}
    found = {"__init__"}
    while waiting:
        name = waiting.pop()
        parts = name.split(".")
        name = (coursekit._HOME.get(parts[1], parts[1]) if len(parts) > 1 else "") if parts[0] == "coursekit" else ""
        if (KIT / f"{name}.py").is_file() and name not in found:
            found.add(name)
            waiting |= {*imports(KIT / f"{name}.py")}
    return found


def test_the_wheel_asks_for_what_the_engine_imports_and_for_nothing_of_this_course(wheel: Path) -> None:
    """Each module that is imported belongs to a distribution that is asked for, or that comes with one; each one asked for is imported."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    asked = [Requirement(line) for line in message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])]
    assert "coursekit" not in {one.name for one in asked}
    needed = {canonicalize_name(one.name) for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})}
    assert not needed & {"autograd", "jupyterlab", "matplotlib", "pillow", "scikit-learn"}
    files = [*engine_files(), *(KIT / f"{module}.py" for module in general_part())]
    tops = {name.split(".")[0] for path in files for name in imports(path)} - sys.stdlib_module_names - {"autograder", "coursekit"}
    homes = packages_distributions()
    homes = {top: {canonicalize_name(home) for home in homes[top]} for top in tops}
    extras = {canonicalize_name(one.name) for one in asked} - needed
    there = with_dependencies(needed)
    assert {top for top in tops if not homes[top] & (there | extras)} == {"matplotlib"}, "which is used where a notebook imports it"
    assert needed <= {home for homes_of_one in homes.values() for home in homes_of_one}


def with_dependencies(names: set[str]) -> set[str]:
    """Return these distributions with all that they ask for on this machine."""
    found, waiting = set(), {*names}
    while waiting:
        found.add(name := waiting.pop())
        with suppress(PackageNotFoundError):
            asked = [Requirement(line) for line in requires(name) or ()]
            waiting |= {canonicalize_name(one.name) for one in asked if not one.marker or one.marker.evaluate({"extra": ""})} - found
    return found


def test_the_wheel_holds_the_engine_and_nothing_of_our_lectures(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    ours = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "autograder").rglob("*") if path.suffix in (".py", ".jinja")}
    wanted = {name for name in ours if name.split("/")[1] not in LECTURES}
    assert wanted <= {*names}
    assert {name for name in names if name.startswith("coursekit/")} == {f"coursekit/{module}.py" for module in general_part()} | {TYPED}
    slugs = {lecture.slug for lecture in Course(REPOSITORY).lectures()}
    assert not [name for name in names if name.split("/")[1] in LECTURES or any(slug in name for slug in slugs)]
    engine = squeezed("".join(zipfile.ZipFile(wheel).read(name).decode() for name in names))
    hidden = REPOSITORY / "autograder"
    secrets = [*module_secrets(hidden / "reference"), *suite_secrets(hidden / "suites")]
    assert len(secrets) > 1000 and [secret for secret in secrets if secret.text in engine] == []


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """A course with an assignment that nbgrader has released, and three hand-ins."""
    place = tmp_path_factory.mktemp("elsewhere")
    root = make_course(place / "course")
    made = Elsewhere(root, environment(place / "environment"))
    made.install(wheel)
    done = made.run("nbgrader", "generate_assignment", "ps1")
    assert done.returncode == 0, done.stderr
    released = json.loads((root / "release/ps1/ps1.ipynb").read_text(encoding="utf-8"))
    answers = {"ada": RIGHT, "ben": "return np.std(x, ddof=1)", "cem": f"open({str(root / 'tests/hidden/reference/ps1.py')!r})"}
    for student, answer in answers.items():
        for each in released["cells"]:
            if each["metadata"].get("nbgrader", {}).get("grade_id") == "spread":
                each["source"] = f"def spread(x):\n    {answer}"
        write(root, f"submitted/{student}/ps1/ps1.ipynb", json.dumps(released))
    return made


def test_a_class_is_graded_with_the_hidden_modules_of_its_course(elsewhere: Elsewhere) -> None:
    """Also in processes of their own, and none of the hidden modules can be read by a student's code."""
    done = elsewhere.run("autograder", "grade", "ps1", "--json", "-", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    results = {result["student"]: result for result in json.loads(done.stdout)["results"]}
    assert {student: result["score"] for student, result in results.items()} == {"ada": 4.0, "ben": 2.0, "cem": 0.0}
    (wrong,) = results["ben"]["exercises"]
    assert wrong["misconception"]["id"] == "one_less"
    assert all("PermissionError" in test["message"] for test in results["cem"]["exercises"][0]["tests"] if test["outcome"] == "failed")
    assert (elsewhere.root / "autograded/ben/ps1/ps1.ipynb").is_file() and (elsewhere.root / "gradebook.db").is_file()


def test_the_other_ways_in(elsewhere: Elsewhere, tmp_path: Path) -> None:
    done = elsewhere.run("autograder", "try", "ps1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrong: 3 of 3 misconceptions are in their band, 3 are named" in done.stdout
    code = "import numpy as np\nfrom autograder import score\ndef spread(x):\n    return np.std(x)\nprint(score(spread))"
    assert elsewhere.run("python", "-c", code).stdout.splitlines()[-1] == "4.0"
    suite, ben = elsewhere.root / "tests/hidden/suites/test_ps1.py", elsewhere.root / "submitted/ben/ps1/ps1.ipynb"
    done = elsewhere.run("python", "-m", "pytest", "-p", "no:cacheprovider", suite, "--notebook", ben)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    done = elsewhere.run("autograder", "report", "--output", tmp_path / "report")
    assert done.returncode == 0 and (tmp_path / "report" / "index.html").is_file(), done.stderr
    done = elsewhere.run("autograder", "demo", "--students", "3", "--output", tmp_path / "demo")
    assert done.returncode == 0 and (tmp_path / "demo" / "report" / "index.html").is_file(), done.stderr


@pytest.mark.parametrize("command", [["new", "03_shape", "skewness:2"], ["build", "ps1"]], ids=["new", "build"])
def test_what_needs_the_students_package_says_so(elsewhere: Elsewhere, command: list[str]) -> None:
    done = elsewhere.run("autograder", *command)
    assert done.returncode == 2
    assert (
        "has no release/coursekit/public" in done.stderr
        and "nbgrader generate_assignment" in done.stderr
        and "Traceback" not in done.stderr
    )


# --- without an installation -----------------------------------------------------------------------------------------------


def test_folders_are_those_of_the_configuration(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    assert layout_of(root) == Layout("source", "release", "tests/hidden")
    (lecture,) = Course(root).lectures()
    assert (lecture.id, lecture.slug, lecture.number) == ("ps1", "ps1", "ps1") and lecture.has_suite
    assert lecture.hidden.suite == root / "tests/hidden/suites/test_ps1.py"
    (root / "nbgrader_config.py").write_text(dedent(CONFIG).replace("tests/hidden", "elsewhere") + "\n\n")
    assert Course(root).lectures() == ()


def test_the_version_of_the_grader_knows_the_courses_own_files(tmp_path: Path) -> None:
    hidden = Course(make_course(tmp_path / "one")).lecture("ps1").hidden
    before = installed(hidden)
    assert installed(Course(make_course(tmp_path / "two")).lecture("ps1").hidden) == before, "wherever the course lies"
    (hidden.suite.parent / "test_ps3.py").write_text("# another lecture's\n")
    (hidden.folder / "misconceptions" / "ps3.py").write_text("# another lecture's\n")
    assert installed(hidden) == before
    for path in (hidden.suite, hidden.reference, hidden.misconceptions, hidden.folder / "reference" / "shared.py"):
        path.write_text((path.read_text() if path.exists() else "") + "# changed\n")
        before, last = installed(hidden), before
        assert before != last, path


def test_a_worker_finds_the_course_where_the_host_has_it_or_where_it_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = Course(make_course(tmp_path / "host"))
    released = write(course.root, "release/ps1/ps1.ipynb", source())
    handed_in = write(course.root, "submitted/ada/ps1/ps1.ipynb", released.read_text(encoding="utf-8"))
    message = task_of(read_submission(handed_in, course, "ada", course.lecture("ps1")), Options()).to_bytes()
    monkeypatch.chdir(tmp_path)
    try:
        assert result_in(work(message)).score == 4
        course.root.rename(tmp_path / "copy")
        with pytest.raises(
            WorkerError, match=r"it has no hidden tests of ps1: put the course's folder where the host has it, so that there is"
        ):
            result_in(work(message))
        monkeypatch.chdir(tmp_path / "copy")
        assert result_in(work(message)).score == 4
        write(tmp_path / "copy", "tests/hidden/suites/test_ps1.py", "# another\n")
        with pytest.raises(WorkerError, match=r"another version of the grader \(other code\)"):
            result_in(work(message))
    finally:
        close_sandbox()


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"source_directory": "originals"}, "originals/ps1"),
        ({"source_directory": "{root}/originals"}, "originals/ps1"),
        ({"directory_structure": "{assignment_id}/{nbgrader_step}/{student_id}"}, "ps1/source"),
    ],
    ids=["folder", "absolute", "structure"],
)
def test_assignments_lie_where_the_configuration_has_them(tmp_path: Path, options: dict[str, str], place: str) -> None:
    lines = [f"c.CourseDirectory.{name} = {value.replace('{root}', str(tmp_path))!r}\n" for name, value in options.items()]
    write(tmp_path, "nbgrader_config.py", "".join(["c = get_config()\n", *lines]))
    write(tmp_path, f"{place}/one.ipynb", notebook())
    write(tmp_path, "originals/header.ipynb", notebook())
    found = Course(tmp_path).assignments
    assert found.keys() == {"ps1"} and found["ps1"].samefile(tmp_path / place)
