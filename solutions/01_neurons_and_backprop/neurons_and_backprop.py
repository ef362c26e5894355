# ---
# jupyter:
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

# %% [markdown]
# # Lecture 1
#
# ## §1 a
#
# ## §2 b
#
# ## §3 c
#
# ## §4 d
#
# ## §5 e
#
# ## §6 f
#
# ## §7 g
#
# ## §8 h

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% nbgrader={"grade": false, "grade_id": "threshold_unit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def threshold_unit(X, w, b):
    """Tell for every example whether a linear threshold unit fires: equation (1).

    Parameters
    ----------
    X : array of shape (N, D)
        A batch of N examples with D inputs. Integers are legal, here and in w.
    w : array of shape (D,)
        The weights.
    b : number
        The bias, which is added.

    Returns
    -------
    float64 array of shape (N,)
        1.0 where w·x + b is positive or exactly 0, and 0.0 where it is negative.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    z = X @ w + b
    return np.where(z >= 0, 1.0, 0.0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_threshold_unit", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(threshold_unit)
### BEGIN HIDDEN TESTS
from autograder import score
score(threshold_unit)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "logistic_neuron_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def logistic_neuron_step(w, b, X, y, lr):
    """Take one step of gradient descent with a logistic neuron: equation (5).

    Parameters
    ----------
    w : array of shape (D,)
        The weights. Integers are legal, here and in X and y.
    b : number
        The bias.
    X : array of shape (N, D)
        A batch.
    y : array of shape (N,)
        The labels, 0 or 1.
    lr : float
        The learning rate η.

    Returns
    -------
    w : float64 array of shape (D,)
        The weights after the step, a new array.
    b : number
        The bias after the step.

    The loss is the mean cross-entropy over the batch, and both gradients are taken at the old w
    and b. w·x + b may be as large as ±1000: the answer is finite. The arguments are not changed.
    """
    ### BEGIN SOLUTION
    z = X @ w + b
    p = np.where(z >= 0, 1.0, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z)))
    error = (p - y) / len(y)
    return w - lr * (error @ X), b - lr * np.sum(error)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_logistic_neuron_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(logistic_neuron_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(logistic_neuron_step)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """Turn the logits of each example into probabilities: equation (7).

    Parameters
    ----------
    z : array of shape (N, K)
        The logits of N examples for K classes, K ≥ 1. Integers are legal. All numbers from −10⁴ to
        10⁴ are legal in any row, and there is no overflow.

    Returns
    -------
    float64 array of shape (N, K)
        Each row is positive or zero, and sums to 1.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_softmax", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(softmax)
### BEGIN HIDDEN TESTS
from autograder import score
score(softmax)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_entropy(p, y):
    """Return the mean cross-entropy of predicted probabilities: equation (8).

    Parameters
    ----------
    p : array of shape (N, K)
        The probabilities of K classes, one row for each example. Those of other classes than the
        label's may be exactly 0.
    y : array of int, shape (N,)
        The labels, from 0 to K − 1.

    Returns
    -------
    float
        The mean over the examples of −log p[y], with the natural logarithm. Nothing is added to p,
        and nothing is cut off: the label's probability may be as small as 1e-300.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    of_label = p[np.arange(len(y)), y]
    return -np.mean(np.log(of_label))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_cross_entropy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(cross_entropy)
### BEGIN HIDDEN TESTS
from autograder import score
score(cross_entropy)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "softmax_cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax_cross_entropy(z, y):
    """Return the mean cross-entropy of softmax(z), and its gradient: equations (9) and (10).

    Parameters
    ----------
    z : array of shape (N, K)
        Logits, from −10⁴ to 10⁴. Integers are legal.
    y : array of int, shape (N,)
        The labels, from 0 to K − 1.

    Returns
    -------
    loss : float
        The mean over the examples. It is finite for all these logits, and exact where softmax(z)
        rounds to 0: nothing is added to the probabilities, and nothing is cut off.
    dz : float64 array of shape (N, K)
        The gradient of that mean with respect to z.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = z - np.max(z, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    dz = np.exp(log_p)
    dz[rows, y] -= 1
    return -np.mean(log_p[rows, y]), dz / len(y)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_softmax_cross_entropy", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(softmax_cross_entropy)
### BEGIN HIDDEN TESTS
from autograder import score
score(softmax_cross_entropy)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "dense_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dense_forward(x, W, b):
    """Compute the weighted sums of a layer of units for a batch: equation (11). No activation.

    Parameters
    ----------
    x : array of shape (N, D)
        A batch. Integers are legal, here and in W and b.
    W : array of shape (D, H)
        The weights; column h holds those of unit h.
    b : array of shape (H,)
        The biases.

    Returns
    -------
    out : float64 array of shape (N, H)
        x W + b
    cache
        Whatever your dense_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    return x @ W + b, (x, W)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dense_forward", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(dense_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dense_forward)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "dense_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dense_backward(dout, cache):
    """Send a gradient back through a dense layer: equation (12).

    Parameters
    ----------
    dout : array of shape (N, H)
        The upstream gradient, ∂L/∂out. Where L is a mean over the batch, the 1/N is in it already.
    cache
        What your dense_forward returned. There, integers are legal.

    Returns
    -------
    dx : float64 array of shape (N, D)
    dW : float64 array of shape (D, H)
    db : float64 array of shape (H,)
        The gradients of L with respect to x, W and b, in this order.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    x, W = cache
    return dout @ W.T, x.T @ dout, np.sum(dout, axis=0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dense_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(dense_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dense_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "numerical_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient(f, x, h=1e-5):
    """Estimate the gradient of a function by central differences: equation (14).

    Parameters
    ----------
    f : callable
        f(x) takes an array of the shape of x and returns a number. It may be slow: two calls for
        each entry of x are enough.
    x : array of any shape
        Where the gradient is wanted. Integers are legal.
    h : float
        How far an entry is moved, up and down.

    Returns
    -------
    float64 array of the shape of x
        For each entry of x the slope of f along it, the other entries being as they were.

    You may move entries of x in place and move them back. After the call x is exactly as it was,
    also where f raises an exception, which is passed on to the caller.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(np.shape(x))
    for index in np.ndindex(gradient.shape):
        up, down = np.array(x, dtype=float), np.array(x, dtype=float)
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_numerical_gradient", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(numerical_gradient)
### BEGIN HIDDEN TESTS
from autograder import score
score(numerical_gradient)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "mlp_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mlp_gradients(params, X, y):
    """Return the loss of a multi-layer perceptron on a batch, and its gradients.

    Parameters
    ----------
    params : list of (W, b)
        One pair for each dense layer, from the input to the output, at least one. W has shape
        (fan_in, fan_out), and b has shape (fan_out,). Integers are legal, here and in X.
    X : array of shape (N, D)
        A batch.
    y : array of int, shape (N,)
        The labels.

    Returns
    -------
    loss : float
        The mean cross-entropy. After each layer but the last there is a ReLU, max(0, z); the last
        layer gives the logits of a softmax.
    grads : list of (dW, db)
        The gradients of the loss, in the order and with the shapes of params.

    At z = 0 the slope of the ReLU may be anything from 0 to 1. The arguments are not changed.
    """
    ### BEGIN SOLUTION
    a, caches, masks = X, [], []
    for W, b in params:
        z, cache = dense_forward(a, W, b)
        a = np.maximum(z, 0)
        caches.append(cache)
        masks.append(z > 0)
    loss, dz = softmax_cross_entropy(z, y)
    grads = []
    for layer in range(len(params) - 1, -1, -1):
        da, dW, db = dense_backward(dz, caches[layer])
        grads.insert(0, (dW, db))
        dz = da * masks[layer - 1] if layer else None
    return loss, grads
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_mlp_gradients", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(mlp_gradients)
### BEGIN HIDDEN TESTS
from autograder import score
score(mlp_gradients)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "minibatches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def minibatches(n, batch_size, rng):
    """Deal out the examples of a training set to minibatches, for one epoch.

    Parameters
    ----------
    n : int
        The number of examples, at least 1.
    batch_size : int
        How many examples a batch has, at least 1. It may be larger than n.
    rng : numpy.random.Generator
        Where all random numbers come from.

    Returns
    -------
    list of arrays of int, each of shape (size,)
        The indices of the examples in each batch. Every index from 0 to n − 1 is in exactly one
        batch, and all n! orders are equally likely. All batches have batch_size indices but the
        last, which has what is left. No batch is empty.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_minibatches", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(minibatches)
### BEGIN HIDDEN TESTS
from autograder import score
score(minibatches)
### END HIDDEN TESTS
