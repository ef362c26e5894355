"""Results into nbgrader: its database, and the autograded notebooks.

What nbgrader's formgrader, feedback and export need from a grader that is not its own. What a person wrote into the gradebook (scores,
comments, extra credit, extensions) is never touched. nbgrader is imported when a gradebook is opened, for it takes seconds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from . import autograded, feedback
from .course import Course, Lecture, grade_id, nbgrader_of
from .errors import GradebookError, SubmissionError
from .results import SubmissionResult
from .submission import read_file, read_submission

if TYPE_CHECKING:
    from nbgrader.api import SubmittedAssignment, SubmittedNotebook
    from nbgrader.coursedir import CourseDirectory

    from .assignments import KnownAssignment

Row = TypeVar("Row")

TIMESTAMP, STAMP_BYTES = "timestamp.txt", 100
NO_RESPONSE = "No response."  # nbgrader's own words for an answer that was left as it was


def write(course: Course, results: Iterable[SubmissionResult]) -> None:
    """Write results into the gradebook of `course`; see `GradebookWriter`."""
    with GradebookWriter(course) as writer:
        for result in results:
            writer.write(result)


class GradebookWriter:
    """The one writer of a course's gradebook; a context manager.

    Parameters
    ----------
    course : Course
        Whose gradebook.
    coursedir : CourseDirectory, optional
        Where nbgrader keeps things, if not where its configuration for the course says.
    """

    def __init__(self, course: Course, coursedir: CourseDirectory | None = None) -> None:
        self._course, self._given = course, coursedir
        self._assignments: dict[str, KnownAssignment] = {}

    def __enter__(self) -> GradebookWriter:
        from . import assignments

        self._config = assignments.configuration(self._course.root)
        self._coursedir = self._given or assignments.course_directory(self._course.root, self._config)
        self._gradebook = assignments.open_gradebook(self._coursedir)
        return self

    def __exit__(self, *error: object) -> None:
        self._gradebook.close()

    def write(self, result: SubmissionResult) -> dict[str, Any]:
        """Write one result: database and autograded notebook, both or neither.

        Parameters
        ----------
        result : SubmissionResult
            Of a notebook in ``submitted/``; one that was written before is replaced.

        Returns
        -------
        dict
            The autograded notebook, as plain JSON.

        Raises
        ------
        GradebookError
            If nbgrader's database or ``autograded/`` can't be written.
        """
        from sqlalchemy.exc import SQLAlchemyError

        from .assignments import in_one_line

        lecture = self._course.lecture(result.lecture)
        try:
            assignment = self.assignment(lecture)
            notebook = autograded.build(assignment.release, _handed_in(result, self._course, lecture), result)
            self._record(result, lecture, assignment, notebook)
            self._place(result.student, lecture, notebook)
            self._gradebook.db.commit()
        except (SQLAlchemyError, OSError) as error:
            raise GradebookError(
                f"the result of {result.student} for {lecture.id} can't be written to the gradebook: {in_one_line(error)}"
            ) from error
        finally:
            self._gradebook.db.rollback()
            self._gradebook.db.expunge_all()  # thousands of submissions needn't stay in memory
        return notebook

    def assignment(self, lecture: Lecture) -> KnownAssignment:
        """Return what nbgrader knows of a lecture, and tell it where it doesn't; see `assignments.known_assignment`."""
        from .assignments import known_assignment

        if lecture.id not in self._assignments:
            self._assignments[lecture.id] = known_assignment(lecture, self._gradebook, self._coursedir, self._config)
        return self._assignments[lecture.id]

    # --- the database --------------------------------------------------------------------------------------------------

    def _record(self, result: SubmissionResult, lecture: Lecture, assignment: KnownAssignment, notebook: Mapping[str, Any]) -> None:
        from nbgrader.api import Comment, Grade

        submission = self._submission(result.student, lecture, assignment)
        row = self._notebook(submission, assignment)
        scores, comments = _scores(result, assignment, notebook), _comments(result, assignment, notebook)
        grades = {grade.cell_id: grade for grade in row.grades}
        remarks = {remark.cell_id: remark for remark in row.comments}
        for cell in assignment.cells:
            if cell.kind != "SolutionCell":
                grade = grades.get(cell.id) or self._added(Grade(cell_id=cell.id, notebook_id=row.id))
                grade.auto_score = scores[cell.name]
                # As nbgrader has it: what a person graded before is shown to a person again.
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            if cell.kind != "GradeCell":
                remark = remarks.get(cell.id) or self._added(Comment(cell_id=cell.id, notebook_id=row.id))
                remark.auto_comment = comments.get(cell.name)
        self._penalise(result.student, submission, row)

    def _submission(self, student: str, lecture: Lecture, assignment: KnownAssignment) -> SubmittedAssignment:
        """Return the row of what a student handed in, its time as ``timestamp.txt`` says."""
        from nbgrader.api import Student, SubmittedAssignment

        session = self._gradebook.db
        if session.get(Student, student) is None:
            session.add(Student(id=student))
        submission = session.query(SubmittedAssignment).filter_by(assignment_id=assignment.id, student_id=student).one_or_none()
        if submission is None:
            submission = self._added(SubmittedAssignment(assignment_id=assignment.id, student_id=student))
        submission.timestamp = self._timestamp(student, lecture)
        session.flush()
        return submission

    def _notebook(self, submission: SubmittedAssignment, assignment: KnownAssignment) -> SubmittedNotebook:
        from nbgrader.api import SubmittedNotebook

        session = self._gradebook.db
        row = session.query(SubmittedNotebook).filter_by(assignment_id=submission.id, notebook_id=assignment.notebook_id).one_or_none()
        if row is None:
            row = self._added(SubmittedNotebook(assignment_id=submission.id, notebook_id=assignment.notebook_id))
            session.flush()
        return row

    def _added(self, row: Row) -> Row:
        self._gradebook.db.add(row)
        return row

    def _penalise(self, student: str, submission: SubmittedAssignment, row: SubmittedNotebook) -> None:
        """Set the late penalty by nbgrader's plugin, whichever is configured."""
        from nbgrader.preprocessors import AssignLatePenalties

        self._gradebook.db.flush()  # the plugin is told the score, which the database sums up
        row.late_submission_penalty = None
        if submission.duedate is None or submission.total_seconds_late <= 0:
            return
        step = AssignLatePenalties(config=self._config)
        step.init_plugin()
        penalty = step.plugin_inst.late_submission_penalty(student, row.score, submission.total_seconds_late)
        if penalty is not None:
            row.late_submission_penalty = step._check_late_penalty(row, penalty)

    # --- files ---------------------------------------------------------------------------------------------------------

    def _timestamp(self, student: str, lecture: Lecture) -> datetime | None:
        from nbgrader.utils import parse_utc

        with suppress(ValueError, OverflowError):
            return parse_utc(self._stamp(student, lecture).strip())
        return None

    def _stamp(self, student: str, lecture: Lecture) -> str:
        """Return what ``timestamp.txt`` says; nothing where it is no file, or none that nbgrader has written."""
        path = self._folder("submitted", student, lecture) / TIMESTAMP
        with suppress(OSError, ValueError):
            text = read_file(path, STAMP_BYTES).decode("utf-8")
            return text if len(text) <= STAMP_BYTES else ""
        return ""

    def _folder(self, step: str, student: str, lecture: Lecture) -> Path:
        names = {"submitted": self._coursedir.submitted_directory, "autograded": self._coursedir.autograded_directory}
        return Path(self._coursedir.format_path(names[step], student, lecture.id))

    def _place(self, student: str, lecture: Lecture, notebook: Mapping[str, Any]) -> None:
        """Write the autograded notebook; one that is there is replaced, as nbgrader would take it for the grading of today."""
        import nbformat

        folder = self._folder("autograded", student, lecture)
        folder.mkdir(parents=True, exist_ok=True)
        mode = 0o664 if self._coursedir.groupshared else 0o444  # as nbgrader sets them
        write_atomically(folder / f"{lecture.slug}.ipynb", nbformat.writes(nbformat.from_dict(notebook)) + "\n", mode)
        if stamp := self._stamp(student, lecture):
            write_atomically(folder / TIMESTAMP, stamp, mode)
        else:
            (folder / TIMESTAMP).unlink(missing_ok=True)


def _handed_in(result: SubmissionResult, course: Course, lecture: Lecture) -> Mapping[str, Any] | None:
    """Return the notebook behind a result; None where there is none that can be read."""
    with suppress(SubmissionError):
        return read_submission(Path(result.notebook), course, result.student, lecture).notebook
    return None


def _scores(result: SubmissionResult, assignment: KnownAssignment, notebook: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the automatic score of each grade cell; None asks for a person."""
    earned: dict[str, float | None] = {f"test_{exercise.name}": float(exercise.score) for exercise in result.exercises}
    scores: dict[str, float | None] = {}
    for name in (cell.name for cell in assignment.cells if cell.kind != "SolutionCell"):
        if not result.graded:
            scores[name] = 0.0
        elif _is_written(name, assignment):
            scores[name] = 0.0 if _is_unchanged(name, assignment, notebook) else None
        elif name in earned:
            scores[name] = earned[name]
        else:
            raise GradebookError(
                f"the result of {result.student} says nothing of {name}: {result.lecture} was changed since; grade it again"
            )
    return scores


def _comments(result: SubmissionResult, assignment: KnownAssignment, notebook: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the automatic comment on each solution cell."""
    names = [grade_id(cell) for cell in assignment.release["cells"] if nbgrader_of(cell).get("solution")]
    if not result.graded:
        said = "This notebook could not be graded:\n\n" + "\n\n".join(map(feedback.verbatim, result.problems))
        return {names[0]: said} if names else {}
    exercises = {exercise.name: feedback.comment(exercise) for exercise in result.exercises}
    written = {name: NO_RESPONSE if _is_unchanged(name, assignment, notebook) else None for name in names if _is_written(name, assignment)}
    return {**exercises, **written}


def _is_written(name: str, assignment: KnownAssignment) -> bool:
    """Tell an answer that a person grades."""
    nbgrader = nbgrader_of(_cell(name, assignment.release))
    return bool((nbgrader.get("grade") and nbgrader.get("solution")) or nbgrader.get("task"))


def _is_unchanged(name: str, assignment: KnownAssignment, notebook: Mapping[str, Any]) -> bool:
    """Tell whether an answer is as it was released: what nbgrader asks a checksum."""
    return _cell(name, notebook)["source"] == _cell(name, assignment.release)["source"]


def _cell(name: str, notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def write_atomically(path: Path, text: str, mode: int) -> None:
    """Write a file so that it is whole or not there, whatever happens."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
