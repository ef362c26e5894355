"""docs/any-course.md, followed by a newcomer: nbgrader's quickstart course, in a folder and an environment without this repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbgrader
import pytest
from bs4 import BeautifulSoup

from ..test_documents import blocks, commands, prose, tidy
from .conftest import Elsewhere, environment

PAGE = "docs/any-course.md"
HANDED_IN = Path(nbgrader.__file__).parent / "docs/source/user_guide/submitted"
MARKS = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", "course101") as book:
    for each in book.assignment_submissions("ps1"):
        print(each.student.id, each.score, each.max_score, each.needs_manual_grade)
"""
SCORES = ["bitdiddle 1.5 13.0 True", "hacker 3.0 13.0 True", "reasoner 0.0 13.0 True"]


@pytest.fixture(scope="module")
def course(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """nbgrader's quickstart course with three hand-ins, beside it the wheel as it was downloaded; nothing is installed yet."""
    place = tmp_path_factory.mktemp("newcomer")
    made = Elsewhere(place, environment(place / "environment"))
    assert made.run("python", "-c", "import autograder").returncode == 1
    done = made.run("nbgrader", "quickstart", "course101")
    assert done.returncode == 0, done.stderr
    course = Elsewhere(place / "course101", made.programs)
    done = course.run("nbgrader", "generate_assignment", "ps1")
    assert done.returncode == 0, done.stderr
    for student in ("bitdiddle", "hacker"):
        shutil.copytree(HANDED_IN / student / "ps1", course.root / "submitted" / student / "ps1")
    shutil.copytree(course.root / "release/ps1", course.root / "submitted/reasoner/ps1")
    shutil.copy(wheel, course.root)
    return course


@pytest.fixture(scope="module")
def followed(course: Elsewhere) -> Elsewhere:
    """The course after all commands of the page, with the lines of its configuration where the page has them; marks are compared."""
    (lines,) = (block.text for block in blocks(PAGE, "python"))
    asked = [command for command, _ in commands(PAGE)]
    assert [command.split()[:2] for command in asked] == [
        ["pip", "install"],
        ["autograder", "grade"],
        ["nbgrader", "autograde"],
        ["nbgrader", "generate_feedback"],
        ["autograder", "grade"],
    ]
    for command, prints in commands(PAGE):
        if command.startswith("nbgrader autograde"):
            shutil.rmtree(course.root / "autograded")
            with open(course.root / "nbgrader_config.py", "a", encoding="utf-8") as config:
                config.write(lines)
        done = course.run("sh", "-c", command)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if prints:
            assert tidy(done.stdout) == tidy(prints), done.stdout
        if "grade" in command:
            assert (course.root / "autograded/hacker/ps1/problem1.ipynb").is_file(), command
            assert course.run("python", "-c", MARKS).stdout.splitlines() == SCORES, command
    return course


def test_from_installation_to_marks(followed: Elsewhere) -> None:
    """And the table of the page is about this class."""
    (shown,) = (prints for _, prints in commands(PAGE) if prints)
    assert all(name in shown for name in ("bitdiddle", "hacker", "reasoner"))


def test_it_takes_two_minutes_to_read() -> None:
    assert len(prose(PAGE).split()) <= 450


def test_the_feedback_pages(followed: Elsewhere) -> None:
    """The statement that failed, the points of each test cell, and no source of a test that passed."""
    page = (followed.root / "feedback/bitdiddle/ps1/problem1.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(page, "html.parser")
    squares = next(section for section in soup.select("section") if section.h2.get_text() == "squares")
    text = " ".join(squares.get_text().split())
    assert "correct_squares: 0 of 1 points This statement failed: assert squares(1) == [1]" in text
    assert "squares_invalid_input: 1 of 1 points" in text and "squares(10) ==" not in page
    assert "Part E (4 points)" in [heading.get_text() for heading in soup.select("section h2")]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("report", "no assignment in {root} has a hidden suite, whose findings the report is made of: the marks are in formgrader"),
        ("report ps1", "ps1 has no hidden suite, which would be autograder/suites/test_ps1.py: its own test cells grade it"),
        ("report ps2", "there is no assignment 'ps2' in {root}; there are: ps1"),
        ("try ps1", "ps1 has no hidden suite"),
        ("try ps2", "there is no assignment 'ps2'"),
        ("try", "Missing argument 'LECTURE'"),
        ("build", "has no release/coursekit/public"),
        ("build ps1", "release its assignments with «nbgrader generate_assignment»"),
        ("new 01_squares squares:2", "has no release/coursekit/public"),
        ("demo", "no assignment in {root} has a hidden suite: a demonstration needs a course with lectures"),
        ("demo ps1", "ps1 has no hidden suite"),
        ("grade", "Missing argument 'PATH...'"),
        ("grade ps2", "there is no assignment 'ps2' in {root}; there are: ps1"),
        ("grade ps1 ps2", "there is no assignment 'ps2'"),
        ("grade submitted/nobody/ps1", "there is no file or folder submitted/nobody/ps1"),
    ],
)
def test_what_has_no_meaning_there_gets_a_sentence_and_status_2(followed: Elsewhere, command: str, said: str) -> None:
    done = followed.run("autograder", *command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert said.format(root=followed.root) in done.stderr and "Traceback" not in done.stderr
