"""Data pipelines, as on the slides: the reference that the hidden suite compares with.

Where the notebook takes NumPy's means, this module adds up exactly (`math.fsum`); where the notebook diagonalises the covariance
matrix, this module takes the singular values of the centred data; where the notebook's generators keep lists, this module rotates a
deque or calls `islice`, and its prefetching thread is a pool of one worker.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np


def _means(columns: np.ndarray) -> np.ndarray:
    """Return the means of the columns of a matrix, each rounded once."""
    return np.array([math.fsum(column) / len(column) for column in columns.T])


def center(X) -> tuple[np.ndarray, np.ndarray]:
    """Subtract from each feature its mean over the examples: x − μ, μ = 1/N Σᵢ xᵢ (seed 004, "zero-centred data"; the mean image).

    Parameters
    ----------
    X : array_like, shape (N, ...)

    Returns
    -------
    centred : ndarray, shape (N, ...)
    mean : ndarray, shape (...)
    """
    X = np.array(X, dtype=float)
    mean = _means(X.reshape(len(X), -1)).reshape(X.shape[1:])
    return X - mean, mean


def channel_mean(images) -> np.ndarray:
    """Average each channel over all pixels of all images: one number a channel (seed 004, "per-channel mean").

    Parameters
    ----------
    images : array_like, shape (N, C, H, W)

    Returns
    -------
    ndarray, shape (C,)
    """
    images = np.array(images, dtype=float)
    return np.array([math.fsum(images[:, c].flat) / images[:, c].size for c in range(images.shape[1])])


def standardize(X_train, X_test, eps: float = 1e-8) -> tuple[np.ndarray, np.ndarray]:
    """Give each feature mean 0 and standard deviation 1 over the training set: (x − μ)/(σ + ε) for both sets.

    Parameters
    ----------
    X_train : array_like, shape (N, D)
    X_test : array_like, shape (M, D)
    eps : float
        Added to the standard deviation.

    Returns
    -------
    (ndarray, ndarray), shapes (N, D) and (M, D)
    """
    train, test = np.array(X_train, dtype=float), np.array(X_test, dtype=float)
    mean = _means(train)
    std = np.sqrt(_means((train - mean) ** 2))
    return (train - mean) / (std + eps), (test - mean) / (std + eps)


def pca(X, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k directions of largest variance, from the singular value decomposition of the centred data: X − μ = U S Vᵀ, λ = S²/N.

    Parameters
    ----------
    X : array_like, shape (N, D)
    k : int
        From 1 to the smaller of N and D.

    Returns
    -------
    components : ndarray, shape (k, D)
        Orthonormal rows.
    variances : ndarray, shape (k,)
        Descending.

    References
    ----------
    K. Pearson: On lines and planes of closest fit, 1901; seed 004, "in practice, you may also see PCA and whitening".
    """
    centred, _ = center(X)
    _, S, Vt = np.linalg.svd(centred, full_matrices=False)
    return Vt[:k], S[:k] ** 2 / len(centred)


def whiten(X, eps: float = 1e-5) -> np.ndarray:
    """Rotate the data onto its principal components and scale each to variance 1: U S / √(S²/N + ε).

    Parameters
    ----------
    X : array_like, shape (N, D)
    eps : float
        Added to the variance, inside the root.

    Returns
    -------
    ndarray, shape (N, D)
        Directions without variance are 0.
    """
    centred, _ = center(X)
    N, D = centred.shape
    U, S, _ = np.linalg.svd(centred, full_matrices=False)
    white = np.zeros((N, D))
    white[:, : len(S)] = U * (S / np.sqrt(S**2 / N + eps))
    return white


# --- pipelines ------------------------------------------------------------------------------------------------------------


def shuffle_buffer(items: Iterable[Any], buffer_size: int, rng: np.random.Generator) -> Iterator[Any]:
    """Yield items in a random order from a buffer of bounded size (`tf.data.Dataset.shuffle`; seed 002, "shuffle()").

    A uniformly drawn place of the buffer is emptied, and filled with the next item; at the end the buffer runs empty.
    """
    source = iter(items)
    slots = dict(enumerate(itertools.islice(source, buffer_size)))
    while slots:
        place = list(slots)[rng.integers(len(slots))]
        yield slots.pop(place)
        slots.update((place, item) for item in itertools.islice(source, 1))


def interleave(sources: Iterable[Iterable[Any]], cycle_length: int) -> Iterator[Any]:
    """Take one item from each of `cycle_length` open sources in turn (`tf.data.Dataset.interleave`; seed 002, "interleave()").

    Where a source has ended, the next one takes its slot and its turn.
    """
    unopened = map(iter, sources)
    slots = deque(itertools.islice(unopened, cycle_length))
    while slots:
        for item in slots[0]:
            yield item
            slots.rotate(-1)
            break
        else:
            slots.popleft()
            slots.extendleft(itertools.islice(unopened, 1))


def batch(items: Iterable[Any], batch_size: int, drop_remainder: bool = False) -> Iterator[list[Any]]:
    """Yield lists of `batch_size` items; the last one may be shorter, and can be left out (`tf.data.Dataset.batch`; seed 002,
    "batch()")."""
    source = iter(items)
    lists = iter(lambda: list(itertools.islice(source, batch_size)), [])
    return (one for one in lists if len(one) == batch_size or not drop_remainder)


def prefetch(items: Iterable[Any], buffer_size: int) -> Iterator[Any]:
    """Take items in a thread of its own, `buffer_size` ahead of what was asked for (`tf.data.Dataset.prefetch`; seed 002, "prefetch()").

    There are as many requests under way as the buffer has places; a request that the source's end or an error answers is the last one.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1) as worker:
        requests = deque(worker.submit(next, source, end) for _ in range(buffer_size))
        try:
            while (item := requests[0].result()) is not end:
                requests.popleft()
                requests.append(worker.submit(next, source, end))
                yield item
        finally:
            for request in requests:
                request.cancel()
