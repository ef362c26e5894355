"""The class report as plain data: reads results, gradebook and hand-ins of one lecture after the other, and says what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from autograder.errors import CourseError, GradebookError, SubmissionError
from autograder.gradebook.manual import ByHand, names, read_by_hand
from autograder.model.course import Course, Lecture
from autograder.report.course_so_far import StudentSoFar, so_far
from autograder.report.mistakes import Mistake, Unexplained, code_in, mistakes_of, unexplained_of
from autograder.report.standing import Standing
from autograder.report.statistics import standing_of
from autograder.runners.class_run import latest, students_of

if TYPE_CHECKING:
    from autograder.report.alike import Pair

MANY = 0.2  # the share of a class from which on an exercise that is not attempted is worth a sentence


@dataclass(frozen=True)
class LectureReport:
    """What the report says about one lecture.

    Parameters
    ----------
    standing : Standing
    mistakes : tuple of Mistake
    unexplained : tuple of Unexplained
    advice : tuple of str
        At most three sentences: what to explain, what to look at, and what waits.
    alike : tuple of Pair or None
        None where it wasn't asked for.
    """

    standing: Standing
    mistakes: tuple[Mistake, ...]
    unexplained: tuple[Unexplained, ...]
    advice: tuple[str, ...]
    alike: tuple[Pair, ...] | None = None


@dataclass(frozen=True)
class ClassReport:
    """The class report: when it was made, its lectures, each student's course so far, and a note where the gradebook can't be read."""

    made: datetime
    lectures: tuple[LectureReport, ...]
    students: tuple[StudentSoFar, ...]
    note: str = ""


def class_report(course: Course, lectures: Iterable[Lecture], alike: bool = False, made: datetime | None = None) -> ClassReport:
    """Return the report about the last results of all that was submitted.

    Parameters
    ----------
    course : Course
        The course with stored results.
    lectures : iterable of Lecture
        The lectures; those without results are left out.
    alike : bool
        Whether to compare the hand-ins with each other.
    made : datetime, optional
        Now by default.

    Raises
    ------
    SubmissionError
        If nothing was graded, or `alike` needs a package that isn't installed.
    CourseError
        If no assignment of the course has a hidden suite.
    """
    if not course.lectures():
        raise CourseError(
            f"no assignment in {course.root} has a hidden suite, whose findings the report is made of: "
            "the marks are in formgrader, and in what «nbgrader export» writes"
        )
    by_hand, note = ByHand(), ""
    try:
        by_hand = read_by_hand(course)
    except GradebookError as error:
        note = str(error)
    known = by_hand.students.union(*(students_of(course, lecture) for lecture in course.lectures()))
    found = tuple(report for lecture in lectures if (report := _lecture_report(course, lecture, by_hand, known, alike)))
    if not found:
        raise SubmissionError("nothing was graded yet: run «autograder grade LECTURE» first")
    return ClassReport(made or datetime.now().astimezone(), found, so_far([report.standing for report in found]), note)


def _lecture_report(course: Course, lecture: Lecture, by_hand: ByHand, known: frozenset[str], alike: bool) -> LectureReport | None:
    results = latest(course, lecture)
    if not results:
        return None
    standing = standing_of(lecture.id, lecture.points, results, by_hand, students_of(course, lecture), known)
    graded = [result for result in results if result.graded]
    mistakes, unexplained = mistakes_of(graded), unexplained_of(graded, code_in(course, lecture))
    pairs = None
    if alike:
        from autograder.report.alike import closest_pairs

        pairs = closest_pairs(course, lecture, [result.student for result in graded])
    return LectureReport(standing, mistakes, unexplained, advice_on(standing, mistakes, unexplained), pairs)


# --- what to do next ------------------------------------------------------------------------------------------------------


def advice_on(standing: Standing, mistakes: Sequence[Mistake], unexplained: Sequence[Unexplained]) -> tuple[str, ...]:
    """Return at most three sentences that say what to do next: what to explain, what to look at, and what waits.

    Of each of the three the one that concerns most students.
    """
    subjects: tuple[Callable[[], Iterator[tuple[int, str]]], ...] = (
        lambda: _to_explain(standing, mistakes),
        lambda: _to_look_at(standing, unexplained),
        lambda: _waiting(standing),
    )
    best = (max(subject(), key=lambda one: one[0], default=None) for subject in subjects)
    return tuple(sentence for one in best if one for sentence in one[1:])


def _to_explain(standing: Standing, mistakes: Sequence[Mistake]) -> Iterator[tuple[int, str]]:
    of = len(standing.graded)
    for mistake in mistakes:
        count = len(mistake.students)
        if count > 1:
            yield count, f"Explain {mistake.exercise}: {count} of {of} have the mistake «{mistake.known.title}» (see {mistake.known.see})."
    for exercise in standing.exercises:
        count = exercise.outcomes["untouched"] - sum(row.wrote_nothing for row in standing.graded)
        if count >= max(2, MANY * of):
            yield count, f"Explain how to begin {exercise.name}: {count} of {of} left it out, though they did others."


def _to_look_at(standing: Standing, unexplained: Sequence[Unexplained]) -> Iterator[tuple[int, str]]:
    for group in unexplained:
        if (count := len(group.students)) > 1:
            yield count, f"Look at {group.exercise}: {count} fail it in the same way, which no known mistake explains."
    for flag in standing.flags:
        if flag.kind in ("nobody passes", "the strong fail"):
            yield flag.students, f"Look at a test of {flag.exercise}: {flag.sentence[0].lower()}{flag.sentence[1:]}."
    if failed := standing.in_state("not graded"):
        yield len(failed), f"Look at what can't be graded: {names([row.student for row in failed])}."


def _waiting(standing: Standing) -> Iterator[tuple[int, str]]:
    if waiting := standing.waiting:
        count = sum(row.waits for row in waiting)
        answers = "written answer waits" if count == 1 else "written answers wait"
        yield len(waiting), f"{count} {answers} for you in formgrader: {names([row.student for row in waiting])}."
    if absent := standing.in_state("not handed in"):
        yield len(absent), f"Ask who has not handed in: {names([row.student for row in absent])}."
    if ungraded := standing.in_state("waits for grading"):
        yield len(ungraded), f"Run «autograder grade {standing.lecture}» once more: {names([row.student for row in ungraded])} came later."
    if empty := [row for row in standing.graded if row.wrote_nothing]:
        yield len(empty), f"Talk to those who wrote nothing: {names([row.student for row in empty])}."
