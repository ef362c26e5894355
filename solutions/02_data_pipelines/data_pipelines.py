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

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import itertools
import queue
import threading

import numpy as np
from coursekit import check, ready

# %% [markdown]
# ## §1 The ravine
# ## §2 Centre

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
# ## §3 Scale

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
# ## §4 Principal components

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
# ## §5 Whitening

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
# ## §6 Pipelines

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
# ## §7 Shuffle

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
# ## §8 Interleave

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
# ## §9 Prefetch

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
# ## §10 All together

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_data_pipelines", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Q
#
# === BEGIN SOLUTION ===
# A
# === END SOLUTION ===
