"""Public checks of lecture 11: dropout."""

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged
from coursekit.expectations import Mismatch, same


def generator(rng):
    """Return a generator to hand over."""
    return np.random.default_rng(int(rng.integers(2**32)))


def dropped(out, x, name="out"):
    """Return where `out` is zero although x isn't, as 0.0 and 1.0."""
    return (expect(out, name).shaped(np.shape(x)).answer == 0).astype(float)


def not_cut(out, factors):
    """Expect that integers have lost no digits: all factors that aren't zero are equal, whichever it is."""
    found = factors[np.abs(factors) > 1e-9]
    if out.dtype.kind in "iu" and found.size and np.ptp(found) > 1e-6:
        raise Mismatch("dtype", f"out has dtype {out.dtype}, so the digits behind the decimal point are cut off")


def about(found, wanted, count, what):
    """Expect a share, as far as chance allows."""
    if abs(found - wanted) > 5.5 * np.sqrt(wanted * (1 - wanted) / count):
        raise Mismatch("value", f"{found:.1%} of {count} {what}, but it should be about {wanted:.0%} of them")


def alone(mask, what):
    """Expect that neither whole rows nor whole columns share a fate."""
    if mask.all() or not mask.any():
        raise Mismatch("value", f"all {what} are {'dropped' if mask.all() else 'kept'}")
    for axis, name in ((0, "column"), (1, "row")):
        share = mask.mean(axis=axis)
        if np.isin(share, (0, 1)).all():
            raise Mismatch("value", f"every {name} is dropped whole or kept whole: each of the {what} should have its own draw")


def follows(draw, rng, name="out"):
    """Expect that all random numbers come from the generator."""
    number = int(rng.integers(2**20))
    mine = np.random.default_rng(number)
    first = draw(mine)
    expect(draw(mine), name).differs_from(first, "when the same generator is used a second time")
    expect(draw(np.random.default_rng(number + 7)), name).differs_from(first, "for generators with different seeds")
    expect(draw(np.random.default_rng(number)), name).same_as(first, "for two generators with the same seed")


def out_of(student, x, rate, rng, **options):
    """Return the out of dropout_forward."""
    return expect(student.dropout_forward(x, rate, rng, **options), "what dropout_forward returns").items("out", "cache")[0]


@exercise("dropout_forward")
class TestDropoutForward:
    def test_worked_example(self, student, rng):
        """The worked example: with rate 0.2, each entry of [1, 2, 3, 4] becomes 0, or itself divided by 0.8."""
        x = np.tile([1.0, 2.0, 3.0, 4.0], (50, 1))
        out = expect(out_of(student, x, 0.2, generator(rng)), "out").shaped((50, 4)).answer
        expect(out, "out").close_to(np.where(out == 0, 0, x / 0.8))

    def test_rate_is_that_of_dropping(self, student, rng):
        """With rate 0.2, a fifth of the units is zero."""
        x = np.ones((100, 100))
        about(dropped(out_of(student, x, 0.2, generator(rng)), x).mean(), 0.2, x.size, "units are zero")

    def test_expectation(self, student, rng):
        """On average over many units, out is what x is."""
        out = expect(out_of(student, np.ones((200, 200)), 0.3, generator(rng)), "out").shaped((200, 200)).answer
        if abs(out.mean() - 1) > 0.02:
            raise Mismatch("value", f"x is 1 everywhere, but the mean of out is {out.mean():.3f}")

    def test_every_unit_by_itself(self, student, rng):
        """Neither whole examples nor whole features are dropped."""
        x = np.ones((60, 50))
        alone(dropped(out_of(student, x, 0.5, generator(rng)), x), "units")

        counts = dropped(out_of(student, np.ones((300, 5)), 0.4, generator(rng)), np.ones((300, 5))).sum(axis=1)
        if np.ptp(counts) == 0:
            raise Mismatch("value", f"{counts[0]:.0f} of 5 units fall in every example, but their number should be random, too")

    def test_images(self, student, rng):
        """Every pixel of every channel draws for itself."""
        x = np.ones((4, 3, 9, 8))
        alone(dropped(out_of(student, x, 0.5, generator(rng)), x).reshape(12, 72), "pixels, a row of which is a channel,")

    def test_after_training(self, student, rng):
        """With training=False, out is x."""
        x = rng.normal(size=(4, 5))
        expect(out_of(student, x, 0.5, generator(rng), training=False), "out").close_to(x)

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        x = np.ones((20, 20))
        follows(lambda one: dropped(out_of(student, x, 0.5, one), x), rng, "the mask")

    def test_arguments(self, student, rng):
        """x is the caller's: it isn't changed. Integers are legal."""
        for x in (np.ones((5, 6)), np.arange(1, 31).reshape(5, 6)):
            answer = expect_unchanged(student.dropout_forward, x, 0.6, generator(rng))
            out = expect(answer, "what dropout_forward returns").items("out", "cache")[0]
            not_cut(out, expect(out, "out").shaped((5, 6)).answer / x)


def forward_pass(student, x, rate, rng, **options):
    """Return what each entry of x was multiplied by on the way forward, which is 0 or more, and the cache."""
    out, cache = expect(student.dropout_forward(x, rate, rng, **options), "what dropout_forward returns").items("out", "cache")
    factor = expect(out, "out").shaped(x.shape).answer / x
    if options.get("training", True) and ((factor == 0).all() or (factor != 0).all()):
        raise Mismatch("value", "dropout_forward dropped nothing, or everything: mend it first")
    return factor, cache


@exercise("dropout_backward")
class TestDropoutBackward:
    def test_derivative_of_the_forward_pass(self, student, rng):
        """dx is dout times what each unit was multiplied by on the way forward, which is out/x."""
        x, dout = rng.uniform(1, 2, (8, 25)), rng.normal(size=(8, 25))
        factor, cache = forward_pass(student, x, 0.3, generator(rng))
        expect(student.dropout_backward(dout, cache), "dx").close_to(dout * factor)

    def test_two_layers(self, student, rng):
        """In a net with two dropout layers, each backward pass uses the mask of its own forward pass."""
        x, dout = rng.uniform(1, 2, (8, 25)), rng.normal(size=(8, 25))
        layers = [forward_pass(student, x, 0.3, generator(rng)) for _ in range(2)]
        for factor, cache in reversed(layers):
            expect(student.dropout_backward(dout, cache), "dx").close_to(dout * factor)

    def test_where_x_is_zero(self, student, rng):
        """A unit whose x is 0 may be kept, too: then it has a gradient."""
        _, cache = expect(student.dropout_forward(np.zeros((20, 20)), 0.3, generator(rng)), "what dropout_forward returns").items(
            "out", "cache"
        )
        dx = expect(student.dropout_backward(np.ones((20, 20)), cache), "dx").shaped((20, 20)).answer
        about(np.mean(dx != 0), 0.7, 400, "units with x = 0 get a gradient, as those that are kept should")

    def test_after_training(self, student, rng):
        """Behind a forward pass with training=False, dx is dout."""
        x, dout = rng.uniform(1, 2, (3, 4)), rng.normal(size=(3, 4))
        _, cache = forward_pass(student, x, 0.3, generator(rng), training=False)
        expect(student.dropout_backward(dout, cache), "dx").close_to(dout)

    def test_arguments(self, student, rng):
        """dout is the caller's: it isn't changed. Integers are legal."""
        for dout in (rng.normal(size=(4, 20)), rng.integers(1, 9, (4, 20))):
            factor, cache = forward_pass(student, rng.uniform(1, 2, (4, 20)), 0.3, generator(rng))
            call = student.dropout_backward.call(dout, cache)
            if not same(dout, call.arguments[0]):
                raise Mismatch("value", "dropout_backward changed dout in place; work on a copy instead")
            expect(call.answer, "dx").close_to(dout * factor)


@exercise("vanilla_dropout_train")
class TestVanillaDropoutTrain:
    def test_worked_example(self, student, rng):
        """The worked example: with rate 0.2, each entry of [1, 2, 3, 4] becomes 0, or stays what it is."""
        x = np.tile([1.0, 2.0, 3.0, 4.0], (50, 1))
        out = expect(student.vanilla_dropout_train(x, 0.2, generator(rng)), "out").shaped((50, 4)).answer
        expect(out, "out").close_to(np.where(out == 0, 0, x))

    def test_rate_is_that_of_dropping(self, student, rng):
        """With rate 0.2, a fifth of the units is zero, by chance more or fewer, and neither whole examples nor whole features."""
        x, one = np.ones((100, 100)), np.ones(1000)
        mask = dropped(student.vanilla_dropout_train(x, 0.2, generator(rng)), x)
        about(mask.mean(), 0.2, x.size, "units are zero")
        alone(mask, "units")
        if len({dropped(student.vanilla_dropout_train(one, 0.2, generator(rng)), one).sum() for _ in range(6)}) == 1:
            raise Mismatch("value", "in six calls exactly as many of 1000 units are dropped, but their number should be random, too")

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        x = np.ones((20, 20))
        follows(lambda one: dropped(student.vanilla_dropout_train(x, 0.5, one), x), rng, "the mask")

    def test_arguments(self, student, rng):
        """x is the caller's: it isn't changed. Integers are legal."""
        for x in (np.ones((5, 6)), np.arange(1, 31).reshape(5, 6)):
            expect(expect_unchanged(student.vanilla_dropout_train, x, 0.5, generator(rng)), "out").shaped((5, 6))


@exercise("vanilla_dropout_predict")
class TestVanillaDropoutPredict:
    def test_worked_example(self, student):
        """The worked example: with rate 0.2, [1, 2, 3, 4] becomes [0.8, 1.6, 2.4, 3.2]."""
        expect(student.vanilla_dropout_predict(np.array([[1.0, 2.0, 3.0, 4.0]]), 0.2), "out").close_to(np.array([[0.8, 1.6, 2.4, 3.2]]))

    def test_integers(self, student):
        """Integers are legal, and no digits of out are cut off; x may have any shape."""
        expect(student.vanilla_dropout_predict(np.array([3, -2]), 0.5), "out").close_to(np.array([1.5, -1.0]))

    def test_arguments(self, student):
        """x is the caller's: it isn't changed."""
        expect(expect_unchanged(student.vanilla_dropout_predict, np.array([[4.0, 8.0]]), 0.25), "out").close_to(np.array([[3.0, 6.0]]))


@exercise("mc_dropout")
class TestMcDropout:
    def test_worked_example(self, student, rng):
        """The worked example: the samples [0.9, 0.1], [0.5, 0.5] and [0.4, 0.6] have mean [0.6, 0.4] and deviation √(0.14/3)."""
        script = iter([[[0.9, 0.1]], [[0.5, 0.5]], [[0.4, 0.6]]] * 9)
        answer = student.mc_dropout(lambda x, rng: np.array(next(script)), np.zeros((1, 2)), 3, generator(rng))
        mean, std = expect(answer, "what mc_dropout returns").items("mean", "std")
        expect(mean, "mean").close_to(np.array([[0.6, 0.4]]))
        expect(std, "std").close_to(np.full((1, 2), np.sqrt(0.14 / 3)))

    def test_as_many_samples_as_asked_for(self, student, rng):
        """predict is called n_samples times, with x and rng itself, and gives another sample each time."""
        samples, number = [], int(rng.integers(2**20))

        def predict(x, rng):
            samples.append(rng.random((len(x), 3)))
            return samples[-1]

        answer, again = student.mc_dropout(predict, np.zeros((4, 2)), 6, np.random.default_rng(number)), np.random.default_rng(number)
        mean, std = expect(answer, "what mc_dropout returns").items("mean", "std")
        if len(samples) != 6:
            raise Mismatch("value", f"predict was called {len(samples)} times, but n_samples is 6")
        if not np.array_equal(samples, [again.random((4, 3)) for _ in range(6)]):
            raise Mismatch("value", "predict drew other numbers than rng gives it: pass rng on as it is, to every call")
        expect(mean, "mean").shaped((4, 3))
        expect(std, "std").shaped((4, 3))

    def test_generator(self, student, rng):
        """predict gets rng itself: another generator, another mean."""

        def draw(one):
            answer = student.mc_dropout(lambda x, rng: rng.random((len(x), 2)), np.zeros((1, 2)), 3, one)
            return expect(answer, "what mc_dropout returns").items("mean", "std")[0]

        follows(draw, rng, "the mean")

    def test_arguments(self, student, rng):
        """x is the caller's: it isn't changed."""
        x = rng.normal(size=(2, 3))
        if not same(x, student.mc_dropout.call(lambda x, rng: rng.random((2, 4)), x, 3, generator(rng)).arguments[1]):
            raise Mismatch("value", "mc_dropout changed x in place; work on a copy instead")

    def test_errors_arrive(self, student, rng):
        """What predict raises isn't swallowed."""

        def predict(x, rng):
            raise ZeroDivisionError("no prediction")

        expect_error(student.mc_dropout, ZeroDivisionError, predict, np.zeros((1, 2)), 3, generator(rng))


def connected(student, x, W, b, rate, rng, **options):
    """Return the out of dropconnect_forward."""
    answer = student.dropconnect_forward(x, W, b, rate, rng, **options)
    return expect(answer, "what dropconnect_forward returns").items("out", "cache")[0]


@exercise("dropconnect_forward")
class TestDropconnectForward:
    def test_worked_example(self, student, rng):
        """The worked example: the unit vectors show the weights, each of them 0 or divided by 0.8."""
        W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        for _ in range(10):
            out = expect(connected(student, np.eye(2), W, np.zeros(3), 0.2, generator(rng)), "out").shaped((2, 3)).answer
            expect(out, "out").close_to(np.where(np.abs(out) < 1e-9, 0, W / 0.8))

    def test_rate_is_that_of_dropping(self, student, rng):
        """With rate 0.2, a fifth of the weights is dropped, and neither whole rows nor whole columns."""
        out = expect(connected(student, np.eye(100), np.ones((100, 100)), np.zeros(100), 0.2, generator(rng)), "out").shaped((100, 100))
        mask = (np.abs(out.answer) < 1e-9).astype(float)
        about(mask.mean(), 0.2, mask.size, "weights are dropped")
        alone(mask, "weights")

    def test_one_mask_for_the_batch(self, student, rng):
        """Equal examples have equal outputs."""
        x = np.tile(rng.uniform(1, 2, 30), (3, 1))
        out = expect(connected(student, x, np.ones((30, 20)), np.zeros(20), 0.5, generator(rng)), "out").shaped((3, 20)).answer
        expect(out[1:], "out for the same example").close_to(np.tile(out[0], (2, 1)))

    def test_bias(self, student, rng):
        """Where x is zero, out is b."""
        b = np.arange(1.0, 21.0)
        expect(connected(student, np.zeros((1, 3)), np.ones((3, 20)), b, 0.5, generator(rng)), "out").close_to(b[None])

    def test_after_training(self, student, rng):
        """With training=False, out is x·W + b."""
        x, W, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
        expect(connected(student, x, W, b, 0.5, generator(rng), training=False), "out").close_to(x @ W + b)

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        follows(lambda one: connected(student, np.eye(20), np.ones((20, 20)), np.zeros(20), 0.5, one), rng)

    def test_arguments(self, student, rng):
        """x, W and b are the caller's: they aren't changed."""
        answer = expect_unchanged(student.dropconnect_forward, np.ones((2, 6)), np.ones((6, 5)), np.ones(5), 0.5, generator(rng))
        expect(expect(answer, "what dropconnect_forward returns").items("out", "cache")[0], "out").shaped((2, 5))


@exercise("stochastic_depth")
class TestStochasticDepth:
    def test_worked_example(self, student, rng):
        """The worked example: x = [1, 2] and f(x) = [10, 20] give [11, 22] or [1, 2] in training."""
        x, fx = np.tile([1.0, 2.0], (40, 1)), np.tile([10.0, 20.0], (40, 1))
        out = expect(student.stochastic_depth(x, fx, 0.75, generator(rng)), "out").shaped((40, 2)).answer
        expect(out, "out").close_to(np.where(out[:, :1] > 5, x + fx, x))

    def test_after_training(self, student, rng):
        """With training=False, out is x + survival·f(x): the worked example gives [8.5, 17]."""
        answer = student.stochastic_depth(np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]]), 0.75, generator(rng), training=False)
        expect(answer, "out").close_to(np.array([[8.5, 17.0]]))

    def test_survival_is_that_of_keeping(self, student, rng):
        """With survival 0.8, the branches of four examples in five are there, each example drawn by itself."""
        x, fx = np.zeros((3000, 1)), np.ones((3000, 1))
        out = expect(student.stochastic_depth(x, fx, 0.8, generator(rng)), "out").shaped((3000, 1)).answer
        about(np.mean(out != 0), 0.8, 3000, "branches are there")

    def test_images(self, student, rng):
        """Of an image, all pixels or none get their f(x)."""
        x, fx = np.zeros((40, 2, 3, 3)), np.ones((40, 2, 3, 3))
        out = expect(student.stochastic_depth(x, fx, 0.5, generator(rng)), "out").shaped(x.shape).answer.reshape(40, -1)
        expect(out, "out of each image").close_to(np.tile(out[:, :1], (1, 18)))
        if len(np.unique(out[:, 0])) < 2:
            raise Mismatch("value", "all 40 images are treated alike: each should draw for itself")

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        x, fx = np.zeros((90, 1)), np.ones((90, 1))
        follows(lambda one: student.stochastic_depth(x, fx, 0.5, one), rng)

    def test_arguments(self, student, rng):
        """x and fx are the caller's: they aren't changed. Integers are legal."""
        for dtype in (float, int):
            x, fx = np.ones((6, 2), dtype), np.ones((6, 2), dtype)
            expect(expect_unchanged(student.stochastic_depth, x, fx, 0.5, generator(rng)), "out").shaped((6, 2))
        x, fx = np.array([[1, 2]]), np.array([[3, 4]])
        out = student.stochastic_depth(x, fx, 0.5, generator(rng), training=False)
        not_cut(out, (expect(out, "out").shaped((1, 2)).answer - x) / fx)


def regions(answer, n_out):
    """Expect n_out + 1 integers."""
    if not isinstance(answer, np.ndarray) or answer.ndim != 1 or answer.dtype.kind not in "iu":
        raise Mismatch("type", "the boundaries should be a one-dimensional array of integers")
    if len(answer) != n_out + 1:
        raise Mismatch("shape", f"{n_out} regions have {n_out + 1} boundaries, but the answer has {len(answer)}")
    return answer.tolist()


@exercise("fractional_pool_regions")
class TestFractionalPoolRegions:
    def test_worked_example(self, student, rng):
        """The worked example: 5 pixels in 3 regions give [0, 1, 3, 5], [0, 2, 3, 5] or [0, 2, 4, 5], each of them sometimes."""
        one = generator(rng)
        found = {tuple(regions(student.fractional_pool_regions(5, 3, one), 3)) for _ in range(60)}
        wrong = sorted(found - {(0, 1, 3, 5), (0, 2, 3, 5), (0, 2, 4, 5)})
        if wrong:
            raise Mismatch("value", f"the boundaries were {list(wrong[0])}")
        if len(found) < 3:
            raise Mismatch("value", f"in 60 calls only {len(found)} of the three possible orders came up: their order should be random")

    def test_every_order_alike(self, student, rng):
        """The six orders of two narrow and two wide regions are equally frequent."""
        one = generator(rng)
        found = [tuple(np.diff(regions(student.fractional_pool_regions(6, 4, one), 4)).tolist()) for _ in range(600)]
        for order in ((1, 1, 2, 2), (1, 2, 1, 2), (1, 2, 2, 1), (2, 1, 1, 2), (2, 1, 2, 1), (2, 2, 1, 1)):
            about(found.count(order) / 600, 1 / 6, 600, f"calls have regions of {order} pixels")

    def test_widths(self, student, rng):
        """Regions are one or two pixels wide, and cover everything from 0 to n_in."""
        for n_in, n_out in ((8, 6), (10, 7), (7, 7), (8, 4)):
            found = regions(student.fractional_pool_regions(n_in, n_out, generator(rng)), n_out)
            if (found[0], found[-1]) != (0, n_in) or not set(np.diff(found).tolist()) <= {1, 2}:
                raise Mismatch("value", f"for ({n_in}, {n_out}) the boundaries are {found}")

    def test_what_is_impossible(self, student, rng):
        """More than two pixels a region, or fewer than one, raise ValueError."""
        for n_in, n_out in ((9, 4), (3, 4)):
            expect_error(student.fractional_pool_regions, ValueError, n_in, n_out, generator(rng))

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        follows(lambda one: student.fractional_pool_regions(90, 60, one), rng, "the answer")
