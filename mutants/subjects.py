"""What is mutated: every exercise of a lecture, as its reference has it and as its solution notebook has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from judging import Subject, judges_of
from mutating import normal

from autograder.judging.hidden_modules import reference_of
from autograder.judging.known_answers import cell_source
from autograder.model.course import Lecture, grade_id, is_setup, is_solution, source_of


def subjects_of(lecture: Lecture) -> Iterator[Subject]:
    """Yield two subjects an exercise, in the notebook's order."""
    solutions, namespace = _solutions(lecture)
    for name in lecture.points:
        yield _reference(lecture, name)
        yield Subject(lecture.hidden, name, "solution", normal(solutions[name]), namespace, judges_of(name, lecture.points))


def _reference(lecture: Lecture, name: str) -> Subject:
    """Return the reference's function with its own helpers; helpers that are exercises themselves are mutated as those."""
    module = reference_of(lecture.hidden)
    source = normal(cell_source(getattr(module, name), name))
    leave = frozenset(f"_{name}_{other}" for other in lecture.points)
    return Subject(lecture.hidden, name, "reference", source, vars(module), judges_of(name, lecture.points), leave)


def _solutions(lecture: Lecture) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the sources of the solution cells, and the namespace in which they have been run after the set-up cells."""
    sources: dict[str, str] = {}
    namespace: dict[str, Any] = {"__name__": "solutions"}
    for cell in json.loads(lecture.source.read_text(encoding="utf-8"))["cells"]:
        if is_setup(cell) or is_solution(cell):
            exec(compile(source_of(cell), f"<{grade_id(cell)}>", "exec"), namespace)
        if is_solution(cell):
            sources[grade_id(cell)] = source_of(cell)
    return sources, namespace
