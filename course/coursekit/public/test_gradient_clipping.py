"""The public checks of lecture 6, gradient clipping."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged


@exercise("repeated_product_norms")
class TestRepeatedProductNorms:
    def test_by_hand(self, student):
        """The worked example: W = ((0, 2), (1, 0)) and g = (3, 4) give the norms 5, √52 and 10."""
        norms = student.repeated_product_norms(np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([3.0, 4.0]), 2)
        expect(np.array(norms) if isinstance(norms, (list, tuple)) else norms, "the norms").close_to([5.0, np.sqrt(52.0), 10.0])

    def test_three_entries(self, student):
        """A matrix that is no permutation: g = (2, 3, 6), then Wᵀg = (6, 6, 17), then (12, 24, 40)."""
        W = np.array([[0.0, 3.0, 1.0], [2.0, 0.0, 1.0], [0.0, 0.0, 2.0]])
        norms = student.repeated_product_norms(W, np.array([2.0, 3.0, 6.0]), 2)
        expected = [7.0, np.sqrt(6.0**2 + 6**2 + 17**2), np.sqrt(12.0**2 + 18**2 + 46**2)]
        expect(np.array(norms) if isinstance(norms, (list, tuple)) else norms, "the norms").close_to(expected)

    def test_no_step(self, student):
        """With steps = 0 there is the norm of g, and nothing else."""
        norms = student.repeated_product_norms(np.eye(2), np.array([3.0, 4.0]), 0)
        expect(np.array(norms) if isinstance(norms, (list, tuple)) else norms, "the norms").close_to([5.0])

    def test_arguments_stay(self, student, rng):
        """W and g are as they were after the call."""
        expect_unchanged(student.repeated_product_norms, rng.normal(size=(3, 3)), rng.normal(size=3), 4)


@exercise("clip_by_value")
class TestClipByValue:
    def test_by_hand(self, student):
        """The worked example: (0.5, −3, 2, −0.2, 8) with the limit 2 gives (0.5, −2, 2, −0.2, 2)."""
        answer = student.clip_by_value(np.array([0.5, -3.0, 2.0, -0.2, 8.0]), 2.0)
        expect(answer, "the answer").close_to(np.array([0.5, -2.0, 2.0, -0.2, 2.0]))

    def test_matrix(self, student):
        """A matrix is clipped entry by entry, and keeps its shape."""
        answer = student.clip_by_value(np.array([[1.0, -0.1], [-4.0, 0.2], [0.0, 0.7]]), 0.25)
        expect(answer, "the answer").close_to(np.array([[0.25, -0.1], [-0.25, 0.2], [0.0, 0.25]]))

    def test_integers(self, student):
        """Integers with the limit 1.5 give fractions."""
        expect(student.clip_by_value(np.array([3, 1, -2]), 1.5), "the answer").close_to(np.array([1.5, 1.0, -1.5]))

    def test_arguments_stay(self, student, rng):
        """grad is as it was after the call."""
        expect_unchanged(student.clip_by_value, rng.normal(0, 3, (3, 4)), 0.5)


@exercise("cosine_similarity")
class TestCosineSimilarity:
    def test_by_hand(self, student):
        """The worked example: (3, 4) and (6, −8) have the cosine −14/50 = −0.28."""
        expect(student.cosine_similarity(np.array([3.0, 4.0]), np.array([6.0, -8.0])), "the cosine").close_to(-0.28)

    def test_matrices(self, student):
        """Matrices are read as long vectors: (2, 3, 6, 0) and (1, 4, 0, 8) have the cosine 14/(7·9)."""
        a, b = np.array([[2.0, 3.0], [6.0, 0.0]]), np.array([[1.0, 4.0], [0.0, 8.0]])
        expect(student.cosine_similarity(a, b), "the cosine").close_to(14 / 63)

    def test_zero(self, student):
        """Where a or b is zero, the answer is 0.0."""
        pairs = (np.zeros(2), np.array([3.0, 4.0])), (np.array([3.0, 4.0]), np.zeros(2))
        for cosine in [student.cosine_similarity(a, b) for a, b in pairs]:
            expect(cosine, "the cosine").close_to(0.0)

    def test_short_vectors(self, student):
        """The length plays no part: 10⁻¹⁰·(3, 4) and 10⁻¹⁰·(4, 3) have the cosine 0.96."""
        expect(student.cosine_similarity(1e-10 * np.array([3.0, 4.0]), 1e-10 * np.array([4.0, 3.0])), "the cosine").close_to(0.96)

    def test_integers(self, student):
        """Products of integers may be too large for their type: (30, 40) and (40, 30), as np.int8, have the cosine 0.96."""
        a, b = np.array([[30, 40], [40, 30]], dtype=np.int8)
        expect(student.cosine_similarity(a, b), "the cosine").close_to(0.96)

    def test_arguments_stay(self, student, rng):
        """a and b are as they were after the call."""
        expect_unchanged(student.cosine_similarity, rng.normal(size=5), rng.normal(size=5))


class Clips:
    """Checks that both functions share, behind their own; `clip` asks the function for what it makes of one array."""

    def test_short_gradients(self, student):
        """Nothing is added to the denominator: 10⁻¹⁰·(3, 4) is clipped to the norm 10⁻¹⁰."""
        expect(self.clip(student, 1e-10 * np.array([3.0, 4.0]), 1e-10), "what was clipped").close_to(1e-10 * np.array([0.6, 0.8]))

    def test_zero(self, student):
        """A gradient of zeros stays zero."""
        expect(self.clip(student, np.zeros((2, 2)), 1.0), "what was clipped").close_to(np.zeros((2, 2)))

    def test_integers(self, student):
        """Integers are clipped to fractions: (20, 30, 60), as np.int8, has the norm 70, and becomes (1, 1.5, 3) with max_norm = 3.5."""
        answer = self.clip(student, np.array([20, 30, 60], dtype=np.int8), 3.5)
        expect(answer, "what was clipped").close_to(np.array([1.0, 1.5, 3.0]))


@exercise("clip_by_norm")
class TestClipByNorm:
    def clip(self, student, grad, max_norm):
        return student.clip_by_norm(grad, max_norm)

    def test_by_hand(self, student):
        """The worked example: (6, −8) has the norm 10; clipped to 2 it is (1.2, −1.6), and clipped to 12 it stays."""
        grad = np.array([6.0, -8.0])
        for max_norm, right in ((2.0, np.array([1.2, -1.6])), (12.0, grad)):
            expect(student.clip_by_norm(grad, max_norm), f"what was clipped to {max_norm:g}").close_to(right)

    def test_matrix(self, student):
        """The norm of a matrix is that of all its entries: ((2, 3), (6, 0)) has the norm 7."""
        answer = student.clip_by_norm(np.array([[2.0, 3.0], [6.0, 0.0]]), 3.5)
        expect(answer, "what was clipped").close_to(np.array([[1.0, 1.5], [3.0, 0.0]]))

    def test_arguments_stay(self, student, rng):
        """grad is as it was after the call."""
        expect_unchanged(student.clip_by_norm, rng.normal(0, 3, (3, 4)), 0.5)

    test_short_gradients, test_zero, test_integers = Clips.test_short_gradients, Clips.test_zero, Clips.test_integers


@exercise("clip_by_global_norm")
class TestClipByGlobalNorm:
    def clip(self, student, grad, max_norm):
        clipped, _ = expect(student.clip_by_global_norm([grad], max_norm), "what clip_by_global_norm returns").items("clipped", "norm")
        return expect(clipped, "clipped").items("clipped[0]")[0]

    def test_by_hand(self, student):
        """The worked example: [(2, 3), ((6,),)] has the norm 7. Clipped to 3.5 it is half as long, and clipped to 8 it stays."""
        grads = [np.array([2.0, 3.0]), np.array([[6.0]])]
        for max_norm, factor in ((3.5, 0.5), (8.0, 1.0)):
            clipped, norm = expect(student.clip_by_global_norm(grads, max_norm), "what clip_by_global_norm returns").items(
                "clipped", "norm"
            )
            expect(norm, "norm").close_to(7.0)
            for index, array in enumerate(expect(clipped, "clipped").items("clipped[0]", "clipped[1]")):
                expect(array, f"clipped[{index}]").close_to(factor * grads[index])

    def test_no_axis(self, student):
        """An array without an axis is legal: 5 and (12,) have the norm 13."""
        clipped, norm = expect(student.clip_by_global_norm([np.array(5.0), np.array([12.0])], 6.5), "the answer").items("clipped", "norm")
        expect(norm, "norm").close_to(13.0)
        expect(expect(clipped, "clipped").items("clipped[0]", "clipped[1]")[0], "clipped[0]").close_to(2.5)

    def test_arguments_stay(self, student, rng):
        """The list and its arrays are as they were after the call."""
        expect_unchanged(student.clip_by_global_norm, [rng.normal(size=(3, 4)), rng.normal(size=2)], 0.5)

    test_short_gradients, test_zero, test_integers = Clips.test_short_gradients, Clips.test_zero, Clips.test_integers
