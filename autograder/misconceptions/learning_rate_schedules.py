"""Known answers to lecture 9, learning-rate schedules, wrong and right.

The formulas in t share many mistakes, which are families here. `plateau_step` and `one_cycle` are written once with a switch for each
mistake.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    cut_off,
    family,
    fixed_number,
    in_a_tuple,
    in_single_precision,
    members,
    nothing_returned,
    only_the_first,
    other_default,
    variants,
)

from ..reference import learning_rate_schedules as reference

RIGHT = vars(reference)
FORMULAS = {
    "step_decay": "09 §2",
    "exponential_decay": "09 §3",
    "exponential_schedule": "09 §3",
    "inverse_time_decay": "09 §4",
    "power_schedule": "09 §4",
}
SMOOTH = {name: see for name, see in FORMULAS.items() if name != "step_decay"}
ONE_NUMBER = FORMULAS | {"piecewise_constant": "09 §5", "one_cycle": "09 §8"}


# --- families of this lecture ---------------------------------------------------------------------------------------------


@family(
    "Time is cut to whole numbers",
    "You rounded the time, with `int` or `//`. Here time may be fractional, such as 2.5 epochs, and every moment has its own rate.",
    "slip",
    position=1,
)
def whole_times(right, options, *args, **kwargs):
    return right(*(int(arg) if place == options["position"] else arg for place, arg in enumerate(args)), **kwargs)


@family(
    "Time is counted from 1",
    "You used t + 1. Time begins at 0 here, and at time 0 the rate is lr0 itself: nothing has fallen yet.",
    "part",
)
def counted_from_one(right, options, lr0, t, *args, **kwargs):
    return right(lr0, t + 1, *args, **kwargs)


@family(
    "Time is counted from the wrong end",
    "You used t − 1, so at time 0 the rate isn't lr0 yet, and comes one step late. Time begins at 0 here: use t itself.",
    "part",
)
def counted_late(right, options, lr0, t, *args, **kwargs):
    return right(lr0, t - 1, *args, **kwargs)


@family(
    "lr0 is left out",
    "You returned the factor alone, which is 1 at time 0. The rate is lr0 times this factor.",
    "part",
)
def first_rate_left_out(right, options, lr0, t, *args, **kwargs):
    return right(1.0, t, *args, **kwargs)


@family(
    "The rate rises",
    "Your rate grows with time: you divided where one multiplies, or lost a minus sign. The factor is 1 at time 0 and smaller later.",
    "core",
)
def rises(right, options, lr0, t, *args, **kwargs):
    return lr0 / right(1.0, t, *args, **kwargs)


@family(
    "What is lost is returned",
    "You returned lr0 minus the rate: how much has been lost so far. What is asked for is the rate that is left.",
    "core",
)
def loss_returned(right, options, lr0, t, *args, **kwargs):
    return lr0 - right(lr0, t, *args, **kwargs)


@family("The rate never changes", "You returned lr0 at any time. A schedule depends on the time.", "core")
def never_changes(right, options, lr0, t, *args, **kwargs):
    return 1.0 * lr0


@family(
    "A function is returned",
    "You returned a function of the time, as one of the slides does for Keras. Here the time is an argument: return the number.",
    "core",
)
def function_returned(right, options, lr0, t, *args, **kwargs):
    return lambda epoch: right(lr0, epoch, *args, **kwargs)


@family(
    "The rate is rounded",
    "You rounded the rate. A small rate that is rounded is another one, or 0. Round when you print, not when you compute.",
    "slip",
    digits=6,
)
def rounded(right, options, *args, **kwargs):
    return round(float(right(*args, **kwargs)), options["digits"])


@family(
    "An array in place of a number",
    "You returned the rate in an array or a list of length 1. A rate is a single number, for instance a float.",
    "slip",
)
def in_an_array(right, options, *args, **kwargs):
    return np.array([right(*args, **kwargs)])


# --- the formulas: wrong --------------------------------------------------------------------------------------------------

# fmt: off
STEP_DECAY = misconceptions("step_decay", "09 §2", {
    "step_one_drop_too_many": ("part", "One drop too many",
        "You have one drop too many, so the first epochs have a smaller rate than lr0 already. The exponent is 0 there.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** (epoch // every + 1)),
    "step_without_floor": ("part", "The exponent isn't rounded",
        "You used epoch/every as the exponent, so the rate falls a little at every epoch. Step decay is a staircase: round the quotient "
        "down, with `//`, and the rate stays as it is for `every` epochs.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** (epoch / every)),
    "step_rounded": ("part", "The exponent is rounded to the nearest",
        "You used `round`, so the first drop comes after half the time. ⌊x⌋ is x rounded down: `//`, or `np.floor`.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** round(epoch / every)),
    "step_rounded_up": ("part", "The exponent is rounded up",
        "You rounded up, so epoch 1 has a smaller rate already, and epoch `every` still has it. ⌊x⌋ is x rounded down.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** math.ceil(epoch / every)),
    "step_late": ("part", "The drop comes one epoch late",
        "Your rate falls at epoch every + 1. Epochs count from 0, so the first `every` epochs end with number every − 1, and epoch "
        "`every` is the first one with a smaller rate: use `>=`, and no − 1.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** max((epoch - 1) // every, 0)),
    "step_once": ("part", "The rate drops once only",
        "You multiplied by drop once, with an `if`. The rate drops at every, at 2·every, at 3·every and so on: a power of drop.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop if epoch >= every else lr0),
    "step_at_multiples": ("core", "The rate drops at multiples of every, and rises again",
        "You multiplied by drop where `epoch % every == 0`, and at all other epochs returned lr0. The rate has to stay low: count how "
        "many drops there were so far, with `//`.", lambda lr0, epoch, drop=0.5, every=10: lr0 * drop if epoch % every == 0 else lr0),
    "step_remainder": ("core", "The remainder is the exponent",
        "You used `%`, the remainder. How many times `every` epochs are over is the quotient, rounded down: `//`.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** (epoch % every)),
    "step_every_epoch": ("part", "The rate drops at every epoch",
        "You used the epoch itself as the exponent and forgot `every`. The exponent is the number of drops so far, epoch // every.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop ** epoch),
    "step_one_minus_drop": ("part", "drop is what is taken away",
        "You multiplied by 1 − drop. Here drop is the factor that is left, not the share that goes; with 0.5 nobody sees the difference.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * (1 - drop) ** (epoch // every)),
    "step_factor_times_count": ("core", "drop is multiplied by the number of drops",
        "You multiplied by drop · ⌊epoch/every⌋, which is 0 at first. The rate is multiplied by drop again and again: a power, `**`.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop * (epoch // every)),
    "step_linear": ("core", "The rate falls by equal amounts",
        "You subtracted the same amount at each drop, which soon gives zero or less. The rate is multiplied by drop each time.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * (1 - (1 - drop) * (epoch // every))),
    "step_at_later_multiples": ("core", "Between the drops the rate is lr0 again",
        "You multiplied by drop only in the epochs that `every` divides, and are back at lr0 in the next one. The rate has to stay low: "
        "count how many drops there were so far, with `//`.",
        lambda lr0, epoch, drop=0.5, every=10: lr0 * drop if epoch and epoch % every == 0 else lr0),
})

EXPONENTIAL_DECAY = misconceptions("exponential_decay", "09 §3", {
    "exponential_divided": ("part", "Divided by k",
        "Your exponent is −t/k. Here k is a speed and not a time: the exponent is −k·t, and a larger k means a faster fall.",
        lambda lr0, t, k: lr0 * np.exp(-t / k if k else 0.0)),
    "exponential_without_k": ("part", "k is forgotten", "Your exponent is −t. How fast the rate falls is what k is for: −k·t.",
        lambda lr0, t, k: lr0 * np.exp(-t)),
    "exponential_one_minus_k": ("part", "1 − k in place of e^(−k)",
        "You multiplied by 1 − k once per unit of time. That is nearly e^(−k) for a small k, and not the same: compare at k = 0.2.",
        lambda lr0, t, k: lr0 * (1 - k) ** t),
    "exponential_base_ten": ("part", "Another base",
        "You took a power of 10, or of 2, for the exponential. In this formula the base is e: `np.exp`.",
        lambda lr0, t, k: lr0 * 10.0 ** (-k * t)),
    "exponential_power_of_k": ("part", "k itself is the base", "You computed kᵗ. The base is e, and k stands in the exponent: e^(−kt).",
        lambda lr0, t, k: lr0 * k ** t),
    "exponential_linear": ("core", "A straight line",
        "You computed lr0·(1 − kt), a straight line that gets below zero. It touches the exponential at t = 0 only.",
        lambda lr0, t, k: lr0 * (1 - k * t)),
    "exponential_without_t": ("core", "The time is left out", "You computed lr0·e^(−k), the same at any time. The exponent is −k·t.",
        lambda lr0, t, k: lr0 * np.exp(-k)),
    "exponential_hyperbola": ("core", "This is 1/t decay",
        "You computed lr0/(1 + kt), which is the next section's schedule. This one is an exponential, e^(−kt).",
        lambda lr0, t, k: lr0 / (1 + k * t)),
    "exponential_short_e": ("part", "e with a few digits",
        "You typed e as 2.718, which is right to four digits, and raising it to a power makes the error larger. NumPy knows e: "
        "`np.exp(-k * t)`.", lambda lr0, t, k: lr0 * 2.718 ** (-k * t)),
})

EXPONENTIAL_SCHEDULE = misconceptions("exponential_schedule", "09 §3", {
    "schedule_numbers_of_the_slide": ("part", "The slide's numbers",
        "You wrote 0.01 and 20, the numbers of the example on the slide. Here lr0 and s are arguments.",
        lambda lr0, epoch, s=20: 0.01 * 0.1 ** (epoch / 20)),
    "schedule_base_nine_tenths": ("part", "0.9 in place of 0.1",
        "You took 1 − 0.1, as if a tenth were lost. After s epochs a tenth is left: the base is 0.1.",
        lambda lr0, epoch, s=20: lr0 * 0.9 ** (epoch / s)),
    "schedule_linear": ("core", "A straight line",
        "You drew a straight line from lr0 to a tenth of it, and on below zero. The rate falls by the same factor all the time: a power.",
        lambda lr0, epoch, s=20: lr0 * (1 - 0.9 * epoch / s)),
    "schedule_staircase": ("part", "A staircase",
        "You used `//`, or `int` around the quotient, so the rate falls at every s-th epoch only. This curve is smooth: the exponent is "
        "epoch/s with its fraction.", lambda lr0, epoch, s=20: lr0 * 0.1 ** (epoch // s)),
    "schedule_base_e": ("part", "e in place of a tenth",
        "You computed e^(−epoch/s). In s epochs that falls to 37 %, and it should be a tenth: the base is 0.1.",
        lambda lr0, epoch, s=20: lr0 * np.exp(-epoch / s)),
    "schedule_base_half": ("part", "A half in place of a tenth",
        "Your rate falls to one half in s epochs. It should fall to a tenth: the base is 0.1.",
        lambda lr0, epoch, s=20: lr0 * 0.5 ** (epoch / s)),
    "schedule_without_brackets": ("part", "The brackets around epoch / s are missing",
        "You wrote `0.1 ** epoch / s`. Powers bind tighter than division, so that is (0.1^epoch)/s. Write `0.1 ** (epoch / s)`.",
        lambda lr0, epoch, s=20: lr0 * 0.1 ** epoch / s),
    "schedule_times_s": ("part", "Multiplied by s",
        "Your exponent is epoch·s. s is the number of epochs in which the rate falls to a tenth: the exponent is epoch/s.",
        lambda lr0, epoch, s=20: lr0 * 0.1 ** (epoch * s)),
    "schedule_upside_down": ("core", "The quotient is upside down",
        "Your exponent is s/epoch, which can't even be computed at epoch 0. It is epoch/s.",
        lambda lr0, epoch, s=20: lr0 * 0.1 ** (s / epoch)),
    "schedule_without_s": ("part", "s is forgotten",
        "Your rate falls to a tenth in every single epoch. It takes s epochs: the exponent is epoch/s.",
        lambda lr0, epoch, s=20: lr0 * 0.1 ** epoch),
    "schedule_stops": ("part", "The rate stops falling",
        "After s epochs your rate stays at a tenth. It goes on falling: to a hundredth after 2s epochs, and so on.",
        lambda lr0, epoch, s=20: lr0 * 0.1 ** min(epoch / s, 1.0)),
})

INVERSE_TIME_DECAY = misconceptions("inverse_time_decay", "09 §4", {
    "inverse_squared": ("part", "The denominator is squared",
        "You divided by the square of 1 + k·t. In 1/t decay the power is 1; others are the next exercise.",
        lambda lr0, t, k: lr0 / (1 + k * t) ** 2),
    "inverse_without_brackets": ("core", "The brackets below the line are missing",
        "You wrote `lr0 / 1 + k * t`, which is lr0 + kt. The whole sum stands below the line: `lr0 / (1 + k * t)`.",
        lambda lr0, t, k: lr0 / 1 + k * t),
    "inverse_without_one": ("part", "The 1 is missing", "You divided by kt, which is 0 at the beginning. With the 1 the rate is lr0 there.",
        lambda lr0, t, k: lr0 / (k * t)),
    "inverse_power": ("part", "A power of 1 + k", "You divided by (1 + k)ᵗ, which is an exponential. 1/t decay divides by 1 + k·t.",
        lambda lr0, t, k: lr0 / (1 + k) ** t),
    "inverse_sum_times_t": ("part", "1 + k times t",
        "You divided by (1 + k)·t, which is 0 at the beginning. Only k is multiplied by t: 1 + k·t.",
        lambda lr0, t, k: lr0 / ((1 + k) * t)),
    "inverse_without_k": ("part", "k is forgotten", "You divided by 1 + t. How fast the rate falls is what k is for: 1 + k·t.",
        lambda lr0, t, k: lr0 / (1 + t)),
    "inverse_divided": ("part", "Divided by k",
        "You computed 1 + t/k. That is the next exercise, where s is a time; k is a speed: 1 + k·t.",
        lambda lr0, t, k: lr0 / (1 + (t / k if k else 0.0))),
    "inverse_exponential": ("core", "This is the exponential",
        "You computed an exponential, the schedule of the section before. This one divides by 1 + k·t, and falls more slowly in the end.",
        lambda lr0, t, k: lr0 * np.exp(-k * t)),
    "inverse_linear": ("core", "A straight line", "You computed lr0·(1 − kt), which gets below zero. The rate is divided by 1 + kt.",
        lambda lr0, t, k: lr0 * (1 - k * t)),
    "inverse_staircase": ("part", "A staircase",
        "You rounded k·t down, so the rate falls in steps. The curve is smooth: k·t with its fraction.",
        lambda lr0, t, k: lr0 / (1 + np.floor(k * t))),
    "inverse_divided_again": ("core", "Divided again at every step",
        "You divided the rate that had been reduced already again at each step, so the divisors multiply up. It is lr0 that is divided "
        "by 1 + k·t, once.", lambda lr0, t, k: lr0 / math.prod(1 + k * i for i in range(1, int(t) + 1))),
})

POWER_SCHEDULE = misconceptions("power_schedule", "09 §4", {
    "power_of_t": ("part", "Only t gets the power",
        "You wrote `1 + t ** c / s`. The power is that of the whole sum, (1 + t/s)^c; with c = 1 nobody sees the difference.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + t ** c / s)),
    "power_upside_down": ("core", "The quotient is upside down",
        "You computed s/t, which can't be computed at time 0. Time is measured in units of s: t/s.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + s / t) ** c),
    "power_without_s": ("part", "s is forgotten", "You divided by (1 + t)^c. s is the unit in which time is measured: 1 + t/s.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + t) ** c),
    "power_without_c": ("part", "c is ignored", "You didn't use c. It is the power of the whole denominator, (1 + t/s)^c.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + t / s)),
    "power_inside": ("part", "The power of t/s alone",
        "You computed 1 + (t/s)^c. The power is that of the whole sum, (1 + t/s)^c; with c = 1 nobody sees the difference.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + (t / s) ** c)),
    "power_as_a_factor": ("part", "c is a factor", "You multiplied t/s by c. It is a power, `**`, and that of the whole sum: (1 + t/s)^c.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + c * t / s)),
    "power_of_everything": ("part", "The first rate gets the power too",
        "You raised the whole quotient to the power c, lr0 included. Only the denominator gets it: lr0/(1 + t/s)^c.",
        lambda lr0, t, s, c=1.0: (lr0 / (1 + t / s)) ** c),
    "power_staircase": ("part", "A staircase",
        "You used `//`, so the rate falls at multiples of s only. The curve is smooth: t / s, with its fraction.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + t // s) ** c),
    "power_times_s": ("part", "Multiplied by s", "You computed 1 + t·s. s is a time, the unit in which t is measured: 1 + t/s.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + t * s) ** c),
    "power_without_brackets": ("core", "The brackets below the line are missing",
        "You wrote `lr0 / 1 + t / s`, which is lr0 + t/s. The whole sum stands below the line, in brackets.",
        lambda lr0, t, s, c=1.0: lr0 / 1 + t / s**c),
    "power_without_one": ("part", "The 1 is missing",
        "You divided by (t/s)^c, which is 0 at the beginning. With the 1 the rate is lr0 there.",
        lambda lr0, t, s, c=1.0: lr0 / (t / s) ** c),
    "power_whole_c": ("part", "c is cut to a whole number",
        "You used `int(c)`, or a loop that divides c times. The power may be fractional: with c = 0.5 it is a square root.",
        lambda lr0, t, s, c=1.0: lr0 / (1 + t / s) ** int(c)),
    "power_without_any_brackets": ("core", "The brackets below the line are missing",
        "You wrote `lr0 / 1 + (t / s) ** c`, which adds to lr0. The whole sum stands below the line, in brackets.",
        lambda lr0, t, s, c=1.0: lr0 / 1 + (t / s) ** c),
})
# fmt: on

OTHER_DEFAULTS = [
    other_default("step_decay", reference.step_decay, see="09 §2", name="drop", value=0.1),
    other_default("exponential_schedule", reference.exponential_schedule, see="09 §3", name="s", value=10),
    other_default("power_schedule", reference.power_schedule, see="09 §4", name="c", value=0.5),
]


# --- the formulas: right --------------------------------------------------------------------------------------------------


@alternative("step_decay")
def step_in_a_loop(lr0, epoch, drop=0.5, every=10):
    rate = lr0
    for e in range(1, int(epoch) + 1):
        if e % every == 0:
            rate *= drop
    return rate


@alternative("step_decay")
def step_recursive(lr0, epoch, drop=0.5, every=10):
    def left(e):
        return 1 if e < every else drop * left(e - every)

    return lr0 * left(epoch)


@alternative("exponential_schedule")
def schedule_in_two_parts(lr0, epoch, s=20):
    tenths, rest = divmod(epoch, s)
    return np.float64(lr0 * 0.1**tenths * np.power(0.1, rest / s))


# fmt: off
OTHER_STEPS = alternatives("step_decay", {
    "step_with_numpy": lambda lr0, epoch, drop=0.5, every=10: np.asarray(lr0 * np.power(drop, np.floor(np.true_divide(epoch, every)))),
})
OTHER_EXPONENTIALS = alternatives("exponential_decay", {
    "exponential_with_math": lambda lr0, t, k: lr0 / math.exp(k * t),
    "exponential_as_a_power": lambda lr0, t, k: np.array(lr0 * np.float_power(math.e, -t * k)),
    "exponential_of_a_factor": lambda lr0, t, k: lr0 * math.exp(-k) ** t,
})
OTHER_SCHEDULES = alternatives("exponential_schedule", {
    "schedule_divided_by_a_power": lambda lr0, epoch, s=20: lr0 / 10 ** (epoch / s),
    "schedule_with_logarithms": lambda lr0, epoch, s=20: lr0 * math.exp(-math.log(10.0) * epoch / s),
})
OTHER_INVERSES = alternatives("inverse_time_decay", {
    "inverse_of_the_reciprocal": lambda lr0, t, k: 1 / ((1 + k * t) / lr0),
    "inverse_with_numpy": lambda lr0, t, k: np.array(np.divide(lr0, np.add(1, np.multiply(k, t)))),
    "inverse_by_a_power": lambda lr0, t, k: lr0 * (1.0 + t * k) ** -1,
})
OTHER_POWERS = alternatives("power_schedule", {
    "power_with_a_negative_exponent": lambda lr0, t, s, c=1.0: lr0 * (1 + t / s) ** (-c),
    "power_on_one_line": lambda lr0, t, s, c=1.0: np.array(lr0 * np.power(s / (s + t), c)),
    "power_with_logarithms": lambda lr0, t, s, c=1.0: float(lr0) * math.exp(-c * math.log1p(t / s)),
})
# fmt: on
SINGLE = members(FORMULAS, RIGHT, in_single_precision)


# --- piecewise_constant ---------------------------------------------------------------------------------------------------


def over(boundaries, t):
    """Return how many boundaries are over: the index of the right value."""
    return bisect_right(list(boundaries), t)


# fmt: off
PIECEWISE = misconceptions("piecewise_constant", "09 §5", {
    "piecewise_old_value": ("slip", "At a boundary the old value holds",
        "You counted the boundaries that are < t, as Keras does. Here a boundary belongs to the piece after it: count those that are ≤ t.",
        lambda boundaries, values, t: values[bisect_left(boundaries, t)]),
    "piecewise_clipped": ("part", "The last value is never reached",
        "Behind the last boundary you stay at the value before it. There is one value more than boundaries, and the last one holds there.",
        lambda boundaries, values, t: values[min(over(boundaries, t), max(len(boundaries) - 1, 0))]),
    "piecewise_one_too_far": ("part", "The next piece's value",
        "Your index is one too large: before the first boundary you return values[1]. Before it, no boundary is ≤ t, so i is 0.",
        lambda boundaries, values, t: values[min(over(boundaries, t) + 1, len(values) - 1)]),
    "piecewise_one_too_few": ("part", "The piece before",
        "Your index is one too small, so after the first boundary the first value still holds. i is the number of boundaries that are ≤ t.",
        lambda boundaries, values, t: values[max(over(boundaries, t) - 1, 0)]),
    "piecewise_minus_one": ("core", "The index is one too small, and −1 at first",
        "You subtracted 1 from the number of boundaries that are ≤ t. So you get the value of the piece before, and before the first "
        "boundary values[−1], which is the last one. The number itself is the index.",
        lambda boundaries, values, t: values[over(boundaries, t) - 1]),
    "piecewise_index": ("core", "The index is returned",
        "You returned i, the number of the piece. What is asked for is its value, `values[i]`.",
        lambda boundaries, values, t: float(over(boundaries, t))),
    "piecewise_lengths": ("core", "Boundaries taken for lengths",
        "You added the boundaries up, as if they were the lengths of the pieces. They are times: the first piece ends at boundaries[0], "
        "the second at boundaries[1].",
        lambda boundaries, values, t: values[over(np.cumsum(boundaries), t)]),
    "piecewise_lines": ("core", "Straight lines between the values",
        "You interpolated. Between two boundaries the rate is constant, and jumps at the boundary: look it up, without `np.interp`.",
        lambda boundaries, values, t: np.interp(t, [0, *boundaries], values)),
    "piecewise_first": ("core", "The first value always",
        "Your loop returns in its first round, whatever t is, so the first value holds forever. Return only once the piece is found.",
        lambda boundaries, values, t: values[0]),
    "piecewise_overwritten": ("core", "The last value as soon as t is positive",
        "Your loop goes on after it has found the piece, and the last comparison wins. Stop the loop there, or count.",
        lambda boundaries, values, t: values[len(boundaries) - 1] if len(boundaries) and t < boundaries[-1] else values[-1]),
    "piecewise_without_the_beginning": ("part", "Before the first boundary the last value holds",
        "Your loop looks between two boundaries at a time, and what is left, also the time before the first boundary, gets the last value.",
        lambda boundaries, values, t: values[over(boundaries, t) or -1]),
    "piecewise_stops_at_the_first": ("part", "The loop stops at the first boundary that is over",
        "You leave the loop at the first boundary that is ≤ t, so values[1] holds forever. Go on: a later boundary may be over as well.",
        lambda boundaries, values, t: values[min(over(boundaries, t), 1)]),
    "piecewise_decides_at_once": ("part", "The first boundary decides alone",
        "Your loop returns in its first round also where t is behind the first boundary, because of the `else`. Go on there: the other "
        "boundaries haven't been looked at.",
        lambda boundaries, values, t: values[-1] if over(boundaries, t) else values[0]),
    "piecewise_for_two": ("part", "Made for two boundaries",
        "You wrote out the cases for two boundaries. There may be any number of them, also none: use a loop, or count.",
        lambda boundaries, values, t: values[0] if t < boundaries[0] else values[1] if t < boundaries[1] else values[2]),
    "piecewise_reversed": ("core", "The values are read from the end",
        "You counted the boundaries that are still to come. i is the number of those that are over, the boundaries ≤ t.",
        lambda boundaries, values, t: values[sum(boundary > t for boundary in boundaries)]),
    "piecewise_not_empty": ("slip", "An empty list of boundaries raises",
        "You looked at boundaries[0] or boundaries[-1] before anything else. The list may be empty; then the only value always holds.",
        lambda boundaries, values, t: values[-1] if t >= boundaries[-1] else values[over(boundaries, t)]),
})
OTHER_PIECEWISE = alternatives("piecewise_constant", {
    "piecewise_with_numpy": lambda boundaries, values, t: np.asarray(values, dtype=float)[np.searchsorted(boundaries, t, side="right")],
    "piecewise_by_masks": lambda boundaries, values, t: np.sum(
        np.where((np.array([-np.inf, *boundaries]) <= t) & (t < np.array([*boundaries, np.inf])), values, 0.0)),
})
# fmt: on


@misconception("piecewise_constant", "part", title="Nothing behind the last boundary", see="09 §5")
def piecewise_without_the_end(boundaries, values, t):
    """Your loop ends at the last boundary, and behind it the function returns nothing. There is one value more than boundaries: return
    `values[-1]` after the loop."""
    for boundary, value in zip(boundaries, values, strict=False):
        if t < boundary:
            return value


@misconception("piecewise_constant", "slip", title="A list is changed", see="09 §5")
def piecewise_appended(boundaries, values, t):
    """You appended to the caller's list, or took items out of it, so the next call gets another one. Make a new list: `[*boundaries,
    np.inf]`."""
    boundaries.append(np.inf)
    return piecewise_without_the_end(boundaries, values, t)


@alternative("piecewise_constant")
def piecewise_from_behind(boundaries, values, t):
    for boundary, value in zip(reversed(list(boundaries)), reversed(list(values)), strict=False):
        if t >= boundary:
            return value
    return values[0]


@alternative("piecewise_constant")
def piecewise_in_a_while_loop(boundaries, values, t):
    i = 0
    while i < len(boundaries) and boundaries[i] <= t:
        i += 1
    return np.float32(values[i])


# --- plateau_step ---------------------------------------------------------------------------------------------------------


def plateau(switch, state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """Judge one epoch; each of the switches makes a mistake."""
    best, waited = state.get("best", switch.get("first_best", math.inf)), state.get("waited", 0)
    lr = state.get("lr", lr) if "own_rate" in switch else lr
    better = metric <= best if "equal" in switch else metric < best
    better = metric < best - 1e-4 * abs(best) if "threshold" in switch and state else better
    better = not metric >= best if "nan_is_better" in switch else better
    better = metric > state.get("best", -math.inf) if "higher" in switch else better
    if better:
        waited = waited if "adds_up" in switch else 0
    else:
        waited += 1
    best = metric if better or "previous" in switch else best
    waited = 1 if "first_is_bad" in switch and not state else waited
    new, reduced = lr, max(lr * factor, min_lr)
    others = {"lost": lr * (1 - factor), "smaller": min(lr * factor, min_lr), "no floor": lr * factor, "divided": lr / factor}
    others |= {"subtracted": max(lr - factor, min_lr)}
    if waited >= patience + switch.get("late", 0):
        new = others.get(switch.get("reduced"), reduced)
        waited = waited if "goes_on" in switch else 0
        best = math.inf if "best_forgotten" in switch else best
    return new, {} if "nothing_stored" in switch else {"best": best, "waited": waited, "lr": new}


PLATEAU_OPTIONS = [
    only_the_first("plateau_step", reference.plateau_step, see="09 §6", severity="core", first="the rate", all="the rate and the state"),
    fixed_number("plateau_step", reference.plateau_step, see="09 §6", name="patience", severity="part", called="plateau_fixed_patience"),
    fixed_number("plateau_step", reference.plateau_step, see="09 §6", name="factor", severity="part", called="plateau_fixed_factor"),
    fixed_number(
        "plateau_step",
        reference.plateau_step,
        see="09 §6",
        name="patience",
        value=1,
        severity="part",
        called="plateau_without_patience",
        title="Every bad epoch reduces the rate",
        text="You reduce the rate at each epoch without an improvement. Count them, and wait for the patience-th in a row.",
    ),
]
# fmt: off
PLATEAU = variants("plateau_step", "09 §6", reference.plateau_step, plateau, {
    "plateau_equal": ("slip", "An equal metric counts as an improvement",
        "You compared with `<=`. A metric that only repeats the best one is no progress: an improvement is strictly smaller.",
        {"equal": True}),
    "plateau_nan": ("slip", "NaN counts as an improvement",
        "You asked whether the metric is bad, with `>=`. Every comparison with NaN is false, so NaN became the best metric, and nothing "
        "is ever better or worse than that. Ask `metric < best`.", {"nan_is_better": True}),
    "plateau_threshold": ("slip", "Small improvements don't count",
        "You ask for an improvement by some share of the best metric, as PyTorch does. Here any smaller metric is an improvement.",
        {"threshold": True}),
    "plateau_first_best": ("slip", "The first best metric is a number",
        "Before the first epoch you take a number such as 1000 for the best metric. A first metric above it is then no improvement. Use "
        "infinity, `np.inf`.", {"first_best": 1000.0}),
    "plateau_first_best_zero": ("core", "The first best metric is 0",
        "Before the first epoch you take 0 for the best metric, and no loss is ever below that. Use infinity, `np.inf`.",
        {"first_best": 0.0}),
    "plateau_own_rate": ("slip", "The rate comes from the state",
        "You keep the rate in the state and reduce that one. The rate that is passed is the one to reduce: the caller may have changed "
        "it.", {"own_rate": True}),
    "plateau_one_late": ("part", "One epoch too late",
        "You reduce the rate when the count is larger than patience, as PyTorch does. Here it is reduced at the patience-th epoch in a "
        "row without an improvement: `>=`, and count this epoch before you compare.", {"late": 1}),
    "plateau_one_early": ("part", "One epoch too early",
        "You reduce the rate one epoch before the patience-th one without an improvement. Count this epoch once, then compare.",
        {"late": -1}),
    "plateau_first_is_bad": ("part", "The first epoch counts as a bad one",
        "The first epoch isn't counted as an improvement, so after it the count is 1. There is nothing better before it: the count is 0.",
        {"first_is_bad": True}),
    "plateau_goes_on": ("part", "The count goes on after a reduction",
        "After a reduction you didn't set the count back to 0, so the next bad epoch reduces the rate again, and so do all that follow.",
        {"goes_on": True}),
    "plateau_never_counts_anew": ("part", "The count is never set back",
        "Your count only grows: an improvement has to set it back to 0, and a reduction, too.", {"adds_up": True, "goes_on": True}),
    "plateau_adds_up": ("part", "Bad epochs add up",
        "An improvement doesn't set your count back to 0. Only bad epochs in a row count.", {"adds_up": True}),
    "plateau_previous": ("part", "Compared with the epoch before",
        "You compare with the metric of the epoch before. A run that swings up and down would look like progress forever: compare with "
        "the best metric so far, and change that at an improvement only.", {"previous": True}),
    "plateau_best_forgotten": ("part", "The best metric is forgotten at a reduction",
        "At a reduction you start from an empty state again. The count begins at 0, but the best metric stays.", {"best_forgotten": True}),
    "plateau_higher": ("core", "Higher is taken for better",
        "You take a larger metric for an improvement, as with an accuracy. Here lower is better.", {"higher": True}),
    "plateau_nothing_stored": ("core", "The rate is never reduced",
        "The count and the best metric don't get from one epoch to the next, so every epoch is the first; or you return the rate that "
        "came in. Return a new state with both in it, and max(lr·factor, min_lr) at the patience-th bad epoch.", {"nothing_stored": True}),
    "plateau_lost": ("part", "factor is what is taken away",
        "You multiplied by 1 − factor. The rate is multiplied by factor itself; with 0.5 nobody sees the difference.",
        {"reduced": "lost"}),
    "plateau_smaller": ("part", "The smaller of the two",
        "You took the minimum of lr·factor and min_lr, which is 0 by default. min_lr is the lowest rate that is allowed: take the "
        "maximum.", {"reduced": "smaller"}),
    "plateau_no_floor": ("part", "min_lr is forgotten",
        "Your rate falls below min_lr. Take the larger one of lr·factor and min_lr.", {"reduced": "no floor"}),
    "plateau_divided": ("part", "Divided by factor",
        "You divided by factor, which is below 1, so your rate grows. Multiply by it.", {"reduced": "divided"}),
    "plateau_subtracted": ("part", "factor is subtracted",
        "You subtracted factor from the rate. It is a factor: the rate is multiplied by it.", {"reduced": "subtracted"}),
})
# fmt: on


@misconception("plateau_step", "slip", title="The state comes first", see="09 §6")
def plateau_other_order(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """You returned (state, lr). The rate comes first: `return lr, state`."""
    return plateau({}, state, metric, lr, factor, patience, min_lr)[::-1]


@misconception("plateau_step", "slip", title="The old state is changed in place", see="09 §6")
def plateau_in_place(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """Your rates are right, but you wrote into the state that was passed. Whoever keeps the old state must be able to take the epoch again:
    return a new one."""
    new, kept = plateau({}, state, metric, lr, factor, patience, min_lr)
    state.update(kept)
    return new, state


@misconception("plateau_step", "part", title="Only the rate is returned, and the state changed in place", see="09 §6")
def plateau_rate_alone(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """You return the rate alone and write into the state that was passed. Whoever calls you expects two things back: make a new state, and
    `return lr, state`."""
    return plateau_in_place(state, metric, lr, factor, patience, min_lr)[0]


@misconception("plateau_step", "slip", title="NaN becomes the best metric", see="09 §6")
def plateau_minimum_with_nan(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """You take the minimum of all metrics so far, and with a NaN among them `np.min` is NaN. Nothing is smaller than that, so no later
    epoch is an improvement. Change the best metric at an improvement only."""
    best, waited = state.get("best", math.inf), state.get("waited", 0)
    waited = 0 if metric < best else waited + 1
    best = float(np.minimum(best, metric))
    return (lr, {"best": best, "waited": waited}) if waited < patience else (max(lr * factor, min_lr), {"best": best, "waited": 0})


@misconception("plateau_step", "slip", title="The memory is shared by all runs", see="09 §6")
def plateau_global(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """You keep the count outside the state, in a global variable, an attribute of the function or a default argument. Two runs that take
    turns then disturb each other. All memory belongs into the state."""
    new, kept = plateau({}, state and {**state, "waited": WAITED[0]}, metric, lr, factor, patience, min_lr)
    WAITED[0] = kept["waited"]
    return new, {"best": kept["best"]}


WAITED = [0]


@alternative("plateau_step")
def plateau_with_a_tuple(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    best, waited = state or (None, 0)
    if best is None or metric < best:
        return lr, (metric, 0)
    waited = (waited + 1) % patience
    return (lr, (best, waited)) if waited else (np.maximum(lr * factor, min_lr), (best, 0))


@alternative("plateau_step")
def plateau_with_all_metrics(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    metrics = [*state.get("metrics", []), metric]
    waited = 0 if not any(old <= metric for old in metrics[:-1]) and metric == metric else state["waited"] + 1
    if waited == patience:
        lr, waited = max(min_lr, factor * lr), 0
    return [lr, dict(metrics=metrics, waited=waited)]


@alternative("plateau_step")
def plateau_that_counts_down(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    new = dict(state) if state else {"best": float("inf"), "left": patience}
    if metric < new["best"]:
        new["best"], new["left"] = metric, patience
    else:
        new["left"] -= 1
    if new["left"] == 0:
        new["left"], lr = patience, np.float64(min_lr if lr * factor < min_lr else lr * factor)
    return lr, new


# --- one_cycle ------------------------------------------------------------------------------------------------------------


def cycle(switch, t, total, lr_max, lr_start=None, last=0.1):
    """Return the rate of 1cycle; each of the switches makes a mistake."""
    low = lr_max / switch.get("start", 10) if lr_start is None or "no_start" in switch or ("falsy" in switch and not lr_start) else lr_start
    h = {"half": total / 2, "double": (1 - last) * total, "other": last * total / 2}.get(switch.get("h"), (1 - last) * total / 2)
    h = max(int(h), 1) if "whole" in switch else h
    end = {"zero": 0.0, "top": lr_max / 1000, "same": low}.get(switch.get("end"), low / switch.get("divisor", 1000))
    up, down, foot = switch.get("up", low), switch.get("down", low), lr_max if "from_top" in switch else low
    if "down_first" in switch:
        low, lr_max, up, down, foot = lr_max, low, lr_max, lr_max, low
    if ("stays" in switch and h < t <= 2 * h) or "only_down" in switch:
        return lr_max * (1 - t / total if "only_down" in switch else 1)
    curve = (lambda x: (1 - math.cos(math.pi * x)) / 2) if "cosine" in switch else (lambda x: x)
    if t <= h:
        return up + (lr_max - up) * curve(t / h)
    if t <= 2 * h:
        return lr_max + (down - lr_max) * curve(t / h / switch["down_time"] if "down_time" in switch else (t - h) / h)
    if "at_once" in switch:
        return low / 1000
    share = (t - 2 * h) / (total if "whole_run" in switch else total - 2 * h)
    if "geometric" in switch:
        return foot * 0.001**share
    return foot + (end - foot) * share


# fmt: off
CYCLE = variants("one_cycle", "09 §8", reference.one_cycle, cycle, {
    "cycle_falsy_start": ("slip", "A start of 0 is replaced",
        "You wrote `if not lr_start`, or `lr_start or …`, which takes 0 for a missing argument. Ask `lr_start is None`.", {"falsy": True}),
    "cycle_other_default": ("slip", "The default of lr_start is another",
        "Without lr_start your run begins at another rate than lr_max/10; PyTorch's default is lr_max/25.", {"start": 25}),
    "cycle_whole_h": ("slip", "h is cut to a whole number",
        "You rounded h down, with `//` or `int`. A run may have any length, so h may be fractional.", {"whole": True}),
    "cycle_other_end": ("part", "The run ends at another rate",
        "Your last phase doesn't end at lr_start/1000, but at another part of it.", {"divisor": 100}),
    "cycle_ends_at_zero": ("part", "The run ends at 0",
        "Your last phase goes down to 0. It ends at lr_start/1000, which is small but not 0.", {"end": "zero"}),
    "cycle_ends_at_part_of_the_top": ("part", "The run ends at a thousandth of the highest rate",
        "Your last phase ends at lr_max/1000. It ends at lr_start/1000.", {"end": "top"}),
    "cycle_without_last_phase": ("part", "The last phase is missing",
        "After 2h you stay at lr_start. In the last phase the rate goes on falling, to lr_start/1000.", {"end": "same"}),
    "cycle_geometric": ("part", "The last phase is curved",
        "You let the rate fall by equal factors in the last phase. It falls in a straight line there, too.", {"geometric": True}),
    "cycle_last_of_the_whole_run": ("part", "The last phase is too flat",
        "In the last phase you divided by the length of the whole run. It is total − 2h long.", {"whole_run": True}),
    "cycle_half": ("part", "The peak is in the middle of the whole run",
        "Your h is total/2. The last phase has to be taken away first: h = (1 − last)·total/2.", {"h": "half"}),
    "cycle_last_phase_from_the_top": ("part", "The last phase begins at the top",
        "Your last phase begins at lr_max, so the rate jumps at 2h. It begins at lr_start, where the way down ends.", {"from_top": True}),
    "cycle_double": ("core", "The way up is twice as long",
        "Your h is (1 − last)·total. Up and down share that: h is half of it.", {"h": "double"}),
    "cycle_last_for_the_rest": ("core", "last is taken for the rest",
        "Your h is last·total/2. last is the share of the last phase, and 1 − last is left for up and down.", {"h": "other"}),
    "cycle_without_start": ("part", "lr_start is ignored",
        "You always begin at lr_max/10. That is the default only, for lr_start = None.", {"no_start": True}),
    "cycle_cosine": ("part", "A cosine in place of straight lines",
        "You went up and down along a cosine, as PyTorch does by default. Here the rate goes in straight lines.", {"cosine": True}),
    "cycle_from_zero": ("part", "The way up begins at 0",
        "Your way up is lr_max·t/h, which begins at 0. It begins at lr_start.", {"up": 0.0}),
    "cycle_down_to_zero": ("part", "The way down ends at 0",
        "Your way down ends at 0, and then the rate jumps. It ends at lr_start, where the last phase begins.", {"down": 0.0}),
    "cycle_down_first": ("core", "First down, then up",
        "You begin at lr_max and go down to lr_start and up again. It is the other way round.", {"down_first": True}),
    "cycle_down_from_the_wrong_time": ("part", "The way down is too low",
        "On the way down you counted the time from the beginning of the run. It begins at h: t − h.", {"down_time": 1}),
    "cycle_at_once": ("part", "The last phase is at its end at once",
        "After 2h you return lr_start/1000 at once. The rate goes there in a straight line, until t = total.", {"at_once": True}),
    "cycle_only_down": ("core", "A straight line down",
        "You let the rate fall from lr_max to 0 in one line. 1cycle goes up first, then down, and has a last phase.", {"only_down": True}),
    "cycle_stays": ("part", "It stays at the top",
        "From h to 2h you stay at lr_max. The rate goes back down to lr_start there, in a straight line.", {"stays": True}),
    "cycle_down_over_two_phases": ("part", "The way down begins too low",
        "On the way down you took t/(2h) for the share of the way, so the rate jumps at h. That way begins at h and takes h: (t − h)/h.",
        {"down_time": 2}),
})
# fmt: on


@alternative("one_cycle")
def cycle_by_interpolation(t, total, lr_max, lr_start=None, last=0.1):
    start = 0.1 * lr_max if lr_start is None else lr_start
    h = 0.5 * total * (1 - last)
    return np.interp(t, [0, h, 2 * h, total], [start, lr_max, start, 0.001 * start])


@alternative("one_cycle")
def cycle_with_a_helper(t, total, lr_max, lr_start=None, last=0.1):
    def line(x0, y0, x1, y1):
        return y0 + (t - x0) / (x1 - x0) * (y1 - y0)

    if lr_start is None:
        lr_start = lr_max / 10
    h = (total - last * total) / 2
    if t < h:
        return line(0, lr_start, h, lr_max)
    if t < 2 * h:
        return line(h, lr_max, 2 * h, lr_start)
    return np.float64(line(2 * h, lr_start, total, lr_start / 1000))


@alternative("one_cycle")
def cycle_of_minima(t, total, lr_max, lr_start=None, last=0.1):
    low = lr_max / 10 if lr_start is None else lr_start
    h = (1 - last) / 2
    x = t / total
    tent = low + (lr_max - low) * min(x, 2 * h - x) / h
    tail = low * (1 - 0.999 * (x - 2 * h) / last)
    return np.array(np.where(x <= 2 * h, tent, tail))


# --- wrong in many exercises: last, because the narrow ones come first ----------------------------------------------------

IN_EVERY_FORMULA = members(FORMULAS, RIGHT, counted_from_one, first_rate_left_out, rises, loss_returned, never_changes, function_returned)
CUT = members(SMOOTH, RIGHT, whole_times, counted_late)
EVERYWHERE = members(ONE_NUMBER, RIGHT, nothing_returned, in_an_array, partial(in_a_tuple, severity="slip"))
ROUNDED = members(FORMULAS | {"one_cycle": "09 §8"}, RIGHT, rounded, partial(rounded, digits=4, called="{exercise}_rounded_to_4"))
WHOLE = (
    "You turned the answer into the type of lr0, with `type(lr0)` or `int`, and lr0 may be an integer. A rate has digits behind the point."
)
CUT_OFF = members(FORMULAS, RIGHT, partial(cut_off, title="The rate is cut to a whole number if lr0 is one", text=WHOLE))
OTHERS = [
    fixed_number("one_cycle", reference.one_cycle, see="09 §8", name="last", severity="part", called="cycle_fixed_last"),
    fixed_number("exponential_decay", reference.exponential_decay, see="09 §3", name="k", value=0.1, severity="part"),
    fixed_number("inverse_time_decay", reference.inverse_time_decay, see="09 §4", name="k", value=0.1, severity="part"),
    whole_times("piecewise_constant", reference.piecewise_constant, see="09 §5", position=2),
    whole_times("one_cycle", reference.one_cycle, see="09 §8", position=0),
    fixed_number("step_decay", reference.step_decay, see="09 §2", name="drop", severity="part", called="step_fixed_drop"),
    fixed_number("step_decay", reference.step_decay, see="09 §2", name="every", severity="part", called="step_fixed_every"),
    fixed_number("exponential_schedule", reference.exponential_schedule, see="09 §3", name="s", severity="part"),
    nothing_returned("plateau_step", reference.plateau_step, see="09 §6"),
    *(
        fixed_number(name, RIGHT[name], see=see, name="lr0", value=0.01, severity="part", called="{stem}_fixed_lr0")
        for name, see in FORMULAS.items()
    ),
]


# --- for the demonstration ------------------------------------------------------------------------------------------------

UNEXPLAINED = {
    "inverse_time_decay": """def inverse_time_decay(lr0, t, k):
    # the rate falls like one over the square root of the time
    return lr0 / (1 + k * np.sqrt(t))"""
}
"""Wrong functions that no misconception explains, by exercise: a group of the demonstration's students shares them."""
