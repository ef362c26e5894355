"""Reference of lecture 10: regularization.

Where the notebook loops over arrays, this module works on one long vector; where the notebook slices an image, it multiplies by shifted
identity matrices; early stopping looks at the running minimum as a whole.

Sources
-------
Seed 003, slides "L2 Regularization" and "L1 Regularization"; seed 000, slide "Max-Norm Regularization"; seed 004, "Model Ensembles".
I. Goodfellow, Y. Bengio and A. Courville: Deep learning, MIT Press 2016, sections 7.1, 7.4 and 7.8, algorithm 7.1, and section 7.11.
I. Loshchilov and F. Hutter: Decoupled weight decay regularization, ICLR 2019, equation 1.
"""

from __future__ import annotations

import math

import numpy as np


def l2_penalty(weights, lam) -> tuple[float, list[np.ndarray]]:
    """λ/2·‖w‖² and λw, with all entries of all arrays in w (Goodfellow et al. 2016, equations 7.1 to 7.3; seed 003).

    Parameters
    ----------
    weights : list of array_like of any shapes
    lam : float
    """
    squares = math.fsum(float(entry) ** 2 for w in weights for entry in np.ravel(w))
    return lam / 2 * squares, [np.multiply(lam, w, dtype=float) for w in weights]


def l1_penalty(weights, lam) -> tuple[float, list[np.ndarray]]:
    """λ·‖w‖₁ and λ·sign(w), with sign(0) = 0 (Goodfellow et al. 2016, equations 7.18 to 7.20; seed 003).

    Parameters
    ----------
    weights : list of array_like of any shapes
    lam : float
    """
    total = math.fsum(abs(float(entry)) for w in weights for entry in np.ravel(w))
    return lam * total, [lam * (np.greater(w, 0).astype(float) - np.less(w, 0)) for w in weights]


def weight_decay_step(w, grad, lr, lam) -> np.ndarray:
    """w − η(∇ + λw), which is (1 − ηλ)w − η∇ (Loshchilov and Hutter 2019, proposition 1; seed 003).

    Parameters
    ----------
    w, grad : array_like of one shape
    lr, lam : float
    """
    w = np.array(w, dtype=float)
    return w - lr * (np.asarray(grad, dtype=float) + lam * w)


def max_norm(W, r) -> np.ndarray:
    """W·diag(min(1, r/‖wⱼ‖)) with the columns wⱼ (Goodfellow et al. 2016, section 7.2; seed 000).

    Parameters
    ----------
    W : array_like, shape (fan_in, fan_out)
    r : float
    """
    W = np.array(W, dtype=float)
    norms = [math.sqrt(math.fsum(float(entry) ** 2 for entry in column)) for column in W.T]
    return W @ np.diag([r / norm if norm > r else 1.0 for norm in norms])


def early_stopping(val_losses, patience) -> tuple[int, int]:
    """The epoch of the best loss so far, and the epoch after which training ends (Goodfellow et al. 2016, algorithm 7.1).

    Parameters
    ----------
    val_losses : array_like, shape (T,)
    patience : int

    Returns
    -------
    best_epoch, stop_epoch : int
        Counted from 0.
    """
    losses, epochs = np.array(val_losses, dtype=float), np.arange(len(val_losses))
    lowest_before = np.concatenate([[np.inf], np.minimum.accumulate(losses)[:-1]])
    best = np.maximum.accumulate(np.where(losses < lowest_before, epochs, 0))
    waited = np.flatnonzero(epochs - best == patience)
    stop = int(waited[0]) if waited.size else len(losses) - 1
    return int(best[stop]), stop


def shift_image(image, dy, dx) -> np.ndarray:
    """Rows and columns through shifted identity matrices: E_dy·image·E_dxᵀ, where E_k has ones k places below its diagonal.

    Parameters
    ----------
    image : array_like, shape (H, W)
    dy, dx : int
    """
    image = np.array(image, dtype=float)
    height, width = image.shape
    return np.eye(height, k=-int(dy)) @ image @ np.eye(width, k=int(dx))


def augment(images, rng: np.random.Generator, max_shift: int = 1) -> np.ndarray:
    """Each image by its own shift, uniform on both axes (seed 002, slide "Data Augmentation").

    Parameters
    ----------
    images : array_like, shape (N, H, W)
    rng : Generator
    max_shift : int
    """
    images = np.array(images, dtype=float)
    pairs = rng.integers(-max_shift, max_shift, size=(len(images), 2), endpoint=True)
    return np.array([shift_image(image, dy, dx) for image, (dy, dx) in zip(images, pairs, strict=True)]).reshape(images.shape)


def ensemble_predict(probabilities) -> np.ndarray:
    """The first class with the largest sum over the members (seed 004, slide "Model Ensembles").

    Parameters
    ----------
    probabilities : array_like, shape (M, N, K)
    """
    together = np.einsum("mnk->nk", np.array(probabilities, dtype=float))
    return np.array([next(k for k, p in enumerate(row) if p == max(row)) for row in together.tolist()])
