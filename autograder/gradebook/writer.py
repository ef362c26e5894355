"""Writes results into nbgrader's database and ``autograded/``, for formgrader, feedback and export.

Columns that a person fills in (manual scores, comments, extra credit, extensions) are never changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from autograder.errors import GradebookError, SubmissionError
from autograder.files import holds
from autograder.gradebook import autograded_notebook as autograded
from autograder.gradebook import connection, feedback
from autograder.gradebook.connection import GradebookConnection, import_nbgrader
from autograder.gradebook.exchange_files import SECRET, TIMESTAMP, secret_in, time_of, timestamp_in
from autograder.model.course import Course, Lecture, grade_id
from autograder.model.notebook_file import as_file
from autograder.model.results import SubmissionResult
from autograder.model.submission import read_submission, refusal_of

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory

    from autograder.gradebook.assignment import KnownAssignment
    from autograder.gradebook.tables import Marks, SubmissionRows

NO_RESPONSE = "No response."  # nbgrader's comment on an unchanged answer


class GradebookWriter(GradebookConnection):
    """The only writer of a course's gradebook, by a lock file; a context manager. A second one, in any process, waits for the first.

    Parameters
    ----------
    course : Course
        The course.
    coursedir : CourseDirectory, optional
        nbgrader's folders; by default from its configuration for the course.
    say : callable, optional
        Called with a message if the writer has to wait for another one.
    """

    def __init__(self, course: Course, coursedir: CourseDirectory | None = None, say: Callable[[str], None] | None = None) -> None:
        super().__init__(course.root, coursedir, say)
        self._course = course
        self._assignments: dict[str, KnownAssignment] = {}
        self._refused: dict[str, tuple[GradebookError, float]] = {}

    def write(self, result: SubmissionResult) -> dict[str, Any]:
        """Write one result to the database and ``autograded/``, to both or neither. Unchanged results aren't written again.

        Parameters
        ----------
        result : SubmissionResult
            Of a notebook in ``submitted/``; one that was written before is replaced.

        Returns
        -------
        dict
            The autograded notebook, as plain JSON. It shares parts with the lecture's, so it must not be changed.

        Raises
        ------
        GradebookError
            If nbgrader's database or ``autograded/`` can't be written, or the student's name is refused.
        """
        if why := refusal_of(result.student):
            raise GradebookError(why)
        lecture = self._course.lecture(result.lecture)
        assignment = self.assignment(lecture)
        with self._reported(f"the result of {result.student} for {lecture.id}"):
            notebook = autograded.build(assignment.release, _submitted_notebook(result, self._course, lecture), result)
            self._record(result, lecture, assignment, notebook)
        return notebook

    def assignment(self, lecture: Lecture) -> KnownAssignment:
        """Return the assignment of a lecture in nbgrader's database; create it if it is missing. See `known_assignment`.

        Raises
        ------
        GradebookError
            If it can't be created, or the gradebook can't be opened. Retried at most every `connection.LOCK_SECONDS`.
        """
        if lecture.id not in self._assignments:
            error, when = self._refused.get(lecture.id, (None, 0.0))
            if error and time.monotonic() - when < connection.LOCK_SECONDS:
                raise error
            try:
                self._assignments[lecture.id] = self._known(lecture)
            except GradebookError as error:
                self._refused[lecture.id] = error, time.monotonic()
                raise
        return self._assignments[lecture.id]

    # --- the database --------------------------------------------------------------------------------------------------

    def _known(self, lecture: Lecture) -> KnownAssignment:
        import_nbgrader()  # before the imports below
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.gradebook.assignment import known_assignment, reason_of

        self._open()
        try:
            return known_assignment(lecture, self._gradebook, self._coursedir, self._config)
        except (SQLAlchemyError, InvalidEntry, OSError) as error:
            raise GradebookError(f"{lecture.id} can't be written to the gradebook: {reason_of(error)}") from error
        finally:
            self._gradebook.db.remove()  # end the transaction, which a server would keep open

    def _record(self, result: SubmissionResult, lecture: Lecture, assignment: KnownAssignment, notebook: Mapping[str, Any]) -> None:
        """Update rows and files where they differ."""
        from autograder.gradebook.tables import SubmissionRows

        files = self._files(result.student, lecture, notebook)
        marks = self._marks(result, assignment, notebook, files)
        try:
            rows = SubmissionRows(self._connection, assignment.id, assignment.notebooks, result.student)

            def write() -> None:
                rows.write(marks)
                self._set_late_penalty(rows, assignment.notebook_id, result.student)

            if rows.marks == marks and all(holds(path, text) for path, text in files.items()):
                self._set_late_penalty(rows, assignment.notebook_id, result.student)
                self._connection.commit()
            else:
                self._save(files, 0o664 if self._coursedir.groupshared else 0o444, write)  # modes as nbgrader sets them
        finally:
            self._connection.rollback()

    def _marks(
        self, result: SubmissionResult, assignment: KnownAssignment, notebook: Mapping[str, Any], files: Mapping[Path, str]
    ) -> Marks:
        """Return scores, comments and time for the database, by the ids of its cells."""
        from autograder.gradebook.tables import Marks

        unchanged = _unchanged(assignment, notebook)
        scores, comments = _scores(result, assignment, unchanged), _comments(result, assignment, unchanged)
        (stamp,) = (text for path, text in files.items() if path.name == TIMESTAMP)
        return Marks(
            scores={cell.id: scores[cell.name] for cell in assignment.cells if cell.kind != "SolutionCell"},
            comments={cell.id: comments.get(cell.name) for cell in assignment.cells if cell.kind != "GradeCell"},
            timestamp=time_of(stamp),
        )

    def _set_late_penalty(self, rows: SubmissionRows, notebook: str, student: str) -> None:
        """Set the late penalty that nbgrader's configured plugin returns."""
        from nbgrader.preprocessors import AssignLatePenalties

        penalty = None
        if rows.marks and (late := rows.seconds_late(rows.marks.timestamp)):
            step = AssignLatePenalties(config=self._config)
            step.init_plugin()
            score = rows.score(notebook)
            penalty = step.plugin_inst.late_submission_penalty(student, score, late)
            if penalty is not None:
                penalty = step._check_late_penalty(SimpleNamespace(score=score), penalty)
        rows.penalise(notebook, penalty)

    # --- files ---------------------------------------------------------------------------------------------------------

    def _files(self, student: str, lecture: Lecture, notebook: Mapping[str, Any]) -> dict[Path, str]:
        """Return the files for ``autograded/``: the notebook, and two files that nbgrader needs to release the feedback."""
        submitted, folder = self._folder("submitted", student, lecture), self._folder("autograded", student, lecture)
        return {
            folder / f"{lecture.slug}.ipynb": as_file(notebook),
            folder / TIMESTAMP: timestamp_in(submitted),
            folder / SECRET: secret_in(submitted, folder),
        }

    def _folder(self, step: str, student: str, lecture: Lecture) -> Path:
        names = {"submitted": self._coursedir.submitted_directory, "autograded": self._coursedir.autograded_directory}
        return Path(self._coursedir.format_path(names[step], student, lecture.id))


def _submitted_notebook(result: SubmissionResult, course: Course, lecture: Lecture) -> Mapping[str, Any] | None:
    """Return the submitted notebook of a result; None if it can't be read."""
    with suppress(SubmissionError if result.graded else Exception):  # the result of an unreadable notebook holds the reason
        return read_submission(Path(result.notebook), course, result.student, lecture).notebook
    return None


def _scores(result: SubmissionResult, assignment: KnownAssignment, unchanged: Container[str]) -> dict[str, float | None]:
    """Return the automatic score of each grade cell; None where a person has to grade."""
    earned: dict[str, float | None] = {f"test_{exercise.name}": float(exercise.score) for exercise in result.exercises}
    scores: dict[str, float | None] = {}
    for name in (cell.name for cell in assignment.cells if cell.kind != "SolutionCell"):
        if not result.graded:
            scores[name] = 0.0
        elif name in assignment.written:
            scores[name] = 0.0 if name in unchanged else None
        elif name in earned:
            scores[name] = earned[name]
        else:
            raise GradebookError(
                f"the result of {result.student} has no score for {name}: {result.lecture} was changed since; grade it again"
            )
    return scores


def _comments(result: SubmissionResult, assignment: KnownAssignment, unchanged: Container[str]) -> dict[str, str | None]:
    """Return the automatic comment on each solution cell."""
    if not result.graded:
        said = "This notebook could not be graded:\n\n" + "\n\n".join(map(feedback.verbatim, result.problems))
        return {name: _without_nul(said) for name in assignment.solutions[:1]}
    exercises = {exercise.name: feedback.comment(exercise) for exercise in result.exercises}
    written = {name: NO_RESPONSE if name in unchanged else None for name in assignment.solutions if name in assignment.written}
    return {name: _without_nul(comment) for name, comment in (exercises | written).items()}


def _without_nul(comment: str | None) -> str | None:
    """Return text without NUL, which an exception's message can contain, but not a text column of every database."""
    return comment and comment.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _unchanged(assignment: KnownAssignment, notebook: Mapping[str, Any]) -> set[str]:
    """Return the names of written answers that equal the released text."""
    sources = {grade_id(cell): cell["source"] for cell in notebook["cells"]}
    return {name for name, released in assignment.written.items() if sources[name] == released}
