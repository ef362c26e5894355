"""Results into nbgrader: its database, and the autograded notebooks.

What nbgrader's formgrader, feedback and export need from a grader that is not its own. What a person wrote into the gradebook (scores,
comments, extra credit, extensions) is never touched. nbgrader takes long to import: that is done while other processes grade the first
notebooks, or else when the first result is there.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from autograder.errors import GradebookError, SubmissionError, unexpected
from autograder.files import holds, only_writer, staged, undisturbed
from autograder.gradebook import autograded_notebook as autograded
from autograder.gradebook import feedback
from autograder.gradebook.exchange_files import SECRET, TIMESTAMP, secret_in, time_of, timestamp_in
from autograder.model.course import Course, Lecture, grade_id
from autograder.model.notebook_file import as_file
from autograder.model.results import SubmissionResult
from autograder.model.submission import read_submission, refusal_of

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory

    from autograder.gradebook.assignment import KnownAssignment
    from autograder.gradebook.tables import Marks, SubmissionRows

NO_RESPONSE = "No response."  # nbgrader's own words for an answer that was left as it was
LOCK = Path(".autograder") / "gradebook.lock"

# How long a database is waited for that somebody else has locked; the second, after one was waited for in vain.
PATIENCE_SECONDS, NO_PATIENCE_SECONDS = 10.0, 0.2


def write(course: Course, results: Iterable[SubmissionResult]) -> None:
    """Write results into the gradebook of `course`; see `GradebookWriter`."""
    with GradebookWriter(course) as writer:
        for result in results:
            writer.write(result)


def _nobody_listens(message: str) -> None:
    pass


def import_nbgrader() -> None:
    """Import nbgrader, but not what its import needs most time for.

    nbgrader imports nbformat, that jsonschema, and that, where it is installed, a grammar of internationalised addresses, for a check that
    notebooks have no use for: a second of computing. To a name that stands for None in `sys.modules`, Python says that there is no such
    module, and jsonschema goes without. And what an import makes stays, so nobody looks for garbage in it, now or later. Ctrl-C waits for
    its end: in the midst of an import, Python 3.11 may make another error of it.
    """
    if "rfc3987_syntax" in sys.modules or "nbgrader" in sys.modules:
        return
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    collects = gc.isenabled()
    gc.disable()
    try:
        with undisturbed():
            importlib.import_module("nbgrader")
            importlib.import_module(f"{__package__}.assignment")
    finally:
        del sys.modules["rfc3987_syntax"]
        gc.freeze()
        if collects:
            gc.enable()


class GradebookWriter:
    """The one writer of a course's gradebook; a context manager. Another one, in whatever process, waits until this one has left.

    Parameters
    ----------
    course : Course
        Whose gradebook.
    coursedir : CourseDirectory, optional
        Where nbgrader keeps things, if not where its configuration for the course says.
    say : callable, optional
        Takes a sentence where another writer has to be waited for.
    """

    def __init__(self, course: Course, coursedir: CourseDirectory | None = None, say: Callable[[str], None] = _nobody_listens) -> None:
        self._course, self._given, self._say = course, coursedir, say
        self._assignments: dict[str, KnownAssignment] = {}
        self._refused: dict[str, tuple[GradebookError, float]] = {}
        self._at_end = ExitStack()
        self._is_open = False

    def __enter__(self) -> GradebookWriter:
        self._at_end.enter_context(only_writer(self._course.root / LOCK, self._say))
        return self

    def __exit__(self, *error: object) -> None:
        self._at_end.close()

    def write(self, result: SubmissionResult) -> dict[str, Any]:
        """Write one result: database and autograded notebook, both or neither. Where it is there already, nothing is written.

        Parameters
        ----------
        result : SubmissionResult
            Of a notebook in ``submitted/``; one that was written before is replaced.

        Returns
        -------
        dict
            The autograded notebook, as plain JSON. Parts of it belong to the lecture: change nothing in it.

        Raises
        ------
        GradebookError
            If nbgrader's database or ``autograded/`` can't be written, whatever the reason; or nobody can have such a name there.
        """
        if why := refusal_of(result.student):
            raise GradebookError(why)
        lecture = self._course.lecture(result.lecture)
        assignment = self.assignment(lecture)
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.gradebook.assignment import reason_of

        try:
            notebook = autograded.build(assignment.release, _handed_in(result, self._course, lecture), result)
            self._record(result, lecture, assignment, notebook)
        except GradebookError:
            raise
        except Exception as error:  # whatever one student's files lead to, the others are written
            known = isinstance(error, (SQLAlchemyError, OSError))
            if known:
                self._wait_for_locks(NO_PATIENCE_SECONDS)
            raise GradebookError(
                f"the result of {result.student} for {lecture.id} can't be written to the gradebook: "
                f"{reason_of(error) if known else unexpected(error)}"
            ) from error
        self._wait_for_locks(PATIENCE_SECONDS)
        return notebook

    def assignment(self, lecture: Lecture) -> KnownAssignment:
        """Return what nbgrader knows of a lecture, and tell it where it doesn't; see `assignments.known_assignment`.

        Raises
        ------
        GradebookError
            If it can't be told, or the gradebook can't be opened. That is tried again, but not for every student of a class.
        """
        if lecture.id not in self._assignments:
            error, when = self._refused.get(lecture.id, (None, 0.0))
            if error and time.monotonic() - when < PATIENCE_SECONDS:
                raise error
            try:
                self._assignments[lecture.id] = self._known(lecture)
            except GradebookError as error:
                self._refused[lecture.id] = error, time.monotonic()
                raise
        return self._assignments[lecture.id]

    # --- the database --------------------------------------------------------------------------------------------------

    def _known(self, lecture: Lecture) -> KnownAssignment:
        import_nbgrader()
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.gradebook.assignment import known_assignment, reason_of

        self._open()
        try:
            return known_assignment(lecture, self._gradebook, self._coursedir, self._config)
        except (SQLAlchemyError, InvalidEntry, OSError) as error:
            raise GradebookError(f"{lecture.id} can't be written to the gradebook: {reason_of(error)}") from error
        finally:
            self._gradebook.db.remove()  # or the server keeps its transaction open until all is graded

    def _open(self) -> None:
        from autograder.gradebook import assignment as assignments

        if self._is_open:
            return
        self._config = assignments.configuration(self._course.root)
        self._coursedir = self._given or assignments.course_directory(self._course.root, self._config)
        self._gradebook = assignments.open_gradebook(self._coursedir)
        self._at_end.callback(self._gradebook.close)
        self._connection = self._at_end.enter_context(self._gradebook.engine.connect())
        self._seconds = 0.0
        self._wait_for_locks(PATIENCE_SECONDS)
        self._is_open = True

    def _wait_for_locks(self, seconds: float) -> None:
        """Set how long a statement waits for somebody else's: one who holds a lock for minutes is to cost a class seconds, not hours."""
        from sqlalchemy.exc import SQLAlchemyError

        setting = {"sqlite": "PRAGMA busy_timeout = {}", "postgresql": "SET lock_timeout = {}"}.get(self._gradebook.engine.dialect.name)
        if seconds != self._seconds and setting:
            with suppress(SQLAlchemyError):  # the server may have gone
                self._connection.exec_driver_sql(setting.format(round(1000 * seconds)))
                self._connection.commit()
        self._seconds = seconds

    def _record(self, result: SubmissionResult, lecture: Lecture, assignment: KnownAssignment, notebook: Mapping[str, Any]) -> None:
        """Bring rows and files to what they should be.

        The files are written beside their places before the database commits, and renamed after it has: what can fail has been done by
        then. A process that is killed in between leaves old files and new rows, which the next run sees, for it compares both.
        """
        from autograder.gradebook.tables import SubmissionRows

        files = self._files(result.student, lecture, notebook)
        marks = self._marks(result, assignment, notebook, files)
        try:
            rows = SubmissionRows(self._connection, assignment, result.student)
            if rows.marks == marks and all(holds(path, text) for path, text in files.items()):
                self._penalise(rows, result.student)
                self._connection.commit()
                return
            with staged(files, 0o664 if self._coursedir.groupshared else 0o444) as place:  # modes as nbgrader sets them
                rows.write(marks)
                self._penalise(rows, result.student)
                with undisturbed():
                    self._connection.commit()
                    place()
        finally:
            self._connection.rollback()

    def _marks(
        self, result: SubmissionResult, assignment: KnownAssignment, notebook: Mapping[str, Any], files: Mapping[Path, str]
    ) -> Marks:
        """Return what the database is to say, by the ids of its cells."""
        from autograder.gradebook.tables import Marks

        unchanged = _unchanged(assignment, notebook)
        scores, comments = _scores(result, assignment, unchanged), _comments(result, assignment, unchanged)
        (stamp,) = (text for path, text in files.items() if path.name == TIMESTAMP)
        return Marks(
            scores={cell.id: scores[cell.name] for cell in assignment.cells if cell.kind != "SolutionCell"},
            comments={cell.id: comments.get(cell.name) for cell in assignment.cells if cell.kind != "GradeCell"},
            timestamp=time_of(stamp),
        )

    def _penalise(self, rows: SubmissionRows, student: str) -> None:
        """Set the late penalty by nbgrader's plugin, whichever is configured."""
        from nbgrader.preprocessors import AssignLatePenalties

        penalty = None
        if late := rows.seconds_late:
            step = AssignLatePenalties(config=self._config)
            step.init_plugin()
            score = rows.score
            penalty = step.plugin_inst.late_submission_penalty(student, score, late)
            if penalty is not None:
                penalty = step._check_late_penalty(SimpleNamespace(score=score), penalty)
        if penalty != rows.penalty:
            rows.penalise(penalty)

    # --- files ---------------------------------------------------------------------------------------------------------

    def _files(self, student: str, lecture: Lecture, notebook: Mapping[str, Any]) -> dict[Path, str]:
        """Return what is to be in ``autograded/``: the notebook, and the two files without which nbgrader can't release the feedback."""
        submitted, folder = self._folder("submitted", student, lecture), self._folder("autograded", student, lecture)
        return {
            folder / f"{lecture.slug}.ipynb": as_file(notebook),
            folder / TIMESTAMP: timestamp_in(submitted),
            folder / SECRET: secret_in(submitted, folder),
        }

    def _folder(self, step: str, student: str, lecture: Lecture) -> Path:
        names = {"submitted": self._coursedir.submitted_directory, "autograded": self._coursedir.autograded_directory}
        return Path(self._coursedir.format_path(names[step], student, lecture.id))


def _handed_in(result: SubmissionResult, course: Course, lecture: Lecture) -> Mapping[str, Any] | None:
    """Return the notebook behind a result; None where there is none that can be read."""
    with suppress(SubmissionError if result.graded else Exception):  # who can't be graded has a sentence that says why
        return read_submission(Path(result.notebook), course, result.student, lecture).notebook
    return None


def _scores(result: SubmissionResult, assignment: KnownAssignment, unchanged: Container[str]) -> dict[str, float | None]:
    """Return the automatic score of each grade cell; None asks for a person."""
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
                f"the result of {result.student} says nothing of {name}: {result.lecture} was changed since; grade it again"
            )
    return scores


def _comments(result: SubmissionResult, assignment: KnownAssignment, unchanged: Container[str]) -> dict[str, str | None]:
    """Return the automatic comment on each solution cell."""
    if not result.graded:
        said = "This notebook could not be graded:\n\n" + "\n\n".join(map(feedback.verbatim, result.problems))
        return {name: _storable(said) for name in assignment.solutions[:1]}
    exercises = {exercise.name: feedback.comment(exercise) for exercise in result.exercises}
    written = {name: NO_RESPONSE if name in unchanged else None for name in assignment.solutions if name in assignment.written}
    return {name: _storable(comment) for name, comment in (exercises | written).items()}


def _storable(comment: str | None) -> str | None:
    """Return text without NUL, which a student's exception can have in it, and not every database can."""
    return comment and comment.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _unchanged(assignment: KnownAssignment, notebook: Mapping[str, Any]) -> set[str]:
    """Return the written answers that are as they were released: what nbgrader asks a checksum."""
    sources = {grade_id(cell): cell["source"] for cell in notebook["cells"]}
    return {name for name, released in assignment.written.items() if sources[name] == released}
