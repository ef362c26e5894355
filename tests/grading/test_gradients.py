"""A backward pass is judged by the reference, or by a forward pass that is wrong in a way that we know: never by what the student gave."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.judging.gradients import forward_of, known_forward, numerical_gradients
from autograder.judging.grading import judge
from autograder.judging.known_answers import KnownAnswer, catalogue
from autograder.kernel import score
from autograder.model.course import PACKAGE, HiddenModules, Lecture, find_course
from autograder.reference import batch_normalization as reference
from coursekit.student import LocalStudent

PAIRS = [
    (lecture, forward, backward)
    for lecture in find_course().lectures()
    for backward in lecture.points
    if backward.endswith("_backward") and (forward := forward_of(backward, list(lecture.points)))
]
BATCH_NORMALIZATION = find_course().lecture("05_batch_normalization")
KNOWN = [
    pytest.param(lecture, known, backward, id=f"{forward}-{known.id}")
    for lecture, forward, backward in PAIRS
    for known in catalogue(lecture.hidden).misconceptions
    if known.exercise == forward and "rng" not in known.function.__code__.co_varnames
]


def shares(lecture: Lecture, **functions: Callable[..., Any]) -> dict[str, tuple[float, list[str]]]:
    """Judge functions, the rest being right; return for each the share of its points, and why its tests failed."""
    student = LocalStudent({**vars(catalogue(lecture.hidden).reference), **functions})
    found = judge(lecture.hidden, student, {name: lecture.points[name] for name in functions})
    return {each.name: (each.score / each.max_score, [test.message for test in each.tests if test.message]) for each in found}


def differentiated(lecture: Lecture, known: KnownAnswer, backward: str) -> dict[str, Callable[..., Any]]:
    """Return a misconception of a forward pass, and a backward pass that is its numerical derivative."""
    both = known_forward(lecture.hidden, known.exercise, known.id, backward, False)
    return {known.exercise: both.forward, backward: both.backward}


@pytest.mark.parametrize(("lecture", "known", "backward"), KNOWN)
def test_a_known_wrong_forward_pass_does_not_cost_the_backward_pass_that_belongs_to_it(lecture, known, backward):
    """Where the forward pass divides by zero, there is nothing to go back through."""
    right = getattr(catalogue(lecture.hidden).reference, backward)
    tries = [shares(lecture, **{known.exercise: known.function, backward: right})[backward]]
    if tries[0][0] < 1:
        tries.append(shares(lecture, **differentiated(lecture, known, backward))[backward])
    share, messages = max(tries)
    no_forward = re.compile("NaN|infinite")
    if known.id in ("images_unbiased_variance", "images_without_epsilon"):  # 0/0 for one pixel of one image
        no_forward = re.compile(r"24 entries are wrong|NaN|infinite")
    assert share == 1 or all(map(no_forward.search, messages)), messages


def unknown(x, gamma, beta, eps=1e-5):
    """A forward pass that is wrong in a way that nobody has written down."""
    out, cache = reference.batchnorm_forward(x, gamma, beta, eps)
    return 1.5 * out**2 + 1, (cache, out)


def test_the_derivative_of_an_unknown_forward_pass_earns_nothing():
    def backward(dout, cache):
        return reference.batchnorm_backward(3 * dout * cache[1], cache[0])

    found = shares(BATCH_NORMALIZATION, batchnorm_forward=unknown, batchnorm_backward=backward)
    assert found["batchnorm_forward"][0] == 0 and found["batchnorm_backward"][0] <= 0.1


def test_the_right_derivative_behind_an_unknown_forward_pass_gets_full_marks():
    def backward(dout, cache):
        return reference.batchnorm_backward(dout, cache[0])

    found = shares(BATCH_NORMALIZATION, batchnorm_forward=unknown, batchnorm_backward=backward)
    assert found["batchnorm_forward"][0] == 0 and found["batchnorm_backward"][0] == 1


def of_tests(name: str) -> bool:
    """Tell whether a test of the class `name` is calling."""
    frame = sys._getframe(1)
    while frame is not None:
        if type(frame.f_locals.get("self")).__name__ == name:
            return True
        frame = frame.f_back
    return False


def test_a_forward_pass_that_is_known_only_in_its_own_tests_excuses_nothing():
    """In the tests of the backward pass it is another one, whose derivative is simple."""
    known = next(one for one in catalogue(BATCH_NORMALIZATION.hidden).misconceptions if one.id == "forward_over_everything")

    def forward(x, gamma, beta, eps=1e-5):
        return known.function(x, gamma, beta, eps) if of_tests("TestBatchnormForward") else (2.0 * x + gamma + beta, np.shape(x))

    def backward(dout, shape):
        return 2 * dout, dout.sum(0), dout.sum(0)

    found = shares(BATCH_NORMALIZATION, batchnorm_forward=forward, batchnorm_backward=backward)
    assert found["batchnorm_backward"][0] <= 0.2  # its dbeta is right, whatever the forward pass is


@pytest.mark.parametrize(("id", "most"), [("forward_without_gamma_and_beta", 0.1), ("forward_without_beta", 0.8)])
def test_a_known_forward_pass_that_asks_for_nothing_excuses_nothing(id, most):
    """Behind the second, dx and dgamma are right anyway."""
    known = next(one for one in catalogue(BATCH_NORMALIZATION.hidden).misconceptions if one.id == id)
    functions = differentiated(BATCH_NORMALIZATION, known, "batchnorm_backward")
    assert shares(BATCH_NORMALIZATION, **functions)["batchnorm_backward"][0] <= most


def test_a_known_forward_pass_that_divides_by_zero_excuses_nothing_there():
    """Its derivative isn't a number in a batch of one: no answer is close to it."""
    known = next(one for one in catalogue(BATCH_NORMALIZATION.hidden).misconceptions if one.id == "forward_without_epsilon")

    def backward(dout, cache):
        return 0 * dout + 7.0, np.full(dout.shape[1], 7.0), np.full(dout.shape[1], 7.0)

    found = shares(BATCH_NORMALIZATION, batchnorm_forward=known.function, batchnorm_backward=backward)
    assert found["batchnorm_backward"][0] == 0


@pytest.mark.parametrize("id", ["forward_over_everything", "forward_by_the_variance"])
def test_the_kernel_gives_the_same_marks(id, monkeypatch):
    """There an exercise is judged alone, and the forward pass's misconception has to be looked for."""
    known = next(one for one in catalogue(BATCH_NORMALIZATION.hidden).misconceptions if one.id == id)
    functions = differentiated(BATCH_NORMALIZATION, known, "batchnorm_backward")
    for name, function in {**vars(reference), **functions}.items():
        monkeypatch.setitem(globals(), name, function)
    monkeypatch.setattr("coursekit.show.display", lambda *shown: None)
    assert score(batchnorm_backward) == BATCH_NORMALIZATION.points["batchnorm_backward"]  # noqa: F821
    assert score(batchnorm_forward) < BATCH_NORMALIZATION.points["batchnorm_forward"]  # noqa: F821


def test_gradients_of_a_dictionary_of_parameters_have_its_keys():
    rng = np.random.default_rng(4)
    params = {key: rng.normal(size=shape) for key, shape in {"W1": (4, 2), "b1": (2,), "W2": (5, 3), "b2": (3,)}.items()}
    x_wide, x_deep, dout = rng.normal(size=(6, 3)), rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
    known = known_forward(HiddenModules(PACKAGE, "practice"), "wide_and_deep_forward", "relu_missing", "wide_and_deep_backward", False)
    out, cache = known.forward(params, x_wide, x_deep)
    found = known.backward(dout, cache)
    hidden, through = x_deep @ params["W1"] + params["b1"], dout @ params["W2"][:2].T
    np.testing.assert_allclose(out, np.hstack([hidden, x_wide]) @ params["W2"] + params["b2"], rtol=1e-12)
    right = {"W1": x_deep.T @ through, "b1": through.sum(0), "W2": np.hstack([hidden, x_wide]).T @ dout, "b2": dout.sum(0)}
    assert list(found) == list(params)
    for key, gradient in right.items():
        np.testing.assert_allclose(found[key], gradient, rtol=0, atol=1e-8)
    assert known.trivial == [False]


def test_a_backward_pass_with_a_dictionary_belongs_to_its_own_forward_pass():
    """The derivative of the student's forward pass is right behind it; that of the right one isn't."""
    lecture = find_course().lecture("14_practice")
    known = next(one for one in catalogue(HiddenModules(PACKAGE, "practice")).misconceptions if one.id == "relu_missing")
    functions = differentiated(lecture, known, "wide_and_deep_backward")
    assert shares(lecture, **functions)["wide_and_deep_backward"][0] == 1
    halved = {
        **functions,
        "wide_and_deep_backward": lambda dout, cache: {
            key: 0.5 * gradient for key, gradient in functions["wide_and_deep_backward"](dout, cache).items()
        },
    }
    assert shares(lecture, **halved)["wide_and_deep_backward"][0] < 0.5


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_difference_quotients_are_derivatives(scale):
    rng = np.random.default_rng(1)
    x, W, dout = rng.normal(size=(3, 4)), scale * rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    dx, dW = numerical_gradients(lambda x, W: np.tanh(x @ W / scale), (x, W), dout)
    slope = dout * (1 - np.tanh(x @ W / scale) ** 2)
    np.testing.assert_allclose(dx, slope @ W.T / scale, rtol=0, atol=1e-9)
    np.testing.assert_allclose(dW, x.T @ slope / scale, rtol=0, atol=1e-9 / scale)
