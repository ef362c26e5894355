"""The course: paths of its files, and what each lecture's released notebook defines.

A course is a folder with an ``nbgrader_config.py``, which names the folders of sources and of released assignments, and the one in which
suites, references and misconceptions lie (`Layout`). Exercises, points, stubs, set-up cells and demonstrations are read from the released
notebook, which is their only source.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from glob import glob
from pathlib import Path
from typing import Any, NamedTuple

from autograder.errors import CourseError, LimitError
from autograder.files import FileState, state_of
from autograder.limits import Limits, limits_in
from autograder.model.configuration import CONFIG, configuration

PACKAGE = Path(__file__).resolve().parents[1]
DEMO = "demo"


@dataclass(frozen=True)
class Layout:
    """The folders of a course, relative to its root: ``c.CourseDirectory`` and ``c.Autograder.hidden_directory`` in its configuration.

    `structure` is nbgrader's ``directory_structure``: where an assignment lies in each of its steps.
    """

    source: str = "source"
    release: str = "release"
    hidden: str = "autograder"
    submitted: str = "submitted"
    structure: str = "{nbgrader_step}/{student_id}/{assignment_id}"

    def path(self, step: str, student: str, assignment: str) -> str:
        """Return the folder of an assignment in one of nbgrader's steps; both names may be patterns."""
        return os.path.normpath(self.structure.format(nbgrader_step=step, student_id=student, assignment_id=assignment))


OURS = Layout("solutions", "course")
"""The folders of a course without a configuration."""


HIDDEN = ("suites", "reference", "misconceptions")
"""The folders of a course's hidden modules."""


class HiddenModules(NamedTuple):
    """The three modules of one lecture that students never see. A named tuple, because it is a part of many keys.

    Parameters
    ----------
    folder : Path
        Where suites, references and misconceptions of a course lie.
    slug : str
        The lecture.
    """

    folder: Path
    slug: str

    @property
    def suite(self) -> Path:
        """The hidden tests."""
        return self.folder / "suites" / f"test_{self.slug}.py"

    @property
    def reference(self) -> Path:
        """The right functions, with which the tests compare."""
        return self.folder / "reference" / f"{self.slug}.py"

    @property
    def misconceptions(self) -> Path:
        """The known answers, wrong and right."""
        return self.folder / "misconceptions" / f"{self.slug}.py"


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
    def number(self) -> str:
        """The lecture as it is called in references to its sections: "05", or the whole id where it has no number."""
        return self.id.removesuffix(f"_{self.slug}")

    @property
    def source(self) -> Path:
        """The solution notebook."""
        return self.root / layout_of(self.root).source / self.id / f"{self.slug}.ipynb"

    @property
    def released(self) -> Path:
        """The notebook that students get."""
        return self.root / layout_of(self.root).release / self.id / f"{self.slug}.ipynb"

    @cached_property
    def hidden(self) -> HiddenModules:
        """Its hidden modules."""
        return hidden_modules(self.root, self.slug)

    def shown(self, path: Path) -> str:
        """Return the name of a file of the course for a message: relative to its root, where it lies below it."""
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)

    @property
    def has_suite(self) -> bool:
        """Whether a hidden suite judges it; an assignment without one is graded by its own test cells."""
        return self.hidden.suite.is_file()

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
            raise CourseError(f"{self.released} is missing: run «{self._release}» to make it from {self.source.parents[1].name}/") from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise CourseError(f"{self.released} can't be read as a notebook ({error}): run «{self._release}»") from None

    @property
    def _release(self) -> str:
        """The command that makes the released notebook."""
        return f"{'autograder build' if is_built(self.root) else 'nbgrader generate_assignment'} {self.id}"

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
        layout = layout_of(self.root)
        folders = {path.name for kind in (layout.source, layout.release) for path in (self.root / kind).glob("*") if path.is_dir()}
        lectures = (Lecture(self.root, name) for name in sorted(folders))
        return tuple(lecture for lecture in lectures if lecture.has_suite or (_NUMBERED.match(lecture.id) and is_built(self.root)))

    def lectures(self) -> tuple[Lecture, ...]:
        """Return all lectures, by number: the assignments with a hidden suite, and those called ``NN_slug`` in a course that is built."""
        return self._lectures

    @cached_property
    def assignments(self) -> dict[str, Path]:
        """The other assignments, graded by their own test cells: by name the folder with notebooks, the instructor's where it is there."""
        layout = layout_of(self.root)
        folders = (found for step in (layout.release, layout.source) for found in _assignments(self.root, layout.path(step, ".", "*")))
        found = {name: folder for name, folder in folders if any(folder.glob("*.ipynb"))}
        return {name: found[name] for name in sorted(found.keys() - {lecture.id for lecture in self._lectures})}

    def has_lecture(self, name: str) -> bool:
        """Tell whether `lecture` finds one by this name."""
        try:
            self.lecture(name)
        except CourseError:
            return False
        return True

    def lecture(self, name: str) -> Lecture:
        """Return the lecture with this id, slug or number.

        Raises
        ------
        CourseError
            If there is none, or it is an assignment without a hidden suite.
        """
        for lecture in self._lectures:
            if name in (lecture.id, lecture.slug, lecture.number):
                return lecture
        if name in self.assignments:
            wanted = Lecture(self.root, name)
            raise CourseError(
                f"{name} has no hidden suite, which would be {wanted.shown(wanted.hidden.suite)}: its own test cells grade it, by "
                f"«autograder grade {name}», and formgrader shows the marks (docs/new-lecture.md says how to write a suite)"
            )
        known = ", ".join([*(lecture.id for lecture in self._lectures), *self.assignments]) or "none"
        what = "assignment" if self.assignments else "lecture"
        raise CourseError(f"there is no {what} {name!r} in {self.root}; there are: {known}")

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


_NUMBERED = re.compile(r"^[0-9]{2}_")


def slug_of(lecture: str) -> str:
    """Return the slug in a lecture's id: what follows its number, or all of it where there is none."""
    return _NUMBERED.sub("", lecture)


def layout_of(root: Path) -> Layout:
    """Return the folders of the course in `root`, as its configuration names them.

    Raises
    ------
    CourseError
        If the configuration can't be read.
    """
    return _layout(root, state_of(root / CONFIG))


@lru_cache(maxsize=64)
def _layout(root: Path, config: FileState) -> Layout:
    if not config:
        return OURS
    found = configuration(root)
    names = {
        "source": found.CourseDirectory.get("source_directory"),
        "release": found.CourseDirectory.get("release_directory"),
        "hidden": found.Autograder.get("hidden_directory"),
        "submitted": found.CourseDirectory.get("submitted_directory"),
        "structure": found.CourseDirectory.get("directory_structure"),
    }
    return Layout(**{name: str(value) for name, value in names.items() if value is not None})


def _assignments(root: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    """Yield name and place of what a pattern finds in a course; the name stands for its asterisk, wherever nbgrader's folders have it."""
    name = re.compile(re.escape(pattern).replace(r"\*", "([^/]+)"))
    for path in glob(pattern, root_dir=root):  # which also takes a pattern that begins at the root of all files
        if named := name.fullmatch(path):
            yield named[1], Path(root, path)


def is_built(root: Path) -> bool:
    """Tell whether the course in `root` is one that ``autograder build`` makes: with the student's package beside released notebooks."""
    return (root / layout_of(root).release / "coursekit").is_dir()


def hidden_modules(root: Path, slug: str) -> HiddenModules:
    """Return the hidden modules of a lecture of the course in `root`.

    A course that has no folder for them, such as that of the demonstration, has those of the course in which this package lies.
    """
    folder = root / layout_of(root).hidden
    if not (folder / "suites").is_dir() and (PACKAGE.parent / CONFIG).is_file():
        folder = PACKAGE
    return HiddenModules(folder, slug)


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
