"""The class report as HTML pages: an overview, and for each lecture a page and a table of students and exercises.

The pages have no links to elsewhere, and are read without a script; the script only sorts tables.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from autograder.errors import in_one_line, printable
from autograder.files import write_atomically
from autograder.model.course import Course, Lecture
from autograder.report import figures
from autograder.report.class_report import ClassReport, LectureReport, class_report
from autograder.report.standing import MEANINGS, SIGNS, Level, Standing, StudentRow

T = TypeVar("T")

CELLS = 6000  # of a table on one page, which stays below 1 MB with them
MOST_NAMES = 500  # of students in one list
MOST_LINKS = 60  # in one list; in longer ones, names aren't links
NOTE_LENGTH = 160


@dataclass(frozen=True)
class Chunk(Generic[T]):
    """Rows of a table that stand on one page."""

    page: str
    rows: Sequence[T]


def write_report(course: Course, lectures: Iterable[Lecture], output: Path) -> Path:
    """Write the pages about the last results of all that was submitted for `lectures`, and return the path of ``index.html``.

    Parameters
    ----------
    course : Course
        The course with stored results.
    lectures : iterable of Lecture
        The lectures; those without results are left out.
    output : Path
        The folder for the pages.

    Raises
    ------
    SubmissionError
        If nothing was graded.
    """
    return write_pages(class_report(course, lectures), course, output)


def write_pages(report: ClassReport, course: Course, output: Path) -> Path:
    """Write a report's pages into a folder, and return the path of ``index.html``."""
    for page, html in _pages(report, course.root / "feedback", output):
        write_atomically(output / page, html.encode("utf-8", "backslashreplace"))
    return output / "index.html"


def _pages(report: ClassReport, feedback: Path, output: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page."""
    loader = PackageLoader("autograder", "report/templates")
    environment = Environment(loader=loader, autoescape=True, finalize=_shown, trim_blocks=True, lstrip_blocks=True)
    link_to = _links(feedback, output)
    environment.globals |= {
        "report": report,
        "made": f"{report.made:%A, %d %B %Y, %H:%M}",
        "feedback": link_to,
        "link": lambda student, lecture, text: _linked(link_to(student, lecture), text),
        "most_names": MOST_NAMES,
        "most_links": MOST_LINKS,
        "signs": SIGNS,
        "meanings": MEANINGS,
        "marked": {outcome: _marked(outcome, MEANINGS[outcome], sign) for outcome, sign in SIGNS.items()},
        "percent": figures.percent,
        "bar": figures.bar,
        "counted": figures.counted,
        "signed": lambda number: f"{number:.2f}".replace("-", "−"),
        "broken": lambda name: Markup("_<wbr>").join(name.split("_")),
        "coded": _coded,
        "level": _level,
        "notes": _notes,
        "standing": None,
    }
    for lecture in report.lectures:
        yield from _lecture_pages(environment, lecture)
    yield from _overview(environment, report)


def _overview(environment: Environment, report: ClassReport) -> Iterator[tuple[str, str]]:
    chunks = list(_chunks(report.students, len(report.lectures) + 4, "students"))
    told = {
        "lectures": [lecture.standing.lecture for lecture in report.lectures],
        "course_line": lambda row: figures.course_line([step.share for step in row.steps]),
    }
    if len(chunks) > 1:
        for chunk in chunks:
            heading = "Students over the lectures"
            yield chunk.page, environment.get_template("students.html.jinja").render(told, heading=heading, chunk=chunk)
    by_lecture = [
        (lecture.standing.lecture.split("_")[0], level.mean / level.maximum, level.median / level.maximum)
        for lecture in report.lectures
        if (level := lecture.standing.automatic) and level.maximum
    ]
    yield (
        "index.html",
        environment.get_template("index.html.jinja").render(
            told,
            chunks=chunks,
            stopped=[student.student for student in report.students if student.stopped],
            levels=figures.levels(by_lecture),
            histogram=lambda standing: figures.histogram(standing.bins, height=80),
            means=lambda standing: figures.means(standing.exercises),
        ),
    )


def _lecture_pages(environment: Environment, lecture: LectureReport) -> Iterator[tuple[str, str]]:
    standing = lecture.standing
    chunks = list(_chunks(standing.students, len(standing.exercises) + 6, f"{standing.lecture}_students"))
    for chunk in chunks:
        heading = f"{standing.lecture}: students and exercises"
        told = {"heading": heading, "standing": standing, "chunk": chunk}
        yield chunk.page, environment.get_template("students.html.jinja").render(told)
    yield (
        f"{standing.lecture}.html",
        environment.get_template("lecture.html.jinja").render(
            lecture=lecture,
            standing=standing,
            chunks=chunks,
            by_difficulty=sorted(standing.exercises, key=lambda exercise: exercise.mean),
            flags=sorted(standing.flags, key=lambda flag: flag.kind == "everybody passes"),
            mistakes=_by_exercise(lecture.mistakes),
            groups=_by_exercise(lecture.unexplained),
            unexplained_groups=any(group.code for group in lecture.unexplained),
            histogram=figures.histogram(standing.bins),
            outcomes=figures.outcomes(standing.exercises),
            **_students_to_look_at(standing),
        ),
    )


def _students_to_look_at(standing: Standing) -> dict[str, Any]:
    """Return the lists of students who want a look, each for its own reason."""
    return {
        "endless": [row for row in standing.graded if row.endless],
        "nothing": [row.student for row in standing.graded if row.wrote_nothing],
        "all_wrong": [row.student for row in standing.graded if row.all_wrong],
        "not_graded": [*standing.in_state("not graded"), *standing.in_state("waits for grading")],
        "absent": [row.student for row in standing.in_state("not handed in")],
        "waiting": [row.student for row in standing.waiting],
    }


def _by_exercise(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.exercise].append(row)
    return found


def _chunks(rows: Sequence[T], columns: int, page: str) -> Iterator[Chunk[T]]:
    """Yield the rows of a table in parts that fit on a page."""
    size = max(1, CELLS // columns)
    for number, start in enumerate(range(0, len(rows), size), start=1):
        yield Chunk(f"{page}{'' if number == 1 else f'_{number}'}.html", rows[start : start + size])


def _links(feedback: Path, output: Path) -> Any:
    """Return a function from student and lecture to the feedback page's address, relative to `output`; empty if there is no such page."""
    there = os.path.relpath(feedback, output)

    @cache
    def link_to(student: str, lecture: str) -> str:
        parts = (student, lecture, f"{lecture.split('_', 1)[-1]}.html")
        return quote("/".join((*Path(there).parts, *parts))) if os.path.isfile(feedback.joinpath(*parts)) else ""

    return link_to


def _coded(text: str) -> Markup:
    """Return a sentence of the course, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(printable(text)))))


def _marked(outcome: str, meaning: str, sign: str) -> Markup:
    return Markup('<span role="img" class="{}" aria-label="{}">{}</span>').format(outcome, meaning, sign)


def _linked(address: str, text: str) -> str:
    return Markup('<a href="{}">{}</a>').format(address, text) if address else text


def _level(level: Level | None, which: str) -> str:
    return figures.percent(getattr(level, which) / level.maximum) if level and level.maximum else "–"


def _notes(row: StudentRow) -> str:
    """Return what there is to say about a student beside the marks."""
    said = [
        *(["wrote nothing"] if row.wrote_nothing else []),
        *(["tried, and has no points"] if row.all_wrong else []),
        *([f"late: −{row.penalty:g}"] if row.penalty else []),
        *([f"{row.waits} written waiting"] if row.waits else []),
        *row.problems[:1],
        *([f"and {len(row.problems) - 1} more notes"] if len(row.problems) > 1 else []),
    ]
    return in_one_line("; ".join(said), NOTE_LENGTH)


def _shown(value: Any) -> Any:
    """Return a value for the page; text is made printable."""
    return printable(value) if type(value) is str else value
