"""The reference of lecture 12, held against SciPy, against autograd's derivatives, and against the notebook's solution."""

import autograd.numpy as anp
import matplotlib.pyplot as plt
import numpy as np
import pytest
from autograd import grad
from scipy import ndimage, signal

from autograder.reference import convolution as reference
from coursekit.figures import convolution as figures

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
SINGLE = [((5, 5), (3, 3)), ((4, 7), (2, 3)), ((6, 3), (1, 3)), ((4, 4), (4, 4)), ((3, 5), (1, 1))]
LAYERS = [  # x, W, stride, pad
    ((2, 3, 5, 5), (4, 3, 3, 3), 1, 0),
    ((2, 2, 4, 6), (3, 2, 2, 3), 1, 1),
    ((1, 1, 7, 5), (2, 1, 3, 2), 2, 0),
    ((3, 2, 6, 5), (1, 2, 3, 3), 2, 2),
    ((2, 1, 5, 4), (2, 1, 2, 1), 3, 1),
    ((1, 2, 3, 3), (2, 2, 1, 1), 2, 0),
]
POOLS = [((2, 3, 4, 6), 2, 2), ((1, 2, 5, 5), 3, 1), ((2, 1, 7, 5), 3, 2), ((1, 1, 6, 7), 2, 3), ((2, 2, 3, 3), 1, 1)]


@pytest.fixture
def rng():
    return np.random.default_rng(19981101)


def close(answer, right):
    """Compare arrays, or tuples of arrays."""
    pairs = zip(answer, right, strict=True) if isinstance(right, (tuple, list)) else [(answer, right)]
    for one, other in pairs:
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, **TOLERANCE)


def a_layer(rng, x_shape, W_shape):
    return rng.normal(size=x_shape), rng.normal(size=W_shape), rng.normal(size=W_shape[0])


def as_sums(x, W, b, stride, pad):
    """The layer in autograd's NumPy: one slice for every weight of a kernel."""
    padded = anp.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "constant")
    KH, KW = W.shape[2:]
    rows, columns = padded.shape[2] - KH + 1, padded.shape[3] - KW + 1
    out = 0.0
    for m in range(KH):
        for n in range(KW):
            out = out + anp.einsum("nchw,fc->nfhw", padded[:, :, m : m + rows : stride, n : n + columns : stride], W[:, :, m, n])
    return out + anp.reshape(b, (1, -1, 1, 1))


def as_maxima(x, size, stride):
    """Max pooling in autograd's NumPy."""
    rows, columns = x.shape[2] - size + 1, x.shape[3] - size + 1
    shifted = [x[:, :, m : m + rows : stride, n : n + columns : stride] for m in range(size) for n in range(size)]
    return anp.max(anp.stack(shifted), axis=0)


@pytest.mark.parametrize(("X_shape", "W_shape"), SINGLE)
def test_one_image_is_scipys_correlation(rng, X_shape, W_shape):
    X, W = rng.normal(size=X_shape), rng.normal(size=W_shape)
    Y = reference.conv2d_single(X, W)
    close(Y, signal.correlate2d(X, W, mode="valid"))
    dY = rng.normal(size=Y.shape)
    close(reference.conv2d_single_backward(dY, X, W), (signal.convolve2d(dY, W, mode="full"), signal.correlate2d(X, dY, mode="valid")))


@pytest.mark.parametrize(("X_shape", "W_shape"), SINGLE)
def test_gradients_of_one_image_are_autograds(rng, X_shape, W_shape):
    X, W = rng.normal(size=X_shape), rng.normal(size=W_shape)
    dY = rng.normal(size=reference.conv2d_single(X, W).shape)

    def loss(X, W):
        return anp.sum(dY * as_sums(X[None, None], W[None, None], anp.zeros(1), 1, 0)[0, 0])

    close(reference.conv2d_single_backward(dY, X, W), (grad(loss, 0)(X, W), grad(loss, 1)(X, W)))


def test_sizes_are_those_of_the_windows():
    for n in range(1, 9):
        for kernel in range(1, 12):
            for stride in range(1, 5):
                for pad in range(3):
                    if kernel > n + 2 * pad:
                        with pytest.raises(ValueError, match="doesn't fit"):
                            reference.conv_output_size(n, kernel, stride, pad)
                    else:
                        windows = np.lib.stride_tricks.sliding_window_view(np.zeros(n + 2 * pad), kernel)[::stride]
                        assert reference.conv_output_size(n, kernel, stride, pad) == len(windows)


@pytest.mark.parametrize(("x_shape", "W_shape", "stride", "pad"), LAYERS)
def test_a_layer_is_scipys_correlations(rng, x_shape, W_shape, stride, pad):
    x, W, b = a_layer(rng, x_shape, W_shape)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    right = np.array([[sum(map(signal.correlate2d, image, kernels, ["valid"] * len(image))) for kernels in W] for image in padded])
    close(reference.conv2d_forward(x, W, b, stride, pad)[0], right[:, :, ::stride, ::stride] + b[:, None, None])


@pytest.mark.parametrize(("x_shape", "W_shape", "stride", "pad"), LAYERS)
def test_gradients_of_a_layer_are_autograds(rng, x_shape, W_shape, stride, pad):
    arguments = a_layer(rng, x_shape, W_shape)
    out, cache = reference.conv2d_forward(*arguments, stride, pad)
    close(out, as_sums(*arguments, stride, pad))
    dout = rng.normal(size=out.shape)
    right = [grad(lambda *values: anp.sum(dout * as_sums(*values, stride, pad)), position)(*arguments) for position in range(3)]
    close(reference.conv2d_backward(dout, cache), right)


@pytest.mark.parametrize(("shape", "size", "stride"), POOLS)
def test_pooling_is_scipys_maximum_filter_and_autograds(rng, shape, size, stride):
    x = rng.normal(size=shape)
    out, cache = reference.max_pool_forward(x, size, stride)
    filtered = ndimage.maximum_filter(x, (1, 1, size, size), origin=(0, 0, -((size - 1) // 2), -((size - 1) // 2)), mode="nearest")
    whole = filtered[:, :, : shape[2] - size + 1, : shape[3] - size + 1]
    if size % 2 == 0:  # an even window's centre is right of its middle
        filtered = ndimage.maximum_filter(x, (1, 1, size, size), origin=(0, 0, -size // 2, -size // 2), mode="nearest")
        whole = filtered[:, :, : shape[2] - size + 1, : shape[3] - size + 1]
    close(out, whole[:, :, ::stride, ::stride])
    dout = rng.normal(size=out.shape)
    close(reference.max_pool_backward(dout, cache), grad(lambda x: anp.sum(dout * as_maxima(x, size, stride)))(x))


def test_a_tie_goes_to_the_first_in_row_order():
    x = np.array([[0.0, 2.0], [2.0, 2.0]]).reshape(1, 1, 2, 2)
    out, cache = reference.max_pool_forward(x)
    close(reference.max_pool_backward(3.0 * out, cache), np.array([[0.0, 6.0], [0.0, 0.0]]).reshape(1, 1, 2, 2))


# --- the figures --------------------------------------------------------------------------------------------------------------


def numbers_in(ax):
    """Return the numbers that a figure shows in the cells of a grid."""
    return [float(text.get_text().replace("−", "-")) for text in ax.texts if text.get_text() not in "@="]


def test_figures_show_what_the_reference_computes(rng):
    W, dY = np.array([[1.0, 0.0], [2.0, -1.0]]), np.array([[1.0, 2.0], [0.0, -1.0]])
    dX, _ = reference.conv2d_single_backward(dY, np.zeros((3, 3)), W)
    assert numbers_in(figures.full_convolution(W, dY).axes[8]) == dX.ravel().tolist()
    image = np.arange(1.0, 17.0).reshape(1, 1, 4, 4)
    out, _ = reference.conv2d_forward(image, W[None, None], np.zeros(1), 2)
    assert numbers_in(figures.columns(image[0, 0], W).axes[3]) == out.ravel().tolist()
    kernel, dout = rng.integers(-3, 4, (1, 1, 3, 3)) * 1.0, rng.integers(-3, 4, (1, 1, 2, 2)) * 1.0
    dx, _, _ = reference.conv2d_backward(dout, (np.zeros((1, 1, 5, 5)), kernel, 2, 0))
    assert numbers_in(figures.zeros_between(dout[0, 0], kernel[0, 0]).axes[3]) == dx.ravel().tolist()
    titles = [ax.get_title() for ax in figures.places_of([(8, 3, 2, 0), (7, 3, 2, 1)]).axes]
    assert [title.split(": ")[1] for title in titles] == ["3 places", "4 places"]
    plt.close("all")


# --- the notebook's solution --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("X_shape", "W_shape"), SINGLE)
def test_solution_of_one_image_agrees_with_the_reference(rng, solution, X_shape, W_shape):
    X, W = rng.normal(size=X_shape), rng.normal(size=W_shape)
    Y = reference.conv2d_single(X, W)
    close(solution["conv2d_single"](X, W), Y)
    dY = rng.normal(size=Y.shape)
    close(solution["conv2d_single_backward"](dY, X, W), reference.conv2d_single_backward(dY, X, W))


@pytest.mark.parametrize(("x_shape", "W_shape", "stride", "pad"), LAYERS)
def test_solution_of_a_layer_agrees_with_the_reference(rng, solution, x_shape, W_shape, stride, pad):
    arguments = (*a_layer(rng, x_shape, W_shape), stride, pad)
    (out, cache), (right, right_cache) = solution["conv2d_forward"](*arguments), reference.conv2d_forward(*arguments)
    close(out, right)
    dout = rng.normal(size=right.shape)
    close(solution["conv2d_backward"](dout, cache), reference.conv2d_backward(dout, right_cache))


@pytest.mark.parametrize(("shape", "size", "stride"), POOLS)
@pytest.mark.parametrize("ties", [False, True])
def test_solution_of_pooling_agrees_with_the_reference(rng, solution, shape, size, stride, ties):
    x = rng.integers(0, 3, shape) if ties else rng.normal(size=shape)
    (out, cache), (right, right_cache) = solution["max_pool_forward"](x, size, stride), reference.max_pool_forward(x, size, stride)
    close(out, right)
    dout = rng.normal(size=right.shape)
    close(solution["max_pool_backward"](dout, cache), reference.max_pool_backward(dout, right_cache))


def test_solution_counts_places_as_the_reference(solution):
    for arguments in ((7, 3), (8, 3, 2), (5, 5), (3, 5, 2, 1), (6, 2, 4, 3)):
        assert solution["conv_output_size"](*arguments) == reference.conv_output_size(*arguments)
    with pytest.raises(ValueError, match="doesn't fit"):
        solution["conv_output_size"](3, 6, 1, 1)
