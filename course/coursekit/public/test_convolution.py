"""The public checks of lecture 12, convolution."""

from functools import partial

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged

X = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [4.0, 0.0, 1.0]])
W = np.array([[1.0, 0.0], [2.0, -1.0]])
DY = np.array([[1.0, 2.0], [0.0, -1.0]])
KERNEL = np.array([[2.0, 1.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
LAYER = (np.arange(1.0, 10.0).reshape(1, 1, 3, 3), KERNEL[None, None], np.array([10.0]))
POOLED = np.array([[1.0, 3.0, 0.0, 2.0, 9.0], [4.0, 2.0, 2.0, 2.0, 9.0]]).reshape(1, 1, 2, 5)


def slopes(function, array, dout, h=1e-5):
    """Return the derivative of Σ dout·function(array) with respect to every entry, by central differences."""
    slope = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += h
        down[index] -= h
        above, below = (expect(function(moved), "out").shaped(dout.shape).answer for moved in (up, down))
        slope[index] = np.sum(dout * (above - below)) / (2 * h)
    return slope


def out_and_cache(function, *arguments, **options):
    """Call a forward pass, and return what it gave as (out, cache)."""
    return expect(function(*arguments, **options), f"what {function.name} returns").items("out", "cache")


def pooled(student, size, stride, x):
    """Return the out of the student's own max pooling."""
    return out_and_cache(student.max_pool_forward, x, size, stride)[0]


def layer_slopes(student, position, arguments, dout, **options):
    """Return the slopes of the student's own layer for one of its arguments."""

    def moved(array):
        return out_and_cache(student.conv2d_forward, *arguments[:position], array, *arguments[position + 1 :], **options)[0]

    return slopes(moved, arguments[position], dout)


@exercise("conv2d_single")
class TestConv2dSingle:
    def test_by_hand(self, student):
        """The worked example: an image of 3×3, a kernel of 2×2."""
        expect(student.conv2d_single(X, W), "Y").close_to([[0.0, 1.0], [8.0, 0.0]])

    def test_not_flipped(self, student):
        """A kernel with a single 1 in its upper left corner copies the upper left part of the image."""
        corner = np.array([[1.0, 0.0], [0.0, 0.0]])
        expect(student.conv2d_single(X, corner), "Y").close_to(X[:2, :2])

    def test_not_square(self, student):
        """An image of 2×5 and a kernel of 1×3: two rows and three columns of sums of three neighbours."""
        image = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 10.0, 0.0, 10.0, 0.0]])
        expect(student.conv2d_single(image, np.ones((1, 3))), "Y").close_to([[6.0, 9.0, 12.0], [10.0, 20.0, 10.0]])

    def test_integers(self, student):
        """An image of integers may meet a kernel of fractions."""
        expect(student.conv2d_single(np.array([[1, 2], [3, 4]]), np.full((2, 2), 0.25)), "Y").close_to([[2.5]])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect(expect_unchanged(student.conv2d_single, X, W), "Y").shaped((2, 2))


@exercise("conv2d_single_backward")
class TestConv2dSingleBackward:
    def test_by_hand_image(self, student):
        """The worked example, gradient of the image."""
        dX, _ = expect(student.conv2d_single_backward(DY, X, W), "the answer").items("dX", "dW")
        expect(dX, "dX").close_to([[1.0, 2.0, 0.0], [2.0, 2.0, -2.0], [0.0, -2.0, 1.0]])

    def test_by_hand_kernel(self, student):
        """The worked example, gradient of the kernel."""
        _, dW = expect(student.conv2d_single_backward(DY, X, W), "the answer").items("dX", "dW")
        expect(dW, "dW").close_to([[4.0, -1.0], [2.0, 6.0]])

    def test_by_differences(self, student, rng):
        """Both gradients are the slopes of your conv2d_single, for an image and a kernel that aren't square."""
        image, kernel, dY = rng.normal(size=(4, 5)), rng.normal(size=(3, 2)), rng.normal(size=(2, 4))
        dX, dW = expect(student.conv2d_single_backward(dY, image, kernel), "the answer").items("dX", "dW")
        expect(dX, "dX").close_to(slopes(lambda moved: student.conv2d_single(moved, kernel), image, dY), rtol=1e-5)
        expect(dW, "dW").close_to(slopes(lambda moved: student.conv2d_single(image, moved), kernel, dY), rtol=1e-5)

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        answer = expect_unchanged(student.conv2d_single_backward, DY, X, W)
        expect(answer, "the answer").items("dX", "dW")


@exercise("conv_output_size")
class TestConvOutputSize:
    def test_by_hand(self, student):
        """The worked examples: seven pixels, a kernel of three."""
        for options, right in (({}, 5), ({"stride": 2}, 3), ({"stride": 2, "pad": 1}, 4)):
            expect(student.conv_output_size(7, 3, **options), f"the size for {options or 'stride 1, no padding'}").equals(right)

    def test_leftover(self, student):
        """With eight pixels and stride 3 two pixels are left over: still two places. Two is an integer, and not 2.0."""
        size = student.conv_output_size(8, 3, 3)
        expect(size, "the size").equals(2)
        expect(np.asarray(size).dtype.kind in "iu", "the answer to “is the size an integer?”").equals(True)

    def test_too_large(self, student):
        """Five on three pixels is a ValueError; with a zero on either side it fits once."""
        expect_error(student.conv_output_size, ValueError, 3, 5)
        expect(student.conv_output_size(3, 5, 1, 1), "the size where it just fits").equals(1)


@exercise("conv2d_forward")
class TestConv2dForward:
    def test_by_hand(self, student):
        """The worked example: stride 2, padding 1, bias 10."""
        out, _ = out_and_cache(student.conv2d_forward, *LAYER, stride=2, pad=1)
        expect(out, "out").close_to([[[[5.0, 16.0], [14.0, 50.0]]]])

    def test_defaults(self, student):
        """The same without stride and padding: the window fits once, and the sum is 7, plus 10."""
        out, _ = out_and_cache(student.conv2d_forward, *LAYER)
        expect(out, "out").close_to([[[[17.0]]]])

    def test_not_flipped(self, student):
        """The example of exercise 1, with a bias of 1: its kernel looks different from every side."""
        out, _ = out_and_cache(student.conv2d_forward, X[None, None], W[None, None], np.ones(1))
        expect(out, "out").close_to([[[[1.0, 2.0], [9.0, 1.0]]]])

    def test_shape(self, student, rng):
        """Two images of 3 channels, 5×7, and four kernels of 3×2 with padding 1 and stride 2 give (2, 4, 3, 4)."""
        x, kernels, b = rng.normal(size=(2, 3, 5, 7)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
        out, _ = out_and_cache(student.conv2d_forward, x, kernels, b, stride=2, pad=1)
        expect(out, "out").shaped((2, 4, 3, 4))

    def test_channels_add_up(self, student):
        """With kernels of one weight, an output is a weighted sum of the channels at its place, plus the bias of its kernel."""
        x = np.array([[[[1.0, 2.0]], [[10.0, 20.0]]]])
        kernels = np.array([[1.0, 1.0], [0.0, 2.0], [-1.0, 0.5]]).reshape(3, 2, 1, 1)
        out, _ = out_and_cache(student.conv2d_forward, x, kernels, np.array([0.0, 1.0, 100.0]))
        expect(out, "out").close_to([[[[11.0, 22.0]], [[21.0, 41.0]], [[104.0, 108.0]]]])

    def test_integers(self, student):
        """Images of integers may meet kernels of fractions."""
        out, _ = out_and_cache(student.conv2d_forward, np.array([[[[1, 2], [3, 4]]]]), np.full((1, 1, 2, 2), 0.25), np.zeros(1))
        expect(out, "out").close_to([[[[2.5]]]])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        answer = expect_unchanged(student.conv2d_forward, *LAYER)
        expect(answer, "what conv2d_forward returns").items("out", "cache")


@exercise("conv2d_backward")
class TestConv2dBackward:
    def test_by_hand(self, student):
        """The worked example: stride 2, padding 1, and the upstream gradient 1, 2, 3, 4."""
        _, cache = out_and_cache(student.conv2d_forward, *LAYER, stride=2, pad=1)
        answer = expect(student.conv2d_backward(np.arange(1.0, 5.0).reshape(1, 1, 2, 2), cache), "the answer")
        right = (
            [[[[0.0, 6.0, 0.0], [3.0, 7.0, 4.0], [0.0, 12.0, 0.0]]]],
            [[[[20.0, 36.0, 15.0], [36.0, 64.0, 26.0], [10.0, 16.0, 5.0]]]],
            [10.0],
        )
        answer.close_to(right, names=("dx", "dW", "db"))

    def test_shapes(self, student, rng):
        """Every gradient has the shape of what it belongs to, with and without padding."""
        arguments = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(4, 3, 2, 3)), rng.normal(size=4)
        for pad, shape in ((0, (2, 4, 3, 3)), (1, (2, 4, 5, 5))):
            _, cache = out_and_cache(student.conv2d_forward, *arguments, pad=pad)
            gradients = expect(student.conv2d_backward(rng.normal(size=shape), cache), "the answer").items("dx", "dW", "db")
            for gradient, name, argument in zip(gradients, ("dx", "dW", "db"), arguments, strict=True):
                expect(gradient, f"{name} for pad={pad}").shaped(argument.shape)

    def test_leftovers(self, student, rng):
        """Eight pixels, kernels of two and stride 5: no window saw the last row and column, so dx is 0 there, and 8×8."""
        x, kernels, b = rng.normal(size=(1, 1, 8, 8)), np.ones((1, 1, 2, 2)), np.zeros(1)
        _, cache = out_and_cache(student.conv2d_forward, x, kernels, b, stride=5)
        dx, _, _ = expect(student.conv2d_backward(np.ones((1, 1, 2, 2)), cache), "the answer").items("dx", "dW", "db")
        seen = np.isin(np.arange(8), (0, 1, 5, 6)) * 1.0
        expect(dx, "dx").close_to(np.outer(seen, seen)[None, None])

    def test_bias_by_differences(self, student, rng):
        """db is the slope of your forward pass, for a random upstream gradient."""
        self.compare(student, rng, 2)

    def test_kernels_by_differences(self, student, rng):
        """dW is the slope of your forward pass, for a random upstream gradient, padding and stride."""
        self.compare(student, rng, 1)

    def test_images_by_differences(self, student, rng):
        """dx is the slope of your forward pass, for a random upstream gradient, padding and stride."""
        self.compare(student, rng, 0)

    def compare(self, student, rng, position):
        """Compare one of the gradients with difference quotients, with a stride that leaves a rest."""
        arguments = rng.normal(size=(2, 2, 4, 3)), rng.normal(size=(2, 2, 3, 2)), rng.normal(size=2)
        dout = rng.normal(size=(2, 2, 2, 2))
        _, cache = out_and_cache(student.conv2d_forward, *arguments, stride=2, pad=1)
        gradients = expect(student.conv2d_backward(dout, cache), "the answer").items("dx", "dW", "db")
        right = layer_slopes(student, position, arguments, dout, stride=2, pad=1)
        expect(gradients[position], ("dx", "dW", "db")[position]).close_to(right, rtol=1e-5)

    def test_upstream_gradient_stays(self, student, rng):
        """dout is as it was after the call."""
        _, cache = out_and_cache(student.conv2d_forward, *LAYER, pad=1)
        dout = rng.normal(size=(1, 1, 3, 3))
        call = student.conv2d_backward.call(dout, cache)
        expect(call.arguments[0], "dout after the call").same_as(dout, "from what was passed: work on a copy")


@exercise("max_pool_forward")
class TestMaxPoolForward:
    def test_by_hand(self, student):
        """The worked example: two windows, and a column that is left over."""
        out, _ = out_and_cache(student.max_pool_forward, POOLED)
        expect(out, "out").close_to([[[[4.0, 2.0]]]])

    def test_overlapping(self, student):
        """The worked example with stride 1: four windows. And a single window of 3×3."""
        out, _ = out_and_cache(student.max_pool_forward, POOLED, 2, 1)
        expect(out, "out").close_to([[[[4.0, 3.0, 2.0, 9.0]]]])
        out, _ = out_and_cache(student.max_pool_forward, np.arange(9.0).reshape(1, 1, 3, 3), 3, 1)
        expect(out, "out of a window of 3×3").close_to([[[[8.0]]]])

    def test_channels_by_themselves(self, student):
        """Every channel of every image is pooled by itself, negative numbers too."""
        x = np.array([1.0, -1.0, 100.0, -100.0]).reshape(2, 2, 1, 1) * np.array([[1.0, 2.0], [3.0, 4.0]])
        out, _ = out_and_cache(student.max_pool_forward, x)
        expect(out, "out").close_to(np.array([4.0, -1.0, 400.0, -100.0]).reshape(2, 2, 1, 1))

    def test_arguments_stay(self, student):
        """x is as it was after the call."""
        answer = expect_unchanged(student.max_pool_forward, POOLED)
        expect(answer, "what max_pool_forward returns").items("out", "cache")


@exercise("max_pool_backward")
class TestMaxPoolBackward:
    def test_by_hand(self, student):
        """The worked example: the first of several maxima gets the gradient, and what was left over gets 0."""
        _, cache = out_and_cache(student.max_pool_forward, POOLED)
        dx = student.max_pool_backward(np.array([[[[5.0, 7.0]]]]), cache)
        expect(dx, "dx").close_to([[[[0.0, 0.0, 0.0, 7.0, 0.0], [5.0, 0.0, 0.0, 0.0, 0.0]]]])

    def test_overlapping_by_hand(self, student):
        """The worked example with stride 1: the 5 is the maximum of both windows and gets 1 + 10."""
        x = np.array([[[[1.0, 5.0, 2.0], [0.0, 3.0, 4.0]]]])
        _, cache = out_and_cache(student.max_pool_forward, x, 2, 1)
        expect(student.max_pool_backward(np.array([[[[1.0, 10.0]]]]), cache), "dx").close_to([[[[0.0, 11.0, 0.0], [0.0, 0.0, 0.0]]]])

    def test_by_differences(self, student, rng):
        """dx is the slope of your forward pass, for images that aren't square and windows that overlap."""
        x = rng.permutation(2 * 2 * 5 * 4).reshape(2, 2, 5, 4) / 4
        for size, stride, shape in ((2, 2, (2, 2, 2, 2)), (3, 1, (2, 2, 3, 2))):
            dout = rng.normal(size=shape)
            _, cache = out_and_cache(student.max_pool_forward, x, size, stride)
            right = slopes(partial(pooled, student, size, stride), x, dout)
            expect(student.max_pool_backward(dout, cache), f"dx for size={size}, stride={stride}").close_to(right, rtol=1e-5)

    def test_upstream_gradient_stays(self, student, rng):
        """dout is as it was after the call."""
        _, cache = out_and_cache(student.max_pool_forward, POOLED)
        dout = rng.normal(size=(1, 1, 1, 2))
        call = student.max_pool_backward.call(dout, cache)
        expect(call.arguments[0], "dout after the call").same_as(dout, "from what was passed: work on a copy")
