"""Known answers to lecture 1, neurons and backprop, wrong and right.

The cache is the reference's: (x, w). A forward pass returns it, and a backward pass gets it.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import neurons_and_backprop as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- threshold_unit -----------------------------------------------------------------------------------------------------


@misconception("threshold_unit", "core", title="TODO: Nothing is squared", see="01 §1")
def threshold_unit_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("threshold_unit", "part", title="TODO: The scale is ignored", see="01 §1")
def threshold_unit_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("threshold_unit", "slip", title="TODO: The default is 1", see="01 §1")
def threshold_unit_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
threshold_unit_changes_x = in_place("threshold_unit", right.threshold_unit, see="01 §1")


@alternative("threshold_unit")
def threshold_unit_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("threshold_unit")
def threshold_unit_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("threshold_unit")
def threshold_unit_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- logistic_neuron_step -----------------------------------------------------------------------------------------------


@misconception("logistic_neuron_step", "core", title="TODO: Nothing is squared", see="01 §2")
def logistic_neuron_step_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("logistic_neuron_step", "part", title="TODO: The scale is ignored", see="01 §2")
def logistic_neuron_step_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("logistic_neuron_step", "slip", title="TODO: The default is 1", see="01 §2")
def logistic_neuron_step_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
logistic_neuron_step_changes_x = in_place("logistic_neuron_step", right.logistic_neuron_step, see="01 §2")


@alternative("logistic_neuron_step")
def logistic_neuron_step_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("logistic_neuron_step")
def logistic_neuron_step_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("logistic_neuron_step")
def logistic_neuron_step_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- softmax ------------------------------------------------------------------------------------------------------------


@misconception("softmax", "core", title="TODO: Nothing is squared", see="01 §3")
def softmax_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("softmax", "part", title="TODO: The scale is ignored", see="01 §3")
def softmax_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("softmax", "slip", title="TODO: The default is 1", see="01 §3")
def softmax_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
softmax_changes_x = in_place("softmax", right.softmax, see="01 §3")


@alternative("softmax")
def softmax_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("softmax")
def softmax_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("softmax")
def softmax_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- cross_entropy ------------------------------------------------------------------------------------------------------


@misconception("cross_entropy", "core", title="TODO: Nothing is squared", see="01 §4")
def cross_entropy_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("cross_entropy", "part", title="TODO: The scale is ignored", see="01 §4")
def cross_entropy_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("cross_entropy", "slip", title="TODO: The default is 1", see="01 §4")
def cross_entropy_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
cross_entropy_changes_x = in_place("cross_entropy", right.cross_entropy, see="01 §4")


@alternative("cross_entropy")
def cross_entropy_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("cross_entropy")
def cross_entropy_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("cross_entropy")
def cross_entropy_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- softmax_cross_entropy ----------------------------------------------------------------------------------------------


@misconception("softmax_cross_entropy", "core", title="TODO: Nothing is squared", see="01 §5")
def softmax_cross_entropy_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("softmax_cross_entropy", "part", title="TODO: The scale is ignored", see="01 §5")
def softmax_cross_entropy_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("softmax_cross_entropy", "slip", title="TODO: The default is 1", see="01 §5")
def softmax_cross_entropy_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
softmax_cross_entropy_changes_x = in_place("softmax_cross_entropy", right.softmax_cross_entropy, see="01 §5")


@alternative("softmax_cross_entropy")
def softmax_cross_entropy_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("softmax_cross_entropy")
def softmax_cross_entropy_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("softmax_cross_entropy")
def softmax_cross_entropy_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- dense_forward ------------------------------------------------------------------------------------------------------


@misconception("dense_forward", "core", title="TODO: The weights are added", see="01 §6")
def dense_forward_added(x, w):
    """TODO: what the student probably believed, and why it is wrong. You added the weights instead of multiplying by them."""
    return x + w, (x, w)


@misconception("dense_forward", "part", title="TODO: The weights lose their signs", see="01 §6")
def dense_forward_without_signs(x, w):
    """TODO: what the student probably believed, and why it is wrong. You multiplied by |w|; a weight may be negative."""
    return x * np.abs(w), (x, w)


@misconception("dense_forward", "core", title="TODO: All columns have the first weight", see="01 §6")
def dense_forward_first_weight(x, w):
    """TODO: what the student probably believed, and why it is wrong. Each column has a weight of its own."""
    return x * w[0], (x, w)


# TODO: other families; each is one change for many functions
dense_forward_changes_x = in_place("dense_forward", right.dense_forward, see="01 §6")


@alternative("dense_forward")
def dense_forward_by_a_matrix(x, w):  # TODO
    return x @ np.diag(w), (x, w)


@alternative("dense_forward")
def dense_forward_column_by_column(x, w):  # TODO
    return np.stack([column * weight for column, weight in zip(x.T, w, strict=True)], axis=1), (x, w)


@alternative("dense_forward")
def dense_forward_row_by_row(x, w):  # TODO
    return np.array([np.multiply(row, w) for row in x]), (x, w)


# --- dense_backward -----------------------------------------------------------------------------------------------------


@misconception("dense_backward", "part", title="TODO: dw is averaged", see="01 §7")
def dense_backward_averaged(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The gradient of w is summed over the batch."""
    x, w = cache
    return dout * w, np.mean(dout * x, axis=0)


@misconception("dense_backward", "part", title="TODO: dx is the upstream gradient", see="01 §7")
def dense_backward_passed_on(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The upstream gradient is multiplied by the weights."""
    x, _ = cache
    return 1.0 * dout, np.sum(dout * x, axis=0)


@misconception("dense_backward", "core", title="TODO: Both gradients have the wrong sign", see="01 §7")
def dense_backward_negated(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. A gradient points to where the loss rises."""
    x, w = cache
    return -dout * w, -np.sum(dout * x, axis=0)


# TODO: other families; each is one change for many functions
dense_backward_changes_dout = in_place("dense_backward", right.dense_backward, see="01 §7")


@alternative("dense_backward")
def dense_backward_by_matrices(dout, cache):  # TODO
    x, w = cache
    return dout @ np.diag(w), np.diag(dout.T @ x)


@alternative("dense_backward")
def dense_backward_column_by_column(dout, cache):  # TODO
    x, w = cache
    dx = np.stack([column * weight for column, weight in zip(dout.T, w, strict=True)], axis=1)
    return dx, np.array([a @ b for a, b in zip(dout.T, x.T, strict=True)])


@alternative("dense_backward")
def dense_backward_row_by_row(dout, cache):  # TODO
    x, w = cache
    return np.array([w * row for row in dout]), np.array([a * b for a, b in zip(dout, x, strict=True)]).sum(axis=0)


# --- numerical_gradient -------------------------------------------------------------------------------------------------


@misconception("numerical_gradient", "core", title="TODO: Nothing is squared", see="01 §8")
def numerical_gradient_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("numerical_gradient", "part", title="TODO: The scale is ignored", see="01 §8")
def numerical_gradient_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("numerical_gradient", "slip", title="TODO: The default is 1", see="01 §8")
def numerical_gradient_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
numerical_gradient_changes_x = in_place("numerical_gradient", right.numerical_gradient, see="01 §8")


@alternative("numerical_gradient")
def numerical_gradient_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("numerical_gradient")
def numerical_gradient_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("numerical_gradient")
def numerical_gradient_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- mlp_gradients ------------------------------------------------------------------------------------------------------


@misconception("mlp_gradients", "core", title="TODO: Nothing is squared", see="01 §9")
def mlp_gradients_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("mlp_gradients", "part", title="TODO: The scale is ignored", see="01 §9")
def mlp_gradients_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("mlp_gradients", "slip", title="TODO: The default is 1", see="01 §9")
def mlp_gradients_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
mlp_gradients_changes_x = in_place("mlp_gradients", right.mlp_gradients, see="01 §9")


@alternative("mlp_gradients")
def mlp_gradients_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("mlp_gradients")
def mlp_gradients_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("mlp_gradients")
def mlp_gradients_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- minibatches --------------------------------------------------------------------------------------------------------


@misconception("minibatches", "core", title="TODO: Nothing is squared", see="01 §10")
def minibatches_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("minibatches", "part", title="TODO: The scale is ignored", see="01 §10")
def minibatches_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("minibatches", "slip", title="TODO: The default is 1", see="01 §10")
def minibatches_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
minibatches_changes_x = in_place("minibatches", right.minibatches, see="01 §10")


@alternative("minibatches")
def minibatches_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("minibatches")
def minibatches_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("minibatches")
def minibatches_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
