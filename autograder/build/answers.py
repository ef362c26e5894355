"""Judges the solution and the known answers of a lecture in a build, and returns what is wrong with them or with the tests."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograder.build.structure import Parts
from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.judging.solution import Solution, solution_of
from autograder.judging.trials import SOLUTION, known_answers, suite_findings, tried
from autograder.model.course import Lecture
from autograder.runners.grader_version import installed
from coursekit.student import LocalStudent
from coursekit.suite import BrokenSuite, SuitePlugin, run_tests

KNOWN_ANSWERS = 3  # least number of misconceptions, and of alternatives, of an exercise
JUDGED = Path(".autograder") / "judged"
"""A file for each lecture whose answers were judged without findings; it holds `judged_digest`."""


def judged_digest(lecture: Lecture, code: str) -> str:
    """Return a digest of everything that determines `answer_findings`; `code` is the digest of the notebook's code and public checks."""
    return hashlib.sha256(f"{code} {installed(lecture.hidden).code}".encode()).hexdigest()


def is_judged(lecture: Lecture, digest: str) -> bool:
    """Tell whether the answers were judged in this state, without findings."""
    path = lecture.root / JUDGED / lecture.id
    return path.is_file() and path.read_text(encoding="utf-8") == digest


def note_judged(lecture: Lecture, digest: str) -> None:
    """Note that the answers were judged without findings."""
    path = lecture.root / JUDGED / lecture.id
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, digest.encode())


def answer_findings(lecture: Lecture, parts: Parts, script: str) -> list[str]:
    """Return a message for each known answer with wrong marks or a wrong declaration, and for each test that is wrong itself.

    Parameters
    ----------
    lecture : Lecture
    parts : Parts
        The lecture's modules.
    script : str
        The content of ``slug.py``.
    """
    try:
        solution = solution_of(lecture, script)
        found = (*_numbers(lecture, solution), *_public(parts, solution), *suite_findings(lecture), *_answers(lecture, solution))
        return [f"{finding}." for finding in found]
    except CourseError as error:
        return [f"{error}."]


def _numbers(lecture: Lecture, solution: Solution) -> Iterator[str]:
    """Yield a message for each exercise that has too few known answers."""
    known = known_answers(lecture)
    for kind, answers in (("misconceptions", known.misconceptions), ("alternatives", known.alternatives)):
        counts = Counter(answer.exercise for answer in answers)
        for name in solution.functions:
            if counts[name] < KNOWN_ANSWERS:
                yield f"{name} has {counts[name]} {kind}; it should have {KNOWN_ANSWERS} or more"


def _public(parts: Parts, solution: Solution) -> Iterator[str]:
    """Yield a message for each public check that refuses the solution."""
    try:
        outcomes = run_tests(parts.public, SuitePlugin(LocalStudent(solution.namespace)))
    except BrokenSuite as error:
        yield f"the public checks can't be run: {str(error).strip().splitlines()[-1]}"
        return
    for outcome in outcomes:
        if not outcome.passed:
            yield f"the public check «{outcome.sentence}» refuses the solution of {outcome.exercise}: {outcome.message}"


def _answers(lecture: Lecture, solution: Solution) -> Iterator[str]:
    for trial in tried(lecture, solution):
        who = f"the solution of {trial.result.name}" if trial.known.id == SOLUTION else f"{trial.result.name}: the answer {trial.known.id}"
        yield from (f"{who} {fault}" for fault in trial.faults())
