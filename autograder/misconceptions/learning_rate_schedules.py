"""Known answers to lecture 9, learning-rate schedules, wrong and right.

The formulas in t share many mistakes, which are families here. `plateau_step` and `one_cycle` are written once with a switch for each
mistake; `plateau_mistake` and `cycle_mistake` turn a switch.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from functools import partial
from inspect import signature

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


@family("", "", "part")
def formula(right, options, *args, **kwargs):
    values = options["defaults"] | dict(zip(options["names"], args, strict=False)) | kwargs
    with np.errstate(all="ignore"):
        return eval(options["formula"], {"np": np, "math": math}, values)


@family("The default of {name} is another", "Your formula is right, but without {name} you take {value:g}: look at the stub.", "slip")
def other_default(right, options, *args, **kwargs):
    return right(*args, **({} if len(args) > options["position"] else {options["name"]: options["value"]}) | kwargs)


# fmt: off
MISTAKES: dict[str, list[tuple[str, str, str, str, str]]] = {
    "step_decay": [
        ("step_one_drop_too_many", "part", "One drop too many", "lr0 * drop ** (epoch // every + 1)",
         "You have one drop too many, so the first epochs have a smaller rate than lr0 already. The exponent is 0 there."),
        ("step_subtracted", "core", "drop is subtracted", "lr0 - drop * (epoch // every)",
         "You subtracted drop at each drop. It is a factor: the rate is multiplied by it again and again."),
        ("step_hyperbola", "part", "A sum in the denominator", "lr0 / (1 + drop * (epoch // every))",
         "You divided by 1 + drop·n. Each drop multiplies the rate by drop, so n drops multiply it by a power of drop."),
        ("step_without_floor", "part", "The exponent isn't rounded", "lr0 * drop ** (epoch / every)",
         "You used epoch/every as the exponent, so the rate falls a little at every epoch. Step decay is a staircase: round the quotient "
         "down, with `//`, and the rate stays as it is for `every` epochs."),
        ("step_rounded", "part", "The exponent is rounded to the nearest", "lr0 * drop ** round(epoch / every)",
         "You used `round`, so the first drop comes after half the time. ⌊x⌋ is x rounded down: `//`, or `np.floor`."),
        ("step_rounded_up", "part", "The exponent is rounded up", "lr0 * drop ** math.ceil(epoch / every)",
         "You rounded up, so epoch 1 has a smaller rate already, and epoch `every` still has it. ⌊x⌋ is x rounded down."),
        ("step_late", "part", "The drop comes one epoch late", "lr0 * drop ** max((epoch - 1) // every, 0)",
         "Your rate falls at epoch every + 1. Epochs count from 0, so the first `every` epochs end with number every − 1, and epoch "
         "`every` is the first one with a smaller rate: use `>=`, and no − 1."),
        ("step_once", "part", "The rate drops once only", "lr0 * drop if epoch >= every else lr0",
         "You multiplied by drop once, with an `if`. The rate drops at every, at 2·every, at 3·every and so on: a power of drop."),
        ("step_at_multiples", "core", "The rate drops at multiples of every, and rises again", "lr0 * drop if epoch % every == 0 else lr0",
         "You multiplied by drop where `epoch % every == 0`, and at all other epochs returned lr0. The rate has to stay low: count how "
         "many drops there were so far, with `//`."),
        ("step_remainder", "core", "The remainder is the exponent", "lr0 * drop ** (epoch % every)",
         "You used `%`, the remainder. How many times `every` epochs are over is the quotient, rounded down: `//`."),
        ("step_every_epoch", "part", "The rate drops at every epoch", "lr0 * drop ** epoch",
         "You used the epoch itself as the exponent and forgot `every`. The exponent is the number of drops so far, epoch // every."),
        ("step_one_minus_drop", "part", "drop is what is taken away", "lr0 * (1 - drop) ** (epoch // every)",
         "You multiplied by 1 − drop. Here drop is the factor that is left, not the share that goes; with 0.5 nobody sees the difference."),
        ("step_factor_times_count", "core", "drop is multiplied by the number of drops", "lr0 * drop * (epoch // every)",
         "You multiplied by drop · ⌊epoch/every⌋, which is 0 at first. The rate is multiplied by drop again and again: a power, `**`."),
        ("step_linear", "core", "The rate falls by equal amounts", "lr0 * (1 - (1 - drop) * (epoch // every))",
         "You subtracted the same amount at each drop, which soon gives zero or less. The rate is multiplied by drop each time."),
    ],
    "exponential_decay": [
        ("exponential_fixed_k", "part", "k is a fixed number", "lr0 * np.exp(-0.1 * t)",
         "You wrote a number, such as 0.1, where k belongs. The caller says how fast the rate falls."),
        ("exponential_sum", "core", "k is added to t", "lr0 * np.exp(-(k + t))",
         "You added k and t, so the rate isn't lr0 at the beginning. The exponent is their product: −k·t."),
        ("exponential_of_the_rate", "core", "lr0 is the base", "lr0 ** (-k * t)",
         "You raised lr0 to the power −kt. lr0 is a factor, and the base is e."),
        ("exponential_with_the_rate_inside", "core", "lr0 stands in the exponent", "np.exp(-k * t * lr0)",
         "You multiplied the exponent by lr0. lr0 is a factor in front of the exponential."),
        ("exponential_squared", "core", "t is squared", "lr0 * np.exp(-k * t ** 2)",
         "Your exponent is −k·t². That is a bell curve; the exponent of this schedule is −k·t."),
        ("exponential_divided", "part", "Divided by k", "lr0 * np.exp(-np.divide(t, k))",
         "Your exponent is −t/k. Here k is a speed and not a time: the exponent is −k·t, and a larger k means a faster fall."),
        ("exponential_without_k", "part", "k is forgotten", "lr0 * np.exp(-t)",
         "Your exponent is −t. How fast the rate falls is what k is for: −k·t."),
        ("exponential_one_minus_k", "part", "1 − k in place of e^(−k)", "lr0 * (1 - k) ** t",
         "You multiplied by 1 − k once per unit of time. That is nearly e^(−k) for a small k, and not the same: compare at k = 0.2."),
        ("exponential_base_ten", "part", "Another base", "lr0 * 10.0 ** (-k * t)",
         "You took a power of 10, or of 2, for the exponential. In this formula the base is e: `np.exp`."),
        ("exponential_power_of_k", "part", "k itself is the base", "lr0 * k ** t",
         "You computed kᵗ. The base is e, and k stands in the exponent: e^(−kt)."),
        ("exponential_times_t", "core", "t stands outside the exponential", "lr0 * np.exp(-k) * t",
         "You computed e^(−k)·t, which is 0 at the beginning and grows. The product k·t belongs into the exponent, in brackets."),
        ("exponential_linear", "core", "A straight line", "lr0 * (1 - k * t)",
         "You computed lr0·(1 − kt), a straight line that gets below zero. It touches the exponential at t = 0 only."),
        ("exponential_without_t", "core", "The time is left out", "lr0 * np.exp(-k)",
         "You computed lr0·e^(−k), the same at any time. The exponent is −k·t."),
        ("exponential_hyperbola", "core", "This is 1/t decay", "lr0 / (1 + k * t)",
         "You computed lr0/(1 + kt), which is the next section's schedule. This one is an exponential, e^(−kt)."),
    ],
    "exponential_schedule": [
        ("schedule_numbers_of_the_slide", "part", "The slide's numbers", "0.01 * 0.1 ** (epoch / 20)",
         "You wrote 0.01 and 20, the numbers of the example on the slide. Here lr0 and s are arguments."),
        ("schedule_base_nine_tenths", "part", "0.9 in place of 0.1", "lr0 * 0.9 ** (epoch / s)",
         "You took 1 − 0.1, as if a tenth were lost. After s epochs a tenth is left: the base is 0.1."),
        ("schedule_exponential_of_a_tenth", "part", "e to the power of a tenth", "lr0 * np.exp(-0.1 * epoch / s)",
         "You put 0.1 into the exponent of e. It is the base: 0.1 ** (epoch / s)."),
        ("schedule_linear", "core", "A straight line", "lr0 * (1 - 0.9 * epoch / s)",
         "You drew a straight line from lr0 to a tenth of it, and on below zero. The rate falls by the same factor all the time: a power."),
        ("schedule_hyperbola", "core", "A hyperbola", "lr0 / (1 + epoch / s)",
         "You divided by 1 + epoch/s, which is another schedule. This one is a power of 0.1."),
        ("schedule_staircase", "part", "A staircase", "lr0 * 0.1 ** (epoch // s)",
         "You used `//`, or `int` around the quotient, so the rate falls at every s-th epoch only. This curve is smooth: the exponent is "
         "epoch/s with its fraction."),
        ("schedule_base_e", "part", "e in place of a tenth", "lr0 * np.exp(-epoch / s)",
         "You computed e^(−epoch/s). In s epochs that falls to 37 %, and it should be a tenth: the base is 0.1."),
        ("schedule_base_half", "part", "A half in place of a tenth", "lr0 * 0.5 ** (epoch / s)",
         "Your rate falls to one half in s epochs. It should fall to a tenth: the base is 0.1."),
        ("schedule_without_brackets", "part", "The brackets around epoch / s are missing", "lr0 * 0.1 ** epoch / s",
         "You wrote `0.1 ** epoch / s`. Powers bind tighter than division, so that is (0.1^epoch)/s. Write `0.1 ** (epoch / s)`."),
        ("schedule_times_s", "part", "Multiplied by s", "lr0 * 0.1 ** (epoch * s)",
         "Your exponent is epoch·s. s is the number of epochs in which the rate falls to a tenth: the exponent is epoch/s."),
        ("schedule_upside_down", "core", "The quotient is upside down", "lr0 * 0.1 ** (s / epoch)",
         "Your exponent is s/epoch, which can't even be computed at epoch 0. It is epoch/s."),
        ("schedule_no_power", "core", "No power", "lr0 * 0.1 * epoch / s",
         "You multiplied by 0.1 and by epoch/s. The quotient is the exponent: 0.1 to the power of epoch/s, with `**`."),
        ("schedule_without_s", "part", "s is forgotten", "lr0 * 0.1 ** epoch",
         "Your rate falls to a tenth in every single epoch. It takes s epochs: the exponent is epoch/s."),
    ],
    "inverse_time_decay": [
        ("inverse_fixed_k", "part", "k is a fixed number", "lr0 / (1 + 0.1 * t)",
         "You wrote a number, such as 0.1, where k belongs. The caller says how fast the rate falls."),
        ("inverse_squared", "part", "The denominator is squared", "lr0 / (1 + k * t) ** 2",
         "You divided by the square of 1 + k·t. In 1/t decay the power is 1; others are the next exercise."),
        ("inverse_sum", "core", "k is added to t", "lr0 / (1 + k + t)",
         "You added k and t. It is their product that is added to 1: 1 + k·t."),
        ("inverse_factor_outside", "core", "t stands outside the denominator", "lr0 / (1 + k) * t",
         "You multiplied by t in the end, so the rate is 0 at first and grows. The product k·t stands in the denominator, added to 1."),
        ("inverse_without_brackets", "core", "The brackets below the line are missing", "lr0 / 1 + k * t",
         "You wrote `lr0 / 1 + k * t`, which is lr0 + kt. The whole sum stands below the line: `lr0 / (1 + k * t)`."),
        ("inverse_without_one", "part", "The 1 is missing", "lr0 / np.multiply(k, t, dtype=float)",
         "You divided by kt, which is 0 at the beginning. With the 1 the rate is lr0 there."),
        ("inverse_power", "part", "A power of 1 + k", "lr0 / (1 + k) ** float(t)",
         "You divided by (1 + k)ᵗ, which is an exponential. 1/t decay divides by 1 + k·t."),
        ("inverse_sum_times_t", "part", "1 + k times t", "lr0 / np.multiply(1 + k, t, dtype=float)",
         "You divided by (1 + k)·t, which is 0 at the beginning. Only k is multiplied by t: 1 + k·t."),
        ("inverse_without_k", "part", "k is forgotten", "lr0 / (1 + t)",
         "You divided by 1 + t. How fast the rate falls is what k is for: 1 + k·t."),
        ("inverse_divided", "part", "Divided by k", "lr0 / (1 + np.divide(t, k))",
         "You computed 1 + t/k. That is the next exercise, where s is a time; k is a speed: 1 + k·t."),
        ("inverse_exponential", "core", "This is the exponential", "lr0 * np.exp(-k * t)",
         "You computed an exponential, the schedule of the section before. This one divides by 1 + k·t, and falls more slowly in the end."),
        ("inverse_linear", "core", "A straight line", "lr0 * (1 - k * t)",
         "You computed lr0·(1 − kt), which gets below zero. The rate is divided by 1 + kt."),
        ("inverse_root", "part", "The sum is squared, or its root taken", "lr0 / np.sqrt(1 + k * t)",
         "You divided by a power of 1 + k·t. Here the power is 1; others are the next exercise."),
    ],
    "power_schedule": [
        ("power_of_t", "part", "Only t gets the power", "lr0 / (1 + t ** c / s)",
         "You wrote `1 + t ** c / s`. The power is that of the whole sum, (1 + t/s)^c; with c = 1 nobody sees the difference."),
        ("power_times_c", "part", "Multiplied by c", "lr0 / (1 + t / s) * c",
         "You multiplied by c in the end. It is the power of the denominator: (1 + t/s)^c."),
        ("power_upside_down", "core", "The quotient is upside down", "lr0 / (1 + s / t) ** c",
         "You computed s/t, which can't be computed at time 0. Time is measured in units of s: t/s."),
        ("power_without_s", "part", "s is forgotten", "lr0 / (1.0 + t) ** c",
         "You divided by (1 + t)^c. s is the unit in which time is measured: 1 + t/s."),
        ("power_exponential", "core", "c is the base", "lr0 * np.exp(-c * t / s)",
         "You computed an exponential. Here the time stands in the base, and c is the power: (1 + t/s)^c."),
        ("power_linear", "core", "A straight line", "lr0 * (1 - t / s) ** c",
         "You multiplied by (1 − t/s)^c, which is 0 at t = s. The rate is divided by (1 + t/s)^c, and never gets to 0."),
        ("power_without_c", "part", "c is ignored", "lr0 / (1 + t / s)",
         "You didn't use c. It is the power of the whole denominator, (1 + t/s)^c."),
        ("power_inside", "part", "The power of t/s alone", "lr0 / (1 + (t / s) ** c)",
         "You computed 1 + (t/s)^c. The power is that of the whole sum, (1 + t/s)^c; with c = 1 nobody sees the difference."),
        ("power_of_s", "part", "Only s gets the power", "lr0 / (1 + t / s ** c)",
         "You wrote `1 + t / s ** c`. Powers bind tightest, so that is t/(s^c). The power is that of the whole sum, in brackets."),
        ("power_as_a_factor", "part", "c is a factor", "lr0 / (1 + c * t / s)",
         "You multiplied t/s by c. It is a power, `**`, and that of the whole sum: (1 + t/s)^c."),
        ("power_of_everything", "part", "The first rate gets the power too", "(lr0 / (1 + t / s)) ** c",
         "You raised the whole quotient to the power c, lr0 included. Only the denominator gets it: lr0/(1 + t/s)^c."),
        ("power_staircase", "part", "A staircase", "lr0 / (1.0 + t // s) ** c",
         "You used `//`, so the rate falls at multiples of s only. The curve is smooth: t / s, with its fraction."),
        ("power_times_s", "part", "Multiplied by s", "lr0 / (1.0 + t * s) ** c",
         "You computed 1 + t·s. s is a time, the unit in which t is measured: 1 + t/s."),
        ("power_without_brackets", "core", "The brackets below the line are missing", "lr0 / 1 + (t / s) ** c",
         "You wrote `lr0 / 1 + t / s`, which is lr0 + t/s. The whole sum stands below the line, in brackets."),
        ("power_without_one", "part", "The 1 is missing", "lr0 / np.float64(t / s) ** c",
         "You divided by (t/s)^c, which is 0 at the beginning. With the 1 the rate is lr0 there."),
        ("power_sum_divided", "part", "1 + t, divided by s", "lr0 / ((1 + t) / s) ** c",
         "You computed (1 + t)/s. Only t is divided by s: 1 + t/s, which is 1 at the beginning."),
    ],
}
# fmt: on


def of_formulas():
    """Make the misconceptions of the table: id, severity, title, formula, text."""
    for exercise, mistakes in MISTAKES.items():
        parameters = signature(RIGHT[exercise]).parameters.values()
        options = {
            "names": [one.name for one in parameters],
            "defaults": {one.name: one.default for one in parameters if one.default is not one.empty},
        }
        for called, severity, title, wrong, text in mistakes:
            see = FORMULAS[exercise]
            yield formula(
                exercise, RIGHT[exercise], see=see, called=called, severity=severity, title=title, text=text, formula=wrong, **options
            )


IN_FORMULAS = [
    *of_formulas(),
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
def step_with_numpy(lr0, epoch, drop=0.5, every=10):
    return np.asarray(lr0 * np.power(drop, np.floor(np.true_divide(epoch, every))))


@alternative("step_decay")
def step_recursive(lr0, epoch, drop=0.5, every=10):
    def left(e):
        return 1 if e < every else drop * left(e - every)

    return lr0 * left(epoch)


@alternative("step_decay")
def step_in_single_precision(lr0, epoch, drop=0.5, every=10):
    return np.float32(lr0) * np.float32(drop) ** np.float32(divmod(epoch, every)[0])


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


@misconception("piecewise_constant", "part", title="Before the first boundary the last value holds", see="09 §5")
def piecewise_without_the_beginning(boundaries, values, t):
    """Your loop looks between two boundaries at a time, and what is left, also the time before the first boundary, gets the last value."""
    for i in range(len(boundaries) - 1):
        if boundaries[i] <= t < boundaries[i + 1]:
            return values[i + 1]
    return values[-1]


@misconception("piecewise_constant", "part", title="The first boundary decides alone", see="09 §5")
def piecewise_decides_at_once(boundaries, values, t):
    """Your loop returns in its first round also where t is behind the first boundary, because of the `else`. Go on there: the other
    boundaries haven't been looked at."""
    if not boundaries or t < boundaries[0]:
        return values[0]
    return values[-1]


@misconception("piecewise_constant", "core", title="The nearest boundary", see="09 §5")
def piecewise_nearest(boundaries, values, t):
    """You took the value of the boundary that is nearest to t. It doesn't matter how near a boundary is: count those that are ≤ t."""
    return values[int(np.argmin([abs(boundary - t) for boundary in boundaries]))] if boundaries else values[0]


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
    """Return what makes misconceptions of `exercise` from a table: id, severity, title, the switches that are turned, text."""

    def of_table(table):
        return [
            make(exercise, RIGHT[exercise], called=called, severity=severity, title=title, text=text, switch=switch, see=see)
            for called, severity, title, switch, text in table
        ]

    return of_table


of_plateau = mistaken(plateau_mistake, "plateau_step", "09 §6")
# fmt: off
ON_A_PLATEAU = [
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
    *of_plateau([
        ("plateau_equal", "slip", "An equal metric counts as an improvement", {"equal": True},
         "You compared with `<=`. A metric that only repeats the best one is no progress: an improvement is strictly smaller."),
        ("plateau_nan", "slip", "NaN counts as an improvement", {"nan_is_better": True},
         "You asked whether the metric is bad, with `>=`. Every comparison with NaN is false, so NaN became the best metric, and nothing "
         "is ever better or worse than that. Ask `metric < best`."),
        ("plateau_threshold", "slip", "Small improvements don't count", {"threshold": True},
         "You ask for an improvement by some share of the best metric, as PyTorch does. Here any smaller metric is an improvement."),
        ("plateau_first_best", "slip", "The first best metric is a number", {"first_best": 1000.0},
         "Before the first epoch you take a number such as 1000 for the best metric. A first metric above it is then no improvement. Use "
         "infinity, `np.inf`."),
        ("plateau_first_best_zero", "core", "The first best metric is 0", {"first_best": 0.0},
         "Before the first epoch you take 0 for the best metric, and no loss is ever below that. Use infinity, `np.inf`."),
        ("plateau_own_rate", "slip", "The rate comes from the state", {"own_rate": True},
         "You keep the rate in the state and reduce that one. The rate that is passed is the one to reduce: the caller may have changed "
         "it."),
        ("plateau_one_late", "part", "One epoch too late", {"late": 1},
         "You reduce the rate when the count is larger than patience, as PyTorch does. Here it is reduced at the patience-th epoch in a "
         "row without an improvement: `>=`, and count this epoch before you compare."),
        ("plateau_one_early", "part", "One epoch too early", {"late": -1},
         "You reduce the rate one epoch before the patience-th one without an improvement. Count this epoch once, then compare."),
        ("plateau_first_is_bad", "part", "The first epoch counts as a bad one", {"first_is_bad": True},
         "The first epoch isn't counted as an improvement, so after it the count is 1. There is nothing better before it: the count is 0."),
        ("plateau_goes_on", "part", "The count goes on after a reduction", {"goes_on": True},
         "After a reduction you didn't set the count back to 0, so the next bad epoch reduces the rate again, and so do all that follow."),
        ("plateau_pause", "part", "A pause after a reduction", {"pause": 1},
         "After a reduction you let some epochs pass before you count again, as PyTorch's cooldown does. Here the count begins at once."),
        ("plateau_never_counts_anew", "part", "The count is never set back", {"adds_up": True, "goes_on": True},
         "Your count only grows: an improvement has to set it back to 0, and a reduction, too."),
        ("plateau_adds_up", "part", "Bad epochs add up", {"adds_up": True},
         "An improvement doesn't set your count back to 0. Only bad epochs in a row count."),
        ("plateau_previous", "part", "Compared with the epoch before", {"previous": True},
         "You compare with the metric of the epoch before. A run that swings up and down would look like progress forever: compare with "
         "the best metric so far, and change that at an improvement only."),
        ("plateau_best_forgotten", "part", "The best metric is forgotten at a reduction", {"best_forgotten": True},
         "At a reduction you start from an empty state again. The count begins at 0, but the best metric stays."),
        ("plateau_higher", "core", "Higher is taken for better", {"higher": True},
         "You take a larger metric for an improvement, as with an accuracy. Here lower is better."),
        ("plateau_nothing_stored", "core", "The rate is never reduced", {"nothing_stored": True},
         "The count and the best metric don't get from one epoch to the next, so every epoch is the first; or you return the rate that "
         "came in. Return a new state with both in it, and max(lr·factor, min_lr) at the patience-th bad epoch."),
        ("plateau_lost", "part", "factor is what is taken away", {"reduced": "lost"},
         "You multiplied by 1 − factor. The rate is multiplied by factor itself; with 0.5 nobody sees the difference."),
        ("plateau_smaller", "part", "The smaller of the two", {"reduced": "smaller"},
         "You took the minimum of lr·factor and min_lr, which is 0 by default. min_lr is the lowest rate that is allowed: take the "
         "maximum."),
        ("plateau_no_floor", "part", "min_lr is forgotten", {"reduced": "no floor"},
         "Your rate falls below min_lr. Take the larger one of lr·factor and min_lr."),
        ("plateau_divided", "part", "Divided by factor", {"reduced": "divided"},
         "You divided by factor, which is below 1, so your rate grows. Multiply by it."),
        ("plateau_subtracted", "part", "factor is subtracted", {"reduced": "subtracted"},
         "You subtracted factor from the rate. It is a factor: the rate is multiplied by it."),
        ("plateau_floor", "part", "Down to min_lr at once", {"reduced": "floor"},
         "You return min_lr at the first reduction. The rate becomes lr·factor, and min_lr only where that would be smaller."),
    ]),
]
# fmt: on


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
    h = {"half": total / 2, "double": (1 - last) * total, "other": last * total / 2, "fewer": (1 - last) * (total - 1) / 2}.get(
        switch.get("h"), (1 - last) * total / 2
    )
    h = max(int(h), 1) if "whole" in switch else h
    end = {"zero": 0.0, "top": lr_max / 1000, "same": low}.get(switch.get("end"), low / switch.get("divisor", 1000))
    up, down, foot = switch.get("up", low), switch.get("down", low), lr_max if "from_top" in switch else low
    if "down_first" in switch:
        low, lr_max, up, down, foot = lr_max, low, lr_max, lr_max, low
    if "sawtooth" in switch and h < t <= 2 * h:
        t = t - h
    if ("stays" in switch and h < t <= 2 * h) or "only_down" in switch:
        return lr_max * (1 - t / total if "only_down" in switch else 1)
    curve = (lambda x: (1 - math.cos(math.pi * x)) / 2) if "cosine" in switch else (lambda x: x)
    if t <= h:
        return up + (lr_max - up) * curve(t / h)
    if t <= 2 * h:
        return lr_max + (down - lr_max) * curve((t - (0 if "late_down" in switch else h)) / h)
    if "at_once" in switch:
        return low / 1000
    share = (t - 2 * h) / (total if "whole_run" in switch else total - 2 * h)
    if "geometric" in switch:
        return foot * 0.001**share
    return foot + (end - foot) * share


@family("", "", "part")
def cycle_mistake(right, options, t, total, lr_max, lr_start=None, last=0.1):
    return cycle(t, total, lr_max, lr_start, last, **options["switch"])


of_cycle = mistaken(cycle_mistake, "one_cycle", "09 §8")
# fmt: off
IN_A_CYCLE = [
    fixed_number("one_cycle", reference.one_cycle, see="09 §8", name="last", severity="part", called="cycle_fixed_last"),
    *of_cycle([
        ("cycle_falsy_start", "slip", "A start of 0 is replaced", {"falsy": True},
         "You wrote `if not lr_start`, or `lr_start or …`, which takes 0 for a missing argument. Ask `lr_start is None`."),
        ("cycle_other_default", "slip", "The default of lr_start is another", {"start": 25},
         "Without lr_start your run begins at another rate than lr_max/10; PyTorch's default is lr_max/25."),
        ("cycle_whole_h", "slip", "h is cut to a whole number", {"whole": True},
         "You rounded h down, with `//` or `int`. A run may have any length, so h may be fractional."),
        ("cycle_other_end", "part", "The run ends at another rate", {"divisor": 100},
         "Your last phase doesn't end at lr_start/1000, but at another part of it."),
        ("cycle_ends_at_zero", "part", "The run ends at 0", {"end": "zero"},
         "Your last phase goes down to 0. It ends at lr_start/1000, which is small but not 0."),
        ("cycle_ends_at_part_of_the_top", "part", "The run ends at a thousandth of the highest rate", {"end": "top"},
         "Your last phase ends at lr_max/1000. It ends at lr_start/1000."),
        ("cycle_without_last_phase", "part", "The last phase is missing", {"end": "same"},
         "After 2h you stay at lr_start. In the last phase the rate goes on falling, to lr_start/1000."),
        ("cycle_geometric", "part", "The last phase is curved", {"geometric": True},
         "You let the rate fall by equal factors in the last phase. It falls in a straight line there, too."),
        ("cycle_last_of_the_whole_run", "part", "The last phase is too flat", {"whole_run": True},
         "In the last phase you divided by the length of the whole run. It is total − 2h long."),
        ("cycle_half", "part", "The peak is in the middle of the whole run", {"h": "half"},
         "Your h is total/2. The last phase has to be taken away first: h = (1 − last)·total/2."),
        ("cycle_total_minus_one", "part", "One step too few", {"h": "fewer"},
         "You took total − 1 for the length of the run. Time goes from 0 to total here, and need not be counted in whole steps."),
        ("cycle_last_phase_from_the_top", "part", "The last phase begins at the top", {"from_top": True},
         "Your last phase begins at lr_max, so the rate jumps at 2h. It begins at lr_start, where the way down ends."),
        ("cycle_double", "part", "The way up is twice as long", {"h": "double"},
         "Your h is (1 − last)·total. Up and down share that: h is half of it."),
        ("cycle_last_for_the_rest", "core", "last is taken for the rest", {"h": "other"},
         "Your h is last·total/2. last is the share of the last phase, and 1 − last is left for up and down."),
        ("cycle_without_start", "part", "lr_start is ignored", {"no_start": True},
         "You always begin at lr_max/10. That is the default only, for lr_start = None."),
        ("cycle_cosine", "part", "A cosine in place of straight lines", {"cosine": True},
         "You went up and down along a cosine, as PyTorch does by default. Here the rate goes in straight lines."),
        ("cycle_from_zero", "part", "The way up begins at 0", {"up": 0.0},
         "Your way up is lr_max·t/h, which begins at 0. It begins at lr_start."),
        ("cycle_down_to_zero", "part", "The way down ends at 0", {"down": 0.0},
         "Your way down ends at 0, and then the rate jumps. It ends at lr_start, where the last phase begins."),
        ("cycle_down_first", "core", "First down, then up", {"down_first": True},
         "You begin at lr_max and go down to lr_start and up again. It is the other way round."),
        ("cycle_from_zero_to_zero", "part", "Up from 0, and back to 0", {"up": 0.0, "down": 0.0},
         "Your way up begins at 0 and your way down ends there. Both ends are lr_start."),
        ("cycle_down_from_the_wrong_time", "part", "The way down is too low", {"late_down": True},
         "On the way down you counted the time from the beginning of the run. It begins at h: t − h."),
        ("cycle_at_once", "part", "The last phase is at its end at once", {"at_once": True},
         "After 2h you return lr_start/1000 at once. The rate goes there in a straight line, until t = total."),
        ("cycle_only_down", "core", "A straight line down", {"only_down": True},
         "You let the rate fall from lr_max to 0 in one line. 1cycle goes up first, then down, and has a last phase."),
        ("cycle_sawtooth", "part", "Twice up", {"sawtooth": True},
         "After h your rate jumps down to lr_start and climbs again. From h to 2h it goes back down in a straight line."),
        ("cycle_stays", "part", "It stays at the top", {"stays": True},
         "From h to 2h you stay at lr_max. The rate goes back down to lr_start there, in a straight line."),
    ]),
]
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
