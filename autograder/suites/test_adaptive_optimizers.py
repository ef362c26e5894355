"""The hidden suite of lecture 8, adaptive optimizers."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged, worth

TINY = 1e-12  # as eps where a test is about something else: a mistake with ε costs the tests of ε, not all of them


OTHERS = {  # hyperparameters that aren't the defaults
    "adagrad_step": {},
    "rmsprop_step": {"decay": 0.6},
    "adam_step": {"beta1": 0.7, "beta2": 0.95},
    "nadam_step": {"beta1": 0.7, "beta2": 0.95},
    "adamax_step": {"beta1": 0.7, "beta2": 0.8},
}


# --- inputs and small helpers ---------------------------------------------------------------------------------------------


def slopes(rng, *shape, low=0.2, high=3.0):
    """Return gradients of both signs, none of them near zero."""
    return rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)


def one_step(function, theta, grad, state, **options):
    """Take a step, and return what it gave as (theta, state)."""
    return expect(function(theta, grad, state, **options), f"what {function.name} returns").items("theta", "state")


def expect_walk(function, right, theta, gradients, rates=None, rtol=1e-7, **options):
    """Expect that steps along `gradients`, from {} on, lead where the reference's lead; `rates` may change from step to step."""
    place, state, right_place, right_state = theta, {}, theta, {}
    for number, grad in enumerate(gradients):
        if rates is not None:
            options["lr"] = rates[number]
        place, state = one_step(function, place, grad, state, **options)
        right_place, right_state = right(right_place, grad, right_state, **options)
        expect(place, f"theta after step {number + 1}").close_to(right_place, rtol=rtol)


def expect_moves(function, right, gradients, first=1, **options):
    """Expect the reference's moves from step `first` on; each begins at zero, so that small ones count as much as large ones."""
    start, state, right_state = np.zeros(gradients[0].shape), {}, {}
    for number, grad in enumerate(gradients, start=1):
        move, state = one_step(function, start, grad, state, **options)
        right_move, right_state = right(start, grad, right_state, **options)
        if number >= first:
            expect(move, f"step {number} from zero").close_to(right_move)


class StepTests:
    """What is expected of every optimiser; a class below says which one."""

    function = ""

    def both(self, student, reference):
        """Return the student's function and the reference's."""
        return getattr(student, self.function), getattr(reference, self.function)

    def test_first_step(self, student, reference, rng):
        """The first step, from an empty state, is right for arrays of any shape."""
        for shape in ((6,), (1,), (3, 4), (2, 3, 2)):
            theta, grad = rng.normal(0, 0.5, shape), slopes(rng, *shape)
            expect_walk(*self.both(student, reference), theta, [grad], lr=0.3, eps=TINY)

    @worth(3)
    def test_several_steps(self, student, reference, rng):
        """Nine steps along random gradients lead where they should, each entry for itself."""
        for shape in ((5,), (4, 3)):
            expect_walk(*self.both(student, reference), rng.normal(0, 0.5, shape), slopes(rng, 9, *shape), lr=0.2, eps=TINY)

    def test_hyperparameters(self, student, reference, rng):
        """The hyperparameters that are passed are the ones that are used, and a learning rate may change from step to step."""
        theta, gradients, rates = rng.normal(0, 0.5, 4), slopes(rng, 7, 4), rng.uniform(0.05, 0.4, 7)
        expect_walk(*self.both(student, reference), theta, gradients, rates, eps=TINY, **OTHERS[self.function])

    def test_defaults(self, student, reference, rng):
        """Without hyperparameters the defaults of the docstring hold."""
        expect_moves(*self.both(student, reference), slopes(rng, 5, 6, low=5, high=50))

    @worth(0.5)
    def test_tiny_gradients(self, student, reference, rng):
        """Where gradients are as small as eps, the step shows that eps is added outside the root, to the finished denominator."""
        for scale, options in ((1e-8, {}), (1e-2, {"eps": 0.01})):
            expect_moves(*self.both(student, reference), scale * slopes(rng, 4, 5), lr=0.1, **options)

    @worth(0.5)
    def test_zero_gradients(self, student, reference, rng):
        """An entry whose gradient has always been zero stays where it is, and is no division by zero."""
        gradients = slopes(rng, 3, 4, low=5, high=50)
        gradients[:, 1] = 0
        expect_walk(*self.both(student, reference), rng.normal(0, 0.5, 4), gradients, lr=0.2)

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input."""
        theta, gradients = rng.integers(-9, 9, 6), rng.integers(1, 9, (3, 6)) * rng.choice([-1, 1], (3, 6))
        expect_walk(*self.both(student, reference), theta, gradients, lr=0.3, eps=TINY)
        theta, gradients = rng.normal(0, 0.5, 6).astype(np.float32), slopes(rng, 3, 6).astype(np.float32)
        expect_walk(*self.both(student, reference), theta, gradients, lr=0.3, eps=TINY, rtol=1e-4)

    def test_memory_layouts(self, student, reference, rng):
        """A transposed array, and every other column of one, are parameters like any other."""
        theta, gradients = rng.normal(0, 0.5, (3, 4)), slopes(rng, 3, 3, 4)
        wide = [np.repeat(grad, 2, axis=1)[:, ::2] for grad in gradients]
        expect_walk(*self.both(student, reference), theta.T, [grad.T for grad in gradients], lr=0.3, eps=TINY)
        expect_walk(*self.both(student, reference), np.repeat(theta, 2, axis=1)[:, ::2], wide, lr=0.3, eps=TINY)

    def test_arguments_stay(self, student, reference, rng):
        """theta, grad and the old state are as they were after the call, and the new theta is right."""
        mine, right = self.both(student, reference)
        theta, gradients = rng.normal(0, 0.5, 4), slopes(rng, 3, 4)
        state, right_state = {}, {}
        for grad in gradients:
            answer = expect(expect_unchanged(mine, theta, grad, state, 0.3), f"what {self.function} returns")
            (place, state), (right_place, right_state) = answer.items("theta", "state"), right(theta, grad, right_state, 0.3)
            expect(place, "theta").close_to(right_place, rtol=1e-5)

    def test_all_memory_is_in_the_state(self, student, reference, rng):
        """Two parameters that are trained in turns don't disturb each other, and a step from an old state can be taken again."""
        mine, right = self.both(student, reference)
        thetas = [rng.normal(0, 0.5, 3), rng.normal(0, 0.5, (2, 2))]
        old, right_old = [{}, {}], [{}, {}]
        for _ in range(3):
            grads = [slopes(rng, *theta.shape) for theta in thetas]
            new, right_new = list(old), list(right_old)
            for which in (0, 1, 0):
                place, new[which] = one_step(mine, thetas[which], grads[which], old[which], lr=0.3, eps=TINY)
                right_place, right_new[which] = right(thetas[which], grads[which], right_old[which], lr=0.3, eps=TINY)
                expect(place, "theta").close_to(right_place)
            old, right_old = new, right_new


class MomentTests(StepTests):
    """What is expected of the optimisers with two averages: that their parts are right one by one."""

    def test_second_step(self, student, reference, rng):
        """The second step, from the state of the first, is right: here the correction is another one than at the first step."""
        expect_moves(*self.both(student, reference), slopes(rng, 2, 5), first=2, lr=0.3, eps=TINY)

    def test_short_memories(self, student, reference, rng):
        """With beta1 = 0, no memory at all, and a small beta2, a short one, the steps are right."""
        expect_walk(*self.both(student, reference), rng.normal(0, 0.5, 4), slopes(rng, 6, 4), lr=0.2, beta1=0.0, beta2=0.3, eps=TINY)

    @worth(2)
    def test_late_steps(self, student, reference, rng):
        """After so many steps that the bias is gone, the averages are still right."""
        gradients = slopes(rng, 44, 3)
        expect_moves(*self.both(student, reference), gradients, first=42, lr=0.3, beta1=0.5, beta2=0.6, eps=TINY)


# --- the exercises --------------------------------------------------------------------------------------------------------


@exercise("adagrad_step")
class TestAdagradStep(StepTests):
    function = "adagrad_step"

    def test_long_run(self, student, reference, rng):
        """After forty steps the first gradient still counts in full."""
        gradients = slopes(rng, 40, 3)
        gradients[0] *= 20
        expect_moves(*self.both(student, reference), gradients, first=40, lr=0.3, eps=TINY)


@exercise("rmsprop_step")
class TestRmspropStep(StepTests):
    function = "rmsprop_step"

    def test_long_run(self, student, reference, rng):
        """After fifty steps the average looks back as far as the decay says, wherever it began."""
        expect_moves(*self.both(student, reference), slopes(rng, 50, 3), first=48, lr=0.3, decay=0.5, eps=TINY)


@exercise("bias_corrected")
class TestBiasCorrected:
    def test_first_step(self, student, reference, rng):
        """At t = 1 the only gradient comes back as it was, whatever beta."""
        for beta in (0.3, 0.9, 0.999):
            grad = slopes(rng, 5)
            expect(student.bias_corrected((1 - beta) * grad, beta, 1), f"the answer for beta={beta}, t=1").close_to(grad)

    @worth(3)
    def test_later_steps(self, student, reference, rng):
        """The sum of the weights is divided away at any step."""
        for beta, t in ((0.9, 2), (0.5, 3), (0.8, 7), (0.9, 10), (0.99, 25), (0.999, 400)):
            moment = rng.normal(0, 2, 6)
            expect(student.bias_corrected(moment, beta, t), f"the answer for beta={beta}, t={t}").close_to(
                reference.bias_corrected(moment, beta, t)
            )

    def test_average_of_a_constant(self, student, rng):
        """An average of equal gradients is that gradient, after any number of steps."""
        grad, beta = slopes(rng, 4), 0.85
        moment = np.zeros(4)
        for t in range(1, 13):
            moment = 0.85 * moment + 0.15 * grad
            expect(student.bias_corrected(moment, beta, t), f"the answer at t={t}").close_to(grad)

    def test_late_and_without_memory(self, student, rng):
        """Where nothing is left to correct, because t is large or beta is zero, the moment comes back as it was."""
        moment = rng.normal(0, 2, 5)
        for beta, t in ((0.9, 5000), (0.5, 200), (0.0, 1), (0.0, 3)):
            expect(student.bias_corrected(moment, beta, t), f"the answer for beta={beta}, t={t}").close_to(moment)

    def test_numbers_of_other_types(self, student, reference, rng):
        """Integers and 32-bit floats are legal input, and the answer is floating-point."""
        moment = rng.integers(-9, 9, 6)
        expect(student.bias_corrected(moment, 0.7, 3), "the answer for integers").close_to(reference.bias_corrected(moment, 0.7, 3))
        moment = rng.normal(0, 2, 6).astype(np.float32)
        expect(student.bias_corrected(moment, 0.7, 3), "the answer for 32-bit floats").close_to(
            reference.bias_corrected(moment, 0.7, 3), rtol=1e-4
        )

    def test_shapes_and_layouts(self, student, reference, rng):
        """Arrays of any shape and layout are corrected entry by entry."""
        for moment in (rng.normal(size=(1,)), rng.normal(size=(3, 4)).T, rng.normal(size=(2, 3, 8))[..., ::2]):
            expect(student.bias_corrected(moment, 0.9, 4)).close_to(reference.bias_corrected(moment, 0.9, 4))

    def test_arguments_stay(self, student, reference, rng):
        """The moment is as it was after the call: the average goes on without the correction in it."""
        moment = rng.normal(size=5)
        expect(expect_unchanged(student.bias_corrected, moment, 0.9, 3)).close_to(reference.bias_corrected(moment, 0.9, 3))


@exercise("adam_step")
class TestAdamStep(MomentTests):
    function = "adam_step"


@exercise("nadam_step")
class TestNadamStep(MomentTests):
    function = "nadam_step"


@exercise("adamax_step")
class TestAdamaxStep(MomentTests):
    function = "adamax_step"

    def test_a_spike(self, student, reference, rng):
        """After one huge gradient the denominator shrinks by beta2 a step, until another one is larger."""
        gradients = slopes(rng, 12, 4)
        gradients[2] *= 30
        expect_moves(*self.both(student, reference), gradients, first=3, lr=0.3, beta1=0.5, beta2=0.7, eps=TINY)
