"""A lecture in nbgrader: folders, rows in the database, released notebook.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import api
from nbgrader.api import Assignment, BaseCell, Gradebook, InvalidEntry, Notebook, SourceCell
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from sqlalchemy import URL, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from tornado.log import app_log
from traitlets import import_item
from traitlets.config import Config

from autograder.errors import GradebookError
from autograder.model.course import Lecture, grade_id, nbgrader_of
from autograder.runners.local import without_interrupts


@dataclass(frozen=True)
class KnownCell:
    """A graded or commented cell in nbgrader's database."""

    id: str
    name: str
    kind: str  # nbgrader's class: GradeCell, SolutionCell or TaskCell
    max_score: float = 0.0  # read where nbgrader's own steps ask for it


@dataclass(frozen=True)
class KnownAssignment:
    """A lecture in nbgrader's database, and the notebook that it releases."""

    id: str
    notebook_id: str
    cells: tuple[KnownCell, ...]
    release: dict[str, Any]

    @property
    def notebooks(self) -> dict[str, tuple[KnownCell, ...]]:
        """The cells by the notebook's id, as `SubmissionRows` takes them."""
        return {self.notebook_id: self.cells}

    @cached_property
    def solutions(self) -> tuple[str, ...]:
        """The cells that students write, in the notebook's order."""
        return tuple(grade_id(cell) for cell in self.release["cells"] if nbgrader_of(cell).get("solution"))

    @cached_property
    def written(self) -> dict[str, str]:
        """The released text of each answer that a person grades."""
        return {grade_id(cell): cell["source"] for cell in self.release["cells"] if _is_written(nbgrader_of(cell))}


def _is_written(nbgrader: Mapping[str, Any]) -> bool:
    return bool((nbgrader.get("grade") and nbgrader.get("solution")) or nbgrader.get("task"))


def course_directory(root: Path, config: Config) -> CourseDirectory:
    """Return nbgrader's folders of the course in `root`."""
    return CourseDirectory(root=str(root.resolve()), config=config)


def open_gradebook(coursedir: CourseDirectory) -> Gradebook:
    """Open nbgrader's database; create it if it is missing.

    Raises
    ------
    GradebookError
        If it can't be opened.
    """
    shown = coursedir.db_url
    try:
        url = make_url(coursedir.db_url)
        shown = url.render_as_string(hide_password=True)
        with _own_programs(), _version_from_here():
            _create(url, coursedir.course_id)
            return Gradebook(coursedir.db_url, coursedir.course_id)
    except ImportError as error:
        raise GradebookError(f"{shown} needs the Python package {error.name}, which isn't installed") from error
    except (SQLAlchemyError, OSError, InvalidEntry) as error:
        raise GradebookError(f"{shown} can't be opened as nbgrader's gradebook: {reason_of(error)}") from error


def _create(url: URL, course: str) -> None:
    """Create an SQLite database under a temporary name: nbgrader makes it in several steps, and can't continue an interrupted one."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:" or url.query or Path(url.database).exists():
        return
    unfinished = Path(f"{url.database}.unfinished")
    unfinished.unlink(missing_ok=True)
    Gradebook(str(url.set(database=str(unfinished))), course).close()
    os.replace(unfinished, url.database)


@contextmanager
def _own_programs() -> Iterator[None]:
    """Put this environment's programs on the PATH for ``alembic``, which nbgrader runs for a new database, and shield it from Ctrl-C."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        with without_interrupts():
            yield
    finally:
        os.environ["PATH"] = before


@contextmanager
def _version_from_here() -> Iterator[None]:
    """Compute the version of a new database here; nbgrader would run ``alembic``, a process that imports nbgrader again."""
    ask = getattr(api, "get_alembic_version", None)
    if ask is None:
        yield
        return
    api.get_alembic_version = lambda: _version() or ask()
    try:
        yield
    finally:
        api.get_alembic_version = ask


def _version() -> str | None:
    """Return the version of nbgrader's tables; None if it can't be computed here."""
    with suppress(Exception):
        from alembic.script import ScriptDirectory
        from nbgrader.dbutil import ALEMBIC_DIR

        return ScriptDirectory(ALEMBIC_DIR).get_current_head()
    return None


def known_assignment(lecture: Lecture, gradebook: Gradebook, coursedir: CourseDirectory, config: Config) -> KnownAssignment:
    """Return the lecture's rows, after an update from ``solutions/`` if they differ.

    The update is that of ``nbgrader generate_assignment``; ``course/`` isn't changed.

    Raises
    ------
    GradebookError
        If the lecture isn't in ``solutions/``, or cells were added or removed after submissions were graded.
    """
    release = _run_release(lecture, gradebook, coursedir, config)
    assignment = gradebook.find_assignment(lecture.id)
    notebook = next(notebook for notebook in assignment.notebooks if notebook.name == lecture.slug)
    cells = gradebook.db.execute(select(BaseCell.id, BaseCell.name, BaseCell.type).where(BaseCell.notebook_id == notebook.id))
    return KnownAssignment(assignment.id, notebook.id, tuple(KnownCell(*row) for row in cells), json.loads(json.dumps(release)))


def _run_release(lecture: Lecture, gradebook: Gradebook, coursedir: CourseDirectory, config: Config) -> NotebookNode:
    """Run nbgrader's preprocessors on the solution notebook in memory, and return the released notebook."""
    notebook = _source(lecture)
    resources = {
        "nbgrader": {"notebook": lecture.slug, "assignment": lecture.id, "db_url": coursedir.db_url},
        "metadata": {"path": str(lecture.source.parent)},
    }
    for step in GenerateAssignment(coursedir=coursedir, config=config).preprocessors:
        step = import_item(step) if isinstance(step, str) else step
        if step is SaveCells:
            if _differs(notebook, lecture, gradebook):
                _save(notebook, resources, lecture, gradebook, config)
            continue
        notebook, resources = step(config=config)(notebook, resources)
    return notebook


def _source(lecture: Lecture) -> NotebookNode:
    try:
        return nbformat.read(lecture.source, as_version=4)
    except FileNotFoundError:
        raise GradebookError(
            f"{lecture.source} is missing, and with it the points of {lecture.id}: run «autograder build {lecture.id}»"
        ) from None
    except Exception as error:
        raise GradebookError(
            f"{lecture.source} can't be read as a notebook ({reason_of(error)}): run «autograder build {lecture.id}»"
        ) from error


def _differs(notebook: NotebookNode, lecture: Lecture, gradebook: Gradebook) -> bool:
    """Tell whether cells, sources or points in the database differ from the notebook's."""
    rows = (
        select(SourceCell.name, SourceCell.checksum)
        .join(Notebook, SourceCell.notebook_id == Notebook.id)
        .join(Assignment, Notebook.assignment_id == Assignment.id)
        .where(Assignment.name == lecture.id, Notebook.name == lecture.slug)
    )
    # The checksum covers source, kind and points.
    known = {name: checksum for name, checksum in gradebook.db.execute(rows)}
    return known != {
        cell.metadata.nbgrader["grade_id"]: cell.metadata.nbgrader.get("checksum") for cell in notebook.cells if _is_saved(cell)
    }


def _is_saved(cell: NotebookNode) -> bool:
    return any(test(cell) for test in (is_grade, is_solution, is_locked, is_task))


def _save(notebook: NotebookNode, resources: dict[str, Any], lecture: Lecture, gradebook: Gradebook, config: Config) -> None:
    app_log.disabled = True  # nbgrader logs a traceback of each error
    try:
        gradebook.update_or_create_assignment(lecture.id)
        gradebook.db.commit()
        SaveCells(config=config)(notebook, resources)
    except RuntimeError as error:
        raise GradebookError(
            f"cells were added to {lecture.id} or removed from it after submissions were graded, which nbgrader can't take up "
            f"({reason_of(error)}): restore the cells, or remove the assignment with «nbgrader db assignment remove {lecture.id} --force»"
        ) from error
    finally:
        app_log.disabled = False
        gradebook.db.expire_all()


def reason_of(error: BaseException) -> str:
    """Return an error's message, or its name, in one line, with the remedy if it is known."""
    said = " ".join(str(getattr(error, "orig", None) or error).split()) or type(error).__name__
    if said.startswith("no such column") or re.match('column "?[a-z_.]+"? does not exist', said):
        return f"{said}; the database is of an older nbgrader: keep a copy of it, and run «nbgrader db upgrade»"
    return said
