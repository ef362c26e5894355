"""Known answers to lecture 2, wrong and right."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections import deque

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit import families
from autograder.kit.families import fixed_number, members, needs_enough

from ..reference import data_pipelines as right

# --- shared by several exercises ---------------------------------------------------------------------------------------------

MEANS = {"center": "02 §2", "channel_mean": "02 §2", "standardize": "02 §3"}
OF_MEANS = members(MEANS, vars(right), families.cut_off)
OF_ARRAYS = members({**MEANS, "pca": "02 §4", "whiten": "02 §5"}, vars(right), families.in_place)
ITERATORS = {"batch": "02 §6", "shuffle_buffer": "02 §7"}
LAZY = members({**ITERATORS, "interleave": "02 §8"}, vars(right), families.returns_a_list, families.works_in_advance)
OF_ITERATORS = members(ITERATORS, vars(right), families.reads_everything, families.works_for_lists, families.until_none)

# --- center -----------------------------------------------------------------------------------------------------------------


def _mean(X):
    return np.mean(X, axis=0)


# fmt: off
CENTER = misconceptions("center", "02 §2", {
    "center_by_one_mean": ("core", "One mean for all features",
        "You took one mean over all entries. Each feature has a mean of its own: give `np.mean` the axis of the examples, 0.",
        lambda X: (X - np.mean(X), np.full(np.shape(X)[1:], np.mean(X)))),
    "center_by_a_number": ("core", "One mean for all features",
        "You took one mean over all entries, a single number. Each feature has a mean of its own: give `np.mean` the axis 0.",
        lambda X: (X - np.mean(X), np.mean(X))),
    "center_over_features": ("part", "Each example loses its own mean",
        "You averaged along axis 1, so each example loses its own mean. A feature's mean runs over the examples, which is axis 0.",
        lambda X: (X - np.mean(X, axis=1, keepdims=True), np.mean(X, axis=1))),
    "center_swapped": ("part", "The pair is the other way round",
        "You returned (mean, centred). Asked for is the pair (centred, mean), in this order.",
        lambda X: (_mean(X), X - _mean(X))),
    "center_alone": ("part", "The mean isn't returned",
        "You returned the centred data alone. The mean is wanted as well: new examples have to be moved by the same amount.",
        lambda X: X - _mean(X)),
    "center_keepdims": ("slip", "The mean keeps the axis of the examples",
        "Your mean has the shape (1, D), from `keepdims=True`. The mean of the features has the shape (D,).",
        lambda X: (X - _mean(X), np.mean(X, axis=0, keepdims=True))),
    "center_standardized": ("part", "It is divided by the standard deviation as well",
        "You divided by the standard deviation. To centre is to subtract the mean, and nothing else.",
        lambda X: ((X - _mean(X)) / np.where(np.std(X, axis=0) > 0, np.std(X, axis=0), 1.0), _mean(X))),
    "center_added": ("part", "The mean is added",
        "You added the mean, so the mean is twice as large as before. To bring it to zero, subtract it.",
        lambda X: (X + _mean(X), _mean(X))),
    "center_mean_afterwards": ("part", "The mean that is returned is that of the centred data",
        "You computed the mean that you return after it was subtracted, so it is 0. Keep the mean that you subtracted.",
        lambda X: (X - _mean(X), _mean(X - _mean(X)))),
    "center_channels": ("part", "Images have one mean a channel",
        "Of images you took one mean a channel. Here each pixel of each channel has a mean of its own: the mean image, over axis 0 alone.",
        lambda X: (X - np.mean(X, axis=(0, *range(2, X.ndim)), keepdims=True), np.mean(X, axis=(0, *range(2, X.ndim))))),
})
CENTER_OTHERWISE = alternatives("center", {
    "center_by_einsum": lambda X: [X - np.einsum("i...->...", X) / X.shape[0], np.einsum("i...->...", X) / X.shape[0]],
})
# fmt: on


@alternative("center")
def center_in_loops(X):
    mean = np.zeros(X.shape[1:])
    for x in X:
        mean = mean + x / len(X)
    return np.array([x - mean for x in X], dtype=float), mean


@alternative("center")
def center_in_float32(X):
    X = np.asarray(X, dtype=np.float32)
    mean = X.mean(axis=0, dtype=np.float32)
    return X - mean, mean


# --- channel_mean -----------------------------------------------------------------------------------------------------------

# fmt: off
CHANNEL_MEAN = misconceptions("channel_mean", "02 §2", {
    "channels_mean_image": ("core", "The mean image",
        "You averaged over the images alone, which gives the mean image, (C, H, W). A channel's mean runs over its pixels, too.",
        lambda images: np.mean(images, axis=0)),
    "channels_of_each_image": ("part", "One mean for each image",
        "You averaged over the pixels, but not over the images: (N, C). A channel has one mean over all images.",
        lambda images: np.mean(images, axis=(2, 3))),
    "channels_last": ("core", "The last axis is taken for the channels",
        "You kept the last axis, where other libraries have the channels. Here images are (N, C, H, W): axis 1 stays.",
        lambda images: np.mean(images, axis=(0, 1, 2))),
    "channels_together": ("core", "One mean for everything", "You took one mean over all entries. Each channel has a mean of its own.",
        lambda images: np.mean(images)),
    "channels_alike": ("core", "One mean for everything",
        "You gave every channel the mean over all entries. Each channel has a mean of its own: axis 1 stays.",
        lambda images: np.full(np.shape(images)[1], np.mean(images))),
    "channels_first": ("core", "The first axis is taken for the channels",
        "You kept axis 0, which holds the images: that is one mean an image. The channels are axis 1.",
        lambda images: np.mean(images, axis=(1, 2, 3))),
    "channels_keepdims": ("slip", "The mean keeps its axes",
        "Your answer has the shape (1, C, 1, 1), from `keepdims=True`. Asked for is an array of shape (C,).",
        lambda images: np.mean(images, axis=(0, 2, 3), keepdims=True)),
    "channels_list": ("slip", "A list is returned",
        "You returned a list of numbers. Asked for is an array of shape (C,): `np.array(…)` makes one.",
        lambda images: [float(np.mean(images[:, c])) for c in range(images.shape[1])]),
    "channels_reshaped": ("core", "A reshape in the place of a transpose",
        "You reshaped to (N·H·W, C), but `reshape` moves no axis: the columns mix the channels. Name the axes of the mean instead.",
        lambda images: np.mean(np.reshape(images, (-1, np.shape(images)[1])), axis=0)),
    "channels_by_images": ("part", "The sum is divided by the number of images only",
        "You divided the sum over N, H and W by N. It has N·H·W terms.",
        lambda images: np.sum(images, axis=(0, 2, 3)) / len(images)),
    "channels_by_pixels": ("part", "The sum is divided by the number of pixels only",
        "You divided the sum over N, H and W by H·W. It has N·H·W terms.",
        lambda images: np.sum(images, axis=(0, 2, 3)) / (np.shape(images)[2] * np.shape(images)[3])),
    "channels_summed": ("core", "The sum isn't divided", "You returned the sum of each channel. Divide by the number of its values, N·H·W.",
        lambda images: np.sum(images, axis=(0, 2, 3)) + 0.0),
    "channels_of_the_first": ("part", "Only the first image is looked at",
        "You averaged the first image alone. The mean runs over all images.",
        lambda images: np.mean(images[0], axis=(1, 2))),
})
CHANNEL_MEAN_OTHERWISE = alternatives("channel_mean", {
    "channels_by_transpose": lambda images: np.moveaxis(images, 1, -1).reshape(-1, images.shape[1]).mean(axis=0),
    "channels_step_by_step": lambda images: images.mean(axis=3).mean(axis=2).mean(axis=0),
    "channels_by_einsum": lambda images: np.einsum("nchw->c", images) / (images.size / images.shape[1]),
    "channels_in_float32": lambda images: np.array([np.float32(np.mean([image[c] for image in images])) for c in range(len(images[0]))]),
})
# fmt: on


@alternative("channel_mean")
def channels_in_loops(images):
    N, C, H, W = images.shape
    total = np.zeros(C)
    for n in range(N):
        for c in range(C):
            total[c] += images[n, c].sum(dtype=float)
    return total / (N * H * W)


# --- standardize ------------------------------------------------------------------------------------------------------------


def _std(X, **options):
    return np.std(X, axis=0, **options)


def _quotient(values, divisor):
    """Return a quotient, where something may be divided by zero."""
    with np.errstate(all="ignore"):
        return values / divisor


def _standardized(X_train, X_test, mean, divisor):
    return _quotient(X_train - mean, divisor), _quotient(X_test - mean, divisor)


# fmt: off
STANDARDIZE = misconceptions("standardize", "02 §3", {
    "standardize_each": ("core", "The test set has statistics of its own",
        "You standardised the test set with its own mean and deviation. A network sees the same numbers in training and in use only if "
        "both are moved and scaled alike: take the training set's statistics for both.",
        lambda X_train, X_test, eps=1e-8:
            ((X_train - _mean(X_train)) / (_std(X_train) + eps), (X_test - _mean(X_test)) / (_std(X_test) + eps))),
    "standardize_together": ("part", "The statistics are those of both sets together",
        "You took mean and deviation over both sets. So the test set has a say in what is trained, and is no test any more.",
        lambda X_train, X_test, eps=1e-8:
            _standardized(X_train, X_test, _mean(np.concatenate([X_train, X_test])), _std(np.concatenate([X_train, X_test])) + eps)),
    "standardize_train_only": ("part", "The test set stays as it is",
        "You returned X_test as it was, or took its statistics from the training set when that was standardised already: mean 0, deviation "
        "1. The network is trained on standardised data and can't use other ones.",
        lambda X_train, X_test, eps=1e-8: ((X_train - _mean(X_train)) / (_std(X_train) + eps), X_test + 0.0)),
    "standardize_test_mean": ("part", "The test set is centred with its own mean",
        "You subtracted the test set's own mean from it. Both sets are moved by the training set's mean.",
        lambda X_train, X_test, eps=1e-8:
            ((X_train - _mean(X_train)) / (_std(X_train) + eps), (X_test - _mean(X_test)) / (_std(X_train) + eps))),
    "standardize_test_scale": ("part", "The test set is scaled with its own deviation",
        "You divided the test set by its own deviation. Both sets are divided by the training set's.",
        lambda X_train, X_test, eps=1e-8:
            ((X_train - _mean(X_train)) / (_std(X_train) + eps), (X_test - _mean(X_train)) / (_std(X_test) + eps))),
    "standardize_without_eps": ("slip", "ε is left out",
        "You divided by σ. A feature that never varies has σ = 0, and you divide 0 by 0: add ε.",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, _mean(X_train), _std(X_train))),
    "standardize_eps_inside": ("slip", "ε stands inside the root",
        "You divided by √(σ² + ε), as batch normalization does. Here ε is added to the standard deviation: σ + ε.",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, _mean(X_train), np.sqrt(np.var(X_train, axis=0) + eps))),
    "standardize_eps_where_zero": ("slip", "ε is used where σ is 0 only",
        "You took ε, or 1, in the place of σ = 0 and nothing elsewhere. It is added everywhere: σ + ε.",
        lambda X_train, X_test, eps=1e-8:
            _standardized(X_train, X_test, _mean(X_train), np.where(_std(X_train) == 0, 1.0, _std(X_train)))),
    "standardize_unbiased": ("part", "The variance divides by N − 1",
        "You divided the sum of squares by N − 1. Here σ² divides by N, NumPy's default: so the training set has deviation 1 exactly.",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, _mean(X_train), _std(X_train, ddof=1) + eps)),
    "standardize_by_variance": ("part", "Divides by the variance",
        "You divided by σ². Its unit is the square of the feature's: divide by the standard deviation, its root.",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, _mean(X_train), np.var(X_train, axis=0) + eps)),
    "standardize_scaled_only": ("part", "The mean isn't subtracted",
        "You divided by the deviation and subtracted no mean: (x − μ)/(σ + ε).",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, 0.0, _std(X_train) + eps)),
    "standardize_centred_only": ("part", "It isn't divided by the deviation",
        "You subtracted the mean and divided by nothing: (x − μ)/(σ + ε).",
        lambda X_train, X_test, eps=1e-8: (X_train - _mean(X_train), X_test - _mean(X_train))),
    "standardize_everything": ("part", "One mean and deviation for all features",
        "You took mean and deviation over all entries. Each feature has its own: give `np.mean` and `np.std` the axis of the examples, 0.",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, np.mean(X_train), np.std(X_train) + eps)),
    "standardize_divided_first": ("part", "The mean is subtracted after the division",
        "You divided by the deviation first, and then subtracted μ, which has the scale of the undivided data: (x − μ)/(σ + ε).",
        lambda X_train, X_test, eps=1e-8: tuple(X / (_std(X_train) + eps) - _mean(X_train) for X in (X_train, X_test))),
    "standardize_rows": ("core", "Each example is standardised by itself",
        "You averaged along axis 1. A feature's statistics run over the examples, which is axis 0.",
        lambda X_train, X_test, eps=1e-8: tuple(
            (X - np.mean(X, axis=1, keepdims=True)) / (np.std(X, axis=1, keepdims=True) + eps) for X in (X_train, X_test))),
    "standardize_to_range": ("core", "Scaled to the range from 0 to 1",
        "You subtracted the minimum and divided by the range. To standardise is to subtract the mean and to divide by the deviation.",
        lambda X_train, X_test, eps=1e-8: _standardized(X_train, X_test, np.min(X_train, axis=0), np.ptp(X_train, axis=0) + eps)),
})
# fmt: on

standardize_fixed_eps = fixed_number("standardize", right.standardize, see="02 §3", name="eps", value=1e-8)
standardize_other_eps = fixed_number("standardize", right.standardize, see="02 §3", name="eps", value=1e-5, called="standardize_other_eps")
standardize_only_train = families.only_the_first("standardize", right.standardize, see="02 §3", first="the training set", all="both sets")


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


def _svd(X):
    """Return the singular values of the centred data, and the directions as rows."""
    return np.linalg.svd(X - np.mean(X, axis=0), full_matrices=False)[1:]


def _rows(X, k):
    return _eigen(X)[1][:, :k].T


def _variances(X, k=None):
    return np.maximum(_eigen(X)[0], 0)[:k]


# fmt: off
PCA = misconceptions("pca", "02 §4", {
    "pca_uncentred": ("core", "The data aren't centred",
        "You took X Xᵀ of the data as they are. Their mean is then the direction of most \"variance\": subtract it first.",
        lambda X, k: (_eigen(X, centred=False)[1][:, :k].T, _eigen(X, centred=False)[0][:k])),
    "pca_ascending": ("part", "Smallest variance first",
        "`eigh` gives the eigenvalues in ascending order, and you took the first k: the directions in which least happens. Turn the order.",
        lambda X, k: (_eigen(X)[1][:, ::-1][:, :k].T, _eigen(X)[0][::-1][:k])),
    "pca_last_ascending": ("part", "The largest, but in ascending order",
        "You took the k largest, and left them in the ascending order of `eigh`. The largest variance comes first.",
        lambda X, k: (_rows(X, k)[::-1], _variances(X, k)[::-1])),
    "pca_sorts_variances_only": ("part", "The directions aren't sorted with the variances",
        "You turned the order of the variances, and left that of the directions. Both have to go together.",
        lambda X, k: (_eigen(X)[1][:, ::-1][:, :k].T, _variances(X, k))),
    "pca_columns": ("part", "The components are columns",
        "You returned the components as columns, (D, k), as `eigh` has them. Here they are rows, (k, D): transpose.",
        lambda X, k: (_rows(X, k).T, _variances(X, k))),
    "pca_rows_of_vectors": ("core", "Rows of the matrix of eigenvectors are taken",
        "`eigh` has its eigenvectors in the columns, and you took rows. The i-th one is `vectors[:, i]`.",
        lambda X, k: (_eigen(X)[1][:k], _variances(X, k))),
    "pca_sorted_rows_of_vectors": ("core", "Rows of the matrix of eigenvectors are taken",
        "`eigh` has its eigenvectors in the columns, and you sorted and took rows. The i-th one is `vectors[:, i]`.",
        lambda X, k: (_eigen(X)[1][::-1, ::-1][:k], _variances(X, k))),
    "pca_unsorted": ("part", "The eigenvalues of `eig` aren't sorted",
        "You took the first k eigenvectors of `eig`, which come in no particular order. Sort by the eigenvalues, the largest first.",
        lambda X, k: (np.linalg.eig(np.cov(X.T, ddof=0))[1][:, :k].T.real, np.linalg.eig(np.cov(X.T, ddof=0))[0][:k].real)),
    "pca_unbiased": ("part", "The variances divide by N − 1", "You divided by N − 1, as `np.cov` does. Here variances divide by N.",
        lambda X, k: (_rows(X, k), _variances(X, k) * len(X) / max(len(X) - 1, 1))),
    "pca_scatter": ("part", "The variances aren't divided by N", "You returned sums of squares. A variance is their mean: divide by N.",
        lambda X, k: (_rows(X, k), _variances(X, k) * len(X))),
    "pca_singular_values": ("part", "Singular values are taken for variances",
        "You returned the singular values of the centred data. The variances are their squares, divided by N.",
        lambda X, k: (_svd(X)[1][:k], _svd(X)[0][:k])),
    "pca_deviations": ("part", "Standard deviations are taken for variances",
        "You returned the roots of the eigenvalues. The eigenvalues of the covariance matrix are the variances themselves.",
        lambda X, k: (_rows(X, k), np.sqrt(_variances(X, k)))),
    "pca_shares": ("part", "Shares of the variance are returned",
        "You divided the variances by their sum. Asked for are the variances themselves.",
        lambda X, k: (_rows(X, k), _variances(X, k) / np.sum(_variances(X)))),
    "pca_correlation": ("core", "The features are standardised first",
        "You divided each feature by its deviation, and found the directions of the correlation matrix. Subtract the mean, nothing else.",
        lambda X, k: (_rows(X / (_std(X) + 1e-12), k), _variances(X / (_std(X) + 1e-12), k))),
    "pca_projections": ("part", "The projections are returned",
        "You returned the data projected on the components. Asked for are the components themselves, (k, D).",
        lambda X, k: ((X - _mean(X)) @ _rows(X, k).T, _variances(X, k))),
    "pca_projections_as_rows": ("part", "The projections are returned",
        "You returned the data projected on the components, one row a component. Asked for are the components themselves, (k, D).",
        lambda X, k: (_svd(X)[1][:k] @ (X - _mean(X)).T, _svd(X)[0][:k] ** 2 / len(X))),
    "pca_components_only": ("part", "Only the components are returned",
        "You returned the components alone. The variances along them are wanted as well.",
        lambda X, k: _rows(X, k)),
    "pca_swapped": ("slip", "The pair is the other way round",
        "You returned (variances, components). Asked for is (components, variances).",
        lambda X, k: (_variances(X, k), _rows(X, k))),
    "pca_scaled_components": ("part", "The components don't have length 1",
        "You scaled each component by its standard deviation. A component is a direction, of length 1.",
        lambda X, k: (_rows(X, k) * np.sqrt(_variances(X, k))[:, None], _variances(X, k))),
    "pca_absolute": ("part", "The signs of the entries are lost",
        "You took absolute values of the components. The sign of a whole component is free, those of its entries are not.",
        lambda X, k: (np.abs(_rows(X, k)), _variances(X, k))),
    "pca_all": ("part", "All components are returned", "You returned all D components and variances. Asked for are the first k.",
        lambda X, k: (_rows(X, None), _variances(X))),
})
# fmt: on


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


def _projected(X):
    return (X - np.mean(X, axis=0)) @ _eigen(X)[1]


# fmt: off
WHITEN = misconceptions("whiten", "02 §5", {
    "whiten_rotated_only": ("core", "Only decorrelated",
        "You projected on the components and stopped there. Each column still has its own variance: divide by √(λ + ε).",
        lambda X, eps=1e-5: _projected(X)),
    "whiten_by_variance": ("part", "Divides by the variance",
        "You divided by λ + ε. λ is a variance: divide by its root, the standard deviation.",
        lambda X, eps=1e-5: _projected(X) / (_variances(X) + eps)),
    "whiten_zca": ("part", "Turned back into the old axes",
        "You turned the whitened data back by the components (ZCA whitening). Here they stay in the axes of the components.",
        lambda X, eps=1e-5: _projected(X) / np.sqrt(_variances(X) + eps) @ _eigen(X)[1].T),
    "whiten_ascending": ("part", "Smallest variance first",
        "Your columns are in the order of `eigh`, the smallest variance first. The largest comes first.",
        lambda X, eps=1e-5: (_projected(X) / np.sqrt(_variances(X) + eps))[:, ::-1]),
    "whiten_uncentred_projection": ("part", "The data aren't centred before the projection",
        "Your components are right, but you projected X itself. Project the centred data, so that each column has mean 0.",
        lambda X, eps=1e-5: X @ _eigen(X)[1] / np.sqrt(_variances(X) + eps)),
    "whiten_uncentred": ("part", "The data aren't centred",
        "You never subtracted the mean. It comes first: the components are directions of variance only for centred data.",
        lambda X, eps=1e-5: X @ _eigen(X, centred=False)[1] / np.sqrt(np.maximum(_eigen(X, centred=False)[0], 0) + eps)),
    "whiten_standardized": ("core", "Standardised, not whitened",
        "You divided each feature by its own deviation. The features are as correlated as before: rotate onto the components first.",
        lambda X, eps=1e-5: (X - _mean(X)) / np.sqrt(np.var(X, axis=0) + eps)),
    "whiten_cholesky": ("part", "By the Cholesky factor",
        "You whitened with the Cholesky factor of the covariance. The columns are uncorrelated, but they don't lie along the components.",
        lambda X, eps=1e-5:
            np.linalg.solve(np.linalg.cholesky(np.cov(X.T, ddof=0) + eps * np.eye(X.shape[1])), (X - _mean(X)).T).T),
    "whiten_unbiased": ("part", "Divides by N − 1",
        "Your variances divide by N − 1, as those of `np.cov` do. Here they divide by N, so that each column has the variance 1.",
        lambda X, eps=1e-5: _projected(X) / np.sqrt(_variances(X) * len(X) / max(len(X) - 1, 1) + eps)),
    "whiten_by_singular_values": ("part", "Divides by the singular values",
        "You divided by the singular values, which belong to sums over N examples. Divide by √(S²/N + ε).",
        lambda X, eps=1e-5: _projected(X) / np.sqrt(_variances(X) * len(X) + eps)),
    "whiten_transposed": ("core", "The rows of the eigenvectors are taken",
        "You projected with the transposed matrix of eigenvectors. `eigh` has them in its columns: `centred @ vectors`.",
        lambda X, eps=1e-5: (X - _mean(X)) @ _eigen(X)[1].T / np.sqrt(_variances(X) + eps)),
    "whiten_without_eps": ("slip", "ε is left out",
        "You divided by √λ. A direction without variance has λ = 0, and rounding errors become as large as the signal: add ε.",
        lambda X, eps=1e-5: _quotient(_projected(X), np.sqrt(_variances(X)))),
    "whiten_eps_outside": ("slip", "ε is added to the standard deviation",
        "You divided by √λ + ε. Here ε is added to the variance, inside the root: √(λ + ε).",
        lambda X, eps=1e-5: _projected(X) / (np.sqrt(_variances(X)) + eps)),
    "whiten_few_columns": ("slip", "Directions without variance are left out",
        "With fewer examples than features your answer has fewer columns than X, as `full_matrices=False` gives. It has D: the rest is 0.",
        lambda X, eps=1e-5: (_projected(X) / np.sqrt(_variances(X) + eps))[:, : min(np.shape(X))]),
    "whiten_few_columns_by_svd": ("slip", "Directions without variance are left out",
        "With fewer examples than features your answer has fewer columns than X, as `full_matrices=False` gives. It has D: the rest is 0.",
        lambda X, eps=1e-5: (X - _mean(X)) @ _svd(X)[1].T / np.sqrt(_svd(X)[0] ** 2 / len(X) + eps)),
})
# fmt: on

whiten_fixed_eps = fixed_number("whiten", right.whiten, see="02 §5", name="eps", value=1e-5)
whiten_other_eps = fixed_number("whiten", right.whiten, see="02 §5", name="eps", value=1e-8, called="whiten_other_eps")


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


class _Batches:
    def __init__(self, items, batch_size, drop_remainder):
        self.items, self.size, self.drop, self.source = items, batch_size, drop_remainder, None

    def __iter__(self):
        return self

    def __next__(self):
        self.source = self.source or iter(self.items)
        held = list(itertools.islice(self.source, self.size))
        if not held or (self.drop and len(held) < self.size):
            raise StopIteration
        return held


# fmt: off
BATCH = misconceptions("batch", "02 §6", {
    "batch_without_iter": ("part", "Works for iterators only",
        "You called `next` on items, which may be a list. Make an iterator first, `iter(items)`, or use a for loop.",
        lambda items, batch_size, drop_remainder=False: _batches(iter(lambda: next(items), object()), batch_size, drop_remainder)),
    "batch_drops_always": ("part", "The last list is always left out",
        "What is left at the end never comes. Unless drop_remainder is set, yield it after the loop.",
        lambda items, batch_size, drop_remainder=False: _batches(items, batch_size, True)),
    "batch_keeps_always": ("part", "drop_remainder has no effect",
        "You yield the last list always. With drop_remainder it is left out if it isn't full.",
        lambda items, batch_size, drop_remainder=False: _batches(items, batch_size)),
    "batch_drops_the_other_way": ("part", "drop_remainder the other way round",
        "You leave the last list out without drop_remainder, and yield it with it. It is the other way round.",
        lambda items, batch_size, drop_remainder=False: _batches(items, batch_size, not drop_remainder)),
    "batch_drops_full": ("slip", "drop_remainder leaves out a full list, too",
        "With drop_remainder you leave out the last list even if it is full. Only one that isn't full is left out.",
        lambda items, batch_size, drop_remainder=False:
            (one for one, _ in itertools.pairwise(_batches(items, batch_size))) if drop_remainder else _batches(items, batch_size)),
    "batch_tuples": ("slip", "Tuples in the place of lists",
        "You yield tuples, which can't be changed. Asked for are lists: `list(…)` makes one.",
        lambda items, batch_size, drop_remainder=False: map(tuple, _batches(items, batch_size, drop_remainder))),
    "batch_arrays": ("slip", "Arrays in the place of lists",
        "You yield arrays. Asked for are lists: an item may be anything, a name or a dictionary too.",
        lambda items, batch_size, drop_remainder=False: (  # arrays of objects don't come out of the sandbox
            np.array(one) if all(type(item) in (int, float) for item in one) else one
            for one in _batches(items, batch_size, drop_remainder))),
    "batch_padded": ("part", "The last list is filled up",
        "You filled the last list up with None. It has the items that are left, and no others.",
        lambda items, batch_size, drop_remainder=False:
            (held + [None] * (batch_size - len(held)) for held in _batches(items, batch_size, drop_remainder))),
    "batch_one_more": ("part", "Lists of another size",
        "Your lists have one item more than batch_size: you look at the length before the item is added. Compare afterwards.",
        lambda items, batch_size, drop_remainder=False: _batches(items, batch_size + 1, drop_remainder)),
    "batch_grows": ("core", "The list isn't begun anew",
        "After a list is yielded you go on with the same one, which still has its items. Begin a new one: `held = []`.",
        lambda items, batch_size, drop_remainder=False: itertools.accumulate(_batches(items, batch_size, drop_remainder))),
    "batch_returns_early": ("core", "Only the first list is yielded",
        "You left the function after the first list: `return` ends a generator.",
        lambda items, batch_size, drop_remainder=False: itertools.islice(_batches(items, batch_size, drop_remainder), 1)),
    "batch_returns_the_first": ("core", "The first list is returned",
        "You returned the first list, so its items come one by one, and no other list. `yield` each list, and go on.",
        lambda items, batch_size, drop_remainder=False: next(_batches(items, batch_size, drop_remainder), [])),
})
BATCH_OTHERWISE = alternatives("batch", {
    "batch_by_islice": lambda items, batch_size, drop_remainder=False: _batches(items, batch_size, drop_remainder),
    "batch_as_a_class": lambda items, batch_size, drop_remainder=False: _Batches(items, batch_size, drop_remainder),
})
# fmt: on


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
    """You look whether the list is full when the next item has come. Yield it as soon as it is full: the next one may never come."""
    held = []
    for item in items:
        if len(held) == batch_size:
            yield held
            held = []
        held.append(item)
    if held and (len(held) == batch_size or not drop_remainder):
        yield held


@misconception("batch", "part", title="The same list again and again", see="02 §6")
def batch_same_list(items, batch_size, drop_remainder=False):
    """You clear the list that you have yielded, and fill it again. Whoever kept it finds other items in it: make a new one, `held = []`."""
    held = []
    for full in _batches(items, batch_size, drop_remainder):
        held.clear()
        held.extend(full)
        yield held


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


@misconception("batch", "core", title="Windows that overlap", see="02 §6")
def batch_windows(items, batch_size, drop_remainder=False):
    """You moved on by one item at a time, so the lists overlap. Each item belongs to one list: move on by batch_size."""
    window = deque(maxlen=batch_size)
    for item in items:
        window.append(item)
        if len(window) == batch_size or not drop_remainder:
            yield list(window)


@misconception("batch", "core", title="An array of all items is returned", see="02 §6")
def batch_reshaped(items, batch_size, drop_remainder=False):
    """You read all items into an array and reshaped it: the last items are lost where they don't fill a row. Collect a list,
    and `yield` it when it is full."""
    values = np.array(list(items))
    rows = len(values) // batch_size
    return values[: rows * batch_size].reshape(rows, batch_size)


@misconception("batch", "part", title="It ends in a RuntimeError", see="02 §6")
def batch_stop_iteration(items, batch_size, drop_remainder=False):
    """`next` raises StopIteration at the end of items, and inside a generator that becomes a RuntimeError. Use a for loop, or catch it."""
    source = iter(items)
    while True:
        yield [next(source) for _ in range(batch_size)]


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


# --- shuffle_buffer ---------------------------------------------------------------------------------------------------------


def _shuffled(items, buffer_size, rng, draw=np.random.Generator.integers, rest=None):
    """Yield from a buffer; ``draw(rng, n)`` returns a place, and ``rest(buffer)`` what comes when the items have ended."""
    buffer = []
    for item in items:
        if len(buffer) < buffer_size:
            buffer.append(item)
        else:
            place = draw(rng, len(buffer))
            yield buffer[place]
            buffer[place] = item
    if rest:
        yield from rest(buffer)
        return
    while buffer:
        yield buffer.pop(draw(rng, len(buffer)))


def _added_first(items, buffer_size, draw):
    """Yield from a buffer into which the next item comes before one is drawn; ``draw(n)`` returns a place."""
    buffer = []
    for item in items:
        buffer.append(item)
        if len(buffer) > buffer_size:
            yield buffer.pop(draw(len(buffer)))
    while buffer:
        yield buffer.pop(draw(len(buffer)))


# fmt: off
SHUFFLE_BUFFER = misconceptions("shuffle_buffer", "02 §7", {
    "shuffle_blocks": ("part", "The buffer is emptied before it is filled again",
        "You shuffle buffer_size items, yield all, and fill the buffer anew. Put the next item into each place as soon as it is empty.",
        lambda items, buffer_size, rng: (held[place] for held in _batches(items, buffer_size) for place in rng.permutation(len(held)))),
    "shuffle_loses_the_rest": ("part", "The rest of the buffer is lost",
        "When the items have come to their end, buffer_size of them are still in the buffer. Yield them, too, in random order.",
        lambda items, buffer_size, rng: _shuffled(items, buffer_size, rng, rest=lambda buffer: ())),
    "shuffle_rest_in_order": ("part", "The rest comes in order",
        "You yield the rest of the buffer as it stands. Draw from it, too: where all items fit into the buffer, nothing else is shuffled.",
        lambda items, buffer_size, rng: _shuffled(items, buffer_size, rng, rest=lambda buffer: buffer)),
    "shuffle_never_last": ("part", "The last place is never drawn",
        "`rng.integers(n)` leaves n out already, so `rng.integers(n - 1)` never draws the last place: the item there waits until the end.",
        lambda items, buffer_size, rng: _shuffled(items, buffer_size, rng, lambda rng, n: rng.integers(max(n - 1, 1)))),
    "shuffle_normal": ("part", "The places aren't drawn with equal probabilities",
        "You rounded, or drew from a normal distribution, so some places come more often. `rng.integers(n)` draws each equally often.",
        lambda items, buffer_size, rng: _shuffled(items, buffer_size, rng, lambda rng, n: int(np.rint(rng.uniform(0, n - 1))))),
    "shuffle_one_more": ("part", "The buffer holds one more",
        "You draw when the next item is in the buffer already, so it holds buffer_size + 1. Draw first, and put the next one in its place.",
        lambda items, buffer_size, rng: _shuffled(items, buffer_size + 1, rng)),
    "shuffle_one_more_at_the_draw": ("slip", "The buffer holds one more",
        "You draw when the buffer holds more than buffer_size, so one of buffer_size + 1 is drawn. Draw as soon as it holds buffer_size.",
        lambda items, buffer_size, rng: _added_first(items, buffer_size, rng.integers)),
    "shuffle_queue": ("core", "The place isn't drawn at random",
        "You always take the same place of the buffer: the item that has waited longest, so the order stays, or the one that came last. "
        "Draw a place of the buffer, each with the same probability.",
        lambda items, buffer_size, rng: _added_first(items, buffer_size, lambda n: 0)),
    "shuffle_one_less": ("part", "The buffer holds one less",
        "You begin to draw when the buffer holds buffer_size − 1 items. Fill it first.",
        lambda items, buffer_size, rng: _shuffled(items, max(buffer_size - 1, 1), rng)),
    "shuffle_yields_buffers": ("core", "The buffer itself is yielded",
        "You yield lists of items, as if this were `batch`. Yield the items one by one.",
        lambda items, buffer_size, rng: ([held[place] for place in rng.permutation(len(held))] for held in _batches(items, buffer_size))),
})
# fmt: on

shuffle_own_generator = families.generator_ignored("shuffle_buffer", right.shuffle_buffer, see="02 §7", severity="slip")
shuffle_reseeded = families.reseeded("shuffle_buffer", right.shuffle_buffer, see="02 §7")
shuffle_needs_enough = needs_enough("shuffle_buffer", right.shuffle_buffer, see="02 §7", title="Fewer items than places raise an error")


@misconception("shuffle_buffer", "core", title="Everything is shuffled at once", see="02 §7")
def shuffle_everything(items, buffer_size, rng):
    """You read all items and shuffled them. The buffer is there because they don't fit into memory: hold no more than buffer_size."""
    items = list(items)
    yield from (items[place] for place in rng.permutation(len(items)))


@misconception("shuffle_buffer", "core", title="What is drawn stays in the buffer", see="02 §7")
def shuffle_with_replacement(items, buffer_size, rng):
    """What you have yielded stays in the buffer, where the next item goes to another place. Keep the place that was drawn for it."""
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
    """You draw from the last buffer_size items, and what is drawn stays among them. Put the next item in its place."""
    buffer = deque(maxlen=buffer_size)
    for item in items:
        buffer.append(item)
        if len(buffer) == buffer_size:
            yield buffer[rng.integers(buffer_size)]


@misconception("shuffle_buffer", "part", title="It ends in a RuntimeError", see="02 §7")
def shuffle_stop_iteration(items, buffer_size, rng):
    """`next` raises StopIteration at the end of items, and inside a generator that becomes a RuntimeError. Catch it, and yield the rest."""
    source = iter(items)
    buffer = [next(source) for _ in range(buffer_size)]
    while True:
        place = rng.integers(len(buffer))
        yield buffer[place]
        buffer[place] = next(source)


@misconception("shuffle_buffer", "slip", title="Items are looked for by their value", see="02 §7")
def shuffle_removes_by_value(items, buffer_size, rng):
    """`remove` and `index` compare items, and arrays can't be compared with `==`. Draw a place, and `pop` it."""
    buffer, source = [], iter(items)
    while buffer := buffer + list(itertools.islice(source, buffer_size - len(buffer))):
        drawn = buffer[rng.integers(len(buffer))]
        buffer.remove(drawn)
        yield drawn


@misconception("shuffle_buffer", "slip", title="Fewer items than places aren't yielded", see="02 §7")
def shuffle_needs_a_full_buffer(items, buffer_size, rng):
    """Where there are fewer items than places, you yield none. What is in the buffer at the end is yielded, however few."""
    source = iter(items)
    buffer = list(itertools.islice(source, buffer_size))
    if len(buffer) == buffer_size:
        yield from _shuffled(itertools.chain(buffer, source), buffer_size, rng)


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


def _replaced(slots, turn, unopened):
    """Put the next source into the slot of one that has ended, or remove the slot; return whose turn it is."""
    slots[turn : turn + 1] = itertools.islice(unopened, 1)
    return turn


def _at_the_end(slots, turn, unopened):
    slots[:] = [*slots[turn + 1 :], *slots[:turn], *itertools.islice(unopened, 1)]
    return 0


def _with_an_item(unopened):
    """Open the next source; return it in a list, and whether it has an item. The list is empty where none is left."""
    for source in unopened:
        first = list(itertools.islice(source, 1))
        return [itertools.chain(first, source)], bool(first)
    return [], True


def _all_gone(slots, turn, unopened):
    slots[turn] = next(unopened, None)
    if slots[turn] is None:
        slots.clear()
    return turn


def _moved_on(slots, turn, unopened):
    new = list(itertools.islice(unopened, 1))
    slots[turn : turn + 1] = new
    return turn if new else turn + 1


def _looked_at_once(slots, turn, unopened):
    slots[turn : turn + 1], has_item = _with_an_item(unopened)
    return turn if has_item else turn + 1


def _closed(slots, turn, unopened):
    new, has_item = _with_an_item(unopened)
    slots[turn : turn + 1] = new if has_item else []
    return turn


def _interleaved(sources, cycle_length, ended=_replaced):
    """Yield in turn; ``ended(slots, turn, unopened)`` is called where a source has ended, and returns whose turn it is."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    turn = 0
    while slots:
        turn %= len(slots)
        for item in slots[turn]:
            yield item
            turn += 1
            break
        else:
            turn = ended(slots, turn, unopened)


# fmt: off
INTERLEAVE = misconceptions("interleave", "02 §8", {
    "interleave_chained": ("core", "One source after the other",
        "You yield all of one source before the next begins. Take one item from each open source in turn.",
        lambda sources, cycle_length: itertools.chain.from_iterable(sources)),
    "interleave_zipped": ("part", "It stops with the shortest source",
        "`zip` stops when one source has ended. The others go on, and the next unopened one takes the free slot.",
        lambda sources, cycle_length:
            (item for group in _batches(sources, cycle_length) for items in zip(*group, strict=False) for item in items)),
    "interleave_zipped_all": ("part", "It stops with the shortest source",
        "`zip` over all sources stops when one has ended, and opens them all. Keep cycle_length of them open, and replace an ended one.",
        lambda sources, cycle_length: (item for group in [sources] for items in zip(*group, strict=False) for item in items)),
    "interleave_zipped_first": ("core", "It stops with the shortest source",
        "`zip` over the first cycle_length sources stops when one has ended. The next unopened one takes its slot.",
        lambda sources, cycle_length: (
            item for group in [itertools.islice(sources, cycle_length)] for items in zip(*group, strict=False) for item in items)),
    "interleave_padded": ("part", "None fills the place of ended sources",
        "`zip_longest` puts None in the place of a source that has ended. Such a slot goes to the next source, or is gone.",
        lambda sources, cycle_length:
            (item for group in _batches(sources, cycle_length) for items in itertools.zip_longest(*group) for item in items)),
    "interleave_all_open": ("part", "All sources are open at once",
        "You go round all sources. Only cycle_length of them are open at a time; the others wait until one has ended.",
        lambda sources, cycle_length: _interleaved(sources, None)),
    "interleave_first_only": ("part", "Only the first sources are read",
        "You read the first cycle_length sources and no others. Where one has ended, the next one is opened.",
        lambda sources, cycle_length: _interleaved(itertools.islice(sources, cycle_length), cycle_length)),
    "interleave_new_at_the_end": ("part", "The new source misses a turn",
        "The source that you open waits for the next round. It takes the slot of the one that has ended, and has this turn.",
        lambda sources, cycle_length: _interleaved(sources, cycle_length, _at_the_end)),
    "interleave_stops_without_unopened": ("part", "The last items are lost",
        "You stop when a source has ended and none is left to open. The other open sources still have items.",
        lambda sources, cycle_length: _interleaved(sources, cycle_length, _all_gone)),
    "interleave_skips_without_unopened": ("slip", "The source after a removed one is skipped",
        "You remove an ended source from the list and move on by one as well. The others have moved up, so the next one misses its turn.",
        lambda sources, cycle_length: _interleaved(sources, cycle_length, _moved_on)),
    "interleave_stops_at_empty": ("slip", "An empty source costs a turn",
        "A new source that is empty isn't replaced at once in your loop: look again until one has an item, or none is left.",
        lambda sources, cycle_length: _interleaved(sources, cycle_length, _looked_at_once)),
    "interleave_drops_slot_at_empty": ("slip", "An empty new source closes its slot",
        "Where the new source is empty you remove the slot, though other sources wait for it: look until one has an item.",
        lambda sources, cycle_length: _interleaved(sources, cycle_length, _closed)),
    "interleave_one_less": ("part", "One slot too few",
        "You keep cycle_length − 1 sources open. The first cycle_length of them are opened at the beginning.",
        lambda sources, cycle_length: _interleaved(sources, max(cycle_length - 1, 1))),
    "interleave_indexes": ("part", "Works for lists only",
        "You used indices, or the length, which lists have and iterators don't. Make an iterator of each source, and take `next` of it.",
        lambda sources, cycle_length: _interleaved([[source[k] for k in range(len(source))] for source in sources], cycle_length)),
    "interleave_without_iter": ("part", "Works for iterators only",
        "You called `next` on the sources, which may be lists. Make an iterator of each first: `iter(source)`.",
        lambda sources, cycle_length: _interleaved((iter(source.__next__, object()) for source in sources), cycle_length)),
    "interleave_list_of_sources": ("slip", "The sources have to be a list",
        "You take the length of sources, or indices. They may come from an iterator: make one of any sources, `iter(sources)`.",
        lambda sources, cycle_length: _interleaved([sources[k] for k in range(len(sources))], cycle_length)),
    "interleave_rounds": ("part", "A round is taken at once",
        "You take an item of each open source before the first of them is yielded. Yield each when it is taken: the next may be slow.",
        lambda sources, cycle_length: (item for found in _batches(_interleaved(sources, cycle_length), cycle_length) for item in found)),
    "interleave_groups": ("part", "A group ends before the next begins",
        "You wait until all open sources have ended, and then open as many again. A slot that is free goes to the next source at once.",
        lambda sources, cycle_length: (item for group in _batches(sources, cycle_length) for item in _interleaved(group, cycle_length))),
    "interleave_until_none": ("slip", "None is taken for the end",
        "You take None, or any item that counts as false, for the end of a source. An item may be None: catch StopIteration instead.",
        lambda sources, cycle_length:
            _interleaved((itertools.takewhile(lambda item: item is not None, source) for source in sources), cycle_length)),
})
# fmt: on

interleave_needs_enough = needs_enough("interleave", right.interleave, see="02 §8", title="More slots than sources raise an error")


@misconception("interleave", "core", title="Blocks of items from one source", see="02 §8")
def interleave_blocks(sources, cycle_length):
    """You take cycle_length items from a source before you go on. cycle_length is the number of open sources, one item each."""
    slots = deque(map(iter, sources))
    while slots:
        found = list(itertools.islice(slots[0], cycle_length))
        yield from found
        slots.rotate(-1)
        if not found:
            slots.pop()


@misconception("interleave", "part", title="All items are read first", see="02 §8")
def interleave_reads_everything(sources, cycle_length):
    """You made lists of the sources first. Take an item when its turn has come: a source may be larger than the memory, or never end."""
    yield from _interleaved(list(map(list, sources)), cycle_length)


@misconception("interleave", "part", title="It ends in a RuntimeError", see="02 §8")
def interleave_stop_iteration(sources, cycle_length):
    """`next` raises StopIteration when a source has ended, and inside a generator that becomes a RuntimeError. Catch it."""
    slots = [iter(source) for source in itertools.islice(sources, cycle_length)]
    while slots:
        for slot in slots:
            yield next(slot)


@misconception("interleave", "part", title="The source after an ended one is skipped", see="02 §8")
def interleave_skips_after_removal(sources, cycle_length):
    """You remove an ended source from the list that the loop runs over. The others move up, and the next one misses its turn."""
    unopened = map(iter, sources)
    slots = list(itertools.islice(unopened, cycle_length))
    while slots:
        for slot in slots:
            found = list(itertools.islice(slot, 1))
            yield from found
            if not found:
                slots.remove(slot)
                slots.extend(itertools.islice(unopened, 1))


@misconception("interleave", "slip", title="The first sources are opened in the call", see="02 §8")
def interleave_opens_in_the_call(sources, cycle_length):
    """You opened the first sources when your function was called. Opening files takes time, and nobody may want them. A generator's code
    runs when the first item is asked for; of your function only the inner one is a generator."""
    waiting = iter(sources)
    opened = [iter(source) for source in itertools.islice(waiting, cycle_length)]
    return _interleaved(itertools.chain(opened, waiting), cycle_length)


@alternative("interleave")
def interleave_by_deque(sources, cycle_length):
    unopened = iter(sources)
    slots = deque(iter(source) for source in itertools.islice(unopened, cycle_length))
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
    waiting, end = iter(sources), object()
    slots = [iter(next(waiting, ())) for _ in range(cycle_length)]
    while any(slot is not None for slot in slots):
        for k in range(cycle_length):
            while slots[k] is not None:
                item = next(slots[k], end)
                if item is not end:
                    yield item
                    break
                source = next(waiting, end)
                slots[k] = None if source is end else iter(source)


@alternative("interleave")
def interleave_by_chains(sources, cycle_length):
    unopened = iter(sources)
    slots = [itertools.chain.from_iterable(unopened) for _ in range(cycle_length)]
    while slots:
        still = []
        for slot in slots:
            for item in slot:
                yield item
                still.append(slot)
                break
        slots = still


# --- prefetch ---------------------------------------------------------------------------------------------------------------


def _in_a_thread(items, put, take, stopped, stop):
    """Yield what ``take()`` returns of what a thread ``put``s, until ``stopped()``; ``stop(thread)`` ends the thread."""

    def produce():
        try:
            for item in items:
                put(("item", item))
                if stopped():
                    return
            put(("end", None))
        except Exception as error:
            put(("error", error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while (found := take())[0] == "item":
            yield found[1]
        if found[0] == "error":
            raise found[1]
    finally:
        stop(thread)


def _prefetched(items, buffer_size, sent=None, stops=True):
    """Yield what a thread puts into a queue; ``sent(kind, value)`` returns what it puts there in place of an item, an error or the end."""
    waiting, stopped = queue.Queue(buffer_size), []

    def put(pair):
        if (pair := sent(*pair) if sent else pair) is not None:
            waiting.put(pair)

    def stop(thread):
        stopped.append(True)
        while stops and thread.is_alive():
            with contextlib.suppress(queue.Empty):
                waiting.get(timeout=0.01)

    return _in_a_thread(items, put, waiting.get, lambda: stopped and stops, stop)


# fmt: off
PREFETCH = misconceptions("prefetch", "02 §9", {
    "prefetch_nothing": ("core", "No thread",
        "You pass the items on as they are asked for. While the consumer works, nothing is fetched: that is a thread's job.",
        lambda items, buffer_size: (item for item in items)),
    "prefetch_without_thread": ("core", "The buffer is filled when it is empty, without a thread",
        "You fill a buffer, and then yield from it. When you fetch, the consumer waits: a thread fetches while the consumer works.",
        lambda items, buffer_size: (item for held in _batches(items, buffer_size) for item in held)),
    "prefetch_returns_a_list": ("core", "A list is returned",
        "You returned a list of all items. Yield them, while a thread takes the next ones.",
        lambda items, buffer_size: list(items)),
    "prefetch_unbounded": ("part", "The buffer has no bound",
        "Your thread reads to the end, as fast as it can; perhaps the consumer even waits for it (`join`). Of a large data set that fills "
        "the memory: let the thread wait when buffer_size items are there, and yield each item as soon as it has arrived.",
        lambda items, buffer_size: _prefetched(items, 0)),
    "prefetch_one": ("part", "Only one item is fetched in advance",
        "Your buffer holds one item, whatever buffer_size is, so one slow item is enough for the consumer to wait.",
        lambda items, buffer_size: _prefetched(items, 1)),
    "prefetch_error_hangs": ("part", "An error is lost, and the consumer waits for ever",
        "An exception ends your thread, and nobody tells the consumer, who waits for ever. Catch it in the thread, pass it on, and raise "
        "it where the items are yielded.",
        lambda items, buffer_size: _prefetched(items, buffer_size, lambda kind, value: None if kind == "error" else (kind, value))),
    "prefetch_error_is_the_end": ("part", "An error looks like the end",
        "Where items raise an exception, what you yield ends as if nothing had happened: half the data are missing. Raise it.",
        lambda items, buffer_size:
            _prefetched(items, buffer_size, lambda kind, value: ("end", None) if kind == "error" else (kind, value))),
    "prefetch_another_error": ("slip", "Another exception is raised",
        "You raise an exception of your own. Raise the one that the items have raised, so that it can be caught by its type.",
        lambda items, buffer_size:
            _prefetched(items, buffer_size, lambda kind, value: (kind, RuntimeError("it failed") if kind == "error" else value))),
    "prefetch_end_hangs": ("part", "The end never comes",
        "When the items have come to their end your thread ends, and the consumer waits for ever. Put a mark of the end into the queue.",
        lambda items, buffer_size: _prefetched(items, buffer_size, lambda kind, value: None if kind == "end" else (kind, value))),
    "prefetch_stays": ("slip", "The thread stays when the consumer stops",
        "When the consumer stops early, your thread waits for ever for room. In a `finally`, tell it to stop, and make room to wake it.",
        lambda items, buffer_size: _prefetched(items, buffer_size, stops=False)),
    "prefetch_truth": ("slip", "Items that are false are left out",
        "You ask `if item`, and so leave out 0, empty ones, and stumble over arrays. Compare with a mark of the end, by `is`.",
        lambda items, buffer_size: (item for item in _prefetched(items, buffer_size) if item)),
    "prefetch_until_none": ("slip", "None is taken for the end",
        "None is your mark of the end, and an item may be None, too. Make a mark that no item can be, `end = object()`: compare by `is`.",
        lambda items, buffer_size:
            (item for item in itertools.takewhile(lambda item: item is not None, _prefetched(items, buffer_size)))),
    "prefetch_loses_the_last": ("part", "The last items are lost",
        "You stop when the thread has ended, but there are still items in the buffer. Yield them as well.",
        lambda items, buffer_size: (item for item, _ in itertools.pairwise(_prefetched(items, buffer_size)))),
})
# fmt: on


@misconception("prefetch", "core", title="The buffer slides, without a thread", see="02 §9")
def prefetch_sliding(items, buffer_size):
    """You keep buffer_size items in store, and fetch one whenever one is asked for: the consumer waits. A thread fetches meanwhile."""
    source = iter(items)
    held = deque(itertools.islice(source, buffer_size))
    while held:
        held.extend(itertools.islice(source, 1))
        yield held.popleft()


@misconception("prefetch", "part", title="An exception is yielded", see="02 §9")
def prefetch_yields_errors(items, buffer_size):
    """You yield the exception as if it were an item. Raise it, so that it can't be overlooked."""
    try:
        yield from _prefetched(items, buffer_size)
    except Exception as error:
        yield str(error)


@misconception("prefetch", "part", title="It ends in a RuntimeError", see="02 §9")
def prefetch_stop_iteration(items, buffer_size):
    """Your thread passes on the StopIteration of `next`, which becomes a RuntimeError in a generator. Return at the end."""
    yield from _prefetched(items, buffer_size)
    raise RuntimeError("generator raised StopIteration")


@alternative("prefetch")
def prefetch_with_a_condition(items, buffer_size):
    buffer, changed, stopped = deque(), threading.Condition(), threading.Event()

    def put(pair):
        with changed:
            changed.wait_for(lambda: len(buffer) < buffer_size or stopped.is_set())
            buffer.append(pair)
            changed.notify_all()

    def take():
        with changed:
            changed.wait_for(lambda: buffer)
            changed.notify_all()
            return buffer.popleft()

    def stop(thread):
        with changed:
            stopped.set()
            changed.notify_all()
        thread.join()

    return _in_a_thread(items, put, take, stopped.is_set, stop)


@alternative("prefetch")
def prefetch_with_a_bounded_queue(items, buffer_size):
    waiting, stopped = queue.Queue(maxsize=buffer_size), threading.Event()

    def put(pair):
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                return waiting.put(pair, timeout=0.01)

    def stop(thread):
        stopped.set()
        thread.join()

    return _in_a_thread(items, put, waiting.get, stopped.is_set, stop)


PREFETCH_OTHERWISE = alternatives(
    "prefetch", {"prefetch_by_emptying_the_queue": lambda items, buffer_size: _prefetched(items, buffer_size)}
)
