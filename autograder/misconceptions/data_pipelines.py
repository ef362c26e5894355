"""Known answers to lecture 2, wrong and right."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections import deque

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import cut_off, fixed_number, generator_ignored, in_place, only_the_first, reseeded
from autograder.reference import data_pipelines as right

# --- center -----------------------------------------------------------------------------------------------------------------


@misconception("center", "core", title="One mean for all features", see="02 §2")
def center_by_one_mean(X):
    """You took one mean over all entries. Each feature has a mean of its own: give `np.mean` the axis of the examples, 0."""
    return X - np.mean(X), np.full(np.shape(X)[1:], np.mean(X))


@misconception("center", "core", title="One mean for all features", see="02 §2")
def center_by_a_number(X):
    """You took one mean over all entries, a single number. Each feature has a mean of its own: give `np.mean` the axis of the examples,
    0."""
    return X - np.mean(X), np.mean(X)


@misconception("center", "part", title="Each example loses its own mean", see="02 §2")
def center_over_features(X):
    """You averaged along axis 1, so each example loses its own mean. A feature's mean runs over the examples, which is axis 0."""
    mean = np.mean(X, axis=1, keepdims=True)
    return X - mean, mean.squeeze()


@misconception("center", "part", title="The pair is the other way round", see="02 §2")
def center_swapped(X):
    """You returned (mean, centred). Asked for is the pair (centred, mean), in this order."""
    mean = np.mean(X, axis=0)
    return mean, X - mean


@misconception("center", "part", title="The mean isn't returned", see="02 §2")
def center_alone(X):
    """You returned the centred data alone. The mean is wanted as well: new examples have to be moved by the same amount."""
    return X - np.mean(X, axis=0)


@misconception("center", "slip", title="The mean keeps the axis of the examples", see="02 §2")
def center_keepdims(X):
    """Your mean has the shape (1, D), from `keepdims=True`. The mean of the features has the shape (D,)."""
    mean = np.mean(X, axis=0, keepdims=True)
    return X - mean, mean


@misconception("center", "part", title="It is divided by the standard deviation as well", see="02 §2")
def center_standardized(X):
    """You divided by the standard deviation. To centre is to subtract the mean, and nothing else."""
    mean = np.mean(X, axis=0)
    return (X - mean) / np.where(np.std(X, axis=0) > 0, np.std(X, axis=0), 1.0), mean


@misconception("center", "part", title="The median is taken for the mean", see="02 §2")
def center_by_median(X):
    """You subtracted the median. The mean is the sum of the values divided by their number."""
    middle = np.median(X, axis=0)
    return X - middle, middle


@misconception("center", "part", title="The mean is added", see="02 §2")
def center_added(X):
    """You added the mean, so the mean is twice as large as before. To bring it to zero, subtract it."""
    mean = np.mean(X, axis=0)
    return X + mean, mean


@misconception("center", "part", title="The mean that is returned is that of the centred data", see="02 §2")
def center_mean_afterwards(X):
    """You computed the mean that you return after it was subtracted, so it is 0. Keep the mean that you subtracted."""
    X = X - np.mean(X, axis=0)
    return X, np.mean(X, axis=0)


@misconception("center", "part", title="Images have one mean a channel", see="02 §2")
def center_channels(X):
    """Of images you took one mean a channel. Here each pixel of each channel has a mean of its own: the mean image, over axis 0 alone."""
    axes = (0, *range(2, np.ndim(X)))
    mean = np.mean(X, axis=axes, keepdims=True)
    return X - mean, np.squeeze(mean, axes)


center_in_place = in_place("center", right.center, see="02 §2")
center_cut_off = cut_off("center", right.center, see="02 §2")


@alternative("center")
def center_in_loops(X):
    mean = np.zeros(X.shape[1:])
    for x in X:
        mean = mean + x / len(X)
    return np.array([x - mean for x in X], dtype=float), mean


@alternative("center")
def center_by_einsum(X):
    mean = np.einsum("i...->...", X) / X.shape[0]
    return [np.subtract(X, mean), mean]


@alternative("center")
def center_flattened(X):
    rows = np.reshape(X, (len(X), -1)).astype(np.float64)
    mean = np.ones(len(rows)) @ rows / len(rows)
    return (rows - np.tile(mean, (len(rows), 1))).reshape(np.shape(X)), mean.reshape(np.shape(X)[1:])


@alternative("center")
def center_in_float32(X):
    X = np.asarray(X, dtype=np.float32)
    mean = X.mean(axis=0, dtype=np.float32)
    return X - mean, mean


# --- channel_mean -----------------------------------------------------------------------------------------------------------


@misconception("channel_mean", "core", title="The mean image", see="02 §2")
def channels_mean_image(images):
    """You averaged over the images alone, which gives the mean image, (C, H, W). A channel's mean runs over its pixels, too: axes 0, 2,
    3."""
    return np.mean(images, axis=0)


@misconception("channel_mean", "part", title="One mean for each image", see="02 §2")
def channels_of_each_image(images):
    """You averaged over the pixels, but not over the images: (N, C). A channel has one mean over all images."""
    return np.mean(images, axis=(2, 3))


@misconception("channel_mean", "core", title="The last axis is taken for the channels", see="02 §2")
def channels_last(images):
    """You kept the last axis, where other libraries have the channels. Here images are (N, C, H, W): axis 1 stays."""
    return np.mean(images, axis=(0, 1, 2))


@misconception("channel_mean", "core", title="One mean for everything", see="02 §2")
def channels_together(images):
    """You took one mean over all entries. Each channel has a mean of its own."""
    return np.mean(images)


@misconception("channel_mean", "core", title="One mean for everything", see="02 §2")
def channels_alike(images):
    """You gave every channel the mean over all entries. Each channel has a mean of its own: axis 1 stays."""
    return np.full(np.shape(images)[1], np.mean(images))


@misconception("channel_mean", "core", title="The first axis is taken for the channels", see="02 §2")
def channels_first(images):
    """You kept axis 0, which holds the images: that is one mean an image. The channels are axis 1."""
    return np.mean(images, axis=(1, 2, 3))


@misconception("channel_mean", "slip", title="The mean keeps its axes", see="02 §2")
def channels_keepdims(images):
    """Your answer has the shape (1, C, 1, 1), from `keepdims=True`. Asked for is an array of shape (C,)."""
    return np.mean(images, axis=(0, 2, 3), keepdims=True)


@misconception("channel_mean", "slip", title="A list is returned", see="02 §2")
def channels_list(images):
    """You returned a list of numbers. Asked for is an array of shape (C,): `np.array(…)` makes one."""
    return [float(np.mean(images[:, c])) for c in range(images.shape[1])]


@misconception("channel_mean", "core", title="A reshape in the place of a transpose", see="02 §2")
def channels_reshaped(images):
    """You reshaped to (N·H·W, C), but `reshape` moves no axis: the columns mix the channels. Name the axes of the mean instead."""
    return np.mean(np.reshape(images, (-1, np.shape(images)[1])), axis=0)


@misconception("channel_mean", "part", title="The sum is divided by the number of images only", see="02 §2")
def channels_by_images(images):
    """You divided the sum over N, H and W by N. It has N·H·W terms."""
    return np.sum(images, axis=(0, 2, 3)) / len(images)


@misconception("channel_mean", "part", title="The sum is divided by the number of pixels only", see="02 §2")
def channels_by_pixels(images):
    """You divided the sum over N, H and W by H·W. It has N·H·W terms."""
    return np.sum(images, axis=(0, 2, 3)) / (np.shape(images)[2] * np.shape(images)[3])


@misconception("channel_mean", "core", title="The sum isn't divided", see="02 §2")
def channels_summed(images):
    """You returned the sum of each channel. Divide by the number of its values, N·H·W."""
    return np.sum(images, axis=(0, 2, 3)) + 0.0


@misconception("channel_mean", "part", title="Only the first image is looked at", see="02 §2")
def channels_of_the_first(images):
    """You averaged the first image alone. The mean runs over all images."""
    return np.mean(images[0], axis=(1, 2))


channels_in_place = in_place("channel_mean", right.channel_mean, see="02 §2")
channels_cut_off = cut_off("channel_mean", right.channel_mean, see="02 §2")


@alternative("channel_mean")
def channels_in_loops(images):
    N, C, H, W = images.shape
    total = np.zeros(C)
    for n in range(N):
        for c in range(C):
            total[c] += images[n, c].sum(dtype=float)
    return total / (N * H * W)


@alternative("channel_mean")
def channels_by_transpose(images):
    return np.moveaxis(images, 1, -1).reshape(-1, images.shape[1]).mean(axis=0)


@alternative("channel_mean")
def channels_step_by_step(images):
    return images.mean(axis=3).mean(axis=2).mean(axis=0)


@alternative("channel_mean")
def channels_by_einsum(images):
    return np.einsum("nchw->c", images) / (images.size / images.shape[1])


@alternative("channel_mean")
def channels_in_float32(images):
    return np.array([np.float32(np.mean([image[c] for image in images])) for c in range(len(images[0]))])


# --- standardize ------------------------------------------------------------------------------------------------------------


def _standardized(X_train, X_test, mean, divisor):
    with np.errstate(all="ignore"):
        return (X_train - mean) / divisor, (X_test - mean) / divisor


@misconception("standardize", "core", title="The test set has statistics of its own", see="02 §3")
def standardize_each(X_train, X_test, eps=1e-8):
    """You standardised the test set with its own mean and deviation. A network sees the same numbers in training and in use only if both
    are moved and scaled alike: take the training set's statistics for both."""
    mean, std = np.mean(X_test, axis=0), np.std(X_test, axis=0)
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.std(X_train, axis=0) + eps)[0], (X_test - mean) / (std + eps)


@misconception("standardize", "part", title="The statistics are those of both sets together", see="02 §3")
def standardize_together(X_train, X_test, eps=1e-8):
    """You took mean and deviation over both sets. So the test set has a say in what is trained, and is no test any more."""
    both = np.concatenate([X_train, X_test])
    return _standardized(X_train, X_test, np.mean(both, axis=0), np.std(both, axis=0) + eps)


@misconception("standardize", "part", title="The test set stays as it is", see="02 §3")
def standardize_train_only(X_train, X_test, eps=1e-8):
    """You returned X_test as it was, or took its statistics from the training set when that was standardised already: mean 0, deviation 1.
    The network is trained on standardised data and can't use other ones."""
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.std(X_train, axis=0) + eps)[0], X_test + 0.0


@misconception("standardize", "part", title="The test set is centred with its own mean", see="02 §3")
def standardize_test_mean(X_train, X_test, eps=1e-8):
    """You subtracted the test set's own mean from it. Both sets are moved by the training set's mean."""
    std = np.std(X_train, axis=0) + eps
    return (X_train - np.mean(X_train, axis=0)) / std, (X_test - np.mean(X_test, axis=0)) / std


@misconception("standardize", "part", title="The test set is scaled with its own deviation", see="02 §3")
def standardize_test_scale(X_train, X_test, eps=1e-8):
    """You divided the test set by its own deviation. Both sets are divided by the training set's."""
    mean = np.mean(X_train, axis=0)
    return (X_train - mean) / (np.std(X_train, axis=0) + eps), (X_test - mean) / (np.std(X_test, axis=0) + eps)


@misconception("standardize", "slip", title="ε is left out", see="02 §3")
def standardize_without_eps(X_train, X_test, eps=1e-8):
    """You divided by σ. A feature that never varies has σ = 0, and you divide 0 by 0: add ε."""
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.std(X_train, axis=0))


@misconception("standardize", "slip", title="ε stands inside the root", see="02 §3")
def standardize_eps_inside(X_train, X_test, eps=1e-8):
    """You divided by √(σ² + ε), as batch normalization does. Here ε is added to the standard deviation: σ + ε."""
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.sqrt(np.var(X_train, axis=0) + eps))


@misconception("standardize", "slip", title="ε is used where σ is 0 only", see="02 §3")
def standardize_eps_where_zero(X_train, X_test, eps=1e-8):
    """You took ε, or 1, in the place of σ = 0 and nothing elsewhere. It is added everywhere: σ + ε."""
    std = np.std(X_train, axis=0)
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.where(std == 0, 1.0, std))


standardize_fixed_eps = fixed_number("standardize", right.standardize, see="02 §3", name="eps", value=1e-8)
standardize_other_eps = fixed_number("standardize", right.standardize, see="02 §3", name="eps", value=1e-5, called="standardize_other_eps")


@misconception("standardize", "part", title="The variance divides by N − 1", see="02 §3")
def standardize_unbiased(X_train, X_test, eps=1e-8):
    """You divided the sum of squares by N − 1. Here σ² divides by N, NumPy's default: so the training set has deviation 1 exactly."""
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.std(X_train, axis=0, ddof=1) + eps)


@misconception("standardize", "part", title="Divides by the variance", see="02 §3")
def standardize_by_variance(X_train, X_test, eps=1e-8):
    """You divided by σ². Its unit is the square of the feature's: divide by the standard deviation, its root."""
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), np.var(X_train, axis=0) + eps)


@misconception("standardize", "part", title="The mean isn't subtracted", see="02 §3")
def standardize_scaled_only(X_train, X_test, eps=1e-8):
    """You divided by the deviation and subtracted no mean: (x − μ)/(σ + ε)."""
    return _standardized(X_train, X_test, 0.0, np.std(X_train, axis=0) + eps)


@misconception("standardize", "part", title="It isn't divided by the deviation", see="02 §3")
def standardize_centred_only(X_train, X_test, eps=1e-8):
    """You subtracted the mean and divided by nothing: (x − μ)/(σ + ε)."""
    return _standardized(X_train, X_test, np.mean(X_train, axis=0), 1.0)


@misconception("standardize", "part", title="One mean and deviation for all features", see="02 §3")
def standardize_everything(X_train, X_test, eps=1e-8):
    """You took mean and deviation over all entries. Each feature has its own: give `np.mean` and `np.std` the axis of the examples, 0."""
    return _standardized(X_train, X_test, np.mean(X_train), np.std(X_train) + eps)


@misconception("standardize", "part", title="The mean is subtracted after the division", see="02 §3")
def standardize_divided_first(X_train, X_test, eps=1e-8):
    """You divided by the deviation first, and then subtracted μ, which has the scale of the undivided data: (x − μ)/(σ + ε)."""
    mean, std = np.mean(X_train, axis=0), np.std(X_train, axis=0) + eps
    return X_train / std - mean, X_test / std - mean


@misconception("standardize", "core", title="Each example is standardised by itself", see="02 §3")
def standardize_rows(X_train, X_test, eps=1e-8):
    """You averaged along axis 1. A feature's statistics run over the examples, which is axis 0."""
    train, test = ((X - np.mean(X, axis=1, keepdims=True)) / (np.std(X, axis=1, keepdims=True) + eps) for X in (X_train, X_test))
    return train, test


@misconception("standardize", "core", title="Scaled to the range from 0 to 1", see="02 §3")
def standardize_to_range(X_train, X_test, eps=1e-8):
    """You subtracted the minimum and divided by the range. To standardise is to subtract the mean and to divide by the deviation."""
    low = np.min(X_train, axis=0)
    return _standardized(X_train, X_test, low, np.max(X_train, axis=0) - low + eps)


standardize_only_train = only_the_first("standardize", right.standardize, see="02 §3", first="the training set", all="both sets")
standardize_in_place = in_place("standardize", right.standardize, see="02 §3")
standardize_cut_off = cut_off("standardize", right.standardize, see="02 §3")


@alternative("standardize")
def standardize_in_loops(X_train, X_test, eps=1e-8):
    answers = [np.zeros(np.shape(X_train)), np.zeros(np.shape(X_test))]
    for j in range(X_train.shape[1]):
        column = X_train[:, j].astype(float)
        mean = sum(column) / len(column)
        std = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5
        for out, X in zip(answers, (X_train, X_test), strict=True):
            out[:, j] = (X[:, j] - mean) / (std + eps)
    return tuple(answers)


@alternative("standardize")
def standardize_keepdims(X_train, X_test, eps=1e-8):
    mean = X_train.mean(axis=0, keepdims=True)
    scale = 1 / (np.sqrt(((X_train - mean) ** 2).mean(axis=0, keepdims=True)) + eps)
    return [scale * (X_train - mean), scale * (X_test - mean)]


@alternative("standardize")
def standardize_stacked(X_train, X_test, eps=1e-8):
    n, both = len(X_train), np.concatenate([X_train, X_test])
    both = (both - np.average(both[:n], axis=0)) / (np.var(both[:n], axis=0) ** 0.5 + eps)
    return both[:n], both[n:]


@alternative("standardize")
def standardize_in_float32(X_train, X_test, eps=1e-8):
    train, test = np.asarray(X_train, np.float32), np.asarray(X_test, np.float32)
    mean, std = train.mean(axis=0), train.std(axis=0)
    return ((train - mean) / (std + eps)).astype(np.float32), ((test - mean) / (std + eps)).astype(np.float32)


# --- pca --------------------------------------------------------------------------------------------------------------------


def _eigen(X, centred=True):
    """Return the variances, the largest first, and the directions as columns."""
    X = X - np.mean(X, axis=0) if centred else X
    values, vectors = np.linalg.eigh(X.T @ X / len(X))
    return values[::-1], vectors[:, ::-1]


@misconception("pca", "core", title="The data aren't centred", see="02 §4")
def pca_uncentred(X, k):
    """You took X Xᵀ of the data as they are. Their mean is then the direction of most "variance": subtract it first."""
    values, vectors = _eigen(X, centred=False)
    return vectors[:, :k].T, values[:k]


@misconception("pca", "part", title="Smallest variance first", see="02 §4")
def pca_ascending(X, k):
    """`eigh` gives the eigenvalues in ascending order, and you took the first k: the directions in which least happens. Turn the order."""
    values, vectors = _eigen(X)
    return vectors[:, ::-1][:, :k].T, values[::-1][:k]


@misconception("pca", "part", title="The largest, but in ascending order", see="02 §4")
def pca_last_ascending(X, k):
    """You took the k largest, and left them in the ascending order of `eigh`. The largest variance comes first."""
    values, vectors = _eigen(X)
    return vectors[:, :k][:, ::-1].T, values[:k][::-1]


@misconception("pca", "part", title="The directions aren't sorted with the variances", see="02 §4")
def pca_sorts_variances_only(X, k):
    """You turned the order of the variances, and left that of the directions. Both have to go together."""
    values, vectors = _eigen(X)
    return vectors[:, ::-1][:, :k].T, values[:k]


@misconception("pca", "part", title="The components are columns", see="02 §4")
def pca_columns(X, k):
    """You returned the components as columns, (D, k), as `eigh` has them. Here they are rows, (k, D): transpose."""
    values, vectors = _eigen(X)
    return vectors[:, :k], values[:k]


@misconception("pca", "core", title="Rows of the matrix of eigenvectors are taken", see="02 §4")
def pca_rows_of_vectors(X, k):
    """`eigh` has its eigenvectors in the columns, and you took rows. The i-th one is `vectors[:, i]`."""
    values, vectors = _eigen(X)
    return vectors[:k], values[:k]


@misconception("pca", "core", title="Rows of the matrix of eigenvectors are taken", see="02 §4")
def pca_sorted_rows_of_vectors(X, k):
    """`eigh` has its eigenvectors in the columns, and you sorted and took rows. The i-th one is `vectors[:, i]`."""
    values, vectors = _eigen(X)
    return vectors[::-1, ::-1][:k], values[:k]


@misconception("pca", "part", title="The eigenvalues of `eig` aren't sorted", see="02 §4")
def pca_unsorted(X, k):
    """You took the first k eigenvectors of `eig`, which come in no particular order. Sort by the eigenvalues, the largest first."""
    centred = X - np.mean(X, axis=0)
    values, vectors = np.linalg.eig(centred.T @ centred / len(X))
    return vectors[:, :k].T.real, values[:k].real


@misconception("pca", "part", title="The variances divide by N − 1", see="02 §4")
def pca_unbiased(X, k):
    """You divided by N − 1, as `np.cov` does. Here variances divide by N."""
    values, vectors = _eigen(X)
    return vectors[:, :k].T, values[:k] * len(X) / max(len(X) - 1, 1)


@misconception("pca", "part", title="The variances aren't divided by N", see="02 §4")
def pca_scatter(X, k):
    """You returned sums of squares. A variance is their mean: divide by N."""
    values, vectors = _eigen(X)
    return vectors[:, :k].T, values[:k] * len(X)


@misconception("pca", "part", title="Singular values are taken for variances", see="02 §4")
def pca_singular_values(X, k):
    """You returned the singular values of the centred data. The variances are their squares, divided by N."""
    _, S, Vt = np.linalg.svd(X - np.mean(X, axis=0), full_matrices=False)
    return Vt[:k], S[:k]


@misconception("pca", "part", title="Standard deviations are taken for variances", see="02 §4")
def pca_deviations(X, k):
    """You returned the roots of the eigenvalues. The eigenvalues of the covariance matrix are the variances themselves."""
    values, vectors = _eigen(X)
    return vectors[:, :k].T, np.sqrt(np.maximum(values[:k], 0))


@misconception("pca", "part", title="Shares of the variance are returned", see="02 §4")
def pca_shares(X, k):
    """You divided the variances by their sum. Asked for are the variances themselves."""
    values, vectors = _eigen(X)
    return vectors[:, :k].T, values[:k] / np.sum(values)


@misconception("pca", "core", title="The features are standardised first", see="02 §4")
def pca_correlation(X, k):
    """You divided each feature by its deviation, and so found the directions of the correlation matrix. Subtract the mean, nothing else."""
    values, vectors = _eigen((X - np.mean(X, axis=0)) / (np.std(X, axis=0) + 1e-12))
    return vectors[:, :k].T, values[:k]


@misconception("pca", "part", title="The projections are returned", see="02 §4")
def pca_projections(X, k):
    """You returned the data projected on the components. Asked for are the components themselves, (k, D)."""
    values, vectors = _eigen(X)
    return (X - np.mean(X, axis=0)) @ vectors[:, :k], values[:k]


@misconception("pca", "part", title="The projections are returned", see="02 §4")
def pca_projections_as_rows(X, k):
    """You returned the data projected on the components, one row a component. Asked for are the components themselves, (k, D)."""
    centred = X - np.mean(X, axis=0)
    _, S, Vt = np.linalg.svd(centred, full_matrices=False)
    return (centred @ Vt[:k].T).T, S[:k] ** 2 / len(X)


@misconception("pca", "part", title="Only the components are returned", see="02 §4")
def pca_components_only(X, k):
    """You returned the components alone. The variances along them are wanted as well."""
    return _eigen(X)[1][:, :k].T


@misconception("pca", "slip", title="The pair is the other way round", see="02 §4")
def pca_swapped(X, k):
    """You returned (variances, components). Asked for is (components, variances)."""
    values, vectors = _eigen(X)
    return values[:k], vectors[:, :k].T


@misconception("pca", "part", title="The components don't have length 1", see="02 §4")
def pca_scaled_components(X, k):
    """You scaled each component by its standard deviation. A component is a direction, of length 1."""
    values, vectors = _eigen(X)
    return (vectors * np.sqrt(np.maximum(values, 0)))[:, :k].T, values[:k]


@misconception("pca", "part", title="The signs of the entries are lost", see="02 §4")
def pca_absolute(X, k):
    """You took absolute values of the components. The sign of a whole component is free, those of its entries are not."""
    values, vectors = _eigen(X)
    return np.abs(vectors[:, :k]).T, values[:k]


@misconception("pca", "part", title="All components are returned", see="02 §4")
def pca_all(X, k):
    """You returned all D components and variances. Asked for are the first k."""
    values, vectors = _eigen(X)
    return vectors.T, values


pca_in_place = in_place("pca", right.pca, see="02 §4")


@alternative("pca")
def pca_by_svd(X, k):
    _, S, Vt = np.linalg.svd((X - X.mean(0)) / np.sqrt(len(X)), full_matrices=False)
    return -Vt[:k], np.square(S[:k])


@alternative("pca")
def pca_by_cov(X, k):
    values, vectors = np.linalg.eigh(np.cov(X, rowvar=False, ddof=0).reshape(X.shape[1], X.shape[1]))
    order = np.argsort(-values)[:k]
    return [vectors.T[order], values[order]]


@alternative("pca")
def pca_general_eig(X, k):
    centred = X - np.mean(X, axis=0, keepdims=True)
    values, vectors = np.linalg.eig(np.einsum("ni,nj->ij", centred, centred) / X.shape[0])
    pairs = sorted(zip(values.real, vectors.T.real, strict=True), key=lambda pair: pair[0], reverse=True)[:k]
    return np.array([vector for _, vector in pairs]), np.array([value for value, _ in pairs])


@alternative("pca")
def pca_in_float32(X, k):
    centred = np.asarray(X, dtype=np.float32) - np.mean(X, axis=0, dtype=np.float32)
    _, S, Vt = np.linalg.svd(centred, full_matrices=False)
    return Vt[:k], S[:k] ** 2 / np.float32(len(X))


# --- whiten -----------------------------------------------------------------------------------------------------------------


def _white(X, eps, values=None, vectors=None):
    found = _eigen(X)
    values, vectors = found[0] if values is None else values, found[1] if vectors is None else vectors
    return (X - np.mean(X, axis=0)) @ vectors / np.sqrt(np.maximum(values, 0) + eps)


@misconception("whiten", "core", title="Only decorrelated", see="02 §5")
def whiten_rotated_only(X, eps=1e-5):
    """You projected on the components and stopped there. Each column still has its own variance: divide by √(λ + ε)."""
    return (X - np.mean(X, axis=0)) @ _eigen(X)[1]


@misconception("whiten", "part", title="Divides by the variance", see="02 §5")
def whiten_by_variance(X, eps=1e-5):
    """You divided by λ + ε. λ is a variance: divide by its root, the standard deviation."""
    values, vectors = _eigen(X)
    return (X - np.mean(X, axis=0)) @ vectors / (np.maximum(values, 0) + eps)


@misconception("whiten", "part", title="Turned back into the old axes", see="02 §5")
def whiten_zca(X, eps=1e-5):
    """You turned the whitened data back by the components (ZCA whitening). Here they stay in the axes of the components."""
    return _white(X, eps) @ _eigen(X)[1].T


@misconception("whiten", "part", title="Smallest variance first", see="02 §5")
def whiten_ascending(X, eps=1e-5):
    """Your columns are in the order of `eigh`, the smallest variance first. The largest comes first."""
    return _white(X, eps)[:, ::-1]


@misconception("whiten", "part", title="The data aren't centred before the projection", see="02 §5")
def whiten_uncentred_projection(X, eps=1e-5):
    """Your components are right, but you projected X itself. Project the centred data, so that each column has mean 0."""
    values, vectors = _eigen(X)
    return X @ vectors / np.sqrt(np.maximum(values, 0) + eps)


@misconception("whiten", "part", title="The data aren't centred", see="02 §5")
def whiten_uncentred(X, eps=1e-5):
    """You never subtracted the mean. It comes first: the components are directions of variance only for centred data."""
    values, vectors = _eigen(X, centred=False)
    return X @ vectors / np.sqrt(np.maximum(values, 0) + eps)


@misconception("whiten", "core", title="Standardised, not whitened", see="02 §5")
def whiten_standardized(X, eps=1e-5):
    """You divided each feature by its own deviation. The features are as correlated as before: rotate onto the components first."""
    return (X - np.mean(X, axis=0)) / np.sqrt(np.var(X, axis=0) + eps)


@misconception("whiten", "part", title="By the Cholesky factor", see="02 §5")
def whiten_cholesky(X, eps=1e-5):
    """You whitened with the Cholesky factor of the covariance. The columns are uncorrelated, but they don't lie along the components."""
    centred = X - np.mean(X, axis=0)
    factor = np.linalg.cholesky(centred.T @ centred / len(X) + eps * np.eye(X.shape[1]))
    return np.linalg.solve(factor, centred.T).T


@misconception("whiten", "part", title="Divides by N − 1", see="02 §5")
def whiten_unbiased(X, eps=1e-5):
    """Your variances divide by N − 1, as those of `np.cov` do. Here they divide by N, so that each column has the variance 1."""
    return _white(X, eps, values=_eigen(X)[0] * len(X) / max(len(X) - 1, 1))


@misconception("whiten", "part", title="Divides by the singular values", see="02 §5")
def whiten_by_singular_values(X, eps=1e-5):
    """You divided by the singular values, which belong to sums over N examples. Divide by √(S²/N + ε)."""
    return _white(X, eps, values=_eigen(X)[0] * len(X))


@misconception("whiten", "core", title="The rows of the eigenvectors are taken", see="02 §5")
def whiten_transposed(X, eps=1e-5):
    """You projected with the transposed matrix of eigenvectors. `eigh` has them in its columns: `centred @ vectors`."""
    return _white(X, eps, vectors=_eigen(X)[1].T)


@misconception("whiten", "slip", title="ε is left out", see="02 §5")
def whiten_without_eps(X, eps=1e-5):
    """You divided by √λ. A direction without variance has λ = 0, and rounding errors become as large as the signal: add ε."""
    values, vectors = _eigen(X)
    with np.errstate(all="ignore"):
        return (X - np.mean(X, axis=0)) @ vectors / np.sqrt(np.maximum(values, 0))


@misconception("whiten", "slip", title="ε is added to the standard deviation", see="02 §5")
def whiten_eps_outside(X, eps=1e-5):
    """You divided by √λ + ε. Here ε is added to the variance, inside the root: √(λ + ε)."""
    values, vectors = _eigen(X)
    return (X - np.mean(X, axis=0)) @ vectors / (np.sqrt(np.maximum(values, 0)) + eps)


@misconception("whiten", "slip", title="Directions without variance are left out", see="02 §5")
def whiten_few_columns(X, eps=1e-5):
    """With fewer examples than features your answer has fewer columns than X, as `full_matrices=False` gives. It has D: the others are
    0."""
    return _white(X, eps)[:, : min(np.shape(X))]


@misconception("whiten", "slip", title="Directions without variance are left out", see="02 §5")
def whiten_few_columns_by_svd(X, eps=1e-5):
    """With fewer examples than features your answer has fewer columns than X, as `full_matrices=False` gives. It has D: the others are
    0."""
    centred = X - np.mean(X, axis=0)
    _, S, Vt = np.linalg.svd(centred, full_matrices=False)
    return centred @ Vt.T / np.sqrt(S**2 / len(X) + eps)


whiten_fixed_eps = fixed_number("whiten", right.whiten, see="02 §5", name="eps", value=1e-5)
whiten_other_eps = fixed_number("whiten", right.whiten, see="02 §5", name="eps", value=1e-8, called="whiten_other_eps")
whiten_in_place = in_place("whiten", right.whiten, see="02 §5")


@alternative("whiten")
def whiten_by_svd(X, eps=1e-5):
    centred = X - np.mean(X, axis=0)
    _, S, Vt = np.linalg.svd(centred, full_matrices=True)
    variances = np.zeros(X.shape[1])
    variances[: len(S)] = S**2 / len(X)
    return -(centred @ Vt.T) / np.sqrt(variances + eps)


@alternative("whiten")
def whiten_by_cov(X, eps=1e-5):
    values, vectors = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    order = np.argsort(values)[::-1]
    scaled = vectors[:, order] / np.sqrt(np.clip(values[order], 0, None) + eps)
    return np.einsum("nd,dk->nk", X - X.mean(axis=0), scaled)


@alternative("whiten")
def whiten_column_by_column(X, eps=1e-5):
    values, vectors = _eigen(np.asarray(X, dtype=float))
    centred = X - np.mean(X, axis=0)
    columns = [centred @ vectors[:, j] / (max(values[j], 0.0) + eps) ** 0.5 for j in range(len(values))]
    return np.stack(columns, axis=1)


@alternative("whiten")
def whiten_in_float32(X, eps=1e-5):
    centred = np.asarray(X, dtype=np.float32) - np.mean(X, axis=0, dtype=np.float32)
    values, vectors = np.linalg.eigh(np.cov(centred.T, ddof=0))
    return (centred @ vectors[:, ::-1] / np.sqrt(np.maximum(values[::-1], 0) + eps)).astype(np.float32)


# --- batch ------------------------------------------------------------------------------------------------------------------


def _batches(items, batch_size, drop_remainder=False):
    source = iter(items)
    while held := list(itertools.islice(source, batch_size)):
        if len(held) == batch_size or not drop_remainder:
            yield held


@misconception("batch", "part", title="A list is returned, nothing is yielded", see="02 §6")
def batch_returns_a_list(items, batch_size, drop_remainder=False):
    """You returned a list of all batches. Nothing comes before all items have been read, and items that never end never come: `yield`."""
    return list(_batches(items, batch_size, drop_remainder))


@misconception("batch", "part", title="All items are read first", see="02 §6")
def batch_reads_everything(items, batch_size, drop_remainder=False):
    """You made a list of all items before the first batch was yielded. Take only what the next batch needs: the items may never end."""
    items = list(items)
    for start in range(0, len(items), batch_size):
        if start + batch_size <= len(items) or not drop_remainder:
            yield items[start : start + batch_size]


@misconception("batch", "part", title="Works for lists only", see="02 §6")
def batch_slices(items, batch_size, drop_remainder=False):
    """You took slices, or the length, which lists have and iterators don't. Go through the items with a for loop."""
    for start in range(0, len(items), batch_size):
        if start + batch_size <= len(items) or not drop_remainder:
            yield items[start : start + batch_size]


@misconception("batch", "part", title="Works for iterators only", see="02 §6")
def batch_without_iter(items, batch_size, drop_remainder=False):
    """You called `next` on items, which may be a list. Make an iterator first, `iter(items)`, or use a for loop."""
    next(items.__iter__() if hasattr(items, "gi_frame") else iter(()), None)
    while held := [item for _, item in zip(range(batch_size), iter(lambda: next(items), object()), strict=False)]:
        if len(held) == batch_size or not drop_remainder:
            yield held


@misconception("batch", "part", title="The last list is always left out", see="02 §6")
def batch_drops_always(items, batch_size, drop_remainder=False):
    """What is left at the end never comes. Unless drop_remainder is set, yield it after the loop."""
    return _batches(items, batch_size, True)


@misconception("batch", "part", title="drop_remainder has no effect", see="02 §6")
def batch_keeps_always(items, batch_size, drop_remainder=False):
    """You yield the last list always. With drop_remainder it is left out if it isn't full."""
    return _batches(items, batch_size)


@misconception("batch", "part", title="drop_remainder the other way round", see="02 §6")
def batch_drops_the_other_way(items, batch_size, drop_remainder=False):
    """You leave the last list out without drop_remainder, and yield it with it. It is the other way round."""
    return _batches(items, batch_size, not drop_remainder)


@misconception("batch", "slip", title="drop_remainder leaves out a full list, too", see="02 §6")
def batch_drops_full(items, batch_size, drop_remainder=False):
    """With drop_remainder you leave out the last list even if it is full. Only one that isn't full is left out."""
    lists = _batches(items, batch_size)
    return (one for one, _ in itertools.pairwise(lists)) if drop_remainder else lists


@misconception("batch", "slip", title="An empty list at the end", see="02 §6")
def batch_empty_at_the_end(items, batch_size, drop_remainder=False):
    """Where the items fill all lists, you yield an empty one after them. Yield what is left only if something is left."""
    held = []
    for item in items:
        held.append(item)
        if len(held) == batch_size:
            yield held
            held = []
    if not drop_remainder:
        yield held


@misconception("batch", "slip", title="A list waits for the item after it", see="02 §6")
def batch_one_item_late(items, batch_size, drop_remainder=False):
    """You look whether the list is full when the next item has come. Yield it as soon as it is full: the next item may take long, or
    never come."""
    held = []
    for item in items:
        if len(held) == batch_size:
            yield held
            held = []
        held.append(item)
    if held and (len(held) == batch_size or not drop_remainder):
        yield held


@misconception("batch", "slip", title="The same list again and again", see="02 §6")
def batch_same_list(items, batch_size, drop_remainder=False):
    """You clear the list that you have yielded, and fill it again. Whoever kept it finds other items in it: make a new list, `held =
    []`."""
    held = []
    for item in items:
        held.append(item)
        if len(held) == batch_size:
            yield held
            held.clear()
    if held and not drop_remainder:
        yield held


@misconception("batch", "slip", title="Tuples in the place of lists", see="02 §6")
def batch_tuples(items, batch_size, drop_remainder=False):
    """You yield tuples, which can't be changed. Asked for are lists: `list(…)` makes one."""
    return map(tuple, _batches(items, batch_size, drop_remainder))


@misconception("batch", "slip", title="Arrays in the place of lists", see="02 §6")
def batch_arrays(items, batch_size, drop_remainder=False):
    """You yield arrays. Asked for are lists: an item may be anything, a name or a dictionary too."""
    for held in _batches(items, batch_size, drop_remainder):
        yield np.array(held) if all(type(item) in (int, float) for item in held) else held


@misconception("batch", "part", title="The last list is filled up", see="02 §6")
def batch_padded(items, batch_size, drop_remainder=False):
    """You filled the last list up with None. It has the items that are left, and no others."""
    for held in _batches(items, batch_size, drop_remainder):
        yield held + [None] * (batch_size - len(held))


@misconception("batch", "part", title="Lists of another size", see="02 §6")
def batch_one_more(items, batch_size, drop_remainder=False):
    """Your lists have one item more than batch_size: you look at the length before the item is added. Compare afterwards."""
    return _batches(items, batch_size + 1, drop_remainder)


@misconception("batch", "core", title="An item is lost between two lists", see="02 §6")
def batch_loses_items(items, batch_size, drop_remainder=False):
    """The item that finds the list full begins no new list, and is lost. Add each item, and then look at the length."""
    held = []
    for item in items:
        if len(held) == batch_size:
            yield held
            held = []
        else:
            held.append(item)
    if held and (len(held) == batch_size or not drop_remainder):
        yield held


@misconception("batch", "core", title="The list isn't begun anew", see="02 §6")
def batch_grows(items, batch_size, drop_remainder=False):
    """After a list is yielded you go on with the same one, which still has its items. Begin a new one: `held = []`."""
    held = []
    for item in items:
        held.append(item)
        if len(held) % batch_size == 0:
            yield list(held)
    if len(held) % batch_size and not drop_remainder:
        yield list(held)


@misconception("batch", "core", title="Windows that overlap", see="02 §6")
def batch_windows(items, batch_size, drop_remainder=False):
    """You moved on by one item at a time, so the lists overlap. Each item belongs to one list: move on by batch_size."""
    window = deque(maxlen=batch_size)
    for item in items:
        window.append(item)
        if len(window) == batch_size or not drop_remainder:
            yield list(window)


@misconception("batch", "core", title="Only the first list is yielded", see="02 §6")
def batch_returns_early(items, batch_size, drop_remainder=False):
    """You left the function after the first list: `return` ends a generator."""
    yield from itertools.islice(_batches(items, batch_size, drop_remainder), 1)


@misconception("batch", "core", title="The first list is returned", see="02 §6")
def batch_returns_the_first(items, batch_size, drop_remainder=False):
    """You returned the first list, so its items come one by one, and no other list. `yield` each list, and go on."""
    return next(_batches(items, batch_size), [])


@misconception("batch", "core", title="An array of all items is returned", see="02 §6")
def batch_reshaped(items, batch_size, drop_remainder=False):
    """You read all items into an array and reshaped it: the last items are lost where they don't fill a row, and items that never end
    never come. Collect a list, and `yield` it when it is full."""
    values = np.array(list(items))
    rows = len(values) // batch_size
    return values[: rows * batch_size].reshape(rows, batch_size)


@misconception("batch", "part", title="It ends in a RuntimeError", see="02 §6")
def batch_stop_iteration(items, batch_size, drop_remainder=False):
    """`next` raises StopIteration at the end of items, and inside a generator that becomes a RuntimeError. Use a for loop, or catch it."""
    source = iter(items)
    while True:
        yield [next(source) for _ in range(batch_size)]


@misconception("batch", "slip", title="None is taken for the end", see="02 §6")
def batch_until_none(items, batch_size, drop_remainder=False):
    """You take None, or any item that counts as false, for the end of the items. An item may be None or 0: a for loop knows the end."""
    return _batches(itertools.takewhile(lambda item: item is not None, items), batch_size, drop_remainder)


@misconception("batch", "slip", title="Works in advance", see="02 §6")
def batch_eager_start(items, batch_size, drop_remainder=False):
    """You take items when the function is called. A generator begins when its first list is asked for: write `yield` in the function
    itself."""
    lists = _batches(items, batch_size, drop_remainder)
    first = list(itertools.islice(lists, 1))
    return itertools.chain(first, lists)


@alternative("batch")
def batch_by_islice(items, batch_size, drop_remainder=False):
    source = iter(items)
    while True:
        held = list(itertools.islice(source, batch_size))
        if not held or (drop_remainder and len(held) < batch_size):
            return
        yield held


@alternative("batch")
def batch_by_next(items, batch_size, drop_remainder=False):
    source, held = iter(items), []
    while True:
        try:
            held = [*held, next(source)]
        except StopIteration:
            break
        if len(held) >= batch_size:
            yield held
            held = []
    if len(held) > 0 and drop_remainder is False:
        yield held


class _Batches:
    def __init__(self, items, batch_size, drop_remainder):
        self.items, self.size, self.drop = items, batch_size, drop_remainder
        self.source = None

    def __iter__(self):
        return self

    def __next__(self):
        if self.source is None:
            self.source = iter(self.items)
        held = []
        for item in self.source:
            held.append(item)
            if len(held) == self.size:
                return held
        if held and not self.drop:
            return held
        raise StopIteration


@alternative("batch")
def batch_as_a_class(items, batch_size, drop_remainder=False):
    return _Batches(items, batch_size, drop_remainder)


# --- shuffle_buffer ---------------------------------------------------------------------------------------------------------


def _shuffled(items, buffer_size, rng, draw):
    """Yield from a buffer; ``draw(rng, n)`` returns a place."""
    buffer = []
    for item in items:
        if len(buffer) < buffer_size:
            buffer.append(item)
        else:
            place = draw(rng, len(buffer))
            yield buffer[place]
            buffer[place] = item
    while buffer:
        yield buffer.pop(draw(rng, len(buffer)))


def _drawn(items, buffer_size, rng):
    return _shuffled(items, buffer_size, rng, lambda rng, n: rng.integers(n))


@misconception("shuffle_buffer", "core", title="Everything is shuffled at once", see="02 §7")
def shuffle_everything(items, buffer_size, rng):
    """You read all items and shuffled them. The buffer is there because they don't fit into memory: hold no more than buffer_size."""
    items = list(items)
    yield from (items[place] for place in rng.permutation(len(items)))


@misconception("shuffle_buffer", "part", title="A list is returned, nothing is yielded", see="02 §7")
def shuffle_returns_a_list(items, buffer_size, rng):
    """You returned a list. Nothing comes before all items have been read, and items that never end never come: `yield`."""
    return list(_drawn(items, buffer_size, rng))


@misconception("shuffle_buffer", "part", title="All items are read first", see="02 §7")
def shuffle_reads_everything(items, buffer_size, rng):
    """You made a list of all items first. Take an item when there is room for it: the items may never end."""
    yield from _drawn(list(items), buffer_size, rng)


@misconception("shuffle_buffer", "part", title="Works for lists only", see="02 §7")
def shuffle_indexes(items, buffer_size, rng):
    """You used indices, or the length, which lists have and iterators don't. Go through the items with a for loop."""
    yield from _drawn([items[number] for number in range(len(items))], buffer_size, rng)


@misconception("shuffle_buffer", "part", title="The buffer is emptied before it is filled again", see="02 §7")
def shuffle_blocks(items, buffer_size, rng):
    """You shuffle buffer_size items, yield them all, and fill the buffer anew. So an item never leaves its block. Put the next item into
    each place as soon as it is empty."""
    for held in _batches(items, buffer_size):
        yield from (held[place] for place in rng.permutation(len(held)))


@misconception("shuffle_buffer", "part", title="The rest of the buffer is lost", see="02 §7")
def shuffle_loses_the_rest(items, buffer_size, rng):
    """When the items have come to their end, buffer_size of them are still in the buffer. Yield them, too, in random order."""
    buffer = []
    for item in items:
        if len(buffer) < buffer_size:
            buffer.append(item)
            continue
        place = rng.integers(buffer_size)
        yield buffer[place]
        buffer[place] = item


@misconception("shuffle_buffer", "part", title="The rest comes in order", see="02 §7")
def shuffle_rest_in_order(items, buffer_size, rng):
    """You yield the rest of the buffer as it stands. Draw from it, until it is empty: where all items fit into the buffer, nothing else is
    shuffled."""
    buffer = []
    for item in items:
        if len(buffer) < buffer_size:
            buffer.append(item)
            continue
        place = rng.integers(buffer_size)
        yield buffer[place]
        buffer[place] = item
    yield from buffer


@misconception("shuffle_buffer", "core", title="The place isn't drawn at random", see="02 §7")
def shuffle_queue(items, buffer_size, rng):
    """You always take the same place of the buffer: the item that has waited longest, so the order stays, or the one that came last. Draw
    a place of the buffer, each with the same probability."""
    buffer = []
    for item in items:
        buffer.append(item)
        if len(buffer) > buffer_size:
            yield buffer.pop(0)
    yield from buffer


@misconception("shuffle_buffer", "part", title="The last place is never drawn", see="02 §7")
def shuffle_never_last(items, buffer_size, rng):
    """`rng.integers(n)` leaves n out already, so `rng.integers(n - 1)` never draws the last place: the item there waits until the end."""
    return _shuffled(items, buffer_size, rng, lambda rng, n: rng.integers(max(n - 1, 1)))


@misconception("shuffle_buffer", "part", title="The places aren't drawn with equal probabilities", see="02 §7")
def shuffle_normal(items, buffer_size, rng):
    """You rounded, or drew from a normal distribution, so some places come more often. `rng.integers(n)` draws each equally often."""
    return _shuffled(items, buffer_size, rng, lambda rng, n: int(np.rint(rng.uniform(0, n - 1))))


@misconception("shuffle_buffer", "part", title="The buffer holds one more", see="02 §7")
def shuffle_one_more(items, buffer_size, rng):
    """You draw when the next item is in the buffer already, so it holds buffer_size + 1. Draw first, and then put the next one in its
    place."""
    return _drawn(items, buffer_size + 1, rng)


@misconception("shuffle_buffer", "slip", title="The buffer holds one more", see="02 §7")
def shuffle_one_more_at_the_draw(items, buffer_size, rng):
    """You put the next item in and draw when the buffer holds more than buffer_size, so one of buffer_size + 1 is drawn. Draw as soon as it
    holds buffer_size."""
    buffer = []
    for item in items:
        buffer.append(item)
        if len(buffer) > buffer_size:
            yield buffer.pop(rng.integers(len(buffer)))
    while buffer:
        yield buffer.pop(rng.integers(len(buffer)))


@misconception("shuffle_buffer", "part", title="The buffer holds one less", see="02 §7")
def shuffle_one_less(items, buffer_size, rng):
    """You begin to draw when the buffer holds buffer_size − 1 items. Fill it first."""
    return _drawn(items, max(buffer_size - 1, 1), rng)


@misconception("shuffle_buffer", "part", title="The buffer isn't filled first", see="02 §7")
def shuffle_unfilled(items, buffer_size, rng):
    """You begin to draw while the buffer is still filling up, so the first items have hardly any company. Fill it first."""
    buffer = []
    for item in items:
        buffer.append(item)
        if len(buffer) == buffer_size or rng.integers(2):
            yield buffer.pop(rng.integers(len(buffer)))
    while buffer:
        yield buffer.pop(rng.integers(len(buffer)))


@misconception("shuffle_buffer", "core", title="What is drawn stays in the buffer", see="02 §7")
def shuffle_with_replacement(items, buffer_size, rng):
    """What you have yielded stays in the buffer, for instance because the next item goes to another place: so it comes again, and others
    are lost. Keep the place that was drawn, and put the next item there."""
    buffer = []
    for item in items:
        if len(buffer) == buffer_size:
            yield buffer[rng.integers(buffer_size)]
            buffer[rng.integers(buffer_size)] = item
        else:
            buffer.append(item)
    for _ in range(len(buffer)):
        yield buffer[rng.integers(len(buffer))]


@misconception("shuffle_buffer", "core", title="What is drawn stays in the buffer", see="02 §7")
def shuffle_grows(items, buffer_size, rng):
    """You yield an item and leave it in the buffer, which grows with each new one. So it comes again: put the next item in its place."""
    buffer = []
    for item in items:
        if len(buffer) >= buffer_size:
            rng.shuffle(buffer)
            yield buffer[0]
        buffer.append(item)
    rng.shuffle(buffer)
    yield from buffer


@misconception("shuffle_buffer", "core", title="What is drawn stays in the buffer", see="02 §7")
def shuffle_window(items, buffer_size, rng):
    """You draw from the last buffer_size items, and what is drawn stays among them: it comes again, and others never come. Take out what
    is drawn, and put the next item in its place."""
    buffer = deque(maxlen=buffer_size)
    for item in items:
        buffer.append(item)
        if len(buffer) == buffer_size:
            yield buffer[rng.integers(buffer_size)]


@misconception("shuffle_buffer", "core", title="The buffer itself is yielded", see="02 §7")
def shuffle_yields_buffers(items, buffer_size, rng):
    """You yield lists of items, as if this were `batch`. Yield the items one by one."""
    for held in _batches(items, buffer_size):
        yield [held[place] for place in rng.permutation(len(held))]


@misconception("shuffle_buffer", "part", title="It ends in a RuntimeError", see="02 §7")
def shuffle_stop_iteration(items, buffer_size, rng):
    """`next` raises StopIteration at the end of items, and inside a generator that becomes a RuntimeError. Catch it, and yield the rest."""
    source = iter(items)
    buffer = [next(source) for _ in range(buffer_size)]
    while True:
        place = rng.integers(len(buffer))
        yield buffer[place]
        buffer[place] = next(source)


@misconception("shuffle_buffer", "slip", title="None is taken for the end", see="02 §7")
def shuffle_until_none(items, buffer_size, rng):
    """You take None, or any item that counts as false, for the end of the items. An item may be None or 0: a for loop knows the end."""
    return _drawn(itertools.takewhile(lambda item: item is not None, items), buffer_size, rng)


@misconception("shuffle_buffer", "slip", title="Items are looked for by their value", see="02 §7")
def shuffle_removes_by_value(items, buffer_size, rng):
    """`remove` and `index` compare items, and arrays can't be compared with `==`. Draw a place, and `pop` it."""
    buffer = []
    for item in items:
        if len(buffer) == buffer_size:
            drawn = buffer[rng.integers(buffer_size)]
            buffer.remove(drawn)
            yield drawn
        buffer.append(item)
    while buffer:
        drawn = buffer[rng.integers(len(buffer))]
        buffer.remove(drawn)
        yield drawn


@misconception("shuffle_buffer", "slip", title="Fewer items than places aren't yielded", see="02 §7")
def shuffle_needs_a_full_buffer(items, buffer_size, rng):
    """Where there are fewer items than places, you yield none, or raise an error. What is in the buffer at the end is yielded, however
    few."""
    buffer, source = [], iter(items)
    for item in itertools.islice(source, buffer_size):
        buffer.append(item)
    if len(buffer) == buffer_size:
        yield from _shuffled(itertools.chain(buffer, source), buffer_size, rng, lambda rng, n: rng.integers(n))


@misconception("shuffle_buffer", "slip", title="Fewer items than places raise an error", see="02 §7")
def shuffle_raises_below_a_full_buffer(items, buffer_size, rng):
    """You fill the buffer with `next`, which raises StopIteration where there are fewer items than places: inside a generator, that becomes
    a RuntimeError. `itertools.islice` takes as many as there are."""
    source = iter(items)
    buffer = [next(source) for _ in range(buffer_size)]
    yield from _drawn(itertools.chain(buffer, source), buffer_size, rng)


@misconception("shuffle_buffer", "slip", title="Works in advance", see="02 §7")
def shuffle_eager_start(items, buffer_size, rng):
    """You fill the buffer when the function is called. A generator begins when its first item is asked for: write `yield` in the function
    itself."""
    found = _drawn(items, buffer_size, rng)
    first = list(itertools.islice(found, 1))
    return itertools.chain(first, found)


shuffle_own_generator = generator_ignored("shuffle_buffer", right.shuffle_buffer, see="02 §7", severity="slip")
shuffle_reseeded = reseeded("shuffle_buffer", right.shuffle_buffer, see="02 §7")


@alternative("shuffle_buffer")
def shuffle_by_pop(items, buffer_size, rng):
    source, buffer = iter(items), []
    while True:
        for item in source:
            buffer.append(item)
            if len(buffer) >= buffer_size:
                break
        if not buffer:
            return
        yield buffer.pop(int(rng.random() * len(buffer)))


@alternative("shuffle_buffer")
def shuffle_by_swap(items, buffer_size, rng):
    source = iter(items)
    buffer = list(itertools.islice(source, buffer_size))
    for item in source:
        k = rng.choice(len(buffer))
        item, buffer[k] = buffer[k], item
        yield item
    rng.shuffle(order := list(range(len(buffer))))
    for k in order:
        yield buffer[k]


@alternative("shuffle_buffer")
def shuffle_by_moving_the_last(items, buffer_size, rng):
    buffer = []
    for item in items:
        buffer.append(item)
        if len(buffer) > buffer_size:
            k = rng.integers(0, buffer_size)
            buffer[k], buffer[-1] = buffer[-1], buffer[k]
            yield buffer.pop()
    for k in rng.permutation(len(buffer)):
        yield buffer[k]


# --- interleave -------------------------------------------------------------------------------------------------------------


def _interleaved(sources, cycle_length, replaced="slot"):
    """Yield in turn; where a source has ended, the next one comes to its slot at once, or to the end of the round."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    turn = 0
    while slots:
        turn %= len(slots)
        try:
            item = next(slots[turn])
        except StopIteration:
            new = list(itertools.islice(unopened, 1))
            if replaced == "end":
                slots = slots[:turn] + slots[turn + 1 :]
                slots = slots[turn:] + slots[:turn] + new
                turn = 0
            else:
                slots[turn : turn + 1] = new
        else:
            yield item
            turn += 1


@misconception("interleave", "core", title="One source after the other", see="02 §8")
def interleave_chained(sources, cycle_length):
    """You yield all of one source before the next begins. Take one item from each open source in turn."""
    return itertools.chain.from_iterable(sources)


@misconception("interleave", "part", title="It stops with the shortest source", see="02 §8")
def interleave_zipped(sources, cycle_length):
    """`zip` stops when one source has ended. The others go on, and the next unopened one takes the free slot."""
    sources = list(sources)
    for start in range(0, len(sources), cycle_length):
        for items in zip(*sources[start : start + cycle_length], strict=False):
            yield from items


@misconception("interleave", "part", title="It stops with the shortest source", see="02 §8")
def interleave_zipped_all(sources, cycle_length):
    """`zip` over all sources stops when one has ended, and opens them all. Keep cycle_length of them open, and replace those that have
    ended."""
    for items in zip(*sources, strict=False):
        yield from items


@misconception("interleave", "core", title="It stops with the shortest source", see="02 §8")
def interleave_zipped_first(sources, cycle_length):
    """`zip` over the first cycle_length sources stops when one of them has ended, and no other is opened. The others go on, and the next
    unopened one takes the free slot."""
    for items in zip(*itertools.islice(sources, cycle_length), strict=False):
        yield from items


@misconception("interleave", "part", title="A round is taken at once", see="02 §8")
def interleave_rounds(sources, cycle_length):
    """You take an item of each open source before the first of them is yielded. Yield each item when it is taken: the next source may be
    slow."""
    items = _interleaved(sources, cycle_length)
    while found := list(itertools.islice(items, cycle_length)):
        yield from found


@misconception("interleave", "slip", title="The source after a removed one is skipped", see="02 §8")
def interleave_skips_without_unopened(sources, cycle_length):
    """You remove an ended source from the list and move on by one as well. The others have moved up already, so the next one misses its
    turn."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    turn = 0
    while slots:
        turn %= len(slots)
        found = list(itertools.islice(slots[turn], 1))
        yield from found
        new = [] if found else list(itertools.islice(unopened, 1))
        if not found:
            slots[turn : turn + 1] = new
        turn += not new


@misconception("interleave", "part", title="None fills the place of ended sources", see="02 §8")
def interleave_padded(sources, cycle_length):
    """`zip_longest` puts None in the place of a source that has ended. Such a slot goes to the next source, or is gone."""
    sources = list(sources)
    for start in range(0, len(sources), cycle_length):
        for items in itertools.zip_longest(*sources[start : start + cycle_length]):
            yield from items


@misconception("interleave", "part", title="All sources are open at once", see="02 §8")
def interleave_all_open(sources, cycle_length):
    """You go round all sources. Only cycle_length of them are open at a time; the others wait until one has ended."""
    return _interleaved(sources, None)


@misconception("interleave", "part", title="Only the first sources are read", see="02 §8")
def interleave_first_only(sources, cycle_length):
    """You read the first cycle_length sources and no others. Where one has ended, the next one is opened."""
    return _interleaved(itertools.islice(sources, cycle_length), cycle_length)


@misconception("interleave", "part", title="A group ends before the next begins", see="02 §8")
def interleave_groups(sources, cycle_length):
    """You wait until all open sources have ended, and then open as many again. A slot that is free goes to the next source at once."""
    sources = iter(sources)
    while group := list(itertools.islice(sources, cycle_length)):
        yield from _interleaved(group, cycle_length)


@misconception("interleave", "part", title="The new source misses a turn", see="02 §8")
def interleave_new_at_the_end(sources, cycle_length):
    """The source that you open waits for the next round, in its slot or at the end of a queue. It takes the slot of the one that has
    ended, and has this turn."""
    return _interleaved(sources, cycle_length, "end")


@misconception("interleave", "part", title="The source after an ended one is skipped", see="02 §8")
def interleave_skips_after_removal(sources, cycle_length):
    """You remove an ended source from the list that the loop runs over. The others move up, and the next one misses its turn."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    while slots:
        for slot in slots:
            found = list(itertools.islice(slot, 1))
            if found:
                yield found[0]
                continue
            slots.remove(slot)
            slots.extend(itertools.islice(unopened, 1))


@misconception("interleave", "part", title="One slot too few", see="02 §8")
def interleave_one_less(sources, cycle_length):
    """You keep cycle_length − 1 sources open. The first cycle_length of them are opened at the beginning."""
    return _interleaved(sources, max(cycle_length - 1, 1))


@misconception("interleave", "core", title="Blocks of items from one source", see="02 §8")
def interleave_blocks(sources, cycle_length):
    """You take cycle_length items from a source before you go on. cycle_length is the number of open sources; each gives one item at a
    turn."""
    slots = deque(map(iter, sources))
    while slots:
        found = list(itertools.islice(slots[0], cycle_length))
        yield from found
        slots.rotate(-1)
        if not found:
            slots.pop()


@misconception("interleave", "part", title="A list is returned, nothing is yielded", see="02 §8")
def interleave_returns_a_list(sources, cycle_length):
    """You returned a list. Nothing comes before all sources have been read, and one that never ends never comes: `yield`."""
    return list(_interleaved(sources, cycle_length))


@misconception("interleave", "part", title="All items are read first", see="02 §8")
def interleave_reads_everything(sources, cycle_length):
    """You made lists of the sources first. Take an item when its turn has come: a source may be larger than the memory, or never end."""
    yield from _interleaved(list(map(list, sources)), cycle_length)


@misconception("interleave", "part", title="Works for lists only", see="02 §8")
def interleave_indexes(sources, cycle_length):
    """You used indices, or the length, which lists have and iterators don't. Make an iterator of each source, and take `next` of it."""
    return _interleaved([[source[number] for number in range(len(source))] for source in sources], cycle_length)


@misconception("interleave", "part", title="Works for iterators only", see="02 §8")
def interleave_without_iter(sources, cycle_length):
    """You called `next` on the sources, which may be lists. Make an iterator of each first: `iter(source)`."""
    for source in sources:
        if not hasattr(source, "__next__"):
            raise TypeError(f"{type(source).__name__!r} object is not an iterator")
    yield from _interleaved(sources, cycle_length)


@misconception("interleave", "part", title="It ends in a RuntimeError", see="02 §8")
def interleave_stop_iteration(sources, cycle_length):
    """`next` raises StopIteration when a source has ended, and inside a generator that becomes a RuntimeError. Catch it."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    while slots:
        for slot in slots:
            yield next(slot)


@misconception("interleave", "part", title="The last items are lost", see="02 §8")
def interleave_stops_without_unopened(sources, cycle_length):
    """You stop when a source has ended and none is left to open. The other open sources still have items."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    for turn in itertools.count():
        if not slots:
            return
        place = turn % len(slots)
        while not (found := list(itertools.islice(slots[place], 1))):
            slots[place] = next(unopened, None)
            if slots[place] is None:
                return
        yield found[0]


@misconception("interleave", "part", title="A source is opened once more", see="02 §8")
def interleave_loses_first_items(sources, cycle_length):
    """You look whether a new source has an item by taking one, and throw it away."""
    unopened = map(iter, sources)
    first = [*itertools.islice(unopened, cycle_length)]
    later = (itertools.islice(source, 1, None) for source in unopened)
    return _interleaved(itertools.chain(first, later), cycle_length)


@misconception("interleave", "slip", title="An empty source costs a turn", see="02 §8")
def interleave_stops_at_empty(sources, cycle_length):
    """A new source that is empty isn't replaced at once in your loop: look again until one has an item, or none is left."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    turn = 0
    while slots:
        turn %= len(slots)
        found = list(itertools.islice(slots[turn], 1))
        if not found:
            slots[turn : turn + 1] = new = list(itertools.islice(unopened, 1))
            if not new:
                continue
            found = list(itertools.islice(new[0], 1))
        yield from found
        turn += 1


@misconception("interleave", "slip", title="An empty new source closes its slot", see="02 §8")
def interleave_drops_slot_at_empty(sources, cycle_length):
    """Where the new source is empty you remove the slot, though other sources wait for it: look again until one has an item, or none is
    left."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    turn = 0
    while slots:
        turn %= len(slots)
        found = list(itertools.islice(slots[turn], 1))
        if not found:
            slots[turn : turn + 1] = new = list(itertools.islice(unopened, 1))
            found = list(itertools.islice(new[0], 1)) if new else []
            if new and not found:
                del slots[turn]
        yield from found
        turn += bool(found)


@misconception("interleave", "slip", title="The sources have to be a list", see="02 §8")
def interleave_list_of_sources(sources, cycle_length):
    """You take the length of sources, or indices. They may come from an iterator: make one of any sources, `iter(sources)`, and take
    `next` of it."""
    return _interleaved([sources[number] for number in range(len(sources))], cycle_length)


@misconception("interleave", "slip", title="More slots than sources raise an error", see="02 §8")
def interleave_needs_enough(sources, cycle_length):
    """Where there are fewer sources than slots you raise an error. All of them are open then."""
    unopened = iter(sources)
    first = [next(unopened) for _ in range(cycle_length)]
    yield from _interleaved(itertools.chain(first, unopened), cycle_length)


@misconception("interleave", "slip", title="None is taken for the end", see="02 §8")
def interleave_until_none(sources, cycle_length):
    """You take None, or any item that counts as false, for the end of a source. An item may be None: catch StopIteration instead."""
    return _interleaved((itertools.takewhile(lambda item: item is not None, source) for source in sources), cycle_length)


@misconception("interleave", "slip", title="Works in advance", see="02 §8")
def interleave_eager_start(sources, cycle_length):
    """You take items when the function is called. A generator begins when its first item is asked for: write `yield` in the function
    itself."""
    found = _interleaved(sources, cycle_length)
    first = list(itertools.islice(found, 1))
    return itertools.chain(first, found)


@misconception("interleave", "slip", title="The first sources are opened in the call", see="02 §8")
def interleave_opens_in_the_call(sources, cycle_length):
    """You opened the first sources when your function was called, before anybody asked for an item. A generator's code runs when the first
    item is asked for; of your function only the inner one is a generator. Opening files takes time, and nobody may want them."""
    waiting = iter(sources)
    opened = [iter(source) for source in itertools.islice(waiting, cycle_length)]
    return _interleaved(itertools.chain(opened, waiting), cycle_length)


@alternative("interleave")
def interleave_by_deque(sources, cycle_length):
    unopened, slots = iter(sources), deque()
    for source in unopened:
        slots.append(iter(source))
        if len(slots) == cycle_length:
            break
    while slots:
        slot = slots.popleft()
        try:
            item = next(slot)
        except StopIteration:
            for source in unopened:
                slots.appendleft(iter(source))
                break
            continue
        slots.append(slot)
        yield item


@alternative("interleave")
def interleave_with_empty_slots(sources, cycle_length):
    waiting = iter(sources)
    slots, end = [None] * cycle_length, object()
    open_slots = 0
    for k in range(cycle_length):
        source = next(waiting, end)
        slots[k] = None if source is end else iter(source)
        open_slots += source is not end
    while open_slots:
        for k in range(cycle_length):
            while slots[k] is not None:
                item = next(slots[k], end)
                if item is not end:
                    yield item
                    break
                source = next(waiting, end)
                slots[k] = None if source is end else iter(source)
                open_slots -= source is end


def _from_slot(unopened):
    for source in unopened:
        yield from source


@alternative("interleave")
def interleave_by_chains(sources, cycle_length):
    unopened = iter(sources)
    slots = [_from_slot(unopened) for _ in range(cycle_length)]
    while slots:
        still = []
        for slot in slots:
            for item in slot:
                yield item
                still.append(slot)
                break
        slots = still


# --- prefetch ---------------------------------------------------------------------------------------------------------------


def _prefetched(items, buffer_size, *, size=None, errors="raised", end=True, stop=True):
    """Yield what a thread takes in advance; the options leave out one of the things that it has to see to."""
    room = threading.Semaphore(buffer_size if size is None else size)
    arrived, stopped = queue.SimpleQueue(), threading.Event()

    def produce():
        error = None
        try:
            for item in items:
                room.acquire()
                if stopped.is_set():
                    return
                arrived.put((True, item))
        except Exception as raised:
            error = raised
            if errors == "hang":
                return
        if end:
            arrived.put((False, error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            is_item, item = arrived.get()
            if not is_item:
                if item is not None and errors == "raised":
                    raise item
                if item is not None and errors == "another":
                    raise RuntimeError(f"the thread failed: {item}")
                return
            room.release()
            yield item
    finally:
        if stop:
            stopped.set()
            room.release()


@misconception("prefetch", "core", title="No thread", see="02 §9")
def prefetch_nothing(items, buffer_size):
    """You pass the items on as they are asked for. While the consumer works, nothing is fetched: that is a thread's job."""
    yield from items


@misconception("prefetch", "core", title="The buffer is filled when it is empty, without a thread", see="02 §9")
def prefetch_without_thread(items, buffer_size):
    """You fill a buffer, and then yield from it. While the consumer works, nothing is fetched, and when you fetch, the consumer waits: a
    thread does both at the same time."""
    source = iter(items)
    while held := list(itertools.islice(source, buffer_size)):
        yield from held


@misconception("prefetch", "core", title="The buffer slides, without a thread", see="02 §9")
def prefetch_sliding(items, buffer_size):
    """You keep buffer_size items in store, and fetch one whenever one is asked for: the consumer waits for it. A thread fetches while the
    consumer works."""
    source = iter(items)
    held = deque(itertools.islice(source, buffer_size))
    while held:
        held.extend(itertools.islice(source, 1))
        yield held.popleft()


@misconception("prefetch", "core", title="A list is returned", see="02 §9")
def prefetch_returns_a_list(items, buffer_size):
    """You returned a list of all items. Yield them, while a thread takes the next ones."""
    return list(items)


@misconception("prefetch", "part", title="The buffer has no bound", see="02 §9")
def prefetch_unbounded(items, buffer_size):
    """Your thread reads to the end, as fast as it can; perhaps the consumer even waits for it (`join`). Of a large data set that fills
    the memory: let the thread wait when buffer_size items are there, and yield each item as soon as it has arrived."""
    return _prefetched(items, buffer_size, size=1 << 30)


@misconception("prefetch", "part", title="Only one item is fetched in advance", see="02 §9")
def prefetch_one(items, buffer_size):
    """Your buffer holds one item, whatever buffer_size is, so one slow item is enough for the consumer to wait."""
    return _prefetched(items, buffer_size, size=1)


@misconception("prefetch", "part", title="An error is lost, and the consumer waits for ever", see="02 §9")
def prefetch_error_hangs(items, buffer_size):
    """An exception ends your thread, and nobody tells the consumer, who waits for ever. Catch it in the thread, pass it on, and raise it
    where the items are yielded."""
    return _prefetched(items, buffer_size, errors="hang")


@misconception("prefetch", "part", title="An error looks like the end", see="02 §9")
def prefetch_error_is_the_end(items, buffer_size):
    """Where items raise an exception, what you yield ends as if nothing had happened: half the data are missing, and nobody knows. Raise
    it."""
    return _prefetched(items, buffer_size, errors="end")


@misconception("prefetch", "slip", title="Another exception is raised", see="02 §9")
def prefetch_another_error(items, buffer_size):
    """You raise an exception of your own. Raise the one that the items have raised, so that it can be caught by its type."""
    return _prefetched(items, buffer_size, errors="another")


@misconception("prefetch", "part", title="An exception is yielded", see="02 §9")
def prefetch_yields_errors(items, buffer_size):
    """You yield the exception as if it were an item. Raise it, so that it can't be overlooked."""
    try:
        yield from _prefetched(items, buffer_size)
    except Exception as error:
        yield str(error)


@misconception("prefetch", "part", title="The end never comes", see="02 §9")
def prefetch_end_hangs(items, buffer_size):
    """When the items have come to their end your thread ends, and the consumer waits for ever. Put a mark of the end into the queue."""
    return _prefetched(items, buffer_size, end=False)


@misconception("prefetch", "slip", title="The thread stays when the consumer stops", see="02 §9")
def prefetch_stays(items, buffer_size):
    """When the consumer stops early, your thread waits for ever for room in the buffer, and holds what it has. In a `finally`, tell it to
    stop, and make room so that it wakes up."""
    return _prefetched(items, buffer_size, stop=False)


@misconception("prefetch", "part", title="The items come in another order", see="02 §9")
def prefetch_in_another_order(items, buffer_size):
    """The item that came last leaves your buffer first. A queue keeps the order; a list with `pop()` doesn't."""
    source = iter(items)
    held = _prefetched(source, buffer_size)
    while found := list(itertools.islice(held, 2)):
        yield from found[::-1]


@misconception("prefetch", "slip", title="None is taken for the end", see="02 §9")
def prefetch_until_none(items, buffer_size):
    """None is your mark of the end, and an item may be None, too. Make a mark that no item can be: `end = object()`, and compare with
    `is`."""
    for item in _prefetched(items, buffer_size):
        if item is None:
            return
        yield item


@misconception("prefetch", "slip", title="Items that are false are left out", see="02 §9")
def prefetch_truth(items, buffer_size):
    """You ask `if item`, and so leave out 0, empty ones, and stumble over arrays. Compare with a mark of the end, by `is`."""
    for item in _prefetched(items, buffer_size):
        if item:
            yield item


@misconception("prefetch", "part", title="It ends in a RuntimeError", see="02 §9")
def prefetch_stop_iteration(items, buffer_size):
    """Your thread passes on the StopIteration of `next`, and to raise that inside a generator gives a RuntimeError. Return, where it is
    the end."""
    yield from _prefetched(items, buffer_size)
    raise RuntimeError("generator raised StopIteration")


@misconception("prefetch", "part", title="The last items are lost", see="02 §9")
def prefetch_loses_the_last(items, buffer_size):
    """You stop when the thread has ended, but there are still items in the buffer. Yield them as well."""
    source = iter(items)
    held = deque()
    for item in _prefetched(source, buffer_size):
        held.append(item)
        if len(held) > 1:
            yield held.popleft()


@alternative("prefetch")
def prefetch_with_a_condition(items, buffer_size):
    buffer, changed = deque(), threading.Condition()
    state = {"stopped": False, "ended": False, "error": None}

    def produce():
        try:
            for item in items:
                with changed:
                    changed.wait_for(lambda: len(buffer) < buffer_size or state["stopped"])
                    if state["stopped"]:
                        return
                    buffer.append(item)
                    changed.notify_all()
        except BaseException as error:
            state["error"] = error
        with changed:
            state["ended"] = True
            changed.notify_all()

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            with changed:
                changed.wait_for(lambda: buffer or state["ended"])
                if not buffer:
                    break
                item = buffer.popleft()
                changed.notify_all()
            yield item
        if state["error"] is not None:
            raise state["error"]
    finally:
        with changed:
            state["stopped"] = True
            changed.notify_all()
        thread.join()


@alternative("prefetch")
def prefetch_with_a_bounded_queue(items, buffer_size):
    waiting, stop, end = queue.Queue(maxsize=buffer_size), threading.Event(), object()

    def put(value):
        while not stop.is_set():
            try:
                waiting.put(value, timeout=0.01)
                return
            except queue.Full:
                continue

    def worker():
        try:
            for item in items:
                put((item, None))
                if stop.is_set():
                    break
        except Exception as error:
            put((end, error))
        else:
            put((end, None))

    thread = threading.Thread(target=worker)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error:
                raise error
            if item is end:
                break
            yield item
    finally:
        stop.set()
        thread.join()


@alternative("prefetch")
def prefetch_by_emptying_the_queue(items, buffer_size):
    waiting, stop = queue.Queue(buffer_size), []

    def worker():
        try:
            for item in items:
                waiting.put(("item", item))
                if stop:
                    return
            waiting.put(("end", None))
        except Exception as error:
            waiting.put(("error", error))

    thread = threading.Thread(target=worker, daemon=True)
    thread.start()
    try:
        for kind, value in iter(waiting.get, None):
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value
    finally:
        stop.append(True)
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                waiting.get(timeout=0.01)


@alternative("prefetch")
def prefetch_takes_when_there_is_room(items, buffer_size):
    source, room, arrived, over = iter(items), threading.Semaphore(buffer_size), queue.Queue(), threading.Event()

    def worker():
        while True:
            room.acquire()
            if over.is_set():
                return
            try:
                arrived.put((1, next(source)))
            except StopIteration:
                return arrived.put((0, None))
            except Exception as error:
                return arrived.put((-1, error))

    threading.Thread(target=worker, daemon=True).start()
    try:
        while True:
            kind, value = arrived.get()
            if kind < 0:
                raise value
            if kind == 0:
                return
            room.release()
            yield value
    finally:
        over.set()
        room.release()
