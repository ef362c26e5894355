"""Reads and writes a submission's rows in nbgrader's database.

Uses the tables directly, with a few statements for each submission; nbgrader's ORM classes load row by row and are slow. Columns that a
person fills in are never written.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import Assignment, Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook, new_uuid
from sqlalchemy import Boolean, Connection, Row, and_, bindparam, func, or_, select
from sqlalchemy.exc import NoResultFound

from autograder.gradebook.assignment import KnownCell

_ASSIGNMENT, _SUBMISSION, _NOTEBOOK = Assignment.__table__, SubmittedAssignment.__table__, SubmittedNotebook.__table__
_STUDENT, _GRADE, _COMMENT = Student.__table__, Grade.__table__, Comment.__table__

_HANDED_IN = (
    select(
        _ASSIGNMENT.c.duedate,
        _STUDENT.c.id.label("known"),
        _SUBMISSION.c.id.label("submission"),
        _SUBMISSION.c.timestamp,
        _SUBMISSION.c.extension,
        _NOTEBOOK.c.id.label("row"),
        _NOTEBOOK.c.notebook_id.label("notebook"),
        _NOTEBOOK.c.late_submission_penalty.label("penalty"),
    )
    .select_from(
        _ASSIGNMENT.outerjoin(_STUDENT, _STUDENT.c.id == bindparam("student"))
        .outerjoin(_SUBMISSION, and_(_SUBMISSION.c.assignment_id == _ASSIGNMENT.c.id, _SUBMISSION.c.student_id == bindparam("student")))
        .outerjoin(_NOTEBOOK, _NOTEBOOK.c.assignment_id == _SUBMISSION.c.id)
    )
    .where(_ASSIGNMENT.c.id == bindparam("assignment"))
)
_GRADES = (
    select(_GRADE.c.cell_id, _GRADE.c.auto_score, _GRADE.c.manual_score, _GRADE.c.extra_credit)
    .join(_NOTEBOOK, _NOTEBOOK.c.id == _GRADE.c.notebook_id)
    .where(_NOTEBOOK.c.assignment_id == bindparam("submission"))
)
_REMARKS = (
    select(_COMMENT.c.cell_id, _COMMENT.c.auto_comment)
    .join(_NOTEBOOK, _NOTEBOOK.c.id == _COMMENT.c.notebook_id)
    .where(_NOTEBOOK.c.assignment_id == bindparam("submission"))
)
_TOTAL = select(func.coalesce(func.sum(Grade.score), 0.0)).where(Grade.notebook_id == bindparam("row"))

_SET_TIME = _SUBMISSION.update().where(_SUBMISSION.c.id == bindparam("row")).values(timestamp=bindparam("time"))
_SET_SCORE = (
    _GRADE.update()
    .where(_GRADE.c.notebook_id == bindparam("row"), _GRADE.c.cell_id == bindparam("cell"))
    # As in nbgrader: a cell with a manual score has to be graded by a person again.
    .values(auto_score=bindparam("score"), needs_manual_grade=or_(_GRADE.c.manual_score.is_not(None), bindparam("open", type_=Boolean)))
)
_SET_REMARK = (
    _COMMENT.update()
    .where(_COMMENT.c.notebook_id == bindparam("row"), _COMMENT.c.cell_id == bindparam("cell"))
    .values(auto_comment=bindparam("comment"))
)


@dataclass(frozen=True)
class Marks:
    """The automatic part of a submission: scores and comments by the ids of cells, and the time of submission."""

    scores: Mapping[str, float | None]
    comments: Mapping[str, str | None]
    timestamp: datetime | None


class SubmissionRows:
    """The rows of one student's submission, as last read or written.

    Parameters
    ----------
    connection : Connection
        To nbgrader's database. The caller commits.
    assignment : str
        The assignment's id.
    notebooks : mapping of str to iterable of KnownCell
        By notebook id: the graded and commented cells of each of the assignment's notebooks.
    student : str
        The student's id.
    """

    def __init__(self, connection: Connection, assignment: str, notebooks: Mapping[str, Iterable[KnownCell]], student: str) -> None:
        self._connection, self._assignment, self._student = connection, assignment, student
        self._cells = [(notebook, cell) for notebook, cells in notebooks.items() for cell in cells]
        rows = connection.execute(_HANDED_IN, {"student": student, "assignment": assignment}).all()
        if not rows:
            raise NoResultFound("the assignment is no longer in the database")
        first = rows[0]
        self._is_known, self._submission = first.known is not None, first.submission
        self._due, self._extension = first.duedate, first.extension or timedelta()
        self._notebooks: dict[str, str] = {row.notebook: row.row for row in rows if row.row is not None}
        self._missing = [notebook for notebook in notebooks if notebook not in self._notebooks]
        self.penalties: dict[str, float | None] = {row.notebook: row.penalty for row in rows if row.row is not None}
        self.by_hand: dict[str, tuple[float | None, float | None]] = {}
        self.marks: Marks | None = None
        if self._submission is not None:
            grades = self._known(_GRADES)
            self.by_hand = {row.cell_id: (row.manual_score, row.extra_credit) for row in grades}
            scores = {row.cell_id: row.auto_score for row in grades}
            self.marks = Marks(scores, {row.cell_id: row.auto_comment for row in self._known(_REMARKS)}, first.timestamp)

    def write(self, marks: Marks) -> None:
        """Update the rows of the cells in `marks`, and create all missing rows: cells without marks wait for a person, as in nbgrader."""
        if self._submission is None:
            self._hand_in(marks.timestamp)
        else:
            self._connection.execute(_SET_TIME, {"row": self._submission, "time": marks.timestamp})
        for notebook in self._missing:
            self._notebooks[notebook] = self._added(_NOTEBOOK, assignment_id=self._submission, notebook_id=notebook)
        self._missing = []
        self._write_scores(marks.scores)
        self._write_comments(marks.comments)
        there = self.marks or Marks({}, {}, None)
        self.marks = Marks({**there.scores, **marks.scores}, {**there.comments, **marks.comments}, marks.timestamp)

    def have(self, marks: Marks, penalties: Mapping[str, float | None]) -> bool:
        """Tell whether these marks, and the late penalties by the notebook's id, are in the database."""
        there = self.marks
        if there is None or self._missing or there.timestamp != marks.timestamp:
            return False
        same_penalties = all(self.penalties[notebook] == penalty for notebook, penalty in penalties.items())
        return same_penalties and marks.scores.items() <= there.scores.items() and marks.comments.items() <= there.comments.items()

    def seconds_late(self, handed_in: datetime | None) -> float:
        """Return the seconds after the deadline with extension; 0 if there is no deadline or no time of submission."""
        if handed_in is None or self._due is None:
            return 0
        return max(0.0, (handed_in - self._due - self._extension).total_seconds())

    def score(self, notebook: str) -> float:
        """Return the sum of a notebook's points, manual scores included, computed by the database."""
        return float(self._connection.execute(_TOTAL, {"row": self._notebooks[notebook]}).scalar_one())

    def penalise(self, notebook: str, penalty: float | None) -> None:
        """Set a notebook's late penalty, if it differs."""
        if penalty != self.penalties.get(notebook):
            row = self._notebooks[notebook]
            self._connection.execute(_NOTEBOOK.update().where(_NOTEBOOK.c.id == row).values(late_submission_penalty=penalty))
            self.penalties[notebook] = penalty

    def _known(self, statement: Any) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, {"submission": self._submission}).all()

    def _hand_in(self, timestamp: datetime | None) -> None:
        if not self._is_known:
            self._connection.execute(_STUDENT.insert(), {"id": self._student})
        self._submission = self._added(_SUBMISSION, assignment_id=self._assignment, student_id=self._student, timestamp=timestamp)

    def _added(self, table: Any, **values: Any) -> str:
        new = new_uuid()
        self._connection.execute(table.insert(), {"id": new, **values})
        return new

    def _write_scores(self, scores: Mapping[str, float | None]) -> None:
        there = self.marks.scores if self.marks else {}
        graded = [(self._notebooks[notebook], cell.id) for notebook, cell in self._cells if cell.kind != "SolutionCell"]
        known = [(row, cell) for row, cell in graded if cell in there and cell in scores]
        self._execute(_SET_SCORE, [{"row": row, "cell": cell, "score": scores[cell], "open": scores[cell] is None} for row, cell in known])
        new = [(row, cell, scores.get(cell)) for row, cell in graded if cell not in there]
        self._execute(_GRADE.insert(), [_row(row, cell, auto_score=score, needs_manual_grade=score is None) for row, cell, score in new])

    def _write_comments(self, comments: Mapping[str, str | None]) -> None:
        there = self.marks.comments if self.marks else {}
        commented = [(self._notebooks[notebook], cell.id) for notebook, cell in self._cells if cell.kind != "GradeCell"]
        known = [(row, cell) for row, cell in commented if cell in there and cell in comments]
        self._execute(_SET_REMARK, [{"row": row, "cell": cell, "comment": comments[cell]} for row, cell in known])
        self._execute(_COMMENT.insert(), [_row(row, cell, auto_comment=comments.get(cell)) for row, cell in commented if cell not in there])

    def _execute(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, rows)


def _row(notebook: str, cell: str, **values: Any) -> dict[str, Any]:
    return {"id": new_uuid(), "notebook_id": notebook, "cell_id": cell, **values}
