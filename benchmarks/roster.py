"""The class whose notebooks are graded, and the course directories in which that happens.

Answers of all kinds, without what would make a comparison unfair: a fifth of the students is right, each in a style of their own; four
handed in something else (nothing done, half done, a syntax error, an exception); the rest has misconceptions. Nobody's code waits or loops
for ever and no file is broken, for both graders would sit out the first, and nbgrader gives no marks for the second. Every notebook has a
comment of its own, so that no two are the same: our grader would grade those once. For the same reason no two students answer alike to the
last bit.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

from autograder.judging.known_answers import KnownAnswer, catalogue
from autograder.judging.sample_notebooks import fill, reference_sources, solved, with_answers, write
from autograder.model.course import CONFIG, DEMO, Course, Lecture, grade_id, source_of

TROUBLED = 4
WAITS = {"prefetch_nothing", "prefetch_one", "prefetch_end_hangs", "prefetch_error_hangs", "prefetch_stays"}
"""Misconceptions that wait for seconds until the suite gives up: they would measure its patience."""
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
    return Course(folder).lecture(lecture.id)


def names(students: int) -> list[str]:
    """Return the names of a class."""
    return [f"student{number:05}" for number in range(1, students + 1)]


def hand_in(lecture: Lecture, students: int) -> None:
    """Write what a class of `students` hands in."""
    for number, (name, notebook) in enumerate(zip(names(students), class_of(lecture, students), strict=True), start=1):
        set_apart(notebook, lecture, number)
        path = write(notebook, submission(lecture, name))
        (path.parent / "timestamp.txt").write_text(HANDED_IN, encoding="utf-8")


def submission(lecture: Lecture, student: str) -> Path:
    """Return where a student's notebook lies."""
    return lecture.root / "submitted" / student / lecture.id / f"{lecture.slug}.ipynb"


def sample(students: Sequence[str], count: int) -> list[str]:
    """Return `count` of the students, drawn evenly: the class is in order of what they handed in, so every kind has its share."""
    count = min(count, len(students))
    return [students[number * len(students) // count] for number in range(count)]


def keep(folder: Path, students: Collection[str]) -> None:
    """Remove what everybody else handed in."""
    for student in (folder / "submitted").iterdir():
        if student.name not in students:
            shutil.rmtree(student)


APART = """import functools
import numpy as np

def _moved(answer):
    if isinstance(answer, tuple):
        return tuple(map(_moved, answer[:1])) + answer[1:]
    return answer * (1 + {number} * 2.0**-50) if isinstance(answer, (float, np.ndarray)) and np.asarray(answer).dtype == float else answer

def _apart(function):
    return functools.wraps(function)(lambda *args, **kwargs: _moved(function(*args, **kwargs)))

for _name in {names}:
    if callable(globals().get(_name)):
        globals()[_name] = _apart(globals()[_name])
"""


def set_apart(notebook: dict[str, Any], lecture: Lecture, number: int) -> None:
    """Let nobody else answer as this student does: a last cell moves all answers by `number` times 2⁻⁵⁰ of their value."""
    source = APART.format(number=number, names=list(lecture.points))
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, "id": "apart"})


def without_plugin(folder: Path) -> None:
    """Let nbgrader grade as it does by itself: take our preprocessors out of the configuration."""
    config = folder / CONFIG
    lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("c.Autograde")), encoding="utf-8")


def marks(folder: Path, name: str = "base_cell.name") -> dict[tuple[str, str], float | None]:
    """Return each student's automatic score for each graded cell, as nbgrader's database has them; `name` is how a cell is named."""
    query = f"""select submitted_assignment.student_id, {name}, grade.auto_score from grade
        join base_cell on base_cell.id = grade.cell_id
        join notebook on notebook.id = base_cell.notebook_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"""
    with closing(sqlite3.connect(folder / "gradebook.db")) as database:
        return {(student, cell): score for student, cell, score in database.execute(query)}


def class_of(lecture: Lecture, students: int) -> Iterator[dict[str, Any]]:
    """Yield the notebooks of a class, in order of their kind."""
    right = students // 5
    mistaken = students - right - TROUBLED
    if right < 1 or mistaken < 1:
        raise SystemExit("a class has at least six students: one for each thing that can be handed in")
    for number, notebook in enumerate(chain(_right(lecture, right), _troubled(lecture), _mistaken(lecture, mistaken)), start=1):
        cell = next(cell for cell in notebook["cells"] if grade_id(cell) in lecture.points)
        cell["source"] = f"{source_of(cell)}\n# {number}"
        yield notebook


def _right(lecture: Lecture, count: int) -> Iterator[dict[str, Any]]:
    """Yield the solution, then notebooks with each exercise's alternatives in turn."""
    known = catalogue(lecture.hidden).alternatives
    styles = [[answer for answer in known if answer.exercise == name] for name in lecture.points]
    rounds = zip(*(cycle(style or [None]) for style in styles), strict=False)
    yield solved(lecture)
    for chosen in islice(rounds, count - 1):
        yield with_answers(lecture, *_compatible([answer for answer in chosen if answer]))


def _mistaken(lecture: Lecture, count: int) -> Iterator[dict[str, Any]]:
    """Yield notebooks with one to three misconceptions each, spread over the exercises."""
    known = [answer for answer in catalogue(lecture.hidden).misconceptions if answer.id not in WAITS]
    apart = len(known) // 3
    for number in range(count):
        chosen = [known[(number + turn * apart) % len(known)] for turn in range(1 + number % 3)]
        yield with_answers(lecture, *_compatible(chosen))


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
