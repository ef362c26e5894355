"""The public checks of lecture 8, adaptive optimizers."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged


def theta_and_state(function, theta, grad, state, **options):
    """Take a step, and return what came back as (theta, state)."""
    return expect(function(theta, grad, state, **options), f"what {function.name} returns").items("theta", "state")


def walk(function, start, gradients, **options):
    """Take a step for each gradient, from an empty state on, and return where each led."""
    theta, state, places = np.array(start, dtype=float), {}, []
    for grad in gradients:
        theta, state = theta_and_state(function, theta, np.array(grad, dtype=float), state, **options)
        expect(theta, "theta").shaped(np.shape(start))
        places.append(theta)
    return np.array(places)


def expect_a_pure_step(function):
    """Expect that neither theta nor grad nor the old state is changed, at the first step and at the second."""
    theta, state = np.array([1.0, -2.0]), {}
    for grad in (np.array([3.0, 1.0]), np.array([-1.0, 2.0])):
        theta, state = expect(expect_unchanged(function, theta, grad, state), f"what {function.name} returns").items("theta", "state")
        expect(theta, "theta").shaped((2,))


def expect_epsilon(function, eps, **options):
    """Expect that eps = 1e-8 by default, or `eps`, is added to the finished denominator, of a first step with the denominator |grad|."""
    places = walk(function, [5.0, 1.0], [[0.0, 1e-8]], lr=0.5, **options)
    expect(places[0], "theta where the gradient is as small as the default eps").close_to([5.0, 0.75])
    places = walk(function, [5.0, 1.0], [[0.0, eps / 3]], lr=0.5, eps=eps, **options)
    expect(places[0], f"theta for the gradients 0 and {eps / 3:g}, with eps={eps:g}").close_to([5.0, 0.875])


@exercise("adagrad_step")
class TestAdagradStep:
    def test_by_hand(self, student):
        """The worked example: gradients (3, 4) and (4, 3), from (1, 2), with η = 0.1 and ε = 0."""
        places = walk(student.adagrad_step, [1.0, 2.0], [[3.0, 4.0], [4.0, 3.0]], lr=0.1, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.9, 1.9])
        expect(places[1], "theta after two steps").close_to([0.82, 1.84])

    def test_equal_gradients(self, student):
        """With the same gradient again and again, step number t has the length η/√t."""
        places = walk(student.adagrad_step, [0.0], [[-7.0]] * 16, lr=0.5, eps=0.0)
        expect(np.diff(places[:, 0], prepend=0.0), "the steps").close_to(0.5 / np.sqrt(np.arange(1, 17)))

    def test_epsilon(self, student):
        """A gradient of zero moves nothing, one as large as ε moves by half of η, and one of ε/3 by a quarter."""
        expect_epsilon(student.adagrad_step, 6.0)

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call."""
        expect_a_pure_step(student.adagrad_step)


@exercise("rmsprop_step")
class TestRmspropStep:
    def test_by_hand(self, student):
        """The worked example: gradients 4 and 2, from 1, with decay 0.75, η = 0.1 and ε = 0."""
        places = walk(student.rmsprop_step, [1.0], [[4.0], [2.0]], lr=0.1, decay=0.75, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.8])
        expect(places[1], "theta after two steps").close_to([0.7])

    def test_equal_gradients(self, student):
        """With the same gradient again and again, the steps settle at η and shrink no further."""
        places = walk(student.rmsprop_step, [0.0], [[20.0]] * 200, lr=0.5)
        expect(places[-1] - places[-2], "the last step").close_to([-0.5], rtol=1e-6)

    def test_epsilon(self, student):
        """With decay = 0 a gradient of zero moves nothing, one as large as ε moves by half of η, and one of ε/3 by a quarter."""
        expect_epsilon(student.rmsprop_step, 6.0, decay=0.0)

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call."""
        expect_a_pure_step(student.rmsprop_step)


@exercise("bias_corrected")
class TestBiasCorrected:
    def test_by_hand(self, student):
        """The worked example: with β = 0.75 the weights sum to 1/4 after one step and to 7/16 after two."""
        moment = np.array([1.75, -3.5])
        expect(student.bias_corrected(moment, 0.75, 1), "the answer for t=1").close_to([7.0, -14.0])
        expect(student.bias_corrected(moment, 0.75, 2), "the answer for t=2").close_to([4.0, -8.0])

    def test_constant(self, student):
        """The average of equal values is that value, after any number of steps."""
        moment = np.zeros(2)
        for t in range(1, 8):
            moment = 0.9 * moment + 0.1 * np.array([5.0, -2.0])
            expect(student.bias_corrected(moment, 0.9, t), f"the answer at t={t}").close_to([5.0, -2.0])

    def test_late(self, student):
        """After very many steps there is nothing left to correct."""
        moment = np.array([[1.0, -2.0, 3.0]])
        expect(student.bias_corrected(moment, 0.9, 1000)).close_to(moment)

    def test_moment_stays(self, student):
        """A new array comes back; the moment is as it was."""
        expect(expect_unchanged(student.bias_corrected, np.array([1.0, 2.0]), 0.9, 3)).shaped((2,))


@exercise("adam_step")
class TestAdamStep:
    def test_by_hand(self, student):
        """The worked example: β1 = 0.25, β2 = 0.75; the gradient 6 is followed by 1 in the first entry and by −1.5 in the second."""
        places = walk(student.adam_step, [1.0, 1.0], [[6.0, 6.0], [1.0, -1.5]], lr=0.1, beta1=0.25, beta2=0.75, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.9, 0.9])
        expect(places[1], "theta after two steps").close_to([0.85, 0.9])

    def test_first_step(self, student):
        """The first step has the length η in every entry, whatever the size of the gradient."""
        places = walk(student.adam_step, [1.0, 1.0, 1.0], [[4.0, -0.02, 3000.0]], lr=0.1, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.9, 1.1, 0.9])

    def test_equal_gradients(self, student):
        """With the same gradient again and again every step has the length η: the correction sees to it from the start."""
        places = walk(student.adam_step, [0.0], [[-0.5]] * 12, lr=0.25, eps=0.0)
        expect(places[:, 0], "theta after each step").close_to(0.25 * np.arange(1, 13))

    def test_epsilon(self, student):
        """A gradient of zero moves nothing, one as large as ε moves by half of η, and one of ε/3 by a quarter."""
        expect_epsilon(student.adam_step, 6.0)

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call."""
        expect_a_pure_step(student.adam_step)


@exercise("nadam_step")
class TestNadamStep:
    def test_by_hand(self, student):
        """The worked example: β1 = 0.25, β2 = 0.75, η = 0.1; the gradient 6 makes a step of 1.2 η, and the gradient 1 one of 0.32 η."""
        places = walk(student.nadam_step, [1.0], [[6.0], [1.0]], lr=0.1, beta1=0.25, beta2=0.75, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.88])
        expect(places[1], "theta after two steps").close_to([0.88 - 0.1 * (10 / 21 + 0.8) / 4])

    def test_without_momentum(self, student):
        """With β1 = 0 there is nothing to look ahead with: the first step is η, as Adam's."""
        places = walk(student.nadam_step, [1.0, 1.0], [[4.0, -0.5]], lr=0.1, beta1=0.0, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.9, 1.1])

    def test_epsilon(self, student):
        """With β1 = 0 a gradient of zero moves nothing, one as large as ε moves by half of η, and one of ε/3 by a quarter."""
        expect_epsilon(student.nadam_step, 6.0, beta1=0.0)

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call."""
        expect_a_pure_step(student.nadam_step)


@exercise("adamax_step")
class TestAdamaxStep:
    def test_by_hand(self, student):
        """The worked example: β1 = 0.5, β2 = 0.75; the gradient 8 is followed by 0.5 in the first entry and by −10 in the second."""
        places = walk(student.adamax_step, [1.0, 1.0], [[8.0, 8.0], [0.5, -10.0]], lr=0.1, beta1=0.5, beta2=0.75, eps=0.0)
        expect(places[0], "theta after one step").close_to([0.9, 0.9])
        expect(places[1], "theta after two steps").close_to([0.85, 0.94])

    def test_first_step(self, student):
        """The first step has the length η in every entry, and η is 0.002 by default."""
        places = walk(student.adamax_step, [0.0, 0.0], [[40.0, -300.0]])
        expect(places[0], "theta after one step").close_to([-0.002, 0.002])

    def test_epsilon(self, student):
        """A gradient of zero moves nothing, one as large as ε moves by half of η, and one of ε/3 by a quarter."""
        expect_epsilon(student.adamax_step, 6.0)

    def test_epsilon_later(self, student):
        """ε is added outside the maximum: it isn't remembered in u, and doesn't fade."""
        places = walk(student.adamax_step, [1.0], [[8.0], [2.0]], lr=1.0, beta1=0.0, beta2=0.75, eps=2.0)
        expect(places[:, 0], "theta after each step").close_to([0.2, -0.05])

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call."""
        expect_a_pure_step(student.adamax_step)
