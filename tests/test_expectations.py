"""Expectations reject what is wrong in the order of feedback, and accept what is right."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.judging.recorder import Recorder
from coursekit.expectations import Mismatch, expect, expect_error, expect_unchanged, listed, same
from coursekit.outcomes import MESSAGE_LENGTH
from coursekit.student import Call, LocalStudent, Raised
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
        (np.ones(3, dtype=bool), "dtype", "bool"),
        (np.ones(3, dtype=object), "dtype", "object"),
        (np.ones(3, dtype=complex), "dtype", "complex128"),
        (np.array([1.0, np.nan, np.inf]), "nan", "2 of 3 entries"),
        (np.array([1.0, 1.0, 1.1]), "value", "1 of 3 entries is wrong, at [2]: got 1.1, expected 1"),
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


@pytest.mark.parametrize("answer", [None, 0.0, "text", [[1.0], [2.0, 3.0]], np.full((9, 9), np.nan), np.ones((9, 9), bool)], ids=repr)
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
    with pytest.raises(Mismatch, match="doubled changed its argument x in place"):
        expect_unchanged(student.doubled, x)
    with pytest.raises(Mismatch, match="doubled changed its argument theta in place"):
        expect_unchanged(student.doubled, x, names=("theta",))
    assert expect_unchanged(student.double, x).tolist() == [2, 2, 2]
    assert x.tolist() == [1, 1, 1]


def test_an_expected_error_must_be_that_error():
    def picky(value):
        if value == 1:
            raise ValueError("no")
        if value == 2:
            raise KeyError("no")
        if value == 4:
            raise KernelTooLarge("no")
        return value

    class KernelTooLarge(ValueError):
        pass

    student = LocalStudent({"picky": picky})
    expect_error(student.picky, ValueError, 1)
    expect_error(student.picky, ValueError, 4)
    with pytest.raises(Raised, match=r"KernelTooLarge: no \(expected KeyError\)") as caught:
        expect_error(student.picky, KeyError, 4)
    assert caught.value.bases == ("ValueError", "Exception", "BaseException")
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


# --- any real dtype -------------------------------------------------------------------------------------------------------


WHOLE, BROKEN = np.array([[2.0, -3.0], [4.0, 0.0]]), np.array([[2.5, -3.5], [4.0, 0.7]])


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "float16", "float32", "float64", "longdouble"])
def test_exact_values_are_right_in_any_real_dtype(dtype):
    right = abs(WHOLE) if dtype == "uint8" else WHOLE
    expect(right.astype(dtype)).close_to(right)
    assert expect(right.astype(dtype)).shaped((2, 2)).answer.dtype == float


@pytest.mark.parametrize("dtype", [bool, complex, object])
def test_what_is_no_real_number_has_a_wrong_dtype(dtype):
    for expectation in (lambda answer: expect(answer).close_to(np.ones(2)), lambda answer: expect(answer).shaped((2,))):
        with pytest.raises(Mismatch) as caught:
            expectation(np.ones(2, dtype))
        assert caught.value.kind == "dtype"


def test_shorter_floats_are_accepted_to_their_own_precision():
    right = np.array([1e3, 1 / 3, 2e-3])
    expect(right.astype(np.float32)).close_to(right)
    expect(np.float32(1 / 3)).close_to(1 / 3)
    assert rejected((right + 0.02).astype(np.float32), right).kind == "value"  # 2e-5 of the scale
    expect((right + 5e-4).astype(np.float32)).close_to(right)
    assert rejected(right + 5e-4, right).kind == "value"  # float64 has more digits
    assert rejected(np.array([1 / 3], np.float16), [1 / 3]).kind == "value"
    expect(np.array([0.125, 3.5], np.float16)).close_to([0.125, 3.5])


@pytest.mark.parametrize("cut", [np.trunc, np.floor, np.rint])
def test_cut_off_digits_are_a_mistake_of_the_dtype(cut):
    mismatch = rejected(cut(BROKEN).astype(int), BROKEN)
    assert mismatch.kind == "dtype"
    said = "out has dtype int64, so the digits behind the decimal point are cut off (at [0, 0] it is "
    assert str(mismatch).startswith(said) and "expected 2.5): was it made by empty_like or zeros_like of an array of integers" in str(
        mismatch
    )


def test_integers_that_are_wrong_otherwise_are_wrong_values():
    doubled = rejected(2 * WHOLE.astype(int), WHOLE)
    assert (doubled.kind, str(doubled)) == ("value", "out: 3 of 4 entries are wrong, the first at [0, 0]: got 4, expected 2")
    broken = rejected(np.array([[5, -7], [8, 1]]), BROKEN)
    assert broken.kind == "value"
    assert str(broken) == "out: all 4 entries are wrong, the first at [0, 0]: got 5, expected 2.5; its dtype int64 can't hold fractions"


def test_draws_of_32_bit_floats_stay_within_their_bounds():
    expect(np.array([-0.1, 0.7], np.float32)).within(-0.1, 0.7)
    with pytest.raises(Mismatch):
        expect(np.array([-0.1001, 0.7])).within(-0.1, 0.7)


# --- sentences ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected", "said"),
    [
        (np.nan, 1.0, "out is NaN"),
        (np.array([[-np.inf]]), np.ones((1, 1)), "out is infinite"),
        (np.array([1.0, np.nan]), np.ones(2), "out: 1 of 2 entries is NaN, at [1]"),
        (np.array([np.inf, -np.inf, 1.0]), np.ones(3), "out: 2 of 3 entries are infinite, the first at [0]"),
        (np.full((3, 2), np.nan), np.ones((3, 2)), "out: all 6 entries are NaN, the first at [0, 0]"),
        (np.array([1.0, np.nan, np.inf]), np.ones(3), "out: 2 of 3 entries are NaN or infinite, the first at [1]"),
        (2.0, 1.0, "out is 2, expected 1"),
        (np.array([[2.0]]), np.array([[1.0]]), "out is 2, expected 1"),
        (np.array([2.0]), [1.0], "out is 2, expected 1"),
        (np.array([1 + 1e-6]), np.ones(1), "out is 1.000001, expected 1"),
        (np.array([[1.0, 2.0], [3.0, 9.0]]), [[1.0, 2.0], [3.0, 4.0]], "out: 1 of 4 entries is wrong, at [1, 1]: got 9, expected 4"),
        (np.ones((2, 1)), [[1.0, 2.0]], "out has shape (2, 1), but it should have shape (1, 2)"),
        (
            (np.ones((4, 3)), {"x": 1}),
            np.ones((4, 3)),
            "out should be an array of shape (4, 3), but it is a tuple of 2 items (an array of shape (4, 3), {'x': 1}): return only out",
        ),
        (
            (np.ones((2, 1)), None),
            [[1.0], [1.0]],
            "out should be an array of shape (2, 1), but it is a tuple of 2 items (an array of shape (2, 1), None): return only out",
        ),
        ([np.ones(9)], np.ones((4, 3)), "out should be an array of shape (4, 3), but it is a list of 1 item (an array of shape (9,))"),
        ([1.0, 2.0], np.ones(2), "out should be an array of shape (2,), but it is a list of 2 items, [1.0, 2.0]"),
        (
            [np.ones(9), "a", object, np.ones(2)],
            1.0,
            "out should be a number, but it is a list of 4 items (an array of shape (9,), 'a', <class 'object'>, …)",
        ),
    ],
)
def test_a_sentence_says_what_came_back(answer, expected, said):
    assert str(rejected(answer, expected)) == said


def test_only_the_first_item_is_asked_for_where_the_answer_has_a_longer_name():
    with pytest.raises(Mismatch, match=r"a number, but it is a tuple of 2 items, \(1.0, None\): return only the first of them"):
        expect((1.0, None), "the mean of layer 1").close_to(1.0)


def test_a_list_of_numbers_may_stand_for_an_array_or_a_list():
    for answer in (np.array([[1.0, 2.0]]), [[1.0, 2.0]], ([1, 2.0],), [np.array([1.0, 2.0])]):
        expect(answer, "out").close_to([[1.0, 2.0]])
    assert str(rejected([[1.0, 3.0]], [[1.0, 2.0]])) == "out[0][1] is 3, expected 2"
    endless: list = []
    endless.append(endless)
    assert rejected(endless, [[1.0, 2.0]]).kind == "type"


@pytest.mark.parametrize(
    ("answer", "names", "said"),
    [
        (np.ones((2, 3)), ("out", "cache"), "f returned only out; it has to return (out, cache)"),
        (np.ones((2, 3)), ("theta", "state"), "f returned only theta; it has to return (theta, state)"),
        (np.ones((4, 3)), ("dX", "dW"), "f returned an array of shape (4, 3) and dtype float64; it has to return (dX, dW)"),
        (np.array(1.0), ("mean", "std"), "f returned an array of shape () and dtype float64; it has to return (mean, std)"),
        (None, ("out", "cache"), "f returned None (is a return missing?); it has to return (out, cache)"),
        (np.float64(1.5), ("loss", "dz"), "f returned a float64, 1.5; it has to return (loss, dz)"),
        (
            (np.ones(9), 1, 2),
            ("out", "cache"),
            "f returned a tuple of 3 items (an array of shape (9,), 1, 2); it has to return (out, cache)",
        ),
    ],
)
def test_items_that_are_missing_are_named(answer, names, said):
    with pytest.raises(Mismatch) as caught:
        expect(answer, "what f returns").items(*names)
    assert str(caught.value) == said
    with pytest.raises(Mismatch) as caught:
        expect(answer, "the answer").items(*names)
    assert str(caught.value) == said.replace("f returned", "the answer is").replace("has to return", "has to be")


def test_an_array_may_be_a_list_of_its_rows():
    mean, std = expect(np.array([[1.0, 2.0], [3.0, 4.0]])).items("mean", "std")
    assert (mean.tolist(), std.tolist()) == ([1, 2], [3, 4])


def test_arguments_without_known_names_are_counted():
    class Function:
        name = "f"

        def call(self, *arguments):
            return Call(None, tuple(0 * argument for argument in arguments))

    for count, which in ((1, "first argument"), (3, "third argument"), (9, "argument number 9")):
        with pytest.raises(Mismatch, match=f"f changed its {which} in place; work on a copy instead"):
            expect_unchanged(Function(), *np.zeros(count - 1), np.ones(1))
    with pytest.raises(Mismatch, match="f changed its argument beta in place"):
        expect_unchanged(Function(), 0, 0, 1, names=("x", "gamma", "beta"))


def test_arguments_have_the_reference_s_names_in_hidden_tests():
    def f(a):
        a *= 0

    student = LocalStudent({"f": f, "g": f})
    recorder = Recorder(student, reference=SimpleNamespace(f=lambda theta: None))
    with pytest.raises(Mismatch, match="f changed its argument theta in place"):
        expect_unchanged(recorder.f, np.ones(1))
    with pytest.raises(Mismatch, match="g changed its first argument in place"):
        expect_unchanged(recorder.g, np.ones(1))


def test_a_function_without_a_signature_has_no_named_parameters():
    student = LocalStudent({"f": lambda x, /, y, *more, z=0: x, "g": type("Odd", (), {"__call__": None, "__signature__": 3})()})
    assert student.f.parameters == ("x", "y")
    assert student.g.parameters == ()


# --- what a mismatch carries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (np.ones((3, 1)), np.ones(3)),
        (np.ones(3, complex), np.ones(3)),
        (np.full(3, np.nan), np.ones(3)),
        (np.array([2, 3, 4]), np.array([2.5, 3.5, 4.5])),
        (np.array([2.0, 3.0, 4.0]), np.ones(3)),
    ],
)
def test_a_mismatch_has_the_compared_array_itself(answer, expected):
    assert rejected(answer, expected).got is answer
    assert rejected((1.0, answer), (1.0, expected)).got is answer


def test_a_mismatch_of_numbers_has_the_number_as_an_array():
    assert rejected(3, 2.0).got == np.array(3)
    for answer, expected, got in ((3, 2, 3), ((1, 5), (1, 2), 5), (2.5, "a", 2.5), (True, 1, None), ("b", "a", None), (10**99, 2, None)):
        with pytest.raises(Mismatch) as caught:
            expect(answer).equals(expected)
        assert caught.value.got == got
    for answer in (None, "text", [1.0], object()):
        assert rejected(answer, np.ones(3)).got is None


def test_dictionaries_are_alike_item_by_item():
    one = {"W": np.array([[1.0, 2.0]]), "b": np.array([3.0])}
    expect({key: array * (1 + 1e-9) for key, array in one.items()}, "grads").alike(one, "here")
    expect(dict(reversed(one.items())), "grads").alike(one, "here")
    with pytest.raises(Mismatch, match=r"grads\['b'\] differs here: at \[0\] it is 3\.5, and 3 there"):
        expect(one | {"b": np.array([3.5])}, "grads").alike(one, "here")
    with pytest.raises(Mismatch, match=r"grads\['W'\] differs here: it has shape \(2,\), and \(1, 2\) there"):
        expect(one | {"W": np.array([1.0, 2.0])}, "grads").alike(one, "here")


@pytest.mark.parametrize("other", [{"W": np.ones(1)}, {"W": np.ones(1), "B": np.ones(1)}, (np.ones(1), np.ones(1)), None])
def test_a_dictionary_differs_from_one_with_other_keys_and_from_what_is_none(other):
    with pytest.raises(Mismatch, match=r"grads differs here"):
        expect({"W": np.ones(1), "b": np.ones(1)}, "grads").alike(other, "here")
