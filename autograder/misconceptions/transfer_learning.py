"""Known answers to lecture 13, transfer learning, wrong and right.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import transfer_learning as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- split_classes ------------------------------------------------------------------------------------------------------


@misconception("split_classes", "core", title="TODO: Nothing is squared", see="13 §1")
def split_classes_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("split_classes", "part", title="TODO: The scale is ignored", see="13 §1")
def split_classes_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("split_classes", "slip", title="TODO: The default is 1", see="13 §1")
def split_classes_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
split_classes_changes_x = in_place("split_classes", right.split_classes, see="13 §1")


@alternative("split_classes")
def split_classes_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("split_classes")
def split_classes_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("split_classes")
def split_classes_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- reuse_layers -------------------------------------------------------------------------------------------------------


@misconception("reuse_layers", "core", title="TODO: Nothing is squared", see="13 §2")
def reuse_layers_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("reuse_layers", "part", title="TODO: The scale is ignored", see="13 §2")
def reuse_layers_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("reuse_layers", "slip", title="TODO: The default is 1", see="13 §2")
def reuse_layers_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
reuse_layers_changes_x = in_place("reuse_layers", right.reuse_layers, see="13 §2")


@alternative("reuse_layers")
def reuse_layers_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("reuse_layers")
def reuse_layers_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("reuse_layers")
def reuse_layers_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- frozen_step --------------------------------------------------------------------------------------------------------


@misconception("frozen_step", "core", title="TODO: Nothing is squared", see="13 §3")
def frozen_step_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("frozen_step", "part", title="TODO: The scale is ignored", see="13 §3")
def frozen_step_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("frozen_step", "slip", title="TODO: The default is 1", see="13 §3")
def frozen_step_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
frozen_step_changes_x = in_place("frozen_step", right.frozen_step, see="13 §3")


@alternative("frozen_step")
def frozen_step_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("frozen_step")
def frozen_step_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("frozen_step")
def frozen_step_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- transfer_strategy --------------------------------------------------------------------------------------------------


@misconception("transfer_strategy", "core", title="TODO: Nothing is squared", see="13 §4")
def transfer_strategy_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("transfer_strategy", "part", title="TODO: The scale is ignored", see="13 §4")
def transfer_strategy_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("transfer_strategy", "slip", title="TODO: The default is 1", see="13 §4")
def transfer_strategy_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
transfer_strategy_changes_x = in_place("transfer_strategy", right.transfer_strategy, see="13 §4")


@alternative("transfer_strategy")
def transfer_strategy_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("transfer_strategy")
def transfer_strategy_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("transfer_strategy")
def transfer_strategy_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- autoencoder_gradients ----------------------------------------------------------------------------------------------


@misconception("autoencoder_gradients", "core", title="TODO: Nothing is squared", see="13 §5")
def autoencoder_gradients_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("autoencoder_gradients", "part", title="TODO: The scale is ignored", see="13 §5")
def autoencoder_gradients_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("autoencoder_gradients", "slip", title="TODO: The default is 1", see="13 §5")
def autoencoder_gradients_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
autoencoder_gradients_changes_x = in_place("autoencoder_gradients", right.autoencoder_gradients, see="13 §5")


@alternative("autoencoder_gradients")
def autoencoder_gradients_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("autoencoder_gradients")
def autoencoder_gradients_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("autoencoder_gradients")
def autoencoder_gradients_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- pretrain_stack -----------------------------------------------------------------------------------------------------


@misconception("pretrain_stack", "core", title="TODO: Nothing is squared", see="13 §6")
def pretrain_stack_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("pretrain_stack", "part", title="TODO: The scale is ignored", see="13 §6")
def pretrain_stack_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("pretrain_stack", "slip", title="TODO: The default is 1", see="13 §6")
def pretrain_stack_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
pretrain_stack_changes_x = in_place("pretrain_stack", right.pretrain_stack, see="13 §6")


@alternative("pretrain_stack")
def pretrain_stack_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("pretrain_stack")
def pretrain_stack_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("pretrain_stack")
def pretrain_stack_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
