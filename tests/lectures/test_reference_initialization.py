"""The reference of lecture 03 against SciPy, against autograd, against counting, and against the notebook's own solutions."""

from __future__ import annotations

from itertools import pairwise

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from scipy import signal, special, stats

from autograder.reference import initialization as reference

ACTIVATIONS = {"tanh": anp.tanh, "relu": lambda z: anp.where(z > 0, z, 0.0), "logistic": lambda z: 1 / (1 + anp.exp(-z))}
NORMAL = {
    "glorot_normal": lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out)),
    "he_normal": lambda fan_in, fan_out: np.sqrt(2 / fan_in),
    "lecun_normal": lambda fan_in, fan_out: 1 / np.sqrt(fan_in),
}


@pytest.fixture(params=range(5))
def rng(request) -> np.random.Generator:
    return np.random.default_rng(request.param)


def network(rng: np.random.Generator, examples: int = 6) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Return a batch, weights, and a random gradient for what comes out."""
    widths = rng.integers(1, 9, size=rng.integers(2, 7))
    weights = [rng.normal(0, 1.5 / np.sqrt(n), (n, m)) for n, m in pairwise(widths)]
    return rng.normal(0.3, 1, (examples, widths[0])), weights, rng.normal(size=(examples, widths[-1]))


@pytest.mark.parametrize("shape", [(6, 3, 5, 5), (2, 4, 1, 3), (1, 1, 2, 2), (5, 2, 1, 1)])
def test_fans_are_what_one_counts(shape: tuple[int, ...]) -> None:
    """Connections of a convolution, found by trying each of them."""
    _, C, KH, KW = shape
    kernels, middle = np.random.default_rng(0).normal(size=shape), np.zeros((15, 15))
    middle[7, 7] = 1.0  # one input value, far from the edges
    reached = sum(np.count_nonzero(signal.correlate2d(middle, kernel[0], mode="valid")) for kernel in kernels)
    seen = 0
    for c, row, column in np.ndindex(C, KH, KW):  # the inputs of an output value
        window = np.zeros((C, KH, KW))
        window[c, row, column] = 1.0
        seen += (
            sum(signal.correlate2d(channel, kernel, mode="valid").item() for channel, kernel in zip(window, kernels[0], strict=True)) != 0
        )
    assert reference.fans(shape) == (seen, reached)


def test_fans_of_a_dense_layer() -> None:
    assert reference.fans((784, 300)) == (784, 300)


@pytest.mark.parametrize("name", NORMAL)
@pytest.mark.parametrize("shape", [(300, 200), (20, 2500), (2500, 20)])
def test_normal_weights_are_normal(name: str, shape: tuple[int, int], solution: dict) -> None:
    for module in (vars(reference), solution):
        W = module[name](*shape, np.random.default_rng(1))
        assert W.shape == shape
        assert stats.kstest(W.ravel(), "norm", args=(0, NORMAL[name](*shape))).pvalue > 1e-3


@pytest.mark.parametrize("shape", [(300, 200), (20, 2500), (2500, 20)])
def test_uniform_weights_are_uniform(shape: tuple[int, int], solution: dict) -> None:
    r = np.sqrt(6 / sum(shape))
    for module in (vars(reference), solution):
        W = module["glorot_uniform"](*shape, np.random.default_rng(1))
        assert W.shape == shape
        assert stats.kstest(W.ravel(), "uniform", args=(-r, 2 * r)).pvalue > 1e-3


@pytest.mark.parametrize(
    ("names", "std"),
    [
        (("linear", "tanh", "logistic", "softmax"), NORMAL["glorot_normal"]),
        (("relu", "leaky_relu", "elu"), NORMAL["he_normal"]),
        (("selu",), NORMAL["lecun_normal"]),
    ],
)
def test_init_std_is_the_table(names: tuple[str, ...], std, solution: dict) -> None:
    for name in names:
        for fans in ((1, 1), (50, 150), (150, 50)):
            assert reference.init_std(name, *fans) == pytest.approx(std(*fans), rel=1e-12)
            assert solution["init_std"](name, *fans) == pytest.approx(std(*fans), rel=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "ReLU", "", "none"])
def test_init_std_refuses_other_names(name: str, solution: dict) -> None:
    for function in (reference.init_std, solution["init_std"]):
        with pytest.raises(ValueError):
            function(name, 3, 4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_statistics_agree_with_scipy_and_the_solution(activation: str, rng, solution: dict) -> None:
    X, weights, _ = network(rng)
    f = {"tanh": np.tanh, "relu": lambda z: z.clip(0), "logistic": special.expit}[activation]
    expected, h = [], X
    for W in weights:
        h = f(h.dot(W))
        expected.append((stats.describe(h.ravel()).mean, stats.tstd(h.ravel(), ddof=0)))
    np.testing.assert_allclose(reference.activation_statistics(X, weights, activation), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(solution["activation_statistics"](X, weights, activation), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("examples", [1, 6])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_norms_agree_with_autograd_and_the_solution(activation: str, examples: int, rng, solution: dict) -> None:
    X, weights, dout = network(rng, examples)

    def loss(weights):
        h = X
        for W in weights:
            h = ACTIVATIONS[activation](anp.dot(h, W))
        return anp.sum(dout * h)

    expected = [np.linalg.norm(gradient) for gradient in grad(loss)(weights)]
    np.testing.assert_allclose(reference.gradient_norms(X, weights, dout, activation), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(solution["gradient_norms"](X, weights, dout, activation), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_saturated_units_raise_no_error_and_give_finite_numbers(activation: str) -> None:
    X, weights = np.array([[1.0, -1.0]]), [np.array([[900.0, 20.0], [-900.0, 0.0]])]
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(reference.activation_statistics(X, weights, activation)).all()
        assert np.isfinite(reference.gradient_norms(X, weights, np.ones((1, 2)), activation)).all()
