"""The public checks of lecture 10, regularization."""

from copy import deepcopy

import numpy as np

from coursekit import exercise, expect, expect_unchanged


def expect_penalty(student, name, weights, lam, penalty, grads):
    """Expect the right pair; the gradients may be in a list or a tuple."""
    found = expect(getattr(student, name)(weights, lam), f"what {name} returns").items("penalty", "grads")
    expect(found[0], "penalty").close_to(penalty)
    names = [f"grads[{index}]" for index in range(len(grads))]
    for item, right, one in zip(expect(found[1], "grads").items(*names), grads, names, strict=True):
        expect(item, one).close_to(right)


def arguments_stay(self, student):
    """The arguments are as they were after the call."""
    expect_unchanged(getattr(student, self.exercise), *deepcopy(self.arguments))


def any_shape(self, student):
    """Arrays with no axis, with no entry and with three axes are legal: the penalty is that of all their entries together."""
    weights = [np.array(-2.0), np.zeros((0, 2)), np.ones((2, 1, 2))]
    _, grads = expect(getattr(student, self.exercise)(weights, 0.5), "the answer").items("penalty", "grads")
    for item, right in zip(expect(grads, "grads").items("grads[0]", "grads[1]", "grads[2]"), weights, strict=True):
        expect(item, "its gradient").shaped(right.shape)


SOME_WEIGHTS = [np.array([[1.5, -2.0]]), np.array([3.0])], 0.5


@exercise("l2_penalty")
class TestL2Penalty:
    arguments = SOME_WEIGHTS

    def test_by_hand(self, student):
        """The worked example: ((3, −1), (0, 2)) and (−4, 1) with λ = 0.5 give 7.75 and half the weights."""
        weights = [np.array([[3.0, -1.0], [0.0, 2.0]]), np.array([-4.0, 1.0])]
        expect_penalty(student, "l2_penalty", weights, 0.5, 7.75, [0.5 * w for w in weights])

    def test_integers(self, student):
        """Integers give fractions: (1, −2) with λ = 0.5 gives 1.25 and (0.5, −1). With λ = 3 it is 7.5 and (3, −6)."""
        expect_penalty(student, "l2_penalty", [np.array([1, -2])], 0.5, 1.25, [np.array([0.5, -1.0])])
        expect_penalty(student, "l2_penalty", [np.array([1, -2])], 3, 7.5, [np.array([3.0, -6.0])])

    test_any_shape = any_shape
    test_arguments_stay = arguments_stay


@exercise("l1_penalty")
class TestL1Penalty:
    arguments = SOME_WEIGHTS

    def test_by_hand(self, student):
        """The worked example: ((3, −1), (0, 2)) and (−4, 1) with λ = 0.5 give 5.5 and ((0.5, −0.5), (0, 0.5)) and (−0.5, 0.5)."""
        weights = [np.array([[3.0, -1.0], [0.0, 2.0]]), np.array([-4.0, 1.0])]
        expect_penalty(student, "l1_penalty", weights, 0.5, 5.5, [np.array([[0.5, -0.5], [0.0, 0.5]]), np.array([-0.5, 0.5])])

    def test_integers(self, student):
        """Integers give fractions: (3, −2) with λ = 0.25 gives 1.25 and (0.25, −0.25)."""
        expect_penalty(student, "l1_penalty", [np.array([3, -2])], 0.25, 1.25, [np.array([0.25, -0.25])])

    def test_tiny(self, student):
        """The sign of a tiny weight is 1 or −1, too: 10⁻⁹·(3, −2) has the same gradient as (3, −2)."""
        expect_penalty(student, "l1_penalty", [1e-9 * np.array([3.0, -2.0])], 0.25, 1.25e-9, [np.array([0.25, -0.25])])

    test_any_shape = any_shape
    test_arguments_stay = arguments_stay


@exercise("weight_decay_step")
class TestWeightDecayStep:
    arguments = np.arange(12.0).reshape(3, 4) - 5.5, np.arange(12.0).reshape(3, 4) - 5.5, 0.5, 0.1

    def test_by_hand(self, student):
        """The worked example: w = (2, −4), ∇ = (1, 3), η = 0.5 and λ = 0.2 give (1.3, −5.1)."""
        expect(student.weight_decay_step(np.array([2.0, -4.0]), np.array([1.0, 3.0]), 0.5, 0.2), "the new weights").close_to(
            np.array([1.3, -5.1])
        )

    def test_any_shape(self, student):
        """Matrices keep their shape: with η = 0.1 and λ = 0.5, 10 and the gradient −2 become 9.7."""
        answer = student.weight_decay_step(np.full((2, 3), 10.0), np.full((2, 3), -2.0), 0.1, 0.5)
        expect(answer, "the new weights").close_to(np.full((2, 3), 9.7))

    def test_integers(self, student):
        """Integers give fractions: w = (2, −4), ∇ = (1, 3) give the same as floats."""
        expect(student.weight_decay_step(np.array([2, -4]), np.array([1, 3]), 0.5, 0.2), "the new weights").close_to(np.array([1.3, -5.1]))

    test_arguments_stay = arguments_stay


@exercise("max_norm")
class TestMaxNorm:
    arguments = np.arange(12.0).reshape(3, 4) - 5.5, 1.0

    def test_by_hand(self, student):
        """The worked example: with r = 2.5 the columns (3, 4), (1, 0) and (−6, 8) become (1.5, 2), (1, 0) and (−1.5, 2)."""
        W = np.array([[3.0, 1.0, -6.0], [4.0, 0.0, 8.0]])
        expect(student.max_norm(W, 2.5), "the new weights").close_to(np.array([[1.5, 1.0, -1.5], [2.0, 0.0, 2.0]]))

    def test_short_columns(self, student):
        """Where all columns are short the weights stay, also a column of zeros."""
        W = np.array([[0.5, 0.0], [-0.5, 0.0], [0.1, 0.0]])
        expect(student.max_norm(W, 1.0), "the new weights").close_to(W)

    def test_tiny_columns(self, student):
        """Nothing is added to the norm: the column 10⁻¹⁰·(3, 4) is shortened to 10⁻¹⁰ exactly."""
        expect(student.max_norm(1e-10 * np.array([[3.0], [4.0]]), 1e-10), "the new weights").close_to(1e-10 * np.array([[0.6], [0.8]]))

    def test_integers(self, student):
        """Integers give fractions: (3, 4) is shortened to (1.5, 2)."""
        expect(student.max_norm(np.array([[3], [4]]), 2.5), "the new weights").close_to(np.array([[1.5], [2.0]]))

    test_arguments_stay = arguments_stay


def epochs(answer):
    """Return the pair as an array."""
    best, stop = expect(answer, "what early_stopping returns").items("best_epoch", "stop_epoch")
    return np.array([expect(item, name).shaped(()).answer for item, name in ((best, "best_epoch"), (stop, "stop_epoch"))], dtype=float)


@exercise("early_stopping")
class TestEarlyStopping:
    arguments = [3.0, 1.0, 2.0, 4.0], 1

    def test_by_hand(self, student):
        """The worked example: 5, 4, 4.5, 3, 3.5, 3.2, 3.1, 2, 6 with patience 3 give (3, 6), and with patience 1 (1, 2)."""
        losses = [5.0, 4.0, 4.5, 3.0, 3.5, 3.2, 3.1, 2.0, 6.0]
        for patience, right in ((3, (3, 6)), (1, (1, 2))):
            found = epochs(student.early_stopping(losses, patience))
            expect(found, f"(best_epoch, stop_epoch) with patience {patience}").close_to(np.array(right, dtype=float))

    def test_to_the_end(self, student):
        """Where patience isn't used up, the last epoch is the end: also where the last one is bad, and where there is only one."""
        for losses, right in (
            ([3.0, 2.0, 2.5, 2.6], (1, 3)),
            ([3.0, 2.0, 2.5, 2.6, 2.7], (1, 4)),
            ([3.0, 2.0, 1.0], (2, 2)),
            ([4.0], (0, 0)),
        ):
            expect(epochs(student.early_stopping(losses, 3)), f"the answer for {losses}").close_to(np.array(right, dtype=float))

    def test_equal(self, student):
        """A loss that is only as low as the best one isn't lower: 2, 1, 1, 1, 0 with patience 2 gives (1, 3)."""
        expect(epochs(student.early_stopping([2.0, 1.0, 1.0, 1.0, 0.0], 2)), "the answer").close_to(np.array([1.0, 3.0]))

    def test_any_numbers(self, student):
        """Losses may be negative, large, close to each other, and in an array."""
        for losses in ([-1.0, -2.0, -1.5, -1.2], [9e9, 2e9, 3e9, 4e9], [1.000002, 1.000001, 1.000003, 1.000002]):
            expect(epochs(student.early_stopping(np.array(losses), 2)), f"the answer for {losses}").close_to(np.array([1.0, 3.0]))

    test_arguments_stay = arguments_stay


@exercise("shift_image")
class TestShiftImage:
    arguments = np.arange(12.0).reshape(3, 4) - 5.5, 1, 1

    def test_by_hand(self, student):
        """The worked example: ((1, 2, 3), (4, 5, 6)) with dy = 1 and dx = −1 gives ((0, 0, 0), (2, 3, 0))."""
        image = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        expect(student.shift_image(image, 1, -1), "the shifted image").close_to(np.array([[0.0, 0.0, 0.0], [2.0, 3.0, 0.0]]))

    def test_one_axis(self, student):
        """Along one axis, by two pixels and back: nothing wraps round, and with no shift the image stays."""
        image = np.array([[0.5], [1.5], [2.5]])
        for dy, right in ((2, [0.0, 0.0, 0.5]), (-1, [1.5, 2.5, 0.0]), (0, [0.5, 1.5, 2.5])):
            expect(student.shift_image(image, dy, 0), f"the image with dy = {dy}").close_to(np.array(right)[:, None])
            expect(student.shift_image(image.T, 0, dy), f"the image with dx = {dy}").close_to(np.array(right)[None])

    def test_far(self, student):
        """By more than the image, all of it is gone."""
        for dy, dx in ((3, 0), (-4, 1), (0, 5), (1, -9), (2, 0), (5, 0)):
            expect(student.shift_image(np.ones((2, 3)), dy, dx), f"the image with dy = {dy}, dx = {dx}").close_to(np.zeros((2, 3)))

    test_arguments_stay = arguments_stay


@exercise("augment")
class TestAugment:
    arguments = np.arange(24.0).reshape(2, 3, 4), np.random.default_rng(0)

    def moves(self, student, count, *more, size=9):
        """Return by how much the bright pixels of images were moved, shape (N, 2)."""
        images = np.zeros((count, size, size))
        images[:, size // 2, size // 2] = 1.0
        out = expect(student.augment(images, np.random.default_rng(5), *more), "the augmented images").shaped(images.shape).answer
        expect(out.reshape(count, -1).sum(axis=1), "the sum of each image with one bright pixel").close_to(np.ones(count))
        return np.stack(np.divmod(out.reshape(count, -1).argmax(axis=1), size), axis=1) - size // 2

    def test_range(self, student):
        """By default each axis moves by −1, 0 or 1, each about 1000 times among 3000; with max_shift = 2, by up to 2."""
        for axis, name in enumerate(("dy", "dx")):
            found = self.moves(student, 3000)[:, axis]
            counts = np.array([np.sum(found == shift) for shift in (-1, 0, 1)], dtype=float)
            expect(counts, f"how often {name} is −1, 0 and 1").within(850, 1150)
        expect(np.abs(self.moves(student, 300, 2)).max(axis=0).astype(float), "the longest shifts with max_shift = 2").close_to([2.0, 2.0])

    def test_independent(self, student):
        """dy and dx are equal in a third of the images, and so are the shifts of neighbours."""
        found = self.moves(student, 3000)
        for name, same in (("dy and dx", found[:, 0] == found[:, 1]), ("dy of neighbours", found[1:, 0] == found[:-1, 0])):
            expect(np.array([np.mean(same)]), f"how often {name} are equal").within(0.27, 0.4)

    def test_one_image(self, student):
        """What comes out is the image that went in, shifted: zeros come in, nothing wraps, and fractions stay."""
        images = np.arange(1.0, 13.0).reshape(2, 2, 3) / 2
        for seed in range(6):
            out = expect(student.augment(images, np.random.default_rng(seed)), "the augmented images").shaped(images.shape).answer
            for n, image in enumerate(images):
                padded = np.pad(image, 1)
                windows = [padded[i : i + 2, j : j + 3] for i in range(3) for j in range(3)]
                nearest = min(windows, key=lambda window: np.abs(window - out[n]).sum())
                expect(out[n], f"image {n}, beside the most similar shift,").close_to(nearest)

    def test_generator(self, student, rng):
        """The same state of rng gives the same shifts, and the next call other ones; with max_shift = 0 nothing moves."""
        images, one = rng.normal(size=(30, 4, 4)), np.random.default_rng(3)
        first, second, again = (student.augment(images, generator) for generator in (one, one, np.random.default_rng(3)))
        expect(again, "the answer").same_as(first, "between two generators in the same state")
        expect(second, "the answer").differs_from(first, "in a second call with the same generator")
        expect(student.augment(images, one, 0), "the answer with max_shift = 0").close_to(images)

    test_arguments_stay = arguments_stay


@exercise("ensemble_predict")
class TestEnsemblePredict:
    arguments = (np.array([[[0.25, 0.75], [0.5, 0.5]], [[0.75, 0.25], [1.0, 0.0]]]),)

    def test_by_hand(self, student):
        """The worked example: three members, two examples and four classes give the classes 3 and 1."""
        first, second = [[0.0, 0.1, 0.0, 0.9], [0.6, 0.4, 0.0, 0.0]], [[0.5, 0.1, 0.0, 0.4], [0.0, 0.4, 0.6, 0.0]]
        probabilities = np.array([first, second, [[0.4, 0.3, 0.0, 0.3], [0.2, 0.4, 0.1, 0.3]]])
        labels = student.ensemble_predict(probabilities)
        expect(labels, "the labels").close_to([3.0, 1.0])

    def test_sure(self, student):
        """One sure member can be outvoted: (0, 0, 0.9), (0.6, 0.3, 0.1) and (0.7, 0.2, 0.1), as averages, give class 0."""
        p = np.array([[[0.05, 0.05, 0.9]], [[0.7, 0.25, 0.05]], [[0.8, 0.1, 0.1]]])
        expect(student.ensemble_predict(p), "the labels").close_to([0.0])
        expect(student.ensemble_predict(p[::-1]), "the labels, with the members in another order,").close_to([0.0])

    def test_impossible_for_one(self, student):
        """What one member holds impossible may still be the answer."""
        p = np.array([[[0.0, 0.6, 0.4]], [[0.9, 0.05, 0.05]], [[0.9, 0.05, 0.05]]])
        expect(student.ensemble_predict(p), "the labels").close_to([0.0])

    def test_ties(self, student):
        """Of several classes with the same average the smallest is the answer, as an integer."""
        labels = student.ensemble_predict(np.array([[[0.25, 0.25, 0.5], [0.5, 0.5, 0.0]], [[0.25, 0.75, 0.0], [0.5, 0.5, 0.0]]]))
        expect(labels, "the labels").close_to([1.0, 0.0])
        if labels.dtype.kind not in "iu":
            raise AssertionError(f"the labels have dtype {labels.dtype}, but one indexes with them: integers")

    test_arguments_stay = arguments_stay
