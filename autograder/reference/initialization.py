"""Reference of lecture 03: fans, the initialisers of Glorot, He and LeCun, and what they do to signals and gradients.

Sources
-------
Y. LeCun, L. Bottou, G. Orr, K.-R. Müller: Efficient BackProp, 1998, section 4.6.
X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.
K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers, ICCV 2015, section 2.2.
A. Géron: Hands-On Machine Learning, 2nd edition, Equation 11-1 and Table 11-1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Count the connections into one output value and out of one input value.

    dense: (in, out);   convolution: (C·KH·KW, F·KH·KW)

    Parameters
    ----------
    shape : (fan_in, fan_out) or (F, C, KH, KW)
        Of a dense layer's weights or of a stack of kernels.

    Returns
    -------
    tuple of int
        ``(fan_in, fan_out)``.

    Notes
    -----
    He et al. 2015, section 2.2: a response is computed from k²c inputs, an input takes part in k²d responses.
    """
    if len(shape) == 2:
        n_in, n_out = shape
        return int(n_in), int(n_out)
    F, C, KH, KW = shape
    connections = F * C * KH * KW  # at one position of the window
    return connections // F, connections // C


def glorot_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Draw W ~ N(0, σ²) with σ² = 1/fan_avg (Géron's Equation 11-1; Glorot & Bengio 2010, equation 12).

    Parameters
    ----------
    fan_in, fan_out : int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (fan_in, fan_out)
    """
    fan_avg = (fan_in + fan_out) / 2
    return rng.standard_normal((fan_in, fan_out)) * (1 / fan_avg) ** 0.5


def glorot_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Draw W ~ U(−r, r) with r = √(3/fan_avg) (Géron's Equation 11-1; Glorot & Bengio 2010, equation 16).

    Parameters
    ----------
    fan_in, fan_out : int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (fan_in, fan_out)
    """
    fan_avg = (fan_in + fan_out) / 2
    r = (3 / fan_avg) ** 0.5
    return (2 * rng.random((fan_in, fan_out)) - 1) * r


def he_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Draw W ~ N(0, σ²) with σ² = 2/fan_in (He et al. 2015, equation 10).

    Parameters
    ----------
    fan_in, fan_out : int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (fan_in, fan_out)
    """
    return rng.standard_normal((fan_in, fan_out)) * (2 / fan_in) ** 0.5


def lecun_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """Draw W ~ N(0, σ²) with σ² = 1/fan_in (LeCun et al. 1998, equation 16).

    Parameters
    ----------
    fan_in, fan_out : int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (fan_in, fan_out)
    """
    return rng.standard_normal((fan_in, fan_out)) * (1 / fan_in) ** 0.5


def init_std(activation: str, fan_in: int, fan_out: int) -> float:
    """Look up σ in Géron's Table 11-1.

    ========  =====================================  ========
    scheme    activations                            σ²
    ========  =====================================  ========
    Glorot    linear (None), tanh, logistic, softmax  1/fan_avg
    He        relu, leaky_relu, elu                  2/fan_in
    LeCun     selu                                   1/fan_in
    ========  =====================================  ========

    Parameters
    ----------
    activation : str
        One of the eight names above.
    fan_in, fan_out : int

    Returns
    -------
    float
        The standard deviation σ.

    Raises
    ------
    ValueError
        If the name is none of the eight.
    """
    if activation in ("linear", "tanh", "logistic", "softmax"):
        variance = 1 / ((fan_in + fan_out) / 2)
    elif activation in ("relu", "leaky_relu", "elu"):
        variance = 2 / fan_in
    elif activation == "selu":
        variance = 1 / fan_in
    else:
        raise ValueError(f"unknown activation {activation!r}")
    return variance**0.5


def f(z: np.ndarray, activation: str) -> np.ndarray:
    """Return f(z), by other formulas than the lecture's: no exponential of a positive number."""
    if activation == "tanh":
        return np.tanh(z)
    if activation == "relu":
        return (z + np.abs(z)) / 2
    if activation == "logistic":
        return (1 + np.tanh(z / 2)) / 2
    raise ValueError(f"unknown activation {activation!r}")


def f_prime(z: np.ndarray, activation: str) -> np.ndarray:
    """Return f′(z), from z itself: sech² z, the step, sech²(z/2)/4."""
    with np.errstate(over="ignore"):  # cosh may overflow to infinity, whose inverse is the right 0
        if activation == "tanh":
            return (1 / np.cosh(z)) ** 2
        if activation == "relu":
            return np.heaviside(z, 0.0)
        if activation == "logistic":
            return (0.5 / np.cosh(z / 2)) ** 2
    raise ValueError(f"unknown activation {activation!r}")


def activation_statistics(X: np.ndarray, weights: Sequence[np.ndarray], activation: str) -> list[tuple[float, float]]:
    """Measure the signal behind every layer: h₀ = X, h_l = f(h_{l−1} W_l).

    Parameters
    ----------
    X : array, shape (N, D_0)
    weights : list of arrays, shapes (D_0, D_1), (D_1, D_2), …
    activation : {"tanh", "relu", "logistic"}

    Returns
    -------
    list of (float, float)
        Mean and standard deviation (biased) over all N·D_l entries of h_l, for l = 1, 2, …
    """
    h, statistics = np.asarray(X, dtype=float), []
    for W in weights:
        h = f(np.einsum("ni,io->no", h, np.asarray(W, dtype=float)), activation)
        mean = float(h.sum() / h.size)
        statistics.append((mean, float(np.sum((h - mean) ** 2) / h.size) ** 0.5))
    return statistics


def gradient_norms(X: np.ndarray, weights: Sequence[np.ndarray], dout: np.ndarray, activation: str) -> list[float]:
    """Measure how much gradient arrives at every layer's weights.

    With z_l = h_{l−1} W_l and h_l = f(z_l), the slide's δ is ∂L/∂z:

    δ_L = dout ∘ f′(z_L);   δ_l = (δ_{l+1} W_{l+1}ᵀ) ∘ f′(z_l);   ∂L/∂W_l = h_{l−1}ᵀ δ_l

    Parameters
    ----------
    X : array, shape (N, D_0)
    weights : list of arrays, shapes (D_0, D_1), (D_1, D_2), …
    dout : array, shape (N, D_L)
        ∂L/∂h_L.
    activation : {"tanh", "relu", "logistic"}

    Returns
    -------
    list of float
        ‖∂L/∂W_l‖_F for l = 1, 2, …

    Notes
    -----
    The gradient is a sum over examples of outer products, so its norm needs no matrix of the weights' shape:
    ‖Σ_n h_n δ_nᵀ‖² = Σ_{n,m} (h_n·h_m)(δ_n·δ_m).
    """
    weights = [np.asarray(W, dtype=float) for W in weights]
    h, z = [np.asarray(X, dtype=float)], []
    for W in weights:
        z.append(np.einsum("ni,io->no", h[-1], W))
        h.append(f(z[-1], activation))

    norms: list[float] = []
    dh = np.asarray(dout, dtype=float)
    for layer in reversed(range(len(weights))):
        delta = dh * f_prime(z[layer], activation)
        squared = np.sum((h[layer] @ h[layer].T) * (delta @ delta.T))
        norms.insert(0, float(max(squared, 0.0)) ** 0.5)
        dh = np.einsum("no,io->ni", delta, weights[layer])
    return norms
