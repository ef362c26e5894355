"""The class report and the feedback pages, as files that are opened in a browser."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import expect

from autograder.model.course import grade_id

LIGHT_AND_DARK = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
NARROW = 600


@pytest.fixture(scope="module")
def feedback(classroom):
    """The feedback page of somebody who lost points."""
    classroom.run("autograder", "grade", f"submitted/{classroom.added}/{classroom.lecture.id}")
    classroom.run("nbgrader", "generate_feedback", classroom.lecture.id, f"--student={classroom.added}", "--force")
    return [classroom.page(classroom.added)]


@pytest.fixture(scope="module")
def report(classroom, feedback):
    """The pages of the class report, which link to the feedback pages that there are."""
    classroom.run("autograder", "report")
    pages = sorted((classroom.folder / "report").rglob("*.html"), key=lambda path: (path.name != "index.html", path))
    assert pages[0].name == "index.html"
    return pages


@pytest.fixture(params=["report", "feedback"])
def pages(request):
    """The pages of either kind."""
    return request.getfixturevalue(request.param)


@LIGHT_AND_DARK
def test_axe_finds_nothing_serious(pages, new_page, findings, dark):
    """Contrast, names, headings, tables, in light and in dark."""
    for path in pages:
        page = new_page(dark=dark)
        page.goto(path.as_uri())
        assert {path.name: findings(page)} == {path.name: []}


@LIGHT_AND_DARK
def test_colours_follow_the_system(pages, new_page, dark):
    """A page is mostly bright, and mostly dark where the system is."""
    for path in pages:
        page = new_page(dark=dark)
        page.goto(path.as_uri())
        (brightness,) = ImageStat.Stat(Image.open(io.BytesIO(page.screenshot())).convert("L")).median
        assert (brightness < 128) == dark, path.name


def test_they_fit_into_a_narrow_window(pages, new_page):
    """Nobody has to scroll sideways, but within a wide table."""
    for path in pages:
        page = new_page(width=NARROW)
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, path.name


def test_they_need_nothing_else(pages, new_page):
    """No file, no address and no script: what there is to read is there without them."""
    for path in pages:
        asked, said = [], []
        page = new_page()
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("console", lambda message, said=said: said.append(message.text))
        page.goto(path.as_uri())
        assert ([url for url in asked if not url.startswith("data:")], said) == ([path.as_uri()], [])
        plain = new_page(scripts=False)
        plain.goto(path.as_uri())
        assert plain.locator("body").inner_text() == page.locator("body").inner_text()


def test_the_keyboard_reaches_all_links(pages, new_page):
    """Each link and button in view can have the focus, and shows it."""
    for path in pages:
        page = new_page()
        page.goto(path.as_uri())
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        expect(focused).to_have_count(1)
        outline = focused.evaluate("one => getComputedStyle(one).outlineStyle + getComputedStyle(one).boxShadow")
        assert outline != "nonenone", path.name


def test_tables_are_sorted_by_keyboard(report, new_page):
    """A column's heading is a button: pressed once the rows ascend, pressed again they descend."""
    buttons = 0
    for path in report:
        page = new_page()
        page.goto(path.as_uri())
        for heading in page.locator("th:has(button)").all():
            rows = heading.locator("xpath=ancestor::table").locator("tbody tr")
            for direction in ("ascending", "descending"):
                heading.locator("button").press("Enter")
                expect(heading).to_have_attribute("aria-sort", direction)
            descending = rows.all_inner_texts()
            heading.locator("button").press("Enter")
            assert sorted(rows.all_inner_texts()) == sorted(descending)
            buttons += 1
    assert buttons >= 3


def test_a_students_page_is_one_click_away(classroom, report, feedback, new_page):
    """The report links to what the student reads."""
    page, target = new_page(), feedback[0].as_uri()
    for path in report:
        page.goto(path.as_uri())
        links = page.locator(f'a[href$="{classroom.added}/{classroom.lecture.id}/{classroom.lecture.slug}.html"]')
        if links.count():
            links.first.click()
            expect(page).to_have_url(target)
            return
    raise AssertionError("no page of the report has the link")


def test_pictures(classroom, report, feedback, new_page, picture):
    """The first screen of a lecture's report and of a feedback page, as the documents show them."""
    page = new_page(width=1000, height=900)
    of_lecture = next((path for path in report if path.stem == classroom.lecture.id), report[0])
    page.goto(of_lecture.as_uri())
    expect(page.locator("table").first).to_be_visible()
    picture("report", page)
    page.goto(feedback[0].as_uri())
    expect(page.locator("table").first).to_be_visible()
    picture("feedback-page", page)


@pytest.fixture(scope="module")
def outputs(classroom, feedback):
    """What two test cells of an autograded notebook show, on a page of their own: nbgrader's pages have it in them."""
    (path,) = classroom.folder.glob(f"autograded/{classroom.added}/{classroom.lecture.id}/*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tests = [cell for cell in cells if grade_id(cell) in {f"test_{name}" for name in classroom.exercises}]
    shown = "".join("".join(cell["outputs"][0]["data"]["text/html"]) for cell in tests)
    return f'<!doctype html><html lang="en"><title>feedback</title><body style="font: 15px sans-serif"><main>{shown}</main>'


def test_what_hidden_tests_found(outputs, new_page, findings, picture):
    """The points of each aspect, the misconception by its name, and what was judged with a right function; all of it readable."""
    page = new_page(width=900)
    page.set_content(outputs)
    for said in ("0.29 of 1 points", "The power t is missing", "5 of 5 points", "corners"):
        expect(page.locator("main")).to_contain_text(said)
    assert findings(page, "main") == []
    picture("feedback", page.locator("main"))
