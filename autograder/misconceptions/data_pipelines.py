"""Known answers to lecture 2, data pipelines, wrong and right.
"""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import in_place
from autograder.reference import data_pipelines as right

# TODO: at least three misconceptions and three alternatives an exercise, with the arguments of the exercise.
# "slip" earns 70 to 98 %, "part" 20 to 80 %, "core" at most 35 %: what would a fair marker give?


# --- center -------------------------------------------------------------------------------------------------------------


@misconception("center", "core", title="TODO: Nothing is squared", see="02 §1")
def center_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("center", "part", title="TODO: The scale is ignored", see="02 §1")
def center_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("center", "slip", title="TODO: The default is 1", see="02 §1")
def center_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
center_changes_x = in_place("center", right.center, see="02 §1")


@alternative("center")
def center_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("center")
def center_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("center")
def center_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- channel_mean -------------------------------------------------------------------------------------------------------


@misconception("channel_mean", "core", title="TODO: Nothing is squared", see="02 §2")
def channel_mean_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("channel_mean", "part", title="TODO: The scale is ignored", see="02 §2")
def channel_mean_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("channel_mean", "slip", title="TODO: The default is 1", see="02 §2")
def channel_mean_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
channel_mean_changes_x = in_place("channel_mean", right.channel_mean, see="02 §2")


@alternative("channel_mean")
def channel_mean_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("channel_mean")
def channel_mean_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("channel_mean")
def channel_mean_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- standardize --------------------------------------------------------------------------------------------------------


@misconception("standardize", "core", title="TODO: Nothing is squared", see="02 §3")
def standardize_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("standardize", "part", title="TODO: The scale is ignored", see="02 §3")
def standardize_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("standardize", "slip", title="TODO: The default is 1", see="02 §3")
def standardize_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
standardize_changes_x = in_place("standardize", right.standardize, see="02 §3")


@alternative("standardize")
def standardize_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("standardize")
def standardize_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("standardize")
def standardize_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- pca ----------------------------------------------------------------------------------------------------------------


@misconception("pca", "core", title="TODO: Nothing is squared", see="02 §4")
def pca_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("pca", "part", title="TODO: The scale is ignored", see="02 §4")
def pca_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("pca", "slip", title="TODO: The default is 1", see="02 §4")
def pca_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
pca_changes_x = in_place("pca", right.pca, see="02 §4")


@alternative("pca")
def pca_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("pca")
def pca_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("pca")
def pca_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- whiten -------------------------------------------------------------------------------------------------------------


@misconception("whiten", "core", title="TODO: Nothing is squared", see="02 §5")
def whiten_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("whiten", "part", title="TODO: The scale is ignored", see="02 §5")
def whiten_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("whiten", "slip", title="TODO: The default is 1", see="02 §5")
def whiten_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
whiten_changes_x = in_place("whiten", right.whiten, see="02 §5")


@alternative("whiten")
def whiten_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("whiten")
def whiten_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("whiten")
def whiten_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- shuffle_buffer -----------------------------------------------------------------------------------------------------


@misconception("shuffle_buffer", "core", title="TODO: Nothing is squared", see="02 §6")
def shuffle_buffer_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("shuffle_buffer", "part", title="TODO: The scale is ignored", see="02 §6")
def shuffle_buffer_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("shuffle_buffer", "slip", title="TODO: The default is 1", see="02 §6")
def shuffle_buffer_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
shuffle_buffer_changes_x = in_place("shuffle_buffer", right.shuffle_buffer, see="02 §6")


@alternative("shuffle_buffer")
def shuffle_buffer_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("shuffle_buffer")
def shuffle_buffer_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("shuffle_buffer")
def shuffle_buffer_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- interleave ---------------------------------------------------------------------------------------------------------


@misconception("interleave", "core", title="TODO: Nothing is squared", see="02 §7")
def interleave_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("interleave", "part", title="TODO: The scale is ignored", see="02 §7")
def interleave_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("interleave", "slip", title="TODO: The default is 1", see="02 §7")
def interleave_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
interleave_changes_x = in_place("interleave", right.interleave, see="02 §7")


@alternative("interleave")
def interleave_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("interleave")
def interleave_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("interleave")
def interleave_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- batch --------------------------------------------------------------------------------------------------------------


@misconception("batch", "core", title="TODO: Nothing is squared", see="02 §8")
def batch_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("batch", "part", title="TODO: The scale is ignored", see="02 §8")
def batch_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("batch", "slip", title="TODO: The default is 1", see="02 §8")
def batch_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
batch_changes_x = in_place("batch", right.batch, see="02 §8")


@alternative("batch")
def batch_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("batch")
def batch_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("batch")
def batch_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- prefetch -----------------------------------------------------------------------------------------------------------


@misconception("prefetch", "core", title="TODO: Nothing is squared", see="02 §9")
def prefetch_without_square(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You multiplied x itself by the scale."""
    return scale * x


@misconception("prefetch", "part", title="TODO: The scale is ignored", see="02 §9")
def prefetch_without_scale(x, scale=2.0):
    """TODO: what the student probably believed, and why it is wrong. You squared x and never used the scale."""
    return 1.0 * x * x


@misconception("prefetch", "slip", title="TODO: The default is 1", see="02 §9")
def prefetch_with_another_default(x, scale=1.0):
    """TODO: what the student probably believed, and why it is wrong. Without a scale it is 2."""
    return scale * x * x


# TODO: other families; each is one change for many functions
prefetch_changes_x = in_place("prefetch", right.prefetch, see="02 §9")


@alternative("prefetch")
def prefetch_by_absolute_values(x, scale=2.0):  # TODO
    return abs(x) ** 2 * scale


@alternative("prefetch")
def prefetch_of_the_root(x, scale=2.0):  # TODO
    return np.sign(scale) * (np.sqrt(abs(scale)) * x) ** 2


@alternative("prefetch")
def prefetch_one_by_one(x, scale=2.0):  # TODO
    flat = [scale * float(number) * float(number) for number in np.ravel(x)]
    return np.reshape(flat, np.shape(x))
