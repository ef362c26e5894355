"""The reference of lecture 10, held against autograd, SciPy and definitions."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from scipy import ndimage, stats

from autograder.reference import regularization as reference

SHAPES = [(), (1,), (7,), (3, 4), (2, 3, 2, 2), (2, 0)]


@pytest.fixture
def rng():
    return np.random.default_rng(10)


@pytest.fixture
def weights(rng):
    return [rng.normal(size=shape) for shape in SHAPES]


@pytest.mark.parametrize(("name", "of"), [("l2_penalty", lambda w: w**2 / 2), ("l1_penalty", anp.abs)])
def test_penalties_and_their_gradients(weights, name, of):
    """The penalty is the sum over all entries, and its gradient autograd's."""
    penalty, grads = getattr(reference, name)(weights, 0.3)
    assert penalty == pytest.approx(0.3 * sum(np.sum(of(w)) for w in weights), rel=1e-12)
    for w, found in zip(weights, grads, strict=True):
        np.testing.assert_allclose(found, grad(lambda v: 0.3 * anp.sum(of(v)))(w), rtol=1e-12)


def test_sign_of_zero_is_zero():
    np.testing.assert_array_equal(reference.l1_penalty([np.array([0, -2, 3])], 0.5)[1][0], [0.0, -0.5, 0.5])


def test_a_decay_step_is_a_step_on_the_penalised_loss(rng):
    """Plain gradient descent on loss + L2 penalty: for it, and only for it, decay and penalty are the same."""
    w, gradient = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    of_penalty = reference.l2_penalty([w], 0.7)[1][0]
    np.testing.assert_allclose(reference.weight_decay_step(w, gradient, 0.2, 0.7), w - 0.2 * (gradient + of_penalty), rtol=1e-12)
    np.testing.assert_allclose(reference.weight_decay_step(w, gradient, 0.2, 0.7), (1 - 0.14) * w - 0.2 * gradient, rtol=1e-12)


def test_max_norm_is_a_projection_of_each_column(rng):
    W = rng.normal(size=(5, 40)) * rng.uniform(0.1, 2, 40)
    W[:, 3], W[:, 4] = 0.0, [0.0, 0.6, 0.0, -0.8, 0.0]
    out = reference.max_norm(W, 1.0)
    norms = np.linalg.norm(W, axis=0)
    np.testing.assert_allclose(np.linalg.norm(out, axis=0), np.minimum(norms, 1.0), rtol=1e-12)
    np.testing.assert_allclose(out * np.maximum(norms, 1.0), W, rtol=1e-12)
    np.testing.assert_allclose(reference.max_norm(out, 1.0), out, rtol=1e-12)


def test_early_stopping_epoch_by_epoch(rng):
    """Against the loop of algorithm 7.1, with many equal losses."""
    for _ in range(300):
        losses, patience = rng.integers(0, 6, rng.integers(1, 12)), int(rng.integers(1, 5))
        best, bad = 0, 0
        for epoch, loss in enumerate(losses):
            best, bad = (epoch, 0) if epoch == 0 or loss < losses[best] else (best, bad + 1)
            if bad == patience:
                break
        assert reference.early_stopping(losses, patience) == (best, epoch)


@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (-2, 3), (2, -1), (4, 0), (0, 6), (-9, 9)])
def test_shift_is_scipys(rng, shift):
    image = rng.normal(size=(4, 6))
    np.testing.assert_allclose(reference.shift_image(image, *shift), ndimage.shift(image, shift, order=0, cval=0.0), atol=1e-15)


def test_shifts_of_augment_are_uniform_and_independent(rng):
    images = np.zeros((9000, 5, 5))
    images[:, 2, 2] = 1.0
    places = np.argwhere(reference.augment(images, rng, 1))[:, 1:] - 2
    counts = np.histogramdd(places, [[-1.5, -0.5, 0.5, 1.5]] * 2)[0]
    assert stats.chisquare(counts.ravel()).pvalue > 1e-6
    together = np.histogram2d(*(places[:, 0].reshape(2, -1)), bins=[[-1.5, -0.5, 0.5, 1.5]] * 2)[0]
    assert stats.chi2_contingency(together).pvalue > 1e-6


def test_augment_without_images(rng):
    assert reference.augment(np.zeros((0, 3, 4)), rng).shape == (0, 3, 4)


def test_ensemble_averages(rng):
    p = rng.dirichlet(np.ones(4), (5, 30))
    np.testing.assert_array_equal(reference.ensemble_predict(p), np.mean(p, axis=0).argmax(axis=1))
    np.testing.assert_array_equal(reference.ensemble_predict(np.array([[[0.5, 0.5], [0.25, 0.75]], [[0.5, 0.5], [0.75, 0.25]]])), [0, 0])
