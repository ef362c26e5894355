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
# **One line decides whether this network learns.** Below, two networks with six hidden layers get the same digits, the same first weights,
# the same optimiser. They differ in the function that each unit applies to its weighted sum.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from itertools import pairwise

from coursekit import data, nets, plots
from coursekit.figures import activations as figures

digits = data.digits()


def scaled(gain):
    """Return an initialiser with variance gain/fan_in: 2 is He's, 1 is LeCun's."""
    return lambda fan_in, fan_out, rng: rng.normal(0, np.sqrt(gain / fan_in), (fan_in, fan_out))


def learn(activation, sizes=(64, 50, 10), gain=2.0, seed=0, lr=0.1, epochs=3, **more):
    rng = np.random.default_rng(seed)
    net = nets.mlp(sizes, init=scaled(gain), activation=activation, rng=rng)
    return net, nets.train(net, digits, lr=lr, epochs=epochs, rng=rng, **more)

# %% tags=["demo"]
deep = (64, *[50] * 6, 10)
runs = {name: learn(name, deep)[1] for name in ("logistic", "relu")}
plots.show(
    plots.training_curves(runs, title="Six hidden layers; only the activation differs"),
    alt="Training loss and test accuracy. With the logistic activation the loss stays at 2.3 and "
    "the accuracy near 0.1; with ReLU the loss falls and the accuracy is above 0.9.",
)
accuracy = {name: run.test_accuracy[-1] for name, run in runs.items()}
assert accuracy["logistic"] < 0.3, "the sigmoid net only guesses"
assert accuracy["relu"] > 0.9, "the ReLU net learns"

# %% [markdown]
# The sigmoid net guesses. Why? And is the winner, two straight lines and a kink, the end of the story? You will write eight activation
# functions and most of their derivatives, each as the answer to a fault of an earlier one, and measure what their inventors claimed.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `sigmoid`, `sigmoid_grad` | to see a gradient vanish |
# | §2 | `relu`, `relu_grad` | to let it through |
# | §3 | `dead_units` | to count the units that are lost |
# | §4 | `leaky_relu`, `leaky_relu_grad` | to keep units alive |
# | §5 | `rrelu`, `prelu_forward`, `prelu_backward` | to draw the slope, or to learn it |
# | §6 | `elu`, `elu_grad` | to bring the mean towards zero |
# | §7 | `selu` | to normalise without a layer for it |
# | §8 | `maxout_forward`, `maxout_backward` | to learn the function itself |
# | §11 | a question to answer in words | to find out why a net stopped learning |
#
# Conventions: NumPy only. $z$ is a unit's weighted sum, its *pre-activation*; a batch of them has shape `(N, D)`, but all functions of one
# variable take **arrays of any shape**. Dense weights have shape `(fan_in, fan_out)`. What `cache` holds is your own business. A function
# never changes its arguments. At a kink, **any value between the left and the right derivative is right**.

# %% [markdown]
# ### Where the slides disagree, or err
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | Slope of leaky ReLU? | 0.1, in the overview | 0.01, where it is explained | **`alpha=0.01`**, and it can be passed |
# | Written how? | $\max(\alpha z, z)$, for PReLU too | two cases | the same **while α ≤ 1**. A *learned* α may leave [0, 1], and then the maximum is the wrong branch |
# | Which case has $z = 0$? | $z < 0$ against $z \ge 0$ (ELU) | $z \le 0$ against $z > 0$ (ELU, SELU) | no difference: both give 0 |
# | Is ELU smooth? | only for α = 1 | | right: the slopes at 0 are α and 1 |
# | When does a ReLU die? | when its weighted sum is negative | when it gives nothing but 0 | when the sum is not positive **for any example** (§3) |
# | Sigmoid's range? | [0, 1], tanh's [−1, 1] | | *open* intervals; only rounding reaches the ends |
# | RReLU in testing? | "fixed" | | to the **mean** of the range it was drawn from |
# | What does a sigmoid layer do to the variance? | makes it much larger | | that is true of $z$ under weights from N(0, 1); the variance of σ(z) is never above ¼ |
# | Does ELU saturate? | it has all that is good in ReLU | it saturates where $z$ is negative | yes, to the left: at −α |
# | Maxout's price? | twice the parameters | | **k times**, for k pieces |
# | Which is best? | ELU, or SELU in a plain stack | ReLU, then try others | measured in §9 |

# %% [markdown]
# ## §1 The sigmoid saturates
#
# The first units had a threshold: 0 or 1. A step has slope 0 everywhere, so gradient descent gets no direction from it. The **sigmoid**, or
# logistic function, is a softened step, and was also liked as a picture of a neuron's firing rate, between rest and saturation:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} \tag{1}$$
#
# $$\sigma'(z) = \sigma(z)\,\bigl(1 - \sigma(z)\bigr) \tag{2}$$
#
# Its relative $\tanh(z) = 2\sigma(2z) - 1$ is the same curve, stretched to $(-1, 1)$.
#
# ### Exercise 1 · sigmoid and sigmoid_grad
# *About 15 minutes · difficulty ●○○ · equations (1) and (2) · shape in = shape out*
#
# **By hand.** $\sigma(0) = 0.5$ and $\sigma(\ln 3) = 1/(1 + \frac13) = 0.75$, so $\sigma(-\ln 3) = 0.25$. The slopes there are
# $0.5 \cdot 0.5 = 0.25$ and twice $0.75 \cdot 0.25 = 0.1875$. Both functions get $z$, not σ(z).
#
# **No overflow.** $e^{10000}$ is infinity for a computer, and ∞/∞ is NaN. Results must be finite and right for $|z|$ up to $10^4$ and
# beyond. A warning of NumPy's alone, with the right numbers, costs nothing.
#
# <details><summary>Hint 1</summary>
#
# Multiply numerator and denominator of (1) by $e^z$. Which of the two forms is safe for negative $z$, which for positive?
# </details>
# <details><summary>Hint 2</summary>
#
# $e^{-|z|}$ is never larger than 1. Both forms can be written with it, and `np.where` chooses.
# </details>
# <details><summary>Hint 3</summary>
#
# The gradient may call your `sigmoid`.
# </details>

# %% nbgrader={"grade": false, "grade_id": "sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid(z):
    """The logistic function 1/(1 + exp(−z)), entry by entry: equation (1).

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.

    Returns
    -------
    float array of the shape of z
        Finite and right for z from −10⁴ to 10⁴ too.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(z))
    return np.where(np.asarray(z) < 0, small, 1.0) / (1 + small)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sigmoid)
### BEGIN HIDDEN TESTS
from autograder import score
score(sigmoid)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "sigmoid_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid_grad(z):
    """The derivative of the logistic function with respect to z, entry by entry: equation (2).

    Parameters
    ----------
    z : array of any shape
        Pre-activations, so what sigmoid gets and not what it returns. Integers are legal.

    Returns
    -------
    float array of the shape of z
        Finite and right for z from −10⁴ to 10⁴ too.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    s = sigmoid(z)
    return s * (1 - s)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_sigmoid_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(sigmoid_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(sigmoid_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Your sigmoid and its slope, beside those of tanh.

# %% tags=["demo"]
z = np.linspace(-7, 7, 281)
if ready(sigmoid, sigmoid_grad):
    both = {"sigmoid": (sigmoid(z), sigmoid_grad(z)), "tanh": (np.tanh(z), 1 - np.tanh(z) ** 2)}
    plots.show(
        figures.curves(z, both),
        alt="Left: the sigmoid rises from 0 to 1, tanh from −1 to 1. Right: their slopes are bells "
        "around 0, a quarter and 1 high, and nearly zero where z is beyond 5 on either side.",
    )
    assert abs(sigmoid_grad(z).max() - 0.25) < 1e-12, "the sigmoid's slope is a quarter at most"
    assert sigmoid_grad(z)[0] < 1e-3, "and next to nothing where it saturates"

# %% [markdown]
# It has three faults.
#
# **It saturates.** Backpropagation multiplies by $\sigma'(z)$ in every layer: by ¼ at most, and by almost 0 where $|z|$ is large. A
# saturated unit *kills* the gradient. Six layers leave at most $0.25^6 \approx 1/4000$, apart from the weights. This is the **vanishing
# gradient**. The other factor is the weights (lecture 3): a slide that blames sigmoid *and* initialization together is right. Large weights
# saturate the units; small ones shrink the gradient.

# %% tags=["demo"]
def stack(layer, sizes, gain, rng):
    """A net with layer(units) behind each dense layer but the last."""
    layers, init = [], scaled(gain)
    for fan_in, units in pairwise(sizes[:-1]):
        layers += [nets.Dense(fan_in, units, init=init, rng=rng), layer(units)]
    return nets.Net(*layers, nets.Dense(sizes[-2], sizes[-1], init=init, rng=rng))


LAYERS = {
    "sigmoid": lambda units: nets.Activation(sigmoid, sigmoid_grad),
    "tanh": lambda units: nets.Activation("tanh"),
}

# %% tags=["demo"]
if ready(sigmoid, sigmoid_grad):
    norms = {}
    for name in ("sigmoid", "tanh"):
        net = stack(LAYERS[name], deep, 1.0, np.random.default_rng(0))
        norms[name] = net.gradient_norms(digits.X_train[:200], digits.y_train[:200])
    plots.show(
        plots.per_layer_lines(norms, ylabel="norm of the gradient of W (log scale)"),
        alt="The gradient's norm per layer. With tanh all seven are about 0.3; with the sigmoid it "
        "falls by a factor of about four per layer from the last to the first.",
    )
    assert norms["sigmoid"][0] < 0.25**5 * norms["sigmoid"][-1], "a factor of 4 is lost per layer"
    assert min(norms["tanh"]) > 0.5 * max(norms["tanh"]), "tanh loses little at the start"

# %% [markdown]
# There is the answer to the first question: the first layers of the sigmoid net get a gradient thousands of times smaller than the last
# one.
#
# **It isn't zero-centred.** The gradient of weight $w_i$ is $h_i\,\delta$, and all inputs $h_i$ from a sigmoid layer are positive. So for
# one example, all weights of a unit move up together or down together: where some should rise and others fall, the path is a zigzag. tanh
# cures that, and keeps the saturation.

# %% tags=["demo"]
if ready(sigmoid, sigmoid_grad):
    mixed = {}
    for name in ("sigmoid", "tanh"):
        net = stack(LAYERS[name], (64, 50, 50, 10), 1.0, np.random.default_rng(0))
        _, gradients = net.gradients(digits.X_train[:1], digits.y_train[:1])
        signs = np.sign(gradients[2]["W"])  # of the second hidden layer's weights
        mixed[name] = int(np.sum(np.ptp(signs, axis=0) > 0))
    print("units (of 50) whose weights don't all move the same way:", mixed)
    assert mixed == {"sigmoid": 0, "tanh": 50}, "behind sigmoids a unit's weights move together"

# %% [markdown]
# **It needs an exponential**, which takes longer than a comparison. §6 measures how much that matters.

# %% [markdown]
# ## §2 ReLU: two lines and a kink
#
# The **rectified linear unit** does away with the exponential and, for $z > 0$, with saturation:
#
# $$\text{ReLU}(z) = \max(0, z) \tag{3}$$
#
# Its slope is 1 where the unit is on: a gradient passes through any number of such layers without loss. It is cheap, and said to be closer
# to biology: neurons are silent most of the time. It isn't zero-centred, and where it is off, its slope is exactly 0.
#
# ### Exercise 2 · relu and relu_grad
# *About 10 minutes · difficulty ●○○ · equation (3) · shape in = shape out*
#
# **By hand.** For $z = (-2, 3, 0.5)$, ReLU gives $(0, 3, 0.5)$, and the derivative is $(0, 1, 1)$: the slope of the line that $z$ lies on,
# *not* $z$ itself. At $z = 0$ any number from 0 to 1 is right.
#
# <details><summary>Hint 1</summary>
#
# `np.maximum` compares entry by entry; `np.max` looks for the largest of all.
# </details>
# <details><summary>Hint 2</summary>
#
# A comparison gives True and False. Numbers are wanted.
# </details>

# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu(z):
    """The rectified linear unit max(0, z), entry by entry: equation (3).

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.

    Returns
    -------
    array of the shape of z

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.maximum(z, 0.0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_relu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(relu)
### BEGIN HIDDEN TESTS
from autograder import score
score(relu)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "relu_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_grad(z):
    """The derivative of ReLU with respect to z, entry by entry.

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.

    Returns
    -------
    array of numbers, of the shape of z
        1 where z is positive, 0 where it is negative; where z = 0, any number from 0 to 1.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) > 0, 1.0, 0.0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_relu_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(relu_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(relu_grad)
### END HIDDEN TESTS

# %% tags=["demo"]
if ready(relu, relu_grad):
    plots.show(
        figures.curves(z, {"ReLU": (relu(z), relu_grad(z))}),
        alt="Left: ReLU is 0 up to z = 0, then a straight line. Right: its slope jumps from 0 to 1.",
    )
    assert relu_grad(z).tolist().count(1.0) >= 140, "the slope is 1 on the whole right side"

# %% [markdown]
# **Six times faster?** Slides claim that ReLU learns far faster than sigmoid and tanh, six times for example. The six comes from one figure
# (Krizhevsky et al. 2012): a convolutional net on colour photographs, ReLU against *tanh*, each with a learning rate of its own. We count
# the steps until the training loss falls to 0.5, with two hidden layers. To be fair, each activation gets its own initialization and three
# learning rates, with three seeds.

# %% tags=["demo"]
LAYERS["ReLU"] = lambda units: nets.Activation(relu, relu_grad)
kept = {}


def run(name, lr, seed):
    """Train a net with two hidden layers for three epochs, once for each name, rate and seed."""
    if (name, lr, seed) not in kept:
        rng, gain = np.random.default_rng(seed), 1.0 if name in ("sigmoid", "tanh", "SELU") else 2.0
        net = stack(LAYERS[name], (64, 50, 50, 10), gain, rng)
        kept[name, lr, seed] = nets.train(net, digits, lr=lr, epochs=3, rng=rng)
    return kept[name, lr, seed]

# %% tags=["demo"]
def steps_to(history, level=0.5, window=10):
    """The first step at which the mean loss of the last 10 is below the level; None if there is none."""
    smooth = np.convolve(history.loss, np.ones(window) / window, mode="valid")
    return int(np.argmax(smooth < level)) + window if np.any(smooth < level) else None


def best(by_rate):
    """The mean steps at the rate at which they are fewest."""
    return round(min(np.mean([steps or np.inf for steps in runs]) for runs in by_rate.values()))

# %% tags=["demo"]
if ready(sigmoid, sigmoid_grad, relu, relu_grad):
    rates, seeds = (0.1, 0.3, 1.0), range(3)
    race = {}
    for name in ("sigmoid", "tanh", "ReLU"):
        race[name] = {lr: [steps_to(run(name, lr, seed)) for seed in seeds] for lr in rates}
    plots.show(
        figures.steps_to_a_loss(race, 126, 0.5),
        alt="Steps to a loss of 0.5. The sigmoid gets there at the learning rate 1 only, after about "
        "100 steps. tanh and ReLU need about 65 and 45 steps at 0.1, and 27 and 23 at 0.3. At 1 "
        "tanh needs 16 steps, and ReLU more than at 0.3.",
    )
    fastest = {name: best(by_rate) for name, by_rate in race.items()}
    print("steps at the best learning rate:", fastest)
    assert fastest["sigmoid"] > 2.5 * fastest["ReLU"], "the sigmoid is far behind ReLU"
    assert fastest["tanh"] < 1.2 * fastest["ReLU"], "tanh isn't behind ReLU here"

# %% [markdown]
# Against the sigmoid the claim holds: it is about four times slower at its best rate, and doesn't arrive in time at the two others. Against
# tanh it doesn't hold here. At *equal* small rates ReLU is ahead, but tanh bears larger ones, and with its best rate it is the fastest.
# "Six times" is a number of one experiment.

# %% [markdown]
# ## §3 Units that die
#
# Where a ReLU is off, its slope is 0, so that its weights get no gradient *from this example*. That is no harm as long as other examples
# switch it on. But one large step can push the weights so far that the sum is negative for *every* example. Then its weights get no
# gradient at all any more: the unit is **dead**, and only a change in the layers below could wake it. (The slide that calls a unit dead as
# soon as its sum is negative describes every healthy ReLU.)
#
# ### Exercise 3 · dead_units
# *About 5 minutes · difficulty ●○○*
#
# | array | shape | |
# |---|---|---|
# | `Z` | `(N, H)` | pre-activations: a row for each example, a column for each unit |
# | answer | `(H,)` | True where the unit is dead |
#
# **By hand.** Of the units in $Z = \begin{pmatrix} -1 & -5 & 0 \\ -2 & 1 & -3 \end{pmatrix}$ the first and the third are dead: they have no
# positive entry (0 isn't positive: ReLU gives 0 there). The second is alive, thanks to *one* example, though its mean is negative. Answer:
# (True, False, True).
#
# <details><summary>Hint</summary>
#
# "No example is positive" is "all examples are not positive". Along which axis are the examples?
# </details>

# %% nbgrader={"grade": false, "grade_id": "dead_units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dead_units(Z):
    """Find the units that give 0 for every example of a batch, and so get no gradient.

    Parameters
    ----------
    Z : array of shape (N, H)
        Pre-activations of H ReLU units for N examples, so before ReLU. Integers are legal.

    Returns
    -------
    array of bool, shape (H,)
        True where no example has Z > 0, False where at least one has.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return ~np.any(np.asarray(Z) > 0, axis=0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dead_units", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(dead_units)
### BEGIN HIDDEN TESTS
from autograder import score
score(dead_units)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** We train for eight steps with the learning rate 2, far too much, and go on for six epochs with a harmless 0.1.

# %% tags=["demo"]
few = data.Digits(digits.X_train[:260], digits.y_train[:260], digits.X_test, digits.y_test)


def count_dead(net):
    return sum(int(dead_units(Z).sum()) for Z in net.preactivations(digits.X_train))


def shaken(seed, bias=0.0, lr=2.0):
    """A ReLU net with two hidden layers of 50 after eight steps that are too large."""
    rng = np.random.default_rng(seed)
    net = stack(LAYERS["ReLU"], (64, 50, 50, 10), 2.0, rng)
    for layer in net.layers[:-1:2]:
        layer.params["b"] += bias
    nets.train(net, few, lr=lr, epochs=1, rng=rng)
    return net

# %% tags=["demo"]
def go_on(net, function, slope, epochs=6):
    """Put another activation between the same weights, train on; return net and dead units per epoch."""
    dense = [nets.Dense.of(**layer.params) for layer in net.layers[::2]]
    layers = [part for layer in dense for part in (layer, nets.Activation(function, slope))][:-1]
    net, counts = nets.Net(*layers), [count_dead(net)]
    for epoch in range(epochs):
        nets.train(net, digits, lr=0.1, epochs=1, rng=np.random.default_rng(epoch))
        counts.append(count_dead(net))
    return net, counts

# %% tags=["demo"]
if ready(relu, relu_grad, dead_units):
    fates = [go_on(shaken(seed), relu, relu_grad) for seed in range(3)]
    with_relu = np.array([counts for _, counts in fates])
    with_bias = [count_dead(shaken(seed, bias=0.01)) for seed in range(3)]
    print("dead after the shock, after six epochs:", with_relu[:, [0, -1]].tolist())
    print("dead after the shock, with biases that started at 0.01:", with_bias)
    net = fates[0][0]
    dead = dead_units(net.preactivations(digits.X_train)[1])  # of the second hidden layer
    _, gradients = net.gradients(digits.X_train, digits.y_train)
    assert dead.any() and not gradients[2]["W"][:, dead].any(), "dead units get no gradient at all"
    assert (with_relu[:, -1] > 0.7 * with_relu[:, 0]).all(), "the dead stay dead"
    assert sum(with_bias) > 0.5 * with_relu[:, 0].sum(), "biases of 0.01 don't prevent it"

# %% [markdown]
# A quarter of the 100 units dies within eight steps, and six epochs of good training bring hardly one of them back. So the slides' warning
# of large learning rates is well founded. Their other remedy, slightly positive first biases such as 0.01, makes no difference against such
# a step: it moves weights by far more than 0.01. It only helps units that are off from the *start*.

# %% [markdown]
# ## §4 A leak
#
# If a slope of 0 kills, take another one (Maas et al. 2013):
#
# $$\text{LeakyReLU}_\alpha(z) = \begin{cases} z & z \ge 0 \\ \alpha z & z < 0 \end{cases} \tag{4}$$
#
# ### Exercise 4 · leaky_relu and leaky_relu_grad
# *About 10 minutes · difficulty ●○○ · equation (4) · shape in = shape out*
#
# **By hand.** With α = 0.1, $z = (-2, 3, -0.5)$ becomes $(-0.2, 3, -0.05)$, and the slopes are $(0.1, 1, 0.1)$. At $z = 0$ any slope from α
# to 1 is right.
#
# <details><summary>Hint</summary>
#
# `np.where(condition, a, b)` takes from `a` where the condition holds, and from `b` elsewhere.
# </details>

# %% nbgrader={"grade": false, "grade_id": "leaky_relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu(z, alpha=0.01):
    """The leaky ReLU, entry by entry: equation (4).

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.
    alpha : float
        α, the slope for negative z, in [0, 1).

    Returns
    -------
    float array of the shape of z

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) < 0, alpha, 1.0) * z
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_leaky_relu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(leaky_relu)
### BEGIN HIDDEN TESTS
from autograder import score
score(leaky_relu)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "leaky_relu_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def leaky_relu_grad(z, alpha=0.01):
    """The derivative of the leaky ReLU with respect to z, entry by entry.

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.
    alpha : float
        α, the slope for negative z, in [0, 1).

    Returns
    -------
    float array of the shape of z
        1 where z is positive, α where it is negative; where z = 0, any number from α to 1.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) > 0, 1.0, alpha)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_leaky_relu_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(leaky_relu_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(leaky_relu_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The same shaken networks go on with *your* leaky ReLU between the same weights: once with the slope 0.01, once with 0.1.

# %% tags=["demo"]
from functools import partial

revived_by = 0.1  # change this to 0.3, predict how many units stay dead, and run
if ready(relu, relu_grad, dead_units, leaky_relu, leaky_relu_grad):
    counts = {"ReLU": with_relu}
    for alpha in (0.01, revived_by):
        leak, slope = partial(leaky_relu, alpha=alpha), partial(leaky_relu_grad, alpha=alpha)
        lines = [go_on(shaken(seed), leak, slope)[1] for seed in range(3)]
        counts[f"leaky ReLU, α = {alpha}"] = np.array(lines)
    plots.show(
        figures.dead_over_epochs(counts, units=100),
        alt="Dead units after each epoch, three runs each. With ReLU the 25 to 29 dead units stay, "
        "or become more; with a leak of 0.01 most of them stay, at 14 to 23; with a leak of 0.1 "
        "nearly all are back after one epoch.",
    )
    _, hundredth, more = (lines[:, -1].sum() for lines in counts.values())
    assert more < 0.3 * with_relu[:, -1].sum(), "a leak of 0.1 brings most of them back"
    assert hundredth > 0.5 * with_relu[:, 0].sum(), "a leak of 0.01 leaves most of them dead"

# %% [markdown]
# A leaky unit never dies, say the slides. With α = 0.1, the number in their overview, that is what we see. With α = 0.01, the number that
# they explain, a dead unit does get a gradient, a hundredth of a normal one, and six epochs are too short for most to come back. A leak has
# to be large enough to be of use in the time one has. (Here a leaky unit counts as dead if $z \le 0$ for all examples.)

# %% [markdown]
# ## §5 Slopes at random, slopes that learn
#
# Which α, then? Two papers of 2015 answer differently. Xu and others **draw** it, for each entry and each step anew: RReLU. As in dropout,
# the noise works against overfitting, and after training the mean takes its place. (The paper divides $z$ by a number from 3 to 8; we
# multiply by a slope.) He and others **learn** it, one for each feature: PReLU.
#
# ### Exercise 5 · rrelu
# *About 15 minutes · difficulty ●●○*
#
# | | in training | after training |
# |---|---|---|
# | slope where $z < 0$ | drawn anew from $U(\text{lower}, \text{upper})$, **for each entry by itself** | (lower + upper)/2 |
# | slope where $z \ge 0$ | 1 | 1 |
#
# **By hand.** With lower = 0.1, upper = 0.3 and $z = (-10, 5, -10)$, after training out is $(-2, 5, -2)$ and the slopes are $(0.2, 1,
# 0.2)$. In training, the two entries of −10 get two different slopes, so out may be $(-1.3, 5, -2.8)$ with slopes $(0.13, 1, 0.28)$. The
# slopes are returned because a backward pass would need them.
#
# <details><summary>Hint 1</summary>
#
# `rng.uniform(lower, upper, size)` draws as many numbers as `size`, the shape of `z`, asks for. Draws that you don't use do no harm.
# </details>
# <details><summary>Hint 2</summary>
#
# If the slopes are right, out is a product of two arrays in both modes.
# </details>

# %% nbgrader={"grade": false, "grade_id": "rrelu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rrelu(z, lower, upper, rng, training):
    """The randomized leaky ReLU, entry by entry.

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.
    lower, upper : float
        Bounds of the slope for negative z, 0 <= lower <= upper < 1.
    rng : numpy.random.Generator
        All random numbers come from it, in any order.
    training : bool
        True: each entry with z < 0 gets a slope of its own, drawn from the uniform distribution
        on [lower, upper]. False: all of them get the slope (lower + upper)/2.

    Returns
    -------
    out : float array of the shape of z
        slopes · z.
    slopes : float array of the shape of z
        What each entry was multiplied by: 1 where z > 0. Where z = 0, any number is right.

    The arguments are not changed (but rng, by drawing from it).
    """
    ### BEGIN SOLUTION
    z = np.asarray(z)
    negative = rng.uniform(lower, upper, z.shape) if training else (lower + upper) / 2
    slopes = np.where(z < 0, negative, 1.0)
    return slopes * z, slopes
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_rrelu", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(rrelu)
### BEGIN HIDDEN TESTS
from autograder import score
score(rrelu)
### END HIDDEN TESTS

# %% tags=["demo"]
if ready(rrelu):
    many = np.linspace(-3, 2, 400)
    noisy, _ = rrelu(many, 1 / 8, 1 / 3, np.random.default_rng(0), True)
    fixed, _ = rrelu(many, 1 / 8, 1 / 3, np.random.default_rng(0), False)
    plots.show(
        figures.random_slopes(many, noisy, fixed),
        alt="RReLU. For positive z dots and line agree. For negative z the dots fill a wedge between "
        "the slopes 1/8 and 1/3, and the line runs through its middle.",
    )
    assert np.array_equal(noisy[many >= 0], fixed[many >= 0]), "positive z is never random"
    assert abs(np.mean((noisy - fixed)[many < 0])) < 0.05, "the mean takes the place of the draws"

# %% [markdown]
# ### The gradient of a slope
#
# Out depends on α where $z < 0$ only, and there $\partial(\alpha z)/\partial\alpha = z$. All N examples share the α of feature $j$, so
# that their contributions are added:
#
# $$\frac{\partial L}{\partial \alpha_j} = \sum_{i:\, z_{ij} < 0} \frac{\partial L}{\partial \text{out}_{ij}}\; z_{ij} \tag{5}$$
#
# ### Exercise 6 · prelu_forward and prelu_backward
# *About 20 minutes · difficulty ●●○ · equations (4) and (5)*
#
# | array | shape | |
# |---|---|---|
# | `z`, `out`, `dout`, `dz` | `(N, D)` | a batch; features only, no images |
# | `alpha`, `dalpha` | `(D,)` | one slope for each feature, of any sign and size |
#
# **By hand.** $z = \begin{pmatrix} -1 & 2 \\ -3 & -4 \end{pmatrix}$ and α = (0.5, 2) give $\begin{pmatrix} -0.5 & 2 \\ -1.5 & -8
# \end{pmatrix}$. (With the maximum of $\alpha z$ and $z$, the last entry would be −4.) For the upstream gradient $\begin{pmatrix} 1 & 1 \\
# 1 & 10 \end{pmatrix}$, dz is $\begin{pmatrix} 0.5 & 1 \\ 0.5 & 20 \end{pmatrix}$, and dalpha is $(-1 - 3,\ 10 \cdot (-4)) = (-4, -40)$.
#
# <details><summary>Hint 1</summary>
#
# How does out change if α of a feature grows a little? Not at all where z is positive.
# </details>
# <details><summary>Hint 2</summary>
#
# α of a feature was used by all examples. So its gradient is a sum over them, not a mean.
# </details>

# %% nbgrader={"grade": false, "grade_id": "prelu_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_forward(z, alpha):
    """The parametric ReLU: equation (4) with a slope α for each feature.

    Parameters
    ----------
    z : array of shape (N, D)
        Pre-activations. Integers are legal.
    alpha : array of shape (D,)
        The slope of each feature for negative z. It is learned, so it can be any number: negative, or
        greater than 1. Integers are legal.

    Returns
    -------
    out : float array of shape (N, D)
        z where z >= 0, α·z elsewhere.
    cache
        Whatever your prelu_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    z, alpha = np.asarray(z), np.asarray(alpha)
    return np.where(z < 0, alpha * z, z), (z, alpha)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_prelu_forward", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(prelu_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(prelu_forward)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "prelu_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prelu_backward(dout, cache):
    """The gradients of the parametric ReLU: equation (5).

    Parameters
    ----------
    dout : array of shape (N, D)
        The upstream gradient ∂L/∂out. Integers are legal.
    cache
        What your prelu_forward returned.

    Returns
    -------
    dz : float array of shape (N, D)
        ∂L/∂z; where z = 0, the slope is any number between α and 1.
    dalpha : float array of shape (D,)
        ∂L/∂α, summed over the batch.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    z, alpha = cache
    dz = dout * np.where(z < 0, alpha, 1.0)
    dalpha = np.sum(dout * np.where(z < 0, z, 0.0), axis=0)
    return dz, dalpha
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_prelu_backward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(prelu_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(prelu_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** A net with three hidden layers learns its slopes, all of which start at 0.25.

# %% tags=["demo"]
LAYERS["PReLU"] = lambda units: nets.PairLayer(
    prelu_forward, prelu_backward, {"alpha": np.full(units, 0.25)}
)
if ready(prelu_forward, prelu_backward):
    rng = np.random.default_rng(0)
    net = stack(LAYERS["PReLU"], (64, 50, 50, 50, 10), 2.0, rng)
    history = nets.train(net, digits, lr=0.1, epochs=6, rng=rng)
    alphas = [layer.params["alpha"] for layer in net.layers[1::2]]
    plots.show(
        figures.learned_slopes(alphas, 0.25),
        alt="The learned slopes of three layers of 50 units: most lie between 0.15 and 0.45, around "
        "and above their start at 0.25, and none is near 0.",
    )
    assert history.test_accuracy[-1] > 0.92, "the net learns with your gradients"
    assert np.mean(np.concatenate(alphas)) > 0.25, "the slopes grow on average"
    assert min(alpha.min() for alpha in alphas) > 0.05, "no unit chooses to be a plain ReLU"

# %% [markdown]
# Not one of 150 units chooses 0 or 0.01. PReLU costs D parameters more a layer, next to nothing beside a matrix of weights; don't let
# weight decay pull them to 0.

# %% [markdown]
# ## §6 ELU: a softer landing
#
# ReLU and its leaky relatives have outputs with a positive mean. The **exponential linear unit** (Clevert et al. 2016) goes down to −α:
#
# $$\text{ELU}_\alpha(z) = \begin{cases} z & z \ge 0 \\ \alpha\,(e^z - 1) & z < 0 \end{cases} \tag{6}$$
#
# ### Exercise 7 · elu and elu_grad
# *About 15 minutes · difficulty ●●○ · equation (6) · shape in = shape out*
#
# **By hand.** At $z = -\ln 2$, $e^z$ is ½. So with α = 1 ELU is −0.5 and its slope 0.5; with α = 3 they are −1.5 and 1.5. At $z = 2$ they
# are 2 and 1, whatever α is. At $z = 0$ any slope between α and 1 is right.
#
# **No overflow.** Right and finite up to $|z| = 10^4$. `np.where` computes *both* branches, and a mask that multiplies an infinity by 0
# gives NaN.
#
# <details><summary>Hint 1</summary>
#
# What is the derivative of $\alpha(e^z - 1)$? The −1 doesn't survive.
# </details>
# <details><summary>Hint 2</summary>
#
# The exponential is only needed for negative $z$: `np.minimum(z, 0)` never makes it large.
# </details>

# %% nbgrader={"grade": false, "grade_id": "elu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elu(z, alpha=1.0):
    """The exponential linear unit, entry by entry: equation (6).

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.
    alpha : float
        α > 0: the function tends to −α for very negative z.

    Returns
    -------
    float array of the shape of z
        Finite and right for z from −10⁴ to 10⁴ too.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) < 0, alpha * np.expm1(np.minimum(z, 0.0)), z)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_elu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(elu)
### BEGIN HIDDEN TESTS
from autograder import score
score(elu)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "elu_grad", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elu_grad(z, alpha=1.0):
    """The derivative of the ELU with respect to z, entry by entry.

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.
    alpha : float
        α > 0.

    Returns
    -------
    float array of the shape of z
        Finite and right for z from −10⁴ to 10⁴ too. Where z = 0, any number between α and 1.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(np.asarray(z) < 0, alpha * np.exp(np.minimum(z, 0.0)), 1.0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_elu_grad", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(elu_grad)
### BEGIN HIDDEN TESTS
from autograder import score
score(elu_grad)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The curves, and the means of the outputs through five layers.

# %% tags=["demo"]
if ready(elu, elu_grad):
    shown = {f"ELU, α = {a:g}": (elu(z, a), elu_grad(z, a)) for a in (1.0, 0.5)}
    plots.show(
        figures.curves(z, shown),
        alt="ELU for α = 1 and 0.5: left of 0 the curves bend towards −1 and −0.5, right of it both "
        "are the line z. The slope is continuous for α = 1, and jumps from 0.5 to 1 for α = 0.5.",
    )
    assert abs(elu_grad(np.array([-1e-9]))[0] - 1) < 1e-6, "with α = 1 there is no kink"

# %% tags=["demo"]
def output_statistics(function, gain, layers, units=100):
    """The mean and standard deviation of each layer's outputs, for standardised inputs."""
    rng, found = np.random.default_rng(0), []
    h = (digits.X_train - digits.X_train.mean()) / digits.X_train.std()
    for _ in range(layers):
        h = function(h @ rng.normal(0, np.sqrt(gain / h.shape[1]), (h.shape[1], units)))
        found.append((float(h.mean()), float(h.std())))
    return found

# %% tags=["demo"]
if ready(relu, leaky_relu, elu):
    for function in (relu, leaky_relu, elu):
        means = [mean / std for mean, std in output_statistics(function, 2.0, 5)]
        print(f"{function.__name__:>10}: mean/std", " ".join(f"{ratio:.2f}" for ratio in means))
    assert 0.1 < means[-1] < 0.4, "ELU's means are nearer to 0, but not 0"

# %% [markdown]
# ELU's means are less than half as far from 0: nearer, but not 0. For α = 1 it has no kink, so gradient descent doesn't bounce there. And
# it *saturates* on the left: large negative sums all look like −α. The slides see robustness to noise in that, and yet credit ELU with all
# of ReLU's merits; not to saturate, one of them, holds on the right side only.
#
# **What does it cost?** An exponential for each entry, in training and for ever after. We compare processor time, the best of nine tries,
# for a million entries: the functions themselves, and the dense layer before them.

# %% tags=["demo"]
from time import process_time


def seconds(compute):
    times = []
    for _ in range(9):
        start = process_time()
        compute()
        times.append(process_time() - start)
    return min(times)


block = np.random.default_rng(0).normal(size=(1000, 1000))
comparison = seconds(lambda: np.maximum(0.1 * block, block))
exponential = seconds(lambda: np.where(block > 0, block, np.expm1(np.minimum(block, 0))))
product = seconds(lambda: block @ block)
print("the exponential takes longer than the comparison:", exponential > comparison)
print("the matrix product takes longer than both:", product > exponential + comparison)
assert exponential > comparison, "ELU is dearer than a leaky ReLU"

# %% [markdown]
# So ELU is dearer, as the slides say; where the answer has to be quick, they advise leaky ReLU or ReLU. But in a wide layer the matrix
# product takes longer than either, so that the whole net slows down by much less than the activation does.

# %% [markdown]
# ## §7 SELU: an ELU that normalises itself
#
# Make ELU's left side a little deeper, and multiply all of it by a number a little greater than 1: where the variance is too small, the
# stretching on the right raises it, where it is too large, the saturation on the left lowers it. Klambauer and others (2017) computed the
# two constants for which mean 0 and variance 1 are a stable fixed point:
#
# $$\text{SELU}(z) = \lambda \cdot \text{ELU}_\alpha(z), \qquad \lambda = 1.0507009873554805, \quad \alpha = 1.6732632423543772 \tag{7}$$
#
# ### Exercise 8 · selu
# *About 5 minutes · difficulty ●○○ · equation (7) · shape in = shape out*
#
# **By hand.** SELU(2) = 2λ = 2.1014…; at $-\ln 2$ it is $-\lambda\alpha/2$ = −0.87904…. λ multiplies *both* branches. Use all digits. As in
# exercise 7, nothing may overflow.
#
# <details><summary>Hint</summary>
#
# You have written an ELU that takes α.
# </details>

# %% nbgrader={"grade": false, "grade_id": "selu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def selu(z):
    """The scaled exponential linear unit, entry by entry: equation (7).

    Parameters
    ----------
    z : array of any shape
        Pre-activations. Integers are legal.

    Returns
    -------
    float array of the shape of z
        λ·z for positive z, λ·α·(exp(z) − 1) for negative ones, with λ = 1.0507009873554805 and
        α = 1.6732632423543772. Finite and right for z from −10⁴ to 10⁴ too.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(np.asarray(z) < 0, alpha * np.expm1(np.minimum(z, 0.0)), z)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_selu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(selu)
### BEGIN HIDDEN TESTS
from autograder import score
score(selu)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** 100 layers, and no normalization anywhere. All three signals start with mean 0 and standard deviation 1.

# %% tags=["demo"]
gain = 1.0  # LeCun's. Change this to 2.0 (He's), predict what SELU will do, and run
if ready(relu, elu, selu):
    stats = {
        "SELU, variance 1/n": output_statistics(selu, gain, 100),
        "ReLU, variance 1/n": output_statistics(relu, 1.0, 100),
        "ReLU, variance 2/n (He)": output_statistics(relu, 2.0, 100),
    }
    plots.show(
        figures.through_layers(stats),
        alt="Means and standard deviations through 100 layers. SELU holds 0 and 1 all the way. With "
        "the same initialization ReLU's signal shrinks by fifteen powers of ten. With He's it "
        "stays of the order 1, and its mean wanders between 0.3 and 1.8.",
    )
    (mean, std), small, he = (pairs[-1] for pairs in stats.values())
    assert gain != 1.0 or (abs(mean) < 0.1 and abs(std - 1) < 0.1), "SELU holds mean 0 and std 1"
    assert small[1] < 1e-10, "ReLU loses the signal with the same initialization"
    assert 0.2 < he[1] < 5, "with He's initialization it survives"

# %% [markdown]
# SELU keeps its promise under its conditions: standardised inputs, LeCun's normal initialization, and a plain stack of dense layers. A skip
# connection, or ordinary dropout, breaks the fixed point. And the comparison on the slides' terms is a little unfair: ReLU with *its*
# initialization doesn't lose the signal either, though it doesn't keep the mean.

# %% [markdown]
# ## §8 Maxout: learn the function itself
#
# Why choose a curve at all? A **maxout** unit (Goodfellow et al. 2013) computes $k$ linear functions of its inputs and returns the largest:
#
# $$\text{out}_{nh} = \max_{j = 1 \dots k} \; \Bigl( \sum_d x_{nd} W_{jdh} + b_{jh} \Bigr) \tag{8}$$
#
# ### Exercise 9 · maxout_forward and maxout_backward
# *About 30 minutes · difficulty ●●● · equation (8)*
#
# | array | shape | |
# |---|---|---|
# | `x`, `dx` | `(N, D)` | a batch |
# | `W`, `dW` | `(k, D, H)` | the weights of k pieces for each of H units |
# | `b`, `db` | `(k, H)` | their biases |
# | `out`, `dout` | `(N, H)` | |
#
# **By hand.** One unit, two pieces, one input: $W_1 = 1, b_1 = 0$ and $W_2 = -2, b_2 = 3$. For $x = 4$ the pieces are 4 and −5, so out = 4;
# for $x = -1$ they are −1 and 5, so out = 5. With dout = 1 for the first and 10 for the second example, the first goes to piece 1, the
# second to piece 2: dx = $(1 \cdot 1,\ 10 \cdot (-2)) = (1, -20)$, dW = $(1 \cdot 4,\ 10 \cdot (-1)) = (4, -10)$, db = (1, 10). The bias
# counts for who wins: at $x = 0.9$ it is piece 2 (1.2 against 0.9).
#
# **Ties.** Where several pieces are equally large, their shares of the gradient sum to one: give it all to one of them, or divide it.
#
# <details><summary>Hint 1</summary>
#
# `x @ W` with shapes `(N, D)` and `(k, D, H)` has shape `(k, N, H)`. What shape must `b` have to be added to it?
# </details>
# <details><summary>Hint 2</summary>
#
# Cache which piece won. A mask of shape `(k, N, H)` says where the gradient of each piece is `dout`, and where 0. `==` with the maximum
# marks *all* winners of a tie, `argmax` one.
# </details>
# <details><summary>Hint 3</summary>
#
# With `dpieces` of shape `(k, N, H)`, piece j is a dense layer of its own: what are its `dx`, `dW` and `db`? x went into all k of them.
# </details>

# %% nbgrader={"grade": false, "grade_id": "maxout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_forward(x, W, b):
    """A maxout layer: each unit is the largest of k linear pieces: equation (8).

    Parameters
    ----------
    x : array of shape (N, D)
        A batch. Integers are legal, in all arguments.
    W : array of shape (k, D, H)
        Weights of the k pieces of H units.
    b : array of shape (k, H)
        Their biases.

    Returns
    -------
    out : float array of shape (N, H)
    cache
        Whatever your maxout_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    x, W = np.asarray(x), np.asarray(W)
    pieces = x @ W + np.asarray(b)[:, None, :]
    return np.max(pieces, axis=0), (x, W, np.argmax(pieces, axis=0))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_maxout_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(maxout_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(maxout_forward)
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "maxout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def maxout_backward(dout, cache):
    """The gradients of a maxout layer.

    Parameters
    ----------
    dout : array of shape (N, H)
        The upstream gradient ∂L/∂out. Integers are legal.
    cache
        What your maxout_forward returned.

    Returns
    -------
    dx : float array of shape (N, D)
    dW : float array of shape (k, D, H)
    db : float array of shape (k, H)
        Sums over the batch. Where several pieces are equally large, their shares of the
        gradient are not negative and sum to one.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    x, W, winner = cache
    won = np.arange(len(W))[:, None, None] == winner
    dpieces = won * np.asarray(dout)
    dx = np.sum(dpieces @ W.transpose(0, 2, 1), axis=0)
    return dx, x.T @ dpieces, np.sum(dpieces, axis=1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_maxout_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(maxout_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(maxout_backward)
### END HIDDEN TESTS

# %% [markdown]
# With pieces 0 and $z$ it *is* ReLU, with $0.01z$ and $z$ leaky ReLU. It is linear piece by piece, so it doesn't saturate; and some piece
# always wins, so it doesn't die. Only convex functions can be made by one unit.
#
# **See it work.** First a single unit with one input, whose pieces learn the parabola $x^2$ by your gradients.

# %% tags=["demo"]
def fit_parabola(k, steps=400):
    rng, x = np.random.default_rng(1), np.linspace(-1, 1, 101)[:, None]
    W, b = rng.normal(0, 1, (k, 1, 1)), np.zeros((k, 1))
    for _ in range(steps):
        out, cache = maxout_forward(x, W, b)
        _, dW, db = maxout_backward(2 * (out - x**2) / len(x), cache)
        W, b = W - 0.3 * dW, b - 0.3 * db
    return x, W, b

# %% tags=["demo"]
if ready(maxout_forward, maxout_backward):
    units, errors = {}, []
    for k in (2, 6):
        x, W, b = fit_parabola(k)
        out = maxout_forward(x, W, b)[0][:, 0]
        units[f"{k} pieces"] = (x @ W + b[:, None])[:, :, 0], out
        errors.append(float(np.abs(out - x[:, 0] ** 2).max()))
    plots.show(
        figures.maxout_pieces(x[:, 0], x[:, 0] ** 2, units),
        alt="Two maxout units beside a parabola. Two pieces make a V; of six pieces a few make a "
        "bowl of straight lines that stays closer to it.",
    )
    print("largest errors:", [round(error, 2) for error in errors])
    assert errors[1] < 0.7 * errors[0], "more pieces come closer"

# %% [markdown]
# Then the digits: 30 maxout units of two pieces in each of two hidden layers, against ReLU nets with as many units, and with about as many
# parameters.

# %% tags=["demo"]
def maxout(fan_in, units, k, rng):
    params = {"W": rng.normal(0, np.sqrt(1 / fan_in), (k, fan_in, units)), "b": np.zeros((k, units))}
    return nets.PairLayer(maxout_forward, maxout_backward, params)

# %% tags=["demo"]
if ready(maxout_forward, maxout_backward):
    results = {"maxout": [], "ReLU, 30 units": [], "ReLU, 50 units": []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        layers = maxout(64, 30, 2, rng), maxout(30, 30, 2, rng)
        net = nets.Net(*layers, nets.Dense(30, 10, init=scaled(1.0), rng=rng))
        results["maxout"].append(nets.train(net, digits, lr=0.1, epochs=3, rng=rng).test_accuracy[-1])
        for units in (30, 50):
            _, history = learn("relu", (64, units, units, 10), seed=seed)
            results[f"ReLU, {units} units"].append(history.test_accuracy[-1])
    for label, found in results.items():
        print(f"{label:>15}: mean test accuracy {np.mean(found):.3f}")
    print("maxout's parameters:", net.count_parameters()[0])
    assert min(results["maxout"]) > 0.9, "the net learns with your gradients"
    assert np.mean(results["maxout"]) > np.mean(results["ReLU, 30 units"]), "it is ahead of ReLU"

# %% [markdown]
# The problem that the slides name is the price: two pieces need twice the parameters, k pieces k times. Here maxout is worth it, by one or
# two hundredths, also against a ReLU net of 50 units, which has as many parameters (6310). That is little more than seeds differ by.

# %% [markdown]
# ## §9 Which one?
#
# The slides give an order of preference, *logistic < tanh < ReLU < leaky ReLU and relatives < ELU*. Another set takes ReLU with a cautious
# learning rate, finds leaky ReLU, maxout and ELU worth a try, tanh hardly, and the sigmoid never. A third recommends ELU by default, and
# SELU for a plain stack of dense layers. These are opinions of 2015 to 2019. What do *we* see? Two hidden layers, three seeds, three
# epochs, each activation with its own initialization; a small learning rate, and a large one.

# %% tags=["demo"]
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
LAYERS["leaky ReLU"] = lambda units: nets.Activation(leaky_relu, leaky_relu_grad)
LAYERS["ELU"] = lambda units: nets.Activation(elu, elu_grad)
LAYERS["SELU"] = lambda units: nets.Activation(selu, lambda z: SCALE * elu_grad(z, ALPHA))
FUNCTIONS = sigmoid, sigmoid_grad, relu, relu_grad, leaky_relu, leaky_relu_grad, elu, elu_grad, selu
order = ("sigmoid", "tanh", "ReLU", "leaky ReLU", "PReLU", "ELU", "SELU")
if ready(*FUNCTIONS, prelu_forward, prelu_backward):
    seeds = range(3)
    final = {
        name: {lr: [run(name, lr, s).test_accuracy[-1] for s in seeds] for lr in (0.1, 1.0)}
        for name in order
    }
    plots.show(
        figures.accuracies(final),
        alt="Test accuracies of seven activations. At the learning rate 0.1 all but the sigmoid are "
        "near 0.95. At 1, tanh, sigmoid and leaky ReLU have means above 0.9, ELU and SELU of 0.1.",
    )

# %% tags=["demo"]
if ready(*FUNCTIONS, prelu_forward, prelu_backward):
    steps = {name: [steps_to(run(name, 0.1, seed)) or 999 for seed in seeds] for name in order}
    for name in order:
        print(f"{name:>10}: {np.mean(steps[name]):4.0f} steps to a loss of 0.5 at 0.1")
    speed = {name: np.mean(steps[name]) for name in order}
    assert speed["sigmoid"] > speed["tanh"] > speed["ReLU"] > speed["ELU"], "the slides' order of speed"
    others = [np.mean(final[name][0.1]) for name in order[1:]]
    assert max(others) - min(others) < 0.04, "the accuracies hardly differ"
    assert np.mean(final["tanh"][1.0]) > 0.9 > 0.3 > np.mean(final["ELU"][1.0]), "the order turns round"

# %% [markdown]
# (999 stands for "not within three epochs".)
#
# - **In speed, at a small learning rate, the slides' order holds**: sigmoid, tanh, ReLU, then the leaky ones, ELU, SELU.
# - **In accuracy it doesn't show**: all but the sigmoid end within a few hundredths of each other, no more than seeds differ.
# - **At a large learning rate it turns round.** ELU and SELU, the favourites, diverge, and so do some PReLU nets; ReLU loses units (§3);
#   saturation, the old fault, now keeps tanh and the sigmoid safe.
#
# So the order is a rule of thumb about speed at careful learning rates. With batch normalization (lecture 5) the differences shrink
# further.

# %% [markdown]
# ## §10 Since then
#
# Later activations are smooth and dip below zero a little before they rise: **SiLU** or **Swish**, $z\,\sigma(z)$, and **GELU**,
# $z\,\Phi(z)$, with Φ the normal distribution function (Hendrycks and Gimpel 2016). Both are "ReLUs with a soft gate": the gate is open
# with a probability that grows with $z$. Swish came out of an automatic search over formulas (Ramachandran et al. 2017).

# %% tags=["demo"]
from scipy.special import ndtr

if ready(sigmoid, relu, relu_grad):
    shown = {"ReLU": relu(z), "SiLU": z * sigmoid(z), "GELU": z * ndtr(z)}
    near = np.abs(z) < 4
    pairs = {label: (y[near], np.gradient(y, z)[near]) for label, y in shown.items()}
    plots.show(
        figures.curves(z[near], pairs),
        alt="SiLU and GELU follow ReLU on both sides, and dip below zero in between. Their slopes "
        "are smooth: a little negative on the left, a little above 1 on the right.",
    )
    assert -0.3 < shown["SiLU"].min() < -0.2 and -0.2 < shown["GELU"].min() < -0.1, "they dip"

# %% [markdown]
# Where it stands: convolutional nets for images still use ReLU, or SiLU; the first large language models took GELU, many later ones a
# *gated* SiLU, the product of a SiLU and a linear function of the same input (SwiGLU; Shazeer 2020), which reminds of maxout: two matrices
# instead of one. The sigmoid is at home in gates and in the output unit of a yes-or-no question; tanh in recurrent nets, and where outputs
# are bounded. **Advice for today**: ReLU or GELU for hidden layers, He's initialization, and a learning rate found by trying. Then spend
# your time elsewhere.

# %% [markdown]
# ## §11 In words, and in a table
#
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague trains a net with ReLU. After an unlucky first epoch, the loss stands still at 2.30, the cost of guessing among ten classes.
# (a) Which measurement tells whether units have died, and at which layer do you look first? (b) All 50 units of the second hidden layer are
# dead. The colleague lowers the learning rate and trains on. Why doesn't this help? (c) Name two remedies for the next run, and one that
# would bring these units back *without* starting anew.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_activations", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) Send a large batch through the net and look for units whose pre-activation is positive for no example. Look layer by layer from the
# input on: the first layer in which all units are dead blocks every gradient below it, and makes all that comes after it constant.
#
# (b) The gradient of a dead unit's weights and bias is exactly zero for every example. Zero times any learning rate is zero. The layers
# below get no gradient either, so that nothing changes what arrives at the dead units.
#
# (c) For the next run: a lower learning rate from the beginning (or a warm-up, or clipped gradients), a leaky ReLU or an ELU, batch
# normalization before the activation. To bring these units back: replace ReLU by a leaky ReLU with the same weights, whose gradient on the
# left isn't zero, or raise their biases (or draw their weights anew), so that some examples give positive sums again.

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ### Summary
#
# | | negative side | slope there | zero-centred | saturates | can die | remarks |
# |---|---|---|---|---|---|---|
# | sigmoid | towards 0 | → 0 | no | both sides | – | for gates and outputs |
# | tanh | towards −1 | → 0 | yes | both sides | – | bears large steps |
# | ReLU | 0 | 0 | no | left | **yes** | cheap |
# | leaky ReLU, RReLU, PReLU | αz | α | nearly | no | no, if α isn't tiny | fixed, drawn, learned |
# | ELU | towards −α | → 0 | nearly | left | hardly | smooth for α = 1, an exponential |
# | SELU | towards −λα | → 0 | yes | left | hardly | normalises itself, in a plain stack |
# | maxout | learned | learned | – | no | no | k times the parameters |
#
# ### Further reading
# - V. Nair and G. Hinton (2010), *Rectified linear units improve restricted Boltzmann machines*; X. Glorot, A. Bordes and Y. Bengio (2011),
#   *Deep sparse rectifier neural networks*: ReLU enters.
# - A. Krizhevsky, I. Sutskever and G. Hinton (2012), *ImageNet classification with deep convolutional neural networks*: figure 1 is the "six
#   times".
# - A. Maas, A. Hannun and A. Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*: the leak. K. He and others (2015),
#   *Delving deep into rectifiers*: PReLU. B. Xu and others (2015), *Empirical evaluation of rectified activations*: RReLU.
# - D.-A. Clevert, T. Unterthiner and S. Hochreiter (2016), *Fast and accurate deep network learning by exponential linear units*; G. Klambauer
#   and others (2017), *Self-normalizing neural networks*; I. Goodfellow and others (2013), *Maxout networks*.
# - D. Hendrycks and K. Gimpel (2016), *Gaussian error linear units*; P. Ramachandran, B. Zoph and Q. Le (2017), *Searching for activation
#   functions*; N. Shazeer (2020), *GLU variants improve transformer*.
