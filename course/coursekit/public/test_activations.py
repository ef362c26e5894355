"""The public checks of lecture 4, activations."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

# TODO: the worked example comes first; each usual mistake fails one of the checks; their sentences are written for students.


@exercise("sigmoid")
class TestSigmoid:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.sigmoid(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.sigmoid(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.sigmoid, np.array([0.5, -2.0]), 3.0)


@exercise("sigmoid_grad")
class TestSigmoidGrad:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.sigmoid_grad(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.sigmoid_grad(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.sigmoid_grad, np.array([0.5, -2.0]), 3.0)


@exercise("relu")
class TestRelu:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.relu(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.relu(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.relu, np.array([0.5, -2.0]), 3.0)


@exercise("relu_grad")
class TestReluGrad:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.relu_grad(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.relu_grad(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.relu_grad, np.array([0.5, -2.0]), 3.0)


@exercise("leaky_relu")
class TestLeakyRelu:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.leaky_relu(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.leaky_relu(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.leaky_relu, np.array([0.5, -2.0]), 3.0)


@exercise("leaky_relu_grad")
class TestLeakyReluGrad:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.leaky_relu_grad(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.leaky_relu_grad(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.leaky_relu_grad, np.array([0.5, -2.0]), 3.0)


@exercise("rrelu")
class TestRrelu:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.rrelu(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.rrelu(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.rrelu, np.array([0.5, -2.0]), 3.0)


@exercise("prelu_forward")
class TestPreluForward:
    def test_by_hand(self, student):
        """TODO: The worked example: the first column is multiplied by 5, the second by −6."""
        answer = student.prelu_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        out, _ = expect(answer, "what prelu_forward returns").items("out", "cache")
        expect(out, "out").close_to([[5.0, -12.0], [15.0, -24.0]])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.prelu_forward, np.array([[0.5, -2.0]]), np.array([3.0, 1.0]))


@exercise("prelu_backward")
class TestPreluBackward:
    def test_by_hand(self, student):
        """TODO: The worked example: the gradients of x and w."""
        answer = student.prelu_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        _, cache = expect(answer, "what prelu_forward returns").items("out", "cache")
        answer = student.prelu_backward(np.array([[1.0, 2.0], [0.0, 1.0]]), cache)
        dx, dw = expect(answer, "what prelu_backward returns").items("dx", "dw")
        expect(dx, "dx").close_to([[5.0, -12.0], [0.0, -6.0]])
        expect(dw, "dw").close_to([1.0, 8.0])


@exercise("elu")
class TestElu:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.elu(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.elu(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.elu, np.array([0.5, -2.0]), 3.0)


@exercise("elu_grad")
class TestEluGrad:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.elu_grad(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.elu_grad(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.elu_grad, np.array([0.5, -2.0]), 3.0)


@exercise("selu")
class TestSelu:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.selu(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.selu(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.selu, np.array([0.5, -2.0]), 3.0)


@exercise("maxout_forward")
class TestMaxoutForward:
    def test_by_hand(self, student):
        """TODO: The worked example: the first column is multiplied by 5, the second by −6."""
        answer = student.maxout_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        out, _ = expect(answer, "what maxout_forward returns").items("out", "cache")
        expect(out, "out").close_to([[5.0, -12.0], [15.0, -24.0]])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.maxout_forward, np.array([[0.5, -2.0]]), np.array([3.0, 1.0]))


@exercise("maxout_backward")
class TestMaxoutBackward:
    def test_by_hand(self, student):
        """TODO: The worked example: the gradients of x and w."""
        answer = student.maxout_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        _, cache = expect(answer, "what maxout_forward returns").items("out", "cache")
        answer = student.maxout_backward(np.array([[1.0, 2.0], [0.0, 1.0]]), cache)
        dx, dw = expect(answer, "what maxout_backward returns").items("dx", "dw")
        expect(dx, "dx").close_to([[5.0, -12.0], [0.0, -6.0]])
        expect(dw, "dw").close_to([1.0, 8.0])


@exercise("dead_units")
class TestDeadUnits:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.dead_units(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.dead_units(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.dead_units, np.array([0.5, -2.0]), 3.0)
