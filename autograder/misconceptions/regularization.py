"""What students believe about regularization, and right answers that are written in other ways."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.judging.known_answers import Severity, alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    as_list,
    changed_items,
    cut_off,
    family,
    fixed_number,
    flattened,
    generator_ignored,
    in_a_tuple,
    in_place,
    in_single_precision,
    members,
    negated,
    nothing_returned,
    only_the_first,
    other_default,
    reseeded,
    variants,
)

from ..reference import regularization as right

SECTIONS = {
    "early_stopping": "10 §2",
    "l2_penalty": "10 §3",
    "l1_penalty": "10 §3",
    "weight_decay_step": "10 §4",
    "max_norm": "10 §5",
    "shift_image": "10 §6",
    "augment": "10 §6",
    "ensemble_predict": "10 §8",
}
PENALTIES = {exercise: SECTIONS[exercise] for exercise in ("l2_penalty", "l1_penalty")}
ONE_ARRAY = {exercise: SECTIONS[exercise] for exercise in ("weight_decay_step", "max_norm", "shift_image", "augment")}
WEIGHTS = {exercise: SECTIONS[exercise] for exercise in ("weight_decay_step", "max_norm")}


# --- right functions, for answers that are wrong elsewhere ------------------------------------------------------------------


def squares(weights, lam):
    """Return the L2 penalty."""
    return lam / 2 * sum(float(np.sum(np.square(w, dtype=float))) for w in weights)


def sizes(weights, lam):
    """Return the L1 penalty."""
    return lam * sum(float(np.sum(np.abs(w))) for w in weights)


def along(weights, lam):
    """Return λw for each array."""
    return [lam * np.array(w, dtype=float) for w in weights]


def signs(weights, lam):
    """Return λ·sign(w) for each array."""
    return [lam * np.sign(np.array(w, dtype=float)) for w in weights]


def count(weights):
    """Return the number of entries of all arrays."""
    return sum(np.size(w) for w in weights)


def moved(image, dy, dx, fill=0.0):
    """Shift an image; `fill` comes in."""
    (height, width), out = image.shape, np.full(image.shape, fill, dtype=float)
    rows, columns = np.arange(height) - dy, np.arange(width) - dx
    inside = np.ix_((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    out[inside] = image[np.ix_(rows[(rows >= 0) & (rows < height)], columns[(columns >= 0) & (columns < width)])]
    return out


def cleared(image, dy, dx, rows, columns):
    """Roll an image, and clear its first dy rows and dx columns."""
    out = np.roll(1.0 * image, (dy, dx), axis=(0, 1))
    out[: dy if rows else 0] = 0
    out[:, : dx if columns else 0] = 0
    return out


def all_moved(images, shifts):
    """Shift each image by its own (dy, dx)."""
    return np.array([moved(image, int(dy), int(dx)) for image, (dy, dx) in zip(images, shifts, strict=True)])


def at_random(images, rng, max_shift=1):
    """Shift each image at random."""
    return all_moved(images, rng.integers(-max_shift, max_shift + 1, (len(images), 2)))


# fmt: off
# --- families -------------------------------------------------------------------------------------------------------------


@family(
    "The weights are changed in place",
    "Your loop writes into the arrays of the list, with `*=` or `[…] =`. They are the network's own. Make new arrays for the gradients.",
    "slip",
)
def list_in_place(function, options, weights, *args):
    answer = function([np.array(w) for w in weights], *args)
    for w in weights:
        np.multiply(w, 2, out=w, casting="unsafe")
    return answer


@family(
    "The gradients have the integers' type",
    "You wrote the gradients into arrays made with `zeros_like`, or used `astype`. Where weights are integers, that cuts off all that is "
    "behind the decimal point. Make them with dtype float.",
    "slip",
)
def list_cut_off(function, options, weights, *args):
    penalty, grads = function(weights, *args)
    return penalty, [np.asarray(grad).astype(np.asarray(w).dtype) for grad, w in zip(grads, weights, strict=True)]


@family(
    "Arrays without an axis, or with more than two, raise an error",
    "You loop over rows, or `shape[0]` and `shape[1]`. Kernels have four axes, and a single number has none: NumPy's functions of whole "
    "arrays, such as `np.sum(w**2)`, take them all.",
    "slip",
)
def rows_only(function, options, weights, *args):
    if not all(np.ndim(w) in (1, 2) for w in weights):
        raise TypeError("iteration over a 0-d array")
    return function(weights, *args)


changed = partial(in_place, casting="unsafe")
listed = partial(as_list, text="You return a list of numbers. Make an array of it: `np.array(…)`.")
EVERYWHERE = members(SECTIONS, vars(right), nothing_returned)
IN_LISTS = members(PENALTIES, vars(right), list_in_place, list_cut_off, rows_only)
IN_ONE_ARRAY = members(ONE_ARRAY, vars(right), partial(changed, title="An argument is changed in place"), in_a_tuple, listed, flattened)
IN_WEIGHTS = members(WEIGHTS, vars(right), cut_off)
TURNED = members(WEIGHTS, vars(right), partial(negated, text="Your answer has the right size and the wrong sign. Look at the factor."))


# --- l2_penalty and l1_penalty: wrong -------------------------------------------------------------------------------------

IN_BOTH: dict[str, tuple[Severity, str, str, Callable[..., Any]]] = {
    "{}_mean": ("part", "The mean is taken", "You divide the penalty by the number of weights. It is a sum over all of them.",
        lambda p, grads, w, lam: (p / count(w), grads)),
    "{}_penalty_without_lam": ("part", "λ is missing in the penalty", "Your penalty doesn't depend on λ. It multiplies the whole sum.",
        lambda p, grads, w, lam: (p / lam, grads)),
    "{}_grads_without_lam": ("part", "λ is missing in the gradients",
        "Your gradients don't depend on λ. The penalty is multiplied by it, so its gradient is, too.",
        lambda p, grads, w, lam: (p, [grad / lam for grad in grads])),
    "{}_without_lam": ("part", "λ is missing", "Neither the penalty nor the gradients depend on λ. It multiplies both.",
        lambda p, grads, w, lam: (p / lam, [grad / lam for grad in grads])),
    "{}_negative_grads": ("part", "The gradients have the wrong sign",
        "You return the direction in which the penalty falls. The gradient points where it grows; the step will subtract it.",
        lambda p, grads, w, lam: (p, [-grad for grad in grads])),
    "{}_penalty_only": ("part", "Only the penalty is returned", "You return the penalty alone. The gradients are asked for, too.",
        lambda p, grads, w, lam: p),
    "{}_grads_first": ("part", "The gradients come first", "You return (grads, penalty). The caller unpacks the pair in the other order.",
        lambda p, grads, w, lam: (grads, p)),
    "{}_one_long_vector": ("part", "The gradients are one long vector",
        "You return all gradients in one long vector. Each array needs its own, with its own shape: a list of arrays.",
        lambda p, grads, w, lam: (p, np.concatenate([np.ravel(grad) for grad in grads]))),
    "{}_flat_grads": ("part", "The gradients lose their shapes",
        "Each gradient comes back as one long row. It has the shape of its weights.",
        lambda p, grads, w, lam: (p, [np.ravel(grad) for grad in grads])),
    "{}_in_an_array": ("slip", "The penalty is in an array", "You return an array with one number. Return the number itself.",
        lambda p, grads, w, lam: (np.array([p]), grads)),
    "{}_half_penalty": ("part", "The penalty is half as large as it should be",
        "Look at the factor before the sum: it is λ/2 for L2, and λ for L1.",
        lambda p, grads, w, lam: (p / 2, grads)),
    "{}_half_grads": ("part", "The gradients are half as large as they should be",
        "The derivative of λ/2·w² is λw, because the 2 of the square cancels the half. That of λ|w| is λ·sign(w).",
        lambda p, grads, w, lam: (p, [grad / 2 for grad in grads])),
    "{}_whole_lam": ("part", "λ/2 is meant, and λ is used", "The L2 penalty here has the factor λ/2, so its gradient is λw without a 2.",
        lambda p, grads, w, lam: (2 * p, [2 * grad for grad in grads])),
    "{}_penalty_without_half": ("part", "The half is missing in the penalty",
        "The L2 penalty here is λ/2 times the sum of squares, not λ times.",
        lambda p, grads, w, lam: (2 * p, grads)),
    "{}_twice_the_grads": ("part", "The gradients keep a factor 2", "The derivative of λ/2·w² is λw: the 2 of the square cancels the half.",
        lambda p, grads, w, lam: (p, [2 * grad for grad in grads])),
}
ONLY_L2 = {"{}_whole_lam", "{}_penalty_without_half", "{}_twice_the_grads"}
SHARED = [
    one
    for exercise, see in PENALTIES.items()
    for one in changed_items(exercise, see, getattr(right, exercise), {
        key.format(exercise[:2]): row for key, row in IN_BOTH.items() if exercise == "l2_penalty" or key not in ONLY_L2
    })
]
L2 = misconceptions("l2_penalty", "10 §3", {
    "l2_mean_of_each": ("part", "The mean of each array is taken", "You average over each array, in the gradient, too. It is a sum.",
        lambda weights, lam: (sum(squares([w], lam) / max(w.size, 1) for w in weights), [g / max(g.size, 1) for g in along(weights, lam)])),
    "l1_for_l2": ("core", "This is the L1 penalty", "You sum absolute values. L2 squares the weights, and its gradient is λw.",
        lambda weights, lam: (sizes(weights, lam), signs(weights, lam))),
    "l2_grads_of_l1": ("part", "The gradients are those of L1", "λ·sign(w) belongs to L1. The derivative of λ/2·w² isn't a sign: it is λw.",
        lambda weights, lam: (squares(weights, lam), signs(weights, lam))),
    "l2_root": ("part", "The root is taken",
        "You return a norm. Here the penalty is λ/2 times its *square*, which has the simpler gradient.",
        lambda weights, lam: (lam / 2 * np.sqrt(squares(weights, 2)), along(weights, lam))),
    "l2_root_of_each": ("part", "The root is taken of each array", "You add up norms. The penalty is a sum of squares, without a root.",
        lambda weights, lam: (lam / 2 * sum(np.sqrt(squares([w], 2)) for w in weights), along(weights, lam))),
    "l2_last": ("part", "Only the last array counts", "The sum of your loop is overwritten by each array: `+=`, from 0 on.",
        lambda weights, lam: (squares(weights[-1:], lam), along(weights, lam))),
    "l2_first": ("part", "Only the first array counts",
        "The `return` stands in the loop, or you used weights[0]. All arrays are penalised.",
        lambda weights, lam: (squares(weights[:1], lam), along(weights[:1], lam))),
    "l2_square_of_sums": ("part", "The sum is squared", "You add up the weights and square then. Square each weight, and add up then.",
        lambda weights, lam: (lam / 2 * sum(float(np.sum(w)) ** 2 for w in weights), along(weights, lam))),
    "l2_integer_lam": ("slip", "λ is halved as an integer", "`lam // 2` cuts off the half of an odd integer. Write `lam / 2`.",
        lambda weights, lam: (squares(weights, 2) * (lam // 2 if isinstance(lam, int) else lam / 2), along(weights, lam))),
})
L1 = misconceptions("l1_penalty", "10 §3", {
    "l1_eps": ("slip", "ε is added to |w|", "You divide w by |w| + ε, so that tiny weights get less than ±λ. `np.sign` needs no ε.",
        lambda weights, lam: (sizes(weights, lam), [lam * g / (np.abs(g) + 1e-8) for g in along(weights, 1.0)])),
    "l2_for_l1": ("core", "This is the L2 penalty", "You sum squares. L1 sums absolute values, and its gradient is λ·sign(w).",
        lambda weights, lam: (squares(weights, lam), along(weights, lam))),
    "l1_grads_of_l2": ("part", "The gradients are those of L2",
        "You return λw. The slope of |w| is 1 or −1, however large w is: that is what makes L1 sparse.",
        lambda weights, lam: (sizes(weights, lam), along(weights, lam))),
    "l1_without_abs": ("part", "The absolute value is missing", "You add up the weights with their signs, so large ones cancel: `np.abs`.",
        lambda weights, lam: (lam * sum(float(np.sum(w)) for w in weights), signs(weights, lam))),
    "l1_abs_of_sum": ("part", "The absolute value is taken of the sum",
        "You sum first. Take the absolute value of each weight, and sum then.",
        lambda weights, lam: (lam * sum(abs(float(np.sum(w))) for w in weights), signs(weights, lam))),
    "l1_matrix_norm": ("part", "The norm of a matrix is another one",
        "`np.linalg.norm(w, 1)` of a matrix is its largest column sum. The sum of all absolute values is `np.sum(np.abs(w))`.",
        lambda weights, lam: (lam * sum(np.linalg.norm(np.atleast_1d(w), 1) if w.size else 0.0 for w in weights), signs(weights, lam))),
    "l1_last": ("part", "Only the last array counts", "The sum of your loop is overwritten by each array: `+=`, from 0 on.",
        lambda weights, lam: (sizes(weights[-1:], lam), signs(weights, lam))),
    "l1_first": ("part", "Only the first array counts",
        "The `return` stands in the loop, or you used weights[0]. All arrays are penalised.",
        lambda weights, lam: (sizes(weights[:1], lam), signs(weights[:1], lam))),
    "l1_zero_is_negative": ("slip", "The sign of 0 is −1",
        "`np.where(w > 0, 1, -1)` gives −1 at zero. A weight of zero is to stay: np.sign.",
        lambda weights, lam: (sizes(weights, lam), [np.where(np.asarray(w) > 0, lam, -lam) for w in weights])),
    "l1_zero_is_positive": ("slip", "The sign of 0 is 1",
        "`np.where(w >= 0, 1, -1)` gives 1 at zero. A weight of zero is to stay: np.sign.",
        lambda weights, lam: (sizes(weights, lam), [np.where(np.asarray(w) >= 0, lam, -lam) for w in weights])),
    "l1_zero_is_nan": ("slip", "A weight of zero gives NaN", "You divide w by |w|, which is 0/0 where w is 0. `np.sign` knows that case.",
        lambda weights, lam: (sizes(weights, lam), [np.where(g == 0, np.nan, g) for g in signs(weights, lam)])),
})


# --- weight_decay_step: wrong ---------------------------------------------------------------------------------------------

STEPS = misconceptions("weight_decay_step", "10 §4", {
    "decay_integers_raise": ("slip", "Integers are changed in place",
        "You use `-=` or `*=` on a copy. A copy of integers holds integers, fractions don't fit, and NumPy raises: make a copy of dtype "
        "float.",
        lambda w, grad, lr, lam: np.subtract(w, lr * grad + lr * lam * w, out=np.array(w))),
    "decay_none": ("slip", "Without decay, nothing is done", "You return w where λ is 0. Then the step is one of plain gradient descent.",
        lambda w, grad, lr, lam: (1 - lr * lam) * w - lr * grad if lam else 1.0 * w),
    "decay_fixed_lr": ("core", "η is a fixed number", "You wrote 0.1 where η belongs, twice. The caller passes η: use it.",
        lambda w, grad, lr, lam: (1 - 0.1 * lam) * w - 0.1 * grad),
    "decay_grows": ("core", "The weights grow", "You multiply the weights by 1 + ηλ. They are to shrink: 1 − ηλ.",
        lambda w, grad, lr, lam: (1 + lr * lam) * w - lr * grad),
    "decay_uphill": ("core", "The step goes uphill", "You add η∇. Gradients point uphill, and the step goes against them.",
        lambda w, grad, lr, lam: (1 - lr * lam) * w + lr * grad),
    "decay_without_lr": ("part", "η is missing in the decay", "You multiply by 1 − λ. The decay is part of the step: 1 − ηλ.",
        lambda w, grad, lr, lam: (1 - lam) * w - lr * grad),
    "decay_afterwards": ("part", "The gradient's step decays, too",
        "You take the step first and shrink the result, so η∇ is multiplied by 1 − ηλ as well. Only the old weights decay.",
        lambda w, grad, lr, lam: (1 - lr * lam) * (w - lr * grad)),
    "decay_never": ("part", "Nothing decays", "This is plain gradient descent: λ plays no part. Multiply the old weights by 1 − ηλ.",
        lambda w, grad, lr, lam: w - lr * grad),
    "decay_only": ("part", "The gradient is forgotten", "The weights shrink, and that is all. The step subtracts η∇ as well.",
        lambda w, grad, lr, lam: (1 - lr * lam) * w),
    "decay_doubled": ("part", "The decay is twice as strong", "You multiply by 1 − 2ηλ, as for a penalty of λw². Here it is λ/2·w².",
        lambda w, grad, lr, lam: (1 - 2 * lr * lam) * w - lr * grad),
    "decay_by_sign": ("part", "The decay is that of L1", "You subtract ηλ·sign(w), the same for all weights. Multiply them by 1 − ηλ.",
        lambda w, grad, lr, lam: w - lr * grad - lr * lam * np.sign(w)),
    "decay_gradient_alone": ("part", "η is missing before the gradient", "You subtract the whole gradient. Only η times it is the step.",
        lambda w, grad, lr, lam: (1 - lr * lam) * w - grad),
    "decay_change_only": ("core", "The change is returned", "You return what is to be added to the weights. The new weights are asked for.",
        lambda w, grad, lr, lam: -lr * grad - lr * lam * w),
    "decay_lam_added": ("part", "λ is added, and not λw", "You subtract η(∇ + λ), the same for all. The gradient of the penalty is λw.",
        lambda w, grad, lr, lam: w - lr * (grad + lam)),
})


# --- max_norm: wrong ------------------------------------------------------------------------------------------------------


def rescaled(factor, W, r, axis=0, measure=None):
    """Multiply columns, or what lies along an axis, by factors that are computed from their norms."""
    W = np.array(W, dtype=float)
    norms = np.sqrt(np.sum(W**2, axis=axis, keepdims=True)) if measure is None else measure(W)
    with np.errstate(all="ignore"):
        return W * factor(norms, r)


def norm_of(W):
    """Return the norms of the columns; that of zeros is 1e-300."""
    return np.maximum(np.sqrt(np.sum(np.square(W, dtype=float), axis=0)), 1e-300)


def usual(norms, r):
    """Return the factors that shorten to r."""
    return np.minimum(1.0, r / np.where(norms > 0, norms, 1.0))


def measured(measure, W, r):
    """Shorten columns by another norm."""
    return rescaled(usual, W, r, measure=measure)


TINY = "You added a small number to the norm, or compared with one. What is shortened is then a little too short, and much too short where "
TINY += "the weights are tiny. `np.maximum(norms, r)` is never zero, and needs none."
ALWAYS = "You bring every column to the norm r, short ones too, as one of the slides writes it. "
ALWAYS += "Only columns that are longer than r are rescaled."
NORMS = variants("max_norm", "10 §5", right.max_norm, rescaled, {
    "norm_always": ("part", "Short columns are made longer", ALWAYS, lambda n, r: r / np.where(n > 0, n, 1.0)),
    "norm_to_one": ("part", "r is missing in the factor", "You divide by the norm and stop there, so it becomes 1. Multiply by r.",
        lambda n, r: np.where(n > r, 1 / n, 1.0)),
    "norm_inverted": ("core", "The factor is upside down", "You multiply by norm/r, which makes long columns longer. It is r/norm.",
        lambda n, r: np.where(n > r, n / r, 1.0)),
    "norm_never": ("core", "Nothing is shortened", "You return the weights as they were. Columns longer than r are multiplied by r/norm.",
        lambda n, r: np.ones_like(n)),
    "norm_zero_by_zero": ("slip", "Columns of zeros become NaN",
        "You compute r/norm for all columns and choose then. For a column of zeros that is infinite, and infinite times 0 is NaN.",
        lambda n, r: np.where(n > 0, np.minimum(1.0, r / n), np.nan)),
    "norm_eps_1e_8": ("slip", "ε is added to the norm", TINY, lambda n, r: np.minimum(1.0, r / (n + 1e-8))),
    "norm_as_keras": ("slip", "ε is added to the norm", TINY, lambda n, r: np.clip(n, 0, r) / (n + 1e-7)),
    "norm_of_rows": ("core", "Rows are shortened",
        "You sum along axis 1. The weights that lead *to* unit j are column j of W, so the sum is along axis 0.", usual, {"axis": 1}),
    "norm_of_all": ("core", "The norm of the whole matrix is used",
        "You took the norm of all weights. Each unit has its own: that of its column.", usual, {"axis": None}),
}) + variants("max_norm", "10 §5", right.max_norm, measured, {
    "norm_squares": ("part", "The root is forgotten", "You compare and divide by the sum of squares. The norm is its root.",
        lambda W: np.sum(W**2, axis=0)),
    "norm_absolute": ("part", "The norm is the sum of absolute values",
        "You add up absolute values, the ℓ1 norm. Here it is the root of squares, ℓ2.",
        lambda W: np.sum(np.abs(W), axis=0)),
})
NORMS_TOO_LONG = misconceptions("max_norm", "10 §5", {
    "norm_all_or_none": ("part", "One long column rescales all", "You ask whether any column is too long, and rescale all. Ask for each.",
        lambda W, r: W if (norm_of(W) <= r).all() else W * r / norm_of(W)),
    "norm_clipped_both_ways": ("core", "The entries are clipped",
        "You clip every weight to [−r, r]. It is the norm of a column that is limited.",
        lambda W, r: np.clip(W, -r, r)),
    "norm_transposed": ("part", "The result is transposed", "Your numbers are right, but rows and columns are swapped: the shape is W's.",
        lambda W, r: rescaled(usual, W, r).T),
    "norm_if_any": ("slip", "Nothing is returned where all columns are short",
        "Your `return` stands inside the `if`. Where no column is long, return W's numbers.",
        lambda W, r: rescaled(usual, W, r) if (np.linalg.norm(W, axis=0) > r).any() else None),
})
radius_of_one = fixed_number("max_norm", right.max_norm, see="10 §5", position=1, value=1.0, severity="part")


# --- early_stopping: wrong ------------------------------------------------------------------------------------------------


def watched(better, losses, patience, late=0, reset=True, first=np.inf, previous=False):
    """Watch losses epoch by epoch; `better` compares one with the best, or with the one before."""
    best_epoch, best, bad = 0, first, 0
    for epoch, loss in enumerate(losses):
        if better(loss, best):
            best_epoch, best, bad = epoch, loss, bad * (not reset)
        else:
            bad += 1
            best = loss if previous else best
        if bad >= patience + late:
            return best_epoch, epoch
    return best_epoch, len(losses) - 1


def lower(loss, best):
    """Tell whether a loss is strictly lower."""
    return loss < best


STOPPED = variants("early_stopping", "10 §2", right.early_stopping, watched, {
    "stop_equal": ("slip", "An equal loss counts as better", "You compare with `<=`. Only a strictly lower loss is an improvement.",
        lambda loss, best: loss <= best),
    "stop_late": ("part", "Training ends one epoch too late",
        "You wait until there are *more* than patience bad epochs. The patience-th one is the last.", lower, {"late": 1}),
    "stop_early": ("part", "Training ends one epoch too early",
        "You stop one epoch too early: `patience` bad epochs in a row are needed.", lower, {"late": -1}),
    "stop_never_reset": ("part", "Bad epochs add up over the whole run",
        "Your counter isn't set back to 0 by an improvement. The bad epochs have to be in a row.", lower, {"reset": False}),
    "stop_previous": ("part", "Each loss is compared with the one before",
        "You compare with the epoch before. Losses that fall again, but not below the best one, are no improvement.",
        lower, {"previous": True}),
    "stop_from_zero": ("core", "The best loss begins at 0", "No loss is below 0, so nothing ever improves. Begin with the first, or inf.",
        lower, {"first": 0.0}),
    "stop_from_thousand": ("slip", "The best loss begins at a number", "You begin with a number such as 1000. A loss may be larger: inf.",
        lower, {"first": 1000.0}),
    "stop_tolerance": ("slip", "Small improvements don't count",
        "You ask for an improvement by a margin, or a percentage. Any lower loss is one.",
        lambda loss, best: loss < best - 1e-4),
})


def wide(val_losses, patience):
    """Return the right pair, and the losses as an array."""
    return (*watched(lower, val_losses, patience), np.array(val_losses, dtype=float))


PAIRS = changed_items("early_stopping", "10 §2", wide, {
    "stop_first": ("part", "The order is reversed", "You return (stop_epoch, best_epoch). The best epoch comes first.",
        lambda best, stop, losses, val_losses, patience: (stop, best)),
    "stop_from_one": ("part", "Epochs are counted from 1", "Both of your numbers are one too large: the first epoch is number 0.",
        lambda best, stop, losses, val_losses, patience: (best + 1, stop + 1)),
    "stop_is_a_length": ("part", "The number of epochs is returned", "You return how many epochs were trained. The last one has one less.",
        lambda best, stop, losses, val_losses, patience: (best, stop + 1)),
    "stop_lowest_of_all": ("part", "The best epoch lies after the end",
        "You take the lowest loss of the whole list. What comes after stop_epoch would never have been trained.",
        lambda best, stop, losses, val_losses, patience: (int(np.argmin(losses)), stop)),
    "stop_around_the_lowest": ("part", "The lowest loss of all is taken",
        "You look for the lowest loss of the whole list, and wait from there. Training may have ended long before.",
        lambda best, stop, losses, val_losses, patience: (int(np.argmin(losses)), min(int(np.argmin(losses)) + patience, len(losses) - 1))),
    "stop_at_the_end": ("core", "Training never ends early", "You return the lowest loss and the last epoch. `patience` plays no part.",
        lambda best, stop, losses, val_losses, patience: (int(np.argmin(losses)), len(losses) - 1)),
    "stop_never_is_a_length": ("part", "A run to its end ends too late",
        "Epochs are counted from 0, so the last of n epochs has the number n − 1.",
        lambda best, stop, losses, val_losses, patience: (best, stop if stop - best == patience else len(losses))),
    "stop_loss": ("part", "The best loss is returned", "You return the lowest loss itself. The number of its epoch is asked for.",
        lambda best, stop, losses, val_losses, patience: (float(losses[best]), stop)),
    "stop_lists_only": ("slip", "Arrays raise an error", "You use a method of lists, such as `index`. The losses may be an array as well.",
        lambda best, stop, losses, val_losses, patience: (val_losses[: stop + 1].index(losses[best]), stop)),
})


@misconception("early_stopping", "part", title="Each loss is compared with the one before", see="10 §2")
def waits_for_a_fall(val_losses, patience):
    """You count epochs that aren't better than the epoch before. Losses that fall again, but not below the best one, are no improvement."""
    _, stop = watched(lower, val_losses, patience, previous=True)
    return int(np.argmin(val_losses[: stop + 1])), stop


only_best = only_the_first("early_stopping", right.early_stopping, see="10 §2", first="best_epoch", all="best_epoch and stop_epoch")
fixed_patience = partial(fixed_number, "early_stopping", right.early_stopping, see="10 §2", position=1, severity="part")
patience_of_one = fixed_patience(value=1, severity="core")
patience_of_three = fixed_patience(value=3, called="patience_of_three")


@misconception("early_stopping", "slip", title="The losses are changed", see="10 §2")
def losses_popped(val_losses, patience):
    """You take the losses out of the list, or sort it. The list is the caller's: make a copy, or go through it with a for loop."""
    answer = watched(lower, list(val_losses), patience)
    if isinstance(val_losses, list):
        val_losses.clear()
    return answer


# --- shift_image: wrong ---------------------------------------------------------------------------------------------------

SHIFTS = misconceptions("shift_image", "10 §6", {
    "shift_clears_one_side": ("part", "Zeros come in at the top and the left only",
        "After `np.roll` you clear the first dy rows and dx columns. For negative shifts the last ones have to be cleared.",
        lambda image, dy, dx: cleared(image, dy, dx, dy > 0, dx > 0)),
    "shift_negative_wraps": ("part", "Negative indices come from the other side",
        "You ask whether i − dy is below H, and not whether it is at least 0. In Python −1 is the last row.",
        lambda image, dy, dx: cleared(image, dy, dx, False, False) * moved(image * 0 + 1, min(dy, 0), min(dx, 0))),
    "shift_positive_slices": ("part", "Made for positive shifts",
        "Your slices fit together for positive dy and dx only; negative ones raise.",
        lambda image, dy, dx: moved(image, dy, dx) if dy >= 0 and dx >= 0 else np.zeros((2, 2)) + np.zeros((3, 3))),
    "shift_wraps": ("part", "The image wraps round", "`np.roll` brings back on one side what leaves on the other. Zeros have to come in.",
        lambda image, dy, dx: np.roll(image, (dy, dx), axis=(0, 1))),
    "shift_backwards": ("part", "The image moves the wrong way",
        "A positive dy moves down, a positive dx right: pixel (i, j) comes from i − dy.",
        lambda image, dy, dx: moved(image, -dy, -dx)),
    "shift_swapped": ("part", "dy and dx are swapped", "dy belongs to the rows, the first axis, and dx to the columns.",
        lambda image, dy, dx: moved(image, dx, dy)),
    "shift_rows_only": ("part", "Only rows are moved",
        "Your answer doesn't depend on dx. The columns are shifted as well as the rows.", lambda image, dy, dx: moved(image, dy, 0)),
    "shift_edge": ("part", "The edge is repeated", "The rows and columns at the edge come in again and again. Zeros have to come in.",
        lambda image, dy, dx: image[np.ix_(np.clip(np.arange(len(image)) - dy, 0, len(image) - 1),
                                           np.clip(np.arange(image.shape[1]) - dx, 0, image.shape[1] - 1))]),
    "shift_of_zero_clears": ("part", "A shift of 0 leaves nothing",
        "For dy = 0 you clear `out[dy:]`, which is `out[0:]`: everything. Ask whether dy is negative, with `elif dy < 0`.",
        lambda image, dy, dx: moved(image, dy, dx) * (dy != 0) * (dx != 0)),
    "shift_cut_off": ("part", "Fractions are cut off", "You made the result with dtype int. Pixels may be fractions: leave the dtype out.",
        lambda image, dy, dx: moved(image, dy, dx).astype(int)),
    "shift_over_old": ("part", "The old image is left behind", "You write into a copy, so the old pixels stay where zeros should come in.",
        lambda image, dy, dx: moved(image, dy, dx) + image * (moved(image * 0 + 1, dy, dx) == 0)),
    "shift_square_only": ("part", "Made for square images", "You use the height for the width as well: `H, W = image.shape`.",
        lambda image, dy, dx: np.pad(moved(image[:, np.arange(len(image))], dy, dx), ((0, 0), (0, image.shape[1] - len(image))))),
    "shift_far_raises": ("slip", "A shift beyond the image raises an error",
        "Slices with ends outside the image don't fit together. Ask first.",
        lambda image, dy, dx: moved(image, dy, dx) + (0 if abs(dy) <= len(image) and abs(dx) <= image.shape[1] else np.zeros((0, 0, 2)))),
})


@misconception("shift_image", "part", title="A shift of 0 leaves nothing", see="10 §6")
def shift_minus_zero(image, dy, dx):
    """For dy = 0 your slice is `[:-0]`, which is `[:0]`: an empty one. End it at `H - dy`, or ask for 0 first."""
    out = np.zeros(image.shape)
    if dy >= 0 and dx >= 0:
        out[dy:, dx:] = image[:-dy, :-dx]
        return out
    return moved(image, dy, dx)


# --- augment: wrong -------------------------------------------------------------------------------------------------------


def by_shifts(draw, images, rng, max_shift=1):
    """Shift images by what is drawn for a number of images and a largest shift."""
    return all_moved(images, draw(rng, len(images), max_shift))


DRAWN = variants("augment", "10 §6", right.augment, by_shifts, {
    "augment_together": ("part", "All images move together", "You draw one shift and use it for the whole batch. Draw inside the loop.",
        lambda rng, n, m: np.tile(rng.integers(-m, m + 1, 2), (n, 1))),
    "augment_diagonal": ("part", "dy and dx are the same number",
        "You draw once and use it for both axes: images move along diagonals only.",
        lambda rng, n, m: np.repeat(rng.integers(-m, m + 1, (n, 1)), 2, axis=1)),
    "augment_end_excluded": ("part", "The largest shift never comes",
        "`rng.integers(a, b)` ends before b. Pass max_shift + 1, or endpoint=True.",
        lambda rng, n, m: rng.integers(-m, m, (n, 2))),
    "augment_down_and_right": ("part", "Images move down and to the right only",
        "You draw from 0 on. Shifts go from −max_shift to max_shift, both ways.",
        lambda rng, n, m: rng.integers(0, m + 1, (n, 2))),
    "augment_ends_and_zero": ("slip", "Shifts between 0 and max_shift never come",
        "You choose among −max_shift, 0 and max_shift. From max_shift = 2 on there are whole numbers between them.",
        lambda rng, n, m: rng.choice([-m, 0, m], (n, 2))),
    "augment_rounded": ("part", "Zero comes twice as often as 1",
        "You round a uniform number, or cut it with `int`, so that 0 comes twice as often as ±1: rng.integers.",
        lambda rng, n, m: np.rint(rng.uniform(-m, m, (n, 2))).astype(int)),
    "augment_never_zero": ("part", "An axis never stays", "You draw a sign, and no 0. A shift of 0 is as probable as the others.",
        lambda rng, n, m: rng.choice([-m, m], (n, 2))),
    "augment_rows_only": ("part", "Images move up and down only",
        "Your dx is always 0, or never drawn. Both axes get a shift of their own.",
        lambda rng, n, m: rng.integers(-m, m + 1, (n, 2)) * [1, 0]),
    "augment_not_at_all": ("core", "Nothing moves",
        "Every image stays as it was: the shifted ones are thrown away, or `int` cuts numbers below 1 to 0.",
        lambda rng, n, m: np.zeros((n, 2), dtype=int)),
    "augment_range_of_one": ("slip", "max_shift is 1 always", "You draw from −1 to 1, whatever max_shift is, even where it is 0.",
        lambda rng, n, m: rng.integers(-1, 2, (n, 2))),
    "augment_too_far": ("part", "Images move too far", "You draw up to max_shift + 1: `endpoint=True` or the + 1, not both.",
        lambda rng, n, m: rng.integers(-m - 1, m + 2, (n, 2))),
})
AUGMENTED = misconceptions("augment", "10 §6", {
    "augment_squeezed": ("slip", "A batch of one loses its axis", "`np.squeeze` removes all axes of length 1, also that of a batch of one.",
        lambda images, rng, max_shift=1: np.squeeze(at_random(images, rng, max_shift))),
    "augment_wraps": ("part", "Images wrap round", "`np.roll` brings back on one side what leaves on the other: use your shift_image.",
        lambda images, rng, max_shift=1: np.array([np.roll(one, rng.integers(-max_shift, max_shift + 1, 2), (0, 1)) for one in images])),
    "augment_added": ("part", "The batch grows",
        "You return the images and the shifted ones. Here each image is replaced by its shifted one.",
        lambda images, rng, max_shift=1: np.concatenate([images, at_random(images, rng, max_shift)])),
    "augment_first_image": ("core", "There is one image only",
        "You return a single image: the `return` stands in the loop. Collect them all.",
        lambda images, rng, max_shift=1: at_random(images, rng, max_shift)[0]),
})
AT_RANDOM = members({"augment": "10 §6"}, vars(right), generator_ignored, reseeded)
default_of_two = other_default("augment", right.augment, see="10 §6", name="max_shift", value=2)


# --- ensemble_predict: wrong ----------------------------------------------------------------------------------------------


def averages(p):
    """Return the mean probabilities."""
    return np.mean(np.array(p, dtype=float), axis=0)


def votes(p):
    """Return how many members vote for each class."""
    return np.sum(np.eye(np.shape(p)[2])[np.argmax(p, axis=2)], axis=0)


ENSEMBLES = misconceptions("ensemble_predict", "10 §8", {
    "vote": ("core", "The members vote",
        "Every member has one vote, however sure it is. Average the probabilities, and take the largest then.",
        lambda probabilities: np.argmax(votes(probabilities), axis=1)),
    "mean_of_labels": ("core", "The labels are averaged", "The mean of classes 2 and 8 isn't class 5. Average probabilities, not labels.",
        lambda probabilities: np.rint(np.mean(np.argmax(probabilities, axis=2), axis=0)).astype(int)),
    "first_member": ("core", "Only the first member decides", "You use probabilities[0] alone. The average goes over all members.",
        lambda probabilities: np.argmax(probabilities[0], axis=1)),
    "last_member": ("core", "Only the last member decides", "The sum of your loop is overwritten by each member: `+=`, from 0 on.",
        lambda probabilities: np.argmax(probabilities[-1], axis=1)),
    "surest_member": ("core", "The surest member decides",
        "You take the largest probability of any member. Average over the members first.",
        lambda probabilities: np.argmax(np.max(probabilities, axis=0), axis=1)),
    "geometric_mean": ("core", "The probabilities are multiplied",
        "You multiply probabilities, or average logarithms. Average them as they are.",
        lambda probabilities: np.argmax(np.prod(probabilities, axis=0), axis=1)),
    "least_probable": ("core", "The smallest is taken", "`argmin` finds the least probable class. The most probable is `argmax`.",
        lambda probabilities: np.argmin(averages(probabilities), axis=1)),
    "no_argmax": ("part", "Probabilities are returned", "You return the averages. The class with the largest one is asked for: argmax.",
        lambda probabilities: averages(probabilities)),
    "largest_average": ("core", "The largest average is returned", "`max` gives the probability, and `argmax` the class that has it.",
        lambda probabilities: np.max(averages(probabilities), axis=1)),
    "one_hot_labels": ("part", "One-hot rows are returned", "You return rows with a single 1. The number of the class is asked for.",
        lambda probabilities: np.eye(np.shape(probabilities)[2])[np.argmax(averages(probabilities), axis=1)]),
    "argmax_over_examples": ("part", "The argmax goes over the examples",
        "After the mean the axes are examples and classes: `axis=1`, or −1, for the classes.",
        lambda probabilities: np.argmax(averages(probabilities), axis=0)),
    "rounded_averages": ("slip", "The averages are rounded", "Rounding makes close averages equal. Compare them as they are.",
        lambda probabilities: np.argmax(np.round(averages(probabilities), 2), axis=1)),
    "over_examples": ("core", "The mean goes over the examples", "You average along axis 1, that of the examples. Members are axis 0.",
        lambda probabilities: np.argmax(np.mean(probabilities, axis=1), axis=1)),
    "of_everything": ("core", "One number is returned", "Without `axis`, argmax looks at the whole array. Each example has its own class.",
        lambda probabilities: np.argmax(averages(probabilities))),
    "each_member": ("core", "There are labels for each member", "You return (M, N) labels, one row for each member. Average first.",
        lambda probabilities: np.argmax(probabilities, axis=2)),
    "labels_from_one": ("part", "Classes are counted from 1", "All your labels are one too large: the first class has the number 0.",
        lambda probabilities: np.argmax(averages(probabilities), axis=1) + 1),
    "last_of_ties": ("slip", "Of equal classes the last is taken", "You take the largest class of a tie. The smallest class is wanted.",
        lambda probabilities: np.shape(probabilities)[2] - 1 - np.argmax(averages(probabilities)[:, ::-1], axis=1)),
    "float_labels": ("slip", "The labels are floats", "Your labels are numbers like 3.0, with which one can't index: an array of integers.",
        lambda probabilities: np.argmax(averages(probabilities), axis=1).astype(float)),
    "listed_labels": ("slip", "A list is returned", "You return a list of labels. Make an array of it: `np.array(…)`.",
        lambda probabilities: np.argmax(averages(probabilities), axis=1).tolist()),
    "labels_in_a_column": ("part", "The labels are a column", "Your labels have the shape (N, 1). It should be (N,): without `keepdims`.",
        lambda probabilities: np.argmax(averages(probabilities), axis=1)[:, None]),
})
probabilities_in_place = changed("ensemble_predict", right.ensemble_predict, see="10 §8")


# --- right ----------------------------------------------------------------------------------------------------------------

IN_32_BITS = members(ONE_ARRAY, vars(right), in_single_precision)
TOO = alternatives("weight_decay_step", {
    "step_on_the_penalised_loss": lambda w, grad, lr, lam: w - lr * (grad + lam * w),
    "in_three_terms": lambda w, grad, lr, lam: np.subtract(w, lr * grad) - lr * lam * w,
    "by_np_add": lambda w, grad, lr, lam: np.add(np.multiply(1.0 - lam * lr, w), np.multiply(-lr, grad)),
}) + alternatives("max_norm", {
    "by_the_longer": lambda W, r: W * r / np.maximum(np.linalg.norm(W, axis=0, keepdims=True), r),
    "column_by_column": lambda W, r: np.stack([w if np.linalg.norm(w) <= r else r * w / np.linalg.norm(w) for w in 1.0 * W.T], axis=1),
}) + alternatives("ensemble_predict", {
    "by_sums": lambda probabilities: np.sum(probabilities, axis=0).argmax(-1),
    "by_python": lambda probabilities: np.array([max(range(len(row)), key=row.__getitem__) for row in averages(probabilities).tolist()]),
    "member_by_member": lambda probabilities: np.argmax(sum(1.0 * p for p in probabilities), axis=1).astype(np.int32),
}) + alternatives("l2_penalty", {
    "l2_of_one_vector": lambda weights, lam: (
        np.asarray(lam * np.sum(np.concatenate([np.ravel(w) for w in weights]) ** 2.0) / 2), along(weights, lam)),
    "l2_in_single_precision": lambda weights, lam: (
        np.float32(squares(weights, lam)), [grad.astype(np.float32) for grad in along(weights, lam)]),
    "l2_by_norms": lambda weights, lam: (
        lam * 0.5 * np.sum([np.linalg.norm(w) ** 2 for w in weights]), tuple(map(lambda w: np.multiply(w, lam), weights))),
}) + alternatives("l1_penalty", {
    "l1_of_one_vector": lambda weights, lam: (
        lam * np.linalg.norm(np.concatenate([w.reshape(-1) for w in weights]), 1),
        [np.where(w > 0, lam, np.where(w < 0, -lam, 0.0)) for w in weights]),
    "l1_in_single_precision": lambda weights, lam: (
        np.float32(sizes(weights, lam)), [grad.astype(np.float32) for grad in signs(weights, lam)]),
}) + alternatives("shift_image", {
    "by_padding": lambda image, dy, dx: np.pad(image, ((abs(dy), abs(dy)), (abs(dx), abs(dx))))[
        abs(dy) - dy :, abs(dx) - dx :][: image.shape[0], : image.shape[1]],
    "pixel_by_pixel": lambda image, dy, dx: np.array([[
        image[i, j] if 0 <= i < image.shape[0] and 0 <= j < image.shape[1] else 0 for j in range(-dx, image.shape[1] - dx)
    ] for i in range(-dy, image.shape[0] - dy)]),
}) + alternatives("augment", {
    "by_floors": lambda images, rng, max_shift=1: all_moved(
        images, zip(*(np.floor(rng.random((2, len(images))) * (2 * max_shift + 1)).astype(int) - max_shift), strict=True)),
})
# fmt: on


@alternative("l1_penalty")
def l1_in_loops(weights, lam):
    total, grads = 0.0, []
    for w in weights:
        grad = np.zeros(w.shape)
        for index in np.ndindex(w.shape):
            total += abs(w[index])
            grad[index] = lam if w[index] > 0 else -lam if w[index] < 0 else 0
        grads.append(grad)
    return lam * total, grads


@alternative("max_norm")
def with_a_mask(W, r):
    out = W.astype(float)
    norms = np.sqrt(np.einsum("ij,ij->j", out, out))
    out[:, norms > r] *= r / norms[norms > r]
    return out


@alternative("early_stopping")
def with_a_counter(val_losses, patience):
    best, best_epoch, bad = float("inf"), -1, 0
    for epoch in range(len(val_losses)):
        if val_losses[epoch] < best:
            best, best_epoch, bad = val_losses[epoch], epoch, 0
        else:
            bad += 1
            if bad == patience:
                return (best_epoch, epoch)
    return [best_epoch, len(val_losses) - 1]


@alternative("early_stopping")
def by_argmin(val_losses, patience):
    for epoch in range(len(val_losses)):
        best = np.argmin(val_losses[: epoch + 1])
        if epoch - best >= patience:
            break
    return best, epoch


@alternative("early_stopping")
def by_while(val_losses, patience):
    losses, best, epoch = list(map(float, val_losses)), 0, 0
    while epoch + 1 < len(losses) and epoch - best < patience:
        epoch += 1
        best = epoch if losses[epoch] < losses[best] else best
    return np.array([best, epoch])


@alternative("augment")
def image_by_image(images, rng, max_shift=1):
    out = np.zeros(images.shape)
    for n in range(len(images)):
        dx = rng.integers(-max_shift, max_shift, endpoint=True)
        dy = int(rng.choice(np.arange(-max_shift, max_shift + 1)))
        out[n] = moved(images[n], dy, dx)
    return out


@alternative("augment")
def by_cropping(images, rng, max_shift=1):
    N, H, W = images.shape
    padded = np.pad(images, ((0, 0), (max_shift, max_shift), (max_shift, max_shift)))
    corners = rng.integers(0, 2 * max_shift + 1, (N, 2))
    return np.stack([padded[n, y : y + H, x : x + W] for n, (y, x) in enumerate(corners)])
