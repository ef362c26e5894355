"""Convolution and max pooling, as on the slides: the reference that the hidden suite compares with.

Where the notebook gathers windows and multiplies matrices, this module goes through the sums as they are written. Where the notebook pulls
the gradient of one image back by a convolution with the rotated kernel, this module hands it out window by window; and where the notebook
hands the gradient of a whole layer out, this module convolves with the rotated kernel.
"""

from __future__ import annotations

import numpy as np

ConvCache = tuple[np.ndarray, np.ndarray, int, int]
PoolCache = tuple[np.ndarray, int, int]


def floats(*arrays: object) -> list[np.ndarray]:
    """Return fresh float64 copies."""
    return [np.array(array, dtype=float) for array in arrays]


def conv2d_single(X, W) -> np.ndarray:
    """Slide a kernel over one image, stride 1, no padding: Yᵢⱼ = Σₘ Σₙ Wₘₙ Xᵢ₊ₘ,ⱼ₊ₙ for i ≤ H − KH and j ≤ W − KW.

    Parameters
    ----------
    X : array_like, shape (H, W)
    W : array_like, shape (KH, KW)

    Returns
    -------
    Y : ndarray, shape (H − KH + 1, W − KW + 1)

    References
    ----------
    The slides' Y = X * W, with the bounds of i and j mended; Goodfellow et al. (2016), Equation 9.6.
    """
    X, W = floats(X, W)
    KH, KW = W.shape
    Y = np.zeros((X.shape[0] - KH + 1, X.shape[1] - KW + 1))
    for i, j in np.ndindex(Y.shape):
        for m, n in np.ndindex(W.shape):
            Y[i, j] += W[m, n] * X[i + m, j + n]
    return Y


def conv2d_single_backward(dY, X, W) -> tuple[np.ndarray, np.ndarray]:
    """Hand the gradient of every output out to the pixels and weights that made it.

    ∂L/∂Xᵢ₊ₘ,ⱼ₊ₙ += Wₘₙ ∂L/∂Yᵢⱼ,   ∂L/∂Wₘₙ += Xᵢ₊ₘ,ⱼ₊ₙ ∂L/∂Yᵢⱼ

    Parameters
    ----------
    dY : array_like, shape (H − KH + 1, W − KW + 1)
    X : array_like, shape (H, W)
    W : array_like, shape (KH, KW)

    Returns
    -------
    dX, dW : ndarray
        Of the shapes of X and W.

    References
    ----------
    The slides' gradients with respect to activities and weights, before the sums are renumbered.
    """
    dY, X, W = floats(dY, X, W)
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    for i, j in np.ndindex(dY.shape):
        for m, n in np.ndindex(W.shape):
            dX[i + m, j + n] += W[m, n] * dY[i, j]
            dW[m, n] += X[i + m, j + n] * dY[i, j]
    return dX, dW


def conv_output_size(n, kernel, stride=1, pad=0) -> int:
    """Count the places of a window by putting it there: starts 0, s, 2s, … with start + kernel ≤ n + 2·pad.

    Parameters
    ----------
    n, kernel, stride, pad : int

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the kernel doesn't fit once.

    References
    ----------
    Dumoulin and Visin (2016), relationship 6.
    """
    if kernel > n + 2 * pad:
        raise ValueError(f"a kernel of {kernel} doesn't fit into {n} pixels with {pad} more on either side")
    return len(range(0, n + 2 * pad - kernel + 1, stride))


def _padded(x: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return images with zeros around them."""
    N, C, H, W = x.shape
    out = np.zeros((N, C, H + 2 * rows, W + 2 * columns))
    out[:, :, rows : rows + H, columns : columns + W] = x
    return out


def conv2d_forward(x, W, b, stride=1, pad=0) -> tuple[np.ndarray, ConvCache]:
    """Slide F kernels over every image of a batch: out = b_f + Σ_c Σₘ Σₙ W_fcmn x̃_c,(s·i+m),(s·j+n), where x̃ is x with zeros around it.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    W : array_like, shape (F, C, KH, KW)
    b : array_like, shape (F,)
    stride, pad : int

    Returns
    -------
    out : ndarray, shape (N, F, OH, OW)
    cache : tuple
        x and W as floats, stride and pad.

    References
    ----------
    Goodfellow et al. (2016), Equation 9.8; Dumoulin and Visin (2016), section 2.
    """
    x, W, b = floats(x, W, b)
    N, _, height, width = x.shape
    F, _, KH, KW = W.shape
    OH, OW = conv_output_size(height, KH, stride, pad), conv_output_size(width, KW, stride, pad)
    padded, out = _padded(x, pad, pad), np.empty((N, F, OH, OW))
    for i, j in np.ndindex(OH, OW):
        window = padded[:, :, i * stride : i * stride + KH, j * stride : j * stride + KW]
        out[:, :, i, j] = np.tensordot(window, W, axes=((1, 2, 3), (1, 2, 3))) + b
    return out, (x, W, stride, pad)


def conv2d_backward(dout, cache: ConvCache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pull a gradient back through the layer: both gradients are convolutions with the upstream gradient.

    With d the upstream gradient, stride − 1 zeros put between its entries:
    ∂L/∂x̃_c = Σ_f full(d_f, W_fc rotated by 180°),   ∂L/∂W_fc = Σ_n x̃_nc * d_nf,   ∂L/∂b_f = Σ d_f

    Parameters
    ----------
    dout : array_like, shape (N, F, OH, OW)
    cache : tuple
        From `conv2d_forward`.

    Returns
    -------
    dx, dW, db : ndarray
        Of the shapes of x, W and b.

    References
    ----------
    The slides' [(∂L/∂Y) * Ŵ], with channels; Dumoulin and Visin (2016), section 4, for the stride.
    """
    x, W, stride, pad = cache
    (dout,) = floats(dout)
    (N, C, height, width), (F, _, KH, KW) = x.shape, W.shape
    spread = np.zeros((N, F, height + 2 * pad - KH + 1, width + 2 * pad - KW + 1))  # what stride 1 would have given
    spread[:, :, ::stride, ::stride] = dout
    full, rotated = _padded(spread, KH - 1, KW - 1), W[:, :, ::-1, ::-1]
    around = np.empty((N, C, height + 2 * pad, width + 2 * pad))
    for i, j in np.ndindex(around.shape[2:]):
        around[:, :, i, j] = np.tensordot(full[:, :, i : i + KH, j : j + KW], rotated, axes=((1, 2, 3), (0, 2, 3)))
    padded, dW = _padded(x, pad, pad), np.empty_like(W)
    for m, n in np.ndindex(KH, KW):
        seen = padded[:, :, m : m + spread.shape[2], n : n + spread.shape[3]]
        dW[:, :, m, n] = np.tensordot(spread, seen, axes=((0, 2, 3), (0, 2, 3)))
    return around[:, :, pad : pad + height, pad : pad + width], dW, dout.sum(axis=(0, 2, 3))


def max_pool_forward(x, size=2, stride=2) -> tuple[np.ndarray, PoolCache]:
    """Keep the largest value of every window of size × size: outᵢⱼ = max{x_(s·i+m),(s·j+n)}, 0 ≤ m, n < size.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    size, stride : int

    Returns
    -------
    out : ndarray, shape (N, C, OH, OW)
    cache : tuple
        x as floats, size and stride.

    References
    ----------
    The slides' Y = POOL(X), with the bounds of i and j mended, for any window.
    """
    (x,) = floats(x)
    N, C, H, W = x.shape
    out = np.empty((N, C, conv_output_size(H, size, stride), conv_output_size(W, size, stride)))
    for n, c, i, j in np.ndindex(out.shape):
        out[n, c, i, j] = np.max(x[n, c, i * stride : i * stride + size, j * stride : j * stride + size])
    return out, (x, size, stride)


def max_pool_backward(dout, cache: PoolCache) -> np.ndarray:
    """Give every window's gradient to its maximum, the first in row order, and add up where windows share it.

    Parameters
    ----------
    dout : array_like, shape (N, C, OH, OW)
    cache : tuple
        From `max_pool_forward`.

    Returns
    -------
    dx : ndarray, shape (N, C, H, W)

    References
    ----------
    Goodfellow et al. (2016), section 9.3; which of several maxima gets the gradient is a convention, and PyTorch's too.
    """
    x, size, stride = cache
    (dout,) = floats(dout)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        row, column = np.argwhere(window == window.max())[0]
        dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx
