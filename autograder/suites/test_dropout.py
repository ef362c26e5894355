"""The hidden suite of lecture 11, dropout.

What is random is judged by what was dropped: out/x shows it, where x isn't zero. A test about what is dropped doesn't look at the scale of
what is left, and the other way round.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from copy import deepcopy as copy
from functools import lru_cache, partial
from itertools import combinations

import numpy as np

from autograder.kit.contracts import (
    SEED,
    TWO_SEEDS,
    ArgumentsUnchanged,
    Backward,
    Contract,
    Float32,
    Integers,
    MemoryLayouts,
    array_in,
    expect_repeated,
    generator,
    with_generators,
)
from coursekit import aspect, corner, exercise, expect, expect_error, worth
from coursekit.expectations import P_LIMIT, Z_LIMIT, Mismatch, listed, same
from coursekit.student import Raised, with_layout

DRAWS, FAR = 30, 8.0  # of 30 draws, the mean and standard deviation; another draw is farther out less than once in ten million
RATES = (0.1, 0.35, 0.8)  # none of them its own complement, so that keeping and dropping can't be confused
FORMS = ("integers", "32-bit floats", "a transposed array", "a slice with a step")


# --- inputs ---------------------------------------------------------------------------------------------------------------


def positive(rng, *shape):
    """Return positive numbers, none of them near zero: a ReLU before or behind a function makes no difference."""
    return rng.uniform(0.5, 2.0, shape)


def nonzero(rng, *shape):
    """Return numbers of both signs, none of them near zero."""
    return positive(rng, *shape) * rng.choice([-1.0, 1.0], shape)


def in_forms(whole):
    """Return positive integers as an array of 64-bit floats, and then in the other `FORMS`."""
    floats = whole.astype(float)
    return floats, whole, floats.astype(np.float32), with_layout(floats, "F"), with_layout(floats, "strided")


@contextmanager
def looked_at(*found):
    """Say what is looked at if an expectation isn't met: misconceptions that fail with the same `found` are alike here."""
    try:
        yield
    except Mismatch as error:
        raise Mismatch(error.kind, str(error), found) from None


# --- what was kept --------------------------------------------------------------------------------------------------------


def kept(out, x, name="out"):
    """Return where `out` isn't zero, as 0.0 and 1.0."""
    return (expect(array_in(out), name).shaped(np.shape(x)).answer != 0).astype(float)


def deviation(draws):
    """Return how far the mean of draws may be off, as a standard deviation; also where rows, or columns, were drawn together."""
    along = [float(np.std(draws.mean(axis=axis)) / np.sqrt(draws.shape[1 - axis])) for axis in (0, 1)]
    return max(float(np.std(draws)) / np.sqrt(draws.size), *along)


def expect_mean(factors, mean, what):
    """Expect random factors with this mean, as far as chance allows."""
    found = float(np.mean(factors))
    if not np.ptp(factors) > 1e-6 or not abs(found - mean) <= Z_LIMIT * deviation(factors) + 1e-9:
        raise Mismatch("value", f"in training {what} is multiplied by {found:.3g} on average, at random, but by {mean:.3g} it should be")


def expect_shares(masks, rates, what="units"):
    """Expect that of each mask a share 1 − rate was kept, as far as chance allows; also where rows, or columns, were drawn together.

    The shares, rounded, are what is looked at: a swapped probability is recognised at any scale.
    """
    shares = [round(20 * float(mask.mean())) / 20 for mask in masks]
    found = ("all",) if set(shares) == {0.0, 1.0} else tuple(shares) if len(set(shares)) > 1 else None
    for mask, rate in zip(masks, rates, strict=True):
        share, keep = float(np.mean(mask)), 1 - rate
        if abs(share - keep) > Z_LIMIT * max(np.sqrt(keep * rate / mask.size), deviation(mask)) + 1 / mask.size:
            said = f"but each should be kept with probability {keep:.2g} (and dropped else)"
            raise Mismatch("value", f"{share:.1%} of {mask.size} {what} are kept, {said}", found)


def expect_factors(outs, x, factors, names, what="units"):
    """Expect that some entries of each array are x times its factor, and all others zero.

    If an array has one factor, that is what is looked at: a wrong scale is recognised whatever was dropped.
    """
    masks = [kept(out, x, name) for out, name in zip(outs, names, strict=True)]
    for mask in masks:
        expect_both(mask, what)
    try:
        for out, mask, factor, name in zip(outs, masks, factors, names, strict=True):
            expect(array_in(out), name).close_to(mask * x * factor, rtol=1e-6 if what == "weights" else 1e-7)
    except Mismatch as error:
        found = [(array_in(out) / x)[mask > 0] for out, mask in zip(outs, masks, strict=True)]
        single = all(one.size and np.ptp(one) < 1e-4 * abs(one[0]) for one in found)
        raise Mismatch(error.kind, str(error), tuple(float(np.median(one)) for one in found) if single else None) from None


def expect_both(mask, what="units"):
    """Expect that something was dropped, and something kept."""
    if mask.all() or not mask.any():
        said = "kept" if mask.all() else "dropped"
        raise Mismatch("value", f"all {mask.size} {what} are {said}: nothing was drawn at random", ("all",))


def expect_nothing_dropped(out, expected, name, factors):
    """Expect the right answer after training; whether something was dropped, and else the one factor, is what is looked at."""
    try:
        expect(out, name).close_to(expected)
    except Mismatch as error:
        found = factors(out) if error.kind == "value" else np.array([np.nan, 0.5])
        single = (float(np.median(found)),) if np.ptp(found) < 1e-4 * np.max(np.abs(found)) else None
        raise Mismatch(error.kind, str(error), ("dropped",) if (np.abs(found) < 1e-6).any() else single) from None


def weights_of(out, x, W, b):
    """Return by what each weight was multiplied, if out is x times one matrix, plus b; else NaN."""
    found = np.linalg.lstsq(x, out - b, rcond=None)[0]
    return found / W if np.allclose(x @ found + b, out) else np.full(2, np.nan)


def expect_alone(answer, name, shape):
    """Expect one array, and nothing beside it."""
    try:
        expect(answer, name).shaped(shape)
    except Mismatch as error:
        raise Mismatch(error.kind, str(error), (type(answer).__name__,) if isinstance(answer, (list, tuple)) else error.got) from None


def expect_independent(mask, what):
    """Expect no entries that are dropped together, along any axis. Along which axes all are equal is what is looked at."""
    try:
        expect_both(mask, what)
        share = mask.mean()  # of what was drawn, not of what should have been: the share has a test of its own
        expect(mask - share, f"the mask of the {what}").is_independent(np.sqrt(share * (1 - share)))
        rows = mask.reshape(len(mask), -1)
        for first, second in ((rows[:-1], rows[1:]), (rows[:, :-1], rows[:, 1:])):  # neighbours, which may be right only by the share
            together = float(np.mean(first == second))
            expected = share**2 + (1 - share) ** 2
            if abs(together - expected) > 2 * Z_LIMIT * np.sqrt(expected * (1 - expected) / first.size):
                raise Mismatch("value", f"{what} that lie side by side are kept or dropped together: each should have its own draw")
    except Mismatch as error:
        together = [not np.ptp(mask, axis=axis).any() for axis in range(mask.ndim)]
        found = (*together, not np.ptp(mask.sum(axis=-1)))  # the last: as many in every row
        raise Mismatch(error.kind, str(error), found if any(found) else None) from None


def expect_number_by_chance(masks, rates, what="units"):
    """Expect that not of each mask exactly as many entries were dropped as is probable; by chance it happens once in 10 million times."""
    by_chance = [2 / np.sqrt(2 * np.pi * rate * (1 - rate) * mask.size) for mask, rate in zip(masks, rates, strict=True)]
    exact = [abs(np.sum(mask == 0) - rate * mask.size) < 1 for mask, rate in zip(masks, rates, strict=True)]
    if all(exact) and np.prod(by_chance) < 2e-7:
        raise Mismatch(
            "value", f"in {len(masks)} calls, the number of {what} that are dropped is exactly the rate's share: it should vary", ("exact",)
        )


def multipliers(answer, x, name):
    """Return the numbers by which entries of x were multiplied, rounded; None if they are many."""
    found = np.unique(np.round(expect(array_in(answer), name).shaped(np.shape(x)).answer.astype(float) / x, 3))
    return set((found + 0.0).tolist()) if found.size < 10 else None


def expect_same_multipliers(answers, forms, name="out"):
    """Expect that numbers in any form are multiplied by the same few numbers as 64-bit floats are, such as 0 and 1/(1 − rate)."""
    usual, *others = [multipliers(answer, x, name) for answer, x in zip(answers, forms, strict=True)]
    for found, form in zip(others, FORMS, strict=True):
        if usual not in (None, {0.0}) and (found is None or not found <= {0.0, *usual}):
            shown = "many numbers" if found is None else " or ".join(f"{number:.4g}" for number in sorted(found))
            wanted = " or ".join(f"{number:.4g}" for number in sorted(usual))
            raise Mismatch("value", f"{form}: entries of {name} are multiplied by {shown}, but by {wanted} where they are 64-bit floats")


class RandomNumbersFromRng(Contract):
    """All random numbers come from the generator among the arguments, which moves on."""

    def ask(self, student, *arguments):
        """Call the function, and return what is compared; of a forward pass only `out`."""
        function, arguments = getattr(student, self.exercise), with_generators(arguments)
        return out_of(function, *arguments) if self.exercise.endswith("_forward") else function(*arguments)

    @corner("random numbers from rng", 0.2)
    def test_draws_from_the_generator(self, student, rng):
        """All random numbers come from rng: same state, same answer; next call, another answer."""
        arguments = self.arguments(rng)
        mine, again, other = (with_generators(arguments, seed) for seed in (TWO_SEEDS[0], *TWO_SEEDS))
        first, second, repeated, of_other = [self.ask(student, *some) for some in (mine, mine, again, other)]
        if first is None:
            return  # a missing return says nothing about random numbers
        with looked_at("fixed"):  # a fixed seed, or nothing is random: another failure than a generator of its own
            expect(second, "the answer").differs_from(first, "in a second call with the same generator, which should have moved on")
            expect(of_other, "the answer").differs_from(first, "with a generator of another seed, so the generator isn't used")
        expect_repeated(repeated, first, "between two fresh generators of one seed, so not all random numbers come from rng")


def out_of(function, *arguments, **options):
    """Call a function, and return its out, of a forward pass also where it returns no cache: there is a test for what else is returned."""
    answer = function(*arguments, **options)
    if not function.name.endswith("_forward"):
        return array_in(answer)
    return answer if isinstance(answer, np.ndarray) else expect(answer, f"what {function.name} returns").items("out", "cache")[0]


class DropsUnits(RandomNumbersFromRng, ArgumentsUnchanged):
    """What dropout_forward and vanilla_dropout_train have in common."""

    def arguments(self, rng):
        return nonzero(rng, 12, 20), 0.5, SEED

    def drop(self, student, x, rates, rng, seed=None):
        """Call the function for each rate, and return its outs alone; x may be a list, one for each rate."""
        function, outs = getattr(student, self.exercise), []
        for each, rate in zip(x if isinstance(x, list) else [x] * len(rates), rates, strict=True):
            draws = generator(rng) if seed is None else np.random.default_rng(seed)
            outs.append(out_of(function, each, rate, draws))
        return outs

    def expect_mean(self, student, rng, mean):
        """Expect that with rate 0.35 units are multiplied by `mean` on average."""
        x = nonzero(rng, 100, 100)
        with looked_at("mean"):
            out = expect(array_in(self.drop(student, x, [0.35], rng)[0]), "out").shaped(x.shape).answer
            expect_mean(out / x, mean, "x")

    def expect_share(self, student, rng):
        """Expect that a share `rate` of the units is dropped."""
        x = nonzero(rng, 150, 150)
        (*outs, out), dropped = self.drop(student, x, (*RATES, 0.0), rng), 0
        expect_shares([kept(one, x, f"out for rate={rate}") for rate, one in zip(RATES, outs, strict=True)], RATES)
        with suppress(Mismatch):  # what isn't a number is the scale's affair
            dropped = int(np.sum(kept(out, x) == 0))
        if dropped:
            raise Mismatch("value", f"with rate 0, {dropped} of {x.size} units are dropped")

    def expect_scale(self, student, rng, factor):
        """Expect that what is kept is multiplied by a function of the rate, and that the rest is exactly zero."""
        x = nonzero(rng, 50, 60)
        *outs, out = self.drop(student, x, (*RATES, 0.0), rng)
        expect_factors(outs, x, [factor(rate) for rate in RATES], [f"out for rate={rate}" for rate in RATES])
        expect(out, "out for rate=0").close_to(kept(out, x, "out for rate=0") * x)

    @aspect("independent units", 21.1)
    def test_every_unit_by_itself(self, student, rng):
        """Units drop independently of each other: of each example, of each feature, and each pixel of an image."""
        x = nonzero(rng, 301, 61) * np.linspace(1, 3, 61)
        every, rates = [x] * 4 + [nonzero(rng, 10, 6, 12, 10)], (0.4, *RATES, 0.3)
        masks = [kept(out, x) for x, out in zip(every, self.drop(student, every, rates, rng), strict=True)]
        expect_independent(masks[0], "units")
        expect_number_by_chance(masks[:4], rates[:4])
        expect_independent(masks[4], "pixels")

    @corner("other number types and memory layouts", 0.05)
    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats, transposed arrays and slices with a step are treated as 64-bit floats are."""
        forms = list(in_forms(rng.integers(1, 9, (12, 15))))
        expect_same_multipliers(self.drop(student, forms, [0.4] * 5, rng, seed=93), forms)


def dropout(student, x, rate, rng, **options):
    """Call the student's dropout_forward; return out and cache."""
    answer = student.dropout_forward(x, rate, rng, **options)
    return expect(answer, "what dropout_forward returns").items("out", "cache")


# --- dropout_forward ------------------------------------------------------------------------------------------------------


@exercise("dropout_forward")
class TestDropoutForward(DropsUnits):
    @aspect("the share that is dropped", 45)
    def test_share_that_is_dropped(self, student, rng):
        """A share `rate` of the units is dropped, none for rate 0: rate is the probability of dropping."""
        self.expect_share(student, rng)

    @aspect("the scale of what is kept", 5.5)
    def test_scale_of_what_is_kept(self, student, rng):
        """What is kept is divided by the probability of being kept, and the rest is exactly zero."""
        self.expect_scale(student, rng, lambda rate: 1 / (1 - rate))

    @worth(0.05)
    @aspect("independent units")
    def test_one_example(self, student, rng):
        """Of a batch of one example, units drop, too."""
        one = nonzero(rng, 1, 800)
        expect_both(kept(self.drop(student, one, [0.4], rng)[0], one)[:, :200])

    @aspect("the mean", 20)
    def test_mean(self, student, rng):
        """What the next layer gets is the same in both phases: out is x on average in training, and x after it."""
        self.expect_mean(student, rng, 1.0)
        with looked_at("mean"):
            x = nonzero(rng, 60, 70)
            expect(out_of(student.dropout_forward, x, 0.35, generator(rng), training=False), "out with training=False").close_to(x)

    @aspect("after training", 5.5)
    def test_after_training(self, student, rng):
        """With training=False nothing is dropped and nothing scaled: out is x."""
        for shape in ((30, 40), (1, 3)):
            x = nonzero(rng, *shape)
            out = out_of(student.dropout_forward, x, 0.6, generator(rng), training=False)
            expect_nothing_dropped(out, x, "out with training=False", lambda out, x=x: out / x)

    @aspect("out and cache", 2.2)
    def test_out_and_cache(self, student, rng):
        """The function returns (out, cache)."""
        x = nonzero(rng, 5, 6)
        expect(dropout(student, x, 0.4, generator(rng))[0], "out").shaped(x.shape)


# --- dropout_backward -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)  # the same for everybody's submission
def drawn_by(forward, entries, shape, rate, training):
    """Return what a right forward pass draws: mean and standard deviation of the share that it keeps, and by what that is multiplied."""
    x = np.frombuffer(entries).reshape(shape)
    there = x != 0
    factors = np.array([forward(x, rate, np.random.default_rng(seed), training=training)[0][there] / x[there] for seed in range(DRAWS)])
    shares, factor = np.mean(factors != 0, axis=1), float(np.max(np.abs(factors)))
    if not np.allclose(factors[factors != 0], factor):
        raise Mismatch("value", "what is kept is not multiplied by one number, so the backward pass can't be judged")
    return float(np.mean(shares)), float(np.std(shares, ddof=1)), factor


class Draw:
    """A forward pass of the student's, and what gradients are right behind it.

    Which units are kept is the student's draw, seen where x isn't zero. As many have to be kept as by the reference, and others with
    another generator, so that a backward pass has to know this draw. By how much what is kept is multiplied, the reference says.
    """

    def __init__(self, student, reference, x, rate, rng, training=True):
        one, other = generator(rng), generator(rng)
        self.reference, self.x, self.rate, self.training = reference, x, rate, training
        if training and self.expected()[0] == 1:
            self.training = training = False  # a known mistake: this forward pass drops after training only
        rights = [reference.dropout_forward(x, rate, copy(draw), training=training)[0] for draw in (one, other)]
        self.differ = not same(*rights)
        self.other_out = dropout(student, x, rate, other, training=training)[0]
        self.out, self.cache = dropout(student, x, rate, one, training=training)

    def expected(self):
        """Return what the known forward pass draws: the share that it keeps, that share's standard deviation, and the factor."""
        entries = np.ascontiguousarray(self.x).tobytes()
        return drawn_by(self.reference.dropout_forward, entries, self.x.shape, self.rate, self.training)

    def mask(self):
        """Return which units the student's forward pass has kept, False where x is zero, if this is a draw as it should be."""
        mean, spread, _ = self.expected()
        mine, there = kept(self.out, self.x) != 0, self.x != 0
        share = mine[there].mean()
        if abs(share - mean) > FAR * spread + 1e-9:
            raise Mismatch("value", f"dropout_forward keeps {share:.0%} of {there.sum()} units here, where {mean:.0%} should be kept")
        if self.differ and same(mine, kept(self.other_out, self.x) != 0):
            raise Mismatch("value", "dropout_forward keeps the same units with two different generators")
        return mine

    def slope(self):
        """Return dx/dout for the units that the student's forward pass has kept."""
        return self.mask() * self.expected()[2]


def gradients(answer, dout):
    """Return dx, a finite array of the shape of dout."""
    return expect(array_in(answer), "dx").shaped(dout.shape).answer


def expect_mask(draw, dout, answer):
    """Expect a gradient for the units that were kept, and none for the others."""
    mask, back = draw.mask(), gradients(answer, dout) != 0
    if not same(mask, back):
        said = f"{np.sum(mask != back)} of {mask.size} units were dropped and get a gradient, or were kept and get none"
        raise Mismatch("value", said, ("dropped",) if same(~mask, back) else None)


@exercise("dropout_backward")
class TestDropoutBackward(Backward, ArgumentsUnchanged):
    def arguments(self, rng):
        return rng.normal(size=(15, 20)), positive(rng, 15, 20), 0.4, SEED

    @aspect("which units get a gradient", 4)
    def test_which_units(self, student, reference, rng):
        """Units that were dropped get no gradient, and all others get some: the mask is the forward pass's."""
        cases = []
        for shape, rate in (((40, 30), 0.35), ((25, 40), 0.8), ((1, 500), 0.5)):
            draw, dout = Draw(student, reference, positive(rng, *shape), rate, rng), nonzero(rng, *shape)
            cases.append((draw, dout, student.dropout_backward(dout, draw.cache)))
        for case in cases:
            expect_mask(*case)

    @worth(0.25)
    @aspect("which units get a gradient")
    def test_which_pixels(self, student, reference, rng):
        """The same holds for images."""
        x, dout = positive(rng, 4, 3, 6, 5), nonzero(rng, 4, 3, 6, 5)
        try:
            reference.dropout_forward(x, 0.4, generator(rng))
        except ValueError:
            return  # a known mistake: this forward pass takes no images
        draw = Draw(student, reference, x, 0.4, rng)
        expect_mask(draw, dout, student.dropout_backward(dout, draw.cache))

    @aspect("the scale of the gradient", 2.2)
    def test_scale(self, student, reference, rng):
        """The gradient of a unit that was kept is multiplied by what the unit was multiplied by: 1/(1 − rate)."""
        cases = []
        for shape, rate in (((20, 30), 0.35), ((25, 40), 0.8)):
            draw, dout = Draw(student, reference, positive(rng, *shape), rate, rng), rng.uniform(1, 1.2, shape)
            cases.append((draw, dout, student.dropout_backward(dout, draw.cache)))
        found = [gradients(answer, dout)[draw.mask()] / dout[draw.mask()] for draw, dout, answer in cases]
        for (draw, _, _), factors in zip(cases, found, strict=True):
            if not (np.abs(factors - draw.expected()[2]) <= 1e-6 * abs(draw.expected()[2])).all():
                wrong = f"{factors[0]:.4g}" if np.ptp(factors) <= 1e-6 * abs(factors[0]) else "different numbers"
                said = f"the gradient of the units that were kept is multiplied by {wrong}, but by {draw.expected()[2]:.4g} it should be"
                raise Mismatch("value", said, tuple(float(np.median(some)) for some in found) if wrong != "different numbers" else None)

    @aspect("after training", 2.1)
    def test_after_training(self, student, reference, rng):
        """Behind a forward pass with training=False the gradient passes through as out did."""
        draw, dout = Draw(student, reference, positive(rng, 30, 40), 0.4, rng, training=False), positive(rng, 30, 40)
        expect(array_in(student.dropout_backward(dout, draw.cache)), "dx").close_to(dout * draw.slope(), rtol=1e-6)

    @corner("dx alone", 0.05)
    def test_dx_alone(self, student, rng):
        """The function returns dx, an array, and nothing else."""
        x = positive(rng, 6, 5)
        expect_alone(student.dropout_backward(x, dropout(student, x, 0.4, generator(rng))[1]), "dx", x.shape)

    @corner("units whose x is 0", 0.1)
    def test_where_x_is_zero(self, student, rng):
        """A unit whose x is 0, as behind a ReLU, gets its gradient as often as others: out = 0 doesn't mean that it was dropped."""
        x, dout = positive(rng, 60, 50) * (rng.random((60, 50)) < 0.6), nonzero(rng, 60, 50)
        back = gradients(student.dropout_backward(dout, dropout(student, x, 0.35, generator(rng))[1]), dout) != 0
        share, other, mean = back[x == 0].mean(), back[x != 0].mean(), back.mean()
        if abs(share - other) > 2 * Z_LIMIT * np.sqrt(mean * (1 - mean) * 4 / x.size):
            raise Mismatch("value", f"{share:.0%} of the units with x = 0 get a gradient, but {other:.0%} of the others")

    @aspect("two batches under way", 2.1)
    def test_two_batches_under_way(self, student, reference, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        x, dout = positive(rng, 20, 30), nonzero(rng, 20, 30)
        draws = [Draw(student, reference, x, 0.5, rng) for _ in range(2)]
        answer = student.dropout_backward(dout, draws[0].cache)
        if same(gradients(answer, dout) != 0, draws[1].mask()) and not same(draws[0].mask(), draws[1].mask()):
            raise Mismatch("value", "of two forward passes, dx belongs to the one that came last, not to the one that made the cache")
        expect_mask(draws[0], dout, answer)

    @corner("other number types and memory layouts", 0.05)
    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats, transposed arrays and slices with a step are treated as 64-bit floats are."""
        forms, x = in_forms(rng.integers(1, 9, (12, 15))), positive(rng, 12, 15)
        answers = [student.dropout_backward(dout, dropout(student, *with_generators((x, 0.4, SEED)))[1]) for dout in forms]
        expect_same_multipliers(answers, forms, "dx")


# --- vanilla_dropout_train ------------------------------------------------------------------------------------------------


@exercise("vanilla_dropout_train")
class TestVanillaDropoutTrain(DropsUnits):
    @aspect("the share that is dropped", 11.8)
    def test_share_that_is_dropped(self, student, rng):
        """A share `rate` of the units is dropped, none for rate 0: rate is the probability of dropping."""
        self.expect_share(student, rng)

    @aspect("the mean", 54.9)
    def test_mean(self, student, rng):
        """On average x is multiplied by the probability of being kept, as vanilla_dropout_predict does it."""
        self.expect_mean(student, rng, 0.65)

    @aspect("what is kept stays as it is", 11.8)
    def test_what_is_kept(self, student, rng):
        """What is kept stays as it is, whatever the rate, and the rest is exactly zero."""
        self.expect_scale(student, rng, lambda rate: 1.0)

    @aspect("out alone", 2.8)
    def test_out_alone(self, student, rng):
        """The function returns out, and nothing else."""
        x = nonzero(rng, 4, 5)
        expect_alone(student.vanilla_dropout_train(x, 0.5, generator(rng)), "the answer", x.shape)


# --- vanilla_dropout_predict ----------------------------------------------------------------------------------------------


@exercise("vanilla_dropout_predict")
class TestVanillaDropoutPredict(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return nonzero(rng, 6, 5), 0.4

    @aspect("the scale", 4)
    def test_scale(self, student, reference, rng):
        """Every unit is multiplied by the probability of being kept, which is 1 for rate 0."""
        for rate in (*RATES, 0.0):
            x = rng.normal(size=(9, 7))
            out = array_in(student.vanilla_dropout_predict(x, rate))
            expect(out, f"out for rate={rate}").close_to(reference.vanilla_dropout_predict(x, rate))

    @aspect("images", 0.4)
    def test_shapes(self, student, reference, rng):
        """Images, a batch of one, and a single example are scaled alike."""
        for shape in ((3, 2, 5, 4), (1, 6), (7,)):
            x = rng.normal(size=shape)
            expect(array_in(student.vanilla_dropout_predict(x, 0.3)), "out").close_to(reference.vanilla_dropout_predict(x, 0.3))

    @corner("out alone", 0.14)
    def test_out_alone(self, student, rng):
        """The function returns out, and nothing else."""
        expect_alone(student.vanilla_dropout_predict(nonzero(rng, 4, 5), 0.5), "the answer", (4, 5))


# --- mc_dropout -----------------------------------------------------------------------------------------------------------


MOST_CALLS, MOST_EXAMPLES = 100, 1000  # far more than any test asks for


def stream_of(rng):
    """Return the number by which a generator differs from those with other seeds, whatever was drawn; None if it isn't a generator."""
    return rng.bit_generator.state["state"].get("inc") if isinstance(rng, np.random.Generator) else None


class Predictor:
    """A function that is passed as `predict`: it draws from the generator that it gets, and notes what it was given and what it gave.

    What no test asks for it refuses, by an error that arrives at the student.
    """

    def __init__(self, classes=4):
        self.classes, self.given, self.gave, self.streams = classes, [], [], set()

    def __call__(self, x, rng, *rest):
        """Return probabilities, drawn from a distribution in which mean, median and most frequent class differ."""
        if len(self.gave) >= MOST_CALLS:
            raise RuntimeError(f"predict was called more than {MOST_CALLS} times")
        if len(x) > MOST_EXAMPLES:
            raise ValueError(f"predict was given a batch of {len(x)} examples, more than {MOST_EXAMPLES}")
        self.streams.add(stream_of(rng))
        z = np.exp(2 * rng.standard_normal((len(x), self.classes)))
        self.given.append(x)
        self.gave.append(z / z.sum(axis=1, keepdims=True))
        return self.gave[-1].copy()

    def samples(self, wanted, x):
        """Return what it gave for each example, if that is at least half of the samples `wanted`, and no sample twice."""
        if 2 * len(self.gave) < wanted:
            raise Mismatch("value", f"{wanted} samples were asked for, but predict was called {len(self.gave)} times")
        if len({sample.tobytes() for sample in self.gave}) < len(self.gave):
            raise Mismatch("value", "predict gave a sample twice, because it got the same random numbers: pass rng on as it is")
        if all(len(sample) == len(x) for sample in self.gave):
            return np.array(self.gave)
        places = np.concatenate([[np.flatnonzero((x == row).all(axis=1))[0] if row in x else 0 for row in some] for some in self.given])
        found = np.concatenate(self.gave)[np.argsort(places, kind="stable")]  # asked example by example
        if (np.bincount(places, minlength=len(x)) != wanted).any():
            raise Mismatch("value", f"predict should be asked about every example {wanted} times, but it was given {len(places)} examples")
        return found.reshape(len(x), wanted, -1).swapaxes(0, 1)


def mc(student, predict, x, n_samples, rng):
    """Call the student's mc_dropout; return the items of its answer."""
    return expect(student.mc_dropout(predict, x, n_samples, rng), "what mc_dropout returns").items("mean", "std")


SAMPLED = ((3, 30, 30), (2, 40, 10), (12, 1, 10), (3, 3, 3))  # numbers of samples, examples and classes


@exercise("mc_dropout")
class TestMcDropout(RandomNumbersFromRng):
    def arguments(self, rng):
        return Predictor(), rng.normal(size=(6, 3)), 4, SEED

    @aspect("the mean", 4)
    def test_mean(self, student, rng):
        """The mean is that of the samples, each drawn anew, for every example and class."""
        for n_samples, N, K in SAMPLED:
            predict, x = Predictor(K), rng.normal(size=(N, 6))
            answer = student.mc_dropout(predict, x, n_samples, generator(rng))
            alone = isinstance(answer, np.ndarray) and answer.shape == (N, K)
            mean = answer if alone else expect(answer, "what mc_dropout returns").items("mean", "std")[0]
            expect(mean, f"the mean of {n_samples} samples").close_to(predict.samples(n_samples, x).mean(axis=0))

    @aspect("the standard deviation", 4)
    def test_standard_deviation(self, student, rng):
        """The standard deviation is that of the samples, divided by their number, for every example and class."""
        for n_samples, N, K in SAMPLED:
            predict, x = Predictor(K), rng.normal(size=(N, 6))
            _, std = mc(student, predict, x, n_samples, generator(rng))
            expect(std, f"the standard deviation of {n_samples} samples").close_to(predict.samples(n_samples, x).std(axis=0))

    @aspect("calls of predict", 2.5)
    def test_number_of_samples(self, student, rng):
        """predict is called n_samples times, each time with all of x."""
        x, predicts = rng.normal(size=(3, 2, 4)), {2: Predictor(), 7: Predictor()}
        answers = [student.mc_dropout(predict, x, n_samples, generator(rng)) for n_samples, predict in predicts.items()]
        for answer, (n_samples, predict) in zip(answers, predicts.items(), strict=True):
            mean = answer[0] if isinstance(answer, (tuple, list)) and len(answer) else answer
            expect(mean, "the mean").shaped((3, predict.classes)).within(0, 1)
            if len(predict.given) != n_samples:
                raise Mismatch(
                    "value",
                    f"predict was called {len(predict.given)} times, but n_samples is {n_samples}",
                    (len(predict.given) - n_samples,),
                )
            for given in predict.given:
                expect(given, "the x that predict is given").close_to(x)

    @corner("random numbers from rng")
    def test_passes_rng_on(self, student, rng):
        """Where no sample comes twice, predict gets rng itself, and not another generator, even if its seed was drawn from rng."""
        predict, draws = Predictor(), generator(rng)
        student.mc_dropout(predict, rng.normal(size=(6, 3)), 3, draws)
        if predict.streams - {stream_of(draws)} and len({sample.tobytes() for sample in predict.gave}) == len(predict.gave):
            raise Mismatch("value", "predict was given another generator than rng: pass rng on as it is", ("another", len(predict.streams)))

    @corner("no spread", 0.04)
    def test_one_sample(self, student, rng):
        """A single sample is its own mean, and doesn't spread."""
        predict, x = Predictor(), rng.normal(size=(3, 6))
        mean, std = mc(student, predict, x, 1, generator(rng))
        expect(mean, "the mean of one sample").close_to(predict.samples(1, x)[0])
        expect(std, "the standard deviation of one sample").close_to(np.zeros((3, 4)))

    @corner("no spread")
    def test_samples_that_agree(self, student, rng):
        """Where all samples are equal, the standard deviation is 0, and not NaN."""
        same_for_all = rng.dirichlet(np.ones(10), 40)
        _, std = mc(student, lambda x, rng: same_for_all.copy(), rng.normal(size=(40, 3)), 7, generator(rng))
        expect(std, "the standard deviation of equal samples").close_to(np.zeros((40, 10)), rtol=1e-6)

    @corner("errors of predict", 0.03)
    def test_error_of_predict(self, student, rng):
        """An error that predict raises isn't swallowed: it arrives at the caller."""

        def predict(x, rng):
            raise ZeroDivisionError("this network can't predict")

        expect_error(student.mc_dropout, ZeroDivisionError, predict, rng.normal(size=(2, 3)), 3, generator(rng))

    @corner("x unchanged", 0.03)
    def test_argument_unchanged(self, student, rng):
        """x is as it was after the call."""
        self.unchanged(student, *self.arguments(rng))


# --- dropconnect_forward --------------------------------------------------------------------------------------------------


def dropconnect(student, x, W, b, rate, rng, **options):
    """Call the student's dropconnect_forward; return out, an array of the right shape."""
    out = out_of(student.dropconnect_forward, x, W, b, rate, rng, **options)
    expect(out, "out").shaped((len(x), len(b)))
    return out


def used(student, W, rng, *rates):
    """Yield for each rate the weights that were used, zero where they were dropped; W has equal rows 2n and 2n + 1.

    Example n is 1 at place 2n, 2 at place 2n + 1, and comes twice: out/W is s·(m + 2m'), with the scale s, and shows the masks m and m' of
    both weights, also where every example has masks of its own. Where outputs are dropped, m = m'; where inputs are, all m of an example.
    """
    pairs, W = np.kron(np.eye(len(W) // 2), [1.0, 2.0]), W[::2]
    outs = [
        dropconnect(student, np.vstack((pairs, pairs)), np.repeat(W, 2, axis=0), np.zeros(W.shape[1]), rate, generator(rng))
        for rate in rates
    ]
    for out in outs:
        first, again = out[: len(W)] / W, out[len(W) :] / W
        largest = first.flat[np.argmax(np.abs(first))] or 1.0
        code = np.round(first * 3 / largest, 3)
        if not np.isin(code, (0, 1, 2, 3)).all():  # nowhere are both weights there
            code = np.round(first * 2 / largest, 3)
        scale = largest / code.max(initial=1)
        mask = np.stack((code % 2, code // 2), axis=1)
        shared = np.allclose(first, again)
        outputs, inputs = (mask[:, 0] == mask[:, 1]).all() and np.ptp(code, axis=0).any(), not np.ptp(mask, axis=2).any() and not shared
        if outputs or inputs or not np.isin(code, (0, 1, 2, 3)).all():
            said = "out isn't the product of the batch and one matrix of weights, each of which is dropped or kept"
            raise Mismatch("value", said, ("outputs",) if outputs else ("inputs",) if inputs else None)
        yield (mask * W[:, None] * scale).reshape(-1, W.shape[1])


@exercise("dropconnect_forward")
class TestDropconnectForward(RandomNumbersFromRng, ArgumentsUnchanged):
    def arguments(self, rng):
        return np.eye(25), nonzero(rng, 25, 30), nonzero(rng, 30), 0.5, SEED

    @aspect("the share that is dropped", 25)
    def test_share_that_is_dropped(self, student, rng):
        """A share `rate` of the weights is dropped: rate is the probability of dropping."""
        expect_shares([(W != 0) * 1.0 for W in used(student, nonzero(rng, 60, 120), rng, *RATES)], RATES, "weights")

    @aspect("the scale of what is kept", 4)
    def test_scale_of_what_is_kept(self, student, rng):
        """The weights that are kept are divided by the probability of being kept."""
        W = np.repeat(nonzero(rng, 20, 60), 2, axis=0)
        names = [f"the weights that are used for rate={rate}" for rate in RATES]
        expect_factors(list(used(student, W, rng, *RATES)), W, [1 / (1 - rate) for rate in RATES], names, "weights")

    @aspect("independent weights", 21.3)
    def test_every_weight_by_itself(self, student, rng):
        """Weights drop independently of each other: neither a unit's inputs nor its outputs drop together."""
        masks = [(W != 0) * 1.0 for W in used(student, nonzero(rng, 82, 151), rng, 0.4, *RATES)]
        expect_independent(masks[0], "weights")
        expect_number_by_chance(masks, (0.4, *RATES), "weights")

    @aspect("the mean", 20)
    def test_mean(self, student, rng):
        """What comes out is the same in both phases: x·W + b, on average in training, and exactly after it."""
        W, b = nonzero(rng, 60, 80), positive(rng, 80)
        with looked_at("mean"):
            (weights,) = used(student, W, rng, 0.35)
            expect_mean(weights / np.repeat(W[::2], 2, axis=0), 1.0, "W")
            out = dropconnect(student, np.zeros((2, 60)), W, b, 0.35, generator(rng))
            expect(np.mean(out / b, axis=1), "the mean of out/b where x is 0").within(0.5, 1.5)
            out = dropconnect(student, W.T, W, b, 0.35, generator(rng), training=False)
            expect(out, "out with training=False").close_to(W.T @ W + b)

    @worth(0.05)
    @aspect("independent weights")
    def test_one_input(self, student, rng):
        """A layer with a single input loses a part of its weights, too."""
        out = dropconnect(student, np.ones((1, 1)), nonzero(rng, 1, 400), np.zeros(400), 0.4, generator(rng))
        expect_both(np.abs(out) > 1e-4, "weights")

    @aspect("after training", 4)
    def test_after_training(self, student, rng):
        """With training=False no weight is dropped and none scaled: out is x·W + b."""
        for N, D, H in ((40, 20, 50), (1, 4, 6), (4, 4, 4)):
            x, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
            out = dropconnect(student, x, W, b, 0.6, generator(rng), training=False)
            expect_nothing_dropped(out, x @ W + b, "out with training=False", partial(weights_of, x=x, W=W, b=b))

    @aspect("one mask for the batch", 20.3)
    def test_one_mask_for_the_batch(self, student, rng):
        """All examples of a batch go through the same weights: equal examples have equal outputs."""
        W, b, x = nonzero(rng, 20, 30), rng.normal(size=30), nonzero(rng, 6, 20)
        out = dropconnect(student, np.vstack((x, x, x[::-1])), W, b, 0.5, generator(rng))
        if not np.allclose(out[6:12], out[:6]) or not np.allclose(out[:11:-1], out[:6]):
            raise Mismatch("value", "examples that are equal have different outputs in one batch", ("different",))
        expect(out, "out").differs_from(np.broadcast_to(out[0], out.shape), "for all examples")

    @aspect("the bias", 3)
    def test_bias(self, student, rng):
        """The bias is neither dropped nor scaled: where x is zero, out is b."""
        b = nonzero(rng, 50)
        out = dropconnect(student, np.zeros((4, 10)), nonzero(rng, 10, 50), b, 0.4, generator(rng))
        expect(out, "out for x = 0").close_to(np.tile(b, (4, 1)))

    @aspect("out and cache", 2.5)
    def test_out_and_cache(self, student, rng):
        """The function returns (out, cache)."""
        answer = student.dropconnect_forward(nonzero(rng, 5, 6), nonzero(rng, 6, 4), nonzero(rng, 4), 0.4, generator(rng))
        expect(expect(answer, "what dropconnect_forward returns").items("out", "cache")[0], "out").shaped((5, 4))

    @corner("other number types and memory layouts", 0.05)
    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats, transposed arrays and slices with a step are treated as 64-bit floats are."""
        forms, x, b = in_forms(rng.integers(1, 9, (12, 15))), in_forms(np.eye(12, dtype=int)), in_forms(np.zeros(15, int))
        outs = [dropconnect(student, *with_generators((*some, 0.4, SEED))) for some in zip(x, forms, b, strict=True)]
        expect_same_multipliers(outs, forms)


# --- stochastic_depth -----------------------------------------------------------------------------------------------------


def survived(out, x, fx):
    """Return by how much of fx each entry of `out` differs from x."""
    return (expect(array_in(out), "the answer").shaped(x.shape).answer - x) / fx


def branches(student, rng, *shapes):
    """Yield for each shape where f(x) is there, at any scale and whatever became of x: f(x) is ten thousand times as large."""
    pairs = [(nonzero(rng, *shape), 1e4 * nonzero(rng, *shape)) for shape in shapes]
    outs = [student.stochastic_depth(x, fx, 0.5, generator(rng)) for x, fx in pairs]
    for (x, fx), out in zip(pairs, outs, strict=True):
        yield (np.abs(expect(array_in(out), "the answer").shaped(x.shape).answer / fx) > 1e-2).reshape(len(x), -1)


@exercise("stochastic_depth")
class TestStochasticDepth(RandomNumbersFromRng, ArgumentsUnchanged):
    def arguments(self, rng):
        return nonzero(rng, 120, 1), nonzero(rng, 120, 1), 0.5, SEED

    @aspect("the share that survives", 8.5)
    def test_share_that_survives(self, student, rng):
        """A share `survival` of the branches survives: survival is the probability of keeping."""
        x, fx = nonzero(rng, 450, 2), nonzero(rng, 450, 2)
        rates = (0.2, 0.65, 0.9)
        outs = [[student.stochastic_depth(x, fx, survival, generator(rng)) for _ in range(4)] for survival in rates]
        there = [np.array([np.abs(survived(out, x, fx)[:, 0]) > 1e-4 for out in some]) * 1.0 for some in outs]
        expect_shares(there, [1 - survival for survival in rates], "branches")

    @aspect("x or x + f(x)", 6.5)
    def test_values_in_training(self, student, rng):
        """In training an entry is x or x + f(x): a branch that survives isn't scaled, and x is never lost."""
        x, fx, rates = nonzero(rng, 40, 5), 3 * nonzero(rng, 40, 5), [0.5] * 8 + [0.8]
        outs = [student.stochastic_depth(x, fx, survival, generator(rng)) for survival in rates]
        there = np.array([np.abs(survived(out, x, fx)) > 1e-4 for out in outs])
        expect_both(there, "branches")
        for out, alive in zip(outs, there, strict=True):
            expect(array_in(out), "the answer").close_to(np.where(alive, x + fx, x))

    @aspect("the mean", 44.6)
    def test_mean(self, student, rng):
        """The next block gets the same in both phases: f(x) counts survival times, on average in training, and exactly after it."""
        x, fx = positive(rng, 1500, 2), positive(rng, 1500, 2)
        with looked_at("mean"):
            expect_mean(survived(student.stochastic_depth(x, fx, 0.65, generator(rng)), x, fx), 0.65, "f(x)")
            after = student.stochastic_depth(x, fx, 0.65, generator(rng), training=False)
            expect(array_in(after), "the answer with training=False").close_to(x + 0.65 * fx)

    @aspect("survival 1", 1)
    def test_all_survive(self, student, rng):
        """With survival 1 the answer is x + f(x), in training too."""
        x, fx = rng.normal(size=(6, 5)), rng.normal(size=(6, 5))
        expect(array_in(student.stochastic_depth(x, fx, 1.0, generator(rng))), "the answer for survival=1").close_to(x + fx)

    @aspect("a draw for each example", 21.9)
    def test_every_example_by_itself(self, student, rng):
        """Every example of a batch draws for itself, independently of its neighbours."""
        alive = [there.mean(axis=1).round() for there in branches(student, rng, (2000, 2), *[(251, 2)] * 8)]
        expect_independent(alive[0].reshape(50, 40), "branches")
        expect_number_by_chance(alive, [0.5] * 9, "branches")

    @worth(12)
    @aspect("a draw for each example")
    def test_all_units_of_an_example(self, student, rng):
        """All units of an example live or fall together, and not all examples, in arrays of any rank."""
        for there in branches(student, rng, (40, 6), (30, 3, 4, 5), (50, 2, 3), (80,)):
            expect_both(there, "branches")
            if (there != there[:, :1]).any():
                raise Mismatch("value", "of some examples a part of f(x) is there and a part isn't: one draw decides for a whole example")

    @aspect("after training", 15)
    def test_after_training(self, student, rng):
        """With training=False every branch is there, multiplied by its probability of survival."""
        for shape, survival in (((200, 4), 0.3), ((2, 3, 4, 5), 0.8), ((6,), 0.5), ((1, 3), 1.0)):
            x, fx = rng.normal(size=shape), rng.uniform(2, 4, shape)
            answer = student.stochastic_depth(x, fx, survival, generator(rng), training=False)
            expect(array_in(answer), "the answer with training=False").close_to(x + survival * fx)

    @aspect("the array alone", 2.5)
    def test_array_alone(self, student, rng):
        """The function returns one array, and nothing else."""
        x, fx = nonzero(rng, 4, 5), nonzero(rng, 4, 5)
        expect_alone(student.stochastic_depth(x, fx, 0.5, generator(rng)), "the answer", x.shape)

    @corner("other number types and memory layouts", 0.05)
    def test_numbers_of_other_types(self, student, rng):
        """Integers, 32-bit floats, transposed arrays and slices with a step are treated as 64-bit floats are."""
        fx, x = in_forms(rng.integers(1, 9, (30, 4))), in_forms(rng.integers(1, 9, (30, 4)))
        for training in (True, False):
            outs = [student.stochastic_depth(*with_generators((*pair, 0.4, SEED)), training) for pair in zip(x, fx, strict=True)]
            added = [expect(array_in(out), "the answer").shaped((30, 4)).answer - each for out, each in zip(outs, x, strict=True)]
            expect_same_multipliers(added, fx, "f(x)")

    @corner("other number types and memory layouts")
    def test_integers_beside_floats(self, student, rng):
        """Where x holds integers and f(x) doesn't, nothing is cut off."""
        whole, fx = rng.integers(1, 9, (30, 4)), nonzero(rng, 30, 4)
        for training in (True, False):
            answers = [student.stochastic_depth(*with_generators((x, fx, 0.4, SEED)), training) for x in (whole, whole + 0.0)]
            found, usual = (multipliers(expect(array_in(one), "the answer").shaped(fx.shape).answer - whole, fx, "f(x)") for one in answers)
            if usual not in (None, {0.0}) and (found is None or not found <= {0.0, *usual}):
                raise Mismatch(
                    "value", "where x holds integers and f(x) doesn't, what is added to x isn't f(x) or a multiple, as it is for floats"
                )

    @corner("arguments unchanged", 0.05)
    def test_arguments_unchanged(self, student, rng):
        """The arguments are as they were after the call, with training=True and with training=False."""
        for training in (True, False):
            self.unchanged(student, *self.arguments(rng), training)


# --- fractional_pool_regions ----------------------------------------------------------------------------------------------


SIZES = ((10, 7), (25, 18), (14, 13), (31, 16))


def _is_place(item):
    """Tell whether an item is an integer of a size that a place can have."""
    return isinstance(item, (int, np.integer)) and abs(int(item)) < 1 << 60


def boundaries(answer, n_out):
    """Expect a list or an array of whole numbers, about as many as n_out regions have, and return it as an array of integers."""
    found = answer
    if isinstance(answer, (list, tuple)) and len(answer) <= 2 * n_out + 20 and all(_is_place(item) for item in answer):
        found = np.array(answer, dtype=np.int64)
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iuf":
        raise Mismatch("type", f"the boundaries should be an array of integers, but they are a {type(answer).__name__}")
    if found.ndim != 1:
        raise Mismatch("shape", f"the boundaries should have one dimension, but they have shape {found.shape}")
    if found.size > 2 * n_out + 20:
        raise Mismatch("shape", f"{n_out} regions have {n_out + 1} boundaries, but the answer has {found.size}")
    if found.dtype.kind == "f" and not ((np.abs(found) < 1e9) & (found == np.rint(found))).all():
        raise Mismatch("value", "the boundaries should be whole numbers between 0 and n_in")
    return found.astype(np.int64)


def order(answer, n_in, n_out):
    """Return the widths, which cover n_in together, also where the first or the last boundary is missing, or where they are the answer."""
    found = boundaries(answer, n_out)
    candidates = (found,) if found.size == n_out + 1 else (np.append(0, found), np.append(found, n_in), np.append(0, np.cumsum(found)))
    for whole in candidates:
        widths = whole[1:] - whole[:-1]
        if widths.size == n_out and not ((widths != 1) & (widths != 2)).any() and widths.sum() == n_in:
            return widths
    raise Mismatch("value", f"the boundaries are {listed(found)}: these aren't {n_out} regions of one or two pixels that cover {n_in}")


def regions(student, rng, sizes):
    """Yield n_in, n_out and the boundaries of each size."""
    answers = [student.fractional_pool_regions(n_in, n_out, generator(rng)) for n_in, n_out in sizes]
    for (n_in, n_out), answer in zip(sizes, answers, strict=True):
        yield n_in, n_out, boundaries(answer, n_out)


@exercise("fractional_pool_regions")
class TestFractionalPoolRegions(RandomNumbersFromRng):
    def arguments(self, rng):
        return 900, 600, SEED

    @worth(0.8)
    @aspect("from 0 to n_in", 2.5)
    def test_begins_with_zero(self, student, rng):
        """The first boundary is 0."""
        for _, _, found in regions(student, rng, SIZES):
            if found.size == 0 or found[0] != 0:
                raise Mismatch("value", f"the boundaries are {listed(found)}, but the first should be 0")

    @aspect("from 0 to n_in")
    def test_ends_with_n_in(self, student, rng):
        """The last boundary is n_in."""
        for n_in, _, found in regions(student, rng, SIZES):
            if found.size == 0 or found[-1] != n_in:
                raise Mismatch("value", f"the boundaries are {listed(found)}, but the last should be n_in = {n_in}")

    @worth(0.7)
    @aspect("regions of one or two pixels", 2.35)
    def test_number(self, student, rng):
        """n_out regions have n_out + 1 boundaries."""
        for _, n_out, found in regions(student, rng, SIZES):
            if found.size != n_out + 1:
                raise Mismatch("shape", f"{n_out} regions have {n_out + 1} boundaries, but the answer has {found.size}")

    @aspect("regions of one or two pixels")
    def test_widths(self, student, rng):
        """Every region between two boundaries is one or two pixels wide."""
        for _, n_out, found in regions(student, rng, SIZES):
            if abs(found.size - n_out - 1) > 1 or not np.isin(np.diff(found), (1, 2)).all():
                raise Mismatch("value", f"the regions are {listed(np.diff(found))} pixels wide, but each should be 1 or 2")

    @aspect("a random order", 2.6)
    def test_random_order(self, student, rng):
        """Narrow and wide regions, which cover n_in together, come in random order: every place may be a wide one."""
        one, count = generator(rng), 60
        answers = [student.fractional_pool_regions(11, 8, one) for _ in range(count)]
        often = np.mean([order(answer, 11, 8) == 2 for answer in answers], axis=0)
        if np.isin(often, (0, 1)).any():
            place = int(np.flatnonzero(np.isin(often, (0, 1)))[0]) + 1
            often[~np.isin(often, (0, 1))] = 0.5
            raise Mismatch("value", f"in {count} calls, region number {place} had the same width every time", tuple(often.tolist()))

    @aspect("every order alike", 2.5)
    def test_every_order_alike(self, student, rng):
        """Every order of narrow and wide regions that cover n_in is as probable as any other."""
        from scipy.special import chdtrc

        one, count = generator(rng), 600
        found: dict[tuple[int, ...], int] = {}
        answers = [student.fractional_pool_regions(8, 5, one) for _ in range(count)]
        for answer in answers:
            widths = tuple(order(answer, 8, 5).tolist())
            found[widths] = found.get(widths, 0) + 1
        orders = [tuple(2 if place in wide else 1 for place in range(5)) for wide in combinations(range(5), 3)]
        statistic = sum((found.get(order, 0) - count / 10) ** 2 / (count / 10) for order in orders)
        if chdtrc(9, statistic) < P_LIMIT:
            often = ", ".join(f"{order}: {found.get(order, 0)}" for order in orders)
            raise Mismatch("value", f"the ten orders of two narrow and three wide regions should be equally frequent, not {often}")

    @aspect("every order alike")
    def test_no_pattern(self, student, rng):
        """In one call with many regions, which cover n_in together, narrow and wide ones alternate as often as chance has it."""
        widths = order(student.fractional_pool_regions(8000, 6000, generator(rng)), 8000, 6000)
        changes, narrow = int(np.sum(widths[1:] != widths[:-1])), int(np.sum(widths == 1))
        expected = 2 * narrow * (6000 - narrow) / 6000  # Wald and Wolfowitz 1940, one less than the mean number of runs
        if abs(changes - expected) > Z_LIMIT * np.sqrt(expected * abs(expected - 1) / 5999) + 1:
            raise Mismatch(
                "value", f"{changes} of 6000 regions are followed by one of another width, by chance about {expected:.0f} would be"
            )

    @corner("an array of integers", 0.03)
    def test_integers(self, student, rng):
        """The boundaries are an array of integers, to index with."""
        answer = student.fractional_pool_regions(10, 7, generator(rng))
        if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "iu":
            kind = f"an array of dtype {answer.dtype}" if isinstance(answer, np.ndarray) else f"a {type(answer).__name__}"
            raise Mismatch("dtype", f"the boundaries are {kind}, but they should be an array of integers, to index with")

    @corner("the ends of the range", 0.03)
    def test_both_ends_of_the_range(self, student, rng):
        """n_in = n_out, and n_in = 2·n_out, are legal."""
        try:
            for n_in, n_out, found in regions(student, rng, ((6, 6), (12, 6), (1, 1), (2, 1))):
                expect(np.asarray(found), f"the boundaries for ({n_in}, {n_out})").differs_from(np.array([]), "as for no region")
        except Raised as error:
            if error.type_name != "ValueError":
                raise
            raise Mismatch("value", "n_in = n_out or n_in = 2·n_out raises ValueError, but both are legal", ("refused",)) from None

    @corner("ValueError", 0.04)
    def test_outside_the_range(self, student, rng):
        """More than two pixels a region, or fewer than one, raise ValueError."""
        raised: list[Exception | None] = []
        for n_in, n_out in ((13, 6), (5, 6), (100, 7), (3, 1), (1, 2)):
            try:
                expect_error(student.fractional_pool_regions, ValueError, n_in, n_out, generator(rng))
                raised.append(None)
            except Mismatch as error:
                raised.append(error)
        if any(raised):
            raise Mismatch("value", next(str(error) for error in raised if error), tuple(not error for error in raised))
