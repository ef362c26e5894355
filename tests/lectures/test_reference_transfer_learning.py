"""The reference of lecture 13, held against autograd, scikit-learn and what the words mean."""

from itertools import pairwise

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import value_and_grad
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import LabelEncoder

from autograder.reference import transfer_learning as reference


@pytest.fixture
def rng():
    return np.random.default_rng(20141208)


def network(rng, *sizes):
    return [(rng.normal(size=(D, H)), rng.normal(size=H)) for D, H in pairwise(sizes)]


@pytest.mark.parametrize("held_out", [(5, 6), (6, 5), (0, 9), (9, 8), (2, 0)])
def test_labels_are_those_of_an_encoder(rng, held_out):
    y = rng.permutation(np.repeat(np.arange(10), 4))
    X = rng.normal(size=(40, 1, 2, 2))
    (X_A, y_A), (X_B, y_B) = reference.split_classes(X, y, held_out)
    in_B = np.isin(y, held_out)
    np.testing.assert_array_equal(y_A, LabelEncoder().fit_transform(y[~in_B]))
    np.testing.assert_array_equal(y_B, (y[in_B] == held_out[1]).astype(float))
    np.testing.assert_array_equal(X_A, X[~in_B])
    np.testing.assert_array_equal(X_B, X[in_B])
    assert y_B.dtype == float and y_A.dtype == int


def test_the_slides_labels(rng):
    """Of the classes 7, 8 and 9 the slides say that they become 5, 6 and 7."""
    y = np.arange(10)
    (_, y_A), _ = reference.split_classes(rng.normal(size=(10, 2)), y, (5, 6))
    assert dict(zip(np.delete(y, [5, 6]).tolist(), y_A.tolist(), strict=True)) == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 7: 5, 8: 6, 9: 7}


@pytest.mark.parametrize("n_reuse", [0, 1, 2])
def test_reused_layers(rng, n_reuse):
    params = network(rng, 4, 6, 5, 3)
    layers = reference.reuse_layers(params, n_reuse, 2, rng)
    assert [W.shape for W, _ in layers] == [*[(4, 6), (6, 5)][:n_reuse], ((4, 6, 5)[n_reuse], 2)]
    for (W, b), (V, c) in zip(layers[:-1], params, strict=False):
        assert np.array_equal(W, V) and np.array_equal(b, c)
        assert not np.shares_memory(W, V) and not np.shares_memory(b, c)


def test_a_network_with_its_lower_layers_frozen_descends(rng):
    """A small step of the trainable layers alone lowers the loss by the sum of their squared gradients."""
    params, X = network(rng, 4, 6, 4), rng.normal(size=(8, 4))
    loss, grads = reference.autoencoder_gradients(params, X)
    after = reference.frozen_step(params, grads, 1e-6, [False, True])
    assert after[0][0] is not params[0][0] and np.array_equal(after[0][0], params[0][0])
    expected = sum(np.sum(part**2) for part in grads[1])
    assert (loss - reference.autoencoder_gradients(after, X)[0]) / 1e-6 == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shape", [(7, 5, 3), (1, 4, 6), (6, 1, 1)])
def test_gradients_are_autograds(rng, shape):
    N, D, H = shape
    params, X = network(rng, D, H, D), rng.normal(size=(N, D))

    def loss(params):
        (W1, b1), (W2, b2) = params
        return anp.mean((anp.dot(anp.maximum(anp.dot(X, W1) + b1, 0), W2) + b2 - X) ** 2)

    right, wanted = value_and_grad(loss)(params)
    found, grads = reference.autoencoder_gradients(params, X)
    assert found == pytest.approx(right, rel=1e-12)
    for layer, other in zip(grads, wanted, strict=True):
        for part, grad in zip(layer, other, strict=True):
            np.testing.assert_allclose(part, grad, rtol=1e-10, atol=1e-13)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_stack_gives_the_codes_of_a_network(rng):
    """scikit-learn's multi-layer perceptron with these layers has the codes on which each is trained."""
    X, given = rng.normal(size=(9, 4)), []

    def train_autoencoder(X, n_hidden):
        given.append(X)
        return rng.normal(size=(X.shape[1], n_hidden)), rng.normal(size=n_hidden)

    layers = reference.pretrain_stack(X, [6, 5, 3], train_autoencoder)
    net = MLPRegressor(hidden_layer_sizes=[6, 5], max_iter=1).fit(X, rng.normal(size=(9, 3)))  # the last layer of a regressor is linear
    net.coefs_, net.intercepts_ = [W for W, _ in layers], [b for _, b in layers]
    np.testing.assert_allclose(net.predict(X), given[2] @ layers[2][0] + layers[2][1], rtol=1e-10)
    np.testing.assert_array_equal(given[0], X)
    assert reference.pretrain_stack(X, [], train_autoencoder) == []


def test_the_slides_table():
    words = {
        (data, similarity): reference.transfer_strategy(data, similarity)
        for data in ("little", "lots")
        for similarity in ("similar", "different")
    }
    assert len(set(words.values())) == 4
    assert words["little", "different"] == "linear classifiers at several stages"
    with pytest.raises(ValueError):
        reference.transfer_strategy("some", "similar")
