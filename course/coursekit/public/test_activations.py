"""Public checks of lecture 4, activations."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

LN2, LN3 = np.log(2), np.log(3)


def differences(function, array, h=1e-6):
    """Return the slope of the sum of a function's entries, for each entry of an array, by central differences."""
    slope = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += h
        down[index] -= h
        slope[index] = np.sum(function(up) - function(down)) / (2 * h)
    return slope


# --- functions of one variable --------------------------------------------------------------------------------------------


class Curve:
    """Checks of a function of z: pairs of z and what is right, with alpha if the function has one."""

    examples: tuple = ()  # (z, right, *alpha)
    zero: tuple = (0.0, 0.0)  # between which numbers the answer at 0 lies
    large: tuple = ()  # right answers at −10⁴ and 10⁴

    def call(self, student, z, *alpha):
        return getattr(student, self.exercise)(z, *alpha)

    def test_by_hand(self, student):
        """The worked example, and other numbers that can be computed by hand."""
        for z, right, *alpha in self.examples:
            expect(self.call(student, np.array(z), *alpha), f"the answer to {np.round(z, 3).tolist()}").close_to(np.array(right), rtol=1e-6)

    def test_zero(self, student):
        """At z = 0 it has a value too; at a kink, a slope between those on both sides."""
        alpha = self.examples[0][2:]
        found = expect(self.call(student, np.array([-2.0, 0.0, 3.0]), *alpha), "the answer to [-2, 0, 3]").shaped((3,)).answer
        expect(found[1:2], "the answer to 0").within(*self.zero)

    def test_large(self, student):
        """Large z is no problem: neither NaN nor infinity for −10⁴ and 10⁴."""
        for z, right in zip((-1e4, 1e4), self.large, strict=False):
            found = expect(self.call(student, np.array([z, 0.5])), f"the answer to [{z:g}, 0.5]").shaped((2,)).answer
            expect(found[0], f"the answer to {z:g}").close_to(right)

    def test_shapes(self, student, rng):
        """An array of any shape comes back as one array of that shape, each entry treated by itself."""
        for shape in ((6,), (2, 3, 4), (3, 2)):
            z = rng.normal(0, 3, shape)
            answer = expect(self.call(student, z), f"the answer to an array of shape {shape}").shaped(shape).answer
            one = expect(self.call(student, z.ravel()[1:2]), "the answer to one of its entries").shaped((1,)).answer
            expect(answer.ravel()[1:2], "an entry of the answer").close_to(one)

    def test_argument_stays(self, student, rng):
        """z is as it was after the call."""
        expect(expect_unchanged(getattr(student, self.exercise), rng.normal(size=(3, 2))), "the answer").shaped((3, 2))


class Slope(Curve):
    """Checks of a derivative: also against differences of the function, as it should be."""

    def function(self, z, *alpha):
        raise NotImplementedError

    def test_differences(self, student, rng):
        """The answer is the slope of the curve, also for other arguments."""
        alphas = [(0.3,), (0.8,)] if self.examples[0][2:] else [()]
        for alpha in alphas:
            z = rng.uniform(0.2, 3, 8) * np.array([1, -1] * 4)
            right = differences(lambda moved, alpha=alpha: self.function(moved, *alpha), z)
            expect(self.call(student, z, *alpha), "the slope").close_to(right, rtol=1e-5)


class Default:
    """Checks of the default of alpha."""

    default = 0.0

    def test_default(self, student):
        """Without an alpha the default of the first line holds."""
        z = np.array([-1.0, -0.3, 2.0])
        expect(self.call(student, z), "the answer without an alpha").close_to(
            expect(self.call(student, z, self.default)).shaped((3,)).answer
        )


@exercise("sigmoid")
class TestSigmoid(Curve):
    examples = (([0.0, LN3, -LN3], [0.5, 0.75, 0.25]), ([12.0, -12.0], [0.9999938558, 6.1442e-6]))
    zero, large = (0.5, 0.5), (0.0, 1.0)


@exercise("sigmoid_grad")
class TestSigmoidGrad(Slope):
    examples = (([0.0, LN3, -LN3], [0.25, 0.1875, 0.1875]),)
    zero, large = (0.25, 0.25), (0.0, 0.0)

    def function(self, z):
        return 0.5 * np.tanh(z / 2)


@exercise("relu")
class TestRelu(Curve):
    examples = (([-2.0, 3.0, 0.5], [0.0, 3.0, 0.5]), ([40.0, -40.0], [40.0, 0.0]))


@exercise("relu_grad")
class TestReluGrad(Slope):
    examples = (([-2.0, 3.0, 0.5], [0.0, 1.0, 1.0]),)
    zero = (0.0, 1.0)

    def function(self, z):
        return np.maximum(z, 0)


@exercise("leaky_relu")
class TestLeakyRelu(Default, Curve):
    examples = (([-2.0, 3.0, -0.5], [-0.2, 3.0, -0.05], 0.1), ([-10.0, 0.1, 20.0], [-3.0, 0.1, 20.0], 0.3))
    default = 0.01


@exercise("leaky_relu_grad")
class TestLeakyReluGrad(Default, Slope):
    examples = (([-2.0, 3.0, -0.5], [0.1, 1.0, 0.1], 0.1),)
    zero, default = (0.1, 1.0), 0.01

    def function(self, z, alpha):
        return np.where(z < 0, alpha * z, z)


@exercise("elu")
class TestElu(Default, Curve):
    examples = (([-LN2, 2.0], [-0.5, 2.0], 1.0), ([-LN2, 2.0, -LN3], [-1.5, 2.0, -2.0], 3.0))
    large, default = (-1.0, 1e4), 1.0


@exercise("elu_grad")
class TestEluGrad(Default, Slope):
    examples = (([-LN2, 2.0], [1.5, 1.0], 3.0), ([-LN2, 2.0], [0.5, 1.0], 1.0))
    zero, large, default = (1.0, 3.0), (0.0, 1.0), 1.0

    def function(self, z, alpha):
        return np.where(z < 0, alpha * np.exp(z), z)


@exercise("selu")
class TestSelu(Curve):
    examples = (([2.0, -LN2, 30.0], [2.101401974710961, -0.8790496699637763, 31.521029620664415]),)
    large = (-1.7580993408473766, 10507.009873554805)


# --- dead_units -----------------------------------------------------------------------------------------------------------


@exercise("dead_units")
class TestDeadUnits:
    def expect_dead(self, student, Z, right):
        answer = student.dead_units(np.array(Z, dtype=float))
        if isinstance(answer, np.ndarray) and answer.dtype == bool:
            answer = answer.astype(float)
        expect(answer, "the answer").close_to(np.array(right, dtype=float))

    def test_by_hand(self, student):
        """The worked example: one positive number is enough to be alive, and 0 isn't positive."""
        self.expect_dead(student, [[-1, -5, 0], [-2, 1, -3]], [1, 0, 1])

    def test_more(self, student):
        """The answer has an entry for each unit; small numbers count, and so does each example."""
        self.expect_dead(student, [[-1, 3, -2, 1e-12], [-1, -9, -1, -1], [-1, 2, 4, -3]], [1, 0, 0, 0])
        self.expect_dead(student, [[-1, -2]] * 7 + [[-3, 1]] + [[-2, -1]] * 12, [1, 0])

    def test_booleans(self, student):
        """The answer is an array of True and False: with it one can pick units."""
        answer = student.dead_units(np.array([[-1.0, 2.0]]))
        assert isinstance(answer, np.ndarray) and answer.dtype == bool, "the answer should be an array of dtype bool"

    def test_argument_stays(self, student, rng):
        """Z is as it was after the call."""
        expect_unchanged(student.dead_units, rng.normal(size=(3, 4)))


# --- rrelu ----------------------------------------------------------------------------------------------------------------


def rrelu(student, z, lower, upper, seed, training):
    """Call the student's function; return out and slopes, of the shape of z."""
    answer = student.rrelu(np.array(z, dtype=float), lower, upper, np.random.default_rng(seed), training)
    items = expect(answer, "what rrelu returns").items("out", "slopes")
    return [expect(item, name).shaped(np.shape(z)).answer for item, name in zip(items, ("out", "slopes"), strict=True)]


@exercise("rrelu")
class TestRrelu:
    def test_by_hand(self, student):
        """The worked example, after training: negative numbers are multiplied by the mean of 0.1 and 0.3."""
        out, slopes = rrelu(student, [-10, 5, -10], 0.1, 0.3, 0, False)
        expect(out, "out").close_to([-2.0, 5.0, -2.0])
        expect(slopes, "slopes").close_to([0.2, 1.0, 0.2])

    def test_training(self, student):
        """In training, out is slopes · z; the slopes are 1 for positive z, and lie between the bounds for negative z."""
        z = np.array([[-10.0, 5.0, -10.0, 2.0, -1.0, -3.0]] * 30)
        out, slopes = rrelu(student, z, 0.1, 0.3, 1, True)
        expect(slopes[:, [1, 3]], "slopes of positive entries").close_to(np.ones((30, 2)))
        expect(slopes[z < 0], "slopes of negative entries").within(0.1, 0.3)
        expect(out, "out").close_to(slopes * z)

    def test_one_slope_each(self, student):
        """Each of 3000 negative entries draws a slope of its own, uniform between the bounds."""
        _, slopes = rrelu(student, -np.ones((60, 50)), 0.2, 0.6, 2, True)
        assert len(np.unique(slopes)) > 2000, f"3000 entries have only {len(np.unique(slopes))} different slopes"
        expect(slopes.ravel(), "slopes").is_uniform(0.2, 0.6)

    def test_generator(self, student):
        """The random numbers come from rng: the same seed gives the same slopes, another one others."""
        z = -np.ones((4, 5))
        first, again, other = (rrelu(student, z, 0.1, 0.4, seed, True)[1] for seed in (3, 3, 4))
        assert np.array_equal(first, again), "two generators with the same seed gave different slopes: draw from rng alone"
        assert not np.array_equal(first, other), "two generators with different seeds gave the same slopes: draw from rng"

    def test_argument_stays(self, student, rng):
        """z is as it was after the call."""
        expect_unchanged(student.rrelu, rng.normal(size=(3, 4)), 0.1, 0.2, np.random.default_rng(0), False)


# --- prelu and maxout -----------------------------------------------------------------------------------------------------


class Pair:
    """Checks of a backward pass: `example` holds dout, the forward pass's arguments, and the right gradients."""

    names: tuple = ()
    example: tuple = ()

    def arguments(self, rng):
        """Return dout and the forward pass's arguments."""
        raise NotImplementedError

    def forward(self, student, *arguments):
        name = self.exercise.replace("backward", "forward")
        return expect(getattr(student, name)(*arguments), f"what {name} returns").items("out", "cache")

    def gradients(self, student, dout, *arguments):
        _, cache = self.forward(student, *arguments)
        return expect(getattr(student, self.exercise)(dout, cache), f"what {self.exercise} returns").items(*self.names)

    def test_by_hand(self, student):
        """The worked example."""
        dout, arguments, right = self.example
        found = self.gradients(student, np.array(dout), *map(np.array, arguments))
        for gradient, wanted, name in zip(found, right, self.names, strict=True):
            expect(gradient, name).close_to(np.array(wanted))

    def test_differences(self, student, rng):
        """Each gradient is the slope of your forward pass, for a random upstream gradient, and has the shape of its variable."""
        dout, *arguments = self.arguments(rng)
        for place, (gradient, name) in enumerate(zip(self.gradients(student, dout, *arguments), self.names, strict=True)):

            def moved(array, place=place):
                return dout * self.forward(student, *arguments[:place], array, *arguments[place + 1 :])[0]

            expect(gradient, name).close_to(differences(moved, arguments[place]), rtol=1e-5)

    def test_dout_stays(self, student, rng):
        """dout is as it was after the call."""
        dout, *arguments = self.arguments(rng)
        call = getattr(student, self.exercise).call(dout, self.forward(student, *arguments)[1])
        expect(call.arguments[0], "dout after the call").same_as(dout, "from what was passed: work on a copy")


@exercise("prelu_forward")
class TestPreluForward:
    def test_by_hand(self, student):
        """The worked example: each feature has its own slope, and 2 is a slope as well."""
        answer = student.prelu_forward(np.array([[-1.0, 2.0], [-3.0, -4.0]]), np.array([0.5, 2.0]))
        expect(expect(answer, "what prelu_forward returns").items("out", "cache")[0], "out").close_to([[-0.5, 2.0], [-1.5, -8.0]])

    def test_more(self, student):
        """A negative slope, a small one, and a zero among the entries."""
        answer = student.prelu_forward(np.array([[-1.0, 2.0, -10.0], [3.0, 0.0, -20.0], [5.0, -7.0, 1.0]]), np.array([-0.5, 0.1, 0.2]))
        right = [[0.5, 2.0, -2.0], [3.0, 0.0, -4.0], [5.0, -0.7, 1.0]]
        expect(expect(answer, "what prelu_forward returns").items("out", "cache")[0], "out").close_to(right)

    def test_arguments_stay(self, student, rng):
        """z and alpha are as they were after the call."""
        expect_unchanged(student.prelu_forward, rng.normal(size=(3, 4)), rng.uniform(size=4))


@exercise("prelu_backward")
class TestPreluBackward(Pair):
    names = ("dz", "dalpha")
    example = (
        [[1.0, 1.0], [1.0, 10.0]],
        ([[-1.0, 2.0], [-3.0, -4.0]], [0.5, 2.0]),
        ([[0.5, 1.0], [0.5, 20.0]], [-4.0, -40.0]),
    )

    def arguments(self, rng):
        z = rng.uniform(0.5, 3, (4, 3)) * np.where(np.arange(12).reshape(4, 3) % 2, 1, -1)
        return rng.normal(size=(4, 3)), z, np.array([0.3, -0.4, 0.7])


@exercise("maxout_forward")
class TestMaxoutForward:
    def out(self, student, *arguments):
        return expect(student.maxout_forward(*arguments), "what maxout_forward returns").items("out", "cache")[0]

    def test_by_hand(self, student):
        """The worked example: the pieces x and 3 − 2x, at 4, −1 and 0.9."""
        W, b = np.array([[[1.0]], [[-2.0]]]), np.array([[0.0], [3.0]])
        expect(self.out(student, np.array([[4.0], [-1.0], [0.9]]), W, b), "out").close_to([[4.0], [5.0], [1.2]])

    def test_negative(self, student):
        """Out may be negative: the pieces −3, −1 and −2 give −1."""
        expect(self.out(student, np.zeros((1, 2)), np.ones((3, 2, 1)), np.array([[-3.0], [-1.0], [-2.0]])), "out").close_to([[-1.0]])

    def test_pieces_of_random_layers(self, student, rng):
        """Each entry of out is the largest of its pieces, computed one by one."""
        x, W, b = rng.normal(size=(5, 3)), rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 2))
        right = [[max(float(row @ W[j, :, h] + b[j, h]) for j in range(4)) for h in range(2)] for row in x]
        expect(self.out(student, x, W, b), "out").close_to(np.array(right))

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        expect_unchanged(student.maxout_forward, rng.normal(size=(4, 3)), rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 5)))


@exercise("maxout_backward")
class TestMaxoutBackward(Pair):
    names = ("dx", "dW", "db")
    example = (
        [[1.0], [10.0]],
        ([[4.0], [-1.0]], [[[1.0]], [[-2.0]]], [[0.0], [3.0]]),
        ([[1.0], [-20.0]], [[[4.0]], [[-10.0]]], [[1.0], [10.0]]),
    )

    def arguments(self, rng):
        return rng.normal(size=(5, 2)), rng.normal(size=(5, 3)), rng.normal(size=(3, 3, 2)), rng.normal(size=(3, 2))

    def test_tie(self, student):
        """Two equal pieces share the gradient: together they get dout, and not each all of it."""
        x, W, b = np.array([[2.0]]), np.ones((2, 1, 1)), np.zeros((2, 1))
        dx, _, db = self.gradients(student, np.array([[3.0]]), x, W, b)
        expect(dx, "dx").close_to([[3.0]])
        expect(np.sum(expect(db, "db").shaped((2, 1)).answer), "the sum of db over the pieces").close_to(3.0)
