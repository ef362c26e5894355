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
# # Lecture 3 · Initialization
#
# A network has to start somewhere. Take ten hidden layers, the same handwritten digits, the same optimiser, the same seed, and change one
# number: the scale of the first weights. After a few seconds of training one of these networks is right about 94 digits in a hundred.
# Another one is no better than guessing.
#
# **Which number decides, and how could you have computed it before you trained anything?**
#
# In this lecture you write the answer of LeCun (1998), of Glorot and Bengio (2010) and of He and his colleagues (2015), and two instruments
# that show what is going on inside: one for the signal on its way forward, one for the gradient on its way back.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `activation_statistics` | to see a signal die, or saturate |
# | §3 | `fans` | to count a layer's connections |
# | §4 | `lecun_normal`, `glorot_normal`, `glorot_uniform` | to keep a signal alive |
# | §5 | `he_normal` | the same for ReLU |
# | §6 | `gradient_norms` | to see a gradient vanish, or explode |
# | §7 | `init_std` | which scheme for which activation |
# | §9 | a question to answer in words | to tell a cause from a symptom |
#
# Conventions: NumPy only; a batch `X` has its examples in rows, shape `(N, fan_in)`; dense weights have shape `(fan_in, fan_out)`, so that a
# layer is `X @ W`; kernels of a convolution have shape `(F, C, KH, KW)`; `rng` is a `numpy.random.Generator`; a function never changes its
# arguments.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# The next cell loads what the figures need: the digits (1348 to train with, 449 to test with, 8×8 pixels, each pixel standardised), small
# networks, and a way to draw. `from_normal(0.01)` is an initialiser of the naive kind: the same spread for every layer, whatever its size.

# %% tags=["demo"]
from itertools import pairwise

from coursekit import data, nets, plots
from coursekit.figures import initialization as figures

digits = data.digits()


def from_normal(std):
    """Return an initialiser that draws from N(0, std²), whatever the size of the layer."""
    return lambda fan_in, fan_out, rng: rng.normal(0, std, (fan_in, fan_out))


def learn(init, activation, epochs=5, seed=0):
    """Train ten hidden layers of 64 units on the digits; all but `init` and `activation` is the same every time."""
    rng = np.random.default_rng(seed)
    net = nets.mlp((64, *[64] * 10, 10), init=init, activation=activation, rng=rng)
    return nets.train(net, digits, lr=0.05, epochs=epochs, rng=rng)

# %% tags=["demo"]
runs = {
    "weights from N(0, 0.01²)": learn(from_normal(0.01), "tanh"),
    "weights from N(0, 0.125²)": learn(from_normal(0.125), "tanh"),
    "weights from N(0, 1)": learn(from_normal(1.0), "tanh"),
}
small, middle, large = (run.test_accuracy[-1] for run in runs.values())
assert middle > 0.85, "the middle one learns"
assert max(small, large) < 0.5, "the other two don't"
plots.show(
    plots.training_curves(runs, title="One number differs: the scale of the first weights"),
    alt="Training loss and test accuracy of three networks with ten tanh layers. With weights "
    "from N(0, 0.125²) the loss falls and the accuracy rises above 90 %. With N(0, 0.01²) "
    "nothing moves, with N(0, 1) the loss stays high and the accuracy low.",
)

# %% [markdown]
# Too small: nothing happens at all, the loss stays at $\ln 10 \approx 2.3$, which is what guessing costs. Too large: much happens, none of
# it useful. In between a network that learns. And 0.125 is not a lucky guess: it is $1/\sqrt{64}$, and 64 is the width of the layers. By the
# end of §4 you will know why.

# %% [markdown]
# ## §1 Equal weights never break symmetry
#
# Why random numbers at all? Zero, or 0.1 everywhere, would be simpler. Look at two hidden units $j$ and $j'$ of one layer, whose inputs are
# $h_i$. On the way forward and on the way back they compute
#
# $$z_j = \sum_i w_{ij} h_i + b_j, \qquad \delta_j = f'(z_j) \sum_k w_{jk}\, \delta_k, \qquad \frac{\partial L}{\partial w_{ij}} = h_i\, \delta_j. \tag{1}$$
#
# Both read the same inputs $h_i$. If their incoming weights are equal, $w_{ij} = w_{ij'}$, then $z_j = z_{j'}$. If their outgoing weights
# are equal too, then $\delta_j = \delta_{j'}$. So both get *the same gradient* and take *the same step*, and after the step they are equal
# again. Sixteen such units are one unit, sixteen times.
#
# Gradient descent can't break a symmetry that the starting point has: two units with the same inputs and the same activation must *start*
# different. Random weights are enough for that. The biases may all start at zero (or, for ReLU, at a small positive number such as 0.01, as
# some slides advise).
#
# Let us watch it: a net with one hidden layer of 16 units, first with all weights 0.1, then with random ones.

# %% tags=["demo"]
def watch_units(init):
    """Train a net with 16 hidden units; return it, its history, and one pixel's weights into the units after each step."""
    rng, path = np.random.default_rng(0), []
    net = nets.mlp((64, 16, 10), init=init, activation="tanh", rng=rng)
    history = nets.train(
        net, digits, lr=0.1, epochs=5, rng=rng, watch=lambda net, step: path.append(net.layers[0].params["W"][36].copy())
    )
    return net, history, np.array(path)


equal_net, equal_history, equal_path = watch_units(lambda fan_in, fan_out, rng: np.full((fan_in, fan_out), 0.1))
random_net, random_history, random_path = watch_units(from_normal(0.1))

# %% jupyter={"source_hidden": true} tags=["demo"]
plots.show(
    figures.weights_over_steps(
        {"all weights start at 0.1": equal_path, "weights start at random": random_path},
        [equal_history.test_accuracy[-1], random_history.test_accuracy[-1]],
    ),
    alt="Left: sixteen weights that start equal move, but as one single line, and the accuracy stays below 30 %. Right: sixteen weights "
    "that start at random stay sixteen different lines, and the accuracy is above 85 %.",
)
equal_weights, random_weights = equal_net.layers[0].params["W"], random_net.layers[0].params["W"]
assert np.abs(equal_weights - 0.1).max() > 0.05, "the equal weights were trained: they moved"
assert np.ptp(equal_weights, axis=1).max() < 1e-9, "after training all 16 units still have the same weights"
assert np.ptp(random_weights, axis=1).max() > 0.1, "units that start different stay different"
assert equal_history.test_accuracy[-1] < 0.4 < 0.8 < random_history.test_accuracy[-1], "sixteen equal units learn little"

# %% [markdown]
# On the left are sixteen curves, one on top of the other. The network learns what a network with *one* hidden unit learns: to tell a few
# digits apart.
#
# All zeros is worse still: with $W = 0$ in the layer above, $\sum_k w_{jk}\delta_k = 0$, so no gradient arrives below and the hidden layer
# doesn't even move.

# %% tags=["demo"]
zero_net, zero_history, _ = watch_units(lambda fan_in, fan_out, rng: np.zeros((fan_in, fan_out)))
assert np.all(zero_net.layers[0].params["W"] == 0), "weights of zero never move in a tanh net"
print(
    f"all weights zero: {np.count_nonzero(zero_net.layers[0].params['W'])} of 1024 hidden weights moved"
)
print(
    f"test accuracy after five epochs is that of a guess: {zero_history.test_accuracy[-1] < 0.15}"
)

# %% [markdown]
# ## §2 How random? Small numbers, large numbers
#
# "Small random numbers" was the advice for decades, and for one hidden layer it is good advice. For a deep network we had better measure.
# Without biases, which start at zero, a layer is
#
# $$h_0 = X, \qquad h_l = f(h_{l-1} W_l), \qquad l = 1, \dots, L. \tag{2}$$
#
# (Lecture 1 has $a_l$ for the outputs of layer $l$. From here on they are $h_l$.)
#
# A signal is alive as long as different inputs give different outputs of a reasonable size. Two numbers per layer tell much of the story:
# the mean of all entries of $h_l$ and their standard deviation. Your first exercise is the instrument that measures them.
#
# **Notation.** Slides write both $N(0, \sigma^2)$ and $N(0, \sigma)$, so "$N(0, 0.01)$" may mean a variance or, as on the slides that this
# lecture follows, a standard deviation of 0.01. Here the second parameter is always the **variance**, and we write $N(0, 0.01^2)$. NumPy's
# `rng.normal(mean, scale)` wants the **standard deviation**.
#
# **Generators.** A function that needs random numbers gets a generator `rng` and draws from that one only, not from `np.random`, nor from a
# generator of its own. Then an experiment can be repeated with the same seed, and two layers never get the same numbers by accident.

# %% [markdown]
# ### Exercise 1 · activation_statistics
# *About 15 minutes · difficulty ●●○*
#
# Send a batch through the layers of equation (2) and report mean and standard deviation of each $h_l$:
#
# $$m_l = \frac{1}{N D_l} \sum_{n,j} (h_l)_{nj}, \qquad s_l = \sqrt{\frac{1}{N D_l} \sum_{n,j} \big((h_l)_{nj} - m_l\big)^2}.$$
#
# | | shape | |
# |---|---|---|
# | `X` | `(N, D_0)` | the batch; not a layer, so it is not in the list |
# | `weights` | `(D_0, D_1)`, `(D_1, D_2)`, … | one array per layer; no biases |
# | `activation` | | `"tanh"`, `"relu"` or `"logistic"`, after *every* layer |
# | returns | list of $L$ pairs | `(mean, std)`, first layer first |
#
# **By hand.** One example $[1, 3]$, two ReLU layers with $W_1 = \begin{bmatrix}1 & 2\\ 1 & -1\end{bmatrix}$ and $W_2 = \begin{bmatrix}2\\
# 5\end{bmatrix}$. First layer: $[1 + 3,\; 2 - 3] = [4, -1]$, after ReLU $[4, 0]$: mean 2, deviation 2. Second: $4 \cdot 2 + 0 \cdot 5 = 8$:
# mean 8, deviation 0. So the answer is `[(2.0, 2.0), (8.0, 0.0)]`.
#
# <details><summary>Hint 1</summary>
#
# Keep one variable for the signal. It starts as the batch, and every layer replaces it by what comes out of that layer.
# </details>
# <details><summary>Hint 2</summary>
#
# Measure *after* the activation, and over all entries at once: NumPy's `mean` and `std` do that when you give them no axis, and their
# default is the division by the number of entries that is wanted here.
# </details>
# <details><summary>Hint 3</summary>
#
# The logistic function is $1/(1 + e^{-z})$. For the choice between the three, a dictionary from names to functions is shorter than three
# branches. `lambda z: …` makes a function in the middle of an expression.
# </details>

# %% nbgrader={"grade": false, "grade_id": "activation_statistics", "locked": false, "schema_version": 3, "solution": true, "task": false}
def activation_statistics(X, weights, activation):
    """Measure the signal after every layer of a network without biases, equation (2).

    Parameters
    ----------
    X : array, shape (N, D_0)
        The batch; it is not a layer.
    weights : list of arrays, shapes (D_0, D_1), (D_1, D_2), …
        One per layer.
    activation : {"tanh", "relu", "logistic"}
        Applied after every layer, the last one included.

    Returns
    -------
    list of (float, float)
        For each layer, first layer first: mean and standard deviation over all N·D_l entries after
        the activation. The standard deviation is the biased one, which divides by the number of
        entries.
    """
    ### BEGIN SOLUTION
    functions = {
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "logistic": lambda z: 1 / (1 + np.exp(-z)),
    }
    signal, statistics = X, []
    for W in weights:
        signal = functions[activation](signal @ W)
        statistics.append((signal.mean(), signal.std()))
    return statistics
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_activation_statistics", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(activation_statistics)
### BEGIN HIDDEN TESTS
from autograder import score
score(activation_statistics)
### END HIDDEN TESTS

# %% [markdown]
# ### What tanh does to small and to large weights
#
# Now point the instrument at the two networks that failed. Six layers of 100 tanh units, the digits as input; the histograms show all
# activations of a layer, and the numbers above them are those of your function.

# %% tags=["demo"]
def stack(init, sizes, seed=0):
    """Draw weights for layers of these sizes."""
    rng = np.random.default_rng(seed)
    return [init(fan_in, fan_out, rng) for fan_in, fan_out in pairwise(sizes)]


def outputs(X, weights, activation):
    """Return what each layer of equation (2) puts out."""
    pairs = [(nets.Dense.of(W, np.zeros(W.shape[1])), nets.Activation(activation)) for W in weights]
    return nets.Net(*[layer for pair in pairs for layer in pair]).activations(X)


sizes = (64, *[100] * 6)
small_weights, large_weights = stack(from_normal(0.01), sizes), stack(from_normal(1.0), sizes)

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(activation_statistics):
    weights = {"N(0, 0.01²)": small_weights, "N(0, 1)": large_weights}
    drawn = {label: outputs(digits.X_train, Ws, "tanh") for label, Ws in weights.items()}
    plots.show(
        plots.layer_histograms(drawn, bounds=(-1, 1), xlabel="activation after tanh"),
        alt="Histograms of the activations in six tanh layers. Upper row, weights from N(0, 0.01²): a spike at zero that gets narrower, from a "
        "deviation of 0.07 in the first layer to less than a millionth in the sixth. Lower row, weights from N(0, 1): nearly all "
        "activations are at −1 or +1.",
    )
    collapsing = activation_statistics(digits.X_train, small_weights, "tanh")
    saturated = activation_statistics(digits.X_train, large_weights, "tanh")
    measured = [[(h.mean(), h.std()) for h in layers] for layers in drawn.values()]
    assert np.allclose(measured, [collapsing, saturated], rtol=1e-6, atol=1e-12), "as above the histograms"
    for layer, (before, after) in enumerate(pairwise([std for _, std in collapsing]), start=2):
        assert 0.07 < after / before < 0.14, f"layer {layer} multiplies the deviation by about 0.01·√100 = 0.1"
    assert collapsing[-1][1] < 2e-6, "after six layers nothing is left"
    for (mean, std), h in zip(saturated, drawn["N(0, 1)"], strict=True):
        assert abs(mean) < 0.1 and std > 0.9 and np.mean(np.abs(h) > 0.99) > 0.6, "most units of a layer are at ±1, half of them at each"

# %% [markdown]
# **Collapse** above: every layer multiplies the spread by a tenth. After six layers a one and a seven give the same output up to the sixth
# decimal. The gradient of $W_l$ is a product with $h_{l-1}$, so it collapses as well.
#
# **Saturation** below: the deviation is close to 1 and looks healthy. But almost every unit sits at $-1$ or $+1$, where tanh is flat, $\tanh'
# = 1 - h^2 \approx 0$: a small change of the weights changes nothing.
#
# The tenth is $0.01 \cdot \sqrt{100}$: the deviation of a weight times the root of the number of inputs. To say it in general we have to
# count inputs.

# %% [markdown]
# ## §3 Counting connections: fan-in and fan-out
#
# - The **fan-in** of a layer is the number of inputs that *one output value* is computed from.
# - The **fan-out** is the number of output values that *one input value* takes part in.
#
# In a dense layer every input is connected to every output, so the shape of its weights says it all. A convolution shares its weights, but
# what counts is connections: one output value is a sum over a window of $KH \times KW$ pixels in each of $C$ channels; and while the window
# slides over the image, one input value comes by each of its $KH \cdot KW$ positions once, in each of $F$ kernels.
#
# $$\text{dense: } (\text{fan}_{in}, \text{fan}_{out}) = (D_{in}, D_{out}), \qquad
# \text{convolution: } (\text{fan}_{in}, \text{fan}_{out}) = (C \cdot KH \cdot KW,\; F \cdot KH \cdot KW). \tag{3}$$

# %% [markdown]
# ### Exercise 2 · fans
# *About 5 minutes · difficulty ●○○*
#
# | `shape` | | returns |
# |---|---|---|
# | `(in, out)` | of a dense layer's weights | `(in, out)` |
# | `(F, C, KH, KW)` | of a convolution's kernels: F outputs, C inputs, a window of KH×KW | the two products of (3) |
#
# **By hand.** Six kernels of 5×5 over three channels, `(6, 3, 5, 5)`: fan-in $3 \cdot 25 = 75$, fan-out $6 \cdot 25 = 150$. Note the order
# of the axes: a dense layer's inputs come *first*, a kernel's input channels come *second*. (Keras orders kernels as `(KH, KW, C, F)`.)
#
# <details><summary>Hint 1</summary>
#
# How many entries does `shape` have? `len` tells you which of the two rows applies.
# </details>
# <details><summary>Hint 2</summary>
#
# A shape can be unpacked into names: four names on the left of `=`, the shape on the right.
# </details>

# %% nbgrader={"grade": false, "grade_id": "fans", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fans(shape):
    """Count the connections of a layer, equation (3).

    Parameters
    ----------
    shape : tuple of int
        Of a dense layer's weights, ``(in, out)``, or of a convolution's kernels,
        ``(F, C, KH, KW)``: F output channels, C input channels.

    Returns
    -------
    (int, int)
        ``(fan_in, fan_out)``: from how many input values one output value is computed, and in how
        many output values one input value takes part (away from the edges of the image). Biases are
        not counted.
    """
    ### BEGIN SOLUTION
    if len(shape) == 2:
        return tuple(shape)
    F, C, KH, KW = shape
    return C * KH * KW, F * KH * KW
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_fans", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(fans)
### BEGIN HIDDEN TESTS
from autograder import score
score(fans)
### END HIDDEN TESTS

# %% [markdown]
# ### Counting by experiment
#
# One needn't believe formula (3): nudge one input value of a real convolution and count which outputs change, and the other way around.

# %% tags=["demo"]
def convolve(image, kernels):
    """Slide kernels (F, C, KH, KW) over an image (C, H, W)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[2:], axis=(1, 2))
    return np.einsum("chwij,fcij->fhw", windows, kernels)


def one_at(index):
    """Return an image of 3 channels that is 1 at one place and 0 elsewhere."""
    image = np.zeros((3, 13, 13))
    image[index] = 1.0
    return image


kernels = np.random.default_rng(0).normal(size=(6, 3, 5, 3))
reached = convolve(one_at((0, 6, 6)), kernels) != 0  # by one input value
seen = np.array([convolve(one_at(index), kernels)[0, 4, 5] != 0 for index in np.ndindex(3, 13, 13)])  # by one output value

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(fans):
    seen = seen.reshape(3, 13, 13)
    plots.show(
        figures.connections(seen, reached),
        alt="Two maps of a convolution with 6 kernels of 5×3 over 3 channels. Left: one output value sees a window of 5 rows and 3 columns "
        "in all 3 channels, 45 values. Right: one input value reaches a window of 5 rows and 3 columns in all 6 output channels, 90 values.",
    )
    assert (seen.sum(), reached.sum()) == tuple(fans(kernels.shape)), "the experiment counts what fans says"

# %% [markdown]
# ## §4 Keeping the variance: LeCun and Glorot
#
# Take the sum of one unit, as in (1): $z = \sum_{i=1}^{\text{fan}_{in}} w_i h_i$. Let the weights be independent of each other and of the
# inputs, with mean 0 and variance $\operatorname{Var} w$. Each product has mean zero and variance $\operatorname{Var} w \cdot
# \mathbb E[h_i^2]$, and variances of independent terms add up:
#
# $$\operatorname{Var} z = \text{fan}_{in} \cdot \operatorname{Var} w \cdot \mathbb E[h^2]. \tag{4}$$
#
# With weights from $N(0, 1)$ the variance of a layer's sums is $\text{fan}_{in}$ times that of its inputs, so units saturate. Here is the
# factor of §2, too: with inputs of mean zero the deviation is multiplied by $\sqrt{\text{fan}_{in} \operatorname{Var} w}$ at every layer. Over
# $L$ layers that is a power: 0.1 gives $10^{-L}$, 2 gives $2^L$, and only 1 gives 1. If $f(z) \approx z$ for small signals, as for tanh, the
# signal keeps its size for
#
# $$\operatorname{Var} w = \frac{1}{\text{fan}_{in}} \qquad \text{(LeCun)}. \tag{5}$$

# %% [markdown]
# ### Where the slides disagree
#
# You will meet other formulas than those of this lecture, in which $n_{in}$ and $n_{out}$ are the fans. Equations (7) and (10) follow below.
#
# | | one says | another says | what is behind it | here |
# |---|---|---|---|---|
# | **Xavier** | $1/n_{in}$ | $2/(n_{in} + n_{out})$ | The first is (5), the forward half of the argument, which LeCun had; Caffe and some lectures call it Xavier. The second is the paper's compromise (7). Equal for square layers. | `glorot_*`: $2/(n_{in} + n_{out})$, `lecun_normal`: $1/n_{in}$ |
# | **He** | $2/n_{in}$ | $4/(n_{in} + n_{out})$ | The first is He et al.'s (10). The second is $\sqrt 2$ times Glorot's deviation, a compromise of the same kind. Equal for square layers. He et al. show that either fan alone suffices: the product over all layers differs by the ratio of the outermost widths only. | `he_normal`: $2/n_{in}$ |
# | **tanh** | $\sigma = \sqrt{2/(n_{in} + n_{out})}$ | $\sigma = 4\sqrt{2/(n_{in} + n_{out})}$, and the logistic function without the 4 | The 4 belongs to the *logistic* function if to any: its slope at 0 is $1/4$, so four times the weights make up for it; the old Theano tutorials gave it to the sigmoid, and tanh went without. Some tables have the two the wrong way around. | no factor 4 at all |
# | **notation** | $N(0, 1/\sqrt{n})$ | $N(0, 1/n)$ | deviation or variance as the second parameter | always the variance |
# | **distribution** | plain normal | truncated at $2\sigma$ | Keras truncates (and widens $\sigma$ to make up for it) | plain |

# %% [markdown]
# ### Exercise 3 · lecun_normal
# *About 5 minutes · difficulty ●○○*
#
# Draw weights $w_{ij} \sim N\!\big(0,\, 1/\text{fan}_{in}\big)$, equation (5).
#
# | | | |
# |---|---|---|
# | `fan_in`, `fan_out` | int | inputs and outputs of a dense layer |
# | `rng` | `numpy.random.Generator` | where *all* random numbers come from |
# | returns | `(fan_in, fan_out)` | a plain normal distribution, not truncated |
#
# **By hand.** For 100 inputs the variance is 0.01, so the standard deviation is 0.1, whatever `fan_out` is. For 25 inputs it is 0.2.
#
# <details><summary>Hint 1</summary>
#
# `rng.normal` has three arguments: mean, standard deviation, shape. (5) gives a variance.
# </details>
# <details><summary>Hint 2</summary>
#
# If the shape is right but the deviation is far too small: did you take the root?
# </details>

# %% nbgrader={"grade": false, "grade_id": "lecun_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lecun_normal(fan_in, fan_out, rng):
    """Draw a dense layer's weights by LeCun's scheme, equation (5).

    Parameters
    ----------
    fan_in, fan_out : int
        The numbers of inputs and outputs.
    rng : numpy.random.Generator
        The one source of all random numbers.

    Returns
    -------
    array, shape (fan_in, fan_out)
        Independent draws from a normal distribution (not truncated) with mean 0 and *variance*
        1/fan_in.
    """
    ### BEGIN SOLUTION
    sigma = np.sqrt(1 / fan_in)
    return rng.normal(0.0, sigma, size=(fan_in, fan_out))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lecun_normal", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(lecun_normal)
### BEGIN HIDDEN TESTS
from autograder import score
score(lecun_normal)
### END HIDDEN TESTS

# %% [markdown]
# The size of a unit's sum, for layers of very different widths: with weights from $N(0, 1)$ it grows as $\sqrt{\text{fan}_{in}}$, with yours
# it stays where it is.

# %% tags=["demo"]
if ready(lecun_normal):
    widths = [10, 30, 100, 300, 1000]
    spreads = {"N(0, 1)": [], "LeCun": []}
    for fan_in in widths:
        rng = np.random.default_rng(fan_in)
        h = rng.normal(size=(300, fan_in))
        spreads["N(0, 1)"].append(np.std(h @ from_normal(1.0)(fan_in, 100, rng)))
        spreads["LeCun"].append(np.std(h @ lecun_normal(fan_in, 100, rng)))
    plots.show(
        figures.against_fan_in(widths, spreads),
        alt="The standard deviation of a unit's sum against its fan-in from 10 to 1000. With weights from N(0, 1) it rises from 3 to 32 as "
        "the root of the fan-in; with LeCun's weights it stays at 1.",
    )
    for fan_in, plain, lecun in zip(widths, *spreads.values(), strict=True):
        assert abs(plain / np.sqrt(fan_in) - 1) < 0.2, "with N(0, 1) the deviation is about √fan_in"
        assert abs(lecun - 1) < 0.2, "LeCun's weights keep the variance"

# %% [markdown]
# ### Forward and backward want different things
#
# Backpropagation sends a gradient the other way through the same weights: $\partial L/\partial h_i = \sum_j w_{ij}\, \delta_j$, a sum of
# $\text{fan}_{out}$ terms. Everything that was said of (4) holds with the other number, and the gradient keeps its size for
#
# $$\operatorname{Var} w = \frac{1}{\text{fan}_{out}}. \tag{6}$$
#
# Both are possible at once only where the layer is square. Glorot and Bengio (2010) proposed a compromise, the average of the two fans:
#
# $$\operatorname{Var} w = \frac{1}{\text{fan}_{avg}}, \qquad \text{fan}_{avg} = \frac{\text{fan}_{in} + \text{fan}_{out}}{2},
# \qquad\text{so}\qquad \operatorname{Var} w = \frac{2}{\text{fan}_{in} + \text{fan}_{out}}. \tag{7}$$
#
# It is known by either of its inventor's names, Glorot's or Xavier's initialization.

# %% [markdown]
# ### Exercise 4 · glorot_normal
# *About 5 minutes · difficulty ●○○*
#
# Draw weights $w_{ij} \sim N\!\big(0,\, 1/\text{fan}_{avg}\big)$, equation (7). Arguments and result are as in exercise 3.
#
# **By hand.** 50 inputs and 150 outputs: $\text{fan}_{avg} = 100$, variance 0.01, standard deviation 0.1. The other way around, 150 inputs and
# 50 outputs, it is the same.
#
# <details><summary>Hint 1</summary>
#
# The 2 in (7) comes from the average and from nowhere else. Compute the average first, under a name of its own.
# </details>
# <details><summary>Hint 2</summary>
#
# If "both fans count alike" fails, one of the two is missing from your average, or the average is a sum.
# </details>

# %% nbgrader={"grade": false, "grade_id": "glorot_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def glorot_normal(fan_in, fan_out, rng):
    """Draw a dense layer's weights by the normal version of Glorot's scheme, equation (7).

    Parameters
    ----------
    fan_in, fan_out : int
        The numbers of inputs and outputs.
    rng : numpy.random.Generator
        The one source of all random numbers.

    Returns
    -------
    array, shape (fan_in, fan_out)
        Independent draws from a normal distribution (not truncated) with mean 0 and *variance*
        1/fan_avg, where fan_avg = (fan_in + fan_out)/2.
    """
    ### BEGIN SOLUTION
    fan_avg = (fan_in + fan_out) / 2
    return rng.normal(0.0, np.sqrt(1 / fan_avg), size=(fan_in, fan_out))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_glorot_normal", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(glorot_normal)
### BEGIN HIDDEN TESTS
from autograder import score
score(glorot_normal)
### END HIDDEN TESTS

# %% [markdown]
# To see the compromise, take a funnel without activations, in which each layer has half as many units as the one before: LeCun keeps the
# signal, (6) keeps the gradient, Glorot is in between on both ways.

# %% tags=["demo"]
def signal_and_gradient(init, sizes, seed):
    """Return the deviation of the signal behind each linear layer, and of the gradient in front of it."""
    rng, weights = np.random.default_rng(seed), stack(init, sizes, seed)
    h, forward = rng.normal(size=(300, sizes[0])), []
    for W in weights:
        h = h @ W
        forward.append(np.std(h))
    g, backward = rng.normal(size=h.shape), []
    for W in reversed(weights):
        g = g @ W.T
        backward.insert(0, np.std(g))
    return forward, backward


funnel = (1024, 512, 256, 128, 64, 32)

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(lecun_normal, glorot_normal):
    schemes = {
        "1/fan_in (LeCun)": lecun_normal,
        "1/fan_avg (Glorot)": glorot_normal,
        "1/fan_out": lambda fan_in, fan_out, rng: rng.normal(0, fan_out**-0.5, (fan_in, fan_out)),
    }
    means = {
        label: np.mean([signal_and_gradient(init, funnel, seed) for seed in range(3)], axis=0) for label, init in schemes.items()
    }
    ways = {title: {label: both[way] for label, both in means.items()} for way, title in enumerate(("forward →", "← backward"))}
    plots.show(
        figures.side_by_side(ways, ["deviation of the signal", "deviation of the gradient"]),
        alt="Two panels over five layers that get narrower. Forward, 1/fan_in holds the signal at 1, 1/fan_avg lets it grow to 2, 1/fan_out "
        "to more than 5. Backward, 1/fan_out holds the gradient at 1, 1/fan_avg lets it shrink to 0.4, 1/fan_in to 0.2.",
    )
    forward, backward = [both[0][-1] for both in means.values()], [both[1][0] for both in means.values()]
    expected = [1, (4 / 3) ** 2.5, 2**2.5], [0.5**2.5, (2 / 3) ** 2.5, 1]
    assert np.allclose(forward, expected[0], rtol=0.25), "each layer multiplies the signal's variance by fan_in·Var w"
    assert np.allclose(backward, expected[1], rtol=0.25), "each layer multiplies the gradient's variance by fan_out·Var w"

# %% [markdown]
# ### The same variance from a uniform distribution
#
# Nothing in the derivation asked for a normal distribution, only for mean 0 and the right variance. A uniform distribution between $-r$ and
# $r$ has the variance $\frac{1}{2r}\int_{-r}^{r} w^2\,dw = r^2/3$, so that
#
# $$\frac{r^2}{3} = \frac{1}{\text{fan}_{avg}} \qquad\Longrightarrow\qquad r = \sqrt{\frac{3}{\text{fan}_{avg}}} =
# \sqrt{\frac{6}{\text{fan}_{in} + \text{fan}_{out}}}. \tag{8}$$
#
# This, with the 6, is the formula that stands in Glorot and Bengio's paper. Beware of mixing the two ways to write it.

# %% [markdown]
# ### Exercise 5 · glorot_uniform
# *About 5 minutes · difficulty ●○○*
#
# Draw weights that are uniform between $-r$ and $r$, equation (8). Arguments and shapes are as before.
#
# **By hand.** 100 inputs and 50 outputs: $\text{fan}_{avg} = 75$, $r = \sqrt{3/75} = 0.2$. The standard deviation is then $r/\sqrt 3 \approx
# 0.115$, the same as that of `glorot_normal(100, 50, rng)`.
#
# <details><summary>Hint 1</summary>
#
# `rng.uniform` wants both ends of the interval, and then the shape.
# </details>
# <details><summary>Hint 2</summary>
#
# The bound is larger than the standard deviation, by a factor $\sqrt 3$. If your weights fill too small an interval, you may have taken one
# for the other.
# </details>

# %% nbgrader={"grade": false, "grade_id": "glorot_uniform", "locked": false, "schema_version": 3, "solution": true, "task": false}
def glorot_uniform(fan_in, fan_out, rng):
    """Draw a dense layer's weights by the uniform version of Glorot's scheme, equation (8).

    Parameters
    ----------
    fan_in, fan_out : int
        The numbers of inputs and outputs.
    rng : numpy.random.Generator
        The one source of all random numbers.

    Returns
    -------
    array, shape (fan_in, fan_out)
        Independent draws from a uniform distribution between −r and r, with r = √(3/fan_avg) and
        fan_avg = (fan_in + fan_out)/2.
    """
    ### BEGIN SOLUTION
    fan_avg = (fan_in + fan_out) / 2
    bound = np.sqrt(3 / fan_avg)
    return rng.uniform(-bound, bound, size=(fan_in, fan_out))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_glorot_uniform", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(glorot_uniform)
### BEGIN HIDDEN TESTS
from autograder import score
score(glorot_uniform)
### END HIDDEN TESTS

# %% [markdown]
# ### The third row of histograms
#
# Back to the six tanh layers of §2, now with your two versions of Glorot's weights. Neither collapse nor saturation: the signal is alive in
# every layer, and the shape of the distribution that the weights came from makes no difference.

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(activation_statistics, glorot_normal, glorot_uniform):
    by_scheme = {"Glorot, normal": stack(glorot_normal, sizes), "Glorot, uniform": stack(glorot_uniform, sizes)}
    drawn = {label: outputs(digits.X_train, weights, "tanh") for label, weights in by_scheme.items()}
    plots.show(
        plots.layer_histograms(drawn, bounds=(-1, 1), xlabel="activation after tanh"),
        alt="Histograms of the activations in six tanh layers with Glorot's weights, normal above and uniform below. Both rows look alike: "
        "a broad hill in every layer, whose standard deviation goes down slowly from 0.55 to 0.27.",
    )
    alive = {label: activation_statistics(digits.X_train, weights, "tanh") for label, weights in by_scheme.items()}
    for label, statistics in alive.items():
        for layer, (mean, std) in enumerate(statistics, start=1):
            assert abs(mean) < 0.05 and 0.15 < std < 0.75, f"{label}: layer {layer} is neither collapsed nor saturated"
    for (_, normal), (_, uniform) in zip(*alive.values(), strict=True):
        assert abs(normal / uniform - 1) < 0.25, "the two versions keep the signal alike"

# %% [markdown]
# Two remarks. The deviation does go down from layer to layer: tanh squeezes what is large. But the smaller the signal, the less it is
# squeezed, so the decay is slow, about as $1/\sqrt{l}$, and not a power $c^l$. And (4) holds for independent inputs, which neighbouring pixels
# aren't: over many random weights it holds on average all the same.

# %% [markdown]
# ## §5 ReLU halves: He
#
# ReLU is not the identity near zero. It sets all negative sums to zero, which for a symmetric $z$ is half of them, and with them half of the
# mean square:
#
# $$\mathbb E\big[\operatorname{relu}(z)^2\big] = \tfrac12 \mathbb E[z^2] = \tfrac12 \operatorname{Var} z. \tag{9}$$
#
# Put this into (4): $\operatorname{Var} z_{l} = \text{fan}_{in} \operatorname{Var} w \cdot \frac12 \operatorname{Var} z_{l-1}$. (Note that it is
# the mean square of the activations that counts, not their variance: after ReLU the mean isn't zero.) So the variance of the weights has to be
# twice as large to make up for the half that is cut away,
#
# $$\operatorname{Var} w = \frac{2}{\text{fan}_{in}} \qquad \text{(He)}. \tag{10}$$
#
# A factor $\sqrt 2$ in the deviation seems a detail. But it is a factor *per layer*: after 20 layers it is $2^{10} \approx 1000$.

# %% [markdown]
# ### Exercise 6 · he_normal
# *About 5 minutes · difficulty ●○○*
#
# Draw weights $w_{ij} \sim N\!\big(0,\, 2/\text{fan}_{in}\big)$, equation (10). Arguments and shapes are as before. (Some slides have
# $4/(\text{fan}_{in} + \text{fan}_{out})$ instead. §7 compares the two; this function wants the version with the fan-in alone.)
#
# **By hand.** 200 inputs: variance 0.01, standard deviation 0.1, whatever the number of outputs. 50 inputs: 0.2.
#
# <details><summary>Hint 1</summary>
#
# It is `lecun_normal` with one number changed. Where does that number stand, inside or outside of the root?
# </details>

# %% nbgrader={"grade": false, "grade_id": "he_normal", "locked": false, "schema_version": 3, "solution": true, "task": false}
def he_normal(fan_in, fan_out, rng):
    """Draw a dense layer's weights by He's scheme for ReLU, equation (10).

    Parameters
    ----------
    fan_in, fan_out : int
        The numbers of inputs and outputs.
    rng : numpy.random.Generator
        The one source of all random numbers.

    Returns
    -------
    array, shape (fan_in, fan_out)
        Independent draws from a normal distribution (not truncated) with mean 0 and *variance*
        2/fan_in.
    """
    ### BEGIN SOLUTION
    sigma = np.sqrt(2 / fan_in)
    return rng.normal(0.0, sigma, size=(fan_in, fan_out))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_he_normal", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(he_normal)
### BEGIN HIDDEN TESTS
from autograder import score
score(he_normal)
### END HIDDEN TESTS

# %% [markdown]
# ### ReLU under Xavier and under He
#
# First six layers as histograms. About half of all activations are exactly zero; they are left out of the picture, and of the numbers above it,
# so that the rest can be seen. (The last bar holds all that is larger than 5.) Then twenty layers as lines, by your `activation_statistics`.

# %% tags=["demo"]
if ready(activation_statistics, glorot_normal, he_normal):
    twenty = (64, *[100] * 20)
    deviations = {}
    for label, init in (("Glorot (Xavier)", glorot_normal), ("He", he_normal)):
        runs_of_five = [activation_statistics(digits.X_train, stack(init, twenty, seed), "relu") for seed in range(5)]
        deviations[label] = np.mean([[std for _, std in layers] for layers in runs_of_five], axis=0)

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(activation_statistics, glorot_normal, he_normal):
    inits = {"Glorot (Xavier)": glorot_normal, "He": he_normal}
    relu_layers = {label: [h[h > 0] for h in outputs(digits.X_train, stack(init, sizes), "relu")] for label, init in inits.items()}
    plots.show(
        plots.layer_histograms(relu_layers, bounds=(0, 5), xlabel="activation after ReLU, where it is positive"),
        alt="Histograms of the positive activations in six ReLU layers. Upper row, Glorot's weights: the distribution is pushed towards "
        "zero layer by layer. Lower row, He's weights: it keeps its width.",
    )
    plots.show(
        plots.per_layer_lines(deviations, ylabel="deviation after ReLU (log scale)"),
        alt="Standard deviation after each of twenty ReLU layers, on a log scale. With Glorot's weights it falls on a straight line, by a "
        "factor of about a thousand; with He's it stays within a factor of two.",
    )
    xavier, he = deviations.values()
    per_layer = (xavier[-1] / xavier[0]) ** (1 / 19)
    assert abs(per_layer - np.sqrt(0.5)) < 0.05, "under Xavier each ReLU layer costs a factor √½"
    assert 0.4 < he[-1] / he[0] < 2, "under He the signal keeps its size for twenty layers"
    print(f"Xavier: a factor of {per_layer:.1f} per layer (√½ is {np.sqrt(0.5):.1f})")

# %% [markdown]
# ### Change this, predict, run
#
# A factor per layer is a power of the depth. Multiply all of He's weights by 1.1: what is the deviation after 30 layers, if it was about 1
# after the first? Write your guess down, then run the cell. Then try a `gain` of 0.9, and twice the depth.

# %% tags=["demo"]
gain, depth = 1.1, 30  # change these

if ready(activation_statistics, he_normal):
    weights = [gain * W for W in stack(he_normal, (64, *[100] * depth))]
    measured = activation_statistics(digits.X_train, weights, "relu")
    for layer in (1, depth // 2, depth):
        print(f"layer {layer:2}: deviation {measured[layer - 1][1]:.2g}")

# %% [markdown]
# ## §6 The way back: vanishing and exploding gradients
#
# A signal that arrives is half of the story. A layer learns from the gradient that comes back to it. With $z_l = h_{l-1} W_l$ and
# $h_l = f(z_l)$, and with the *upstream gradient* $\partial L/\partial h_L$ given, the chain rule says, layer by layer from the last to the first,
#
# $$\delta_L = \frac{\partial L}{\partial h_L} \circ f'(z_L), \qquad \delta_{l} = \big(\delta_{l+1} W_{l+1}^\top\big) \circ f'(z_{l}), \qquad
# \frac{\partial L}{\partial W_l} = h_{l-1}^\top\, \delta_l, \tag{11}$$
#
# where $\circ$ multiplies entry by entry and $\delta_l = \partial L/\partial z_l$. (In a derivative $L$ is the loss, as an index the last
# layer.) Per layer the mean square of $\delta$ is multiplied by about
#
# $$\chi = \text{fan}_{out} \cdot \operatorname{Var} w \cdot \mathbb E\big[f'(z)^2\big]. \tag{12}$$
#
# For $\chi < 1$ the gradient **vanishes** on its way down: the first layers hardly move. For $\chi > 1$ it **explodes**: the first layers
# take insane steps, and the network diverges. Your second instrument measures which of the two it is.

# %% [markdown]
# ### Exercise 7 · gradient_norms
# *About 30 minutes · difficulty ●●●*
#
# Return the Frobenius norm $\big\lVert \partial L/\partial W_l \big\rVert_F = \sqrt{\sum_{ij} (\partial L/\partial w_{ij})^2}$ of every layer's gradient,
# by equation (11).
#
# | | shape | |
# |---|---|---|
# | `X` | `(N, D_0)` | the batch |
# | `weights` | `(D_0, D_1)`, …, `(D_{L−1}, D_L)` | one array per layer; no biases |
# | `dout` | `(N, D_L)` | $\partial L/\partial h_L$: *after* the last activation |
# | `activation` | | `"tanh"`, `"relu"` or `"logistic"`, after every layer, the last one too |
# | returns | list of $L$ numbers | first layer first |
#
# There is no $1/N$: if the loss is a mean, `dout` already knows.
#
# **By hand.** $X = [1, 2]$, two ReLU layers with $W_1 = \begin{bmatrix}1 & -1\\ 1 & 0\end{bmatrix}$ and $W_2 = \begin{bmatrix}2\\ 5\end{bmatrix}$,
# `dout` $= [2]$. Forward: $z_1 = [3, -1]$, $h_1 = [3, 0]$, $h_2 = [6]$. Backward: $\delta_2 = [2]$, the gradient of $W_2$ is $h_1^\top \delta_2 =
# \begin{bmatrix}6\\ 0\end{bmatrix}$ with norm 6. Then $\delta_2 W_2^\top = [4, 10]$, of which ReLU lets only the first pass: $\delta_1 = [4, 0]$.
# The gradient of $W_1$ is $X^\top\delta_1 = \begin{bmatrix}4 & 0\\ 8 & 0\end{bmatrix}$ with norm $4\sqrt 5$. The answer is $[4\sqrt 5, 6]
# \approx [8.94, 6]$.
#
# <details><summary>Hint 1</summary>
#
# Two loops: one forward that keeps every $h_l$, the batch included, and one backward. What you need on the way back is what you kept on the way
# forward.
# </details>
# <details><summary>Hint 2</summary>
#
# All three slopes can be had from the *output* $h = f(z)$: for tanh $1 - h^2$, for the logistic function $h(1 - h)$, for ReLU 1 where $h > 0$
# and 0 elsewhere. (At $z = 0$ exactly, any value between 0 and 1 is accepted for ReLU.)
# </details>
# <details><summary>Hint 3</summary>
#
# In the backward loop do three things in this order: go through the activation, measure the gradient of this layer's weights, go through the
# weights. The first of them happens at the last layer too.
# </details>
# <details><summary>Hint 4</summary>
#
# Check the shapes: the gradient of $W_l$ has the shape of $W_l$, and it is the layer's *input*, transposed, times $\delta_l$. `np.linalg.norm` of
# a matrix is the Frobenius norm if you give it nothing else. The backward loop finds the last layer first, so turn the list around at the end.
# </details>

# %% nbgrader={"grade": false, "grade_id": "gradient_norms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gradient_norms(X, weights, dout, activation):
    """Measure the gradient that arrives at every layer's weights, equation (11).

    The network is the one of equation (2): no biases, and every layer is activated, the last one
    too.

    Parameters
    ----------
    X : array, shape (N, D_0)
        The batch.
    weights : list of arrays, shapes (D_0, D_1), (D_1, D_2), …
        One per layer.
    dout : array, shape (N, D_L)
        The upstream gradient ∂L/∂h_L, with respect to what comes out of the last activation.
    activation : {"tanh", "relu", "logistic"}
        Applied after every layer.

    Returns
    -------
    list of float
        The Frobenius norm of ∂L/∂W_l, which is summed over the batch (no 1/N), for each layer,
        first layer first.
    """
    ### BEGIN SOLUTION
    functions = {
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "logistic": lambda z: 1 / (1 + np.exp(-z)),
    }
    slopes = {
        "tanh": lambda h: 1 - h**2,
        "relu": lambda h: (h > 0).astype(float),
        "logistic": lambda h: h * (1 - h),
    }
    signals = [X]
    for W in weights:
        signals.append(functions[activation](signals[-1] @ W))

    norms, upstream = [], dout
    for layer in reversed(range(len(weights))):
        delta = upstream * slopes[activation](signals[layer + 1])
        norms.append(np.linalg.norm(signals[layer].T @ delta))
        upstream = delta @ weights[layer].T
    return norms[::-1]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gradient_norms", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check(gradient_norms)
### BEGIN HIDDEN TESTS
from autograder import score
score(gradient_norms)
### END HIDDEN TESTS

# %% [markdown]
# ### Vanishing, exploding, and neither
#
# Ten layers on the digits, a random gradient from above, the mean over five seeds (of the logarithm, since these numbers differ by powers of
# ten). Read the curves from right to left: that is the way the gradient goes.

# %% tags=["demo"]
def typical_norms(init, activation, width, gain=1.0, depth=10):
    """Return the gradient norms of a deep network on the digits, as the geometric mean over five seeds."""
    logs = []
    for seed in range(5):
        weights = [gain * W for W in stack(init, (64, *[width] * depth), seed)]
        dout = np.random.default_rng(100 + seed).normal(size=(200, width)) / 200
        logs.append(np.log(gradient_norms(digits.X_train[:200], weights, dout, activation)))
    return np.exp(np.mean(logs, axis=0))

# %% tags=["demo"]
if ready(gradient_norms, glorot_normal, he_normal):
    vanishing = {
        "logistic, N(0, 1)": typical_norms(from_normal(1.0), "logistic", width=20),
        "logistic, Glorot": typical_norms(glorot_normal, "logistic", width=20),
        "tanh, Glorot": typical_norms(glorot_normal, "tanh", width=20),
    }
    exploding = {
        "tanh, N(0, 1)": typical_norms(from_normal(1.0), "tanh", width=100),
        "ReLU, twice He": typical_norms(he_normal, "relu", width=100, gain=2.0),
        "ReLU, He": typical_norms(he_normal, "relu", width=100),
    }

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(gradient_norms, glorot_normal, he_normal):
    panels = {"vanishing, in layers of 20 units": vanishing, "exploding, in layers of 100 units": exploding}
    plots.show(
        figures.side_by_side(panels, ["‖∂L/∂W‖ (log scale)"] * 2, log=True),
        alt="The norm of the gradient in ten layers, on log scales. Left: for logistic units it shrinks from the tenth layer to the first, by "
        "a factor of about 30 with N(0, 1) and of more than 100,000 with Glorot's weights; for tanh with Glorot's weights it is level. "
        "Right: for tanh with N(0, 1) it grows a thousandfold towards the first layer; for ReLU with twice He's weights it is 512 times as "
        "large as with He's in every layer; with He's it is level.",
    )
    share = {label: norms[0] / norms[-1] for label, norms in (vanishing | exploding).items()}  # first layer to last
    assert share["logistic, N(0, 1)"] < 0.1, "logistic units with N(0, 1): the gradient vanishes"
    assert share["logistic, Glorot"] < 1e-4, "with Glorot's weights even more, because the slope is at most 1/4"
    assert 0.3 < share["tanh, Glorot"] < 5, "tanh with Glorot: the gradient neither vanishes nor explodes"
    assert share["tanh, N(0, 1)"] > 300, "tanh with N(0, 1): the gradient explodes towards the first layer"
    assert 0.3 < share["ReLU, He"] < 3, "ReLU with He: the gradient neither vanishes nor explodes"
    assert np.allclose(exploding["ReLU, twice He"] / exploding["ReLU, He"], 2.0**9), "twice the weights: 2⁹ times the gradient"

# %% [markdown]
# What is there to see?
#
# - **Logistic units let gradients vanish.** $f' = h(1 - h)$ is at most $1/4$, and with Glorot's weights close to it, so that each layer costs
#   a factor of about four. Weights from $N(0, 1)$ saturate the units, which costs more slope, but they are also larger, which wins some of it back.
# - **Too-large weights explode.** For ReLU one can say by how much: a factor $c$ on all weights multiplies the output by $c^L$ and each
#   gradient by $c^{L-1}$, here $2^9 = 512$, in *every* layer alike.
# - **tanh with $N(0, 1)$ explodes too.** Slides like to say that gradients are zero when units saturate. The *typical* unit does pass
#   nothing on. But the few that aren't saturated pass it on through weights that are ten times too large, and the norm, a sum of squares,
#   belongs to those few. Such a gradient is huge and useless.
# - **Glorot for tanh and He for ReLU are level**: every layer gets its share.
#
# The next cell shows the third point in numbers.

# %% tags=["demo"]
if ready(gradient_norms):
    h = outputs(digits.X_train[:200], stack(from_normal(1.0), (64, *[100] * 10)), "tanh")[4]
    slope = 1 - h**2
    assert np.median(slope) < 0.02, "the typical unit is saturated: it passes on almost nothing"
    share = np.sum(np.sort(slope.ravel() ** 2)[-slope.size // 10 :]) / np.sum(slope**2)
    assert share > 0.9, "a tenth of the units passes on nearly all of the mean square"
    chi = 100 * 1.0 * np.mean(slope**2)
    assert chi > 2, "equation (12): with weights of variance 1 that is still far more than 1"
    print(
        f"fifth layer: half of the slopes are below 0.02, yet 90 % of Σ f'² comes from a tenth of the units, and χ is about {chi:.0f}"
    )

# %% [markdown]
# ## §7 One table, and two tests of it
#
# | scheme | for | $\sigma^2$ of a normal | bound $r$ of a uniform |
# |---|---|---|---|
# | Glorot | none (linear), tanh, logistic, softmax | $1/\text{fan}_{avg}$ | $\sqrt{3/\text{fan}_{avg}}$ |
# | He | ReLU and its variants: leaky ReLU, ELU | $2/\text{fan}_{in}$ | $\sqrt{6/\text{fan}_{in}}$ |
# | LeCun | SELU | $1/\text{fan}_{in}$ | $\sqrt{3/\text{fan}_{in}}$ |
#
# This is Table 11-1 of Géron's *Hands-On Machine Learning* (2nd edition), and what this course means when it says "the right
# initialization".
#
# The next two figures test the second and the third row of "Where the slides disagree" in §4. First He's two versions, in a ReLU network that gets
# wider and in one that gets narrower. (A Glorot weight times $\sqrt 2$ has the variance $4/(n_{in} + n_{out})$.)

# %% tags=["demo"]
if ready(activation_statistics, he_normal, glorot_normal):
    widening = (64, 128, 256, 512, 1024)
    versions = {
        "2/fan_in": he_normal,
        "4/(fan_in + fan_out)": lambda fan_in, fan_out, rng: np.sqrt(2) * glorot_normal(fan_in, fan_out, rng),
    }
    two_ways = {"wider and wider: 64 → 1024": {}, "narrower and narrower: 1024 → 64": {}}
    for lines, shape in zip(two_ways.values(), (widening, widening[::-1]), strict=True):
        X = np.random.default_rng(1).normal(size=(300, shape[0]))
        for label, init in versions.items():
            four_runs = [activation_statistics(X, stack(init, shape, seed), "relu") for seed in range(4)]
            lines[label] = np.mean([[std for _, std in layers] for layers in four_runs], axis=0)

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(activation_statistics, he_normal, glorot_normal):
    plots.show(
        figures.side_by_side(two_ways, ["deviation after ReLU"] * 2),
        alt="Standard deviation after each of four ReLU layers for two versions of He's scheme. 2/fan_in is level whether the layers get "
        "wider or narrower. 4/(fan_in + fan_out) loses more than half of the signal where they get wider, and gains as much where they "
        "get narrower.",
    )
    (wide_he, wide_average), (narrow_he, narrow_average) = [[line[-1] for line in lines.values()] for lines in two_ways.values()]
    assert 0.6 < wide_he / narrow_he < 1.6, "2/fan_in keeps the signal in both"
    assert wide_average < 0.6 * wide_he, "the average shrinks a signal that spreads over more and more units"
    assert narrow_average > 1.5 * narrow_he, "the average swells a signal that is squeezed into fewer and fewer units"

# %% [markdown]
# Then the factor 4, for tanh and for the logistic function, in ten layers of 100 units.

# %% tags=["demo"]
if ready(gradient_norms, glorot_normal):
    factor_four = {
        f"{name}, {gain}×Glorot": typical_norms(glorot_normal, name, width=100, gain=gain)
        for name in ("tanh", "logistic")
        for gain in (1, 4)
    }

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(gradient_norms, glorot_normal):
    plots.show(
        plots.per_layer_lines(factor_four, ylabel="‖∂L/∂W‖ (log scale)"),
        alt="The norm of the gradient in ten layers of 100 units. tanh with Glorot's weights is level; with four times Glorot's it explodes by "
        "a factor of 40 towards the first layer. Logistic units with Glorot's weights vanish by a factor of 300,000; with four times "
        "Glorot's only by a factor of about 60.",
    )
    ratio = {label: norms[0] / norms[-1] for label, norms in factor_four.items()}
    level = 0.3 < ratio["tanh, 1×Glorot"] < 3 and ratio["tanh, 4×Glorot"] > 10
    assert level, "tanh needs no factor 4: with it, gradients explode"
    assert ratio["logistic, 4×Glorot"] > 300 * ratio["logistic, 1×Glorot"], "the logistic function is much better off with the factor"
    first = outputs(digits.X_train, [4 * W for W in stack(glorot_normal, sizes)], "tanh")[0]
    assert np.mean(np.abs(first) > 0.99) > 0.25, "with the factor 4 many tanh units are saturated in the first layer already"

# %% [markdown]
# So the factor 4 harms tanh, helps the logistic function, and doesn't save it: the deeper remedy is another activation, which is the next
# lecture.

# %% [markdown]
# **In the libraries.** Keras draws `Dense` weights from `glorot_uniform` unless told otherwise (`kernel_initializer="he_normal"`). PyTorch's
# `Linear` starts with a uniform distribution in $\pm 1/\sqrt{\text{fan}_{in}}$, a third of LeCun's variance, for historical reasons;
# `torch.nn.init` has `kaiming_normal_` (He) and `xavier_uniform_` (Glorot).

# %% [markdown]
# ### Exercise 8 · init_std
# *About 10 minutes · difficulty ●●○*
#
# Look up the standard deviation in the table at the top of this section, by the name of the activation.
#
# | | | |
# |---|---|---|
# | `activation` | str | exactly one of `"linear"`, `"tanh"`, `"logistic"`, `"softmax"`, `"relu"`, `"leaky_relu"`, `"elu"`, `"selu"` |
# | `fan_in`, `fan_out` | int | |
# | returns | float | $\sigma$, the root of the table's $\sigma^2$ |
# | raises | `ValueError` | for any other name, `"ReLU"` and `"sigmoid"` included |
#
# **By hand.** `init_std("tanh", 50, 150)` is $\sqrt{1/100} = 0.1$; `init_std("relu", 200, 30)` is $\sqrt{2/200} = 0.1$; `init_std("selu", 100, 30)` is
# $\sqrt{1/100} = 0.1$.
#
# <details><summary>Hint 1</summary>
#
# Choose the variance first, and take the root once, at the end.
# </details>
# <details><summary>Hint 2</summary>
#
# `name in ("a", "b")` asks for one of several names. What is left when no row matches? `raise ValueError("…")`, with a message that names the
# culprit. A dictionary that lacks a key raises KeyError, which isn't what is asked for.
# </details>

# %% nbgrader={"grade": false, "grade_id": "init_std", "locked": false, "schema_version": 3, "solution": true, "task": false}
def init_std(activation, fan_in, fan_out):
    """Return the standard deviation that Table 11-1 recommends for an activation.

    ========  ======================================  ==========================================
    scheme    names                                   variance σ²
    ========  ======================================  ==========================================
    Glorot    "linear" "tanh" "logistic" "softmax"    1/fan_avg, fan_avg = (fan_in + fan_out)/2
    He        "relu" "leaky_relu" "elu"               2/fan_in
    LeCun     "selu"                                  1/fan_in
    ========  ======================================  ==========================================

    Parameters
    ----------
    activation : str
        One of the eight names, exactly.
    fan_in, fan_out : int
        The numbers of inputs and outputs.

    Returns
    -------
    float
        σ, the root of the variance.

    Raises
    ------
    ValueError
        If `activation` is none of the eight names.
    """
    ### BEGIN SOLUTION
    if activation in {"linear", "tanh", "logistic", "softmax"}:
        return np.sqrt(2 / (fan_in + fan_out))
    if activation in {"relu", "leaky_relu", "elu"}:
        return np.sqrt(2 / fan_in)
    if activation == "selu":
        return np.sqrt(1 / fan_in)
    raise ValueError(f"there is no activation called {activation!r}")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_init_std", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(init_std)
### BEGIN HIDDEN TESTS
from autograder import score
score(init_std)
### END HIDDEN TESTS

# %% [markdown]
# With your table, an initialiser for any activation is two lines. Twenty layers, each with what the table says:

# %% tags=["demo"]
def by_table(activation):
    """Return an initialiser that draws from N(0, σ²) with your σ for this activation."""
    return lambda fan_in, fan_out, rng: rng.normal(0, init_std(activation, fan_in, fan_out), (fan_in, fan_out))


def spread_of(activation, seed):
    """Return the deviation after each of twenty layers on the digits."""
    return [np.std(h) for h in outputs(digits.X_train, stack(by_table(activation), (64, *[100] * 20), seed), activation)]

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(init_std):
    names = ("linear", "tanh", "relu", "leaky_relu", "elu", "selu")
    spread = {name: np.mean([spread_of(name, seed) for seed in range(3)], axis=0) for name in names}
    plots.show(
        figures.by_the_table(spread),
        alt="Standard deviation after each of twenty layers for six activations, each initialised by the table. All lines stay between 0.1 "
        "and 3; that of SELU stays closest to 1.",
    )
    for name, found in spread.items():
        assert found.min() > 0.08 and found.max() < 5, f"{name} is alive in all twenty layers"
    assert np.all(np.abs(spread["selu"] - 1) < 0.35), "SELU normalises itself: about 1 in every layer"

# %% [markdown]
# ## §8 A deep network on the digits
#
# Does all this matter for what a network learns? The network of the first figure again: ten hidden layers of 64 units, five epochs, learning
# rate 0.05, now with *your* initialisers. First tanh.

# %% tags=["demo"]
if ready(lecun_normal, glorot_normal, glorot_uniform):
    tanh_runs = {
        "N(0, 0.01²)": runs["weights from N(0, 0.01²)"],
        "N(0, 1)": runs["weights from N(0, 1)"],
        "LeCun": learn(lecun_normal, "tanh"),
        "Glorot, normal": learn(glorot_normal, "tanh"),
        "Glorot, uniform": learn(glorot_uniform, "tanh"),
    }
    plots.show(
        plots.training_curves(tanh_runs, title="Ten layers of tanh"),
        alt="Training curves of five networks with ten tanh layers. LeCun and both versions of Glorot reach about 94 % on the test set; "
        "N(0, 0.01²) stays at 10 %, N(0, 1) at about 20 %.",
    )
    accuracy = {label: run.test_accuracy[-1] for label, run in tanh_runs.items()}
    assert min(accuracy[label] for label in ("LeCun", "Glorot, normal", "Glorot, uniform")) > 0.85, "the three schemes learn"
    assert accuracy["N(0, 0.01²)"] < 0.2 and accuracy["N(0, 1)"] < 0.5, "the two naive ones don't learn"

# %% [markdown]
# LeCun and Glorot are the same here but for the last layer, 64 → 10: all others are square. Then ReLU, where a factor of $\sqrt 2$ per layer
# tells Xavier from He.

# %% tags=["demo"]
if ready(glorot_normal, he_normal):
    relu_runs = {
        "N(0, 0.01²)": learn(from_normal(0.01), "relu"),
        "N(0, 1)": learn(from_normal(1.0), "relu"),
        "Glorot, normal": learn(glorot_normal, "relu"),
        "He, normal": learn(he_normal, "relu"),
    }

# %% jupyter={"source_hidden": true} tags=["demo"]
if ready(glorot_normal, he_normal):
    plots.show(
        figures.training(relu_runs, "Ten layers of ReLU"),
        alt="Training curves of four networks with ten ReLU layers. With He's weights the accuracy is above 85 % after three epochs; with "
        "Glorot's it lags far behind; with N(0, 0.01²) nothing moves, and with N(0, 1) the run diverges at once.",
    )
    assert relu_runs["N(0, 1)"].diverged, "weights from N(0, 1) make a ReLU net explode at once"
    assert relu_runs["N(0, 0.01²)"].test_accuracy[-1] < 0.2, "weights from N(0, 0.01²) leave it where it is"
    assert relu_runs["He, normal"].test_accuracy[-1] > 0.8, "He learns"
    ahead = np.mean(relu_runs["He, normal"].test_accuracy) - np.mean(relu_runs["Glorot, normal"].test_accuracy)
    assert ahead > 0.15, "He learns sooner than Xavier"

# %% [markdown]
# The deeper the network, the wider the gap: He et al. trained 30 ReLU layers from (10), where the same network from Xavier's weights never
# started to learn.

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §9 Summary
#
# | question | answer | where |
# |---|---|---|
# | Why random? | Units that start equal stay equal. | (1) |
# | Why not just small? | The deviation is multiplied by $\sqrt{\text{fan}_{in} \operatorname{Var} w}$ at *every* layer: collapse. | (4) |
# | Why not just large? | Bounded units saturate, ReLU and gradients explode. | (12) |
# | What keeps the signal? | $\operatorname{Var} w = 1/\text{fan}_{in}$ | LeCun, (5) |
# | … and the gradient? | $\operatorname{Var} w = 1/\text{fan}_{out}$ | (6) |
# | A compromise? | $\operatorname{Var} w = 1/\text{fan}_{avg}$, or uniform in $\pm\sqrt{3/\text{fan}_{avg}}$ | Glorot, (7), (8) |
# | And for ReLU? | $\operatorname{Var} w = 2/\text{fan}_{in}$ | He, (10) |
# | Biases? | Zero. They needn't break the symmetry. | §1 |
#
# Initialization sets the scale of signals and gradients at step 0, and no later: nothing keeps it there while the weights move. Lecture 5 shows
# a method that does, batch normalization. Clipping and optimisers (lectures 6 to 8) deal with what is left.
#
# **A little history.** LeCun, Bottou, Orr and Müller wrote down $1/\sqrt{\text{fan}_{in}}$ in 1998, for a tanh stretched so that it keeps the
# variance. Few practised it, and deep networks were thought to be untrainable; from 2006 on one trained them layer by layer, without labels.
# Glorot and Bengio asked in 2010 *why* plain training failed, looked at activations and gradients layer by layer, as you just did, and found
# the initialization at fault, and the logistic function with it. Their derivation assumes a slope of 1 at zero, as tanh has; that tables list
# it for the logistic function is custom, as §7 has shown. He, Zhang, Ren and Sun did the calculation for ReLU in 2015.

# %% [markdown]
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague trains a network with 24 ReLU layers of 256 units each. The loss stays at $\ln K$ for $K$ classes, whatever the learning rate. They
# have looked at the first layer: its activations have a standard deviation of 0.6, "so the initialization is fine". The weights were drawn with
# Xavier's scheme.
#
# Explain in five to eight sentences what is wrong, why the first layer doesn't show it, what you would measure to make sure, and in which layers;
# by about what factor the signal has shrunk at the last layer; and what you would change.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_diagnosis", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# Xavier's variance is 1/256 here, which keeps the mean square of the signal only if the activation passes all of it on. ReLU sets half of a symmetric
# signal to zero, so every layer halves the mean square and multiplies the deviation by about √½ ≈ 0.7.
#
# One layer hardly shows a factor of 0.7, but it is a factor per layer: after 24 layers it has become about (√½)^24 = 2^−12, or 1/4000. The logits are then
# almost zero for all inputs, the softmax is uniform and the loss ln K; and the gradients, which go back through the same weights and slopes, are as small, so
# no ordinary learning rate helps.
#
# To make sure I would plot the deviation of the activations layer by layer (activation_statistics) on a log scale and expect a falling straight line, and the
# gradient norms too (gradient_norms), which should be thousands of times smaller than with the right weights in all layers.
#
# The remedy is He's variance 2/fan_in, which makes up for the half that ReLU cuts away; batch normalization, or an activation such as tanh with these
# weights, would help as well.

# %% [markdown]
# ### Further reading
#
# - X. Glorot and Y. Bengio (2010), [*Understanding the difficulty of training deep feedforward neural
#   networks*](https://proceedings.mlr.press/v9/glorot10a.html). Figure 6 has histograms of activations, as you drew
#   them; Figure 7 has those of the gradients on their way back.
# - K. He, X. Zhang, S. Ren and J. Sun (2015), [*Delving deep into rectifiers*](https://arxiv.org/abs/1502.01852), section 2.2.
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller (1998), *Efficient backprop*, section 4.6.
# - G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter (2017), [*Self-normalizing neural networks*](https://arxiv.org/abs/1706.02515): SELU and
#   $1/\text{fan}_{in}$.
# - S. Schoenholz, J. Gilmer, S. Ganguli and J. Sohl-Dickstein (2017), [*Deep information propagation*](https://arxiv.org/abs/1611.01232): $\chi$ of
#   equation (12) decides what can be trained.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11.
