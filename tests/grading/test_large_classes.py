"""What is shown of a class doesn't grow with it: results lie on disk, a table has an end, and progress says how fast it goes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.console import Console

from autograder.model.results import ExerciseResult, Findings, MisconceptionFound, SubmissionResult, TestResult, to_json
from autograder.report import terminal
from autograder.report.progress import Pace
from autograder.report.terminal import show

KNOWN = MisconceptionFound("wrong", "The wrong way round", "You …", "05 §1")
TESTS = (TestResult("It is right.", "failed", "it isn't", 1.0),)
LECTURE = "05_batch_normalization"


def result(number: int) -> SubmissionResult:
    right = number % 2 == 0
    exercise = ExerciseResult("fold", 3.0 * right, 3.0, "passed" if right else "failed", TESTS, None if right else KNOWN)
    return SubmissionResult(f"s{number:04}", LECTURE, f"s{number}.ipynb", (exercise,), problems=("ü", "a\nb"))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_findings_are_written_as_json_writes_them_by_lecture_and_student(count):
    results = [replace(result(0), student="zoe", lecture="", exercises=(), graded=False), result(2), result(1)][:count]
    with Findings() as findings:
        for each in results:
            findings.add(each)
        ordered = sorted(results, key=lambda result: (not result.lecture, result.lecture, result.student))
        assert list(findings) == ordered and len(findings) == count
        assert "\n".join(findings.as_json()) == json.dumps(to_json(ordered), ensure_ascii=False, indent=1)
        assert findings.all_graded is (count == 0)


def shown(count: int) -> str:
    console = Console(width=160, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
    with Findings() as findings:
        for number in range(count):
            findings.add(result(number))
        show(findings, console)
    return console.export_text()


def test_a_class_has_a_line_a_student_and_a_large_one_sums(monkeypatch):
    monkeypatch.setattr(terminal, "MOST_ROWS", 10)
    small, large = shown(10), shown(11)
    assert all(f"s{number:04}" in small for number in range(10))
    assert "11 graded" in large and "s0010" not in large and "s0000" not in large
    (line,) = [line.split() for line in large.splitlines() if line.startswith("fold")]
    assert line == ["fold", "1.64", "6", "5", "0", "0"]
    assert "The wrong way round  s0001, s0003, s0005, s0007 …" in large


def test_progress_says_how_many_how_fast_how_long_and_how_many_failed(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("autograder.report.progress.time.monotonic", lambda: now[0])
    pace = Pace(100)
    now[0] = 4.0
    for number in range(10):
        pace.count(result(number))
    assert (pace.done, pace.rate, pace.in_words) == (10, "2.5/s", "2.5/s, 0:36 left")
    pace.count(replace(result(1), graded=False))
    assert pace.in_words.endswith(" left, 1 not graded")
