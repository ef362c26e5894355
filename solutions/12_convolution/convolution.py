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
# # Lecture 12 · Convolution and its backpropagation
#
# **What does a network know about a picture before it has seen one?** A dense layer gets an image as a list of numbers. It doesn't know
# which of them are neighbours. If the pixels of all images are rearranged in the same way, it learns just as well.
#
# In this lecture you build layers that know *where* a pixel is: **convolution**, which looks at an image through a small window and uses
# the same weights everywhere, and **max pooling**, which keeps the largest value of a neighbourhood. You send gradients back through
# both. The gradient of a convolution is a convolution again, with the kernel turned round. At the end you train a small convolutional
# network on the digits with your own functions.
#
# | | exercise | what it is for |
# |---|---|---|
# | §2 | `conv2d_single` | to slide a kernel over one image |
# | §3 | `conv2d_single_backward` | to slide it back |
# | §4 | `conv_output_size` | to know how large the result is |
# | §5 | `conv2d_forward` | to make a layer of it: batches, channels, bias, stride, padding |
# | §6 | `conv2d_backward` | to train that layer |
# | §7 | `max_pool_forward`, `max_pool_backward` | to keep what matters of a neighbourhood |
# | §9 | a question to answer in words | to find the most frequent bug of all |
#
# Conventions:
# - NumPy only.
# - `W` is always a **kernel**, and the width of an image is written `WX`. A batch of images has shape `(N, C, H, WX)`, that is batch,
#   channels, rows, columns. Kernels have shape `(F, C, KH, KW)`.
# - What `cache` holds is your own business. Images of integers are legal input. A function never changes its arguments.
# - You may write loops: the tests' images are small. The training in §8 measures how fast your functions are and chooses its size. The
#   whole of it needs functions without loops over images and pixels, and there are hints on how to write them.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% tags=["demo"]
from coursekit import data, nets, plots
from coursekit.figures import convolution as figures

# %% [markdown]
# ## §1 What a dense layer doesn't know
#
# Draw a random order of the 64 pixels once, and rearrange *every* digit by it, in the training set and in the test set. We can't read
# them any more. Then train a dense network on the digits, and another one on the scrambled digits. (The second one begins with the
# weights of the first, its rows rearranged by the same order, so that both have the same start.)

# %% tags=["demo"]
digits, raw = data.digits(images=True), data.digits(images=True, standardized=False)
order = np.random.default_rng(12).permutation(64)


def scramble(images):
    """Rearrange the pixels of all images by the same order."""
    return images.reshape(-1, 64)[:, order].reshape(-1, 1, 8, 8)


scrambled = data.Digits(
    scramble(digits.X_train), digits.y_train, scramble(digits.X_test), digits.y_test
)

# %% tags=["demo"]
def he(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out))


def with_momentum(theta, gradient, state):
    """Gradient descent with momentum, see lecture 7."""
    m = 0.9 * state.get("m", 0.0) - 0.03 * gradient
    return theta + m, {"m": m}


def dense_net(rng):
    first, second = nets.Dense(64, 50, init=he, rng=rng), nets.Dense(50, 10, init=he, rng=rng)
    return nets.Net(nets.Flatten(), first, nets.Activation("relu"), second)

# %% tags=["demo"]
dense_runs = {"digits": [], "scrambled digits": []}
for seed in range(3):
    for name, kind in {"digits": digits, "scrambled digits": scrambled}.items():
        rng = np.random.default_rng(seed)
        net = dense_net(rng)
        if kind is scrambled:
            net.layers[1].params["W"] = net.layers[1].params["W"][order]
        history = nets.train(net, kind, step=with_momentum, epochs=5, batch_size=32, rng=rng)
        dense_runs[name].append(history.test_accuracy)
straight, mixed = np.array(dense_runs["digits"]), np.array(dense_runs["scrambled digits"])
first_runs = {name: runs[0] for name, runs in dense_runs.items()}
plots.show(
    figures.scrambled_digits(raw.X_train, scramble(raw.X_train), raw.y_train, first_runs),
    alt="Left: four digits, and below each the same digit with its pixels scrambled, which nobody "
    "can read. Right: the test accuracy of a dense network over five epochs, trained on the "
    "digits and on the scrambled digits. The two curves lie on top of each other.",
)
assert np.max(np.abs(straight - mixed)) < 0.02, "a dense net learns scrambled digits as well"
assert straight[:, -1].min() > 0.93, "a dense net learns the digits"

# %% [markdown]
# The two curves are the same. Every unit of a dense layer has its own weight for every pixel, so rearranging the pixels only rearranges
# the weights.
#
# A layer that doesn't know which pixels are neighbours needs many weights. For images of 32×32, a dense layer with 30×30 outputs has
# $1024 \cdot 900 = 921\,600$. Two assumptions bring them down to **nine**:
#
# - **Locality.** What there is to be found at some place can be found by looking at its neighbourhood: each output sees a window of 3×3
#   pixels and not all 1024. (900 · 9 weights)
# - **Weight sharing.** What is worth looking for here is worth looking for everywhere: all outputs use the same 3×3 weights. (9 weights)
#
# Both are wrong for scrambled digits, and good assumptions about pictures. §8 shows the difference.
#
# ## §2 A window that slides
#
# The weights that all outputs share are called the **kernel** or the **filter**, $W$, with $K_H$ rows and $K_W$ columns. Put it on the
# image $X$, multiply each weight with the pixel below it, add up, write the sum down; move on by one pixel. With $X$ of $H$ rows and
# $W_X$ columns (`WX` in code, because `W` is the kernel):
#
# $$Y_{ij} = \sum_{m=0}^{K_H-1}\ \sum_{n=0}^{K_W-1} W_{mn}\, X_{i+m,\,j+n}, \qquad i = 0, \dots, H - K_H, \quad j = 0, \dots, W_X - K_W \tag{1}$$
#
# There are $H - K_H + 1$ places for the window in a column, and they are *numbered from 0*, so the last is number $H - K_H$.

# %% [markdown]
# ### Where the slides need mending, and where names disagree
#
# | question | the slides | elsewhere | **here** |
# |---|---|---|---|
# | What is $F$? | the kernel's size | in many texts, the number of filters | **the number of kernels**; a kernel's size is $K_H \times K_W$, or $K$ where it is square |
# | How far do $i$ and $j$ run? | from 0 to $n - F + 1$, in our letters $n - K + 1$: **one too many**. For $n = 32$, $K = 3$ these would be 31 numbers; the example beside it rightly says 30×30 | | **0 to $n - K$**, which are $n - K + 1$ places |
# | How far in pooling with stride 2? | from 0 to $n/2$: **one too many** again, 17 numbers where the example rightly has 16 | | **0 to $n/2 - 1$** for even $n$; for the rest see §4 |
# | What does *convolution* mean? | $W_{mn} X_{i+m,j+n}$, written $Y = X * W$ | in mathematics and in SciPy's `convolve2d` the kernel is turned by 180° first, $W_{mn} X_{i-m,j-n}$; (1) is called *cross-correlation* there | **(1)**, as in every deep-learning library. A network learns its kernels, so it learns them turned or not |
# | $[\,\cdot\,]_{i-(F-1),\,j-(F-1)}$ in the gradient? | indices that can be negative | a *full* convolution | **zeros around it**, so that every index exists (§3) |
# | In which order are the axes? | one image, no channels | PyTorch: `(N, C, H, W)`, `(F, C, KH, KW)`; Keras: `(N, H, W, C)`, `(KH, KW, C, F)` | **PyTorch's** |
#
# The row about *convolution* causes most mistakes. With a symmetric kernel you can't see the difference, so test with one that isn't
# symmetric.
#
# ### Exercise 1 · conv2d_single
# *About 15 minutes · difficulty ●○○*
#
# Write equation (1): one image, one kernel, stride 1, no padding.
#
# | array | shape | |
# |---|---|---|
# | `X` | `(H, WX)` | an image, not necessarily square |
# | `W` | `(KH, KW)` | a kernel, not necessarily square, at most as large as the image |
# | answer | `(H − KH + 1, WX − KW + 1)` | $Y$ |
#
# **By hand.** Let $X = \begin{pmatrix} 1 & 2 & 0 \\ 0 & 1 & 3 \\ 4 & 0 & 1 \end{pmatrix}$ and $W = \begin{pmatrix} 1 & 0 \\ 2 & -1
# \end{pmatrix}$. In the upper left, $1 \cdot 1 + 0 \cdot 2 + 2 \cdot 0 - 1 \cdot 1 = 0$; one to the right, $1 \cdot 2 + 0 \cdot 0 + 2
# \cdot 1 - 1 \cdot 3 = 1$; in the second row $0 + 0 + 2 \cdot 4 - 0 = 8$ and $1 + 0 + 0 - 1 = 0$. So $Y = \begin{pmatrix} 0 & 1 \\ 8 & 0
# \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# How large is `Y`? Make it with `np.zeros`, then fill it in two loops over its rows `i` and columns `j`.
# </details>
# <details><summary>Hint 2</summary>
#
# The window for `Y[i, j]` is `X[i : i + KH, j : j + KW]`. Multiplied with `W`, entry by entry, and summed, it is the answer.
# </details>
# <details><summary>Hint 3</summary>
#
# Without loops: look up `np.lib.stride_tricks.sliding_window_view`. It returns all windows at once, in an array with four axes, and
# copies nothing.
# </details>

# %% nbgrader={"grade": false, "grade_id": "conv2d_single", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv2d_single(X, W):
    """Slide a kernel over one image, with stride 1 and without padding: equation (1).

    Parameters
    ----------
    X : array of shape (H, WX)
        An image, not necessarily square. Integers are legal.
    W : array of shape (KH, KW)
        A kernel, not necessarily square, with KH ≤ H and KW ≤ WX. It isn't flipped:
        W[m, n] meets X[i + m, j + n]. Integers are legal.

    Returns
    -------
    Y : float64 array of shape (H − KH + 1, WX − KW + 1)
        Y[i, j] is the sum of W[m, n] · X[i + m, j + n] over m and n.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(X, W.shape)
    return np.einsum("ijmn,mn->ij", windows, W, dtype=float)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_single", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(conv2d_single)
### BEGIN HIDDEN TESTS
from autograder import score
score(conv2d_single)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** What can nine numbers do? Below, five kernels that people once designed by hand slide over a digit. Where the window
# looks like the kernel, the answer is large.

# %% tags=["demo"]
kernels = {
    "nothing": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9] * 3] * 3,
    "left edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "upper edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "all edges": [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
}
kernels = {name: np.array(kernel, dtype=float) for name, kernel in kernels.items()}
zero = raw.X_train[raw.y_train == 0][0, 0]

# %% tags=["demo"]
if ready(conv2d_single):
    answers = {name: conv2d_single(zero, kernel) for name, kernel in kernels.items()}
    plots.show(
        figures.kernels_at_work(zero, kernels, answers),
        alt="A digit 0 and five kernels of 3×3 with their answers. The first returns the middle of "
        "the image as it is, the second blurs it. The kernel for left edges answers red, "
        "positive, where dark ink begins and blue where it ends, going to the right; that for "
        "upper edges does the same from top to bottom; the last one outlines the stroke.",
    )
    left = answers["left edges"]
    assert np.array_equal(answers["nothing"], zero[1:-1, 1:-1]), "a single 1 in the middle copies"
    assert answers["blur"].std() < 0.8 * zero[1:-1, 1:-1].std(), "blurring levels the image"
    assert left[:, :2].max() > 1 > -1 > left[:, -2:].min(), "ink begins left and ends right"

# %% [markdown]
# Red is positive, blue is negative. The kernels for edges are differences between neighbours, so their answer is 0 where the image is
# even. The answer is smaller than the image by two rows and two columns.
#
# In a network, nobody designs the kernels. They are weights like any others, and gradient descent finds them. For that we need their
# gradient.
#
# ## §3 The way back is a convolution, too
#
# Given the upstream gradient $\bar Y_{ij} = \partial L/\partial Y_{ij}$, we want $\bar X$ and $\bar W$. The rule of lectures 1 and 5 is enough:
# *what was used several times gets the sum of what comes back from all its uses.*
#
# **The kernel.** Weight $W_{mn}$ was used in every output $Y_{ij}$, each time with the factor $X_{i+m,j+n}$:
#
# $$\bar W_{mn} = \sum_i \sum_j \bar Y_{ij}\, X_{i+m,\,j+n} \tag{2}$$
#
# Compare with (1). This *is* (1), with the image $X$ and the kernel $\bar Y$: the gradient of the weights is the image, convolved with
# the upstream gradient. Nothing is turned.
#
# **The image.** In which outputs was the pixel $X_{ab}$ used? In those whose window covers it: in $Y_{a-m,\,b-n}$ with the factor
# $W_{mn}$, for all $m$ and $n$ for which there is such an output.
#
# $$\bar X_{ab} = \sum_m \sum_n W_{mn}\, \bar Y_{a-m,\,b-n} \tag{3}$$
#
# Now the signs differ: where the index of $W$ goes up, that of $\bar Y$ goes *down*. To bring this into the form of (1), count the
# kernel's rows and columns from the other end. With $\hat W_{mn} = W_{K_H-1-m,\;K_W-1-n}$, which is the kernel **rotated by 180°**,
#
# $$\bar X_{ab} = \sum_m \sum_n \hat W_{mn}\, \bar Y_{a-(K_H-1)+m,\; b-(K_W-1)+n} \tag{4}$$
#
# That is (1) again, for an image $\bar Y$ and a kernel $\hat W$, but the window starts at $a - (K_H - 1)$, which may be negative: it
# begins *outside* $\bar Y$. There are no outputs there, so nothing comes back from there, and we put zeros. With $K_H - 1$ rows of zeros
# above and below, and $K_W - 1$ columns on the left and right, all indices exist, and
#
# $$\boxed{\;\bar X = \text{conv}\big(\bar Y \text{ with zeros around it},\; \hat W\big) \qquad\qquad \bar W = \text{conv}\big(X,\; \bar Y\big)\;} \tag{5}$$
#
# The first of the two is called a **full** convolution, because every place counts where window and image overlap at all. Here it is,
# step by step, for the example of exercise 1 and the upstream gradient $\bar Y = \begin{pmatrix} 1 & 2 \\ 0 & -1 \end{pmatrix}$.

# %% tags=["demo"]
X = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [4.0, 0.0, 1.0]])
W = np.array([[1.0, 0.0], [2.0, -1.0]])
dY = np.array([[1.0, 2.0], [0.0, -1.0]])
plots.show(
    figures.full_convolution(W, dY),
    alt="Nine steps of a full convolution. The upstream gradient of 2×2 is surrounded by one row "
    "or column of zeros on every side. The rotated kernel, −1, 2 above 0, 1, stands as a "
    "frame on each of the nine places, its weights written beside the numbers that they "
    "multiply. The nine sums are the gradient of the image: 1 2 0, 2 2 −2, 0 −2 1.",
)

# %% [markdown]
# Read the middle panel: the pixel in the middle was seen by all four outputs, by $Y_{00}$ with the kernel's *last* weight −1, since it
# lies in the lower right of that window, and by $Y_{11}$ with the *first* weight 1. The four corners were seen by one output each. If you
# don't rotate the kernel, $Y_{00}$ sends its gradient back through the wrong weight.
#
# There is another way to say the same, which is often easier to program: go through the *outputs*, and let each hand its gradient back to
# the pixels of its own window, $\bar X_{i+m,j+n} \mathrel{+}= W_{mn} \bar Y_{ij}$. Nothing is rotated there, because the kernel lies as
# it lay in the forward pass. Windows overlap, so it has to be *added*: this is the `+=` that matters.
#
# ### Exercise 2 · conv2d_single_backward
# *About 25 minutes · difficulty ●●○*
#
# Write (5), or let every output hand its gradient back.
#
# | array | shape | |
# |---|---|---|
# | `dY` | `(H − KH + 1, WX − KW + 1)` | $\bar Y = \partial L/\partial Y$ |
# | `X`, `W` | `(H, WX)`, `(KH, KW)` | what the forward pass got |
# | `dX`, `dW` | shapes of `X` and `W` | $\bar X$ and $\bar W$ |
#
# **By hand.** With $X$, $W$ and $\bar Y$ as above, $\bar X = \begin{pmatrix} 1 & 2 & 0 \\ 2 & 2 & -2 \\ 0 & -2 & 1 \end{pmatrix}$. For
# the kernel, $\bar W_{00} = 1 \cdot 1 + 2 \cdot 2 + 0 \cdot 0 - 1 \cdot 1 = 4$, and $\bar W = \begin{pmatrix} 4 & -1 \\ 2 & 6
# \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# $\bar W$ takes one line, if you have written `conv2d_single`.
# </details>
# <details><summary>Hint 2</summary>
#
# `np.pad(dY, ((above, below), (left, right)))` puts zeros around an array. How many rows, and how many columns, if the kernel isn't
# square?
# </details>
# <details><summary>Hint 3</summary>
#
# `W[::-1, ::-1]` is rotated by 180°. `W.T` and `np.rot90(W)` are something else.
# </details>

# %% nbgrader={"grade": false, "grade_id": "conv2d_single_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv2d_single_backward(dY, X, W):
    """Pull a gradient back through conv2d_single: equation (5).

    Parameters
    ----------
    dY : array of shape (H − KH + 1, WX − KW + 1)
        ∂L/∂Y.
    X : array of shape (H, WX)
        The image, as the forward pass got it. Integers are legal.
    W : array of shape (KH, KW)
        The kernel, as the forward pass got it. Integers are legal.

    Returns
    -------
    dX : float64 array of shape (H, WX)
        ∂L/∂X: the full convolution of dY with W rotated by 180°.
    dW : float64 array of shape (KH, KW)
        ∂L/∂W: the sum over all places of the window.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    KH, KW = W.shape
    around = np.pad(dY, ((KH - 1, KH - 1), (KW - 1, KW - 1)))
    return conv2d_single(around, W[::-1, ::-1]), conv2d_single(X, dY)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_single_backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(conv2d_single_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(conv2d_single_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Which image does a kernel like best? Begin with a grey image, and follow the gradient of the answer uphill: the pixels
# change such that the kernel's answers grow. All the image needs is `dX`.

# %% tags=["demo"]
def most_liked(kernel, steps=30):
    """Change a grey image such that the kernel's answers grow."""
    image = np.random.default_rng(2).normal(0, 0.1, (12, 12))
    for _ in range(steps):
        answer = conv2d_single(image, kernel)
        dX, _ = conv2d_single_backward(2 * answer, image, kernel)
        image = image + 1.2 * dX / np.linalg.norm(dX)
        image = image / max(1.0, np.max(np.abs(image)))
    return image

# %% tags=["demo"]
if ready(conv2d_single, conv2d_single_backward):
    favourites = {name: most_liked(kernels[name]) for name in list(kernels)[2:]}
    plots.show(
        figures.favourites(favourites),
        alt="Three images that were changed, step by step, until the answers of a kernel were "
        "large. The kernel for left edges likes upright stripes, that for upper edges lying "
        "stripes, that for all edges a chessboard.",
    )
    upright, lying = favourites["left edges"], favourites["upper edges"]
    assert np.std(upright.mean(axis=0)) > 3 * np.std(upright.mean(axis=1)), "stripes stand upright"
    assert np.std(lying.mean(axis=1)) > 3 * np.std(lying.mean(axis=0)), "stripes lie down"

# %% [markdown]
# ## §4 Where the window stops: stride and padding
#
# So far the window stops at every pixel, and stays inside the image. Two numbers change that.
#
# - The **stride** $s$ says how many pixels the window moves each time, down and to the right. With $s = 2$ the output has about half as
#   many rows and columns.
# - The **padding** $p$ says how many rows and columns of zeros are put around the image, *on every side*. With $K = 3$ and $p = 1$ the
#   output is as large as the image. Pixels at the rim are still seen less often: one in the corner lies in 4 windows, one in the middle
#   in 9. All are seen equally often with $p = K - 1 = 2$, and then the output is larger than the image.
#
# How large is the output? An image of $n$ pixels has $n + 2p$ with its padding. The window is put at the beginning, which is one place;
# then there are $n + 2p - K$ pixels left to move on, and every step needs $s$ of them:
#
# $$\text{size} = \left\lfloor \frac{n + 2p - K}{s} \right\rfloor + 1 \tag{6}$$
#
# The brackets $\lfloor\ \rfloor$ round down: if the last step would leave the image, it isn't taken, and a few pixels are left over.

# %% tags=["demo"]
plots.show(
    figures.places_of([(7, 3, 1, 0), (7, 3, 2, 0), (8, 3, 2, 0), (7, 3, 2, 1), (8, 3, 3, 1)]),
    alt="Five rows of pixels, and below each the places where a window of three pixels stops. "
    "Seven pixels have five places with stride 1 and three with stride 2. Eight pixels have "
    "three with stride 2 as well, and the last pixel is left over, drawn hatched. A zero on "
    "either side makes four places with stride 2; with stride 3, eight pixels and two zeros "
    "have three places, and one pixel is left over.",
)

# %% [markdown]
# ### Exercise 3 · conv_output_size
# *About 5 minutes · difficulty ●○○*
#
# Write (6). Where the kernel doesn't fit even once, (6) gives zero or less, or nonsense, so raise `ValueError`: a clear error here saves
# the search for a strange one elsewhere.
#
# | argument | | |
# |---|---|---|
# | `n` | int | pixels in one direction |
# | `kernel` | int | $K$, the window's pixels in this direction |
# | `stride`, `pad` | int | $s \ge 1$ and $p \ge 0$ |
# | answer | int | number of places |
#
# **By hand.** $n = 7$, $K = 3$, $s = 2$, $p = 0$: (7 − 3)/2 = 2 steps, so 3 places. $n = 8$: 5/2, rounded down, are 2 steps again. With
# $p = 1$ seven pixels have 4 places. $n = 3$, $K = 5$ doesn't fit; with $p = 1$ it fits exactly once.
#
# <details><summary>Hint</summary>
#
# `7 // 2` is 3 and `7 / 2` is 3.5; an array can't have 3.5 rows, and not even 3.0. When doesn't the kernel fit?
# </details>

# %% nbgrader={"grade": false, "grade_id": "conv_output_size", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv_output_size(n, kernel, stride=1, pad=0):
    """Count the places of a window on a row of pixels: equation (6).

    Parameters
    ----------
    n : int
        How many pixels there are.
    kernel : int
        How many pixels the window has.
    stride : int
        By how many pixels the window moves, at least 1.
    pad : int
        How many zeros are put on each of the two sides, at least 0.

    Returns
    -------
    int
        The number of places, at least 1. Pixels that are left over are dropped: round down.

    Raises
    ------
    ValueError
        If the window is larger than the pixels together with their padding. A window that
        fits exactly has one place.
    """
    ### BEGIN SOLUTION
    room = n + 2 * pad - kernel
    if room < 0:
        raise ValueError(f"a kernel of {kernel} doesn't fit into {n} pixels with padding {pad}")
    return room // stride + 1
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv_output_size", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check(conv_output_size)
### BEGIN HIDDEN TESTS
from autograder import score
score(conv_output_size)
### END HIDDEN TESTS

# %% [markdown]
# **Change this, predict, run.** Choose other numbers in the first line. Before you run the cell, say how many places there are and how
# many pixels are left over. Can you find numbers for which more pixels are left over than the padding has?

# %% tags=["demo"]
n, kernel, stride, pad = 9, 3, 4, 1

if ready(conv_output_size):
    size = conv_output_size(n, kernel, stride, pad)
    left_over = n + 2 * pad - kernel - stride * (size - 1)
    print(f"{size} places, {left_over} left over")
    plots.show(
        figures.places_of([(n, kernel, stride, pad)]),
        alt=f"{n} pixels with {pad} zeros on either side, and {size} places of a window of {kernel}.",
    )

# %% [markdown]
# ## §5 A layer: channels, kernels, bias
#
# A layer of a network gets a batch of $N$ images with $C$ **channels** each (red, green and blue; or what an earlier layer has found),
# and has $F$ kernels. Every kernel looks at *all* channels of its window at once, so it has the shape $(C, K_H, K_W)$; and every kernel
# has one bias. Let $\tilde x$ be $x$ with $p$ rows and columns of zeros on every side. Then
#
# $$\text{out}_{nfij} = b_f + \sum_{c} \sum_{m} \sum_{k} W_{fcmk}\; \tilde x_{n,\,c,\;s i + m,\;s j + k} \tag{7}$$
#
# What comes out has $F$ channels, one for each kernel, and (6) says how many rows and columns.
#
# **One matrix product.** Seven loops are hidden in (7), and Python is slow at loops. The trick that made convolution fast is to *copy the
# windows out*: write each window as a row of $C K_H K_W$ numbers, all windows below each other, and each kernel as a column. Then all of
# (7) is one matrix product, which computers are best at. This is called **im2col**.

# %% tags=["demo"]
image = np.arange(1.0, 17.0).reshape(4, 4)
plots.show(
    figures.columns(image, W),
    alt="im2col: an image of 4×4 with the numbers 1 to 16, its four windows of 2×2 in four "
    "colours. Each becomes a row of a matrix: 1 2 5 6, 3 4 7 8, 9 10 13 14, 11 12 15 16. "
    "Multiplied with the kernel as a column, 1 0 2 −1, it gives 5, 9, 21 and 25, which are "
    "folded up to an output of 2×2.",
)

# %% [markdown]
# The price is memory: with stride 1, every pixel is copied $K_H K_W$ times.
#
# ### Exercise 4 · conv2d_forward
# *About 30 minutes · difficulty ●●○*
#
# Write (7), with loops or without.
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, C, H, WX)` | images |
# | `W` | `(F, C, KH, KW)` | kernels |
# | `b` | `(F,)` | biases |
# | `out` | `(N, F, OH, OW)` | `OH` by (6) from `H` and `KH`, `OW` from `WX` and `KW` |
# | `cache` | anything | what *your* backward pass will want to know |
#
# **By hand.** One image, one channel, one kernel, stride 2, padding 1, bias 10: $x = \begin{pmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \\ 7 & 8 & 9
# \end{pmatrix}$, $W = \begin{pmatrix} 2 & 1 & 0 \\ 3 & 0 & 0 \\ 0 & 0 & -1 \end{pmatrix}$. With its padding, the image has 5 rows and 5
# columns; the windows start at rows and columns 0 and 2, and overlap. The four windows are $\begin{pmatrix} 0 & 0 & 0 \\ 0 & 1 & 2 \\ 0
# & 4 & 5 \end{pmatrix}$, $\begin{pmatrix} 0 & 0 & 0 \\ 2 & 3 & 0 \\ 5 & 6 & 0 \end{pmatrix}$, $\begin{pmatrix} 0 & 4 & 5 \\ 0 & 7 & 8 \\ 0
# & 0 & 0 \end{pmatrix}$, $\begin{pmatrix} 5 & 6 & 0 \\ 8 & 9 & 0 \\ 0 & 0 & 0 \end{pmatrix}$. The sums are −5, 6, 4 and 40, and with the
# bias out is $\begin{pmatrix} 5 & 16 \\ 14 & 50 \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# `np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))` pads rows and columns, and leaves batch and channels alone.
# </details>
# <details><summary>Hint 2</summary>
#
# With loops over `i` and `j` only: the window `padded[:, :, i * stride : i * stride + KH, …]` has shape `(N, C, KH, KW)`. `np.tensordot`
# sums its product with `W` over three axes at once.
# </details>
# <details><summary>Hint 3</summary>
#
# Without loops: `sliding_window_view(padded, (KH, KW), axis=(2, 3))` has shape `(N, C, …, …, KH, KW)`. Take every `stride`-th of axes 2
# and 3, then use `np.einsum`, or bring the axes into the order of im2col and reshape.
# </details>
# <details><summary>Hint 4</summary>
#
# `out + b` adds along the last axis, the columns of the image. Which axis of `out` counts the kernels?
# </details>

# %% nbgrader={"grade": false, "grade_id": "conv2d_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv2d_forward(x, W, b, stride=1, pad=0):
    """Slide F kernels over every image of a batch: equation (7).

    Parameters
    ----------
    x : array of shape (N, C, H, WX)
        N images with C channels, not necessarily square. Integers are legal.
    W : array of shape (F, C, KH, KW)
        F kernels, not necessarily square; each sums over all channels, and isn't flipped.
    b : array of shape (F,)
        One bias per kernel, added to each of its outputs.
    stride : int
        By how many pixels the window moves, down and to the right.
    pad : int
        How many rows and columns of zeros are put on each of the four sides.

    Returns
    -------
    out : float64 array of shape (N, F, OH, OW)
        OH = ⌊(H + 2·pad − KH)/stride⌋ + 1, and OW in the same way from WX and KW. The window
        of out[n, f, i, j] starts at row i·stride and column j·stride of the padded image n.
    cache
        Whatever your conv2d_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    F, C, KH, KW = W.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KH, KW), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    N, _, OH, OW = windows.shape[:4]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(N * OH * OW, C * KH * KW).astype(float)
    out = (columns @ W.reshape(F, -1).T + b).reshape(N, OH, OW, F).transpose(0, 3, 1, 2)
    return out, (columns, W.astype(float), padded.shape, stride, pad)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_forward", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check(conv2d_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(conv2d_forward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** Four kernels at once on four digits: the layer's output has four channels, one for each kernel, and each is again an
# image. With padding 1 they are as large as the digits.

# %% tags=["demo"]
if ready(conv2d_forward):
    names = ("blur", "left edges", "upper edges", "all edges")
    bank = np.stack([kernels[name] for name in names])[:, None]
    maps, _ = conv2d_forward(raw.X_train[:4], bank, np.zeros(4), pad=1)
    plots.show(
        figures.channels(raw.X_train[:4], maps, names),
        alt="Four digits in four rows, and beside each the four channels that a layer with four "
        "kernels makes of it: blurred, left edges, upper edges, and all edges. All are 8×8.",
    )
    assert maps.shape == (4, 4, 8, 8), "padding 1 keeps the size with a kernel of 3×3"
    print(f"this layer: {bank.size} weights and {len(bank)} biases")
    print(f"a dense layer between the same images: {64 * 4 * 64} weights and {4 * 64} biases")

# %% [markdown]
# ## §6 Backwards through the layer
#
# Nothing new is needed, only care. From (7), with $\bar o$ for `dout`:
#
# $$\bar b_f = \sum_{n} \sum_{i} \sum_{j} \bar o_{nfij} \tag{8}$$
#
# $$\bar W_{fcmk} = \sum_{n} \sum_{i} \sum_{j} \bar o_{nfij}\; \tilde x_{n,\,c,\;s i + m,\;s j + k} \tag{9}$$
#
# $$\bar{\tilde x}_{n,\,c,\;s i + m,\;s j + k} \mathrel{+}= \sum_f W_{fcmk}\; \bar o_{nfij} \quad\text{for all } i, j, m, k \tag{10}$$
#
# - In (8) and (9), every image and every place used the same kernel and the same bias. Their gradients are **sums** over batch, rows and
#   columns. If the loss is a mean over the batch, its $1/N$ is in `dout` already.
# - In (10), the windows overlap if the stride is smaller than the kernel, so what comes back is **added**. And every kernel has looked at
#   the same window, so there is a sum over $f$.
# - (10) is the gradient of the *padded* images. The zeros at the rim belong to nobody: **cut them off**, so that `dx` has the shape of
#   `x`.
#
# **The most frequent bug of all.** Of thirty published solutions to exercises like the next one, thirteen cut the padding off with
# `[pad:-pad]`. With `pad = 1` that is right. With `pad = 0`, the default, it is `[0:-0]`; and since −0 is 0, from the start to the start
# there is nothing: an empty array. Count from the front instead: `[pad : pad + H]` is right for every padding.

# %% tags=["demo"]
row = np.arange(5)
print("pad = 1:", row[1:-1])
print("pad = 0:", row[0:-0], "where", row[0 : 0 + 5], "was wanted")

# %% [markdown]
# **With a stride, the rotated kernel still works.** A layer with stride 2 computes what one with stride 1 does, and throws three quarters
# of it away. What was thrown away has no influence, so its gradient is zero: put $s - 1$ zeros between the entries of $\bar o$, and
# proceed as in §3. Here is a kernel of 3×3 with stride 2 on an image of 5×5. (One more thing to keep in mind: if rows or columns were
# left over, there are so many more zeros at the end.)

# %% tags=["demo"]
dout = np.array([[1.0, -2.0], [3.0, 1.0]])
kernel = np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
plots.show(
    figures.zeros_between(dout, kernel),
    alt="dout of 2×2; the rotated kernel of 3×3; dout with one row and column of zeros between its "
    "entries and two around it, 7×7 in all, with a frame for the window at row 1 and column 2; "
    "and the gradient of the image, 5×5, with the entry of that window marked.",
)

# %% [markdown]
# ### Exercise 5 · conv2d_backward
# *About 45 minutes · difficulty ●●●*
#
# Write (8) to (10) for any stride and padding, and for images and kernels that aren't square.
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, F, OH, OW)` | $\partial L/\partial\text{out}$ |
# | `cache` | | what your `conv2d_forward` returned |
# | `dx`, `dW`, `db` | shapes of `x`, `W`, `b` | |
#
# **By hand.** The layer of exercise 4, with $\bar o = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$. $\bar b = 10$. $\bar W$ is the sum
# of the four windows, multiplied by 1, 2, 3 and 4: $\begin{pmatrix} 20 & 36 & 15 \\ 36 & 64 & 26 \\ 10 & 16 & 5 \end{pmatrix}$. Each
# window gets back its number times $W$. The pixel in the middle lies in all four windows. It gets $1 \cdot (-1)$ from the first and $4
# \cdot 2$ from the last, together 7. Without the padding, $\bar x = \begin{pmatrix} 0 & 6 & 0 \\ 3 & 7 & 4 \\ 0 & 12 & 0 \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# Begin with `db`, which is one line, then `dW`; the checks look at the three gradients one after the other.
# </details>
# <details><summary>Hint 2</summary>
#
# With loops: go over `i` and `j` just as in the forward pass, with the same slices of the padded images. What was `=` on the way there
# becomes `+=` on the way back.
# </details>
# <details><summary>Hint 3</summary>
#
# Without loops over the image: `dW` is one matrix product, the transpose of `dout` (as rows, one for each window) with the matrix of
# im2col. For `dx`, multiply with the kernels first, which gives a gradient for every entry of every window; then loop over the *kernel's*
# rows and columns only, and add each of these to its strided slice of the padded images.
# </details>
# <details><summary>Hint 4</summary>
#
# The last step: from `(H + 2·pad, WX + 2·pad)` back to `(H, WX)`. Read the paragraph on the most frequent bug once more.
# </details>

# %% nbgrader={"grade": false, "grade_id": "conv2d_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv2d_backward(dout, cache):
    """Pull a gradient back through conv2d_forward: equations (8) to (10).

    Parameters
    ----------
    dout : array of shape (N, F, OH, OW)
        ∂L/∂out.
    cache
        As your conv2d_forward returned it.

    Returns
    -------
    dx : float64 array of shape (N, C, H, WX)
        ∂L/∂x, without the padding, for every padding, 0 included. Pixels that no window saw
        have gradient 0.
    dW : float64 array of shape (F, C, KH, KW)
        ∂L/∂W, summed over the batch and over all places.
    db : float64 array of shape (F,)
        ∂L/∂b, summed over the batch and over all places.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    columns, W, padded_shape, stride, pad = cache
    (F, C, KH, KW), (N, _, OH, OW) = W.shape, dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(N * OH * OW, F).astype(float)
    db = np.sum(rows, axis=0)  # (8)
    dW = (rows.T @ columns).reshape(W.shape)  # (9)
    dwindows = (rows @ W.reshape(F, -1)).reshape(N, OH, OW, C, KH, KW)
    dpadded = np.zeros(padded_shape)
    for m in range(KH):  # (10)
        for k in range(KW):
            down = slice(m, m + stride * (OH - 1) + 1, stride)
            right = slice(k, k + stride * (OW - 1) + 1, stride)
            dpadded[:, :, down, right] += dwindows[..., m, k].transpose(0, 3, 1, 2)
    H, width = padded_shape[2] - 2 * pad, padded_shape[3] - 2 * pad
    return dpadded[:, :, pad : pad + H, pad : pad + width], dW, db
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_conv2d_backward", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check(conv2d_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(conv2d_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** A small test of learning: we take a kernel, make a target image with it, forget it, and look for it by gradient descent
# on the squared difference, from a random start.

# %% tags=["demo"]
def look_for(wanted, images, rng, steps=200, rate=0.1):
    """Find a kernel by gradient descent from the outputs that it makes."""
    target, _ = conv2d_forward(images, wanted, np.array([0.5]), pad=1)
    guess, bias = rng.normal(0, 1, wanted.shape), np.zeros(1)
    path, losses = [guess], []
    for _ in range(steps):
        out, cache = conv2d_forward(images, guess, bias, pad=1)
        losses.append(np.mean((out - target) ** 2))
        _, dW, db = conv2d_backward(2 * (out - target) / out.size, cache)
        guess, bias = guess - rate * dW, bias - rate * db
        path.append(guess)
    return path, losses

# %% tags=["demo"]
if ready(conv2d_forward, conv2d_backward):
    wanted = kernels["left edges"][None, None]
    path, losses = look_for(wanted, digits.X_train[:20], np.random.default_rng(5))
    plots.show(
        figures.kernel_found({step: path[step] for step in (0, 5, 20, 200)}, wanted, losses),
        alt="A kernel of 3×3 at random, after 5, 20 and 200 steps, and the wanted kernel for left "
        "edges. After 200 steps the two look the same. The error falls by several orders of "
        "magnitude.",
    )
    assert losses[-1] < 1e-3 * losses[0], "the error falls by orders of magnitude"
    assert np.max(np.abs(path[-1] - wanted)) < 0.2, "gradient descent finds the kernel"

# %% [markdown]
# ## §7 Max pooling
#
# Whether a stroke begins a pixel further left seldom matters. **Max pooling** keeps the largest value of every window and forgets where
# in it that was:
#
# $$\text{out}_{ncij} = \max_{0 \le m,\,k < \text{size}}\; x_{n,\,c,\;s i + m,\;s j + k} \tag{11}$$
#
# Each channel is pooled by itself, there are no weights and no padding here, and (6) says how many windows there are: rows and columns
# that are left over are dropped. Most often size and stride are 2, which halves both directions. For even $n$ the windows are numbered
# from 0 to $n/2 - 1$.
#
# **Backwards.** A small change of the largest entry changes the output by just as much; a small change of another entry changes nothing.
# So the gradient goes, undivided, to the entry that was the maximum, and all others get 0. Two cases need care.
#
# - **Overlapping windows** (stride < size): one pixel can be the maximum of several windows. Then it gets the *sum*: `+=`, not `=`.
# - **Ties**: if several entries of a window are equal and the largest, there is no derivative, and one has to choose. Each of them may
#   get it, or each a part, or one of them all, and you find all three in published code. We choose what PyTorch does: the **first maximum
#   in row order** gets it all, which is what `np.argmax` finds. Giving all of it to *each* would send back more gradient than came in;
#   and ties are common, because behind a ReLU whole windows are 0.
#
# ### Exercise 6 · max_pool_forward
# *About 15 minutes · difficulty ●○○*
#
# Write (11).
#
# | array | shape | |
# |---|---|---|
# | `x` | `(N, C, H, WX)` | images |
# | `size`, `stride` | int | the window has `size` rows and `size` columns |
# | `out` | `(N, C, OH, OW)` | by (6), without padding |
# | `cache` | anything | |
#
# **By hand.** $x = \begin{pmatrix} 1 & 3 & 0 & 2 & 9 \\ 4 & 2 & 2 & 2 & 9 \end{pmatrix}$ with size and stride 2 has two windows, and out
# is $\begin{pmatrix} 4 & 2 \end{pmatrix}$; the last column is left over, though it has the largest numbers. With stride 1 there are four
# windows, and out is $\begin{pmatrix} 4 & 3 & 2 & 9 \end{pmatrix}$.
#
# <details><summary>Hint 1</summary>
#
# The loops are those of `conv2d_forward`; instead of a sum of products there is a maximum over the last two axes.
# </details>
# <details><summary>Hint 2</summary>
#
# Without loops: all windows with `sliding_window_view`, every `stride`-th of them, and a maximum. For the cache, reshape each window to
# one axis of `size * size` entries, and take `argmax`.
# </details>

# %% nbgrader={"grade": false, "grade_id": "max_pool_forward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_pool_forward(x, size=2, stride=2):
    """Keep the largest value of every window: equation (11).

    Parameters
    ----------
    x : array of shape (N, C, H, WX)
        Images, not necessarily square. Integers are legal.
    size : int
        How many rows and columns a window has.
    stride : int
        By how many pixels the window moves, down and to the right; it may be smaller than
        size, so that windows overlap, or larger.

    Returns
    -------
    out : float64 array of shape (N, C, OH, OW)
        OH = ⌊(H − size)/stride⌋ + 1, and OW in the same way from WX. Rows and columns
        that are left over are dropped.
    cache
        Whatever your max_pool_backward needs; nobody else looks inside.

    The arguments are not changed.
    """
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    flat = windows.reshape(*windows.shape[:4], size * size)
    winners = np.argmax(flat, axis=-1)
    return np.max(flat, axis=-1).astype(float), (winners, x.shape, size, stride)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_max_pool_forward", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check(max_pool_forward)
### BEGIN HIDDEN TESTS
from autograder import score
score(max_pool_forward)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 7 · max_pool_backward
# *About 25 minutes · difficulty ●●○*
#
# Hand each window's gradient to its first maximum.
#
# | array | shape | |
# |---|---|---|
# | `dout` | `(N, C, OH, OW)` | $\partial L/\partial\text{out}$ |
# | `cache` | | what your `max_pool_forward` returned |
# | answer | `(N, C, H, WX)` | $\partial L/\partial x$ alone: there is nothing else to differentiate |
#
# **By hand.** The $x$ of exercise 6, size and stride 2, $\bar o = \begin{pmatrix} 5 & 7 \end{pmatrix}$: the 5 goes to the 4, the 7 to the
# *first* 2 of the second window in row order, and $\bar x = \begin{pmatrix} 0 & 0 & 0 & 7 & 0 \\ 5 & 0 & 0 & 0 & 0 \end{pmatrix}$. And with
# overlaps:
# $x = \begin{pmatrix} 1 & 5 & 2 \\ 0 & 3 & 4 \end{pmatrix}$, size 2, stride 1, $\bar o = \begin{pmatrix} 1 & 10 \end{pmatrix}$. Both
# windows have the 5 as their maximum, so it gets 11.
#
# <details><summary>Hint 1</summary>
#
# `np.argmax(window)` counts through a window row by row. `divmod(index, size)` tells row and column *within the window*; where does the
# window start?
# </details>
# <details><summary>Hint 2</summary>
#
# Without loops over the image: loop over the `size * size` positions within a window. Where the winner is at this position, the entry of
# `dout` is added to a strided slice of `dx`, elsewhere 0.
# </details>

# %% nbgrader={"grade": false, "grade_id": "max_pool_backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
def max_pool_backward(dout, cache):
    """Pull a gradient back through max_pool_forward.

    Parameters
    ----------
    dout : array of shape (N, C, OH, OW)
        ∂L/∂out.
    cache
        As your max_pool_forward returned it.

    Returns
    -------
    dx : float64 array of shape (N, C, H, WX)
        ∂L/∂x: each entry of dout is added at the maximum of its window. If a window has
        several, the first one in row order gets it all. Everything else is 0, rows and
        columns that were left over included.

    dout is not changed.
    """
    ### BEGIN SOLUTION
    winners, shape, size, stride = cache
    OH, OW = dout.shape[2:]
    dx = np.zeros(shape)
    for index in range(size * size):
        m, k = divmod(index, size)
        down = slice(m, m + stride * (OH - 1) + 1, stride)
        right = slice(k, k + stride * (OW - 1) + 1, stride)
        dx[:, :, down, right] += np.where(winners == index, dout, 0.0)
    return dx
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test_max_pool_backward", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check(max_pool_backward)
### BEGIN HIDDEN TESTS
from autograder import score
score(max_pool_backward)
### END HIDDEN TESTS

# %% [markdown]
# **See it work.** A digit, pooled, and the way back of a gradient that is 1 everywhere: it arrives at one pixel of each window only.

# %% tags=["demo"]
if ready(max_pool_forward, max_pool_backward):
    three = raw.X_train[raw.y_train == 3][:1]
    pooled, cache = max_pool_forward(three)
    arrived = max_pool_backward(np.ones_like(pooled), cache)
    plots.show(
        figures.pooled_and_back(three[0, 0], pooled[0, 0], arrived[0, 0]),
        alt="A digit 3 of 8×8 with lines between its windows of 2×2; the pooled digit of 4×4, in "
        "which the 3 is darker and coarser; and 8×8 pixels of which exactly one in each window "
        "is black: the first largest one, to which the gradient goes.",
    )
    in_windows = arrived.reshape(4, 2, 4, 2).sum(axis=(1, 3))
    assert np.array_equal(in_windows, np.ones((4, 4))), "one pixel per window gets the gradient"

# %% [markdown]
# ## §8 A convolutional network
#
# Now put it all together: two convolutional layers of 3×3 with ReLUs, max pooling, and one dense layer. They are your functions, forwards
# and backwards. We train three such networks from different starts on the digits, and three on the scrambled digits of §1, in the same
# way as the dense networks there.

# %% tags=["demo"]
def convolution(C, F, rng):
    params = {"W": rng.normal(0, np.sqrt(2 / (9 * C)), (F, C, 3, 3)), "b": np.zeros(F)}
    return nets.PairLayer(conv2d_forward, conv2d_backward, params, stride=1, pad=1)


def convnet(rng):
    return nets.Net(
        convolution(1, 8, rng),
        nets.Activation("relu"),
        convolution(8, 16, rng),
        nets.Activation("relu"),
        nets.PairLayer(max_pool_forward, max_pool_backward, size=2, stride=2),
        nets.Flatten(),
        nets.Dense(16 * 4 * 4, 10, init=he, rng=rng),
    )

# %% [markdown]
# How long does that take? It depends on how you wrote the layers: a quarter of a minute without loops over images and pixels, and a
# quarter of an hour or more with them. So measure one step first, and choose the size. If the whole comparison would take more than three
# minutes, the cell below plans a smaller one of about two minutes, and says so. Each dot that the training prints stands for ten steps.

# %% tags=["demo"]
layers = (conv2d_forward, conv2d_backward, max_pool_forward, max_pool_backward)
if ready(*layers):
    net, everything = convnet(np.random.default_rng(0)), len(digits.y_train)
    seconds = 6 * nets.estimate_seconds(net, digits, epochs=5)
    starts, epochs, count = 3, 5, everything
    if seconds > 180:
        starts, epochs, count = 1, 3, int(np.clip(everything * 5 * 120 / seconds, 64, everything))
    minutes = seconds / 60 * (starts / 3) * (epochs / 5) * (count / everything)
    if count < everything:
        print(f"All six networks would take about {seconds / 60:.0f} minutes with your layers. Here are")
        print(f"two, with {count} images and {epochs} epochs, in about {max(minutes, 1):.0f} minutes.")
        print("Hint 3 of exercises 4 and 5 and hint 2 of 6 and 7 say how to do it without loops.")
    else:
        print(f"{2 * starts} networks, {epochs} epochs, {count} images each")

# %% tags=["demo"]
def some_of(kind, count):
    return data.Digits(
        kind.X_train[:count],
        kind.y_train[:count],
        kind.X_test[: count // 3],
        kind.y_test[: count // 3],
    )


def dots(net, number):
    print("." if number % 10 == 0 else "", end="", flush=True)

# %% tags=["demo"]
if ready(*layers):
    runs, trained = {"digits": [], "scrambled digits": []}, None
    for name, kind in {"digits": digits, "scrambled digits": scrambled}.items():
        for seed in range(starts):
            print(f"{name}, start {seed + 1} ", end="")
            rng = np.random.default_rng(seed)
            net = convnet(rng)
            plan = {"step": with_momentum, "epochs": epochs, "batch_size": 32, "watch": dots}
            history = nets.train(net, some_of(kind, count), rng=rng, **plan)
            runs[name].append(history.test_accuracy)
            trained = trained or net
            print(f" {history.test_accuracy[-1]:.3f}")

# %% tags=["demo"]
if ready(*layers):
    shown = {f"convolution, {name}": accuracies for name, accuracies in runs.items()}
    if count == everything:
        shown["dense, digits"] = dense_runs["digits"]
    last = {name: np.array(accuracies)[:, -1] for name, accuracies in shown.items()}
    ends = "; ".join(f"{name} {np.mean(ends):.3f}" for name, ends in last.items())
    plots.show(
        figures.accuracies(shown),
        alt=f"Test accuracy over {epochs} epochs. The means after the last one: {ends}.",
    )
    print("parameters of the convnet:", trained.count_parameters()[0])
    print("parameters of the dense net:", dense_net(np.random.default_rng(0)).count_parameters()[0])
    if count == everything:
        ours, mixed_up, dense = last.values()
        assert ours.min() > 0.97, "every convnet is right on more than 97 %"
        assert ours.mean() > mixed_up.mean() + 0.01, "scrambling costs a convnet more than a point"
        assert 1 - ours.mean() < 0.75 * (1 - dense.mean()), "a convnet makes fewer mistakes"

# %% [markdown]
# After five epochs the convolutional networks are right on 98.4 to 98.7 % of the digits, the dense networks of §1 on 96.4 to 98.0 %, with
# about as many parameters. So a dense network can get above 97 % as well; the convolutional ones make about half as many mistakes. (The
# test set has 449 digits, so one digit is 0.2 points. With other learning rates and 30 epochs, five dense networks reached 97.2 to 97.6 %
# on average.)
#
# On the scrambled digits the convolutional networks reach 95.1 to 96.2 %, less than the dense ones. There the window shows pixels that
# aren't neighbours in the picture, and a pattern that matters at one place means nothing at another. Convolution is better on pictures
# because it assumes something about pictures: neighbours belong together, and a stroke looks the same wherever it is.
#
# What has it learned? Here are the eight kernels of the first layer, and what they answer to one digit.

# %% tags=["demo"]
if ready(*layers):
    learned = trained.layers[0].params["W"][:, 0]
    feature_maps = trained.forward(digits.X_test[digits.y_test == 5][:1])[1][0]
    plots.show(
        figures.learned_kernels(raw.X_test[raw.y_test == 5][0, 0], learned, feature_maps),
        alt="The eight learned kernels of 3×3, red for positive and blue for negative weights, and "
        "below each what it makes of a 5 after the ReLU. Some kernels answer at edges from "
        "above, some at strokes in one direction; each leaves another part of the 5.",
    )

# %% [markdown]
# **What the pictures don't show.** (a) Convolution is *equivariant*: shift the image, and the answer is shifted, away from the rim.
# Pooling makes it a little *invariant*: a small shift often changes nothing. (b) Each layer sees further than the one before: an entry
# behind two layers of 3×3 depends on 5×5 pixels, and behind the pooling on 6×6. Depth and pooling together let small windows see large
# things.
#
# ## §9 Summary
#
# | | forward | gradient of the input | gradient of the weights |
# |---|---|---|---|
# | one image | $Y = \text{conv}(X, W)$ | full convolution of $\bar Y$ with $W$ rotated by 180° | $\text{conv}(X, \bar Y)$ |
# | stride $s$ | every $s$-th place | $s - 1$ zeros between the entries of $\bar Y$ first | the same |
# | padding $p$ | zeros around $X$ | cut off at the end, also for $p = 0$ | with the padded $X$ |
# | channels, kernels | sum over $c$, one output for each $f$ | sum over $f$ | one for each pair |
# | batch | each image by itself | each image by itself | sum over the batch |
# | max pooling | maximum of each window | to the first maximum, added up | none |
#
# - Size of the output: $\lfloor (n + 2p - K)/s \rfloor + 1$. The places are numbered from 0, so the last number is one less.
# - The forward pass uses the kernel as it is, the gradient of the image uses it rotated by 180°.
# - What was used several times gets the sum of the gradients: a pixel from all windows that saw it, a kernel from all places and images.
# - Test with `pad = 0`, with images and kernels that aren't square, with a stride that leaves a rest, and with kernels that aren't
#   symmetric. Many mistakes show only there.
#
# **Common defaults**: kernels of 3×3, padding 1, stride 1; max pooling 2×2 with stride 2; He initialization with $\text{fan}_\text{in} =
# C K_H K_W$ (lecture 3); batch normalization per channel between convolution and ReLU (lecture 5).
#
# ### A question to answer in words
# *About 10 minutes · difficulty ●●○ · graded by hand*
#
# A colleague has written `conv2d_backward`. All gradient checks pass with kernels of 3×3 and padding 1. With padding 0, `dx` comes out
# with shape `(N, C, 0, 0)`.
#
# (a) What does the last line of the function most likely look like, and why does it fail at 0 alone? Give a line that works for every
# padding. (b) In the gradient of the image the kernel is rotated by 180°, in that of the weights nothing is rotated. Explain both in one
# or two sentences, without formulas or with them. (c) Between 8 channels of 8×8 and 16 channels of 8×8, how many parameters has a
# convolutional layer with kernels of 3×3 and padding 1, how many a dense layer, and which two assumptions make the difference?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_convolution", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# (a) `dx = dpadded[:, :, pad:-pad, pad:-pad]`. With `pad = 0` the slice is `0:-0`, and −0 is 0, so it ends where it begins. `dpadded[:,
# :, pad : pad + H, pad : pad + WX]` counts from the front, and is right for every padding.
#
# (b) A pixel at a fixed place lies in the *lower right* of the windows that start far up and left of it, and in the *upper left* of those
# that start at it: as the window moves on, the pixel is met by weights in the reverse order, in both directions, which is a rotation by
# 180°. A weight, on the other hand, meets pixels in the order in which the window moves, so for it nothing is reversed.
#
# (c) Convolution: $16 \cdot 8 \cdot 3 \cdot 3 + 16 = 1168$. Dense: $(8 \cdot 64) \cdot (16 \cdot 64) + 16 \cdot 64 = 525\,312$. Locality
# (each output sees a window only) and weight sharing (all places use the same kernel).

# %% [markdown]
# ### Where you stand

# %% tags=["demo"]
check_all()

# %% [markdown]
# ### Further reading
# - V. Dumoulin and F. Visin (2016), *A guide to convolution arithmetic for deep learning*. Every stride and padding, forwards and
#   backwards, drawn.
# - I. Goodfellow, Y. Bengio and A. Courville (2016), *Deep learning*, chapter 9: convolution, pooling, and what they assume.
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998), *Gradient-based learning applied to document recognition*: digits, read by a
#   convolutional network, on real cheques.
# - K. Chellapilla, S. Puri and P. Simard (2006), *High performance convolutional neural networks for document processing*: im2col.
# - K. He, X. Zhang, S. Ren and J. Sun (2015), *Delving deep into rectifiers*: how to initialise what you have trained here.
