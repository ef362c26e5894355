"""Data that every lecture can train on: the handwritten digits that come with scikit-learn, so nothing is downloaded.

Fashion-MNIST is for those who ask for it, and have a network and the package pooch.
"""

from __future__ import annotations

import gzip
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


FASHION = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"
FASHION_FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
"""The files of Fashion-MNIST, each with its MD5 sum as the data set's own README and torchvision's source list it."""


def fashion_mnist() -> Digits | None:
    """Download Fashion-MNIST (30 MB, kept for the next time), 60,000 + 10,000 images of 28×28 pixels in ten classes of clothes.

    Returns
    -------
    Digits or None
        Images of shape (N, 784) in [0, 1]; None, and a printed sentence that says why, where it can't be had.
    """
    try:
        import pooch
    except ImportError:
        print("Fashion-MNIST is skipped: the package pooch is missing. To install it, run `pip install pooch` and restart the kernel.")
        return None
    try:
        paths = [pooch.retrieve(FASHION + name, f"md5:{known}", fname=name) for name, known in FASHION_FILES.items()]
    except Exception as error:  # no network, a changed file: pooch passes on the errors of several libraries
        print(f"Fashion-MNIST is skipped, because it can't be downloaded here ({type(error).__name__}).")
        return None
    X_train, y_train, X_test, y_test = (_idx(path) for path in paths)
    return Digits(X_train.reshape(-1, 784) / 255.0, y_train.astype(int), X_test.reshape(-1, 784) / 255.0, y_test.astype(int))


def _idx(path: str) -> np.ndarray:
    """Read an array of bytes from a compressed file in the format IDX: two zeros, a type, the number of axes, their lengths."""
    with gzip.open(path) as file:
        content = file.read()
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(tuple(int(length) for length in shape))
