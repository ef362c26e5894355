"""AdaGrad, RMSProp, Adam, Nadam and AdaMax: the reference that the hidden suite compares with.

Where the notebook carries averages from step to step, this module keeps all gradients that it has ever seen, and writes each average as
the weighted sum that it is: after t steps the gradient of step i counts (1 − β) βᵗ⁻ⁱ. The bias correction divides by the sum of these
weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

State = dict[str, Any]


def remember(theta, grad, state: State) -> tuple[np.ndarray, np.ndarray, State]:
    """Return θ as float64, all gradients so far with the newest last, shape (t, …), and the state that holds them."""
    theta, grad = np.array(theta, dtype=float), np.array(grad, dtype=float)
    gradients = np.stack([*state.get("gradients", ()), grad])
    return theta, gradients, {"gradients": gradients}


def weights(beta: float, t: int) -> np.ndarray:
    """Return how much each of t values counts in an exponential average that began at zero, the newest last."""
    return (1 - beta) * float(beta) ** np.arange(t - 1, -1, -1)


def average(values: np.ndarray, beta: float) -> np.ndarray:
    """Return the exponential average of `values` along the first axis, begun at zero."""
    return np.tensordot(weights(beta, len(values)), values, axes=1)


def adagrad_step(theta, grad, state, lr=0.01, eps=1e-8) -> tuple[np.ndarray, State]:
    """Divide the gradient by the root of the sum of all squared gradients: s = Σᵢ gᵢ ⊗ gᵢ,  θ ← θ − η g ⊘ (√s + ε).

    Parameters
    ----------
    theta, grad : array_like of one shape
    state : dict
        ``{}`` before the first step.
    lr, eps : float

    Returns
    -------
    theta : ndarray
    state : dict

    References
    ----------
    Duchi, Hazan and Singer (2011), the diagonal version; Géron (2019), Equation 11-6, with ε outside the root.
    """
    theta, g, state = remember(theta, grad, state)
    s = np.einsum("t...,t...->...", g, g)
    return theta - lr * g[-1] / (np.sqrt(s) + eps), state


def rmsprop_step(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8) -> tuple[np.ndarray, State]:
    """Divide by the root of an exponential average instead: s = (1 − ρ) Σᵢ ρᵗ⁻ⁱ gᵢ ⊗ gᵢ,  θ ← θ − η g ⊘ (√s + ε).

    Parameters
    ----------
    theta, grad : array_like of one shape
    state : dict
        ``{}`` before the first step.
    lr, decay, eps : float

    Returns
    -------
    theta : ndarray
    state : dict

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5; Géron (2019), Equation 11-7, with ε outside the root.
    """
    theta, g, state = remember(theta, grad, state)
    s = average(g**2, decay)
    return theta - lr * g[-1] / (np.sqrt(s) + eps), state


def bias_corrected(moment, beta, t) -> np.ndarray:
    """Divide an exponential average that began at zero by the sum of its weights, which is 1 − βᵗ.

    Parameters
    ----------
    moment : array_like
    beta : float
    t : int
        How many values were averaged, from 1.

    Returns
    -------
    ndarray

    References
    ----------
    Kingma and Ba (2015), section 3.
    """
    return np.array(moment, dtype=float) / weights(beta, t).sum()


def adam_step(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8) -> tuple[np.ndarray, State]:
    """Step by the average gradient over the root of the average square, both bias-corrected: θ ← θ − η m̂ ⊘ (√ŝ + ε).

    Parameters
    ----------
    theta, grad : array_like of one shape
    state : dict
        ``{}`` before the first step.
    lr, beta1, beta2, eps : float

    Returns
    -------
    theta : ndarray
    state : dict

    References
    ----------
    Kingma and Ba (2015), Algorithm 1.
    """
    theta, g, state = remember(theta, grad, state)
    t = len(g)
    m_hat = bias_corrected(average(g, beta1), beta1, t)
    s_hat = bias_corrected(average(g**2, beta2), beta2, t)
    return theta - lr * m_hat / (np.sqrt(s_hat) + eps), state


def nadam_step(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8) -> tuple[np.ndarray, State]:
    """Adam with a look ahead, m̄ = β₁ m/(1 − β₁ᵗ⁺¹) + (1 − β₁) g/(1 − β₁ᵗ): θ ← θ − η m̄ ⊘ (√ŝ + ε).

    Parameters
    ----------
    theta, grad : array_like of one shape
    state : dict
        ``{}`` before the first step.
    lr, beta1, beta2, eps : float

    Returns
    -------
    theta : ndarray
    state : dict

    References
    ----------
    Dozat (2016), Algorithm 8 with a constant μ.
    """
    theta, g, state = remember(theta, grad, state)
    t = len(g)
    ahead = beta1 * bias_corrected(average(g, beta1), beta1, t + 1)
    now = (1 - beta1) * bias_corrected(g[-1], beta1, t)
    s_hat = bias_corrected(average(g**2, beta2), beta2, t)
    return theta - lr * (ahead + now) / (np.sqrt(s_hat) + eps), state


def adamax_step(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8) -> tuple[np.ndarray, State]:
    """Adam with a maximum for the average square: u = maxᵢ β₂ᵗ⁻ⁱ |gᵢ|,  θ ← θ − η/(1 − β₁ᵗ) · m ⊘ (u + ε).

    Parameters
    ----------
    theta, grad : array_like of one shape
    state : dict
        ``{}`` before the first step.
    lr, beta1, beta2, eps : float

    Returns
    -------
    theta : ndarray
    state : dict

    References
    ----------
    Kingma and Ba (2015), Algorithm 2, with an ε so that a gradient of zero is no division by zero.
    """
    theta, g, state = remember(theta, grad, state)
    t = len(g)
    ages = np.arange(t - 1, -1, -1).reshape(t, *[1] * (g.ndim - 1))
    u = np.max(float(beta2) ** ages * np.abs(g), axis=0)
    return theta - lr * bias_corrected(average(g, beta1), beta1, t) / (u + eps), state
