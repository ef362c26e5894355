"""What students believe about gradient clipping, and right answers that are written in other ways."""

import math
from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    as_list,
    changed_items,
    cut_off,
    family,
    fixed_number,
    flattened,
    in_a_tuple,
    in_place,
    in_single_precision,
    members,
    negated,
    nothing_returned,
    only_the_first,
    variants,
)

from ..reference import gradient_clipping as right

SECTIONS = {
    "repeated_product_norms": "06 §1",
    "clip_by_value": "06 §3",
    "cosine_similarity": "06 §3",
    "clip_by_norm": "06 §4",
    "clip_by_global_norm": "06 §5",
}
BY_NORM = {exercise: SECTIONS[exercise] for exercise in ("clip_by_norm", "clip_by_global_norm")}
ONE_ARRAY = {exercise: SECTIONS[exercise] for exercise in ("clip_by_value", "clip_by_norm")}
OVERFLOW = "Products of integers are integers of the same type, and wrap round without a warning where they are too large for it. Make "
OVERFLOW += "floats of the numbers first: `dtype=float`."


# --- right functions, for answers that are wrong elsewhere ------------------------------------------------------------------


def back(W, g, k):
    """Return WᵀWᵀ…Wᵀg with k factors."""
    return np.array(g, dtype=float) @ np.linalg.matrix_power(np.array(W, dtype=float), k)


def norms_back(W, g, steps):
    """Return the norms of g, Wᵀg, WᵀWᵀg and so on."""
    return [np.linalg.norm(back(W, g, k)) for k in range(steps + 1)]


def shortened(grad, max_norm):
    """Clip the norm of an array."""
    return np.array(grad, dtype=float) * (max_norm / max(max_norm, np.linalg.norm(grad)))


def cosine(a, b, of_zero=0.0):
    """Return the cosine, or what is to be the answer for a vector of zeros."""
    a, b = np.array(a, dtype=float).ravel(), np.array(b, dtype=float).ravel()
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b) if a.any() and b.any() else of_zero


# fmt: off
# --- families -------------------------------------------------------------------------------------------------------------


@family(
    "Integers are changed in place",
    "You work with `*=`, `+=` or `/=` on a copy of {argument}. Where {argument} holds integers, the copy does so too, and fractions "
    "don't fit into it: NumPy raises an error. Write `{argument} = factor * {argument}`, or make a copy of dtype float.",
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
    "matrices and kernels have four axes: use NumPy's functions of whole arrays, or loop over `{argument}.ravel()`.",
    "part",
    position=0,
)
def one_axis_only(function, options, *args, **kwargs):
    if np.ndim(args[options["position"]]) != 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous.")
    return function(*args, **kwargs)


changed = partial(in_place, casting="unsafe")
listed = partial(as_list, text="You return a list of numbers, as a comprehension makes it. Make an array of it.")
turned = partial(negated, text="Your answer has the right size and the wrong sign: a step along it would lead the other way.")
to_one = partial(fixed_number, position=1, value=1.0, severity="part")
EVERYWHERE = members(SECTIONS, vars(right), nothing_returned)
IN_ONE_ARRAY = members(ONE_ARRAY, vars(right), changed, cut_off, in_a_tuple, listed, flattened, one_axis_only, turned)
TO_ONE = members(ONE_ARRAY | BY_NORM, vars(right), to_one)
IN_COSINES = members({"cosine_similarity": "06 §3"}, vars(right), partial(changed, title="An argument is changed in place"), turned)
product_in_place = changed("repeated_product_norms", right.repeated_product_norms, see="06 §1", position=1)


# --- clip_by_norm and clip_by_global_norm: wrong ---------------------------------------------------------------------------


def norm_of(x):
    """Return the norm of a vector."""
    return np.sqrt(np.sum(x * x))


def usual_factor(norm, v):
    """Return the factor that clips to v."""
    return v / norm if norm > v else 1.0


def rescaled(factor, grads, max_norm, measure=norm_of):
    """Multiply one array, or those of a list, by a factor that is computed from a norm."""
    arrays = [np.array(grad, dtype=float) for grad in (grads if isinstance(grads, list) else [grads])]
    norm = measure(np.concatenate([array.ravel() for array in arrays]))
    with np.errstate(all="ignore"):
        clipped = [factor(norm, max_norm) * array for array in arrays]
    return (clipped, norm) if isinstance(grads, list) else clipped[0]


def measured(measure, grads, max_norm):
    """Clip one array, or those of a list, by another norm."""
    return rescaled(usual_factor, grads, max_norm, measure)


TINY = "You added a small number to the norm, as some libraries do. What is clipped is then too short, and much too short where gradients "
TINY += "are tiny. Only zero would be divided by zero, and it isn't longer than max_norm: ask first, and divide only then."
FACTORS = {
    "eps_1e_6": ("slip", "ε is added to the norm", TINY, lambda norm, v: min(1.0, v / (norm + 1e-6))),
    "eps_1e_8": ("slip", "ε is added to the norm", TINY, lambda norm, v: min(1.0, v / (norm + 1e-8))),
    "eps_1e_12": ("slip", "ε is added to the norm", TINY, lambda norm, v: v / (norm + 1e-12) if norm > v else 1.0),
    "always": ("part", "Short gradients are made longer",
        "You scale every gradient to the norm max_norm, short ones too, and divide by zero where there is none. Clipping only ever "
        "shortens: compare the norm with max_norm first, or let the factor be at most 1.",
        lambda norm, v: np.float64(v) / norm),
    "to_one": ("part", "The threshold is missing in the factor",
        "You divide by the norm and stop there, so the norm becomes 1. It has to become max_norm: multiply by max_norm/norm.",
        lambda norm, v: 1.0 / norm if norm > v else 1.0),
    "inverted": ("core", "The factor is upside down",
        "You multiply by norm/max_norm, which makes a long gradient longer. The factor is max_norm/norm, which is below 1.",
        lambda norm, v: norm / v if norm > v else 1.0),
    "inside_only": ("core", "The comparison is the wrong way round",
        "You rescale where the norm is below max_norm, and leave long gradients as they are: `<` for `>`, or max for min. Clipping is for "
        "those with norm > max_norm.",
        lambda norm, v: np.float64(v) / norm if norm < v else 1.0),
    "dropped": ("core", "A long gradient is thrown away",
        "You return zeros where the norm is larger than max_norm. Clipping keeps the direction: multiply by max_norm/norm.",
        lambda norm, v: 0.0 if norm > v else 1.0),
    "never": ("core", "Nothing is clipped",
        "Your function returns what it was given, whatever its norm. Where that is larger than max_norm, multiply by max_norm/norm.",
        lambda norm, v: 1.0),
    "squared": ("part", "The factor is squared",
        "You multiply by max_norm/norm twice, or by the ratio of the squares. Once brings the norm to max_norm.",
        lambda norm, v: (v / norm) ** 2 if norm > v else 1.0),
    "square_compared": ("part", "The squared norm is compared",
        "You compare the sum of squares with max_norm, and so clip gradients that are short enough, or spare long ones. Compare its root.",
        lambda norm, v: v / norm if norm**2 > v else 1.0),
    "threshold_only": ("core", "The norm is missing in the factor",
        "You multiply by max_norm, and never divide by the norm. The length of g/‖g‖ is 1, so that of max_norm·g/‖g‖ is max_norm.",
        lambda norm, v: v if norm > v else 1.0),
}
MEASURES = {
    "sum": ("part", "The norm is the sum of the absolute values",
        "You add up the absolute values, the ℓ1 norm. Here it is the root of the sum of squares.",
        lambda x: np.sum(np.abs(x))),
    "largest": ("part", "The norm is the largest entry",
        "You took the largest absolute value for the norm. Here it is the root of the sum of squares.",
        lambda x: np.max(np.abs(x), initial=0.0)),
    "square": ("part", "The root is forgotten", "You compare and divide by the sum of squares. The norm is the root of that.",
        lambda x: np.sum(x * x)),
    "mean": ("part", "The norm is a mean",
        "You average the squares instead of adding them. A norm grows with the number of entries: sum, then root.",
        lambda x: np.sqrt(np.mean(x * x)) if x.size else 0.0),
}
SCALED = [
    one
    for exercise, see in BY_NORM.items()
    for of, table in ((rescaled, FACTORS), (measured, MEASURES))
    for one in variants(exercise, see, getattr(right, exercise), of, {f"{exercise}_{which}": row for which, row in table.items()})
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


CLIPPED = misconceptions("clip_by_norm", "06 §4", {
    "clipped_by_value": ("core", "The entries are clipped, and not the norm",
        "You clip every entry to [−max_norm, max_norm], which turns the gradient and leaves its norm above max_norm. All entries have to "
        "be multiplied by the same factor.",
        lambda grad, max_norm: np.clip(grad, -max_norm, max_norm)),
    "returned_if_long": ("part", "Nothing is returned for short gradients",
        "Your `return` stands inside the `if`. Where the gradient is short, the function ends without one, and its caller gets None.",
        lambda grad, max_norm: shortened(grad, max_norm) if np.linalg.norm(grad) > max_norm else None),
    "zero_by_zero": ("slip", "A gradient of zeros becomes NaN",
        "You compute grad/‖grad‖ first and choose afterwards. For a gradient of zeros that is 0/0, NaN, and NaN times 0 is NaN as well. "
        "Ask first whether the norm is larger than max_norm.",
        lambda grad, max_norm: shortened(grad, max_norm) if np.any(grad) else grad * np.nan),
    "squares_overflow": ("slip", "Integers overflow", OVERFLOW,
        lambda grad, max_norm: grad * usual_factor(math.sqrt(max(np.sum(grad**2), 0)), max_norm)),
})


def by_norm(clipped, norm, grads, max_norm):
    """Clip all arrays by another norm."""
    return [grad * usual_factor(norm, max_norm) for grad in grads], norm


GLOBAL = changed_items("clip_by_global_norm", "06 §5", right.clip_by_global_norm, {
    "arrays_by_themselves": ("core", "Each array is clipped by itself",
        "The norm that you return is that of all arrays, but each array is clipped by its own. Then every array has another factor, "
        "and the gradient as a whole is turned. One factor, max_norm/norm, is for all.",
        lambda clipped, norm, g, v: ([shortened(grad, v) for grad in g], norm)),
    "arrays_and_norms": ("core", "Each array is clipped by itself, and there is a norm for each",
        "You clip every array by its own norm, and return a list of norms. Here all arrays are one long vector, with one norm and "
        "one factor.",
        lambda clipped, norm, g, v: ([shortened(grad, v) for grad in g], [np.linalg.norm(grad) for grad in g])),
    "arrays_by_value": ("core", "The entries are clipped, and not the norm",
        "You clip every entry to [−max_norm, max_norm]. Here all arrays are multiplied by one factor, max_norm/norm.",
        lambda clipped, norm, g, v: ([np.clip(grad, -v, v) for grad in g], norm)),
    "norm_of_those_before": ("part", "The norm isn't complete when it is used",
        "You clip in the loop that adds up the squares, so each array gets the norm of itself and those before it. Add up all squares "
        "first, and multiply in a second loop.",
        lambda clipped, norm, g, v: ([measured(norm_of, g[: i + 1], v)[0][i] for i in range(len(g))], norm)),
    "all_returned_if_long": ("part", "Nothing is returned for short gradients",
        "Your `return` stands inside the `if`. Where the norm is small, the function ends without one, and its caller gets None.",
        lambda clipped, norm, g, v: (clipped, norm) if norm > v else None),
    "norm_afterwards": ("part", "The norm after clipping is returned",
        "You return the norm of what was clipped, which is at most max_norm. Whoever chooses a threshold wants to know how long the "
        "gradient was *before*.",
        lambda clipped, norm, g, v: (clipped, min(norm, v))),
    "factor_returned": ("part", "The factor is returned in place of the norm",
        "The second item is the norm before clipping, and you return the factor by which the arrays are multiplied.",
        lambda clipped, norm, g, v: (clipped, min(1.0, v / norm) if norm else 1.0)),
    "squared_norm": ("part", "The squared norm is returned",
        "The arrays are clipped as they should be, but what you return beside them is the sum of squares, without its root.",
        lambda clipped, norm, g, v: (clipped, norm**2)),
    "last_norm": ("part", "The norm of the last array is returned",
        "The arrays are right, but the norm that you return is that of one array: a variable of the loop has the name of the result.",
        lambda clipped, norm, g, v: (clipped, float(np.linalg.norm(g[-1])))),
    "norms_in_a_list": ("part", "A list of norms is returned",
        "The arrays are right, but you return a norm for each. One number was asked for: the norm of all entries together.",
        lambda clipped, norm, g, v: (clipped, [float(np.linalg.norm(grad)) for grad in g])),
    "norm_first": ("part", "The norm comes first", "You return (norm, clipped). The caller unpacks the pair in the other order.",
        lambda clipped, norm, g, v: (norm, clipped)),
    "one_long_vector": ("part", "The arrays lose their shapes",
        "You return flat vectors, or a single long one. Each parameter needs its own gradient back, with its own shape: a list of "
        "arrays.",
        lambda clipped, norm, g, v: (np.concatenate([grad.ravel() for grad in clipped]), norm)),
    "all_zero_by_zero": ("slip", "A gradient of zeros raises, or becomes NaN",
        "Your factor is min(norm, max_norm)/norm, which is 0/0 where all gradients are zero. Divide only where the norm is larger "
        "than max_norm.",
        lambda clipped, norm, g, v: ([grad if norm else grad * np.nan for grad in clipped], norm)),
    "all_squares_overflow": ("slip", "Integers overflow", OVERFLOW,
        lambda clipped, norm, g, v: by_norm(clipped, math.sqrt(max(sum(np.sum(grad**2) for grad in g), 0)), g, v)),
    "sum_of_norms": ("part", "The norms are added",
        "You add the norms of the arrays. Norms don't add up, their squares do: sum the squares of all norms, then take the root.",
        lambda clipped, norm, g, v: by_norm(clipped, sum(np.linalg.norm(grad) for grad in g), g, v)),
    "largest_norm": ("part", "The largest of the norms is taken",
        "You took the norm of the longest array for all. All entries of all arrays count: the root of the sum of all squares.",
        lambda clipped, norm, g, v: by_norm(clipped, max(np.linalg.norm(grad) for grad in g), g, v)),
    "first_norm": ("part", "Only the first array counts",
        "The norm that you compute is that of the first array. All arrays together are one vector: sum the squares of them all.",
        lambda clipped, norm, g, v: by_norm(clipped, np.linalg.norm(g[0]), g, v)),
    "list_cut_off": ("slip", "The clipped integers have no fractions",
        "You give each clipped array the dtype of the original. Integers lose their fractions.",
        lambda clipped, norm, g, v: ([np.asarray(array, dtype=grad.dtype) for array, grad in zip(clipped, g, strict=True)], norm)),
})


@misconception("clip_by_global_norm", "slip", title="The arrays of the list are changed in place", see="06 §5")
def list_in_place(grads, max_norm):
    """`grad *= factor` writes into the caller's arrays (and raises for integers). Make a new list: `[factor * grad for grad in grads]`."""
    clipped, norm = measured(norm_of, grads, max_norm)
    for grad in grads:
        grad *= usual_factor(norm, max_norm)
    return clipped, norm


@misconception("clip_by_global_norm", "slip", title="The items of the list are replaced", see="06 §5")
def items_replaced(grads, max_norm):
    """`grads[i] = …` changes the caller's list, though not its arrays. Make a new list: `[factor * grad for grad in grads]`."""
    grads[:], norm = measured(norm_of, grads, max_norm)
    return grads, norm


@misconception("clip_by_global_norm", "slip", title="Arrays with no axis raise", see="06 §5")
def concatenated(grads, max_norm):
    """`len(grad)`, and `np.concatenate` of the arrays themselves, raise for an array with no axis, such as a single scale. `grad.ravel()`
    and `np.sum` take any shape."""
    if min(np.ndim(grad) for grad in grads) == 0:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    return measured(norm_of, grads, max_norm)


IN_BOTH_NORMS = members(BY_NORM, vars(right), integers_raise)  # after what is changed in place, which raises, too
global_list_alone = only_the_first(
    "clip_by_global_norm", right.clip_by_global_norm, see="06 §5", title="Only the arrays are returned",
    text="The norm before clipping is missing: return the pair (clipped, norm), with a comma between the two.",
)


# --- clip_by_value: wrong -------------------------------------------------------------------------------------------------

VALUES = misconceptions("clip_by_value", "06 §3", {
    "value_above_only": ("part", "Only large positive entries are clipped",
        "Entries below −limit stay. Clip at both ends: `np.clip(grad, -limit, limit)`.",
        lambda grad, limit: np.minimum(grad, limit)),
    "value_below_only": ("part", "Only large negative entries are clipped",
        "Entries above limit stay. Clip at both ends: `np.clip(grad, -limit, limit)`.",
        lambda grad, limit: np.maximum(grad, -limit)),
    "value_down_to_zero": ("part", "Negative entries become 0",
        "You clip to [0, limit]. A gradient has both signs: clip to [−limit, limit].",
        lambda grad, limit: np.clip(grad, 0, limit)),
    "value_absolute": ("part", "The signs are lost", "You clip the absolute values and return them. Each entry keeps its sign.",
        lambda grad, limit: np.minimum(np.abs(grad), limit)),
    "value_positive_limit": ("part", "Large negative entries become +limit",
        "Where |g| > limit you write limit. Below −limit it has to be −limit.",
        lambda grad, limit: np.where(np.abs(grad) > limit, limit, grad)),
    "value_zeroed": ("part", "Large entries become 0", "You throw large entries away. They become limit or −limit, by their sign.",
        lambda grad, limit: np.where(np.abs(grad) > limit, 0.0, grad)),
    "value_signs": ("part", "Every entry becomes ±limit",
        "You return limit·sign(g), so small entries grow. Entries inside [−limit, limit] stay.",
        lambda grad, limit: limit * np.sign(grad)),
    "value_by_largest": ("core", "All entries are scaled",
        "You divide all entries by the largest one. By value, each entry is clipped by itself.",
        lambda grad, limit: grad * min(1.0, limit / np.max(np.abs(grad), initial=1e-300))),
    "value_by_norm": ("core", "The norm is clipped, and not the entries",
        "You shorten the whole gradient. By value, each entry is clipped by itself.",
        lambda grad, limit: shortened(grad, limit)),
    "value_to_one": ("part", "Large entries become ±1",
        "You write the sign where limit·sign(g) belongs; with a limit of 1 it looks the same.",
        lambda grad, limit: np.where(np.abs(grad) > limit, np.sign(grad), grad)),
    "value_swapped": ("core", "The two ends are swapped",
        "The lower end comes first: `np.clip(grad, -limit, limit)`; min takes limit, max takes −limit.",
        lambda grad, limit: np.minimum(np.maximum(grad, limit), -limit)),
    "value_outwards": ("core", "The comparison is the wrong way round",
        "You change the entries inside [−limit, limit] and leave those outside.",
        lambda grad, limit: np.where(np.abs(grad) < limit, limit * np.sign(grad), grad)),
    "value_two_values": ("part", "Entries inside become −limit",
        "Your `np.where` has two cases, limit and −limit. There is a third: entries inside [−limit, limit] stay.",
        lambda grad, limit: np.where(grad > limit, limit, -limit)),
    "value_never": ("core", "Nothing is clipped", "You return grad as it is. Entries outside [−limit, limit] become limit or −limit.",
        lambda grad, limit: grad),
})


# --- cosine_similarity: wrong ---------------------------------------------------------------------------------------------


def compared(how, a, b):
    """Compute something of two vectors and their lengths, where none of them is zero."""
    a, b = np.array(a, dtype=float).ravel(), np.array(b, dtype=float).ravel()
    return how(a, b, np.linalg.norm(a), np.linalg.norm(b)) if a.any() and b.any() else 0.0


ADDED = "You add to the denominator, so that short vectors seem to be at right angles. Divide by ‖a‖‖b‖, and ask before if it is 0."
COMPARED = variants("cosine_similarity", "06 §3", right.cosine_similarity, compared, {
    "cosine_dot": ("core", "Nothing is divided by the lengths", "You return a·b, which grows with the vectors. Divide it by ‖a‖‖b‖.",
        lambda a, b, la, lb: a @ b),
    "cosine_by_a": ("part", "Divided by the length of a alone", "You return a·b/‖a‖, the length of b's projection. Divide by ‖b‖, too.",
        lambda a, b, la, lb: a @ b / la),
    "cosine_by_b": ("part", "Divided by the length of b alone", "You return a·b/‖b‖, the length of a's projection. Divide by ‖a‖, too.",
        lambda a, b, la, lb: a @ b / lb),
    "cosine_by_squares": ("part", "The roots are forgotten", "You divide by ‖a‖²‖b‖², the sums of squares without their roots.",
        lambda a, b, la, lb: a @ b / (la**2 * lb**2)),
    "cosine_by_sum": ("core", "Divided by the sum of the lengths", "You divide by ‖a‖ + ‖b‖. A cosine is divided by the product ‖a‖‖b‖.",
        lambda a, b, la, lb: a @ b / (la + lb)),
    "cosine_by_root": ("part", "One root too many", "You divide by √(‖a‖‖b‖). The norms are roots already: divide by their product.",
        lambda a, b, la, lb: a @ b / np.sqrt(la * lb)),
    "cosine_by_l1": ("part", "The lengths are sums of absolute values",
        "You divide by ℓ1 norms. A cosine needs the root of the sum of squares.",
        lambda a, b, la, lb: a @ b / (np.sum(np.abs(a)) * np.sum(np.abs(b)))),
    "cosine_precedence": ("part", "A pair of brackets is missing",
        "`x / la * lb` divides by la and then multiplies by lb. Write `x / (la * lb)`.",
        lambda a, b, la, lb: a @ b / la * lb),
    "cosine_absolute": ("part", "The sign is lost",
        "You return the absolute value. Above 90° the cosine is negative, which tells a step back from a step ahead.",
        lambda a, b, la, lb: abs(a @ b) / (la * lb)),
    "cosine_angle": ("part", "The angle is returned", "You return the angle, in radians. Its cosine was asked for: leave out arccos.",
        lambda a, b, la, lb: np.arccos(np.clip(a @ b / (la * lb), -1, 1))),
    "cosine_distance": ("part", "1 − cosine is returned",
        "You return the cosine *distance*, as scipy.spatial.distance.cosine does. The cosine is 1 minus that.",
        lambda a, b, la, lb: 1 - a @ b / (la * lb)),
    "cosine_squared": ("part", "The cosine is squared", "You return the square of the cosine, so the sign is lost, too.",
        lambda a, b, la, lb: (a @ b / (la * lb)) ** 2),
    "cosine_centred": ("core", "The means are subtracted",
        "You return the correlation: each vector less its mean. A cosine compares the vectors as they are.",
        lambda a, b, la, lb: cosine(a - a.mean(), b - b.mean(), np.nan)),
    "cosine_eps_1e_8": ("slip", "ε is added to the denominator", ADDED, lambda a, b, la, lb: a @ b / (la * lb + 1e-8)),
    "cosine_eps_1e_12": ("slip", "ε is added to the denominator", ADDED, lambda a, b, la, lb: a @ b / (la * lb + 1e-12)),
    "cosine_eps_in_each": ("slip", "ε is added to each length", ADDED, lambda a, b, la, lb: a @ b / ((la + 1e-10) * (lb + 1e-10))),
    "cosine_at_least_1e_8": ("slip", "The denominator is at least ε",
        "You divide by max(‖a‖‖b‖, ε), so that short vectors seem to be at right angles. Ask for 0 instead.",
        lambda a, b, la, lb: a @ b / max(la * lb, 1e-8)),
    "cosine_nearly_zero": ("slip", "Short vectors count as zero",
        "You compare a length with a small number, or use isclose. Only a vector of zeros has no angle: `== 0`.",
        lambda a, b, la, lb: 0.0 if min(la, lb) < 1e-8 else a @ b / (la * lb)),
})
COSINES = misconceptions("cosine_similarity", "06 §3", {
    "cosine_zero_is_nan": ("slip", "A vector of zeros gives NaN", "You divide 0 by 0. Ask whether a length is 0, and return 0.0 then.",
        lambda a, b: cosine(a, b, np.nan)),
    "cosine_zero_is_one": ("slip", "A vector of zeros counts as parallel",
        "You return 1.0 where a vector is zero. It has no angle, and 0.0 is wanted.",
        lambda a, b: cosine(a, b, 1.0)),
    "cosine_zero_is_none": ("slip", "Nothing is returned for a vector of zeros",
        "Where a vector is zero, your function returns None. The answer is 0.0 then.",
        lambda a, b: cosine(a, b, None)),
    "cosine_only_a_checked": ("slip", "Only a is checked for zeros", "You ask whether a is zero, and divide by 0 where b is. Ask for both.",
        lambda a, b: cosine(a, b, np.nan if np.any(a) else 0.0)),
    "cosine_in_an_array": ("slip", "The number is in an array",
        "You return an array with one number. Return the number itself: `float(…)`, or `np.sum(a * b)`.",
        lambda a, b: np.array([cosine(a, b)])),
    "products_overflow": ("slip", "Integers overflow", OVERFLOW,
        lambda a, b: np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b) or 1)),
    "cosine_overflow": ("slip", "Integers overflow", OVERFLOW,
        lambda a, b: np.ravel(a) @ np.ravel(b) / (np.linalg.norm(a) * np.linalg.norm(b) or 1)),
    "matrix_product": ("part", "Matrices are multiplied",
        "`a @ b` and `np.dot` of two matrices are a product of matrices. The dot product of all entries is `np.sum(a * b)`, or that of the "
        "flattened arrays.",
        lambda a, b: np.dot(a.astype(float), b) / (np.linalg.norm(a) * np.linalg.norm(b) or 1)),
    "cosine_of_rows": ("part", "A cosine for each row",
        "You sum along the last axis, which gives a matrix one cosine per row. The whole array is one vector: flatten it first.",
        lambda a, b: np.reshape([cosine(*rows) for rows in zip(*map(np.atleast_2d, (a, b)), strict=True)], a.shape[:-1])),
    "cosine_of_columns": ("part", "A number for each column",
        "Python's `sum(a * b)` adds the rows of a matrix, and leaves a number per column. `np.sum(a * b)` adds all entries.",
        lambda a, b: sum(a.astype(float) * b) / (np.linalg.norm(a) * np.linalg.norm(b) or 1)),
    "mean_of_rows": ("part", "The mean of the rows' cosines",
        "You compute a cosine per row, and average. The whole array is one vector: flatten it first.",
        lambda a, b: np.mean([cosine(*rows) for rows in zip(*map(np.atleast_2d, (a, b)), strict=True)])),
})


# --- repeated_product_norms: wrong ----------------------------------------------------------------------------------------


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


PRODUCTS = misconceptions("repeated_product_norms", "06 §1", {
    "product_untransposed": ("part", "W stands where Wᵀ belongs",
        "You go forwards, with W. Back along the chain the gradient is multiplied by the transpose, Wᵀ.",
        lambda W, g, steps: norms_back(W.T, g, steps)),
    "product_without_g": ("part", "The norm of g itself is missing",
        "Your list begins with Wᵀg. The norm of g, before any product, comes first.",
        lambda W, g, steps: norms_back(W, g, steps)[1:]),
    "product_one_too_few": ("part", "The last norm is missing",
        "You have `steps` norms. With that of g there are steps + 1: append one after each product.",
        lambda W, g, steps: norms_back(W, g, steps)[:-1]),
    "product_one_too_many": ("part", "There is one norm too many",
        "You multiply steps + 1 times. With the norm of g there are steps + 1 norms after `steps` products.",
        lambda W, g, steps: norms_back(W, g, steps + 1)),
    "product_shifted": ("part", "The list begins one step too late",
        "You multiply before you measure, so the norm of g is missing, and there is one product too many.",
        lambda W, g, steps: norms_back(W, g, steps + 1)[1:]),
    "product_squares": ("part", "The root is forgotten", "You return the sums of squares. The norm is the root of that.",
        lambda W, g, steps: [norm**2 for norm in norms_back(W, g, steps)]),
    "product_sums": ("part", "The norm is the sum of the absolute values",
        "You return ℓ1 norms. Here the norm is the root of the sum of squares.",
        lambda W, g, steps: [np.sum(np.abs(back(W, g, k))) for k in range(steps + 1)]),
    "product_powers_of_entries": ("core", "The entries of W are raised to a power",
        "`W**k` takes the power of each entry. Multiply by Wᵀ with `@`, k times.",
        lambda W, g, steps: [np.linalg.norm(g)] + [np.linalg.norm(back(W.astype(float) ** k, g, 1)) for k in range(1, steps + 1)]),
    "product_always_from_g": ("core", "Every product begins with g again",
        "You multiply g by Wᵀ, and never the result. Overwrite g: `g = W.T @ g`.",
        lambda W, g, steps: [np.linalg.norm(back(W, g, min(k, 1))) for k in range(steps + 1)]),
    "product_spectral_radius": ("core", "The norm of g grows by the spectral radius",
        "You multiply ‖g‖ by the largest |λ| at each step. That is so in the long run and for symmetric matrices only: multiply by Wᵀ.",
        lambda W, g, steps: [np.linalg.norm(g) * np.max(np.abs(np.linalg.eigvals(W))) ** k for k in range(steps + 1)]),
    "product_singular_value": ("core", "The norm of g grows by the largest singular value",
        "You multiply ‖g‖ by the norm of W at each step. The norms are at most as large as that: multiply g by Wᵀ, and measure it.",
        lambda W, g, steps: [np.linalg.norm(g) * np.linalg.norm(W, 2) ** k for k in range(steps + 1)]),
    "product_by_entries": ("core", "The product is taken entry by entry",
        "`*` multiplies entries. The product of a matrix and a vector is `@`.",
        lambda W, g, steps: [np.linalg.norm(W.T.astype(float) ** k * g) for k in range(steps + 1)]),
    "product_matrices": ("core", "The norms of matrices are returned", "You measure the powers of W. The vectors Wᵀ…Wᵀg were asked for.",
        lambda W, g, steps: [np.linalg.norm(back(W, np.eye(len(g)), k)) for k in range(steps + 1)]),
    "product_vectors": ("core", "Vectors are returned", "You return the vectors themselves. Their norms were asked for.",
        lambda W, g, steps: [back(W, g, k) for k in range(steps + 1)]),
    "product_last_only": ("core", "Only the last norm is returned", "You return one number. All norms were asked for, from g's own on.",
        lambda W, g, steps: norms_back(W, g, steps)[-1]),
    "product_relative": ("part", "The norms are divided by that of g", "Your first norm is always 1. The norms themselves were asked for.",
        lambda W, g, steps: [norm / (np.linalg.norm(g) or 1.0) for norm in norms_back(W, g, steps)]),
    "product_backwards": ("part", "The order is reversed", "Your list begins with the last product. The norm of g comes first.",
        lambda W, g, steps: norms_back(W, g, steps)[::-1]),
    "product_at_least_one": ("slip", "No step at all is one step",
        "You multiply once before you look at steps. For steps = 0 the answer is the norm of g alone.",
        lambda W, g, steps: norms_back(W, g, max(steps, 1))),
    "product_normalised": ("core", "The vector is normalised at each step",
        "You divide by the norm before each product. That finds the spectral radius, but it hides growth and decay, which were asked for.",
        lambda W, g, steps: [norms_back(W, g, k)[-1] / (norms_back(W, g, k)[k - 1] if k else 1.0) for k in range(steps + 1)]),
})


# --- right ----------------------------------------------------------------------------------------------------------------

IN_32_BITS = members(SECTIONS, vars(right), in_single_precision)
PRODUCTS_TOO = alternatives("repeated_product_norms", {
    "by_powers": lambda W, g, steps: np.array([np.linalg.norm(np.linalg.matrix_power(1.0 * W.T, k) @ g) for k in range(steps + 1)]),
    "as_a_tuple_of_floats": lambda W, g, steps: tuple(float(norm) for norm in norms_back(W, g, steps)),
})
VALUES_TOO = alternatives("clip_by_value", {
    "by_minimum_and_maximum": lambda grad, limit: np.maximum(-limit, np.minimum(grad, limit)),
    "by_where": lambda grad, limit: np.where(grad > limit, limit, np.where(grad < -limit, -limit, grad)),
})
NORMS_TOO = alternatives("clip_by_norm", {
    "by_the_larger": lambda grad, max_norm: np.array(grad, dtype=float) * max_norm / max(np.linalg.norm(np.ravel(grad)), max_norm),
    "or_itself": lambda grad, max_norm: grad if np.linalg.norm(grad) <= max_norm else max_norm * (grad / np.linalg.norm(grad)),
})
COSINES_TOO = alternatives("cosine_similarity", {
    "of_unit_vectors": lambda a, b: float(cosine(a, b)),
    "in_no_axis": lambda a, b: np.array(cosine(a, b, 0)),
})
# fmt: on


@alternative("repeated_product_norms")
def by_recursion(W, g, steps):
    def norms(g, steps):
        norm = math.sqrt(sum(entry**2 for entry in g))
        return [norm, *norms([sum(column * g) for column in W.T], steps - 1)] if steps else [norm]

    return norms(g.astype(float), steps)


@alternative("repeated_product_norms")
def by_einsum(W, g, steps):
    out, g = np.zeros(steps + 1), g.astype(np.float64)
    for step in range(steps + 1):
        out[step] = np.sqrt((g**2).sum())
        g = np.einsum("ij,i->j", W, g)
    return out


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
def by_sums(a, b):
    dot = sum(float(x) * float(y) for x, y in zip(a.flat, b.flat, strict=True))
    squares = [sum(float(x) ** 2 for x in each.flat) for each in (a, b)]
    return dot / math.sqrt(squares[0]) / math.sqrt(squares[1]) if all(squares) else 0.0


@alternative("cosine_similarity")
def by_the_law_of_cosines(a, b):
    one, other = np.linalg.norm(a), np.linalg.norm(b)
    if one == 0 or other == 0:
        return np.float64(0.0)
    return np.clip(1 - np.sum((a / one - b / other) ** 2) / 2, -1.0, 1.0)


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
