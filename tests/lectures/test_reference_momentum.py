"""The reference of lecture 7, held against SciPy, by what the equations promise, and against the notebook's solution."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, hessian
from scipy.linalg import hilbert, ldl
from scipy.signal import lfilter

from autograder.reference import momentum as reference

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
SHAPES = [(5,), (1,), (3, 4), (2, 3, 2), ()]
TURN = np.linalg.qr(np.random.default_rng(7).normal(size=(6, 6)))[0]


@pytest.fixture
def rng():
    return np.random.default_rng(19640101)


def walk(step, theta, slopes, rates, beta=0.9):
    """Return where a step leads along given gradients, or along a function that gives them, one row a step."""
    state, path = {}, []
    for number, lr in enumerate(rates):
        theta, state = step(theta, slopes if callable(slopes) else slopes[number], state, lr, beta)
        path.append(theta)
    return np.array(path)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.99, 1.0])
def test_momentum_is_scipys_filter_of_the_gradients(rng, beta):
    slopes, start, rates = rng.normal(size=(30, 4)), rng.normal(size=4), rng.uniform(0.01, 0.3, 30)
    m = lfilter([-1.0], [1.0, -beta], rates[:, None] * slopes, axis=0)
    path = walk(reference.momentum_step, start, slopes, rates, beta)
    np.testing.assert_allclose(path, start + np.cumsum(m, axis=0), **TOLERANCE)


@pytest.mark.parametrize("beta", [0.0, 0.6, 0.95])
def test_both_forms_of_nesterov_walk_the_same_path(rng, beta):
    A, rates = rng.normal(size=(5, 5)), rng.uniform(0.01, 0.05, 25)
    slope = grad(lambda theta: anp.sum(anp.logaddexp(0, anp.dot(A, theta))) + anp.sum(theta**4))
    places = []
    start = rng.normal(size=5)
    path = walk(reference.nesterov_step, start, lambda place: (places.append(place), slope(place))[1], rates, beta)
    theta, state, ahead = start, {}, [start]
    for lr in rates:
        theta, state = reference.nesterov_step_shifted(theta, slope(theta), state, lr, beta)
        ahead.append(theta)
    np.testing.assert_allclose(ahead[:-1], places, **TOLERANCE)  # one call a step, at θ + βm
    moves = np.diff([start, *path], axis=0)
    np.testing.assert_allclose(ahead[1:], path + beta * moves, **TOLERANCE)


def test_terminal_velocity():
    path = walk(reference.momentum_step, np.zeros(2), np.tile([3.0, -0.5], (400, 1)), [0.01] * 400)
    np.testing.assert_allclose(path[-1] - path[-2], [-0.3, 0.05], rtol=1e-9)


def test_gradient_descent_goes_downhill(rng):
    np.testing.assert_allclose(reference.sgd_step(np.array([1, 2]), np.array([3, -4]), 0.1), [0.7, 2.4])


@pytest.mark.parametrize(
    "H", [hilbert(4), TURN @ np.diag([1, 2, 3, 4, 5, 1e10]) @ TURN.T, np.diag([-3.0, 2.0]), [[1.0, 50.0], [0.0, 1.0]], [[-4]]], ids=str
)
def test_condition_numbers_are_numpys(H):
    np.testing.assert_allclose(reference.condition_number(H), np.linalg.cond(H), rtol=1e-5)


@pytest.mark.parametrize(
    "H", [np.zeros((2, 2)), [[1, 2], [2, 4]], np.arange(1, 10).reshape(3, 3), np.diag([1.0, 1e-17]), hilbert(14)], ids=str
)
def test_condition_numbers_of_singular_matrices(H):
    assert reference.condition_number(H) == np.inf
    assert np.linalg.matrix_rank(H) < len(H)


@pytest.mark.parametrize(
    ("eigenvalues", "name"),
    [
        ([1, 2, 3, 4, 5, 6], "minimum"),
        ([-1, -2, -3, -4, -5, -6], "maximum"),
        ([-1, 2, 3, 4, 5, 6], "saddle"),
        ([-1, 0, 0, 0, 0, 6], "saddle"),
        ([0, 2, 3, 4, 5, 6], "degenerate"),
        ([1e-9, 2, 3, 4, 5, 6], "degenerate"),
        ([-1e-9, -2, -3, -4, -5, -6], "degenerate"),
        ([1e-7, 2, 3, 4, 5, 6], "minimum"),
        ([0, 0, 0, 0, 0, 0], "degenerate"),
    ],
)
def test_critical_points(solution, eigenvalues, name):
    H = TURN @ np.diag(np.array(eigenvalues, dtype=float)) @ TURN.T
    H = (H + H.T) / 2
    assert reference.critical_point(H) == solution["critical_point"](H) == name


def test_critical_points_have_the_inertia_of_sylvesters_law(rng, solution):
    """H − tol·I has as many positive eigenvalues as the D of its LDLᵀ."""
    for _ in range(50):
        H = rng.normal(size=(4, 4)) + rng.choice([-4, 0, 4]) * np.eye(4)
        H, tol = H + H.T, rng.uniform(0, 0.5)
        up = np.sum(np.linalg.eigvalsh(ldl(H - tol * np.eye(4))[1]) > 0)
        down = np.sum(np.linalg.eigvalsh(ldl(H + tol * np.eye(4))[1]) < 0)
        name = "saddle" if up and down else {(4, 0): "minimum", (0, 4): "maximum"}.get((up, down), "degenerate")
        assert reference.critical_point(H, tol) == solution["critical_point"](H, tol) == name


def test_tolerance_counts_as_zero(solution):
    for function in (reference.critical_point, solution["critical_point"]):
        assert [function([[value]], 0.5) for value in (0.5, -0.5, 0.51, -0.51)] == ["degenerate", "degenerate", "minimum", "maximum"]


def test_newton_finds_the_minimum_of_autograds_quadratic(rng, solution):
    A, b = rng.normal(size=(6, 4)), rng.normal(size=6)

    def loss(theta):
        return anp.sum((anp.dot(A, theta) - b) ** 2)

    start, best = rng.normal(size=4), np.linalg.lstsq(A, b, rcond=None)[0]
    for function in (reference.newton_step, solution["newton_step"]):
        np.testing.assert_allclose(function(start, grad(loss)(start), hessian(loss)(start)), best, rtol=1e-9)


# --- the notebook's solution ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", ["momentum_step", "nesterov_step_shifted", "nesterov_step"])
def test_solution_agrees_with_the_reference(rng, solution, name, shape):
    slopes, start, rates = rng.normal(size=(12, *shape)), rng.normal(size=shape), rng.uniform(0.01, 0.3, 12)
    given = np.sin if name == "nesterov_step" else slopes
    for beta in (0.9, 0.3):
        expected = walk(getattr(reference, name), start, given, rates, beta)
        np.testing.assert_allclose(walk(solution[name], start, given, rates, beta), expected, **TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_solution_descends_as_the_reference(rng, solution, shape):
    theta, slope = rng.normal(size=(2, *shape))
    np.testing.assert_allclose(solution["sgd_step"](theta, slope, 0.3), reference.sgd_step(theta, slope, 0.3), **TOLERANCE)


@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_solution_has_the_condition_numbers_of_the_reference(rng, solution, n):
    H = rng.normal(size=(n, n))
    np.testing.assert_allclose(solution["condition_number"](H), reference.condition_number(H), rtol=1e-8)
    H[0] = H[-1] * (n > 1)
    assert solution["condition_number"](H) == reference.condition_number(H) == np.inf
