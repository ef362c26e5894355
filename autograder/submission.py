"""Reads what somebody sent us, whatever it is.

A notebook comes from outside, so nothing in it is believed: it is parsed as plain JSON, and whatever isn't as it should be becomes a
sentence. The result is the list of cells to run, with the instructor's locked cells in place of the student's copies.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .course import Course, Lecture, grade_id, normalised, source_of
from .errors import SubmissionError
from .sandbox.host import Cell

MAX_BYTES = 64 << 20
MAX_CELLS = 5_000


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in.

    Parameters
    ----------
    student, path : str
        Who handed it in, and where it lies.
    lecture : Lecture
        The lecture that it belongs to.
    cells : tuple of Cell
        The code to run, in order.
    problems : tuple of str
        What is wrong with the notebook, a sentence each.
    notebook : dict
        The notebook as it was handed in, in format 4.
    """

    student: str
    path: str
    lecture: Lecture
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]
    notebook: Mapping[str, Any]


def read_submission(path: Path, course: Course, student: str | None = None, lecture: Lecture | None = None) -> Submission:
    """Read the notebook at `path`.

    Parameters
    ----------
    path : Path
        The notebook's file.
    course : Course
        Where the lecture is looked up.
    student : str, optional
        Who handed it in; the file's stem where it is left out.
    lecture : Lecture, optional
        What it should be; found from the cells where it is left out.

    Raises
    ------
    SubmissionError
        If there is nothing to grade: no notebook, or none of this course.
    """
    try:
        if not path.is_file():
            raise SubmissionError(f"{path.name} is not a file" if path.exists() else _missing(path))
        if path.stat().st_size > MAX_BYTES:
            raise SubmissionError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB: clear its outputs, save it, and hand it in again")
        data = path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path.name} can't be read: {error.strerror}") from None
    return parse_submission(data, path, course, student, lecture)


def _missing(path: Path) -> str:
    """Say that there is no notebook at `path`, and what lies there instead."""
    others = sorted(other.name for other in path.parent.glob("*.ipynb")) if path.parent.is_dir() else []
    hint = f"; its folder holds {', '.join(others[:3])}: was the notebook renamed?" if others else ""
    return f"{path.name} does not exist{hint}"


def parse_submission(data: bytes, path: Path, course: Course, student: str | None = None, lecture: Lecture | None = None) -> Submission:
    """Read a notebook from its bytes; parameters and errors are those of `read_submission`."""
    problems: list[str] = []
    notebook = _notebook(data, problems)
    cells = list(_cells(notebook, problems))
    found = course.lecture_of(frozenset(grade_id(cell) for _, cell in cells))
    if found is None:
        wanted = lecture.id if lecture else "a lecture"
        raise SubmissionError(f"this is no notebook of the course: none of its cells is an exercise of {wanted}")
    if lecture is not None and found.id != lecture.id:
        raise SubmissionError(f"this is the notebook of {found.id}, but {lecture.id} was to be handed in")
    problems += _check_exercises([cell for _, cell in cells], found)
    kept = {**notebook, "cells": [cell for _, cell in cells]}
    return Submission(student or path.stem, str(path), found, tuple(_to_run(cells, found)), tuple(problems), kept)


def _notebook(data: bytes, problems: list[str]) -> dict[str, Any]:
    """Parse the bytes of a notebook, and bring an old format up to date."""
    if not data.strip():
        raise SubmissionError("the file is empty")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SubmissionError(f"the file isn't UTF-8 text (byte {error.start}): it isn't a notebook, or was damaged on its way") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} ({error.msg})"
        raise SubmissionError(f"the file isn't a notebook: it stops being JSON at {where}") from None
    except (ValueError, RecursionError):
        raise SubmissionError("the file isn't a notebook: its JSON has numbers or nesting beyond all reason") from None
    if not isinstance(notebook, dict):
        raise SubmissionError("the file is JSON but not a notebook: it should be an object with a list of cells")
    version = notebook.get("nbformat")
    if version in (2, 3):
        problems.append(f"the notebook is in the old format {version}; it was read as format 4")
        return _upgraded(notebook)
    if version != 4:
        found = f"the notebook's format is {str(version)[:20]!r}, and only 3 and 4 can be read"
        raise SubmissionError(f"{found}: open it in JupyterLab and save it again")
    if not isinstance(notebook.get("cells"), list):
        raise SubmissionError("the notebook has no list of cells")
    return notebook


def _upgraded(notebook: dict[str, Any]) -> dict[str, Any]:
    import nbformat  # slow to import, and needed for old notebooks only

    try:
        return json.loads(nbformat.v4.writes(nbformat.reads(json.dumps(notebook), as_version=4)))
    except Exception as error:
        why = type(error).__name__
        raise SubmissionError(f"the notebook is in an old format that can't be converted ({why}): save it in JupyterLab") from None


def _cells(notebook: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each cell that is one, with its number from 1."""
    cells = notebook["cells"]
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"the notebook has {len(cells)} cells, more than the {MAX_CELLS} that are read")
    for number, cell in enumerate(cells, start=1):
        if _is_cell(cell):
            yield number, cell
        else:
            problems.append(f"cell {number} isn't a cell and was passed over")


def _is_cell(cell: Any) -> bool:
    return (
        isinstance(cell, dict) and isinstance(cell.get("source", ""), (str, list)) and cell.get("cell_type") in ("code", "markdown", "raw")
    )


def _check_exercises(cells: list[dict[str, Any]], lecture: Lecture) -> Iterator[str]:
    """Yield a sentence for each exercise whose cell is missing, doubled, or no longer code."""
    counts = Counter(grade_id(cell) for cell in cells)
    retyped = {grade_id(cell) for cell in cells if cell["cell_type"] != "code"}
    for exercise in lecture.exercises:
        if not counts[exercise.name]:
            yield f"the solution cell of {exercise.name} is missing; the function counts wherever else it is defined"
        elif counts[exercise.name] > 1:
            yield f"there are {counts[exercise.name]} cells for {exercise.name}; as in a notebook, the last definition counts"
        if exercise.name in retyped:
            yield f"a cell for {exercise.name} was turned into text, so what is in it isn't run"


def _to_run(cells: list[tuple[int, dict[str, Any]]], lecture: Lecture) -> Iterator[Cell]:
    """Yield the code to run: the instructor's set-up, and all code of the student's."""
    stubs = {exercise.name: exercise.stub for exercise in lecture.exercises}
    present = {grade_id(cell) for _, cell in cells}
    for name, source in lecture.setup.items():
        if name not in present:
            yield Cell(f"set-up cell {name}", source, name)
    done: set[str] = set()
    for number, cell in cells:
        label, name, source = f"cell {number}", grade_id(cell), source_of(cell)
        if name in lecture.setup:
            if name not in done:
                yield Cell(label, lecture.setup[name], name)
            done.add(name)
        elif cell["cell_type"] != "code" or (name.removeprefix("test_") in stubs and name not in stubs):
            continue  # text, and the test cells: the judging is done in the host
        elif name in stubs:
            yield Cell(label, source, name, stubs[name])
        elif source.strip():
            yield Cell(label, source, lazy=normalised(source) in lecture.demonstrations)
