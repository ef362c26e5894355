"""The references against PyTorch, an independent implementation by others; run by ``make crosscheck``, skipped where it isn't installed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from autograder.reference import activations as act
from autograder.reference import batch_normalization as bn
from autograder.reference import convolution as conv
from autograder.reference import dropout as drop
from autograder.reference import gradient_clipping as clipping
from autograder.reference import initialization as init
from autograder.reference import learning_rate_schedules as schedules
from autograder.reference import neurons_and_backprop as neurons
from autograder.reference import transfer_learning as transfer

torch = pytest.importorskip("torch", reason="PyTorch is large; «make crosscheck» installs it")

RTOL = 1e-9
SHAPES = [(8, 5), (64, 3), (2, 7)]
IMAGES = [(4, 3, 5, 6), (2, 1, 3, 3), (1, 2, 4, 1)]


def tensor(array: np.ndarray):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def close(ours, theirs) -> None:
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else theirs
    np.testing.assert_allclose(ours, theirs, rtol=RTOL, atol=RTOL * max(1e-300, float(np.max(np.abs(theirs)))))


@pytest.mark.parametrize("eps", [1e-5, 1e-3])
@pytest.mark.parametrize("shape", SHAPES + IMAGES, ids=str)
def test_batch_normalization_and_its_gradients(shape, eps):
    rng = np.random.default_rng(1)
    forward, backward = (
        (bn.batchnorm_forward, bn.batchnorm_backward) if len(shape) == 2 else (bn.batchnorm2d_forward, bn.batchnorm2d_backward)
    )
    x, dout = rng.normal(3, 2, shape), rng.standard_normal(shape)
    gamma, beta = rng.standard_normal(shape[1]), rng.standard_normal(shape[1])
    tensors = x_t, gamma_t, beta_t = tensor(x), tensor(gamma), tensor(beta)
    out_t = torch.nn.functional.batch_norm(x_t, None, None, gamma_t, beta_t, training=True, eps=eps)
    out_t.backward(torch.tensor(dout))
    out, cache = forward(x, gamma, beta, eps)
    close(out, out_t)
    for ours, theirs in zip(backward(dout, cache), tensors, strict=True):
        close(ours, theirs.grad)


def test_inference_uses_the_running_statistics():
    rng = np.random.default_rng(2)
    x, gamma, beta, mean = rng.standard_normal((6, 4)), *rng.standard_normal((3, 4))
    var = rng.uniform(0.1, 3, 4)
    theirs = torch.nn.functional.batch_norm(*map(torch.tensor, (x, mean, var, gamma, beta)), training=False, eps=1e-5)
    close(bn.batchnorm_inference(x, gamma, beta, mean, var), theirs)


def test_running_statistics_count_the_momentum_from_the_other_end():
    running, batch = np.array([1.0, 2.0]), np.random.default_rng(3).standard_normal((50, 2))
    layer = torch.nn.BatchNorm1d(2, momentum=0.1, dtype=torch.float64)
    layer.running_mean.copy_(torch.tensor(running))
    layer(torch.tensor(batch))
    close(bn.update_running(running, batch.mean(axis=0), momentum=0.9), layer.running_mean)


def test_a_folded_layer_is_that_of_pytorch():
    rng = np.random.default_rng(4)
    W, (b, gamma, beta, mean), var = rng.standard_normal((5, 3)), rng.standard_normal((4, 3)), rng.uniform(0.1, 3, 3)
    as_tensors = [torch.tensor(array) for array in (W.T.copy(), b, mean, var)]
    W_t, b_t = torch.nn.utils.fusion.fuse_linear_bn_weights(*as_tensors, 1e-5, torch.tensor(gamma), torch.tensor(beta))
    W_folded, b_folded = bn.fold_batchnorm(W, b, gamma, beta, mean, var)
    close(W_folded, W_t.T)
    close(b_folded, b_t)


ACTIVATIONS = {
    "sigmoid": (torch.sigmoid, ()),
    "relu": (torch.relu, ()),
    "leaky_relu": (torch.nn.functional.leaky_relu, (0.2,)),
    "elu": (torch.nn.functional.elu, (0.7,)),
    "selu": (torch.nn.functional.selu, ()),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_their_slopes(name):
    function, options = ACTIVATIONS[name]
    z = np.random.default_rng(5).normal(0, 3, (4, 6, 3))
    z_t = tensor(z)
    out_t = function(z_t, *options)
    close(getattr(act, name)(z, *options), out_t)
    if name != "selu":
        out_t.sum().backward()
        close(getattr(act, f"{name}_grad")(z, *options), z_t.grad)


def test_rrelu_after_training():
    z = np.random.default_rng(6).normal(size=(5, 4))
    out, _ = act.rrelu(z, 0.1, 0.4, np.random.default_rng(), False)
    close(out, torch.nn.functional.rrelu(torch.tensor(z), 0.1, 0.4, training=False))


def test_prelu_and_its_gradients():
    rng = np.random.default_rng(7)
    z, alpha, dout = rng.standard_normal((8, 5)), rng.standard_normal(5), rng.standard_normal((8, 5))
    z_t, alpha_t = tensor(z), tensor(alpha)
    out_t = torch.nn.functional.prelu(z_t, alpha_t)
    out_t.backward(torch.tensor(dout))
    out, cache = act.prelu_forward(z, alpha)
    close(out, out_t)
    for ours, theirs in zip(act.prelu_backward(dout, cache), (z_t, alpha_t), strict=True):
        close(ours, theirs.grad)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (6, 4, 3, 5), (2, 1, 1, 1)], ids=str)
def test_fans(shape):
    # PyTorch keeps a dense layer's weights as (out, in)
    theirs = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape if len(shape) == 4 else shape[::-1]))
    assert init.fans(shape) == theirs


@pytest.mark.parametrize(
    ("draw", "fill", "options"),
    [
        ("glorot_normal", "xavier_normal_", {}),
        ("glorot_uniform", "xavier_uniform_", {}),
        ("he_normal", "kaiming_normal_", {"nonlinearity": "relu"}),
        ("lecun_normal", "kaiming_normal_", {"nonlinearity": "linear"}),
    ],
)
def test_initialisers_have_the_same_distribution(draw, fill, options):
    from scipy.stats import ks_2samp

    torch.manual_seed(0)
    fan_in, fan_out = 400, 250
    theirs = getattr(torch.nn.init, fill)(torch.empty(fan_out, fan_in, dtype=torch.float64), **options).numpy().ravel()
    ours = getattr(init, draw)(fan_in, fan_out, np.random.default_rng(5)).ravel()
    assert ks_2samp(ours, theirs).pvalue > 1e-4
    assert abs(ours.std() / theirs.std() - 1) < 0.01


@pytest.mark.parametrize(("activation", "function"), [("tanh", torch.tanh), ("relu", torch.relu), ("logistic", torch.sigmoid)])
def test_signals_and_gradients_through_a_deep_net(activation, function):
    rng = np.random.default_rng(6)
    X, widths = rng.standard_normal((9, 8)), (8, 12, 7, 10, 4)
    weights = [rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in pairwise(widths)]
    dout = rng.standard_normal((9, 4))
    signal, tensors, statistics = torch.tensor(X), [tensor(W) for W in weights], []
    for W in tensors:
        signal = function(signal @ W)
        statistics.append((signal.mean().item(), signal.std(correction=0).item()))
    signal.backward(torch.tensor(dout))
    close(init.activation_statistics(X, weights, activation), np.array(statistics))
    close(init.gradient_norms(X, weights, dout, activation), np.array([W.grad.norm().item() for W in tensors]))


@pytest.mark.parametrize(
    ("x_shape", "W_shape", "stride", "pad"),
    [
        ((2, 3, 5, 5), (4, 3, 3, 3), 1, 0),
        ((2, 2, 4, 6), (3, 2, 2, 3), 1, 2),
        ((1, 1, 7, 6), (2, 1, 3, 2), 2, 0),
        ((3, 2, 6, 5), (1, 2, 3, 3), 3, 1),
        ((1, 2, 3, 3), (2, 2, 1, 1), 2, 0),
    ],
    ids=str,
)
def test_convolution_and_its_gradients(x_shape, W_shape, stride, pad):
    rng = np.random.default_rng(7)
    arguments = rng.standard_normal(x_shape), rng.standard_normal(W_shape), rng.standard_normal(W_shape[0])
    tensors = [tensor(argument) for argument in arguments]
    out_t = torch.nn.functional.conv2d(*tensors, stride=stride, padding=pad)
    out, cache = conv.conv2d_forward(*arguments, stride, pad)
    close(out, out_t)
    for n, K, size in zip(x_shape[2:], W_shape[2:], out_t.shape[2:], strict=True):
        assert conv.conv_output_size(n, K, stride, pad) == size
    dout = rng.standard_normal(out.shape)
    out_t.backward(torch.tensor(dout))
    for ours, theirs in zip(conv.conv2d_backward(dout, cache), tensors, strict=True):
        close(ours, theirs.grad)


def test_convolution_of_one_image():
    rng = np.random.default_rng(8)
    X, W, dY = rng.standard_normal((5, 6)), rng.standard_normal((2, 3)), rng.standard_normal((4, 4))
    X_t, W_t = tensor(X), tensor(W)
    Y_t = torch.nn.functional.conv2d(X_t[None, None], W_t[None, None])[0, 0]
    close(conv.conv2d_single(X, W), Y_t)
    Y_t.backward(torch.tensor(dY))
    dX, dW = conv.conv2d_single_backward(dY, X, W)
    close(dX, X_t.grad)
    close(dW, W_t.grad)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(
    ("shape", "size", "stride"), [((2, 3, 4, 6), 2, 2), ((1, 2, 5, 5), 3, 1), ((2, 1, 7, 5), 3, 2), ((1, 1, 6, 7), 2, 3)]
)
def test_max_pooling_and_its_gradient(shape, size, stride, ties):
    rng = np.random.default_rng(9)
    x = rng.integers(0, 3, shape).astype(float) if ties else rng.standard_normal(shape)
    x_t = tensor(x)
    out_t = torch.nn.functional.max_pool2d(x_t, size, stride)
    out, cache = conv.max_pool_forward(x, size, stride)
    close(out, out_t)
    dout = rng.standard_normal(out.shape)
    out_t.backward(torch.tensor(dout))
    close(conv.max_pool_backward(dout, cache), x_t.grad)  # ties included: the first maximum in row order gets it all


# --- adaptive optimizers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "optimizer", "options", "theirs"),
    [
        ("adagrad_step", "Adagrad", {"lr": 0.1, "eps": 1e-3}, {}),
        ("rmsprop_step", "RMSprop", {"lr": 0.02, "decay": 0.8, "eps": 1e-3}, {}),
        ("adam_step", "Adam", {"lr": 0.05, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3}, {}),
        # with such a decay PyTorch's momentum schedule is the constant beta1
        ("nadam_step", "NAdam", {"lr": 0.05, "beta1": 0.8, "beta2": 0.97, "eps": 1e-3}, {"momentum_decay": 1e6}),
        # PyTorch adds ε inside the maximum, so both do without it here
        ("adamax_step", "Adamax", {"lr": 0.05, "beta1": 0.8, "beta2": 0.97, "eps": 0.0}, {}),
    ],
)
def test_optimisers_take_the_same_way(step, optimizer, options, theirs):
    from autograder.reference import adaptive_optimizers

    rng = np.random.default_rng(8)
    theta, gradients = rng.standard_normal((4, 3)), rng.standard_normal((30, 4, 3))
    parameter, state = tensor(theta), {}
    names = {"lr": options["lr"], "eps": options["eps"], **theirs}
    if "decay" in options:
        names["alpha"] = options["decay"]
    if "beta1" in options:
        names["betas"] = (options["beta1"], options["beta2"])
    torch.set_default_dtype(torch.float64)  # NAdam's product of momenta is float32 otherwise
    try:
        machine = getattr(torch.optim, optimizer)([parameter], **names)
        for grad in gradients:
            parameter.grad = torch.tensor(grad)
            machine.step()
            theta, state = getattr(adaptive_optimizers, step)(theta, grad, state, **options)
            close(theta, parameter)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_has_the_same_distribution_and_gradient(rate):
    from scipy.stats import chi2_contingency

    torch.manual_seed(0)
    x, dout = np.random.default_rng(7).uniform(1, 2, (150, 100)), np.random.default_rng(8).standard_normal((150, 100))
    x_t = tensor(x)
    out_t = torch.nn.functional.dropout(x_t, p=rate, training=True)
    out_t.backward(torch.tensor(dout))
    out, cache = drop.dropout_forward(x, rate, np.random.default_rng(9))
    ours, theirs = out != 0, out_t.detach().numpy() != 0
    assert chi2_contingency([[ours.sum(), (~ours).sum()], [theirs.sum(), (~theirs).sum()]]).pvalue > 1e-4
    both = ours & theirs
    close(out[both], out_t.detach().numpy()[both])
    close(drop.dropout_backward(dout, cache)[both], x_t.grad.numpy()[both])
    close(
        drop.dropout_forward(x, rate, np.random.default_rng(9), training=False)[0], torch.nn.functional.dropout(x_t, p=rate, training=False)
    )


def test_monte_carlo_statistics():
    samples = np.random.default_rng(10).dirichlet(np.ones(5), (8, 6))
    script = iter(samples)
    mean, std = drop.mc_dropout(lambda x, rng: next(script), np.zeros((6, 2)), 8, np.random.default_rng(11))
    std_t, mean_t = torch.std_mean(torch.tensor(samples), dim=0, correction=0)
    close(mean, mean_t)
    close(std, std_t)


@pytest.mark.parametrize("sizes", [(4, 3), (4, 6, 3), (3, 7, 5, 4)])
def test_a_network_its_loss_and_its_gradients(sizes):
    rng = np.random.default_rng(12)
    params = [(rng.standard_normal((D, H)), rng.standard_normal(H)) for D, H in pairwise(sizes)]
    X, y = rng.standard_normal((9, sizes[0])), rng.integers(0, sizes[-1], 9)
    tensors = [(tensor(W), tensor(b)) for W, b in params]
    z = torch.tensor(X)
    for number, (W, b) in enumerate(tensors):
        z = torch.nn.functional.linear(torch.relu(z) if number else z, W.T, b)
    loss_t = torch.nn.functional.cross_entropy(z, torch.tensor(y))
    loss_t.backward()
    loss, grads = neurons.mlp_gradients(params, X, y)
    close(loss, loss_t)
    for (dW, db), (W_t, b_t) in zip(grads, tensors, strict=True):
        close(dW, W_t.grad)
        close(db, b_t.grad)


def test_softmax_cross_entropy_of_large_logits():
    z, y = 3000 * np.random.default_rng(13).standard_normal((7, 5)), np.array([0, 4, 2, 1, 3, 3, 0])
    z_t = tensor(z)
    loss_t = torch.nn.functional.cross_entropy(z_t, torch.tensor(y))
    loss_t.backward()
    loss, dz = neurons.softmax_cross_entropy(z, y)
    close(loss, loss_t)
    close(dz, z_t.grad)
    close(neurons.softmax(z), torch.softmax(torch.tensor(z), dim=1))


@pytest.mark.parametrize("max_norm", [0.5, 1e6])
def test_gradient_clipping(max_norm):
    """PyTorch changes the gradients in place, and adds 1e-6 to the norm, which is large here."""
    rng = np.random.default_rng(6)
    grads = [1e3 * rng.standard_normal(shape) for shape in ((3, 4), (4,), (2, 3, 2))]
    parameters = [tensor(grad) for grad in grads]
    for clip, ours in (
        (lambda: torch.nn.utils.clip_grad_norm_(parameters, max_norm), clipping.clip_by_global_norm(grads, max_norm)),
        (lambda: torch.nn.utils.clip_grad_value_(parameters, max_norm), ([clipping.clip_by_value(grad, max_norm) for grad in grads], None)),
    ):
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = torch.tensor(grad)
        norm = clip()
        for one, parameter in zip(ours[0], parameters, strict=True):
            np.testing.assert_allclose(one, parameter.grad.numpy(), rtol=1e-8)
        assert norm is None or float(norm) == pytest.approx(ours[1])
    a, b = grads[0].ravel(), rng.standard_normal(12)
    close(clipping.cosine_similarity(a, b), torch.nn.functional.cosine_similarity(torch.tensor(a), torch.tensor(b), dim=0))


@pytest.mark.parametrize(("step", "nesterov"), [("momentum_step", False), ("nesterov_step_shifted", True)])
def test_momentum_takes_the_same_way(step, nesterov):
    """PyTorch has the learning rate outside the velocity; as long as it stays as it is, that is the same."""
    from autograder.reference import momentum

    rng = np.random.default_rng(9)
    theta, gradients = rng.standard_normal((4, 3)), rng.standard_normal((30, 4, 3))
    parameter, state = tensor(theta), {}
    machine = torch.optim.SGD([parameter], lr=0.05, momentum=0.8, nesterov=nesterov)
    for grad in gradients:
        parameter.grad = torch.tensor(grad)
        machine.step()
        theta, state = getattr(momentum, step)(theta, grad, state, 0.05, 0.8)
        close(theta, parameter)


def torchs_rates(make, metrics=None, epochs=30) -> list[float]:
    """Return the rates of one of PyTorch's schedulers, epoch by epoch; with `metrics`, after each of them."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.8)
    scheduler, rates = make(optimiser), []
    for epoch in range(epochs if metrics is None else len(metrics)):
        if metrics is None:
            rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step(*(() if metrics is None else (metrics[epoch],)))
        if metrics is not None:
            rates.append(optimiser.param_groups[0]["lr"])
    return rates


def test_schedules_of_the_epoch():
    lr = torch.optim.lr_scheduler
    ours = [schedules.step_decay(0.8, epoch, 0.3, 7) for epoch in range(30)]
    np.testing.assert_allclose(ours, torchs_rates(lambda sgd: lr.StepLR(sgd, 7, 0.3)), rtol=RTOL)
    ours = [schedules.exponential_schedule(0.8, epoch, 9) for epoch in range(30)]
    np.testing.assert_allclose(ours, torchs_rates(lambda sgd: lr.ExponentialLR(sgd, 0.1 ** (1 / 9))), rtol=RTOL)
    ours = [schedules.piecewise_constant([4, 11], [0.8, 0.16, 0.032], epoch) for epoch in range(30)]
    np.testing.assert_allclose(ours, torchs_rates(lambda sgd: lr.MultiStepLR(sgd, [4, 11], 0.2)), rtol=RTOL)


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_plateaus_with_patience_counted_from_the_other_end(patience):
    metrics = [float(metric) for metric in np.random.default_rng(patience).integers(0, 30, 60) - np.arange(60) // 4]
    options = {"factor": 0.7, "threshold": 0.0, "threshold_mode": "abs", "eps": 0.0, "min_lr": 0.1}
    theirs = torchs_rates(lambda sgd: torch.optim.lr_scheduler.ReduceLROnPlateau(sgd, patience=patience - 1, **options), metrics)
    state, rate, ours = {}, 0.8, []
    for metric in metrics:
        rate, state = schedules.plateau_step(state, metric, rate, 0.7, patience, 0.1)
        ours.append(rate)
    np.testing.assert_allclose(ours, theirs, rtol=RTOL)


@pytest.mark.parametrize("shape", [(7, 5, 3), (4, 2, 6)], ids=str)
def test_autoencoder_and_its_gradients(shape):
    (N, D, H), rng = shape, np.random.default_rng(13)
    params = [(rng.normal(size=(D, H)), rng.normal(size=H)), (rng.normal(size=(H, D)), rng.normal(size=D))]
    X = rng.normal(size=(N, D))
    (W1, b1), (W2, b2) = theirs = [tuple(map(tensor, layer)) for layer in params]
    loss = torch.nn.functional.mse_loss(torch.relu(tensor(X) @ W1 + b1) @ W2 + b2, tensor(X).detach())
    loss.backward()
    found, grads = transfer.autoencoder_gradients(params, X)
    close(found, loss)
    for layer, other in zip(grads, theirs, strict=True):
        for part, parameter in zip(layer, other, strict=True):
            close(part, parameter.grad)
