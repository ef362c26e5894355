"""The roster: a CSV file that says who each student of ``submitted/`` is in the university's system. See ``docs/gradebooks.md``."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from traitlets import Unicode
from traitlets.config import LoggingConfigurable

from autograder.errors import CourseError, in_one_line
from autograder.model.submission import refusal_of

DELIMITERS = ",;\t"  # the second is what a spreadsheet writes where the comma is the decimal sign
UNIQUE = ("student", "id", "sis_id", "login", "email")


@dataclass(frozen=True)
class Member:
    """A row of the roster; what isn't known is an empty text.

    Parameters
    ----------
    student : str
        The student's folder in ``submitted/``.
    name : str
        The name, as the university's system shows it.
    id : str
        Canvas's own number of the student.
    sis_id : str
        The university's number: *SIS User ID* in Canvas, *ID number* in Moodle.
    login : str
        *SIS Login ID* in Canvas, *username* in Moodle.
    email : str
        The email address.
    section : str
        The section of the course.
    """

    student: str
    name: str = ""
    id: str = ""
    sis_id: str = ""
    login: str = ""
    email: str = ""
    section: str = ""


COLUMNS = tuple(field.name for field in fields(Member))


class Roster(LoggingConfigurable):
    """The roster's place, for ``nbgrader_config.py`` (``c.Roster.path``)."""

    path = Unicode("roster.csv", help="The roster, relative to the course's folder.").tag(config=True)

    def members(self, root: Path) -> dict[str, Member]:
        """Return the members by student, in the roster's order.

        Parameters
        ----------
        root : Path
            The course's folder.

        Raises
        ------
        CourseError
            If the file is missing, can't be read, or contradicts itself.
        """
        path = root / self.path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise CourseError(
                f"there is no roster: {path} should say who each student is (docs/gradebooks.md); c.Roster.path names another file"
            ) from None
        except UnicodeDecodeError:
            raise CourseError(f"{path} isn't UTF-8 text: save it as «CSV UTF-8»") from None
        except OSError as error:
            raise CourseError(f"{path} can't be read: {error.strerror}") from None
        return read_roster(text, str(path))


def read_roster(text: str, name: str) -> dict[str, Member]:
    """Return the members in a roster's text by student; `name` is the file's, for messages. Unknown columns and empty rows are left out.

    Raises
    ------
    CourseError
        If there is no column ``student``, a row has none or too many cells, a name is refused, or two rows have the same identifier.
    """
    try:
        lines = list(_lines(text))
    except csv.Error as error:
        raise CourseError(f"{name} can't be read as CSV: {error}") from None
    heading = [cell.casefold() for cell in lines[0][1]] if lines else []
    if "student" not in heading:
        raise CourseError(f"{name} has no column «student»: its first line should name columns among {', '.join(COLUMNS)}")
    if twice := [column for column in COLUMNS if heading.count(column) > 1]:
        raise CourseError(f"{name} has two columns «{twice[0]}»")
    members = []
    for number, cells in lines[1:]:
        if len(cells) > len(heading):
            raise CourseError(f"line {number} of {name} has more cells than the first one: put a name with a comma into quotes")
        row = {column: cell for column, cell in zip(heading, cells, strict=False) if column in COLUMNS}
        _check_student(row.get("student", ""), number, name)
        members.append(Member(**row))
    for column in UNIQUE:
        counts = Counter(value for member in members if (value := getattr(member, column)))
        if twice := [in_one_line(value) for value, count in counts.items() if count > 1]:
            raise CourseError(f"{name} has two rows with the same {column}: {', '.join(twice)}")
    return {member.student: member for member in members}


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that isn't empty, without the empty ones at its end, with the line's number."""
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for row in reader:
        cells = [" ".join(cell.split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield reader.line_num, cells


def _check_student(student: str, line: int, name: str) -> None:
    if not student:
        raise CourseError(f"line {line} of {name} has no student")
    if "/" in student or student in (".", ".."):
        raise CourseError(f"line {line} of {name}: {in_one_line(student)} can't be the name of a folder in submitted/")
    if why := refusal_of(student):
        raise CourseError(f"line {line} of {name}: {why}")


def looks_like_a_formula(text: str) -> bool:
    """Tell whether a spreadsheet would compute a cell with this text."""
    return text.lstrip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def listed(students: Mapping[str, object] | list[str]) -> str:
    """Return students' names for a message."""
    return ", ".join(in_one_line(student, 100) for student in students)
