"""The public checks of lecture 13, transfer learning."""

import numpy as np

from coursekit import exercise, expect, expect_error, expect_unchanged

X6, Y6 = np.array([[10.0], [11.0], [12.0], [13.0], [14.0], [15.0]]), np.array([3, 0, 2, 4, 1, 3])


PARAMS = [(np.array([[1.0, 2.0]]), np.array([3.0, 4.0])), (np.array([[5.0], [6.0]]), np.array([7.0]))]
GRADS = [tuple(10 * part for part in layer) for layer in PARAMS]
ENCODERS = {2: (np.array([[1.0, -1.0], [0.0, 2.0]]), np.array([1.0, 0.0])), 1: (np.array([[2.0], [3.0]]), np.array([-1.0]))}


def same_layers(answer, *right):
    """Expect a list of pairs (W, b)."""
    layers = expect(answer, "the answer").items(*(f"layer {number}" for number, _ in enumerate(right, start=1)))
    for number, (layer, (W, b)) in enumerate(zip(layers, right, strict=True), start=1):
        found = expect(layer, f"layer {number}").items("W", "b")
        expect(found[0], f"W of layer {number}").close_to(np.array(W, dtype=float))
        expect(found[1], f"b of layer {number}").close_to(np.array(b, dtype=float))


@exercise("split_classes")
class TestSplitClasses:
    def parts(self, student, held_out):
        """Return X_A, y_A, X_B and y_B."""
        pairs = expect(student.split_classes(X6, Y6, held_out), "what split_classes returns").items("(X_A, y_A)", "(X_B, y_B)")
        return [*expect(pairs[0], "the first pair").items("X_A", "y_A"), *expect(pairs[1], "the second pair").items("X_B", "y_B")]

    def test_worked_example(self, student):
        """The worked example: classes 3 and 1 are held out, and 1 is the positive class."""
        X_A, y_A, X_B, y_B = self.parts(student, (3, 1))
        expect(X_A, "X_A").close_to(np.array([[11.0], [12.0], [13.0]]))
        expect(y_A, "y_A").close_to(np.array([0, 1, 2]))
        expect(X_B, "X_B").close_to(np.array([[10.0], [14.0], [15.0]]))
        expect(y_B, "y_B").close_to(np.array([0.0, 1.0, 0.0]))

    def test_other_classes(self, student):
        """Held out (0, 3): the labels 1, 2, 4 become 0, 1, 2, in the order of the examples."""
        _, y_A, _, y_B = self.parts(student, (0, 3))
        expect(y_A, "y_A").close_to(np.array([1, 2, 0]))
        expect(y_B, "y_B").close_to(np.array([1.0, 0.0, 1.0]))

    def test_neighbours_and_last(self, student):
        """Held out (1, 2): the labels 0, 3, 4 become 0, 1, 2. Held out (4, 3): 0, 1, 2 stay as they are."""
        expect(self.parts(student, (1, 2))[1], "y_A").close_to(np.array([1, 0, 2, 1]))
        expect(self.parts(student, (4, 3))[1], "y_A").close_to(np.array([0, 2, 1]))

    def test_images(self, student, rng):
        """Images of shape (N, C, H, W) keep their shape, and the arguments are as they were."""
        pairs = expect_unchanged(student.split_classes, rng.normal(size=(6, 1, 2, 2)), Y6, (3, 1))
        expect(expect(pairs, "what split_classes returns").items("A", "B")[0][0], "X_A").shaped((3, 1, 2, 2))


@exercise("reuse_layers")
class TestReuseLayers:
    def net(self, rng):
        """Return a network with three layers."""
        return [(rng.normal(size=shape), rng.normal(size=shape[1])) for shape in ((4, 6), (6, 5), (5, 3))]

    def test_worked_example(self, student, rng):
        """The worked example: two of the layers 4-6-5-3 and a new unit give layers of shapes (4, 6), (6, 5), (5, 1)."""
        params = self.net(rng)
        answer = student.reuse_layers(params, 2, 1, np.random.default_rng(1))
        *reused, head = expect(answer, "the answer").items("layer 1", "layer 2", "the head")
        same_layers(reused, *params[:2])
        W, b = expect(head, "the head").items("W", "b")
        expect(W, "W of the head").shaped((5, 1))
        expect(b, "b of the head").shaped((1,))

    def test_nothing_reused(self, student, rng):
        """With n_reuse = 0 there is the head alone, of shape (4, 2)."""
        (head,) = expect(student.reuse_layers(self.net(rng), 0, 2, np.random.default_rng(1)), "the answer").items("the head")
        expect(head[0], "W of the head").shaped((4, 2))

    def test_random(self, student, rng):
        """The head's weights are random numbers from rng, each drawn by itself."""
        params, same = self.net(rng), np.random.default_rng(5)
        heads = [student.reuse_layers(params, 1, 40, draws)[-1][0] for draws in (same, np.random.default_rng(5), same)]
        expect(heads[0], "W of the head").shaped((6, 40))
        assert np.unique(heads[0]).size > 200, "W of the head: too few different numbers"
        expect((heads[0] - np.mean(heads[0])) / np.std(heads[0]), "W of the head").is_independent(1.0)
        expect(heads[1], "W of the head").same_as(heads[0], "between two generators in the same state")
        expect(heads[2], "W of the head").differs_from(heads[0], "in a second call with the same generator")

    def test_copies(self, student, rng):
        """A is as it was after the call, and the reused arrays are copies."""
        expect_unchanged(student.reuse_layers, self.net(rng), 2, 1, np.random.default_rng(1))
        call = student.reuse_layers.call(self.net(rng), 2, 1, np.random.default_rng(1))
        assert not call.shared, "an array of the answer is one of A's: whoever trains the new network would change A"


@exercise("frozen_step")
class TestFrozenStep:
    def test_worked_example(self, student):
        """The worked example: the first layer is frozen, and lr = 0.1."""
        answer = student.frozen_step(PARAMS, GRADS, 0.1, [False, True])
        same_layers(answer, ([[1, 2]], [3, 4]), ([[0], [0]], [0]))

    def test_other_way_round(self, student):
        """The second layer is frozen, and lr = 0.2."""
        answer = student.frozen_step(PARAMS, GRADS, 0.2, [True, False])
        same_layers(answer, ([[-1, -2]], [-3, -4]), ([[5], [6]], [7]))

    def test_all_and_integers(self, student):
        """Nothing is frozen, and all numbers are integers but lr = 0.15."""
        whole = [[tuple(part.astype(int) for part in layer) for layer in layers] for layers in (PARAMS, GRADS)]
        same_layers(student.frozen_step(*whole, 0.15, [True, True]), ([[-0.5, -1]], [-1.5, -2]), ([[-2.5], [-3]], [-3.5]))

    def test_unchanged(self, student):
        """params and grads are as they were after the call."""
        expect_unchanged(student.frozen_step, PARAMS, GRADS, 0.1, [False, True])


@exercise("transfer_strategy")
class TestTransferStrategy:
    def test_little(self, student):
        """Little data: the two cells of the table's first row."""
        expect(student.transfer_strategy("little", "similar"), "little, similar").equals("linear classifier")
        expect(student.transfer_strategy("little", "different"), "little, different").equals("linear classifiers at several stages")

    def test_lots(self, student):
        """Lots of data: the two cells of the table's second row."""
        expect(student.transfer_strategy("lots", "similar"), "lots, similar").equals("finetune a few layers")
        expect(student.transfer_strategy("lots", "different"), "lots, different").equals("finetune many layers")

    def test_unknown(self, student):
        """Any other word for the data or for the similarity raises ValueError."""
        for words in (("much", "similar"), ("Lots", "different"), ("little", "equal"), ("lots", "Similar"), ("similar", "little")):
            expect_error(student.transfer_strategy, ValueError, *words)


@exercise("autoencoder_gradients")
class TestAutoencoderGradients:
    def test_worked_example(self, student):
        """The worked example: one example, two features, two hidden units of which one is silent."""
        params = [(np.array([[1.0, -1.0], [1.0, 0.0]]), np.array([0.0, 1.0])), (np.array([[1.0, 0.0], [5.0, 5.0]]), np.array([0.0, 3.0]))]
        loss, grads = expect(student.autoencoder_gradients(params, np.array([[2.0, 1.0]])), "what came back").items("loss", "grads")
        expect(loss, "loss").close_to(2.5)
        same_layers(grads, ([[2, 0], [1, 0]], [1, 0]), ([[3, 6], [0, 0]], [1, 2]))

    def test_slopes(self, student, rng):
        """For a batch of random numbers the gradients are the slopes of the loss, which is a mean over N·D entries."""
        W1, b1, W2, b2, X = (rng.normal(size=shape) for shape in ((3, 4), 4, (4, 3), 3, (5, 3)))
        loss, grads = expect(student.autoencoder_gradients([(W1, b1), (W2, b2)], X), "what came back").items("loss", "grads")
        expect(loss, "loss").close_to(np.mean((np.maximum(X @ W1 + b1, 0) @ W2 + b2 - X) ** 2))
        for layer, name in ((0, "first"), (1, "second")):
            for which, part in enumerate(([W1, b1], [W2, b2])[layer]):
                slopes = np.zeros(part.shape)
                for index in np.ndindex(part.shape):
                    for sign in (1, -1):
                        moved = [[W1.copy(), b1.copy()], [W2.copy(), b2.copy()]]
                        moved[layer][which][index] += sign * 1e-6
                        (V1, c1), (V2, c2) = moved
                        slopes[index] += sign * np.mean((np.maximum(X @ V1 + c1, 0) @ V2 + c2 - X) ** 2) / 2e-6
                expect(grads[layer][which], f"{('dW', 'db')[which]} of the {name} layer").close_to(slopes, rtol=1e-5)

    def test_unchanged(self, student, rng):
        """params and X are as they were after the call."""
        params = [(rng.normal(size=(3, 2)), np.zeros(2)), (rng.normal(size=(2, 3)), np.zeros(3))]
        expect_unchanged(student.autoencoder_gradients, params, rng.normal(size=(4, 3)))


@exercise("pretrain_stack")
class TestPretrainStack:
    def run(self, student, X, sizes):
        """Return what came back, and the inputs with which the encoders were trained."""
        given = []

        def train_autoencoder(X, n_hidden):
            given.append(np.array(X, dtype=float))
            W, b = ENCODERS[n_hidden]
            return W.copy(), b.copy()

        return student.pretrain_stack(X, sizes, train_autoencoder), given

    def test_worked_example(self, student):
        """The worked example: the second layer is trained on the codes (3, 0) of x = (2, 0.5), and not on (3, −1) or (2, 0)."""
        answer, given = self.run(student, np.array([[2.0, 0.5]]), [2, 1])
        same_layers(answer, ENCODERS[2], ENCODERS[1])
        expect(len(given), "the number of calls").equals(2)
        expect(given[0], "the inputs of the first layer").close_to(np.array([[2.0, 0.5]]))
        expect(given[1], "the inputs of the second layer").close_to(np.array([[3.0, 0.0]]))

    def test_three_layers(self, student):
        """With sizes 2, 2, 1 the third layer is trained on the codes of the second one."""
        answer, given = self.run(student, np.array([[1.0, 3.0], [-4.0, 1.0]]), [2, 2, 1])
        same_layers(answer, ENCODERS[2], ENCODERS[2], ENCODERS[1])
        expect(given[2], "the inputs of the third layer").close_to(np.array([[3.0, 8.0], [1.0, 12.0]]))

    def test_no_layer(self, student):
        """With sizes = [] nothing is trained, and the answer is an empty list."""
        answer, given = self.run(student, np.ones((1, 2)), [])
        expect((len(answer), len(given)), "the numbers of layers and of calls").equals((0, 0))

    def test_unchanged(self, student):
        """X and sizes are as they were after the call."""
        expect_unchanged(student.pretrain_stack, np.array([[2.0, -0.5]]), [2, 1], lambda X, n_hidden: ENCODERS[n_hidden])

    def test_error(self, student):
        """An error that train_autoencoder raises arrives at the caller."""

        def fails(X, n_hidden):
            raise ZeroDivisionError("this autoencoder can't be trained")

        expect_error(student.pretrain_stack, ZeroDivisionError, np.ones((2, 2)), [2], fails)
