"""The hidden suite of lecture 1, neurons and backpropagation.

What can be seen of one part of an answer by itself: the direction of a step apart from its length, a loss up to a factor or for a single
example, and of a network the loss, and each layer's gradients.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import numpy as np

from autograder.kit.contracts import (
    SEED,
    TWO_SEEDS,
    ArgumentsUnchanged,
    Backward,
    Contract,
    Float32,
    Integers,
    IntegersBesideFractions,
    MemoryLayouts,
    agree,
    array_in,
    both,
    expect_repeated,
    generator,
    in_form,
    out_of,
    part_of,
    rounded,
    with_generators,
)
from coursekit import aspect, corner, exercise, expect, expect_error, worth
from coursekit.expectations import P_LIMIT, Mismatch, described
from coursekit.streams import Steps
from coursekit.student import Raised

ROUGH = 1e-5  # the tolerance where a tiny ε, which has a corner of its own, makes no difference
FAR = 1e4  # logits from -FAR to FAR are legal
LARGE = "exact for logits of ±10⁴"


# --- parts of answers -----------------------------------------------------------------------------------------------------


def of_shape(answer, shape, which, names):
    """Return the item of this shape, or else the one in its place; a test of its own looks at the order."""
    if isinstance(answer, (list, tuple)):
        fitting = [item for item in answer if isinstance(item, (np.ndarray, np.generic, float)) and np.shape(item) == shape]
        if len(fitting) == 1:
            return fitting[0]
    return part_of(answer, which, names)


def number(value):
    """Return an array with a single entry as a number; a test of its own looks at the shape."""
    return value.reshape(()) if isinstance(value, np.ndarray) and value.size == 1 else value


def flat(values):
    """Return an array of shape (N, 1) or (1, N) with the shape (N,), and booleans as numbers; tests of their own look at both."""
    values = array_in(values)
    if not isinstance(values, np.ndarray):
        return values
    values = values.astype(float) if values.dtype == bool else values
    return values.ravel() if values.ndim > 1 and values.size == max(values.shape) else values


def kept(answer, name, shape):
    """Return an array of this shape as it is, for the precision of 32-bit floats counts; of another type as 64-bit floats."""
    found = np.asarray(expect(answer, name).shaped(shape).answer)
    return found.astype(np.float32) if getattr(answer, "dtype", None) == np.float32 else found


def direction(move):
    """Divide an array by its length."""
    return move / (np.sqrt(np.sum(np.square(move))) or move.dtype.type(1))


# --- one neuron -----------------------------------------------------------------------------------------------------------


def fires(answer, N, name="the answer"):
    """Return where a unit fires, as 0.0 and 1.0: where the answer is the larger of two values."""
    found = expect(flat(answer), name).shaped((N,)).answer
    if len(np.unique(found)) != 2:
        raise Mismatch("value", f"{name} has {len(np.unique(found))} different values, but a unit fires or doesn't")
    return (found == found.max()).astype(float)


@exercise("threshold_unit")
class TestThresholdUnit(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return rng.normal(size=(6, 3)), rng.normal(size=3), 0.25

    def sums(self, rng, N, z):
        """Return inputs and weights with the weighted sums z."""
        w = rng.normal(0, 2, 4)
        X = rng.normal(size=(N, 4))
        return X + np.outer(z - X @ w, w) / (w @ w), w

    def expect_fires(self, student, reference, *arguments):
        right = reference.threshold_unit(*arguments)
        expect(fires(student.threshold_unit(*arguments), len(right)), "where the unit fires (as 1.0)").close_to(right)

    @aspect("the weighted sum", 3)
    def test_weighted_sum(self, student, reference, rng):
        """Without a bias the unit fires where the weighted sum is positive."""
        self.expect_fires(student, reference, *self.sums(rng, 9, rng.uniform(5, 50, 9) * rng.permutation(np.resize([1, -1, -1], 9))), 0.0)

    @aspect("the bias", 3)
    def test_bias(self, student, reference, rng):
        """The bias is added to the weighted sum before the step."""
        for bias in (20.0, -20.0):
            self.expect_fires(student, reference, *self.sums(rng, 8, rng.permutation([-31, -27, -12, -9, 8, 13, 25, 33.0])), bias)

    @aspect("the threshold", 2)
    def test_threshold(self, student, reference, rng):
        """The unit fires as soon as the sum isn't negative: sums near 0 tell where the threshold is."""
        self.expect_fires(student, reference, *self.sums(rng, 8, rng.permutation([-0.4, -0.2, -0.1, -0.02, 0.01, 0.1, 0.2, 0.4])), 0.0)

    @aspect("0 and 1", 2.5)
    def test_zeros_and_ones(self, student, reference, rng):
        """The answer is 1 where the unit fires, and 0 where it doesn't."""
        arguments = *self.sums(rng, 9, rng.uniform(5, 50, 9) * rng.permutation(np.resize([-1, 1], 9))), 0.0
        expect(flat(student.threshold_unit(*arguments)), "the answer").close_to(reference.threshold_unit(*arguments))

    @corner("a sum of exactly 0", 0.06)
    def test_exactly_zero(self, student, rng):
        """A unit whose sum is exactly 0 fires."""
        X = np.array([[1.0, 2.0], [2.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
        found = expect(flat(student.threshold_unit(X, np.array([2.0, -1.0]), 0.0)), "the answer").shaped((4,)).answer
        expect(found[[0, 2]], "the answer where the sum is 0").close_to(np.ones(2))

    @corner("integers")
    def test_integers_and_a_fraction(self, student):
        """Integers in X and w, and a fraction in b, give the same answer as the same numbers as floats: a sum of −0.75 isn't 0."""
        X, w = np.array([[1, 1], [2, 1], [3, 1], [1, 2], [5, 3]]), np.array([1, -2])  # the sums are -1, 0, 1, -3 and -1
        self.compare(student, (X + 0.0, w + 0.0, 0.25), (X, w, 0.25), "the answer to integers", "from that to the same numbers as floats")

    @corner("numbers", 0.04)
    def test_numbers(self, student, rng):
        """The answer is an array of numbers, and not of True and False."""
        answer = student.threshold_unit(*self.arguments(rng))
        if not isinstance(answer, np.ndarray) or answer.dtype == bool:
            raise Mismatch("dtype", f"the answer should be an array of dtype float64, but it is {described(answer)}")

    @corner("the shape", 0.04)
    def test_shape(self, student, rng):
        """The answer has one axis, (N,)."""
        found = array_in(student.threshold_unit(*self.arguments(rng)))
        if isinstance(found, np.ndarray) and found.shape != (6,):
            raise Mismatch("shape", f"the answer has shape {found.shape}, but it should have shape (6,)")


STEPPED = ("w", "b")


@exercise("logistic_neuron_step")
class TestLogisticNeuronStep(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = STEPPED
    integers = (0, 2)

    def arguments(self, rng, N=7, size=1.0):
        return rng.normal(size=4), 0.7, size * rng.normal(0.3, 1.5, (N, 4)), np.resize([0, 1, 1], N), 0.3

    def moved(self, student, which, w, b, *rest):
        """Return how far w, or b, was moved, and the same for the right answer of a `reference`."""
        place, before = self.part(student.logistic_neuron_step(w, b, *rest), which), (w, b)[which]
        found = kept(number(place) if which else place, STEPPED[which], np.shape(before))
        return np.asarray(found - before).astype(found.dtype)

    def part(self, answer, which):
        """Return w or b, also where they are in each other's place, or w is a column; tests of their own look at that."""
        found = of_shape(answer, ((4,), ())[which], which, STEPPED)
        return found if which else flat(found)

    def direction_of_w(self, student, *arguments):
        return direction(self.moved(student, 0, *arguments))

    def new_w(self, student, *arguments):
        return self.part(student.logistic_neuron_step(*arguments), 0)

    def new_b(self, student, *arguments):
        return number(self.part(student.logistic_neuron_step(*arguments), 1))

    @aspect("the direction of w's step", 3)
    def test_direction(self, student, reference, rng):
        """Without a bias, w moves against its gradient, which is the sum over the batch of (p − y)·x."""
        for w, _, X, y, _ in (self.arguments(rng, N) for N in (7, 12)):
            agree(self.direction_of_w, student, reference, [(w, 0.0, X, y, 5.0)], "the direction of w's step", rtol=1e-6)

    @aspect("one example", 2)
    def test_one_example(self, student, reference, rng):
        """For a single example, w moves along its x: towards it for label 1, away from it for label 0, whatever the neuron says now."""
        for label in (0, 1):
            for size in (0.1, -0.1, 0.5, -0.5):
                w, _, X, _, _ = self.arguments(rng, 1)
                arguments = w, 0.0, size * np.abs(X) * np.sign(w), np.array([label]), 5.0
                agree(self.direction_of_w, student, reference, [arguments], f"the direction of w's step for label {label}", rtol=1e-6)

    @aspect("w", 4)
    def test_w(self, student, reference, rng):
        """w after the step is right."""
        agree(self.new_w, student, reference, [self.arguments(rng, N) for N in (7, 12)], "w")

    @aspect("the direction of b's step", 1)
    def test_direction_of_b(self, student, rng):
        """b moves up where all labels are 1, and down where all are 0."""
        for label in (0, 1):
            w, _, X, _, lr = self.arguments(rng)
            moved = self.moved(student, 1, w, 0.0, X, np.full(7, label), lr)
            expect(np.sign(moved), f"the sign of b's step where all labels are {label}").close_to(2 * label - 1)

    @aspect("b", 3)
    def test_b(self, student, reference, rng):
        """b after the step is right."""
        agree(self.new_b, student, reference, [self.arguments(rng, N) for N in (7, 12)], "b")

    @corner("large sums", 0.06)
    def test_large_sums(self, student, reference, rng):
        """Where w·x + b is as large as ±1000, the step is finite and right."""
        w, b, X, y, lr = self.arguments(rng, 6)
        X = X * (np.linspace(-1000, 1000, 6) / (X @ w))[:, None]
        agree(self.new_w, student, reference, [(w, b, X, y, lr)], "w")

    @corner("w first, then b", 0.05)
    def test_pair(self, student, rng):
        """The answer is the pair (w, b), in this order."""
        w, _ = expect(student.logistic_neuron_step(*self.arguments(rng)), "what logistic_neuron_step returns").items(*STEPPED)
        expect(w, "w").shaped((4,))

    @corner("b is a number", 0.03)
    def test_number(self, student, rng):
        """The new b is a single number."""
        expect(self.part(student.logistic_neuron_step(*self.arguments(rng)), 1), "b").shaped(())


# --- output units ---------------------------------------------------------------------------------------------------------


@exercise("softmax")
class TestSoftmax(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return (rng.normal(0, 1.5, (5, 4)),)

    def answer(self, student, z):
        return array_in(student.softmax(z))

    @aspect("the proportions", 2)
    def test_proportions(self, student, reference, rng):
        """Within each row the entries are in the proportions of the exponentials of its logits."""
        for shape in ((6, 4), (3, 7)):
            z = rng.normal(0, 1.5, shape)
            found = kept(self.answer(student, z), "the answer", shape)
            total = np.sum(found, axis=1, keepdims=True)
            shares = found / np.where(total == 0, 1, total)
            expect(shares, "the answer (each row divided by its sum)").close_to(reference.softmax(z), rtol=1e-6)

    @aspect("one example", 1.5)
    def test_one_example(self, student, reference, rng):
        """A batch of one example is a distribution over its classes."""
        agree(self.answer, student, reference, [(rng.normal(0, 1.5, (1, K)),) for K in (3, 6)], rtol=1e-6)

    @aspect("a batch", 6.5)
    def test_batch(self, student, reference, rng):
        """Each row of a batch is a distribution of its own."""
        agree(self.answer, student, reference, [(rng.normal(0, 1.5, shape),) for shape in ((5, 3), (4, 4), (2, 9))], rtol=1e-6)

    @corner("large logits", 0.05)
    def test_large_logits(self, student, reference, rng):
        """Logits of 10⁴ give no overflow, and a large difference gives a probability of 0."""
        z = np.concatenate([FAR + rng.normal(size=(2, 3)), [[FAR, -FAR, 0.0]]])
        agree(self.answer, student, reference, [(z,)], rtol=1e-10)

    @corner("rows far apart", 0.03)
    def test_rows_far_apart(self, student, reference, rng):
        """Logits of −10⁴ in one row are no division by zero, also where another row has large ones."""
        z = np.array([[0.0], [-FAR], [FAR / 2]]) + rng.normal(size=(3, 4))
        agree(self.answer, student, reference, [(z,)])

    @corner("an array", 0.03)
    def test_array(self, student, rng):
        """The answer is an array, and nothing else is returned."""
        expect(student.softmax(*self.arguments(rng)), "the answer").shaped((5, 4))

    @corner("one class", 0.03)
    def test_one_class(self, student, rng):
        """A single class has probability 1."""
        expect(self.answer(student, rng.normal(size=(4, 1))), "the answer").close_to(np.ones((4, 1)), rtol=1e-12)


@exercise("cross_entropy")
class TestCrossEntropy(ArgumentsUnchanged, Float32, MemoryLayouts):
    def arguments(self, rng, N=6, K=4):
        return 0.1 / K + 0.9 * rng.dirichlet(np.ones(K), N), rng.integers(0, K, N)

    def answer(self, student, p, y):
        return number(student.cross_entropy(p, y))

    @aspect("one example", 3)
    def test_one_example(self, student, reference, rng):
        """For a single example it is −log of its label's probability."""
        agree(self.answer, student, reference, [self.arguments(rng, 1, K) for K in (3, 5)], rtol=ROUGH)

    @aspect("up to a factor", 3)
    def test_up_to_a_factor(self, student, reference, rng):
        """Of two batches of one size, the answers are in the right proportion."""
        p, y = self.arguments(rng, 8, 4)
        other = np.argmax(p, axis=1)
        losses = [expect(self.answer(student, p, labels), "the answer").shaped(()).answer for labels in (y, other)]
        right = reference.cross_entropy(p, y) / reference.cross_entropy(p, other)
        expect(losses[0] / (losses[1] or 1.0), "the proportion of two answers").close_to(right, rtol=ROUGH)

    @aspect("the mean", 5)
    def test_batches(self, student, reference, rng):
        """For a batch it is the mean over the examples."""
        agree(self.answer, student, reference, [self.arguments(rng, *shape) for shape in ((7, 3), (4, 4), (3, 8))], rtol=ROUGH)

    @corner("probabilities of 0", 0.08)
    def test_zeros(self, student, reference, rng):
        """Where another class has probability 0, the answer is finite and right; a label's probability of 1 costs nothing."""
        p, y = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.25, 0.75, 0.0]]), np.array([2, 1, 0])
        agree(self.answer, student, reference, [(p, y)], rtol=ROUGH)

    @corner("tiny probabilities", 0.06)
    def test_tiny(self, student, reference, rng):
        """A label's probability of 1e-300 counts as it is: nothing is added, and nothing cut off."""
        p, y = np.array([[1.0, 1e-300], [1e-9, 1.0], [0.5, 0.5]]), np.array([1, 0, 1])
        agree(self.answer, student, reference, [(p, y)], rtol=1e-6)

    @corner("a number", 0.05)
    def test_number(self, student, rng):
        """The answer is a single number."""
        expect(student.cross_entropy(*self.arguments(rng)), "the answer").shaped(())


WITH_LOGITS = ("loss", "dz")


@exercise("softmax_cross_entropy")
class TestSoftmaxCrossEntropy(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = WITH_LOGITS
    integers = (0,)

    def arguments(self, rng, N=6, K=4):
        return rng.normal(0, 1.5, (N, K)), rng.integers(0, K, N)

    def loss(self, student, z, y):
        return number(of_shape(student.softmax_cross_entropy(z, y), (), 0, WITH_LOGITS))

    def dz(self, student, z, y):
        answer = student.softmax_cross_entropy(z, y)
        found = answer if isinstance(answer, np.ndarray) else of_shape(answer, z.shape, 1, WITH_LOGITS)
        return expect(found, "dz").shaped(z.shape).answer

    @aspect("the loss of one example", 1.5)
    def test_loss_of_one(self, student, reference, rng):
        """For a single example the loss is −log of its label's softmax."""
        agree(self.loss, student, reference, [self.arguments(rng, 1, K) for K in (3, 6)], "the loss", rtol=ROUGH)

    @aspect("the loss", 3)
    def test_loss(self, student, reference, rng):
        """For a batch the loss is the mean over the examples."""
        inputs = [self.arguments(rng, *shape) for shape in ((7, 3), (4, 4), (3, 8))]
        agree(self.loss, student, reference, inputs, "the loss", rtol=ROUGH)

    @aspect("the direction of dz", 2.5)
    def test_direction(self, student, reference, rng):
        """dz has the right direction: that of the softmax less the one-hot labels."""
        inputs = [self.arguments(rng, *shape) for shape in ((7, 3), (4, 4))]
        agree(lambda *asked: direction(self.dz(*asked)), student, reference, inputs, "dz (divided by its length)", rtol=ROUGH)

    @aspect("dz", 3)
    def test_gradient(self, student, reference, rng):
        """dz is the gradient of the mean over the batch."""
        agree(self.dz, student, reference, [self.arguments(rng, *shape) for shape in ((6, 4), (1, 5), (4, 4))], "dz", rtol=ROUGH)

    def far(self, rng):
        """Return logits from -FAR to FAR, and labels that are sometimes the least probable class."""
        z = np.array([[FAR, -FAR, 0.0], [-FAR, -FAR, -FAR], [FAR, FAR, FAR], [0.0, 900.0, -900.0]])
        return z + rng.normal(size=z.shape) * (np.abs(z) < FAR), np.array([1, 2, 0, 0])

    @corner(f"the loss is {LARGE}", 0.04)
    def test_large_loss(self, student, reference, rng):
        """The loss is finite and right for logits of ±10⁴, also where softmax rounds to 0."""
        agree(self.loss, student, reference, [self.far(rng)], "the loss")

    @corner(f"dz is {LARGE}", 0.04)
    def test_large_gradient(self, student, reference, rng):
        """dz is finite and right for logits of ±10⁴."""
        agree(self.dz, student, reference, [self.far(rng)], "dz")

    @corner("loss and dz", 0.06)
    def test_pair(self, student, rng):
        """The answer is the pair (loss, dz), in this order; the loss is a single number."""
        loss, dz = expect(student.softmax_cross_entropy(*self.arguments(rng)), "what softmax_cross_entropy returns").items(*WITH_LOGITS)
        expect(loss, "loss").shaped(())
        expect(dz, "dz").shaped((6, 4))


# --- dense layers ---------------------------------------------------------------------------------------------------------


@exercise("dense_forward")
class TestDenseForward(ArgumentsUnchanged, IntegersBesideFractions, Float32, MemoryLayouts):
    integers = (0,)

    def arguments(self, rng, N=5, D=3, H=4):
        return rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)

    def expect_out(self, student, reference, *inputs):
        agree(lambda functions, *arguments: out_of(functions.dense_forward(*arguments)), student, reference, inputs, "out")

    @aspect("the weighted sums", 4)
    def test_product(self, student, reference, rng):
        """Without biases, out holds the weighted sums of each example; here all of them are positive."""
        for sizes in ((5, 3, 2), (2, 4, 6)):
            x, W, b = map(np.abs, self.arguments(rng, *sizes))
            self.expect_out(student, reference, (x, W, 0 * b))

    @aspect("the biases", 2)
    def test_bias(self, student, reference, rng):
        """Where x is zero, every row of out holds the biases; here all of them are positive."""
        x, W, b = self.arguments(rng, 4, 3, 5)
        self.expect_out(student, reference, (0 * x, W, np.abs(b)))

    @aspect("all together", 4)
    def test_out(self, student, reference, rng):
        """out is right for random numbers of both signs."""
        self.expect_out(student, reference, *[self.arguments(rng, *sizes) for sizes in ((6, 2, 3), (4, 4, 4), (1, 5, 1))])

    @corner("the pair (out, cache)", 0.05)
    def test_pair(self, student, rng):
        """The answer is the pair (out, cache)."""
        out, _ = expect(student.dense_forward(*self.arguments(rng)), "what dense_forward returns").items("out", "cache")
        expect(out, "out").shaped((5, 4))


GRADIENTS = ("dx", "dW", "db")


@exercise("dense_backward")
class TestDenseBackward(Backward, ArgumentsUnchanged, IntegersBesideFractions, Float32, MemoryLayouts):
    outputs = GRADIENTS
    integers = (1,)
    beside_fractions = ((1, 2), (2,))

    def arguments(self, rng, N=5, D=3, H=4):
        return rng.normal(0.5, 1, (N, H)), rng.normal(0.3, 1, (N, D)), rng.normal(size=(D, H)), rng.normal(size=H)

    def expect_one(self, student, reference, rng, which, *shapes, changed=lambda gradient: gradient):
        """Expect that one gradient is right for layers of these sizes (N, D, H), in which the three have different shapes."""
        for sizes in shapes:
            arguments = self.arguments(rng, *sizes)
            answer, right = self.ask(student, *arguments), self.ask(reference, *arguments)[which]
            expect(changed(of_shape(answer, right.shape, which, GRADIENTS)), GRADIENTS[which]).close_to(right)

    @aspect("the directions", 3)
    def test_directions(self, student, reference, rng):
        """Up to a factor, all three gradients are right."""
        arguments = self.arguments(rng, 6, 4, 4)
        answer = self.ask(student, *arguments)
        for which, right in enumerate(self.ask(reference, *arguments)):
            found = kept(flat(of_shape(answer, right.shape, which, GRADIENTS)), GRADIENTS[which], right.shape)
            expect(direction(found), f"{GRADIENTS[which]} (divided by its length)").close_to(direction(right))

    @worth(2)
    @aspect("dx", 4)
    def test_dx(self, student, reference, rng):
        """dx is right for random upstream gradients."""
        self.expect_one(student, reference, rng, 0, (5, 3, 4), (2, 4, 3))

    @aspect("dx")
    def test_dx_of_a_square(self, student, reference, rng):
        """dx is right where a layer has as many units as inputs: W is transposed."""
        self.expect_one(student, reference, rng, 0, (5, 4, 4))

    @worth(2)
    @aspect("dW", 4)
    def test_dW(self, student, reference, rng):
        """dW is right where a layer has as many units as inputs."""
        self.expect_one(student, reference, rng, 1, (6, 4, 4), (3, 2, 2))

    @aspect("dW")
    def test_shape_of_dW(self, student, reference, rng):
        """dW is right and has the shape of W."""
        self.expect_one(student, reference, rng, 1, (5, 3, 4), (2, 4, 3))

    @aspect("db", 3)
    def test_db(self, student, reference, rng):
        """db is the sum of the upstream gradient over the batch."""
        self.expect_one(student, reference, rng, 2, (6, 4, 4), changed=flat)

    @aspect("db")
    def test_shape_of_db(self, student, reference, rng):
        """db is right and has the shape of b."""
        self.expect_one(student, reference, rng, 2, (3, 4, 4))

    @corner("the order of the gradients", 0.09)
    def test_order(self, student, rng):
        """The answer has three items: dx, dW and db, in this order."""
        gradients = expect(self.ask(student, *self.arguments(rng, 5, 4, 4)), "what dense_backward returns").items(*GRADIENTS)
        names = {(5, 4): "dx", (4, 4): "dW", (4,): "db"}
        found = tuple(names.get(getattr(gradient, "shape", None), "") for gradient in map(flat, gradients))
        if found != GRADIENTS and set(found) == set(GRADIENTS):
            raise Mismatch("shape", f"the gradients come as {', '.join(found)}, by their shapes; the order is {', '.join(GRADIENTS)}")

    @corner("two batches under way", 0.05)
    def test_two_batches_under_way(self, student, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (dout, *layer), (_, *other) = self.arguments(rng), self.arguments(rng)

        def between():
            _, cache = self.forward(student, *layer)
            self.forward(student, *other)
            return student.dense_backward(dout, cache)

        if answers := both(lambda: self.ask(student, dout, *layer), between):
            expect(answers[1], "the answer").alike(answers[0], "when another forward pass lies between", GRADIENTS)


# --- numerical_gradient ---------------------------------------------------------------------------------------------------

MOST_CALLS = 500  # far more than any test needs


class Function:
    """A function that is passed as `f`, with the gradient `slopes` at 0; `waves` says how strongly it is curved, along each entry of x and
    across them. It takes arrays of the shape of `slopes` alone, and its call number `fails_at` raises ZeroDivisionError."""

    def __init__(self, slopes, waves=0.0, fails_at=0):
        self.slopes, self.waves, self.fails_at, self.calls = slopes, waves, fails_at, 0

    def __call__(self, x, *rest):
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise RuntimeError(f"f was called more than {MOST_CALLS} times")
        if not isinstance(x, np.ndarray) or x.shape != self.slopes.shape or x.dtype.kind not in "fiu":
            raise ValueError(f"f takes an array of shape {self.slopes.shape}, but it was given {described(x)}")
        if self.calls == self.fails_at:
            raise ZeroDivisionError("f isn't defined here")
        return float(np.sum(self.slopes * x) + np.sum(np.sin(self.waves * x)) + np.sin(self.waves * np.sum(x)))


@exercise("numerical_gradient")
class TestNumericalGradient(ArgumentsUnchanged, Integers, MemoryLayouts):
    def arguments(self, rng):
        return Function(rng.normal(1, 2, (2, 3)), waves=0.7), rng.normal(size=(2, 3))

    def expect_gradient(self, student, reference, f, x, *rest, rtol=ROUGH):
        found = array_in(student.numerical_gradient(f, x, *rest))
        expect(found, "the gradient").close_to(reference.numerical_gradient(Function(f.slopes, f.waves), x, *rest), rtol=rtol)

    def expect_slopes(self, student, rng, *shapes):
        for shape in shapes:
            f = Function(rng.normal(1, 2, shape))
            expect(array_in(student.numerical_gradient(f, rng.normal(size=shape))), "the gradient").close_to(f.slopes, rtol=ROUGH)

    @aspect("the slopes", 4)
    def test_linear(self, student, rng):
        """The gradient of Σ c·x is c."""
        self.expect_slopes(student, rng, (1,), (5,))

    @aspect("the slopes up to a factor", 3)
    def test_direction(self, student, rng):
        """The gradient of Σ c·x is c up to a factor, of either sign."""
        slopes = rng.normal(1, 2, 6)
        found = expect(array_in(student.numerical_gradient(Function(slopes), rng.normal(size=6))), "the gradient").shaped((6,)).answer
        found = found * np.sign(np.sum(found * slopes))
        expect(direction(found), "the gradient (divided by its length)").close_to(direction(slopes), rtol=ROUGH)

    @aspect("central differences", 3)
    def test_curved(self, student, reference, rng):
        """For curved functions, too, the error is of the order h²: the difference is taken across x, and the other entries stay."""
        for size in (4, 2):
            self.expect_gradient(student, reference, Function(rng.normal(0, 2, size), waves=10.0), rng.normal(size=size))

    @aspect("arrays of any shape", 3)
    def test_shapes(self, student, rng):
        """The gradient has the shape of x, which may have any number of axes."""
        self.expect_slopes(student, rng, (2, 3), (3, 1, 2))

    @corner("an array", 0.03)
    def test_array(self, student, rng):
        """The answer is an array."""
        answer = student.numerical_gradient(Function(rng.normal(size=3)), rng.normal(size=3))
        if not isinstance(answer, np.ndarray):
            raise Mismatch("type", f"the gradient should be an array, but it is {described(answer)}")

    @corner("h", 0.06)
    def test_another_h(self, student, reference, rng):
        """The h that is passed is the one that is used, for small and for large entries of x."""
        x = rng.choice([-1, 1], 3) * np.array([0.3, 2.5, 20.0])
        self.expect_gradient(student, reference, Function(rng.normal(size=3), waves=2.0), x, 0.1)

    @corner("h")
    def test_default_h(self, student, reference, rng):
        """Without an h it is 1e-5."""
        self.expect_gradient(student, reference, Function(rng.normal(size=2), waves=5000.0), rng.normal(size=2), rtol=1e-4)

    def expect_restored(self, student, f, x, where_f_raises):
        """Expect that x is as it was after a call that raises, or one that doesn't; where it is the other, other tests look at that."""
        try:
            raised, after = False, student.numerical_gradient.call(f, x).arguments
        except Raised as error:
            raised, after = True, error.arguments
        now = after[1] if len(after) == 2 and isinstance(after[1], np.ndarray) else np.zeros(0)
        is_restored = now.shape == x.shape and now.dtype.kind in "fiu" and np.allclose(now, x, rtol=1e-12, atol=1e-12)
        if raised == where_f_raises and not is_restored:
            raise Mismatch("value", "x isn't as it was before the call: entries that are moved in place have to be moved back")

    def unchanged(self, student, f, x):
        self.expect_restored(student, f, x, where_f_raises=False)

    @corner("x where f raises", 0.05)
    def test_restored_where_f_raises(self, student, rng):
        """Where f raises an exception in its first call, x is as it was before."""
        x = rng.normal(size=(2, 2))
        self.expect_restored(student, Function(rng.normal(size=(2, 2)), fails_at=1), x, where_f_raises=True)

    @corner("x where f raises")
    def test_restored_where_f_raises_later(self, student, rng):
        """Where f raises an exception in a later call, x is as it was before."""
        x = rng.normal(size=(2, 2))
        self.expect_restored(student, Function(rng.normal(size=(2, 2)), fails_at=4), x, where_f_raises=True)

    @corner("errors of f", 0.03)
    def test_error_of_f(self, student, rng):
        """An exception that f raises isn't swallowed: it arrives at the caller."""
        f = Function(rng.normal(size=3), fails_at=3)
        try:
            expect_error(student.numerical_gradient, ZeroDivisionError, f, rng.normal(size=3))
        except Mismatch:
            if f.calls >= 3:  # with fewer calls there was no exception to pass on
                raise


# --- a network ------------------------------------------------------------------------------------------------------------


def network(rng, *sizes):
    """Return the parameters of a network with layers of these sizes, whose hidden units fire for some examples and for others don't."""
    return [(rng.normal(0, 0.9, (D, H)), rng.normal(0.1, 0.4, H)) for D, H in pairwise(sizes)]


LOSS_AND_GRADS = ("loss", "grads")


def is_list_of_pairs(answer):
    """Tell whether an answer is a list of gradients alone; a test of its own looks at that."""
    return isinstance(answer, (list, tuple)) and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in answer)


@exercise("mlp_gradients")
class TestMlpGradients(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = ("the loss", *(f"{name} of layer {layer}" for layer in (1, 2) for name in ("dW", "db")))  # for the default `sizes`

    def arguments(self, rng, sizes=(3, 6, 4), N=7):
        return network(rng, *sizes), rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], N)

    def one_layer(self, rng):
        """Return a network without hidden layers and a single example, whose logits are positive."""
        return [(rng.uniform(0.2, 1, (4, 3)), rng.uniform(0.2, 1, 3))], rng.uniform(0.1, 1, (1, 4)), rng.integers(0, 3, 1)

    def ask(self, student, *arguments):
        """Return all that comes back as one list of arrays."""
        loss, grads = expect(student.mlp_gradients(*arguments), "what mlp_gradients returns").items(*LOSS_AND_GRADS)
        layers = expect(grads, "grads").items(*[f"the gradients of layer {number}" for number, _ in enumerate(arguments[0], start=1)])
        return [loss, *[part for layer in layers for part in expect(layer, "a layer's gradients").items("dW", "db")]]

    def loss(self, student, *arguments):
        return number(part_of(student.mlp_gradients(*arguments), 0, LOSS_AND_GRADS))

    def expect_gradient(self, student, reference, layer, which, *arguments):
        """Expect that dW (0) or db (1) of a layer is right."""
        name, count = ("dW", "db")[which], len(arguments[0])
        answer = student.mlp_gradients(*arguments)
        grads = answer if is_list_of_pairs(answer) else part_of(answer, 1, LOSS_AND_GRADS)
        pair = expect(grads, "grads").items(*[f"the gradients of layer {number + 1}" for number in range(count)])[layer]
        right = reference.mlp_gradients(*arguments)[1][layer][which]
        found = part_of(pair, which, ("dW", "db"))
        expect(flat(found) if which else found, f"{name} of layer {layer % count + 1} of {count}").close_to(right)

    @aspect("the loss without hidden layers", 1.5)
    def test_loss_of_one_layer(self, student, reference, rng):
        """With a single layer and a single example the loss is right."""
        agree(self.loss, student, reference, [self.one_layer(rng)], "the loss")

    @aspect("the gradients without hidden layers", 1.5)
    def test_gradients_of_one_layer(self, student, reference, rng):
        """With a single layer and a single example its gradients are right."""
        arguments = self.one_layer(rng)
        for which in (0, 1):
            self.expect_gradient(student, reference, 0, which, *arguments)

    @aspect("the loss with a hidden layer", 2.5)
    def test_loss(self, student, reference, rng):
        """With a hidden layer the loss is right: there is a ReLU between the layers, and the mean is taken over the batch."""
        agree(self.loss, student, reference, [self.arguments(rng, sizes) for sizes in ((4, 6, 3), (3, 5, 5))], "the loss")

    @aspect("the last layer's gradients", 2)
    def test_last_dW(self, student, reference, rng):
        """With a hidden layer dW of the last layer is right."""
        self.expect_gradient(student, reference, -1, 0, *self.arguments(rng, (4, 6, 3)))

    @aspect("the last layer's gradients")
    def test_last_db(self, student, reference, rng):
        """With a hidden layer db of the last layer is right."""
        self.expect_gradient(student, reference, -1, 1, *self.arguments(rng, (4, 6, 3)))

    @aspect("the first layer's gradients", 2)
    def test_first_dW(self, student, reference, rng):
        """With a hidden layer dW of the first layer is right: it comes through the weights and the ReLU."""
        self.expect_gradient(student, reference, 0, 0, *self.arguments(rng, (4, 6, 3)))

    @aspect("the first layer's gradients")
    def test_first_db(self, student, reference, rng):
        """With a hidden layer db of the first layer is right."""
        self.expect_gradient(student, reference, 0, 1, *self.arguments(rng, (4, 6, 3)))

    @aspect("more layers", 2.5)
    def test_four_layers(self, student, reference, rng):
        """With four layers the loss and all gradients are right."""
        arguments = self.arguments(rng, (3, 7, 6, 5, 4), 12)
        agree(self.loss, student, reference, [arguments], "the loss")
        for layer in range(4):
            for which in (0, 1):
                self.expect_gradient(student, reference, layer, which, *arguments)

    @aspect("loss and gradients fit together", 1.5)
    def test_own_slopes(self, student, rng):
        """The gradients are the slopes of your loss, measured by central differences along a random direction."""
        params, X, y = self.arguments(rng, (3, 6, 4))
        along = network(rng, 3, 6, 4)
        loss, *grads = self.ask(student, params, X, y)
        directions = [part for layer in along for part in layer]
        slope = 0.0
        for grad, part in zip(grads, directions, strict=True):
            found = expect(grad if part.ndim > 1 else flat(grad), "a gradient").shaped(part.shape).answer
            slope += float(np.sum(found * part))
        h, rtol = (1e-3, 0.02) if getattr(loss, "dtype", None) == np.float32 else (1e-6, 1e-4)
        moved = [[(W + sign * h * dW, b + sign * h * db) for (W, b), (dW, db) in zip(params, along, strict=True)] for sign in (1, -1)]
        up, down = (expect(self.loss(student, each, X, y), "the loss").shaped(()).answer for each in moved)
        if abs(up - down) < 1e-3 * h:
            raise Mismatch("value", "the loss doesn't change with the parameters")
        expect(slope, "the slope by your gradients").close_to(float(up - down) / (2 * h), rtol=rtol)

    @corner("the shapes of the gradients", 0.05)
    def test_shapes(self, student, rng):
        """The gradients have the shapes of the parameters."""
        params, *batch = self.arguments(rng)
        _, *grads = self.ask(student, params, *batch)
        for grad, array in zip(grads, [array for pair in params for array in pair], strict=True):
            expect(grad, "a gradient").shaped(array.shape)

    @corner("integers")
    def test_integers_beside_fractions(self, student, rng):
        """Integers in X and W, and fractions in b, or the other way round, give the same answer as the same numbers as floats."""
        params, X, y = self.arguments(rng)
        for forms in ((rounded, np.copy), (np.copy, rounded)):
            pairs = [tuple(form(part) for form, part in zip(forms, pair, strict=True)) for pair in params]
            floats = pairs, forms[0](X), y
            whole = in_form(floats, lambda array: array.astype(np.int64) if np.array_equal(array, np.rint(array)) else array)
            self.compare(student, floats, whole, "the answer to integers beside fractions", "from that to the same numbers as floats")

    @corner("the loss is a number", 0.03)
    def test_loss_is_a_number(self, student, rng):
        """The answer is the pair (loss, grads), and the loss is a single number."""
        loss, _ = expect(student.mlp_gradients(*self.arguments(rng)), "what mlp_gradients returns").items(*LOSS_AND_GRADS)
        expect(loss, "loss").shaped(())


# --- minibatches ----------------------------------------------------------------------------------------------------------

DRAWS = 360


MOST_BATCHES = 50  # more than any test asks for


def listed(answer):
    """Return the batches of a function with `yield` as a list; a test of its own looks at that."""
    return list(islice(answer, MOST_BATCHES)) if isinstance(answer, Steps) else answer


def batches_in(answer):
    """Return the batches as one-dimensional arrays; that they are arrays already is looked at by a test of its own."""
    answer = listed(answer)
    if not isinstance(answer, (list, tuple, np.ndarray)):
        kind = getattr(answer, "type_name", "") or type(answer).__name__
        raise Mismatch("type", f"minibatches returned an object of type {kind}; it has to return a list of arrays")
    if isinstance(answer, np.ndarray) and answer.ndim == 1 and answer.dtype.kind in "iuf":  # all indices, which weren't cut
        answer = [answer]
    batches = []
    for batch in answer:
        is_list = isinstance(batch, (list, tuple)) and all(isinstance(index, (int, np.integer)) and abs(index) < 2**31 for index in batch)
        batch = np.array(batch, dtype=int) if is_list else flat(batch)
        if not isinstance(batch, np.ndarray) or batch.ndim != 1 or batch.dtype.kind not in "iuf" or not np.isfinite(batch).all():
            raise Mismatch("type", "each batch has to be an array of indices with one axis")
        batches.append(batch)
    return batches


@exercise("minibatches")
class TestMinibatches(Contract):
    def expect_every_index(self, student, rng, *cases):
        for n, batch_size in cases:
            found = np.sort(np.concatenate([np.zeros(0, int), *batches_in(student.minibatches(n, batch_size, generator(rng)))]))
            if not np.array_equal(found, np.arange(n)):
                missing, twice = n - len(np.intersect1d(found, np.arange(n))), len(found) - len(np.unique(found))
                raise Mismatch("value", f"of {n} indices {missing} are in no batch, and {twice} are in the batches more than once")

    def expect_sizes(self, student, rng, *cases):
        for n, batch_size in cases:
            sizes = [len(batch) for batch in batches_in(student.minibatches(n, batch_size, generator(rng)))]
            right = [min(batch_size, n - start) for start in range(0, n, batch_size)]
            if sizes != right:
                raise Mismatch("value", f"for n = {n} and batch_size = {batch_size} the batches have sizes {sizes}, expected {right}")

    @aspect("every index once", 4)
    def test_every_index(self, student, rng):
        """Every index is in exactly one batch, where batch_size divides n."""
        self.expect_every_index(student, rng, (12, 3), (40, 8))

    @aspect("every index once")
    def test_every_index_with_a_rest(self, student, rng):
        """Every index is in exactly one batch, also where a last batch isn't full."""
        self.expect_every_index(student, rng, (13, 4), (41, 8))

    @aspect("the sizes", 4)
    def test_sizes(self, student, rng):
        """Where batch_size divides n, all batches have that size, and none is empty."""
        self.expect_sizes(student, rng, (12, 3), (20, 5), (4, 1))

    @worth(2)
    @aspect("the sizes")
    def test_sizes_with_a_rest(self, student, rng):
        """Where batch_size doesn't divide n, the last batch has what is left."""
        self.expect_sizes(student, rng, (14, 4), (21, 10))

    @worth(0.2)
    @aspect("random order", 5)
    def test_shuffled(self, student, rng):
        """Each index comes once, and not in the order of the data."""
        order = np.concatenate([[-1], *batches_in(student.minibatches(30, 30, generator(rng)))])
        if not np.array_equal(np.sort(order), np.arange(-1, 30)):
            raise Mismatch("value", "not every index is in exactly one batch")
        if np.array_equal(order, np.sort(order)):
            raise Mismatch("value", "the indices are in the order of the data")

    @aspect("random order")
    def test_orders(self, student, rng):
        """All orders are equally likely: of four indices in batches of two, each of the 24 orders comes about as often."""
        from scipy.special import chdtrc

        ours = generator(rng)
        answers = [student.minibatches(4, 2, ours) for _ in range(DRAWS)]
        orders = [tuple(np.concatenate(batches_in(answer) or [[]]).astype(int).tolist()) for answer in answers]
        if any(sorted(order) != [0, 1, 2, 3] for order in orders):
            raise Mismatch("value", "not every index is in exactly one batch")
        counts = Counter(orders)
        expected = DRAWS / 24
        statistic = sum((count - expected) ** 2 for count in counts.values()) / expected + (24 - len(counts)) * expected
        if chdtrc(23, statistic) < P_LIMIT:
            found = len(counts), len({frozenset(order[:2]) for order in counts})  # orders, and contents of the first batch
            raise Mismatch("value", f"some orders come far too often: there are {len(counts)} of 24 in {DRAWS} epochs", found)

    @corner("random numbers from rng", 0.22)
    def test_from_the_generator(self, student, rng):
        """All random numbers come from rng: same state, same batches; next call, others."""
        mine, again, other = (with_generators((SEED,), seed)[0] for seed in (TWO_SEEDS[0], *TWO_SEEDS))
        first, second, repeated, of_other = [listed(student.minibatches(30, 7, each)) for each in (mine, mine, again, other)]
        if first is None or not batches_in(first):  # nothing was drawn; other tests look at that
            return
        expect(second, "the answer").differs_from(first, "in a second call with the same generator, which should have moved on")
        expect(of_other, "the answer").differs_from(first, "with a generator of another seed, so the generator isn't used")
        expect_repeated(repeated, first, "between two fresh generators of one seed, so not all random numbers come from rng")

    @corner("one batch", 0.04)
    def test_larger_than_n(self, student, rng):
        """Where batch_size is n or more, there is one batch."""
        self.expect_sizes(student, rng, (5, 8), (6, 6), (1, 3))

    @corner("arrays of indices", 0.04)
    def test_arrays(self, student, rng):
        """The batches are a list of arrays of integers."""
        answer = student.minibatches(9, 4, generator(rng))
        if isinstance(answer, Steps):
            raise Mismatch("type", "the batches are yielded one by one; return a list of them")
        if isinstance(answer, np.ndarray) and answer.ndim == 1 and answer.dtype.kind in "iuf":
            raise Mismatch("shape", "the answer is one array of indices, which isn't cut into batches")
        for batch in answer if isinstance(answer, (list, tuple, np.ndarray)) else []:  # other tests look at that
            if not isinstance(batch, np.ndarray) or batch.dtype.kind not in "iu" or batch.ndim != 1:
                raise Mismatch("type", "a batch isn't an array of integers with one axis, with which one could index the training set")
