"""Every exercise of every lecture, answered with what nobody expects: no marks, no defect of a test, and no harm to the host.

A student's functions answer from a guest, over the real wire. They compute the right answer, and put a hostile value in the place of
each of its parts: so a test gets past the number of parts to what it does with one. Only some of the functions are hostile at a time,
the others are right: otherwise no test of a backward pass would ever come to the backward pass.

In every run of the tests each answer is given in a third of the lectures, and each lecture gets a third of the answers; ``make fuzz``
sets ``HOSTILE_ANSWERS``, and tries them all.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.judging.grading import judge
from autograder.judging.sample_notebooks import solved
from autograder.model.course import Lecture, find_course
from autograder.model.results import ExerciseResult
from autograder.model.submission import parse_submission
from autograder.sandbox.host import Cell, Limits, Sandbox

ANSWERS = (Path(__file__).parent / "answers.py").read_text(encoding="utf-8")
NAMES = [line.split('"')[1] for line in ANSWERS.splitlines() if line.startswith('    "') and line[5] != '"']
HUGE = [name for name in NAMES if name.startswith("huge")]
ALL = bool(os.environ.get("HOSTILE_ANSWERS"))
COURSE = find_course()
CASES = [
    pytest.param(lecture, answer, id=f"{lecture.id}-{answer}")
    for here, lecture in enumerate(COURSE.lectures())
    for number, answer in enumerate(name for name in NAMES if ALL or name not in HUGE[1:])
    if ALL or number % 3 == here % 3
]
SECONDS, MEMORY = 20, 600 << 20  # of the processor, and above what was used before; most need a tenth of a second and a few MiB


@pytest.fixture(scope="module")
def judged(sandbox: Sandbox) -> Callable[[Lecture, str, list[str]], tuple[ExerciseResult, ...]]:
    """Return a function that judges those exercises of a lecture that answer with hostile values, all others being right."""

    def judged(lecture: Lecture, answer: str, half: list[str]) -> tuple[ExerciseResult, ...]:
        cells = parse_submission(json_of(lecture), Path("right.ipynb"), COURSE).cells
        chosen = f"prepare({list(lecture.points)})\nchoose({answer!r}, {half})"
        limits = Limits(call_seconds=30, total_seconds=3600, cpu_seconds=3600)
        with sandbox.guest([*cells, Cell("hostile", ANSWERS), Cell("chosen", chosen)], limits) as guest:
            return judge(lecture.hidden, guest.student, {name: lecture.points[name] for name in half})

    return judged


def json_of(lecture: Lecture) -> bytes:
    return json.dumps(solved(lecture)).encode()


def halves(lecture: Lecture) -> list[list[str]]:
    """Return the exercises that are hostile at the same time: backward passes and what uses nothing, and then what these may use."""
    last = [name for name in lecture.points if "_backward" in name or "_predict" in name]
    return [half for half in (last, [name for name in lecture.points if name not in last]) if half]


def peak() -> int:
    """Return how much memory this process has used at most since `forget_peak`."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


def used() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


@pytest.mark.parametrize(("lecture", "answer"), CASES)
def test_no_answer_gains_or_breaks_anything(
    lecture: Lecture,
    answer: str,
    judged: Callable[..., tuple[ExerciseResult, ...]],
) -> None:
    forget_peak()
    before, started, found = used(), time.process_time(), list[tuple[list[str], tuple[ExerciseResult, ...]]]()
    for half in halves(lecture):
        found.append((half, judged(lecture, answer, half)))
    seconds, grown = time.process_time() - started, peak() - before
    messages = [f"{result.name}: {test.message}" for _, results in found for result in results for test in result.tests]
    assert not [message for message in messages if "please tell your instructor" in message]
    assert {result.name: result.score for _, results in found for result in results if result.score} == {}
    assert seconds < SECONDS and grown < MEMORY, f"{seconds:.1f} s, {grown >> 20} MiB"
