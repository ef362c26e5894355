"""The hidden suite of lecture 4, activations."""

import numpy as np

from autograder.suites.contracts import ArgumentsUnchanged, Backward, Integers, MemoryLayouts
from coursekit import aspect, corner, exercise, expect

# TODO: write down what a fair marker gives points for: each returned array, each mode, the state over several steps; and each corner.
# Each gets tests of its own, with other inputs than the public checks. The docstrings are sentences for students.


def layer(rng):
    """Return a batch and its weights."""  # TODO
    return rng.normal(0.5, 2, (5, 3)), rng.normal(0.3, 2, 3)


@exercise("sigmoid")
class TestSigmoid(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.sigmoid(x, 1.0), "the answer").close_to(reference.sigmoid(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.sigmoid(x, scale=-0.3), "the answer").close_to(reference.sigmoid(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.sigmoid(x), "the answer").close_to(reference.sigmoid(x))


@exercise("sigmoid_grad")
class TestSigmoidGrad(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.sigmoid_grad(x, 1.0), "the answer").close_to(reference.sigmoid_grad(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.sigmoid_grad(x, scale=-0.3), "the answer").close_to(reference.sigmoid_grad(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.sigmoid_grad(x), "the answer").close_to(reference.sigmoid_grad(x))


@exercise("relu")
class TestRelu(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.relu(x, 1.0), "the answer").close_to(reference.relu(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.relu(x, scale=-0.3), "the answer").close_to(reference.relu(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.relu(x), "the answer").close_to(reference.relu(x))


@exercise("relu_grad")
class TestReluGrad(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.relu_grad(x, 1.0), "the answer").close_to(reference.relu_grad(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.relu_grad(x, scale=-0.3), "the answer").close_to(reference.relu_grad(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.relu_grad(x), "the answer").close_to(reference.relu_grad(x))


@exercise("leaky_relu")
class TestLeakyRelu(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.leaky_relu(x, 1.0), "the answer").close_to(reference.leaky_relu(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.leaky_relu(x, scale=-0.3), "the answer").close_to(reference.leaky_relu(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.leaky_relu(x), "the answer").close_to(reference.leaky_relu(x))


@exercise("leaky_relu_grad")
class TestLeakyReluGrad(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.leaky_relu_grad(x, 1.0), "the answer").close_to(reference.leaky_relu_grad(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.leaky_relu_grad(x, scale=-0.3), "the answer").close_to(reference.leaky_relu_grad(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.leaky_relu_grad(x), "the answer").close_to(reference.leaky_relu_grad(x))


@exercise("rrelu")
class TestRrelu(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.rrelu(x, 1.0), "the answer").close_to(reference.rrelu(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.rrelu(x, scale=-0.3), "the answer").close_to(reference.rrelu(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.rrelu(x), "the answer").close_to(reference.rrelu(x))


@exercise("prelu_forward")
class TestPreluForward(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return layer(rng)  # TODO

    @aspect("positive weights", 3)  # TODO
    def test_positive_weights(self, student, reference, rng):
        """TODO: Each column is multiplied by its weight, where weights are positive."""
        x, w = layer(rng)
        out, _ = expect(student.prelu_forward(x, np.abs(w)), "what prelu_forward returns").items("out", "cache")
        expect(out, "out").close_to(reference.prelu_forward(x, np.abs(w))[0])

    @aspect("negative weights", 2)  # TODO
    def test_negative_weights(self, student, reference, rng):
        """TODO: Each column is multiplied by its weight, where weights are negative."""
        x, w = layer(rng)
        out, _ = expect(student.prelu_forward(x, -np.abs(w)), "what prelu_forward returns").items("out", "cache")
        expect(out, "out").close_to(reference.prelu_forward(x, -np.abs(w))[0])


@exercise("prelu_backward")
class TestPreluBackward(Backward, ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
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


@exercise("elu")
class TestElu(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.elu(x, 1.0), "the answer").close_to(reference.elu(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.elu(x, scale=-0.3), "the answer").close_to(reference.elu(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.elu(x), "the answer").close_to(reference.elu(x))


@exercise("elu_grad")
class TestEluGrad(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.elu_grad(x, 1.0), "the answer").close_to(reference.elu_grad(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.elu_grad(x, scale=-0.3), "the answer").close_to(reference.elu_grad(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.elu_grad(x), "the answer").close_to(reference.elu_grad(x))


@exercise("selu")
class TestSelu(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.selu(x, 1.0), "the answer").close_to(reference.selu(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.selu(x, scale=-0.3), "the answer").close_to(reference.selu(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.selu(x), "the answer").close_to(reference.selu(x))


@exercise("maxout_forward")
class TestMaxoutForward(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return layer(rng)  # TODO

    @aspect("positive weights", 3)  # TODO
    def test_positive_weights(self, student, reference, rng):
        """TODO: Each column is multiplied by its weight, where weights are positive."""
        x, w = layer(rng)
        out, _ = expect(student.maxout_forward(x, np.abs(w)), "what maxout_forward returns").items("out", "cache")
        expect(out, "out").close_to(reference.maxout_forward(x, np.abs(w))[0])

    @aspect("negative weights", 2)  # TODO
    def test_negative_weights(self, student, reference, rng):
        """TODO: Each column is multiplied by its weight, where weights are negative."""
        x, w = layer(rng)
        out, _ = expect(student.maxout_forward(x, -np.abs(w)), "what maxout_forward returns").items("out", "cache")
        expect(out, "out").close_to(reference.maxout_forward(x, -np.abs(w))[0])


@exercise("maxout_backward")
class TestMaxoutBackward(Backward, ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
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


@exercise("dead_units")
class TestDeadUnits(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.dead_units(x, 1.0), "the answer").close_to(reference.dead_units(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.dead_units(x, scale=-0.3), "the answer").close_to(reference.dead_units(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.dead_units(x), "the answer").close_to(reference.dead_units(x))
