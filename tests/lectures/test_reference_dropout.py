"""The reference of lecture 11 against SciPy, against autograd, against counting, and against the notebook's own solutions."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from scipy import stats

from autograder.judging.grading import judge
from autograder.judging.known_answers import catalogue
from autograder.model.course import PACKAGE, HiddenModules
from autograder.reference import dropout as reference
from coursekit.student import LocalStudent

HIDDEN = HiddenModules(PACKAGE, "dropout")


@pytest.fixture(params=["reference", "solution"])
def functions(request, solution) -> dict:
    """The reference's functions, then the notebook's."""
    return vars(reference) if request.param == "reference" else solution


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.8])
def test_the_number_of_dropped_units_is_binomial(rate: float, functions: dict) -> None:
    x = np.random.default_rng(0).uniform(1, 2, (60, 50))
    for out in (
        functions["dropout_forward"](x, rate, np.random.default_rng(1))[0],
        functions["vanilla_dropout_train"](x, rate, np.random.default_rng(2)),
    ):
        assert stats.binomtest(int(np.sum(out == 0)), x.size, rate).pvalue > 1e-3


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4, 5), (7,)])
def test_the_backward_pass_agrees_with_autograd(shape: tuple[int, ...], training: bool, functions: dict) -> None:
    rng = np.random.default_rng(3)
    x, dout = rng.normal(size=shape), rng.normal(size=shape)
    out, cache = functions["dropout_forward"](x, 0.4, np.random.default_rng(4), training)
    factor = out / x
    expected = grad(lambda x: anp.sum(dout * x * factor))(x)
    np.testing.assert_allclose(functions["dropout_backward"](dout, cache), expected, rtol=1e-9, atol=1e-12)
    assert set(np.round(factor.ravel(), 9)) <= ({0.0, np.round(1 / 0.6, 9)} if training else {1.0})


def test_prediction_is_the_mean_of_training(functions: dict) -> None:
    x, rng = np.array([[1.0, -2.0, 3.0]]), np.random.default_rng(5)
    drawn = functions["vanilla_dropout_train"](np.repeat(x, 20000, axis=0), 0.3, rng)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert np.all(np.abs(drawn.mean(axis=0) - functions["vanilla_dropout_predict"](x, 0.3)[0]) < 5 * error)
    np.testing.assert_allclose(functions["vanilla_dropout_predict"](x, 0.3), 0.7 * x, rtol=1e-12)


def test_monte_carlo_agrees_with_scipy(functions: dict) -> None:
    samples = np.random.default_rng(6).dirichlet(np.ones(4), (9, 5))
    script = iter(samples)
    mean, std = functions["mc_dropout"](lambda x, rng: next(script), np.zeros((5, 2)), 9, np.random.default_rng(7))
    np.testing.assert_allclose(mean, stats.describe(samples, axis=0).mean, rtol=1e-9)
    np.testing.assert_allclose(std, stats.tstd(samples, axis=0, ddof=0), rtol=1e-9)


def test_dropconnect_is_a_layer_with_other_weights(functions: dict) -> None:
    rng = np.random.default_rng(8)
    x, W, b = rng.normal(size=(70, 40)), rng.uniform(1, 2, (40, 30)), rng.normal(size=30)
    out, _ = functions["dropconnect_forward"](x, W, b, 0.3, np.random.default_rng(9))
    used, residuals, *_ = np.linalg.lstsq(x, out - b, rcond=None)  # one matrix for all examples, found without a look inside
    assert residuals.max() < 1e-18 * x.size
    kept = used > 0.5
    np.testing.assert_allclose(used, np.where(kept, W / 0.7, 0), atol=1e-9)
    assert stats.binomtest(int(np.sum(~kept)), W.size, 0.3).pvalue > 1e-3
    np.testing.assert_allclose(
        functions["dropconnect_forward"](x, W, b, 0.3, rng, training=False)[0], np.einsum("nd,dh->nh", x, W) + b, rtol=1e-9
    )


@pytest.mark.parametrize("shape", [(400,), (400, 3), (400, 2, 3, 1)])
def test_examples_survive_by_themselves(shape: tuple[int, ...], functions: dict) -> None:
    x, fx = np.random.default_rng(10).normal(size=(2, *shape))
    out = functions["stochastic_depth"](x, fx, 0.7, np.random.default_rng(11))
    share = ((out - x) / fx).reshape(400, -1)
    np.testing.assert_allclose(share, np.repeat(share[:, :1].round(), share.shape[1], axis=1), atol=1e-9)
    assert stats.binomtest(int(share[:, 0].round().sum()), 400, 0.7).pvalue > 1e-3
    after = functions["stochastic_depth"](x, fx, 0.7, np.random.default_rng(11), training=False)
    np.testing.assert_allclose(after, np.add(x, np.multiply(fx, 0.7)), rtol=1e-12)


def test_all_orders_of_the_regions_are_equally_frequent(functions: dict) -> None:
    rng = np.random.default_rng(12)
    found = Counter(tuple(np.diff(functions["fractional_pool_regions"](8, 5, rng)).tolist()) for _ in range(3000))
    assert set(found) == set(permutations((1, 1, 2, 2, 2)))
    assert stats.chisquare(list(found.values())).pvalue > 1e-3


@pytest.mark.parametrize(("n_in", "n_out"), [(3, 1), (4, 5), (11, 5)])
def test_impossible_regions_are_refused(n_in: int, n_out: int, functions: dict) -> None:
    with pytest.raises(ValueError):
        functions["fractional_pool_regions"](n_in, n_out, np.random.default_rng(0))


@pytest.mark.parametrize(
    "known",
    [known for known in catalogue(HIDDEN).misconceptions if known.exercise == "dropout_forward"],
    ids=lambda known: known.id,
)
def test_a_known_forward_pass_does_not_cost_a_right_backward_pass_its_marks(known) -> None:
    """One mistake costs one exercise."""
    functions = {**vars(catalogue(HIDDEN).reference), "dropout_forward": known.function}
    forward, backward = judge(HIDDEN, LocalStudent(functions), {"dropout_forward": 4, "dropout_backward": 3})
    assert forward.score < 4
    assert backward.score == 3, backward.tests


def test_a_mask_that_is_read_off_the_output_loses_points() -> None:
    known = next(known for known in catalogue(HIDDEN).misconceptions if known.id == "backward_mask_from_output")
    functions = {**vars(catalogue(HIDDEN).reference), **known.functions}
    (result,) = judge(HIDDEN, LocalStudent(functions), {"dropout_backward": 3})
    assert [test.name[:25] for test in result.tests if test.outcome == "failed"] == ["A unit whose x is 0, as b"]


def test_a_forward_pass_that_does_nothing_earns_the_backward_pass_nothing_for_the_mask() -> None:
    student = LocalStudent(
        {"dropout_forward": lambda x, rate, rng, training=True: (x * 1.0, None), "dropout_backward": lambda dout, cache: dout * 1.0}
    )
    (result,) = judge(HIDDEN, student, {"dropout_backward": 3})
    passed = [aspect.name for aspect in result.aspects if aspect.score and not aspect.corner]
    assert passed == ["after training"], result.aspects
