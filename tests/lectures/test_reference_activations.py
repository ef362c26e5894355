"""The reference of lecture 4, held against SciPy, against autograd's derivatives, and against the notebook's solution."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad, grad
from scipy import special, stats

from autograder.reference import activations as reference
from coursekit import nets

TOLERANCE = {"rtol": 1e-9, "atol": 1e-12}
SMOOTH = {  # a function with its derivative: the same in autograd's NumPy
    "sigmoid": (nets.ACTIVATIONS["logistic"], ()),
    "relu": (nets.ACTIVATIONS["relu"], ()),
    "leaky_relu": (nets.ACTIVATIONS["leaky_relu"], (0.2,)),
    "elu": (nets.ACTIVATIONS["elu"], (0.7,)),
}


@pytest.fixture
def rng():
    return np.random.default_rng(20110411)


def layer(rng, k=3, N=6, D=4, H=5):
    """Return x, W and b of a maxout layer."""
    return rng.normal(size=(N, D)), rng.normal(size=(k, D, H)), rng.normal(size=(k, H))


@pytest.mark.parametrize("name", SMOOTH)
def test_functions_and_their_derivatives_are_autograds(rng, name):
    function, options = SMOOTH[name]
    z = rng.normal(0, 3, (4, 5, 2))
    np.testing.assert_allclose(getattr(reference, name)(z, *options), function(z, *options), **TOLERANCE)
    np.testing.assert_allclose(getattr(reference, f"{name}_grad")(z, *options), elementwise_grad(function)(z, *options), **TOLERANCE)


def test_large_inputs_are_scipys(rng):
    z = np.array([-1e4, -800.0, -30.0, 0.0, 30.0, 800.0, 1e4])
    np.testing.assert_allclose(reference.sigmoid(z), special.expit(z), **TOLERANCE)
    np.testing.assert_allclose(reference.sigmoid_grad(z), special.expit(z) * special.expit(-z), **TOLERANCE)
    np.testing.assert_allclose(reference.elu(z), np.maximum(z, special.expm1(np.minimum(z, 0))), **TOLERANCE)
    assert np.isfinite(reference.elu_grad(z)).all() and np.isfinite(reference.selu(z)).all()


def test_selu_keeps_mean_0_and_variance_1(rng):
    """Its two constants are those of which (0, 1) is the fixed point, as an integral over the normal distribution says."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    mean, square = (np.sum(weights * reference.selu(nodes) ** power) / np.sqrt(2 * np.pi) for power in (1, 2))
    assert abs(mean) < 1e-3 and abs(square - 1) < 1e-3
    np.testing.assert_allclose(reference.selu(nodes), nets.ACTIVATIONS["selu"](nodes), **TOLERANCE)


def test_random_slopes_are_scipys_uniform(rng):
    z = rng.normal(size=(60, 70))
    out, slopes = reference.rrelu(z, 0.1, 0.4, rng, True)
    assert stats.kstest(slopes[z < 0], stats.uniform(0.1, 0.3).cdf).pvalue > 1e-4
    assert (slopes[z > 0] == 1).all()
    np.testing.assert_array_equal(out, z * slopes)
    _, fixed = reference.rrelu(z, 0.1, 0.4, rng, False)
    np.testing.assert_array_equal(fixed, np.where(z < 0, 0.25, 1.0))


def test_prelu_is_autograds(rng):
    z, alpha, dout = rng.normal(size=(7, 4)), np.array([0.3, -0.5, 1.7, 0.0]), rng.normal(size=(7, 4))

    def prelu(z, alpha):
        return anp.where(z > 0, z, alpha * z)

    out, cache = reference.prelu_forward(z, alpha)
    np.testing.assert_allclose(out, prelu(z, alpha), **TOLERANCE)
    for position, gradient in enumerate(reference.prelu_backward(dout, cache)):
        right = grad(lambda *values: anp.sum(dout * prelu(*values)), position)(z, alpha)
        np.testing.assert_allclose(gradient, right, **TOLERANCE)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_maxout_is_autograds(rng, k):
    arguments = layer(rng, k)
    dout = rng.normal(size=(6, 5))

    def maxout(x, W, b):
        return anp.max(anp.einsum("nd,kdh->knh", x, W) + b[:, None], axis=0)

    out, cache = reference.maxout_forward(*arguments)
    np.testing.assert_allclose(out, maxout(*arguments), **TOLERANCE)
    for position, gradient in enumerate(reference.maxout_backward(dout, cache)):
        right = grad(lambda *values: anp.sum(dout * maxout(*values)), position)(*arguments)
        np.testing.assert_allclose(gradient, right, **TOLERANCE)


def test_a_dead_unit_gives_zero_for_the_whole_batch(rng):
    Z = rng.normal(-2, 1, (6, 40))
    Z[:, 3] = -1.0
    np.testing.assert_array_equal(reference.dead_units(Z), ~reference.relu(Z).any(axis=0))


# --- the notebook's solution ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "relu", "leaky_relu", "elu", "selu"])
def test_solution_agrees_with_the_reference(rng, solution, name):
    z = rng.normal(0, 4, (3, 4, 5))
    options = (0.3,) if name in ("leaky_relu", "elu") else ()
    for function in (name, f"{name}_grad"):
        if function in solution:
            np.testing.assert_allclose(solution[function](z, *options), getattr(reference, function)(z, *options), **TOLERANCE)


def test_solution_of_the_layers_agrees_with_the_reference(rng, solution):
    dout = rng.normal(size=(6, 5))
    for name, arguments in {"prelu": (rng.normal(size=(6, 5)), rng.normal(size=5)), "maxout": layer(rng)}.items():
        out, cache = solution[f"{name}_forward"](*arguments)
        right, right_cache = getattr(reference, f"{name}_forward")(*arguments)
        np.testing.assert_allclose(out, right, **TOLERANCE)
        answers = solution[f"{name}_backward"](dout, cache), getattr(reference, f"{name}_backward")(dout, right_cache)
        for gradient, expected in zip(*answers, strict=True):
            np.testing.assert_allclose(gradient, expected, **TOLERANCE)


def test_solution_of_the_rest_agrees_with_the_reference(rng, solution):
    Z = rng.normal(-1.5, 1, (5, 30))
    np.testing.assert_array_equal(solution["dead_units"](Z), reference.dead_units(Z))
    for answer, right in zip(solution["rrelu"](Z, 0.1, 0.3, rng, False), reference.rrelu(Z, 0.1, 0.3, rng, False), strict=True):
        np.testing.assert_allclose(answer, right, **TOLERANCE)
