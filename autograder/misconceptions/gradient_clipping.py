"""What students believe about gradient clipping, and right answers that are written in other ways."""

import math
from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import (
    cut_off,
    family,
    fixed_number,
    in_a_tuple,
    in_place,
    negated,
    nothing_returned,
    only_the_first,
)
from autograder.reference import gradient_clipping as right

SIGN = "Your answer has the right size and the wrong sign: a step along it would lead the other way."
SECTIONS = {"clip_by_value": "06 §3", "clip_by_norm": "06 §4", "clip_by_global_norm": "06 §5"}


# --- right functions, for answers that are wrong elsewhere ------------------------------------------------------------------


def norms_back(W, g, steps):
    """Return the norms of g, Wᵀg, WᵀWᵀg and so on."""
    return [np.linalg.norm(g @ np.linalg.matrix_power(W, k)) for k in range(steps + 1)]


def shortened(grad, max_norm):
    """Clip the norm of an array."""
    return np.array(grad, dtype=float) * (max_norm / max(max_norm, np.linalg.norm(grad)))


def all_shortened(grads, max_norm):
    """Clip the norm of all arrays together."""
    norm = float(np.sqrt(sum(np.sum(np.square(grad, dtype=float)) for grad in grads)))
    return [np.array(grad, dtype=float) * (max_norm / max(max_norm, norm)) for grad in grads], norm


# --- families -------------------------------------------------------------------------------------------------------------


@family(
    "Integers are changed in place",
    "You work with `*=`, `+=` or `/=` on a copy of {argument}. Where {argument} holds integers, the copy does so too, and fractions "
    "don't fit "
    "into it: NumPy raises an error. Write `{argument} = factor * {argument}`, or make a copy of dtype float.",
    "slip",
    position=0,
)
def integers_raise(function, options, *args, **kwargs):
    for array in args[0] if isinstance(args[0], list) else [args[options["position"]]]:
        np.array(array).__imul__(0.5)
    return function(*args, **kwargs)


@family(
    "Only arrays with one axis are taken",
    "Your loop over `range(len({argument}))` meets numbers only if {argument} has one axis; a matrix consists of rows. Weights are "
    "matrices and "
    "kernels have four axes: use NumPy's functions of whole arrays, or loop over `{argument}.ravel()`.",
    "part",
    position=0,
)
def one_axis_only(function, options, *args, **kwargs):
    if np.ndim(args[options["position"]]) != 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous.")
    return function(*args, **kwargs)


@family("The shape is lost", "You return the entries in one row. Give the answer the shape of {argument}: `reshape`.", "part", position=0)
def flattened(function, options, *args, **kwargs):
    return np.ravel(function(*args, **kwargs))


@family("A list is returned", "You return a list of numbers, as a comprehension makes it. Make an array of it.", "slip", position=0)
def as_list(function, options, *args, **kwargs):
    return np.asarray(function(*args, **kwargs)).tolist()


MEASURES = {
    "norm": lambda x: np.sqrt(np.sum(x * x)),
    "sum": lambda x: np.sum(np.abs(x)),
    "largest": lambda x: np.max(np.abs(x), initial=0.0),
    "square": lambda x: np.sum(x * x),
    "mean": lambda x: np.sqrt(np.mean(x * x)) if x.size else 0.0,
    "signed": lambda x: abs(np.sum(x)),
}

FACTORS = {
    "right": lambda norm, v: v / norm if norm > v else 1.0,
    "always": lambda norm, v: np.float64(v) / norm,
    "to_one": lambda norm, v: 1.0 / norm if norm > v else 1.0,
    "inverted": lambda norm, v: norm / v if norm > v else 1.0,
    "inside_only": lambda norm, v: np.float64(v) / norm if norm < v else 1.0,
    "dropped": lambda norm, v: 0.0 if norm > v else 1.0,
    "never": lambda norm, v: 1.0,
    "halved": lambda norm, v: 0.5 if norm > v else 1.0,
    "squared": lambda norm, v: (v / norm) ** 2 if norm > v else 1.0,
    "rooted": lambda norm, v: math.sqrt(v / norm) if norm > v else 1.0,
    "threshold_only": lambda norm, v: v if norm > v else 1.0,
    "less": lambda norm, v: v / (norm - v) if norm > v else 1.0,
    "sum_below": lambda norm, v: v / (norm + v) if norm > v else 1.0,
    "eps_1e_6": lambda norm, v: min(1.0, v / (norm + 1e-6)),
    "eps_1e_8": lambda norm, v: min(1.0, v / (norm + 1e-8)),
    "eps_1e_12": lambda norm, v: v / (norm + 1e-12) if norm > v else 1.0,
}


@family("", "", "part", measure="norm", factor="right")
def rescaled(_, options, grads, max_norm):
    """Multiply one array, or a list of them, by a factor that is computed from a measure."""
    arrays = [np.array(grad, dtype=float) for grad in (grads if isinstance(grads, list) else [grads])]
    norm = MEASURES[options["measure"]](np.concatenate([array.ravel() for array in arrays]))
    with np.errstate(all="ignore"):
        clipped = [FACTORS[options["factor"]](norm, max_norm) * array for array in arrays]
    return (clipped, norm) if isinstance(grads, list) else clipped[0]


# --- clip_by_norm and clip_by_global_norm: wrong ---------------------------------------------------------------------------

TINY = "You added {0} to the norm, as some libraries do. What is clipped is then too short, and much too short where gradients are tiny. "
TINY += "Only zero would be divided by zero, and it isn't longer than max_norm: ask first, and divide only then."
# fmt: off
RESCALED = [
    ("eps_1e_6", "slip", "ε is added to the norm", TINY.format("1e-6")),
    ("eps_1e_8", "slip", "ε is added to the norm", TINY.format("1e-8")),
    ("eps_1e_12", "slip", "ε is added to the norm", TINY.format("1e-12")),
    ("always", "part", "Short gradients are made longer",
     "You scale every gradient to the norm max_norm, short ones too, and divide by zero where there is none. Clipping only ever shortens: "
     "compare the norm with max_norm first, or let the factor be at most 1."),
    ("to_one", "part", "The threshold is missing in the factor",
     "You divide by the norm and stop there, so the norm becomes 1. It has to become max_norm: multiply by max_norm/norm."),
    ("inverted", "core", "The factor is upside down",
     "You multiply by norm/max_norm, which makes a long gradient longer. The factor is max_norm/norm, which is below 1."),
    ("inside_only", "core", "The comparison is the wrong way round",
     "You rescale where the norm is below max_norm, and leave long gradients as they are: `<` for `>`, or max for min. Clipping is for "
     "those with norm > max_norm."),
    ("dropped", "core", "A long gradient is thrown away",
     "You return zeros where the norm is larger than max_norm. Clipping keeps the direction: multiply by max_norm/norm."),
    ("never", "core", "Nothing is clipped",
     "Your function returns what it was given, whatever its norm. Where that is larger than max_norm, multiply by max_norm/norm."),
    ("halved", "part", "Long gradients are halved",
     "You halve a gradient that is too long. Its norm has to be max_norm afterwards, so multiply by max_norm/norm."),
    ("squared", "part", "The factor is squared",
     "You multiply by max_norm/norm twice, or by the ratio of the squares. Once brings the norm to max_norm."),
    ("rooted", "part", "The root of the factor is taken",
     "You multiply by the root of max_norm/norm. The norm is a root already; multiply by max_norm/norm itself."),
    ("threshold_only", "core", "The norm is missing in the factor",
     "You multiply by max_norm, and never divide by the norm. The length of g/‖g‖ is 1, so that of max_norm·g/‖g‖ is max_norm."),
    ("less", "part", "The denominator is norm − max_norm",
     "You divide by what the norm has too much. Divide by the norm itself: max_norm/norm brings it to max_norm."),
    ("sum_below", "part", "The denominator is norm + max_norm",
     "You divide by the sum of norm and max_norm. Divide by the norm itself: max_norm/norm brings it to max_norm."),
]
MEASURED = [
    ("sum", "The norm is the sum of the absolute values",
     "You add up the absolute values, the ℓ1 norm. Here it is the root of the sum of squares."),
    ("largest", "The norm is the largest entry",
     "You took the largest absolute value for the norm. Here it is the root of the sum of squares."),
    ("square", "The root is forgotten", "You compare and divide by the sum of squares. The norm is the root of that."),
    ("mean", "The norm is a mean",
     "You average the squares instead of adding them. A norm grows with the number of entries: sum, then root."),
    ("signed", "The norm is a sum with signs",
     "You add the entries with their signs, and positive and negative ones cancel. Square them first."),
]
SCALED = [
    rescaled(exercise, getattr(right, exercise), see=SECTIONS[exercise], called=f"{exercise}_{which}", title=title, text=text, **options)
    for exercise in ("clip_by_norm", "clip_by_global_norm")
    for which, title, text, options in (
        *((name, title, text, {"factor": name, "severity": severity}) for name, severity, title, text in RESCALED),
        *((name, title, text, {"measure": name}) for name, title, text in MEASURED),
    )
    if (exercise, which) != ("clip_by_global_norm", "halved")
]


@misconception("clip_by_norm", "part", title="Each row is clipped by itself", see="06 §4")
def rows_by_themselves(grad, max_norm):
    """You took the norm along an axis, so each row of a matrix is shortened by a factor of its own, which turns the gradient. Here the norm
    is that of all entries: `np.linalg.norm(grad)` without `axis`."""
    grad = np.array(grad, dtype=float)
    norms = np.sqrt(np.sum(grad**2, axis=-1, keepdims=True)) if grad.ndim else np.abs(grad)
    return grad * np.where(norms > max_norm, max_norm / np.where(norms > 0, norms, 1), 1.0)


@misconception("clip_by_norm", "part", title="A matrix is measured by its largest singular value", see="06 §4")
def spectral_norm(grad, max_norm):
    """`np.linalg.norm(grad, 2)` of a matrix is its largest singular value, which is smaller than the root of the sum of all squares, and
    for three axes it raises. Leave the 2 out: without it NumPy sums the squares of all entries."""
    norm = np.linalg.norm(grad, 2)
    return grad * (max_norm / norm) if norm > max_norm else grad


@misconception("clip_by_norm", "core", title="The entries are clipped, and not the norm", see="06 §4")
def clipped_by_value(grad, max_norm):
    """You clip every entry to [−max_norm, max_norm], which turns the gradient and leaves its norm above max_norm. All entries have to be
    multiplied by the same factor."""
    return np.clip(grad, -max_norm, max_norm)


@misconception("clip_by_norm", "part", title="Nothing is returned for short gradients", see="06 §4")
def returned_if_long(grad, max_norm):
    """Your `return` stands inside the `if`. Where the gradient is short enough, the function ends without one, and the caller gets None."""
    norm = np.linalg.norm(grad)
    return max_norm * (grad / norm) if norm > max_norm else None


@misconception("clip_by_norm", "slip", title="A gradient of zeros becomes NaN", see="06 §4")
def zero_by_zero(grad, max_norm):
    """You compute grad/‖grad‖ first and choose afterwards. For a gradient of zeros that is 0/0, NaN, and NaN times 0 is NaN as well. Ask
    first whether the norm is larger than max_norm."""
    norm = np.linalg.norm(grad)
    with np.errstate(all="ignore"):
        return np.array(grad) / norm * min(norm, max_norm)


GLOBAL = {
    "arrays_by_themselves": lambda g, v, clipped, norm: ([shortened(grad, v) for grad in g], norm),
    "arrays_and_norms": lambda g, v, clipped, norm: ([shortened(grad, v) for grad in g], [np.linalg.norm(grad) for grad in g]),
    "arrays_by_value": lambda g, v, clipped, norm: ([np.clip(grad, -v, v) for grad in g], norm),
    "norm_afterwards": lambda g, v, clipped, norm: (clipped, min(norm, v)),
    "factor_returned": lambda g, v, clipped, norm: (clipped, min(1.0, v / norm) if norm else 1.0),
    "squared_norm": lambda g, v, clipped, norm: (clipped, norm**2),
    "last_norm": lambda g, v, clipped, norm: (clipped, float(np.linalg.norm(g[-1]))),
    "norms_in_a_list": lambda g, v, clipped, norm: (clipped, [float(np.linalg.norm(grad)) for grad in g]),
    "norm_first": lambda g, v, clipped, norm: (norm, clipped),
    "one_long_vector": lambda g, v, clipped, norm: (np.concatenate([grad.ravel() for grad in clipped]), norm),
    "zero_by_zero": lambda g, v, clipped, norm: ([grad * (np.float64(norm) / norm) for grad in clipped], norm),
    "sum_of_norms": lambda g, v, clipped, norm: by_measure(g, v, sum(np.linalg.norm(grad) for grad in g)),
    "largest_norm": lambda g, v, clipped, norm: by_measure(g, v, max(np.linalg.norm(grad) for grad in g)),
    "mean_of_norms": lambda g, v, clipped, norm: by_measure(g, v, sum(np.linalg.norm(grad) for grad in g) / len(g)),
    "first_norm": lambda g, v, clipped, norm: by_measure(g, v, np.linalg.norm(g[0])),
}


def by_measure(grads, max_norm, norm):
    """Clip all arrays by another norm."""
    return [grad * (max_norm / norm if norm > max_norm else 1.0) for grad in grads], norm


@family("", "", "part")
def all_clipped(function, options, grads, max_norm):
    clipped, norm = function(grads, max_norm)
    with np.errstate(all="ignore"):
        return GLOBAL[options["which"]](grads, max_norm, clipped, norm)


ALL_CLIPPED = [
    all_clipped(
        "clip_by_global_norm", right.clip_by_global_norm, see="06 §5", called=f"global_{which}", which=which, severity=severity,
        title=title, text=text,
    )
    for which, severity, title, text in (
        ("arrays_by_themselves", "part", "Each array is clipped by itself",
         "The norm that you return is that of all arrays, but each array is clipped by its own. Then every array has another factor, "
         "and the gradient as a whole is turned. One factor, max_norm/norm, is for all."),
        ("arrays_and_norms", "core", "Each array is clipped by itself, and there is a norm for each",
         "You clip every array by its own norm, and return a list of norms. Here all arrays are one long vector, with one norm and "
         "one factor."),
        ("arrays_by_value", "core", "The entries are clipped, and not the norm",
         "You clip every entry to [−max_norm, max_norm]. Here all arrays are multiplied by one factor, max_norm/norm."),
        ("norm_afterwards", "part", "The norm after clipping is returned",
         "You return the norm of what was clipped, which is at most max_norm. Whoever chooses a threshold wants to know how long the "
         "gradient was *before*."),
        ("factor_returned", "part", "The factor is returned in place of the norm",
         "The second item is the norm before clipping, and you return the factor by which the arrays are multiplied."),
        ("squared_norm", "part", "The squared norm is returned",
         "The arrays are clipped as they should be, but what you return beside them is the sum of squares, without its root."),
        ("last_norm", "part", "The norm of the last array is returned",
         "The arrays are right, but the norm that you return is that of one array: a variable of the loop has the name of the result."),
        ("norms_in_a_list", "part", "A list of norms is returned",
         "The arrays are right, but you return a norm for each. One number was asked for: the norm of all entries together."),
        ("norm_first", "part", "The norm comes first", "You return (norm, clipped). The caller unpacks the pair in the other order."),
        ("one_long_vector", "part", "The arrays lose their shapes",
         "You return flat vectors, or a single long one. Each parameter needs its own gradient back, with its own shape: a list of "
         "arrays."),
        ("zero_by_zero", "slip", "A gradient of zeros raises, or becomes NaN",
         "Your factor is min(norm, max_norm)/norm, which is 0/0 where all gradients are zero. Divide only where the norm is larger "
         "than max_norm."),
        ("sum_of_norms", "part", "The norms are added",
         "You add the norms of the arrays. Norms don't add up, their squares do: sum the squares of all norms, then take the root."),
        ("largest_norm", "part", "The largest of the norms is taken",
         "You took the norm of the longest array for all. All entries of all arrays count: the root of the sum of all squares."),
        ("mean_of_norms", "part", "The norms are averaged",
         "You took the mean of the arrays' norms. All entries count as one long vector: the root of the sum of all squares."),
        ("first_norm", "part", "Only the first array counts",
         "The norm that you compute is that of the first array. All arrays together are one vector: sum the squares of them all."),
    )
]


@misconception("clip_by_global_norm", "slip", title="The arrays of the list are changed in place", see="06 §5")
def list_in_place(grads, max_norm):
    """`grad *= factor` writes into the caller's arrays (and raises for integers). Make a new list: `[factor * grad for grad in grads]`."""
    clipped, norm = all_shortened(grads, max_norm)
    for grad in grads:
        grad *= min(1.0, max_norm / norm) if norm else 1.0
    return clipped, norm


@misconception("clip_by_global_norm", "slip", title="The items of the list are replaced", see="06 §5")
def items_replaced(grads, max_norm):
    """`grads[i] = …` changes the caller's list, though not its arrays. Make a new list: `[factor * grad for grad in grads]`."""
    clipped, norm = all_shortened(grads, max_norm)
    grads[:] = clipped
    return clipped, norm


@misconception("clip_by_global_norm", "slip", title="Arrays with no axis raise", see="06 §5")
def concatenated(grads, max_norm):
    """`len(grad)`, and `np.concatenate` of the arrays themselves, raise for an array with no axis, such as a single scale. `grad.ravel()`
    and `np.sum` take any shape."""
    if min(np.ndim(grad) for grad in grads) == 0:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    return all_shortened(grads, max_norm)


LISTS = [
    family(exercise, getattr(right, exercise), see=SECTIONS[exercise])
    for exercise in ("clip_by_norm", "clip_by_global_norm")
    for family in (
        nothing_returned,
        partial(fixed_number, name="max_norm", value=1.0, severity="part", called="{exercise}_to_1"),
        partial(fixed_number, name="max_norm", value=5.0, severity="part", called="{exercise}_to_5"),
        integers_raise,
    )
]
global_list_alone = only_the_first(
    "clip_by_global_norm",
    right.clip_by_global_norm,
    see="06 §5",
    title="Only the arrays are returned",
    text="The norm before clipping is missing: return the pair (clipped, norm), with a comma between the two.",
)
global_negated = negated("clip_by_norm", right.clip_by_norm, see="06 §4", text=SIGN)
norm_forms = [
    family("clip_by_norm", right.clip_by_norm, see="06 §4")
    for family in (partial(in_place, casting="unsafe"), cut_off, in_a_tuple, as_list, flattened)
]
norm_one_axis = one_axis_only("clip_by_norm", right.clip_by_norm, see="06 §4")


@family(
    "The clipped integers have no fractions",
    "You give each clipped array the dtype of the original. Integers lose their fractions.",
    "slip",
)
def list_cut_off(function, options, grads, max_norm):
    clipped, norm = function(grads, max_norm)
    return [array.astype(np.asarray(grad).dtype) for array, grad in zip(clipped, grads, strict=True)], norm


global_cut_off = list_cut_off("clip_by_global_norm", right.clip_by_global_norm, see="06 §5")


# --- clip_by_value: wrong -------------------------------------------------------------------------------------------------

VALUES = {
    "above_only": lambda g, c: np.minimum(g, c),
    "below_only": lambda g, c: np.maximum(g, -c),
    "down_to_zero": lambda g, c: np.clip(g, 0, c),
    "absolute": lambda g, c: np.minimum(np.abs(g), c),
    "positive_limit": lambda g, c: np.where(np.abs(g) > c, c, g),
    "zeroed": lambda g, c: np.where(np.abs(g) > c, 0.0, g),
    "squashed": lambda g, c: c * np.tanh(g / c),
    "signs": lambda g, c: c * np.sign(g),
    "by_largest": lambda g, c: g * min(1.0, c / np.max(np.abs(g), initial=1e-300)),
    "by_norm": lambda g, c: g * min(1.0, c / (np.linalg.norm(g) or 1e-300)),
    "to_one": lambda g, c: np.where(np.abs(g) > c, np.sign(g), g),
    "swapped": lambda g, c: np.minimum(np.maximum(g, c), -c),
    "outwards": lambda g, c: np.where(np.abs(g) < c, c * np.sign(g), g),
    "wrapped": lambda g, c: g - 2 * c * np.round(g / (2 * c)),
    "never": lambda g, c: g,
}


@family("", "", "part")
def valued(_, options, grad, limit):
    return VALUES[options["which"]](np.array(grad, dtype=float), limit)


VALUED = [
    valued(
        "clip_by_value", right.clip_by_value, see="06 §3", called=f"value_{which}", which=which, severity=severity, title=title, text=text
    )
    for which, severity, title, text in (
        ("above_only", "part", "Only large positive entries are clipped",
         "Entries below −limit stay. Clip at both ends: `np.clip(grad, -limit, limit)`."),
        ("below_only", "part", "Only large negative entries are clipped",
         "Entries above limit stay. Clip at both ends: `np.clip(grad, -limit, limit)`."),
        ("down_to_zero", "part", "Negative entries become 0",
         "You clip to [0, limit]. A gradient has both signs: clip to [−limit, limit]."),
        ("absolute", "part", "The signs are lost", "You clip the absolute values and return them. Each entry keeps its sign."),
        ("positive_limit", "part", "Large negative entries become +limit",
         "Where |g| > limit you write limit. Below −limit it has to be −limit."),
        ("zeroed", "part", "Large entries become 0", "You throw large entries away. They become limit or −limit, by their sign."),
        ("squashed", "core", "Every entry is squashed",
         "You bend all entries with tanh. Entries inside [−limit, limit] stay exactly as they are."),
        ("signs", "part", "Every entry becomes ±limit",
         "You return limit·sign(g), so small entries grow. Entries inside [−limit, limit] stay."),
        ("by_largest", "core", "All entries are scaled",
         "You divide all entries by the largest one. By value, each entry is clipped by itself."),
        ("by_norm", "core", "The norm is clipped, and not the entries",
         "You shorten the whole gradient. By value, each entry is clipped by itself."),
        ("to_one", "part", "Large entries become ±1",
         "You write the sign where limit·sign(g) belongs; with a limit of 1 it looks the same."),
        ("swapped", "core", "The two ends are swapped",
         "The lower end comes first: `np.clip(grad, -limit, limit)`; min takes limit, max takes −limit."),
        ("outwards", "core", "The comparison is the wrong way round",
         "You change the entries inside [−limit, limit] and leave those outside."),
        ("wrapped", "part", "Large entries are wrapped round", "You bring large entries back by a period. They become limit or −limit."),
        ("never", "core", "Nothing is clipped", "You return grad as it is. Entries outside [−limit, limit] become limit or −limit."),
    )
]
VALUE_FAMILIES = [
    family("clip_by_value", right.clip_by_value, see="06 §3")
    for family in (
        partial(in_place, casting="unsafe"),
        cut_off,
        in_a_tuple,
        as_list,
        flattened,
        one_axis_only,
        partial(negated, text=SIGN),
        nothing_returned,
        partial(fixed_number, name="limit", value=1.0, severity="part"),
        partial(fixed_number, name="limit", value=5.0, severity="core", called="value_to_5"),
    )
]


# --- cosine_similarity: wrong ---------------------------------------------------------------------------------------------

COSINES = {
    "dot": lambda a, b, la, lb: a @ b,
    "by_a": lambda a, b, la, lb: a @ b / la,
    "by_b": lambda a, b, la, lb: a @ b / lb,
    "by_a_squared": lambda a, b, la, lb: a @ b / la**2,
    "by_squares": lambda a, b, la, lb: a @ b / (la**2 * lb**2),
    "by_sum": lambda a, b, la, lb: a @ b / (la + lb),
    "by_root": lambda a, b, la, lb: a @ b / np.sqrt(la * lb),
    "by_l1": lambda a, b, la, lb: a @ b / (np.sum(np.abs(a)) * np.sum(np.abs(b))),
    "by_joint": lambda a, b, la, lb: a @ b / np.linalg.norm(a * b),
    "precedence": lambda a, b, la, lb: a @ b / la * lb,
    "by_sizes": lambda a, b, la, lb: a @ b / a.size,
    "absolute": lambda a, b, la, lb: abs(a @ b) / (la * lb),
    "angle": lambda a, b, la, lb: np.arccos(np.clip(a @ b / (la * lb), -1, 1)),
    "degrees": lambda a, b, la, lb: np.degrees(np.arccos(np.clip(a @ b / (la * lb), -1, 1))),
    "distance": lambda a, b, la, lb: 1 - a @ b / (la * lb),
    "squared": lambda a, b, la, lb: (a @ b / (la * lb)) ** 2,
    "centred": lambda a, b, la, lb: (a - a.mean()) @ (b - b.mean()) / (np.linalg.norm(a - a.mean()) * np.linalg.norm(b - b.mean())),
    "euclidean": lambda a, b, la, lb: np.linalg.norm(a / la - b / lb),
    "eps_1e_8": lambda a, b, la, lb: a @ b / (la * lb + 1e-8),
    "eps_1e_12": lambda a, b, la, lb: a @ b / (la * lb + 1e-12),
    "eps_in_each": lambda a, b, la, lb: a @ b / ((la + 1e-10) * (lb + 1e-10)),
    "nearly_zero": lambda a, b, la, lb: 0.0 if min(la, lb) < 1e-8 else a @ b / (la * lb),
    "zero_is_nan": lambda a, b, la, lb: a @ b / (la * lb),
    "zero_is_one": lambda a, b, la, lb: a @ b / (la * lb) if la * lb else 1.0,
    "only_a_checked": lambda a, b, la, lb: a @ b / (la * lb) if la else 0.0,
    "in_an_array": lambda a, b, la, lb: np.array([a @ b / (la * lb) if la * lb else 0.0]),
    "in_a_matrix": lambda a, b, la, lb: np.array([[a @ b / (la * lb) if la * lb else 0.0]]),
}


@family("", "", "part")
def compared(_, options, a, b):
    a, b = np.array(a, dtype=float).ravel(), np.array(b, dtype=float).ravel()
    la, lb = np.linalg.norm(a), np.linalg.norm(b)
    with np.errstate(all="ignore"):
        if la * lb == 0 and not options["which"].startswith(("zero", "only", "in_a")):
            return 0.0
        return COSINES[options["which"]](a, b, la, lb)


ADDED = "You add to the denominator, so that short vectors seem to be at right angles. Divide by ‖a‖‖b‖, and ask before if it is 0."
COMPARED = [
    compared(
        "cosine_similarity",
        right.cosine_similarity,
        see="06 §3",
        called=f"cosine_{which}",
        which=which,
        severity=severity,
        title=title,
        text=text,
    )
    for which, severity, title, text in (
        ("dot", "core", "Nothing is divided by the lengths", "You return a·b, which grows with the vectors. Divide it by ‖a‖‖b‖."),
        ("by_a", "part", "Divided by the length of a alone", "You return a·b/‖a‖, the length of b's projection. Divide by ‖b‖, too."),
        ("by_b", "part", "Divided by the length of b alone", "You return a·b/‖b‖, the length of a's projection. Divide by ‖a‖, too."),
        ("by_a_squared", "part", "Divided by the square of one length", "You return a·b/‖a‖². The denominator has both lengths: ‖a‖‖b‖."),
        ("by_squares", "part", "The roots are forgotten", "You divide by ‖a‖²‖b‖², the sums of squares without their roots."),
        ("by_sum", "core", "Divided by the sum of the lengths", "You divide by ‖a‖ + ‖b‖. A cosine is divided by the product ‖a‖‖b‖."),
        ("by_root", "part", "One root too many", "You divide by √(‖a‖‖b‖). The norms are roots already: divide by their product."),
        ("by_l1", "part", "The lengths are sums of absolute values",
         "You divide by ℓ1 norms. A cosine needs the root of the sum of squares."),
        ("by_joint", "core", "Divided by the norm of a·b",
         "You divide by the norm of the products of the entries. Take the norm of each vector, and multiply."),
        ("precedence", "part", "A pair of brackets is missing",
         "`x / la * lb` divides by la and then multiplies by lb. Write `x / (la * lb)`."),
        ("by_sizes", "core", "Divided by the number of entries",
         "You return the mean of the products. Divide a·b by the lengths ‖a‖‖b‖ instead."),
        ("absolute", "part", "The sign is lost",
         "You return the absolute value. Above 90° the cosine is negative, which tells a step back from a step ahead."),
        ("angle", "part", "The angle is returned", "You return the angle, in radians. Its cosine was asked for: leave out arccos."),
        ("degrees", "part", "The angle in degrees is returned",
         "You return the angle in degrees. Its cosine was asked for: leave out arccos."),
        ("distance", "part", "1 − cosine is returned",
         "You return the cosine *distance*, as scipy.spatial.distance.cosine does. The cosine is 1 minus that."),
        ("squared", "part", "The cosine is squared", "You return the square of the cosine, so the sign is lost, too."),
        ("centred", "core", "The means are subtracted",
         "You return the correlation: each vector less its mean. A cosine compares the vectors as they are."),
        ("euclidean", "part", "A distance is returned",
         "You return the distance of the two unit vectors. The cosine is their dot product."),
        ("eps_1e_8", "slip", "ε is added to the denominator", ADDED),
        ("eps_1e_12", "slip", "ε is added to the denominator", ADDED),
        ("eps_in_each", "slip", "ε is added to each length", ADDED),
        ("nearly_zero", "slip", "Short vectors count as zero",
         "You compare a length with a small number, or use isclose. Only a vector of zeros has no angle: `== 0`."),
        ("zero_is_nan", "slip", "A vector of zeros gives NaN", "You divide 0 by 0. Ask whether a length is 0, and return 0.0 then."),
        ("zero_is_one", "slip", "A vector of zeros counts as parallel",
         "You return 1.0 where a vector is zero. It has no angle, and 0.0 is wanted."),
        ("only_a_checked", "slip", "Only a is checked for zeros", "You ask whether a is zero, and divide by 0 where b is. Ask for both."),
        ("in_an_array", "slip", "The number is in an array",
         "You return an array with one number. Return the number itself: `float(…)`, or `np.sum(a * b)`."),
        ("in_a_matrix", "slip", "The number is in a matrix", "You return a matrix with one number. Return the number itself."),
    )
]


@misconception("cosine_similarity", "part", title="Matrices are multiplied", see="06 §3")
def matrix_product(a, b):
    """`a @ b` and `np.dot` of two matrices are a product of matrices. The dot product of all entries is `np.sum(a * b)`, or that of the
    flattened arrays."""
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    return np.dot(a, b) / norms if norms else 0.0


@misconception("cosine_similarity", "part", title="A cosine for each row", see="06 §3")
def cosine_of_rows(a, b):
    """You sum along the last axis, which gives a matrix one cosine per row. The whole array is one vector: flatten it first."""
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.sum(a * b, axis=-1) / np.where(norms > 0, norms, 1)


@misconception("cosine_similarity", "part", title="The mean of the rows' cosines", see="06 §3")
def mean_of_rows(a, b):
    """You compute a cosine per row, and average. The whole array is one vector: flatten it first."""
    return np.mean(cosine_of_rows(a, b))


COSINE_FAMILIES = [
    family("cosine_similarity", right.cosine_similarity, see="06 §3", **options)
    for family, options in ((in_place, {"title": "An argument is changed in place"}), (negated, {"text": SIGN}), (nothing_returned, {}))
]


# --- repeated_product_norms: wrong ----------------------------------------------------------------------------------------

PRODUCTS = {
    "untransposed": lambda W, g, n: [np.linalg.norm(np.linalg.matrix_power(W, k) @ g) for k in range(n + 1)],
    "without_g": lambda W, g, n: norms_back(W, g, n)[1:],
    "one_too_few": lambda W, g, n: norms_back(W, g, n)[:-1],
    "one_too_many": lambda W, g, n: norms_back(W, g, n + 1),
    "shifted": lambda W, g, n: norms_back(W, g, n + 1)[1:],
    "squares": lambda W, g, n: [norm**2 for norm in norms_back(W, g, n)],
    "sums": lambda W, g, n: [np.sum(np.abs(g @ np.linalg.matrix_power(W, k))) for k in range(n + 1)],
    "largest": lambda W, g, n: [np.max(np.abs(g @ np.linalg.matrix_power(W, k))) for k in range(n + 1)],
    "means": lambda W, g, n: [norm / np.sqrt(len(g)) for norm in norms_back(W, g, n)],
    "powers_of_entries": lambda W, g, n: [np.linalg.norm(g)] + [np.linalg.norm(g @ W**k) for k in range(1, n + 1)],
    "always_from_g": lambda W, g, n: [np.linalg.norm(g)] + n * [np.linalg.norm(W.T @ g)],
    "by_entries": lambda W, g, n: [np.linalg.norm(W.T**k * g) for k in range(n + 1)],
    "matrices": lambda W, g, n: [np.linalg.norm(np.linalg.matrix_power(W, k)) for k in range(n + 1)],
    "spectral_norms": lambda W, g, n: [np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(n + 1)],
    "vectors": lambda W, g, n: [g @ np.linalg.matrix_power(W, k) for k in range(n + 1)],
    "last_only": lambda W, g, n: norms_back(W, g, n)[-1],
    "relative": lambda W, g, n: [norm / (np.linalg.norm(g) or 1.0) for norm in norms_back(W, g, n)],
    "added": lambda W, g, n: [np.linalg.norm(g @ np.linalg.matrix_power(W + np.eye(len(g)), k)) for k in range(n + 1)],
    "column": lambda W, g, n: np.array(norms_back(W, g, n))[:, None],
    "backwards": lambda W, g, n: norms_back(W, g, n)[::-1],
    "running_sums": lambda W, g, n: np.cumsum(norms_back(W, g, n)),
    "at_least_one": lambda W, g, n: norms_back(W, g, max(n, 1)),
}


@family("", "", "part")
def multiplied(_, options, W, g, steps):
    return PRODUCTS[options["which"]](np.array(W, dtype=float), np.array(g, dtype=float), steps)


@family("", "", "core")
def normalised_each_time(_, options, W, g, steps):
    norms = [np.linalg.norm(g)]
    for _step in range(steps):
        g = W.T @ (g / (np.linalg.norm(g) or 1.0))
        norms.append(np.linalg.norm(g))
    return norms


MULTIPLIED = [
    multiplied(
        "repeated_product_norms",
        right.repeated_product_norms,
        see="06 §1",
        called=f"product_{which}",
        which=which,
        severity=severity,
        title=title,
        text=text,
    )
    for which, severity, title, text in (
        ("untransposed", "part", "W stands where Wᵀ belongs",
         "You go forwards, with W. Back along the chain the gradient is multiplied by the transpose, Wᵀ."),
        ("without_g", "part", "The norm of g itself is missing",
         "Your list begins with Wᵀg. The norm of g, before any product, comes first."),
        ("one_too_few", "part", "The last norm is missing",
         "You have `steps` norms. With that of g there are steps + 1: append one after each product."),
        ("one_too_many", "part", "There is one norm too many",
         "You multiply steps + 1 times. With the norm of g there are steps + 1 norms after `steps` products."),
        ("shifted", "part", "The list begins one step too late",
         "You multiply before you measure, so the norm of g is missing, and there is one product too many."),
        ("squares", "part", "The root is forgotten", "You return the sums of squares. The norm is the root of that."),
        ("sums", "part", "The norm is the sum of the absolute values",
         "You return ℓ1 norms. Here the norm is the root of the sum of squares."),
        ("largest", "part", "The norm is the largest entry",
         "You return the largest absolute value. Here the norm is the root of the sum of squares."),
        ("means", "part", "The norm is a mean",
         "You average the squares instead of adding them. A norm grows with the number of entries: sum, then root."),
        ("powers_of_entries", "core", "The entries of W are raised to a power",
         "`W**k` takes the power of each entry. Multiply by Wᵀ with `@`, k times."),
        ("always_from_g", "core", "Every product begins with g again",
         "You multiply g by Wᵀ, and never the result. Overwrite g: `g = W.T @ g`."),
        ("by_entries", "core", "The product is taken entry by entry",
         "`*` multiplies entries. The product of a matrix and a vector is `@`."),
        ("matrices", "core", "The norms of matrices are returned", "You measure the powers of W. The vectors Wᵀ…Wᵀg were asked for."),
        ("spectral_norms", "core", "The largest singular values are returned",
         "You measure the powers of W. The vectors Wᵀ…Wᵀg were asked for."),
        ("vectors", "core", "Vectors are returned", "You return the vectors themselves. Their norms were asked for."),
        ("last_only", "core", "Only the last norm is returned", "You return one number. All norms were asked for, from g's own on."),
        ("relative", "part", "The norms are divided by that of g", "Your first norm is always 1. The norms themselves were asked for."),
        ("added", "core", "The product is added to g", "You add Wᵀg to g, as a residual connection does. Here g is replaced by Wᵀg."),
        ("column", "part", "The norms stand in a column",
         "Your array has two axes. A list of numbers, or an array with one axis, was asked for."),
        ("backwards", "part", "The order is reversed", "Your list begins with the last product. The norm of g comes first."),
        ("running_sums", "part", "The norms are summed up", "You add each norm to those before it. Each stands for itself."),
        ("at_least_one", "slip", "No step at all is one step",
         "You multiply once before you look at steps. For steps = 0 the answer is the norm of g alone."),
    )
]
normalised = normalised_each_time(
    "repeated_product_norms",
    right.repeated_product_norms,
    see="06 §1",
    title="The vector is normalised at each step",
    text="You divide by the norm before each product. That finds the spectral radius, but it hides growth and decay, which were asked for.",
)


@misconception("repeated_product_norms", "slip", title="Integers overflow", see="06 §1")
def overflowing(W, g, steps):
    """With integers in W and g, every product is one of integers, and past 9·10¹⁸ they wrap round without a warning. Make g an array of
    floats first."""
    norms = [np.linalg.norm(g)]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            g = W.T @ g
            norms.append(np.linalg.norm(g))
    return norms


product_in_place = in_place("repeated_product_norms", right.repeated_product_norms, see="06 §1", position=1, casting="unsafe")
product_nothing = nothing_returned("repeated_product_norms", right.repeated_product_norms, see="06 §1")


# fmt: on


# --- right ----------------------------------------------------------------------------------------------------------------


@alternative("repeated_product_norms")
def by_powers(W, g, steps):
    W = np.array(W, dtype=float)
    return np.array([np.linalg.norm(np.linalg.matrix_power(W.T, k) @ g) for k in range(steps + 1)])


def step_by_step(W, g, steps):
    """Return the norms by recursion."""
    norm = math.sqrt(sum(entry**2 for entry in g))
    if steps == 0:
        return [norm]
    back = [sum(float(W[i, j]) * g[i] for i in range(len(g))) for j in range(len(g))]
    return [norm, *step_by_step(W, back, steps - 1)]


@alternative("repeated_product_norms")
def by_recursion(W, g, steps):
    return step_by_step(W, [float(entry) for entry in g], steps)


@alternative("repeated_product_norms")
def by_einsum(W, g, steps):
    out, g = np.zeros(steps + 1), g.astype(np.float64)
    for step in range(steps + 1):
        out[step] = np.sqrt((g**2).sum())
        g = np.einsum("ij,i->j", W, g)
    return out


@alternative("repeated_product_norms")
def in_32_bits(W, g, steps):
    W, g = np.float32(W), np.float32(g)
    norms = [np.linalg.norm(g)]
    for _ in range(steps):
        g = np.dot(g, W)
        norms.append(np.linalg.norm(g))
    return np.array(norms, dtype=np.float32)


@alternative("repeated_product_norms")
def as_a_tuple_of_floats(W, g, steps):
    row, norms = 1.0 * g.reshape(1, -1), ()
    while len(norms) <= steps:
        norms, row = (*norms, float(np.linalg.norm(row))), row @ W
    return norms


@alternative("clip_by_value")
def by_minimum_and_maximum(grad, limit):
    return np.maximum(-limit, np.minimum(grad, limit))


@alternative("clip_by_value")
def by_where(grad, limit):
    return np.where(grad > limit, limit, np.where(grad < -limit, -limit, grad))


@alternative("clip_by_value")
def entry_by_entry(grad, limit):
    out = np.empty(grad.shape)
    for index in np.ndindex(grad.shape):
        out[index] = max(-limit, min(limit, grad[index]))
    return out


@alternative("clip_by_value")
def with_masks(grad, limit):
    out = np.array(grad, dtype=np.float32 if grad.dtype == np.float32 else np.float64)
    out[out >= limit] = limit
    out[out <= -limit] = -limit
    return out


@alternative("clip_by_value")
def in_single_precision(grad, limit):
    return np.clip(grad, -limit, limit).astype(np.float32)


@alternative("clip_by_norm")
def norm_in_32_bits(grad, max_norm):
    return shortened(grad, max_norm).astype(np.float32)


@alternative("clip_by_norm")
def by_a_factor(grad, max_norm):
    norm = np.sqrt(np.sum(np.square(grad, dtype=float)))
    return grad * (min(1.0, max_norm / norm) if norm > 0 else 1.0)


@alternative("clip_by_norm")
def by_the_larger(grad, max_norm):
    return np.array(grad, dtype=float) * max_norm / max(np.linalg.norm(np.ravel(grad)), max_norm)


@alternative("clip_by_norm")
def by_sums_of_squares(grad, max_norm):
    total = 0.0
    for entry in grad.flat:
        total += float(entry) ** 2
    if total > max_norm**2:
        return max_norm * grad / math.sqrt(total)
    return grad.copy()


@alternative("clip_by_norm")
def on_the_ball_too(grad, max_norm):
    flat = grad.reshape(-1).astype(float)
    norm = math.sqrt(flat @ flat)
    return (flat if norm < max_norm or norm == 0 else flat / norm * max_norm).reshape(grad.shape)


@alternative("cosine_similarity")
def cosine_in_32_bits(a, b):
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    return np.float32(np.sum(a * b) / norms) if norms else np.float32(0)


@alternative("cosine_similarity")
def of_unit_vectors(a, b):
    a, b = np.ravel(a).astype(float), np.ravel(b).astype(float)
    if not a.any() or not b.any():
        return 0
    return float((a / np.linalg.norm(a)) @ (b / np.linalg.norm(b)))


@alternative("cosine_similarity")
def by_sums(a, b):
    dot = sum(float(x) * float(y) for x, y in zip(a.flat, b.flat, strict=True))
    squares = [sum(float(x) ** 2 for x in each.flat) for each in (a, b)]
    return dot / math.sqrt(squares[0]) / math.sqrt(squares[1]) if all(squares) else 0.0


@alternative("cosine_similarity")
def by_vdot(a, b):
    with np.errstate(all="ignore"):
        cosine = np.vdot(a, b) / np.sqrt(np.vdot(a, a)) / np.sqrt(np.vdot(b, b))
    return np.array(np.nan_to_num(cosine))


@alternative("cosine_similarity")
def by_the_law_of_cosines(a, b):
    one, other = np.linalg.norm(a), np.linalg.norm(b)
    if one == 0 or other == 0:
        return np.float64(0.0)
    return np.clip(1 - np.sum((a / one - b / other) ** 2) / 2, -1.0, 1.0)


@alternative("clip_by_global_norm")
def all_in_32_bits(grads, max_norm):
    clipped, norm = all_shortened(grads, max_norm)
    return [array.astype(np.float32) for array in clipped], np.float32(norm)


@alternative("clip_by_global_norm")
def by_one_long_vector(grads, max_norm):
    norm = float(np.linalg.norm(np.concatenate([np.ravel(grad) for grad in grads])))
    if norm <= max_norm:
        return grads, norm
    return [grad * (max_norm / norm) for grad in grads], norm


@alternative("clip_by_global_norm")
def by_the_norms_norm(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(grad) for grad in grads])
    return [np.asarray(max_norm * grad / max(max_norm, norm)) for grad in grads], norm


@alternative("clip_by_global_norm")
def with_a_loop(grads, max_norm):
    total = 0.0
    for grad in grads:
        total += (np.asarray(grad, dtype=float) ** 2).sum()
    norm, clipped = math.sqrt(total), []
    for grad in grads:
        clipped.append(grad / norm * max_norm if norm > max_norm else np.copy(grad))
    return tuple(clipped), norm


@alternative("clip_by_global_norm")
def through_one_array(grads, max_norm):
    flat = np.concatenate([np.ravel(grad) for grad in grads]).astype(float)
    clipped = shortened(flat, max_norm)
    ends = np.cumsum([np.size(grad) for grad in grads])[:-1]
    return [part.reshape(np.shape(grad)) for part, grad in zip(np.split(clipped, ends), grads, strict=True)], np.array(np.linalg.norm(flat))
