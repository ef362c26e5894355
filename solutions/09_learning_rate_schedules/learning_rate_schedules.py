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
# # Lecture 9 · Learning-rate schedules
#
# **Which learning rate is best?** Suppose you could try them all. A small one ends at a good place, and you wait for it. A large one runs
# ahead, and then trembles around the minimum without ever getting in. Whichever you choose, you would have liked the other one at another
# time. So the best answer is not a number but a *function of time*.
#
# You write the eight functions that are in use, run them all on one task, find a good rate within a single epoch, and look at what is
# left of a famous claim.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `step_decay` | divide now and then |
# | §3 | `exponential_decay`, `exponential_schedule` | fall by the same factor all the time |
# | §4 | `inverse_time_decay`, `power_schedule` | fall fast at first, slowly later |
# | §5 | `piecewise_constant` | write the rates down by hand |
# | §6 | `plateau_step` | let the validation loss decide |
# | §9 | `one_cycle` | go up first, then down |
# | §11 | a question to answer in words | to tell a schedule's effect from a rate's |
#
# Conventions: NumPy only. $\eta$ is the learning rate and $\eta_0$ the first one, `lr0` in code. A schedule is a plain function of time. It
# returns **one number**, the rate at that time. It remembers nothing from call to call and changes no argument. Time counts from 0, in
# epochs or in steps, as the caller likes; `t` may be fractional, such as 2.5 epochs. **Any argument may be an integer**: a rate of
# `1` is as good as one of `1.0`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# ## §1 High and then low
#
# TODO §1

# %% [markdown]
# ## §2 Divide now and then
#
# The oldest schedule is what people did by hand: they watched the loss, and when it had stopped falling they divided the rate. *Step decay*
# does that by the calendar. After every $E$ epochs (`every`) the rate is multiplied by a factor $d$ (`drop`), such as 0.5:
#
# $$\eta(e) = \eta_0 \cdot d^{\,\lfloor e / E \rfloor} \tag{1}$$
#
# $\lfloor x \rfloor$ is $x$ rounded *down* to a whole number: how many times $E$ epochs are already over. Epochs count from 0, so the first
# $E$ epochs are $0, 1, \dots, E - 1$, and epoch $E$ is the first one with a smaller rate.

# %% [markdown]
# ### Exercise 1 · step_decay
# *About 5 minutes · difficulty ●○○*
#
# Write equation (1).
#
# | argument | | |
# |---|---|---|
# | `lr0` | number | $\eta_0$ |
# | `epoch` | whole number, from 0 | $e$ |
# | `drop` | number | $d$, what the rate is *multiplied* by |
# | `every` | whole number | $E$ |
# | answer | number | $\eta(e)$ |
#
# **By hand.** Let $\eta_0 = 0.8$, $d = 0.25$, $E = 4$. Epochs 0 to 3 have the rate 0.8, epochs 4 to 7 the rate 0.2, and epochs 8 to 11 the
# rate 0.05.
#
# <details><summary>Hint 1</summary>
#
# How many drops has epoch 3 seen? Epoch 4? Epoch 11?
# </details>
# <details><summary>Hint 2</summary>
#
# Python's `//` divides and rounds down.
# </details>

# %% nbgrader={"grade": false, "grade_id": "step_decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def step_decay(lr0, epoch, drop=0.5, every=10):
    """Multiply the learning rate by a factor after every so many epochs: equation (1).

    Parameters
    ----------
    lr0 : float
        η0 > 0, the rate of the first epochs.
    epoch : int
        From 0 on.
    drop : float
        The factor, in (0, 1), that the rate is multiplied by.
    every : int
        After how many epochs it is multiplied again, at least 1: at epoch `every` for the first
        time, then at 2·every, and so on.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        lr0 · drop^⌊epoch/every⌋, a single number.
    """
    ### BEGIN SOLUTION
    return lr0 * drop ** (epoch // every)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_step_decay", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(step_decay)
### BEGIN HIDDEN TESTS
from autograder import score
score(step_decay)
### END HIDDEN TESTS

# %% [markdown]
# ## §3 The same factor all the time
#
# A staircase of equal factors can be made smooth: instead of one half every ten epochs, a little all the time. That is an exponential,
#
# $$\eta(t) = \eta_0\, e^{-kt} \tag{2}$$
#
# where $k$ says how fast: after a time of $1/k$ the rate has fallen to $1/e \approx 37\,\%$, after another $1/k$ to 37 % of that.
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | TODO | | | |

# %% [markdown]
# ### Exercise 2 · exponential_decay
# *About 5 minutes · difficulty ●○○*
#
# Write equation (2).
#
# | argument | | |
# |---|---|---|
# | `lr0` | number | $\eta_0$ |
# | `t` | number, from 0, may be fractional | the time, in epochs or steps |
# | `k` | number | how fast the rate falls, per unit of time |
# | answer | number | $\eta(t)$ |
#
# **By hand.** Let $\eta_0 = 0.4$ and $k = 0.2$. At $t = 0$ the rate is 0.4. At $t = 5$ it is $0.4/e \approx 0.1472$, and at $t = 7.5$ it is
# $0.4\, e^{-1.5} \approx 0.08925$.
#
# <details><summary>Hint</summary>
#
# `np.exp(x)` is $e^x$. The exponent is negative, and so the rate falls.
# </details>

# %% nbgrader={"grade": false, "grade_id": "exponential_decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exponential_decay(lr0, t, k):
    """Let the learning rate fall exponentially: equation (2).

    Parameters
    ----------
    lr0 : float
        η0 > 0, the rate at t = 0.
    t : float
        The time, from 0 on; it may be fractional.
    k : float
        How fast the rate falls, per unit of time; k ≥ 0.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        lr0 · e^(−k·t), a single number.
    """
    ### BEGIN SOLUTION
    return lr0 * np.exp(-k * t)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_exponential_decay", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(exponential_decay)
### BEGIN HIDDEN TESTS
from autograder import score
score(exponential_decay)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3 · exponential_schedule
# *About 5 minutes · difficulty ●○○*
#
# The same curve, with a constant that one can read: $s$ is the number of epochs in which the rate falls to a *tenth*.
#
# $$\eta(e) = \eta_0 \cdot 0.1^{\,e/s} \tag{3}$$
#
# | argument | | |
# |---|---|---|
# | `lr0` | number | $\eta_0$ |
# | `epoch` | number, from 0, may be fractional | $e$ |
# | `s` | number | epochs until the rate is a tenth |
# | answer | number | $\eta(e)$ |
#
# **By hand.** Let $\eta_0 = 0.5$ and $s = 8$. At epoch 8 the rate is 0.05, at epoch 16 it is 0.005. At epoch 4 it is $0.5 / \sqrt{10}
# \approx 0.1581$: the curve is smooth, so there is no rounding here.
#
# <details><summary>Hint</summary>
#
# Powers bind tighter than division in Python: `0.1 ** a / b` is $(0.1^a)/b$.
# </details>

# %% nbgrader={"grade": false, "grade_id": "exponential_schedule", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exponential_schedule(lr0, epoch, s=20):
    """Let the learning rate fall to a tenth in every s epochs, smoothly: equation (3).

    Parameters
    ----------
    lr0 : float
        η0 > 0, the rate at epoch 0.
    epoch : float
        The time in epochs, from 0 on; it may be fractional.
    s : float
        In how many epochs the rate falls to a tenth; s > 0.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        lr0 · 0.1^(epoch/s), a single number (and no function).
    """
    ### BEGIN SOLUTION
    return lr0 * 0.1 ** (epoch / s)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_exponential_schedule", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(exponential_schedule)
### BEGIN HIDDEN TESTS
from autograder import score
score(exponential_schedule)
### END HIDDEN TESTS

# %% [markdown]
# ## §4 Fast at first, slowly later
#
# An exponential soon falls to nothing: after $3s$ epochs a thousandth is left, and whoever is then still far away never arrives. A hyperbola
# is more patient:
#
# $$\eta(t) = \frac{\eta_0}{1 + kt} \tag{4}$$
#
# TODO

# %% [markdown]
# ### Exercise 4 · inverse_time_decay
# *About 5 minutes · difficulty ●○○*
#
# Write equation (4), the *1/t decay*.
#
# | argument | | |
# |---|---|---|
# | `lr0` | number | $\eta_0$ |
# | `t` | number, from 0, may be fractional | the time |
# | `k` | number | $1/k$ is the time after which the rate is one half |
# | answer | number | $\eta(t)$ |
#
# **By hand.** Let $\eta_0 = 0.6$ and $k = 0.25$. At $t = 0$ the rate is 0.6, at $t = 2$ it is $0.6/1.5 = 0.4$, at $t = 4$ it is $0.6/2 = 0.3$,
# and at $t = 20$ it is $0.6/6 = 0.1$.
#
# <details><summary>Hint</summary>
#
# The whole sum $1 + kt$ stands below the line: put it in brackets.
# </details>

# %% nbgrader={"grade": false, "grade_id": "inverse_time_decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def inverse_time_decay(lr0, t, k):
    """Let the learning rate fall like 1/t: equation (4).

    Parameters
    ----------
    lr0 : float
        η0 > 0, the rate at t = 0.
    t : float
        The time, from 0 on; it may be fractional.
    k : float
        How fast the rate falls: at t = 1/k it is one half. k ≥ 0.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        lr0 / (1 + k·t), a single number.
    """
    ### BEGIN SOLUTION
    return lr0 / (1 + k * t)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_inverse_time_decay", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(inverse_time_decay)
### BEGIN HIDDEN TESTS
from autograder import score
score(inverse_time_decay)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 5 · power_schedule
# *About 5 minutes · difficulty ●○○*
#
# The general form, *power scheduling*, has an exponent $c$ of its own and counts time in units of $s$:
#
# $$\eta(t) = \frac{\eta_0}{(1 + t/s)^c} \tag{5}$$
#
# | argument | | |
# |---|---|---|
# | `lr0` | number | $\eta_0$ |
# | `t` | number, from 0, may be fractional | the time |
# | `s` | number | with $c = 1$: the time after which the rate is one half |
# | `c` | number, 1 by default | the power |
# | answer | number | $\eta(t)$ |
#
# **By hand.** Let $\eta_0 = 0.9$ and $s = 2$. At $t = 4$ we have $1 + t/s = 3$. So with $c = 1$ the rate is 0.3, with $c = 2$ it is 0.1, and
# with $c = 0.5$ it is $0.9/\sqrt 3 \approx 0.5196$. At $t = 3$ and $c = 1$ it is $0.9/2.5 = 0.36$.
#
# <details><summary>Hint</summary>
#
# The power is that of the whole sum $1 + t/s$, not of $t/s$ alone.
# </details>

# %% nbgrader={"grade": false, "grade_id": "power_schedule", "locked": false, "schema_version": 3, "solution": true, "task": false}
def power_schedule(lr0, t, s, c=1.0):
    """Let the learning rate fall like a power of the time: equation (5).

    Parameters
    ----------
    lr0 : float
        η0 > 0, the rate at t = 0.
    t : float
        The time, from 0 on; it may be fractional.
    s : float
        The unit of time; s > 0.
    c : float
        The power, c ≥ 0.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        lr0 / (1 + t/s)^c, a single number.
    """
    ### BEGIN SOLUTION
    return lr0 / (1 + t / s) ** c
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_power_schedule", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(power_schedule)
### BEGIN HIDDEN TESTS
from autograder import score
score(power_schedule)
### END HIDDEN TESTS

# %% [markdown]
# ## §5 Written down by hand
#
# TODO
#
# With boundaries $b_1 < b_2 < \dots < b_n$ and one value more than boundaries, $v_0, v_1, \dots, v_n$:
#
# $$\eta(t) = v_i, \qquad i = \text{how many of the boundaries are} \le t \tag{6}$$
#
# So at a boundary the *new* value holds already.

# %% [markdown]
# ### Exercise 6 · piecewise_constant
# *About 10 minutes · difficulty ●●○*
#
# Write equation (6).
#
# | argument | | |
# |---|---|---|
# | `boundaries` | list of $n$ numbers, increasing; it may be empty | $b_1 \dots b_n$ |
# | `values` | list of $n + 1$ numbers | $v_0 \dots v_n$ |
# | `t` | number, may be fractional | the time |
# | answer | number | the value that holds at $t$ |
#
# **By hand.** Let the boundaries be 3 and 8, and the values 0.4, 0.1 and 0.02. At $t = 0$ and at $t = 2.9$ the rate is 0.4. At $t = 3$ it is
# 0.1, and still at $t = 7$. At $t = 8$ it is 0.02, and so it stays: also at $t = 100$.
#
# <details><summary>Hint 1</summary>
#
# With boundaries 3 and 8, what is $i$ for $t = 2$, for $t = 3$ and for $t = 100$? Count.
# </details>
# <details><summary>Hint 2</summary>
#
# In Python, `True` counts as 1 in a sum.
# </details>

# %% nbgrader={"grade": false, "grade_id": "piecewise_constant", "locked": false, "schema_version": 3, "solution": true, "task": false}
def piecewise_constant(boundaries, values, t):
    """Look up the learning rate in a list: equation (6).

    Parameters
    ----------
    boundaries : list of n float
        Strictly increasing; the times at which the rate changes. It may be empty.
    values : list of n + 1 float
        The rate before the first boundary, the rates between boundaries, and the rate from the last
        boundary on. They may be any numbers, and need not fall.
    t : float
        The time; it may be fractional.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        values[i], where i is the number of boundaries that are ≤ t: at a boundary the new value
        holds already. A single number.

    The lists are not changed.
    """
    ### BEGIN SOLUTION
    return values[sum(boundary <= t for boundary in boundaries)]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_piecewise_constant", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(piecewise_constant)
### BEGIN HIDDEN TESTS
from autograder import score
score(piecewise_constant)
### END HIDDEN TESTS

# %% [markdown]
# ## §6 Let the validation loss decide
#
# TODO

# %% [markdown]
# ### Exercise 7 · plateau_step
# *About 20 minutes · difficulty ●●●*
#
# Write *performance scheduling* for one epoch. It is called after each epoch with the metric of that epoch, for instance the validation loss.
# Lower is better. It returns the rate for the next epoch, and its state.
#
# - The first epoch is an improvement. Later, a metric is an improvement if it is *strictly* smaller than the best one so far. So an equal
#   metric is none, and NaN is none either.
# - Count the epochs without an improvement. An improvement sets the count back to 0, and becomes the best metric.
# - When the count reaches `patience`, the rate becomes $\max(\eta \cdot \text{factor}, \eta_\text{min})$, at once, and the count begins at 0
#   again. The best metric stays what it is.
#
# | argument | | |
# |---|---|---|
# | `state` | | `{}` before the first epoch, then what *your* function returned last time |
# | `metric` | number | of this epoch |
# | `lr` | number | the rate of this epoch |
# | `factor`, `patience`, `min_lr` | numbers | 0.5, 5 and 0 by default |
# | answer | `(lr, state)` | in this order, both new |
#
# **By hand.** Let the rate be 0.1 at first, factor 0.5, patience 2, and min_lr 0.03.
#
# | epoch | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
# |---|---|---|---|---|---|---|---|---|---|
# | metric | 0.9 | 0.7 | 0.8 | 0.7 | 0.75 | 0.72 | 0.6 | 0.65 | 0.61 |
# | best so far | 0.9 | 0.7 | 0.7 | 0.7 | 0.7 | 0.7 | 0.6 | 0.6 | 0.6 |
# | epochs without an improvement | 0 | 0 | 1 | **2** | 1 | **2** | 0 | 1 | **2** |
# | the rate that is returned | 0.1 | 0.1 | 0.1 | 0.05 | 0.05 | 0.03 | 0.03 | 0.03 | 0.03 |
#
# <details><summary>Hint 1</summary>
#
# Two numbers have to be remembered from epoch to epoch. Which?
# </details>
# <details><summary>Hint 2</summary>
#
# `state.get("best", np.inf)` is the best metric, or infinity before the first epoch. Anything is smaller than infinity.
# </details>
# <details><summary>Hint 3</summary>
#
# Ask `metric < best` and not `metric >= best`: every comparison with NaN is false.
# </details>

# %% nbgrader={"grade": false, "grade_id": "plateau_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def plateau_step(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """Reduce the learning rate when the metric has stopped falling: one epoch of it.

    Parameters
    ----------
    state
        {} before the first epoch, then the state that was returned after the epoch before.
    metric : float
        This epoch's; lower is better. It may be of any size and sign, and NaN from the second epoch on.
    lr : float
        The rate of this epoch: the one that is reduced.
    factor : float
        What the rate is multiplied by, in (0, 1).
    patience : int
        How many epochs in a row without an improvement reduce the rate; at least 1.
    min_lr : float
        No rate is reduced below it; min_lr ≤ lr.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    lr : float
        max(lr·factor, min_lr) at the `patience`-th epoch in a row without an improvement, and lr
        otherwise. After a reduction the epochs are counted anew, from 0, and the best metric stays.
        The first epoch is an improvement; later a metric is one if it is smaller than the best so
        far. An equal metric isn't, and NaN isn't.
    state
        Whatever the next epoch needs; nobody else looks inside.

    The old state is not changed, and all memory is in the state: several runs may take turns.
    """
    ### BEGIN SOLUTION
    best, waited = state.get("best", np.inf), state.get("waited", 0)
    if not state or metric < best:
        return lr, {"best": metric, "waited": 0}
    if waited + 1 < patience:
        return lr, {"best": best, "waited": waited + 1}
    return max(lr * factor, min_lr), {"best": best, "waited": 0}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_plateau_step", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(plateau_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(plateau_step)
### END HIDDEN TESTS

# %% [markdown]
# ## §7 All of them on one task
#
# TODO
#
# ## §8 Find a rate in one epoch
#
# TODO
#
# ## §9 Up first: 1cycle
#
# TODO
#
# With $h = (1 - \text{last}) \cdot \text{total} / 2$:
#
# | from | to | the rate goes in a straight line |
# |---|---|---|
# | 0 | $h$ | from $\eta_\text{start}$ up to $\eta_\text{max}$ |
# | $h$ | $2h$ | back down to $\eta_\text{start}$ |
# | $2h$ | total | down to $\eta_\text{start}/1000$ |

# %% [markdown]
# ### Exercise 8 · one_cycle
# *About 15 minutes · difficulty ●●○*
#
# Write the table above. `total` is the length of the run, in whatever unit `t` has, and may be fractional, too; don't round $h$.
#
# | argument | | |
# |---|---|---|
# | `t` | number, $0 \le t \le$ total | the time |
# | `total` | number | when the run ends |
# | `lr_max` | number | $\eta_\text{max}$, the rate at $t = h$ |
# | `lr_start` | number or `None` | $\eta_\text{start}$; `None` stands for $\eta_\text{max}/10$, and 0 for 0 |
# | `last` | number, between 0 and 1 | the last phase's share of the run |
# | answer | number | the rate at $t$ |
#
# **By hand.** Let total = 20, $\eta_\text{max} = 1$, $\eta_\text{start} = 0.2$ and last = 0.2. Then $h = 0.8 \cdot 20/2 = 8$, and the last phase
# goes from 16 to 20.
#
# | $t$ | 0 | 4 | 8 | 12 | 16 | 18 | 20 |
# |---|---|---|---|---|---|---|---|
# | rate | 0.2 | 0.6 | 1 | 0.6 | 0.2 | 0.1001 | 0.0002 |
#
# <details><summary>Hint 1</summary>
#
# A straight line from $(a, y_a)$ to $(b, y_b)$ is $y_a + (y_b - y_a)\,(t - a)/(b - a)$.
# </details>
# <details><summary>Hint 2</summary>
#
# `if lr_start:` is false for 0.0, too. Ask `if lr_start is None:`.
# </details>
# <details><summary>Hint 3</summary>
#
# NumPy has a function for lines through given points: look up `np.interp`.
# </details>

# %% nbgrader={"grade": false, "grade_id": "one_cycle", "locked": false, "schema_version": 3, "solution": true, "task": false}
def one_cycle(t, total, lr_max, lr_start=None, last=0.1):
    """Let the learning rate go up, down, and then far down, in straight lines.

    Parameters
    ----------
    t : float
        The time, 0 ≤ t ≤ total; it may be fractional.
    total : float
        The length of the run, in the unit of t; it may be fractional, or odd.
    lr_max : float
        The highest rate, > 0.
    lr_start : float or None
        The rate at t = 0; by default lr_max/10. 0 is legal, and is 0.
    last : float
        The last phase's share of the run, 0 < last < 1.

    Any of the numbers may be an integer or a float, Python's or NumPy's.

    Returns
    -------
    float
        With h = (1 − last)·total/2: on the straight lines from lr_start at t = 0 to lr_max at t = h,
        back to lr_start at t = 2h, and to lr_start/1000 at t = total. A single number.
    """
    ### BEGIN SOLUTION
    low = lr_max / 10 if lr_start is None else lr_start
    h = (1 - last) * total / 2
    if t <= 2 * h:
        return low + (lr_max - low) * (1 - abs(t - h) / h)
    left = (total - t) / (total - 2 * h)
    return low / 1000 + (low - low / 1000) * left
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_one_cycle", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(one_cycle)
### BEGIN HIDDEN TESTS
from autograder import score
score(one_cycle)
### END HIDDEN TESTS

# %% [markdown]
# ## §10 Warm-up, and what else there is
#
# TODO
#
# ## §11 A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# TODO

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_learning_rate_schedules", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# TODO
#
# === BEGIN SOLUTION ===
# TODO
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()
