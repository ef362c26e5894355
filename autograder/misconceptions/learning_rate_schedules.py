"""Known answers to lecture 9, learning rate schedules, wrong and right.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import learning_rate_schedules as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- step_decay ---------------------------------------------------------------------------------------------------------


@misconception("step_decay", "core", title="TODO: Nothing is squared", see="09 §1")
def step_decay_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("step_decay", "part", title="TODO: The scale is ignored", see="09 §1")
def step_decay_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("step_decay", "slip", title="TODO: The default is 1", see="09 §1")
def step_decay_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
step_decay_changes_x = in_place("step_decay", right.step_decay, see="09 §1")


@alternative("step_decay")
def step_decay_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("step_decay")
def step_decay_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("step_decay")
def step_decay_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- exponential_decay --------------------------------------------------------------------------------------------------


@misconception("exponential_decay", "core", title="TODO: Nothing is squared", see="09 §2")
def exponential_decay_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("exponential_decay", "part", title="TODO: The scale is ignored", see="09 §2")
def exponential_decay_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("exponential_decay", "slip", title="TODO: The default is 1", see="09 §2")
def exponential_decay_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
exponential_decay_changes_x = in_place("exponential_decay", right.exponential_decay, see="09 §2")


@alternative("exponential_decay")
def exponential_decay_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("exponential_decay")
def exponential_decay_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("exponential_decay")
def exponential_decay_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- exponential_schedule -----------------------------------------------------------------------------------------------


@misconception("exponential_schedule", "core", title="TODO: Nothing is squared", see="09 §3")
def exponential_schedule_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("exponential_schedule", "part", title="TODO: The scale is ignored", see="09 §3")
def exponential_schedule_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("exponential_schedule", "slip", title="TODO: The default is 1", see="09 §3")
def exponential_schedule_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
exponential_schedule_changes_x = in_place("exponential_schedule", right.exponential_schedule, see="09 §3")


@alternative("exponential_schedule")
def exponential_schedule_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("exponential_schedule")
def exponential_schedule_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("exponential_schedule")
def exponential_schedule_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- inverse_time_decay -------------------------------------------------------------------------------------------------


@misconception("inverse_time_decay", "core", title="TODO: Nothing is squared", see="09 §4")
def inverse_time_decay_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("inverse_time_decay", "part", title="TODO: The scale is ignored", see="09 §4")
def inverse_time_decay_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("inverse_time_decay", "slip", title="TODO: The default is 1", see="09 §4")
def inverse_time_decay_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
inverse_time_decay_changes_x = in_place("inverse_time_decay", right.inverse_time_decay, see="09 §4")


@alternative("inverse_time_decay")
def inverse_time_decay_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("inverse_time_decay")
def inverse_time_decay_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("inverse_time_decay")
def inverse_time_decay_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- power_schedule -----------------------------------------------------------------------------------------------------


@misconception("power_schedule", "core", title="TODO: Nothing is squared", see="09 §5")
def power_schedule_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("power_schedule", "part", title="TODO: The scale is ignored", see="09 §5")
def power_schedule_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("power_schedule", "slip", title="TODO: The default is 1", see="09 §5")
def power_schedule_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
power_schedule_changes_x = in_place("power_schedule", right.power_schedule, see="09 §5")


@alternative("power_schedule")
def power_schedule_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("power_schedule")
def power_schedule_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("power_schedule")
def power_schedule_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- piecewise_constant -------------------------------------------------------------------------------------------------


@misconception("piecewise_constant", "core", title="TODO: Nothing is squared", see="09 §6")
def piecewise_constant_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("piecewise_constant", "part", title="TODO: The scale is ignored", see="09 §6")
def piecewise_constant_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("piecewise_constant", "slip", title="TODO: The default is 1", see="09 §6")
def piecewise_constant_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
piecewise_constant_changes_x = in_place("piecewise_constant", right.piecewise_constant, see="09 §6")


@alternative("piecewise_constant")
def piecewise_constant_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("piecewise_constant")
def piecewise_constant_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("piecewise_constant")
def piecewise_constant_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- plateau_step -------------------------------------------------------------------------------------------------------


@misconception("plateau_step", "core", title="TODO: Nothing is squared", see="09 §7")
def plateau_step_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("plateau_step", "part", title="TODO: The scale is ignored", see="09 §7")
def plateau_step_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("plateau_step", "slip", title="TODO: The default is 1", see="09 §7")
def plateau_step_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
plateau_step_changes_x = in_place("plateau_step", right.plateau_step, see="09 §7")


@alternative("plateau_step")
def plateau_step_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("plateau_step")
def plateau_step_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("plateau_step")
def plateau_step_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- one_cycle ----------------------------------------------------------------------------------------------------------


@misconception("one_cycle", "core", title="TODO: Nothing is squared", see="09 §8")
def one_cycle_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("one_cycle", "part", title="TODO: The scale is ignored", see="09 §8")
def one_cycle_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("one_cycle", "slip", title="TODO: The default is 1", see="09 §8")
def one_cycle_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
one_cycle_changes_x = in_place("one_cycle", right.one_cycle, see="09 §8")


@alternative("one_cycle")
def one_cycle_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("one_cycle")
def one_cycle_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("one_cycle")
def one_cycle_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
