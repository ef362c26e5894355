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
from coursekit import data, nets, plots
from coursekit.figures import activations as figures

digits = data.digits()


def scaled(gain):
    """Return an initialiser with variance gain/fan_in: 2 is He's, 1 is LeCun's."""
    return lambda fan_in, fan_out, rng: rng.normal(0, np.sqrt(gain / fan_in), (fan_in, fan_out))


def learn(activation, sizes=(64, 50, 10), gain=2.0, seed=0, lr=0.1, epochs=5, **more):
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
# The left one guesses. Why? And is the winner, two straight lines and a kink, the end of the story? You will write nine activation functions
# with their derivatives, each as the answer to a fault of an earlier one, and measure what their inventors claimed.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `sigmoid`, `sigmoid_grad` | to see a gradient vanish |
# | §2 | `relu`, `relu_grad` | to let it through |
# | §3 | `dead_units` | to count the victims |
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
# | Does ELU saturate? | "all benefits of ReLU" | "negative saturation regime" | yes, to the left: at −α |
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
# **No overflow.** $e^{10000}$ is infinity for a computer, and ∞/∞ is NaN. Results must be finite and right for $|z|$ up to $10^4$ and beyond. A
# warning of NumPy's alone, with the right numbers, costs nothing.
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
# ## §2 ReLU: two lines and a kink
#
# $$\text{ReLU}(z) = \max(0, z) \tag{3}$$
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

# %% [markdown]
# ## §3 Units that die
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
# ## §4 A leak
#
# $$\text{LeakyReLU}_\alpha(z) = \begin{cases} z & z \ge 0 \\ \alpha z & z < 0 \end{cases} \tag{4}$$
#
# ### Exercise 4 · leaky_relu and leaky_relu_grad
# *About 10 minutes · difficulty ●○○ · equation (4) · shape in = shape out*
#
# **By hand.** With α = 0.1, $z = (-2, 3, -0.5)$ becomes $(-0.2, 3, -0.05)$, and the slopes are $(0.1, 1, 0.1)$. At $z = 0$ any slope from α to
# 1 is right.
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
# ## §5 Slopes at random, slopes that learn
#
# ### Exercise 5 · rrelu
# *About 15 minutes · difficulty ●●○*
#
# | | in training | after training |
# |---|---|---|
# | slope where $z < 0$ | drawn anew from $U(\text{lower}, \text{upper})$, **for each entry by itself** | (lower + upper)/2 |
# | slope where $z \ge 0$ | 1 | 1 |
#
# **By hand.** With lower = 0.1, upper = 0.3 and $z = (-10, 5, -10)$, after training out is $(-2, 5, -2)$ and the slopes are $(0.2, 1, 0.2)$. In
# training, the two entries of −10 get two different slopes, so out may be $(-1.3, 5, -2.8)$ with slopes $(0.13, 1, 0.28)$. The slopes are
# returned because a backward pass would need them.
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
        What each entry was multiplied by: 1 where z >= 0.

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

# %% [markdown]
# ### Exercise 6 · prelu_forward and prelu_backward
# *About 20 minutes · difficulty ●●○ · equations (4) and (5)*
#
# | array | shape | |
# |---|---|---|
# | `z`, `out`, `dout`, `dz` | `(N, D)` | a batch; features only, no images |
# | `alpha`, `dalpha` | `(D,)` | one slope for each feature, of any sign and size |
#
# **By hand.** $z = \begin{pmatrix} -1 & 2 \\ -3 & -4 \end{pmatrix}$ and α = (0.5, 2) give
# $\begin{pmatrix} -0.5 & 2 \\ -1.5 & -8 \end{pmatrix}$. (With the maximum of $\alpha z$ and $z$, the last entry would be −4.) For the upstream
# gradient $\begin{pmatrix} 1 & 1 \\ 1 & 10 \end{pmatrix}$, dz is $\begin{pmatrix} 0.5 & 1 \\ 0.5 & 20 \end{pmatrix}$, and dalpha is
# $(-1 - 3,\ 10 \cdot (-4)) = (-4, -40)$.
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
        greater than 1.

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
# ## §6 ELU: a softer landing
#
# $$\text{ELU}_\alpha(z) = \begin{cases} z & z \ge 0 \\ \alpha\,(e^z - 1) & z < 0 \end{cases} \tag{6}$$
#
# ### Exercise 7 · elu and elu_grad
# *About 15 minutes · difficulty ●●○ · equation (6) · shape in = shape out*
#
# **By hand.** At $z = -\ln 2$, $e^z$ is ½. So with α = 1 ELU is −0.5 and its slope 0.5; with α = 3 they are −1.5 and 1.5. At $z = 2$ they are 2
# and 1, whatever α is. At $z = 0$ any slope between α and 1 is right.
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
# ## §7 SELU: an ELU that normalises itself
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
    return 1.0507009873554805 * elu(z, 1.6732632423543772)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_selu", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(selu)
### BEGIN HIDDEN TESTS
from autograder import score
score(selu)
### END HIDDEN TESTS

# %% [markdown]
# ## §8 Maxout: learn the function itself
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
# for $x = -1$ they are −1 and 5, so out = 5. With dout = 1 for the first and 10 for the second example, the first goes to piece 1, the second
# to piece 2: dx = $(1 \cdot 1,\ 10 \cdot (-2)) = (1, -20)$, dW = $(1 \cdot 4,\ 10 \cdot (-1)) = (4, -10)$, db = (1, 10). The bias counts for
# who wins: at $x = 0.9$ it is piece 2 (1.2 against 0.9).
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
# ## §9 Which one?

# %% [markdown]
# ## §10 Since then

# %% [markdown]
# ## §11 In words, and in a table
#
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague trains a net with ReLU. After an unlucky first epoch, the loss stands still at 2.30, the cost of guessing among ten classes. (a)
# Which measurement tells whether units have died, and at which layer do you look first? (b) All 50 units of the second hidden layer are dead.
# The colleague lowers the learning rate and trains on. Why doesn't this help? (c) Name two remedies for the next run, and one that would bring
# these units back *without* starting anew.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_activations", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) Send a large batch through the net and look for units whose pre-activation is positive for no example. Look layer by layer from the
# input on: the first layer in which all units are dead blocks every gradient below it, and makes all that comes after it constant.
#
# (b) The gradient of a dead unit's weights and bias is exactly zero for every example. Zero times any learning rate is zero. The layers below
# get no gradient either, so that nothing changes what arrives at the dead units.
#
# (c) For the next run: a lower learning rate from the beginning (or a warm-up, or clipped gradients), a leaky ReLU or an ELU, batch
# normalization before the activation. To bring these units back: replace ReLU by a leaky ReLU with the same weights, whose gradient on the
# left isn't zero, or raise their biases (or draw their weights anew), so that some examples give positive sums again.

# %% tags=["demo"]
check_all()
