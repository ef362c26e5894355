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
# # Lecture 6 · Gradient clipping
#
# **How can a network that learns well be lost within three steps?** Below you watch it happen. Then you find out why, and cure it with
# two lines of code that practically everyone who trains large networks uses: **gradient clipping**.
#
# | | exercise | what it is for |
# |---|---|---|
# | §1 | `repeated_product_norms` | to see a gradient explode, or vanish |
# | §3 | `clip_by_value` | to limit every entry of a gradient |
# | §3 | `cosine_similarity` | to measure how far a gradient was turned |
# | §4 | `clip_by_norm` | to limit the length, and keep the direction |
# | §5 | `clip_by_global_norm` | to do so for all parameters of a network at once |
# | §8 | a question to answer in words | to read a training log |
#
# Conventions: NumPy only. A norm is the Euclidean one, the root of the sum of squares. All numbers are finite, and integers are legal
# wherever numbers are. A function never changes its arguments. The networks that are trained here use exactly your functions.


# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
import autograd.numpy as anp
from coursekit import data, nets, plots
from coursekit.figures import gradient_clipping as figures

# %% [markdown]
# **The network.** A *recurrent* network reads a sequence, one piece after the other, and remembers what it has read in a vector $h_t$.
# Ours reads an 8×8 digit in 16 pieces of four pixels each. The same weights are used at each of the 16 steps:
#
# $$h_t = \operatorname{relu}(U^\top x_t + W h_{t-1} + b), \qquad \text{logits} = V^\top h_{16} + c$$
#
# The next cell computes the states, and then the gradient of the cross-entropy for the five arrays, as in lecture 1. Read the last line
# but one. On the way back, the gradient is multiplied by $W^\top$ once per step: for a batch with one example per row that is `@ W`.


# %% tags=["demo"]
def states(params, X):
    """Return h_0 … h_T for sequences X of shape (N, T, D)."""
    U, W, b, _, _ = params
    h = [np.zeros((len(X), len(W)))]
    for t in range(X.shape[1]):
        h.append(np.maximum(0, X[:, t] @ U + h[-1] @ W.T + b))
    return h

# %% tags=["demo"]
def rnn_gradients(params, X, y):
    """Return the cross-entropy and its gradients for U, W, b, V and c."""
    (U, W, b, V, c), h = params, states(params, X)
    z = h[-1] @ V + c
    p = np.exp(z - np.max(z, axis=1, keepdims=True))
    dz = (p / np.sum(p, axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
    dU, dW, db, dh = 0 * U, 0 * W, 0 * b, dz @ V.T
    for t in reversed(range(X.shape[1])):
        da = dh * (h[t + 1] > 0)
        dU, dW, db = dU + X[:, t].T @ da, dW + da.T @ h[t], db + da.sum(axis=0)
        dh = da @ W  # Wᵀ, for each example
    return nets.softmax_cross_entropy(z, y), [dU, dW, db, h[-1].T @ dz, dz.sum(axis=0)]

# %% tags=["demo"]
digits = data.digits(standardized=False)
X_train, X_test = digits.X_train.reshape(-1, 16, 4), digits.X_test.reshape(-1, 16, 4)


def fresh(seed, units=32):
    """Draw parameters: W is a random rotation, V and U are small."""
    rng = np.random.default_rng(seed)
    W = np.linalg.qr(rng.normal(size=(units, units)))[0]
    U, V = rng.normal(0, 0.5, (4, units)), rng.normal(0, units**-0.5, (units, 10))
    return [U, W, np.zeros(units), V, np.zeros(10)], rng


def plain(grads):
    """Clip nothing; return the gradients and their norm."""
    return grads, np.sqrt(sum(np.sum(grad**2) for grad in grads))

# %% tags=["demo"]
@np.errstate(all="ignore")
def learn(lr, clip=plain, seed=0, epochs=8):
    """Train; return the losses, the norms before clipping, and the test accuracy (NaN if diverged)."""
    (params, rng), losses, norms = fresh(seed), [], []
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(X_train)), 27):
            loss, grads = rnn_gradients(params, X_train[batch], digits.y_train[batch])
            grads, norm = clip(grads)
            losses, norms = [*losses, loss], [*norms, norm]
            if not np.isfinite(loss + norm):
                return losses, norms, np.nan
            params = [theta - lr * grad for theta, grad in zip(params, grads, strict=True)]
    logits = states(params, X_test)[-1] @ params[3] + params[4]
    return losses, norms, np.mean(np.argmax(logits, axis=1) == digits.y_test)

# %% tags=["demo"]
fates = [learn(lr=0.7, seed=seed) for seed in (1, 2, 3)]
lost, lost_norms, _ = max(fates, key=lambda fate: np.isnan(fate[2]))
plots.show(
    figures.beside(
        {"The loss": {"": lost}, "The norm of its gradient": {"": lost_norms}},
        "training step", ("loss (log scale)", "norm (log scale)"), ceiling=100,
    ),
    alt="The training loss falls slowly from above 2 to below 1.5. Then, within three steps, it shoots out of "
    "the picture, and the curve ends. So does the norm of the gradient, which had stayed near 1, with a few peaks.",
)
assert any(np.isnan(accuracy) for _, _, accuracy in fates), "at least one of three starts is lost"
assert np.nanmin(lost) < 1.8 and np.nanmax(lost) > 1e6, "the net was learning, and then its loss grew a million times"
assert np.median(lost_norms[:-4]) < 2, "though most gradients were short"

# %% [markdown]
# For a while all goes well. Then one gradient is several times as long as the usual ones. The step along it throws the weights to a place
# where the next one is thousands of times as long, and so on. A *smaller learning rate* would have helped here. But it would make all the
# good steps smaller because of one bad one. We will come back to that in §6 and compare fairly.
#
# ## §1 One matrix, many times
#
# Leave the inputs and the activation away, and look at the chain alone, for one example as a column:
#
# $$h_t = W h_{t-1} \tag{1}$$
#
# Then by the chain rule the gradient at one step comes from that at the next:
#
# $$g_{t-1} = W^\top g_t, \qquad g_t = \frac{\partial L}{\partial h_t} \tag{2}$$
#
# After $k$ steps back it is $(W^\top)^k g$. How long is that? For a *symmetric* $W$ we can prove it. It has $n$ orthonormal eigenvectors
# $q_i$ with eigenvalues $\lambda_i$. Write $g = \sum_i c_i q_i$. Each product multiplies each part by its eigenvalue, so
#
# $$\lVert (W^\top)^k g \rVert^2 = \sum_i \lambda_i^{2k}\, c_i^2 \tag{3}$$
#
# In the end the largest $|\lambda_i|$ decides. It is called the **spectral radius** ρ. With ρ < 1 every term dies out: the gradient
# **vanishes**, and early steps learn nothing. With ρ > 1 the gradient **explodes** (unless $g$ happens to have no part along that
# eigenvector). Both are exponential in the number of steps. Deep networks without recurrence multiply by *different* matrices, but the
# products behave alike: lecture 3.


# %% [markdown]
# ### Exercise 1 · repeated_product_norms
# *About 10 minutes · difficulty ●○○*
#
# Follow equation (2) back through `steps` steps, and measure each gradient on the way.
#
# | array | shape | |
# |---|---|---|
# | `W` | `(n, n)` | the matrix of one *forward* step |
# | `g` | `(n,)` | the gradient at the last step |
# | answer | `steps + 1` numbers | $\lVert g\rVert, \lVert W^\top g\rVert, \lVert W^\top W^\top g\rVert, \dots$ |
#
# **By hand.** $W = \begin{pmatrix} 0 & 2 \\ 1 & 0 \end{pmatrix}$, so $W^\top = \begin{pmatrix} 0 & 1 \\ 2 & 0 \end{pmatrix}$. From $g =
# (3, 4)$ one gets $W^\top g = (4, 6)$ and then $(6, 8)$. For two steps the answer is $5, \sqrt{52} \approx 7.21, 10$. (With $W$ in place
# of $W^\top$ the second number would be $\sqrt{73} \approx 8.54$.)
#
# <details><summary>Hint 1</summary>
#
# You need a variable that holds the current gradient, and a list that grows by one number per step. What is in the list before the first
# product?
# </details>
# <details><summary>Hint 2</summary>
#
# `np.linalg.norm` of a vector is its norm. `@` is the product of a matrix and a vector; `*` multiplies entry by entry.
# </details>
# <details><summary>Hint 3</summary>
#
# Products of integers stay integers in NumPy, and beyond $9 \cdot 10^{18}$ they are wrong without a warning. Turn one of the two into
# floats.
# </details>


# %% nbgrader={"grade": false, "grade_id": "repeated_product_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def repeated_product_norms(W, g, steps):
    """Send a gradient back through the same matrix many times, and measure it: equation (2).

    Parameters
    ----------
    W : array of shape (n, n)
        The matrix of one forward step, h_t = W h_(t−1). Integers are legal, here and in g.
    g : array of shape (n,)
        The gradient at the last step.
    steps : int
        How many steps back, 0 or more.

    Returns
    -------
    list or array of steps + 1 numbers
        The Euclidean norms of g, Wᵀg, WᵀWᵀg and so on, g's own norm first. They may be far larger
        than the largest integer: 10³⁰ is no error.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    g = np.asarray(g, dtype=float)
    norms = [np.linalg.norm(g)]
    for _ in range(steps):
        g = W.T @ g
        norms.append(np.linalg.norm(g))
    return norms
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_repeated_product_norms", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(repeated_product_norms)
### BEGIN HIDDEN TESTS
from autograder import score
score(repeated_product_norms)
### END HIDDEN TESTS

# %% [markdown]
# **See it explode.** On the left symmetric matrices with three spectral radii. On the right two matrices with the *same* spectral radius
# 0.9. One is symmetric, and the other is
#
# $$W = \begin{pmatrix} 0.9 & 5 \\ 0 & 0.9 \end{pmatrix}$$


# %% tags=["demo"]
coupling = 5.0  # change this to 0.5, predict what the dashed line on the right will look like, and run


def symmetric(radius, n=20):
    """Draw a symmetric matrix and scale it to a spectral radius."""
    A = np.random.default_rng(1).normal(size=(n, n))
    return (A + A.T) * radius / np.max(np.abs(np.linalg.eigvalsh(A + A.T)))


if ready(repeated_product_norms):
    g = np.random.default_rng(2).normal(size=20)
    left = {f"ρ = {radius}": repeated_product_norms(symmetric(radius), g, 60) for radius in (1.1, 1.0, 0.9)}
    pair = {"symmetric": 0.9 * np.eye(2), f"with {coupling:g} off the diagonal": np.array([[0.9, coupling], [0, 0.9]])}
    right = {label: repeated_product_norms(W, np.array([1.0, 0.0]), 60) for label, W in pair.items()}

# %% tags=["demo"]
if ready(repeated_product_norms):
    plots.show(
        figures.beside({"Three spectral radii": left, "ρ = 0.9 twice": right}, "steps back k", 2 * ("norm of the gradient",)),
        alt="Two panels on log scales over 60 steps back. On the left, straight lines in the long run: "
        "rising for spectral radius 1.1, level for 1.0, falling for 0.9. On the right, with 0.9, the "
        "symmetric matrix falls from the start; the other one first grows twentyfold, then falls.",
    )
    rates = {label: norms[-1] / norms[-2] for label, norms in left.items()}
    print("the last factor:", ", ".join(f"{label}: {rate:.3f}" for label, rate in rates.items()))
    peak = max(right[f"with {coupling:g} off the diagonal"])
    assert np.allclose(list(rates.values()), (1.1, 1.0, 0.9), atol=0.02), "in the end the factor is ρ"
    assert coupling != 5 or 15 < peak < 25, "the matrix that isn't symmetric grows twentyfold before it decays"
    assert right["symmetric"][-1] < 0.01, "the symmetric one decays"

# %% [markdown]
# On the left the lines become straight with slope log ρ, as (3) says. On the right the eigenvalues are equal, and yet one gradient grows
# twentyfold before it decays. Its matrix isn't *normal*: its eigenvectors aren't at right angles, and (3) doesn't hold. What always holds
# is
#
# $$\rho^k \le \lVert W^k \rVert \le \sigma_{\max}^k$$
#
# with the largest singular value $\sigma_{\max}$. So $\sigma_{\max} < 1$ guarantees that gradients vanish, and ρ > 1 that they explode
# for nearly every $g$. In between, ρ alone says nothing about the first twenty steps. An activation multiplies by its slope at each step,
# too. For the sigmoid that is at most 1/4, for ReLU it is 0 or 1.
#
# ## §2 The cliff
#
# Exploding gradients aren't spread evenly over the space of weights. Take the shortest chain there is: one weight $w$, $h_0 = 1$, $h_t =
# w h_{t-1}$, and
#
# $$L(w) = \tfrac12 (h_{30} - y)^2 = \tfrac12 (w^{30} - y)^2, \qquad y = \tfrac12 \tag{4}$$


# %% tags=["demo"]
def chain_loss(w):
    return (w**30 - 0.5) ** 2 / 2


def chain_slope(w):
    return (w**30 - 0.5) * 30 * w**29


weights = np.linspace(0.7, 1.15, 400)
plots.show(
    figures.cliff(weights, chain_loss(weights), chain_slope(weights), {}),
    alt="The loss over the weight from 0.7 to 1.15, on a log scale: a flat plain, a narrow dip to zero at "
    "0.977, then a wall that rises to a thousand. Beside it the size of the slope, which rises "
    "from a hundred-thousandth to ten to the fifth.",
)
step = 0.005 * chain_slope(1.1)
print(f"at w = 1.1 the slope is {chain_slope(1.1):.0f}; one step with η = 0.005 leads to w = {1.1 - step:.0f}")
assert 1.1 - step < -30, "one step leaves the picture"
assert abs(chain_slope(0.7)) < 1e-2, "and on the plain there is next to no slope"

# %% [markdown]
# A plain where the gradient vanishes, a wall where it explodes, and the minimum at the foot of the wall, so that a path which follows the
# loss downhill gets there. A step of gradient descent is as long as η times the slope. On the wall it is thrown off for miles. Yet the
# *direction* there is perfectly right. It is only the length that can't be trusted: the gradient says how steep the wall is, and not how
# far it goes.
#
# So keep the direction and limit the length. That is the whole idea.
#
# ### Where the slides disagree
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | What is clipped? | every entry, to [−1, 1] (`clipvalue=1.0`) | the ℓ2 norm | both: (5) and (7). The norm is the first choice |
# | What "never exceeds the threshold"? | "the gradients" | | in (5) each *entry*, in (7) and (8) the *norm* |
# | Is the direction kept? | clipping may change it | by norm it is kept | by value it is turned, by norm it isn't; you measure both |
# | The norm of what? | "the vector" | | of *all* parameters together, (8), §5 |
# | When? | *during* backpropagation | between computing the gradients and applying them | **after** the whole backward pass, before the step |
# | The threshold? | 1, in both examples | a hyperparameter | a hyperparameter: watch the norms, §6 |
# | What does it help against? | exploding gradients | it stands in the list against *vanishing* ones | **exploding** only; §7 shows the other |
# | And batch normalization? | clipping is an alternative to it | used in recurrent nets in its place | two different jobs, §7 |
# | Where does it come from? | the sigmoid, and the initialization | the same matrix at each step | repeated products. The sigmoid's slope makes them *smaller* |
# | Is $w \leftarrow w\,r/\lVert w\rVert$ clipping? | yes, "clip $w$" (max-norm) | | only where $\lVert w\rVert > r$, or short vectors grow. And it clips *weights*: lecture 10 |
#
# Inside the backward pass one shouldn't clip. What is clipped at one layer changes the gradients of all layers below it, and the result
# is no gradient of anything. One set of slides has the recipe right: replace `minimize()` by computing the gradients, processing them as
# you wish, and applying them.


# %% [markdown]
# ## §3 Clip every entry
#
# $$\operatorname{clip}(g)_i = \begin{cases} c & g_i > c \\ g_i & -c \le g_i \le c \\ -c & g_i < -c \end{cases} \tag{5}$$
#
# ### Exercise 2 · clip_by_value
# *About 5 minutes · difficulty ●○○*
#
# | argument | | |
# |---|---|---|
# | `grad` | array of any shape | |
# | `limit` | number above 0 | $c$ |
# | answer | array with the shape of `grad` | |
#
# **By hand.** $(0.5, -3, 2, -0.2, 8)$ with the limit 2 becomes $(0.5, -2, 2, -0.2, 2)$. Three entries stay exactly as they are, and the
# signs stay, too.
#
# <details><summary>Hint 1</summary>
#
# NumPy has a function for it, whose name you can guess. It takes the lower end first.
# </details>
# <details><summary>Hint 2</summary>
#
# If you write into a copy of `grad`: a copy of an array of integers holds integers, too, and cuts 1.5 down to 1.
# </details>


# %% nbgrader={"grade": false, "grade_id": "clip_by_value", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_value(grad, limit):
    """Bring every entry of a gradient into [−limit, limit]: equation (5).

    Parameters
    ----------
    grad : array of any shape
        Finite numbers; a 0-dimensional and an empty array are legal, and so are integers.
    limit : number
        The largest absolute value that is allowed, above 0.

    Returns
    -------
    array with the shape of grad
        limit where an entry is above limit, −limit where it is below −limit, and the entry itself
        everywhere else. Integers with a limit such as 0.5 give fractions.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    return np.clip(grad, -limit, limit)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_clip_by_value", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(clip_by_value)
### BEGIN HIDDEN TESTS
from autograder import score
score(clip_by_value)
### END HIDDEN TESTS

# %% [markdown]
# ### How far is the gradient turned?
#
# Two arrays of the same shape, read as long vectors $a$ and $b$, form an angle φ with
#
# $$\cos\varphi = \frac{a \cdot b}{\lVert a\rVert\, \lVert b\rVert} \tag{6}$$
#
# It is 1 if they point the same way, 0 at a right angle, and −1 if they are opposite. As long as the cosine of a step and the negative
# gradient is positive, a step that is small enough makes the loss smaller.
#
# ### Exercise 3 · cosine_similarity
# *About 10 minutes · difficulty ●○○*
#
# | argument | shape | |
# |---|---|---|
# | `a`, `b` | the same, any | |
# | answer | a number | 0.0 if `a` or `b` is zero everywhere: there is no angle then |
#
# **By hand.** $a = (3, 4)$ and $b = (6, -8)$ have the norms 5 and 10 and $a \cdot b = 18 - 32 = -14$. So the cosine is $-14/50 = -0.28$.
# It is the same for $10^{-10} a$ and $b$: length plays no part.
#
# <details><summary>Hint 1</summary>
#
# For vectors `a @ b` is the dot product, but for matrices it is a product of matrices. Which sum do you want for arrays of any shape?
# </details>
# <details><summary>Hint 2</summary>
#
# Some add a small number to the denominator against division by zero. Then short vectors seem to stand at right angles. Ask for zero
# *before* you divide.
# </details>
# <details><summary>Hint 3</summary>
#
# Products of small integers can be too large for their type: with `dtype=np.int8`, 100 · 100 is 16. Make floats of `a` and `b` first.
# </details>


# %% nbgrader={"grade": false, "grade_id": "cosine_similarity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cosine_similarity(a, b):
    """Return the cosine of the angle between two arrays, each read as one long vector: equation (6).

    Parameters
    ----------
    a, b : arrays of the same shape
        Of any number of axes. Integers of any type are legal, also where their products are too
        large for it.

    Returns
    -------
    number
        a·b/(‖a‖‖b‖), between −1 and 1, and 0.0 where a or b is zero in all entries. Nothing is
        added to the denominator: vectors as short as 10⁻¹¹ have a cosine like all others.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    if norms == 0:
        return 0.0
    return np.sum(a * b) / norms
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_cosine_similarity", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(cosine_similarity)
### BEGIN HIDDEN TESTS
from autograder import score
score(cosine_similarity)
### END HIDDEN TESTS

# %% tags=["demo"]
def arrows_of(*clips):
    """Clip a gradient of two entries, and give each result a title with its angle to the gradient."""
    grad, panels = np.array([0.6, 3.0]), {}
    for name, clip in clips:
        turned = np.degrees(np.arccos(min(1.0, cosine_similarity(grad, clip(grad, 1.0)))))
        panels[f"{name}: turned by {turned:.0f}°"] = {"gradient": grad, "clipped": clip(grad, 1.0)}
    return panels


if ready(clip_by_value, cosine_similarity):
    plots.show(
        figures.arrows(arrows_of(("by value", clip_by_value)), 1.0),
        alt="A gradient (0.6, 3) as an arrow that is nearly upright. Clipped by value to 1 it ends on the "
        "upper side of a square, at (0.6, 1), turned by 20 degrees.",
    )
    assert 0.93 < cosine_similarity(np.array([0.6, 3.0]), clip_by_value(np.array([0.6, 3.0]), 1.0)) < 0.95, "20 degrees"

# %% [markdown]
# The large entry was cut and the small one wasn't, so the small one counts for more than before. In the extreme, with a tiny limit, all
# entries have the same size and only their signs are left. What does that do to the gradient of a network? Here are the five arrays of
# the recurrent net, joined to one vector of over 1,500 entries.


# %% tags=["demo"]
_, first_grads = rnn_gradients(fresh(0)[0], X_train[:50], digits.y_train[:50])
whole = np.concatenate([grad.ravel() for grad in first_grads])
shares = np.geomspace(1e-4, 1, 13)

if ready(clip_by_value, cosine_similarity):
    kept = [cosine_similarity(whole, clip_by_value(whole, share * np.max(np.abs(whole)))) for share in shares]
    plots.show(
        figures.over_limits(shares, {"clipped by value": kept}, "limit, as a share of the largest entry", "cosine with the gradient"),
        alt="The cosine of the clipped gradient and the gradient over the limit. At a limit as large as the "
        "largest entry it is 1; it falls as the limit gets smaller, and levels off between 0.4 and 0.8.",
    )
    signs = np.sum(np.abs(whole)) / np.sqrt(whole.size * np.sum(whole**2))
    print(f"cosine with the smallest limit {kept[0]:.3f}, with the bare signs {signs:.3f}")
    assert abs(kept[-1] - 1) < 1e-9, "a limit as large as the largest entry changes nothing"
    assert np.all(np.diff(kept) > -1e-9), "the smaller the limit, the more the gradient is turned"

# %% [markdown]
# The cosine never gets negative, because clipping by value keeps every sign. So the clipped gradient still leads downhill. But it is
# another direction, and which one depends on how the entries happen to be scaled.
#
# ## §4 Clip the norm
#
# $$\operatorname{clip}(g) = \begin{cases} g & \lVert g\rVert \le v \\ \dfrac{v}{\lVert g\rVert}\, g & \lVert g\rVert > v \end{cases} \tag{7}$$
#
# Every entry is multiplied by the same number, so the direction stays. One can also say: $g$ is replaced by the nearest point of the ball
# with radius $v$. Nothing needs protection against division by zero, because a zero gradient is inside the ball. (PyTorch adds $10^{-6}$
# to the norm all the same. We don't.)
#
# ### Exercise 4 · clip_by_norm
# *About 10 minutes · difficulty ●○○*
#
# | argument | | |
# |---|---|---|
# | `grad` | array of any shape | its norm is that of all entries, also for a matrix |
# | `max_norm` | number above 0 | $v$ |
# | answer | array with the shape of `grad` | |
#
# **By hand.** $g = (6, -8)$ has the norm 10. With $v = 2$ it becomes $(1.2, -1.6)$. With $v = 12$ and with $v = 10$ it stays $(6, -8)$.
# And $\begin{pmatrix} 2 & 3 \\ 6 & 0 \end{pmatrix}$ has the norm $\sqrt{4 + 9 + 36} = 7$.
#
# <details><summary>Hint 1</summary>
#
# What is the factor for a gradient outside the ball, and what is it inside? Compare the norm with `max_norm` before you divide.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.linalg.norm(x)` without further arguments takes all entries of an array of any shape. With `axis`, or with `2` for a matrix, it is
# something else.
# </details>
# <details><summary>Hint 3</summary>
#
# `grad *= factor` would change the caller's array. `grad * factor` makes a new one.
# </details>


# %% nbgrader={"grade": false, "grade_id": "clip_by_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_norm(grad, max_norm):
    """Shorten a gradient that is longer than max_norm, and keep its direction: equation (7).

    Parameters
    ----------
    grad : array of any shape
        Finite numbers; a 0-dimensional and an empty array are legal, and so are integers of any
        type, also where their squares are too large for it.
    max_norm : number
        The threshold v, above 0.

    Returns
    -------
    array with the shape of grad
        With ‖grad‖ the root of the sum of the squares of *all* entries, whatever the shape:
        grad as it is where ‖grad‖ is at most max_norm (a gradient of zeros stays zero), and
        grad·max_norm/‖grad‖ where it is larger. Nothing is added to the denominator: the norm of
        what was clipped is max_norm, also where that is 10⁻¹².

    The arguments are not changed. Where nothing is clipped, grad itself and a copy are both right.
    """
    ### BEGIN SOLUTION
    norm = np.linalg.norm(grad)
    if norm <= max_norm:
        return grad
    return grad * (max_norm / norm)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_clip_by_norm", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(clip_by_norm)
### BEGIN HIDDEN TESTS
from autograder import score
score(clip_by_norm)
### END HIDDEN TESTS

# %% tags=["demo"]
if ready(clip_by_value, cosine_similarity, clip_by_norm):
    plots.show(
        figures.arrows(arrows_of(("by value", clip_by_value), ("by norm", clip_by_norm)), 1.0),
        alt="The gradient (0.6, 3) twice. Clipped by value it ends on the square and is turned by 20 degrees; "
        "clipped by norm it ends on the circle and points in the same direction.",
    )
    assert np.isclose(cosine_similarity(whole, clip_by_norm(whole, 0.01)), 1), "by norm the direction is kept"

# %% [markdown]
# **Back to the cliff.** Start on the wall, at $w = 1.1$, with η = 0.005. One step without clipping ended at −39. Now with $v = 2$ no step
# is longer than $\eta v = 0.01$.


# %% tags=["demo"]
if ready(clip_by_norm):
    w, path = np.array(1.1), []
    for _ in range(60):
        path.append((float(w), chain_loss(float(w))))
        w = w - 0.005 * clip_by_norm(chain_slope(w), 2.0)
    plots.show(
        figures.cliff(weights, chain_loss(weights), chain_slope(weights), {"clipped to 2": path}),
        alt="The cliff again, with the path of clipped gradient descent: it walks down the wall in equal small "
        "steps from 1.1, and arrives at the minimum at its foot.",
    )
    assert abs(w - 0.5 ** (1 / 30)) < 1e-6, "clipped gradient descent finds the minimum at the foot of the wall"

# %% [markdown]
# On the wall all steps have the same length, ηv, whatever the slope. At the foot, where the gradient gets shorter than $v$, it is plain
# gradient descent again. That matters: a step that is *always* scaled to the length ηv would never come to rest.
#
# ## §5 All parameters together
#
# A network has many arrays. If each is clipped by its own norm, each gets another factor, and the gradient *as a whole* is turned again.
# So take them all as one long vector:
#
# $$\lVert g\rVert = \sqrt{\sum_j \lVert g^{(j)}\rVert^2} \tag{8}$$
#
# $$g^{(j)} \leftarrow \frac{v}{\lVert g\rVert}\, g^{(j)} \ \text{ for all } j, \quad \text{where } \lVert g\rVert > v \tag{9}$$
#
# This is what people mean by gradient clipping today: `clip_grad_norm_` in PyTorch, `global_clipnorm` in Keras. Keras's `clipnorm` clips
# each array by itself, and `clipvalue` is §3.
#
# ### Exercise 5 · clip_by_global_norm
# *About 15 minutes · difficulty ●●○*
#
# | argument | | |
# |---|---|---|
# | `grads` | list of arrays | of any shapes, also without an axis or without an entry |
# | `max_norm` | number above 0 | $v$ |
# | answer | `(clipped, norm)` | a list of arrays, and the norm (8) *before* clipping |
#
# **By hand.** The arrays $(2, 3)$ and $\begin{pmatrix} 6 \end{pmatrix}$ have the norms $\sqrt{13}$ and 6, and together $\sqrt{13 + 36} =
# 7$. With $v = 3.5$ both are halved, and the answer is $\left(\left[(1, 1.5), \begin{pmatrix} 3 \end{pmatrix}\right], 7\right)$. With $v
# = 8$ both stay, and the norm is 7 again.
#
# <details><summary>Hint 1</summary>
#
# Two passes: the first one needs every array to find the norm, the second one multiplies every array by the same factor.
# </details>
# <details><summary>Hint 2</summary>
#
# Norms don't add up, but their squares do. And squares of integers may be large: `dtype=float`.
# </details>
# <details><summary>Hint 3</summary>
#
# Make a new list. `grads[i] = …` would change the caller's.
# </details>


# %% nbgrader={"grade": false, "grade_id": "clip_by_global_norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def clip_by_global_norm(grads, max_norm):
    """Shorten the gradient of all parameters together, and keep its direction: equations (8), (9).

    Parameters
    ----------
    grads : list of arrays
        The gradients of all parameters, at least one. Each has a shape of its own; 0-dimensional
        and empty arrays are legal, and so are integers of any type, also where their squares are
        too large for it. All numbers are finite.
    max_norm : number
        The threshold v, above 0.

    Returns
    -------
    clipped : list of arrays
        In the order of grads, and of the same shapes. Where norm is at most max_norm, they are as
        they were (themselves, or copies); where it is larger, all are multiplied by the same
        factor max_norm/norm. Nothing is added to norm, also where max_norm is 10⁻¹².
    norm : number
        The norm *before* clipping: the root of the sum of the squares of all entries of all
        arrays.

    Return the pair (clipped, norm). The list and its arrays are not changed.
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(np.square(grad, dtype=float)) for grad in grads))
    factor = max_norm / norm if norm > max_norm else 1.0
    return [factor * grad for grad in grads], norm
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_clip_by_global_norm", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(clip_by_global_norm)
### BEGIN HIDDEN TESTS
from autograder import score
score(clip_by_global_norm)
### END HIDDEN TESTS

# %% [markdown]
# **The lost network, once more.** The same three starts, the same batches, the same learning rate 0.7. Now the gradients are clipped by
# value, or by their global norm.


# %% tags=["demo"]
if ready(clip_by_value, clip_by_norm, cosine_similarity, clip_by_global_norm):
    ways = {
        "no clipping": plain,
        "by value, 0.01": lambda grads: ([clip_by_value(grad, 0.01) for grad in grads], plain(grads)[1]),
        "by global norm, 0.3": lambda grads: clip_by_global_norm(grads, 0.3),
    }
    runs = {label: [learn(lr=0.7, clip=clip, seed=seed) for seed in (1, 2, 3)] for label, clip in ways.items()}
    apart = np.concatenate([clip_by_norm(grad, 0.3).ravel() for grad in first_grads])
    together = np.concatenate([grad.ravel() for grad in clip_by_global_norm(first_grads, 0.3)[0]])
    turned = {"each array": cosine_similarity(whole, apart), "all together": cosine_similarity(whole, together)}
    for label, three in runs.items():
        print(f"{label:<20} {'some runs are lost' if any(np.isnan(run[2]) for run in three) else 'no run is lost'}")
    print("cosine with the gradient, clipped", ", ".join(f"{label}: {cosine:.3f}" for label, cosine in turned.items()))

# %% tags=["demo"]
if ready(clip_by_value, clip_by_norm, cosine_similarity, clip_by_global_norm):
    lines = [{label: three[0][part] for label, three in runs.items()} for part in (0, 1)]
    plots.show(
        figures.beside(
            {"The loss": lines[0], "The norm before clipping": lines[1]},
            "training step", ("loss (log scale)", "norm (log scale)"), ceiling=100,
        ),
        alt="Losses and norms of the first start over 216 steps at learning rate 0.7. Without clipping both shoot "
        "up and end halfway. Clipped by value and by global norm, the losses go on falling, though single "
        "gradients are ten times as long as the others.",
    )
    clipped_runs = runs["by value, 0.01"] + runs["by global norm, 0.3"]
    assert any(np.isnan(run[2]) for run in runs["no clipping"]), "without clipping runs are lost"
    assert min(run[2] for run in clipped_runs) > 0.6, "with clipping all of them learn"
    assert np.isclose(turned["all together"], 1) and turned["each array"] < 0.99, "only one common factor keeps the direction"

# %% [markdown]
# Look at the norm *before* clipping, on the right: it reaches large values in the clipped runs, too. The walls are still there. The
# difference is that a wall no longer throws the weights away.
#
# And honestly: on this task clipping by value does as well as by norm, turned gradients or not. That each entry is turned downhill is
# often enough. But its limit is harder to choose, for it depends on the size of single entries, and so on how many weights there are.
#
# If a gradient holds a NaN or an infinity, its norm does so too, and no clipping brings it back. The usual thing is then to skip the
# step. That is another reason why `norm` is returned.
#
# ## §6 How to choose the threshold
#
# Train for a while, and look at the norms before clipping.


# %% tags=["demo"]
if ready(clip_by_global_norm):
    _, usual_norms, _ = learn(lr=0.2, clip=lambda grads: clip_by_global_norm(grads, 1.0))
    quantiles = np.quantile(usual_norms, [0.1, 0.5, 0.9, 1])
    plots.show(
        figures.norms_and_threshold(usual_norms, 1.0),
        alt="The norms before clipping over 216 steps, and how often each size occurs, on log scales. They lie "
        "between 0.4 and 40, most between 1 and 10; the threshold of 1 lies at their lower end.",
    )
    print(f"clipped steps: about {round(np.mean(np.array(usual_norms) > 1), 1):.0%}")
    assert quantiles[3] > 2 * quantiles[1], "a few gradients are much longer than the median"

# %% [markdown]
# Three thresholds are possible:
#
# - **Far above the usual norms**: an emergency brake. Nearly all steps are those of plain gradient descent.
# - **Near the median**: about half of the steps are shortened. A common starting point.
# - **Far below all norms**: every step is clipped and has the length ηv. Then only the *product* of η and $v$ counts, and halving one is
#   as good as halving the other.
#
# Here the threshold of 1 is of the third kind: it clips nearly every step. And now the fair comparison. Each threshold gets five learning
# rates, and each pair three different starts.


# %% tags=["demo"]
thresholds, rates = (np.inf, 3.0, 1.0, 0.3, 0.1), (0.03, 0.1, 0.2, 0.6, 1.0)

if ready(clip_by_global_norm):
    clips = [lambda grads, v=v: clip_by_global_norm(grads, v) for v in thresholds]
    table = np.array([[[learn(lr, clip, seed)[2] for seed in range(3)] for lr in rates] for clip in clips])
    plots.show(
        figures.table_of_runs(table, thresholds, rates),
        alt="A table of test accuracies, five thresholds by five learning rates. Without clipping the best median "
        "is about 0.74 at rate 0.1, and runs at 0.6 and 1 diverge or fail. With thresholds of 1 and less "
        "no run diverges, and the best medians lie near 0.85, at larger rates.",
    )
    medians = np.median(np.where(np.isnan(table), 0.1, table), axis=-1)
    assert medians[1:].max() > medians[0].max() + 0.05, "the best clipped rate beats the best rate without clipping"
    assert np.isnan(table[0]).any() and not np.isnan(table[2:]).any(), "runs are lost, but none with v at most 1"
    assert np.abs(medians[4, 3] - medians[3, 2]) < 0.1, "where every step is clipped, only η·v counts"

# %% [markdown]
# Without clipping, a small learning rate is safe, and slow for the same number of epochs. With it, rates several times as large work, and
# the range of good rates is wider. So on this task clipping wins against the best rate without it, too. It isn't always so: where
# gradients never explode, a threshold above their norms changes nothing. Compare η = 0.2 with $v = 0.3$ and η = 0.6 with $v = 0.1$: the
# accuracies are the same, because every step is clipped and ηv = 0.06 in both.
#
# With an adaptive optimiser (lecture 8) one clips *before* the moments are updated. A factor that were the same at all steps would cancel
# in Adam; the factors of clipping differ, and it is the single huge gradient that would spoil the averages.
#
# ## §7 What clipping can't do
#
# **Vanishing gradients.** One set of slides lists clipping among the remedies against them. But a gradient that is too short is inside
# the ball, and (7) leaves it alone. And if the whole gradient is clipped, early steps and late steps are multiplied by the same factor,
# so the early ones count as little as before.


# %% tags=["demo"]
if ready(repeated_product_norms, clip_by_norm):
    g = np.random.default_rng(3).normal(size=20)
    norms = np.array(repeated_product_norms(symmetric(0.5), g, 16))
    clipped = clip_by_norm(norms, 1.0)
    print(f"first step / last step, before clipping {norms[-1] / norms[0]:.1e}, after it {clipped[-1] / clipped[0]:.1e}")
    assert np.isclose(norms[-1] / norms[0], clipped[-1] / clipped[0]), "clipping doesn't help against vanishing gradients"
    assert norms[-1] / norms[0] < 1e-4, "the gradient has vanished"

# %% [markdown]
# Against vanishing gradients help other means: initialization (lecture 3), activations that don't saturate (lecture 4), batch
# normalization (lecture 5), and in recurrent nets gates, as the LSTM has them.
#
# **Batch normalization is no replacement, either.** In a recurrent net it is awkward: every time step needs statistics of its own, and
# sequences have different lengths. And it doesn't always keep gradients small. Here are deep plain nets with He initialization at their
# very first step, with batch normalization before each ReLU and without it.


# %% tags=["demo"]
def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def normalized_relu(z):
    return anp.maximum(0, (z - anp.mean(z, axis=0)) / anp.sqrt(anp.var(z, axis=0) + 1e-5))


depth, spread = 40, data.digits()
by_layer = {}
for label, activation in (("without", "relu"), ("with batch normalization", normalized_relu)):
    norms_of_seeds = []
    for seed in range(3):
        net = nets.mlp((64, *depth * (50,), 10), init=he, activation=activation, rng=np.random.default_rng(seed))
        norms_of_seeds.append(net.gradient_norms(spread.X_train[:200], spread.y_train[:200]))
    by_layer[label] = np.median(norms_of_seeds, axis=0)

# %% tags=["demo"]
plots.show(
    figures.by_layer(by_layer),
    alt="The norm of the gradient for each of 41 layers. Without batch normalization it is level; with it, it "
    "rises towards the input by a fifth per layer, to a thousand times that of the last layer.",
)
growth = (by_layer["with batch normalization"][1] / by_layer["with batch normalization"][-2]) ** (1 / (depth - 2))
print(f"with batch normalization the gradient grows by the factor {growth:.2f} per layer")
assert 1.15 < growth < 1.25, "with batch normalization the gradient explodes in a deep net at its start"
assert 0.1 < by_layer["without"][0] / by_layer["without"][-1] < 10, "without it, He's initialization keeps it level"

# %% [markdown]
# At the start the gradient grows by a factor of 1.2 per layer, and in 40 layers by a factor of more than a thousand. Yang and others
# (2019) derive it: $\sqrt{\pi/(\pi - 1)} \approx 1.21$. In such a net the first steps would be huge without clipping or skip connections.
# So the two methods do different jobs. Batch normalization keeps the *values* in their place, at every step. Clipping limits the *step*,
# when something has gone wrong.
#
# | | limits | costs | fails |
# |---|---|---|---|
# | clipping by value | each entry of the gradient | nothing | turns the gradient |
# | clipping by global norm | the length of a step, ηv | one more hyperparameter | vanishing gradients, NaN |
# | batch normalization | the scale of a layer's inputs | statistics of batches | small batches, recurrent nets, very deep plain nets |
#
# ## §8 A question to answer in words
#
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A recurrent net is trained by plain gradient descent with η = 0.1 and clipping by the global norm with $v = 0.01$. At each step the log
# says how long the gradient was before clipping: between 0.5 and 40. Nothing diverges, but the loss falls very slowly.
#
# (a) How long is a step? What is left of the difference between a gradient of norm 0.5 and one of norm 40? (b) A colleague says:
# "Doubling $v$ does the same as doubling η." Up to which $v$ is this true, and why? (c) Another colleague logs the norm *after* clipping,
# sees 0.01 at every step, and says that gradients vanish. What do you answer, and what would you change?


# %% [markdown] nbgrader={"grade": true, "grade_id": "written_gradient_clipping", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# === BEGIN SOLUTION ===
# (a) All norms are above $v$, so every gradient is scaled to the norm 0.01, and every step has the length ηv = 0.001. The lengths of the gradients
# have no effect at all: only their directions count. That is why it is slow.
#
# (b) As long as every gradient is clipped, the step is $\eta v\, g/\lVert g\rVert$, so only the product counts. That is true while twice the old $v$
# is at most the smallest norm, 0.5, that is, up to a new $v$ of 0.5. Beyond that some gradients are inside the ball, and their step is η times
# the gradient: doubling $v$ does nothing for them, doubling η does.
#
# (c) After clipping, the norm is the threshold whenever something was clipped, so this log says nothing about the gradient. The norm *before* clipping
# is 0.5 to 40: the gradients are anything but vanishing. Log that one, and the share of clipped steps. Choose $v$ near the median of the norms, or above
# most of them, such as 5, and then look for a good η anew.
# === END SOLUTION ===

# %% [markdown]
# ### Where you stand


# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# - Going back through $k$ equal steps multiplies a gradient by $(W^\top)^k$. For symmetric $W$ it grows or decays like $\rho^k$; other
#   matrices may grow first and decay later.
# - Where products explode, the loss has cliffs. There the gradient's direction is right, and its length is of no use.
# - Clipping by value turns the gradient; clipping by norm keeps its direction, if *all* parameters share one norm and one factor.
# - Clip after the backward pass, before the optimiser. Log the norm before clipping.
# - Threshold: near the median of the norms, or above most of them. Where every step is clipped, only ηv counts.
# - It helps against exploding gradients, not against vanishing ones, and it doesn't replace batch normalization.
#
# **Common defaults**: global norm with $v = 1$ for Transformers and other large networks, and between 0.25 and 5 for recurrent ones.
#
# ### Further reading
# - R. Pascanu, T. Mikolov and Y. Bengio (2013), *On the difficulty of training recurrent neural networks*. The products, the cliff, and
#   clipping by norm: algorithm 1 is our (9).
# - Y. Bengio, P. Simard and P. Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*.
# - I. Goodfellow, Y. Bengio and A. Courville (2016), *Deep learning*, section 10.11.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11: clipping in Keras.
# - J. Zhang, T. He, S. Sra and A. Jadbabaie (2020), *Why gradient clipping accelerates training*: a theory for §6.
# - G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein and S. Schoenholz (2019), *A mean field theory of batch normalization*: §7.
