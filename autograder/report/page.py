"""The class report as one HTML page: marks, means of the exercises, misconceptions with students."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from autograder.errors import SubmissionError, printable
from autograder.model.course import Course, Lecture
from autograder.model.results import SubmissionResult
from autograder.runners.class_run import latest

BINS = 10


def write_report(course: Course, lectures: Iterable[Lecture], output: Path) -> Path:
    """Write ``index.html`` about the last results of all that was submitted for `lectures`, and return its path.

    Parameters
    ----------
    course : Course
        The course with stored results.
    lectures : iterable of Lecture
        The lectures; those without results are left out.
    output : Path
        The folder for the page.

    Raises
    ------
    SubmissionError
        If nothing was graded.
    """
    chapters = [summary(lecture, results) for lecture in lectures if (results := latest(course, lecture))]
    if not chapters:
        raise SubmissionError("nothing was graded yet: run «autograder grade LECTURE» first")
    loader = PackageLoader("autograder", "report")
    environment = Environment(loader=loader, autoescape=True, finalize=_shown, trim_blocks=True, lstrip_blocks=True)
    output.mkdir(parents=True, exist_ok=True)
    page = output / "index.html"
    page.write_text(environment.get_template("page.html.jinja").render(chapters=chapters), encoding="utf-8")
    return page


def _shown(value: Any) -> Any:
    """Return a value for the page; text is made printable."""
    return printable(value) if type(value) is str else value


def summary(lecture: Lecture, results: Sequence[SubmissionResult]) -> dict[str, Any]:
    """Return the data of the page about one lecture."""
    graded = [result for result in results if result.graded]
    maximum = max((result.max_score for result in graded), default=0.0)
    counts = [0] * BINS
    for result in graded:
        counts[min(BINS - 1, int(BINS * result.score / maximum)) if maximum else 0] += 1
    exercises = [_exercise(name, graded) for name in (exercise.name for exercise in lecture.exercises)]
    return {"id": lecture.id, "results": results, "maximum": maximum, "bins": counts, "exercises": exercises, "found": _found(graded)}


def _exercise(name: str, graded: Sequence[SubmissionResult]) -> dict[str, Any]:
    mine = [exercise for result in graded for exercise in result.exercises if exercise.name == name]
    shares = [exercise.score / exercise.max_score for exercise in mine if exercise.max_score]
    full = sum(exercise.status == "passed" for exercise in mine)
    untouched = sum(exercise.status == "not_attempted" for exercise in mine)
    return {"name": name, "mean": sum(shares) / len(shares) if shares else 0.0, "full": full, "untouched": untouched, "count": len(mine)}


def _found(graded: Sequence[SubmissionResult]) -> list[dict[str, Any]]:
    who = defaultdict(list)
    for result in graded:
        for exercise in result.exercises:
            for known in exercise.misconceptions:
                who[exercise.name, replace(known, aspects=())].append(result.student)
    rows = [{"exercise": name, "known": known, "students": students} for (name, known), students in who.items()]
    return sorted(rows, key=lambda row: -len(row["students"]))
