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
# # Lecture 10 · Regularization
#
# **A network reads 100 digits, 20 of them with a wrong label. After 100 epochs it knows all 100 labels by heart, the wrong ones too. How do
# you keep it from that, if nobody tells you which labels are wrong?** Below you find five ways, and measure what each is worth.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `early_stopping` | to stop before the net learns what is only noise |
# | §3 | `l2_penalty`, `l1_penalty` | to make large weights cost something |
# | §4 | `weight_decay_step` | to shrink weights directly, which under Adam isn't the same |
# | §5 | `max_norm` | to limit the incoming weights of each unit |
# | §6 | `shift_image`, `augment` | to make more of few images |
# | §8 | `ensemble_predict` | to let several networks decide together |
# | §10 | a question to answer in words | to choose a remedy |
#
# Conventions: NumPy only. Weights have the shape `(fan_in, fan_out)`, batches of images `(N, H, W)`. Integers are legal wherever numbers
# are. A function never changes its arguments. The networks below use exactly your functions.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from collections import namedtuple

from coursekit import data, plots
from coursekit.figures import regularization as figures

# %% [markdown]
# **The data.** We train on few digits, so that overfitting is real and a run takes a moment: 100 for training, 200 for validation, 449 for
# the test. A `share` of the training labels is replaced by wrong ones, as it happens in real data. Another seed draws other digits, other
# wrong labels and other first weights, and no result below comes from one seed alone.

# %% tags=["demo"]
digits = data.digits(standardized=False)
Sample = namedtuple("Sample", "X y X_val y_val wrong right")


def sample(seed, n=100, share=0.2):
    """Draw n training examples, of which the first have a wrong label, and 200 for validation."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(digits.y_train))
    train, val = order[:n], order[n : n + 200]
    y, wrong = digits.y_train[train].copy(), np.arange(n) < round(share * n)
    y[wrong] = (y[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    return Sample(digits.X_train[train], y, digits.X_train[val], digits.y_train[val], wrong, digits.y_train[train])

# %% [markdown]
# **The network** is that of lecture 1: 64 pixels, 40 hidden ReLU units, softmax with cross-entropy. It is written out here because that is
# fast. The training set is so small that every step uses all of it. We look at the losses after every four steps, and call that an *epoch*.

# %% tags=["demo"]
def log_probabilities(params, X):
    W1, b1, W2, b2 = params
    h = np.maximum(0, X @ W1 + b1)
    z = h @ W2 + b2
    z = z - np.max(z, axis=1, keepdims=True)
    return h, z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))


def look(params, X, y):
    """Return the mean cross-entropy and the accuracy."""
    log_p = log_probabilities(params, X)[1]
    return -np.mean(log_p[np.arange(len(y)), y]), np.mean(np.argmax(log_p, axis=1) == y)

# %% tags=["demo"]
def gradients(params, X, y):
    """Return the gradients of the mean cross-entropy for W1, b1, W2 and b2."""
    h, log_p = log_probabilities(params, X)
    dz = (np.exp(log_p) - np.eye(10)[y]) / len(y)
    da = dz @ params[2].T * (h > 0)
    return [X.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)]


def fresh(seed, hidden=40):
    """Draw the first weights, by He's rule; return them with the generator."""
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(0, np.sqrt(2 / 64), (64, hidden)), rng.normal(0, np.sqrt(2 / hidden), (hidden, 10))
    return [W1, np.zeros(hidden), W2, np.zeros(10)], rng

# %% [markdown]
# `learn` has three places where a remedy can act: `add` is a penalty on the weights, `step` makes new weights of old ones and a gradient,
# and `refresh` changes the training images before each epoch. Biases are never regularized: there are few of them, and a bias doesn't make
# a function wiggle.

# %% tags=["demo"]
def plain(w, grad):
    return w - 0.4 * grad


def learn(part, seed, hidden=40, epochs=100, add=None, step=plain, refresh=None):
    """Train; return the parameters, and four rows: loss in training and validation, accuracy in training and test."""
    (params, rng), log = fresh(seed, hidden), []
    for _ in range(epochs):
        X = refresh(part.X, rng) if refresh else part.X
        for _ in range(4):
            grads = gradients(params, X, part.y)
            if add:  # a function that returns (penalty, gradients), like yours
                grads[::2] = [g + more for g, more in zip(grads[::2], add(params[::2])[1], strict=True)]
            params = [step(p, g) if p.ndim == 2 else plain(p, g) for p, g in zip(params, grads, strict=True)]
        looks = look(params, part.X, part.y), look(params, part.X_val, part.y_val)
        log.append([looks[0][0], looks[1][0], looks[0][1], look(params, digits.X_test, digits.y_test)[1]])
    return params, np.array(log).T

# %% tags=["demo"]
seeds = range(5)
parts = [sample(seed) for seed in seeds]
first = {
    "3 hidden units": learn(parts[4], 4, hidden=3)[1],
    "40 units, all labels right": learn(sample(4, share=0), 4)[1],
    "40 units, 20 % wrong labels": learn(parts[4], 4)[1],
}
plots.show(
    figures.thresholds(first),
    alt="Training and validation losses over 100 epochs. With 3 hidden units both fall slowly and stay high. With 40 and right labels "
    "both fall, validation to 0.4. With wrong labels the training loss falls to zero, and the validation loss rises again after epoch 14.",
)
narrow, clean, noisy = first.values()
assert narrow[0, -1] > 0.5, "three units underfit"
assert noisy[2, -1] == 1 and noisy[1, -1] > 1.2 * noisy[1].min(), "40 units learn all wrong labels, and validation gets worse"

# %% [markdown]
# ## §1 Underfitting, overfitting, and the threshold between them
#
# On the left the net **underfits**: it can't even learn the training examples, however long it tries. On the right it **overfits**: it
# knows the training examples by heart, and gets worse on all others. In the middle, with right labels, it gets only a little worse. The epoch where the validation loss is lowest is the **overfitting
# threshold**. Before it, the net learns what all digits have in common. After it, it learns what only these 100 have.
#
# What decides on which side one is? The slides say: the *capacity* of the net, which grows with layers and units, against the complexity
# of the data, and the number of examples. Measure both. First the capacity, at the end of training:

# %% tags=["demo"]
widths, few = (2, 8, 16, 64), range(3)
by_width = {}
for share in (0.0, 0.2):
    some = [sample(seed, share=share) for seed in few]
    ends = np.array([[learn(some[seed], seed, hidden)[1][2:, -1] for seed in few] for hidden in widths])
    by_width[f"{share:.0%} wrong labels"] = {"training": ends[..., 0], "test": ends[..., 1]}
plots.show(
    figures.with_spread(by_width, widths, "hidden units", "accuracy after 100 epochs", log=True),
    alt="Accuracies over the number of hidden units, from 2 to 64, with right and with wrong labels. Training accuracy reaches 1 at "
    "16 units. "
    "Test accuracy rises to 0.88 with right labels, to 0.7 with wrong ones, and doesn't fall for wide nets.",
)
for accuracies in by_width.values():
    test = accuracies["test"].mean(axis=1)
    assert test[0] < 0.5 and test[-1] > test[1] - 0.02, "narrow nets underfit, and the widest net is no worse than one with 8 units"

# %% [markdown]
# The left half is as in every textbook. The right half isn't. The slides give "model capacity above data complexity" as a cause of
# overfitting, and "decrease capacity" as its first remedy. Here 64 units have nearly fifty parameters for each training example, and the
# test accuracy doesn't fall. Between 8 and 16 units the net begins to know everything by heart; more units only make it smoother. That is
# common for networks trained by gradient descent ("double descent" in the reading list). The gap between training and test is there all
# the same. So we follow the slides' other advice: *choose a net with high capacity, and prevent overfitting by regularization*.
#
# And now the number of examples:

# %% tags=["demo"]
sizes, by_size = (25, 100, 200), {}
for share in (0.0, 0.2):
    ends = np.array([[learn(sample(seed, n, share), seed)[1] for seed in few] for n in sizes])
    lowest = np.argmin(ends[:, :, 1], axis=-1)
    at_threshold = np.take_along_axis(ends[:, :, 3], lowest[..., None], axis=-1)[..., 0]
    by_size[f"{share:.0%} wrong labels"] = {"after 100 epochs": ends[:, :, 3, -1], "at the threshold": at_threshold}
plots.show(
    figures.with_spread(by_size, sizes, "training examples", "test accuracy", log=True, low=0.4),
    alt="Test accuracy over 25 to 200 training examples. With right labels it rises from 0.7 to 0.92, at the end and at the "
    "threshold alike. With wrong labels, and 100 or more examples, it is higher at the threshold than at the end.",
)
for lines in by_size.values():
    ends = lines["after 100 epochs"].mean(axis=1)
    assert np.all(np.diff(ends) > 0), "more data is better every time"
gap = by_size["20% wrong labels"]["at the threshold"] - by_size["20% wrong labels"]["after 100 epochs"]
assert gap[1:].mean() > 0.03, "with wrong labels one should have stopped at the threshold"

# %% [markdown]
# More data is the best remedy, and the dearest. Note the left panel: with right labels, overfitting costs next to no accuracy. The
# validation *loss* creeps up, because the net becomes too sure, but the most probable class stays the same. It is noise that makes
# overfitting expensive. In what follows, 20 % of the labels are wrong.
#
# **Regularization** is everything that moves the threshold out, or makes the net better on new examples without making it better on the
# training examples. The slides list: early stopping (§2), L1 and L2 (§3, §4), max-norm (§5), data augmentation (§6), ensembles (§8),
# dropout and DropConnect (lecture 11), and batch normalization, which regularizes as a side effect (lecture 5).
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | The factor of the L2 penalty? | λΣw² | λ/2·Σw² | **λ/2**, so that the gradient is λw. A λ for the first kind, as libraries have it, is half of ours |
# | Is λ in the penalty? | the penalty $R$ has a λ, and the loss is $J + \lambda R$: λ² by mistake | λ once | **once** |
# | Max-norm rescales… | every column, in one formula | columns beyond the limit | **only those longer than r** |
# | When does early stopping stop? | at the minimum of the validation error | when the accuracy no longer rises; the code watches the *training* accuracy (`monitor='acc'`) | after `patience` epochs without a lower **validation loss** |
# | Which weights are kept? | not said | those of the best epoch | **the best epoch's** |
# | What does patience 1 mean? | "for more than one epoch" | | the first epoch that isn't better is the **last** |
# | Is $(1 - \eta\lambda)w - \eta\nabla$ the L2 penalty? | yes | | for gradient descent yes, **for Adam no**: §4 |
# | When are images augmented? | once; the copies join the training set | random noise in training | **anew in every epoch** |
# | What is an ensemble worth? | "2 % extra" | | measured in §8 |
#
# ## §2 Early stopping
#
# Watch the validation loss, stop when it doesn't get better any more, and take the weights of the best epoch. Nothing is cheaper: it even
# saves time. But a loss jitters, and one bad epoch isn't the end. So one waits for `patience` bad epochs in a row. That the best epoch was
# the best is known only later; keep a copy of its weights.

# %% [markdown]
# ### Exercise 1 · early_stopping
# *About 15 minutes · difficulty ●●○*
#
# Somebody has trained for a long time and written down the validation loss after each epoch. Say where your rule would have ended the run.
#
# | value | | |
# |---|---|---|
# | `val_losses` | T numbers | list or array, epochs 0 … T − 1 |
# | `patience` | integer ≥ 1 | |
# | `best_epoch` | integer | lowest loss up to `stop_epoch`; of equal ones the first |
# | `stop_epoch` | integer | the last epoch that is trained |
#
# **By hand.** The losses are 5, 4, 4.5, 3, 3.5, 3.2, 3.1, 2, 6, and `patience` is 3. Epoch 2 is bad, epoch 3 is better, and the count
# begins anew. Epochs 4, 5 and 6 are bad, though 3.2 and 3.1 are falling: they aren't lower than 3. So the answer is (3, 6). The 2 in epoch
# 7 is never seen. With patience 1 the answer is (1, 2).
#
# <details><summary>Hint 1</summary>
#
# Go through the epochs with a loop, and remember one number: the best epoch so far. How many bad epochs in a row were there at epoch
# `epoch`?
# </details>
# <details><summary>Hint 2</summary>
#
# `epoch - best_epoch` is that number. What is `stop_epoch` if the loop runs to its end?
# </details>
# <details><summary>Hint 3</summary>
#
# "Strictly lower" is `<`. Begin with the first loss itself, or with `np.inf`: losses may be any numbers.
# </details>

# %% nbgrader={"grade": false, "grade_id": "early_stopping", "locked": false, "schema_version": 3, "solution": true, "task": false}
def early_stopping(val_losses, patience):
    """Decide at which epoch training ends, and which epoch's weights are kept.

    Parameters
    ----------
    val_losses : list or array of numbers
        The validation loss after each epoch of a long run, at least one. The numbers are finite;
        they may be negative, large, equal, or integers. Epochs are counted from 0.
    patience : int
        1 or more: after how many epochs in a row without a strictly lower loss one gives up.

    Returns
    -------
    best_epoch : int
        The epoch with the lowest loss up to stop_epoch; of equal ones the first.
    stop_epoch : int
        The last epoch that is trained: the first one that is the patience-th in a row whose loss
        isn't lower than the best loss before. Where there is none, the last epoch of the list.

    Return the pair (best_epoch, stop_epoch). What comes after stop_epoch is never looked at.
    """
    ### BEGIN SOLUTION
    best_epoch = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best_epoch]:
            best_epoch = epoch
        if epoch - best_epoch == patience:
            break
    return best_epoch, epoch
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_early_stopping", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(early_stopping)
### BEGIN HIDDEN TESTS
from autograder import score
score(early_stopping)
### END HIDDEN TESTS

# %% tags=["demo"]
if ready(early_stopping):
    nets = [learn(part, seed) for seed, part in zip(seeds, parts, strict=True)]
    runs = {"no remedy": [log for _, log in nets]}
    stops = [early_stopping(log[1], patience=10) for log in runs["no remedy"]]
    gained = [log[3, best] - log[3, -1] for log, (best, _) in zip(runs["no remedy"], stops, strict=True)]
    for seed, (best, stop) in zip(seeds, stops, strict=True):
        print(f"seed {seed}: stopped after epoch {stop}, the best was {best}; test accuracy {gained[seed]:+.2f}")
    hasty = [early_stopping(log[1], patience=1)[0] for log in runs["no remedy"]]
    assert np.mean(gained) > 0.03, "stopping early is better on average"
    assert all(best <= wise for best, (wise, _) in zip(hasty, stops, strict=True)), "with less patience one never stops later"

# %% [markdown]
# Some percent for nothing. It isn't the same for each seed: the validation set has 200 examples, so its minimum is a noisy one.
#
# **A path through weight space.** Why does stopping early regularize at all? Weights begin near zero, and large weights take time. So
# every path of gradient descent leads from simple nets to complicated ones, and stopping cuts it off. An L2 penalty, which §3 brings,
# also keeps weights near zero. Compare the two where one can compute all of it: a softmax without a hidden layer, on the same digits, that
# begins at zero.

# %% tags=["demo"]
def softmax_gradient(W, X, y):
    """Return the gradient of the cross-entropy of a net without a hidden layer."""
    z = X @ W
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return X.T @ (p / p.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)


def descend(part, lam, steps):
    """Return the path from zero, with the gradient λW of an L2 penalty."""
    path = [np.zeros((64, 10))]
    for _ in range(steps):
        path.append(path[-1] - 0.5 * (softmax_gradient(path[-1], part.X, part.y) + lam * path[-1]))
    return np.array(path).reshape(steps + 1, -1)


def val_loss(W):
    z = parts[0].X_val @ W.reshape(64, 10)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(200), parts[0].y_val])

# %% tags=["demo"]
lams = (0.1, 0.03, 0.01, 0.003)
path = descend(parts[0], 0.0, 1000)
ends = np.array([descend(parts[0], lam, 1500)[-1] for lam in lams])
nearest = [int(np.argmin(np.linalg.norm(path - end, axis=1))) for end in ends]
cosines = [path[step] @ end / np.linalg.norm(path[step]) / np.linalg.norm(end) for step, end in zip(nearest, ends, strict=True)]
best = 10 * int(np.argmin([val_loss(W) for W in path[::10]]))
plots.show(
    figures.weight_plane(path, ends, lams, val_loss, best),
    alt="Contours of the validation loss in a plane of weight space. The path of gradient descent starts at the origin, comes down into "
    "a valley, where the star of early stopping lies, and goes on. The minima with L2 penalties lie beside the path, those with a "
    "larger λ nearer to the origin.",
)
for lam, step, cosine in zip(lams, nearest, cosines, strict=True):
    print(f"λ = {lam:<5} is nearest to step {10 * round(step / 10)}; 1/(ηλ) = {1 / 0.5 / lam:.0f}; cosine {cosine:.2f}")
assert min(cosines) > 0.97, "each L2 minimum has a twin on the path"
assert all(0.4 < 0.5 * lam * step < 1.1 for lam, step in zip(lams, nearest, strict=True)), "its step is 1/(ηλ) within a factor of about two"

# %% [markdown]
# Each λ has its twin on the path (the vertical axis is stretched: they are nearer to each other than they look). The number of steps to it is
# $1/(\eta\lambda)$ within a factor of two. To stop after $t$ steps does what an L2
# penalty with $\lambda \approx 1/(\eta t)$ does. For quadratic losses that can be proved (*Deep learning*, section 7.8). The advantage of
# stopping: one run shows all values of λ.
#
# ## §3 Penalties: L2 and L1
#
# Add to the loss what large weights cost. With all weights of all layers in the sums:
#
# $$\tilde L = L + \frac{\lambda}{2} \sum_i w_i^2, \qquad \frac{\partial}{\partial w_i} \frac{\lambda}{2} \sum_j w_j^2 = \lambda w_i \tag{1}$$
#
# $$\tilde L = L + \lambda \sum_i |w_i|, \qquad \frac{\partial}{\partial w_i}\, \lambda \sum_j |w_j| = \lambda \operatorname{sign}(w_i) \tag{2}$$
#
# The 1/2 in (1) is there to cancel the 2 of the derivative. Where $w_i = 0$, |w| has a kink; there we take the slope 0, so that a weight
# at zero is left alone. Compare the two gradients: L2 pulls a large weight hard and a small one hardly at all. L1 pulls all of them
# alike, down to zero.

# %% [markdown]
# ### Exercise 2 · l2_penalty
# *About 10 minutes · difficulty ●○○*
#
# Equation (1), for a list of arrays.
#
# | value | shape | |
# |---|---|---|
# | `weights` | a list of arrays of any shapes | |
# | `lam` | a number | λ |
# | `penalty` | a number | what is added to the loss |
# | `grads` | a list of arrays, with the shapes of `weights` | what is added to the gradients |
#
# **By hand.** The weights are $\begin{pmatrix} 3 & -1 \\ 0 & 2 \end{pmatrix}$ and $(-4, 1)$, and λ = 0.5. The squares sum to 14 + 17 = 31,
# so the penalty is 0.25 · 31 = 7.75. The gradients are half of the weights: $\begin{pmatrix} 1.5 & -0.5 \\ 0 & 1 \end{pmatrix}$ and $(-2,
# 0.5)$.
#
# <details><summary>Hint 1</summary>
#
# `np.sum(w**2)` sums over all axes, however many there are. Python's `sum` adds what a generator yields: one number for each array.
# </details>
# <details><summary>Hint 2</summary>
#
# A list comprehension makes the gradients: `[... for w in weights]`.
# </details>

# %% nbgrader={"grade": false, "grade_id": "l2_penalty", "locked": false, "schema_version": 3, "solution": true, "task": false}
def l2_penalty(weights, lam):
    """Return the L2 penalty of a network's weights and its gradients: equation (1).

    Parameters
    ----------
    weights : list of arrays
        At least one, each of any shape; 0-dimensional and empty arrays are legal, and so are
        integers. Biases aren't penalised: the caller leaves them out.
    lam : number
        λ, 0 or more.

    Returns
    -------
    penalty : number
        λ/2 times the sum of the squares of all entries of all arrays.
    grads : list of arrays
        The gradient of the penalty for each array, in their order and of their shapes.

    Return the pair (penalty, grads). The list and its arrays are not changed.
    """
    ### BEGIN SOLUTION
    penalty = lam / 2 * sum(np.sum(np.square(w, dtype=float)) for w in weights)
    return penalty, [lam * np.asarray(w, dtype=float) for w in weights]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_l2_penalty", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(l2_penalty)
### BEGIN HIDDEN TESTS
from autograder import score
score(l2_penalty)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3 · l1_penalty
# *About 5 minutes · difficulty ●○○*
#
# Equation (2), with the same arguments and answers.
#
# **By hand.** The same weights, λ = 0.5. The absolute values sum to 6 + 5 = 11, so the penalty is 5.5: there is no 1/2. The gradients are
# $\begin{pmatrix} 0.5 & -0.5 \\ 0 & 0.5 \end{pmatrix}$ and $(-0.5, 0.5)$. The weight that is zero has gradient zero.
#
# <details><summary>Hint</summary>
#
# `np.sign` is 0 at 0. `w / np.abs(w)` isn't.
# </details>

# %% nbgrader={"grade": false, "grade_id": "l1_penalty", "locked": false, "schema_version": 3, "solution": true, "task": false}
def l1_penalty(weights, lam):
    """Return the L1 penalty of a network's weights and its gradients: equation (2).

    Parameters
    ----------
    weights : list of arrays
        At least one, each of any shape; 0-dimensional and empty arrays are legal, and so are
        integers.
    lam : number
        λ, 0 or more.

    Returns
    -------
    penalty : number
        λ times the sum of the absolute values of all entries of all arrays. There is no 1/2.
    grads : list of arrays
        For each array λ·sign(w), with sign(0) = 0, in their order and of their shapes.

    Return the pair (penalty, grads). The list and its arrays are not changed.
    """
    ### BEGIN SOLUTION
    penalty = lam * sum(np.sum(np.abs(w)) for w in weights)
    return penalty, [lam * np.sign(w) for w in weights]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_l1_penalty", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(l1_penalty)
### BEGIN HIDDEN TESTS
from autograder import score
score(l1_penalty)
### END HIDDEN TESTS

# %% [markdown]
# **In a picture.** A loss with two weights, lowest at (1.2, 0.2). We minimise it with each of your penalties, λ = 0.5.

# %% tags=["demo"]
if ready(l2_penalty, l1_penalty):
    A, centre = np.array([[1, 0.6], [0.6, 1]]), np.array([1.2, 0.2])
    found = []
    for penalty in (l2_penalty, l1_penalty):
        w = np.array([0.5, 0.5])
        for _ in range(4000):
            w = w - 0.005 * (A @ (w - centre) + penalty([w], 0.5)[1][0])
        found.append(w)
    plots.show(
        figures.penalties(centre, *found),
        alt="Elliptic contours of a loss twice. On the left the penalised minimum lies where an ellipse touches a circle around zero: both "
        "weights are smaller, none is zero. On the right an ellipse touches a diamond at its corner: the second weight is zero.",
    )
    assert abs(found[1][1]) < 0.005 < 0.05 < abs(found[0][1]), "L1 sets the second weight to zero, L2 doesn't"

# %% [markdown]
# The minimum lies where a contour of the loss touches the curve of equal penalty. A circle is touched anywhere. A diamond has corners on
# the axes, and corners are touched first. In high dimensions there are many corners: that is why L1 gives **sparse** weights and L2
# **small** ones. Now in the network:

# %% tags=["demo"]
strength = 0.003  # change this to 0.0003, predict how the right histogram below changes, and run this cell and the next two


def with_penalty(penalty, lam, seeds=seeds):
    return [learn(parts[seed], seed, add=lambda w: penalty(w, lam)) for seed in seeds]


def all_weights(params):
    return np.concatenate([params[0].ravel(), params[2].ravel()])


if ready(l2_penalty, l1_penalty):
    decayed, sparse = with_penalty(l2_penalty, 0.02), with_penalty(l1_penalty, strength)
    trained = {"no penalty": learn(parts[0], 0)[0], "L2, λ = 0.02": decayed[0][0], f"L1, λ = {strength:g}": sparse[0][0]}

# %% tags=["demo"]
if ready(l2_penalty, l1_penalty):
    plots.show(
        figures.histograms({label: all_weights(params) for label, params in trained.items()}),
        alt="Histograms of all 2960 weights on a log scale. Without a penalty a wide bell. With L2 a narrow one. With L1 a spike of some "
        "2400 weights at zero, and few weights that reach as far as those without a penalty. Weights beyond 0.8 are counted at the edges.",
    )
    near_zero = {label: np.mean(np.abs(all_weights(params)) < 0.01) for label, params in trained.items()}
    typical = {label: np.mean(np.abs(all_weights(params))) for label, params in trained.items()}
    pruned = [[np.where(np.abs(p) < 0.01, 0, p) if p.ndim == 2 else p for p in params] for params, _ in sparse]
    lost = [log[3, -1] - look(params, digits.X_test, digits.y_test)[1] for params, (_, log) in zip(pruned, sparse, strict=True)]
    print("weights below 0.01:", ", ".join(f"{label}: {fraction:.0%}" for label, fraction in near_zero.items()))
    none, l2, l1 = near_zero.values()
    assert strength != 0.003 or (l1 > 0.7 > 0.5 > l2 > none), "L1 makes most weights practically zero"
    assert typical["L2, λ = 0.02"] < 0.5 * typical["no penalty"], "L2 makes the weights less than half as large"
    assert strength != 0.003 or np.max(lost) < 0.02, "setting the tiny weights to zero costs next to nothing"

# %% [markdown]
# Gradient descent never sets a weight to zero exactly: near zero it jumps back and forth by ηλ. So one zeroes tiny weights after training,
# as the slides advise. Four fifths of the weights can go, and the test accuracy stays. The bars at ±0.8 hold all weights beyond.
#
# How large should λ be?

# %% tags=["demo"]
if ready(early_stopping, l2_penalty, l1_penalty):
    ends = {"none": runs["no remedy"], "L2 0.02": [log for _, log in decayed], f"L1 {strength:g}": [log for _, log in sparse]}
    runs |= {"L2, λ = 0.02": ends["L2 0.02"], f"L1, λ = {strength:g}": ends[f"L1 {strength:g}"]}
    for label, penalty, lams in (("L2", l2_penalty, (0.003, 0.01, 0.04)), ("L1", l1_penalty, (0.001, 0.006))):
        for lam in lams:
            ends[f"{label} {lam}"] = [log for _, log in with_penalty(penalty, lam, few)]
    training, test = ({label: np.mean([log[row, -1] for log in logs]) for label, logs in ends.items()} for row in (2, 3))
    for label in sorted(ends, key=lambda label: (label[:2] == "L1", label != "none", label)):
        print(f"{label:<9} accuracy after 100 epochs: training {training[label]:.2f}, test {test[label]:.2f}")
    assert test["L2 0.02"] > test["none"] + 0.05, "a good L2 penalty is worth more than five percent"
    assert abs(test[f"L1 {strength:g}"] - test["none"]) < 0.05, "on these data L1 gains next to nothing"

# %% [markdown]
# Read the columns. With L2 and λ = 0.02 the net learns about 90 % of the labels, and is *right* not to learn the others. Between 0.01 and
# 0.04 it makes no difference: λ needs the right order of magnitude, which validation shows, and no more. L1 is another matter: it makes
# the net sparse, and hardly better. So use L1 if you want few weights, and L2 against overfitting.
#
# ## §4 Weight decay
#
# Put the gradient of (1) into a step of gradient descent:
#
# $$w \leftarrow w - \eta\,(\nabla L + \lambda w) = (1 - \eta\lambda)\, w - \eta \nabla L \tag{3}$$
#
# In each step all weights shrink by the same factor, and then comes the usual step. Hence the other name of L2: **weight decay**.

# %% [markdown]
# ### Exercise 4 · weight_decay_step
# *About 5 minutes · difficulty ●○○*
#
# The right side of (3). `grad` is the gradient of the loss alone.
#
# | value | shape | |
# |---|---|---|
# | `w`, `grad` | any, the same for both | |
# | `lr`, `lam` | numbers | η and λ |
# | answer | that of `w` | the new weights |
#
# **By hand.** $w = (2, -4)$, $\nabla = (1, 3)$, η = 0.5 and λ = 0.2. The factor is $1 - 0.1 = 0.9$, so $(1.8, -3.6) - (0.5, 1.5) = (1.3,
# -5.1)$. (Shrinking after the step would give $(1.35, -4.95)$.)
#
# <details><summary>Hint</summary>
#
# One line. The old weights are multiplied, the gradient's step isn't.
# </details>

# %% nbgrader={"grade": false, "grade_id": "weight_decay_step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weight_decay_step(w, grad, lr, lam):
    """Take a step of gradient descent with weight decay: equation (3).

    Parameters
    ----------
    w, grad : arrays of the same shape, whatever it is
        The weights, and the gradient of the loss without any penalty. Integers are legal in
        both.
    lr, lam : numbers
        η and λ, 0 or more. The decay is ηλ: with λ = 0 this is plain gradient descent, and with
        η = 0 nothing happens.

    Returns
    -------
    array of the same shape
        The new weights, as an array of its own: w and grad are not changed.
    """
    ### BEGIN SOLUTION
    return (1 - lr * lam) * w - lr * grad
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_weight_decay_step", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(weight_decay_step)
### BEGIN HIDDEN TESTS
from autograder import score
score(weight_decay_step)
### END HIDDEN TESTS

# %% tags=["demo"]
if ready(l2_penalty, weight_decay_step):
    by_decay = learn(parts[0], 0, step=lambda w, grad: weight_decay_step(w, grad, 0.4, 0.02))
    assert np.allclose(by_decay[0][0], decayed[0][0][0]), "400 steps with decay end where 400 steps with the penalty do"
    print("The same weights after 400 steps: for gradient descent, weight decay is the L2 penalty.")

# %% [markdown]
# **Under Adam it isn't.** Adam (lecture 8) divides each gradient by its usual size. If λw is in the gradient, it is divided, too. Look at a
# weight whose loss gradient is zero, such as one from a pixel that is dark in all training images. Its gradient is λw alone, and Adam
# makes of it
#
# $$\frac{\hat m}{\sqrt{\hat s} + \varepsilon} \approx \frac{\lambda w}{\sqrt{(\lambda w)^2}} = \operatorname{sign}(w) \tag{4}$$
#
# Whatever λ is! And a weight with large gradients hardly decays at all. The remedy is to **decouple** the two: let Adam make its
# direction of the loss gradient alone, and let the weights decay beside it, as (3) does. That is AdamW, the usual choice for large
# networks today. Your function can do it: its `grad` is Adam's direction.

# %% tags=["demo"]
class Adam:
    """Turns gradients into directions, array by array, with bias correction."""

    t = m = s = 0

    def direction(self, grad):
        self.t += 1
        self.m, self.s = 0.9 * self.m + 0.1 * grad, 0.999 * self.s + 0.001 * grad**2
        return self.m / (1 - 0.9**self.t) / (np.sqrt(self.s / (1 - 0.999**self.t)) + 1e-8)


def sizes_of_dark_weights(move, part, steps=200):
    """Train with Adam; return, for each step, the mean |w| from pixels that are dark in all training images."""
    (params, _), adams, dark = fresh(0), [Adam() for _ in range(4)], (part.X == 0).all(axis=0)
    track = []
    for _ in range(steps):
        params = [move(p, g, adam) for p, g, adam in zip(params, gradients(params, part.X, part.y), adams, strict=True)]
        track.append(np.mean(np.abs(params[0][dark])))
    return np.array(track)

# %% tags=["demo"]
if ready(l2_penalty, weight_decay_step):
    tracks = {}
    for lam in (0.003, 0.03):
        tracks[f"Adam, L2 in the gradient, λ = {lam}"] = sizes_of_dark_weights(
            lambda p, g, adam, lam=lam: p - 0.003 * adam.direction(g + l2_penalty([p], lam)[1][0]), parts[0]
        )
    for lam in (1.0, 5.0):
        tracks[f"Adam, decoupled, λ = {lam:g}"] = sizes_of_dark_weights(
            lambda p, g, adam, lam=lam: weight_decay_step(p, adam.direction(g), 0.003, lam), parts[0]
        )
    plots.show(
        figures.lines(tracks, "step", "mean |w| from dark pixels"),
        alt="The mean size of weights from dark pixels over 200 steps of Adam. With L2 in the gradient the curves for two values of "
        "λ, tenfold "
        "apart, lie on each other and reach zero. Decoupled, they decay exponentially, fivefold faster for the larger λ.",
    )
    coupled, ten_times, weak, strong = tracks.values()
    assert np.max(np.abs(coupled - ten_times)) < 0.1 * coupled[0], "with L2 in the gradient, λ makes no difference to these weights"
    assert np.allclose(weak[1:] / weak[:-1], 1 - 0.003 * 1), "decoupled, they decay by 1 − ηλ in each step"

# %% [markdown]
# With L2 in the gradient both curves fall together: all these weights go to zero at the speed η. Decoupled, λ means what it says.
#
# ## §5 Max-norm
#
# Another way to keep weights small is to forbid large ones. For each unit $j$, look at the norm of its incoming weights, the column $w_j$
# of $W$. After each step:
#
# $$w_j \leftarrow \begin{cases} w_j \cdot r / \lVert w_j \rVert_2 & \text{if } \lVert w_j \rVert_2 > r \\ w_j & \text{else} \end{cases} \tag{5}$$
#
# A penalty pulls all the time. This pulls only at the limit.

# %% [markdown]
# ### Exercise 5 · max_norm
# *About 15 minutes · difficulty ●●○*
#
# | value | shape | |
# |---|---|---|
# | `W` | `(fan_in, fan_out)` | column j: what leads to unit j |
# | `r` | a number above 0 | |
# | answer | `(fan_in, fan_out)` | no column longer than r |
#
# **By hand.** $W = \begin{pmatrix} 3 & 1 & -6 \\ 4 & 0 & 8 \end{pmatrix}$ and $r = 2.5$. The norms are 5, 1 and 10. The first column is
# halved, the second stays, the third is divided by 4: $\begin{pmatrix} 1.5 & 1 & -1.5 \\ 2 & 0 & 2 \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# Along which axis do you sum to get one number for each column?
# </details>
# <details><summary>Hint 2</summary>
#
# The factor is $r/\lVert w_j\rVert$ for long columns and 1 for others: $r / \max(\lVert w_j\rVert, r)$. That can't divide by zero, and
# needs no ε.
# </details>
# <details><summary>Hint 3</summary>
#
# A row of factors times a matrix multiplies each column by its own.
# </details>

# %% nbgrader={"grade": false, "grade_id": "max_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_norm(W, r):
    """Shorten the incoming weights of each unit to the norm r, where they are longer: equation (5).

    Parameters
    ----------
    W : array of shape (fan_in, fan_out)
        Column j holds the incoming weights of unit j. Integers are legal.
    r : number
        The longest norm that is allowed, above 0.

    Returns
    -------
    array of shape (fan_in, fan_out)
        Columns whose Euclidean norm is larger than r are multiplied by r/norm. All others are as
        they were, also those with the norm r and those of zeros. Nothing is added to a norm, not
        even where it is 10⁻¹⁰. W is not changed.
    """
    ### BEGIN SOLUTION
    norms = np.sqrt(np.sum(np.square(W, dtype=float), axis=0))
    return W * (r / np.maximum(norms, r))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_max_norm", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(max_norm)
### BEGIN HIDDEN TESTS
from autograder import score
score(max_norm)
### END HIDDEN TESTS

# %% tags=["demo"]
if ready(early_stopping, max_norm):
    limits = (0.6, 1.0, 2.5)
    limited = [
        [learn(part, seed, step=lambda w, grad, r=r: max_norm(plain(w, grad), r))[1] for seed, part in zip(seeds, parts, strict=True)]
        for r in limits
    ]
    ends = np.array(limited)[:, :, 2:, -1]
    runs["max-norm, r = 1"] = limited[1]
    plots.show(
        figures.with_spread({"": {"training": ends[..., 0], "test": ends[..., 1]}}, limits, "r", "accuracy at the end", log=True, low=0.5),
        alt="Accuracies over the limit r. Training accuracy rises from 0.7 to 1. Test accuracy is highest, at 0.8, for r = 1, and "
        "falls to 0.72.",
    )
    test = ends[..., 1].mean(axis=1)
    assert test[1] > test[-1] + 0.05 and test[1] > test[0], "r = 1 is better than a loose limit and than a tight one"

# %% [markdown]
# It works as well as L2 here. And $r$ is easier to choose than λ, because it has a scale: with He's initialization the columns of the first
# layer begin with a norm of about $\sqrt 2$. Max-norm is often used together with dropout and large learning rates, for it bounds the
# weights whatever the steps are.
#
# ## §6 Data augmentation
#
# If more data is the best remedy, make some. A shifted 3 is still a 3. The slides shift, rotate and resize; we shift. Anew in every
# epoch, so that the net hardly ever sees the same image twice. Two warnings. The label must stay right: a digit 6 turned by 180° is a 9.
# And what you add should be like what will come.

# %% [markdown]
# ### Exercise 6 · shift_image
# *About 15 minutes · difficulty ●●○*
#
# $$\text{out}_{ij} = \text{image}_{i - dy,\; j - dx}, \quad \text{or } 0 \text{ outside the image} \tag{6}$$
#
# | value | shape | |
# |---|---|---|
# | `image` | `(H, W)` | row 0 is at the top |
# | `dy`, `dx` | integers | down and to the right, if positive |
# | answer | `(H, W)` | |
#
# **By hand.** $\begin{pmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{pmatrix}$ with dy = 1 and dx = −1, one down and one to the left, is
# $\begin{pmatrix} 0 & 0 & 0 \\ 2 & 3 & 0 \end{pmatrix}$. (`np.roll` would give $\begin{pmatrix} 5 & 6 & 4 \\ 2 & 3 & 1 \end{pmatrix}$:
# what leaves comes back in.)
#
# <details><summary>Hint 1</summary>
#
# Two loops over the pixels of the answer are fine: which pixel of the image comes here, and is there one?
# </details>
# <details><summary>Hint 2</summary>
#
# With slices: for dy ≥ 0, the rows `dy:` of the answer come from the rows `:H - dy` of the image. `:-dy` would fail for dy = 0. What for
# dy < 0? And what if dy ≥ H?
# </details>
# <details><summary>Hint 3</summary>
#
# Another way: `np.pad` the image with |dy| and |dx| zeros on all sides, and cut out the right window.
# </details>

# %% nbgrader={"grade": false, "grade_id": "shift_image", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shift_image(image, dy, dx):
    """Move an image; zeros come in from the sides.

    Parameters
    ----------
    image : array of shape (H, W)
        Row 0 is at the top, column 0 at the left. H and W may differ. Integers are legal.
    dy, dx : int
        By how many rows it moves down, and by how many columns to the right; negative numbers move
        it up and to the left. They may be larger than the image, and then all of it is gone.

    Returns
    -------
    array of shape (H, W)
        Pixel (i, j) is image[i − dy, j − dx], and 0 where that lies outside the image: nothing
        comes back in at the other side. The image is not changed.
    """
    ### BEGIN SOLUTION
    (H, W), out = image.shape, np.zeros(image.shape)
    if abs(dy) < H and abs(dx) < W:
        to_rows, from_rows = slice(max(dy, 0), H + min(dy, 0)), slice(max(-dy, 0), H + min(-dy, 0))
        to_columns, from_columns = slice(max(dx, 0), W + min(dx, 0)), slice(max(-dx, 0), W + min(-dx, 0))
        out[to_rows, to_columns] = image[from_rows, from_columns]
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_shift_image", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(shift_image)
### BEGIN HIDDEN TESTS
from autograder import score
score(shift_image)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 7 · augment
# *About 10 minutes · difficulty ●●○*
#
# Shift every image of a batch by its own random dy and dx.
#
# | value | shape | |
# |---|---|---|
# | `images` | `(N, H, W)` | |
# | `rng` | a `Generator` | all random numbers come from it |
# | `max_shift` | an integer | |
# | answer | `(N, H, W)` | image n is image n, shifted |
#
# **By hand.** With `max_shift` = 1, dy is −1, 0 or 1, each with probability 1/3, and so is dx: nine shifts, all as probable. In a batch of
# 900 images about 100 stay where they are. (If dy and dx were one number, 300 would.)
#
# <details><summary>Hint 1</summary>
#
# `rng.integers(low, high)` never gives `high`. It takes a `size`: how many numbers do you need for N images?
# </details>
# <details><summary>Hint 2</summary>
#
# Use your `shift_image` on each image; `np.array` makes one array of a list of images.
# </details>

# %% nbgrader={"grade": false, "grade_id": "augment", "locked": false, "schema_version": 3, "solution": true, "task": false}
def augment(images, rng, max_shift=1):
    """Shift every image of a batch at random, each by its own dy and dx.

    Parameters
    ----------
    images : array of shape (N, H, W)
        N is 1 or more. Integers are legal.
    rng : numpy.random.Generator
        All random numbers come from it, in any order.
    max_shift : int
        0 or more.

    Returns
    -------
    array of shape (N, H, W)
        Image n is shift_image(images[n], dy, dx). For every image, dy and dx are drawn
        independently of each other and of those of the other images. Each is one of the
        2·max_shift + 1 whole numbers from −max_shift to max_shift, all with the same probability.
        The batch that was passed is not changed.
    """
    ### BEGIN SOLUTION
    shifts = rng.integers(-max_shift, max_shift + 1, size=(len(images), 2))
    return np.array([shift_image(image, dy, dx) for image, (dy, dx) in zip(images, shifts, strict=True)])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_augment", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(augment)
### BEGIN HIDDEN TESTS
from autograder import score
score(augment)
### END HIDDEN TESTS

# %% tags=["demo"]
def as_images(X):
    return X.reshape(-1, 8, 8)


if ready(shift_image, augment):
    rng = np.random.default_rng(2)
    shown = {"as they are": as_images(parts[1].X[:8])} | {f"epoch {k}": augment(as_images(parts[1].X[:8]), rng) for k in (1, 2, 3)}
    plots.show(
        figures.images(shown, [f"labelled {y}" for y in parts[1].y[:8]]),
        alt="Eight digits in a row, and below them three rows of the same digits, each shifted by up to one pixel in both "
        "directions, with the "
        "labels on top. These eight labels are wrong.",
    )
    shifted_test = augment(as_images(digits.X_test), rng).reshape(-1, 64)

# %% tags=["demo"]
def refresh(X, rng):
    return augment(as_images(X), rng).reshape(-1, 64)


if ready(early_stopping, shift_image, augment):
    clean_parts = [sample(seed, share=0) for seed in seeds]
    table = {}
    for labels, some, plain_nets in (
        ("right labels", clean_parts, [learn(part, seed) for seed, part in zip(seeds, clean_parts, strict=True)]),
        ("20 % wrong", parts, nets),
    ):
        augmented = [learn(part, seed, refresh=refresh) for seed, part in zip(seeds, some, strict=True)]
        for how, trained in (("plain", plain_nets), ("augmented", augmented)):
            runs[f"{labels}, {how}"] = [log for _, log in trained]
            usual, moved = (np.mean([look(params, X, digits.y_test)[1] for params, _ in trained]) for X in (digits.X_test, shifted_test))
            table[labels, how] = usual, moved
            print(f"{labels:<13} {how:<10} test accuracy {usual:.2f}, on shifted test images {moved:.2f}")
    runs["augmentation"], runs["right labels"] = runs.pop("20 % wrong, augmented"), runs.pop("right labels, plain")

# %% tags=["demo"]
if ready(early_stopping, shift_image, augment):
    (plain_usual, plain_moved), (usual, moved) = table["right labels", "plain"], table["right labels", "augmented"]
    assert usual < plain_usual + 0.005, "with right labels, augmentation doesn't help on the usual test set"
    assert moved > plain_moved + 0.3, "on shifted images it is worth more than thirty percent"
    thresholds = [[np.argmin(log[1]) for log in runs[label]] for label in ("no remedy", "augmentation")]
    assert np.median(thresholds[1]) > np.median(thresholds[0]), "and it moves the threshold out"

# %% [markdown]
# Here we contradict the slides. "This will reduce overfitting" is true: the net no longer learns the images by heart. But on the usual
# test set it gains little, and with right labels it even loses. The digits in this data set are centred, one pixel is an eighth of the
# image, and the net spends its capacity on shifts that never come. Look at the last column, though. A plain net loses 57 points
# if the images are moved by a pixel. The augmented one loses 11. Augmentation teaches what you put into it: an
# *invariance*. Whether that helps depends on what the net will meet.
#
# ## §7 Wrong labels
#
# The slides show ambiguous and wrongly labelled digits as a cause of overfitting. How much do they cost, and what helps?

# %% tags=["demo"]
if ready(early_stopping, l2_penalty):
    shares = (0.0, 0.2, 0.4)
    outcomes = {"100 epochs": [], "early stopping": [], "L2, λ = 0.02": []}
    for share in shares:
        some = [sample(seed, share=share) for seed in few]
        logs = [learn(some[seed], seed)[1] if share != 0.2 else runs["no remedy"][seed] for seed in few]
        outcomes["100 epochs"].append([log[3, -1] for log in logs])
        outcomes["early stopping"].append([log[3, early_stopping(log[1], 10)[0]] for log in logs])
        outcomes["L2, λ = 0.02"].append([learn(some[seed], seed, add=lambda w: l2_penalty(w, 0.02))[1][3, -1] for seed in few])

# %% tags=["demo"]
if ready(early_stopping, l2_penalty):
    lines = {label: np.array(values) for label, values in outcomes.items()}
    plots.show(
        figures.with_spread({"": lines}, shares, "share of wrong labels", "test accuracy", low=0.4),
        alt="Test accuracy over the share of wrong labels, from 0 to 0.4. Trained for 100 epochs it falls from 0.88 to 0.5. With "
        "early stopping "
        "and with L2 it falls more slowly.",
    )
    to_the_end, stopped, penalised = (values.mean(axis=1) for values in lines.values())
    assert to_the_end[0] - to_the_end[-1] > 0.25, "wrong labels cost more than 25 percent"
    assert penalised[1] > to_the_end[1] + 0.04 and stopped[2] > to_the_end[2] + 0.04, "both remedies soften that"
    assert abs(penalised[0] - to_the_end[0]) < 0.03, "with right labels there is little to gain"

# %% [markdown]
# A network can help to find its wrong labels. At the overfitting threshold it has learnt what digits have in common, and not yet the
# exceptions. So look at the training examples with the *largest loss* at that moment:

# %% tags=["demo"]
if ready(early_stopping):
    hits = []
    for seed, part in zip(seeds, parts, strict=True):
        best, _ = early_stopping(runs["no remedy"][seed][1], 10)
        params, _ = learn(part, seed, epochs=best + 1)
        losses = -log_probabilities(params, part.X)[1][np.arange(len(part.y)), part.y]
        suspects = np.argsort(losses)[::-1][:20]
        hits.append(np.mean(part.wrong[suspects]))
    worst = part._replace(X=part.X[suspects[:10]], y=part.y[suspects[:10]], right=part.right[suspects[:10]])
    captions = [f"{y}, is {right}" if y != right else f"{y}, right" for y, right in zip(worst.y, worst.right, strict=True)]
    plots.show(
        figures.images({"suspects": as_images(worst.X)}, captions),
        alt="The ten training images with the largest loss. Over each stands its label, and what the digit is. Most labels are wrong.",
    )
    print(f"of the 20 most suspicious labels, {np.mean(hits):.0%} are wrong, on average over {len(hits)} seeds")
    assert np.mean(hits) > 0.6, "most suspects are guilty: by chance it would be 20 percent"

# %% [markdown]
# Somebody who looks through 20 of the 100 examples finds most of the wrong labels. Better data is a remedy that no formula replaces.
#
# ## §8 Ensembles
#
# Train several networks, and average their probabilities at test time:
#
# $$\bar p_{nk} = \frac1M \sum_{m=1}^{M} p_{mnk}, \qquad \hat y_n = \arg\max_k \bar p_{nk} \tag{7}$$
#
# Why should that help? Let each member's output vary with variance $\sigma^2$ from one training run to the next, and let two members have
# correlation ρ. Then their mean has the variance
#
# $$\operatorname{Var}\Bigl(\frac1M \sum_m p_m\Bigr) = \rho\,\sigma^2 + \frac{1 - \rho}{M}\,\sigma^2 \tag{8}$$
#
# More members make the second term vanish, and never the first. So the members should differ: other first weights, or other training
# examples. **Bagging** gives each member a sample of the training set, drawn with replacement.

# %% [markdown]
# ### Exercise 8 · ensemble_predict
# *About 5 minutes · difficulty ●○○*
#
# Equation (7).
#
# | value | shape | |
# |---|---|---|
# | `probabilities` | `(M, N, K)` | of M members, for N examples and K classes |
# | answer | `(N,)`, integers | a class for each example; of equal ones the smallest |
#
# **By hand.** Three members and two examples. For the first example they say (0, 0.1, 0, 0.9), (0.5, 0.1, 0, 0.4) and (0.4, 0.3, 0, 0.3).
# The averages are (0.3, 0.17, 0, 0.53): class 3, though two of three members prefer class 0. For the second they say (0.6, 0.4, 0, 0),
# (0, 0.4, 0.6, 0) and (0.2, 0.4, 0.1, 0.3). The averages are (0.27, 0.4, 0.23, 0.1): class 1. So the answer is [3, 1].
#
# <details><summary>Hint</summary>
#
# Which axis do the members have? After the mean over it, the shape is `(N, K)`. Which axis do the classes have now?
# </details>

# %% nbgrader={"grade": false, "grade_id": "ensemble_predict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ensemble_predict(probabilities):
    """Let several networks decide together: average their probabilities, then take the largest.

    Parameters
    ----------
    probabilities : array of shape (M, N, K)
        What each of M members says about each of N examples: the probabilities of K classes.
        Integers are legal.

    Returns
    -------
    array of integers, shape (N,)
        For each example the class whose probability, averaged over the members, is the largest; of
        several the smallest class. The argument is not changed.
    """
    ### BEGIN SOLUTION
    return np.argmax(np.mean(probabilities, axis=0), axis=1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_ensemble_predict", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(ensemble_predict)
### BEGIN HIDDEN TESTS
from autograder import score
score(ensemble_predict)
### END HIDDEN TESTS

# %% tags=["demo"]
def members(part, bagging, count=6):
    """Train nets on one training set, and return their probabilities for the test set, shape (M, N, K)."""
    found = []
    for number in range(count):
        drawn = np.random.default_rng(number).integers(0, len(part.y), len(part.y)) if bagging else slice(None)
        own = part._replace(X=part.X[drawn], y=part.y[drawn])
        params, _ = learn(own, 100 + number, hidden=32, epochs=50)
        found.append(np.exp(log_probabilities(params, digits.X_test)[1]))
    return np.array(found)


def agreement(p, y):
    """Return the correlation of the members' mistakes, averaged over all pairs."""
    wrong = np.corrcoef(np.argmax(p, axis=2) != y)
    return (wrong.sum() - len(p)) / (len(p) * (len(p) - 1))

# %% tags=["demo"]
if ready(ensemble_predict):
    counts, y, curves, single, together = (1, 2, 3, 4, 6), digits.y_test, {}, {}, {}
    for label, bagging in (("other first weights", False), ("bagging", True)):
        p = [members(parts[seed], bagging) for seed in few]
        curves[label] = np.array([[np.mean(ensemble_predict(each[:M]) == y) for each in p] for M in counts])
        single[label] = np.array([[np.mean(ensemble_predict(one[None]) == y) for one in each] for each in p])
        together[label] = np.mean([agreement(each, y) for each in p])
        gain = curves[label][-1].mean() - single[label].mean()
        print(f"{label:<20} members {single[label].mean():.2f}, together {gain:+.2f}, correlation of mistakes {together[label]:.1f}")
        brier = [np.mean(np.sum((q - np.eye(10)[y]) ** 2, axis=-1)) for q in (np.mean(p[0], axis=0), p[0])]
        assert np.isclose(brier[1] - brier[0], np.mean(np.sum(np.var(p[0], axis=0), axis=-1))), "what one gains is how much they differ"

# %% tags=["demo"]
if ready(ensemble_predict):
    plots.show(
        figures.with_spread({"": curves}, counts, "members M", "test accuracy of the ensemble", low=0.6),
        alt="Test accuracy over the number of members, from 1 to 6. With other first weights it rises little, from 0.72 to 0.75. "
        "With bagging it starts lower, at 0.7, rises steeply to 0.79 with three members, and stays above the other.",
    )
    gains = {label: curves[label][-1].mean() - single[label].mean() for label in curves}
    assert 0 < gains["other first weights"] < 0.05 < gains["bagging"], "ensembles beat their average member"
    assert together["bagging"] < together["other first weights"] - 0.15, "bagging makes the members differ"
    assert curves["bagging"][-1].mean() > curves["other first weights"][-1].mean(), "its ensemble is better, though its members are worse"

# %% [markdown]
# With other first weights alone, the members are good and agree even in their mistakes; the slides' "2 %" is about what one gets. With
# bagging each member is *worse*, since a third of the examples is missing in its sample. But they differ, and together they are better
# than the others together. (Three seeds: that its curve sinks a little after three members is noise.) Two more honest words. An ensemble always beats its *average* member in the squared error of the
# probabilities: the gain is exactly the variance among them, as the assertion says. In accuracy there is no such law, and it needn't beat
# its *best* member; only, beforehand nobody knows which one that is. And it costs M times the time, at training and at test. Dropout
# (lecture 11) is a cheap cousin: training adds noise, testing averages over it. Augmentation follows the same pattern.
#
# ## §9 All remedies side by side

# %% tags=["demo"]
if ready(early_stopping, l2_penalty, l1_penalty, max_norm, shift_image, augment):
    runs["16 hidden units"] = [learn(part, seed, hidden=16)[1] for seed, part in zip(seeds, parts, strict=True)]
    runs["200 examples"] = [learn(sample(seed, n=200), seed)[1] for seed in few]
    order = ["no remedy", "L2, λ = 0.02", "L1, λ = 0.003", "max-norm, r = 1", "augmentation"]
    order += ["16 hidden units", "200 examples", "right labels"]
    runs = {label: runs[label] for label in order if label in runs}
    lowest = {label: [int(np.argmin(log[1])) for log in logs] for label, logs in runs.items()}
    summary = {
        label: np.array([[at, log[3, -1], log[3, at]] for at, log in zip(lowest[label], logs, strict=True)]) for label, logs in runs.items()
    }
    plots.show(
        figures.remedies(summary),
        alt="For each remedy a row with dots for five seeds, three for 200 examples. Left, the overfitting threshold: near epoch 20 without "
        "a remedy, later with L1 and right labels, near the end with L2, augmentation and max-norm. Right, test accuracy: for most rows lower after 100 epochs than at the "
        "threshold.",
    )

# %% tags=["demo"]
if ready(early_stopping, l2_penalty, l1_penalty, max_norm, shift_image, augment):
    medians = {label: np.median(epochs) for label, epochs in lowest.items()}
    movers = [label for label in (*order[1:5], order[-1]) if label in runs]
    assert all(medians[label] > medians["no remedy"] + 5 for label in movers), "each of these moves the threshold out"
    for label in ("16 hidden units", "200 examples"):
        assert abs(medians[label] - medians["no remedy"]) < 12, f"{label} hardly move it"
    best = np.mean(summary["L2, λ = 0.02"][:, 1]) - np.mean(summary["no remedy"][:, 2])
    assert 0 < best < 0.08, "L2 to the end is better than stopping early without it, by little"

# %% [markdown]
# - **L2 and max-norm** move the threshold to the end of the run: after 100 epochs the net is as good as at its best. One needn't know when
#   to stop.
# - **Early stopping** alone, the lower marks of the first row, gets most of that for nothing.
# - **L1 and augmentation** move the threshold, and the accuracy stays behind: they ask for something else, sparsity or invariance.
# - **A smaller net** hardly moves it, and is no better.
# - **Twice the data** makes the net better, most of all at the threshold, but doesn't move it: there are twice as many wrong labels, too.
# - **Better labels** beat everything.
#
# One set of slides recommends early stopping first, and L2 if needed. Our numbers agree. Another says that L1 and L2 "work for smaller
# models". Ours is one; yet as decoupled weight decay, L2 trains the largest models there are.
#
# ## §10 A question to answer in words
#
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague trains a net on 5 000 photographs of leaves, labelled by volunteers, to name the tree. Training accuracy is 100 %, validation
# accuracy 71 %. (a) She wants to halve the hidden units. What do you say, and which two things do you try first? (b) She adds
# `weight_decay=0.01` to the loss, trains with Adam, and sees no difference between 0.01 and 0.1 in many weights. Why, and what should she
# change? (c) She augments by turning the photographs by any angle. Why is that sensible for leaves, and not for digits? (d) Five nets with
# other first weights, averaged, gain 0.5 %. What would make the ensemble worth more, and which number would show it beforehand?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_regularization", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# === BEGIN SOLUTION ===
# (a) A net that knows everything by heart isn't necessarily too wide: in §1 wider nets were no worse. First look at the data: sort the
# training examples by their loss at the epoch with the lowest validation loss, and check the labels of the worst ones, for volunteers
# err. Then stop early, and add an L2 penalty or max-norm with a strength that is chosen by validation.
#
# (b) With the penalty in the loss, its gradient λw goes through Adam, which divides it by its own size. Where the loss gradient is small,
# the step is about η·sign(w), whatever λ is. She should decouple: $(1 - \eta\lambda)w - \eta\cdot$direction, that is, AdamW.
#
# (c) A turned leaf is the same leaf, and photographs come at any angle, so the invariance is a true one, and one that will be needed. A 6
# that is turned is a 9, and digits come upright: the labels become wrong, or capacity is spent on what never comes.
#
# (d) Members that differ more: bagging, other architectures, other augmentations. The correlation of their mistakes on the validation set
# shows it: the variance of the mean is $\rho\sigma^2 + (1 - \rho)\sigma^2/M$, so with ρ near 1 more members don't help.
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §11 Summary
#
# - Underfitting: the training loss stays high. Overfitting: it falls, and the validation loss rises. The threshold lies between them.
# - Wider nets needn't overfit more; noise in the labels is what makes overfitting expensive.
# - Early stopping: keep the weights of the best epoch. It does what an L2 penalty with λ ≈ 1/(ηt) does.
# - L2 makes weights small, L1 makes them sparse. λ/2·Σw² has the gradient λw.
# - Weight decay equals L2 for gradient descent only. Under Adam, decouple it.
# - Max-norm limits each unit's incoming weights: each *column* of W.
# - Augmentation teaches an invariance. It helps where that invariance is needed.
# - An ensemble gains by how much its members differ.
#
# **Common defaults**: early stopping always; decoupled weight decay with λ between 0.01 and 0.1 for AdamW, or an L2 penalty of 10⁻⁵ to 10⁻³
# for gradient descent with much data; max-norm with r between 1 and 4; weights are regularized, and biases aren't.
#
# ### Further reading
# - I. Goodfellow, Y. Bengio and A. Courville (2016), *Deep learning*, chapter 7: all of this, with the proof that early stopping
#   resembles L2.
# - I. Loshchilov and F. Hutter (2019), *Decoupled weight decay regularization*: AdamW.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals (2017), *Understanding deep learning requires rethinking generalization*: nets
#   learn random labels by heart.
# - M. Belkin, D. Hsu, S. Ma and S. Mandal (2019), *Reconciling modern machine-learning practice and the classical bias–variance
#   trade-off*: double descent.
# - A. Krogh and J. Vedelsby (1995), *Neural network ensembles, cross validation, and active learning*: what an ensemble gains.
# - N. Srivastava and others (2014), *Dropout*, section 5: max-norm beside dropout.
# - C. Shorten and T. Khoshgoftaar (2019), *A survey on image data augmentation for deep learning*.
# - F. Chollet (2017), *Deep learning with Python*, chapters 4 and 5; A. Géron (2019), *Hands-on machine learning*, chapter 11.
