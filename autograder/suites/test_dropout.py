"""The hidden suite of lecture 11, dropout.

What is random is judged by what was dropped: out/x tells it, wherever x isn't zero. A test about what is dropped doesn't look at the
scale of what is left, and the other way round, so that one mistake costs the tests of one belief.
"""

from __future__ import annotations

from copy import deepcopy as copy
from functools import lru_cache
from itertools import combinations

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged, worth
from coursekit.expectations import P_LIMIT, Z_LIMIT, Mismatch, listed, same

DRAWS, FAR = 30, 8.0  # of 30 draws, the mean and standard deviation; another draw is farther out less than once in ten million
RATES = (0.1, 0.35, 0.8)  # none of them its own complement, so that keeping and dropping can't be confused


# --- inputs ---------------------------------------------------------------------------------------------------------------


def nonzero(rng, *shape):
    """Return numbers of both signs, none of them near zero."""
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def generator(rng):
    """Return a generator to hand to the student: another one than that of the inputs."""
    return np.random.default_rng(int(rng.integers(2**32)))


# --- what was kept --------------------------------------------------------------------------------------------------------


def kept(out, x, name="out"):
    """Return where `out` isn't zero, as 0.0 and 1.0."""
    return (expect(out, name).shaped(np.shape(x)).answer != 0).astype(float)


def expect_share(mask, keep, what="units"):
    """Expect that a share `keep` was kept, as far as chance allows."""
    share, error = float(np.mean(mask)), np.sqrt(keep * (1 - keep) / mask.size)
    if abs(share - keep) > Z_LIMIT * error + 1 / mask.size:
        raise Mismatch(
            "value", f"{share:.1%} of {mask.size} {what} are kept, but each should be kept with probability {keep:.2g} (and dropped else)"
        )


def expect_both(mask, what="units"):
    """Expect that something was dropped, and something kept."""
    if mask.all() or not mask.any():
        raise Mismatch("value", f"all {mask.size} {what} are {'kept' if mask.all() else 'dropped'}: nothing was drawn at random")


def expect_independent(mask, keep, what):
    """Expect no entries that are dropped together, along any axis."""
    expect_both(mask, what)
    share = mask.mean()  # of what was drawn, not of what should have been: the share has a test of its own
    expect(mask - share, f"the mask of the {what}").is_independent(np.sqrt(share * (1 - share)) if 0 < share < 1 else 1.0)
    rows = mask.reshape(len(mask), -1)
    for first, second in ((rows[:-1], rows[1:]), (rows[:, :-1], rows[:, 1:])):  # neighbours, which may be right only by the share
        together = float(np.mean(first == second))
        expected = share**2 + (1 - share) ** 2
        if abs(together - expected) > 2 * Z_LIMIT * np.sqrt(expected * (1 - expected) / first.size):
            raise Mismatch("value", f"{what} that lie side by side are kept or dropped together: each should have its own draw")


def expect_draws_of(rng, draw, drawn, name="out"):
    """Expect that all random numbers come from the generator that is passed in.

    `draw(generator)` is the answer to one call, and `drawn(answer)` what is compared of it.
    """
    seed = int(rng.integers(1_000_000))
    one, other, again = np.random.default_rng(seed), np.random.default_rng(seed + 1), np.random.default_rng(seed)
    first, second, of_other, repeated = map(drawn, [draw(generator) for generator in (one, one, other, again)])
    expect(second, name).differs_from(first, "in a second call with the same generator, which should have moved on")
    expect(of_other, name).differs_from(first, "with a generator of another seed, so the generator isn't used")
    expect(repeated, name).same_as(first, "between two fresh generators of one seed, so not all random numbers come from rng")


def dropout(student, x, rate, rng, **options):
    """Call the student's dropout_forward; return out and cache."""
    answer = student.dropout_forward(x, rate, rng, **options)
    return expect(answer, "what dropout_forward returns").items("out", "cache")


# --- dropout_forward ------------------------------------------------------------------------------------------------------


@exercise("dropout_forward")
class TestDropoutForward:
    @worth(3)
    def test_share_that_is_dropped(self, student, rng):
        """A share `rate` of the units is dropped: rate is the probability of dropping."""
        x = nonzero(rng, 200, 150)
        outs = [dropout(student, x, rate, generator(rng))[0] for rate in RATES]
        for rate, out in zip(RATES, outs, strict=True):
            expect_share(kept(out, x, f"out for rate={rate}"), 1 - rate)

    @worth(3)
    def test_scale_of_what_is_kept(self, student, rng):
        """What is kept is divided by the probability of being kept, and the rest is exactly zero."""
        x = nonzero(rng, 60, 80)
        outs = [dropout(student, x, rate, generator(rng))[0] for rate in RATES]
        for rate, out in zip(RATES, outs, strict=True):
            mask = kept(out, x, f"out for rate={rate}")
            expect_both(mask)
            expect(out, f"out for rate={rate}").close_to(mask * x / (1 - rate))

    @worth(2)
    def test_every_unit_by_itself(self, student, rng):
        """Units drop independently of each other: of each example, and of each feature."""
        x = nonzero(rng, 300, 120)
        expect_independent(kept(dropout(student, x, 0.4, generator(rng))[0], x), 0.6, "units")

    def test_images(self, student, rng):
        """An image's every pixel, in every channel, drops by itself."""
        x = nonzero(rng, 12, 6, 14, 10)
        expect_independent(kept(dropout(student, x, 0.3, generator(rng))[0], x), 0.7, "pixels")

    @worth(2)
    def test_after_training(self, student, rng):
        """With training=False nothing is dropped and nothing scaled: out is x."""
        for shape in ((50, 60), (2, 3, 4, 4), (1, 3)):
            x = nonzero(rng, *shape)
            expect(dropout(student, x, 0.6, generator(rng), training=False)[0], "out with training=False").close_to(x)

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same mask; next call, another mask."""
        x = nonzero(rng, 20, 30)
        expect_draws_of(rng, lambda one: dropout(student, x, 0.5, one)[0], lambda out: kept(out, x), "the mask")

    def test_nothing_to_drop(self, student, rng):
        """With rate 0, out is x in training too."""
        x = nonzero(rng, 7, 9)
        expect(dropout(student, x, 0.0, generator(rng))[0], "out for rate=0").close_to(x)

    def test_one_example(self, student, rng):
        """A batch of one is a batch: a part of its units is dropped."""
        x = nonzero(rng, 1, 3000)
        mask = kept(dropout(student, x, 0.25, generator(rng))[0], x)
        expect_both(mask)
        if not 0 < mask[:, :200].mean() < 1:
            raise Mismatch("value", "the first 200 units of an example are kept or dropped together")

    def test_numbers_of_other_types(self, student, rng):
        """Integers and 32-bit floats are legal input, and other memory layouts too; no digits are cut off."""
        whole = rng.integers(1, 9, (12, 15))
        every = (whole, nonzero(rng, 12, 15).astype(np.float32), nonzero(rng, 15, 12).T, nonzero(rng, 12, 30)[:, ::2])
        outs = [[dropout(student, x, 0.4, generator(rng), training=training)[0] for training in (True, False)] for x in every]
        for x, (out, after) in zip(every, outs, strict=True):
            mask = kept(out, x)
            expect_both(mask)
            values = out[mask > 0] / x[mask > 0]  # one number, whichever it is: the scale has a test of its own
            expect(values, "out/x of what is kept").close_to(np.full(values.shape, values[0]), rtol=1e-5)
            expect(after, "out with training=False").shaped(x.shape)

    def test_arguments_stay(self, student, rng):
        """x is as it was after the call, in training and after it."""
        x = nonzero(rng, 8, 20)
        for training in (True, False):
            answer = expect_unchanged(student.dropout_forward, x, 0.4, generator(rng), training)
            out, _ = expect(answer, "what dropout_forward returns").items("out", "cache")
            mask = kept(out, x)
            if training:
                expect_both(mask)


# --- dropout_backward -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)  # the same for everybody's submission
def drawn_by(forward, entries, shape, rate, training):
    """Return what a right forward pass draws: mean and standard deviation of the share that it keeps, and by what that is multiplied."""
    x = np.frombuffer(entries).reshape(shape)
    factors = np.array([forward(x, rate, np.random.default_rng(seed), training=training)[0] / x for seed in range(DRAWS)])
    shares = np.mean(factors != 0, axis=tuple(range(1, factors.ndim)))
    factor = float(np.max(np.abs(factors)))
    if not np.allclose(factors[factors != 0], factor):
        raise Mismatch("value", "what is kept is not multiplied by one number, so the backward pass can't be judged")
    return float(np.mean(shares)), float(np.std(shares, ddof=1)), factor


class Draw:
    """A forward pass of the student's, and what gradients are right behind it.

    Which units are kept is the student's draw. As many have to be kept as by the reference, and others with another generator, so that a
    backward pass has to know this draw. By how much what is kept is multiplied, the reference says.
    """

    def __init__(self, student, reference, x, rate, rng, training=True):
        self.reference, self.x, self.rate, self.training = reference, x, rate, training
        one, other = generator(rng), generator(rng)
        rights = [reference.dropout_forward(x, rate, copy(draw), training=training)[0] for draw in (one, other)]
        self.differ = not same(*rights)
        self.out, self.cache = dropout(student, x, rate, one, training=training)
        self.other_out = dropout(student, x, rate, other, training=training)[0]

    def slope(self):
        """Return dx/dout for the units that the student's forward pass has kept, if this is a draw as it should be."""
        entries = np.ascontiguousarray(self.x, dtype=float).tobytes()
        mean, spread, factor = drawn_by(self.reference.dropout_forward, entries, self.x.shape, self.rate, self.training)
        if self.training and self.rate and mean == 1:
            raise Mismatch("value", "nothing is dropped in training, so there is nothing that the backward pass has to know")
        mine = kept(self.out, self.x)
        if abs(mine.mean() - mean) > FAR * spread + 1e-9:
            raise Mismatch("value", f"dropout_forward keeps {mine.mean():.0%} of {mine.size} units here, where {mean:.0%} should be kept")
        if self.differ and same(mine, kept(self.other_out, self.x)):
            raise Mismatch("value", "dropout_forward keeps the same units with two different generators")
        return mine * factor


def expect_gradient(draw, answer, dout):
    """Expect the right gradient behind a draw."""
    expect(answer, "dx").close_to(dout * draw.slope(), rtol=1e-6)


@exercise("dropout_backward")
class TestDropoutBackward:
    @worth(3)
    def test_random_gradients(self, student, reference, rng):
        """A random upstream gradient goes back through the units that were kept, with the scale that they were given."""
        cases = []
        for shape, rate in (((40, 30), 0.35), ((25, 60), 0.8), ((1, 500), 0.5)):
            dout, draw = rng.normal(size=shape), Draw(student, reference, nonzero(rng, *shape), rate, rng)
            cases.append((draw, student.dropout_backward(dout, draw.cache), dout))
        for case in cases:
            expect_gradient(*case)

    @worth(2)
    def test_which_units(self, student, reference, rng):
        """Units that were dropped get no gradient, and all others get some: the mask is the forward pass's."""
        draw, dout = Draw(student, reference, nonzero(rng, 50, 40), 0.3, rng), nonzero(rng, 50, 40)
        answer = student.dropout_backward(dout, draw.cache)
        mask, back = draw.slope() != 0, kept(answer, dout, "dx") != 0
        if not same(mask, back):
            wrong = int(np.sum(mask != back))
            raise Mismatch("value", f"{wrong} of {mask.size} units were dropped and get a gradient, or were kept and get none")

    def test_images(self, student, reference, rng):
        """Images are no different."""
        draw, dout = Draw(student, reference, nonzero(rng, 4, 3, 6, 5), 0.4, rng), rng.normal(size=(4, 3, 6, 5))
        expect_gradient(draw, student.dropout_backward(dout, draw.cache), dout)

    def test_after_training(self, student, reference, rng):
        """Behind a forward pass with training=False the gradient passes through as out did."""
        draw, dout = Draw(student, reference, nonzero(rng, 9, 11), 0.4, rng, training=False), rng.normal(size=(9, 11))
        expect_gradient(draw, student.dropout_backward(dout, draw.cache), dout)

    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        x, dout = nonzero(rng, 20, 30), rng.normal(size=(20, 30))
        draws = [Draw(student, reference, some, rate, rng) for some, rate in ((x, 0.5), (-x, 0.2))]
        answers = [(draws[which], student.dropout_backward(dout, draws[which].cache)) for which in (0, 1, 0)]
        for draw, answer in answers:
            expect_gradient(draw, answer, dout)

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers, 32-bit floats and other memory layouts are legal; no digits of dx are cut off."""
        whole = rng.integers(1, 9, (12, 15))
        cases = []
        for dout in (whole, rng.normal(size=(12, 15)).astype(np.float32), rng.normal(size=(15, 12)).T, rng.normal(size=(12, 30))[:, ::2]):
            draw = Draw(student, reference, whole, 0.4, rng)
            cases.append((draw, student.dropout_backward(dout, draw.cache), dout))
        for case in cases:
            expect_gradient(*case)

    def test_arguments_stay(self, student, reference, rng):
        """dout is as it was after the call, and dx is right."""
        draw, dout = Draw(student, reference, nonzero(rng, 15, 20), 0.4, rng), rng.normal(size=(15, 20))
        call = student.dropout_backward.call(dout, draw.cache)
        if not same(dout, call.arguments[0]):
            raise Mismatch("value", "dropout_backward changed dout in place; the layer above still needs it, so work on a copy instead")
        expect_gradient(draw, call.answer, dout)


# --- vanilla_dropout_train ------------------------------------------------------------------------------------------------


@exercise("vanilla_dropout_train")
class TestVanillaDropoutTrain:
    @worth(2)
    def test_share_that_is_dropped(self, student, rng):
        """A share `rate` of the units is dropped: rate is the probability of dropping."""
        x = nonzero(rng, 200, 150)
        outs = [student.vanilla_dropout_train(x, rate, generator(rng)) for rate in RATES]
        for rate, out in zip(RATES, outs, strict=True):
            expect_share(kept(out, x, f"out for rate={rate}"), 1 - rate)

    @worth(2)
    def test_what_is_kept(self, student, rng):
        """What is kept stays as it is, whatever the rate, and the rest is exactly zero."""
        x = nonzero(rng, 30, 40)
        outs = [student.vanilla_dropout_train(x, rate, generator(rng)) for rate in RATES]
        for rate, out in zip(RATES, outs, strict=True):
            mask = kept(out, x, f"out for rate={rate}")
            expect_both(mask)
            expect(out, f"out for rate={rate}").close_to(mask * x)

    @worth(2)
    def test_every_unit_by_itself(self, student, rng):
        """Units drop independently of each other: of each example, of each feature, and each pixel of an image."""
        every = [nonzero(rng, *shape) for shape in ((300, 120), (12, 6, 14, 10))]
        outs = [student.vanilla_dropout_train(x, 0.4, generator(rng)) for x in every]
        for x, out in zip(every, outs, strict=True):
            expect_independent(kept(out, x), 0.6, "units")

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same mask; next call, another mask."""
        x = nonzero(rng, 20, 30)
        expect_draws_of(rng, lambda one: student.vanilla_dropout_train(x, 0.5, one), lambda out: kept(out, x), "the mask")

    def test_nothing_to_drop(self, student, rng):
        """With rate 0 nothing is dropped."""
        x = nonzero(rng, 7, 9)
        expect(student.vanilla_dropout_train(x, 0.0, generator(rng)), "out for rate=0").close_to(x)

    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats, other memory layouts and a batch of one are legal."""
        every = (
            rng.integers(1, 9, (12, 15)),
            nonzero(rng, 12, 15).astype(np.float32),
            nonzero(rng, 150, 1).T,
            nonzero(rng, 12, 30)[:, ::2],
        )
        outs = [student.vanilla_dropout_train(x, 0.4, generator(rng)) for x in every]
        for x, out in zip(every, outs, strict=True):
            expect_both(kept(out, x))

    def test_arguments_stay(self, student, rng):
        """x is as it was after the call, and a part of out is zero."""
        x = nonzero(rng, 8, 20)
        expect_both(kept(expect_unchanged(student.vanilla_dropout_train, x, 0.4, generator(rng)), x))


# --- vanilla_dropout_predict ----------------------------------------------------------------------------------------------


@exercise("vanilla_dropout_predict")
class TestVanillaDropoutPredict:
    @worth(3)
    def test_scale(self, student, reference, rng):
        """Every unit is multiplied by the probability of being kept."""
        for rate in RATES:
            x = rng.normal(size=(9, 7))
            expect(student.vanilla_dropout_predict(x, rate), f"out for rate={rate}").close_to(reference.vanilla_dropout_predict(x, rate))

    def test_nothing_was_dropped(self, student, rng):
        """With rate 0 nothing is scaled."""
        x = rng.normal(size=(4, 5))
        expect(student.vanilla_dropout_predict(x, 0.0), "out for rate=0").close_to(x)

    def test_shapes(self, student, reference, rng):
        """Images, and a batch of one, are scaled alike."""
        for shape in ((3, 2, 5, 4), (1, 6), (7,)):
            x = rng.normal(size=shape)
            expect(student.vanilla_dropout_predict(x, 0.3), "out").close_to(reference.vanilla_dropout_predict(x, 0.3))

    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats and other memory layouts are legal; out is one factor times x, and no digits are cut off."""
        every = (rng.integers(1, 9, (6, 5)), nonzero(rng, 6, 5).astype(np.float32), nonzero(rng, 5, 6).T, nonzero(rng, 6, 10)[:, ::2])
        outs = [student.vanilla_dropout_predict(x, 0.4) for x in every]
        for x, answer in zip(every, outs, strict=True):
            out = expect(answer, "out").shaped(x.shape).answer
            factor = float(out[0, 0] / x[0, 0])
            if factor == 0:
                raise Mismatch("value", "out is zero where x isn't")
            expect(out, "out").close_to(factor * x, rtol=1e-5)

    def test_arguments_stay(self, student, rng):
        """x is as it was after the call, and out is proportional to it."""
        x = nonzero(rng, 5, 4)
        out = expect(expect_unchanged(student.vanilla_dropout_predict, x, 0.4), "out").shaped(x.shape).answer
        if not out.all():
            raise Mismatch("value", "out is zero where x isn't")


# --- mc_dropout -----------------------------------------------------------------------------------------------------------


MOST_CALLS, MOST_EXAMPLES = 100, 1000  # far more than any test asks for


class Predicting:
    """A function that is passed as `predict`: it refuses what no test asks for, by an error that arrives at the student."""

    calls = 0

    def count(self, x):
        """Count a call with the batch x."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise RuntimeError(f"predict was called more than {MOST_CALLS} times")
        if len(x) > MOST_EXAMPLES:
            raise ValueError(f"predict was given a batch of {len(x)} examples, more than {MOST_EXAMPLES}")


class Predictor(Predicting):
    """A function to sample from: it draws from the generator that it gets, and notes what it was given and what it gave."""

    def __init__(self, classes=4):
        self.classes, self.given, self.gave = classes, [], []

    def __call__(self, x, rng, *rest):
        """Return probabilities, drawn from a distribution in which mean, median and most frequent class differ."""
        self.count(x)
        self.given.append(x)
        z = np.exp(2 * rng.standard_normal((len(x), self.classes)))
        self.gave.append(z / z.sum(axis=1, keepdims=True))
        return self.gave[-1].copy()


class Script(Predicting):
    """A function that gives prepared samples, one after another, whatever it is asked."""

    def __init__(self, samples):
        self.samples = samples

    def __call__(self, x, rng, *rest):
        """Return the next sample, and begin anew after the last one."""
        self.count(x)
        return np.array(self.samples[(self.calls - 1) % len(self.samples)])


def scripted(student, rng, n_samples, shape):
    """Let mc_dropout sample a script; return the prepared samples, and the answer as (mean, std)."""
    samples = rng.dirichlet(np.full(shape[-1], 0.4), (n_samples, *shape[:-1]))
    answer = student.mc_dropout(Script(samples), rng.normal(size=(shape[0], 6)), n_samples, generator(rng))
    return samples, expect(answer, "what mc_dropout returns").items("mean", "std")


@exercise("mc_dropout")
class TestMcDropout:
    @worth(2)
    def test_mean(self, student, rng):
        """The mean is that of the samples, for every example and class."""
        for n_samples, shape in ((3, (50, 10)), (2, (40, 10)), (12, (1, 10)), (3, (3, 3))):
            samples, (mean, _) = scripted(student, rng, n_samples, shape)
            expect(mean, f"the mean of {n_samples} samples").close_to(samples.mean(axis=0))

    @worth(2)
    def test_standard_deviation(self, student, rng):
        """The standard deviation is that of the samples, divided by their number, for every example and class."""
        for n_samples, shape in ((3, (50, 10)), (2, (40, 10)), (12, (1, 10)), (3, (3, 3))):
            samples, (_, std) = scripted(student, rng, n_samples, shape)
            expect(std, f"the standard deviation of {n_samples} samples").close_to(samples.std(axis=0))

    @worth(2)
    def test_samples_differ(self, student, rng):
        """Every sample is drawn anew from rng, and is a part of the mean."""
        predict, x = Predictor(), rng.normal(size=(5, 3))
        mean, _ = expect(student.mc_dropout(predict, x, 8, generator(rng)), "what mc_dropout returns").items("mean", "std")
        expect(mean, "the mean").shaped((5, 4))
        if len({sample.tobytes() for sample in predict.gave}) < len(predict.gave):
            raise Mismatch("value", "predict gave a sample twice, because it got the same random numbers: pass rng on as it is")
        if len(predict.gave) < 2:
            raise Mismatch("value", f"8 samples were asked for, but predict was called {len(predict.gave)} times")

    def test_number_of_samples(self, student, rng):
        """predict is called n_samples times, each time with all of x."""
        predict, x = Predictor(), rng.normal(size=(3, 2, 4))
        expect(student.mc_dropout(predict, x, 7, generator(rng)), "what mc_dropout returns").items("mean", "std")
        if len(predict.given) != 7:
            raise Mismatch("value", f"predict was called {len(predict.given)} times, but n_samples is 7")
        for given in predict.given:
            expect(given, "the x that predict is given").close_to(x)

    def test_generator(self, student, rng):
        """The generator goes on: a second call gives other numbers, the same seed gives the same ones."""
        x, predict = rng.normal(size=(6, 3)), Predictor()

        def draw(one):
            mean, _ = expect(student.mc_dropout(predict, x, 4, one), "what mc_dropout returns").items("mean", "std")
            return expect(mean, "the mean").shaped((6, 4)).answer

        expect_draws_of(rng, draw, lambda mean: mean, "the mean")

    def test_one_sample(self, student, rng):
        """A single sample is its own mean, and doesn't spread."""
        samples, (mean, std) = scripted(student, rng, 1, (3, 4))
        expect(mean, "the mean of one sample").close_to(samples[0])
        expect(std, "the standard deviation of one sample").close_to(np.zeros((3, 4)))

    def test_error_of_predict(self, student, rng):
        """An error that predict raises isn't swallowed: it arrives at the caller."""

        def predict(x, rng):
            raise ZeroDivisionError("this network can't predict")

        expect_error(student.mc_dropout, ZeroDivisionError, predict, rng.normal(size=(2, 3)), 3, generator(rng))
        expect(student.mc_dropout(Predictor(), rng.normal(size=(2, 3)), 3, generator(rng)), "what mc_dropout returns").items("mean", "std")

    def test_arguments_stay(self, student, rng):
        """x is as it was after the call."""
        x = rng.normal(size=(3, 5))
        call = student.mc_dropout.call(Predictor(), x, 3, generator(rng))
        if not same(x, call.arguments[1]):
            raise Mismatch("value", "mc_dropout changed x in place; work on a copy instead")
        for name, part in zip(("mean", "std"), expect(call.answer, "what mc_dropout returns").items("mean", "std"), strict=True):
            expect(part, f"the {name}").shaped((3, 4))


# --- dropconnect_forward --------------------------------------------------------------------------------------------------


def dropconnect(student, x, W, b, rate, rng, **options):
    """Call the student's dropconnect_forward; return out."""
    answer = student.dropconnect_forward(x, W, b, rate, rng, **options)
    out, _ = expect(answer, "what dropconnect_forward returns").items("out", "cache")
    return expect(out, "out").shaped((len(x), len(b))).answer


def for_unit_vectors(student, W, rate, rng):
    """Return what comes out for the unit vectors, without a bias: the weights that were used."""
    return dropconnect(student, np.eye(len(W)), W, np.zeros(W.shape[1]), rate, rng)


def used(out):
    """Return the weights that were used in one call, exactly zero where they were dropped."""
    return np.where(np.abs(out) > 1e-9, out, 0.0)  # a product by BLAS may leave a rounding error where a zero was meant


@exercise("dropconnect_forward")
class TestDropconnectForward:
    @worth(2)
    def test_share_that_is_dropped(self, student, rng):
        """A share `rate` of the weights is dropped: rate is the probability of dropping."""
        W = nonzero(rng, 150, 200)
        outs = [for_unit_vectors(student, W, rate, generator(rng)) for rate in RATES]
        for rate, out in zip(RATES, outs, strict=True):
            expect_share((used(out) != 0).astype(float), 1 - rate, "weights")

    @worth(2)
    def test_scale_of_what_is_kept(self, student, rng):
        """The weights that are kept are divided by the probability of being kept."""
        W = nonzero(rng, 30, 40)
        outs = [for_unit_vectors(student, W, rate, generator(rng)) for rate in RATES]
        for rate, out in zip(RATES, outs, strict=True):
            mask = (used(out) != 0).astype(float)
            expect_both(mask, "weights")
            expect(used(out), f"the weights that are used for rate={rate}").close_to(mask * W / (1 - rate))

    @worth(2)
    def test_every_weight_by_itself(self, student, rng):
        """Weights drop independently of each other: neither a unit's inputs nor its outputs drop together."""
        W = nonzero(rng, 150, 120)
        expect_independent((used(for_unit_vectors(student, W, 0.4, generator(rng))) != 0).astype(float), 0.6, "weights")

    def test_one_input_or_one_unit(self, student, rng):
        """A layer with a single input, or with a single unit, loses a part of its weights too."""
        outs = [for_unit_vectors(student, nonzero(rng, *shape), 0.4, generator(rng)) for shape in ((1, 400), (400, 1))]
        for out in outs:
            expect_both(used(out) != 0, "weights")

    @worth(2)
    def test_one_mask_for_the_batch(self, student, rng):
        """All examples of a batch go through the same weights: equal examples have equal outputs."""
        W, b, x = nonzero(rng, 20, 30), rng.normal(size=30), nonzero(rng, 6, 20)
        out = dropconnect(student, np.vstack((x, x, x[::-1])), W, b, 0.5, generator(rng))
        expect(out[6:12], "out for the same examples, once more").close_to(out[:6])
        expect(out[:11:-1], "out for the same examples, in another order").close_to(out[:6])
        expect(out, "out").differs_from(np.broadcast_to(out[0], out.shape), "for all examples")

    def test_bias(self, student, rng):
        """The bias is neither dropped nor scaled: where x is zero, out is b."""
        b = nonzero(rng, 50)
        out = dropconnect(student, np.zeros((4, 10)), nonzero(rng, 10, 50), b, 0.4, generator(rng))
        expect(out, "out for x = 0").close_to(np.tile(b, (4, 1)))

    @worth(2)
    def test_after_training(self, student, rng):
        """With training=False no weight is dropped and none scaled: out is x·W + b."""
        for N, D, H in ((40, 30, 25), (1, 4, 6), (4, 4, 4)):
            x, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
            out = dropconnect(student, x, W, b, 0.6, generator(rng), training=False)
            expect(out, "out with training=False").close_to(x @ W + b)

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same mask; next call, another mask."""
        W = nonzero(rng, 20, 25)
        expect_draws_of(rng, lambda one: for_unit_vectors(student, W, 0.5, one), lambda out: (used(out) != 0).astype(float), "the mask")

    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats and other memory layouts are legal; no digits of the scaled weights are cut off."""
        whole = rng.integers(-5, 6, (6, 8)), rng.integers(1, 9, (8, 5)), rng.integers(-3, 4, 5)
        single = [array.astype(np.float32) for array in (rng.normal(size=(6, 8)), rng.normal(size=(8, 5)), rng.normal(size=5))]
        strided = rng.normal(size=(8, 6)).T, rng.normal(size=(8, 10))[:, ::2], rng.normal(size=10)[::2]
        for x, W, b in (whole, single, strided):
            first, second = (dropconnect(student, x, W, b, 0.5, one) for one in (generator(rng), generator(rng)))
            expect(second, "out in training").differs_from(first, "for two generators")
            dropconnect(student, x, W, b, 0.5, generator(rng), training=False)
        weights = used(for_unit_vectors(student, whole[1], 0.4, generator(rng)))
        mask = weights != 0
        expect_both(mask, "weights")
        factors = weights[mask] / whole[1][mask]  # one number, whichever it is: the scale has a test of its own
        expect(factors, "the factors of the weights that are kept, which are integers,").close_to(
            np.full(factors.shape, factors[0]), rtol=1e-5
        )

    def test_arguments_stay(self, student, rng):
        """x, W and b are as they were after the call, in training and after it."""
        x, W, b = nonzero(rng, 6, 8), nonzero(rng, 8, 9), nonzero(rng, 9)
        for training in (True, False):
            answer = expect_unchanged(student.dropconnect_forward, x, W, b, 0.4, generator(rng), training)
            expect(expect(answer, "what dropconnect_forward returns").items("out", "cache")[0], "out").shaped((6, 9))


# --- stochastic_depth -----------------------------------------------------------------------------------------------------


def survived(out, x, fx):
    """Return by how much of fx each entry of `out` differs from x."""
    return (expect(out, "the answer").shaped(x.shape).answer - x) / fx


def branches(share):
    """Return for each example whether its branch survived: whether most of it is there, at any scale."""
    return (np.abs(share.reshape(len(share), -1)) > 1e-6).mean(axis=1).round()


@exercise("stochastic_depth")
class TestStochasticDepth:
    @worth(2)
    def test_share_that_survives(self, student, rng):
        """A share `survival` of the branches survives: survival is the probability of keeping."""
        x, fx = nonzero(rng, 4000, 2), nonzero(rng, 4000, 2)
        rates = (0.2, 0.65, 0.9)
        outs = [student.stochastic_depth(x, fx, survival, generator(rng)) for survival in rates]
        for survival, out in zip(rates, outs, strict=True):
            share = survived(out, x, fx)
            expect_share((np.abs(share) > 1e-6).astype(float)[:, 0], survival, "branches")

    @worth(2)
    def test_values_in_training(self, student, rng):
        """In training an example becomes x or x + f(x), whole: a branch that survives isn't scaled, and x is never lost."""
        x, fx = nonzero(rng, 60, 7), nonzero(rng, 60, 7)
        outs = [student.stochastic_depth(x, fx, survival, generator(rng)) for survival in (0.3, 0.8)]
        for out in outs:
            alive = branches(survived(out, x, fx))
            expect_both(alive, "branches")
            expect(out, "the answer").close_to(np.where(alive[:, None] > 0, x + fx, x))

    @worth(2)
    def test_every_example_by_itself(self, student, rng):
        """Every example of a batch draws for itself, independently of its neighbours."""
        x, fx = nonzero(rng, 3000, 3), nonzero(rng, 3000, 3)
        alive = branches(survived(student.stochastic_depth(x, fx, 0.5, generator(rng)), x, fx))
        expect_independent(alive.reshape(60, 50), 0.5, "branches")

    @worth(2)
    def test_all_units_of_an_example(self, student, rng):
        """All units of an example live or fall together, in arrays of any rank."""
        pairs = [(nonzero(rng, *shape), nonzero(rng, *shape)) for shape in ((40, 6), (30, 3, 4, 5), (50, 2, 3), (80,))]
        outs = [student.stochastic_depth(x, fx, 0.5, generator(rng)) for x, fx in pairs]
        for (x, fx), out in zip(pairs, outs, strict=True):
            there = np.abs(survived(out, x, fx)).reshape(len(x), -1) > 1e-6
            expect_both(there, "branches")
            if (there != there[:, :1]).any():
                raise Mismatch("value", "of some examples a part of f(x) is there and a part isn't: one draw decides for a whole example")

    @worth(2)
    def test_after_training(self, student, reference, rng):
        """With training=False every branch is there, multiplied by its probability of survival."""
        for shape, survival in (((300, 4), 0.3), ((2, 3, 4, 5), 0.8), ((6,), 0.5), ((1, 3), 1.0)):
            x, fx = rng.normal(size=shape), rng.uniform(2, 4, shape)
            answer = student.stochastic_depth(x, fx, survival, generator(rng), training=False)
            expect(answer, "the answer with training=False").close_to(x + survival * fx)

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same branches; next call, other branches."""
        x, fx = nonzero(rng, 100, 2), nonzero(rng, 100, 2)
        expect_draws_of(
            rng, lambda one: student.stochastic_depth(x, fx, 0.5, one), lambda out: branches(survived(out, x, fx)), "what survives"
        )

    def test_all_survive(self, student, rng):
        """With survival 1 the answer is x + f(x), in training too."""
        x, fx = rng.normal(size=(6, 5)), rng.normal(size=(6, 5))
        expect(student.stochastic_depth(x, fx, 1.0, generator(rng)), "the answer for survival=1").close_to(x + fx)

    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats and other memory layouts are legal; no digits of the answer are cut off."""
        whole = rng.integers(1, 9, (60, 4)), rng.integers(1, 9, (60, 4))
        single = nonzero(rng, 60, 4).astype(np.float32), nonzero(rng, 60, 4).astype(np.float32)
        strided = nonzero(rng, 4, 60).T, nonzero(rng, 60, 8)[:, ::2]
        cases = [(x, fx, training) for x, fx in (whole, single, strided) for training in (True, False)]
        outs = [student.stochastic_depth(x, fx, 0.5, generator(rng), training) for x, fx, training in cases]
        for (x, fx, _), out in zip(cases, outs, strict=True):
            factors = survived(out, x, fx)
            there = np.abs(factors) > 1e-3
            if not there.any():
                raise Mismatch("value", "f(x) is in none of the examples")
            if out.dtype.kind in "iu":  # digits were cut off where the factor isn't the same everywhere, whichever it is
                expect(factors[there], "the factor of f(x), for integers,").close_to(np.full(there.sum(), factors[there][0]), rtol=1e-5)

    def test_arguments_stay(self, student, rng):
        """x and fx are as they were after the call, in training and after it."""
        x, fx = nonzero(rng, 40, 5), nonzero(rng, 40, 5)
        outs = [expect_unchanged(student.stochastic_depth, x, fx, 0.5, generator(rng), training) for training in (True, False)]
        for out in outs:
            if not (np.abs(survived(out, x, fx)) > 1e-6).any():
                raise Mismatch("value", "f(x) is in none of the examples")


# --- fractional_pool_regions ----------------------------------------------------------------------------------------------


def boundaries(answer, n_out):
    """Expect a one-dimensional array of integers, as short as one with about n_out regions is."""
    if not isinstance(answer, np.ndarray):
        raise Mismatch("type", f"the boundaries should be an array of integers, but they are a {type(answer).__name__}")
    if answer.ndim != 1:
        raise Mismatch("shape", f"the boundaries should have one dimension, but they have shape {answer.shape}")
    if answer.dtype.kind not in "iu":
        raise Mismatch("dtype", f"the boundaries have dtype {answer.dtype}, but they should be integers, to index with")
    if answer.size > 2 * n_out + 20:
        raise Mismatch("shape", f"{n_out} regions have {n_out + 1} boundaries, but the answer has {answer.size}")
    return answer.astype(int)


def steps(answer, n_out):
    """Return the widths of the regions."""
    return np.diff(boundaries(answer, n_out))


SIZES = ((10, 7), (25, 18), (9, 6), (14, 13), (31, 16))


def regions(student, rng, sizes):
    """Yield n_in, n_out and the boundaries of each size."""
    answers = [student.fractional_pool_regions(n_in, n_out, generator(rng)) for n_in, n_out in sizes]
    for (n_in, n_out), answer in zip(sizes, answers, strict=True):
        yield n_in, n_out, boundaries(answer, n_out)


@exercise("fractional_pool_regions")
class TestFractionalPoolRegions:
    def test_begins_with_zero(self, student, rng):
        """The first boundary is 0."""
        for _, _, found in regions(student, rng, SIZES):
            if found.size == 0 or found[0] != 0:
                raise Mismatch("value", f"the boundaries are {listed(found)}, but the first should be 0")

    def test_ends_with_n_in(self, student, rng):
        """The last boundary is n_in."""
        for n_in, _, found in regions(student, rng, SIZES):
            if found.size == 0 or found[-1] != n_in:
                raise Mismatch("value", f"the boundaries are {listed(found)}, but the last should be n_in = {n_in}")

    @worth(2)
    def test_widths(self, student, rng):
        """There are n_out + 1 boundaries, and every region between them is one or two pixels wide."""
        for _, n_out, found in regions(student, rng, SIZES):
            if found.shape != (n_out + 1,):
                raise Mismatch("shape", f"{n_out} regions have {n_out + 1} boundaries, but the answer has {found.size}")
            if not np.isin(np.diff(found), (1, 2)).all():
                raise Mismatch("value", f"the regions are {listed(np.diff(found))} pixels wide, but each should be 1 or 2")

    def test_no_pattern(self, student, rng):
        """In one call with many regions, narrow and wide ones alternate as often as chance has it."""
        widths = steps(student.fractional_pool_regions(9000, 6000, generator(rng)), 6000)
        narrow, wide = int(np.sum(widths == 1)), int(np.sum(widths == 2))
        if not narrow or not wide:
            raise Mismatch("value", "all regions have the same width, but 9000 pixels in 6000 regions need wide and narrow ones")
        runs, count = 1 + int(np.sum(widths[1:] != widths[:-1])), narrow + wide
        expected = 2 * narrow * wide / count  # Wald and Wolfowitz 1940, one less than the mean number of runs
        if abs(runs - 1 - expected) > Z_LIMIT * np.sqrt(expected * abs(expected - 1) / max(count - 1, 1)) + 1:
            raise Mismatch(
                "value", f"{runs - 1} of 6000 regions are followed by one of another width, by chance about {expected:.0f} would be"
            )

    @worth(2)
    def test_random_order(self, student, rng):
        """Narrow and wide regions come in random order: every place may be a wide one."""
        one, count = generator(rng), 60
        answers = [student.fractional_pool_regions(12, 8, one) for _ in range(count)]
        widths = [steps(answer, 8) for answer in answers]
        if len({found.size for found in widths}) > 1 or not widths[0].size:
            raise Mismatch("shape", "the number of boundaries changes from call to call, or there are none")
        often = np.mean(np.array(widths) == 2, axis=0)
        if len({tuple(found) for found in widths}) == 1:
            raise Mismatch("value", f"{count} calls with one generator gave the same regions each time")
        if (often == 0).any() or (often == 1).any():
            place = int(np.flatnonzero((often == 0) | (often == 1))[0]) + 1
            raise Mismatch("value", f"in {count} calls, region number {place} had the same width every time")

    @worth(2)
    def test_every_order_alike(self, student, rng):
        """Every order of the narrow and wide regions is as probable as any other."""
        from scipy.special import chdtrc

        one, count = generator(rng), 600
        found: dict[tuple[int, ...], int] = {}
        answers = [student.fractional_pool_regions(6, 4, one) for _ in range(count)]
        for answer in answers:
            widths = tuple(steps(answer, 4).tolist())
            found[widths] = found.get(widths, 0) + 1
        orders = [tuple(2 if place in wide else 1 for place in range(4)) for wide in combinations(range(4), 2)]
        statistic = sum((found.get(order, 0) - count / 6) ** 2 / (count / 6) for order in orders)
        if sum(found.get(order, 0) for order in orders) < count or chdtrc(5, statistic) < P_LIMIT:
            often = ", ".join(f"{order}: {found.get(order, 0)}" for order in orders)
            raise Mismatch(
                "value", f"the six orders of two narrow and two wide regions should be equally frequent in {count} calls, not {often}"
            )

    def test_both_ends_of_the_range(self, student, rng):
        """n_in = n_out gives regions of one pixel, n_in = 2·n_out regions of two: both are legal."""
        for n_in, n_out, found in regions(student, rng, ((6, 6), (12, 6), (1, 1), (2, 1))):
            width = n_in // n_out
            if found.tolist() != list(range(0, n_in + 1, width)):
                raise Mismatch(
                    "value", f"for ({n_in}, {n_out}) the boundaries are {listed(found)}, but all regions should have width {width}"
                )

    def test_outside_the_range(self, student, rng):
        """More than two pixels a region, or fewer than one, raise ValueError; what is just inside doesn't."""
        for n_in, n_out in ((13, 6), (5, 6), (100, 7), (3, 1), (1, 2)):
            expect_error(student.fractional_pool_regions, ValueError, n_in, n_out, generator(rng))
        for _ in regions(student, rng, ((11, 6), (7, 6))):
            pass

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same regions; next call, other regions."""
        expect_draws_of(
            rng, lambda one: student.fractional_pool_regions(9000, 6000, one), lambda answer: boundaries(answer, 6000), "the answer"
        )
