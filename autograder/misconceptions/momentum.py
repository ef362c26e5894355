"""What students believe about gradient descent with momentum, Hessians and Newton's step, and right answers written in other ways.

Most wrong steps are one of three right ones with another rule for the velocity.
"""

from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    as_list,
    cut_off,
    family,
    fixed_number,
    flattened,
    in_a_tuple,
    in_place,
    members,
    negated,
    nothing_remembered,
    nothing_returned,
    only_the_first,
    other_default,
    state_in_place,
    uphill,
    variants,
)

from ..reference import momentum as reference

RIGHT = vars(reference)
SGD, STEPS = {"sgd_step": "07 §1"}, {"momentum_step": "07 §4", "nesterov_step": "07 §5", "nesterov_step_shifted": "07 §5"}
NEWTON, KAPPA, POINT = {"newton_step": "07 §6"}, {"condition_number": "07 §2"}, {"critical_point": "07 §3"}


# --- steps whose velocity, or what becomes of it, can be another ------------------------------------------------------------


def heavy(m, grad, lr, beta):
    """Return the new velocity."""
    return beta * m - lr * grad


def momentum(theta, grad, state, lr, beta=0.9, rule=heavy, move=lambda new, old, beta: new):
    """Take a step with a velocity of this `rule`; θ moves by what `move` makes of the new and the old velocity."""
    old = state.get("m", 0.0)
    new = rule(old, np.asarray(grad, dtype=float), lr, beta)
    return theta + move(new, old, beta), {"m": new}


def shifted(theta, grad, state, lr, beta=0.9, rule=heavy, move=lambda new, old, beta: new + beta * (new - old)):
    """Take Nesterov's step in the shifted form."""
    return momentum(theta, grad, state, lr, beta, rule, move)


def nesterov(theta, grad_fn, state, lr, beta=0.9, rule=heavy, place=lambda theta, m, beta: theta + beta * m, step=momentum):
    """Take Nesterov's step with a velocity of this `rule`; the gradient is measured at `place`."""
    return step(theta, grad_fn(place(theta, state.get("m", 0.0), beta)), state, lr, beta, rule)


VARIABLE = {"momentum_step": momentum, "nesterov_step": nesterov, "nesterov_step_shifted": shifted}


def momentum_with(rule, theta, grad, state, lr, beta=0.9):
    return momentum(theta, grad, state, lr, beta, rule)


def nesterov_with(rule, theta, grad_fn, state, lr, beta=0.9):
    return nesterov(theta, grad_fn, state, lr, beta, rule)


def shifted_with(rule, theta, grad, state, lr, beta=0.9):
    return shifted(theta, grad, state, lr, beta, rule)


def nesterov_at(place, theta, grad_fn, state, lr, beta=0.9):
    return nesterov(theta, grad_fn, state, lr, beta, place=place)


def shifted_by(move, theta, grad, state, lr, beta=0.9):
    return shifted(theta, grad, state, lr, beta, move=move)


# fmt: off
RULES = {
    "averaged": ("part", "The gradient counts 1 − β only",
        "You wrote m ← β m − (1 − β) η ∇, the average that Adam uses. Momentum adds gradients up in full: m ← β m − η ∇, so that the final "
        "speed is 1/(1 − β) times that of gradient descent.",
        lambda m, grad, lr, beta: beta * m - (1 - beta) * lr * grad),
    "without_friction": ("core", "Nothing slows the velocity down",
        "You wrote m ← m − η ∇, without β. Then old gradients count in full forever, and the ball swings through the valley without end.",
        lambda m, grad, lr, beta: m - lr * grad),
}
VELOCITIES = [
    one
    for (exercise, see), of in zip(STEPS.items(), (momentum_with, nesterov_with, shifted_with), strict=True)
    for one in variants(exercise, see, RIGHT[exercise], of, {f"{exercise}_{called}": row for called, row in RULES.items()})
]
OTHER_RULES = variants("momentum_step", "07 §4", reference.momentum_step, momentum_with, {
    "new_gradient_fades": ("part", "The new gradient fades, too",
        "You multiplied the new velocity by β, the present gradient included: β (m − η ∇). Only the old velocity is slowed down.",
        lambda m, grad, lr, beta: beta * (m - lr * grad)),
    "beta_for_one_minus_beta": ("core", "β and 1 − β are swapped",
        "You kept the share 1 − β of the velocity. With β = 0.9 nine tenths of the old velocity are kept: m ← β m − η ∇.",
        lambda m, grad, lr, beta: (1 - beta) * m - lr * beta * grad),
    "sign_alternates": ("core", "The old velocity is subtracted",
        "You wrote m ← −β m − η ∇, so the velocity turns round at every step. What was going downhill goes on downhill: + β m.",
        lambda m, grad, lr, beta: -beta * m - lr * grad),
    "rate_times_velocity": ("part", "η multiplies the old velocity, too",
        "You wrote m ← η (β m − ∇). The old velocity holds its learning rates already; η belongs to the new gradient alone.",
        lambda m, grad, lr, beta: lr * (beta * m - grad)),
})
# fmt: on


@family(
    "η stands outside the velocity",
    "You summed up the gradients alone, m ← β m + ∇, and multiplied by the present η afterwards. As long as η stays as it is that is the "
    "same. Where it changes, each gradient has to count with the η of its own step: m ← β m − η ∇.",
    "part",
)
def rate_outside(right, options, theta, grad, state, lr, beta=0.9):
    factor, before = state.get("lr", lr), state.get("state", {})
    if "m" in before:  # all that was summed up gets the present rate
        before = {"m": before["m"] * lr / factor}
    new, after = right(theta, grad, before, lr, beta)
    return new, {"lr": lr, "state": after}


@family(
    "Only the last gradient is remembered",
    "You kept −η ∇ of the last step in the state where the velocity belongs, so all earlier ones are forgotten. Return the new m itself.",
    "part",
)
def last_gradient_only(right, options, theta, grad, state, lr, beta=0.9):
    new, after = right(theta, grad, state, lr, beta)
    return new, {"m": after["m"] - beta * state.get("m", 0.0)}


@family(
    "The velocity begins with the first gradient",
    "Your first velocity is −η ∇ before (5) is applied to it, so the first gradient counts twice. m begins at zero.",
    "part",
)
def begun_with_a_gradient(right, options, theta, grad, state, lr, beta=0.9):
    return right(theta, grad, state or {"m": -lr * np.asarray(grad, dtype=float)}, lr, beta)


MEMORY: list[dict] = [{}]


@family(
    "The velocity is kept outside the state",
    "You keep the velocity in a global variable, or at the function itself, and begin anew where the state is empty. Two runs at once, "
    "such as those of two layers of one network, then disturb each other. Put it into the state that you return.",
    "slip",
)
def kept_outside(right, options, theta, grad, state, *args, **kwargs):
    new, MEMORY[0] = right(theta, grad, MEMORY[0] if state else {}, *args, **kwargs)
    return new, {"begun": True}


@family("θ is forgotten", "You return the step alone. The new θ is the old one plus the step.", "part", sign=1.0)
def theta_forgotten(right, options, theta, *args, **kwargs):
    answer = right(theta, *args, **kwargs)
    return (answer[0] - theta, *answer[1:]) if isinstance(answer, tuple) else options["sign"] * (answer - theta)


@family("The step goes uphill", "You added the step. The gradient points uphill, and the step is subtracted from θ.", "core")
def added(right, options, theta, *args, **kwargs):
    return 2.0 * theta - right(theta, *args, **kwargs)


@family(
    "The state comes first",
    "You return (state, theta). The order is (theta, state), as in `return theta, state`: whoever calls you unpacks it like that.",
    "slip",
)
def state_first(right, options, *args, **kwargs):
    return right(*args, **kwargs)[::-1]


UPHILL = (
    "Your step goes along the gradient, which points uphill. Either m ← β m − η ∇ and θ ← θ + m, or, as one set of slides has it, "
    "m ← β m + η ∇ and θ ← θ − m: half of one and half of the other climbs."
)
WITHOUT_RATE = "You left η out. Each gradient is multiplied by the learning rate of its own step: m ← β m − η ∇."
STEP_ALONE = "You return what is to be subtracted from θ. The function returns the new θ: write `theta - …`."

OUTSIDE = members(STEPS, VARIABLE, rate_outside)


# --- momentum_step --------------------------------------------------------------------------------------------------------


@misconception("momentum_step", "part", title="θ moves with the old velocity", see="07 §4")
def moved_before_the_update(theta, grad, state, lr, beta=0.9):
    """You moved θ before the velocity was brought up to date, so each gradient acts one step late. First m ← β m − η ∇, then θ ← θ + m
    with the new m."""
    old = state.get("m", 0.0)
    return theta + old + 0.0 * grad, {"m": beta * old - lr * grad}


# fmt: off
OTHER_STEPS = misconceptions("momentum_step", "07 §5", {
    "momentum_is_nesterov": ("part", "This is Nesterov's step",
        "You moved by β m − η ∇ with the new m, which is the shifted form of Nesterov's step. Plain momentum moves by the new velocity: "
        "θ ← θ + m.",
        lambda theta, grad, state, lr, beta=0.9: shifted(theta, grad, state, lr, beta)),
})


# --- nesterov_step --------------------------------------------------------------------------------------------------------


WRONG_PLACES = variants("nesterov_step", "07 §5", reference.nesterov_step, nesterov_at, {
    "measured_here": ("core", "The gradient is measured at θ",
        "You asked for the gradient at θ itself: that is plain momentum. Nesterov asks where the velocity is about to lead, at θ + β m.",
        lambda theta, m, beta: theta),
    "measured_behind": ("core", "It looks back instead of ahead",
        "You asked for the gradient at the point behind θ. If you step by −m, as one set of slides does, θ − β m is ahead (their "
        "erratum); if you step by +m, it is θ + β m.",
        lambda theta, m, beta: theta - beta * m),
    "measured_at_the_velocity": ("core", "The gradient is measured at β m",
        "You asked for the gradient at β m. That is a step, and no point: the place is θ + β m.",
        lambda theta, m, beta: 0.0 * theta + beta * m),
    "measured_too_far": ("part", "It looks ahead by m instead of β m",
        "You asked for the gradient at θ + m. The old velocity takes θ only by β m, for it is slowed down first: ask at θ + β m.",
        lambda theta, m, beta: theta + m),
})
WRONG_LOOKS = misconceptions("nesterov_step", "07 §5", {
    "measured_ahead_and_shifted": ("core", "Both forms are mixed",
        "You measured the gradient ahead, and moved as the shifted form does. Either θ is the present point, the gradient is measured at "
        "θ + β m, and θ moves by m; or θ is the point ahead already.",
        lambda theta, grad_fn, state, lr, beta=0.9: nesterov(theta, grad_fn, state, lr, beta, step=shifted)),
    "nesterov_is_shifted": ("part", "This is the shifted form",
        "You took the shifted form, in which theta is the point ahead. Here theta is the point itself: ask for the gradient at θ + β m, "
        "and move by m.",
        lambda theta, grad_fn, state, lr, beta=0.9: shifted(theta, grad_fn(theta), state, lr, beta)),
    "called_twice": ("slip", "grad_fn is called twice",
        "You call grad_fn twice at a step. For a network each call is a forward and a backward pass: call it once and keep the result.",
        lambda theta, grad_fn, state, lr, beta=0.9: (grad_fn(theta), nesterov(theta, grad_fn, state, lr, beta))[1]),
})
# fmt: on


@misconception("nesterov_step", "part", title="The step begins at the point ahead", see="07 §5")
def stepped_from_ahead(theta, grad_fn, state, lr, beta=0.9):
    """You measured the gradient at θ + β m, and added the new m to that point, so β m counts twice. The step begins at θ: θ ← θ + m."""
    ahead = theta + beta * state.get("m", 0.0)
    return momentum(ahead, grad_fn(ahead), state, lr, beta)


# --- nesterov_step_shifted ------------------------------------------------------------------------------------------------


# fmt: off
WRONG_MOVES = variants("nesterov_step_shifted", "07 §5", reference.nesterov_step_shifted, shifted_by, {
    "new_velocity_ahead_missing": ("core", "The new look ahead is missing",
        "You took the old look ahead back and added m_new, in sum −η ∇: plain gradient descent. Go ahead again, by β m_new.",
        lambda new, old, beta: new - beta * old),
    "shifted_is_momentum": ("part", "This is plain momentum",
        "You moved by m alone, or m and m_new are the same array when you subtract them. Keep the old velocity: the step is m_new "
        "+ β (m_new − m).",
        lambda new, old, beta: new),
    "old_velocity_stays": ("part", "The old look ahead isn't taken back",
        "You moved by (1 + β) m_new. theta is a point ahead already, by β m: take that back, with − β m.",
        lambda new, old, beta: (1 + beta) * new),
    "correction_subtracted": ("part", "The correction has the wrong sign",
        "You subtracted β (m_new − m). The new look ahead is added and the old one taken back: + β (m_new − m).",
        lambda new, old, beta: new - beta * (new - old)),
    "correction_without_beta": ("part", "The correction lacks β",
        "You added m_new − m in full. Both looks ahead go by β times the velocity: + β (m_new − m).",
        lambda new, old, beta: 2 * new - old),
    "new_velocity_slowed_only": ("part", "The gradient's own step is missing",
        "You moved by β m_new. Written out, the step is β m_new − η ∇: the gradient counts once more.",
        lambda new, old, beta: beta * new),
    "old_velocity_added": ("part", "The old look ahead is added",
        "You added β m where it is taken back: the step is (1 + β) m_new − β m.",
        lambda new, old, beta: (1 + beta) * new + beta * old),
})
# fmt: on


@misconception("nesterov_step_shifted", "part", title="The whole step is remembered as the velocity", see="07 §5")
def whole_step_remembered(theta, grad, state, lr, beta=0.9):
    """You kept the whole step in the state. The velocity is m_new alone; β (m_new − m) belongs to the look ahead."""
    old = state.get("m", 0.0)
    new = beta * old - lr * grad
    return theta + new + beta * (new - old), {"m": new + beta * (new - old)}


# --- condition_number -----------------------------------------------------------------------------------------------------


def singular_values(H):
    return np.linalg.svd(H, compute_uv=False)


def guarded(H, ratio, values=singular_values):
    """Return ``ratio(largest, smallest)`` of the values, or infinity where the smallest one is zero but for rounding."""
    found = np.abs(values(H))
    small, large = found.min(), found.max()
    return float(ratio(large, small)) if small > large * len(H) * np.finfo(float).eps else np.inf


def signed_ratio(H):
    eigenvalues = np.linalg.eigvalsh(H)
    return eigenvalues[-1] / eigenvalues[0] if np.abs(eigenvalues).min() > 1e-13 * np.abs(eigenvalues).max() else np.inf


# fmt: off
WRONG_KAPPAS = misconceptions("condition_number", "07 §2", {
    "kappa_of_frobenius_norms": ("core", "Another norm",
        "You multiplied norms of H and its inverse that aren't the largest singular value: `np.linalg.norm` takes the Frobenius norm.",
        lambda H: np.linalg.norm(H) * np.linalg.norm(np.linalg.inv(H))),
    "kappa_upside_down": ("core", "Smallest over largest",
        "You divided the smallest by the largest. A condition number is at least 1, and large where it is bad.",
        lambda H: guarded(H, lambda large, small: small / large)),
    "kappa_of_the_diagonal": ("core", "The diagonal for the singular values",
        "You looked at the diagonal of H only. Where H isn't diagonal, its entries there aren't its curvatures.",
        lambda H: guarded(H, np.divide, np.diag)),
    "kappa_of_eigenvalues": ("part", "Eigenvalues for singular values",
        "You divided absolute eigenvalues. That is the same for symmetric matrices, and only for them.",
        lambda H: guarded(H, np.divide, np.linalg.eigvals)),
    "kappa_of_symmetric_eigenvalues": ("part", "Eigenvalues of the lower triangle",
        "`eigvalsh` looks at one triangle of H only and takes H for symmetric. Singular values are right for every matrix.",
        lambda H: guarded(H, np.divide, np.linalg.eigvalsh)),
    "kappa_with_sign": ("part", "The sign of the eigenvalues counts",
        "You divided the largest eigenvalue by the smallest one. A negative curvature may be the steepest: drop the signs.",
        lambda H: signed_ratio(H)),
    "kappa_squared": ("part", "The root is forgotten",
        "You took eigenvalues of HᵀH. They are the squares of the singular values: take their root.",
        lambda H: guarded(H, lambda large, small: (large / small) ** 2)),
    "kappa_root": ("part", "A root too many",
        "You took the root of singular values. `svd` has taken it already; only eigenvalues of HᵀH need it.",
        lambda H: guarded(H, lambda large, small: np.sqrt(large / small))),
    "kappa_rounding_forgotten": ("slip", "Rounding hides a singular matrix",
        "You return inf only where the smallest singular value is exactly zero. A singular matrix mostly has one of 10⁻¹⁷ or so, "
        "for rounding: compare with largest · n · eps.",
        lambda H: np.linalg.cond(H)),
    "kappa_limit_without_n": ("slip", "The limit lacks n",
        "You compared with largest · eps. The rounding errors of an n × n matrix are up to n times as large: largest · n · eps.",
        lambda H: np.linalg.cond(H) if singular_values(H)[-1] > 2.0**-52 * singular_values(H)[0] else np.inf),
    "kappa_absolute_limit": ("slip", "The limit doesn't grow with H",
        "You compared the smallest singular value with a fixed number. Whether it is zero but for rounding depends on the largest one.",
        lambda H: np.linalg.cond(H) if singular_values(H)[-1] > 1e-12 else np.inf),
    "kappa_coarse_limit": ("slip", "The limit is too coarse",
        "You took the matrix for singular where smallest/largest is below 10⁻¹⁰ or so. The limit is n · eps, about n · 2 · 10⁻¹⁶.",
        lambda H: guarded(H, np.divide) if singular_values(H)[-1] > 1e-10 * singular_values(H)[0] else np.inf),
    "kappa_through_a_product": ("slip", "Digits are lost in HᵀH",
        "You took the root of the eigenvalues of HᵀH. Squaring loses half of the digits: beyond 10⁸ nothing is left. Use `svd`.",
        lambda H: guarded(H, np.divide, lambda H: np.sqrt(np.abs(np.linalg.eigvalsh(H.T @ H))))),
    "kappa_nan": ("slip", "A singular matrix isn't dealt with",
        "Where H is singular you don't return np.inf. Look at the smallest singular value first.",
        lambda H: guarded(H, np.divide) if guarded(H, np.divide) < np.inf else np.nan),
    "kappa_as_an_array": ("slip", "An array for the number",
        "You return an array with the number in it. Return the number alone.",
        lambda H: np.array([guarded(H, np.divide)])),
})
# fmt: on


# --- critical_point -------------------------------------------------------------------------------------------------------


def named(eigenvalues, tol=1e-8, zeros_first=False, up=None, down=None):
    """Name a point; what counts as up, down and zero can be another."""
    up = eigenvalues > tol if up is None else up
    down = eigenvalues < -tol if down is None else down
    if zeros_first and not np.all(up | down):
        return "degenerate"
    if up.any() and down.any():
        return "saddle"
    return "minimum" if up.all() else "maximum" if down.all() else "degenerate"


def by_determinant(H, determinant, tol=1e-8):
    if abs(determinant) <= tol:
        return "degenerate"
    return "saddle" if determinant < 0 else "minimum" if H[0, 0] > 0 else "maximum"


def by_eigenvalues(name, H, tol=1e-8):
    return name(np.linalg.eigvalsh(H), tol, np.asarray(H))


SWAP = {"minimum": "maximum", "maximum": "minimum"}
# fmt: off
WRONG_NAMES = variants("critical_point", "07 §3", reference.critical_point, by_eigenvalues, {
    "by_the_diagonal": ("core", "The diagonal for the eigenvalues",
        "You looked at the diagonal of H. Where H isn't diagonal, the point may go down between the axes: take the eigenvalues.",
        lambda values, tol, H: named(np.diag(H), tol)),
    "by_the_trace": ("core", "The sum of the eigenvalues decides",
        "You looked at the sum, or the mean, of the eigenvalues. Each counts for itself: one negative among them makes a saddle.",
        lambda values, tol, H: named(np.array([values.sum()]), tol)),
    "by_singular_values": ("core", "Singular values have no sign",
        "You took singular values, or absolute values, which are never negative, so that maxima and saddles can't be told.",
        lambda values, tol, H: named(np.abs(values), tol)),
    "by_one_eigenvalue": ("core", "One eigenvalue decides",
        "You looked at a single eigenvalue, or at `any` where `all` is meant. A minimum needs all of them positive.",
        lambda values, tol, H: named(values[-1:], tol)),
    "extremes_swapped": ("part", "Minimum and maximum are swapped",
        "You call a point with positive curvatures a maximum. Where all eigenvalues are positive it goes up everywhere: a minimum.",
        lambda values, tol, H: SWAP.get(named(values, tol), named(values, tol))),
    "zero_before_the_signs": ("part", "A zero is looked at before the signs",
        "You say degenerate as soon as an eigenvalue is zero. With both signs it is a saddle: look at the signs first.",
        lambda values, tol, H: named(values, tol, zeros_first=True)),
    "never_degenerate": ("part", "The degenerate case is missing",
        "You call a point with an eigenvalue of zero a saddle. Where all others have one sign nothing can be told: degenerate.",
        lambda values, tol, H: "saddle" if named(values, tol) == "degenerate" else named(values, tol)),
    "zero_counts_as_positive": ("part", "Zero counts as a sign",
        "You counted an eigenvalue of zero as positive (≥ for >). A flat direction goes neither up nor down: degenerate.",
        lambda values, tol, H: named(values, up=values >= -tol, down=values < -tol)),
    "zero_extremes": ("part", "A semi-definite Hessian counts as an extreme",
        "You let the other eigenvalues decide where one is zero. The flat direction may still go up or down: degenerate.",
        lambda values, tol, H: named(values[np.abs(values) > tol] if np.any(np.abs(values) > tol) else values, tol)),
    "by_the_determinant": ("part", "The determinant's rule for two dimensions",
        "You looked at the sign of the determinant. With two variables that works; with more, two negative eigenvalues cancel.",
        lambda values, tol, H: by_determinant(H, np.linalg.det(H))),
    "by_the_corner_of_two": ("part", "The rule for two variables alone",
        "You wrote H₁₁H₂₂ − H₁₂H₂₁, the determinant of two variables. H may have any size: take the eigenvalues, which tol is meant for.",
        lambda values, tol, H: by_determinant(H, H[0, 0] * H[1, 1] - H[0, 1] * H[1, 0], tol)),
    "tolerance_ignored": ("slip", "tol isn't used",
        "You compared with zero itself. Rounding turns a zero into 10⁻¹⁷, of either sign: what lies within ±tol counts as zero.",
        lambda values, tol, H: named(values, 0.0)),
    "tolerance_fixed": ("slip", "tol is a fixed number",
        "You wrote 1e-8 where tol belongs. The caller may pass another one.",
        lambda values, tol, H: named(values)),
    "tolerance_relative": ("slip", "tol is relative",
        "You multiplied tol by the largest eigenvalue. Here it is an absolute number: |λ| ≤ tol counts as zero.",
        lambda values, tol, H: named(values, tol * np.abs(values).max())),
    "tolerance_excluded": ("slip", "Exactly tol counts as zero",
        "You wrote < where ≤ belongs: an eigenvalue of exactly tol or −tol counts as zero, too.",
        lambda values, tol, H: named(values, up=values >= tol if tol else None, down=values <= -tol if tol else None)),
    "tolerance_on_one_side": ("slip", "tol holds on one side only",
        "You compared with tol above and with zero below. A tiny negative eigenvalue is rounding, too: it is negative below −tol.",
        lambda values, tol, H: named(values, tol, down=values < 0)),
    "saddle_point": ("slip", "A saddle has another name",
        'The name is exactly "saddle", in small letters and without "point".',
        lambda values, tol, H: {"saddle": "saddle point"}.get(named(values, tol), named(values, tol))),
    "other_words": ("slip", "The words are others",
        'The names are exactly "minimum", "maximum", "saddle" and "degenerate", in small letters and without "point" or "local".',
        lambda values, tol, H: {"saddle": "Saddle point"}.get(named(values, tol), named(values, tol).capitalize())),
})


# --- newton_step ----------------------------------------------------------------------------------------------------------


def by_cholesky(H, grad):
    L = np.linalg.cholesky(H)
    return np.linalg.solve(L.T, np.linalg.solve(L, grad))


def with_absolute_curvatures(H, grad):
    values, axes = np.linalg.eigh(H)
    return axes @ (axes.T @ grad / np.abs(values))


WRONG_NEWTONS = misconceptions("newton_step", "07 §6", {
    "newton_multiplied": ("core", "H is multiplied instead of solved for",
        "You subtracted H·∇. The step solves H·step = ∇: steep directions get short steps, not long ones.",
        lambda theta, grad, H: theta - H @ grad),
    "newton_entry_by_entry": ("core", "1/H, entry by entry",
        "You took 1/H, which divides entry by entry. The inverse of a matrix is another thing, and `np.linalg.solve` needs none.",
        lambda theta, grad, H: theta - np.divide(1.0, H, out=np.zeros(np.shape(H)), where=H != 0) @ grad),
    "newton_damped": ("core", "The identity is added to H",
        "You solved with H + I, which is another method (damped Newton, Levenberg). Newton's step solves with H itself.",
        lambda theta, grad, H: theta - np.linalg.solve(H + np.eye(len(H)), grad)),
    "newton_one_curvature": ("core", "One curvature for all directions",
        "You divided by a single number, such as the norm of H or its largest eigenvalue. That is gradient descent with another η.",
        lambda theta, grad, H: theta - grad / np.linalg.norm(H, 2)),
    "newton_by_the_diagonal": ("part", "Only the diagonal of H",
        "You divided by the diagonal of H. In a turned valley the entries beside it count, too: solve H·step = ∇.",
        lambda theta, grad, H: theta - grad / np.diag(H)),
    "newton_half_a_step": ("part", "A factor before the step",
        "You multiplied the step by a learning rate or by ½. Newton's step needs none: the curvature says how far to go.",
        lambda theta, grad, H: theta - 0.5 * np.linalg.solve(H, grad)),
    "newton_of_absolute_curvatures": ("part", "Negative curvatures are turned round",
        "You took the eigenvalues' absolute values, so that the step goes downhill everywhere. That is a good idea and another "
        "method (saddle-free Newton); Newton's step solves with H as it is.",
        lambda theta, grad, H: theta - with_absolute_curvatures(H, grad)),
    "newton_damped_a_little": ("slip", "Something is added to H",
        "You added a tiny multiple of the identity, which costs digits. The docstring says that H isn't singular: solve with H itself.",
        lambda theta, grad, H: theta - np.linalg.solve(H + 1e-8 * np.eye(len(H)), grad)),
    "newton_by_cholesky": ("part", "Cholesky needs positive curvatures",
        "You used a Cholesky decomposition, which raises where an eigenvalue is negative. The Hessian at a saddle has one: use "
        "`np.linalg.solve`.",
        lambda theta, grad, H: theta - by_cholesky(H, grad)),
    "newton_of_the_difference": ("part", "θ is solved for, too",
        "You solved with θ − ∇ on the right. Only the gradient is: solve for the step first, and subtract it from θ.",
        lambda theta, grad, H: np.linalg.solve(H, theta - grad)),
    "newton_columns": ("part", "A column is subtracted from a row",
        "You made a column of the gradient, and theta minus a column is a matrix: NumPy broadcasts (n,) and (n, 1) to (n, n). Leave the "
        "gradient as it is: `solve` takes (n,).",
        lambda theta, grad, H: theta.reshape(-1, 1) - np.linalg.solve(H, np.reshape(grad, (-1, 1)))),
})


# --- sgd_step -------------------------------------------------------------------------------------------------------------


WRONG_DESCENTS = misconceptions("sgd_step", "07 §1", {
    "sgd_roles_swapped": ("core", "θ and the gradient are swapped",
        "You computed ∇ − η θ. The gradient is multiplied by η and subtracted from θ.",
        lambda theta, grad, lr: grad - lr * theta),
    "sgd_relative": ("core", "The step is relative to θ",
        "You computed θ (1 − η ∇), so that a θ of zero never moves. The step is η ∇, whatever θ is.",
        lambda theta, grad, lr: theta * (1 - lr * grad)),
    "sgd_mean_gradient": ("core", "One number for all entries",
        "You took the mean of the gradient. Each entry of θ moves by its own entry of the gradient.",
        lambda theta, grad, lr: theta - lr * np.mean(grad)),
    "sgd_sign_alone": ("part", "The gradient's sign alone",
        "You used the sign of the gradient only. Its size counts: steep directions get long steps.",
        lambda theta, grad, lr: theta - lr * np.sign(grad)),
    "sgd_normalized": ("part", "The gradient is divided by its length",
        "You divided the gradient by its length. Gradient descent takes it as it is: near a minimum the steps get short by themselves.",
        lambda theta, grad, lr: theta - lr * grad / np.linalg.norm(grad)),
    "sgd_divided_by_the_rate": ("part", "Divided by the learning rate",
        "You divided by η. A small learning rate makes short steps: multiply.",
        lambda theta, grad, lr: theta - grad / lr),
    "sgd_averaged": ("part", "The gradient is divided by its number of entries",
        "You divided by the size of the gradient. The mean over the batch is in the gradient already: subtract η ∇.",
        lambda theta, grad, lr: theta - lr * grad / max(np.size(grad), 2)),
})
# fmt: on


# --- wrong in many functions: last, because the narrow ones come first ----------------------------------------------------

fixed_lr = partial(fixed_number, name="lr", severity="part")
grad_in_place = partial(in_place, name="grad", called="{exercise}_grad_in_place")
overwritten = partial(in_place, casting="unsafe", called="{exercise}_overwritten")  # as `np.asarray(theta, float)` and `-=` do
IN_SEVERAL = [
    *members({"momentum_step": "07 §4"}, VARIABLE, begun_with_a_gradient, last_gradient_only, flattened),
    *members({name: see for name, see in STEPS.items() if name != "nesterov_step"}, VARIABLE, grad_in_place),
    *members(
        STEPS,
        VARIABLE,
        nothing_remembered,
        partial(other_default, name="beta", value=0.99),
        kept_outside,
        partial(uphill, text=UPHILL),
        theta_forgotten,
        state_first,
        partial(only_the_first, first="θ", all="θ and the state"),
        partial(fixed_number, name="beta", called="{exercise}_fixed_beta"),
        partial(fixed_lr, value=0.01, called="{exercise}_fixed_lr"),
        partial(fixed_lr, value=1.0, title="η is left out", text=WITHOUT_RATE, called="{exercise}_without_lr"),
        in_place,
        overwritten,
        state_in_place,
        cut_off,
        nothing_returned,
    ),
    *members(
        SGD | NEWTON,
        RIGHT,
        added,
        theta_forgotten,
        partial(
            theta_forgotten,
            sign=-1.0,
            title="The step is returned, and isn't subtracted",
            text=STEP_ALONE,
            severity="core",
            called="{exercise}_alone",
        ),
        partial(
            negated,
            title="Everything has the wrong sign",
            text="You return η ∇ − θ, or the like: it is θ that the step is subtracted from.",
        ),
        in_place,
        grad_in_place,
        cut_off,
        in_a_tuple,
        nothing_returned,
    ),
    *members(
        SGD, RIGHT, flattened, partial(fixed_lr, value=0.01), partial(fixed_lr, value=1.0, title="η is left out", called="sgd_without_lr")
    ),
    *members(SGD, RIGHT, partial(as_list, severity="part")),
    *members(NEWTON, RIGHT, as_list),
    *members(KAPPA | POINT, RIGHT, nothing_returned),
]


# --- right ----------------------------------------------------------------------------------------------------------------


@alternative("sgd_step")
def sgd_on_a_copy(theta, grad, lr):
    theta = theta.astype(np.float64)
    theta -= np.multiply(lr, grad)
    return theta


@alternative("condition_number")
def kappa_of_sorted_values(H):
    values = sorted(np.linalg.svd(np.array(H, dtype=float))[1])
    limit = values[-1] * np.shape(H)[0] * np.finfo(np.float64).eps
    return float("inf") if values[0] <= limit else values[-1] / values[0]


@alternative("condition_number")
def kappa_of_norms(H):
    s = [np.linalg.norm(np.asarray(H, dtype=float), order) for order in (2, -2)]
    return s[0] / s[1] if s[1] > s[0] * len(H) * np.finfo(float).eps else np.inf


@alternative("critical_point")
def point_by_counting(H, tol=1e-8):
    signs = [0 if abs(value) <= tol else 1 if value > 0 else -1 for value in np.linalg.eigvalsh(H)]
    if 1 in signs and -1 in signs:
        return "saddle"
    if 0 in signs:
        return "degenerate"
    return "minimum" if 1 in signs else "maximum"


@alternative("critical_point")
def point_by_extremes(H, tol=1e-8):
    values = np.sort(np.real(np.linalg.eigvals(H)))
    low, high = values[0], values[-1]
    if low < -tol and high > tol:
        return "saddle"
    if low > tol:
        return "minimum"
    return "maximum" if high < -tol else "degenerate"


@alternative("critical_point")
def point_by_eigh(H, tol=1e-8):
    values, _ = np.linalg.eigh(np.asarray(H, dtype=float))
    values = np.where(np.abs(values) <= tol, 0.0, values)
    kinds = {(True, False): "minimum", (False, True): "maximum"}
    if values.max() > 0 > values.min():
        return "saddle"
    return kinds.get((bool((values > 0).all()), bool((values < 0).all())), "degenerate")


@alternative("momentum_step")
def momentum_with_the_other_sign(theta, grad, state, lr, beta=0.9):
    v = np.zeros(np.shape(theta)) if not state else state[0]
    v = beta * v + lr * grad
    return theta - v, [v]


@alternative("nesterov_step")
def nesterov_in_two_moves(theta, grad_fn, state, lr, beta=0.9):
    ahead = theta + beta * state["v"] if state else np.array(theta, dtype=float)
    new = ahead - lr * np.asarray(grad_fn(ahead))
    return new, {"v": new - theta}


@alternative("nesterov_step")
def nesterov_with_the_other_sign(theta, grad_fn, state, lr, beta=0.9):
    m = state.get("m", np.zeros_like(theta, dtype=float))
    g = grad_fn(theta - beta * m)
    m = beta * m + lr * g
    return theta - m, dict(m=m)


@alternative("nesterov_step")
def nesterov_with_a_closure(theta, grad_fn, state, lr, beta=0.9):
    m = state() if callable(state) else 0.0
    m = m * beta - np.multiply(grad_fn(np.add(theta, m * beta)), lr)
    return np.add(theta, m), lambda: m


@alternative("nesterov_step_shifted")
def shifted_by_both_looks(theta, grad, state, lr, beta=0.9):
    old = state.get("velocity", 0)
    new = beta * old - lr * grad
    return theta - beta * old + (1 + beta) * new, {"velocity": new}


@alternative("nesterov_step_shifted")
def shifted_as_frameworks_do(theta, grad, state, lr, beta=0.9):
    v = beta * (state["v"] if "v" in state else np.zeros(np.shape(theta))) + lr * grad
    return theta - (beta * v + lr * grad), {"v": v}


@alternative("nesterov_step_shifted")
def shifted_by_the_unshifted(theta, grad, state, lr, beta=0.9):
    behind, m = state if state else (np.array(theta, dtype=float), 0.0)
    m = beta * m - lr * grad
    behind = behind + m
    return behind + beta * m, (behind, m)


# fmt: off
SGD_ALTERNATIVES = alternatives("sgd_step", {
    "sgd_in_a_loop": lambda theta, grad, lr: np.array(
        [float(t) - lr * float(g) for t, g in zip(np.ravel(theta), np.ravel(grad), strict=True)]).reshape(np.shape(theta)),
    "sgd_in_single_precision": lambda theta, grad, lr: (
        np.asarray(theta, np.float64) - np.asarray(grad, np.float64) * lr).astype(np.float32),
})
KAPPA_ALTERNATIVES = alternatives("condition_number", {
    "kappa_by_the_rank": lambda H: np.inf if np.linalg.matrix_rank(H) < len(H) else np.linalg.cond(H),
})
MOMENTUM_ALTERNATIVES = alternatives("momentum_step", {
    "momentum_as_a_difference": lambda theta, grad, state, lr, beta=0.9: (
        theta + beta * (theta - np.asarray(state.get("before", theta))) - lr * grad, {"before": np.array(theta)}),
    "momentum_with_all_gradients": lambda theta, grad, state, lr, beta=0.9: (
        theta - sum(beta**age * g for age, g in enumerate([np.multiply(lr, grad), *(state or ())])),
        [np.multiply(lr, grad), *(state or ())]),
})
NEWTON_ALTERNATIVES = alternatives("newton_step", {
    "newton_by_the_inverse": lambda theta, grad, H: theta - np.linalg.inv(H) @ grad,
    "newton_by_eigenvectors": lambda theta, grad, H: theta - (
        np.linalg.eigh(H)[1] @ (np.linalg.eigh(H)[1].T @ grad / np.linalg.eigh(H)[0])),
    "newton_by_a_column": lambda theta, grad, H: np.subtract(theta, np.linalg.solve(H, np.reshape(grad, (-1, 1)))[:, 0]),
})
# fmt: on
