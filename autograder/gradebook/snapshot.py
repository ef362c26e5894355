"""A stand-in for nbgrader's ``Gradebook``, for its own steps.

These open the database anew for each notebook, and ask for each cell with a statement of its own. A `Snapshot` has the methods that they
call, answers from what was read before, and keeps the marks that they set.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nbgrader.api import MissingEntry

from autograder.gradebook.assignment import KnownCell
from autograder.gradebook.cell_assignment import CellAssignment, KnownNotebook, SourceCell
from autograder.gradebook.tables import Marks, SubmissionRows


@dataclass
class _Grade:
    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool = True

    @property
    def score(self) -> float:
        given = self.auto_score if self.manual_score is None else self.manual_score
        return 0.0 if given is None else given + (self.extra_credit or 0.0)


@dataclass
class _Comment:
    auto_comment: str | None = None


@dataclass
class _SubmittedNotebook:
    grades: dict[str, _Grade]
    late_submission_penalty: float | None

    @property
    def score(self) -> float:
        return sum(grade.score for grade in self.grades.values())


@dataclass(frozen=True)
class _Submission:
    total_seconds_late: float

    def __str__(self) -> str:
        return "The submission"


class _NoSession:
    """Stands in for the session of a database: nothing is pending."""

    def commit(self) -> None:
        """Do nothing."""


@dataclass
class Snapshot:
    """Stands in for nbgrader's ``Gradebook``: answers from what was read before, and keeps the marks that nbgrader's steps set.

    Parameters
    ----------
    assignment : CellAssignment
    rows : SubmissionRows, optional
        Those of the submission, where marks are set.
    timestamp : datetime, optional
        When it was handed in.
    """

    assignment: CellAssignment
    rows: SubmissionRows | None = None
    timestamp: datetime | None = None
    db: _NoSession = field(default_factory=_NoSession)

    def __post_init__(self) -> None:
        self._set: set[str] = set()
        self._comments: dict[str, _Comment] = {}
        self._notebooks = {known.name: self._submitted(known) for known in self.assignment.notebooks.values()} if self.rows else {}

    def _submitted(self, known: KnownNotebook) -> _SubmittedNotebook:
        assert self.rows
        before = self.rows.marks.scores if self.rows.marks else {}
        grades = {
            cell.id: _Grade(before.get(cell.id), *self.rows.by_hand.get(cell.id, (None, None)))
            for cell in known.cells
            if cell.kind != "SolutionCell"
        }
        return _SubmittedNotebook(grades, self.rows.penalties.get(known.id))

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    # --- what nbgrader's steps ask for

    def find_notebook(self, name: str, assignment: str) -> KnownNotebook:
        """Return one of the assignment's notebooks."""
        return self._found(self.assignment.notebooks, name)

    def find_source_cell(self, name: str, notebook: str, assignment: str) -> SourceCell:
        """Return the instructor's text of a cell."""
        return self._found(self.find_notebook(notebook, assignment).sources, name)

    def find_graded_cell(self, name: str, notebook: str, assignment: str) -> KnownCell:
        """Return a cell with points."""
        return self._found(self.find_notebook(notebook, assignment).graded, name)

    def find_grade(self, name: str, notebook: str, assignment: str, student: str) -> _Grade:
        """Return the grade of a cell, to be set."""
        cell = self.find_graded_cell(name, notebook, assignment)
        self._set.add(cell.id)
        return self._notebooks[notebook].grades[cell.id]

    def find_comment(self, name: str, notebook: str, assignment: str, student: str) -> _Comment:
        """Return the comment on a cell, to be set."""
        cell = self._found(self.find_notebook(notebook, assignment).commented, name)
        return self._comments.setdefault(cell.id, _Comment())

    def find_submission(self, assignment: str, student: str) -> _Submission:
        """Return the submission."""
        assert self.rows
        return _Submission(self.rows.seconds_late(self.timestamp))

    def find_submission_notebook(self, notebook: str, assignment: str, student: str) -> _SubmittedNotebook:
        """Return one of the submission's notebooks."""
        return self._found(self._notebooks, notebook)

    @staticmethod
    def _found(known: Mapping[str, Any], name: str) -> Any:
        if name not in known:
            raise MissingEntry(f"the gradebook has no {name}")
        return known[name]

    # --- what they have set

    def set_missing(self, notebook: str) -> None:
        """Give no points for a notebook that wasn't handed in, as nbgrader does."""
        for cell, grade in self._notebooks[notebook].grades.items():
            grade.auto_score = 0.0
            self._set.add(cell)

    def marks(self) -> Marks:
        """Return the scores and comments that were set."""
        scores = {
            cell: grade.auto_score for notebook in self._notebooks.values() for cell, grade in notebook.grades.items() if cell in self._set
        }
        return Marks(scores, {cell: comment.auto_comment for cell, comment in self._comments.items()}, self.timestamp)

    def penalties(self) -> dict[str, float | None]:
        """Return the late penalties by the notebook's id."""
        return {self.assignment.notebooks[name].id: submitted.late_submission_penalty for name, submitted in self._notebooks.items()}

    def score(self) -> float:
        """Return the sum of all points, manual scores included."""
        return sum(submitted.score for submitted in self._notebooks.values())
