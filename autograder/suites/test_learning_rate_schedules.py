"""The hidden suite of lecture 9, learning rate schedules."""

import numpy as np

from autograder.suites.contracts import ArgumentsUnchanged, Integers, MemoryLayouts
from coursekit import aspect, corner, exercise, expect

# TODO: write down what a fair marker gives points for: each returned array, each mode, the state over several steps; and each corner.
# Each gets tests of its own, with other inputs than the public checks. The docstrings are sentences for students.


@exercise("step_decay")
class TestStepDecay(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.step_decay(x, 1.0), "the answer").close_to(reference.step_decay(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.step_decay(x, scale=-0.3), "the answer").close_to(reference.step_decay(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.step_decay(x), "the answer").close_to(reference.step_decay(x))


@exercise("exponential_decay")
class TestExponentialDecay(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.exponential_decay(x, 1.0), "the answer").close_to(reference.exponential_decay(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.exponential_decay(x, scale=-0.3), "the answer").close_to(reference.exponential_decay(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.exponential_decay(x), "the answer").close_to(reference.exponential_decay(x))


@exercise("exponential_schedule")
class TestExponentialSchedule(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.exponential_schedule(x, 1.0), "the answer").close_to(reference.exponential_schedule(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.exponential_schedule(x, scale=-0.3), "the answer").close_to(reference.exponential_schedule(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.exponential_schedule(x), "the answer").close_to(reference.exponential_schedule(x))


@exercise("inverse_time_decay")
class TestInverseTimeDecay(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.inverse_time_decay(x, 1.0), "the answer").close_to(reference.inverse_time_decay(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.inverse_time_decay(x, scale=-0.3), "the answer").close_to(reference.inverse_time_decay(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.inverse_time_decay(x), "the answer").close_to(reference.inverse_time_decay(x))


@exercise("power_schedule")
class TestPowerSchedule(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.power_schedule(x, 1.0), "the answer").close_to(reference.power_schedule(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.power_schedule(x, scale=-0.3), "the answer").close_to(reference.power_schedule(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.power_schedule(x), "the answer").close_to(reference.power_schedule(x))


@exercise("piecewise_constant")
class TestPiecewiseConstant(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.piecewise_constant(x, 1.0), "the answer").close_to(reference.piecewise_constant(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.piecewise_constant(x, scale=-0.3), "the answer").close_to(reference.piecewise_constant(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.piecewise_constant(x), "the answer").close_to(reference.piecewise_constant(x))


@exercise("plateau_step")
class TestPlateauStep(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.plateau_step(x, 1.0), "the answer").close_to(reference.plateau_step(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.plateau_step(x, scale=-0.3), "the answer").close_to(reference.plateau_step(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.plateau_step(x), "the answer").close_to(reference.plateau_step(x))


@exercise("one_cycle")
class TestOneCycle(ArgumentsUnchanged, Integers, MemoryLayouts):  # TODO: contracts
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), 0.7  # TODO

    @aspect("the squares", 3)  # TODO
    def test_squares(self, student, reference, rng):
        """TODO: With scale = 1, random numbers are squared."""
        x = rng.normal(size=(5, 2))
        expect(student.one_cycle(x, 1.0), "the answer").close_to(reference.one_cycle(x, 1.0))

    @aspect("the scale", 2)  # TODO
    def test_scale(self, student, reference, rng):
        """TODO: The squares are multiplied by the scale that is passed."""
        x = rng.normal(size=7)
        expect(student.one_cycle(x, scale=-0.3), "the answer").close_to(reference.one_cycle(x, scale=-0.3))

    @corner("the default of scale", 0.1)  # TODO
    def test_default(self, student, reference, rng):
        """TODO: Without a scale it is 2."""
        x = rng.normal(size=4)
        expect(student.one_cycle(x), "the answer").close_to(reference.one_cycle(x))
