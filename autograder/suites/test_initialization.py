"""Hidden suite of lecture 03: initialization."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged, worth
from coursekit.expectations import Mismatch

TALL, WIDE, LARGE = (3000, 20), (20, 3000), (400, 250)


def shapes_are_right(draw, rng):
    """Expect random numbers, centred on zero, in the shape (fan_in, fan_out)."""
    shapes = (7, 4), (4, 7), (1, 6)
    drawn = [draw(*shape, rng) for shape in shapes]
    for shape, W in zip(shapes, drawn, strict=True):
        expect(W, "W").shaped(shape)
        if np.unique(W).size < W.size:
            raise Mismatch("value", f"some of the {W.size} entries of W are equal, but each of them should be drawn by itself")


def generator_is_used(draw, rng, shape=(60, 50)):
    """Expect that the numbers come from the generator that is passed in, and from nowhere else."""
    seed = int(rng.integers(1_000_000))
    one, other, again = np.random.default_rng(seed), np.random.default_rng(seed + 1), np.random.default_rng(seed)
    first, second, of_other, repeated = [draw(*shape, generator) for generator in (one, one, other, again)]
    expect(first, "W").shaped(shape)
    if np.std(first) == 0:
        raise Mismatch("value", "all entries of W are equal, so nothing was drawn at random")
    expect(second, "W").differs_from(first, "in a second call with the same generator, which should have moved on")
    expect(of_other, "W").differs_from(first, "with a generator of another seed, so the generator isn't used")
    expect(repeated, "W").same_as(first, "between two fresh generators of one seed, so not all random numbers come from rng")


def small_matrices(draw, rng, fan_in=3, fan_out=4, count=250):
    """Return many small matrices drawn from one generator, stacked: together they show an off-by-one that a large matrix hides."""
    matrices = [draw(fan_in, fan_out, rng) for _ in range(count)]
    for W in matrices:
        expect(W, "W").shaped((fan_in, fan_out))
    return np.concatenate(matrices)


def normal_weights(draw, rng, shape, std):
    """Expect independent normal draws with this standard deviation."""
    W = draw(*shape, rng)
    expect(W, f"W of shape {shape}").shaped(shape).is_normal(0.0, std).is_independent(std)


def spelled(name):
    """Return a string that is equal to `name` and another object, as strings are that come from a file: `is` tells the two apart."""
    return "".join(list(name))


@exercise("fans")
class TestFans:
    def test_dense(self, student):
        """The weights of a dense layer, (in, out), have fan_in = in and fan_out = out."""
        for shape in ((784, 300), (1, 10), (10, 1), (64, 64)):
            expect(student.fans(shape), f"fans({shape})").equals(shape)

    @worth(2)
    def test_convolution(self, student, reference):
        """Every position of the window counts: C·KH·KW inputs to an output, F·KH·KW outputs from an input."""
        for shape in ((6, 3, 5, 5), (8, 1, 3, 3), (2, 16, 7, 7)):
            expect(student.fans(shape), f"fans({shape})").equals(reference.fans(shape))

    def test_kernels_that_are_not_square(self, student, reference):
        """Height and width of a kernel may differ."""
        for shape in ((4, 3, 1, 7), (5, 2, 6, 1), (3, 4, 2, 5)):
            expect(student.fans(shape), f"fans({shape})").equals(reference.fans(shape))

    def test_pointwise_convolution(self, student):
        """A 1×1 convolution is a dense layer for every pixel, but its shape is (out, in, 1, 1): channels in are fan_in."""
        expect(student.fans((32, 12, 1, 1)), "fans((32, 12, 1, 1))").equals((12, 32))

    def test_shape_of_an_array(self, student, rng):
        """The shape may come straight from an array."""
        expect(student.fans(rng.standard_normal((3, 7)).shape), "fans of a (3, 7) array").equals((3, 7))
        expect(student.fans(rng.standard_normal((2, 5, 3, 4)).shape), "fans of a (2, 5, 3, 4) array").equals((60, 24))


@exercise("glorot_normal")
class TestGlorotNormal:
    def test_shape(self, student, rng):
        """Weights come in shape (fan_in, fan_out), and every entry is drawn by itself."""
        shapes_are_right(student.glorot_normal, rng)

    @worth(2)
    def test_distribution(self, student, rng):
        """A large layer's weights are normal with variance 1/fan_avg."""
        normal_weights(student.glorot_normal, rng, LARGE, np.sqrt(1 / 325))

    def test_tall(self, student, rng):
        """With many more inputs than outputs the variance is still that of the average fan."""
        normal_weights(student.glorot_normal, rng, TALL, np.sqrt(1 / 1510))

    def test_wide(self, student, rng):
        """With many more outputs than inputs the variance is still that of the average fan."""
        normal_weights(student.glorot_normal, rng, WIDE, np.sqrt(1 / 1510))

    def test_small_layers(self, student, rng):
        """Many small layers drawn one after the other have the right variance together."""
        std = np.sqrt(1 / 3.5)
        expect(small_matrices(student.glorot_normal, rng), "250 small layers").is_normal(0.0, std).is_independent(std)

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same weights; next call, other weights."""
        generator_is_used(student.glorot_normal, rng)


@exercise("glorot_uniform")
class TestGlorotUniform:
    def uniform_weights(self, student, rng, shape, bound):
        W = student.glorot_uniform(*shape, rng)
        expect(W, f"W of shape {shape}").shaped(shape).is_uniform(-bound, bound).is_independent(bound / np.sqrt(3))

    def test_shape(self, student, rng):
        """Weights come in shape (fan_in, fan_out), and every entry is drawn by itself."""
        shapes_are_right(student.glorot_uniform, rng)

    @worth(2)
    def test_distribution(self, student, rng):
        """A large layer's weights fill the interval ±√(3/fan_avg) evenly."""
        self.uniform_weights(student, rng, LARGE, np.sqrt(3 / 325))

    def test_tall(self, student, rng):
        """With many more inputs than outputs the bound is still that of the average fan."""
        self.uniform_weights(student, rng, TALL, np.sqrt(3 / 1510))

    def test_wide(self, student, rng):
        """With many more outputs than inputs the bound is still that of the average fan."""
        self.uniform_weights(student, rng, WIDE, np.sqrt(3 / 1510))

    def test_small_layers(self, student, rng):
        """Many small layers drawn one after the other fill the right interval together."""
        bound = np.sqrt(3 / 3.5)
        expect(small_matrices(student.glorot_uniform, rng), "250 small layers").is_uniform(-bound, bound).is_independent(bound / np.sqrt(3))

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same weights; next call, other weights."""
        generator_is_used(student.glorot_uniform, rng)


@exercise("he_normal")
class TestHeNormal:
    def test_shape(self, student, rng):
        """Weights come in shape (fan_in, fan_out), and every entry is drawn by itself."""
        shapes_are_right(student.he_normal, rng)

    @worth(2)
    def test_distribution(self, student, rng):
        """A large layer's weights are normal with variance 2/fan_in."""
        normal_weights(student.he_normal, rng, LARGE, np.sqrt(2 / 400))

    def test_tall(self, student, rng):
        """With many more inputs than outputs, fan_in alone decides."""
        normal_weights(student.he_normal, rng, TALL, np.sqrt(2 / 3000))

    def test_wide(self, student, rng):
        """With many more outputs than inputs, fan_in alone decides."""
        normal_weights(student.he_normal, rng, WIDE, np.sqrt(2 / 20))

    def test_small_layers(self, student, rng):
        """Many small layers drawn one after the other have the right variance together."""
        std = np.sqrt(2 / 3)
        expect(small_matrices(student.he_normal, rng), "250 small layers").is_normal(0.0, std).is_independent(std)

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same weights; next call, other weights."""
        generator_is_used(student.he_normal, rng)


@exercise("lecun_normal")
class TestLecunNormal:
    def test_shape(self, student, rng):
        """Weights come in shape (fan_in, fan_out), and every entry is drawn by itself."""
        shapes_are_right(student.lecun_normal, rng)

    @worth(2)
    def test_distribution(self, student, rng):
        """A large layer's weights are normal with variance 1/fan_in."""
        normal_weights(student.lecun_normal, rng, LARGE, np.sqrt(1 / 400))

    def test_tall(self, student, rng):
        """With many more inputs than outputs, fan_in alone decides."""
        normal_weights(student.lecun_normal, rng, TALL, np.sqrt(1 / 3000))

    def test_wide(self, student, rng):
        """With many more outputs than inputs, fan_in alone decides."""
        normal_weights(student.lecun_normal, rng, WIDE, np.sqrt(1 / 20))

    def test_small_layers(self, student, rng):
        """Many small layers drawn one after the other have the right variance together."""
        std = np.sqrt(1 / 3)
        expect(small_matrices(student.lecun_normal, rng), "250 small layers").is_normal(0.0, std).is_independent(std)

    def test_generator(self, student, rng):
        """All random numbers come from rng: same seed, same weights; next call, other weights."""
        generator_is_used(student.lecun_normal, rng)


@exercise("init_std")
class TestInitStd:
    def compare(self, student, reference, names, fans=((300, 100), (7, 50), (64, 64))):
        for activation in names:
            for fan_in, fan_out in fans:
                right = reference.init_std(activation, fan_in, fan_out)
                answer = student.init_std(spelled(activation), fan_in, fan_out)
                expect(answer, f"init_std({activation!r}, {fan_in}, {fan_out})").close_to(right)

    def test_linear_and_tanh(self, student, reference):
        """No activation, and tanh: Glorot, variance 1/fan_avg."""
        self.compare(student, reference, ("linear", "tanh"))

    def test_logistic_and_softmax(self, student, reference):
        """Logistic and softmax: Glorot, variance 1/fan_avg."""
        self.compare(student, reference, ("logistic", "softmax"))

    def test_relu(self, student, reference):
        """ReLU: He, variance 2/fan_in."""
        self.compare(student, reference, ("relu",))

    def test_relatives_of_relu(self, student, reference):
        """Leaky ReLU and ELU: He too."""
        self.compare(student, reference, ("leaky_relu", "elu"))

    def test_selu(self, student, reference):
        """SELU: LeCun, variance 1/fan_in."""
        self.compare(student, reference, ("selu",))

    @worth(0.5)
    def test_tiny_and_huge_layers(self, student, reference):
        """The formulas hold from one connection to a million."""
        self.compare(student, reference, ("tanh", "relu", "selu"), fans=((1, 1), (1, 1_000_000), (1_000_000, 1)))

    def test_unknown_name(self, student, reference):
        """A name that isn't in the table raises ValueError, near misses too; a name that is does not."""
        for name in ("sigmoid", "ReLU", "Tanh", "SELU", "relu ", "leaky", "", "swish"):
            expect_error(student.init_std, ValueError, name, 30, 20)
        self.compare(student, reference, ("relu", "selu"), fans=((30, 20),))


def network(rng, widths, scale=1.0):
    """Return weights that neither saturate nor collapse, none of them square by accident."""
    return [scale * rng.standard_normal((n, m)) * np.sqrt(2 / n) for n, m in pairwise(widths)]


def expect_statistics(answer, expected, rtol=1e-7):
    """Compare layer by layer; a mean near zero counts by the scale of its layer."""
    layers = expect(answer, "the list").items(*(f"layer {number}" for number in range(1, len(expected) + 1)))
    for number, (pair, right) in enumerate(zip(layers, expected, strict=True), start=1):
        names = (f"the mean of layer {number}", f"the standard deviation of layer {number}")
        expect(pair, f"layer {number}").close_to(tuple(right), rtol, names, scale=max(map(abs, right)) or 1.0)


@exercise("activation_statistics")
class TestActivationStatistics:
    def compare(self, student, reference, X, weights, activation, rtol=1e-7):
        answer = student.activation_statistics(X, weights, spelled(activation))
        expect_statistics(answer, reference.activation_statistics(X, weights, activation), rtol)

    def test_one_layer(self, student, reference, rng):
        """One layer gives a list of one pair, the mean and the standard deviation after the activation."""
        self.compare(student, reference, rng.standard_normal((6, 5)) + 0.3, network(rng, (5, 3)), "tanh")

    @worth(2)
    def test_tanh(self, student, reference, rng):
        """Four layers of tanh, of different widths."""
        self.compare(student, reference, rng.standard_normal((9, 8)) - 0.5, network(rng, (8, 12, 7, 10, 4)), "tanh")

    @worth(2)
    def test_relu(self, student, reference, rng):
        """Four layers of ReLU, the last one included."""
        self.compare(student, reference, rng.standard_normal((9, 8)), network(rng, (8, 12, 7, 10, 4)), "relu")

    @worth(2)
    def test_logistic(self, student, reference, rng):
        """Four layers of logistic units, the last one included."""
        self.compare(student, reference, rng.standard_normal((9, 8)), network(rng, (8, 12, 7, 10, 4)), "logistic")

    def test_square_layers(self, student, reference, rng):
        """Layers as wide as the one before: a transposed weight would go unnoticed by its shape."""
        self.compare(student, reference, rng.standard_normal((5, 5)), network(rng, (5, 5, 5)), "relu")

    def test_batch_of_one(self, student, reference, rng):
        """One example is enough: the statistics go over its units."""
        self.compare(student, reference, rng.standard_normal((1, 6)), network(rng, (6, 4, 3)), "tanh")

    @worth(0.5)
    def test_other_kinds_of_arrays(self, student, reference, rng):
        """Slices, transposed arrays and float32 give the same statistics."""
        X, weights = rng.standard_normal((6, 10))[:, ::2], [W.T.copy().T for W in network(rng, (5, 7, 4))]
        self.compare(student, reference, X, weights, "tanh")
        single = [W.astype(np.float32) for W in weights]
        self.compare(student, reference, X.astype(np.float32), single, "logistic", rtol=1e-4)

    @worth(0.5)
    def test_integers(self, student, reference, rng):
        """Integers are legal input."""
        X, weights = rng.integers(1, 4, (5, 4)), [rng.integers(-2, 3, (4, 3)), rng.integers(-2, 3, (3, 6))]
        self.compare(student, reference, X, weights, "relu")
        self.compare(student, reference, X, weights, "tanh")

    @worth(0.5)
    def test_extremes(self, student, reference, rng):
        """A signal that collapses or grows by orders of magnitude is measured all the same, and saturated units too."""
        X = rng.standard_normal((8, 10))
        self.compare(student, reference, X, network(rng, (10, 10, 10, 10), scale=0.01), "tanh")
        self.compare(student, reference, X, network(rng, (10, 10, 10, 10), scale=1e12), "relu")
        self.compare(student, reference, X, network(rng, (10, 10, 10), scale=60.0), "logistic")

    @worth(0.5)
    def test_arguments_stay_as_they_are(self, student, reference, rng):
        """Neither the batch nor a weight is changed, and the statistics are right."""
        X, weights = rng.standard_normal((4, 5)), network(rng, (5, 6, 3))
        for activation in ("relu", "logistic"):
            answer = expect_unchanged(student.activation_statistics, X, weights, activation)
            expect_statistics(answer, reference.activation_statistics(X, weights, activation))


@exercise("gradient_norms")
class TestGradientNorms:
    def compare(self, student, reference, X, weights, dout, activation, rtol=1e-7):
        answer = student.gradient_norms(X, weights, dout, spelled(activation))
        self.expect_norms(answer, reference.gradient_norms(X, weights, dout, activation), rtol)

    def expect_norms(self, answer, right, rtol=1e-7):
        expect(answer, "the list of norms").close_to(right, rtol, names=[f"the norm of layer {l}" for l in range(1, len(right) + 1)])  # noqa: E741

    def chain(self, rng):
        """A batch, four layers of different widths, and a random upstream gradient."""
        return rng.standard_normal((9, 6)), network(rng, (6, 8, 5, 7, 3)), rng.standard_normal((9, 3))

    def test_one_layer(self, student, reference, rng):
        """One activated layer: the derivative of the last activation counts too."""
        for activation in ("tanh", "relu", "logistic"):
            self.compare(student, reference, rng.standard_normal((5, 4)), network(rng, (4, 3)), rng.standard_normal((5, 3)), activation)

    @worth(2)
    def test_tanh(self, student, reference, rng):
        """Four layers of tanh, a random gradient from above."""
        self.compare(student, reference, *self.chain(rng), "tanh")

    @worth(2)
    def test_logistic(self, student, reference, rng):
        """Four layers of logistic units, a random gradient from above."""
        self.compare(student, reference, *self.chain(rng), "logistic")

    @worth(2)
    def test_relu(self, student, reference, rng):
        """Four layers of ReLU, a random gradient from above."""
        self.compare(student, reference, *self.chain(rng), "relu")

    def test_square_layers(self, student, reference, rng):
        """Layers as wide as the one before: a transposed weight would go unnoticed by its shape."""
        self.compare(student, reference, rng.standard_normal((5, 5)), network(rng, (5, 5, 5)), rng.standard_normal((5, 5)), "tanh")

    def test_batch_of_one(self, student, reference, rng):
        """One example: the gradient of a layer is a single outer product."""
        self.compare(student, reference, rng.standard_normal((1, 4)), network(rng, (4, 6, 3)), rng.standard_normal((1, 3)), "tanh")

    def test_batch_is_summed(self, student, reference, rng):
        """There is no 1/N: the same batch twice has gradients of twice the norm, and a gradient ten times as large ten times the norm."""
        X, weights, dout = rng.standard_normal((4, 6)), network(rng, (6, 5, 3)), rng.standard_normal((4, 3))
        once = reference.gradient_norms(X, weights, dout, "logistic")
        twice = student.gradient_norms(np.vstack((X, X)), weights, np.vstack((dout, dout)), "logistic")
        self.expect_norms(twice, [2 * norm for norm in once])
        self.expect_norms(student.gradient_norms(X, weights, 10 * dout, "logistic"), [10 * norm for norm in once])

    @worth(0.5)
    def test_kink(self, student, reference):
        """At z = 0 exactly, the slope of ReLU is anything from 0 to 1."""
        X, W, dout = np.array([[1.0, 1.0], [3.0, 1.0]]), np.array([[1.0], [-1.0]]), np.array([[2.0], [1.0]])
        self.compare(student, reference, X[1:], [W], dout[1:], "relu")
        answer = expect(student.gradient_norms(X, [W], dout, "relu"), "the list of norms")
        # The gradient is slope·(2, 2) + (3, 1): its norm is √10 for a slope of 0, √20 for ½, √34 for 1.
        answer.close_to([np.sqrt(20)], rtol=0.31, names=["the norm of layer 1, where one of two inputs to ReLU is 0,"])

    @worth(0.5)
    def test_other_kinds_of_arrays(self, student, reference, rng):
        """Slices, transposed arrays, float32 and integers give the same norms."""
        X, weights = rng.standard_normal((6, 10))[:, ::2], [W.T.copy().T for W in network(rng, (5, 7, 4))]
        dout = rng.standard_normal((4, 6)).T
        self.compare(student, reference, X, weights, dout, "tanh")
        single = [W.astype(np.float32) for W in weights]
        self.compare(student, reference, X.astype(np.float32), single, dout.astype(np.float32), "logistic", rtol=1e-4)
        whole = [np.array([[1, -1, 0], [0, 1, 1]]), np.array([[1, 0], [-1, 1], [1, 1]])]
        self.compare(student, reference, np.array([[1, 2], [3, -1], [0, 1]]), whole, np.array([[1, -2], [3, 1], [2, 2]]), "tanh")

    @worth(0.5)
    def test_deep_networks(self, student, reference, rng):
        """Gradients that vanish or explode over fifteen layers are measured, however small or large."""
        X, dout = rng.standard_normal((6, 8)), rng.standard_normal((6, 8))
        self.compare(student, reference, X, network(rng, (8,) * 16), dout, "logistic")
        self.compare(student, reference, X, network(rng, (8,) * 16, scale=100.0), dout, "relu")

    @worth(0.5)
    def test_arguments_stay_as_they_are(self, student, reference, rng):
        """Neither the batch nor a weight nor the upstream gradient is changed, and the norms are right."""
        chain = self.chain(rng)
        answer = expect_unchanged(student.gradient_norms, *chain, "relu")
        self.expect_norms(answer, reference.gradient_norms(*chain, "relu"))
