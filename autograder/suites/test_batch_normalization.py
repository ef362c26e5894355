"""The hidden suite of lecture 5, batch normalization."""

import numpy as np

from autograder.judging.gradients import numerical_gradients
from autograder.suites.contracts import ArgumentsUnchanged, Backward, Float32, Integers, MemoryLayouts, NoMemory
from coursekit import aspect, corner, exercise, expect, expect_unchanged, worth
from coursekit.expectations import Mismatch, same

GRADIENTS = ("dx", "dgamma", "dbeta")
FOLDED = ("the folded W", "the folded b")
TINY = 1e-12  # as eps where a test is about something else: a mistake with ε costs the tests of ε, not all of them
SLOPES: dict = {}


# --- inputs and small helpers ---------------------------------------------------------------------------------------------


def features(rng, N, D):
    """Return a batch whose features have means and scales of their own, and a scale and shift with both signs."""
    x = rng.normal(rng.uniform(-3, 3, D), rng.uniform(0.5, 4, D), (N, D))
    return x, rng.normal(0, 2, D) + 0.3, rng.normal(0, 2, D)


def images(rng, N, C, H, W):
    """Return images whose channels, and whose pixels too, have means of their own; and a scale and shift."""
    x = rng.normal(rng.uniform(-3, 3, (C, 1, 1)), rng.uniform(0.5, 4, (C, 1, 1)), (N, C, H, W)) + rng.normal(0, 0.5, (C, H, W))
    return x, rng.normal(0, 2, C) + 0.3, rng.normal(0, 2, C)


def statistics(rng, D):
    """Return a running mean and a running variance."""
    return rng.normal(0, 3, D), rng.uniform(0.2, 5, D)


def forward(function, *arguments, **options):
    """Call a forward pass, and return what it gave as (out, cache)."""
    return expect(function(*arguments, **options), f"what {function.name} returns").items("out", "cache")


def passed_forward(student, reference, suffix, arguments, dout, **options):
    """Run the forward pass of the student and the reference; return the student's cache, and the gradients that are right."""
    _, cache = forward(getattr(student, f"batchnorm{suffix}_forward"), *arguments, **options)
    _, right_cache = getattr(reference, f"batchnorm{suffix}_forward")(*arguments, **options)
    return cache, getattr(reference, f"batchnorm{suffix}_backward")(dout, right_cache)


def expect_right(backward, answer, right, rtol=1e-7, only=""):
    """Expect that a backward pass has answered with the right gradients, or with the right gradient `only`."""
    if not only:
        expect(answer, f"what {backward.name} returns").close_to(right, rtol=rtol, names=GRADIENTS)
        return
    which = GRADIENTS.index(only)
    expect(expect(answer, f"what {backward.name} returns").items(*GRADIENTS)[which], only).close_to(right[which], rtol=rtol)


def expect_gradients(student, reference, suffix, arguments, dout, rtol=1e-7, only="", **options):
    """Run the student's pair, and expect right gradients."""
    cache, right = passed_forward(student, reference, suffix, arguments, dout, **options)
    backward = getattr(student, f"batchnorm{suffix}_backward")
    expect_right(backward, backward(dout, cache), right, rtol, only)


def expect_slopes(student, reference, suffix, arguments, dout):
    """Run the student's pair, and expect the difference quotients of the forward pass: no reference for the backward pass is needed."""
    right = getattr(reference, f"batchnorm{suffix}_forward")
    inputs = (right, *(array.tobytes() for array in (*arguments, dout)))
    if inputs not in SLOPES:  # the same for everybody's submission, and long to compute
        SLOPES[inputs] = numerical_gradients(lambda *moved: right(*moved, TINY)[0], arguments, dout)
    _, cache = forward(getattr(student, f"batchnorm{suffix}_forward"), *arguments, eps=TINY)
    backward = getattr(student, f"batchnorm{suffix}_backward")
    expect_right(backward, backward(dout, cache), SLOPES[inputs], rtol=1e-5)


def expect_upstream_unchanged(function, dout, cache):
    """Expect that a backward pass leaves dout as it was, and return the answer; what becomes of the cache is its own business."""
    call = function.call(dout, cache)
    if not same(dout, call.arguments[0]):
        raise Mismatch("value", f"{function.name} changed dout in place; the layer above still needs it, so work on a copy instead")
    return call.answer


# --- batchnorm_forward ----------------------------------------------------------------------------------------------------


@exercise("batchnorm_forward")
class TestBatchnormForward(ArgumentsUnchanged, Integers, Float32, MemoryLayouts, NoMemory):
    def arguments(self, rng):
        return *features(rng, 6, 4), TINY

    @aspect("normalised", 3)
    def test_normalised(self, student, reference, rng):
        """With gamma = 1 and beta = 0, every feature has mean 0 and variance 1 over the batch."""
        for shape in ((7, 4), (12, 1), (40, 6)):
            x, *_ = features(rng, *shape)
            gamma, beta = np.ones(shape[1]), np.zeros(shape[1])
            out, _ = forward(student.batchnorm_forward, x, gamma, beta, TINY)
            expect(out, f"out for x of shape {shape}").close_to(reference.batchnorm_forward(x, gamma, beta, TINY)[0])

    @aspect("normalised")
    def test_small_batches(self, student, reference, rng):
        """The statistics are those of a column, also where N and D are equal, or N is smaller."""
        for shape in ((3, 9), (5, 5)):
            x, *_ = features(rng, *shape)
            gamma, beta = np.ones(shape[1]), np.zeros(shape[1])
            out, _ = forward(student.batchnorm_forward, x, gamma, beta, TINY)
            expect(out, f"out for x of shape {shape}").close_to(reference.batchnorm_forward(x, gamma, beta, TINY)[0])

    @aspect("scaled and shifted", 2)
    def test_scaled_and_shifted(self, student, reference, rng):
        """Every feature is scaled by its gamma and shifted by its beta."""
        for shape in ((7, 4), (5, 5), (12, 1)):
            x, gamma, beta = features(rng, *shape)
            out, _ = forward(student.batchnorm_forward, x, gamma, beta, TINY)
            expect(out, f"out for x of shape {shape}").close_to(reference.batchnorm_forward(x, gamma, beta, TINY)[0])

    @corner("the default of eps", 0.05)
    def test_small_variances(self, student, reference, rng):
        """Where the variance is as small as the default eps, out shows that eps = 1e-5 stands inside the root."""
        x = rng.normal(size=(9, 3)) * [1e-3, 3e-3, 1e-2] + [0.1, -0.2, 0.3]
        gamma = np.array([1.5, -0.5, 1.0])
        out, _ = forward(student.batchnorm_forward, x, gamma, np.zeros(3))
        expect(out, "out").close_to(reference.batchnorm_forward(x, gamma, np.zeros(3))[0])

    @corner("the eps that is passed", 0.05)
    def test_another_epsilon(self, student, reference, rng):
        """The eps that is passed is the one that is used."""
        x, gamma, beta = features(rng, 8, 3)
        for eps in (1e-3, 0.5):
            out, _ = forward(student.batchnorm_forward, x, gamma, beta, eps=eps)
            expect(out, f"out with eps={eps}").close_to(reference.batchnorm_forward(x, gamma, beta, eps=eps)[0])

    @corner("a feature that never varies", 0.05)
    def test_nothing_varies(self, student, reference, rng):
        """A feature that never varies, and every feature of a batch of one, comes out as beta."""
        x, gamma, beta = features(rng, 6, 4)
        x[:, 2] = 0.75
        for batch in (x, x[:1]):
            out, _ = forward(student.batchnorm_forward, batch, gamma, beta)
            expect(out, f"out for {len(batch)} examples").close_to(reference.batchnorm_forward(batch, gamma, beta)[0])


# --- batchnorm_backward ---------------------------------------------------------------------------------------------------


@exercise("batchnorm_backward")
class TestBatchnormBackward(Backward, ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = GRADIENTS
    integers = (1,)

    def arguments(self, rng):
        return rng.normal(size=(6, 4)) + 0.5, *features(rng, 6, 4), TINY

    @aspect("dx", 6)
    def test_dx(self, student, reference, rng):
        """dx is right for random upstream gradients and batches of several shapes."""
        for shape in ((7, 4), (12, 1), (3, 9), (5, 5)):
            expect_gradients(student, reference, "", features(rng, *shape), rng.normal(size=shape) + 0.5, only="dx", eps=TINY)

    @aspect("dgamma", 2)
    def test_dgamma(self, student, reference, rng):
        """dgamma is right, one number for each feature."""
        for shape in ((7, 4), (12, 1), (5, 5)):
            expect_gradients(student, reference, "", features(rng, *shape), rng.normal(size=shape) + 0.5, only="dgamma", eps=TINY)

    @aspect("dbeta", 2)
    def test_dbeta(self, student, reference, rng):
        """dbeta is right, one number for each feature."""
        for shape in ((7, 4), (12, 1), (5, 5)):
            expect_gradients(student, reference, "", features(rng, *shape), rng.normal(size=shape) + 0.5, only="dbeta", eps=TINY)

    @corner("eps", 0.06)
    def test_epsilon(self, student, reference, rng):
        """The backward pass uses the eps of the forward pass, inside the root as there."""
        x, gamma, beta = features(rng, 6, 3)
        dout = rng.normal(size=x.shape)
        for scale, options in ((1.0, {"eps": 0.5}), (3e-3, {})):
            expect_gradients(student, reference, "", (scale * x, gamma, beta), dout, **options)

    @corner("two batches under way", 0.05)
    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (x, gamma, beta), (other, *_), dout = features(rng, 6, 3), features(rng, 6, 3), rng.normal(size=(6, 3))
        backward = student.batchnorm_backward
        cache, _ = passed_forward(student, reference, "", (x, gamma, beta), dout, eps=TINY)
        at_once = backward(dout, cache)
        cache, _ = passed_forward(student, reference, "", (x, gamma, beta), dout, eps=TINY)
        forward(student.batchnorm_forward, other, -gamma, beta, TINY)
        expect(backward(dout, cache), "the answer").alike(at_once, "when another forward pass lies between", GRADIENTS)


# --- update_running -------------------------------------------------------------------------------------------------------


@exercise("update_running")
class TestUpdateRunning(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), rng.normal(3, 2, (4, 3)), 0.7

    @aspect("one update", 3)
    def test_momenta(self, student, reference, rng):
        """The running value moves by the fraction 1 − momentum towards the batch's, for momenta between 0 and 1."""
        for momentum in (0.3, 0.75, 0.99):
            running, batch_value = rng.normal(size=5), rng.normal(3, 2, 5)
            expect(student.update_running(running, batch_value, momentum=momentum), f"the answer for momentum={momentum}").close_to(
                reference.update_running(running, batch_value, momentum)
            )

    @aspect("one update")
    def test_many_updates(self, student, reference, rng):
        """After many updates each batch counts with (1 − momentum)·momentum^age."""
        batches = rng.normal(2, 1, (25, 3))
        running, right = np.zeros(3), 0.2 * 0.8 ** np.arange(25)[::-1] @ batches
        for batch_value in batches:
            running = student.update_running(running, batch_value, 0.8)
            expect(running, "the running value").shaped((3,))
        expect(running, "the running value after 25 batches").close_to(right)

    @corner("the default momentum", 0.05)
    def test_default_momentum(self, student, reference, rng):
        """Without a momentum it is 0.9."""
        running, batch_value = rng.normal(size=4), rng.normal(3, 2, 4)
        expect(student.update_running(running, batch_value)).close_to(reference.update_running(running, batch_value))

    @corner("momentum 0 and 1", 0.05)
    def test_extreme_momenta(self, student, reference, rng):
        """With momentum 0 the batch's value is taken over, and with 1 nothing moves."""
        for momentum in (0.0, 1.0):
            running, batch_value = rng.normal(size=5), rng.normal(3, 2, 5)
            expect(student.update_running(running, batch_value, momentum=momentum), f"the answer for momentum={momentum}").close_to(
                reference.update_running(running, batch_value, momentum)
            )


# --- batchnorm_inference --------------------------------------------------------------------------------------------------


@exercise("batchnorm_inference")
class TestBatchnormInference:
    @worth(2)
    def test_random_batches(self, student, reference, rng):
        """Random batches are normalised with the running statistics, scaled and shifted."""
        for shape in ((6, 4), (9, 1), (3, 8), (5, 5)):
            arguments = (*features(rng, *shape), *statistics(rng, shape[1]))
            expect(student.batchnorm_inference(*arguments, TINY), f"out for x of shape {shape}").close_to(
                reference.batchnorm_inference(*arguments, TINY)
            )

    def test_small_variances(self, student, reference, rng):
        """A running variance as small as the default eps, or zero, shows that eps = 1e-5 stands inside the root."""
        x, gamma, _ = features(rng, 5, 3)
        arguments = (0.01 * x, gamma, np.zeros(3), rng.normal(0, 0.01, 3), np.array([1e-5, 4e-6, 0.0]))
        expect(student.batchnorm_inference(*arguments), "out").close_to(reference.batchnorm_inference(*arguments))

    def test_another_epsilon(self, student, reference, rng):
        """The eps that is passed is the one that is used."""
        arguments = (*features(rng, 5, 3), *statistics(rng, 3))
        for eps in (1e-3, 0.5):
            expect(student.batchnorm_inference(*arguments, eps=eps), f"out with eps={eps}").close_to(
                reference.batchnorm_inference(*arguments, eps=eps)
            )

    def test_one_example(self, student, reference, rng):
        """An example gets the same answer alone as in a batch."""
        x, *rest = (*features(rng, 6, 4), *statistics(rng, 4))
        right = reference.batchnorm_inference(x, *rest, TINY)
        for row in (2, 5):
            expect(student.batchnorm_inference(x[row : row + 1], *rest, TINY), "out for one example").close_to(right[row : row + 1])

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input."""
        arguments = (rng.integers(-9, 9, (6, 4)), *rng.integers(1, 5, (4, 4)))
        expect(student.batchnorm_inference(*arguments, TINY), "out for integers").close_to(reference.batchnorm_inference(*arguments, TINY))
        arguments = [array.astype(np.float32) for array in (*features(rng, 6, 4), *statistics(rng, 4))]
        expect(student.batchnorm_inference(*arguments, TINY), "out for 32-bit floats").close_to(
            reference.batchnorm_inference(*arguments, TINY), rtol=1e-4
        )

    def test_memory_layouts(self, student, reference, rng):
        """A transposed array, and every other column of one, are batches like any other."""
        x, gamma, beta = features(rng, 6, 8)
        mean, var = statistics(rng, 8)
        for batch, which in ((x[:, ::2], slice(None, None, 2)), (x.T, slice(0, 6))):
            arguments = (batch, gamma[which], beta[which], mean[which], var[which])
            expect(student.batchnorm_inference(*arguments, TINY), "out").close_to(reference.batchnorm_inference(*arguments, TINY))

    def test_arguments_stay(self, student, reference, rng):
        """All arguments are as they were after the call, the running statistics too, and out is right."""
        arguments = (*features(rng, 6, 3), *statistics(rng, 3))
        out = expect_unchanged(student.batchnorm_inference, *arguments, TINY)
        expect(out, "out").close_to(reference.batchnorm_inference(*arguments, TINY))


# --- batchnorm2d_forward --------------------------------------------------------------------------------------------------


@exercise("batchnorm2d_forward")
class TestBatchnorm2dForward:
    @worth(2)
    def test_random_images(self, student, reference, rng):
        """Random images of several shapes come out normalised per channel, scaled and shifted."""
        for shape in ((3, 2, 4, 5), (2, 5, 3, 1), (4, 1, 2, 3)):
            x, gamma, beta = images(rng, *shape)
            out, _ = forward(student.batchnorm2d_forward, x, gamma, beta, TINY)
            expect(out, f"out for x of shape {shape}").close_to(reference.batchnorm2d_forward(x, gamma, beta, TINY)[0])

    def test_all_axes_alike(self, student, reference, rng):
        """Where N, C, H and W are all equal, the channel is still the second axis."""
        x, gamma, beta = images(rng, 4, 4, 4, 4)
        out, _ = forward(student.batchnorm2d_forward, x, gamma, beta, TINY)
        expect(out, "out").close_to(reference.batchnorm2d_forward(x, gamma, beta, TINY)[0])

    def test_one_image_and_one_pixel(self, student, reference, rng):
        """One image still has statistics over its pixels; one pixel of one image comes out as beta."""
        x, gamma, beta = images(rng, 1, 3, 4, 2)
        for batch in (x, x[:, :, :1, :1]):
            out, _ = forward(student.batchnorm2d_forward, batch, gamma, beta)
            expect(out, f"out for x of shape {batch.shape}").close_to(reference.batchnorm2d_forward(batch, gamma, beta)[0])

    def test_epsilon(self, student, reference, rng):
        """eps stands inside the root, is 1e-5 by default, and can be passed."""
        x, gamma, beta = images(rng, 3, 2, 3, 4)
        for scale, options in ((2e-3, {}), (1.0, {"eps": 0.5})):
            out, _ = forward(student.batchnorm2d_forward, scale * x, gamma, scale * beta, **options)
            expect(out, "out").close_to(reference.batchnorm2d_forward(scale * x, gamma, scale * beta, **options)[0])

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input."""
        x, gamma, beta = rng.integers(0, 17, (3, 2, 4, 3)), rng.integers(1, 4, 2), rng.integers(-3, 3, 2)
        out, _ = forward(student.batchnorm2d_forward, x, gamma, beta, TINY)
        expect(out, "out for integers").close_to(reference.batchnorm2d_forward(x, gamma, beta, TINY)[0])
        x, gamma, beta = (array.astype(np.float32) for array in images(rng, 3, 2, 4, 3))
        out, _ = forward(student.batchnorm2d_forward, x, gamma, beta, TINY)
        expect(out, "out for 32-bit floats").close_to(reference.batchnorm2d_forward(x, gamma, beta, TINY)[0], rtol=1e-4)

    def test_memory_layouts(self, student, reference, rng):
        """Images that were stored channels last, and every other column of pixels, are images like any other."""
        x, gamma, beta = images(rng, 3, 2, 4, 6)
        for batch in (np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2), x[:, :, :, ::2]):
            out, _ = forward(student.batchnorm2d_forward, batch, gamma, beta, TINY)
            expect(out, "out").close_to(reference.batchnorm2d_forward(batch, gamma, beta, TINY)[0])

    def test_arguments_stay(self, student, reference, rng):
        """x, gamma and beta are as they were after the call, and out is right."""
        x, gamma, beta = images(rng, 3, 2, 3, 4)
        out, _ = expect(expect_unchanged(student.batchnorm2d_forward, x, gamma, beta, TINY), "the answer").items("out", "cache")
        expect(out, "out").close_to(reference.batchnorm2d_forward(x, gamma, beta, TINY)[0])

    def test_no_memory(self, student, reference, rng):
        """What a batch becomes doesn't depend on the batches before it."""
        first, gamma, beta = images(rng, 2, 3, 3, 2)
        for x in (first, 5 * first + 20, first):
            out, _ = forward(student.batchnorm2d_forward, x, gamma, beta, TINY)
            expect(out, "out").close_to(reference.batchnorm2d_forward(x, gamma, beta, TINY)[0])


# --- batchnorm2d_backward -------------------------------------------------------------------------------------------------


@exercise("batchnorm2d_backward")
class TestBatchnorm2dBackward:
    @worth(2)
    def test_random_gradients(self, student, reference, rng):
        """Random upstream gradients are pulled back right, for several shapes."""
        for shape in ((3, 2, 4, 5), (2, 5, 3, 1), (4, 1, 2, 3)):
            dout = rng.normal(size=shape) + 0.5
            expect_gradients(student, reference, "2d", images(rng, *shape), dout, eps=TINY)

    def test_difference_quotients(self, student, reference, rng):
        """The gradients are the slopes of the forward pass, measured with central differences."""
        x, gamma, beta = images(rng, 2, 2, 3, 2)
        dout = rng.normal(size=x.shape)
        expect_slopes(student, reference, "2d", (x, gamma, beta), dout)

    def test_all_axes_alike(self, student, reference, rng):
        """Where N, C, H and W are all equal, the channel is still the second axis."""
        expect_gradients(student, reference, "2d", images(rng, 3, 3, 3, 3), rng.normal(size=(3, 3, 3, 3)), eps=TINY)

    def test_one_image_and_one_pixel(self, student, reference, rng):
        """One image still has statistics over its pixels; for one pixel of one image dx and dgamma are zero."""
        for shape in ((1, 3, 4, 2), (1, 3, 1, 1)):
            expect_gradients(student, reference, "2d", images(rng, *shape), rng.normal(size=shape))

    def test_epsilon(self, student, reference, rng):
        """The backward pass uses the eps of the forward pass, inside the root as there."""
        x, gamma, beta = images(rng, 3, 2, 3, 2)
        dout = rng.normal(size=x.shape)
        for scale, options in ((1.0, {"eps": 0.5}), (3e-3, {})):
            expect_gradients(student, reference, "2d", (scale * x, gamma, beta), dout, **options)

    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (x, gamma, beta), (other, *_), dout = images(rng, 2, 3, 3, 2), images(rng, 2, 3, 3, 2), rng.normal(size=(2, 3, 3, 2))
        cache, right = passed_forward(student, reference, "2d", (x, gamma, beta), dout, eps=TINY)
        forward(student.batchnorm2d_forward, other, -gamma, beta, TINY)
        expect_right(student.batchnorm2d_backward, student.batchnorm2d_backward(dout, cache), right)

    def test_numbers_and_layouts(self, student, reference, rng):
        """Integers, 32-bit floats and gradients that were stored channels last are legal input."""
        x, gamma, beta = rng.integers(0, 17, (3, 2, 4, 3)), rng.integers(1, 4, 2), rng.integers(-3, 3, 2)
        dout = rng.normal(size=(3, 4, 3, 2)).transpose(0, 3, 1, 2)
        expect_gradients(student, reference, "2d", (x, gamma, beta), dout, eps=TINY)
        arguments = [array.astype(np.float32) for array in images(rng, 3, 2, 4, 3)]
        expect_gradients(
            student, reference, "2d", arguments, rng.normal(size=(3, 2, 4, 6)).astype(np.float32)[..., ::2], eps=TINY, rtol=1e-4
        )

    def test_arguments_stay(self, student, reference, rng):
        """dout is as it was after the call, and the gradients are right."""
        x, gamma, beta = images(rng, 3, 2, 2, 3)
        dout = rng.normal(size=x.shape)
        cache, right = passed_forward(student, reference, "2d", (x, gamma, beta), dout, eps=TINY)
        answer = expect_upstream_unchanged(student.batchnorm2d_backward, dout, cache)
        expect_right(student.batchnorm2d_backward, answer, right)


# --- fold_batchnorm -------------------------------------------------------------------------------------------------------


def dense_and_statistics(rng, fan_in, fan_out):
    """Return the arguments of `fold_batchnorm` for a random dense layer and the batch normalization after it."""
    _, gamma, beta = features(rng, 1, fan_out)
    return rng.normal(size=(fan_in, fan_out)), rng.normal(0, 2, fan_out), gamma, beta, *statistics(rng, fan_out)


@exercise("fold_batchnorm")
class TestFoldBatchnorm:
    @worth(2)
    def test_random_layers(self, student, reference, rng):
        """A dense layer and its batch normalization become one dense layer, for several shapes."""
        for shape in ((3, 5), (6, 2), (1, 4), (5, 1)):
            arguments = dense_and_statistics(rng, *shape)
            expect(student.fold_batchnorm(*arguments, TINY), "the answer").close_to(
                reference.fold_batchnorm(*arguments, TINY), names=FOLDED
            )

    def test_square_layer(self, student, reference, rng):
        """Where fan_in and fan_out are equal, the scale still belongs to the units, the columns of W."""
        arguments = dense_and_statistics(rng, 4, 4)
        expect(student.fold_batchnorm(*arguments, TINY), "the answer").close_to(reference.fold_batchnorm(*arguments, TINY), names=FOLDED)

    @worth(2)
    def test_same_predictions(self, student, reference, rng):
        """On a random batch the folded layer says what the dense layer and its batch normalization say."""
        W, b, *rest = dense_and_statistics(rng, 6, 3)
        x = rng.normal(1, 2, (7, 6))
        W_folded, b_folded = expect(student.fold_batchnorm(W, b, *rest, TINY), "the answer").items(*FOLDED)
        expect(W_folded, FOLDED[0]).shaped(W.shape)
        expect(b_folded, FOLDED[1]).shaped(b.shape)
        expect(x @ W_folded + b_folded, "the folded layer's output").close_to(reference.batchnorm_inference(x @ W + b, *rest, TINY))

    def test_small_variances(self, student, reference, rng):
        """A running variance as small as the default eps, or zero, shows that eps = 1e-5 stands inside the root."""
        W, b, gamma, beta, mean, _ = dense_and_statistics(rng, 4, 3)
        arguments = (0.01 * W, 0.01 * b, gamma, beta, 0.01 * mean, np.array([1e-5, 4e-6, 0.0]))
        expect(student.fold_batchnorm(*arguments), "the answer").close_to(reference.fold_batchnorm(*arguments), names=FOLDED)

    def test_another_epsilon(self, student, reference, rng):
        """The eps that is passed is the one that is used."""
        arguments = dense_and_statistics(rng, 3, 4)
        for eps in (1e-3, 0.5):
            expect(student.fold_batchnorm(*arguments, eps=eps), "the answer").close_to(
                reference.fold_batchnorm(*arguments, eps=eps), names=FOLDED
            )

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input."""
        arguments = (rng.integers(-9, 9, (5, 3)), *rng.integers(1, 6, (5, 3)))
        expect(student.fold_batchnorm(*arguments, TINY), "the answer for integers").close_to(
            reference.fold_batchnorm(*arguments, TINY), names=FOLDED
        )
        arguments = [array.astype(np.float32) for array in dense_and_statistics(rng, 5, 3)]
        expect(student.fold_batchnorm(*arguments, TINY), "the answer for 32-bit floats").close_to(
            reference.fold_batchnorm(*arguments, TINY), rtol=1e-4, names=FOLDED
        )

    def test_memory_layouts(self, student, reference, rng):
        """A transposed matrix, and every other column of one, are weights like any other."""
        W, *rest = dense_and_statistics(rng, 4, 3)
        for weights in (W.T.copy().T, np.repeat(W, 2, axis=1)[:, ::2]):
            expect(student.fold_batchnorm(weights, *rest, TINY), "the answer").close_to(
                reference.fold_batchnorm(W, *rest, TINY), names=FOLDED
            )

    def test_arguments_stay(self, student, reference, rng):
        """W, b and the statistics are as they were after the call, and the answer is right."""
        arguments = dense_and_statistics(rng, 3, 4)
        answer = expect_unchanged(student.fold_batchnorm, *arguments, TINY)
        expect(answer, "the answer").close_to(reference.fold_batchnorm(*arguments, TINY), names=FOLDED)
