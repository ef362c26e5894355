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
# **How can a layer learn while its inputs keep changing?** Gradient descent tells every layer which way to step *as if all other layers stayed
# as they are*. They don't: all layers step at once. So what a layer has just learned was right for inputs that have changed since.
#
# In this lecture you keep these inputs in place with **batch normalization** (BN). You derive it, write it, differentiate it, carry it from
# training to prediction, and fold it away where it isn't needed any more. You also find out where it fails.
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
# Conventions: NumPy only. A batch has its examples first: features `(N, D)`, images `(N, C, H, W)`. Dense weights have shape
# `(fan_in, fan_out)`. A variance divides by N. What `cache` holds is your own business. A function never changes its arguments. The
# networks that are trained here use exactly your functions.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from coursekit import data, nets, plots
from coursekit.figures import batch_normalization as figures

# %% [markdown]
# ## §1 Inputs that move
#
# Here is a healthy network: 64 inputs, four hidden layers of 50 ReLUs, He initialization, plain gradient descent on the handwritten digits.
# It learns well. We watch what arrives at its last hidden layer: for each of the 50 units the mean and the standard deviation of its input,
# over the same 200 images, before the first step and after each one.

# %% tags=["demo"]
digits = data.digits()


def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def watch_last_layer(normalize=None, sizes=(64, 50, 50, 50, 50, 10)):
    """Train a net; return the mean and std of every unit's input after each step, and the history."""
    rng, seen = np.random.default_rng(0), []
    net = nets.mlp(sizes, init=he, activation="relu", rng=rng, normalize=normalize)

    def look(net, step=0):
        z = net.preactivations(digits.X_train[:200], training=True)[-1]
        seen.append((z.mean(axis=0), z.std(axis=0)))

    look(net)
    history = nets.train(net, digits, lr=0.1, epochs=3, batch_size=50, rng=rng, watch=look)
    return np.array(seen), history  # seen has the shape (steps, 2, units)

# %% tags=["demo"]
plain_seen, plain_history = watch_last_layer()
plots.show(
    figures.statistics_over_steps({"without batch normalization": plain_seen}),
    alt="A thin line for each of twenty units of the last hidden layer, and two thick lines that "
    "hold four fifths of all units between them. The means of the units' inputs spread out "
    "over the training steps, upwards and downwards, and their standard deviations double.",
)


def drift(seen):
    """How far each unit's mean has moved from where it began, in its first standard deviation."""
    return np.abs(seen[:, 0] - seen[0, 0]) / seen[0, 1]


print(f"median drift {np.median(drift(plain_seen)[-1]):.2f} standard deviations,", end=" ")
print(f"median growth of the standard deviation {np.median(plain_seen[-1, 1] / plain_seen[0, 1]):.2f}")
assert np.median(drift(plain_seen)[-1]) > 1, "without BN half of the means move by more than one std"
assert np.median(plain_seen[-1, 1] / plain_seen[0, 1]) > 1.8, "without BN the inputs spread out"
assert plain_history.test_accuracy[-1] > 0.8, "the net learns nevertheless"

# %% [markdown]
# Nothing is wrong with this network. Still, half of the units of its last hidden layer end up with inputs whose mean has moved by more than a
# whole standard deviation, and the inputs are spread about twice as wide. Ioffe and Szegedy (2015) called this **internal covariate shift**:
# the distribution of each layer's inputs changes during training, because the parameters of the layers before it change.
#
# A good initialization doesn't prevent it. He's variance $2/\text{fan}_{in}$ (lecture 3) makes the scales right *at the first step*, and says
# nothing about the hundredth.
#
# The idea of this lecture: if you want inputs with mean 0 and variance 1 at every step, *make* them so, inside the network, and let the
# gradient know about it.
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
# for each of the $D$ features by itself. So $\mu$, $\sigma^2$, $\gamma$ and $\beta$ all have shape $(D,)$.
#
# - (1) and (2) are the statistics of **this batch**, over the examples. Nothing is remembered from earlier batches.
# - (3) standardises. The scale that the layer before gave to a feature is gone.
# - (4) gives freedom back. A sigmoid whose inputs always have mean 0 and variance 1 would be used in its linear middle only. So the network
#   *learns* a scale γ and a shift β per feature. With $\gamma = \sqrt{\sigma^2 + \varepsilon}$ and $\beta = \mu$ it could even undo the
#   normalization. At the beginning γ = 1 and β = 0.
#
# What is gained, if γ and β can undo it all? Before, the mean of a unit's input was the result of all weights in all layers below. Now it
# is one number, β, that belongs to this layer and moves with a gradient of its own.

# %% [markdown]
# ### Where the slides disagree
#
# Batch normalization is written down in several ways, even within one set of slides. Here they stand side by side, with what the functions
# of this lecture want.
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
# The size of ε matters where variances are small: next to a feature with a standard deviation of 0.03, $\varepsilon = 10^{-5}$ makes the
# result smaller by half a percent, $10^{-3}$ by 31 %.

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
# nothing is left. Below, all weights are drawn from $N(0, 0.01^2)$, the initialization that failed there. The second row puts your
# function between each matrix and its tanh.

# %% tags=["demo"]
weight_scale = 0.01  # change this to 1.0, predict what both rows will look like, and run

def through_layers(X, between, layers=5, units=100):
    rng, outputs = np.random.default_rng(0), [X]
    for _ in range(layers):
        outputs.append(np.tanh(between(outputs[-1] @ rng.normal(0, weight_scale, (outputs[-1].shape[1], units)))))
    return outputs[1:]


if ready(batchnorm_forward):
    plain = through_layers(digits.X_train, lambda z: z)
    alive = through_layers(digits.X_train, lambda z: batchnorm_forward(z, np.ones(100), np.zeros(100))[0])
    plots.show(
        plots.layer_histograms({"plain": plain, "batch norm": alive}, bounds=(-1, 1)),
        alt="Histograms of the outputs of five tanh layers. In the plain net they shrink to a spike at zero by the second layer; "
        "with batch normalization all are spread alike.",
    )
    assert weight_scale != 0.01 or plain[-1].std() < 1e-4, "the signal dies out in the plain net"
    assert all(0.5 < layer.std() < 0.8 for layer in alive), "with BN every layer stays alive"

# %% [markdown]
# The scale of the weights has no effect any more. Multiply $W$ by any positive number: $\mu$ and $\sqrt{\sigma^2}$ are multiplied by the
# same number, and in (3) it cancels (up to ε). This is why networks with BN forgive a bad initialization.
#
# The bias of the layer before the BN has no effect either: it moves $x$ and $\mu$ alike. That is why `Dense(..., use_bias=False)` is often
# written before a BN layer. β takes its place.

# %% [markdown]
# ## §3 Backwards through the statistics
#
# For learning we need the gradient of the loss $L$ with respect to $x$, γ and β, given the *upstream gradient* $\partial L/\partial y_i$,
# which the layer above hands down as `dout`.
#
# The tempting mistake is to read (3) as "subtract a number, divide by a number", and to write
# $\partial L/\partial x_i = \gamma/\sqrt{\sigma^2+\varepsilon} \cdot \partial L/\partial y_i$. But μ and σ² are no constants. If $x_1$
# grows, μ grows, and *all* $\hat x_i$ change. To lose no path, we draw the computation as a graph, one simple operation per node, and walk it
# backwards.

# %% tags=["demo"]
plots.show(
    figures.computational_graph(),
    alt="The computational graph. x leads to the mean μ and to c = x − μ; c leads to the variance "
    "σ², from there to the root s, and directly to x̂ = c/s; x̂ leads to y = γx̂ + β. Two "
    "nodes have two ways out: x leads to μ and c, and c leads to σ² and x̂.",
)

# %% [markdown]
# The orange numbers are the equations below that go back along that arrow. Two rules are enough. **Where a node has several ways out, the
# gradients that come back along them are added. Where one value was used by all N examples, what comes back is summed over the examples.**
# All of the following is for one feature; write $\bar v$ for $\partial L/\partial v$.
#
# **Through $y_i = \gamma \hat x_i + \beta$.** γ and β were used by all examples, so their gradients are sums:
#
# $$\bar\beta = \sum_i \bar y_i, \qquad \bar\gamma = \sum_i \bar y_i\, \hat x_i, \qquad \bar{\hat x}_i = \gamma\, \bar y_i \tag{5}$$
#
# **Through $\hat x_i = c_i / s$.** There are two arguments. The first gets a part of $\bar c_i$; the second, $s$, was used by all examples:
#
# $$\bar c_i^{\,(\text{direct})} = \frac{\bar{\hat x}_i}{s}, \qquad \bar s = -\sum_i \bar{\hat x}_i\, \frac{c_i}{s^2} \tag{6}$$
#
# **Through $s = \sqrt{\sigma^2 + \varepsilon}$:**
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
# **Through $\mu = \frac1N \sum x_i$**, with the other $1/N$:
#
# $$\bar x_i = \bar x_i^{\,(\text{direct})} + \frac1N\, \bar\mu \tag{10}$$

# %% [markdown]
# You can program (5) to (10) just as they stand. That is a good solution. The result can also be written in one line. Put (6) into (7) into
# (8), with $c_i = s\,\hat x_i$:
#
# $$\bar c_i = \frac1s \Big( \bar{\hat x}_i - \hat x_i\, \frac1N \sum_k \bar{\hat x}_k \hat x_k \Big) \tag{11}$$
#
# By (9) and (10), $\bar x_i$ is $\bar c_i$ minus the mean of $\bar c$. The $\hat x$ have mean zero, so the second term contributes nothing
# to that mean, and
#
# $$\boxed{\;\frac{\partial L}{\partial x_i} = \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}} \Big( \bar y_i \;-\; \frac1N \sum_k \bar y_k \;-\; \hat x_i\, \frac1N \sum_k \bar y_k \hat x_k \Big)\;} \tag{12}$$
#
# From left to right: the naive gradient, minus its mean (the path through μ), minus its part along $\hat x$ (the path through σ²). To add a
# constant to a feature, or to stretch it, is undone by the normalization, so the gradient has no part in these two directions. Two facts to
# check a program with:
#
# - $\sum_i \bar x_i = 0$ for every feature;
# - in a batch of **two**, with ε = 0, $\hat x = \pm 1$ whatever $x$ is, so $\bar x = 0$: nothing can be learned below. We need this in §7.

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
# **By hand.** One feature, ε = 0, γ = 4: for $x = (0, 0, 4, 4)$ we have μ = 2, σ = 2, $\hat x = (-1, -1, 1, 1)$. Let $\bar y = (6, 0, 2, 0)$.
# Then $\bar\beta = 8$ and $\bar\gamma = -6 + 2 = -4$. The two means in (12) are $8/4 = 2$ and $-4/4 = -1$, so the bracket is
# $(6 - 2 - 1,\; 0 - 2 - 1,\; 2 - 2 + 1,\; 0 - 2 + 1) = (3, -3, 1, -1)$, and $\bar x = \frac42 \cdot (3, -3, 1, -1) = (6, -6, 2, -2)$. It
# adds up to zero, as it should.
#
# <details><summary>Hint 1</summary>
#
# Shapes tell you where a sum belongs: whatever has shape `(D,)` in the forward pass has a gradient of shape `(D,)`.
# </details>
# <details><summary>Hint 2</summary>
#
# Begin with (5); it gives two of the three answers. Return them with any array of dout's shape as `dx`, and run the check: what it says about
# `dgamma` and `dbeta` should be green before you go on.
# </details>
# <details><summary>Hint 3</summary>
#
# Then go on line by line with one variable per symbol: `dx_hat`, `dstd`, `dvariance`, `dcentered`, `dmean`. In (8) and (10), don't
# overwrite the direct part, add to it.
# </details>
# <details><summary>Hint 4</summary>
#
# If `dx` is wrong in the example by hand, see which path is missing: without the path through the mean the bracket would be (5, −1, 3, 1), without the one through the variance (4, −2, 0, −2).
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


def forward_that_keeps_the_scale(x, gamma, beta):
    out, cache = batchnorm_forward(x, gamma, beta)
    return out, (cache, gamma / x.std(axis=0))


def naive_backward(dout, both):
    """The gradients, with dx as if the mean and the variance were constants."""
    cache, scale = both
    _, dgamma, dbeta = batchnorm_backward(dout, cache)
    return scale * dout, dgamma, dbeta

# %% tags=["demo"]
def bias_norms(normalize):
    rng, norms = np.random.default_rng(1), []
    net = nets.mlp((64, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=normalize)
    front = [layer.params for layer in net.layers if isinstance(layer, nets.Dense)][:-1]

    def look(net, step):
        norms.append(np.sqrt(sum(np.sum(own["b"] ** 2) for own in front)))

    nets.train(net, digits, lr=0.1, epochs=3, batch_size=50, rng=rng, watch=look)
    return norms

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward):
    naive = bias_norms(normalized(forward_that_keeps_the_scale, naive_backward))
    full = bias_norms(normalized(batchnorm_forward, batchnorm_backward))
    lines = {"your gradient": full, "statistics taken for constants": naive}
    plots.show(
        figures.over_steps(lines, "norm of all biases before BN", "Biases that have no effect"),
        alt="The norm of the biases before the batch normalization against the training step. "
        "With the full gradient it stays at zero; where the statistics are taken for constants "
        "it grows from the first step, though these biases have no effect on the loss.",
    )
    assert max(full) < 1e-9, "the full gradient leaves the biases at zero"
    assert naive[-1] > 0.05, "the naive gradient pushes the biases away"

# %% [markdown]
# The naive gradient pushes the biases step after step, the normalization takes the change out again, and the loss doesn't notice. So the next
# step pushes in the same direction. The full gradient adds up to zero over the batch, by (12), and leaves the biases alone.
#
# **See it work (2): the gradient arrives.** The norm of the gradient in each layer of a network with eight hidden layers and the unlucky
# initialization of §2, $N(0, 0.01^2)$, before the first step.

# %% tags=["demo"]
def small(fan_in, fan_out, rng):
    return rng.normal(0, 0.01, (fan_in, fan_out))


def first_gradients(normalize):
    rng, sizes = np.random.default_rng(0), (64, *[50] * 8, 10)
    net = nets.mlp(sizes, init=small, activation="relu", rng=rng, normalize=normalize)
    return net.gradient_norms(digits.X_train[:256], digits.y_train[:256])

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward):
    kinds = {"plain": None, "batch norm": normalized(batchnorm_forward, batchnorm_backward)}
    norms = {label: first_gradients(normalize) for label, normalize in kinds.items()}
    plots.show(
        plots.per_layer_lines(norms, ylabel="norm of the gradient (log)"),
        alt="The norm of the gradient of the weights, layer by layer, on a logarithmic scale. In "
        "the plain net it is below 1e-8 in every layer; with batch normalization it lies "
        "between 0.1 and 10 in every layer.",
    )
    assert max(norms["plain"]) < 1e-8, "without BN hardly any gradient arrives"
    assert 0.1 < min(norms["batch norm"]) < max(norms["batch norm"]) < 10, "with BN it arrives"

# %% [markdown]
# **See it work (3): the inputs stay.** The figure of §1 once more, and below it the same with a BN layer in front of each ReLU.

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward):
    bn_seen, bn_history = watch_last_layer(normalized(batchnorm_forward, batchnorm_backward))
    plots.show(
        figures.statistics_over_steps(
            {"without batch normalization": plain_seen, "with batch normalization": bn_seen}
        ),
        alt="Means and standard deviations of the inputs of twenty units over the training steps. "
        "Above, without batch normalization, they spread out and grow; below, with it, the "
        "means stay in a narrow band around zero and the standard deviations close to one.",
    )
    assert drift(bn_seen).mean(axis=1).max() < 0.2, "with BN the means hardly move"
    assert drift(plain_seen)[-1].mean() > 8 * drift(bn_seen)[-1].mean(), "without BN they move far"
    assert np.all(np.abs(bn_seen[:, 1] - 1) < 0.5), "with BN the standard deviations stay near 1"
    assert bn_history.test_accuracy[-1] > 0.8, "the net with BN learns"

# %% [markdown]
# What still moves in the lower row is γ and β, learned on purpose, and slowly.
#
# **See it work (4): where the plain net fails.** Four initializations, three learning rates, three passes over the digits, with and without
# BN. Each field is the share of test images that are classified correctly; guessing would give 0.10. (This takes some seconds.)

# %% tags=["demo"]
def normal(std):
    return lambda fan_in, fan_out, rng: rng.normal(0, std, (fan_in, fan_out))


inits = {"N(0, 0.01²)": small, "N(0, 0.1²)": normal(0.1), "He": he, "N(0, 1)": normal(1.0)}
rates = [0.3, 1.0, 3.0]


def accuracy_of(init, lr, normalize):
    rng = np.random.default_rng(2)
    net = nets.mlp((64, 50, 50, 50, 10), init=init, activation="relu", rng=rng, normalize=normalize)
    return nets.train(net, digits, lr=lr, epochs=3, batch_size=64, rng=rng).test_accuracy[-1]


def accuracies_with(normalize):
    return np.array([[accuracy_of(init, lr, normalize) for lr in rates] for init in inits.values()])

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward):
    plain_table = accuracies_with(None)
    bn_table = accuracies_with(normalized(batchnorm_forward, batchnorm_backward))
    tables = {"Test accuracy without BN": plain_table, "Test accuracy with BN": bn_table}
    plots.show(
        figures.accuracy_tables(tables, list(inits), rates),
        alt="Two tables of test accuracies for four initializations and three learning rates. "
        "Without batch normalization only a few fields in the middle are good, and the "
        "corners are near 0.1; with it every field is good.",
    )
    assert bn_table.min() > 0.6, "with BN every initialization trains at every learning rate"
    assert np.mean(plain_table < 0.4) >= 0.5, "without BN at least half of the fields fail"
    assert plain_table.max() > 0.8, "there is a setting where the plain net trains"
    assert bn_table.argmin() == 3 * len(rates), "large weights at the lowest rate come last"

# %% [markdown]
# Both statements of the slides can be read off: BN *reduces the strong dependence on initialization* (look down a column on the right) and
# *allows higher learning rates* (look along a row).
#
# One field is behind the others: large weights with a small learning rate. The output doesn't depend on the scale of $W$, so the gradient
# shrinks as $W$ grows: make the weights ten times as large, and the gradient is a tenth, while the way to go is ten times as long.

# %% [markdown]
# ## §4 From training to prediction
#
# Equations (1) and (2) ask for a batch. A network in use often gets one image. Its batch statistics would be μ = x and σ² = 0, so
# $\hat x = 0$ and $y = \beta$, whatever the image shows. And even in a large batch, the answer to you would depend on who else asks.
#
# So at prediction time fixed numbers take the batch's place: estimates of mean and variance over the whole training set. They are collected
# during training, as **exponential moving averages** of the statistics of the batches:
#
# $$\hat v \leftarrow \hat v \cdot \text{momentum} + v \cdot (1 - \text{momentum}) \tag{13}$$
#
# once for $v = \mu$ and once for $v = \sigma^2$, after every training step. Then a prediction is
#
# $$y = \gamma\, \frac{x - \hat\mu}{\sqrt{\hat\sigma^2 + \varepsilon}} + \beta \tag{14}$$
#
# Momentum is the share of the old value: a batch that lies $k$ steps back counts with $(1 - \text{momentum}) \cdot \text{momentum}^k$. So a
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
    averages = {0.9: [0.0], 0.99: [0.0]}
    for momentum, values in averages.items():
        for value in batch_means:
            new = update_running(np.array([values[-1]]), np.array([value]), momentum)
            values.append(float(new[0]))
    plots.show(
        figures.running_means(batch_means, averages, true_mean=3),
        alt="Means of 300 batches scatter around 3. Both running means start at 0. With momentum "
        "0.9 the running mean is there after some 30 steps and goes on trembling; with 0.99 "
        "it takes some 300 steps and is smooth.",
    )
    fast, slow = averages[0.9], averages[0.99]
    assert abs(fast[40] - 3) < 0.6 < abs(slow[40] - 3), "momentum 0.99 takes longer"
    assert np.std(slow[-50:]) < np.std(fast[-50:]) < batch_means.std(), "and is the smoother one"

# %% [markdown]
# A high momentum averages well and is slow to forget where it began. Stop the training after 50 steps with momentum 0.99, and the running
# mean is still far from the truth. Such a network trains well and predicts badly.
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
# x = 1 gives 10. With ε = 5 the divisor would be $\sqrt{4 + 5} = 3$.
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
# did in training, with each batch's own statistics, and once with the running statistics.

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):
    functions = (batchnorm_forward, batchnorm_backward, batchnorm_inference, update_running)

    def batch_norm(units):
        return nets.BatchNorm(units, *functions, momentum=0.9)

    rng = np.random.default_rng(3)
    trained = nets.mlp((64, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=batch_norm)
    nets.train(trained, digits, lr=0.2, epochs=4, batch_size=32, rng=rng)

# %% tags=["demo"]
def accuracy_in_batches(size, training):
    batches = np.array_split(np.arange(len(digits.y_test)), len(digits.y_test) // size)
    logits = [trained.forward(digits.X_test[batch], training=training)[-1] for batch in batches]
    return np.mean(np.argmax(np.concatenate(logits), axis=1) == digits.y_test)


if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):
    sizes = [1, 2, 4, 8, 16, 64, 449]
    running = [accuracy_in_batches(size, training=False) for size in sizes]
    own = [accuracy_in_batches(size, training=True) for size in sizes]
    lines = {"running statistics": running, "statistics of the batch itself": own}
    plots.show(
        figures.accuracy_by_size(sizes, lines, "images per prediction"),
        alt="Test accuracy against the number of images that are predicted together. With running "
        "statistics it is the same high value for all; with the batch's own statistics it "
        "falls for small batches, and to that of guessing for single images.",
    )
    assert own[0] < 0.2 < 0.85 < own[-1], "a single image has no statistics, a large batch has"
    assert min(running) > 0.9 and np.ptp(running) < 1e-12, "with running statistics company is alike"

# %% [markdown]
# ### Four numbers per feature, two of them learned
#
# Here is the network of the slides: 28×28 pixels, BN at the input (in place of standardised data) and after each hidden layer. Keras reports
# 3136 parameters for the first BN layer. Where do they come from?

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
print(figures.parameter_table(keras_model))
assert sum(nets.Net(keras_model.layers[0]).count_parameters()) == 3136 == 4 * 784
assert keras_model.count_parameters() == (268978, 2368)

# %% [markdown]
# 3136 = 4 · 784: for each pixel γ, β, the running mean and the running variance. *Four numbers per feature are kept, two are learned* by
# gradient descent. The other two are "non-trainable": averaged by (13), never moved by a gradient. Of the 4736 numbers in the three BN
# layers, half, 2368, are of this kind. So when a slide says that BN "learns four parameters: scale, offset, mean and standard deviation",
# read *keeps four*; and the fourth is the variance.

# %% [markdown]
# ## §5 Images: one mean per channel
#
# A convolution slides one kernel over all places of an image. All the numbers in one channel of its output come from the same weights, so
# they should be treated alike: **a channel is one feature, and every pixel of every image is an example of it.** For images of shape
# $(N, C, H, W)$ the sums in (1) and (2) run over $M = N \cdot H \cdot W$ values, and there is one γ and one β per channel.
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
# **By hand.** With ε = 0, two images of 1×3 pixels and two channels:
#
# | | channel 0 | channel 1 |
# |---|---|---|
# | first image | (1, 1, 3) | (30, 10, 10) |
# | second image | (1, 3, 3) | (30, 30, 10) |
#
# Channel 0 has mean 2 and standard deviation 1, channel 1 has 20 and 10. With γ = (2, 0.5) and β = (0, 1) channel 0 becomes (−2, −2, 2) and
# (−2, 2, 2), and channel 1 becomes (1.5, 0.5, 0.5) and (1.5, 1.5, 0.5).
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
# If you go by way of a matrix: `reshape` keeps the numbers in their order and only cuts the row of numbers elsewhere. So the channel has to
# be *transposed* to the end first, and afterwards back with the opposite permutation.
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
        over N, H and W, and σ² divides by N·H·W. A channel that doesn't vary comes out as β.
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
# **By hand.** One channel, two images of 1×2 pixels, (0, 0) and (4, 4), γ = 4, ε = 0, and `dout` is (6, 0) in the first image and (2, 0) in
# the second. The four values are those of exercise 2, and so are the answers: `dx` is (6, −6) in the first image and (2, −2) in the second,
# `dgamma` is (−4,) and `dbeta` is (8,).
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
# **See it work.** Eight random 3×3 kernels look at the digits. Then the first image is moved by one column. In a convolution's output what is
# seen moves with it, and stays the same otherwise. Does it still, after the normalization? Below, one channel of the first image: as it
# stood, and moved, normalised and moved back. The second row has a mean and a variance for each pixel.

# %% tags=["demo"]
def kernel_answers(images, kernels):
    windows = np.lib.stride_tricks.sliding_window_view(images[:, 0], (3, 3), axis=(1, 2))
    return np.einsum("nhwij,cij->nchw", windows, kernels)


def per_channel(x):
    return batchnorm2d_forward(x, np.ones(8), np.zeros(8))[0]


def per_pixel(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


kernels, pictures = np.random.default_rng(0).normal(size=(8, 3, 3)), data.digits(images=True)

# %% tags=["demo"]
if ready(batchnorm2d_forward):
    x = kernel_answers(pictures.X_train[:64], kernels)
    moved = x.copy()
    moved[0] = np.roll(x[0], 1, axis=-1)  # what leaves on the right comes in on the left
    rows = {
        name: (normalise(x)[0, 1], np.roll(normalise(moved)[0, 1], -1, axis=-1))
        for name, normalise in {"per channel": per_channel, "per pixel": per_pixel}.items()
    }
    plots.show(
        figures.moved_images(rows),
        alt="Two rows of three small images: a channel of a digit, the same after it was moved, "
        "normalised and moved back, and the difference. With statistics per channel the "
        "difference is empty; with statistics per pixel it isn't.",
    )
    assert np.allclose(*rows["per channel"]), "per channel, the place of an image makes no difference"
    assert np.ptp(rows["per pixel"][1] - rows["per pixel"][0]) > 0.5, "per pixel, it makes one"

# %% [markdown]
# And does it learn? Your two functions between the kernels, which stay as they are, and one dense layer, each at the best of three learning
# rates:

# %% tags=["demo"]
channels = data.Digits(
    kernel_answers(pictures.X_train, kernels), pictures.y_train,
    kernel_answers(pictures.X_test, kernels), pictures.y_test,
)


def accuracy_on_channels(first, lr):
    rng = np.random.default_rng(0)
    dense = nets.Dense(8 * 6 * 6, 10, init=he, rng=rng)
    net = nets.Net(*first, nets.Activation("relu"), nets.Flatten(), dense)
    return nets.train(net, channels, lr=lr, epochs=3, batch_size=32, rng=rng).test_accuracy[-1]

# %% tags=["demo"]
if ready(batchnorm2d_forward, batchnorm2d_backward, update_running, batchnorm_inference):
    pair = batchnorm2d_forward, batchnorm2d_backward, batchnorm_inference, update_running
    rates_tried = (0.03, 0.1, 0.3)
    without = [accuracy_on_channels([], lr) for lr in rates_tried]
    with_bn = [accuracy_on_channels([nets.BatchNorm(8, *pair)], lr) for lr in rates_tried]
    print(f"best test accuracy without BN {max(without):.3f}, with BN {max(with_bn):.3f}")
    assert max(with_bn) > 0.9, "the net with your functions learns"
    assert abs(max(with_bn) - max(without)) < 0.03, "with one layer to train, BN gains nothing"

# %% [markdown]
# It learns, and no better than without: there is one layer to train, and nothing below it moves. What BN is for begins with several
# layers (§3), and lecture 12 trains convolutions.
#
# ## §6 Folding: the layer that vanishes
#
# At prediction time, (14) is a straight line in $x$: multiply by a constant, add a constant. A dense layer in front of it is a linear map
# with a bias, so both together are one, too. The two can be made into one layer, once and for all, after training. With $z = xW + b$ and (14)
# for unit $j$,
#
# $$y_j = \frac{\gamma_j}{\sqrt{\hat\sigma_j^2 + \varepsilon}} \Big( \sum_i x_i W_{ij} + b_j - \hat\mu_j \Big) + \beta_j \tag{15}$$
#
# Sort this into what is multiplied with $x_i$ and what isn't, and you have the weights and the bias of one dense layer:
#
# $$W'_{ij} = W_{ij}\, \frac{\gamma_j}{\sqrt{\hat\sigma_j^2 + \varepsilon}}, \qquad b'_j = (b_j - \hat\mu_j)\, \frac{\gamma_j}{\sqrt{\hat\sigma_j^2 + \varepsilon}} + \beta_j \tag{16}$$
#
# This is the slides' advice for networks that have to answer fast. It needs the dense layer and the BN *directly* behind each other. Where BN
# comes after the activation, it can't be folded into the layer before; but then it stands in front of the *next* dense layer, and folds into
# that one, by another formula. Here the BN comes after the dense layer.

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
# **By hand.** With ε = 0, let $W = \begin{pmatrix} 1 & 2 \\ 5 & -1 \end{pmatrix}$, b = (4, 3), γ = (2, 3), β = (0, 1), running mean (1, 2),
# and running variance (4, 1). The scales are $2/\sqrt 4 = 1$ and $3/\sqrt 1 = 3$, so
# $W' = \begin{pmatrix} 1 & 6 \\ 5 & -3 \end{pmatrix}$ and b' = ((4 − 1)·1 + 0, (3 − 2)·3 + 1) = (3, 4).
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
# What do the two layers give for x = 0? That is b'.
# </details>

# %% nbgrader={"grade": false, "grade_id": "fold_batchnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fold_batchnorm(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Make one dense layer of a dense layer and the batch normalization after it: equation (16).

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
            dense = layers.pop().params
            gamma, beta = layer.params["gamma"], layer.params["beta"]
            mean, var = layer.state["running_mean"], layer.state["running_var"]
            W, b = fold_batchnorm(dense["W"], dense["b"], gamma, beta, mean, var)
            layer = nets.Dense.of(W, b)
        layers.append(layer)
    return nets.Net(*layers)

# %% tags=["demo"]
if ready(
    batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference, fold_batchnorm
):
    lean = folded(trained)
    before, after = trained.logits(digits.X_test), lean.logits(digits.X_test)
    for label, net in {"before": trained, "after": lean}.items():
        print(f"{label}: {len(net.layers)} layers, {sum(net.count_parameters())} numbers kept")
    print(f"largest logit {np.abs(before).max():.1f},", end=" ")
    print(f"largest difference {np.abs(after - before).max():.1e}")
    assert np.allclose(before, after, rtol=1e-9, atol=1e-9), "folding changes no logit"
    assert len(lean.layers) == len(trained.layers) - 2, "no BN layer is left"

# %% [markdown]
# What differs is rounding, and two layers' worth of work is gone. Training, of course, needed them.

# %% [markdown]
# ## §7 How small may a batch be?
#
# Statistics over a batch are estimates, and the smaller the batch, the noisier they are. A little noise is welcome: every example is seen at
# another scale each time, depending on its company, which acts as a mild **regularization** ("in a funny way", as a slide puts it). But
# there is a limit, and you have derived it in §3: in a batch of two, every feature of every example is turned into ±1, *which of the two is
# larger*, and the gradient (12) is zero but for ε.
#
# Below, networks are trained for 250 steps with batches of 2 to 64.

# %% tags=["demo"]
def accuracy_with_batches_of(size, normalize, steps=250):
    rng = np.random.default_rng(4)
    net = nets.mlp((64, 50, 50, 10), init=he, activation="relu", rng=rng, normalize=normalize)
    drawn = rng.integers(0, len(digits.y_train), steps * size)  # some examples several times
    enough = data.Digits(digits.X_train[drawn], digits.y_train[drawn], digits.X_test, digits.y_test)
    return nets.train(net, enough, lr=0.1, epochs=1, batch_size=size, rng=rng).test_accuracy[-1]

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):
    sizes = [2, 3, 4, 8, 16, 64]
    plain = [accuracy_with_batches_of(size, None) for size in sizes]
    normed = [accuracy_with_batches_of(size, batch_norm) for size in sizes]
    lines = {"plain": plain, "batch norm": normed}
    plots.show(
        figures.accuracy_by_size(sizes, lines, "examples per batch in training"),
        alt="Test accuracy after 250 steps against the size of the training batches. The plain "
        "net loses little with small batches. The net with batch normalization is as good "
        "from about 8 examples on, but breaks down at a batch of two.",
    )
    assert normed[0] < 0.6 < plain[0], "in batches of two the net with BN hardly learns"
    assert min(normed[-2:]) > 0.9, "with batches of 16 and more the net with BN does well"

# %% [markdown]
# So BN wants batches of at least 8, better 32. Where memory allows only one or two examples (large images, video), or where the length varies
# (recurrent networks), other axes are averaged instead: over the features of one example (**layer normalization**, Ba et al. 2016), or over
# groups of channels of one example (**group normalization**, Wu and He 2018). In recurrent networks gradient clipping helped, too: lecture 6.

# %% [markdown]
# ## §8 Before or after the activation? And why does it work?
#
# **The place.** Three sets of slides put BN *before* the activation, as the paper did. One says *before or after*, and the Keras model of
# §4 has it *after* the ELU. Let us try both, with three different starts each.

# %% tags=["demo"]
def accuracy_at(place, seed):
    rng, layers, fan_in = np.random.default_rng(seed), [], 64
    for units in (50, 50):
        pair = [batch_norm(units), nets.Activation("elu")]
        layers.append(nets.Dense(fan_in, units, init=he, rng=rng))
        layers += pair if place == "before the ELU" else reversed(pair)
        fan_in = units
    net = nets.Net(*layers, nets.Dense(fan_in, 10, init=he, rng=rng))
    return nets.train(net, digits, lr=0.2, epochs=3, batch_size=64, rng=rng).test_accuracy[-1]

# %% tags=["demo"]
if ready(batchnorm_forward, batchnorm_backward, update_running, batchnorm_inference):
    places = ("before the ELU", "after the ELU")
    runs = {place: [accuracy_at(place, seed) for seed in range(3)] for place in places}
    plots.show(
        figures.accuracy_of_places(runs),
        alt="Test accuracies of three runs with batch normalization before the ELU and three with "
        "it after. All six are high and close together.",
    )
    before, after = runs.values()
    assert min(before + after) > 0.85, "both places work"
    assert abs(np.mean(before) - np.mean(after)) < 0.06, "and are about equally good"

# %% [markdown]
# On this small task it makes no difference worth arguing about; on others it may, and one has to try. Before the activation, the bias of the
# dense layer becomes superfluous. Folded away it can be in both places, into the layer before or into the next one (§6).
#
# **The reason.** How BN came about, and what is known about why it works:
#
# - *1998.* LeCun and others recommend inputs with mean 0 and variance 1. BN does so for the inputs of *every* layer.
# - *2015.* Ioffe and Szegedy introduce BN against internal covariate shift. Their image classifier reaches the accuracy of the one before
#   in 14 times fewer steps.
# - *2018.* Santurkar and others put the explanation to the test. They add noise *behind* the BN layers, so that the inputs of the next
#   layers drift more than without BN. The networks train as fast as before. So the drift of §1 is real, BN removes it, and yet that may not
#   be why BN helps. They find instead that the loss becomes *smoother*: gradients change less from one step to the next, so larger steps are
#   safe. In the same year Bjorck and others trace the benefit to the larger learning rates that BN permits.
# - *Since.* Many networks use layer normalization, and some, carefully initialised and with clipped gradients, do without any
#   normalization.
#
# What is certain is what you measured: the scale of the weights cancels, gradients arrive in every layer, learning rates may be larger,
# initialization matters less. Which of these is cause and which is effect is still discussed.

# %% [markdown]
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague has trained a network with BN: 40 steps with batches of 256. The running means began at 0, the running variances at 1, and the
# momentum is 0.99. On the last batches, with the batches' own statistics, 97 % of the images were classified correctly. Now the network runs
# in a phone, which classifies one image at a time. It gives the same class for every image.
#
# (a) Which mistake explains this, and why is it always the same class? (b) The colleague repairs it. Now single images get different classes,
# but only 60 % of the test images are right, alone or in a batch. What is wrong now? Support your answer with a number. (c) Give one remedy
# for (b) that needs no new training.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_batch_normalization", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) The network still normalises with the statistics of the batch. In a batch of one, μ is the image's own value and σ² = 0, so
# $\hat x = 0$ and every BN layer gives β, whatever the image shows. All that comes after the first BN layer is then the same for every image,
# and so is the class.
#
# (b) Running statistics are used now, but they are wrong: after 40 steps with momentum 0.99 they still hold $0.99^{40} \approx 67\,\%$ of
# what they began with (mean 0, variance 1). The network is normalised at prediction by other numbers than in training.
#
# (c) Estimate the statistics anew with the weights as they are: send training data through the network without any gradient step, and
# average the batches' means and variances (or go on with (13) and a lower momentum until they settle). Or take the start out again, as the
# bias correction of lecture 8 does: with $r = 0.99^{40}$, $\hat\mu/(1 - r)$ and $(\hat\sigma^2 - r)/(1 - r)$.

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
# | can be folded into the dense layer beside it | no | yes, (16) |
#
# | per feature | shape for features | shape for images | how it changes |
# |---|---|---|---|
# | γ, β | `(D,)` | `(C,)` | by gradient descent |
# | running mean, running variance | `(D,)` | `(C,)` | by averaging |
#
# - BN makes the scale of the weights and the bias of the layer before irrelevant; it forgives bad initialization and large learning rates.
# - The backward pass has three paths: direct, through the mean, through the variance.
# - Many bugs sit in the switch between training and prediction.
# - It needs batches of a decent size; in a batch of two there is no gradient.
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
