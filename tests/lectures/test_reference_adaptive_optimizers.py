"""The reference of lecture 8, held against SciPy's filters, by what the equations promise, and against the notebook's solution."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from scipy.signal import lfilter

from autograder.reference import adaptive_optimizers as reference

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
SHAPES = [(5,), (1,), (3, 4), (2, 3, 2)]
STEPS = ["adagrad_step", "rmsprop_step", "adam_step", "nadam_step", "adamax_step"]


@pytest.fixture
def rng():
    return np.random.default_rng(20141222)


def walk(step, theta, gradients, **options):
    """Return where an optimiser goes along given gradients, one row a step."""
    state, path = {}, []
    for g in gradients:
        theta, state = step(theta, g, state, **options)
        path.append(theta)
    return np.array(path)


def filtered(values, beta):
    """Return the exponential average of `values`, begun at zero, after each of them."""
    return lfilter([1 - beta], [1, -beta], values, axis=0)


def corrections(beta, steps, ahead=0):
    return 1 - beta ** (np.arange(1, steps + 1).reshape(-1, 1) + ahead)


def moves(name, g, lr, beta1=0.8, beta2=0.95, eps=1e-8):
    """Return the moves of an optimiser along the gradients `g`, shape (steps, entries), computed for all steps at once by SciPy."""
    steps = len(g)
    m, s = filtered(g, beta1), filtered(g**2, beta2)
    m_hat, s_hat = m / corrections(beta1, steps), s / corrections(beta2, steps)
    if name == "adagrad_step":
        return -lr * g / (np.sqrt(np.cumsum(g**2, axis=0)) + eps)
    if name == "rmsprop_step":
        return -lr * g / (np.sqrt(s) + eps)
    if name == "adam_step":
        return -lr * m_hat / (np.sqrt(s_hat) + eps)
    if name == "nadam_step":
        m_bar = beta1 * m / corrections(beta1, steps, 1) + (1 - beta1) * g / corrections(beta1, steps)
        return -lr * m_bar / (np.sqrt(s_hat) + eps)
    u, rows = np.zeros(g.shape[1]), []
    for row in g:
        u = np.maximum(beta2 * u, np.abs(row))
        rows.append(u)
    return -lr * m_hat / (np.array(rows) + eps)


def options_of(name):
    return {"adagrad_step": {}, "rmsprop_step": {"decay": 0.95}}.get(name, {"beta1": 0.8, "beta2": 0.95})


@pytest.mark.parametrize("eps", [1e-8, 0.3])
@pytest.mark.parametrize("name", STEPS)
def test_steps_are_those_of_scipys_filter(rng, name, eps):
    g, start = rng.normal(size=(40, 6)), rng.normal(size=6)
    path = walk(getattr(reference, name), start, g, lr=0.07, eps=eps, **options_of(name))
    np.testing.assert_allclose(path, start + np.cumsum(moves(name, g, 0.07, eps=eps), axis=0), **TOLERANCE)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_correction_makes_an_average_of_a_constant_the_constant(beta):
    moment = 0.0
    for t in range(1, 60):
        moment = beta * moment + (1 - beta) * 3.5
        np.testing.assert_allclose(reference.bias_corrected(np.array([moment]), beta, t), [3.5], rtol=1e-9)


@pytest.mark.parametrize("name", ["adam_step", "adamax_step"])
def test_a_constant_gradient_makes_steps_of_equal_length(name):
    path = walk(getattr(reference, name), np.zeros(3), [np.array([4.0, -1e-3, 50.0])] * 10, lr=0.1, eps=0.0)
    np.testing.assert_allclose(path, -0.1 * np.outer(np.arange(1, 11), [1, -1, 1]), **TOLERANCE)


@pytest.mark.parametrize("name", STEPS)
def test_on_autograds_gradients_every_optimiser_goes_downhill(rng, name):
    A, b = rng.normal(size=(12, 4)), rng.normal(size=12)

    def loss(theta):
        return anp.mean(anp.logaddexp(0, -b * anp.dot(A, theta)))

    theta, state = rng.normal(size=4), {}
    before, slope = loss(theta), grad(loss)
    for _ in range(60):
        theta, state = getattr(reference, name)(theta, slope(theta), state, lr=0.05)
    assert loss(theta) < before - 0.01


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_pure(rng, name):
    theta, g = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    kept, state = (theta.copy(), g.copy()), {}
    _, state = getattr(reference, name)(theta, g, state)
    once, twice = (getattr(reference, name)(theta, g, state)[0] for _ in range(2))
    np.testing.assert_array_equal(once, twice)
    np.testing.assert_array_equal((theta, g), kept)


# --- the notebook's solution ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", STEPS)
def test_solution_agrees_with_the_reference(rng, solution, name, shape):
    g, start = rng.normal(size=(12, *shape)), rng.normal(size=shape)
    for options in ({}, {"lr": 0.3, "eps": 1e-3, **options_of(name)}):
        path = walk(solution[name], start, g, **options)
        np.testing.assert_allclose(path, walk(getattr(reference, name), start, g, **options), **TOLERANCE)


@pytest.mark.parametrize(("beta", "t"), [(0.0, 1), (0.9, 1), (0.9, 7), (0.999, 300)])
def test_solution_corrects_as_the_reference(rng, solution, beta, t):
    moment = rng.normal(size=(3, 2))
    np.testing.assert_allclose(solution["bias_corrected"](moment, beta, t), reference.bias_corrected(moment, beta, t), rtol=1e-9)
