"""Members of the families of misconceptions, in this process and as source of a notebook."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from autograder.judging.known_answers import alternatives, catalogue, cell_source, misconceptions
from autograder.kit.families import (
    added_to_integers,
    as_list,
    cut_off,
    fixed_number,
    flattened,
    generator_ignored,
    in_a_tuple,
    in_place,
    in_single_precision,
    left_out,
    members,
    needs_enough,
    negated,
    nothing_remembered,
    nothing_returned,
    other_default,
    reads_everything,
    reseeded,
    returns_a_list,
    state_in_place,
    until_none,
    uphill,
    variants,
    works_for_lists,
    works_in_advance,
)
from autograder.model.course import PACKAGE, HiddenModules
from autograder.reference import batch_normalization as right
from autograder.reference import data_pipelines, dropout, momentum, neurons_and_backprop
from coursekit.streams import Source

SEE = "05 §4"
STATISTICS = np.array([0.5, 1.0]), np.array([2.0, 0.5])
MEMBERS = {
    "in place": in_place("batchnorm_inference", right.batchnorm_inference, see=SEE),
    "cut off": cut_off("batchnorm_inference", right.batchnorm_inference, see=SEE),
    "fixed": fixed_number("batchnorm_inference", right.batchnorm_inference, see=SEE, name="eps", value=1e-3),
    "negated": negated("batchnorm_inference", right.batchnorm_inference, see=SEE),
    "in a tuple": in_a_tuple("batchnorm_inference", right.batchnorm_inference, see=SEE),
    "nothing": nothing_returned("batchnorm_inference", right.batchnorm_inference, see=SEE),
    "the default": fixed_number("batchnorm_inference", right.batchnorm_inference, see=SEE, name="eps"),
}


def of_line(x, slope):
    return x * slope


def power(how, x, slope, times=1):
    return times * how(x) * slope


POWERS = variants("batchnorm_inference", SEE, of_line, power, {
    "power_of_two": ("core", "A square", "You took the square of {{x}}.", lambda x: x**2),
    "power_of_more": ("part", "More", "More.", lambda x: x + STATISTICS[0][1], {"times": 3}),
})  # fmt: skip
MEMBERS |= {
    "a list": as_list("batchnorm_inference", right.batchnorm_inference, see=SEE),
    "by default": other_default("batchnorm_inference", right.batchnorm_inference, see=SEE, name="eps", value=1e-3),
}
BOTH = [lambda member: member, lambda member: from_source(member)]


def from_source(member):
    namespace = {"np": np}
    exec(cell_source(member, "answer"), namespace)
    return namespace["answer"]


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_each_makes_its_one_change(form):
    x, gamma, beta = np.array([[3.0, -1.0], [2.0, 5.0]]), np.array([1.5, 1.0]), np.array([0.25, 0.0])
    out = right.batchnorm_inference(x, gamma, beta, *STATISTICS)
    changed = x.copy()
    np.testing.assert_allclose(form(MEMBERS["in place"])(changed, gamma, beta, *STATISTICS), out)
    np.testing.assert_array_equal(changed, x - 0.5)
    with pytest.raises(TypeError):
        form(MEMBERS["in place"])(x.astype(int), gamma, beta, *STATISTICS)
    np.testing.assert_allclose(form(MEMBERS["cut off"])(x, gamma, beta, *STATISTICS), out)
    np.testing.assert_array_equal(form(MEMBERS["cut off"])(x.astype(int), gamma, beta, *STATISTICS), out.astype(int))
    fixed = right.batchnorm_inference(x, gamma, beta, *STATISTICS, eps=1e-3)
    for options in ({}, {"eps": 0.5}):
        np.testing.assert_allclose(form(MEMBERS["fixed"])(x, gamma, beta, *STATISTICS, **options), fixed)
    np.testing.assert_allclose(form(MEMBERS["fixed"])(x, gamma, beta, *STATISTICS, 0.5), fixed)
    np.testing.assert_allclose(form(MEMBERS["the default"])(x, gamma, beta, *STATISTICS, eps=0.5), out)
    assert form(MEMBERS["nothing"])(x, gamma, beta, *STATISTICS) is None
    np.testing.assert_allclose(form(MEMBERS["negated"])(x, gamma, beta, *STATISTICS), -out)
    np.testing.assert_allclose(form(MEMBERS["in a tuple"])(x, gamma, beta, *STATISTICS)[0], out)
    assert form(MEMBERS["a list"])(x, gamma, beta, *STATISTICS) == out.tolist()
    np.testing.assert_allclose(form(MEMBERS["by default"])(x, gamma, beta, *STATISTICS), fixed)
    for args, options in (((1e-5,), {}), ((), {"eps": 1e-5})):
        np.testing.assert_allclose(form(MEMBERS["by default"])(x, gamma, beta, *STATISTICS, *args, **options), out)


def test_words_are_filled_in():
    known = MEMBERS["fixed"].known_answer
    assert (known.id, known.title, known.severity) == ("batchnorm_inference_fixed_number", "eps is a fixed number", "slip")
    assert "You wrote 0.001 where eps belongs" in known.explanation
    assert MEMBERS["in place"].known_answer.title == "x is changed in place"
    own = in_place("batchnorm_inference", right.batchnorm_inference, see=SEE, name="beta", title="Not {argument}!", severity="part")
    assert (own.known_answer.title, own.known_answer.severity) == ("Not beta!", "part")


def test_one_call_makes_the_members_of_several_exercises():
    sections = {"batchnorm_inference": "05 §4", "fold_batchnorm": "05 §6"}
    epsilon = partial(fixed_number, name="eps", value=1e-6, called="{stem}_with_epsilon_1e_6")
    made = [member.known_answer for member in members(sections, vars(right), cut_off, epsilon)]
    assert [(known.exercise, known.id, known.see) for known in made] == [
        ("batchnorm_inference", "batchnorm_inference_cut_off", "05 §4"),
        ("batchnorm_inference", "batchnorm_with_epsilon_1e_6", "05 §4"),
        ("fold_batchnorm", "fold_batchnorm_cut_off", "05 §6"),
        ("fold_batchnorm", "fold_with_epsilon_1e_6", "05 §6"),
    ]
    assert "You wrote 1e-06 where eps belongs" in made[3].explanation


def test_a_catalogue_has_the_members_in_its_lists_once(tmp_path):
    hidden = HiddenModules(tmp_path, "of_lists")
    code = """
from autograder.kit.families import cut_off, in_place, members
from ..reference import of_lists as right
alone = in_place("fold_batchnorm", right.fold_batchnorm, see="05 §6")
BOTH = members({"fold_batchnorm": "05 §6"}, vars(right), cut_off)
again = BOTH[0]
"""
    for path, text in ((hidden.misconceptions, code), (hidden.reference, Path(right.__file__).read_text(encoding="utf-8"))):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    assert [known.id for known in catalogue(hidden).misconceptions] == ["fold_batchnorm_in_place", "fold_batchnorm_cut_off"]


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_steps_of_an_optimiser(form):
    def made(family):
        return form(family("momentum_step", momentum.momentum_step, see="07 §4"))

    theta, grad = np.array([1.0, -2.0]), np.array([3.0, 1.0])
    first, state = momentum.momentum_step(theta, grad, {}, 0.1)
    second, _ = momentum.momentum_step(theta, grad, state, 0.1)
    np.testing.assert_allclose(made(uphill)(theta, grad, state, 0.1)[0], 2 * theta - second)
    np.testing.assert_allclose(made(nothing_remembered)(theta, grad, state, 0.1)[0], first)
    old = {}
    new, after = made(state_in_place)(theta, grad, old, 0.1)
    np.testing.assert_allclose(new, first)
    assert after is old and old
    number = np.float64(2.0)  # `-=` changes arrays alone
    np.testing.assert_allclose(made(in_place)(number, np.float64(1.0), {}, 0.1)[0], 1.9)


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_generators(form):
    x = np.ones((4, 50))
    answers = [
        reseeded("dropout_forward", dropout.dropout_forward, see="11 §2"),
        generator_ignored("dropout_forward", dropout.dropout_forward, see="11 §2"),
    ]
    same, other = (form(answer) for answer in answers)
    first, second = (same(x, 0.5, np.random.default_rng(seed))[0] for seed in (1, 2))
    np.testing.assert_array_equal(first, second)
    first, second = (other(x, 0.5, np.random.default_rng(1))[0] for _ in range(2))
    assert (first != second).any()


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_a_gradient_that_is_left_out(form):
    dout, cache = np.ones((2, 2)), right.batchnorm_forward(np.array([[3.0, -1.0], [2.0, 5.0]]), np.ones(2), np.zeros(2))[1]
    for filler, wanted in (("zero", np.zeros(2)), ("None", None)):
        options = {"see": SEE, "argument": "dbeta", "output": 2, "filler": filler}
        answer = form(left_out("batchnorm_backward", right.batchnorm_backward, **options))(dout, cache)
        np.testing.assert_array_equal(answer[2], wanted)
        np.testing.assert_array_equal(answer[1], right.batchnorm_backward(dout, cache)[1])


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_fractions_do_not_fit_into_integers(form):
    answer, x = form(added_to_integers("batchnorm_inference", right.batchnorm_inference, see=SEE)), np.array([[3.0, -1.0], [2.0, 5.0]])
    arguments = np.ones(2), np.zeros(2), *STATISTICS
    np.testing.assert_array_equal(answer(x, *arguments), right.batchnorm_inference(x, *arguments))
    with pytest.raises(TypeError):
        answer(x.astype(int), *arguments)


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_variants_differ_in_one_place(form):
    square, more = POWERS
    assert (form(square)(3.0, 2.0), form(more)(3.0, slope=2.0)) == (18.0, 24.0)
    known = square.known_answer
    assert (known.id, known.severity, known.title, known.explanation) == ("power_of_two", "core", "A square", "You took the square of {x}.")
    assert known.see == SEE


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_an_item_that_is_changed_by_a_table(form):
    known = {known.id: known for known in catalogue(HiddenModules(PACKAGE, "neurons_and_backprop")).misconceptions}["back_bias_averaged"]
    assert (known.exercise, known.severity, known.title, known.see) == ("dense_backward", "part", "db is averaged", "01 §4")
    dout, cache = np.array([[1.0, 3.0], [2.0, 5.0]]), (np.ones((2, 3)), np.ones((3, 2)))
    dx, dW, db = form(known.function)(dout, cache)
    np.testing.assert_array_equal(db, [1.5, 4.0])
    for found, wanted in zip((dx, dW), neurons_and_backprop.dense_backward(dout, cache), strict=False):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_right_answers_in_single_precision(form):
    answer = in_single_precision("batchnorm_forward", right.batchnorm_forward, see=SEE)
    assert answer.known_answer.title == ""
    arguments = np.array([[3.0, -1.0], [2.0, 5.0]]), np.ones(2), np.zeros(2)
    out, cache = form(answer)(*arguments)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, right.batchnorm_forward(*arguments)[0], rtol=1e-6)
    assert cache[0].dtype == np.float64


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_a_lost_shape(form):
    """Of a tuple it is the first item's."""
    x = np.ones((2, 3))
    np.testing.assert_array_equal(form(flattened("batchnorm_inference", thirds, see=SEE, called="a_row"))(x), np.full(6, 1 / 3))
    out, cache = form(flattened("batchnorm_forward", right.batchnorm_forward, see=SEE))(x, np.ones(3), np.ones(3))
    assert out.shape == (6,) and cache[0].shape == (2, 3)


def thirds(x):
    return x / 3


# fmt: off
TABLE = misconceptions("fold_batchnorm", SEE, {
    "scaled": ("part", "Scaled", "You scaled by a third.", lambda x: thirds(x)),
    "mapped": ("slip", "Mapped", "You mapped.", lambda x, by=2: list(map(lambda one: by * one, x))),
})
# fmt: on
RIGHT = alternatives("fold_batchnorm", {"unchanged": lambda x: x})


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_tables_of_expressions(form):
    scaled, mapped, unchanged = map(form, (*TABLE, *RIGHT))
    assert (scaled(6), mapped([1, 2]), mapped([1], by=5), unchanged(4)) == (2, [2, 4], [5], 4)
    known = [one.known_answer for one in (*TABLE, *RIGHT)]
    assert [(one.id, one.severity, one.title, one.see) for one in known] == [
        ("scaled", "part", "Scaled", SEE),
        ("mapped", "slip", "Mapped", SEE),
        ("unchanged", None, "", ""),
    ]
    assert known[0].explanation == "You scaled by a third."


@pytest.mark.parametrize("form", BOTH, ids=["here", "in a notebook"])
def test_iterators(form):
    def made(family):
        return form(family("batch", data_pipelines.batch, see="02 §6"))

    assert made(returns_a_list)([1, 2, 3], 2) == [[1, 2], [3]]
    assert list(made(until_none)(iter([1, 2, 3, None, 4]), 2)) == [[1, 2], [3]]
    assert list(made(works_for_lists)([1, 2, 3], 2)) == list(made(needs_enough)([1, 2, 3], 2)) == [[1, 2], [3]]
    for family, fails in ((works_for_lists, iter([1])), (needs_enough, [1])):
        with pytest.raises((TypeError, RuntimeError)):
            next(made(family)(fails, 2))
    for family, called, asked in ((reads_everything, 0, 3), (works_in_advance, 2, 2)):
        source = Source([1, 2, 3])
        lists = made(family)(source, 2)
        assert source.taken == called
        assert next(lists) == [1, 2] and source.taken == asked
        assert list(lists) == [[3]]
