"""The class of 20 whose notebooks are graded, and the course directories in which that happens.

Five students are right, each in a style of their own; eleven have misconceptions; four handed in something else: nothing done, half done,
a syntax error, an exception. No two notebooks are the same, for our grader would grade those once. Nobody's code loops for ever and no
file is broken, for nbgrader would sit out the first and give no marks for the second.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from autograder.catalogue import KnownAnswer, catalogue
from autograder.course import CONFIG, DEMO, Course, Lecture
from autograder.specimens import fill, reference_sources, solved, with_answers, write

LECTURE = "05_batch_normalization"
STUDENTS, RIGHT, TROUBLED = 20, 5, 4
HANDED_IN = "2026-03-02 18:00:00 UTC\n"


def new_course(lecture: Lecture, folder: Path, demonstrations: bool) -> Lecture:
    """Make `folder` a course with the lecture and nobody in it; leave the demonstrations out of its notebooks, if so wanted."""
    folder.mkdir(parents=True)
    shutil.copy(lecture.root / CONFIG, folder)
    for path in (lecture.source, lecture.released):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if not demonstrations:
            notebook["cells"] = [cell for cell in notebook["cells"] if DEMO not in cell["metadata"].get("tags", ())]
        write(notebook, folder / path.relative_to(lecture.root))
    return Course(folder).lecture(LECTURE)


def hand_in(lecture: Lecture) -> list[str]:
    """Write what the class hands in, and return the students' names."""
    names = []
    for number, notebook in enumerate(_class_of(lecture), start=1):
        names.append(f"student{number:02}")
        path = write(notebook, lecture.root / "submitted" / names[-1] / lecture.id / f"{lecture.slug}.ipynb")
        (path.parent / "timestamp.txt").write_text(HANDED_IN, encoding="utf-8")
    return names


def without_plugin(folder: Path) -> None:
    """Let nbgrader grade as it does by itself: take our preprocessors out of the configuration."""
    config = folder / CONFIG
    lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("c.Autograde")), encoding="utf-8")


def marks(folder: Path) -> dict[tuple[str, str], float | None]:
    """Return each student's automatic score for each graded cell, as nbgrader's database has them."""
    query = """select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade
        join base_cell on base_cell.id = grade.cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"""
    with closing(sqlite3.connect(folder / "gradebook.db")) as database:
        return {(student, cell): score for student, cell, score in database.execute(query)}


def _class_of(lecture: Lecture) -> list[dict[str, Any]]:
    notebooks = [*_right(lecture), *_troubled(lecture), *_mistaken(lecture, STUDENTS - RIGHT - TROUBLED)]
    if len({json.dumps(notebook["cells"]) for notebook in notebooks}) != STUDENTS:
        raise AssertionError("two students of the class hand in the same notebook")
    return notebooks


def _right(lecture: Lecture) -> Iterator[dict[str, Any]]:
    """Yield the solution, then notebooks with each exercise's alternatives in turn."""
    known = catalogue(lecture.slug).alternatives
    styles = [[answer for answer in known if answer.exercise == name] for name in lecture.points]
    rounds = zip(*(cycle(style or [None]) for style in styles), strict=False)
    yield solved(lecture)
    for chosen in islice(rounds, RIGHT - 1):
        yield with_answers(lecture, *_compatible([answer for answer in chosen if answer]))


def _mistaken(lecture: Lecture, count: int) -> Iterator[dict[str, Any]]:
    """Yield notebooks with one to three misconceptions each, spread over the exercises."""
    known = catalogue(lecture.slug).misconceptions
    for number in range(count):
        yield with_answers(lecture, *_compatible(known[number::count][: 1 + number % 3]))


def _troubled(lecture: Lecture) -> Iterator[dict[str, Any]]:
    sources = reference_sources(lecture)
    first, *_, last = sources
    yield fill(lecture, {})
    yield fill(lecture, dict(list(sources.items())[: len(sources) // 2]))
    yield fill(lecture, {**sources, first: sources[first].replace(f"def {first}(", f"def {first}((")})
    yield fill(lecture, {**sources, last: f"def {last}(*args, **kwargs):\n    return args[0] / undefined_name"})


def _compatible(answers: Sequence[KnownAnswer]) -> list[KnownAnswer]:
    """Keep one answer an exercise, and one of a forward and its backward pass, which share a cache."""
    kept: dict[str, KnownAnswer] = {}
    for answer in answers:
        kept.setdefault(answer.exercise.removesuffix("_forward").removesuffix("_backward"), answer)
    return list(kept.values())
