"""A class as its instructor grades it with formgrader, and takes its marks away."""

from __future__ import annotations

import csv
import json
import re

import pytest
from playwright.sync_api import expect

COMMENT = "Say **how much** too small: by the factor 1 − βᵗ."
POINTS = 1.5


@pytest.fixture
def graded(classroom, formgrader):
    """The list of submissions, with the one that was added graded by the button."""
    formgrader.submissions()
    row = formgrader.row(classroom.added)
    if "needs autograding" in row.inner_text():
        formgrader.press(row.locator(".autograde a"))
    return formgrader


def test_the_autograde_button_gives_the_marks_of_the_command(classroom, graded):
    """The submission appears with its points, and its written answer waits for a person."""
    said = classroom.run("autograder", "grade", f"submitted/{classroom.added}/{classroom.lecture.id}", "--json", "-", "--no-gradebook")
    (result,) = json.loads(said)["results"]
    assert 0 < result["score"] < result["max_score"]
    assert float(graded.score(classroom.added)) == result["score"]
    expect(graded.row(classroom.added)).to_contain_text("needs manual grading")


def opened(formgrader, classroom):
    """Go from the list of submissions to the page on which a submission is marked; return the fields of the written answer."""
    page = formgrader.page
    formgrader.row(classroom.added).locator(".student-name a").click()
    page.get_by_role("link", name=classroom.lecture.slug, exact=True).click()
    page.wait_for_function("window.formgrader?.grades?.loaded && window.formgrader.comments?.loaded")
    return page.locator(f"#{classroom.written}"), page.locator(f"#{classroom.written}-comment")


def test_manual_points_and_a_comment_survive_regrading(classroom, graded, picture):
    """Who gives points and a comment to a written answer finds both after the autograde button, and the points in the sum."""
    before = float(graded.score(classroom.added))
    score, comment = opened(graded, classroom)
    for field, text, kind in ((score, str(POINTS), "grade"), (comment, COMMENT, "comment")):
        field.fill(text)
        with graded.page.expect_response(lambda answer, kind=kind: f"/api/{kind}/" in answer.url and answer.request.method == "PUT"):
            field.blur()
    picture("formgrader", graded.page.locator(".nbgrader_cell").filter(has=score))
    graded.submissions()
    graded.press(graded.row(classroom.added).locator(".autograde a"))
    expect(graded.row(classroom.added)).to_contain_text(re.compile("needs manual grading|graded"))
    assert float(graded.score(classroom.added)) == pytest.approx(before + POINTS)
    score, comment = opened(graded, classroom)
    expect(score).to_have_value(str(POINTS))
    expect(comment).to_have_value(COMMENT)


def test_the_feedback_button(classroom, graded, new_page):
    """It writes the student's page: the misconception's name, and no hidden test."""
    graded.press(graded.row(classroom.added).locator(".generate-feedback a"))
    page = new_page()
    page.goto(classroom.page(classroom.added).as_uri())
    expect(page.locator("body")).to_contain_text("The power t is missing")
    assert not re.search("HIDDEN|autograder import|def test_", page.content())


def test_the_exported_marks_are_those_that_are_listed(classroom, graded):
    """``nbgrader export`` writes the sum that formgrader shows, for everybody."""
    classroom.run("nbgrader", "export")
    with open(classroom.folder / "grades.csv", encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["assignment"] == classroom.lecture.id}
    listed = [row for row in graded.page.locator("#main-table tr").all() if "needs autograding" not in row.inner_text()]
    marks = {row.locator(".student-id").inner_text(): float(row.locator(".score").inner_text().split(" / ")[0]) for row in listed}
    assert len(marks) > 5
    assert {student: round(exported[student], 2) for student in marks} == marks
