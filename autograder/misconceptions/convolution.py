"""What students believe about convolution and pooling, and right answers that are written in other ways.

The caches of the reference, which the answers here share, are (x, W, stride, pad) and (x, size, stride).
"""

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.kit.families import added_to_integers, cut_off, in_a_tuple, in_place, left_out, only_the_first, variants

from ..reference import convolution as right

# --- what the answers share -----------------------------------------------------------------------------------------------------


def _around(x, before, after):
    """Put zeros around images: above and on the left, below and on the right."""
    return np.pad(np.asarray(x, dtype=float), ((0, 0), (0, 0), (before, after), (before, after)))


def _places(n, kernel, stride, pad=0):
    """Count the places of a window."""
    return (n + 2 * pad - kernel) // stride + 1


def _kept(x, W, stride, pad):
    """Return the reference's cache."""
    return x * 1.0, W * 1.0, stride, pad


def _out(x, W, b, stride, pad, *, down=0, across=0, padded=None, size=None, window=None):
    """Slide kernels over images: over those that are `padded` already, by steps of `down` and `across`, to an output of `size`."""
    padded, down, across = _around(x, pad, pad) if padded is None else padded, down or stride, across or stride
    KH, KW = W.shape[2:] if window is None else window
    OH, OW = (_places(x.shape[2], KH, stride, pad), _places(x.shape[3], KW, stride, pad)) if size is None else size
    if size is None and padded.shape[2] != x.shape[2] + 2 * pad:
        OH, OW = _places(padded.shape[2], KH, stride), _places(padded.shape[3], KW, stride)
    out = np.zeros((len(padded), len(W), OH, OW))
    for i, j in np.ndindex(OH, OW):
        seen = padded[:, :, i * down : i * down + KH, j * across : j * across + KW]
        out[:, :, i, j] = np.tensordot(seen, W, axes=((1, 2, 3), (1, 2, 3))) + b
    return out


def _back(dout, cache, *, down=0, across=0, W=None, add=True, crop=True):
    """Return the gradients of a layer: with another stride, with other kernels for dx, with `=` for `+=`, with the padding around dx."""
    x, kernels, stride, pad = cache
    W, padded, down, across = kernels if W is None else W, _around(x, pad, pad), down or stride, across or stride
    dpadded, dW = np.zeros(padded.shape), np.zeros(kernels.shape)
    for i, j in np.ndindex(dout.shape[2:]):
        place = np.s_[:, :, i * down : i * down + W.shape[2], j * across : j * across + W.shape[3]]
        part = np.tensordot(dout[:, :, i, j], W, axes=1)[:, :, : dpadded[place].shape[2], : dpadded[place].shape[3]]
        dpadded[place] = part + dpadded[place] * add
        here = np.s_[:, :, i * down : i * down + kernels.shape[2], j * across : j * across + kernels.shape[3]]
        dW += np.tensordot(dout[:, :, i, j], padded[here], axes=((0,), (0,)))
    dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] if crop else dpadded
    return dx, dW, np.sum(dout, axis=(0, 2, 3))


def _windows(x, size, stride):
    """Return all windows of images, shape (N, C, OH, OW, size, size)."""
    return np.lib.stride_tricks.sliding_window_view(np.asarray(x, dtype=float), (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def _correlated(X, W):
    """Slide a kernel over one image."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(X, dtype=float), np.shape(W))
    return np.einsum("ijmn,mn->ij", windows, W)


def _full(dY, W):
    """Slide a kernel over one gradient with zeros around it."""
    KH, KW = np.shape(W)
    return _correlated(np.pad(dY, ((KH - 1, KH - 1), (KW - 1, KW - 1))), W)


def _check(n, kernel, pad):
    """Raise ValueError where the kernel doesn't fit."""
    if kernel > n + 2 * pad:
        raise ValueError("the kernel doesn't fit")


# --- conv2d_single: wrong -----------------------------------------------------------------------------------------------------


@misconception("conv2d_single", "core", title="The kernel is flipped", see="12 §2")
def single_flipped(X, W):
    """You turned the kernel by 180° before you slid it over the image. That is what mathematics calls convolution; in deep learning, and
    in equation (1), the kernel stays as it is: W[m, n] meets X[i + m, j + n]."""
    return _correlated(X, W[::-1, ::-1])


@misconception("conv2d_single", "core", title="The kernel is transposed", see="12 §2")
def single_kernel_transposed(X, W):
    """You mirrored the kernel at its diagonal. It stays as it is: W[m, n] meets X[i + m, j + n], rows with rows, columns with columns."""
    return _correlated(X, W.T)


@misconception("conv2d_single", "part", title="The indices run one place too far", see="12 §2")
def single_one_too_many(X, W):
    """Your i and j run up to n − F + 1 inclusive, as on the slides. That is one place too many: the last window would reach beyond the
    image. There are n − F + 1 places, numbered from 0 to n − F."""
    padded = np.pad(X * 1.0, ((0, 1), (0, 1)))
    return _correlated(padded, W)


@misconception("conv2d_single", "core", title="The indices run one place too far, beyond the image", see="12 §2")
def single_beyond_the_image(X, W):
    """Your i and j run up to n − F + 1 inclusive, as on the slides, and the last window is smaller than the kernel, so NumPy refuses to
    multiply the two. There are n − F + 1 places, numbered from 0 to n − F."""
    Y = np.zeros((X.shape[0] - W.shape[0] + 2, X.shape[1] - W.shape[1] + 2))
    for i, j in np.ndindex(Y.shape):
        Y[i, j] = np.sum(X[i : i + W.shape[0], j : j + W.shape[1]] * W)
    return Y


@misconception("conv2d_single", "part", title="The last row and column are missing", see="12 §2")
def single_one_too_few(X, W):
    """Your output has n − F rows, and the last place of the window is missing. From 0 to n − F are n − F + 1 places: `range(n - F + 1)`,
    since `range` leaves its end out."""
    return _correlated(X, W)[:-1, :-1]


@misconception("conv2d_single", "slip", title="The output's width is copied from its height", see="12 §2")
def single_square_output(X, W):
    """You computed the height of the output and used it for the width too. Images needn't be square, and kernels neither: the output has
    H − KH + 1 rows and W − KW + 1 columns."""
    Y = np.zeros((X.shape[0] - W.shape[0] + 1,) * 2)
    for i, j in np.ndindex(Y.shape):
        Y[i, j] = np.sum(X[i : i + W.shape[0], j : j + W.shape[1]] * W)
    return Y


@misconception("conv2d_single", "slip", title="Kernels are taken to be square", see="12 §2")
def single_square_kernel(X, W):
    """You read one number F off the kernel and used it for rows and columns. A kernel may be wide or high: take both numbers, `KH, KW =
    W.shape`, the first for the rows and the second for the columns."""
    F = W.shape[0]
    Y = np.zeros((X.shape[0] - F + 1, X.shape[1] - F + 1))
    for i, j in np.ndindex(Y.shape):
        Y[i, j] = np.sum(X[i : i + F, j : j + F] * W)
    return Y


@misconception("conv2d_single", "slip", title="Kernels are taken to be square, and cut", see="12 §2")
def single_corner_of_the_kernel(X, W):
    """You read one number F off the kernel, and used F rows and columns of it. A kernel may be wide or high: `KH, KW = W.shape`."""
    return _correlated(X, W[:, : len(W)])


@misconception("conv2d_single", "part", title="The kernel is taken to be 3×3", see="12 §2")
def single_kernel_of_three(X, W):
    """Your window has 3 rows and 3 columns, whatever the kernel. Take both numbers from it: `KH, KW = W.shape`."""
    Y = np.zeros((X.shape[0] - 2, X.shape[1] - 2))
    for i, j in np.ndindex(Y.shape):
        Y[i, j] = np.sum(X[i : i + 3, j : j + 3] * W)
    return Y


@misconception("conv2d_single", "core", title="Rows and columns are swapped in the output", see="12 §2")
def single_transposed(X, W):
    """Your output is the right one, mirrored at its diagonal: i moves the window down and has to be the row of the output, j moves it to
    the right and is the column."""
    return _correlated(X, W).T.copy()


@misconception("conv2d_single", "part", title="The image is padded to keep its size", see="12 §2")
def single_same_size(X, W):
    """Your output is as large as the image, so you put zeros around it. Padding comes in §4; here the window stays inside the image, and
    the output has H − KH + 1 rows and W − KW + 1 columns."""
    above, left = W.shape[0] // 2, W.shape[1] // 2
    return _correlated(np.pad(X, ((above, W.shape[0] - 1 - above), (left, W.shape[1] - 1 - left))), W)


@misconception("conv2d_single", "part", title="The products are averaged", see="12 §2")
def single_averaged(X, W):
    """You took the mean of the products where equation (1) has their sum. A kernel that should average has 1/F² in its weights; the layer
    itself only adds up."""
    return _correlated(X, W) / W.size


@misconception("conv2d_single", "core", title="The window is multiplied in place", see="12 §2")
def single_in_place(X, W):
    """`window *= W` writes into the image, because a slice is a view of it: the next window then sees products instead of pixels, and the
    caller's X is spoilt. Write `window * W`, which makes a new array."""
    Y = np.zeros((X.shape[0] - W.shape[0] + 1, X.shape[1] - W.shape[1] + 1))
    for i, j in np.ndindex(Y.shape):
        window = X[i : i + W.shape[0], j : j + W.shape[1]]
        window *= W
        Y[i, j] = np.sum(window)
    return Y


single_in_place_at_the_end = in_place("conv2d_single", right.conv2d_single, see="12 §2")
single_cut_off = cut_off("conv2d_single", right.conv2d_single, see="12 §2")
single_adds_to_integers = added_to_integers("conv2d_single", right.conv2d_single, see="12 §2")


# --- conv2d_single: right -----------------------------------------------------------------------------------------------------


@alternative("conv2d_single")
def single_in_four_loops(X, W):
    Y = np.zeros((len(X) - len(W) + 1, len(X[0]) - len(W[0]) + 1))
    for i in range(len(Y)):
        for j in range(len(Y[0])):
            total = 0.0
            for m in range(len(W)):
                for n in range(len(W[0])):
                    total += float(W[m, n]) * float(X[i + m, j + n])
            Y[i, j] = total
    return Y


@alternative("conv2d_single")
def single_by_shifted_images(X, W):
    KH, KW = W.shape
    OH, OW = X.shape[0] - KH + 1, X.shape[1] - KW + 1
    return sum(float(W[m, n]) * X[m : m + OH, n : n + OW].astype(float) for m in range(KH) for n in range(KW))


@alternative("conv2d_single")
def single_by_stride_tricks(X, W):
    X = np.ascontiguousarray(X, dtype=np.float64)
    shape = (X.shape[0] - W.shape[0] + 1, X.shape[1] - W.shape[1] + 1, *W.shape)
    return np.tensordot(np.lib.stride_tricks.as_strided(X, shape, X.strides * 2), W, axes=2)


@alternative("conv2d_single")
def single_by_fourier_transform(X, W):
    shape = (X.shape[0] + W.shape[0] - 1, X.shape[1] + W.shape[1] - 1)
    full = np.fft.irfft2(np.fft.rfft2(X, shape) * np.fft.rfft2(W[::-1, ::-1], shape), shape)
    return full[W.shape[0] - 1 : X.shape[0], W.shape[1] - 1 : X.shape[1]]


@alternative("conv2d_single")
def single_in_32_bits(X, W):
    return _correlated(X, W).astype(np.float32)


# --- conv2d_single_backward: wrong --------------------------------------------------------------------------------------------


@misconception("conv2d_single_backward", "part", title="The kernel isn't rotated", see="12 §3")
def single_backward_not_rotated(dY, X, W):
    """Your dX slides the kernel over dY as it is. X[i, j] was used with W[m, n] in the output at [i − m, j − n]: the index of dY goes
    down where that of W goes up, so the kernel has to be turned by 180°, `W[::-1, ::-1]`."""
    return _full(dY, W), _correlated(X, dY)


@misconception("conv2d_single_backward", "part", title="The kernel is transposed instead of rotated", see="12 §3")
def single_backward_transposed(dY, X, W):
    """Your dX uses the transpose of the kernel. Rotating by 180° reverses the order of rows and of columns, and a row remains a row:
    `W[::-1, ::-1]`, not `W.T`."""
    return _full(dY, W.T), _correlated(X, dY)


@misconception("conv2d_single_backward", "part", title="The kernel is rotated by 90°", see="12 §3")
def single_backward_quarter_turn(dY, X, W):
    """`np.rot90(W)` turns the kernel by a quarter only. It has to be half a turn, `np.rot90(W, 2)` or `W[::-1, ::-1]`, since both indices
    change their direction."""
    return _full(dY, np.rot90(W)), _correlated(X, dY)


@misconception("conv2d_single_backward", "part", title="The kernel is flipped in one direction only", see="12 §3")
def single_backward_half_flipped(dY, X, W):
    """`W[::-1]` reverses the rows alone. In the gradient both indices change their direction, so reverse the columns too: `W[::-1,
    ::-1]`."""
    return _full(dY, W[::-1]), _correlated(X, dY)


@misconception("conv2d_single_backward", "part", title="dX is assigned, not added up", see="12 §3")
def single_backward_assigned(dY, X, W):
    """You wrote `dX[window] = …`. Windows overlap, so most pixels were used by several outputs, and what comes back from all of them has
    to be added: `dX[window] += …`. As it is, each window overwrites what the ones before it said."""
    dX = np.zeros(X.shape)
    for i, j in np.ndindex(dY.shape):
        dX[i : i + W.shape[0], j : j + W.shape[1]] = W * dY[i, j]
    return dX, _correlated(X, dY)


@misconception("conv2d_single_backward", "part", title="dW is assigned, not added up", see="12 §3")
def single_backward_last_window(dY, X, W):
    """Your dW knows the last window only, because each `dW = …` overwrites the one before. The kernel was used at every place of the
    window, and its gradient is the sum over all of them: `dW += …`."""
    OH, OW = dY.shape
    return _full(dY, W[::-1, ::-1]), np.array(X[OH - 1 :, OW - 1 :] * dY[-1, -1], dtype=float)


@misconception("conv2d_single_backward", "part", title="dW is averaged over the places", see="12 §3")
def single_backward_averaged(dY, X, W):
    """You divided dW by the number of outputs. The kernel was used at every place, and its gradient is the sum of what all of them say;
    if the loss is a mean, its divisor is in dY already."""
    return _full(dY, W[::-1, ::-1]), _correlated(X, dY) / dY.size


@misconception("conv2d_single_backward", "part", title="dW is rotated as well", see="12 §3")
def single_backward_dW_rotated(dY, X, W):
    """Your dX is right, but dW is turned by 180°. W[m, n] met X[i + m, j + n]: both indices go up together, so dW is X slid over by dY
    with nothing turned, `dW[m, n] = Σ dY[i, j] X[i + m, j + n]`."""
    return _full(dY, W[::-1, ::-1]), _correlated(X, dY)[::-1, ::-1].copy()


@misconception("conv2d_single_backward", "part", title="The upstream gradient is rotated in dW", see="12 §3")
def single_backward_upstream_rotated(dY, X, W):
    """You turned dY by 180° for dW, as the kernel is turned for dX. W[m, n] met X[i + m, j + n] for dY[i, j]: nothing is turned there."""
    return _full(dY, W[::-1, ::-1]), _correlated(X, dY[::-1, ::-1])


@misconception("conv2d_single_backward", "part", title="Only pixels in the middle get a gradient", see="12 §3")
def single_backward_not_full(dY, X, W):
    """You convolved dY without zeros around it, so the pixels near the rim, which were used by fewer outputs, got nothing. It has to be
    the full convolution: KH − 1 rows of zeros above and below, KW − 1 columns on either side."""
    dX = np.zeros(X.shape)
    if dY.shape[0] >= W.shape[0] and dY.shape[1] >= W.shape[1]:
        middle = _correlated(dY, W[::-1, ::-1])
        dX[W.shape[0] - 1 : X.shape[0] - W.shape[0] + 1, W.shape[1] - 1 : X.shape[1] - W.shape[1] + 1] = middle
    return dX, _correlated(X, dY)


@misconception("conv2d_single_backward", "slip", title="Rows and columns get the same number of zeros", see="12 §3")
def single_backward_square_padding(dY, X, W):
    """You put KH − 1 zeros on all four sides. That is right for square kernels only: above and below it takes KH − 1 rows, on the left
    and the right KW − 1 columns."""
    return _correlated(np.pad(np.asarray(dY, dtype=float), W.shape[0] - 1), W[::-1, ::-1]), _correlated(X, dY)


@misconception("conv2d_single_backward", "part", title="There is always one zero on each side", see="12 §3")
def single_backward_padding_of_one(dY, X, W):
    """You put one row and column of zeros around dY, which is right for kernels of 2×2. For a full convolution it takes KH − 1 rows and
    KW − 1 columns on each side."""
    around, rotated = np.pad(dY, 1), W[::-1, ::-1]
    fits = all(np.less_equal(W.shape, around.shape))
    return _correlated(around, rotated) if fits else np.zeros((0, 0)), _correlated(X, dY)


@misconception("conv2d_single_backward", "core", title="The upstream gradient is ignored", see="12 §3")
def single_backward_without_upstream(dY, X, W):
    """You differentiated the sum of all outputs, as if dY were full of ones. The layer above says with dY how much each output matters,
    and every term has to be multiplied by it."""
    ones = np.ones(dY.shape)
    return _full(ones, W[::-1, ::-1]), _correlated(X, ones)


@misconception("conv2d_single_backward", "part", title="The two gradients are returned in the wrong order", see="12 §3")
def single_backward_swapped(dY, X, W):
    """You returned dW first. Gradients come in the order of the forward's arguments: conv2d_single(X, W) has X first, so it is (dX,
    dW)."""
    return _correlated(X, dY), _full(dY, W[::-1, ::-1])


@misconception("conv2d_single_backward", "slip", title="The gradients have the integers' type", see="12 §3")
def single_backward_truncated(dY, X, W):
    """You made dX and dW with `zeros_like`. Where X or W holds integers, so do they, and everything behind the decimal point is cut off.
    Make them with `np.zeros(X.shape)`, which holds floats."""
    return _full(dY, W[::-1, ::-1]).astype(X.dtype), _correlated(X, dY).astype(W.dtype)


single_backward_in_place = in_place("conv2d_single_backward", right.conv2d_single_backward, see="12 §3", position=1)
single_backward_adds_to_integers = added_to_integers("conv2d_single_backward", right.conv2d_single_backward, see="12 §3", position=1)
single_backward_dX_of_zeros, single_backward_dW_of_zeros = (
    left_out(
        "conv2d_single_backward", right.conv2d_single_backward, see="12 §3", called=f"single_backward_{d}_of_zeros", argument=d, output=k
    )
    for k, d in enumerate(("dX", "dW"))
)


# --- conv2d_single_backward: right --------------------------------------------------------------------------------------------


@alternative("conv2d_single_backward")
def single_backward_by_scattering(dY, X, W):
    dX, dW = np.zeros(X.shape), np.zeros(W.shape)
    KH, KW = W.shape
    for (i, j), d in np.ndenumerate(dY):
        dX[i : i + KH, j : j + KW] += W * float(d)
        dW += X[i : i + KH, j : j + KW] * float(d)
    return dX, dW


@alternative("conv2d_single_backward")
def single_backward_by_a_matrix(dY, X, W):
    OH, OW = dY.shape
    places = np.arange(X.size).reshape(X.shape)
    windows = np.lib.stride_tricks.sliding_window_view(places, W.shape).reshape(OH * OW, -1)
    d = np.asarray(dY, dtype=float).ravel()
    dX = np.zeros(X.size)
    np.add.at(dX, windows, np.outer(d, np.ravel(W)))
    return dX.reshape(X.shape), (d @ np.ravel(X)[windows]).reshape(W.shape)


@alternative("conv2d_single_backward")
def single_backward_offset_by_offset(dY, X, W):
    dY = dY.astype(float)
    OH, OW = dY.shape
    dX, dW = np.zeros(X.shape), np.empty(W.shape)
    for m, n in np.ndindex(*W.shape):
        dX[m : m + OH, n : n + OW] += W[m, n] * dY
        dW[m, n] = np.vdot(X[m : m + OH, n : n + OW].astype(float), dY)
    return [dX, dW]


# --- conv_output_size: wrong --------------------------------------------------------------------------------------------------


@misconception("conv_output_size", "part", title="Rounded up instead of down", see="12 §4")
def size_ceiling(n, kernel, stride=1, pad=0):
    """You rounded up. Where the stride doesn't come out even, one more window would reach beyond the padded image; the convention is to
    drop what is left over, so round down: (n + 2·pad − kernel) // stride + 1."""
    _check(n, kernel, pad)
    return -((kernel - n - 2 * pad) // stride) + 1


@misconception("conv_output_size", "part", title="The size is a fraction", see="12 §4")
def size_fraction(n, kernel, stride=1, pad=0):
    """You divided with `/`. Where the stride doesn't come out even this is no integer, and even where it does, Python's result is a
    float, which can't be part of a shape. Use `//`."""
    _check(n, kernel, pad)
    return (n + 2 * pad - kernel) / stride + 1


@misconception("conv_output_size", "slip", title="The size is a float", see="12 §4")
def size_float(n, kernel, stride=1, pad=0):
    """You rounded down with `np.floor`, which returns a float: 3.0 is no size, and `np.zeros((3.0, 3.0))` raises. Use `//`, or convert
    with `int`."""
    _check(n, kernel, pad)
    return float(np.floor((n + 2 * pad - kernel) / stride) + 1)


@misconception("conv_output_size", "core", title="The + 1 is forgotten", see="12 §4")
def size_without_the_first(n, kernel, stride=1, pad=0):
    """You counted how often the window can *move*: (n + 2·pad − kernel) // stride times. The place where it starts counts too, so add
    1."""
    _check(n, kernel, pad)
    return (n + 2 * pad - kernel) // stride


@misconception("conv_output_size", "part", title="The + 1 is divided by the stride", see="12 §4")
def size_plus_one_inside(n, kernel, stride=1, pad=0):
    """You divided n + 2·pad − kernel + 1 by the stride. The + 1 is for the first window, which needs no step, so it comes after the
    division. With stride 1 you can't tell the difference."""
    _check(n, kernel, pad)
    return (n + 2 * pad - kernel + 1) // stride


@misconception("conv_output_size", "part", title="The padding is counted once", see="12 §4")
def size_padding_once(n, kernel, stride=1, pad=0):
    """You added pad once. It is put on *both* sides, so the padded image has n + 2·pad pixels."""
    _check(n + pad, kernel, 0)
    return (n + pad - kernel) // stride + 1


@misconception("conv_output_size", "part", title="The stride is ignored", see="12 §4")
def size_without_stride(n, kernel, stride=1, pad=0):
    """You counted the places for stride 1. With a larger stride the window visits every stride-th of them only: divide the number of
    steps, n + 2·pad − kernel, by the stride, and round down."""
    _check(n, kernel, pad)
    return n + 2 * pad - kernel + 1


@misconception("conv_output_size", "slip", title="ValueError is missing", see="12 §4")
def size_without_error(n, kernel, stride=1, pad=0):
    """Your formula is right, but where the kernel is larger than the padded image you return zero or a negative number, and the mistake
    surfaces far from where it was made. Raise ValueError if kernel > n + 2·pad."""
    return _places(n, kernel, stride, pad)


@misconception("conv_output_size", "part", title="Rounded to the nearest number", see="12 §4")
def size_rounded(n, kernel, stride=1, pad=0):
    """You rounded to the nearest whole number. A step that would leave the image isn't taken, however small the part is that is missing:
    round down, with `//`."""
    _check(n, kernel, pad)
    return round((n + 2 * pad - kernel) / stride) + 1


@misconception("conv_output_size", "slip", title="None instead of an error", see="12 §4")
def size_none(n, kernel, stride=1, pad=0):
    """You return None, or print something, where the kernel doesn't fit. The caller goes on with None, and fails elsewhere: raise
    ValueError."""
    return None if kernel > n + 2 * pad else _places(n, kernel, stride, pad)


@misconception("conv_output_size", "slip", title="The error forgets the padding", see="12 §4")
def size_error_without_padding(n, kernel, stride=1, pad=0):
    """You raise where the image is smaller than the kernel, but you forgot to count the padding with it: with enough zeros around it, a
    small image holds a large kernel. Compare the kernel with n + 2·pad."""
    _check(n, kernel, 0)
    return _places(n, kernel, stride, pad)


@misconception("conv_output_size", "slip", title="A kernel that just fits is refused", see="12 §4")
def size_refuses_the_largest(n, kernel, stride=1, pad=0):
    """You raise ValueError where the kernel is as large as the padded image. It fits there exactly once, and the size is 1. Only a larger
    kernel is refused."""
    _check(n, kernel + 1, pad)
    return _places(n, kernel, stride, pad)


@misconception("conv_output_size", "part", title="A stride that leaves a rest is refused", see="12 §4")
def size_refuses_a_rest(n, kernel, stride=1, pad=0):
    """You raise ValueError where the stride doesn't come out even. Some programs do, but here rows and columns that are left over are
    just dropped: round down. Only a kernel that doesn't fit at all is refused."""
    _check(n, kernel, pad)
    if (n + 2 * pad - kernel) % stride:
        raise ValueError("the stride doesn't come out even")
    return _places(n, kernel, stride, pad)


@misconception("conv_output_size", "slip", title="Another exception than ValueError", see="12 §4")
def size_other_error(n, kernel, stride=1, pad=0):
    """Your formula is right, and a kernel that doesn't fit is refused, but not with the exception that is asked for: write `raise
    ValueError(…)`. An `assert` raises AssertionError, and doesn't even run under `python -O`."""
    assert kernel <= n + 2 * pad
    return _places(n, kernel, stride, pad)


# --- conv_output_size: right --------------------------------------------------------------------------------------------------


@alternative("conv_output_size")
def size_by_floor(n, kernel, stride=1, pad=0):
    room = n + 2 * pad - kernel
    if room < 0:
        raise ValueError(f"{kernel} > {n} + 2·{pad}")
    return int(np.floor(room / stride)) + 1


@alternative("conv_output_size")
def size_by_walking(n, kernel, stride=1, pad=0):
    start, count = -pad, 0
    while start + kernel <= n + pad:
        start, count = start + stride, count + 1
    if count == 0:
        raise ValueError("no window fits")
    return count


@alternative("conv_output_size")
def size_with_the_stride_first(n, kernel, stride=1, pad=0):
    size = (n + 2 * pad - kernel + stride) // stride
    if n + 2 * pad < kernel:
        raise ValueError
    return np.int64(size)


class _KernelTooLarge(ValueError):
    pass


@alternative("conv_output_size")
def size_with_an_error_of_its_own(n, kernel, stride=1, pad=0):
    if kernel > n + 2 * pad:
        raise _KernelTooLarge(kernel)
    return np.asarray(_places(n, kernel, stride, pad))


# --- conv2d_forward: wrong ----------------------------------------------------------------------------------------------------


def _forward_as(how, x, W, b, stride=1, pad=0):
    return how(x, W, b, stride, pad), _kept(x, W, stride, pad)


# fmt: off
FORWARD = variants("conv2d_forward", "12 §5", right.conv2d_forward, _forward_as, {
    "forward_padding_of_one": ("part", "The padding is always 1",
        "You put one row and column of zeros around the images, whatever `pad` says. It is an argument, and 0 by default: put `pad` of "
        "them on each side.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, padded=_around(x, 1, 1))),
    "forward_one_sided": ("part", "The padding is on one side only",
        "All your zeros are above and to the left of the image (or all below and to the right). Padding is symmetric: `pad` rows above and "
        "`pad` below, `pad` columns on the left and `pad` on the right.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, padded=_around(x, 2 * pad, 0))),
    "forward_one_sided_and_small": ("part", "The padding is on one side only, and too little",
        "You put `pad` rows and columns of zeros on one side of the image and none on the other, so the output is too small. Padding goes "
        "on both sides: `((0, 0), (0, 0), (pad, pad), (pad, pad))`.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, padded=_around(x, pad, 0))),
    "forward_without_padding": ("part", "The padding is ignored",
        "You never used `pad`. Put `pad` rows and columns of zeros on every side of the images before the window slides over them.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, padded=_around(x, 0, 0))),
    "forward_pads_every_axis": ("part", "Batch and channels are padded too",
        "`np.pad(x, pad)` pads all four axes: it adds empty images to the batch and empty channels to the images. Say for each axis what "
        "you want: `((0, 0), (0, 0), (pad, pad), (pad, pad))`.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, padded=np.pad(x * 1.0, pad))),
    "forward_stride_missing_across": ("part", "The stride is missing in the columns",
        "Your window moves down by the stride, but to the right by single pixels: the stride is missing in the index of the columns. It "
        "belongs into both: rows from i·stride, columns from j·stride.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, across=1)),
    "forward_stride_missing_down": ("part", "The stride is missing in the rows",
        "Your window moves to the right by the stride, but down by single pixels: the stride is missing in the index of the rows. It "
        "belongs into both: rows from i·stride, columns from j·stride.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, down=1)),
    "forward_stride_in_the_size_only": ("part", "The stride counts for the size only",
        "Your output has the right shape, but the window moves by single pixels and sees only the upper left part of the image. The window "
        "for output [i, j] starts at row i·stride and column j·stride.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, down=1, across=1)),
    "forward_without_stride": ("part", "The stride is ignored",
        "You never used `stride`: the window stops at every pixel, and the output is too large. It should stop at every stride-th only, "
        "down and across.",
        lambda x, W, b, stride, pad: _out(x, W, b, 1, pad)),
    "forward_kernel_transposed": ("core", "Rows and columns of the kernel are swapped",
        "You took the last two axes of the kernels as (KW, KH), so every kernel lies on its side. W has shape (F, C, KH, KW): rows first, "
        "as in the images.",
        lambda x, W, b, stride, pad: _out(x, np.swapaxes(W, 2, 3), b, stride, pad)),
    "forward_square_kernel": ("slip", "Kernels are taken to be square",
        "You used the height of the kernel for its width too. Kernels needn't be square: `F, C, KH, KW = W.shape`, and each window has KH "
        "rows and KW columns.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, window=(W.shape[2], W.shape[2]))),
    "forward_without_bias": ("part", "The bias is forgotten",
        "You never added b. Every kernel has one bias, which is added to all of its outputs: out[:, f] is the convolution with kernel f, "
        "plus b[f].",
        lambda x, W, b, stride, pad: _out(x, W, 0 * b, stride, pad)),
    "forward_bias_per_channel": ("part", "The bias is added once for every channel",
        "You added the bias inside the sum over the channels, so it counts C times. It belongs behind the sum: one bias per kernel and "
        "output.",
        lambda x, W, b, stride, pad: _out(x, W, x.shape[1] * b, stride, pad)),
    "forward_bias_along_the_columns": ("part", "The bias is added along the columns",
        "`out + b` lines b up with the last axis of out, the columns of the image. The kernels are axis 1: write `b.reshape(1, -1, 1, 1)` "
        "or `b[:, None, None]`.",
        lambda x, W, b, stride, pad: _out(x, W, 0 * b, stride, pad) + b),
})
FORWARD_2 = variants("conv2d_forward", "12 §2", right.conv2d_forward, _forward_as, {
    "forward_flipped": ("core", "The kernel is flipped",
        "You turned the kernels by 180° before you used them. That is what mathematics calls convolution; here, as in every deep-learning "
        "library, they stay as they are. The rotation belongs into the backward pass.",
        lambda x, W, b, stride, pad: _out(x, W[:, :, ::-1, ::-1], b, stride, pad)),
})
FORWARD_3 = variants("conv2d_forward", "12 §5", right.conv2d_forward, _forward_as, {
    "forward_first_channel": ("core", "Only the first channel is seen",
        "Your sum has the first channel only. A kernel has shape (C, KH, KW): it looks at all channels of its window at once, and sums "
        "over all of them.",
        lambda x, W, b, stride, pad: _out(x[:, :1], W[:, :1], b, stride, pad)),
    "forward_channels_averaged": ("core", "The channels are averaged",
        "You took the mean over the channels. A kernel sums over its whole window, the channels included; if less is wanted, the weights "
        "can learn it.",
        lambda x, W, b, stride, pad: _out(x, W / x.shape[1], b, stride, pad)),
    "forward_number_for_size": ("core", "F is taken for the kernel's size",
        "You used F, the first number of W.shape, as the rows and columns of the window. On the slides F is the kernel's size, but here "
        "it is the number of kernels: `F, C, KH, KW = W.shape`.",
        lambda x, W, b, stride, pad: _out(x, W, b, stride, pad, window=(len(W), len(W)))),
})
# fmt: on


@misconception("conv2d_forward", "part", title="The rim is repeated instead of padded with zeros", see="12 §5")
def forward_edge_padding(x, W, b, stride=1, pad=0):
    """You continued the image with copies of its outermost pixels (`mode="edge"`). That is a useful idea, but the padding wanted here is
    zeros, `np.pad`'s default."""
    return _out(x, W, b, stride, pad, padded=np.pad(x * 1.0, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="edge")), _kept(
        x, W, stride, pad
    )


@misconception("conv2d_forward", "slip", title="The output's size is rounded up", see="12 §4")
def forward_size_rounded_up(x, W, b, stride=1, pad=0):
    """You rounded the output's size up, so the last windows reach beyond the padded image. What is left over is dropped: round down, as
    conv_output_size does."""
    size = [-((K - n - 2 * pad) // stride) + 1 for n, K in zip(x.shape[2:], W.shape[2:], strict=True)]
    return _out(x, W, b, stride, pad, padded=_around(x, pad, pad + stride), size=size), _kept(x, W, stride, pad)


@misconception("conv2d_forward", "slip", title="The output's width is copied from its height", see="12 §5")
def forward_square_output(x, W, b, stride=1, pad=0):
    """You computed the height of the output and used it for the width too. Images and kernels needn't be square: compute each from its
    own axis, the height from H and KH, the width from WX and KW."""
    size = (_places(x.shape[2], W.shape[2], stride, pad),) * 2
    return _out(x, W, b, stride, pad, size=size), _kept(x, W, stride, pad)


@misconception("conv2d_forward", "part", title="Without padding the function crashes", see="12 §5")
def forward_crashes_without_padding(x, W, b, stride=1, pad=0):
    """You make the padded images only `if pad > 0`, so with pad = 0, the default, the name is unknown later on. No special case is
    needed: `np.pad` with a width of 0 returns the images as they are."""
    if pad > 0:
        padded = _around(x, pad, pad)
    return _out(x, W, b, stride, pad, padded=padded), _kept(x, W, stride, pad)


@misconception("conv2d_forward", "part", title="Without padding, the slice pad:-pad is empty", see="12 §6")
def forward_fills_an_empty_slice(x, W, b, stride=1, pad=0):
    """You put the images into `padded[:, :, pad:-pad, pad:-pad]`. With pad = 0, the default, this is `[0:-0]`, an empty slice. Count from
    the front, `pad : pad + H`, or use `np.pad`."""
    padded = np.zeros(_around(x, pad, pad).shape)
    padded[:, :, pad:-pad, pad:-pad] = x
    return _out(x, W, b, stride, pad, padded=padded), _kept(x, W, stride, pad)


forward_in_place = in_place("conv2d_forward", right.conv2d_forward, see="12 §5")
forward_without_cache = only_the_first(
    "conv2d_forward", right.conv2d_forward, see="12 §5", severity="slip", first="out", all="(out, cache)"
)


@misconception("conv2d_forward", "slip", title="The kernels come last", see="12 §5")
def forward_channels_last(x, W, b, stride=1, pad=0):
    """Your out has the shape (N, OH, OW, F), as in Keras. Here the kernels are the second axis, (N, F, OH, OW): `transpose(0, 3, 1, 2)`."""
    return _out(x, W, b, stride, pad).transpose(0, 2, 3, 1), _kept(x, W, stride, pad)


forward_cut_off = cut_off("conv2d_forward", right.conv2d_forward, see="12 §5")


# --- conv2d_forward: right ----------------------------------------------------------------------------------------------------


@alternative("conv2d_forward")
def forward_in_loops(x, W, b, stride=1, pad=0):
    (N, C, H, width), (F, _, KH, KW) = x.shape, W.shape
    padded = np.zeros((N, C, H + 2 * pad, width + 2 * pad))
    padded[:, :, pad : pad + H, pad : pad + width] = x
    OH, OW = (H + 2 * pad - KH) // stride + 1, (width + 2 * pad - KW) // stride + 1
    out = np.zeros((N, F, OH, OW))
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    top, left = i * stride, j * stride
                    out[n, f, i, j] = np.sum(padded[n, :, top : top + KH, left : left + KW] * W[f]) + b[f]
    return out, (np.array(x, float), np.array(W, float), stride, pad)


@alternative("conv2d_forward")
def forward_by_einsum(x, W, b, stride=1, pad=0):
    KH, KW = W.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("nchwij,fcij->nfhw", windows.astype(float), W) + b[:, None, None]
    return out, (x.astype(float), W.astype(float), stride, pad)


@alternative("conv2d_forward")
def forward_by_columns(x, W, b, stride=1, pad=0):
    (N, C, H, width), (F, _, KH, KW) = x.shape, W.shape
    OH, OW = 1 + (H + 2 * pad - KH) // stride, 1 + (width + 2 * pad - KW) // stride
    padded = np.pad(x.astype(float), [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    rows = np.repeat(np.arange(KH), KW)[:, None] + stride * np.repeat(np.arange(OH), OW)[None]
    columns = np.tile(np.arange(KW), KH)[:, None] + stride * np.tile(np.arange(OW), OH)[None]
    matrix = padded[:, :, rows, columns].reshape(N, C * KH * KW, OH * OW)
    out = (W.reshape(F, -1) @ matrix + b.reshape(F, 1)).reshape(N, F, OH, OW)
    return out, (x.astype(float), W.astype(float), stride, pad)


@alternative("conv2d_forward")
def forward_by_fourier_transform(x, W, b, stride=1, pad=0):
    padded = np.pad(np.asarray(x, dtype=float), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    KH, KW = W.shape[2:]
    shape = (padded.shape[2] + KH, padded.shape[3] + KW)
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.rfft2(padded, shape), np.conj(np.fft.rfft2(W, shape)))
    every = np.fft.irfft2(spectrum, shape)[:, :, : padded.shape[2] - KH + 1, : padded.shape[3] - KW + 1]
    return every[:, :, ::stride, ::stride] + np.reshape(b, (1, -1, 1, 1)), (x * 1.0, W * 1.0, stride, pad)


@alternative("conv2d_forward")
def forward_in_32_bits(x, W, b, stride=1, pad=0):
    return _out(x, W, b, stride, pad).astype(np.float32), _kept(x, W, stride, pad)


# --- conv2d_backward: wrong ---------------------------------------------------------------------------------------------------


@misconception("conv2d_backward", "slip", title="Without padding, the crop pad:-pad leaves nothing", see="12 §6")
def backward_empty_crop(dout, cache):
    """You cut the padding off with `[pad:-pad]`. With pad = 0 this is `[0:-0]`, and −0 is 0: from the start to the start, an empty array.
    Count from the front instead, `[:, :, pad : pad + H, pad : pad + WX]`, which is right for every pad."""
    pad = cache[3]
    dpadded, dW, db = _back(dout, cache, crop=False)
    return dpadded[:, :, pad:-pad, pad:-pad], dW, db


@misconception("conv2d_backward", "slip", title="Without padding, the crop pad:-pad raises", see="12 §6")
def backward_crop_raises(dout, cache):
    """You cut the padding off with `[pad:-pad]` and assign the result to dx. With pad = 0 this is `[0:-0]`, an empty array, and NumPy
    can't broadcast it to the image. Count from the front instead: `[:, :, pad : pad + H, pad : pad + WX]`, right for every pad."""
    x, _, _, pad = cache
    dpadded, dW, db = _back(dout, cache, crop=False)
    dx = np.zeros(x.shape)
    dx[:] = dpadded[:, :, pad:-pad, pad:-pad]
    return dx, dW, db


@misconception("conv2d_backward", "part", title="Always one row and column are cut off", see="12 §6")
def backward_crop_of_one(dout, cache):
    """You cut one row and column off on each side, `[1:-1]`, whatever the padding was. Cut off as many as the forward pass put on, `pad`
    of them: `[:, :, pad : pad + H, pad : pad + WX]`."""
    dpadded, dW, db = _back(dout, cache, crop=False)
    return dpadded[:, :, 1:-1, 1:-1], dW, db


@misconception("conv2d_backward", "part", title="The padding is cut off on one side", see="12 §6")
def backward_crop_at_the_end(dout, cache):
    """Your dx has the right shape, but you kept the first H rows and WX columns of the padded gradient. The image began at row and column
    `pad`: `[:, :, pad : pad + H, pad : pad + WX]`. As it is, every gradient is shifted by pad pixels."""
    dpadded, dW, db = _back(dout, cache, crop=False)
    return dpadded[:, :, : cache[0].shape[2], : cache[0].shape[3]], dW, db


@misconception("conv2d_backward", "part", title="The padding isn't removed from dx", see="12 §6")
def backward_still_padded(dout, cache):
    """You returned the gradient of the *padded* images. The zeros that the forward pass put around them belong to nobody; dx has the
    shape of x: `[:, :, pad : pad + H, pad : pad + WX]`."""
    return _back(dout, cache, crop=False)


@misconception("conv2d_backward", "part", title="The padding is ignored", see="12 §6")
def backward_without_padding(dout, cache):
    """You went back over the images as they came, without the zeros that the forward pass had put around them, so every window is off by
    pad pixels. Pad x again (or keep the padded one in the cache), and remove the padding from dx at the end."""
    x, W, stride, pad = cache
    dlarge, dW, db = _back(dout, (_around(x, 0, 2 * pad), W, stride, 0))
    return dlarge[:, :, : x.shape[2], : x.shape[3]], dW, db


@misconception("conv2d_backward", "part", title="The kernel isn't rotated", see="12 §3")
def backward_not_rotated(dout, cache):
    """Your dx convolves the upstream gradient with the kernels as they are. The index of dout goes down where that of the kernel goes up,
    so for the full convolution they have to be turned by 180°: `W[:, :, ::-1, ::-1]`."""
    return _back(dout, cache, W=cache[1][:, :, ::-1, ::-1])


@misconception("conv2d_backward", "part", title="The stride is ignored", see="12 §6")
def backward_without_stride(dout, cache):
    """You handed the gradients out as if the window had moved by single pixels. The window of output [i, j] started at row i·stride and
    column j·stride, in the backward pass as well as in the forward pass."""
    return _back(dout, cache, down=1, across=1)


@misconception("conv2d_backward", "part", title="The stride is ignored in dx", see="12 §6")
def backward_without_stride_in_dx(dout, cache):
    """Your dW minds the stride, your dx doesn't: output [i, j] hands its gradient to the window that starts at row i·stride and column
    j·stride. In a full convolution this means stride − 1 zeros between the entries of dout."""
    return (_back(dout, cache, down=1, across=1)[0], *_back(dout, cache)[1:])


@misconception("conv2d_backward", "part", title="The stride is ignored in dW", see="12 §6")
def backward_without_stride_in_dW(dout, cache):
    """Your dx minds the stride, your dW doesn't: output [i, j] saw the window that starts at row i·stride and column j·stride, and dW is
    summed over just these windows."""
    dx, _, db = _back(dout, cache)
    return dx, _back(dout, cache, down=1, across=1)[1], db


@misconception("conv2d_backward", "part", title="The stride is missing in the columns", see="12 §6")
def backward_stride_missing_across(dout, cache):
    """Your windows move down by the stride, but to the right by single pixels: the stride is missing in the index of the columns. It
    belongs into both, rows from i·stride and columns from j·stride."""
    return _back(dout, cache, across=1)


@misconception("conv2d_backward", "part", title="The stride is missing in the rows", see="12 §6")
def backward_stride_missing_down(dout, cache):
    """Your windows move to the right by the stride, but down by single pixels: the stride is missing in the index of the rows. It belongs
    into both, rows from i·stride and columns from j·stride."""
    return _back(dout, cache, down=1)


@misconception("conv2d_backward", "part", title="dx is assigned, not added up", see="12 §6")
def backward_assigned(dout, cache):
    """You wrote `dx[window] = …`. Windows overlap, so most pixels were used by several outputs, and what comes back from all of them has
    to be added: `dx[window] += …`."""
    return _back(dout, cache, add=False)


@misconception("conv2d_backward", "part", title="dx is assigned in a loop over the kernels", see="12 §6")
def backward_assigned_in_loops(dout, cache):
    """You wrote `dx[n, window] = …` in your loops, so each window, and each kernel at the same place, overwrites the ones before. What
    comes back from all of them has to be added: `dx[n, window] += …`."""
    only = np.zeros(cache[1].shape)
    only[-1] = cache[1][-1]
    return _back(dout, cache, W=only, add=False)


@misconception("conv2d_backward", "part", title="dx knows the last kernel only", see="12 §6")
def backward_last_kernel(dout, cache):
    """In your loop over the kernels, dx is overwritten by each of them, so only the last one counts. Every kernel looked at the same
    window, so what comes back from all of them is summed over f."""
    only = np.zeros(cache[1].shape)
    only[-1] = cache[1][-1]
    return _back(dout, cache, W=only)


def _backward_as(how, dout, cache):
    return how(dout, *_back(dout, cache))


# fmt: off
BACKWARD = variants("conv2d_backward", "12 §6", right.conv2d_backward, _backward_as, {
    "backward_dW_averaged": ("part", "dW is averaged over the batch",
        "You divided dW by the number of images. Every image used the same kernels, so their gradients add up: a sum. If the loss is a "
        "mean over the batch, its 1/N is in dout already.",
        lambda dout, dx, dW, db: (dx, dW / len(dout), db)),
    "backward_parameters_averaged": ("part", "dW and db are averaged over the batch",
        "You divided dW and db by the number of images. Every image used the same kernels and biases, so their gradients add up: a sum. If "
        "the loss is a mean over the batch, its 1/N is in dout already.",
        lambda dout, dx, dW, db: (dx, dW / len(dout), db / len(dout))),
    "backward_db_over_the_batch": ("part", "db is summed over the batch only",
        "You summed db over axis 0 alone. A bias was added to every place of its channel too, so the sum runs over images, rows and "
        "columns, axes (0, 2, 3), and db has shape (F,).",
        lambda dout, dx, dW, db: (dx, dW, np.sum(dout, axis=0))),
    "backward_db_over_the_wrong_axes": ("part", "db is summed over the wrong axes",
        "You summed db over axes (0, 1, 2), as one would with channels last. Here the kernels are axis 1, and db is what is left when "
        "images, rows and columns are summed away: axes (0, 2, 3).",
        lambda dout, dx, dW, db: (dx, dW, np.sum(dout, axis=(0, 1, 2)))),
    "backward_db_averaged": ("part", "db is a mean",
        "You took the mean for db. The bias was added to every output of its channel, each with the factor 1, so its gradient is the sum "
        "of dout over images, rows and columns.",
        lambda dout, dx, dW, db: (dx, dW, np.mean(dout, axis=(0, 2, 3)))),
    "backward_wrong_order": ("part", "The gradients are returned in the wrong order",
        "You returned dW first. Gradients come in the order of the forward's arguments: conv2d_forward(x, W, b) has x first, so it is (dx, "
        "dW, db).",
        lambda dout, dx, dW, db: (dW, db, dx)),
    "backward_without_db": ("part", "db is missing",
        "You return dx and dW only. The forward pass has a third array that is trained, the biases: return (dx, dW, db), with db the sum "
        "of dout over images, rows and columns.",
        lambda dout, dx, dW, db: (dx, dW)),
    "backward_db_keeps_axes": ("part", "db keeps axes of length 1",
        "Your db has the right numbers in the shape (1, F, 1, 1). A gradient has the shape of what it belongs to, and b has (F,): sum "
        "without `keepdims`.",
        lambda dout, dx, dW, db: (dx, dW, np.sum(dout, axis=(0, 2, 3), keepdims=True))),
    "backward_db_over_the_images": ("part", "db is averaged over the batch",
        "You divided db by the number of images. A bias was added in every image, so its gradient is a sum; if the loss is a mean over the "
        "batch, its 1/N is in dout already.",
        lambda dout, dx, dW, db: (dx, dW, db / len(dout))),
})
# fmt: on


@misconception("conv2d_backward", "part", title="dW knows the last image only", see="12 §6")
def backward_last_image(dout, cache):
    """In your loop over the images, dW is overwritten by each of them, so only the last one counts. All images used the same kernels: dW
    is the sum over the whole batch, `dW += …`."""
    dx, _, db = _back(dout, cache)
    return dx, _back(dout[-1:], (cache[0][-1:], *cache[1:]))[1], db


@misconception("conv2d_backward", "part", title="dW isn't summed over the batch", see="12 §6")
def backward_dW_per_image(dout, cache):
    """Your dW has one entry per image, shape (N, F, C, KH, KW). A gradient has the shape of what it belongs to; all images used the same
    kernels, so sum over the batch."""
    dx, _, db = _back(dout, cache)
    each = [_back(dout[n : n + 1], (cache[0][n : n + 1], *cache[1:]))[1] for n in range(len(dout))]
    return dx, np.stack(each), db


@misconception("conv2d_backward", "part", title="Rows and columns of the kernel are swapped", see="12 §6")
def backward_kernel_transposed(dout, cache):
    """Your dx uses the kernels lying on their side. W has shape (F, C, KH, KW), rows first; turning by 180° reverses both axes and swaps
    neither."""
    return _back(dout, cache, W=np.swapaxes(cache[1], 2, 3))


def _forward_that_keeps_types(x, W, b, stride=1, pad=0):
    return _out(x, W, b, stride, pad), (x, W, stride, pad)


@misconception(
    "conv2d_backward", "slip", title="The gradients have the integers' type", see="12 §6", with_forward=_forward_that_keeps_types
)
def backward_truncated(dout, cache):
    """You made dx and dW with `zeros_like`. Where the images or kernels hold integers, so do they, and everything behind the decimal
    point is cut off. Make them with `np.zeros(x.shape)`, which holds floats."""
    dx, dW, db = _back(dout, cache)
    return dx.astype(cache[0].dtype), dW.astype(cache[1].dtype), db


@misconception("conv2d_backward", "part", title="Stride and padding are mixed up", see="12 §6")
def backward_cache_mixed_up(dout, cache):
    """You took the cache apart in another order than you put it together: what you call the stride is the padding. Where both are 1 you
    can't tell the difference. A dictionary as cache, with names, avoids such mistakes."""
    x, W, stride, pad = cache
    return _back(dout, (x, W, pad, stride))


def _seen(dout, cache):
    """Return the gradients, dx with its padding, but without the rows and columns that no window saw."""
    rows, columns = ((n - 1) * cache[2] + K for n, K in zip(dout.shape[2:], cache[1].shape[2:], strict=True))
    dpadded, dW, db = _back(dout, cache, crop=False)
    return dpadded[:, :, :rows, :columns], dW, db


@misconception("conv2d_backward", "slip", title="Leftover rows and columns are missing in dx", see="12 §6")
def backward_without_leftovers(dout, cache):
    """Your dx is smaller than x where the stride leaves more rows and columns over than the padding has. No window saw them, so their
    gradient is 0, but dx has the shape of x: start with zeros of the shape of the padded images."""
    (x, _, _, pad), (dpadded, dW, db) = cache, _seen(dout, cache)
    return dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dW, db


@misconception("conv2d_backward", "slip", title="dx has the size that follows from dout", see="12 §6")
def backward_sized_by_dout(dout, cache):
    """You computed the size of dx from that of dout, so rows and columns that the stride left over are missing. No window saw them, so
    their gradient is 0, but dx has the shape of x: start with zeros of the shape of the padded images."""
    pad, (dpadded, dW, db) = cache[3], _seen(dout, cache)
    return dpadded[:, :, pad : dpadded.shape[2] - pad, pad : dpadded.shape[3] - pad], dW, db


# cs231n's template begins with `dx, dw, db = None, None, None`.
backward_dx_of_zeros, backward_dW_of_zeros, backward_db_of_zeros, backward_dx_is_None, backward_dW_is_None, backward_db_is_None = (
    left_out("conv2d_backward", right.conv2d_backward, see="12 §6", called=called.format(d), argument=d, output=k, filler=filler)
    for called, filler in (("backward_{}_of_zeros", "zero"), ("backward_{}_is_None", "None"))
    for k, d in enumerate(("dx", "dW", "db"))
)
backward_in_place = in_place("conv2d_backward", right.conv2d_backward, see="12 §6")
backward_adds_to_integers = added_to_integers(
    "conv2d_backward", right.conv2d_backward, see="12 §6", position=1, with_forward=_forward_that_keeps_types
)


# --- conv2d_backward: right ---------------------------------------------------------------------------------------------------


@alternative("conv2d_backward")
def backward_in_loops(dout, cache):
    x, W, stride, pad = cache
    (N, _, H, width), (F, _, KH, KW) = x.shape, W.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dW, db = np.zeros(padded.shape), np.zeros(W.shape), np.zeros(F)
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    d = float(dout[n, f, i, j])
                    rows, columns = slice(i * stride, i * stride + KH), slice(j * stride, j * stride + KW)
                    dpadded[n, :, rows, columns] += W[f] * d
                    dW[f] += padded[n, :, rows, columns] * d
                    db[f] += d
    return dpadded[:, :, pad : H + pad, pad : width + pad], dW, db


def _forward_with_a_dictionary(x, W, b, stride=1, pad=0):
    KH, KW = W.shape[2:]
    padded = np.pad(np.asarray(x, dtype=np.float64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("nchwij,fcij->nfhw", windows, W) + np.reshape(b, (1, -1, 1, 1))
    return out, {"windows": windows, "W": W, "shape": padded.shape, "stride": stride, "pad": pad}


@alternative("conv2d_backward", with_forward=_forward_with_a_dictionary)
def backward_by_einsum(dout, cache):
    windows, W, stride, pad = cache["windows"], cache["W"], cache["stride"], cache["pad"]
    dpadded = np.zeros(cache["shape"])
    OH, OW = dout.shape[2:]
    for m in range(W.shape[2]):
        for n in range(W.shape[3]):
            part = np.einsum("nfhw,fc->nchw", dout, W[:, :, m, n])
            dpadded[:, :, m : m + stride * (OH - 1) + 1 : stride, n : n + stride * (OW - 1) + 1 : stride] += part
    rows, columns = dpadded.shape[2] - pad, dpadded.shape[3] - pad
    return dpadded[:, :, pad:rows, pad:columns], np.einsum("nfhw,nchwij->fcij", dout, windows), np.einsum("nfhw->f", dout)


@alternative("conv2d_backward")
def backward_by_full_convolution(dout, cache):
    x, W, stride, pad = cache
    (N, _, _H, _width), (F, _, KH, KW) = x.shape, W.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    wide = np.zeros((N, F, padded.shape[2] - KH + 1, padded.shape[3] - KW + 1))
    wide[:, :, ::stride, ::stride] = dout
    full = np.pad(wide, ((0, 0), (0, 0), (KH - 1, KH - 1), (KW - 1, KW - 1)))
    over_dout = np.lib.stride_tricks.sliding_window_view(full, (KH, KW), axis=(2, 3))
    dpadded = np.einsum("nfhwij,fcij->nchw", over_dout, np.rot90(W, 2, axes=(2, 3)))
    over_x = np.lib.stride_tricks.sliding_window_view(padded, wide.shape[2:], axis=(2, 3))
    dx = dpadded[:, :, pad:-pad, pad:-pad] if pad > 0 else dpadded
    return dx, np.einsum("ncijhw,nfhw->fcij", over_x, wide), wide.sum(axis=(0, 2, 3))


def _forward_with_a_closure(x, W, b, stride=1, pad=0):
    (N, C, H, width), (F, _, KH, KW) = x.shape, W.shape
    OH, OW = (H + 2 * pad - KH) // stride + 1, (width + 2 * pad - KW) // stride + 1
    places = np.full((C, H + 2 * pad, width + 2 * pad), C * H * width)  # one more than there are pixels: the zeros around them
    places[:, pad : pad + H, pad : pad + width] = np.arange(C * H * width).reshape(C, H, width)
    windows = np.lib.stride_tricks.sliding_window_view(places, (C, KH, KW))[0, ::stride, ::stride].reshape(OH * OW, -1)
    pixels = np.concatenate([np.reshape(x, (N, -1)), np.zeros((N, 1))], axis=1)
    columns, kernels = pixels[:, windows], np.array(W, dtype=float).reshape(F, -1)

    def pull_back(dout):
        rows = np.moveaxis(np.asarray(dout, dtype=float), 1, -1).reshape(N, OH * OW, F)
        dpixels = np.zeros((N, C * H * width + 1))
        for n in range(N):
            dpixels[n] = np.bincount(windows.ravel(), (rows[n] @ kernels).ravel(), C * H * width + 1)
        dW = np.tensordot(rows, columns, axes=((0, 1), (0, 1)))
        return dpixels[:, :-1].reshape(x.shape), dW.reshape(W.shape), rows.sum(axis=(0, 1))

    out = (columns @ kernels.T + b).reshape(N, OH, OW, F)
    return np.moveaxis(out, -1, 1), pull_back


@alternative("conv2d_backward", with_forward=_forward_with_a_closure)
def backward_by_closure(dout, cache):
    return cache(dout)


# --- max_pool_forward: wrong --------------------------------------------------------------------------------------------------


@misconception("max_pool_forward", "part", title="The maximum starts at zero", see="12 §7")
def pool_starts_at_zero(x, size=2, stride=2):
    """You look for the maximum starting from 0, so a window of negative values gives 0. Start from the window's first value, or from −∞,
    or use `np.max`."""
    return np.maximum(_windows(x, size, stride).max(axis=(4, 5)), 0.0), (x * 1.0, size, stride)


@misconception("max_pool_forward", "core", title="The mean is taken instead of the maximum", see="12 §7")
def pool_mean(x, size=2, stride=2):
    """You averaged over the windows. That is average pooling; here the largest value of each window is kept."""
    return _windows(x, size, stride).mean(axis=(4, 5)), (x * 1.0, size, stride)


@misconception("max_pool_forward", "part", title="The window moves by its size", see="12 §7")
def pool_stride_is_size(x, size=2, stride=2):
    """Your windows lie side by side whatever `stride` says: they move by `size`. The window starts at i·stride; with a stride below the
    size, windows overlap."""
    return _windows(x, size, size).max(axis=(4, 5)), (x * 1.0, size, size)


@misconception("max_pool_forward", "part", title="The window is as large as the stride", see="12 §7")
def pool_size_is_stride(x, size=2, stride=2):
    """Your windows have `stride` rows and columns. How far the window moves and how large it is are two different numbers: it starts at
    i·stride and has `size` rows."""
    places = [_places(n, size, stride) for n in x.shape[2:]]
    return _windows(x, stride, stride)[:, :, : places[0], : places[1]].max(axis=(4, 5)), (x * 1.0, stride, stride)


@misconception("max_pool_forward", "part", title="Size and stride are always 2", see="12 §7")
def pool_always_two(x, size=2, stride=2):
    """You wrote 2 where `size` and `stride` should stand. They are arguments, and 2 is only their default."""
    return _windows(x, 2, 2).max(axis=(4, 5)), (x * 1.0, 2, 2)


@misconception("max_pool_forward", "part", title="The stride is missing in the columns", see="12 §7")
def pool_stride_missing_across(x, size=2, stride=2):
    """Your window moves down by the stride, but to the right by single pixels: the stride is missing in the index of the columns. It
    belongs into both."""
    OH, OW = _places(x.shape[2], size, stride), _places(x.shape[3], size, stride)
    return _windows(x, size, 1)[:, :, ::stride][:, :, :OH, :OW].max(axis=(4, 5)), (x * 1.0, size, stride)


@misconception("max_pool_forward", "slip", title="Leftover rows and columns are pooled too", see="12 §7")
def pool_keeps_leftovers(x, size=2, stride=2):
    """You made windows of the rows and columns that are left over at the rim. Only whole windows count here: the output's size is rounded
    down, as conv_output_size does."""
    sizes = [-(-(n - size) // stride) + 1 for n in x.shape[2:]]
    out = np.zeros((*x.shape[:2], *sizes))
    for i, j in np.ndindex(*sizes):
        out[:, :, i, j] = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size].max(axis=(2, 3))
    return out, (x * 1.0, size, stride)


@misconception("max_pool_forward", "part", title="Leftover rows and columns raise", see="12 §7")
def pool_by_reshaping(x, size=2, stride=2):
    """You reshaped the image into blocks, which works only where the windows lie side by side and the size divides the image. Otherwise
    drop the rows and columns that are left over first, and treat overlapping windows in another way."""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // size, size, W // size, size).max(axis=(3, 5)) * 1.0, (x * 1.0, size, stride)


@misconception("max_pool_forward", "slip", title="The output's width is copied from its height", see="12 §7")
def pool_square_output(x, size=2, stride=2):
    """You computed the height of the output and used it for the width too. Images needn't be square: compute each from its own axis."""
    OH = _places(x.shape[2], size, stride)
    out = np.zeros((*x.shape[:2], OH, OH))
    for i, j in np.ndindex(OH, OH):
        out[:, :, i, j] = np.max(x[:, :, i * stride : i * stride + size, j * stride : j * stride + size], axis=(2, 3))
    return out, (x * 1.0, size, stride)


@misconception("max_pool_forward", "core", title="The maximum is taken over the channels too", see="12 §7")
def pool_over_channels(x, size=2, stride=2):
    """Your maximum runs over all channels, so they all come out alike. Every channel is pooled by itself: take the maximum over rows and
    columns of the window only."""
    out = _windows(x, size, stride).max(axis=(1, 4, 5), keepdims=True)[..., 0, 0]
    return np.repeat(out, x.shape[1], axis=1), (x * 1.0, size, stride)


@misconception("max_pool_forward", "part", title="The stride counts for the size only", see="12 §7")
def pool_stride_in_the_size_only(x, size=2, stride=2):
    """Your output has the right shape, but the window moves by single pixels and sees only the upper left part of the image. The window
    for out[i, j] starts at row i·stride and column j·stride."""
    OH, OW = _places(x.shape[2], size, stride), _places(x.shape[3], size, stride)
    return _windows(x, size, 1)[:, :, :OH, :OW].max(axis=(4, 5)), (x * 1.0, size, stride)


@misconception("max_pool_forward", "part", title="The window's size is always 2", see="12 §7")
def pool_size_of_two(x, size=2, stride=2):
    """Your window has 2 rows and 2 columns, whatever the caller asks for. Use `size`."""
    return _windows(x, 2, stride).max(axis=(4, 5)), (x * 1.0, 2, stride)


@misconception("max_pool_forward", "core", title="The minimum is taken instead of the maximum", see="12 §7")
def pool_minimum(x, size=2, stride=2):
    """You keep the smallest value of each window. Max pooling keeps the largest."""
    return _windows(x, size, stride).min(axis=(4, 5)), (x * 1.0, size, stride)


@misconception("max_pool_forward", "part", title="The size is divided by the stride", see="12 §7")
def pool_size_by_division(x, size=2, stride=2):
    """Your out has H // stride rows. That is right where size and stride are equal; otherwise (6) says how many windows there are:
    (H − size) // stride + 1."""
    N, C, H, WX = x.shape
    out = np.zeros((N, C, H // stride, WX // stride))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size].max(axis=(2, 3))
    return out, (x * 1.0, size, stride)


pool_in_place = in_place("max_pool_forward", right.max_pool_forward, see="12 §7")
pool_without_cache = only_the_first(
    "max_pool_forward", right.max_pool_forward, see="12 §7", severity="slip", first="out", all="(out, cache)"
)


# --- max_pool_forward: right --------------------------------------------------------------------------------------------------


@alternative("max_pool_forward")
def pool_in_loops(x, size=2, stride=2):
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - size) // stride + 1, (W - size) // stride + 1))
    for n, c, i, j in np.ndindex(*out.shape):
        largest = -np.inf
        for a in range(i * stride, i * stride + size):
            for b in range(j * stride, j * stride + size):
                largest = max(largest, float(x[n, c, a, b]))
        out[n, c, i, j] = largest
    return out, (np.array(x, float), size, stride)


@alternative("max_pool_forward")
def pool_by_strided_slices(x, size=2, stride=2):
    OH, OW = 1 + (x.shape[2] - size) // stride, 1 + (x.shape[3] - size) // stride
    out = np.full((*x.shape[:2], OH, OW), -np.inf)
    for m in range(size):
        for n in range(size):
            np.maximum(out, x[:, :, m : m + stride * OH - stride + 1 : stride, n : n + stride * OW - stride + 1 : stride], out=out)
    return out, (x.astype(np.float64), size, stride)


@alternative("max_pool_forward")
def pool_by_argmax(x, size=2, stride=2):
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(float), (size, size), axis=(2, 3))[..., ::stride, ::stride, :, :]
    flat = windows.reshape(*windows.shape[:4], size * size)
    best = flat.argmax(axis=-1)
    return np.take_along_axis(flat, best[..., None], axis=-1)[..., 0], (x.astype(float), size, stride)


@alternative("max_pool_forward")
def pool_keeps_the_type(x, size=2, stride=2):
    return _windows(x, size, stride).max(axis=(4, 5)).astype(x.dtype), (x * 1.0, size, stride)


# --- max_pool_backward: wrong -------------------------------------------------------------------------------------------------


def _handed_out(dout, cache, share, down=0, across=0, add=True, erase=False):
    """Hand every window's gradient out as `share(window)` says, an array of parts of the window's shape."""
    x, size, stride = cache
    down, across, dx = down or stride, across or stride, np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        part = share(x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]) * dout[n, c, i, j]
        here = (n, c, slice(i * down, i * down + size), slice(j * across, j * across + size))
        dx[here] = part if erase else dx[here] + part if add else np.where(part != 0, part, dx[here])
    return dx


def _placed(dout, cache, step, decode, clipped=True):
    """Add every window's gradient at the place that `decode` makes of its argmax, from (i·step, j·step) on."""
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        row, column = np.add((i * step, j * step), decode(int(np.argmax(window)), size))
        place = np.minimum((row, column), np.subtract(x.shape[2:], 1)) if clipped else (row, column)
        dx[n, c, place[0], place[1]] += dout[n, c, i, j]
    return dx


def _first(window):
    """Give everything to the first maximum in row order."""
    part = np.zeros(window.shape)
    part[np.unravel_index(np.argmax(window), window.shape)] = 1
    return part


def _each(window):
    """Give everything to each maximum."""
    return (window == np.max(window)).astype(float)


@misconception("max_pool_backward", "slip", title="Every maximum gets the gradient", see="12 §7")
def unpool_to_every_maximum(dout, cache):
    """Where several entries of a window are the maximum, you gave the whole gradient to each of them, as the mask `window ==
    window.max()` does, so more goes back than came in. Here the first one in row order gets it all: `np.argmax` finds it."""
    return _handed_out(dout, cache, _each)


@misconception("max_pool_backward", "slip", title="Several maxima share the gradient", see="12 §7")
def unpool_shared(dout, cache):
    """Where several entries of a window are the maximum, you gave each of them an equal part. That is a valid subgradient too, but the
    convention here is PyTorch's: the first one in row order gets it all."""
    return _handed_out(dout, cache, lambda window: _each(window) / np.sum(_each(window)))


@misconception("max_pool_backward", "slip", title="The last maximum gets the gradient", see="12 §7")
def unpool_to_the_last(dout, cache):
    """Where several entries of a window are the maximum, you gave the gradient to the last one: your loop takes a new maximum where the
    value is equal (`>=`). Here the first one in row order gets it."""
    return _handed_out(dout, cache, lambda window: _first(window[::-1, ::-1])[::-1, ::-1])


@misconception("max_pool_backward", "slip", title="The first maximum in column order gets the gradient", see="12 §7")
def unpool_column_order(dout, cache):
    """Where several entries of a window are the maximum, you took the first one column by column. The convention is row order, as
    `np.argmax` goes through a window: along the first row, then along the second."""
    return _handed_out(dout, cache, lambda window: _first(window.T).T)


@misconception("max_pool_backward", "part", title="Overlapping windows overwrite each other", see="12 §7")
def unpool_assigned(dout, cache):
    """You wrote `dx[…] = …`. Where windows overlap, one pixel can be the maximum of several, and what comes back from all of them has to
    be added: `dx[…] += …`. With windows side by side you can't tell the difference."""
    return _handed_out(dout, cache, _first, add=False)


@misconception("max_pool_backward", "part", title="Each window erases the ones before", see="12 §7")
def unpool_assigned_as_a_block(dout, cache):
    """You assigned a whole block to each window, zeros included, so where windows overlap, a later one erases what an earlier one had put
    there. Add instead: `dx[window] += …`."""
    return _handed_out(dout, cache, _first, erase=True)


@misconception("max_pool_backward", "part", title="Row and column within the window are swapped", see="12 §7")
def unpool_swapped(dout, cache):
    """You took `index % size` for the row of the maximum and `index // size` for its column. argmax counts row by row, so it is the other
    way round: row, column = divmod(index, size)."""
    return _handed_out(dout, cache, lambda window: _first(window).T)


@misconception("max_pool_backward", "core", title="Row and column are decoded with the wrong width", see="12 §7")
def unpool_decoded_with_the_images_width(dout, cache):
    """You decoded the position of the maximum with the width of the image (or of the output). argmax counted within the window, whose
    rows have `size` entries: row, column = divmod(index, size)."""
    return _placed(dout, cache, cache[2], lambda index, size: divmod(index, dout.shape[3]))


@misconception("max_pool_backward", "core", title="The upper left entry gets the gradient", see="12 §7")
def unpool_to_the_corner(dout, cache):
    """You gave the gradient to the first entry of each window, wherever its maximum was. Only the maximum had any effect on the output:
    remember in the forward pass where it was, with `np.argmax`."""
    return _placed(dout, cache, cache[2], lambda index, size: (0, 0))


@misconception("max_pool_backward", "part", title="The windows are placed by their size", see="12 §7")
def unpool_size_for_stride(dout, cache):
    """You placed the window of output [i, j] at row i·size and column j·size. It started at i·stride and j·stride: with size = stride, as
    by default, you can't tell the difference."""
    return _placed(dout, cache, cache[1], divmod, clipped=False)


@misconception("max_pool_backward", "core", title="The window's place is forgotten", see="12 §7")
def unpool_without_offset(dout, cache):
    """You used the position of the maximum *within its window* as its position in the image, so all gradients end up in the upper left
    corner. Add the place where the window starts: row i·stride + r, column j·stride + c."""
    return _placed(dout, cache, 0, divmod)


@misconception("max_pool_backward", "core", title="Every entry of the window gets the gradient", see="12 §7")
def unpool_to_everybody(dout, cache):
    """You gave the gradient to all entries of the window. Only the maximum had any effect on the output; a small change of another entry
    changes nothing, so its gradient is 0."""
    return _handed_out(dout, cache, lambda window: np.ones(window.shape))


@misconception("max_pool_backward", "core", title="The gradient is spread as for a mean", see="12 §7")
def unpool_as_a_mean(dout, cache):
    """You gave each entry of the window the same part of the gradient. That is the backward pass of average pooling; of a maximum, the
    entry that is the maximum gets it all."""
    return _handed_out(dout, cache, lambda window: np.ones(window.shape) / window.size)


@misconception("max_pool_backward", "part", title="The gradient is multiplied by the maximum", see="12 §7")
def unpool_times_the_maximum(dout, cache):
    """You multiplied the gradient by the value of the maximum. The output *is* the maximum, so its derivative with respect to it is 1:
    the gradient is handed on as it came."""
    return _handed_out(dout, cache, lambda window: _first(window) * np.max(window))


@misconception("max_pool_backward", "core", title="The upstream gradient is ignored", see="12 §7")
def unpool_mask_only(dout, cache):
    """You returned the mask of the maxima, with ones where the gradient should be. The layer above says with dout how much each output
    matters: put its entries there."""
    return _handed_out(np.ones(dout.shape), cache, _first)


@misconception("max_pool_backward", "part", title="The stride is missing in the columns", see="12 §7")
def unpool_stride_missing_across(dout, cache):
    """Your windows move down by the stride, but to the right by single pixels: the stride is missing in the index of the columns. It
    belongs into both, as in the forward pass."""
    return _handed_out(dout, cache, _first, across=1)


@misconception("max_pool_backward", "slip", title="Leftover rows and columns are missing in dx", see="12 §7")
def unpool_without_leftovers(dout, cache):
    """Your dx is smaller than x where rows and columns were left over. They were dropped in the forward pass, so their gradient is 0, but
    dx has the shape of x: start with `np.zeros(x.shape)`."""
    rows, columns = ((n - 1) * cache[2] + cache[1] for n in dout.shape[2:])
    return _handed_out(dout, cache, _first)[:, :, :rows, :columns]


def _pool_that_keeps_the_type(x, size=2, stride=2):
    return _windows(x, size, stride).max(axis=(4, 5)), (x, size, stride)


@misconception("max_pool_backward", "slip", title="dx has the integers' type", see="12 §7", with_forward=_pool_that_keeps_the_type)
def unpool_truncated(dout, cache):
    """You made dx with `zeros_like(x)`. Where the images hold integers, so does dx, and everything behind the decimal point of the
    gradient is cut off. Make it with `np.zeros(x.shape)`, which holds floats."""
    return _handed_out(dout, cache, _first).astype(cache[0].dtype)


@misconception("max_pool_backward", "part", title="The stride is missing in the places", see="12 §7")
def unpool_without_stride(dout, cache):
    """You hand the gradient of output [i, j] to the window that starts at row i and column j. It started at row i·stride and column
    j·stride, as in the forward pass. With stride 1 you can't tell the difference."""
    return _handed_out(dout, cache, _first, down=1, across=1)


unpool_in_a_tuple = in_a_tuple("max_pool_backward", right.max_pool_backward, see="12 §7", severity="slip")
unpool_in_place = in_place("max_pool_backward", right.max_pool_backward, see="12 §7")
unpool_adds_to_integers = added_to_integers(
    "max_pool_backward", right.max_pool_backward, see="12 §7", position=1, with_forward=_pool_that_keeps_the_type
)


# --- max_pool_backward: right -------------------------------------------------------------------------------------------------


@alternative("max_pool_backward")
def unpool_in_loops(dout, cache):
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        best = (i * stride, j * stride)
        for a in range(i * stride, i * stride + size):
            for b in range(j * stride, j * stride + size):
                if x[n, c, a, b] > x[n, c, best[0], best[1]]:
                    best = (a, b)
        dx[n, c, best[0], best[1]] += dout[n, c, i, j]
    return dx


def _pool_with_indices(x, size=2, stride=2):
    N, C, H, W = x.shape
    places = np.arange(H * W).reshape(H, W)
    numbers = np.lib.stride_tricks.sliding_window_view(places, (size, size))[::stride, ::stride]
    numbers = numbers.reshape(*numbers.shape[:2], -1)
    values = x.astype(float).reshape(N, C, H * W)[:, :, numbers]
    best = values.argmax(axis=-1)
    where = np.take_along_axis(np.broadcast_to(numbers, values.shape), best[..., None], axis=-1)[..., 0]
    return values.max(axis=-1), {"where": where, "shape": x.shape}


@alternative("max_pool_backward", with_forward=_pool_with_indices)
def unpool_by_indices(dout, cache):
    N, C, H, W = cache["shape"]
    dx = np.zeros((N * C, H * W))
    where, values = cache["where"].reshape(N * C, -1), np.reshape(dout, (N * C, -1))
    np.add.at(dx, (np.arange(N * C)[:, None], where), values)
    return dx.reshape(N, C, H, W)


@alternative("max_pool_backward")
def unpool_offset_by_offset(dout, cache):
    x, size, stride = cache
    OH, OW = dout.shape[2:]
    dx, largest = np.zeros(x.shape), _windows(x, size, stride).max(axis=(4, 5))
    waiting = np.ones(dout.shape, dtype=bool)
    for m in range(size):
        for n in range(size):
            here = np.s_[:, :, m : m + stride * (OH - 1) + 1 : stride, n : n + stride * (OW - 1) + 1 : stride]
            won = waiting & (x[here] == largest)
            dx[here] += np.where(won, dout, 0.0)
            waiting &= ~won
    return dx


def _pool_with_a_closure(x, size=2, stride=2):
    windows = _windows(x, size, stride)
    flat = windows.reshape(*windows.shape[:4], -1)
    winner = np.eye(size * size)[flat.argmax(axis=-1)]

    def pull_back(dout):
        dx = np.zeros(x.shape)
        parts = (winner * dout[..., None]).reshape(windows.shape)
        for i, j in np.ndindex(*windows.shape[2:4]):
            dx[:, :, i * stride : i * stride + size, j * stride : j * stride + size] += parts[:, :, i, j]
        return dx

    return flat.max(axis=-1), pull_back


@alternative("max_pool_backward", with_forward=_pool_with_a_closure)
def unpool_by_closure(dout, cache):
    return cache(dout)
