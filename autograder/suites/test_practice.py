"""The hidden suite of lecture 14, practice."""

from __future__ import annotations

import numpy as np

from autograder.kit.contracts import (
    ArgumentsUnchanged,
    Backward,
    Integers,
    IntegersBesideFractions,
    MemoryLayouts,
    NoMemory,
    agree,
    array_in,
    both,
    out_of,
)
from coursekit import aspect, corner, exercise, expect, expect_unchanged, worth
from coursekit.capstone import new_digits
from coursekit.expectations import Mismatch
from coursekit.public.test_practice import classifier, expect_accuracy, labels_in
from coursekit.streams import ReturnedFunction
from coursekit.student import Raised

CODES = ("q", "scale", "zero_point")
SEEDS = (8424476849473477213514456533, 58210290709591323392595363352)
"""The seeds of the digits by which the capstone is marked: 96 random bits, for `new_digits` is public, and a small one soon guessed."""


def number(answer, name):
    """Return an answer that is a number; it may be the only entry of an array or of a list."""
    answer = answer[0] if isinstance(answer, (list, tuple)) and len(answer) == 1 else answer
    answer = answer.reshape(()) if isinstance(answer, np.ndarray) and answer.size == 1 else answer
    return float(expect(answer, name).shaped(()).answer)


def of_shape(answer, shape, name):
    """Return an answer as an array of floats of this shape; it may be a list, or have lost its shape: a test of its own looks at that."""
    answer = array_in(answer)
    if isinstance(answer, np.ndarray) and answer.size == np.prod(shape, dtype=int):
        answer = answer.reshape(shape)
    return expect(answer, name).shaped(shape).answer


# --- quantize ---------------------------------------------------------------------------------------------------------------


def weights(rng, *shape, low=-1.27, high=2.1):
    """Return numbers between two bounds, both of which occur."""
    W = rng.uniform(low, high, shape)
    W.flat[[0, -1]] = low, high
    return W


def three(answer):
    """Return the items of what quantize answered; it may be a dictionary: a test of its own looks at that."""
    return expect(list(answer.values()) if isinstance(answer, dict) else answer, "what quantize returns").items(*CODES)


@exercise("quantize")
class TestQuantize(ArgumentsUnchanged, Integers):
    integer_type = np.int8  # the range of 249 doesn't fit into it

    def arguments(self, rng):
        return weights(rng, 4, 3, low=-41.0, high=42.0), 8

    def item(self, student, which, *calls):
        """Return q (0), scale (1) or zero_point (2) of the answers to some calls, as floats; q may have been returned alone."""
        answers = [student.quantize(*arguments) for arguments in calls]
        items = [three(answer)[which] if which else out_of(answer) for answer in answers]
        if which:
            return [number(item, CODES[which]) for item in items]
        return [of_shape(item, np.shape(W), "q") for item, (W, *_) in zip(items, calls, strict=True)]

    def expect_codes(self, student, reference, *calls):
        """Expect the right codes, or their neighbours."""
        for q, arguments in zip(self.item(student, 0, *calls), calls, strict=True):
            apart = np.abs(q - reference.quantize(*arguments)[0])
            if apart.max() > 1.5:
                raise Mismatch("value", f"q is {apart.max():.6g} away from the right code, where a rounded number is at most 1 away", q)

    def expect_back(self, student, *calls):
        """Expect that (q − zero_point)·scale is W again, up to half a step of the largest scale that is allowed, and return q."""
        answers = [student.quantize(*arguments) for arguments in calls]
        for answer, (W, *bits) in zip(answers, calls, strict=True):
            q, scale, zero_point = three(answer)
            back = (of_shape(q, W.shape, "q") - number(zero_point, "zero_point")) * number(scale, "scale")
            half = np.ptp(W.astype(float)) / (2 ** (bits or [8])[0] - 1) / 2
            error = float(np.max(np.abs(back - W), initial=0.0))
            if error > half * (1 + 1e-6) + 1e-9 * np.max(np.abs(W), initial=0.0):
                raise Mismatch("value", f"(q − zero_point)·scale is {error:.6g} away from W; at most half a step, {half:.6g}, is allowed")

    def expect_within(self, student, *calls):
        """Expect codes from 0 to 2^bits − 1."""
        for q, (_, bits) in zip(self.item(student, 0, *calls), calls, strict=True):
            expect(q, "q").within(0, 2**bits - 1)

    @aspect("the scale", 1.5)
    def test_scale(self, student, reference, rng):
        """With 8 bits, scale is the range of W over 255, where W has both signs."""
        calls = [(weights(rng, 30), 8), (weights(rng, 5, 6, low=-0.4, high=0.9), 8)]
        for scale, arguments in zip(self.item(student, 1, *calls), calls, strict=True):
            expect(scale, "scale").close_to(reference.quantize(*arguments)[1], rtol=1e-6)

    @aspect("the zero point", 1.5)
    def test_zero_point(self, student, reference, rng):
        """zero_point is the code that stands for 0, where W has both signs."""
        calls = [(weights(rng, 30), 8), (weights(rng, 20, low=-5.3, high=1.2), 8)]
        for zero_point, arguments in zip(self.item(student, 2, *calls), calls, strict=True):
            expect(zero_point, "zero_point").close_to(reference.quantize(*arguments)[2])

    @aspect("the codes, up to rounding", 3)
    def test_codes(self, student, reference, rng):
        """With 8 bits, q runs from 0 for the smallest entry to 255 for the largest, in equal steps (up to rounding)."""
        self.expect_codes(student, reference, (weights(rng, 40), 8), (weights(rng, 5, 6, low=-0.7, high=3.9), 8))

    @aspect("weights of one sign", 1.8)
    def test_one_sign(self, student, reference, rng):
        """Where all weights are positive, or all negative, the codes still run from 0 to 255 (up to rounding)."""
        self.expect_codes(student, reference, (weights(rng, 20, low=0.9, high=3.7), 8), (weights(rng, 4, 5, low=-5.3, high=-1.1), 8))

    @aspect("the nearest code", 1.5)
    def test_nearest(self, student, reference, rng):
        """Each entry gets the code that is nearest to it: q = round(W/scale) + zero_point."""
        calls = [(weights(rng, 60), 8), (weights(rng, 8, 9, low=-0.4, high=1.7), 8)]
        for q, (W, bits) in zip(self.item(student, 0, *calls), calls, strict=True):
            expect(q, "q").close_to(reference.quantize(W, bits)[0], rtol=1e-4)

    @aspect("other numbers of bits", 2.5)
    def test_bits(self, student, reference, rng):
        """With 3, 6 and 12 bits there are 8, 64 and 4096 codes (up to rounding)."""
        self.expect_codes(student, reference, *((weights(rng, 40, low=-1.1, high=1.8), bits) for bits in (3, 6, 12)))

    @aspect("the way back", 1.5)
    def test_way_back(self, student, rng):
        """(q − zero_point)·scale is W again, up to half a step."""
        self.expect_back(student, (weights(rng, 60), 8), (weights(rng, 6, 5, low=-0.3, high=2.9), 8))

    @corner("the form", 0.04)
    def test_form(self, student, rng):
        """The answer is (q, scale, zero_point): q in the shape of W, scale and zero_point single numbers."""
        q, scale, zero_point = expect(student.quantize(weights(rng, 2, 3, 4), 5), "what quantize returns").items(*CODES)
        expect(q, "q").shaped((2, 3, 4))
        for item, name in ((scale, "scale"), (zero_point, "zero_point")):
            expect(item, name).shaped(())

    @corner("the form")
    def test_dtype(self, student, rng):
        """q has a dtype of integers."""
        q, _, _ = expect(student.quantize(weights(rng, 5), 7), "what quantize returns").items(*CODES)
        if isinstance(q, np.ndarray) and q.dtype.kind not in "iu":
            raise Mismatch("dtype", f"q has dtype {q.dtype}; it should be one of integers, such as np.uint8, or nothing is saved")

    @worth(0.4)
    @aspect("weights of one sign")
    def test_one_sign_back(self, student, rng):
        """Where all weights have one sign, (q − zero_point)·scale is W again, up to half a step: zero_point may lie outside the codes."""
        self.expect_back(student, (weights(rng, 20, low=0.9, high=3.7), 8), (weights(rng, 4, 5, low=-5.3, high=-1.3), 6))

    @corner("constant arrays", 0.04)
    def test_constant(self, student, rng):
        """Arrays whose entries are all alike come back exactly."""
        calls = [(np.full(shape, value), bits) for shape, value, bits in (((2, 3), 0.7, 8), ((4,), -1.3, 8), ((), -0.2, 5), ((1,), 0.4, 1))]
        self.expect_back(student, *calls)

    @corner("constant arrays")
    def test_zeros(self, student):
        """An array of zeros comes back as zeros."""
        self.expect_back(student, (np.zeros((2, 3)), 8), (np.zeros(1), 4))

    @corner("empty arrays", 0.03)
    def test_empty(self, student):
        """An empty array has an empty q of its shape, a finite scale and a finite zero_point."""
        for shape, answer in [(shape, student.quantize(np.zeros(shape), 8)) for shape in ((0,), (3, 0))]:
            q, scale, zero_point = three(answer)
            expect(q, "q").shaped(shape)
            number(scale, "scale"), number(zero_point, "zero_point")

    @corner("the ends of the range", 0.03)
    def test_ends(self, student):
        """Codes lie from 0 to 2^bits − 1, also where both ends lie half way between multiples of scale, or all entries are alike."""
        calls = [(np.array([-half, 0.1, half]) / 4, bits) for half, bits in ((127.5, 8), (7.5, 4), (2047.5, 12))]
        self.expect_back(student, *calls)
        self.expect_within(student, *calls, (np.full(4, -0.2), 8), (np.full(1, 0.4), 1))

    @corner("1 and 16 bits", 0.03)
    def test_few_and_many_bits(self, student, rng):
        """With 1, 9 and 16 bits W comes back up to half a step, and no code is larger than 2^bits − 1."""
        calls = [(weights(rng, 70, low=-1.9, high=0.7), bits) for bits in (1, 9, 16)]
        self.expect_back(student, *calls)
        self.expect_within(student, *calls)

    @corner("the default of bits", 0.03)
    def test_default(self, student, rng):
        """Without a number of bits there are 8, so the largest entry has the code 255."""
        W = weights(rng, 30)
        (q,) = self.item(student, 0, (W,))
        if abs(q[-1] - 255) > 1.5:
            raise Mismatch("value", f"the code of the largest entry is {q[-1]:.6g}, expected 255", q)


@exercise("dequantize")
class TestDequantize(ArgumentsUnchanged):
    def arguments(self, rng):
        return rng.integers(0, 256, (3, 4)), 0.02, 117

    def expect_weights(self, student, reference, *calls):
        for answer, arguments in zip([student.dequantize(*arguments) for arguments in calls], calls, strict=True):
            right = reference.dequantize(*arguments)
            expect(of_shape(answer, right.shape, "the answer"), "the answer").close_to(right)

    @aspect("the scale", 0.9)
    def test_scale(self, student, reference, rng):
        """With zero_point = 0, each code is multiplied by scale."""
        self.expect_weights(student, reference, (rng.integers(1, 256, 9), 0.37, 0), (rng.integers(1, 16, 5), 2.5, 0))

    @aspect("the zero point", 2.1)
    def test_zero_point(self, student, reference, rng):
        """With scale = 1, zero_point is taken from each code; here all codes are larger."""
        self.expect_weights(student, reference, (rng.integers(80, 256, 9), 1.0, 71), (rng.integers(10, 16, 5), 1.0, 9))

    @aspect("both", 4)
    def test_both(self, student, reference, rng):
        """zero_point is taken away first, and then comes the scale."""
        self.expect_weights(student, reference, (rng.integers(0, 256, (4, 5)), 0.013, 140), (rng.integers(0, 4, 8), 3.5, 2))

    @aspect("zero points outside the codes", 1)
    def test_outside(self, student, reference, rng):
        """zero_point may be negative, or larger than any code."""
        self.expect_weights(student, reference, (rng.integers(0, 256, 6), 0.3, -60), (rng.integers(0, 256, 6), 0.02, 400))

    @corner("unsigned integers", 0.2)
    def test_unsigned(self, student, reference, rng):
        """Codes of dtype np.uint8 and np.uint16 give the same numbers as other integers: a difference may be negative."""
        small, large = rng.integers(0, 256, (3, 4)).astype(np.uint8), rng.integers(0, 1 << 16, 7).astype(np.uint16)
        self.expect_weights(student, reference, (small, 0.1, 200), (large, 0.01, 40_000), (small, 0.1, -3), (small, 2, 300))

    @corner("the form", 0.05)
    def test_form(self, student, rng):
        """The answer is an array of floats in the shape of q."""
        q = rng.integers(0, 256, (2, 3, 2))
        for answer, shape in ((student.dequantize(q, 0.3, 7), (2, 3, 2)), (student.dequantize(q[:, :0], 0.3, 7), (2, 0, 2))):
            expect(answer, "the answer").shaped(shape)


# --- prune and sparsity -----------------------------------------------------------------------------------------------------


@exercise("prune")
class TestPrune(ArgumentsUnchanged, Integers, MemoryLayouts):
    def arguments(self, rng):
        return rng.normal(0, 1.5, (4, 5)), 1.0

    def expect_pruned(self, student, reference, *calls):
        for answer, arguments in zip([student.prune(*arguments) for arguments in calls], calls, strict=True):
            right = reference.prune(*arguments)
            expect(of_shape(out_of(answer) if type(answer) is tuple else answer, right.shape, "the answer"), "the answer").close_to(right)

    @aspect("small weights", 3.6)
    def test_small(self, student, reference, rng):
        """Weights between −threshold and threshold become 0."""
        self.expect_pruned(student, reference, (rng.uniform(-0.3, 0.3, (2, 4)), 0.35))

    @aspect("large positive weights", 1.7)
    def test_positive(self, student, reference, rng):
        """Weights above threshold stay as they are."""
        self.expect_pruned(student, reference, (rng.uniform(0.4, 3, (4, 3)), 0.35))

    @aspect("large negative weights", 1.7)
    def test_negative(self, student, reference, rng):
        """Weights below −threshold stay as they are."""
        self.expect_pruned(student, reference, (rng.uniform(-3, -0.4, (2, 5)), 0.35))

    @aspect("other thresholds, other shapes", 2.6)
    def test_thresholds(self, student, reference, rng):
        """Arrays of one and three axes are pruned with other thresholds, and keep their shapes."""
        large = 40 * rng.normal(size=(2, 3, 4))
        self.expect_pruned(student, reference, (np.abs(rng.normal(size=9)), 0.8), (np.abs(large), 25.0))

    @corner("at the threshold", 0.05)
    def test_at_the_threshold(self, student, reference):
        """A weight of exactly threshold or −threshold stays."""
        self.expect_pruned(student, reference, (np.array([[0.5, -0.5], [0.25, 2.0]]), 0.5))

    @corner("the smallest integer", 0.03)
    def test_smallest_integer(self, student, reference):
        """−128 in an np.int8, whose absolute value that type doesn't hold, is a large weight."""
        self.expect_pruned(student, reference, (np.array([[-128, 3], [-1, 127]], dtype=np.int8), 2.5))

    @corner("exact zeros", 0.03)
    def test_exact(self, student, rng):
        """Pruned weights are exactly 0."""
        answer = array_in(student.prune(rng.uniform(-0.3, 0.3, (2, 4)), 0.35))
        if isinstance(answer, np.ndarray) and answer.dtype.kind == "f" and 0 < np.max(np.abs(answer), initial=0.0) < 1e-5:
            raise Mismatch("value", f"a pruned weight is {answer.ravel()[0]:.3g}, and should be exactly 0")

    @corner("the threshold 0", 0.03)
    def test_zero(self, student, reference, rng):
        """With the threshold 0 nothing changes."""
        self.expect_pruned(student, reference, (np.array([[0.0, -1.5, 0.25]]), 0.0))

    @corner("the form", 0.03)
    def test_form(self, student, rng):
        """The answer is an array in the shape of W, also where W is empty or has no axis."""
        for answer, shape in [(student.prune(np.full(shape, 3.0), 0.2), shape) for shape in ((2, 3, 2), (0, 3), ())]:
            expect(answer, "the answer").shaped(shape)


def zeros_among(rng, shape, zeros):
    """Return an array in which this many entries are 0, the others of both signs and some of them small."""
    W = rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape) * rng.choice([1.0, 1e-10], shape)
    W.flat[rng.permutation(W.size)[:zeros]] = 0.0
    return W


@exercise("sparsity")
class TestSparsity(ArgumentsUnchanged, Integers):
    def arguments(self, rng):
        return ([zeros_among(rng, (3, 4), 5), zeros_among(rng, (4,), 1)],)

    def expect_fractions(self, student, reference, *lists):
        for answer, arrays in zip([student.sparsity(arrays) for arrays in lists], lists, strict=True):
            expect(number(answer, "the answer"), "the answer").close_to(reference.sparsity(arrays))

    @aspect("one array", 3)
    def test_one(self, student, reference, rng):
        """The sparsity of one array is the fraction of its zeros, from none to all; here the other entries are positive."""
        self.expect_fractions(student, reference, *([np.abs(zeros_among(rng, (10,), zeros)) / 1e-6] for zeros in (0, 3, 10)))

    @aspect("in proportion to the zeros", 4)
    def test_proportion(self, student, rng):
        """The answers for 4 and 8 zeros in an array are twice and four times that for 2; here the other entries are positive."""
        arrays = [np.abs(zeros_among(rng, (4, 5), zeros)) / 1e-6 for zeros in (2, 4, 8)]
        found = np.array([number(answer, "the answer") for answer in [student.sparsity([array]) for array in arrays]])
        expect(found, "the answers").close_to(max(found[0], 1e-3) * np.array([1.0, 2.0, 4.0]), rtol=1e-5)

    @aspect("a matrix", 2)
    def test_matrix(self, student, reference, rng):
        """The sparsity of a matrix is the fraction of its zeros."""
        self.expect_fractions(student, reference, [zeros_among(rng, (4, 5), 7) / 1e-6], [zeros_among(rng, (2, 5, 2), 9) / 1e-6])

    @aspect("arrays of one size", 2)
    def test_equal_sizes(self, student, reference, rng):
        """The sparsity of several arrays of one size counts them all."""
        self.expect_fractions(student, reference, [zeros_among(rng, (5,), zeros) / 1e-6 for zeros in (1, 4, 2, 2)])

    @aspect("arrays of several sizes", 3)
    def test_sizes(self, student, reference, rng):
        """Every entry counts the same, in a large array as in a small one."""
        self.expect_fractions(
            student, reference, [zeros_among(rng, shape, zeros) / 1e-6 for shape, zeros in (((8, 10), 50), ((12,), 1), ((2, 2, 2), 2))]
        )

    @corner("all digits", 0.04)
    def test_digits(self, student, reference, rng):
        """The fraction has all of its digits, where it is 1/3 or 5/7, too; a single zero has the sparsity 1."""
        self.expect_fractions(student, reference, *([zeros_among(rng, (n,), zeros) / 1e-6] for n, zeros in ((3, 1), (7, 5), (1, 1))))

    @corner("small weights", 0.05)
    def test_small(self, student, reference, rng):
        """Only exact zeros count: 10⁻¹⁰ is none."""
        self.expect_fractions(student, reference, [zeros_among(rng, (5, 6), 11), zeros_among(rng, (10,), 3)])

    @corner("empty arrays", 0.04)
    def test_empty(self, student, reference, rng):
        """An empty array in the list changes nothing."""
        self.expect_fractions(student, reference, [np.zeros((0, 3)), zeros_among(rng, (10,), 4), np.zeros(0)])

    @corner("no entries", 0.04)
    def test_nothing(self, student, reference):
        """Where there are no entries at all, the answer is 0.0."""
        self.expect_fractions(student, reference, [], [np.zeros((0, 3))])

    @corner("the form", 0.03)
    def test_form(self, student, rng):
        """The answer is a single number."""
        expect(student.sparsity([zeros_among(rng, (3, 3), 2)]), "the answer").shaped(())


# --- wide and deep ----------------------------------------------------------------------------------------------------------

KEYS = ("W1", "b1", "W2", "b2")
SIZES = (5, 4, 3, 2, 3)  # N, D, V, H, K


class WideAndDeep(ArgumentsUnchanged, IntegersBesideFractions, MemoryLayouts):
    """Arguments are listed as W1, b1, W2, b2, x_wide, x_deep: the contracts change them one by one."""

    def arguments(self, rng, N=5, D=4, V=3, H=2, K=3):
        shapes = (D, H), (H,), (H + V, K), (K,), (N, V), (N, D)
        return tuple(rng.uniform(0.2, 1.5, shape) * rng.choice([-1.0, 1.0], shape) for shape in shapes)

    def positive(self, rng, *sizes):
        """Return arguments for which every number on the way is positive, and W2 consists of equal rows."""
        W1, b1, W2, b2, x_wide, x_deep = map(np.abs, self.arguments(rng, *sizes))
        return [W1, b1, np.tile(W2[:1], (len(W2), 1)), b2, x_wide, x_deep]

    def packed(self, arguments):
        *params, x_wide, x_deep = arguments
        return dict(zip(KEYS, params, strict=True)), x_wide, x_deep


@exercise("wide_and_deep_forward")
class TestWideAndDeepForward(WideAndDeep, NoMemory):
    beside_fractions = ((0, 5), (0, 1, 2, 4, 5), (4,), (1, 2, 3))

    def ask(self, student, *arguments):
        return out_of(student.wide_and_deep_forward(*self.packed(arguments)))

    def unchanged(self, student, *arguments):
        try:
            expect_unchanged(student.wide_and_deep_forward, *self.packed(arguments))
        except Raised:
            return

    def expect_out(self, student, reference, *inputs):
        agree(self.ask, student, reference, inputs, "out")

    @aspect("the deep path", 2)
    def test_deep(self, student, reference, rng):
        """Without biases and wide inputs, out comes from the hidden units; here all numbers are positive, and the rows of W2 are equal."""
        W1, b1, W2, b2, x_wide, x_deep = self.positive(rng)
        self.expect_out(student, reference, (W1, 0 * b1, W2, 0 * b2, 0 * x_wide, x_deep))

    @aspect("the wide path", 2)
    def test_wide(self, student, reference, rng):
        """Where all hidden units are 0, out comes from the wide inputs; here they are positive, and the rows of W2 are equal."""
        W1, b1, W2, b2, x_wide, x_deep = self.positive(rng, 4, 3, 2, 5, 2)
        self.expect_out(student, reference, (W1, 0 * b1 - 1e4, W2, 0 * b2, x_wide, 0 * x_deep))

    @aspect("the ReLU", 1.5)
    def test_relu(self, student, reference, rng):
        """Hidden units with a negative weighted sum are 0."""
        W1, b1, W2, b2, x_wide, x_deep = self.positive(rng, *SIZES)
        self.expect_out(student, reference, (W1, 0 * b1, W2, 0 * b2, 0 * x_wide, x_deep * rng.choice([-1.0, 1.0], (5, 1))))

    @aspect("the biases b1", 1)
    def test_b1(self, student, reference, rng):
        """Where the inputs are 0, the hidden units are b1; here all of them are positive."""
        W1, b1, W2, b2, x_wide, x_deep = self.positive(rng)
        self.expect_out(student, reference, (W1, b1, W2, 0 * b2, 0 * x_wide, 0 * x_deep))

    @aspect("the biases b2", 1)
    def test_b2(self, student, reference, rng):
        """Where all else is 0, every row of out is b2; here all of it is positive."""
        W1, b1, W2, b2, x_wide, x_deep = self.positive(rng)
        self.expect_out(student, reference, (W1, 0 * b1 - 1e4, W2, b2, 0 * x_wide, 0 * x_deep))

    @aspect("all together", 2.5)
    def test_all(self, student, reference, rng):
        """out is right for random numbers of both signs: the hidden units come first, then the wide inputs."""
        self.expect_out(student, reference, self.arguments(rng, 6, 3, 3, 3, 2), self.arguments(rng, 1, 2, 4, 3, 1))

    @corner("the pair (out, cache)", 0.12)
    def test_pair(self, student, rng):
        """The answer is the pair (out, cache)."""
        out, _ = expect(student.wide_and_deep_forward(*self.packed(self.arguments(rng))), "what wide_and_deep_forward returns").items(
            "out", "cache"
        )
        expect(out, "out").shaped((5, 3))


def gradient_in(answer, key, shape):
    """Return a gradient by its key; the answer may be a tuple or have other keys, and a vector may have two axes: another test looks."""
    if isinstance(answer, dict):
        answer = next((answer[name] for name in (key, f"d{key}", f"grad_{key}") if name in answer), None)
    elif isinstance(answer, (list, tuple)):
        answer = answer[KEYS.index(key)] if len(answer) >= len(KEYS) else None
    else:
        raise Mismatch("type", "wide_and_deep_backward has to return a dictionary of gradients")
    if answer is None:
        raise Mismatch("value", f"the gradients have no item {key!r}")
    is_row = isinstance(answer, np.ndarray) and len(shape) == 1 and answer.shape in ((1, *shape), (*shape, 1))
    return expect(answer.ravel() if is_row else answer, f"the gradient of {key}").shaped(shape).answer


def direction(gradient):
    """Return a gradient divided by its length."""
    return gradient / (np.sqrt(np.sum(gradient**2)) or 1.0)


@exercise("wide_and_deep_backward")
class TestWideAndDeepBackward(Backward, WideAndDeep):
    beside_fractions = ((1, 2, 3, 4), (0,), (5, 6))

    def arguments(self, rng, *sizes):
        arguments = super().arguments(rng, *(sizes or SIZES))
        return rng.normal(0.4, 1, (len(arguments[-1]), len(arguments[3]))), *arguments

    def upstream_and_positive(self, rng, *sizes):
        dout, *rest = self.arguments(rng, *sizes)
        return np.abs(dout), *map(np.abs, rest)

    def forward(self, student, *arguments):
        return expect(student.wide_and_deep_forward(*self.packed(arguments)), "what wide_and_deep_forward returns").items("out", "cache")

    def ask(self, student, *arguments):
        return student.wide_and_deep_backward(arguments[0], self.forward(student, *arguments[1:])[1])

    def gradients(self, student, reference, keys, *inputs, changed=lambda gradient: gradient):
        """Expect that the gradients with these keys are the reference's."""
        for arguments in inputs:
            answer, right = self.ask(student, *arguments), self.ask(reference, *arguments)
            for key in keys:
                expect(changed(gradient_in(answer, key, right[key].shape)), f"the gradient of {key}").close_to(changed(right[key]))

    @aspect("the directions", 22.5)
    def test_direction_of_W1(self, student, reference, rng):
        """Where all hidden units are active, the gradient of W1 is right up to a factor."""
        self.gradients(student, reference, ("W1",), self.upstream_and_positive(rng), changed=direction)

    @aspect("the directions")
    def test_direction_of_W2(self, student, reference, rng):
        """Where all hidden units are active, the gradient of W2 is right up to a factor."""
        self.gradients(student, reference, ("W2",), self.upstream_and_positive(rng), changed=direction)

    @aspect("the directions")
    def test_directions_of_biases(self, student, reference, rng):
        """Where all hidden units are active, the gradients of b1 and b2 are right up to a factor."""
        self.gradients(student, reference, ("b1", "b2"), self.upstream_and_positive(rng), changed=direction)

    @aspect("W2, the rows of the hidden units", 20.8)
    def test_W2_deep(self, student, reference, rng):
        """The first rows of the gradient of W2, those of the hidden units, are right."""
        self.gradients(student, reference, ("W2",), self.arguments(rng, 6, 3, 4, 2, 3), changed=lambda gradient: gradient[:2])

    @aspect("W2, the rows of the wide inputs", 14)
    def test_W2_wide(self, student, reference, rng):
        """The last rows of the gradient of W2, those of the wide inputs, are right."""
        self.gradients(student, reference, ("W2",), self.arguments(rng, 6, 3, 4, 2, 3), changed=lambda gradient: gradient[2:])

    @aspect("b2", 14)
    def test_b2(self, student, reference, rng):
        """The gradient of b2 is right."""
        self.gradients(student, reference, ("b2",), self.arguments(rng, 7, 2, 3, 4, 2))

    @aspect("W1, all units active", 5.4)
    def test_W1_active(self, student, reference, rng):
        """The gradient of W1 is right where all hidden units are active."""
        self.gradients(student, reference, ("W1",), self.upstream_and_positive(rng, 4, 5, 2, 3, 2))

    @aspect("b1, all units active", 4)
    def test_b1_active(self, student, reference, rng):
        """The gradient of b1 is right where all hidden units are active."""
        self.gradients(student, reference, ("b1",), self.upstream_and_positive(rng, 4, 5, 2, 3, 2))

    @aspect("the ReLU", 20.8)
    def test_relu(self, student, reference, rng):
        """Nothing goes back through a hidden unit whose weighted sum is negative."""
        self.gradients(student, reference, ("W1", "b1"), self.arguments(rng, 7, 3, 2, 5, 2), self.arguments(rng, 1, 3, 2, 4, 1))

    @corner("the form", 0.12)
    def test_form(self, student, rng):
        """The answer is a dictionary with the keys W1, b1, W2 and b2; each gradient has the shape of its parameter."""
        arguments = self.arguments(rng)
        answer = self.ask(student, *arguments)
        if not isinstance(answer, dict) or set(answer) != set(KEYS):
            found = f"the keys {', '.join(map(repr, list(answer)[:8]))}" if isinstance(answer, dict) else "no dictionary"
            raise Mismatch("type", f"wide_and_deep_backward returned {found}; it has to return a dictionary with the keys of params")
        for key, param in zip(KEYS, arguments[1:], strict=False):
            expect(answer[key], f"the gradient of {key}").shaped(param.shape)

    @corner("two batches under way", 0.05)
    def test_two_batches_under_way(self, student, rng):
        """Each backward pass belongs to its own cache, whichever forward pass came last."""
        (dout, *batch), (_, *other) = self.arguments(rng), self.arguments(rng)

        def between():
            _, cache = self.forward(student, *batch)
            self.forward(student, *other)
            return student.wide_and_deep_backward(dout, cache)

        if answers := both(lambda: self.ask(student, dout, *batch), between):
            expect(answers[1], "the answer").alike(answers[0], "when another forward pass lies between")


# --- combined_loss ----------------------------------------------------------------------------------------------------------


@exercise("combined_loss")
class TestCombinedLoss(ArgumentsUnchanged):
    def arguments(self, rng):
        return rng.uniform(0.3, 3, 3).tolist(), rng.uniform(0.2, 2, 3).tolist()

    def expect_losses(self, student, reference, *calls):
        for answer, arguments in zip([student.combined_loss(*arguments) for arguments in calls], calls, strict=True):
            expect(number(answer, "the answer"), "the answer").close_to(reference.combined_loss(*arguments))

    @aspect("one output", 2.9)
    def test_one(self, student, reference):
        """With a single output the answer is weight · loss."""
        self.expect_losses(student, reference, ([1.7], [0.3]), ([0.4], [2.5]))

    @aspect("weights of 1", 1.5)
    def test_ones(self, student, reference):
        """Where all weights are 1, the losses are added."""
        self.expect_losses(student, reference, ([1.7, 0.4], [1.0, 1.0]), ([2.5, 0.75], [1.0, 1.0]))

    @aspect("weights that sum to 1", 2.9)
    def test_shares(self, student, reference):
        """With weights that sum to 1 the answer is the weighted mean of the losses."""
        self.expect_losses(student, reference, ([1.7, 0.4], [0.875, 0.125]), ([0.5, 3.5], [0.25, 0.75]))

    @aspect("two outputs", 2)
    def test_two(self, student, reference, rng):
        """With two outputs each loss is multiplied by its own weight, and both are added."""
        self.expect_losses(student, reference, ([1.7, 0.4], [0.3, 2.2]), ([0.2, 3.1], [1.9, 0.6]))

    @aspect("more outputs", 2.5)
    def test_more(self, student, reference, rng):
        """With three and five outputs each loss is multiplied by its own weight, and all are added."""
        self.expect_losses(student, reference, *((rng.uniform(0.3, 3, n).tolist(), rng.uniform(0.2, 2, n).tolist()) for n in (3, 5)))

    @corner("a weight of 0", 0.08)
    def test_zero(self, student, reference):
        """An output with the weight 0 doesn't count."""
        self.expect_losses(student, reference, ([1.5, 7.0, 0.3], [0.4, 0.0, 2.0]))

    @corner("integers", 0.07)
    def test_integers(self, student):
        """Integers, in one list or in both, give the same answer as the same numbers as floats."""
        for losses, weights in (([2, 3], [0.25, 1.75]), ([0.75, 1.3], [2, 1]), ([2, 5], [3, 4])):
            floats = [*map(float, losses)], [*map(float, weights)]
            self.compare(student, floats, (losses, weights), "the answer to integers", "from that to the same numbers as floats")

    @corner("the form", 0.1)
    def test_form(self, student, rng):
        """The answer is a single number."""
        expect(student.combined_loss(*self.arguments(rng)), "the answer").shaped(())


# --- capstone ---------------------------------------------------------------------------------------------------------------


@exercise("capstone")
class TestCapstone:
    """Trained at most five times: twice on 1000 images, which decide about the accuracy, and on 240 images for each of the corners."""

    @aspect("the accuracy", 10)
    def test_accuracy(self, student):
        """Trained on 1000 images, it reads enough of other images rightly for all points."""
        expect_accuracy(student, SEEDS[0], state=11)

    @aspect("the accuracy")
    def test_accuracy_again(self, student):
        """Trained on 1000 others, with another state of rng and the classes in another order, it reads enough rightly for all points."""
        expect_accuracy(student, SEEDS[1], state=21)

    def trained(self, student, rng):
        digits = new_digits(int(rng.integers(1 << 30)), n_train=240)
        return classifier(student, digits, 5), digits.X_test[:40]

    @corner("one image", 0.08)
    def test_one_image(self, student, rng):
        """A single image gets the label that it has among others."""
        predict, X = self.trained(student, rng)
        alone = np.array([labels_in(predict(X[number : number + 1]), 1)[0] for number in range(6)])
        if (together := labels_in(predict(X), len(X))[:6]).tolist() != alone.tolist():
            raise Mismatch("value", f"six images get the labels {together.tolist()} among others, and {alone.tolist()} alone", (1.0,))

    @corner("X stays as it was", 0.06)
    def test_predict_changes_nothing(self, student, rng):
        """predict leaves X as it was."""
        predict, X = self.trained(student, rng)
        expect(predict.call(X).arguments[0], "X after predict(X)").close_to(X)

    @corner("training data and rng", 0.08)
    def test_training_data(self, student, rng):
        """X_train and y_train are as they were, and a generator in the same state gives the same labels, but for three in a thousand."""
        digits = new_digits(int(rng.integers(1 << 30)), n_train=200)
        calls = [student.capstone.call(digits.X_train, digits.y_train, np.random.default_rng(3)) for _ in range(2)]
        expect(calls[0].arguments[0], "X_train after the call").close_to(digits.X_train)
        expect(calls[0].arguments[1], "y_train after the call").close_to(digits.y_train)
        if all(isinstance(call.answer, ReturnedFunction) for call in calls):
            first, again = (labels_in(call.answer(digits.X_test), len(digits.X_test)) for call in calls)
            if np.mean(first != again) > 0.003:
                raise Mismatch("value", "two generators in the same state lead to different labels: draw all numbers from rng", (1.0,))
