"""The course: paths of its files, and what each lecture's released notebook defines.

Exercises, points, stubs, set-up cells and demonstrations are read from the released notebook, which is their only source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.errors import CourseError, LimitError
from autograder.limits import Limits, limits_in

CONFIG = "nbgrader_config.py"
PACKAGE = Path(__file__).parents[1]
DEMO = "demo"


@dataclass(frozen=True)
class Exercise:
    """One function to write: its name, its points, and the stub that students are given."""

    name: str
    points: float
    stub: str


@dataclass(frozen=True)
class Lecture:
    """One topic: ``05_batch_normalization`` in the course at `root`."""

    root: Path
    id: str

    @property
    def slug(self) -> str:
        """The id without its number: the name of notebook and modules."""
        return slug_of(self.id)

    @property
    def source(self) -> Path:
        """The solution notebook."""
        return self.root / "solutions" / self.id / f"{self.slug}.ipynb"

    @property
    def released(self) -> Path:
        """The notebook that students get."""
        return self.root / "course" / self.id / f"{self.slug}.ipynb"

    @property
    def suite(self) -> Path:
        """The hidden tests."""
        return suite_of(self.slug)

    @property
    def cells(self) -> tuple[Mapping[str, Any], ...]:
        """The cells of the released notebook."""
        return tuple(self._notebook["cells"])

    @cached_property
    def limits(self) -> Limits:
        """The limits of a submission: the grader's, with the changes in the notebook's metadata.

        Raises
        ------
        CourseError
            If the metadata name an unknown limit, or an invalid value.
        """
        try:
            return limits_in(self._notebook["metadata"])
        except LimitError as error:
            raise CourseError(f"the limits in the metadata of {self.released} can't be used: {error}") from None

    @cached_property
    def _notebook(self) -> Mapping[str, Any]:
        """The released notebook.

        Raises
        ------
        CourseError
            If it is missing, or isn't a notebook.
        """
        try:
            notebook = json.loads(self.released.read_text(encoding="utf-8"))
            return {"cells": list(notebook["cells"]), "metadata": dict(notebook["metadata"])}
        except FileNotFoundError:
            raise CourseError(f"{self.released} is missing: run «autograder build {self.id}» to make it from solutions/") from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise CourseError(f"{self.released} can't be read as a notebook ({error}): run «autograder build {self.id}»") from None

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises, in the notebook's order."""
        stubs = {grade_id(cell): source_of(cell) for cell in self.cells if is_solution(cell)}
        return tuple(
            Exercise(name, float(cell["metadata"]["nbgrader"]["points"]), stubs[name])
            for cell in self.cells
            if (name := grade_id(cell).removeprefix("test_")) in stubs and is_test(cell)
        )

    @cached_property
    def points(self) -> dict[str, float]:
        """The points of each exercise."""
        return {exercise.name: exercise.points for exercise in self.exercises}

    @cached_property
    def setup(self) -> dict[str, str]:
        """The source of each locked code cell without points, by `grade_id`: imports and helpers for later cells."""
        return {grade_id(cell): source_of(cell) for cell in self.cells if is_setup(cell)}

    @cached_property
    def demonstrations(self) -> frozenset[str]:
        """The normalised source of each demonstration."""
        return frozenset(normalised(source_of(cell)) for cell in self.cells if DEMO in cell["metadata"].get("tags", ()))

    @cached_property
    def grade_ids(self) -> frozenset[str]:
        """All `grade_id`s of the lecture."""
        return frozenset(filter(None, map(grade_id, self.cells)))


class Course:
    """The course whose `nbgrader_config.py` lies in `root`."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    @cached_property
    def _lectures(self) -> tuple[Lecture, ...]:
        folders = {path.name for kind in ("solutions", "course") for path in (self.root / kind).glob("[0-9][0-9]_*") if path.is_dir()}
        return tuple(Lecture(self.root, name) for name in sorted(folders))

    def lectures(self) -> tuple[Lecture, ...]:
        """Return all lectures, by number."""
        return self._lectures

    def lecture(self, name: str) -> Lecture:
        """Return the lecture with this id, slug or number.

        Raises
        ------
        CourseError
            If there is none.
        """
        for lecture in self._lectures:
            if name in (lecture.id, lecture.slug, lecture.id.split("_")[0]):
                return lecture
        known = ", ".join(lecture.id for lecture in self._lectures) or "none"
        raise CourseError(f"there is no lecture {name!r} in {self.root}; there are: {known}")

    def lecture_of(self, grade_ids: frozenset[str]) -> Lecture | None:
        """Return the lecture with the most exercises among a notebook's `grade_id`s; None if there is none with any."""
        shared = {lecture: len(grade_ids & lecture.points.keys()) for lecture in self._lectures if lecture.released.exists()}
        best = max(shared, key=shared.__getitem__, default=None)
        return best if best is not None and shared[best] else None


def find_course(start: Path | None = None) -> Course:
    """Return the course that contains `start` (default: the working directory), or else the one that contains this package.

    Raises
    ------
    CourseError
        If there is neither.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, PACKAGE.parent):
        if (folder / CONFIG).is_file():
            return Course(folder)
    raise CourseError(f"no course here: neither {start} nor a folder above it has a {CONFIG}")


def slug_of(lecture: str) -> str:
    """Return the slug in a lecture's id."""
    return lecture.split("_", 1)[1]


def suite_of(slug: str) -> Path:
    """Return the module of hidden tests of the lecture `slug`."""
    return PACKAGE / "suites" / f"test_{slug}.py"


# --- cells, as plain JSON -------------------------------------------------------------------------------------------------


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's source, which a notebook file keeps as a string or as a list of lines."""
    source = cell.get("source", "")
    return "".join(line for line in source if isinstance(line, str)) if isinstance(source, list) else str(source)


def nbgrader_of(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cell's nbgrader metadata, or an empty mapping."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return nbgrader if isinstance(nbgrader, dict) else {}


def grade_id(cell: Mapping[str, Any]) -> str:
    """Return a cell's `grade_id`, or an empty string."""
    name = nbgrader_of(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def is_solution(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell is a code cell in which students write an exercise."""
    return cell.get("cell_type") == "code" and bool(nbgrader_of(cell).get("solution"))


def is_test(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell is a test cell, which holds the points of an exercise."""
    return cell.get("cell_type") == "code" and bool(nbgrader_of(cell).get("grade")) and not nbgrader_of(cell).get("solution")


def is_setup(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell is a locked code cell without points."""
    nbgrader = nbgrader_of(cell)
    return cell.get("cell_type") == "code" and bool(nbgrader.get("locked")) and not nbgrader.get("grade") and not nbgrader.get("solution")


def normalised(source: str) -> str:
    """Return source without blank lines and trailing blanks, for comparisons."""
    return "\n".join(line.rstrip() for line in source.split("\n") if line.strip()).strip()
