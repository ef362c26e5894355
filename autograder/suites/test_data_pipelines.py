"""The hidden suite of lecture 2, data pipelines."""

import numpy as np

from autograder.suites.contracts import ArgumentsUnchanged, Integers, MemoryLayouts
from coursekit import aspect, corner, exercise, expect

# TODO: write down what a fair marker gives points for: each returned array, each mode, the state over several steps; and each corner.
# Each gets tests of its own, with other inputs than the public checks. The docstrings are sentences for students.


@exercise("center")
class TestCenter(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.center(x, 1.0), "the answer").close_to(reference.center(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.center(x, scale=-0.3), "the answer").close_to(reference.center(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.center(x), "the answer").close_to(reference.center(x))


@exercise("channel_mean")
class TestChannelMean(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.channel_mean(x, 1.0), "the answer").close_to(reference.channel_mean(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.channel_mean(x, scale=-0.3), "the answer").close_to(reference.channel_mean(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.channel_mean(x), "the answer").close_to(reference.channel_mean(x))


@exercise("standardize")
class TestStandardize(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.standardize(x, 1.0), "the answer").close_to(reference.standardize(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.standardize(x, scale=-0.3), "the answer").close_to(reference.standardize(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.standardize(x), "the answer").close_to(reference.standardize(x))


@exercise("pca")
class TestPca(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.pca(x, 1.0), "the answer").close_to(reference.pca(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.pca(x, scale=-0.3), "the answer").close_to(reference.pca(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.pca(x), "the answer").close_to(reference.pca(x))


@exercise("whiten")
class TestWhiten(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.whiten(x, 1.0), "the answer").close_to(reference.whiten(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.whiten(x, scale=-0.3), "the answer").close_to(reference.whiten(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.whiten(x), "the answer").close_to(reference.whiten(x))


@exercise("shuffle_buffer")
class TestShuffleBuffer(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.shuffle_buffer(x, 1.0), "the answer").close_to(reference.shuffle_buffer(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.shuffle_buffer(x, scale=-0.3), "the answer").close_to(reference.shuffle_buffer(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.shuffle_buffer(x), "the answer").close_to(reference.shuffle_buffer(x))


@exercise("interleave")
class TestInterleave(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.interleave(x, 1.0), "the answer").close_to(reference.interleave(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.interleave(x, scale=-0.3), "the answer").close_to(reference.interleave(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.interleave(x), "the answer").close_to(reference.interleave(x))


@exercise("batch")
class TestBatch(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.batch(x, 1.0), "the answer").close_to(reference.batch(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.batch(x, scale=-0.3), "the answer").close_to(reference.batch(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.batch(x), "the answer").close_to(reference.batch(x))


@exercise("prefetch")
class TestPrefetch(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.prefetch(x, 1.0), "the answer").close_to(reference.prefetch(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.prefetch(x, scale=-0.3), "the answer").close_to(reference.prefetch(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.prefetch(x), "the answer").close_to(reference.prefetch(x))
