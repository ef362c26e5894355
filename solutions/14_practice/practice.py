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
# # Lecture 14 · Practice
#
# **TODO: a question that this lecture answers?** TODO: what one can do at its end.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `quantize` | TODO |
# | §2 | `dequantize` | TODO |
# | §3 | `prune` | TODO |
# | §4 | `sparsity` | TODO |
# | §5 | `wide_and_deep_forward` | TODO |
# | §6 | `wide_and_deep_backward` | TODO |
# | §7 | `combined_loss` | TODO |
# | §8 | `capstone` | TODO |
#
# Conventions: NumPy only; a batch has its examples first; a function never changes its arguments. TODO: others.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from coursekit import plots

# %% [markdown]
# ## §1 TODO: quantize
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{1}$$
#
# ### Exercise 1 · quantize
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (1).
#
# | array | shape | |
# |---|---|---|
# | `x` | any | TODO |
# | the answer | that of `x` | $y$ |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = (1, 3)$ and $s = 4$, $y = (4, 36)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "quantize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def quantize(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (1).

    Parameters
    ----------
    x : array
        Integers are legal.
    scale : float
        s.

    Returns
    -------
    array of the shape of x

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return scale * x**2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_quantize", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(quantize)
### BEGIN HIDDEN TESTS
from autograder import score
score(quantize)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.
#
# **Change this.** TODO: a number to change in the cell below, and a question: what will happen?

# %% tags=["demo"]
if ready(quantize):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, quantize(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert quantize(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §2 TODO: dequantize
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{2}$$
#
# ### Exercise 2 · dequantize
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (2).
#
# | array | shape | |
# |---|---|---|
# | `x` | any | TODO |
# | the answer | that of `x` | $y$ |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = (1, 3)$ and $s = 4$, $y = (4, 36)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "dequantize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dequantize(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (2).

    Parameters
    ----------
    x : array
        Integers are legal.
    scale : float
        s.

    Returns
    -------
    array of the shape of x

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return scale * x**2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dequantize", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(dequantize)
### BEGIN HIDDEN TESTS
from autograder import score
score(dequantize)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(dequantize):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, dequantize(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert dequantize(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §3 TODO: prune
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{3}$$
#
# ### Exercise 3 · prune
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (3).
#
# | array | shape | |
# |---|---|---|
# | `x` | any | TODO |
# | the answer | that of `x` | $y$ |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = (1, 3)$ and $s = 4$, $y = (4, 36)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "prune", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prune(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (3).

    Parameters
    ----------
    x : array
        Integers are legal.
    scale : float
        s.

    Returns
    -------
    array of the shape of x

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return scale * x**2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_prune", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(prune)
### BEGIN HIDDEN TESTS
from autograder import score
score(prune)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(prune):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, prune(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert prune(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §4 TODO: sparsity
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{4}$$
#
# ### Exercise 4 · sparsity
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (4).
#
# | array | shape | |
# |---|---|---|
# | `x` | any | TODO |
# | the answer | that of `x` | $y$ |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = (1, 3)$ and $s = 4$, $y = (4, 36)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "sparsity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sparsity(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (4).

    Parameters
    ----------
    x : array
        Integers are legal.
    scale : float
        s.

    Returns
    -------
    array of the shape of x

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return scale * x**2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sparsity", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sparsity)
### BEGIN HIDDEN TESTS
from autograder import score
score(sparsity)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(sparsity):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, sparsity(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert sparsity(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §5 TODO: wide_and_deep_forward
#
# TODO: why one wants it, and the equation:
#
# $$y_{nd} = w_d \cdot x_{nd} \tag{5}$$
#
# ### Exercise 5 · wide_and_deep_forward
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (5).
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, D)` | TODO |
# | `w` | `(D,)` | TODO |
# | `out` | `(N, D)` | $y$ |
# | `cache` | anything | what *your* backward pass will want to know |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$ and $w = (5, -6)$, $y = \begin{pmatrix} 5 & -12 \\ 15 & -24 \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "wide_and_deep_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wide_and_deep_forward(x, w):
    """TODO: Multiply each column of x by its weight: equation (5).

    Parameters
    ----------
    x : array of shape (N, D)
        A batch. Integers are legal.
    w : array of shape (D,)
        The weights.

    Returns
    -------
    out : array of shape (N, D)
    cache
        Whatever your wide_and_deep_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return w * x, (w, x)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_wide_and_deep_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(wide_and_deep_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(wide_and_deep_forward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(wide_and_deep_forward):
    numbers = np.linspace(-1, 1, 41)[:, None]
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, wide_and_deep_forward(numbers, np.array([2.0]))[0])
    plots.show(fig, alt="TODO: A straight line through zero.")
    assert wide_and_deep_forward(numbers, np.array([2.0]))[0].max() == 2, "the line is twice as steep"  # TODO

# %% [markdown]
# ## §6 TODO: wide_and_deep_backward
#
# TODO: why one wants it, and the equation:
#
# $$\frac{\partial L}{\partial x_{nd}} = w_d \frac{\partial L}{\partial y_{nd}} \qquad
# \frac{\partial L}{\partial w_d} = \sum_n x_{nd} \frac{\partial L}{\partial y_{nd}} \tag{6}$$
#
# ### Exercise 6 · wide_and_deep_backward
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (6).
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, D)` | the upstream gradient |
# | `dx`, `dw` | those of `x` and `w` | the gradients |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With x and w from exercise 5 and an upstream gradient of $\begin{pmatrix} 1 & 2 \\ 0 & 1 \end{pmatrix}$,
# the gradient of x is $\begin{pmatrix} 5 & -12 \\ 0 & -6 \end{pmatrix}$, and that of w is $(1, 8)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "wide_and_deep_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wide_and_deep_backward(dout, cache):
    """TODO: Return the gradients of x and w: equation (6).

    Parameters
    ----------
    dout : array of shape (N, D)
        The upstream gradient.
    cache
        From your wide_and_deep_forward.

    Returns
    -------
    dx : array of shape (N, D)
    dw : array of shape (D,)
        Summed over the batch.

    The upstream gradient is not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    w, x = cache
    return dout * w, np.sum(dout * x, axis=0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_wide_and_deep_backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(wide_and_deep_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(wide_and_deep_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(wide_and_deep_forward, wide_and_deep_backward):
    numbers = np.linspace(-1, 1, 41)[:, None]
    out, cache = wide_and_deep_forward(numbers, np.array([2.0]))
    dx, dw = wide_and_deep_backward(out, cache)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, dx)
    plots.show(fig, alt="TODO: A straight line through zero.")
    assert np.allclose(dx, 4 * numbers), "the gradient is four times the input"  # TODO

# %% [markdown]
# ## §7 TODO: combined_loss
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{7}$$
#
# ### Exercise 7 · combined_loss
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (7).
#
# | array | shape | |
# |---|---|---|
# | `x` | any | TODO |
# | the answer | that of `x` | $y$ |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = (1, 3)$ and $s = 4$, $y = (4, 36)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "combined_loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def combined_loss(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (7).

    Parameters
    ----------
    x : array
        Integers are legal.
    scale : float
        s.

    Returns
    -------
    array of the shape of x

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return scale * x**2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_combined_loss", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(combined_loss)
### BEGIN HIDDEN TESTS
from autograder import score
score(combined_loss)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(combined_loss):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, combined_loss(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert combined_loss(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §8 TODO: capstone
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{8}$$
#
# ### Exercise 8 · capstone
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (8).
#
# | array | shape | |
# |---|---|---|
# | `x` | any | TODO |
# | the answer | that of `x` | $y$ |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With $x = (1, 3)$ and $s = 4$, $y = (4, 36)$.
#
# <details><summary>Hint 1</summary>
#
# TODO: a question that leads to the idea.
# </details>
# <details><summary>Hint 2</summary>
#
# TODO: a function of NumPy's that helps.
# </details>

# %% nbgrader={"grade": false, "grade_id": "capstone", "locked": false, "schema_version": 3, "solution": true, "task": false}
def capstone(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (8).

    Parameters
    ----------
    x : array
        Integers are legal.
    scale : float
        s.

    Returns
    -------
    array of the shape of x

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return scale * x**2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_capstone", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(capstone)
### BEGIN HIDDEN TESTS
from autograder import score
score(capstone)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(capstone):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/practice.py
    ax.plot(numbers, capstone(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert capstone(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ### In your own words

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_practice", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# TODO: a question about the idea, not about the code?
#
# === BEGIN SOLUTION ===
# TODO: the model answer that the graders compare with.
# === END SOLUTION ===

# %% tags=["demo"]
check_all()
