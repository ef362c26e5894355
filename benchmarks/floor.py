"""The floor: the least that grading a class can take, to compare ours with.

A process that has NumPy, pytest, suite and misconceptions loaded, and has judged the class once before the clock starts, forks a child for
each submission. The child runs the same cells and calls the same suite on the functions in its own memory. Nothing is sent, nothing is
confined, no file is read or written meanwhile. Run as a program, with a course directory and how many children there are at once; what it
took goes to ``floor.json`` in that directory.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import astuple
from pathlib import Path
from typing import Any, NoReturn

from autograder.judging.grading import judge
from autograder.model.course import Course
from autograder.model.submission import Submission, read_submission
from autograder.runners.class_run import submitted
from autograder.sandbox.cells import GuestCell, Notebook
from coursekit.student import LocalStudent

TOLD = "floor.json"
Marks = dict[str, float]


def graded(submission: Submission) -> Marks:
    """Run a submission's cells in this process, judge it, and return its marks by exercise."""
    notebook = Notebook([GuestCell(*astuple(cell)) for cell in submission.cells], set(), lambda index: None)
    notebook.run()
    lecture = submission.lecture
    results = judge(lecture.hidden, LocalStudent(notebook.namespace), lecture.points, frozenset(notebook.untouched()))
    return {result.name: result.score for result in results}


def forked(submission: Submission) -> tuple[int, int]:
    """Grade a submission in a child, and return its process id and the pipe with its marks."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _answer(submission, writing)
    os.close(writing)
    return pid, reading


def _answer(submission: Submission, writing: int) -> NoReturn:
    status = 1
    try:
        os.write(writing, json.dumps(graded(submission)).encode())
        status = 0
    finally:
        os._exit(status)


def take(submissions: Sequence[Submission], jobs: int) -> tuple[float, dict[str, Marks]]:
    """Grade all submissions, `jobs` at once; return the processor seconds of the children, and everyone's marks."""
    waiting, running = list(submissions), dict[int, tuple[str, int]]()
    marks: dict[str, Marks] = {}
    cpu = 0.0
    while waiting or running:
        while waiting and len(running) < jobs:
            submission = waiting.pop(0)
            pid, pipe = forked(submission)
            running[pid] = submission.student, pipe
        pid, status, used = os.wait4(-1, 0)
        student, pipe = running.pop(pid)
        with open(pipe, encoding="utf-8") as said:
            if status:
                raise SystemExit(f"the submission of {student} could not be graded without a sandbox")
            marks[student] = json.load(said)
        cpu += used.ru_utime + used.ru_stime
    return cpu, marks


def measured(submissions: Sequence[Submission], jobs: int) -> dict[str, Any]:
    """Return what grading took, and everyone's marks; what is done once is done before."""
    for submission in submissions:
        graded(submission)
    gc.collect()
    gc.freeze()  # as a process that forks many should: its children then copy fewer pages
    own, started = time.process_time(), time.perf_counter()
    cpu, marks = take(submissions, jobs)
    return {"wall": time.perf_counter() - started, "cpu": cpu + time.process_time() - own, "marks": marks}


def main(root: str, jobs: str) -> None:
    """Take the floor of the class in the course at `root`."""
    os.environ["COURSEKIT_GRADING"] = "1"
    course = Course(Path(root))
    (lecture,) = course.lectures()
    hand_ins = submitted(course, lecture)
    submissions = [read_submission(hand_in.path, course, hand_in.student, hand_in.lecture) for hand_in in hand_ins]
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # the submissions print
        found = measured(submissions, int(jobs))
    (Path(root) / TOLD).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
