"""The public checks of lecture 7, momentum."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged
from coursekit.expectations import Mismatch


def walk(function, start, gradients, rates, beta):
    """Take a step for each gradient, from an empty state on, and return where each led."""
    theta, state, places = np.array(start, dtype=float), {}, []
    for grad, lr in zip(gradients, rates, strict=True):
        answer = function(theta, grad if callable(grad) else np.array(grad, dtype=float), state, lr=lr, beta=beta)
        theta, state = expect(answer, f"what {function.name} returns").items("theta", "state")
        expect(theta, "theta").shaped(np.shape(start))
        places.append(theta)
    return np.array(places)


def expect_a_pure_step(function, given=np.array):
    """Expect that neither theta nor the gradient nor the old state is changed, at the first step and the second, which can be repeated."""
    theta, state = np.array([[1.0, -2.0]]), {}
    for grad in ([[3.0, 1.0]], [[-1.0, 2.0]]):
        answer = expect_unchanged(function, theta, given(grad), state, 0.5)
        before, (theta, state) = (theta, state), expect(answer, f"what {function.name} returns").items("theta", "state")
        expect(theta, "theta").shaped((1, 2))
    function(np.array([[7.0, 8.0]]), given([[9.0, 5.0]]), {}, 0.5)
    again, _ = expect(function(before[0], given(grad), before[1], 0.5), f"what {function.name} returns").items("theta", "state")
    expect(again, "theta after the second step").alike(theta, "where another walk begins before it: is the velocity in the state?")


def expect_default(function, given=np.array):
    """Expect that beta is 0.9 where it isn't passed."""
    theta, state = np.zeros(2), {}
    for _ in range(2):
        theta, state = expect(function(theta, given([1.0, -2.0]), state, 0.1), f"what {function.name} returns").items("theta", "state")
    right = walk(function, [0.0, 0.0], [given([1.0, -2.0])] * 2, [0.1] * 2, 0.9)[-1]
    expect(theta, "theta after two steps without a beta").alike(right, "from that with beta=0.9")


@exercise("sgd_step")
class TestSgdStep:
    def test_by_hand(self, student):
        """The worked example: from (1, 2) with the gradient (3, −4) and η = 0.5."""
        expect(student.sgd_step(np.array([1.0, 2.0]), np.array([3.0, -4.0]), 0.5), "theta").close_to([-0.5, 4.0])

    def test_shape(self, student):
        """A matrix stays a matrix, and theta and grad are as they were."""
        theta, grad = np.array([[1.0], [2.0]]), np.array([[10.0], [-20.0]])
        expect(expect_unchanged(student.sgd_step, theta, grad, 0.25), "theta").close_to(np.array([[-1.5], [7.0]]))


@exercise("condition_number")
class TestConditionNumber:
    def test_by_hand(self, student):
        """The worked examples: a turned valley, a saddle, and a matrix that isn't symmetric."""
        expect(student.condition_number(np.array([[5.0, 4.0], [4.0, 5.0]])), "κ of the valley").close_to(9.0)
        expect(student.condition_number(np.diag([2.0, -8.0])), "κ of the saddle").close_to(4.0)
        expect(student.condition_number(np.array([[0.0, 6.0], [2.0, 0.0]])), "κ of the third").close_to(3.0)
        expect(student.condition_number(np.array([[2.0, 1.0], [0.0, 2.0]])), "κ of the fourth").close_to(((17**0.5 + 1) / 4) ** 2)

    def test_singular(self, student):
        """κ is inf for singular matrices, also where rounding hides it."""
        for H in (np.diag([1.0, 0.0]), np.ones((3, 3)), np.arange(1.0, 10.0).reshape(3, 3), np.diag([1.0, 1.0, 1.0, 1.0, 3e-16])):
            found = student.condition_number(H)
            if not (np.ndim(found) == 0 and isinstance(found, (float, np.generic)) and found == np.inf):
                raise Mismatch("value", f"κ of a singular matrix should be np.inf, but it is {found!r}")

    def test_nearly_singular(self, student):
        """Small curvatures alone make no matrix singular."""
        for H in (np.diag([1e-18, 2e-18]), np.diag([1e12, 5e11]), np.diag([1.0, 0.5])):
            expect(student.condition_number(H), "κ").close_to(2.0)
        expect(student.condition_number(np.array([[1.0, 0.0], [0.0, 1e-13]])), "κ").close_to(1e13, rtol=1e-3)


@exercise("critical_point")
class TestCriticalPoint:
    def test_by_hand(self, student):
        """The worked examples: a bowl, its reverse, a saddle with a positive diagonal, a gutter, and a saddle with a flat direction."""
        bowl, saddle = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 2.0], [2.0, 1.0]])
        for H, name in (
            (bowl, "minimum"),
            (-bowl, "maximum"),
            (saddle, "saddle"),
            (np.diag([3.0, 0.0]), "degenerate"),
            (np.diag([3.0, 0.0, -1.0]), "saddle"),
        ):
            expect(student.critical_point(H), f"the name for the eigenvalues {np.round(np.linalg.eigvalsh(H), 9)}").equals(name)

    def test_more(self, student):
        """Equal eigenvalues, a single one, and several variables."""
        for eigenvalues, name in (([2, 2], "minimum"), ([-3], "maximum"), ([-1, -2, 3, 4], "saddle"), ([-1, 0], "degenerate")):
            expect(student.critical_point(np.diag(np.array(eigenvalues, dtype=float))), f"the name for {eigenvalues}").equals(name)

    def test_tolerance(self, student):
        """An eigenvalue within ±tol counts as zero, tol included; by default tol is 1e-8."""
        for eigenvalues, tol, name in (
            ([4.0, 0.5], (0.5,), "degenerate"),
            ([4.0, 0.5], (0.4,), "minimum"),
            ([4.0, -0.25], (0.5,), "degenerate"),
            ([4.0, -0.25], (0.1,), "saddle"),
            ([4.0, 1e-9], (), "degenerate"),
            ([1e6, 1e-4], (), "minimum"),
        ):
            expect(student.critical_point(np.diag(eigenvalues), *tol), f"the name for {eigenvalues}, tol {tol}").equals(name)


@exercise("momentum_step")
class TestMomentumStep:
    def test_by_hand(self, student):
        """The worked example: gradients 4, 2 and 0, from 1, with β = 0.5 and η = 0.1, 0.2 and 0.2."""
        places = walk(student.momentum_step, [1.0], [[4.0], [2.0], [0.0]], [0.1, 0.2, 0.2], 0.5)
        expect(places[:, 0], "theta after each step").close_to([0.6, 0.0, -0.3])

    def test_terminal_velocity(self, student):
        """Under a constant gradient the velocity grows to −η∇/(1 − β)."""
        places = walk(student.momentum_step, [0.0, 0.0], [[1.0, -2.0]] * 150, [0.1] * 150, 0.8)
        expect(places[-1] - places[-2], "the last step").close_to([-0.5, 1.0])

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call, and beta is 0.9 by default."""
        expect_a_pure_step(student.momentum_step)
        expect_default(student.momentum_step)


class Recorder:
    """A gradient, slope + place, that remembers where it was asked."""

    def __init__(self, slope):
        self.slope, self.places = np.array(slope, dtype=float), []

    def __call__(self, place):
        self.places.append(np.array(place, dtype=float))
        return self.slope + place


@exercise("nesterov_step")
class TestNesterovStep:
    def test_by_hand(self, student):
        """The worked example: J = ½θ², from 8, with β = 0.5 and η = 0.25, and then η = 0.5."""
        slope = Recorder([0.0])
        places = walk(student.nesterov_step, [8.0], [slope] * 3, [0.25, 0.25, 0.5], 0.5)
        expect(slope.places, "where grad_fn was called").close_to([np.array([8.0]), np.array([5.0]), np.array([2.625])])
        expect(places[:, 0], "theta after each step").close_to([6.0, 3.75, 1.3125])

    def test_pure(self, student):
        """theta and the old state are as they were after the call, and beta is 0.9 by default."""
        expect_a_pure_step(student.nesterov_step, Recorder)
        expect_default(student.nesterov_step, Recorder)


@exercise("nesterov_step_shifted")
class TestNesterovStepShifted:
    def test_by_hand(self, student):
        """The worked example: the gradients 8, 5 and 2.625, from 8, with β = 0.5: the points ahead are those of nesterov_step."""
        places = walk(student.nesterov_step_shifted, [8.0], [[8.0], [5.0], [2.625]], [0.25, 0.25, 0.5], 0.5)
        expect(places[:, 0], "theta after each step").close_to([5.0, 2.625, 0.09375])

    def test_no_more_gradient(self, student):
        """Where the gradient has become zero, each step is β times the one before."""
        places = walk(student.nesterov_step_shifted, [0.0], [[1.0], [0.0], [0.0]], [0.1, 0.3, 0.2], 0.8)
        expect(places[:, 0], "theta after each step").close_to([-0.18, -0.244, -0.2952])

    def test_pure(self, student):
        """theta, grad and the old state are as they were after the call, and beta is 0.9 by default."""
        expect_a_pure_step(student.nesterov_step_shifted)
        expect_default(student.nesterov_step_shifted)


@exercise("newton_step")
class TestNewtonStep:
    def test_by_hand(self, student):
        """The worked example: from (2, 1) in the turned valley H = (5 4; 4 5), one step leads to the minimum at (0, 0)."""
        valley = np.array([[5.0, 4.0], [4.0, 5.0]])
        expect(student.newton_step(np.array([2.0, 1.0]), np.array([14.0, 13.0]), valley), "theta").close_to([0.0, 0.0], rtol=1e-9)
        expect(student.newton_step(np.array([2.0, 1.0]), np.array([9.0, 0.0]), valley), "theta").close_to([-3.0, 5.0], rtol=1e-9)

    def test_saddle(self, student):
        """With a negative curvature the step leads to the saddle, uphill."""
        expect(student.newton_step(np.array([3.0, 1.0]), np.array([6.0, -4.0]), np.diag([2.0, -4.0])), "theta").close_to([0.0, 0.0])

    def test_unchanged(self, student):
        """theta, grad and H are as they were after the call."""
        theta = expect_unchanged(student.newton_step, np.array([1.0, 2.0]), np.array([1.0, -1.0]), np.diag([1e-7, 4.0]))
        expect(theta, "theta").close_to([1 - 1e7, 2.25], rtol=1e-9)
