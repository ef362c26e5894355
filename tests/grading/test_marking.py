"""From outcomes to points: aspects earn, corners earn in proportion."""

from __future__ import annotations

import pytest

from autograder.judging.marking import marks_of
from coursekit.outcomes import Aspect, TestOutcome


def outcome(aspect: Aspect | None, passed: bool, weight: float = 1.0, name: str = "a sentence") -> TestOutcome:
    return TestOutcome("f", name, name, "" if passed else "value", "", weight, aspect=aspect)


DX, DB, TIE = Aspect("dx", 3), Aspect("db", 1), Aspect("ties", 0.1, corner=True)


def test_all_right_is_the_maximum_and_its_aspects_sum_to_it():
    marks = marks_of([outcome(DX, True), outcome(DB, True), outcome(TIE, True)], 4.0)
    assert marks.score == pytest.approx(4.0)
    assert [aspect.max_score for aspect in marks.aspects] == pytest.approx([2.7, 0.9, 0.4])
    assert sum(marks.weights) == pytest.approx(4.0)


def test_an_aspect_earns_by_the_share_of_its_tests():
    marks = marks_of([outcome(DX, True), outcome(Aspect("dx"), False), outcome(DB, True, 2)], 4.0)
    assert marks.score == pytest.approx(4 * (3 * 0.5 + 1) / 4)
    marks = marks_of([outcome(Aspect("dx"), True, 3), outcome(DX, False)], 1.0)
    assert marks.score == pytest.approx(0.75)


def test_a_failed_test_may_earn_a_share():
    outcomes = [TestOutcome("f", "one", "One.", "value", "…", 1.0, aspect=Aspect("accuracy", 3), share=0.4)]
    assert marks_of(outcomes, 5).score == pytest.approx(2)


def test_a_corner_costs_a_share_of_what_was_earned():
    assert marks_of([outcome(DX, True), outcome(DB, True), outcome(TIE, False)], 1.0).score == pytest.approx(0.9)
    assert marks_of([outcome(DX, False), outcome(DB, True), outcome(TIE, False)], 1.0).score == pytest.approx(0.25 * 0.9)


def test_corners_alone_earn_nothing():
    marks = marks_of([outcome(DX, False), outcome(DB, False), outcome(TIE, True)], 1.0)
    assert marks.score == 0
    assert [aspect.score for aspect in marks.aspects] == [0, 0, 0]


def test_a_test_without_an_aspect_is_one():
    outcomes = [outcome(None, True, 3, "one"), outcome(None, False, 1, "two"), outcome(None, False, 1, "one")]
    assert marks_of(outcomes, 1.0).score == pytest.approx(3 / 5)
    assert [aspect.name for aspect in marks_of(outcomes, 1.0).aspects] == ["one", "two"]


def test_nothing_was_run():
    assert marks_of([], 2.0).score == 0
