"""The hidden suite of lecture 12, convolution."""

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged, worth
from coursekit.expectations import Mismatch, described, same

SINGLE = ("dX", "dW")
LAYER = ("dx", "dW", "db")

# --- inputs -----------------------------------------------------------------------------------------------------------------


def layer(rng, x_shape, W_shape):
    """Return images, kernels and biases; nothing in them is symmetric."""
    return rng.normal(0.5, 1, x_shape), rng.normal(size=W_shape), rng.normal(0, 2, W_shape[0]) + 0.5


def apart(rng, shape):
    """Return values of both signs that are all different, and far enough from each other for a difference quotient."""
    size = int(np.prod(shape))
    return (rng.permutation(size).reshape(shape) - 0.7 * size) / 8


def eighths(rng, shape):
    """Return 32-bit floats with which small sums and products are exact."""
    return (rng.integers(-16, 17, shape) / 8).astype(np.float32)


def upstream(rng, out):
    """Return a random upstream gradient of the shape of `out`; its entries don't add up to zero."""
    return rng.normal(0.3, 1, np.shape(out))


# --- forward and backward passes ----------------------------------------------------------------------------------------------


def forward(function, *arguments, **options):
    """Call a forward pass, and return the out of its (out, cache)."""
    return expect(function(*arguments, **options), f"what {function.name} returns").items("out", "cache")[0]


def expect_single(student, reference, X, W, dY=None, rng=None, only=None):
    """Expect the gradients of one image and one kernel; where `only` says so, just the one at that position."""
    dY = upstream(rng, reference.conv2d_single(X, W)) if dY is None else dY
    answer = expect(student.conv2d_single_backward(dY, X, W), "what conv2d_single_backward returns").items(*SINGLE)
    chosen = slice(None) if only is None else slice(only, only + 1)
    expect(answer[chosen]).close_to(list(reference.conv2d_single_backward(dY, X, W))[chosen], names=SINGLE[chosen])


def expect_layer(student, reference, kind, arguments, dout, only=None, between=None, watch=False, **options):
    """Expect right gradients from the student's layer `kind`.

    Parameters
    ----------
    kind : {"conv2d", "max_pool"}
    only : int, optional
        The position of the one gradient that is looked at.
    between : callable, optional
        Called between the forward and the backward pass.
    watch : bool
        Whether dout must be as it was after the call.
    """
    forward, backward = getattr(student, f"{kind}_forward"), getattr(student, f"{kind}_backward")
    _, right_cache = getattr(reference, f"{kind}_forward")(*arguments, **options)
    right = getattr(reference, f"{kind}_backward")(dout, right_cache)
    _, cache = expect(forward(*arguments, **options), f"what {forward.name} returns").items("out", "cache")
    if between is not None:
        between()
    call = backward.call(dout, cache) if watch else None
    if call is not None and not same(dout, call.arguments[0]):
        raise Mismatch("value", f"{backward.name} changed dout in place; the layer above still needs it, so work on a copy instead")
    answer = backward(dout, cache) if call is None else call.answer
    if kind == "max_pool":
        expect(answer, "dx").close_to(right)
        return
    chosen = slice(None) if only is None else slice(only, only + 1)
    answer = expect(answer, f"what {backward.name} returns").items(*LAYER)
    expect(answer[chosen]).close_to(list(right)[chosen], names=LAYER[chosen])


def expect_convolution(student, reference, rng, x_shape, W_shape, stride, pad, only=None, **more):
    """Expect the gradients of a convolutional layer for random images, kernels, biases and upstream gradient."""
    arguments = layer(rng, x_shape, W_shape)
    dout = upstream(rng, reference.conv2d_forward(*arguments, stride, pad)[0])
    expect_layer(student, reference, "conv2d", arguments, dout, only, stride=stride, pad=pad, **more)


def expect_pooling(student, reference, rng, shape, size, stride, **more):
    """Expect the gradient of max pooling for images without ties and a random upstream gradient."""
    x = apart(rng, shape)
    dout = upstream(rng, reference.max_pool_forward(x, size, stride)[0])
    expect_layer(student, reference, "max_pool", (x,), dout, size=size, stride=stride, **more)


# --- conv2d_single ------------------------------------------------------------------------------------------------------------


@exercise("conv2d_single")
class TestConv2dSingle:
    @worth(3)
    def test_random_images(self, student, reference, rng):
        """Random kernels slide over random images: every output is the sum of its window times the kernel."""
        for n, F in ((5, 3), (6, 2), (7, 4)):
            X, W = rng.normal(size=(n, n)), rng.normal(size=(F, F))
            expect(student.conv2d_single(X, W), f"Y for n = {n}, F = {F}").close_to(reference.conv2d_single(X, W))

    def test_images_that_are_not_square(self, student, reference, rng):
        """Wide and high images have outputs of another width than height."""
        for shape in ((4, 7), (8, 3)):
            X, W = rng.normal(size=shape), rng.normal(size=(2, 2))
            expect(student.conv2d_single(X, W), f"Y for X of shape {shape}").close_to(reference.conv2d_single(X, W))

    def test_kernels_that_are_not_square(self, student, reference, rng):
        """Kernels may be wide, high, a row or a column."""
        for shape in ((2, 4), (3, 1), (1, 5), (4, 2)):
            X, W = rng.normal(size=(6, 6)), rng.normal(size=shape)
            expect(student.conv2d_single(X, W), f"Y for W of shape {shape}").close_to(reference.conv2d_single(X, W))

    def test_smallest_and_largest_kernel(self, student, reference, rng):
        """A kernel of one weight scales the image; one as large as the image leaves one number, in an array of shape (1, 1)."""
        X = rng.normal(size=(4, 4))
        for W in (rng.normal(size=(1, 1)), rng.normal(size=(4, 4))):
            expect(student.conv2d_single(X, W), f"Y for W of shape {W.shape}").close_to(reference.conv2d_single(X, W))

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input, alone and with each other."""
        whole, broken = rng.integers(-9, 10, (5, 5)), rng.normal(size=(3, 3))
        for X, W in ((whole, rng.integers(-3, 4, (3, 3))), (whole, broken), (eighths(rng, (5, 5)), eighths(rng, (2, 2)))):
            expect(student.conv2d_single(X, W), f"Y for {X.dtype} and {W.dtype}").close_to(reference.conv2d_single(X, W))

    def test_memory_layouts(self, student, reference, rng):
        """A transposed image, and every other column of one, are images like any other."""
        X, W = rng.normal(size=(5, 10)), rng.normal(size=(2, 2))
        for image, kernel in ((X[:, ::2], W.T), (X.T[:5], W)):
            expect(student.conv2d_single(image, kernel), "Y").close_to(reference.conv2d_single(image, kernel))

    def test_arguments_stay(self, student, reference, rng):
        """X and W are as they were after the call, and Y is right."""
        X, W = rng.normal(size=(5, 5)), rng.normal(size=(3, 3))
        expect(expect_unchanged(student.conv2d_single, X, W), "Y").close_to(reference.conv2d_single(X, W))


# --- conv2d_single_backward ---------------------------------------------------------------------------------------------------


@exercise("conv2d_single_backward")
class TestConv2dSingleBackward:
    @worth(3)
    def test_input_gradient(self, student, reference, rng):
        """dX is right for random images, kernels and upstream gradients."""
        for n, F in ((5, 3), (4, 2), (6, 3)):
            expect_single(student, reference, rng.normal(size=(n, n)), rng.normal(size=(F, F)), rng=rng, only=0)

    @worth(2)
    def test_weight_gradient(self, student, reference, rng):
        """dW is right for random images, kernels and upstream gradients."""
        for n, F in ((5, 3), (4, 2), (6, 3)):
            expect_single(student, reference, rng.normal(size=(n, n)), rng.normal(size=(F, F)), rng=rng, only=1)

    def test_not_square(self, student, reference, rng):
        """Images and kernels that aren't square have gradients of their own shapes."""
        for X_shape, W_shape in (((4, 6), (2, 2)), ((5, 5), (3, 2)), ((5, 4), (1, 3))):
            expect_single(student, reference, rng.normal(size=X_shape), rng.normal(size=W_shape), rng=rng)

    def test_smallest_and_largest_kernel(self, student, reference, rng):
        """Also for a kernel of one weight, and for one as large as the image."""
        for F in (1, 4):
            expect_single(student, reference, rng.normal(size=(4, 4)), rng.normal(size=(F, F)), rng=rng)

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input."""
        expect_single(student, reference, rng.integers(-9, 10, (4, 4)), rng.integers(1, 5, (2, 2)), rng.normal(size=(3, 3)))
        expect_single(student, reference, eighths(rng, (4, 4)), eighths(rng, (2, 2)), eighths(rng, (3, 3)))

    def test_memory_layouts(self, student, reference, rng):
        """Transposed arrays, and every other column of one, are arguments like any other."""
        X, W, dY = rng.normal(size=(4, 8))[:, ::2], rng.normal(size=(2, 2)).T, rng.normal(size=(3, 3)).T
        expect_single(student, reference, X, W, dY)
        expect_single(student, reference, X.T, W, rng.normal(size=(3, 6))[:, ::2])

    def test_arguments_stay(self, student, reference, rng):
        """dY, X and W are as they were after the call, and the gradients are right."""
        X, W = rng.normal(size=(4, 4)), rng.normal(size=(2, 2))
        dY = upstream(rng, reference.conv2d_single(X, W))
        expect_unchanged(student.conv2d_single_backward, dY, X, W)
        expect_single(student, reference, X, W, dY)


# --- conv_output_size ---------------------------------------------------------------------------------------------------------


@exercise("conv_output_size")
class TestConvOutputSize:
    @worth(2)
    def test_no_stride_no_padding(self, student, reference, rng):
        """A kernel of F pixels has n − F + 1 places on n pixels."""
        for n, kernel in ((28, 5), (9, 9), (int(rng.integers(50, 99)), 7), (1, 1)):
            expect(student.conv_output_size(n, kernel), f"the size for n={n}, kernel={kernel}").equals(
                reference.conv_output_size(n, kernel)
            )

    def test_padding(self, student, reference):
        """Padding adds pixels on both sides, and is taken by position or by keyword."""
        for n, kernel, pad in ((8, 3, 1), (9, 5, 2), (10, 3, 2), (2, 5, 4)):
            got = student.conv_output_size(n, kernel, pad=pad)
            expect(got, f"the size for n={n}, kernel={kernel}, pad={pad}").equals(reference.conv_output_size(n, kernel, 1, pad))

    def test_stride_that_comes_out_even(self, student, reference):
        """With a stride every stride-th place counts, the first one included."""
        for n, kernel, stride, pad in ((7, 3, 2, 0), (10, 4, 3, 0), (32, 2, 2, 0), (9, 3, 4, 1)):
            name = f"the size for n={n}, kernel={kernel}, stride={stride}, pad={pad}"
            expect(student.conv_output_size(n, kernel, stride, pad), name).equals(reference.conv_output_size(n, kernel, stride, pad))

    @worth(2)
    def test_stride_with_a_rest(self, student, reference):
        """Where the stride doesn't come out even, what is left over is no place: the size is rounded down."""
        for n, kernel, stride, pad in ((8, 3, 2, 0), (28, 5, 3, 1), (11, 4, 4, 0), (5, 4, 9, 0)):
            name = f"the size for n={n}, kernel={kernel}, stride={stride}, pad={pad}"
            expect(student.conv_output_size(n, kernel, stride, pad), name).equals(reference.conv_output_size(n, kernel, stride, pad))

    def test_kernel_that_does_not_fit(self, student, reference):
        """A kernel that is too large for the padded image raises ValueError; one that just fits has one place."""
        for arguments in ((3, 7, 2, 2), (3, 5, 1, 1), (2, 4, 1, 1)):
            expect(student.conv_output_size(*arguments), "the size where the kernel just fits").equals(1)
        for arguments in ((4, 5), (3, 9, 2, 2), (2, 7, 5, 1)):
            expect_error(student.conv_output_size, ValueError, *arguments)

    def test_an_integer(self, student, reference):
        """The answer is an integer, so that it can be part of a shape."""
        for arguments in ((8, 3, 2, 1), (6, 2, 2)):
            answer = student.conv_output_size(*arguments)
            expect(answer, "the size").equals(reference.conv_output_size(*arguments))
            if not isinstance(answer, (int, np.integer)) and getattr(answer, "dtype", np.dtype(float)).kind not in "iu":
                raise Mismatch("type", f"the size should be an integer, but it is {described(answer)}: an array can't have such a shape")


# --- conv2d_forward -----------------------------------------------------------------------------------------------------------


def expect_out(student, reference, rng, x_shape, W_shape, biased=False, **options):
    """Expect the right out of conv2d_forward for random images and kernels, and, where the test is about them, random biases."""
    x, W, b = layer(rng, x_shape, W_shape)
    arguments = x, W, b if biased else 0 * b
    name = f"out for x of shape {x_shape}, W of shape {W_shape}" + "".join(f", {key}={value}" for key, value in options.items())
    expect(forward(student.conv2d_forward, *arguments, **options), name).close_to(reference.conv2d_forward(*arguments, **options)[0])


@exercise("conv2d_forward")
class TestConv2dForward:
    @worth(3)
    def test_random_layers(self, student, reference, rng):
        """Random images and kernels, without stride and padding: every output sums over all channels of its window."""
        for x_shape, W_shape in (((2, 3, 5, 5), (4, 3, 3, 3)), ((3, 1, 4, 4), (2, 1, 2, 2)), ((1, 4, 6, 6), (1, 4, 3, 3))):
            expect_out(student, reference, rng, x_shape, W_shape)

    @worth(2)
    def test_bias(self, student, reference, rng):
        """Every kernel has its own bias, which is added once to all of its outputs."""
        for x_shape, F in (((2, 3, 4, 4), 3), ((2, 2, 5, 5), 4), ((1, 1, 3, 3), 1)):
            expect_out(student, reference, rng, x_shape, (F, x_shape[1], 3, 3), biased=True)

    @worth(2)
    def test_padding(self, student, reference, rng):
        """pad rows and columns of zeros are put on every side of every image."""
        for pad in (2, 1, 3):
            expect_out(student, reference, rng, (2, 2, 4, 4), (3, 2, 3, 3), pad=pad)

    @worth(2)
    def test_stride(self, student, reference, rng):
        """The window moves by stride, down and to the right."""
        for n, stride in ((7, 2), (9, 3), (6, 4)):
            expect_out(student, reference, rng, (2, 2, n, n), (2, 2, 3, 3), stride=stride)

    def test_stride_with_a_rest(self, student, reference, rng):
        """Rows and columns where no whole window fits any more are left out, with and without padding."""
        for n, stride, pad in ((8, 2, 0), (5, 4, 2), (6, 3, 1)):
            expect_out(student, reference, rng, (2, 2, n, n), (3, 2, 3, 3), stride=stride, pad=pad)

    def test_images_that_are_not_square(self, student, reference, rng):
        """Wide and high images."""
        for shape in ((2, 2, 4, 7), (1, 3, 6, 3)):
            expect_out(student, reference, rng, shape, (2, shape[1], 2, 2), stride=1, pad=1)

    def test_kernels_that_are_not_square(self, student, reference, rng):
        """Wide and high kernels."""
        for shape in ((2, 2, 1, 4), (3, 2, 3, 2)):
            expect_out(student, reference, rng, (2, 2, 5, 5), shape, stride=2, pad=1)

    def test_one_of_everything(self, student, reference, rng):
        """One image, one channel, one kernel; a kernel of one weight, and one as large as the image."""
        for F in (1, 4):
            expect_out(student, reference, rng, (1, 1, 4, 4), (1, 1, F, F))
        expect_out(student, reference, rng, (1, 3, 1, 1), (2, 3, 1, 1))

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input, alone and with each other."""
        x, (_, W, b) = rng.integers(-9, 10, (2, 2, 4, 4)), layer(rng, (1, 1, 1, 1), (3, 2, 2, 2))
        for arguments in ((x, rng.integers(-3, 4, W.shape), rng.integers(1, 9, 3)), (x, W, b)):
            expect(forward(student.conv2d_forward, *arguments), "out for integers").close_to(reference.conv2d_forward(*arguments)[0])
        arguments = eighths(rng, x.shape), eighths(rng, W.shape), eighths(rng, 3)
        expect(forward(student.conv2d_forward, *arguments), "out for 32-bit floats").close_to(reference.conv2d_forward(*arguments)[0])

    def test_memory_layouts(self, student, reference, rng):
        """Images that were stored channels last, and every other column of pixels, are images like any other."""
        x, W, b = layer(rng, (2, 2, 5, 10), (3, 2, 3, 3))
        for batch in (np.ascontiguousarray(x[..., :5].transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2), x[..., ::2]):
            arguments = batch, W.transpose(0, 1, 3, 2), b
            expect(forward(student.conv2d_forward, *arguments), "out").close_to(reference.conv2d_forward(*arguments)[0])

    def test_arguments_stay(self, student, reference, rng):
        """x, W and b are as they were after the call, with and without padding, and out is right."""
        arguments = layer(rng, (2, 2, 4, 4), (2, 2, 3, 3))
        for options in ((1, 0), (1, 1)):
            out, _ = expect(expect_unchanged(student.conv2d_forward, *arguments, *options), "the answer").items("out", "cache")
            expect(out, "out").close_to(reference.conv2d_forward(*arguments, *options)[0])


# --- conv2d_backward ----------------------------------------------------------------------------------------------------------
# What isn't about pad = 0 is tested with padding: the crop that fails there is the most frequent mistake, and costs one test only.


@exercise("conv2d_backward")
class TestConv2dBackward:
    @worth(3)
    def test_input_gradient(self, student, reference, rng):
        """dx is right for random layers with padding and stride 1."""
        for x_shape, W_shape, pad in (((2, 2, 4, 4), (3, 2, 3, 3), 1), ((1, 1, 3, 3), (2, 1, 2, 2), 2)):
            expect_convolution(student, reference, rng, x_shape, W_shape, 1, pad, only=0)

    @worth(2)
    def test_without_padding(self, student, reference, rng):
        """With pad = 0 there is nothing to cut off: dx still has the shape of x, and is right."""
        for x_shape, stride in (((2, 2, 4, 4), 1), ((1, 1, 5, 5), 2), ((5, 1, 3, 4), 1)):
            expect_convolution(student, reference, rng, x_shape, (2, x_shape[1], 3, 3), stride, 0, only=0)

    @worth(2)
    def test_weight_gradient(self, student, reference, rng):
        """dW is right for random layers with padding and stride 1: a sum over all images and all places."""
        for x_shape, W_shape, pad in (((3, 2, 4, 4), (2, 2, 3, 3), 1), ((2, 1, 3, 3), (3, 1, 2, 2), 2)):
            expect_convolution(student, reference, rng, x_shape, W_shape, 1, pad, only=1)

    def test_bias_gradient(self, student, reference, rng):
        """db is right: a bias was added to every output of its kernel, in every image."""
        for x_shape, F in (((3, 2, 3, 3), 2), ((3, 1, 3, 3), 3)):
            expect_convolution(student, reference, rng, x_shape, (F, x_shape[1], 3, 3), 1, 1, only=2)

    @worth(2)
    def test_stride(self, student, reference, rng):
        """All three gradients are right with a stride, whether it comes out even or not."""
        for n, stride, pad in ((5, 2, 1), (4, 2, 1), (4, 3, 2)):
            expect_convolution(student, reference, rng, (2, 1, n, n), (2, 1, 3, 3), stride, pad)

    def test_not_square(self, student, reference, rng):
        """All three gradients are right for images and kernels that aren't square."""
        shapes = (
            ((2, 1, 3, 5), (2, 1, 2, 2), 1),
            ((1, 2, 4, 4), (2, 2, 3, 2), 1),
            ((2, 1, 5, 3), (1, 1, 1, 3), 2),
            ((1, 1, 5, 4), (2, 1, 4, 4), 1),
        )
        for x_shape, W_shape, stride in shapes:
            expect_convolution(student, reference, rng, x_shape, W_shape, stride, 1)

    def test_one_of_everything(self, student, reference, rng):
        """One image, one channel and one kernel, of one weight and of more."""
        for F in (1, 2):
            expect_convolution(student, reference, rng, (1, 1, 3, 3), (1, 1, F, F), 1, 1)

    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        other = layer(rng, (2, 1, 4, 4), (2, 1, 3, 3))
        expect_convolution(
            student, reference, rng, (2, 1, 4, 4), (2, 1, 3, 3), 1, 1, between=lambda: student.conv2d_forward(*other, stride=2, pad=2)
        )

    def test_numbers_and_layouts(self, student, reference, rng):
        """Integers, 32-bit floats and gradients that were stored channels last are legal input."""
        x, W, b = rng.integers(0, 17, (2, 1, 3, 3)), rng.integers(-3, 4, (2, 1, 2, 2)), rng.integers(-3, 4, 2)
        N, F, H, width = reference.conv2d_forward(x, W, b, 1, 1)[0].shape
        dout = rng.normal(size=(N, H, width, F)).transpose(0, 3, 1, 2)
        expect_layer(student, reference, "conv2d", (x, W, b), dout, stride=1, pad=1)
        arguments = eighths(rng, x.shape), eighths(rng, W.shape), eighths(rng, b.shape)
        expect_layer(student, reference, "conv2d", arguments, eighths(rng, (N, F, H, 2 * width))[..., ::2], stride=1, pad=1)

    def test_arguments_stay(self, student, reference, rng):
        """dout is as it was after the call, and the gradients are right."""
        expect_convolution(student, reference, rng, (2, 1, 3, 3), (2, 1, 3, 3), 1, 1, watch=True)


# --- max_pool_forward ---------------------------------------------------------------------------------------------------------


def positive(rng, shape):
    """Return positive values: a maximum that starts at zero costs the test of negative values, not all of them."""
    return rng.uniform(0.5, 9.5, shape)


def expect_maxima(student, reference, x, *options):
    """Expect the right out of max_pool_forward."""
    name = f"out for x of shape {x.shape}" + (", size={}, stride={}".format(*options) if options else "")
    expect(forward(student.max_pool_forward, x, *options), name).close_to(reference.max_pool_forward(x, *options)[0])


@exercise("max_pool_forward")
class TestMaxPoolForward:
    @worth(2)
    def test_random_images(self, student, reference, rng):
        """By default, every window of 2×2 leaves its maximum."""
        for shape in ((2, 3, 4, 4), (1, 1, 6, 6), (3, 2, 2, 2)):
            expect_maxima(student, reference, positive(rng, shape))

    def test_nothing_but_negative_values(self, student, reference, rng):
        """The maximum of negative values is negative."""
        expect_maxima(student, reference, rng.uniform(-9, -1, (2, 2, 4, 4)))

    def test_other_windows(self, student, reference, rng):
        """Windows of other sizes, side by side."""
        for size in (3, 1, 4):
            expect_maxima(student, reference, positive(rng, (2, 2, 12, 12)), size, size)

    @worth(2)
    def test_overlaps_and_gaps(self, student, reference, rng):
        """Windows may overlap, and may leave pixels out between them."""
        for size, stride in ((3, 2), (2, 1), (3, 1), (2, 3)):
            expect_maxima(student, reference, positive(rng, (2, 2, 5, 5)), size, stride)

    def test_images_that_are_not_square(self, student, reference, rng):
        """Wide and high images."""
        for shape in ((2, 2, 4, 8), (1, 3, 6, 2)):
            expect_maxima(student, reference, positive(rng, shape))

    def test_leftovers(self, student, reference, rng):
        """Rows and columns where no whole window fits any more are dropped."""
        for n, size, stride in ((5, 2, 2), (7, 3, 3), (6, 3, 2)):
            expect_maxima(student, reference, positive(rng, (2, 2, n, n)), size, stride)

    def test_numbers_and_layouts(self, student, reference, rng):
        """Integers, 32-bit floats and images that were stored channels last are legal input."""
        expect_maxima(student, reference, rng.integers(1, 99, (2, 2, 4, 4)))
        expect_maxima(student, reference, np.abs(eighths(rng, (2, 2, 4, 8)))[..., ::2])
        expect_maxima(student, reference, positive(rng, (2, 4, 4, 3)).transpose(0, 3, 1, 2))

    def test_arguments_stay(self, student, reference, rng):
        """x is as it was after the call, and out is right."""
        x = positive(rng, (2, 2, 4, 4))
        out, _ = expect(expect_unchanged(student.max_pool_forward, x), "the answer").items("out", "cache")
        expect(out, "out").close_to(reference.max_pool_forward(x)[0])


# --- max_pool_backward --------------------------------------------------------------------------------------------------------
# Without ties, except in the one test of them.


@exercise("max_pool_backward")
class TestMaxPoolBackward:
    @worth(3)
    def test_random_images(self, student, reference, rng):
        """By default, every window of 2×2 hands its gradient to its maximum."""
        for shape in ((2, 2, 4, 4), (1, 1, 6, 6), (3, 2, 2, 2)):
            expect_pooling(student, reference, rng, shape, 2, 2)

    @worth(2)
    def test_overlapping_windows(self, student, reference, rng):
        """A pixel that is the maximum of several windows gets the sum of their gradients."""
        for n, size, stride in ((5, 3, 1), (4, 2, 1), (5, 3, 2)):
            expect_pooling(student, reference, rng, (2, 1, n, n), size, stride)

    def test_other_windows(self, student, reference, rng):
        """Windows of other sizes, side by side and with gaps between them."""
        for n, size, stride in ((6, 3, 3), (3, 1, 1), (5, 2, 3)):
            expect_pooling(student, reference, rng, (1, 2, n, n), size, stride)

    def test_images_that_are_not_square(self, student, reference, rng):
        """Wide and high images."""
        for shape in ((2, 1, 4, 6), (1, 2, 6, 2)):
            expect_pooling(student, reference, rng, shape, 2, 2)

    def test_leftovers(self, student, reference, rng):
        """Rows and columns that were dropped get gradient 0, and dx has the shape of x."""
        for n, size, stride in ((5, 2, 2), (7, 3, 3)):
            expect_pooling(student, reference, rng, (1, 2, n, n), size, stride)

    def test_ties(self, student, reference, rng):
        """Where several entries of a window are the maximum, the first one in row order gets the whole gradient."""
        x = rng.integers(0, 2, (2, 2, 4, 4)).astype(float)
        expect_layer(student, reference, "max_pool", (x,), upstream(rng, reference.max_pool_forward(x)[0]))

    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        other = rng.permutation(32).reshape(2, 1, 4, 4) / 4
        expect_pooling(student, reference, rng, (2, 1, 4, 4), 2, 2, between=lambda: student.max_pool_forward(other))

    def test_numbers_and_layouts(self, student, reference, rng):
        """Integers, 32-bit floats and gradients that were stored channels last are legal input."""
        x = rng.permutation(64).reshape(2, 2, 4, 4) - 20
        N, C, H, W = reference.max_pool_forward(x)[0].shape
        expect_layer(student, reference, "max_pool", (x,), rng.normal(size=(N, H, W, C)).transpose(0, 3, 1, 2))
        x = apart(rng, (2, 2, 4, 8)).astype(np.float32)[..., ::2]
        expect_layer(student, reference, "max_pool", (x,), eighths(rng, (N, C, H, 2 * W))[..., ::2])

    def test_arguments_stay(self, student, reference, rng):
        """dout is as it was after the call, and dx is right."""
        expect_pooling(student, reference, rng, (2, 2, 4, 4), 2, 2, watch=True)
