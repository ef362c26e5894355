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
# # Lecture 4 · Activations
#
# **TODO: a question that this lecture answers?** TODO: what one can do at its end.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `sigmoid` | TODO |
# | §2 | `sigmoid_grad` | TODO |
# | §3 | `relu` | TODO |
# | §4 | `relu_grad` | TODO |
# | §5 | `leaky_relu` | TODO |
# | §6 | `leaky_relu_grad` | TODO |
# | §7 | `rrelu` | TODO |
# | §8 | `prelu_forward` | TODO |
# | §9 | `prelu_backward` | TODO |
# | §10 | `elu` | TODO |
# | §11 | `elu_grad` | TODO |
# | §12 | `selu` | TODO |
# | §13 | `maxout_forward` | TODO |
# | §14 | `maxout_backward` | TODO |
# | §15 | `dead_units` | TODO |
#
# Conventions: NumPy only; a batch has its examples first; a function never changes its arguments. TODO: others.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from coursekit import plots

# %% [markdown]
# ## §1 TODO: sigmoid
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{1}$$
#
# ### Exercise 1 · sigmoid
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

# %% nbgrader={"grade": false, "grade_id": "sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid(x, scale=2.0):
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

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sigmoid)
### BEGIN HIDDEN TESTS
from autograder import score
score(sigmoid)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.
#
# **Change this.** TODO: a number to change in the cell below, and a question: what will happen?

# %% tags=["demo"]
if ready(sigmoid):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, sigmoid(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert sigmoid(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §2 TODO: sigmoid_grad
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{2}$$
#
# ### Exercise 2 · sigmoid_grad
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

# %% nbgrader={"grade": false, "grade_id": "sigmoid_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid_grad(x, scale=2.0):
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

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sigmoid_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(sigmoid_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(sigmoid_grad):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, sigmoid_grad(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert sigmoid_grad(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §3 TODO: relu
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{3}$$
#
# ### Exercise 3 · relu
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

# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu(x, scale=2.0):
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

# %% nbgrader={"grade": true, "grade_id": "test_relu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(relu)
### BEGIN HIDDEN TESTS
from autograder import score
score(relu)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(relu):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, relu(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert relu(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §4 TODO: relu_grad
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{4}$$
#
# ### Exercise 4 · relu_grad
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

# %% nbgrader={"grade": false, "grade_id": "relu_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_grad(x, scale=2.0):
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

# %% nbgrader={"grade": true, "grade_id": "test_relu_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(relu_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(relu_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(relu_grad):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, relu_grad(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert relu_grad(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §5 TODO: leaky_relu
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{5}$$
#
# ### Exercise 5 · leaky_relu
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (5).
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

# %% nbgrader={"grade": false, "grade_id": "leaky_relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (5).

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

# %% nbgrader={"grade": true, "grade_id": "test_leaky_relu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(leaky_relu)
### BEGIN HIDDEN TESTS
from autograder import score
score(leaky_relu)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(leaky_relu):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, leaky_relu(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert leaky_relu(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §6 TODO: leaky_relu_grad
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{6}$$
#
# ### Exercise 6 · leaky_relu_grad
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (6).
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

# %% nbgrader={"grade": false, "grade_id": "leaky_relu_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu_grad(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (6).

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

# %% nbgrader={"grade": true, "grade_id": "test_leaky_relu_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(leaky_relu_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(leaky_relu_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(leaky_relu_grad):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, leaky_relu_grad(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert leaky_relu_grad(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §7 TODO: rrelu
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{7}$$
#
# ### Exercise 7 · rrelu
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

# %% nbgrader={"grade": false, "grade_id": "rrelu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rrelu(x, scale=2.0):
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

# %% nbgrader={"grade": true, "grade_id": "test_rrelu", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(rrelu)
### BEGIN HIDDEN TESTS
from autograder import score
score(rrelu)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(rrelu):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, rrelu(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert rrelu(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §8 TODO: prelu_forward
#
# TODO: why one wants it, and the equation:
#
# $$y_{nd} = w_d \cdot x_{nd} \tag{8}$$
#
# ### Exercise 8 · prelu_forward
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (8).
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

# %% nbgrader={"grade": false, "grade_id": "prelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_forward(x, w):
    """TODO: Multiply each column of x by its weight: equation (8).

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
        Whatever your prelu_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return w * x, (w, x)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_prelu_forward", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(prelu_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(prelu_forward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(prelu_forward):
    numbers = np.linspace(-1, 1, 41)[:, None]
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, prelu_forward(numbers, np.array([2.0]))[0])
    plots.show(fig, alt="TODO: A straight line through zero.")
    assert prelu_forward(numbers, np.array([2.0]))[0].max() == 2, "the line is twice as steep"  # TODO

# %% [markdown]
# ## §9 TODO: prelu_backward
#
# TODO: why one wants it, and the equation:
#
# $$\frac{\partial L}{\partial x_{nd}} = w_d \frac{\partial L}{\partial y_{nd}} \qquad
# \frac{\partial L}{\partial w_d} = \sum_n x_{nd} \frac{\partial L}{\partial y_{nd}} \tag{9}$$
#
# ### Exercise 9 · prelu_backward
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (9).
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, D)` | the upstream gradient |
# | `dx`, `dw` | those of `x` and `w` | the gradients |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With x and w from exercise 8 and an upstream gradient of $\begin{pmatrix} 1 & 2 \\ 0 & 1 \end{pmatrix}$,
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

# %% nbgrader={"grade": false, "grade_id": "prelu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_backward(dout, cache):
    """TODO: Return the gradients of x and w: equation (9).

    Parameters
    ----------
    dout : array of shape (N, D)
        The upstream gradient.
    cache
        From your prelu_forward.

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

# %% nbgrader={"grade": true, "grade_id": "test_prelu_backward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(prelu_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(prelu_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(prelu_forward, prelu_backward):
    numbers = np.linspace(-1, 1, 41)[:, None]
    out, cache = prelu_forward(numbers, np.array([2.0]))
    dx, dw = prelu_backward(out, cache)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, dx)
    plots.show(fig, alt="TODO: A straight line through zero.")
    assert np.allclose(dx, 4 * numbers), "the gradient is four times the input"  # TODO

# %% [markdown]
# ## §10 TODO: elu
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{10}$$
#
# ### Exercise 10 · elu
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (10).
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

# %% nbgrader={"grade": false, "grade_id": "elu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elu(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (10).

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

# %% nbgrader={"grade": true, "grade_id": "test_elu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(elu)
### BEGIN HIDDEN TESTS
from autograder import score
score(elu)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(elu):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, elu(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert elu(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §11 TODO: elu_grad
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{11}$$
#
# ### Exercise 11 · elu_grad
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (11).
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

# %% nbgrader={"grade": false, "grade_id": "elu_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elu_grad(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (11).

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

# %% nbgrader={"grade": true, "grade_id": "test_elu_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(elu_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(elu_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(elu_grad):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, elu_grad(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert elu_grad(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §12 TODO: selu
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{12}$$
#
# ### Exercise 12 · selu
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (12).
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

# %% nbgrader={"grade": false, "grade_id": "selu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def selu(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (12).

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

# %% nbgrader={"grade": true, "grade_id": "test_selu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(selu)
### BEGIN HIDDEN TESTS
from autograder import score
score(selu)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(selu):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, selu(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert selu(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ## §13 TODO: maxout_forward
#
# TODO: why one wants it, and the equation:
#
# $$y_{nd} = w_d \cdot x_{nd} \tag{13}$$
#
# ### Exercise 13 · maxout_forward
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (13).
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

# %% nbgrader={"grade": false, "grade_id": "maxout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_forward(x, w):
    """TODO: Multiply each column of x by its weight: equation (13).

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
        Whatever your maxout_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    # TODO
    return w * x, (w, x)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_maxout_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(maxout_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(maxout_forward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(maxout_forward):
    numbers = np.linspace(-1, 1, 41)[:, None]
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, maxout_forward(numbers, np.array([2.0]))[0])
    plots.show(fig, alt="TODO: A straight line through zero.")
    assert maxout_forward(numbers, np.array([2.0]))[0].max() == 2, "the line is twice as steep"  # TODO

# %% [markdown]
# ## §14 TODO: maxout_backward
#
# TODO: why one wants it, and the equation:
#
# $$\frac{\partial L}{\partial x_{nd}} = w_d \frac{\partial L}{\partial y_{nd}} \qquad
# \frac{\partial L}{\partial w_d} = \sum_n x_{nd} \frac{\partial L}{\partial y_{nd}} \tag{14}$$
#
# ### Exercise 14 · maxout_backward
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (14).
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, D)` | the upstream gradient |
# | `dx`, `dw` | those of `x` and `w` | the gradients |
#
# **By hand.** TODO: an example so small that one can follow it, in which the usual mistakes give other numbers.
# With x and w from exercise 13 and an upstream gradient of $\begin{pmatrix} 1 & 2 \\ 0 & 1 \end{pmatrix}$,
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

# %% nbgrader={"grade": false, "grade_id": "maxout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_backward(dout, cache):
    """TODO: Return the gradients of x and w: equation (14).

    Parameters
    ----------
    dout : array of shape (N, D)
        The upstream gradient.
    cache
        From your maxout_forward.

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

# %% nbgrader={"grade": true, "grade_id": "test_maxout_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(maxout_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(maxout_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(maxout_forward, maxout_backward):
    numbers = np.linspace(-1, 1, 41)[:, None]
    out, cache = maxout_forward(numbers, np.array([2.0]))
    dx, dw = maxout_backward(out, cache)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, dx)
    plots.show(fig, alt="TODO: A straight line through zero.")
    assert np.allclose(dx, 4 * numbers), "the gradient is four times the input"  # TODO

# %% [markdown]
# ## §15 TODO: dead_units
#
# TODO: why one wants it, and the equation:
#
# $$y = s \cdot x^2 \tag{15}$$
#
# ### Exercise 15 · dead_units
# *About 15 minutes · difficulty ●○○* (TODO)
#
# Write equation (15).
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

# %% nbgrader={"grade": false, "grade_id": "dead_units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dead_units(x, scale=2.0):
    """TODO: Multiply the squares of x by a number: equation (15).

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

# %% nbgrader={"grade": true, "grade_id": "test_dead_units", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(dead_units)
### BEGIN HIDDEN TESTS
from autograder import score
score(dead_units)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** TODO: what the figure shows, and what to look for.

# %% tags=["demo"]
if ready(dead_units):
    numbers = np.linspace(-1, 1, 41)
    fig, ax = plots.figure()  # TODO: drawing that is longer goes into coursekit/figures/activations.py
    ax.plot(numbers, dead_units(numbers))
    plots.show(fig, alt="TODO: A parabola whose lowest point is at zero.")
    assert dead_units(numbers).min() >= 0, "no square is negative"  # TODO: what the figure shows, asserted on numbers

# %% [markdown]
# ### In your own words

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_activations", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# TODO: a question about the idea, not about the code?
#
# === BEGIN SOLUTION ===
# TODO: the model answer that the graders compare with.
# === END SOLUTION ===

# %% tags=["demo"]
check_all()
