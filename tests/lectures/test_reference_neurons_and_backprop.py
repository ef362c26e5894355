"""The reference of lecture 1, held against SciPy, scikit-learn, autograd and finite differences."""

from itertools import pairwise

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from scipy import special
from scipy.optimize import approx_fprime
from sklearn.metrics import log_loss

from autograder.reference import neurons_and_backprop as reference

TOLERANCE = {"rtol": 1e-9, "atol": 1e-12}
SIZES = [(4, 3), (4, 5, 3), (3, 6, 5, 2), (2, 4, 5, 3, 4)]


@pytest.fixture
def rng():
    return np.random.default_rng(19860323)


def network(rng, sizes):
    """Return weights and biases of a network."""
    return [(rng.normal(0, 0.8, (D, H)), rng.normal(0, 0.5, H)) for D, H in pairwise(sizes)]


def loss_of(params, X, y):
    """The loss of a network in autograd's NumPy."""
    for W, b in params[:-1]:
        X = anp.maximum(anp.dot(X, W) + b, 0)
    z = anp.dot(X, params[-1][0]) + params[-1][1]
    z = z - anp.max(z, axis=1, keepdims=True)
    return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[np.arange(len(y)), y])


def test_threshold_unit_is_scikit_learns_perceptron(rng):
    from sklearn.linear_model import Perceptron

    X = rng.normal(size=(40, 2))
    trained = Perceptron(random_state=0).fit(X, (X @ [1.0, -2.0] > 0.3).astype(int))
    found = reference.threshold_unit(X, trained.coef_[0], trained.intercept_[0])
    np.testing.assert_array_equal(found, trained.predict(X))
    assert reference.threshold_unit([[1, 2]], [2, -1], 0) == [1.0]


def test_logistic_step_follows_autograds_gradient(rng):
    X, y, w, b = rng.normal(size=(7, 3)), rng.integers(0, 2, 7), rng.normal(size=3), 0.4

    def loss(w, b):
        z = anp.dot(X, w) + b
        return anp.mean(anp.logaddexp(0, z) - y * z)

    new_w, new_b = reference.logistic_neuron_step(w, b, X, y, 0.3)
    np.testing.assert_allclose(new_w, w - 0.3 * grad(loss)(w, b), **TOLERANCE)
    np.testing.assert_allclose(new_b, b - 0.3 * grad(loss, 1)(w, b), **TOLERANCE)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_softmax_is_scipys(rng, scale):
    z = scale * rng.normal(size=(6, 5))
    np.testing.assert_allclose(reference.softmax(z), special.softmax(z, axis=1), **TOLERANCE)


def test_cross_entropy_is_scikit_learns(rng):
    p, y = rng.dirichlet(np.ones(4), 9), rng.integers(0, 4, 9)
    np.testing.assert_allclose(reference.cross_entropy(p, y), log_loss(y, p, labels=range(4)), **TOLERANCE)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_softmax_cross_entropy_is_scipys_log_softmax(rng, scale):
    z, y = scale * rng.normal(size=(6, 5)), rng.integers(0, 5, 6)
    loss, dz = reference.softmax_cross_entropy(z, y)
    np.testing.assert_allclose(loss, -np.mean(special.log_softmax(z, axis=1)[np.arange(6), y]), **TOLERANCE)
    np.testing.assert_allclose(dz, grad(lambda z: loss_of([(np.eye(5), np.zeros(5))], z, y))(z), **TOLERANCE)


def test_dense_gradients_are_autograds(rng):
    x, W, b, dout = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(5, 4))
    out, cache = reference.dense_forward(x, W, b)
    np.testing.assert_allclose(out, x @ W + b, **TOLERANCE)
    for position, found in enumerate(reference.dense_backward(dout, cache)):
        right = grad(lambda *arrays: anp.sum(dout * (anp.dot(arrays[0], arrays[1]) + arrays[2])), position)(x, W, b)
        np.testing.assert_allclose(found, right, **TOLERANCE)


def test_numerical_gradient_is_scipys(rng):
    x = rng.normal(size=(2, 3))
    found = reference.numerical_gradient(lambda x: float(np.sum(np.exp(x) * np.arange(6).reshape(2, 3))), x)
    right = approx_fprime(x.ravel(), lambda flat: np.sum(np.exp(flat) * np.arange(6)))
    np.testing.assert_allclose(found.ravel(), right, rtol=1e-6)


@pytest.mark.parametrize("sizes", SIZES)
def test_network_gradients_are_autograds_and_finite_differences(rng, sizes):
    params, X, y = network(rng, sizes), rng.normal(size=(6, sizes[0])), rng.integers(0, sizes[-1], 6)
    loss, grads = reference.mlp_gradients(params, X, y)
    np.testing.assert_allclose(loss, loss_of(params, X, y), **TOLERANCE)
    for found, right in zip(grads, grad(loss_of)(params, X, y), strict=True):
        for one, other in zip(found, right, strict=True):
            np.testing.assert_allclose(one, other, **TOLERANCE)

    def with_first(W):
        return reference.mlp_gradients([(W, params[0][1]), *params[1:]], X, y)[0]

    np.testing.assert_allclose(reference.numerical_gradient(with_first, params[0][0]), grads[0][0], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("n, batch_size, sizes", [(10, 4, [4, 4, 2]), (6, 3, [3, 3]), (3, 8, [3]), (1, 1, [1])])
def test_minibatches_deal_out_every_index(rng, n, batch_size, sizes):
    batches = reference.minibatches(n, batch_size, rng)
    assert list(map(len, batches)) == sizes
    assert sorted(np.concatenate(batches)) == list(range(n))
