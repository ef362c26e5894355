"""A demonstration class, graded like a real one, with a course directory of its own.

Its students have abilities and habits that last over the lectures, and make known mistakes about as often as students of courses like this
one do. The class is the same on every run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from autograder.demo.hand_ins import hand_in
from autograder.demo.marker import grade_written_answers, set_due_dates
from autograder.demo.students import enrol
from autograder.errors import CourseError
from autograder.judging.hidden_modules import copy_hidden
from autograder.model.course import CONFIG, Course, Lecture
from autograder.model.results import SubmissionResult
from autograder.runners.class_run import Options, grade, submitted

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

    demo = new_course(course, folder, lectures or [lecture for lecture in course.lectures() if lecture.has_suite][:2])
    members = enrol(students, len(demo.lectures()))
    hand_in(demo, members)
    hand_ins = [one for lecture in demo.lectures() for one in submitted(demo, lecture)]
    say(f"A class of {students} handed in {len(hand_ins)} notebooks for {len(demo.lectures())} lectures: see {folder}/submitted/")
    options = Options(limits={"call_seconds": CALL_SECONDS}, jobs=os.cpu_count() or 1)
    results = []
    set_due_dates(demo)
    with GradebookWriter(demo) as writer:
        for result in watched(grade(hand_ins, demo, options, import_nbgrader), len(hand_ins)):
            writer.write(result)
            results.append(result)
    grade_written_answers(demo, members)
    say("writing the students' feedback with nbgrader …")
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(partial(generate_feedback, demo), demo.lectures()))
    results.sort(key=lambda result: (result.lecture, result.student))
    show(results, Console(width=None if sys.stdout.isatty() else 160))
    page = write_report(demo, demo.lectures(), folder / "report")
    for line in _what_to_open(folder, page, demo.lectures(), results):
        say(line)
    return results


def new_course(course: Course, folder: Path, lectures: Sequence[Lecture]) -> Course:
    """Make `folder` a course directory with some lectures of `course`, without submissions.

    Raises
    ------
    CourseError
        If there is no lecture, a lecture has no suite or no notebook, or the folder holds something else.
    """
    if not lectures:
        raise CourseError(f"no assignment in {course.root} has a hidden suite: a demonstration needs a course with lectures")
    for lecture in lectures:
        for path in (lecture.hidden.suite, lecture.source, lecture.released):
            if not path.exists():
                raise CourseError(f"{lecture.shown(path)} is missing: a demonstration needs suite, solution and released notebook")
    marker = folder / ".demo"
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
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
    copy_hidden(course.root, folder)
    return Course(folder)


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
