"""Exporters for ``nbgrader export``: the gradebook as a file that Canvas or Moodle imports. ``docs/gradebooks.md`` describes their use.

A mark is what nbgrader's own export calls score: automatic and manual points with extra credit, minus the late penalty, at least 0. While
an answer waits for a person there is no mark.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nbgrader.api import Assignment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import ExportPlugin
from sqlalchemy import func, select
from traitlets import Bool, Dict, Enum, Unicode

from autograder.errors import AutograderError, CourseError, in_one_line
from autograder.files import write_atomically
from autograder.gradebook.roster import Member, Roster, listed, looks_like_a_formula
from autograder.model.course import Course
from autograder.model.results import SubmissionResult, rounded
from autograder.runners.class_run import latest

COMMENT_LENGTH = 1000


@dataclass(frozen=True)
class Mark:
    """A student's mark in a lecture.

    Parameters
    ----------
    points : float
        What has been earned so far.
    waits : bool
        Whether an answer waits for a person.
    comment : str
        The exercises that lost points with their misconceptions, in one line.
    """

    points: float
    waits: bool
    comment: str


Marks = Mapping[str, Mapping[str, Mark]]
"""By lecture and student."""


def marks_of(gradebook: Gradebook, assignment: Assignment, results: Mapping[str, SubmissionResult]) -> dict[str, Mark]:
    """Return the marks of all who handed an assignment in.

    Parameters
    ----------
    gradebook : Gradebook
        nbgrader's gradebook.
    assignment : Assignment
        A row of it.
    results : mapping
        The last results by student, for the names of misconceptions.
    """
    cells = {cell.id: cell for notebook in assignment.notebooks for cell in (*notebook.grade_cells, *notebook.task_cells)}
    of_assignment = SubmittedAssignment.assignment_id == assignment.id
    penalties = select(SubmittedAssignment.student_id, func.sum(func.coalesce(SubmittedNotebook.late_submission_penalty, 0.0)))
    penalties = penalties.outerjoin(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    penalties = penalties.where(of_assignment).group_by(SubmittedAssignment.student_id)
    grades = select(SubmittedAssignment.student_id, Grade.cell_id, Grade.score, Grade.auto_score, Grade.manual_score)
    grades = grades.join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
    grades = grades.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id).where(of_assignment)
    earned: dict[str, list[tuple[str, float, float, bool]]] = {}
    for student, cell, score, automatic, manual in gradebook.db.execute(grades):
        name, maximum = cells[cell].name.removeprefix("test_"), cells[cell].max_score
        earned.setdefault(student, []).append((name, score, maximum, automatic is None and manual is None))
    marks = {}
    for student, penalty in gradebook.db.execute(penalties):
        grades_of_student, late = earned.get(student, []), float(penalty or 0.0)
        points = max(0.0, sum(score for _, score, _, _ in grades_of_student) - late)
        waits = not grades_of_student or any(open_ for *_, open_ in grades_of_student)
        marks[student] = Mark(points, waits, _comment(grades_of_student, late, results.get(student)))
    return marks


def _comment(grades: Sequence[tuple[str, float, float, bool]], late: float, result: SubmissionResult | None) -> str:
    if result is not None and not result.graded:
        return in_one_line(f"The notebook could not be graded: {'; '.join(result.problems)}", COMMENT_LENGTH)
    titles = {exercise.name: [found.title for found in exercise.misconceptions] for exercise in result.exercises} if result else {}
    parts = []
    for name, score, maximum, waits in sorted(grades, key=lambda grade: (grade[1] - grade[2], grade[0])):  # what cost most, first
        if waits:
            parts.append(f"{name} isn't graded yet")
        elif score < maximum:
            parts.append(f"{name} {number(score)} of {number(maximum)}" + "".join(f" ({title})" for title in titles.get(name, ())))
    parts += [f"late: {number(late)} points less"] if late else []
    return in_one_line("; ".join(parts), COMMENT_LENGTH)


def number(points: float) -> str:
    """Return points for a cell: at most two digits after a decimal point."""
    return f"{rounded(points):.2f}".rstrip("0").rstrip(".")


class UniversityExporter(ExportPlugin):
    """What the exporters have in common: roster, lectures, messages, and a file for importers and spreadsheets.

    The file is UTF-8 with a byte order mark and Windows line ends. A text that a spreadsheet would compute gets an apostrophe in front.
    """

    columns = Dict(help="The name of each lecture's column, by the lecture's id; the id by default.").tag(config=True)
    partial = Bool(False, help="Export the points so far where an answer waits for a person, in place of no mark.").tag(config=True)
    file = ""
    empty = ""

    def export(self, gradebook: Gradebook) -> None:
        """Write the file, and log who is left out, who waits, and who handed nothing in."""
        target = Path(self.to or self.file)
        try:
            write_atomically(target, self._written(gradebook).encode("utf-8-sig"))
        except AutograderError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(f"{target} can't be written: {error.strerror}")
        self.log.info("Written: %s", target)

    def rows(
        self, members: Sequence[Member], lectures: Sequence[Assignment], marks: Mapping[str, Mapping[str, Mark]]
    ) -> Iterator[list[str]]:
        """Yield the rows of the file, header first.

        Parameters
        ----------
        members : sequence of Member
            Who gets a row.
        lectures : sequence of Assignment
            Which lectures get columns.
        marks : mapping
            The marks by lecture and student.
        """
        raise NotImplementedError

    def identifiers(self, member: Member) -> dict[str, str]:
        """Return the columns of the roster by which the importer finds a student."""
        raise NotImplementedError

    def column(self, lecture: Assignment) -> str:
        """Return the name of a lecture's column."""
        return str(self.columns.get(lecture.name, lecture.name))

    def points(self, mark: Mark | None) -> str:
        """Return the cell for a mark: points, or nothing where nothing was handed in or an answer waits."""
        return self.empty if mark is None or (mark.waits and not self.partial) else number(mark.points)

    def comment(self, mark: Mark | None) -> str:
        """Return the comment for a mark; none without points."""
        return "" if mark is None or self.points(mark) == self.empty else mark.comment

    def _written(self, gradebook: Gradebook) -> str:
        root = Path(self.parent.coursedir.root)
        roster = Roster(parent=self).members(root)
        lectures = self._chosen(gradebook)
        marks = {lecture.name: marks_of(gradebook, lecture, _results(root, lecture.name)) for lecture in lectures}
        members = self._members(roster, {student for of_lecture in marks.values() for student in of_lecture})
        for lecture in lectures:
            self._say_what_is_open(lecture, marks[lecture.name], members)
        with io.StringIO(newline="") as file:
            csv.writer(file).writerows(self.rows(members, lectures, marks))
            return file.getvalue()

    def _chosen(self, gradebook: Gradebook) -> list[Assignment]:
        known = {assignment.name: assignment for assignment in sorted(gradebook.assignments, key=lambda assignment: assignment.name)}
        if not known:
            raise CourseError("there is nothing in the gradebook yet: run «autograder grade LECTURE» first")
        wanted = [str(name) for name in self.assignment] or list(known)
        if missing := [name for name in wanted if name not in known]:
            raise CourseError(f"there is no assignment {listed(missing)} in the gradebook; there are: {', '.join(known)}")
        return [known[name] for name in wanted]

    def _members(self, roster: Mapping[str, Member], graded: set[str]) -> list[Member]:
        """Return the members who get a row, by name; log those who don't."""
        wanted = {str(student) for student in self.student} or graded | roster.keys()
        if unknown := sorted(wanted - graded - roster.keys()):
            raise CourseError(f"there is no student {listed(unknown)}, neither in the gradebook nor in the roster")
        if strangers := sorted(wanted - roster.keys()):
            self.log.warning("Left out, for the roster has no row for them: %s", listed(strangers))
        members = []
        for member in (roster[student] for student in roster if student in wanted):
            known = self.identifiers(member)
            if not any(known.values()):
                self.log.warning("Left out, for the roster has no %s: %s", " or ".join(known), listed([member.student]))
            elif wrong := [column for column, value in known.items() if looks_like_a_formula(value)]:
                self.log.warning("Left out, for the %s would be a formula in a spreadsheet: %s", wrong[0], listed([member.student]))
            else:
                members.append(member)
        return sorted(members, key=lambda member: (member.name.casefold(), member.student))

    def _say_what_is_open(self, lecture: Assignment, marks: Mapping[str, Mark], members: Sequence[Member]) -> None:
        names = [member.student for member in members]
        if waiting := [name for name in names if name in marks and marks[name].waits]:
            cells = "the points so far are exported" if self.partial else "no mark is exported"
            self.log.warning("%s: an answer waits for a person, so %s: %s", lecture.name, cells, listed(waiting))
        if missing := [name for name in names if name not in marks]:
            self.log.info("%s: nothing handed in, no mark: %s", lecture.name, listed(missing))

    def _fail(self, message: str) -> None:
        self.log.error(message)
        sys.exit(1)


def _results(root: Path, lecture: str) -> dict[str, SubmissionResult]:
    """Return the last results of a lecture by student; none for an assignment that is no lecture."""
    course = Course(root)
    with suppress(CourseError):
        return {result.student: result for result in latest(course, course.lecture(lecture))}
    return {}


def harmless(text: str) -> str:
    """Return text for a cell that nothing is looked up by, in one line, with an apostrophe before what a spreadsheet would compute."""
    text = in_one_line(text, COMMENT_LENGTH)
    return f"'{text}" if looks_like_a_formula(text) else text


class CanvasExporter(UniversityExporter):
    """The file that *Grades → Import* of Canvas takes.

    Canvas finds a student by ``ID``, then ``SIS User ID``, then ``SIS Login ID``, and an assignment by the number in ``Name (number)``,
    then by its name; it asks what to do with one that it doesn't know. An empty cell is no score, also where there was one. See
    https://community.instructure.com/en/kb/articles/660862-how-do-i-import-grades-in-the-gradebook. Comments can't be imported; they can go
    into a column of the gradebook that only instructors see, such as *Notes*.
    """

    notes = Unicode("", help="A custom column of the gradebook that is there, such as Notes, for the comments.").tag(config=True)
    file = "canvas.csv"

    def identifiers(self, member: Member) -> dict[str, str]:
        """Return the columns by which Canvas finds a student."""
        return {"id": member.id, "sis_id": member.sis_id, "login": member.login}

    def rows(
        self, members: Sequence[Member], lectures: Sequence[Assignment], marks: Mapping[str, Mapping[str, Mark]]
    ) -> Iterator[list[str]]:
        """Yield the header, the row of points possible, and a row for each student."""
        notes = [self.notes] if self.notes else []
        yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *notes, *map(self.column, lectures)]
        yield ["    Points Possible", "", "", "", "", *("" for _ in notes), *(number(lecture.max_score) for lecture in lectures)]
        for member in members:
            found = [marks[lecture.name].get(member.student) for lecture in lectures]
            said = "; ".join(self._notes(lectures, found)) if notes else ""
            shown = harmless(member.name or member.student), *self.identifiers(member).values(), harmless(member.section)
            yield [*shown, *(harmless(said) for _ in notes), *map(self.points, found)]

    def _notes(self, lectures: Iterable[Assignment], marks: Iterable[Mark | None]) -> Iterator[str]:
        for lecture, mark in zip(lectures, marks, strict=True):
            if comment := self.comment(mark):
                yield f"{lecture.name}: {comment}"


class MoodleExporter(UniversityExporter):
    """The file that *Grades → Import → CSV file* of Moodle takes: a student's identifier, then mark and feedback of each lecture.

    The identifier is mapped to the user, and each column to a grade item or to its feedback, on Moodle's page; both columns of a grade item
    should be mapped, for feedback alone would remove its grades. Moodle stops the whole import at a student whom it doesn't know. ``-`` is
    no grade, in a new grade item as in one that is there. See https://docs.moodle.org/en/Grade_import.
    """

    identify_by = Enum(["email", "sis_id", "login"], default_value="email", help="The roster's column that Moodle knows, too.").tag(
        config=True
    )
    file, empty = "moodle.csv", "-"

    def identifiers(self, member: Member) -> dict[str, str]:
        """Return the column by which Moodle finds a student."""
        return {self.identify_by: getattr(member, self.identify_by)}

    def rows(
        self, members: Sequence[Member], lectures: Sequence[Assignment], marks: Mapping[str, Mapping[str, Mark]]
    ) -> Iterator[list[str]]:
        """Yield the header, and a row for each student."""
        heading = {"email": "Email address", "sis_id": "ID number", "login": "Username"}[self.identify_by]
        named = [name for column in map(self.column, lectures) for name in (column, f"{column} (feedback)")]
        yield [heading, "Name", *named]
        for member in members:
            found = [marks[lecture.name].get(member.student) for lecture in lectures]
            cells = [cell for mark in found for cell in (self.points(mark), harmless(escape(self.comment(mark), quote=False)))]
            yield [*self.identifiers(member).values(), harmless(member.name or member.student), *cells]
