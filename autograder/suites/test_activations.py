"""The hidden suite of lecture 4, activations.

The functions of one variable share their tests: the positive side, the negative side, and both together with the arguments' other values.
The first two look at the numbers alone, the third also at what is returned.
"""

import numpy as np

from autograder.kit.contracts import (
    SEED,
    ArgumentsUnchanged,
    Backward,
    DrawsFromGenerator,
    Integers,
    MemoryLayouts,
    array_in,
    in_form,
)
from coursekit import aspect, corner, exercise, expect, worth
from coursekit.expectations import Mismatch
from coursekit.student import Raised

LARGE = 1e4
ROUGHLY = 4e-3  # the tolerance where a test is about something else than the last digits


def generator(rng):
    """Return another generator than the one that inputs are drawn from."""
    return np.random.default_rng(int(rng.integers(2**32)))


def both_signs(rng, *shape, least=0.1, most=4.0):
    """Return numbers of both signs in turn, none near zero."""
    size = int(np.prod(shape))
    return (rng.uniform(least, most, size) * (-1.0) ** np.arange(size)).reshape(shape)


def numbers(answer, like, name="the answer", flat=False):
    """Return an answer as an array of numbers of the shape of `like`, which isn't the same number everywhere unless `flat`."""
    if isinstance(answer, np.ndarray) and answer.dtype == bool:
        answer = answer.astype(float)  # a test of its own says that numbers are wanted
    values = expect(answer, name).shaped(like.shape).answer
    if values.size > 1 and np.ptp(values) == 0 and not flat:
        raise Mismatch("value", f"{name} is {values.flat[0]:.4g} everywhere for this batch", values)
    return answer


def array_like(answer, like):
    """Return the array of an answer, in the shape of `like` if it was flattened; a test of its own looks at the shape."""
    found = array_in(answer)
    return found.reshape(like.shape) if isinstance(found, np.ndarray) and found.shape == (like.size,) else found


def item_of(answer, which, names):
    """Return one of the items that are asked for, also if there are fewer or more; a test of its own looks at their number."""
    if isinstance(answer, (list, tuple)) and len(answer) > which:
        return answer[which]
    return answer if which == 0 and isinstance(answer, np.ndarray) else expect(answer, "what came back").items(*names)[which]


# --- functions of one variable --------------------------------------------------------------------------------------------


class Curve(ArgumentsUnchanged, Integers, MemoryLayouts):
    """The tests of a function of z, and of alpha if it has one.

    Attributes
    ----------
    alpha, other_alphas : tuple
        What is passed as alpha, if anything: its default, and other values.
    flat : bool
        Whether an answer that is the same number everywhere may be right on one of the sides.
    most : float
        The largest z, in the tests of one side.
    """

    integers = (0,)
    alpha: tuple = ()
    other_alphas: tuple = ((),)
    flat = False
    most = 4.0

    def arguments(self, rng):
        return both_signs(rng, 4, 3, least=0.4), *self.alpha

    def call(self, functions, *arguments):
        """Call the student's function, or the reference's."""
        return getattr(functions, self.exercise)(*arguments)

    def values(self, student, z, *alpha, flat=True):
        """Return the student's values at z, as an array of the shape of z."""
        return numbers(array_like(self.call(student, z, *alpha), z), z, flat=flat)

    def expect_side(self, student, reference, z, sign):
        """Expect the right values where z has this sign."""
        try:
            out = self.values(student, z, *self.alpha, flat=self.flat)
        except Raised:  # a test of its own looks at arrays of other shapes
            z = z.ravel()
            out = self.values(student, z, *self.alpha, flat=self.flat)
        side = sign * z > 0
        expect(out[side], "the answer there").close_to(self.call(reference, z, *self.alpha)[side], rtol=ROUGHLY)

    @aspect("positive z", 7)
    def test_positive(self, student, reference, rng):
        """Where z is positive, the answer is right, and it isn't one number for all z."""
        self.expect_side(student, reference, both_signs(rng, 6, 5, most=self.most), 1)

    @aspect("negative z", 7)
    def test_negative(self, student, reference, rng):
        """Where z is negative, the answer is right, and it isn't one number for all z."""
        self.expect_side(student, reference, both_signs(rng, 5, 6, most=self.most), -1)

    @aspect("arrays of any shape", 6)
    def test_any_shape(self, student, reference, rng):
        """One right array comes back for arrays of one to four axes."""
        zs = [both_signs(rng, *shape) for shape in ((7,), (2, 3, 2, 4), (1, 6), (3, 4, 2))]
        zs[0][:2] = -0.15, 0.15  # below any alpha; np.vectorize takes the type of its results from the first entry
        calls = [(z, *alpha) for alpha in self.other_alphas for z in zs]
        answers = [self.call(student, *call) for call in calls]
        for answer, call in zip(answers, calls, strict=True):
            if isinstance(answer, np.ndarray):
                answer = numbers(answer, call[0])
            name = "the answer" + (f" for alpha={call[1]}" if call[1:] else "")
            expect(answer, name).close_to(self.call(reference, *call), rtol=ROUGHLY)

    @corner("all digits", 0.04)
    def test_digits(self, student, reference, rng):
        """The answer is right in all its digits, for small z too."""
        for most in (4.0, 0.06):
            z = both_signs(rng, 4, 3, least=0.01, most=most)
            answer = array_like(self.call(student, z, *self.alpha), z)
            expect(answer, "the answer").close_to(self.call(reference, z, *self.alpha))


class Leaky(Curve):
    """A function of z and alpha; what is told apart by another alpha belongs to the test with the shapes."""

    @corner("the default of alpha", 0.03)
    def test_default_alpha(self, student, reference, rng):
        """Without an alpha the default holds."""
        z = both_signs(rng, 2, 4)
        out, right = self.values(student, z), self.call(reference, z)
        expect(out[z < 0], "the answer without an alpha, for negative z,").close_to(right[z < 0])


class AtZero:
    """The test of a curve that has one value at z = 0, and of a slope that may have any between two."""

    between: tuple = ()  # of the slope at 0, for the last of `other_alphas`

    @corner("z = 0", 0.04)
    def test_at_zero(self, student, reference, rng):
        """At z = 0 the answer is right: at a kink, a slope between those on its left and on its right."""
        z, alpha = np.array([[-1.5, 0.0, 2.0, 0.0]]), self.other_alphas[-1]
        out = self.values(student, z, *alpha)
        if self.between:
            expect(np.asarray(out, dtype=float)[0, 1::2], "the slope at z = 0").within(*self.between)
        else:
            expect(out[0, 1::2], "the answer at z = 0").close_to(self.call(reference, z, *alpha)[0, 1::2], scale=1.0)


class LargeInputs:
    """The test of a curve that must not overflow."""

    @corner("large z", 0.06)
    def test_large(self, student, reference, rng):
        """From −10⁴ to 10⁴ nothing overflows: the answer is right on both sides."""
        z = np.array([0.7, 20.0, 300.0, 800.0, LARGE])
        for sign in (-1.0, 1.0):
            beside = np.append(sign * z, -0.5 * sign)[None]  # of the other sign, so that no answer is the same everywhere
            out, right = self.values(student, beside, *self.alpha), self.call(reference, beside, *self.alpha)
            name = f"the answer for {'negative' if sign < 0 else 'positive'} z up to a size of 10⁴"
            expect(out[0, :-1], name).close_to(right[0, :-1])


@exercise("sigmoid")
class TestSigmoid(Curve, AtZero, LargeInputs):
    pass


@exercise("sigmoid_grad")
class TestSigmoidGrad(Curve, AtZero, LargeInputs):
    pass


@exercise("relu")
class TestRelu(Curve, AtZero):
    most = 8.0


@exercise("relu_grad")
class TestReluGrad(Curve, AtZero):
    between = (0.0, 1.0)

    @corner("numbers", 0.05)
    def test_numbers(self, student, rng):
        """The answer holds numbers, not True and False."""
        z = both_signs(rng, 3, 2)
        expect(array_like(student.relu_grad(z), z), "the answer").shaped(z.shape)


@exercise("leaky_relu")
class TestLeakyRelu(Leaky, AtZero):
    alpha, other_alphas = (0.01,), ((0.3,), (0.7,))


@exercise("leaky_relu_grad")
class TestLeakyReluGrad(Leaky, AtZero):
    alpha, other_alphas, between = (0.01,), ((0.3,), (0.7,)), (0.7, 1.0)


@exercise("elu")
class TestElu(Leaky, AtZero, LargeInputs):
    alpha, other_alphas = (1.0,), ((0.3,), (1.8,))


@exercise("elu_grad")
class TestEluGrad(Leaky, AtZero, LargeInputs):
    alpha, other_alphas, between, flat = (1.0,), ((0.3,), (1.8,)), (1.0, 1.8), True


@exercise("selu")
class TestSelu(Curve, AtZero, LargeInputs):
    @aspect("the curve but for its scale", 6)
    def test_shape(self, student, reference, rng):
        """Whatever λ is: the negative side has the right size beside the positive one."""
        z = both_signs(rng, 6, 4, most=3.0)
        out, right = self.values(student, z, flat=False), reference.selu(z)
        scale = out[z > 0].sum() or 1.0
        expect(out / scale, "the answer (divided by its sum over positive z)").close_to(right / right[z > 0].sum(), rtol=ROUGHLY)


# --- dead_units -----------------------------------------------------------------------------------------------------------


def flags(answer, H):
    """Return an answer as an array of numbers, one for each unit; the numbers of the units that are dead stand for them."""
    if type(answer) is list and answer and all(isinstance(one, (bool, np.bool_)) for one in answer):
        answer = np.array(answer)
    answer = array_in(answer)
    if isinstance(answer, np.ndarray) and answer.dtype.kind in "iu" and answer.ndim == 1 and len(answer) < H:
        return np.isin(np.arange(H), answer).astype(float)
    if isinstance(answer, np.ndarray) and answer.dtype.kind in "biuf":
        answer = answer.astype(float).reshape(H) if answer.shape == (1, H) else answer.astype(float)
    return numbers(answer, np.empty(H))


@exercise("dead_units")
class TestDeadUnits(ArgumentsUnchanged, Integers, MemoryLayouts):
    @staticmethod
    def active(rng, N, counts, value=0.3):
        """Return pre-activations in which each unit is positive for so many of N examples."""
        Z = -rng.uniform(0.5, 3, (N, len(counts)))
        for unit, count in enumerate(counts):
            Z[rng.permutation(N)[:count], unit] = value * rng.uniform(1, 2, count)
        return Z

    def arguments(self, rng):
        return (self.active(rng, 5, (0, 1, 3, 0, 5, 0, 2), value=1.0),)

    def expect_flags(self, student, reference, Z):
        """Expect the right units to be dead, whatever form the answer has."""
        expect(flags(student.dead_units(Z), Z.shape[1]), "the answer").close_to(reference.dead_units(Z).astype(float))

    @aspect("clear cases", 6)
    def test_clear(self, student, reference, rng):
        """A unit that is negative for all examples is dead, one that is positive for all of them isn't."""
        self.expect_flags(student, reference, self.active(rng, 6, (0, 6, 0, 0, 6, 0, 6, 0, 0), value=2.0))

    @aspect("one example is enough", 8)
    def test_one_example(self, student, reference, rng):
        """A unit that is positive for one example of many is alive, however negative the others are."""
        of_eight = 0, 1, 7, 8, 0, 2, 7, 6, 0, 3, 4, 5, 6, 7, 5, 1
        for N, counts, value in ((8, of_eight, 0.4), (20, (1, 0, 20, 0, 2, 9, 15), 0.9), (3, (2, 1, 0, 3, 0), 9.0)):
            self.expect_flags(student, reference, self.active(rng, N, counts, value))

    @aspect("an array for the units", 6)
    def test_array(self, student, reference, rng):
        """The answer is one array with an entry for each unit."""
        for Z in (self.active(rng, 1, (0, 1, 1, 0, 0, 1)), self.active(rng, 12, (0, 2, 0, 1), value=3.0)):
            answer = student.dead_units(Z)
            is_bool = isinstance(answer, np.ndarray) and answer.dtype == bool
            expect(answer.astype(float) if is_bool else answer, "the answer").close_to(reference.dead_units(Z).astype(float))

    @corner("z = 0", 0.06)
    def test_zero(self, student, reference, rng):
        """A unit whose largest value is exactly 0 gives 0 for all examples: it is dead."""
        Z = self.active(rng, 4, (0, 0, 0, 2, 1, 0))
        Z[1, :3] = 0.0
        self.expect_flags(student, reference, Z)

    @corner("small z", 0.04)
    def test_small(self, student, reference, rng):
        """A unit is alive where its largest value is positive, however small."""
        self.expect_flags(student, reference, self.active(rng, 4, (0, 1, 2, 0), value=1e-12))

    @corner("True and False", 0.05)
    def test_booleans(self, student, rng):
        """The answer holds True and False."""
        answer = array_in(student.dead_units(self.arguments(rng)[0]))
        if isinstance(answer, list):  # of booleans, or of other things
            answer = np.array([isinstance(one, (bool, np.bool_)) for one in answer])
        if not isinstance(answer, np.ndarray):
            expect(answer, "the answer").shaped((7,))
        elif answer.dtype != bool:
            raise Mismatch("dtype", f"the answer has dtype {answer.dtype}, but it should be bool", answer)


# --- rrelu ----------------------------------------------------------------------------------------------------------------

OUT_AND_SLOPES = ("out", "slopes")


@exercise("rrelu")
class TestRrelu(DrawsFromGenerator, ArgumentsUnchanged, Integers):
    outputs, integers = OUT_AND_SLOPES, (0,)

    @corner("random numbers from rng", 0.2)
    def test_draws_from_the_generator(self, student, rng):
        """All random numbers come from rng: the same state gives the same answer, and another state another one."""
        z = both_signs(rng, 9, 8)
        slopes = np.asarray(self.run(student, rng, z, 0.1, 0.4, True, 0), dtype=float)[z < 0] / z[z < 0]
        if np.ptp(slopes) > 1e-9:  # else nothing is drawn for each entry, and other tests say so
            super().test_draws_from_the_generator(student, rng)

    def arguments(self, rng):
        return both_signs(rng, 12, 20), 0.1, 0.4, SEED, True

    def compare(self, student, usual, odd, name, why, **tolerances):
        """Compare after training, where nothing is random."""
        super().compare(student, (*usual[:-1], False), (*odd[:-1], False), name, why, **tolerances)

    def run(self, student, rng, z, lower, upper, training, which):
        """Call the function, and return out or slopes, of the shape of z; a test of its own looks at their order."""
        answer = student.rrelu(z, lower, upper, generator(rng), training)
        if isinstance(answer, (list, tuple)) and len(answer) == 2 and self.is_swapped(answer, z):
            answer = answer[::-1]
        item = item_of(answer, which, OUT_AND_SLOPES)
        expect(item, OUT_AND_SLOPES[which]).shaped(z.shape)
        return item

    @staticmethod
    def is_swapped(answer, z):
        """Tell whether it is the second of two arrays that is negative where z is."""
        first, second = answer
        alike = all(isinstance(one, np.ndarray) and one.shape == z.shape and one.dtype.kind in "fiu" for one in answer)
        return alike and bool(np.all(first >= 0) and np.all(second[z < 0] < 0))

    @aspect("slopes in training", 5.4)
    def test_slopes_in_training(self, student, rng):
        """In training, the slopes of negative entries are drawn from the uniform distribution between lower and upper."""
        for lower, upper in ((0.1, 0.4), (0.6, 0.7)):
            slopes = self.run(student, rng, -rng.uniform(0.5, 3, (90, 60)), lower, upper, True, 1)
            expect(slopes, "slopes of negative entries").is_uniform(lower, upper)

    @aspect("slopes in training")
    def test_out_in_training(self, student, rng):
        """In training, out is negative z, multiplied by numbers of the same distribution."""
        z = -rng.uniform(0.5, 3, (90, 60))
        out = self.run(student, rng, z, 0.1, 0.4, True, 0)
        expect(np.asarray(out, dtype=float) / z, "out/z of negative entries").is_uniform(0.1, 0.4)

    @aspect("a slope for each entry", 4)
    def test_independent(self, student, rng):
        """Each negative entry gets a slope of its own: neither the entries of an example nor those of a feature share one."""
        for shape in ((80, 60), (1, 400), (12, 5, 9, 8)):
            z = -rng.uniform(0.5, 3, shape)
            found = np.asarray(self.run(student, rng, z, 0.1, 0.5, True, 0), dtype=float) / z
            # Where each entry draws one of two slopes, half of the neighbours are alike by chance.
            alike = [np.mean(np.abs(np.diff(found, axis=axis)) < 1e-9) > 0.9 for axis in range(z.ndim) if shape[axis] > 1]
            if any(alike) or 2 < len(np.unique(np.round(found, 9))) < 0.8 * z.size:
                raise Mismatch("value", "several entries were multiplied by the same slope", found)

    @aspect("out is slopes times z", 4.6)
    def test_belong_together(self, student, rng):
        """In training, out is slopes · z, and negative entries have other slopes than 1."""
        z, draw = both_signs(rng, 9, 8), generator(rng)
        out, slopes = expect(student.rrelu(z, 0.2, 0.5, draw, True), "what rrelu returns").items(*OUT_AND_SLOPES)
        values = expect(slopes, "slopes").shaped(z.shape).answer
        if np.ptp(values) == 0:
            raise Mismatch("value", f"slopes is {values.flat[0]:.4g} everywhere", values)
        expect(out, "out").close_to(values * z, rtol=1e-6)

    @aspect("positive z", 3)
    def test_positive(self, student, rng):
        """Where z is positive, out is z in training, and in the same array negative entries are changed."""
        z = both_signs(rng, 9, 6)
        out = np.asarray(self.run(student, rng, z, 0.2, 0.5, True, 0), dtype=float)
        if np.allclose(out, z):
            raise Mismatch("value", "out is z, for negative entries too", out)
        expect(out[z > 0], "out of positive entries").close_to(z[z > 0])

    @aspect("positive z")
    def test_slopes_of_positive(self, student, rng):
        """Where z is positive, slopes are 1 in training, and for negative entries they aren't."""
        z = both_signs(rng, 7, 8)
        slopes = numbers(self.run(student, rng, z, 0.2, 0.5, True, 1), z, "slopes")
        expect(slopes[z > 0], "slopes of positive entries").close_to(np.ones(28))

    @aspect("after training", 5)
    def test_out_after_training(self, student, reference, rng):
        """With training=False, out is negative z times the mean of lower and upper, and positive z as it is."""
        for lower, upper in ((0.1, 0.4), (0.3, 0.9)):
            z = both_signs(rng, 30, 40)
            out = self.run(student, rng, z, lower, upper, False, 0)
            expect(out, "out with training=False").close_to(reference.rrelu(z, lower, upper, generator(rng), False)[0])

    @aspect("after training")
    def test_slopes_after_training(self, student, reference, rng):
        """With training=False, slopes are the mean of lower and upper where z is negative, and 1 where it is positive."""
        z = both_signs(rng, 10, 8, 15)
        slopes = self.run(student, rng, z, 0.2, 0.5, False, 1)
        expect(slopes, "slopes with training=False").close_to(reference.rrelu(z, 0.2, 0.5, generator(rng), False)[1])


# --- prelu ----------------------------------------------------------------------------------------------------------------

GRADIENTS = {"prelu_backward": ("dz", "dalpha"), "maxout_backward": ("dx", "dW", "db")}


class IntegersInTurn(Integers):
    """Integers in some of the arguments while the others hold fractions.

    Attributes
    ----------
    whole : tuple
        For each comparison the names and the positions of the arguments that hold integers.
    """

    whole: tuple = ()

    @corner("integers", 0.05)
    def test_integers(self, student, rng):
        """Arrays of integers, in any of the arguments, give the same answer as the same numbers as floats."""
        for names, positions in self.whole:
            floats = in_form(self.arguments(rng), lambda array: np.rint(3 * array) + 0.0, positions)
            whole = in_form(floats, lambda array: array.astype(np.int64), positions)
            self.compare(student, floats, whole, f"the answer to integers in {names}", "from that to the same numbers as floats")


class ForwardPass(ArgumentsUnchanged, IntegersInTurn, MemoryLayouts):
    """What is shared by the tests of a forward pass."""

    def ask(self, student, *arguments):
        return item_of(getattr(student, self.exercise)(*arguments), 0, ("out", "cache"))

    def expect_pair(self, student, reference, *arguments):
        """Expect (out, cache), and out to be right."""
        answer = getattr(student, self.exercise)(*arguments)
        out, _ = expect(answer, f"what {self.exercise} returns").items("out", "cache")
        expect(out, "out").close_to(getattr(reference, self.exercise)(*arguments)[0])


class BackwardPass(Backward, ArgumentsUnchanged, IntegersInTurn, MemoryLayouts):
    """What is shared by the tests of a backward pass."""

    @property
    def outputs(self):
        return GRADIENTS[self.exercise]

    def gradient(self, student, reference, name, *arguments, strict):
        """Run both pairs; expect the gradient `name` to be right, and in its place if `strict`; else it is found by its shape."""
        names = self.outputs
        which = names.index(name)
        answer = self.ask(student, *arguments)
        _, cache = self.forward(reference, *arguments[1:])
        right = getattr(reference, self.exercise)(arguments[0], cache)[which]
        found = item_of(answer, which, names) if strict else self.lenient(answer, which, right)
        expect(found, name).close_to(right)

    def lenient(self, answer, which, right):
        """Return the item that has the right shape, or else the one in the right place."""
        if isinstance(answer, (list, tuple)):
            items = [array_in(one) if type(one) is list else one for one in answer]
            found = [one for one in items if isinstance(one, np.ndarray)]
            shaped = [array for array in found if array.shape == right.shape]
            rows = [array.reshape(right.shape) for array in found if array.size == right.size and 1 in array.shape]
            if len(shaped or rows) == 1:
                return (shaped or rows)[0]
        return item_of(answer, which, self.outputs)

    @corner("two batches under way", 0.04)
    def test_two_batches_under_way(self, student, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (dout, *first), (_, *other) = self.arguments(rng), self.arguments(rng)
        backward = getattr(student, self.exercise)
        _, cache = self.forward(student, *first)
        at_once = backward(dout, cache)
        _, cache = self.forward(student, *first)
        self.forward(student, *other)
        expect(backward(dout, cache), "the answer").alike(at_once, "when another forward pass lies between", self.outputs)


SLOPES = (0.3, 0.6, 0.05, 0.8, 0.5)


@exercise("prelu_forward")
class TestPreluForward(ForwardPass):
    whole = ("z", (0,)), ("alpha", (1,))

    def arguments(self, rng):
        return both_signs(rng, 6, 4), rng.uniform(0.1, 0.9, 4)

    def expect_side(self, student, reference, z, alpha, side):
        """Expect the right values where `side` is True."""
        out = numbers(self.ask(student, z, alpha), z, "out")
        expect(out[side], "out there").close_to(reference.prelu_forward(z, alpha)[0][side])

    @aspect("positive z", 7)
    def test_positive(self, student, reference, rng):
        """Where z is positive, out is z."""
        z = both_signs(rng, 5, 5)
        self.expect_side(student, reference, z, np.full(5, 0.4), z > 0)

    @aspect("negative z", 7)
    def test_negative(self, student, reference, rng):
        """Where z is negative and all features have the same alpha, out is alpha times z."""
        z = both_signs(rng, 5, 5)
        self.expect_side(student, reference, z, np.full(5, 0.4), z < 0)

    @aspect("a slope for each feature", 6)
    def test_own_slopes(self, student, reference, rng):
        """Each feature has its own alpha, and the answer is (out, cache)."""
        for N, D in ((7, 3), (5, 5), (1, 4)):
            self.expect_pair(student, reference, both_signs(rng, N, D), rng.permutation(np.linspace(0.2, 0.95, D) ** 2))

    @corner("alpha outside [0, 1]", 0.09)
    def test_any_slope(self, student, reference, rng):
        """A negative alpha, and one that is greater than 1, are slopes like any other."""
        z = both_signs(rng, 6, 3)
        expect(self.ask(student, z, np.array([1.6, -0.7, 0.2])), "out").close_to(reference.prelu_forward(z, np.array([1.6, -0.7, 0.2]))[0])

    @corner("z = 0", 0.04)
    def test_at_zero(self, student, rng):
        """At z = 0, out is 0."""
        z = np.array([[0.0, -1.0], [2.0, 0.0]])
        expect(self.ask(student, z, np.array([0.3, 0.2])), "out").close_to([[0.0, -0.2], [2.0, 0.0]])


@exercise("prelu_backward")
class TestPreluBackward(BackwardPass):
    whole = ("dout", (0,)), ("z", (1,)), ("alpha", (2,))

    def arguments(self, rng):
        return rng.normal(size=(6, 4)) + 0.4, both_signs(rng, 6, 4), rng.uniform(0.1, 0.9, 4)

    def batch(self, rng, N=7, alpha=SLOPES):
        """Return dout, z and alpha."""
        shape = N, len(alpha)
        return rng.normal(size=shape) + 0.4, both_signs(rng, *shape), np.array(alpha)

    def side(self, student, reference, rng, sign):
        """Expect dz to be right where z has this sign; numbers of the other sign may be wrong."""
        dout, z, alpha = self.batch(rng)
        right = reference.prelu_backward(dout, self.forward(reference, z, alpha)[1])[0]
        dz = numbers(self.lenient(self.ask(student, dout, z, alpha), 0, right), z, "dz")
        expect(dz[sign * z > 0], f"dz where z is {'positive' if sign > 0 else 'negative'}").close_to(right[sign * z > 0])

    @worth(1.6)
    @aspect("dz", 10)
    def test_dz_positive(self, student, reference, rng):
        """Where z is positive, dz is dout."""
        self.side(student, reference, rng, 1)

    @aspect("dz")
    def test_dz_negative(self, student, reference, rng):
        """Where z is negative, dz is dout times the feature's alpha."""
        self.side(student, reference, rng, -1)

    @aspect("dz")
    def test_dz_in_place(self, student, reference, rng):
        """dz comes first of two, and is right for batches of other shapes."""
        for N in (1, 5):
            self.gradient(student, reference, "dz", *self.batch(rng, N), strict=True)

    @aspect("dalpha", 10)
    def test_dalpha(self, student, reference, rng):
        """dalpha holds the right number for each feature."""
        for N in (3, 8):
            self.gradient(student, reference, "dalpha", *self.batch(rng, N), strict=False)

    @aspect("dalpha")
    def test_dalpha_in_place(self, student, reference, rng):
        """dalpha comes second of two, and has the shape of alpha."""
        self.gradient(student, reference, "dalpha", *self.batch(rng, 5), strict=True)

    @corner("z = 0", 0.05)
    def test_at_zero(self, student, reference, rng):
        """At z = 0, dz is dout times a number between alpha and 1, and dalpha gets nothing."""
        dout, z, alpha = self.batch(rng, 6)
        z[2:4] = 0.0
        dz, dalpha = expect(self.ask(student, dout, z, alpha), "what prelu_backward returns").items("dz", "dalpha")
        slope = (expect(dz, "dz").shaped(z.shape).answer / dout)[2:4]
        expect((slope - alpha) / (1 - alpha), "how far the slope at z = 0 is from alpha towards 1").within(0.0, 1.0)
        expect(dalpha, "dalpha").close_to(reference.prelu_backward(dout, self.forward(reference, z, alpha)[1])[1])

    @corner("alpha outside [0, 1]", 0.05)
    def test_any_slope(self, student, reference, rng):
        """A negative alpha, 0, and one that is greater than 1, are slopes like any other."""
        self.gradient(student, reference, "dz", *self.batch(rng, 6, (1.7, -0.4, 0.0, 2.5)), strict=False)


# --- maxout ---------------------------------------------------------------------------------------------------------------


def maxout_layer(rng, k, N, D, H, bias=1.5):
    """Return x, W and b, with every piece winning somewhere if there are enough examples."""
    return rng.normal(size=(N, D)), rng.normal(size=(k, D, H)), bias * rng.normal(size=(k, H))


@exercise("maxout_forward")
class TestMaxoutForward(ForwardPass):
    whole = ("x", (0,)), ("W", (1,)), ("b", (2,)), ("x and W", (0, 1))

    def arguments(self, rng):
        return maxout_layer(rng, 3, 5, 4, 6)

    @aspect("without biases", 6)
    def test_without_biases(self, student, reference, rng):
        """With b = 0, each unit is the larger of its two pieces."""
        arguments = maxout_layer(rng, 2, 7, 3, 5, bias=0.0)
        expect(numbers(self.ask(student, *arguments), np.empty((7, 5)), "out"), "out").close_to(reference.maxout_forward(*arguments)[0])

    @aspect("biases", 6)
    def test_biases(self, student, reference, rng):
        """Each of the two pieces has its own bias, which counts for who is larger."""
        x, W, b = maxout_layer(rng, 2, 6, 4, 5)
        arguments = 0.3 * x, W, np.abs(b) + 3
        expect(numbers(self.ask(student, *arguments), np.empty((6, 5)), "out"), "out").close_to(reference.maxout_forward(*arguments)[0])

    @aspect("any number of pieces", 5)
    def test_pieces(self, student, reference, rng):
        """There may be any number of pieces, examples, features and units, and the answer is (out, cache)."""
        for sizes in ((4, 5, 3, 6), (3, 3, 3, 3), (5, 1, 4, 2)):
            self.expect_pair(student, reference, *maxout_layer(rng, *sizes))

    @corner("one piece", 0.05)
    def test_one_piece(self, student, reference, rng):
        """With one piece it is a dense layer."""
        arguments = maxout_layer(rng, 1, 4, 3, 5)
        expect(self.ask(student, *arguments), "out").close_to(reference.maxout_forward(*arguments)[0])


@exercise("maxout_backward")
class TestMaxoutBackward(BackwardPass):
    whole = ("dout", (0,)), ("x and W", (1, 2)), ("x", (1,)), ("W", (2,)), ("b", (3,))

    def arguments(self, rng):
        return rng.normal(size=(6, 5)) + 0.4, *maxout_layer(rng, 3, 6, 4, 5)

    def both(self, student, reference, rng, name, strict):
        """Expect a gradient without biases, or with them and in its place."""
        sizes = ((4, 9, 3, 5), (2, 6, 6, 4)) if strict else ((2, 8, 4, 3), (2, 7, 2, 5))
        for k, N, D, H in sizes:
            layer = maxout_layer(rng, k, N, D, H, 1.5 if strict else 0.0)
            self.gradient(student, reference, name, rng.normal(size=(N, H)) + 0.4, *layer, strict=strict)

    @aspect("dx", 10)
    def test_dx(self, student, reference, rng):
        """With b = 0, dx is the sum over the units of their gradient times the winner's weights."""
        self.both(student, reference, rng, "dx", False)

    @aspect("dx")
    def test_dx_with_biases(self, student, reference, rng):
        """dx comes first of three, and is right with biases too."""
        self.both(student, reference, rng, "dx", True)

    @aspect("dW", 10)
    def test_dW(self, student, reference, rng):
        """With b = 0, each piece's dW has the examples in it for which the piece won."""
        self.both(student, reference, rng, "dW", False)

    @aspect("dW")
    def test_dW_with_biases(self, student, reference, rng):
        """dW comes second of three, and is right with biases too."""
        self.both(student, reference, rng, "dW", True)

    @aspect("db", 10)
    def test_db(self, student, reference, rng):
        """With b = 0, each piece's db is the sum of the gradients of the examples for which the piece won."""
        self.both(student, reference, rng, "db", False)

    @aspect("db")
    def test_db_with_biases(self, student, reference, rng):
        """db comes third of three, and is right with biases too."""
        self.both(student, reference, rng, "db", True)

    @corner("ties", 0.1)
    def test_ties(self, student, reference, rng):
        """Where two pieces are equal, their shares of the gradient aren't negative and sum to one."""
        x, W, b = (np.rint(3 * array) for array in maxout_layer(rng, 3, 5, 4, 2))
        W[2], b[2], dout = W[0], b[0], rng.uniform(0.5, 2, (5, 2))
        dx, dW, db = expect(self.ask(student, dout, x, W, b), "what maxout_backward returns").items("dx", "dW", "db")
        right = reference.maxout_backward(dout, self.forward(reference, x, W, b)[1])
        expect(dx, "dx").close_to(right[0])
        for gradient, name, wanted in ((dW, "dW", right[1]), (db, "db", right[2])):
            found = expect(gradient, name).shaped(wanted.shape).answer
            expect(found[1], f"{name} of the piece that is like no other").close_to(wanted[1])
            expect(found[0] + found[2], f"the sum of {name} of the two pieces that are equal").close_to(wanted[0] + wanted[2])
        expect(np.asarray(db, dtype=float), "db").within(0.0, dout.sum())

    @corner("one piece", 0.03)
    def test_one_piece(self, student, reference, rng):
        """With one piece the gradients are those of a dense layer."""
        layer = maxout_layer(rng, 1, 5, 4, 3)
        for name in self.outputs:
            self.gradient(student, reference, name, rng.normal(size=(5, 3)), *layer, strict=False)
