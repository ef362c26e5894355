"""Reads from nbgrader's database what a person has graded, and what waits for one. Writes nothing, and doesn't import nbgrader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import bindparam, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import GradebookError, in_one_line
from autograder.gradebook.configuration import database_url
from autograder.model.course import Course

SHORT = 12  # students that a message names

_CELLS = text("""
    SELECT assignment.name AS lecture, base_cell.name AS cell, COALESCE(grade_cells.max_score, task_cells.max_score) AS max_score
    FROM base_cell
    JOIN notebook ON base_cell.notebook_id = notebook.id
    JOIN assignment ON notebook.assignment_id = assignment.id
    LEFT JOIN grade_cells ON grade_cells.id = base_cell.id
    LEFT JOIN task_cells ON task_cells.id = base_cell.id
    WHERE task_cells.id IS NOT NULL OR (grade_cells.id IS NOT NULL AND base_cell.name IN (
        SELECT other.name FROM base_cell AS other JOIN solution_cells ON solution_cells.id = other.id
        WHERE other.notebook_id = base_cell.notebook_id))
""")
_MARKS = text("""
    SELECT assignment.name AS lecture, submitted_assignment.student_id AS student, base_cell.name AS cell, grade.manual_score AS score,
           grade.extra_credit AS extra, grade.needs_manual_grade AS open
    FROM grade
    JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN assignment ON submitted_assignment.assignment_id = assignment.id
    JOIN base_cell ON grade.cell_id = base_cell.id
    WHERE assignment.name IN :lectures
      AND (grade.manual_score IS NOT NULL OR grade.extra_credit IS NOT NULL OR grade.needs_manual_grade)
    ORDER BY assignment.name, submitted_assignment.student_id, base_cell.name
""").bindparams(bindparam("lectures", expanding=True))
_PENALTIES = text("""
    SELECT assignment.name AS lecture, submitted_assignment.student_id AS student,
           SUM(submitted_notebook.late_submission_penalty) AS penalty
    FROM submitted_notebook
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN assignment ON submitted_assignment.assignment_id = assignment.id
    WHERE assignment.name IN :lectures AND submitted_notebook.late_submission_penalty > 0
    GROUP BY assignment.name, submitted_assignment.student_id
""").bindparams(bindparam("lectures", expanding=True))


@dataclass(frozen=True)
class CellMark:
    """What a person has done with a cell: the score (None if there is none), extra credit, and whether the cell waits for a person."""

    cell: str
    score: float | None
    extra: float
    waits: bool


@dataclass(frozen=True)
class ByHand:
    """The part of a gradebook that belongs to persons.

    Parameters
    ----------
    students : frozenset of str
        All students in the database.
    written : mapping of str to mapping of str to float
        By lecture: the maximal points of each written answer.
    marks : mapping of (str, str) to tuple of CellMark
        By lecture and student: the cells that a person has graded, or that wait.
    penalties : mapping of (str, str) to float
        By lecture and student: the late penalty, where there is one.
    """

    students: frozenset[str] = frozenset()
    written: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    marks: Mapping[tuple[str, str], tuple[CellMark, ...]] = field(default_factory=dict)
    penalties: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def waiting(self, lecture: str, student: str) -> tuple[str, ...]:
        """Return the written answers of a student that nobody has graded yet."""
        written = self.written.get(lecture, {})
        return tuple(
            mark.cell for mark in self.marks.get((lecture, student), ()) if mark.waits and mark.score is None and mark.cell in written
        )

    def to_look_at_again(self, lecture: str, student: str) -> tuple[str, ...]:
        """Return the cells of a student with a score by hand that were graded again since, as after another hand-in."""
        return tuple(mark.cell for mark in self.marks.get((lecture, student), ()) if mark.waits and mark.score is not None)


def read_by_hand(course: Course, lectures: Iterable[str] | None = None) -> ByHand:
    """Return what the course's gradebook holds of persons' work; nothing if there is no gradebook.

    Parameters
    ----------
    course : Course
    lectures : iterable of str, optional
        Whose marks to read; all by default.

    Raises
    ------
    GradebookError
        If there is one that can't be read.
    """
    address = database_url(course.root)
    chosen = {"lectures": sorted(lectures if lectures is not None else (lecture.id for lecture in course.lectures()))}
    try:
        url = make_url(address)
        if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
            return ByHand()
        engine = create_engine(url)
        try:
            with engine.connect() as connection:
                students = frozenset(row.id for row in connection.execute(text("SELECT id FROM student")))
                written: dict[str, dict[str, float]] = defaultdict(dict)
                for row in connection.execute(_CELLS):
                    written[row.lecture][row.cell] = float(row.max_score or 0.0)
                marks: dict[tuple[str, str], list[CellMark]] = defaultdict(list)
                for row in connection.execute(_MARKS, chosen):
                    marks[row.lecture, row.student].append(CellMark(row.cell, row.score, row.extra or 0.0, bool(row.open)))
                penalties = {(row.lecture, row.student): float(row.penalty) for row in connection.execute(_PENALTIES, chosen)}
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError, OSError) as error:
        said = in_one_line(str(getattr(error, "orig", None) or error), 200)
        raise GradebookError(f"the gradebook can't be read ({said})") from error
    return ByHand(students, written, {key: tuple(cells) for key, cells in marks.items()}, penalties)


def waiting_sentences(course: Course, handed_in: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield sentences about what waits for a person: written answers, and marks by hand of what was graded again since.

    Parameters
    ----------
    course : Course
    handed_in : iterable of (str, str)
        Lecture and student of each submission to look at.
    """
    students: dict[str, set[str]] = defaultdict(set)
    for lecture, student in handed_in:
        students[lecture].add(student)
    by_hand = read_by_hand(course, students)
    for lecture in sorted(students):
        start = f"{lecture}: " if len(students) > 1 else ""
        kinds = (
            (by_hand.waiting, "written answer waits", "written answers wait"),
            (by_hand.to_look_at_again, "mark by hand wants another look", "marks by hand want another look"),
        )
        for kind, one, several in kinds:
            cells = {student: len(found) for student in sorted(students[lecture]) if (found := kind(lecture, student))}
            if cells:
                yield f"{start}{sum(cells.values())} {one if sum(cells.values()) == 1 else several}: {names(list(cells))}"


def names(students: Collection[str], most: int = SHORT) -> str:
    """Return students' names for a message, the first ones and how many more there are."""
    shown = ", ".join(in_one_line(student, 60) for student in list(students)[:most])
    more = len(students) - most
    return f"{shown} and {more} more" if more > 0 else shown
