"""The hidden suite of lecture 7, momentum.

What can be seen of a part of a step by itself: a constant gradient shows the velocity's weights, whatever the factor before them; a
gradient that has become zero shows what is remembered. So most tests look at signs, at lengths or at proportions alone. β is 0.9 in all of
them but those of the gathering speed, so that a β that is hard-coded costs these alone. Every θ is the one that the step before returned: a
state may hold it, too.
"""

from functools import partial

import numpy as np

from autograder.kit.contracts import ArgumentsUnchanged, Float32, Integers, MemoryLayouts, NoMemory, array_in, both, in_form
from coursekit import aspect, corner, exercise, expect, expect_unchanged, worth
from coursekit.expectations import Mismatch
from coursekit.student import Raised

NUMBERS = (int, float, np.generic)
DIGITS = 5e-3  # of a Newton step: what is added to H against singular matrices costs the corner "all digits" alone


# --- inputs and small helpers ---------------------------------------------------------------------------------------------


def slopes(rng, *shape):
    """Return gradients of both signs, none of them near zero."""
    return rng.uniform(0.2, 3.0, shape) * rng.choice([-1.0, 1.0], shape)


def symmetric(rng, *eigenvalues):
    """Return a symmetric matrix with these eigenvalues, in directions that are no axes."""
    axes = np.linalg.qr(rng.normal(size=(len(eigenvalues),) * 2))[0]
    matrix = axes * np.array(eigenvalues, dtype=float) @ axes.T
    return (matrix + matrix.T) / 2


def proportions(moves):
    """Return moves divided by the largest entry's length."""
    moves = np.asarray(moves, dtype=float)
    return moves / (np.max(np.abs(moves), initial=0.0) or 1.0)


def first_of(answer):
    """Return the first item of a tuple, and other answers as they are; a test of its own looks at the form."""
    return answer[0] if isinstance(answer, tuple) and answer else answer


class Gradient:
    """A gradient that is passed as `grad_fn`: slope + curvature·place. It remembers where it was asked, and refuses other shapes.

    Parameters
    ----------
    slope : array
    curvature : float
    """

    def __init__(self, slope, curvature=0.0):
        self.slope, self.curvature, self.places = np.array(slope), curvature, []

    def __call__(self, place):
        if np.shape(place) != self.slope.shape or np.asarray(place).dtype.kind not in "fiu":
            raise ValueError(f"grad_fn takes an array of shape {self.slope.shape}, and was given one of shape {np.shape(place)}")
        self.places.append(np.array(place, dtype=float))
        return np.array(self.slope) if not self.curvature else self.slope + self.curvature * self.places[-1]


class IntegersInGroups(Integers):
    """Arrays of integers are legal in each of the groups of positions `groups`, beside fractions in the others."""

    groups: tuple[tuple[int, ...], ...] = ((0,), (1,))

    @corner("integers")
    def test_integers_beside_fractions(self, student, rng):
        """Integers in some arguments, and fractions in the others, give the same answer as the same numbers as floats."""
        for group in self.groups:
            floats = in_form(self.arguments(rng), lambda array: np.rint(3 * array) + 0.0, group)
            whole = in_form(floats, lambda array: array.astype(np.int64), group)
            self.compare(student, floats, whole, "the answer to integers beside fractions", "from that to the same numbers as floats")


def one_step(function, theta, grad, state, **options):
    """Take a step, and return what it gave as (theta, state), also if it gave them in the other order."""
    answer = function(theta, grad, state, **options)
    if isinstance(answer, (list, tuple)) and len(answer) == 2 and isinstance(answer[0], dict):
        answer = answer[::-1]
    return expect(answer, f"what {function.name} returns").items("theta", "state")


# --- sgd_step -------------------------------------------------------------------------------------------------------------


@exercise("sgd_step")
class TestSgdStep(ArgumentsUnchanged, IntegersInGroups, Float32, MemoryLayouts, NoMemory):
    def arguments(self, rng):
        return rng.normal(size=(3, 4)), slopes(rng, 3, 4), 0.3

    def from_zero(self, student, grad, lr):
        answer = array_in(student.sgd_step(np.zeros(grad.shape), grad, lr))
        return np.asarray(expect(answer, "the step from zero").shaped(grad.shape).answer)

    @aspect("the direction", 2.2)
    def test_direction(self, student, rng):
        """The step goes against the gradient in every entry."""
        grad = slopes(rng, 8)
        expect(np.sign(self.from_zero(student, grad, 0.2)), "the signs of the step's entries").close_to(-np.sign(grad))

    @aspect("the length", 1.2)
    def test_length(self, student, rng):
        """The step is η times as long as the gradient in every entry."""
        for lr in (0.07, 2.5):
            grad = slopes(rng, 7)
            expect(np.abs(self.from_zero(student, grad, lr)), f"the lengths of the step's entries, lr={lr},").close_to(lr * np.abs(grad))

    @aspect("where it leads", 6.6)
    def test_anywhere(self, student, reference, rng):
        """From any θ, of any shape, the step leads to θ − η∇."""
        for shape in ((5,), (1,), (3, 4), (2, 3, 2), ()):
            theta, grad = rng.normal(size=shape), np.array(slopes(rng, *shape))
            expect(student.sgd_step(theta, grad.copy(), 0.6), "theta").close_to(reference.sgd_step(theta, grad, 0.6))


# --- condition_number and critical_point ----------------------------------------------------------------------------------


def number_of(answer):
    """Return the number in an answer such as (κ, …) or an array of one number; a test of its own looks at the form."""
    answer = first_of(answer)
    if isinstance(answer, int) and answer.bit_length() > 1000:  # no float
        return None
    return answer.ravel()[0] if isinstance(answer, np.ndarray) and answer.size == 1 and answer.dtype.kind in "fiu" else answer


def unless_noise(found):
    """Return a wrong condition number for the diagnosis, or words where it is so large that it may be rounding, another in each run."""
    return ("a large number",) if 1e5 <= abs(found) < np.inf else np.asarray(found)


@exercise("condition_number")
class TestConditionNumber(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return (symmetric(rng, 2.0, 7.0, 11.0, 30.0),)

    def ask(self, student, *arguments):
        return number_of(super().ask(student, *arguments))

    def expect_condition(self, student, reference, *matrices, rtol=1e-7):
        for H in matrices:
            expect(number_of(student.condition_number(H)), "the condition number").close_to(reference.condition_number(H), rtol=rtol)

    def expect_infinite(self, student, *matrices):
        for H in matrices:
            found = number_of(student.condition_number(H))
            if not isinstance(found, NUMBERS):
                expect(found, "the condition number of a singular matrix").close_to(0.0)
            if not found == np.inf:
                raise Mismatch(
                    "value", f"the condition number of a singular matrix is {float(found):.4g}, expected inf", unless_noise(found)
                )

    @aspect("positive curvatures", 4)
    def test_positive(self, student, reference, rng):
        """A Hessian with positive eigenvalues has the condition number largest over smallest, on the axes and off them."""
        matrices = np.diag(rng.uniform(0.5, 40, 5)), symmetric(rng, 0.3, 8.0, 2.0), symmetric(rng, *rng.uniform(1, 900, 8))
        self.expect_condition(student, reference, *matrices)

    @aspect("negative curvatures", 3)
    def test_indefinite(self, student, reference, rng):
        """Negative eigenvalues count with their absolute value."""
        matrices = np.diag([3.0, -24.0]), symmetric(rng, -0.5, 4.0, -9.0, 1.0), symmetric(rng, -5.0, -1.5, -80.0)
        self.expect_condition(student, reference, *matrices)

    @aspect("matrices that aren't symmetric", 3)
    def test_not_symmetric(self, student, reference, rng):
        """The condition number of a matrix that isn't symmetric is the ratio of its singular values."""
        self.expect_condition(student, reference, np.array([[1.0, 30.0], [2.0, 3.0]]), rng.normal(size=(5, 5)))

    @aspect("as round as can be", 1.6)
    def test_round(self, student, rng):
        """Where all curvatures are equal, or there is one alone, the condition number is 1, and elsewhere it isn't."""
        elsewhere = number_of(student.condition_number(np.diag([1.0, 7.0])))
        if isinstance(elsewhere, NUMBERS) and abs(elsewhere - 1) < 1e-6:
            raise Mismatch("value", "the condition number for the curvatures 1 and 7 is 1", np.asarray(elsewhere))
        for H in (6.5 * np.eye(4), np.array([[-5.0]]), 0.01 * np.eye(2)):
            expect(number_of(student.condition_number(H)), "the condition number").close_to(1.0)

    @aspect("singular matrices", 2)
    def test_singular(self, student, rng):
        """The condition number of a matrix with a singular value of zero is inf, and of another it isn't."""
        regular = number_of(student.condition_number(np.diag([1.0, 7.0])))
        if isinstance(regular, NUMBERS) and regular == np.inf:
            raise Mismatch("value", "the condition number for the curvatures 1 and 7 is infinite", np.asarray(regular))
        self.expect_infinite(student, np.diag([2.0, 0.0, -3.0]), np.zeros((2, 2)), np.array([[0.0]]))

    @corner("singular but for rounding", 0.05)
    def test_singular_but_for_rounding(self, student, rng):
        """The condition number is inf, too, where only rounding hides a singular value of zero."""
        self.expect_infinite(student, symmetric(rng, 3.0, -1.0, 0.0, 0.0, 2.0), symmetric(rng, 5.0, 0.0, 1.0))

    @corner("singular but for rounding")
    def test_limit(self, student, rng):
        """The limit below which a singular value counts as zero is largest · n · eps."""
        self.expect_infinite(student, np.diag([*[1.0] * 9, 6 * np.finfo(float).eps]))

    @corner("singular but for rounding")
    def test_limit_of_large_curvatures(self, student, rng):
        """The limit grows with the largest singular value."""
        self.expect_infinite(student, 1e9 * np.diag([1.0, np.finfo(float).eps]))

    @corner("nearly singular", 0.04)
    def test_nearly_singular(self, student, reference, rng):
        """Large condition numbers below that limit are finite."""
        for H in (np.diag([1.0, -1e-14]), np.diag([1.0, 5 * np.finfo(float).eps])):
            self.expect_condition(student, reference, H, rtol=0.05)

    @corner("nearly singular")
    def test_digits(self, student, rng):
        """A condition number of 10¹⁰ has digits, which squaring would lose."""
        found = number_of(student.condition_number(symmetric(rng, 1e5, 1.0, 1e-5)))
        if not isinstance(found, NUMBERS):
            expect(found, "the condition number").close_to(1e10)
        if not abs(found - 1e10) < 1e7:
            raise Mismatch("value", f"the condition number is {float(found):.6g}, expected 1e10", unless_noise(found))

    @corner("nearly singular")
    def test_tiny(self, student, reference, rng):
        """Tiny curvatures alone make no matrix singular: the limit grows with the largest one."""
        self.expect_condition(student, reference, 1e-20 * np.diag([3.0, 1.0]))

    @corner("a single number", 0.05)
    def test_form(self, student, rng):
        """A single number is returned."""
        for H in (np.diag([4.0, 1.0]), np.diag([4.0, 0.0])):
            answer = student.condition_number(H)
            if not isinstance(answer, NUMBERS) or isinstance(answer, (bool, np.bool_)):
                expect(answer, "the condition number").shaped(())


def word_of(answer):
    """Return the name in an answer, also from ("saddle", …), "Saddle point" or "max"; a test of its own looks at the form."""
    answer = first_of(answer)
    if not isinstance(answer, (str, np.ndarray)) or (isinstance(answer, np.ndarray) and answer.dtype.kind != "U"):
        return answer
    words = [word for word in ("minimum", "maximum", "saddle", "degenerate") if word[:3] in str(answer).lower()]
    return words[0] if len(words) == 1 else answer


@exercise("critical_point")
class TestCriticalPoint(ArgumentsUnchanged, Integers, MemoryLayouts):
    def arguments(self, rng):
        return (symmetric(rng, *rng.uniform(5, 30, 3)),)

    def ask(self, student, *arguments):
        return word_of(super().ask(student, *arguments))

    def compare(self, student, usual, odd, name, why, rtol=1e-7):
        super().compare(student, usual, odd, name, why)
        one, other = word_of(student.critical_point(*usual)), word_of(student.critical_point(*odd))
        if isinstance(one, str) and isinstance(other, str):
            expect(other, name).same_as(one, why)

    def expect_names(self, student, right, members, others):
        """Expect the name `right` for the matrices `members`, and another one for `others`."""
        found = [word_of(student.critical_point(H)) for H in (*members, *others)]
        for answer in found[: len(members)]:
            expect(answer, "the name").equals(right)
        for answer in found[len(members) :]:
            if answer == right:
                raise Mismatch("value", f"the name of another kind of point is {right!r}")

    bowl = np.array([[2.0, -1.0], [-1.0, 3.0]])
    saddles = np.array([[1.0, 3.0], [3.0, 2.0]]), np.array([[-1.0, 3.0], [3.0, -2.0]])  # all of a sign on the diagonal

    def minima(self, rng):
        return symmetric(rng, 2.0, 2.0, 9.0), np.array([[0.3]]), symmetric(rng, *rng.uniform(0.1, 5, 6))

    @aspect("minima", 3)
    def test_minima_of_two_variables(self, student, rng):
        """Where both eigenvalues are positive the point is a minimum, and neither at a maximum nor at a saddle."""
        self.expect_names(student, "minimum", [self.bowl], [-self.bowl, self.saddles[0]])

    @aspect("minima")
    def test_minima(self, student, rng):
        """Where one eigenvalue is positive, or several are and none else, the point is a minimum, and at a saddle it isn't."""
        self.expect_names(student, "minimum", self.minima(rng), self.saddles[:1])

    @aspect("maxima", 3)
    def test_maxima_of_two_variables(self, student, rng):
        """Where both eigenvalues are negative the point is a maximum, and neither at a minimum nor at a saddle."""
        self.expect_names(student, "maximum", [-self.bowl], [self.bowl, self.saddles[1]])

    @aspect("maxima")
    def test_maxima(self, student, rng):
        """Where one eigenvalue is negative, or several are and none else, the point is a maximum, and at a saddle it isn't."""
        self.expect_names(student, "maximum", [-H for H in self.minima(rng)], self.saddles[1:])

    @aspect("saddles", 3)
    def test_saddles(self, student, rng):
        """Where of two eigenvalues one is positive and one negative the point is a saddle; a minimum and a maximum are none."""
        self.expect_names(student, "saddle", self.saddles, [self.bowl, -self.bowl])

    @aspect("saddles")
    def test_saddles_of_more_variables(self, student, rng):
        """Where of several eigenvalues some are positive and some negative the point is a saddle; a minimum and a maximum are none."""
        members = symmetric(rng, -2.0, -1.0, 0.5, 6.0), symmetric(rng, 3.0, -0.2, 5.0), symmetric(rng, -3.0, -4.0, 0.7)
        self.expect_names(student, "saddle", members, [self.minima(rng)[0], -self.minima(rng)[0]])

    @aspect("degenerate points", 3)
    def test_degenerate_points_of_two_variables(self, student, rng):
        """Where of two eigenvalues one is zero the point is degenerate; a minimum and a maximum aren't."""
        self.expect_names(student, "degenerate", [np.diag([-2.0, 0.0])], [np.diag([3.0, 2.0]), np.diag([-3.0, -2.0])])

    @aspect("degenerate points")
    def test_degenerate_points(self, student, rng):
        """Where an eigenvalue is zero, and the others have one sign, the point is degenerate; a minimum isn't."""
        members = np.diag([3.0, 0.0, 1.0]), np.zeros((3, 3)), np.array([[0.0]])
        self.expect_names(student, "degenerate", members, [np.diag([3.0, 2.0, 4.0])])

    @aspect("saddles with a flat direction", 3)
    def test_flat_saddles(self, student, rng):
        """One positive and one negative eigenvalue make a saddle, also beside one that is zero."""
        members = np.diag([3.0, 0.0, -1.0]), np.diag([0.0, 0.0, -2.0, 5.0]), np.pad(self.saddles[0], (0, 1))
        self.expect_names(student, "saddle", members, [np.diag([3.0, 2.0, 4.0]), np.diag([-3.0, -2.0, -1.0, -1.0])])

    @corner("tol", 0.08)
    def test_tolerance(self, student, rng):
        """An eigenvalue between −tol and tol counts as zero, with the tol that is passed, and others don't."""
        H = symmetric(rng, 4.0, 0.3, 2.0), symmetric(rng, -4.0, 0.3), symmetric(rng, 4.0, -0.3), symmetric(rng, -4.0, -0.3, -7.0)
        found = [word_of(student.critical_point(matrix, tol)) for tol in (0.5, 0.1) for matrix in H]
        right = ["degenerate"] * 4 + ["minimum", "saddle", "saddle", "maximum"]
        for answer, wanted, matrix in zip(found, right, [*H, *H], strict=True):
            expect(answer, f"the name of a point with the eigenvalues {np.round(np.linalg.eigvalsh(matrix), 6)}").equals(wanted)

    @corner("tol")
    def test_default_tolerance(self, student, rng):
        """Without a tol it is 1e-8, however large the other eigenvalues are, and rounding is hidden by it."""
        matrices = (
            np.diag([1e-7, 2.0]),
            np.diag([5e-9, 2.0]),
            np.diag([-1e-7, -2.0]),
            np.diag([1e6, 1e-3]),
            symmetric(rng, 1.0, 0.0, 5.0, 2.0),
        )
        found = [word_of(student.critical_point(matrix)) for matrix in matrices]
        for answer, wanted in zip(found, ("minimum", "degenerate", "maximum", "minimum", "degenerate"), strict=True):
            expect(answer, "the name").equals(wanted)

    @corner("exactly tol", 0.03)
    def test_edge(self, student, rng):
        """An eigenvalue of exactly tol or −tol counts as zero."""
        for values in ([0.5], [-0.5], [0.5, -2.0], [-0.5, 2.0]):
            answer = word_of(student.critical_point(np.diag(values), 0.5))
            expect(answer, f"the name for the eigenvalues {values} and tol=0.5").equals("degenerate")

    @corner("the exact words", 0.06)
    def test_words(self, student, rng):
        """The name is one of the four words of the docstring, and nothing else is returned."""
        for H in (np.diag([1.0, 2.0]), np.diag([-1.0, -2.0]), np.diag([1.0, -2.0]), np.diag([1.0, 0.0])):
            answer = student.critical_point(H)
            if not isinstance(answer, str) or answer not in ("minimum", "maximum", "saddle", "degenerate"):
                word = word_of(answer)
                expect(answer, "the name").equals(word if isinstance(word, str) else "minimum")


# --- momentum -------------------------------------------------------------------------------------------------------------


class StepTests(ArgumentsUnchanged, IntegersInGroups, Float32, MemoryLayouts, NoMemory):
    """What is expected of all steps with a velocity. The gradients of `nesterov_step` are given by a function."""

    groups = ((0,), (1, 2), (2,))

    def given(self, grad):
        """Return what is passed as the gradient."""
        return grad

    def arguments(self, rng):
        return rng.normal(size=(3, 4)), slopes(rng, 3, 4), slopes(rng, 3, 4)

    def ask(self, student, theta, *gradients, **options):
        """Take a step for each gradient, and return where they lead."""
        state = {}
        for grad in gradients:
            theta, state = one_step(getattr(student, self.exercise), theta, self.given(grad), state, lr=0.3, **options)
        return theta

    def unchanged(self, student, theta, *gradients):
        """Expect that neither a second step nor a first one changes theta, grad or the old state."""
        function = getattr(student, self.exercise)
        try:
            _, state = one_step(function, theta, self.given(gradients[0]), {}, lr=0.3)
        except (Mismatch, Raised):  # no state to go on with
            state = {}
        for old, grad in (state, gradients[1]), ({}, gradients[0]):
            try:
                expect_unchanged(function, theta, self.given(grad), old, 0.3, names=("theta", "grad", "state", "lr"))
            except Raised:  # another test looks at that
                continue
            except Mismatch as error:  # which argument it is tells mistakes apart
                raise Mismatch(error.kind, str(error), (str(error),)) from None

    def first_answer(self, student, grad, lr=0.3):
        """Return the answer to a step from zero."""
        return getattr(student, self.exercise)(np.zeros(grad.shape), self.given(grad), {}, lr=lr, beta=0.9)

    def first_move(self, answer, grad):
        """Return the first step from zero in an answer. Of a single step theta alone will do."""
        if not isinstance(answer, np.ndarray):
            pair = expect(answer, f"what {self.exercise} returns").items("theta", "state")
            answer = pair[1] if isinstance(pair[0], dict) else pair[0]
        return np.asarray(expect(answer, "the first step from zero").shaped(grad.shape).answer)

    def expect_moves(self, student, reference, gradients, rates, look, what, betas=(0.9,)):
        """Walk with each β, and expect of all moves of a walk together what `look` gives for the reference's."""
        steps = partial(one_step, getattr(student, self.exercise)), getattr(reference, self.exercise)
        walks = [[self.walk(step, *arguments, beta) for step in steps] for *arguments, beta in zip(gradients, rates, betas, strict=True)]
        for (places, right), beta in zip(walks, betas, strict=True):
            found = [places[0]]
            for number, place in enumerate(places[1:], start=1):
                found.append(expect(place, f"theta after step {number}").shaped(places[0].shape).answer)
            expect(look(np.diff(found, axis=0)), what.format(beta=beta)).close_to(look(np.diff(right, axis=0)), rtol=1e-6)

    def walk(self, step, gradients, rates, beta):
        """Return the places that steps lead to."""
        places, state = [np.full(gradients[0].shape, 0.7)], {}
        for grad, lr in zip(gradients, rates, strict=True):
            place, state = step(places[-1], self.given(grad.copy()), state, lr=lr, beta=beta)
            places.append(place)
        return places

    @aspect("the first step's direction", 11.4)
    def test_first_direction(self, student, rng):
        """The first step, from an empty state, goes against the gradient in every entry."""
        grad = slopes(rng, 8)
        move = self.first_move(self.first_answer(student, grad), grad)
        expect(np.sign(move), "the signs of the first step's entries").close_to(-np.sign(grad))

    @aspect("the first step's length", 9.6)
    def test_first_length(self, student, reference, rng):
        """The first step, from an empty state, has the right length in every entry."""
        runs = [(lr, grad, self.first_answer(student, grad, lr)) for lr, grad in zip((0.3, 0.02), slopes(rng, 2, 6), strict=True)]
        for lr, grad, answer in runs:
            right, _ = getattr(reference, self.exercise)(np.zeros(6), self.given(grad), {}, lr=lr, beta=0.9)
            expect(np.abs(self.first_move(answer, grad)), "the lengths of the first step's entries").close_to(np.abs(right))

    def expect_speeds(self, student, reference, rng):
        what = "the lengths of steps 2 to 6, divided by the longest one, with beta={beta},"
        gradients = [[slopes(rng, 5)] * 6 for _ in range(2)]
        self.expect_moves(
            student, reference, gradients, [[0.2] * 6] * 2, lambda moves: np.abs(proportions(moves[1:])), what, betas=(0.5, 0.8)
        )

    def expect_ends(self, student, reference, rng, shapes, beta=0.9, curvature=0.0):
        function, right, ends = getattr(student, self.exercise), getattr(reference, self.exercise), []
        for shape in shapes:
            theta, state, right_state = rng.normal(size=shape), {}, {}
            right_theta = np.array(theta)
            for grad in slopes(rng, 5, *shape):
                mine, its = (Gradient(grad, curvature) if self.exercise == "nesterov_step" else np.array(grad) for _ in range(2))
                theta, state = one_step(function, theta, mine, state, lr=0.15, beta=beta)
                right_theta, right_state = right(right_theta, its, right_state, lr=0.15, beta=beta)
            ends.append((theta, right_theta))
        for theta, right_theta in ends:
            expect(theta, "theta after five steps").close_to(right_theta)

    @aspect("where the steps lead", 19.8)
    def test_walk(self, student, reference, rng):
        """Steps along random gradients, from any θ, of any shape, lead where they should."""
        self.expect_ends(student, reference, rng, ((4,), (3, 2), (2, 1, 3), ()), curvature=0.4)

    @worth(3)
    @corner("the default and the ends of beta", 0.03)
    def test_default_beta(self, student, rng):
        """Without a beta it is 0.9."""
        gradients = slopes(rng, 3, 4)
        if ends := both(lambda: self.ask(student, np.zeros(4), *gradients), lambda: self.ask(student, np.zeros(4), *gradients, beta=0.9)):
            expect(ends[0], "theta without a beta").alike(ends[1], "from that with beta=0.9")

    @corner("the default and the ends of beta")
    def test_ends_of_beta(self, student, reference, rng):
        """With β = 0 nothing is remembered, and with β = 1 nothing is lost."""
        gradients = [list(slopes(rng, 4, 3)) for _ in range(2)]
        self.expect_moves(student, reference, gradients, [[0.2] * 4] * 2, proportions, "the steps with beta={beta}", betas=(0.0, 1.0))

    @corner("no memory of earlier calls")
    def test_two_walks_at_once(self, student, rng):
        """Where two walks take turns, each goes on from its own state."""
        function, theta, gradients = getattr(student, self.exercise), rng.normal(size=3), slopes(rng, 3, 3)

        def walk(beside):
            place, state = one_step(function, theta, self.given(gradients[0]), {}, lr=0.2)
            if beside:
                one_step(function, theta, self.given(gradients[2]), {}, lr=0.2)
            return one_step(function, place, self.given(gradients[1]), state, lr=0.2)[0]

        if ends := both(lambda: walk(beside=False), lambda: walk(beside=True)):
            expect(ends[1], "theta after two steps").alike(ends[0], "where another walk begins between them")

    @corner("theta and state, in this order", 0.03)
    def test_form(self, student, rng):
        """What is returned is theta, and then the state."""
        grad = slopes(rng, 3)
        answer = getattr(student, self.exercise)(np.zeros(3), self.given(grad), {}, lr=0.2)
        theta, _ = expect(answer, f"what {self.exercise} returns").items("theta", "state")
        expect(theta, "theta").shaped((3,))


class RateTests(StepTests):
    """What else is expected where the gradients are given."""

    @aspect("gathering speed", 18.7)
    def test_constant_gradient(self, student, reference, rng):
        """Where the gradient stays as it is, the steps grow in the right proportions from the second one on, with the β that is passed."""
        self.expect_speeds(student, reference, rng)

    @aspect("what is remembered", 20.4)
    def test_no_more_gradient(self, student, reference, rng):
        """Where the gradient has become zero, the steps go on in the same direction, each shorter by the factor β."""
        gradients = [*[slopes(rng, 5)] * 2, *[np.zeros(5)] * 5]
        what = "steps 5 to 7, divided by the longest one,"
        self.expect_moves(student, reference, [gradients], [[0.2] * 7], lambda moves: proportions(moves[4:]), what)

    @aspect("a learning rate that changes", 20.1)
    def test_changing_rate(self, student, reference, rng):
        """A gradient counts with the learning rate of its own step, also where that changes later."""
        what = "the steps, divided by the longest one,"
        self.expect_moves(student, reference, [[slopes(rng, 5)] * 6], [[0.1, 0.4, 0.02, 0.3, 0.3, 0.01]], proportions, what)


@exercise("momentum_step")
class TestMomentumStep(RateTests):
    pass


@exercise("nesterov_step_shifted")
class TestNesterovStepShifted(RateTests):
    pass


@exercise("nesterov_step")
class TestNesterovStep(StepTests):
    def given(self, grad):
        return Gradient(grad)

    @aspect("gathering speed", 13)
    def test_constant_gradient(self, student, reference, rng):
        """Where the gradient stays as it is, the steps grow in the right proportions from the second one on, with the β that is passed."""
        self.expect_speeds(student, reference, rng)

    @aspect("where the gradient is measured", 25.6)
    def test_places(self, student, reference, rng):
        """The gradient is measured at θ + βm: at each step one of the places where grad_fn is called is this one."""
        slope, theta, state, right_state = slopes(rng, 4), rng.normal(size=4), {}, {}
        right = np.array(theta)
        for number in range(1, 5):
            mine, its = Gradient(slope), Gradient(slope)
            theta, state = one_step(student.nesterov_step, theta, mine, state, lr=0.1, beta=0.9)
            right, right_state = reference.nesterov_step(right, its, right_state, lr=0.1, beta=0.9)
            wanted = its.places[-1]
            if not any(np.allclose(place, wanted, rtol=1e-5, atol=1e-5) for place in mine.places):
                found = mine.places[-1] if mine.places else np.zeros(0)
                expect(found, f"the place where grad_fn is called at step {number}").close_to(wanted)

    @aspect("a learning rate that changes", 20.1)
    def test_changing_rate(self, student, reference, rng):
        """On a slope that curves, with a learning rate that changes, the steps lead where they should."""
        gradient, theta, state, right_state = Gradient(slopes(rng, 4), 0.5), rng.normal(size=4), {}, {}
        right = np.array(theta)
        for lr in (0.1, 0.4, 0.02, 0.3):
            theta, state = one_step(student.nesterov_step, theta, gradient, state, lr=lr, beta=0.9)
            right, right_state = reference.nesterov_step(right, gradient, right_state, lr=lr, beta=0.9)
        expect(theta, "theta after four steps").close_to(right)

    @corner("a single call of grad_fn", 0.03)
    def test_one_call(self, student, rng):
        """grad_fn is called once at each step."""
        theta, state = rng.normal(size=3), {}
        for _ in range(2):
            gradient = Gradient(slopes(rng, 3))
            theta, state = one_step(student.nesterov_step, theta, gradient, state, lr=0.2)
            if len(gradient.places) != 1:
                raise Mismatch("value", f"grad_fn was called {len(gradient.places)} times at one step, expected once")


# --- newton_step ----------------------------------------------------------------------------------------------------------


@exercise("newton_step")
class TestNewtonStep(ArgumentsUnchanged, IntegersInGroups, Float32, MemoryLayouts):
    groups = ((0,), (1,), (2,))

    def arguments(self, rng):
        return rng.normal(size=4), slopes(rng, 4), symmetric(rng, 2.0, 7.0, -11.0, 4.0)

    def expect_step(self, student, reference, rng, *matrices, look=np.asarray, what="the step from zero"):
        for H in matrices:
            grad = slopes(rng, len(H))
            found = array_in(student.newton_step(np.zeros(len(H)), grad, H))
            if isinstance(found, np.ndarray) and found.size == len(H):
                found = found.ravel()
            found = np.asarray(expect(found, "the step from zero").shaped((len(H),)).answer)
            expect(look(found), what).close_to(look(reference.newton_step(np.zeros(len(H)), grad, H)), rtol=DIGITS)

    @aspect("a valley along the axes", 21.3)
    def test_diagonal(self, student, reference, rng):
        """Each entry of the gradient is divided by its curvature where H is diagonal."""
        self.expect_step(student, reference, rng, np.diag(rng.uniform(0.5, 9, 5)), np.array([[3.5]]))

    @aspect("a turned valley", 18)
    def test_turned(self, student, reference, rng):
        """The step solves H·step = −∇ where H isn't diagonal."""
        self.expect_step(student, reference, rng, symmetric(rng, 1.0, 4.0), symmetric(rng, *rng.uniform(0.5, 9, 7)))

    @aspect("negative curvature", 19.6)
    def test_indefinite(self, student, reference, rng):
        """With negative eigenvalues the step solves the same equation, and leads uphill there."""
        self.expect_step(student, reference, rng, np.diag([-2.0, 5.0]), symmetric(rng, 1.0, -4.0, 2.5))

    @aspect("the line of the step", 21.5)
    def test_line(self, student, reference, rng):
        """The step lies on the right line through θ, whichever way and however far it goes."""

        def line(step):
            largest = step[np.argmax(np.abs(step))]
            return step / (largest or 1.0)

        what = "the step from zero, divided by its largest entry,"
        self.expect_step(student, reference, rng, symmetric(rng, 1.0, 6.0, 3.0), symmetric(rng, 2.0, 9.0), look=line, what=what)

    @aspect("where it leads", 19.6)
    def test_anywhere(self, student, reference, rng):
        """From any θ the step leads to the minimum of a quadratic."""
        H, best = symmetric(rng, *rng.uniform(0.5, 9, 6)), rng.normal(size=6)
        theta = rng.normal(size=6)
        expect(student.newton_step(theta, H @ (theta - best), H), "theta").close_to(best, rtol=DIGITS)

    @corner("all digits", 0.05)
    def test_digits(self, student, reference, rng):
        """Nothing is added to H: the step has all digits where H is well conditioned, and those that there can be where it isn't."""
        small = -3e-5, 2e-5, 1e-5
        for number, (eigenvalues, rtol) in enumerate(
            [(small, 1e-5), (rng.uniform(1, 2, 5), 1e-9), ((1.0, 1e4, 1e-4), 1e-5), (small, 1e-8)]
        ):
            H, step = symmetric(rng, *eigenvalues), slopes(rng, len(eigenvalues))
            answer = student.newton_step(np.zeros(len(step)), -H @ step, H)
            try:
                expect(answer, "the step from zero").close_to(step, rtol=rtol)
            except Mismatch as error:  # what is added to H fails at once, 32-bit floats later
                raise Mismatch(error.kind, str(error), (number,)) from None
