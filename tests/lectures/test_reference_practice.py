"""The reference of lecture 14: against autograd, and by what the equations promise."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from autograder.reference import practice as reference


@pytest.fixture
def rng():
    return np.random.default_rng(20180615)


@pytest.mark.parametrize("bits", range(1, 17))
@pytest.mark.parametrize("low, high", [(-1.0, 2.0), (0.3, 0.9), (-7.0, -6.5), (-1e-9, 1e9)])
def test_a_weight_comes_back_up_to_half_a_step(rng, bits, low, high):
    W = rng.uniform(low, high, (7, 9))
    q, scale, zero_point = reference.quantize(W, bits)
    assert q.min() == 0 and q.max() == 2**bits - 1
    assert scale == pytest.approx(np.ptp(W) / (2**bits - 1))
    np.testing.assert_allclose(reference.dequantize(q, scale, zero_point), W, rtol=0, atol=scale / 2 * (1 + 1e-9) + 1e-12 * abs(W).max())


@pytest.mark.parametrize("value", [0.7, -0.1, 0.0, 1e-300, -1e300])
def test_a_constant_comes_back_exactly(value):
    q, scale, zero_point = reference.quantize(np.full((2, 3), value), 1)
    assert set(np.unique(q)) <= {0, 1}
    np.testing.assert_array_equal(reference.dequantize(q, scale, zero_point), np.full((2, 3), value))


def test_zero_has_a_code_of_its_own(rng):
    W = rng.normal(size=30)
    W[::3] = 0
    np.testing.assert_array_equal(reference.dequantize(*reference.quantize(W, 3))[::3], 0)


def test_pruning_and_sparsity(rng):
    W = rng.normal(size=(50, 40))
    kept = np.abs(W) >= 0.7
    pruned = reference.prune(W, 0.7)
    np.testing.assert_array_equal(pruned, W * kept)
    assert reference.sparsity([pruned, np.ones(3)]) == pytest.approx(np.sum(~kept) / 2003)
    assert reference.sparsity([]) == 0


def test_the_smallest_integer_is_a_large_weight():
    np.testing.assert_array_equal(reference.prune(np.array([-128, -2, 2, 127], dtype=np.int8), 3), [-128, 0, 0, 127])


def test_gradients_of_wide_and_deep_are_autograds(rng):
    shapes = {"W1": (4, 5), "b1": (5,), "W2": (8, 2), "b2": (2,)}
    params = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    x_wide, x_deep, dout = rng.normal(size=(6, 3)), rng.normal(size=(6, 4)), rng.normal(size=(6, 2))

    def out(params):
        hidden = anp.maximum(anp.dot(x_deep, params["W1"]) + params["b1"], 0)
        return anp.dot(anp.concatenate([hidden, x_wide], axis=1), params["W2"]) + params["b2"]

    ours, cache = reference.wide_and_deep_forward(params, x_wide, x_deep)
    np.testing.assert_allclose(ours, out(params), rtol=1e-12)
    theirs = grad(lambda params: anp.sum(dout * out(params)))(params)
    found = reference.wide_and_deep_backward(dout, cache)
    assert list(found) == list(params)
    for key, gradient in found.items():
        np.testing.assert_allclose(gradient, theirs[key], rtol=1e-10, atol=1e-12)


def test_the_combined_loss_is_a_scalar_product(rng):
    losses, weights = rng.uniform(size=(2, 9))
    assert reference.combined_loss(list(losses), list(weights)) == pytest.approx(losses @ weights)
