"""The hidden suite of lecture 6, gradient clipping.

Numbers are large, so that a small number in a denominator costs the test of short gradients alone. Most tests take an answer in another
form, too: flat arrays, a column, a tuple. In each exercise one aspect looks at the form: that of matrices, of the first norm, of the
length.
"""

from __future__ import annotations

import numpy as np

from autograder.kit.contracts import ArgumentsUnchanged, Float32, Integers, MemoryLayouts, array_in
from coursekit import aspect, corner, exercise, expect, worth
from coursekit.expectations import Mismatch

LARGE = 1e4
ROUNDING = 1e-5  # the tolerance of what is computed from answers, which may be 32-bit floats


# --- inputs, and parts of answers -----------------------------------------------------------------------------------------


def gradient(rng, *shape, size=LARGE):
    """Return entries of both signs, none of them near zero."""
    return size * rng.uniform(0.2, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def length(*arrays):
    """Return the norm of all entries of some arrays."""
    return float(np.sqrt(sum(np.sum(np.square(array, dtype=float)) for array in arrays)))


def entries(answer, shape, name):
    """Return an answer with the shape that is asked for; its form may be another one with as many numbers."""
    answer = np.zeros(0) if type(answer) is list and not answer else array_in(answer[0] if type(answer) is tuple and answer else answer)
    if isinstance(answer, np.ndarray) and answer.size == np.prod(shape, dtype=int):
        answer = answer.reshape(shape)
    expect(answer, name).shaped(shape)
    return np.asarray(answer)  # of its own dtype, on which the tolerance depends


def number(answer, name):
    """Return a number, which may be the single entry of an array or a list."""
    answer = array_in(list(answer) if isinstance(answer, tuple) else answer)
    return float(expect(answer.reshape(()) if isinstance(answer, np.ndarray) and answer.size == 1 else answer, name).shaped(()).answer)


def expect_multiple(found, grad, name):
    """Expect the array times a positive number below 1, and return this factor."""
    factor = np.sum(found * grad) / np.sum(grad**2)
    expect(found, name).close_to(factor * grad, ROUNDING, scale=float(np.max(np.abs(factor * grad))) or None)
    if not 0 < factor < 0.999:
        raise Mismatch("value", f"{name} is {factor:.6g} times as long as it was, and should be shortened")
    return factor


def expect_a_little_shorter(share, what):
    """Expect that what is 1 % outside the ball has this share of its length afterwards, but for a few percent."""
    if not 0.9 < share < 0.999:
        raise Mismatch("value", f"1 % outside the ball {what} should get a little shorter, and came out {share:.4g} times as long")


# --- a matrix, many times -------------------------------------------------------------------------------------------------


@exercise("repeated_product_norms")
class TestRepeatedProductNorms(ArgumentsUnchanged, Integers):
    def arguments(self, rng):
        return rng.normal(size=(4, 4)), rng.normal(size=4), 5

    def ask(self, student, *arguments):
        return array_in(getattr(student, self.exercise)(*arguments))

    def norms(self, answer):
        """Return the numbers of an answer, at least two of them."""
        found = array_in(list(answer) if isinstance(answer, tuple) else answer)
        found = expect(found.ravel() if isinstance(found, np.ndarray) else found, "the list of norms")
        if not isinstance(found.answer, np.ndarray) or found.answer.size < 2:
            raise Mismatch("type", "the answer should be a list or an array of steps + 1 norms")
        found.shaped(found.answer.shape)
        return found.answer

    def along(self, student, *rates, steps=5):
        """Return the norms for matrices with two eigenvalues: the first multiplies g at each step, the other what is orthogonal to it."""
        g, projection = np.array([3.0, 3.0, 3.0]), np.full((3, 3), 1 / 3)
        matrices = [rate * projection + other * (np.eye(3) - projection) for rate, other in rates]
        return [self.norms(answer) for answer in [student.repeated_product_norms(W, g, steps) for W in matrices]]

    @aspect("how many norms", 3.2)
    def test_count(self, student, rng):
        """There are steps + 1 numbers, with the norm of g itself, and they differ."""
        counts = 1, 2, 7
        answers = [student.repeated_product_norms(rng.normal(size=(3, 3)), rng.normal(size=3), steps) for steps in counts]
        for steps, answer in zip(counts, answers, strict=True):
            for norm in expect(answer, f"the answer for {steps} steps").items(*(f"norm {k}" for k in range(steps + 1))):
                expect(norm, "each of its items").shaped(())
            if np.unique(np.array(answer, dtype=float)).size == 1:
                raise Mismatch("value", "all norms are the same number")

    @aspect("the norm of g", 1.4)
    def test_first(self, student, rng):
        """The first number is the norm of g."""
        g = gradient(rng, 5, size=10.0)
        found = self.norms(student.repeated_product_norms(rng.normal(size=(5, 5)), g, 4))
        expect(found[0], "the first norm").close_to(length(g), ROUNDING)

    @aspect("growing and vanishing", 2)
    def test_trend(self, student):
        """Where W makes g longer, every norm is larger than the one before; where it makes g shorter, smaller."""
        for rate, found in zip((2.0, 0.5), self.along(student, (2.0, 0.5), (0.5, 1.2)), strict=True):
            changes = np.where(np.abs(np.diff(found)) < 1e-6 * np.max(np.abs(found)), 0, np.diff(found))
            expected = np.full(len(changes), np.sign(rate - 1))
            expect(np.sign(changes), f"the signs of the changes, where W multiplies g by {rate},").close_to(expected)

    @aspect("the same factor at each step", 2)
    def test_rates(self, student):
        """Where W multiplies g by a number, each norm is that many times the one before, whatever its sign."""
        for rate, found in zip((1.5, -0.4), self.along(student, (1.5, 2.0), (-0.4, 0.6)), strict=True):
            ratios = found[1:] / np.where(found[:-1] == 0, 1, found[:-1])
            name = f"each norm divided by the one before, where W multiplies g by {rate},"
            expect(ratios, name).close_to(np.full(len(ratios), abs(rate)), ROUNDING)

    @aspect("the spectral radius", 0.8)
    def test_spectral_radius(self, student):
        """In the end the norms grow by the largest eigenvalue of a symmetric matrix at each step."""
        W = np.array([[0.5, 1.0, 0.0], [1.0, 1.0, 0.2], [0.0, 0.2, -0.6]])
        found = self.norms(student.repeated_product_norms(W, np.array([2.0, -1.0, 3.0]), 60))
        ratio = found[-1] / (found[-2] or 1.0)
        expect(ratio, "the last norm divided by the one before").close_to(np.max(np.linalg.eigvalsh(W)), ROUNDING)

    @aspect("a matrix that isn't symmetric", 5.1)
    def test_values(self, student, reference, rng):
        """All norms are right for a random matrix, which is another one than its transpose."""
        matrices = [(rng.normal(size=(n, n)), rng.normal(size=n), steps) for n, steps in ((2, 3), (5, 6))]
        for arguments, answer in zip(matrices, [student.repeated_product_norms(*each) for each in matrices], strict=True):
            expect(self.norms(answer), "the list of norms").close_to(np.array(reference.repeated_product_norms(*arguments)))

    @corner("no step at all", 0.08)
    def test_no_step(self, student):
        """With steps = 0 the answer has one number, the norm of g."""
        answer = student.repeated_product_norms(np.eye(2), np.array([6.0, 8.0]), 0)
        expect(number(answer, "the only norm"), "the only norm").close_to(10.0)

    @corner("larger than an integer", 0.08)
    def test_large(self, student):
        """Integers are multiplied until they are larger than the largest integer, without an overflow."""
        answer = student.repeated_product_norms(np.array([[3, 0], [0, 1]]), np.array([1, 1]), 40)
        expect(self.norms(answer)[-1], "the norm after 40 steps").close_to(3.0**40, ROUNDING)


# --- one array ------------------------------------------------------------------------------------------------------------


class ClipsAnArray(ArgumentsUnchanged, Integers):
    """What is expected of a function that clips one array, whichever way."""

    size = 3.0

    def arguments(self, rng):
        return gradient(rng, 3, 4, size=self.size), 1.3

    def ask(self, student, *arguments):
        return array_in(getattr(student, self.exercise)(*arguments))

    def clipped(self, student, *calls):
        """Call the function, and return the answers."""
        answers = [getattr(student, self.exercise)(*arguments) for arguments in calls]
        return [entries(answer, grad.shape, "what was clipped") for answer, (grad, _) in zip(answers, calls, strict=True)]

    def expect_clipped(self, student, reference, *calls):
        """Expect the right answers, as arrays of the right shapes."""
        answers = [getattr(student, self.exercise)(*arguments) for arguments in calls]
        for (grad, limit), found in zip(calls, answers, strict=True):
            name = f"what was clipped, of shape {grad.shape} and with the limit {limit:g},"
            expect(found, name).close_to(getattr(reference, self.exercise)(grad, limit))

    @corner("0-dimensional and empty arrays", 0.05)
    def test_odd_shapes(self, student, rng):
        """A 0-dimensional and an empty array have an answer of their own shape."""
        for shape, answer in [(shape, getattr(student, self.exercise)(np.full(shape, 0.25), 3.0)) for shape in ((), (0,), (2, 0))]:
            expect(entries(answer, shape, f"the answer for the shape {shape}")).close_to(np.full(shape, 0.25))


@exercise("clip_by_value")
class TestClipByValue(ClipsAnArray, Float32, MemoryLayouts):
    @aspect("entries inside", 2)
    def test_inside(self, student, rng):
        """Entries between −limit and limit stay as they are."""
        grad = np.append(rng.uniform(-0.9, 0.9, 6), [0.0, 1.0, -1.0])
        expect(self.clipped(student, (grad, 1.0))[0], "what was clipped").close_to(grad)

    @aspect("entries above the limit", 2)
    def test_above(self, student, rng):
        """Entries above limit become limit."""
        grad = rng.uniform(1.2, 4.0, 6)
        expect(self.clipped(student, (grad, 1.0))[0], "what was clipped").close_to(np.ones(6))

    @aspect("entries below −limit", 2)
    def test_below(self, student, rng):
        """Entries below −limit become −limit."""
        grad = rng.uniform(-4.0, -1.2, 6)
        expect(self.clipped(student, (grad, 1.0))[0], "what was clipped").close_to(-np.ones(6))

    @aspect("other limits, other shapes", 2.1)
    def test_values(self, student, reference, rng):
        """Arrays of two and three axes are clipped to other limits than 1, and keep their shapes."""
        self.expect_clipped(student, reference, (rng.normal(0, 3, (4, 5)), 0.37), (rng.normal(0, 3, (2, 3, 4)), 3))


@exercise("clip_by_norm")
class TestClipByNorm(ClipsAnArray):
    integer_type, size = np.int16, 100.0  # squares of integers overflow

    @aspect("the direction", 3)
    def test_direction(self, student, rng):
        """A gradient that is longer than max_norm gets shorter, and keeps its direction."""
        calls = [(gradient(rng, size), limit) for size, limit in ((5, 0.1 * LARGE), (30, 0.02 * LARGE))]
        for (grad, _), found in zip(calls, self.clipped(student, *calls), strict=True):
            expect_multiple(found, grad, "what was clipped")

    @aspect("the length", 3)
    def test_length(self, student, rng):
        """A gradient that is longer than max_norm has the norm max_norm afterwards."""
        calls = [(gradient(rng, size), limit) for size, limit in ((5, 0.4 * LARGE), (12, 3.0))]
        for (_, limit), found in zip(calls, self.clipped(student, *calls), strict=True):
            expect(length(found), "the norm of what was clipped").close_to(limit, ROUNDING)

    @aspect("inside or outside", 3)
    def test_when(self, student, rng):
        """A gradient just inside the ball, or on it, stays as it is, and one just outside gets a little shorter."""
        grad = gradient(rng, 6)
        calls = (grad, 1.01 * length(grad)), (np.array([3e3, -4e3]), 5e3), (grad, 0.99 * length(grad))
        inside, on, outside = self.clipped(student, *calls)
        expect(inside, "a gradient just inside the ball").close_to(grad)
        expect(on, "a gradient on the ball").close_to(np.array([3e3, -4e3]))
        expect_a_little_shorter(length(outside) / length(grad), "the gradient")

    @aspect("other shapes", 3)
    def test_shapes(self, student, reference, rng):
        """An array of two or three axes is clipped by the norm of all its entries, and keeps its shape."""
        self.expect_clipped(student, reference, (gradient(rng, 4, 5), 0.5 * LARGE), (gradient(rng, 2, 3, 4), 7))

    @corner("zero", 0.07)
    def test_zero(self, student):
        """A gradient of zeros stays zero."""
        expect(self.clipped(student, (np.zeros((2, 3)), 0.5))[0], "what was clipped").close_to(np.zeros((2, 3)))

    @corner("short gradients", 0.08)
    def test_short(self, student, reference, rng):
        """A gradient as short as 1e-11 is clipped to 1e-12 exactly: nothing is added to the denominator."""
        calls = (gradient(rng, 4, size=1e-11), 1e-12), (gradient(rng, 4, size=1e-6), 1e-7)
        for arguments, found in zip(calls, self.clipped(student, *calls), strict=True):
            expect(found, "what was clipped").close_to(reference.clip_by_norm(*arguments))


# --- angles ---------------------------------------------------------------------------------------------------------------


def at_angle(rng, cosine, size=6):
    """Return two unit vectors whose angle has this cosine."""
    one, other = np.linalg.qr(rng.normal(size=(size, 2)))[0].T
    return one, cosine * one + np.sqrt(1 - cosine**2) * other


@exercise("cosine_similarity")
class TestCosineSimilarity(ArgumentsUnchanged, Integers):
    integer_type = np.int16

    def arguments(self, rng):
        return gradient(rng, 3, 4, size=100.0), gradient(rng, 3, 4, size=100.0)

    def cosines(self, student, pairs):
        """Return the answers for pairs of vectors."""
        return np.array([number(answer, "the cosine") for answer in [student.cosine_similarity(a, b) for a, b in pairs]])

    @aspect("the sign", 2)
    def test_sign(self, student, rng):
        """The cosine is positive below 90°, zero at 90° and negative above."""
        pairs = [(2e3 * a, 5e2 * b) for a, b in (at_angle(rng, cosine) for cosine in (0.7, 0.1, 0.0, -0.2, -0.9))]
        found = self.cosines(student, pairs)
        scale = np.max(np.abs(found)) or 1.0
        expect(np.sign(np.where(np.abs(found) < 1e-6 * scale, 0.0, found)), "the cosines' signs").close_to([1.0, 1.0, 0.0, -1.0, -1.0])

    def expect_same_for_lengths(self, student, rng, lengthened):
        pairs = [at_angle(rng, cosine) for cosine in (0.8, 0.3, -0.5)]
        first, second = (self.cosines(student, [lengthened(size, a, b) for a, b in pairs]) for size in (1e3, 2.5e3))
        expect(second, "the cosines, with one vector 2.5 times as long,").close_to(first, ROUNDING)
        if np.ptp(first) < 1e-3:
            raise Mismatch("value", "the answer is the same for vectors at different angles")

    @aspect("the length of a", 1.5)
    def test_length_of_a(self, student, rng):
        """The cosine depends on the angle, and not on the length of a."""
        self.expect_same_for_lengths(student, rng, lambda size, a, b: (size * a, 1e3 * b))

    @aspect("the length of b", 1.5)
    def test_length_of_b(self, student, rng):
        """The cosine depends on the angle, and not on the length of b."""
        self.expect_same_for_lengths(student, rng, lambda size, a, b: (1e3 * a, size * b))

    @aspect("vectors of length 1", 2)
    def test_unit_vectors(self, student, rng):
        """The cosine of two vectors of length 1 is right."""
        cosines = [0.85, -0.35, 0.05]
        expect(self.cosines(student, [at_angle(rng, cosine) for cosine in cosines]), "the cosines").close_to(cosines, ROUNDING)

    @aspect("the values", 3)
    def test_values(self, student, reference, rng):
        """The cosine of two vectors of any length is right."""
        pairs = [(gradient(rng, size), 0.1 * gradient(rng, size) + 0.3 * LARGE) for size in (1, 2, 9, 50)]
        found = self.cosines(student, pairs)
        expect(found, "the cosines").close_to(np.array([reference.cosine_similarity(*pair) for pair in pairs]), ROUNDING)

    @aspect("matrices", 3)
    def test_matrices(self, student, reference, rng):
        """Arrays of two and three axes are read as one long vector each; the answer is a single number."""
        pairs = [(gradient(rng, *shape), gradient(rng, *shape) + LARGE) for shape in ((3, 3), (4, 2), (2, 3, 4))]
        for pair, found in zip(pairs, [student.cosine_similarity(*pair) for pair in pairs], strict=True):
            expect(found, f"the cosine of arrays of shape {pair[0].shape}").close_to(reference.cosine_similarity(*pair))

    @corner("zero", 0.1)
    def test_zero(self, student, rng):
        """With a vector of zeros as a, the answer is 0.0."""
        expect(self.cosines(student, [(np.zeros(4), gradient(rng, 4)), (np.zeros(3), np.zeros(3))]), "the answers").close_to(np.zeros(2))

    @corner("zero")
    def test_zero_as_b(self, student, rng):
        """With a vector of zeros as b, the answer is 0.0."""
        expect(self.cosines(student, [(gradient(rng, 4), np.zeros(4))]), "the answers").close_to(np.zeros(1))

    @corner("short vectors", 0.1)
    def test_short(self, student, reference, rng):
        """Vectors as short as 1e-11 have a cosine like all others: nothing is added to the denominator."""
        pairs = [(gradient(rng, 4, size=one), gradient(rng, 4, size=other)) for one, other in ((1e-11, 1e-11), (1e-5, 1.0), (1.0, 1e-9))]
        expect(self.cosines(student, pairs), "the cosines").close_to(
            np.array([reference.cosine_similarity(*pair) for pair in pairs]), ROUNDING
        )


# --- all parameters -------------------------------------------------------------------------------------------------------


SHAPES = (3, 4), (4,), (2, 3, 2)


def listed_in(answer, shapes):
    """Return the list of clipped arrays of an answer, also where it is returned alone, or is the second item, or one long vector."""
    if isinstance(answer, (list, tuple)) and len(answer) == 2:
        answer = next((item for item in answer if isinstance(item, (list, tuple))), answer[0])
    sizes = [int(np.prod(shape)) for shape in shapes]
    if isinstance(answer, np.ndarray) and answer.shape == (sum(sizes),):
        answer = np.split(answer, np.cumsum(sizes)[:-1])
    return expect(answer, "clipped").items(*(f"clipped[{index}]" for index in range(len(shapes))))


def arrays_of(answer, shapes):
    """Return the clipped arrays of an answer, with the shapes that are asked for."""
    return [
        entries(array, shape, f"clipped[{index}]")
        for index, (array, shape) in enumerate(zip(listed_in(answer, shapes), shapes, strict=True))
    ]


def norm_of(answer):
    """Return the second item of an answer."""
    return expect(answer, "what clip_by_global_norm returns").items("clipped", "norm")[1]


@exercise("clip_by_global_norm")
class TestClipByGlobalNorm(ArgumentsUnchanged, Integers):
    integer_type = np.int16

    def gradients(self, rng, size=LARGE, shapes=SHAPES):
        """Return arrays whose sizes differ."""
        return [gradient(rng, *shape, size=size * factor) for shape, factor in zip(shapes, (1.0, 3.0, 0.2), strict=False)]

    def arguments(self, rng):
        return self.gradients(rng, 100.0), 1.3

    def ask(self, student, *arguments):
        return arrays_of(student.clip_by_global_norm(*arguments), [grad.shape for grad in arguments[0]])

    def clipped(self, student, *calls):
        answers = [student.clip_by_global_norm(*arguments) for arguments in calls]
        return [arrays_of(answer, [grad.shape for grad in grads]) for answer, (grads, _) in zip(answers, calls, strict=True)]

    def expect_clipped(self, student, reference, *calls):
        for (grads, max_norm), found in zip(calls, self.clipped(student, *calls), strict=True):
            for index, (array, right) in enumerate(zip(found, reference.clip_by_global_norm(grads, max_norm)[0], strict=True)):
                expect(array, f"clipped[{index}]").close_to(right)

    @worth(2.6)
    @aspect("the norm", 3.2)
    def test_norm(self, student, rng):
        """The norm is that of all entries together, before they are clipped."""
        grads = self.gradients(rng)
        expect(norm_of(student.clip_by_global_norm(grads, 0.1 * LARGE)), "norm").close_to(length(*grads))

    @worth(0.6)
    @aspect("the norm")
    def test_norm_inside(self, student, rng):
        """The norm is that of all entries together, where nothing is clipped."""
        grads = self.gradients(rng)
        expect(norm_of(student.clip_by_global_norm(grads, 100 * LARGE)), "norm").close_to(length(*grads))

    @aspect("inside or outside", 2.4)
    def test_when(self, student, rng):
        """The arrays stay as they are where the norm of all is just below max_norm, and get a little shorter where it is just above."""
        grads = self.gradients(rng)
        inside, outside = self.clipped(student, *((grads, share * length(*grads)) for share in (1.01, 0.99)))
        for index, (array, grad) in enumerate(zip(inside, grads, strict=True)):
            expect(array, f"clipped[{index}] just inside the ball").close_to(grad)
        expect_a_little_shorter(length(*outside) / length(*grads), "all arrays together")

    @aspect("one factor for all", 3)
    def test_one_factor(self, student, rng):
        """Outside the ball all arrays get shorter by the same factor."""
        calls = [(self.gradients(rng), max_norm) for max_norm in (0.3 * LARGE, 20.0)]
        for (grads, _), found in zip(calls, self.clipped(student, *calls), strict=True):
            factors = [expect_multiple(array, grad, f"clipped[{k}]") for k, (array, grad) in enumerate(zip(found, grads, strict=True))]
            expect(np.array(factors), "the factors of the arrays").close_to(np.full(len(factors), factors[0]), ROUNDING)

    @aspect("the length", 3)
    def test_length(self, student, rng):
        """Outside the ball the norm of all arrays together is max_norm afterwards, and each array has its shape."""
        calls = [(self.gradients(rng), max_norm) for max_norm in (0.3 * LARGE, 20)]
        for (_, max_norm), answer in zip(calls, [student.clip_by_global_norm(*arguments) for arguments in calls], strict=True):
            arrays = enumerate(zip(listed_in(answer, SHAPES), SHAPES, strict=True))
            found = [expect(array, f"clipped[{index}]").shaped(shape).answer for index, (array, shape) in arrays]
            expect(length(*found), "the norm of what was clipped").close_to(max_norm, ROUNDING)

    @corner("a list of one", 0.05)
    def test_list_of_one(self, student, reference, rng):
        """A list of a single array is clipped like any other."""
        answers = [student.clip_by_global_norm([grad], 50.0) for grad in (gradient(rng, 5), gradient(rng, 3, 2))]
        for answer, shape in zip(answers, ((5,), (3, 2)), strict=True):
            expect(length(*arrays_of(answer, [shape])), "the norm of what was clipped").close_to(50.0, ROUNDING)

    @corner("0-dimensional and empty arrays", 0.05)
    def test_odd_shapes(self, student, reference, rng):
        """Arrays with no axis and arrays with no entry are legal."""
        grads = [np.array(-2.0 * LARGE), np.zeros((0, 3)), gradient(rng, 3)]
        self.expect_clipped(student, reference, (grads, 3.0))

    @corner("zero", 0.05)
    def test_zero(self, student):
        """Where all gradients are zero, they stay zero."""
        grads = [np.zeros((2, 2)), np.zeros(3), np.zeros(1)]
        answer = student.clip_by_global_norm(grads, 0.5)
        for index, (array, grad) in enumerate(zip(arrays_of(answer, [grad.shape for grad in grads]), grads, strict=True)):
            expect(array, f"clipped[{index}]").close_to(grad)

    @corner("short gradients", 0.05)
    def test_short(self, student, reference, rng):
        """Gradients as short as 1e-11 are clipped to 1e-12 exactly: nothing is added to the denominator."""
        self.expect_clipped(student, reference, (self.gradients(rng, 1e-11), 1e-12), (self.gradients(rng, 1e-6), 1e-7))
