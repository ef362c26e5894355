"""otter-grader beside ours: an environment with it, made on demand, and lecture 05 as an assignment for ``otter run``.

Otter gets the same hidden suite. There is a test file for each exercise and in it a test case for each hidden test, with that test's share
of the points. The first case of an exercise runs its hidden tests in the notebook's kernel, as ``score`` does for nbgrader; each case then
passes or fails as its own test did. So otter's marks are ours, but not rounded to hundredths.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from roster import submission
from workshop import Workshop

from autograder.model.course import Course, Lecture, suite_of
from coursekit.suite import CollectedTest, collected

ZIP = "autograder.zip"
NEEDED = ("ipykernel", "matplotlib", "msgpack", "numpy", "pytest", "scipy")  # what the suite and a notebook need, as we have it
TEST_FILE = """from otter.test_files import test_case

from autograder.judging.grading import judge
from coursekit.student import LocalStudent, is_stub

OK_FORMAT = False
name = {name!r}
results = []


def hidden_test(number, env):
    if not results:
        untouched = frozenset([name] if is_stub(env.get(name)) else [])
        results.extend(judge({slug!r}, LocalStudent(env), {{name: {points!r}}}, untouched))
    test = results[0].tests[number]
    assert results[0].status != "not_attempted" and test.outcome == "passed", test.message
"""
TEST_CASE = """

@test_case(points={points!r})
def case_{number}(env):
    hidden_test({number}, env)
"""


class Unavailable(Exception):
    """Otter can't be installed here."""


def install(folder: Path, root: Path) -> Path:
    """Make an environment with otter in `folder`, if there is none, which finds the course at `root`; return its programs.

    Raises
    ------
    Unavailable
        If pip can't install it.
    """
    programs = folder / "bin"
    if not (programs / "otter").exists():
        packages = ["otter-grader", *(f"{name}=={version(name)}" for name in NEEDED)]
        for command in ([sys.executable, "-m", "venv", str(folder)], [str(programs / "python"), "-m", "pip", "install", "-q", *packages]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                said = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
                raise Unavailable(f"otter-grader could not be installed, so it is left out: {said}")
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "the_course.pth").write_text(f"{root}\n{root / 'course'}\n", encoding="utf-8")
    return programs


def installed(programs: Path) -> str:
    """Return the version of otter."""
    said = subprocess.run([str(programs / "otter"), "--version"], capture_output=True, text=True).stdout
    return next((line.split()[-1] for line in said.splitlines() if "otter" in line.lower()), "unknown")


def assignment(workshop: Workshop, programs: Path) -> Path:
    """Write the tests of the lecture, let ``otter generate`` make an assignment of them, and return it."""
    folder = workshop.folder / "otter-assignment"
    tests = folder / "tests"
    tests.mkdir(parents=True)
    for name in workshop.lecture.points:
        (tests / f"{name}.py").write_text(test_file(workshop.lecture, name), encoding="utf-8")
    workshop.run([str(programs / "otter"), "generate", "-t", "tests", "-o", ZIP, "--no-requirements", "--no-environment"], folder)
    return folder / ZIP


def test_file(lecture: Lecture, exercise: str) -> str:
    """Return an exercise's test file in otter's own form."""
    tests = list(_hidden_tests(lecture, exercise))
    points = lecture.points[exercise]
    whole = sum(_weight(test) for test in tests)
    cases = (TEST_CASE.format(number=number, points=points * _weight(test) / whole) for number, test in enumerate(tests))
    return TEST_FILE.format(name=exercise, slug=lecture.slug, points=points) + "".join(cases)


def _hidden_tests(lecture: Lecture, exercise: str) -> Iterator[CollectedTest]:
    suite = suite_of(lecture.slug)
    about = suite.stat()
    return (test for test in collected(suite, about.st_mtime_ns, about.st_size) if test.exercise == exercise)


def _weight(test: CollectedTest) -> float:
    return float(getattr(getattr(test.case, test.method), "worth", 1.0))


def command(programs: Path, made: Path) -> Sequence[str]:
    """Return the command for one student; otter has none for a class that runs without Docker."""
    return [str(programs / "otter"), "run", "{submission}", "-a", str(made), "-o", "{folder}", "--no-logo"]


def marks(folder: Path, students: Sequence[str]) -> dict[tuple[str, str], float | None]:
    """Return each student's mark for each test cell, as otter's results have them."""
    lecture = Course(folder).lecture(next(iter((folder / "submitted").glob("*/*"))).name)
    found: dict[tuple[str, str], float | None] = {}
    for student in students:
        results = json.loads((submission(lecture, student).parent / "results.json").read_text(encoding="utf-8"))
        for test in results["tests"]:
            if test["name"] in lecture.points:
                found[student, f"test_{test['name']}"] = test["score"]
    return found
