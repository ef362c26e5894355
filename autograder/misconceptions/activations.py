"""What students believe about activation functions, and right answers that are written in other ways.

The caches of the reference, which the answers here share, are (z, α) for PReLU and (x, W, the winners' numbers) for maxout.
"""

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import (
    added_to_integers,
    cut_off,
    family,
    fixed_number,
    generator_ignored,
    in_a_tuple,
    in_place,
    negated,
    nothing_returned,
    only_the_first,
    reseeded,
)
from autograder.reference import activations as right

LAMBDA = 1.0507009873554805
ALPHA = 1.6732632423543772


# --- families -------------------------------------------------------------------------------------------------------------


@family(
    "z = 0 is left out",
    "You treat z > 0 and z < 0, and nothing else: an entry that is exactly 0 belongs to neither, and keeps the number that your array "
    "began with. Write >= on one of the two sides.",
    "slip",
    value=0.0,
)
def zero_left_out(function, options, *args, **kwargs):
    return np.where(np.asarray(args[0]) == 0, options["value"], function(*args, **kwargs))


@family(
    "The default of alpha is another number",
    "Without an alpha your function takes {value:g}. The line with `def` said which default is wanted: leave it as it was.",
    "slip",
)
def other_default(function, options, z, alpha=None):
    return function(z, options["value"] if alpha is None else alpha)


@family(
    "Only tables are taken",
    "Your function works for arrays of two axes alone, because of its loops or of `N, D = z.shape`. An activation works entry by entry, so "
    "that it can take an array of any shape: write it with NumPy's functions of whole arrays.",
    "slip",
)
def tables_only(function, options, z, *args, **kwargs):
    _rows, _columns = z.shape
    return function(z, *args, **kwargs)


@family(
    "A list is returned",
    "You return a list of numbers. The next layer computes with it, so that it has to be an array: `np.array(...)` makes one of a list.",
    "slip",
)
def as_list(function, options, *args, **kwargs):
    answer = function(*args, **kwargs)
    return [item.tolist() for item in answer] if isinstance(answer, tuple) else answer.tolist()


@family(
    "The function is returned, where the slope is asked for",
    "You return the function's value. The gradient is its slope: how fast the function rises where z is.",
    "core",
)
def value_for_slope(function, options, *args, **kwargs):
    return function(*args, **kwargs)


@family(
    "{argument} is overwritten",
    "Your numbers are right, but you write into {argument}, as `{argument}[{argument} < 0] = …` does. The array belongs to the caller, who "
    "needs it afterwards, for the backward pass for instance. Begin with a copy: `out = {argument}.copy()`, or use np.where.",
    "slip",
    position=0,
)
def overwritten(function, options, *args, **kwargs):
    answer = function(*(np.array(arg) if isinstance(arg, np.ndarray) else arg for arg in args), **kwargs)
    args[options["position"]][...] = 1
    return answer


@family(
    "An array of integers raises an error",
    "You change a copy in place, as `out[out < 0] *= …` does. Where {argument} holds integers, so does the copy, and NumPy refuses to "
    "write fractions into it. Make the copy with `np.array({argument}, dtype=float)`, or use np.where.",
    "slip",
    position=0,
)
def integers_raise(function, options, *args, **kwargs):
    copy = np.array(args[options["position"]])
    copy *= 0.5
    return function(*args, **kwargs)


@family(
    "At z = 0 both sides are added",
    "You add the two sides, each multiplied by a mask, and at z = 0 both masks hold, because of >= and <=: the slope there is the sum of "
    "both. Any number between them is right; write > on one of the sides.",
    "slip",
)
def both_at_zero(function, options, z, *alpha):
    beside = sum(function(side + np.zeros(np.shape(z)), *alpha) for side in (-1e-12, 1e-12))
    return np.where(np.asarray(z) == 0, beside, function(z, *alpha))


@family(
    "An `if` asks about a whole array",
    "`if z > 0` wants one True or False, and an array has one for each entry: Python raises a ValueError. Choose for each entry: "
    "`np.where(z > 0, …, …)`.",
    "core",
)
def if_of_an_array(function, options, z, *args, **kwargs):
    if z > 0:
        pass
    return function(z, *args, **kwargs)


@family(
    "The answer is flattened",
    "Your numbers are right, but they come back in one long row, as `z.flatten()` or `np.ravel(z)` made it. The answer has the shape of z: "
    "end with `.reshape(z.shape)`, or use NumPy's functions of whole arrays.",
    "part",
)
def flattened(function, options, *args, **kwargs):
    return np.ravel(function(*args, **kwargs))


@family(
    "Only rows of numbers are taken",
    "`for v in z` gives the entries of an array of one axis. Of a table it gives whole rows, for which a comparison has no single answer. "
    "Write the function with NumPy's functions of whole arrays.",
    "part",
)
def rows_only(function, options, z, *args, **kwargs):
    if np.ndim(z) > 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous.")
    return function(z, *args, **kwargs)


# --- right functions, for answers to use ----------------------------------------------------------------------------------


def _sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(z))


def _sigmoid_grad(z):
    return _sigmoid(z) * _sigmoid(-np.asarray(z))


def _relu(z):
    return np.maximum(z, 0.0)


def _relu_grad(z):
    return _leaky_relu_grad(z, 0.0)


def _leaky_relu(z, alpha=0.01):
    return np.maximum(z, 0.0) + alpha * np.minimum(z, 0.0)


def _leaky_relu_grad(z, alpha=0.01):
    return np.where(np.asarray(z) > 0, 1.0, alpha)


def _elu(z, alpha=1.0):
    return np.maximum(z, 0.0) + alpha * np.expm1(np.minimum(z, 0.0))


def _elu_grad(z, alpha=1.0):
    return np.where(np.asarray(z) > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


def _pieces(x, W, b):
    """Return the values of maxout's pieces, shape (k, N, H)."""
    return np.einsum("nd,kdh->knh", np.asarray(x, float), W) + np.asarray(b)[:, None]


# --- sigmoid: wrong -------------------------------------------------------------------------------------------------------


@misconception("sigmoid", "slip", title="Overflows to NaN for large z", see="04 §1")
def sigmoid_overflows(z):
    """You computed exp(z)/(1 + exp(z)). For large z both are infinite, and ∞/∞ is NaN. Divide by exp(z): 1/(1 + exp(−z)) has no infinity
    in its numerator, and with exp(−|z|) nothing overflows at all."""
    with np.errstate(all="ignore"):
        return np.exp(np.asarray(z, float)) / (1 + np.exp(np.asarray(z, float)))


@misconception("sigmoid", "slip", title="math.exp raises an error for large z", see="04 §1")
def sigmoid_raises(z):
    """math.exp raises an OverflowError where −z is larger than 709. Use exp(−|z|), which is never larger than 1, and NumPy's exp for whole
    arrays."""
    if np.min(z) < -709:
        raise OverflowError("math range error")
    return _sigmoid(z)


@misconception("sigmoid", "slip", title="z is clipped too early", see="04 §1")
def sigmoid_clipped(z):
    """You clipped z against overflow, at a number so small that right digits are lost: at 10 the sigmoid is still 4.5·10⁻⁵ away from 1.
    exp overflows at 709 only."""
    return _sigmoid(np.clip(z, -10, 10))


@misconception("sigmoid", "part", title="|z| takes the place of z", see="04 §1")
def sigmoid_of_absolute(z):
    """You computed 1/(1 + exp(−|z|)), which is right for positive z only. For negative z the stable form is exp(z)/(1 + exp(z))."""
    return 1 / (1 + np.exp(-np.abs(z)))


@misconception("sigmoid", "core", title="The sign in the exponent is wrong", see="04 §1")
def sigmoid_falling(z):
    """You computed 1/(1 + exp(z)), which falls from 1 to 0. The sigmoid rises: large z means exp(−z) near 0, and a value near 1."""
    return _sigmoid(-np.asarray(z))


@misconception("sigmoid", "core", title="tanh instead of the logistic function", see="04 §1")
def sigmoid_is_tanh(z):
    """You returned tanh(z), which runs from −1 to 1. The logistic function runs from 0 to 1; they are related by tanh(z) = 2σ(2z) − 1."""
    return np.tanh(z)


@misconception("sigmoid", "core", title="tanh with the wrong argument", see="04 §1")
def sigmoid_by_tanh_of_z(z):
    """You computed (1 + tanh(z))/2, which is σ(2z). From tanh(z) = 2σ(2z) − 1 it follows that σ(z) = (1 + tanh(z/2))/2."""
    return 0.5 * (1 + np.tanh(z))


@misconception("sigmoid", "core", title="Brackets are missing", see="04 §1")
def sigmoid_without_brackets(z):
    """You computed 1/1 + exp(−z), because the division comes before the sum. Put brackets around the denominator: 1/(1 + exp(−z))."""
    with np.errstate(all="ignore"):
        return 1 + np.exp(-np.asarray(z, float))


@misconception("sigmoid", "core", title="The derivative is returned", see="04 §1")
def sigmoid_is_its_slope(z):
    """You returned σ(1 − σ), which is the derivative. This function is σ itself, 1/(1 + exp(−z)); the derivative has one of its own."""
    return _sigmoid_grad(z)


@misconception("sigmoid", "core", title="A hard step", see="04 §1")
def sigmoid_is_a_step(z):
    """You returned 1 where z is positive and 0 elsewhere. That is the threshold unit; the sigmoid is its smooth version."""
    return _relu_grad(z)


@misconception("sigmoid", "core", title="Softmax instead of the logistic function", see="04 §1")
def sigmoid_is_softmax(z):
    """You divided by a sum over several entries. That is softmax, which compares units with each other; the sigmoid looks at each entry by
    itself."""
    powers = np.exp(z - np.max(z))
    return powers / np.sum(powers, axis=-1, keepdims=True)


@misconception("sigmoid", "core", title="The sigmoid is multiplied by z", see="04 §1")
def sigmoid_is_silu(z):
    """You returned z·σ(z). That is the SiLU, or Swish; the sigmoid is σ(z) alone."""
    return z * _sigmoid(z)


@misconception("sigmoid", "core", title="Straight lines instead of the curve", see="04 §1")
def sigmoid_is_hard(z):
    """You returned a line that is cut off at 0 and 1, the hard sigmoid. The logistic function is 1/(1 + exp(−z))."""
    return np.clip(0.2 * np.asarray(z) + 0.5, 0, 1)


@misconception("sigmoid", "core", title="From −1 to 1", see="04 §1")
def sigmoid_bipolar(z):
    """You returned 2/(1 + exp(−z)) − 1, which runs from −1 to 1. The logistic function runs from 0 to 1: 1/(1 + exp(−z))."""
    return np.tanh(0.5 * np.asarray(z))


@misconception("sigmoid", "core", title="One number for the whole array", see="04 §1")
def sigmoid_averaged(z):
    """You returned one number. The sigmoid is applied entry by entry, so that the answer has the shape of z."""
    return np.mean(_sigmoid(z))


@misconception("sigmoid", "core", title="The exponential alone", see="04 §1")
def sigmoid_exponential(z):
    """You returned exp(−z), or its inverse. The logistic function is 1/(1 + exp(−z)): the 1 in the denominator keeps it below 1."""
    return np.exp(-np.asarray(z, float))


@misconception("sigmoid", "core", title="1 − exp(−z) in the denominator", see="04 §1")
def sigmoid_minus(z):
    """You computed 1/(1 − exp(−z)), which is infinite at 0. The denominator is a sum: 1 + exp(−z)."""
    with np.errstate(all="ignore"):
        return 1 / (1 - np.exp(-np.asarray(z, float)))


@misconception("sigmoid", "part", title="The negative branch has the wrong sign", see="04 §1")
def sigmoid_negative_branch(z):
    """Your answer is negative for negative z. There the stable form is exp(z)/(1 + exp(z)), which is between 0 and ½."""
    return np.where(np.asarray(z) < 0, -1.0, 1.0) * _sigmoid(z)


sigmoid_zero = zero_left_out("sigmoid", right.sigmoid, see="04 §1")


# --- sigmoid: right -------------------------------------------------------------------------------------------------------


@alternative("sigmoid")
def sigmoid_plain(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z, dtype=float)))


@alternative("sigmoid")
def sigmoid_by_masks(z):
    z = np.array(z, dtype=float)
    out = np.empty_like(z)
    positive = z >= 0
    out[positive] = 1.0 / (1.0 + np.exp(-z[positive]))
    power = np.exp(z[~positive])
    out[~positive] = power / (1.0 + power)
    return out


@alternative("sigmoid")
def sigmoid_in_a_loop(z):
    def one(value):
        return 1 / (1 + np.exp(-value)) if value >= 0 else np.exp(value) / (1 + np.exp(value))

    return np.array([one(float(value)) for value in np.ravel(z)]).reshape(np.shape(z))


@alternative("sigmoid")
def sigmoid_clipped_late(z):
    return np.reciprocal(1.0 + np.exp(-np.clip(z, -500, 500)))


@alternative("sigmoid")
def sigmoid_in_single_precision(z):
    return _sigmoid(z).astype(np.float32)


@alternative("sigmoid")
def sigmoid_by_logaddexp(z):
    return np.exp(-np.logaddexp(0.0, -np.asarray(z)))


# --- sigmoid_grad: wrong --------------------------------------------------------------------------------------------------


@misconception("sigmoid_grad", "slip", title="Overflows to NaN for large z", see="04 §1")
def sigmoid_slope_overflows(z):
    """You computed exp(−z)/(1 + exp(−z))². For very negative z both are infinite, and ∞/∞ is NaN. σ·(1 − σ) with a stable σ is safe."""
    with np.errstate(all="ignore"):
        power = np.exp(-np.asarray(z, float))
        return power / (1 + power) ** 2


@misconception("sigmoid_grad", "core", title="z is taken for the sigmoid's value", see="04 §1")
def sigmoid_slope_of_the_value(z):
    """You computed z·(1 − z). That is right if you pass σ(z); here z is the pre-activation, so compute s = sigmoid(z) first."""
    return z * (1 - np.asarray(z))


@misconception("sigmoid_grad", "core", title="1 − z instead of 1 − σ(z)", see="04 §1")
def sigmoid_slope_mixed(z):
    """You computed σ(z)·(1 − z). Both factors are made of σ(z): with s = sigmoid(z) it is s·(1 − s)."""
    return _sigmoid(z) * (1 - np.asarray(z))


@misconception("sigmoid_grad", "core", title="1 − σ without the factor σ", see="04 §1")
def sigmoid_slope_one_factor(z):
    """You returned 1 − σ(z). The derivative is the product σ(z)·(1 − σ(z)): it goes to 0 on both sides."""
    return 1 - _sigmoid(z)


@misconception("sigmoid_grad", "core", title="The derivative of tanh", see="04 §1")
def sigmoid_slope_of_tanh(z):
    """You returned 1 − tanh(z)², the derivative of tanh, which is 1 at z = 0. The sigmoid's is σ(1 − σ), a quarter there."""
    return 1 - np.tanh(z) ** 2


@misconception("sigmoid_grad", "core", title="1 − σ² instead of σ − σ²", see="04 §1")
def sigmoid_slope_like_tanh(z):
    """You returned 1 − σ(z)², as if the rule for tanh held. The sigmoid's derivative is σ(z)·(1 − σ(z)) = σ − σ²."""
    return 1 - _sigmoid(z) ** 2


@misconception("sigmoid_grad", "core", title="σ is applied twice", see="04 §1")
def sigmoid_slope_twice(z):
    """You passed σ(z) to the sigmoid again. s = sigmoid(z) is applied once, and then it is s·(1 − s)."""
    return _sigmoid_grad(_sigmoid(z))


@misconception("sigmoid_grad", "core", title="A factor is squared", see="04 §1")
def sigmoid_slope_squared(z):
    """You returned σ·(1 − σ)² or σ²·(1 − σ). Each factor occurs once: σ·(1 − σ)."""
    s = _sigmoid(z)
    return s * (1 - s) ** 2


@misconception("sigmoid_grad", "part", title="The wrong slope for negative z", see="04 §1")
def sigmoid_slope_odd(z):
    """Your slope is negative for negative z. The sigmoid rises everywhere, equally fast at z and −z."""
    return np.sign(z) * _sigmoid_grad(z)


@misconception("sigmoid_grad", "core", title="1 + σ instead of 1 − σ", see="04 §1")
def sigmoid_slope_plus(z):
    """You returned σ·(1 + σ). The derivative is σ·(1 − σ), which goes to 0 on both sides."""
    return _sigmoid(z) * (1 + _sigmoid(z))


@misconception("sigmoid_grad", "core", title="σ² instead of σ·(1 − σ)", see="04 §1")
def sigmoid_slope_is_square(z):
    """You returned σ². The second factor is 1 − σ: the derivative is σ·(1 − σ)."""
    return _sigmoid(z) ** 2


@misconception("sigmoid_grad", "core", title="A factor z too many", see="04 §1")
def sigmoid_slope_times_z(z):
    """You multiplied σ·(1 − σ) by z. The derivative with respect to z is σ·(1 − σ) alone."""
    return z * _sigmoid_grad(z)


sigmoid_slope_negated = negated(
    "sigmoid_grad",
    right.sigmoid_grad,
    see="04 §1",
    text="Your answer has the right size and the wrong sign. The sigmoid rises everywhere, so that its slope is positive: σ·(1 − σ).",
)
sigmoid_slope_is_sigmoid = value_for_slope("sigmoid_grad", right.sigmoid, see="04 §1")
sigmoid_slope_zero = zero_left_out("sigmoid_grad", right.sigmoid_grad, see="04 §1")


# --- sigmoid_grad: right --------------------------------------------------------------------------------------------------


@alternative("sigmoid_grad")
def sigmoid_slope_by_both_sides(z):
    z = np.asarray(z, dtype=float)
    return _sigmoid(z) * _sigmoid(-z)


@alternative("sigmoid_grad")
def sigmoid_slope_by_differences(z):
    h = 1e-5
    return (_sigmoid(np.asarray(z) + h) - _sigmoid(np.asarray(z) - h)) / (2 * h)


@alternative("sigmoid_grad")
def sigmoid_slope_by_cosh(z):
    return 0.25 / np.cosh(np.clip(z, -600, 600) / 2) ** 2


@alternative("sigmoid_grad")
def sigmoid_slope_in_a_loop(z):
    slopes = np.zeros(np.shape(z))
    for index, value in np.ndenumerate(z):
        s = 1 / (1 + np.exp(-min(max(float(value), -700.0), 700.0)))
        slopes[index] = s - s * s
    return slopes


# --- relu and relu_grad: wrong --------------------------------------------------------------------------------------------


@misconception("relu", "core", title="The negative part is kept", see="04 §2")
def relu_minimum(z):
    """You returned min(0, z), which keeps the negative numbers. ReLU keeps the positive ones: max(0, z)."""
    return np.minimum(0, z)


@misconception("relu", "core", title="The absolute value", see="04 §2")
def relu_absolute(z):
    """You returned |z|. ReLU doesn't mirror negative numbers, it replaces them by 0."""
    return np.abs(z)


@misconception("relu", "core", title="np.max(0, z) instead of np.maximum(0, z)", see="04 §2")
def relu_by_max(z):
    """np.max takes one array, and its second argument is an axis, so that np.max(0, z) raises an error. np.maximum(0, z) compares
    entry by entry."""
    return np.max(0, z)


@misconception("relu", "core", title="np.max(z, 0) instead of np.maximum(z, 0)", see="04 §2")
def relu_by_max_along_axis(z):
    """np.max takes one array, and its second argument is an axis, so that np.max(z, 0) looks for the largest entry along axis 0.
    np.maximum(z, 0) compares entry by entry."""
    return np.max(z, 0)


@misconception("relu", "core", title="A whole array is compared with 0", see="04 §2")
def relu_by_pythons_max(z):
    """Python's max, like `if z > 0`, asks whether the whole array is larger, which an array of many entries can't answer with one True or
    False. np.maximum(0, z) compares entry by entry."""
    return max(0, z)


@misconception("relu", "core", title="The largest entry of all", see="04 §2")
def relu_largest(z):
    """np.max looks for the largest entry of the whole array. The comparison with 0 is wanted for each entry: np.maximum(0, z)."""
    return np.full(np.shape(z), max(0.0, float(np.max(z))))


@misconception("relu", "core", title="A number for the whole array", see="04 §2")
def relu_one_number(z):
    """You returned a single number. ReLU is applied to each entry, so that the answer has the shape of z: np.maximum(0, z)."""
    return np.max(z)


@misconception("relu", "core", title="The step is returned", see="04 §2")
def relu_step(z):
    """You returned 1 where z is positive. That is ReLU's derivative; ReLU itself returns z there."""
    return np.where(np.asarray(z) > 0, 1.0, 0.0)


@misconception("relu", "part", title="A leak on the left", see="04 §2")
def relu_leaks(z):
    """You multiplied negative z by 0.01. That is the leaky ReLU, which comes later; ReLU is exactly 0 there."""
    return _leaky_relu(z)


@misconception("relu", "part", title="Capped at 1", see="04 §2")
def relu_capped(z):
    """You cut off large z. ReLU has no upper end: it doesn't saturate for positive z, which is its point."""
    return np.clip(z, 0, 1)


@misconception("relu", "part", title="Capped at 6", see="04 §2")
def relu_capped_at_six(z):
    """You cut off z at 6, as ReLU6 does. The ReLU of this lecture has no upper end."""
    return np.clip(z, 0, 6)


@misconception("relu", "core", title="Softplus instead of ReLU", see="04 §2")
def relu_soft(z):
    """You returned log(1 + exp(z)), a smooth relative of ReLU. ReLU is max(0, z), with a kink."""
    return np.logaddexp(0, z)


@misconception("relu", "part", title="The threshold is 1", see="04 §2")
def relu_threshold_one(z):
    """You kept z only where it is greater than 1. The threshold is 0."""
    return np.where(np.asarray(z) > 1, z, 0.0)


@misconception("relu", "core", title="Negative entries are removed", see="04 §2")
def relu_removes(z):
    """You picked out the positive entries with z[z > 0], so the answer is shorter than z. Negative entries stay, as zeros."""
    return np.asarray(z)[np.asarray(z) > 0]


@misconception("relu", "slip", title="NaN at z = 0", see="04 §2")
def relu_divides(z):
    """You divided by z or by |z|, and at z = 0 that is 0/0, NaN. np.maximum(0, z) needs no division."""
    with np.errstate(all="ignore"):
        return np.asarray(z) * (1 + np.asarray(z) / np.abs(z)) / 2


@misconception("relu", "core", title="The sign of z", see="04 §2")
def relu_sign(z):
    """You returned the sign of z. ReLU is z itself where z is positive, and 0 elsewhere."""
    return np.sign(z) * 1.0


@misconception("relu", "core", title="The sides are swapped", see="04 §2")
def relu_one_on_the_left(z):
    """You returned z where it is positive, and 1 where it is negative. ReLU is 0 there."""
    return np.where(np.asarray(z) > 0, z, 1.0)


@misconception("relu", "part", title="A leak of 0.1", see="04 §2")
def relu_leaks_more(z):
    """You multiplied negative z by 0.1. That is the leaky ReLU, which comes later; ReLU is exactly 0 there."""
    return _leaky_relu(z, 0.1)


@misconception("relu", "core", title="The ELU", see="04 §2")
def relu_is_elu(z):
    """You returned exp(z) − 1 for negative z. That is the ELU, which comes later; ReLU is exactly 0 there."""
    return _elu(z)


@misconception("relu", "core", title="Nothing is changed", see="04 §2")
def relu_identity(z):
    """You returned z as it is. Where z is negative, ReLU is 0, and without that layers of units are no more than one linear map."""
    return 1.0 * np.asarray(z)


@misconception("relu", "core", title="0 everywhere", see="04 §2")
def relu_zero(z):
    """You returned 0 for all entries. Where z is positive, ReLU is z."""
    return np.zeros(np.shape(z))


@misconception("relu", "core", title="The negative part, turned upwards", see="04 §2")
def relu_of_minus_z(z):
    """You returned max(0, −z), which keeps the negative numbers, with the other sign. ReLU is max(0, z)."""
    return np.maximum(0, -np.asarray(z))


@misconception("relu", "core", title="z is squared", see="04 §2")
def relu_squared(z):
    """You returned z² where z is positive. ReLU is z there: it is a straight line, with slope 1."""
    return np.maximum(0, z) * np.asarray(z)


@misconception("relu", "part", title="Capped at 5", see="04 §2")
def relu_capped_at_five(z):
    """You cut off large z. ReLU has no upper end: it doesn't saturate for positive z, which is its point."""
    return np.clip(z, 0, 5)


@misconception("relu", "core", title="Whole numbers", see="04 §2")
def relu_whole_numbers(z):
    """Your answer holds whole numbers: you wrote it into an array of integers, or rounded it. z has fractions, and ReLU keeps them."""
    return np.maximum(0, z).astype(int)


@misconception("relu", "slip", title="Not quite 0 on the left", see="04 §2")
def relu_with_epsilon(z):
    """You return a small positive number for negative z. ReLU is exactly 0 there."""
    return np.maximum(1e-7, z)


@misconception("relu_grad", "slip", title="True and False", see="04 §2")
def relu_slope_boolean(z):
    """You returned the comparison itself, an array of True and False. Numbers are wanted: np.where(z > 0, 1.0, 0.0)."""
    return np.asarray(z) > 0


@misconception("relu_grad", "core", title="z itself where it is positive", see="04 §2")
def relu_slope_z(z):
    """You returned z where it is positive. The slope of the line y = z is 1, however large z is."""
    return np.where(np.asarray(z) > 0, z, 0.0)


@misconception("relu_grad", "core", title="The sides are swapped", see="04 §2")
def relu_slope_swapped(z):
    """You returned 1 for negative z and 0 for positive z. The unit passes the gradient where it passes the signal: where z > 0."""
    return np.where(np.asarray(z) < 0, 1.0, 0.0)


@misconception("relu_grad", "part", title="The sign of z", see="04 §2")
def relu_slope_sign(z):
    """You returned −1 for negative z. ReLU is constant there, and the slope of a constant is 0."""
    return np.sign(z) * 1.0


@misconception("relu_grad", "part", title="A leak on the left", see="04 §2")
def relu_slope_leaks(z):
    """You returned 0.01 for negative z. That is the slope of the leaky ReLU; ReLU's is exactly 0."""
    return _leaky_relu_grad(z)


@misconception("relu_grad", "core", title="1 everywhere", see="04 §2")
def relu_slope_one(z):
    """You returned 1 for all z, as if ReLU were the identity. Where z is negative the slope is 0."""
    return np.ones(np.shape(z))


@misconception("relu_grad", "part", title="Negative entries keep their z", see="04 §2")
def relu_slope_keeps_z(z):
    """You wrote 1 where z is positive, and left z where it is negative. The slope there is 0."""
    return np.where(np.asarray(z) > 0, 1.0, z)


@misconception("relu_grad", "part", title="½ on the left", see="04 §2")
def relu_slope_half(z):
    """You returned ½ for negative z. At z = 0 that is right, as any number from 0 to 1 is; to the left of it the slope is 0."""
    return np.where(np.asarray(z) > 0, 1.0, 0.5)


@misconception("relu_grad", "core", title="The sigmoid", see="04 §2")
def relu_slope_is_sigmoid(z):
    """You returned σ(z), a soft step. ReLU consists of two straight lines: its slope is 1 where z > 0, and 0 where z < 0."""
    return _sigmoid(z)


@misconception("relu_grad", "core", title="0 everywhere", see="04 §2")
def relu_slope_none(z):
    """You returned 0 for all entries. Where z is positive, the slope is 1. (If you overwrote an array step by step: what did the second
    step do to the entries of the first?)"""
    return np.zeros(np.shape(z))


@misconception("relu_grad", "slip", title="NaN at z = 0", see="04 §2")
def relu_slope_divides(z):
    """You divided ReLU by z, and at z = 0 that is 0/0, NaN. Any number from 0 to 1 is right there, and a comparison gives one."""
    with np.errstate(all="ignore"):
        return np.maximum(z, 0) / np.asarray(z)


@misconception("relu_grad", "slip", title="No slope at z = 0", see="04 §2")
def relu_slope_beyond_at_zero(z):
    """At z = 0 you return a number that lies outside [0, 1]. Left of the kink the slope is 0, right of it 1: any number between them is
    right."""
    return np.where(np.asarray(z) == 0, -1.0, _relu_grad(z))


@misconception("relu_grad", "core", title="The derivative of the sigmoid", see="04 §2")
def relu_slope_of_sigmoid(z):
    """You returned σ(z) or its slope. ReLU consists of two straight lines: its slope is 1 where z > 0, and 0 where z < 0."""
    return _sigmoid_grad(z)


@misconception("relu_grad", "part", title="Positive entries only", see="04 §2")
def relu_slope_threshold_one(z):
    """You return 1 only where z is greater than 1. The kink is at 0."""
    return np.where(np.asarray(z) > 1, 1.0, 0.0)


# --- relu and relu_grad: right --------------------------------------------------------------------------------------------


@alternative("relu")
def relu_by_product(z):
    return np.asarray(z) * (np.asarray(z) > 0)


@alternative("relu")
def relu_by_copy(z):
    out = np.copy(z)
    out[out < 0] = 0
    return out


@alternative("relu")
def relu_in_a_loop(z):
    return np.array([max(0.0, value) for value in np.asarray(z).flatten()]).reshape(np.shape(z))


@alternative("relu")
def relu_by_vectorize(z):
    return np.vectorize(lambda value: value if value > 0 else 0.0, otypes=[np.float32])(z)


@alternative("relu_grad")
def relu_slope_as_type(z):
    return (np.asarray(z) >= 0).astype(np.float32)


@alternative("relu_grad")
def relu_slope_integers(z):
    return 1 * (np.asarray(z) > 0)


@alternative("relu_grad")
def relu_slope_by_copy(z):
    slope = np.zeros(np.shape(z))
    slope[np.asarray(z) > 0] = 1
    return slope


@alternative("relu_grad")
def relu_slope_by_sign(z):
    return (np.sign(z) + 1) / 2


# --- leaky_relu and its gradient: wrong -----------------------------------------------------------------------------------


@misconception("leaky_relu", "part", title="Plain ReLU", see="04 §4")
def leaky_without_leak(z, alpha=0.01):
    """You returned 0 for negative z. The leak is the point: αz, so that the slope is α and not 0."""
    return _relu(z)


@misconception("leaky_relu", "part", title="α instead of αz", see="04 §4")
def leaky_constant(z, alpha=0.01):
    """You returned α for negative z. α is the slope there; the function's value is α times z."""
    return np.where(np.asarray(z) < 0, alpha, z)


@misconception("leaky_relu", "core", title="The sides are swapped", see="04 §4")
def leaky_swapped(z, alpha=0.01):
    """You multiplied positive z by α, and left negative z as it was; min(αz, z) does that too. The leak is for negative z."""
    return np.where(np.asarray(z) < 0, z, alpha * np.asarray(z))


@misconception("leaky_relu", "part", title="The sign of the leak is wrong", see="04 §4")
def leaky_mirrored(z, alpha=0.01):
    """You returned −αz, or α|z|, for negative z: the function falls and then rises. The leak has the sign of z: αz."""
    return np.where(np.asarray(z) < 0, -alpha * np.asarray(z), z)


@misconception("leaky_relu", "core", title="Everything is multiplied by α", see="04 §4")
def leaky_everywhere(z, alpha=0.01):
    """You multiplied all entries by α. Positive ones stay as they are."""
    return alpha * np.asarray(z, float)


@misconception("leaky_relu", "part", title="max(α, z)", see="04 §4")
def leaky_maximum_with_alpha(z, alpha=0.01):
    """You wrote max(α, z), and forgot the second z. The two lines are αz and z: np.maximum(alpha * z, z)."""
    return np.where(np.asarray(z) < alpha, alpha, z)


@misconception("leaky_relu", "part", title="z is divided by α", see="04 §4")
def leaky_divided(z, alpha=0.01):
    """You divided negative z by α. α is the slope itself: multiply by it."""
    return np.where(np.asarray(z) < 0, np.asarray(z) / alpha, z)


@misconception("leaky_relu", "part", title="1 − α instead of α", see="04 §4")
def leaky_complement(z, alpha=0.01):
    """You multiplied negative z by 1 − α. The slope for negative z is α."""
    return np.where(np.asarray(z) < 0, (1 - alpha) * np.asarray(z), z)


@misconception("leaky_relu", "part", title="The exponential of the ELU", see="04 §4")
def leaky_exponential(z, alpha=0.01):
    """You returned α(exp(z) − 1) for negative z. That is the ELU; the leaky ReLU is a straight line there, αz."""
    return _elu(z, alpha)


@misconception("leaky_relu", "part", title="αz is added to ReLU on both sides", see="04 §4")
def leaky_added(z, alpha=0.01):
    """You added αz to ReLU for all z, so that the slope on the right is 1 + α. The leak is for negative z alone: αz there, z elsewhere."""
    return _relu(z) + alpha * np.asarray(z)


@misconception("leaky_relu", "part", title="−α instead of αz", see="04 §4")
def leaky_minus_alpha(z, alpha=0.01):
    """You returned −α for negative z. α is the slope there; the function's value is α times z."""
    return np.where(np.asarray(z) < 0, -alpha, z)


@misconception("leaky_relu", "core", title="np.max instead of np.maximum", see="04 §4")
def leaky_by_max(z, alpha=0.01):
    """np.max takes one array, and its second argument is an axis, so that np.max(alpha * z, z) raises an error. np.maximum compares
    entry by entry."""
    return np.max(alpha * z, z)


@misconception("leaky_relu", "core", title="Nothing is changed", see="04 §4")
def leaky_identity(z, alpha=0.01):
    """You returned z as it is. Where z is negative, it is multiplied by α."""
    return 1.0 * np.asarray(z)


@misconception("leaky_relu", "part", title="z + α instead of αz", see="04 §4")
def leaky_shifted(z, alpha=0.01):
    """You added α to negative z. α is a slope: multiply by it, so that the line αz goes through 0."""
    return np.where(np.asarray(z) < 0, np.asarray(z) + alpha, z)


@misconception("leaky_relu", "part", title="α is squared", see="04 §4")
def leaky_twice(z, alpha=0.01):
    """You multiplied negative z by α twice, as happens where a line is applied to what another one has changed already. αz, once."""
    return np.where(np.asarray(z) < 0, alpha * alpha * np.asarray(z), z)


leaky_fixed = fixed_number("leaky_relu", right.leaky_relu, see="04 §4", name="alpha", value=0.01, severity="part")
leaky_fixed_tenth = fixed_number(
    "leaky_relu", right.leaky_relu, see="04 §4", name="alpha", value=0.1, severity="core", called="leaky_tenth"
)
leaky_fixed_fifth = fixed_number(
    "leaky_relu", right.leaky_relu, see="04 §4", name="alpha", value=0.2, severity="core", called="leaky_fifth"
)
leaky_other_default = other_default("leaky_relu", right.leaky_relu, see="04 §4", value=0.1)
leaky_slope_for_value = value_for_slope(
    "leaky_relu",
    right.leaky_relu_grad,
    see="04 §4",
    title="The slope is returned, where the function is asked for",
    text="You return 1 and α, the slopes. The function's value is z where z is positive, and αz where it is negative.",
)


@misconception("leaky_relu_grad", "part", title="The slope of plain ReLU", see="04 §4")
def leaky_slope_without_leak(z, alpha=0.01):
    """You returned 0 for negative z. The leaky ReLU is the line αz there, whose slope is α: that is what keeps units alive."""
    return _relu_grad(z)


@misconception("leaky_relu_grad", "part", title="αz instead of α", see="04 §4")
def leaky_slope_times_z(z, alpha=0.01):
    """You returned αz for negative z, the function's value. The slope of the line αz is α."""
    return np.where(np.asarray(z) < 0, alpha * np.asarray(z), 1.0)


@misconception("leaky_relu_grad", "part", title="z instead of 1", see="04 §4")
def leaky_slope_z(z, alpha=0.01):
    """You returned z where it is positive. The slope of the line y = z is 1."""
    return np.where(np.asarray(z) > 0, z, alpha)


@misconception("leaky_relu_grad", "core", title="The sides are swapped", see="04 §4")
def leaky_slope_swapped(z, alpha=0.01):
    """You returned α for positive z and 1 for negative z. The small slope belongs to negative z."""
    return np.where(np.asarray(z) > 0, alpha, 1.0)


@misconception("leaky_relu_grad", "part", title="The slope's sign is wrong", see="04 §4")
def leaky_slope_negative(z, alpha=0.01):
    """You returned −α for negative z. The line αz rises there too, only slowly: its slope is +α."""
    return np.where(np.asarray(z) > 0, 1.0, -alpha)


@misconception("leaky_relu_grad", "part", title="1 − α instead of α", see="04 §4")
def leaky_slope_complement(z, alpha=0.01):
    """You returned 1 − α for negative z. The line there is αz, and its slope is α."""
    return np.where(np.asarray(z) > 0, 1.0, 1 - alpha)


@misconception("leaky_relu_grad", "core", title="1 everywhere", see="04 §4")
def leaky_slope_one(z, alpha=0.01):
    """You returned 1 for all z. Where z is negative the slope is α."""
    return np.ones(np.shape(z))


@misconception("leaky_relu_grad", "core", title="α everywhere", see="04 §4")
def leaky_slope_alpha(z, alpha=0.01):
    """You returned α for all z. Where z is positive the slope is 1."""
    return np.full(np.shape(z), alpha)


@misconception("leaky_relu_grad", "part", title="α is added on the right", see="04 §4")
def leaky_slope_added(z, alpha=0.01):
    """You returned 1 + α for positive z. The leak is for negative z alone: the slope on the right is 1."""
    return np.where(np.asarray(z) > 0, 1 + alpha, alpha)


@misconception("leaky_relu_grad", "slip", title="No slope at z = 0", see="04 §4")
def leaky_slope_beyond_at_zero(z, alpha=0.01):
    """At z = 0 you return a number that doesn't lie between α and 1, the slopes on both sides. Use >= on one of the sides."""
    return np.where(np.asarray(z) == 0, 0.0, _leaky_relu_grad(z, alpha))


leaky_slope_fixed = fixed_number("leaky_relu_grad", right.leaky_relu_grad, see="04 §4", name="alpha", value=0.01, severity="part")
leaky_slope_fixed_tenth = fixed_number(
    "leaky_relu_grad", right.leaky_relu_grad, see="04 §4", name="alpha", value=0.1, severity="core", called="leaky_slope_tenth"
)
leaky_slope_default = other_default("leaky_relu_grad", right.leaky_relu_grad, see="04 §4", value=0.1)
leaky_slope_is_value = value_for_slope("leaky_relu_grad", right.leaky_relu, see="04 §4")


# --- leaky_relu and its gradient: right -----------------------------------------------------------------------------------


@alternative("leaky_relu")
def leaky_by_maximum(z, alpha=0.01):
    return np.maximum(alpha * np.asarray(z), z)


@alternative("leaky_relu")
def leaky_by_two_parts(z, alpha=0.01):
    return np.maximum(0, z) + alpha * np.minimum(0, z)


@alternative("leaky_relu")
def leaky_by_copy(z, alpha=0.01):
    out = np.array(z, dtype=np.float64)
    out[out < 0] *= alpha
    return out


@alternative("leaky_relu")
def leaky_in_a_loop(z, alpha=0.01):
    out = np.empty(np.shape(z), dtype=np.float32)
    for index in np.ndindex(*np.shape(z)):
        out[index] = z[index] if z[index] > 0 else alpha * z[index]
    return out


@alternative("leaky_relu_grad")
def leaky_slope_by_fill(z, alpha=0.01):
    slope = np.full(np.shape(z), float(alpha))
    slope[np.asarray(z) >= 0] = 1
    return slope


@alternative("leaky_relu_grad")
def leaky_slope_by_product(z, alpha=0.01):
    positive = np.asarray(z) > 0
    return positive + alpha * ~positive


@alternative("leaky_relu_grad")
def leaky_slope_in_a_loop(z, alpha=0.01):
    return np.array([1.0 if value > 0 else alpha for value in np.ravel(z)], dtype=np.float32).reshape(np.shape(z))


# --- elu, elu_grad, selu: wrong -------------------------------------------------------------------------------------------


@misconception("elu", "part", title="The −1 is forgotten", see="04 §6")
def elu_without_one(z, alpha=1.0):
    """You returned α exp(z) for negative z. That jumps at 0, from α to 0; α(exp(z) − 1) meets the line there."""
    return np.where(np.asarray(z) < 0, alpha * np.exp(np.minimum(z, 0.0)), z)


@misconception("elu", "part", title="α is multiplied before the −1", see="04 §6")
def elu_brackets(z, alpha=1.0):
    """You computed α exp(z) − 1. The brackets matter: α(exp(z) − 1) is 0 at z = 0 and tends to −α. For α = 1 there is no difference."""
    return np.where(np.asarray(z) < 0, alpha * np.exp(np.minimum(z, 0.0)) - 1, z)


@misconception("elu", "part", title="The −1 is in the exponent", see="04 §6")
def elu_one_in_exponent(z, alpha=1.0):
    """You computed α exp(z − 1). The 1 is subtracted from the exponential, not from z: α(exp(z) − 1)."""
    return np.where(np.asarray(z) < 0, alpha * np.exp(np.minimum(z, 0.0) - 1), z)


@misconception("elu", "part", title="The sign of the exponent is wrong", see="04 §6")
def elu_exponent_negative(z, alpha=1.0):
    """You computed exp(−z), which grows without bound for negative z. With exp(z), the ELU tends to −α."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) < 0, alpha * (np.exp(-np.minimum(z, 0.0)) - 1), z)


@misconception("elu", "part", title="The left side is turned upwards", see="04 §6")
def elu_upwards(z, alpha=1.0):
    """You returned α(1 − exp(z)), which is positive for negative z. The ELU is negative there: α(exp(z) − 1)."""
    return np.where(np.asarray(z) < 0, -alpha * np.expm1(np.minimum(z, 0.0)), z)


@misconception("elu", "part", title="α in the exponent", see="04 §6")
def elu_alpha_in_exponent(z, alpha=1.0):
    """You computed exp(αz) − 1. α stands in front of the brackets: α(exp(z) − 1) tends to −α. For α = 1 there is no difference."""
    return np.where(np.asarray(z) < 0, np.expm1(alpha * np.minimum(z, 0.0)), z)


@misconception("elu", "part", title="A straight leak", see="04 §6")
def elu_is_leaky(z, alpha=1.0):
    """You returned αz for negative z. That is the leaky ReLU; the ELU bends towards −α: α(exp(z) − 1)."""
    return _leaky_relu(z, alpha)


@misconception("elu", "part", title="Plain ReLU", see="04 §6")
def elu_is_relu(z, alpha=1.0):
    """You returned 0 for negative z. The ELU goes down to −α there: α(exp(z) − 1)."""
    return _relu(z)


@misconception("elu", "core", title="The exponential on both sides", see="04 §6")
def elu_everywhere(z, alpha=1.0):
    """You returned α(exp(z) − 1) for positive z too. There the ELU is z itself."""
    with np.errstate(all="ignore"):
        return alpha * np.expm1(np.asarray(z, float))


@misconception("elu", "core", title="The sides are swapped", see="04 §6")
def elu_swapped(z, alpha=1.0):
    """You have z where z is negative, and the exponential where it is positive. It is the other way round."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) < 0, z, alpha * np.expm1(np.asarray(z, float)))


@misconception("elu", "part", title="Positive z is scaled too", see="04 §6")
def elu_scales_positive(z, alpha=1.0):
    """You multiplied the whole function by α. Only the left side has it: for positive z the ELU is z. For α = 1 there is no difference."""
    return alpha * _elu(z)


@misconception("elu", "slip", title="A mask multiplies infinity", see="04 §6")
def elu_mask_overflows(z, alpha=1.0):
    """You added both branches, each multiplied by a mask. For large z the exponential is infinite, and 0·∞ is NaN. Pass np.minimum(z, 0) to
    the exponential, or choose with np.where."""
    z = np.asarray(z, dtype=float)
    with np.errstate(all="ignore"):
        return z * (z > 0) + alpha * (np.exp(z) - 1) * (z <= 0)


@misconception("elu", "slip", title="z is clipped too early", see="04 §6")
def elu_clipped(z, alpha=1.0):
    """You clipped z against overflow on the negative side, where exp(z) can't overflow: it goes to 0. At −5 it is still 0.0067. Limit z
    from above: np.minimum(z, 0)."""
    return _elu(np.where(np.asarray(z) < 0, np.clip(z, -5, 0), z), alpha)


@misconception("elu", "part", title="exp(z) − α", see="04 §6")
def elu_subtracts_alpha(z, alpha=1.0):
    """You computed exp(z) − α for negative z. α multiplies the exponential too: α(exp(z) − 1). For α = 1 there is no difference."""
    return np.where(np.asarray(z) < 0, np.exp(np.minimum(z, 0.0)) - alpha, z)


@misconception("elu", "core", title="The larger of the two curves", see="04 §6")
def elu_maximum(z, alpha=1.0):
    """You took the maximum of z and α(exp(z) − 1). The exponential is the larger one on *both* sides if α is 1: choose by the sign of z."""
    with np.errstate(all="ignore"):
        return np.maximum(z, alpha * np.expm1(np.asarray(z, float)))


@misconception("elu", "core", title="The smaller of the two curves", see="04 §6")
def elu_minimum(z, alpha=1.0):
    """You took the minimum of z and α(exp(z) − 1). That is z on both sides if α is 1: choose by the sign of z."""
    with np.errstate(all="ignore"):
        return np.minimum(z, alpha * np.expm1(np.asarray(z, float)))


elu_fixed = fixed_number("elu", right.elu, see="04 §6", name="alpha", value=1.0, severity="part")
elu_fixed_small = fixed_number("elu", right.elu, see="04 §6", name="alpha", value=0.01, severity="core", called="elu_fixed_hundredth")
elu_default = other_default("elu", right.elu, see="04 §6", value=0.01)


@misconception("elu_grad", "part", title="The function instead of its slope, for negative z", see="04 §6")
def elu_slope_keeps_one(z, alpha=1.0):
    """You returned α(exp(z) − 1) for negative z, the function itself. A constant has no slope, so that the −1 goes: α exp(z)."""
    return np.where(np.asarray(z) < 0, alpha * np.expm1(np.minimum(z, 0.0)), 1.0)


@misconception("elu_grad", "part", title="α is forgotten", see="04 §6")
def elu_slope_without_alpha(z, alpha=1.0):
    """You returned exp(z) for negative z. The factor α stays: α exp(z)."""
    return _elu_grad(z)


@misconception("elu_grad", "part", title="f + 1 instead of f + α", see="04 §6")
def elu_slope_plus_one(z, alpha=1.0):
    """You returned ELU(z) + 1 for negative z. α exp(z) is ELU(z) + α; for α = 1 there is no difference."""
    return np.where(np.asarray(z) < 0, _elu(z, alpha) + 1, 1.0)


@misconception("elu_grad", "part", title="The slope of the leaky ReLU", see="04 §6")
def elu_slope_is_leaky(z, alpha=1.0):
    """You returned α for all negative z. That is so at z = 0 only; further left the curve is flatter: α exp(z)."""
    return _leaky_relu_grad(z, alpha)


@misconception("elu_grad", "part", title="The slope of ReLU", see="04 §6")
def elu_slope_is_relu(z, alpha=1.0):
    """You returned 0 for negative z. The ELU isn't flat there: its slope is α exp(z)."""
    return _relu_grad(z)


@misconception("elu_grad", "part", title="0 for negative z, and 1 at z = 0", see="04 §6")
def elu_slope_is_step(z, alpha=1.0):
    """You returned 0 for negative z. The ELU isn't flat there: its slope is α exp(z)."""
    return np.where(np.asarray(z) < 0, 0.0, 1.0)


@misconception("elu_grad", "part", title="z instead of 1", see="04 §6")
def elu_slope_z(z, alpha=1.0):
    """You returned z where it is positive. The slope of the line y = z is 1."""
    return np.where(np.asarray(z) > 0, z, _elu_grad(z, alpha))


@misconception("elu_grad", "part", title="The exponential on both sides", see="04 §6")
def elu_slope_everywhere(z, alpha=1.0):
    """You returned α exp(z) for positive z too. There the ELU is the line z, with slope 1."""
    with np.errstate(all="ignore"):
        return alpha * np.exp(np.asarray(z, float))


@misconception("elu_grad", "part", title="A factor z too many", see="04 §6")
def elu_slope_times_z(z, alpha=1.0):
    """You returned αz exp(z), or α·z, for negative z. The derivative of exp(z) is exp(z) itself: α exp(z)."""
    return np.where(np.asarray(z) < 0, alpha * np.asarray(z) * np.exp(np.minimum(z, 0.0)), 1.0)


@misconception("elu_grad", "part", title="The slope's sign is wrong", see="04 §6")
def elu_slope_negative(z, alpha=1.0):
    """You returned −α exp(z), or took exp(−z), for negative z. The ELU rises everywhere: its slope is α exp(z)."""
    return np.where(np.asarray(z) < 0, -alpha * np.exp(np.minimum(z, 0.0)), 1.0)


@misconception("elu_grad", "core", title="The sides are swapped", see="04 §6")
def elu_slope_swapped(z, alpha=1.0):
    """You have 1 where z is negative, and the exponential where it is positive. It is the other way round."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) < 0, 1.0, alpha * np.exp(np.asarray(z, float)))


@misconception("elu_grad", "slip", title="A mask multiplies infinity", see="04 §6")
def elu_slope_mask_overflows(z, alpha=1.0):
    """You added both branches, each multiplied by a mask. For large z the exponential is infinite, and 0·∞ is NaN. Pass np.minimum(z, 0) to
    the exponential, or choose with np.where."""
    z = np.asarray(z, dtype=float)
    with np.errstate(all="ignore"):
        return (z > 0) + alpha * np.exp(z) * (z <= 0)


@misconception("elu_grad", "slip", title="No slope at z = 0", see="04 §6")
def elu_slope_beyond_at_zero(z, alpha=1.0):
    """At z = 0 you return a number that doesn't lie between α and 1, the slopes on both sides. Use >= on one of the sides."""
    return np.where(np.asarray(z) == 0, 0.0, _elu_grad(z, alpha))


@misconception("elu_grad", "part", title="The sign of the exponent is wrong", see="04 §6")
def elu_slope_exponent_negative(z, alpha=1.0):
    """You computed α exp(−z), which grows without bound for negative z. The slope is α exp(z), which tends to 0."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) < 0, alpha * np.exp(-np.minimum(z, 0.0)), 1.0)


@misconception("elu_grad", "part", title="α is squared", see="04 §6")
def elu_slope_alpha_squared(z, alpha=1.0):
    """You multiplied by α twice. The slope is α exp(z), or ELU(z) + α, where α is in ELU(z) already."""
    return np.where(np.asarray(z) < 0, alpha**2 * np.exp(np.minimum(z, 0.0)), 1.0)


@misconception("elu_grad", "part", title="exp(z) − 1 + α", see="04 §6")
def elu_slope_mixed(z, alpha=1.0):
    """You added α to an ELU with another α: exp(z) − 1 + α. The slope is ELU(z) + α with the same α in both, which is α exp(z)."""
    return np.where(np.asarray(z) < 0, np.expm1(np.minimum(z, 0.0)) + alpha, 1.0)


@misconception("elu_grad", "part", title="The smaller of 1 and α exp(z)", see="04 §6")
def elu_slope_minimum(z, alpha=1.0):
    """You took the minimum of 1 and α exp(z). That is right for α = 1 only: choose by the sign of z."""
    return np.minimum(1.0, alpha * np.exp(np.minimum(z, 0.0)))


@misconception("elu_grad", "core", title="exp(z) on both sides, without α", see="04 §6")
def elu_slope_exponential(z, alpha=1.0):
    """You returned exp(z) everywhere. For positive z the slope is 1, and for negative z it has the factor α."""
    with np.errstate(all="ignore"):
        return np.exp(np.asarray(z, float))


elu_slope_fixed_small = fixed_number(
    "elu_grad", right.elu_grad, see="04 §6", name="alpha", value=0.01, severity="core", called="elu_slope_fixed_hundredth"
)
elu_slope_default = other_default("elu_grad", right.elu_grad, see="04 §6", value=0.01)
elu_slope_is_value = value_for_slope("elu_grad", right.elu, see="04 §6")


def _selu(z, positive=LAMBDA, negative=LAMBDA * ALPHA):
    """Return positive·z, and negative·(exp(z) − 1) for negative z."""
    return np.where(np.asarray(z) < 0, negative * np.expm1(np.minimum(z, 0.0)), positive * np.asarray(z))


@misconception("selu", "slip", title="λ and α have too few digits", see="04 §7")
def selu_rounded(z):
    """You rounded λ and α. Mean 0 and variance 1 are a fixed point for exactly these numbers: write them with all their digits."""
    return _selu(z, 1.0507, 1.0507 * 1.67326)


@misconception("selu", "slip", title="λ and α have two decimals", see="04 §7")
def selu_rounded_to_hundredths(z):
    """You rounded λ to 1.05 and α to 1.67. Write them with all the digits that the docstring says."""
    return _selu(z, 1.05, 1.05 * 1.67)


@misconception("selu", "part", title="λ is forgotten", see="04 §7")
def selu_without_scale(z):
    """You returned ELU with α, without λ. The factor λ > 1 belongs to both sides: it makes up for the variance that the bend takes."""
    return _selu(z, 1.0, ALPHA)


@misconception("selu", "part", title="λ on the left only", see="04 §7")
def selu_scale_on_the_left(z):
    """You multiplied only the exponential by λ. It multiplies both sides: for positive z SELU is λz."""
    return _selu(z, 1.0, LAMBDA * ALPHA)


@misconception("selu", "part", title="λ on the right only", see="04 §7")
def selu_scale_on_the_right(z):
    """You multiplied only positive z by λ. It multiplies both sides: for negative z SELU is λα(exp(z) − 1)."""
    return _selu(z, LAMBDA, ALPHA)


@misconception("selu", "part", title="α is forgotten", see="04 §7")
def selu_without_alpha(z):
    """You returned λ(exp(z) − 1) for negative z, an ELU with α = 1. SELU's α is 1.67…"""
    return _selu(z, LAMBDA, LAMBDA)


@misconception("selu", "core", title="λ and α are swapped", see="04 §7")
def selu_swapped_constants(z):
    """You have λ and α the wrong way round: λ = 1.05… multiplies everything, α = 1.67… only the exponential."""
    return _selu(z, ALPHA, LAMBDA * ALPHA)


@misconception("selu", "part", title="The −1 is forgotten", see="04 §7")
def selu_without_one(z):
    """You returned λα exp(z) for negative z. That jumps at 0; λα(exp(z) − 1) meets the line there."""
    return np.where(np.asarray(z) < 0, LAMBDA * ALPHA * np.exp(np.minimum(z, 0.0)), LAMBDA * np.asarray(z))


@misconception("selu", "part", title="α is multiplied before the −1", see="04 §7")
def selu_brackets(z):
    """You computed λ(α exp(z) − 1). The slide's α exp(x) − α is α(exp(x) − 1): α is subtracted, not 1."""
    left = LAMBDA * (ALPHA * np.exp(np.minimum(z, 0.0)) - 1)
    return np.where(np.asarray(z) < 0, left, LAMBDA * np.asarray(z))


@misconception("selu", "core", title="Plain ELU", see="04 §7")
def selu_is_elu(z):
    """You returned the ELU with α = 1. SELU has a larger α, and a factor λ in front of everything."""
    return _elu(z)


@misconception("selu", "core", title="The exponential on both sides", see="04 §7")
def selu_everywhere(z):
    """You returned λα(exp(z) − 1) for positive z too. There SELU is λz."""
    with np.errstate(all="ignore"):
        return LAMBDA * ALPHA * np.expm1(np.asarray(z, float))


@misconception("selu", "core", title="The sides are swapped", see="04 §7")
def selu_swapped(z):
    """You have the line where z is negative, and the exponential where it is positive. It is the other way round."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) < 0, LAMBDA * np.asarray(z), LAMBDA * ALPHA * np.expm1(np.asarray(z, float)))


@misconception("selu", "part", title="A straight leak", see="04 §7")
def selu_is_leaky(z):
    """You returned λαz, a line, for negative z. SELU bends there: λα(exp(z) − 1)."""
    return np.where(np.asarray(z) < 0, LAMBDA * ALPHA, LAMBDA) * np.asarray(z)


@misconception("selu", "part", title="λ twice on the right", see="04 §7")
def selu_scale_twice(z):
    """You multiplied positive z by λ, and then everything by λ once more. λ multiplies each side once."""
    return _selu(z, LAMBDA**2, LAMBDA * ALPHA)


@misconception("selu", "part", title="α on both sides", see="04 §7")
def selu_alpha_everywhere(z):
    """You multiplied positive z by α, too. α belongs to the exponential alone: for positive z SELU is λz."""
    return _selu(z, LAMBDA * ALPHA)


@misconception("selu", "part", title="The left side is turned upwards", see="04 §7")
def selu_upwards(z):
    """You returned λα(1 − exp(z)), which is positive for negative z. SELU is negative there: λα(exp(z) − 1)."""
    return _selu(z, LAMBDA, -LAMBDA * ALPHA)


@misconception("selu", "part", title="α is squared", see="04 §7")
def selu_alpha_twice(z):
    """You multiplied the exponential by α twice. It has one factor λ and one factor α: λα(exp(z) − 1)."""
    return _selu(z, LAMBDA, LAMBDA * ALPHA**2)


@misconception("selu", "part", title="α in the exponent", see="04 §7")
def selu_alpha_in_exponent(z):
    """You computed exp(αz) − 1. α stands in front of the brackets: λα(exp(z) − 1)."""
    return np.where(np.asarray(z) < 0, LAMBDA * np.expm1(ALPHA * np.minimum(z, 0.0)), LAMBDA * np.asarray(z))


@misconception("selu", "part", title="The sign of the exponent is wrong", see="04 §7")
def selu_exponent_negative(z):
    """You computed exp(−z), which grows without bound for negative z. With exp(z), SELU tends to −λα."""
    with np.errstate(all="ignore"):
        return np.where(np.asarray(z) < 0, LAMBDA * ALPHA * np.expm1(-np.minimum(z, 0.0)), LAMBDA * np.asarray(z))


@misconception("selu", "core", title="0 on the left", see="04 §7")
def selu_is_relu(z):
    """You returned λz for positive z, and 0 for negative z. There SELU is λα(exp(z) − 1)."""
    return _selu(z, LAMBDA, 0.0)


@misconception("selu", "core", title="Plain ReLU", see="04 §7")
def selu_is_plain_relu(z):
    """You returned max(0, z). SELU is λz for positive z, and λα(exp(z) − 1) for negative z."""
    return _relu(z)


@misconception("selu", "slip", title="A mask multiplies infinity", see="04 §7")
def selu_mask_overflows(z):
    """You added both branches, each multiplied by a mask. For large z the exponential is infinite, and 0·∞ is NaN. Pass np.minimum(z, 0) to
    the exponential, or choose with np.where."""
    z = np.asarray(z, dtype=float)
    with np.errstate(all="ignore"):
        return LAMBDA * (z * (z > 0) + ALPHA * (np.exp(z) - 1) * (z <= 0))


# --- elu, elu_grad, selu: right -------------------------------------------------------------------------------------------


@alternative("elu")
def elu_plain(z, alpha=1.0):
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(over="ignore"):
        return np.where(z > 0, z, alpha * (np.exp(z) - 1))


@alternative("elu")
def elu_by_copy(z, alpha=1.0):
    out = np.array(z, dtype=float)
    negative = out <= 0
    out[negative] = alpha * np.exp(out[negative]) - alpha
    return out


@alternative("elu")
def elu_in_a_loop(z, alpha=1.0):
    values = [value if value > 0 else alpha * (np.exp(value) - 1) for value in np.ravel(z)]
    return np.array(values, dtype=np.float32).reshape(np.shape(z))


@alternative("elu_grad")
def elu_slope_by_the_function(z, alpha=1.0):
    return np.where(np.asarray(z) > 0, 1.0, _elu(z, alpha) + alpha)


@alternative("elu_grad")
def elu_slope_plain(z, alpha=1.0):
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(over="ignore"):
        return np.where(z >= 0, 1, alpha * np.exp(z))


@alternative("elu_grad")
def elu_slope_by_copy(z, alpha=1.0):
    slope = np.ones(np.shape(z))
    negative = np.asarray(z) < 0
    slope[negative] = alpha * np.exp(np.asarray(z, dtype=float)[negative])
    return slope


@alternative("elu_grad")
def elu_slope_in_a_loop(z, alpha=1.0):
    return np.reshape([1.0 if value > 0 else alpha * np.exp(value) for value in np.ravel(z)], np.shape(z)).astype(np.float32)


@alternative("selu")
def selu_plain(z):
    z = np.asarray(z, dtype=float)
    with np.errstate(over="ignore"):
        return LAMBDA * np.where(z > 0, z, ALPHA * np.exp(z) - ALPHA)


@alternative("selu")
def selu_in_two_parts(z):
    return LAMBDA * np.maximum(0, z) + LAMBDA * ALPHA * (np.exp(np.minimum(0, z)) - 1)


@alternative("selu")
def selu_in_a_loop(z):
    values = [LAMBDA * (value if value > 0 else ALPHA * (np.exp(value) - 1)) for value in np.ravel(z)]
    return np.array(values, dtype=np.float32).reshape(np.shape(z))


# --- dead_units: wrong ----------------------------------------------------------------------------------------------------


@misconception("dead_units", "core", title="One silent example is enough", see="04 §3")
def dead_for_some(Z):
    """You called a unit dead if *some* example gives no positive z. Every healthy ReLU is off for some examples; a dead one is off for all
    of them: np.all, not np.any."""
    return np.any(np.asarray(Z) <= 0, axis=0)


@misconception("dead_units", "core", title="Examples instead of units", see="04 §3")
def dead_examples(Z):
    """You looked along the wrong axis: your answer has an entry for each example. The examples are the rows, axis 0, and that is the axis
    to look along."""
    return np.max(Z, axis=1) <= 0


@misconception("dead_units", "core", title="The living units", see="04 §3")
def dead_is_alive(Z):
    """You returned True for the units that are alive. Dead are those for which no example has z > 0: negate your answer with ~."""
    return np.any(np.asarray(Z) > 0, axis=0)


@misconception("dead_units", "core", title="The mean decides", see="04 §3")
def dead_by_mean(Z):
    """You looked at the mean, or the sum, of z over the examples. It may be negative though one example is positive, and that one example
    brings a gradient."""
    return np.mean(Z, axis=0) <= 0


@misconception("dead_units", "core", title="Off for most examples", see="04 §3")
def dead_by_majority(Z):
    """You called a unit dead if it is off for most examples. As long as one example has z > 0, it gets a gradient, and isn't dead."""
    return np.mean(np.asarray(Z) <= 0, axis=0) > 0.5


@misconception("dead_units", "slip", title="z = 0 counts as alive", see="04 §3")
def dead_below_zero(Z):
    """You asked for z < 0 in all examples, so a unit with a z of exactly 0 counts as alive. ReLU gives 0 there: alive needs z > 0."""
    return np.all(np.asarray(Z) < 0, axis=0)


@misconception("dead_units", "core", title="z = 0 is looked for", see="04 §3")
def dead_equal_zero(Z):
    """You looked for units whose Z is 0. That would be right for what ReLU returns; Z is what it gets, and negative numbers are silent
    too."""
    return np.all(np.asarray(Z) == 0, axis=0)


@misconception("dead_units", "core", title="The number of dead units", see="04 §3")
def dead_counted(Z):
    """You returned how many units are dead. Asked for is which: an array with True or False for each unit."""
    return int(np.sum(np.max(Z, axis=0) <= 0))


@misconception("dead_units", "part", title="The numbers of the dead units", see="04 §3")
def dead_numbered(Z):
    """You returned the indices of the dead units, as np.where gives them. Asked for is an array with True or False for each unit."""
    return np.flatnonzero(np.max(Z, axis=0) <= 0)


@misconception("dead_units", "part", title="np.where's tuple is returned", see="04 §3")
def dead_where(Z):
    """You returned what np.where gives: a tuple with the indices of the dead units. Asked for is an array with True or False for
    each unit."""
    return np.where(np.max(Z, axis=0) <= 0)


@misconception("dead_units", "slip", title="A list is returned", see="04 §3")
def dead_as_list(Z):
    """You return a list. To pick units with it, as in Z[:, dead], and to negate it, it has to be an array, as np.array(...)
    makes it."""
    return [bool(value <= 0) for value in np.max(Z, axis=0)]


@misconception("dead_units", "core", title="The share of silent examples", see="04 §3")
def dead_share(Z):
    """You returned for each unit the share of examples for which it is off. Dead is a unit whose share is 1: True or False."""
    return np.mean(np.asarray(Z) <= 0, axis=0)


@misconception("dead_units", "core", title="Only the last example is looked at", see="04 §3")
def dead_for_the_last(Z):
    """You looked at one example, the last one in a loop perhaps. A unit is dead if it is off for *all* examples of the batch."""
    return np.asarray(Z)[-1] <= 0


@misconception("dead_units", "core", title="The number of silent examples", see="04 §3")
def dead_examples_counted(Z):
    """You returned for each unit for how many examples it is off. Dead is a unit for which that is all of them: True or False."""
    return np.sum(np.asarray(Z) <= 0, axis=0)


@misconception("dead_units", "core", title="Off for nine examples in ten", see="04 §3")
def dead_for_most(Z):
    """You called a unit dead if it is off for nearly all examples. As long as one example has z > 0, it gets a gradient, and isn't dead."""
    return np.mean(np.asarray(Z) <= 0, axis=0) >= 0.9


@misconception("dead_units", "core", title="The share of dead units", see="04 §3")
def dead_share_of_units(Z):
    """You returned which share of the units is dead. Asked for is which: an array with True or False for each unit."""
    return np.mean(np.max(Z, axis=0) <= 0)


@misconception("dead_units", "core", title="Units that are always on", see="04 §3")
def dead_always_on(Z):
    """You returned True for units that are positive for all examples. Dead are those that are positive for none."""
    return np.all(np.asarray(Z) > 0, axis=0)


@misconception("dead_units", "core", title="Units that never vary", see="04 §3")
def dead_constant(Z):
    """You looked for units whose z doesn't vary. The z of a dead unit may vary as it likes, as long as it is never positive."""
    return np.std(Z, axis=0) == 0


@misconception("dead_units", "slip", title="Small positive z counts as 0", see="04 §3")
def dead_with_tolerance(Z):
    """You allowed a tolerance, so that a small positive z counts as silent. Any z > 0 brings a gradient."""
    return np.max(Z, axis=0) < 1e-2


@misconception("dead_units", "slip", title="Numbers instead of True and False", see="04 §3")
def dead_as_numbers(Z):
    """You returned zeros and ones. Asked for are True and False, with which one can pick units: Z[:, dead]."""
    return (np.max(Z, axis=0) <= 0).astype(float)


@misconception("dead_units", "core", title="Only the first example is looked at", see="04 §3")
def dead_for_the_first(Z):
    """You looked at one example. A unit is dead if it is off for *all* examples of the batch."""
    return np.asarray(Z)[0] <= 0


@misconception("dead_units", "core", title="One answer for the whole layer", see="04 §3")
def dead_layer(Z):
    """You looked at all entries at once, and returned one True or False. Look along the examples only: axis=0 leaves one for each unit."""
    return np.all(np.asarray(Z) <= 0)


@misconception("dead_units", "part", title="The axis of the examples is kept", see="04 §3")
def dead_as_a_row(Z):
    """Your answer has shape (1, H), because of keepdims. One entry for each unit is shape (H,)."""
    return np.max(Z, axis=0, keepdims=True) <= 0


# --- dead_units: right ----------------------------------------------------------------------------------------------------


@alternative("dead_units")
def dead_by_relu(Z):
    return np.maximum(Z, 0).sum(axis=0) == 0


@alternative("dead_units")
def dead_by_all(Z):
    return (np.asarray(Z) <= 0).all(0)


@alternative("dead_units")
def dead_in_loops(Z):
    N, H = Z.shape
    return np.array([not any(Z[n, h] > 0 for n in range(N)) for h in range(H)])


@alternative("dead_units")
def dead_by_counting(Z):
    return np.logical_not(np.count_nonzero(np.transpose(Z) > 0, axis=1))


# --- rrelu: wrong ---------------------------------------------------------------------------------------------------------


def _sloped(z, negative, positive=1.0):
    """Return out and slopes for the slopes of negative and of positive entries."""
    slopes = np.where(np.asarray(z) < 0, negative, positive)
    return slopes * z, slopes


def _drawn(z, lower, upper, rng, training, size=None):
    """Return the slopes of negative entries, as they should be but for the size of the draw."""
    return rng.uniform(lower, upper, np.shape(z) if size is None else size) if training else (lower + upper) / 2


@misconception("rrelu", "part", title="One slope for all entries", see="04 §5")
def rrelu_one_slope(z, lower, upper, rng, training):
    """You drew one slope for the whole array. Each negative entry gets a slope of its own: pass the shape of z to rng.uniform."""
    return _sloped(z, _drawn(z, lower, upper, rng, training, ()))


@misconception("rrelu", "part", title="One slope for each feature", see="04 §5")
def rrelu_slope_for_each_feature(z, lower, upper, rng, training):
    """You drew a slope for each feature, which all examples share. Each entry gets a slope of its own."""
    return _sloped(z, _drawn(z, lower, upper, rng, training, np.shape(z)[-1:]))


@misconception("rrelu", "part", title="One slope for each example", see="04 §5")
def rrelu_slope_for_each_example(z, lower, upper, rng, training):
    """You drew a slope for each example, which all its features share. Each entry gets a slope of its own."""
    return _sloped(z, _drawn(z, lower, upper, rng, training, (len(z), *[1] * (np.ndim(z) - 1))))


@misconception("rrelu", "part", title="Random after training too", see="04 §5")
def rrelu_always_random(z, lower, upper, rng, training):
    """You draw slopes with training=False, too. After training the slope is fixed to (lower + upper)/2, or equal inputs would get different
    answers."""
    return _sloped(z, _drawn(z, lower, upper, rng, True))


@misconception("rrelu", "part", title="Never random", see="04 §5")
def rrelu_never_random(z, lower, upper, rng, training):
    """You use the mean of the bounds in training, too. In training each negative entry gets a random slope."""
    return _sloped(z, _drawn(z, lower, upper, rng, False))


@misconception("rrelu", "core", title="training is taken the wrong way round", see="04 §5")
def rrelu_phases_swapped(z, lower, upper, rng, training):
    """You draw slopes with training=False, and take the mean with training=True. It is the other way round."""
    return _sloped(z, _drawn(z, lower, upper, rng, not training))


@misconception("rrelu", "part", title="lower after training", see="04 §5")
def rrelu_lower_after_training(z, lower, upper, rng, training):
    """After training you use lower as the slope. The mean of the slopes that were drawn is (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else lower)


@misconception("rrelu", "part", title="upper after training", see="04 §5")
def rrelu_upper_after_training(z, lower, upper, rng, training):
    """After training you use upper as the slope. The mean of the slopes that were drawn is (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else upper)


@misconception("rrelu", "part", title="Half the range after training", see="04 §5")
def rrelu_half_the_range(z, lower, upper, rng, training):
    """After training you use (upper − lower)/2. That is half the range's width; its middle is (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else (upper - lower) / 2)


@misconception("rrelu", "part", title="The sum of the bounds after training", see="04 §5")
def rrelu_sum_of_bounds(z, lower, upper, rng, training):
    """After training you use lower + upper, or lower + upper/2. The middle of the range is (lower + upper)/2, with brackets."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else lower + upper)


@misconception("rrelu", "part", title="lower + upper/2", see="04 §5")
def rrelu_brackets(z, lower, upper, rng, training):
    """After training you use lower + upper/2. The middle of the range is (lower + upper)/2, with brackets."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else lower + upper / 2)


@misconception("rrelu", "part", title="Plain ReLU after training", see="04 §5")
def rrelu_relu_after_training(z, lower, upper, rng, training):
    """After training you return 0 for negative z. The slope there is (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else 0.0)


@misconception("rrelu", "part", title="The identity after training", see="04 §5")
def rrelu_identity_after_training(z, lower, upper, rng, training):
    """After training you return z as it is. Negative z is multiplied by (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else 1.0)


@misconception("rrelu", "part", title="Positive entries get random slopes", see="04 §5")
def rrelu_slopes_everywhere(z, lower, upper, rng, training):
    """You multiplied positive entries by a slope, too. Where z ≥ 0 the slope is 1."""
    negative = _drawn(z, lower, upper, rng, training)
    return _sloped(z, negative, negative)


@misconception("rrelu", "part", title="slopes aren't 1 for positive entries", see="04 §5")
def rrelu_slopes_as_drawn(z, lower, upper, rng, training):
    """Your out is right, but slopes holds the draws of positive entries too. It says what each entry was multiplied by: 1 where z ≥ 0."""
    negative = _drawn(z, lower, upper, rng, training) + np.zeros(np.shape(z))
    return _sloped(z, negative)[0], negative


@misconception("rrelu", "part", title="slopes are 0 for positive entries", see="04 §5")
def rrelu_slopes_zero(z, lower, upper, rng, training):
    """Your out is right, but slopes are 0 where z is positive. Those entries were multiplied by 1."""
    out, slopes = _sloped(z, _drawn(z, lower, upper, rng, training))
    return out, np.where(np.asarray(z) < 0, slopes, 0.0)


@misconception("rrelu", "part", title="The bounds are wrong", see="04 §5")
def rrelu_wrong_bounds(z, lower, upper, rng, training):
    """Your slopes don't lie between lower and upper: lower + upper · rng.random() goes up to lower + upper. The range has the width
    upper − lower."""
    return _sloped(z, lower + upper * rng.random(np.shape(z)) if training else (lower + upper) / 2)


@misconception("rrelu", "part", title="lower isn't used", see="04 §5")
def rrelu_from_zero(z, lower, upper, rng, training):
    """Your slopes begin at 0: rng.random() · upper, or rng.random() alone, leaves lower out. They lie between lower and upper."""
    return _sloped(z, upper * rng.random(np.shape(z)) if training else (lower + upper) / 2)


@misconception("rrelu", "part", title="The bounds aren't used", see="04 §5")
def rrelu_unit_interval(z, lower, upper, rng, training):
    """Your slopes lie between 0 and 1, because rng.random() knows nothing of lower and upper. Use rng.uniform(lower, upper, size)."""
    return _sloped(z, rng.random(np.shape(z)) if training else (lower + upper) / 2)


@misconception("rrelu", "part", title="Normal instead of uniform", see="04 §5")
def rrelu_normal(z, lower, upper, rng, training):
    """You drew the slopes from a normal distribution. They are uniform between lower and upper, and never outside."""
    spread = (upper - lower) / np.sqrt(12)
    return _sloped(z, rng.normal((lower + upper) / 2, spread, np.shape(z)) if training else (lower + upper) / 2)


@misconception("rrelu", "part", title="Only the two bounds are drawn", see="04 §5")
def rrelu_either_bound(z, lower, upper, rng, training):
    """You drew one of the two bounds for each entry. All numbers between them are equally likely: rng.uniform."""
    return _sloped(z, rng.choice([lower, upper], np.shape(z)) if training else (lower + upper) / 2)


@misconception("rrelu", "part", title="Divides by the slope", see="04 §5")
def rrelu_divided(z, lower, upper, rng, training):
    """You divided negative z by the number drawn. So does the paper, whose numbers are 3 to 8; here they are slopes, to multiply with."""
    slopes = np.where(np.asarray(z) < 0, _drawn(z, lower, upper, rng, training), 1.0)
    return z / slopes, slopes


@misconception("rrelu", "part", title="out and slopes are swapped", see="04 §5")
def rrelu_order(z, lower, upper, rng, training):
    """You returned (slopes, out). The order that is asked for is (out, slopes), as the docstring says."""
    return _sloped(z, _drawn(z, lower, upper, rng, training))[::-1]


@misconception("rrelu", "core", title="The sides are swapped", see="04 §5")
def rrelu_swapped(z, lower, upper, rng, training):
    """You multiplied positive z by the random slope, and left negative z as it was. The leak is for negative z."""
    return _sloped(z, 1.0, _drawn(z, lower, upper, rng, training))


@misconception("rrelu", "part", title="A mask instead of slopes", see="04 §5")
def rrelu_mask_for_slopes(z, lower, upper, rng, training):
    """Your out is right, but the second item is the mask z < 0 or z ≥ 0. Asked for is what each entry was multiplied by."""
    return _sloped(z, _drawn(z, lower, upper, rng, training))[0], (np.asarray(z) >= 0).astype(float)


@misconception("rrelu", "part", title="One random slope after training", see="04 §5")
def rrelu_random_once_after_training(z, lower, upper, rng, training):
    """After training you draw one slope for all entries. Nothing is random then: the slope is (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True, None if training else ()))


@misconception("rrelu", "part", title="lower isn't added", see="04 §5")
def rrelu_without_lower(z, lower, upper, rng, training):
    """Your slopes lie between 0 and upper − lower: you scaled rng.random() to the width of the range, and forgot to add lower."""
    return _sloped(z, (upper - lower) * rng.random(np.shape(z)) if training else (lower + upper) / 2)


@misconception("rrelu", "part", title="out and slopes come from two draws", see="04 §5")
def rrelu_drawn_twice(z, lower, upper, rng, training):
    """You drew once for out and once more for slopes, so that they don't belong together. Draw once: out is slopes · z."""
    return _sloped(z, _drawn(z, lower, upper, rng, training))[0], _sloped(z, _drawn(z, lower, upper, rng, training))[1]


@misconception("rrelu", "part", title="The mask z < 0 instead of slopes", see="04 §5")
def rrelu_boolean_mask(z, lower, upper, rng, training):
    """Your out is right, but the second item is the mask z < 0. Asked for is what each entry was multiplied by."""
    return _sloped(z, _drawn(z, lower, upper, rng, training))[0], np.asarray(z) < 0


@misconception("rrelu", "part", title="The geometric mean after training", see="04 §5")
def rrelu_geometric_mean(z, lower, upper, rng, training):
    """After training you use √(lower · upper). The mean of uniform draws is (lower + upper)/2."""
    return _sloped(z, _drawn(z, lower, upper, rng, True) if training else np.sqrt(lower * upper))


@misconception("rrelu", "slip", title="slopes is one number after training", see="04 §5")
def rrelu_slope_as_number(z, lower, upper, rng, training):
    """After training you return the slope as a number. slopes has the shape of z in both modes, with 1 where z ≥ 0."""
    out, slopes = _sloped(z, _drawn(z, lower, upper, rng, training))
    return out, slopes if training else (lower + upper) / 2


@misconception("rrelu", "part", title="slopes of negative entries only", see="04 §5")
def rrelu_slopes_of_negative(z, lower, upper, rng, training):
    """Your out is right, but slopes has an entry for each *negative* z. It has the shape of z, with 1 where z ≥ 0."""
    out, slopes = _sloped(z, _drawn(z, lower, upper, rng, training))
    return out, slopes[np.asarray(z) < 0]


@misconception("rrelu", "part", title="The sign of the slope is wrong", see="04 §5")
def rrelu_mirrored(z, lower, upper, rng, training):
    """You multiplied negative z by −slope, or took |z|: the function falls and then rises. The slope is positive."""
    return _sloped(z, -_drawn(z, lower, upper, rng, training))


@misconception("rrelu", "core", title="Plain ReLU", see="04 §5")
def rrelu_is_relu(z, lower, upper, rng, training):
    """You returned 0 for negative z. There out is z times a slope, drawn in training and fixed to (lower + upper)/2 after it."""
    return _sloped(z, 0.0)


rrelu_generator_ignored = generator_ignored("rrelu", right.rrelu, see="04 §5")
rrelu_reseeded = reseeded("rrelu", right.rrelu, see="04 §5")
rrelu_out_alone = only_the_first("rrelu", right.rrelu, see="04 §5", first="out", all="out and slopes")
rrelu_in_place = in_place("rrelu", right.rrelu, see="04 §5")
rrelu_cut_off = cut_off("rrelu", right.rrelu, see="04 §5")


# --- rrelu: right ---------------------------------------------------------------------------------------------------------


@alternative("rrelu")
def rrelu_draws_what_is_needed(z, lower, upper, rng, training):
    z = np.array(z, dtype=float)
    slopes = np.ones_like(z)
    negative = z < 0
    slopes[negative] = lower + (upper - lower) * rng.random(negative.sum()) if training else 0.5 * (lower + upper)
    return slopes * z, slopes


@alternative("rrelu")
def rrelu_in_a_loop(z, lower, upper, rng, training):
    out, slopes = np.zeros(np.shape(z)), np.ones(np.shape(z))
    for index, value in np.ndenumerate(z):
        if value <= 0:
            slopes[index] = float(rng.uniform(lower, upper)) if training else (lower + upper) / 2
        out[index] = slopes[index] * value
    return out, slopes


@alternative("rrelu")
def rrelu_in_single_precision(z, lower, upper, rng, training):
    drawn = rng.uniform(lower, upper, size=np.shape(z)[::-1]).T if training else np.full(np.shape(z), (lower + upper) / 2)
    slopes = np.where(np.asarray(z) >= 0, 1, drawn).astype(np.float32)
    return [np.multiply(z, slopes), slopes]


# --- prelu_forward: wrong -------------------------------------------------------------------------------------------------


def _kept(z, alpha):
    """Return the reference's cache."""
    return np.array(z, dtype=float), np.array(alpha, dtype=float)


@misconception("prelu_forward", "slip", title="The maximum of αz and z", see="04 §5")
def prelu_maximum(z, alpha):
    """You returned max(αz, z), as a slide has it. That is right while α ≤ 1; a learned α may be greater, and then the maximum takes z for
    negative z, and αz for positive z."""
    return np.maximum(np.asarray(alpha) * z, z), _kept(z, alpha)


@misconception("prelu_forward", "slip", title="α is clipped", see="04 §5")
def prelu_clipped(z, alpha):
    """You forced α into [0, 1]. It is a parameter that is learned: take it as it comes."""
    return _leaky_relu(z, np.clip(alpha, 0, 1)), _kept(z, alpha)


@misconception("prelu_forward", "part", title="One α for all features", see="04 §5")
def prelu_one_alpha(z, alpha):
    """You used one slope for all features. alpha has shape (D,): one slope for each column of z, which broadcasts by itself."""
    return _leaky_relu(np.asarray(z, float), float(np.asarray(alpha)[0])), _kept(z, alpha)


@misconception("prelu_forward", "part", title="The mean of α for all features", see="04 §5")
def prelu_mean_alpha(z, alpha):
    """You used the mean of alpha for all features. alpha has shape (D,): one slope for each column of z, which broadcasts by itself."""
    return _leaky_relu(np.asarray(z, float), float(np.mean(alpha))), _kept(z, alpha)


@misconception("prelu_forward", "part", title="The sum of α for all features", see="04 §5")
def prelu_sum_of_alpha(z, alpha):
    """You used the sum of alpha, or a product with it, for all features. One slope belongs to each column of z: alpha * z broadcasts."""
    return _leaky_relu(np.asarray(z, float), float(np.sum(alpha))), _kept(z, alpha)


@misconception("prelu_forward", "part", title="Plain ReLU", see="04 §5")
def prelu_is_relu(z, alpha):
    """You returned 0 for negative z. There out is αz, with the feature's own α."""
    return _relu(np.asarray(z, float)), _kept(z, alpha)


@misconception("prelu_forward", "part", title="A fixed leak", see="04 §5")
def prelu_is_leaky(z, alpha):
    """You multiplied negative z by 0.01. The slope is alpha, which is learned, one for each feature."""
    return _leaky_relu(np.asarray(z, float)), _kept(z, alpha)


@misconception("prelu_forward", "core", title="The sides are swapped", see="04 §5")
def prelu_swapped(z, alpha):
    """You multiplied positive z by α, and left negative z as it was. The slope α is for negative z."""
    return np.where(np.asarray(z) < 0, z, np.asarray(alpha) * z), _kept(z, alpha)


@misconception("prelu_forward", "part", title="α instead of αz", see="04 §5")
def prelu_constant(z, alpha):
    """You returned α for negative z. α is the slope there; out is α times z."""
    return np.where(np.asarray(z) < 0, np.asarray(alpha, float), z), _kept(z, alpha)


@misconception("prelu_forward", "part", title="The sign of the leak is wrong", see="04 §5")
def prelu_mirrored(z, alpha):
    """You returned −αz, or α|z|, for negative z. The leak has the sign of z: αz."""
    return np.where(np.asarray(z) < 0, -np.asarray(alpha) * z, z), _kept(z, alpha)


@misconception("prelu_forward", "core", title="Everything is multiplied by α", see="04 §5")
def prelu_everywhere(z, alpha):
    """You multiplied all entries by α. Positive ones stay as they are."""
    return np.asarray(alpha, float) * z, _kept(z, alpha)


@misconception("prelu_forward", "part", title="α along the examples", see="04 §5")
def prelu_along_examples(z, alpha):
    """You gave alpha the shape (D, 1), so that it runs along the examples. One α belongs to each feature, a column of z: shape (D,)
    broadcasts as it is."""
    return np.where(np.asarray(z) < 0, np.resize(alpha, (len(z), 1)) * z, z), _kept(z, alpha)


@misconception("prelu_forward", "part", title="alpha is a column", see="04 §5")
def prelu_column(z, alpha):
    """You wrote alpha[:, None], which has the shape (D, 1), and runs along the examples. One α belongs to each feature, a column of z:
    shape (D,) broadcasts as it is."""
    return np.where(np.asarray(z) < 0, np.asarray(alpha)[:, None] * z, z), _kept(z, alpha)


prelu_in_place = in_place("prelu_forward", right.prelu_forward, see="04 §5")
prelu_without_cache = only_the_first("prelu_forward", right.prelu_forward, see="04 §5", first="out", all="out and cache")
prelu_cut_off = cut_off("prelu_forward", right.prelu_forward, see="04 §5")


# --- prelu_forward: right -------------------------------------------------------------------------------------------------


@alternative("prelu_forward")
def prelu_in_two_parts(z, alpha):
    return np.maximum(z, 0) + np.asarray(alpha) * np.minimum(z, 0), _kept(z, alpha)


@alternative("prelu_forward")
def prelu_in_loops(z, alpha):
    out = np.zeros(z.shape, dtype=np.float32)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            out[i, j] = z[i, j] if z[i, j] > 0 else alpha[j] * z[i, j]
    return out, _kept(z, alpha)


@alternative("prelu_forward")
def prelu_by_einsum(z, alpha):
    z = np.array(z, dtype=float)
    positive = (z > 0).astype(float)
    return [z * positive + np.einsum("nd,d->nd", z * (1 - positive), alpha), _kept(z, alpha)]


# --- prelu_backward: wrong ------------------------------------------------------------------------------------------------


def _pulled_back(dout, z, slopes, values):
    """Return dout·slopes, and the sum of dout·values over the batch."""
    return dout * slopes, np.sum(dout * values, axis=0)


def _parts(cache):
    """Return z, α, the slopes, and z where it is negative."""
    z, alpha = cache
    return z, alpha, np.where(z < 0, alpha, 1.0), np.minimum(z, 0.0)


def _as_passed(z, alpha):
    """Return the right out, and a cache with the arguments in their own types."""
    return _leaky_relu(np.asarray(z), np.asarray(alpha)), (np.asarray(z), np.asarray(alpha))


def _in_type_of(gradient, like):
    """Cut a gradient off to integers, if it is that of an array of integers."""
    return gradient.astype(like.dtype) if like.dtype.kind in "iu" else gradient


@misconception("prelu_backward", "slip", title="dz has the type of z", see="04 §5", with_forward=_as_passed)
def prelu_dz_in_type_of_z(dout, cache):
    """You made dz with `np.zeros_like(z)`. Where z holds integers, that cuts off everything behind the decimal point: a gradient is an
    array of floats."""
    z, alpha = cache
    return _in_type_of(np.where(z < 0, alpha * dout, dout), z), np.sum(dout * np.minimum(z, 0.0), axis=0)


@misconception("prelu_backward", "slip", title="dalpha has the type of alpha", see="04 §5", with_forward=_as_passed)
def prelu_dalpha_in_type_of_alpha(dout, cache):
    """You made dalpha with `np.zeros_like(alpha)`. Where alpha holds integers, that cuts off everything behind the decimal point: a
    gradient is an array of floats."""
    z, alpha = cache
    return np.where(z < 0, alpha * dout, dout), _in_type_of(np.sum(dout * np.minimum(z, 0.0), axis=0), alpha)


@misconception("prelu_backward", "slip", title="dalpha is added up in the type of alpha", see="04 §5", with_forward=_as_passed)
def prelu_dalpha_added_to_integers(dout, cache):
    """You add up dalpha in an array made with `np.zeros_like(alpha)`. Where alpha holds integers, `+=` with fractions raises an error: make
    it with `np.zeros(alpha.shape)`."""
    z, alpha = cache
    dalpha = np.zeros_like(alpha)
    dalpha += np.sum(dout * np.minimum(z, 0.0), axis=0)
    return np.where(z < 0, alpha * dout, dout), dalpha


@misconception("prelu_backward", "part", title="dalpha isn't summed over the batch", see="04 §5")
def prelu_alpha_not_summed(dout, cache):
    """Your dalpha has shape (N, D). alpha was used by all examples, so that its gradient is the sum over them, with shape (D,)."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, dout * values


@misconception("prelu_backward", "part", title="dalpha is a mean", see="04 §5")
def prelu_alpha_averaged(dout, cache):
    """You averaged dalpha over the batch. alpha was used by all examples, so that its gradient is the sum; a mean, where one is wanted, is
    in dout already."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, np.mean(dout * values, axis=0)


@misconception("prelu_backward", "part", title="dalpha has the positive entries in it", see="04 §5")
def prelu_alpha_everywhere(dout, cache):
    """You summed dout·z over all entries. Where z is positive, α isn't used, and gets no gradient: only negative z counts."""
    z, _, slopes, _ = _parts(cache)
    return _pulled_back(dout, z, slopes, z)


@misconception("prelu_backward", "part", title="dalpha has the positive entries only", see="04 §5")
def prelu_alpha_of_positive(dout, cache):
    """You summed dout·z over the positive entries. α is used where z is negative."""
    z, _, slopes, _ = _parts(cache)
    return _pulled_back(dout, z, slopes, np.maximum(z, 0.0))


@misconception("prelu_backward", "part", title="One dalpha for all features", see="04 §5")
def prelu_alpha_one_number(dout, cache):
    """You summed dalpha over the features, too. Each feature has an α of its own: sum along the examples only, axis 0."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, np.sum(dout * values)


@misconception("prelu_backward", "part", title="dalpha is summed along the wrong axis", see="04 §5")
def prelu_alpha_of_examples(dout, cache):
    """You summed dalpha over the features, so that it has an entry for each example. Sum along the examples, axis 0."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, np.sum(dout * values, axis=1)


@misconception("prelu_backward", "part", title="dalpha is averaged over everything", see="04 §5")
def prelu_alpha_averaged_over_all(dout, cache):
    """You averaged dalpha over all entries. It is a sum over the examples, with an entry for each feature."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, np.mean(dout * values)


@misconception("prelu_backward", "part", title="dalpha is 0", see="04 §5")
def prelu_alpha_zero(dout, cache):
    """Your dalpha is 0, so that α never learns. It is the sum of dout·z over the examples with negative z."""
    _, alpha, slopes, _ = _parts(cache)
    return dout * slopes, np.zeros(alpha.shape)


@misconception("prelu_backward", "core", title="Both gradients are averaged", see="04 §5")
def prelu_both_averaged(dout, cache):
    """You divided both gradients by the number of examples. A mean, where one is wanted, is in dout already."""
    z, _, slopes, values = _parts(cache)
    dz, dalpha = _pulled_back(dout, z, slopes, values)
    return dz / len(z), dalpha / len(z)


@misconception("prelu_backward", "part", title="dz is divided by α", see="04 §5")
def prelu_slope_divided(dout, cache):
    """Your dz is dout/α where z is negative. The slope of αz is α: multiply by it."""
    z, alpha, _, values = _parts(cache)
    return _pulled_back(dout, z, np.where(z < 0, 1 / alpha, 1.0), values)


@misconception("prelu_backward", "slip", title="The sign of out decides", see="04 §5")
def prelu_by_out(dout, cache):
    """You looked at the sign of out. With a negative α, out is positive where z is negative: keep z in the cache, and look at z."""
    z, alpha, _, _ = _parts(cache)
    out = np.where(z < 0, alpha * z, z)
    return _pulled_back(dout, z, np.where(out > 0, 1.0, alpha), np.where(out > 0, 0.0, z))


@misconception("prelu_backward", "part", title="dalpha without dout", see="04 §5")
def prelu_alpha_without_dout(dout, cache):
    """You summed z over the negative entries, and forgot the upstream gradient. By the chain rule each is multiplied by its dout."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, np.sum(values, axis=0)


@misconception("prelu_backward", "part", title="dalpha without z", see="04 §5")
def prelu_alpha_without_z(dout, cache):
    """You summed dout over the negative entries. The derivative of αz with respect to α is z: multiply by it."""
    z, _, slopes, _ = _parts(cache)
    return _pulled_back(dout, z, slopes, z < 0)


@misconception("prelu_backward", "part", title="dalpha has a factor α", see="04 §5")
def prelu_alpha_times_alpha(dout, cache):
    """You summed dout·αz. The derivative of αz with respect to α is z, without α."""
    z, alpha, slopes, values = _parts(cache)
    return _pulled_back(dout, z, slopes, alpha * values)


@misconception("prelu_backward", "part", title="dalpha has an axis too many", see="04 §5")
def prelu_alpha_as_a_row(dout, cache):
    """Your numbers are right, but dalpha has shape (1, D). A gradient has the shape of its variable: (D,)."""
    _, _, slopes, values = _parts(cache)
    return dout * slopes, np.sum(dout * values, axis=0, keepdims=True)


@misconception("prelu_backward", "part", title="dalpha's sign is wrong", see="04 §5")
def prelu_alpha_negated(dout, cache):
    """Your dalpha has the wrong sign: |z|, or −z, has taken the place of z. Where z is negative, a larger α makes out smaller."""
    z, _, slopes, values = _parts(cache)
    return _pulled_back(dout, z, slopes, -values)


@misconception("prelu_backward", "part", title="dz is that of ReLU", see="04 §5")
def prelu_slope_of_relu(dout, cache):
    """Your dz is 0 where z is negative. The slope there is the feature's α."""
    z, _, _, values = _parts(cache)
    return _pulled_back(dout, z, z > 0, values)


@misconception("prelu_backward", "part", title="dz without dout", see="04 §5")
def prelu_slopes_alone(dout, cache):
    """Your dz holds the slopes alone. By the chain rule each is multiplied by the upstream gradient."""
    _, _, slopes, values = _parts(cache)
    return slopes, np.sum(dout * values, axis=0)


@misconception("prelu_backward", "part", title="dz is multiplied by α everywhere", see="04 §5")
def prelu_slope_alpha_everywhere(dout, cache):
    """Your dz is dout·α for positive z, too. There the slope is 1, so that dz is dout."""
    z, alpha, _, values = _parts(cache)
    return _pulled_back(dout, z, alpha, values)


@misconception("prelu_backward", "part", title="dz is dout everywhere", see="04 §5")
def prelu_slope_one_everywhere(dout, cache):
    """Your dz is dout for negative z, too. There the slope is the feature's α: dout·α."""
    z, _, _, values = _parts(cache)
    return _pulled_back(dout, z, 1.0, values)


@misconception("prelu_backward", "part", title="dz's sides are swapped", see="04 §5")
def prelu_slope_swapped(dout, cache):
    """Your dz has the slope α for positive z, and 1 for negative z. It is the other way round."""
    z, alpha, _, values = _parts(cache)
    return _pulled_back(dout, z, np.where(z < 0, 1.0, alpha), values)


@misconception("prelu_backward", "part", title="dz has a factor z", see="04 §5")
def prelu_value_for_slope(dout, cache):
    """Your dz is dout times out: z and αz are the values. The slopes are 1 and α."""
    z, _, slopes, values = _parts(cache)
    return _pulled_back(dout, z, slopes * z, values)


@misconception("prelu_backward", "part", title="dout decides about the sides", see="04 §5")
def prelu_by_dout(dout, cache):
    """You chose the slope by the sign of dout. What counts is on which side of 0 z was."""
    z, alpha, _, values = _parts(cache)
    return _pulled_back(dout, z, np.where(np.asarray(dout) < 0, alpha, 1.0), values)


@misconception("prelu_backward", "part", title="The gradients are swapped", see="04 §5")
def prelu_order(dout, cache):
    """You returned (dalpha, dz). The order is that of the forward pass's arguments: (dz, dalpha)."""
    z, _, slopes, values = _parts(cache)
    return _pulled_back(dout, z, slopes, values)[::-1]


prelu_dz_alone = only_the_first("prelu_backward", right.prelu_backward, see="04 §5", first="dz", all="dz and dalpha")
prelu_dout_in_place = in_place("prelu_backward", right.prelu_backward, see="04 §5")
prelu_gradients_cut_off = cut_off("prelu_backward", right.prelu_backward, see="04 §5")


# --- prelu_backward: right ------------------------------------------------------------------------------------------------


@alternative("prelu_backward")
def prelu_backward_by_masks(dout, cache):
    z, alpha = cache
    negative = z <= 0
    dz = np.array(dout, dtype=float)
    dz[negative] = (dz * alpha)[negative]
    return dz, (dout * z * negative).sum(0)


@alternative("prelu_backward")
def prelu_backward_in_loops(dout, cache):
    z, alpha = cache
    dz, dalpha = np.zeros(z.shape), np.zeros(len(alpha))
    for i in range(len(z)):
        for j in range(len(alpha)):
            if z[i, j] > 0:
                dz[i, j] = dout[i, j]
            else:
                dz[i, j] = alpha[j] * dout[i, j]
                dalpha[j] += z[i, j] * dout[i, j]
    return [dz, dalpha]


@alternative("prelu_backward")
def prelu_backward_by_einsum(dout, cache):
    z, alpha = cache
    positive = (z > 0) * 1.0
    slopes = positive + np.einsum("nd,d->nd", 1 - positive, alpha)
    return np.multiply(slopes, dout), np.einsum("nd,nd->d", dout, np.minimum(z, 0))


# --- maxout_forward: wrong ------------------------------------------------------------------------------------------------


def _cache(x, W, b):
    """Return the reference's cache."""
    return np.array(x, float), np.array(W, float), np.argmax(_pieces(x, W, b), axis=0)


@misconception("maxout_forward", "part", title="The biases are forgotten", see="04 §8")
def maxout_without_bias(x, W, b):
    """You left out b. Each piece has a bias of its own, which counts for who is larger, too: x·Wⱼ + bⱼ."""
    return np.max(_pieces(x, W, 0 * np.asarray(b)), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "part", title="The biases are added after the maximum", see="04 §8")
def maxout_bias_after(x, W, b):
    """You took the maximum of x·Wⱼ, and added biases after it. Each piece has its own: add bⱼ first, and then compare."""
    return np.max(_pieces(x, W, 0 * np.asarray(b)), axis=0) + np.max(b, axis=0), _cache(x, W, b)


@misconception("maxout_forward", "part", title="The first piece's biases for all", see="04 §8")
def maxout_first_bias(x, W, b):
    """You added the first piece's biases to all pieces. b has shape (k, H): row j belongs to piece j."""
    return np.max(_pieces(x, W, 0 * np.asarray(b)), axis=0) + np.asarray(b)[0], _cache(x, W, b)


@misconception("maxout_forward", "part", title="The mean of the biases", see="04 §8")
def maxout_mean_bias(x, W, b):
    """You added the mean of the biases after the maximum. Each piece has its own: add bⱼ first, and then compare."""
    return np.max(_pieces(x, W, 0 * np.asarray(b)), axis=0) + np.mean(b, axis=0), _cache(x, W, b)


@misconception("maxout_forward", "part", title="The sum of the biases", see="04 §8")
def maxout_sum_of_biases(x, W, b):
    """You added the biases of all pieces after the maximum. Each piece has its own: add bⱼ first, and then compare."""
    return np.max(_pieces(x, W, 0 * np.asarray(b)), axis=0) + np.sum(b, axis=0), _cache(x, W, b)


@misconception("maxout_forward", "part", title="The biases are subtracted", see="04 §8")
def maxout_bias_subtracted(x, W, b):
    """You subtracted the biases. A piece is a dense layer of its own, x·Wⱼ + bⱼ."""
    return np.max(_pieces(x, W, -np.asarray(b)), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "part", title="The winner is found without biases", see="04 §8")
def maxout_winner_before_bias(x, W, b):
    """You compared x·Wⱼ, and added the winner's bias then. The biases count for who is larger: add them first, and then compare."""
    winner = np.argmax(_pieces(x, W, 0 * np.asarray(b)), axis=0)
    return np.take_along_axis(_pieces(x, W, b), winner[None], axis=0)[0], _cache(x, W, b)


@misconception("maxout_forward", "part", title="Only two pieces", see="04 §8")
def maxout_two_pieces(x, W, b):
    """You compared the first two pieces, as on the slide. There are k of them: take the maximum along the axis of the pieces."""
    return np.max(_pieces(x, W, b)[:2], axis=0), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The sum of the pieces", see="04 §8")
def maxout_sum(x, W, b):
    """You added the pieces up, or averaged them: the result is one linear function. Maxout takes the largest."""
    return np.sum(_pieces(x, W, b), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The mean of the pieces", see="04 §8")
def maxout_mean(x, W, b):
    """You averaged the pieces: the result is one linear function. Maxout takes the largest."""
    return np.mean(_pieces(x, W, b), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The smallest piece", see="04 §8")
def maxout_minimum(x, W, b):
    """You took the minimum of the pieces. Maxout takes the largest."""
    return np.min(_pieces(x, W, b), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The piece of the largest size", see="04 §8")
def maxout_absolute(x, W, b):
    """You took the piece with the largest |z|, or the largest |z| itself. The pieces are compared with their signs."""
    return np.max(np.abs(_pieces(x, W, b)), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The number of the winner", see="04 §8")
def maxout_argmax(x, W, b):
    """You returned which piece is the largest. Asked for is its value; the number belongs into the cache."""
    return np.argmax(_pieces(x, W, b), axis=0), _cache(x, W, b)


@misconception("maxout_forward", "core", title="A ReLU behind it", see="04 §8")
def maxout_with_relu(x, W, b):
    """You took the maximum with 0, too. Maxout is an activation by itself: its output may be negative."""
    return np.maximum(0, np.max(_pieces(x, W, b), axis=0)), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The maximum over the units", see="04 §8")
def maxout_over_units(x, W, b):
    """You took the maximum along the axis of the units. It is the pieces that compete, axis 0 of W: each unit keeps a value of its own."""
    return np.max(_pieces(x, W, b), axis=2).T, _cache(x, W, b)


@misconception("maxout_forward", "core", title="One winner for the whole layer", see="04 §8")
def maxout_one_winner(x, W, b):
    """You chose one piece for the whole batch, or for all units of an example. Each example and each unit has its own winner."""
    pieces = _pieces(x, W, b)
    return pieces[np.argmax(np.sum(pieces, axis=(1, 2)))], _cache(x, W, b)


@misconception("maxout_forward", "core", title="One winner for each example", see="04 §8")
def maxout_winner_for_each_example(x, W, b):
    """You chose one piece for each example. Each unit has its own winner, too."""
    pieces = _pieces(x, W, b)
    return pieces[np.argmax(np.sum(pieces, axis=2), axis=0), np.arange(pieces.shape[1])], _cache(x, W, b)


@misconception("maxout_forward", "core", title="Only one piece is computed", see="04 §8")
def maxout_first_piece(x, W, b):
    """You computed one piece only, so that the layer is linear. There are k of them, and the largest counts."""
    return _pieces(x, W, b)[0], _cache(x, W, b)


@misconception("maxout_forward", "core", title="The pieces aren't compared", see="04 §8")
def maxout_all_pieces(x, W, b):
    """You returned all pieces, with shape (k, N, H). Take the maximum along the axis of the pieces."""
    return _pieces(x, W, b), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The maximum over the examples", see="04 §8")
def maxout_over_examples(x, W, b):
    """You took the maximum over the examples. It is the pieces that compete, for each example and unit by itself: axis 0 of (k, N, H)."""
    return np.max(_pieces(x, W, b), axis=1), _cache(x, W, b)


@misconception("maxout_forward", "core", title="The piece of the largest size, with its sign", see="04 §8")
def maxout_by_size(x, W, b):
    """You took the piece with the largest |z|. The pieces are compared with their signs: −5 loses to 1."""
    pieces = _pieces(x, W, b)
    return np.take_along_axis(pieces, np.argmax(np.abs(pieces), axis=0)[None], axis=0)[0], _cache(x, W, b)


@misconception("maxout_forward", "slip", title="Biases are added to an array of integers", see="04 §8")
def maxout_bias_in_place(x, W, b):
    """You add b in place, as `pieces += b[:, None, :]` does. Where x and W hold integers, so does their product, and NumPy refuses to write
    fractions into it. Write `pieces = pieces + …`."""
    pieces = np.matmul(x, W)
    pieces += np.asarray(b)[:, None, :]
    return np.max(pieces, axis=0), _cache(x, W, b)


maxout_in_place = in_place("maxout_forward", right.maxout_forward, see="04 §8")
maxout_without_cache = only_the_first("maxout_forward", right.maxout_forward, see="04 §8", first="out", all="out and cache")
maxout_cut_off = cut_off("maxout_forward", right.maxout_forward, see="04 §8")


# --- maxout_forward: right ------------------------------------------------------------------------------------------------


@alternative("maxout_forward")
def maxout_by_einsum(x, W, b):
    pieces = np.einsum("nd,kdh->nkh", x, W) + b
    return pieces.max(axis=1), _cache(x, W, b)


@alternative("maxout_forward")
def maxout_piece_by_piece(x, W, b):
    out = np.dot(x, W[0]) + b[0]
    for j in range(1, len(W)):
        out = np.maximum(out, np.dot(x, W[j]) + b[j])
    return out.astype(np.float32), _cache(x, W, b)


@alternative("maxout_forward")
def maxout_in_loops(x, W, b):
    N, (k, _, H) = len(x), np.shape(W)
    out = np.zeros((N, H))
    for n in range(N):
        for h in range(H):
            out[n, h] = max(np.dot(x[n], W[j][:, h]) + b[j][h] for j in range(k))
    return [out, _cache(x, W, b)]


@alternative("maxout_forward")
def maxout_by_one_product(x, W, b):
    k, D, H = W.shape
    pieces = (x @ np.transpose(W, (1, 0, 2)).reshape(D, k * H) + np.reshape(b, -1)).reshape(len(x), k, H)
    winner = pieces.argmax(axis=1)
    return np.take_along_axis(pieces, winner[:, None], axis=1)[:, 0], _cache(x, W, b)


# --- maxout_backward: wrong -----------------------------------------------------------------------------------------------


def _gradients(dpieces, x, W):
    """Return the gradients of k dense layers, from those of their outputs, of shape (k, N, H)."""
    dx = np.einsum("knh,kdh->nd", dpieces, W)
    return dx, np.einsum("nd,knh->kdh", x, dpieces), np.sum(dpieces, axis=1)


def _of_winners(dout, cache):
    """Return the gradient of each piece, shape (k, N, H)."""
    _, W, winner = cache
    return (np.arange(len(W))[:, None, None] == winner) * np.asarray(dout)


def _with_pieces(x, W, b):
    """Return out, and a cache with the values of all pieces."""
    return np.max(_pieces(x, W, b), axis=0), (np.array(x, float), np.array(W, float), _pieces(x, W, b))


@misconception("maxout_backward", "slip", title="At a tie all winners get the whole gradient", see="04 §8", with_forward=_with_pieces)
def maxout_ties(dout, cache):
    """Your mask compares with the maximum, so that at a tie several pieces get all of dout. Their shares have to sum to one: use argmax,
    or divide the mask by its sum."""
    x, W, pieces = cache
    return _gradients((pieces == pieces.max(axis=0)) * np.asarray(dout), x, W)


@misconception("maxout_backward", "core", title="All pieces get the gradient", see="04 §8")
def maxout_to_all(dout, cache):
    """You sent dout to all pieces. Only the winner of each example and unit made the output, so that only it gets a gradient."""
    x, W, _ = cache
    return _gradients(np.broadcast_to(dout, (len(W), *np.shape(dout))), x, W)


@misconception("maxout_backward", "core", title="All pieces get an equal share", see="04 §8")
def maxout_shared(dout, cache):
    """You divided dout among all pieces, as for a mean. Only the winner of each example and unit made the output."""
    x, W, _ = cache
    return _gradients(np.broadcast_to(dout, (len(W), *np.shape(dout))) / len(W), x, W)


@misconception("maxout_backward", "core", title="The losers get the gradient", see="04 §8")
def maxout_to_losers(dout, cache):
    """Your mask is the wrong way round: the pieces that lost get the gradient. It belongs to the winner."""
    x, W, _ = cache
    return _gradients(np.asarray(dout) - _of_winners(dout, cache), x, W)


@misconception("maxout_backward", "core", title="The first piece gets the gradient", see="04 §8")
def maxout_to_the_first(dout, cache):
    """You sent dout to one piece, whoever won. Each example and unit has its own winner, which the forward pass knows."""
    x, W, winner = cache
    return _gradients(_of_winners(dout, (x, W, 0 * winner)), x, W)


@misconception("maxout_backward", "core", title="One winner for each unit", see="04 §8")
def maxout_one_winner_for_each_unit(dout, cache):
    """You took the winner of one example for all. Each example and unit has its own."""
    x, W, winner = cache
    return _gradients(_of_winners(dout, (x, W, winner[:1])), x, W)


@misconception("maxout_backward", "part", title="The winner is found without biases", see="04 §8")
def maxout_winner_without_bias(dout, cache):
    """You looked for the winner among x·Wⱼ, without the biases. They count for who is larger: keep the winner in the cache."""
    x, W, _ = cache
    return _gradients(_of_winners(dout, (x, W, np.argmax(np.einsum("nd,kdh->knh", x, W), axis=0))), x, W)


@misconception("maxout_backward", "part", title="dx has all pieces in it", see="04 §8")
def maxout_dx_of_all(dout, cache):
    """Your dW and db are right, but dx has the weights of all pieces in it. Only the winner's weights carried x to the output."""
    x, W, _ = cache
    every = np.einsum("nh,kdh->nd", dout, W)
    return every, *_gradients(_of_winners(dout, cache), x, W)[1:]


@misconception("maxout_backward", "part", title="dx has one piece only", see="04 §8")
def maxout_dx_of_one(dout, cache):
    """Your dW and db are right, but dx comes from one piece, or is overwritten in a loop over the pieces. x went into all pieces: add what
    comes back from each, with +=."""
    x, W, _ = cache
    dpieces = _of_winners(dout, cache)
    return dpieces[-1] @ W[-1].T, *_gradients(dpieces, x, W)[1:]


@misconception("maxout_backward", "part", title="dx has the first piece's weights", see="04 §8")
def maxout_dx_by_first(dout, cache):
    """Your dW and db are right, but dx is dout times one piece's weights, whoever won. The winner's weights carried x to the output."""
    return np.asarray(dout) @ cache[1][0].T, *_gradients(_of_winners(dout, cache), *cache[:2])[1:]


@misconception("maxout_backward", "part", title="dx isn't summed over the pieces", see="04 §8")
def maxout_dx_not_summed(dout, cache):
    """Your dx has an axis for the pieces. x went into all of them, so that what comes back from each is added: dx has the shape of x."""
    dpieces = _of_winners(dout, cache)
    return np.einsum("knh,kdh->knd", dpieces, cache[1]), *_gradients(dpieces, *cache[:2])[1:]


def _with_types(x, W, b):
    """Return the right out, and a cache with the arguments in their own types."""
    pieces = _pieces(x, W, b)
    return np.max(pieces, axis=0), (np.asarray(x), np.asarray(W), np.argmax(pieces, axis=0))


@misconception("maxout_backward", "slip", title="dx has the type of x", see="04 §8", with_forward=_with_types)
def maxout_dx_in_type_of_x(dout, cache):
    """You made dx with `np.zeros_like(x)`, or converted it. Where x holds integers, that cuts off everything behind the decimal point.
    Gradients are arrays of floats, whatever x and W are."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return _in_type_of(dx, cache[0]), dW, db


@misconception("maxout_backward", "slip", title="dW has the type of W", see="04 §8", with_forward=_with_types)
def maxout_dW_in_type_of_W(dout, cache):
    """You made dW with `np.zeros_like(W)`, or converted it. Where W holds integers, that cuts off everything behind the decimal point: a
    gradient is an array of floats."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, _in_type_of(dW, cache[1]), db


@misconception("maxout_backward", "part", title="dW of all pieces alike", see="04 §8")
def maxout_dW_of_all(dout, cache):
    """Your dW is that of a dense layer, the same for all pieces. Each piece's dW has only the examples in it for which it won."""
    x, W, _ = cache
    dx, dW, db = _gradients(_of_winners(dout, cache), x, W)
    return dx, np.broadcast_to(dW.sum(axis=0), dW.shape), db


@misconception("maxout_backward", "part", title="db of all pieces alike", see="04 §8")
def maxout_db_of_all(dout, cache):
    """Your db is the sum of dout for all pieces. Each piece's db has only the examples in it for which it won."""
    x, W, _ = cache
    dx, dW, db = _gradients(_of_winners(dout, cache), x, W)
    return dx, dW, np.broadcast_to(db.sum(axis=0), db.shape)


@misconception("maxout_backward", "part", title="db counts wins", see="04 §8")
def maxout_db_counts(dout, cache):
    """Your db counts for how many examples a piece won, and leaves dout out. It is the sum of dout over these examples."""
    x, W, _ = cache
    dx, dW, _ = _gradients(_of_winners(dout, cache), x, W)
    return dx, dW, np.sum(_of_winners(np.ones(np.shape(dout)), cache), axis=1)


@misconception("maxout_backward", "part", title="db isn't summed over the batch", see="04 §8")
def maxout_db_not_summed(dout, cache):
    """Your db has an entry for each example. b was used by all of them, so that its gradient is their sum, with shape (k, H)."""
    x, W, _ = cache
    dpieces = _of_winners(dout, cache)
    return *_gradients(dpieces, x, W)[:2], dpieces


@misconception("maxout_backward", "part", title="dW and db are averaged", see="04 §8")
def maxout_averaged(dout, cache):
    """You divided dW and db by the number of examples. They are sums; a mean, where one is wanted, is in dout already."""
    x, W, _ = cache
    dx, dW, db = _gradients(_of_winners(dout, cache), x, W)
    return dx, dW / len(x), db / len(x)


@misconception("maxout_backward", "part", title="db is averaged", see="04 §8")
def maxout_db_averaged(dout, cache):
    """You averaged db over the batch. It is a sum; a mean, where one is wanted, is in dout already."""
    x, W, _ = cache
    dx, dW, db = _gradients(_of_winners(dout, cache), x, W)
    return dx, dW, db / len(x)


@misconception("maxout_backward", "part", title="dW and db are summed over the pieces", see="04 §8")
def maxout_summed_over_pieces(dout, cache):
    """Your dW and db have no axis for the pieces. Each piece has weights and biases of its own, and so have their gradients."""
    x, W, _ = cache
    dx, dW, db = _gradients(_of_winners(dout, cache), x, W)
    return dx, dW.sum(axis=0), db.sum(axis=0)


@misconception("maxout_backward", "part", title="The gradients are swapped", see="04 §8")
def maxout_order(dout, cache):
    """You returned (dW, db, dx). The order is that of the forward pass's arguments: (dx, dW, db)."""
    x, W, _ = cache
    dx, dW, db = _gradients(_of_winners(dout, cache), x, W)
    return dW, db, dx


@misconception("maxout_backward", "part", title="db is forgotten", see="04 §8")
def maxout_without_db(dout, cache):
    """You returned dx and dW. The biases have a gradient, too: return (dx, dW, db)."""
    x, W, _ = cache
    return _gradients(_of_winners(dout, cache), x, W)[:2]


@misconception("maxout_backward", "core", title="All gradients are overwritten", see="04 §8")
def maxout_overwritten(dout, cache):
    """In your loops = stands where += is wanted: of all examples and units only the last one is left. x, W and b were used many times, so
    that their gradients are sums."""
    x, W, winner = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((len(W), W.shape[2]))
    for (n, h), j in np.ndenumerate(winner):
        dx[n], dW[j, :, h], db[j, h] = dout[n, h] * W[j, :, h], dout[n, h] * x[n], dout[n, h]
    return dx, dW, db


@misconception("maxout_backward", "part", title="dW is overwritten", see="04 §8")
def maxout_dW_overwritten(dout, cache):
    """Your dW has only the last example for which a piece won: = stands where += is wanted. W was used by all examples."""
    dx, _, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, maxout_overwritten(dout, cache)[1], db


@misconception("maxout_backward", "part", title="dx is overwritten", see="04 §8")
def maxout_dx_overwritten(dout, cache):
    """Your dx has only the last unit in it: = stands where += is wanted. x went into all units."""
    return maxout_overwritten(dout, cache)[0], *_gradients(_of_winners(dout, cache), *cache[:2])[1:]


@misconception("maxout_backward", "part", title="dx is without dout", see="04 §8")
def maxout_dx_without_dout(dout, cache):
    """Your dx adds up the winners' weights, and leaves dout out. By the chain rule each is multiplied by its dout."""
    ones = _of_winners(np.ones(np.shape(dout)), cache)
    return _gradients(ones, *cache[:2])[0], *_gradients(_of_winners(dout, cache), *cache[:2])[1:]


@misconception("maxout_backward", "part", title="dx is without W", see="04 §8")
def maxout_dx_without_weights(dout, cache):
    """Your dx adds up dout, and leaves the weights out. The derivative of x·W with respect to x is W: multiply by the winner's weights."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return np.sum(dout, axis=1, keepdims=True) * np.ones(dx.shape), dW, db


@misconception("maxout_backward", "part", title="dW isn't summed over the batch", see="04 §8")
def maxout_dW_not_summed(dout, cache):
    """Your dW has an entry for each example. W was used by all of them, so that its gradient is their sum, with shape (k, D, H)."""
    dx, _, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, np.einsum("nd,knh->kndh", cache[0], _of_winners(dout, cache)), db


@misconception("maxout_backward", "part", title="Only the first two pieces get a gradient", see="04 §8")
def maxout_backward_of_two(dout, cache):
    """You look at the first two pieces, as on the slide. There are k of them, and any may have won."""
    x, W, winner = cache
    return _gradients(_of_winners(dout, (x, W, np.minimum(winner, 1))), x, W)


@misconception("maxout_backward", "part", title="dW is averaged", see="04 §8")
def maxout_dW_averaged(dout, cache):
    """You divided dW by the number of examples. It is a sum; a mean, where one is wanted, is in dout already."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, dW / len(dx), db


@misconception("maxout_backward", "part", title="dW is 0", see="04 §8")
def maxout_dW_zero(dout, cache):
    """Your dW is 0, so that W never learns. Each piece's dW is x transposed times the dout of the examples for which it won."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, 0.0 * dW, db


@misconception("maxout_backward", "core", title="One winner for each example", see="04 §8")
def maxout_one_winner_for_each_example(dout, cache):
    """You took the winner of one unit for all units of an example. Each example and unit has its own."""
    x, W, winner = cache
    return _gradients(_of_winners(dout, (x, W, winner[:, :1])), x, W)


@misconception("maxout_backward", "part", title="dx is divided by the number of pieces", see="04 §8")
def maxout_dx_averaged(dout, cache):
    """You averaged dx over the pieces. What comes back from them is added."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx / len(dW), dW, db


@misconception("maxout_backward", "part", title="db has an axis too many", see="04 §8")
def maxout_db_with_axis(dout, cache):
    """Your numbers are right, but db has shape (k, 1, H). A gradient has the shape of its variable: (k, H)."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, dW, db[:, None]


@misconception("maxout_backward", "part", title="db's sign is wrong", see="04 §8")
def maxout_db_negated(dout, cache):
    """Your db has the wrong sign. The bias is added, so that its gradient is the sum of dout."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, dW, -db


@misconception("maxout_backward", "part", title="db is summed over the units", see="04 §8")
def maxout_db_of_pieces(dout, cache):
    """You summed db over the units, too. Each piece of each unit has a bias of its own: sum along the examples only."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, dW, db.sum(axis=1)


@misconception("maxout_backward", "part", title="dW is transposed", see="04 §8")
def maxout_dW_transposed(dout, cache):
    """Your dW has shape (k, H, D). A gradient has the shape of its variable: (k, D, H)."""
    dx, dW, db = _gradients(_of_winners(dout, cache), *cache[:2])
    return dx, dW.transpose(0, 2, 1), db


@misconception("maxout_backward", "core", title="No gradient where out is negative", see="04 §8", with_forward=_with_pieces)
def maxout_gated(dout, cache):
    """You let dout pass only where out is positive, as for a ReLU. Maxout may be negative: its winner gets the gradient all the same."""
    x, W, pieces = cache
    return _gradients(_of_winners(dout * (pieces.max(axis=0) > 0), (x, W, np.argmax(pieces, axis=0))), x, W)


@misconception("maxout_backward", "part", title="dW is without dout", see="04 §8")
def maxout_dW_without_dout(dout, cache):
    """Your dW adds up the examples for which a piece won, and leaves dout out. By the chain rule each is multiplied by its dout."""
    x, W, _ = cache
    dx, _, db = _gradients(_of_winners(dout, cache), x, W)
    return dx, _gradients(_of_winners(np.ones(np.shape(dout)), cache), x, W)[1], db


def _with_biases(x, W, b):
    """Return the right out, and a cache with the biases in it."""
    return np.max(_pieces(x, W, b), axis=0), (*_cache(x, W, b), np.asarray(b))


@misconception("maxout_backward", "slip", title="db has the type of b", see="04 §8", with_forward=_with_biases)
def maxout_db_in_type_of_b(dout, cache):
    """You made db with `np.zeros_like(b)`, or converted it. Where b holds integers, that cuts off everything behind the decimal point: a
    gradient is an array of floats."""
    dx, dW, db = _gradients(_of_winners(dout, cache[:3]), *cache[:2])
    return dx, dW, _in_type_of(db, cache[3])


maxout_added_to_integers = added_to_integers("maxout_backward", right.maxout_backward, see="04 §8", position=1, with_forward=_with_types)
maxout_dout_in_place = in_place("maxout_backward", right.maxout_backward, see="04 §8")
maxout_gradients_cut_off = cut_off("maxout_backward", right.maxout_backward, see="04 §8")
maxout_dx_alone = only_the_first("maxout_backward", right.maxout_backward, see="04 §8", first="dx", all="dx, dW and db")


# --- maxout_backward: right -----------------------------------------------------------------------------------------------


@alternative("maxout_backward")
def maxout_backward_by_einsum(dout, cache):
    x, W, _ = cache
    return _gradients(_of_winners(dout, cache), x, W)


@alternative("maxout_backward", with_forward=_with_pieces)
def maxout_backward_shares_ties(dout, cache):
    x, W, pieces = cache
    mask = (pieces == pieces.max(axis=0)).astype(float)
    return _gradients(mask / mask.sum(axis=0) * dout, x, W)


@alternative("maxout_backward")
def maxout_backward_piece_by_piece(dout, cache):
    x, W, winner = cache
    dx, dW, db = 0.0, [], []
    for j in range(len(W)):
        mine = np.where(winner == j, dout, 0.0)
        dx = dx + mine @ W[j].T
        dW.append(x.T @ mine)
        db.append(mine.sum(axis=0))
    return [dx, np.stack(dW), np.array(db)]


@alternative("maxout_backward", with_forward=_with_pieces)
def maxout_backward_last_of_a_tie(dout, cache):
    x, W, pieces = cache
    winner = len(W) - 1 - np.argmax(pieces[::-1], axis=0)
    return tuple(gradient.astype(np.float32) for gradient in _gradients(_of_winners(dout, (x, W, winner)), x, W))


# --- what goes wrong in all functions of one variable ---------------------------------------------------------------------

CURVES = {"sigmoid": 1, "sigmoid_grad": 1, "relu": 2, "relu_grad": 2, "leaky_relu": 4, "leaky_relu_grad": 4}
CURVES |= {"elu": 6, "elu_grad": 6, "selu": 7}
FRACTIONS = CURVES.keys() - {"relu", "relu_grad"}  # these have fractions for integers
"""Functions of one variable, with their sections."""

for _name, _section in CURVES.items():
    _families = [in_place, overwritten, in_a_tuple, as_list, tables_only, flattened, rows_only, nothing_returned]
    _families += [if_of_an_array] if _name != "relu" else []  # there Python's max does the same
    _families += [cut_off, integers_raise] if _name in FRACTIONS else []
    for _family in _families:
        _known = _family(_name, getattr(right, _name), see=f"04 §{_section}")
        globals()[_known.__name__] = _known

for _name, _section in {
    "dead_units": 3,
    "rrelu": 5,
    "prelu_forward": 5,
    "prelu_backward": 5,
    "maxout_forward": 8,
    "maxout_backward": 8,
}.items():
    _known = overwritten(_name, getattr(right, _name), see=f"04 §{_section}")
    globals()[_known.__name__] = _known

for _name in ("leaky_relu_grad", "elu_grad"):
    _known = both_at_zero(_name, getattr(right, _name), see=f"04 §{CURVES[_name]}")
    globals()[_known.__name__] = _known

dead_in_a_tuple = in_a_tuple("dead_units", right.dead_units, see="04 §3")
rrelu_tables_only = tables_only("rrelu", right.rrelu, see="04 §5")
