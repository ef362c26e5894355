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
# # Lecture 13 · Transfer learning
#
# **One set of slides trains a network on 200 images and gets 97.2 % right. Then it reuses the layers of another network, and gets 99.25 %:
# 3.7 times fewer errors, for nothing. Do you believe it?** In this lecture you repeat the experiment, not once but ten times. You will see what
# reused layers are worth, when they are worth something, and how one lucky run can prove anything.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `split_classes` | to make two tasks of one data set |
# | §2 | `reuse_layers` | to build a network on another one's layers |
# | §3 | `frozen_step` | to train some layers and protect the others |
# | §5 | `transfer_strategy` | to choose what to do with a pretrained network |
# | §6 | `autoencoder_gradients` | to learn from images without labels |
# | §7 | `pretrain_stack` | to do so layer by layer |
# | §8 | a question to answer in words | to read a claim about transfer learning |
#
# Conventions: NumPy only. A batch comes first. A layer is a pair `(W, b)` with `W` of shape `(fan_in, fan_out)`, a network a list of them, with
# a ReLU after each layer but the last. Integers are legal wherever numbers are. A function never changes its arguments.


# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from functools import partial
from itertools import pairwise

from coursekit import data, plots
from coursekit.figures import transfer_learning as figures

# %% [markdown]
# **The network** is the multi-layer perceptron of lecture 1. The next cells hold all that we need of it, so that this lecture runs by itself:
# fresh layers with He's weights (lecture 3), the way forward, and the way back. With a single output the network answers a yes-or-no question.
# Its last unit is then a sigmoid; otherwise it is a softmax. In both cases the gradient at the logits is $(p - y)/N$.


# %% tags=["demo"]
def fresh(sizes, rng):
    """Draw layers for these numbers of units."""
    return [(rng.normal(0, np.sqrt(2 / D), (D, H)), np.zeros(H)) for D, H in pairwise(sizes)]


def outputs(params, X):
    """Return the inputs of all layers, and the logits."""
    a = [X]
    for W, b in params[:-1]:
        a.append(np.maximum(a[-1] @ W + b, 0))
    return a, a[-1] @ params[-1][0] + params[-1][1]


def error(params, X, y):
    """Return the share of examples that the network gets wrong."""
    _, z = outputs(params, X)
    return np.mean((z[:, 0] > 0 if z.shape[1] == 1 else np.argmax(z, axis=1)) != y)

# %% tags=["demo"]
def gradients(params, X, y):
    """Return the gradients of the mean cross-entropy, as lecture 1 does."""
    a, z = outputs(params, X)
    if z.shape[1] == 1:
        p, y = (1 + np.tanh(z / 2)) / 2, y[:, None]
    else:
        p, y = np.exp(z - z.max(axis=1, keepdims=True)), np.eye(z.shape[1])[y.astype(int)]
        p = p / p.sum(axis=1, keepdims=True)
    dz, grads = (p - y) / len(y), []
    for layer in reversed(range(len(params))):
        grads.insert(0, (a[layer].T @ dz, dz.sum(axis=0)))
        dz = (dz @ params[layer][0].T) * (a[layer] > 0)
    return grads

# %% tags=["demo"]
def sgd(params, grads, lr=0.1):
    """Move all layers."""
    return [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads, strict=True)]


def train(params, X, y, rng, steps=200, step=sgd):
    """Take steps on minibatches of 32; `step(params, grads)` returns the new layers."""
    batches = []
    for _ in range(steps):
        if not batches:
            order = rng.permutation(len(y))
            batches = [order[start : start + 32] for start in range(0, max(1, len(y) - 31), 32)]
        batch = batches.pop()
        params = step(params, gradients(params, X[batch], y[batch]))
    return params

# %% [markdown]
# ## §1 Two tasks from one data set
#
# Training a large network from scratch takes many labelled examples and much time. **Transfer learning** starts from a network that somebody has
# trained for a similar task. The slides' example: a network tells a hundred kinds of animals, plants and vehicles apart, and we want one for kinds of
# vehicles. Its *lower* layers have found edges and shapes, which vehicles have, too. Its *upper* layers are about the old classes, and less useful.
# Even the number of outputs may differ. So keep the lower layers, and put new ones on top.
#
# To measure what that is worth one needs two tasks. The slides' trick: take a data set with ten classes and hold two of them out.
#
# - **Task A**: the other eight classes, with all their labels.
# - **Task B**: is it the one or the other of the two? With few labels.
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | How are A's labels renumbered? | "7, 8, 9 should be moved to 5, 6, 7" | the code below it, as printed: `y_A[y_A > 6] = 2` | **moved down**: the code lacks a minus, `-= 2`. As printed, four classes become one |
# | Which class of B is 1? | the class 6 | "shirt (positive)", which is class 6 | the **second** of `held_out` |
# | What does reuse gain? | 97.2 % → 99.25 %: "outperforms training from scratch" | two lines on: "depends on specific parameters", "limited use for dense networks" | **measured** over ten seeds, §4 |
# | Measured on what? | 97.2 % is the validation set's value in the last epoch | where the 99.25 % come from isn't shown | a **test set** that no choice has looked at |
# | When are layers copied? | load A, add a layer, *then* clone | | **copy first**: what is shared changes A, §2 |
# | Which layers are locked? | the lower ones, at first | all but a linear classifier, or all but a few, or nearly none | it depends on data and similarity, §5 |
# | How fast do old layers learn? | after unlocking, with the same rate as the head | not said | **measured**, §5 |
# | Pretraining without labels? | greedily, layer by layer | a page with a title and nothing on it | §6 and §7 |

# %% [markdown]
# ### Exercise 1 · split_classes
# *About 15 minutes · difficulty ●●○*
#
# Split a data set into task A and task B.
#
# | argument or answer | shape | |
# |---|---|---|
# | `X`, `y` | `(N, …)`, `(N,)` | inputs, and labels 0 to K − 1, each of which is there |
# | `held_out` | two classes | in any order: the second one becomes 1, the first one 0 |
# | `X_A`, `y_A` | `(N_A, …)`, `(N_A,)` | the other classes, with the labels 0 to K − 3 |
# | `X_B`, `y_B` | `(N_B, …)`, `(N_B,)` | the two classes, with the numbers 0 and 1 as labels |
#
# The labels of A have no gaps, because the softmax has one output for each number from 0 on. They keep their order: the smallest of the classes that
# are left becomes 0, the next one 1, and so on. The examples keep their order, too.
#
# **By hand.** The labels (3, 0, 2, 4, 1, 3) and `held_out = (3, 1)`. For B the first, the fifth and the last example remain, with $y_B = (0, 1, 0)$,
# because 1 is the second of (3, 1). For A there remain the labels (0, 2, 4). They become $y_A = (0, 1, 2)$: one class below 2 is gone, and two classes
# below 4. (Moving "all above 3 down by two" gives (0, 2, 2).)
#
# <details><summary>Hint 1</summary>
#
# `np.isin(y, held_out)` tells for each example whether it belongs to B. `~` turns it round, and `X[mask]` picks examples.
# </details>
# <details><summary>Hint 2</summary>
#
# By how much does a label of A move down? Count the held-out classes that are smaller. There are two comparisons to add.
# </details>
# <details><summary>Hint 3</summary>
#
# `y_A -= …` is fine on `y[mask]`, which is a copy. On `y` itself it changes the caller's labels. `(y == c).astype(float)` makes 0.0 and 1.0 of booleans.
# </details>


# %% nbgrader={"grade": false, "grade_id": "split_classes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def split_classes(X, y, held_out):
    """Split a data set into a task A with K − 2 classes, and a task B with two.

    Parameters
    ----------
    X : array of shape (N, …)
        Inputs, such as (N, D) or images (N, C, H, W). Integers are legal.
    y : array of int, shape (N,)
        Labels from 0 to K − 1, with K ≥ 3. Each of them is there.
    held_out : pair of int
        The two classes of task B, which differ, in any order.

    Returns
    -------
    (X_A, y_A), (X_B, y_B)
        Two pairs of arrays. A has all other classes, with the labels 0 to K − 3: no gaps, in the
        order of the classes. B has the numbers 0 (the first class of held_out) and 1 (the second
        one) as labels, of any type of numbers. Examples keep their order.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    first, second = held_out
    in_B = (y == first) | (y == second)
    X_A, y_A = X[~in_B], y[~in_B]
    y_A = y_A - (y_A > first) - (y_A > second)
    return (X_A, y_A), (X[in_B], (y[in_B] == second).astype(float))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_split_classes", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(split_classes)
### BEGIN HIDDEN TESTS
from autograder import score
score(split_classes)
### END HIDDEN TESTS

# %% [markdown]
# **Our two tasks.** The slides hold out classes 5 and 6 of Fashion-MNIST, sandals and shirts. We hold out 5 and 6 as well, of the digits. So nobody can
# say that we picked a pair that suits us. Of B's training images we use the labels of the first 20.


# %% tags=["demo"]
if ready(split_classes):
    digits = data.digits(standardized=False)
    A, B = split_classes(digits.X_train, digits.y_train, (5, 6))
    plots.show(
        figures.tasks({"A": A, "B": B}),
        alt="Two rows of handwritten digits with their labels. Task A has digits other than 5 and 6; a 7 is labelled 5, "
        "an 8 is labelled 6, a 9 is labelled 7. Task B has fives, labelled 0, and sixes, labelled 1.",
    )
    print(f"A: {len(A[1])} images, labels {np.unique(A[1])}; B: {len(B[1])} images, labels {np.unique(B[1])}")
    assert len(A[1]) + len(B[1]) == len(digits.y_train), "every image is in one of the tasks"

# %% [markdown]
# ## §2 Reuse layers
#
# Network A is trained on task A. Network B takes A's first $n$ layers and gets a fresh **head**: one layer with random weights, whose outputs are those
# of the new task. A's other layers are gone.


# %% tags=["demo"]
plots.show(
    figures.reuse(
        ("input, 64", "hidden, 50", "hidden, 50", "hidden, 50", "softmax, 8"),
        ("input, 64", "hidden, 50", "hidden, 50", "head: sigmoid, 1"),
        n_reuse=2,
    ),
    alt="Network A as a stack of boxes: input, three hidden layers, and a softmax of 8. Arrows marked «copy» lead from its "
    "first two hidden layers to those of network B, on which stands a new head of one sigmoid unit.",
)

# %% [markdown]
# ### Exercise 2 · reuse_layers
# *About 15 minutes · difficulty ●●○*
#
# Build network B from network A.
#
# | argument or answer | | |
# |---|---|---|
# | `params_A` | list of L pairs `(W, b)` | network A, first layer first |
# | `n_reuse` | 0 to L − 1 | how many of A's layers are copied |
# | `n_out` | | outputs of the head |
# | answer | list of `n_reuse` + 1 pairs | copies of A's first layers, and then the head |
#
# The head's W has shape `(units below it, n_out)`. Its weights are random, each drawn by itself from `rng`. Their scale is your choice:
# $\sqrt{1/\text{fan-in}}$ is a good one (lecture 3). Biases of 0 are usual.
#
# **By hand.** A has the layers 4-6-5-3, that is, weights of shapes (4, 6), (6, 5) and (5, 3). With `n_reuse = 2` and `n_out = 1` the answer has
# three layers: *copies* of A's first two, and a head with W of shape (5, 1) and b of shape (1,). With `n_reuse = 0` there is the head alone, on the
# inputs: W has shape (4, `n_out`).
#
# <details><summary>Hint 1</summary>
#
# How many units are below the head? The number of rows of the layer that it replaces, `params_A[n_reuse]`. That works for `n_reuse = 0`, too.
# </details>
# <details><summary>Hint 2</summary>
#
# `params_A[:2]` is a new list with the *same* arrays in it. `W.copy()` makes a new array.
# </details>


# %% nbgrader={"grade": false, "grade_id": "reuse_layers", "locked": false, "schema_version": 3, "solution": true, "task": false}
def reuse_layers(params_A, n_reuse, n_out, rng):
    """Copy the first layers of a network, and put a fresh head on them.

    Parameters
    ----------
    params_A : list of (W, b)
        The layers of network A, first layer first; W has shape (fan_in, fan_out), b (fan_out,).
    n_reuse : int
        How many of them are reused: 0 or more, and fewer than there are.
    n_out : int
        The number of the head's outputs, 1 or more.
    rng : numpy.random.Generator
        Where all random numbers come from.

    Returns
    -------
    list of (W, b)
        n_reuse + 1 pairs: copies of A's first layers, and the head. The head's W has as many rows
        as there are units below it, and n_out columns. Its entries are random and independent of
        each other, on any scale. Its b has shape (n_out,).

    A is not changed, and the answer shares no array with it: both can be trained by themselves.
    """
    ### BEGIN SOLUTION
    copies = [(W.copy(), b.copy()) for W, b in params_A[:n_reuse]]
    fan_in = len(params_A[n_reuse][0])
    head = (rng.normal(0, np.sqrt(1 / fan_in), (fan_in, n_out)), np.zeros(n_out))
    return [*copies, head]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_reuse_layers", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(reuse_layers)
### BEGIN HIDDEN TESTS
from autograder import score
score(reuse_layers)
### END HIDDEN TESTS

# %% [markdown]
# **Why copies?** Many libraries update weights in place, because that saves memory. The next cell does so, too. It trains network B twice: once on
# your copies, and once on a list of A's own arrays, as one gets by `params_A[:3]`. The slides warn of it in one word, "clone". But they clone
# *after* they have put the new layer on A's own layers, and that is too late for whoever trains before.


# %% tags=["demo"]
def in_place(params, grads):
    """Move all layers in their own memory, as many libraries do."""
    for (W, b), (dW, db) in zip(params, grads, strict=True):
        W -= 0.1 * dW
        b -= 0.1 * db
    return params


if ready(split_classes, reuse_layers):
    digits, rng = data.digits(0), np.random.default_rng(0)
    A, B = split_classes(digits.X_train, digits.y_train, (5, 6))
    test_A, test_B = split_classes(digits.X_test, digits.y_test, (5, 6))
    params_A = train(fresh((64, 50, 50, 50, 8), rng), *A, rng, 300)
    errors = {"before": error(params_A, *test_A)}
    copies = reuse_layers(params_A, 3, 1, rng)
    train(copies, *B, rng, 600, in_place)
    errors["after training copies"] = error(params_A, *test_A)
    train([*params_A[:3], reuse_layers(params_A, 3, 1, rng)[-1]], *B, rng, 600, in_place)
    errors["after training A's own arrays"] = error(params_A, *test_A)

# %% tags=["demo"]
if ready(split_classes, reuse_layers):
    print("the test error of network A:")
    for label, found in errors.items():
        print(f"  {found:5.1%}  {label}")
    assert errors["before"] < 0.08, "network A knows its eight digits"
    assert errors["after training copies"] == errors["before"], "training copies leaves A as it is"
    assert errors["after training A's own arrays"] > errors["before"], "training A's own arrays spoils it"

# %% [markdown]
# ## §3 Freeze layers
#
# In its first steps network B has a random head. What comes back through it to the layers below says nothing about the task. It may spoil weights that
# took a long time to find. So the slides *lock* the reused layers at first, and let only the head learn. A locked or **frozen** layer takes part in
# the forward pass, and gradients pass through it, but its own parameters stay:
#
# $$\theta_l \leftarrow \begin{cases} \theta_l - \eta\, \nabla_{\theta_l} & \text{layer } l \text{ is trainable} \\ \theta_l & \text{layer } l
# \text{ is frozen} \end{cases} \tag{1}$$
#
# After some steps they are unlocked. In Keras a change of `trainable` has an effect only after the next `compile`, which is why the slides compile
# twice. Here it is an argument of the step.
#
# ### Exercise 3 · frozen_step
# *About 10 minutes · difficulty ●○○*
#
# Take one step of gradient descent, as in (1).
#
# | argument | | |
# |---|---|---|
# | `params`, `grads` | lists of pairs | `(W, b)`, and `(dW, db)` of the same shapes |
# | `lr` | a number | η |
# | `trainable` | list of booleans | one for each layer; any pattern is legal |
#
# **By hand.** Two layers, $\eta = 0.1$ and `trainable = [False, True]`. The first layer, W = (1, 2) and b = (3, 4), stays as it is, whatever its gradients
# are. The second one has $W = (5, 6)^\top$, b = 7, and the gradients $(50, 60)^\top$ and 70. It becomes $W = (0, 0)^\top$, b = 0.
#
# <details><summary>Hint</summary>
#
# Go through three lists at once with `zip(params, grads, trainable)`. A frozen layer goes into the new list as it is.
# </details>


# %% nbgrader={"grade": false, "grade_id": "frozen_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def frozen_step(params, grads, lr, trainable):
    """Take a step of gradient descent with some layers frozen: equation (1).

    Parameters
    ----------
    params : list of (W, b)
        The layers, first layer first. Integers are legal, here and in grads.
    grads : list of (dW, db)
        The gradients, in the same order and of the same shapes.
    lr : float
        The learning rate.
    trainable : list of bool
        One for each layer. Where it is False, W and b stay as they are.

    Returns
    -------
    list of (W, b)
        All layers, in the same order.

    The arguments are not changed. Arrays of frozen layers may be returned as they are.
    """
    ### BEGIN SOLUTION
    new = []
    for (W, b), (dW, db), trains in zip(params, grads, trainable, strict=True):
        new.append((W - lr * dW, b - lr * db) if trains else (W, b))
    return new
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_frozen_step", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(frozen_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(frozen_step)
### END HIDDEN TESTS

# %% [markdown]
# ## §4 The experiment, ten times
#
# Now repeat the slides' experiment: task B with 20 labels, three ways to learn it, 200 steps each.
#
# - **from scratch**: a fresh network, the slides' *option 1*;
# - **frozen**: A's three hidden layers stay frozen, only a new head learns;
# - **reused**: 40 steps with frozen layers, then 160 with all of them, the slides' *option 2* (4 and 16 epochs there).
#
# Each of ten seeds has its own split into training and test images, its own network A, its own 20 labels, and its own heads.


# %% tags=["demo"]
def experiment(seed, digits, held_out=(5, 6), hidden=(50, 50, 50), labels=20, steps_A=300):
    """Return B's test errors from scratch, frozen, and reused."""
    rng = np.random.default_rng(seed)
    A, (X, y) = split_classes(digits.X_train, digits.y_train, held_out)
    _, test = split_classes(digits.X_test, digits.y_test, held_out)
    X, y, D = X[:labels], y[:labels], X.shape[1]
    params_A = train(fresh((D, *hidden, 8), rng), *A, rng, steps_A)
    start = reuse_layers(params_A, len(hidden), 1, rng)
    head_only = partial(frozen_step, lr=0.1, trainable=[False] * len(hidden) + [True])
    everything = partial(frozen_step, lr=0.1, trainable=[True] * len(start))
    scratch = train(fresh((D, *hidden, 1), rng), X, y, rng, 200)
    begun = train(start, X, y, rng, 40, head_only)
    frozen, reused = (train(begun, X, y, rng, 160, step) for step in (head_only, everything))
    return [error(params, *test) for params in (scratch, frozen, reused)]

# %% tags=["demo"]
WAYS = "from scratch", "frozen", "reused"
if ready(split_classes, reuse_layers, frozen_step):
    found = np.array([experiment(seed, data.digits(seed)) for seed in range(10)])
    plots.show(
        figures.spread({"5 or 6? Ten seeds, 20 labels": dict(zip(WAYS, found.T, strict=True))}, "test error"),
        alt="Test errors of ten runs in three columns, the dots of a run joined by a line. From scratch and reused they lie "
        "between 0 and 6 percent and have nearly the same mean; the lines cross. Frozen they are higher.",
    )
    scratch, frozen, reused = found.mean(axis=0)
    print("mean errors:", ", ".join(f"{way} {100 * mean:.0f} %" for way, mean in zip(WAYS, found.mean(axis=0), strict=True)))
    assert frozen > reused, "with only the head trained, the errors are the most"
    assert 0.3 < reused / scratch < 3, "on average, reuse is not 3.7 times better than starting from scratch"

# %% [markdown]
# Look at the lines. Reuse gained nothing: some go down from the left column to the right one, more go up, and both means are 1 or 2 %. *Frozen* is
# clearly worse. What A learned to tell eight digits apart isn't what tells a 5 from a 6.
#
# **But we can have any result that we like.** Try three other pairs, with the same ten seeds. Then report the best of forty runs.


# %% tags=["demo"]
if ready(split_classes, reuse_layers, frozen_step):
    runs = {(5, 6): found}
    for held_out in ((3, 8), (4, 9), (1, 7)):
        runs[held_out] = np.array([experiment(seed, data.digits(seed), held_out) for seed in range(10)])
    panels = {f"{a} or {b}?": {"scratch": run[:, 0], "reused": run[:, 2]} for (a, b), run in runs.items()}
    plots.show(
        figures.spread(panels, "test error"),
        alt="Four panels, one for each pair of digits, with the test errors from scratch and reused of ten runs each. In every "
        "panel the dots spread widely, the two means differ by much less than the dots, and lines go both up and down.",
    )
    scratch, reused = np.concatenate(list(runs.values()))[:, [0, 2]].T
    better, worse = np.sum((reused * 3.7 <= scratch) & (scratch > 0)), np.sum((scratch * 2 <= reused) & (reused > 0))
    print(f"of {len(scratch)} runs, reuse has at most 1/3.7 of the errors in {better}, and at least twice the errors in {worse}")
    print(f"without any error: {np.sum(reused == 0)} runs reused, {np.sum(scratch == 0)} from scratch")
    print(f"mean errors: {reused.mean():.1%} reused, {scratch.mean():.1%} from scratch")
    assert 1 <= better <= 12, "one of the forty runs proves that reuse has 3.7 times fewer errors"
    assert worse >= 2, "others prove that it has twice as many"
    assert 0.5 < reused.mean() / scratch.mean() < 2, "all forty together prove neither"

# %% [markdown]
# A few of the forty runs show 3.7 times fewer errors, because the reused network makes none at all. Many more show at least twice the errors. All forty
# together show no clear difference.
# Whoever reports one run reports a draw from this cloud. Whoever tries many and reports the best one reports its edge. The slides' experiment comes
# from a book, and its author says so himself (Géron 2019, chapter 11). He tried configurations until one gave a large gain. With other classes or
# another seed, he adds, the gain mostly shrinks, vanishes or turns round. What he did is called torturing the data until they confess. The slides
# left that page out.
#
# So before you believe a factor, ask four things. How many seeds? Was the pair of classes chosen before or after? What was chosen on the test set? Did
# both sides get the same number of steps? (The slides give both 20 epochs on B; A's training isn't counted.)
#
# **With the slides' own data.** The next cell does the same with Fashion-MNIST, with the layers 300-100-50-50-50 and 200 images. It needs a
# network, the package `pooch` and some minutes, so it is switched off. It wasn't run for this page, so we claim nothing about its result. (Layers,
# classes and images are the slides'. ReLU, batches and η are ours, and so are 2000 steps for A.)


# %% tags=["demo"]
download = False  # True: 30 MB once, and then some minutes for ten runs
fashion = data.fashion_mnist() if download else None
if ready(split_classes, reuse_layers, frozen_step):
    if fashion is None:
        print("Fashion-MNIST is skipped: set download = True in this cell to try it.")
    else:
        layers = (300, 100, 50, 50, 50)
        errors = np.array([experiment(seed, fashion, (5, 6), layers, labels=200, steps_A=2000) for seed in range(10)])
        plots.show(figures.spread({"Sandal or shirt?": dict(zip(WAYS, errors.T, strict=True))}, "test error"), alt="Ten runs.")
        print("mean errors:", errors.mean(axis=0), "scratch / reused:", np.sort(errors[:, 0] / errors[:, 2]))

# %% [markdown]
# ## §5 How much to reuse, how much to freeze, how fast to learn
#
# Reuse needs a task that is *similar*. Here is one: let A learn all ten digits from one half of the images, and let B ask whether a digit is **even or
# odd**. A's top layer knows the digit, and so it knows the answer nearly. With 20 labels one can hardly find out from scratch what the even digits
# have in common.
#
# Lower layers are *general*, upper ones *specific*. Yosinski and others (2014) measured that on a thousand classes of photographs: the first layers could be
# frozen for another task at no loss, the upper ones could not. So a rule says how many to keep. One set of slides has it as a table:
#
# | | very similar data | very different data |
# |---|---|---|
# | **very little data** | a linear classifier on the top layer | trouble: try linear classifiers at several stages |
# | **quite a lot of data** | finetune a few layers | finetune a larger number of layers |
#
# A **linear classifier** on a layer is a new head with everything below it frozen. **Finetuning** trains the head and some of the layers below it. A
# *stage* is a layer whose codes one can build on: where the data differ, a lower one may serve better.
#
# ### Exercise 4 · transfer_strategy
# *About 5 minutes · difficulty ●○○*
#
# Write the table as a function of two words.
#
# | `data` | `similarity` | answer |
# |---|---|---|
# | `"little"` | `"similar"` | `"linear classifier"` |
# | `"little"` | `"different"` | `"linear classifiers at several stages"` |
# | `"lots"` | `"similar"` | `"finetune a few layers"` |
# | `"lots"` | `"different"` | `"finetune many layers"` |
#
# Any other word in either place raises `ValueError`, also one with a capital: `("Lots", "similar")`, or the two in the wrong order.
#
# <details><summary>Hint</summary>
#
# A dictionary with the four pairs as keys. A missing key raises KeyError, which is no ValueError: ask `in` first.
# </details>


# %% nbgrader={"grade": false, "grade_id": "transfer_strategy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def transfer_strategy(data, similarity):
    """Say what to do with a pretrained network, by the table of §5.

    Parameters
    ----------
    data : str
        How many examples the new task has: "little" or "lots".
    similarity : str
        How its data compare with those of the old task: "similar" or "different".

    Returns
    -------
    str
        "linear classifier" (little, similar), "linear classifiers at several stages" (little,
        different), "finetune a few layers" (lots, similar) or "finetune many layers" (lots,
        different).

    Raises
    ------
    ValueError
        If data or similarity is any other word.
    """
    ### BEGIN SOLUTION
    table = {
        ("little", "similar"): "linear classifier",
        ("little", "different"): "linear classifiers at several stages",
        ("lots", "similar"): "finetune a few layers",
        ("lots", "different"): "finetune many layers",
    }
    if (data, similarity) not in table:
        raise ValueError(f"no strategy for {data!r} and {similarity!r}")
    return table[data, similarity]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_transfer_strategy", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(transfer_strategy)
### BEGIN HIDDEN TESTS
from autograder import score
score(transfer_strategy)
### END HIDDEN TESTS

# %% [markdown]
# **Is the table right?** Measure all four cells. *Similar*: A has learned the ten digits. *Different*: A has learned them with their pixels in a random
# order, so that none of its patterns is there. *Little* is 20 labels, *lots* is all 674 of the other half. A hatched bar has the lowest mean of its panel,
# a black line is a standard error over six seeds. The two rows have different axes.


# %% tags=["demo"]
STRATEGIES = {  # how many layers are reused, and how many of these are frozen
    "linear, on layer 3": (3, 3), "linear, on layer 1": (1, 1), "finetune 1 layer": (3, 2), "finetune 3 layers": (3, 0), "from scratch": None,
}  # fmt: skip


def compare(seed, similar, labels, steps=200):
    """Return the test error of each strategy for the task «even or odd»."""
    rng, digits, found = np.random.default_rng(seed), data.digits(seed), {}
    pixels, half = np.arange(64) if similar else rng.permutation(64), len(digits.y_train) // 2
    params_A = train(fresh((64, 50, 50, 50, 10), rng), digits.X_train[:half, pixels], digits.y_train[:half], rng, 400)
    X, y = digits.X_train[half:][:labels], 1 - digits.y_train[half:][:labels] % 2
    for name, numbers in STRATEGIES.items():
        n_reuse, n_frozen = numbers or (3, 0)
        params = reuse_layers(params_A, n_reuse, 1, rng) if numbers else fresh((64, 50, 50, 50, 1), rng)
        trainable = [layer >= n_frozen for layer in range(len(params))]
        params = train(params, X, y, rng, steps, partial(frozen_step, lr=0.1, trainable=trainable))
        found[name] = error(params, digits.X_test, 1 - digits.y_test % 2)
    return found

# %% tags=["demo"]
if ready(reuse_layers, frozen_step, transfer_strategy):
    cells = {}
    for amount, count in (("little", 20), ("lots", 674)):
        for similarity in ("similar", "different"):
            runs = [compare(seed, similarity == "similar", count) for seed in range(6)]
            title = f"{amount}, {similarity}: {transfer_strategy(amount, similarity)}"
            cells[title] = {name: [run[name] for run in runs] for name in STRATEGIES}
    plots.show(
        figures.strategies(cells),
        alt="Four panels with a bar for each strategy. Little and similar: all three that use layer 3 have about 15 percent errors, from "
        "scratch 26. Lots and similar: finetuning three layers is best. Little and different: from scratch, and a linear classifier on layer 1, "
        "are better than one on layer 3. Lots and different: linear classifiers are far behind; finetuning three layers and from scratch are equally good. "
        "The bar with the lowest mean is hatched, and each bar has a black line, one standard error to either side.",
    )

# %% tags=["demo"]
if ready(reuse_layers, frozen_step, transfer_strategy):
    mean = [{name: np.mean(values) for name, values in errors.items()} for errors in cells.values()]
    for similar in mean[0], mean[2]:
        assert similar["finetune 3 layers"] < similar["from scratch"], "reuse helps where the task is similar"
    assert mean[0]["linear, on layer 3"] < mean[0]["from scratch"] - 0.03, "with little data a linear classifier is enough"
    assert abs(mean[0]["finetune 1 layer"] - mean[0]["linear, on layer 3"]) < 0.02, "and as good as one finetuned layer"
    assert mean[2]["finetune 3 layers"] < mean[2]["linear, on layer 3"], "with lots of data it isn't"
    assert mean[2]["finetune 3 layers"] < mean[2]["finetune 1 layer"] - 0.01, "there finetuning all layers is clearly better than one"
    assert mean[1]["linear, on layer 1"] < mean[1]["linear, on layer 3"], "where the data differ a lower stage is better"
    assert mean[3]["finetune 3 layers"] < mean[3]["finetune 1 layer"], "where they differ, more layers have to learn"
    assert mean[3]["from scratch"] < mean[3]["finetune 1 layer"], "and starting from scratch is no worse"

# %% [markdown]
# The table holds up, with three remarks. With *little, similar* data, the linear classifier and one finetuned layer are tied (both 14 % errors). With *lots
# of similar* data, the table is too timid for these small nets: finetuning all three layers is clearly better than one (3 % against 5 %). And the
# column *different* leaves out the best answer: **don't reuse**. From scratch is as good as anything there. Where
# the old layers make it worse, one speaks of **negative transfer**.
#
# **Rates for old and new layers.** The head starts at random and has far to go. The old layers should only shift a little, so the usual advice is a
# smaller rate for them, a third or a tenth. (The slides keep the head's rate.) `frozen_step` can do that: take one step with only the head trainable
# and η, and one with the others trainable and a smaller η.


# %% tags=["demo"]
labels = 20  # change this to 600, predict which of the two curves will change its shape, and run this cell and the next


def two_rates(params, grads, factor):
    """Move the head with η = 0.1, and the layers below it with η = 0.1·factor."""
    is_head = [False] * (len(params) - 1) + [True]
    params = frozen_step(params, grads, 0.1, is_head)
    return frozen_step(params, grads, 0.1 * factor, [not head for head in is_head])


def by_rate(A, B, test, factors, rng):
    """Return the test error for each factor, with the same network A and the same head."""
    params_A = train(fresh((64, 50, 50, 50, A[1].max() + 1), rng), *A, rng, 300)
    start, X, y = reuse_layers(params_A, 3, 1, rng), B[0][:labels], B[1][:labels]
    return [error(train(start, X, y, rng, 200, partial(two_rates, factor=factor)), *test) for factor in factors]

# %% tags=["demo"]
FACTORS = 0, 0.1, 0.3, 1
if ready(split_classes, reuse_layers, frozen_step):
    curves = {"5 or 6?": [], "even or odd?": []}
    for seed in range(10):
        digits, rng = data.digits(seed), np.random.default_rng(seed)
        A, B = split_classes(digits.X_train, digits.y_train, (5, 6))
        curves["5 or 6?"].append(by_rate(A, B, split_classes(digits.X_test, digits.y_test, (5, 6))[1], FACTORS, rng))
        A, B = (digits.X_train[::2], digits.y_train[::2]), (digits.X_train[1::2], 1 - digits.y_train[1::2] % 2)
        curves["even or odd?"].append(by_rate(A, B, (digits.X_test, 1 - digits.y_test % 2), FACTORS, rng))
    plots.show(
        figures.rates(FACTORS, {label: np.array(errors) for label, errors in curves.items()}),
        alt="The test error over the ratio of the old layers' rate to that of the head, from 0 to 1. For «5 or 6?» it falls "
        "steadily, from about 6 to 1 percent. For «even or odd?» it is about 18 percent throughout.",
    )
    first, second = (np.mean(errors, axis=0) for errors in curves.values())
    assert labels != 20 or first[-1] < first[0] / 1.5, "for the other digits the old layers had better learn at the full rate"
    assert labels != 20 or np.ptp(second) < 0.04, "for even or odd their rate hardly matters"

# %% [markdown]
# No rule holds for both. For "5 or 6?" the old layers lack something, so they have to learn, at the full rate. For "even or odd?" they have nearly
# all that is needed, and it hardly matters how fast they learn. A smaller rate wasn't the best choice in either. Treat the ratio as a
# hyperparameter, like η itself, and choose it on a *validation* set. (With 600 labels, "even or odd?" falls as well: 6 % errors with frozen layers, 3 % at
# the full rate. "5 or 6?" has only about 270 labels.)
#
# Three things help in practice. Give the new inputs the scaling that the old network was trained with. Leave batch normalization's running
# statistics alone in frozen layers (lecture 5). And for a task with few labels prefer a *convolutional* net as the source (lecture 12): its lower
# layers look for small patterns that occur everywhere. A dense layer's patterns cover the whole image. That is why the slides, and the book behind
# them, expect little of dense nets.
#
# ## §6 Learning without labels
#
# What if there is no network A? There may still be many images without labels. An **autoencoder** learns from them. It has to give back its
# own input, through a hidden layer that can't simply copy it, because it is narrow (or noisy, or sparse):
#
# $$h = \operatorname{relu}(X W_1 + b_1), \qquad \hat X = h W_2 + b_2, \qquad L = \frac{1}{N D} \sum_{n, d} (\hat X_{nd} - X_{nd})^2 \tag{2}$$
#
# The hidden layer is the **encoder**, and $h$ are the **codes**. The output is linear, since inputs may be negative. The input is its own target:
# no labels. After training one throws $W_2$ away, the **decoder**, and keeps the encoder as a first layer.
#
# The way back is short. From the loss to the output, then through the decoder, and through the ReLU where it was active ($Z = X W_1 + b_1$):
#
# $$d\hat X = \frac{2}{N D} (\hat X - X), \qquad dW_2 = h^\top d\hat X, \qquad dZ = (d\hat X\, W_2^\top) \circ [Z > 0], \qquad dW_1 = X^\top dZ \tag{3}$$
#
# where $\circ$ multiplies entry by entry. A bias gets the sum over the batch of what arrives at its layer.
#
# ### Exercise 5 · autoencoder_gradients
# *About 25 minutes · difficulty ●●●*
#
# Return the loss (2) and its gradients (3).
#
# | argument or answer | | shapes |
# |---|---|---|
# | `params` | `[(W1, b1), (W2, b2)]` | (D, H), (H,), (H, D), (D,) |
# | `X` | a batch | (N, D) |
# | `loss` | a number | |
# | `grads` | `[(dW1, db1), (dW2, db2)]` | those of `params` |
#
# **By hand.** One example x = (2, 1), $W_1 = \begin{pmatrix} 1 & -1 \\ 1 & 0 \end{pmatrix}$, $b_1 = (0, 1)$. So Z = (3, −1) and h = (3, 0): the second
# unit is silent. With $W_2 = \begin{pmatrix} 1 & 0 \\ 5 & 5 \end{pmatrix}$ and $b_2 = (0, 3)$ the output is (3, 3), the error is (1, 2), and the loss is
# (1 + 4)/2 = 2.5. Back: $d\hat X = \frac{2}{1 \cdot 2} (1, 2) = (1, 2) = \mathrm{db}_2$, and $\mathrm{dW}_2 = \begin{pmatrix} 3 & 6 \\ 0 & 0 \end{pmatrix}$.
# (1, 15) comes back to h. The silent unit lets nothing through, so $dZ = (1, 0) = \mathrm{db}_1$, and
# $\mathrm{dW}_1 = \begin{pmatrix} 2 & 0 \\ 1 & 0 \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# Keep Z from the way forward. `Z > 0` is the mask of the way back.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.mean` of the squared errors divides by N·D. So the gradient at the output has the factor 2/`X.size`, and no other gradient is divided again.
# </details>
# <details><summary>Hint 3</summary>
#
# The gradients have the shapes of the parameters, which says which matrix to transpose. To test one entry, shift it up and down:
#
# ```python
# W1, h = params[0][0], 1e-5  # with fractions in W1
# W1[0, 0] += h; up, _ = autoencoder_gradients(params, X)
# W1[0, 0] -= 2 * h; down, _ = autoencoder_gradients(params, X)
# W1[0, 0] += h; _, grads = autoencoder_gradients(params, X)
# print((up - down) / (2 * h), "should be", grads[0][0][0, 0])
# ```
# </details>


# %% nbgrader={"grade": false, "grade_id": "autoencoder_gradients", "locked": false, "schema_version": 3, "solution": true, "task": false}
def autoencoder_gradients(params, X):
    """Return the loss of an autoencoder on a batch, and its gradients: equations (2) and (3).

    Parameters
    ----------
    params : [(W1, b1), (W2, b2)]
        The encoder, of shapes (D, H) and (H,), and the decoder, of shapes (H, D) and (D,).
        Integers are legal, here and in X.
    X : array of shape (N, D)
        A batch of inputs, which are the targets, too.

    Returns
    -------
    loss : float
        The squared error, averaged over all N·D entries. The hidden layer has a ReLU, the output
        is linear.
    grads : [(dW1, db1), (dW2, db2)]
        The gradients of the loss, in the order and with the shapes of params.

    At Z = 0 the slope of the ReLU may be anything from 0 to 1. The arguments are not changed.
    """
    ### BEGIN SOLUTION
    (W1, b1), (W2, b2) = params
    Z = X @ W1 + b1
    h = np.maximum(Z, 0)
    difference = h @ W2 + b2 - X
    d_out = 2 * difference / X.size
    dZ = (d_out @ W2.T) * (Z > 0)
    grads = [(X.T @ dZ, dZ.sum(axis=0)), (h.T @ d_out, d_out.sum(axis=0))]
    return np.mean(difference**2), grads
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_autoencoder_gradients", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(autoencoder_gradients)
### BEGIN HIDDEN TESTS
from autograder import score
score(autoencoder_gradients)
### END HIDDEN TESTS

# %% [markdown]
# **Train it.** 30 hidden units for 64 pixels, and not a single label. The mean image is subtracted first (lecture 2). With raw pixels, which are all
# positive, about a quarter of the hidden units die within 20 steps, and half of them by the end.


# %% tags=["demo"]
def fit_autoencoder(X, n_hidden, rng=None, steps=600, lr=1.0):
    """Train an autoencoder by your gradients; return encoder and decoder."""
    rng = rng or np.random.default_rng(0)
    params = fresh((X.shape[1], n_hidden, X.shape[1]), rng)
    for _ in range(steps):
        _, grads = autoencoder_gradients(params, X[rng.integers(0, len(X), 32)])
        params = sgd(params, grads, lr)
    return params

# %% tags=["demo"]
if ready(autoencoder_gradients):
    digits = data.digits(standardized=False)
    mean = digits.X_train.mean(axis=0)
    params = fit_autoencoder(digits.X_train - mean, 30, steps=2000, lr=2.0)
    rebuilt = outputs(params, digits.X_test - mean)[1] + mean
    plots.show(
        figures.autoencoder(digits.X_test, rebuilt, params[0][0]),
        alt="Three rows of eight small images: digits that weren't trained with, what the autoencoder makes of them, which is "
        "a little blurred and can be read, and the weights of eight hidden units, spots in two colours.",
    )
    left = np.mean((rebuilt - digits.X_test) ** 2) / np.mean((digits.X_test - mean) ** 2)
    assert left < 0.25, "30 numbers keep most of what differs between images"

# %% [markdown]
# ## §7 Layer by layer
#
# Deep networks couldn't be trained from end to end around 2006: gradients vanished in stacks of sigmoids. **Greedy layer-wise pretraining** was the way out
# (Hinton with restricted Boltzmann machines, Bengio with autoencoders):
#
# 1. Train an autoencoder on $X$, and keep its encoder as layer 1.
# 2. Compute the codes of all examples, $\operatorname{relu}(X W_1 + b_1)$. Train the next autoencoder *on the codes*. Keep its encoder as layer 2.
# 3. And so on. Then put a head on the stack, and finetune with the few labels.
#
# *Greedy* means that a layer is never changed again when the next one is trained.
#
# ### Exercise 6 · pretrain_stack
# *About 15 minutes · difficulty ●●○*
#
# Train a stack, with a function that trains a single encoder.
#
# | argument or answer | | |
# |---|---|---|
# | `X` | `(N, D)` | inputs without labels |
# | `sizes` | list of int | hidden units of each layer, first layer first; it may be empty |
# | `train_autoencoder` | a function | `train_autoencoder(X, n_hidden)` returns an encoder `(W, b)` |
# | answer | list of `(W, b)` | the encoders, first layer first |
#
# Call it once a layer, because it takes long, with two arguments by position. (`fit_autoencoder` above returns the decoder as well; the first item of
# its answer is an encoder.)
#
# **By hand.** x = (2, 0.5) and `sizes = [2, 1]`. Say that the first call, with x, returns $W = \begin{pmatrix} 1 & -1 \\ 0 & 2 \end{pmatrix}$ and
# b = (1, 0). Then $xW + b = (3, -1)$, and the second call gets the codes **(3, 0)**: not (3, −1), which lacks the ReLU, not (2, 0), which lacks the
# bias, and not x.
#
# <details><summary>Hint</summary>
#
# A loop over `sizes`, with a variable for the present inputs: X at first, then the codes of each new encoder.
# </details>


# %% nbgrader={"grade": false, "grade_id": "pretrain_stack", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pretrain_stack(X, sizes, train_autoencoder):
    """Train a stack of encoders layer by layer, each on the codes of the one below.

    Parameters
    ----------
    X : array of shape (N, D)
        Inputs. Integers are legal.
    sizes : sequence of int
        The numbers of hidden units, first layer first. It may be empty.
    train_autoencoder : callable
        train_autoencoder(X, n_hidden) returns (W, b), an encoder for inputs X of shape (N, D), with
        W of shape (D, n_hidden) and b of shape (n_hidden,). Call it once for each layer, with both
        arguments by position; its errors go on to your caller.

    Returns
    -------
    list of (W, b)
        The encoders as they came, first layer first. The first one was trained on X, each other one
        on the codes of the one below it, relu(inputs·W + b).

    X and sizes are not changed.
    """
    ### BEGIN SOLUTION
    layers = []
    for n_hidden in sizes:
        W, b = train_autoencoder(X, n_hidden)
        layers.append((W, b))
        X = np.maximum(X @ W + b, 0)
    return layers
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_pretrain_stack", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(pretrain_stack)
### BEGIN HIDDEN TESTS
from autograder import score
score(pretrain_stack)
### END HIDDEN TESTS

# %% [markdown]
# **Or pretrain on an auxiliary task.** Labels that cost nothing can be made up: turn each image by 0°, 90°, 180° or 270°, and let the network say by which.
# (Other examples: the next word, or a word that was covered.) It is transfer learning again, with a task A that needs nobody's time. Compare four
# networks for all ten digits, with 50 labels and with all 1348. (These pixels are standardized, so there is no mean to subtract.)


# %% tags=["demo"]
def pretrained(seed, label_counts, hidden=(50, 50)):
    """Return for each number of labels four test errors, of networks with other first layers."""
    rng, digits = np.random.default_rng(seed), data.digits(seed)
    X, y = digits.X_train, digits.y_train
    stack = pretrain_stack(X, hidden, lambda X, n_hidden: fit_autoencoder(X, n_hidden, rng)[0])
    turns = rng.integers(0, 4, len(X))
    turned = np.array([np.rot90(x.reshape(8, 8), k).ravel() for x, k in zip(X, turns, strict=True)])
    sources = {"from scratch": fresh((64, *hidden), rng), "autoencoders": stack}
    sources["rotations"] = train(fresh((64, *hidden, 4), rng), turned, turns, rng, 400)[:2]
    sources["pixels alone"] = []
    found = []
    for labels in label_counts:
        for layers in sources.values():
            params = reuse_layers([*layers, *fresh((hidden[-1] if layers else 64, 10), rng)], len(layers), 10, rng)
            found.append(error(train(params, X[:labels], y[:labels], rng, 250), digits.X_test, digits.y_test))
    return np.reshape(found, (len(label_counts), len(sources)))

# %% tags=["demo"]
FIRST_LAYERS = "from scratch", "autoencoders", "rotations", "pixels alone"
if ready(reuse_layers, autoencoder_gradients, pretrain_stack):
    errors = np.array([pretrained(seed, (50, 1348)) for seed in range(6)])
    few, many = errors.mean(axis=0)
    plots.show(
        figures.spread({"50 labels": dict(zip(FIRST_LAYERS, errors[:, 0].T, strict=True)),
                        "1348 labels": dict(zip(FIRST_LAYERS, errors[:, 1].T, strict=True))}, "test error"),
        alt="Test errors of six runs. With 50 labels: from scratch about 30 percent, autoencoders a few percent less, rotations about as from "
        "scratch, and the pixels alone, without hidden layers, the fewest, about 25. With 1348 labels all are near 4 percent.",
    )  # fmt: skip
    assert few[1] < few[0] - 0.01, "with few labels, layers from autoencoders help a little"
    assert abs(few[2] - few[0]) < 0.06, "those from rotations hardly matter"
    assert few[3] < few[0], "a linear classifier of the pixels is better than a deep net from scratch"
    assert abs(many[1] - many[0]) < 0.02, "with all labels pretraining makes no difference"

# %% [markdown]
# Pretraining by autoencoders helps a little where labels are few, and not at all where there are many. The rotations teach our net nothing that reading digits
# needs: an auxiliary task helps only if solving it requires the same features. And with 50 labels the humblest model wins, the linear
# classifier on the pixels. **Always compare with a simple baseline**, and not only with the same network from scratch.
#
# Greedy pretraining went out of use around 2012. With ReLU, good initial weights, batch normalization and more labels, networks train from end to end. Its idea is more
# alive than ever: today's large models are pretrained on auxiliary tasks without labels, all layers at once, and then finetuned. There the
# source is far larger than any task that follows, and that is where transfer learning pays.
#
# ## §8 A question to answer in words
#
# *About 15 minutes · difficulty ●●○ · graded by hand*
#
# A report says: "We pretrained on 50,000 photographs of street scenes. For our task, finding cracks in X-rays of welds, we have 300 labelled
# images. We froze all layers but the head. With seed 17 our accuracy rose from 81 % (from scratch) to 93 % on the 60 test images." (a) Which
# cell of the table is this, and what does it advise? (b) Name three reasons to doubt the 93 %. (c) Which experiment would convince you?


# %% [markdown] nbgrader={"grade": true, "grade_id": "written_transfer_learning", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# === BEGIN SOLUTION ===
# (a) Little data, and very different: X-rays have neither the colours nor the objects of streets. The advice is to try linear classifiers at several stages,
# the lower ones above all, for these have the more general patterns. A head on the top layer alone is the advice for *similar* data.
#
# (b) A single seed, whose number suggests that it was chosen. Sixty test images: one of them is 1.7 %, the standard error of 81 % is about 5 %. Nothing is
# said about who chose the frozen layers, the rates and the number of steps, and on which images; if it was on the test set, 93 % is too high. And the
# network from scratch may have had fewer steps, or a rate that wasn't tuned.
#
# (c) Ten or more seeds for both sides, each with another split and other initial weights, equal steps and equally many tried settings; choices made on a
# validation set; all results drawn, not the best one; simple baselines beside them, such as a linear classifier on the pixels or on a low stage; and a larger test
# set, or cross-validation over the 300 images.
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand


# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# - Reuse = copy the lower layers, put a fresh head on them. Copy first: shared arrays change the source.
# - Freeze the old layers while the head is random; then let them learn, more slowly or not, as a validation set says.
# - Similar task, little data: a linear classifier on top. More data: finetune. Different task: lower stages, or start from scratch.
# - On our digits "5 or 6?" gained nothing on average, "even or odd?" was spared more than a third of its errors. Single runs show any factor.
# - Autoencoders and auxiliary tasks need no labels. They help where labels are few and the features fit. Compare with a simple baseline.
#
# ### Further reading
# - J. Yosinski, J. Clune, Y. Bengio and H. Lipson (2014), *How transferable are features in deep neural networks?* General and specific layers, measured.
# - Y. Bengio, P. Lamblin, D. Popovici and H. Larochelle (2006), *Greedy layer-wise training of deep networks*. Our §7.
# - G. Hinton and R. Salakhutdinov (2006), *Reducing the dimensionality of data with neural networks*. The stack that began it.
# - D. Erhan and others (2010), *Why does unsupervised pre-training help deep learning?*
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11: the experiment, and the confession.
# - S. Kornblith, J. Shlens and Q. Le (2019), *Do better ImageNet models transfer better?* When it pays, over twelve data sets.
# - CS231n, *Transfer learning*, notes of Stanford's course: the table of §5.
