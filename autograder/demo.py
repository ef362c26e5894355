"""A demonstration class: right answers in many styles, every misconception, incomplete and broken notebooks; graded like a real class.

The class has a course directory of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from autograder.judging.known_answers import KnownAnswer, catalogue
from autograder.judging.sample_notebooks import fill, reference_sources, solved, with_answers, write
from autograder.model.course import CONFIG, Course, Lecture
from autograder.model.results import SubmissionResult
from autograder.runners.class_run import Options, grade, submitted

NAMES = """ada alan amara bao beatriz carl chidi chioma daniela dmitri elif emeka emmy fatima felix grace hana ibrahim ines jamal jun kofi
lakshmi leila lin maryam mateo mei naoko noor olga omar paul priya quentin rosa sofia tariq thandi umar vera wei xiulan
yusuf zoe""".split()  # noqa: SIM905
CALL_SECONDS = 3.0  # the demo contains an endless loop: time out soon


def run_demo(
    course: Course, folder: Path, students: int, say: Callable[[str], None], lectures: Sequence[Lecture] = ()
) -> list[SubmissionResult]:
    """Build a class of `students` in `folder`, grade it, write gradebook and feedback, and say what to open.

    Parameters
    ----------
    course : Course
        The course with the released lectures.
    folder : Path
        A new course directory; an earlier demo there is replaced.
    students : int
        Size of the class.
    say : callable
        Called with each message.
    lectures : sequence of Lecture
        The lectures; by default the course's first two, which take a minute.
    """
    from rich.console import Console

    from autograder.gradebook.writer import GradebookWriter, import_nbgrader
    from autograder.report.page import write_report
    from autograder.report.progress import watched
    from autograder.report.terminal import show

    demo = new_course(course, folder, lectures or course.lectures()[:2])
    for lecture in demo.lectures():
        make_class(demo, lecture, students)
    hand_ins = [hand_in for lecture in demo.lectures() for hand_in in submitted(demo, lecture)]
    say(f"A class of {students} handed in {len(hand_ins)} notebooks for {len(demo.lectures())} lectures: see {folder}/submitted/")
    options = Options(limits={"call_seconds": CALL_SECONDS}, jobs=os.cpu_count() or 1)
    results = []
    with GradebookWriter(demo) as writer:
        for result in watched(grade(hand_ins, demo, options, import_nbgrader), len(hand_ins)):
            writer.write(result)
            results.append(result)
    say("writing the students' feedback with nbgrader …")
    for lecture in demo.lectures():
        generate_feedback(demo, lecture)
    results.sort(key=lambda result: (result.lecture, result.student))
    show(results, Console(width=None if sys.stdout.isatty() else 160))
    page = write_report(demo, demo.lectures(), folder / "report")
    for line in _what_to_open(folder, page, demo.lectures(), results):
        say(line)
    return results


def new_course(course: Course, folder: Path, lectures: Sequence[Lecture]) -> Course:
    """Make `folder` a course directory with some lectures of `course`, without submissions."""
    marker = folder / ".demo"
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
        from autograder.errors import CourseError

        raise CourseError(f"{folder} is not empty and wasn't made by a demo: choose another folder with --output")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    marker.touch()
    shutil.copy(course.root / CONFIG, folder)
    for lecture in lectures:
        for notebook in (lecture.source, lecture.released):
            copy = folder / notebook.relative_to(course.root)
            copy.parent.mkdir(parents=True)
            shutil.copy(notebook, copy)
    return Course(folder)


def make_class(course: Course, lecture: Lecture, students: int) -> None:
    """Write the hand-ins of a class for one lecture into ``submitted/``."""
    handed_in = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    for student, (contents, minutes) in zip(_names(students), _contents(lecture, students), strict=True):
        folder = course.root / "submitted" / student / lecture.id
        path = folder / f"{lecture.slug}.ipynb"
        if isinstance(contents, str):
            folder.mkdir(parents=True)
            path.write_text(contents, encoding="utf-8")
        else:
            write(contents, path)
        (folder / "timestamp.txt").write_text(f"{handed_in + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S} UTC", encoding="utf-8")


def _names(students: int) -> list[str]:
    rounds = range(1, students // len(NAMES) + 2)
    return [name if number == 1 else f"{name}{number}" for number in rounds for name in NAMES][:students]


def _contents(lecture: Lecture, students: int) -> Iterator[tuple[dict[str, Any] | str, int]]:
    """Yield each student's notebook and minute of submission: a fifth right, a quarter incomplete, the rest with misconceptions."""
    right = list(_right(lecture, max(1, students // 5)))
    incomplete = list(_incomplete(lecture))[: max(1, students // 4)]
    mistaken = list(_mistaken(lecture, students - len(right) - len(incomplete)))
    everyone = [*right, *incomplete, *mistaken]
    np.random.default_rng(len(everyone)).shuffle(everyone)
    for number, contents in enumerate(everyone):
        yield contents, 3 * number


def _right(lecture: Lecture, count: int) -> Iterator[dict[str, Any]]:
    """Yield right notebooks: the solution, then each exercise's alternatives in turn."""
    known = catalogue(lecture.slug).alternatives
    styles = {name: cycle([answer for answer in known if answer.exercise == name] or [None]) for name in lecture.points}
    yield solved(lecture)
    for _ in range(count - 1):
        chosen = [answer for style in styles.values() if (answer := next(style)) is not None]
        yield with_answers(lecture, *_compatible(chosen))


def _mistaken(lecture: Lecture, count: int) -> Iterator[dict[str, Any]]:
    """Yield notebooks that together contain every misconception of the lecture."""
    hands: list[list[KnownAnswer]] = [[] for _ in range(count)]
    most_first = sorted(catalogue(lecture.slug).misconceptions, key=lambda known: -len(known.functions))
    for index, known in enumerate(most_first):
        turn = hands[index % count :] + hands[: index % count]
        alone = (hand for hand in turn if len(_compatible([*hand, known])) > len(hand))
        with_others = (hand for hand in turn if not any(known.functions.keys() & other.functions.keys() for other in hand))
        for hand in (*islice(alone, 1), *islice(with_others, 1))[:1]:
            hand.append(known)
    for hand in hands:
        yield with_answers(lecture, *hand)


def _compatible(answers: Sequence[KnownAnswer]) -> list[KnownAnswer]:
    """Keep one answer for each exercise, and only one for a forward pass and its backward pass."""
    kept: dict[str, KnownAnswer] = {}
    for answer in answers:
        kept.setdefault(answer.exercise.removesuffix("_forward").removesuffix("_backward"), answer)
    return list(kept.values())


def _incomplete(lecture: Lecture) -> Iterator[dict[str, Any] | str]:
    """Yield incomplete and broken notebooks: nothing done, half done, a syntax error, an endless loop, a broken file, an exception."""
    sources = reference_sources(lecture)
    first, *_, last = sources
    yield fill(lecture, {})
    yield fill(lecture, {first: f"def {first}(*args, **kwargs):\n    while True:\n        pass"})
    yield fill(lecture, {**sources, first: sources[first].replace(":", "", 1)})
    yield fill(lecture, dict(list(sources.items())[: len(sources) // 2]))
    yield '{"cells": [{"cell_type": "code", "source": ["import numpy as'
    yield fill(lecture, {**sources, last: f"def {last}(*args, **kwargs):\n    return args[0] / undefined_name"})
    yield fill(lecture, {})


def generate_feedback(course: Course, lecture: Lecture) -> None:
    """Let nbgrader write the feedback pages of a lecture."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", lecture.id, "--force"]
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
    if done.returncode:
        from autograder.errors import GradebookError

        raise GradebookError(f"nbgrader could not write the feedback of {lecture.id}: {done.stderr.strip().splitlines()[-1]}")


def _what_to_open(folder: Path, page: Path, lectures: Sequence[Lecture], results: Sequence[SubmissionResult]) -> Iterator[str]:
    yield "\nNow look at:"
    yield f"  {page}   the class report"
    for lecture in lectures:
        example = next((r for r in results if r.lecture == lecture.id and any(e.misconception for e in r.exercises)), None)
        if example:
            yield f"  {folder}/feedback/{example.student}/{lecture.id}/{lecture.slug}.html   what {example.student} reads"
    yield f"  {folder}/gradebook.db   nbgrader's database: run «jupyter lab» in {folder}/ and choose Nbgrader → Formgrader"
