"""Reference of lecture 6: gradient clipping.

Where the notebook multiplies by Wᵀ again and again, this module takes powers of W; where the notebook compares norms, it divides by
max(1, norm/limit); sums are exact (`math.fsum`), and a cosine comes from the lengths of a sum and a difference.

Sources
-------
R. Pascanu, T. Mikolov and Y. Bengio: On the difficulty of training recurrent neural networks, ICML 2013, section 2 and algorithm 1.
I. Goodfellow, Y. Bengio and A. Courville: Deep learning, MIT Press 2016, section 10.11.1, equations 10.48 and 10.49.
"""

from __future__ import annotations

import math

import numpy as np


def _norm(*arrays) -> float:
    """Return the Euclidean norm of all entries of some arrays."""
    return math.sqrt(math.fsum(float(entry) ** 2 for array in arrays for entry in np.ravel(array)))


def repeated_product_norms(W, g, steps: int) -> list[float]:
    """Norms of (Wᵀ)ᵏg for k = 0 … steps (Pascanu et al. 2013, section 2.1).

    Parameters
    ----------
    W : array_like, shape (n, n)
    g : array_like, shape (n,)
    steps : int

    Returns
    -------
    list of float, steps + 1 of them
    """
    W, g = np.array(W, dtype=float), np.array(g, dtype=float)
    return [_norm(g @ np.linalg.matrix_power(W, k)) for k in range(steps + 1)]


def clip_by_value(grad, limit: float) -> np.ndarray:
    """sign(g)·min(|g|, limit), entry by entry (Goodfellow et al. 2016, section 10.11.1).

    Parameters
    ----------
    grad : array_like of any shape
    limit : float
    """
    grad = np.array(grad, dtype=float)
    return np.sign(grad) * np.where(np.abs(grad) < limit, np.abs(grad), limit)


def cosine_similarity(a, b) -> float:
    """(‖â + b̂‖² − ‖â − b̂‖²)/4 with â = a/‖a‖ and b̂ = b/‖b‖, by the polarization identity; 0 where a or b is zero.

    Parameters
    ----------
    a, b : array_like of one shape
    """
    lengths = _norm(a), _norm(b)
    if 0.0 in lengths:
        return 0.0
    one, other = (np.array(each, dtype=float) / length for each, length in zip((a, b), lengths, strict=True))
    return (_norm(one + other) ** 2 - _norm(one - other) ** 2) / 4


def clip_by_norm(grad, max_norm: float) -> np.ndarray:
    """g/max(1, ‖g‖/v) with the threshold v (Goodfellow et al. 2016, equations 10.48 and 10.49).

    Parameters
    ----------
    grad : array_like of any shape
    max_norm : float
    """
    return np.array(grad, dtype=float) / max(1.0, _norm(grad) / max_norm)


def clip_by_global_norm(grads, max_norm: float) -> tuple[list[np.ndarray], float]:
    """The arrays divided by max(1, ‖g‖/v), where g holds all their entries; and ‖g‖ (Pascanu et al. 2013, algorithm 1).

    Parameters
    ----------
    grads : list of array_like
    max_norm : float

    Returns
    -------
    clipped : list of ndarray
    norm : float
        Before clipping.
    """
    norm = _norm(*grads)
    return [np.array(grad, dtype=float) / max(1.0, norm / max_norm) for grad in grads], norm
