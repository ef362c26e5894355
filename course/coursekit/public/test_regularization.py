"""The public checks of lecture 10, regularization."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

# TODO: the worked example comes first; each usual mistake fails one of the checks; their sentences are written for students.


@exercise("l2_penalty")
class TestL2Penalty:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.l2_penalty(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.l2_penalty(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.l2_penalty, np.array([0.5, -2.0]), 3.0)


@exercise("l1_penalty")
class TestL1Penalty:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.l1_penalty(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.l1_penalty(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.l1_penalty, np.array([0.5, -2.0]), 3.0)


@exercise("weight_decay_step")
class TestWeightDecayStep:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.weight_decay_step(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.weight_decay_step(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.weight_decay_step, np.array([0.5, -2.0]), 3.0)


@exercise("max_norm")
class TestMaxNorm:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.max_norm(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.max_norm(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.max_norm, np.array([0.5, -2.0]), 3.0)


@exercise("early_stopping")
class TestEarlyStopping:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.early_stopping(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.early_stopping(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.early_stopping, np.array([0.5, -2.0]), 3.0)


@exercise("shift_image")
class TestShiftImage:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.shift_image(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.shift_image(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.shift_image, np.array([0.5, -2.0]), 3.0)


@exercise("augment")
class TestAugment:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.augment(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.augment(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.augment, np.array([0.5, -2.0]), 3.0)


@exercise("ensemble_predict")
class TestEnsemblePredict:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.ensemble_predict(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.ensemble_predict(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.ensemble_predict, np.array([0.5, -2.0]), 3.0)
