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
# You write the eight functions that are in use, run them all on one task, find a good rate in one short run, and look at what is
# left of a famous claim.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `step_decay` | divide now and then |
# | §3 | `exponential_decay`, `exponential_schedule` | fall by the same factor all the time |
# | §4 | `inverse_time_decay`, `power_schedule` | fall fast at first, slowly later |
# | §5 | `piecewise_constant` | write the rates down by hand |
# | §6 | `plateau_step` | let the validation loss decide |
# | §8 | `one_cycle` | go up first, then down |
# | §11 | a question to answer in words | to tell a schedule's effect from a rate's |
#
# Conventions: NumPy only. $\eta$ is the learning rate and $\eta_0$ the first one, `lr0` in code. A schedule is a plain function of time.
# It returns **one number**, the rate at that time: a float or an array of shape `()`, but none of shape `(1,)`. It remembers nothing from
# call to call and changes no argument. Time counts from 0, in epochs or in steps, as the caller likes; `t` may be fractional, such as 2.5
# epochs. **Any argument may be an integer**: a rate of `1` is as good as one of `1.0`.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# ## §1 High and then low
#
# We train a small network on the handwritten digits. A fifth of the training labels is replaced by random ones, because labels of real data
# are never all right. So no weights suit all minibatches, and there is noise in every gradient. Watch the training loss, which is what an
# optimiser minimises. Four runs begin with the same weights and see the same minibatches. Three have a constant rate, the fourth changes
# its rate once.

# %% tags=["demo"]
from coursekit import data, nets, plots
from coursekit.figures import learning_rate_schedules as figures

digits = data.digits()
dice = np.random.default_rng(1)
is_wrong = dice.random(len(digits.y_train)) < 0.2
labels = np.where(is_wrong, dice.integers(0, 10, len(is_wrong)), digits.y_train)
noisy = data.Digits(digits.X_train, labels, digits.X_test, digits.y_test)
EPOCH = len(labels) // 32  # steps

# %% tags=["demo"]
class Small(nets.Net):
    """A net with one hidden ReLU layer. Its gradient by hand is quicker than an automatic one."""

    def gradients(self, X, y, training=True):
        (W, b), (V, c) = (layer.values() for layer in (self.params[0], self.params[2]))
        h = np.maximum(X @ W + b, 0)
        z = h @ V + c
        dz = np.exp(z - z.max(axis=1, keepdims=True))
        dz = (dz / dz.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
        da = (dz @ V.T) * (h > 0)
        by_layer = [{"W": X.T @ da, "b": da.sum(axis=0)}, {}, {"W": h.T @ dz, "b": dz.sum(axis=0)}]
        return float(nets.softmax_cross_entropy(z, y)), by_layer

# %% tags=["demo"]
def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def start(seed):
    """Return a net with fresh weights, and the generator for the order of its minibatches."""
    rng = np.random.default_rng(seed)
    return Small(*nets.mlp((64, 16, 10), init=he, activation="relu", rng=rng).layers), rng


def training_loss(net):
    return float(nets.softmax_cross_entropy(net.logits(noisy.X_train), noisy.y_train))

# %% tags=["demo"]
def learn(schedule, epochs=10, seed=0, momentum=lambda t: 0.0, tell=None):
    """Return the loss after each epoch, and the test accuracy; schedule(t) has t in epochs."""
    net, rng = start(seed)
    losses = []

    def step(theta, grad, state):
        t = state.get("t", 0)
        v = momentum(t / EPOCH) * state.get("v", 0.0) + grad
        return theta - schedule(t / EPOCH) * v, {"t": t + 1, "v": v}

    def after(net, number):
        if number % EPOCH == 0:
            losses.append(training_loss(net))
            if tell:
                tell(losses[-1])

    history = nets.train(net, noisy, epochs=epochs, batch_size=32, rng=rng, step=step, watch=after)
    return np.array(losses), history.test_accuracy[-1]

# %% tags=["demo"]
rules = {
    "0.01, too low": lambda t: 0.01,
    "0.3, just right": lambda t: 0.3,
    "1, too high": lambda t: 1.0,
    "1, then 0.1": lambda t: 1.0 if t < 6 else 0.1,
}
times = np.linspace(0, 10, 201)
rates = {name: [rule(t) for t in times] for name, rule in rules.items()}
losses = {name: learn(rule)[0] for name, rule in rules.items()}
low, right, high, both = losses.values()
plots.show(
    figures.rates_and_losses(times, rates, losses, top=2.0),
    alt="Left: four rates, three constant and one that falls from 1 to 0.1 at epoch 6. Right: the "
    "training losses. With 0.01 it is still at 1.4 in the end, with 0.3 at 0.72. With 1 it falls to "
    "0.77 and rises to 0.94. The fourth falls as soon as its rate does, to 0.63, below all others.",
)
assert low[-1] > 1 and both[-1] < right[-1] - 0.03, "high and then low beats each constant rate"
assert both[6] < high[5] - 0.05, "the loss falls as soon as the rate does"
assert not learn(lambda t: 8.0, epochs=2)[0][-1] < 10, "with a rate of 8 training diverges"

# %% [markdown]
# - **Too low** goes the right way, and is nowhere near after ten epochs.
# - **Too high** is ahead after one epoch. But then it trembles, and its loss doesn't settle. (A much higher rate even diverges.)
# - **Just right** is a compromise, the best that a constant can do here.
# - **High, then low** runs ahead, trembles, and falls at once when the rate does, to a loss that no constant rate reaches in this time.
#
# Two sets of slides have this picture, and call a high rate that is reduced later perfect. That is right. A list beside it says that a
# low rate *finds the optimum*. It finds *a* minimum, if it has the time.
#
# **Why does it tremble?** Take one weight θ and the loss $\frac a2 \theta^2$. A minibatch gives the gradient $a\theta + \xi$ with noise
# $\xi$
# of variance $\sigma^2$, which doesn't vanish at the minimum. A step is $\theta \leftarrow (1 - \eta a)\theta - \eta\xi$. It shrinks the
# variance of θ by $(1 - \eta a)^2$ and adds $\eta^2\sigma^2$. Where both balance, the mean loss is
#
# $$\frac a2 \operatorname{Var}\theta = \frac a2 \cdot \frac{\eta^2\sigma^2}{1 - (1 - \eta a)^2} = \frac{\eta\, \sigma^2}{2\,(2 - \eta a)}.$$
#
# For a small η this **floor is proportional to η**. The **way to it takes time proportional to $1/\eta$**. A constant rate has to pay
# for one
# with the other. A schedule has to pay for neither.
#
# **Change this.** Let the fourth run drop its rate at epoch 3, or at epoch 9, or down to 0.001. Predict the last loss before you run it.

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
        A whole number from 0 on, an int; there are no fractional epochs here.
    drop : float
        The factor, in (0, 1), that the rate is multiplied by.
    every : int
        After how many epochs it is multiplied again, at least 1: at epoch `every` for the first
        time, then at 2·every, and so on.

    lr0 may be an integer, too. All numbers may be Python's or NumPy's.

    Returns
    -------
    float
        lr0 · drop^⌊epoch/every⌋, a single number and no array of shape (1,).
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

# %% tags=["demo"]
if ready(step_decay):
    rates, losses = {}, {}
    for drop in (1.0, 0.5, 0.2):
        rates[f"drop = {drop}"] = [step_decay(1.0, int(t), drop, 3) for t in times]
        losses[f"drop = {drop}"] = learn(lambda t, drop=drop: step_decay(1.0, int(t), drop, 3))[0]
    plots.show(
        figures.rates_and_losses(times, rates, losses, top=1.2),
        alt="Left: three staircases that begin at 1 and fall after every three epochs, by the "
        "factors 1, 0.5 and 0.2. Right: the losses. Without drops it jumps around 0.8, "
        "with the factor 0.5 and 0.2 it ends between 0.6 and 0.7, and is smooth at the end.",
    )
    none, half, fifth = losses.values()
    assert max(half[-1], fifth[-1]) < none[-1] - 0.05, "both staircases end below the constant"
    assert np.ptp(fifth[-3:]) < 0.5 * np.ptp(none[-3:]), "the last epochs are smoother"

# %% [markdown]
# Each drop lowers the floor. How often, and by how much? "By half every few epochs", say the slides; in papers on image classification
# it is
# often a tenth at two or three times in the whole run. A drop that comes too early leaves a long way to go with a small rate.

# %% [markdown]
# ## §3 The same factor all the time
#
# A staircase can be made smooth: instead of one half every ten epochs, a little all the time. That is an exponential,
#
# $$\eta(t) = \eta_0\, e^{-kt} \tag{2}$$
#
# where $k$ says how fast: after a time of $1/k$ the rate has fallen to $1/e \approx 37\,\%$.
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | What is "exponential"? | $\eta_0\, e^{-kt}$ | $\eta_0 \cdot 0.1^{e/s}$, in Keras code | **both**, under two names. It is the same curve, with $k = \ln 10 / s$ |
# | What does the code return? | — | a *function* of the epoch, which Keras calls | **a number**: time is an argument. `lambda e: exponential_schedule(0.01, e)` makes Keras's function |
# | What is $t$? | left open | the epoch; the rate changes at its beginning | **left to the caller**: epochs or steps, also fractional. In Keras's *power scheduling* by the optimiser's `decay` it counts steps, so the same number means something else |
# | Is $1/t$ the same as power scheduling? | one set has the first | another set has only the name of the second | **the first is a case of the second**: $c = 1$, $s = 1/k$ |
# | What to take by default? | "high, then reduce: perfect" | in a table of defaults: 1cycle, which *begins low* | **measured** in §9 |
# | η or α? | η | α | **η**, `lr` in code |

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
        lr0 · e^(−k·t), a single number and no array of shape (1,).
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
        lr0 · 0.1^(epoch/s), a single number: no array of shape (1,), and no function.
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

# %% tags=["demo"]
if ready(exponential_decay, exponential_schedule):
    for epoch in (0, 2.5, 8, 40):
        one = exponential_decay(0.5, epoch, np.log(10) / 8)
        other = exponential_schedule(0.5, epoch, 8)
        print(f"epoch {epoch:4}: {one:.8f} and {other:.8f}")
        assert np.isclose(one, other), "both equations are the same curve"

# %% [markdown]
# ## §4 Fast at first, slowly later
#
# An exponential soon falls to nothing: after $3s$ epochs a thousandth is left. A hyperbola is more patient:
#
# $$\eta(t) = \frac{\eta_0}{1 + kt} \tag{4}$$
#
# Two conditions say what it takes to arrive *exactly* (Robbins and Monro 1951). The sum $\sum_t \eta_t$ has to be infinite, so that no
# minimum is too far away. The sum $\sum_t \eta_t^2$ has to be finite, so that the noise averages out. A constant rate misses the second
# one.
# An exponential misses the first: all its steps together are hardly longer than $\eta_0/k$ times the gradient. The hyperbola fulfils both.

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
# **By hand.** Let $\eta_0 = 0.6$ and $k = 0.25$. At $t = 0$ the rate is 0.6, at $t = 2$ it is $0.6/1.5 = 0.4$, at $t = 4$ it is $0.6/2
# = 0.3$,
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
        lr0 / (1 + k·t), a single number and no array of shape (1,).
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
# **By hand.** Let $\eta_0 = 0.9$ and $s = 2$. At $t = 4$ we have $1 + t/s = 3$. So with $c = 1$ the rate is 0.3, with $c = 2$ it is
# 0.1, and
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
        lr0 / (1 + t/s)^c, a single number and no array of shape (1,).
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
# **See the two conditions.** We go back to the one noisy weight of §1, with $a = \sigma = 1$, and begin at $\theta = 20$. Three hundred
# walkers
# take 3000 steps with each schedule. We draw how far they are from the minimum, as the root of the mean square.

# %% tags=["demo"]
def distances(schedule, steps=3000, walkers=300):
    """Return how far walkers are from the minimum of a noisy parabola, after each step."""
    rng, theta, far = np.random.default_rng(7), np.full(walkers, 20.0), []
    for t in range(steps):
        theta = theta - schedule(t) * (theta + rng.normal(size=walkers))
        far.append(np.sqrt(np.mean(theta**2)))
    return np.array(far)


if ready(exponential_decay, inverse_time_decay, power_schedule):
    walks = {
        "constant 0.5": distances(lambda t: 0.5),
        "exponential, k = 0.2": distances(lambda t: exponential_decay(0.5, t, 0.2)),
        "1/t, k = 0.2": distances(lambda t: inverse_time_decay(0.5, t, 0.2)),
        "power, s = 5, c = 0.5": distances(lambda t: power_schedule(0.5, t, 5, 0.5)),
    }

# %% tags=["demo"]
if ready(exponential_decay, inverse_time_decay, power_schedule):
    plots.show(
        figures.noisy_walks(walks),
        alt="Distance from the minimum against the step, both logarithmic. The constant rate falls "
        "fast and stays at 0.58. The exponential stops at 0.8. 1/t falls along a straight line to "
        "about 0.03, and the power 0.5 to about 0.1.",
    )
    constant, fast, inverse, power = (far[-500:].mean() for far in walks.values())
    assert abs(constant - np.sqrt(0.5 / 1.5)) < 0.02, "the constant rate stays at its floor"
    assert np.ptp(walks["exponential, k = 0.2"][200:]) < 0.01, "the exponential has stopped"
    assert inverse < power < constant < fast, "1/t comes closest, the exponential stays far away"

# %% [markdown]
# The constant rate stops at the floor that we computed, $\sqrt{\eta/(2 - \eta)} = 0.58$. The exponential ran out of steps. The two
# others still
# go on, the hyperbola as fast as averages of noise can converge, like $1/\sqrt t$.
#
# Don't conclude that $1/t$ is best for networks. A run there is finite, so infinite sums matter little, and you choose $k$ and $s$ to
# suit its length.

# %% [markdown]
# ## §5 Written down by hand
#
# Who has trained a network before knows where its loss gets stuck, and writes the rates down: 0.5 for six epochs, 0.1 for three more,
# then 0.02. Slides call this *piecewise constant scheduling*. It needs the most numbers, and is the most general: every staircase is a
# case of it.
#
# With boundaries $b_1 < b_2 < \dots < b_n$ and one value more than boundaries, $v_0, v_1, \dots, v_n$:
#
# $$\eta(t) = v_i, \qquad i = \text{how many of the boundaries are} \le t \tag{6}$$
#
# So at a boundary the *new* value holds already. (Keras's class of this name says it the other way: there the old value still holds.)

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
# **By hand.** Let the boundaries be 3 and 8, and the values 0.4, 0.1 and 0.02. At $t = 0$ and at $t = 2.9$ the rate is 0.4. At $t = 3$
# it is
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
        holds already. A single number, and no array of shape (1,).

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

# %% tags=["demo"]
if ready(step_decay, piecewise_constant):
    for epoch in (0, 3, 4, 7, 8, 11):
        by_hand = piecewise_constant([4, 8], [0.8, 0.2, 0.05], epoch)
        print(f"epoch {epoch:2}: {by_hand}")
        assert np.isclose(by_hand, step_decay(0.8, epoch, 0.25, 4)), "both staircases are the same"

# %% [markdown]
# ## §6 Let the validation loss decide
#
# All schedules so far have to know beforehand when the loss will be stuck. *Performance scheduling*, or "reduce on plateau", looks: if
# the loss on the validation set hasn't improved for some epochs, the floor of the present rate is reached, and it is time for a smaller
# one. It is the only one of our schedules with a memory, so it gets and returns a state, as an optimiser does.

# %% [markdown]
# ### Exercise 7 · plateau_step
# *About 20 minutes · difficulty ●●●*
#
# Write *performance scheduling* for one epoch. It is called after each epoch with the metric of that epoch, for instance the validation
# loss.
# Lower is better. It returns the rate for the next epoch, and its state.
#
# - The first epoch is an improvement. Later, a metric is an improvement if it is *strictly* smaller than the best one so far. So an equal
#   metric is none, and NaN is none either.
# - Count the epochs without an improvement. An improvement sets the count back to 0, and becomes the best metric.
# - When the count reaches `patience`, the rate becomes $\max(\eta \cdot \text{factor}, \eta_\text{min})$, at once, and the count begins
#   at 0
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
# **See it work.** We have no validation set to spare here, so the metric is the training loss after each epoch. The run below has 14
# epochs and
# patience 1; the factor is 0.3.

# %% tags=["demo"]
def on_plateaus(lr, seed=0, epochs=10):
    """Train with performance scheduling, and return also the rate of each epoch."""
    now, used = {"lr": lr, "state": {}}, [lr]

    def tell(loss):
        lr, state = plateau_step(now["state"], loss, now["lr"], factor=0.3, patience=1)
        now.update(lr=lr, state=state)
        used.append(lr)

    return *learn(lambda t: now["lr"], epochs=epochs, seed=seed, tell=tell), used


# %% tags=["demo"]
if ready(plateau_step):
    loss, accuracy, used = on_plateaus(1.0, epochs=14)
    moments = np.linspace(0, 14.99, 500)
    staircase = {"on plateaus": [used[int(t)] for t in moments]}
    plots.show(
        figures.rates_and_losses(moments, staircase, {"on plateaus": loss}, 1.2),
        alt="Left: the rate, a line that falls from 1 to 0.3 at epoch 3, and to 0.09 at epoch 14. Right: "
        "the training loss, which falls at once after the first reduction, to 0.65 at the end.",
    )
    fell = np.flatnonzero(np.diff(used) < 0)
    best = np.minimum.accumulate(loss)
    assert np.array_equal(fell, np.flatnonzero(loss[1:] >= best[:-1]) + 1), "each bad epoch counts"
    assert loss[-1] < 0.7 and used[-1] < 0.5, "the loss gets low, and so does the rate"

# %% [markdown]
# With patience 1 every bad epoch counts, also one that was only bad luck. A validation loss is noisier than this one: be more patient
# there.
#
# ## §7 Find a rate in one short run
#
# Leslie Smith's *learning-rate range test* (2015) is a single short run whose rate *rises* by the same factor at each step, from far too
# low to far too high. Draw the loss against the rate and read it:
#
# 1. On the left nothing happens: the rate is too low.
# 2. Then the loss falls. The best *constant* rate lies there, clearly before the lowest point.
# 3. At the lowest point progress and trembling balance. As a rate that is held only *for a while* this is a good one: the highest rate of a
#    schedule.
# 4. Then the loss climbs, and shoots up. A common rule takes a tenth of the rate where that happens as a constant rate.
#
# Rising by the same factor is an exponential with a *negative* $k$, so your function can do it.

# %% tags=["demo"]
if ready(exponential_decay):
    steps, low, high = 3 * EPOCH, 1e-3, 10.0
    sweep = [exponential_decay(low, t, -np.log(high / low) / steps) for t in range(steps)]
    net, rng = start(seed=2)

    def rising(theta, grad, state):
        t = state.get("t", 0)
        return theta - sweep[t] * grad, {"t": t + 1}

    test = nets.train(net, noisy, epochs=3, batch_size=32, rng=rng, step=rising)

# %% tags=["demo"]
if ready(exponential_decay):
    smooth = np.convolve(test.loss, np.ones(10) / 10, mode="valid")
    middle = np.array(sweep)[5 : 5 + len(smooth)]
    lowest = int(np.nanargmin(smooth))
    too_high = lowest + int(np.argmax(smooth[lowest:] > 2 * smooth[lowest]))
    marks = {"lowest point": middle[lowest], "twice the lowest loss": middle[too_high]}
    plots.show(
        figures.range_test(middle, smooth, marks | {"a tenth of that": middle[too_high] / 10}),
        alt="The loss against a rate that rises from 0.001 to 10. It falls from 3.2 on, is lowest, at "
        "about 1.1, near a rate of 0.6, and shoots up at about 2.",
    )
    assert 0.4 < middle[lowest] < 1.6, "the lowest point is near the best first rate, 1"
    assert 0.1 < middle[too_high] / 10 < 0.5, "a tenth of the other suits as a constant rate"

# %% [markdown]
# The comparison of §9 below took dozens of runs to find 1 as the first rate of most schedules, and 0.3 to 0.5 as a constant. The test
# needed three epochs, and says 0.6 and 0.2. That is close enough to begin with, and no more: a short test can't see a rate that does harm
# only later.
#
# ## §8 Up first: 1cycle
#
# Smith (2018) went one step further and recommends a run that *begins low*. The rate climbs to the highest one that the range test
# allows, comes back, and dies out in a last phase. All that happens once in a run, and so it is called *1cycle*. With
# $h = (1 - \text{last}) \cdot \text{total} / 2$:
#
# | from | to | the rate goes in a straight line |
# |---|---|---|
# | 0 | $h$ | from $\eta_\text{start}$ up to $\eta_\text{max}$ |
# | $h$ | $2h$ | back down to $\eta_\text{start}$ |
# | $2h$ | total | down to $\eta_\text{start}/1000$ |
#
# The momentum of lecture 7 goes the other way: down while the rate climbs, up again while it falls, and high in the last phase. Where steps
# are long they should follow the present gradient, so the product $\eta/(1 - \beta)$ doesn't get too large. (Momenta of 0.95 and 0.85 are
# Smith's and usual.) PyTorch's `OneCycleLR` is a relative with cosines and other defaults.

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
# **By hand.** Let total = 20, $\eta_\text{max} = 1$, $\eta_\text{start} = 0.2$ and last = 0.2. Then $h = 0.8 \cdot 20/2 = 8$, and the
# last phase
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
        back to lr_start at t = 2h, and to lr_start/1000 at t = total. A single number,
        and no array of shape (1,).
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
# **See it work.** The same function gives the momentum, with a low "highest" value.

# %% tags=["demo"]
def opposite(total):
    """Return 1cycle's momentum: from 0.95 down to 0.85 and back, and 0.95 in the last phase."""
    return lambda t: one_cycle(t, total, 0.85, 0.95) if t < 0.9 * total else 0.95


if ready(one_cycle):
    times = np.linspace(0, 8, 401)
    rates, momenta = [one_cycle(t, 8, 0.16) for t in times], [opposite(8)(t) for t in times]
    plots.show(
        figures.one_run(times, rates, momenta),
        alt="Above: the rate climbs in a straight line from 0.016 to 0.16 at epoch 3.6, comes back at "
        "7.2 and goes down to nearly 0. Below: the momentum falls from 0.95 to 0.85 and rises again.",
    )
    assert np.isclose(max(rates), 0.16) and np.isclose(min(momenta), 0.85, atol=1e-3), "both meet"

# %% [markdown]
# ## §9 All of them on one task
#
# A comparison over ten epochs. Each schedule gets its first rate (1cycle its highest) out of 0.3, 0.5, 0.7, 1 and 1.4: the one whose
# final training loss was lowest for two other seeds. Of the constants 0.5 was best, and 0.3 nearly as good, so we show both. The other
# numbers are plausible ones, and not tuned. Three seeds each.

# %% tags=["demo"]
everything = (step_decay, exponential_decay, exponential_schedule, inverse_time_decay)
everything += (power_schedule, piecewise_constant, plateau_step, one_cycle)
if ready(*everything):
    schedules = {
        "constant 0.3": lambda t: 0.3,
        "constant 0.5": lambda t: 0.5,
        "step decay": lambda t: step_decay(1.0, int(t), 0.3, 3),
        "exponential": lambda t: exponential_schedule(1.4, t, 10),
        "1/t": lambda t: inverse_time_decay(1.4, t, 0.5),
        "power, c = 0.5": lambda t: power_schedule(1.0, t, 1, 0.5),
        "piecewise constant": lambda t: piecewise_constant([6, 9], [1.0, 0.2, 0.04], t),
        "1cycle": lambda t: one_cycle(t, 10, 1.0),
    }
    runs = {name: [learn(rule, seed=seed) for seed in range(3)] for name, rule in schedules.items()}
    runs["on plateaus"] = [on_plateaus(1.0, seed) for seed in range(3)]

# %% tags=["demo"]
if ready(*everything):
    final = {name: [run[0][-1] for run in three] for name, three in runs.items()}
    accuracy = {name: [run[1] for run in three] for name, three in runs.items()}
    plots.show(
        figures.spreads(final, accuracy),
        alt="Two panels with a row of three dots for each of nine rules. Left, the final training loss: "
        "0.70 to 0.73 with the constant rate 0.3, 0.67 to 0.77 with 0.5, and 0.62 to 0.67 for the "
        "seven schedules, with piecewise constant the lowest. Right, the test accuracy: 0.86 to 0.91 "
        "for the constants, 0.90 to 0.95 for the schedules, with step decay the highest.",
    )
    means = [np.mean(losses) for losses in final.values()]
    assert max(means[2:]) < min(means[:2]) - 0.01, "every schedule beats both constant rates"
    assert np.ptp(means[2:]) < 0.06, "among the schedules there is little difference"
    apart = max(np.ptp(three) for three in list(final.values())[2:])
    assert apart > 0.5 * np.ptp(means[2:]), "the runs of one differ as much as the schedules"

# %% [markdown]
# On average every schedule beats both constant rates. Among the schedules the differences are about as large as between the runs of one
# of them, so don't read a ranking into it.
#
# Step decay is last, and first on the *test set*, whose labels are right: a lower training loss also means that more of the wrong labels
# have been learnt. So a schedule improves the optimisation, and doesn't replace the regularization of lecture 10.
#
# **Super-convergence?** Under this name Smith and Topin (2017) reported that a cycle of large rates trains some networks in up to ten
# times fewer steps. We measure it: runs of 2, 4 and 8 epochs, each planned for its length, three seeds each. All have momentum: 0.9, or
# 1cycle's own. Beside the constant rate there is a third candidate that nobody advertises: a straight line *down* to zero, without the
# way up. Each rate was the best of at least three on other seeds: 0.04 for the constant, 0.16 as the highest one of the two others.

# %% tags=["demo"]
if ready(one_cycle):
    budgets = (2, 4, 8)

    def ends(make, momentum=lambda total: lambda t: 0.9):
        """Return the final losses of three runs of each length."""
        runs = [[learn(make(n), n, seed, momentum(n)) for seed in range(3)] for n in budgets]
        return np.array([[losses[-1] for losses, _ in three] for three in runs])

    methods = {
        "constant": ends(lambda n: lambda t: 0.04),
        "1cycle": ends(lambda n: lambda t: one_cycle(t, n, 0.16), opposite),
        "straight down": ends(lambda n: lambda t: 0.16 * (1 - t / n)),
    }

# %% tags=["demo"]
if ready(one_cycle):
    plots.show(
        figures.loss_against_budget(budgets, methods),
        alt="The final training loss against the length of the run, 2, 4 and 8 epochs, with a line and "
        "a band for each of three rules. The constant rate is highest everywhere, at 0.91, 0.82 and "
        "0.7; 1cycle has 0.89, 0.77 and 0.66; the straight line down is a little lower still.",
    )
    constant, cycle, down = (losses.mean(axis=1) for losses in methods.values())
    assert np.all(cycle < constant), "1cycle ends lower at every length"
    assert cycle[1] > constant[2] + 0.03, "4 epochs of 1cycle aren't as good as 8 with a constant"
    assert np.all(down < cycle), "the way up isn't what helps here"

# %% [markdown]
# Read the figure sideways, at one loss. 1cycle gets to 0.7 in about 6 epochs, the constant rate in 8. So it saves a quarter of the time. A
# factor near ten isn't to be seen: with half the epochs 1cycle is clearly worse than the constant rate. And the line that only goes
# down is at least as good at every length. **What saves time here is the way down, not the way up.** That doesn't refute the paper,
# which is about deep
# residual networks, with rates that those survive only after a climb. It does say what to compare with: not with a constant rate alone.

# %% [markdown]
# ## §10 Warm-up, and schedules for Adam
#
# **Warm-up** is the way up without the rest: the rate climbs for the first few percent of a run, and then any schedule follows. Fresh
# weights give large gradients in directions that won't matter later. So the highest rate that a network survives is smaller at the
# beginning than after an epoch. Large batches and transformers are trained with warm-up nearly always.

# %% tags=["demo"]
def warmed_up(lr, warm, total=6):
    """Return a rate that climbs for `warm` epochs, and falls in a straight line all the time."""
    return lambda t: lr * np.interp(t, [0, warm], [0.01, 1]) * (1 - t / total)


hot = {}
for warm in (0, 2):
    for lr in (1.5, 3.0):
        name = f"{lr} after {warm} epochs of warm-up"
        hot[name] = [learn(warmed_up(lr, warm), 6, seed)[0][-1] for seed in (10, 11, 12)]
        print(f"highest rate {name}: {np.median(hot[name]):.3f}")
assert min(hot["3.0 after 0 epochs of warm-up"]) > 10, "without warm-up a rate of 3 diverges"
assert max(hot["3.0 after 2 epochs of warm-up"]) < 1, "with warm-up it doesn't"
best = min(hot, key=lambda name: np.median(hot[name]))
assert best == "1.5 after 0 epochs of warm-up", "a lower rate without warm-up ends lowest"

# %% [markdown]
# A rate of 3 diverges from the start, and after a warm-up of two epochs it is survived: the claim holds. But the best of the four runs
# is the
# one with half the rate and no warm-up. A small network on well-scaled inputs doesn't need it. Where the highest rate that one survives at
# the start is too low, it is worth a lot.
#
# **Adam** adapts the rate of each weight, so does it need a schedule at all? Adam divides by the *typical* size of a gradient, noise
# included, so its steps don't shrink near a minimum. We compare a constant rate with a falling one; both rates are the best of 0.005,
# 0.01, 0.02, 0.04 and 0.08 on other seeds.

# %% tags=["demo"]
def adam_run(schedule, seed):
    """Train with Adam (β1 = 0.9, β2 = 0.999) for ten epochs; return loss and accuracy."""
    net, rng = start(seed)

    def step(theta, grad, state):
        t, m, s = state.get("t", 0), state.get("m", 0 * grad), state.get("s", 0 * grad)
        m, s = m + 0.1 * (grad - m), s + 0.001 * (grad**2 - s)
        corrected = np.sqrt(s / (1 - 0.999 ** (t + 1))) * (1 - 0.9 ** (t + 1))
        return theta - schedule(t / EPOCH) * m / (corrected + 1e-8), {"t": t + 1, "m": m, "s": s}

    history = nets.train(net, noisy, epochs=10, batch_size=32, rng=rng, step=step)
    return training_loss(net), history.test_accuracy[-1]


# %% tags=["demo"]
if ready(exponential_schedule):
    constant = np.array([adam_run(lambda t: 0.02, seed) for seed in range(3)])
    falling = np.array([adam_run(lambda t: exponential_schedule(0.08, t, 10), seed) for seed in range(3)])
    for name, three in {"constant 0.02": constant, "from 0.08 down": falling}.items():
        print(f"Adam, {name}: loss", three[:, 0].round(3), "accuracy", three[:, 1].round(3))
    assert falling[:, 0].max() < constant[:, 0].min(), "a falling rate helps Adam, too"

# %% [markdown]
# It helps Adam as well, in each of the three runs. Adam makes the *weights* comparable. How long all steps are is another question, and
# the schedule answers it.
#
# **What to take?** The slides' tables of defaults name 1cycle for ordinary networks and performance scheduling for self-normalising ones.
# Today's large networks mostly have a warm-up, then a cosine or a straight line down to nearly zero. If you know the length of your run,
# take one of these. If you don't, let a plateau decide. Tune the highest rate first: it matters more than the shape.
#
# ## §11 A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# (a) A colleague divides the rate by ten at epoch 30, and the loss falls at once. "So I should have used the small rate from the
# beginning",
# they say. Why is that wrong? (b) Another one has a new optimiser. They train it with 1cycle, and plain momentum with a constant rate,
# and theirs wins. What have they shown, and which comparison would you ask for? (c) A third one uses performance scheduling with patience
# 1 on a validation set of 50 examples, and the rate is at its minimum after eight epochs. What has happened, and what are two remedies?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_learning_rate_schedules", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# === BEGIN SOLUTION ===
# (a) The drop lowered the floor of the trembling, which is proportional to the rate. That helps only who is near the minimum already: the
# large rate had made the way. With a tenth of the rate from the beginning, the way takes about ten times as many steps, and at epoch 30 the
# loss would be higher than it was with the large rate.
#
# (b) They have shown that one pair of optimiser and schedule beats another pair. The schedule alone can explain it: in this lecture every
# falling schedule beat the constant rate with the same optimiser. Ask for both optimisers with the same kind of schedule, each with its
# highest rate tuned out of the same budget, over several seeds.
#
# (c) The loss of 50 examples is noisy, so it goes up now and then by chance, and with patience 1 each of these epochs costs a factor.
# Remedies: more patience, a larger validation set, a smoothed metric, a factor nearer to 1, or a larger min_lr.
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §12 Summary
#
# | schedule | rate at $t$ | one has to choose |
# |---|---|---|
# | step decay | $\eta_0\, d^{\lfloor e/E \rfloor}$ | $d$, $E$ |
# | exponential | $\eta_0\, e^{-kt}$, or $\eta_0 \cdot 0.1^{e/s}$ | $k$, or $s = \ln 10 / k$ |
# | 1/t, and power | $\eta_0/(1 + kt)$, and $\eta_0/(1 + t/s)^c$ | $k$, or $s$ and $c$ |
# | piecewise constant | $v_i$ | all of it |
# | performance | falls when the metric is stuck | patience, factor |
# | 1cycle | up, down, and out | $\eta_\text{max}$, total |
#
# - The floor of the trembling is proportional to the rate, the way takes time proportional to its reciprocal. So begin high and end low.
# - The shape matters less than that the rate falls in the end, and less than its highest value.
# - A range test finds that value, roughly, in one short run.
# - A way up makes higher rates bearable. In our runs it wasn't what made training faster.
#
# ### Further reading
# - H. Robbins and S. Monro (1951), *A stochastic approximation method*: the two conditions of §4.
# - L. Smith (2015), *Cyclical learning rates for training neural networks*: the range test.
# - L. Smith and N. Topin (2017), *Super-convergence: very fast training of neural networks using large learning rates*.
# - L. Smith (2018), *A disciplined approach to neural network hyper-parameters*: 1cycle, and the momentum that goes the other way.
# - P. Goyal and others (2017), *Accurate, large minibatch SGD: training ImageNet in 1 hour*: warm-up.
# - I. Loshchilov and F. Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*: the cosine.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11: the schedules of the slides.
