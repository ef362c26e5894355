"""Public checks of lecture 03: initialization."""

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged


def draws_from_rng(draw, rng):
    """Expect weights that follow the generator: same seed, same weights; next call or other seed, other weights."""
    seed = int(rng.integers(1_000_000))
    one, other = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    first = draw(12, 9, one)
    expect(first, "W").shaped((12, 9))
    expect(draw(12, 9, one), "W").differs_from(first, "when the same generator is used a second time")
    expect(draw(12, 9, other), "W").differs_from(first, "for generators with different seeds")
    expect(draw(12, 9, np.random.default_rng(seed)), "W").same_as(first, "for two generators with the same seed")


def has_shape(draw, rng):
    """Expect shape (fan_in, fan_out), and entries that are drawn one by one."""
    for shape in ((5, 3), (3, 5)):
        W = draw(*shape, rng)
        expect(W, "W").shaped(shape)
        expect(W[:, 0], "the first unit's vector of weights").differs_from(W[:, 1], "as the second unit's")


def expect_layers(answer, right, where=""):
    """Expect the statistics (mean, std) of each layer."""
    names = [f"layer {number}" for number in range(1, len(right) + 1)]
    for name, pair, statistics in zip(names, expect(answer, f"{where}the list").items(*names), right, strict=True):
        expect(pair, f"{where}{name}").close_to(statistics, names=(f"{where}the mean of {name}", f"{where}the std of {name}"))


@exercise("activation_statistics")
class TestActivationStatistics:
    def test_worked_example(self, student):
        """The worked example: ReLU layers with outputs [1, 0] and [2] have the statistics (0.5, 0.5) and (2, 0)."""
        X, weights = np.array([[1.0, 3.0]]), [np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[2.0], [5.0]])]
        expect_layers(student.activation_statistics(X, weights, "relu"), [(0.5, 0.5), (2.0, 0.0)])

    def test_one_pair_for_each_layer(self, student, rng):
        """Three layers give three pairs (mean, std): the input is no layer, and the last layer is one."""
        X, weights = rng.standard_normal((5, 4)), [rng.standard_normal(shape) for shape in ((4, 6), (6, 3), (3, 2))]
        for activation in ("tanh", "relu", "logistic"):
            layers = expect(student.activation_statistics(X, weights, activation), "the list").items("layer 1", "layer 2", "layer 3")
            for number, pair in enumerate(layers, start=1):
                for name, value in zip(("mean", "std"), expect(pair, f"layer {number}").items("mean", "std"), strict=True):
                    expect(value, f"the {name} of layer {number}").shaped(())

    def test_each_activation(self, student):
        """Weights of zero give tanh(0) = 0, relu(0) = 0 and logistic(0) = ½; huge weights saturate tanh at ±1."""
        X, zeros = np.array([[1.0, -1.0]]), [np.zeros((2, 3))]
        expect_layers(student.activation_statistics(X, zeros, "tanh"), [(0.0, 0.0)], "for tanh, ")
        expect_layers(student.activation_statistics(X, zeros, "relu"), [(0.0, 0.0)], "for relu, ")
        expect_layers(student.activation_statistics(X, zeros, "logistic"), [(0.5, 0.0)], "for logistic, ")
        expect_layers(student.activation_statistics(X, [100 * np.eye(2)], "tanh"), [(0.0, 1.0)], "for tanh, ")

    def test_over_all_entries(self, student):
        """One mean and one deviation over all entries: four saturated units, 1 1 1 −1, have mean 0.5 and deviation √0.75."""
        X = np.array([[1.0, 1.0], [1.0, -1.0]])
        expect_layers(student.activation_statistics(X, [100 * np.eye(2)], "tanh"), [(0.5, np.sqrt(0.75))])

    def test_relu_scales(self, student, rng):
        """ReLU layers pass a factor on: an input three times as large has means and deviations three times as large, in every layer."""
        X, weights = rng.standard_normal((6, 4)), [rng.standard_normal(shape) for shape in ((4, 5), (5, 3))]
        layers = expect(student.activation_statistics(X, weights, "relu"), "the list").items("layer 1", "layer 2")
        once = [expect(pair, "a layer's pair").items("mean", "std") for pair in layers]
        for pair in once:
            for name, value in zip(("mean", "std"), pair, strict=True):
                expect(value, f"the {name} of a layer").shaped(())
        expect_layers(student.activation_statistics(3 * X, weights, "relu"), [(3 * mean, 3 * std) for mean, std in once])

    def test_arguments(self, student):
        """X and the weights are the caller's: they stay as they are."""
        X, weights = np.array([[1.0, -2.0]]), [np.eye(2), np.eye(2)]
        answer = expect_unchanged(student.activation_statistics, X, weights, "relu")
        expect_layers(answer, [(0.5, 0.5), (0.5, 0.5)])


@exercise("fans")
class TestFans:
    def test_convolution(self, student):
        """The worked example: 6 kernels of 5×5 over 3 channels have 75 connections in and 150 out."""
        expect(student.fans((6, 3, 5, 5)), "fans((6, 3, 5, 5))").equals((75, 150))

    def test_dense(self, student):
        """A dense layer: fans((784, 300)) is (784, 300)."""
        expect(student.fans((784, 300)), "fans((784, 300))").equals((784, 300))

    def test_any_window(self, student):
        """Windows that aren't square, and of a single pixel."""
        expect(student.fans((4, 2, 3, 1)), "fans((4, 2, 3, 1))").equals((6, 12))
        expect(student.fans((10, 7, 1, 1)), "fans((10, 7, 1, 1))").equals((7, 10))


@exercise("lecun_normal")
class TestLecunNormal:
    def test_spread(self, student, rng):
        """The worked example: 100 inputs give normal weights with σ = 0.1, however many units there are."""
        for fan_out in (50, 400):
            expect(student.lecun_normal(100, fan_out, rng), f"W of shape (100, {fan_out})").shaped((100, fan_out)).is_normal(0.0, 0.1)

    def test_shape(self, student, rng):
        """W has shape (fan_in, fan_out), and no two units get the same weights."""
        has_shape(student.lecun_normal, rng)

    def test_fewer_inputs(self, student, rng):
        """A quarter of the inputs, twice the σ: 25 inputs give 0.2."""
        expect(student.lecun_normal(25, 800, rng), "W of shape (25, 800)").shaped((25, 800)).is_normal(0.0, 0.2)

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        draws_from_rng(student.lecun_normal, rng)


@exercise("glorot_normal")
class TestGlorotNormal:
    def test_spread(self, student, rng):
        """The worked example: 50 inputs and 150 outputs give normal weights with σ = 0.1."""
        expect(student.glorot_normal(50, 150, rng), "W of shape (50, 150)").shaped((50, 150)).is_normal(0.0, 0.1)

    def test_shape(self, student, rng):
        """W has shape (fan_in, fan_out), and no two units get the same weights."""
        has_shape(student.glorot_normal, rng)

    def test_both_fans_count_alike(self, student, rng):
        """Inputs and outputs may change places: (700, 100) and (100, 700) both give σ = 0.05."""
        expect(student.glorot_normal(700, 100, rng), "W of shape (700, 100)").shaped((700, 100)).is_normal(0.0, 0.05)
        expect(student.glorot_normal(100, 700, rng), "W of shape (100, 700)").shaped((100, 700)).is_normal(0.0, 0.05)

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        draws_from_rng(student.glorot_normal, rng)


@exercise("glorot_uniform")
class TestGlorotUniform:
    def test_bound(self, student, rng):
        """The worked example: 100 inputs and 50 outputs give weights that fill −0.2 … 0.2 evenly."""
        expect(student.glorot_uniform(100, 50, rng), "W of shape (100, 50)").shaped((100, 50)).is_uniform(-0.2, 0.2)

    def test_shape(self, student, rng):
        """W has shape (fan_in, fan_out), and no two units get the same weights."""
        has_shape(student.glorot_uniform, rng)

    def test_both_fans_count_alike(self, student, rng):
        """Inputs and outputs may change places: (400, 200) and (200, 400) both fill −0.1 … 0.1."""
        expect(student.glorot_uniform(400, 200, rng), "W of shape (400, 200)").shaped((400, 200)).is_uniform(-0.1, 0.1)
        expect(student.glorot_uniform(200, 400, rng), "W of shape (200, 400)").shaped((200, 400)).is_uniform(-0.1, 0.1)

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        draws_from_rng(student.glorot_uniform, rng)


@exercise("he_normal")
class TestHeNormal:
    def test_spread(self, student, rng):
        """The worked example: 200 inputs give normal weights with σ = 0.1, however many units there are."""
        for fan_out in (40, 300):
            expect(student.he_normal(200, fan_out, rng), f"W of shape (200, {fan_out})").shaped((200, fan_out)).is_normal(0.0, 0.1)

    def test_shape(self, student, rng):
        """W has shape (fan_in, fan_out), and no two units get the same weights."""
        has_shape(student.he_normal, rng)

    def test_fewer_inputs(self, student, rng):
        """A quarter of the inputs, twice the σ: 50 inputs give 0.2."""
        expect(student.he_normal(50, 400, rng), "W of shape (50, 400)").shaped((50, 400)).is_normal(0.0, 0.2)

    def test_generator(self, student, rng):
        """All random numbers come from rng."""
        draws_from_rng(student.he_normal, rng)


@exercise("gradient_norms")
class TestGradientNorms:
    def numerical(self, f, X, weights, dout, h=1e-5):
        """Return the norms of the derivatives of Σ dout·out by every weight, by central differences."""

        def loss():
            out = X
            for W in weights:
                out = f(out @ W)
            return np.sum(dout * out)

        norms = []
        for W in weights:
            squares = 0.0
            for index in np.ndindex(W.shape):
                before = W[index]
                W[index] = before + h
                above = loss()
                W[index] = before - h
                squares += ((above - loss()) / (2 * h)) ** 2
                W[index] = before
            norms.append(np.sqrt(squares))
        return norms

    def test_worked_example(self, student):
        """The worked example: two ReLU layers with the norms 5·√5 and √5, first layer first."""
        X, weights, dout = np.array([[1.0, 2.0]]), [np.eye(2), np.array([[3.0], [4.0]])], np.array([[1.0]])
        expect(student.gradient_norms(X, weights, dout, "relu"), "the list").close_to([5 * np.sqrt(5), np.sqrt(5)])

    def test_one_weighted_sum(self, student):
        """A single unit at z = 0, input [3, 4], upstream 2: the norm is 2·f′(0)·5, so 10 for tanh and 2.5 for the logistic function."""
        X, weights, dout = np.array([[3.0, 4.0]]), [np.zeros((2, 1))], np.array([[2.0]])
        expect(student.gradient_norms(X, weights, dout, "tanh"), "for tanh, the list").close_to([10.0])
        expect(student.gradient_norms(X, weights, dout, "logistic"), "for logistic, the list").close_to([2.5])

    def test_relu_passes_or_blocks(self, student):
        """ReLU passes the whole gradient where z > 0, and nothing where z < 0."""
        X, dout = np.array([[3.0, 4.0]]), np.array([[2.0]])
        expect(student.gradient_norms(X, [np.ones((2, 1))], dout, "relu"), "with z = 7, the list").close_to([10.0])
        expect(student.gradient_norms(X, [-np.ones((2, 1))], dout, "relu"), "with z = −7, the list").close_to([0.0])

    def test_numerical_gradient(self, student, rng):
        """Three layers agree with derivatives taken by wiggling each weight, for a random gradient from above."""
        X, dout = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
        weights = [rng.standard_normal(shape) for shape in ((3, 4), (4, 3), (3, 2))]
        for activation, f in (("tanh", np.tanh), ("relu", lambda z: np.maximum(z, 0)), ("logistic", lambda z: 1 / (1 + np.exp(-z)))):
            expected = self.numerical(f, X, weights, dout)
            expect(student.gradient_norms(X, weights, dout, activation), f"for {activation}, the list").close_to(expected, rtol=1e-5)

    def test_batch_is_summed(self, student, rng):
        """There is no 1/N: a batch that holds every example twice has gradients of twice the norm."""
        X, weights, dout = np.array([[1.0, 2.0]]), [np.eye(2), np.array([[3.0], [4.0]])], np.array([[1.0]])
        twice = student.gradient_norms(np.vstack((X, X)), weights, np.vstack((dout, dout)), "relu")
        expect(twice, "the list").close_to([10 * np.sqrt(5), 2 * np.sqrt(5)])

    def test_arguments(self, student):
        """X, the weights and dout are the caller's: they stay as they are."""
        X, weights, dout = np.array([[1.0, 2.0]]), [np.eye(2), np.array([[3.0, -1.0], [4.0, -1.0]])], np.array([[1.0, 7.0]])
        answer = expect_unchanged(student.gradient_norms, X, weights, dout, "relu")
        expect(answer, "the list").close_to([5 * np.sqrt(5), np.sqrt(5)])


@exercise("init_std")
class TestInitStd:
    def test_worked_examples(self, student):
        """The worked examples: tanh from 50 to 150 units, ReLU from 200 and SELU from 100 units all have σ = 0.1."""
        expect(student.init_std("tanh", 50, 150), 'init_std("tanh", 50, 150)').close_to(0.1)
        expect(student.init_std("relu", 200, 30), 'init_std("relu", 200, 30)').close_to(0.1)
        expect(student.init_std("selu", 100, 30), 'init_std("selu", 100, 30)').close_to(0.1)

    def test_whole_table(self, student):
        """Every name has the σ of its row in Table 11-1."""
        for activation in ("linear", "tanh", "logistic", "softmax"):
            expect(student.init_std(activation, 700, 100), f"init_std({activation!r}, 700, 100)").close_to(0.05)
        for activation in ("relu", "leaky_relu", "elu"):
            expect(student.init_std(activation, 50, 350), f"init_std({activation!r}, 50, 350)").close_to(0.2)
        expect(student.init_std("selu", 25, 175), 'init_std("selu", 25, 175)').close_to(0.2)

    def test_other_names(self, student):
        """A name that isn't in the table raises ValueError, and so does a name in capitals; a name in the table does not."""
        expect(student.init_std("relu", 200, 30), 'init_std("relu", 200, 30)').close_to(0.1)
        for name in ("sigmoid", "ReLU", "none"):
            expect_error(student.init_std, ValueError, name, 200, 30)
