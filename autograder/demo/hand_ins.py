"""What the students of the demonstration hand in: notebooks with right, wrong and missing answers, beside them what nbgrader collects."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from autograder.demo.mistakes import FUNCTIONS, NOT_ATTEMPTED, RAISES, RIGHT, UNREADABLE, Mistake, draw
from autograder.demo.students import BROKEN, LOOPS, UNTOUCHED, Student
from autograder.demo.written_answers import without_markers, written_answers
from autograder.gradebook.exchange_files import SECRET, TIMESTAMP
from autograder.judging.known_answers import catalogue, cell_source
from autograder.judging.sample_notebooks import fill, reference_sources, solution_sources, write
from autograder.model.course import Course, Lecture

DUE, WEEKS = datetime(2026, 3, 2, 20, 0, tzinfo=UTC), 2
EASE = math.log(RIGHT / (FUNCTIONS - RIGHT))  # an exercise of the usual size is right as often as in the counts
SLOPE, HARDER = 2.0, 0.8  # how much a standard deviation of ability counts, and an exercise with twice the usual points
SHARED = 0.6  # the probability that a friend's mistake is shared
LOOP = "def {name}(*args, **kwargs):\n    step = 0\n    while step >= 0:\n        step += 1\n    return step"
TORN = '{"cells": [{"cell_type": "code", "source": ["import numpy as'


def due(number: int) -> datetime:
    """Return the due date of a lecture by its number in the course, counted from 0."""
    return DUE + timedelta(weeks=WEEKS * number)


def hand_in(course: Course, students: list[Student]) -> None:
    """Write what the students hand in for all lectures of the course, as ``nbgrader collect`` does."""
    for number, lecture in enumerate(course.lectures()):
        for student in students:
            if number not in student.lectures:
                continue
            folder = course.root / "submitted" / student.name / lecture.id
            folder.mkdir(parents=True)
            path, mishap = folder / f"{lecture.slug}.ipynb", student.mishaps.get(number, "")
            if mishap == BROKEN:
                path.write_text(TORN, encoding="utf-8")
            else:
                write(_notebook(student, lecture, mishap), path)
            when = student.handed_in(lecture.id, due(number))
            (folder / TIMESTAMP).write_text(f"{when:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8")
            (folder / SECRET).write_text(f"{student.rng(lecture.id, 'secret').getrandbits(512):0128x}", encoding="utf-8")


def mistakes(student: Student, lecture: Lecture) -> dict[str, Mistake]:
    """Return a student's mistakes in a lecture, by exercise."""
    of_friend = mistakes(student.friend, lecture) if student.friend else {}
    usual = sum(lecture.points.values()) / len(lecture.points)
    found: dict[str, Mistake] = {}
    for exercise, points in lecture.points.items():
        rng = student.rng(lecture.id, exercise)
        shared = of_friend.get(exercise)
        if shared and shared.functions.keys().isdisjoint(found) and rng.random() < SHARED:  # a backward pass may bring its forward pass
            found[exercise] = shared
        elif rng.random() > _logistic(EASE + SLOPE * student.ability - HARDER * math.log2(points / usual)):
            found[exercise] = draw(student.ability, student.habits, lecture.hidden, exercise, rng, found.keys())
    return found


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _notebook(student: Student, lecture: Lecture, mishap: str) -> dict[str, Any]:
    if mishap == UNTOUCHED:
        return fill(lecture, {})
    sources = _sources(student, lecture) | {name: answer.text for name, answer in written_answers(student, lecture).items() if answer.text}
    if mishap == LOOPS:
        first = next(iter(lecture.points))
        sources[first] = LOOP.format(name=first)
    return fill(lecture, sources)


def _sources(student: Student, lecture: Lecture) -> dict[str, str]:
    """Return the source of each exercise that the student attempted."""
    wrong = mistakes(student, lecture)
    known = {name: function for mistake in wrong.values() for name, function in mistake.functions.items()}
    sources = _right_sources(lecture, (student.friend or student).rng(lecture.id, "style"), known)
    for exercise, mistake in wrong.items():
        if mistake.kind is NOT_ATTEMPTED:
            del sources[exercise]
        elif mistake.kind is RAISES:
            sources[exercise] = _misspelt(sources[exercise])
        elif mistake.kind is UNREADABLE:
            sources[exercise] = sources[exercise].replace("):", ")", 1)
    if student.together:
        sources |= catalogue(lecture.hidden).unexplained
    return sources


def _right_sources(lecture: Lecture, style: Random, wrong: Mapping[str, Any]) -> dict[str, str]:
    """Return a source for each exercise: that of `wrong`, or a right one in a style of the student's own.

    A forward and its backward pass share a cache, so one style is chosen for both, and the reference's where one of them is wrong: known
    answers suit its caches.
    """
    solution, reference = solution_sources(lecture), reference_sources(lecture)
    sources: dict[str, str] = {}
    for exercises in _with_one_cache(lecture):
        alternatives = [known.functions for known in catalogue(lecture.hidden).alternatives if known.exercise in exercises]
        chosen, likes_own = style.choice([{}, *alternatives]), style.random() < 0.5
        changed = {name: function for name, function in wrong.items() if name in exercises}
        if not changed and likes_own:
            sources |= {name: without_markers(solution[name]) for name in exercises}
        else:
            sources |= {name: reference[name] for name in exercises}
            sources |= {name: cell_source(function, name) for name, function in (changed or chosen).items()}
    return sources


def _with_one_cache(lecture: Lecture) -> Iterator[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in lecture.points:
        groups.setdefault(name.removesuffix("_forward").removesuffix("_backward"), []).append(name)
    yield from groups.values()


def _misspelt(source: str) -> str:
    """Return a function's source with the last name that it reads misspelt."""
    tree = ast.parse(source)
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    last = max(read, key=lambda node: (node.lineno, node.col_offset))
    last.id += last.id[-1]
    return ast.unparse(tree)
