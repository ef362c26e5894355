"""The public checks of lecture 1, neurons and backpropagation."""

from itertools import pairwise

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged
from coursekit.expectations import Mismatch

LOG2, LOG3, LOG5 = np.log([2.0, 3.0, 5.0])


def slopes(function, array, h=1e-5):
    """Return the derivative of a function of an array with respect to every entry, by central differences."""
    slope = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += h
        down[index] -= h
        slope[index] = (function(up) - function(down)) / (2 * h)
    return slope


@exercise("threshold_unit")
class TestThresholdUnit:
    def test_worked_example(self, student):
        """The worked example: w = (2, −1) and b = −1, with the sums 1, −2, 0 and −1."""
        X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
        found = student.threshold_unit(X, np.array([2.0, -1.0]), -1.0)
        expect(found, "the answer").close_to(np.array([1.0, 0.0, 1.0, 0.0]))

    def test_near_the_threshold(self, student):
        """The threshold is at 0: a sum of 0.25 fires, and one of −0.25 doesn't."""
        found = student.threshold_unit(np.array([[0.5, 9.0], [-0.5, 9.0], [3.0, 0.0]]), np.array([0.5, 0.0]), 0.0)
        expect(found, "the answer").close_to(np.array([1.0, 0.0, 1.0]))

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        expect_unchanged(student.threshold_unit, rng.normal(size=(4, 3)), rng.normal(size=3), 0.5)


@exercise("logistic_neuron_step")
class TestLogisticNeuronStep:
    def test_worked_example(self, student):
        """The worked example: w = (0, 0), b = ln 3, η = 2, inputs (2, 0) and (0, 4) with labels 1 and 0."""
        X, y = np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1, 0])
        answer = student.logistic_neuron_step(np.zeros(2), LOG3, X, y, 2.0)
        w, b = expect(answer, "what logistic_neuron_step returns").items("w", "b")
        expect(w, "w").close_to(np.array([0.5, -3.0]))
        expect(b, "b").close_to(LOG3 - 0.5)

    def test_against_differences(self, student, rng):
        """The step goes against the slope of the mean cross-entropy, for random numbers, another η and three inputs."""
        X, y, w, b, lr = rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]), rng.normal(size=3), 0.3, 0.1

        def loss(theta):
            z = X @ theta[:3] + theta[3]
            return float(np.mean(np.logaddexp(0, z) - y * z))

        right = np.append(w, b) - lr * slopes(loss, np.append(w, b))
        new_w, new_b = expect(student.logistic_neuron_step(w, b, X, y, lr), "what logistic_neuron_step returns").items("w", "b")
        expect(new_w, "w").close_to(right[:3], rtol=1e-6)
        expect(new_b, "b").close_to(right[3], rtol=1e-6)

    def test_large_sums(self, student):
        """Where the sum is 1000, nothing overflows to NaN, and a right answer moves nothing."""
        w, _ = expect(student.logistic_neuron_step(np.ones(1), 0.0, np.array([[1e3]]), np.array([1]), 1.0), "the answer").items("w", "b")
        expect(w, "w").close_to(np.array([1.0]))

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        expect_unchanged(student.logistic_neuron_step, rng.normal(size=3), 0.1, rng.normal(size=(4, 3)), np.array([0, 1, 1, 0]), 0.5)

    def test_integers(self, student):
        """Weights that are integers are legal, and the new ones have fractions."""
        answer = student.logistic_neuron_step(np.array([0, 0]), 0, np.array([[2, 0], [0, 4]]), np.array([1, 0]), 0.5)
        expect(expect(answer, "what logistic_neuron_step returns").items("w", "b")[0], "w").close_to(np.array([0.25, -0.5]))


ROWS = np.array([[0.0, LOG2, LOG5], [LOG3, 0.0, 0.0]])
PROBABILITIES = np.array([[0.125, 0.25, 0.625], [0.6, 0.2, 0.2]])


@exercise("softmax")
class TestSoftmax:
    def test_worked_example(self, student):
        """The worked example: logits 0, ln 2, ln 5 and ln 3, 0, 0."""
        expect(student.softmax(ROWS), "the answer").close_to(PROBABILITIES)

    def test_large_logits(self, student):
        """Logits of 10⁴ and −10⁴ are legal in any row, also far apart."""
        z = np.array([[1e4, 1e4, 0.0], [-1e4, -1e4, -1e4 + LOG2], [0.0, 1e4, -1e4], [600.0, 600.0 + LOG2, 600.0]])
        expect(student.softmax(z), "the answer").close_to(np.array([[0.5, 0.5, 0], [0.25, 0.25, 0.5], [0, 1, 0], [0.25, 0.5, 0.25]]))

    def test_single(self, student):
        """A single class of a single example has probability 1, and the answer has two axes."""
        expect(student.softmax(np.array([[-3.5]])), "the answer").close_to(np.array([[1.0]]), rtol=1e-12)

    def test_integers(self, student):
        """Integer logits give fractions."""
        expect(student.softmax(np.array([[2, 2], [0, 0], [5, 5]])), "the answer").close_to(np.full((3, 2), 0.5))

    def test_argument_stays(self, student, rng):
        """z is as it was after the call."""
        expect_unchanged(student.softmax, rng.normal(size=(4, 3)))


@exercise("cross_entropy")
class TestCrossEntropy:
    def test_worked_example(self, student):
        """The worked example: the labels have probabilities ¼ and ⅛, and another class has probability 0."""
        p = np.array([[0.5, 0.25, 0.25], [0.125, 0.875, 0.0]])
        expect(student.cross_entropy(p, np.array([1, 0])), "the answer").close_to(2.5 * LOG2)

    def test_three_examples(self, student):
        """Three examples of two classes."""
        p = np.array([[0.25, 0.75], [0.5, 0.5], [0.0, 1.0]])
        expect(student.cross_entropy(p, np.array([0, 1, 1])), "the answer").close_to(LOG2)

    def test_tiny_probability(self, student):
        """A label's probability of 1e-20 costs 46: nothing is added to p, and nothing cut off."""
        expect(student.cross_entropy(np.array([[1e-20, 1.0]]), np.array([0])), "the answer").close_to(-np.log(1e-20))

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        expect_unchanged(student.cross_entropy, rng.dirichlet(np.ones(3), 4), np.array([0, 1, 2, 1]))


@exercise("softmax_cross_entropy")
class TestSoftmaxCrossEntropy:
    def answer(self, student, z, y):
        return expect(student.softmax_cross_entropy(z, y), "what softmax_cross_entropy returns").items("loss", "dz")

    def test_worked_example(self, student):
        """The worked example: the softmax's examples, with labels 1 and 0."""
        loss, dz = self.answer(student, ROWS, np.array([1, 0]))
        expect(loss, "loss").close_to((2 * LOG2 + LOG5 - LOG3) / 2)
        expect(dz, "dz").close_to((PROBABILITIES - [[0, 1, 0], [1, 0, 0]]) / 2)

    def test_against_differences(self, student, rng):
        """dz is the slope of the mean cross-entropy, for random logits."""
        z, y = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2])
        _, dz = self.answer(student, z, y)

        def loss(moved):
            return float(np.mean(np.logaddexp.reduce(moved, axis=1) - moved[np.arange(4), y]))

        expect(dz, "dz").close_to(slopes(loss, z), rtol=1e-6)

    def test_large_logits(self, student):
        """Loss and gradient are right where the network is sure and wrong: with logits 10⁴ and −10⁴, and label 1, the loss is 20000."""
        loss, dz = self.answer(student, np.array([[1e4, -1e4], [-1e4, -1e4]]), np.array([1, 0]))
        expect(loss, "loss").close_to((2e4 + LOG2) / 2)
        expect(dz, "dz").close_to(np.array([[0.5, -0.5], [-0.25, 0.25]]))

    def test_integers(self, student):
        """Integer logits give a gradient with fractions."""
        _, dz = self.answer(student, np.array([[3, 3], [1, 1]]), np.array([0, 1]))
        expect(dz, "dz").close_to(np.array([[-0.25, 0.25], [0.25, -0.25]]))

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        expect_unchanged(student.softmax_cross_entropy, rng.normal(size=(3, 4)), np.array([0, 3, 1]))


X, W, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]), np.array([10.0, -20.0, 30.0])


@exercise("dense_forward")
class TestDenseForward:
    def test_worked_example(self, student):
        """The worked example: two examples, two inputs, three units."""
        out, _ = expect(student.dense_forward(X, W, B), "what dense_forward returns").items("out", "cache")
        expect(out, "out").close_to(np.array([[11.0, -18.0, 30.0], [13.0, -16.0, 32.0]]))

    def test_integers(self, student):
        """Integer inputs with weights that have fractions."""
        out, _ = expect(student.dense_forward(np.array([[1, 2]]), 0.25 * W, B), "what dense_forward returns").items("out", "cache")
        expect(out, "out").close_to(np.array([[10.25, -19.5, 30.0]]))

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        expect_unchanged(student.dense_forward, rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2))


@exercise("dense_backward")
class TestDenseBackward:
    names = ("dx", "dW", "db")

    def gradients(self, student, x, W, b, dout):
        _, cache = expect(student.dense_forward(x, W, b), "what dense_forward returns").items("out", "cache")
        return expect(student.dense_backward(dout, cache), "what dense_backward returns").items(*self.names)

    def test_worked_example(self, student):
        """The worked example: the upstream gradient is (1, 0, 2) for the first example and (0, 3, 1) for the second."""
        answer = self.gradients(student, X, W, B, np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]]))
        right = np.array([[5.0, -2.0], [2.0, 2.0]]), np.array([[1.0, 9.0, 5.0], [2.0, 12.0, 8.0]]), np.array([1.0, 3.0, 3.0])
        for found, wanted, name in zip(answer, right, self.names, strict=True):
            expect(found, name).close_to(wanted)

    def test_as_many_units_as_inputs(self, student):
        """With as many units as inputs, W has to be transposed all the same."""
        dx, *_ = self.gradients(student, np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros(2), np.array([[1.0, 0.0], [0.0, 1.0]]))
        expect(dx, "dx").close_to(np.array([[1.0, 3.0], [2.0, 4.0]]))

    def test_two_layers(self, student):
        """Each cache belongs to its own forward pass, whichever came last."""
        dout = np.ones((2, 3))
        _, cache = expect(student.dense_forward(X, W, B), "what dense_forward returns").items("out", "cache")
        expect(student.dense_forward(2 * X, 3 * W, B), "what dense_forward returns").items("out", "cache")
        dx, *_ = expect(student.dense_backward(dout, cache), "what dense_backward returns").items(*self.names)
        expect(dx, "dx").close_to(np.array([[3.0, 0.0], [3.0, 0.0]]))

    def test_dout_stays(self, student, rng):
        """dout is as it was after the call."""
        _, cache = expect(student.dense_forward(X, W, B), "what dense_forward returns").items("out", "cache")
        expect_unchanged(student.dense_backward, rng.normal(size=(2, 3)), cache)


def curved(x):
    """x₁³ + x₁·x₂."""
    return float(x[0] ** 3 + x[0] * x[1])


@exercise("numerical_gradient")
class TestNumericalGradient:
    def test_worked_example(self, student):
        """The worked example: x₁³ + x₁·x₂ at (2, 3), with h = 1."""
        expect(student.numerical_gradient(curved, np.array([2.0, 3.0]), 1.0), "the gradient").close_to(np.array([16.0, 2.0]))

    def test_small_h(self, student):
        """The same with the default h."""
        expect(student.numerical_gradient(curved, np.array([2.0, 3.0])), "the gradient").close_to(np.array([15.0, 2.0]), rtol=1e-8)

    def test_matrix(self, student):
        """The gradient of Σ c·x² has the shape of x, here of a matrix, also of a transposed one."""
        c, x = np.array([[1.0, 2.0, -1.0], [3.0, 0.5, 4.0]]), np.array([[1.0, 0.0, 2.0], [-1.0, 4.0, 0.5]])
        for one, factors in ((x, c), (np.asfortranarray(x), c)):
            found = student.numerical_gradient(lambda x, factors=factors: float(np.sum(factors * x**2)), one)
            expect(found, "the gradient").close_to(2 * factors * one, rtol=1e-7)

    def test_integers(self, student):
        """At a point of integers the slopes are right, too."""
        expect(student.numerical_gradient(curved, np.array([2, 3])), "the gradient").close_to(np.array([15.0, 2.0]), rtol=1e-7)

    def test_x_stays(self, student):
        """x is as it was after the call, also where f raises an exception, which arrives at the caller."""
        x = np.array([3.0, 2.0])
        expect_unchanged(student.numerical_gradient, curved, x)
        seen = []

        def failing(x):
            seen.append(x)
            if len(seen) == 3:
                raise ZeroDivisionError("f isn't defined here")
            return 0.0

        try:
            student.numerical_gradient.call(failing, x)
        except Exception as error:
            after = getattr(error, "arguments", ())
            if len(after) == 2 and not np.allclose(after[1], x, rtol=1e-12):
                raise Mismatch("value", "f raised an exception, and x is not as it was: an entry was moved and not moved back") from None
        seen.clear()
        expect_error(student.numerical_gradient, ZeroDivisionError, failing, x)


def loss_of(params, X, y):
    """Return the loss of a network with ReLUs between its layers."""
    z = X @ params[0][0] + params[0][1]
    for W, b in params[1:]:
        z = np.clip(z, 0, None) @ W + b
    return float(np.mean(np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y]))


@exercise("mlp_gradients")
class TestMlpGradients:
    def answer(self, student, *arguments):
        loss, grads = expect(student.mlp_gradients(*arguments), "what mlp_gradients returns").items("loss", "grads")
        layers = expect(grads, "grads").items(*[f"the gradients of layer {number}" for number, _ in enumerate(arguments[0], start=1)])
        return loss, [expect(layer, f"the gradients of layer {number}").items("dW", "db") for number, layer in enumerate(layers, start=1)]

    def test_worked_example(self, student):
        """The worked example: one input, two hidden units of which one is silent, two classes."""
        params = [(np.array([[1.0, -1.0]]), np.array([1.0, 0.0])), (np.array([[LOG3 / 2, 0.0], [1.0, -1.0]]), np.zeros(2))]
        loss, ((dW1, db1), (dW2, db2)) = self.answer(student, params, np.array([[1.0]]), np.array([1]))
        expect(loss, "loss").close_to(2 * LOG2)
        expect(dW2, "dW of layer 2").close_to(np.array([[1.5, -1.5], [0.0, 0.0]]))
        expect(db2, "db of layer 2").close_to(np.array([0.75, -0.75]))
        expect(dW1, "dW of layer 1").close_to(np.array([[0.375 * LOG3, 0.0]]))
        expect(db1, "db of layer 1").close_to(np.array([0.375 * LOG3, 0.0]))

    def test_against_differences(self, student, rng):
        """For networks of one, two and four layers the loss is right, and the gradients are its slopes."""
        for sizes in ((3, 4), (3, 5, 4), (3, 5, 6, 4, 3)):
            params = [(rng.normal(size=(D, H)), rng.normal(0.2, 0.3, H)) for D, H in pairwise(sizes)]
            X, y = rng.normal(size=(6, 3)), rng.integers(0, sizes[-1], 6)
            loss, grads = self.answer(student, params, X, y)
            expect(loss, f"the loss of {len(params)} layers").close_to(loss_of(params, X, y))
            for number, (W, b) in enumerate(params):
                for which, (name, array) in enumerate((("dW", W), ("db", b))):

                    def with_one(moved, number=number, which=which, params=params, X=X, y=y):
                        pair = (moved, params[number][1]) if which == 0 else (params[number][0], moved)
                        return loss_of([*params[:number], pair, *params[number + 1 :]], X, y)

                    name = f"{name} of layer {number + 1} of {len(params)}"
                    expect(grads[number][which], name).close_to(slopes(with_one, array, 1e-6), rtol=1e-5)

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        params = [(rng.normal(size=(3, 4)), rng.normal(size=4)), (rng.normal(size=(4, 2)), rng.normal(size=2))]
        expect_unchanged(student.mlp_gradients, params, rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]))


@exercise("minibatches")
class TestMinibatches:
    def test_every_index_once(self, student):
        """Eleven examples in batches of four: every index from 0 to 10 is in exactly one batch."""
        batches = student.minibatches(11, 4, np.random.default_rng(3))
        expect(np.sort(np.concatenate([np.array(batch) for batch in batches])), "all indices, sorted,").close_to(np.arange(11))

    def test_sizes(self, student):
        """The sizes of the batches, where batch_size divides n, where it doesn't, and where it is larger: none is empty."""
        for n, size, right in ((5, 2, [2, 2, 1]), (6, 2, [2, 2, 2]), (3, 8, [3]), (9, 4, [4, 4, 1])):
            sizes = [len(batch) for batch in student.minibatches(n, size, np.random.default_rng(0))]
            if sizes != right:
                raise Mismatch("value", f"for n = {n} and batch_size = {size} the batches have sizes {sizes}, expected {right}")

    def test_shuffled(self, student):
        """In 300 epochs with three examples, each of the six orders comes 20 to 80 times."""
        rng, counts = np.random.default_rng(7), {}
        for _ in range(300):
            order = tuple(np.concatenate(list(student.minibatches(3, 2, rng))).astype(int).tolist())
            counts[order] = counts.get(order, 0) + 1
        if len(counts) != 6 or not 20 <= min(counts.values()) <= max(counts.values()) <= 80:
            raise Mismatch(
                "value", f"there are {len(counts)} orders, which come {sorted(counts.values())} times; expected 6, each about 50 times"
            )

    def test_generator(self, student):
        """The same state of rng gives the same batches: a list of arrays of integers."""
        first, again = (student.minibatches(20, 6, np.random.default_rng(5)) for _ in range(2))
        if not isinstance(first, (list, tuple)):
            raise Mismatch("type", "the answer isn't a list; with `yield` the batches come one by one")
        for one, other in zip(first, again, strict=True):
            if not isinstance(one, np.ndarray) or one.dtype.kind not in "iu":
                raise Mismatch("type", "a batch isn't an array of integers, with which one could index the training set")
            expect(other, "a batch").close_to(one)
