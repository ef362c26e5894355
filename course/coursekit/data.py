"""Data that every lecture can train on: the handwritten digits that come with scikit-learn, so nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Digits:
    """Examples to train with, and others to test with.

    Parameters
    ----------
    X_train, X_test : ndarray, shape (N, 64) or (N, 1, 8, 8)
        Inputs, float64.
    y_train, y_test : ndarray of int, shape (N,)
        Classes, from 0 to 9.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def digits(rng: np.random.Generator | int = 0, *, test: float = 0.25, standardized: bool = True, images: bool = False) -> Digits:
    """Load 1797 handwritten digits of 8×8 pixels, split into a training and a test set.

    Parameters
    ----------
    rng : Generator or int
        Generator or seed of the random split.
    test : float
        Fraction that goes into the test set.
    standardized : bool
        Give every pixel mean 0 and standard deviation 1 over the *training* set (less where a pixel is dark in nearly
        all images). Otherwise the pixels lie in [0, 1].
    images : bool
        Keep the images as ``(N, 1, 8, 8)`` instead of flattening them to ``(N, 64)``.

    Returns
    -------
    Digits
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(rng).permutation(len(y))
    X, y = X[order] / 16.0, y[order]
    n_test = round(test * len(y))
    X_train, X_test = X[n_test:], X[:n_test]
    if standardized:
        X_train, X_test = standardize(X_train, X_test)
    shape = (-1, 1, 8, 8) if images else (-1, 64)
    return Digits(X_train.reshape(shape), y[n_test:], X_test.reshape(shape), y[:n_test])


def standardize(X_train: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give every pixel mean 0 and standard deviation 1 over the training set (less where a pixel is dark in nearly all images)."""
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    # A pixel at the rim is dark in all but a few images: divided by its tiny deviation, those few would be huge.
    std = np.maximum(std, 0.05)
    return (X_train - mean) / std, (X_test - mean) / std
