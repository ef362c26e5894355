"""Batch normalization, as on the slides: the reference that the hidden suite compares with.

Where the notebook goes through the computational graph, this module writes the Jacobian down as a matrix; where the notebook multiplies
the columns of a weight matrix, this module asks an affine map for its values at the origin and at the unit vectors.
"""

from __future__ import annotations

import numpy as np

Cache = tuple[np.ndarray, np.ndarray, np.ndarray]


def floats(*arrays: object) -> list[np.ndarray]:
    """Return fresh float64 copies."""
    return [np.array(array, dtype=float) for array in arrays]


def batchnorm_forward(x, gamma, beta, eps=1e-5) -> tuple[np.ndarray, Cache]:
    """Normalise each feature over the mini-batch, then scale and shift.

    μ = 1/m Σᵢ xᵢ,   σ² = 1/m Σᵢ (xᵢ − μ)²,   x̂ᵢ = (xᵢ − μ)/√(σ² + ε),   zᵢ = γ ⊗ x̂ᵢ + β

    Parameters
    ----------
    x : array_like, shape (m, D)
    gamma, beta : array_like, shape (D,)
    eps : float

    Returns
    -------
    z : ndarray, shape (m, D)
    cache : tuple
        x̂ of shape (m, D), γ and √(σ² + ε) of shape (D,).

    References
    ----------
    Ioffe and Szegedy (2015), Algorithm 1; Géron (2019), Equation 11-3.
    """
    x, gamma, beta = floats(x, gamma, beta)
    m = len(x)
    mu = sum(x) / m
    var = sum((x_i - mu) ** 2 for x_i in x) / m
    std = np.sqrt(var + eps)
    x_hat = (x - mu) / std
    z = gamma * x_hat + beta
    return z, (x_hat, gamma, std)


def batchnorm_backward(dout, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pull a gradient back through the layer with its Jacobian, one m × m matrix per feature.

    ∂z/∂x = γ/√(σ² + ε) · (I − 1/m·11ᵀ − 1/m·x̂x̂ᵀ),   ∂L/∂γ = Σᵢ ∂L/∂zᵢ x̂ᵢ,   ∂L/∂β = Σᵢ ∂L/∂zᵢ

    Parameters
    ----------
    dout : array_like, shape (m, D)
    cache : tuple
        From `batchnorm_forward`.

    Returns
    -------
    dx : ndarray, shape (m, D)
    dgamma, dbeta : ndarray, shape (D,)

    References
    ----------
    Ioffe and Szegedy (2015), section 3, with the chain rule multiplied out.
    """
    x_hat, gamma, std = cache
    (dout,) = floats(dout)
    m, D = dout.shape
    dx, dgamma, dbeta = np.empty((m, D)), np.empty(D), np.empty(D)
    one = np.ones(m)
    for j in range(D):
        jacobian = gamma[j] / std[j] * (np.eye(m) - np.outer(one, one) / m - np.outer(x_hat[:, j], x_hat[:, j]) / m)
        dx[:, j] = jacobian.T @ dout[:, j]
        dgamma[j] = dout[:, j] @ x_hat[:, j]
        dbeta[j] = dout[:, j] @ one
    return dx, dgamma, dbeta


def update_running(running, batch_value, momentum=0.9) -> np.ndarray:
    """Move an exponential moving average towards the batch: v̂ ← v̂ × momentum + v × (1 − momentum).

    Parameters
    ----------
    running, batch_value : array_like of one shape
    momentum : float
        Which part of the old value is kept.

    Returns
    -------
    ndarray

    References
    ----------
    Géron (2019), chapter 11, on the hyperparameter `momentum`.
    """
    running, batch_value = floats(running, batch_value)
    return running * momentum + batch_value * (1 - momentum)


def batchnorm_inference(x, gamma, beta, running_mean, running_var, eps=1e-5) -> np.ndarray:
    """Normalise with fixed statistics: z = γ ⊗ (x − E[x])/√(Var[x] + ε) + β.

    Parameters
    ----------
    x : array_like, shape (N, D)
    gamma, beta, running_mean, running_var : array_like, shape (D,)
    eps : float

    Returns
    -------
    ndarray, shape (N, D)

    References
    ----------
    Ioffe and Szegedy (2015), Algorithm 2, line 11.
    """
    x, gamma, beta, running_mean, running_var = floats(x, gamma, beta, running_mean, running_var)
    return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta


def batchnorm2d_forward(x, gamma, beta, eps=1e-5) -> tuple[np.ndarray, Cache]:
    """Normalise each channel: every pixel of every image counts as an example of that channel's one feature.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    gamma, beta : array_like, shape (C,)
    eps : float

    Returns
    -------
    z : ndarray, shape (N, C, H, W)
    cache : tuple
        x̂ of shape (N, C, H, W), γ and √(σ² + ε) of shape (C,).

    References
    ----------
    Ioffe and Szegedy (2015), section 3.2.
    """
    x, gamma, beta = floats(x, gamma, beta)
    z, x_hat, std = np.empty_like(x), np.empty_like(x), np.empty_like(gamma)
    for c in range(x.shape[1]):
        one = slice(c, c + 1)
        column, (hat, _, std[one]) = batchnorm_forward(x[:, c].reshape(-1, 1), gamma[one], beta[one], eps)
        z[:, c], x_hat[:, c] = column.reshape(x[:, c].shape), hat.reshape(x[:, c].shape)
    return z, (x_hat, gamma, std)


def batchnorm2d_backward(dout, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pull a gradient back through `batchnorm2d_forward`, one channel after the other.

    Parameters
    ----------
    dout : array_like, shape (N, C, H, W)
    cache : tuple
        From `batchnorm2d_forward`.

    Returns
    -------
    dx : ndarray, shape (N, C, H, W)
    dgamma, dbeta : ndarray, shape (C,)

    References
    ----------
    Ioffe and Szegedy (2015), sections 3 and 3.2.
    """
    x_hat, gamma, std = cache
    (dout,) = floats(dout)
    dx, dgamma, dbeta = np.empty_like(dout), np.empty(dout.shape[1]), np.empty(dout.shape[1])
    for c in range(dout.shape[1]):
        one = slice(c, c + 1)
        column = (x_hat[:, c].reshape(-1, 1), gamma[one], std[one])
        d, dgamma[one], dbeta[one] = batchnorm_backward(dout[:, c].reshape(-1, 1), column)
        dx[:, c] = d.reshape(dx[:, c].shape)
    return dx, dgamma, dbeta


def fold_batchnorm(W, b, gamma, beta, running_mean, running_var, eps=1e-5) -> tuple[np.ndarray, np.ndarray]:
    """Make one dense layer of a dense layer and the batch normalization after it.

    Both together are affine, z(x) = xW′ + b′, so b′ = z(0), and row i of W′ is z(eᵢ) − z(0).

    Parameters
    ----------
    W : array_like, shape (fan_in, fan_out)
    b, gamma, beta, running_mean, running_var : array_like, shape (fan_out,)
    eps : float

    Returns
    -------
    W : ndarray, shape (fan_in, fan_out)
    b : ndarray, shape (fan_out,)

    References
    ----------
    The slides' advice for low latency: fold batch normalization into the previous layer.
    """
    W, b = floats(W, b)

    def z(x: np.ndarray) -> np.ndarray:
        return batchnorm_inference(x @ W + b, gamma, beta, running_mean, running_var, eps)

    fan_in = len(W)
    b_folded = z(np.zeros((1, fan_in)))[0]
    W_folded = z(np.eye(fan_in)) - b_folded
    return W_folded, b_folded
