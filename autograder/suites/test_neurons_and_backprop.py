"""The hidden suite of lecture 1, neurons and backprop."""

import numpy as np

from autograder.suites.contracts import ArgumentsUnchanged, Backward, Integers, MemoryLayouts
from coursekit import aspect, corner, exercise, expect

# TODO: write down what a fair marker gives points for: each returned array, each mode, the state over several steps; and each corner.
# Each gets tests of its own, with other inputs than the public checks. The docstrings are sentences for students.


def layer(rng):
    """Return a batch and its weights."""  # TODO
    return rng.normal(0.5, 2, (5, 3)), rng.normal(0.3, 2, 3)


@exercise("threshold_unit")
class TestThresholdUnit(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.threshold_unit(x, 1.0), "the answer").close_to(reference.threshold_unit(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.threshold_unit(x, scale=-0.3), "the answer").close_to(reference.threshold_unit(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.threshold_unit(x), "the answer").close_to(reference.threshold_unit(x))


@exercise("logistic_neuron_step")
class TestLogisticNeuronStep(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.logistic_neuron_step(x, 1.0), "the answer").close_to(reference.logistic_neuron_step(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.logistic_neuron_step(x, scale=-0.3), "the answer").close_to(reference.logistic_neuron_step(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.logistic_neuron_step(x), "the answer").close_to(reference.logistic_neuron_step(x))


@exercise("softmax")
class TestSoftmax(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.softmax(x, 1.0), "the answer").close_to(reference.softmax(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.softmax(x, scale=-0.3), "the answer").close_to(reference.softmax(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.softmax(x), "the answer").close_to(reference.softmax(x))


@exercise("cross_entropy")
class TestCrossEntropy(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.cross_entropy(x, 1.0), "the answer").close_to(reference.cross_entropy(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.cross_entropy(x, scale=-0.3), "the answer").close_to(reference.cross_entropy(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.cross_entropy(x), "the answer").close_to(reference.cross_entropy(x))


@exercise("softmax_cross_entropy")
class TestSoftmaxCrossEntropy(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.softmax_cross_entropy(x, 1.0), "the answer").close_to(reference.softmax_cross_entropy(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.softmax_cross_entropy(x, scale=-0.3), "the answer").close_to(reference.softmax_cross_entropy(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.softmax_cross_entropy(x), "the answer").close_to(reference.softmax_cross_entropy(x))


@exercise("dense_forward")
class TestDenseForward(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return layer(rng)  # TODO

    @aspect("positive weights", 3)  # TODO
    def test_positive_weights(self, student, reference, rng):
        """TODO: Each column is multiplied by its weight, where weights are positive."""
        x, w = layer(rng)
        out, _ = expect(student.dense_forward(x, np.abs(w)), "what dense_forward returns").items("out", "cache")
        expect(out, "out").close_to(reference.dense_forward(x, np.abs(w))[0])

    @aspect("negative weights", 2)  # TODO
    def test_negative_weights(self, student, reference, rng):
        """TODO: Each column is multiplied by its weight, where weights are negative."""
        x, w = layer(rng)
        out, _ = expect(student.dense_forward(x, -np.abs(w)), "what dense_forward returns").items("out", "cache")
        expect(out, "out").close_to(reference.dense_forward(x, -np.abs(w))[0])


@exercise("dense_backward")
class TestDenseBackward(Backward, ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    outputs = ("dx", "dw")  # TODO

    def arguments(self, rng):
        x, w = layer(rng)
        return rng.normal(size=x.shape), x, w  # TODO: the upstream gradient, and then the arguments of the forward pass

    @aspect("dx", 3)  # TODO
    def test_dx(self, student, reference, rng):
        """TODO: The gradient of x is right for random numbers."""
        self.expect_gradient(student, reference, "dx", *self.arguments(rng))

    @aspect("dw", 3)  # TODO
    def test_dw(self, student, reference, rng):
        """TODO: The gradient of w is right for random numbers."""
        self.expect_gradient(student, reference, "dw", *self.arguments(rng))


@exercise("numerical_gradient")
class TestNumericalGradient(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.numerical_gradient(x, 1.0), "the answer").close_to(reference.numerical_gradient(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.numerical_gradient(x, scale=-0.3), "the answer").close_to(reference.numerical_gradient(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.numerical_gradient(x), "the answer").close_to(reference.numerical_gradient(x))


@exercise("mlp_gradients")
class TestMlpGradients(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.mlp_gradients(x, 1.0), "the answer").close_to(reference.mlp_gradients(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.mlp_gradients(x, scale=-0.3), "the answer").close_to(reference.mlp_gradients(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.mlp_gradients(x), "the answer").close_to(reference.mlp_gradients(x))


@exercise("minibatches")
class TestMinibatches(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.minibatches(x, 1.0), "the answer").close_to(reference.minibatches(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.minibatches(x, scale=-0.3), "the answer").close_to(reference.minibatches(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.minibatches(x), "the answer").close_to(reference.minibatches(x))
