"""Grades assignments by their own test cells, in any nbgrader course: what ``nbgrader autograde`` does before and after it runs a notebook.

`CellGradebook.prepare` makes of a submission what is to be run, `CellGradebook.record` makes of the outputs the marks in the database and
the files in ``autograded/``. Both run nbgrader's own steps with the course's configuration, so the marks are nbgrader's; what these steps
ask of the database is answered by a `Snapshot`, and all rows of a submission are written in one transaction.
"""

from __future__ import annotations

import glob
import hashlib
import os
import platform
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import GradebookError, SubmissionError, in_one_line
from autograder.files import UNFINISHED, holds
from autograder.gradebook.connection import GradebookConnection
from autograder.gradebook.exchange_files import SECRET, TIMESTAMP, secret_in, time_of, timestamp_in
from autograder.model.course import CONFIG
from autograder.model.notebook_file import as_file
from autograder.model.submission import check_place, refusal_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from autograder.gradebook.cell_assignment import CellAssignment
    from autograder.gradebook.nbgrader_steps import Steps
    from autograder.gradebook.snapshot import Snapshot
    from autograder.gradebook.tables import SubmissionRows

TIMES = "execution"  # where a notebook keeps when a cell was run: differs in each run, so it isn't kept
STOPPED = "DeadKernelError"  # the name of the error in a cell that wasn't run, because the notebook's process had ended


@dataclass(frozen=True)
class PreparedNotebook:
    """A submitted notebook with the instructor's cells put back, ready to be run.

    Parameters
    ----------
    name : str
        The notebook's name, without suffix.
    notebook : NotebookNode
        The notebook in format 4.
    code : mapping of int to str
        The source of each cell that is to be run, in order, by its index in the notebook.
    kernel, language : str
        The kernel's name and its language, as the instructor's notebook has them.
    digest : str
        A hash of the whole notebook, which is the same for equal submissions.
    """

    name: str
    notebook: NotebookNode
    code: Mapping[int, str]
    kernel: str
    language: str
    digest: str


@dataclass(frozen=True)
class Prepared:
    """A submission, ready to be run.

    Parameters
    ----------
    student : str
    assignment : CellAssignment
    notebooks : tuple of PreparedNotebook
        The notebooks to run, in nbgrader's order.
    missing : tuple of str
        The assignment's notebooks that weren't handed in: they get no points.
    files : mapping of str to Path
        The files beside the notebooks, the instructor's in the place of a student's, by their paths in the assignment's folder. They are
        copied to ``autograded/``.
    timeout : float, optional
        Seconds that a cell may take, as nbgrader's ``Execute.timeout`` says; None for no limit.
    problems : tuple of str
        What nbgrader's steps, and the checks of the files, found.
    """

    student: str
    assignment: CellAssignment
    notebooks: tuple[PreparedNotebook, ...]
    missing: tuple[str, ...]
    files: Mapping[str, Path]
    timeout: float | None
    problems: tuple[str, ...]

    @property
    def data(self) -> dict[str, Path]:
        """The files that a notebook may read while it runs: all but those of the exchange."""
        return {name: path for name, path in self.files.items() if name not in (TIMESTAMP, SECRET)}


@dataclass(frozen=True)
class Execution:
    """What came of running a notebook.

    Parameters
    ----------
    outputs : mapping of int to list of dict
        The outputs of each cell that was run, in format 4 as plain JSON, by the cell's index in the notebook. A cell of
        `PreparedNotebook.code` that isn't here wasn't run, and gets an error in its place.
    counts : mapping of int to int
        The execution counts of these cells.
    problem : str, optional
        Why the run ended before the last cell.
    language_info : mapping, optional
        What the kernel says of its language; by default that of this Python.
    """

    outputs: Mapping[int, Sequence[Mapping[str, Any]]]
    counts: Mapping[int, int] = field(default_factory=dict)
    problem: str = ""
    language_info: Mapping[str, Any] | None = None

    @classmethod
    def of(
        cls, notebook: PreparedNotebook, outputs: Sequence[Sequence[Mapping[str, Any]]], counts: Sequence[int | None], problem: str = ""
    ) -> Execution:
        """Return the execution of a notebook from its cells' outputs and counts, in the order of `PreparedNotebook.code`.

        A cell without a count wasn't run.
        """
        ran = [(index, shown, count) for index, shown, count in zip(notebook.code, outputs, counts, strict=True) if count is not None]
        return cls({index: shown for index, shown, _ in ran}, {index: count for index, _, count in ran}, problem)


@dataclass(frozen=True)
class Recorded:
    """What was written for a submission.

    Parameters
    ----------
    student : str
    scores : mapping of (str, str) to float or None
        The automatic score of each graded cell, by notebook and cell; None where a person has to grade.
    score, max_score : float
        All points, those of a person included, without late penalties, and how many there are.
    penalty : float
        The late penalties of all notebooks.
    problems : tuple of str
        What was noticed.
    """

    student: str
    scores: Mapping[tuple[str, str], float | None]
    score: float
    max_score: float
    penalty: float
    problems: tuple[str, ...] = ()


class CellGradebook(GradebookConnection):
    """Prepares and records the submissions of a course; a context manager, and the only writer of its gradebook meanwhile.

    Parameters are those of `GradebookConnection`.
    """

    @cached_property
    def _assignments(self) -> dict[str, CellAssignment]:
        return {}

    @cached_property
    def steps(self) -> Steps:
        """nbgrader's steps, with the course's configuration."""
        self._open()  # imports nbgrader, before the import below
        from autograder.gradebook.nbgrader_steps import Steps, reason_of

        try:
            return Steps(self._coursedir, self._config)
        except Exception as error:
            raise GradebookError(f"nbgrader can't be set up as {CONFIG} says: {reason_of(error)}") from error

    def assignment(self, name: str) -> CellAssignment:
        """Return an assignment as nbgrader's database and ``source/`` have it; they are read when it is first asked for.

        Raises
        ------
        GradebookError
            If the gradebook can't be opened or read, or doesn't have the assignment.
        """
        self._open()  # imports nbgrader, before the imports below
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.gradebook.assignment import reason_of
        from autograder.gradebook.cell_assignment import read_assignment

        if name not in self._assignments:
            try:
                files, any_student = self._support_files(name), self.steps.converter.create_student
                self._assignments[name] = read_assignment(self._gradebook, name, files, any_student)
            except (SQLAlchemyError, OSError) as error:
                raise GradebookError(f"{name} can't be read from the gradebook: {reason_of(error)}") from error
            finally:
                self._gradebook.db.remove()  # end the transaction, which a server would keep open
        return self._assignments[name]

    def students(self, assignment: CellAssignment) -> list[str]:
        """Return the students who have handed in, as nbgrader finds them; those with a folder that has no notebook are among them."""
        pattern, course = self._path("submitted", self._coursedir.student_id, assignment.name), self._coursedir
        structure = course.format_path(course.submitted_directory, "(?P<student>[^/]*)", re.escape(assignment.name), escape=True)
        left_out = course.student_id_exclude.split(",") if course.student_id_exclude else []
        found = (re.fullmatch(structure, path) for path in glob.glob(str(pattern)) if os.path.isdir(path))
        return sorted(name["student"] for name in found if name and name["student"] not in left_out)

    def prepare(self, assignment: CellAssignment, student: str) -> Prepared:
        """Make of a submission what is to be run, as the steps of ``Autograde.sanitize_preprocessors`` do. Nothing is written.

        Raises
        ------
        SubmissionError
            If nbgrader would stop at this submission, or it isn't one that can be read; see `refuse`.
        """
        self.steps.noticed.clear()
        if why := refusal_of(student) or self._stranger(assignment, student):
            raise SubmissionError(why)
        try:
            return self._prepared(assignment, student)
        except OSError as error:
            raise SubmissionError(f"it can't be read: {error.strerror}") from error

    def _prepared(self, assignment: CellAssignment, student: str) -> Prepared:
        folder, noticed = self._path("submitted", student, assignment.name), self.steps.noticed
        check_place(folder, self._top(assignment))
        there = self._notebook_files(folder)
        noticed += [f"{name}.ipynb isn't a notebook of {assignment.name}" for name in there if name not in assignment.notebooks]
        paths = [folder / f"{name}.ipynb" for name in there if name in assignment.notebooks]
        if not paths:
            wanted = ", ".join(f"{name}.ipynb" for name in sorted(assignment.notebooks))
            raise SubmissionError(f"no notebook of {assignment.name} was handed in: {wanted}")
        self.steps.hook("pre", assignment.name, student, [str(path) for path in paths])
        notebooks = []
        for path in paths:
            with self._stopped_at(path.stem):
                notebooks.append(self._restored(assignment, student, path))
        missing = self._missing(assignment, folder)
        noticed += [f"{name}.ipynb was not handed in" for name in missing]
        files = {**self._handed_in_files(folder, assignment, noticed), **assignment.files}
        if TIMESTAMP in files and files[TIMESTAMP].stat().st_size and not timestamp_in(folder):
            noticed.append(f"{TIMESTAMP} holds no time")
        return Prepared(student, assignment, tuple(notebooks), missing, files, self.steps.timeout, self.steps.problems())

    def record(self, prepared: Prepared, executions: Mapping[str, Execution], write: bool = True) -> Recorded:
        """Write marks and files of a submission, both or neither. What is there already isn't written again.

        Parameters
        ----------
        prepared : Prepared
        executions : mapping of str to Execution
            By the name of each of its notebooks.
        write : bool
            If False, nothing is written: only what would be is returned.

        Raises
        ------
        SubmissionError
            If nbgrader would stop at these outputs, as at more points than a cell has; see `refuse`.
        GradebookError
            If nbgrader's database or ``autograded/`` can't be written.
        """
        from autograder.gradebook.snapshot import Snapshot

        self.steps.noticed.clear()
        assignment, student = prepared.assignment, prepared.student
        submitted, folder = (self._path(step, student, assignment.name) for step in ("submitted", "autograded"))
        with self._reported(f"the result of {student} for {assignment.name}"), self._rows(assignment, student) as rows:
            snapshot = Snapshot(assignment, rows, self._time(submitted, rows))
            files: dict[Path, str | Path] = {folder / name: path for name, path in prepared.files.items()}
            files[folder / SECRET] = secret_in(submitted, folder)
            if TIMESTAMP in prepared.files:
                files[folder / TIMESTAMP] = timestamp_in(submitted)
            for each in prepared.notebooks:
                path = folder / f"{each.name}.ipynb"
                with self._stopped_at(each.name):
                    files[path] = self._finished(each, executions.get(each.name), snapshot, student, path)
            for name in prepared.missing:
                snapshot.set_missing(name)
            marks, penalties = snapshot.marks(), snapshot.penalties()

            def write_rows() -> None:
                rows.write(marks)
                for notebook, penalty in penalties.items():
                    rows.penalise(notebook, penalty)

            if write and not (rows.have(marks, penalties) and all(holds(path, content) for path, content in files.items())):
                self._save(files, int(str(self.steps.converter.permissions), 8), write_rows)
            if write:
                _remove_others(folder, files)
            if write and self._coursedir.groupshared:
                self.steps.converter.set_permissions(assignment.name, student)
        self.steps.hook("post", assignment.name, student, [str(folder / f"{each.name}.ipynb") for each in prepared.notebooks])
        names = {cell.id: (known.name, cell.name) for known in assignment.notebooks.values() for cell in known.cells}
        scores = {names[cell]: score for cell, score in marks.scores.items()}
        penalty = sum(each or 0.0 for each in penalties.values())
        problems = tuple(in_one_line(each.problem) for each in executions.values() if each.problem)
        noticed = (*prepared.problems, *problems, *self.steps.problems())
        return Recorded(student, scores, snapshot.score(), assignment.max_score, penalty, noticed)

    def refuse(self, assignment: CellAssignment, student: str) -> None:
        """Leave what nbgrader leaves of a submission at which it stops: rows without new marks, and nothing in ``autograded/``.

        Raises
        ------
        GradebookError
            If nbgrader's database or ``autograded/`` can't be written.
        """
        from autograder.gradebook.snapshot import Snapshot

        if refusal_of(student) or self._stranger(assignment, student):
            return
        submitted, folder = (self._path(step, student, assignment.name) for step in ("submitted", "autograded"))
        with self._reported(f"the submission of {student} for {assignment.name}"), self._rows(assignment, student) as rows:
            if there := self._notebook_files(submitted):
                snapshot = Snapshot(assignment, rows, self._time(submitted, rows))
                for name in self._missing(assignment, submitted) if set(there) & set(assignment.notebooks) else ():
                    snapshot.set_missing(name)
                rows.write(snapshot.marks())
            self._connection.commit()
            _remove_others(folder, ())

    def place_of(self, student: str, assignment: CellAssignment) -> str:
        """Return the folder of a submission, relative to the working directory where it lies below it."""
        return (
            os.path.relpath(path) if (path := self._path("submitted", student, assignment.name)).is_relative_to(Path.cwd()) else str(path)
        )

    # --- folders and files -------------------------------------------------------------------------------------------------------

    def _path(self, step: str, student: str, assignment: str) -> Path:
        names = {"submitted": self._coursedir.submitted_directory, "autograded": self._coursedir.autograded_directory}
        return Path(self._coursedir.format_path(names[step], student, assignment))

    def _top(self, assignment: CellAssignment) -> Path:
        """Return the folder above those of the students."""
        return Path(*takewhile(lambda part: "*" not in part, self._path("submitted", "*", assignment.name).parts))

    @staticmethod
    def _time(submitted: Path, rows: SubmissionRows) -> datetime | None:
        """Return when a submission was handed in; without a file that says so, what the database has is kept, as in nbgrader."""
        return time_of(timestamp_in(submitted)) or (rows.marks.timestamp if rows.marks else None)

    def _support_files(self, assignment: str) -> dict[str, Path]:
        """Return the files beside the instructor's notebooks, without those that students may change, as ``exclude_overwriting`` says."""
        from autograder.gradebook.cell_assignment import files_in

        folder = Path(self._coursedir.format_path(self._coursedir.source_directory, ".", assignment))
        kept = {os.path.normpath(name) for name in self.steps.converter.exclude_overwriting.get(assignment, [])}
        names = files_in(folder, [*self._coursedir.ignore, "*.ipynb"])
        return {name: (folder / name).resolve() for name in names if name not in kept}

    def _handed_in_files(self, folder: Path, assignment: CellAssignment, noticed: list[str]) -> dict[str, Path]:
        """Return the files beside a student's notebooks that can be copied: a link, for one, could lead to somebody else's files."""
        from autograder.gradebook.cell_assignment import files_in

        found = {}
        given = {*assignment.files, TIMESTAMP, SECRET}
        folders = {str(parent) for name in assignment.files for parent in Path(name).parents}
        for name in files_in(folder, [*self._coursedir.ignore, "*.ipynb"]):
            state = (folder / name).lstat()
            if not stat.S_ISREG(state.st_mode):
                noticed.append(f"{in_one_line(name)} isn't a plain file, and was passed over")
            elif state.st_size > 1000 * self._coursedir.max_file_size:
                noticed.append(f"{in_one_line(name)} is larger than CourseDirectory.max_file_size, and was passed over")
            elif name in folders or any(str(parent) in given for parent in Path(name).parents) or name.endswith(UNFINISHED):
                noticed.append(f"{in_one_line(name)} has the name of another file or folder, and was passed over")
            else:
                found[name] = folder / name
        return found

    def _notebook_files(self, folder: Path) -> list[str]:
        found = glob.glob(f"{glob.escape(str(folder))}/{self._coursedir.notebook_id}.ipynb")
        return sorted(os.path.basename(path).removesuffix(".ipynb") for path in found)

    @staticmethod
    def _missing(assignment: CellAssignment, folder: Path) -> tuple[str, ...]:
        return tuple(name for name in assignment.notebooks if not (folder / f"{name}.ipynb").exists())

    def _stranger(self, assignment: CellAssignment, student: str) -> str:
        if assignment.students is None or student in assignment.students:
            return ""
        return f"no student with the id {in_one_line(student)} exists in the gradebook, and Autograde.create_student is off"

    # --- one notebook ------------------------------------------------------------------------------------------------------------

    def _restored(self, assignment: CellAssignment, student: str, path: Path) -> PreparedNotebook:
        """Return a notebook as nbgrader's steps leave it for the kernel."""
        from autograder.gradebook.nbgrader_steps import read_notebook
        from autograder.gradebook.snapshot import Snapshot

        check_place(path, self._top(assignment))
        notebook = self.steps.run(self.steps.before, read_notebook(path), Snapshot(assignment), student, path)
        code = {index: cell.source for index, cell in enumerate(notebook.cells) if self.steps.is_run(cell)}
        kernelspec = notebook.metadata.get("kernelspec", {})
        language = kernelspec.get("language") or notebook.metadata.get("language_info", {}).get("name") or "python"
        digest = hashlib.sha256(as_file(notebook).encode()).hexdigest()
        return PreparedNotebook(path.stem, notebook, code, str(kernelspec.get("name", "")), str(language), digest)

    def _finished(self, prepared: PreparedNotebook, execution: Execution | None, snapshot: Snapshot, student: str, path: Path) -> str:
        """Return the text of a notebook after nbgrader's last steps, which set its marks in the snapshot."""
        executed = _executed(prepared, execution or Execution({})) if self.steps.execute else prepared.notebook
        text = as_file(self.steps.run(self.steps.after, executed, snapshot, student, path))
        text.encode()  # here an error concerns this submission, and nothing is written yet
        return text

    @contextmanager
    def _stopped_at(self, name: str) -> Iterator[None]:
        """Turn what would stop nbgrader at a notebook into a SubmissionError with nbgrader's reason."""
        from autograder.gradebook.nbgrader_steps import reason_of

        try:
            yield
        except Exception as error:
            raise SubmissionError(f"{name}.ipynb: {reason_of(error)}") from error

    @contextmanager
    def _rows(self, assignment: CellAssignment, student: str) -> Iterator[Any]:
        """Yield the rows of a submission; what isn't committed at the end is undone."""
        from autograder.gradebook.tables import SubmissionRows

        try:
            yield SubmissionRows(self._connection, assignment.id, assignment.cells, student)
        finally:
            self._connection.rollback()


# --- the executed notebook -----------------------------------------------------------------------------------------------------


def _executed(prepared: PreparedNotebook, execution: Execution) -> NotebookNode:
    """Return a notebook with the outputs of its cells, as ``Execute`` leaves it."""
    from nbformat import NotebookNode, from_dict

    cells = [NotebookNode(cell) for cell in prepared.notebook.cells]
    for index in prepared.code:
        outputs = execution.outputs.get(index)
        cells[index].outputs = from_dict(list(outputs) if outputs is not None else [_not_run(execution.problem)])
        cells[index].execution_count = execution.counts.get(index)
        cells[index].metadata = NotebookNode({name: value for name, value in cells[index].metadata.items() if name != TIMES})
    metadata = {**prepared.notebook.metadata, "language_info": from_dict(dict(execution.language_info or _language_info()))}
    return NotebookNode({**prepared.notebook, "cells": cells, "metadata": NotebookNode(metadata)})


def _not_run(problem: str) -> dict[str, Any]:
    """Return the output of a cell that wasn't run: without an error, nbgrader would give a test cell full marks."""
    reason = problem or "this cell was not run"
    return {"output_type": "error", "ename": STOPPED, "evalue": reason, "traceback": [f"{STOPPED}: {reason}"]}


def _language_info() -> dict[str, Any]:
    """Return what an IPython kernel of this Python says of its language."""
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    }


def _remove_others(folder: Path, files: Iterable[Path]) -> None:
    """Remove all files in a submission's folder but these, and then empty folders: nbgrader takes an empty one for a grade."""
    keep = {str(path) for path in files}
    for where, folders, names in os.walk(folder, topdown=False):
        for name in names:
            if (path := os.path.join(where, name)) not in keep:
                os.unlink(path)
        for name in folders:
            if os.path.islink(os.path.join(where, name)):
                os.unlink(os.path.join(where, name))
        if not os.listdir(where):
            os.rmdir(where)
