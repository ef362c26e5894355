"""The hidden suite of lecture 13, transfer learning.

Most tests take the right numbers in another form, too: in one flat tuple, as a column, in another order. In each exercise one corner
looks at the form. Of gradients the direction is looked at apart from the length.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.kit.contracts import (
    SEED,
    TWO_SEEDS,
    ArgumentsUnchanged,
    Float32,
    Integers,
    IntegersBesideFractions,
    MemoryLayouts,
    array_in,
    arrays_in,
    expect_repeated,
    generator,
    in_form,
    part_of,
    rounded,
    with_generators,
)
from coursekit import aspect, corner, exercise, expect, expect_error
from coursekit.expectations import Mismatch, described, same
from coursekit.student import Raised


def network(rng, *sizes):
    """Return random layers (W, b) for these numbers of units."""
    return [(rng.normal(size=(D, H)), rng.normal(size=H)) for D, H in pairwise(sizes)]


def flat(answer):
    """Return an array of shape (N, 1) with the shape (N,), a list of numbers as an array, and booleans as numbers."""
    answer = array_in(list(answer) if isinstance(answer, tuple) else answer)
    if not isinstance(answer, np.ndarray):
        return answer
    answer = answer.astype(float) if answer.dtype == bool else answer
    return answer.ravel() if answer.ndim > 1 and answer.size == max(answer.shape) else answer


def plain(answer, depth=3):
    """Return an answer with a list of its values in the place of each dictionary."""
    answer = list(answer.values()) if isinstance(answer, dict) else answer
    return type(answer)([plain(item, depth - 1) for item in answer]) if depth and type(answer) in (list, tuple) else answer


def layers_in(answer):
    """Return layers as a list of pairs, whatever form they have, for a test of its own looks at that; what is missing in a pair is None."""
    answer = plain(answer)
    if not is_sequence(answer):
        raise Mismatch("type", f"the answer should be a list of pairs (W, b), but it is {described(answer)}")
    if len(answer) % 2 == 0 and all(isinstance(part, np.ndarray) for part in answer):
        answer = list(zip(answer[::2], answer[1::2], strict=True))
    pairs = [[*(layer if is_sequence(layer) else [layer]), None, None][:2] for layer in answer]
    return [pair[::-1] if all(map(is_array, pair)) and np.ndim(pair[0]) < np.ndim(pair[1]) else pair for pair in pairs]


def expect_layer(layer, right, name, which):
    """Expect W (which = 0) or b (which = 1) of a layer."""
    expect(flat(layer[1]) if which else layer[0], f"{'Wb'[which]} of {name}").close_to(right[which])


def is_sequence(answer):
    """Tell whether an answer is a list or a tuple."""
    return isinstance(answer, (list, tuple))


def is_array(part):
    """Tell whether this is an array or a number, whose axes can be counted."""
    return isinstance(part, (np.ndarray, np.generic, float))


def shape_of(answer):
    """Return the shape of an array or a number, and () for anything else."""
    return np.shape(answer) if is_array(answer) else ()


class Unchanged(ArgumentsUnchanged):
    """The function works on copies; which of the arguments called `names` is changed tells mistakes apart."""

    names: tuple[str, ...]

    def unchanged(self, student, *arguments):
        try:
            after = getattr(student, self.exercise).call(*with_generators(arguments)).arguments
        except Raised:  # another test looks at that
            return
        changed = [name for name, was, now in zip(self.names, arguments, after, strict=False) if not same(was, now)]
        if changed:
            raise Mismatch("value", f"{self.exercise} changed {' and '.join(changed)} in place; work on a copy instead", tuple(changed))


def expect_matrix(W, name):
    """Expect an array with two axes, and return it."""
    return expect(W, name).shaped(shape_of(W) if len(shape_of(W)) == 2 else (1, 1)).answer


def expect_form(answer):
    """Expect a list or a tuple of pairs, of which W has two axes and b has one."""
    if not is_sequence(answer):
        raise Mismatch("type", f"the answer should be a list, but it is {described(answer)}")
    for number, layer in enumerate(answer, start=1):
        W, b = expect(layer, f"layer {number} of the answer").items("W", "b")
        expect(b, f"b of layer {number}").shaped(expect_matrix(W, f"W of layer {number}").shape[1:])


# --- split_classes --------------------------------------------------------------------------------------------------------

NAMES = "X_A", "y_A", "X_B", "y_B"


def split_parts(answer, y, held_out):
    """Return (X_A, y_A, X_B, y_B), also where the four arrays come in one row, or B first; a test of its own looks at that."""
    items = [part for item in plain(answer) for part in (item if is_tuple(item) else [item])] if is_sequence(answer) else [answer]
    items = [array_in(part) if isinstance(part, list) else part for part in items]
    X_A, y_A, X_B, y_B = expect(items, "what split_classes returns").items(*NAMES)
    in_B = int(np.isin(y, held_out).sum())
    return [X_B, y_B, X_A, y_A] if shape_of(X_A)[:1] == (in_B,) and shape_of(X_B)[:1] == (len(y) - in_B,) else [X_A, y_A, X_B, y_B]


def is_tuple(item):
    """Tell whether an item is a pair of arrays, and no list of labels."""
    return is_sequence(item) and any(isinstance(part, np.ndarray) for part in item)


@exercise("split_classes")
class TestSplitClasses(Unchanged):
    names = "X", "y", "held_out"

    def arguments(self, rng, held_out=(2, 5), K=7, N=41):
        y = rng.permutation(np.append(np.repeat(np.arange(K), 2), rng.integers(0, K, N - 2 * K)))
        return rng.normal(size=(N, 3)), y, held_out

    def ask(self, student, *arguments):
        return split_parts(student.split_classes(*arguments), *arguments[1:])

    def expect_parts(self, student, reference, rng, names, *pairs, K=7):
        """Expect some of the four arrays for pairs of held-out classes; K = None: up to the larger of them."""
        cases = [self.arguments(rng, held_out, K or max(held_out) + 1) for held_out in pairs]
        answers = [student.split_classes(*case) for case in cases]
        for case, answer in zip(cases, answers, strict=True):
            right = dict(zip(NAMES, [part for pair in reference.split_classes(*case) for part in pair], strict=True))
            found = dict(zip(NAMES, split_parts(answer, *case[1:]), strict=True))
            for name in names:
                part = found[name] if name[0] == "X" else flat(found[name])
                expect(part, f"{name} for held_out = {case[2]}").close_to(right[name])

    @aspect("the inputs of A", 1.4)
    def test_X_A(self, student, reference, rng):
        """X_A has the examples of all other classes, in their order."""
        self.expect_parts(student, reference, rng, ["X_A"], (2, 5), (6, 0))

    @aspect("the inputs of B", 1.4)
    def test_X_B(self, student, reference, rng):
        """X_B has the examples of the two classes that are held out, in their order."""
        self.expect_parts(student, reference, rng, ["X_B"], (2, 5), (6, 0))

    @aspect("labels of A: without gaps", 1)
    def test_no_gaps(self, student, rng):
        """The labels of A are 0 to K − 3, and each of them is there."""
        cases = [self.arguments(rng, (1, 4), 7), self.arguments(rng, (0, 3), 6)]
        answers = [student.split_classes(*case) for case in cases]
        for (_, y, held_out), answer, K in zip(cases, answers, (7, 6), strict=True):
            y_A = flat(split_parts(answer, y, held_out)[1])
            expect(y_A, "y_A").shaped(shape_of(y_A) if len(shape_of(y_A)) == 1 else (1,))
            expect(np.unique(y_A), "the different labels of A").close_to(np.arange(K - 2.0))

    @aspect("labels of A: the last two held out", 0.5)
    def test_last_classes(self, student, reference, rng):
        """Where the two last classes are held out, those of A keep their labels."""
        self.expect_parts(student, reference, rng, ["y_A"], (5, 6), (8, 9), K=None)

    @aspect("labels of A: neighbours", 1)
    def test_neighbours(self, student, reference, rng):
        """Where two neighbours are held out, the classes above them move down by two."""
        self.expect_parts(student, reference, rng, ["y_A"], (3, 4), (0, 1))

    @aspect("labels of A: any two", 1.3)
    def test_any_two(self, student, reference, rng):
        """Where two classes with others between them are held out, the labels of A have no gap and keep their order."""
        self.expect_parts(student, reference, rng, ["y_A"], (1, 4), (0, 6))

    @aspect("labels of B", 2.4)
    def test_y_B(self, student, reference, rng):
        """The second class of held_out is 1 and the first one is 0, where the second is the larger one."""
        self.expect_parts(student, reference, rng, ["y_B"], (2, 5), (0, 1))

    @corner("held_out in any order", 0.1)
    def test_order(self, student, reference, rng):
        """Where held_out begins with the larger class, the labels of B follow its order, and those of A are the same."""
        self.expect_parts(student, reference, rng, ["y_B", "y_A"], (5, 2), (6, 0))

    @corner("two pairs, with labels in one row", 0.1)
    def test_form(self, student, rng):
        """The answer is ((X_A, y_A), (X_B, y_B)); labels are numbers, as arrays of shape (N,)."""
        X, y, held_out = self.arguments(rng)
        answer = student.split_classes(X, y, held_out)
        if not (is_sequence(answer) and len(answer) == 2 and all(is_sequence(pair) and len(pair) == 2 for pair in answer)):
            found = len(answer) if is_sequence(answer) else 0
            raise Mismatch("type", f"two pairs should come back, and not {described(answer)}", ("no pairs", found))
        for (inputs, labels), of in zip(answer, "AB", strict=True):
            for part, axes, name in ((labels, 1, f"y_{of}"), (inputs, 2, f"X_{of}")):
                if not isinstance(part, np.ndarray) or part.ndim != axes:
                    raise Mismatch(
                        "shape", f"{name} should be an array with {axes} axes, but it is {described(part)}", (axes, shape_of(part))
                    )
            expect(labels, f"y_{of}").shaped(labels.shape)
        if len(answer[0][1]) == np.isin(y, held_out).sum():
            raise Mismatch("value", "A should come first, and B second", ("order",))

    @corner("images", 0.05)
    def test_images(self, student, reference, rng):
        """Images of shape (N, C, H, W), of integers, with labels of 8 bits, are split in the same way."""
        _, y, held_out = self.arguments(rng, (3, 1), 5, 23)
        arguments = rng.integers(0, 256, (23, 1, 4, 2)), y.astype(np.uint8), held_out
        parts = split_parts(student.split_classes(*arguments), *arguments[1:])
        for part, right, name in zip(parts, [item for pair in reference.split_classes(*arguments) for item in pair], NAMES, strict=True):
            expect(part if right.ndim > 1 else flat(part), name).close_to(right)

    @corner("images")
    def test_three_classes(self, student, reference, rng):
        """With three classes A has one, whose label is 0."""
        self.expect_parts(student, reference, rng, ["y_A"], (0, 2), (1, 2), K=3)


# --- reuse_layers ---------------------------------------------------------------------------------------------------------


@exercise("reuse_layers")
class TestReuseLayers(Unchanged):
    sizes, names = (5, 7, 6, 4, 3), ("params_A", "n_reuse", "n_out")

    def arguments(self, rng):
        return network(rng, *self.sizes), 2, 3, SEED

    def layers(self, student, rng, *cases):
        """Return for each (n_reuse, n_out) the two numbers, A's layers, and the answer as pairs."""
        nets = [network(rng, *self.sizes) for _ in cases]
        answers = [student.reuse_layers(params, *case, generator(rng)) for params, case in zip(nets, cases, strict=True)]
        return [(*case, params, layers_in(answer)) for params, case, answer in zip(nets, cases, answers, strict=True)]

    def expect_reused(self, right, layers, *which):
        """Expect that the first layers are the right ones; of each W (0), b (1) or both are looked at."""
        if len(layers) < len(right):
            raise Mismatch("shape", f"there are {len(layers)} layers, but {len(right)} should be reused")
        for number, (layer, wanted) in enumerate(zip(layers, right, strict=False), start=1):
            for one in which:
                expect_layer(layer, wanted, f"reused layer {number}", one)

    @aspect("the reused weights", 2.4)
    def test_reused_W(self, student, rng):
        """The first n_reuse layers have the weights of A's first ones."""
        for n_reuse, _, params, layers in self.layers(student, rng, (1, 2), (2, 2), (3, 2)):
            self.expect_reused(params[:n_reuse], layers, 0)

    @aspect("the reused biases", 2.4)
    def test_reused_b(self, student, rng):
        """The first n_reuse layers have the biases of A's first ones."""
        for n_reuse, _, params, layers in self.layers(student, rng, (1, 2), (2, 2), (3, 2)):
            self.expect_reused(params[:n_reuse], layers, 1)

    @aspect("how many layers", 1.4)
    def test_count(self, student, rng):
        """There are n_reuse + 1 layers: the others of A are gone."""
        for n_reuse, _, _, layers in self.layers(student, rng, (1, 1), (3, 1), (2, 1)):
            for W, _ in layers:
                expect_matrix(W, "W")
            if (found := len(layers)) != n_reuse + 1:
                raise Mismatch("shape", f"with n_reuse = {n_reuse} there are {found} layers, expected {n_reuse + 1}", (found - n_reuse,))

    @aspect("the shape of the head", 3.3)
    def test_shapes(self, student, rng):
        """The head has a weight for each unit below it and each output, and a bias for each output."""
        for n_reuse, n_out, _, layers in self.layers(student, rng, (2, 1), (1, 4), (3, 2)):
            W, b = layers[-1] if layers else (None, None)
            expect(W, "W of the head").shaped((self.sizes[n_reuse], n_out))
            expect(flat(b) if n_out > 1 else np.ravel(b) if is_array(b) else b, "b of the head").shaped((n_out,))

    @aspect("a random head", 3.3)
    def test_random(self, student, rng):
        """The head's weights are drawn independently of each other: they differ, and rows and columns don't move together."""
        params = network(rng, 3, 60, 4)
        answers = [student.reuse_layers(params, 1, 50, np.random.default_rng(seed)) for seed in TWO_SEEDS]
        heads = [(layers_in(answer) or [[None]])[-1][0] for answer in answers]
        W = expect_matrix(heads[0], "W of the head")
        if W.size < 40 or np.unique(W).size < min(W.size, 3000) // 2:
            raise Mismatch(
                "value", f"the head's {W.size} weights have {np.unique(W).size} different values", (np.unique(W).size, bool(W.any()))
            )
        expect(heads[1], "W of the head").differs_from(heads[0], "for generators in different states, so it isn't drawn from rng")
        expect((W - W.mean()) / W.std(), "W of the head, less its mean and divided by its standard deviation,").is_independent(1.0)

    @corner("random numbers from rng", 0.1)
    def test_draws_from_the_generator(self, student, rng):
        """All random numbers come from rng: the same state gives the same answer."""
        params = network(rng, *self.sizes)
        first, again = (student.reuse_layers(params, 2, 3, np.random.default_rng(51)) for _ in range(2))
        expect_repeated(again, first, "between two generators in the same state, so not all random numbers come from rng")

    @aspect("nothing reused", 0.6)
    def test_none_reused(self, student, rng):
        """With n_reuse = 0 the head stands on the inputs, and is the only layer."""
        ((*_, layers),) = self.layers(student, rng, (0, 2))
        expect([len(layers)], "the number of layers").close_to([1])
        expect(layers[0][0], "W of the head").shaped((5, 2))

    @aspect("copies", 3.3)
    def test_copies(self, student, rng):
        """The reused layers are copies: they have A's numbers, and training them doesn't change A."""
        params = network(rng, *self.sizes)
        calls = [(n_reuse, student.reuse_layers.call(params, n_reuse, 2, generator(rng))) for n_reuse in (1, 3)]
        for n_reuse, call in calls:
            self.expect_reused(params[:n_reuse], layers_in(call.answer), 0, 1)
            if call.shared:
                raise Mismatch("value", "an array of the answer is an array of A's, or a view of one: a change of one changes the other")

    @corner("a list of pairs", 0.05)
    def test_form(self, student, rng):
        """The answer is a list of pairs (W, b), with b of shape (n,)."""
        expect_form(student.reuse_layers(network(rng, *self.sizes), 2, 1, generator(rng)))


# --- frozen_step ----------------------------------------------------------------------------------------------------------


@exercise("frozen_step")
class TestFrozenStep(Unchanged, IntegersBesideFractions):
    sizes, beside_fractions = (3, 4, 2, 5), ((0,), (1,))
    names = "params", "grads", "lr", "trainable"

    def arguments(self, rng, trainable=(False, True, True), lr=0.3):
        return network(rng, *self.sizes), network(rng, *self.sizes), lr, list(trainable)

    def ask(self, student, *arguments):
        return [part for layer in layers_in(student.frozen_step(*arguments)) for part in layer]

    def layers(self, student, rng, *cases):
        """Return for each (trainable, lr) the arguments, and the answer as pairs."""
        calls = [self.arguments(rng, *case) for case in cases]
        answers = [student.frozen_step(*arguments) for arguments in calls]
        return [(arguments, layers_in(answer)) for arguments, answer in zip(calls, answers, strict=True)]

    def expect_trained(self, student, reference, rng, which, *cases):
        for arguments, layers in self.layers(student, rng, *cases):
            for number in (number for number, trains in zip((3, 2, 1), arguments[3], strict=True) if trains):  # counted from above
                if len(layers) < number:
                    raise Mismatch("shape", f"there are {len(layers)} layers, expected 3")
                for one in which:
                    expect_layer(layers[-number], reference.frozen_step(*arguments)[-number], f"layer {4 - number}, which is trained,", one)

    @aspect("weights that are trained", 0.9)
    def test_trained_W(self, student, reference, rng):
        """The weights of a trainable layer move by −lr·dW."""
        self.expect_trained(student, reference, rng, (0,), ((False, True, True), 0.3), ((False, False, True), 0.05))

    @aspect("biases that are trained", 0.9)
    def test_trained_b(self, student, reference, rng):
        """The biases of a trainable layer move by −lr·db."""
        self.expect_trained(student, reference, rng, (1,), ((False, True, True), 0.3), ((False, False, True), 0.05))

    @aspect("nothing frozen", 1)
    def test_none_frozen(self, student, reference, rng):
        """Where every layer is trainable, all move: W by −lr·dW, b by −lr·db."""
        self.expect_trained(student, reference, rng, (0, 1), ((True, True, True), 2.0))

    def moved(self, layers, params):
        """Return for each W and b whether it differs from what it was."""
        if len(layers) != len(params):
            raise Mismatch("shape", f"there are {len(layers)} layers, expected {len(params)}")
        pairs = [pair for layer in zip(layers, params, strict=True) for pair in zip(*layer, strict=True)]
        return [not np.array_equal(flat(part), flat(was)) for part, was in pairs]

    def expect_frozen(self, student, rng, which):
        for (params, _, _, trainable), layers in self.layers(student, rng, ((False, True, True),), ((False, False, True),)):
            moved = self.moved(layers, params)
            for number in range(trainable.index(True)):
                expect_layer(layers[number], params[number], f"layer {number + 1}, which is frozen,", which)
            if not any(moved):
                raise Mismatch("value", "no layer has moved, also none of those that are trainable")

    @aspect("frozen weights", 1.4)
    def test_frozen_W(self, student, rng):
        """The weights of a frozen layer stay as they are, while others move."""
        self.expect_frozen(student, rng, 0)

    @aspect("frozen biases", 1.3)
    def test_frozen_b(self, student, rng):
        """The biases of a frozen layer stay as they are, while others move."""
        self.expect_frozen(student, rng, 1)

    @aspect("any layers", 2.4)
    def test_any_layers(self, student, rng):
        """Any layers can be frozen, also those above a trainable one: those move that are trainable, and no others."""
        for arguments, layers in self.layers(student, rng, ((True, False, True),), ((False, True, False),), ((True, False, False),)):
            name = f"whether W and b of each layer move, with trainable = {tuple(arguments[3])},"
            expect(self.moved(layers, arguments[0]), name).equals(np.repeat(arguments[3], 2).tolist())

    @corner("all frozen", 0.04)
    def test_all_frozen(self, student, rng):
        """Where every layer is frozen nothing moves."""
        ((arguments, layers),) = self.layers(student, rng, ((False, False, False),))
        expect(self.moved(layers, arguments[0]), "whether W and b of each layer move").equals([False] * 6)

    @corner("a list of pairs", 0.05)
    def test_form(self, student, rng):
        """The answer is a list of pairs (W, b), with b of shape (n,)."""
        expect_form(student.frozen_step(*self.arguments(rng)))


# --- transfer_strategy ----------------------------------------------------------------------------------------------------

CASES = [(data, similarity) for data in ("little", "lots") for similarity in ("similar", "different")]


def advice(answer):
    """Return the text of an answer that may stand in a tuple or a list, without capitals, hyphens, and blanks or a point at the end."""
    answer = answer[0] if is_sequence(answer) and len(answer) == 1 else answer
    return answer.strip(" .").lower().replace("-", "") if isinstance(answer, str) else answer


def spelled(word):
    """Return a string that is equal to `word` and another object: `is` tells the two apart."""
    return "".join(list(word))


@exercise("transfer_strategy")
class TestTransferStrategy:
    def expect_advice(self, student, reference, *case):
        """Expect the right words for a case, and others for the opposite case."""
        opposite = ("lots" if case[0] == "little" else "little", "similar" if case[1] == "different" else "different")
        answers = [advice(student.transfer_strategy(*map(spelled, each))) for each in (case, opposite)]
        right = reference.transfer_strategy(*case)
        expect(answers[0], f"the strategy for {case}").equals(right)
        if answers[1] == right:
            raise Mismatch("value", f"the strategy for {opposite} is the same as for {case}")

    @aspect("little data, similar", 1)
    def test_little_similar(self, student, reference):
        """Little data that are similar to the old ones: a linear classifier on top."""
        self.expect_advice(student, reference, "little", "similar")

    @aspect("little data, different", 1)
    def test_little_different(self, student, reference):
        """Little data that are different: linear classifiers at several stages."""
        self.expect_advice(student, reference, "little", "different")

    @aspect("lots of data, similar", 1)
    def test_lots_similar(self, student, reference):
        """Lots of data that are similar: finetune a few layers."""
        self.expect_advice(student, reference, "lots", "similar")

    @aspect("lots of data, different", 1)
    def test_lots_different(self, student, reference):
        """Lots of data that are different: finetune many layers."""
        self.expect_advice(student, reference, "lots", "different")

    def expect_value_errors(self, student, *cases):
        """Expect ValueError in each case."""
        outcomes = []
        for case in cases:
            try:
                outcomes.append(student.transfer_strategy(*case))
            except Raised as error:
                outcomes.append(error)
        for case, outcome in zip(cases, outcomes, strict=True):
            if not isinstance(outcome, Raised):
                found = None if isinstance(outcome, str) else ("None" if outcome is None else "an object",)
                said = f"transfer_strategy should raise ValueError for {case}, but it returned {described(outcome)}"
                raise Mismatch("value", said, found)
            if "ValueError" not in (outcome.type_name, *outcome.bases):
                raise outcome

    @corner("unknown data", 0.05)
    def test_unknown_data(self, student):
        """An unknown word for the data raises ValueError."""
        words = (
            ("some", "similar"),
            ("Little", "different"),
            ("", "different"),
            ("similar", "similar"),
            ("lot", "similar"),
            ("loads", "different"),
        )
        self.expect_value_errors(student, *words)

    @corner("unknown similarity", 0.05)
    def test_unknown_similarity(self, student):
        """An unknown word for the similarity raises ValueError."""
        words = "alike", "DIFFERENT", "", "lots", "very different", "diff", "similarly"
        self.expect_value_errors(student, *[(("little", "lots")[number % 2], word) for number, word in enumerate(words)])

    @corner("unknown data")
    def test_swapped(self, student):
        """The words in the other order raise ValueError: the data come first."""
        self.expect_value_errors(student, ("similar", "little"), ("different", "little"), ("similar", "lots"), ("different", "lots"))

    @corner("the exact words", 0.2)
    def test_words(self, student, reference):
        """The answer is a string with exactly the words of the docstring, where it has these words at all."""
        for answer in [student.transfer_strategy(*case) for case in CASES]:
            if isinstance(advice(answer), str) and advice(answer) in [reference.transfer_strategy(*each) for each in CASES]:
                expect(answer, "the strategy").equals(advice(answer))


# --- autoencoder_gradients ------------------------------------------------------------------------------------------------

LOSS_AND_GRADS = "loss", "grads"
PARTS = "dW1", "db1", "dW2", "db2"


def gradients_in(answer):
    """Return (dW1, db1, dW2, db2), in pairs or in a row."""
    answer = plain(answer)
    if is_sequence(answer) and len(answer) == 2 and is_sequence(answer[0]):  # (grads, loss), or grads alone
        grads = answer if is_sequence(answer[1]) else answer[0]
    else:
        grads = part_of(answer, 1, LOSS_AND_GRADS)
    grads = answer[1:] if is_sequence(answer) and len(answer) == 5 else grads
    if not is_sequence(grads):
        raise Mismatch("type", f"grads should be a list of pairs, but it is {described(grads)}")
    return expect([part for layer in grads for part in (layer if is_sequence(layer) else [layer])], "grads").items(*PARTS)


def unit(array):
    """Divide an array by its length."""
    return array / (np.sqrt(np.sum(np.square(array))) or 1.0)


@exercise("autoencoder_gradients")
class TestAutoencoderGradients(Unchanged, Integers, Float32, MemoryLayouts):
    outputs, names = ("the loss", *PARTS), ("params", "X")

    def arguments(self, rng, N=7, D=5, H=4):
        return network(rng, D, H, D), rng.normal(size=(N, D))

    def bright(self, rng, active=False, N=6, D=4, H=5):
        """Return arguments with biases of 0 for which no output is negative, and if `active`, all hidden units are active."""
        (W1, b1), (W2, b2) = network(rng, D, H, D)
        X = rng.uniform(0.2, 1.0, (N, D))
        W1[:, 0] = np.abs(W1[:, 0])
        return [(np.abs(W1) if active else W1, 0 * b1), (np.abs(W2), 0 * b2)], X

    def ask(self, student, *arguments):
        answer = student.autoencoder_gradients(*arguments)
        return [self.loss_in(answer), *gradients_in(answer)]

    def loss_in(self, answer):
        """Return the loss; an array with a single entry will do here."""
        loss = answer[0] if is_sequence(answer) and answer else answer
        loss = answer[1] if is_sequence(loss) and len(answer) == 2 and not is_sequence(answer[1]) else loss
        return loss.reshape(()) if isinstance(loss, np.ndarray) and loss.size == 1 else loss

    def expect_layer(self, student, reference, layer, *cases, look=unit):
        """Expect the gradients of a layer, or their directions."""
        for arguments, answer in [(arguments, student.autoencoder_gradients(*arguments)) for arguments in cases]:
            found, right = gradients_in(answer), gradients_in(reference.autoencoder_gradients(*arguments))
            for which in (2 * layer, 2 * layer + 1):
                part = expect(flat(found[which]) if which % 2 else found[which], PARTS[which]).shaped(right[which].shape).answer
                name = PARTS[which] + (", divided by its length," if look is unit else "")
                expect(look(part), name).close_to(look(right[which]), rtol=1e-5 if look is unit else 1e-6)

    @aspect("the loss", 2.5)
    def test_loss(self, student, reference, rng):
        """The loss is the mean of the squared errors over all N·D entries."""
        cases = self.arguments(rng), self.arguments(rng, 3, 6, 2)
        for arguments, answer in [(arguments, student.autoencoder_gradients(*arguments)) for arguments in cases]:
            expect(self.loss_in(answer), "the loss").close_to(reference.autoencoder_gradients(*arguments)[0])

    @aspect("the direction of the second layer's gradients", 1.6)
    def test_second_direction(self, student, reference, rng):
        """dW2 and db2 have the right direction where all hidden units are active."""
        self.expect_layer(student, reference, 1, self.bright(rng, active=True))

    @aspect("the direction of the first layer's gradients", 1.6)
    def test_first_direction(self, student, reference, rng):
        """dW1 and db1 have the right direction: they come through W2 and the ReLU."""
        self.expect_layer(student, reference, 0, self.bright(rng))

    @aspect("the second layer's gradients", 1.7)
    def test_second(self, student, reference, rng):
        """dW2 and db2 are right."""
        self.expect_layer(student, reference, 1, self.arguments(rng), self.arguments(rng, 9, 3, 6), look=np.asarray)

    @aspect("the first layer's gradients", 1.7)
    def test_first(self, student, reference, rng):
        """dW1 and db1 are right."""
        self.expect_layer(student, reference, 0, self.arguments(rng), self.arguments(rng, 9, 3, 6), look=np.asarray)

    @aspect("loss and gradients fit together", 1.2)
    def test_own_slopes(self, student, rng):
        """The gradients are the slopes of your loss, measured by central differences along a random direction."""
        (params, X), along, h = self.arguments(rng), network(rng, 5, 4, 5), 1e-6
        moved = [[(W + sign * h * dW, b + sign * h * db) for (W, b), (dW, db) in zip(params, along, strict=True)] for sign in (1, -1)]
        answer, *losses = [student.autoencoder_gradients(each, X) for each in (params, *moved)]
        up, down = (expect(self.loss_in(each), "the loss").shaped(()).answer for each in losses)
        slope = 0.0
        for found, part in zip(gradients_in(answer), [part for layer in along for part in layer], strict=True):
            found = expect(found if part.ndim > 1 else flat(found), "a gradient").shaped(part.shape).answer
            slope += float(np.sum(found * part))
        if abs(up - down) < 1e-3 * h:
            raise Mismatch("value", "the loss doesn't change with the parameters")
        expect(slope, "the slope by your gradients").close_to(float(up - down) / (2 * h), rtol=1e-4)

    @corner("(loss, [(dW1, db1), (dW2, db2)])", 0.1)
    def test_form(self, student, rng):
        """The answer is (loss, [(dW1, db1), (dW2, db2)]), the loss is a single number, and gradients have the shapes of the parameters."""
        params, X = self.arguments(rng)
        loss, grads = expect(student.autoencoder_gradients(params, X), "what autoencoder_gradients returns").items(*LOSS_AND_GRADS)
        expect(loss, "loss").shaped(())
        if not is_sequence(grads):
            raise Mismatch("type", f"grads should be a list of pairs, but it is {described(grads)}", ("grads",))
        layers = expect(grads, "grads").items("the first layer's gradients", "the second layer's gradients")
        for layer, own in zip(layers, params, strict=True):
            for part, right in zip(expect(layer, "a layer's gradients").items("dW", "db"), own, strict=True):
                expect(part, "a gradient").shaped(right.shape)

    @corner("integers")
    def test_integers_beside_fractions(self, student, rng):
        """Integers in X, and fractions in the parameters, or the other way round, give the same answer as the same numbers as floats."""
        for group in ((0,), (1,)):
            floats = in_form(self.arguments(rng), rounded, group)
            whole = in_form(floats, lambda array: array.astype(int), group)
            self.compare(student, floats, whole, "the answer to integers beside fractions", "from that to the same numbers as floats")
        params, X = self.arguments(rng)
        floats, whole = (([(change(W), b) for W, b in params], change(X)) for change in (rounded, lambda array: rounded(array).astype(int)))
        self.compare(student, floats, whole, "the answer to integers in X and W", "from that to the same numbers as floats")

    @corner("a single example", 0.03)
    def test_single_example(self, student, rng):
        """A batch of one example, one feature or one hidden unit is legal."""
        cases = [self.arguments(rng, *sizes) for sizes in ((1, 4, 3), (5, 1, 3), (5, 3, 1))]
        for (params, _), answer in [(arguments, student.autoencoder_gradients(*arguments)) for arguments in cases]:
            expect(self.loss_in(answer), "the loss").shaped(())
            for part, right in zip(gradients_in(answer), arrays_in(params), strict=True):
                expect(part, "a gradient").shaped(right.shape)


# --- pretrain_stack -------------------------------------------------------------------------------------------------------

MOST_CALLS, MOST_ENTRIES = 12, 10_000  # more than any test asks for


class Encoders:
    """A function that is passed as `train_autoencoder`: it draws an encoder, and notes what it was given and what it gave.

    What no test asks for it refuses, by an error that arrives at the student.
    """

    def __init__(self, seed: int, pair: Callable[[Any], Any] = tuple) -> None:
        self.seed, self.pair, self.calls = seed, pair, 0
        self.given: list[tuple[np.ndarray, int]] = []
        self.gave: list[tuple[np.ndarray, np.ndarray]] = []

    def __call__(self, X, n_hidden, *rest):
        """Return W and b, which depend on the shapes alone. A call that is repeated isn't noted again."""
        if self.calls >= MOST_CALLS:
            raise RuntimeError(f"train_autoencoder was called more than {MOST_CALLS} times")
        if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind not in "fiu" or X.size > MOST_ENTRIES:
            raise ValueError(f"train_autoencoder takes an array of shape (N, D), and was given {described(X)}")
        if isinstance(n_hidden, bool) or not isinstance(n_hidden, (int, np.integer)) or not 0 < n_hidden < 100:
            raise ValueError(f"train_autoencoder takes a number of hidden units, and was given {described(n_hidden)}")
        self.calls += 1
        draws = np.random.default_rng([self.seed, X.shape[1], int(n_hidden)])
        W, b = draws.normal(size=(X.shape[1], int(n_hidden))), draws.normal(size=int(n_hidden))
        if not any(n == n_hidden and np.array_equal(X, given) for given, n in self.given):
            self.given.append((np.array(X, dtype=float), int(n_hidden)))
            self.gave.append((W.copy(), b.copy()))
        return self.pair((W, b))


@exercise("pretrain_stack")
class TestPretrainStack(Unchanged):
    names = "X", "sizes"

    def arguments(self, rng):
        return rng.normal(size=(6, 4)), [5, 3], Encoders(5)

    def stack(self, student, rng, sizes=(6, 5, 4), N=8, D=4):
        """Call the function; return X, the encoders, and what came back."""
        X, encoders = rng.normal(size=(N, D)), Encoders(int(rng.integers(1000)))
        answer = student.pretrain_stack(X, list(sizes), encoders)
        if sizes and not any(shape_of(part) == W.shape and part.dtype.kind in "fiu" and np.allclose(part, W, rtol=1e-4)
                             for part in arrays_in([plain(answer)]) for W, _ in encoders.gave):  # fmt: skip
            raise Mismatch("value", f"no W that train_autoencoder gave is in the answer, which is {described(answer)}")
        return X, encoders, answer

    def codes(self, encoders, X, layer):
        """Return the codes on which a layer should be trained, from what the encoders gave to those below it."""
        for W, b in encoders.gave[:layer]:
            X = np.maximum(X @ W + b, 0) if X.shape[1] == len(W) else X
        return X

    def expect_given(self, student, rng, layer, name):
        """Expect the inputs on which a layer is trained."""
        X, encoders, _ = self.stack(student, rng)
        if len(encoders.given) <= layer:
            raise Mismatch("value", f"only {len(encoders.given)} encoders were trained, so layer {layer + 1} wasn't")
        expect(encoders.given[layer][0], name).close_to(self.codes(encoders, X, layer))
        return encoders

    @aspect("the numbers of hidden units", 0.7)
    def test_sizes(self, student, rng):
        """train_autoencoder is called for each number in sizes, in their order, and for nothing else."""
        for sizes in ((6, 5, 4), (3, 8)):
            _, encoders, _ = self.stack(student, rng, sizes)
            expect([n_hidden for _, n_hidden in encoders.given], "the n_hidden of its calls").equals(list(sizes))

    @aspect("the first layer", 0.5)
    def test_first_layer(self, student, rng):
        """The first layer is trained on X."""
        self.expect_given(student, rng, 0, "the inputs of the first layer")

    @aspect("the second layer", 4)
    def test_second_layer(self, student, rng):
        """The second layer is trained on the first one's codes, relu(X·W + b)."""
        self.expect_given(student, rng, 1, "the inputs of the second layer")

    @aspect("the third layer", 2.5)
    def test_third_layer(self, student, rng):
        """The third layer is trained on the second one's codes, with its own number of units."""
        encoders = self.expect_given(student, rng, 2, "the inputs of the third layer")
        expect(encoders.given[2][1], "n_hidden of the third layer").equals(4)

    @aspect("what is returned", 2.2)
    def test_answer(self, student, rng):
        """The answer is a list with the (W, b) that train_autoencoder gave, first layer first."""
        for sizes in ((6, 5, 4), (3,)):
            _, encoders, answer = self.stack(student, rng, sizes)
            layers = layers_in(answer)
            if not len(layers) == len(encoders.gave) > 0:
                raise Mismatch("shape", f"train_autoencoder gave {len(encoders.gave)} layers, and {len(layers)} came back", (len(layers),))
            for number, (layer, right) in enumerate(zip(layers, encoders.gave, strict=True), start=1):
                for part, wanted, name in zip(layer, right, "Wb", strict=True):
                    expect(flat(part) if name == "b" else part, f"{name} of layer {number}").close_to(wanted)

    @corner("one call a layer", 0.06)
    def test_one_call(self, student, rng):
        """train_autoencoder is called once a layer: training takes long."""
        _, encoders, _ = self.stack(student, rng, (5, 3))
        if encoders.calls > 2:
            raise Mismatch("value", f"train_autoencoder was called {encoders.calls} times for two layers", ("too often",))

    @corner("no layer", 0.04)
    def test_no_layer(self, student, rng):
        """With an empty list of sizes the answer is an empty list, and nothing is trained."""
        _, encoders, answer = self.stack(student, rng, ())
        if not is_sequence(answer) or len(answer) or encoders.given:
            raise Mismatch("value", f"for sizes = [] the answer should be an empty list, but it is {described(answer)}")

    @corner("errors of train_autoencoder", 0.03)
    def test_error(self, student, rng):
        """An error that train_autoencoder raises isn't swallowed: it arrives at the caller."""

        called = []

        def fails(X, n_hidden):
            called.append(n_hidden)
            raise ZeroDivisionError("this autoencoder can't be trained")

        try:
            expect_error(student.pretrain_stack, ZeroDivisionError, rng.normal(size=(3, 2)), [4], fails)
        except Mismatch as error:  # whether it was called at all tells mistakes apart
            raise Mismatch(error.kind, str(error), (len(called),)) from None

    @corner("integers", 0.04)
    def test_integers(self, student, rng):
        """X may hold integers, sizes may be a tuple, and train_autoencoder may return a list."""
        X, encoders = rng.integers(-3, 4, (6, 4)), Encoders(6, list)
        student.pretrain_stack(X, (5, 3), encoders)
        for layer, (given, _) in enumerate(encoders.given[:2]):
            if given.shape[1] == (4, 5)[layer] and np.array_equal(np.trunc(given), given) and layer:
                raise Mismatch("value", "the codes of integers are whole numbers", ("whole numbers",))

    @corner("arguments by position", 0.03)
    def test_by_position(self, student, rng):
        """train_autoencoder is called with two arguments by position, for its parameters may have other names."""
        encoders = Encoders(7)
        student.pretrain_stack(rng.normal(size=(5, 4)), [3], lambda inputs, units: encoders(inputs, units))

    @corner("a list of pairs", 0.05)
    def test_form(self, student, rng):
        """The answer is a list of pairs (W, b)."""
        expect_form(self.stack(student, rng, (5, 3))[2])
