"""The public checks of lecture 14, practice."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged
from coursekit.capstone import SCALE, new_digits, share_of
from coursekit.expectations import Mismatch
from coursekit.streams import ReturnedFunction


def classifier(student, digits, state):
    """Return what the student's capstone makes of digits: a function predict."""
    predict = student.capstone(digits.X_train, digits.y_train, np.random.default_rng(state))
    if not isinstance(predict, ReturnedFunction):
        raise Mismatch("type", f"capstone has to return a function, predict(X) -> labels, but it returned {described(predict)}")
    return predict


def described(answer):
    """Return what an answer is, in words."""
    if answer is None:
        return "None (is a return missing?)"
    return f"an array of shape {np.shape(answer)}" if isinstance(answer, np.ndarray) else f"a {type(answer).__name__}"


def labels_in(answer, count):
    """Return what predict answered as whole numbers, one for each image, or raise what is wrong with it."""
    answer = np.array(answer) if isinstance(answer, (list, tuple)) and len(answer) == count else answer
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "iuf":
        raise Mismatch("type", f"predict has to return an array of labels, but it returned {described(answer)}")
    if answer.ndim == 2 and answer.shape == (count, 10):
        raise Mismatch("shape", f"predict returned {count} rows of 10 numbers, one for each class: return the class, np.argmax(…, axis=1)")
    if answer.shape != (count,):
        raise Mismatch("shape", f"predict returned an array of shape {answer.shape} for {count} images; it should be ({count},)")
    if not np.array_equal(answer, np.rint(answer)):  # NaN isn't equal to itself
        raise Mismatch("value", "the labels that predict returned aren't whole numbers")
    return answer


def expect_accuracy(student, seed, state):
    """Train on new digits, and expect the accuracy that earns all points; the mismatch earns the share for a smaller one.

    `seed` decides about the digits, and a hidden test keeps it secret: who knows it can draw the images to be read, with their labels.
    `state` is the seed of the generator that the student's function gets, who can read it from there.
    """
    digits = new_digits(seed, n_train=1000)
    predict, count = classifier(student, digits, state), len(digits.y_test)
    labels = labels_in(predict(digits.X_test), count)
    accuracy = float(np.mean(labels == digits.y_test))
    if (share := share_of(accuracy)) == 1:
        return
    found = f"{100 * accuracy:.0f} % of {count} new images are read rightly"
    if np.array_equal(labels, np.resize(digits.y_train, count)):
        raise Mismatch("value", f"{found}: predict returns the labels of the training set, whatever the images are", ("labels",))
    if accuracy < 0.5 and np.mean(labels_in(predict(digits.X_train), len(digits.y_train)) == digits.y_train) > 0.9:
        raise Mismatch(
            "value", f"{found}, but nearly all of the training set: it remembers images, and has learned nothing about digits", ("memory",)
        )
    if np.all(labels == labels[0]):
        raise Mismatch("value", f"predict answers {labels[0]:.0f} for every image", ("one label",))
    low, high = (f"{100 * one:.0f} %" for one in SCALE)
    raise Mismatch("value", f"{found}, for {100 * share:.0f} % of the points (none up to {low}, all from {high} on)", (accuracy,), share)


@exercise("wide_and_deep_forward")
class TestWideAndDeepForward:
    def test_by_hand(self, student):
        """The worked example: the hidden units are (3, 0), with the wide input (3, 0, 5), and out is 2·3 + 7·0 − 5 + 4 = 5."""
        out, _ = expect(student.wide_and_deep_forward(*BY_HAND), "what wide_and_deep_forward returns").items("out", "cache")
        expect(out, "out").close_to(np.array([[5.0]]))

    def test_batch(self, student):
        """Two examples with negative wide inputs, two outputs: the ReLU is for hidden units alone."""
        params = {"W1": np.array([[1.0, -2.0]]), "b1": np.array([0.5, 1.0]), "b2": np.array([0.25, -4.0])}
        params["W2"] = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, -1.0]])
        out, _ = expect(student.wide_and_deep_forward(params, np.array([[-1.0], [2.0]]), np.array([[2.0], [-1.0]]))).items("out", "cache")
        expect(out, "out").close_to(np.array([[-0.25, -3.0], [12.25, -3.0]]))

    def test_integers(self, student):
        """Integers beside fractions are legal."""
        params, x_wide, x_deep = BY_HAND
        whole = {"W1": params["W1"].astype(int), "W2": params["W2"].astype(int), "b1": np.array([1.5, 0.5]), "b2": np.array([0.25])}
        out, _ = expect(student.wide_and_deep_forward(whole, x_wide.astype(int), x_deep.astype(int))).items("out", "cache")
        expect(out, "out").close_to(np.array([[2.25]]))

    def test_arguments_stay(self, student):
        """params, x_wide and x_deep are as they were after the call."""
        expect_unchanged(student.wide_and_deep_forward, *BY_HAND)


BY_HAND = (
    {"W1": np.array([[1.0, -1.0]]), "b1": np.array([1.0, 1.0]), "W2": np.array([[2.0], [7.0], [-1.0]]), "b2": np.array([4.0])},
    np.array([[5.0]]),
    np.array([[2.0]]),
)


@exercise("wide_and_deep_backward")
class TestWideAndDeepBackward:
    def gradients(self, student, dout, params, x_wide, x_deep):
        _, cache = expect(student.wide_and_deep_forward(params, x_wide, x_deep), "the forward pass").items("out", "cache")
        grads = student.wide_and_deep_backward(dout, cache)
        if not isinstance(grads, dict) or set(grads) != set(params):
            raise Mismatch("type", "wide_and_deep_backward has to return a dictionary with the keys of params: W1, b1, W2, b2")
        return grads

    def test_by_hand(self, student):
        """The worked example: with dout = 10, dW2 = (30, 0, 50), db2 = 10, dW1 = (40, 0) and db1 = (20, 0)."""
        grads = self.gradients(student, np.array([[10.0]]), *BY_HAND)
        right = {
            "W2": np.array([[30.0], [0.0], [50.0]]),
            "b2": np.array([10.0]),
            "W1": np.array([[40.0, 0.0]]),
            "b1": np.array([20.0, 0.0]),
        }
        for key, gradient in right.items():
            expect(grads[key], f"the gradient of {key}").close_to(gradient)

    def test_differences(self, student, rng):
        """The gradients are the slopes of Σ dout·out, measured by differences, in a batch of three."""
        shapes = {"W1": (2, 3), "b1": (3,), "W2": (5, 2), "b2": (2,)}
        params = {key: rng.normal(size=shape) for key, shape in shapes.items()}
        x_wide, x_deep, dout = rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), rng.normal(size=(3, 2))

        def loss(key, moved):
            hidden = np.maximum(x_deep @ (params | {key: moved})["W1"] + (params | {key: moved})["b1"], 0)
            out = np.hstack([hidden, x_wide]) @ (params | {key: moved})["W2"] + (params | {key: moved})["b2"]
            return np.sum(dout * out)

        grads = self.gradients(student, dout, params, x_wide, x_deep)
        for key, param in params.items():
            slopes, steps = np.zeros(param.shape), 1e-6 * np.eye(param.size).reshape(-1, *param.shape)
            slopes.flat[:] = [(loss(key, param + step) - loss(key, param - step)) / 2e-6 for step in steps]
            expect(grads[key], f"the gradient of {key}").close_to(slopes, rtol=1e-6)

    def test_two_batches(self, student):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        params, x_wide, x_deep = BY_HAND
        _, cache = expect(student.wide_and_deep_forward(params, x_wide, x_deep)).items("out", "cache")
        student.wide_and_deep_forward(params, 2 * x_wide, 3 * x_deep)
        grads = student.wide_and_deep_backward(np.array([[10.0]]), cache)
        if isinstance(grads, dict) and "W2" in grads:
            expect(grads["W2"], "the gradient of W2").close_to(np.array([[30.0], [0.0], [50.0]]))

    def test_integers(self, student):
        """Where parameters are integers, gradients may be fractions."""
        params, x_wide, x_deep = BY_HAND
        whole = {key: array.astype(int) for key, array in params.items()}
        grads = self.gradients(student, np.array([[0.25]]), whole, x_wide, x_deep)
        expect(grads["W2"], "the gradient of W2").close_to(np.array([[0.75], [0.0], [1.25]]))

    def test_dout_stays(self, student):
        """dout is as it was after the call."""
        _, cache = expect(student.wide_and_deep_forward(*BY_HAND)).items("out", "cache")
        dout = np.array([[10.0]])
        expect(student.wide_and_deep_backward.call(dout, cache).arguments[0], "dout after the call").close_to(dout)


@exercise("combined_loss")
class TestCombinedLoss:
    def test_by_hand(self, student):
        """The worked example: 2·0.5 + 3·0.1 + 0.5·4 = 3.3."""
        expect(student.combined_loss([2.0, 3.0, 0.5], [0.5, 0.1, 4.0]), "the loss").close_to(3.3)

    def test_one(self, student):
        """A single output has a weight, too."""
        expect(student.combined_loss([1.5], [0.5]), "the loss").close_to(0.75)

    def test_zero(self, student):
        """An output with the weight 0 doesn't count; integers are legal."""
        expect(student.combined_loss([2, 7, 3], [1.25, 0, 2]), "the loss").close_to(8.5)


@exercise("quantize")
class TestQuantize:
    def back(self, student, W, bits, half):
        q, scale, zero_point = expect(student.quantize(W, bits), "what quantize returns").items("q", "scale", "zero_point")
        expect(q, "q").shaped(W.shape).within(0, 2**bits - 1)
        difference = (np.asarray(q, dtype=float) - zero_point) * scale - W
        expect(difference, "(q − zero_point)·scale − W").within(-half, half)

    def test_by_hand(self, student):
        """The worked example: (−1, 0, 0.4, 2) with 2 bits has scale = 1, zero_point = 1 and q = (0, 1, 1, 3)."""
        q, scale, zero_point = expect(student.quantize(np.array([-1.0, 0.0, 0.4, 2.0]), 2)).items("q", "scale", "zero_point")
        expect(scale, "scale").close_to(1.0)
        expect(zero_point, "zero_point").close_to(1)
        expect(q, "q").close_to(np.array([0, 1, 1, 3]))
        if q.dtype.kind not in "iu":
            raise Mismatch("dtype", f"q has dtype {q.dtype}; it should be one of integers, such as np.uint8")

    def test_nearest(self, student):
        """Rounded once, and to the nearest code: (−0.6, 0.8, 0.9, 2.4) with 2 bits has the zero point 1 and the codes (0, 2, 2, 3)."""
        q, _, zero_point = expect(student.quantize(np.array([-0.6, 0.8, 0.9, 2.4]), 2)).items("q", "scale", "zero_point")
        expect(zero_point, "zero_point").close_to(1)
        expect(q, "q").close_to(np.array([0, 2, 2, 3]))

    def test_one_sign(self, student):
        """Weights of one sign: the range is that of W, so (5, 6, 8) with 2 bits has scale = 1 and zero_point = −5."""
        q, scale, zero_point = expect(student.quantize(np.array([5.0, 6.0, 8.0]), 2)).items("q", "scale", "zero_point")
        expect(scale, "scale").close_to(1.0)
        expect(zero_point, "zero_point").close_to(-5)
        expect(q, "q").close_to(np.array([0, 1, 3]))

    def test_more_bits(self, student, rng):
        """12 bits, an array of integers, (−1.5, 1.5) with 2 bits, and the default of 8 bits: W comes back up to half a step."""
        W = rng.normal(size=(4, 5))
        self.back(student, W, 12, np.ptp(W) / 4095 * 0.501)
        self.back(student, np.array([-128, 5, 127], dtype=np.int8), 8, 0.5)
        self.back(student, np.array([-1.5, 1.5]), 2, 0.5)  # both ends are rounded away from 0: clip
        expect(expect(student.quantize(np.array([0.0, 1.0]))).items("q", "scale", "zero_point")[0], "q with 8 bits").close_to([0, 255])

    def test_constant(self, student):
        """Arrays whose entries are all alike come back exactly."""
        for value in (0.3, -2.5, 0.0):
            self.back(student, np.full((2, 2), value), 8, 1e-12)

    def test_empty(self, student):
        """An empty array has an empty q."""
        expect(expect(student.quantize(np.zeros((0, 3)), 8)).items("q", "scale", "zero_point")[0], "q").shaped((0, 3))

    def test_arguments_stay(self, student, rng):
        """W is as it was after the call."""
        expect_unchanged(student.quantize, rng.normal(size=(3, 4)), 8)


@exercise("dequantize")
class TestDequantize:
    def test_by_hand(self, student):
        """The worked example: q = (0, 1, 1, 3), scale = 0.5 and zero_point = 1 give (−0.5, 0, 0, 1)."""
        expect(student.dequantize(np.array([0, 1, 1, 3]), 0.5, 1), "the weights").close_to(np.array([-0.5, 0.0, 0.0, 1.0]))

    def test_matrix(self, student):
        """A matrix keeps its shape, and zero_point may be negative."""
        expect(student.dequantize(np.array([[0, 1], [3, 2]]), 0.25, -5), "the weights").close_to(np.array([[1.25, 1.5], [2.0, 1.75]]))

    def test_unsigned(self, student):
        """Codes of dtype np.uint8 give negative weights, too."""
        expect(student.dequantize(np.array([0, 200, 255], dtype=np.uint8), 0.5, 201), "the weights").close_to(
            np.array([-100.5, -0.5, 27.0])
        )

    def test_arguments_stay(self, student):
        """q is as it was after the call."""
        expect_unchanged(student.dequantize, np.array([3, 200]), 0.5, 7)


@exercise("prune")
class TestPrune:
    def test_by_hand(self, student):
        """The worked example: (0.3, −0.2, −4, 0.5, 1.5) with the threshold 0.5 gives (0, 0, −4, 0.5, 1.5)."""
        answer = student.prune(np.array([0.3, -0.2, -4.0, 0.5, 1.5]), 0.5)
        expect(answer, "the weights").close_to(np.array([0.0, 0.0, -4.0, 0.5, 1.5]))
        expect(np.count_nonzero(answer), "the number of weights that aren't exactly 0").close_to(3)

    def test_integers(self, student):
        """Integers are legal: (−128, 3, −1) as np.int8 with the threshold 2 gives (−128, 3, 0)."""
        expect(student.prune(np.array([-128, 3, -1], dtype=np.int8), 2), "the weights").close_to(np.array([-128.0, 3.0, 0.0]))

    def test_matrix(self, student):
        """A matrix keeps its shape, with another threshold."""
        answer = student.prune(np.array([[3.0, -1.5], [0.0, -2.5]]), 2)
        expect(answer, "the weights").close_to(np.array([[3.0, 0.0], [0.0, -2.5]]))

    def test_zero(self, student):
        """With the threshold 0 nothing changes."""
        expect(student.prune(np.array([0.25, -0.25, 0.0]), 0.0), "the weights").close_to(np.array([0.25, -0.25, 0.0]))

    def test_arguments_stay(self, student, rng):
        """W is as it was after the call."""
        expect_unchanged(student.prune, rng.normal(size=(3, 4)), 0.7)


@exercise("sparsity")
class TestSparsity:
    def test_by_hand(self, student):
        """The worked example: a matrix of eight entries with five zeros, and two biases without any: 5 of 10."""
        W = np.array([[0.0, 0.0, -1.0, 0.0], [0.0, 2.0, 0.0, 3.0]])
        expect(student.sparsity([W, np.array([-1.0, 1e-12])]), "the sparsity").close_to(0.5)

    def test_one_array(self, student):
        """One array with a zero among three entries."""
        expect(student.sparsity([np.array([4.0, 0.0, 2.0])]), "the sparsity").close_to(1 / 3)

    def test_empty(self, student):
        """Empty arrays change nothing, and where there are no entries at all it is 0.0."""
        expect(student.sparsity([np.zeros((0, 2)), np.array([0.0, 1.0])]), "the sparsity").close_to(0.5)
        expect(student.sparsity([]), "the sparsity of nothing").close_to(0.0)

    def test_arguments_stay(self, student):
        """The arrays are as they were after the call."""
        expect_unchanged(student.sparsity, [np.array([0.0, 1.0])])


@exercise("capstone")
class TestCapstone:
    def test_accuracy(self, student):
        """Of new images, with a little noise and newly numbered classes, enough are read rightly for all points."""
        expect_accuracy(student, seed=2024, state=1)

    def test_one_image(self, student):
        """predict takes a single image, too, leaves X as it was, and the label is that which the image has among others."""
        digits = new_digits(7, n_train=240)
        predict = classifier(student, digits, 7)
        X = digits.X_test[:30]
        together, alone = predict.call(X), np.array([labels_in(predict(X[i : i + 1]), 1)[0] for i in range(3)])
        expect(together.arguments[0], "X after the call").close_to(X)
        expect(alone, "the labels of single images").close_to(labels_in(together.answer, 30)[:3].astype(float))

    def test_arguments_stay(self, student):
        """X_train and y_train are as they were, and a generator in the same state gives the same labels."""
        digits = new_digits(8, n_train=200)
        first, again = (student.capstone.call(digits.X_train, digits.y_train, np.random.default_rng(3)) for _ in range(2))
        expect(first.arguments[0], "X_train after the call").close_to(digits.X_train)
        expect(first.arguments[1], "y_train after the call").close_to(digits.y_train)
        if all(isinstance(call.answer, ReturnedFunction) for call in (first, again)):
            count = len(digits.X_test)
            if np.mean(labels_in(first.answer(digits.X_test), count) != labels_in(again.answer(digits.X_test), count)) > 0.003:
                raise Mismatch("value", "two generators in the same state lead to different labels: draw all numbers from rng")
