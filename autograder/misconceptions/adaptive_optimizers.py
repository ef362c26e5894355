"""What students believe about adaptive optimizers, and right answers that are written in other ways.

Every answer keeps a state of its own: what is in a state is the student's own business, so no answer needs to suit the reference's.
"""

from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.kit.families import (
    cut_off,
    family,
    fixed_number,
    members,
    nothing_remembered,
    nothing_returned,
    only_the_first,
    state_in_place,
    uphill,
)

from ..reference import adaptive_optimizers as reference


def squared(grad):
    """Return the squares of all entries."""
    return np.square(grad, dtype=float)


def averages(grad, state, beta1, beta2, square=squared):
    """Return t, m and s after this gradient."""
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
    return state.get("t", 0) + 1, m, beta2 * state.get("s", 0.0) + (1 - beta2) * square(grad)


def ahead(m, grad, beta1, t):
    """Return Nadam's corrected look ahead."""
    return beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * grad / (1 - beta1**t)


def largest(grad, state, beta1, beta2):
    """Return t, m and AdaMax's u after this gradient."""
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
    return t, m, np.maximum(beta2 * state.get("u", 0.0), np.abs(grad))


def stepped(theta, lr, direction, denominator, **state):
    """Return the new θ and the state, where something may be divided by zero."""
    with np.errstate(all="ignore"):
        return theta - lr * direction / denominator, state


def root_plus(s, eps):
    """Return √s + ε; s may be negative."""
    with np.errstate(all="ignore"):
        return np.sqrt(s) + eps


def quotient(numerator, denominator):
    """Return a quotient whose denominator may be zero."""
    with np.errstate(all="ignore"):
        return numerator / np.float64(denominator)


def sum_of_weights(beta, t):
    """Return what the weights of an average sum to after t steps."""
    return 1 - beta**t


def adagrad(theta, grad, state, lr=0.01, eps=1e-8, square=squared, denominator=root_plus):
    """Take a step of AdaGrad; what is summed up, and what is divided by, can be another."""
    s = state.get("s", 0.0) + square(grad)
    return stepped(theta, lr, grad, denominator(s, eps), s=s)


def rmsprop(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8, square=squared, denominator=root_plus):
    """Take a step of RMSProp; what is averaged, and what is divided by, can be another."""
    s = decay * state.get("s", 0.0) + (1 - decay) * square(grad)
    return stepped(theta, lr, grad, denominator(s, eps), s=s)


def adam(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, total=sum_of_weights, square=squared, denominator=root_plus):
    """Take a step of Adam, whose averages are divided by ``total(beta, t)``."""
    t, m, s = averages(grad, state, beta1, beta2, square)
    below = denominator(quotient(s, total(beta2, t)), eps)
    return stepped(theta, lr, quotient(m, total(beta1, t)), below, t=t, m=m, s=s)


def nadam(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, total=sum_of_weights, square=squared, denominator=root_plus):
    """Take a step of Nadam, whose averages are divided by ``total(beta, t)``."""
    t, m, s = averages(grad, state, beta1, beta2, square)
    below = denominator(quotient(s, total(beta2, t)), eps)
    with np.errstate(all="ignore"):
        look = beta1 * quotient(m, total(beta1, t + 1)) + (1 - beta1) * quotient(grad, total(beta1, t))
    return stepped(theta, lr, look, below, t=t, m=m, s=s)


def adamax(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8, total=sum_of_weights):
    """Take a step of AdaMax whose average is divided by ``total(beta, t)``."""
    t, m, u = largest(grad, state, beta1, beta2)
    return stepped(theta, lr, quotient(m, total(beta1, t)), u + eps, t=t, m=m, u=u)


# --- wrong in every optimiser ---------------------------------------------------------------------------------------------


@family(
    "θ is changed in place",
    "Your numbers are right, but `theta -= …` writes into the caller's array, which belongs to somebody else (and for integers raises "
    "an error). Write `theta = theta - …`, which makes a new one.",
    "slip",
)
def theta_in_place(right, options, theta, *args, **kwargs):
    new, state = right(np.array(theta), *args, **kwargs)
    theta -= theta - new
    return theta, state


@family(
    "ε is left out",
    "You divided by the root alone. An entry whose gradient has always been zero, such as the weight of a pixel that is never inked, is "
    "then 0/0, which is NaN. Add ε to the denominator.",
    "slip",
)
def without_epsilon(right, options, *args, **kwargs):
    with np.errstate(all="ignore"):
        return right(*args, **{**kwargs, "eps": 0.0})


UPHILL = (
    "You added the step where it is subtracted, or turned the sign of an average. Gradients point uphill, their average, too; θ moves "
    "against it: θ ← θ − η …. (One of the slides turns both signs in Adam, which cancels; one alone goes the wrong way.)"
)
FORGETS = (
    "Every step is the first one: what you computed isn't in the state that you return, or isn't read from it. Return the new sum or "
    "averages, and the t that they belong to, and begin the next step with them. Otherwise each entry moves equally far at every step."
)


@family(
    "ε stands inside the root",
    "You divided by √(s + ε), as two of the slide sets write it. With ordinary gradients nobody sees the difference, so call it a "
    "convention; but where gradients are tiny, √ε = 10⁻⁴ is ten thousand times ε. Here ε stands outside: √s + ε.",
    "slip",
)
def epsilon_inside_the_root(right, options, *args, **kwargs):
    return right(*args, **kwargs, denominator=lambda s, eps: np.sqrt(s + eps))


@family(
    "The gradient isn't squared",
    "You used the gradient itself for s. Its sign varies, so s says nothing about the size of the gradients and may be negative, and the "
    "root of that is NaN. Take the square, entry by entry.",
    "core",
)
def gradient_not_squared(right, options, *args, **kwargs):
    return right(*args, **kwargs, square=lambda grad: np.asarray(grad, dtype=float))


@family(
    "Absolute values instead of squares",
    "You summed up |g|. s sums or averages the squares, and its root is taken: as for the length of a vector, a large gradient counts more "
    "than several small ones.",
    "core",
)
def absolute_values(right, options, *args, **kwargs):
    return right(*args, **kwargs, square=np.abs)


@family(
    "One sum for all entries",
    "You added the squares of all entries into one number, so all entries share one learning rate. Square entry by entry, g ⊗ g, and s "
    "has the shape of θ.",
    "part",
)
def one_sum_for_all(right, options, *args, **kwargs):
    return right(*args, **kwargs, square=lambda grad: np.sum(np.square(grad, dtype=float)))


@family(
    "The root is forgotten",
    "You divided by s + ε. s grows with the square of the gradients; only its root is as large as they are, so that their size cancels and "
    "the length of a step no longer depends on it.",
    "core",
)
def root_forgotten(right, options, *args, **kwargs):
    return right(*args, **kwargs, denominator=lambda s, eps: s + eps)


@family(
    "β1 and β2 are swapped",
    "You averaged the gradients with β2, and let what they are divided by fade with β1. β1 = 0.9 belongs to the first moment m, which "
    "should follow the gradient soon; β2 = 0.999 to the squares or the maximum, which should be steady.",
    "part",
)
def betas_swapped(right, options, *args, beta1=0.9, beta2=0.999, **kwargs):
    return right(*args, **kwargs, beta1=beta2, beta2=beta1)


@family(
    "β1 and β2 are fixed numbers",
    "You wrote 0.9 and 0.999 where beta1 and beta2 belong, so the arguments have no effect. Use them; the numbers are only their defaults.",
    "part",
)
def fixed_betas(right, options, *args, **kwargs):
    return right(*args, **{**kwargs, "beta1": 0.9, "beta2": 0.999})


# --- wrong corrections of `adam`, `nadam` and `adamax` --------------------------------------------------------------------


@family(
    "No bias correction",
    "You used the averages as they are. They begin at zero, and after t steps their weights sum to 1 − βᵗ only: divide each by that. (In "
    "Adam s is too small for longer than m: with the defaults the first step is √10 ≈ 3.2 times too long, the tenth 6.5 times.)",
    "part",
)
def without_bias_correction(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: 1.0)


@family(
    "The power t is missing, or t is never counted on",
    "You divided by 1 − β at every step: either the power t is missing, or t isn't stored in the state that you return, so that every step "
    "is the first. Count the steps in the state, from 1.",
    "part",
)
def power_missing(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: 1 - beta)


@family(
    "t is counted from 0",
    "Your first step has t = 0, so that 1 − βᵗ is zero, and you divide by it. Count this gradient before you correct: t = 1 at the first "
    "step.",
    "part",
)
def t_from_zero(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: 1 - beta ** (t - 1))


@family(
    "t is counted one too far",
    "Your first step has t = 2. At the first step the weights sum to 1 − β, so t is 1 there: count on once a step, and correct with the "
    "number of gradients seen, this one included.",
    "part",
)
def t_one_too_far(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: 1 - beta ** (t + 1))


@family(
    "t stays at 0",
    "You corrected with t = 0 at every step: it is set, but never counted on. 1 − β⁰ is zero, and dividing by it gives NaN or infinity. "
    "Add 1 to the state's t at each step, before you use it.",
    "core",
)
def t_stays_at_zero(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: 0.0)


@family(
    "β² at every step",
    "You divided by 1 − β² at every step. After t steps the weights sum to 1 − βᵗ: the power is t, not 2.",
    "part",
)
def square_for_power(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: 1 - beta**2)


@family(
    "The power belongs to β alone",
    "You divided by (1 − β)ᵗ. The sum of the weights is 1 − βᵗ: first the power, then the difference. Your denominator goes to zero with "
    "t, where it should go to 1.",
    "part",
)
def power_of_the_difference(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: (1 - beta) ** t)


@family(
    "The weights 1 − β are missing",
    "You computed β m + g, and likewise for what else is averaged. In an average the new value has the weight 1 − β; without it m grows "
    "to 1/(1 − β) times the size of the gradients.",
    "part",
)
def without_weights(right, options, *args, **kwargs):
    return right(*args, **kwargs, total=lambda beta, t: (1 - beta) * (1 - beta**t))


STEPS = {"adagrad_step": "08 §2", "rmsprop_step": "08 §3", "adam_step": "08 §4", "nadam_step": "08 §5", "adamax_step": "08 §5"}
WITH_A_ROOT = {name: see for name, see in STEPS.items() if name != "adamax_step"}
WITH_MOMENTS = {name: STEPS[name] for name in ("adam_step", "nadam_step", "adamax_step")}
RIGHT = vars(reference)
VARIABLE = {"adagrad_step": adagrad, "rmsprop_step": rmsprop, "adam_step": adam, "nadam_step": nadam, "adamax_step": adamax}

CORRECTIONS = members(
    WITH_MOMENTS,
    VARIABLE,
    without_bias_correction,
    power_missing,
    t_from_zero,
    t_one_too_far,
    t_stays_at_zero,
    square_for_power,
    power_of_the_difference,
)
IN_FULL = members({"adam_step": "08 §4", "adamax_step": "08 §5"}, VARIABLE, without_weights)


# --- adagrad_step: wrong --------------------------------------------------------------------------------------------------


@misconception("adagrad_step", "part", title="The step uses the sum before this gradient", see="08 §2")
def adagrad_with_the_old_sum(theta, grad, state, lr=0.01, eps=1e-8):
    """You divided by the root of the old s and added this gradient's square afterwards. Add first, then divide: otherwise the first
    step divides by ε alone and leaps."""
    s = state.get("s", np.zeros(np.shape(grad)))
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": s + np.square(grad, dtype=float)}


@misconception("adagrad_step", "core", title="The sum decays", see="08 §2")
def adagrad_decays(theta, grad, state, lr=0.01, eps=1e-8):
    """You let the old sum fade, s ← 0.9 s + 0.1 g ⊗ g. That is RMSProp, the next exercise. AdaGrad forgets nothing: s ← s + g ⊗ g."""
    s = 0.9 * state.get("s", 0.0) + 0.1 * np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": s}


@misconception("adagrad_step", "part", title="The mean of the squares instead of their sum", see="08 §2")
def adagrad_averages(theta, grad, state, lr=0.01, eps=1e-8):
    """You divided the sum of the squares by the number of steps. AdaGrad takes the sum itself, and its growth is what makes the steps
    shrink like 1/√t."""
    t, s = state.get("t", 0) + 1, state.get("s", 0.0) + np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s / t) + eps), {"t": t, "s": s}


# --- adagrad_step: right --------------------------------------------------------------------------------------------------


@alternative("adagrad_step")
def adagrad_in_loops(theta, grad, state, lr=0.01, eps=1e-8):
    theta, grad = np.array(theta, dtype=float), np.array(grad, dtype=float)
    sums = dict(state)
    for index in np.ndindex(theta.shape):
        sums[str(index)] = sums.get(str(index), 0.0) + float(grad[index]) ** 2
        theta[index] -= lr * grad[index] / (sums[str(index)] ** 0.5 + eps)
    return theta, sums


@alternative("adagrad_step")
def adagrad_with_the_sum_as_state(theta, grad, state, lr=0.01, eps=1e-8):
    s = np.multiply(grad, grad, dtype=np.float64)
    if not isinstance(state, dict):
        s = s + state
    return np.subtract(theta, np.divide(np.multiply(lr, grad), np.add(np.sqrt(s), eps))), s


@alternative("adagrad_step")
def adagrad_by_the_length(theta, grad, state, lr=0.01, eps=1e-8):
    length = np.hypot(state["length"], grad) if state else np.abs(grad).astype(float)
    rates = lr / (length + eps)
    return theta - rates * grad, dict(length=length)


# --- rmsprop_step: wrong --------------------------------------------------------------------------------------------------


@misconception("rmsprop_step", "part", title="The new average is never stored", see="08 §3")
def rmsprop_average_never_stored(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """Your step uses the new average, but the state that you return doesn't hold it, so every step starts from zero and divides by √(1
    − ρ) |g|: each entry moves by the same ±η/√(1 − ρ), again and again. Return the new s."""
    s = decay * 0.0 + (1 - decay) * np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s) + eps), state


@misconception("rmsprop_step", "part", title="The step uses the old average", see="08 §3")
def rmsprop_with_the_old_average(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You divided by the root of the average as it was before this gradient. Update s first, then divide by its root; otherwise the
    first step divides by ε alone and leaps."""
    s = state.get("s", np.zeros(np.shape(grad)))
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": decay * s + (1 - decay) * np.square(grad, dtype=float)}


@misconception("rmsprop_step", "part", title="Multiplies by ε", see="08 §3")
def rmsprop_times_epsilon(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You multiplied the root by ε where ε is added. √s · ε is a hundred million times too small as a denominator, and still zero where
    s is zero, which is what ε is there to prevent: √s + ε."""
    s = decay * state.get("s", 0.0) + (1 - decay) * np.square(grad, dtype=float)
    return stepped(theta, lr, grad, np.sqrt(s) * eps, s=s)


@misconception("rmsprop_step", "part", title="The decay is the wrong way round", see="08 §3")
def rmsprop_decay_the_wrong_way_round(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You gave the weight ρ to the new square and 1 − ρ to the old average. ρ is how much of the *old* average stays: with 0.9 the
    average looks back over about ten gradients, yours over hardly one."""
    s = (1 - decay) * state.get("s", 0.0) + decay * np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": s}


@misconception("rmsprop_step", "core", title="Nothing decays", see="08 §3")
def rmsprop_sum_instead(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You added the new square to all of the old ones: that is AdaGrad, whose steps shrink forever. RMSProp forgets: s ← ρ s + (1 − ρ)
    g ⊗ g."""
    s = state.get("s", 0.0) + np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": s}


@misconception("rmsprop_step", "part", title="The new square counts in full", see="08 §3")
def rmsprop_new_square_in_full(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You let the old squares fade, but added the new one without its weight 1 − ρ. The weights then sum to 1/(1 − ρ), so with 0.9 your
    s is ten times too large, and the steps √10 times too small."""
    s = decay * state.get("s", 0.0) + np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": s}


@misconception("rmsprop_step", "part", title="The average is bias-corrected", see="08 §3")
def rmsprop_bias_correction(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You divided s by 1 − ρᵗ. That is a good idea, and it is Adam's; RMSProp as it is defined here has no correction, so its first
    steps are longer by 1/√(1 − ρ)."""
    t = state.get("t", 0) + 1
    s = decay * state.get("s", 0.0) + (1 - decay) * np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s / (1 - decay**t)) + eps), {"t": t, "s": s}


@misconception("rmsprop_step", "part", title="The average begins with the first square", see="08 §3")
def rmsprop_begins_with_the_first_square(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You let the average begin at the first g ⊗ g. Here it begins at zero, so that after the first step it is (1 − ρ) g ⊗ g."""
    s = state["s"] if "s" in state else np.square(grad, dtype=float)
    s = decay * s + (1 - decay) * np.square(grad, dtype=float)
    return theta - lr * grad / (np.sqrt(s) + eps), {"s": s}


@misconception("rmsprop_step", "slip", title="The default learning rate is AdaGrad's", see="08 §3")
def rmsprop_learning_rate_of_adagrad(theta, grad, state, lr=0.01, decay=0.9, eps=1e-8):
    """Your step is right, but its default learning rate is 0.01. RMSProp's default is 0.001: its steps don't shrink by themselves."""
    return rmsprop(theta, grad, state, lr, decay, eps)


@misconception("rmsprop_step", "core", title="The decay is the wrong way round, and nothing is stored", see="08 §3")
def rmsprop_swapped_and_not_stored(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    """You gave the weight ρ to the new square and 1 − ρ to the old average, and the state that you return doesn't hold the new average:
    s ← ρ s + (1 − ρ) g ⊗ g, and return it."""
    return theta - lr * grad / (np.sqrt(decay * np.square(grad, dtype=float)) + eps), state


# --- rmsprop_step: right --------------------------------------------------------------------------------------------------


@alternative("rmsprop_step")
def rmsprop_in_loops(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    theta, grad = np.asarray(theta), np.asarray(grad)
    s = np.zeros(theta.size) if not state else state["squares"].copy()
    flat = np.array(theta.ravel(), dtype=float)
    for i, g in enumerate(grad.ravel().tolist()):
        s[i] += (1 - decay) * (g * g - s[i])
        flat[i] -= lr * g / (s[i] ** 0.5 + eps)
    return flat.reshape(theta.shape), {"squares": s}


@alternative("rmsprop_step")
def rmsprop_with_an_object(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    class Memory:
        def __init__(self, mean_square):
            self.mean_square = mean_square

        def and_then(self, square):
            return Memory(self.mean_square * decay + square * (1.0 - decay))

    old = state if not isinstance(state, dict) else Memory(np.zeros(np.shape(theta)))
    memory = old.and_then(np.power(np.asarray(grad, dtype=float), 2))
    return theta - lr / (memory.mean_square**0.5 + eps) * grad, memory


@alternative("rmsprop_step")
def rmsprop_with_all_gradients(theta, grad, state, lr=0.001, decay=0.9, eps=1e-8):
    gradients = [*state.get("gradients", []), np.array(grad, dtype=float)]
    s = sum((1 - decay) * decay**age * g**2 for age, g in enumerate(reversed(gradients)))
    return theta - lr * gradients[-1] / (np.sqrt(s) + eps), {"gradients": gradients}


# --- bias_corrected: wrong ------------------------------------------------------------------------------------------------


@misconception("bias_corrected", "part", title="The power t is missing", see="08 §4")
def corrected_without_the_power(moment, beta, t):
    """You divided by 1 − β at every step. That is right for the first step alone; after t steps the weights sum to 1 − βᵗ, and for
    large t there is nothing left to correct, while you make the average ten or a thousand times too large."""
    return moment / (1 - beta)


@misconception("bias_corrected", "part", title="t is counted from 0", see="08 §4")
def corrected_from_zero(moment, beta, t):
    """You divided by 1 − βᵗ⁻¹, as if the first step were number 0. t counts from 1: at the first step the sum of the weights is 1 − β,
    and yours is zero, a division by zero."""
    return quotient(moment, 1 - beta ** (t - 1))


@misconception("bias_corrected", "part", title="t is counted one too far", see="08 §4")
def corrected_one_too_far(moment, beta, t):
    """You divided by 1 − βᵗ⁺¹. The t that is passed already counts this step: after t gradients the weights sum to 1 − βᵗ."""
    return moment / (1 - beta ** (t + 1))


@misconception("bias_corrected", "core", title="Multiplies where it should divide", see="08 §4")
def corrected_multiplied(moment, beta, t):
    """You multiplied by 1 − βᵗ. The average is too small by this factor; to make up for it, divide."""
    return moment * (1 - beta**t)


@misconception("bias_corrected", "core", title="The moment is returned as it is", see="08 §4")
def corrected_not_at_all(moment, beta, t):
    """You returned the average uncorrected. It began at zero, so after t steps its weights sum to 1 − βᵗ only: divide by that."""
    return np.array(moment, dtype=float)


@misconception("bias_corrected", "part", title="The power belongs to β alone", see="08 §4")
def corrected_power_of_the_difference(moment, beta, t):
    """You divided by (1 − β)ᵗ. The sum of the weights is 1 − βᵗ: first the power, then the difference. Your denominator goes to zero
    with t, where it should go to 1."""
    return quotient(moment, (1 - beta) ** t)


@misconception("bias_corrected", "part", title="β times t instead of β to the power t", see="08 §4")
def corrected_product_for_power(moment, beta, t):
    """You divided by 1 − β·t. Python's power is `**`; the weights of a fading average form a geometric series, whose sum is 1 − βᵗ."""
    return quotient(moment, 1 - beta * t)


@misconception("bias_corrected", "core", title="The brackets around 1 − βᵗ are missing", see="08 §4")
def corrected_without_brackets(moment, beta, t):
    """You wrote `moment / 1 - beta**t`. Division binds tighter than minus, so βᵗ is subtracted from the moment: put 1 − βᵗ in brackets."""
    return np.asarray(moment) / 1 - beta**t


@misconception("bias_corrected", "core", title="Divides by βᵗ", see="08 §4")
def corrected_by_the_power(moment, beta, t):
    """You divided by βᵗ. That is the weight that the zero at the beginning still has; all the gradients together have the rest, 1 − βᵗ."""
    return quotient(moment, beta**t)


@misconception("bias_corrected", "core", title="e to the power −βt", see="08 §4")
def corrected_exponential(moment, beta, t):
    """You divided by 1 − e^(−βt). The average fades by the factor β a step, so after t steps by βᵗ: that is e to the power t·ln β, not
    −βt."""
    return quotient(moment, 1 - np.exp(-beta * t))


@misconception("bias_corrected", "core", title="β² at every step", see="08 §4")
def corrected_square(moment, beta, t):
    """You divided by 1 − β² at every step. After t steps the weights sum to 1 − βᵗ: the power is t, not 2."""
    return moment / (1 - beta**2)


@misconception("bias_corrected", "slip", title="A small number is added to the sum of the weights", see="08 §4")
def corrected_with_epsilon(moment, beta, t):
    """You divided by 1 − βᵗ + ε. From t = 1 on the sum is never zero, and a first step with β = 0.999 shows the ε: leave it out."""
    return moment / (1 - beta**t + 1e-8)


@misconception("bias_corrected", "slip", title="The moment is changed in place", see="08 §4")
def corrected_in_place(moment, beta, t):
    """Your numbers are right, but `moment /= …` writes into the caller's array. The average has to go on uncorrected, or the next step
    corrects it a second time; for integers it even raises an error. Return a new array."""
    moment /= 1 - beta**t
    return moment


# --- bias_corrected: right ------------------------------------------------------------------------------------------------


@alternative("bias_corrected")
def corrected_by_the_sum_of_the_weights(moment, beta, t):
    return np.asarray(moment) / sum((1 - beta) * beta**age for age in range(t))


@alternative("bias_corrected")
def corrected_entry_by_entry(moment, beta, t):
    out = np.zeros(moment.shape)
    power = 1.0
    for _ in range(t):
        power *= beta
    for index, value in np.ndenumerate(moment):
        out[index] = value / (1.0 - power)
    return out


@alternative("bias_corrected")
def corrected_by_expm1(moment, beta, t):
    missing = -np.expm1(t * np.log(beta)) if beta > 0 else 1.0
    return np.true_divide(moment, missing)


# --- adam_step: wrong -----------------------------------------------------------------------------------------------------


@misconception("adam_step", "part", title="The corrected moments are stored", see="08 §4")
def adam_correction_stored(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stored m̂ and ŝ in the state, in place of m and s, as one of the slides writes it. Then the next step averages what is
    corrected already, and corrects it again. Correct copies; the averages themselves go on uncorrected."""
    t, m, s = averages(grad, state, beta1, beta2)
    m, s = m / (1 - beta1**t), s / (1 - beta2**t)
    return theta - lr * m / (np.sqrt(s) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="Only the first moment is corrected", see="08 §4")
def adam_only_m_corrected(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You corrected m and left s as it was. s begins at zero as well, and with β2 = 0.999 it takes thousands of steps to recover: ŝ =
    s/(1 − β2ᵗ)."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="Only the second moment is corrected", see="08 §4")
def adam_only_s_corrected(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You corrected s and left m as it was. m begins at zero as well: m̂ = m/(1 − β1ᵗ), or the first steps are too short."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * m / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="Each moment is corrected with the other's β", see="08 §4")
def adam_corrections_swapped(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Your averages are right, but m is divided by 1 − β2ᵗ and s by 1 − β1ᵗ. Each average is corrected by the sum of its own weights."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * (m / (1 - beta2**t)) / (np.sqrt(s / (1 - beta1**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="The decays are the wrong way round", see="08 §4")
def adam_decay_the_wrong_way_round(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You gave the weights β to the new gradient and 1 − β to the old average. β is how much of the old one stays: m ← β1 m + (1 − β1)
    g, and likewise for s."""
    t, m, s = averages(grad, state, 1 - beta1, 1 - beta2)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="The square of the average for the average of the squares", see="08 §4")
def adam_average_squared(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You squared m where the gradient is squared. Gradients of opposite signs cancel in m, so m² can be near zero while the gradients
    are large, and the step leaps. s averages g ⊗ g."""
    t, m, _ = averages(grad, state, beta1, beta2)
    s = beta2 * state.get("s", 0.0) + (1 - beta2) * m**2
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="The gradient instead of its average", see="08 §4")
def adam_without_momentum(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along the present gradient, over the corrected √ŝ: RMSProp with a bias correction. Adam steps along the average of
    the gradients, m̂."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * grad / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="This is RMSProp", see="08 §4")
def adam_is_rmsprop(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along the present gradient, over √s. Adam steps along the average of the gradients, and corrects both averages: m̂
    over √ŝ + ε."""
    t, m, s = averages(grad, state, beta1, beta2)
    return stepped(theta, lr, grad, np.sqrt(s) + eps, t=t, m=m, s=s)


@misconception("adam_step", "core", title="Nothing is divided by the second moment", see="08 §4")
def adam_is_momentum(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped by η m̂, which is momentum. Adam divides each entry by its own typical size, √ŝ + ε."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * m / (1 - beta1**t), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="The new gradient counts in full", see="08 §4")
def adam_new_gradient_in_full(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You computed m ← β1 m + g, as momentum in lecture 7. Adam's m is an average, so the new gradient has the weight 1 − β1; without
    it the steps are 1/(1 − β1) times too long."""
    t, m, s = averages(grad, state, beta1, beta2)
    m = beta1 * state.get("m", 0.0) + grad
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "core", title="The averages are not stored", see="08 §4")
def adam_averages_not_stored(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You counted t on, but the state that you return doesn't hold the new m and s. Each step then begins its averages at zero again."""
    t, m, s = averages(grad, {"t": state.get("t", 0)}, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t}


@misconception("adam_step", "slip", title="ε is added after the correction was folded in", see="08 §4")
def adam_epsilon_after_folding(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You folded both corrections into the learning rate and added ε to the uncorrected √s. Kingma and Ba offer this form, with another
    ε; next to tiny gradients it makes a difference, at the first step ε counts 32 times as much. Here ε is added to √ŝ. With ordinary
    gradients it is a convention."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(s) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "core", title="The first moment averages the squares", see="08 §4")
def adam_first_moment_squared(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You squared the gradient in m, too. m averages the gradients themselves, with their signs: it says where to go, s how far."""
    t, _, s = averages(grad, state, beta1, beta2)
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * np.square(grad, dtype=float)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("adam_step", "part", title="The first moment isn't stored", see="08 §4")
def adam_first_moment_not_stored(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The state that you return doesn't hold the new m, so each step begins its average of the gradients at zero again."""
    t, m, s = averages(grad, {**state, "m": 0.0}, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "s": s}


# --- adam_step: right -----------------------------------------------------------------------------------------------------


@alternative("adam_step")
def adam_folded_with_epsilon_scaled(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, s = averages(grad, state, beta1, beta2)
    root = np.sqrt(1 - beta2**t)
    return theta - lr * root / (1 - beta1**t) * m / (np.sqrt(s) + root * eps), {"t": t, "m": m, "s": s}


@alternative("adam_step")
def adam_with_both_signs_turned(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, s = state or (0, np.zeros(np.shape(theta)), np.zeros(np.shape(theta)))
    t = t + 1
    m = beta1 * m - (1 - beta1) * grad
    s = beta2 * s + (1 - beta2) * grad * grad
    return theta + lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), (t, m, s)


@alternative("adam_step")
def adam_with_an_object(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    class Moments:
        def __init__(self, t, both):
            self.t, self.both = t, both

    old = Moments(0, np.zeros((2, *np.shape(grad)))) if isinstance(state, dict) else state
    betas = np.reshape([beta1, beta2], (2, *[1] * np.ndim(grad)))
    new = Moments(old.t + 1, betas * old.both + (1 - betas) * np.stack([grad, np.square(grad)]))
    m_hat, s_hat = new.both / (1 - betas**new.t)
    return theta - lr * m_hat / (np.sqrt(s_hat) + eps), new


@alternative("adam_step")
def adam_in_loops(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    shape, theta, grad = np.shape(theta), np.ravel(theta).tolist(), np.ravel(grad).tolist()
    rows = state["rows"] if state else [(0.0, 0.0)] * len(theta)
    t = (state["t"] if state else 0) + 1
    fresh = []
    for i, ((m, s), g) in enumerate(zip(rows, grad, strict=True)):
        m, s = m + (1 - beta1) * (g - m), s + (1 - beta2) * (g * g - s)
        fresh.append((m, s))
        theta[i] = theta[i] - lr * (m / (1 - beta1**t)) / ((s / (1 - beta2**t)) ** 0.5 + eps)
    return np.array(theta, dtype=float).reshape(shape), {"rows": fresh, "t": t}


@alternative("adam_step")
def adam_with_products_of_betas(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    before = state() if callable(state) else (1.0, 1.0, 0.0, 0.0)
    left1, left2, m, s = before[0] * beta1, before[1] * beta2, before[2], before[3]
    m, s = beta1 * m + (1 - beta1) * grad, beta2 * s + (1 - beta2) * np.asarray(grad, dtype=float) ** 2
    after = (left1, left2, m, s)
    return theta - lr * m / (1 - left1) / (np.sqrt(s / (1 - left2)) + eps), lambda: after


@alternative("adam_step")
def adam_in_the_precision_of_theta(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    dtype = np.result_type(theta, np.float32)
    t, m, s = averages(np.asarray(grad, dtype=dtype), state, beta1, beta2)
    return (theta - lr * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps)).astype(dtype), {"t": t, "m": m, "s": s}


# --- nadam_step: wrong ----------------------------------------------------------------------------------------------------


@misconception("nadam_step", "core", title="This is Adam", see="08 §5")
def nadam_is_adam(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along m̂, as Adam does. Nadam looks one step ahead: in place of m̂ stands β1 m/(1 − β1ᵗ⁺¹) + (1 − β1) g/(1 − β1ᵗ), in
    which the present gradient counts once more."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("nadam_step", "part", title="The look ahead is corrected with t", see="08 §5")
def nadam_ahead_with_t(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You divided β1 m by 1 − β1ᵗ. What stands there is next step's momentum, and its weights will sum to 1 − β1ᵗ⁺¹. Many summaries on
    the web write t in both places; Dozat writes t + 1."""
    t, m, s = averages(grad, state, beta1, beta2)
    return stepped(
        theta, lr, beta1 * m / (1 - beta1**t) + (1 - beta1) * grad / (1 - beta1**t), np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s
    )


@misconception("nadam_step", "part", title="The gradient's term isn't corrected", see="08 §5")
def nadam_gradient_uncorrected(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You added (1 − β1) g without dividing it by 1 − β1ᵗ. Both terms together replace m̂, so both are corrected: the momentum with t +
    1, the gradient with t."""
    t, m, s = averages(grad, state, beta1, beta2)
    return stepped(theta, lr, beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * grad, np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("nadam_step", "part", title="The gradient's own term is left out", see="08 §5")
def nadam_gradient_left_out(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along β1 m/(1 − β1ᵗ⁺¹) alone. That is the momentum as it will be next time if no gradient came; the present gradient
    has a term of its own, (1 − β1) g/(1 − β1ᵗ)."""
    t, m, s = averages(grad, state, beta1, beta2)
    return stepped(theta, lr, beta1 * m / (1 - beta1 ** (t + 1)), np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("nadam_step", "part", title="The old momentum looks ahead", see="08 §5")
def nadam_old_momentum(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You used the m of before this gradient. Nadam updates m first and uses the new one: that is the whole look ahead."""
    t, m, s = averages(grad, state, beta1, beta2)
    old = state.get("m", 0.0)
    return stepped(
        theta,
        lr,
        beta1 * old / (1 - beta1 ** (t + 1)) + (1 - beta1) * grad / (1 - beta1**t),
        np.sqrt(s / (1 - beta2**t)) + eps,
        t=t,
        m=m,
        s=s,
    )


@misconception("nadam_step", "part", title="The gradient's term has no weight", see="08 §5")
def nadam_gradient_in_full(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You added g/(1 − β1ᵗ) without the factor 1 − β1. Both terms together are an average: β1 of the momentum, 1 − β1 of the gradient."""
    t, m, s = averages(grad, state, beta1, beta2)
    return stepped(theta, lr, beta1 * m / (1 - beta1 ** (t + 1)) + grad / (1 - beta1**t), np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("nadam_step", "part", title="β1 follows Dozat's schedule", see="08 §5")
def nadam_with_a_schedule(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You let β1 grow with t, as Dozat recommends and as Keras and PyTorch do. That is no mistake, but another method: here β1 is the
    same at every step, as the docstring says."""
    t = state.get("t", 0) + 1
    mu, mu_next = beta1 * (1 - 0.5 * 0.96 ** (t / 250)), beta1 * (1 - 0.5 * 0.96 ** ((t + 1) / 250))
    product = state.get("product", 1.0) * mu
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
    s = beta2 * state.get("s", 0.0) + (1 - beta2) * np.square(grad, dtype=float)
    ahead = mu_next * m / (1 - product * mu_next) + (1 - mu) * grad / (1 - product)
    return theta - lr * ahead / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "product": product, "m": m, "s": s}


@misconception("nadam_step", "part", title="The second moment isn't corrected", see="08 §5")
def nadam_s_uncorrected(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You looked ahead, but left s as it was. It begins at zero as in Adam: divide by the root of ŝ = s/(1 − β2ᵗ)."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * ahead(m, grad, beta1, t) / (np.sqrt(s) + eps), {"t": t, "m": m, "s": s}


@misconception("nadam_step", "part", title="t is never counted on", see="08 §5")
def nadam_every_step_like_the_first(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You corrected every step as if it were the first: t isn't stored in the state that you return. Count the steps in the state, from
    1."""
    t, m, s = averages(grad, state, beta1, beta2)
    return theta - lr * ahead(m, grad, beta1, 1) / (np.sqrt(s / (1 - beta2)) + eps), {"t": t, "m": m, "s": s}


@misconception("nadam_step", "part", title="The look ahead is stored as m", see="08 §5")
def nadam_look_ahead_stored(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stored the corrected look ahead in the state, in place of m. It is made for this one step; the average itself goes on without
    it."""
    t, m, s = averages(grad, state, beta1, beta2)
    m = ahead(m, grad, beta1, t)
    return theta - lr * m / (np.sqrt(s / (1 - beta2**t)) + eps), {"t": t, "m": m, "s": s}


@misconception("nadam_step", "part", title="The gradient's term is corrected with t + 1", see="08 §5")
def nadam_all_with_the_next_t(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You divided (1 − β1) g by 1 − β1ᵗ⁺¹. Only the momentum is that of the next step; the gradient is today's, and
    is corrected with t."""
    t, m, s = averages(grad, state, beta1, beta2)
    look = (beta1 * m + (1 - beta1) * grad) / (1 - beta1 ** (t + 1))
    return stepped(theta, lr, look, np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("nadam_step", "part", title="The look ahead isn't corrected", see="08 §5")
def nadam_look_ahead_uncorrected(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along β1 m + (1 − β1) g as it is. m begins at zero: divide the momentum by 1 − β1ᵗ⁺¹, and the gradient's
    term by 1 − β1ᵗ."""
    t, m, s = averages(grad, state, beta1, beta2)
    look = beta1 * m + (1 - beta1) * grad
    return stepped(theta, lr, look, np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("nadam_step", "part", title="The momentum has no weight", see="08 §5")
def nadam_momentum_in_full(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You added m/(1 − β1ᵗ⁺¹) without the factor β1. Both terms together are an average: β1 of the momentum, 1 − β1 of the
    gradient."""
    t, m, s = averages(grad, state, beta1, beta2)
    look = m / (1 - beta1 ** (t + 1)) + (1 - beta1) * grad / (1 - beta1**t)
    return stepped(theta, lr, look, np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("nadam_step", "part", title="t and t + 1 are exchanged", see="08 §5")
def nadam_times_exchanged(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """You corrected the momentum with t and the gradient with t + 1. It is the other way round: the momentum is that of the
    next step, the gradient today's."""
    t, m, s = averages(grad, state, beta1, beta2)
    look = beta1 * m / (1 - beta1**t) + (1 - beta1) * grad / (1 - beta1 ** (t + 1))
    return stepped(theta, lr, look, np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


# --- nadam_step: right ----------------------------------------------------------------------------------------------------


@alternative("nadam_step")
def nadam_as_adam_one_step_on(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
    s = beta2 * state.get("s", 0.0) + (1 - beta2) * grad * grad
    parts = {"momentum": beta1 / (1 - beta1 ** (t + 1)) * m, "gradient": (1 - beta1) / (1 - beta1**t) * grad}
    return theta - lr / (np.sqrt(s / (1 - beta2**t)) + eps) * sum(parts.values()), {"t": t, "m": m, "s": s}


@alternative("nadam_step")
def nadam_with_a_closure(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, s = state(1) if callable(state) else (1, np.zeros(np.shape(grad)), np.zeros(np.shape(grad)))
    m, s = m * beta1 + grad * (1 - beta1), s * beta2 + np.square(grad) * (1 - beta2)
    look = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * grad / (1 - beta1**t)
    return theta - lr * look / (np.sqrt(s / (1 - beta2**t)) + eps), lambda more: (t + more, m, s)


@alternative("nadam_step")
def nadam_with_all_gradients(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    gradients = [*(state or []), np.array(grad, dtype=float)]
    t = len(gradients)
    m = sum((1 - beta1) * beta1 ** (t - i) * g for i, g in enumerate(gradients, start=1))
    s = sum((1 - beta2) * beta2 ** (t - i) * g**2 for i, g in enumerate(gradients, start=1))
    look = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * gradients[-1] / (1 - beta1**t)
    return theta - lr * look / ((s / (1 - beta2**t)) ** 0.5 + eps), gradients


# --- adamax_step: wrong ---------------------------------------------------------------------------------------------------


@misconception("adamax_step", "part", title="A sum instead of the maximum", see="08 §5")
def adamax_sum_for_maximum(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You added |g| to the faded u. The name says it: AdaMax takes the larger one of the two, u ← max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = beta2 * state.get("u", 0.0) + np.abs(grad)
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="An average instead of the maximum", see="08 §5")
def adamax_average_for_maximum(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You averaged |g| as Adam averages the squares. AdaMax takes the larger one of the faded old u and the new |g|, without a weight:
    u ← max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = beta2 * state.get("u", 0.0) + (1 - beta2) * np.abs(grad)
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="The maximum never fades", see="08 §5")
def adamax_no_decay(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You kept the largest |g| of all time. It fades by β2 a step, so that one huge gradient doesn't slow the entry down forever: u ←
    max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(state.get("u", 0.0), np.abs(grad))
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="The new gradient fades too", see="08 §5")
def adamax_new_gradient_fades_too(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You multiplied the maximum by β2, the new |g| included. Only the old u fades: u ← max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = beta2 * np.maximum(state.get("u", 0.0), np.abs(grad))
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="The new gradient has the weight 1 − β2", see="08 §5")
def adamax_new_gradient_weighted(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You compared the faded u with (1 − β2) |g|. A maximum needs no weights, they belong to an average: u ← max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(beta2 * state.get("u", 0.0), (1 - beta2) * np.abs(grad))
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "core", title="The absolute value is forgotten", see="08 §5")
def adamax_without_absolute_value(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You compared with g itself. A large negative gradient is large too, and a denominator must not be zero or negative: compare with
    |g|."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(beta2 * state.get("u", 0.0), grad)
    return stepped(theta, lr, m / (1 - beta1**t), u + eps, t=t, m=m, u=u)


@misconception("adamax_step", "part", title="The gradient is squared", see="08 §5")
def adamax_squared(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You compared with g ⊗ g, as Adam has it. u is a maximum of absolute values, it has the gradient's own unit already and needs no
    root."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(beta2 * state.get("u", 0.0), np.square(grad, dtype=float))
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="The maximum of squares, and its root", see="08 §5")
def adamax_root_of_squares(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You kept the largest g ⊗ g and divided by its root, so that the old maximum fades by √β2 a step. Compare absolute values, which
    need no root: u ← max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(beta2 * state.get("u", 0.0), np.square(grad, dtype=float))
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(u) + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="A root is taken of u", see="08 §5")
def adamax_root(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You divided by √u + ε. u is a maximum of absolute values and has the gradient's own unit already: divide by u + ε."""
    t, m, u = largest(grad, state, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(u) + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="One maximum for the whole array", see="08 §5")
def adamax_one_maximum_for_all(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You took the largest entry of the whole gradient. The maximum is between the old and the new value of each entry, `np.maximum`,
    not over the entries, `np.max`."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(beta2 * state.get("u", 0.0), np.max(np.abs(grad)))
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="u is bias-corrected too", see="08 §5")
def adamax_u_corrected_too(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You divided u by 1 − β2ᵗ. u is no average: after the first step it is |g| itself, so there is no bias towards zero to correct.
    Only m needs it."""
    t, m, u = largest(grad, state, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (u / (1 - beta2**t) + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="This is Adam", see="08 §5")
def adamax_is_adam(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You divided by √ŝ, as Adam does. AdaMax has a fading maximum in its place: u ← max(β2 u, |g|)."""
    t, m, s = averages(grad, state, beta1, beta2)
    return stepped(theta, lr, m / (1 - beta1**t), np.sqrt(s / (1 - beta2**t)) + eps, t=t, m=m, s=s)


@misconception("adamax_step", "part", title="The gradient instead of its average", see="08 §5")
def adamax_without_momentum(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along the present gradient. AdaMax steps along the corrected average m̂, as Adam does; only the denominator is
    another one."""
    t, m, u = largest(grad, state, beta1, beta2)
    return theta - lr * grad / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "slip", title="The default learning rate is Adam's", see="08 §5")
def adamax_learning_rate_of_adam(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Your step is right, but its default learning rate is 0.001. AdaMax's default is 0.002, as in the paper: u is never smaller than
    √ŝ, so the steps are shorter."""
    t, m, u = largest(grad, state, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "slip", title="ε is added inside the maximum", see="08 §5")
def adamax_epsilon_inside_the_maximum(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You computed max(β2 u, |g| + ε), as PyTorch does. With ordinary gradients nobody sees the difference; here ε is added to the
    finished denominator, u + ε."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.maximum(beta2 * state.get("u", 0.0), np.abs(grad) + eps)
    return theta - lr * (m / (1 - beta1**t)) / u, {"t": t, "m": m, "u": u}


@misconception("adamax_step", "part", title="The first moment isn't stored", see="08 §5")
def adamax_first_moment_not_stored(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """The state that you return doesn't hold the new m, so each step begins its average of the gradients at zero again."""
    t, m, u = largest(grad, {**state, "m": 0.0}, beta1, beta2)
    return theta - lr * (m / (1 - beta1**t)) / (u + eps), {"t": t, "u": u}


@misconception("adamax_step", "part", title="The maximum isn't stored", see="08 §5")
def adamax_maximum_not_stored(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """The state that you return doesn't hold the new u, so at each step it is the size of the present gradient alone."""
    t, m, u = largest(grad, {**state, "u": 0.0}, beta1, beta2)
    return stepped(theta, lr, m / (1 - beta1**t), u + eps, t=t, m=m)


@misconception("adamax_step", "part", title="The gradient is corrected instead of its average", see="08 §5")
def adamax_gradient_corrected(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You stepped along g/(1 − β1ᵗ). It is the average m that begins at zero and is corrected: m̂ = m/(1 − β1ᵗ)."""
    t, m, u = largest(grad, state, beta1, beta2)
    return theta - lr * (grad / (1 - beta1**t)) / (u + eps), {"t": t, "m": m, "u": u}


@misconception("adamax_step", "core", title="The minimum is taken", see="08 §5")
def adamax_minimum(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """You took the smaller one of the faded u and |g|. AdaMax takes the larger one: u ← max(β2 u, |g|)."""
    t, m, _ = largest(grad, state, beta1, beta2)
    u = np.minimum(beta2 * state.get("u", 0.0), np.abs(grad))
    return stepped(theta, lr, m / (1 - beta1**t), u + eps, t=t, m=m, u=u)


# --- adamax_step: right ---------------------------------------------------------------------------------------------------


@alternative("adamax_step")
def adamax_with_where(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, u = state if state else (0, 0.0, np.zeros(np.shape(grad)))
    t, faded, size = t + 1, beta2 * u, np.abs(grad)
    m, u = beta1 * m + (1 - beta1) * grad, np.where(faded > size, faded, size)
    return theta - lr / (1 - beta1**t) * m / (u + eps), [t, m, u]


@alternative("adamax_step")
def adamax_with_all_gradients(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    sizes = np.stack([*(beta2 * old for old in state.get("sizes", [])), np.abs(grad).astype(float)])
    m = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
    return theta - lr * m / (1 - beta1 ** len(sizes)) / (sizes.max(axis=0) + eps), {"sizes": sizes, "m": m}


@alternative("adamax_step")
def adamax_with_an_object(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    class Memory:
        t, m, u = 0, 0.0, 0.0

    old = Memory if isinstance(state, dict) else state
    new = Memory()
    new.t, new.m = old.t + 1, old.m + (1 - beta1) * (grad - old.m)
    new.u = np.fmax(beta2 * old.u, np.absolute(grad))
    return theta - (lr / (1 - beta1**new.t)) * (new.m / (new.u + eps)), new


# --- wrong in every optimiser: last, because the narrow ones come first ---------------------------------------------------

epsilon = partial(fixed_number, name="eps")
IN_EVERY_STEP = members(
    STEPS,
    RIGHT,
    theta_in_place,
    state_in_place,
    without_epsilon,
    partial(uphill, text=UPHILL),
    epsilon,
    partial(epsilon, value=1e-7, called="{stem}_with_epsilon_1e_7"),
    partial(epsilon, value=1e-6, called="{stem}_with_epsilon_1e_6"),
    partial(fixed_number, name="lr", severity="part", called="{stem}_fixed_lr"),
    partial(only_the_first, severity="core", first="θ", all="θ and the state"),
    nothing_returned,
    cut_off,
)
OTHERS = [
    *members({name: see for name, see in STEPS.items() if name != "rmsprop_step"}, RIGHT, partial(nothing_remembered, text=FORGETS)),
    *members({"rmsprop_step": "08 §3"}, RIGHT, partial(fixed_number, name="decay", severity="part", called="{stem}_fixed_decay")),
    *members({"bias_corrected": "08 §4"}, RIGHT, nothing_returned, cut_off),
    *members(WITH_MOMENTS, RIGHT, fixed_betas),
    *members(WITH_A_ROOT, VARIABLE, epsilon_inside_the_root, gradient_not_squared, root_forgotten),
    *members(
        WITH_A_ROOT,
        VARIABLE,
        partial(absolute_values, called="{stem}_absolute_values"),
        partial(one_sum_for_all, called="{stem}_one_sum_for_all"),
    ),
    *members(WITH_MOMENTS, VARIABLE, betas_swapped),
]
