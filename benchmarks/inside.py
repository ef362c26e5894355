"""Where the time of one submission goes: measured inside the grader, by one process.

Run as a program, with the directory of a course that has one lecture; the answer is JSON on standard output.
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

from autograder.gradebook.writer import GradebookWriter
from autograder.judging import diagnosis, grading
from autograder.model.course import Course
from autograder.runners import class_run as classroom
from autograder.runners.class_run import Options, grade, submitted
from autograder.sandbox.host import Guest
from autograder.sandbox.process import ZygoteClient

REST = "the rest"
STEPS: tuple[tuple[str, Any, str], ...] = (
    ("read the notebook, look for a stored result", classroom, "read_submission"),
    ("read the notebook, look for a stored result", classroom, "fingerprint"),
    ("wait for the sandbox to start (once a run)", ZygoteClient, "_await_ready"),
    ("fork a guest", ZygoteClient, "fork"),
    ("confine it, run the cells", Guest, "_start"),
    ("calls of the student's functions", Guest, "prefetch"),
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
    (lecture,) = course.lectures()
    hand_ins = submitted(course, lecture)
    with GradebookWriter(course) as writer:
        writer.assignment(lecture)
        list(grade(hand_ins[:1], course, Options(cache=False)))  # what is imported by the first one
        watch.seconds.clear()
        with watch.step(REST):
            for result in grade(hand_ins, course, Options(cache=False)):
                writer.write(result)
    names = dict.fromkeys([name for name, _, _ in STEPS] + [REST])
    return {name: 1000 * watch.seconds[name] / len(hand_ins) for name in names}


if __name__ == "__main__":
    print(json.dumps(breakdown(Course(Path(sys.argv[1])))))
