"""The mistakes of a class in one lecture: misconceptions with their students, and failures that no misconception explains, grouped.

For such a group there is a skeleton of the misconception to write down: see `skeleton`.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from autograder.errors import AutograderError, in_one_line, printable
from autograder.judging.known_answers import BANDS
from autograder.model.course import Course, Exercise, Lecture, grade_id, source_of
from autograder.model.results import ExerciseResult, MisconceptionFound, SubmissionResult
from autograder.model.submission import read_submission

MOST_CODE, MOST_LINES = 3000, 60  # of a student's code that is shown
MOST_GROUPS = 5  # of an exercise, with code
MOST_FAILED = 5  # failed tests that a group shows
MESSAGE_LENGTH = 300


@dataclass(frozen=True)
class Mistake:
    """A misconception, and who has it in which exercise."""

    exercise: str
    known: MisconceptionFound
    students: tuple[str, ...]


@dataclass(frozen=True)
class Unexplained:
    """Students whose functions failed the same tests with the same messages, without a misconception that explains it.

    Parameters
    ----------
    exercise : str
    students : tuple of str
    share : float
        The share of the points that they have.
    failed : tuple of (str, str)
        The sentences of the failed tests with their messages, the first `MOST_FAILED` of them.
    more : int
        How many further tests they failed.
    aspects : tuple of str
        The aspects that lost points.
    code : str
        The cell of the first student, shortened; empty in small groups, and if it can't be read.
    after : str
        An earlier exercise in which all of them stand together, too: this failure may follow from that one.
    """

    exercise: str
    students: tuple[str, ...]
    share: float
    failed: tuple[tuple[str, str], ...]
    more: int
    aspects: tuple[str, ...]
    code: str = ""
    after: str = ""


def mistakes_of(results: Sequence[SubmissionResult]) -> tuple[Mistake, ...]:
    """Return the misconceptions by exercise, in the lecture's order, and the frequent ones of an exercise first."""
    who: dict[tuple[str, MisconceptionFound], list[str]] = defaultdict(list)
    places: dict[str, int] = {}
    for result in results:
        for exercise in result.exercises:
            places.setdefault(exercise.name, len(places))
            for known in exercise.misconceptions:
                who[exercise.name, replace(known, aspects=())].append(result.student)
    rows = (Mistake(name, known, tuple(sorted(students))) for (name, known), students in who.items())
    return tuple(sorted(rows, key=lambda row: (places[row.exercise], -len(row.students))))


def unexplained_of(results: Sequence[SubmissionResult], code_of: Callable[[str, str], str]) -> tuple[Unexplained, ...]:
    """Return the groups of unexplained failures by exercise, in the lecture's order, and the large groups of an exercise first.

    Parameters
    ----------
    results : sequence of SubmissionResult
    code_of : callable
        Returns the code of a student (first argument) for an exercise (second one); called for the first `MOST_GROUPS` groups of an
        exercise that have two or more students.
    """
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[str, ExerciseResult]]] = defaultdict(list)
    places: dict[str, int] = {}
    for result in results:
        for exercise in result.exercises:
            places.setdefault(exercise.name, len(places))
            if exercise.status in ("failed", "error") and exercise.misconception is None:
                failed = tuple((test.name, test.message) for test in exercise.tests if test.outcome == "failed")
                groups[exercise.name, failed].append((result.student, exercise))
    order = sorted(groups.items(), key=lambda group: (places[group[0][0]], -len(group[1]), group[1][0][0]))
    seen: Counter[str] = Counter()
    rows: list[Unexplained] = []
    for (name, failed), members in order:
        seen[name] += 1
        group = _group(name, failed, members)
        if len(members) > 1 and seen[name] <= MOST_GROUPS:
            together = (row.exercise for row in rows if row.exercise != name and set(group.students) <= set(row.students))
            group = replace(group, code=code_of(group.students[0], name), after=next(together, ""))
        rows.append(group)
    return tuple(rows)


def _group(name: str, failed: Sequence[tuple[str, str]], members: Sequence[tuple[str, ExerciseResult]]) -> Unexplained:
    lost = dict.fromkeys(test.aspect or test.name for test in members[0][1].tests if test.outcome == "failed")
    return Unexplained(
        exercise=name,
        students=tuple(sorted(student for student, _ in members)),
        share=fmean(exercise.score / exercise.max_score if exercise.max_score else 0.0 for _, exercise in members),
        failed=tuple((sentence, in_one_line(message, MESSAGE_LENGTH)) for sentence, message in failed[:MOST_FAILED]),
        more=max(0, len(failed) - MOST_FAILED),
        aspects=tuple(lost),
    )


def code_in(course: Course, lecture: Lecture) -> Callable[[str, str], str]:
    """Return a function that reads a student's code for an exercise from ``submitted/``, shortened; empty where it can't be read."""

    def code_of(student: str, exercise: str) -> str:
        path = course.root / "submitted" / student / lecture.id / f"{lecture.slug}.ipynb"
        try:
            notebook = read_submission(path, course, student, lecture).notebook
        except (AutograderError, OSError):
            return ""
        cells = [source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code" and grade_id(cell) == exercise]
        return _short(printable(cells[-1])) if cells else ""

    return code_of


def _short(code: str) -> str:
    lines = code.strip("\n")[:MOST_CODE].split("\n")
    kept = [line.rstrip()[:200] for line in lines[:MOST_LINES]]
    is_whole = len(lines) <= MOST_LINES and len(code.strip("\n")) <= MOST_CODE
    return "\n".join(kept if is_whole else [*kept, "…"])


# --- the next misconception -------------------------------------------------------------------------------------------------


def skeletons(lecture: Lecture, groups: Sequence[Unexplained]) -> Iterator[str]:
    """Yield a skeleton for each group of two or more students."""
    exercises = {exercise.name: exercise for exercise in lecture.exercises}
    for number, group in enumerate(groups, start=1):
        if len(group.students) > 1 and group.exercise in exercises:
            yield skeleton(lecture, exercises[group.exercise], group, number)


def skeleton(lecture: Lecture, exercise: Exercise, group: Unexplained, number: int = 1) -> str:
    """Return the beginning of a misconception for ``autograder/misconceptions/<slug>.py``, with a TODO at each place to fill.

    The student's code stands in comments, so that nothing of it runs before somebody has read it.

    Parameters
    ----------
    lecture : Lecture
    exercise : Exercise
        The exercise of the group.
    group : Unexplained
    number : int
        Makes the function's name unique.
    """
    place = lecture.id.split("_")[0]
    bands = ", ".join(f'"{severity}" {100 * low:.0f} to {high:.0%}' for severity, (low, high) in BANDS.items())
    facts = (
        f"{len(group.students)} students have {group.share:.0%} of the points. What would a fair marker give: {bands}?",
        f"They fail in: {in_one_line(', '.join(group.aspects), 200)}.",
        *(f"✗ {in_one_line(sentence, 200)} {message}" for sentence, message in group.failed[:2]),
        *([f"They stand together in {group.after}, too: this may follow from it."] if group.after else []),
        *(["One of them wrote:", *(f"    {line}" for line in group.code.split("\n"))] if group.code else []),
    )
    return "\n".join(
        (
            f'@misconception("{exercise.name}", "TODO: slip, part or core", title="TODO: the mistake in a few words", see="{place} §TODO")',
            f"def {exercise.name}_todo_{number}({_parameters(exercise)}):",
            '    """TODO: what the student probably believed, and why it is wrong."""',
            *(f"    # {line}".rstrip() for fact in facts for line in _wrapped(fact)),
            '    raise NotImplementedError("TODO: the wrong answer, in NumPy and names of this module")',
        )
    )


def _wrapped(fact: str) -> list[str]:
    return [fact] if fact.startswith("    ") else textwrap.wrap(fact, 120)


def _parameters(exercise: Exercise) -> str:
    """Return the parameters of an exercise as the stub has them, without annotations."""
    for node in ast.walk(ast.parse(exercise.stub)):
        if isinstance(node, ast.FunctionDef) and node.name == exercise.name:
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
            return ast.unparse(node.args)
    return "*args, **kwargs"
