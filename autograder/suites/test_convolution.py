"""The hidden suite of lecture 12, convolution."""

import numpy as np
import pytest

from autograder.kit.contracts import ArgumentsUnchanged, Backward, Float32, Integers, MemoryLayouts, array_in
from coursekit import aspect, corner, exercise, expect, expect_error
from coursekit.expectations import Mismatch, described

SINGLE = ("dX", "dW")
LAYER = ("dx", "dW", "db")
ALONE = ("alone", "with padding")

# --- inputs -----------------------------------------------------------------------------------------------------------------


def layer(rng, x_shape, W_shape):
    """Return images, kernels and biases; nothing in them is symmetric."""
    return rng.normal(0.5, 1, x_shape), rng.normal(size=W_shape), rng.normal(0, 2, W_shape[0]) + 0.5


def apart(rng, shape):
    """Return images of both signs without ties."""
    size = int(np.prod(shape))
    return (rng.permutation(size).reshape(shape) - 0.7 * size) / 8


def positive(rng, shape):
    """Return positive images: a maximum that starts at zero fails in the tests of negative values, not in all of them."""
    return rng.uniform(0.5, 9.5, shape)


def upstream(rng, out):
    """Return a random upstream gradient of the shape of `out`; its entries don't add up to zero."""
    return rng.normal(0.3, 1, np.shape(out))


# --- answers ------------------------------------------------------------------------------------------------------------------


def out_of(function, *arguments, **options):
    """Call a forward pass, and return its out, also if it comes without a cache."""
    answer = function(*arguments, **options)
    return answer if isinstance(answer, np.ndarray) else expect(answer, f"what {function.name} returns").items("out", "cache")[0]


def kernels_second(out, right):
    """Return `out` with its last axis, that of the kernels, in second place, if it is right then: their order has a test of its own."""
    if isinstance(out, np.ndarray) and out.ndim == 4 and out.dtype.kind in "iuf":
        moved = np.moveaxis(out, -1, 1)
        if moved.shape == right.shape and np.allclose(moved, right):
            return moved
    return out


def is_part_of(answer, right):
    """Tell whether one of two arrays is a part of the other, up to a factor: the size and a mean for a sum fail in tests of their own."""
    if not isinstance(answer, np.ndarray) or answer.ndim != 2 or answer.dtype.kind not in "iuf" or not 4 <= answer.size <= 100:
        return False
    small, large = sorted((answer * 1.0, right), key=np.size)
    if np.any(np.greater(small.shape, large.shape)) or not np.any(small):
        return False
    windows = np.lib.stride_tricks.sliding_window_view(large, small.shape).reshape(-1, small.size)
    factors = windows @ small.ravel() / np.sum(small**2)
    return any(factor > 0 and np.allclose(window, factor * small.ravel()) for window, factor in zip(windows, factors, strict=True))


def gradient_at(answer, names, position, shape, anywhere, name):
    """Return one of the gradients called `names`: by its shape if others are missing, or if it may stand anywhere."""
    listed = answer if isinstance(answer, (list, tuple)) else [answer] if isinstance(answer, np.ndarray) else ()
    fitting = [item for item in listed if isinstance(item, np.ndarray) and item.shape == shape]
    if len(fitting) == 1 and (anywhere or len(listed) < len(names)):
        return fitting[0]
    return expect(answer, name).items(*names)[position]


def expect_single(student, reference, rng, X_shape, W_shape, only, anywhere=False):
    """Expect the right gradient `only` of one image and one kernel."""
    X, W = rng.normal(size=X_shape), rng.normal(size=W_shape)
    dY = upstream(rng, reference.conv2d_single(X, W))
    position, answer = SINGLE.index(only), student.conv2d_single_backward(dY, X, W)
    right = reference.conv2d_single_backward(dY, X, W)[position]
    gradient = gradient_at(answer, SINGLE, position, right.shape, anywhere, "what conv2d_single_backward returns")
    expect(gradient, f"{only} for X of shape {X_shape}, W of shape {W_shape}").close_to(right)


def passed_back(student, reference, kind, arguments, dout, between=None):
    """Run the student's pair of passes of the layer `kind`, with `between` between them; return its answer and the right one."""
    forward, backward = getattr(student, f"{kind}_forward"), getattr(student, f"{kind}_backward")
    right = getattr(reference, f"{kind}_backward")(dout, getattr(reference, f"{kind}_forward")(*arguments)[1])
    _, cache = expect(forward(*arguments), f"what {forward.name} returns").items("out", "cache")
    if between is not None:
        between()
    return backward(dout, cache), right


def gradients(student, reference, rng, x_shape, W_shape, stride, pad):
    """Return what the student's conv2d_backward returns for a random layer, and the right gradients."""
    arguments = (*layer(rng, x_shape, W_shape), stride, pad)
    dout = upstream(rng, reference.conv2d_forward(*arguments)[0])
    return passed_back(student, reference, "conv2d", arguments, dout)


def expect_gradient(student, reference, rng, only, x_shape, W_shape, stride, pad, anywhere=False):
    """Expect the right gradient `only` of a random convolutional layer."""
    answer, right = gradients(student, reference, rng, x_shape, W_shape, stride, pad)
    right = right[LAYER.index(only)]
    gradient = gradient_at(answer, LAYER, LAYER.index(only), right.shape, anywhere, "what conv2d_backward returns")
    expect(gradient, f"{only} for x of shape {x_shape}, W of shape {W_shape}, stride={stride}, pad={pad}").close_to(right)


def pooled_back(student, reference, rng, shape, size, stride):
    """Return the student's gradient of max pooling and the right one, for images without ties."""
    x = apart(rng, shape)
    dout = upstream(rng, reference.max_pool_forward(x, size, stride)[0])
    return passed_back(student, reference, "max_pool", (x, size, stride), dout)


def expect_pooled_back(student, reference, rng, cases):
    """Expect the right gradient of max pooling, which may stand in a tuple, for several images of (rows, columns), sizes and strides."""
    for shape, size, stride in cases:
        answer, right = pooled_back(student, reference, rng, (2, 2, *shape), size, stride)
        expect(array_in(answer), f"dx for x of shape {right.shape}, size={size}, stride={stride}").close_to(right)


# --- conv2d_single ------------------------------------------------------------------------------------------------------------


@exercise("conv2d_single")
class TestConv2dSingle(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    integers = (0,)

    def arguments(self, rng):
        return rng.normal(size=(5, 5)), rng.normal(size=(3, 3))

    def compare_with(self, student, reference, X, W):
        answer = array_in(student.conv2d_single(X, W))
        expect(answer, f"Y for X of shape {X.shape}, W of shape {W.shape}").close_to(reference.conv2d_single(X, W))

    @aspect("places of the window", 3)
    def test_places(self, student, reference, rng):
        """With equal weights every output is a multiple of the sum of its window, for every place of the window in the image."""
        for n in (5, 6):
            self.compare_with(student, reference, rng.normal(size=(n, n)), np.full((3, 3), rng.uniform(0.5, 2)))

    @aspect("weights", 4)
    def test_weights(self, student, reference, rng):
        """Random kernels: each weight meets the pixel below it."""
        for n in (5, 7):
            X, W = rng.normal(size=(n, n)), rng.normal(size=(3, 3))
            answer, right = array_in(student.conv2d_single(X, W)), reference.conv2d_single(X, W)
            if not is_part_of(answer, right):
                expect(answer, f"Y for X of shape {X.shape}, W of shape {W.shape}").close_to(right)

    @aspect("images that aren't square", 1)
    def test_images_that_are_not_square(self, student, reference, rng):
        """Wide and high images have outputs of another width than height."""
        for shape in ((4, 7), (8, 5)):
            self.compare_with(student, reference, rng.normal(size=shape), rng.normal(size=(3, 3)))

    @aspect("kernels that aren't square", 1.5)
    def test_kernels_that_are_not_square(self, student, reference, rng):
        """Kernels may be wide, high, a row or a column."""
        for shape in ((2, 4), (3, 1)):
            self.compare_with(student, reference, rng.normal(size=(6, 6)), rng.normal(size=shape))

    @aspect("other sizes", 1.5)
    def test_other_sizes(self, student, reference, rng):
        """Kernels may be smaller or larger than 3×3."""
        for F in (2, 4):
            self.compare_with(student, reference, rng.normal(size=(6, 6)), rng.normal(size=(F, F)))

    @corner("an array", 0.1)
    def test_an_array(self, student, rng):
        """The answer is an array, and nothing else is returned."""
        answer = student.conv2d_single(*self.arguments(rng))
        if not isinstance(answer, np.ndarray):
            raise Mismatch("type", f"Y should be an array, but it is {described(answer)}")

    @corner("smallest and largest kernel", 0.04)
    def test_smallest_and_largest_kernel(self, student, reference, rng):
        """A kernel of one weight scales the image; one as large as the image leaves one number, in an array of shape (1, 1)."""
        for F in (1, 4):
            self.compare_with(student, reference, rng.normal(size=(4, 4)), rng.normal(size=(F, F)))


# --- conv2d_single_backward ---------------------------------------------------------------------------------------------------


@exercise("conv2d_single_backward")
class TestConv2dSingleBackward(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = SINGLE
    integers = (1, 2)

    def arguments(self, rng):
        return rng.normal(size=(3, 3)), rng.normal(size=(4, 4)), rng.normal(size=(2, 2))

    @pytest.mark.parametrize("gradient", SINGLE)
    @aspect("{gradient}", 4)
    def test_square(self, student, reference, rng, gradient):
        """Random square images and kernels: the gradient is right, and stands at its place in (dX, dW)."""
        for shapes in (((5, 5), (3, 3)), ((4, 4), (2, 2))):
            expect_single(student, reference, rng, *shapes, gradient)

    @pytest.mark.parametrize("gradient", SINGLE)
    @aspect("{gradient} of what isn't square", 1.5)
    def test_not_square(self, student, reference, rng, gradient):
        """Images and kernels that aren't square have gradients of their own shapes."""
        for shapes in (((4, 6), (3, 2)), ((5, 4), (1, 3))):
            expect_single(student, reference, rng, *shapes, gradient, anywhere=True)

    @pytest.mark.parametrize("gradient", SINGLE)
    @corner("{gradient} for the smallest and largest kernel", 0.03)
    def test_smallest_and_largest_kernel(self, student, reference, rng, gradient):
        """The gradient is right for a kernel of one weight, and for one as large as the image."""
        for F in (1, 4):
            expect_single(student, reference, rng, (4, 4), (F, F), gradient)


# --- conv_output_size ---------------------------------------------------------------------------------------------------------


@exercise("conv_output_size")
class TestConvOutputSize:
    def compare_with(self, student, reference, cases):
        for arguments in cases:
            name = "the size for " + ", ".join(
                f"{key}={value}" for key, value in zip(("n", "kernel", "stride", "pad"), arguments, strict=False)
            )
            expect(student.conv_output_size(*arguments), name).equals(reference.conv_output_size(*arguments))

    @aspect("stride 1, no padding", 2)
    def test_no_stride_no_padding(self, student, reference, rng):
        """A kernel of K pixels has n − K + 1 places on n pixels."""
        self.compare_with(student, reference, ((28, 5), (9, 8), (int(rng.integers(50, 99)), 7), (3, 1)))

    @aspect("padding", 2)
    def test_padding(self, student, reference):
        """Padding adds pixels on both sides."""
        self.compare_with(student, reference, ((8, 3, 1, 1), (10, 3, 1, 3)))
        for n, kernel, pad in ((8, 3, 1), (11, 5, 4)):
            name = f"the size for n={n}, kernel={kernel}, pad={pad}"
            expect(student.conv_output_size(n, kernel, pad=pad), name).equals(reference.conv_output_size(n, kernel, 1, pad))

    @aspect("stride", 2)
    def test_stride_that_comes_out_even(self, student, reference):
        """With a stride every stride-th place counts, the first one included."""
        self.compare_with(student, reference, ((7, 3, 2), (10, 4, 3), (32, 2, 2), (13, 1, 4)))

    @aspect("rest", 2.3)
    def test_stride_with_a_rest(self, student, reference):
        """Where the stride doesn't come out even, what is left over is no place: the size is rounded down."""
        self.compare_with(student, reference, ((8, 3, 2), (30, 5, 3), (11, 4, 4), (5, 4, 9)))

    @aspect("ValueError", 2.3)
    def test_kernel_that_does_not_fit(self, student):
        """A kernel that is too large for the padded image raises ValueError, and no other kernel does."""
        for arguments in ((4, 5), (3, 9, 2, 2), (2, 7, 5, 1)):
            expect_error(student.conv_output_size, ValueError, *arguments)
        for arguments in ((5, 7, 2, 2), (3, 5, 1, 1), (9, 3, 4, 1)):
            if student.conv_output_size(*arguments) is None:
                raise Mismatch("type", f"conv_output_size{arguments} is None, though the kernel fits")

    @corner("a kernel that just fits", 0.05)
    def test_kernel_that_just_fits(self, student, reference):
        """A kernel as large as the padded image has one place, whatever the stride."""
        self.compare_with(student, reference, ((9, 9), (1, 1), (3, 7, 2, 2), (2, 4, 1, 1)))

    @corner("an integer", 0.1)
    def test_an_integer(self, student):
        """The answer is an integer, so that it can be part of a shape."""
        for answer in [student.conv_output_size(*arguments) for arguments in ((7, 3, 2, 1), (6, 2, 2))]:
            if not isinstance(answer, (int, np.integer)) and getattr(answer, "dtype", np.dtype(float)).kind not in "iu":
                raise Mismatch("type", f"the size should be an integer, but it is {described(answer)}: an array can't have such a shape")


# --- conv2d_forward -----------------------------------------------------------------------------------------------------------
# Padding that is wrong, and a crash without padding, both happen: each aspect but these two has one half with and one without padding.


@exercise("conv2d_forward")
class TestConv2dForward(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    integers = (0,)

    def arguments(self, rng):
        return *layer(rng, (2, 2, 4, 4), (4, 2, 3, 3)), 1, 1  # F = OW: biases along the wrong axis raise no error here

    def compare_with(self, student, reference, rng, x_shape, W_shape, stride=1, pad=0):
        """Compare out for random images and kernels, and no biases."""
        x, W, b = layer(rng, x_shape, W_shape)
        right, _ = reference.conv2d_forward(x, W, 0 * b, stride, pad)
        name = f"out for x of shape {x_shape}, W of shape {W_shape}, stride={stride}, pad={pad}"
        out = out_of(student.conv2d_forward, x, W, 0 * b, stride=stride, pad=pad)
        expect(kernels_second(out, right), name).close_to(right)

    @aspect("windows and channels", 4)
    def test_windows_and_channels(self, student, reference, rng):
        """Without stride and padding every output sums over all channels of its window."""
        self.compare_with(student, reference, rng, (2, 2, 5, 5), (3, 2, 3, 3))

    @aspect("padding", 3)
    def test_padding_of_one(self, student, reference, rng):
        """With pad = 1 a row or column of zeros is put on every side of every image."""
        self.compare_with(student, reference, rng, (2, 2, 4, 4), (4, 2, 3, 3), pad=1)

    @aspect("padding")
    def test_more_padding(self, student, reference, rng):
        """pad rows and columns of zeros are put on every side of every image."""
        for pad in (2, 3):
            self.compare_with(student, reference, rng, (2, 3, 4, 4), (3, 3, 3, 3), pad=pad)

    @pytest.mark.parametrize(("pad", "n", "stride"), [(0, 9, 3), (1, 5, 2)], ids=ALONE)
    @aspect("stride", 3.5)
    def test_stride(self, student, reference, rng, pad, n, stride):
        """The window moves by stride, down and to the right, with and without padding."""
        self.compare_with(student, reference, rng, (2, 2, n, n), (2, 2, 3, 3), stride, pad)

    @pytest.mark.parametrize(("pad", "n", "stride"), [(0, 8, 4), (1, 6, 3)], ids=ALONE)
    @aspect("rest", 3)
    def test_stride_with_a_rest(self, student, reference, rng, pad, n, stride):
        """Rows and columns where no whole window fits any more are left out, with and without padding."""
        self.compare_with(student, reference, rng, (2, 2, n, n), (2, 2, 3, 3), stride, pad)

    @pytest.mark.parametrize(("pad", "x_shape", "F"), [(0, (2, 3, 4, 4), 4), (1, (2, 2, 5, 5), 2)], ids=ALONE)
    @aspect("bias", 5.3)
    def test_bias(self, student, reference, rng, pad, x_shape, F):
        """Every kernel has its own bias, which is added once to all of its outputs: kernels of zeros leave the biases alone."""
        x, W, b = layer(rng, x_shape, (F, x_shape[1], 3, 3))
        name = f"out for kernels of zeros, x of shape {x_shape}, b of shape {(F,)}, pad={pad}"
        right, _ = reference.conv2d_forward(x, 0 * W, b, 1, pad)
        expect(kernels_second(out_of(student.conv2d_forward, x, 0 * W, b, pad=pad), right), name).close_to(right)

    @pytest.mark.parametrize("pad", (0, 1), ids=ALONE)
    @aspect("not square", 5.7)
    def test_not_square(self, student, reference, rng, pad):
        """Images and kernels may be wide or high, with and without padding."""
        for x_shape, W_shape in (((2, 3, 4, 7), (2, 3, 2, 2)), ((1, 2, 6, 4), (3, 2, 4, 2))):
            self.compare_with(student, reference, rng, x_shape, W_shape, pad=pad)

    @corner("defaults", 0.03)
    def test_defaults(self, student, reference, rng):
        """Without stride and pad the stride is 1, and there is no padding."""
        arguments = layer(rng, (2, 2, 4, 4), (3, 2, 3, 3))
        right, _ = reference.conv2d_forward(*arguments)
        expect(kernels_second(out_of(student.conv2d_forward, *arguments), right), "out").close_to(right)

    @aspect("the order of the axes", 3)
    def test_order_of_the_axes(self, student, reference, rng):
        """The second axis of out counts the kernels: out has the shape (N, F, OH, OW)."""
        arguments = (*layer(rng, (2, 2, 4, 7), (7, 2, 3, 3)), 1, 1)
        right, _ = reference.conv2d_forward(*arguments)
        out = out_of(student.conv2d_forward, *arguments)
        if not isinstance(out, np.ndarray) or out.ndim != 4 or out.shape[1] != 7 or out.dtype.kind not in "iuf":
            raise Mismatch("shape", f"out should have shape {right.shape}, (N, F, OH, OW), but it is {described(out)}")

    @corner("(out, cache)", 0.07)
    def test_two_items(self, student, rng):
        """The answer is the pair (out, cache)."""
        expect(student.conv2d_forward(*self.arguments(rng)), "what conv2d_forward returns").items("out", "cache")

    @corner("smallest and largest kernel", 0.04)
    def test_smallest_and_largest_kernel(self, student, reference, rng):
        """A kernel may have one weight, or be as large as the image."""
        for F in (1, 4):
            self.compare_with(student, reference, rng, (1, 1, 4, 4), (1, 1, F, F))


# --- conv2d_backward ----------------------------------------------------------------------------------------------------------
# What isn't about pad = 0 is tested with padding: the crop that fails there is the most frequent mistake, and costs one aspect only.
# F = KH = OW where it can be: a forward pass that takes one for another (biases along the columns, F as the kernel's size) raises nothing.


@exercise("conv2d_backward")
class TestConv2dBackward(Backward, ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = LAYER
    integers = (1,)

    def arguments(self, rng):
        return rng.normal(0.3, 1, (2, 3, 3, 3)), *layer(rng, (2, 1, 3, 3), (3, 1, 3, 3)), 1, 1

    @aspect("dx", 3)
    def test_dx(self, student, reference, rng):
        """dx, the first of the three gradients, is right with a padding of 1 and stride 1."""
        expect_gradient(student, reference, rng, "dx", (2, 2, 3, 3), (3, 2, 3, 3), 1, 1)

    @aspect("dx")
    def test_dx_and_more_padding(self, student, reference, rng):
        """dx is right with a padding of 2, too."""
        expect_gradient(student, reference, rng, "dx", (1, 1, 3, 3), (4, 1, 4, 4), 1, 2)

    @pytest.mark.parametrize("gradient", LAYER[:2])
    @aspect("{gradient}")
    def test_not_square(self, student, reference, rng, gradient):
        """The gradient is right for images and kernels that aren't square."""
        for x_shape, W_shape in (((1, 2, 5, 4), (2, 2, 4, 2)), ((2, 1, 3, 5), (1, 1, 1, 4))):
            expect_gradient(student, reference, rng, gradient, x_shape, W_shape, 1, 1)

    @aspect("dx without padding", 3)
    def test_dx_without_padding(self, student, reference, rng):
        """With pad = 0 there is nothing to cut off: dx still has the shape of x, and is right."""
        for x_shape, F, stride in (((2, 2, 5, 5), 3, 1), ((5, 1, 2, 4), 2, 2)):
            expect_gradient(student, reference, rng, "dx", x_shape, (F, x_shape[1], F, F), stride, 0, anywhere=True)

    @pytest.mark.parametrize("gradient", LAYER[:2])
    @aspect("{gradient} with a stride", 5)
    def test_stride(self, student, reference, rng, gradient):
        """The gradient is right with a stride, whether it comes out even or not."""
        for n in (5, 6):
            expect_gradient(student, reference, rng, gradient, (2, 1, n, n), (3, 1, 3, 3), 2, 1, anywhere=True)

    @aspect("dx with a stride")
    def test_dx_with_a_stride_and_more_padding(self, student, reference, rng):
        """dx is right with stride 3 and a padding of 2."""
        expect_gradient(student, reference, rng, "dx", (2, 1, 6, 6), (3, 1, 3, 3), 3, 2, anywhere=True)

    @aspect("dW", 3)
    def test_dW(self, student, reference, rng):
        """dW, the second of the three gradients, is right with stride 1: a sum over all images and all places."""
        expect_gradient(student, reference, rng, "dW", (2, 2, 3, 3), (3, 2, 3, 3), 1, 1)

    @aspect("db", 5)
    def test_db(self, student, reference, rng):
        """db, the third of the three gradients, is right: a bias was added to every output of its kernel, in every image."""
        expect_gradient(student, reference, rng, "db", (2, 2, 3, 3), (3, 2, 3, 3), 1, 1)

    @corner("pixels that no window saw", 0.06)
    def test_leftovers(self, student, reference, rng):
        """dx has the shape of x, and zeros in rows and columns that no window saw, if more of them are left over than the padding has."""
        answer, (right, *_) = gradients(student, reference, rng, (1, 1, 7, 7), (2, 1, 2, 2), 4, 1)
        dx = expect(gradient_at(answer, LAYER, 0, right.shape, False, "what conv2d_backward returns"), "dx").shaped(right.shape).answer
        unseen = right == 0
        expect(np.where(unseen, dx, 0.0), "dx where no window was").close_to(np.zeros(right.shape))

    @corner("two batches under way", 0.05)
    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (_, *arguments), (_, *others) = self.arguments(rng), self.arguments(rng)
        dout = upstream(rng, reference.conv2d_forward(*arguments)[0])
        at_once, _ = passed_back(student, reference, "conv2d", arguments, dout)
        later, _ = passed_back(student, reference, "conv2d", arguments, dout, between=lambda: student.conv2d_forward(*others[:3], 2, 2))
        expect(later, "the answer").alike(at_once, "when another forward pass lies between", LAYER)


# --- max_pool_forward ---------------------------------------------------------------------------------------------------------


@exercise("max_pool_forward")
class TestMaxPoolForward(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return (positive(rng, (2, 2, 4, 4)),)

    def compare_with(self, student, reference, x, *options):
        name = f"out for x of shape {x.shape}" + (", size={}, stride={}".format(*options) if options else "")
        expect(out_of(student.max_pool_forward, x, *options), name).close_to(reference.max_pool_forward(x, *options)[0])

    @aspect("windows of 2×2", 3)
    def test_windows_of_two(self, student, reference, rng):
        """By default, every window of 2×2 leaves its maximum."""
        for shape in ((2, 3, 4, 4), (1, 2, 6, 6)):
            self.compare_with(student, reference, positive(rng, shape))

    @aspect("other sizes", 1.5)
    def test_other_sizes(self, student, reference, rng):
        """Windows of other sizes, side by side."""
        for size in (3, 4):
            self.compare_with(student, reference, positive(rng, (2, 1, 12, 12)), size, size)

    @aspect("stride 1", 3)
    def test_stride_one(self, student, reference, rng):
        """Windows may move by one pixel, so that they overlap."""
        for size in (2, 3):
            self.compare_with(student, reference, positive(rng, (2, 2, 5, 5)), size, 1)

    @aspect("other strides", 1.5)
    def test_other_strides(self, student, reference, rng):
        """Windows may overlap by less, and may leave pixels out between them."""
        for size, stride in ((3, 2), (2, 3)):
            self.compare_with(student, reference, positive(rng, (2, 1, 5, 5)), size, stride)

    @aspect("negative values", 4.4)
    def test_negative_values(self, student, reference, rng):
        """The maximum of negative values is negative."""
        self.compare_with(student, reference, -positive(rng, (2, 2, 4, 4)))

    @aspect("negative values")
    def test_negative_values_and_stride_one(self, student, reference, rng):
        """The maximum of negative values is negative, with stride 1 as well."""
        self.compare_with(student, reference, -positive(rng, (2, 2, 4, 4)), 2, 1)

    @aspect("not square", 4.2)
    def test_images_that_are_not_square(self, student, reference, rng):
        """Wide and high images."""
        for shape in ((2, 2, 4, 8), (1, 3, 6, 2)):
            self.compare_with(student, reference, positive(rng, shape))

    @aspect("rest", 2.2)
    def test_leftovers(self, student, reference, rng):
        """Rows and columns where no whole window fits any more are dropped."""
        for n, size, stride in ((5, 2, 2), (7, 3, 3)):
            self.compare_with(student, reference, positive(rng, (2, 1, n, n)), size, stride)

    @corner("(out, cache)", 0.1)
    def test_two_items(self, student, rng):
        """The answer is the pair (out, cache)."""
        expect(student.max_pool_forward(*self.arguments(rng)), "what max_pool_forward returns").items("out", "cache")


# --- max_pool_backward --------------------------------------------------------------------------------------------------------
# Without ties, except in the one test of them.


@exercise("max_pool_backward")
class TestMaxPoolBackward(Backward, ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    integers = (1,)

    def arguments(self, rng):
        return rng.normal(0.3, 1, (2, 2, 2, 2)), apart(rng, (2, 2, 4, 4))

    @aspect("places", 4.5)
    def test_places(self, student, reference, rng):
        """The gradient arrives at the maximum of every window of 2×2, and nowhere else."""
        dx, right = pooled_back(student, reference, rng, (2, 2, 6, 6), 2, 2)
        dx = expect(array_in(dx), "dx").shaped(right.shape).answer
        expect(np.not_equal(dx, 0) * 1.0, "dx ≠ 0").close_to((right != 0) * 1.0)

    @aspect("what a window hands back", 4)
    def test_sums(self, student, reference, rng):
        """By default, every window of 2×2 hands back its gradient, no more and no less: the entries of dx in it add up to that."""
        dx, right = pooled_back(student, reference, rng, (2, 2, 6, 6), 2, 2)
        dx = expect(array_in(dx), "dx").shaped(right.shape).answer
        mine, wanted = (array.reshape(2, 2, 3, 2, 3, 2).sum(axis=(3, 5)) for array in (dx, right))
        expect(mine, "the sum of dx in every window").close_to(wanted)

    @corner("dx alone", 0.03)
    def test_dx_alone(self, student, reference, rng):
        """The function returns dx, an array, and nothing else."""
        dx, right = pooled_back(student, reference, rng, (2, 2, 4, 4), 2, 2)
        if not isinstance(dx, np.ndarray):
            raise Mismatch("type", f"dx should be an array of shape {right.shape}, but it is {described(dx)}")

    @aspect("stride 1", 4.1)
    def test_stride_one(self, student, reference, rng):
        """Where windows move by one pixel, the maximum of several windows gets the sum of their gradients."""
        expect_pooled_back(student, reference, rng, (((6, 6), 3, 1), ((4, 4), 2, 1)))

    @aspect("other overlaps", 1)
    def test_other_overlaps(self, student, reference, rng):
        """Where windows overlap by less, the maximum of several windows gets the sum of their gradients, too."""
        expect_pooled_back(student, reference, rng, (((9, 9), 3, 2),))

    @aspect("other sizes", 1)
    def test_other_sizes(self, student, reference, rng):
        """Windows of other sizes, side by side and with gaps between them."""
        expect_pooled_back(student, reference, rng, (((6, 6), 3, 3), ((8, 8), 2, 3)))

    @aspect("not square", 1)
    def test_images_that_are_not_square(self, student, reference, rng):
        """Images may have more rows than columns."""
        expect_pooled_back(student, reference, rng, (((6, 4), 2, 2),))

    @aspect("rest", 1.5)
    def test_leftovers(self, student, reference, rng):
        """Rows and columns that were dropped get gradient 0, and dx has the shape of x."""
        expect_pooled_back(student, reference, rng, (((8, 8), 3, 3),))

    @corner("ties", 0.08)
    def test_ties(self, student, reference, rng):
        """Where several entries of a window are the maximum, the first one in row order gets the whole gradient."""
        x = rng.integers(0, 2, (2, 2, 4, 4)).astype(float)
        dx, right = passed_back(student, reference, "max_pool", (x,), upstream(rng, reference.max_pool_forward(x)[0]))
        expect(array_in(dx), "dx").close_to(right)

    @corner("two batches under way", 0.03)
    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (_, x), (_, other) = self.arguments(rng), self.arguments(rng)
        dout = upstream(rng, reference.max_pool_forward(x)[0])
        at_once, _ = passed_back(student, reference, "max_pool", (x,), dout)
        later, _ = passed_back(student, reference, "max_pool", (x,), dout, between=lambda: student.max_pool_forward(other))
        expect(later, "dx").alike(at_once, "when another forward pass lies between")
