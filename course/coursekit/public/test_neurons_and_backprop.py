"""The public checks of lecture 1, neurons and backprop."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

# TODO: the worked example comes first; each usual mistake fails one of the checks; their sentences are written for students.


@exercise("threshold_unit")
class TestThresholdUnit:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.threshold_unit(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.threshold_unit(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.threshold_unit, np.array([0.5, -2.0]), 3.0)


@exercise("logistic_neuron_step")
class TestLogisticNeuronStep:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.logistic_neuron_step(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.logistic_neuron_step(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.logistic_neuron_step, np.array([0.5, -2.0]), 3.0)


@exercise("softmax")
class TestSoftmax:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.softmax(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.softmax(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.softmax, np.array([0.5, -2.0]), 3.0)


@exercise("cross_entropy")
class TestCrossEntropy:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.cross_entropy(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.cross_entropy(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.cross_entropy, np.array([0.5, -2.0]), 3.0)


@exercise("softmax_cross_entropy")
class TestSoftmaxCrossEntropy:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.softmax_cross_entropy(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.softmax_cross_entropy(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.softmax_cross_entropy, np.array([0.5, -2.0]), 3.0)


@exercise("dense_forward")
class TestDenseForward:
    def test_by_hand(self, student):
        """TODO: The worked example: the first column is multiplied by 5, the second by −6."""
        answer = student.dense_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        out, _ = expect(answer, "what dense_forward returns").items("out", "cache")
        expect(out, "out").close_to([[5.0, -12.0], [15.0, -24.0]])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.dense_forward, np.array([[0.5, -2.0]]), np.array([3.0, 1.0]))


@exercise("dense_backward")
class TestDenseBackward:
    def test_by_hand(self, student):
        """TODO: The worked example: the gradients of x and w."""
        answer = student.dense_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        _, cache = expect(answer, "what dense_forward returns").items("out", "cache")
        answer = student.dense_backward(np.array([[1.0, 2.0], [0.0, 1.0]]), cache)
        dx, dw = expect(answer, "what dense_backward returns").items("dx", "dw")
        expect(dx, "dx").close_to([[5.0, -12.0], [0.0, -6.0]])
        expect(dw, "dw").close_to([1.0, 8.0])


@exercise("numerical_gradient")
class TestNumericalGradient:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.numerical_gradient(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.numerical_gradient(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.numerical_gradient, np.array([0.5, -2.0]), 3.0)


@exercise("mlp_gradients")
class TestMlpGradients:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.mlp_gradients(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.mlp_gradients(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.mlp_gradients, np.array([0.5, -2.0]), 3.0)


@exercise("minibatches")
class TestMinibatches:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.minibatches(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.minibatches(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.minibatches, np.array([0.5, -2.0]), 3.0)
