"""Known answers to lecture 9, learning-rate schedules, wrong and right.

The formulas in t share many mistakes, which are families here. `plateau_step` and `one_cycle` are written once with a switch for each
mistake; `plateau_mistake` and `cycle_mistake` turn a switch.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import family, fixed_number, in_a_tuple, members, nothing_returned, only_the_first
from autograder.reference import learning_rate_schedules as reference

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
)
def rounded(right, options, *args, **kwargs):
    return round(float(right(*args, **kwargs)), 6)


@family(
    "An array in place of a number",
    "You returned the rate in an array or a list of length 1. A rate is a single number, for instance a float.",
    "slip",
)
def in_an_array(right, options, *args, **kwargs):
    return np.array([right(*args, **kwargs)])


# --- step_decay -----------------------------------------------------------------------------------------------------------


@misconception("step_decay", "part", title="The exponent isn't rounded", see="09 §2")
def step_without_floor(lr0, epoch, drop=0.5, every=10):
    """You used epoch/every as the exponent, so the rate falls a little at every epoch. Step decay is a staircase: round the quotient down,
    with `//`, and the rate stays as it is for `every` epochs."""
    return lr0 * drop ** (epoch / every)


@misconception("step_decay", "part", title="The exponent is rounded to the nearest", see="09 §2")
def step_rounded(lr0, epoch, drop=0.5, every=10):
    """You used `round`, so the first drop comes after half the time. ⌊x⌋ is x rounded down: `//`, or `np.floor`."""
    return lr0 * drop ** round(epoch / every)


@misconception("step_decay", "part", title="The exponent is rounded up", see="09 §2")
def step_rounded_up(lr0, epoch, drop=0.5, every=10):
    """You rounded up, so epoch 1 has a smaller rate already, and epoch `every` still has it. ⌊x⌋ is x rounded down."""
    return lr0 * drop ** math.ceil(epoch / every)


@misconception("step_decay", "part", title="The drop comes one epoch late", see="09 §2")
def step_late(lr0, epoch, drop=0.5, every=10):
    """Your rate falls at epoch every + 1. Epochs count from 0, so the first `every` epochs end with number every − 1, and epoch `every` is
    the first one with a smaller rate: use `>=`, and no − 1."""
    return lr0 * drop ** max((epoch - 1) // every, 0)


@misconception("step_decay", "part", title="The rate drops once only", see="09 §2")
def step_once(lr0, epoch, drop=0.5, every=10):
    """You multiplied by drop once, with an `if`. The rate drops at every, at 2·every, at 3·every and so on: a power of drop."""
    return lr0 * drop if epoch >= every else lr0


@misconception("step_decay", "core", title="The rate drops at multiples of every, and rises again", see="09 §2")
def step_at_multiples(lr0, epoch, drop=0.5, every=10):
    """You multiplied by drop where `epoch % every == 0`, and at all other epochs returned lr0. The rate has to stay low: count how many
    drops there were so far, with `//`."""
    return lr0 * drop if epoch % every == 0 else lr0


@misconception("step_decay", "core", title="The remainder is the exponent", see="09 §2")
def step_remainder(lr0, epoch, drop=0.5, every=10):
    """You used `%`, the remainder. How many times `every` epochs are over is the quotient, rounded down: `//`."""
    return lr0 * drop ** (epoch % every)


@misconception("step_decay", "part", title="The rate drops at every epoch", see="09 §2")
def step_every_epoch(lr0, epoch, drop=0.5, every=10):
    """You used the epoch itself as the exponent and forgot `every`. The exponent is the number of drops so far, epoch // every."""
    return lr0 * drop**epoch


@misconception("step_decay", "part", title="drop is what is taken away", see="09 §2")
def step_one_minus_drop(lr0, epoch, drop=0.5, every=10):
    """You multiplied by 1 − drop. Here drop is the factor that is left, not the share that goes; with 0.5 nobody sees the difference."""
    return lr0 * (1 - drop) ** (epoch // every)


@misconception("step_decay", "core", title="drop is multiplied by the number of drops", see="09 §2")
def step_factor_times_count(lr0, epoch, drop=0.5, every=10):
    """You multiplied by drop · ⌊epoch/every⌋, which is 0 at first. The rate is multiplied by drop again and again: a power, `**`."""
    return lr0 * drop * (epoch // every)


@misconception("step_decay", "part", title="The rate falls by equal amounts", see="09 §2")
def step_linear(lr0, epoch, drop=0.5, every=10):
    """You subtracted the same amount at each drop, which soon gives a rate of zero or below. The rate is multiplied by drop each time."""
    return lr0 * (1 - (1 - drop) * (epoch // every))


@misconception("step_decay", "slip", title="The defaults are others", see="09 §2")
def step_other_defaults(lr0, epoch, drop=0.1, every=30):
    """Your formula is right, but the defaults are not those of the stub: drop = 0.5 and every = 10."""
    return lr0 * drop ** (epoch // every)


@alternative("step_decay")
def step_in_a_loop(lr0, epoch, drop=0.5, every=10):
    rate = lr0
    for e in range(1, int(epoch) + 1):
        if e % every == 0:
            rate *= drop
    return rate


@alternative("step_decay")
def step_with_numpy(lr0, epoch, drop=0.5, every=10):
    return np.asarray(lr0 * np.power(drop, np.floor(np.true_divide(epoch, every))))


@alternative("step_decay")
def step_recursive(lr0, epoch, drop=0.5, every=10):
    return lr0 if epoch < every else drop * step_recursive(lr0, epoch - every, drop, every)


@alternative("step_decay")
def step_in_single_precision(lr0, epoch, drop=0.5, every=10):
    return np.float32(lr0) * np.float32(drop) ** np.float32(divmod(epoch, every)[0])


# --- exponential_decay ----------------------------------------------------------------------------------------------------


@misconception("exponential_decay", "part", title="Divided by k", see="09 §3")
def exponential_divided(lr0, t, k):
    """Your exponent is −t/k. Here k is a speed and not a time: the exponent is −k·t, and a larger k means a faster fall."""
    with np.errstate(all="ignore"):
        return lr0 * np.exp(-np.divide(t, k))


@misconception("exponential_decay", "part", title="k is forgotten", see="09 §3")
def exponential_without_k(lr0, t, k):
    """Your exponent is −t. How fast the rate falls is what k is for: −k·t."""
    return lr0 * np.exp(-t)


@misconception("exponential_decay", "part", title="1 − k in place of e^(−k)", see="09 §3")
def exponential_one_minus_k(lr0, t, k):
    """You multiplied by 1 − k once per unit of time. That is nearly e^(−k) for a small k, and not the same: compare at k = 0.2."""
    return lr0 * (1 - k) ** t


@misconception("exponential_decay", "part", title="Another base", see="09 §3")
def exponential_base_ten(lr0, t, k):
    """You took a power of 10, or of 2, for the exponential. In this formula the base is e: `np.exp`."""
    return lr0 * 10.0 ** (-k * t)


@misconception("exponential_decay", "part", title="k itself is the base", see="09 §3")
def exponential_power_of_k(lr0, t, k):
    """You computed kᵗ. The base is e, and k stands in the exponent: e^(−kt)."""
    return lr0 * k**t


@misconception("exponential_decay", "core", title="t stands outside the exponential", see="09 §3")
def exponential_times_t(lr0, t, k):
    """You computed e^(−k)·t, which is 0 at the beginning and grows. The product k·t belongs into the exponent, in brackets."""
    return lr0 * np.exp(-k) * t


@misconception("exponential_decay", "core", title="A straight line", see="09 §3")
def exponential_linear(lr0, t, k):
    """You computed lr0·(1 − kt), a straight line that gets below zero. It touches the exponential at t = 0 only."""
    return lr0 * (1 - k * t)


@misconception("exponential_decay", "core", title="The time is left out", see="09 §3")
def exponential_without_t(lr0, t, k):
    """You computed lr0·e^(−k), the same at any time. The exponent is −k·t."""
    return lr0 * np.exp(-k)


@misconception("exponential_decay", "core", title="This is 1/t decay", see="09 §3")
def exponential_hyperbola(lr0, t, k):
    """You computed lr0/(1 + kt), which is the next section's schedule. This one is an exponential, e^(−kt)."""
    return lr0 / (1 + k * t)


@alternative("exponential_decay")
def exponential_with_math(lr0, t, k):
    return lr0 / math.exp(k * t)


@alternative("exponential_decay")
def exponential_as_a_power(lr0, t, k):
    return np.array(lr0 * np.float_power(np.e, -t * k))


@alternative("exponential_decay")
def exponential_of_halves(lr0, t, k):
    per_unit = math.exp(-k)
    return lr0 * per_unit**t


@alternative("exponential_decay")
def exponential_in_single_precision(lr0, t, k):
    return np.float32(lr0) * np.exp(np.float32(-k * t))


# --- exponential_schedule -------------------------------------------------------------------------------------------------


@misconception("exponential_schedule", "part", title="A staircase", see="09 §3")
def schedule_staircase(lr0, epoch, s=20):
    """You used `//`, or `int` around the quotient, so the rate falls at every s-th epoch only. This curve is smooth: the exponent is
    epoch/s with its fraction."""
    return lr0 * 0.1 ** (epoch // s)


@misconception("exponential_schedule", "part", title="e in place of a tenth", see="09 §3")
def schedule_base_e(lr0, epoch, s=20):
    """You computed e^(−epoch/s). In s epochs that falls to 37 %, and it should be a tenth: the base is 0.1."""
    return lr0 * np.exp(-epoch / s)


@misconception("exponential_schedule", "part", title="A half in place of a tenth", see="09 §3")
def schedule_base_half(lr0, epoch, s=20):
    """Your rate falls to one half in s epochs. It should fall to a tenth: the base is 0.1."""
    return lr0 * 0.5 ** (epoch / s)


@misconception("exponential_schedule", "part", title="The brackets around epoch / s are missing", see="09 §3")
def schedule_without_brackets(lr0, epoch, s=20):
    """You wrote `0.1 ** epoch / s`. Powers bind tighter than division, so that is (0.1^epoch)/s. Write `0.1 ** (epoch / s)`."""
    return lr0 * 0.1**epoch / s


@misconception("exponential_schedule", "part", title="Multiplied by s", see="09 §3")
def schedule_times_s(lr0, epoch, s=20):
    """Your exponent is epoch·s. s is the number of epochs in which the rate falls to a tenth: the exponent is epoch/s."""
    return lr0 * 0.1 ** (epoch * s)


@misconception("exponential_schedule", "core", title="The quotient is upside down", see="09 §3")
def schedule_upside_down(lr0, epoch, s=20):
    """Your exponent is s/epoch, which can't even be computed at epoch 0. It is epoch/s."""
    return lr0 * 0.1 ** (s / epoch)


@misconception("exponential_schedule", "core", title="No power", see="09 §3")
def schedule_no_power(lr0, epoch, s=20):
    """You multiplied by 0.1 and by epoch/s. The quotient is the exponent: 0.1 to the power of epoch/s, with `**`."""
    return lr0 * 0.1 * epoch / s


@misconception("exponential_schedule", "part", title="s is forgotten", see="09 §3")
def schedule_without_s(lr0, epoch, s=20):
    """Your rate falls to a tenth in every single epoch. It takes s epochs: the exponent is epoch/s."""
    return lr0 * 0.1**epoch


@misconception("exponential_schedule", "slip", title="The default is another", see="09 §3")
def schedule_other_default(lr0, epoch, s=10):
    """Your formula is right, but the default of s is 20."""
    return lr0 * 0.1 ** (epoch / s)


@alternative("exponential_schedule")
def schedule_divided_by_a_power(lr0, epoch, s=20):
    return lr0 / 10 ** (epoch / s)


@alternative("exponential_schedule")
def schedule_with_logarithms(lr0, epoch, s=20):
    def at(e):
        return lr0 * math.exp(-math.log(10.0) * e / s)

    return at(epoch)


@alternative("exponential_schedule")
def schedule_in_two_parts(lr0, epoch, s=20):
    tenths, rest = divmod(epoch, s)
    return np.float64(lr0 * 0.1**tenths * np.power(0.1, rest / s))


# --- inverse_time_decay ---------------------------------------------------------------------------------------------------


@misconception("inverse_time_decay", "core", title="The brackets below the line are missing", see="09 §4")
def inverse_without_brackets(lr0, t, k):
    """You wrote `lr0 / 1 + k * t`, which is lr0 + kt. The whole sum stands below the line: `lr0 / (1 + k * t)`."""
    return lr0 / 1 + k * t


@misconception("inverse_time_decay", "part", title="The 1 is missing", see="09 §4")
def inverse_without_one(lr0, t, k):
    """You divided by kt, which is 0 at the beginning. With the 1 the rate is lr0 there."""
    with np.errstate(all="ignore"):
        return lr0 / np.multiply(k, t, dtype=float)


@misconception("inverse_time_decay", "part", title="A power of 1 + k", see="09 §4")
def inverse_power(lr0, t, k):
    """You divided by (1 + k)ᵗ, which is an exponential. 1/t decay divides by 1 + k·t."""
    return lr0 / (1 + k) ** float(t)


@misconception("inverse_time_decay", "part", title="1 + k times t", see="09 §4")
def inverse_sum_times_t(lr0, t, k):
    """You divided by (1 + k)·t, which is 0 at the beginning. Only k is multiplied by t: 1 + k·t."""
    with np.errstate(all="ignore"):
        return lr0 / np.multiply(1 + k, t, dtype=float)


@misconception("inverse_time_decay", "part", title="k is forgotten", see="09 §4")
def inverse_without_k(lr0, t, k):
    """You divided by 1 + t. How fast the rate falls is what k is for: 1 + k·t."""
    return lr0 / (1 + t)


@misconception("inverse_time_decay", "part", title="Divided by k", see="09 §4")
def inverse_divided(lr0, t, k):
    """You computed 1 + t/k. That is the next exercise, where s is a time; k is a speed: 1 + k·t."""
    with np.errstate(all="ignore"):
        return lr0 / (1 + np.divide(t, k))


@misconception("inverse_time_decay", "core", title="This is the exponential", see="09 §4")
def inverse_exponential(lr0, t, k):
    """You computed an exponential, the schedule of the section before. This one divides by 1 + k·t, and falls more slowly in the end."""
    return lr0 * np.exp(-k * t)


@misconception("inverse_time_decay", "core", title="A straight line", see="09 §4")
def inverse_linear(lr0, t, k):
    """You computed lr0·(1 − kt), which gets below zero. The rate is divided by 1 + kt."""
    return lr0 * (1 - k * t)


@misconception("inverse_time_decay", "part", title="The sum is squared, or its root taken", see="09 §4")
def inverse_root(lr0, t, k):
    """You divided by a power of 1 + k·t. Here the power is 1; others are the next exercise."""
    return lr0 / np.sqrt(1 + k * t)


@alternative("inverse_time_decay")
def inverse_of_the_reciprocal(lr0, t, k):
    return 1 / ((1 + k * t) / lr0)


@alternative("inverse_time_decay")
def inverse_with_numpy(lr0, t, k):
    return np.array(np.divide(lr0, np.add(1, np.multiply(k, t))))


@alternative("inverse_time_decay")
def inverse_by_a_power(lr0, t, k):
    growth = 1.0 + t * k
    return lr0 * growth**-1


# --- power_schedule -------------------------------------------------------------------------------------------------------


@misconception("power_schedule", "part", title="c is ignored", see="09 §4")
def power_without_c(lr0, t, s, c=1.0):
    """You didn't use c. It is the power of the whole denominator, (1 + t/s)^c."""
    return lr0 / (1 + t / s)


@misconception("power_schedule", "part", title="The power of t/s alone", see="09 §4")
def power_inside(lr0, t, s, c=1.0):
    """You computed 1 + (t/s)^c. The power is that of the whole sum, (1 + t/s)^c; with c = 1 nobody sees the difference."""
    return lr0 / (1 + (t / s) ** c)


@misconception("power_schedule", "part", title="Only s gets the power", see="09 §4")
def power_of_s(lr0, t, s, c=1.0):
    """You wrote `1 + t / s ** c`. Powers bind tightest, so that is t/(s^c). The power is that of the whole sum, in brackets."""
    return lr0 / (1 + t / s**c)


@misconception("power_schedule", "part", title="c is a factor", see="09 §4")
def power_as_a_factor(lr0, t, s, c=1.0):
    """You multiplied by c. It is a power, `**`: (1 + t/s)^c."""
    return lr0 / (1 + c * t / s)


@misconception("power_schedule", "part", title="The first rate gets the power too", see="09 §4")
def power_of_everything(lr0, t, s, c=1.0):
    """You raised the whole quotient to the power c, lr0 included. Only the denominator gets it: lr0/(1 + t/s)^c."""
    return (lr0 / (1 + t / s)) ** c


@misconception("power_schedule", "part", title="A staircase", see="09 §4")
def power_staircase(lr0, t, s, c=1.0):
    """You used `//`, so the rate falls at multiples of s only. The curve is smooth: t / s, with its fraction."""
    return lr0 / (1.0 + t // s) ** c


@misconception("power_schedule", "part", title="Multiplied by s", see="09 §4")
def power_times_s(lr0, t, s, c=1.0):
    """You computed 1 + t·s. s is a time, the unit in which t is measured: 1 + t/s."""
    return lr0 / (1.0 + t * s) ** c


@misconception("power_schedule", "core", title="The brackets below the line are missing", see="09 §4")
def power_without_brackets(lr0, t, s, c=1.0):
    """You wrote `lr0 / 1 + t / s`, which is lr0 + t/s. The whole sum stands below the line, in brackets."""
    return lr0 / 1 + (t / s) ** c


@misconception("power_schedule", "part", title="The 1 is missing", see="09 §4")
def power_without_one(lr0, t, s, c=1.0):
    """You divided by (t/s)^c, which is 0 at the beginning. With the 1 the rate is lr0 there."""
    with np.errstate(all="ignore"):
        return lr0 / np.float64(t / s) ** c


@misconception("power_schedule", "part", title="1 + t, divided by s", see="09 §4")
def power_sum_divided(lr0, t, s, c=1.0):
    """You computed (1 + t)/s. Only t is divided by s: 1 + t/s, which is 1 at the beginning."""
    return lr0 / ((1 + t) / s) ** c


@misconception("power_schedule", "slip", title="The default is another", see="09 §4")
def power_other_default(lr0, t, s, c=0.5):
    """Your formula is right, but the default of c is 1."""
    return lr0 / (1 + t / s) ** c


@alternative("power_schedule")
def power_with_a_negative_exponent(lr0, t, s, c=1.0):
    return lr0 * (1 + t / s) ** (-c)


@alternative("power_schedule")
def power_on_one_line(lr0, t, s, c=1.0):
    return np.array(lr0 * np.power(s / (s + t), c))


@alternative("power_schedule")
def power_with_logarithms(lr0, t, s, c=1.0):
    return float(lr0) * math.exp(-c * math.log1p(t / s))


# --- piecewise_constant ---------------------------------------------------------------------------------------------------


@misconception("piecewise_constant", "slip", title="At a boundary the old value holds", see="09 §5")
def piecewise_old_value(boundaries, values, t):
    """You counted the boundaries that are < t, as Keras does. Here a boundary belongs to the piece after it: count those that are ≤ t."""
    return values[bisect_left(boundaries, t)]


@misconception("piecewise_constant", "part", title="Nothing behind the last boundary", see="09 §5")
def piecewise_without_the_end(boundaries, values, t):
    """Your loop ends at the last boundary, and behind it the function returns nothing. There is one value more than boundaries: return
    `values[-1]` after the loop."""
    for boundary, value in zip(boundaries, values, strict=False):
        if t < boundary:
            return value


@misconception("piecewise_constant", "part", title="The last value is never reached", see="09 §5")
def piecewise_clipped(boundaries, values, t):
    """Behind the last boundary you stay at the value before it. There is one value more than boundaries, and the last one holds there."""
    return values[min(bisect_right(boundaries, t), max(len(boundaries) - 1, 0))]


@misconception("piecewise_constant", "part", title="The next piece's value", see="09 §5")
def piecewise_one_too_far(boundaries, values, t):
    """Your index is one too large: before the first boundary you return values[1]. Before it, no boundary is ≤ t, so i is 0."""
    return values[min(bisect_right(boundaries, t) + 1, len(values) - 1)]


@misconception("piecewise_constant", "part", title="The piece before", see="09 §5")
def piecewise_one_too_few(boundaries, values, t):
    """Your index is one too small, so after the first boundary the first value still holds. i is the number of boundaries that are ≤ t."""
    return values[max(bisect_right(boundaries, t) - 1, 0)]


@misconception("piecewise_constant", "core", title="The index is returned", see="09 §5")
def piecewise_index(boundaries, values, t):
    """You returned i, the number of the piece. What is asked for is its value, `values[i]`."""
    return float(bisect_right(boundaries, t))


@misconception("piecewise_constant", "core", title="Boundaries taken for lengths", see="09 §5")
def piecewise_lengths(boundaries, values, t):
    """You added the boundaries up, as if they were the lengths of the pieces. They are times: the first piece ends at boundaries[0], the
    second at boundaries[1]."""
    return values[bisect_right(list(np.cumsum(boundaries)), t)]


@misconception("piecewise_constant", "core", title="Straight lines between the values", see="09 §5")
def piecewise_lines(boundaries, values, t):
    """You interpolated. Between two boundaries the rate is constant, and jumps at the boundary: look it up, without `np.interp`."""
    return np.interp(t, [0, *boundaries], values)


@misconception("piecewise_constant", "core", title="The first value always", see="09 §5")
def piecewise_first(boundaries, values, t):
    """Your loop returns in its first round, whatever t is, so the first value holds forever. Return only once the piece is found."""
    return values[0]


@misconception("piecewise_constant", "core", title="The last value as soon as t is positive", see="09 §5")
def piecewise_overwritten(boundaries, values, t):
    """Your loop goes on after it has found the piece, and the last comparison wins. Stop the loop there, or count."""
    rate = values[-1]
    for boundary, value in zip(boundaries, values, strict=False):
        if t < boundary:
            rate = value
    return rate


@misconception("piecewise_constant", "part", title="Made for two boundaries", see="09 §5")
def piecewise_for_two(boundaries, values, t):
    """You wrote out the cases for two boundaries. There may be any number of them, also none: use a loop, or count."""
    if t < boundaries[0]:
        return values[0]
    return values[1] if t < boundaries[1] else values[2]


@misconception("piecewise_constant", "core", title="The values are read from the end", see="09 §5")
def piecewise_reversed(boundaries, values, t):
    """You counted the boundaries that are still to come. i is the number of those that are over, the boundaries ≤ t."""
    return values[sum(boundary > t for boundary in boundaries)]


@misconception("piecewise_constant", "slip", title="A list is changed", see="09 §5")
def piecewise_appended(boundaries, values, t):
    """You appended to the caller's list, or took items out of it, so the next call gets another one. Make a new list: `[*boundaries,
    np.inf]`."""
    boundaries.append(np.inf)
    for boundary, value in zip(boundaries, values, strict=False):
        if t < boundary:
            return value


@misconception("piecewise_constant", "slip", title="An empty list of boundaries raises", see="09 §5")
def piecewise_not_empty(boundaries, values, t):
    """You looked at boundaries[0] or boundaries[-1] before anything else. The list may be empty; then the only value always holds."""
    if t >= boundaries[-1]:
        return values[-1]
    return next(value for boundary, value in zip(boundaries, values, strict=False) if t < boundary)


@alternative("piecewise_constant")
def piecewise_with_numpy(boundaries, values, t):
    return np.asarray(values, dtype=float)[np.searchsorted(boundaries, t, side="right")]


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


@alternative("piecewise_constant")
def piecewise_by_masks(boundaries, values, t):
    starts, ends = np.array([-np.inf, *boundaries]), np.array([*boundaries, np.inf])
    return np.sum(np.where((starts <= t) & (t < ends), values, 0.0))


# --- plateau_step ---------------------------------------------------------------------------------------------------------


def plateau(state, metric, lr, factor, patience, min_lr, **switch):
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
    others |= {"subtracted": max(lr - factor, min_lr), "floor": min_lr}
    if waited >= patience + switch.get("late", 0):
        new = others.get(switch.get("reduced"), reduced)
        waited = waited if "goes_on" in switch else -switch.get("pause", 0)
        best = math.inf if "best_forgotten" in switch else best
    return new, {} if "nothing_stored" in switch else {"best": best, "waited": waited, "lr": new}


@family("", "", "part")
def plateau_mistake(right, options, state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    return plateau(state, metric, lr, factor, patience, min_lr, **options["switch"])


def mistaken(make, exercise, see):
    """Return what makes a misconception of `exercise`, with some of its switches turned."""

    def one(called, severity, title, text, **switch):
        return make(exercise, RIGHT[exercise], see=see, called=called, severity=severity, title=title, text=text, switch=switch)

    return one


of_plateau = mistaken(plateau_mistake, "plateau_step", "09 §6")
ON_A_PLATEAU = [
    only_the_first("plateau_step", reference.plateau_step, see="09 §6", severity="core", first="the rate", all="the rate and the state"),
    of_plateau(
        "plateau_equal",
        "slip",
        "An equal metric counts as an improvement",
        "You compared with `<=`. A metric that only repeats the best one is no progress: an improvement is strictly smaller.",
        equal=True,
    ),
    of_plateau(
        "plateau_nan",
        "slip",
        "NaN counts as an improvement",
        "You asked whether the metric is bad, with `>=`. Every comparison with NaN is false, so NaN became the best metric, and nothing is "
        "ever better or worse than that. Ask `metric < best`.",
        nan_is_better=True,
    ),
    of_plateau(
        "plateau_threshold",
        "slip",
        "Small improvements don't count",
        "You ask for an improvement by some share of the best metric, as PyTorch does. Here any smaller metric is an improvement.",
        threshold=True,
    ),
    of_plateau(
        "plateau_first_best",
        "slip",
        "The first best metric is a number",
        "Before the first epoch you take a number such as 1000 for the best metric. A first metric above it is then no improvement. Use "
        "infinity, `np.inf`.",
        first_best=1000.0,
    ),
    of_plateau(
        "plateau_first_best_zero",
        "core",
        "The first best metric is 0",
        "Before the first epoch you take 0 for the best metric, and no loss is ever below that. Use infinity, `np.inf`.",
        first_best=0.0,
    ),
    of_plateau(
        "plateau_own_rate",
        "slip",
        "The rate comes from the state",
        "You keep the rate in the state and reduce that one. The rate that is passed is the one to reduce: the caller may have changed it.",
        own_rate=True,
    ),
    of_plateau(
        "plateau_one_late",
        "part",
        "One epoch too late",
        "You reduce the rate when the count is larger than patience, as PyTorch does. Here it is reduced at the patience-th epoch in a row "
        "without an improvement: `>=`, and count this epoch before you compare.",
        late=1,
    ),
    of_plateau(
        "plateau_one_early",
        "part",
        "One epoch too early",
        "You reduce the rate one epoch before the patience-th one without an improvement. Count this epoch once, then compare.",
        late=-1,
    ),
    of_plateau(
        "plateau_first_is_bad",
        "part",
        "The first epoch counts as a bad one",
        "The first epoch isn't counted as an improvement, so after it the count is 1. There is nothing better before it: the count is 0.",
        first_is_bad=True,
    ),
    of_plateau(
        "plateau_goes_on",
        "part",
        "The count goes on after a reduction",
        "After a reduction you didn't set the count back to 0, so the next bad epoch reduces the rate again, and so do all that follow.",
        goes_on=True,
    ),
    of_plateau(
        "plateau_pause",
        "part",
        "A pause after a reduction",
        "After a reduction you let some epochs pass before you count again, as PyTorch's cooldown does. Here the count begins at once.",
        pause=1,
    ),
    of_plateau(
        "plateau_adds_up",
        "part",
        "Bad epochs add up",
        "An improvement doesn't set your count back to 0. Only bad epochs in a row count.",
        adds_up=True,
    ),
    of_plateau(
        "plateau_previous",
        "part",
        "Compared with the epoch before",
        "You compare with the metric of the epoch before. A run that swings up and down would look like progress forever: compare with the "
        "best metric so far, and change that at an improvement only.",
        previous=True,
    ),
    of_plateau(
        "plateau_best_forgotten",
        "part",
        "The best metric is forgotten at a reduction",
        "At a reduction you start from an empty state again. The count begins at 0, but the best metric stays.",
        best_forgotten=True,
    ),
    of_plateau(
        "plateau_higher",
        "core",
        "Higher is taken for better",
        "You take a larger metric for an improvement, as with an accuracy. Here lower is better.",
        higher=True,
    ),
    of_plateau(
        "plateau_nothing_stored",
        "core",
        "The rate is never reduced",
        "The count and the best metric don't get from one epoch to the next, so every epoch is the first; or you return the rate that came "
        "in. Return a new state with both in it, and max(lr·factor, min_lr) at the patience-th bad epoch.",
        nothing_stored=True,
    ),
    of_plateau(
        "plateau_lost",
        "part",
        "factor is what is taken away",
        "You multiplied by 1 − factor. The rate is multiplied by factor itself; with 0.5 nobody sees the difference.",
        reduced="lost",
    ),
    of_plateau(
        "plateau_smaller",
        "part",
        "The smaller of the two",
        "You took the minimum of lr·factor and min_lr, which is 0 by default. min_lr is the lowest rate that is allowed: take the maximum.",
        reduced="smaller",
    ),
    of_plateau(
        "plateau_no_floor",
        "part",
        "min_lr is forgotten",
        "Your rate falls below min_lr. Take the larger one of lr·factor and min_lr.",
        reduced="no floor",
    ),
    of_plateau(
        "plateau_divided",
        "part",
        "Divided by factor",
        "You divided by factor, which is below 1, so your rate grows. Multiply by it.",
        reduced="divided",
    ),
    of_plateau(
        "plateau_subtracted",
        "part",
        "factor is subtracted",
        "You subtracted factor from the rate. It is a factor: the rate is multiplied by it.",
        reduced="subtracted",
    ),
    of_plateau(
        "plateau_floor",
        "part",
        "Down to min_lr at once",
        "You return min_lr at the first reduction. The rate becomes lr·factor, and min_lr only where that would be smaller.",
        reduced="floor",
    ),
    fixed_number("plateau_step", reference.plateau_step, see="09 §6", name="patience", severity="part", called="plateau_fixed_patience"),
    fixed_number("plateau_step", reference.plateau_step, see="09 §6", name="factor", severity="part", called="plateau_fixed_factor"),
]


@misconception("plateau_step", "slip", title="The state comes first", see="09 §6")
def plateau_other_order(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """You returned (state, lr). The rate comes first: `return lr, state`."""
    return plateau(state, metric, lr, factor, patience, min_lr)[::-1]


@misconception("plateau_step", "slip", title="The old state is changed in place", see="09 §6")
def plateau_in_place(state, metric, lr, factor=0.5, patience=5, min_lr=0.0):
    """Your rates are right, but you wrote into the state that was passed. Whoever keeps the old state must be able to take the epoch again:
    return a new one."""
    new, kept = plateau(state, metric, lr, factor, patience, min_lr)
    state.update(kept)
    return new, state


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
    if not state:
        MEMORY.clear()
    new, kept = plateau(MEMORY, metric, lr, factor, patience, min_lr)
    MEMORY.update(kept)
    return new, {"begun": True}


MEMORY: dict[str, float] = {}


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


def cycle(t, total, lr_max, lr_start, last, **switch):
    """Return the rate of 1cycle; each of the switches makes a mistake."""
    low = lr_max / switch.get("start", 10) if lr_start is None or "no_start" in switch or ("falsy" in switch and not lr_start) else lr_start
    h = {"half": total / 2, "double": (1 - last) * total, "other": last * total / 2}.get(switch.get("h"), (1 - last) * total / 2)
    h = max(int(h), 1) if "whole" in switch else h
    end = {"zero": 0.0, "top": lr_max / 1000, "same": low}.get(switch.get("end"), low / switch.get("divisor", 1000))
    up, down, foot = switch.get("up", low), switch.get("down", low), low
    if "down_first" in switch:
        low, lr_max, up, down, foot = lr_max, low, lr_max, lr_max, low
    if "sawtooth" in switch and h < t <= 2 * h:
        t = t - h
    if "stays" in switch and h < t <= 2 * h:
        return lr_max
    curve = (lambda x: (1 - math.cos(math.pi * x)) / 2) if "cosine" in switch else (lambda x: x)
    if t <= h:
        return up + (lr_max - up) * curve(t / h)
    if t <= 2 * h:
        return lr_max + (down - lr_max) * curve((t - h) / h)
    share = (t - 2 * h) / (total if "whole_run" in switch else total - 2 * h)
    if "geometric" in switch:
        return foot * 0.001**share
    return foot + (end - foot) * share


@family("", "", "part")
def cycle_mistake(right, options, t, total, lr_max, lr_start=None, last=0.1):
    return cycle(t, total, lr_max, lr_start, last, **options["switch"])


of_cycle = mistaken(cycle_mistake, "one_cycle", "09 §8")
IN_A_CYCLE = [
    of_cycle(
        "cycle_falsy_start",
        "slip",
        "A start of 0 is replaced",
        "You wrote `if not lr_start`, or `lr_start or …`, which takes 0 for a missing argument. Ask `lr_start is None`.",
        falsy=True,
    ),
    of_cycle(
        "cycle_other_default",
        "slip",
        "The default of lr_start is another",
        "Without lr_start your run begins at another rate than lr_max/10; PyTorch's default is lr_max/25.",
        start=25,
    ),
    of_cycle(
        "cycle_whole_h",
        "slip",
        "h is cut to a whole number",
        "You rounded h down, with `//` or `int`. A run may have any length, so h may be fractional.",
        whole=True,
    ),
    of_cycle(
        "cycle_other_end",
        "part",
        "The run ends at another rate",
        "Your last phase doesn't end at lr_start/1000, but at another part of it.",
        divisor=100,
    ),
    of_cycle(
        "cycle_ends_at_zero",
        "part",
        "The run ends at 0",
        "Your last phase goes down to 0. It ends at lr_start/1000.",
        end="zero",
    ),
    of_cycle(
        "cycle_ends_at_part_of_the_top",
        "part",
        "The run ends at a thousandth of the highest rate",
        "Your last phase ends at lr_max/1000. It ends at lr_start/1000.",
        end="top",
    ),
    of_cycle(
        "cycle_without_last_phase",
        "part",
        "The last phase is missing",
        "After 2h you stay at lr_start. In the last phase the rate goes on falling, to lr_start/1000.",
        end="same",
    ),
    of_cycle(
        "cycle_geometric",
        "part",
        "The last phase is curved",
        "You let the rate fall by equal factors in the last phase. It falls in a straight line there, too.",
        geometric=True,
    ),
    of_cycle(
        "cycle_last_of_the_whole_run",
        "part",
        "The last phase is too flat",
        "In the last phase you divided by the length of the whole run. It is total − 2h long.",
        whole_run=True,
    ),
    of_cycle(
        "cycle_half",
        "part",
        "The peak is in the middle of the whole run",
        "Your h is total/2. The last phase has to be taken away first: h = (1 − last)·total/2.",
        h="half",
    ),
    of_cycle(
        "cycle_double",
        "part",
        "The way up is twice as long",
        "Your h is (1 − last)·total. Up and down share that: h is half of it.",
        h="double",
    ),
    of_cycle(
        "cycle_last_for_the_rest",
        "core",
        "last is taken for the rest",
        "Your h is last·total/2. last is the share of the last phase, and 1 − last is left for up and down.",
        h="other",
    ),
    fixed_number("one_cycle", reference.one_cycle, see="09 §8", name="last", severity="part", called="cycle_fixed_last"),
    of_cycle(
        "cycle_without_start",
        "part",
        "lr_start is ignored",
        "You always begin at lr_max/10. That is the default only, for lr_start = None.",
        no_start=True,
    ),
    of_cycle(
        "cycle_cosine",
        "part",
        "A cosine in place of straight lines",
        "You went up and down along a cosine, as PyTorch does by default. Here the rate goes in straight lines.",
        cosine=True,
    ),
    of_cycle(
        "cycle_from_zero",
        "part",
        "The way up begins at 0",
        "Your way up is lr_max·t/h, which begins at 0. It begins at lr_start.",
        up=0.0,
    ),
    of_cycle(
        "cycle_down_to_zero",
        "part",
        "The way down ends at 0",
        "Your way down ends at 0, and then the rate jumps. It ends at lr_start, where the last phase begins.",
        down=0.0,
    ),
    of_cycle(
        "cycle_down_first",
        "core",
        "First down, then up",
        "You begin at lr_max and go down to lr_start and up again. It is the other way round.",
        down_first=True,
    ),
    of_cycle(
        "cycle_sawtooth",
        "part",
        "Twice up",
        "After h your rate jumps down to lr_start and climbs again. From h to 2h it goes back down in a straight line.",
        sawtooth=True,
    ),
    of_cycle(
        "cycle_stays",
        "part",
        "It stays at the top",
        "From h to 2h you stay at lr_max. The rate goes back down to lr_start there, in a straight line.",
        stays=True,
    ),
]


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
CUT = members(SMOOTH, RIGHT, whole_times)
EVERYWHERE = members(ONE_NUMBER, RIGHT, nothing_returned, in_an_array, partial(in_a_tuple, severity="slip"))
ROUNDED = members(FORMULAS | {"one_cycle": "09 §8"}, RIGHT, rounded)
OTHERS = [
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
