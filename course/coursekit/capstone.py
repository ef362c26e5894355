"""The capstone of lecture 14: images that nobody has, and how points grow with the accuracy."""

from __future__ import annotations

import numpy as np

from coursekit import data

SCALE = (0.65, 0.90)
"""The accuracy of `capstone` at which points begin, and the one from which on there are all of them; between them they grow evenly."""
STEPS = 20
"""Into how many steps the scale is rounded, so that rounding on another machine doesn't move a mark by more than one of them."""
NOISE = 0.1
"""The standard deviation of the noise; that of a standardized pixel is 1."""


def share_of(accuracy: float) -> float:
    """Return the share of the points for an accuracy."""
    low, high = SCALE
    return float(np.clip(np.round(STEPS * (accuracy - low) / (high - low)) / STEPS, 0, 1))


def new_digits(seed: int, n_train: int) -> data.Digits:
    """Return digits that nobody has, `n_train` of them to learn from, with the classes numbered in a new order.

    Half of them, drawn at random, stand a pixel further down, and half of them a pixel further right; a little noise is added.
    """
    rng = np.random.default_rng(seed)
    digits = data.digits(rng, test=0.4, standardized=False, images=True)
    moved = (moved_at_random(X[:, 0], rng) for X in (digits.X_train, digits.X_test))
    X_train, X_test = (X + rng.normal(0, NOISE, X.shape) for X in data.standardize(*moved))
    number = rng.permutation(10)
    return data.Digits(X_train[:n_train], number[digits.y_train[:n_train]], X_test, number[digits.y_test])


def moved_at_random(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images of 8×8 pixels as rows, each of them moved by 0 or 1 pixel in both directions; what comes in is dark."""
    padded = np.pad(images, ((0, 0), (1, 0), (1, 0)))
    starts = rng.integers(0, 2, (len(images), 2))
    return np.array([image[down : down + 8, right : right + 8].ravel() for image, (down, right) in zip(padded, starts, strict=True)])
