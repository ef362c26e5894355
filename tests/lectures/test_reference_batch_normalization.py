"""The reference of lecture 5, held against SciPy, against autograd's derivatives, and against the notebook's solution."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from scipy import stats

from autograder.reference import batch_normalization as reference

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
FEATURES = [(7, 4), (2, 3), (5, 5), (12, 1), (3, 8), (1, 4)]
IMAGES = [(3, 2, 4, 5), (2, 5, 3, 1), (3, 3, 3, 3), (1, 3, 2, 2)]


@pytest.fixture
def rng():
    return np.random.default_rng(20150211)


def arguments(rng, shape):
    """Return a batch of any rank, and a scale and shift for its axis 1."""
    D = shape[1]
    spread = rng.uniform(0.5, 3, (D, *[1] * (len(shape) - 2)))
    return rng.normal(2, 1, shape) * spread, rng.normal(size=D), rng.normal(size=D)


def forward_of(shape):
    return reference.batchnorm_forward if len(shape) == 2 else reference.batchnorm2d_forward


def backward_of(shape):
    return reference.batchnorm_backward if len(shape) == 2 else reference.batchnorm2d_backward


def normalized(x, gamma, beta, eps):
    """The layer in autograd's NumPy, for features and for images alike."""
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    along = (1, -1) + (1,) * (x.ndim - 2)
    centered = x - anp.mean(x, axis=axes, keepdims=True)
    std = anp.sqrt(anp.mean(centered**2, axis=axes, keepdims=True) + eps)
    return anp.reshape(gamma, along) * centered / std + anp.reshape(beta, along)


@pytest.mark.parametrize("shape", [shape for shape in FEATURES if shape[0] > 1])
def test_forward_is_scipys_z_score(rng, shape):
    x, gamma, beta = arguments(rng, shape)
    out, _ = reference.batchnorm_forward(x, gamma, beta, eps=0.0)
    np.testing.assert_allclose(out, gamma * stats.zscore(x, axis=0) + beta, **TOLERANCE)


@pytest.mark.parametrize("shape", IMAGES)
def test_images_are_scipys_z_score(rng, shape):
    x, gamma, beta = arguments(rng, shape)
    out, _ = reference.batchnorm2d_forward(x, gamma, beta, eps=0.0)
    for c in range(shape[1]):
        np.testing.assert_allclose(out[:, c], gamma[c] * stats.zscore(x[:, c], axis=None) + beta[c], **TOLERANCE)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
@pytest.mark.parametrize("shape", FEATURES + IMAGES)
def test_gradients_are_autograds(rng, shape, eps):
    x, gamma, beta = arguments(rng, shape)
    dout = rng.normal(size=shape)
    out, cache = forward_of(shape)(x, gamma, beta, eps)
    np.testing.assert_allclose(out, normalized(x, gamma, beta, eps), **TOLERANCE)
    for position, gradient in enumerate(backward_of(shape)(dout, cache)):
        right = grad(lambda *values: anp.sum(dout * normalized(*values, eps)), position)(x, gamma, beta)
        assert gradient.shape == right.shape
        np.testing.assert_allclose(gradient, right, **TOLERANCE)


def test_running_value_is_a_filter(rng):
    from scipy.signal import lfilter

    batches, momentum = rng.normal(size=(30, 2)), 0.85
    right, _ = lfilter([1 - momentum], [1, -momentum], batches, axis=0, zi=momentum * np.full((1, 2), 4.0))
    running = np.full(2, 4.0)
    for batch_value, expected in zip(batches, right, strict=True):
        running = reference.update_running(running, batch_value, momentum)
        np.testing.assert_allclose(running, expected, **TOLERANCE)


def test_inference_with_the_batchs_own_statistics_is_the_forward_pass(rng):
    x, gamma, beta = arguments(rng, (8, 3))
    out = reference.batchnorm_inference(x, gamma, beta, np.mean(x, axis=0), stats.tvar(x, axis=0, ddof=0))
    np.testing.assert_allclose(out, reference.batchnorm_forward(x, gamma, beta)[0], **TOLERANCE)


@pytest.mark.parametrize("shape", [(4, 6), (5, 5), (1, 3), (3, 1)])
def test_folded_layer_predicts_alike(rng, shape):
    W, (b, gamma, beta, mean) = rng.normal(size=shape), rng.normal(size=(4, shape[1]))
    var = rng.uniform(0.1, 4, shape[1])
    W_folded, b_folded = reference.fold_batchnorm(W, b, gamma, beta, mean, var)
    scale = gamma / np.sqrt(var + 1e-5)
    np.testing.assert_allclose(W_folded, W * scale, **TOLERANCE)
    np.testing.assert_allclose(b_folded, (b - mean) * scale + beta, **TOLERANCE)


# --- the notebook's solution ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", FEATURES + IMAGES)
def test_solution_agrees_with_the_reference(rng, solution, shape):
    suffix = "" if len(shape) == 2 else "2d"
    for eps in (1e-5, 0.3):
        x, gamma, beta = arguments(rng, shape)
        dout = rng.normal(size=shape)
        out, cache = solution[f"batchnorm{suffix}_forward"](x, gamma, beta, eps)
        right, right_cache = forward_of(shape)(x, gamma, beta, eps)
        np.testing.assert_allclose(out, right, **TOLERANCE)
        gradients = solution[f"batchnorm{suffix}_backward"](dout, cache)
        for gradient, expected in zip(gradients, backward_of(shape)(dout, right_cache), strict=True):
            np.testing.assert_allclose(gradient, expected, **TOLERANCE)


@pytest.mark.parametrize("name", ["update_running", "batchnorm_inference", "fold_batchnorm"])
def test_solution_of_the_rest_agrees_with_the_reference(rng, solution, name):
    vectors = rng.normal(size=(4, 5))
    values = {
        "update_running": (vectors[0], vectors[1], 0.7),
        "batchnorm_inference": (rng.normal(size=(6, 5)), *vectors[:3], vectors[3] ** 2, 0.2),
        "fold_batchnorm": (rng.normal(size=(3, 5)), *vectors, rng.uniform(0.1, 4, 5), 0.2),
    }[name]
    answer, right = solution[name](*values), getattr(reference, name)(*values)
    for one, other in zip(answer, right, strict=True):
        np.testing.assert_allclose(one, other, **TOLERANCE)
