"""Known answers to lecture 4, activations, wrong and right.

The cache is the reference's: (x, w). A forward pass returns it, and a backward pass gets it.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import activations as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- sigmoid ------------------------------------------------------------------------------------------------------------


@misconception("sigmoid", "core", title="TODO: Nothing is squared", see="04 §1")
def sigmoid_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("sigmoid", "part", title="TODO: The scale is ignored", see="04 §1")
def sigmoid_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("sigmoid", "slip", title="TODO: The default is 1", see="04 §1")
def sigmoid_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
sigmoid_changes_x = in_place("sigmoid", right.sigmoid, see="04 §1")


@alternative("sigmoid")
def sigmoid_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("sigmoid")
def sigmoid_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("sigmoid")
def sigmoid_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- sigmoid_grad -------------------------------------------------------------------------------------------------------


@misconception("sigmoid_grad", "core", title="TODO: Nothing is squared", see="04 §2")
def sigmoid_grad_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("sigmoid_grad", "part", title="TODO: The scale is ignored", see="04 §2")
def sigmoid_grad_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("sigmoid_grad", "slip", title="TODO: The default is 1", see="04 §2")
def sigmoid_grad_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
sigmoid_grad_changes_x = in_place("sigmoid_grad", right.sigmoid_grad, see="04 §2")


@alternative("sigmoid_grad")
def sigmoid_grad_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("sigmoid_grad")
def sigmoid_grad_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("sigmoid_grad")
def sigmoid_grad_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- relu ---------------------------------------------------------------------------------------------------------------


@misconception("relu", "core", title="TODO: Nothing is squared", see="04 §3")
def relu_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("relu", "part", title="TODO: The scale is ignored", see="04 §3")
def relu_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("relu", "slip", title="TODO: The default is 1", see="04 §3")
def relu_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
relu_changes_x = in_place("relu", right.relu, see="04 §3")


@alternative("relu")
def relu_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("relu")
def relu_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("relu")
def relu_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- relu_grad ----------------------------------------------------------------------------------------------------------


@misconception("relu_grad", "core", title="TODO: Nothing is squared", see="04 §4")
def relu_grad_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("relu_grad", "part", title="TODO: The scale is ignored", see="04 §4")
def relu_grad_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("relu_grad", "slip", title="TODO: The default is 1", see="04 §4")
def relu_grad_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
relu_grad_changes_x = in_place("relu_grad", right.relu_grad, see="04 §4")


@alternative("relu_grad")
def relu_grad_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("relu_grad")
def relu_grad_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("relu_grad")
def relu_grad_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- leaky_relu ---------------------------------------------------------------------------------------------------------


@misconception("leaky_relu", "core", title="TODO: Nothing is squared", see="04 §5")
def leaky_relu_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("leaky_relu", "part", title="TODO: The scale is ignored", see="04 §5")
def leaky_relu_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("leaky_relu", "slip", title="TODO: The default is 1", see="04 §5")
def leaky_relu_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
leaky_relu_changes_x = in_place("leaky_relu", right.leaky_relu, see="04 §5")


@alternative("leaky_relu")
def leaky_relu_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("leaky_relu")
def leaky_relu_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("leaky_relu")
def leaky_relu_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- leaky_relu_grad ----------------------------------------------------------------------------------------------------


@misconception("leaky_relu_grad", "core", title="TODO: Nothing is squared", see="04 §6")
def leaky_relu_grad_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("leaky_relu_grad", "part", title="TODO: The scale is ignored", see="04 §6")
def leaky_relu_grad_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("leaky_relu_grad", "slip", title="TODO: The default is 1", see="04 §6")
def leaky_relu_grad_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
leaky_relu_grad_changes_x = in_place("leaky_relu_grad", right.leaky_relu_grad, see="04 §6")


@alternative("leaky_relu_grad")
def leaky_relu_grad_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("leaky_relu_grad")
def leaky_relu_grad_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("leaky_relu_grad")
def leaky_relu_grad_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- rrelu --------------------------------------------------------------------------------------------------------------


@misconception("rrelu", "core", title="TODO: Nothing is squared", see="04 §7")
def rrelu_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("rrelu", "part", title="TODO: The scale is ignored", see="04 §7")
def rrelu_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("rrelu", "slip", title="TODO: The default is 1", see="04 §7")
def rrelu_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
rrelu_changes_x = in_place("rrelu", right.rrelu, see="04 §7")


@alternative("rrelu")
def rrelu_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("rrelu")
def rrelu_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("rrelu")
def rrelu_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- prelu_forward ------------------------------------------------------------------------------------------------------


@misconception("prelu_forward", "core", title="TODO: The weights are added", see="04 §8")
def prelu_forward_added(x, w):
    """TODO: what the student probably believed, and why it is wrong. You added the weights instead of multiplying by them."""
    return x + w, (x, w)


@misconception("prelu_forward", "part", title="TODO: The weights lose their signs", see="04 §8")
def prelu_forward_without_signs(x, w):
    """TODO: what the student probably believed, and why it is wrong. You multiplied by |w|; a weight may be negative."""
    return x * np.abs(w), (x, w)


@misconception("prelu_forward", "core", title="TODO: All columns have the first weight", see="04 §8")
def prelu_forward_first_weight(x, w):
    """TODO: what the student probably believed, and why it is wrong. Each column has a weight of its own."""
    return x * w[0], (x, w)


# TODO: other families; each is one change for many functions
prelu_forward_changes_x = in_place("prelu_forward", right.prelu_forward, see="04 §8")


@alternative("prelu_forward")
def prelu_forward_by_a_matrix(x, w):  # TODO
    return x @ np.diag(w), (x, w)


@alternative("prelu_forward")
def prelu_forward_column_by_column(x, w):  # TODO
    return np.stack([column * weight for column, weight in zip(x.T, w, strict=True)], axis=1), (x, w)


@alternative("prelu_forward")
def prelu_forward_row_by_row(x, w):  # TODO
    return np.array([np.multiply(row, w) for row in x]), (x, w)


# --- prelu_backward -----------------------------------------------------------------------------------------------------


@misconception("prelu_backward", "part", title="TODO: dw is averaged", see="04 §9")
def prelu_backward_averaged(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The gradient of w is summed over the batch."""
    x, w = cache
    return dout * w, np.mean(dout * x, axis=0)


@misconception("prelu_backward", "part", title="TODO: dx is the upstream gradient", see="04 §9")
def prelu_backward_passed_on(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The upstream gradient is multiplied by the weights."""
    x, _ = cache
    return 1.0 * dout, np.sum(dout * x, axis=0)


@misconception("prelu_backward", "core", title="TODO: Both gradients have the wrong sign", see="04 §9")
def prelu_backward_negated(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. A gradient points to where the loss rises."""
    x, w = cache
    return -dout * w, -np.sum(dout * x, axis=0)


# TODO: other families; each is one change for many functions
prelu_backward_changes_dout = in_place("prelu_backward", right.prelu_backward, see="04 §9")


@alternative("prelu_backward")
def prelu_backward_by_matrices(dout, cache):  # TODO
    x, w = cache
    return dout @ np.diag(w), np.diag(dout.T @ x)


@alternative("prelu_backward")
def prelu_backward_column_by_column(dout, cache):  # TODO
    x, w = cache
    dx = np.stack([column * weight for column, weight in zip(dout.T, w, strict=True)], axis=1)
    return dx, np.array([a @ b for a, b in zip(dout.T, x.T, strict=True)])


@alternative("prelu_backward")
def prelu_backward_row_by_row(dout, cache):  # TODO
    x, w = cache
    return np.array([w * row for row in dout]), np.array([a * b for a, b in zip(dout, x, strict=True)]).sum(axis=0)


# --- elu ----------------------------------------------------------------------------------------------------------------


@misconception("elu", "core", title="TODO: Nothing is squared", see="04 §10")
def elu_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("elu", "part", title="TODO: The scale is ignored", see="04 §10")
def elu_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("elu", "slip", title="TODO: The default is 1", see="04 §10")
def elu_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
elu_changes_x = in_place("elu", right.elu, see="04 §10")


@alternative("elu")
def elu_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("elu")
def elu_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("elu")
def elu_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- elu_grad -----------------------------------------------------------------------------------------------------------


@misconception("elu_grad", "core", title="TODO: Nothing is squared", see="04 §11")
def elu_grad_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("elu_grad", "part", title="TODO: The scale is ignored", see="04 §11")
def elu_grad_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("elu_grad", "slip", title="TODO: The default is 1", see="04 §11")
def elu_grad_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
elu_grad_changes_x = in_place("elu_grad", right.elu_grad, see="04 §11")


@alternative("elu_grad")
def elu_grad_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("elu_grad")
def elu_grad_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("elu_grad")
def elu_grad_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- selu ---------------------------------------------------------------------------------------------------------------


@misconception("selu", "core", title="TODO: Nothing is squared", see="04 §12")
def selu_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("selu", "part", title="TODO: The scale is ignored", see="04 §12")
def selu_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("selu", "slip", title="TODO: The default is 1", see="04 §12")
def selu_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
selu_changes_x = in_place("selu", right.selu, see="04 §12")


@alternative("selu")
def selu_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("selu")
def selu_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("selu")
def selu_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- maxout_forward -----------------------------------------------------------------------------------------------------


@misconception("maxout_forward", "core", title="TODO: The weights are added", see="04 §13")
def maxout_forward_added(x, w):
    """TODO: what the student probably believed, and why it is wrong. You added the weights instead of multiplying by them."""
    return x + w, (x, w)


@misconception("maxout_forward", "part", title="TODO: The weights lose their signs", see="04 §13")
def maxout_forward_without_signs(x, w):
    """TODO: what the student probably believed, and why it is wrong. You multiplied by |w|; a weight may be negative."""
    return x * np.abs(w), (x, w)


@misconception("maxout_forward", "core", title="TODO: All columns have the first weight", see="04 §13")
def maxout_forward_first_weight(x, w):
    """TODO: what the student probably believed, and why it is wrong. Each column has a weight of its own."""
    return x * w[0], (x, w)


# TODO: other families; each is one change for many functions
maxout_forward_changes_x = in_place("maxout_forward", right.maxout_forward, see="04 §13")


@alternative("maxout_forward")
def maxout_forward_by_a_matrix(x, w):  # TODO
    return x @ np.diag(w), (x, w)


@alternative("maxout_forward")
def maxout_forward_column_by_column(x, w):  # TODO
    return np.stack([column * weight for column, weight in zip(x.T, w, strict=True)], axis=1), (x, w)


@alternative("maxout_forward")
def maxout_forward_row_by_row(x, w):  # TODO
    return np.array([np.multiply(row, w) for row in x]), (x, w)


# --- maxout_backward ----------------------------------------------------------------------------------------------------


@misconception("maxout_backward", "part", title="TODO: dw is averaged", see="04 §14")
def maxout_backward_averaged(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The gradient of w is summed over the batch."""
    x, w = cache
    return dout * w, np.mean(dout * x, axis=0)


@misconception("maxout_backward", "part", title="TODO: dx is the upstream gradient", see="04 §14")
def maxout_backward_passed_on(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The upstream gradient is multiplied by the weights."""
    x, _ = cache
    return 1.0 * dout, np.sum(dout * x, axis=0)


@misconception("maxout_backward", "core", title="TODO: Both gradients have the wrong sign", see="04 §14")
def maxout_backward_negated(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. A gradient points to where the loss rises."""
    x, w = cache
    return -dout * w, -np.sum(dout * x, axis=0)


# TODO: other families; each is one change for many functions
maxout_backward_changes_dout = in_place("maxout_backward", right.maxout_backward, see="04 §14")


@alternative("maxout_backward")
def maxout_backward_by_matrices(dout, cache):  # TODO
    x, w = cache
    return dout @ np.diag(w), np.diag(dout.T @ x)


@alternative("maxout_backward")
def maxout_backward_column_by_column(dout, cache):  # TODO
    x, w = cache
    dx = np.stack([column * weight for column, weight in zip(dout.T, w, strict=True)], axis=1)
    return dx, np.array([a @ b for a, b in zip(dout.T, x.T, strict=True)])


@alternative("maxout_backward")
def maxout_backward_row_by_row(dout, cache):  # TODO
    x, w = cache
    return np.array([w * row for row in dout]), np.array([a * b for a, b in zip(dout, x, strict=True)]).sum(axis=0)


# --- dead_units ---------------------------------------------------------------------------------------------------------


@misconception("dead_units", "core", title="TODO: Nothing is squared", see="04 §15")
def dead_units_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("dead_units", "part", title="TODO: The scale is ignored", see="04 §15")
def dead_units_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("dead_units", "slip", title="TODO: The default is 1", see="04 §15")
def dead_units_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
dead_units_changes_x = in_place("dead_units", right.dead_units, see="04 §15")


@alternative("dead_units")
def dead_units_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("dead_units")
def dead_units_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("dead_units")
def dead_units_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
