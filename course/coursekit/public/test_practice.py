"""The public checks of lecture 14, practice."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

# TODO: the worked example comes first; each usual mistake fails one of the checks; their sentences are written for students.


@exercise("quantize")
class TestQuantize:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.quantize(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.quantize(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.quantize, np.array([0.5, -2.0]), 3.0)


@exercise("dequantize")
class TestDequantize:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.dequantize(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.dequantize(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.dequantize, np.array([0.5, -2.0]), 3.0)


@exercise("prune")
class TestPrune:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.prune(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.prune(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.prune, np.array([0.5, -2.0]), 3.0)


@exercise("sparsity")
class TestSparsity:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.sparsity(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.sparsity(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.sparsity, np.array([0.5, -2.0]), 3.0)


@exercise("wide_and_deep_forward")
class TestWideAndDeepForward:
    def test_by_hand(self, student):
        """TODO: The worked example: the first column is multiplied by 5, the second by −6."""
        answer = student.wide_and_deep_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        out, _ = expect(answer, "what wide_and_deep_forward returns").items("out", "cache")
        expect(out, "out").close_to([[5.0, -12.0], [15.0, -24.0]])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.wide_and_deep_forward, np.array([[0.5, -2.0]]), np.array([3.0, 1.0]))


@exercise("wide_and_deep_backward")
class TestWideAndDeepBackward:
    def test_by_hand(self, student):
        """TODO: The worked example: the gradients of x and w."""
        answer = student.wide_and_deep_forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, -6.0]))
        _, cache = expect(answer, "what wide_and_deep_forward returns").items("out", "cache")
        answer = student.wide_and_deep_backward(np.array([[1.0, 2.0], [0.0, 1.0]]), cache)
        dx, dw = expect(answer, "what wide_and_deep_backward returns").items("dx", "dw")
        expect(dx, "dx").close_to([[5.0, -12.0], [0.0, -6.0]])
        expect(dw, "dw").close_to([1.0, 8.0])


@exercise("combined_loss")
class TestCombinedLoss:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.combined_loss(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.combined_loss(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.combined_loss, np.array([0.5, -2.0]), 3.0)


@exercise("capstone")
class TestCapstone:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.capstone(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.capstone(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.capstone, np.array([0.5, -2.0]), 3.0)
