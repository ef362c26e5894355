# ---
# jupyter:
#   grading:
#     limits:
#       call_cpu_seconds: 60
#       call_seconds: 240
#       cpu_seconds: 400
#       total_seconds: 900
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% nbgrader={"grade": false, "grade_id": "wide_and_deep_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wide_and_deep_forward(params, x_wide, x_deep):
    """Compute a net with two inputs: equations (1) and (2).

    Parameters
    ----------
    params : dict of arrays
        "W1" (D, H) and "b1" (H,), the hidden layer; "W2" (H + V, K) and "b2" (K,), the output.
    x_wide : array, shape (N, V)
        Goes straight to the output.
    x_deep : array, shape (N, D)
        Goes through the hidden layer. Integers are legal in all arrays.

    Returns
    -------
    out : array, shape (N, K)
        [hidden, x_wide]·W2 + b2 with hidden = relu(x_deep·W1 + b1): the hidden units come first.
        The output is linear.
    cache
        What your backward pass needs; nobody else looks inside.

    Neither params nor the inputs are changed.
    """
    ### BEGIN SOLUTION
    hidden = np.maximum(x_deep @ params["W1"] + params["b1"], 0)
    features = np.hstack([hidden, x_wide])
    return features @ params["W2"] + params["b2"], (features, x_deep, params)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_wide_and_deep_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(wide_and_deep_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(wide_and_deep_forward)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "wide_and_deep_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wide_and_deep_backward(dout, cache):
    """Compute the gradients of the loss for all parameters: equations (3) to (5).

    Parameters
    ----------
    dout : array, shape (N, K)
        ∂L/∂out, for all outputs together. If the loss is a mean over the batch, its 1/N is in dout.
    cache
        What your wide_and_deep_forward returned.

    Returns
    -------
    dict of arrays
        The gradients under the keys of params, "W1", "b1", "W2" and "b2", and no others; each has
        the shape of its parameter. Where a hidden unit's weighted sum is exactly 0, both 0 and 1
        are right for the ReLU's derivative.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    features, x_deep, params = cache
    units = len(params["b1"])
    through = dout @ params["W2"][:units].T * (features[:, :units] > 0)
    return {"W1": x_deep.T @ through, "b1": through.sum(axis=0), "W2": features.T @ dout, "b2": dout.sum(axis=0)}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_wide_and_deep_backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(wide_and_deep_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(wide_and_deep_backward)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "combined_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def combined_loss(losses, weights):
    """Add the losses of several outputs, each with its weight: equation (6).

    Parameters
    ----------
    losses : list of K numbers, K ≥ 1
        One loss for each output.
    weights : list of K numbers, none of them negative
        They need not sum to 1, and may be 0. Integers are legal, here and above.

    Returns
    -------
    float
        The weighted sum. The lists are not changed.
    """
    ### BEGIN SOLUTION
    return float(np.dot(losses, weights))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_combined_loss", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(combined_loss)
### BEGIN HIDDEN TESTS
from autograder import score
score(combined_loss)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "quantize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def quantize(W, bits=8):
    """Replace weights by integers: equations (7) to (9).

    Parameters
    ----------
    W : array of real numbers, of any shape, () and empty ones included
        Integers of any type are legal.
    bits : int, from 1 to 16

    Returns
    -------
    q : array of integers, the shape of W
        The codes, from 0 to 2**bits − 1, in any dtype of integers that holds them.
    scale : float
        (max W − min W)/(2**bits − 1). Only the range of W counts, so 0 may lie outside of it.
    zero_point : int
        The code of 0. It may be negative, or larger than 2**bits − 1.

    (q − zero_point)·scale is W up to half a step, that is scale/2, and rounding.
    Where all entries of W are alike, it is exactly W, for a scale that you choose.
    Of an empty W, q is empty, and scale and zero_point are any finite numbers.
    W is not changed.
    """
    ### BEGIN SOLUTION
    W, largest = np.asarray(W, dtype=float), 2**bits - 1
    low, high = (W.min(), W.max()) if W.size else (0.0, 0.0)
    if low == high:
        scale, zero_point = abs(low) or 1.0, int(low < 0)
    else:
        scale = (high - low) / largest
        zero_point = -int(np.round(low / scale))
    q = np.clip(np.round(W / scale) + zero_point, 0, largest)
    return q.astype(np.uint8 if bits <= 8 else np.uint16), float(scale), zero_point
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quantize", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(quantize)
### BEGIN HIDDEN TESTS
from autograder import score
score(quantize)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "dequantize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dequantize(q, scale, zero_point):
    """Turn integers back into weights: equation (7).

    Parameters
    ----------
    q : array of integers, of any shape and any type of integers, such as np.uint8
        The codes.
    scale : float
        How far apart neighbouring codes are.
    zero_point : int
        The code of 0; it may be negative, or larger than any code.

    Returns
    -------
    array of floats, the shape of q
        (q − zero_point)·scale. q is not changed.
    """
    ### BEGIN SOLUTION
    return (q.astype(float) - zero_point) * scale
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dequantize", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(dequantize)
### BEGIN HIDDEN TESTS
from autograder import score
score(dequantize)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "prune", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prune(W, threshold):
    """Set small weights to zero.

    Parameters
    ----------
    W : array, of any shape, () and empty ones included
        Weights. Integers are legal.
    threshold : float, at least 0

    Returns
    -------
    array of real numbers, the shape of W
        A new array: 0 where |w| < threshold, elsewhere w, also where |w| is exactly threshold.
        W is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(np.abs(W) < threshold, 0.0, W)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_prune", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(prune)
### BEGIN HIDDEN TESTS
from autograder import score
score(prune)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "sparsity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sparsity(weights):
    """Compute the fraction of zeros among all entries of some arrays.

    Parameters
    ----------
    weights : list of arrays, of any shapes, empty ones included
        Integers are legal.

    Returns
    -------
    float
        The number of entries that are exactly 0, over the number of all entries. It is 0.0 where
        there are no entries at all. The arrays are not changed.
    """
    ### BEGIN SOLUTION
    entries = sum(W.size for W in weights)
    return sum(float(np.sum(W == 0)) for W in weights) / max(entries, 1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sparsity", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sparsity)
### BEGIN HIDDEN TESTS
from autograder import score
score(sparsity)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "capstone", "locked": false, "schema_version": 3, "solution": true, "task": false}
def capstone(X_train, y_train, rng):
    """Learn to read digits, by any method.

    Parameters
    ----------
    X_train : array, shape (N, 64), 200 ≤ N ≤ 1200
        Images of 8×8 pixels, each pixel standardized over the training set, as data.digits() has
        them.
    y_train : array of int, shape (N,)
        Classes, from 0 to 9. Which digit has which number is the caller's choice: learn it.
    rng : Generator
        Draw all random numbers from it, so that the same state gives the same classifier.

    Returns
    -------
    callable
        predict(X) -> labels, for X of shape (M, 64), M ≥ 1: an array of shape (M,) of whole
        numbers. An image's label doesn't depend on the other images in X; X is not changed.

    Neither X_train nor y_train is changed. A call takes at most 60 seconds of processor time.
    """
    ### BEGIN SOLUTION
    units, classes, batch, epochs = 100, int(y_train.max()) + 1, 32, 30
    p = [rng.normal(0, np.sqrt(2 / 64), (64, units)), np.zeros(units), rng.normal(0, np.sqrt(2 / units), (units, classes)), np.zeros(classes)]
    velocity, steps = [0.0] * 4, epochs * (len(X_train) // batch)
    for t in range(steps):
        chosen = rng.choice(len(X_train), batch, replace=False)
        x, hidden = X_train[chosen], np.maximum(X_train[chosen] @ p[0] + p[1], 0)
        z = hidden @ p[2] + p[3]
        dz = np.exp(z - z.max(axis=1, keepdims=True))
        dz /= dz.sum(axis=1, keepdims=True)
        dz[np.arange(batch), y_train[chosen]] -= 1
        dz /= batch
        dhidden = dz @ p[2].T * (hidden > 0)
        grads = x.T @ dhidden + 1e-3 * p[0], dhidden.sum(axis=0), hidden.T @ dz + 1e-3 * p[2], dz.sum(axis=0)
        velocity = [0.9 * v - 0.1 * (1 - t / steps) * g for v, g in zip(velocity, grads, strict=True)]
        p = [theta + v for theta, v in zip(p, velocity, strict=True)]
    return lambda X: np.argmax(np.maximum(X @ p[0] + p[1], 0) @ p[2] + p[3], axis=1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_capstone", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(capstone)
### BEGIN HIDDEN TESTS
from autograder import score
score(capstone)
### END HIDDEN TESTS


# %% [markdown]
# ## §2 a
# ## §3 a
# ## §4 a
# ## §8 a
