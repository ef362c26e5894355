"""The public checks of lecture 2, data pipelines."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

# TODO: the worked example comes first; each usual mistake fails one of the checks; their sentences are written for students.


@exercise("center")
class TestCenter:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.center(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.center(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.center, np.array([0.5, -2.0]), 3.0)


@exercise("channel_mean")
class TestChannelMean:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.channel_mean(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.channel_mean(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.channel_mean, np.array([0.5, -2.0]), 3.0)


@exercise("standardize")
class TestStandardize:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.standardize(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.standardize(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.standardize, np.array([0.5, -2.0]), 3.0)


@exercise("pca")
class TestPca:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.pca(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.pca(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.pca, np.array([0.5, -2.0]), 3.0)


@exercise("whiten")
class TestWhiten:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.whiten(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.whiten(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.whiten, np.array([0.5, -2.0]), 3.0)


@exercise("shuffle_buffer")
class TestShuffleBuffer:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.shuffle_buffer(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.shuffle_buffer(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.shuffle_buffer, np.array([0.5, -2.0]), 3.0)


@exercise("interleave")
class TestInterleave:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.interleave(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.interleave(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.interleave, np.array([0.5, -2.0]), 3.0)


@exercise("batch")
class TestBatch:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.batch(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.batch(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.batch, np.array([0.5, -2.0]), 3.0)


@exercise("prefetch")
class TestPrefetch:
    def test_by_hand(self, student):
        """TODO: The worked example: the squares 1 and 9, times 4."""
        expect(student.prefetch(np.array([1.0, 3.0]), 4.0), "the answer").close_to([4.0, 36.0])

    def test_default(self, student):
        """TODO: Without a scale it is 2."""
        expect(student.prefetch(np.array([-1.0, 3.0])), "the answer").close_to([2.0, 18.0])

    def test_arguments_stay(self, student):
        """The arguments are as they were after the call."""
        expect_unchanged(student.prefetch, np.array([0.5, -2.0]), 3.0)
