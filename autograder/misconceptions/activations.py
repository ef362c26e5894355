"""What students believe about activation functions, and right answers that are written in other ways.

Answers that are one expression stand in a table for each exercise; those that need statements follow it. What goes wrong in several
exercises alike is at the end. The caches of the reference are (z, α) for PReLU and (x, W, the winners' numbers) for maxout.
"""

from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    added_to_integers,
    as_list,
    cut_off,
    family,
    fixed_number,
    flattened,
    for_two_dimensions,
    generator_ignored,
    in_a_tuple,
    in_place,
    members,
    negated,
    nothing_returned,
    only_the_first,
    other_default,
    reseeded,
)

from ..reference import activations as right

LAMBDA = 1.0507009873554805
ALPHA = 1.6732632423543772


# --- right functions, for answers to use ----------------------------------------------------------------------------------


def _sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def _sigmoid_grad(z):
    return _sigmoid(z) * _sigmoid(-z)


def _relu(z):
    return np.maximum(z, 0.0)


def _relu_grad(z):
    return np.where(z > 0, 1.0, 0.0)


def _leaky_relu(z, alpha=0.01):
    return np.where(z > 0, z, alpha * z)


def _leaky_relu_grad(z, alpha=0.01):
    return np.where(z > 0, 1.0, alpha)


def _elu(z, alpha=1.0):
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _elu_grad(z, alpha=1.0):
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))


def _selu(z, positive=LAMBDA, negative=LAMBDA * ALPHA):
    """Return positive·z, and negative·(exp(z) − 1) for negative z."""
    return np.where(z > 0, positive * z, negative * np.expm1(np.minimum(z, 0)))


def _sloped(z, negative, positive=1.0):
    """Return RReLU's out and slopes for the slopes of negative and of positive entries."""
    slopes = np.where(z < 0, negative, positive)
    return slopes * z, slopes


def _drawn(z, lower, upper, rng, training, size=None):
    """Return RReLU's slopes of negative entries, as they should be but for the size of the draw."""
    return rng.uniform(lower, upper, z.shape if size is None else size) if training else (lower + upper) / 2


def _rrelu(z, lower, upper, rng, training):
    return _sloped(z, _drawn(z, lower, upper, rng, training))


def _kept(z, alpha):
    """Return the reference's cache of PReLU."""
    return np.array(z, dtype=float), np.array(alpha, dtype=float)


def _as_passed(z, alpha):
    """Return PReLU's right out, and a cache with the arguments in their own types."""
    return _leaky_relu(z, alpha), (z, alpha)


def _dalphas(dout, cache):
    """Return what each entry of a batch adds to PReLU's dalpha."""
    return dout * np.minimum(cache[0], 0)


def _prelu(dout, cache, dz=None, dalpha=None):
    """Return PReLU's right gradients, with what is passed in place of either."""
    z, alpha = cache
    dz = np.where(z < 0, alpha * dout, dout) if dz is None else dz
    return dz, _dalphas(dout, cache).sum(axis=0) if dalpha is None else dalpha


def _pieces(x, W, b):
    """Return the values of maxout's pieces, shape (k, N, H)."""
    return x @ W + b[:, None]


def _cache(x, W, b):
    """Return the reference's cache of maxout."""
    return np.array(x, float), np.array(W, float), np.argmax(_pieces(x, W, b), axis=0)


def _with_pieces(x, W, b):
    """Return maxout's right out, and a cache with the values of all pieces in place of the winners."""
    return np.max(_pieces(x, W, b), axis=0), (np.array(x, float), np.array(W, float), _pieces(x, W, b))


def _with_types(x, W, b):
    """Return maxout's right out, and a cache with the arguments in their own types."""
    return np.max(_pieces(x, W, b), axis=0), (x, W, np.argmax(_pieces(x, W, b), axis=0))


def _with_biases(x, W, b):
    """Return maxout's right out, and a cache with the biases in it."""
    return np.max(_pieces(x, W, b), axis=0), (*_cache(x, W, b), b)


def _gradients(dpieces, cache):
    """Return the gradients of k dense layers, from those of their outputs, of shape (k, N, H)."""
    x, W = cache[:2]
    return np.einsum("knh,kdh->nd", dpieces, W), np.einsum("nd,knh->kdh", x, dpieces), np.sum(dpieces, axis=1)


def _of_winners(dout, cache):
    """Return the gradient of each of maxout's pieces, shape (k, N, H)."""
    _, W, winner = cache
    return (np.arange(len(W))[:, None, None] == winner) * dout


def _if_won(winner, dout, cache):
    """Return maxout's gradients for other winners."""
    return _gradients(_of_winners(dout, (*cache[:2], winner)), cache)


def _maxout(dout, cache, **wrong):
    """Return maxout's right gradients, with those that are passed in place of them."""
    gradients = dict(zip(("dx", "dW", "db"), _gradients(_of_winners(dout, cache), cache), strict=True))
    return tuple((gradients | wrong).values())


def _in_type_of(gradient, like):
    """Cut a gradient off to integers, if it is that of an array of integers."""
    return gradient.astype(like.dtype) if like.dtype.kind in "iu" else gradient


# --- sigmoid: wrong -------------------------------------------------------------------------------------------------------

WRONG_SIGMOID = misconceptions("sigmoid", "04 §1", {
    "sigmoid_overflows": ("slip", "Overflows to NaN for large z",
        "You computed exp(z)/(1 + exp(z)). For large z both are infinite, and ∞/∞ is NaN. Divide by exp(z): 1/(1 + exp(−z)) has no "
        "infinity in its numerator, and with exp(−|z|) nothing overflows at all.",
        lambda z: np.exp(z) / (1 + np.exp(z))),
    "sigmoid_clipped": ("slip", "z is clipped too early",
        "You clipped z against overflow, at a number so small that right digits are lost: at 10 the sigmoid is still 4.5·10⁻⁵ away from "
        "1. exp overflows at 709 only.",
        lambda z: _sigmoid(np.clip(z, -10, 10))),
    "sigmoid_of_absolute": ("part", "|z| takes the place of z",
        "You computed 1/(1 + exp(−|z|)), which is right for positive z only. For negative z the stable form is exp(z)/(1 + exp(z)).",
        lambda z: 1 / (1 + np.exp(-np.abs(z)))),
    "sigmoid_falling": ("core", "The sign in the exponent is wrong",
        "You computed 1/(1 + exp(z)), which falls from 1 to 0. The sigmoid rises: large z means exp(−z) near 0, and a value near 1.",
        lambda z: _sigmoid(-z)),
    "sigmoid_is_tanh": ("core", "tanh instead of the logistic function",
        "You returned tanh(z), which runs from −1 to 1. The logistic function runs from 0 to 1; they are related by tanh(z) = 2σ(2z) − 1.",
        lambda z: np.tanh(z)),
    "sigmoid_by_tanh_of_z": ("core", "tanh with the wrong argument",
        "You computed (1 + tanh(z))/2, which is σ(2z). From tanh(z) = 2σ(2z) − 1 it follows that σ(z) = (1 + tanh(z/2))/2.",
        lambda z: 0.5 * (1 + np.tanh(z))),
    "sigmoid_without_brackets": ("core", "Brackets are missing",
        "You computed 1/1 + exp(−z), because the division comes before the sum. Put brackets around the denominator: 1/(1 + exp(−z)).",
        lambda z: 1 + np.exp(-z)),
    "sigmoid_is_its_slope": ("core", "The derivative is returned",
        "You returned σ(1 − σ), which is the derivative. This function is σ itself, 1/(1 + exp(−z)); the derivative has one of its own.",
        lambda z: _sigmoid_grad(z)),
    "sigmoid_is_a_step": ("core", "A hard step",
        "You returned 1 where z is positive and 0 elsewhere. That is the threshold unit; the sigmoid is its smooth version.",
        lambda z: _relu_grad(z)),
    "sigmoid_is_softmax": ("core", "Softmax instead of the logistic function",
        "You divided by a sum over several entries. That is softmax, which compares units with each other; the sigmoid looks at each "
        "entry by itself.",
        lambda z: np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)),
    "sigmoid_is_silu": ("core", "The sigmoid is multiplied by z",
        "You returned z·σ(z). That is the SiLU, or Swish; the sigmoid is σ(z) alone.",
        lambda z: z * _sigmoid(z)),
    "sigmoid_is_hard": ("core", "Straight lines instead of the curve",
        "You returned a line that is cut off at 0 and 1, the hard sigmoid. The logistic function is 1/(1 + exp(−z)).",
        lambda z: np.clip(0.2 * z + 0.5, 0, 1)),
    "sigmoid_bipolar": ("core", "From −1 to 1",
        "You returned 2/(1 + exp(−z)) − 1, which runs from −1 to 1. The logistic function runs from 0 to 1: 1/(1 + exp(−z)).",
        lambda z: np.tanh(0.5 * z)),
    "sigmoid_averaged": ("core", "One number for the whole array",
        "You returned one number. The sigmoid is applied entry by entry, so that the answer has the shape of z.",
        lambda z: np.mean(_sigmoid(z))),
    "sigmoid_exponential": ("core", "The exponential alone",
        "You returned exp(−z). The logistic function is 1/(1 + exp(−z)): the 1 in the denominator keeps it below 1.",
        lambda z: np.exp(-z)),
    "sigmoid_minus": ("core", "1 − exp(−z) in the denominator",
        "You computed 1/(1 − exp(−z)), which is infinite at 0. The denominator is a sum: 1 + exp(−z).",
        lambda z: 1 / (1 - np.exp(-z))),
    "sigmoid_negative_branch": ("part", "The negative branch has the wrong sign",
        "Your answer is negative for negative z. There the stable form is exp(z)/(1 + exp(z)), which is between 0 and ½.",
        lambda z: np.where(z < 0, -1.0, 1.0) * _sigmoid(z)),
    "sigmoid_zero_left_out": ("slip", "z = 0 is left out",
        "You treat z > 0 and z < 0, and nothing else: an entry that is exactly 0 belongs to neither, and keeps the number that your "
        "array began with. Write >= on one of the two sides.",
        lambda z: np.where(z == 0, 0.0, _sigmoid(z))),
})  # fmt: skip


@misconception("sigmoid", "slip", title="math.exp raises an error for large z", see="04 §1")
def sigmoid_raises(z):
    """math.exp raises an OverflowError where −z is larger than 709. Use exp(−|z|), which is never larger than 1, and NumPy's exp for whole
    arrays."""
    if np.min(z) < -709:
        raise OverflowError("math range error")
    return _sigmoid(z)


# --- sigmoid: right -------------------------------------------------------------------------------------------------------

RIGHT_SIGMOID = alternatives(
    "sigmoid",
    {
        "sigmoid_plain": lambda z: 1 / (1 + np.exp(-z)),
        "sigmoid_clipped_late": lambda z: np.reciprocal(1.0 + np.exp(-np.clip(z, -500, 500))),
        "sigmoid_in_single_precision": lambda z: _sigmoid(z).astype(np.float32),
        "sigmoid_by_logaddexp": lambda z: np.exp(-np.logaddexp(0.0, -z)),
    },
)


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

    return np.array([one(float(value)) for value in np.ravel(z)]).reshape(z.shape)


# --- sigmoid_grad: wrong --------------------------------------------------------------------------------------------------

WRONG_SIGMOID_GRAD = misconceptions("sigmoid_grad", "04 §1", {
    "sigmoid_slope_overflows": ("slip", "Overflows to NaN for large z",
        "You computed exp(−z)/(1 + exp(−z))². For very negative z both are infinite, and ∞/∞ is NaN. σ·(1 − σ) with a stable σ is safe.",
        lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "sigmoid_slope_of_the_value": ("core", "z is taken for the sigmoid's value",
        "You computed z·(1 − z). That is right if you pass σ(z); here z is the pre-activation, so compute s = sigmoid(z) first.",
        lambda z: z * (1 - z)),
    "sigmoid_slope_mixed": ("core", "1 − z instead of 1 − σ(z)",
        "You computed σ(z)·(1 − z). Both factors are made of σ(z): with s = sigmoid(z) it is s·(1 − s).",
        lambda z: _sigmoid(z) * (1 - z)),
    "sigmoid_slope_one_factor": ("core", "1 − σ without the factor σ",
        "You returned 1 − σ(z). The derivative is the product σ(z)·(1 − σ(z)): it goes to 0 on both sides.",
        lambda z: 1 - _sigmoid(z)),
    "sigmoid_slope_of_tanh": ("core", "The derivative of tanh",
        "You returned 1 − tanh(z)², the derivative of tanh, which is 1 at z = 0. The sigmoid's is σ(1 − σ), a quarter there.",
        lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid_slope_like_tanh": ("core", "1 − σ² instead of σ − σ²",
        "You returned 1 − σ(z)², as if the rule for tanh held. The sigmoid's derivative is σ(z)·(1 − σ(z)) = σ − σ².",
        lambda z: 1 - _sigmoid(z) ** 2),
    "sigmoid_slope_twice": ("core", "σ is applied twice",
        "You passed σ(z) to the sigmoid again. s = sigmoid(z) is applied once, and then it is s·(1 − s).",
        lambda z: _sigmoid_grad(_sigmoid(z))),
    "sigmoid_slope_squared": ("core", "A factor is squared", "You returned σ·(1 − σ)² or σ²·(1 − σ). Each factor occurs once: σ·(1 − σ).",
        lambda z: _sigmoid(z) * (1 - _sigmoid(z)) ** 2),
    "sigmoid_slope_odd": ("part", "The wrong slope for negative z",
        "Your slope is negative for negative z. The sigmoid rises everywhere, equally fast at z and −z.",
        lambda z: np.sign(z) * _sigmoid_grad(z)),
    "sigmoid_slope_plus": ("core", "1 + σ instead of 1 − σ",
        "You returned σ·(1 + σ). The derivative is σ·(1 − σ), which goes to 0 on both sides.",
        lambda z: _sigmoid(z) * (1 + _sigmoid(z))),
    "sigmoid_slope_is_square": ("core", "σ² instead of σ·(1 − σ)",
        "You returned σ². The second factor is 1 − σ: the derivative is σ·(1 − σ).",
        lambda z: _sigmoid(z) ** 2),
    "sigmoid_slope_times_z": ("core", "A factor z too many",
        "You multiplied σ·(1 − σ) by z. The derivative with respect to z is σ·(1 − σ) alone.",
        lambda z: z * _sigmoid_grad(z)),
    "sigmoid_grad_value_for_slope": ("core", "The function is returned, where the slope is asked for",
        "You return the function's value. The gradient is its slope: how fast the function rises where z is.",
        lambda z: _sigmoid(z)),
    "sigmoid_grad_zero_left_out": ("slip", "z = 0 is left out",
        "You treat z > 0 and z < 0, and nothing else: an entry that is exactly 0 belongs to neither, and keeps the number that your "
        "array began with. Write >= on one of the two sides.",
        lambda z: np.where(z == 0, 0.0, _sigmoid_grad(z))),
})  # fmt: skip


# --- sigmoid_grad: right --------------------------------------------------------------------------------------------------

RIGHT_SIGMOID_GRAD = alternatives(
    "sigmoid_grad",
    {
        "sigmoid_slope_by_both_sides": lambda z: _sigmoid(z) * _sigmoid(-z),
        "sigmoid_slope_by_cosh": lambda z: 0.25 / np.cosh(np.clip(z, -600, 600) / 2) ** 2,
    },
)


@alternative("sigmoid_grad")
def sigmoid_slope_by_differences(z):
    h = 1e-5
    return (_sigmoid(z + h) - _sigmoid(z - h)) / (2 * h)


@alternative("sigmoid_grad")
def sigmoid_slope_in_a_loop(z):
    slopes = np.zeros(z.shape)
    for index, value in np.ndenumerate(z):
        s = 1 / (1 + np.exp(-min(max(float(value), -700.0), 700.0)))
        slopes[index] = s - s * s
    return slopes


# --- relu: wrong ----------------------------------------------------------------------------------------------------------

WRONG_RELU = misconceptions("relu", "04 §2", {
    "relu_minimum": ("core", "The negative part is kept",
        "You returned min(0, z), which keeps the negative numbers. ReLU keeps the positive ones: max(0, z).",
        lambda z: np.minimum(0, z)),
    "relu_absolute": ("core", "The absolute value", "You returned |z|. ReLU doesn't mirror negative numbers, it replaces them by 0.",
        lambda z: np.abs(z)),
    "relu_by_max": ("core", "np.max(0, z) instead of np.maximum(0, z)",
        "np.max takes one array, and its second argument is an axis, so that np.max(0, z) raises an error. np.maximum(0, z) compares "
        "entry by entry.",
        lambda z: np.max(0, z)),
    "relu_by_max_along_axis": ("core", "np.max(z, 0) instead of np.maximum(z, 0)",
        "np.max takes one array, and its second argument is an axis, so that np.max(z, 0) looks for the largest entry along axis 0. "
        "np.maximum(z, 0) compares entry by entry.",
        lambda z: np.max(z, 0)),
    "relu_by_pythons_max": ("core", "A whole array is compared with 0",
        "Python's max, like `if z > 0`, asks whether the whole array is larger, which an array of many entries can't answer with one "
        "True or False. np.maximum(0, z) compares entry by entry.",
        lambda z: max(0, z)),
    "relu_largest": ("core", "The largest entry of all",
        "np.max looks for the largest entry of the whole array. The comparison with 0 is wanted for each entry: np.maximum(0, z).",
        lambda z: np.full(z.shape, max(0.0, float(np.max(z))))),
    "relu_one_number": ("core", "A number for the whole array",
        "You returned a single number. ReLU is applied to each entry, so that the answer has the shape of z: np.maximum(0, z).",
        lambda z: np.max(z)),
    "relu_step": ("core", "The step is returned",
        "You returned 1 where z is positive. That is ReLU's derivative; ReLU itself returns z there.",
        lambda z: np.where(z > 0, 1.0, 0.0)),
    "relu_leaks": ("part", "A leak on the left",
        "You multiplied negative z by 0.01. That is the leaky ReLU, which comes later; ReLU is exactly 0 there.",
        lambda z: _leaky_relu(z)),
    "relu_capped": ("part", "Capped at 1",
        "You cut off large z. ReLU has no upper end: it doesn't saturate for positive z, which is its point.",
        lambda z: np.clip(z, 0, 1)),
    "relu_capped_at_six": ("part", "Capped at 6", "You cut off z at 6, as ReLU6 does. The ReLU of this lecture has no upper end.",
        lambda z: np.clip(z, 0, 6)),
    "relu_soft": ("core", "Softplus instead of ReLU",
        "You returned log(1 + exp(z)), a smooth relative of ReLU. ReLU is max(0, z), with a kink.",
        lambda z: np.logaddexp(0, z)),
    "relu_threshold_one": ("part", "The threshold is 1", "You kept z only where it is greater than 1. The threshold is 0.",
        lambda z: np.where(z > 1, z, 0.0)),
    "relu_removes": ("core", "Negative entries are removed",
        "You picked out the positive entries with z[z > 0], so the answer is shorter than z. Negative entries stay, as zeros.",
        lambda z: z[z > 0]),
    "relu_divides": ("slip", "NaN at z = 0",
        "You divided by z or by |z|, and at z = 0 that is 0/0, NaN. np.maximum(0, z) needs no division.",
        lambda z: z * (1 + z / np.abs(z)) / 2),
    "relu_sign": ("core", "The sign of z", "You returned the sign of z. ReLU is z itself where z is positive, and 0 elsewhere.",
        lambda z: np.sign(z) * 1.0),
    "relu_one_on_the_left": ("core", "The sides are swapped",
        "You returned z where it is positive, and 1 where it is negative. ReLU is 0 there.",
        lambda z: np.where(z > 0, z, 1.0)),
    "relu_leaks_more": ("part", "A leak of 0.1",
        "You multiplied negative z by 0.1. That is the leaky ReLU, which comes later; ReLU is exactly 0 there.",
        lambda z: _leaky_relu(z, 0.1)),
    "relu_is_elu": ("core", "The ELU",
        "You returned exp(z) − 1 for negative z. That is the ELU, which comes later; ReLU is exactly 0 there.",
        lambda z: _elu(z)),
    "relu_identity": ("core", "Nothing is changed",
        "You returned z as it is. Where z is negative, ReLU is 0, and without that layers of units are no more than one linear map.",
        lambda z: 1.0 * z),
    "relu_zero": ("core", "0 everywhere", "You returned 0 for all entries. Where z is positive, ReLU is z.",
        lambda z: np.zeros(z.shape)),
    "relu_of_minus_z": ("core", "The negative part, turned upwards",
        "You returned max(0, −z), which keeps the negative numbers, with the other sign. ReLU is max(0, z).",
        lambda z: np.maximum(0, -z)),
    "relu_squared": ("core", "z is squared", "You returned z² where z is positive. ReLU is z there: it is a straight line, with slope 1.",
        lambda z: np.maximum(0, z) * z),
    "relu_capped_at_five": ("part", "Capped at 5",
        "You cut off large z. ReLU has no upper end: it doesn't saturate for positive z, which is its point.",
        lambda z: np.clip(z, 0, 5)),
    "relu_whole_numbers": ("core", "Whole numbers",
        "Your answer holds whole numbers: you wrote it into an array of integers, or rounded it. z has fractions, and ReLU keeps them.",
        lambda z: np.maximum(0, z).astype(int)),
    "relu_vectorized_to_integers": ("part", "np.vectorize takes the type of the first answer",
        "np.vectorize makes an array of the type of the first answer. Where z begins with a negative number, that is your 0, an integer, "
        "and all others are cut off to whole numbers. Write 0.0, or np.maximum(z, 0), which is also much faster.",
        lambda z: np.vectorize(lambda value: value if value > 0 else 0)(z)),
    "relu_with_epsilon": ("slip", "Not quite 0 on the left", "You return a small positive number for negative z. ReLU is exactly 0 there.",
        lambda z: np.maximum(1e-7, z)),
})  # fmt: skip


# --- relu: right ----------------------------------------------------------------------------------------------------------

RIGHT_RELU = alternatives(
    "relu",
    {
        "relu_by_product": lambda z: z * (z > 0),
        "relu_in_a_loop": lambda z: np.array([max(0.0, value) for value in z.flatten()]).reshape(z.shape),
        "relu_by_vectorize": lambda z: np.vectorize(lambda value: value if value > 0 else 0.0, otypes=[np.float32])(z),
    },
)


@alternative("relu")
def relu_by_copy(z):
    out = np.copy(z)
    out[out < 0] = 0
    return out


# --- relu_grad: wrong -----------------------------------------------------------------------------------------------------

WRONG_RELU_GRAD = misconceptions("relu_grad", "04 §2", {
    "relu_slope_boolean": ("slip", "True and False",
        "You returned the comparison itself, an array of True and False. Numbers are wanted: np.where(z > 0, 1.0, 0.0).",
        lambda z: z > 0),
    "relu_slope_z": ("core", "z itself where it is positive",
        "You returned z where it is positive. The slope of the line y = z is 1, however large z is.",
        lambda z: np.where(z > 0, z, 0.0)),
    "relu_slope_swapped": ("core", "The sides are swapped",
        "You returned 1 for negative z and 0 for positive z. The unit passes the gradient where it passes the signal: where z > 0.",
        lambda z: np.where(z < 0, 1.0, 0.0)),
    "relu_slope_sign": ("part", "The sign of z",
        "You returned −1 for negative z. ReLU is constant there, and the slope of a constant is 0.",
        lambda z: np.sign(z) * 1.0),
    "relu_slope_leaks": ("part", "A leak on the left",
        "You returned 0.01 for negative z. That is the slope of the leaky ReLU; ReLU's is exactly 0.",
        lambda z: _leaky_relu_grad(z)),
    "relu_slope_one": ("core", "1 everywhere",
        "You returned 1 for all z, as if ReLU were the identity. Where z is negative the slope is 0.",
        lambda z: np.ones(z.shape)),
    "relu_slope_keeps_z": ("part", "Negative entries keep their z",
        "You wrote 1 where z is positive, and left z where it is negative. The slope there is 0.",
        lambda z: np.where(z > 0, 1.0, z)),
    "relu_slope_half": ("part", "½ on the left",
        "You returned ½ for negative z. At z = 0 that is right, as any number from 0 to 1 is; to the left of it the slope is 0.",
        lambda z: np.where(z > 0, 1.0, 0.5)),
    "relu_slope_is_sigmoid": ("core", "The sigmoid",
        "You returned σ(z), a soft step. ReLU consists of two straight lines: its slope is 1 where z > 0, and 0 where z < 0.",
        lambda z: _sigmoid(z)),
    "relu_slope_none": ("core", "0 everywhere",
        "You returned 0 for all entries. Where z is positive, the slope is 1. (If you overwrote an array step by step: what did the "
        "second step do to the entries of the first?)",
        lambda z: np.zeros(z.shape)),
    "relu_slope_divides": ("slip", "NaN at z = 0",
        "You divided ReLU by z, and at z = 0 that is 0/0, NaN. Any number from 0 to 1 is right there, and a comparison gives one.",
        lambda z: np.maximum(z, 0) / z),
    "relu_slope_beyond_at_zero": ("slip", "No slope at z = 0",
        "At z = 0 you return a number that lies outside [0, 1]. Left of the kink the slope is 0, right of it 1: any number between them "
        "is right.",
        lambda z: np.where(z == 0, -1.0, _relu_grad(z))),
    "relu_slope_of_sigmoid": ("core", "The derivative of the sigmoid",
        "You returned the slope of σ(z). ReLU consists of two straight lines: its slope is 1 where z > 0, and 0 where z < 0.",
        lambda z: _sigmoid_grad(z)),
    "relu_slope_threshold_one": ("part", "Positive entries only", "You return 1 only where z is greater than 1. The kink is at 0.",
        lambda z: np.where(z > 1, 1.0, 0.0)),
})  # fmt: skip


# --- relu_grad: right -----------------------------------------------------------------------------------------------------

RIGHT_RELU_GRAD = alternatives(
    "relu_grad",
    {
        "relu_slope_as_type": lambda z: (z >= 0).astype(np.float32),
        "relu_slope_integers": lambda z: 1 * (z > 0),
        "relu_slope_by_sign": lambda z: (np.sign(z) + 1) / 2,
    },
)


@alternative("relu_grad")
def relu_slope_by_copy(z):
    slope = np.zeros(z.shape)
    slope[z > 0] = 1
    return slope


# --- leaky_relu: wrong ----------------------------------------------------------------------------------------------------

WRONG_LEAKY_RELU = misconceptions("leaky_relu", "04 §4", {
    "leaky_without_leak": ("part", "Plain ReLU",
        "You returned 0 for negative z. The leak is the point: αz, so that the slope is α and not 0.",
        lambda z, alpha=0.01: _relu(z)),
    "leaky_constant": ("part", "α instead of αz", "You returned α for negative z. α is the slope there; the function's value is α times z.",
        lambda z, alpha=0.01: np.where(z < 0, alpha, z)),
    "leaky_swapped": ("core", "The sides are swapped",
        "You multiplied positive z by α, and left negative z as it was; min(αz, z) does that too. The leak is for negative z.",
        lambda z, alpha=0.01: np.where(z < 0, z, alpha * z)),
    "leaky_mirrored": ("part", "The sign of the leak is wrong",
        "You returned −αz, or α|z|, for negative z: the function falls and then rises. The leak has the sign of z: αz.",
        lambda z, alpha=0.01: np.where(z < 0, -alpha * z, z)),
    "leaky_everywhere": ("core", "Everything is multiplied by α", "You multiplied all entries by α. Positive ones stay as they are.",
        lambda z, alpha=0.01: alpha * z),
    "leaky_maximum_with_alpha": ("part", "max(α, z)",
        "You wrote max(α, z), and forgot the second z. The two lines are αz and z: np.maximum(alpha * z, z).",
        lambda z, alpha=0.01: np.where(z < alpha, alpha, z)),
    "leaky_divided": ("part", "z is divided by α", "You divided negative z by α. α is the slope itself: multiply by it.",
        lambda z, alpha=0.01: np.where(z < 0, z / alpha, z)),
    "leaky_complement": ("part", "1 − α instead of α", "You multiplied negative z by 1 − α. The slope for negative z is α.",
        lambda z, alpha=0.01: np.where(z < 0, (1 - alpha) * z, z)),
    "leaky_exponential": ("part", "The exponential of the ELU",
        "You returned α(exp(z) − 1) for negative z. That is the ELU; the leaky ReLU is a straight line there, αz.",
        lambda z, alpha=0.01: _elu(z, alpha)),
    "leaky_added": ("part", "αz is added to ReLU on both sides",
        "You added αz to ReLU for all z, so that the slope on the right is 1 + α. The leak is for negative z alone: αz there, z "
        "elsewhere.",
        lambda z, alpha=0.01: _relu(z) + alpha * z),
    "leaky_minus_alpha": ("part", "−α instead of αz",
        "You returned −α for negative z. α is the slope there; the function's value is α times z.",
        lambda z, alpha=0.01: np.where(z < 0, -alpha, z)),
    "leaky_by_max": ("core", "np.max instead of np.maximum",
        "np.max takes one array, and its second argument is an axis, so that np.max(alpha * z, z) raises an error. np.maximum compares "
        "entry by entry.",
        lambda z, alpha=0.01: np.max(alpha * z, z)),
    "leaky_absolute": ("core", "The absolute value",
        "You returned |z|. The leaky ReLU doesn't mirror negative numbers: it multiplies them by α.",
        lambda z, alpha=0.01: np.abs(z)),
    "leaky_identity": ("core", "Nothing is changed", "You returned z as it is. Where z is negative, it is multiplied by α.",
        lambda z, alpha=0.01: 1.0 * z),
    "leaky_shifted": ("part", "z + α instead of αz",
        "You added α to negative z. α is a slope: multiply by it, so that the line αz goes through 0.",
        lambda z, alpha=0.01: np.where(z < 0, z + alpha, z)),
    "leaky_twice": ("part", "α is squared",
        "You multiplied negative z by α twice, as happens where a line is applied to what another one has changed already. αz, once.",
        lambda z, alpha=0.01: np.where(z < 0, alpha * alpha * z, z)),
    "leaky_relu_value_for_slope": ("core", "The slope is returned, where the function is asked for",
        "You return 1 and α, the slopes. The function's value is z where z is positive, and αz where it is negative.",
        lambda z, alpha=0.01: _leaky_relu_grad(z, alpha)),
})  # fmt: skip


# --- leaky_relu: right ----------------------------------------------------------------------------------------------------

RIGHT_LEAKY_RELU = alternatives(
    "leaky_relu",
    {
        "leaky_by_maximum": lambda z, alpha=0.01: np.maximum(alpha * z, z),
        "leaky_by_two_parts": lambda z, alpha=0.01: np.maximum(0, z) + alpha * np.minimum(0, z),
    },
)


@alternative("leaky_relu")
def leaky_by_copy(z, alpha=0.01):
    out = np.array(z, dtype=np.float64)
    out[out < 0] *= alpha
    return out


@alternative("leaky_relu")
def leaky_in_a_loop(z, alpha=0.01):
    out = np.empty(z.shape, dtype=np.float32)
    for index in np.ndindex(*z.shape):
        out[index] = z[index] if z[index] > 0 else alpha * z[index]
    return out


# --- leaky_relu_grad: wrong -----------------------------------------------------------------------------------------------

WRONG_LEAKY_RELU_GRAD = misconceptions("leaky_relu_grad", "04 §4", {
    "leaky_slope_without_leak": ("part", "The slope of plain ReLU",
        "You returned 0 for negative z. The leaky ReLU is the line αz there, whose slope is α: that is what keeps units alive.",
        lambda z, alpha=0.01: _relu_grad(z)),
    "leaky_slope_times_z": ("part", "αz instead of α",
        "You returned αz for negative z, the function's value. The slope of the line αz is α.",
        lambda z, alpha=0.01: np.where(z < 0, alpha * z, 1.0)),
    "leaky_slope_z": ("part", "z instead of 1", "You returned z where it is positive. The slope of the line y = z is 1.",
        lambda z, alpha=0.01: np.where(z > 0, z, alpha)),
    "leaky_slope_swapped": ("core", "The sides are swapped",
        "You returned α for positive z and 1 for negative z. The small slope belongs to negative z.",
        lambda z, alpha=0.01: np.where(z > 0, alpha, 1.0)),
    "leaky_slope_negative": ("part", "The slope's sign is wrong",
        "You returned −α for negative z. The line αz rises there too, only slowly: its slope is +α.",
        lambda z, alpha=0.01: np.where(z > 0, 1.0, -alpha)),
    "leaky_slope_complement": ("part", "1 − α instead of α", "You returned 1 − α for negative z. The line there is αz, and its slope is α.",
        lambda z, alpha=0.01: np.where(z > 0, 1.0, 1 - alpha)),
    "leaky_slope_one": ("core", "1 everywhere", "You returned 1 for all z. Where z is negative the slope is α.",
        lambda z, alpha=0.01: np.ones(z.shape)),
    "leaky_slope_alpha": ("core", "α everywhere", "You returned α for all z. Where z is positive the slope is 1.",
        lambda z, alpha=0.01: np.full(z.shape, alpha)),
    "leaky_slope_added": ("part", "α is added on the right",
        "You returned 1 + α for positive z. The leak is for negative z alone: the slope on the right is 1.",
        lambda z, alpha=0.01: np.where(z > 0, 1 + alpha, alpha)),
    "leaky_slope_beyond_at_zero": ("slip", "No slope at z = 0",
        "At z = 0 you return a number that doesn't lie between α and 1, the slopes on both sides. Use >= on one of the sides.",
        lambda z, alpha=0.01: np.where(z == 0, 0.0, _leaky_relu_grad(z, alpha))),
    "leaky_relu_grad_value_for_slope": ("core", "The function is returned, where the slope is asked for",
        "You return the function's value. The gradient is its slope: how fast the function rises where z is.",
        lambda z, alpha=0.01: _leaky_relu(z, alpha)),
    "leaky_relu_grad_both_at_zero": ("slip", "At z = 0 both sides are added",
        "You add the two sides, each multiplied by a mask, and at z = 0 both masks hold, because of >= and <=: the slope there is the "
        "sum of both. Any number between them is right; write > on one of the sides.",
        lambda z, alpha=0.01: (z >= 0) + alpha * (z <= 0)),
})  # fmt: skip


# --- leaky_relu_grad: right -----------------------------------------------------------------------------------------------

RIGHT_LEAKY_RELU_GRAD = alternatives(
    "leaky_relu_grad",
    {
        "leaky_slope_by_product": lambda z, alpha=0.01: (z > 0) + alpha * ~(z > 0),
        "leaky_slope_in_a_loop": lambda z, alpha=0.01: np.reshape([1.0 if v > 0 else alpha for v in z.ravel()], z.shape).astype(np.float32),
    },
)


@alternative("leaky_relu_grad")
def leaky_slope_by_fill(z, alpha=0.01):
    slope = np.full(z.shape, float(alpha))
    slope[z >= 0] = 1
    return slope


# --- elu: wrong -----------------------------------------------------------------------------------------------------------

WRONG_ELU = misconceptions("elu", "04 §6", {
    "elu_without_one": ("part", "The −1 is forgotten",
        "You returned α exp(z) for negative z. That jumps at 0, from α to 0; α(exp(z) − 1) meets the line there.",
        lambda z, alpha=1.0: np.where(z < 0, alpha * np.exp(z), z)),
    "elu_brackets": ("part", "α is multiplied before the −1",
        "You computed α exp(z) − 1. The brackets matter: α(exp(z) − 1) is 0 at z = 0 and tends to −α. For α = 1 there is no difference.",
        lambda z, alpha=1.0: np.where(z < 0, alpha * np.exp(z) - 1, z)),
    "elu_one_in_exponent": ("part", "The −1 is in the exponent",
        "You computed α exp(z − 1). The 1 is subtracted from the exponential, not from z: α(exp(z) − 1).",
        lambda z, alpha=1.0: np.where(z < 0, alpha * np.exp(z - 1), z)),
    "elu_exponent_negative": ("part", "The sign of the exponent is wrong",
        "You computed exp(−z), which grows without bound for negative z. With exp(z), the ELU tends to −α.",
        lambda z, alpha=1.0: np.where(z < 0, alpha * (np.exp(-z) - 1), z)),
    "elu_upwards": ("part", "The left side is turned upwards",
        "You returned α(1 − exp(z)), which is positive for negative z. The ELU is negative there: α(exp(z) − 1).",
        lambda z, alpha=1.0: np.where(z < 0, -alpha * (np.exp(z) - 1), z)),
    "elu_alpha_in_exponent": ("part", "α in the exponent",
        "You computed exp(αz) − 1. α stands in front of the brackets: α(exp(z) − 1) tends to −α. For α = 1 there is no difference.",
        lambda z, alpha=1.0: np.where(z < 0, np.exp(alpha * z) - 1, z)),
    "elu_is_leaky": ("part", "A straight leak",
        "You returned αz for negative z. That is the leaky ReLU; the ELU bends towards −α: α(exp(z) − 1).",
        lambda z, alpha=1.0: _leaky_relu(z, alpha)),
    "elu_is_relu": ("part", "Plain ReLU", "You returned 0 for negative z. The ELU goes down to −α there: α(exp(z) − 1).",
        lambda z, alpha=1.0: _relu(z)),
    "elu_everywhere": ("core", "The exponential on both sides", "You returned α(exp(z) − 1) for positive z too. There the ELU is z itself.",
        lambda z, alpha=1.0: alpha * (np.exp(z) - 1)),
    "elu_swapped": ("core", "The sides are swapped",
        "You have z where z is negative, and the exponential where it is positive. It is the other way round.",
        lambda z, alpha=1.0: np.where(z < 0, z, alpha * (np.exp(z) - 1))),
    "elu_scales_positive": ("part", "Positive z is scaled too",
        "You multiplied the whole function by α. Only the left side has it: for positive z the ELU is z. For α = 1 there is no "
        "difference.",
        lambda z, alpha=1.0: alpha * _elu(z)),
    "elu_mask_overflows": ("slip", "A mask multiplies infinity",
        "You added both branches, each multiplied by a mask. For large z the exponential is infinite, and 0·∞ is NaN. Pass np.minimum(z, "
        "0) to the exponential, or choose with np.where.",
        lambda z, alpha=1.0: z * (z > 0) + alpha * (np.exp(z) - 1) * (z <= 0)),
    "elu_identity": ("core", "Nothing is changed", "You returned z as it is. Where z is negative, the ELU is α(exp(z) − 1).",
        lambda z, alpha=1.0: 1.0 * z),
    "elu_clipped": ("slip", "z is clipped too early",
        "You clipped z against overflow on the negative side, where exp(z) can't overflow: it goes to 0. At −5 it is still 0.0067. Limit "
        "z from above: np.minimum(z, 0).",
        lambda z, alpha=1.0: _elu(np.where(z < 0, np.clip(z, -5, 0), z), alpha)),
    "elu_subtracts_alpha": ("part", "exp(z) − α",
        "You computed exp(z) − α for negative z. α multiplies the exponential too: α(exp(z) − 1). For α = 1 there is no difference.",
        lambda z, alpha=1.0: np.where(z < 0, np.exp(z) - alpha, z)),
    "elu_maximum": ("core", "The larger of the two curves",
        "You took the maximum of z and α(exp(z) − 1). The exponential is the larger one on *both* sides if α is 1: choose by the sign of "
        "z.",
        lambda z, alpha=1.0: np.maximum(z, alpha * (np.exp(z) - 1))),
    "elu_minimum": ("core", "The smaller of the two curves",
        "You took the minimum of z and α(exp(z) − 1). That is z on both sides if α is 1: choose by the sign of z.",
        lambda z, alpha=1.0: np.minimum(z, alpha * (np.exp(z) - 1))),
})  # fmt: skip


# --- elu: right -----------------------------------------------------------------------------------------------------------

RIGHT_ELU = alternatives(
    "elu",
    {
        "elu_plain": lambda z, alpha=1.0: np.where(z > 0, z, alpha * (np.exp(z) - 1)),
    },
)


@alternative("elu")
def elu_by_copy(z, alpha=1.0):
    out = np.array(z, dtype=float)
    negative = out <= 0
    out[negative] = alpha * np.exp(out[negative]) - alpha
    return out


@alternative("elu")
def elu_in_a_loop(z, alpha=1.0):
    values = [value if value > 0 else alpha * (np.exp(value) - 1) for value in np.ravel(z)]
    return np.array(values, dtype=np.float32).reshape(z.shape)


# --- elu_grad: wrong ------------------------------------------------------------------------------------------------------

WRONG_ELU_GRAD = misconceptions("elu_grad", "04 §6", {
    "elu_slope_keeps_one": ("part", "The function instead of its slope, for negative z",
        "You returned α(exp(z) − 1) for negative z, the function itself. A constant has no slope, so that the −1 goes: α exp(z).",
        lambda z, alpha=1.0: np.where(z < 0, alpha * (np.exp(z) - 1), 1.0)),
    "elu_slope_without_alpha": ("part", "α is forgotten", "You returned exp(z) for negative z. The factor α stays: α exp(z).",
        lambda z, alpha=1.0: _elu_grad(z)),
    "elu_slope_plus_one": ("part", "f + 1 instead of f + α",
        "You returned ELU(z) + 1 for negative z. α exp(z) is ELU(z) + α; for α = 1 there is no difference.",
        lambda z, alpha=1.0: np.where(z < 0, _elu(z, alpha) + 1, 1.0)),
    "elu_slope_is_leaky": ("part", "The slope of the leaky ReLU",
        "You returned α for all negative z. That is so at z = 0 only; further left the curve is flatter: α exp(z).",
        lambda z, alpha=1.0: _leaky_relu_grad(z, alpha)),
    "elu_slope_is_relu": ("part", "The slope of ReLU", "You returned 0 for negative z. The ELU isn't flat there: its slope is α exp(z).",
        lambda z, alpha=1.0: _relu_grad(z)),
    "elu_slope_one": ("core", "1 everywhere", "You returned 1 for all z. Where z is negative, the slope is α exp(z).",
        lambda z, alpha=1.0: np.ones(z.shape)),
    "elu_slope_is_step": ("part", "0 for negative z, and 1 at z = 0",
        "You returned 0 for negative z. The ELU isn't flat there: its slope is α exp(z).",
        lambda z, alpha=1.0: np.where(z < 0, 0.0, 1.0)),
    "elu_slope_z": ("part", "z instead of 1", "You returned z where it is positive. The slope of the line y = z is 1.",
        lambda z, alpha=1.0: np.where(z > 0, z, _elu_grad(z, alpha))),
    "elu_slope_everywhere": ("part", "The exponential on both sides",
        "You returned α exp(z) for positive z too. There the ELU is the line z, with slope 1.",
        lambda z, alpha=1.0: alpha * np.exp(z)),
    "elu_slope_times_z": ("part", "A factor z too many",
        "You returned αz exp(z), or α·z, for negative z. The derivative of exp(z) is exp(z) itself: α exp(z).",
        lambda z, alpha=1.0: np.where(z < 0, alpha * z * np.exp(z), 1.0)),
    "elu_slope_negative": ("part", "The slope's sign is wrong",
        "You returned −α exp(z), or took exp(−z), for negative z. The ELU rises everywhere: its slope is α exp(z).",
        lambda z, alpha=1.0: np.where(z < 0, -alpha * np.exp(z), 1.0)),
    "elu_slope_swapped": ("core", "The sides are swapped",
        "You have 1 where z is negative, and the exponential where it is positive. It is the other way round.",
        lambda z, alpha=1.0: np.where(z < 0, 1.0, alpha * np.exp(z))),
    "elu_slope_mask_overflows": ("slip", "A mask multiplies infinity",
        "You added both branches, each multiplied by a mask. For large z the exponential is infinite, and 0·∞ is NaN. Pass np.minimum(z, "
        "0) to the exponential, or choose with np.where.",
        lambda z, alpha=1.0: (z > 0) + alpha * np.exp(z) * (z <= 0)),
    "elu_slope_beyond_at_zero": ("slip", "No slope at z = 0",
        "At z = 0 you return a number that doesn't lie between α and 1, the slopes on both sides. Use >= on one of the sides.",
        lambda z, alpha=1.0: np.where(z == 0, 0.0, _elu_grad(z, alpha))),
    "elu_slope_exponent_negative": ("part", "The sign of the exponent is wrong",
        "You computed α exp(−z), which grows without bound for negative z. The slope is α exp(z), which tends to 0.",
        lambda z, alpha=1.0: np.where(z < 0, alpha * np.exp(-z), 1.0)),
    "elu_slope_alpha_squared": ("part", "α is squared",
        "You multiplied by α twice. The slope is α exp(z), or ELU(z) + α, where α is in ELU(z) already.",
        lambda z, alpha=1.0: np.where(z < 0, alpha**2 * np.exp(z), 1.0)),
    "elu_slope_mixed": ("part", "exp(z) − 1 + α",
        "You added α to an ELU with another α: exp(z) − 1 + α. The slope is ELU(z) + α with the same α in both, which is α exp(z).",
        lambda z, alpha=1.0: np.where(z < 0, np.exp(z) - 1 + alpha, 1.0)),
    "elu_slope_minimum": ("part", "The smaller of 1 and α exp(z)",
        "You took the minimum of 1 and α exp(z). That is right for α = 1 only: choose by the sign of z.",
        lambda z, alpha=1.0: np.minimum(1.0, alpha * np.exp(np.minimum(z, 0.0)))),
    "elu_slope_exponential": ("core", "exp(z) on both sides, without α",
        "You returned exp(z) everywhere. For positive z the slope is 1, and for negative z it has the factor α.",
        lambda z, alpha=1.0: np.exp(z)),
    "elu_grad_value_for_slope": ("core", "The function is returned, where the slope is asked for",
        "You return the function's value. The gradient is its slope: how fast the function rises where z is.",
        lambda z, alpha=1.0: _elu(z, alpha)),
    "elu_grad_both_at_zero": ("slip", "At z = 0 both sides are added",
        "You add the two sides, each multiplied by a mask, and at z = 0 both masks hold, because of >= and <=: the slope there is the "
        "sum of both. Any number between them is right; write > on one of the sides.",
        lambda z, alpha=1.0: (z >= 0) + alpha * np.exp(np.minimum(z, 0)) * (z <= 0)),
})  # fmt: skip


# --- elu_grad: right ------------------------------------------------------------------------------------------------------

RIGHT_ELU_GRAD = alternatives(
    "elu_grad",
    {
        "elu_slope_by_the_function": lambda z, alpha=1.0: np.where(z > 0, 1.0, _elu(z, alpha) + alpha),
        "elu_slope_plain": lambda z, alpha=1.0: np.where(z >= 0, 1, alpha * np.exp(z)),
    },
)


@alternative("elu_grad")
def elu_slope_by_copy(z, alpha=1.0):
    slope = np.ones(z.shape)
    negative = z < 0
    slope[negative] = alpha * np.exp(z[negative])
    return slope


@alternative("elu_grad")
def elu_slope_in_a_loop(z, alpha=1.0):
    return np.reshape([1.0 if value > 0 else alpha * np.exp(value) for value in np.ravel(z)], z.shape).astype(np.float32)


# --- selu: wrong ----------------------------------------------------------------------------------------------------------

WRONG_SELU = misconceptions("selu", "04 §7", {
    "selu_rounded": ("slip", "λ and α have too few digits",
        "You rounded λ and α. Mean 0 and variance 1 are a fixed point for exactly these numbers: write them with all their digits.",
        lambda z: _selu(z, 1.0507, 1.0507 * 1.67326)),
    "selu_rounded_to_hundredths": ("slip", "λ and α have two decimals",
        "You rounded λ to 1.05 and α to 1.67. Write them with all the digits that the docstring says.",
        lambda z: _selu(z, 1.05, 1.05 * 1.67)),
    "selu_without_scale": ("part", "λ is forgotten",
        "You returned ELU with α, without λ. The factor λ > 1 belongs to both sides: it makes up for the variance that the bend takes.",
        lambda z: _selu(z, 1.0, ALPHA)),
    "selu_scale_on_the_left": ("part", "λ on the left only",
        "You multiplied only the exponential by λ. It multiplies both sides: for positive z SELU is λz.",
        lambda z: _selu(z, 1.0, LAMBDA * ALPHA)),
    "selu_scale_on_the_right": ("part", "λ on the right only",
        "You multiplied only positive z by λ. It multiplies both sides: for negative z SELU is λα(exp(z) − 1).",
        lambda z: _selu(z, LAMBDA, ALPHA)),
    "selu_without_alpha": ("part", "α is forgotten", "You returned λ(exp(z) − 1) for negative z, an ELU with α = 1. SELU's α is 1.67…",
        lambda z: _selu(z, LAMBDA, LAMBDA)),
    "selu_swapped_constants": ("core", "λ and α are swapped",
        "You have λ and α the wrong way round: λ = 1.05… multiplies everything, α = 1.67… only the exponential.",
        lambda z: _selu(z, ALPHA, LAMBDA * ALPHA)),
    "selu_without_one": ("part", "The −1 is forgotten",
        "You returned λα exp(z) for negative z. That jumps at 0; λα(exp(z) − 1) meets the line there.",
        lambda z: np.where(z < 0, LAMBDA * ALPHA * np.exp(z), LAMBDA * z)),
    "selu_brackets": ("part", "α is multiplied before the −1",
        "You computed λ(α exp(z) − 1). The slide's α exp(x) − α is α(exp(x) − 1): α is subtracted, not 1.",
        lambda z: LAMBDA * np.where(z < 0, ALPHA * np.exp(z) - 1, z)),
    "selu_is_elu": ("core", "Plain ELU", "You returned the ELU with α = 1. SELU has a larger α, and a factor λ in front of everything.",
        lambda z: _elu(z)),
    "selu_everywhere": ("core", "The exponential on both sides", "You returned λα(exp(z) − 1) for positive z too. There SELU is λz.",
        lambda z: LAMBDA * ALPHA * (np.exp(z) - 1)),
    "selu_swapped": ("core", "The sides are swapped",
        "You have the line where z is negative, and the exponential where it is positive. It is the other way round.",
        lambda z: np.where(z < 0, LAMBDA * z, LAMBDA * ALPHA * (np.exp(z) - 1))),
    "selu_is_leaky": ("part", "A straight leak", "You returned λαz, a line, for negative z. SELU bends there: λα(exp(z) − 1).",
        lambda z: np.where(z < 0, LAMBDA * ALPHA, LAMBDA) * z),
    "selu_scale_twice": ("part", "λ twice on the right",
        "You multiplied positive z by λ, and then everything by λ once more. λ multiplies each side once.",
        lambda z: _selu(z, LAMBDA ** 2, LAMBDA * ALPHA)),
    "selu_alpha_everywhere": ("part", "α on both sides",
        "You multiplied positive z by α, too. α belongs to the exponential alone: for positive z SELU is λz.",
        lambda z: _selu(z, LAMBDA * ALPHA)),
    "selu_upwards": ("part", "The left side is turned upwards",
        "You returned λα(1 − exp(z)), which is positive for negative z. SELU is negative there: λα(exp(z) − 1).",
        lambda z: _selu(z, LAMBDA, -LAMBDA * ALPHA)),
    "selu_alpha_twice": ("part", "α is squared",
        "You multiplied the exponential by α twice. It has one factor λ and one factor α: λα(exp(z) − 1).",
        lambda z: _selu(z, LAMBDA, LAMBDA * ALPHA**2)),
    "selu_alpha_in_exponent": ("part", "α in the exponent", "You computed exp(αz) − 1. α stands in front of the brackets: λα(exp(z) − 1).",
        lambda z: np.where(z < 0, LAMBDA * (np.exp(ALPHA * z) - 1), LAMBDA * z)),
    "selu_exponent_negative": ("part", "The sign of the exponent is wrong",
        "You computed exp(−z), which grows without bound for negative z. With exp(z), SELU tends to −λα.",
        lambda z: np.where(z < 0, LAMBDA * ALPHA * (np.exp(-z) - 1), LAMBDA * z)),
    "selu_is_relu": ("core", "0 on the left", "You returned λz for positive z, and 0 for negative z. There SELU is λα(exp(z) − 1).",
        lambda z: _selu(z, LAMBDA, 0.0)),
    "selu_is_plain_relu": ("core", "Plain ReLU", "You returned max(0, z). SELU is λz for positive z, and λα(exp(z) − 1) for negative z.",
        lambda z: _relu(z)),
    "selu_mask_overflows": ("slip", "A mask multiplies infinity",
        "You added both branches, each multiplied by a mask. For large z the exponential is infinite, and 0·∞ is NaN. Pass np.minimum(z, "
        "0) to the exponential, or choose with np.where.",
        lambda z: LAMBDA * (z * (z > 0) + ALPHA * (np.exp(z) - 1) * (z <= 0))),
})  # fmt: skip


# --- selu: right ----------------------------------------------------------------------------------------------------------

RIGHT_SELU = alternatives(
    "selu",
    {
        "selu_plain": lambda z: LAMBDA * np.where(z > 0, z, ALPHA * np.exp(z) - ALPHA),
        "selu_in_two_parts": lambda z: LAMBDA * np.maximum(0, z) + LAMBDA * ALPHA * (np.exp(np.minimum(0, z)) - 1),
    },
)


@alternative("selu")
def selu_in_a_loop(z):
    values = [LAMBDA * (value if value > 0 else ALPHA * (np.exp(value) - 1)) for value in np.ravel(z)]
    return np.array(values, dtype=np.float32).reshape(z.shape)


# --- dead_units: wrong ----------------------------------------------------------------------------------------------------

WRONG_DEAD_UNITS = misconceptions("dead_units", "04 §3", {
    "dead_for_some": ("core", "One silent example is enough",
        "You called a unit dead if *some* example gives no positive z. Every healthy ReLU is off for some examples; a dead one is off "
        "for all of them: np.all, not np.any.",
        lambda Z: np.any(Z <= 0, axis=0)),
    "dead_examples": ("core", "Examples instead of units",
        "You looked along the wrong axis: your answer has an entry for each example. The examples are the rows, axis 0, and that is the "
        "axis to look along.",
        lambda Z: np.max(Z, axis=1) <= 0),
    "dead_is_alive": ("core", "The living units",
        "You returned True for the units that are alive. Dead are those for which no example has z > 0: negate your answer with ~.",
        lambda Z: np.any(Z > 0, axis=0)),
    "dead_by_mean": ("core", "The mean decides",
        "You looked at the mean, or the sum, of z over the examples. It may be negative though one example is positive, and that one "
        "example brings a gradient.",
        lambda Z: np.mean(Z, axis=0) <= 0),
    "dead_by_majority": ("core", "Off for most examples",
        "You called a unit dead if it is off for most examples. As long as one example has z > 0, it gets a gradient, and isn't dead.",
        lambda Z: np.mean(Z <= 0, axis=0) > 0.5),
    "dead_below_zero": ("slip", "z = 0 counts as alive",
        "You asked for z < 0 in all examples, so a unit with a z of exactly 0 counts as alive. ReLU gives 0 there: alive needs z > 0.",
        lambda Z: np.all(Z < 0, axis=0)),
    "dead_equal_zero": ("core", "z = 0 is looked for",
        "You looked for units whose Z is 0. That would be right for what ReLU returns; Z is what it gets, and negative numbers are "
        "silent too.",
        lambda Z: np.all(Z == 0, axis=0)),
    "dead_counted": ("core", "The number of dead units",
        "You returned how many units are dead. Asked for is which: an array with True or False for each unit.",
        lambda Z: int(np.sum(np.max(Z, axis=0) <= 0))),
    "dead_numbered": ("part", "The numbers of the dead units",
        "You returned the indices of the dead units, as np.where gives them. Asked for is an array with True or False for each unit.",
        lambda Z: np.flatnonzero(np.max(Z, axis=0) <= 0)),
    "dead_where": ("part", "np.where's tuple is returned",
        "You returned what np.where gives: a tuple with the indices of the dead units. Asked for is an array with True or False for each "
        "unit.",
        lambda Z: np.where(np.max(Z, axis=0) <= 0)),
    "dead_as_list": ("slip", "A list is returned",
        "You return a list. To pick units with it, as in Z[:, dead], and to negate it, it has to be an array, as np.array(...) makes it.",
        lambda Z: [bool(value <= 0) for value in np.max(Z, axis=0)]),
    "dead_share": ("core", "The share of silent examples",
        "You returned for each unit the share of examples for which it is off. Dead is a unit whose share is 1: True or False.",
        lambda Z: np.mean(Z <= 0, axis=0)),
    "dead_for_the_last": ("core", "Only the last example is looked at",
        "You looked at one example, the last one in a loop perhaps. A unit is dead if it is off for *all* examples of the batch.",
        lambda Z: Z[-1] <= 0),
    "dead_examples_counted": ("core", "The number of silent examples",
        "You returned for each unit for how many examples it is off. Dead is a unit for which that is all of them: True or False.",
        lambda Z: np.sum(Z <= 0, axis=0)),
    "dead_for_most": ("core", "Off for nine examples in ten",
        "You called a unit dead if it is off for nearly all examples. As long as one example has z > 0, it gets a gradient, and isn't "
        "dead.",
        lambda Z: np.mean(Z <= 0, axis=0) >= 0.9),
    "dead_share_of_units": ("core", "The share of dead units",
        "You returned which share of the units is dead. Asked for is which: an array with True or False for each unit.",
        lambda Z: np.mean(np.max(Z, axis=0) <= 0)),
    "dead_always_on": ("core", "Units that are always on",
        "You returned True for units that are positive for all examples. Dead are those that are positive for none.",
        lambda Z: np.all(Z > 0, axis=0)),
    "dead_constant": ("core", "Units that never vary",
        "You looked for units whose z doesn't vary. The z of a dead unit may vary as it likes, as long as it is never positive.",
        lambda Z: np.std(Z, axis=0) == 0),
    "dead_with_tolerance": ("slip", "Small positive z counts as 0",
        "You allowed a tolerance, so that a small positive z counts as silent. Any z > 0 brings a gradient.",
        lambda Z: np.max(Z, axis=0) < 0.01),
    "dead_as_numbers": ("slip", "Numbers instead of True and False",
        "You returned zeros and ones. Asked for are True and False, with which one can pick units: Z[:, dead].",
        lambda Z: (np.max(Z, axis=0) <= 0).astype(float)),
    "dead_for_the_first": ("core", "Only the first example is looked at",
        "You looked at one example. A unit is dead if it is off for *all* examples of the batch.",
        lambda Z: Z[0] <= 0),
    "dead_layer": ("core", "One answer for the whole layer",
        "You looked at all entries at once, and returned one True or False. Look along the examples only: axis=0 leaves one for each "
        "unit.",
        lambda Z: np.all(Z <= 0)),
    "dead_as_a_row": ("part", "The axis of the examples is kept",
        "Your answer has shape (1, H), because of keepdims. One entry for each unit is shape (H,).",
        lambda Z: np.max(Z, axis=0, keepdims=True) <= 0),
})  # fmt: skip


# --- dead_units: right ----------------------------------------------------------------------------------------------------

RIGHT_DEAD_UNITS = alternatives(
    "dead_units",
    {
        "dead_by_relu": lambda Z: np.maximum(Z, 0).sum(axis=0) == 0,
        "dead_by_all": lambda Z: (Z <= 0).all(0),
        "dead_by_counting": lambda Z: np.logical_not(np.count_nonzero(np.transpose(Z) > 0, axis=1)),
    },
)


@alternative("dead_units")
def dead_in_loops(Z):
    N, H = Z.shape
    return np.array([not any(Z[n, h] > 0 for n in range(N)) for h in range(H)])


# --- rrelu: wrong ---------------------------------------------------------------------------------------------------------

WRONG_RRELU = misconceptions("rrelu", "04 §5", {
    "rrelu_one_slope": ("part", "One slope for all entries",
        "You drew one slope for the whole array. Each negative entry gets a slope of its own: pass the shape of z to rng.uniform.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, training, ()))),
    "rrelu_slope_for_each_feature": ("part", "One slope for each feature",
        "You drew a slope for each feature, which all examples share. Each entry gets a slope of its own.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, training, z.shape[-1:]))),
    "rrelu_slope_for_each_example": ("part", "One slope for each example",
        "You drew a slope for each example, which all its features share. Each entry gets a slope of its own.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, training, (len(z), *[1] * (np.ndim(z) - 1))))),
    "rrelu_always_random": ("part", "Random after training too",
        "You draw slopes with training=False, too. After training the slope is fixed to (lower + upper)/2, or equal inputs would get "
        "different answers.",
        lambda z, lower, upper, rng, training: _rrelu(z, lower, upper, rng, True)),
    "rrelu_never_random": ("part", "Never random",
        "You use the mean of the bounds in training, too. In training each negative entry gets a random slope.",
        lambda z, lower, upper, rng, training: _rrelu(z, lower, upper, rng, False)),
    "rrelu_phases_swapped": ("core", "training is taken the wrong way round",
        "You draw slopes with training=False, and take the mean with training=True. It is the other way round.",
        lambda z, lower, upper, rng, training: _rrelu(z, lower, upper, rng, not training)),
    "rrelu_lower_after_training": ("part", "lower after training",
        "After training you use lower as the slope. The mean of the slopes that were drawn is (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else lower)),
    "rrelu_upper_after_training": ("part", "upper after training",
        "After training you use upper as the slope. The mean of the slopes that were drawn is (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else upper)),
    "rrelu_half_the_range": ("part", "Half the range after training",
        "After training you use (upper − lower)/2. That is half the range's width; its middle is (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else (upper - lower) / 2)),
    "rrelu_sum_of_bounds": ("part", "The sum of the bounds after training",
        "After training you use lower + upper. That is twice the middle of the range, (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else lower + upper)),
    "rrelu_brackets": ("part", "lower + upper/2",
        "After training you use lower + upper/2. The middle of the range is (lower + upper)/2, with brackets.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else lower + upper / 2)),
    "rrelu_relu_after_training": ("part", "Plain ReLU after training",
        "After training you return 0 for negative z. The slope there is (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else 0.0)),
    "rrelu_identity_after_training": ("part", "The identity after training",
        "After training you return z as it is. Negative z is multiplied by (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else 1.0)),
    "rrelu_slopes_everywhere": ("part", "Positive entries get random slopes",
        "You multiplied positive entries by a slope, too. Where z ≥ 0 the slope is 1.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, training), _drawn(z, lower, upper, rng, training))),
    "rrelu_wrong_bounds": ("part", "The bounds are wrong",
        "Your slopes don't lie between lower and upper: lower + upper · rng.random() goes up to lower + upper. Its width is upper − "
        "lower.",
        lambda z, lower, upper, rng, training: _sloped(z, lower + upper * rng.random(z.shape) if training else (lower + upper) / 2)),
    "rrelu_from_zero": ("part", "lower isn't used",
        "Your slopes begin at 0: rng.random() · upper leaves lower out. They lie between lower and upper.",
        lambda z, lower, upper, rng, training: _sloped(z, upper * rng.random(z.shape) if training else (lower + upper) / 2)),
    "rrelu_unit_interval": ("part", "The bounds aren't used",
        "Your slopes lie between 0 and 1, because rng.random() knows nothing of lower and upper. Use rng.uniform(lower, upper, size).",
        lambda z, lower, upper, rng, training: _sloped(z, rng.random(z.shape) if training else (lower + upper) / 2)),
    "rrelu_normal": ("part", "Normal instead of uniform",
        "You drew the slopes from a normal distribution. They are uniform between lower and upper, and never outside.",
        lambda z, lower, upper, rng, training: _sloped(
        z, rng.normal((lower + upper) / 2, (upper - lower) / np.sqrt(12), z.shape) if training else (lower + upper) / 2)),
    "rrelu_either_bound": ("part", "Only the two bounds are drawn",
        "You drew one of the two bounds for each entry. All numbers between them are equally likely: rng.uniform.",
        lambda z, lower, upper, rng, training: _sloped(z, rng.choice([lower, upper], z.shape) if training else (lower + upper) / 2)),
    "rrelu_order": ("part", "out and slopes are swapped",
        "You returned (slopes, out). The order that is asked for is (out, slopes), as the docstring says.",
        lambda z, lower, upper, rng, training: _rrelu(z, lower, upper, rng, training)[::-1]),
    "rrelu_swapped": ("core", "The sides are swapped",
        "You multiplied positive z by the random slope, and left negative z as it was. The leak is for negative z.",
        lambda z, lower, upper, rng, training: _sloped(z, 1.0, _drawn(z, lower, upper, rng, training))),
    "rrelu_mask_for_slopes": ("part", "A mask instead of slopes",
        "Your out is right, but the second item is the mask z < 0 or z ≥ 0. Asked for is what each entry was multiplied by.",
        lambda z, lower, upper, rng, training: (_rrelu(z, lower, upper, rng, training)[0], (z >= 0).astype(float))),
    "rrelu_random_once_after_training": ("part", "One random slope after training",
        "After training you draw one slope for all entries. Nothing is random then: the slope is (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True, None if training else ()))),
    "rrelu_without_lower": ("part", "lower isn't added",
        "Your slopes lie between 0 and upper − lower: you scaled rng.random() to the width of the range, and forgot to add lower.",
        lambda z, lower, upper, rng, training: _sloped(z, (upper - lower) * rng.random(z.shape) if training else (lower + upper) / 2)),
    "rrelu_drawn_twice": ("part", "out and slopes come from two draws",
        "You drew once for out and once more for slopes, so that they don't belong together. Draw once: out is slopes · z.",
        lambda z, lower, upper, rng, training: (_rrelu(z, lower, upper, rng, training)[0], _rrelu(z, lower, upper, rng, training)[1])),
    "rrelu_boolean_mask": ("part", "The mask z < 0 instead of slopes",
        "Your out is right, but the second item is the mask z < 0. Asked for is what each entry was multiplied by.",
        lambda z, lower, upper, rng, training: (_rrelu(z, lower, upper, rng, training)[0], z < 0)),
    "rrelu_geometric_mean": ("part", "The geometric mean after training",
        "After training you use √(lower · upper). The mean of uniform draws is (lower + upper)/2.",
        lambda z, lower, upper, rng, training: _sloped(z, _drawn(z, lower, upper, rng, True) if training else np.sqrt(lower * upper))),
    "rrelu_mirrored": ("part", "The sign of the slope is wrong",
        "You multiplied negative z by −slope, or took |z|: the function falls and then rises. The slope is positive.",
        lambda z, lower, upper, rng, training: _sloped(z, -_drawn(z, lower, upper, rng, training))),
    "rrelu_is_relu": ("core", "Plain ReLU",
        "You returned 0 for negative z. There out is z times a slope, drawn in training and fixed to (lower + upper)/2 after it.",
        lambda z, lower, upper, rng, training: _sloped(z, 0.0)),
})  # fmt: skip


@misconception("rrelu", "part", title="slopes aren't 1 for positive entries", see="04 §5")
def rrelu_slopes_as_drawn(z, lower, upper, rng, training):
    """Your out is right, but slopes holds the draws of positive entries too. It says what each entry was multiplied by: 1 where z ≥ 0."""
    negative = _drawn(z, lower, upper, rng, training) + np.zeros(z.shape)
    return _sloped(z, negative)[0], negative


@misconception("rrelu", "part", title="slopes are 0 for positive entries", see="04 §5")
def rrelu_slopes_zero(z, lower, upper, rng, training):
    """Your out is right, but slopes are 0 where z is positive. Those entries were multiplied by 1."""
    out, slopes = _sloped(z, _drawn(z, lower, upper, rng, training))
    return out, np.where(z < 0, slopes, 0.0)


@misconception("rrelu", "part", title="Divides by the slope", see="04 §5")
def rrelu_divided(z, lower, upper, rng, training):
    """You divided negative z by the number drawn. So does the paper, whose numbers are 3 to 8; here they are slopes, to multiply with."""
    slopes = np.where(z < 0, _drawn(z, lower, upper, rng, training), 1.0)
    return z / slopes, slopes


@misconception("rrelu", "slip", title="slopes is one number after training", see="04 §5")
def rrelu_slope_as_number(z, lower, upper, rng, training):
    """After training you return the slope as a number. slopes has the shape of z in both modes, with 1 where z ≥ 0."""
    out, slopes = _sloped(z, _drawn(z, lower, upper, rng, training))
    return out, slopes if training else (lower + upper) / 2


@misconception("rrelu", "part", title="slopes of negative entries only", see="04 §5")
def rrelu_slopes_of_negative(z, lower, upper, rng, training):
    """Your out is right, but slopes has an entry for each *negative* z. It has the shape of z, with 1 where z ≥ 0."""
    out, slopes = _sloped(z, _drawn(z, lower, upper, rng, training))
    return out, slopes[z < 0]


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
    out, slopes = np.zeros(z.shape), np.ones(z.shape)
    for index, value in np.ndenumerate(z):
        if value <= 0:
            slopes[index] = float(rng.uniform(lower, upper)) if training else (lower + upper) / 2
        out[index] = slopes[index] * value
    return out, slopes


@alternative("rrelu")
def rrelu_in_single_precision(z, lower, upper, rng, training):
    drawn = rng.uniform(lower, upper, size=z.shape[::-1]).T if training else np.full(z.shape, (lower + upper) / 2)
    slopes = np.where(z >= 0, 1, drawn).astype(np.float32)
    return [np.multiply(z, slopes), slopes]


# --- prelu_forward: wrong -------------------------------------------------------------------------------------------------

WRONG_PRELU_FORWARD = misconceptions("prelu_forward", "04 §5", {
    "prelu_maximum": ("slip", "The maximum of αz and z",
        "You returned max(αz, z), as a slide has it. That is right while α ≤ 1; a learned α may be greater, and then the maximum takes z "
        "for negative z, and αz for positive z.",
        lambda z, alpha: (np.maximum(alpha * z, z), _kept(z, alpha))),
    "prelu_clipped": ("slip", "α is clipped", "You forced α into [0, 1]. It is a parameter that is learned: take it as it comes.",
        lambda z, alpha: (_leaky_relu(z, np.clip(alpha, 0, 1)), _kept(z, alpha))),
    "prelu_one_alpha": ("part", "One α for all features",
        "You used one slope for all features. alpha has shape (D,): one slope for each column of z, which broadcasts by itself.",
        lambda z, alpha: (_leaky_relu(z, float(alpha[0])), _kept(z, alpha))),
    "prelu_mean_alpha": ("part", "The mean of α for all features",
        "You used the mean of alpha for all features. alpha has shape (D,): one slope for each column of z, which broadcasts by itself.",
        lambda z, alpha: (_leaky_relu(z, float(np.mean(alpha))), _kept(z, alpha))),
    "prelu_sum_of_alpha": ("part", "The sum of α for all features",
        "You used the sum of alpha, or a product with it, for all features. One slope belongs to each column of z: alpha * z broadcasts.",
        lambda z, alpha: (_leaky_relu(z, float(np.sum(alpha))), _kept(z, alpha))),
    "prelu_is_relu": ("part", "Plain ReLU", "You returned 0 for negative z. There out is αz, with the feature's own α.",
        lambda z, alpha: (_relu(z), _kept(z, alpha))),
    "prelu_identity": ("core", "Nothing is changed", "You returned z as it is. Where z is negative, it is multiplied by the feature's α.",
        lambda z, alpha: (1.0 * z, _kept(z, alpha))),
    "prelu_is_leaky": ("part", "A fixed leak",
        "You multiplied negative z by 0.01. The slope is alpha, which is learned, one for each feature.",
        lambda z, alpha: (_leaky_relu(z), _kept(z, alpha))),
    "prelu_swapped": ("core", "The sides are swapped",
        "You multiplied positive z by α, and left negative z as it was. The slope α is for negative z.",
        lambda z, alpha: (np.where(z < 0, z, alpha * z), _kept(z, alpha))),
    "prelu_constant": ("part", "α instead of αz", "You returned α for negative z. α is the slope there; out is α times z.",
        lambda z, alpha: (np.where(z < 0, alpha, z), _kept(z, alpha))),
    "prelu_mirrored": ("part", "The sign of the leak is wrong",
        "You returned −αz, or α|z|, for negative z. The leak has the sign of z: αz.",
        lambda z, alpha: (np.where(z < 0, -alpha * z, z), _kept(z, alpha))),
    "prelu_everywhere": ("core", "Everything is multiplied by α", "You multiplied all entries by α. Positive ones stay as they are.",
        lambda z, alpha: (alpha * z, _kept(z, alpha))),
    "prelu_along_examples": ("part", "α along the examples",
        "You gave alpha the shape (D, 1), so that it runs along the examples. One α belongs to each feature, a column of z: shape (D,) "
        "broadcasts as it is.",
        lambda z, alpha: (np.where(z < 0, np.resize(alpha, (len(z), 1)) * z, z), _kept(z, alpha))),
    "prelu_column": ("part", "alpha is a column",
        "You wrote alpha[:, None], which has the shape (D, 1), and runs along the examples. One α belongs to each feature, a column of "
        "z: shape (D,) broadcasts as it is.",
        lambda z, alpha: (np.where(z < 0, alpha[:, None] * z, z), _kept(z, alpha))),
})  # fmt: skip


# --- prelu_forward: right -------------------------------------------------------------------------------------------------

RIGHT_PRELU_FORWARD = alternatives(
    "prelu_forward",
    {
        "prelu_in_two_parts": lambda z, alpha: (np.maximum(z, 0) + alpha * np.minimum(z, 0), _kept(z, alpha)),
    },
)


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

WRONG_PRELU_BACKWARD_AS_PASSED = misconceptions("prelu_backward", "04 §5", {
    "prelu_dz_in_type_of_z": ("slip", "dz has the type of z",
        "You made dz with `np.zeros_like(z)`. Where z holds integers, that cuts off everything behind the decimal point: a gradient is "
        "an array of floats.",
        lambda dout, cache: _prelu(dout, cache, dz=_in_type_of(_prelu(dout, cache)[0], cache[0]))),
    "prelu_dalpha_in_type_of_alpha": ("slip", "dalpha has the type of alpha",
        "You made dalpha with `np.zeros_like(alpha)`. Where alpha holds integers, that cuts off everything behind the decimal point: a "
        "gradient is an array of floats.",
        lambda dout, cache: _prelu(dout, cache, dalpha=_in_type_of(_prelu(dout, cache)[1], cache[1]))),
}, with_forward=_as_passed)  # fmt: skip

WRONG_PRELU_BACKWARD = misconceptions("prelu_backward", "04 §5", {
    "prelu_alpha_not_summed": ("part", "dalpha isn't summed over the batch",
        "Your dalpha has shape (N, D). alpha was used by all examples, so that its gradient is the sum over them, with shape (D,).",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache))),
    "prelu_alpha_averaged": ("part", "dalpha is a mean",
        "You averaged dalpha over the batch. alpha was used by all examples, so that its gradient is the sum; a mean, where one is "
        "wanted, is in dout already.",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache).mean(axis=0))),
    "prelu_alpha_everywhere": ("part", "dalpha has the positive entries in it",
        "You summed dout·z over all entries. Where z is positive, α isn't used, and gets no gradient: only negative z counts.",
        lambda dout, cache: _prelu(dout, cache, dalpha=np.sum(dout * cache[0], axis=0))),
    "prelu_alpha_of_positive": ("part", "dalpha has the positive entries only",
        "You summed dout·z over the positive entries. α is used where z is negative.",
        lambda dout, cache: _prelu(dout, cache, dalpha=np.sum(dout * np.maximum(cache[0], 0), axis=0))),
    "prelu_alpha_one_number": ("part", "One dalpha for all features",
        "You summed dalpha over the features, too. Each feature has an α of its own: sum along the examples only, axis 0.",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache).sum())),
    "prelu_alpha_of_examples": ("part", "dalpha is summed along the wrong axis",
        "You summed dalpha over the features, so that it has an entry for each example. Sum along the examples, axis 0.",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache).sum(axis=1))),
    "prelu_alpha_averaged_over_all": ("part", "dalpha is averaged over everything",
        "You averaged dalpha over all entries. It is a sum over the examples, with an entry for each feature.",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache).mean())),
    "prelu_alpha_zero": ("part", "dalpha is 0",
        "Your dalpha is 0, so that α never learns. It is the sum of dout·z over the examples with negative z.",
        lambda dout, cache: _prelu(dout, cache, dalpha=np.zeros(cache[1].shape))),
    "prelu_both_averaged": ("core", "Both gradients are averaged",
        "You divided both gradients by the number of examples. A mean, where one is wanted, is in dout already.",
        lambda dout, cache: tuple(gradient / len(dout) for gradient in _prelu(dout, cache))),
    "prelu_slope_divided": ("part", "dz is divided by α", "Your dz is dout/α where z is negative. The slope of αz is α: multiply by it.",
        lambda dout, cache: _prelu(dout, cache, dz=np.where(cache[0] < 0, dout / cache[1], dout))),
    "prelu_alpha_without_dout": ("part", "dalpha without dout",
        "You summed z over the negative entries, and forgot the upstream gradient. By the chain rule each is multiplied by its dout.",
        lambda dout, cache: _prelu(dout, cache, dalpha=np.minimum(cache[0], 0).sum(axis=0))),
    "prelu_alpha_without_z": ("part", "dalpha without z",
        "You summed dout over the negative entries. The derivative of αz with respect to α is z: multiply by it.",
        lambda dout, cache: _prelu(dout, cache, dalpha=np.sum(dout * (cache[0] < 0), axis=0))),
    "prelu_alpha_like_a_bias": ("part", "dalpha is the gradient of a bias",
        "You summed dout over all examples, as for a bias. α is multiplied by z, where z is negative: sum dout·z over those entries.",
        lambda dout, cache: _prelu(dout, cache, dalpha=np.sum(dout, axis=0))),
    "prelu_alpha_times_alpha": ("part", "dalpha has a factor α",
        "You summed dout·αz. The derivative of αz with respect to α is z, without α.",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache).sum(axis=0) * cache[1])),
    "prelu_alpha_as_a_row": ("part", "dalpha has an axis too many",
        "Your numbers are right, but dalpha has shape (1, D). A gradient has the shape of its variable: (D,).",
        lambda dout, cache: _prelu(dout, cache, dalpha=_dalphas(dout, cache).sum(axis=0, keepdims=True))),
    "prelu_alpha_negated": ("part", "dalpha's sign is wrong",
        "Your dalpha has the wrong sign: |z|, or −z, has taken the place of z. Where z is negative, a larger α makes out smaller.",
        lambda dout, cache: _prelu(dout, cache, dalpha=-_dalphas(dout, cache).sum(axis=0))),
    "prelu_slope_of_relu": ("part", "dz is that of ReLU", "Your dz is 0 where z is negative. The slope there is the feature's α.",
        lambda dout, cache: _prelu(dout, cache, dz=dout * (cache[0] > 0))),
    "prelu_slopes_alone": ("part", "dz without dout",
        "Your dz holds the slopes alone. By the chain rule each is multiplied by the upstream gradient.",
        lambda dout, cache: _prelu(dout, cache, dz=np.where(cache[0] < 0, cache[1], 1.0))),
    "prelu_slope_alpha_everywhere": ("part", "dz is multiplied by α everywhere",
        "Your dz is dout·α for positive z, too. There the slope is 1, so that dz is dout.",
        lambda dout, cache: _prelu(dout, cache, dz=dout * cache[1])),
    "prelu_slope_one_everywhere": ("part", "dz is dout everywhere",
        "Your dz is dout for negative z, too. There the slope is the feature's α: dout·α.",
        lambda dout, cache: _prelu(dout, cache, dz=1.0 * dout)),
    "prelu_slope_swapped": ("part", "dz's sides are swapped",
        "Your dz has the slope α for positive z, and 1 for negative z. It is the other way round.",
        lambda dout, cache: _prelu(dout, cache, dz=np.where(cache[0] < 0, dout, dout * cache[1]))),
    "prelu_value_for_slope": ("part", "dz has a factor z", "Your dz is dout times out: z and αz are the values. The slopes are 1 and α.",
        lambda dout, cache: _prelu(dout, cache, dz=dout * np.where(cache[0] < 0, cache[1] * cache[0], cache[0]))),
    "prelu_by_dout": ("part", "dout decides about the sides",
        "You chose the slope by the sign of dout. What counts is on which side of 0 z was.",
        lambda dout, cache: _prelu(dout, cache, dz=np.where(dout < 0, dout * cache[1], dout))),
    "prelu_order": ("part", "The gradients are swapped",
        "You returned (dalpha, dz). The order is that of the forward pass's arguments: (dz, dalpha).",
        lambda dout, cache: _prelu(dout, cache)[::-1]),
})  # fmt: skip


@misconception("prelu_backward", "slip", title="The sign of out decides", see="04 §5")
def prelu_by_out(dout, cache):
    """You looked at the sign of out. With a negative α, out is positive where z is negative: keep z in the cache, and look at z."""
    z, alpha = cache
    positive = np.where(z < 0, alpha * z, z) > 0
    return np.where(positive, dout, alpha * dout), np.sum(dout * np.where(positive, 0.0, z), axis=0)


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

WRONG_MAXOUT_FORWARD = misconceptions("maxout_forward", "04 §8", {
    "maxout_without_bias": ("part", "The biases are forgotten",
        "You left out b. Each piece has a bias of its own, which counts for who is larger, too: x·Wⱼ + bⱼ.",
        lambda x, W, b: (np.max(x @ W, axis=0), _cache(x, W, b))),
    "maxout_bias_after": ("part", "The biases are added after the maximum",
        "You took the maximum of x·Wⱼ, and added biases after it. Each piece has its own: add bⱼ first, and then compare.",
        lambda x, W, b: (np.max(x @ W, axis=0) + np.max(b, axis=0), _cache(x, W, b))),
    "maxout_first_bias": ("part", "The first piece's biases for all",
        "You added the first piece's biases to all pieces. b has shape (k, H): row j belongs to piece j.",
        lambda x, W, b: (np.max(x @ W, axis=0) + b[0], _cache(x, W, b))),
    "maxout_mean_bias": ("part", "The mean of the biases",
        "You added the mean of the biases after the maximum. Each piece has its own: add bⱼ first, and then compare.",
        lambda x, W, b: (np.max(x @ W, axis=0) + np.mean(b, axis=0), _cache(x, W, b))),
    "maxout_sum_of_biases": ("part", "The sum of the biases",
        "You added the biases of all pieces after the maximum. Each piece has its own: add bⱼ first, and then compare.",
        lambda x, W, b: (np.max(x @ W, axis=0) + np.sum(b, axis=0), _cache(x, W, b))),
    "maxout_bias_subtracted": ("part", "The biases are subtracted",
        "You subtracted the biases. A piece is a dense layer of its own, x·Wⱼ + bⱼ.",
        lambda x, W, b: (np.max(_pieces(x, W, -b), axis=0), _cache(x, W, b))),
    "maxout_winner_before_bias": ("part", "The winner is found without biases",
        "You compared x·Wⱼ, and added the winner's bias then. The biases count for who is larger: add them first, and then compare.",
        lambda x, W, b: (np.take_along_axis(_pieces(x, W, b), np.argmax(x @ W, axis=0)[None], axis=0)[0], _cache(x, W, b))),
    "maxout_two_pieces": ("part", "Only two pieces",
        "You compared the first two pieces, as on the slide. There are k of them: take the maximum along the axis of the pieces.",
        lambda x, W, b: (np.max(_pieces(x, W, b)[:2], axis=0), _cache(x, W, b))),
    "maxout_sum": ("core", "The sum of the pieces", "You added the pieces up: the result is one linear function. Maxout takes the largest.",
        lambda x, W, b: (np.sum(_pieces(x, W, b), axis=0), _cache(x, W, b))),
    "maxout_mean": ("core", "The mean of the pieces",
        "You averaged the pieces: the result is one linear function. Maxout takes the largest.",
        lambda x, W, b: (np.mean(_pieces(x, W, b), axis=0), _cache(x, W, b))),
    "maxout_minimum": ("core", "The smallest piece", "You took the minimum of the pieces. Maxout takes the largest.",
        lambda x, W, b: (np.min(_pieces(x, W, b), axis=0), _cache(x, W, b))),
    "maxout_absolute": ("core", "The piece of the largest size",
        "You took the piece with the largest |z|, or the largest |z| itself. The pieces are compared with their signs.",
        lambda x, W, b: (np.max(np.abs(_pieces(x, W, b)), axis=0), _cache(x, W, b))),
    "maxout_argmax": ("core", "The number of the winner",
        "You returned which piece is the largest. Asked for is its value; the number belongs into the cache.",
        lambda x, W, b: (np.argmax(_pieces(x, W, b), axis=0), _cache(x, W, b))),
    "maxout_with_relu": ("core", "A ReLU behind it",
        "You took the maximum with 0, too. Maxout is an activation by itself: its output may be negative.",
        lambda x, W, b: (np.maximum(0, np.max(_pieces(x, W, b), axis=0)), _cache(x, W, b))),
    "maxout_over_units": ("core", "The maximum over the units",
        "You took the maximum along the axis of the units. It is the pieces that compete, axis 0 of W: each unit keeps a value of its "
        "own.",
        lambda x, W, b: (np.max(_pieces(x, W, b), axis=2).T, _cache(x, W, b))),
    "maxout_one_winner": ("core", "One winner for the whole layer",
        "You chose one piece for the whole batch, or for all units of an example. Each example and each unit has its own winner.",
        lambda x, W, b: (_pieces(x, W, b)[np.argmax(_pieces(x, W, b).sum(axis=(1, 2)))], _cache(x, W, b))),
    "maxout_winner_for_each_example": ("core", "One winner for each example",
        "You chose one piece for each example. Each unit has its own winner, too.",
        lambda x, W, b: (_pieces(x, W, b)[np.argmax(_pieces(x, W, b).sum(axis=2), axis=0), np.arange(len(x))], _cache(x, W, b))),
    "maxout_first_piece": ("core", "Only one piece is computed",
        "You computed one piece only, so that the layer is linear. There are k of them, and the largest counts.",
        lambda x, W, b: (_pieces(x, W, b)[0], _cache(x, W, b))),
    "maxout_all_pieces": ("core", "The pieces aren't compared",
        "You returned all pieces, with shape (k, N, H). Take the maximum along the axis of the pieces.",
        lambda x, W, b: (_pieces(x, W, b), _cache(x, W, b))),
    "maxout_over_examples": ("core", "The maximum over the examples",
        "You took the maximum over the examples. It is the pieces that compete, for each example and unit by itself: axis 0 of (k, N, H).",
        lambda x, W, b: (np.max(_pieces(x, W, b), axis=1), _cache(x, W, b))),
    "maxout_by_size": ("core", "The piece of the largest size, with its sign",
        "You took the piece with the largest |z|. The pieces are compared with their signs: −5 loses to 1.",
        lambda x, W, b: (np.take_along_axis(_pieces(x, W, b), np.argmax(np.abs(_pieces(x, W, b)), axis=0)[None], axis=0)[0],
            _cache(x, W, b))),
})  # fmt: skip


@misconception("maxout_forward", "slip", title="Biases are added to an array of integers", see="04 §8")
def maxout_bias_in_place(x, W, b):
    """You add b in place, as `pieces += b[:, None, :]` does. Where x and W hold integers, so does their product, and NumPy refuses to write
    fractions into it. Write `pieces = pieces + …`."""
    pieces = np.matmul(x, W)
    pieces += b[:, None, :]
    return np.max(pieces, axis=0), _cache(x, W, b)


# --- maxout_forward: right ------------------------------------------------------------------------------------------------

RIGHT_MAXOUT_FORWARD = alternatives(
    "maxout_forward",
    {
        "maxout_by_einsum": lambda x, W, b: (np.max(np.einsum("nd,kdh->nkh", x, W) + b, axis=1), _cache(x, W, b)),
    },
)


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


@misconception("maxout_backward", "core", title="All gradients are overwritten", see="04 §8")
def maxout_overwritten(dout, cache):
    """In your loops = stands where += is wanted: of all examples and units only the last one is left. x, W and b were used many times, so
    that their gradients are sums."""
    x, W, winner = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((len(W), W.shape[2]))
    for (n, h), j in np.ndenumerate(winner):
        dx[n], dW[j, :, h], db[j, h] = dout[n, h] * W[j, :, h], dout[n, h] * x[n], dout[n, h]
    return dx, dW, db


WRONG_MAXOUT_BACKWARD_WITH_PIECES = misconceptions("maxout_backward", "04 §8", {
    "maxout_ties": ("slip", "At a tie all winners get the whole gradient",
        "Your mask compares with the maximum, so that at a tie several pieces get all of dout. Their shares have to sum to one: use "
        "argmax, or divide the mask by its sum.",
        lambda dout, cache: _gradients((cache[2] == cache[2].max(axis=0)) * dout, cache)),
    "maxout_gated": ("core", "No gradient where out is negative",
        "You let dout pass only where out is positive, as for a ReLU. Maxout may be negative: its winner gets the gradient all the same.",
        lambda dout, cache: _if_won(np.argmax(cache[2], axis=0), dout * (cache[2].max(axis=0) > 0), cache)),
}, with_forward=_with_pieces)  # fmt: skip

WRONG_MAXOUT_BACKWARD = misconceptions("maxout_backward", "04 §8", {
    "maxout_to_all": ("core", "All pieces get the gradient",
        "You sent dout to all pieces. Only the winner of each example and unit made the output, so that only it gets a gradient.",
        lambda dout, cache: _gradients(np.stack([dout] * len(cache[1])), cache)),
    "maxout_shared": ("core", "All pieces get an equal share",
        "You divided dout among all pieces, as for a mean. Only the winner of each example and unit made the output.",
        lambda dout, cache: _gradients(np.stack([dout] * len(cache[1])) / len(cache[1]), cache)),
    "maxout_to_losers": ("core", "The losers get the gradient",
        "Your mask is the wrong way round: the pieces that lost get the gradient. It belongs to the winner.",
        lambda dout, cache: _gradients(dout - _of_winners(dout, cache), cache)),
    "maxout_to_the_first": ("core", "The first piece gets the gradient",
        "You sent dout to one piece, whoever won. Each example and unit has its own winner, which the forward pass knows.",
        lambda dout, cache: _if_won(0 * cache[2], dout, cache)),
    "maxout_one_winner_for_each_unit": ("core", "One winner for each unit",
        "You took the winner of one example for all. Each example and unit has its own.",
        lambda dout, cache: _if_won(cache[2][:1], dout, cache)),
    "maxout_winner_without_bias": ("part", "The winner is found without biases",
        "You looked for the winner among x·Wⱼ, without the biases. They count for who is larger: keep the winner in the cache.",
        lambda dout, cache: _if_won(np.argmax(cache[0] @ cache[1], axis=0), dout, cache)),
    "maxout_dx_of_all": ("part", "dx has all pieces in it",
        "Your dW and db are right, but dx has the weights of all pieces in it. Only the winner's weights carried x to the output.",
        lambda dout, cache: _maxout(dout, cache, dx=np.einsum("nh,kdh->nd", dout, cache[1]))),
    "maxout_dx_of_one": ("part", "dx has one piece only",
        "Your dW and db are right, but dx comes from one piece, or is overwritten in a loop over the pieces. x went into all pieces: add "
        "what comes back from each, with +=.",
        lambda dout, cache: _maxout(dout, cache, dx=_of_winners(dout, cache)[-1] @ cache[1][-1].T)),
    "maxout_dx_by_first": ("part", "dx has the first piece's weights",
        "Your dW and db are right, but dx is dout times one piece's weights, whoever won. The winner's weights carried x to the output.",
        lambda dout, cache: _maxout(dout, cache, dx=dout @ cache[1][0].T)),
    "maxout_dx_not_summed": ("part", "dx isn't summed over the pieces",
        "Your dx has an axis for the pieces. x went into all of them, so that what comes back from each is added: dx has the shape of x.",
        lambda dout, cache: _maxout(dout, cache, dx=np.einsum("knh,kdh->knd", _of_winners(dout, cache), cache[1]))),
    "maxout_dW_of_all": ("part", "dW of all pieces alike",
        "Your dW is that of a dense layer, the same for all pieces. Each piece's dW has only the examples in it for which it won.",
        lambda dout, cache: _maxout(dout, cache, dW=np.stack([cache[0].T @ dout] * len(cache[1])))),
    "maxout_db_of_all": ("part", "db of all pieces alike",
        "Your db is the sum of dout for all pieces. Each piece's db has only the examples in it for which it won.",
        lambda dout, cache: _maxout(dout, cache, db=np.stack([dout.sum(axis=0)] * len(cache[1])))),
    "maxout_db_counts": ("part", "db counts wins",
        "Your db counts for how many examples a piece won, and leaves dout out. It is the sum of dout over these examples.",
        lambda dout, cache: _maxout(dout, cache, db=_maxout(np.ones(dout.shape), cache)[2])),
    "maxout_db_not_summed": ("part", "db isn't summed over the batch",
        "Your db has an entry for each example. b was used by all of them, so that its gradient is their sum, with shape (k, H).",
        lambda dout, cache: _maxout(dout, cache, db=_of_winners(dout, cache))),
    "maxout_averaged": ("part", "dW and db are averaged",
        "You divided dW and db by the number of examples. They are sums; a mean, where one is wanted, is in dout already.",
        lambda dout, cache: _maxout(dout, cache, dW=_maxout(dout, cache)[1] / len(dout), db=_maxout(dout, cache)[2] / len(dout))),
    "maxout_db_averaged": ("part", "db is averaged",
        "You averaged db over the batch. It is a sum; a mean, where one is wanted, is in dout already.",
        lambda dout, cache: _maxout(dout, cache, db=_maxout(dout, cache)[2] / len(dout))),
    "maxout_summed_over_pieces": ("part", "dW and db are summed over the pieces",
        "Your dW and db have no axis for the pieces. Each piece has weights and biases of its own, and so have their gradients.",
        lambda dout, cache: _maxout(dout, cache, dW=_maxout(dout, cache)[1].sum(axis=0), db=_maxout(dout, cache)[2].sum(axis=0))),
    "maxout_order": ("part", "The gradients are swapped",
        "You returned (dW, db, dx). The order is that of the forward pass's arguments: (dx, dW, db).",
        lambda dout, cache: (*_maxout(dout, cache)[1:], _maxout(dout, cache)[0])),
    "maxout_without_db": ("part", "db is forgotten", "You returned dx and dW. The biases have a gradient, too: return (dx, dW, db).",
        lambda dout, cache: _maxout(dout, cache)[:2]),
    "maxout_dW_overwritten": ("part", "dW is overwritten",
        "Your dW has only the last example for which a piece won: = stands where += is wanted. W was used by all examples.",
        lambda dout, cache: _maxout(dout, cache, dW=maxout_overwritten(dout, cache)[1])),
    "maxout_dx_overwritten": ("part", "dx is overwritten",
        "Your dx has only the last unit in it: = stands where += is wanted. x went into all units.",
        lambda dout, cache: _maxout(dout, cache, dx=maxout_overwritten(dout, cache)[0])),
    "maxout_dx_without_dout": ("part", "dx is without dout",
        "Your dx adds up the winners' weights, and leaves dout out. By the chain rule each is multiplied by its dout.",
        lambda dout, cache: _maxout(dout, cache, dx=_maxout(np.ones(dout.shape), cache)[0])),
    "maxout_dx_without_weights": ("part", "dx is without W",
        "Your dx adds up dout, and leaves the weights out. The derivative of x·W with respect to x is W: multiply by the winner's "
        "weights.",
        lambda dout, cache: _maxout(dout, cache, dx=dout.sum(axis=1, keepdims=True) * np.ones(cache[0].shape))),
    "maxout_dW_not_summed": ("part", "dW isn't summed over the batch",
        "Your dW has an entry for each example. W was used by all of them, so that its gradient is their sum, with shape (k, D, H).",
        lambda dout, cache: _maxout(dout, cache, dW=np.einsum("nd,knh->kndh", cache[0], _of_winners(dout, cache)))),
    "maxout_backward_of_two": ("part", "Only the first two pieces get a gradient",
        "You look at the first two pieces, as on the slide. There are k of them, and any may have won.",
        lambda dout, cache: _if_won(np.minimum(cache[2], 1), dout, cache)),
    "maxout_dW_averaged": ("part", "dW is averaged",
        "You divided dW by the number of examples. It is a sum; a mean, where one is wanted, is in dout already.",
        lambda dout, cache: _maxout(dout, cache, dW=_maxout(dout, cache)[1] / len(dout))),
    "maxout_dW_zero": ("part", "dW is 0",
        "Your dW is 0, so that W never learns. Each piece's dW is x transposed times the dout of the examples for which it won.",
        lambda dout, cache: _maxout(dout, cache, dW=np.zeros(cache[1].shape))),
    "maxout_one_winner_for_each_example": ("core", "One winner for each example",
        "You took the winner of one unit for all units of an example. Each example and unit has its own.",
        lambda dout, cache: _if_won(cache[2][:, :1], dout, cache)),
    "maxout_dx_averaged": ("part", "dx is divided by the number of pieces",
        "You averaged dx over the pieces. What comes back from them is added.",
        lambda dout, cache: _maxout(dout, cache, dx=_maxout(dout, cache)[0] / len(cache[1]))),
    "maxout_db_with_axis": ("part", "db has an axis too many",
        "Your numbers are right, but db has shape (k, 1, H). A gradient has the shape of its variable: (k, H).",
        lambda dout, cache: _maxout(dout, cache, db=_maxout(dout, cache)[2][:, None])),
    "maxout_db_negated": ("part", "db's sign is wrong",
        "Your db has the wrong sign. The bias is added, so that its gradient is the sum of dout.",
        lambda dout, cache: _maxout(dout, cache, db=-_maxout(dout, cache)[2])),
    "maxout_db_of_pieces": ("part", "db is summed over the units",
        "You summed db over the units, too. Each piece of each unit has a bias of its own: sum along the examples only.",
        lambda dout, cache: _maxout(dout, cache, db=_maxout(dout, cache)[2].sum(axis=1))),
    "maxout_dW_transposed": ("part", "dW is transposed",
        "Your dW has shape (k, H, D). A gradient has the shape of its variable: (k, D, H).",
        lambda dout, cache: _maxout(dout, cache, dW=_maxout(dout, cache)[1].transpose(0, 2, 1))),
    "maxout_dW_without_dout": ("part", "dW is without dout",
        "Your dW adds up the examples for which a piece won, and leaves dout out. By the chain rule each is multiplied by its dout.",
        lambda dout, cache: _maxout(dout, cache, dW=_maxout(np.ones(dout.shape), cache)[1])),
})  # fmt: skip

WRONG_MAXOUT_BACKWARD_WITH_TYPES = misconceptions("maxout_backward", "04 §8", {
    "maxout_dx_in_type_of_x": ("slip", "dx has the type of x",
        "You made dx with `np.zeros_like(x)`, or converted it. Where x holds integers, that cuts off everything behind the decimal "
        "point. Gradients are arrays of floats, whatever x and W are.",
        lambda dout, cache: _maxout(dout, cache, dx=_in_type_of(_maxout(dout, cache)[0], cache[0]))),
    "maxout_dW_in_type_of_W": ("slip", "dW has the type of W",
        "You made dW with `np.zeros_like(W)`, or converted it. Where W holds integers, that cuts off everything behind the decimal "
        "point: a gradient is an array of floats.",
        lambda dout, cache: _maxout(dout, cache, dW=_in_type_of(_maxout(dout, cache)[1], cache[1]))),
}, with_forward=_with_types)  # fmt: skip

WRONG_MAXOUT_BACKWARD_WITH_BIASES = misconceptions("maxout_backward", "04 §8", {
    "maxout_db_in_type_of_b": ("slip", "db has the type of b",
        "You made db with `np.zeros_like(b)`, or converted it. Where b holds integers, that cuts off everything behind the decimal "
        "point: a gradient is an array of floats.",
        lambda dout, cache: _maxout(dout, cache[:3], db=_in_type_of(_maxout(dout, cache[:3])[2], cache[3]))),
}, with_forward=_with_biases)  # fmt: skip


# --- maxout_backward: right -----------------------------------------------------------------------------------------------

RIGHT_MAXOUT_BACKWARD = alternatives(
    "maxout_backward",
    {
        "maxout_backward_by_einsum": lambda dout, cache: _maxout(dout, cache),
    },
)


@alternative("maxout_backward", with_forward=_with_pieces)
def maxout_backward_shares_ties(dout, cache):
    pieces = cache[2]
    mask = (pieces == pieces.max(axis=0)).astype(float)
    return _gradients(mask / mask.sum(axis=0) * dout, cache)


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
    winner = len(cache[1]) - 1 - np.argmax(cache[2][::-1], axis=0)
    return tuple(gradient.astype(np.float32) for gradient in _if_won(winner, dout, cache))


# --- what goes wrong in several exercises alike ---------------------------------------------------------------------------


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
    "Only rows of numbers are taken",
    "`for v in z` gives the entries of an array of one axis. Of a table it gives whole rows, for which a comparison has no single answer. "
    "Write the function with NumPy's functions of whole arrays.",
    "part",
)
def rows_only(function, options, z, *args, **kwargs):
    if np.ndim(z) > 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous.")
    return function(z, *args, **kwargs)


overwritten = partial(
    in_place,
    casting="unsafe",
    called="{exercise}_overwritten",
    title="{argument} is overwritten",
    text="Your numbers are right, but you write into {argument}, as `{argument}[{argument} < 0] = …` does. The array belongs to the "
    "caller, who needs it afterwards, for the backward pass for instance. Begin with a copy: `out = {argument}.copy()`, or use np.where.",
)
integers_raise = partial(
    added_to_integers,
    called="{exercise}_integers_raise",
    title="An array of integers raises an error",
    text="You change a copy in place, as `out[out < 0] *= …` does. Where {argument} holds integers, so does the copy, and NumPy refuses to "
    "write fractions into it. Make the copy with `np.array({argument}, dtype=float)`, or use np.where.",
)
tables_only = partial(
    for_two_dimensions,
    called="{exercise}_tables_only",
    title="Only tables are taken",
    text="Your function works for arrays of two axes alone, because of its loops or of `N, D = z.shape`. An activation works entry by "
    "entry, so that it can take an array of any shape: write it with NumPy's functions of whole arrays.",
)

WITH_FRACTIONS = {"sigmoid": "04 §1", "sigmoid_grad": "04 §1", "leaky_relu": "04 §4", "leaky_relu_grad": "04 §4"}
WITH_FRACTIONS |= {"elu": "04 §6", "elu_grad": "04 §6", "selu": "04 §7"}  # these have fractions for integers
CURVES = WITH_FRACTIONS | {"relu": "04 §2", "relu_grad": "04 §2"}
ALL_BUT_RELU = WITH_FRACTIONS | {"relu_grad": "04 §2"}  # for relu, Python's max does what `if` does
LAYERS = {"rrelu": "04 §5", "prelu_forward": "04 §5", "prelu_backward": "04 §5", "maxout_forward": "04 §8", "maxout_backward": "04 §8"}

OF_CURVES = members(CURVES, vars(right), in_place, overwritten, in_a_tuple, as_list, tables_only, flattened, rows_only, nothing_returned)
OF_COMPARISONS = members(ALL_BUT_RELU, vars(right), if_of_an_array)
OF_FRACTIONS = members(WITH_FRACTIONS, vars(right), cut_off, integers_raise)
OF_LAYERS = members(LAYERS, vars(right), in_place, overwritten, cut_off)
OF_RRELU = members({"rrelu": "04 §5"}, vars(right), generator_ignored, reseeded, tables_only)
OF_DEAD_UNITS = members({"dead_units": "04 §3"}, vars(right), overwritten, in_a_tuple)

sigmoid_slope_negated = negated(
    "sigmoid_grad",
    right.sigmoid_grad,
    see="04 §1",
    text="Your answer has the right size and the wrong sign. The sigmoid rises everywhere, so that its slope is positive: σ·(1 − σ).",
)

alpha_fixed = partial(fixed_number, name="alpha")
alpha_by_default = partial(other_default, name="alpha")
ALPHAS = [
    alpha_fixed("leaky_relu", right.leaky_relu, see="04 §4", value=0.01, severity="part"),
    alpha_fixed("leaky_relu", right.leaky_relu, see="04 §4", value=0.1, severity="core", called="leaky_tenth"),
    alpha_fixed("leaky_relu", right.leaky_relu, see="04 §4", value=0.2, severity="core", called="leaky_fifth"),
    alpha_fixed("leaky_relu_grad", right.leaky_relu_grad, see="04 §4", value=0.01, severity="part"),
    alpha_fixed("leaky_relu_grad", right.leaky_relu_grad, see="04 §4", value=0.1, severity="core", called="leaky_slope_tenth"),
    alpha_fixed("elu", right.elu, see="04 §6", value=1.0, severity="part"),
    alpha_fixed("elu", right.elu, see="04 §6", value=0.01, severity="core", called="elu_fixed_hundredth"),
    alpha_fixed("elu_grad", right.elu_grad, see="04 §6", value=0.01, severity="core", called="elu_slope_fixed_hundredth"),
    alpha_by_default("leaky_relu", right.leaky_relu, see="04 §4", value=0.1),
    alpha_by_default("leaky_relu_grad", right.leaky_relu_grad, see="04 §4", value=0.1),
    alpha_by_default("elu", right.elu, see="04 §6", value=0.01),
    alpha_by_default("elu_grad", right.elu_grad, see="04 §6", value=0.01),
]

FIRST_ITEMS = [
    only_the_first("rrelu", right.rrelu, see="04 §5", first="out", all="out and slopes"),
    only_the_first("prelu_forward", right.prelu_forward, see="04 §5", first="out", all="out and cache"),
    only_the_first("prelu_backward", right.prelu_backward, see="04 §5", first="dz", all="dz and dalpha"),
    only_the_first("maxout_forward", right.maxout_forward, see="04 §8", first="out", all="out and cache"),
    only_the_first("maxout_backward", right.maxout_backward, see="04 §8", first="dx", all="dx, dW and db"),
]

prelu_dalpha_of_integers = added_to_integers(
    "prelu_backward",
    right.prelu_backward,
    see="04 §5",
    position=1,
    item=1,
    with_forward=_as_passed,
    called="prelu_dalpha_added_to_integers",
    title="dalpha is added up in the type of alpha",
    text="You add up dalpha in an array made with `np.zeros_like(alpha)`. Where alpha holds integers, `+=` with fractions raises an error: "
    "make it with `np.zeros(alpha.shape)`.",
)
maxout_dx_of_integers = added_to_integers("maxout_backward", right.maxout_backward, see="04 §8", position=1, with_forward=_with_types)
