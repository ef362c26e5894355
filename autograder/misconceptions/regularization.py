"""Known answers to lecture 10, regularization, wrong and right.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import regularization as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- l2_penalty ---------------------------------------------------------------------------------------------------------


@misconception("l2_penalty", "core", title="TODO: Nothing is squared", see="10 §1")
def l2_penalty_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("l2_penalty", "part", title="TODO: The scale is ignored", see="10 §1")
def l2_penalty_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("l2_penalty", "slip", title="TODO: The default is 1", see="10 §1")
def l2_penalty_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
l2_penalty_changes_x = in_place("l2_penalty", right.l2_penalty, see="10 §1")


@alternative("l2_penalty")
def l2_penalty_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("l2_penalty")
def l2_penalty_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("l2_penalty")
def l2_penalty_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- l1_penalty ---------------------------------------------------------------------------------------------------------


@misconception("l1_penalty", "core", title="TODO: Nothing is squared", see="10 §2")
def l1_penalty_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("l1_penalty", "part", title="TODO: The scale is ignored", see="10 §2")
def l1_penalty_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("l1_penalty", "slip", title="TODO: The default is 1", see="10 §2")
def l1_penalty_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
l1_penalty_changes_x = in_place("l1_penalty", right.l1_penalty, see="10 §2")


@alternative("l1_penalty")
def l1_penalty_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("l1_penalty")
def l1_penalty_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("l1_penalty")
def l1_penalty_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- weight_decay_step --------------------------------------------------------------------------------------------------


@misconception("weight_decay_step", "core", title="TODO: Nothing is squared", see="10 §3")
def weight_decay_step_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("weight_decay_step", "part", title="TODO: The scale is ignored", see="10 §3")
def weight_decay_step_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("weight_decay_step", "slip", title="TODO: The default is 1", see="10 §3")
def weight_decay_step_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
weight_decay_step_changes_x = in_place("weight_decay_step", right.weight_decay_step, see="10 §3")


@alternative("weight_decay_step")
def weight_decay_step_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("weight_decay_step")
def weight_decay_step_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("weight_decay_step")
def weight_decay_step_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- max_norm -----------------------------------------------------------------------------------------------------------


@misconception("max_norm", "core", title="TODO: Nothing is squared", see="10 §4")
def max_norm_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("max_norm", "part", title="TODO: The scale is ignored", see="10 §4")
def max_norm_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("max_norm", "slip", title="TODO: The default is 1", see="10 §4")
def max_norm_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
max_norm_changes_x = in_place("max_norm", right.max_norm, see="10 §4")


@alternative("max_norm")
def max_norm_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("max_norm")
def max_norm_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("max_norm")
def max_norm_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- early_stopping -----------------------------------------------------------------------------------------------------


@misconception("early_stopping", "core", title="TODO: Nothing is squared", see="10 §5")
def early_stopping_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("early_stopping", "part", title="TODO: The scale is ignored", see="10 §5")
def early_stopping_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("early_stopping", "slip", title="TODO: The default is 1", see="10 §5")
def early_stopping_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
early_stopping_changes_x = in_place("early_stopping", right.early_stopping, see="10 §5")


@alternative("early_stopping")
def early_stopping_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("early_stopping")
def early_stopping_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("early_stopping")
def early_stopping_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- shift_image --------------------------------------------------------------------------------------------------------


@misconception("shift_image", "core", title="TODO: Nothing is squared", see="10 §6")
def shift_image_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("shift_image", "part", title="TODO: The scale is ignored", see="10 §6")
def shift_image_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("shift_image", "slip", title="TODO: The default is 1", see="10 §6")
def shift_image_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
shift_image_changes_x = in_place("shift_image", right.shift_image, see="10 §6")


@alternative("shift_image")
def shift_image_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("shift_image")
def shift_image_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("shift_image")
def shift_image_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- augment ------------------------------------------------------------------------------------------------------------


@misconception("augment", "core", title="TODO: Nothing is squared", see="10 §7")
def augment_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("augment", "part", title="TODO: The scale is ignored", see="10 §7")
def augment_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("augment", "slip", title="TODO: The default is 1", see="10 §7")
def augment_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
augment_changes_x = in_place("augment", right.augment, see="10 §7")


@alternative("augment")
def augment_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("augment")
def augment_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("augment")
def augment_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- ensemble_predict ---------------------------------------------------------------------------------------------------


@misconception("ensemble_predict", "core", title="TODO: Nothing is squared", see="10 §8")
def ensemble_predict_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("ensemble_predict", "part", title="TODO: The scale is ignored", see="10 §8")
def ensemble_predict_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("ensemble_predict", "slip", title="TODO: The default is 1", see="10 §8")
def ensemble_predict_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
ensemble_predict_changes_x = in_place("ensemble_predict", right.ensemble_predict, see="10 §8")


@alternative("ensemble_predict")
def ensemble_predict_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("ensemble_predict")
def ensemble_predict_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("ensemble_predict")
def ensemble_predict_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
