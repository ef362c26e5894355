"""A lecture on its way through nbgrader's exchange: released, fetched, submitted, collected, graded, and its feedback fetched."""

from __future__ import annotations

import os
import pwd
import re

from playwright.sync_api import Locator, Page, expect

from autograder.judging.known_answers import catalogue, cell_source

EXERCISE = "bias_corrected"


class AssignmentList:
    """nbgrader's list of lectures in JupyterLab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def row(self, state: str, text: str) -> Locator:
        """Return the row of a lecture in the list of those that are released, fetched or submitted."""
        return self.page.locator(f"#{state}_assignments_list > .list_item", has_text=text)

    def refresh(self) -> None:
        """Ask the server again."""
        with self.page.expect_response(lambda answer: "/assignments?" in answer.url):
            self.page.locator("#refresh_assignments_list").click()


def test_from_release_to_feedback(classroom, formgrader, student, new_page, open_at):
    """One student and one instructor, with the buttons of formgrader and of the assignment list."""
    lecture, name = classroom.lecture, pwd.getpwuid(os.getuid()).pw_name
    formgrader.go("manage_assignments")
    formgrader.press(formgrader.row(lecture.id).locator(".release a"))

    page = new_page()
    page.goto(student.url("lab/workspaces/exchange"))
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Nbgrader$")).click()
    page.locator('.lm-Menu [data-command="nbgrader:open-assignment-list"]').click()
    lists = AssignmentList(page)
    lists.row("released", lecture.id).get_by_role("button", name="fetch").click()
    expect(lists.row("fetched", lecture.id)).to_be_visible()

    notebook = open_at(student.folder / lecture.id / f"{lecture.slug}.ipynb")
    notebook.run("setup")
    notebook.write(EXERCISE, cell_source(getattr(catalogue(lecture.hidden).reference, EXERCISE), EXERCISE))
    notebook.run(EXERCISE)
    expect(notebook.run(f"test_{EXERCISE}")).to_contain_text(re.compile(r"(\d+) of \1 checks passed"))
    notebook.save()

    lists.row("fetched", lecture.id).get_by_role("button", name="Submit").click()
    expect(lists.row("submitted", lecture.id)).to_be_visible()

    formgrader.go("manage_assignments")
    formgrader.press(formgrader.row(lecture.id).locator(".collect a"))
    formgrader.submissions()
    for button in ("autograde", "generate-feedback", "release-feedback"):
        formgrader.press(formgrader.row(name).locator(f".{button} a"))
    expect(formgrader.row(name)).to_contain_text("graded")

    lists.refresh()
    expect(lists.row("submitted", lecture.id)).to_contain_text("feedback available to fetch")
    lists.row("submitted", lecture.id).get_by_role("button", name="Fetch Feedback").click()
    expect(lists.row("submitted", lecture.id)).to_contain_text("view feedback")
    (fetched,) = (student.folder / lecture.id / "feedback").rglob("*.html")
    assert fetched.read_bytes() == classroom.page(name).read_bytes()
