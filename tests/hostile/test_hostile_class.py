"""A class in which almost everybody attacks the grader: nobody gains by it, and nobody else loses.

The cases are in `cases/`, one file a family, and `conftest.py` says how they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

Result = dict[str, Any]
WITH_ATTEMPTS = ("stolen_answers", "escape", "network")


def read_by_student(result: Result) -> str:
    """Return all that the result says about the submission."""
    messages = [test["message"] for exercise in result["exercises"] for test in exercise["tests"]]
    return "\n".join([*result["problems"], *messages])


def printed_by(result: Result) -> str:
    """Return all that a submission printed, wherever it did."""
    return "\n".join(part["text"] for part in result["printed"])


def full(exercise: dict[str, Any]) -> bool:
    return exercise["score"] == exercise["max_score"] and exercise["status"] == "passed"


def its_result(case: Any, graded: Callable[[str], Any]) -> Result:
    found = graded(case.family).results
    if case.id not in found:
        pytest.skip("too slow to be graded twice")
    return found[case.id]


def test_each_gets_the_marks_it_deserves(case: Any, graded: Callable[[str], Any]) -> None:
    result = its_result(case, graded)
    exercises = {exercise["name"]: exercise for exercise in result["exercises"]}
    assert result["graded"] and exercises, result["problems"]
    for name, exercise in exercises.items():
        if name in case.names("loses"):
            assert exercise["score"] == 0, (name, exercise)
        elif name not in case.names("may lose"):
            assert full(exercise), (name, exercise, result["problems"])


def test_each_is_told_what_was_wrong(case: Any, graded: Callable[[str], Any]) -> None:
    result = its_result(case, graded)
    said = read_by_student(result)
    assert "please tell your instructor" not in said
    assert re.search(case.header.get("says", ""), said), said
    if "status" in case.header:
        lost = [exercise["status"] for exercise in result["exercises"] if exercise["name"] in case.names("loses")]
        assert case.header["status"] in lost


def test_no_attempt_succeeds(case: Any, graded: Callable[[str], Any]) -> None:
    printed = printed_by(its_result(case, graded))
    assert "SUCCEEDED" not in printed, printed
    if "attempt(" in case.source:
        assert "refused: " in printed, "it has not even tried"


each_class = pytest.mark.parametrize("family", ["forged_marks", "exhaustion", "across_students"])
"""`forged_marks` stands for the class that it sits in, with the families of theft, escape and the network."""


@each_class
def test_the_blameless_have_full_marks(family: str, graded: Callable[[str], Any]) -> None:
    blameless = graded(family).blameless
    assert blameless
    for name, result in blameless.items():
        assert all(map(full, result["exercises"])) and result["exercises"], (name, result)
        assert (result["problems"], result["printed"]) == ([], []), name


@each_class
def test_everybody_was_graded(family: str, graded: Callable[[str], Any]) -> None:
    done = graded(family)
    assert done.status == 0
    assert "Traceback" not in done.said


@each_class
def test_no_secret_got_out(family: str, graded: Callable[[str], Any]) -> None:
    done = graded(family)
    assert done.word not in done.said + json.dumps(done.results)


@each_class
def test_nothing_was_changed_reached_or_left_behind(family: str, graded: Callable[[str], Any]) -> None:
    assert graded(family).touched == []


@each_class
def test_nobody_survives(family: str, graded: Callable[[str], Any]) -> None:
    assert graded(family).survivors == []


@pytest.mark.having("unconfined", "succeeds")
def test_the_attempts_are_real(case: Any, class_graded: Callable[..., Any], how: Any) -> None:
    """Without the sandbox they succeed, so what refuses them is the sandbox."""
    done = class_graded(WITH_ATTEMPTS, how(jobs=1, confine=False), lambda case: "unconfined" in case.header)
    assert "SUCCEEDED" in printed_by(done.results[case.id]), done.results[case.id]


def enough_alone(case: Any, layer: str, class_graded: Callable[..., Any], how: Any) -> None:
    """Check that a case is stopped by one layer of the sandbox."""
    done = class_graded(WITH_ATTEMPTS, how(layers=(layer,)), lambda case: layer in case.names("layers"))
    printed = printed_by(done.results[case.id])
    assert "SUCCEEDED" not in printed and "refused: " in printed, printed


@pytest.mark.having("layers", "landlock")
def test_landlock_alone_is_enough(case: Any, class_graded: Callable[..., Any], how: Any) -> None:
    enough_alone(case, "landlock", class_graded, how)


@pytest.mark.having("layers", "seccomp")
def test_seccomp_alone_is_enough(case: Any, class_graded: Callable[..., Any], how: Any) -> None:
    enough_alone(case, "seccomp", class_graded, how)
