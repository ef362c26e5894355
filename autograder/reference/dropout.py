"""Reference of lecture 11: dropout, vanilla and inverted, Monte Carlo dropout, DropConnect, stochastic depth, fractional pooling regions.

Sources
-------
G. Hinton, N. Srivastava, A. Krizhevsky, I. Sutskever, R. Salakhutdinov: Improving neural networks by preventing co-adaptation of feature
detectors, 2012.
N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov: Dropout, JMLR 15, 2014, sections 4 and 10.
Y. Gal, Z. Ghahramani: Dropout as a Bayesian approximation, ICML 2016, section 4.
L. Wan, M. Zeiler, S. Zhang, Y. LeCun, R. Fergus: Regularization of neural networks using DropConnect, ICML 2013, section 3.
G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger: Deep networks with stochastic depth, ECCV 2016, section 3.
B. Graham: Fractional max-pooling, 2014, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def bernoulli(p: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw r ~ Bernoulli(p) in every place, as 0.0 and 1.0: where a uniform number lies below p.

    Parameters
    ----------
    p : float
        The probability of a 1.
    shape : tuple of int
    rng : numpy.random.Generator

    Returns
    -------
    array, shape `shape`
    """
    return np.floor(p + rng.random(shape))


def dropout_forward(x: np.ndarray, rate: float, rng: np.random.Generator, training: bool = True) -> tuple[np.ndarray, Any]:  # not secret
    """Invert dropout: y = x ∘ m/(1 − rate) with m ~ Bernoulli(1 − rate) in training, y = x after it (Srivastava et al. 2014, section 10).

    Parameters
    ----------
    x : array, any shape
    rate : float
        The probability of dropping.
    rng : numpy.random.Generator
    training : bool

    Returns
    -------
    out : array, shape of x
    cache : array or float
        dy/dx.
    """
    x = np.asarray(x, dtype=float)
    slope = bernoulli(1 - rate, x.shape, rng) / (1 - rate) if training else 1.0
    return x * slope, slope


def dropout_backward(dout: np.ndarray, cache: Any) -> np.ndarray:
    """Pull back through the mask that the forward pass drew: dx = dout ∘ m/(1 − rate).

    Parameters
    ----------
    dout : array
    cache : array or float
        Of dropout_forward.

    Returns
    -------
    array, shape of dout
    """
    return np.asarray(dout, dtype=float) * cache


def vanilla_dropout_train(x: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Drop and leave the rest as it is: y = x ∘ m with m ~ Bernoulli(1 − rate) (Srivastava et al. 2014, section 4).

    Parameters
    ----------
    x : array, any shape
    rate : float
        The probability of dropping.
    rng : numpy.random.Generator

    Returns
    -------
    array, shape of x
    """
    return bernoulli(1 - rate, np.shape(x), rng) * x


def vanilla_dropout_predict(x: np.ndarray, rate: float) -> np.ndarray:
    """Scale by the probability of being kept, E[x ∘ m] = (1 − rate)·x (Srivastava et al. 2014, section 4).

    Parameters
    ----------
    x : array, any shape
    rate : float
        The probability of dropping.

    Returns
    -------
    array, shape of x
    """
    return np.asarray(x, dtype=float) * (1 - rate)


def mc_dropout(
    predict: Callable[[np.ndarray, np.random.Generator], np.ndarray], x: np.ndarray, n_samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:  # not secret
    """Average T stochastic passes and measure their spread (Gal and Ghahramani 2016, equation 6 and section 4).

    mean = Σ_t p_t / T;   std = √(Σ_t (p_t − mean)² / T)

    Parameters
    ----------
    predict : callable
        ``predict(x, rng) -> probabilities``, another sample at every call.
    x : array
    n_samples : int
        T.
    rng : numpy.random.Generator

    Returns
    -------
    mean, std : arrays, shape of the probabilities
    """
    samples = np.array([predict(x, rng) for _ in range(n_samples)], dtype=float)
    mean = samples.sum(axis=0) / n_samples
    return mean, np.sqrt(np.sum((samples - mean) ** 2, axis=0) / n_samples)


def dropconnect_forward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray, rate: float, rng: np.random.Generator, training: bool = True
) -> tuple[np.ndarray, Any]:  # not secret
    """Drop weights instead of units: y = x (M ∘ W)/(1 − rate) + b with M ~ Bernoulli(1 − rate), one M for the batch.

    Parameters
    ----------
    x : array, shape (N, D)
    W : array, shape (D, H)
    b : array, shape (H,)
    rate : float
        The probability of dropping a weight.
    rng : numpy.random.Generator
    training : bool

    Returns
    -------
    out : array, shape (N, H)
    cache : tuple
        x, the weights that were used, and what they were multiplied by.

    Notes
    -----
    Wan et al. 2013, section 3, draw a mask for every example and approximate the average at test time by a normal distribution; here the
    batch shares one, and the scaling is that of inverted dropout.
    """
    x, W = np.asarray(x, dtype=float), np.asarray(W, dtype=float)
    slope = bernoulli(1 - rate, W.shape, rng) / (1 - rate) if training else np.ones(W.shape)
    return np.einsum("nd,dh->nh", x, W * slope) + b, (x, W * slope, slope)


def stochastic_depth(x: np.ndarray, fx: np.ndarray, survival: float, rng: np.random.Generator, training: bool = True) -> np.ndarray:
    """Skip a residual branch at random: x + s·f(x), s ~ Bernoulli(survival) in training; x + survival·f(x) after it.

    Parameters
    ----------
    x, fx : arrays, shape (N, …)
    survival : float
        The probability that the branch of an example survives.
    rng : numpy.random.Generator
    training : bool

    Returns
    -------
    array, shape of x

    Notes
    -----
    Huang et al. 2016, equations 2 and 5. They draw once for a batch; here each example draws for itself.
    """
    x, fx = np.asarray(x, dtype=float), np.asarray(fx, dtype=float)
    s = bernoulli(survival, (len(x), *[1] * (x.ndim - 1)), rng) if training else survival
    return x + s * fx


def fractional_pool_regions(n_in: int, n_out: int, rng: np.random.Generator) -> np.ndarray:
    """Cut n_in pixels into n_out regions of 1 or 2 pixels, in an order drawn at random (Graham 2014, section 2, "random").

    With a ones and b twos, a + b = n_out and a + 2b = n_in, so b = n_in − n_out.

    Parameters
    ----------
    n_in, n_out : int
    rng : numpy.random.Generator

    Returns
    -------
    array of int, shape (n_out + 1,)
        The boundaries 0 = c_0 < c_1 < … = n_in.

    Raises
    ------
    ValueError
        Unless n_out ≤ n_in ≤ 2·n_out.
    """
    twos = n_in - n_out
    if not 0 <= twos <= n_out:
        raise ValueError(f"{n_in} can't be cut into {n_out} pieces of 1 or 2")
    steps = 1 + (np.argsort(rng.random(n_out)) < twos)
    return np.append(0, np.cumsum(steps))
