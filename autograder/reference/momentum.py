"""Reference of lecture 7: gradient descent, momentum, both forms of Nesterov's, Newton's step, and what a Hessian says about them.

Where the notebook carries the velocity from step to step, this module keeps all gradients that it has seen, each times its learning rate,
and writes the velocity as the weighted sum that it is: m = −Σᵢ βᵗ⁻ⁱ ηᵢ gᵢ.

Sources
-------
B. Polyak: Some methods of speeding up the convergence of iteration methods, 1964.
I. Sutskever, J. Martens, G. Dahl and G. Hinton: On the importance of initialization and momentum in deep learning, ICML 2013, section 2.
A. Géron: Hands-on machine learning with Scikit-Learn, Keras and TensorFlow, 2019, Equations 11-4 and 11-5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

State = dict[str, Any]


def velocity(slopes: list[np.ndarray], beta: float) -> np.ndarray | float:
    """Return m after gradients that are given times their learning rates, the newest last; 0 before the first."""
    return -sum((beta**age * slope for age, slope in enumerate(reversed(slopes))), start=0.0)


def sgd_step(theta, grad, lr) -> np.ndarray:
    """Go against the gradient: θ ← θ − η∇.

    Parameters
    ----------
    theta, grad : array_like of one shape
    lr : float

    Returns
    -------
    ndarray
    """
    return np.add(theta, np.multiply(-float(lr), grad))


def condition_number(H) -> float:
    """Return σ_max/σ_min, from the symmetric matrix [[0, H], [Hᵀ, 0]], whose eigenvalues are ±σ.

    Parameters
    ----------
    H : array_like, shape (n, n)

    Returns
    -------
    float
        Infinite where σ_min ≤ σ_max·n·2⁻⁵².
    """
    H = np.asarray(H, dtype=float)
    n = len(H)
    none = np.zeros_like(H)
    singular = np.linalg.eigvalsh(np.block([[none, H], [H.T, none]]))[n:]
    smallest, largest = singular[0], singular[-1]
    return float(largest / smallest) if smallest > largest * n * np.finfo(float).eps else np.inf


def critical_point(H, tol=1e-8) -> str:
    """Name a critical point by its Hessian's eigenvalues, from the QR algorithm for matrices of any kind (LAPACK's geev).

    Parameters
    ----------
    H : array_like, shape (n, n)
        Symmetric.
    tol : float

    Returns
    -------
    {"minimum", "maximum", "saddle", "degenerate"}
    """
    eigenvalues = np.linalg.eigvals(np.asarray(H, dtype=float)).real
    up, down = int(np.sum(eigenvalues > tol)), int(np.sum(eigenvalues < -tol))
    if up and down:
        return "saddle"
    return {(len(H), 0): "minimum", (0, len(H)): "maximum"}.get((up, down), "degenerate")


def momentum_step(theta, grad, state, lr, beta=0.9) -> tuple[np.ndarray, State]:
    """Move by the velocity: m ← βm − η∇, θ ← θ + m (Géron 2019, Equation 11-4).

    Parameters
    ----------
    theta, grad : array_like of one shape
    state : dict
        ``{}`` before the first step.
    lr, beta : float

    Returns
    -------
    theta : ndarray
    state : dict
    """
    slopes = [*state.get("slopes", ()), lr * np.array(grad, dtype=float)]
    return np.add(theta, velocity(slopes, beta)), {"slopes": slopes}


def nesterov_step(theta, grad_fn: Callable[[np.ndarray], np.ndarray], state, lr, beta=0.9) -> tuple[np.ndarray, State]:
    """Move by a velocity whose gradient is measured ahead: m ← βm − η∇(θ + βm), θ ← θ + m (Géron 2019, Equation 11-5).

    Parameters
    ----------
    theta : array_like
    grad_fn : callable
        Called once.
    state : dict
        ``{}`` before the first step.
    lr, beta : float

    Returns
    -------
    theta : ndarray
    state : dict
    """
    ahead = np.add(theta, beta * velocity(state.get("slopes", []), beta))
    return momentum_step(theta, grad_fn(ahead), state, lr, beta)


def nesterov_step_shifted(theta, grad, state, lr, beta=0.9) -> tuple[np.ndarray, State]:
    """Take Nesterov's step from the point ahead to the next point ahead: go back to θ, step there, and look ahead again.

    Parameters
    ----------
    theta, grad : array_like of one shape
        The point ahead, θ + βm, and the gradient there.
    state : dict
        ``{}`` before the first step.
    lr, beta : float

    Returns
    -------
    theta : ndarray
        The new point ahead.
    state : dict
    """
    behind = np.subtract(theta, beta * velocity(state.get("slopes", []), beta))
    behind, state = momentum_step(behind, grad, state, lr, beta)
    return behind + beta * velocity(state["slopes"], beta), state


def newton_step(theta, grad, H) -> np.ndarray:
    """Go to the critical point of the quadratic model: θ ← θ − H⁻¹∇, by least squares.

    Parameters
    ----------
    theta, grad : array_like, shape (n,)
    H : array_like, shape (n, n)

    Returns
    -------
    ndarray, shape (n,)
    """
    step, *_ = np.linalg.lstsq(np.asarray(H, dtype=float), np.asarray(grad, dtype=float), rcond=None)
    return np.subtract(theta, step)
