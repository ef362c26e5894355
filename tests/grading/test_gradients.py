"""A wrong forward pass doesn't cost the backward pass its marks where that is right for what the forward pass gave it."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import make_vjp

from autograder.gradients import are_derivatives, expect_gradients, numerical_gradients
from autograder.grading import judge
from autograder.reference import batch_normalization as reference
from coursekit.expectations import Mismatch
from coursekit.student import LocalStudent


def pair(normalise):
    """Return a forward pass, and the backward pass that is its exact derivative."""

    def forward(x, gamma, beta, eps=1e-5):
        arguments = tuple(np.array(array, dtype=float) for array in (x, gamma, beta))
        return normalise(*arguments, eps), (arguments, eps)

    def backward(dout, cache):
        arguments, eps = cache
        gradients = make_vjp(lambda moved: normalise(*moved, eps))(arguments)[0](dout)
        return tuple(gradients)

    return forward, backward


def unbiased(x, gamma, beta, eps):
    centred = x - anp.mean(x, axis=0)
    variance = anp.sum(centred**2, axis=0) / max(len(x) - 1, 1)
    return gamma * centred / anp.sqrt(variance + eps) + beta


def shifted_twice(x, gamma, beta, eps):
    centred = x - anp.mean(x, axis=0)
    return gamma * centred / anp.sqrt(anp.mean(centred**2, axis=0) + eps) + 2 * beta + 1


def results(forward, backward):
    student = LocalStudent({"batchnorm_forward": forward, "batchnorm_backward": backward})
    return judge("batch_normalization", student, {"batchnorm_forward": 3.0, "batchnorm_backward": 6.0})


@pytest.mark.parametrize("normalise", [unbiased, shifted_twice])
def test_the_derivative_of_a_wrong_forward_pass_gets_full_marks(normalise):
    forward, backward = results(*pair(normalise))
    assert forward.score < 3
    assert backward.score == 6, [test.message for test in backward.tests if test.message]


def test_the_right_derivative_behind_a_wrong_forward_pass_gets_full_marks_too():
    def forward(x, gamma, beta, eps=1e-5):
        out, cache = reference.batchnorm_forward(x, gamma, beta, eps)
        return out + 1, cache

    wrong, right = results(forward, reference.batchnorm_backward)
    assert wrong.score == 0 and right.score == 6


def test_a_wrong_backward_pass_fails_whether_the_forward_pass_is_right_or_wrong():
    def constants(dout, cache):
        (x, gamma, _), eps = cache
        std = np.sqrt(x.var(0) + eps)
        return dout * gamma / std, (dout * (x - x.mean(0)) / std).sum(0), dout.sum(0)

    for normalise in (unbiased, shifted_twice):
        assert results(pair(normalise)[0], constants)[1].score < 2


def identity(x, gamma, beta, eps=1e-5):
    return np.array(x, dtype=float), np.shape(x)


def ignoring_x(x, gamma, beta, eps=1e-5):
    return np.tile(np.array(beta, dtype=float), (len(x), 1)), np.shape(x)


@pytest.mark.parametrize("forward", [identity, ignoring_x])
def test_a_trivial_pair_gets_nothing(forward):
    def backward(dout, shape):
        dx = dout if forward is identity else np.zeros(shape)
        return dx, np.zeros(shape[1]), np.zeros(shape[1]) if forward is identity else dout.sum(0)

    assert all(result.score <= 0.1 * result.max_score for result in results(forward, backward))


def test_a_forward_pass_of_another_shape_is_no_excuse():
    arguments = np.random.default_rng(0).normal(size=(4, 3)), np.ones(3), np.zeros(3)
    answer = np.ones((4, 3)), np.ones(3), np.ones(3)
    student = LocalStudent({"f": lambda x, gamma, beta: (x.sum(0), None), "b": lambda dout, cache: answer})
    pairs = reference.batchnorm_forward, reference.batchnorm_backward
    with pytest.raises(Mismatch, match="dx"):
        expect_gradients(student.f, student.b, arguments, np.ones((4, 3)), pairs, ("dx", "dgamma", "dbeta"))


def test_difference_quotients_are_derivatives():
    rng = np.random.default_rng(1)
    x, W, dout = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    dx, dW = numerical_gradients(lambda x, W: np.tanh(x @ W), (x, W), dout)
    slope = dout * (1 - np.tanh(x @ W) ** 2)
    np.testing.assert_allclose(dx, slope @ W.T, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(dW, x.T @ slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_gradients_are_tried_along_random_directions(scale):
    """Right ones pass, however small or large; one that is wrong in a single number, by a thousandth, doesn't."""
    rng = np.random.default_rng(2)
    x, W, dout = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), scale * rng.normal(size=(5, 3))
    right = numerical_gradients(lambda x, W: np.tanh(x @ W), (x, W), dout)

    def accepted(gradients):
        return are_derivatives(gradients, lambda x, W: np.tanh(x @ W), (x, W), dout, 1e-5)

    assert accepted(right)
    for position, gradient in enumerate(right):
        for index in np.ndindex(gradient.shape):
            wrong = [np.array(one) for one in right]
            wrong[position][index] += 1e-3 * np.max(np.abs(gradient))
            assert not accepted(wrong), (position, index)
    assert not accepted([np.zeros_like(right[0]), right[1]]) and not accepted([right[0] * np.nan, right[1]])


def test_where_there_is_no_slope_nothing_is_the_right_gradient():
    x, dout = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    assert are_derivatives([np.zeros((2, 3))], lambda x: np.ones((2, 3)), (x,), dout, 1e-5)
    assert not are_derivatives([1e-6 * np.ones((2, 3))], lambda x: np.ones((2, 3)), (x,), dout, 1e-5)
