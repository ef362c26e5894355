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
# # Lecture 8 · Adaptive optimisers
#
# **Why should ten thousand weights share one learning rate?** Gradient descent multiplies every entry of the gradient by the same η. If
# the loss is steep along one weight and almost flat along another, no η suits both. In this lecture each weight gets a learning rate of
# its own, and finds it by itself, from the gradients that it has seen.
#
# You write five optimisers that are in daily use, measure them against each other, and find out when they don't help.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `adagrad_step` | a learning rate for every weight |
# | §3 | `rmsprop_step` | to forget, and so never to stop |
# | §4 | `bias_corrected`, `adam_step` | to add momentum, and to start off right |
# | §5 | `nadam_step`, `adamax_step` | two relatives |
# | §8 | a question to answer in words | to tell what an optimiser doesn't see |
#
# Conventions: NumPy only. A step is **pure**: `step(theta, grad, state, ...)` returns `(theta, state)`, the new parameters and the new
# state, as new objects; it changes none of its arguments and remembers nothing outside the state. Before the first step the state is
# `{}`; what you put in it is your own business. ⊗ and ⊘ are multiplication and division *entry by entry*, and so are squares and roots.
# ∇ is the gradient, `grad` in code, and $g$ in formulas.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# ## §1 Throw the size away
#
# Here are the handwritten digits, but every pixel is measured in a unit of its own: each of the 64 inputs is multiplied by a number between
# 0.001 and 1. Nothing is lost by that. But a weight behind a faint pixel gets a faint gradient.
#
# We train the same small network with two rules, each at seven learning rates. One is plain gradient descent, $\theta \leftarrow \theta -
# \eta\, g$. The other throws away everything about the gradient but its *sign*, $\theta \leftarrow \theta - \eta\, \text{sign}(g)$: every
# weight moves by exactly η in every step, whether its gradient is large or tiny.

# %% tags=["demo"]
from coursekit import data, nets, plots
from coursekit.figures import adaptive_optimizers as figures

digits = data.digits()
units = 10 ** np.random.default_rng(5).uniform(-3, 0, 64)  # a unit for each pixel
mixed = data.Digits(
    digits.X_train * units, digits.y_train, digits.X_test * units, digits.y_test
)


def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def learn(step, images, epochs, seed=0, batch_size=64, sizes=(64, 32, 10)):
    """Train a small ReLU net with an optimiser's step; all that isn't passed is the same."""
    rng = np.random.default_rng(seed)
    net = nets.mlp(sizes, init=he, activation="relu", rng=rng)
    return nets.train(net, images, epochs=epochs, batch_size=batch_size, rng=rng, step=step)


# %% tags=["demo"]
def sgd(lr):
    return lambda theta, grad, state: (theta - lr * grad, state)


def sign_only(lr):
    return lambda theta, grad, state: (theta - lr * np.sign(grad), state)


sgd_rates, sign_rates = 10.0 ** np.linspace(-2, 1, 7), 10.0 ** np.linspace(-3.5, -0.5, 7)
by_size = [learn(sgd(lr), mixed, 4).test_accuracy[-1] for lr in sgd_rates]
by_sign = [learn(sign_only(lr), mixed, 4).test_accuracy[-1] for lr in sign_rates]
runs = {"the gradient": (sgd_rates, by_size), "its sign alone": (sign_rates, by_sign)}
plots.show(
    figures.accuracy_against_rate(runs, "Digits in mixed units, four epochs"),
    alt="Test accuracy against the learning rate. Gradient descent climbs slowly to a peak above 80 % at a learning rate of about 3 and falls "
    "off steeply behind it. The rule that uses only the sign of the gradient reaches about 90 %, at a learning rate near 0.03.",
)
assert max(by_sign) > max(by_size) + 0.02, "the sign alone learns better"
assert max(by_size) < 0.9, "gradient descent suffers from the units"

# %% [markdown]
# The rule that knows *less* learns *better*. The size of a gradient entry says more about the unit of its input than about how far its
# weight should go. A faint pixel even wants a *larger* weight, and gets a smaller gradient.
#
# Why is that so hard for gradient descent? In a quadratic valley $J = \frac12 (a\,\theta_1^2 + b\,\theta_2^2)$ with $b \gg a$ the gradient
# is $(a\theta_1, b\theta_2)$. Stability demands $\eta < 2/b$. With such an η the first entry shrinks by $1 - \eta a$ a step, which is hardly
# less than 1. Steep directions dictate the learning rate, and flat ones pay for it. The ratio $b/a$ is the *condition number* of lecture 7.
# Momentum helps against it. This lecture helps in another way: it divides each entry by its own typical size.
#
# The pure sign is too blunt. It never slows down near a minimum. And a noisy entry, whose gradient is large today and opposite tomorrow,
# moves as fast as a reliable one. The optimisers below are gentler forms of it. They differ in one thing: **how they measure the typical
# size of a gradient entry**.

# %% [markdown]
# ## §2 AdaGrad: a learning rate for every weight
#
# Duchi, Hazan and Singer (2011) add up the squares of all gradients that an entry has ever had, and divide by the root:
#
# $$s \leftarrow s + \nabla \otimes \nabla \tag{1}$$
#
# $$\theta \leftarrow \theta - \eta\, \nabla \oslash (\sqrt s + \varepsilon) \tag{2}$$
#
# $s$ has the shape of θ and begins at zero. Read (2) as gradient descent with a rate $\eta/(\sqrt{s_i} + \varepsilon)$ for entry $i$.
# Entries with large gradients slow down fast, entries with small ones keep their pace. Multiply a weight's gradients by 1000: $\sqrt s$
# is multiplied by 1000 as well, and the step is the same. **The gradient's scale cancels.** The weight's own scale doesn't: a step is
# about η long, in whatever unit the weight has, so η still has to suit the weights. In a long valley the step points less towards the
# near wall and more towards the far minimum. The ε only keeps $0/0$ away.

# %% [markdown]
# ### Where the slides disagree
#
# The slides write down the same four optimisers, and no two sets agree to the letter. This is what the functions of this lecture want.
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | Where is ε? | inside the root, $\sqrt{s + \varepsilon}$, in the formulas of two sets | outside, $\sqrt s + \varepsilon$, in a third set's code | **outside**, as in the paper of Adam and in PyTorch: ε is then compared with the gradient itself. (Batch normalization, lecture 5, has it inside.) |
# | How large is ε? | $10^{-7}$ | $10^{-8}$ in the paper; $10^{-10}$ in a book | **`eps=1e-8`**, and it can be passed |
# | The sign of Adam's $m$ | $m \leftarrow \beta_1 m - (1 - \beta_1)\nabla$, then $\theta \leftarrow \theta + \dots$ | $m \leftarrow \beta_1 m + (1 - \beta_1)\nabla$, then $\theta \leftarrow \theta - \dots$ | **the second**: $m$ is an average of gradients. Both are right; half of one and half of the other goes uphill |
# | What is RMSProp's decay called? | β | ρ, or decay rate | **`decay`**, ρ in formulas: the share of the *old* average |
# | Is Adam's corrected $m$ stored? | $m \leftarrow m/(1 - \beta_1^T)$, in place | $\hat m \leftarrow m/(1 - \beta_1^t)$, another name | **another name**. The first is an erratum: taken literally, the next step corrects what is corrected already |
# | What is averaged in Adam's $s$? | in one listing the new term is $(1 - \beta_2)$ alone | $(1 - \beta_2)\,\nabla\otimes\nabla$ | **the squares**: the listing has lost its last factor, and a minus sign elsewhere |
#
# Where gradients aren't tiny, the first two rows are conventions, and nobody could tell from a trained network which one was used. Where
# they are, $\sqrt{10^{-8}} = 10^{-4}$ is ten thousand times ε: with gradients near $10^{-6}$, which occur in practice, ε inside the root
# shortens a step to a hundredth.

# %% [markdown]
# ### Exercise 1 · adagrad_step
# *About 15 minutes · difficulty ●○○*
#
# Write equations (1) and (2).
#
# | argument | shape | |
# |---|---|---|
# | `theta`, `grad` | any, both the same | θ and ∇ |
# | `state` | | `{}` at first, then what *your* function returned last time |
# | answer | `(theta, state)` | both new |
#
# **By hand.** Let η = 0.1, ε = 0 and θ = (1, 2). The first gradient is (3, 4): s = (9, 16), and the step is 0.1 · (3/3, 4/4), so θ = (0.9,
# 1.9). Every first step has the length η. The second gradient is (4, 3): s = (9 + 16, 16 + 9) = (25, 25), the step is (0.08, 0.06), and θ
# = (0.82, 1.84).
#
# <details><summary>Hint 1</summary>
#
# A dictionary's `get` has a second argument: what to give where the key is missing. That is the first step.
# </details>
# <details><summary>Hint 2</summary>
#
# `a -= b` writes into the array that came in; `a = a - b` makes a new one. The same goes for the state: return a new dictionary.
# </details>
# <details><summary>Hint 3</summary>
#
# First (1), then (2): the present gradient counts in its own denominator.
# </details>

# %% nbgrader={"grade": false, "grade_id": "adagrad_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adagrad_step(theta, grad, state, lr=0.01, eps=1e-8):
    """Take one step of AdaGrad: equations (1) and (2).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any
        The parameters and the gradient. Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step.
    eps : float
        ε, added to the root of s, outside the root.

    Returns
    -------
    theta : float64 array of the same shape
        θ − η·∇/(√s + ε), where s is the sum of the squares of all gradients so far, this one
        included, each entry for itself.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    grad = np.asarray(grad, dtype=float)
    s = state.get("s", np.zeros_like(grad)) + grad**2
    rates = lr / (np.sqrt(s) + eps)
    return theta - rates * grad, {"s": s}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_adagrad_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(adagrad_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(adagrad_step)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Two valleys, one thirty times and one 3000 times steeper across than along, and two walks in each from the same point.
# Gradient descent takes the largest learning rate that each valley allows, nearly. AdaGrad has the same η = 0.5 in both.

# %% tags=["demo"]
def walk(step, start, gradient, steps):
    """Return where an optimiser goes from `start`, shape (steps + 1, 2)."""
    theta, state, path = np.array(start, dtype=float), {}, []
    for _ in range(steps + 1):
        path.append(theta)
        theta, state = step(theta, gradient(theta), state)
    return np.array(path)


def with_rate(step):
    """Turn an optimiser into a function of its learning rate, as `sgd` is."""
    return lambda lr: lambda theta, grad, state: step(theta, grad, state, lr=lr)


# %% tags=["demo"]
if ready(adagrad_step):
    walks = {}
    for steep in (30, 3000):
        rules = {"gradient descent": sgd(1.8 / steep), "AdaGrad": with_rate(adagrad_step)(0.5)}
        hessian = np.diag([1.0, steep])
        walks[steep] = {name: walk(rule, (-4, 1.2), hessian.dot, 30) for name, rule in rules.items()}
    plots.show(
        figures.two_valleys(walks),
        alt="Contours of two long valleys with a walk of thirty steps by each rule. Gradient "
        "descent jumps from wall to wall, and in the steeper valley hardly gets along it. "
        "AdaGrad's path bends smoothly towards the minimum and is the same in both valleys.",
    )
    one, other = walks[30]["AdaGrad"], walks[3000]["AdaGrad"]
    assert np.allclose(one, other, atol=1e-6), "AdaGrad doesn't notice how steep the valley is"
    assert abs(other[-1, 0]) < 1, "AdaGrad gets along the valley"
    assert abs(walks[3000]["gradient descent"][-1, 0]) > 3.5, "gradient descent hardly moves along"

# %% [markdown]
# AdaGrad takes the very same path in both: the second entry of the gradient is a hundred times larger on the right, and that cancels.
# Gradient descent is lost there.
#
# **The flaw.** $s$ only ever grows. With gradients of constant size $\sqrt s$ grows like $\sqrt t$, so the steps shrink like $1/\sqrt t$,
# *whether or not a minimum is near*. For convex problems that is just right, and one can prove it. A neural network may first roll down
# a steep slope and then have a long way to go: by then its learning rate is used up. The next section has a remedy, and a figure that
# compares both.

# %% [markdown]
# ## §3 RMSProp: forget
#
# Geoffrey Hinton mentioned the remedy in a lecture (Tieleman and Hinton 2012); a paper never appeared. Let old squares fade, so that $s$
# is not the sum of all squares but an exponential *average* of the latest ones:
#
# $$s \leftarrow \rho\, s + (1 - \rho)\, \nabla \otimes \nabla \tag{3}$$
#
# $$\theta \leftarrow \theta - \eta\, \nabla \oslash (\sqrt s + \varepsilon) \tag{4}$$
#
# With the usual ρ = 0.9 a square counts 0.9 times as much with every step that passes, so $s$ looks back over about $1/(1 - \rho) = 10$
# steps. $\sqrt s$ is the **r**oot of a **m**ean **s**quare: the typical size of a gradient entry *lately*. Now steps don't shrink by
# themselves: if all gradients are alike, $\sqrt s$ settles at $|g|$, and every step has the length η.

# %% [markdown]
# ### Exercise 2 · rmsprop_step
# *About 10 minutes · difficulty ●○○*
#
# Write equations (3) and (4). Shapes and state are as in exercise 1.
#
# **By hand.** Let ρ = 0.75, η = 0.1, ε = 0 and θ = 1. The first gradient is 4: s = 0.25 · 16 = 4, the step is 0.1 · 4/2 = 0.2, θ = 0.8. (It
# is longer than η, because s began at zero. §4 comes back to that.) The second gradient is 2: s = 0.75 · 4 + 0.25 · 4 = 4, the step is 0.1
# · 2/2 = 0.1, θ = 0.7.
#
# <details><summary>Hint 1</summary>
#
# Only the line of s differs from AdaGrad.
# </details>
# <details><summary>Hint 2</summary>
#
# Three things go wrong most often: the new s isn't returned, the step uses the old s, and ρ and 1 − ρ are swapped. The worked example tells
# all three apart.
# </details>

# %% nbgrader={"grade": false, "grade_id": "rmsprop_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rmsprop_step(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """Take one step of RMSProp: equations (3) and (4).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any
        The parameters and the gradient. Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step.
    decay : float
        ρ: how much of the old average stays.
    eps : float
        ε, added to the root of s, outside the root.

    Returns
    -------
    theta : float64 array of the same shape
        θ − η·∇/(√s + ε), where s ← ρ·s + (1 − ρ)·∇² has been updated with this gradient first.
        s begins at zero and isn't bias-corrected.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    grad = np.asarray(grad, dtype=float)
    s = decay * state.get("s", np.zeros_like(grad)) + (1 - decay) * grad**2
    rates = lr / (np.sqrt(s) + eps)
    return theta - rates * grad, {"s": s}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_rmsprop_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(rmsprop_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(rmsprop_step)
### END HIDDEN TESTS

# %% [markdown]
# **See AdaGrad stop early.** The same network on the digits, for 40 epochs, with both at their default learning rates. While it trains we
# note how much each weight moves per unit of gradient, $|\Delta\theta|/|g|$. That is its own learning rate at that step.

# %% tags=["demo"]
def watched(rule, rates):
    """The same rule, which also notes the median learning rate of the first layer's weights."""

    def step(theta, grad, state):
        new, state = rule(theta, grad, state)
        if theta.shape == (64, 32):
            moved = np.abs(grad) > 1e-12
            rates.append(np.median(np.abs(new - theta)[moved] / np.abs(grad)[moved]))
        return new, state

    return step


# %% tags=["demo"]
if ready(adagrad_step, rmsprop_step):
    own_rates, losses = {"AdaGrad": [], "RMSProp": []}, {}
    for label, rule in {"AdaGrad": adagrad_step, "RMSProp": rmsprop_step}.items():
        history = learn(watched(rule, own_rates[label]), digits, 40, batch_size=100)
        losses[label] = np.convolve(history.loss, np.ones(13) / 13, mode="valid")  # an epoch's mean
    plots.show(
        figures.losses_and_own_rates(losses, own_rates, window=13),
        alt="Left: the training loss over 520 steps. AdaGrad's falls fast at first and then "
        "flattens out; RMSProp's starts slower, crosses it after some 200 steps and keeps falling. "
        "Right: the median learning rate of a weight. AdaGrad's falls all the time; RMSProp's "
        "falls over the first steps and then rises tenfold as the gradients shrink.",
    )
    ada, rms = losses["AdaGrad"], losses["RMSProp"]
    assert ada[50] < 0.8 * rms[50], "AdaGrad leads at first"
    assert rms[-1] < 0.6 * ada[-1], "RMSProp has overtaken it in the end"
    assert own_rates["AdaGrad"][-1] < 0.65 * own_rates["AdaGrad"][20], "AdaGrad's rates fall"
    assert own_rates["RMSProp"][-1] > 3 * own_rates["RMSProp"][60], "RMSProp's rates recover"

# %% [markdown]
# AdaGrad has the larger default η, ten times RMSProp's, and leads for two hundred steps; then it is overtaken and left behind. Its weights
# only ever slow down, however far there is to go. RMSProp's slow down while gradients are large and *speed up* when they get small.
#
# It has a price: RMSProp by itself never comes to rest. Near a minimum gradients shrink, $\sqrt s$ shrinks with them, and
# the steps stay about as long as η. So it wants a learning rate that falls with time, from outside: the subject of lecture 9.

# %% [markdown]
# ## §4 Adam: momentum, and a good start
#
# RMSProp measures how large a gradient entry typically *is*. Momentum (lecture 7) adds up gradients, so that what changes its sign at
# every step cancels and what persists grows. **Adam**, for *adaptive moment estimation* (Kingma and Ba 2015), keeps both, each as an
# average: the first and the second *moment*:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, \nabla \tag{5}$$
#
# $$s \leftarrow \beta_2 s + (1 - \beta_2)\, \nabla \otimes \nabla \tag{6}$$
#
# with $\beta_1 = 0.9$, which looks back over some 10 steps, and $\beta_2 = 0.999$, over some 1000: the direction should follow the
# landscape soon, the scale should be steady. Both begin at zero, and that has a price.
#
# **The bias.** After $t$ steps, with $g_i$ for the gradient of step $i$, (5) has made
#
# $$m_t = (1 - \beta_1) \sum_{i=1}^{t} \beta_1^{\,t-i}\, g_i, \qquad \text{and the weights sum to}\quad (1 - \beta_1) \sum_{i=1}^{t} \beta_1^{\,t-i} = 1 - \beta_1^{\,t}. \tag{7}$$
#
# An average whose weights sum to less than 1 is too small. After the first step the weights sum to 0.1 for $m$, and to 0.001 for $s$. The
# remedy is to divide by the sum of the weights:
#
# $$\hat m = \frac{m}{1 - \beta_1^{\,t}}, \qquad \hat s = \frac{s}{1 - \beta_2^{\,t}} \qquad (t = 1, 2, 3, \dots) \tag{8}$$
#
# $$\theta \leftarrow \theta - \eta\, \hat m \oslash (\sqrt{\hat s} + \varepsilon) \tag{9}$$
#
# $t$ is the number of gradients seen so far, *this one included*, so it is 1 at the first step; with $t = 0$ one would divide by zero. It
# belongs into the state. $m$ and $s$ themselves go on uncorrected.

# %% [markdown]
# ### Exercise 3 · bias_corrected
# *About 5 minutes · difficulty ●○○*
#
# Write (8), for any moment and any β.
#
# | argument | shape | |
# |---|---|---|
# | `moment` | any | an average that began at zero |
# | `beta` | number, $0 \le \beta < 1$ | how much of the old average stays at each step |
# | `t` | integer, from 1 | how many values have been averaged |
# | answer | as `moment` | |
#
# **By hand.** Let β = 0.75 and the moment be (1.75, −3.5). If that is after one step, the weights sum to 0.25, and the answer is (7, −14).
# If it is after two, they sum to 0.1875 + 0.25 = 1 − 0.75² = 0.4375, and the answer is (4, −8).
#
# <details><summary>Hint</summary>
#
# In Python `**` is the power, and it binds tighter than minus.
# </details>

# %% nbgrader={"grade": false, "grade_id": "bias_corrected", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bias_corrected(moment, beta, t):
    """Divide an exponential average that began at zero by the sum of its weights: equation (8).

    Parameters
    ----------
    moment : array of any shape
        m or s. Integers are legal.
    beta : float
        β, in [0, 1).
    t : int
        How many values have been averaged; 1 at the first step.

    Returns
    -------
    float64 array of the same shape
        moment/(1 − βᵗ), as a new array.

    The moment is not changed.
    """
    ### BEGIN SOLUTION
    total_weight = 1 - beta**t
    return np.asarray(moment) / total_weight
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_bias_corrected", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(bias_corrected)
### BEGIN HIDDEN TESTS
from autograder import score
score(bias_corrected)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4 · adam_step
# *About 20 minutes · difficulty ●●○*
#
# Write equations (5), (6), (8) and (9). Shapes are as in exercise 1; the state now has three things to remember.
#
# **By hand.** Let β1 = 0.25, β2 = 0.75, η = 0.1, ε = 0 and θ = (1, 1).
#
# | | first entry | second entry |
# |---|---|---|
# | first gradient | 6 | 6 |
# | $m$, $s$ | 0.75 · 6 = 4.5, 0.25 · 36 = 9 | the same |
# | $\hat m$, $\hat s$ | 4.5/0.75 = 6, 9/0.25 = 36 | the same |
# | step | 0.1 · 6/6 = 0.1 | the same |
# | second gradient | 1 | −1.5 |
# | $m$, $s$ | 0.25 · 4.5 + 0.75 · 1 = 1.875, 0.75 · 9 + 0.25 · 1 = 7 | 1.125 − 1.125 = 0, 7.3125 |
# | $\hat m$, $\hat s$ | 1.875/0.9375 = 2, 7/0.4375 = 16 | 0, about 16.7 |
# | step | 0.1 · 2/4 = 0.05 | 0: the two gradients have cancelled |
#
# So θ = (0.9, 0.9) after the first step, and (0.85, 0.9) after the second.
#
# If all gradients are alike, $\hat m = g$ and $\sqrt{\hat s} = |g|$, and *every* step has the length η, from the first one on. Many
# mistakes show there.
#
# <details><summary>Hint 1</summary>
#
# `t` first: take it out of the state, 0 where there is none, add 1, use it, and put it back.
# </details>
# <details><summary>Hint 2</summary>
#
# You may call your `bias_corrected`, twice. Give its answers names of their own, such as `m_hat`; what goes back into the state is `m`.
# </details>
# <details><summary>Hint 3</summary>
#
# If the first step is right and the second isn't, look at what you put into the state.
# </details>

# %% nbgrader={"grade": false, "grade_id": "adam_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adam_step(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take one step of Adam: equations (5), (6), (8) and (9).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any
        The parameters and the gradient. Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step.
    beta1, beta2 : float
        β1 of the first moment m, β2 of the second moment s. Both moments begin at zero.
    eps : float
        ε, added to the root of the corrected second moment, outside the root.

    Returns
    -------
    theta : float64 array of the same shape
        θ − η·m̂/(√ŝ + ε), where m and s have been updated with this gradient first, and t = 1
        at the first step. You may call your own bias_corrected.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    grad = np.asarray(grad, dtype=float)
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", np.zeros_like(grad)) + (1 - beta1) * grad  # (5)
    s = beta2 * state.get("s", np.zeros_like(grad)) + (1 - beta2) * grad**2  # (6)
    m_hat, s_hat = bias_corrected(m, beta1, t), bias_corrected(s, beta2, t)  # (8)
    return theta - lr * m_hat / (np.sqrt(s_hat) + eps), {"t": t, "m": m, "s": s}  # (9)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_adam_step", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(adam_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(adam_step)
### END HIDDEN TESTS

# %% [markdown]
# **See it work: the first ten steps, with and without the correction.** You needn't write a second Adam for that. Both corrections can be
# pulled out of the fraction (leaving ε aside):
#
# $$\eta\, \frac{\hat m}{\sqrt{\hat s}} = \eta\, \frac{\sqrt{1 - \beta_2^{\,t}}}{1 - \beta_1^{\,t}} \cdot \frac{m}{\sqrt s} \tag{10}$$
#
# So an Adam without correction is an Adam whose learning rate is multiplied by $(1 - \beta_1^t)/\sqrt{1 - \beta_2^t}$. That is 3.2 at the
# first step and 6.5 at the tenth, and it takes thousands of steps to come down to 1. On the left is the length of each step where all
# gradients are alike. On the right a net with three hidden layers takes its first steps on the digits, with η = 0.03.

# %% tags=["demo"]
def uncorrected(lr):
    """Your Adam, with the correction taken back by the learning rate."""

    def step(theta, grad, state):
        inner, t = state or ({}, 0)
        t = t + 1
        too_long = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
        theta, inner = adam_step(theta, grad, inner, lr=lr * too_long)
        return theta, (inner, t)

    return step


# %% tags=["demo"]
if ready(bias_corrected, adam_step):
    rules = {"with correction": with_rate(adam_step)(0.03), "without": uncorrected(0.03)}
    lengths, losses = {}, {}
    for label, rule in rules.items():
        path = walk(rule, [0.0], lambda theta: np.array([7.0]), 10)
        lengths[label] = -np.diff(path[:, 0]) / 0.03
        runs = [learn(rule, digits, 3, seed, 50, (64, 50, 50, 50, 10)).loss for seed in range(2)]
        losses[label] = np.mean(runs, axis=0)
    plots.show(
        figures.first_steps(lengths, {label: loss[:10] for label, loss in losses.items()}),
        alt="Left: with the correction every one of the first ten steps has the length η; without, the first is 3.2 times as long and the tenth "
        "6.5 times. Right: with the correction a network's loss falls steadily; without, it shoots up to several times its first value.",
    )
    right, wrong = losses.values()
    assert np.allclose(lengths["with correction"], 1), "a corrected step has the length η"
    ends = lengths["without"][[0, 9]]
    assert np.allclose(ends, [3.16, 6.53], atol=0.01), "uncorrected steps are 3.2 to 6.5 times η"
    assert wrong[:10].max() > 1.5 * right[:10].max(), "without correction it starts badly"
    assert wrong[-20:].mean() > 2 * right[-20:].mean(), "and hasn't made up for it in three epochs"

# %% [markdown]
# In both moments zeros are mixed in at the start, and one could think that this makes the first steps *short*. The left figure says the
# opposite: under the root stands the moment with the longer memory, and it is what is most too small.
#
# The correction isn't there to make Adam faster. With a small η the uncorrected version even gets ahead, since its steps are longer. It
# is there to make η *mean* something. While the gradients of an entry keep about the same size, no step is longer than about η. A sudden
# change makes longer ones: where an entry's gradients were nearly zero for long and are large a dozen times in a row, $m$ follows sooner
# than $\sqrt s$, and a step gets 6.6 η long; 7.3 η is the most that the default β allow. That is why one default, 0.001, is a reasonable
# first try for so many networks.
#
# **Change this, predict, run.** Below are the lengths of the uncorrected steps, in η, where all gradients are alike. Set β2 to 0.9, like β1.
# Before you run the cell: will the first step be too long or too short? By (10), for which β2 is it just right?

# %% tags=["demo"]
beta1, beta2 = 0.9, 0.999  # change this
if ready(bias_corrected, adam_step):
    t = np.arange(1, 11)
    path = walk(
        lambda *step: adam_step(*step, lr=1.0, beta1=beta1, beta2=beta2),
        [0.0],
        lambda theta: np.array([7.0]),
        10,
    )
    too_long = (1 - beta1**t) / np.sqrt(1 - beta2**t)
    print("corrected:  ", np.round(-np.diff(path[:, 0]), 2))
    print("uncorrected:", np.round(-np.diff(path[:, 0]) * too_long, 2))

# %% [markdown]
# ## §5 Two relatives: Nadam and AdaMax
#
# **Nadam** (Dozat 2016) is Adam with Nesterov's trick from lecture 7: look ahead before you judge. Momentum is about to move θ along the
# old average anyway, so use the average as it *will* be at the next step, as far as that is known today. Write out Adam's $\hat m$ with
# the help of (5):
#
# $$\hat m = \frac{\beta_1\, m_\text{old}}{1 - \beta_1^{\,t}} + \frac{(1 - \beta_1)\, \nabla}{1 - \beta_1^{\,t}} \tag{11}$$
#
# The first term is the momentum from before this gradient. Nadam replaces it by today's, $m$, with the correction that
# the next step will have:
#
# $$\bar m = \frac{\beta_1\, m}{1 - \beta_1^{\,t+1}} + \frac{(1 - \beta_1)\, \nabla}{1 - \beta_1^{\,t}}, \qquad \theta \leftarrow \theta - \eta\, \bar m \oslash (\sqrt{\hat s} + \varepsilon) \tag{12}$$
#
# So the present gradient counts twice: inside $m$, and once more by itself. $m$, $s$ and $\hat s$ are exactly Adam's. Dozat also lets
# $\beta_1$ grow slowly with $t$, as Keras and PyTorch do; we keep it fixed.
#
# **AdaMax** is in Adam's own paper. $\sqrt s$ is (up to weights) the length of the vector of all past gradients of an entry, in the
# $\ell_2$ norm. In the $\ell_p$ norm one averages $|g|^p$ and takes the $p$-th root. For $p \to \infty$ only the largest term survives,
# and what is left is surprisingly simple:
#
# $$u \leftarrow \max(\beta_2\, u,\; |\nabla|) \tag{13}$$
#
# $$\theta \leftarrow \theta - \frac{\eta}{1 - \beta_1^{\,t}}\; m \oslash (u + \varepsilon) \tag{14}$$
#
# $u$ is the largest recent gradient, where "recent" fades by $\beta_2$ a step. A maximum isn't biased towards zero, so $u$ needs no
# correction; $m$ does. The paper has no ε here; we add it, so that an entry without any gradient isn't 0/0.

# %% [markdown]
# ### Exercise 5 · nadam_step
# *About 10 minutes · difficulty ●●○*
#
# Write (12), with $m$ of (5), and $s$ and $\hat s$ of (6) and (8).
#
# **By hand.** As in exercise 4 let β1 = 0.25, β2 = 0.75, η = 0.1, ε = 0 and θ = 1, and let the gradients be 6 and 1.
#
# - First step: m = 4.5 and ŝ = 36. $\bar m$ = 0.25 · 4.5/(1 − 0.25²) + 0.75 · 6/(1 − 0.25) = 1.2 + 6 = 7.2, and the step is 0.1 · 7.2/6 =
#   0.12. θ = 0.88. Adam's step would have been 0.1.
# - Second step: m = 1.875 and ŝ = 16. $\bar m$ = 0.25 · 1.875/(1 − 0.25³) + 0.75 · 1/(1 − 0.25²) ≈ 0.476 + 0.8, and the step is 0.1 ·
#   1.276/4 ≈ 0.0319. θ ≈ 0.8481. Adam's step would have been 0.05: Nadam trusts the new, small gradient sooner.
#
# <details><summary>Hint 1</summary>
#
# Begin with a copy of your Adam. One line changes.
# </details>
# <details><summary>Hint 2</summary>
#
# Which $t$ belongs where? The momentum is that of the next step, the gradient is today's.
# </details>

# %% nbgrader={"grade": false, "grade_id": "nadam_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nadam_step(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take one step of Nadam: equation (12), without a schedule for β1.

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any
        The parameters and the gradient. Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step.
    beta1, beta2 : float
        β1 of the first moment m, β2 of the second moment s, the same at every step.
    eps : float
        ε, added to the root of the corrected second moment, outside the root.

    Returns
    -------
    theta : float64 array of the same shape
        θ − η·m̄/(√ŝ + ε) with m̄ = β1·m/(1 − β1ᵗ⁺¹) + (1 − β1)·∇/(1 − β1ᵗ), where m and s are
        Adam's, updated with this gradient first, ŝ = s/(1 − β2ᵗ), and t = 1 at the first step.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    grad = np.asarray(grad, dtype=float)
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", np.zeros_like(grad)) + (1 - beta1) * grad
    s = beta2 * state.get("s", np.zeros_like(grad)) + (1 - beta2) * grad**2
    m_bar = beta1 * bias_corrected(m, beta1, t + 1) + (1 - beta1) * bias_corrected(grad, beta1, t)
    s_hat = bias_corrected(s, beta2, t)
    return theta - lr * m_bar / (np.sqrt(s_hat) + eps), {"t": t, "m": m, "s": s}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_nadam_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(nadam_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(nadam_step)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 6 · adamax_step
# *About 10 minutes · difficulty ●○○*
#
# Write (13) and (14), with $m$ of (5).
#
# **By hand.** Let β1 = 0.5, β2 = 0.75, η = 0.1, ε = 0 and θ = (1, 1). The first gradient is (8, 8): m = 4, corrected 8; u = 8; the step is
# 0.1. θ = (0.9, 0.9). The second gradient is (0.5, −10).
#
# - First entry: m = 2 + 0.25 = 2.25, corrected 2.25/0.75 = 3. u = max(6, 0.5) = 6: the old gradient still rules. The step is 0.05.
# - Second entry: m = 2 − 5 = −3, corrected −4. u = max(6, 10) = 10. The step is −0.04.
#
# So θ = (0.85, 0.94).
#
# <details><summary>Hint</summary>
#
# Two arrays, entry by entry: `np.maximum`. (`np.max` looks for the largest entry of one array.)
# </details>

# %% nbgrader={"grade": false, "grade_id": "adamax_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def adamax_step(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take one step of AdaMax: equations (13) and (14).

    Parameters
    ----------
    theta, grad : arrays of one shape, which may be any
        The parameters and the gradient. Integers are legal.
    state
        {} before the first step, then the state that was returned by the step before.
    lr : float
        η; it may be another one at every step.
    beta1, beta2 : float
        β1 of the first moment m, β2 of the fading maximum u. Both begin at zero.
    eps : float
        ε, added to u, outside the maximum.

    Returns
    -------
    theta : float64 array of the same shape
        θ − η/(1 − β1ᵗ)·m/(u + ε), where m and u ← max(β2·u, |∇|) have been updated with this
        gradient first, each entry for itself, and t = 1 at the first step.
    state
        Whatever the next step needs; nobody else looks inside.

    The arguments are not changed, the old state neither; all memory is in the state.
    """
    ### BEGIN SOLUTION
    grad = np.asarray(grad, dtype=float)
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", np.zeros_like(grad)) + (1 - beta1) * grad
    u = np.maximum(beta2 * state.get("u", np.zeros_like(grad)), np.abs(grad))
    return theta - lr * bias_corrected(m, beta1, t) / (u + eps), {"t": t, "m": m, "u": u}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_adamax_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(adamax_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(adamax_step)
### END HIDDEN TESTS

# %% [markdown]
# ## §6 Eight paths down one valley
#
# Now all of them at once, with the three of lecture 7: gradient descent (SGD), momentum and Nesterov momentum. The valley is thirty times
# steeper across than along. Watch how they set out, who overshoots, and who comes to rest. Each has a learning rate that suits it here.
# (The picture moves twice and stops at the last step; run the cell again to see it again.)

# %% tags=["demo"]
def momentum(lr, nesterov=False):
    """Lecture 7's momentum, or Nesterov's (shifted), in the form in which v sums up gradients."""

    def step(theta, grad, state):
        v = 0.9 * state["v"] + grad if state else grad
        return theta - lr * (0.9 * v + grad if nesterov else v), {"v": v}

    return step


# Each makes an optimiser from a learning rate.
makers = {"SGD": sgd, "momentum": momentum, "Nesterov": lambda lr: momentum(lr, nesterov=True)}
makers |= {"AdaGrad": with_rate(adagrad_step), "RMSProp": with_rate(rmsprop_step), "Adam": with_rate(adam_step)}
makers |= {"Nadam": with_rate(nadam_step), "AdaMax": with_rate(adamax_step)}
everything = (adagrad_step, rmsprop_step, bias_corrected, adam_step, nadam_step, adamax_step)

# %% tags=["demo"]
rates = dict(zip(makers, (0.06, 0.02, 0.02, 0.5, 0.1, 0.2, 0.2, 0.2), strict=True))
H, start = np.diag([1.0, 30.0]), np.array([-4.0, 1.2])
if ready(*everything):
    paths = {name: walk(make(rates[name]), start, H.dot, 400) for name, make in makers.items()}
    plots.show_moving(
        *figures.moving_paths(paths, np.diag(H)),
        alt="Eight paths in a long valley, from the upper left to the minimum in the middle, "
        "over 64 steps. Above: SGD jumps from wall to wall, momentum and Nesterov swing past the "
        "minimum and return, AdaGrad bends directly towards it but is slow. Below: RMSProp, Adam, "
        "Nadam and AdaMax all set out diagonally; Adam and Nadam overshoot the valley's floor "
        "once.",
    )
    left = {name: np.hypot(*path.T) / np.hypot(*start) for name, path in paths.items()}
    assert all(far[64] < 0.2 for far in left.values()), "all are close after 64 steps"
    assert left["RMSProp"][200:].max() > 0.005 > 10 * left["Adam"][-1], "RMSProp doesn't rest"
    first = {name: np.abs(path[1] - path[0]) for name, path in paths.items()}
    assert all(np.allclose(*first[name], rtol=1e-3) for name in list(makers)[3:]), "they go at 45°"
    assert first["SGD"][1] > 8 * first["SGD"][0], "SGD sets out across"

# %% [markdown]
# All five adaptive walkers set out at exactly 45°: at the first step each entry moves by the same length. That is the sign rule of §1.
# Gradient descent sets out nine times as fast across as along.
#
# **Now turn the valley.** An optimiser that treats every entry for itself can repair a valley along the axes. What if the valley lies
# diagonally, so that each entry of the gradient mixes steep and flat? We rotate valley and starting point by 45°, and count the steps after
# which less than 5 % of the distance is left, for good. Each optimiser gets the best of seven learning rates, from a quarter to sixteen
# times the one above: once for the valley along the axes, and once more for the turned one.

# %% tags=["demo"]
turn = np.sqrt(0.5) * np.array([[1.0, -1.0], [1.0, 1.0]])
valleys = {"along the axes": (H, start), "turned": (turn @ H @ turn.T, turn @ start)}


def steps_until_near(make, rate, valley):
    """Return after how many of 400 steps less than 5 % of the distance is left, and stays so."""
    hessian, begin = valleys[valley]
    with np.errstate(over="ignore", invalid="ignore"):  # a rate may be too large
        far = np.hypot(*walk(make(rate), begin, hessian.dot, 400).T) / np.hypot(*begin)
    return int(np.flatnonzero(~(far < 0.05))[-1]) + 1


if ready(*everything):
    counts = {}
    for name, make in makers.items():
        tried = rates[name] * 2.0 ** np.arange(-2, 5)
        along = [steps_until_near(make, rate, "along the axes") for rate in tried]
        turned = [steps_until_near(make, rate, "turned") for rate in tried]
        counts[name] = (min(along), turned[np.argmin(along)], min(turned))

# %% tags=["demo"]
if ready(*everything):
    cases = ("along the axes", "turned by 45°, same learning rate", "turned, tuned again")
    plots.show(
        figures.steps_needed(counts, cases, "steps until 5 % is left"),
        alt="Bars: the steps of each optimiser in the valley along the axes, in the same valley "
        "turned by 45 degrees with the same learning rate, and there with a rate tuned again. SGD, "
        "momentum and Nesterov: always 48, 42 and 35. AdaGrad goes from 4 to 68 when tuned again, "
        "RMSProp from 46 to 74, Nadam from 10 to 42, AdaMax from 32 to 44, and to nearly 300 with "
        "the same rate. Adam needs 46 and then 42.",
    )
    along, same_rate, again = np.array(list(counts.values())).T
    assert np.array_equal(along[:3], again[:3]), "SGD and momentum don't notice the rotation"
    assert abs(again[5] - along[5]) < 10, "it costs Adam nothing, once it is tuned again"
    assert np.all(again[[3, 4, 6, 7]] > 1.3 * along[[3, 4, 6, 7]]), "it costs the other four"
    assert again[3:].min() >= along[:3].min(), "in the turned valley none is faster than Nesterov"

# %% [markdown]
# Gradient descent and its momentum see only angles and lengths, and a rotation preserves those: not a step more or less. AdaGrad and Nadam
# are by far the fastest along the axes, and lose that in the turned valley, also with a new learning rate. RMSProp and AdaMax need more
# steps as well. Adam, once tuned again, needs as many as before. None is faster there than Nesterov momentum. And a learning rate
# that suits one valley may be bad for the other: AdaMax needs nearly 300 steps with the old one, and 44 with a new one.
#
# So the adaptive optimisers balance what is badly scaled *along the axes*, weight by weight. In neural networks much of it is: inputs in
# different units, layers of different widths, words that are rare and words that are frequent. A method that mends the turned valley too
# needs the whole Hessian, or an estimate of it: lecture 7's Newton step, with its $n^2$ entries.

# %% [markdown]
# ## §7 The table, measured
#
# Two sets of slides show the same table, with one to three stars for each optimiser's speed and for the quality of what it converges to.
# Let us measure it: the same small network, on the plain digits and on those in mixed units of §1, five different starts each.
#
# - **Speed**: after how many steps the training loss, averaged over the last ten, is below 0.5. Fewer is better, and ten is the least.
# - **Quality**: the test accuracy after seven epochs, about 150 steps.
#
# Each optimiser gets, for each data set, the fastest of the learning rates …, 0.01, 0.03, 0.1, 0.3, … (tried beforehand).

# %% tags=["demo"]
stars = {  # the slides': speed, quality
    "SGD": ("★", "★★★"),
    "momentum": ("★★", "★★★"),
    "Nesterov": ("★★", "★★★"),
    "AdaGrad": ("★★★", "★ (stops early)"),
} | dict.fromkeys(("RMSProp", "Adam", "Nadam", "AdaMax"), ("★★★", "★★ or ★★★"))
fastest = {  # learning rates in the order of the rows
    "plain digits": (1, 0.3, 0.3, 0.1, 0.03, 0.03, 0.03, 0.1),
    "mixed units": (3, 0.3, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1),
}


def steps_to(level, loss):
    """Return after how many steps the mean of the last ten losses is below `level`."""
    smooth = np.convolve(loss, np.ones(10) / 10, mode="valid")  # the first is that of step 10
    return int(np.argmax(smooth < level)) + 10 if (smooth < level).any() else len(loss)


# %% tags=["demo"]
if ready(*everything):
    speed, quality = {}, {}
    for which, images in {"plain digits": digits, "mixed units": mixed}.items():
        for name, lr in zip(makers, fastest[which], strict=True):
            runs = [learn(makers[name](lr), images, 7, seed) for seed in range(5)]
            speed[which, name] = [steps_to(0.5, run.loss) for run in runs]
            quality[which, name] = [run.test_accuracy[-1] for run in runs]

# %% tags=["demo"]
if ready(*everything):
    plots.show(
        figures.measured_stars(stars, speed, quality),
        alt="A table as a figure, a row for each of eight optimisers, five runs on each data set, "
        "the slides' stars beside it. Speed: on the plain digits all need 12 to 21 steps; on the "
        "digits in mixed units SGD needs 59 to 75, momentum 49 to 68, Nesterov 44 to 49, and the "
        "five adaptive ones 17 to 28. Quality: on the plain digits all reach 95 to 98 %; in mixed "
        "units the first three stay below 90 %, the adaptive ones reach 90 to 94 %.",
    )
    steps = np.array([speed["mixed units", name] for name in stars])
    assert 1.5 * steps[3:].max() < steps[:3].min(), "in mixed units the adaptive ones are faster"
    assert steps[2].max() < steps[0].min() < steps[1].max(), "Nesterov beats SGD, momentum overlaps"
    plain, rest = ([np.mean(quality[which, name]) for name in stars] for which in fastest)
    assert max(plain) - min(plain) < 0.04 and min(plain) > 0.93, "no difference worth a star"
    assert min(rest[3:]) > max(rest[:3]) + 0.02, "in mixed units the adaptive ones are better"

# %% [markdown]
# What does our measurement make of the stars?
#
# - **Speed, in mixed units.** Three stars for the adaptive ones are right: their slowest run is faster than the fastest of the others.
#   Nesterov momentum deserves its second star, all of its runs are faster than all of SGD's. For plain momentum we can't tell: its
#   median is lower than SGD's, 57 steps against 67, but the ranges overlap.
# - **Speed, on well-scaled inputs.** With tuned learning rates the differences nearly vanish. *Standardising the inputs* does much of
#   what an adaptive optimiser does, and so does batch normalization.
# - **Quality.** On the plain digits we find no difference that would be worth a star. In mixed units the slow ones are also worse: they
#   aren't done yet. The slides' ★★ *or* ★★★ for the adaptive ones stands for something that a task as small as ours can't show. On large
#   image sets, networks trained with Adam have often generalised a little worse than with well-tuned momentum (Wilson and others 2017). If
#   a model disappoints, try the other.
# - **AdaGrad's "stops too early"** needs a long run, as in §3, and a modest η. With the η that is best for 150 steps it is among the best
#   here.
#
# Each of them had a learning rate that suits it. A comparison in which only one of two was tuned says little.

# %% [markdown]
# ## §8 What the table doesn't say
#
# - **Which one to take?** The slides' defaults: momentum (or RMSProp, or Nadam) for ordinary networks, Nadam for self-normalising ones;
#   Adam with $\beta_1 = 0.9$, $\beta_2 = 0.999$ and η = 0.001 or 0.0005 as a first try for nearly everything. AdaGrad for sparse features,
#   hardly for deep networks.
# - **The learning rate still matters**, for every one of them, and so does letting it fall with time: lecture 9.
# - **Memory.** Adam keeps two numbers for each weight. For a network that just fits, that counts.
# - **Weight decay.** An $\ell_2$ penalty adds $\lambda\theta$ to the gradient, and Adam divides it by $\sqrt{\hat s}$ like everything
#   else, so weights with large gradients are decayed less. Decaying θ directly, beside the step, avoids that (AdamW; Loshchilov and Hutter
#   2019): lecture 10.
# - **A proof with a hole.** Adam's proof of convergence was wrong: Reddi, Kale and Kumar (2018) found a convex problem on which it goes
#   the wrong way, because it forgets rare large gradients. Their AMSGrad keeps a maximum of $s$. In practice the difference is mostly
#   small.

# %% [markdown]
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague finds the losses "too small to read" and multiplies the loss by 1000. (a) What does that do to training with SGD, and what to
# Adam, if the learning rates stay as they are? (b) Another one *divides* the loss by $10^{9}$ for a computation in other units. Adam, too,
# hardly moves now. Why? (c) A third one has an Adam of their own, which diverges within the first ten steps with η = 0.01 and works with η
# = 0.001. "Adam is just
# sensitive", they say. Which mistake do you suspect, and how would you find out with three lines of code?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_adaptive_optimizers", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) All gradients become 1000 times larger. SGD's steps do too, which is the same as a learning rate of 1000η, and it diverges. In Adam
# m̂ and √ŝ both grow by 1000, the quotient stays as it is, and nothing changes (ε becomes even less important).
#
# (b) The gradients are now about as small as ε = 10⁻⁸ or far smaller. Then √ŝ + ε is no longer about |g| but about ε, the gradient's scale doesn't cancel any more, and the steps
# are η|g|/ε instead of η. Remedy: a smaller ε, or a loss in sensible units.
#
# (c) The bias correction is missing, or only one of the two moments is corrected: the first steps are then up to 6.5 times too long. Feed a
# constant gradient: every step should have the length η, from the first on.

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# | optimiser | direction | divided by | remembers |
# |---|---|---|---|
# | AdaGrad | $\nabla$ | $\sqrt s + \varepsilon$, $s$ the **sum** of all squares | $s$ |
# | RMSProp | $\nabla$ | $\sqrt s + \varepsilon$, $s$ a fading **average** of squares | $s$ |
# | Adam | $\hat m$, a fading average of gradients | $\sqrt{\hat s} + \varepsilon$ | $m$, $s$, $t$ |
# | Nadam | $\bar m$, which looks one step ahead | $\sqrt{\hat s} + \varepsilon$ | $m$, $s$, $t$ |
# | AdaMax | $\hat m$ | $u + \varepsilon$, $u$ a fading **maximum** | $m$, $u$, $t$ |
#
# - All of them divide a gradient entry by its own typical size. The gradient's scale cancels, and η is about the length of a step.
# - An average that begins at zero is too small by the factor $1 - \beta^t$. Divide by it, with $t$ from 1, in a copy.
# - They balance what is badly scaled along the axes. In a turned valley they have no advantage over tuned momentum.
# - AdaGrad stops early, RMSProp never rests by itself, and every one wants its learning rate chosen.
#
# ### Further reading
# - J. Duchi, E. Hazan and Y. Singer (2011), *Adaptive subgradient methods for online learning and stochastic optimization*.
# - T. Tieleman and G. Hinton (2012), *Lecture 6.5: rmsprop*, Coursera.
# - D. Kingma and J. Ba (2015), *Adam: a method for stochastic optimization*. Algorithm 1 is our (5) to (9), Algorithm 2 is AdaMax.
# - T. Dozat (2016), *Incorporating Nesterov momentum into Adam*.
# - A. Wilson, R. Roelofs, M. Stern, N. Srebro and B. Recht (2017), *The marginal value of adaptive gradient methods in machine learning*.
# - S. Reddi, S. Kale and S. Kumar (2018), *On the convergence of Adam and beyond*.
# - I. Loshchilov and F. Hutter (2019), *Decoupled weight decay regularization*.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11: the table of stars.
