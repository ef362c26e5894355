"""Nets: derivatives against finite differences, students' functions inside, training that learns, training that diverges."""

import warnings

import numpy as np
import pytest
from autograd import grad

from coursekit import data, nets
from coursekit.layers import ACTIVATIONS, getval


def lecun(fan_in, fan_out, rng):
    return rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    shape = (1, -1) + (1,) * (x.ndim - 2)
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=axes, keepdims=True)) / std
    return gamma.reshape(shape) * x_hat + beta.reshape(shape), (x_hat, gamma.reshape(shape), std, axes)


def batchnorm_backward(dout, cache):
    x_hat, gamma, std, axes = cache
    d = dout * gamma
    dx = (d - d.mean(axis=axes, keepdims=True) - x_hat * (d * x_hat).mean(axis=axes, keepdims=True)) / std
    return dx, (dout * x_hat).sum(axis=axes), dout.sum(axis=axes)


def batchnorm_inference(x, gamma, beta, running_mean, running_var, eps=1e-5):
    return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta


def update_running(running, batch_value, momentum=0.9):
    return momentum * running + (1 - momentum) * batch_value


def batchnorm(features):
    return nets.BatchNorm(features, batchnorm_forward, batchnorm_backward, batchnorm_inference, update_running)


def numerical(f, x, h=1e-6):
    slope = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = h
        slope[index] = (f(x + step) - f(x - step)) / (2 * h)
    return slope


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def digits():
    return data.digits()


# --- derivatives ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_have_their_derivatives(name, rng):
    f, z = ACTIVATIONS[name], rng.normal(size=12) * 3
    upstream = rng.normal(size=12)
    assert np.allclose(grad(lambda z: (upstream * f(z)).sum())(z), numerical(lambda z: (upstream * f(z)).sum(), z), atol=1e-7)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_do_not_overflow(name):
    with np.errstate(over="raise", invalid="raise"):
        out = ACTIVATIONS[name](np.array([-1e4, 0.0, 1e4]))
    assert np.isfinite(out).all()


def test_logistic_and_selu_by_hand():
    assert nets.ACTIVATIONS["logistic"](np.log(3.0)) == pytest.approx(0.75)
    assert nets.ACTIVATIONS["selu"](np.array(-1.0)) == pytest.approx(1.0507009873554805 * 1.6732632423543772 * (np.exp(-1) - 1))


def test_cross_entropy_by_hand():
    z = np.log(np.array([[1.0, 3.0], [1.0, 1.0]]))
    assert nets.softmax_cross_entropy(z, np.array([1, 0])) == pytest.approx((-np.log(0.75) - np.log(0.5)) / 2)
    assert nets.softmax_cross_entropy(np.array([[1e4, 0.0]]), np.array([0])) == 0


@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_a_net_with_a_students_pair(training, rng):
    net = nets.mlp((5, 4, 3), init=lecun, activation="tanh", rng=rng, normalize=batchnorm)
    net.layers[1].params["gamma"] = rng.normal(size=4)
    X, y = rng.normal(size=(6, 5)), rng.integers(3, size=6)
    _, gradients = net.gradients(X, y, training)
    for index, layer in enumerate(net.layers):
        for name in layer.params:

            def loss(value, index=index, name=name):
                params = [dict(own) for own in net.params]
                params[index][name] = value
                return nets.softmax_cross_entropy(net.forward(X, params, training)[-1], y)

            assert np.allclose(gradients[index][name], numerical(loss, layer.params[name]), atol=1e-8), (index, name)


def test_backward_is_called_once_for_all_gradients(rng):
    calls = []

    def backward(dout, cache):
        calls.append(dout)
        return batchnorm_backward(dout, cache)

    net = nets.Net(nets.PairLayer(batchnorm_forward, backward, {"gamma": np.ones(5), "beta": np.zeros(5)}), nets.Activation("tanh"))
    net.gradients(rng.normal(size=(6, 5)), rng.integers(5, size=6))
    assert len(calls) == 1


def test_a_pair_may_be_applied_twice(rng):
    pair = nets.Pair(lambda x: (x**2, x), lambda dout, x: 2 * x * dout)
    assert grad(lambda x: pair(pair(x)))(3.0 * np.ones(())) == pytest.approx(4 * 3**3)


def test_an_activation_in_plain_numpy_with_its_derivative(rng):
    layer = nets.Activation(lambda z: np.square(np.array(z)), lambda z: 2 * z)
    assert np.allclose(grad(lambda x: layer.apply({}, x, True).sum())(np.array([1.0, -3.0])), [2.0, -6.0])


# --- what a student's function does wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        (
            lambda dx, dgamma, dbeta: (dx, dgamma[None], dbeta),
            r"the dgamma that my_backward returned has shape \(1, 5\), but gamma has shape \(5,\)",
        ),
        (lambda dx, dgamma, dbeta: (dx, dgamma), r"my_backward should return \(dx, dgamma, dbeta\), but it returned a tuple of 2"),
        (lambda dx, dgamma, dbeta: (dx, dgamma, None), "the dbeta that my_backward returned should be an array, but it is None"),
        (lambda dx, dgamma, dbeta: (dx, dgamma.astype(int), dbeta), "the dgamma that my_backward returned has dtype int64"),
        (lambda dx, dgamma, dbeta: dx, r"my_backward should return \(dx, dgamma, dbeta\), but it returned an array"),
    ],
)
def test_gradients_that_cannot_be_right_are_named(spoilt, sentence, rng):
    def my_backward(dout, cache):
        return spoilt(*batchnorm_backward(dout, cache))

    net = nets.Net(nets.PairLayer(batchnorm_forward, my_backward, {"gamma": np.ones(5), "beta": np.zeros(5)}))
    with pytest.raises(ValueError, match=sentence):
        net.gradients(rng.normal(size=(6, 5)), rng.integers(5, size=6))


def test_a_forward_without_cache_is_named(rng):
    def my_forward(x):
        return x

    with pytest.raises(ValueError, match=r"my_forward should return \(out, cache\), but it returned an array"):
        nets.Net(nets.PairLayer(my_forward, batchnorm_backward)).forward(rng.normal(size=(2, 3)))


def test_an_initialiser_of_the_wrong_shape_is_named(rng):
    def transposed(fan_in, fan_out, rng):
        return rng.normal(size=(fan_out, fan_in))

    with pytest.raises(ValueError, match=r"transposed\(4, 3, rng\) should return an array of shape \(4, 3\)"):
        nets.Dense(4, 3, init=transposed, rng=rng)


def test_an_unknown_activation_is_named():
    with pytest.raises(ValueError, match="'rleu'; there are linear, tanh"):
        nets.Activation("rleu")


# --- batch normalisation ----------------------------------------------------------------------------------------------------


def test_running_statistics_move_in_training_only(rng, digits):
    net = nets.mlp((64, 8, 10), init=lecun, activation="relu", rng=rng, normalize=batchnorm)
    layer = net.layers[1]
    net.gradients(digits.X_train, digits.y_train)
    net.predict(digits.X_test)
    assert np.array_equal(layer.state["running_mean"], np.zeros(8)) and np.array_equal(layer.state["running_var"], np.ones(8))
    batch = digits.X_train @ net.layers[0].params["W"]
    nets.train(net, digits, epochs=1, batch_size=len(digits.y_train), rng=rng)
    assert np.allclose(layer.state["running_mean"], 0.1 * batch.mean(axis=0))
    assert np.allclose(layer.state["running_var"], 0.9 + 0.1 * batch.var(axis=0))


def test_inference_uses_the_running_statistics(rng):
    layer = batchnorm(3)
    layer.state = {"running_mean": rng.normal(size=3), "running_var": rng.uniform(1, 2, size=3)}
    x = rng.normal(size=(4, 3))
    assert np.allclose(layer.apply(layer.params, x, False), batchnorm_inference(x, np.ones(3), np.zeros(3), **layer.state))
    images = rng.normal(size=(4, 3, 2, 5))
    wanted = (images - layer.state["running_mean"][:, None, None]) / np.sqrt(layer.state["running_var"] + 1e-5)[:, None, None]
    assert np.allclose(layer.apply(layer.params, images, False), wanted)


def test_folded_nets_predict_alike(rng, digits):
    net = nets.mlp((64, 20, 10), init=lecun, activation="tanh", rng=rng, normalize=batchnorm)
    nets.train(net, digits, epochs=1, rng=rng)
    dense, norm, activation, head = net.layers
    factor = norm.params["gamma"] / np.sqrt(norm.state["running_var"] + 1e-5)
    W, b = dense.params["W"] * factor, (dense.params["b"] - norm.state["running_mean"]) * factor + norm.params["beta"]
    folded = nets.Net(nets.Dense.of(W, b), activation, head)
    assert np.allclose(folded.logits(digits.X_test), net.logits(digits.X_test))


def test_parameters_of_the_keras_model(rng):
    def zeros(fan_in, fan_out, rng):
        return np.zeros((fan_in, fan_out))

    assert nets.Net(batchnorm(784)).count_parameters() == (1568, 1568)
    layers = []
    for fan_in, fan_out in ((784, 300), (300, 100), (100, 10)):
        layers += [batchnorm(fan_in), nets.Dense(fan_in, fan_out, init=zeros, rng=rng)]
    assert nets.Net(*layers).count_parameters() == (268978, 2368)


# --- nets and training ------------------------------------------------------------------------------------------------------


def test_activations_and_gradient_norms_layer_by_layer(rng):
    net = nets.mlp((5, 4, 3), init=lecun, activation="tanh", rng=rng)
    X, y = rng.normal(size=(6, 5)), rng.integers(3, size=6)
    z = X @ net.params[0]["W"]
    assert np.allclose(net.preactivations(X)[0], z) and np.allclose(net.activations(X)[0], np.tanh(z))
    _, gradients = net.gradients(X, y)
    assert np.allclose(net.gradient_norms(X, y), [np.linalg.norm(gradients[0]["W"]), np.linalg.norm(gradients[2]["W"])])


def test_one_step_is_gradient_descent(rng, digits):
    net = nets.mlp((64, 10), init=lecun, activation="tanh", rng=rng)
    before = net.copy()
    _, gradients = before.gradients(digits.X_train, digits.y_train)
    nets.train(net, digits, lr=0.5, epochs=1, batch_size=10**6, rng=rng)
    assert np.allclose(net.params[0]["W"], before.params[0]["W"] - 0.5 * gradients[0]["W"])
    assert not np.allclose(net.params[0]["W"], before.params[0]["W"])


@pytest.mark.parametrize("normalize", [None, batchnorm])
def test_training_learns_the_digits(normalize, rng, digits):
    net = nets.mlp((64, 50, 10), init=lecun, activation="tanh", rng=rng, normalize=normalize)
    watched = []
    history = nets.train(net, digits, lr=0.1, epochs=3, batch_size=32, rng=rng, watch=lambda net, number: watched.append(number))
    assert history.test_accuracy[-1] > 0.9 and not history.diverged
    assert len(history.loss) == 3 * (1348 // 32) == len(watched) == watched[-1]
    assert len(history.train_accuracy) == len(history.test_accuracy) == 3
    assert history.test_accuracy[-1] == net.accuracy(digits.X_test, digits.y_test)


def test_the_same_seed_is_the_same_run(digits):
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(1)
        runs.append(nets.train(nets.mlp((64, 20, 10), init=lecun, activation="relu", rng=rng), digits, epochs=1, rng=rng).loss)
    assert runs[0] == runs[1]


def test_a_diverging_net_is_recorded_and_not_complained_of(rng, digits):
    net = nets.mlp((64, 50, 50, 10), init=lambda i, o, rng: 100 * rng.normal(size=(i, o)), activation="relu", rng=rng)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = nets.train(net, digits, lr=10.0, epochs=5, rng=rng)
    assert history.diverged and not np.isfinite(history.loss[-1])
    assert len(history.loss) < 5 * 42 and len(history.test_accuracy) == len(history.train_accuracy) >= 1


def test_an_optimiser_of_ones_own(rng, digits):
    def momentum_step(theta, grad, state):
        velocity = 0.9 * state.get("velocity", 0.0) - 0.02 * grad
        return theta + velocity, {"velocity": velocity}

    net = nets.mlp((64, 20, 10), init=lecun, activation="relu", rng=rng)
    history = nets.train(net, digits, epochs=2, rng=rng, step=momentum_step)
    assert history.test_accuracy[-1] > 0.85


def test_a_pair_is_told_whether_the_net_is_trained(rng):
    def dropout_forward(x, rate, rng, training=True):
        mask = (rng.random(x.shape) >= rate) / (1 - rate) if training else np.ones(x.shape)
        return x * mask, mask

    layer = nets.PairLayer(dropout_forward, lambda dout, mask: dout * mask, rate=0.5, rng=rng)
    x = np.ones((50, 50))
    assert np.array_equal(nets.Net(layer).forward(x)[0], x)
    dropped = nets.Net(layer).forward(x, training=True)[0]
    assert set(np.unique(dropped)) == {0.0, 2.0}
    mask = []
    gradient = grad(lambda x: (mask.append(layer.apply({}, x, True)), mask[0].sum())[1])(x)
    assert np.array_equal(gradient, getval(mask[0]))


def test_a_copy_has_parameters_of_its_own(rng):
    net = nets.mlp((5, 4, 3), init=lecun, activation="tanh", rng=rng)
    twin = net.copy()
    twin.layers[0].params["W"][:] = 0
    assert net.layers[0].params["W"].any()


def test_the_time_of_a_training_is_estimated_from_one_step_and_one_prediction(monkeypatch):
    rng = np.random.default_rng(0)
    digits = data.digits()
    net = nets.mlp((64, 8, 10), init=lambda fan_in, fan_out, rng: rng.normal(0, 0.1, (fan_in, fan_out)), activation="relu", rng=rng)
    before = net.copy()
    times = iter((10.0, 12.0, 12.5))  # a step takes two seconds, a prediction half a second
    monkeypatch.setattr(nets, "thread_time", lambda: next(times))
    train, test = len(digits.y_train), len(digits.y_test)
    assert nets.estimate_seconds(net, digits, epochs=3, batch_size=50) == 3 * (2.0 * (train // 50) + 0.5 * (train + test) / 50)
    for layer, unchanged in zip(net.params, before.params, strict=True):
        assert all(np.array_equal(layer[name], unchanged[name]) for name in layer)
