"""The hidden suite of lecture 5, batch normalization."""

import numpy as np

from autograder.kit.contracts import ArgumentsUnchanged, Backward, Float32, Integers, MemoryLayouts, out_of, part_of
from coursekit import aspect, corner, exercise, expect
from coursekit.expectations import Mismatch

GRADIENTS = ("dx", "dgamma", "dbeta")
DIRECT = "dx (less its mean over the batch, and what goes along x̂)"
FOLDED = ("the folded W", "the folded b")
WIDE = 1e4  # the scale of inputs: beside it no ε makes a difference, so a mistake with ε costs the tests of ε and no others


# --- inputs ---------------------------------------------------------------------------------------------------------------


def features(rng, shape):
    """Return a batch whose features have means and scales of their own, and a scale and shift with both signs."""
    D = shape[1]
    x = rng.normal(rng.uniform(-3, 3, D), rng.uniform(0.5, 4, D), shape)
    return WIDE * x, rng.normal(0, 2, D) + 0.3, rng.normal(0, 2, D)


def images(rng, shape):
    """Return images whose channels, and whose pixels too, have means of their own; and a scale and shift."""
    C = shape[1]
    x = rng.normal(rng.uniform(-3, 3, (C, 1, 1)), rng.uniform(0.5, 4, (C, 1, 1)), shape) + rng.normal(0, 0.5, shape[1:])
    return WIDE * x, rng.normal(0, 2, C) + 0.3, rng.normal(0, 2, C)


def statistics(rng, D):
    """Return a running mean and a running variance."""
    return WIDE * rng.normal(0, 3, D), WIDE**2 * rng.uniform(0.2, 5, D)


def dense_and_statistics(rng, fan_in, fan_out):
    """Return the arguments of `fold_batchnorm` for a random dense layer and the batch normalization after it."""
    _, gamma, beta = features(rng, (1, fan_out))
    return WIDE * rng.normal(size=(fan_in, fan_out)), WIDE * rng.normal(0, 2, fan_out), gamma, beta, *statistics(rng, fan_out)


def scaled(by, x, gamma, beta, *statistics):
    """Return arguments with x, and the running statistics with it, multiplied by a number."""
    return by * x, gamma, beta, *(factor * values for factor, values in zip((by, by**2), statistics, strict=False))


# --- parts of answers -----------------------------------------------------------------------------------------------------


def as_floats(array):
    """Return an array of floating-point numbers as it is, for its precision counts, and another one as float64."""
    array = np.asarray(array)
    return array if array.dtype.kind == "f" else array.astype(float)


def centred(array):
    """Subtract from every feature of an array its mean; a channel of images is a feature."""
    return array - np.mean(array, axis=_batch(array), keepdims=True)


def unscaled(array):
    """Divide every feature of an array by the root of its mean square."""
    size = np.sqrt(np.mean(array**2, axis=_batch(array), keepdims=True))
    return array / np.where(size > 0, size, 1.0)


def parts_along(gradient, x_hat):
    """Return for every feature the mean of a gradient and of its product with x̂, and what is left of it without these two."""
    mean, along = (np.mean(each, axis=_batch(each), keepdims=True) for each in (gradient, gradient * x_hat))
    return mean, along, gradient - mean - along * x_hat


def _batch(array):
    return tuple(axis for axis in range(array.ndim) if axis != 1)


def one_axis(gradient):
    """Return an array of shape (1, D) or (1, C, 1, 1) with the shape (D,) or (C,); a test of its own looks at the shape."""
    is_one_row = isinstance(gradient, np.ndarray) and gradient.ndim > 1 and gradient.size == max(gradient.shape)
    return gradient.ravel() if is_one_row else gradient


# --- what exercises share -------------------------------------------------------------------------------------------------


class Normalises(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    """The tests of γ·(x − μ)/√(σ² + ε) + β, whatever μ and σ² are.

    An aspect for each of the four steps looks at nothing else: where one step is left out or wrong, the others earn their points.

    Attributes
    ----------
    plain_shapes, shapes : tuple
        The shapes of x where γ = 1 and β = 0, and where they are random.
    """

    integers = (0,)
    plain_shapes: tuple = ((7, 4), (5, 5))
    shapes: tuple = ((5, 5), (3, 9))

    def batch(self, rng, shape):
        """Return the arguments but eps for an x of this shape."""
        return features(rng, shape)

    def arguments(self, rng):
        return self.batch(rng, self.plain_shapes[0])

    def ask(self, student, *arguments):
        return out_of(getattr(student, self.exercise)(*arguments))

    def answers(self, student, reference, batches):
        """Call the function, and then return for each call what came back as `out`, and what is right."""
        outs = [self.ask(student, *arguments) for arguments in batches]
        names = [f"out for x of shape {arguments[0].shape}" for arguments in batches]
        found = [as_floats(expect(out, name).shaped(x.shape).answer) for out, name, (x, *_) in zip(outs, names, batches, strict=True)]
        return [(out, self.ask(reference, *arguments)) for out, arguments in zip(found, batches, strict=True)]

    def plain(self, rng, scale=1.0):
        """Return batches with one number as γ of all features, and β = 0."""
        batches = [self.batch(rng, shape) for shape in self.plain_shapes]
        return [(x, np.full(len(gamma), scale), 0 * beta, *rest) for x, gamma, beta, *rest in batches]

    @aspect("the mean", 12)
    def test_mean(self, student, reference, rng):
        """The mean of each feature is subtracted: with gamma = 2 and beta = 0, out is x − μ but for a scale."""
        for out, right in self.answers(student, reference, self.plain(rng, 2.0)):
            expect(unscaled(out), "out (each feature divided by its root mean square)").close_to(unscaled(right))

    @aspect("the standard deviation", 22)
    def test_standard_deviation(self, student, reference, rng):
        """Each feature is divided by its standard deviation √σ²: with gamma = 1, out rises by 1/√σ² where x rises by 1."""
        for out, right in self.answers(student, reference, self.plain(rng)[:1]):
            slope, along = np.mean(centred(out) * centred(right), axis=_batch(out)), np.mean(centred(right) ** 2, axis=_batch(out))
            expect((slope / along).astype(out.dtype), "the slope of out (as a multiple of 1/√σ²)").close_to(np.ones(len(slope)))

    @aspect("gamma", 23)
    def test_gamma(self, student, reference, rng):
        """Each feature is scaled by its gamma: around its mean over the batch, out is gamma·(x − μ)/√σ²."""
        for out, right in self.answers(student, reference, [self.batch(rng, shape) for shape in self.shapes]):
            expect(centred(out), "out (less its mean over the batch)").close_to(centred(right))

    @aspect("beta", 22)
    def test_beta(self, student, reference, rng):
        """Each feature is shifted by its beta: it is the difference that beta makes to out."""
        x, gamma, beta, *rest = self.batch(rng, self.shapes[-1])
        (out, _), (without, _) = self.answers(student, reference, [(x, gamma, beta, *rest), (x, gamma, 0 * beta, *rest)])
        expect(out - without, "what beta adds to out").close_to(
            np.broadcast_to(np.reshape(beta, (-1, *[1] * (x.ndim - 2))), x.shape), rtol=1e-6
        )

    @aspect("eps", 21)
    def test_default_eps(self, student, reference, rng):
        """Where variances are as small as the default eps, out is right: eps is 1e-5 and stands inside the root."""
        arguments = scaled(2e-3 / WIDE, *self.plain(rng)[0])
        expect(self.ask(student, *arguments), "out").close_to(self.ask(reference, *arguments))

    @aspect("eps")
    def test_another_eps(self, student, reference, rng):
        """Where another eps is passed, out is right: it is the one that is used."""
        arguments = scaled(1 / WIDE, *self.plain(rng)[0])
        expect(out_of(getattr(student, self.exercise)(*arguments, eps=0.5)), "out with eps=0.5").close_to(
            self.ask(reference, *arguments, 0.5)
        )


class NormalisesTheBatch(Normalises):
    """A forward pass: μ and σ² are those of the batch."""

    @corner("a feature that never varies", 0.03)
    def test_nothing_varies(self, student, reference, rng):
        """A feature that never varies comes out as beta, and so does every feature with a single value."""
        x, gamma, beta = self.batch(rng, self.shapes[0])
        x[:, 2] = 0.75
        single = x[(slice(1), slice(None), *[slice(1)] * (x.ndim - 2))]
        outs = [self.ask(student, batch, gamma, beta) for batch in (x, single)]
        for out, batch, which in zip(outs, (x, single), ([2], slice(None)), strict=True):
            name, right = f"out for x of shape {batch.shape}", self.ask(reference, batch, gamma, beta)
            expect(expect(out, name).shaped(batch.shape).answer[:, which], name).close_to(right[:, which])

    @corner("the pair (out, cache)", 0.05)
    def test_pair(self, student, rng):
        """The answer is the pair (out, cache)."""
        arguments = self.arguments(rng)
        out, _ = expect(getattr(student, self.exercise)(*arguments), f"what {self.exercise} returns").items("out", "cache")
        expect(out, "out").shaped(arguments[0].shape)


class PullsBack(Backward, ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    """The tests of a backward pass, an aspect for each gradient.

    Attributes
    ----------
    shapes : tuple
        The shapes of x for the tests of dx, one for each of its three paths.
    parameter_shapes : tuple
        Two shapes of x for the tests of dgamma and dbeta; for the second the shape of the gradient is looked at, too.
    """

    outputs = GRADIENTS
    integers = (1,)
    shapes: tuple = ((7, 4), (3, 9), (5, 5))
    parameter_shapes: tuple = ((7, 4), (5, 5))

    def batch(self, rng, shape):
        """Return the arguments of the forward pass but eps, for an x of this shape."""
        return features(rng, shape)

    def arguments(self, rng):
        return rng.normal(size=self.parameter_shapes[0]) + 0.5, *self.batch(rng, self.parameter_shapes[0])

    def run(self, student, reference, dout, *arguments):
        """Run both pairs; return the student's gradients, and those that are right."""
        _, cache = self.forward(student, *arguments)
        _, right_cache = self.forward(reference, *arguments)
        answer = getattr(student, self.exercise)(dout, cache)
        return answer, getattr(reference, self.exercise)(dout, right_cache)

    def expect_gradient(self, student, reference, rng, which, shapes, changed=lambda gradient: gradient):
        """Expect that one of the three gradients is right for random batches of these shapes.

        The tolerance leaves room for an ε in another place in the forward pass, which few examples in a batch can enlarge.
        """
        runs = [self.run(student, reference, rng.normal(size=shape) + 0.5, *self.batch(rng, shape)) for shape in shapes]
        for answer, right in runs:
            expect(changed(part_of(answer, which, GRADIENTS)), GRADIENTS[which]).close_to(right[which], rtol=1e-6)

    def expect_path(self, student, reference, rng, part, what):
        """Expect that a part of dx is right: its mean over the batch, that of its product with x̂, or the rest.

        The first two are worth nothing without the third: also a dx of another forward pass can have the mean 0.
        """
        shape = self.shapes[part]
        dout, arguments = rng.normal(size=shape) + 0.5, self.batch(rng, shape)
        answer, (right, *_) = self.run(student, reference, dout, *arguments)
        dx = as_floats(expect(part_of(answer, 0, GRADIENTS), "dx").shaped(shape).answer)
        found, wanted = (parts_along(gradient, unscaled(centred(arguments[0]))) for gradient in (dx, right))
        if 1e6 * np.abs(found[2]).max() < min(np.abs(wanted[2]).max(), np.abs(dx).max(initial=1e-300)):
            raise Mismatch("value", "dx has nothing of dout: all its columns are constant, or multiples of x̂")
        for which, name in {2: DIRECT, part: what}.items():
            expect(found[which].astype(dx.dtype), name).close_to(wanted[which], rtol=1e-6, scale=np.abs(right).max())

    @aspect("the mean's path to dx", 3)
    def test_mean_path(self, student, reference, rng):
        """Beside the direct path, what comes back through the mean is in dx: the sum of dx over the batch is 0."""
        self.expect_path(student, reference, rng, 0, "the mean of dx over the batch")

    @aspect("the variance's path to dx", 3)
    def test_variance_path(self, student, reference, rng):
        """Beside the direct path, what comes back through the variance is in dx: the sum of dx·x̂ over the batch is 0."""
        self.expect_path(student, reference, rng, 1, "the mean of dx·x̂ over the batch")

    @aspect("the direct path to dx", 5.5)
    def test_direct_path(self, student, reference, rng):
        """What comes back directly is in dx: γ·dout/√σ², but for what the mean and the variance take away."""
        self.expect_path(student, reference, rng, 2, DIRECT)

    @corner("three gradients", 0.03)
    def test_number_of_gradients(self, student, reference, rng):
        """The answer has three items, dx, dgamma and dbeta."""
        answer, _ = self.run(student, reference, rng.normal(size=self.shapes[0]), *self.batch(rng, self.shapes[0]))
        expect(answer, f"what {self.exercise} returns").items(*GRADIENTS)

    @aspect("dgamma", 4.5)
    def test_dgamma(self, student, reference, rng):
        """dgamma holds the right number for each feature."""
        self.expect_gradient(student, reference, rng, 1, self.parameter_shapes[:-1], one_axis)

    @aspect("dgamma")
    def test_shape_of_dgamma(self, student, reference, rng):
        """dgamma is right and has the shape of gamma."""
        self.expect_gradient(student, reference, rng, 1, self.parameter_shapes[-1:])

    @aspect("dbeta", 4)
    def test_dbeta(self, student, reference, rng):
        """dbeta holds the right number for each feature."""
        self.expect_gradient(student, reference, rng, 2, self.parameter_shapes[:-1], one_axis)

    @aspect("dbeta")
    def test_shape_of_dbeta(self, student, reference, rng):
        """dbeta is right and has the shape of beta."""
        self.expect_gradient(student, reference, rng, 2, self.parameter_shapes[-1:])

    @corner("eps", 0.06)
    def test_eps(self, student, reference, rng):
        """dx is right where eps is as large as the variances: the backward pass has it inside the root, as the forward pass."""
        (x, gamma, beta), dout = self.batch(rng, self.shapes[0]), rng.normal(size=self.shapes[0])
        runs = [
            self.run(student, reference, dout, *arguments) for arguments in ((x / WIDE, gamma, beta, 0.5), (3e-3 / WIDE * x, gamma, beta))
        ]
        for answer, right in runs:
            expect(part_of(answer, 0, GRADIENTS), "dx").close_to(right[0])

    @corner("two batches under way", 0.05)
    def test_two_batches_under_way(self, student, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        shape, backward = self.parameter_shapes[0], getattr(student, self.exercise)
        (x, gamma, beta), (other, *_), dout = self.batch(rng, shape), self.batch(rng, shape), rng.normal(size=shape)
        _, cache = self.forward(student, x, gamma, beta)
        at_once = backward(dout, cache)
        _, cache = self.forward(student, x, gamma, beta)
        self.forward(student, other, -gamma, beta)
        expect(backward(dout, cache), "the answer").alike(at_once, "when another forward pass lies between", GRADIENTS)


# --- features -------------------------------------------------------------------------------------------------------------


@exercise("batchnorm_forward")
class TestBatchnormForward(NormalisesTheBatch):
    pass


@exercise("batchnorm_backward")
class TestBatchnormBackward(PullsBack):
    pass


@exercise("update_running")
class TestUpdateRunning(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return rng.normal(size=(4, 3)), rng.normal(3, 2, (4, 3)), 0.7

    @aspect("the default momentum", 1)
    def test_default_momentum(self, student, reference, rng):
        """Without a momentum it is 0.9: a tenth of the way from the running value to the batch's."""
        running, batch_value = rng.normal(size=4), rng.normal(3, 2, 4)
        expect(student.update_running(running, batch_value)).close_to(reference.update_running(running, batch_value))

    def expect_share(self, student, which, value):
        """Expect that one of the two values counts with its weight, where the other one is 0."""
        for momentum, weight in ((0.3, (0.3, 0.7)), (0.99, (0.99, 0.01))):
            arguments = [value if position == which else np.zeros(5) for position in (0, 1)]
            name = f"the answer for {('batch_value', 'running')[which]}=0 and momentum={momentum}"
            expect(student.update_running(*arguments, momentum=momentum), name).close_to(weight[which] * value)

    @aspect("the old value's weight", 1)
    def test_weight_of_the_old_value(self, student, rng):
        """The running value counts with the weight momentum."""
        self.expect_share(student, 0, rng.normal(size=5))

    @aspect("the new value's weight", 1)
    def test_weight_of_the_new_value(self, student, rng):
        """The batch's value counts with the weight 1 − momentum."""
        self.expect_share(student, 1, rng.normal(3, 2, 5))

    @aspect("an average", 1)
    def test_fixed_point(self, student, rng):
        """Where the running value and the batch's are equal, nothing moves: the two weights add up to 1."""
        value = rng.normal(3, 2, 5)
        expect(student.update_running(value, value, 0.6)).close_to(value)

    @corner("momentum 0 and 1", 0.05)
    def test_extreme_momenta(self, student, reference, rng):
        """With momentum 0 the batch's value is taken over, and with 1 nothing moves."""
        running, batch_value = rng.normal(size=5), rng.normal(3, 2, 5)
        answers = [student.update_running(running, batch_value, momentum) for momentum in (0.0, 1.0)]
        for answer, right, momentum in zip(answers, (batch_value, running), (0.0, 1.0), strict=True):
            expect(answer, f"the answer for momentum={momentum}").close_to(right)


@exercise("batchnorm_inference")
class TestBatchnormInference(Normalises):
    def batch(self, rng, shape):
        return *features(rng, shape), *statistics(rng, shape[1])

    @corner("running_var 0", 0.03)
    def test_no_variance(self, student, reference, rng):
        """Where running_var is 0, out is right: eps keeps the root from it."""
        x, gamma, beta, mean, var = self.batch(rng, (5, 3))
        arguments = x, gamma, beta, mean, 0 * var
        expect(self.ask(student, *arguments), "out").close_to(self.ask(reference, *arguments))

    @corner("out alone", 0.05)
    def test_array(self, student, rng):
        """The answer is the array out, also for one example, with nothing beside it: no backward pass needs a cache."""
        expect(student.batchnorm_inference(*self.batch(rng, (1, 4))), "what batchnorm_inference returns").shaped((1, 4))


# --- images ---------------------------------------------------------------------------------------------------------------


@exercise("batchnorm2d_forward")
class TestBatchnorm2dForward(NormalisesTheBatch):
    plain_shapes = ((2, 3, 4, 3), (4, 2, 3, 2))  # as many columns as channels: gamma and beta may lie along the wrong axis
    shapes = ((4, 4, 4, 4), (3, 2, 4, 5))

    def batch(self, rng, shape):
        return images(rng, shape)


@exercise("batchnorm2d_backward")
class TestBatchnorm2dBackward(PullsBack):
    shapes = ((3, 2, 4, 2), (1, 4, 2, 4), (3, 3, 3, 3))  # as many columns as channels: the forward pass may need it
    parameter_shapes = ((2, 3, 4, 3), (3, 3, 3, 3))

    def batch(self, rng, shape):
        return images(rng, shape)


# --- fold_batchnorm -------------------------------------------------------------------------------------------------------


@exercise("fold_batchnorm")
class TestFoldBatchnorm(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = FOLDED
    integers = (0,)

    def arguments(self, rng):
        return dense_and_statistics(rng, 4, 4)

    def folded(self, student, arguments, which, **options):
        """Call the function, and return what it gave as W (0) or as b (1); of the shape of b there is a corner."""
        found = part_of(student.fold_batchnorm(*arguments, **options), which, FOLDED)
        return one_axis(found) if which == 1 else found

    @aspect("the columns of W", 17)
    def test_columns(self, student, reference, rng):
        """Each column of the folded W is that column of W, times one number."""
        layers = [dense_and_statistics(rng, *shape) for shape in ((4, 4), (5, 3))]
        answers = [self.folded(student, (W, b, np.abs(gamma), *rest), 0) for W, b, gamma, *rest in layers]
        for found, (W, *_) in zip(answers, layers, strict=True):
            found = as_floats(expect(found, FOLDED[0]).shaped(W.shape).answer)
            expect(unscaled(found), "the folded W (each column divided by its root mean square)").close_to(unscaled(W))

    @aspect("the folded W", 23)
    def test_W(self, student, reference, rng):
        """The folded W is right for several shapes."""
        for shape in ((6, 2), (1, 4), (4, 4)):
            arguments = dense_and_statistics(rng, *shape)
            expect(self.folded(student, arguments, 0), FOLDED[0]).close_to(reference.fold_batchnorm(*arguments)[0])

    @aspect("b where it is the running mean", 17)
    def test_b_at_the_mean(self, student, rng):
        """Where b is the running mean, the folded b is beta."""
        W, _, gamma, beta, mean, var = dense_and_statistics(rng, 4, 4)
        expect(self.folded(student, (W, mean, gamma, beta, mean, var), 1), FOLDED[1]).close_to(beta)

    @aspect("the folded b", 23)
    def test_b(self, student, reference, rng):
        """The folded b is right."""
        for size in (4, 1):
            arguments = dense_and_statistics(rng, size, size)
            expect(self.folded(student, arguments, 1), FOLDED[1]).close_to(reference.fold_batchnorm(*arguments)[1])

    @aspect("eps", 21)
    def test_default_eps(self, student, reference, rng):
        """Where running variances are as small as the default eps, or zero, the answer is right: eps is 1e-5, inside the root."""
        W, b, gamma, beta, mean, _ = dense_and_statistics(rng, 3, 3)
        arguments = W / WIDE, b / WIDE, gamma, beta, mean / WIDE, np.array([1e-5, 4e-6, 0.0])
        right = reference.fold_batchnorm(*arguments)
        expect(student.fold_batchnorm(*arguments), "what fold_batchnorm returns").close_to(right, names=FOLDED)

    @aspect("eps")
    def test_another_eps(self, student, reference, rng):
        """Where another eps is passed, the folded W is right: it is the one that is used."""
        W, b, gamma, beta, mean, var = dense_and_statistics(rng, 3, 3)
        arguments = W, b, gamma, beta, mean, var / WIDE**2
        expect(self.folded(student, arguments, 0, eps=0.5), FOLDED[0]).close_to(reference.fold_batchnorm(*arguments, eps=0.5)[0])
