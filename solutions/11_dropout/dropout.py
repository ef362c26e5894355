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
# # Lecture 11 · Dropout
#
# **Would a company do better if every morning each of its employees tossed a coin to decide whether to come to work?** Probably not on the
# first day. But think of a year of it. Nobody could be the only one who knows how the coffee machine works. Every task would have to be
# done by whoever is there, and no two colleagues could rely on each other's mistakes.
#
# In this lecture you do that to neural networks. You switch off half of their units, other ones at every step, and they get *better*. You
# write dropout in its two forms, find the exponentially many networks that hide in it, use it to make a network say "I don't know", and
# write three of its relatives.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `dropout_forward`, `dropout_backward` | to drop units in training, and send the gradient through the rest |
# | §4 | `vanilla_dropout_train`, `vanilla_dropout_predict` | the original form, and why one moved on from it |
# | §6 | `mc_dropout` | to know what a network doesn't know |
# | §7 | `dropconnect_forward` | to drop weights instead of units |
# | §8 | `stochastic_depth` | to drop whole layers |
# | §9 | `fractional_pool_regions` | to drop pixels, in a way |
# | §10 | a question to answer in words | to tell a bug from a feature |
#
# Conventions: NumPy only; a batch has its examples first; dense weights have shape `(fan_in, fan_out)`; **`rate` is the probability of
# dropping**, $1 - \text{rate}$ that of keeping; `rng` is a `numpy.random.Generator`, and whoever needs random numbers draws them from it
# and from nothing else, in any order; a variance divides by N; what `cache` holds is your own business; a function never changes its
# arguments; integers are legal input, results are float64.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from functools import partial
from itertools import pairwise, product

from coursekit import data, nets, plots
from coursekit.figures import dropout as figures

# %% [markdown]
# ## §1 Nobody irreplaceable
#
# Here is an ordinary network: 64 inputs, two hidden layers of 100 ReLUs, ten classes. It is trained on the handwritten digits until it gets
# about 97 of 100 unseen ones right. Then we sack units: a random part of each hidden layer is removed for good, and the rest of the network
# has to go on without them. Each point is another choice of who has to leave.

# %% tags=["demo"]
digits, shares = data.digits(), np.arange(10) / 10


def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def without(net, share, rng):
    """The net after a random share of the units of every hidden layer has been removed."""
    net = net.copy()
    for layer in net.layers[:-1]:
        if isinstance(layer, nets.Dense):
            units = layer.params["b"].size
            gone = rng.permutation(units)[: round(share * units)]
            layer.params["W"][:, gone] = 0
            layer.params["b"][gone] = 0
    return net

# %% tags=["demo"]
def after_sacking(net):
    """Test accuracy for each share of units that are removed, 20 random choices each."""
    rng, test = np.random.default_rng(1), (digits.X_test, digits.y_test)
    return np.array([[without(net, share, rng).accuracy(*test) for _ in range(20)] for share in shares])


rng = np.random.default_rng(0)
plain_net = nets.mlp((64, 100, 100, 10), init=he, activation="relu", rng=rng)
nets.train(plain_net, digits, lr=0.1, epochs=15, batch_size=32, rng=rng)
plain_sacked = after_sacking(plain_net)
plots.show(
    figures.sacking(shares, {"an ordinary network": plain_sacked}),
    alt="Test accuracy of an ordinary network against the share of hidden units that are removed. It starts at 97 percent and falls "
    "without stopping: with half of the units gone it is about 60 percent, and the single points lie far apart.",
)
assert plain_sacked[0].min() > 0.94, "the whole network is good"
assert plain_sacked[5].mean() < 0.8 and np.ptp(plain_sacked[5]) > 0.1, "half of it isn't, and which half matters"

# %% [markdown]
# With half of its units the network loses a third of its accuracy or more, and it matters a lot *which* half. In such a network units have
# specialised on each other: one corrects what another one exaggerates. Hinton and his colleagues (2012) called this **co-adaptation**. It
# is fragile, and it is one of the ways in which networks overfit: an intricate arrangement of many units can fit the peculiarities of the
# training set, where units that are each useful by themselves can't.
#
# So how do you train a network in which nobody is irreplaceable? You never let anybody rely on anybody.
#
# ## §2 Drop, and make up for it
#
# At **every training step** each unit is *dropped* with probability $r$, the **dropout rate**: its output is set to zero, and for this step
# it is as if it weren't there. All units draw independently, for every example anew. At the next step they may be back. **After training
# nobody is dropped any more.**
#
# That leaves one thing to be settled. A unit of the next layer adds up its inputs. If in training half of them are missing, then after
# training, when all are there, the sum is suddenly about twice what the unit is used to. So *what is kept is made larger in training*, by
# just as much as is missing on average:
#
# $$m_i \sim \text{Bernoulli}(1 - r), \qquad y_i = \frac{m_i}{1 - r}\, x_i \quad\text{in training}, \qquad\qquad y_i = x_i \quad\text{afterwards}. \tag{1}$$
#
# Check the expectation. $m_i$ is 1 with probability $1-r$ and 0 else, so
#
# $$\mathbb E[y_i] = (1 - r)\cdot\frac{x_i}{1 - r} + r \cdot 0 = x_i. \tag{2}$$
#
# This is **inverted dropout**. After training there is nothing to do, not even to remember the rate, which is why all libraries do it this
# way.
#
# **Going back**, equation (1) is a multiplication by a number that has been drawn already. Its derivative is that number:
#
# $$\frac{\partial L}{\partial x_i} = \frac{m_i}{1 - r}\, \frac{\partial L}{\partial y_i}. \tag{3}$$
#
# It is *the same* $m_i$. A unit that was dropped had no part in the output, so it gets no gradient and learns nothing in this step. Who
# draws a fresh mask on the way back blames units that weren't there.

# %% [markdown]
# ### Where the slides disagree
#
# Dropout looks so simple that everybody writes it down in passing, and everybody in another way. What the functions of this lecture want is
# in the last column.
#
# | question | one says | another says | **here** |
# |---|---|---|---|
# | What is $p$? | the probability of being **dropped**, "dropout rate" (so do the book, Keras and PyTorch) | the probability of **keeping** ("retaining") a unit | we don't say $p$: **`rate`** is that of **dropping** |
# | Where is the scale? | at test time, ·keep: *vanilla* | in training, ÷keep: *inverted*, "more common" | **inverted** in `dropout_forward`; vanilla in §4 |
# | Which units? | every neuron | not the output neurons | wherever you put the layer; never on the outputs |
# | How much? | 10 to 50 % | 0.5 is common | 0.2 for inputs and 0.5 for hidden layers are a good start (Srivastava et al. 2014) |
# | What does it do? | prevents co-adaptation, makes representations redundant | averages many networks | both: §3 and §5 |
#
# **An erratum.** One set of slides says in words that "the probability of *dropping* is a hyperparameter", and in the code beside it that
# `p` is the "probability of *keeping* a unit active". Its `p` is 0.5, where nobody can see the difference. You will: with a rate of 0.2 a
# network whose author took the one for the other works with a fifth of its units. In a survey of students' work this was the most frequent
# mistake of all. To read that code with our names, put $p = 1 - \text{rate}$.

# %% [markdown]
# ### Exercise 1 · dropout_forward
# *About 15 minutes · difficulty ●○○*
#
# Write equation (1).
#
# | array | shape | |
# |---|---|---|
# | `x` | any: `(N, D)`, `(N, C, H, W)`, … | what comes out of a layer |
# | `rate` | number in [0, 1) | $r$, the probability of dropping |
# | `training` | bool | whether to drop at all |
# | `out` | as `x` | $y$ |
# | `cache` | anything | what *your* backward pass will want to know |
#
# **By hand.** Let $x = [1, 2, 3, 4]$ and $r = 0.2$. If the third unit falls, then out is $[1, 2, 0, 4]/0.8 = [1.25, 2.5, 0, 5]$. With
# `training=False` it is $[1, 2, 3, 4]$.
#
# <details><summary>Hint 1</summary>
#
# A uniform random number from [0, 1) lies below 0.2 with probability 0.2. Which of the two sides of 0.2 is to be kept?
# </details>
# <details><summary>Hint 2</summary>
#
# How many random numbers do you need? As many as there are units in the whole batch: `rng.random(shape)` draws an array of them.
# </details>
# <details><summary>Hint 3</summary>
#
# For the backward pass, look at (3): it needs one number for each unit, and if you store that number, mask and scale are both in it. What
# is it when `training` is False?
# </details>

# %% nbgrader={"grade": false, "grade_id": "dropout_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_forward(x, rate, rng, training=True):
    """Inverted dropout, equation (1).

    Parameters
    ----------
    x : array of any shape, examples first
        Integers are legal.
    rate : float in [0, 1)
        The probability of DROPPING a unit; it is kept with probability 1 − rate.
    rng : numpy.random.Generator
        The only source of random numbers. Any order of draws is right.
    training : bool
        Whether the network is being trained.

    Returns
    -------
    out : float64 array of the shape of x
        In training, each entry is by itself and independently of all others either 0, with
        probability rate, or x/(1 − rate). After training, out is x.
    cache
        Whatever your dropout_backward needs; nobody else looks inside.

    The arguments are not changed (but the generator moves on).
    """
    ### BEGIN SOLUTION
    x = np.asarray(x, dtype=float)
    if not training:
        return x.copy(), np.ones(x.shape)
    factor = (rng.random(x.shape) >= rate) / (1 - rate)
    return x * factor, factor
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dropout_forward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(dropout_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dropout_forward)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2 · dropout_backward
# *About 5 minutes · difficulty ●○○*
#
# Write equation (3), for both kinds of forward pass.
#
# | array | shape | |
# |---|---|---|
# | `dout` | shape of `x` | $\partial L/\partial y$ |
# | `dx` | shape of `x` | $\partial L/\partial x$ |
#
# **By hand.** Above, the third of four units fell, $r = 0.2$. With dout = $[4, 4, 4, -4]$, dx is $[5, 5, 0, -5]$. After a forward pass with
# `training=False` it would be dout itself.
#
# <details><summary>Hint</summary>
#
# If $x_i$ grows by 1, by how much does $y_i$ grow? Your cache should know.
# </details>

# %% nbgrader={"grade": false, "grade_id": "dropout_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropout_backward(dout, cache):
    """Send the gradient back through the units that were kept, equation (3).

    Parameters
    ----------
    dout : array of the shape of x
        The upstream gradient ∂L/∂out. Integers are legal.
    cache
        From the dropout_forward that this belongs to; there may have been others since.

    Returns
    -------
    float64 array of the shape of x
        ∂L/∂x, for the mask and the scale that the forward pass used; where it was called with
        training=False, that is dout.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    return np.asarray(dout, dtype=float) * cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dropout_backward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(dropout_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dropout_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Four training steps of a small network with a rate of 0.5 on both hidden layers. The masks are drawn by your function.
# Only what is dark takes part: each step trains another network, and all of them share their weights.

# %% tags=["demo"]
if ready(dropout_forward):
    rng, rate = np.random.default_rng(2), 0.5
    steps = [[dropout_forward(np.ones((1, 6)), rate, rng)[0][0] > 0 for layer in range(2)] for step in range(4)]
    plots.show(
        figures.networks([[np.ones(4), *masks, np.ones(3)] for masks in steps], ["step 1", "step 2", "step 3", "step 4"]),
        alt="Four drawings of one network with four inputs, two hidden layers of six units and three outputs. In each drawing other hidden "
        "units are crossed out, about half of them, and only the connections between the remaining ones are dark.",
    )
    assert len({tuple(np.concatenate(masks)) for masks in steps}) > 1, "another step has another mask"

# %% [markdown]
# **Change it.** How many of the twelve hidden units will be left at a rate of 0.2, and how many at 0.8? Write your guess down, change
# `rate` in the cell above, and run it again a few times with other seeds in place of 2. Which numbers do you get besides the expected one?

# %% [markdown]
# ## §3 Does it help?
#
# First, the question of the beginning. The same network, the same data and the same 15 epochs, with your dropout (rate 0.5) behind both
# hidden layers. Then the sackings, as above.

# %% tags=["demo"]
def with_dropout(sizes, rate, rng, mask_rng):
    """A ReLU net with dropout behind every hidden layer; no dropout at all for rate 0."""
    layers = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers += [nets.Dense(fan_in, fan_out, init=he, rng=rng), nets.Activation("relu")]
        if rate > 0:
            layers.append(nets.PairLayer(dropout_forward, dropout_backward, rate=rate, rng=mask_rng))
    return nets.Net(*layers, nets.Dense(sizes[-2], sizes[-1], init=he, rng=rng))


if ready(dropout_forward, dropout_backward):
    rng = np.random.default_rng(0)
    dropout_net = with_dropout((64, 100, 100, 10), 0.5, rng, np.random.default_rng(7))
    nets.train(dropout_net, digits, lr=0.1, epochs=15, batch_size=32, rng=rng)
    dropout_sacked = after_sacking(dropout_net)

# %% tags=["demo"]
if ready(dropout_forward, dropout_backward):
    plots.show(
        figures.sacking(shares, {"an ordinary network": plain_sacked, "trained with dropout": dropout_sacked}),
        alt="The figure of section 1 with a second curve. The network that was trained with dropout stays above 90 percent until 40 percent "
        "of its units are gone, is at about 87 percent with half of them, where the ordinary one is at about 60, and its points lie close.",
    )
    assert dropout_sacked[0].min() > 0.93, "whole, the net with dropout is about as good as the other one"
    assert dropout_sacked[5].mean() > plain_sacked[5].mean() + 0.1, "with half of its units, it is better"
    assert dropout_sacked[4].min() > plain_sacked[4].mean(), "it is better even in the worst of 20 cases"

# %% [markdown]
# This network had half of its units missing all the time, so it doesn't mind. But nobody sacks units from a network that works. What we
# want is that it is better on images that it hasn't seen.
#
# So let us make overfitting easy: 300 digits to learn from and a hidden layer of 100 units with some 7500 weights. And a second time with a
# fifth of the labels replaced by random ones, which a network can only learn by heart. Five runs each, with other digits, other first
# weights and other masks, and the same ones for the two competitors.

# %% jupyter={"source_hidden": true} tags=["demo"]
def few_digits(seed, wrong):
    """300 digits to train with, a part of the labels replaced at random, and 449 to test with."""
    rng = np.random.default_rng(seed)
    whole = data.digits(seed)
    bad = rng.random(300) < wrong
    y = np.where(bad, 0, whole.y_train[:300])
    y[bad] = rng.integers(0, 10, bad.sum())
    return data.Digits(whole.X_train[:300], y, whole.X_test, whole.y_test)


def gap_of(make_net, wrong, seeds=5, epochs=50):
    """Train and test accuracy of several runs, shape (runs, 2); `make_net(rng, mask_rng)`."""
    found = []
    for seed in range(seeds):
        rng, few = np.random.default_rng(seed), few_digits(seed, wrong)
        net = make_net(rng, np.random.default_rng(100 + seed))
        history = nets.train(net, few, lr=0.2, epochs=epochs, batch_size=50, rng=rng)
        found.append((history.train_accuracy[-1], history.test_accuracy[-1]))
    return np.array(found)

# %% tags=["demo"]
if ready(dropout_forward, dropout_backward):
    rates = {"plain": 0.0, "dropout 0.5": 0.5}
    clean, noisy = [{name: gap_of(partial(with_dropout, (64, 100, 10), rate), wrong) for name, rate in rates.items()} for wrong in (0.0, 0.2)]
    plots.show(
        figures.gaps({"all labels are right": clean, "20% of the labels are wrong": noisy}),
        alt="Training and test accuracy of five runs each, joined by lines. With right labels all nets reach 100 percent in training and "
        "between 90 and 97 in the test, with and without dropout. With a fifth of the labels wrong, the plain nets still learn them all by "
        "heart and fall to 75 to 88 percent in the test; with dropout they learn fewer of the wrong labels and do better in the test.",
    )
    gain = {name: runs["dropout 0.5"][:, 1] - runs["plain"][:, 1] for name, runs in (("clean", clean), ("noisy", noisy))}
    narrower = -np.diff(noisy["plain"]) + np.diff(noisy["dropout 0.5"])
    assert noisy["plain"][:, 0].min() > 0.97, "the plain net learns wrong labels by heart"
    assert narrower.mean() > 0.02, "dropout narrows the gap"
    assert gain["noisy"].mean() > 0.01 and np.sum(gain["noisy"] > 0) >= 4, "dropout helps on unseen digits"
    assert abs(gain["clean"].mean()) < 0.04, "where there is little to overfit, dropout changes little"

# %% [markdown]
# Look at the spread before you believe a difference. With right labels the runs differ more from each other than the two kinds of net do:
# here dropout gains perhaps half a percent, and five runs can't prove it (slides promise "1 to 2 %", which is what it brought for large
# networks in 2012). With wrong labels the gap between training and test gets narrower in every run, because learning one image by heart
# needs just that conspiracy of units which dropout forbids.
#
# Dropout is no gift, though. Training takes longer, because every step learns with a part of the network only. A network that underfits
# gets worse by it. And the training loss is no longer comparable with the test loss: one is measured with units missing, the other without.

# %% [markdown]
# ## §4 Vanilla dropout: the scale at the other end
#
# In the original form nothing is scaled in training,
#
# $$y_i = m_i\, x_i, \qquad m_i \sim \text{Bernoulli}(1 - r), \tag{4}$$
#
# and it is the *prediction* that makes up for it: all units are there, each multiplied by the probability with which it was,
#
# $$y_i = (1 - r)\, x_i. \tag{5}$$
#
# The rule behind both forms is the same: *output at test time = expected output in training*. Here this expectation is $(1-r)\,x_i$, and
# (5) is exactly that; in §2 it was $x_i$. **Do one of the two, never both, and never neither.** The slides that show this form call it "not
# recommended": the code that predicts has to know the rate, must be changed whenever training is, and multiplies needlessly for every user
# of the network for ever.
#
# ### Exercise 3 · vanilla_dropout_train
# *About 5 minutes · difficulty ●○○*
#
# Write equation (4). `rate` is the probability of dropping, as before; out has the shape of `x`.
#
# **By hand.** $x = [1, 2, 3, 4]$, $r = 0.2$, and the third unit falls: $[1, 2, 0, 4]$.
#
# <details><summary>Hint</summary>
#
# It is exercise 1 with something left out. Mind the type of the result where x holds integers.
# </details>

# %% nbgrader={"grade": false, "grade_id": "vanilla_dropout_train", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vanilla_dropout_train(x, rate, rng):
    """Vanilla dropout in training, equation (4).

    Parameters
    ----------
    x : array of any shape, examples first
        Integers are legal.
    rate : float in [0, 1)
        The probability of DROPPING a unit; it is kept with probability 1 − rate.
    rng : numpy.random.Generator
        The only source of random numbers. Any order of draws is right.

    Returns
    -------
    float64 array of the shape of x
        Each entry is by itself and independently of all others either 0, with probability rate,
        or what it was.

    x is not changed.
    """
    ### BEGIN SOLUTION
    return np.where(rng.random(np.shape(x)) < rate, 0.0, x)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_vanilla_dropout_train", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(vanilla_dropout_train)
### BEGIN HIDDEN TESTS
from autograder import score
score(vanilla_dropout_train)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4 · vanilla_dropout_predict
# *About 3 minutes · difficulty ●○○*
#
# Write equation (5). Nothing is random here.
#
# **By hand.** $x = [1, 2, 3, 4]$, $r = 0.2$: $[0.8, 1.6, 2.4, 3.2]$.
#
# <details><summary>Hint</summary>
#
# Of a hundred mornings, a unit with $r = 0.2$ was there on how many?
# </details>

# %% nbgrader={"grade": false, "grade_id": "vanilla_dropout_predict", "locked": false, "schema_version": 3, "solution": true, "task": false}
def vanilla_dropout_predict(x, rate):
    """Vanilla dropout after training, equation (5).

    Parameters
    ----------
    x : array of any shape, examples first
        Integers are legal.
    rate : float in [0, 1)
        The probability with which a unit was DROPPED in training.

    Returns
    -------
    float64 array of the shape of x
        What vanilla_dropout_train(x, rate, rng) gives on average.

    x is not changed.
    """
    ### BEGIN SOLUTION
    return (1 - rate) * np.asarray(x, dtype=float)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_vanilla_dropout_predict", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(vanilla_dropout_predict)
### BEGIN HIDDEN TESTS
from autograder import score
score(vanilla_dropout_predict)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The expectation, measured: for nine rates the mean of out/x over 20 000 units in training, and what the same function
# gives for prediction.

# %% tags=["demo"]
if ready(dropout_forward, vanilla_dropout_train, vanilla_dropout_predict):
    rng, x, rates = np.random.default_rng(5), np.ones((200, 100)), np.arange(1, 10) / 10
    vanilla = [(vanilla_dropout_train(x, rate, rng), vanilla_dropout_predict(x, rate)) for rate in rates]
    inverted = [(dropout_forward(x, rate, rng)[0], dropout_forward(x, rate, rng, training=False)[0]) for rate in rates]
    kinds = {"vanilla": np.array(vanilla), "inverted": np.array(inverted)}  # shape (rates, 2, 200, 100)
    means = {kind: outs.mean(axis=(2, 3)).T for kind, outs in kinds.items()}
    plots.show(
        figures.two_phases(rates, {kind: found[0] for kind, found in means.items()}, {kind: found[1] for kind, found in means.items()}),
        alt="Two panels of out divided by x against the rate. Vanilla dropout: the means in training lie on the falling line 1 minus rate "
        "that the prediction has. Inverted dropout: both are 1 for every rate.",
    )
    for kind, (training, prediction) in means.items():
        error = kinds[kind][:, 0].std(axis=(1, 2)) / np.sqrt(x.size)
        assert np.all(np.abs(training - prediction) < 5 * error), "training and prediction agree on average"
        assert np.allclose(prediction, 1 - rates if kind == "vanilla" else 1), "the predictions are what (1) and (5) say"

# %% [markdown]
# Both forms agree with themselves. What does grow with the rate is the noise: by (1) the variance of an entry is $x_i^2\, r/(1-r)$, which
# is $x_i^2$ at a rate of a half and $9\,x_i^2$ at 0.9. That noise is the regularization. A layer that is followed by dropout can't transmit
# anything that a single unit knows; it has to say everything several times.

# %% [markdown]
# ## §5 Sixteen networks in one
#
# Each mask is a network of its own. With $N$ units that may be dropped there are $2^N$ of them: one layer of 4096 units alone has
# $2^{4096} \approx 10^{1233}$, and the universe has some $10^{82}$ atoms. Hardly one of these networks is ever trained for more than a
# single step. They learn nevertheless, because all of them share their weights.
#
# We can't count to $10^{1233}$, but we can count to sixteen. Take $N = 4$ hidden units. Here are all the masks, and how often your function
# draws each of them in 16 000 examples, at a rate of 0.5.

# %% tags=["demo"]
if ready(dropout_forward):
    masks = np.array(list(product((0, 1), repeat=4)))
    drawn = dropout_forward(np.ones((16000, 4)), 0.5, np.random.default_rng(3))[0] > 0
    counts = np.bincount(drawn @ (8, 4, 2, 1), minlength=16)
    plots.show(
        figures.networks([[np.ones(2), mask, np.ones(1)] for mask in masks], [f"drawn {count} times" for count in counts], rows=2),
        alt="Sixteen small drawings of a network with two inputs, four hidden units and one output, one for each way to cross out some of "
        "the hidden units, from all crossed out to none. Each was drawn about a thousand times.",
    )
    assert np.all(np.abs(counts - 1000) < 6 * np.sqrt(16000 * 15 / 256)), "all sixteen networks are drawn equally often"

# %% [markdown]
# An **ensemble** of networks predicts better than its members (lecture 10): one averages their predictions. For $2^N$ networks that is out
# of the question. But look at what the one network without dropout does. Let $h$ be the hidden layer and
# $z = \frac{m \circ h}{1 - r} W + b$ the logits. They are linear in the mask, so by (2) the average of the logits over all masks, each with
# its probability, is *exactly* the logit of the network with nothing dropped. And what comes out of the softmax? There a sum of logits is a
# product of probabilities, so the scaled network gives the normalised **geometric mean** of all $2^N$ predictions (Hinton et al. 2012):
#
# $$\text{softmax}\Big(\sum_m P(m)\, z_m\Big)_k = \frac{\prod_m p_{m,k}^{P(m)}}{\sum_j \prod_m p_{m,j}^{P(m)}}. \tag{6}$$
#
# Sixteen networks, or $10^{1233}$, for the price of one forward pass. We check it to the last digit, for a rate of 0.25, where the sixteen
# networks are *not* equally probable.

# %% tags=["demo"]
def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


if ready(dropout_forward):
    rng, rate = np.random.default_rng(8), 0.25
    h, W, b = rng.uniform(0.2, 2, (1, 4)), rng.normal(0, 1.2, (4, 3)), rng.normal(size=3)
    masks = np.array(list(product((0, 1), repeat=4)))
    probabilities = np.prod(np.where(masks == 1, 1 - rate, rate), axis=1)  # of the sixteen masks
    members = softmax(masks * h / (1 - rate) @ W + b)
    arithmetic, geometric = probabilities @ members, np.exp(probabilities @ np.log(members))
    geometric /= geometric.sum()
    whole = softmax(dropout_forward(h, rate, rng, training=False)[0] @ W + b)[0]

# %% tags=["demo"]
if ready(dropout_forward):
    plots.show(
        figures.ensemble(masks, members, {"arithmetic\nmean": arithmetic, "geometric\nmean": geometric, "whole\nnetwork": whole}),
        alt="Left: stacked bars of the probabilities of three classes for each of sixteen masks; they differ widely. Right: the arithmetic "
        "mean of the sixteen, their normalised geometric mean, and the prediction of the whole network. The last two are the same.",
    )
    sampled = softmax(dropout_forward(np.repeat(h, 20000, axis=0), rate, rng)[0] @ W + b)
    assert np.allclose(geometric, whole, rtol=1e-12), "the whole network is the geometric mean, to the last digit"
    assert np.allclose(sampled.mean(axis=0), arithmetic, atol=0.02), "your masks give the ensemble"
    assert np.max(np.abs(arithmetic - whole)) > 1e-3, "the arithmetic mean is close, but another one"

# %% [markdown]
# With one hidden layer this is exact. With several layers, or where an activation stands *behind* the dropout, $\mathbb E[f(y)]$ isn't
# $f(\mathbb E[y])$, and the whole network is an approximation of the ensemble: a good one, as it turns out.
#
# But why approximate? One could also *ask* the ensemble.

# %% [markdown]
# ## §6 Monte Carlo dropout: a network that knows what it doesn't know
#
# A network that has learned ten digits will call anything one of them. Show it a letter, and it answers with "4, 99 %". Its softmax says
# which of the ten is most likely, *given that it is one of the ten*; it was never asked anything else.
#
# Gal and Ghahramani (2016) had a simple idea: leave the dropout **on** while predicting, and ask several times. Each answer comes from
# another member of the ensemble of §5. Where there was much to learn from, all members had to agree. Far away from the training data
# nothing ever forced them to. So with $T$ predictions $p_1, \dots, p_T$ of the same input,
#
# $$\bar p = \frac1T \sum_{t=1}^T p_t, \qquad\qquad s = \sqrt{\frac1T \sum_{t=1}^T (p_t - \bar p)^2}, \tag{7}$$
#
# for each example and each class by itself, $\bar p$ is the prediction and $s$ says how much it is worth. Drawing at random in order to
# compute a mean is called a *Monte Carlo* method, hence the name. The slides recommend it for applications in which a mistake is costly.
#
# ### Exercise 5 · mc_dropout
# *About 10 minutes · difficulty ●●○*
#
# Write equation (7). The network comes as a function: `predict(x, rng)` returns the probabilities for a batch, with dropout on, and draws
# its masks from the generator that it is given.
#
# | | shape | |
# |---|---|---|
# | `predict` | function of `(x, rng)` | returns probabilities, `(N, K)`, others at every call |
# | `x` | `(N, …)` | the batch |
# | `n_samples` | integer | $T$, at least 1 |
# | `mean`, `std` | `(N, K)` | $\bar p$ and $s$ |
#
# **By hand.** One image, two classes, three samples: $[0.9, 0.1]$, $[0.5, 0.5]$, $[0.4, 0.6]$. The mean is $[0.6, 0.4]$. The deviations of
# the first class are 0.3, −0.1 and −0.2, so its variance is $0.14/3$ and its standard deviation about 0.22; the second class has the same.
#
# <details><summary>Hint 1</summary>
#
# Collect the samples in a list. `np.array` of T arrays of shape `(N, K)` has shape `(T, N, K)`.
# </details>
# <details><summary>Hint 2</summary>
#
# Pass `rng` itself on, every time. It moves on with each number that is drawn from it, and that is why the next sample is another one.
# </details>

# %% nbgrader={"grade": false, "grade_id": "mc_dropout", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mc_dropout(predict, x, n_samples, rng):
    """Ask a network with dropout several times, equation (7).

    Parameters
    ----------
    predict : callable
        predict(x, rng) returns an array of probabilities, shape (N, K); it draws from the
        generator that it is given. What it raises, you let pass.
    x : array, shape (N, …)
        The batch, which predict gets as it is.
    n_samples : int
        How many times predict is called, at least once.
    rng : numpy.random.Generator
        The generator to pass on: rng itself, to every call.

    Returns
    -------
    mean, std : float64 arrays, shape (N, K)
        The mean and the standard deviation of the samples, for every example and class. The
        variance divides by n_samples, so a single sample has standard deviation 0.

    x is not changed.
    """
    ### BEGIN SOLUTION
    samples = np.array([predict(x, rng) for _ in range(n_samples)], dtype=float)
    return samples.mean(axis=0), samples.std(axis=0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_mc_dropout", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(mc_dropout)
### BEGIN HIDDEN TESTS
from autograder import score
score(mc_dropout)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The network of §3, and four kinds of images: unseen digits, the same digits turned by 90°, ten letters drawn by hand, and
# noise.

# %% tags=["demo"]
raw = data.digits(standardized=False)
unseen = raw.X_test.reshape(-1, 8, 8)
pictures = {
    "digits": unseen,
    "digits, turned": np.rot90(unseen, axes=(1, 2)),
    "letters": figures.letters(),
    "noise": np.random.default_rng(6).random((200, 8, 8)),
}


def standardized(images):
    """Images as the networks know them: each pixel as in the training set."""
    mean, std = raw.X_train.mean(axis=0), np.maximum(raw.X_train.std(axis=0), 0.05)
    return (images.reshape(len(images), 64) - mean) / std

# %% tags=["demo"]
def predict(x, rng):
    """Probabilities of the network of §3, whose dropout layers stay on and draw from rng."""
    for layer in dropout_net.layers:
        if isinstance(layer, nets.PairLayer):
            layer.options["rng"] = rng
    return softmax(dropout_net.forward(x, training=True)[-1])


if ready(dropout_forward, dropout_backward, mc_dropout):
    rng = np.random.default_rng(11)
    once = {name: softmax(dropout_net.logits(standardized(images))) for name, images in pictures.items()}
    asked = {name: mc_dropout(predict, standardized(images), 60, rng) for name, images in pictures.items()}

# %% tags=["demo"]
if ready(dropout_forward, dropout_backward, mc_dropout):
    shown = [("digits", 0), ("digits", 1), ("digits", 4), ("digits, turned", 0), ("digits, turned", 1)]
    shown += [("letters", 1), ("letters", 5), ("letters", 8), ("noise", 0), ("noise", 1)]
    mean, std = (np.array([asked[name][item][index] for name, index in shown]) for item in (0, 1))
    single = np.array([once[name][index] for name, index in shown])
    plots.show(
        figures.answers([(name, pictures[name][index]) for name, index in shown], single, mean, std),
        alt="Ten images in a row, three digits, two digits turned by 90 degrees, the letters H, X and E, and two of noise. Below each, the "
        "probabilities of the ten classes, once without dropout and once as mean and standard deviation over sixty predictions with "
        "dropout. Asked once, the network is sure of nearly all of them, letters included. Asked sixty times, it stays sure of the digits, "
        "and of most of the rest several classes share the probability with long error bars.",
    )

# %% [markdown]
# Asked once, the network is certain that an H, an X and an E are digits, each of them a particular one. Asked sixty times it contradicts
# itself, and the long error bars give it away. For all images at once:

# %% tags=["demo"]
if ready(dropout_forward, dropout_backward, mc_dropout):
    doubt = {name: std[np.arange(len(mean)), mean.argmax(axis=1)] for name, (mean, std) in asked.items()}
    sure = {name: p.max(axis=1) for name, p in once.items()}
    plots.show(
        figures.strips({"highest probability, asked once": sure, "std of the most probable class, MC dropout": doubt}),
        alt="Two panels of points, one row for each kind of image, a black line at the median. Left, the highest probability when asked "
        "once: near 1 for digits, turned digits and letters alike. Right, the standard deviation under MC dropout: mostly below 0.2 for "
        "digits and around 0.4 for turned digits, letters and noise.",
    )
    for name in ("digits, turned", "letters", "noise"):
        assert doubt[name].mean() > doubt["digits"].mean() + 0.1, f"{name}: more doubt than on digits"
        assert np.mean(doubt[name][:, None] > doubt["digits"]) > 0.8, f"{name}: nearly always more doubt than a digit"
    assert np.median(sure["letters"]) > 0.85, "asked once, the network is sure even of letters"
    right, right_once = (p.argmax(axis=1) == raw.y_test for p in (asked["digits"][0], once["digits"]))
    assert abs(right.mean() - right_once.mean()) < 0.03, "the mean of the samples is as accurate as the whole network"
    assert doubt["digits"][~right].mean() > doubt["digits"][right].mean() + 0.05, "mistakes are in doubt"

# %% [markdown]
# This is worth a lot: a program can now hand an image to a human when the deviation is above 0.3, say. On real digits the mistakes are
# among the doubtful ones, too.
#
# Two words of caution. The mean of sixty predictions is about as *accurate* as the whole network's single one, not better: by (6) the whole
# network is an ensemble already. What is gained is the spread. (Slides promise "a more reliable prediction"; it is more modest rather than
# more often right.) And it takes sixty times as long.
#
# What does doubt look like on the way from a digit to none? We turn a 1, slowly. (Bands and error bars are cut at 0 and 1, where
# probabilities end.)

# %% tags=["demo"]
from scipy import ndimage

if ready(dropout_forward, dropout_backward, mc_dropout):
    one, angles = unseen[np.flatnonzero(raw.y_test == 1)[0]], np.arange(0, 181, 10)
    turned = np.array([ndimage.rotate(one, angle, reshape=False, order=1) for angle in angles])
    mean, std = mc_dropout(predict, standardized(turned), 200, np.random.default_rng(12))
    plots.show(
        figures.turning(angles, turned, mean, std),
        alt="Mean probability and a band of one standard deviation for four classes while a 1 is turned from 0 to 180 degrees. At 0 the "
        "class 1 has nearly all the probability. From 20 degrees on class 4 is ahead, mostly with a wide band; but near 100 and 150 degrees "
        "it has more than 90 percent, and the band is narrow.",
    )
    top = std[np.arange(len(angles)), mean.argmax(axis=1)]
    assert mean[0].argmax() == 1 and top[0] < 0.2, "upright it is a 1, and no doubt about it"
    assert top[3:-3].mean() > top[0] + 0.1, "turned, there is doubt on the whole"
    assert top[15] < 0.25 and mean[15].argmax() != 1, "at 150 degrees the samples agree on a wrong class"

# %% [markdown]
# At most angles the samples contradict each other: the deviation is 0.3 to 0.4. But look at 150 degrees. There nearly all of them agree on
# a 4, 0.95 ± 0.17, and they are wrong. The ensemble can only show *where its members disagree*. Where they all make the same mistake, it is
# silent. So a large deviation is a reason to doubt, and a small one is no proof.

# %% [markdown]
# ## §7 DropConnect: weights instead of units
#
# Dropping a unit removes a whole row of the next layer's weight matrix at once. Wan et al. (2013) drop single **weights** instead:
#
# $$M_{ij} \sim \text{Bernoulli}(1 - r), \qquad y = x\, \frac{M \circ W}{1 - r} + b \quad\text{in training}, \qquad y = x W + b \quad\text{afterwards}. \tag{8}$$
#
# Every unit stays, but listens to a random part of its inputs, and each unit to another part. There are $2^{D \cdot H}$ networks now. The
# inventors draw a mask for every example; here one mask serves for the whole batch, which is a single matrix product. The bias is left
# alone.
#
# ### Exercise 6 · dropconnect_forward
# *About 10 minutes · difficulty ●●○*
#
# Write equation (8).
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, D)` | a batch |
# | `W` | `(D, H)` | weights |
# | `b` | `(H,)` | biases, never dropped, never scaled |
# | `out` | `(N, H)` | $y$ |
#
# **By hand.** Let $x$ be the two unit vectors, $W = \begin{pmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{pmatrix}$, $b = 0$ and $r = 0.2$. If the
# weights 2 and 4 fall, the others are divided by 0.8, and out is $\begin{pmatrix} 1.25 & 0 & 3.75 \\ 0 & 6.25 & 7.5 \end{pmatrix}$: each
# row of out shows a row of the weights that were used.
#
# <details><summary>Hint 1</summary>
#
# What is the shape of the mask? Nothing in it depends on N.
# </details>
# <details><summary>Hint 2</summary>
#
# First make the weights that are used in this call, then write the layer as you always do.
# </details>

# %% nbgrader={"grade": false, "grade_id": "dropconnect_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dropconnect_forward(x, W, b, rate, rng, training=True):
    """A dense layer that drops weights, equation (8).

    Parameters
    ----------
    x : array of shape (N, D)
        A batch. Integers are legal, here and below.
    W : array of shape (D, H)
    b : array of shape (H,)
        Neither dropped nor scaled.
    rate : float in [0, 1)
        The probability of DROPPING a weight; it is kept with probability 1 − rate.
    rng : numpy.random.Generator
        The only source of random numbers. Any order of draws is right.
    training : bool
        Whether the network is being trained.

    Returns
    -------
    out : float64 array of shape (N, H)
        In training, x·W' + b, where each weight in W' is by itself and independently of all others
        either 0, with probability rate, or W/(1 − rate); one W' for all examples of the batch,
        another one at every call. After training, x·W + b.
    cache
        Whatever a backward pass would need; nobody looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    W_used = np.asarray(W, dtype=float)
    if training:
        W_used = np.where(rng.random(W_used.shape) < rate, 0.0, W_used / (1 - rate))
    return np.asarray(x, dtype=float) @ W_used + b, (x, W_used)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_dropconnect_forward", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(dropconnect_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(dropconnect_forward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** The weights that a layer of 40 units with 30 inputs uses in one step, made visible with unit vectors as in the worked
# example; and the task of §3 with wrong labels once more, with DropConnect between the hidden layer and the outputs.

# %% tags=["demo"]
class DropConnect(nets.Dense):
    """A dense layer whose weights are multiplied by what dropconnect_forward makes of ones."""

    def __init__(self, fan_in, fan_out, rate, rng, mask_rng):
        super().__init__(fan_in, fan_out, init=he, rng=rng)
        self.rate, self.mask_rng = rate, mask_rng

    def apply(self, params, x, training):
        D, H = params["W"].shape
        factor, _ = dropconnect_forward(np.eye(D), np.ones((D, H)), np.zeros(H), self.rate, self.mask_rng, training)
        return x @ (params["W"] * factor) + params["b"]


def dropconnect_net(rng, mask_rng):
    layers = [nets.Dense(64, 100, init=he, rng=rng), nets.Activation("relu")]
    return nets.Net(*layers, DropConnect(100, 10, 0.5, rng, mask_rng))

# %% tags=["demo"]
if ready(dropout_forward, dropout_backward, dropconnect_forward):
    rng = np.random.default_rng(4)
    of_units = dropout_forward(np.ones((1, 30)), 0.5, rng)[0].T * np.ones((30, 40))
    of_weights, _ = dropconnect_forward(np.eye(30), np.ones((30, 40)), np.zeros(40), 0.5, rng)
    three = {**noisy, "DropConnect 0.5": gap_of(dropconnect_net, 0.2)}
    plots.show(
        figures.weights_in_use({"dropout of the inputs": of_units, "DropConnect": of_weights}, three, "20% of the labels are wrong"),
        alt="Left, the weights that dropout of the inputs leaves in use: whole rows are there or not. Middle, those of DropConnect: single "
        "entries, like noise. Right, training and test accuracy of five runs without anything, with dropout and with DropConnect on the "
        "task with wrong labels: DropConnect narrows the gap too.",
    )
    assert set((of_units > 0).mean(axis=1)) <= {0.0, 1.0}, "dropout removes whole rows"
    assert 0 < (of_weights > 0).mean(axis=1).min() < (of_weights > 0).mean(axis=1).max() < 1, "DropConnect removes entries"
    assert -np.diff(three["DropConnect 0.5"]).mean() < -np.diff(three["plain"]).mean(), "DropConnect narrows the gap as well"

# %% [markdown]
# ## §8 Stochastic depth: drop whole layers
#
# A residual block adds something to its input, $x + f(x)$, where $f$ may be several layers. If $f(x)$ is left out, what remains is still a
# network, only a shallower one. Huang et al. (2016) skip blocks at random while training:
#
# $$y = x + s\, f(x), \quad s \sim \text{Bernoulli}(p_\text{survival}) \quad\text{in training}, \qquad\qquad y = x + p_\text{survival}\, f(x)\quad\text{afterwards}. \tag{9}$$
#
# Two things to watch. The parameter is a probability of *keeping* this time: `survival` is $1 - \text{rate}$. And the form is the *vanilla*
# one: nothing is scaled in training, $f(x)$ is multiplied afterwards. (Libraries often invert it, as you did in §2; the paper doesn't.)
#
# The paper draws once for a batch. Here each example draws for itself, and **once**: all units of an example see the same $s$.
#
# ### Exercise 7 · stochastic_depth
# *About 10 minutes · difficulty ●●○*
#
# Write equation (9).
#
# | array | shape | |
# |---|---|---|
# | `x`, `fx` | `(N, …)`, of any rank, both alike | input of the block, and $f(x)$ |
# | `survival` | number in (0, 1] | the probability that an example's branch is there |
# | returns | shape of `x` | $y$ |
#
# **By hand.** A batch of one example with two features: $x = [[1, 2]]$, $f(x) = [[10, 20]]$, survival 0.75. In training the answer is
# $[[11, 22]]$, three times out of four, or $[[1, 2]]$. It is never $[[11, 2]]$, because both features belong to one example. Afterwards it
# is $[[8.5, 17]]$.
#
# <details><summary>Hint 1</summary>
#
# You need N random numbers.
# </details>
# <details><summary>Hint 2</summary>
#
# For features the draws have to have shape `(N, 1)` to be broadcast over a row, for images `(N, 1, 1, 1)`. In general: N, and then a 1 for
# each further axis of x.
# </details>

# %% nbgrader={"grade": false, "grade_id": "stochastic_depth", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stochastic_depth(x, fx, survival, rng, training=True):
    """The output of a residual block that may be skipped, equation (9).

    Parameters
    ----------
    x, fx : arrays of one shape, (N, …), of any rank from 1 on
        The input of the block, and f(x). Integers are legal.
    survival : float in (0, 1]
        The probability of KEEPING the branch of an example.
    rng : numpy.random.Generator
        The only source of random numbers. Any order of draws is right.
    training : bool
        Whether the network is being trained.

    Returns
    -------
    float64 array of the shape of x
        In training, each example is, independently of the others, x + f(x) with probability
        survival, else x: one draw for all its units, nothing scaled. After training,
        x + survival·f(x).

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    x, fx = np.asarray(x, dtype=float), np.asarray(fx, dtype=float)
    if not training:
        return x + survival * fx
    alive = rng.random(len(x)) < survival
    return x + alive.reshape(-1, *[1] * (x.ndim - 1)) * fx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_stochastic_depth", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(stochastic_depth)
### BEGIN HIDDEN TESTS
from autograder import score
score(stochastic_depth)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** A residual network of twelve blocks on the digits. The survival falls from 1 at the first block to 0.5 at the last, as in
# the paper, so that a network of depth twelve is trained at an expected depth of nine.

# %% tags=["demo"]
class Block(nets.Layer):
    """x + relu(x·W + b), with a branch that survives as stochastic_depth says."""

    def __init__(self, units, survival, rng, mask_rng):
        super().__init__({"W": rng.normal(0, 0.3 / np.sqrt(units), (units, units)), "b": np.zeros(units)})
        self.survival, self.mask_rng, self.factor = survival, mask_rng, None

    def apply(self, params, x, training):
        column = np.zeros((len(x), 1))
        self.factor = stochastic_depth(column, column + 1, self.survival, self.mask_rng, training)
        return x + self.factor * nets.ACTIVATIONS["relu"](x @ params["W"] + params["b"])


def residual(survivals, rng, mask_rng):
    blocks = [Block(32, survival, rng, mask_rng) for survival in survivals]
    return nets.Net(nets.Dense(64, 32, init=he, rng=rng), *blocks, nets.Dense(32, 10, init=he, rng=rng))

# %% tags=["demo"]
if ready(stochastic_depth):
    falling, learned = np.linspace(1, 0.5, 12), {}
    for label, survivals in {"all blocks, always": np.ones(12), "stochastic depth": falling}.items():
        rng = np.random.default_rng(0)
        net = residual(survivals, rng, np.random.default_rng(1))
        learned[label] = nets.train(net, digits, lr=0.02, epochs=5, batch_size=32, rng=rng).test_accuracy
    net.forward(digits.X_train, training=True)
    depths = sum(block.factor for block in net.layers[1:-1]).ravel().astype(int)
    plots.show(
        figures.depths(depths, falling.sum(), 12, learned),
        alt="Left, how many of the twelve blocks an example goes through: a bell around nine, from about four to twelve. Right, the test "
        "accuracy over five epochs of the network with all blocks and of the one with stochastic depth; both end above 90 percent.",
    )
    assert abs(depths.mean() - falling.sum()) < 0.3 and np.ptp(depths) >= 5, "examples of one batch differ in depth"
    assert min(accuracy[-1] for accuracy in learned.values()) > 0.88, "both learn"

# %% [markdown]
# Twelve blocks are not many. The paper trained 1202 layers, which without skipping were worse than 110. And a quarter of the work is saved
# where one draw serves for a whole batch.
#
# ## §9 Fractional pooling: regions at random
#
# The last member of the family (Graham 2014) drops nothing. Max pooling with windows of 2×2 (lecture 12) halves an image at every layer: 8,
# 4, 2, 1, and after three layers nothing is left to pool. It would be gentler to shrink by a factor between 1 and 2. That works if some
# windows are two pixels wide and others one:
#
# $$0 = c_0 < c_1 < \dots < c_{n_\text{out}} = n_\text{in}, \qquad c_i - c_{i-1} \in \{1, 2\}. \tag{10}$$
#
# Region $i$ are the pixels from $c_{i-1}$ up to, and not including, $c_i$. How many are wide? If all had width 1 they would cover
# $n_\text{out}$ pixels; each wide one covers one more, so $n_\text{in} - n_\text{out}$ of them are. *Which* is open, and so it is drawn:
# every order is equally probable. In training the regions are drawn anew for every batch, after training one averages over several draws,
# and we are back at the pattern of this lecture.
#
# ### Exercise 8 · fractional_pool_regions
# *About 15 minutes · difficulty ●●○*
#
# Draw the boundaries of equation (10).
#
# | | | |
# |---|---|---|
# | `n_in` | integer | pixels in a row |
# | `n_out` | integer | regions; $n_\text{out} \le n_\text{in} \le 2\, n_\text{out}$ |
# | returns | `(n_out + 1,)`, integers | $c_0, \dots, c_{n_\text{out}}$ |
#
# **By hand.** Five pixels, three regions: $5 - 3 = 2$ of them are wide. There are three orders, 1 2 2, 2 1 2 and 2 2 1, and so the answer
# is $[0, 1, 3, 5]$, $[0, 2, 3, 5]$ or $[0, 2, 4, 5]$, each with probability 1/3.
#
# <details><summary>Hint 1</summary>
#
# Begin with the widths, in any order. Bring them into a random order. Then make boundaries of them.
# </details>
# <details><summary>Hint 2</summary>
#
# `rng.permutation(array)` returns the array in random order; `np.cumsum` adds up. What does cumsum leave out?
# </details>
# <details><summary>Hint 3</summary>
#
# Both ends of $n_\text{out} \le n_\text{in} \le 2\, n_\text{out}$ are legal. Outside, `raise ValueError(…)`, with a sentence that you would
# like to read yourself.
# </details>

# %% nbgrader={"grade": false, "grade_id": "fractional_pool_regions", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fractional_pool_regions(n_in, n_out, rng):
    """Cut a row of pixels into regions of one or two, in random order, equation (10).

    Parameters
    ----------
    n_in : int
        The number of pixels.
    n_out : int
        The number of regions, at least 1.
    rng : numpy.random.Generator
        The only source of random numbers. Any order of draws is right.

    Returns
    -------
    array of integers, shape (n_out + 1,)
        The boundaries: the first is 0, the last is n_in, and each is larger than the one before by
        1 or 2. Every order of the steps is equally probable.

    Raises
    ------
    ValueError
        Unless n_out ≤ n_in ≤ 2·n_out.
    """
    ### BEGIN SOLUTION
    wide = n_in - n_out
    if wide < 0 or wide > n_out:
        raise ValueError(f"{n_out} regions of one or two pixels can't cover {n_in}")
    widths = np.ones(n_out, dtype=int)
    widths[:wide] = 2
    boundaries = np.zeros(n_out + 1, dtype=int)
    boundaries[1:] = np.cumsum(rng.permutation(widths))
    return boundaries
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_fractional_pool_regions", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check(fractional_pool_regions)
### BEGIN HIDDEN TESTS
from autograder import score
score(fractional_pool_regions)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** One digit of 8×8 pixels, pooled to 6×6 in four random ways: rows and columns are cut by your function, and each rectangle
# becomes its maximum.

# %% tags=["demo"]
def fractional_max_pool(image, n_out, rng):
    """Pool a square image to (n_out, n_out); return it and the boundaries of rows and columns."""
    rows, columns = (fractional_pool_regions(len(image), n_out, rng) for _ in range(2))
    small = [[image[a:b, c:d].max() for c, d in pairwise(columns)] for a, b in pairwise(rows)]
    return np.array(small), rows, columns


if ready(fractional_pool_regions):
    rng, image = np.random.default_rng(3), unseen[4]
    draws = [fractional_max_pool(image, 6, rng) for _ in range(4)]
    plots.show(
        figures.pooled(image, draws),
        alt="Four times the same digit of eight by eight pixels, cut by a grid into six by six rectangles of one or two pixels a side, each "
        "time another grid; below, what remains when each rectangle becomes its maximum: four slightly different small versions.",
    )
    assert all(small.shape == (6, 6) and small.max() == image.max() for small, *_ in draws), "no maximum gets lost"
    possible = {tuple(fractional_pool_regions(8, 6, rng)) for _ in range(600)}
    print(f"ways to cut 8 pixels into 6 regions: {len(possible)}, and its square for an image")
    assert len(possible) == 15, "all ways come up"

# %% [markdown]
# Each draw gives a slightly different small image, as if the digit had been squeezed a little here and there: augmentation (lecture 10)
# from inside the network.
#
# ## §10 One pattern
#
# You have met five methods, and batch normalization (lecture 5) and data augmentation (lecture 10) are two more of the same kind: **add
# noise in training, average it out when predicting.**
#
# | method | noise in training | prediction |
# |---|---|---|
# | dropout | units are missing | all units; scaled in training (inverted) or now (vanilla) |
# | Monte Carlo dropout | as above | the noise stays; the average is taken over samples, and the spread is kept |
# | DropConnect | weights are missing | all weights |
# | stochastic depth | blocks are missing | all blocks, each times its survival |
# | fractional pooling | the cuts between the regions | average over several draws |
# | batch normalization | which examples share a batch | running mean and variance |
# | augmentation | shifted, turned, resized images | the image as it is |
#
# Where the noise enters linearly, the average is exact and costs nothing. Elsewhere it is an approximation, or has to be drawn.
#
# L1 and L2 penalties (lecture 10) come from older methods; these here were made for deep networks. (The slides say that L1 and L2 work for
# smaller models. L2, as weight decay, is used in the largest ones, too.) They can be combined. With batch normalization
# be careful: dropout *before* a BN layer changes the variance that BN measures in training, but not the one that it meets afterwards (Li et
# al. 2019).

# %% [markdown]
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# (a) While a network with inverted dropout is trained, the loss that is printed for each training batch is *higher* than the loss on the
# validation set, in every epoch. A colleague suspects that the two sets have been swapped. What else explains it, and how would you find
# out? (b) Another colleague has written vanilla dropout with rate 0.5 behind each of three hidden ReLU layers without biases, and has
# forgotten equation (5). By which factor are the logits of the prediction too large or too small (a last bias aside), if you take the mean
# for the thing itself? Why does the accuracy hardly suffer, and what does? (c) A third one computes Monte Carlo dropout with
# `training=True`, and the standard deviation is zero for all images. Name two mistakes that explain it.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_dropout", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) The training loss is measured with dropout on, the validation loss with all units there. A network with half of its units missing does
# worse than the whole one, so the training loss may well be the higher one. To find out, compute the loss on the *training* set once more
# with training=False, after the epoch: it should be below the validation loss. (It is also an average over the epoch, that is, over weights
# that were not yet as good.)
#
# (b) Each layer passes on twice of what the next one is used to, and ReLU layers without biases hand a factor on as it is, so the logits
# are $2^3 = 8$ times too large. The largest logit is still the largest, so the class hardly changes. But the softmax is far too certain:
# probabilities are close to 0 and 1, and the cross-entropy of each mistake is large.
#
# (c) For instance: predict was called once and its answer repeated; or every call got a generator with the same seed, so that each sample
# dropped the same units; or the rate is 0; or predict calls the network with training=False.

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ## §11 Summary
#
# | | in training | afterwards | parameter |
# |---|---|---|---|
# | inverted dropout | $m \circ x/(1 - r)$ | $x$ | rate, of dropping |
# | its gradient | $m \circ \text{dout}/(1 - r)$, the same $m$ | dout | |
# | vanilla dropout | $m \circ x$ | $(1 - r)\, x$ | rate, of dropping |
# | DropConnect | $x\,(M \circ W)/(1 - r) + b$ | $x W + b$ | rate, of dropping |
# | stochastic depth | $x + s\, f(x)$ | $x + p\, f(x)$ | survival, of keeping |
#
# - Ask which probability is meant before you write a line. At 0.5 you can't see it.
# - Output after training = expected output in training: scale at one end, not at both, not at neither.
# - The mask has the shape of what is dropped: one draw for each unit of each example, for each weight, for each example's block.
# - Dropout trains $2^N$ networks that share their weights; the whole network is their geometric mean, exactly so for one hidden layer.
# - Left on, it tells by the spread of its answers what the network doesn't know.
#
# ### Further reading
# - G. Hinton, N. Srivastava, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2012), *Improving neural networks by preventing co-
#   adaptation of
#   feature detectors*.
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2014), *Dropout: a simple way to prevent neural networks
#   from
#   overfitting*. Section 10 has the inverted form, appendix A practical advice.
# - Y. Gal and Z. Ghahramani (2016), *Dropout as a Bayesian approximation: representing model uncertainty in deep learning*.
# - L. Wan, M. Zeiler, S. Zhang, Y. LeCun and R. Fergus (2013), *Regularization of neural networks using DropConnect*.
# - G. Huang, Y. Sun, Z. Liu, D. Sedra and K. Weinberger (2016), *Deep networks with stochastic depth*.
# - B. Graham (2014), *Fractional max-pooling*.
# - X. Li, S. Chen, X. Hu and J. Yang (2019), *Understanding the disharmony between dropout and batch normalization by variance shift*.
# - A. Géron (2019), *Hands-on machine learning with Scikit-Learn, Keras and TensorFlow*, chapter 11.
