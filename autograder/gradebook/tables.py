"""Reads and writes a submission's rows in nbgrader's database.

Uses the tables directly, with a few statements for each submission; nbgrader's ORM classes load row by row and are slow. Columns that a
person fills in are never written.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import Assignment, Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook, new_uuid
from sqlalchemy import Boolean, Connection, and_, bindparam, func, or_, select

from autograder.gradebook.assignment import KnownAssignment

_ASSIGNMENT, _SUBMISSION, _NOTEBOOK = Assignment.__table__, SubmittedAssignment.__table__, SubmittedNotebook.__table__
_STUDENT, _GRADE, _COMMENT = Student.__table__, Grade.__table__, Comment.__table__

_HANDED_IN = (
    select(
        _ASSIGNMENT.c.duedate,
        _STUDENT.c.id.label("known"),
        _SUBMISSION.c.id.label("submission"),
        _SUBMISSION.c.timestamp,
        _SUBMISSION.c.extension,
        _NOTEBOOK.c.id.label("notebook"),
        _NOTEBOOK.c.late_submission_penalty.label("penalty"),
    )
    .select_from(
        _ASSIGNMENT.outerjoin(_STUDENT, _STUDENT.c.id == bindparam("student"))
        .outerjoin(_SUBMISSION, and_(_SUBMISSION.c.assignment_id == _ASSIGNMENT.c.id, _SUBMISSION.c.student_id == bindparam("student")))
        .outerjoin(_NOTEBOOK, and_(_NOTEBOOK.c.assignment_id == _SUBMISSION.c.id, _NOTEBOOK.c.notebook_id == bindparam("its")))
    )
    .where(_ASSIGNMENT.c.id == bindparam("assignment"))
)
_SCORES = select(_GRADE.c.cell_id, _GRADE.c.auto_score).where(_GRADE.c.notebook_id == bindparam("row"))
_REMARKS = select(_COMMENT.c.cell_id, _COMMENT.c.auto_comment).where(_COMMENT.c.notebook_id == bindparam("row"))
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
    assignment : KnownAssignment
        The lecture's assignment.
    student : str
        The student's id.
    """

    def __init__(self, connection: Connection, assignment: KnownAssignment, student: str) -> None:
        self._connection, self._assignment, self._student = connection, assignment, student
        names = {"student": student, "its": assignment.notebook_id, "assignment": assignment.id}
        row = connection.execute(_HANDED_IN, names).one()
        self._is_known, self._submission, self._notebook = row.known is not None, row.submission, row.notebook
        self._due, self._extension = row.duedate, row.extension or timedelta()
        self.penalty: float | None = row.penalty
        self.marks: Marks | None = None
        if row.notebook is not None:
            self.marks = Marks(self._known(_SCORES), self._known(_REMARKS), row.timestamp)

    def write(self, marks: Marks) -> None:
        """Update the rows, and create missing ones."""
        if self._submission is None:
            self._hand_in(marks.timestamp)
        else:
            self._connection.execute(_SET_TIME, {"row": self._submission, "time": marks.timestamp})
        if self._notebook is None:
            self._notebook = self._added(_NOTEBOOK, assignment_id=self._submission, notebook_id=self._assignment.notebook_id)
        self._write_scores(marks.scores)
        self._write_comments(marks.comments)
        self.marks = marks

    @property
    def seconds_late(self) -> float:
        """Seconds after the deadline with extension; 0 if there is no deadline or no time of submission."""
        if self.marks is None or self.marks.timestamp is None or self._due is None:
            return 0
        return max(0.0, (self.marks.timestamp - self._due - self._extension).total_seconds())

    @property
    def score(self) -> float:
        """The sum of all points, manual scores included, computed by the database."""
        return float(self._connection.execute(_TOTAL, {"row": self._notebook}).scalar_one())

    def penalise(self, penalty: float | None) -> None:
        """Set the late penalty."""
        self._connection.execute(_NOTEBOOK.update().where(_NOTEBOOK.c.id == self._notebook).values(late_submission_penalty=penalty))
        self.penalty = penalty

    def _known(self, statement: Any) -> dict[str, Any]:
        return {row[0]: row[1] for row in self._connection.execute(statement, {"row": self._notebook})}

    def _hand_in(self, timestamp: datetime | None) -> None:
        if not self._is_known:
            self._connection.execute(_STUDENT.insert(), {"id": self._student})
        self._submission = self._added(_SUBMISSION, assignment_id=self._assignment.id, student_id=self._student, timestamp=timestamp)

    def _added(self, table: Any, **values: Any) -> str:
        new = new_uuid()
        self._connection.execute(table.insert(), {"id": new, **values})
        return new

    def _write_scores(self, scores: Mapping[str, float | None]) -> None:
        there = self.marks.scores if self.marks else {}
        known = [{"row": self._notebook, "cell": cell, "score": score, "open": score is None} for cell, score in scores.items()]
        self._execute(_SET_SCORE, [row for row in known if row["cell"] in there])
        new = {cell: score for cell, score in scores.items() if cell not in there}
        self._insert(_GRADE, [{"cell_id": cell, "auto_score": new[cell], "needs_manual_grade": new[cell] is None} for cell in new])

    def _write_comments(self, comments: Mapping[str, str | None]) -> None:
        there = self.marks.comments if self.marks else {}
        known = [{"row": self._notebook, "cell": cell, "comment": comment} for cell, comment in comments.items() if cell in there]
        self._execute(_SET_REMARK, known)
        new = {cell: comment for cell, comment in comments.items() if cell not in there}
        self._insert(_COMMENT, [{"cell_id": cell, "auto_comment": comment} for cell, comment in new.items()])

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        self._execute(table.insert(), [{"id": new_uuid(), "notebook_id": self._notebook, **row} for row in rows])

    def _execute(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, rows)
