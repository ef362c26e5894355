"""Hidden suite of lecture 03: initialization."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from autograder.kit.contracts import ArgumentsUnchanged, Float32, Integers, MemoryLayouts
from coursekit import aspect, corner, exercise, expect, expect_error, worth
from coursekit.expectations import Mismatch, described

TYPICAL, TALL, WIDE = (127, 95), (1500, 6), (3, 3000)
ACTIVATIONS = ("tanh", "relu", "logistic")


def spelled(name):
    """Return a string that is equal to `name` and another object, as strings are that come from a file: `is` tells the two apart."""
    return "".join(list(name))


# --- fans -----------------------------------------------------------------------------------------------------------------


@exercise("fans")
class TestFans:
    KERNELS = (6, 3, 5, 5), (8, 1, 3, 3), (2, 16, 7, 7)

    def each(self, student, shapes):
        """Call fans for each shape, and return name, answer and shape of each call."""
        return [(f"fans({shape})", answer, shape) for shape, answer in [(shape, student.fans(shape)) for shape in shapes]]

    @aspect("dense layers", 28)
    def test_dense(self, student):
        """The weights of a dense layer, (in, out), have fan_in = in and fan_out = out."""
        for name, answer, shape in self.each(student, ((784, 300), (1, 10), (12, 2), (64, 64))):
            expect(answer, name).equals(shape)

    @aspect("fan-in of kernels", 22)
    def test_fan_in_of_kernels(self, student, reference):
        """One output value of a convolution is computed from C·KH·KW inputs."""
        for name, answer, shape in self.each(student, self.KERNELS):
            expect(expect(answer, name).items("fan_in", "fan_out")[0], f"fan_in of {name}").equals(reference.fans(shape)[0])

    @aspect("fan-out of kernels", 24)
    def test_fan_out_of_kernels(self, student, reference):
        """One input value of a convolution takes part in F·KH·KW outputs."""
        for name, answer, shape in self.each(student, self.KERNELS):
            expect(expect(answer, name).items("fan_in", "fan_out")[1], f"fan_out of {name}").equals(reference.fans(shape)[1])

    @aspect("counts of kernels", 26)
    def test_counts_of_kernels(self, student, reference):
        """The two numbers of connections of a convolution are right, whichever comes first."""
        for name, answer, shape in self.each(student, self.KERNELS):
            numbers = expect(answer, name).items("fan_in", "fan_out")
            if not all(isinstance(number, (int, float, np.number)) for number in numbers) or sorted(numbers) != sorted(
                reference.fans(shape)
            ):
                raise Mismatch("value", f"{name} is {described(answer)}, and the two numbers should be {sorted(reference.fans(shape))}")

    @corner("kernels that aren't square", 0.12)
    def test_kernels_that_are_not_square(self, student, reference):
        """Kernels whose height and width differ are counted right."""
        for name, answer, shape in self.each(student, ((4, 3, 1, 7), (5, 2, 6, 1), (3, 4, 2, 5))):
            expect(answer, name).equals(reference.fans(shape))

    @corner("kernels of one pixel", 0.03)
    def test_pointwise_convolution(self, student):
        """A 1×1 convolution is a dense layer for every pixel, but its shape is (out, in, 1, 1): channels in are fan_in."""
        expect(student.fans((32, 12, 1, 1)), "fans((32, 12, 1, 1))").equals((12, 32))


# --- the initialisers -----------------------------------------------------------------------------------------------------


def entries(W, shape, name="W"):
    """Return the entries of W as one row, if rows and columns differ. Their number counts, and not how they are arranged."""
    if not isinstance(W, np.ndarray):
        raise Mismatch("type", f"{name} should be an array, but it is {described(W)}")
    if W.size != np.prod(shape):
        raise Mismatch("shape", f"{name} has {W.size} entries, but it should have {shape[0]}·{shape[1]}")
    expect(W, name).shaped(W.shape)
    for what, first in (("entries", W[:1, :1]), ("columns", W[:, :1]), ("rows", W[:1])) if W.ndim == 2 and min(W.shape) > 1 else ():
        if (first == W).all():  # a finding, which names the mistake
            raise Mismatch("value", f"all {what} of {name} are the same", (what,))
    return W.ravel().astype(float)


def expect_spread(values, std, name):
    """Expect this standard deviation; of n normal draws the variance has the standard error √(2/n)."""
    got = values.std()
    if abs(got**2 / std**2 - 1) > 5.5 * np.sqrt(2 / values.size):
        raise Mismatch("value", f"{name} has standard deviation {got:.4g} over {values.size} draws, expected {std:.4g}")


class Weights:
    """The tests of an initialiser. Each looks at one thing alone: at the shape, the spread, the kind of distribution."""

    exercise: str

    def std(self, fan_in, fan_out):
        """Return the standard deviation that is right."""
        raise NotImplementedError

    def draw(self, student, shape, rng):
        """Call the student's function."""
        return getattr(student, self.exercise)(*shape, rng)

    def spread(self, student, shape, rng):
        """Expect weights with the right standard deviation."""
        name = f"W for {shape[0]} inputs and {shape[1]} outputs"
        expect_spread(entries(self.draw(student, shape, rng), shape, name), self.std(*shape), name)

    @aspect("shape", 20.5)
    def test_shape(self, student, rng):
        """W has shape (fan_in, fan_out)."""
        shapes = (7, 4), (4, 7), (1, 6)
        for shape, W in zip(shapes, [self.draw(student, shape, rng) for shape in shapes], strict=True):
            expect(W, f"W for {shape[0]} inputs and {shape[1]} outputs").shaped(shape)

    @aspect("scale", 66)
    @worth(2)
    def test_spread(self, student, rng):
        """The weights have the variance that the scheme wants."""
        self.spread(student, TYPICAL, rng)

    @aspect("scale")
    def test_tall(self, student, rng):
        """The variance is right where a layer has many more inputs than outputs."""
        self.spread(student, TALL, rng)

    @aspect("scale")
    def test_wide(self, student, rng):
        """The variance is right where a layer has many more outputs than inputs."""
        self.spread(student, WIDE, rng)

    @aspect("independent entries", 5.5)
    def test_independent(self, student, rng):
        """Every entry is drawn by itself: no two weights are equal, and rows and columns don't move together."""
        small, large = self.draw(student, (7, 4), rng), self.draw(student, (40, 200), rng)
        if np.unique(entries(small, (7, 4))).size < 28:
            raise Mismatch("value", "some of the 28 entries of W are equal, but each of them should be drawn by itself")
        values = entries(large, (40, 200)).reshape(large.shape)
        expect((values - values.mean()) / values.std(), "W").is_independent(1.0)

    @corner("random numbers from rng", 0.21)
    def test_generator(self, student):
        """All random numbers come from rng: same seed, same weights; next call, other weights."""
        one, other, again = np.random.default_rng(51), np.random.default_rng(52), np.random.default_rng(51)
        first, *later, of_other, repeated = [self.draw(student, (6, 5), rng) for rng in (*[one] * 6, other, again)]
        if first is None:  # that nothing is returned is another test's
            return
        for W in later:
            expect(W, "W").differs_from(first, "in a later call with the same generator, which should have moved on")
        expect(of_other, "W").differs_from(first, "with a generator of another seed, so the generator isn't used")
        expect(repeated, "W").same_as(first, "between two fresh generators of one seed, so not all random numbers come from rng")


class NormalWeights(Weights):
    """The tests of an initialiser with a normal distribution."""

    @aspect("scale")
    def test_quarters(self, student, rng):
        """A quarter of the weights lies below −0.674 σ, a quarter above 0.674 σ, and some lie beyond 3.1 σ; σ is the scheme's."""
        units = entries(self.draw(student, WIDE, rng), WIDE) / self.std(*WIDE)
        for name, share in (("below −0.674 σ", np.mean(units < -0.67449)), ("above 0.674 σ", np.mean(units > 0.67449))):
            if abs(share - 0.25) > 5.5 * np.sqrt(0.25 * 0.75 / units.size):
                raise Mismatch("value", f"{share:.1%} of {units.size} weights lie {name}, expected 25 %")
        if np.abs(units).max() < 3.1:  # the probability is 3e-8
            raise Mismatch("value", f"none of {units.size} weights is larger than {np.abs(units).max():.2f} σ, so W is truncated")

    @aspect("normal distribution", 8)
    def test_normal(self, student, rng):
        """The weights are normal, centred on 0, and not truncated."""
        values = entries(self.draw(student, TYPICAL, rng), TYPICAL)
        units = values / np.sqrt(np.mean(values**2))
        expect(units, "W, divided by its own standard deviation,").is_normal(0.0, 1.0)
        # One of 500 normal draws lies beyond 3.1; that none of 12,000 does has a probability of 1e-10.
        if np.abs(units).max() < 3.1:
            raise Mismatch("value", f"none of {units.size} weights is larger than {np.abs(units).max():.2f} σ, so W is truncated")


@exercise("lecun_normal")
class TestLecunNormal(NormalWeights):
    def std(self, fan_in, fan_out):
        return np.sqrt(1 / fan_in)


@exercise("glorot_normal")
class TestGlorotNormal(NormalWeights):
    def std(self, fan_in, fan_out):
        return np.sqrt(2 / (fan_in + fan_out))

    @corner("tiny layers", 0.03)
    def test_small_layers(self, student, rng):
        """Many small layers drawn one after the other have the right variance together."""
        drawn = [self.draw(student, (1, 2), rng) for _ in range(200)]
        expect_spread(np.concatenate([entries(W, (1, 2)) for W in drawn]), self.std(1, 2), "200 small layers")


@exercise("glorot_uniform")
class TestGlorotUniform(Weights):
    def std(self, fan_in, fan_out):
        return np.sqrt(2 / (fan_in + fan_out))

    @aspect("scale")
    def test_bounds(self, student, rng):
        """The weights reach from −√(3/fan_avg) to √(3/fan_avg), and no farther, in large layers and in many small ones."""
        large, small = self.draw(student, TYPICAL, rng), [self.draw(student, (5, 6), rng) for _ in range(16)]
        for shape, some, near in ((TYPICAL, [large], 0.995), ((5, 6), small, 0.9)):
            values, bound = np.concatenate([entries(W, shape) for W in some]), np.sqrt(6 / sum(shape))
            name = f"{len(some)} layers" if len(some) > 1 else "W"
            expect(values, f"{name} of {shape[0]} inputs and {shape[1]} outputs").within(-bound, bound)
            if values.min() > -near * bound or values.max() < near * bound:  # probability below 2e-11
                found = f"reaches from {values.min():.4g} to {values.max():.4g}"
                raise Mismatch("value", f"{name} for {shape[0]} inputs and {shape[1]} outputs {found}, expected about ±{bound:.4g}")

    @aspect("uniform distribution", 8)
    def test_uniform(self, student, rng):
        """The weights fill an interval around 0 evenly."""
        values = entries(self.draw(student, TYPICAL, rng), TYPICAL)
        farthest = np.argmax(np.abs(values))  # inside of it the others are uniform
        expect(np.delete(values, farthest) / np.abs(values[farthest]), "W, divided by its largest entry,").is_uniform(-1.0, 1.0)


@exercise("he_normal")
class TestHeNormal(NormalWeights):
    def std(self, fan_in, fan_out):
        return np.sqrt(2 / fan_in)


# --- init_std -------------------------------------------------------------------------------------------------------------

TABLE = {"Glorot": ("linear", "tanh", "logistic", "softmax"), "He": ("relu", "leaky_relu", "elu"), "LeCun": ("selu",)}


def row(name, points, sentence, *activations, weight=1):
    """Return a test of the deviations for some activations, which belong to one row of the table."""

    def test(self, student, reference):
        self.expect_table(student, reference, activations)

    test.__doc__ = sentence
    return aspect(name, points)(worth(weight)(test))


@exercise("init_std")
class TestInitStd:
    def expect_table(self, student, reference, names, layers=((300, 100), (7, 50), (64, 64))):
        """Expect the right deviations for these names and layers."""
        calls = [(name, *fans) for name in names for fans in layers]
        for call, answer in [(call, student.init_std(spelled(call[0]), *call[1:])) for call in calls]:
            expect(answer, "init_std({!r}, {}, {})".format(*call)).close_to(reference.init_std(*call))

    test_linear_and_tanh = row("Glorot", 30, "No activation, and tanh: Glorot, variance 1/fan_avg.", "linear", "tanh", weight=2)
    test_logistic = row("Glorot", 30, "Logistic: Glorot, variance 1/fan_avg.", "logistic")
    test_softmax = row("Glorot", 30, "Softmax: Glorot, variance 1/fan_avg.", "softmax")
    test_relu = row("He", 25, "ReLU: He, variance 2/fan_in.", "relu", weight=2)
    test_leaky_relu = row("He", 25, "Leaky ReLU: He, variance 2/fan_in.", "leaky_relu")
    test_elu = row("He", 25, "ELU: He, variance 2/fan_in.", "elu")
    test_selu = row("LeCun", 22, "SELU: LeCun, variance 1/fan_in.", "selu")

    @aspect("which names belong together", 23)
    def test_rows(self, student):
        """Names in one row of the table get the same number, to a thousandth, and tanh another one than ReLU and SELU."""
        answers = {name: student.init_std(spelled(name), 90, 40) for names in TABLE.values() for name in names}
        for name, answer in answers.items():
            expect(answer, f"init_std({name!r}, 90, 40)").shaped(())
        for one, *others in TABLE.values():
            for name in others:
                expect(answers[name], f"init_std({name!r}, 90, 40)").alike(
                    answers[one], f"from that for {one!r}, in the same row", rtol=1e-3
                )
        for other in ("relu", "selu"):  # whether these two differ is a test's of values
            if np.isclose(float(answers["tanh"]), float(answers[other]), rtol=1e-2):
                found = f"init_std is {float(answers['tanh']):.4g} for 'tanh' and for {other!r}, which are in different rows"
                raise Mismatch("value", found)

    @corner("unknown names", 0.15)
    def test_unknown_name(self, student):
        """A name that isn't in the table raises ValueError."""
        for name in ("sigmoid", "leaky", "", "swish"):
            expect_error(student.init_std, ValueError, name, 30, 20)

    @corner("names are exact", 0.07)
    def test_capitals_and_blanks(self, student):
        """A name in capitals, or with a blank, raises ValueError."""
        for name in ("ReLU", "Tanh", "SELU", "relu "):
            expect_error(student.init_std, ValueError, name, 30, 20)

    @corner("tiny and huge layers", 0.05)
    def test_tiny_and_huge_layers(self, student, reference):
        """The formulas hold from one connection to a million."""
        self.expect_table(student, reference, ("tanh", "relu", "selu"), ((1, 1), (1, 1_000_000), (1_000_000, 1)))


# --- activation_statistics ------------------------------------------------------------------------------------------------


def network(rng, widths, scale=1.0):
    """Return weights that neither saturate nor collapse."""
    return [scale * rng.standard_normal((n, m)) * np.sqrt(2 / n) for n, m in pairwise(widths)]


def deep(rng):
    """Return a batch and four layers, of different widths."""
    return rng.standard_normal((9, 8)) - 0.3, network(rng, (8, 12, 7, 10, 4))


def in_pairs(answer, count):
    """Return an answer as a list of pairs: a list of means and one of deviations, or a pair before the first layer, is another test's."""
    if not isinstance(answer, (list, tuple)):
        return answer
    if count != 2 and len(answer) == 2 and all(isinstance(one, (list, tuple)) and len(one) == count for one in answer):
        return list(zip(*answer, strict=True))
    return answer[max(len(answer) - count, 0) :]


@exercise("activation_statistics")
class TestActivationStatistics(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return rng.standard_normal((5, 4)) + 0.3, network(rng, (4, 4, 4)), "relu"

    def look(self, student, reference, networks, statistic=None, layers=slice(None)):
        """Expect a statistic (0: mean, 1: deviation, None: both) of some layers, counted from the end of the list."""
        calls = [(X, weights, activation) for (X, weights), activation in networks]
        answers = [student.activation_statistics(X, weights, spelled(activation)) for X, weights, activation in calls]
        for call, answer in zip(calls, answers, strict=True):
            right = reference.activation_statistics(*call)
            if layers == slice(-1) and isinstance(answer, (list, tuple)) and len(answer) == len(right) - 1:
                answer = [*answer, right[-1]]  # a last layer that is missing is another test's
            names = [f"layer {number} of {len(right)} ({call[2]})" for number in range(1, len(right) + 1)]
            pairs = expect(in_pairs(answer, len(right)), "the list").items(*names)
            for name, pair, pair_of_reference in list(zip(names, pairs, right, strict=True))[layers]:
                values = expect(pair, name).items("mean", "std")
                for index, what in enumerate(("mean", "standard deviation")):
                    if statistic in (None, index):  # a mean near zero counts by the scale of its layer
                        scale = max(map(abs, pair_of_reference)) or 1.0
                        expect(values[index], f"the {what} of {name}").close_to(pair_of_reference[index], scale=scale)

    @aspect("one pair for each layer", 22)
    def test_one_pair_for_each_layer(self, student, rng):
        """There are as many pairs as layers: the input is no layer, and the last layer is one."""
        chains = [(rng.standard_normal((4, 5)), network(rng, widths)) for widths in ((5, 3), (5, 6, 4, 3))]
        answers = [student.activation_statistics(X, weights, "logistic") for X, weights in chains]
        for (_, weights), answer in zip(chains, answers, strict=True):
            names = [f"layer {number}" for number in range(1, len(weights) + 1)]
            for name, pair in zip(names, expect(answer, "the list").items(*names), strict=True):
                for what, value in zip(("mean", "std"), expect(pair, name).items("mean", "std"), strict=True):
                    shape = value.shape if isinstance(value, np.ndarray) else ()  # a number for each unit is another test's
                    expect(value, f"the {what} of {name}").shaped(shape)

    @aspect("means", 34)
    def test_means_tanh(self, student, reference, rng):
        """The mean is right in each hidden layer of tanh."""
        self.look(student, reference, [(deep(rng), "tanh")], 0, slice(-1))

    @aspect("means")
    def test_means_relu(self, student, reference, rng):
        """The mean is right in each hidden layer of ReLU."""
        self.look(student, reference, [(deep(rng), "relu")], 0, slice(-1))

    @aspect("means")
    def test_means_logistic(self, student, reference, rng):
        """The mean is right in each hidden layer of logistic units."""
        self.look(student, reference, [(deep(rng), "logistic")], 0, slice(-1))

    @aspect("deviations", 14)
    def test_deviations(self, student, reference, rng):
        """The standard deviation is right in each hidden layer."""
        self.look(student, reference, [(deep(rng), activation) for activation in ACTIVATIONS], 1, slice(-1))

    @aspect("the last layer's mean", 19)
    def test_mean_of_one_layer(self, student, reference, rng):
        """The mean is right in a network of one layer, which is activated."""
        one = rng.standard_normal((6, 5)) + 0.3, network(rng, (5, 3))
        self.look(student, reference, [(one, activation) for activation in ACTIVATIONS], 0)

    @aspect("the last layer's mean")
    def test_mean_of_the_last_layer(self, student, reference, rng):
        """The mean is right in the last of four layers, which is activated as the others are."""
        self.look(student, reference, [(deep(rng), activation) for activation in ACTIVATIONS], 0, slice(-1, None))

    @aspect("the last layer's deviation", 9)
    def test_deviation_of_the_last_layer(self, student, reference, rng):
        """The standard deviation is right in the last layer, which is activated as the others are."""
        self.look(student, reference, [(deep(rng), activation) for activation in ACTIVATIONS], 1, slice(-1, None))

    @corner("a batch of one", 0.03)
    def test_batch_of_one(self, student, reference, rng):
        """The statistics of a batch of one example are right; they go over its units."""
        self.look(student, reference, [((rng.standard_normal((1, 6)), network(rng, (6, 4, 3))), "tanh")])

    @corner("extreme signals", 0.04)
    def test_extremes(self, student, reference, rng):
        """The statistics of a signal that collapses or grows by orders of magnitude are right, and those of saturated units."""
        X, sizes = rng.standard_normal((8, 10)), (10, 10, 10, 10)
        chains = [(network(rng, sizes, scale), activation) for scale, activation in ((0.01, "tanh"), (1e12, "relu"), (60.0, "logistic"))]
        self.look(student, reference, [((X, weights), activation) for weights, activation in chains])


# --- gradient_norms -------------------------------------------------------------------------------------------------------


def chain(rng, widths=(6, 8, 5, 7, 3), examples=9):
    """Return a batch, layers of different widths, and a random upstream gradient."""
    return rng.standard_normal((examples, widths[0])), network(rng, widths), rng.standard_normal((examples, widths[-1]))


@exercise("gradient_norms")
class TestGradientNorms(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return *chain(rng, (4, 4, 4), 5), "tanh"

    def norms(self, answer, count):
        """Return the list of norms, after a look at its form; a gradient in the place of its norm is another test's."""
        names = [f"the norm of layer {number}" for number in range(1, count + 1)]
        norms = expect(answer, "the list of norms").items(*names)
        norms = [np.linalg.norm(norm) if isinstance(norm, np.ndarray) and norm.ndim == 2 else norm for norm in norms]
        for name, norm in zip(names, norms, strict=True):
            expect(norm, name).shaped(())
        return [float(norm) for norm in norms]

    def expect_norms(self, student, reference, chains, activations):
        """Expect the right norms, in whatever order: the order is another test's."""
        calls = [(*chain, activation) for chain, activation in zip(chains, activations, strict=True)]
        answers = [student.gradient_norms(*call[:3], spelled(call[3])) for call in calls]
        for call, answer in zip(calls, answers, strict=True):
            right = sorted(reference.gradient_norms(*call))
            names = [f"norm {number} of {len(right)}, sorted by size ({call[3]})," for number in range(1, len(right) + 1)]
            expect(sorted(self.norms(answer, len(right))), "the list of norms").close_to(right, names=names)

    @aspect("first layer first", 22)
    def test_order(self, student, reference, rng):
        """Where gradients vanish on their way back, the norms grow layer by layer; where they explode, the first is the larger one."""
        X, dout, square = rng.standard_normal((6, 24)), rng.standard_normal((6, 24)), (24,) * 5
        vanishing = student.gradient_norms(X, network(rng, square), dout, "logistic")
        exploding = student.gradient_norms(X, network(rng, square, 5.0), dout, "tanh")
        for norm in vanishing if isinstance(vanishing, (list, tuple)) else ():
            expect(norm, "the norm of a layer").shaped(())
        rising = self.norms(vanishing, 4)
        if any(norm >= later for norm, later in pairwise(rising)):
            raise Mismatch("value", f"logistic units: the norms should grow from layer to layer, but they are {np.array(rising)}")
        first, *_, last = self.norms(exploding, 4)
        if not first > last:
            raise Mismatch("value", f"large tanh weights: the norm is {first:.3g} at the first layer, where it should exceed {last:.3g}")

    @aspect("through the weights", 22)
    def test_through_the_weights(self, student, reference, rng):
        """Where every ReLU is active, the norms are those of a linear network."""
        X, weights, dout = chain(rng, (5, 7, 4, 3), 6)
        self.expect_norms(student, reference, [(np.abs(X), [np.abs(W) for W in weights], dout)], ["relu"])

    @aspect("tanh", 14.5)
    def test_tanh(self, student, reference, rng):
        """Four layers of tanh, and a single one, with a random gradient from above."""
        self.expect_norms(student, reference, [chain(rng), chain(rng, (4, 3))], ["tanh"] * 2)

    @aspect("logistic", 14.5)
    def test_logistic(self, student, reference, rng):
        """Four layers of logistic units, and a single one, with a random gradient from above."""
        self.expect_norms(student, reference, [chain(rng), chain(rng, (4, 3))], ["logistic"] * 2)

    @aspect("relu", 14.5)
    def test_relu(self, student, reference, rng):
        """Four layers of ReLU, and a single one, with a random gradient from above."""
        self.expect_norms(student, reference, [chain(rng), chain(rng, (4, 3))], ["relu"] * 2)

    @aspect("one example", 12.5)
    def test_one_example(self, student, reference, rng):
        """For one example the gradient of a layer is a single outer product."""
        self.expect_norms(student, reference, [chain(rng, (4, 6, 3), 1) for _ in ACTIVATIONS], ACTIVATIONS)

    @corner("at z = 0", 0.04)
    def test_kink(self, student):
        """Where a sum is exactly 0, the norm is right for some slope of ReLU from 0 to 1."""
        X, W, dout = np.array([[1.0, 1.0], [3.0, 1.0]]), np.array([[1.0], [-1.0]]), np.array([[2.0], [1.0]])
        answer = expect(student.gradient_norms(X, [W], dout, "relu"), "the list of norms")
        # The gradient is slope·(2, 2) + (3, 1): its norm is √10 for a slope of 0, √20 for ½, √34 for 1.
        answer.close_to([np.sqrt(20)], rtol=0.31, names=["the norm of layer 1, where one of two inputs to ReLU is 0,"])

    @corner("deep networks", 0.04)
    def test_deep_networks(self, student, reference, rng):
        """The norms of gradients that vanish or explode over fifteen layers are right, however small or large."""
        X, dout, square = rng.standard_normal((6, 8)), rng.standard_normal((6, 8)), (8,) * 16
        self.expect_norms(student, reference, [(X, network(rng, square, scale), dout) for scale in (1.0, 100.0)], ["logistic", "relu"])
