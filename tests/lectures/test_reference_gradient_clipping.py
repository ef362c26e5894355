"""The reference of lecture 6, held against NumPy, SciPy and what a projection is."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial import distance

from autograder.reference import gradient_clipping as reference

SHAPES = [(), (1,), (7,), (3, 4), (2, 3, 4), (2, 0)]


@pytest.fixture
def rng():
    return np.random.default_rng(20130616)


def test_products_by_eigenvalues(rng):
    """(Wᵀ)ᵏg = Σᵢ λᵢᵏ (vᵢ·g) uᵢ with W's right eigenvectors vᵢ and left ones uᵢ."""
    W, g = rng.normal(0, 0.6, (5, 5)), rng.normal(size=5)
    values, vectors = np.linalg.eig(W)
    left = np.linalg.inv(vectors).T
    expected = [np.linalg.norm(left @ (values**k * (vectors.T @ g))) for k in range(13)]
    np.testing.assert_allclose(reference.repeated_product_norms(W, g, 12), expected, rtol=1e-9)


def test_norms_grow_by_the_spectral_radius(rng):
    W, g = rng.normal(size=(6, 6)), rng.normal(size=6)
    symmetric = W + W.T
    norms = reference.repeated_product_norms(symmetric, g, 200)
    assert norms[-1] / norms[-2] == pytest.approx(np.max(np.abs(np.linalg.eigvalsh(symmetric))), rel=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_clipping_by_value_is_numpys(rng, shape):
    grad = rng.normal(0, 2, shape)
    np.testing.assert_array_equal(reference.clip_by_value(grad, 0.7), np.clip(grad, -0.7, 0.7))


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if np.prod(shape)])
def test_cosine_is_scipys(rng, shape):
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    expected = 1 - distance.cosine(np.ravel(a), np.ravel(b))
    assert reference.cosine_similarity(a, 1e-9 * b) == pytest.approx(expected, abs=1e-12)


def test_cosine_of_zero_is_zero(rng):
    assert reference.cosine_similarity(np.zeros(3), rng.normal(size=3)) == 0.0


def test_clipping_by_norm_is_the_projection_onto_the_ball(rng):
    """No other point of the ball is nearer to the gradient."""
    grad, inside = rng.normal(size=4), {"type": "ineq", "fun": lambda point: 1 - point @ point}
    found = minimize(lambda point: np.sum((point - grad) ** 2), np.zeros(4), constraints=inside, tol=1e-12)
    np.testing.assert_allclose(reference.clip_by_norm(grad, 1.0), found.x, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_norm_after_clipping(rng, shape):
    grad = rng.normal(size=shape)
    norm = np.sqrt(np.sum(grad**2))
    for max_norm in (norm / 3 or 1.0, norm or 1.0, 2 * norm + 1):
        clipped = reference.clip_by_norm(grad, max_norm)
        assert clipped.shape == shape
        assert np.sqrt(np.sum(clipped**2)) == pytest.approx(min(norm, max_norm), rel=1e-12)


def test_global_norm_is_that_of_one_long_vector(rng):
    grads = [rng.normal(size=shape) for shape in SHAPES]
    together = np.concatenate([grad.ravel() for grad in grads])
    for max_norm in (0.1, 100.0):
        clipped, norm = reference.clip_by_global_norm(grads, max_norm)
        assert norm == pytest.approx(np.linalg.norm(together), rel=1e-12)
        np.testing.assert_allclose(
            np.concatenate([grad.ravel() for grad in clipped]), reference.clip_by_norm(together, max_norm), rtol=1e-12
        )
        assert [grad.shape for grad in clipped] == SHAPES
