"""The class report as data: JSON, and CSV files for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.files import write_atomically
from autograder.report.class_report import ClassReport, LectureReport
from autograder.report.course_so_far import StudentSoFar
from autograder.report.standing import Standing, StudentRow

VERSION = 1
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # with these a spreadsheet begins a formula

Row = tuple[Any, ...]


def to_json(report: ClassReport) -> dict[str, Any]:
    """Return a report as JSON data."""
    return {
        "version": VERSION,
        "made": report.made.isoformat(timespec="seconds"),
        "note": report.note,
        "lectures": [_lecture(lecture) for lecture in report.lectures],
        "students": [{**asdict(student), "handed_in": student.handed_in} for student in report.students],
    }


def _lecture(report: LectureReport) -> dict[str, Any]:
    standing = report.standing
    exercises = [{**asdict(exercise), "attempted": exercise.attempted} for exercise in standing.exercises]
    return {
        **asdict(standing),
        "students": [_student(row) for row in standing.students],
        "exercises": exercises,
        "advice": list(report.advice),
        "mistakes": [asdict(mistake) for mistake in report.mistakes],
        "unexplained": [asdict(group) for group in report.unexplained],
        "alike": None if report.alike is None else [asdict(pair) for pair in report.alike],
    }


def _student(row: StudentRow) -> dict[str, Any]:
    counts = {"total": row.total, "stuck": row.stuck, "untouched": row.untouched, "endless": row.endless}
    return {**asdict(row), **counts, "wrote_nothing": row.wrote_nothing, "all_wrong": row.all_wrong}


def write_csv(report: ClassReport, folder: Path) -> list[Path]:
    """Write a report as CSV files into a folder, and return their paths.

    Text is quoted, and text that begins like a formula gets an apostrophe in front, with which a spreadsheet shows it as it is.
    """
    paths = []
    for name, (header, rows) in _tables(report).items():
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)
        write_atomically(folder / name, text.getvalue().encode("utf-8", "backslashreplace"))
        paths.append(folder / name)
    return paths


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return "" if value is None else int(value)
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" \"'").startswith(FORMULA) else value
    return value


def _tables(report: ClassReport) -> dict[str, tuple[Sequence[str], Iterable[Row]]]:
    """Return the header and the rows of each file."""
    standings = [lecture.standing for lecture in report.lectures]
    return {
        "students.csv": (
            ("lecture", "student", "state", "points", "by_hand", "late_penalty", "written_waiting", "stuck", "left_out", "problems"),
            (row for standing in standings for row in _student_rows(standing)),
        ),
        "marks.csv": (
            ("lecture", "student", "exercise", "outcome", "points"),
            (
                (standing.lecture, row.student, mark.exercise, mark.outcome, mark.score)
                for standing in standings
                for row in standing.students
                for mark in row.marks
            ),
        ),
        "exercises.csv": (
            ("lecture", "exercise", "points", "mean_share", "discrimination", "right", "partly", "wrong", "timeout", "untouched"),
            (
                (standing.lecture, exercise.name, exercise.points, exercise.mean, exercise.discrimination, *exercise.outcomes.values())
                for standing in standings
                for exercise in standing.exercises
            ),
        ),
        "tests.csv": (
            ("lecture", "exercise", "aspect", "test", "passed", "tried"),
            (
                (standing.lecture, exercise.name, test.aspect, test.sentence, test.passed, test.tried)
                for standing in standings
                for exercise in standing.exercises
                for test in exercise.tests
            ),
        ),
        "mistakes.csv": (
            ("lecture", "exercise", "id", "title", "see", "student"),
            (
                (lecture.standing.lecture, mistake.exercise, mistake.known.id, mistake.known.title, mistake.known.see, student)
                for lecture in report.lectures
                for mistake in lecture.mistakes
                for student in mistake.students
            ),
        ),
        "unexplained.csv": (
            ("lecture", "exercise", "group", "student"),
            (
                (lecture.standing.lecture, group.exercise, number, student)
                for lecture in report.lectures
                for number, group in enumerate(lecture.unexplained, start=1)
                for student in group.students
            ),
        ),
        "course.csv": (
            ("student", "stopped", "handed_in", "mean_share", *(standing.lecture for standing in standings)),
            (_course_row(student) for student in report.students),
        ),
    }


def _student_rows(standing: Standing) -> Iterator[Row]:
    for row in standing.students:
        marks = (row.score, row.by_hand, row.penalty, row.waits, row.stuck, row.untouched) if row.state == "graded" else (None,) * 6
        yield (standing.lecture, row.student, row.state, *marks, "; ".join(row.problems))


def _course_row(student: StudentSoFar) -> Row:
    return (student.student, student.stopped, student.handed_in, student.mean, *(step.share for step in student.steps))
