"""Where the time of one submission goes, and what confinement costs: measured inside the grader, by one process.

Run as a program, with a course directory and one of the two questions; the answer is JSON on standard output.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from roster import LECTURE

from autograder.gradebook.writer import GradebookWriter
from autograder.judging import diagnosis, grading
from autograder.judging.grading import grade_submission
from autograder.model.course import Course
from autograder.model.submission import read_submission
from autograder.runners import class_run as classroom
from autograder.runners.class_run import Options, grade, submitted
from autograder.sandbox.host import Guest, Sandbox
from autograder.sandbox.process import ZygoteClient

REST = "the rest"
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("read the notebook, look for a stored result", classroom, "read_submission"),
    ("read the notebook, look for a stored result", classroom, "fingerprint"),
    ("wait for the sandbox to start (once a run)", ZygoteClient, "_await_ready"),
    ("fork a guest", ZygoteClient, "fork"),
    ("confine it, run the cells", Guest, "_start"),
    ("calls of the student's functions", Guest, "foretell"),
    ("calls of the student's functions", Guest, "call"),
    ("end the guest", Guest, "close"),
    ("hidden tests: pytest, inputs, reference", grading, "run_tests"),
    ("diagnosis", diagnosis, "explain"),
    ("gradebook and autograded notebook", GradebookWriter, "write"),
)


class Stopwatch:
    """Seconds by step; the time of a step within another one counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is done here for `name`."""
        self._book()
        self._running.append(name)
        try:
            yield
        finally:
            self._book()
            self._running.pop()

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function`, its time counted for `name`."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.step(name):
                return function(*args, **kwargs)

        return timed

    def _book(self) -> None:
        now = time.perf_counter()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now


def breakdown(course: Course) -> dict[str, float]:
    """Grade the class by one process, and return milliseconds a submission by step; imports are left out."""
    watch = Stopwatch()
    for name, owner, function in STEPS:
        setattr(owner, function, watch.wrapped(name, getattr(owner, function)))
    hand_ins = submitted(course, course.lecture(LECTURE))
    with GradebookWriter(course) as writer:
        writer.assignment(course.lecture(LECTURE))
        list(grade(hand_ins[:1], course, Options(cache=False)))  # what is imported by the first one
        diagnosis._tried.clear()
        watch.seconds.clear()
        with watch.step(REST):
            for result in grade(hand_ins, course, Options(cache=False)):
                writer.write(result)
    names = dict.fromkeys([name for name, _, _ in STEPS] + [REST])
    return {name: 1000 * watch.seconds[name] / len(hand_ins) for name in names}


def confinement(course: Course, rounds: int) -> dict[str, list[float]]:
    """Grade the class `rounds` times in each kind of sandbox, in turn; return each submission's milliseconds, the least of all rounds."""
    hand_ins = submitted(course, course.lecture(LECTURE))
    submissions = [read_submission(hand_in.path, course, hand_in.student, hand_in.lecture) for hand_in in hand_ins]
    with Sandbox(confine=True) as landlock, Sandbox(confine=False) as nothing:
        sandboxes = {"landlock": landlock, "none": nothing}
        seconds: dict[str, list[list[float]]] = {kind: [[] for _ in submissions] for kind in sandboxes}
        for turn in range(rounds + 1):
            for number, submission in enumerate(submissions):
                for kind in sorted(sandboxes, reverse=bool(turn % 2)):
                    started = time.perf_counter()
                    grade_submission(submission, sandboxes[kind])
                    if turn:  # the first turn warms up
                        seconds[kind][number].append(time.perf_counter() - started)
    return {kind: [1000 * min(times) for times in every] for kind, every in seconds.items()}


def main(root: str, question: str, rounds: str = "10") -> None:
    """Answer a question about the class in the course at `root`."""
    course = Course(Path(root))
    print(json.dumps(breakdown(course) if question == "breakdown" else confinement(course, int(rounds))))


if __name__ == "__main__":
    main(*sys.argv[1:])
