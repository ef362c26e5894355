"""A submission's marks and comments as nbgrader's database has them, automatic and manual, for the feedback page.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from nbgrader.api import Assignment, BaseCell, Comment, Grade, GradeCell, Notebook, SubmittedAssignment, SubmittedNotebook, TaskCell
from sqlalchemy import Engine, NullPool, create_engine, func, select

from autograder.errors import GradebookError

_BASE, _GRADE, _COMMENT = BaseCell.__table__, Grade.__table__, Comment.__table__
_GRADED, _TASK = GradeCell.__table__, TaskCell.__table__
_ASSIGNMENT, _NOTEBOOK = Assignment.__table__, Notebook.__table__
_SUBMISSION, _HANDED_IN = SubmittedAssignment.__table__, SubmittedNotebook.__table__

_CELLS = (
    select(
        _BASE.c.name,
        func.coalesce(_GRADED.c.max_score, _TASK.c.max_score, 0.0),
        _GRADE.c.auto_score,
        _GRADE.c.manual_score,
        _GRADE.c.extra_credit,
        _GRADE.c.needs_manual_grade,
    )
    .join_from(_GRADE, _BASE, _GRADE.c.cell_id == _BASE.c.id)
    .outerjoin(_GRADED, _GRADED.c.id == _BASE.c.id)
    .outerjoin(_TASK, _TASK.c.id == _BASE.c.id)
)
_REMARKS = select(_BASE.c.name, _COMMENT.c.auto_comment, _COMMENT.c.manual_comment).join_from(
    _COMMENT, _BASE, _COMMENT.c.cell_id == _BASE.c.id
)


@dataclass(frozen=True)
class Mark:
    """The points of a graded cell; None where nobody, or nothing, has given any. `waits`: a person has to look at it."""

    max_score: float
    automatic: float | None = None
    manual: float | None = None
    extra_credit: float | None = None
    waits: bool = False

    @property
    def score(self) -> float:
        """The points that count, as in nbgrader."""
        given = self.automatic if self.manual is None else self.manual
        return 0.0 if given is None else given + (self.extra_credit or 0.0)

    @property
    def is_open(self) -> bool:
        """Whether a person has to give the first points."""
        return self.waits and self.manual is None and self.automatic is None


@dataclass(frozen=True)
class Remark:
    """The comments on a cell, as Markdown."""

    automatic: str = ""
    manual: str = ""


@dataclass(frozen=True)
class FinalMarks:
    """All marks and comments of a submission by the names of cells, its late penalty, and when it was handed in and was due, in UTC."""

    cells: Mapping[str, Mark] = field(default_factory=dict)
    remarks: Mapping[str, Remark] = field(default_factory=dict)
    penalty: float = 0.0
    handed_in: datetime | None = None
    due: datetime | None = None

    @property
    def score(self) -> float:
        """The points of all cells, after the late penalty."""
        return sum(mark.score for mark in self.cells.values()) - self.penalty

    @property
    def max_score(self) -> float:
        """The points of all cells together."""
        return sum(mark.max_score for mark in self.cells.values())

    @property
    def is_late(self) -> bool:
        """Whether it was handed in after the deadline, extension included."""
        return self.handed_in is not None and self.due is not None and self.handed_in > self.due


def final_marks(db_url: str, assignment: str, notebook: str, student: str) -> FinalMarks:
    """Return the marks of a student's notebook.

    Raises
    ------
    GradebookError
        If the database doesn't have it.
    """
    submission = (
        select(
            _HANDED_IN.c.id,
            func.coalesce(_HANDED_IN.c.late_submission_penalty, 0.0).label("penalty"),
            _SUBMISSION.c.timestamp,
            _SUBMISSION.c.extension,
            _ASSIGNMENT.c.duedate,
        )
        .join_from(_HANDED_IN, _NOTEBOOK, _HANDED_IN.c.notebook_id == _NOTEBOOK.c.id)
        .join(_SUBMISSION, _HANDED_IN.c.assignment_id == _SUBMISSION.c.id)
        .join(_ASSIGNMENT, _SUBMISSION.c.assignment_id == _ASSIGNMENT.c.id)
        .where(_NOTEBOOK.c.name == notebook, _ASSIGNMENT.c.name == assignment, _SUBMISSION.c.student_id == student)
    )
    with _engine(db_url).connect() as connection:
        found = connection.execute(submission).first()
        if found is None:
            raise GradebookError(f"the gradebook has no marks of {student} for {assignment}: grade the submission again")
        cells = connection.execute(_CELLS.where(_GRADE.c.notebook_id == found.id)).all()
        remarks = connection.execute(_REMARKS.where(_COMMENT.c.notebook_id == found.id)).all()
    return FinalMarks(
        {name: Mark(*points) for name, *points in cells},
        {name: Remark(automatic or "", manual or "") for name, automatic, manual in remarks},
        found.penalty,
        found.timestamp,
        found.duedate and found.duedate + (found.extension or timedelta()),
    )


@lru_cache(maxsize=4)
def _engine(db_url: str) -> Engine:
    return create_engine(db_url, poolclass=NullPool)  # NullPool: a connection is closed when it isn't used, and holds no lock
