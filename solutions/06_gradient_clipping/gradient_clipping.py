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
# # Lecture 6 · Gradient clipping
#
# ## §1 a
#
# ## §2 a
#
# ## §3 a
#
# ## §4 a
#
# ## §5 a

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% nbgrader={"grade": false, "grade_id": "repeated_product_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def repeated_product_norms(W, g, steps):
    """Send a gradient back through the same matrix many times, and measure it: equation (2).

    Parameters
    ----------
    W : array of shape (n, n)
        The matrix of one forward step, h_t = W h_(t−1). Integers are legal, here and in g.
    g : array of shape (n,)
        The gradient at the last step.
    steps : int
        How many steps back, 0 or more.

    Returns
    -------
    list or array of steps + 1 numbers
        The Euclidean norms of g, Wᵀg, WᵀWᵀg and so on, g's own norm first. They may be far larger
        than the largest integer: 10³⁰ is no error.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    g = np.asarray(g, dtype=float)
    norms = [np.linalg.norm(g)]
    for _ in range(steps):
        g = W.T @ g
        norms.append(np.linalg.norm(g))
    return norms
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_repeated_product_norms", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(repeated_product_norms)
### BEGIN HIDDEN TESTS
from autograder import score
score(repeated_product_norms)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "clip_by_value", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_value(grad, limit):
    """Bring every entry of a gradient into [−limit, limit]: equation (5).

    Parameters
    ----------
    grad : array of any shape
        Finite numbers; a 0-dimensional and an empty array are legal, and so are integers.
    limit : number
        The largest absolute value that is allowed, above 0.

    Returns
    -------
    array with the shape of grad
        limit where an entry is above limit, −limit where it is below −limit, and the entry itself
        everywhere else. Integers with a limit such as 0.5 give fractions.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    return np.clip(grad, -limit, limit)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_clip_by_value", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(clip_by_value)
### BEGIN HIDDEN TESTS
from autograder import score
score(clip_by_value)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "cosine_similarity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cosine_similarity(a, b):
    """Return the cosine of the angle between two arrays, each read as one long vector: equation (6).

    Parameters
    ----------
    a, b : arrays of the same shape
        Of any number of axes. Integers are legal.

    Returns
    -------
    number
        a·b/(‖a‖‖b‖), between −1 and 1, and 0.0 where a or b is zero in all entries. Nothing is
        added to the denominator: for other vectors the answer is right however short they are.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    if norms == 0:
        return 0.0
    return np.sum(a * b) / norms
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_cosine_similarity", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(cosine_similarity)
### BEGIN HIDDEN TESTS
from autograder import score
score(cosine_similarity)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "clip_by_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_norm(grad, max_norm):
    """Shorten a gradient that is longer than max_norm, and keep its direction: equation (7).

    Parameters
    ----------
    grad : array of any shape
        Finite numbers; a 0-dimensional and an empty array are legal, and so are integers.
    max_norm : number
        The threshold v, above 0.

    Returns
    -------
    array with the shape of grad
        With ‖grad‖ the root of the sum of the squares of *all* entries, whatever the shape:
        grad as it is where ‖grad‖ is at most max_norm (a gradient of zeros stays zero), and
        grad·max_norm/‖grad‖ where it is larger. Nothing is added to the denominator: the norm of
        what was clipped is max_norm, also where both are tiny.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    norm = np.linalg.norm(grad)
    if norm <= max_norm:
        return grad
    return grad * (max_norm / norm)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_clip_by_norm", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(clip_by_norm)
### BEGIN HIDDEN TESTS
from autograder import score
score(clip_by_norm)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "clip_by_global_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_global_norm(grads, max_norm):
    """Shorten the gradient of all parameters together, and keep its direction: equations (8), (9).

    Parameters
    ----------
    grads : list of arrays
        The gradients of all parameters, at least one. Each has a shape of its own; 0-dimensional
        and empty arrays are legal, and so are integers. All numbers are finite.
    max_norm : number
        The threshold v, above 0.

    Returns
    -------
    clipped : list of arrays
        In the order of grads, and of the same shapes. Where norm is at most max_norm, they are as
        they were; where it is larger, all are multiplied by the same factor max_norm/norm.
    norm : number
        The norm *before* clipping: the root of the sum of the squares of all entries of all
        arrays. It is 0.0 where all are zero.

    Return the pair (clipped, norm). The list and its arrays are not changed.
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(np.square(grad, dtype=float)) for grad in grads))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [factor * grad for grad in grads], norm
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_clip_by_global_norm", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(clip_by_global_norm)
### BEGIN HIDDEN TESTS
from autograder import score
score(clip_by_global_norm)
### END HIDDEN TESTS
