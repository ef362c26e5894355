"""What students believe about quantized, pruned and combined nets, and right answers that are written in other ways."""

from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    as_list,
    changed_items,
    fixed_number,
    flattened,
    in_a_tuple,
    in_place,
    in_single_precision,
    members,
    negated,
    nothing_returned,
    variants,
)

from ..reference import practice as right

SECTIONS = {
    "quantize": "14 §3",
    "dequantize": "14 §3",
    "prune": "14 §4",
    "sparsity": "14 §4",
    "wide_and_deep_forward": "14 §2",
    "wide_and_deep_backward": "14 §2",
    "combined_loss": "14 §2",
    "capstone": "14 §8",
}
ARRAYS = {exercise: SECTIONS[exercise] for exercise in ("dequantize", "prune")}
lost = partial(flattened, severity="slip")
turned = partial(negated, text="Your numbers have the right size and the wrong sign. A weight of 0.3 stays 0.3, and doesn't become −0.3.")
listed = partial(as_list, text="You return nested lists, as a comprehension makes them. Make an array of them.")
EVERYWHERE = members({name: see for name, see in SECTIONS.items() if name != "wide_and_deep_forward"}, vars(right), nothing_returned)
IN_ARRAYS = members(
    ARRAYS,
    vars(right),
    partial(in_place, casting="unsafe"),
    lost,
    partial(in_a_tuple, severity="slip"),
    listed,
    turned,
)


# --- quantize and dequantize ----------------------------------------------------------------------------------------------


def of_one_value(W):
    """Quantize an array without a range: a constant or an empty one."""
    value = float(W.flat[0]) if W.size else 0.0
    zero_point = int(value < 0)
    return np.full(W.shape, zero_point + int(np.sign(value))), abs(value) or 1.0, zero_point


def within(codes, bits):
    """Return codes as integers from 0 to 2^bits − 1."""
    return np.clip(codes, 0, 2**bits - 1).astype(np.int64)


def ranged(how, W, bits=8):
    """Quantize by `how`, which gets W, its smallest entry, the step and the number of bits; a constant or an empty array rightly."""
    W = np.array(W, dtype=float)
    if not W.size or W.min() == W.max():
        return of_one_value(W)
    return how(W, W.min(), (W.max() - W.min()) / (2**bits - 1), bits)


def codes_of(W, scale, zero_point, bits):
    """Return the nearest codes, and what belongs to them."""
    return within(np.round(W / scale) + zero_point, bits), scale, zero_point


def zero_of(low, scale):
    """Return the code of 0."""
    return -int(np.round(low / scale))


def between(low, high, W, bits):
    """Quantize with the range from low to high."""
    scale = (high - low) / (2**bits - 1)
    return codes_of(W, scale, zero_of(low, scale), bits)


# fmt: off
QUANTIZED = variants("quantize", "14 §3", right.quantize, ranged, {
    "codes_cut": ("part", "The codes are cut off, not rounded", "You turned W/scale into integers with `astype` or `floor`, which cuts "
        "off the digits, so the error is up to a whole step. Use `np.round` first.",
        lambda W, low, scale, bits: (within(np.floor((W - low) / scale), bits), scale, zero_of(low, scale))),
    "both_cut": ("part", "The codes are cut off, not rounded", "You made integers of W/scale and of −min W/scale, which cuts off the "
        "digits, so the error is up to a whole step. Use `np.round` first.",
        lambda W, low, scale, bits: (within(np.trunc(W / scale) - int(low / scale), bits), scale, -int(low / scale))),
    "codes_not_clipped": ("slip", "The codes aren't clipped", "Where both ends of the range are rounded away from 0, the largest code is "
        "2^bits: in an np.uint8 it becomes 0. End with `np.clip`.",
        lambda W, low, scale, bits: ((np.round(W / scale).astype(int) + zero_of(low, scale)).astype(np.uint8 if bits <= 8 else np.uint16),
                                     scale, zero_of(low, scale))),
    "codes_and_zero_point_cut": ("part", "W/scale + zero_point is cut off, not rounded",
        "You add zero_point first, and then turn the sum into integers with `astype`, which cuts off the digits. Use `np.round` first.",
        lambda W, low, scale, bits: (within(W / scale + zero_of(low, scale), bits), scale, zero_of(low, scale))),
    "zero_point_cut": ("part", "The zero point is cut off, not rounded",
        "You wrote `int(-low/scale)`, which cuts off the digits, so the largest or the smallest weights are clipped. Use `round`.",
        lambda W, low, scale, bits: codes_of(W, scale, int(-low / scale), bits)),
    "zero_point_subtracted": ("part", "The zero point is subtracted in the codes",
        "Your codes are round(W/scale) − zero_point, and so most of them are clipped. From W ≈ (q − zero_point)·scale follows a plus.",
        lambda W, low, scale, bits: (within(np.round(W / scale) - zero_of(low, scale), bits), scale, zero_of(low, scale))),
    "codes_for_two_to_the_bits": ("part", "One step too many",
        "You divided the range by 2^bits. The codes from 0 to 2^bits − 1 have 2^bits − 1 steps between them.",
        lambda W, low, scale, bits: codes_of(W, scale * (1 - 2.0**-bits), zero_of(low, scale * (1 - 2.0**-bits)), bits)),
    "codes_symmetric": ("core", "The range is symmetric, with negative codes", "You took ±max|W| for the range, and codes on both sides "
        "of 0. Here the range goes from min W to max W, and the codes from 0 to 2^bits − 1.",
        lambda W, low, scale, bits: (np.round(W / np.abs(W).max() * (2 ** (bits - 1) - 1) - 0.0).astype(int),
                                     np.abs(W).max() / (2 ** (bits - 1) - 1 or 1), 0)),
    "codes_around_the_middle": ("core", "The range is symmetric around 0", "You took ±max|W| for the range, so codes are wasted on "
        "numbers that don't occur, and the steps are too large. The range goes from min W to max W.",
        lambda W, low, scale, bits: between(-np.abs(W).max(), np.abs(W).max(), W, bits)),
    "range_with_zero": ("slip", "0 is always in the range", "You made the range wider until 0 lies in it, as some libraries do. Then "
        "weights of one sign get fewer codes and larger steps. Here the range is that of W, and zero_point may lie outside the codes.",
        lambda W, low, scale, bits: between(min(low, 0.0), max(W.max(), 0.0), W, bits)),
    "zero_point_clipped": ("slip", "The zero point is forced among the codes",
        "You clipped zero_point to the codes. Where all weights have one sign it lies outside, and (q − zero_point)·scale has to be W.",
        lambda W, low, scale, bits: codes_of(W, scale, int(np.clip(zero_of(low, scale), 0, 2**bits - 1)), bits)),
    "zero_point_negative": ("part", "The zero point has the wrong sign", "Your zero_point is round(min W/scale). It is the code of 0, so "
        "with (q − zero_point)·scale = min W for q = 0 it is −round(min W/scale).",
        lambda W, low, scale, bits: (within(np.round(W / scale) + zero_of(low, scale), bits), scale, -zero_of(low, scale))),
    "zero_point_is_the_minimum": ("part", "The minimum stands in the place of the zero point",
        "You return min W, as for q·scale + min W. Here W ≈ (q − zero_point)·scale, and zero_point is an integer: the code of 0.",
        lambda W, low, scale, bits: (within(np.round((W - low) / scale), bits), scale, low)),
    "zero_point_with_fractions": ("part", "The zero point isn't rounded", "Your zero_point has digits behind the decimal point. It has to "
        "be a code, or 0 isn't represented exactly, and pruned weights don't stay 0: round it, and then q = round(W/scale) + zero_point.",
        lambda W, low, scale, bits: (within(np.round((W - low) / scale), bits), scale, -low / scale)),
    "rounded_twice": ("part", "Rounded twice", "You rounded (W − min W)/scale and min W/scale, and the two errors add up to nearly a "
        "whole step. Round W/scale, and add the rounded zero_point.",
        lambda W, low, scale, bits: (within(np.round((W - low) / scale), bits), scale, zero_of(low, scale))),
    "never_rounded": ("core", "The numbers aren't rounded", "You scale W to the range from 0 to 1, or to 2^bits − 1, and stop there. "
        "Fractions need as many bytes as before: round to integers.",
        lambda W, low, scale, bits: ((W - low) / (W.max() - low), scale, 0)),
    "codes_as_floats": ("slip", "The codes are floats",
        "`np.round` returns floats, which need 8 bytes each. Convert them: `.astype(np.uint8)` up to 8 bits, `np.uint16` beyond.",
        lambda W, low, scale, bits: (codes_of(W, scale, zero_of(low, scale), bits)[0] * 1.0, scale, zero_of(low, scale))),
    "codes_in_one_byte": ("slip", "Always np.uint8",
        "np.uint8 holds codes up to 255. With more than 8 bits larger ones wrap round without a warning: use np.uint16 there.",
        lambda W, low, scale, bits: (codes_of(W, scale, zero_of(low, scale), bits)[0].astype(np.uint8), scale, zero_of(low, scale))),
})
QUANTIZED_FORMS = changed_items("quantize", "14 §3", right.quantize, {
    "in_a_dictionary": ("part", "A dictionary is returned", "You return a dictionary. A tuple was asked for: (q, scale, zero_point).",
        lambda q, scale, zero_point, *call: {"q": q, "scale": scale, "zero_point": zero_point}),
    "codes_alone": ("part", "Only the codes are returned",
        "You return q alone. Nobody can get W back without scale and zero_point: return all three.",
        lambda q, scale, zero_point, *call: q),
    "zero_point_second": ("part", "The zero point comes second",
        "You return (q, zero_point, scale). The order is q, scale, zero_point, as `dequantize` takes them.",
        lambda q, scale, zero_point, *call: (q, zero_point, scale)),
    "weights_back": ("core", "The weights are returned in place of the codes",
        "You return the rounded weights themselves. The codes are what is stored: integers from 0 to 2^bits − 1.",
        lambda q, scale, zero_point, *call: ((q - zero_point) * scale, scale, zero_point)),
})
FORM_OF_CODES = members({"quantize": "14 §3"}, vars(right), partial(in_place, casting="unsafe"), lost)
bits_fixed = fixed_number("quantize", right.quantize, see="14 §3", name="bits", value=8, severity="slip")



def alike(how, W, bits=8):
    """Quantize rightly what has a range; `how` gets the other arrays."""
    W = np.array(W, dtype=float)
    return between(W.min(), W.max(), W, bits) if W.size and np.ptp(W) else how(W)


CONSTANTS = variants("quantize", "14 §3", right.quantize, alike, {
    "constant_divides": ("slip", "A constant array divides by zero", "Where all entries are alike the range is 0, and so is your scale: "
        "0/0 is NaN, and NaN as an integer is garbage. Treat this case first: with scale = |w| the codes 0 and 1 are enough.",
        lambda W: (np.zeros(W.shape, dtype=int), np.nan, 0) if W.size else of_one_value(W)),
    "constant_raises": ("slip", "A constant array divides by zero", "Where all entries are alike your scale is 0, and 0/0 or 1/0 can't be "
        "made an integer. Treat this case first: with scale = |w| the codes 0 and 1 are enough.",
        lambda W: (W, 0.0, int(np.round(np.float64(W.flat[0]) / 0.0))) if W.size else of_one_value(W)),
    "constant_is_rounded": ("slip", "A constant array isn't exact", "Where all entries are alike you use the scale 1, so the constant "
        "comes back as a whole number. With scale = |w| it comes back exactly.",
        lambda W: (np.zeros(W.shape, dtype=int), 1.0, -int(np.round(W.flat[0]))) if W.size else of_one_value(W)),
    "constant_is_zero": ("slip", "A constant array becomes zeros", "Where all entries are alike you return zeros for q and for "
        "zero_point, so the constant is lost. With scale = |w| the codes 0 and 1 are enough.",
        lambda W: (np.zeros(W.shape, dtype=int), 1.0, 0)),
    "empty_raises": ("slip", "An empty array raises an error",
        "`min` of an empty array raises an error. An empty layer has an empty q: ask for `W.size` first.",
        lambda W: of_one_value(W) if W.size else np.min(W)),
})


@misconception("quantize", "slip", title="The range of integers overflows", see="14 §3")
def range_overflows(W, bits=8):
    """max − min of np.int8 may be larger than 127, and wraps round. Make floats of W first."""
    W = np.asarray(W)
    if not W.size or W.min() == W.max():
        return of_one_value(W.astype(float))
    with np.errstate(all="ignore"):
        scale = float(W.max() - W.min()) / (2**bits - 1)
    return codes_of(W.astype(float), scale, zero_of(float(W.min()), scale), bits)


DEQUANTIZED = misconceptions("dequantize", "14 §3", {
    "zero_point_forgotten": ("core", "The zero point is forgotten",
        "You return q·scale, so no weight is negative. Take zero_point away first: (q − zero_point)·scale.",
        lambda q, scale, zero_point: q * float(scale)),
    "zero_point_added": ("core", "The zero point is added",
        "You return (q + zero_point)·scale. The code zero_point stands for 0: (q − zero_point)·scale.",
        lambda q, scale, zero_point: (q.astype(float) + zero_point) * scale),
    "zero_point_unscaled": ("core", "The zero point isn't scaled",
        "You return q·scale − zero_point: a pair of brackets is missing. zero_point is a code, so it is taken away before the scale.",
        lambda q, scale, zero_point: q * float(scale) - zero_point),
    "divided": ("core", "Divided by the scale",
        "You divided by scale. That is the way from W to the codes; on the way back one multiplies.",
        lambda q, scale, zero_point: (q.astype(float) - zero_point) / scale),
    "scale_forgotten": ("core", "The scale is forgotten", "You return q − zero_point, the number of steps. Each of them is `scale` long.",
        lambda q, scale, zero_point: q.astype(float) - zero_point),
    "back_cut": ("part", "The weights are cut off to integers",
        "You made integers of the answer, so that the weights' fractions are lost. The weights are real numbers.",
        lambda q, scale, zero_point: ((q.astype(float) - zero_point) * scale).astype(int)),
    "in_int16": ("slip", "np.int16 is too small",
        "You make np.int16 of q, which ends at 32,767. Codes go up to 65,535, and zero_point may be anything: `q.astype(float)`.",
        lambda q, scale, zero_point: (q.astype(np.int16) - zero_point) * float(scale)),
    "flat_list": ("slip", "A flat list is returned", "You return the weights in a list, one after another. The answer is an array like q.",
        lambda q, scale, zero_point: [(float(code) - zero_point) * scale for code in np.ravel(q)]),
    "difference_wraps": ("slip", "The difference wraps round", "q may be np.uint8, and NumPy subtracts within its type: 3 − 5 is 254, and "
        "a zero_point outside the type raises an error. Make floats of q first: `q.astype(float)`.",
        lambda q, scale, zero_point: (q - zero_point) * float(scale)),
    "negative_cut": ("part", "Negative weights become 0",
        "You clip the difference at 0. Codes below zero_point stand for negative weights.",
        lambda q, scale, zero_point: np.maximum(q.astype(float) - zero_point, 0) * scale),
})


# --- prune and sparsity ---------------------------------------------------------------------------------------------------

def sizes(W):
    """Return absolute values as floats: that of −128 doesn't fit into an np.int8."""
    return np.abs(np.asarray(W, dtype=float))


PRUNED = misconceptions("prune", "14 §4", {
    "negative_pruned": ("part", "Negative weights are pruned, whatever their size",
        "You compare w with threshold, so every negative weight is below it. Compare |w|.",
        lambda W, threshold: np.where(threshold > W, 0.0, W) if threshold else W.copy()),
    "small_negative_kept": ("part", "Small negative weights stay",
        "You ask for 0 ≤ w < threshold, so negative weights stay, however small they are. Compare |w|.",
        lambda W, threshold: np.where((W >= 0) & (threshold > W), 0.0, W)),
    "large_pruned": ("core", "The large weights are pruned",
        "You set the large weights to 0 and keep the small ones: `>` for `<`. Small weights matter least.",
        lambda W, threshold: np.where(sizes(W) >= threshold, 0.0, W)),
    "threshold_pruned": ("slip", "A weight at the threshold is pruned",
        "You wrote ≤. Weights with |w| < threshold become 0, so one of exactly threshold stays.",
        lambda W, threshold: np.where(sizes(W) <= threshold, 0.0, W)),
    "threshold_kept_above_only": ("slip", "The threshold 0 doesn't leave the weights as they are",
        "You test whether threshold is true, or replace 0 by a default. With the threshold 0 nothing changes.",
        lambda W, threshold: np.where(sizes(W) < (threshold or 0.5), 0.0, W)),
    "unpruned": ("core", "The weights are returned unpruned",
        "Your answer is W itself: what you pruned was a copy that you threw away. Return the copy.",
        lambda W, threshold: W.copy()),
    "pruned_to_integers": ("part", "The weights that stay become integers",
        "You write the weights into an array of integers, which cuts off the digits behind the decimal point. Make an array of floats.",
        lambda W, threshold: np.where(sizes(W) < threshold, 0, W).astype(int)),
    "size_overflows": ("slip", "The absolute value overflows", "`np.abs` of −128 in an np.int8 is −128, which is below every threshold. "
        "Compare −threshold < w < threshold, or make floats of W first.",
        lambda W, threshold: np.where(np.abs(W) < threshold, 0.0, W)),
    "loops_over_a_matrix": ("part", "Made for matrices",
        "You go through rows and columns, so an array of one or three axes raises an error. NumPy compares arrays of any shape at once.",
        lambda W, threshold: np.array([[w if abs(float(w)) >= threshold else 0.0 for w in W[i, : W.shape[1]]] for i in range(W.shape[0])],
                                      dtype=float).reshape(W.shape)),
    "shrunk": ("part", "The other weights are shrunk",
        "You move every weight towards 0 by the threshold, which is what an L1 step does. Pruning leaves large weights as they are.",
        lambda W, threshold: np.sign(W) * np.maximum(sizes(W) - threshold, 0)),
    "mask": ("core", "The mask is returned", "You return which weights stay, as 1 and 0. That is the mask: multiply W by it.",
        lambda W, threshold: (sizes(W) >= threshold) * 1.0),
    "kept_alone": ("part", "The pruned weights are taken out",
        "You return the weights that stay, in a row. The matrix keeps its shape, with zeros in the other places.",
        lambda W, threshold: W[sizes(W) >= threshold]),
})
threshold_fixed = fixed_number("prune", right.prune, see="14 §4", name="threshold", value=0.35, severity="part")
SPARSE = misconceptions("sparsity", "14 §4", {
    "density": ("core", "The fraction that is left",
        "You count the entries that aren't 0. Sparsity is the fraction of zeros: 1 minus that.",
        lambda weights: sum(np.count_nonzero(W) for W in weights) / max(1, sum(W.size for W in weights))),
    "mean_of_fractions": ("part", "The fractions are averaged", "You average the sparsities of the arrays, so a bias counts as much as a "
        "matrix. Count the zeros of all arrays, and divide by the number of all entries.",
        lambda weights: float(np.mean([np.mean(W == 0) for W in weights if W.size] or [0.0]))),
    "count_of_zeros": ("part", "The zeros are counted", "You return the number of zeros. Divide it by the number of entries.",
        lambda weights: sum(int(np.sum(W == 0)) for W in weights)),
    "first_array": ("part", "Only the first array counts", "Your `return` stands inside the loop, so only the first array is counted.",
        lambda weights: next((float(np.mean(W == 0)) for W in weights if W.size), 0.0)),
    "last_array": ("part", "Only the last array counts", "You overwrite the count in the loop, so the last array alone is left. Add up.",
        lambda weights: ([0.0] + [float(np.mean(W == 0)) for W in weights if W.size])[-1]),
    "rows_counted": ("part", "Divided by the number of rows",
        "`len(W)` is the number of rows of a matrix. `W.size` is the number of its entries.",
        lambda weights: sum(int(np.sum(W == 0)) for W in weights) / max(1, sum(len(W) for W in weights))),
    "nearly_zero": ("slip", "Small weights count as zeros",
        "You use `np.isclose`, or compare with a small number. Pruned weights are exactly 0, and only those need no storage.",
        lambda weights: sum(int(np.sum(np.abs(W) < 1e-8)) for W in weights) / max(1, sum(W.size for W in weights))),
    "not_positive": ("part", "Negative weights count as zeros", "You count w ≤ 0. Negative weights are weights like the others.",
        lambda weights: sum(int(np.sum(W <= 0)) for W in weights) / max(1, sum(W.size for W in weights))),
    "a_list_of_fractions": ("part", "A fraction for each array", "You return a list. One number was asked for, of all arrays together.",
        lambda weights: [float(np.mean(W == 0)) if W.size else 0.0 for W in weights]),
    "one_shape_only": ("part", "All arrays must have one shape",
        "You make one array of the list, which works only if all have the same shape. Go through the list, or `np.ravel` each.",
        lambda weights: float(np.mean(np.array(weights, dtype=float) == 0)) if np.array(weights).size else 0.0),
    "whole_division": ("core", "The fraction is cut off", "`//` cuts the fraction off, so that your answer is 0 or 1. Divide with `/`.",
        lambda weights: float(sum(int(np.sum(W == 0)) for W in weights) // max(1, sum(W.size for W in weights)))),
    "rounded": ("slip", "The fraction is rounded", "You round the answer to two digits. Whoever compares nets needs all of them.",
        lambda weights: round(sum(int(np.sum(W == 0)) for W in weights) / max(1, sum(W.size for W in weights)), 2)),
    "nothing_divides": ("slip", "No entries divide by zero",
        "Where there is no entry you divide by 0. The docstring says what is wanted then: 0.0.",
        lambda weights: sum(int(np.sum(W == 0)) for W in weights) / sum(W.size for W in weights)),
})


# --- wide and deep --------------------------------------------------------------------------------------------------------


def floats(params):
    """Return parameters as floats."""
    return {name: np.array(array, dtype=float) for name, array in params.items()}


def relu(z):
    """Return z where it is positive, else 0."""
    return np.maximum(z, 0.0)


def joined(P, hidden, x_wide):
    """Return the output of hidden units and wide inputs."""
    return np.hstack([hidden, x_wide]) @ P["W2"] + P["b2"]


def forward_as(how, params, x_wide, x_deep):
    """Return the output that `how` makes of the parameters, the inputs of the ReLUs and the wide inputs, with the reference's cache."""
    P, x_wide, x_deep = floats(params), x_wide.astype(float), x_deep.astype(float)
    z = x_deep @ P["W1"] + P["b1"]
    return how(P, z, x_wide), (P, x_wide, x_deep, z)


WIDE_AND_DEEP = variants("wide_and_deep_forward", "14 §2", right.wide_and_deep_forward, forward_as, {
    "relu_missing": ("part", "The ReLU is missing",
        "Your hidden units are linear, so two layers do no more than one. Apply the ReLU: `np.maximum(z, 0)`.",
        lambda P, z, x_wide: joined(P, z, x_wide)),
    "relu_of_all": ("part", "The wide inputs go through the ReLU",
        "You apply the ReLU to hidden units and wide inputs together. The wide inputs go to the output as they are.",
        lambda P, z, x_wide: joined(P, relu(z), relu(x_wide))),
    "relu_of_out": ("part", "The output goes through a ReLU",
        "You return no negative numbers. The output is linear: its loss decides what comes next.",
        lambda P, z, x_wide: relu(joined(P, relu(z), x_wide))),
    "wide_first": ("part", "The wide inputs come first",
        "You joined [x_wide, hidden], so the rows of W2 meet the wrong numbers. The hidden units come first: [hidden, x_wide].",
        lambda P, z, x_wide: np.hstack([x_wide, relu(z)]) @ P["W2"] + P["b2"]),
    "wide_left_out": ("part", "The wide inputs are left out",
        "You use the first rows of W2 alone. The other rows belong to the wide inputs.",
        lambda P, z, x_wide: relu(z) @ P["W2"][: z.shape[1]] + P["b2"]),
    "squeezed": ("slip", "out is squeezed",
        "You `squeeze` out, so that it loses an axis where there is one example or one output. A batch of one is a batch.",
        lambda P, z, x_wide: np.squeeze(joined(P, relu(z), x_wide))),
    "deep_left_out": ("core", "The hidden units are left out",
        "You use the last rows of W2 alone. The first rows belong to the hidden units.",
        lambda P, z, x_wide: x_wide @ P["W2"][z.shape[1] :] + P["b2"]),
    "b1_left_out": ("part", "b1 is forgotten", "You never added b1 to the weighted sums: hidden = relu(x_deep·W1 + b1).",
        lambda P, z, x_wide: joined(P, relu(z - P["b1"]), x_wide)),
    "b1_after_the_relu": ("part", "b1 is added behind the ReLU",
        "You added b1 to the hidden units. It belongs inside: relu(x_deep·W1 + b1).",
        lambda P, z, x_wide: joined(P, relu(z - P["b1"]) + P["b1"], x_wide)),
    "b2_left_out": ("part", "b2 is forgotten", "You never added b2 to the output: it is the last term of equation (2).",
        lambda P, z, x_wide: joined(P, relu(z), x_wide) - P["b2"]),
})
EXCHANGED = misconceptions("wide_and_deep_forward", "14 §2", {
    "inputs_exchanged": ("core", "The two inputs are exchanged",
        "You send x_wide through the hidden layer. That is where x_deep goes; x_wide goes straight to the output.",
        lambda params, x_wide, x_deep: forward_as(lambda P, z, wide: joined(P, relu(z), wide), params, x_deep, x_wide)),
})
deep_in_place = in_place(
    "wide_and_deep_forward",
    right.wide_and_deep_forward,
    see="14 §2",
    position=1,
    casting="unsafe",
    title="An argument is changed in place",
    text="You write into x_wide, x_deep or an array of params, as `x += …` does. The caller needs them afterwards: make new arrays.",
)


@misconception("wide_and_deep_forward", "slip", title="Biases are added to integers in place", see="14 §2")
def biases_in_place(params, x_wide, x_deep):
    """You wrote `z += b1` or `out += b2`. Where z holds integers, fractions don't fit into it, and NumPy raises an error. Write
    `z = z + b1`."""
    z = x_deep @ params["W1"]
    z += params["b1"]
    out = np.hstack([relu(z), x_wide]) @ params["W2"]
    out += params["b2"]
    return out, forward_as(lambda P, z, x_wide: None, params, x_wide, x_deep)[1]


@misconception("wide_and_deep_forward", "slip", title="No cache is returned", see="14 §2")
def cache_missing(params, x_wide, x_deep):
    """You return out alone. The backward pass needs what was computed on the way: return (out, cache)."""
    return forward_as(lambda P, z, x_wide: joined(P, relu(z), x_wide), params, x_wide, x_deep)[0]


def gradients(dout, P, x_wide, x_deep, z, mask=None):
    """Return the right gradients, or those with another mask in place of that of the ReLU."""
    through = dout @ P["W2"][: z.shape[1]].T * ((z > 0) if mask is None else mask)
    return {"W1": x_deep.T @ through, "b1": through.sum(axis=0), "W2": np.hstack([relu(z), x_wide]).T @ dout, "b2": dout.sum(axis=0)}


def backward_as(how, dout, cache):
    """Return what `how` makes of the right gradients, the upstream gradient and what the reference's cache holds."""
    P, x_wide, x_deep, z = cache
    return how(gradients(dout.astype(float), P, x_wide, x_deep, z), dout.astype(float), P, x_wide, x_deep, z)


def masked(mask, dout, P, x_wide, x_deep, z):
    """Return the gradients with another mask."""
    return gradients(dout, P, x_wide, x_deep, z, mask)


BACK = variants("wide_and_deep_backward", "14 §2", right.wide_and_deep_backward, backward_as, {
    "mask_missing": ("part", "The ReLU is passed as if it weren't there",
        "You never multiply by the ReLU's derivative. Nothing goes back through a unit that is 0: multiply by (hidden > 0).",
        lambda g, dout, P, x_wide, x_deep, z: masked(1.0, dout, P, x_wide, x_deep, z)),
    "b1_before_the_mask": ("part", "b1's gradient is summed before the mask",
        "You sum what reaches the hidden units, and apply the ReLU's mask afterwards. A silent unit's bias gets nothing: mask first.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"b1": np.sum(dout @ P["W2"][: z.shape[1]].T, axis=0)}),
    "last_example": ("core", "Only the last example counts",
        "Your loop over the examples overwrites the gradients. Add them up: `grads[key] += …`.",
        lambda g, dout, P, x_wide, x_deep, z: gradients(dout[-1:], P, x_wide[-1:], x_deep[-1:], z[-1:])),
    "biases_not_summed": ("part", "The biases' gradients aren't summed",
        "Your gradients of b1 and b2 have a row for each example. A bias is one number for the whole batch: sum over it, `axis=0`.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"b1": dout @ P["W2"][: z.shape[1]].T * (z > 0), "b2": dout}),
    "back_transposed": ("part", "The weights' gradients are transposed",
        "Your gradients of W1 and W2 have outputs in rows. They have the shape of their parameters: inputs in rows.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"W1": g["W1"].T, "W2": g["W2"].T}),
    "back_averaged": ("part", "The gradients are averaged over the batch",
        "You divided by N. dout is the gradient of the whole loss, so what it averages stands in it already: add up over the batch.",
        lambda g, dout, P, x_wide, x_deep, z: {key: one / len(dout) for key, one in g.items()}),
    "W2_wide_first": ("part", "The rows of W2's gradient are exchanged",
        "In W2 the rows of the hidden units come first, in its gradient, too.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"W2": np.hstack([x_wide, relu(z)]).T @ dout}),
    "W2_deep_only": ("part", "The wide rows of W2's gradient are zero", "The wide inputs have weights, too: their rows are x_wideᵀ·dout.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"W2": np.hstack([relu(z), 0 * x_wide]).T @ dout}),
    "W2_deep_rows_alone": ("part", "W2's gradient has the rows of the hidden units alone",
        "Your gradient of W2 is smaller than W2. Rows for the wide inputs come below: x_wideᵀ·dout.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"W2": relu(z).T @ dout}),
    "back_through_the_wide_rows": ("part", "The wrong rows of W2 lead back",
        "The gradient of the hidden units goes through the first rows of W2, those of the hidden units. You took the last ones.",
        lambda g, dout, P, x_wide, x_deep, z: g | {
            key: gradients(dout, P | {"W2": P["W2"][-z.shape[1] :]}, x_wide, x_deep, z)[key] for key in ("W1", "b1")}),
    "biases_are_rows": ("slip", "The biases' gradients have two axes",
        "You kept the axis of the sum, so b1's gradient has the shape (1, H). Leave `keepdims` out.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"b1": g["b1"][None], "b2": g["b2"][None]}),
    "back_negated": ("core", "The signs are wrong", "Your gradients point downhill. A backward pass returns ∂L/∂θ; the step subtracts it.",
        lambda g, dout, P, x_wide, x_deep, z: {key: -one for key, one in g.items()}),
    "back_in_a_tuple": ("slip", "A tuple is returned",
        "You return the gradients in a row. A dictionary with the keys of params was asked for.",
        lambda g, dout, P, x_wide, x_deep, z: (g["W1"], g["b1"], g["W2"], g["b2"])),
    "back_with_other_keys": ("slip", "The keys are dW1 and so on",
        "Your keys have a d before them. They are those of params, so that a step can go through both.",
        lambda g, dout, P, x_wide, x_deep, z: {f"d{key}": one for key, one in g.items()}),
    "back_with_inputs": ("slip", "There are gradients for the inputs, too",
        "You return gradients for the inputs as well. Only parameters are trained: the keys are those of params.",
        lambda g, dout, P, x_wide, x_deep, z: g | {"x_wide": dout @ P["W2"][z.shape[1] :].T,
                                                   "x_deep": dout @ P["W2"][: z.shape[1]].T * (z > 0) @ P["W1"].T}),
})
# fmt: on
back_in_place = in_place("wide_and_deep_backward", right.wide_and_deep_backward, see="14 §2", casting="unsafe")


def keeping_types(params, x_wide, x_deep):
    """Return the right output, and a cache of arrays as they came."""
    return right_out(params, x_wide, x_deep), (dict(params), x_wide, x_deep)


def right_out(params, x_wide, x_deep):
    """Return the right output."""
    return forward_as(lambda P, z, x_wide: joined(P, relu(z), x_wide), params, x_wide, x_deep)[0]


@misconception("wide_and_deep_backward", "slip", title="The gradients have the integers' type", see="14 §2", with_forward=keeping_types)
def back_cut_off(dout, cache):
    """You made the gradients with `zeros_like` of the parameters. Where those hold integers, it cuts off the digits behind the decimal
    point. Make arrays of floats."""
    params, x_wide, x_deep = cache
    P = floats(params)
    found = gradients(dout, P, x_wide.astype(float), x_deep.astype(float), x_deep @ P["W1"] + P["b1"])
    return {key: found[key].astype(params[key].dtype) for key in params}


REMEMBERED: list = []


def remembering(params, x_wide, x_deep):
    """Return the right output, and keep the last batch outside the cache."""
    REMEMBERED[:] = [dict(params), x_wide, x_deep]
    return right_out(params, x_wide, x_deep), lambda: REMEMBERED


@misconception("wide_and_deep_backward", "slip", title="The last forward pass is remembered", see="14 §2", with_forward=remembering)
def back_of_the_last(dout, cache):
    """You keep what the backward pass needs in a global variable, which the next forward pass overwrites. Put it into the cache."""
    params, x_wide, x_deep = cache()
    P = floats(params)
    return gradients(dout.astype(float), P, x_wide.astype(float), x_deep.astype(float), x_deep @ P["W1"] + P["b1"])


# --- combined_loss --------------------------------------------------------------------------------------------------------

# fmt: off
COMBINED = misconceptions("combined_loss", "14 §2", {
    "unweighted": ("core", "The weights are ignored", "You add the losses as they are. Multiply each by its weight first.",
        lambda losses, weights: float(sum(losses))),
    "mean_of_losses": ("core", "The mean of the losses", "You average the losses, and don't use the weights. Add weight · loss.",
        lambda losses, weights: float(np.mean(losses))),
    "lists_multiplied": ("core", "Two lists are multiplied",
        "Python refuses `losses * weights` for lists. Go through both with `zip`, or make arrays of them.",
        lambda losses, weights: float(sum(losses * weights))),
    "losses_in_place": ("slip", "losses is changed in place", "You write the products into the list losses, which belongs to the caller.",
        lambda losses, weights: float(sum(losses.__setitem__(k, losses[k] * weights[k]) or losses[k] for k in range(len(losses))))),
    "mean_of_products": ("part", "The products are averaged", "You divide the sum by the number of outputs. The sum itself was asked for.",
        lambda losses, weights: float(np.mean(np.multiply(losses, weights)))),
    "normalised": ("part", "Divided by the sum of the weights",
        "You return the weighted mean. The weights need not sum to 1, and a larger sum is a larger loss.",
        lambda losses, weights: float(np.dot(losses, weights)) / (sum(weights) or 1)),
    "first_alone": ("part", "Only the first output counts", "Your `return` stands inside the loop, so the first product is all.",
        lambda losses, weights: float(losses[0] * weights[0])),
    "last_alone": ("part", "Only the last output counts",
        "You overwrite the sum in the loop, so the last product is left. Write `total += …`.",
        lambda losses, weights: float(losses[-1] * weights[-1])),
    "two_outputs_only": ("part", "Made for two outputs", "You use the first two losses. There may be one, or five: loop over all.",
        lambda losses, weights: float(sum(loss * weight for loss, weight in list(zip(losses, weights, strict=True))[:2]))),
    "products": ("core", "The products aren't added", "You return the weighted losses in a list. One number was asked for.",
        lambda losses, weights: [float(loss * weight) for loss, weight in zip(losses, weights, strict=True)]),
    "products_in_an_array": ("core", "The products aren't added",
        "You return an array of weighted losses. One number was asked for: their sum.",
        lambda losses, weights: np.multiply(losses, weights)),
    "in_an_array": ("slip", "The number comes in an array",
        "You return an array with one number in it. Return the number itself, `float(…)`.",
        lambda losses, weights: np.array([losses], dtype=float) @ np.array(weights, dtype=float)[:, None]),
    "weight_of_zero": ("slip", "A weight of 0 counts as 1",
        "You write `weight or 1`, or ask `if weight`. A weight of 0 means that the loss doesn't count.",
        lambda losses, weights: float(sum(loss * (weight or 1) for loss, weight in zip(losses, weights, strict=True)))),
    "cut_to_integers": ("slip", "The result has the integers' type",
        "You add up in an array like the losses. Where those are integers, it cuts off the digits behind the decimal point.",
        lambda losses, weights: np.array(np.dot(losses, weights)).astype(np.array(losses).dtype)[()]),
})


# --- right ------------------------------------------------------------------------------------------------------------------

IN_32_BITS = members({name: SECTIONS[name] for name in ("dequantize", "prune", "sparsity", "combined_loss", "wide_and_deep_forward")},
                     vars(right), in_single_precision)
QUANTIZED_TOO = alternatives("quantize", {
    "quantize_by_codes_of_all": lambda W, bits=8: ranged(lambda W, low, scale, bits: (
        np.argmin(np.abs((np.arange(2**bits) - zero_of(low, scale)) * scale - W[..., None]), axis=-1), scale, zero_of(low, scale)),
        W, bits),
    "quantize_with_floor": lambda W, bits=8: ranged(lambda W, low, scale, bits: (
        within(np.floor(W / scale + 0.5) + zero_of(low, scale), bits).astype(np.uint16), np.float64(scale), np.int64(zero_of(low, scale))),
        W, bits),
    "quantize_as_int32": lambda W, bits=8: ranged(lambda W, low, scale, bits: (
        within(np.rint(W / scale + zero_of(low, scale)), bits).astype(np.int32), np.array(scale), float(zero_of(low, scale))), W, bits),
})
DEQUANTIZED_TOO = alternatives("dequantize", {
    "by_integers": lambda q, scale, zero_point: (q.astype(np.int64) - int(zero_point)) * scale,
    "by_differences": lambda q, scale, zero_point: scale * q.astype(np.float64) - scale * zero_point,
    "one_by_one": lambda q, scale, zero_point: np.reshape([scale * (int(code) - zero_point) for code in q.flat], q.shape),
})
PRUNED_TOO = alternatives("prune", {
    "by_a_mask": lambda W, threshold: W * (sizes(W) >= threshold),
    "by_multiplying_where": lambda W, threshold: np.where((threshold > W) & (-threshold < W), 0, W),
    "one_by_one_pruned": lambda W, threshold: np.array([0.0 if abs(float(w)) < threshold else float(w) for w in W.flat]).reshape(W.shape),
})
SPARSE_TOO = alternatives("sparsity", {
    "by_one_long_array": lambda weights: float(np.mean(np.concatenate([np.zeros(0), *map(np.ravel, weights)]) == 0))
        if sum(W.size for W in weights) else 0.0,
    "by_what_is_left": lambda weights: 1 - sum(np.count_nonzero(W) for W in weights) / (sum(W.size for W in weights) or 1)
        if any(W.size for W in weights) else 0,
    "by_counting": lambda weights: np.float64(sum(float(w) == 0 for W in weights for w in W.flat) / max(1, sum(W.size for W in weights))),
})
COMBINED_TOO = alternatives("combined_loss", {
    "by_dot": lambda losses, weights: np.dot(losses, weights),
    "by_sum": lambda losses, weights: sum(loss * weight for loss, weight in zip(losses, weights, strict=True)),
    "by_arrays": lambda losses, weights: float((np.asarray(losses) * np.asarray(weights)).sum()),
    "by_matrices": lambda losses, weights: np.array(np.array([losses], dtype=float) @ np.array(weights, dtype=float))[0],
})
# fmt: on


@alternative("quantize")
def quantize_in_a_loop(W, bits=8):
    W = np.array(W, dtype=float)
    codes = np.zeros(W.shape, dtype=np.uint16)
    if W.size == 0:
        return codes, 1.0, 0
    low, high = W.min(), W.max()
    if high - low == 0:
        return codes, float(abs(low)) if low else 1.0, -int(np.sign(low))
    scale = (high - low) / (2**bits - 1)
    zero_point = round(-low / scale)
    for index in np.ndindex(W.shape):
        codes[index] = min(max(round(W[index] / scale) + zero_point, 0), 2**bits - 1)
    return codes, scale, zero_point


@alternative("prune")
def in_a_copy(W, threshold):
    W = W.copy()
    W[sizes(W) < threshold] = 0
    return W


@alternative("wide_and_deep_forward")
def by_two_products(params, x_wide, x_deep):
    P = floats(params)
    z = x_deep @ P["W1"] + P["b1"]
    units = P["W1"].shape[1]
    return (z > 0) * z @ P["W2"][:units] + x_wide @ P["W2"][units:] + P["b2"], (P, x_wide * 1.0, x_deep * 1.0, z)


@alternative("wide_and_deep_forward")
def example_by_example(params, x_wide, x_deep):
    P, rows = floats(params), []
    for wide, deep in zip(x_wide, x_deep, strict=True):
        hidden = [max(0.0, float(deep @ P["W1"][:, unit] + P["b1"][unit])) for unit in range(len(P["b1"]))]
        rows.append(np.append(hidden, wide) @ P["W2"] + P["b2"])
    return np.array(rows), (P, x_wide.astype(float), x_deep.astype(float), x_deep @ P["W1"] + P["b1"])


@alternative("wide_and_deep_backward", with_forward=keeping_types)
def back_from_the_arguments(dout, cache):
    params, x_wide, x_deep = cache
    z = x_deep @ params["W1"] + params["b1"]
    features = np.concatenate((relu(z), x_wide), axis=1)
    d_features = dout @ params["W2"].T
    dz = np.where(z > 0, d_features[:, : z.shape[1]], 0.0)
    return {"b2": np.sum(dout, axis=0), "W2": features.T @ dout, "b1": np.sum(dz, axis=0), "W1": x_deep.T @ dz}


@alternative("wide_and_deep_backward")
def back_example_by_example(dout, cache):
    P, x_wide, x_deep, z = cache
    grads = {key: np.zeros(array.shape) for key, array in P.items()}
    for d, wide, deep, sums in zip(dout.astype(float), x_wide, x_deep, z, strict=True):
        dz = (P["W2"][: len(sums)] @ d) * (sums >= 0)
        grads["W1"] += np.outer(deep, dz)
        grads["b1"] += dz
        grads["W2"] += np.outer(np.append(relu(sums), wide), d)
        grads["b2"] += d
    return grads


@alternative("wide_and_deep_backward")
def back_in_32_bits(dout, cache):
    return backward_as(lambda g, dout, P, x_wide, x_deep, z: {key: one.astype(np.float32) for key, one in g.items()}, dout, cache)


# --- capstone -------------------------------------------------------------------------------------------------------------


def to_class_means(X_train, y_train):
    """Return a classifier that takes the nearest mean of a class."""
    means = np.array([X_train[y_train == k].mean(axis=0) for k in range(10)])
    return lambda X: np.argmin(np.sum((X[:, None] - means) ** 2, axis=2), axis=1)


def by_neighbours(X_train, y_train, k=3):
    """Return a classifier that takes the vote of the nearest images."""

    def predict(X):
        squares = np.sum(X**2, axis=1)[:, None] + np.sum(X_train**2, axis=1) - 2 * X @ X_train.T
        votes = y_train[np.argsort(squares, axis=1)[:, :k]]
        return np.array([np.bincount(row, minlength=10).argmax() for row in votes])

    return predict


def by_ridge(features, X_train, y_train, ridge):
    """Return a classifier by least squares on features of the images."""
    A = features(X_train)
    W = np.linalg.solve(A.T @ A + ridge * np.eye(A.shape[1]), A.T @ np.equal.outer(y_train, np.arange(10)))
    return lambda X: np.argmax(features(X) @ W, axis=1)


def with_ones(X):
    """Return inputs with a column of ones."""
    return np.column_stack([X, np.ones(len(X))])


def by_random_units(X_train, y_train, rng):
    """Return a classifier by least squares on random ReLUs."""
    P = rng.normal(0, 0.15, (64, 700))
    return by_ridge(lambda X: np.maximum(with_ones(X @ P), 0), X_train, y_train, 50.0)


# fmt: off
CAPSTONE = misconceptions("capstone", "14 §8", {
    "always_the_same": ("core", "One label for all images", "Your predict returns the same label for every image: nothing is learned.",
        lambda X_train, y_train, rng: lambda X: np.zeros(len(X), dtype=int) + np.bincount(y_train).argmax()),
    "training_labels": ("core", "The labels of the training set are returned",
        "Your predict returns y_train, whatever images it is given. It has to look at X.",
        lambda X_train, y_train, rng: lambda X: np.resize(y_train, len(X))),
    "remembers_images": ("core", "It knows the images of the training set alone", "Your predict looks an image up in the training set, "
        "and guesses where it isn't in there. New images never are: learn what they have in common.",
        lambda X_train, y_train, rng: lambda X: np.array([y_train[same.argmax()] if same.any() else 0 for same in
                                                          (np.all(X_train == x, axis=1) for x in X)])),
    "labels_at_once": ("core", "Labels are returned, and no function", "You return labels of the training set. The caller wants a "
        "function for images that you don't have yet: `return predict`, without brackets.",
        lambda X_train, y_train, rng: to_class_means(X_train, y_train)(X_train)),
    "scores": ("core", "Scores are returned, and no labels",
        "Your predict returns ten numbers for each image. The label is the place of the largest: `np.argmax(scores, axis=1)`.",
        lambda X_train, y_train, rng: lambda X: by_random_scores(X_train, y_train, X)),
    "labels_in_a_column": ("core", "The labels have two axes",
        "Your labels have the shape (N, 1), and the shape (N,) was asked for: write `.ravel()`.",
        lambda X_train, y_train, rng: lambda X: by_neighbours(X_train, y_train)(X)[:, None]),
    "argmax_over_images": ("core", "The largest number is looked for along the wrong axis",
        "`np.argmax(scores, axis=0)` finds an image for each class. Each image needs a class: `axis=1`.",
        lambda X_train, y_train, rng: lambda X: np.argmax(by_random_scores(X_train, y_train, X), axis=0)),
    "predict_crashes": ("core", "predict raises an error",
        "Your predict works for images in the number that it was trained with alone. It gets any number of them.",
        lambda X_train, y_train, rng: lambda X: np.argmax((X * X_train) @ np.ones((64, 10)), axis=1)),
    "untrained": ("core", "The net isn't trained", "Your net has random weights, as at the start. Train it before you return predict.",
        lambda X_train, y_train, rng: (lambda W: lambda X: np.argmax(X @ W, axis=1))(rng.normal(size=(64, 10)))),
    "class_means": ("core", "Only the classes' means are compared",
        "You compare each image with the mean of each class. That is a start; a net with a hidden layer sees more.",
        lambda X_train, y_train, rng: to_class_means(X_train, y_train)),
    "least_squares": ("part", "A linear model",
        "You fitted a linear model by least squares. A hidden layer, or features that aren't linear, read more digits.",
        lambda X_train, y_train, rng: by_ridge(with_ones, X_train, y_train, 0.1)),
    "one_image_fails": ("slip", "A single image fails",
        "You `squeeze` the images or the labels, so that a single one loses its axis. A batch of one is a batch.",
        lambda X_train, y_train, rng: lambda X: by_neighbours(X_train, y_train)(X).squeeze()),
    "standardized_by_the_batch": ("slip", "New images are standardized by each other", "You subtract the mean of the images that predict "
        "is given. So a label depends on the other images, and a single one becomes 0. Use the training set's mean.",
        lambda X_train, y_train, rng: lambda X: by_neighbours(X_train - X_train.mean(axis=0), y_train)(X - X.mean(axis=0))),
    "own_randomness": ("slip", "rng isn't used",
        "You draw from a generator of your own, so the same call gives another classifier each time. Draw from rng.",
        lambda X_train, y_train, rng: by_random_units(X_train, y_train, np.random.default_rng())),
})


def by_random_scores(X_train, y_train, X):
    """Return how near each image is to each class's mean."""
    means = np.array([X_train[y_train == k].mean(axis=0) for k in range(10)])
    return -np.sum((X[:, None] - means) ** 2, axis=2)


@misconception("capstone", "slip", title="predict changes X", see="14 §8")
def predict_in_place(X_train, y_train, rng):
    """Your predict works on X itself, with `X -= …` or `X[...] = …`, so the caller's images are changed. Work on a copy."""
    classify = by_neighbours(X_train, y_train)

    def predict(X):
        labels = classify(X)
        X *= 0.5
        return labels

    return predict


@misconception("capstone", "slip", title="The training set is changed", see="14 §8")
def training_in_place(X_train, y_train, rng):
    """You shuffle or scale the training set in place. The caller's images are changed: work on a copy, or on a permutation of indices."""
    classify = by_neighbours(X_train.copy(), y_train)
    X_train *= 0.5
    return classify


CAPSTONE_TOO = alternatives("capstone", {
    "neighbours": lambda X_train, y_train, rng: by_neighbours(X_train, y_train),
    "random_units": lambda X_train, y_train, rng: by_random_units(X_train, y_train, rng),
    "float_labels": lambda X_train, y_train, rng: lambda X: by_neighbours(X_train, y_train, 1)(X).astype(np.float32),
})
# fmt: on


@alternative("capstone")
def an_object_with_a_net(X_train, y_train, rng):
    class Net:
        def __init__(self):
            self.W, self.V = rng.normal(0, 0.18, (64, 90)), rng.normal(0, 0.15, (90, 10))

        def step(self, x, y, lr):
            hidden = np.maximum(x @ self.W, 0)
            p = np.exp(hidden @ self.V - (hidden @ self.V).max(axis=1, keepdims=True))
            dz = p / p.sum(axis=1, keepdims=True) - np.equal.outer(y, np.arange(10))
            dhidden = dz @ self.V.T * (hidden > 0)
            self.V -= lr * hidden.T @ dz / len(x)
            self.W -= lr * x.T @ dhidden / len(x)

        def __call__(self, X):
            return np.argmax(np.maximum(X @ self.W, 0) @ self.V, axis=1)

    net = Net()
    for epoch in range(40):
        order = rng.permutation(len(X_train))
        for start in range(0, len(order), 25):
            chosen = order[start : start + 25]
            net.step(X_train[chosen], y_train[chosen], 0.3 * (1 - epoch / 40))
    return net
