"""Members of the families of misconceptions, in this process and as source of a notebook."""

from __future__ import annotations

import sys
import types
from functools import partial

import numpy as np
import pytest

from autograder.judging.known_answers import catalogue, cell_source
from autograder.misconceptions.families import (
    added_to_integers,
    cut_off,
    fixed_number,
    generator_ignored,
    in_a_tuple,
    in_place,
    left_out,
    members,
    negated,
    nothing_returned,
    reseeded,
    table,
)
from autograder.reference import batch_normalization as right
from autograder.reference import dropout

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


def power(how, x, slope, times=1):
    return times * how(x) * slope


row = table("batchnorm_inference", lambda x, slope: x * slope, power, see=SEE, prefix="power_")
row("of_two", "core", "A square", lambda x: x**2, "You took the square of {{x}}.")
row("of_more", "part", "More", lambda x: x + STATISTICS[0][1], "More.", see="05 §5", times=3)
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


def test_a_catalogue_has_the_members_in_its_lists_once(monkeypatch):
    module = types.ModuleType("autograder.misconceptions.of_lists")
    code = """
from autograder.misconceptions.families import cut_off, in_place, members
from autograder.reference import batch_normalization as right
alone = in_place("fold_batchnorm", right.fold_batchnorm, see="05 §6")
BOTH = members({"fold_batchnorm": "05 §6"}, vars(right), cut_off)
again = BOTH[0]
"""
    exec(code, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "autograder.reference.of_lists", right)
    assert [known.id for known in catalogue("of_lists").misconceptions] == ["fold_batchnorm_in_place", "fold_batchnorm_cut_off"]


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
def test_a_row_of_a_table_is_a_misconception(form):
    square, more = (globals()[name] for name in ("power_of_two", "power_of_more"))
    assert (form(square)(3.0, 2.0), form(more)(3.0, slope=2.0)) == (18.0, 24.0)
    known = square.known_answer
    assert (known.id, known.severity, known.title, known.explanation) == ("power_of_two", "core", "A square", "You took the square of {x}.")
    assert (known.see, more.known_answer.see) == (SEE, "05 §5")
