"""The public checks of lecture 5, batch normalization. A channel of images is a feature, and so they share most checks with features."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged

GRADIENTS = ("dx", "dgamma", "dbeta")
FOLDED = ("the folded W", "the folded b")


def slopes(function, array, dout, h=1e-5):
    """Return the derivative of Σ dout·function(array) with respect to every entry, by central differences."""
    slope = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += h
        down[index] -= h
        slope[index] = np.sum(dout * (function(up) - function(down))) / (2 * h)
    return slope


def out_and_cache(function, *arguments, **options):
    """Call a forward pass, and return what it gave as (out, cache)."""
    return expect(function(*arguments, **options), f"what {function.name} returns").items("out", "cache")


class Forward:
    """Checks of a forward pass; `shape` is that of a batch with three features, and `example` the worked example, with what is right."""

    shape: tuple = (50, 3)
    example = np.array([[1.0, 10.0], [3.0, 30.0]])
    right = np.array([[-2.0, 0.5], [2.0, 1.5]])

    def test_by_hand(self, student):
        """The worked example: features with means 2 and 20 and standard deviations 1 and 10, γ = (2, 0.5) and β = (0, 1)."""
        gamma, beta = np.array([2.0, 0.5]), np.array([0.0, 1.0])
        out, _ = out_and_cache(getattr(student, self.exercise), self.example, gamma, beta, eps=0.0)
        expect(out, "out").close_to(self.right)

    def test_epsilon_by_hand(self, student):
        """With variance 1 and eps = 3 the inputs 1 and 3 are divided by √(1 + 3) = 2."""
        x = np.array([1.0, 3.0]).reshape(2, *[1] * (len(self.shape) - 1))
        out, _ = out_and_cache(getattr(student, self.exercise), x, np.ones(1), np.zeros(1), eps=3.0)
        expect(out, "out").close_to(np.array([-0.5, 0.5]).reshape(x.shape))

    def test_mean_and_deviation(self, student, rng):
        """Over the batch, every feature of out has mean β and standard deviation |γ|, whatever it had before."""
        to_last = (0, *range(2, len(self.shape)), 1)
        x = np.moveaxis(rng.normal([-5.0, 0.0, 40.0], [0.5, 3.0, 20.0], [self.shape[axis] for axis in to_last]), -1, 1)
        gamma, beta = np.array([1.0, -2.0, 0.5]), np.array([0.0, 3.0, -1.0])
        out, _ = out_and_cache(getattr(student, self.exercise), x, gamma, beta)
        columns = np.moveaxis(expect(out, "out").shaped(self.shape).answer, 1, -1).reshape(-1, 3)
        expect(np.mean(columns, axis=0), "the mean of out over the batch").close_to(beta, rtol=1e-6)
        expect(np.std(columns, axis=0), "the standard deviation of out over the batch").close_to(np.abs(gamma), rtol=1e-3)

    def test_constant_feature(self, student):
        """A feature that is the same in the whole batch comes out as β: eps keeps 0/0 away."""
        x = np.zeros((3, 2, *[1] * (len(self.shape) - 2)))
        x[:, 1] = np.reshape([1.0, 2.0, 6.0], x[:, 1].shape)
        out, _ = out_and_cache(getattr(student, self.exercise), x, np.array([3.0, 1.0]), np.array([0.25, 0.0]))
        expect(expect(out, "out").shaped(x.shape).answer[:, 0].ravel(), "the first feature of out").close_to([0.25, 0.25, 0.25])

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        answer = expect_unchanged(getattr(student, self.exercise), rng.normal(size=self.shape), rng.normal(size=3), rng.normal(size=3))
        expect(answer, f"what {self.exercise} returns").items("out", "cache")


class Backward:
    """Checks of a backward pass; `shape` is that of a batch with three features, and `example` that of four values of one feature."""

    shape: tuple = (5, 3)
    example: tuple = (4, 1)

    def run(self, student, x, gamma, beta, dout, eps=1e-5):
        """Run both passes, and return (dx, dgamma, dbeta)."""
        _, cache = out_and_cache(getattr(student, self.exercise.replace("backward", "forward")), x, gamma, beta, eps)
        return expect(getattr(student, self.exercise)(dout, cache), f"what {self.exercise} returns").items(*GRADIENTS)

    def out(self, student, *arguments):
        """Return the forward pass's `out`."""
        return out_and_cache(getattr(student, self.exercise.replace("backward", "forward")), *arguments)[0]

    def batch(self, rng):
        """Return x, gamma, beta and dout."""
        return rng.normal(1, 2, self.shape), rng.normal(size=3) + 2, rng.normal(size=3), rng.normal(size=self.shape)

    def test_by_hand(self, student):
        """The worked example: 0, 0, 4, 4 with γ = 4, and the upstream gradient 6, 0, 2, 0."""
        x, dout = np.reshape([0.0, 0.0, 4.0, 4.0], self.example), np.reshape([6.0, 0.0, 2.0, 0.0], self.example)
        right = np.reshape([6.0, -6.0, 2.0, -2.0], self.example), [-4.0], [8.0]
        for gradient, wanted, name in zip(self.run(student, x, np.array([4.0]), np.zeros(1), dout, 0.0), right, GRADIENTS, strict=True):
            expect(gradient, name).close_to(np.array(wanted))

    def test_shapes(self, student, rng):
        """Every gradient has the shape of what it belongs to."""
        x, gamma, beta, dout = self.batch(rng)
        for gradient, name, of in zip(self.run(student, x, gamma, beta, dout), GRADIENTS, (x, gamma, beta), strict=True):
            expect(gradient, name).shaped(of.shape)

    def test_dgamma_by_differences(self, student, rng):
        """dgamma is the slope of your forward pass, for a random upstream gradient."""
        x, gamma, beta, dout = self.batch(rng)
        _, dgamma, _ = self.run(student, x, gamma, beta, dout)
        expect(dgamma, "dgamma").close_to(slopes(lambda moved: self.out(student, x, moved, beta), gamma, dout), rtol=1e-5)

    def test_dbeta_by_differences(self, student, rng):
        """dbeta is the slope of your forward pass, for a random upstream gradient."""
        x, gamma, beta, dout = self.batch(rng)
        _, _, dbeta = self.run(student, x, gamma, beta, dout)
        expect(dbeta, "dbeta").close_to(slopes(lambda moved: self.out(student, x, gamma, moved), beta, dout), rtol=1e-5)

    def test_dx_by_differences(self, student, rng):
        """dx is the slope of your forward pass, for a random upstream gradient: each input moves all outputs of its feature."""
        x, gamma, beta, dout = self.batch(rng)
        dx, _, _ = self.run(student, x, gamma, beta, dout, 0.1)
        expect(dx, "dx").close_to(slopes(lambda moved: self.out(student, moved, gamma, beta, 0.1), x, dout), rtol=1e-5)

    def test_shift_makes_no_difference(self, student, rng):
        """Adding the same number to a whole feature changes nothing, so its dx adds up to zero over the batch."""
        dx = expect(self.run(student, *self.batch(rng))[0], "dx").shaped(self.shape).answer
        axes = (0, *range(2, len(self.shape)))
        expect(np.sum(dx, axis=axes), "the sum of dx over the batch").close_to([0.0, 0.0, 0.0])

    def test_stretch_makes_no_difference(self, student, rng):
        """Stretching a whole feature changes nothing, so its dx has no part along x̂: the sum of dx·(x − μ) is zero, but for ε."""
        x, *rest = self.batch(rng)
        dx = expect(self.run(student, x, *rest)[0], "dx").shaped(self.shape).answer
        axes = (0, *range(2, len(self.shape)))
        along = np.sum(dx * (x - np.mean(x, axis=axes, keepdims=True)), axis=axes)
        expect(along, "the sum of dx·(x − μ) over the batch").close_to([0.0, 0.0, 0.0], rtol=1e-3)

    def test_two_layers(self, student, rng):
        """A net has several such layers: each backward pass belongs to its own cache, whichever forward pass came last."""
        forward = getattr(student, self.exercise.replace("backward", "forward"))
        (x, gamma, beta, dout), (other, *_) = self.batch(rng), self.batch(rng)
        alone = self.run(student, x, gamma, beta, dout)
        _, cache = out_and_cache(forward, x, gamma, beta)
        out_and_cache(forward, other, -gamma, beta)
        answer = getattr(student, self.exercise)(dout, cache)
        expect(answer, "the answer").alike(alone, "when another forward pass lies between", GRADIENTS)

    def test_upstream_gradient_stays(self, student, rng):
        """dout is as it was after the call."""
        x, gamma, beta, dout = self.batch(rng)
        _, cache = out_and_cache(getattr(student, self.exercise.replace("backward", "forward")), x, gamma, beta)
        call = getattr(student, self.exercise).call(dout, cache)
        expect(call.arguments[0], "dout after the call").same_as(dout, "from what was passed: work on a copy")


@exercise("batchnorm_forward")
class TestBatchnormForward(Forward):
    pass


@exercise("batchnorm_backward")
class TestBatchnormBackward(Backward):
    pass


@exercise("update_running")
class TestUpdateRunning:
    def test_by_hand(self, student):
        """The worked example: from 10 towards 20, a tenth of the way, is 11."""
        expect(student.update_running(np.array([10.0, 0.0]), np.array([20.0, -5.0]))).close_to([11.0, -0.5])

    def test_momentum(self, student):
        """With momentum 0.75 it goes a quarter of the way; with 1 it stays, with 0 it jumps."""
        running, batch_value = np.array([4.0]), np.array([8.0])
        for momentum, right in ((0.75, 5.0), (1.0, 4.0), (0.0, 8.0)):
            expect(student.update_running(running, batch_value, momentum), f"the answer for momentum={momentum}").close_to([right])

    def test_fixed_point(self, student):
        """Fed with the same value again and again, it ends at that value."""
        running = np.zeros(2)
        for _ in range(200):
            running = student.update_running(running, np.array([3.0, -7.0]))
        expect(running, "the running value").close_to([3.0, -7.0], rtol=1e-6)

    def test_arguments_stay(self, student):
        """A new array comes back; the two that went in are as they were."""
        expect(expect_unchanged(student.update_running, np.array([1.0, 2.0]), np.array([3.0, 4.0]))).shaped((2,))


@exercise("batchnorm_inference")
class TestBatchnormInference:
    def test_by_hand(self, student):
        """The worked example: mean 1, variance 4, γ = 3, β = 10."""
        one = np.ones(1)
        out = student.batchnorm_inference(np.array([[5.0], [1.0]]), 3 * one, 10 * one, one, 4 * one, eps=0.0)
        expect(out, "out").close_to([[16.0], [10.0]])

    def test_epsilon_by_hand(self, student):
        """With running variance 4 and eps = 5 the distance from the mean is divided by √(4 + 5) = 3."""
        one = np.ones(1)
        expect(student.batchnorm_inference(np.array([[7.0]]), one, 0 * one, one, 4 * one, eps=5.0), "out").close_to([[2.0]])

    def test_normalization_undone(self, student, rng):
        """With γ = √(running_var + ε) and β = running_mean, nothing changes."""
        x, mean, var = rng.normal(5, 3, (6, 4)), rng.normal(size=4), rng.uniform(0.5, 2, 4)
        expect(student.batchnorm_inference(x, np.sqrt(var + 1e-5), mean, mean, var), "out").close_to(x)

    def test_one_example_alone(self, student, rng):
        """An example gets the same answer alone as in a batch."""
        x, rest = rng.normal(size=(5, 3)), (np.ones(3), np.zeros(3), rng.normal(size=3), rng.uniform(0.5, 2, 3))
        together = expect(student.batchnorm_inference(x, *rest), "out").shaped((5, 3)).answer
        expect(student.batchnorm_inference(x[2:3], *rest), "out for one example").close_to(together[2:3])

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call, the running statistics too."""
        x, ones = rng.normal(size=(4, 2)), np.ones(2)
        expect(expect_unchanged(student.batchnorm_inference, x, 2 * ones, ones, ones, 3 * ones), "out").shaped((4, 2))


@exercise("batchnorm2d_forward")
class TestBatchnorm2dForward(Forward):
    shape = (4, 3, 5, 2)
    example = np.array([[[[1.0, 1.0, 3.0]], [[30.0, 10.0, 10.0]]], [[[1.0, 3.0, 3.0]], [[30.0, 30.0, 10.0]]]])
    right = np.array([[[[-2.0, -2.0, 2.0]], [[1.5, 0.5, 0.5]]], [[[-2.0, 2.0, 2.0]], [[1.5, 1.5, 0.5]]]])

    def test_places_make_no_difference(self, student, rng):
        """Within a channel it makes no difference in which image, row and column a value stands."""
        x, gamma, beta = rng.normal(size=(2, 3, 4, 3)), rng.normal(size=3), rng.normal(size=3)
        order = rng.permutation(2 * 4 * 3)
        moved = np.stack([x[:, c].ravel()[order].reshape(2, 4, 3) for c in range(3)], axis=1)
        out, _ = out_and_cache(student.batchnorm2d_forward, x, gamma, beta)
        out = expect(out, "out").shaped(x.shape).answer
        out_moved, _ = out_and_cache(student.batchnorm2d_forward, moved, gamma, beta)
        right = np.stack([out[:, c].ravel()[order].reshape(2, 4, 3) for c in range(3)], axis=1)
        expect(out_moved, "out for the values in another order").close_to(right)


@exercise("batchnorm2d_backward")
class TestBatchnorm2dBackward(Backward):
    shape = (2, 3, 3, 2)
    example = (2, 1, 1, 2)


@exercise("fold_batchnorm")
class TestFoldBatchnorm:
    def test_by_hand(self, student):
        """The worked example: scales 2/√4 = 1 and 3/√1 = 3 for the two columns of W."""
        W, b = np.array([[1.0, 2.0], [5.0, -1.0]]), np.array([4.0, 3.0])
        gamma, beta, mean, var = np.array([2.0, 3.0]), np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([4.0, 1.0])
        answer = expect(student.fold_batchnorm(W, b, gamma, beta, mean, var, eps=0.0), "the answer")
        answer.close_to(([[1.0, 6.0], [5.0, -3.0]], [3.0, 4.0]), names=FOLDED)

    def test_epsilon_by_hand(self, student):
        """With running variance 4 and eps = 5 the weights are divided by √(4 + 5) = 3."""
        one = np.ones(1)
        answer = expect(student.fold_batchnorm(np.array([[6.0]]), 3 * one, one, 0 * one, 0 * one, 4 * one, eps=5.0), "the answer")
        answer.close_to(([[2.0]], [1.0]), names=FOLDED)

    def test_nothing_to_fold(self, student, rng):
        """With γ = √(running_var + ε) and β = running_mean the batch normalization does nothing, and W and b stay."""
        W, b, mean, var = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4), rng.uniform(0.5, 2, 4)
        expect(student.fold_batchnorm(W, b, np.sqrt(var + 1e-5), mean, mean, var), "the answer").close_to((W, b), names=FOLDED)

    def test_typical_input(self, student, rng):
        """An input that gives the running means comes out as β."""
        W, b, gamma, beta = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4), rng.normal(size=4)
        x = rng.normal(size=(1, 3))
        folded = expect(student.fold_batchnorm(W, b, gamma, beta, (x @ W + b)[0], rng.uniform(0.5, 2, 4)), "the answer")
        W_folded, b_folded = folded.items(*FOLDED)
        W_folded, b_folded = expect(W_folded, FOLDED[0]).shaped((3, 4)), expect(b_folded, FOLDED[1]).shaped((4,))
        expect(x @ W_folded.answer + b_folded.answer, "the folded layer's output").close_to([beta])

    def test_arguments_stay(self, student, rng):
        """The network's own W and b are as they were after the call."""
        W, b, ones = rng.normal(size=(3, 2)), rng.normal(size=2), np.ones(2)
        answer = expect_unchanged(student.fold_batchnorm, W, b, 2 * ones, ones, ones, 3 * ones)
        expect(answer, "the answer").items(*FOLDED)
