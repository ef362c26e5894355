"""An assignment that is graded by its own test cells, in any nbgrader course: its rows in the database and its files, read once.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry, Student
from sqlalchemy import select

from autograder.errors import GradebookError
from autograder.gradebook.assignment import KnownCell


@dataclass(frozen=True)
class SourceCell:
    """The instructor's text of a cell, as nbgrader keeps it, with hidden tests."""

    name: str
    cell_type: str
    locked: bool
    source: str
    checksum: str


@dataclass(frozen=True)
class KnownNotebook:
    """One of an assignment's notebooks in nbgrader's database."""

    id: str
    name: str
    kernelspec: str | None
    cells: tuple[KnownCell, ...]
    source_cells: tuple[SourceCell, ...]

    @property
    def grade_cells(self) -> list[KnownCell]:
        """The cells with points: test cells, and answers that a person grades."""
        return self._of("GradeCell")

    @property
    def solution_cells(self) -> list[KnownCell]:
        """The cells that students write."""
        return self._of("SolutionCell")

    @property
    def task_cells(self) -> list[KnownCell]:
        """The cells that describe a task, which a person grades."""
        return self._of("TaskCell")

    def _of(self, kind: str) -> list[KnownCell]:
        return [cell for cell in self.cells if cell.kind == kind]

    @cached_property
    def sources(self) -> Mapping[str, SourceCell]:
        """The source cells by name."""
        return {cell.name: cell for cell in self.source_cells}

    @cached_property
    def graded(self) -> Mapping[str, KnownCell]:
        """The cells with points by name; as in nbgrader, a grade cell comes before a task cell."""
        return {cell.name: cell for cell in (*self.task_cells, *self.grade_cells)}

    @cached_property
    def commented(self) -> Mapping[str, KnownCell]:
        """The cells with comments by name; as in nbgrader, a solution cell comes before a task cell."""
        return {cell.name: cell for cell in (*self.task_cells, *self.solution_cells)}


@dataclass(frozen=True)
class CellAssignment:
    """An assignment in nbgrader's database.

    Parameters
    ----------
    id, name : str
        Its id in the database, and its name.
    notebooks : mapping of str to KnownNotebook
        Its notebooks by name.
    files : mapping of str to Path
        The files beside the instructor's notebooks, which replace a student's copies, by their paths in the assignment's folder.
    students : frozenset of str, optional
        The students that may hand in; None if any student may.
    """

    id: str
    name: str
    notebooks: Mapping[str, KnownNotebook]
    files: Mapping[str, Path]
    students: frozenset[str] | None

    @cached_property
    def cells(self) -> dict[str, tuple[KnownCell, ...]]:
        """The cells by the notebook's id, as `SubmissionRows` takes them."""
        return {notebook.id: notebook.cells for notebook in self.notebooks.values()}

    @cached_property
    def max_score(self) -> float:
        """The points of all cells."""
        return sum(cell.max_score for notebook in self.notebooks.values() for cell in notebook.graded.values())


def read_assignment(gradebook: Gradebook, name: str, files: Mapping[str, Path], any_student: bool) -> CellAssignment:
    """Read an assignment from nbgrader's database.

    Parameters
    ----------
    gradebook : Gradebook
    name : str
        The assignment's name.
    files : mapping of str to Path
        The files beside the instructor's notebooks.
    any_student : bool
        Whether students that aren't in the database may hand in, as nbgrader's ``Autograde.create_student`` says.

    Raises
    ------
    GradebookError
        If the assignment isn't in the database, or has no notebooks there.
    """
    try:
        found = gradebook.find_assignment(name)
        notebooks = {notebook.name: _notebook(notebook) for notebook in found.notebooks}
    except MissingEntry:
        notebooks = {}
    if not notebooks:
        raise GradebookError(f"the gradebook has no notebooks of {name}: run «nbgrader generate_assignment {name}»")
    students = None if any_student else frozenset(gradebook.db.scalars(select(Student.id)))
    return CellAssignment(found.id, name, notebooks, files, students)


def _notebook(row: Any) -> KnownNotebook:
    cells = tuple(KnownCell(cell.id, cell.name, cell.type, float(getattr(cell, "max_score", None) or 0.0)) for cell in row._base_cells)
    sources = tuple(SourceCell(cell.name, cell.cell_type, cell.locked, cell.source, cell.checksum) for cell in row.source_cells)
    return KnownNotebook(row.id, row.name, row.kernelspec, cells, sources)


def files_in(folder: Path, ignore: list[str]) -> Iterator[str]:
    """Yield the paths of all files in a folder, relative to it, without files and folders that match one of nbgrader's patterns."""
    for where, folders, names in os.walk(folder):
        ignored = {found for pattern in ignore for found in glob.glob(os.path.join(glob.escape(where), pattern))}
        folders[:] = sorted(name for name in folders if os.path.join(where, name) not in ignored)
        found = (os.path.join(where, name) for name in sorted(names))
        yield from (os.path.relpath(path, folder) for path in found if path not in ignored)
