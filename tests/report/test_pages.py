"""The pages of the class report: complete, small, without a script or a network, safe against what students wrote, and accessible."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from autograder.gradebook.manual import ByHand, CellMark
from autograder.model.course import Course, find_course
from autograder.model.results import MisconceptionFound
from autograder.report import figures
from autograder.report.alike import Pair
from autograder.report.class_report import ClassReport, LectureReport, advice_on
from autograder.report.course_so_far import so_far
from autograder.report.data import to_json, write_csv
from autograder.report.mistakes import mistakes_of, unexplained_of
from autograder.report.page import write_pages, write_report
from autograder.report.statistics import standing_of

from .conftest import LECTURE, POINTS, SWAPPED, exercise, result, ungraded, untouched

EVIL = '"><script>alert(1)</script><b onclick=alert(1)>\u202e'
CODE = "</pre><script>alert(1)</script>"
VOID = {"meta", "rect", "circle", "path", "wbr", "br", "link", "input"}


class Page(HTMLParser):
    """A parsed page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    @property
    def words(self):
        """The text with a blank between elements."""
        return " ".join(" ".join(self.text).split())

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def lecture_report(results, lecture=LECTURE, points=POINTS, by_hand=None, known=(), alike=None, code=CODE):
    standing = standing_of(lecture, points, results, by_hand or ByHand(), {one.student for one in results}, known)
    graded = [one for one in results if one.graded]
    mistakes, groups = mistakes_of(graded), unexplained_of(graded, lambda *_: code)
    return LectureReport(standing, mistakes, groups, advice_on(standing, mistakes, groups), alike)


def report_of(*lectures, note=""):
    return ClassReport(datetime(2026, 3, 9, 8, 0), lectures, so_far([one.standing for one in lectures]), note)


@pytest.fixture(scope="module")
def small():
    """A class in which everything occurs, over two lectures."""
    evil = MisconceptionFound("x", "Title & more", "You wrote `a < b`.", "11 §3")
    same = exercise("backward", 0.5, said=f"got {EVIL}")
    results = [
        result("ada"),
        result("bao", exercise("mask", 0.5, known=SWAPPED), same),
        result("cy", exercise("mask", 0.0, "timeout"), same),
        result("dee", *map(untouched, POINTS)),
        result("eve", *(exercise(name, 0.0) for name in POINTS), problems=["cell 3: SyntaxError", "and so on"]),
        result(EVIL, exercise("forward", 0.25, known=evil), problems=[EVIL]),
        *(result(f"s{number}", exercise("mask", 0.75)) for number in range(6)),
        ungraded("=1+1", "the name =1+1 would be a formula"),
    ]
    by_hand = ByHand(
        frozenset({"absent"}),
        {LECTURE: {"written": 2.0}},
        {(LECTURE, "ada"): (CellMark("written", 2.0, 0.0, False),), (LECTURE, "bao"): (CellMark("written", None, 0.0, True),)},
        {(LECTURE, "cy"): 1.0},
    )
    known = {one.student for one in results} | {"absent"}
    pairs = (Pair(("bao", "cy"), 0.93, ("mask", "backward")),)
    earlier = lecture_report(
        [result(name, lecture="10_regularization") for name in ("ada", "bao", "gone")], "10_regularization", known=known
    )
    return report_of(earlier, lecture_report(results, by_hand=by_hand, known=known | {"gone"}, alike=pairs), note="the database is locked")


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """A course folder with the pages about the small class, and the feedback of two."""
    root = tmp_path_factory.mktemp("pages")
    for student in ("ada", "bao"):
        feedback = root / "feedback" / student / LECTURE / "dropout.html"
        feedback.parent.mkdir(parents=True)
        feedback.touch()
    assert write_pages(small, Course(root), root / "report") == root / "report" / "index.html"
    return root


@pytest.fixture(scope="module")
def pages(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "report").glob("*.html"))}


PAGES = ("index.html", f"{LECTURE}.html", f"{LECTURE}_students.html")
each_page = pytest.mark.parametrize("name", PAGES)


def test_there_is_a_page_for_each_lecture_and_its_students(pages):
    assert set(PAGES) | {"10_regularization.html", "10_regularization_students.html"} == set(pages)


def test_the_first_screen_answers_the_questions(pages):
    text = Page(pages[f"{LECTURE}.html"]).words
    start = text[: text.index(": a table of all")]
    for expected in ("Monday, 09 March 2026", "12 of 13 handed in", "not handed in 2", "written answers that wait 1", "What to do next"):
        assert expected in start, expected
    assert "mean with points by hand" in start and "the database is locked" in start
    for expected in ("A call took too long (1) cy in mask", "wrote nothing (1) dee", "has no points (1) eve", "=1+1: the name =1+1 would"):
        assert expected in text, expected


def test_everybody_has_a_row_with_signs_and_points(pages):
    page = pages[f"{LECTURE}_students.html"]
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', page)
    assert len(rows) == 15
    (row,) = (row for row in rows if "bao" in row)
    assert (
        re.findall(r'aria-label="([^"]+)"', row) == ["partly right", "all right", "partly right"]
        and "◐</span> 1<" in row
        and "1 written waiting" in row
    )
    assert [row for row in rows if "not handed in" in row and "absent" in row] and [
        row for row in rows if "late: −1" in row and "cy" in row
    ]


def test_feedback_is_one_click_away(folder, pages):
    for name in (f"{LECTURE}_students.html", "index.html"):
        links = {one["href"] for one in Page(pages[name]).named("a") if "feedback" in one["href"]}
        there = [folder / "feedback" / student / LECTURE / "dropout.html" for student in ("ada", "bao")]
        assert sorted((folder / "report" / link).resolve() for link in links) == there


def test_a_mistake_leads_to_the_exercise_on_the_feedback_page(pages):
    assert f"../feedback/bao/{LECTURE}/dropout.html#exercise-mask" in {one["href"] for one in Page(pages[f"{LECTURE}.html"]).named("a")}


def test_mistakes_have_their_students_and_unexplained_ones_their_code(pages):
    text = Page(pages[f"{LECTURE}.html"]).words
    assert "Keeping and dropping are swapped (11 §2) You kept a unit with probability rate. bao" in text
    assert re.search(r"2 students fail in the same way, .*? \(50 % of the points\): bao ?, cy", text)
    assert f"What bao wrote {CODE}" in text and "6 students fail in the same way" in text


def test_code_in_our_sentences_is_code(pages):
    assert "You wrote <code>a &lt; b</code>." in pages[f"{LECTURE}.html"] and "Title &amp; more" in pages[f"{LECTURE}.html"]


def test_pairs_come_with_caution(pages):
    text = Page(pages[f"{LECTURE}.html"]).words
    assert "closer to each other than the class is" in text and "innocent reasons" in text and "93 % bao and cy" in text
    assert "Alike" not in "".join(Page(pages["10_regularization.html"]).text)


def test_who_has_stopped_is_named(pages):
    assert re.search(r"nothing for the last lecture:\s+gone\.", "".join(Page(pages["index.html"]).text))


@each_page
def test_what_students_wrote_is_text(pages, name):
    page = Page(pages[name])
    assert len(page.named("script")) == 1 and not page.named("b") and "\u202e" not in pages[name]
    assert not [attributes for _, attributes in page.elements if any(key.startswith("on") for key in attributes)]
    assert EVIL.replace("\u202e", r"\u202e") in "".join(page.text)


@each_page
def test_it_needs_no_network_and_no_script(pages, name):
    page = Page(pages[name])
    assert "http" not in pages[name] and "//" not in "".join(one.get("href") or "" for one in page.named("a"))
    assert not page.named("link") and not page.named("img") and not [one for one in page.named("script") if "src" in one]
    assert not page.named("button"), "without the script there is nothing to press"


@each_page
def test_links_lead_somewhere(folder, pages, name):
    for link in (one["href"] for one in Page(pages[name]).named("a")):
        file, _, anchor = unquote(link).partition("#")
        assert (folder / "report" / (file or name)).resolve().is_file(), link
        if anchor.startswith("exercise-"):
            assert anchor.removeprefix("exercise-") in POINTS and "feedback" in file
        elif anchor:
            assert anchor in [attributes.get("id") for _, attributes in Page(pages[file or name]).elements], link


@each_page
def test_it_is_accessible(pages, name):
    page = Page(pages[name])
    assert page.named("html")[0]["lang"] == "en" and len(page.named("main")) == len(page.named("h1")) == 1 and page.named("title")
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert all(one.get("scope") in ("row", "col") for one in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table")) > 0
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for svg in page.named("svg"):
        assert svg.get("role") == "img" or svg.get("aria-hidden") == "true"
    assert pages[name].count('<svg role="img"') == len(re.findall(r'<svg role="img"[^>]*><title>[^<]{10,}</title>', pages[name]))


def luminance(colour):
    channels = [int(colour[1 + 2 * place : 3 + 2 * place], 16) / 255 for place in range(3)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_has_contrast_in_light_and_dark():
    style = (Path(figures.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    )
    for colours in (light, light | dark):
        full = {name: value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:]) for name, value in colours.items()}
        for text in ("ink", "quiet", "link"):
            for paper in ("paper", "note"):
                assert contrast(full[text], full[paper]) >= 4.5, (text, paper)
        for part in ("right", "partly", "wrong", "timeout", "untouched"):
            assert contrast("#000000", full[part]) >= 4.5, part
        assert contrast(full["bar"], full["paper"]) >= 3 and contrast(full["median"], full["paper"]) >= 3


# --- a large class ----------------------------------------------------------------------------------------------------------


def test_each_page_of_a_large_course_is_small(tmp_path):
    """400 students in all lectures, with many mistakes, names of some length, and everybody's feedback there."""
    course, students = Course(tmp_path), [f"student_number_{number:03}" for number in range(400)]
    lectures = find_course().lectures()
    longest = max(lectures, key=lambda lecture: len(lecture.points))
    for student in students:
        for lecture in lectures:
            page = tmp_path / "feedback" / student / lecture.id / f"{lecture.slug}.html"
            page.parent.mkdir(parents=True)
            page.touch()
    reports = []
    for lecture in lectures:
        made = variants(lecture) if lecture is longest else variants(lecture)[::3]
        results = [result_like(made[number % len(made)], student) for number, student in enumerate(students)]
        reports.append(lecture_report(results, lecture.id, lecture.points, code="x = 1\n" * 400))
    written = write_pages(report_of(*reports), course, tmp_path / "report").parent
    sizes = {path.name: path.stat().st_size for path in written.iterdir()}
    assert len(sizes) >= 1 + 2 * len(lectures) and max(sizes.values()) < 1_000_000, max(sizes.items(), key=lambda one: one[1])
    rows = sum(path.read_text(encoding="utf-8").count('<tr><th scope="row">') for path in written.glob(f"{longest.id}_students*.html"))
    assert rows == 400


def result_like(made, student):
    return made.__class__(**{**vars(made), "student": student})


def variants(lecture):
    """Return results of a lecture in which each exercise is right, explained, unexplained or untouched, in turn."""
    names = list(lecture.points)
    found = []
    for turn in range(12):
        exercises = []
        for place, name in enumerate(names):
            kind = (turn + place) % 4
            known = MisconceptionFound(f"{name}_{turn}", f"Mistake number {turn} of its kind", "You did what one often does. " * 8, "04 §2")
            one = exercise("mask", (1.0, 0.5, 0.25, 0.0)[kind], known=known if kind == 1 else None, said=f"message {turn} " * 10)
            status = "not_attempted" if kind == 3 else one.status
            exercises.append(one.__class__(**{**vars(one), "name": name, "status": status, "max_score": lecture.points[name]}))
        found.append(result("", lecture=lecture.id).__class__("", lecture.id, "", tuple(exercises)))
    return found


# --- the same as data -------------------------------------------------------------------------------------------------------


def test_the_json_has_what_the_pages_show(small):
    data = json.loads(json.dumps(to_json(small)))
    assert data["version"] == 1 and [lecture["lecture"] for lecture in data["lectures"]] == ["10_regularization", LECTURE]
    lecture = data["lectures"][1]
    assert {
        "students",
        "exercises",
        "mistakes",
        "unexplained",
        "flags",
        "advice",
        "alike",
        "automatic",
        "with_manual",
        "bins",
    } <= lecture.keys()
    students = {student["student"]: student for student in lecture["students"]}
    assert students["dee"]["wrote_nothing"] and students["eve"]["all_wrong"] and students["cy"]["endless"] == ["mask"]
    assert students["absent"]["state"] == "not handed in" and students["ada"]["total"] == 12.0
    assert next(student for student in data["students"] if student["student"] == "gone")["stopped"]
    assert lecture["alike"][0]["students"] == ["bao", "cy"] and data["lectures"][0]["alike"] is None


def test_the_csv_is_quoted_and_has_no_formulas(small, tmp_path):
    import csv

    paths = {path.name: list(csv.DictReader(path.open(encoding="utf-8"))) for path in write_csv(small, tmp_path)}
    assert set(paths) == {f"{name}.csv" for name in ("students", "marks", "exercises", "tests", "mistakes", "unexplained", "course")}
    students = {row["student"]: row for row in paths["students.csv"] if row["lecture"] == LECTURE}
    assert "'=1+1" in students and not [
        text for rows in paths.values() for row in rows for text in row.values() if text.startswith(("=", "@", "+"))
    ]
    assert (students["bao"]["points"], students["bao"]["written_waiting"], students["absent"]["points"]) == ("7.0", "1", "")
    assert len(paths["marks.csv"]) == 3 * (12 + 3) and len(paths["exercises.csv"]) == 6
    assert [row["student"] for row in paths["mistakes.csv"] if row["id"] == "forward_swapped"] == ["bao"]


def test_figures_of_nothing_are_drawn():
    assert "nobody" in figures.histogram([0] * 10) and "</svg>" in figures.outcomes(()) + figures.means(()) + figures.levels(())
    assert figures.course_line([None, 0.5, None]).count("<circle") == 1


def test_without_results_there_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="nothing was graded yet"):
        write_report(Course(tmp_path), (), tmp_path / "report")
