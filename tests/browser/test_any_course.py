"""nbgrader's quickstart course, which has no hidden suites, with three lines of configuration: formgrader grades it with this package."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from autograder.model.course import grade_id

from .conftest import ROOT, Formgrader, jupyterlab, new_home, run

ASSIGNMENT, NOTEBOOK = "ps1", "problem1"
OF_PLUGIN = "c.Autograde."
ANSWERS = {
    "right": "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n    return [i ** 2 for i in range(1, n + 1)]",
    "wrong": "def squares(n):\n    return [i for i in range(1, n + 1)]",
}
FIGURE = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot(squares(4));"


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory) -> tuple[Path, Path]:
    """The course with two submissions, and the instructor's home."""
    home, parent = new_home(tmp_path_factory.mktemp("home"), ""), tmp_path_factory.mktemp("quickstart")
    run(parent, home, "nbgrader", "quickstart", "course")
    course = parent / "course"
    ours = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8").splitlines()
    lines = [line for line in ours if line.startswith(OF_PLUGIN)]
    assert len(lines) == 3, "three lines"
    with open(course / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write("\n".join(["", *lines, ""]))
    run(course, home, "nbgrader", "generate_assignment", ASSIGNMENT)
    for student, source in ANSWERS.items():
        for path in (course / "release" / ASSIGNMENT).glob("*.ipynb"):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                cell["source"] = source if grade_id(cell) == "squares" else cell["source"]
            cell = {"cell_type": "code", "metadata": {}, "source": FIGURE, "outputs": [], "execution_count": None}
            notebook["cells"].append(cell | ({"id": "figure"} if notebook["nbformat_minor"] > 4 else {}))
            place = course / "submitted" / student / ASSIGNMENT / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(notebook), encoding="utf-8")
    return course, home


@pytest.fixture(scope="module")
def server(quickstart):
    """JupyterLab in the course directory."""
    with jupyterlab(*quickstart) as started:
        yield started


def test_the_autograde_button(quickstart, server, new_page):
    """Both submissions get the marks of the command; answers to grade by hand wait, and what was drawn is in the notebook."""
    course, home = quickstart
    formgrader = Formgrader(new_page(width=1280), server, ASSIGNMENT)
    formgrader.submissions()
    for student in ANSWERS:
        formgrader.press(formgrader.row(student).locator(".autograde a"))
        expect(formgrader.row(student)).to_contain_text("needs manual grading")
    listed = {student: float(formgrader.score(student)) for student in ANSWERS}
    said = run(course, home, "autograder", "grade", ASSIGNMENT, "--json", "-", "--no-gradebook")
    assert listed == {result["student"]: result["score"] for result in json.loads(said)["results"]}
    assert listed["right"] > listed["wrong"]
    page = formgrader.page
    formgrader.row("wrong").locator(".student-name a").click()
    page.get_by_role("link", name=NOTEBOOK, exact=True).click()
    page.wait_for_function("window.formgrader?.grades?.loaded")
    expect(page.locator("body")).to_contain_text("AssertionError")
    expect(page.locator("img[src^='data:image/png']")).to_have_count(1)


def test_the_feedback_button(quickstart, server, new_page):
    """It writes the page of a student who was graded."""
    course, _ = quickstart
    formgrader = Formgrader(new_page(width=1280), server, ASSIGNMENT)
    formgrader.submissions()
    formgrader.press(formgrader.row("wrong").locator(".generate-feedback a"))
    page = new_page()
    page.goto((course / "feedback" / "wrong" / ASSIGNMENT / f"{NOTEBOOK}.html").as_uri())
    expect(page.locator("body")).to_contain_text(re.compile("AssertionError"))
