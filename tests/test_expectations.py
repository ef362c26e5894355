"""Expectations reject what is wrong in the order of feedback, and accept what is right."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from coursekit.expectations import Mismatch, expect, expect_error, expect_unchanged, listed, same
from coursekit.outcomes import MESSAGE_LENGTH
from coursekit.student import LocalStudent, Raised
from coursekit.suite import outcome_of


def rejected(answer, expected, **options) -> Mismatch:
    with pytest.raises(Mismatch) as caught:
        expect(answer, "out").close_to(expected, **options)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (None, "type", "None (is a return missing?)"),
        ("text", "type", "a str"),
        (True, "type", "a bool"),
        (np.ones((3, 1)), "shape", "shape (3, 1), but it should have shape (3,)"),
        (np.ones(1), "shape", "shape (1,)"),
        (np.ones(3, dtype=int), "dtype", "int64"),
        (np.ones(3, dtype=complex), "dtype", "complex128"),
        (np.array([1.0, np.nan, np.inf]), "nan", "2 of 3 entries"),
        (np.array([1.0, 1.0, 1.1]), "value", "1 of 3 entries are wrong; the first at [2]: got 1.1, expected 1"),
    ],
)
def test_the_first_thing_wrong_is_told(answer, kind, said):
    mismatch = rejected(answer, np.ones(3))
    assert mismatch.kind == kind
    assert said in str(mismatch)


def test_a_shape_that_would_broadcast_is_refused():
    assert rejected(np.ones((1, 3)), np.ones(3)).kind == "shape"
    assert rejected(np.ones(()), np.ones(3)).kind == "shape"


def test_the_tolerance_is_relative_to_the_scale():
    expect(np.array([1e9, 1e-9])).close_to([1e9, 0.0])
    assert rejected(np.array([1e-9, 2e-9]), np.array([1e-9, 1e-9])).kind == "value"


def rejected_list(answer) -> Mismatch:
    return rejected(answer, (np.ones(2), np.ones(3)), names=("dx", "dW"))


def test_tuples_are_compared_one_by_one():
    expect((np.ones(2), np.ones(3))).close_to((np.ones(2), np.ones(3)))
    expect([np.ones(2), np.ones(3)]).close_to((np.ones(2), np.ones(3)))
    assert rejected_list(np.ones(2)).kind in ("type", "shape")
    assert rejected_list((np.ones(2),)).kind == "shape"
    assert rejected_list((np.ones(2), np.zeros(3))).args[0].startswith("dW")
    assert rejected_list(None).kind == "type"


@pytest.mark.parametrize("number", [2.0, 2, np.float64(2), np.array(2.0), np.float32(2)])
def test_a_number_may_come_in_any_form(number):
    expect(number).close_to(2.0)


@pytest.mark.parametrize(("answer", "expected"), [(3, 3), (np.int64(3), 3), ("a", "a"), ((1, 2), (1, 2)), ([1, 2], (1, 2)), (3.0, 3)])
def test_equal_answers_are_accepted(answer, expected):
    expect(answer).equals(expected)


@pytest.mark.parametrize(("answer", "expected"), [(4, 3), (True, 1), ("b", "a"), ((2, 1), (1, 2)), (None, 3), ("3", 3), (1, "a"), (3.5, 3)])
def test_other_answers_are_refused(answer, expected):
    with pytest.raises(Mismatch):
        expect(answer).equals(expected)


def test_right_draws_raise_no_false_alarm_in_a_thousand():
    rng = np.random.default_rng(0)
    for _ in range(1000):
        expect(rng.normal(0, 0.3, (50, 40))).is_normal(0, 0.3)
        expect(rng.normal(0, 0.3, (50, 40))).is_independent(0.3)
        expect(rng.uniform(-0.2, 0.2, (50, 40))).is_uniform(-0.2, 0.2)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, shape: rng.normal(0, 0.3**2, shape),
        lambda rng, shape: rng.normal(0, 0.33, shape),
        lambda rng, shape: rng.normal(0.03, 0.3, shape),
        lambda rng, shape: rng.uniform(-0.3 * 3**0.5, 0.3 * 3**0.5, shape),
        lambda rng, shape: 0.3 * rng.choice([-1.0, 1.0], shape),
        lambda rng, shape: np.zeros(shape),
    ],
)
def test_another_distribution_is_noticed(draw):
    with pytest.raises(Mismatch):
        expect(draw(np.random.default_rng(1), (100, 100))).is_normal(0, 0.3)


@pytest.mark.parametrize("answer", [None, 0.0, "text", [[1.0], [2.0, 3.0]], np.full((9, 9), np.nan), np.ones((9, 9), int)], ids=repr)
def test_what_is_no_sample_is_refused_with_a_sentence(answer):
    for expectation in (
        lambda: expect(answer).is_normal(0, 1),
        lambda: expect(answer).is_uniform(0, 1),
        lambda: expect(answer).within(-9, 9),
        lambda: expect(answer).is_independent(1),
    ):
        with pytest.raises(Mismatch):
            expectation()


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: np.repeat(rng.normal(0, 1, (1, 60)), 50, axis=0),
        lambda rng: np.repeat(rng.normal(0, 1, (50, 1)), 60, axis=1),
        lambda rng: np.tile(rng.normal(0, 1, (5, 60)), (10, 1)),
    ],
)
def test_entries_that_repeat_are_noticed(draw):
    with pytest.raises(Mismatch):
        expect(draw(np.random.default_rng(2))).is_independent(1.0)


def test_changed_arguments_are_noticed():
    def doubled(x):
        x *= 2
        return x

    student = LocalStudent({"doubled": doubled, "double": lambda x: 2 * x})
    x = np.ones(3)
    with pytest.raises(Mismatch, match="changed its argument number 1 in place"):
        expect_unchanged(student.doubled, x)
    assert expect_unchanged(student.double, x).tolist() == [2, 2, 2]
    assert x.tolist() == [1, 1, 1]


def test_an_expected_error_must_be_that_error():
    def picky(value):
        if value == 1:
            raise ValueError("no")
        if value == 2:
            raise KeyError("no")
        return value

    student = LocalStudent({"picky": picky})
    expect_error(student.picky, ValueError, 1)
    with pytest.raises(Exception, match="KeyError"):
        expect_error(student.picky, ValueError, 2)
    with pytest.raises(Mismatch, match="should raise ValueError"):
        expect_error(student.picky, ValueError, 3)


def test_students_own_package_excuses_no_answer():
    """What stands for an answer that hasn't come yet is the grader's: in a notebook without it, every answer is judged."""
    done = subprocess.run([sys.executable, "-c", "from coursekit import expect; print(*expect.registry)"], capture_output=True, text=True)
    assert done.stdout == "<class 'object'>\n", done.stderr


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (np.arange(3.0), np.arange(3.0), True),
        (np.arange(3.0), np.arange(3), True),
        (np.arange(3.0), [0.0, 1.0, 2.0], False),
        (np.arange(3.0), np.arange(3.0)[None], False),
        (np.ones(3), 1.0, False),
        (np.array(1.0), 1.0, True),
        (np.float64(1), 1, True),
        (1, "1", False),
        ("x", b"x", False),
        (b"x", b"x", True),
        ([1, (2.0, "x")], [1, (2.0, "x")], True),
        ([1, (2.0, "x")], [1, [2.0, "x"]], False),
        ({"t": 1}, {"t": 1}, True),
        ({"t": 1}, {"t": 2}, False),
        (object(), object(), True),
    ],
)
def test_values_of_any_kind_are_compared(one, other, equal):
    assert same(one, other) is equal


def test_no_array_is_made_of_a_list_to_compare_it():
    """NumPy would take the longest item times their number: 400 MB here."""
    nasty = [bytes(4 << 20), *[b""] * 100]
    tracemalloc.start()
    try:
        assert not same(np.ones(3), nasty) and not same(nasty, np.ones(3))
        with pytest.raises(Mismatch):
            expect(nasty, "dout").same_as(np.ones(3), "from what was passed")
        expect(nasty, "dout").differs_from(np.ones(3), "as what was passed")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_is_no_data_is_neither_the_same_nor_different():
    for expectation in (expect(object(), "W").same_as, expect(object(), "W").differs_from):
        with pytest.raises(Mismatch, match="W should be an array, but it is"):
            expectation(object(), "…")


def test_messages_are_shortened_wherever_they_come_from():
    for error in (Mismatch("value", "x" * 10**6), Raised("f", "ValueError", "x" * 10**6), RuntimeError("x" * 10**6)):
        message = outcome_of("f", "test_f", "f is right.", 1.0, error).message
        assert len(message) <= MESSAGE_LENGTH and "…" in message
    assert listed(np.arange(3)) == "[0, 1, 2]"
    assert listed(np.arange(10**6)).startswith("[0, 1, 2") and len(listed(np.arange(10**6))) < 200


@pytest.mark.parametrize("expected", [[np.nan, 1.0], [np.inf, 1.0]])
def test_nothing_is_close_to_what_is_not_finite(expected):
    """A reference that divides by zero must not accept every answer."""
    for answer in (np.array([5.0, 1.0]), np.array([0.0, 9.0])):
        with pytest.raises(Mismatch):
            expect(answer).close_to(expected)
