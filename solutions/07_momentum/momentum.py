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
# **Gradient descent has no memory. What would it do if it had one?** It looks at the slope under its feet, takes a step, and forgets.
# In a ravine that is fatal: it runs from wall to wall a thousand times and hardly moves along the bottom. A heavy ball would do better.
#
# In this lecture you find out how fast gradient descent can be at best, and give it a velocity. Then you let it look ahead. Last you meet
# the method that needs a single step, and see why nobody uses it for networks.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `sgd_step` | the step that all others improve |
# | §2 | `condition_number` | how bad a ravine is, in one number |
# | §3 | `critical_point` | to tell a minimum from a saddle |
# | §4 | `momentum_step` | a velocity |
# | §5 | `nesterov_step`, `nesterov_step_shifted` | to look ahead, in two forms |
# | §6 | `newton_step` | to know the curvature |
# | §8 | a question to answer in words | to compare fairly |
#
# Conventions: NumPy only. A step is **pure**: it returns new objects, changes none of its arguments, and remembers nothing outside the
# state. Before the first step the state is `{}`; what you put in it is your own business. ∇ is the gradient, `grad` in code; η is the
# learning rate, `lr`; β is the momentum, `beta`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# ## §1 A ravine
#
# The step of gradient descent is the oldest one (Cauchy 1847):
#
# $$\theta \leftarrow \theta - \eta\, \nabla J(\theta) \tag{1}$$
#
# In stochastic gradient descent, SGD, the gradient comes from a random minibatch. The step is the same.
#
# ### Exercise 1 · sgd_step
# *About 5 minutes · difficulty ●○○*
#
# Write equation (1).
#
# | argument | shape | |
# |---|---|---|
# | `theta`, `grad` | any, both the same | θ and ∇ |
# | `lr` | a number | η |
# | answer | that of `theta` | the new θ, a new array |
#
# **By hand.** From θ = (1, 2) with ∇ = (3, −4) and η = 0.5: the step is −0.5 · (3, −4) = (−1.5, 2), and the new θ is (−0.5, 4).
#
# (One of the slides' listings has lost its minus sign, and with it θ: `x = learning_rate * dx`.)
#
# <details><summary>Hint</summary>
#
# `theta -= …` writes into the array of the caller, and raises an error if it holds integers. `theta - …` makes a new one.
# </details>

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
    array of real numbers, of the same shape
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
# **A valley, a hundred times steeper across than along.** $J = \frac12(\theta_1^2 + 100\,\theta_2^2)$. Three walks of forty steps, from
# the same point. Only the learning rate differs.

# %% tags=["demo"]
from coursekit import data, nets, plots
from coursekit.figures import momentum as figures

H, start = np.diag([1.0, 100.0]), np.array([-4.0, 0.9])


def walk(step, begin, steps):
    """Return where `step(theta, state)` leads from `begin`, shape (steps + 1, …)."""
    theta, state, path = np.array(begin, dtype=float), {}, []
    for _ in range(steps + 1):
        path.append(theta)
        theta, state = step(theta, state)
    return np.array(path)


def sgd_on(gradient, lr):
    return lambda theta, state: (sgd_step(theta, gradient(theta), lr), state)


# %% tags=["demo"]
if ready(sgd_step):
    rates = {"η = 0.5/100": 0.005, "η = 1.98/100": 0.0198, "η = 2.02/100": 0.0202}
    paths = {label: walk(sgd_on(H.dot, lr), start, 40) for label, lr in rates.items()}
    plots.show(
        figures.ravines({label: {"SGD": path} for label, path in paths.items()}, (1, 100), (4.5, 2.2)),
        alt="Three walks in a long narrow valley. With the smallest rate the walk drops to the bottom "
        "and then creeps along it, a fifth of the way in forty steps. With 1.98/100 it jumps from wall "
        "to wall and gets about half of the way. With 2.02/100 the jumps grow at every step.",
    )
    far = [np.abs(path[-1]) for path in paths.values()]
    assert far[0][0] > 3, "the small rate creeps along the bottom"
    assert far[1][0] < 2 and far[1][1] < 0.9, "just below 2/100 it jitters and gets along"
    assert far[2][1] > 1.9, "just above 2/100 it climbs the walls"

# %% [markdown]
# **Why 2/100?** Along an axis with curvature λ the gradient is λθ, so a step multiplies θ by a number:
#
# $$\theta \leftarrow (1 - \eta\lambda)\,\theta \tag{2}$$
#
# It shrinks if $|1 - \eta\lambda| < 1$, that is, if $0 < \eta < 2/\lambda$. This has to hold for every curvature, so the steepest one decides:
#
# $$\eta < 2/\lambda_\text{max} \tag{3}$$
#
# The flattest direction then keeps at least the share $1 - 2\lambda_\text{min}/\lambda_\text{max}$ of its length at every step. For our valley
# that is 0.98. The best η makes both ends equally fast, $\eta = 2/(\lambda_\text{min} + \lambda_\text{max})$, and both keep the share $(\kappa -
# 1)/(\kappa + 1)$ a step, with $\kappa = \lambda_\text{max}/\lambda_\text{min}$. So the number of steps grows **in proportion to κ**, and no learning rate helps.
#
# ## §2 The condition number
#
# κ tells how bad a ravine is. In general the curvatures are in the Hessian $H$, the matrix of second derivatives, and the condition number is the
# ratio of its singular values:
#
# $$\kappa(H) = \sigma_\text{max}/\sigma_\text{min} \tag{4}$$
#
# For a symmetric matrix the singular values are the absolute eigenvalues: how strongly $J$ is curved, up or down, in the steepest and in the flattest
# direction. If the flattest has no curvature at all, κ is infinite. In floating point a zero rarely comes out as 0. It comes out as something like
# $10^{-17}$, and κ as a huge number without meaning. NumPy's `matrix_rank` takes a singular value for zero if it is at most $\sigma_\text{max}\, n
# \cdot 2^{-52}$. We do the same.
#
# ### Exercise 2 · condition_number
# *About 15 minutes · difficulty ●●○*
#
# Write equation (4) for any square matrix.
#
# | argument | shape | |
# |---|---|---|
# | `H` | (n, n) | any square matrix |
# | answer | a number | κ, or `np.inf` where σ_min ≤ σ_max · n · `np.finfo(float).eps` |
#
# **By hand.** H = (5 4; 4 5) has the eigenvalues 9 and 1, along the diagonals: κ = 9, although all its entries are alike. (2 0; 0 −8) has κ =
# 8/2 = 4: the sign doesn't count. (0 6; 2 0) isn't symmetric. It stretches one axis by 2 and the other by 6, so κ = 3, while its eigenvalues are
# ±√12. (1 1; 1 1) is singular: κ = ∞.
#
# <details><summary>Hint 1</summary>
#
# `np.linalg.svd(H, compute_uv=False)` has the singular values, the largest first.
# </details>
# <details><summary>Hint 2</summary>
#
# Decide whether the smallest one is zero *before* you divide.
# </details>

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

    H is not changed.
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

# %% tags=["demo"]
digits = data.digits()
inputs = {"the 64 pixels": digits.X_train, "without the rims": digits.X_train.reshape(-1, 8, 8)[:, :, 2:6].reshape(-1, 32)}
if ready(condition_number):
    kappas = {}
    for label, X in inputs.items():
        kappas[label] = condition_number(X.T @ X / len(X))  # the Hessian of least squares
        print(f"least squares on {label}: κ = {kappas[label]:.0f}")
    assert kappas["the 64 pixels"] == np.inf, "some pixels are always blank"
    assert 50 < kappas["without the rims"] < 5000, "the middle of the images is a ravine"

# %% [markdown]
# Least squares on the digits has an infinite κ. Some pixels are always blank, so their weights don't matter: $J$ is flat there, and a walk that stays
# where it is in such a direction loses nothing. **An infinite κ isn't bad in itself.** What hurts is a direction that is flat *and* matters.
#
# ## §3 Where the gradient is zero
#
# Gradient descent stands still where the gradient is zero. What sort of place is that? The Hessian's eigenvalues tell.
#
# - All positive: $J$ goes up everywhere, a **minimum**. All negative: a **maximum**.
# - Some positive, some negative: a **saddle**. The loss rises in some directions and falls in others. It is one whatever the other eigenvalues are.
# - Otherwise, one is zero: **degenerate**. To second order $J$ is flat there. Only higher derivatives can tell a gutter from a plateau or a slope.
#
# ### Exercise 3 · critical_point
# *About 15 minutes · difficulty ●●○*
#
# | argument | shape | |
# |---|---|---|
# | `H` | (n, n) | symmetric |
# | `tol` | a number | \|λ\| ≤ tol counts as zero |
# | answer | a string | `"minimum"`, `"maximum"`, `"saddle"` or `"degenerate"` |
#
# **By hand.** (2 1; 1 2) has the eigenvalues 3 and 1: minimum. (1 2; 2 1) has 3 and −1: a saddle, although its diagonal is positive.
# diag(3, 0) is degenerate. diag(3, 0, −1) is a saddle. diag(4, 0.5) with tol = 0.5 is degenerate, with tol = 0.4 it is a minimum.
#
# <details><summary>Hint 1</summary>
#
# `np.linalg.eigvalsh` is made for symmetric matrices, and its eigenvalues are real.
# </details>
# <details><summary>Hint 2</summary>
#
# The order of the questions matters: both signs first, then zero.
# </details>

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

    H is not changed.
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

# %% tags=["demo"]
if ready(critical_point):
    hessians = [np.array(rows) for rows in ([[2, 1], [1, 2]], [[-2, 1], [1, -2]], [[1, 2], [2, 1]], [[1, 1], [1, 1]])]
    plots.show(
        figures.landscapes({critical_point(H): H for H in hessians}),
        alt="Contours around four critical points: ellipses that rise around a minimum, ellipses that "
        "fall around a maximum, hyperbolas with two rising and two falling sides around a saddle, and "
        "parallel lines of a gutter, which is degenerate.",
    )
    rng, kinds = np.random.default_rng(0), ("minimum", "saddle", "maximum")
    found = {kind: [] for kind in kinds}
    for n in range(1, 7):
        random = [A + A.T for A in rng.normal(size=(1000, n, n))]
        names = [critical_point(H) for H in random]
        for kind in kinds:
            found[kind].append(names.count(kind) / 1000)
    print("share of saddles among random Hessians, n = 1 to 6:", found["saddle"])
    assert found["saddle"][0] == 0 and found["saddle"][1] > 0.6, "two variables: mostly saddles"
    assert found["saddle"][4] > 0.99, "five variables: hardly anything but saddles"

# %% [markdown]
# **Local minima or saddles?** One set of slides warns of bad local minima. Draw a Hessian at random: with one variable half of them are minima; with
# five, practically all are saddles. In $n$ directions all $n$ signs have to agree. The Hessians of a network aren't drawn like that, but
# the argument holds up: Dauphin and others (2014) found that critical points with a high loss are saddles, nearly all of them.
#
# A saddle doesn't hold a walk for ever. It holds it for a while. Here $J = \frac12\theta_1^2 - \frac12\theta_2^2 + \frac14\theta_2^4$, with a
# saddle at 0 and minima at $(0, \pm1)$. We begin on the ridge, and a little beside it.

# %% tags=["demo"]
def saddle_gradient(theta):
    return np.array([theta[0], -theta[1] + theta[1] ** 3])


def steps_to_leave(step, beside):
    """Return after how many of 500 steps the walk has left the saddle."""
    away = np.abs(walk(step, (1.0, beside), 500)[:, 1]) > 0.5
    return int(np.argmax(away)) if away.any() else 500


beside = 10.0 ** -np.arange(1, 17, 3)
if ready(sgd_step):
    leaving = [steps_to_leave(sgd_on(saddle_gradient, 0.1), one) for one in beside]
    for one, steps in zip(beside, leaving, strict=True):
        print(f"{one:7.0e} beside the ridge: {steps} steps until the saddle is left")
    assert steps_to_leave(sgd_on(saddle_gradient, 0.1), 0.0) == 500, "exactly on the ridge it stays"
    assert np.all(np.diff(leaving) > 60) and np.all(np.diff(leaving) < 80), "72 steps per factor 1000"

# %% [markdown]
# Exactly on the ridge it stays for ever. A millionth beside it, it is free after some 140 steps. Each factor of 1000 costs 72 steps more, because the
# distance grows by $1 + \eta$ a step: slow at first, and then all at once. The noise of minibatches always pushes a little. On a **plateau**, where the gradient
# is tiny all around, there is no such rescue. There every step is short.
#
# ## §4 A velocity
#
# Think of θ as a ball (Polyak 1964). The gradient doesn't move it. It *accelerates* it. The velocity $m$ keeps the share β of itself, the
# rest is lost to friction; then θ moves by $m$:
#
# $$m \leftarrow \beta m - \eta\, \nabla J(\theta) \tag{5}$$
#
# $$\theta \leftarrow \theta + m \tag{6}$$
#
# $m$ begins at zero. With β = 0 it is gradient descent (full friction), with β = 1 nothing is ever lost. Usual is 0.9, sometimes 0.99.
#
# Across a ravine the gradient changes its sign at every step, and cancels in $m$. Along it the gradients agree, and add up. How far? If ∇ stays the
# same, $m$ approaches a **terminal velocity**, at which friction takes as much as the slope gives: $m = \beta m - \eta\nabla$, so $m =
# -\eta\nabla/(1 - \beta)$. With β = 0.9 that is ten times the step of gradient descent.
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | The sign of $m$ | $m \leftarrow \beta m - \eta\nabla$, $\theta \leftarrow \theta + m$ | $m \leftarrow \beta m + \eta\nabla$, $\theta \leftarrow \theta - m$ | **the first**. Both are right; half of one and half of the other goes uphill |
# | Where is η? | inside, as above | outside: $v \leftarrow \rho v + \nabla$, $x \leftarrow x - \alpha v$ (PyTorch, too) | **inside**. The same, as long as η stays; if it changes, each gradient counts here with the η of its own step |
# | What is $m$? | a sum of gradients that fades | "a running mean" | **a sum**: its weights add up to $1/(1-\beta)$. A mean would have $1 - \beta$ before ∇, as Adam has (lecture 8) |
# | What is β called? | β, "momentum" | ρ, "friction" | **`beta`**, the share of the velocity that is *kept*: 0 is the highest friction |
# | Where does Nesterov measure the gradient? | at $\theta + \beta m$, stepping by $+m$ | at $w + \beta m$, but stepping by $-m$ | **$\theta + \beta m$**. The second is an erratum: it looks *back*. §5 shows what becomes of it |
# | How large is a Hessian? | "n² Hessians per output" | | **one** Hessian per output, with $n^2$ entries; likewise one gradient with $n$ |

# %% [markdown]
# ### Exercise 4 · momentum_step
# *About 15 minutes · difficulty ●○○*
#
# Write equations (5) and (6).
#
# | argument | shape | |
# |---|---|---|
# | `theta`, `grad` | any, both the same | θ and ∇ |
# | `state` | | `{}` at first, then what *your* function returned last time |
# | `lr`, `beta` | numbers | η may change from step to step |
# | answer | `(theta, state)` | both new |
#
# **By hand.** θ = 1, β = 0.5. The gradient 4 with η = 0.1: m = −0.4, θ = 0.6. The gradient 2 with η = 0.2: m = 0.5 · (−0.4) − 0.4 = −0.6, θ = 0.
# The gradient 0: m = −0.3, θ = −0.3. The ball rolls on.
#
# <details><summary>Hint 1</summary>
#
# A dictionary's `get` has a second argument: what to give where the key is missing.
# </details>
# <details><summary>Hint 2</summary>
#
# First (5), then (6): θ moves by the *new* m. And the new m goes into a *new* state.
# </details>

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
    theta : array of real numbers, of the same shape
        θ + m, with m ← β·m − η·∇, which begins at zero.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    m = beta * state.get("velocity", 0.0) - lr * grad
    return theta + m, {"velocity": m}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_momentum_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(momentum_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(momentum_step)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The ravine again: gradient descent with its best η, and momentum with the same η.

# %% tags=["demo"]
BETA = 0.9  # change this: what do 0.5 and 0.99 do? Predict first, then run


def momentum_on(gradient, lr, beta=0.9):
    return lambda theta, state: momentum_step(theta, gradient(theta), state, lr, beta)


best = 2 / 101
if ready(sgd_step, momentum_step):
    paths = {"SGD": walk(sgd_on(H.dot, best), start, 60), "momentum": walk(momentum_on(H.dot, best, BETA), start, 60)}
    plots.show(
        figures.ravines({f"sixty steps, β = {BETA}": paths}, (1, 100), (4.5, 1.3)),
        alt="Two walks in the ravine. Gradient descent jumps from wall to wall for all of its sixty "
        "steps and is still far away. Momentum overshoots the minimum along the valley, turns, and "
        "comes to rest near it.",
    )
    ends = {label: np.hypot(*path[-1]) for label, path in paths.items()}
    assert BETA != 0.9 or ends["momentum"] < ends["SGD"] / 10, "momentum is ten times nearer"

# %% tags=["demo"]
if ready(sgd_step, momentum_step):
    speeds = {f"β = {beta}": -np.diff(walk(momentum_on(np.ones_like, 1.0, beta), 0.0, 80)) for beta in (0.5, 0.9, 0.95)}
    curves = {label: (np.arange(1, 81), speed) for label, speed in speeds.items()}
    plots.show(
        figures.lines({"A slope that stays the same": curves}, xlabel="step", ylabel="length of the step, in η∇"),
        alt="The length of the steps on a constant slope. With β = 0.5 it settles at 2 after a few steps, "
        "with 0.9 at 10 after some 40, with 0.95 it approaches 20.",
    )
    assert np.allclose([speeds["β = 0.5"][-1], speeds["β = 0.9"][-1]], [2, 10], rtol=1e-3), "1/(1 − β)"

# %% [markdown]
# **What does theory say?** Along a curvature λ, (5) and (6) are a damped spring. With friction enough it creeps. Otherwise it swings, and the
# amplitude shrinks by $\sqrt\beta$ a step, *whatever λ is*: flat and steep directions come to rest equally fast. The best pair, $\sqrt\beta =
# (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$ and $\eta = (1 + \sqrt\beta)^2/\lambda_\text{max}$, needs steps in proportion to $\sqrt\kappa$ and no longer to
# κ. And η may be as large as $2(1 + \beta)/\lambda_\text{max}$, nearly twice (3).
#
# **Does it escape from bad pits?** One set of slides says so. A loss with pits, 161 balls at rest along it:

# %% tags=["demo"]
def pit_loss(theta):
    return 0.05 * theta**2 + 0.5 * np.sin(2.5 * theta)


def pit_gradient(theta):
    return 0.1 * theta + 1.25 * np.cos(2.5 * theta)


# %% tags=["demo"]
if ready(sgd_step, momentum_step):
    balls, ends = np.linspace(-8, 8, 161), {}
    for beta in (0.0, 0.9, 0.95, 0.99):
        ends[f"β = {beta}"] = walk(momentum_on(pit_gradient, 0.05, beta), balls, 3000)[-1]
    grid = np.linspace(-8, 8, 801)
    deepest = grid[np.argmin(pit_loss(grid))]
    share = {label: np.mean(np.abs(end - deepest) < 0.3) for label, end in ends.items()}
    mean = {label: np.mean(pit_loss(end)) for label, end in ends.items()}
    for label in ends:
        print(f"{label}: {share[label]:.0%} in the deepest pit, mean loss {mean[label]:.2f}")
    assert share["β = 0.9"] == share["β = 0.0"], "with β = 0.9 no more balls find the deepest pit"
    assert mean["β = 0.95"] < mean["β = 0.9"] < mean["β = 0.0"], "but the pits get deeper on average"
    assert share["β = 0.99"] < 0.3, "a larger β is no guarantee"

# %% tags=["demo"]
if ready(sgd_step, momentum_step):
    plots.show(
        figures.pits(grid, pit_loss(grid), {label: ends[label] for label in ("β = 0.0", "β = 0.95")}),
        alt="A wavy loss with seven pits, the deepest near the middle, and below it how many balls "
        "rest in each. Without momentum they are spread evenly over the pits. With β = 0.95 most rest "
        "in the three pits near the middle, and fewer in the outer ones.",
    )
    with_and_without = (momentum_on(saddle_gradient, 0.1), sgd_on(saddle_gradient, 0.1))
    sooner, later = (steps_to_leave(rule, 1e-7) for rule in with_and_without)
    print(f"1e-07 beside the ridge of §3: {sooner} steps with momentum, {later} without")
    assert 2.5 < later / sooner < 3, "momentum leaves the saddle nearly three times as soon"

# %% [markdown]
# It *can*. On average momentum comes to rest in deeper pits. With β = 0.9 not one ball more finds the deepest one. With 0.95 a third do, with
# 0.99 fewer again: a fast ball leaves good pits, too. At the saddle of §3 momentum helps reliably: it leaves nearly three times as soon.
#
# ## §5 Look ahead
#
# When (5) measures the gradient, it knows already that $\beta m$ is going to be added. So Nesterov (1983) measures it where that leads to:
#
# $$m \leftarrow \beta m - \eta\, \nabla J(\theta + \beta m) \tag{7}$$
#
# followed by (6). If the velocity is about to carry the ball up the opposite wall, the gradient there says so *now* and brakes it. (This form is by
# Sutskever and others, 2013.)
#
# ### Exercise 5 · nesterov_step
# *About 15 minutes · difficulty ●●○*
#
# You get the gradient as a *function*, because only you know where it is wanted. For a network each call costs a forward and a backward pass, so
# call it once a step.
#
# | argument | shape | |
# |---|---|---|
# | `theta` | any | θ |
# | `grad_fn` | | a function: `grad_fn(place)` has the shape of `place` |
# | `state`, `lr`, `beta` | | as in exercise 4 |
# | answer | `(theta, state)` | both new |
#
# **By hand.** $J = \frac12\theta^2$, so the gradient is θ. θ = 8, β = 0.5, η = 0.25. Step 1, at 8: m = −2, θ = 6. Step 2, at 6 − 1 = 5: m = −1 −
# 1.25 = −2.25, θ = 3.75. Step 3 with η = 0.5, at 3.75 − 1.125 = 2.625: m = −1.125 − 1.3125 = −2.4375, θ = 1.3125.
#
# <details><summary>Hint 1</summary>
#
# Read m from the state first. The place is θ + βm with that *old* m.
# </details>
# <details><summary>Hint 2</summary>
#
# The step itself begins at θ, not at the place where you measured.
# </details>

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
    theta : array of real numbers, of the same shape
        θ + m, with m ← β·m − η·∇(θ + β·m), where m begins at zero.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    m = state.get("velocity", 0.0)
    m = beta * m - lr * grad_fn(theta + beta * m)
    return theta + m, {"velocity": m}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_nesterov_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(nesterov_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(nesterov_step)
### END HIDDEN TESTS

# %% [markdown]
# **Another form of the same.** Training code has the gradient at the present weights, and no function to call elsewhere. So call the point
# *ahead* the present weights: $\tilde\theta = \theta + \beta m$. Then the gradient is measured where one stands:
#
# $$m_\text{new} = \beta m - \eta\, \nabla J(\tilde\theta) \tag{8}$$
#
# The new θ is $\tilde\theta - \beta m + m_\text{new}$: take the old look ahead back, and step. The new point ahead is another $\beta m_\text{new}$ farther:
#
# $$\tilde\theta \leftarrow \tilde\theta - \beta m + (1 + \beta)\, m_\text{new} = \tilde\theta + m_\text{new} + \beta\,(m_\text{new} - m) \tag{9}$$
#
# ### Exercise 6 · nesterov_step_shifted
# *About 15 minutes · difficulty ●●○*
#
# Write (8) and (9). Shapes and state are as in exercise 4; `theta` is $\tilde\theta$.
#
# **By hand.** The numbers of exercise 5, β = 0.5, from 8. The gradient 8, η = 0.25: m_new = −2, and θ̃ = 8 − 2 + 0.5 · (−2) = 5. The gradient 5: m_new =
# −2.25, θ̃ = 5 − 2.25 + 0.5 · (−0.25) = 2.625. The gradient 2.625 with η = 0.5: m_new = −2.4375, θ̃ = 0.09375. These are the places where
# `nesterov_step` measured.
#
# <details><summary>Hint</summary>
#
# Keep the old velocity under a name of its own: (9) needs both. `m *= beta` would overwrite it.
# </details>

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
    theta : array of real numbers, of the same shape
        The next point ahead: theta + m_new + β·(m_new − m), with m_new = β·m − η·∇, where m
        begins at zero.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    old = state.get("velocity", 0.0)
    m = beta * old - lr * grad
    return theta + m + beta * (m - old), {"velocity": m}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_nesterov_step_shifted", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(nesterov_step_shifted)
### BEGIN HIDDEN TESTS
from autograder import score
score(nesterov_step_shifted)
### END HIDDEN TESTS

# %% tags=["demo"]
def nesterov_on(gradient, lr, beta=0.9):
    return lambda theta, state: nesterov_step(theta, gradient, state, lr, beta)


def shifted_on(gradient, lr, beta=0.9):
    return lambda theta, state: nesterov_step_shifted(theta, gradient(theta), state, lr, beta)


# %% tags=["demo"]
if ready(momentum_step, nesterov_step, nesterov_step_shifted):
    heavy, ahead = (walk(rule(H.dot, 0.008), start, 60) for rule in (momentum_on, nesterov_on))
    moves = np.diff(ahead, axis=0, prepend=ahead[:1])
    shifted = walk(shifted_on(H.dot, 0.008), start, 60)
    panels = {"momentum, η = 0.8/100, β = 0.9": {"momentum": heavy}, "Nesterov, the same η and β": {"Nesterov": ahead, "shifted form·": shifted}}
    plots.show(
        figures.ravines(panels, (1, 100), (4.5, 1.3)),
        alt="Above, momentum swings across the ravine many times while it moves along. Below, Nesterov's "
        "walk is at the bottom after a few steps and moves along smoothly; the squares of the shifted form "
        "lie ahead of its points.",
    )
    assert np.allclose(shifted, ahead + 0.9 * moves), "the shifted form walks the same path"
    assert np.abs(ahead[5:, 1]).max() < np.abs(heavy[5:, 1]).max() / 10, "Nesterov hardly swings across"

# %% [markdown]
# Both forms walk the same path: the points of the shifted one are those of the other, plus βm. And looking ahead brakes the swings across.
#
# **How large may η be?** Along curvature 1 we try learning rates, and look which walk comes to rest. Beside the two we try the erratum of the
# slides: a gradient at $w + \beta m$ while the step goes by $-m$.

# %% tags=["demo"]
def looking_back(gradient, lr, beta=0.9):
    """The erratum: in our signs it measures at θ − βm."""

    def step(w, m):
        m = beta * (m if np.ndim(m) else np.zeros(1)) + lr * gradient(w + beta * (m if np.ndim(m) else 0))
        return w - m, m

    return step


if ready(momentum_step, nesterov_step):
    tried, limit = np.arange(0.03, 4.2, 0.06), {}
    for rule in (momentum_on, nesterov_on, looking_back):
        calm = [lr for lr in tried if np.abs(walk(rule(np.array, lr), [1.0], 300)[-1, 0]) < 0.5]
        limit[rule.__name__] = max(calm)
    print("largest η that comes to rest:", {name: float(round(lr, 2)) for name, lr in limit.items()})
    assert 3.7 < limit["momentum_on"] < 3.85, "momentum: 2(1 + β) = 3.8"
    assert 1.25 < limit["nesterov_on"] < 1.4, "Nesterov: 2(1 + β)/(1 + 2β) = 1.36"
    assert limit["looking_back"] < 0.12, "looking back: (1 − β)/β = 0.11"

# %% [markdown]
# Momentum may have 3.8, Nesterov only 1.36, and the walk that looks back 0.11. So Nesterov isn't better in every respect: it takes shorter steps, and
# uses them better. The erratum needs a learning rate more than ten times smaller.
#
# ## §6 Know the curvature: Newton
#
# Momentum copes with curvatures that it doesn't know. Newton's method measures them. Near θ the loss is about a quadratic,
# $J(\theta + s) \approx J + \nabla^\top s + \frac12 s^\top H s$. Its derivative is zero where $Hs = -\nabla$. Go there:
#
# $$\theta \leftarrow \theta - H^{-1} \nabla \tag{10}$$
#
# There is no learning rate: the curvature says how far. If $J$ *is* a quadratic, one step leads to its minimum, whatever κ is. $H^{-1}$ is
# notation. One solves the equations $Hs = -\nabla$, which is faster than to invert and loses fewer digits.
#
# ### Exercise 7 · newton_step
# *About 10 minutes · difficulty ●○○*
#
# | argument | shape | |
# |---|---|---|
# | `theta`, `grad` | (n,) | θ and ∇ |
# | `H` | (n, n) | symmetric, not singular |
# | answer | (n,) | θ − H⁻¹∇ |
#
# **By hand.** H = (5 4; 4 5), with the minimum at 0. At θ = (2, 1) the gradient is Hθ = (14, 13), and the step leads to (0, 0). With the gradient (9, 0)
# it is another valley: H·(5, −4) = (9, 0), so the step leads from (2, 1) to (−3, 5).
#
# <details><summary>Hint</summary>
#
# `np.linalg.solve(A, b)` returns the x with Ax = b.
# </details>

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
    array of real numbers, shape (n,)
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

# %% [markdown]
# **On data.** Is a digit an 8? Logistic regression (lecture 1) with a small ridge has 65 parameters, and a Hessian in closed form: $X^\top D X/N$, with
# $p(1-p)$ on the diagonal of $D$. Who is first within $10^{-4}$ of the lowest loss?

# %% tags=["demo"]
X, is_eight = np.column_stack([digits.X_train, np.ones(len(digits.X_train))]), digits.y_train == 8


def chance(w):
    return 1 / (1 + np.exp(-X @ w))


def eight_loss(w):
    return np.mean(np.logaddexp(0, X @ w) - is_eight * (X @ w)) + 0.5e-3 * w @ w


def eight_gradient(w):
    return X.T @ (chance(w) - is_eight) / len(X) + 1e-3 * w


def eight_hessian(w):
    return X.T * (chance(w) * (1 - chance(w))) @ X / len(X) + 1e-3 * np.eye(len(w))


# %% tags=["demo"]
def newton_on(gradient, hessian):
    return lambda theta, state: (newton_step(theta, gradient(theta), hessian(theta)), state)


if ready(sgd_step, momentum_step, nesterov_step, newton_step):
    rules = {"Newton": [newton_on(eight_gradient, eight_hessian)]}
    for name, rule in {"SGD": sgd_on, "momentum": momentum_on, "Nesterov": nesterov_on}.items():
        rules[name] = [rule(eight_gradient, lr) for lr in (0.3, 1, 2, 3)]
    lowest, needed = eight_loss(walk(rules["Newton"][0], np.zeros(65), 15)[-1]), {}
    for name, candidates in rules.items():
        near = [[eight_loss(w) - lowest < 1e-4 for w in walk(rule, np.zeros(65), 400)] for rule in candidates]
        needed[name] = min(int(np.argmax(one)) if any(one) else 400 for one in near)
    print("steps with the best of four learning rates:", needed)
    for what, n in {"logistic regression": 65, "a small network": 2410, "ResNet-50": 25_600_000}.items():
        print(f"a Hessian of {what}, n = {n}: {8 * n**2 / 1e9:.3g} gigabytes")
    assert needed["Newton"] <= 6, "Newton needs a handful of steps"
    assert needed["Nesterov"] < needed["momentum"] < needed["SGD"] / 2, "then Nesterov, momentum, SGD"

# %% [markdown]
# Five steps against seventy and more. Why doesn't everybody do that?
#
# - **Size.** $H$ has $n^2$ entries. For a network of 25 million weights that is five million gigabytes, and solving takes $n^3$ operations.
# - **Saddles.** (10) goes where the *derivative* is zero, be it a minimum or not. Where a curvature is negative, it climbs.
# - **Noise.** A minibatch gives a fair gradient. For a Hessian it is far too small.

# %% tags=["demo"]
def saddle_hessian(theta):
    return np.diag([1.0, -1.0 + 3 * theta[1] ** 2])


if ready(sgd_step, momentum_step, newton_step, critical_point):
    rules = {
        "SGD": sgd_on(saddle_gradient, 0.1),
        "momentum": momentum_on(saddle_gradient, 0.1),
        "Newton": newton_on(saddle_gradient, saddle_hessian),
    }
    for name, rule in rules.items():
        end = walk(rule, (1.0, 0.3), 300)[-1]
        print(f"{name} ends at ({end[0]:.2f}, {end[1]:.2f}), a {critical_point(saddle_hessian(end))}")
    assert abs(walk(rules["Newton"], (1.0, 0.3), 300)[-1, 1]) < 1e-6, "Newton runs into the saddle"
    assert abs(walk(rules["SGD"], (1.0, 0.3), 300)[-1, 1] - 1) < 1e-6, "SGD finds the minimum"

# %% [markdown]
# ## §7 Who is faster?
#
# First on quadratics, with the best constants that theory knows for each κ: how many steps until a thousandth of the distance is left?

# %% tags=["demo"]
def steps_needed(step, curvatures):
    """Return after how many steps a thousandth of the distance is left."""
    theta, state = np.ones(len(curvatures)), {}
    for number in range(5000):
        if np.linalg.norm(theta) < 1e-3 * np.sqrt(len(theta)):
            return number
        theta, state = step(theta, state)
    return 5000


# %% tags=["demo"]
kappas = (2, 5, 10, 30, 100, 300, 1000)
if ready(sgd_step, momentum_step, nesterov_step, newton_step):
    counts = {"SGD": [], "momentum": [], "Nesterov": [], "Newton": []}
    for kappa in kappas:
        bowl, root = np.diag(np.linspace(1, kappa, 5)), np.sqrt(kappa)
        beta, slope = (root - 1) / (root + 1), bowl.dot
        counts["SGD"].append(steps_needed(sgd_on(slope, 2 / (1 + kappa)), np.diag(bowl)))
        counts["momentum"].append(steps_needed(momentum_on(slope, 4 / (1 + root) ** 2, beta**2), np.diag(bowl)))
        counts["Nesterov"].append(steps_needed(nesterov_on(slope, 1 / kappa, beta), np.diag(bowl)))
        counts["Newton"].append(steps_needed(newton_on(slope, lambda theta, H=bowl: H), np.diag(bowl)))

# %% tags=["demo"]
if ready(sgd_step, momentum_step, nesterov_step, newton_step):
    curves = {name: (kappas, steps) for name, steps in counts.items()}
    scales = {"xscale": "log", "yscale": "log", "xlabel": "condition number κ", "ylabel": "steps"}
    plots.show(
        figures.lines({"Until a thousandth is left": curves}, **scales),
        alt="Steps against the condition number, both on logarithmic scales. Gradient descent rises "
        "with slope one, from 6 to about 3000. Momentum and Nesterov rise with half the slope, to about "
        "200 and 260. Newton needs one step always.",
    )
    growth = {name: np.log(steps[-1] / steps[2]) / np.log(100) for name, steps in counts.items()}
    assert abs(growth["SGD"] - 1) < 0.05, "SGD's steps grow like κ"
    assert all(abs(growth[name] - 0.5) < 0.08 for name in ("momentum", "Nesterov")), "momentum's like √κ"
    assert set(counts["Newton"]) == {1}, "Newton needs one step"
    assert all(np.array(counts["momentum"]) < counts["Nesterov"]), "momentum is ahead on quadratics"

# %% [markdown]
# SGD's steps grow like κ, those of momentum and Nesterov like $\sqrt\kappa$. At κ = 1000 that is 3225 against 190 and 259. On quadratics plain momentum is even
# ahead of Nesterov, against the slides' "generally faster". Nesterov's proof holds for *all* smooth convex functions, though, and there plain momentum with these constants can fail.
#
# Now **a network on the digits**, in a fair race. Each optimiser gets the same budget: seven learning rates, two seeds each. The one with the lowest
# training loss is then run on five *other* seeds. We do it twice: with batches of 64 for 3 epochs, and with batches of 337, a quarter of the data,
# for 12 epochs. (It takes some seconds.)

# %% tags=["demo"]
def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def trained(make, lr, seed, batch_size, epochs):
    """Return the last training losses' mean, and the test accuracy, of a small network."""
    rng = np.random.default_rng(seed)
    net = nets.mlp((64, 32, 32, 10), init=he, activation="relu", rng=rng)
    run = nets.train(net, digits, epochs=epochs, batch_size=batch_size, rng=rng, step=make(lr))
    return (3.0 if run.diverged else min(3.0, np.mean(run.loss[-15:])), run.test_accuracy[-1])


makers = {  # each makes an optimiser from a learning rate
    "SGD": lambda lr: lambda theta, grad, state: (sgd_step(theta, grad, lr), state),
    "momentum": lambda lr: lambda theta, grad, state: momentum_step(theta, grad, state, lr),
    "Nesterov": lambda lr: lambda theta, grad, state: nesterov_step_shifted(theta, grad, state, lr),
}
rates, budgets = 10.0 ** np.arange(-2.5, 0.6, 0.5), {"batches of 64": (64, 3), "batches of 337": (337, 12)}

# %% tags=["demo"]
if ready(sgd_step, momentum_step, nesterov_step_shifted):
    searched, final = {}, {}
    for title, budget in budgets.items():
        searched[title] = {}
        for name, make in makers.items():
            losses = [np.mean([trained(make, lr, seed, *budget)[0] for seed in (0, 1)]) for lr in rates]
            searched[title][name] = (rates, losses)
            lr = rates[np.argmin(losses)]
            runs = np.array([trained(make, lr, seed, *budget) for seed in range(10, 15)])
            final[title, name] = runs
            print(f"{title}, {name}, η = {lr:.2g}: loss {runs[:, 0].min():.3f} to {runs[:, 0].max():.3f},", end=" ")
            print(f"test accuracy {runs[:, 1].min():.3f} to {runs[:, 1].max():.3f}")

# %% tags=["demo"]
if ready(sgd_step, momentum_step, nesterov_step_shifted):
    scales = {"xscale": "log", "yscale": "log", "xlabel": "learning rate η", "ylabel": "training loss at the end"}
    plots.show(
        figures.lines(searched, **scales),
        alt="The training loss at the end against the learning rate, for small and for large batches. "
        "The curves of momentum and Nesterov look like that of SGD, moved to the left by about a factor "
        "of ten. With small batches the three lowest points are about equally low; with large batches "
        "those of momentum and Nesterov are several times lower than SGD's.",
    )
    small, large = ({name: final[title, name] for name in makers} for title in budgets)
    at = np.argmin(np.abs(rates - 0.1))
    naive = [searched["batches of 64"][name][1][at] for name in ("SGD", "momentum")]
    assert naive[1] < naive[0] / 2, "with η = 0.1 for both, momentum looks far better"
    medians = [np.median(runs[:, 0]) for runs in small.values()]
    assert max(medians) < 2 * min(medians), "with small batches, tuned, no more than a factor of two"
    assert large["momentum"][:, 0].max() < large["SGD"][:, 0].min(), "with large ones momentum wins"
    assert large["Nesterov"][:, 0].max() < large["momentum"][:, 0].min(), "and Nesterov wins again"
    accuracies = [np.median(runs[:, 1]) for runs in large.values()]
    assert max(accuracies) - min(accuracies) < 0.02, "the test accuracy doesn't tell them apart"

# %% [markdown]
# - **With one η for all** (0.1, small batches) momentum looks far better. That is no merit: its terminal velocity is ten times larger, so it is
#   SGD with a larger η. The curves say so: they are the same, moved to the left.
# - **With small batches and each its own η** there is no difference worth a star. The noise of the batches sets the pace, and a velocity can't
#   average it away without getting slow. Seven rates are also a coarse grid.
# - **With large batches** the ravine sets the pace. Momentum's worst run has a lower loss than SGD's best, and Nesterov's worst a lower one than momentum's best.
# - **On the test set** we see no difference either way. Small digits are too easy for that.
#
# The slides give momentum two stars for speed and SGD one. On this task the second star is earned where batches are large.

# %% [markdown]
# ## §8 A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# (a) A colleague has trained with SGD and a well-tuned η. "Now I switch momentum on", they say, with β = 0.9 and the same η, and the training diverges.
# Why, although on a quadratic momentum allows an even larger η than SGD? Which η would you try first? (b) They report "momentum reached a
# loss of 0.1 in a third of the steps". Name two things that you would ask before you believe that momentum is the reason. (c) In their code stands `m = beta * m +
# lr * grad; theta = theta + m`. What is wrong, and what are the two ways to mend it?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_momentum", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) Where gradients agree for some steps, the velocity grows to 1/(1 − β) = 10 times the step of SGD. On a quadratic that is harmless, because the gradient turns in time.
# On a network's loss the curvature changes along the way, and the noise of many batches is summed up, too: steps of ten times the
# length lead to where the old η isn't stable. Try η/10 first.
#
# (b) Was the learning rate of both tuned, with the same budget, or did momentum get a larger effective rate η/(1 − β)? How many seeds, and how far do they
# spread? Also: how large were the batches?
#
# (c) The signs are mixed: the step goes uphill. Either m = beta * m − lr * grad with theta + m, or theta − m with the line as it is.

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# | | step | knows | steps on a quadratic | memory |
# |---|---|---|---|---|
# | SGD | $-\eta\nabla$ | the slope here | $\propto \kappa$ | none |
# | momentum | $m = \beta m - \eta\nabla$ | all slopes so far | $\propto \sqrt\kappa$ | $n$ |
# | Nesterov | the same, ∇ at $\theta + \beta m$ | and the slope ahead | $\propto \sqrt\kappa$ | $n$ |
# | Newton | $-H^{-1}\nabla$ | all curvatures | 1 | $n^2$ |
#
# - The steepest direction limits η, to $2/\lambda_\text{max}$; the flattest one pays for it.
# - In many dimensions a point with a zero gradient is mostly a saddle. It delays a walk, and holds Newton's.
# - A velocity adds up what agrees, up to $1/(1 - \beta)$ times, and cancels what jitters.
# - Compare optimisers each at its own best learning rate, or you compare learning rates.
#
# ### Further reading
# - B. Polyak (1964), *Some methods of speeding up the convergence of iteration methods*: the heavy ball.
# - Y. Nesterov (1983), *A method of solving a convex programming problem with convergence rate O(1/k²)*.
# - I. Sutskever, J. Martens, G. Dahl and G. Hinton (2013), *On the importance of initialization and momentum in deep learning*: our (7).
# - Y. Dauphin and others (2014), *Identifying and attacking the saddle point problem in high-dimensional non-convex optimization*.
# - G. Goh (2017), *Why momentum really works*, Distill: the spring, with pictures to play with.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11.
