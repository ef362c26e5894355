"""What an instructor of the demonstration has entered into the gradebook: due dates, and marks for written answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from autograder.demo.hand_ins import due
from autograder.demo.students import Student
from autograder.demo.written_answers import written_answers
from autograder.model.course import Course

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


def set_due_dates(course: Course) -> None:
    """Enter the due date of each lecture, as ``nbgrader db assignment add --duedate`` does."""
    with _gradebook(course) as gradebook:
        for number, lecture in enumerate(course.lectures()):
            gradebook.update_or_create_assignment(lecture.id, duedate=due(number))


def grade_written_answers(course: Course, students: Sequence[Student]) -> None:
    """Grade written answers as formgrader does: all but those of the last lecture, and there the first half of the class.

    Parameters
    ----------
    course : Course
        A course whose submissions are in the gradebook.
    students : sequence of Student
    """
    by_name = {student.name: student for student in students}
    first_half = set(sorted(by_name)[: len(by_name) // 2])
    with _gradebook(course) as gradebook:
        for lecture in course.lectures():
            for submission in gradebook.assignment_submissions(lecture.id):
                if lecture is course.lectures()[-1] and submission.student.id not in first_half:
                    continue
                (notebook,) = submission.notebooks
                answers = written_answers(by_name[submission.student.id], lecture)
                for grade in notebook.grades:
                    if grade.needs_manual_grade:
                        answer = answers[grade.name]
                        grade.manual_score, grade.needs_manual_grade = answer.points, False
                        gradebook.find_comment(grade.name, lecture.slug, lecture.id, submission.student.id).manual_comment = answer.comment
        gradebook.db.commit()


@contextmanager
def _gradebook(course: Course) -> Iterator[Gradebook]:
    from autograder.gradebook.writer import import_nbgrader

    import_nbgrader()
    from autograder.gradebook.assignment import course_directory, open_gradebook
    from autograder.gradebook.configuration import configuration

    with open_gradebook(course_directory(course.root, configuration(course.root))) as gradebook:
        yield gradebook
