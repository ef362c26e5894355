"""Makes sample notebooks for the demo, the tests and the benchmarks: a lecture's released notebook with known answers in place of stubs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.judging.known_answers import KnownAnswer, catalogue, cell_source
from autograder.model.course import Lecture, grade_id, source_of


def fill(lecture: Lecture, sources: Mapping[str, str]) -> dict[str, Any]:
    """Return the released notebook with `sources`, by exercise, in its solution cells; other stubs are left as they are."""
    notebook = json.loads(lecture.released.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if grade_id(cell) in sources:
            cell["source"] = sources[grade_id(cell)]
    return notebook


def write(notebook: Mapping[str, Any], path: Path) -> Path:
    """Write a notebook, making the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def reference_sources(lecture: Lecture) -> dict[str, str]:
    """Return the reference's source for each exercise; its caches have the form that known answers expect."""
    reference = catalogue(lecture.hidden).reference
    return {exercise.name: cell_source(getattr(reference, exercise.name), exercise.name) for exercise in lecture.exercises}


def with_answers(lecture: Lecture, *answers: KnownAnswer) -> dict[str, Any]:
    """Return a notebook with these answers, and the reference in all other exercises."""
    sources = reference_sources(lecture)
    for answer in answers:
        sources |= {name: cell_source(function, name) for name, function in answer.functions.items()}
    return fill(lecture, sources)


def solution_sources(lecture: Lecture) -> dict[str, str]:
    """Return the solution notebook's source for each exercise."""
    cells = json.loads(lecture.source.read_text(encoding="utf-8"))["cells"]
    return {grade_id(cell): source_of(cell) for cell in cells if grade_id(cell) in lecture.points}


def solved(lecture: Lecture) -> dict[str, Any]:
    """Return the released notebook with the answers of the solution notebook."""
    return fill(lecture, solution_sources(lecture))
