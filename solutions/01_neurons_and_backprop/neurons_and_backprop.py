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
# # Lecture 1 · Neurons and backpropagation
#
# **Which of 3760 weights is to blame?** A small network that reads handwritten digits has 3760 adjustable numbers. It looks at an image of a
# "3" and says "8". Each of its numbers has a share in the mistake, and each should move a little, up or down. Trying them out one by one takes
# two runs of the network each. There is a way that finds all 3760 directions for about the price of three runs.
#
# In this lecture you go all the way there, from one nerve cell to a network that reads digits it has never seen. Every part of it is yours.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `threshold_unit` | the neuron that fires or doesn't |
# | §2 | `logistic_neuron_step` | a neuron that can learn by gradients |
# | §3 | `softmax`, `cross_entropy`, `softmax_cross_entropy` | to choose among many classes, and to say how wrong the choice was |
# | §4 | `dense_forward`, `dense_backward` | a layer of units, and the way back through it |
# | §5 | `numerical_gradient` | to check gradients without trusting them |
# | §6 | `mlp_gradients` | backpropagation through a network of any depth |
# | §7 | `minibatches` | to learn from a few examples at a time |
# | §8 | a question to answer in words | to find out why a network stands still |
#
# Conventions: NumPy only. A batch comes first: inputs have shape `(N, D)`. Dense weights have shape `(fan_in, fan_out)`. Labels of classes are
# integers from 0. Losses are means over the batch. A function never changes its arguments. Integers are legal wherever numbers are.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from itertools import pairwise

from coursekit import data, plots
from coursekit.figures import neurons_and_backprop as figures

# %% [markdown]
# ## §1 A neuron that fires or doesn't
#
# A **biological neuron** has a cell body, many branching *dendrites*, and one long *axon*, which touches other cells at *synapses*. A neuron that
# receives enough signals within a few milliseconds fires one of its own. Billions of them form the brain's network, each connected to
# thousands of others.
#
# McCulloch and Pitts (1943) kept four things of this: signals come in, each has a strength, they are added up, and there is a threshold. The
# inputs of their **linear threshold unit** (LTU) are numbers:

# %% tags=["demo"]
plots.show(
    figures.neuron(),
    alt="A threshold unit from left to right: the inputs x₁, x₂ and a constant 1, like signals on "
    "dendrites; the weights w₁, w₂ and b at the synapses; a sum z in the cell body; a step "
    "function as the threshold; and the output ŷ, like a signal on the axon.",
)

# %% [markdown]
# $$z = w_1 x_1 + \dots + w_D x_D + b, \qquad \hat y = \operatorname{step}(z) = \begin{cases} 1 & z \ge 0 \\ 0 & z < 0 \end{cases} \tag{1}$$
#
# The bias $b$ is minus the threshold. One may also call it the weight of an input that is always 1, the **bias neuron**.
#
# ### Where the slides disagree
#
# Neurons and their training are written down in several ways, even within one set of slides. Here is what the functions of this lecture want.
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | Has a unit a bias? | no: $\operatorname{step}(\mathbf w^\top \mathbf x)$ | a bias neuron in every layer but the last | **yes**, each layer has its own $b$, the last one too (the bias neuron *before* it) |
# | step(0)? | not said | | **1** |
# | How does a perceptron learn? | by Hebb's rule | by the gradient of the cross-entropy of $\sigma(\mathbf w^\top \mathbf x + b)$, under the same title | these are **two neurons**: (2), and the logistic one of §2 |
# | A step for how many examples? | for each one | for a random minibatch, along the mean of its gradients | **the mean** over the batch, (18) |
# | Softmax of what? | $\operatorname{softmax}(\mathbf w_j^\top \mathbf h + b_j)$, one number | | of **all** logits of an example; that of one number is always 1 |
# | The cross-entropy? | $-\sum_i y_j \log \hat y_j$, the indices mixed up | the mean over examples | $-\log p_y$, and **the mean** over the examples, (8) |
# | Which way does backpropagation go? | "back and forth" | from the output to the input | values forward, **gradients back only** |
# | What is minimised? | "the expected loss on the training set" | | the **mean** on the training set; the *expected* loss is over all examples there could be, (17) |
# | Where do batches come from? | "sample a batch" | | **deal out** a shuffled training set, each example once per epoch |

# %% [markdown]
# ### Exercise 1 · threshold_unit
# *About 5 minutes · difficulty ●○○*
#
# Write equation (1) for a batch.
#
# | array | shape | |
# |---|---|---|
# | `X` | `(N, D)` | a batch of inputs |
# | `w`, `b` | `(D,)`, a number | weights and bias |
# | answer | `(N,)` | 1.0 or 0.0 for each example |
#
# **By hand.** With w = (2, −1) and b = −1, the inputs (1, 0), (0, 1), (1, 1), (0, 0) have the sums 1, −2, 0 and −1. So the answer is
# (1, 0, **1**, 0).
#
# <details><summary>Hint 1</summary>
#
# All N sums at once are a matrix times a vector: `X @ w` has shape `(N,)`.
# </details>
# <details><summary>Hint 2</summary>
#
# A comparison gives booleans. `np.where`, or `.astype(float)`, turns them into numbers.
# </details>

# %% nbgrader={"grade": false, "grade_id": "threshold_unit", "locked": false, "schema_version": 3, "solution": true, "task": false}
def threshold_unit(X, w, b):
    """Tell for every example whether a linear threshold unit fires: equation (1).

    Parameters
    ----------
    X : array of shape (N, D)
        A batch of N examples with D inputs. Integers are legal, here and in w.
    w : array of shape (D,)
        The weights.
    b : number
        The bias, which is added.

    Returns
    -------
    float64 array of shape (N,)
        1.0 where w·x + b is positive or exactly 0, and 0.0 where it is negative.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    z = X @ w + b
    return np.where(z >= 0, 1.0, 0.0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_threshold_unit", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(threshold_unit)
### BEGIN HIDDEN TESTS
from autograder import score
score(threshold_unit)
### END HIDDEN TESTS

# %% [markdown]
# **See it learn, and fail.** A **perceptron** (Rosenblatt, 1958) is a layer of such units. Hebb had suspected that a connection grows stronger
# where one neuron often triggers another. The perceptron's rule looks at one example at a time, and strengthens or weakens what led to a
# *mistake*:
#
# $$\mathbf w \leftarrow \mathbf w + \eta\,(y - \hat y)\,\mathbf x, \qquad b \leftarrow b + \eta\,(y - \hat y) \tag{2}$$
#
# It learns AND and OR, and then XOR: "one or the other, but not both".

# %% tags=["demo"]
corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
tables = {"AND": np.array([0, 0, 0, 1]), "OR": np.array([0, 1, 1, 1]), "XOR": np.array([0, 1, 1, 0])}


def perceptron(X, y, epochs=50):
    """Learn by rule (2); return w, b and the number of mistakes in the last epoch."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        mistakes = 0
        for i in range(len(y)):
            error = y[i] - threshold_unit(X[i : i + 1], w, b)[0]
            w, b, mistakes = w + error * X[i], b + error, mistakes + abs(error)
    return w, b, int(mistakes)

# %% tags=["demo"]
if ready(threshold_unit):
    panels, mistakes = {}, {}
    for name, labels in tables.items():
        w, b, mistakes[name] = perceptron(corners, labels)
        title = f"{name}: {mistakes[name]} mistakes"
        panels[title] = (lambda points, w=w, b=b: threshold_unit(points, w, b)), corners, labels
    plots.show(
        figures.regions(panels),
        alt="The plane of two inputs, three times. For AND and for OR a straight line separates the "
        "examples with label 1 from those with label 0. For XOR the labels lie crosswise, and "
        "the perceptron still makes mistakes after 50 epochs.",
    )
    assert mistakes["AND"] == mistakes["OR"] == 0, "AND and OR are learned without a mistake"
    assert mistakes["XOR"] > 0, "XOR is never learned"

# %% [markdown]
# The boundary of a unit is where $\mathbf w \cdot \mathbf x + b = 0$: a straight line, in more dimensions a plane. No straight line has
# (0, 1) and (1, 0) on one side, and (0, 0) and (1, 1) on the other. (Label 0 at (0, 0) means $b < 0$. Label 1 at the next two means $w_2 + b \ge 0$
# and $w_1 + b \ge 0$. Their sum is $w_1 + w_2 + b \ge -b > 0$, so (1, 1) fires, too.) Waiting longer doesn't help.
#
# Units in **two layers** can do it. One unit computes OR, another AND, and a third fires where OR does and AND doesn't:

# %% tags=["demo"]
def two_layers(points):
    either = threshold_unit(points, np.array([1.0, 1.0]), -0.5)
    both = threshold_unit(points, np.array([1.0, 1.0]), -1.5)
    return threshold_unit(np.stack([either, both], axis=1), np.array([1.0, -1.0]), -0.5)


if ready(threshold_unit):
    print("XOR by three units:", two_layers(corners))
    assert np.array_equal(two_layers(corners), tables["XOR"]), "two layers compute XOR"

# %% [markdown]
# These weights were found by thinking. Rule (2) can't find them: it needs to know what a unit *should* have said, and for the hidden ones nobody
# knows.
#
# ## §2 A neuron that can learn by gradients
#
# Gradient descent asks of every weight: if it grew a little, would the loss grow or fall? Here is the answer for one weight of one unit, with
# eight examples. On the left the loss is the share of mistakes.

# %% tags=["demo"]
rng = np.random.default_rng(1)
some_X, some_y = rng.normal(size=(8, 2)), np.array([0, 1, 0, 1, 1, 0, 1, 0])
some_X[:, 0] += 2 * some_y - 1
some_X[0, 0] = 1.5  # an example on the wrong side
weights = np.linspace(-3, 5, 801)
sums = some_X[:, 1] * 0.5 + weights[:, None] * some_X[:, 0]  # a row for each weight
errors = np.mean((sums >= 0) != some_y, axis=1)
smooth = np.mean(np.logaddexp(0, sums) - some_y * sums, axis=1)

panels = {"step: share of mistakes": errors, "logistic: cross-entropy": smooth}
plots.show(
    figures.losses_of_a_weight(weights, panels),
    alt="Two losses against one weight. The share of mistakes of the threshold unit is a staircase "
    "with flat steps. The cross-entropy of the logistic neuron is a smooth valley.",
)
assert np.mean(np.diff(errors) == 0) > 0.98, "the staircase is flat nearly everywhere"
assert np.all(np.diff(smooth) != 0) and 0 < weights[smooth.argmin()] < 3, "the valley slopes"

# %% [markdown]
# A staircase is flat between its steps. Its slope never says *which way* to go. So backpropagation needs another **activation function** than the
# step, such as the **logistic function** (sigmoid), a smooth step:
#
# $$p = \sigma(z) = \frac{1}{1 + e^{-z}} \tag{3}$$
#
# Read $p$ as the probability that the label is 1. A good neuron gives the labels that did occur a high probability. The negative logarithm of
# that probability is its loss, the **cross-entropy**:
#
# $$L = -\frac1N \sum_{i=1}^N \Big[\, y_i \log p_i + (1 - y_i) \log (1 - p_i) \,\Big] \tag{4}$$
#
# Now the chain rule, for one example with label 1: $\partial L/\partial p = -1/p$, and $\partial p/\partial z = p\,(1-p)$. The product is
# $-(1 - p) = p - 1$. With label 0 one gets $p$. In both cases it is $p - y$, prediction minus label. Since $z = \mathbf w \cdot \mathbf x + b$,
# another factor $\mathbf x$ belongs to $\mathbf w$ and a factor 1 to $b$:
#
# $$\mathbf w \leftarrow \mathbf w - \frac{\eta}{N} \sum_{i=1}^N (p_i - y_i)\, \mathbf x_i, \qquad b \leftarrow b - \frac{\eta}{N} \sum_{i=1}^N (p_i - y_i) \tag{5}$$
#
# It looks like rule (2) with $p$ for $\hat y$. But it is a gradient, so it works inside a network, too.

# %% [markdown]
# ### Exercise 2 · logistic_neuron_step
# *About 15 minutes · difficulty ●●○*
#
# Write one step of (5).
#
# | array | shape | |
# |---|---|---|
# | `w`, `b` | `(D,)`, a number | before the step |
# | `X`, `y` | `(N, D)`, `(N,)` | a batch, labels 0 or 1 |
# | `lr` | a number | η |
# | answer | `(w, b)` | after the step |
#
# **By hand.** Let w = (0, 0) and b = ln 3 ≈ 1.0986. Then all sums are ln 3, and $p = 1/(1 + \tfrac13 ) = \tfrac34 $. The inputs (2, 0) and (0, 4) have
# labels 1 and 0, so the errors $p - y$ are −¼ and ¾. The gradient of w is ½·(−¼·2, ¾·4) = (−¼, 3/2), that of b is ½·(−¼ + ¾) = ¼. With η = 2
# the new w is (½, −3), and the new b is ln 3 − ½.
#
# <details><summary>Hint 1</summary>
#
# First z, then p, then the errors p − y: three arrays of shape `(N,)`.
# </details>
# <details><summary>Hint 2</summary>
#
# Σ error·x over the examples is `errors @ X`. Don't forget the mean.
# </details>
# <details><summary>Hint 3</summary>
#
# Both gradients are taken at the *old* w and b. And for z = 1000, $e^{z}/(1 + e^{z})$ is ∞/∞; $1/(1 + e^{-z})$ isn't.
# </details>

# %% nbgrader={"grade": false, "grade_id": "logistic_neuron_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def logistic_neuron_step(w, b, X, y, lr):
    """Take one step of gradient descent with a logistic neuron: equation (5).

    Parameters
    ----------
    w : array of shape (D,)
        The weights. Integers are legal, here and in X and y.
    b : number
        The bias.
    X : array of shape (N, D)
        A batch.
    y : array of shape (N,)
        The labels, 0 or 1.
    lr : float
        The learning rate η.

    Returns
    -------
    w : float64 array of shape (D,)
        The weights after the step, a new array.
    b : number
        The bias after the step.

    The loss is the mean cross-entropy over the batch, and both gradients are taken at the old w
    and b. w·x + b may be as large as ±1000: the answer is finite. The arguments are not changed.
    """
    ### BEGIN SOLUTION
    z = X @ w + b
    p = np.where(z >= 0, 1.0, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z)))
    error = (p - y) / len(y)
    return w - lr * (error @ X), b - lr * np.sum(error)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_logistic_neuron_step", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(logistic_neuron_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(logistic_neuron_step)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Is this digit a 1? The loss of a single neuron is **convex**: one valley, without hills on the way down, wherever one begins.

# %% tags=["demo"]
digits = data.digits()
is_one = (digits.y_train == 1).astype(float)


def learn_ones(seed, steps=400):
    """Train one neuron on all images at once, from a random start; return its loss on the way, and w."""
    rng = np.random.default_rng(seed)
    w, b, losses = rng.normal(0, 1, 64), 0.0, []
    for _ in range(steps):
        w, b = logistic_neuron_step(w, b, digits.X_train, is_one, lr=0.5)
        z = digits.X_train @ w + b
        losses.append(np.mean(np.logaddexp(0, z) - is_one * z))
    return losses, w, b

# %% tags=["demo"]
if ready(logistic_neuron_step):
    lines, found = {}, []
    for seed in range(3):
        losses, w, b = learn_ones(seed)
        lines[f"start {seed + 1}"] = np.arange(1, 401), losses
        found.append(np.mean((digits.X_test @ w + b >= 0) == (digits.y_test == 1)))
    plots.show(
        figures.over_epochs(lines, "training loss (log scale)", log=True),
        alt="The training loss of one logistic neuron from three random starts, on a logarithmic "
        "axis. The three curves begin between 2 and 4, and fall side by side to about 0.05.",
    )
    print("accuracy on new images:", np.round(found, 3))
    last = [losses[-1] for _, losses in lines.values()]
    assert max(last) - min(last) < 0.01 and max(last) < 0.08, "all starts end in the same valley"
    assert min(found) > 0.95, "one neuron tells ones from other digits"

# %% [markdown]
# The slides say that a convex loss guarantees the global minimum. Not quite: where the classes can be separated without a mistake, there is none.
# The loss falls towards 0 for ever, and the weights grow.
#
# ## §3 Output units, and how wrong they are
#
# What should the last layer of a network give, and what is the loss? Both follow from one principle: **the loss is the negative logarithm of
# the probability that the model gives to what did happen** (negative log-likelihood). Three choices are common.
#
# | we predict | output unit | loss of an example |
# |---|---|---|
# | a number | linear, $\hat y = z$ | $(y - \hat y)^2$, the squared error: (6) |
# | yes or no | logistic, $p = \sigma(z)$ | cross-entropy, (4) |
# | one of $K$ classes | softmax, (7) | cross-entropy, (8) |
#
# The slides say that for a linear unit minimising the cross-entropy *is* minimising the mean squared error. That holds where numbers scatter
# around the prediction with a normal distribution of fixed width $s$:
#
# $$-\log \mathcal N(y;\, \hat y,\, s^2) = \frac{(y - \hat y)^2}{2 s^2} + \text{a constant} \tag{6}$$
#
# For $K$ classes, each unit of the last layer gives one number, a **logit** $z_k$. The
# **softmax** turns all the logits of an example into probabilities:
#
# $$p_k = \frac{e^{z_k}}{\sum_{j=1}^K e^{z_j}} \tag{7}$$
#
# Adding the same number to all logits changes nothing: a common factor cancels. Use that, for $e^{1000}$ is too large for the computer: subtract
# the largest logit of the example first.

# %% [markdown]
# ### Exercise 3 · softmax
# *About 10 minutes · difficulty ●○○*
#
# Write (7), so that no logits from −10⁴ to 10⁴ are a problem.
#
# | array | shape | |
# |---|---|---|
# | `z` | `(N, K)` | logits, a row for each example |
# | answer | `(N, K)` | each row sums to 1 |
#
# **By hand.** The logits (0, ln 2, ln 5) have the exponentials 1, 2, 5, so p = (1/8, 2/8, 5/8). The logits (ln 3, 0, 0) give (3/5, 1/5, 1/5).
#
# <details><summary>Hint 1</summary>
#
# The sum runs over the classes, `axis=1`. Look at the shapes: can `(N, K)` be divided by `(N,)`? `keepdims=True` helps.
# </details>
# <details><summary>Hint 2</summary>
#
# Each row has a largest logit of its own. If one subtracts the largest of the whole batch, a row at −10⁴ becomes 0/0.
# </details>

# %% nbgrader={"grade": false, "grade_id": "softmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax(z):
    """Turn the logits of each example into probabilities: equation (7).

    Parameters
    ----------
    z : array of shape (N, K)
        The logits of N examples for K classes, K ≥ 1. Integers are legal. All numbers from −10⁴ to
        10⁴ are legal in any row, and there is no overflow.

    Returns
    -------
    float64 array of shape (N, K)
        Each row is positive or zero, and sums to 1.

    The argument is not changed.
    """
    ### BEGIN SOLUTION
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_softmax", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(softmax)
### BEGIN HIDDEN TESTS
from autograder import score
score(softmax)
### END HIDDEN TESTS

# %% [markdown]
# Only the probability of the right class counts for the loss. For N examples with labels $y_i$:
#
# $$L = -\frac1N \sum_{i=1}^N \log p_{i,\,y_i} \tag{8}$$
#
# ### Exercise 4 · cross_entropy
# *About 10 minutes · difficulty ●○○*
#
# Write (8).
#
# | array | shape | |
# |---|---|---|
# | `p` | `(N, K)` | probabilities |
# | `y` | `(N,)` | labels, integers |
# | answer | a number | |
#
# **By hand.** p has the rows (½, ¼, ¼) and (⅛, ⅞, 0), and the labels are 1 and 0. They have the probabilities ¼ and ⅛, so the loss is
# ½·(ln 4 + ln 8) = 2.5·ln 2 ≈ 1.733. That another class has probability 0 does no harm.
#
# <details><summary>Hint 1</summary>
#
# `p[:, y]` isn't it: that takes all labels from every row. Give NumPy two lists of indices, one of rows and one of columns.
# </details>
# <details><summary>Hint 2</summary>
#
# Take the logarithm last. With one-hot labels times log p, 0·(−∞) is NaN.
# </details>

# %% nbgrader={"grade": false, "grade_id": "cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cross_entropy(p, y):
    """Return the mean cross-entropy of predicted probabilities: equation (8).

    Parameters
    ----------
    p : array of shape (N, K)
        The probabilities of K classes, one row for each example. Those of other classes than the
        label's may be exactly 0.
    y : array of int, shape (N,)
        The labels, from 0 to K − 1.

    Returns
    -------
    float
        The mean over the examples of −log p[y], with the natural logarithm. Nothing is added to p,
        and nothing is cut off: the label's probability may be as small as 1e-300.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    of_label = p[np.arange(len(y)), y]
    return -np.mean(np.log(of_label))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_cross_entropy", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(cross_entropy)
### BEGIN HIDDEN TESTS
from autograder import score
score(cross_entropy)
### END HIDDEN TESTS

# %% [markdown]
# In training, softmax and cross-entropy are **one** function, for two reasons. First, a probability of $e^{-20000}$ is rounded to 0, whose
# logarithm is −∞, although the loss is simply 20000. From (7) follows, with $m = \max_j z_j$,
#
# $$\log p_k = (z_k - m) - \log \sum_{j} e^{z_j - m} \tag{9}$$
#
# Second, the gradient becomes simple. The derivative of (9) is $\partial \log p_y / \partial z_k = [k = y] - p_k$, where $[k = y]$ is 1 for the
# label and 0 elsewhere. So
#
# $$\frac{\partial L}{\partial z_{ik}} = \frac1N \big(p_{ik} - [k = y_i]\big) \tag{10}$$
#
# Prediction minus label again, as in (5). The softmax of two classes *is* the logistic function, of the difference of the logits.
#
# ### Exercise 5 · softmax_cross_entropy
# *About 20 minutes · difficulty ●●○*
#
# Write the loss with (9), and its gradient (10).
#
# | array | shape | |
# |---|---|---|
# | `z`, `y` | `(N, K)`, `(N,)` | logits and labels |
# | `loss` | a number | the mean |
# | `dz` | `(N, K)` | its gradient |
#
# **By hand.** The logits of exercise 3, with labels 1 and 0. Their probabilities are 2/8 and 3/5, so the loss is ½·(ln 4 + ln 5/3) ≈ 0.949. And
# $\mathrm{dz} = \tfrac12 \begin{pmatrix} 1/8 & -6/8 & 5/8 \\ -2/5 & 1/5 & 1/5 \end{pmatrix}$. Each row adds up to 0. The ½ is the mean.
#
# <details><summary>Hint 1</summary>
#
# Compute all log p by (9) first. The loss picks N of them; `np.exp` of them is p.
# </details>
# <details><summary>Hint 2</summary>
#
# p − one-hot: subtract 1 at N places, `dz[np.arange(N), y] -= 1`, in an array of your own.
# </details>

# %% nbgrader={"grade": false, "grade_id": "softmax_cross_entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def softmax_cross_entropy(z, y):
    """Return the mean cross-entropy of softmax(z), and its gradient: equations (9) and (10).

    Parameters
    ----------
    z : array of shape (N, K)
        Logits, from −10⁴ to 10⁴. Integers are legal.
    y : array of int, shape (N,)
        The labels, from 0 to K − 1.

    Returns
    -------
    loss : float
        The mean over the examples. It is finite for all these logits, and exact where softmax(z)
        rounds to 0: nothing is added to the probabilities, and nothing is cut off.
    dz : float64 array of shape (N, K)
        The gradient of that mean with respect to z.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    shifted = z - np.max(z, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    dz = np.exp(log_p)
    dz[rows, y] -= 1
    return -np.mean(log_p[rows, y]), dz / len(y)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_softmax_cross_entropy", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(softmax_cross_entropy)
### BEGIN HIDDEN TESTS
from autograder import score
score(softmax_cross_entropy)
### END HIDDEN TESTS

# %% [markdown]
# **See why.** One could also train a logistic unit with the squared error $(y - p)^2$. Below is how strongly either loss pushes the logit of an
# example with label 1.

# %% tags=["demo"]
if ready(softmax_cross_entropy):
    z = np.linspace(-10, 10, 201)
    p = 1 / (1 + np.exp(-z))
    logits = np.stack([np.zeros(201), z], axis=1)  # two classes: softmax gives σ(z) to class 1
    _, dz = softmax_cross_entropy(logits, np.ones(201, dtype=int))
    lines = {"cross-entropy": 201 * dz[:, 1], "squared error": -2 * (1 - p) * p * (1 - p)}
    plots.show(
        figures.slopes_of_losses(z, lines),
        alt="The size of two slopes against the logit of an example with label 1. On the left, where "
        "the network is sure and wrong, that of the cross-entropy is 1, and that of the squared "
        "error nearly 0. On the right, where it is right, both are nearly 0.",
    )
    assert abs(lines["cross-entropy"][0]) > 0.99, "sure and wrong: the cross-entropy pushes hard"
    assert abs(lines["squared error"][0]) < 1e-3, "sure and wrong: the squared error hardly pushes"

# %% [markdown]
# With the squared error, the worst mistakes teach the least. That is why loss and output unit go in pairs.
#
# ## §4 Layers, and the way back
#
# A **multi-layer perceptron** (MLP) has an input layer, which only hands on what it is fed, one or more hidden layers, and an output layer. Each
# unit gets all outputs of the layer before. So a network is a chain of functions, $f(x) = f^{(3)}(f^{(2)}(f^{(1)}(x)))$, and the length of the chain is its **depth**. In
# general it is a graph without cycles. Here is ours, for one hidden layer of **ReLUs**, $\max(0, z)$. (With the logistic function, or with
# $\tanh z = 2\sigma(2z) - 1$, it would work as well; lecture 4 compares them.)

# %% tags=["demo"]
plots.show(
    figures.graph(),
    alt="A graph from left to right: x, z₁ = xW₁ + b₁, a₁ = max(0, z₁), z₂ = a₁W₂ + b₂, and the "
    "loss L. W₁ and b₁ enter at z₁, W₂ and b₂ at z₂. Dashed arrows lead back from the loss to "
    "z₂ by equation 10, to a₁ by 12, to z₁ by 16, and from z₂ and z₁ to their parameters by 12.",
)

# %% [markdown]
# Training repeats four steps: a **forward pass** (predict), the **loss** (how wrong?), a **backward pass** (whose fault is it?), and a small
# **step** of all parameters. The backward pass is the chain rule on this graph. Three rules are enough:
#
# - **Each node multiplies.** It gets the gradient of the loss with respect to its output, the *upstream gradient*, and multiplies it with its
#   own derivative. It needs to know nothing else of the network.
# - **Several ways add up.** What was used in several places gets the sum of what comes back.
# - **Nothing is computed twice.** A node's gradient is finished before it is passed on. That is the whole trick: from the output to the input,
#   each arrow is walked once.
#
# The units of a layer have a column of weights each. For a whole batch,
#
# $$\text{out} = x W + b, \qquad \text{out}_{nh} = \sum_d x_{nd} W_{dh} + b_h \tag{11}$$
#
# Write $g = \partial L/\partial\,\text{out}$ for the upstream gradient. How often is each variable used? $x_{nd}$ goes to all units of example n, so
# we sum over the units. $W_{dh}$ and $b_h$ are used by all examples, so we sum over the batch:
#
# $$\frac{\partial L}{\partial x_{nd}} = \sum_h g_{nh} W_{dh}, \qquad \frac{\partial L}{\partial W_{dh}} = \sum_n x_{nd}\, g_{nh}, \qquad \frac{\partial L}{\partial b_h} = \sum_n g_{nh} \tag{12}$$

# %% [markdown]
# ### Exercise 6 · dense_forward
# *About 5 minutes · difficulty ●○○*
#
# Write (11), and keep in `cache` what (12) needs.
#
# | array | shape | |
# |---|---|---|
# | `x`, `W`, `b` | `(N, D)`, `(D, H)`, `(H,)` | |
# | `out` | `(N, H)` | no activation |
#
# **By hand.** $x = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$, $W = \begin{pmatrix} 1 & 0 & 2 \\ 0 & 1 & -1 \end{pmatrix}$,
# b = (10, −20, 30). Then $xW = \begin{pmatrix} 1 & 2 & 0 \\ 3 & 4 & 2 \end{pmatrix}$ and
# $\text{out} = \begin{pmatrix} 11 & -18 & 30 \\ 13 & -16 & 32 \end{pmatrix}$.
#
# <details><summary>Hint</summary>
#
# `x @ W` is the matrix product; loops are right, too, but with them the training in §7 takes minutes. `b` is lined up with the last axis by
# itself. Which two arrays appear on the right-hand sides of (12), besides g?
# </details>

# %% nbgrader={"grade": false, "grade_id": "dense_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dense_forward(x, W, b):
    """Compute the weighted sums of a layer of units for a batch: equation (11). No activation.

    Parameters
    ----------
    x : array of shape (N, D)
        A batch. Integers are legal, here and in W and b.
    W : array of shape (D, H)
        The weights; column h holds those of unit h.
    b : array of shape (H,)
        The biases.

    Returns
    -------
    out : float64 array of shape (N, H)
        x W + b
    cache
        Whatever your dense_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    return x @ W + b, (x, W)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dense_forward", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(dense_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dense_forward)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 7 · dense_backward
# *About 15 minutes · difficulty ●●○*
#
# Write (12).
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, H)` | g, the upstream gradient |
# | answer | `(dx, dW, db)` | with the shapes of x, W and b |
#
# **By hand.** For the layer of exercise 6, let $g = \begin{pmatrix} 1 & 0 & 2 \\ 0 & 3 & 1 \end{pmatrix}$. Then
# $\mathrm{dx} = \begin{pmatrix} 5 & -2 \\ 2 & 2 \end{pmatrix}$,
# $\mathrm{dW} = \begin{pmatrix} 1 & 9 & 5 \\ 2 & 12 & 8 \end{pmatrix}$, and db = (1, 3, 3).
#
# <details><summary>Hint 1</summary>
#
# Each sum in (12) is a matrix product with a transpose, or a sum along an axis. A gradient has the shape of its variable: often only one product
# fits.
# </details>
# <details><summary>Hint 2</summary>
#
# Is there a mean anywhere? The 1/N of the loss was put in where the loss was taken, in (10). Here things are summed.
# </details>

# %% nbgrader={"grade": false, "grade_id": "dense_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dense_backward(dout, cache):
    """Send a gradient back through a dense layer: equation (12).

    Parameters
    ----------
    dout : array of shape (N, H)
        The upstream gradient, ∂L/∂out. Where L is a mean over the batch, the 1/N is in it already.
    cache
        What your dense_forward returned. There, integers are legal.

    Returns
    -------
    dx : float64 array of shape (N, D)
    dW : float64 array of shape (D, H)
    db : float64 array of shape (H,)
        The gradients of L with respect to x, W and b, in this order.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    x, W = cache
    return dout @ W.T, x.T @ dout, np.sum(dout, axis=0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dense_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(dense_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dense_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## §5 Trust, and check
#
# A wrong gradient rarely raises an error: the network just learns badly. So measure some slopes directly: move one number a little, and see how
# the loss changes. The definition of the derivative suggests a **forward difference**; a **central** one looks to both sides:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x)}{h} \tag{13}$$
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h} \tag{14}$$
#
# where $e_i$ is 1 at entry i and 0 elsewhere. By Taylor's theorem the error of (13) is about $\tfrac h2 f''$, and that of (14) only
# $\tfrac{h^2}{6} f'''$: the terms with $f''$ cancel.

# %% [markdown]
# ### Exercise 8 · numerical_gradient
# *About 15 minutes · difficulty ●●○*
#
# Write (14), for arrays of any shape.
#
# | argument | | |
# |---|---|---|
# | `f` | a function | of an array of the shape of `x`; gives a number |
# | `x` | any shape | |
# | `h` | a number | |
# | answer | shape of `x` | |
#
# **By hand.** $f(x) = x_1^3 + x_1 x_2$ at (2, 3), with a large h = 1. Along $x_1$: f(3, 3) = 36, f(1, 3) = 4, half the difference is **16**.
# Along $x_2$: f(2, 4) = 16, f(2, 2) = 12, half of it is **2**. (The true slopes are 15 and 2; (13) gives 22 and 2.)
#
# <details><summary>Hint 1</summary>
#
# `for index in np.ndindex(x.shape):` goes through the entries of an array of any shape, and `x[index]` is one of them.
# </details>
# <details><summary>Hint 2</summary>
#
# What is `x[index] + h` in an array of integers? Copy it as floats first.
# </details>
# <details><summary>Hint 3</summary>
#
# On a copy nothing has to be moved back. If you move x itself, do so in `try … finally`: f may raise an exception.
# </details>

# %% nbgrader={"grade": false, "grade_id": "numerical_gradient", "locked": false, "schema_version": 3, "solution": true, "task": false}
def numerical_gradient(f, x, h=1e-5):
    """Estimate the gradient of a function by central differences: equation (14).

    Parameters
    ----------
    f : callable
        f(x) takes an array of the shape of x and returns a number. It may be slow: two calls for
        each entry of x are enough.
    x : array of any shape
        Where the gradient is wanted. Integers are legal.
    h : float
        How far an entry is moved, up and down.

    Returns
    -------
    float64 array of the shape of x
        For each entry of x the slope of f along it, the other entries being as they were.

    You may move entries of x in place and move them back. After the call x is exactly as it was,
    also where f raises an exception, which is passed on to the caller.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(np.shape(x))
    for index in np.ndindex(gradient.shape):
        up, down = np.array(x, dtype=float), np.array(x, dtype=float)
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_numerical_gradient", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(numerical_gradient)
### BEGIN HIDDEN TESTS
from autograder import score
score(numerical_gradient)
### END HIDDEN TESTS

# %% [markdown]
# **See how small h should be.** Your function with many h, and (13) beside it, on a function whose slopes are known.

# %% tags=["demo"]
def wavy(x):
    return float(np.sum(np.sin(x)))


def one_sided(f, x, h):
    return np.array([(f(x + h * e) - f(x)) / h for e in np.eye(len(x))])

# %% tags=["demo"]
if ready(numerical_gradient):
    point, steps = np.array([0.3, 1.0, 2.5]), 10.0 ** np.arange(-14, 0)
    worst = {}
    for label, method in {"forward, (13)": one_sided, "central, (14)": numerical_gradient}.items():
        worst[label] = [np.max(np.abs(method(wavy, point, h) - np.cos(point))) for h in steps]
    plots.show(
        figures.errors_of_differences(steps, worst),
        alt="The largest error of a slope against h, on logarithmic axes. Both lines are valleys. The "
        "forward difference is best near 1e-8, the central one near 1e-5, where its error is "
        "several hundred times smaller. To the left of them rounding takes over.",
    )
    forward, central = worst.values()
    assert central[9] < 1e-9 < 1e-7 < forward[9], "with h = 1e-5 the central difference is far better"
    assert central[0] > 1e-4, "with a tiny h rounding takes over"

# %% [markdown]
# Smaller isn't better: two nearly equal numbers are subtracted, and what is left of their 16 digits is divided by h. For (14), 1e-5 is good.
#
# **Now check your layer,** with a random upstream gradient: with all ones, some mistakes cancel.

# %% tags=["demo"]
if ready(dense_forward, dense_backward, numerical_gradient):
    rng = np.random.default_rng(3)
    layer = {"x": rng.normal(size=(4, 3)), "W": rng.normal(size=(3, 5)), "b": rng.normal(size=5)}
    upstream = rng.normal(size=(4, 5))
    found = dense_backward(upstream, dense_forward(**layer)[1])
    for name, gradient in zip(layer, found, strict=True):

        def of_one(array, name=name):
            return float(np.sum(upstream * dense_forward(**{**layer, name: array})[0]))

        difference = np.max(np.abs(gradient - numerical_gradient(of_one, layer[name])))
        print(f"d{name}: largest difference {difference:.1e}")
        assert difference < 1e-7, f"d{name} is the slope that is measured"

# %% [markdown]
# ## §6 Backpropagation through any depth
#
# Forward, with $a_0 = x$ and layers $l = 1, \dots, M$:
#
# $$z_l = a_{l-1} W_l + b_l, \qquad a_l = \max(0, z_l) \text{ for } l < M, \qquad L = \text{cross-entropy of softmax}(z_M) \tag{15}$$
#
# Backward: (10) gives $\partial L/\partial z_M$. Then, from the last layer to the first, (12) gives the gradients of $W_l$, $b_l$ and $a_{l-1}$. The
# last of them has to go through the ReLU, whose slope is 1 where the unit was active and 0 where it was silent:
#
# $$\frac{\partial L}{\partial z_{l-1}} = \frac{\partial L}{\partial a_{l-1}} \circ [\, z_{l-1} > 0 \,] \tag{16}$$
#
# where ∘ multiplies entry by entry. It is the *forward* value that decides, and never the sign of the gradient.

# %% [markdown]
# ### Exercise 9 · mlp_gradients
# *About 30 minutes · difficulty ●●●*
#
# Write (15) and the way back, for any number of layers. Use your `dense_forward`, `dense_backward` and `softmax_cross_entropy`. (If one of them
# isn't right yet, this exercise is judged with right ones as well.)
#
# | argument | | |
# |---|---|---|
# | `params` | list of `(W, b)` | first layer first; one layer is legal |
# | `X`, `y` | `(N, D)`, `(N,)` | |
# | `loss` | a number | |
# | `grads` | list of `(dW, db)` | in the order of `params` |
#
# **By hand.** One input x = 1, two hidden units, two classes, label 1. With $W_1 = (1, -1)$ and $b_1 = (1, 0)$ the hidden sums are (2, −1), so
# $a_1 = (2, 0)$: the second unit is silent. With $W_2 = \begin{pmatrix} \tfrac12\ln 3 & 0 \\ 1 & -1 \end{pmatrix}$ and $b_2 = 0$ the logits are
# (ln 3, 0), so p = (¾, ¼), and the loss is ln 4. Backward: $\mathrm{dz}_2 = (\tfrac34 , -\tfrac34 )$, and
# $\mathrm{dW}_2 = \begin{pmatrix} 1.5 & -1.5 \\ 0 & 0 \end{pmatrix}$. What comes back to $a_1$ is (⅜ ln 3, 1.5). The second unit was silent, so
# $\mathrm{dz}_1 = \mathrm{dW}_1 = \mathrm{db}_1 = (\tfrac38  \ln 3, 0)$.
#
# <details><summary>Hint 1</summary>
#
# Forward in a loop over `params`, with a list of the caches and a list of the z. Backward in a loop over the same layers in reverse.
# </details>
# <details><summary>Hint 2</summary>
#
# The last layer has no ReLU. In the forward loop you can apply it everywhere, as long as the softmax gets z and not a.
# </details>
# <details><summary>Hint 3</summary>
#
# The gradients come out last layer first. Turn the list round before you return it.
# </details>

# %% nbgrader={"grade": false, "grade_id": "mlp_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mlp_gradients(params, X, y):
    """Return the loss of a multi-layer perceptron on a batch, and its gradients.

    Parameters
    ----------
    params : list of (W, b)
        One pair for each dense layer, from the input to the output, at least one. W has shape
        (fan_in, fan_out), and b has shape (fan_out,). Integers are legal, here and in X.
    X : array of shape (N, D)
        A batch.
    y : array of int, shape (N,)
        The labels.

    Returns
    -------
    loss : float
        The mean cross-entropy. After each layer but the last there is a ReLU, max(0, z); the last
        layer gives the logits of a softmax.
    grads : list of (dW, db)
        The gradients of the loss, in the order and with the shapes of params.

    At z = 0 the slope of the ReLU may be anything from 0 to 1. The arguments are not changed.
    """
    ### BEGIN SOLUTION
    a, caches, masks = X, [], []
    for W, b in params:
        z, cache = dense_forward(a, W, b)
        a = np.maximum(z, 0)
        caches.append(cache)
        masks.append(z > 0)
    loss, dz = softmax_cross_entropy(z, y)
    grads = []
    for layer in range(len(params) - 1, -1, -1):
        da, dW, db = dense_backward(dz, caches[layer])
        grads.insert(0, (dW, db))
        dz = da * masks[layer - 1] if layer else None
    return loss, grads
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_mlp_gradients", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(mlp_gradients)
### BEGIN HIDDEN TESTS
from autograder import score
score(mlp_gradients)
### END HIDDEN TESTS

# %% [markdown]
# **Check it with your own `numerical_gradient`,** for every weight and bias of a network of three layers. Then count: how many passes does
# either way take for the network that reads digits?

# %% tags=["demo"]
def starting_parameters(sizes, rng):
    """Small random weights (why this size: lecture 3), and biases 0."""
    return [(rng.normal(0, np.sqrt(2 / D), (D, H)), np.zeros(H)) for D, H in pairwise(sizes)]

# %% tags=["demo"]
if ready(mlp_gradients, numerical_gradient):
    rng = np.random.default_rng(5)
    params = starting_parameters((6, 5, 4, 3), rng)
    X, y = rng.normal(size=(8, 6)), rng.integers(0, 3, 8)
    _, grads = mlp_gradients(params, X, y)
    for k, (pair, found) in enumerate(zip(params, grads, strict=True)):
        for which, name in enumerate(("dW", "db")):

            def loss_with(array, k=k, which=which, pair=pair):
                changed = (array, pair[1]) if which == 0 else (pair[0], array)
                return mlp_gradients([*params[:k], changed, *params[k + 1 :]], X, y)[0]

            difference = np.max(np.abs(found[which] - numerical_gradient(loss_with, pair[which])))
            assert difference < 1e-7, f"{name} of layer {k + 1} is the slope that is measured"
    count = sum(W.size + b.size for W, b in starting_parameters((64, 50, 10), rng))
    print(f"all gradients agree; with {count} parameters, differences take {2 * count} forward passes")

# %% [markdown]
# (12) has two matrix products where (11) has one. So forward and backward together cost about three forward passes, however many parameters there
# are. Differences take 7520.
#
# ## §7 From the risk to the minibatch
#
# What do we want? A small loss on *all* examples that there could be, the **risk**. We don't have them. So we minimise the mean over the training
# set, the **empirical risk**, and hope that the risk falls as well:
#
# $$\underbrace{\mathbb E_{x, y}\big[\ell(f(x; \theta), y)\big]}_{\text{risk}} \;\approx\; \underbrace{\frac1m \sum_{i=1}^m \ell\big(f(x_i; \theta), y_i\big)}_{\text{empirical risk}} \tag{17}$$
#
# A step needs only an estimate of the gradient, and a few examples give one: **minibatch stochastic gradient descent** (SGD). Take a batch $B$,
# send it forward, send the gradients back, and move:
#
# $$\theta \leftarrow \theta - \eta\, \frac{1}{|B|} \sum_{i \in B} \nabla_\theta\, \ell\big(f(x_i; \theta), y_i\big) \tag{18}$$
#
# Batches of 32 to 256, powers of two, are common, as they suit memory and hardware. They have to be *random*: a batch of neighbours in a
# sorted set is no fair sample. One walk through the whole training set is an **epoch**.

# %% [markdown]
# ### Exercise 10 · minibatches
# *About 10 minutes · difficulty ●●○*
#
# Deal out the examples of one epoch.
#
# | argument | | |
# |---|---|---|
# | `n`, `batch_size` | integers | |
# | `rng` | a generator | where all randomness comes from |
# | answer | list of arrays of indices | |
#
# **By hand.** For n = 5 and batch_size = 2 a right answer is [3, 0], [4, 2], [1]: sizes 2, 2, 1. For n = 6 it is 2, 2, 2, and there is no empty
# batch behind them. For n = 3 and batch_size = 8 there is one batch of 3.
#
# <details><summary>Hint 1</summary>
#
# Shuffle all indices first: `rng.permutation`. Then cut.
# </details>
# <details><summary>Hint 2</summary>
#
# `range(0, n, batch_size)` has the beginnings of all batches, also of the last one. A slice may go beyond the end.
# </details>

# %% nbgrader={"grade": false, "grade_id": "minibatches", "locked": false, "schema_version": 3, "solution": true, "task": false}
def minibatches(n, batch_size, rng):
    """Deal out the examples of a training set to minibatches, for one epoch.

    Parameters
    ----------
    n : int
        The number of examples, at least 1.
    batch_size : int
        How many examples a batch has, at least 1. It may be larger than n.
    rng : numpy.random.Generator
        Where all random numbers come from.

    Returns
    -------
    list of arrays of int, each of shape (size,)
        The indices of the examples in each batch. Every index from 0 to n − 1 is in exactly one
        batch, and all n! orders are equally likely. All batches have batch_size indices but the
        last, which has what is left. No batch is empty.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_minibatches", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(minibatches)
### BEGIN HIDDEN TESTS
from autograder import score
score(minibatches)
### END HIDDEN TESTS

# %% [markdown]
# **Everything together.** This is the whole training loop, and every function in it is yours. It learns digits from five random starts,
# with 50 hidden ReLUs, and for comparison without a hidden layer.

# %% tags=["demo"]
def train(params, X, y, epochs, rng, lr=0.1, batch_size=32, deal=None):
    """Gradient descent on minibatches; return the parameters, and the mean loss of each epoch."""
    deal, losses = deal or minibatches, []
    for _ in range(epochs):
        of_epoch = []
        for batch in deal(len(y), batch_size, rng):
            loss, grads = mlp_gradients(params, X[batch], y[batch])
            pairs = zip(params, grads, strict=True)
            params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in pairs]
            of_epoch.append(loss)
        losses.append(np.mean(of_epoch))
    return params, losses


# %% tags=["demo"]
def trained(seed, sizes, X, y, epochs, **options):
    """Start a network with layers of these sizes and train it; return what `train` returns."""
    rng = np.random.default_rng(seed)
    return train(starting_parameters(sizes, rng), X, y, epochs, rng, **options)


def accuracy(params, X, y):
    for W, b in params[:-1]:
        X = np.maximum(dense_forward(X, W, b)[0], 0)
    return np.mean(np.argmax(dense_forward(X, *params[-1])[0], axis=1) == y)

# %% tags=["demo"]
if ready(dense_forward, dense_backward, softmax_cross_entropy, mlp_gradients, minibatches):
    nets_of = {"no hidden layer": (64, 10), "50 hidden units": (64, 50, 10)}
    on_test = {label: [] for label in nets_of}
    for label, sizes in nets_of.items():
        for seed in range(5):
            params, _ = trained(seed, sizes, digits.X_train, digits.y_train, 20)
            on_test[label].append(accuracy(params, digits.X_test, digits.y_test))
        print(f"{label}: mean test accuracy {np.mean(on_test[label]):.3f}")
    plots.show(
        figures.runs_as_points(on_test, "accuracy on new images"),
        alt="Test accuracies of five runs without a hidden layer, and of five with 50 hidden units. All "
        "are above 0.95; with hidden units they are a little higher on average.",
    )
    assert min(on_test["50 hidden units"]) > 0.95, "your network reads more than 95 % of new digits"
    gain = np.mean(on_test["50 hidden units"]) - np.mean(on_test["no hidden layer"])
    assert 0 < gain < 0.03, "the hidden layer helps a little"

# %% [markdown]
# It works: above 95 % with every start. But on these small images a single layer is nearly as good; the hidden layer gains about one point. For
# XOR (§1, §8) it is needed.
#
# **Does the batch matter?** The slides say that a random batch is crucial. We compare random batches of 32, batches of 32 from a training set
# that is sorted by class, so that most hold one class alone, and the whole set as one batch; with three starts each, on new images.

# %% tags=["demo"]
def in_order(n, batch_size, rng):
    return [np.arange(n)[start : start + batch_size] for start in range(0, n, batch_size)]


def test_accuracies(seed, epochs=20, **options):
    """Train on the sorted digits; return the test accuracy after each epoch."""
    order, found = np.argsort(digits.y_train, kind="stable"), []
    X, y = digits.X_train[order], digits.y_train[order]
    rng = np.random.default_rng(seed)
    params = starting_parameters((64, 50, 10), rng)
    for _ in range(epochs):
        params, _ = train(params, X, y, 1, rng, **options)
        found.append(accuracy(params, digits.X_test, digits.y_test))
    return found

# %% tags=["demo"]
if ready(dense_forward, dense_backward, softmax_cross_entropy, mlp_gradients, minibatches):
    ways = {"random batches of 32": {}, "sorted batches of 32": {"deal": in_order}}
    ways["one batch of all"] = {"batch_size": len(digits.y_train)}
    runs = {label: [test_accuracies(s, **way) for s in range(3)] for label, way in ways.items()}
    lines = {label: (np.arange(1, 21), np.mean(found, axis=0)) for label, found in runs.items()}
    plots.show(
        figures.over_epochs(lines, "test accuracy, mean of three runs"),
        alt="Test accuracy against epochs. With random batches of 32 it is above 0.9 after two epochs. "
        "With sorted batches it rises more slowly and arrives at the same height after ten. With "
        "the whole set as one batch it rises slowly and is still behind after twenty.",
    )
    shuffled, in_sequence, all_at_once = map(np.array, runs.values())
    assert shuffled[:, 4].min() > in_sequence[:, 4].max(), "after 5 epochs random batches lead"
    assert abs(np.mean(shuffled[:, -1] - in_sequence[:, -1])) < 0.01, "after 20 they don't"
    assert all_at_once[:, -1].max() < 0.87 < shuffled[:, 1].min(), "one large batch is slowest"

# %% [markdown]
# Random minibatches learn fastest: 43 steps an epoch instead of one. "Crucial" is too strong a word here: sorted batches are some three points
# behind after 5 epochs, and level after 20. Don't count on that in harder tasks; shuffling is free. One large batch isn't worse, only slow.
# With ten times the epochs and a larger η, it gets there:

# %% tags=["demo"]
if ready(dense_forward, dense_backward, softmax_cross_entropy, mlp_gradients, minibatches):
    patient, X, y = [], digits.X_train, digits.y_train
    for seed in range(3):
        params, _ = trained(seed, (64, 50, 10), X, y, 200, lr=0.5, batch_size=len(y))
        patient.append(accuracy(params, digits.X_test, digits.y_test))
    print("one batch of all, 200 epochs, η = 0.5:", np.round(patient, 3))
    assert min(patient) > 0.95, "one large batch gets there, too"

# %% [markdown]
# **Empirical risk isn't risk.** A network with enough units can learn its training set by heart. To show it, we replace all labels by random ones.

# %% tags=["demo"]
if ready(dense_forward, dense_backward, softmax_cross_entropy, mlp_gradients, minibatches):
    by_heart, by_chance, rng = [], [], np.random.default_rng(0)
    for seed in range(3):
        X, y = digits.X_train[:300], rng.integers(0, 10, 300)
        params, _ = trained(seed, (64, 100, 10), X, y, 100)
        by_heart.append(accuracy(params, X, y))
        by_chance.append(accuracy(params, digits.X_test, rng.integers(0, 10, len(digits.y_test))))
    print(f"random labels: {min(by_heart):.0%} learned by heart, {np.mean(by_chance):.0%} of new ones")
    assert min(by_heart) > 0.99, "the network learns 300 random labels by heart"
    assert np.mean(by_chance) < 0.15, "and knows nothing about new ones"

# %% [markdown]
# The empirical risk is nearly 0, and the risk is that of guessing. This is **overfitting**; lecture 10 has remedies. The other troubles of deep
# networks have lectures of their own, too: gradients that vanish or explode (3 to 6), and slow training (7 to 9).
#
# ## §8 What is different from a linear model
#
# In §2, every start ended in the same valley. With hidden units the loss is no longer **convex**: there are several valleys, plateaus and saddles.
# Where gradient descent ends depends on where it begins. That is why weights begin *small and random*, and biases at 0 or a little above.
#
# The slides blame the nonlinearity. But depth alone is enough: a chain of two *linear* units, $\hat y = w_2 w_1 x$, with x = y = 1 has the loss
# $(1 - w_1 w_2)^2$. It is 0 at (1, 1) and at (−1, −1), and 1 half-way between them, which no convex function is.
#
# Two ReLUs are enough to *compute* XOR. Does gradient descent *find* them? We try 40 starts.

# %% tags=["demo"]
hidden_units = 2  # change this to 8, predict how many of 40 starts will learn XOR, and run


def learn_xor(seed):
    """Take 500 steps, each with all four examples."""
    return trained(seed, (2, hidden_units, 2), corners, tables["XOR"], 500, lr=0.5, batch_size=4)

# %% tags=["demo"]
if ready(threshold_unit, dense_forward, dense_backward, softmax_cross_entropy, mlp_gradients, minibatches):
    runs = [learn_xor(seed) for seed in range(40)]
    learned = [accuracy(params, corners, tables["XOR"]) == 1 for params, _ in runs]
    print(f"{hidden_units} hidden units: {sum(learned)} of 40 starts learn XOR")
    last = {"learned": [], "stuck": []}
    for (_, losses), good in zip(runs, learned, strict=True):
        last["learned" if good else "stuck"].append(losses[-1])
    plots.show(
        figures.runs_as_points(last, "loss after 500 steps"),
        alt="The last loss of 40 runs that try to learn XOR. Those that learn it end near 0. With two "
        "hidden units most are stuck, at a few values such as 0.35, 0.48 and 0.69.",
    )
    assert hidden_units != 2 or 1 <= sum(learned) <= 20, "with two hidden units most starts get stuck"
    assert hidden_units < 8 or sum(learned) > 35, "with eight or more nearly every start learns it"

# %% [markdown]
# The stuck ones share a few values: they sit in the same bad places. At 0.69 = ln 2 the network says ½ to everything; in most of these runs both
# units are silent for all four examples. At 0.48 it gets one example right and says the same to the other three. With more units than necessary,
# enough of them are lucky. That is one reason why large networks are easier to train.

# %% [markdown]
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague has built a network like that of §7 for the ten digits. It doesn't learn: the training loss stays near 2.303, whatever the learning
# rate. The gradients were compared with central differences: all agree to nine digits. "And to be sure that nothing random goes wrong, I started all
# weights and biases at 0."
#
# (a) Where does the number 2.303 come from? (b) Use (12) and (16) to say which of the gradients are zero at the first step, and which aren't.
# (c) Why do W₁ and W₂ stay at 0 for ever, although the gradient is right? (d) Would it help to start all weights at 0.1 instead?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_neurons_and_backprop", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# === BEGIN SOLUTION ===
# (a) All logits are 0, so every class has probability 1/10, and the loss is −ln(1/10) = ln 10 ≈ 2.303.
#
# (b) With weights and biases 0 the hidden outputs are max(0, 0) = 0. So dW₂ = a₁ᵀ dz₂ = 0. What comes back to a₁ is dz₂ W₂ᵀ = 0, so dz₁ = 0, whatever
# slope the ReLU has at 0, and dW₁ and db₁ are 0. Only db₂, the sum of dz₂ over the batch, isn't zero.
#
# (c) Only b₂ moves. W₂ needs hidden outputs that aren't 0, and those need W₁ or b₁ to move; W₁ needs W₂ to be different from 0. Each waits for the
# other. b₂ learns how frequent the classes are, which is nearly equal. The check passes because the gradient *is* zero there: it is a saddle, and a
# right gradient doesn't mean a good start.
#
# (d) Only a little. The gradients wouldn't be zero, but all hidden units would compute the same and get the same gradients, step by step. So they stay
# equal for ever, and the layer is worth a single unit. The weights have to be random, so that the units become different.
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# | | forward | backward, from the upstream gradient $g$ |
# |---|---|---|
# | dense | $xW + b$ | $gW^\top$, $\;x^\top g$, $\;\sum_n g_n$ |
# | ReLU | $\max(0, z)$ | $g \circ [z > 0]$ |
# | softmax with cross-entropy | $-\frac1N \sum_i \log p_{i,y_i}$ | $(p - \text{one-hot})/N$ |
#
# - A threshold unit draws a straight boundary, and has no slope to learn by.
# - Loss and output unit go in pairs; then the gradient is prediction minus label.
# - Backpropagation is the chain rule, walked once from the loss to the inputs: all gradients for the price of about three forward passes.
# - Central differences check it. They are far too slow for training.
# - We minimise the empirical risk, in random minibatches, and want the risk. A network can learn its training set by heart.
# - With hidden units the start matters: small, random, not equal.
#
# ### Further reading
# - D. Rumelhart, G. Hinton and R. Williams (1986), *Learning representations by back-propagating errors*.
# - M. Minsky and S. Papert (1969), *Perceptrons*: what one layer can't do, with proofs.
# - I. Goodfellow, Y. Bengio and A. Courville (2016), *Deep learning*, chapter 6 and sections 8.1 and 8.2.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 10.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals (2017), *Understanding deep learning requires rethinking generalization*.
