"""The hidden suite of lecture 10, regularization."""

import numpy as np

from autograder.suites.contracts import ArgumentsUnchanged, Integers, MemoryLayouts
from coursekit import aspect, corner, exercise, expect

# TODO: write down what a fair marker gives points for: each returned array, each mode, the state over several steps; and each corner.
# Each gets tests of its own, with other inputs than the public checks. The docstrings are sentences for students.


@exercise("l2_penalty")
class TestL2Penalty(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.l2_penalty(x, 1.0), "the answer").close_to(reference.l2_penalty(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.l2_penalty(x, scale=-0.3), "the answer").close_to(reference.l2_penalty(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.l2_penalty(x), "the answer").close_to(reference.l2_penalty(x))


@exercise("l1_penalty")
class TestL1Penalty(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.l1_penalty(x, 1.0), "the answer").close_to(reference.l1_penalty(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.l1_penalty(x, scale=-0.3), "the answer").close_to(reference.l1_penalty(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.l1_penalty(x), "the answer").close_to(reference.l1_penalty(x))


@exercise("weight_decay_step")
class TestWeightDecayStep(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.weight_decay_step(x, 1.0), "the answer").close_to(reference.weight_decay_step(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.weight_decay_step(x, scale=-0.3), "the answer").close_to(reference.weight_decay_step(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.weight_decay_step(x), "the answer").close_to(reference.weight_decay_step(x))


@exercise("max_norm")
class TestMaxNorm(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.max_norm(x, 1.0), "the answer").close_to(reference.max_norm(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.max_norm(x, scale=-0.3), "the answer").close_to(reference.max_norm(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.max_norm(x), "the answer").close_to(reference.max_norm(x))


@exercise("early_stopping")
class TestEarlyStopping(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.early_stopping(x, 1.0), "the answer").close_to(reference.early_stopping(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.early_stopping(x, scale=-0.3), "the answer").close_to(reference.early_stopping(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.early_stopping(x), "the answer").close_to(reference.early_stopping(x))


@exercise("shift_image")
class TestShiftImage(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.shift_image(x, 1.0), "the answer").close_to(reference.shift_image(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.shift_image(x, scale=-0.3), "the answer").close_to(reference.shift_image(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.shift_image(x), "the answer").close_to(reference.shift_image(x))


@exercise("augment")
class TestAugment(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.augment(x, 1.0), "the answer").close_to(reference.augment(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.augment(x, scale=-0.3), "the answer").close_to(reference.augment(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.augment(x), "the answer").close_to(reference.augment(x))


@exercise("ensemble_predict")
class TestEnsemblePredict(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.ensemble_predict(x, 1.0), "the answer").close_to(reference.ensemble_predict(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.ensemble_predict(x, scale=-0.3), "the answer").close_to(reference.ensemble_predict(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.ensemble_predict(x), "the answer").close_to(reference.ensemble_predict(x))
