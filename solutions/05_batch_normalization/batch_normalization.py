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
# # Lecture 5 · Batch normalization
#
# **How can a layer learn while the ground under it moves?** Gradient descent tells every layer which way to step *under the assumption that
# all other layers stay where they are*. They don't: all layers step at once. So what a layer has just learned was right for inputs that it
# will never see again.
#
# In this lecture you hold the ground still with **batch normalization** (BN): you derive it, write it, differentiate it, carry it from
# training to prediction, and make it vanish again where it isn't needed any more. You also find out where it fails.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `batchnorm_forward` | to normalise every feature over the batch |
# | §3 | `batchnorm_backward` | to send the gradient through the mean and the variance |
# | §4 | `update_running`, `batchnorm_inference` | to predict one image at a time |
# | §5 | `batchnorm2d_forward`, `batchnorm2d_backward` | to do the same for the channels of images |
# | §6 | `fold_batchnorm` | to make one layer out of two |
# | §8 | a question to answer in words | to find two common bugs |
#
# Conventions: NumPy only; a batch has its examples first, features `(N, D)`, images `(N, C, H, W)`; dense weights have shape
# `(fan_in, fan_out)`; a variance divides by N; what `cache` holds is your own business; a function never changes its arguments. The
# networks that are trained here use exactly your functions.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from coursekit import data, nets, plots

# %% [markdown]
# ## §1 The moving ground
#
# Here is a healthy network: 64 inputs, four hidden layers of 50 ReLUs, He initialization, plain gradient descent on the handwritten digits.
# It learns well. We watch what arrives at its last hidden layer: for each of the 50 units the mean and the standard deviation of its input,
# over the same 200 images, before the first step and after each one.

# %% tags=["demo"]
digits = data.digits()
probe = digits.X_train[:200]


def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def watch_last_layer(normalize=None):
    """Train a net; return the mean and std of every unit's input after each step, shape (steps, 2, units), and the history."""
    rng = np.random.default_rng(0)
    net = nets.mlp(
        (64, 50, 50, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=normalize
    )
    seen = []

    def look(net, step=0):
        z = net.preactivations(probe, training=True)[-1]
        seen.append((z.mean(axis=0), z.std(axis=0)))

    look(net)
    history = nets.train(net, digits, lr=0.1, epochs=3, batch_size=50, rng=rng, watch=look)
    return np.array(seen), history


def drift(seen):
    """How far the means have moved from where they began, in standard deviations, averaged over the units."""
    mean, std = seen[:, 0], seen[:, 1]
    return np.mean(np.abs(mean - mean[0]) / std[0], axis=1)


def draw_statistics(axes, seen, colour, label):
    for ax, values, name in zip(
        axes, (seen[:, 0], seen[:, 1]), ("mean", "standard deviation"), strict=True
    ):
        ax.plot(
            values[:, :20], color=colour, linewidth=0.8, alpha=0.5, linestyle="-"
        )  # twenty units, the median of all fifty
        ax.plot(np.median(values, axis=1), color=colour, linewidth=3, linestyle="-")
        ax.set(xlabel="training step", ylabel=f"{name} of the input", title=label)

# %% tags=["demo"]
plain_seen, plain_history = watch_last_layer()
fig, axes = plots.figure(1, 2)
draw_statistics(axes, plain_seen, plots.PALETTE[0], "without batch normalization")
plots.show(
    fig,
    alt="Twenty thin lines, one for each of twenty units of the last hidden layer, and a thick "
    "one for the median. The means of the units' inputs start within two of zero and spread "
    "out over the training steps, upwards and downwards; their standard deviations about "
    "double.",
)
assert drift(plain_seen)[-1] > 0.8, (
    "without BN the means should move by about a standard deviation or more"
)
assert np.mean(plain_seen[-1, 1] / plain_seen[0, 1]) > 1.4, (
    "without BN the standard deviations should grow"
)
assert plain_history.test_accuracy[-1] > 0.8, "the net should learn nevertheless"

# %% [markdown]
# Nothing is wrong with this network, and still a typical unit of its last hidden layer ends up with inputs that have moved by more than a
# whole standard deviation and are spread about twice as wide. Ioffe and Szegedy (2015) called this **internal covariate shift**: the
# distribution of each layer's inputs changes during training, because the parameters of the layers before it change.
#
# You could argue that a good initialization prevents it. It only sets the stage: He's variance $2/n_\text{in}$ makes the scales right *at
# the first step*, and says nothing about the hundredth.
#
# The idea of this lecture is blunt. You want inputs with mean 0 and variance 1, at every step? Then *make* them so, inside the network, and
# let the gradient know about it.
#
# ## §2 Normalise over the batch
#
# Take one feature, that is, one column of the batch $x$ of shape $(N, D)$, with values $x_1, \dots, x_N$. Batch normalization computes
#
# $$\mu = \frac1N \sum_{i=1}^N x_i \tag{1}$$
#
# $$\sigma^2 = \frac1N \sum_{i=1}^N (x_i - \mu)^2 \tag{2}$$
#
# $$\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}} \tag{3}$$
#
# $$y_i = \gamma\, \hat x_i + \beta \tag{4}$$
#
# and does so for each of the $D$ features by itself, so $\mu$, $\sigma^2$, $\gamma$ and $\beta$ all have shape $(D,)$.
#
# - (1) and (2) are the statistics of **this batch**, over the examples. Nothing is remembered from earlier batches.
# - (3) standardises. Whatever the layer before has done to the scale of a feature, it is gone.
# - (4) gives the freedom back. A layer whose outputs always have mean 0 and variance 1 could express less: a sigmoid would be used in
#   its linear middle only. So the network *learns* a scale γ and a shift β per feature. With $\gamma = \sqrt{\sigma^2 + \varepsilon}$ and
#   $\beta = \mu$ it could even undo the normalization. At the beginning γ = 1 and β = 0.
#
# What is gained, if γ and β can undo it all? Before, the mean of a unit's input was the result of all weights in all layers below. Now it
# is one number, β, that belongs to this layer and moves with a gradient of its own.

# %% [markdown]
# ### Where the slides disagree
#
# You will find batch normalization written down in several ways, even within one set of slides. Both ways stand here side by side, with
# what the functions of this lecture want, and why.
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | Where is ε? | nowhere: $\sqrt{\text{Var}[x]}$, when the idea is first shown | inside the root: $\sqrt{\sigma^2 + \varepsilon}$, in every statement of the algorithm | **inside**, as in the paper. (The optimisers of lecture 8 have it *outside*: $\sqrt s + \varepsilon$.) |
# | How large is ε? | $10^{-3}$, which is Keras's default | "a tiny number"; the book and PyTorch have $10^{-5}$ | **`eps=1e-5`**, and it can be passed |
# | Before or after the activation? | just *before* it | before *or after* it; and the Keras model under "before" puts BN *after* each ELU | the functions don't care; §8 tries both |
# | How many parameters? | "learn 4 parameters": scale, offset, mean, standard deviation | γ and β are learned | **2 trained, 2 running** per feature: the mean and the *variance* are averaged, not learned (§4) |
# | What is momentum? | 0.9, 0.99 or 0.999: the share of the *old* value | 0.1 in PyTorch: the share of the *new* one | **the old one's**, 0.9 |
# | N or N − 1? | divide by N, in training | the paper rescales the variance by N/(N − 1) for prediction | **N**, always |
#
# The size of ε is no detail when variances are small: $\sqrt{10^{-5}} \approx 0.003$ and $\sqrt{10^{-3}} \approx 0.03$, so next to a
# feature with a standard deviation of 0.03 the first makes the result smaller by half a percent, the second by 31 %.

# %% [markdown]
# ### Exercise 1 · batchnorm_forward
# *About 15 minutes · difficulty ●○○*
#
# Write equations (1) to (4).
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, D)` | a batch |
# | `gamma`, `beta` | `(D,)` | scale and shift |
# | `out` | `(N, D)` | $y$ |
# | `cache` | anything | what *your* backward pass will want to know |
#
# **By hand.** With ε = 0, the columns of $x = \begin{pmatrix} 1 & 10 \\ 3 & 30 \end{pmatrix}$ have means 2 and 20 and standard deviations 1
# and 10, so $\hat x = \begin{pmatrix} -1 & -1 \\ 1 & 1 \end{pmatrix}$. With γ = (2, 0.5) and β = (0, 1), $y = \begin{pmatrix} -2 & 0.5 \\ 2
# & 1.5 \end{pmatrix}$. With ε = 3, the first column would be divided by $\sqrt{1 + 3} = 2$ instead of 1.
#
# <details><summary>Hint 1</summary>
#
# Which axis holds the examples? A mean along it leaves one number per feature.
# </details>
# <details><summary>Hint 2</summary>
#
# Arrays of shape `(D,)` broadcast against `(N, D)` by themselves: they are lined up with the last axis.
# </details>
# <details><summary>Hint 3</summary>
#
# NumPy's `var` divides by N unless you tell it otherwise. Look at (3) once more before you choose between `var` and `std`: what stands
# under the root?
# </details>
# <details><summary>Hint 4</summary>
#
# For the cache, look ahead: in §3 you will need $\hat x$, γ and $\sqrt{\sigma^2 + \varepsilon}$, or things from which you can compute them.
# </details>

# %% nbgrader={"grade": false, "grade_id": "batchnorm_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_forward(x, gamma, beta, eps=1e-5):
    """Normalise every feature over the batch, then scale and shift it: equations (1) to (4).

    Parameters
    ----------
    x : array of shape (N, D)
        A batch of N examples with D features. Integers are legal.
    gamma, beta : arrays of shape (D,)
        Scale and shift of each feature.
    eps : float
        ε, added to the variance, inside the root.

    Returns
    -------
    out : float64 array of shape (N, D)
        γ·(x − μ)/√(σ² + ε) + β, where μ and σ² are the mean and the variance of each feature
        over this batch alone, and σ² divides by N. A feature that doesn't vary comes out as β,
        and so does every feature of a batch of one.
    cache
        Whatever your batchnorm_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    mean = np.mean(x, axis=0)
    centered = x - mean
    variance = np.mean(centered**2, axis=0)
    std = np.sqrt(variance + eps)
    x_hat = centered / std
    out = gamma * x_hat + beta
    return out, (x_hat, centered, std, gamma)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm_forward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(batchnorm_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(batchnorm_forward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Lecture 3 showed what too small weights do to a deep network: every layer of tanh units makes the signal smaller, until
# nothing is left. Below, all weights are drawn from $N(0, 0.01^2)$, the very initialization that failed there. The second row puts your
# function between each matrix and its tanh.

# %% tags=["demo"]
def through_layers(X, between, rng, layers=5, units=100):
    outputs = []
    for _ in range(layers):
        z = X @ rng.normal(0, 0.01, (X.shape[1], units))
        X = np.tanh(between(z))
        outputs.append(X)
    return outputs


if ready(batchnorm_forward):
    ones, zeros = np.ones(100), np.zeros(100)
    collapsed = through_layers(digits.X_train, lambda z: z, np.random.default_rng(0))
    alive = through_layers(
        digits.X_train, lambda z: batchnorm_forward(z, ones, zeros)[0], np.random.default_rng(0)
    )
    fig = plots.layer_histograms(
        {"plain": collapsed, "batch norm": alive}, bounds=(-1, 1), xlabel="output of the tanh units"
    )
    plots.show(
        fig,
        alt="Histograms of the outputs of five tanh layers with weights from N(0, 0.01²). In the "
        "plain net they shrink to a spike at zero by the second layer; with batch "
        "normalization all five layers are spread over the whole range from −1 to 1 alike.",
    )
    assert collapsed[-1].std() < 1e-4, "the plain net should collapse"
    assert all(0.5 < layer.std() < 0.8 for layer in alive), "with BN every layer should stay alive"

# %% [markdown]
# The scale of the weights has no effect any more. Multiply $W$ by any positive number: $\mu$ and $\sqrt{\sigma^2}$ are multiplied by the
# same number, and in (3) it cancels (up to ε). This is why networks with BN forgive a bad initialization.
#
# The bias of the layer before the BN has no effect either: it moves $x$ and $\mu$ alike. That is why `Dense(..., use_bias=False)` is often
# written before a BN layer; its role is taken over by β.

# %% [markdown]
# ## §3 Backwards through the statistics
#
# In the network above, nothing is learned yet. For that we need the gradient of the loss $L$ with respect to $x$, γ and β, given the
# *upstream gradient* $\partial L/\partial y_i$, which the layer above hands down as `dout`.
#
# The tempting mistake is to look at (3), see "subtract a number, divide by a number", and write
# $\partial L/\partial x_i = \gamma/\sqrt{\sigma^2+\varepsilon} \cdot \partial L/\partial y_i$. But μ and σ² are no constants. If $x_1$
# grows, μ grows, so *all* $\hat x_i$ shrink a
# little. To lose no path, we draw the computation as a graph, one simple operation per arrow, and walk it backwards.

# %% tags=["demo"]
nodes = {  # name: (x, y, formula)
    "x": (0, 1, r"$x$"),
    "mu": (1, 0, r"$\mu=\frac{1}{N}\sum x$"),
    "c": (2, 1, r"$c=x-\mu$"),
    "var": (3, 0, r"$\sigma^2=\frac{1}{N}\sum c^2$"),
    "s": (4.4, 0, r"$s=\sqrt{\sigma^2+\varepsilon}$"),
    "hat": (5.4, 1, r"$\hat x=c/s$"),
    "y": (6.8, 1, r"$y=\gamma\hat x+\beta$"),
    "par": (6.8, 0, r"$\gamma,\ \beta$"),
}
arrows = [
    ("x", "mu", 10),
    ("x", "c", 9),
    ("mu", "c", 9),
    ("c", "var", 8),
    ("c", "hat", 6),
    ("var", "s", 7),
    ("s", "hat", 6),
]
arrows += [("hat", "y", 5), ("par", "y", 5)]
fig, ax = plots.figure(1, 1, (11, 2.8))
box = {"boxstyle": "round,pad=0.4", "fc": "#eaf3fa", "ec": plots.PALETTE[0]}
drawn = {
    name: ax.text(x, y, formula, ha="center", va="center", fontsize=13, bbox=box)
    for name, (x, y, formula) in nodes.items()
}
for start, end, number in arrows:
    (x0, y0, _), (x1, y1, _) = nodes[start], nodes[end]
    ends = {
        "patchA": drawn[start].get_bbox_patch(),
        "patchB": drawn[end].get_bbox_patch(),
        "shrinkA": 3,
        "shrinkB": 3,
    }
    ax.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "lw": 1.6, **ends})
    ax.text(
        (x0 + x1) / 2 + 0.17 * (y0 != y1),
        (y0 + y1) / 2 + 0.12 * (y0 == y1),
        f"({number})",
        ha="center",
        color=plots.PALETTE[1],
    )
ax.set(xlim=(-0.4, 7.5), ylim=(-0.4, 1.4))
ax.axis("off")
plots.show(
    fig,
    alt="The computational graph. x leads to the mean μ and to c = x − μ; c leads to the variance "
    "σ², from there to the root s, and directly to x̂ = c/s; x̂ leads to y = γx̂ + β. Two "
    "nodes have two ways out: x leads to μ and c, and c leads to σ² and x̂.",
)

# %% [markdown]
# The orange numbers are the equations below that go back along that arrow. One rule is enough: **where a node has several ways out, the
# gradients that come back along them are
# added; where a node's one value was used by all N examples, what comes back is summed over the examples.** All of the following is for one
# feature; write $\bar v$ for $\partial L/\partial v$.
#
# **Through $y_i = \gamma \hat x_i + \beta$.** γ and β were used by all examples, so their gradients are sums:
#
# $$\bar\beta = \sum_i \bar y_i, \qquad \bar\gamma = \sum_i \bar y_i\, \hat x_i, \qquad \bar{\hat x}_i = \gamma\, \bar y_i \tag{5}$$
#
# **Through $\hat x_i = c_i / s$.** There are two arguments. The first gets a part of $\bar c_i$; the second, $s$, was used by all examples:
#
# $$\bar c_i^{\,(\text{direct})} = \frac{\bar{\hat x}_i}{s}, \qquad \bar s = -\sum_i \bar{\hat x}_i\, \frac{c_i}{s^2} \tag{6}$$
#
# **Through $s = \sqrt{\sigma^2 + \varepsilon}$.** The derivative of a root is one over twice the root, and ε is in it:
#
# $$\bar{\sigma^2} = \frac{\bar s}{2 s} \tag{7}$$
#
# **Through $\sigma^2 = \frac1N \sum c_i^2$.** Here is the 2 that meets the ½ of (7), and a $1/N$ that is easily lost:
#
# $$\bar c_i = \bar c_i^{\,(\text{direct})} + \frac{2 c_i}{N}\, \bar{\sigma^2} \tag{8}$$
#
# **Through $c_i = x_i - \mu$.** Again one value, μ, that was used by all:
#
# $$\bar x_i^{\,(\text{direct})} = \bar c_i, \qquad \bar\mu = -\sum_i \bar c_i \tag{9}$$
#
# **Through $\mu = \frac1N \sum x_i$.** The last path, with the other $1/N$:
#
# $$\bar x_i = \bar x_i^{\,(\text{direct})} + \frac1N\, \bar\mu \tag{10}$$

# %% [markdown]
# You can program (5) to (10) just as they stand, and that is a perfectly good solution. But the result is prettier than its parts. Put (6)
# into (7) into (8), with $c_i = s\,\hat x_i$:
#
# $$\bar c_i = \frac1s \Big( \bar{\hat x}_i - \hat x_i\, \frac1N \sum_k \bar{\hat x}_k \hat x_k \Big) \tag{11}$$
#
# By (9) and (10), $\bar x_i$ is $\bar c_i$ minus the mean of $\bar c$. The $\hat x$ have mean zero, so the second term contributes nothing
# to that mean, and
#
# $$\boxed{\;\frac{\partial L}{\partial x_i} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}} \Big( \bar y_i \;-\; \frac1N \sum_k \bar y_k \;-\; \hat x_i\, \frac1N \sum_k \bar y_k \hat x_k \Big)\;} \tag{12}$$
#
# Read it from left to right: the naive gradient, minus its mean (the path through μ), minus its part along $\hat x$ (the path through σ²).
# What is left of `dout` is what *can* change the output: adding a constant to a feature, or stretching it, is undone by the normalization,
# so the gradient has nothing to say in these two directions. Two facts to check a program with:
#
# - $\sum_i \bar x_i = 0$ for every feature;
# - in a batch of **two**, with ε = 0, $\hat x = \pm 1$ whatever $x$ is, so $\bar x = 0$: nothing can be learned below. Remember this one
#   for §7.

# %% [markdown]
# ### Exercise 2 · batchnorm_backward
# *About 35 minutes · difficulty ●●●*
#
# Write the backward pass, by (5) to (10) or by (12).
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, D)` | $\partial L/\partial y$ |
# | `cache` | | what your `batchnorm_forward` returned |
# | `dx` | `(N, D)` | $\partial L/\partial x$ |
# | `dgamma`, `dbeta` | `(D,)` | $\partial L/\partial\gamma$, $\partial L/\partial\beta$ |
#
# **By hand.** One feature, ε = 0, γ = 3: for $x = (0, 0, 2, 2)$ we have μ = 1, σ = 1, $\hat x = (-1, -1, 1, 1)$. Let $\bar y = (4, 0, 0,
# 0)$. Then $\bar\beta = 4$ and
# $\bar\gamma = -4$; the means in (12) are 1 and −1, so the bracket is $(4 - 1 - 1,\; 0 - 1 - 1,\; 0 - 1 + 1,\; 0 - 1 + 1)$, and
# $\bar x = 3 \cdot (2, -2, 0, 0) = (6, -6, 0, 0)$. It adds up to zero, as it should.
#
# <details><summary>Hint 1</summary>
#
# Shapes tell you where a sum belongs: whatever has shape `(D,)` in the forward pass has a gradient of shape `(D,)`.
# </details>
# <details><summary>Hint 2</summary>
#
# Begin with (5); it gives two of the three answers. Run the check: the tests of `dgamma` and `dbeta` pass before `dx` is right.
# </details>
# <details><summary>Hint 3</summary>
#
# Then go on line by line with one variable per symbol: `dx_hat`, `dstd`, `dvariance`, `dcentered`, `dmean`. In (8) and (10), don't
# overwrite the direct part, add to it.
# </details>
# <details><summary>Hint 4</summary>
#
# If `test_input_by_differences` fails: leave out the path through the variance, both here and in the forward pass (divide by 1), and see
# whether the rest agrees. The path that is wrong is the one whose return breaks it.
# </details>

# %% nbgrader={"grade": false, "grade_id": "batchnorm_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_backward(dout, cache):
    """Pull a gradient back through batchnorm_forward: equations (5) to (10), or (12).

    The mean and the variance depend on x too; the gradient flows through both.

    Parameters
    ----------
    dout : array of shape (N, D)
        ∂L/∂out.
    cache
        As your batchnorm_forward returned it.

    Returns
    -------
    dx : float64 array of shape (N, D)
        ∂L/∂x.
    dgamma, dbeta : float64 arrays of shape (D,)
        ∂L/∂γ and ∂L/∂β, summed over the batch.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    x_hat, centered, std, gamma = cache
    N = len(dout)

    dbeta = np.sum(dout, axis=0)  # (5)
    dgamma = np.sum(dout * x_hat, axis=0)
    dx_hat = gamma * dout

    dcentered = dx_hat / std  # (6)
    dstd = -np.sum(dx_hat * centered, axis=0) / std**2
    dvariance = dstd / (2 * std)  # (7)
    dcentered = dcentered + 2 * centered / N * dvariance  # (8)

    dmean = -np.sum(dcentered, axis=0)  # (9)
    dx = dcentered + dmean / N  # (10)
    return dx, dgamma, dbeta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm_backward", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(batchnorm_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(batchnorm_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work (1): why the full gradient matters.** What if you stop at the naive gradient, which takes μ and σ² for constants? Ioffe and
# Szegedy begin with this thought experiment. Below, the same net is trained twice: with your backward pass, and with $\bar x =
# \gamma/\sigma \cdot \bar y$. We watch the biases of the dense layers in front of the BN layers. They have no effect on the output, so they
# have no reason to move.

# %% tags=["demo"]
def normalized(forward, backward):
    """A BN layer without running statistics, from a forward and a backward pass."""
    return lambda units: nets.PairLayer(
        forward, backward, {"gamma": np.ones(units), "beta": np.zeros(units)}
    )


def forward_that_keeps_x(x, gamma, beta):
    out, cache = batchnorm_forward(x, gamma, beta)
    return out, (cache, gamma / x.std(axis=0))


def naive_backward(dout, both):
    cache, scale = both
    return scale * dout, *batchnorm_backward(dout, cache)[
        1:
    ]  # dx as if the statistics were constants


def bias_norms(normalize):
    rng, norms = np.random.default_rng(1), []
    net = nets.mlp((64, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=normalize)
    front = [layer for layer in net.layers if isinstance(layer, nets.Dense)][:-1]

    def look(net, step):
        norms.append(np.sqrt(sum(np.sum(layer.params["b"] ** 2) for layer in front)))

    history = nets.train(net, digits, lr=0.1, epochs=3, batch_size=50, rng=rng, watch=look)
    return np.array(norms), history


if ready(batchnorm_forward, batchnorm_backward):
    right, right_history = bias_norms(normalized(batchnorm_forward, batchnorm_backward))
    naive, naive_history = bias_norms(normalized(forward_that_keeps_x, naive_backward))
    fig, ax = plots.figure(1, 1, (6.4, 3.6))
    ax.plot(naive, label="statistics taken for constants", color=plots.PALETTE[1], linestyle="--")
    ax.plot(right, label="your gradient", color=plots.PALETTE[0])
    ax.set(
        xlabel="training step",
        ylabel="norm of all biases before BN",
        title="Biases that have no effect",
    )
    ax.legend()
    plots.show(
        fig,
        alt="The norm of the biases before the batch normalization against the training step. "
        "With the full gradient it stays at zero; where the statistics are taken for "
        "constants it grows from the first step, though these biases have no effect on the "
        "loss.",
    )
    assert right.max() < 1e-9, "the full gradient should leave the biases at zero"
    assert naive[-1] > 0.05, "the naive gradient should push the biases away"

# %% [markdown]
# The naive gradient pushes the biases step after step, the normalization takes the change out again, and the loss does not notice: so the
# next step pushes in the same direction, without end. The full gradient knows that nothing is to be gained there: by (12) it adds up to
# zero over the batch.
#
# **See it work (2): the gradient arrives.** The norm of the gradient in each layer of a network with eight hidden layers and the unlucky
# initialization of §2, $N(0, 0.01^2)$, before the first step.

# %% tags=["demo"]
def small(fan_in, fan_out, rng):
    return rng.normal(0, 0.01, (fan_in, fan_out))


if ready(batchnorm_forward, batchnorm_backward):
    norms = {}
    for label, normalize in {
        "plain": None,
        "batch norm": normalized(batchnorm_forward, batchnorm_backward),
    }.items():
        net = nets.mlp(
            (64, *[50] * 8, 10),
            init=small,
            activation="relu",
            rng=np.random.default_rng(0),
            normalize=normalize,
        )
        norms[label] = net.gradient_norms(digits.X_train[:256], digits.y_train[:256])
    fig = plots.per_layer_lines(
        norms,
        ylabel="norm of the gradient (log)",
        title="Gradients at the first step, weights from N(0, 0.01²)",
    )
    plots.show(
        fig,
        alt="The norm of the gradient of the weights, layer by layer, on a logarithmic scale. In "
        "the plain net it is below 1e-8 in every layer; with batch normalization it lies "
        "between 0.1 and 10 in every layer.",
    )
    assert max(norms["plain"]) < 1e-8, "without BN hardly any gradient should arrive"
    assert min(norms["batch norm"]) > 0.1 and max(norms["batch norm"]) < 10, (
        "with BN it should arrive in every layer"
    )

# %% [markdown]
# **See it work (3): the ground holds still.** The figure of §1 once more, with a BN layer in front of each ReLU, and the same axes.

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward):
    bn_seen, bn_history = watch_last_layer(normalized(batchnorm_forward, batchnorm_backward))
    fig, axes = plots.figure(2, 2, (10, 6), sharex=True, sharey="col")
    draw_statistics(axes[0], plain_seen, plots.PALETTE[0], "without batch normalization")
    draw_statistics(axes[1], bn_seen, plots.PALETTE[1], "with batch normalization")
    for ax in axes[0]:
        ax.set_xlabel("")
    plots.show(
        fig,
        alt="Means and standard deviations of the inputs of twenty units over the training steps. "
        "Above, without batch normalization, they spread out and grow; below, with it, the "
        "means stay in a narrow band around zero and the standard deviations close to one.",
    )
    assert drift(bn_seen).max() < 0.2, (
        "with BN the means should stay within a fifth of a standard deviation"
    )
    assert drift(plain_seen)[-1] > 8 * drift(bn_seen).max(), (
        "without BN they should move several times as far"
    )
    assert np.all(np.abs(bn_seen[:, 1] - 1) < 0.5), (
        "with BN the standard deviations should stay near 1"
    )
    assert bn_history.test_accuracy[-1] > 0.8, "the net with BN should learn"

# %% [markdown]
# What still moves in the lower row is γ and β, learned on purpose, and slowly.
#
# **See it work (4): where the plain net fails.** Four initializations, three learning rates, three passes over the digits, with and without
# BN. Each field says how many of the test images are classified correctly; guessing would give 0.10.

# %% tags=["demo"]
def accuracy_of(init, lr, normalize):
    rng = np.random.default_rng(2)
    net = nets.mlp((64, 50, 50, 50, 10), init=init, activation="relu", rng=rng, normalize=normalize)
    return nets.train(net, digits, lr=lr, epochs=3, batch_size=64, rng=rng).test_accuracy[-1]


def draw_table(ax, table, title):
    ax.imshow(table, vmin=0, vmax=1, cmap="cividis")
    for (row, column), value in np.ndenumerate(table):
        ax.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            color="white" if value < 0.6 else "black",
        )
    ax.set(
        title=title,
        xlabel="learning rate",
        xticks=range(len(rates)),
        xticklabels=rates,
        yticks=range(len(inits)),
        yticklabels=inits,
    )
    ax.grid(False)


inits = {
    "N(0, 0.01²)": small,
    "N(0, 0.1²)": lambda fan_in, fan_out, rng: rng.normal(0, 0.1, (fan_in, fan_out)),
    "He": he,
    "N(0, 1)": lambda fan_in, fan_out, rng: rng.normal(0, 1, (fan_in, fan_out)),
}
rates = [0.3, 1.0, 3.0]

if ready(batchnorm_forward, batchnorm_backward):
    layer = normalized(batchnorm_forward, batchnorm_backward)
    plain_table = np.array(
        [[accuracy_of(init, lr, None) for lr in rates] for init in inits.values()]
    )
    bn_table = np.array([[accuracy_of(init, lr, layer) for lr in rates] for init in inits.values()])
    fig, axes = plots.figure(1, 2, (9.5, 4.2))
    draw_table(axes[0], plain_table, "Test accuracy without BN")
    draw_table(axes[1], bn_table, "Test accuracy with BN")
    plots.show(
        fig,
        alt="Two tables of test accuracies for four initializations and three learning rates. "
        "Without batch normalization only a few fields in the middle are good, and the "
        "corners are near 0.1; with it every field is good.",
    )
    assert bn_table.min() > 0.6, "with BN every initialization should train at every learning rate"
    assert np.mean(plain_table < 0.4) >= 0.5, "without BN at least half of the fields should fail"
    assert plain_table.max() > 0.8, "there should be a setting where the plain net trains"

# %% [markdown]
# Both statements of the slides can be read off: BN *reduces the strong dependence on initialization* (look down a column on the right) and
# *allows higher learning rates* (look along a row).
#
# One field is a little behind the others: large weights with a small learning rate. That is no accident. The output doesn't depend on the
# scale of $W$, so the gradient shrinks as $W$ grows: make the weights ten times as large, and
# the gradient is a tenth, while the way to go is ten times as long.

# %% [markdown]
# ## §4 From training to prediction
#
# Equations (1) and (2) ask for a batch. A network in use often gets one image. Its batch statistics would be μ = x and σ² = 0, so $\hat x =
# 0$ and $y = \beta$, whatever the image
# shows. And even in a large batch, the answer to you would depend on who else asks.
#
# So at prediction time, fixed numbers stand in for the batch's: estimates of mean and variance over the whole training set. One could
# compute them in a last pass over the data. In practice they are collected on the way, as **exponential moving averages** of the statistics
# of the batches:
#
# $$\hat v \leftarrow \hat v \cdot \text{momentum} + v \cdot (1 - \text{momentum}) \tag{13}$$
#
# once for $v = \mu$ and once for $v = \sigma^2$, after every training step. Then a prediction is
#
# $$y = \gamma\, \frac{x - \hat\mu}{\sqrt{\hat\sigma^2 + \varepsilon}} + \beta \tag{14}$$
#
# Momentum is the share of the old value: a batch that lies $k$ steps back counts with $(1 - \text{momentum}) \cdot \text{momentum}^k$, so a
# momentum of 0.9 averages over about the last 10 batches, 0.99 over 100, 0.999 over 1000.

# %% [markdown]
# ### Exercise 3 · update_running
# *About 5 minutes · difficulty ●○○*
#
# Write (13).
#
# | array | shape | |
# |---|---|---|
# | `running`, `batch_value` | any, the same | old average $\hat v$, new value $v$ |
# | answer | the same | the new average |
#
# **By hand.** From 10 towards 20 with momentum 0.9 gives $10 \cdot 0.9 + 20 \cdot 0.1 = 11$. With momentum 1 it would stay 10, with
# momentum 0 it would be 20.
#
# <details><summary>Hint 1</summary>
#
# It is one line. If the check about unchanged arguments fails, look for an operator such as `*=`.
# </details>
# <details><summary>Hint 2</summary>
#
# If you know PyTorch: its `momentum` is our 1 − momentum.
# </details>

# %% nbgrader={"grade": false, "grade_id": "update_running", "locked": false, "schema_version": 3, "solution": true, "task": false}
def update_running(running, batch_value, momentum=0.9):
    """Move a running value towards the value of the latest batch: equation (13).

    Parameters
    ----------
    running, batch_value : arrays of the same shape
        The running average so far, and the new batch's mean or variance. Integers are legal.
    momentum : float
        The share of the old value that is kept, from 0 to 1.

    Returns
    -------
    float64 array of that shape
        running·momentum + batch_value·(1 − momentum), a new array; the arguments are not changed.
    """
    ### BEGIN SOLUTION
    return np.asarray(running) * momentum + np.asarray(batch_value) * (1 - momentum)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_update_running", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(update_running)
### BEGIN HIDDEN TESTS
from autograder import score
score(update_running)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Batches of 16 are drawn from a feature whose true mean is 3. The dots are the batches' means.

# %% tags=["demo"]
if ready(update_running):
    batch_means = np.random.default_rng(0).normal(3, 2, (300, 16)).mean(axis=1)
    fig, ax = plots.figure(1, 1, (8, 3.6))
    ax.plot(batch_means, ".", color="#999999", markersize=4, label="mean of a batch")
    averages = {}
    for momentum in (0.9, 0.99):
        values = [np.zeros(1)]
        for value in batch_means:
            values.append(update_running(values[-1], np.array([value]), momentum))
        averages[momentum] = np.ravel(values)
        ax.plot(averages[momentum], label=f"running mean, momentum {momentum}")
    ax.axhline(3, color="black", linewidth=1, linestyle=":")
    ax.set(xlabel="training step", ylabel="mean of the feature")
    ax.legend(loc="lower right")
    plots.show(
        fig,
        alt="Means of 300 batches scatter around 3. Both running means start at 0. With momentum "
        "0.9 the running mean is there after some 30 steps and goes on trembling; with 0.99 "
        "it takes some 300 steps and is smooth.",
    )
    assert abs(averages[0.9][40] - 3) < 0.6 < abs(averages[0.99][40] - 3), (
        "momentum 0.99 should take longer"
    )
    assert averages[0.99][-50:].std() < averages[0.9][-50:].std() < batch_means.std(), (
        "and should be the smoother one"
    )

# %% [markdown]
# A high momentum averages well and is slow to forget where it began. Stop the training after 50 steps with momentum 0.99, and the running
# mean is still far from the truth: a classic cause of networks that train well and predict badly.
#
# ### Exercise 4 · batchnorm_inference
# *About 10 minutes · difficulty ●○○*
#
# Write (14).
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, D)` | N may be 1 |
# | `gamma`, `beta`, `running_mean`, `running_var` | `(D,)` | |
# | `out` | `(N, D)` | |
#
# **By hand.** One feature with ε = 0, γ = 3, β = 10, running mean 1 and running variance 4: x = 5 gives $3 \cdot (5 - 1)/2 + 10 = 16$, and
# x = 1 gives 10. With running variance 4 and ε = 5, the
# divisor would be $\sqrt 9 = 3$.
#
# <details><summary>Hint 1</summary>
#
# No statistics of `x` are computed here. If you write `mean` or `var` of x, go back to the paragraph above.
# </details>
# <details><summary>Hint 2</summary>
#
# The most frequent slip in this exercise, by far, is to leave ε out. In training the layer divided by √(σ² + ε), so it has to here.
# </details>

# %% nbgrader={"grade": false, "grade_id": "batchnorm_inference", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm_inference(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """Normalise with running statistics, as a trained network does when it predicts: equation (14).

    Parameters
    ----------
    x : array of shape (N, D)
        Examples, perhaps only one. Integers are legal.
    gamma, beta, running_mean, running_var : arrays of shape (D,)
        Scale, shift, running mean and running variance of each feature.
    eps : float
        ε, added to the variance, inside the root.

    Returns
    -------
    float64 array of shape (N, D)
        γ·(x − running_mean)/√(running_var + ε) + β. Each example's answer depends on that example
        alone. The arguments, the running statistics among them, are not changed.
    """
    ### BEGIN SOLUTION
    x_hat = (x - running_mean) / np.sqrt(running_var + eps)
    return gamma * x_hat + beta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm_inference", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(batchnorm_inference)
### BEGIN HIDDEN TESTS
from autograder import score
score(batchnorm_inference)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** A network is trained with all four functions. Then it predicts the test images in batches of different sizes: once as it
# did in training, with each batch's own
# statistics, and once with the running statistics.

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):

    def batch_norm(units, momentum=0.9):
        return nets.BatchNorm(
            units,
            batchnorm_forward,
            batchnorm_backward,
            batchnorm_inference,
            update_running,
            momentum=momentum,
        )

    rng = np.random.default_rng(3)
    trained = nets.mlp((64, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=batch_norm)
    nets.train(trained, digits, lr=0.2, epochs=4, batch_size=32, rng=rng)

    def accuracy_in_batches(size, training):
        batches = np.array_split(np.arange(len(digits.y_test)), len(digits.y_test) // size)
        guesses = [
            np.argmax(trained.forward(digits.X_test[batch], training=training)[-1], axis=1)
            for batch in batches
        ]
        return np.mean(np.concatenate(guesses) == digits.y_test)

    sizes = [1, 2, 4, 8, 16, 64, 449]
    by_batch, by_running = (
        [accuracy_in_batches(size, training) for size in sizes] for training in (True, False)
    )
    fig, ax = plots.figure(1, 1, (7, 3.6))
    ax.plot(sizes, by_running, "o-", label="running statistics")
    ax.plot(sizes, by_batch, "s--", label="statistics of the batch itself")
    ax.set(
        xscale="log",
        xlabel="images per prediction",
        ylabel="test accuracy",
        ylim=(0, 1.03),
        xticks=sizes,
        xticklabels=sizes,
    )
    ax.minorticks_off()
    ax.legend()
    plots.show(
        fig,
        alt="Test accuracy against the number of images that are predicted together. With running "
        "statistics it is the same high value for all; with the batch's own statistics it "
        "falls for small batches, and to that of guessing for single images.",
    )
    assert by_batch[0] < 0.2 < 0.85 < by_batch[-1], (
        "single images can't be told apart by their own statistics, a large batch can"
    )
    assert min(by_running) > 0.9 and np.ptp(by_running) < 1e-12, (
        "with running statistics company should make no difference"
    )

# %% [markdown]
# ### Four numbers per feature, two of them learned
#
# Here is the network of the slides: 28×28 pixels, BN at the input (which replaces standardising the data by hand) and after each hidden
# layer. Keras reports 3136 parameters for the first BN layer. Where do they come from?

# %% tags=["demo"]
rng = np.random.default_rng(0)
functions = (batchnorm_forward, batchnorm_backward, batchnorm_inference, update_running)
keras_model = nets.Net(
    nets.BatchNorm(784, *functions),
    nets.Dense(784, 300, init=he, rng=rng),
    nets.Activation("elu"),
    nets.BatchNorm(300, *functions),
    nets.Dense(300, 100, init=he, rng=rng),
    nets.Activation("elu"),
    nets.BatchNorm(100, *functions),
    nets.Dense(100, 10, init=he, rng=rng),
)

print(f"{'layer':<12}{'parameters':>12}{'trained':>10}{'running':>10}")
for layer in keras_model.layers:
    trained_here, running_here = (
        sum(values.size for values in kept.values()) for kept in (layer.params, layer.state)
    )
    if trained_here:
        print(
            f"{type(layer).__name__:<12}{trained_here + running_here:>12}{trained_here:>10}{running_here:>10}"
        )
total_trained, total_running = keras_model.count_parameters()
print(f"{'all':<12}{total_trained + total_running:>12}{total_trained:>10}{total_running:>10}")

assert sum(nets.Net(keras_model.layers[0]).count_parameters()) == 3136 == 4 * 784
assert (total_trained, total_running) == (268978, 2368)

# %% [markdown]
# 3136 = 4 · 784: for each pixel γ, β, the running mean and the running variance. *Four numbers per feature are kept, two are learned* by
# gradient descent. The other two are
# "non-trainable": averaged by (13), never moved by a gradient. Of the 4736 numbers in the three BN layers, half, 2368, are of this kind. So
# when a slide says that BN "learns four
# parameters: scale, offset, mean and standard deviation", take it as *keeps four*; and the fourth is the variance.

# %% [markdown]
# ## §5 Images: one mean per channel
#
# A convolution slides one kernel over all places of an image. All the numbers in one channel of its output come from the same weights, so
# they should be treated alike: **a channel is one
# feature, and every pixel of every image is an example of it.** For images of shape $(N, C, H, W)$ the sums in (1) and (2) run over $M = N
# \cdot H \cdot W$ values, and there is one γ and one β per channel.
#
# Nothing else changes. In the backward pass (5) to (12) hold with the sums over all $M$ values, and $1/N$ becomes $1/M$.
#
# (The slides mention an argument `axis`, by default the last: Keras keeps the channel there, $(N, H, W, C)$, and `axis` names the one that
# is *kept*. In our $(N, C, H, W)$ it is axis 1 that stays.)

# %% [markdown]
# ### Exercise 5 · batchnorm2d_forward
# *About 15 minutes · difficulty ●●○*
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, C, H, W)` | a batch of images |
# | `gamma`, `beta` | `(C,)` | one number per channel |
# | `out` | `(N, C, H, W)` | |
#
# **By hand.** With ε = 0, one image of 1×2 pixels and two channels: channel 0 is (1, 3), channel 1 is (10, 30). As in exercise 1 both
# become (−1, 1), and with γ = (2, 0.5), β = (0, 1) the output
# is (−2, 2) in channel 0 and (0.5, 1.5) in channel 1.
#
# There are two good ways: statistics over several axes at once, or a detour over a matrix of shape $(N \cdot H \cdot W, C)$.
#
# <details><summary>Hint 1</summary>
#
# `np.mean` takes a tuple of axes. Which three?
# </details>
# <details><summary>Hint 2</summary>
#
# A `(C,)` array lines up with the *last* axis, the width. Give it the shape `(1, C, 1, 1)`. `keepdims=True` does it for means.
# </details>
# <details><summary>Hint 3</summary>
#
# If you go by way of a matrix: `reshape` never moves a number in memory, it only cuts the row of numbers elsewhere. So the channel has to
# be *transposed* to the end first, and afterwards back with the
# opposite permutation.
# </details>

# %% nbgrader={"grade": false, "grade_id": "batchnorm2d_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm2d_forward(x, gamma, beta, eps=1e-5):
    """Normalise every channel over all pixels of all images in the batch, then scale and shift it.

    Parameters
    ----------
    x : array of shape (N, C, H, W)
        A batch of images. Integers are legal.
    gamma, beta : arrays of shape (C,)
        Scale and shift of each channel.
    eps : float
        ε, added to the variance, inside the root.

    Returns
    -------
    out : float64 array of shape (N, C, H, W)
        γ·(x − μ)/√(σ² + ε) + β, where μ and σ² are the mean and the variance of each channel
        over N, H and W, and σ² divides by N·H·W.
    cache
        Whatever your batchnorm2d_backward needs.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    per_channel = (1, -1, 1, 1)
    mean = np.mean(x, axis=(0, 2, 3), keepdims=True)
    std = np.sqrt(np.var(x, axis=(0, 2, 3), keepdims=True) + eps)
    x_hat = (x - mean) / std
    out = np.reshape(gamma, per_channel) * x_hat + np.reshape(beta, per_channel)
    return out, (x_hat, np.reshape(gamma, per_channel) / std)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm2d_forward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(batchnorm2d_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(batchnorm2d_forward)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 6 · batchnorm2d_backward
# *About 20 minutes · difficulty ●●○*
#
# Equation (12) with sums over $M = N \cdot H \cdot W$ values.
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, C, H, W)` | |
# | `dx` | `(N, C, H, W)` | |
# | `dgamma`, `dbeta` | `(C,)` | |
#
# **By hand.** One channel, two images of 1×2 pixels, (0, 0) and (2, 2), γ = 3, ε = 0, and `dout` is 4 at the very first pixel and 0
# elsewhere: the four values are those of exercise 2, so the answers are too:
# `dx` is (6, −6) in the first image and (0, 0) in the second, `dgamma` is −4, `dbeta` is 4.
#
# <details><summary>Hint 1</summary>
#
# Whatever you did in the forward pass to turn a channel into a feature, do to `dout` as well.
# </details>
# <details><summary>Hint 2</summary>
#
# How many values did the mean of a channel average over? That is what (12) divides by; `len(dout)` isn't it.
# </details>
# <details><summary>Hint 3</summary>
#
# `dgamma` and `dbeta` have shape `(C,)`, but inside (12) the means want shape `(1, C, 1, 1)`: sum once with and once without `keepdims`, or
# reshape.
# </details>

# %% nbgrader={"grade": false, "grade_id": "batchnorm2d_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def batchnorm2d_backward(dout, cache):
    """Pull a gradient back through batchnorm2d_forward: equation (12) with sums over N, H and W.

    Parameters
    ----------
    dout : array of shape (N, C, H, W)
        ∂L/∂out.
    cache
        As your batchnorm2d_forward returned it.

    Returns
    -------
    dx : float64 array of shape (N, C, H, W)
        ∂L/∂x.
    dgamma, dbeta : float64 arrays of shape (C,)
        ∂L/∂γ and ∂L/∂β, summed over N, H and W.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    x_hat, scale = cache
    everywhere = (0, 2, 3)
    through_mean = np.mean(dout, axis=everywhere, keepdims=True)
    through_variance = x_hat * np.mean(dout * x_hat, axis=everywhere, keepdims=True)
    dx = scale * (dout - through_mean - through_variance)
    return dx, np.sum(dout * x_hat, axis=everywhere), np.sum(dout, axis=everywhere)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_batchnorm2d_backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(batchnorm2d_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(batchnorm2d_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Eight random 3×3 kernels look at the digits, and each adds a bias of its own, somewhere between 5 and 50. On top of them
# stand a ReLU and one dense layer. The biases say nothing about
# the digits; for BN they don't even exist, but the net without it stumbles over them.

# %% tags=["demo"]
def kernel_answers(images, kernels, biases):
    windows = np.lib.stride_tricks.sliding_window_view(images[:, 0], (3, 3), axis=(1, 2))
    return np.einsum("nhwij,cij->nchw", windows, kernels) + biases.reshape(-1, 1, 1)


rng = np.random.default_rng(0)
kernels, biases = rng.normal(size=(8, 3, 3)), rng.uniform(5, 50, 8)
pictures = data.digits(images=True)
X_train, X_test = (
    kernel_answers(images, kernels, biases) for images in (pictures.X_train, pictures.X_test)
)
channels = data.Digits(X_train, pictures.y_train, X_test, pictures.y_test)

if ready(batchnorm2d_forward, batchnorm2d_backward, update_running, batchnorm_inference):
    channel_norm = nets.BatchNorm(
        8, batchnorm2d_forward, batchnorm2d_backward, batchnorm_inference, update_running
    )
    runs = {}
    for label, first in {"plain": [], "batch norm": [channel_norm]}.items():
        rng = np.random.default_rng(0)
        net = nets.Net(
            *first,
            nets.Activation("relu"),
            nets.Flatten(),
            nets.Dense(8 * 6 * 6, 10, init=small, rng=rng),
        )
        runs[label] = nets.train(net, channels, lr=0.05, epochs=4, batch_size=32, rng=rng)
    fig = plots.training_curves(runs)
    fig.axes[0].set_ylim(0.03, 1e5)
    plots.show(
        fig,
        alt="Training loss and test accuracy of a net on eight channels with large biases. With "
        "batch normalization the loss falls and the accuracy is high from the first epoch on; "
        "without it the loss is larger by orders of magnitude and the accuracy stays low.",
    )
    assert runs["batch norm"].test_accuracy[-1] > 0.85, "with BN the net should learn"
    assert runs["plain"].test_accuracy[-1] < runs["batch norm"].test_accuracy[-1] - 0.2, (
        "without BN it should not"
    )
    assert np.mean(runs["plain"].loss[-20:]) > 10 * np.mean(runs["batch norm"].loss[-20:]), (
        "and its loss should be much larger"
    )

# %% [markdown]
# ## §6 Folding: the layer that vanishes
#
# At prediction time, (14) is a straight line in $x$: multiply by a constant, add a constant. A dense layer in front of it is a linear map
# too, and a linear map followed by a
# linear map is a linear map. So the two can be made into one, once and for all, after training. With $z = xW + b$ and (14) for unit $j$,
#
# $$y_j = \frac{\gamma_j}{\sqrt{\hat\sigma_j^2 + \varepsilon}} \Big( \sum_i x_i W_{ij} + b_j - \hat\mu_j \Big) + \beta_j \tag{15}$$
#
# Sort this into what is multiplied with $x_i$ and what isn't, and you have the weights and the bias of one dense layer:
#
# $$W'_{ij} = W_{ij}\, \frac{\gamma_j}{\sqrt{\hat\sigma_j^2 + \varepsilon}}, \qquad b'_j = (b_j - \hat\mu_j)\, \frac{\gamma_j}{\sqrt{\hat\sigma_j^2 + \varepsilon}} + \beta_j \tag{16}$$
#
# This is the slides' advice for networks that have to answer fast. It works because the dense layer and the BN stand *directly* behind each
# other; with an activation in between there is nothing to fold into
# the layer before.

# %% [markdown]
# ### Exercise 7 · fold_batchnorm
# *About 15 minutes · difficulty ●●○*
#
# Write (16).
#
# | array | shape | |
# |---|---|---|
# | `W` | `(fan_in, fan_out)` | of the dense layer *before* the BN |
# | `b`, `gamma`, `beta`, `running_mean`, `running_var` | `(fan_out,)` | |
# | answer | `(W', b')` | shapes of `W` and `b` |
#
# **By hand.** With ε = 0, let $W = \begin{pmatrix} 1 & 2 \\ 5 & -1 \end{pmatrix}$, b = (4, 0), γ = (2, 3), β = (0, 1), running mean (1, 2),
# and running variance (4, 1). The scales are $2/\sqrt 4 = 1$ and $3/\sqrt 1 = 3$, so
# $W' = \begin{pmatrix} 1 & 6 \\ 5 & -3 \end{pmatrix}$ and b' = ((4 − 1)·1 + 0, (0 − 2)·3 + 1) = (3, −5).
#
# <details><summary>Hint 1</summary>
#
# Compute the scale of each unit first; it occurs twice.
# </details>
# <details><summary>Hint 2</summary>
#
# A unit's incoming weights are a *column* of `W`. Against which axis does a `(fan_out,)` array broadcast by itself?
# </details>
# <details><summary>Hint 3</summary>
#
# What does the layer give for x = 0? Without any weights, that is b'.
# </details>

# %% nbgrader={"grade": false, "grade_id": "fold_batchnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold_batchnorm(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Make one dense layer of a dense layer and the batch normalization directly after it: equation
(16).

    Parameters
    ----------
    W : array of shape (fan_in, fan_out)
        Weights of the dense layer, which computes x @ W + b. Integers are legal.
    b : array of shape (fan_out,)
        Its biases.
    gamma, beta, running_mean, running_var : arrays of shape (fan_out,)
        Of the batch normalization, which normalises as batchnorm_inference does.
    eps : float
        ε, added to the variance, inside the root.

    Returns
    -------
    W, b : float64 arrays of shapes (fan_in, fan_out) and (fan_out,)
        New arrays, such that x @ W + b gives for every x what the two layers gave.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    scale = np.asarray(gamma) / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, (np.asarray(b) - running_mean) * scale + beta
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_fold_batchnorm", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(fold_batchnorm)
### BEGIN HIDDEN TESTS
from autograder import score
score(fold_batchnorm)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Every BN layer of the network that was trained in §4 is folded away.

# %% tags=["demo"]
def folded(net):
    """The same net with each pair of a dense and a BN layer made into one dense layer."""
    layers = []
    for layer in net.layers:
        if isinstance(layer, nets.BatchNorm):
            dense = layers.pop()
            W, b = fold_batchnorm(
                *dense.params.values(), *layer.params.values(), *layer.state.values()
            )
            layers.append(nets.Dense.of(W, b))
        else:
            layers.append(layer)
    return nets.Net(*layers)


if ready(*functions, fold_batchnorm):
    lean = folded(trained)
    before, after = trained.logits(digits.X_test), lean.logits(digits.X_test)
    fig, (ax, ax_difference) = plots.figure(1, 2, (9.5, 3.6))
    ax.plot(before.ravel(), after.ravel(), ".", markersize=3)
    ax.set(
        xlabel="logit before folding",
        ylabel="logit after folding",
        title="Every logit of every test image",
    )
    ax_difference.hist(1e15 * (after - before).ravel(), bins=41)
    ax_difference.set(
        xlabel="difference, in units of $10^{-15}$",
        ylabel="logits",
        title="What is left is rounding",
    )
    plots.show(
        fig,
        alt="Left: the logits after folding against those before lie on the diagonal. Right: a "
        "histogram of the differences, which are a few times 1e-15, the size of rounding "
        "errors.",
    )
    print(f"{'':<8}{'layers':>8}{'trained':>9}{'running':>9}")
    for label, net in {"before": trained, "after": lean}.items():
        print(
            f"{label:<8}{len(net.layers):>8}{net.count_parameters()[0]:>9}{net.count_parameters()[1]:>9}"
        )
    assert np.allclose(before, after, rtol=1e-9, atol=1e-9), "folding should change no logit"
    assert np.array_equal(trained.predict(digits.X_test), lean.predict(digits.X_test)), (
        "folding should change no prediction"
    )
    assert lean.count_parameters()[1] == 0 and len(lean.layers) == len(trained.layers) - 2, (
        "no BN layer should be left"
    )

# %% [markdown]
# The prediction is the same to the last digit that counts, and two layers' worth of work is gone. Training, of course, needed them.

# %% [markdown]
# ## §7 How small may a batch be?
#
# Statistics over a batch are estimates, and the smaller the batch, the noisier they are. A little noise is welcome: every example is seen
# at another scale each time, depending on its company, which acts as a mild
# **regularization** ("in a funny way", as a slide puts it). But there is a limit, and you have derived it in §3: in a batch of two, every
# feature of every example is turned into ±1, *which of the two is larger*, and
# the gradient (12) is zero but for ε.
#
# Below, networks are trained for 250 steps with batches of 2 to 64.

# %% tags=["demo"]
def accuracy_with_batches_of(size, normalize, steps=250):
    rng = np.random.default_rng(4)
    net = nets.mlp((64, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=normalize)
    drawn = rng.integers(
        0, len(digits.y_train), steps * size
    )  # as many examples as the steps need, some of them several times
    enough = data.Digits(digits.X_train[drawn], digits.y_train[drawn], digits.X_test, digits.y_test)
    return nets.train(net, enough, lr=0.1, epochs=1, batch_size=size, rng=rng).test_accuracy[-1]


if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):
    sizes = [2, 3, 4, 8, 16, 64]
    kinds = {"plain": None, "batch norm": batch_norm}
    by_size = {
        label: [accuracy_with_batches_of(size, normalize) for size in sizes]
        for label, normalize in kinds.items()
    }
    fig, ax = plots.figure(1, 1, (7, 3.8))
    for (label, accuracies), marker in zip(by_size.items(), plots.MARKERS, strict=False):
        ax.plot(sizes, accuracies, marker=marker, label=label)
    ax.set(
        xscale="log",
        xlabel="examples per batch in training",
        ylabel="test accuracy",
        ylim=(0, 1.03),
        xticks=sizes,
        xticklabels=sizes,
    )
    ax.minorticks_off()
    ax.legend(loc="lower right")
    plots.show(
        fig,
        alt="Test accuracy after 250 steps against the size of the training batches. The plain "
        "net loses little with small batches. The net with batch normalization is as good "
        "from about 8 examples on, but breaks down at a batch of two.",
    )
    assert by_size["batch norm"][0] < 0.6, "in batches of two the net with BN should hardly learn"
    assert by_size["plain"][0] > by_size["batch norm"][0] + 0.2, "where the plain net still learns"
    assert min(by_size["batch norm"][-2:]) > 0.9, (
        "with batches of 16 and more the net with BN should do well"
    )

# %% [markdown]
# So BN wants batches of, say, at least 8, better 32. Where memory allows only one or two examples (large images, video), or where the
# length varies (recurrent networks), other axes are averaged instead: over the
# features of one example (**layer normalization**, Ba et al. 2016), over groups of channels of one example (**group normalization**, Wu and
# He 2018). Recurrent networks were often helped with gradient
# clipping instead, the subject of lecture 6.

# %% [markdown]
# ## §8 Before or after the activation? And why does it work?
#
# **The place.** Three sets of slides put BN *before* the activation, as the paper did. One says *before or after*, and the Keras model of
# §4 has it *after* the ELU. Let us try both, with three different starts each.

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):

    def stack(place, rng):
        layers = []
        for fan_in in (64, 50):
            pair = [batch_norm(50), nets.Activation("elu")]
            layers += [
                nets.Dense(fan_in, 50, init=he, rng=rng),
                *(pair if place == "before" else reversed(pair)),
            ]
        return nets.Net(*layers, nets.Dense(50, 10, init=he, rng=rng))

    places = {"before": [], "after": []}
    for place, accuracies in places.items():
        for seed in range(3):
            rng = np.random.default_rng(seed)
            history = nets.train(
                stack(place, rng), digits, lr=0.2, epochs=3, batch_size=64, rng=rng
            )
            accuracies.append(history.test_accuracy[-1])
    fig, ax = plots.figure(1, 1, (6, 3.2))
    for row, (accuracies, marker) in enumerate(zip(places.values(), plots.MARKERS, strict=False)):
        ax.plot(accuracies, [row] * 3, marker, markersize=9, color=plots.PALETTE[row], alpha=0.8)
    ax.set(
        xlabel="test accuracy",
        yticks=[0, 1],
        yticklabels=[f"{place} the ELU" for place in places],
        ylim=(-0.6, 1.6),
        xlim=(0.8, 1),
    )
    plots.show(
        fig,
        alt="Test accuracies of three runs with batch normalization before the ELU and three with "
        "it after. All six are high and close together.",
    )
    assert min(places["before"] + places["after"]) > 0.85, "both places should work"
    assert abs(np.mean(places["before"]) - np.mean(places["after"])) < 0.06, (
        "and should be about equally good"
    )

# %% [markdown]
# On this small task it makes no difference worth arguing about; on others it may, and one has to try. Two things speak for *before*: the
# bias of the dense layer becomes superfluous, and the layer can be folded (§6).
#
# **The reason.** The history is worth telling honestly.
#
# - *1998.* LeCun and others recommend inputs with mean 0 and variance 1. BN does so for the inputs of *every* layer.
# - *2015.* Ioffe and Szegedy introduce BN against internal covariate shift. Their image classifier reaches the accuracy of the one before
#   in 14 times fewer steps. Within a year BN is everywhere, so much so that diagrams leave it out.
# - *2018.* Santurkar and others put the explanation to the test. They add noise *behind* the BN layers, so that the inputs of the next
#   layers drift more than without BN. The networks train as fast as before. So the drift that you saw in §1 is
#   real, BN removes it, and yet that may not be why BN helps. They find instead that the loss becomes *smoother*: gradients change less
#   from one step to the next, so larger steps are safe. In the same year Bjorck and others trace the benefit to the
#   larger learning rates that BN permits.
# - *Since.* Many networks use layer normalization, and some, carefully initialised and with clipped gradients, do without any
#   normalization.
#
# What is certain is what you measured: the scale of the weights cancels, gradients arrive in every layer, learning rates may be larger,
# initialization matters less. Which of these is cause and which is effect has been harder to say than the slides
# suggest.

# %% [markdown]
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague has trained a network with BN in batches of 256. During training, the accuracy that was computed on the current batch was 97
# %. Now the network runs in a phone, which classifies one image at a time, and nearly always gives the same class.
#
# (a) Which mistake explains this best, and why is it always the same class? (b) The colleague repairs it, and now gets 60 % on test images,
# single or not. Training took 40 steps with a momentum of 0.99. What is wrong now? (c) Give one remedy for
# (b) that needs no new training.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_batch_normalization", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) The network still normalises with the statistics of the batch. In a batch of one, μ is the image's own value and σ² = 0, so $\hat x =
# 0$ and every BN layer gives β, whatever the image shows. All that comes after the first BN layer is then the
# same for every image, and so is the class.
#
# (b) Running statistics are used now, but they are wrong: after 40 steps with momentum 0.99 they still hold $0.99^{40} \approx 67\,\%$ of
# what they began with (mean 0, variance 1). The network is normalised at prediction by other numbers than in training.
#
# (c) Estimate the statistics anew with the weights as they are: send training data through the network without any gradient step, and
# average the batches' means and variances (or go on with (13) and a lower momentum until they settle). Or divide the running
# values' deviation from the start by $1 - 0.99^{40}$, as the bias correction of lecture 8 does.

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# | | training | prediction |
# |---|---|---|
# | statistics | of the batch, (1) and (2) | running, collected by (13) |
# | output | $\gamma\,(x - \mu)/\sqrt{\sigma^2 + \varepsilon} + \beta$ | the same with $\hat\mu$, $\hat\sigma^2$, (14) |
# | an example's answer depends on | the whole batch | itself alone |
# | gradient | (12), through μ and σ² | none |
# | could be folded into the dense layer before | no | yes, (16) |
#
# | per feature | shape for features | shape for images | how it changes |
# |---|---|---|---|
# | γ, β | `(D,)` | `(C,)` | by gradient descent |
# | running mean, running variance | `(D,)` | `(C,)` | by averaging |
#
# - BN makes the scale of the weights and the bias of the layer before irrelevant; it forgives bad initialization and large learning rates.
# - The backward pass has three paths. Leave one out, and parameters drift without end.
# - Most bugs sit in the switch between training and prediction.
# - It needs batches of a decent size; in a batch of two nothing is left to learn from.
#
# **Common defaults**: none for shallow networks, BN for deep ones; none with SELU, which normalises itself (lecture 4).
#
# ### Further reading
# - S. Ioffe and C. Szegedy (2015), *Batch normalization: accelerating deep network training by reducing internal covariate shift*. Short
#   and readable; Algorithm 1 is our (1) to (4), Algorithm 2 our §4.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11: the Keras model of §4.
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller (1998), *Efficient backprop*: why inputs should have mean 0 and variance 1.
# - S. Santurkar, D. Tsipras, A. Ilyas and A. Mądry (2018), *How does batch normalization help optimization?*
# - N. Bjorck, C. Gomes, B. Selman and K. Weinberger (2018), *Understanding batch normalization*.
# - J. L. Ba, J. R. Kiros and G. E. Hinton (2016), *Layer normalization*; Y. Wu and K. He (2018), *Group normalization*.
