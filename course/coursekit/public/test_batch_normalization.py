"""The public checks of lecture 5, batch normalization."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged


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


def three_gradients(function, dout, cache):
    """Call a backward pass, and return what it gave as (dx, dgamma, dbeta)."""
    return expect(function(dout, cache), f"what {function.name} returns").items("dx", "dgamma", "dbeta")


@exercise("batchnorm_forward")
class TestBatchnormForward:
    def test_by_hand(self, student):
        """The worked example: means 2 and 20, deviations 1 and 10, then γ and β."""
        x = np.array([[1.0, 10.0], [3.0, 30.0]])
        out, _ = out_and_cache(student.batchnorm_forward, x, np.array([2.0, 0.5]), np.array([0.0, 1.0]), eps=0.0)
        expect(out, "out").close_to([[-2.0, 0.5], [2.0, 1.5]])

    def test_epsilon_by_hand(self, student):
        """With variance 1 and eps = 3 the inputs 1 and 3 are divided by √(1 + 3) = 2."""
        out, _ = out_and_cache(student.batchnorm_forward, np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), eps=3.0)
        expect(out, "out").close_to([[-0.5], [0.5]])

    def test_mean_and_deviation(self, student, rng):
        """Over the batch, every feature of out has mean β and standard deviation |γ|, whatever it had before."""
        x = rng.normal([-5.0, 0.0, 40.0], [0.5, 3.0, 20.0], (50, 3))
        gamma, beta = np.array([1.0, -2.0, 0.5]), np.array([0.0, 3.0, -1.0])
        out, _ = out_and_cache(student.batchnorm_forward, x, gamma, beta)
        expect(out, "out").shaped((50, 3))
        expect(np.mean(out, axis=0), "the mean of out over the batch").close_to(beta, rtol=1e-6)
        expect(np.std(out, axis=0), "the standard deviation of out over the batch").close_to(np.abs(gamma), rtol=1e-3)

    def test_constant_feature(self, student):
        """A pixel that is black in the whole batch comes out as β: eps keeps 0/0 away."""
        x = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 6.0]])
        out, _ = out_and_cache(student.batchnorm_forward, x, np.array([3.0, 1.0]), np.array([0.25, 0.0]))
        expect(out, "out").shaped((3, 2))
        expect(out[:, 0], "the first column of out").close_to([0.25, 0.25, 0.25])

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        answer = expect_unchanged(student.batchnorm_forward, rng.normal(size=(4, 2)), rng.normal(size=2), rng.normal(size=2))
        expect(answer, "what batchnorm_forward returns").items("out", "cache")


@exercise("batchnorm_backward")
class TestBatchnormBackward:
    def test_by_hand(self, student):
        """The worked example: four examples 0, 0, 2, 2, γ = 3, and a gradient that asks for the first one alone."""
        x, dout = np.array([[0.0], [0.0], [2.0], [2.0]]), np.array([[4.0], [0.0], [0.0], [0.0]])
        _, cache = out_and_cache(student.batchnorm_forward, x, np.array([3.0]), np.zeros(1), eps=0.0)
        answer = expect(student.batchnorm_backward(dout, cache), "the answer")
        answer.close_to(([[6.0], [-6.0], [0.0], [0.0]], [-4.0], [4.0]), names=("dx", "dgamma", "dbeta"))

    def test_shapes(self, student, rng):
        """Every gradient has the shape of what it belongs to."""
        _, cache = out_and_cache(student.batchnorm_forward, rng.normal(size=(5, 3)), np.ones(3), np.zeros(3))
        dx, dgamma, dbeta = three_gradients(student.batchnorm_backward, rng.normal(size=(5, 3)), cache)
        for gradient, name, shape in ((dx, "dx", (5, 3)), (dgamma, "dgamma", (3,)), (dbeta, "dbeta", (3,))):
            expect(gradient, name).shaped(shape)

    def test_parameters_by_differences(self, student, rng):
        """dgamma and dbeta are the slopes of your forward pass, for a random upstream gradient."""
        x, gamma, beta, dout = rng.normal(1, 2, (4, 3)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=(4, 3))
        _, cache = out_and_cache(student.batchnorm_forward, x, gamma, beta)
        _, dgamma, dbeta = three_gradients(student.batchnorm_backward, dout, cache)
        expect(dgamma, "dgamma").close_to(slopes(lambda moved: student.batchnorm_forward(x, moved, beta)[0], gamma, dout), rtol=1e-5)
        expect(dbeta, "dbeta").close_to(slopes(lambda moved: student.batchnorm_forward(x, gamma, moved)[0], beta, dout), rtol=1e-5)

    def test_input_by_differences(self, student, rng):
        """dx is the slope of your forward pass, for a random upstream gradient: each input moves all outputs of its feature."""
        x, gamma, beta, dout = rng.normal(1, 2, (5, 3)), rng.normal(size=3) + 2, rng.normal(size=3), rng.normal(size=(5, 3))
        _, cache = out_and_cache(student.batchnorm_forward, x, gamma, beta, eps=0.1)
        dx, _, _ = three_gradients(student.batchnorm_backward, dout, cache)
        expect(dx, "dx").close_to(slopes(lambda moved: student.batchnorm_forward(moved, gamma, beta, eps=0.1)[0], x, dout), rtol=1e-5)

    def test_shift_makes_no_difference(self, student, rng):
        """Adding the same number to a whole feature changes nothing, so its dx adds up to zero over the batch."""
        x, dout = rng.normal(3, 2, (6, 2)), rng.normal(1, 1, (6, 2))
        _, cache = out_and_cache(student.batchnorm_forward, x, np.array([2.0, -1.0]), np.zeros(2))
        dx, _, _ = three_gradients(student.batchnorm_backward, dout, cache)
        expect(dx, "dx").shaped((6, 2))
        expect(np.sum(dx, axis=0), "the sum of dx over the batch").close_to([0.0, 0.0])

    def test_upstream_gradient_stays(self, student, rng):
        """dout is as it was after the call."""
        dout = rng.normal(size=(4, 2))
        _, cache = out_and_cache(student.batchnorm_forward, rng.normal(size=(4, 2)), np.array([2.0, 3.0]), np.zeros(2))
        call = student.batchnorm_backward.call(dout, cache)
        expect(call.arguments[0], "dout after the call").same_as(dout, "from what was passed: work on a copy")


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
class TestBatchnorm2dForward:
    def test_by_hand(self, student):
        """The worked example: two images of one row, two channels; the first has mean 2 and deviation 1, the second mean 20 and 10."""
        x = np.array([[[[1.0, 3.0, 1.0]], [[10.0, 10.0, 30.0]]], [[[3.0, 1.0, 3.0]], [[30.0, 30.0, 10.0]]]])
        out, _ = out_and_cache(student.batchnorm2d_forward, x, np.array([2.0, 0.5]), np.array([0.0, 1.0]), eps=0.0)
        expect(out, "out").close_to([[[[-2.0, 2.0, -2.0]], [[0.5, 0.5, 1.5]]], [[[2.0, -2.0, 2.0]], [[1.5, 1.5, 0.5]]]])

    def test_mean_and_deviation(self, student, rng):
        """Over images, rows and columns, every channel of out has mean β and standard deviation |γ|."""
        x = rng.normal(4, 3, (3, 2, 5, 4)) * np.array([1.0, 10.0]).reshape(1, 2, 1, 1)
        gamma, beta = np.array([-2.0, 0.5]), np.array([1.0, -3.0])
        out, _ = out_and_cache(student.batchnorm2d_forward, x, gamma, beta)
        expect(out, "out").shaped(x.shape)
        for c in range(2):
            expect(np.mean(out[:, c]), f"the mean of channel {c}").close_to(beta[c], rtol=1e-6)
            expect(np.std(out[:, c]), f"the standard deviation of channel {c}").close_to(abs(gamma[c]), rtol=1e-3)

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

    def test_epsilon_by_hand(self, student):
        """With variance 1 and eps = 3 the pixels 1 and 3 are divided by √(1 + 3) = 2."""
        x = np.array([1.0, 3.0]).reshape(1, 1, 1, 2)
        out, _ = out_and_cache(student.batchnorm2d_forward, x, np.ones(1), np.zeros(1), eps=3.0)
        expect(out, "out").close_to([[[[-0.5, 0.5]]]])

    def test_arguments_stay(self, student, rng):
        """The arguments are as they were after the call."""
        answer = expect_unchanged(student.batchnorm2d_forward, rng.normal(size=(2, 3, 2, 2)), np.ones(3), np.zeros(3))
        expect(answer, "what batchnorm2d_forward returns").items("out", "cache")


@exercise("batchnorm2d_backward")
class TestBatchnorm2dBackward:
    def test_by_hand(self, student):
        """The worked example: one channel, two images of two pixels, 0, 0 and 2, 2, and γ = 3."""
        x, dout = np.array([0.0, 0.0, 2.0, 2.0]).reshape(2, 1, 1, 2), np.array([4.0, 0.0, 0.0, 0.0]).reshape(2, 1, 1, 2)
        _, cache = out_and_cache(student.batchnorm2d_forward, x, np.array([3.0]), np.zeros(1), eps=0.0)
        answer = expect(student.batchnorm2d_backward(dout, cache), "the answer")
        answer.close_to(([[[[6.0, -6.0]]], [[[0.0, 0.0]]]], [-4.0], [4.0]), names=("dx", "dgamma", "dbeta"))

    def test_shapes(self, student, rng):
        """Every gradient has the shape of what it belongs to."""
        _, cache = out_and_cache(student.batchnorm2d_forward, rng.normal(size=(2, 3, 4, 5)), np.ones(3), np.zeros(3))
        dx, dgamma, dbeta = three_gradients(student.batchnorm2d_backward, rng.normal(size=(2, 3, 4, 5)), cache)
        for gradient, name, shape in ((dx, "dx", (2, 3, 4, 5)), (dgamma, "dgamma", (3,)), (dbeta, "dbeta", (3,))):
            expect(gradient, name).shaped(shape)

    def test_parameters_by_differences(self, student, rng):
        """dgamma and dbeta are the slopes of your forward pass, for a random upstream gradient."""
        x, gamma, beta, dout = rng.normal(size=(2, 3, 2, 2)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=(2, 3, 2, 2))
        _, cache = out_and_cache(student.batchnorm2d_forward, x, gamma, beta)
        _, dgamma, dbeta = three_gradients(student.batchnorm2d_backward, dout, cache)
        expect(dgamma, "dgamma").close_to(slopes(lambda moved: student.batchnorm2d_forward(x, moved, beta)[0], gamma, dout), rtol=1e-5)
        expect(dbeta, "dbeta").close_to(slopes(lambda moved: student.batchnorm2d_forward(x, gamma, moved)[0], beta, dout), rtol=1e-5)

    def test_input_by_differences(self, student, rng):
        """dx is the slope of your forward pass, for a random upstream gradient: each pixel moves its whole channel."""
        x, gamma, beta, dout = rng.normal(size=(2, 2, 3, 2)), np.array([2.0, -1.0]), rng.normal(size=2), rng.normal(size=(2, 2, 3, 2))
        _, cache = out_and_cache(student.batchnorm2d_forward, x, gamma, beta, eps=0.1)
        dx, _, _ = three_gradients(student.batchnorm2d_backward, dout, cache)
        expect(dx, "dx").close_to(slopes(lambda moved: student.batchnorm2d_forward(moved, gamma, beta, eps=0.1)[0], x, dout), rtol=1e-5)

    def test_upstream_gradient_stays(self, student, rng):
        """dout is as it was after the call."""
        dout = rng.normal(size=(2, 3, 2, 2))
        _, cache = out_and_cache(student.batchnorm2d_forward, rng.normal(size=(2, 3, 2, 2)), 2 * np.ones(3), np.zeros(3))
        call = student.batchnorm2d_backward.call(dout, cache)
        expect(call.arguments[0], "dout after the call").same_as(dout, "from what was passed: work on a copy")


@exercise("fold_batchnorm")
class TestFoldBatchnorm:
    def test_by_hand(self, student):
        """The worked example: scales 2/√4 = 1 and 3/√1 = 3 for the two columns of W."""
        W, b = np.array([[1.0, 2.0], [5.0, -1.0]]), np.array([4.0, 0.0])
        gamma, beta, mean, var = np.array([2.0, 3.0]), np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([4.0, 1.0])
        answer = expect(student.fold_batchnorm(W, b, gamma, beta, mean, var, eps=0.0), "the answer")
        answer.close_to(([[1.0, 6.0], [5.0, -3.0]], [3.0, -5.0]), names=("the folded W", "the folded b"))

    def test_epsilon_by_hand(self, student):
        """With running variance 4 and eps = 5 the weights are divided by √(4 + 5) = 3."""
        one = np.ones(1)
        answer = expect(student.fold_batchnorm(np.array([[6.0]]), 3 * one, one, 0 * one, 0 * one, 4 * one, eps=5.0), "the answer")
        answer.close_to(([[2.0]], [1.0]), names=("the folded W", "the folded b"))

    def test_nothing_to_fold(self, student, rng):
        """With γ = √(running_var + ε) and β = running_mean the batch normalization does nothing, and W and b stay."""
        W, b, mean, var = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4), rng.uniform(0.5, 2, 4)
        answer = expect(student.fold_batchnorm(W, b, np.sqrt(var + 1e-5), mean, mean, var), "the answer")
        answer.close_to((W, b), names=("the folded W", "the folded b"))

    def test_typical_input(self, student, rng):
        """An input that gives the running means comes out as β."""
        W, b, gamma, beta = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4), rng.normal(size=4)
        x = rng.normal(size=(1, 3))
        folded = expect(student.fold_batchnorm(W, b, gamma, beta, (x @ W + b)[0], rng.uniform(0.5, 2, 4)), "the answer")
        W_folded, b_folded = folded.items("the folded W", "the folded b")
        W_folded, b_folded = expect(W_folded, "the folded W").shaped((3, 4)), expect(b_folded, "the folded b").shaped((4,))
        expect(x @ W_folded.answer + b_folded.answer, "the folded layer's output").close_to([beta])

    def test_arguments_stay(self, student, rng):
        """The network's own W and b are as they were after the call."""
        W, b, ones = rng.normal(size=(3, 2)), rng.normal(size=2), np.ones(2)
        answer = expect_unchanged(student.fold_batchnorm, W, b, 2 * ones, ones, ones, 3 * ones)
        expect(answer, "the answer").items("the folded W", "the folded b")
