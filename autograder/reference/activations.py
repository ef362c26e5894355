"""Activations, as on the slides: the reference that the hidden suite compares with.

Where the notebook chooses between two branches, this module uses formulas that hold on both sides of zero; where the notebook multiplies
batches with masks, it goes through examples and units one by one.

Sources
-------
Slides 002 and 004 (sigmoid, ReLU, leaky ReLU, RReLU, PReLU, ELU, maxout) and 000 (SELU); the papers are named at each function.
"""

from __future__ import annotations

import numpy as np

SCALE = 1.0507009873554805  # λ of SELU
ALPHA = 1.6732632423543772


def sigmoid(z) -> np.ndarray:
    """σ(z) = 1/(1 + e⁻ᶻ) = (1 + tanh(z/2))/2 (002, hidden units: tanh(z) = 2σ(2z) − 1).

    Parameters
    ----------
    z : array_like

    Returns
    -------
    ndarray of the shape of z
    """
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(z))


def sigmoid_grad(z) -> np.ndarray:
    """σ'(z) = e^(−|z|)/(1 + e^(−|z|))², an even function of z."""
    small = np.exp(-np.abs(np.asarray(z, dtype=float)))
    return small / (1 + small) ** 2


def relu(z) -> np.ndarray:
    """max(0, z) = (z + |z|)/2 (002, 004)."""
    return (np.asarray(z) + np.abs(z)) / 2


def relu_grad(z) -> np.ndarray:
    """The step function, ½ at the kink."""
    return np.heaviside(z, 0.5)


def leaky_relu(z, alpha=0.01) -> np.ndarray:
    """max(0, z) + α·min(0, z) = ((1 + α)z + (1 − α)|z|)/2 (Maas et al. 2013; 000, 002, 004)."""
    return ((1 + alpha) * np.asarray(z) + (1 - alpha) * np.abs(z)) / 2


def leaky_relu_grad(z, alpha=0.01) -> np.ndarray:
    """1 for positive z, α for negative ones, the mean of both at the kink."""
    return alpha + (1 - alpha) * np.heaviside(z, 0.5)


def rrelu(z, lower, upper, rng, training) -> tuple[np.ndarray, np.ndarray]:
    """Leaky ReLU whose slope is drawn from U(lower, upper) for each entry, and fixed to its mean after training (Xu et al. 2015; 002).

    Parameters
    ----------
    z : array_like
    lower, upper : float
    rng : Generator
    training : bool

    Returns
    -------
    out, slopes : ndarray of the shape of z
    """
    z = np.asarray(z, dtype=float)
    slopes = np.ones(z.shape)
    for index in np.ndindex(z.shape):
        if z[index] < 0:
            slopes[index] = rng.uniform(lower, upper) if training else (lower + upper) / 2
    return z * slopes, slopes


def prelu_forward(z, alpha) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """max(0, z) + α·min(0, z) with an α for each feature (He et al. 2015, equation 1).

    Parameters
    ----------
    z : array_like, shape (N, D)
    alpha : array_like, shape (D,)

    Returns
    -------
    out : ndarray, shape (N, D)
    cache : tuple
        z and α.
    """
    z, alpha = np.array(z, dtype=float), np.array(alpha, dtype=float)
    return np.clip(z, 0, None) + alpha * np.clip(z, None, 0), (z, alpha)


def prelu_backward(dout, cache) -> tuple[np.ndarray, np.ndarray]:
    """∂L/∂z, and ∂L/∂αⱼ = Σ ∂L/∂yᵢⱼ·zᵢⱼ over the examples with zᵢⱼ < 0 (He et al. 2015, equations 2 and 3).

    Parameters
    ----------
    dout : array_like, shape (N, D)
    cache : tuple
        From `prelu_forward`.

    Returns
    -------
    dz : ndarray, shape (N, D)
    dalpha : ndarray, shape (D,)
    """
    z, alpha = cache
    dz, dalpha = np.array(dout, dtype=float), np.zeros(alpha.shape)
    for i, j in np.argwhere(z < 0):
        dalpha[j] += dz[i, j] * z[i, j]
        dz[i, j] *= alpha[j]
    return dz, dalpha


def elu(z, alpha=1.0) -> np.ndarray:
    """max(0, z) + α·(e^min(0, z) − 1) (Clevert et al. 2016; 000, 001, 002, 004)."""
    z = np.asarray(z, dtype=float)
    return np.clip(z, 0, None) + alpha * np.expm1(np.clip(z, None, 0))


def elu_grad(z, alpha=1.0) -> np.ndarray:
    """1 for positive z, α·eᶻ for negative ones, the mean of 1 and α at the kink."""
    z = np.asarray(z, dtype=float)
    step = np.heaviside(z, 0.5)
    return step + (1 - step) * alpha * np.exp(np.clip(z, None, 0))


def selu(z) -> np.ndarray:
    """λ·ELU(z, α) with the two constants that keep mean 0 and variance 1 (Klambauer et al. 2017, equation 2; 000)."""
    return SCALE * elu(z, ALPHA)


def maxout_forward(x, W, b) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """maxⱼ xWⱼ + bⱼ, for each example and unit by itself (Goodfellow et al. 2013, section 3; 004).

    Parameters
    ----------
    x : array_like, shape (N, D)
    W : array_like, shape (k, D, H)
    b : array_like, shape (k, H)

    Returns
    -------
    out : ndarray, shape (N, H)
    cache : tuple
        x, W, and the number of the winning piece of each example and unit, of shape (N, H).
    """
    x, W, b = (np.array(array, dtype=float) for array in (x, W, b))
    k, _, H = W.shape
    out, winner = np.empty((len(x), H)), np.empty((len(x), H), dtype=int)
    for n, h in np.ndindex(out.shape):
        pieces = [float(x[n] @ W[j, :, h] + b[j, h]) for j in range(k)]
        out[n, h], winner[n, h] = max(pieces), pieces.index(max(pieces))
    return out, (x, W, winner)


def maxout_backward(dout, cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradient goes to the piece that won, the first of them at a tie.

    Parameters
    ----------
    dout : array_like, shape (N, H)
    cache : tuple
        From `maxout_forward`.

    Returns
    -------
    dx : ndarray, shape (N, D)
    dW : ndarray, shape (k, D, H)
    db : ndarray, shape (k, H)
    """
    x, W, winner = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((len(W), W.shape[2]))
    for (n, h), upstream in np.ndenumerate(dout):
        j = winner[n, h]
        dx[n] += upstream * W[j, :, h]
        dW[j, :, h] += upstream * x[n]
        db[j, h] += upstream
    return dx, dW, db


def dead_units(Z) -> np.ndarray:
    """A ReLU is dead on a batch if its largest pre-activation isn't positive (002: it stops outputting anything other than 0).

    Parameters
    ----------
    Z : array_like, shape (N, H)

    Returns
    -------
    ndarray of bool, shape (H,)
    """
    return np.max(Z, axis=0) <= 0
