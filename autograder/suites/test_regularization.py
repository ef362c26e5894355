"""The hidden suite of lecture 10, regularization.

Most tests take an answer in another form, too: a pair in the other order, flat arrays, a list. One aspect of each exercise asks for the
right numbers in the right form. What depends on another mistake is compared with the student's own answers: how a penalty grows, which part
of a step is the gradient's.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autograder.kit.contracts import (
    SEED,
    TWO_SEEDS,
    ArgumentsUnchanged,
    Contract,
    Integers,
    IntegersBesideFractions,
    array_in,
    both,
    expect_repeated,
    generator,
    with_generators,
)
from coursekit import aspect, corner, exercise, expect
from coursekit.expectations import P_LIMIT, Mismatch

SHAPES = (3, 4), (5,), (2, 3)


# --- inputs, and parts of answers -----------------------------------------------------------------------------------------


def nonzero(rng, *shape):
    """Return numbers of both signs, none of them near zero."""
    return rng.uniform(0.3, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def is_number(item):
    """Tell whether an item is a number, maybe as an array with one entry."""
    return isinstance(item, (int, float, np.generic, np.ndarray)) and np.size(item) == 1 and np.asarray(item).dtype.kind in "iuf"


def entries(answer, shape, name):
    """Return an answer with the shape that is asked for; its form may be another one with as many numbers."""
    answer = array_in(answer[0] if type(answer) is tuple and answer else answer)
    if isinstance(answer, np.ndarray) and answer.size == np.prod(shape, dtype=int):
        answer = answer.reshape(shape)
    expect(answer, name).shaped(shape)
    return np.asarray(answer)  # of its own dtype, on which the tolerance depends


def expect_form(answer, look):
    """Call a function that looks at an answer; where it is a list or a tuple, a failure says so."""
    try:
        return look()
    except Mismatch as error:
        raise Mismatch(error.kind, str(error), (type(answer).__name__,) if isinstance(answer, (list, tuple)) else error.got) from None


def expect_alone(answer, name, right):
    """Expect one array, and nothing beside it."""
    expect_form(answer, lambda: expect(answer, name).close_to(right))


def seen(look, answers):
    """Look at both answers of `both`, which come before any look, so that the calls are planned."""
    return answers and both(*(partial(look, answer) for answer in answers))


def expect_multiple(found, right, name):
    """Expect an array times a positive number, and return this factor."""
    factor = float(np.sum(found * right) / np.sum(right**2))
    if not factor > 1e-9:
        raise Mismatch("value", f"{name} doesn't point where it should", found)
    expect(found, name).close_to(factor * right, 1e-5)
    return factor


# --- penalties ------------------------------------------------------------------------------------------------------------


class IsAPenalty(ArgumentsUnchanged, Integers):
    """What both penalties have in common; `power` says how they grow with the weights."""

    power: int

    def arguments(self, rng):
        return [nonzero(rng, 3, 4), nonzero(rng, 5)], 0.35

    def weights(self, rng, shapes=SHAPES):
        return [nonzero(rng, *shape) * size for shape, size in zip(shapes, (1.0, 3.0, 0.4), strict=False)]

    def ask_all(self, student, *calls):
        """Call the function, and return the answers with the lists of weights."""
        return [(getattr(student, self.exercise)(*call), call[0]) for call in calls]

    def penalty(self, answer):
        """Return the penalty of an answer, whatever stands beside it."""
        items = answer if type(answer) in (list, tuple) else [answer]
        found = next((item for item in items if is_number(item)), answer)
        return float(np.reshape(expect(np.reshape(found, ()) if is_number(found) else found, "penalty").shaped(()).answer, ()))

    def grads(self, answer, weights):
        """Return the gradients of an answer, also if they come first, alone, or in one long vector."""
        found = answer
        if type(answer) in (list, tuple) and len(answer) == 2:
            arrays = [item for item in answer if isinstance(item, np.ndarray) and item.size > 1]
            lists = sorted(
                (item for item in answer if type(item) in (list, tuple)), key=lambda each: sum(getattr(item, "size", 1) for item in each)
            )
            found = lists[-1] if lists else arrays[0] if len(arrays) == 1 else answer
        sizes = [w.size for w in weights]
        if isinstance(found, np.ndarray) and found.shape == (sum(sizes),):
            found = np.split(found, np.cumsum(sizes)[:-1])
        names = [f"grads[{index}]" for index in range(len(weights))]
        items = zip(expect(found, "grads").items(*names), weights, names, strict=True)
        return [entries(item, w.shape, name) for item, w, name in items]

    def ask(self, student, *arguments):
        answer = getattr(student, self.exercise)(*arguments)
        return [self.penalty(answer), self.grads(answer, arguments[0])]

    @aspect("how the penalty grows", 1.6)
    def test_growth(self, student, rng):
        """With weights three times as large, the penalty grows as its equation says."""
        w = self.weights(rng)
        once, three = [self.penalty(answer) for answer, _ in self.ask_all(student, (w, 0.4), ([3 * each for each in w], 0.4))]
        expect(three / (once or 1.0), "the penalty of three times the weights, divided by that of the weights,").close_to(
            3.0**self.power, 1e-5
        )

    @aspect("λ in the penalty", 0.8)
    def test_lam_in_the_penalty(self, student, rng):
        """The penalty is proportional to λ."""
        w = self.weights(rng)
        one, other = [self.penalty(answer) for answer, _ in self.ask_all(student, (w, 0.3), (w, 1.2))]
        expect(other / (one or 1.0), "the penalty with λ = 1.2, divided by that with 0.3,").close_to(4.0, 1e-5)

    @aspect("all arrays count", 0.8)
    def test_all_arrays(self, student, rng):
        """The penalty of a list is the sum of its arrays' penalties."""
        w = self.weights(rng)
        whole, *parts = [self.penalty(answer) for answer, _ in self.ask_all(student, *[(each, 0.7) for each in (w, w[:1], w[1:2], w[2:])])]
        if not sum(parts) > 0:
            raise Mismatch("value", "the penalty of weights that aren't zero should be positive")
        expect(whole, "the penalty of three arrays").close_to(sum(parts), 1e-5)

    @aspect("the penalty", 3.5)
    def test_penalty(self, student, reference, rng):
        """The penalty of arrays of several shapes is right."""
        calls = [(self.weights(rng), 0.6), (self.weights(rng, ((4, 2),)), 1.7)]
        for (answer, _), call in zip(self.ask_all(student, *calls), calls, strict=True):
            expect(self.penalty(answer), "penalty").close_to(getattr(reference, self.exercise)(*call)[0])

    @aspect("the gradients' direction", 1.8)
    def test_direction(self, student, reference, rng):
        """The gradient of a single array points where the penalty grows fastest."""
        calls = [(self.weights(rng, ((4, 3),)), 0.6), (self.weights(rng, ((6,),)), 1.7)]
        for (answer, w), call in zip(self.ask_all(student, *calls), calls, strict=True):
            expect_multiple(self.grads(answer, w)[0], getattr(reference, self.exercise)(*call)[1][0], "grads[0]")

    @aspect("λ in the gradients", 0.8)
    def test_lam_in_the_gradients(self, student, rng):
        """The gradients are proportional to λ."""
        w = self.weights(rng, ((4, 3),))
        one, other = [self.grads(*pair) for pair in self.ask_all(student, (w, 0.3), (w, 1.2))]
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            if not np.any(first):
                raise Mismatch("value", f"grads[{index}] is zero, though its weights aren't")
            expect(second, f"grads[{index}] with λ = 1.2").close_to(4 * first, 1e-5)

    @aspect("the gradients", 3.5)
    def test_gradients(self, student, reference, rng):
        """The gradients of arrays of several shapes are right."""
        calls = [(self.weights(rng), 0.6), (self.weights(rng, ((4, 2),)), 1.7)]
        for (answer, w), call in zip(self.ask_all(student, *calls), calls, strict=True):
            for index, (found, right) in enumerate(zip(self.grads(answer, w), getattr(reference, self.exercise)(*call)[1], strict=True)):
                expect(found, f"grads[{index}]").close_to(right)

    @aspect("(penalty, grads)", 3.6)
    def test_form(self, student, reference, rng):
        """What comes back is (penalty, grads), both right: a number, and a list of arrays with the shapes of the weights."""
        w = self.weights(rng)
        penalty, grads = expect(getattr(student, self.exercise)(w, 0.5), f"what {self.exercise} returns").items("penalty", "grads")
        right = getattr(reference, self.exercise)(w, 0.5)
        expect(penalty, "penalty").close_to(right[0])
        names = [f"grads[{index}]" for index in range(len(w))]
        for item, each, name in zip(expect(grads, "grads").items(*names), right[1], names, strict=True):
            expect(item, name).close_to(each)

    @corner("arrays with no axis, no entry, four axes", 0.06)
    def test_odd_shapes(self, student, rng):
        """Arrays with no axis, with no entry and with four axes are legal."""
        w, odd = self.weights(rng), [np.array(-1.5), np.zeros((0, 3)), np.zeros((2, 1, 2, 2))]
        (answer, _), (usual, _), (single, _) = self.ask_all(student, ([*w, *odd], 0.4), (w, 0.4), ([np.array([-1.5])], 0.4))
        expected = self.penalty(usual) + self.penalty(single)
        expect(self.penalty(answer), "the penalty with them").close_to(expected, 1e-5)
        self.grads(answer, [*w, *odd])

    @corner("an integer λ", 0.04)
    def test_integer_lam(self, student, rng):
        """λ may be an integer: 3 is 3.0."""
        w = self.weights(rng)
        calls = [partial(getattr(student, self.exercise), w, lam) for lam in (3.0, 3)]
        if answers := seen(lambda answer: [self.penalty(answer), self.grads(answer, w)], both(*calls)):
            expect(answers[1], "the answer for λ = 3").alike(answers[0], "from that for λ = 3.0", ("penalty", "grads"))


@exercise("l2_penalty")
class TestL2Penalty(IsAPenalty):
    power = 2


@exercise("l1_penalty")
class TestL1Penalty(IsAPenalty):
    power = 1

    @corner("weights of zero", 0.07)
    def test_zero(self, student, rng):
        """The gradient of a weight that is zero is zero."""
        w = np.where(np.arange(12) % 3 == 1, 0.0, nonzero(rng, 12)).reshape(3, 4)
        ((answer, _),) = self.ask_all(student, ([w], 0.8))
        found = self.grads(answer, [w])[0][w == 0]
        expect(found, "the gradient where the weight is zero").close_to(np.zeros(found.shape))

    @corner("tiny weights", 0.03)
    def test_tiny(self, student, rng):
        """The gradient doesn't depend on the size of the weights, however small they are."""
        w = nonzero(rng, 4, 3)
        usual, tiny = [self.grads(*pair)[0] for pair in self.ask_all(student, ([w], 0.8), ([1e-9 * w], 0.8))]
        expect(tiny, "the gradient for tiny weights").alike(usual, "from that for others of the same signs")


# --- steps ----------------------------------------------------------------------------------------------------------------


@exercise("weight_decay_step")
class TestWeightDecayStep(ArgumentsUnchanged, IntegersBesideFractions):
    beside_fractions = ((0,), (1,))

    def arguments(self, rng):
        return nonzero(rng, 3, 4), nonzero(rng, 3, 4), 0.3, 0.7

    def steps(self, student, *calls):
        answers = [student.weight_decay_step(*arguments) for arguments in calls]
        return [entries(answer, call[0].shape, "the new weights") for answer, call in zip(answers, calls, strict=True)]

    @aspect("without decay", 2.4)
    def test_without_decay(self, student, rng):
        """With λ = 0 the step is one of plain gradient descent."""
        w, grad = nonzero(rng, 6), nonzero(rng, 6)
        expect(self.steps(student, (w, grad, 0.3, 0.0))[0], "the new weights").close_to(w - 0.3 * grad)

    @aspect("the decay", 2.7)
    def test_decay(self, student, rng):
        """With a gradient of zeros the weights are multiplied by 1 − ηλ."""
        w = nonzero(rng, 6)
        calls = [(w, np.zeros(6), lr, lam) for lr, lam in ((0.3, 0.5), (0.8, 0.25), (0.5, 1.2))]
        for (*_, lr, lam), found in zip(calls, self.steps(student, *calls), strict=True):
            expect(found, f"the new weights with η = {lr}, λ = {lam} and no gradient").close_to((1 - lr * lam) * w)

    @aspect("weights shrink", 1.7)
    def test_shrinks(self, student, rng):
        """With a gradient of zeros all weights shrink by the same factor, and more for a larger λ."""
        w = nonzero(rng, 6)
        weak, strong = self.steps(student, *[(w, np.zeros(6), 0.4, lam) for lam in (0.2, 0.6)])
        factors = [expect_multiple(found, w, "what is left of the weights") for found in (weak, strong)]
        if not 0 < factors[1] < factors[0] < 1:
            raise Mismatch("value", f"the weights are multiplied by {factors[0]:.4g} with λ = 0.2, and by {factors[1]:.4g} with λ = 0.6")

    @aspect("the gradient's part", 2)
    def test_gradients_part(self, student, rng):
        """The gradient moves the new weights by −η∇, however much they decay."""
        w, grad = nonzero(rng, 6), nonzero(rng, 6)
        with_it, without = self.steps(student, (w, grad, 0.3, 0.7), (w, 0 * grad, 0.3, 0.7))
        expect(with_it - without, "the difference that the gradient makes").close_to(-0.3 * grad, 1e-5)

    @aspect("both together", 0.9)
    def test_values(self, student, reference, rng):
        """A whole step is right for one row of weights."""
        call = nonzero(rng, 7), nonzero(rng, 7), 1.5, 0.1
        expect(self.steps(student, call)[0], "the new weights").close_to(reference.weight_decay_step(*call))

    @aspect("arrays of any shape", 3)
    def test_form(self, student, reference, rng):
        """What comes back is one array with the new weights, of the shape of w, whatever that is."""
        calls = [(nonzero(rng, *shape), nonzero(rng, *shape), lr, lam) for shape, lr, lam in (((4, 3), 0.2, 0.9), ((2, 3, 1, 2), 0.1, 0.4))]
        calls.append((np.array(2.5), np.array(-1.5), 0.4, 0.3))
        for call, answer in zip(calls, [student.weight_decay_step(*call) for call in calls], strict=True):
            expect_alone(answer, "the new weights", reference.weight_decay_step(*call))


@exercise("max_norm")
class TestMaxNorm(ArgumentsUnchanged, Integers):
    def arguments(self, rng):
        return nonzero(rng, 4, 6) * np.array([3.0, 0.1, 2.0, 0.2, 4.0, 1.0]), 2.3

    def ask(self, student, *arguments):
        return self.weights(student.max_norm(*arguments), arguments[0])

    def weights(self, answer, W):
        """Return the new weights of an answer, which may be transposed: the form has a test of its own."""
        found = array_in(answer)
        is_transposed = isinstance(found, np.ndarray) and found.shape == W.T.shape
        return entries(found.T if is_transposed else found, W.shape, "the new weights")

    def columns(self, rng, fan_in, norms):
        """Return a matrix whose columns have these norms, in directions of their own."""
        W = nonzero(rng, fan_in, len(norms))
        return W / np.sqrt(np.sum(W**2, axis=0)) * np.array(norms)

    def shortened(self, student, *calls):
        answers = [student.max_norm(*arguments) for arguments in calls]
        return [self.weights(answer, call[0]) for answer, call in zip(answers, calls, strict=True)]

    @aspect("short columns", 2.7)
    def test_short(self, student, rng):
        """Where no column is longer than r, the weights stay as they are."""
        W = self.columns(rng, 20, [0.9, 0.8, 0.95])
        expect(self.shortened(student, (W, 1.0))[0], "the new weights").close_to(W)

    @aspect("the direction", 2.9)
    def test_direction(self, student, rng):
        """Each column that is longer than r gets shorter, and keeps its direction."""
        W = self.columns(rng, 5, [3.0, 7.0, 4.0, 5.0])
        for j, column in enumerate(self.shortened(student, (W, 2.0))[0].T):
            if expect_multiple(column, W[:, j], f"column {j}") > 0.999:
                raise Mismatch("value", f"column {j} is longer than r and should get shorter")

    @aspect("the length", 3)
    def test_length(self, student, rng):
        """Each column that is longer than r has the norm r afterwards."""
        calls = [(self.columns(rng, 5, [3.0, 9.0, 4.0, 2.5]), 2.0), (self.columns(rng, 3, [0.9, 0.6]), 0.5)]
        for (W, r), found in zip(calls, self.shortened(student, *calls), strict=True):
            expect(np.sqrt(np.sum(found**2, axis=0)), "the columns' norms").close_to(np.full(W.shape[1], r), 1e-5)

    @aspect("each column for itself", 2.2)
    def test_each_for_itself(self, student, rng):
        """Beside longer columns a short one stays as it is, also one that is just inside, and one on the limit."""
        W = self.columns(rng, 4, [6.0, 0.3, 2.97, 9.0, 1.0])
        W[:, 4] = [1.8, 0.0, -2.4, 0.0]
        found = self.shortened(student, (W, 3.0))[0]
        expect(found[:, [1, 2, 4]], "the columns that aren't longer than r").close_to(W[:, [1, 2, 4]])
        if not (np.abs(found[:, [0, 3]]) < np.abs(W[:, [0, 3]])).all():
            raise Mismatch("value", "the columns that are longer than r should get shorter")

    @aspect("matrices of any size", 3.6)
    def test_values(self, student, reference, rng):
        """What comes back is one array of the shape of W, with the right weights in long and in short columns."""
        calls = [(self.columns(rng, 3, 0.5 + rng.uniform(0, 3, 8)), 1.6), (self.columns(rng, 7, [0.2, 8.0]), 4), (nonzero(rng, 5, 1), 0.3)]
        for call, answer in zip(calls, [student.max_norm(*call) for call in calls], strict=True):
            expect_alone(answer, "the new weights", reference.max_norm(*call))

    @corner("columns of zeros", 0.07)
    def test_zeros(self, student, rng):
        """A column of zeros stays zero."""
        W = self.columns(rng, 4, [5.0, 0.0, 0.4])
        expect(self.shortened(student, (W, 1.0))[0][:, 1], "the column of zeros").close_to(np.zeros(4))

    @corner("tiny norms", 0.07)
    def test_tiny(self, student, rng):
        """Nothing is added to the norm: with weights and r a hundred million times as small, the answer is, too."""
        W = self.columns(rng, 4, [1.0, 2.0, 0.05])
        usual, *answers = self.shortened(student, (W, 0.1), *[(size * W, 0.1 * size) for size in (1e-10, 1e-5)])
        for size, tiny in zip((1e-10, 1e-5), answers, strict=True):
            expect(tiny, "the answer to tiny weights").alike(size * usual, "from that to others, multiplied by their size", rtol=1e-5)


# --- early stopping -------------------------------------------------------------------------------------------------------

SAME_ORDER = "from that for other losses of the same order"
VALLEY = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, *(4.5 + 0.5 * n for n in range(12))]


def epochs_of(answer):
    """Return both epochs of an answer, the smaller one first; their order has a test of its own."""
    pair = expect(answer, "what early_stopping returns").items("best_epoch", "stop_epoch")
    return sorted(
        float(expect(item, "each epoch").shaped(()).answer) for item in [np.reshape(each, ()) if is_number(each) else each for each in pair]
    )


@exercise("early_stopping")
class TestEarlyStopping(ArgumentsUnchanged):
    def arguments(self, rng):
        return [5.0, 4.0, 3.0, 3.5, 4.0, 2.0], 2

    def epochs(self, student, patience, *runs):
        """Return both epochs for each list of losses; all calls come first."""
        return [epochs_of(answer) for answer in [student.early_stopping(run, patience) for run in runs]]

    def expect_as_in_a_valley(self, student, losses, name):
        """Expect the answer that the student gives for a valley with its best epoch at the same place: whatever that is."""
        valley, other, answer = self.epochs(student, 3, VALLEY, VALLEY[3:], losses)
        if valley == other:
            raise Mismatch("value", "the answer is the same wherever the lowest loss is")
        expect(answer, f"the answer for {name}").alike(valley, "from that for losses that fall to the same epoch, and then only rise")

    @aspect("the best epoch", 5)
    def test_best(self, student):
        """The best epoch is that of the lowest loss before training ends, also behind a single bad epoch."""
        answers = [student.early_stopping([*run[:2], 8.5, *run[2:]], 3) for run in (VALLEY, VALLEY[2:], [*VALLEY[4:], 1.0])]
        best = [float(np.reshape(answer, ())) if is_number(answer) else epochs_of(answer)[0] for answer in answers]
        expect(np.array(best), "the best epochs").close_to([6.0, 4.0, 1.0])

    @aspect("patience", 2.4)
    def test_patience(self, student):
        """Where losses only rise after the best epoch, there are `patience` more epochs."""
        answers = [epochs_of(answer) for answer in [student.early_stopping(VALLEY, patience) for patience in (1, 2, 5, 8)]]
        found = np.array([stop - best for best, stop in answers])
        expect(found, "the epochs after the best one, for patience 1, 2, 5, 8,").close_to([1.0, 2.0, 5.0, 8.0])

    @aspect("a run to its end", 3.7)
    def test_never(self, student):
        """Where patience is never used up, training ends with the last epoch, and the best one is that of the lowest loss."""
        runs = [9.0, 7.0, 8.0, 6.0, 6.5, 5.0, 5.5], [4.0, 3.0, 2.0], [3.0, 2.0, 2.5, 2.6]
        expect(np.array(self.epochs(student, 3, *runs)), "the answers").close_to(np.array([[5, 6], [2, 2], [1, 3]]))

    @aspect("an improvement starts the count anew", 1.8)
    def test_count_starts_anew(self, student):
        """Bad epochs that aren't in a row, because an improvement lies between them, don't add up."""
        self.expect_as_in_a_valley(student, [9.0, 9.5, 8.0, 8.5, 8.6, 4.0, *VALLEY[6:12]], "losses with bad epochs before the best one")

    @aspect("the best so far", 1.6)
    def test_compares_with_the_best(self, student):
        """Losses that fall again, but not below the best one, are bad."""
        self.expect_as_in_a_valley(student, [*VALLEY[:6], 8.0, 7.0, 7.5, 6.0, 5.0, 4.6, 4.5, 4.4], "losses that don't get back to the best")

    @aspect("nothing later counts", 1.6)
    def test_nothing_later(self, student):
        """A lower loss after the end of training makes no difference."""
        self.expect_as_in_a_valley(student, [*VALLEY[:9], 3.0, 2.0, 1.0, 5.0], "losses that get better after the end")

    @aspect("(best_epoch, stop_epoch)", 5)
    def test_random_runs(self, student, reference, rng):
        """Random losses, on which training ends early, give (best_epoch, stop_epoch), in this order, and both are right."""
        runs = [(rng.permutation(20) - 0.2 * np.arange(20) * trend, patience) for trend in (0, 1, 3) for patience in (2, 4)]
        runs.append((np.array([6.0, 5.0, 7.0, 3.0, 2.0, 5.0]), 2))
        calls = [(np.append(losses, 100.0 + np.arange(6)), patience) for losses, patience in runs]
        answers = [student.early_stopping(losses.tolist(), patience) for losses, patience in calls]
        for answer, call in zip(answers, calls, strict=True):
            pair = expect(answer, "what early_stopping returns").items("best_epoch", "stop_epoch")
            for item, right, name in zip(pair, reference.early_stopping(*call), ("best_epoch", "stop_epoch"), strict=True):
                expect(item, name).close_to(right)

    def expect_same(self, student, why, names, odd, usual=(VALLEY, VALLEY)):
        """Expect the same answers for odd losses as for usual ones."""
        calls = [[partial(student.early_stopping, run, 3) for run in pair] for pair in zip(usual, odd, strict=True)]
        for name, pair in zip(names, [both(*pair) for pair in calls], strict=True):
            if found := seen(epochs_of, pair):
                expect(found[1], f"the answer for {name}").alike(found[0], why)

    @corner("equal losses", 0.05)
    def test_equal(self, student):
        """An epoch that is exactly as good as the best one before isn't better: the first one stays the best."""
        equal, worse = ([5.0, 4.0, 4.0, 4.0, 4.0, 3.0], [2.0] * 5), ([5.0, 4.0, 4.1, 4.2, 4.3, 3.0], [2.0, 2.1, 2.2, 2.3, 2.4])
        self.expect_same(student, "from that for worse ones", ("equal losses", "losses that are all equal"), equal, worse)

    @corner("patience at the end", 0.04)
    def test_at_the_end(self, student):
        """Where patience is used up at the last epoch, or would be one later, the answer is the same as for a longer run."""
        longer, *answers = self.epochs(student, 3, VALLEY, VALLEY[:9], VALLEY[:8])
        for missing, answer in enumerate(answers):
            expect(answer, f"the answer for {9 - missing} epochs").alike([longer[0], longer[1] - missing], "from what it should be")

    @corner("large and negative losses", 0.05)
    def test_size_and_sign(self, student):
        """Negative and huge losses give the same answer as others of the same order."""
        odd = [loss - 50 for loss in VALLEY], [1e12 * loss for loss in VALLEY]
        self.expect_same(student, SAME_ORDER, ("negative losses", "huge losses"), odd)

    @corner("small differences", 0.05)
    def test_small_differences(self, student):
        """Any lower loss is an improvement, however small the difference."""
        odd = [1e-5 * loss for loss in VALLEY], [1e3 + 1e-6 * loss for loss in VALLEY]
        self.expect_same(student, SAME_ORDER, ("tiny losses", "close losses"), odd)

    @corner("arrays and integers", 0.03)
    def test_arrays(self, student):
        """The losses may be an array, and integers."""
        odd = np.array(VALLEY), [round(10 * loss) for loss in VALLEY]
        self.expect_same(student, SAME_ORDER, ("an array", "integers"), odd)

    @corner("a single epoch", 0.03)
    def test_single(self, student):
        """A run of one epoch ends with it, as a run of two does with its second, which is better."""
        one, two = self.epochs(student, 2, [3.0], [3.0, 2.0])
        expect(one, "the answer for one epoch").alike([epoch - 1 for epoch in two], "from that for two epochs, less 1")


# --- shifts ---------------------------------------------------------------------------------------------------------------


def whole_image(rng, height, width):
    """Return an image of positive whole numbers, as floats, all of them different."""
    return 1.0 + rng.permutation(height * width).reshape(height, width)


@exercise("shift_image")
class TestShiftImage(ArgumentsUnchanged, Integers):
    def arguments(self, rng):
        return nonzero(rng, 4, 5), 1, -2

    def ask(self, student, *arguments):
        return entries(student.shift_image(*arguments), arguments[0].shape, "the shifted image")

    def shifted(self, student, *calls):
        answers = [array_in(student.shift_image(*arguments)) for arguments in calls]
        answers = [
            np.nan_to_num(answer, nan=-1.0) if isinstance(answer, np.ndarray) and answer.dtype.kind == "f" else answer for answer in answers
        ]
        return [entries(answer, call[0].shape, "the shifted image") for answer, call in zip(answers, calls, strict=True)]

    def expect_moved(self, student, rng, *shifts):
        """Expect that what stays inside the image is where it should be; what came in has a test of its own."""
        calls = [(whole_image(rng, *size), *shift) for size, shift in zip(((6, 6), (5, 5)), shifts, strict=True)]
        for (image, dy, dx), found in zip(calls, self.shifted(student, *calls), strict=True):
            (height, width), name = image.shape, f"what stays inside, with dy = {dy} and dx = {dx},"
            inside = found[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
            stays = image[max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
            expect(inside, name).close_to(stays)

    @aspect("down", 1.5)
    def test_down(self, student, rng):
        """A positive dy moves the image down."""
        self.expect_moved(student, rng, (1, 0), (3, 0))

    @aspect("up", 1.5)
    def test_up(self, student, rng):
        """A negative dy moves it up."""
        self.expect_moved(student, rng, (-1, 0), (-4, 0))

    @aspect("to the right", 1.5)
    def test_right(self, student, rng):
        """A positive dx moves it to the right."""
        self.expect_moved(student, rng, (0, 2), (0, 1))

    @aspect("to the left", 1.5)
    def test_left(self, student, rng):
        """A negative dx moves it to the left."""
        self.expect_moved(student, rng, (0, -3), (0, -1))

    @aspect("zeros come in", 3)
    def test_zeros(self, student, rng):
        """As many zeros come in as pixels go out: nothing wraps round."""
        shifts = (1, 0), (0, 2), (-2, 0), (0, -1), (2, -1), (-1, 3)
        answers = self.shifted(student, *[(whole_image(rng, 6, 6), *shift) for shift in shifts])
        zeros = [float(36 - (6 - abs(dy)) * (6 - abs(dx))) for dy, dx in shifts]
        expect(np.array([np.sum(found == 0) for found in answers]), "the numbers of zeros in the shifted images").close_to(zeros)

    @aspect("no shift", 0.8)
    def test_no_shift(self, student, rng):
        """With dy = dx = 0 the image stays as it is."""
        image = whole_image(rng, 5, 5)
        expect(self.shifted(student, (image, 0, 0))[0], "the image").close_to(image)

    @aspect("both axes at once", 3.3)
    def test_values(self, student, reference, rng):
        """Images of fractions, wide or high, are moved along both axes at once, and keep their shape."""
        shifts = (1, 2), (2, -1), (-1, 3), (-2, -2), (3, 1)
        calls = [(nonzero(rng, *size), *shift) for size, shift in zip(((4, 7), (6, 3), (5, 5), (3, 8), (7, 2)), shifts, strict=True)]
        for call, answer in zip(calls, [student.shift_image(*call) for call in calls], strict=True):
            expect_alone(answer, f"the image with dy = {call[1]} and dx = {call[2]}", reference.shift_image(*call))

    @corner("farther than the image", 0.09)
    def test_far(self, student, rng):
        """A shift by as much as the image's height or width, or by more, leaves zeros alone."""
        shifts = (5, 0), (0, -7), (4, 0), (-6, 2), (0, 8), (1, -9), (-20, 20), (-4, 1), (0, 6)
        answers = self.shifted(student, *[(whole_image(rng, 4, 6), *shift) for shift in shifts])
        for (dy, dx), found in zip(shifts, answers, strict=True):
            expect(found, f"the image of 4 by 6 with dy = {dy} and dx = {dx}").close_to(np.zeros((4, 6)))


# --- random shifts --------------------------------------------------------------------------------------------------------


def dots(count, size=7):
    """Return dark images with one bright pixel in the middle."""
    images = np.zeros((count, size, size))
    images[:, size // 2, size // 2] = 1.0
    return images


def entries_of_batch(answer, shape):
    """Return the augmented images of an answer, also where the old images stand before them; the form has a test of its own."""
    is_twice = isinstance(answer, np.ndarray) and answer.shape == (2 * shape[0], *shape[1:])
    return entries(answer[shape[0] :] if is_twice else answer, shape, "the augmented images")


def moves(answer, count, size=7):
    """Return by how much the bright pixels were moved, shape (N, 2)."""
    found = entries_of_batch(answer, (count, size, size)).astype(float)
    lit = found.reshape(count, -1) > 0.5
    if (lit.sum(axis=1) != 1).any():
        raise Mismatch("value", "images with one bright pixel, far from the edge, should still have one after a small shift")
    return np.stack(np.divmod(lit.argmax(axis=1), size), axis=1) - size // 2


def expect_independent(calls, what):
    """Expect pairs of small whole numbers, shape (calls, N, 2), to be independent in each call, whatever their distribution is."""
    from scipy.special import chdtrc

    if not np.ptp(calls, axis=(0, 1)).all():
        raise Mismatch("value", f"{what} can't be independent: one of them is always the same", ("constant",))
    distance, freedom = 0.0, 0
    for one, other in calls.transpose(0, 2, 1):
        values = np.unique(one), np.unique(other)
        table = np.array([[np.sum((one == a) & (other == b)) for b in values[1]] for a in values[0]])
        chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        distance += float(np.sum((table - chance) ** 2 / chance))
        freedom += (len(values[0]) - 1) * (len(values[1]) - 1)
    if freedom and chdtrc(freedom, distance) < P_LIMIT:
        raise Mismatch("value", f"{what} aren't independent", ("equal" if (calls[..., 0] == calls[..., 1]).all() else "dependent",))


@exercise("augment")
class TestAugment(ArgumentsUnchanged, Integers):
    def arguments(self, rng):
        return nonzero(rng, 40, 4, 5), SEED

    def ask(self, student, *arguments):
        """Return what comes of images with max_shift = 0, which doesn't depend on the draws: for the test of integers."""
        return entries_of_batch(student.augment(*with_generators(arguments), 0), arguments[0].shape)

    def of_calls(self, student, rng, calls, count, *more, size=7):
        """Return the shifts of many batches, for which one generator is used, shape (calls, count, 2)."""
        one = generator(rng)
        return np.array([moves(answer, count, size) for answer in [student.augment(dots(count, size), one, *more) for _ in range(calls)]])

    @aspect("shifted images", 6.6)
    def test_shifted(self, student, reference, rng):
        """What comes back is one array of the batch's shape; each image is shifted, zeros come in, and most images have moved."""
        images = nonzero(rng, 30, 4, 6)
        answer = student.augment(images, generator(rng))
        found = expect_form(answer, lambda: expect(answer, "the augmented images").shaped(images.shape).answer)
        shifts = [(dy, dx) for dy in (-2, -1, 0, 1, 2) for dx in (-2, -1, 0, 1, 2)]
        possible = [[reference.shift_image(image, *by) for by in shifts] for image in images]
        for number, moved in enumerate(found):
            of = [other for other in range(30) if any(np.allclose(moved, right, rtol=1e-5) for right in possible[other])]
            if number not in of:
                said = f"image {number} of the answer isn't image {number} of the batch, shifted by up to 2 pixels"
                raise Mismatch("value", said, ("first",) if of == [0] and number == 1 else ("other",) if of else None)
        if np.allclose(found, images):
            raise Mismatch("value", "none of 30 images has moved")

    @aspect("the range", 1.5)
    def test_range(self, student, rng):
        """Shifts go from −1 to 1 by default, up and down, to the left and to the right, and no farther."""
        found = self.of_calls(student, rng, 30, 2)
        for axis, name in enumerate(("dy", "dx")):
            some = np.unique(found[..., axis])
            if some[0] != -1 or some[-1] != 1:
                raise Mismatch("value", f"in 60 shifts {name} goes from {some[0]} to {some[-1]}, not from −1 to 1", tuple(some.tolist()))

    @aspect("all shifts alike", 6.2)
    def test_uniform(self, student, rng):
        """In a large batch each dy and each dx is as frequent as chance has it."""
        from scipy.special import chdtrc

        found = moves(student.augment(dots(960, 5), generator(rng)), 960, 5)  # below the limit of callbacks, for follow-through
        for axis, name in enumerate(("dy", "dx")):
            counts = [int(np.sum(found[:, axis] == shift)) for shift in (-1, 0, 1)]
            if sum(counts) < 960 or chdtrc(2, sum((count - 320) ** 2 / 320 for count in counts)) < P_LIMIT:
                said = f"of 960 images, {name} is −1, 0, 1 in {counts[0]}, {counts[1]}, {counts[2]}: it should be about 320 each"
                raise Mismatch("value", said, tuple(round(count / 96) for count in counts))

    @aspect("dy and dx by themselves", 6.2)
    def test_axes_independent(self, student, rng):
        """dy and dx of an image are drawn independently."""
        expect_independent(self.of_calls(student, rng, 10, 60), "dy and dx of an image")

    @aspect("each image by itself", 2.2)
    def test_images_independent(self, student, rng):
        """Every image of a batch has shifts of its own."""
        found = moves(student.augment(dots(400, 5), generator(rng)), 400, 5)
        codes = 3 * found[:, 0] + found[:, 1]
        expect_independent(codes.reshape(1, 200, 2), "the shifts of neighbours in a batch")

    @corner("another max_shift", 0.1)
    def test_other_range(self, student, rng):
        """With max_shift = 3, images move by 0, 1, 2 and 3 pixels, and by no more."""
        some = np.unique(np.abs(self.of_calls(student, rng, 12, 40, 3, size=9))).tolist()
        if some != [0, 1, 2, 3]:
            raise Mismatch("value", f"with max_shift = 3 images move by {', '.join(map(str, some))} pixels", tuple(some))

    @corner("a batch of one", 0.05)
    def test_batch_of_one(self, student, rng):
        """A batch of one image comes back as a batch of one image."""
        images, one = nonzero(rng, 3, 4, 5), generator(rng)
        several, single = student.augment(images, one), student.augment(images[:1], one)
        if getattr(array_in(several), "shape", None) == images.shape:
            expect(array_in(single), "the batch of one").shaped((1, 4, 5))

    @corner("no shift", 0.05)
    def test_no_shift(self, student, rng):
        """With max_shift = 0 the images stay as they are."""
        images = nonzero(rng, 5, 3, 4)
        found = entries_of_batch(student.augment(images, generator(rng), 0), images.shape)
        expect(found, "the images with max_shift = 0").close_to(images)

    @aspect("new shifts from rng", 6.2)
    def test_draws_from_the_generator(self, student, rng):
        """Each call draws new shifts, and all from rng: the same state gives the same answer, the next call another one."""
        arguments = self.arguments(rng)
        mine, again, other = (with_generators(arguments, seed) for seed in (TWO_SEEDS[0], *TWO_SEEDS))
        answers = [student.augment(*some) for some in (mine, mine, again, other)]
        first, second, repeated, of_other = [entries_of_batch(answer, arguments[0].shape) for answer in answers]
        try:
            expect(second, "the answer").differs_from(first, "in a second call with the same generator, which should have moved on")
            expect(of_other, "the answer").differs_from(first, "with a generator of another seed, so the generator isn't used")
        except Mismatch as error:
            raise Mismatch(error.kind, str(error), ("fixed",)) from None
        expect_repeated(repeated, first, "between two fresh generators of one seed, so not all random numbers come from rng")


# --- ensembles ------------------------------------------------------------------------------------------------------------


def labels_of(answer, probabilities):
    """Return the labels of an answer; of probabilities or one-hot rows the largest. A test of its own looks at the form."""
    count, classes = np.shape(probabilities)[1:]
    if type(answer) is tuple:
        answer = answer[0] if answer and getattr(answer[0], "ndim", 0) == 1 else list(answer)
    answer = array_in(answer)
    if isinstance(answer, np.ndarray) and answer.shape == (count, classes) and answer.dtype.kind in "iuf":
        return np.argmax(answer, axis=1)
    return entries(answer, (count,), "the labels")


@exercise("ensemble_predict")
class TestEnsemblePredict(ArgumentsUnchanged, Contract):
    def arguments(self, rng):
        return (rng.dirichlet(np.ones(4), (3, 9)),)

    @aspect("a label for each example", 3)
    def test_agree(self, student, rng):
        """Where all members agree, their class is the answer: a single number for each example."""
        right = rng.permutation(np.arange(12) % 5)
        probabilities = 0.1 * rng.dirichlet(np.ones(5), (4, 12)) + 0.9 * np.eye(5)[right]
        answer = student.ensemble_predict(probabilities)
        expect(array_in(list(answer) if type(answer) is tuple else answer), "the labels").close_to(right.astype(float))

    @aspect("the averages decide", 4.4)
    def test_averages(self, student):
        """Where members disagree, the averages decide: not the votes, not the surest member, and no member forbids a class."""
        hesitant, sure = [0.08, 0.5, 0.38, 0.04], [0.05, 0.05, 0.9, 0.0]
        surest, rather = [0.97, 0.01, 0.0, 0.02], [0.1, 0.06, 0.8, 0.04]
        trios = [hesitant, sure, hesitant], [surest, rather, rather], [rather, rather, surest]
        order = np.bitwise_xor.outer(np.arange(4), np.arange(4))  # the averages are a symmetric matrix: argmax may go along either axis
        ensembles = [np.array(trio)[:, order] for trio in trios]
        for probabilities, answer in zip(ensembles, [student.ensemble_predict(each) for each in ensembles], strict=True):
            found, right = labels_of(answer, probabilities), np.array([2.0, 3.0, 0.0, 1.0])  # or one more: other tests look at that
            expect(found - np.array_equal(found, right + 1), "the labels").close_to(right)

    @aspect("an array of integers", 2.6)
    def test_random(self, student, reference, rng):
        """What comes back is an array of right labels, of integers to index with, for any number of members and classes."""
        ensembles = [rng.dirichlet(np.full(size[2], 0.3), size[:2]) for size in ((3, 40, 4), (7, 25, 3), (2, 30, 10))]
        for probabilities, answer in zip(ensembles, [student.ensemble_predict(each) for each in ensembles], strict=True):
            expect_alone(answer, "the labels", reference.ensemble_predict(probabilities))
            if answer.dtype.kind not in "iu":
                raise Mismatch(
                    "dtype", f"the labels have dtype {answer.dtype}, but they should be integers, to index with", (str(answer.dtype),)
                )

    @corner("close averages", 0.07)
    def test_close(self, student):
        """The larger average is the larger one, however close another one is."""
        plain = np.array([[[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]], [[0.25, 0.25, 0.5], [0.25, 0.25, 0.5]]])
        close = [plain + size * np.array([[-1.0, 0.0, 1.0]]) for size in (1e-1, 1e-3, 1e-7)]
        clear, *others = [labels_of(answer, plain) for answer in [student.ensemble_predict(each) for each in close]]
        for found in others:
            expect(found, "the labels for close averages").alike(clear, "from those for others of the same order")

    @corner("ties", 0.07)
    def test_ties(self, student, rng):
        """Where averages are equal, the smallest class is the answer."""
        probabilities = np.array([[[0.5, 0.0, 0.5], [0.25, 0.75, 0.0]], [[0.5, 0.0, 0.5], [0.25, 0.0, 0.75]]])
        expect(labels_of(student.ensemble_predict(probabilities), probabilities), "the labels").close_to([0.0, 1.0])

    @corner("one member, one example", 0.05)
    def test_single(self, student, rng):
        """An ensemble may have one member, and there may be one example."""
        p = [
            0.1 * rng.dirichlet(np.ones(size[2]), size[:2]) + 0.9 * np.eye(size[2])[rng.integers(0, size[2], size[1])]
            for size in ((1, 6, 4), (5, 1, 3), (1, 1, 4))
        ]
        for each, answer in zip(p, [student.ensemble_predict(each) for each in p], strict=True):
            expect(labels_of(answer, each), "the labels").close_to(np.argmax(each[0], axis=1).astype(float))

    @corner("integers", 0.05)
    def test_integers(self, student):
        """Whole numbers, 0 and 1, are averaged like others."""
        votes = np.array([[[0, 1, 0], [0, 0, 1]], [[0, 1, 0], [1, 0, 0]], [[1, 0, 0], [0, 0, 1]]])
        answers = both(*(partial(student.ensemble_predict, each) for each in (votes.astype(float), votes)))
        if found := seen(partial(labels_of, probabilities=votes), answers):
            expect(found[1], "the labels for integers").alike(found[0], "from those for the same numbers as floats")
