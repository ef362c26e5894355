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
# # Lecture 2 · Data pipelines
#
# **The same model, the same data, the same optimiser: one run is done after two steps, the other one after 147. What was different?**
# Only the numbers that went in: one run had the data as they came, for the other they were moved and scaled. You will see both in §3.
#
# The first half of this lecture is about numbers: centre, scale, decorrelate, whiten. The second half is about time: how examples travel from
# many files to the network in a good order, without filling the memory, and without the network having to wait.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `center`, `channel_mean` | to bring the data to the origin |
# | §3 | `standardize` | to give all features one scale, and to be honest about the test set |
# | §4 | `pca` | to find the directions in which the data vary |
# | §5 | `whiten` | to make a round cloud of any cloud |
# | §6 | `batch` | to get used to generators |
# | §7 | `shuffle_buffer` | to shuffle what doesn't fit into memory |
# | §8 | `interleave` | to read many files at the same time |
# | §9 | `prefetch` | to load while the network works |
# | §10 | a question to answer in words | to find a mistake in a pipeline |
#
# Conventions: NumPy, and for the pipelines Python's own tools. Examples come first: features `(N, D)`, images `(N, C, H, W)`. A variance
# divides by N. A function never changes its arguments.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import itertools
import queue
import threading

import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from coursekit import data, nets, plots
from coursekit.figures import data_pipelines as figures
from coursekit.streams import Source

# %% [markdown]
# ## §1 The ravine
#
# Take the smallest model that can learn: $\hat y = x_1 w_1 + x_2 w_2$ with the mean squared error. Its loss is a bowl. Around the best weights
# $w^*$ it is
#
# $$L(w) = L(w^*) + \tfrac12 (w - w^*)^\top H\, (w - w^*), \qquad H = \frac2N X^\top X \tag{1}$$
#
# The shape of the bowl is that of $H$, and $H$ is made of nothing but the *inputs*. Below, both features have mean 3, and the second one is
# three times as wide as the first one. We take the best step size there is for this bowl, $2/(\lambda_\text{min} + \lambda_\text{max})$, and
# 25 steps.

# %% tags=["demo"]
rng = np.random.default_rng(0)
raw = rng.normal([3.0, 3.0], [0.3, 0.9], (400, 2))


def descent(X, steps=25, start=(1.0, -0.4)):
    """Return H, and the path of w − w* for the best step size."""
    H = 2 * X.T @ X / len(X)
    lr = 2 / np.sum(np.linalg.eigvalsh(H))  # of two eigenvalues
    path = [np.array(start)]
    for _ in range(steps):
        path.append(path[-1] - lr * H @ path[-1])
    return H, np.array(path)


def condition(X):
    return np.linalg.cond(X.T @ X)

# %% tags=["demo"]
plots.show(
    figures.ravines({f"raw data, condition number {condition(raw):.0f}": descent(raw)}),
    alt="Contours of the loss: a long narrow valley across the plane. The path of gradient descent "
    "jumps from side to side of the valley and moves along it only a little.",
)
assert condition(raw) > 30, "the loss of raw data is a ravine"
assert np.linalg.norm(descent(raw)[1][-1]) > 0.2, "25 steps don't lead out of it"

# %% [markdown]
# This is a **ravine**. The step size is limited by the steep direction, and in the flat one nearly nothing happens. The ratio of the two
# curvatures, the largest over the smallest eigenvalue of $H$, is the *condition number*; the number of steps grows with it (lecture 7).
#
# Two things make the ravine: a **mean** far from zero, for all inputs then push the weights the same way; and different **scales**. Both can
# be mended before training begins.
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | What is subtracted from images? | the mean image, one number a pixel (AlexNet) | one number a channel (VGG) | you write **both**: `center` and `channel_mean` |
# | Where are the channels? | last: [32, 32, 3] | first, in the lecture on convolutions | **first**, `(N, C, H, W)`: the mean image has shape `(3, 32, 32)` |
# | Is the scale normalised? | "not common", and neither is PCA or whitening | inputs *must* be standardised (SELU); or a batch normalization layer at the input does it | both are right about their case: pixels have one scale already, other features don't; SELU's proof needs variance 1 |
# | Where is ε? | | inside the root in batch normalization, outside in the optimisers | `standardize`: **outside**, σ + ε; `whiten`: **inside**, √(λ + ε) |
# | Where does shuffling stand? | after `interleave`, over examples | also over the list of files | **both** (§10) |
# | Where is `repeat`? | near the front, before shuffling | | behind it: otherwise two epochs are mixed, and within one pass an example can come twice |

# %% [markdown]
# ## §2 Centre
#
# For one feature, with values $x_1, \dots, x_N$ over the examples:
#
# $$\mu = \frac1N \sum_i x_i, \qquad x_i \leftarrow x_i - \mu \tag{2}$$
#
# Each feature has its own μ. If the examples are images, each pixel of each channel is a feature, and the means together are an image, the
# **mean image**.
#
# ### Exercise 1 · center
# *About 5 minutes · difficulty ●○○*
#
# | array | shape | |
# |---|---|---|
# | `X` | `(N, ...)` | examples: features or images |
# | `centred` | `(N, ...)` | X − mean |
# | `mean` | `(...)` | the mean over the examples |
#
# **By hand.** $X = \begin{pmatrix} 1 & 20 \\ 3 & 10 \\ 2 & 60 \end{pmatrix}$ has the means $(2, 30)$, so the centred data are
# $\begin{pmatrix} -1 & -10 \\ 1 & -20 \\ 0 & 30 \end{pmatrix}$. The means over each *row* would be 10.5, 6.5 and 31: that is the wrong axis.
#
# <details><summary>Hint 1</summary>
#
# Which axis holds the examples? A mean along it leaves one number per feature, whatever the other axes are.
# </details>
# <details><summary>Hint 2</summary>
#
# An array of shape `(...)` lines up with the last axes of `(N, ...)` by itself.
# </details>

# %% nbgrader={"grade": false, "grade_id": "center", "locked": false, "schema_version": 3, "solution": true, "task": false}
def center(X):
    """Subtract from every feature its mean over the examples: equation (2).

    Parameters
    ----------
    X : array of shape (N, ...)
        N examples: features, shape (N, D), or images, shape (N, C, H, W), where each pixel is
        a feature. Integers are legal.

    Returns
    -------
    centred : array of shape (N, ...)
        X − mean.
    mean : array of shape (...)
        The mean over the N examples; of images it is the mean image, shape (C, H, W).

    X is not changed.
    """
    ### BEGIN SOLUTION
    mean = np.mean(X, axis=0)
    return X - mean, mean
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_center", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(center)
### BEGIN HIDDEN TESTS
from autograder import score
score(center)
### END HIDDEN TESTS

# %% [markdown]
# A photograph of the sky is blue all over. The *mean image* says for each place what is usual there; the **per-channel mean** only says how
# blue photographs are. It is $C$ numbers, and it suits images of any size:
#
# $$\mu_c = \frac{1}{N H W} \sum_{n, h, w} x_{n c h w} \tag{3}$$
#
# ### Exercise 2 · channel_mean
# *About 5 minutes · difficulty ●○○*
#
# | array | shape | |
# |---|---|---|
# | `images` | `(N, C, H, W)` | |
# | returned | `(C,)` | one mean a channel |
#
# **By hand.** Two images of 1×2 pixels with two channels: the first has (1, 2) and (10, 30), the second (3, 6) and (20, 20). Channel 0 has the
# mean (1 + 2 + 3 + 6)/4 = 3, channel 1 has 20.
#
# <details><summary>Hint</summary>
#
# `np.mean` takes a tuple of axes. Three of the four go away; which one stays?
# </details>

# %% nbgrader={"grade": false, "grade_id": "channel_mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
def channel_mean(images):
    """Average every channel over all pixels of all images: equation (3).

    Parameters
    ----------
    images : array of shape (N, C, H, W)
        Integers are legal.

    Returns
    -------
    array of shape (C,)
        One number for each channel.

    images is not changed.
    """
    ### BEGIN SOLUTION
    return np.mean(images, axis=(0, 2, 3))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_channel_mean", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(channel_mean)
### BEGIN HIDDEN TESTS
from autograder import score
score(channel_mean)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The digits, with both kinds of centring. Orange is below zero, purple above.

# %% tags=["demo"]
digits = data.digits(standardized=False, images=True)
one = digits.X_train[3, 0]

if ready(center, channel_mean):
    centred, mean_image = center(digits.X_train)
    per_channel = channel_mean(digits.X_train)
    panels = {"an image": one, "mean image": mean_image[0]}
    panels |= {"less mean image": centred[3, 0], "less channel mean": one - per_channel[0]}
    plots.show(
        figures.pictures(panels),
        alt="A digit; the mean image, a blurred blob that is dark at the rim; the digit less the mean "
        "image, with both signs; the digit less one number, which looks like the digit itself.",
    )
    print(f"the mean of all pixels: {per_channel[0]:.3f}, of single pixels: 0 to {mean_image.max():.2f}")
    assert abs(mean_image.mean() - per_channel[0]) < 1e-12, "the channel mean is the mean image's mean"

# %% [markdown]
# ## §3 Scale, and who may be asked
#
# $$x \leftarrow \frac{x - \mu}{\sigma + \varepsilon}, \qquad \sigma^2 = \frac1N \sum_i (x_i - \mu)^2 \tag{4}$$
#
# μ and σ belong to **the training set**, for both sets. There are two reasons.
#
# - The network has learned what "1.5" means for a feature. If the test set is moved and scaled by other numbers, 1.5 means something else.
#   A test set may also be a single example: it has no deviation at all.
# - The test set stands for data that nobody has seen yet. Whatever you compute from it *before* the test has leaked into the training.
#
# ### Exercise 3 · standardize
# *About 10 minutes · difficulty ●○○*
#
# | array | shape | |
# |---|---|---|
# | `X_train` | `(N, D)` | where μ and σ come from |
# | `X_test` | `(M, D)` | perhaps a single row |
# | returned | `(N, D)`, `(M, D)` | both by (4) |
#
# **By hand.** $X_\text{train} = \begin{pmatrix} 1 & 30 \\ 3 & 10 \end{pmatrix}$ has means (2, 20) and deviations (1, 10), so it becomes
# $\begin{pmatrix} -1 & 1 \\ 1 & -1 \end{pmatrix}$, and the test example (4, 20) becomes (2, 0). With N − 1 the first deviation would be 1.41.
# With training values 1 and 5 and ε = 3, the test value 13 becomes (13 − 3)/(2 + 3) = 2.
#
# <details><summary>Hint 1</summary>
#
# Compute two arrays of shape `(D,)` first, from X_train alone. Then use them twice.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.std` divides by N unless you tell it otherwise. ε is added to its result.
# </details>

# %% nbgrader={"grade": false, "grade_id": "standardize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def standardize(X_train, X_test, eps=1e-8):
    """Standardise both sets with the mean and the standard deviation of the training set: (4).

    Parameters
    ----------
    X_train : array of shape (N, D)
    X_test : array of shape (M, D)
        M may be 1. Integers are legal in both.
    eps : float
        ε, added to the standard deviation.

    Returns
    -------
    (array of shape (N, D), array of shape (M, D))
        (x − μ)/(σ + ε), where μ and σ are the mean and the standard deviation of each feature
        over the rows of X_train, and σ² divides by N. A feature that never varies in X_train
        comes out as 0 there.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    mean, std = np.mean(X_train, axis=0), np.std(X_train, axis=0)
    return (X_train - mean) / (std + eps), (X_test - mean) / (std + eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_standardize", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(standardize)
### BEGIN HIDDEN TESTS
from autograder import score
score(standardize)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The ravine of §1, with your functions.

# %% tags=["demo"]
def steps_needed(X, least=1e-3):
    """Count the steps until the distance from the best weights is a thousandth of what it was."""
    path = descent(X, steps=5000)[1]
    return int(np.argmax(np.linalg.norm(path, axis=1) < least * np.linalg.norm(path[0])))


if ready(center, standardize):
    kinds = {"raw": raw, "centred": center(raw)[0], "standardised": standardize(raw, raw)[0]}
    plots.show(
        figures.ravines({name: descent(X) for name, X in kinds.items()}),
        alt="Three losses. Raw: a narrow slanted valley. Centred: an ellipse along the axes, less "
        "narrow. Standardised: circles, and the path goes straight to the minimum.",
    )
    for name, X in kinds.items():
        print(f"{name:>13}: condition number {condition(X):6.1f}, {steps_needed(X)} steps")
    assert condition(kinds["standardised"]) < 1.5 < condition(kinds["centred"]) < condition(raw), "each makes it rounder"
    assert steps_needed(raw) > 20 * steps_needed(kinds["standardised"]), "the round bowl needs fewer steps"

# %% [markdown]
# Does that hold for a network? Below, one hidden layer and the digits as they come in a file, 0 to 255, but with every second pixel
# recorded a hundred times too small, as in a table whose columns have different units. Each kind of data gets the best of several step sizes,
# and three seeds.

# %% tags=["demo"]
plain = data.digits(standardized=False)
units = np.where(np.arange(64) % 2, 255.0, 2.55)
file_train, file_test = plain.X_train * units, plain.X_test * units


def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def accuracies(X_train, X_test, rates, seeds=3, epochs=3):
    """Return the test accuracies of the best step size, one a seed."""
    sets, found = data.Digits(X_train, plain.y_train, X_test, plain.y_test), []
    for lr in rates:
        rngs = map(np.random.default_rng, range(seeds))
        runs = [(nets.mlp((64, 30, 10), init=he, activation="relu", rng=rng), rng) for rng in rngs]
        found.append([nets.train(net, sets, lr=lr, epochs=epochs, rng=rng).test_accuracy[-1] for net, rng in runs])
    return max(found, key=np.mean)

# %% tags=["demo"]
if ready(center, standardize):
    centred, mean = center(file_train)
    scaled = standardize(file_train, file_test, eps=1e-2)
    found = {
        "raw": accuracies(file_train, file_test, (1e-6, 1e-5, 1e-4, 1e-3)),
        "centred": accuracies(centred, file_test - mean, (1e-6, 1e-5, 1e-4, 1e-3)),
        "standardised": accuracies(*scaled, (0.01, 0.03, 0.1, 0.3)),
    }
    plots.show(
        figures.bars(found, "test accuracy", "Three epochs, each with its best step size"),
        alt="Bars of the test accuracy after three epochs, with three seeds each: standardised data "
        "give the highest one.",
    )
    assert min(found["standardised"]) > max(found["raw"]), "standardised data are learned faster"

# %% [markdown]
# Now the second reason. We test the net on what a user might send: ten images of *one* class. Once they are standardised with the training
# set's statistics, once with their own.

# %% tags=["demo"]
if ready(standardize):
    rng = np.random.default_rng(0)
    net = nets.mlp((64, 30, 10), init=he, activation="relu", rng=rng)
    train_set, test_set = standardize(file_train, file_test, eps=1e-2)
    nets.train(net, data.Digits(train_set, plain.y_train, test_set, plain.y_test), lr=0.1, epochs=4, rng=rng)
    right = {"training set's": [], "their own": []}
    for k in range(10):
        few = file_test[plain.y_test == k][:10]
        right["training set's"].append(net.accuracy(standardize(file_train, few, eps=1e-2)[1], k))
        right["their own"].append(net.accuracy(standardize(few, few, eps=1e-2)[1], k))
    plots.show(
        figures.bars(right, "share recognised", "Ten images of one class, by whose statistics?"),
        alt="With the training set's statistics nine of ten images are recognised; with statistics "
        "of their own far fewer, in some classes hardly any.",
    )
    assert np.mean(right["training set's"]) > 0.85, "the net works with the statistics it was trained with"
    assert np.mean(right["their own"]) < 0.6, "what all ten have in common is subtracted"

# %% [markdown]
# ## §4 Principal components
#
# Standardising treats each feature alone. If two features *go together*, the bowl (1) is still a ravine, a slanted one. The **covariance
# matrix** of the centred data says what goes together:
#
# $$\Sigma = \frac1N \sum_i (x_i - \mu)(x_i - \mu)^\top = \frac1N \tilde X^\top \tilde X, \qquad \tilde X = X - \mu \tag{5}$$
#
# The variance of the data along a direction $v$ of length 1 is $v^\top \Sigma v$. Σ is symmetric, so it has orthonormal eigenvectors
#
# $$\Sigma\, v_j = \lambda_j\, v_j, \qquad \lambda_1 \ge \lambda_2 \ge \dots \ge \lambda_D \ge 0 \tag{6}$$
#
# and $v_1$ is the direction with the largest variance, $\lambda_1$; $v_2$ the best one at right angles to it, and so on. These are the
# **principal components**. Between $\tilde X v_i$ and $\tilde X v_j$ there is no covariance: $v_i^\top \Sigma v_j = 0$.
#
# The same follows from the singular value decomposition $\tilde X = U S V^\top$: the rows of $V^\top$ are the components, and
# $\lambda_j = S_j^2 / N$.
#
# ### Exercise 4 · pca
# *About 25 minutes · difficulty ●●○*
#
# | array | shape | |
# |---|---|---|
# | `X` | `(N, D)` | any mean |
# | `components` | `(k, D)` | $v_1, \dots, v_k$ as **rows** |
# | `variances` | `(k,)` | $\lambda_1 \ge \dots \ge \lambda_k$ |
#
# If $v$ is an eigenvector, so is $-v$: either sign is right.
#
# **By hand.** $X = \begin{pmatrix} 1 & 4 \\ 5 & 0 \\ 2 & 1 \\ 4 & 3 \end{pmatrix}$ has the mean (3, 2). Centred, the first two rows are $\mp(2, -2)$ and
# the last two $\mp(1, 1)$. Along $(1, -1)/\sqrt2$ the projections are $-\sqrt8, \sqrt8, 0, 0$: variance 4. Along $(1, 1)/\sqrt2$ they are
# $0, 0, -\sqrt2, \sqrt2$: variance 1. So `components` is $\frac{1}{\sqrt2}\begin{pmatrix} 1 & -1 \\ 1 & 1 \end{pmatrix}$, and `variances` is (4, 1). With N − 1 they
# would be 5.33 and 1.33; the singular values are 4 and 2.
#
# <details><summary>Hint 1</summary>
#
# `np.linalg.eigh` is made for symmetric matrices. Read in its documentation in which order the eigenvalues come, and whether the eigenvectors
# are rows or columns.
# </details>
# <details><summary>Hint 2</summary>
#
# Whatever you do to the order of the eigenvalues, do to the eigenvectors as well.
# </details>

# %% nbgrader={"grade": false, "grade_id": "pca", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pca(X, k):
    """Return the k directions in which the data vary most, and the variances along them: (6).

    Parameters
    ----------
    X : array of shape (N, D)
        It need not be centred. Integers are legal.
    k : int
        How many directions, from 1 to the smaller of N and D.

    Returns
    -------
    components : array of shape (k, D)
        Each row is a direction of length 1, at right angles to the others; the one with the
        largest variance comes first. Either sign is right, and where two variances are equal,
        any two such directions that span the same plane.
    variances : array of shape (k,)
        The variance of the data along each direction, divided by N, largest first.

    X is not changed.
    """
    ### BEGIN SOLUTION
    centred = X - np.mean(X, axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    return vectors[:, ::-1][:, :k].T, values[::-1][:k]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_pca", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(pca)
### BEGIN HIDDEN TESTS
from autograder import score
score(pca)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The components of the digits are images, too. A digit is the mean image plus so much of each; with few of them one gets a
# sketch.

# %% tags=["demo"]
if ready(pca, center):
    components, variances = pca(plain.X_train, 64)
    mean = center(plain.X_train)[1]
    x = plain.X_test[5]
    shown = {f"component {j + 1}": components[j].reshape(8, 8) for j in range(3)}
    shown["the digit"] = x.reshape(8, 8)
    for k in (2, 10, 30):
        sketch = mean + (x - mean) @ components[:k].T @ components[:k]
        shown[f"k = {k}"] = np.maximum(sketch, 0).reshape(8, 8)
    plots.show(
        figures.pictures(shown),
        alt="Three components, with positive and negative patches like strokes; a digit, and what is "
        "left of it with 2, 10 and 30 components: a blob, a sketch, nearly the digit.",
    )

# %% tags=["demo"]
if ready(pca, center):
    plots.show(
        figures.shares(variances),
        alt="The variances fall over several powers of ten; the share of the first k rises steeply "
        "and passes nine tenths at about 20 components.",
    )
    share = np.cumsum(variances) / np.sum(variances)
    assert share[9] > 0.7 and 15 < np.argmax(share > 0.9) + 1 < 25, "a third of the components hold nine tenths"

# %% [markdown]
# ## §5 Whitening
#
# Project the centred data on all components, and they are **decorrelated**: their covariance matrix is diagonal. Divide each column by its
# standard deviation, and it is the identity: the data are **white**.
#
# $$z_j = \frac{\tilde X v_j}{\sqrt{\lambda_j + \varepsilon}}, \qquad \frac1N Z^\top Z \approx I \tag{7}$$
#
# For white data the bowl (1) is round, whatever the data were. ε is inside the root, as in batch normalization, and it is needed here: a
# direction in which nothing happens has $\lambda = 0$.
#
# ### Exercise 5 · whiten
# *About 15 minutes · difficulty ●●○*
#
# | array | shape | |
# |---|---|---|
# | `X` | `(N, D)` | N may be smaller than D |
# | returned | `(N, D)` | $z_1, \dots, z_D$ as columns, largest variance first |
#
# **By hand.** The four points of exercise 4, with ε = 0: the projections on the first component are $(-\sqrt8, \sqrt8, 0, 0)$; divided by
# $\sqrt4$ they are $(-\sqrt2, \sqrt2, 0, 0)$. Those on the second are divided by 1. With ε = 5 the divisors are $\sqrt{9} = 3$ and
# $\sqrt6$. (2 + 5 would be ε outside the root.)
#
# <details><summary>Hint 1</summary>
#
# The components as columns, `(D, D)`: then one matrix product projects all examples on all of them.
# </details>
# <details><summary>Hint 2</summary>
#
# Rounding can make a zero eigenvalue −1e-17. That does no harm inside √(λ + ε), unless ε is 0: `np.maximum` helps.
# </details>
# <details><summary>Hint 3</summary>
#
# Does your answer have D columns, if there are fewer examples than features?
# </details>

# %% nbgrader={"grade": false, "grade_id": "whiten", "locked": false, "schema_version": 3, "solution": true, "task": false}
def whiten(X, eps=1e-5):
    """Centre the data, project them on their principal components, and scale each to variance 1.

    Parameters
    ----------
    X : array of shape (N, D)
        It need not be centred. N may be smaller than D. Integers are legal.
    eps : float
        ε, added to the variance, inside the root.

    Returns
    -------
    array of shape (N, D)
        Column j is the projection of the centred data on component j, divided by √(λⱼ + ε),
        where λⱼ is the variance along it, divided by N; the largest variance comes first.
        The sign of a column is free. A direction without variance gives a column of zeros.

    X is not changed.
    """
    ### BEGIN SOLUTION
    centred = X - np.mean(X, axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    return centred @ vectors / np.sqrt(values + eps)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_whiten", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(whiten)
### BEGIN HIDDEN TESTS
from autograder import score
score(whiten)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** From raw to white.

# %% tags=["demo"]
rng = np.random.default_rng(4)
cloud = rng.normal(size=(300, 2)) @ np.array([[2.0, 1.2], [0.0, 0.9]]) + [3.5, 2.0]

if ready(center, pca, whiten):
    centred = center(cloud)[0]
    components, variances = pca(cloud, 2)
    white = whiten(cloud)
    panels = {"raw": cloud, "centred": centred, "decorrelated": centred @ components.T, "white": white}
    plots.show(
        figures.clouds(panels, {"centred": 2 * components * np.sqrt(variances)[:, None]}),
        alt="Four clouds: a slanted ellipse off the origin; the same at the origin, with its two "
        "axes as arrows; an ellipse along the horizontal axis; a round cloud.",
    )
    for name, points in panels.items():
        print(f"{name:>13}: condition number {condition(points):6.1f}")
    assert condition(white) < 1.001 < condition(centred) < condition(cloud), "white data make a round bowl"

# %% [markdown]
# So why is whitening "not common", as one slide says? Σ has $D^2$ entries, 22 billion for a photograph of 224×224×3. And the directions with
# the least variance are blown up most: often they hold little but noise. A large ε keeps them small. Let us measure what all that does for
# the digits. (Properly, the training set's mean, components and variances serve for both sets. Here we whiten both together, which is simpler,
# and favours whitening a little.)

# %% tags=["demo"]
if ready(standardize, whiten):
    both = np.concatenate([plain.X_train, plain.X_test])
    found, rates = {}, (0.03, 0.1, 0.3)
    found["standardised"] = accuracies(*standardize(plain.X_train, plain.X_test, eps=0.05), rates)
    for eps in (1e-5, 1e-1):
        white = whiten(both, eps)
        found[f"white, ε = {eps:g}"] = accuracies(white[: len(plain.X_train)], white[len(plain.X_train) :], rates)
    plots.show(
        figures.bars(found, "test accuracy", "Three epochs, each with its best step size"),
        alt="Test accuracies of standardised data, and of white data with a tiny and a large ε: "
        "three bars of the same height, but for the differences between seeds.",
    )
    means = [np.mean(one) for one in found.values()]
    assert np.ptp(means) < 0.02, "whitening makes no difference here that one could see"

# %% [markdown]
# Three seeds can't tell them apart. Whitening does no harm here, and gains nothing over the cheap standardisation. That is the
# better reason for "not common".

# %% [markdown]
# ## §6 Pipelines
#
# The digits fit into memory; a million photographs don't. They lie in files, and have to be read, decoded, put in random order, gathered in
# batches and handed over, again and again. A **pipeline** is a row of stages, each of which takes items from the one before. The slides have
# them as `tf.data` names them:
#
# | stage | what it does | why it is there |
# |---|---|---|
# | list files | the names of all files, shuffled | so that an epoch doesn't begin with the same file each time |
# | interleave | reads several files in turn (§8) | neighbours in a file are alike |
# | shuffle | mixes within a bounded buffer (§7) | SGD wants independent examples |
# | map | decodes, standardises, augments | where §2 to §5 happen |
# | batch | gathers examples (this section) | a matrix product is faster than many vectors |
# | prefetch | works ahead (§9) | so that nobody waits |
# | repeat | begins again | another epoch |
#
# In Python each stage is a **generator**: a function with `yield` in it. Calling it runs nothing. `next` runs it to the next `yield`, which
# hands out an item and stops there, with all variables as they are. A `for` loop calls `next` until the function has ended. So a stage is
# *lazy*: it takes an item from the stage before when it needs one, and items that never end are no problem.
#
# Two rules. `for item in items` and `iter(items)` work for lists *and* iterators; `len(items)` and `items[3]` only for lists. And where you
# call `next` yourself, catch its `StopIteration`: inside a generator it turns into a `RuntimeError`.
#
# ### Exercise 6 · batch
# *About 10 minutes · difficulty ●○○*
#
# | argument | | |
# |---|---|---|
# | `items` | iterable | perhaps endless |
# | `batch_size` | int ≥ 1 | |
# | `drop_remainder` | bool | whether a last list that isn't full is left out |
# | yields | list | the next items |
#
# **By hand.** `"abcde"` in lists of two gives `["a", "b"]`, `["c", "d"]`, `["e"]`, and with `drop_remainder=True` the first two only. `"abcd"`
# gives two lists, and no empty one after them. The first list comes when two items have been taken, not three.
#
# <details><summary>Hint 1</summary>
#
# Collect items in a list. When is it full? Look *after* you have added the item.
# </details>
# <details><summary>Hint 2</summary>
#
# After a `yield`, begin a *new* list. If you clear the old one, whoever received it sees it change.
# </details>
# <details><summary>Hint 3</summary>
#
# What is left when the loop has ended? Three cases: nothing, something that is wanted, something that isn't.
# </details>

# %% nbgrader={"grade": false, "grade_id": "batch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batch(items, batch_size, drop_remainder=False):
    """Yield the items in lists of batch_size.

    Parameters
    ----------
    items : iterable
        A list, an iterator, anything that a for loop takes; it may never end.
    batch_size : int
        At least 1.
    drop_remainder : bool
        Whether a last list that isn't full is left out.

    Yields
    ------
    list
        The next batch_size items, in order, in a new list. The last one may be shorter, and is
        never empty. A list is yielded as soon as it is full, before another item is taken.

    Nothing is taken from items before the first list is asked for.
    """
    ### BEGIN SOLUTION
    held = []
    for item in items:
        held.append(item)
        if len(held) == batch_size:
            yield held
            held = []
    if held and not drop_remainder:
        yield held
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batch", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(batch)
### BEGIN HIDDEN TESTS
from autograder import score
score(batch)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** A source that counts what is taken from it shows how lazy you are.

# %% tags=["demo"]
if ready(batch):
    source = Source(itertools.count(1))  # 1, 2, 3, … without end
    lists = batch(source, 4)
    print(f"before the first: {source.taken} taken")
    for _ in range(3):
        found = next(lists)
        print(f"{found!s:>16}: {source.taken} taken")
    assert source.taken == 12, "three lists of four take twelve items"

# %% [markdown]
# ## §7 Shuffle what doesn't fit
#
# A perfect shuffle needs all items at once. With a **buffer** one comes close: fill it, draw one of its items at random, put the next item
# from the stream in its place, and so on. At the end the buffer runs empty.
#
# An item may leave late, but never early: the $n$-th item that comes out is one of the first $n + B - 1$ that went in.
#
# ### Exercise 7 · shuffle_buffer
# *About 20 minutes · difficulty ●●○*
#
# | argument | | |
# |---|---|---|
# | `items` | iterable | perhaps endless, perhaps fewer than the buffer holds |
# | `buffer_size` | int ≥ 1 | $B$ |
# | `rng` | Generator | |
# | yields | item | in random order |
#
# **By hand.** The items 1, 2, 3 and a buffer for two. It holds {1, 2}; each comes out first with probability ½. Say it is 2: then 3 takes its
# place, the buffer holds {1, 3}, and the items have ended. So four orders are possible, each with probability ¼: 1 2 3, 1 3 2, 2 1 3, 2 3 1.
# Never can 3 come first. With a buffer for one the order stays.
#
# <details><summary>Hint 1</summary>
#
# `rng.integers(n)` draws one of 0, …, n − 1.
# </details>
# <details><summary>Hint 2</summary>
#
# Two phases: as long as items come, and after that. What is different in the second one?
# </details>
# <details><summary>Hint 3</summary>
#
# Take items out by their *place*. `list.remove(item)` compares items, and arrays don't like that.
# </details>

# %% nbgrader={"grade": false, "grade_id": "shuffle_buffer", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shuffle_buffer(items, buffer_size, rng):
    """Yield the items in random order, out of a buffer that holds buffer_size of them.

    Parameters
    ----------
    items : iterable
        A list, an iterator, anything that a for loop takes; it may never end.
    buffer_size : int
        At least 1. There may be fewer items than that.
    rng : numpy.random.Generator
        Where all random numbers come from.

    Yields
    ------
    item
        First the buffer is filled. Then one of its items is drawn, each with the same
        probability, and the next item takes its place. When items have come to their end, the
        rest of the buffer is drawn in the same way until it is empty.

    Nothing is taken from items before the first item is asked for; and when n items have been
    yielded, at most n + buffer_size have been taken.
    """
    ### BEGIN SOLUTION
    buffer = []
    for item in items:
        if len(buffer) < buffer_size:
            buffer.append(item)
        else:
            place = rng.integers(buffer_size)
            yield buffer[place]
            buffer[place] = item
    while buffer:
        yield buffer.pop(rng.integers(len(buffer)))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_shuffle_buffer", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(shuffle_buffer)
### BEGIN HIDDEN TESTS
from autograder import score
score(shuffle_buffer)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** 300 items, and buffers of several sizes. An unshuffled row would be the diagonal.

# %% tags=["demo"]
sizes = (1, 30, 300)  # change 30 to 100: how far above the diagonal can a point be? Predict, and run

if ready(shuffle_buffer):
    rng = np.random.default_rng(0)
    rows = {f"buffer for {size}": list(shuffle_buffer(range(300), size, rng)) for size in sizes}
    plots.show(
        figures.orders(rows),
        alt="Place in the input against place in the output. Buffer for one: the diagonal. For 30: a "
        "band that ends sharply above the diagonal and thins out below it. For 300: all over.",
    )
    for size, row in zip(sizes, rows.values(), strict=True):
        earliest = max(item - place for place, item in enumerate(row))
        print(f"buffer for {size:3}: at most {earliest} places early")
        assert earliest < size, "no item comes before it has entered the buffer"

# %% [markdown]
# Does the network care? Here the digits are sorted by class, as they often are in files, with about 135 in each. The network
# sees all zeros, then all ones, and so on. One epoch, in batches of 8.

# %% tags=["demo"]
table = data.digits()
by_class = np.argsort(table.y_train, kind="stable")


def train_on(batches, lr=0.1, seed=0):
    """Train a net on lists of (x, y), and return its test accuracy."""
    net = nets.mlp((64, 30, 10), init=he, activation="relu", rng=np.random.default_rng(seed))
    for one in batches:
        X, y = np.array([x for x, _ in one]), np.array([y for _, y in one])
        for layer, gradient in zip(net.params, net.gradients(X, y)[1], strict=True):
            for name in layer:
                layer[name] = layer[name] - lr * gradient[name]
    return net.accuracy(table.X_test, table.y_test)

# %% tags=["demo"]
def accuracies_of(order, buffer_size, seeds=3):
    """Train for an epoch on the examples in this order, shuffled; return the test accuracies."""
    found = []
    for seed in range(seeds):
        places = shuffle_buffer(order, buffer_size, np.random.default_rng(seed))
        examples = ((table.X_train[i], table.y_train[i]) for i in places)
        found.append(train_on(batch(examples, 8), seed=seed))
    return found

# %% tags=["demo"]
if ready(shuffle_buffer, batch):
    found = {f"buffer {size}": accuracies_of(by_class, size) for size in (1, 100, 400, 1348)}
    plots.show(
        figures.bars(found, "test accuracy", "Sorted data, one epoch"),
        alt="Test accuracy against the size of the buffer: less than half without shuffling, little "
        "more with a buffer for 100, and above nine tenths where all items fit into it.",
    )
    means = [np.mean(one) for one in found.values()]
    assert means[0] < 0.6 and means[-1] > 0.9, "sorted data must be shuffled"
    assert means[1] < means[-1] - 0.2, "a buffer that holds less than a class isn't enough"

# %% [markdown]
# ## §8 Interleave
#
# A buffer of 100 can't mix classes that lie a thousand items apart. But if they are in *different files*, one can read several files at the
# same time: one item of each in turn. `cycle_length` is how many are open. What happens when a file ends has to be said exactly: **the next
# unopened one takes its slot, and has this turn.** When none is left, the slot is gone, and the
# others close up.
#
# ### Exercise 8 · interleave
# *About 25 minutes · difficulty ●●●*
#
# | argument | | |
# |---|---|---|
# | `sources` | iterable of iterables | some may be empty, some endless |
# | `cycle_length` | int ≥ 1 | slots; there may be fewer sources |
# | yields | item | |
#
# **By hand.** Four sources, a1 a2 a3 a4 · b1 · c1 c2 · d1 d2, and two slots:
#
# | turn of slot | 0 | 1 | 0 | 1 | 0 | 1 | 0 | 1 | 1 |
# |---|---|---|---|---|---|---|---|---|---|
# | yields | a1 | b1 | a2 | **c1** | a3 | c2 | a4 | **d1** | d2 |
#
# b has ended at slot 1's second turn, so c is opened there and gives c1 *at once*. Then c ends, and d takes over. At the end a has ended, no
# source is left, its slot is gone, and d2 follows d1. If c had to wait for the next round, a3 would come before c1.
#
# <details><summary>Hint 1</summary>
#
# Keep a list of iterators, the slots, made with `iter(source)`, and a number: whose turn it is.
# </details>
# <details><summary>Hint 2</summary>
#
# `next(slot)` may raise StopIteration: then the turn stays where it is, and what is in the slot changes. Otherwise yield, and the turn
# moves on.
# </details>
# <details><summary>Hint 3</summary>
#
# If you delete from a list while a `for` loop runs over it, the loop skips an element. Use `while`, and take the turn modulo the number of
# slots.
# </details>

# %% nbgrader={"grade": false, "grade_id": "interleave", "locked": false, "schema_version": 3, "solution": true, "task": false}
def interleave(sources, cycle_length):
    """Yield one item from each open source in turn.

    Parameters
    ----------
    sources : iterable of iterables
        Each source is a list, an iterator, anything that a for loop takes. Some may be empty,
        and some may never end.
    cycle_length : int
        How many sources are open at a time, at least 1. There may be fewer sources than that.

    Yields
    ------
    item
        The first cycle_length sources are opened, and give one item each in turn, again and
        again. Where one has ended, the next unopened source takes its slot and has this turn;
        when none is left, the slot is gone. The order of the slots stays as it is.

    Nothing is taken before the first item is asked for, and then no item of a source before its
    turn.
    """
    ### BEGIN SOLUTION
    unopened = iter(sources)
    slots = [iter(source) for source in itertools.islice(unopened, cycle_length)]
    turn = 0
    while slots:
        turn %= len(slots)
        try:
            item = next(slots[turn])
        except StopIteration:
            slots[turn : turn + 1] = [iter(source) for source in itertools.islice(unopened, 1)]
        else:
            yield item
            turn += 1
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_interleave", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(interleave)
### BEGIN HIDDEN TESTS
from autograder import score
score(interleave)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** One file a class. The buffer of 100 wasn't enough; behind `interleave` it is.

# %% tags=["demo"]
files = [np.flatnonzero(table.y_train == k) for k in range(10)]

if ready(shuffle_buffer, batch, interleave):
    found = {f"{slots} open": accuracies_of(list(interleave(files, slots)), 100) for slots in (1, 3, 10)}
    plots.show(
        figures.bars(found, "test accuracy", "One file a class, a buffer for 100"),
        alt="Test accuracy with one, three and ten files open at a time: about a half for one, not "
        "much more for three, and above nine tenths for ten.",
    )
    one_open, _, all_open = (np.mean(one) for one in found.values())
    assert all_open > 0.9 > one_open + 0.2, "reading all files in turn does what the buffer can't"

# %% [markdown]
# ## §9 Prefetch
#
# A lazy pipeline has a flaw: while the network computes, nobody loads, and while the next batch is loaded, the network waits. A step takes
# *load + train*. If a thread loads in advance, it takes only the *larger* of the two. And if loading is slower than training, several workers
# can load at the same time.
#
# The clock below is simulated: a batch takes 3 ticks to load, and 2 to train on.

# %% tags=["demo"]
def simulate(batches, load, train, workers, ahead):
    """Return for each worker, and for the training, when each batch begins and ends."""
    free, loading, training = [0.0] * workers, [[] for _ in range(workers)], []
    for k in range(batches):
        worker = k % workers
        room = training[k - ahead - 1][0] if k > ahead else 0.0  # when a place in the buffer is free
        asked = training[-1][1] if not ahead and training else 0.0
        start = max(free[worker], room, asked)
        free[worker] = start + load
        loading[worker].append((start, free[worker]))
        begin = max(free[worker], training[-1][1] if training else 0.0)
        training.append((begin, begin + train))
    names = ["load"] if workers == 1 else [f"load {w + 1}" for w in range(workers)]
    return dict(zip(names, loading, strict=True)) | {"train": training}

# %% tags=["demo"]
load, train = 3, 2
lines = {
    "without prefetching": simulate(6, load, train, workers=1, ahead=0),
    "with prefetching": simulate(6, load, train, workers=1, ahead=2),
    "with prefetching and two workers": simulate(6, load, train, workers=2, ahead=2),
}
plots.show(
    figures.timelines(lines),
    alt="Three timelines of six batches. Without prefetching loading and training take turns, until "
    "30. With it they overlap, and only loading never pauses, until 20. With two workers "
    "training hardly waits, until 15.",
)
finish = [line["train"][-1][1] for line in lines.values()]
assert finish[0] == 6 * (load + train), "without prefetching the times add up"
assert finish[1] == 6 * max(load, train) + min(load, train), "with it only the longer one counts"
assert finish[2] < finish[1], "two workers load twice as fast"

# %% [markdown]
# ### Exercise 9 · prefetch
# *About 45 minutes · difficulty ●●●*
#
# | argument | | |
# |---|---|---|
# | `items` | iterable | perhaps endless; it may raise |
# | `buffer_size` | int ≥ 1 | how many items wait at most |
# | yields | item | in order |
#
# A thread goes through `items` and puts them into a buffer; the generator takes them out and yields them. Four things have to be right.
#
# 1. **Bound.** With `buffer_size` items waiting, the thread pauses. It may hold one more in its hand.
# 2. **End.** When the items have ended, the consumer has to hear of it, or it waits for ever. Any item is legal, None too, so the sign of
#    the end has to be something else.
# 3. **Errors.** An exception in a thread ends the thread, prints something, and nobody else notices. Catch it there, and raise it where the
#    items are yielded, after the items before it.
# 4. **Early stop.** A consumer may stop after ten items. Python then raises `GeneratorExit` at your `yield`, and what stands in a `finally`
#    runs. A thread that waits for room would wait for ever: tell it to stop, *and* wake it.
#
# **By hand.** `items` is 1, 2, 3, … and `buffer_size` is 3. Before the first `next` nothing has been taken. After it 1 is yielded, and soon
# 4 or 5 items have been taken: three wait, and perhaps one is in the thread's hand. After the second `next` it is one more.
#
# <details><summary>Hint 1</summary>
#
# `queue.Queue(n)` has room for n. `put` waits while it is full, and `get` while it is empty.
# </details>
# <details><summary>Hint 2</summary>
#
# Put pairs into the queue: what it is (an item, the end, an error), and the item or the error.
# </details>
# <details><summary>Hint 3</summary>
#
# For the early stop: a `threading.Event` says *stop*. But a thread inside `put` doesn't look at it. Either use `put(…, timeout=0.1)` in a loop,
# which raises `queue.Full` when the time is up, or empty the queue in the `finally` until the thread has ended.
# </details>
# <details><summary>Hint 4</summary>
#
# Or count the room yourself: a `threading.Semaphore(buffer_size)`. The thread acquires before it puts an item into a queue without a bound, and
# the consumer releases for each item it takes out. In the `finally`, set the event and release once more.
# </details>
# <details><summary>Hint 5</summary>
#
# If the check says that something didn't come within two seconds, your consumer waits for something that the thread will never send. Go
# through the three ways in which the thread can end.
# </details>

# %% nbgrader={"grade": false, "grade_id": "prefetch", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prefetch(items, buffer_size):
    """Yield the items in order, while a thread takes the next ones in advance.

    Parameters
    ----------
    items : iterable
        A list, an iterator, anything that a for loop takes; it may never end, and it may raise.
    buffer_size : int
        At least 1: how many items wait in the buffer at most.

    Yields
    ------
    item
        The items, in order, None among them, if they hold it. From the first one on, a thread
        keeps the buffer full, whether or not the next item is asked for: it is between
        buffer_size and buffer_size + 1 items ahead of what has been yielded, never more.

    An exception of items is raised here, after the items before it. Nothing is taken from items
    before the first item is asked for. When the items or their consumer come to an end (a
    generator's close()), the thread ends as well.
    """
    ### BEGIN SOLUTION
    free, arrived, stopped = threading.Semaphore(buffer_size), queue.SimpleQueue(), threading.Event()

    def produce():
        error = None
        try:
            for item in items:
                free.acquire()
                if stopped.is_set():
                    return
                arrived.put(("item", item))
        except Exception as raised:
            error = raised
        arrived.put(("end", error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while (found := arrived.get())[0] == "item":
            free.release()
            yield found[1]
        if found[1] is not None:
            raise found[1]
    finally:
        stopped.set()
        free.release()
        thread.join()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_prefetch", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(prefetch)
### BEGIN HIDDEN TESTS
from autograder import score
score(prefetch)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** No clock is needed to see a thread work ahead: count. Each time the consumer has one item, we let the thread come to rest and
# look at what has been taken.

# %% tags=["demo"]
if ready(prefetch):
    for size in (1, 4):
        source, rows = Source(range(1, 13)), []
        for item in prefetch(source, size):
            source.wait_for(min(item + size + 1, 12), seconds=1.0)
            rows.append(source.taken - item)
        print(f"buffer_size {size}: ahead by {rows}")
        assert max(rows) <= size + 1 and rows[0] >= size, "the thread stays within its bound"

# %% [markdown]
# ## §10 All together
#
# List → shuffle → interleave → shuffle → batch → map → prefetch, with your functions: ten files whose order is drawn anew in each epoch, four
# of them open at a time, a buffer for 400, batches of 32 that are standardised by the training set's statistics, and three batches in advance.

# %% tags=["demo"]
def examples_of(rng, epochs):
    for _ in range(epochs):
        sources = shuffle_buffer(files, len(files), rng)
        yield from shuffle_buffer(interleave(sources, 4), 400, rng)


def loaded(batches):  # the stage called map
    for places in batches:
        _, X = standardize(file_train, file_train[places], eps=1e-2)
        yield list(zip(X, plain.y_train[places], strict=True))

# %% tags=["demo"]
if ready(standardize, shuffle_buffer, interleave, batch, prefetch):
    files = [np.flatnonzero(plain.y_train == k) for k in range(10)]
    _, X_test = standardize(file_train, file_test, eps=1e-2)
    table = data.Digits(file_train, plain.y_train, X_test, plain.y_test)
    rates = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        batches = batch(examples_of(rng, epochs=6), 32, drop_remainder=True)
        rates.append(train_on(prefetch(loaded(batches), 3), seed=seed))
    print("test accuracy:", ", ".join(f"{rate:.3f}" for rate in rates))
    assert min(rates) > 0.93, "the pipeline feeds a network that learns"

# %% [markdown]
# The stage `map` computes the training set's mean and deviation again for each batch, which is a waste. Where would you compute them?
#
# **The order matters.** *Batch, then shuffle* mixes batches: the same 32 examples stay together for ever. *Prefetch, then map* leaves the slow
# work to the consumer. *Repeat, then shuffle* mixes the epochs. *Cache* (keep decoded examples in memory, if they fit) belongs before anything
# random, or each epoch gets the same random numbers.
#
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague trains on 100 files, sorted by date, each with 10,000 examples. The pipeline is: list files → read one after the other →
# batch(32) → shuffle_buffer(1000) → standardise each batch with its own mean and deviation → prefetch(10). The training loss falls; on
# single images from a user the network is hardly better than guessing.
#
# (a) What exactly does the shuffling do here, and what doesn't it do? Give numbers. (b) Which mistake explains the failure on single images?
# (c) Write down a better order of the stages, with one reason for each change.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_data_pipelines", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (Answer all three parts here.)
#
# === BEGIN SOLUTION ===
# (a) It shuffles lists of 32 neighbours: the 32 always stay together. The buffer holds 1000 · 32 = 32,000 examples, the contents of 3.2 files,
# so the first weeks are still learned before the last ones; and it needs the memory of 32,000 examples.
#
# (b) The batch's own statistics. A single image has σ = 0, and x − μ = 0: it comes out as zeros, whatever it shows. Even for several images
# the numbers would mean something else than in training.
#
# (c) List files, shuffle the list (another order in each epoch) → interleave, say, 16 of them (neighbours come from different weeks) →
# shuffle_buffer(10,000) over examples (single examples are mixed, in less memory) → map: standardise with μ and σ of the whole training set,
# computed once (the same in training and use) → batch(32) → prefetch(2) as the last stage (a few batches are enough to hide the loading).
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §11 Summary
#
# | | what it removes | what it needs | used for |
# |---|---|---|---|
# | centre, (2) and (3) | the mean | D or C numbers | nearly always |
# | standardise, (4) | different scales | 2·D numbers | tables; SELU; pixels share a scale already |
# | PCA, (6) | correlations, dimensions | D² numbers | small D, compression, pictures of data |
# | whiten, (7) | all of it | D² numbers, a good ε | small D |
#
# - All statistics come from the training set, and are kept with the network.
# - The loss of a linear model has the shape of $X^\top X$: what you do to the inputs, you do to the ravine.
# - A stage of a pipeline is lazy and bounded. Shuffle examples before batching, prefetch last.
# - A thread has three ways to end: the items end, they raise, the consumer stops.
#
# ### Further reading
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller (1998), *Efficient backprop*, section 4.3: why to centre, scale and decorrelate.
# - A. Krizhevsky, I. Sutskever and G. Hinton (2012), the AlexNet paper: the mean image; K. Simonyan and A. Zisserman (2015), VGG: the mean of each channel.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 13.
# - The guide *Better performance with the tf.data API* in TensorFlow's documentation, for the timelines of §9.
# - K. Pearson (1901), *On lines and planes of closest fit to systems of points in space*: PCA.
