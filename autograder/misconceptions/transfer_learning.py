"""What students believe about transfer learning, and right answers that are written in other ways."""

from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    changed_items,
    family,
    fixed_number,
    generator_ignored,
    in_place,
    members,
    nothing_returned,
    reseeded,
    variants,
)

from ..reference import transfer_learning as right

SECTIONS = {
    "split_classes": "13 §1", "reuse_layers": "13 §2", "frozen_step": "13 §3",
    "transfer_strategy": "13 §5", "autoencoder_gradients": "13 §6", "pretrain_stack": "13 §7",
}  # fmt: skip
OF_LAYERS = {exercise: SECTIONS[exercise] for exercise in ("reuse_layers", "frozen_step", "pretrain_stack")}


# --- right functions, for answers that are wrong elsewhere ------------------------------------------------------------------


def is_B(y, held_out):
    return (y == held_out[0]) | (y == held_out[1])


def split(X, y, held_out):
    """Split a data set."""
    in_B, y_A = is_B(y, held_out), y[~is_B(y, held_out)]
    new = np.searchsorted(np.unique(y_A), y_A)
    return (X[~in_B], new), (X[in_B], 1.0 * (y[in_B] == held_out[1]))


def reused(params_A, n_reuse, n_out, rng):
    """Copy layers and put a head on them."""
    D = len(params_A[n_reuse][0])
    return [*((W.copy(), b.copy()) for W, b in params_A[:n_reuse]), (rng.normal(size=(D, n_out)) / D**0.5, np.zeros(n_out))]


def moved(params, grads, lr, trainable):
    """Move the layers that are trainable."""
    return [(W - lr * dW, b - lr * db) if t else (W, b) for (W, b), (dW, db), t in zip(params, grads, trainable, strict=True)]


WORDS = "linear classifier", "linear classifiers at several stages", "finetune a few layers", "finetune many layers"


def looked_up(data, similarity):
    """Look a strategy up."""
    if data not in ("little", "lots") or similarity not in ("similar", "different"):
        raise ValueError("unknown")
    return WORDS[2 * (data == "lots") + (similarity == "different")]


def relu(z):
    return np.maximum(z, 0.0)


def stacked_rightly(X, sizes, train_autoencoder):
    """Train a stack."""
    layers = []
    for n_hidden in sizes:
        W, b = train_autoencoder(X, n_hidden)
        layers.append((W, b))
        X = relu(X @ W + b)
    return layers


# fmt: off
@family(
    "The arrays come in one row",
    "You return W, b, W, b … in one list. Each layer is a pair of its own: `[(W1, b1), (W2, b2)]`.",
    "slip",
)
def in_one_row(function, options, *args, **kwargs):
    return [part for layer in function(*args, **kwargs) for part in layer]


@family(
    "Weights and biases are swapped in the pairs",
    "Your pairs are (b, W). The order is (W, b), as in all lists of layers.",
    "slip",
)
def pairs_swapped(function, options, *args, **kwargs):
    return [(b, W) for W, b in function(*args, **kwargs)]


@family(
    "A bias has two axes",
    "Your biases have shape (1, n). A bias is a vector of shape (n,): leave out `keepdims` and double brackets.",
    "slip",
)
def biases_as_rows(function, options, *args, **kwargs):
    return [(W, np.reshape(b, (1, -1))) for W, b in function(*args, **kwargs)]


@family(
    "Layers are dictionaries",
    "Your layers are dictionaries. Each layer is a pair: `[(W1, b1), (W2, b2)]`.",
    "slip",
)
def in_dictionaries(function, options, *args, **kwargs):
    return [{"W": W, "b": b} for W, b in function(*args, **kwargs)]


EVERYWHERE = members(SECTIONS, vars(right), nothing_returned)
FORMS = members(OF_LAYERS, vars(right), in_one_row, pairs_swapped, biases_as_rows, in_dictionaries)
DRAWS = members({"reuse_layers": "13 §2"}, vars(right), partial(generator_ignored, severity="slip"), partial(reseeded, severity="slip"))
labels_in_place = in_place("split_classes", right.split_classes, see="13 §1", name="y", casting="unsafe", text="You "
    "changed the caller's labels: `y[…] -= …` writes into them. Work on `y[mask]`, which is a copy, or on `y.copy()`.")
X_in_place = in_place("autoencoder_gradients", right.autoencoder_gradients, see="13 §6", name="X", casting="unsafe")
stack_in_place = in_place("pretrain_stack", right.pretrain_stack, see="13 §7", casting="unsafe")
rate_fixed = fixed_number("frozen_step", right.frozen_step, see="13 §3", name="lr", value=0.1, severity="part")
rate_ignored = fixed_number("frozen_step", right.frozen_step, see="13 §3", name="lr", value=1.0, severity="part", called="rate_ignored",
    title="The learning rate is missing", text="You subtracted the gradient itself. It is multiplied by lr first: W − lr·dW.")


# --- split_classes --------------------------------------------------------------------------------------------------------


def split_with(relabel, X, y, held_out):
    """Split rightly, and give A the labels that `relabel` makes of the old ones."""
    A, B = split(X, y, held_out)
    return (A[0], relabel(y[~is_B(y, held_out)].astype(int), *sorted(held_out))), B


GAPS = "Your labels of A have gaps, or two classes share one. "
LABELS = variants("split_classes", "13 §1", right.split_classes, split_with, {
    "labels_kept": ("part", "A keeps its old labels",
        GAPS + "The softmax of A has an output for each label from 0 to K − 3: those above a held-out class move down.",
        lambda y, low, high: y),
    "labels_as_printed": ("part", "The large labels become 2",
        "You wrote `= 2` as the slides print it, so all classes above the held-out ones become one. They move down *by* 2: `-= 2`.",
        lambda y, low, high: np.where(y > high, 2, y)),
    "above_the_larger": ("part", "Only labels above both move",
        GAPS + "You move labels above the larger held-out class down by two. Those between the two have to move down by one.",
        lambda y, low, high: y - 2 * (y > high)),
    "above_the_smaller": ("part", "All labels above the smaller one move by two",
        GAPS + "Between the two held-out classes only one is gone, so labels there move down by one.",
        lambda y, low, high: y - 2 * (y > low)),
    "down_by_one": ("part", "Labels move down by one only",
        GAPS + "Above both held-out classes two are gone, so labels there move down by two.",
        lambda y, low, high: y - (y > low)),
    "compared_after_moving": ("part", "The second comparison looks at labels that have moved",
        GAPS + "You moved the labels for one class, and then compared the moved ones with the other class. Compare the old labels twice.",
        lambda y, low, high: y - (y > low) - (y - (y > low) > high)),
})
SPLITS = changed_items("split_classes", "13 §1", right.split_classes, {
    "first_is_positive": ("part", "The first class of held_out becomes 1",
        "You gave 1 to the first class of held_out. The second one is the positive class: `y == held_out[1]`.",
        lambda A, B, X, y, h: (A, (B[0], 1 - B[1]))),
    "larger_is_positive": ("slip", "The larger class becomes 1",
        "You gave 1 to the larger of the two classes. Their order in held_out decides, and it may be (5, 2).",
        lambda A, B, X, y, h: (A, (B[0], (y[is_B(y, h)] == max(h)).astype(float)))),
    "old_labels_of_B": ("part", "B keeps its old labels",
        "y_B has the old numbers of the classes. A sigmoid is trained on 0.0 and 1.0.",
        lambda A, B, X, y, h: (A, (B[0], y[is_B(y, h)]))),
    "booleans_for_B": ("slip", "Labels of B are booleans", "y_B is an array of True and False. Make floats of it: `.astype(float)`.",
        lambda A, B, X, y, h: (A, (B[0], B[1] == 1))),
    "column_for_B": ("slip", "Labels in a column", "Your y_B has shape (N_B, 1), a column. Labels have one axis, (N_B,).",
        lambda A, B, X, y, h: (A, (B[0], B[1][:, None]))),
    "B_first": ("slip", "B comes first", "You return (B, A). A comes first, as in ((X_A, y_A), (X_B, y_B)).",
        lambda A, B, X, y, h: (B, A)),
    "four_arrays": ("slip", "Four arrays in place of two pairs",
        "You return X_A, y_A, X_B, y_B in one row. Two pairs are asked for: `return (X_A, y_A), (X_B, y_B)`.",
        lambda A, B, X, y, h: (*A, *B)),
    "B_sorted": ("part", "B is sorted by class",
        "You put all examples of one class before those of the other. Pick both by one mask: the examples keep their order.",
        lambda A, B, X, y, h: (A, tuple(np.concatenate([part[B[1] == k] for k in (0, 1)]) for part in B))),
    "or_for_and": ("part", "A has all examples",
        "Nothing is taken away from A: `(y != a) | (y != b)` is true for every label, since no label equals both. Write `&`, or `~in_B`.",
        lambda A, B, X, y, h: ((X, y - (y > h[0]) - (y > h[1])), B)),
    "images_flattened": ("slip", "Images are flattened",
        "You reshape X to (N, D). Inputs come back in the shape they have: `X[mask]` works for any number of axes.",
        lambda A, B, X, y, h: ((A[0].reshape(len(A[0]), -1), A[1]), (B[0].reshape(len(B[0]), -1), B[1]))),
    "five_and_six": ("core", "Always the classes 5 and 6",
        "You wrote 5 and 6, the slides' classes, where held_out belongs. The caller chooses the pair.",
        lambda A, B, X, y, h: split(X, y, (5, 6))),
})
SPLITS_TOO = alternatives("split_classes", {
    "by_isin": lambda X, y, held_out: ((X[~np.isin(y, held_out)],
        np.searchsorted(np.setdiff1d(y, held_out), y[~np.isin(y, held_out)])),
        (X[np.isin(y, held_out)], np.where(y[np.isin(y, held_out)] == held_out[1], 1.0, 0.0))),
    "by_inverse": lambda X, y, held_out: [[X[np.logical_not(is_B(y, held_out))],
        np.unique(y[~is_B(y, held_out)], return_inverse=True)[1]],
        [X[is_B(y, held_out)], (y == held_out[1])[is_B(y, held_out)].astype(np.float32)]],
    "with_integers_for_B": lambda X, y, held_out: (split(X, y, held_out)[0], (X[is_B(y, held_out)],
        np.array([int(label == held_out[1]) for label in y if label in held_out]))),
})


# --- reuse_layers ---------------------------------------------------------------------------------------------------------


def head_with(weights, params_A, n_reuse, n_out, rng):
    """Reuse layers rightly, with a head whose weights are made otherwise."""
    W = weights(params_A, len(params_A[n_reuse][0]), n_out, rng, n_reuse)
    return [*((W.copy(), b.copy()) for W, b in params_A[:n_reuse]), (W, np.zeros(n_out))]


HEADS = variants("reuse_layers", "13 §2", right.reuse_layers, head_with, {
    "head_of_zeros": ("part", "The head's weights are zero",
        "With weights of zero no gradient gets through the head in the first step. Draw them from rng.",
        lambda params, D, K, rng, n: np.zeros((D, K))),
    "head_of_equal_columns": ("part", "All outputs have the same weights",
        "You drew one column and repeated it. Draw every weight by itself.",
        lambda params, D, K, rng, n: np.repeat(rng.normal(size=(D, 1)), K, axis=1)),
    "head_transposed": ("part", "The head is transposed",
        "Your head has shape (n_out, units below it). Weights have shape (fan_in, fan_out).",
        lambda params, D, K, rng, n: rng.normal(size=(K, D))),
    "head_on_the_inputs": ("part", "The head has as many rows as there are inputs",
        "Your head fits on the inputs. It stands on the last reused layer: as many rows as `params_A[n_reuse][0]` has.",
        lambda params, D, K, rng, n: rng.normal(size=(len(params[0][0]), K))),
    "head_on_As_last_layer": ("part", "The head fits below A's head only",
        "Your head has the rows of A's last layer, whatever n_reuse is. It has those of `params_A[n_reuse]`.",
        lambda params, D, K, rng, n: rng.normal(size=(len(params[-1][0]), K))),
    "head_of_a_layer_above": ("slip", "With n_reuse = 0 the head stands on A's outputs",
        "You took the units below the head from the layer before, `params_A[n_reuse - 1]`. For n_reuse = 0 that is the *last* one. "
        "Take the rows of `params_A[n_reuse]`.",
        lambda params, D, K, rng, n: rng.normal(size=(params[n - 1][0].shape[1], K))),
})
REUSED = misconceptions("reuse_layers", "13 §2", {
    "arrays_shared": ("part", "Arrays of A are reused without a copy",
        "Arrays of A are in your answer: a slice of the list holds the same ones. Whoever trains them in place changes A. "
        "Copy each: `(W.copy(), b.copy())`.",
        lambda params_A, n_reuse, n_out, rng: [*params_A[:n_reuse], reused(params_A, n_reuse, n_out, rng)[-1]]),
    "A_is_cut": ("slip", "A's own list is changed",
        "You cut or extended the caller's list, so A has lost its upper layers. Make a new list.",
        lambda params_A, n_reuse, n_out, rng: (reused(params_A, n_reuse, n_out, rng), params_A.pop())[0]),
    "head_missing": ("part", "The head is missing", "You return the reused layers alone. The network needs a fresh head on top.",
        lambda params_A, n_reuse, n_out, rng: reused(params_A, n_reuse, n_out, rng)[:-1]),
    "head_first": ("core", "The head comes first",
        "Your list begins with the head. Layers stand in the order of the forward pass: append it.",
        lambda params_A, n_reuse, n_out, rng: (lambda layers: layers[-1:] + layers[:-1])(reused(params_A, n_reuse, n_out, rng))),
    "n_out_ignored": ("part", "The head has a single output", "Your head has one output, whatever n_out says. It has n_out of them.",
        lambda params_A, n_reuse, n_out, rng: reused(params_A, n_reuse, 1, rng)),
    "all_but_the_last": ("part", "n_reuse is ignored",
        "You reuse all of A's layers but the last one. n_reuse says how many are kept; those above are gone.",
        lambda params_A, n_reuse, n_out, rng: reused(params_A, len(params_A) - 1, n_out, rng)),
    "one_too_many": ("part", "One layer too many is reused",
        "You copy n_reuse + 1 layers, so the head stands one layer too high. `params_A[:n_reuse]` has n_reuse of them.",
        lambda params_A, n_reuse, n_out, rng: [*((W.copy(), b.copy()) for W, b in params_A[: n_reuse + 1]),
            (rng.normal(size=(params_A[n_reuse][0].shape[1], n_out)), np.zeros(n_out))]),
    "A_itself": ("core", "A itself is returned", "You return A's own layers. B has copies of the first ones, and its own head.",
        lambda params_A, n_reuse, n_out, rng: params_A),
    "one_too_few": ("part", "One layer too few is reused", "You copy n_reuse − 1 layers. `params_A[:n_reuse]` has n_reuse of them.",
        lambda params_A, n_reuse, n_out, rng: reused(params_A, max(n_reuse - 1, 0), n_out, rng)),
    "upper_layers_reused": ("core", "The upper layers are reused",
        "You kept A's last layers. The *lower* ones are general; the upper ones are about A's own classes.",
        lambda params_A, n_reuse, n_out, rng: [*((W.copy(), b.copy()) for W, b in params_A[len(params_A) - n_reuse :]),
            (rng.normal(size=(params_A[-1][0].shape[1], n_out)), np.zeros(n_out))]),
    "all_fresh": ("part", "Nothing is copied",
        "Your layers have A's shapes and fresh weights. What A has learned is in its weights: copy them.",
        lambda params_A, n_reuse, n_out, rng: [(rng.normal(size=W.shape), np.zeros(len(b)))
            for W, b in reused(params_A, n_reuse, n_out, rng)]),
    "biases_reset": ("part", "The reused biases are set to zero",
        "You copied the weights, and not the biases. A layer is both: copy b as well.",
        lambda params_A, n_reuse, n_out, rng: [(W, 0.0 * b) for W, b in reused(params_A, n_reuse, n_out, rng)]),
    "head_without_bias": ("part", "The head has no bias", "Your head is W alone. Each layer is a pair (W, b), the head as well.",
        lambda params_A, n_reuse, n_out, rng: [*(layers := reused(params_A, n_reuse, n_out, rng))[:-1], (layers[-1][0],)]),
    "none_reused_raises": ("slip", "n_reuse = 0 raises an error",
        "You look at the last reused layer, which isn't there for n_reuse = 0. The rows of `params_A[n_reuse]` always are.",
        lambda params_A, n_reuse, n_out, rng: reused(params_A, n_reuse, n_out, rng) if n_reuse else [][-1]),
})
REUSED_TOO = alternatives("reuse_layers", {
    "with_uniform_weights": lambda params_A, n_reuse, n_out, rng: [*[(np.array(W), np.array(b)) for W, b in params_A[:n_reuse]],
        (rng.uniform(-0.01, 0.01, (len(params_A[n_reuse][0]), n_out)), rng.normal(size=n_out))],
    "with_weights_above_zero": lambda params_A, n_reuse, n_out, rng: tuple([*[[1.0 * W, 1.0 * b] for W, b in params_A[:n_reuse]],
        [rng.random((len(params_A[n_reuse][0]), n_out)).astype(np.float32), np.zeros(n_out, dtype=int)]]),
})


@alternative("reuse_layers")
def with_a_deep_copy(params_A, n_reuse, n_out, rng):
    import copy

    layers = copy.deepcopy(params_A)[:n_reuse]
    below = layers[-1][0].shape[1] if n_reuse > 0 else params_A[0][0].shape[0]
    layers.append((np.array([[rng.standard_normal() for _ in range(n_out)] for _ in range(below)]), np.zeros(n_out)))
    return layers


# --- frozen_step ----------------------------------------------------------------------------------------------------------


def stepped(flags, params, grads, lr, trainable):
    """Take a step, with a rate for W and b of each layer that `flags` makes of trainable."""
    return [(W - lr * w * dW, b - lr * v * db) for (W, b), (dW, db), (w, v) in zip(params, grads, flags(list(trainable)), strict=True)]


FLAGS = variants("frozen_step", "13 §3", right.frozen_step, stepped, {
    "frozen_layers_move": ("core", "trainable is ignored",
        "All layers move, also those where trainable is False. These have to stay as they are.",
        lambda t: [(1, 1)] * len(t)),
    "frozen_ones_move": ("core", "trainable is read the wrong way round",
        "You move the frozen layers and keep the others. True means that a layer learns.",
        lambda t: [(1 - flag, 1 - flag) for flag in t]),
    "frozen_biases_move": ("part", "Biases of frozen layers move",
        "You freeze W alone, and b goes on learning. A frozen layer's b stays as it is, too.",
        lambda t: [(flag, 1) for flag in t]),
    "biases_stay": ("part", "Biases never move", "You update W alone. Where a layer is trainable its b learns as well.",
        lambda t: [(flag, 0) for flag in t]),
    "first_ones_frozen": ("part", "Only the number of frozen layers counts",
        "You counted the frozen layers and froze as many from the first one on. Each flag belongs to its own layer: any pattern is legal.",
        lambda t: [(k >= t.count(False), k >= t.count(False)) for k in range(len(t))]),
    "stops_at_a_frozen_layer": ("core", "It stops at the first frozen layer",
        "Layers above a frozen one don't move: `break`, where that layer alone is left out. Go on with the next one.",
        lambda t: [(all(t[: k + 1]), all(t[: k + 1])) for k in range(len(t))]),
    "last_layer_alone": ("core", "Only the last layer moves",
        "You move the head alone, whatever trainable says. Every layer has a flag of its own.",
        lambda t: [(k == len(t) - 1, k == len(t) - 1) for k in range(len(t))]),
    "steps_uphill": ("part", "The step goes uphill", "You added the step. Gradients point uphill, so it is subtracted: W − lr·dW.",
        lambda t: [(-flag, -flag) for flag in t]),
})
STEPS = misconceptions("frozen_step", "13 §3", {
    "frozen_left_out": ("core", "Frozen layers are left out",
        "Your list has only those layers that learn. The network needs all of them: put frozen ones into the list as they are.",
        lambda params, grads, lr, trainable: [layer for layer, flag in zip(moved(params, grads, lr, trainable), trainable, strict=True)
            if flag]),
    "frozen_set_to_zero": ("part", "Frozen layers become zero",
        "You multiplied the parameters by the flag, so frozen ones are lost. It belongs to the step: W − lr·flag·dW.",
        lambda params, grads, lr, trainable: [(flag * W, flag * b)
            for (W, b), flag in zip(moved(params, grads, lr, trainable), trainable, strict=True)]),
    "steps_cut_off": ("slip", "Whole numbers stay whole",
        "You wrote the new values into arrays of integers, which cuts off the fractions. Make new arrays: `W - lr * dW`.",
        lambda params, grads, lr, trainable: [tuple(part.astype(was.dtype) for part, was in zip(*pair, strict=True))
            for pair in zip(moved(params, grads, lr, trainable), params, strict=True)]),
})


@misconception("frozen_step", "slip", title="The parameters are changed in place", see="13 §3")
def steps_in_place(params, grads, lr, trainable):
    """`W -= lr * dW` writes into the caller's arrays, and raises an error where they hold integers. Make new ones: `W - lr * dW`."""
    for (W, b), (dW, db), trains in zip(params, grads, trainable, strict=True):
        if trains:
            W -= lr * dW
            b -= lr * db
    return params


STEPS_TOO = alternatives("frozen_step", {
    "by_products": lambda params, grads, lr, trainable: [(W - lr * t * dW, b - lr * t * db)
        for (W, b), (dW, db), t in zip(params, grads, trainable, strict=True)],
    "as_tuples": lambda params, grads, lr, trainable: tuple((params[i][0] - lr * grads[i][0], params[i][1] - lr * grads[i][1])
        if trainable[i] else params[i] for i in range(len(params))),
    "by_where": lambda params, grads, lr, trainable: [[np.where(t, p - lr * g, p) for p, g in zip(layer, slopes, strict=True)]
        for layer, slopes, t in zip(params, grads, trainable, strict=True)],
})


# --- transfer_strategy ----------------------------------------------------------------------------------------------------


def by_table(cells, data, similarity):
    """Answer by another table: little and similar, little and different, lots and similar, lots and different."""
    looked_up(data, similarity)
    return WORDS[cells((data == "lots"), (similarity == "different"))]


def unchecked(data, similarity):
    return looked_up(data if data == "little" else "lots", similarity if similarity == "similar" else "different")


def or_else(default, data, similarity):
    """Answer rightly, or by `default` where a word is unknown."""
    try:
        return looked_up(data, similarity)
    except ValueError:
        return default(data, similarity)


TABLES = variants("transfer_strategy", "13 §5", right.transfer_strategy, by_table, {
    "table_transposed": ("part", "Rows and columns are swapped",
        "You exchanged the two arguments' roles: little and different data, and lots of similar data, have each other's strategy.",
        lambda lots, different: 2 * different + lots),
    "amounts_swapped": ("core", "Little and lots are swapped",
        "You finetune with little data, which overfits, and train a head alone with lots. It is the other way round.",
        lambda lots, different: 2 * (not lots) + different),
    "similarity_swapped": ("core", "Similar and different are swapped",
        "The more the data differ, the more layers have to learn. You have it the other way round.",
        lambda lots, different: 2 * lots + (not different)),
    "a_few_and_many_swapped": ("part", "A few and many are swapped", "With lots of *different* data many layers have to learn, not a few.",
        lambda lots, different: 3 - different if lots else 1 * different),
    "classifiers_swapped": ("part", "The two linear classifiers are swapped",
        "On similar data the top layer is best; where they differ one looks at several stages.",
        lambda lots, different: 2 + different if lots else 1 - different),
})
UNKNOWN = "Any other word has to raise ValueError. "
OTHER_WORDS = variants("transfer_strategy", "13 §5", right.transfer_strategy, or_else, {
    "unknown_is_none": ("slip", "Unknown words give None", UNKNOWN + "Your function returns None.", lambda data, similarity: None),
    "unknown_is_key_error": ("slip", "Unknown words raise KeyError",
        UNKNOWN + "A dictionary raises KeyError, which is none.", lambda data, similarity: {"": ""}[data + similarity + "?"]),
    "error_is_returned": ("slip", "The error is returned", UNKNOWN + "You return the error, which says nothing to the caller: `raise` it.",
        lambda data, similarity: ValueError("unknown")),
    "unknown_is_else": ("slip", "Unknown words fall into the last case",
        UNKNOWN + "Your `else` takes them for lots, or for different. Ask for both words by name.", unchecked),
    "data_unchecked": ("slip", "Only the similarity is checked", UNKNOWN + "An unknown word for the data is taken for lots.",
        lambda data, similarity: looked_up("lots", similarity)),
    "similarity_unchecked": ("slip", "Only the data are checked", UNKNOWN + "An unknown word for the similarity is taken for different.",
        lambda data, similarity: looked_up(data, "different")),
    "order_ignored": ("slip", "The order of the words is ignored",
        UNKNOWN + "You look for the two words together, as in a set, so (\"similar\", \"little\") passes. The data come first.",
        lambda data, similarity: looked_up(*sorted((data, similarity), key=("little", "lots", "similar", "different").index))),
    "capitals_accepted": ("slip", "Capitals are accepted", UNKNOWN + "You made small letters of the words first, so \"Lots\" passes.",
        lambda data, similarity: looked_up(data.lower(), similarity.lower())),
    "unknown_is_exception": ("slip", "Unknown words raise another error",
        UNKNOWN + "A TypeError or an Exception is none: its callers look for ValueError.", lambda data, similarity: data + 1),
})
SPELLED = misconceptions("transfer_strategy", "13 §5", {
    "always_raises": ("core", "Every word counts as unknown",
        "Every call raises ValueError. `data != \"little\" or data != \"lots\"` is always true: write `and`, or `data not in (…)`.",
        lambda data, similarity: looked_up("", "")),
    "answer_with_capitals": ("slip", "The answer has a capital",
        "The words are exactly those of the docstring, which are in small letters.",
        lambda data, similarity: looked_up(data, similarity).capitalize()),
    "answer_with_hyphens": ("part", "Answers are spelt otherwise",
        "You wrote fine-tune. Whoever compares your answer with the docstring's words finds no match: they are to the letter.",
        lambda data, similarity: looked_up(data, similarity).replace("fine", "fine-")),
    "answer_in_a_list": ("slip", "The answer is in a list", "You return a list or a tuple with the words. Return the string.",
        lambda data, similarity: (looked_up(data, similarity),)),
})
STRATEGIES_TOO = alternatives("transfer_strategy", {
    "by_lists": lambda data, similarity: [["linear classifier", "linear classifiers at several stages"],
        ["finetune a few layers", "finetune many layers"]][["little", "lots"].index(data)][["similar", "different"].index(similarity)],
    "by_expression": lambda data, similarity: looked_up(str(data), str(similarity)),
})


class UnknownWord(ValueError):
    """Its own kind of ValueError."""


@alternative("transfer_strategy")
def by_questions(data, similarity):
    if data == "little":
        if similarity == "similar":
            return "linear classifier"
        if similarity == "different":
            return "linear classifiers at several stages"
    elif data == "lots":
        if similarity == "similar":
            return "finetune a few layers"
        if similarity == "different":
            return "finetune many layers"
    raise UnknownWord(data, similarity)


# --- autoencoder_gradients ------------------------------------------------------------------------------------------------


def active(z):
    return 1.0 * (z > 0)


def identity(z):
    return z


def rebuilt(params, X, act=relu, slope=active, out=identity, out_slope=np.ones_like, kept=(1.0, 1.0), codes=None, back=None):
    """Return loss and gradients of an autoencoder with other activations, with biases that are kept or not, or another way back."""
    (W1, b1), (W2, b2) = params
    z = X @ W1 + kept[0] * b1
    h = act(z)
    s = h @ W2 + kept[1] * b2
    up = 2.0 * (out(s) - X) / np.size(X) * out_slope(s)
    dh = up @ W2.T
    dz = dh * slope(z) if back is None else back(dh, z)
    dW2 = (h if codes is None else codes(z)).T @ up
    return np.mean((out(s) - X) ** 2.0), [(X.T @ dz, kept[0] * dz.sum(axis=0)), (dW2, kept[1] * up.sum(axis=0))]


def scaled(grads, factor):
    return [(factor * dW, factor * db) for dW, db in grads]


NETS = misconceptions("autoencoder_gradients", "13 §6", {
    "no_mask_on_the_way_back": ("part", "The ReLU is forgotten on the way back",
        "You let the gradient through silent units. Where Z ≤ 0 the ReLU's slope is 0: multiply by `Z > 0`.",
        lambda params, X: rebuilt(params, X, back=lambda dh, z: dh)),
    "mask_of_the_gradient": ("part", "The mask is made from the gradient",
        "You apply the ReLU to the gradient. It is the *forward* value that decides: multiply by `Z > 0`.",
        lambda params, X: rebuilt(params, X, back=lambda dh, z: relu(dh))),
    "no_relu": ("core", "The hidden layer has no ReLU", "Your codes are X·W1 + b1. There is a ReLU on them, forward and back.",
        lambda params, X: rebuilt(params, X, act=identity, slope=np.ones_like)),
    "sigmoid_codes": ("core", "A sigmoid in place of the ReLU", "Your hidden layer has a sigmoid. This autoencoder has a ReLU there.",
        lambda params, X: rebuilt(params, X, act=lambda z: 0.5 + 0.5 * np.tanh(z / 2), slope=lambda z: 0.25 - 0.25 * np.tanh(z / 2) ** 2)),
    "relu_on_the_output": ("part", "The output has a ReLU, too", "Inputs may be negative, so the output is linear: no ReLU on it.",
        lambda params, X: rebuilt(params, X, out=relu, out_slope=active)),
    "encoder_without_bias": ("part", "b1 is forgotten", "You left out b1 on the way forward. The codes are relu(X·W1 + b1).",
        lambda params, X: rebuilt(params, X, kept=(0.0, 1.0))),
    "decoder_without_bias": ("part", "b2 is forgotten", "You left out b2 on the way forward. The output is linear: h·W2 + b2.",
        lambda params, X: rebuilt(params, X, kept=(1.0, 0.0))),
})
ENTRIES = "The squared error is averaged over all N·D entries: `np.mean`, and 2/(N·D) in the gradient. "
AUTOENCODERS = changed_items("autoencoder_gradients", "13 §6", right.autoencoder_gradients, {
    "half_of_the_loss": ("part", "A factor ½ in the loss", ENTRIES + "You have ½ before it, which is another convention.",
        lambda loss, grads, params, X: (loss / 2, scaled(grads, 0.5))),
    "two_forgotten": ("part", "The 2 is missing in the gradients", ENTRIES + "Your loss is so. The slope of a square is *twice* its root.",
        lambda loss, grads, params, X: (loss, scaled(grads, 0.5))),
    "summed": ("part", "The loss is a sum", ENTRIES + "You sum up.",
        lambda loss, grads, params, X: (loss * X.size, scaled(grads, X.size))),
    "per_example": ("part", "The mean is taken over the examples only", ENTRIES + "You divide by N alone.",
        lambda loss, grads, params, X: (loss * X.shape[1], scaled(grads, X.shape[1]))),
    "gradients_per_example": ("part", "The gradients are divided by N alone", ENTRIES + "Your gradients are D times too large.",
        lambda loss, grads, params, X: (loss, scaled(grads, X.shape[1]))),
    "loss_summed": ("part", "The loss is a sum, the gradients are those of the mean", ENTRIES + "Your gradients are right, the loss isn't.",
        lambda loss, grads, params, X: (loss * X.size, grads)),
    "input_less_output": ("part", "The gradients have the wrong sign",
        "You began with X − X̂. The slope of (X̂ − X)² for the output is 2(X̂ − X): the output comes first.",
        lambda loss, grads, params, X: (loss, scaled(grads, -1.0))),
    "dW_transposed": ("part", "dW1 and dW2 are transposed", "A gradient has the shape of its parameter: dW1 = Xᵀ dZ, dW2 = hᵀ dX̂.",
        lambda loss, grads, params, X: (loss, [(dW.T, db) for dW, db in grads])),
    "db_averaged": ("part", "db1 and db2 are averages", "You took the mean over the batch. The factor 1/(N·D) is in dX̂ already: sum.",
        lambda loss, grads, params, X: (loss, [(dW, db / len(X)) for dW, db in grads])),
    "db_as_rows": ("slip", "A bias's gradient has two axes", "Your db has shape (1, n). A bias is a vector: leave out `keepdims`.",
        lambda loss, grads, params, X: (loss, [(dW, db[None]) for dW, db in grads])),
    "db_left_out": ("part", "The biases have no gradients", "You return dW1 and dW2 alone. Each layer has a pair of gradients, (dW, db).",
        lambda loss, grads, params, X: (loss, [dW for dW, _ in grads])),
    "grads_first": ("slip", "The gradients come first", "You return (grads, loss). The loss comes first: `return loss, grads`.",
        lambda loss, grads, params, X: (grads, loss)),
    "grads_in_a_row": ("slip", "The gradients come in one row",
        "You return (loss, dW1, db1, dW2, db2). The second item is a list of two pairs.",
        lambda loss, grads, params, X: (loss, *grads[0], *grads[1])),
    "grads_in_dictionaries": ("slip", "The gradients are in dictionaries",
        "Your gradients are dictionaries. Each layer is a pair: [(dW1, db1), (dW2, db2)].",
        lambda loss, grads, params, X: (loss, [{"dW": dW, "db": db} for dW, db in grads])),
    "loss_in_an_array": ("slip", "The loss is in an array",
        "Your loss is an array with one entry. Return the number, as `np.mean` gives it.",
        lambda loss, grads, params, X: (np.array([loss]), grads)),
    "grads_cut_off": ("slip", "The gradients have the integers' type",
        "You wrote the gradients into arrays made with `zeros_like`. Where the parameters are integers that cuts off the fractions.",
        lambda loss, grads, params, X: (loss, [tuple(part.astype(was.dtype) for part, was in zip(*pair, strict=True))
            for pair in zip(grads, params, strict=True)])),
})


@misconception("autoencoder_gradients", "slip", title="The bias is added in place", see="13 §6")
def bias_added_in_place(params, X):
    """`Z += b1` writes into the array of X @ W1. Where that holds integers, and b1 fractions, it raises an error: `Z = X @ W1 + b1`."""
    Z = X @ params[0][0]
    Z += params[0][1]
    return rebuilt(params, X)


@misconception("autoencoder_gradients", "slip", title="A parameter is changed in place", see="13 §6")
def parameters_in_place(params, X):
    """You wrote into the caller's parameters, by `-=` or a step at the end. This function returns gradients and changes nothing."""
    loss, grads = rebuilt(params, X)
    for layer, slopes in zip(params, grads, strict=True):
        for part, slope in zip(layer, slopes, strict=True):
            np.subtract(part, slope, out=part, casting="unsafe")
    return loss, grads


@alternative("autoencoder_gradients")
def in_whole_arrays(params, X):
    return rebuilt(params, np.array(X, dtype=float))


@alternative("autoencoder_gradients")
def by_einsum(params, X):
    ((W1, b1), (W2, b2)), (N, D) = params, X.shape
    z = np.einsum("nd,dh->nh", X, W1) + b1
    h = np.where(z >= 0, z, 0.0)
    r = np.einsum("nh,hd->nd", h, W2) + b2 - X
    dz = np.einsum("nd,hd->nh", 2 * r / (N * D), W2) * (z >= 0)
    return float((r * r).sum() / N / D), (
        [np.einsum("nd,nh->dh", X, dz), np.einsum("nh->h", dz)],
        [np.einsum("nh,nd->hd", h, r) * 2 / (N * D), np.ones(N) @ r * (2 / N / D)],
    )


@alternative("autoencoder_gradients")
def in_single_numbers(params, X):
    loss, grads = rebuilt([tuple(np.asarray(part, dtype=np.float64) for part in layer) for layer in params], X.astype(np.float64))
    return np.array(loss), [(dW.astype(np.float32), db.astype(np.float32)) for dW, db in grads]


# --- pretrain_stack -------------------------------------------------------------------------------------------------------


def stacked(codes, X, sizes, train_autoencoder):
    """Train a stack with inputs that `codes` makes of the present inputs, W, b and X."""
    layers, inputs = [], X
    for n_hidden in sizes:
        W, b = train_autoencoder(inputs, n_hidden)
        layers.append((W, b))
        inputs = codes(inputs, W, b, X)
    return layers


STACKS = variants("pretrain_stack", "13 §7", right.pretrain_stack, stacked, {
    "codes_without_relu": ("part", "The codes lack the ReLU",
        "You passed on X·W + b. The codes are what comes after the ReLU: relu(X·W + b).",
        lambda a, W, b, X: a @ W + b),
    "codes_without_bias": ("part", "The codes lack the bias", "You passed on relu(X·W). The encoder has a bias: relu(X·W + b).",
        lambda a, W, b, X: relu(a @ W)),
    "bias_after_the_relu": ("part", "The bias is added after the ReLU",
        "You passed on relu(X·W) + b. The bias comes before the ReLU: relu(X·W + b).",
        lambda a, W, b, X: relu(a @ W) + b),
    "sigmoid_for_relu": ("part", "A sigmoid in place of the ReLU", "You passed on the sigmoid of X·W + b. Codes are relu(X·W + b).",
        lambda a, W, b, X: 0.5 + 0.5 * np.tanh((a @ W + b) / 2)),
    "always_on_X": ("core", "Every layer is trained on X",
        "You pass X each time, so the layers don't build on each other. Each is trained on the *codes* of the one below.",
        lambda a, W, b, X: X),
    "codes_cut_off": ("slip", "The codes have the integers' type",
        "You wrote the codes into an array of X's type. Where X holds integers that cuts off the fractions.",
        lambda a, W, b, X: relu(a @ W + b).astype(X.dtype)),
})


def stack_of(change, X, sizes, train_autoencoder):
    """Train a stack rightly, and change the answer or what is asked for."""
    return change(partial(stacked_rightly, train_autoencoder=train_autoencoder), X, list(sizes), train_autoencoder)


CHANGED = variants("pretrain_stack", "13 §7", right.pretrain_stack, stack_of, {
    "stack_reversed": ("part", "The last layer comes first in the answer",
        "Your list is upside down. The layer that was trained on X comes first.",
        lambda stack, X, sizes, train: stack(X, sizes)[::-1]),
    "first_size_skipped": ("part", "The first size is skipped",
        "You took the first of the sizes for the number of inputs. That is X.shape[1]; every entry of sizes is a hidden layer.",
        lambda stack, X, sizes, train: stack(X, sizes[1:])),
    "first_layer_only": ("core", "Only one layer is trained",
        "You train one encoder, and stop: the `return` stands inside the loop, or there is none.",
        lambda stack, X, sizes, train: stack(X, sizes[:1])),
    "trained_twice": ("slip", "Every layer is trained twice",
        "You call train_autoencoder once for W and once for b, or once too often. They may not belong together, and training takes long.",
        lambda stack, X, sizes, train: stacked_rightly(X, sizes, lambda *a: (train(*a)[0], train(*a)[1]))),
    "called_by_name": ("slip", "train_autoencoder is called with names",
        "You wrote `n_hidden=…`. The function that is passed may call its parameters otherwise: give both by position.",
        lambda stack, X, sizes, train: stacked_rightly(X, sizes, lambda X, n: train(X, n_hidden=n))),
    "no_layer_raises": ("slip", "An empty list of sizes raises an error",
        "You look at the first size before you ask whether there is one. A loop over sizes does nothing for an empty list.",
        lambda stack, X, sizes, train: (sizes[0], stack(X, sizes))[1]),
    "no_layer_is_none": ("slip", "An empty list of sizes gives None",
        "Your function returns None for sizes = []. The answer is an empty list.",
        lambda stack, X, sizes, train: stack(X, sizes) or None),
})


@misconception("pretrain_stack", "slip", title="Errors of train_autoencoder are swallowed", see="13 §7")
def errors_swallowed(X, sizes, train_autoencoder):
    """You catch what train_autoencoder raises and go on. The caller has to learn that a layer wasn't trained: leave out `try`."""
    try:
        return stacked_rightly(X, sizes, train_autoencoder)
    except Exception:
        return []


@misconception("pretrain_stack", "slip", title="The list of sizes is changed", see="13 §7")
def sizes_emptied(X, sizes, train_autoencoder):
    """You take sizes out of the caller's list, with `pop` or `del`. Go through it with a loop."""
    layers = stacked_rightly(X, list(sizes), train_autoencoder)
    if isinstance(sizes, list):
        sizes.clear()
    return layers


def step_by_step(X, sizes, train_autoencoder, layers=()):
    """Train the first layer, and the others on its codes."""
    if not len(sizes):
        return list(layers)
    W, b = train_autoencoder(X, int(sizes[0]))
    return step_by_step(np.where(X @ W + b > 0, X @ W + b, 0), sizes[1:], train_autoencoder, (*layers, [W, b]))


STACKS_TOO = alternatives("pretrain_stack", {
    "by_recursion": lambda X, sizes, train_autoencoder: step_by_step(X, sizes, train_autoencoder),
    "with_rows_of_codes": lambda X, sizes, train_autoencoder: tuple(stacked(
        lambda a, W, b, _: np.array([[max(0.0, float(x @ w + c)) for w, c in zip(W.T, b, strict=True)] for x in a]),
        X, sizes, train_autoencoder)),
})


@alternative("pretrain_stack")
def by_a_loop(X, sizes, train_autoencoder):
    layers, codes = [], np.array(X, dtype=float)
    for n_hidden in sizes:
        layers.append(train_autoencoder(codes, n_hidden))
        codes = np.dot(codes, layers[-1][0]) + layers[-1][1]
        codes[codes < 0] = 0
    return layers
# fmt: on
