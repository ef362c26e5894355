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
# # Lecture 7 · Momentum
#
# To be written.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# ## §1 sgd_step

# %% nbgrader={"grade": false, "grade_id": "sgd_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sgd_step(theta, grad, lr):
    """Take one step of gradient descent: equation (1).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any, () included
        The parameters and the gradient. Integers are legal, here and below.
    lr : float
        The learning rate η.

    Returns
    -------
    float64 array of the same shape
        θ − η·∇, as a new array; theta and grad are not changed.
    """
    ### BEGIN SOLUTION
    return theta - lr * grad
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sgd_step", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sgd_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(sgd_step)
### END HIDDEN TESTS

# %% [markdown]
# ## §2 condition_number

# %% nbgrader={"grade": false, "grade_id": "condition_number", "locked": false, "schema_version": 3, "solution": true, "task": false}
def condition_number(H):
    """Compute the condition number of a square matrix: equation (4).

    Parameters
    ----------
    H : array, shape (n, n), n ≥ 1
        Any square matrix: it need not be symmetric, its eigenvalues need not be positive.
        Integers are legal.

    Returns
    -------
    float
        The largest singular value over the smallest one. It is np.inf where H is singular, also
        if only rounding hides it: where smallest ≤ largest · n · np.finfo(float).eps.
    """
    ### BEGIN SOLUTION
    singular_values = np.linalg.svd(H, compute_uv=False)  # the largest first
    largest, smallest = singular_values[0], singular_values[-1]
    if smallest <= largest * len(H) * np.finfo(float).eps:
        return np.inf
    return float(largest / smallest)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_condition_number", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(condition_number)
### BEGIN HIDDEN TESTS
from autograder import score
score(condition_number)
### END HIDDEN TESTS

# %% [markdown]
# ## §3 critical_point

# %% nbgrader={"grade": false, "grade_id": "critical_point", "locked": false, "schema_version": 3, "solution": true, "task": false}
def critical_point(H, tol=1e-8):
    """Name a point where the gradient is zero by the eigenvalues of its Hessian.

    Parameters
    ----------
    H : array, shape (n, n), n ≥ 1
        The Hessian, which is symmetric. Integers are legal.
    tol : float
        An eigenvalue λ with |λ| ≤ tol counts as zero, all others as positive or negative.

    Returns
    -------
    str
        "saddle" if one eigenvalue is positive and another one negative, whatever else there is;
        otherwise "degenerate" if an eigenvalue is zero;
        otherwise "minimum" if all are positive, "maximum" if all are negative.
    """
    ### BEGIN SOLUTION
    eigenvalues = np.linalg.eigvalsh(H)
    up, down = np.any(eigenvalues > tol), np.any(eigenvalues < -tol)
    if up and down:
        return "saddle"
    if np.any(np.abs(eigenvalues) <= tol):
        return "degenerate"
    return "minimum" if up else "maximum"
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_critical_point", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(critical_point)
### BEGIN HIDDEN TESTS
from autograder import score
score(critical_point)
### END HIDDEN TESTS

# %% [markdown]
# ## §4 momentum_step

# %% nbgrader={"grade": false, "grade_id": "momentum_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def momentum_step(theta, grad, state, lr, beta=0.9):
    """Take one step of gradient descent with momentum: equations (5) and (6).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any, () included
        The parameters and the gradient. Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step, so it belongs inside m.
    beta : float
        β, from 0 to 1; the same at every step.

    Returns
    -------
    theta : float64 array of the same shape
        θ + m, with m ← β·m − η·∇, which begins at zero.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    m = beta * state.get("m", 0.0) - lr * grad
    return theta + m, {"m": m}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_momentum_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(momentum_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(momentum_step)
### END HIDDEN TESTS

# %% [markdown]
# ## §5 nesterov_step

# %% nbgrader={"grade": false, "grade_id": "nesterov_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nesterov_step(theta, grad_fn, state, lr, beta=0.9):
    """Take one step with Nesterov momentum: equations (7) and (6).

    Parameters
    ----------
    theta : array of any shape, () included
        The parameters θ. Integers are legal.
    grad_fn : callable
        grad_fn(place) returns the gradient at an array of theta's shape, as an array of that
        shape, which may be integers. Call it exactly once a step, at θ + β·m with the old m.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step, so it belongs inside m.
    beta : float
        β, from 0 to 1; the same at every step.

    Returns
    -------
    theta : float64 array of the same shape
        θ + m, with m ← β·m − η·∇(θ + β·m), where m begins at zero.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    m = state.get("m", 0.0)
    m = beta * m - lr * grad_fn(theta + beta * m)
    return theta + m, {"m": m}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_nesterov_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(nesterov_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(nesterov_step)
### END HIDDEN TESTS

# %% [markdown]
# ## §6 nesterov_step_shifted

# %% nbgrader={"grade": false, "grade_id": "nesterov_step_shifted", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nesterov_step_shifted(theta, grad, state, lr, beta=0.9):
    """Take one step of Nesterov momentum from one point ahead to the next: (8) and (9).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any, () included
        The point ahead, called θ + β·m in nesterov_step, and the gradient at just this point.
        Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step, so it belongs inside m.
    beta : float
        β, from 0 to 1; the same at every step.

    Returns
    -------
    theta : float64 array of the same shape
        The next point ahead: theta + m_new + β·(m_new − m), with m_new = β·m − η·∇, where m
        begins at zero.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    old = state.get("m", 0.0)
    m = beta * old - lr * grad
    return theta + m + beta * (m - old), {"m": m}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_nesterov_step_shifted", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(nesterov_step_shifted)
### BEGIN HIDDEN TESTS
from autograder import score
score(nesterov_step_shifted)
### END HIDDEN TESTS

# %% [markdown]
# ## §7 newton_step

# %% nbgrader={"grade": false, "grade_id": "newton_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def newton_step(theta, grad, H):
    """Take one step of Newton's method: equation (10).

    Parameters
    ----------
    theta, grad : arrays, shape (n,), n ≥ 1
        The parameters and the gradient. Integers are legal.
    H : array, shape (n, n)
        The Hessian: symmetric and not singular. It may have negative eigenvalues.

    Returns
    -------
    float64 array, shape (n,)
        θ − H⁻¹·∇, as a new array, with all digits that H allows: solve for the step rather than
        invert H. Nothing is added to H. The arguments are not changed.
    """
    ### BEGIN SOLUTION
    return theta - np.linalg.solve(H, grad)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_newton_step", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(newton_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(newton_step)
### END HIDDEN TESTS

