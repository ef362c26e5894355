"""What the hidden suite says of a mutant: each is judged in a process of its own, with limits on time and memory."""

from __future__ import annotations

import os
import resource
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import Any
from unittest.mock import patch

from mutating import Mutant

from autograder.judging import diagnosis, grading
from autograder.model.course import HiddenModules
from coursekit.student import LocalStudent

SURVIVED, CAUGHT, BROKEN = 0, 1, 3  # exit statuses; anything else is a process that a limit ended
MEMORY = 1 << 30  # more than the judging process has already
FORK = get_context("fork")


@dataclass(frozen=True)
class Subject:
    """A function to mutate: one exercise as the reference or as the solution notebook has it.

    Attributes
    ----------
    hidden : HiddenModules
        Of the lecture.
    exercise : str
        The function.
    origin : str
        ``"reference"`` or ``"solution"``.
    source : str
        Of the function, and of what is mutated with it.
    namespace : mapping of str to object
        Where the source is run: the other functions, not mutated.
    judges : tuple of str
        The exercises whose tests judge it.
    leave : frozenset of str
        Functions in `source` that are not mutated.
    """

    hidden: HiddenModules
    exercise: str
    origin: str
    source: str
    namespace: Mapping[str, Any] = field(repr=False)
    judges: tuple[str, ...]
    leave: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """A mutant of a subject, and whether the suite caught it; by a limit is caught, too."""

    subject: Subject
    mutant: Mutant
    caught: bool


class JudgingFailed(Exception):
    """A mutant could not be judged, or a function that isn't mutated doesn't get full marks."""


def judges_of(exercise: str, exercises: Iterable[str]) -> tuple[str, ...]:
    """Return the exercises whose tests judge `exercise`: a forward pass's cache shows in the backward pass."""
    partner = exercise.removesuffix("_forward") + "_backward"
    return (exercise, partner) if exercise.endswith("_forward") and partner in exercises else (exercise,)


def full_marks(subject: Subject, source: str) -> bool:
    """Run `source` in the subject's namespace, and tell whether the suite is content with it."""
    namespace = dict(subject.namespace)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, "<mutant>", "exec"), namespace)
    except Exception:
        return False  # a cell that raises
    with _verdict_only():
        results = grading.judge(subject.hidden, LocalStudent(namespace), dict.fromkeys(subject.judges, 1.0))
    return all(result.status == "passed" and result.score == result.max_score for result in results)


@contextmanager
def _verdict_only() -> Iterator[None]:
    """Let `judge` stop at the first failure, and ask for no diagnosis."""

    def first_failure(path: Any, suite: Any) -> Any:
        return run_tests(path, suite, until_failure=True)

    run_tests = grading.run_tests
    with patch.object(grading, "run_tests", first_failure), patch.object(diagnosis, "explain", lambda *_: []):
        yield


def _in_child(subject: Subject, source: str, seconds: int) -> None:
    """Judge in a process of its own, and end it with the verdict as its status."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        limit = _address_space() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        status = SURVIVED if full_marks(subject, source) else CAUGHT
    except MemoryError:
        status = CAUGHT
    except BaseException:
        traceback.print_exc()
        status = BROKEN
    os._exit(status)


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def seconds_for(subject: Subject) -> int:
    """Judge the function as it is, and return the seconds that a mutant of it may take.

    Raises
    ------
    JudgingFailed
        If it doesn't get full marks.
    """
    start = time.process_time()
    if not full_marks(subject, subject.source):
        raise JudgingFailed(f"the {subject.origin}'s {subject.exercise} does not get full marks, so its mutants say nothing")
    return 5 + round(5 * (time.process_time() - start))


def judge_mutants(
    subject: Subject, mutants: Iterable[Mutant], seconds: int, processes: int = 2, tell: Callable[[Verdict], None] = lambda _: None
) -> list[Verdict]:
    """Judge every mutant of a subject, several at a time.

    Parameters
    ----------
    subject : Subject
        What was mutated.
    mutants : iterable of Mutant
        How.
    seconds : int
        Of processor time for one mutant; ten times as many on the wall.
    processes : int
        How many are judged at once.
    tell : callable
        Gets each verdict as it comes.

    Raises
    ------
    JudgingFailed
        If judging itself broke down.
    """
    verdicts: list[Verdict] = []
    running: dict[Any, tuple[Any, Mutant, float]] = {}

    def reap(timeout: float) -> None:
        for sentinel in wait(list(running), timeout):
            process, mutant, _ = running.pop(sentinel)
            process.join()
            if process.exitcode == BROKEN:
                raise JudgingFailed(f"{subject.exercise}, {mutant.operator}, {mutant.becomes}: see above")
            verdicts.append(Verdict(subject, mutant, process.exitcode != SURVIVED))
            tell(verdicts[-1])
        for process, _, deadline in running.values():
            if time.monotonic() > deadline:
                process.kill()

    for mutant in mutants:
        while len(running) >= processes:
            reap(1.0)
        process = FORK.Process(target=partial(_in_child, subject, mutant.source, seconds), daemon=True)
        process.start()
        running[process.sentinel] = process, mutant, time.monotonic() + 10 * seconds
    while running:
        reap(1.0)
    return verdicts
