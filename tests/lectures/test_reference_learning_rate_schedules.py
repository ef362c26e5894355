"""The reference of lecture 9, held against differential equations, SciPy, and the notebook's solution."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import interp1d

from autograder.reference import learning_rate_schedules as reference

TIMES = [0.0, 0.3, 1.0, 4.7, 12.0]


@pytest.fixture
def rng():
    return np.random.default_rng(20170807)


@pytest.mark.parametrize(
    ("schedule", "constants", "slope"),
    [
        (reference.exponential_decay, (0.3,), lambda t, lr: -0.3 * lr),
        (reference.exponential_schedule, (7.0,), lambda t, lr: -np.log(10) / 7 * lr),
        (reference.inverse_time_decay, (0.3,), lambda t, lr: -0.3 / 0.8 * lr**2),
        (reference.power_schedule, (2.5, 1.7), lambda t, lr: -1.7 * lr / (2.5 + t)),
    ],
    ids=["exponential_decay", "exponential_schedule", "inverse_time_decay", "power_schedule"],
)
def test_smooth_schedules_solve_their_differential_equations(schedule, constants, slope):
    curve = solve_ivp(slope, (0, 12), [0.8], t_eval=TIMES, rtol=1e-11, atol=1e-13).y[0]
    np.testing.assert_allclose([schedule(0.8, t, *constants) for t in TIMES], curve, rtol=1e-8)


@pytest.mark.parametrize(("drop", "every"), [(0.5, 10), (0.3, 4), (0.9, 1)])
def test_step_decay_is_a_cumulative_product(drop, every):
    factors = np.where((np.arange(50) % every == 0) & (np.arange(50) > 0), drop, 1.0)
    np.testing.assert_allclose([reference.step_decay(0.7, epoch, drop, every) for epoch in range(50)], 0.7 * np.cumprod(factors))


@pytest.mark.parametrize("count", [0, 1, 4])
def test_piecewise_constant_is_scipys_interpolation_by_the_previous_point(rng, count):
    boundaries, values = np.cumsum(rng.integers(1, 5, count)) / 2, rng.normal(size=count + 1)
    step = interp1d([-1, *boundaries, 99], [*values, values[-1]], kind="previous")
    for t in np.arange(0, 12, 0.25):
        assert reference.piecewise_constant(list(boundaries), list(values), t) == step(t)


def test_one_cycle_has_its_knots_and_straight_lines_between_them():
    for total, low, high, last in ((20, 0.2, 1.0, 0.2), (7, 0.0, 3.0, 0.1), (2.5, 1.0, 0.5, 0.5)):
        h = (1 - last) * total / 2
        knots = {0: low, h: high, 2 * h: low, total: low / 1000, h / 2: (low + high) / 2, 1.5 * h: (low + high) / 2}
        knots[(2 * h + total) / 2] = (low + low / 1000) / 2
        np.testing.assert_allclose([reference.one_cycle(t, total, high, low, last) for t in knots], list(knots.values()), atol=1e-12)
    assert reference.one_cycle(0, 10, 3.0) == pytest.approx(0.3)


def plateau(metrics, lr, **options):
    """Return the rate after each epoch."""
    state, rates = {}, []
    for metric in metrics:
        lr, state = reference.plateau_step(state, metric, lr, **options)
        rates.append(lr)
    return rates


def test_a_plateau_reduces_the_rate_once_per_patience():
    np.testing.assert_allclose(plateau([1.0] * 10, 8.0, patience=3), [8, 8, 8, 4, 4, 4, 2, 2, 2, 1])
    np.testing.assert_allclose(plateau([3, np.nan, 4, 2, 2, 3, 2, 1.5], 8.0, patience=2, min_lr=3.0), [8, 8, 4, 4, 4, 3, 3, 3])
    np.testing.assert_allclose(plateau([-1.0, -2.0, -2.0, -3.0, -2.5], 1.0, patience=1, factor=0.1), [1, 1, 0.1, 0.1, 0.01])


# --- the notebook's solution ----------------------------------------------------------------------------------------------


def test_the_solution_agrees_with_the_reference(rng, solution):
    for _ in range(200):
        lr0, t, k, s, c = rng.uniform(0.01, 3, 5)
        epoch, every = int(rng.integers(0, 60)), int(rng.integers(1, 12))
        total, last, low = rng.uniform(1, 90), rng.uniform(0.05, 0.9), rng.choice([0.0, 0.3])
        boundaries = sorted(rng.permutation(20)[: rng.integers(0, 5)].tolist())
        calls = {
            "step_decay": (lr0, epoch, k / 3, every),
            "exponential_decay": (lr0, t, k),
            "exponential_schedule": (lr0, t, s),
            "inverse_time_decay": (lr0, t, k),
            "power_schedule": (lr0, t, s, c),
            "piecewise_constant": (boundaries, rng.normal(size=len(boundaries) + 1).tolist(), int(rng.integers(0, 21))),
            "one_cycle": (rng.uniform(0, total), total, lr0, low, last),
        }
        for name, arguments in calls.items():
            expected = getattr(reference, name)(*arguments)
            np.testing.assert_allclose(solution[name](*arguments), expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_solution_walks_along_plateaus_as_the_reference(rng, solution):
    for patience in (1, 2, 5):
        metrics, state, lr, rates = np.round(rng.uniform(0, 3, 60) - 0.03 * np.arange(60), 1), {}, 2.0, []
        metrics[[7, 20, 21]] = np.nan
        options = {"factor": 0.7, "patience": patience, "min_lr": 0.4}
        for metric in metrics:
            lr, state = solution["plateau_step"](state, metric, lr, **options)
            rates.append(lr)
        np.testing.assert_allclose(rates, plateau(metrics, 2.0, **options))
