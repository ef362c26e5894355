"""Reference of lecture 1: threshold unit, logistic neuron, softmax and cross-entropy, dense layers, backpropagation, minibatches.

Where the notebook multiplies matrices, this module goes through the examples; where it sends gradients back through a network, this module
carries the Jacobian of the logits down, one matrix for each example.

Sources
-------
W. McCulloch, W. Pitts: A logical calculus of the ideas immanent in nervous activity, 1943.
F. Rosenblatt: The perceptron, Psychological Review 65, 1958.
D. Rumelhart, G. Hinton, R. Williams: Learning representations by back-propagating errors, Nature 323, 1986.
I. Goodfellow, Y. Bengio, A. Courville: Deep learning, MIT Press 2016, chapters 6 and 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def floats(*arrays: object) -> list[np.ndarray]:
    """Return fresh float64 copies."""
    return [np.array(array, dtype=float) for array in arrays]


def threshold_unit(X, w, b) -> np.ndarray:
    """Fire where the weighted sum reaches the threshold: ŷ = step(w·x + b), step(0) = 1 (McCulloch and Pitts 1943).

    Parameters
    ----------
    X : array, shape (N, D)
    w : array, shape (D,)
    b : float

    Returns
    -------
    array of 0.0 and 1.0, shape (N,)
    """
    X, w = floats(X, w)
    return np.heaviside(np.array([sum(x * w) + b for x in X]), 1.0)


def logistic_neuron_step(w, b, X, y, lr) -> tuple[np.ndarray, float]:
    """Take a step of gradient descent on the mean cross-entropy of p = σ(w·x + b): θ ← θ − η/N·Σᵢ (pᵢ − yᵢ)·(xᵢ, 1).

    σ is written with tanh, and the bias is the weight of an input that is always 1.

    Parameters
    ----------
    w : array, shape (D,)
    b : float
    X : array, shape (N, D)
    y : array of 0 and 1, shape (N,)
    lr : float

    Returns
    -------
    w : array, shape (D,)
    b : float
    """
    w, X, y = floats(w, X, y)
    theta, inputs = np.append(w, float(b)), np.column_stack([X, np.ones(len(X))])
    p = (1 + np.tanh(inputs @ theta / 2)) / 2
    theta = theta - lr * np.mean([(p[i] - y[i]) * inputs[i] for i in range(len(y))], axis=0)
    return theta[:-1], float(theta[-1])


def softmax(z) -> np.ndarray:
    """Turn logits into probabilities: p_k = 1/Σ_j exp(z_j − z_k), which never overflows to NaN (Goodfellow et al., equation 6.29).

    Parameters
    ----------
    z : array, shape (N, K)

    Returns
    -------
    array, shape (N, K)
    """
    (z,) = floats(z)
    with np.errstate(over="ignore"):
        return 1 / np.sum(np.exp(z[:, None, :] - z[:, :, None]), axis=2)


def cross_entropy(p, y) -> float:
    """Return the mean of −log p[y], the negative log-likelihood of an example (Goodfellow et al., equation 6.12).

    Parameters
    ----------
    p : array, shape (N, K)
    y : array of int, shape (N,)

    Returns
    -------
    float
    """
    return float(-np.mean([np.log(float(p[i][label])) for i, label in enumerate(y)]))


def softmax_cross_entropy(z, y) -> tuple[float, np.ndarray]:
    """Return the mean of log Σ_j exp(z_j − z_y), and its gradient, an example's share of which is p − e_y (Goodfellow et al., 6.2.2.3).

    Parameters
    ----------
    z : array, shape (N, K)
    y : array of int, shape (N,)

    Returns
    -------
    loss : float
    dz : array, shape (N, K)
    """
    (z,) = floats(z)
    of_label = np.equal.outer(np.asarray(y), np.arange(z.shape[1]))
    losses = np.logaddexp.reduce(z - np.sum(np.where(of_label, z, 0.0), axis=1, keepdims=True), axis=1)
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    return float(np.mean(losses)), (np.exp(log_p) - of_label) / len(z)


def dense_forward(x, W, b) -> tuple[np.ndarray, Any]:
    """Compute out_nh = Σ_d x_nd W_dh + b_h.

    Parameters
    ----------
    x : array, shape (N, D)
    W : array, shape (D, H)
    b : array, shape (H,)

    Returns
    -------
    out : array, shape (N, H)
    cache : tuple
        (x, W).
    """
    x, W, b = floats(x, W, b)
    return np.array([np.sum(row[:, None] * W, axis=0) + b for row in x]), (x, W)


def dense_backward(dout, cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up over all paths: dx_nd = Σ_h dout_nh W_dh, dW_dh = Σ_n x_nd dout_nh, db_h = Σ_n dout_nh.

    Parameters
    ----------
    dout : array, shape (N, H)
    cache : tuple
        From `dense_forward`.

    Returns
    -------
    dx, dW, db : arrays of shapes (N, D), (D, H), (H,)
    """
    (dout,), (x, W) = floats(dout), cache
    return np.einsum("nh,dh->nd", dout, W), np.einsum("nd,nh->dh", x, dout), np.einsum("nh->h", dout)


def numerical_gradient(f: Callable[[np.ndarray], float], x, h: float = 1e-5) -> np.ndarray:
    """Return (f(x + h·e_i) − f(x − h·e_i))/(2h) for every entry i: the error is of order h².

    Parameters
    ----------
    f : callable
        f(x) -> float.
    x : array
    h : float

    Returns
    -------
    array, shape of x
    """
    (x,) = floats(x)
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([f(x + h * e) / (2 * h) - f(x - h * e) / (2 * h) for e in directions]).reshape(x.shape)


def mlp_gradients(params, X, y) -> tuple[float, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the loss of a multi-layer perceptron, and its gradients by the Jacobians of the logits (Rumelhart et al. 1986).

    For one example, J_l = ∂logits/∂(output of layer l) satisfies J_l = J_{l+1}·W_{l+1}ᵀ·diag(step(z_l)).

    Parameters
    ----------
    params : list of (W, b)
    X : array, shape (N, D)
    y : array of int, shape (N,)

    Returns
    -------
    loss : float
    grads : list of (dW, db)
    """
    weights, biases = floats(*[W for W, _ in params]), floats(*[b for _, b in params])
    inputs, (a,) = [], floats(X)
    for layer, W in enumerate(weights):
        inputs.append(a)
        z = a @ W + biases[layer]
        a = np.clip(z, 0, None)
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    of_label = np.eye(z.shape[1])[np.asarray(y, dtype=int)]
    loss, pulled = float(-np.sum(log_p * of_label) / len(z)), (np.exp(log_p) - of_label) / len(z)
    jacobian = np.broadcast_to(np.eye(z.shape[1]), (len(z), z.shape[1], z.shape[1]))  # of the logits, for each example
    grads = []
    for layer in reversed(range(len(weights))):
        at_outputs = np.einsum("nk,nkh->nh", pulled, jacobian)
        grads.append((np.einsum("nd,nh->dh", inputs[layer], at_outputs), np.einsum("nh->h", at_outputs)))
        if layer:
            jacobian = np.einsum("nkh,dh,nd->nkd", jacobian, weights[layer], np.sign(inputs[layer]))
    return loss, grads[::-1]


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Deal out the indices 0 to n − 1 in random order; the last batch has what is left (Goodfellow et al., section 8.1.3).

    Parameters
    ----------
    n : int
    batch_size : int
    rng : numpy.random.Generator

    Returns
    -------
    list of arrays of int
    """
    order = np.argsort(rng.random(n))
    return np.split(order, range(batch_size, n, batch_size)) if n else []
