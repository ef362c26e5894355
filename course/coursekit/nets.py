"""Small networks to read and to train: stacks of layers, differentiated by autograd.

A net is a list of layers, a layer is a function with parameters::

    net = Net(Dense(64, 100, init=glorot_normal, rng=rng), Activation("tanh"), Dense(100, 10, init=glorot_normal, rng=rng))
    history = train(net, data.digits(), lr=0.1, epochs=5, rng=rng)
    net.layers[0].params["W"]

Your own functions take part in it: an initialiser goes into `Dense`, and a forward/backward pair becomes a layer (`PairLayer`,
`BatchNorm`) whose gradient is whatever your backward returns.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import thread_time

import numpy as np
from autograd import value_and_grad

from .data import Digits
from .layers import (
    ACTIVATIONS,
    Activation,
    BatchNorm,
    Dense,
    Flatten,
    Init,
    Layer,
    Pair,
    PairLayer,
    Params,
    softmax_cross_entropy,
)

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "BatchNorm",
    "Dense",
    "Flatten",
    "History",
    "Layer",
    "Net",
    "Pair",
    "PairLayer",
    "estimate_seconds",
    "mlp",
    "softmax_cross_entropy",
    "train",
]

Step = Callable[[np.ndarray, np.ndarray, dict], tuple[np.ndarray, dict]]


class Net:
    """A stack of layers; the last one's output are the logits of the classes.

    Parameters
    ----------
    layers : Layer
        From input to output.
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = list(layers)

    @property
    def params(self) -> list[Params]:
        """The parameters, one dictionary per layer."""
        return [layer.params for layer in self.layers]

    @np.errstate(all="ignore")  # demonstrations show nets that overflow
    def forward(self, X, params: Sequence[Params] | None = None, training: bool = False) -> list:
        """Return the outputs of all layers, first layer first."""
        outputs = []
        for layer, own in zip(self.layers, self.params if params is None else params, strict=True):
            X = layer.apply(own, X, training)
            outputs.append(X)
        return outputs

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the last layer's output at inference, shape (N, K)."""
        return self.forward(X)[-1]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable class of every example, shape (N,)."""
        return np.argmax(self.logits(X), axis=1)

    def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        """Return the accuracy: the fraction of examples whose most probable class is `y`."""
        return float(np.mean(self.predict(X) == y))

    @np.errstate(all="ignore")
    def gradients(self, X: np.ndarray, y: np.ndarray, training: bool = True) -> tuple[float, list[Params]]:
        """Return the mean cross-entropy on a batch, and its gradient for every parameter."""

        def loss(params: list[Params]):
            return softmax_cross_entropy(self.forward(X, params, training)[-1], y)

        value, gradients = value_and_grad(loss)(self.params)
        return float(value), gradients

    def gradient_norms(self, X: np.ndarray, y: np.ndarray, training: bool = True) -> list[float]:
        """Return ‖∂L/∂W‖ (Frobenius) for every layer that has weights W, first layer first."""
        _, gradients = self.gradients(X, y, training)
        return [float(np.sqrt(np.sum(layer["W"] ** 2))) for layer in gradients if "W" in layer]

    def activations(self, X: np.ndarray, training: bool = False) -> list[np.ndarray]:
        """Return the outputs of all `Activation` layers, first layer first."""
        return [out for layer, out in zip(self.layers, self.forward(X, training=training), strict=True) if isinstance(layer, Activation)]

    def preactivations(self, X: np.ndarray, training: bool = False) -> list[np.ndarray]:
        """Return the inputs of all `Activation` layers, first layer first."""
        inputs = [X, *self.forward(X, training=training)]
        return [inputs[index] for index, layer in enumerate(self.layers) if isinstance(layer, Activation)]

    def count_parameters(self) -> tuple[int, int]:
        """Return the number of trained parameters, and of other stored numbers."""
        trained = sum(value.size for layer in self.layers for value in layer.params.values())
        kept = sum(value.size for layer in self.layers for value in layer.state.values())
        return trained, kept

    def copy(self) -> Net:
        """Return a net with the same layers and with parameters of its own."""
        return copy.deepcopy(self)


def mlp(
    sizes: Sequence[int],
    *,
    init: Init,
    activation: str | Callable,
    rng: np.random.Generator,
    normalize: Callable[[int], Layer] | None = None,
) -> Net:
    """Stack dense layers with an activation after each but the last.

    Parameters
    ----------
    sizes : sequence of int
        Such as ``(64, 100, 100, 10)``.
    init, activation, rng
        As for `Dense` and `Activation`.
    normalize : callable, optional
        ``normalize(features) -> Layer``, put between each dense layer and its activation.
    """
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers += [Dense(fan_in, fan_out, init=init, rng=rng), *([normalize(fan_out)] if normalize else []), Activation(activation)]
    return Net(*layers, Dense(sizes[-2], sizes[-1], init=init, rng=rng))


# --- training -------------------------------------------------------------------------------------------------------------


@dataclass
class History:
    """The result of a training run.

    Parameters
    ----------
    loss : list of float
        The loss on the batch, one per step.
    train_accuracy, test_accuracy : list of float
        After each epoch.
    diverged : bool
        Whether the run was stopped because the loss was no longer a finite number.
    """

    loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    diverged: bool = False


@np.errstate(all="ignore")
def train(
    net: Net,
    digits: Digits,
    *,
    lr: float = 0.1,
    epochs: int = 5,
    batch_size: int = 32,
    rng: np.random.Generator,
    step: Step | None = None,
    watch: Callable[[Net, int], None] | None = None,
) -> History:
    """Train `net` in place by gradient descent on minibatches.

    Parameters
    ----------
    net : Net
        Changed in place.
    digits : Digits
        What is learned, and what is tested with.
    lr : float
        The learning rate of plain gradient descent.
    epochs, batch_size : int
        Each epoch takes the training set in a new order; a last batch that isn't full is left out.
    rng : Generator
        Where the orders come from.
    step : callable, optional
        Another optimiser, ``step(theta, grad, state) -> (theta, state)``; each array's state is ``{}`` at first. `lr` is then unused.
    watch : callable, optional
        ``watch(net, number)``, called after every step.

    Returns
    -------
    History
        Ends early, with `diverged` set, where the loss is NaN or infinite.
    """
    step = step or (lambda theta, grad, state: (theta - lr * grad, state))
    states: list[dict[str, dict]] = [{name: {} for name in layer} for layer in net.params]
    history = History()
    for _ in range(epochs):
        for batch in _batches(len(digits.y_train), batch_size, rng):
            loss, gradients = net.gradients(digits.X_train[batch], digits.y_train[batch])
            history.loss.append(loss)
            if not np.isfinite(loss):
                history.diverged = True
                break
            _move(net, gradients, states, step)
            if watch is not None:
                watch(net, len(history.loss))
        history.train_accuracy.append(net.accuracy(digits.X_train, digits.y_train))
        history.test_accuracy.append(net.accuracy(digits.X_test, digits.y_test))
        if history.diverged:
            break
    return history


def estimate_seconds(net: Net, digits: Digits, *, epochs: int, batch_size: int = 32) -> float:
    """Estimate how many seconds of processor time (of one thread) `train` would take, from one step and one prediction on a batch.

    Parameters
    ----------
    net : Net
        It isn't changed.
    digits, epochs, batch_size
        As for `train`.

    Returns
    -------
    float
    """
    X, y = digits.X_train[:batch_size], digits.y_train[:batch_size]
    start = thread_time()
    net.gradients(X, y)
    middle = thread_time()
    net.predict(X)
    end = thread_time()
    steps, predictions = len(digits.y_train) // batch_size, (len(digits.y_train) + len(digits.y_test)) / batch_size
    return epochs * (steps * (middle - start) + predictions * (end - middle))


def _move(net: Net, gradients: list[Params], states: list[dict[str, dict]], step: Step) -> None:
    for layer, gradient, state in zip(net.layers, gradients, states, strict=True):
        for name, theta in layer.params.items():
            layer.params[name], state[name] = step(theta, gradient[name], state[name])
        layer.after_step()


def _batches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    order, size = rng.permutation(n), min(batch_size, n)
    for start in range(0, n - size + 1, size):
        yield order[start : start + size]
