"""The hidden suite of lecture 8, adaptive optimizers.

What can be seen of a part of an optimiser by itself: with gradients of one size the second moment is a common factor, with β1 = 0 the first
moment is the gradient, a bias correction is a common factor of all entries, and equal gradients have an average that doesn't depend on the
weights. So most tests look at lengths alone, or at the proportions of a step's entries alone.
"""

import numpy as np

from autograder.kit.contracts import ArgumentsUnchanged, Float32, Integers, MemoryLayouts, NoMemory
from coursekit import aspect, corner, exercise, expect, expect_unchanged, worth
from coursekit.expectations import Mismatch

TINY = 1e-12  # as eps where a test is about something else,
LARGE = 1e5  # and the size of gradients, so that even an ε that is hard-coded costs the tests of ε alone

DEFAULTS = {  # written out where a test is about something else: a wrong default costs the test of the defaults alone
    "adagrad_step": {"lr": 0.01},
    "rmsprop_step": {"lr": 0.001, "decay": 0.9},
    "adam_step": {"lr": 0.001, "beta1": 0.9, "beta2": 0.999},
    "nadam_step": {"lr": 0.001, "beta1": 0.9, "beta2": 0.999},
    "adamax_step": {"lr": 0.002, "beta1": 0.9, "beta2": 0.999},
}


# --- inputs and small helpers ---------------------------------------------------------------------------------------------


def slopes(rng, *shape, size=LARGE):
    """Return gradients of both signs, none of them near zero."""
    return size * rng.uniform(0.2, 3.0, shape) * rng.choice([-1.0, 1.0], shape)


def one_step(function, theta, grad, state, **options):
    """Take a step, and return what it gave as (theta, state)."""
    return expect(function(theta, grad, state, **options), f"what {function.name} returns").items("theta", "state")


def moves_from_zero(function, gradients, **options):
    """Take a step for each gradient, each from zero, and return where each leads. Of a single step theta alone will do."""
    start, state, moves = np.zeros(np.shape(gradients[0])), {}, []
    for grad in gradients:
        answer = function(start, grad, state, **options)
        if len(gradients) == 1 and isinstance(answer, np.ndarray):
            return [answer]
        move, state = expect(answer, f"what {function.name} returns").items("theta", "state")
        moves.append(move)
    return moves


def proportions(move):
    """Return a step divided by its largest entry's length."""
    move = np.asarray(move, dtype=float)
    return move / (np.max(np.abs(move), initial=0.0) or 1.0)


def expect_moves(function, reference, gradients, look=np.asarray, first=1, rtol=1e-7, what="", **options):
    """Expect the reference's steps from number `first` on, or what `look` gives for them; each step begins at zero."""
    moves = moves_from_zero(function, gradients, **options)
    state = {}
    for number, (move, grad) in enumerate(zip(moves, gradients, strict=True), start=1):
        right, state = getattr(reference, function.name)(np.zeros(grad.shape), grad, state, **options)
        if number >= first:
            expect(move, f"step {number} from zero").shaped(grad.shape)
            expect(look(move), f"{what}step {number} from zero").close_to(look(right), rtol=rtol)


class StepTests(ArgumentsUnchanged, Integers, Float32, MemoryLayouts, NoMemory):
    """What is expected of every optimiser."""

    def usual(self, **options):
        """Return hyperparameters: the defaults but for η and ε, and `options`."""
        return {**DEFAULTS[self.exercise], "lr": 0.3, "eps": TINY, **options}

    def arguments(self, rng):
        """Return θ, and a gradient for each of two steps."""
        return rng.normal(0, 0.5, (3, 4)), *slopes(rng, 2, 3, 4)

    def ask(self, student, theta, *gradients):
        """Take a step for each gradient, and return where they lead."""
        state = {}
        for grad in gradients:
            theta, state = one_step(getattr(student, self.exercise), theta, grad, state, **self.usual())
        return theta

    def unchanged(self, student, theta, *gradients):
        """Expect that neither a second step nor a first one changes theta, grad or the old state."""
        function = getattr(student, self.exercise)
        try:
            _, state = one_step(function, theta, gradients[0], {})
        except Mismatch:  # no state to go on with
            state = {}
        for old, grad in (state, gradients[1]), ({}, gradients[0]):
            expect_unchanged(function, theta, grad, old)

    def first_step(self, student, grad):
        """Return the first step from zero."""
        (move,) = moves_from_zero(getattr(student, self.exercise), [grad], **self.usual())
        expect(move, "the first step from zero").shaped(np.shape(grad))
        return np.asarray(move, dtype=float)

    @worth(3)
    @aspect("the first step's direction", 4)
    def test_first_signs(self, student, rng):
        """The first step, from an empty state, goes against the gradient in every entry."""
        grad = slopes(rng, 6)
        expect(np.sign(self.first_step(student, grad)), "the signs of the first step's entries").close_to(-np.sign(grad))

    @aspect("the first step's direction")
    def test_first_direction(self, student, rng):
        """The first step, from an empty state, goes equally far in every entry."""
        lengths = np.abs(proportions(self.first_step(student, slopes(rng, 2, 3, 2))))
        expect(lengths, "the lengths of the first step's entries, divided by the largest one,").close_to(np.ones((2, 3, 2)))

    @aspect("the first step's length", 2)
    def test_first_length(self, student, reference, rng):
        """The first step, from an empty state, has the right length in every entry."""
        for shape, size, rtol in ((1,), LARGE, 1e-7), ((3, 4), 10.0, 1e-3):
            function, gradients = getattr(student, self.exercise), slopes(rng, 1, *shape, size=size)
            expect_moves(function, reference, gradients, np.abs, rtol=rtol, what="the length of ", **self.usual())

    @worth(4)
    @aspect("equal gradients", 9)
    def test_equal_gradients(self, student, rng):
        """Where the gradient stays as it is, all entries move equally far at a step, however large their gradients are."""
        moves = moves_from_zero(getattr(student, self.exercise), [slopes(rng, 5)] * 5, **self.usual())
        for number, move in enumerate(moves[1:], start=2):
            expect(move, f"step {number} from zero").shaped((5,))
            name = f"the lengths of step {number}'s entries, divided by the largest one,"
            expect(np.abs(proportions(move)), name).close_to(np.ones(5), rtol=1e-5)

    def walk(self, student, reference, rng, gradients, rtol):
        """Expect the right end of a walk of six steps along `gradients`, with a learning rate that changes."""
        function, right = getattr(student, self.exercise), getattr(reference, self.exercise)
        place = right_place = rng.normal(0, 0.5, gradients[0].shape)
        state, right_state = {}, {}
        for grad in gradients:
            options = self.usual(lr=rng.uniform(0.05, 0.4))
            place, state = one_step(function, place, grad, state, **options)
            right_place, right_state = right(right_place, grad, right_state, **options)
        expect(place, "theta after six steps").close_to(right_place, rtol=rtol)

    @aspect("a single weight", 5)
    def test_walk_of_one_weight(self, student, reference, rng):
        """Steps of a single weight along positive gradients lead where they should, with a learning rate that changes."""
        self.walk(student, reference, rng, np.abs(slopes(rng, 6, 1, size=10.0)), 1e-3)

    @aspect("all together", 11)
    def test_walk(self, student, reference, rng):
        """Steps along random gradients lead where they should, each entry for itself, with a learning rate that changes."""
        self.walk(student, reference, rng, slopes(rng, 6, 4, 3), 1e-7)

    @corner("eps", 0.06)
    def test_tiny_gradients(self, student, reference, rng):
        """Where gradients are as small as the default eps, the step shows that eps is added to the finished denominator."""
        options = {**DEFAULTS[self.exercise], "lr": 0.1}
        expect_moves(getattr(student, self.exercise), reference, slopes(rng, 3, 5, size=1e-8), **options)

    @corner("eps")
    def test_another_epsilon(self, student, reference, rng):
        """The eps that is passed is the one that is used."""
        expect_moves(getattr(student, self.exercise), reference, slopes(rng, 3, 5, size=0.01), **self.usual(eps=0.01))

    @worth(0.5)
    @corner("eps")
    def test_zero_gradients(self, student, rng):
        """An entry whose gradient has always been zero stays where it is, and is no division by zero."""
        theta, grad = rng.normal(0, 0.5, 3), slopes(rng, 3) * [1, 0, 1]
        place, state = one_step(getattr(student, self.exercise), theta, grad, {}, lr=0.2)
        again, _ = one_step(getattr(student, self.exercise), theta, grad, state, lr=0.2)
        for number, found in enumerate((place, again), start=1):
            entry = expect(found, "theta").items("θ1", "θ2", "θ3")[1]
            expect(entry, f"the entry of theta without a gradient, after step {number},").close_to(theta[1])

    @corner("the defaults", 0.03)
    def test_defaults(self, student, rng):
        """Without hyperparameters the defaults of the docstring hold."""
        function, gradients = getattr(student, self.exercise), [slopes(rng, 6, size=1e-8) * 10.0 ** np.arange(0, 12, 2) for _ in range(3)]
        usual = moves_from_zero(function, gradients)
        passed = moves_from_zero(function, gradients, **DEFAULTS[self.exercise], eps=1e-8)
        for number, (move, right) in enumerate(zip(usual, passed, strict=True), start=1):
            expect(move, f"step {number} without hyperparameters").alike(right, f"from that with {DEFAULTS[self.exercise]} and eps=1e-8")


class Settling(StepTests):
    """What is expected of the optimisers that forget."""

    @aspect("equal gradients")
    def test_length_of_late_steps(self, student, rng):
        """After many equal gradients every step has the length of the learning rate."""
        short = {"decay": 0.4} if self.exercise == "rmsprop_step" else {"beta1": 0.4, "beta2": 0.5}
        moves = moves_from_zero(getattr(student, self.exercise), [slopes(rng, 4)] * 24, lr=0.3, eps=TINY, **short)
        expect(moves[-1], "step 24 from zero").shaped((4,))
        expect(np.abs(np.asarray(moves[-1])), "the length of step 24").close_to(np.full(4, 0.3), rtol=1e-5)


class MomentTests(Settling):
    """What is expected of the optimisers with a first moment and a denominator of their own."""

    @aspect("the first moment", 12)
    def test_gradients_of_one_size(self, student, reference, rng):
        """With gradients of one size the entries of a late step are in the proportions of the first moment's."""
        gradients, function = LARGE * rng.choice([-1.0, 1.0], (18, 6)), getattr(student, self.exercise)
        name = "the proportions of "
        expect_moves(function, reference, gradients, proportions, 16, 1e-5, name, lr=0.3, beta1=0.4, beta2=0.7, eps=TINY)


def expect_denominators(student, reference, name, gradients, **options):
    """Expect the right proportions of a step's entries from the second step on, of an optimiser that steps along the gradient."""
    expect_moves(getattr(student, name), reference, gradients, proportions, 2, what="the proportions of ", lr=0.3, eps=TINY, **options)


def expect_equal_rates(student, name, rng, **decay):
    """Expect that entries whose (fading) sums of squares are equal at a third step have equal rates there, however large."""
    second, third = slopes(rng, 2, 4)
    rho = decay.get("decay", 1.0)
    first = np.sqrt(((25 * LARGE**2 - third**2) / rho - second**2) / rho)
    moves = moves_from_zero(getattr(student, name), [first, second, third], lr=0.3, eps=TINY, **decay)
    expect(moves[2], "step 3 from zero").shaped((4,))
    expect(proportions(moves[2]), "the proportions of step 3 from zero").close_to(-proportions(third))


# --- the exercises --------------------------------------------------------------------------------------------------------


@exercise("adagrad_step")
class TestAdagradStep(StepTests):
    @worth(7)
    @aspect("the sum of squares")
    def test_equal_sums(self, student, rng):
        """Entries whose squares have the same sum have the same learning rate, in whatever order the gradients came."""
        expect_equal_rates(student, "adagrad_step", rng)

    @worth(6)
    @aspect("the sum of squares", 13)
    def test_proportions(self, student, reference, rng):
        """At each step the entries are in the right proportions: each is divided by the root of its own sum of squares."""
        gradients = slopes(rng, 7, 4)
        gradients[0] *= [20, 1, 1, 5]
        expect_denominators(student, reference, "adagrad_step", gradients)


@exercise("rmsprop_step")
class TestRmspropStep(Settling):
    @worth(7)
    @aspect("the average of squares")
    def test_equal_averages(self, student, rng):
        """Entries whose squares have the same average have the same learning rate."""
        expect_equal_rates(student, "rmsprop_step", rng, decay=0.6)

    @worth(6)
    @aspect("the average of squares", 13)
    def test_proportions(self, student, reference, rng):
        """At each step the entries are in the right proportions: each is divided by the root of its own average of squares."""
        expect_denominators(student, reference, "rmsprop_step", slopes(rng, 6, 4), decay=0.6)


@exercise("bias_corrected")
class TestBiasCorrected(ArgumentsUnchanged, Integers, Float32, MemoryLayouts, NoMemory):
    def arguments(self, rng):
        return rng.normal(0, 2, (3, 4)), 0.7, 3

    @aspect("t = 1", 3)
    def test_first_step(self, student, rng):
        """At t = 1 the only gradient comes back as it was, whatever beta."""
        for beta in (0.3, 0.9, 0.999):
            grad = slopes(rng, 5, size=1)
            expect(student.bias_corrected((1 - beta) * grad, beta, 1), f"the answer for beta={beta}, t=1").close_to(grad)

    @aspect("later steps", 5)
    def test_later_steps(self, student, reference, rng):
        """The sum of the weights is divided away at any step, of arrays of any shape."""
        for beta, t, shape in ((0.9, 2, (6,)), (0.8, 7, (1,)), (0.9, 10, (2, 3, 2)), (0.999, 400, (4,))):
            moment = rng.normal(0, 2, shape)
            expect(student.bias_corrected(moment, beta, t), f"the answer for beta={beta}, t={t}").close_to(
                reference.bias_corrected(moment, beta, t)
            )

    @aspect("large t", 2.5)
    def test_late(self, student, rng):
        """Where nothing is left to correct, because t is large, the moment comes back as it was."""
        for beta, t in ((0.9, 5000), (0.5, 200)):
            moment = rng.normal(0, 2, 5)
            expect(student.bias_corrected(moment, beta, t), f"the answer for beta={beta}, t={t}").close_to(moment)

    @corner("beta = 0", 0.05)
    def test_without_memory(self, student, rng):
        """With beta = 0 there is nothing to correct."""
        moment = rng.normal(0, 2, 5)
        for t in (1, 3):
            expect(student.bias_corrected(moment, 0.0, t), f"the answer for beta=0, t={t}").close_to(moment)


@exercise("adam_step")
class TestAdamStep(MomentTests):
    @aspect("the second moment", 4)
    def test_without_momentum(self, student, reference, rng):
        """With beta1 = 0 the entries of a step are in the right proportions: each is divided by the root of its own average of squares."""
        expect_denominators(student, reference, "adam_step", slopes(rng, 5, 4), beta1=0.0, beta2=0.6)


@exercise("nadam_step")
class TestNadamStep(MomentTests):
    @aspect("the second moment", 4)
    def test_without_momentum(self, student, reference, rng):
        """With beta1 = 0 the entries of a step are in the right proportions: each is divided by the root of its own average of squares."""
        expect_denominators(student, reference, "nadam_step", slopes(rng, 5, 4), beta1=0.0, beta2=0.6)


@exercise("adamax_step")
class TestAdamaxStep(MomentTests):
    @aspect("the maximum", 12)
    def test_without_momentum(self, student, reference, rng):
        """With beta1 = 0 and positive gradients a step has the right proportions: after a huge gradient u shrinks by beta2 a step."""
        gradients = np.abs(slopes(rng, 9, 4))
        gradients[2] *= [30, 1, 10, 1]
        expect_denominators(student, reference, "adamax_step", gradients, beta1=0.0, beta2=0.7)
