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
# TODO

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np
from coursekit import check, check_all, ready

# %% [markdown]
# ## §2 TODO

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

# %% [markdown]
# ## §3 TODO

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
# ## §4 TODO

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

# %% [markdown]
# ## §5 TODO

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

# %% [markdown]
# ## §6 TODO

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

# %% [markdown]
# ## §8 TODO

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

