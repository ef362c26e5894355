"""Known answers to lecture 14, practice, wrong and right.

The cache is the reference's: (x, w). A forward pass returns it, and a backward pass gets it.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import practice as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- quantize -----------------------------------------------------------------------------------------------------------


@misconception("quantize", "core", title="TODO: Nothing is squared", see="14 §1")
def quantize_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("quantize", "part", title="TODO: The scale is ignored", see="14 §1")
def quantize_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("quantize", "slip", title="TODO: The default is 1", see="14 §1")
def quantize_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
quantize_changes_x = in_place("quantize", right.quantize, see="14 §1")


@alternative("quantize")
def quantize_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("quantize")
def quantize_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("quantize")
def quantize_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- dequantize ---------------------------------------------------------------------------------------------------------


@misconception("dequantize", "core", title="TODO: Nothing is squared", see="14 §2")
def dequantize_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("dequantize", "part", title="TODO: The scale is ignored", see="14 §2")
def dequantize_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("dequantize", "slip", title="TODO: The default is 1", see="14 §2")
def dequantize_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
dequantize_changes_x = in_place("dequantize", right.dequantize, see="14 §2")


@alternative("dequantize")
def dequantize_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("dequantize")
def dequantize_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("dequantize")
def dequantize_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- prune --------------------------------------------------------------------------------------------------------------


@misconception("prune", "core", title="TODO: Nothing is squared", see="14 §3")
def prune_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("prune", "part", title="TODO: The scale is ignored", see="14 §3")
def prune_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("prune", "slip", title="TODO: The default is 1", see="14 §3")
def prune_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
prune_changes_x = in_place("prune", right.prune, see="14 §3")


@alternative("prune")
def prune_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("prune")
def prune_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("prune")
def prune_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- sparsity -----------------------------------------------------------------------------------------------------------


@misconception("sparsity", "core", title="TODO: Nothing is squared", see="14 §4")
def sparsity_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("sparsity", "part", title="TODO: The scale is ignored", see="14 §4")
def sparsity_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("sparsity", "slip", title="TODO: The default is 1", see="14 §4")
def sparsity_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
sparsity_changes_x = in_place("sparsity", right.sparsity, see="14 §4")


@alternative("sparsity")
def sparsity_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("sparsity")
def sparsity_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("sparsity")
def sparsity_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- wide_and_deep_forward ----------------------------------------------------------------------------------------------


@misconception("wide_and_deep_forward", "core", title="TODO: The weights are added", see="14 §5")
def wide_and_deep_forward_added(x, w):
    """TODO: what the student probably believed, and why it is wrong. You added the weights instead of multiplying by them."""
    return x + w, (x, w)


@misconception("wide_and_deep_forward", "part", title="TODO: The weights lose their signs", see="14 §5")
def wide_and_deep_forward_without_signs(x, w):
    """TODO: what the student probably believed, and why it is wrong. You multiplied by |w|; a weight may be negative."""
    return x * np.abs(w), (x, w)


@misconception("wide_and_deep_forward", "core", title="TODO: All columns have the first weight", see="14 §5")
def wide_and_deep_forward_first_weight(x, w):
    """TODO: what the student probably believed, and why it is wrong. Each column has a weight of its own."""
    return x * w[0], (x, w)


# TODO: other families; each is one change for many functions
wide_and_deep_forward_changes_x = in_place("wide_and_deep_forward", right.wide_and_deep_forward, see="14 §5")


@alternative("wide_and_deep_forward")
def wide_and_deep_forward_by_a_matrix(x, w):  # TODO
    return x @ np.diag(w), (x, w)


@alternative("wide_and_deep_forward")
def wide_and_deep_forward_column_by_column(x, w):  # TODO
    return np.stack([column * weight for column, weight in zip(x.T, w, strict=True)], axis=1), (x, w)


@alternative("wide_and_deep_forward")
def wide_and_deep_forward_row_by_row(x, w):  # TODO
    return np.array([np.multiply(row, w) for row in x]), (x, w)


# --- wide_and_deep_backward ---------------------------------------------------------------------------------------------


@misconception("wide_and_deep_backward", "part", title="TODO: dw is averaged", see="14 §6")
def wide_and_deep_backward_averaged(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The gradient of w is summed over the batch."""
    x, w = cache
    return dout * w, np.mean(dout * x, axis=0)


@misconception("wide_and_deep_backward", "part", title="TODO: dx is the upstream gradient", see="14 §6")
def wide_and_deep_backward_passed_on(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. The upstream gradient is multiplied by the weights."""
    x, _ = cache
    return 1.0 * dout, np.sum(dout * x, axis=0)


@misconception("wide_and_deep_backward", "core", title="TODO: Both gradients have the wrong sign", see="14 §6")
def wide_and_deep_backward_negated(dout, cache):
    """TODO: what the student probably believed, and why it is wrong. A gradient points to where the loss rises."""
    x, w = cache
    return -dout * w, -np.sum(dout * x, axis=0)


# TODO: other families; each is one change for many functions
wide_and_deep_backward_changes_dout = in_place("wide_and_deep_backward", right.wide_and_deep_backward, see="14 §6")


@alternative("wide_and_deep_backward")
def wide_and_deep_backward_by_matrices(dout, cache):  # TODO
    x, w = cache
    return dout @ np.diag(w), np.diag(dout.T @ x)


@alternative("wide_and_deep_backward")
def wide_and_deep_backward_column_by_column(dout, cache):  # TODO
    x, w = cache
    dx = np.stack([column * weight for column, weight in zip(dout.T, w, strict=True)], axis=1)
    return dx, np.array([a @ b for a, b in zip(dout.T, x.T, strict=True)])


@alternative("wide_and_deep_backward")
def wide_and_deep_backward_row_by_row(dout, cache):  # TODO
    x, w = cache
    return np.array([w * row for row in dout]), np.array([a * b for a, b in zip(dout, x, strict=True)]).sum(axis=0)


# --- combined_loss ------------------------------------------------------------------------------------------------------


@misconception("combined_loss", "core", title="TODO: Nothing is squared", see="14 §7")
def combined_loss_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("combined_loss", "part", title="TODO: The scale is ignored", see="14 §7")
def combined_loss_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("combined_loss", "slip", title="TODO: The default is 1", see="14 §7")
def combined_loss_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
combined_loss_changes_x = in_place("combined_loss", right.combined_loss, see="14 §7")


@alternative("combined_loss")
def combined_loss_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("combined_loss")
def combined_loss_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("combined_loss")
def combined_loss_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- capstone -----------------------------------------------------------------------------------------------------------


@misconception("capstone", "core", title="TODO: Nothing is squared", see="14 §8")
def capstone_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("capstone", "part", title="TODO: The scale is ignored", see="14 §8")
def capstone_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("capstone", "slip", title="TODO: The default is 1", see="14 §8")
def capstone_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
capstone_changes_x = in_place("capstone", right.capstone, see="14 §8")


@alternative("capstone")
def capstone_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("capstone")
def capstone_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("capstone")
def capstone_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
