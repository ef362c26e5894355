"""The hidden suite of lecture 2, data pipelines."""

import itertools
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from scipy.special import chdtrc

from autograder.kit.contracts import TWO_SEEDS, ArgumentsUnchanged, Float32, Integers, MemoryLayouts, array_in
from coursekit import aspect, corner, exercise, expect
from coursekit.expectations import P_LIMIT, Mismatch, described, same
from coursekit.streams import Source, Steps
from coursekit.student import Raised, StudentError

WIDE = 1e4  # the scale of inputs: beside it no ε makes a difference, so a mistake with ε costs the tests of ε and no others
PATIENCE = 2.0  # seconds for what takes no time, unless a function hangs; only wrong answers wait so long
ANYTHING = (None, 0, "", False, (), np.arange(3.0), np.arange(3.0), None, {"a": 0.0})  # items that are easily mistaken for "nothing"


# --- arrays ---------------------------------------------------------------------------------------------------------------


def features(rng, N, D):
    """Return examples whose features have means and scales of their own."""
    return WIDE * rng.normal(rng.uniform(-3, 3, D), rng.uniform(0.5, 4, D), (N, D))


def cloud(rng, N, D, mean=True):
    """Return examples that vary by a different amount in each of D directions, none of which is an axis."""
    turned, _ = np.linalg.qr(rng.normal(size=(D, D)))
    left, _ = np.linalg.qr(np.column_stack([np.ones(N), rng.normal(size=(N, D))]))
    scales = 1.7 ** -np.arange(D)  # of the sample itself: the columns of `left` have the mean 0
    return WIDE * (np.sqrt(N) * left[:, 1:] * scales @ turned.T + mean * rng.uniform(1, 3, D))


def item_of(answer, which, names, ndims):
    """Return one of the items asked for, also from an answer with fewer or more, or in another order; a test of its own looks at that."""
    if not isinstance(answer, (list, tuple)):
        return answer if which == 0 else expect(answer, "what came back").items(*names)[which]
    if len(answer) <= which:
        return expect(answer, "what came back").items(*names)[which]
    if len(answer) == 2 and ndims[0] != ndims[1] and [getattr(item, "ndim", None) for item in answer] == [ndims[1], ndims[0]]:
        return answer[1 - which]
    return answer[which]


def flat(values):
    """Return an array such as (1, D) or (1, C, 1, 1) with one axis; a test of its own looks at the shape."""
    is_row = isinstance(values, np.ndarray) and values.ndim > 1 and values.size == max(values.shape)
    return values.ravel() if is_row else values


def by_largest(rows):
    """Return rows with the sign that makes the largest entry of each positive."""
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or not rows.size or rows.dtype.kind not in "iuf":
        return rows
    largest = np.argmax(np.abs(rows), axis=1)[:, None]
    return rows * np.where(np.take_along_axis(rows, largest, axis=1) < 0, -1, 1).astype(rows.dtype)


def unscaled(columns):
    """Return columns with the root mean square 1."""
    size = np.sqrt(np.mean(columns**2, axis=0))
    return columns / np.where(size > 0, size, 1.0)


@exercise("center")
class TestCenter(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = ("centred", "mean")

    def arguments(self, rng):
        return (features(rng, 6, 4),)

    def part(self, student, X, which):
        return item_of(student.center(X), which, self.outputs, (X.ndim, X.ndim - 1))

    def expect_part(self, student, reference, rng, which):
        for shape in ((7, 4), (3, 3), (2, 6)):
            X = features(rng, *shape)
            found = self.part(student, X, which)
            expect(flat(found) if which else found, self.outputs[which]).close_to(reference.center(X)[which])

    @aspect("X − mean", 2.2)
    def test_centred(self, student, reference, rng):
        """The first item is X without the mean of each feature, for batches of several shapes."""
        self.expect_part(student, reference, rng, 0)

    @aspect("the mean", 1.5)
    def test_mean(self, student, reference, rng):
        """The second item is the mean of each feature, for batches of several shapes."""
        self.expect_part(student, reference, rng, 1)

    @aspect("images", 3)
    def test_images(self, student, reference, rng):
        """Of images, the mean is an image: each pixel of each channel has a mean of its own."""
        X = rng.normal(rng.uniform(-3, 3, (2, 4, 3)), 1, (5, 2, 4, 3))
        expect(self.part(student, X, 0), "centred").close_to(reference.center(X)[0])

    @aspect("the mean is what was subtracted", 3)
    def test_subtracted(self, student, rng):
        """What is missing from the centred data is the mean that is returned, which isn't one number for all."""
        X = features(rng, 7, 4)
        centred = expect(self.part(student, X.copy(), 0), "centred").shaped(X.shape).answer
        mean = array_in(self.part(student, X.copy(), 1))
        mean = mean[:, None] if getattr(mean, "shape", None) == X.shape[:1] else mean
        if not isinstance(mean, np.ndarray) or mean.dtype.kind != "f" or mean.shape not in ((4,), (1, 4), (7, 1)) or not np.ptp(mean):
            raise Mismatch("shape", f"the mean has to be an array of several numbers, but it is {described(mean)}")
        expect(X - centred, "X − centred").close_to(np.broadcast_to(mean, X.shape).copy(), rtol=1e-5)

    @aspect("the pair", 3)
    def test_pair(self, student, rng):
        """The answer is the pair (centred, mean), in this order."""
        X = features(rng, 7, 4)
        centred, mean = expect(student.center(X), "what center returns").items(*self.outputs)
        expect(centred, "centred").shaped((7, 4))
        expect(flat(mean), "mean").shaped((4,))

    @corner("the shape of the mean", 0.08)
    def test_shape_of_the_mean(self, student, rng):
        """The mean has no axis of examples: shape (D,)."""
        expect(self.part(student, features(rng, 5, 3), 1), "mean").shaped((3,))


@exercise("channel_mean")
class TestChannelMean(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return (self.images(rng, (3, 2, 4, 3)),)

    def ask(self, student, *arguments):
        return array_in(student.channel_mean(*arguments))

    def images(self, rng, shape):
        return rng.normal(rng.uniform(-3, 3, (shape[1], 1, 1)), 1, shape)

    def expect_right(self, student, reference, rng, *shapes):
        for shape in shapes:
            images = self.images(rng, shape)
            expect(flat(array_in(student.channel_mean(images))), f"the answer for images of shape {shape}").close_to(
                reference.channel_mean(images)
            )

    @aspect("any images", 3)
    def test_images(self, student, reference, rng):
        """Each channel is averaged over all pixels of all images."""
        self.expect_right(student, reference, rng, (4, 3, 5, 2), (3, 3, 3, 3), (2, 5, 4, 4))

    @aspect("a single image", 1.2)
    def test_single_image(self, student, reference, rng):
        """Each channel of a single image is averaged over its pixels."""
        self.expect_right(student, reference, rng, (1, 3, 4, 5))

    @aspect("images of one pixel", 1.2)
    def test_single_pixel(self, student, reference, rng):
        """Where each image has one pixel, each channel is averaged over the images."""
        self.expect_right(student, reference, rng, (6, 3, 1, 1))

    @corner("the shape", 0.1)
    def test_shape(self, student, rng):
        """The answer is an array of shape (C,)."""
        expect(student.channel_mean(self.images(rng, (4, 3, 2, 5)))).shaped((3,))


@exercise("standardize")
class TestStandardize(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = ("X_train", "X_test")

    def arguments(self, rng):
        return features(rng, 8, 3), features(rng, 5, 3)

    def part(self, student, which, X_train, X_test, **options):
        answer = student.standardize(X_train, X_test, **options)
        shape = np.shape((X_train, X_test)[which])
        return expect(item_of(answer, which, self.outputs, (2, 2)), f"the standardised {self.outputs[which]}").shaped(shape).answer

    @aspect("the mean", 1.2)
    def test_mean(self, student, reference, rng):
        """The mean of each feature is subtracted: the standardised training set is X_train − μ, but for the scale of each feature."""
        for X, _ in (self.arguments(rng), self.arguments(rng)):
            right = reference.standardize(X, X)[0]
            expect(unscaled(self.part(student, 0, X, X)), "X_train (each feature divided by its root mean square)").close_to(
                right, rtol=1e-5
            )

    @aspect("the scale", 1.2)
    def test_scale(self, student, rng):
        """Each feature is divided by its standard deviation: over the standardised training set the deviation is 1."""
        X, _ = self.arguments(rng)
        expect(np.std(self.part(student, 0, X, X), axis=0), "the standard deviation of each feature").close_to(np.ones(3), rtol=1e-5)

    @aspect("the training set", 1)
    def test_train(self, student, reference, rng):
        """The training set is standardised with its own mean and standard deviation, whatever the test set is."""
        for N, M in ((8, 5), (5, 1)):
            X_train, X_test = features(rng, N, 4), features(rng, M, 4)
            expect(self.part(student, 0, X_train, X_test), "X_train").close_to(reference.standardize(X_train, X_test)[0], rtol=1e-5)

    @aspect("the test set", 3.6)
    def test_test(self, student, reference, rng):
        """The test set is standardised with the training set's mean and standard deviation, also where it is a single example."""
        for N, M in ((8, 5), (5, 1)):
            X_train, X_test = features(rng, N, 4), features(rng, M, 4)
            expect(self.part(student, 1, X_train, X_test), "X_test").close_to(reference.standardize(X_train, X_test)[1], rtol=1e-5)

    @aspect("the same for both sets", 3)
    def test_alike(self, student, rng):
        """An example has the same standardised values in the test set as in the training set, whatever stands beside it."""
        X, _ = self.arguments(rng)
        for M in (3, 1):
            train = self.part(student, 0, X, X[:M].copy())
            if not np.ptp(train, axis=0).all() or np.allclose(train, X):
                raise Mismatch("value", "X_train isn't standardised: a feature has lost its values, or the examples are as before", train)
            expect(self.part(student, 1, X, X[:M].copy()), "X_test, whose examples are those of X_train,").close_to(train[:M], rtol=1e-5)

    @corner("eps", 0.06)
    def test_default_eps(self, student, reference, rng):
        """Where deviations are as small as the default eps, the answer is right: eps is 1e-8 and is added to the standard deviation."""
        X_train, X_test = (3e-8 / WIDE * X for X in self.arguments(rng))
        expect(self.part(student, 0, X_train, X_test), "X_train").close_to(reference.standardize(X_train, X_test)[0], rtol=1e-5)

    @corner("eps")
    def test_another_eps(self, student, reference, rng):
        """Where another eps is passed, the answer is right for both sets."""
        X_train, X_test = (X / WIDE for X in self.arguments(rng))
        for which, right in enumerate(reference.standardize(X_train, X_test, 0.5)):
            expect(self.part(student, which, X_train, X_test, eps=0.5), self.outputs[which]).close_to(right, rtol=1e-5)

    @corner("a feature that never varies", 0.04)
    def test_constant(self, student, reference, rng):
        """A feature that never varies in the training set comes out as 0 there."""
        X_train, X_test = (np.rint(X / WIDE) for X in self.arguments(rng))
        X_train[:, 1] = 2.0
        expect(self.part(student, 0, X_train, X_test), "X_train").close_to(reference.standardize(X_train, X_test)[0], rtol=1e-5)


@exercise("pca")
class TestPca(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    outputs = ("components", "variances")

    def arguments(self, rng):
        return cloud(rng, 9, 4) / WIDE * 10, 3

    def ask(self, student, *arguments):
        answer = student.pca(*arguments)
        if isinstance(answer, (list, tuple)) and len(answer) == 2:
            return tuple(map(by_largest, answer))
        return answer

    def part(self, student, X, k, which):
        return by_largest(item_of(student.pca(X, k), which, self.outputs, (2, 1)))

    def expect_part(self, student, reference, which, *cases):
        name = ("components (the largest entry of each positive)", "variances")[which]
        for X, k in cases:
            expect(self.part(student, X, k, which), name).close_to(by_largest(reference.pca(X, k)[which]), rtol=1e-4)

    def any_mean(self, rng):
        return [(cloud(rng, N, D), k) for N, D, k in ((12, 4, 2), (30, 5, 3), (7, 3, 3))]

    @aspect("the components", 9.9)
    def test_components(self, student, reference, rng):
        """The rows are the directions of largest variance, for data that aren't centred: up to their signs."""
        self.expect_part(student, reference, 0, *self.any_mean(rng))

    @aspect("the variances", 3.3)
    def test_variances(self, student, reference, rng):
        """The variances along the components are right, for data that aren't centred."""
        self.expect_part(student, reference, 1, *self.any_mean(rng))

    @aspect("components of centred data", 1)
    def test_components_centred(self, student, reference, rng):
        """The rows are the directions of largest variance, for data whose mean is 0 already."""
        self.expect_part(student, reference, 0, (cloud(rng, 11, 5, mean=False), 2))

    @aspect("variances of centred data", 0.8)
    def test_variances_centred(self, student, reference, rng):
        """The variances are right, for data whose mean is 0 already."""
        self.expect_part(student, reference, 1, (cloud(rng, 11, 5, mean=False), 2))

    @aspect("all directions, in any order", 5)
    def test_directions_in_any_order(self, student, reference, rng):
        """With k = D all directions are there, in whatever order; the mean of the data is 0."""
        X = cloud(rng, 10, 4, mean=False)
        right = reference.pca(X, 4)[0]
        found = expect(self.part(student, X, 4, 0), "components").shaped((4, 4)).answer
        along = np.sort(np.abs(found @ right.T), axis=1)[:, ::-1]
        expect(along, "|cos| between each row and the right directions, the largest first").close_to(np.eye(4)[np.zeros(4, int)], rtol=1e-4)

    @aspect("all directions, in any order")
    def test_variances_in_any_order(self, student, reference, rng):
        """With k = D all variances are there, in whatever order; the mean of the data is 0."""
        X = cloud(rng, 10, 4, mean=False)
        found = expect(self.part(student, X, 4, 1), "variances").shaped((4,)).answer
        expect(np.sort(found), "variances, sorted").close_to(np.sort(reference.pca(X, 4)[1]), rtol=1e-4)

    @corner("the pair", 0.06)
    def test_pair(self, student, rng):
        """The answer is the pair (components, variances), in this order."""
        components, variances = expect(student.pca(cloud(rng, 9, 4), 2), "what pca returns").items(*self.outputs)
        expect(components, "components").shaped((2, 4))
        expect(variances, "variances").shaped((2,))

    @corner("equal variances", 0.04)
    def test_equal_variances(self, student):
        """Where two variances are equal, the two components span the right plane, at right angles and with length 1."""
        X = np.array([[3.0, 0, 0], [-3, 0, 0], [0, 3, 0], [0, -3, 0], [0, 0, 1], [0, 0, -1]])
        components, variances = expect(student.pca(X, 2), "what pca returns").items(*self.outputs)
        components = expect(components, "components").shaped((2, 3)).answer
        expect(components.T @ components, "the projection on the plane").close_to(np.diag([1.0, 1, 0]))
        expect(variances, "variances").close_to([3.0, 3.0])

    @corner("fewer examples than features", 0.04)
    def test_few_examples(self, student, reference, rng):
        """With fewer examples than features the answer is right, and with a feature that never varies."""
        X = cloud(rng, 4, 3) / WIDE
        X = np.column_stack([X[:, :1], np.full(4, 7.0), X[:, 1:], X @ rng.normal(size=(3, 2))])
        for which in (0, 1):
            self.expect_part(student, reference, which, (X, 3))


@exercise("whiten")
class TestWhiten(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
    def arguments(self, rng):
        return (cloud(rng, 9, 4) / WIDE * 10,)

    def ask(self, student, *arguments):
        answer = array_in(student.whiten(*arguments))
        return by_largest(answer.T).T if isinstance(answer, np.ndarray) else answer

    def white(self, student, X, *eps):
        return expect(array_in(student.whiten(X, *eps)), "the whitened data").shaped(np.shape(X)).answer

    def expect_right(self, student, reference, X, *eps):
        found, right = by_largest(self.white(student, X, *eps).T).T, by_largest(reference.whiten(X, *eps).T).T
        expect(found, "the whitened data (the largest entry of each column positive)").close_to(right, rtol=1e-4)

    @aspect("centred", 1.2)
    def test_centred(self, student, rng):
        """The mean of each column is 0."""
        white = self.white(student, cloud(rng, 12, 4))
        size = np.max(np.abs(white), initial=0.0) or 1.0
        if not np.ptp(white, axis=0).all():
            raise Mismatch("value", "a column of the whitened data doesn't vary", white)
        expect(np.round(np.mean(white, axis=0) / size, 5), "the mean of each column, as a share of the largest entry").close_to(np.zeros(4))

    @aspect("decorrelated", 2.4)
    def test_decorrelated(self, student, rng):
        """Different columns have no correlation; the mean of the data is 0."""
        white = self.white(student, cloud(rng, 15, 4, mean=False))
        correlation = unscaled(white).T @ unscaled(white) / len(white)
        expect(np.round(correlation, 6), "the correlations of the columns").close_to(np.eye(4))

    @aspect("variance 1")
    def test_same_variance(self, student, rng):
        """All columns have the same variance; the mean of the data is 0."""
        variances = np.var(self.white(student, cloud(rng, 10, 3, mean=False)), axis=0)
        expect(variances / (np.max(variances, initial=0.0) or 1.0), "the variance of each column, as a share of the largest").close_to(
            np.ones(3), rtol=1e-4
        )

    @aspect("variance 1", 2.8)
    def test_variance(self, student, rng):
        """Each column has the variance 1; the mean of the data is 0."""
        white = self.white(student, cloud(rng, 10, 3, mean=False))
        expect(np.var(white, axis=0), "the variance of each column").close_to(np.ones(3), rtol=1e-4)

    @aspect("along the components", 3.2)
    def test_components(self, student, reference, rng):
        """Each column is the projection on a component, the largest variance first, but for its scale."""
        X = cloud(rng, 12, 4)
        white, right = self.white(student, X), unscaled(reference.whiten(X))
        found = by_largest(unscaled(white - white.mean(axis=0)).T).T
        name = "the columns (less their mean, divided by their root mean square, the largest entry positive)"
        expect(found, name).close_to(by_largest(right.T).T, rtol=1e-4)

    @aspect("all together", 7.8)
    def test_values(self, student, reference, rng):
        """The whitened data are right, up to the sign of each column."""
        for N, D in ((12, 4), (20, 5), (6, 2)):
            self.expect_right(student, reference, cloud(rng, N, D))

    @aspect("eps", 2.8)
    def test_default_eps(self, student, reference, rng):
        """Where variances are as small as the default eps, the answer is right: eps is 1e-5 and stands inside the root."""
        self.expect_right(student, reference, cloud(rng, 12, 3) * 5e-3 / WIDE)

    @aspect("eps")
    def test_another_eps(self, student, reference, rng):
        """Where another eps is passed, the answer is right."""
        self.expect_right(student, reference, cloud(rng, 12, 3) / WIDE, 0.5)

    @corner("equal variances", 0.03)
    def test_equal_variances(self, student, reference):
        """Where two variances are equal, the inner products of the whitened examples are right."""
        X = WIDE * np.array([[3.0, 0, 0], [-3, 0, 0], [0, 3, 0], [0, -3, 0], [0, 0, 1], [0, 0, -1]])
        white, right = self.white(student, X), reference.whiten(X)
        expect(white @ white.T, "the inner products").close_to(right @ right.T)

    @corner("directions without variance", 0.05)
    def test_no_variance(self, student, reference, rng):
        """A feature that never varies gives a column of zeros, the last one."""
        X = np.column_stack([cloud(rng, 9, 3) / WIDE, np.full(9, 7.0)])
        white = self.white(student, X)
        expect(white[:, 3], "the last column").close_to(np.zeros(9), rtol=1e-4)
        expect(by_largest(white.T).T, "the whitened data").close_to(by_largest(reference.whiten(X).T).T, rtol=1e-4)

    @corner("directions without variance")
    def test_few_examples(self, student, reference, rng):
        """With fewer examples than features there are as many columns as features, and those with variance are right."""
        X = cloud(rng, 5, 4) / WIDE
        X = np.column_stack([X, X @ rng.normal(size=(4, 3))])
        found = array_in(student.whiten(X))
        if np.shape(getattr(found, "T", None)) != (7, 5):
            raise Mismatch("shape", f"the whitened data of shape (5, 7) have another one: {described(found)}")
        first = expect(found[:, :4], "the first columns").shaped((5, 4)).answer
        expect(by_largest(first.T).T, "the first columns").close_to(by_largest(reference.whiten(X)[:, :4].T).T, rtol=1e-4)


# --- iterators ------------------------------------------------------------------------------------------------------------

of_lists_and_iterators = pytest.mark.parametrize("make", [list, Source])


def endless(error="more than 500 items were taken, though a few would do"):
    """Return a source that has no end, as far as a function may go."""
    return Source(range(1, 501), error=RuntimeError(error))


def iterator_of(answer, name="the answer"):
    """Return the items of an answer one by one: it may be a list, too."""
    if not isinstance(answer, (Steps, list, tuple)) and not (isinstance(answer, np.ndarray) and answer.ndim):
        raise Mismatch("type", f"{name} should be a generator (yield the items), but it is {described(answer)}")
    return iter(answer)


def listed(answer, count):
    """Return at most the first `count` items of an answer."""
    return list(itertools.islice(iterator_of(answer), count))


def some(function, count, *args, **options):
    """Call a function, and return at most the first `count` items."""
    return listed(function.items(count, *args, **options), count)


def equal(wanted, item):
    """Tell whether an item is the wanted one."""
    if isinstance(wanted, (list, tuple)) and isinstance(item, type(wanted)):
        return len(wanted) == len(item) and all(map(equal, wanted, item))
    return item is None if wanted is None else same(wanted, item)


def as_lists(value):
    """Return lists in the place of tuples and arrays."""
    return [as_lists(item) for item in value] if isinstance(value, (list, tuple)) or np.ndim(value) else value


def are_numbers(items):
    """Tell whether all items are numbers such as those that go in."""
    return all(isinstance(item, (int, float, np.number)) and abs(item) < 1e6 for item in items)


def expect_items(found, right, name="the answer"):
    """Expect these items and no others."""
    got = tuple(map(described, found))  # a finding: a slip is named only by the same items
    for number, (item, wanted) in enumerate(zip(found, right, strict=False)):
        if not equal(wanted, item):
            raise Mismatch("value", f"item {number} of {name} is {described(item)}, expected {described(wanted)}", got)
    if len(found) != len(right):
        said = f"{name} has {'more than ' if len(found) > len(right) else 'only '}{min(len(found), len(right))} items"
        raise Mismatch("value", said, got)


def expect_taken(source, most, given):
    """Expect that at most so many items have been taken from a source."""
    if source.taken > most:
        said = f"{source.taken} items were taken before {f'item {given} was yielded' if given else 'any was asked for'}; {most} are enough"
        raise Mismatch("value", said, np.asarray(source.taken))


def expect_so_many(given, wanted, what):
    """Expect that so many items or lists have come."""
    if given < wanted:
        raise Mismatch("value", f"only {given} of {wanted} {what} were yielded")


class Lazy:
    """The tests of a generator ``on(student, source)``: it takes nothing before it is asked, it may never end, and any item is an item."""

    def any_item(self, student):
        """Return what comes of `ANYTHING`, and what is right."""
        raise NotImplementedError

    @corner("any item", 0.03)
    def test_any_item(self, student):
        """None, 0, an empty string or an array is an item as any other."""
        expect_items(*self.any_item(student))

    @corner("nothing is taken in advance", 0.03)
    def test_starts_when_asked(self, student):
        """Nothing is taken before the first item is asked for."""
        source = endless()
        answer = self.on(student, source)
        expect_taken(source, 0, 0)
        iterator_of(answer)


@exercise("batch")
class TestBatch(Lazy):
    def on(self, student, source):
        return student.batch(source, 3)

    def lists(self, student, count, *arguments, **options):
        """Return the first lists; each may be another sequence, a test of its own looks at that."""
        found = some(student.batch, count, *arguments, **options)
        return [list(one) if isinstance(one, tuple) or (isinstance(one, np.ndarray) and one.ndim) else one for one in found]

    @of_lists_and_iterators
    @aspect("full lists", 2.6)
    def test_lists(self, student, make):
        """The items of a list, or of an iterator, come in lists of batch_size, in order."""
        expect_items(self.lists(student, 3, make(range(1, 12)), 3), [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
        expect_items(self.lists(student, 2, make(range(21, 26)), 2), [[21, 22], [23, 24]])

    @aspect("the last list", 3.6)
    def test_last(self, student):
        """The last list has the items that are left."""
        for N, size, right in ((7, 3, [[1, 2, 3], [4, 5, 6], [7]]), (3, 5, [[1, 2, 3]])):
            expect_items(self.lists(student, 9, list(range(1, N + 1)), size), right)

    @of_lists_and_iterators
    @aspect("each item once", 6.8)
    def test_each_item_once(self, student, make):
        """Each item of a list, or of an iterator, is in one of the lists, in order, however long the lists are."""
        for N, size in ((7, 3), (6, 4)):
            found = as_lists(some(student.batch, N + 1, make(range(1, N + 1)), size))
            if not all(isinstance(one, list) and one for one in found[:-1]):
                raise Mismatch("type", f"batch should yield lists of items, but it yielded {described(found[:-1])}")
            items = [item for one in found for item in (one if isinstance(one, list) else [one])]
            expect_items(items, list(range(1, N + 1)), "all lists, one after the other,")

    @aspect("drop_remainder", 5.6)
    def test_drop_remainder(self, student):
        """With drop_remainder a last list that isn't full is left out."""
        for N, size, right in ((11, 4, [[1, 2, 3, 4], [5, 6, 7, 8]]), (2, 3, [])):
            expect_items(self.lists(student, 9, list(range(1, N + 1)), size, drop_remainder=True), right)

    @aspect("lazy", 4)
    def test_lazy(self, student):
        """The lists come while the items do: those of the next list at most are taken in advance."""
        source, given = Source(range(1, 41)), 0
        for given, _ in enumerate(itertools.islice(iterator_of(student.batch(source, 3)), 4), 1):
            expect_taken(source, 3 * given + 3, given)
            if source.taken < 3 * given:
                raise Mismatch("value", f"list {given} was yielded when only {source.taken} items had been taken")
        expect_so_many(given, 4, "lists")

    @corner("as soon as it is full", 0.05)
    def test_as_soon_as_it_is_full(self, student):
        """A list is yielded as soon as it is full, before another item is taken."""
        source, given = Source(range(1, 41)), 0
        for given, _ in enumerate(itertools.islice(iterator_of(student.batch(source, 4)), 3), 1):
            expect_taken(source, 4 * given, given)
        expect_so_many(given, 3, "lists")

    @corner("no empty list", 0.06)
    def test_multiple(self, student):
        """Where the last list is full, no empty one follows, with drop_remainder or without; of no items there are no lists."""
        expect_items(self.lists(student, 9, list(range(1, 7)), 3), [[1, 2, 3], [4, 5, 6]])
        expect_items(self.lists(student, 9, list(range(1, 7)), 2, True), [[1, 2], [3, 4], [5, 6]])
        expect_items(self.lists(student, 9, Source([]), 2), [])

    @aspect("a new list each time", 5.6)
    def test_new_lists(self, student):
        """Each list is a new one: those that were yielded before stay as they are."""
        found = some(student.batch, 1, student.batch(list(range(1, 7)), 2), 3)
        expect_items(as_lists(found), [[[1, 2], [3, 4], [5, 6]]], "what two batches in a row yield")

    @corner("lists", 0.05)
    def test_type(self, student):
        """What is yielded are lists."""
        for found in some(student.batch, 2, [1, 2, 3], 2):
            if not isinstance(found, list):
                raise Mismatch("type", f"each batch should be a list, but it is {described(found)}", (type(found).__name__,))

    @corner("items without an end", 0.03)
    def test_endless(self, student):
        """Where the items never end, the lists never end."""
        expect_items(self.lists(student, 2, endless(), 2), [[1, 2], [3, 4]])

    def any_item(self, student):
        return self.lists(student, 9, list(ANYTHING), 2), [list(ANYTHING[k : k + 2]) for k in range(0, len(ANYTHING), 2)]


def expect_equally_likely(draws, places, name):
    """Expect that each of the `places` was drawn about as often as the others."""
    draws = [draw if are_numbers([draw]) or draw is None else described(draw) for draw in draws]
    counts = np.array([draws.count(place) for place in places])
    if counts.sum() < len(draws):
        strange = next(draw for draw in draws if draw not in places)
        raise Mismatch("value", f"{name} is {described(strange)} in one of {len(draws)} runs, and can only be one of {list(places)}")
    expected = len(draws) / len(counts)
    if chdtrc(len(counts) - 1, float(np.sum((counts - expected) ** 2 / expected))) < P_LIMIT:
        shown = ", ".join(f"{place}: {count}" for place, count in zip(places, counts.tolist(), strict=True))
        raise Mismatch("value", f"{name} isn't drawn with equal probabilities: in {len(draws)} runs it is {shown}")


@exercise("shuffle_buffer")
class TestShuffleBuffer(Lazy):
    def on(self, student, source):
        return student.shuffle_buffer(source, 3, np.random.default_rng(8))

    def draws(self, student, rng, runs, count, N, size):
        """Return for each of several runs the first items out of 1 … N."""
        items, generator = list(range(1, N + 1)), np.random.default_rng(rng.integers(1 << 32))
        answers = [student.shuffle_buffer.items(count, items, size, generator) for _ in range(runs)]
        return [listed(answer, count) for answer in answers]

    @aspect("each item once", 18)
    def test_once(self, student, rng):
        """Each item comes out once, and nothing else, for several sizes of the buffer."""
        for N, size in ((23, 5), (6, 6), (8, 2)):
            found = self.draws(student, rng, 1, N + 2, N, size)[0]
            if not are_numbers(found):
                raise Mismatch("type", f"each item of shuffle_buffer should be one of the items, but it yielded {described(found)}")
            expect_items(sorted(found), list(range(1, N + 1)), "what was yielded, sorted,")

    @aspect("the first draw", 20)
    def test_first(self, student, rng):
        """The first item is drawn from the full buffer, each with the same probability, and isn't drawn again."""
        runs = self.draws(student, rng, 700, 2, 20, 3)
        expect_equally_likely([found[0] if found else None for found in runs], (1, 2, 3), "the first item")
        if any(len(found) == 2 and equal(*found) for found in runs):
            raise Mismatch("value", "the item that was drawn first is drawn once more")

    @aspect("the next item takes its place", 25)
    def test_next(self, student, rng):
        """What was drawn is replaced by the next item, which can be drawn at once; later ones can't be drawn yet."""
        size = 4
        found = self.draws(student, rng, 1, 400, 450, size)[0]
        if not are_numbers(found) or len(found) < 400 or any(item > number + size + 1 for number, item in enumerate(found)):
            raise Mismatch("value", "some of the items that were yielded can't have been in the buffer by then, or items are missing")
        new = np.mean([item == number + size for number, item in enumerate(found)])
        if not 0.12 < new < 0.46:
            raise Mismatch("value", f"what was drawn is the item that came into the buffer last in {new:.0%} of the draws, expected 25%")

    @aspect("the rest", 20)
    def test_rest(self, student, rng):
        """When the items have come to their end, the rest of the buffer comes in random order: here, three items for five places."""
        runs = self.draws(student, rng, 120, 5, 3, 5)
        for place, name in ((0, "the first item"), (2, "the last item")):
            drawn = [found[place] if len(found) == 3 else None for found in runs]
            expect_equally_likely(drawn, (1, 2, 3), f"{name} of three")
        if any(equal(one, other) for found in runs for one, other in itertools.combinations(found, 2)):
            raise Mismatch("value", "an item of three is drawn twice")

    @aspect("lazy", 17)
    def test_lazy(self, student):
        """It fills the buffer and then takes an item for each that it yields: at most n + buffer_size for n items, and hardly fewer."""
        source, size, given, found = Source(range(1, 41)), 5, 0, []
        answer = iterator_of(student.shuffle_buffer(source, size, np.random.default_rng(5)))
        for given, item in enumerate(itertools.islice(answer, 14), 1):
            if any(equal(item, before) for before in found):
                raise Mismatch("value", f"item {given} had been yielded before: what is drawn leaves the buffer")
            found.append(item)
            expect_taken(source, given + size, given)
            if source.taken < given + size - 1:
                raise Mismatch("value", f"item {given} was drawn from a buffer that wasn't full", np.asarray(source.taken))
        expect_so_many(given, 14, "items")

    @corner("random numbers from rng", 0.1)
    def test_draws_from_the_generator(self, student):
        """All random numbers come from rng: the same state gives the same order, and another state another one."""
        items = list(range(1, 41))
        try:
            answers = [student.shuffle_buffer.items(20, items, 20, np.random.default_rng(seed)) for seed in (TWO_SEEDS[0], *TWO_SEEDS)]
        except Raised:  # that says nothing about rng
            return
        first, again, other = (listed(answer, 20) for answer in answers)
        if not same(first, again):
            raise Mismatch("value", "the order differs between two generators in the same state, so not all random numbers come from rng")
        if same(first, other):
            raise Mismatch("value", "the order is the same for generators in different states, so it isn't drawn from rng")

    @corner("a buffer for one", 0.05)
    def test_one(self, student, rng):
        """With room for one item, the items keep their order."""
        expect_items(self.draws(student, rng, 1, 9, 6, 1)[0], [1, 2, 3, 4, 5, 6])

    @corner("an iterator", 0.04)
    def test_iterator(self, student, rng):
        """The items of an iterator, which has no length, come out as those of a list do; there may be none."""
        found = some(student.shuffle_buffer, 12, Source(range(1, 10)), 4, np.random.default_rng(rng.integers(1 << 32)))
        expect_items(sorted(found) if are_numbers(found) else found, list(range(1, 10)), "what was yielded, sorted,")
        expect_items(some(student.shuffle_buffer, 2, Source([]), 4, np.random.default_rng(1)), [])

    @corner("items without an end", 0.05)
    def test_endless(self, student, rng):
        """Where the items never end, what is yielded never ends."""
        found = some(student.shuffle_buffer, 6, endless(), 3, np.random.default_rng(rng.integers(1 << 32)))
        expect_so_many(len(found), 6, "items")

    def any_item(self, student):
        found = some(student.shuffle_buffer, 12, list(ANYTHING), 3, np.random.default_rng(4))
        return sorted(map(described, found)), sorted(map(described, ANYTHING)), "what was yielded, sorted,"


@exercise("interleave")
class TestInterleave(Lazy):
    def on(self, student, source):
        return student.interleave([source, Source([1])], 2)

    def expect_order(self, student, reference, sources, cycle_length, make=list, beyond=2):
        right = list(reference.interleave(sources, cycle_length))
        found = some(student.interleave, len(right) + beyond, [make(source) for source in sources], cycle_length)
        expect_items(found, right)

    @of_lists_and_iterators
    @aspect("each in turn", 3)
    def test_in_turn(self, student, reference, make):
        """Sources of the same length, lists or iterators, all open at once, give an item each in turn."""
        self.expect_order(student, reference, ([11, 12, 13], [21, 22, 23], [31, 32, 33]), 3, make, beyond=0)
        self.expect_order(student, reference, ([11, 12], [21, 22]), 2, make, beyond=0)

    @aspect("cycle_length", 2)
    def test_cycle(self, student, reference):
        """No more than cycle_length sources are open: the next ones come when all of the first have ended, where these are equally long."""
        self.expect_order(student, reference, ([11, 12], [21, 22], [31, 32], [41, 42]), 2)
        self.expect_order(student, reference, ([11, 12, 13], [21, 22, 23]), 1)

    @aspect("the slot of an ended source", 3)
    def test_replaced(self, student, reference):
        """Where a source has ended, the next unopened one takes its slot and has this turn."""
        self.expect_order(student, reference, ([11, 12, 13, 14, 15], [21], [31, 32, 33], [41, 42]), 2)
        self.expect_order(student, reference, ([11], [21, 22, 23, 24], [31, 32, 33, 34, 35], [41, 42, 43], [51]), 3)

    @aspect("slots without a source", 2)
    def test_gone(self, student, reference):
        """Where a source has ended and none is left, the others go on in turn."""
        self.expect_order(student, reference, ([11, 12, 13], [21], [31, 32], [41, 42, 43, 44]), 5)
        self.expect_order(student, reference, ([11], [21, 22, 23], [31, 32]), 4)

    @aspect("lazy", 3)
    def test_lazy(self, student):
        """No item of a source is taken before its turn: as many are taken as have been yielded."""
        sources, given = [Source(range(10 * k + 1, 10 * k + 10)) for k in range(3)], 0
        for given, _ in enumerate(itertools.islice(iterator_of(student.interleave(list(sources), 2)), 6), 1):
            taken = sum(source.taken for source in sources)
            if taken != given:
                raise Mismatch("value", f"when item {given} was yielded, {taken} items had been taken from the sources", np.asarray(taken))
        expect_so_many(given, 6, "items")

    @corner("empty sources", 0.06)
    def test_empty(self, student, reference):
        """An empty source is passed over at once; of no sources, nothing comes."""
        self.expect_order(student, reference, ([11, 12, 13], [21], [], [], [31, 32], [41]), 2)
        self.expect_order(student, reference, ([], [11], [], [], [12, 13]), 1)
        self.expect_order(student, reference, ([11, 12, 13], [21, 22, 23], [31], []), 3)
        self.expect_order(student, reference, ([], []), 3)

    @corner("sources from an iterator", 0.05)
    def test_sources_from_an_iterator(self, student, reference):
        """The sources may come from an iterator, which has no length; none is taken before an item is asked for."""
        sources = Source([[11, 12], [21], [31, 32], [41]])
        answer = student.interleave(sources, 2)
        if sources.taken:
            raise Mismatch("value", f"{sources.taken} sources were taken before an item was asked for")
        expect_items(listed(answer, 9), [11, 21, 12, 31, 41, 32])

    @corner("more slots than sources", 0.05)
    def test_many_slots(self, student, reference):
        """With more slots than sources, all sources are open."""
        self.expect_order(student, reference, ([11, 12], [21, 22]), 5)

    @corner("sources without an end", 0.04)
    def test_endless(self, student):
        """Where a source never ends, what is yielded never ends."""
        expect_items(some(student.interleave, 6, [endless(), [601, 602], endless()], 2), [1, 601, 2, 602, 3, 1])

    def any_item(self, student):
        found = some(student.interleave, 2 * len(ANYTHING) + 2, [list(ANYTHING), list(ANYTHING[::-1])], 2)
        return found, [item for pair in zip(ANYTHING, ANYTHING[::-1], strict=True) for item in pair]


# --- prefetch -------------------------------------------------------------------------------------------------------------


@contextmanager
def prefetched(student, items, size):
    """Call prefetch, and yield its answer with a limit for each step; close it at the end, whatever comes of that."""
    answer = student.prefetch(items, size)
    steps = answer.within(PATIENCE) if isinstance(answer, Steps) else iterator_of(answer, "what prefetch returns")
    try:
        yield steps
    finally:
        if isinstance(answer, Steps):
            with suppress(StudentError):
                answer.within(0.3).close()


def taken(steps, count):
    """Return at most so many of the next items."""
    return steps.take(count) if isinstance(steps, Steps) else list(itertools.islice(steps, count))


def expect_ahead(steps, source, count, given=1):
    """Expect that a thread takes so many items in all from the source, without being asked; the source has more of them."""
    if not isinstance(steps, Steps) or (
        given == 1 and steps.threads_end(0.0) and source.taken < count + 5
    ):  # one without a bound may have ended
        said = f"after item {given} was yielded, {source.taken} items have been taken, and there is no thread that takes the next ones"
        raise Mismatch("value", said, np.asarray(source.taken))
    if not steps.wait_for(source, count, PATIENCE):
        raise Mismatch(
            "value", f"after item {given} was yielded, the thread stops at {source.taken} items in all, expected {count} or more"
        )


@exercise("prefetch")
class TestPrefetch:
    @of_lists_and_iterators
    @aspect("in order", 3)
    def test_in_order(self, student, make):
        """The items of a list, or of an iterator, come in order."""
        with prefetched(student, make(range(1, 9)), 3) as steps:
            expect_items(taken(steps, 8), list(range(1, 9)))

    @aspect("the end", 4.5)
    def test_end(self, student):
        """Where the thread has taken items in advance, they come, and the others, and then the end."""
        source = Source(range(1, 10))
        with prefetched(student, source, 4) as steps:
            expect_items(list(itertools.islice(steps, 1)), [1])
            expect_ahead(steps, source, 2)
            expect_items(taken(steps, 10), list(range(2, 10)))

    @aspect("ahead", 5)
    def test_ahead(self, student):
        """From the first item on, a thread takes buffer_size items in advance, without being asked."""
        for size in (1, 5):
            source = endless()
            with prefetched(student, source, size) as steps:
                for given in (1, 2):
                    next(steps, None)
                    expect_ahead(steps, source, given + size, given)

    @aspect("the buffer's bound", 5)
    def test_bound(self, student):
        """The thread is never more than buffer_size + 1 items ahead, and goes on when there is room again."""
        source, size, furthest = endless(), 3, 0
        with prefetched(student, source, size) as steps:
            for given in range(1, 10):
                next(steps, None)
                expect_ahead(steps, source, given + 1, given)
                if given in (5, 9):  # only where the thread has had time, so that the mark doesn't depend on the moment
                    steps.wait_for(source, given + size + 2, 0.15)
                    furthest = max(furthest, source.taken - given)
        if furthest > size + 1:
            raise Mismatch("value", f"the thread is further ahead than {size + 1} items, with buffer_size={size}")

    def found_before(self, student, error):
        """Return what comes from items that end in an error, and the error that came, if one did."""
        source, found = Source(range(1, 8), error=error), []
        with prefetched(student, source, 3) as steps:
            try:
                for given in range(1, 11):
                    item = list(itertools.islice(steps, 1))
                    if given == 1:
                        expect_ahead(steps, source, 2)
                    found += item
            except Raised as raised:
                return found, raised
        return found, None

    @aspect("errors", 5)
    def test_error(self, student):
        """An exception of the items is raised at the consumer, and it is the same."""
        found, raised = self.found_before(student, FileNotFoundError("the third file is missing"))
        if raised is None:
            raise Mismatch("value", f"the FileNotFoundError of items was lost: {len(found)} items came, and then the end")
        if "FileNotFoundError" not in (raised.type_name, *raised.bases):
            raise raised
        if not found:
            raise Mismatch("value", "the FileNotFoundError came before the first item")

    @aspect("errors")
    def test_items_before_an_error(self, student):
        """The items before an exception come first, and then an exception."""
        found, raised = self.found_before(student, ArithmeticError("a broken number"))
        if raised is not None and raised.type_name == "TimeoutError":
            raise raised
        expect_items(found, list(range(1, 8)), "what came before the exception")
        if raised is None:
            raise Mismatch("value", "no exception came after the items, though items raise one")

    @aspect("an early stop", 2)
    def test_stop(self, student):
        """Where the consumer stops early, with close(), the thread ends."""
        source = endless()
        with prefetched(student, source, 2) as steps:
            next(steps, None)
            expect_ahead(steps, source, 2)
            steps.close()
            if not steps.threads_end(PATIENCE):
                raise Mismatch("value", "the consumer has stopped, and the thread still waits: it has to be told, and woken")

    @corner("after the end", 0.05)
    def test_after_the_end(self, student):
        """Asked again after its end, it has ended; and no thread is left, also where there were no items."""
        for items in ([1, 2, 3], []):
            with prefetched(student, items, 2) as steps:
                expect_items(taken(steps, 4), items)
                expect_items(list(itertools.islice(steps, 1)), [], "what came after the end")
                if isinstance(steps, Steps) and not steps.threads_end(PATIENCE):
                    raise Mismatch("value", "all items have been yielded, and a thread is still there")

    @corner("nothing is taken in advance of the first", 0.04)
    def test_starts_when_asked(self, student):
        """Nothing is taken before the first item is asked for."""
        source = endless()
        with prefetched(student, source, 2) as steps:
            if isinstance(steps, Steps):
                steps.wait_for(source, 1, 0.1)
            if source.taken:  # how many is a matter of chance
                raise Mismatch("value", "items were taken before any was asked for")
            next(steps, None)  # an iterator that has never been asked can't be closed

    @corner("any item", 0.06)
    def test_any_item(self, student):
        """None, 0, an empty string or an array is an item as any other."""
        items = [*ANYTHING, "end", ("end", None), (None, None), "error", ("error", None), None]
        with prefetched(student, items, 2) as steps:
            expect_items(taken(steps, len(items)), items)

    @corner("two at once", 0.05)
    def test_two_at_once(self, student):
        """Two of them at a time don't get in each other's way."""
        with prefetched(student, list(range(1, 5)), 2) as one, prefetched(student, list(range(11, 15)), 2) as other:
            found = [next(steps, None) for _ in range(4) for steps in (one, other)]
            expect_items(found, [k + shift for k in range(1, 5) for shift in (0, 10)])
