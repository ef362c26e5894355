"""How the capstone of lecture 14 is marked: the sentences about wrong answers, the scale, and images that nobody has."""

from functools import partial

import numpy as np
import pytest

from autograder.judging.grading import judge
from autograder.misconceptions import practice as known
from autograder.model.course import PACKAGE, HiddenModules
from autograder.reference import practice as reference
from autograder.suites import test_practice as hidden
from coursekit import data
from coursekit.capstone import SCALE, moved_at_random, new_digits, share_of
from coursekit.expectations import Mismatch
from coursekit.public.test_practice import expect_accuracy
from coursekit.student import LocalStudent, Raised

SENTENCES = {
    "always_the_same": r"predict answers \d for every image",
    "training_labels": r"returns the labels of the training set, whatever the images are",
    "remembers_images": r"it remembers images, and has learned nothing about digits",
    "labels_at_once": r"capstone has to return a function, .* but it returned an array",
    "scores": r"719 rows of 10 numbers, one for each class: return the class",
    "labels_in_a_column": r"an array of shape \(719, 1\) for 719 images",
    "argmax_over_images": r"an array of shape \(10,\) for 719 images",
    "capstone_nothing_returned": r"but it returned None",
    "least_squares": r"7\d % of 719 new images are read rightly, for \d\d % of the points \(none up to 65 %, all from 90 % on\)",
}
SEED = 21
ANSWERS = {answer.__name__: answer for answer in [*known.CAPSTONE, *known.EVERYWHERE]}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_mistake_has_its_sentence(name):
    with pytest.raises(Mismatch, match=SENTENCES[name]):
        expect_accuracy(LocalStudent({"capstone": ANSWERS[name]}), SEED, 21)


def test_a_crash_says_where():
    with pytest.raises(Raised, match=r"capstone raised ValueError: operands could not be broadcast"):
        expect_accuracy(LocalStudent({"capstone": ANSWERS["predict_crashes"]}), SEED, 21)


def test_whole_numbers_as_floats_are_labels():
    def capstone(X_train, y_train, rng):
        predict = reference.capstone(X_train, y_train, rng)
        return lambda X: predict(X).astype(float)

    expect_accuracy(LocalStudent({"capstone": capstone}), SEED, 21)


def test_a_memory_of_the_course_data_is_worth_nothing():
    digits = data.digits()
    X, y = np.vstack([digits.X_train, digits.X_test]), np.append(digits.y_train, digits.y_test)

    def capstone(X_train, y_train, rng):
        return lambda images: y[[int(np.argmin(np.sum((X - image) ** 2, axis=1))) for image in images]]

    with pytest.raises(Mismatch, match="% of 719 new images") as caught:
        expect_accuracy(LocalStudent({"capstone": capstone}), SEED, 21)
    assert caught.value.share == 0


def draws_the_images_again(X_train, y_train, rng):
    """Read the labels off `new_digits`, by the seeds of the public checks, small ones, and what the generator was made from."""
    for seed in [2024, *range(60), rng.bit_generator.seed_seq.entropy]:
        digits = new_digits(seed, len(X_train))
        if np.array_equal(digits.X_train, X_train):
            labels = {image.tobytes(): label for image, label in zip(digits.X_test, digits.y_test, strict=True)}
            return lambda X: np.array([labels[image.tobytes()] for image in X])
    return lambda X: np.zeros(len(X), int)


def test_the_marked_images_cannot_be_drawn_again():
    attack = LocalStudent({"capstone": draws_the_images_again})
    expect_accuracy(attack, SEED, 1)  # with a seed that is guessed, the attack works
    suite = hidden.TestCapstone()
    for test in (suite.test_accuracy, suite.test_accuracy_again):
        with pytest.raises(Mismatch, match="predict answers 0 for every image"):
            test(attack)
    assert min(hidden.SEEDS) > 1 << 80


def test_the_scale_is_even_and_has_steps():
    low, high = SCALE
    assert [share_of(accuracy) for accuracy in (0.0, low, (low + high) / 2, high, 1.0)] == [0, 0, 0.5, 1, 1]
    shares = {share_of(low + (high - low) * step / 1000) for step in range(1001)}
    np.testing.assert_allclose(sorted(shares), np.arange(21) / 20)


@pytest.mark.parametrize(
    ("method", "least", "most"),
    [
        (known.to_class_means, 0.0, 0.2),
        (partial(known.by_ridge, known.with_ones, ridge=0.1), 0.25, 0.6),
        (known.by_neighbours, 1.0, 1.0),
    ],
    ids=["class means", "linear", "neighbours"],
)
def test_the_scale_holds_for_any_seeds(method, least, most):
    """What the notebook says of it, over twelve pairs of seeds."""
    shares = []
    for seed in range(500, 524):
        digits = new_digits(seed, 1000)
        shares.append(share_of(np.mean(method(digits.X_train, digits.y_train)(digits.X_test) == digits.y_test)))
    assert all(least <= share <= most for share in np.reshape(shares, (12, 2)).mean(axis=1)), shares


def test_images_move_down_and_right_by_a_pixel_at_most():
    image = np.zeros((400, 8, 8))
    image[:, 3, 5] = 1.0
    moved = moved_at_random(image, np.random.default_rng(0)).reshape(-1, 8, 8)
    places = {tuple(int(index) for index in np.argwhere(one)[0]) for one in moved}
    assert places == {(3, 5), (4, 5), (3, 6), (4, 6)} and np.all(moved.sum(axis=(1, 2)) == 1)


def test_the_same_digits_in_every_run_and_others_for_other_seeds():
    one, again, other = new_digits(3, 200), new_digits(3, 200), new_digits(4, 200)
    np.testing.assert_array_equal(one.X_test, again.X_test)
    assert not np.array_equal(one.y_test, other.y_test)
    assert not any(np.array_equal(image, mine) for image in one.X_test[:20] for mine in data.digits().X_train)


def test_the_same_marks_in_every_run():
    student = LocalStudent({"capstone": ANSWERS["least_squares"]})
    first, again = (judge(HiddenModules(PACKAGE, "practice"), student, {"capstone": 6.0}) for _ in range(2))
    assert first == again
