"""Parts of nets: activations, the loss, forward/backward pairs as differentiable functions, and layers.

Everything here can also be imported from `coursekit.nets`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp_argnums, primitive
from autograd.tracer import getval

from .expectations import described

Params = dict[str, np.ndarray]
Init = Callable[[int, int, np.random.Generator], np.ndarray]

# --- functions ------------------------------------------------------------------------------------------------------------


def linear(z):
    """The identity, z."""
    return z


def tanh(z):
    """The hyperbolic tangent."""
    return anp.tanh(z)


def logistic(z):
    """1 / (1 + e⁻ᶻ), written with tanh because that never overflows."""
    return 0.5 * (anp.tanh(0.5 * z) + 1.0)


def relu(z):
    """max(0, z)."""
    return anp.where(z > 0, z, 0.0)


def leaky_relu(z, alpha=0.01):
    """Return z where it is positive, αz elsewhere."""
    return anp.where(z > 0, z, alpha * z)


def elu(z, alpha=1.0):
    """Return z where it is positive, α(eᶻ − 1) elsewhere."""
    return anp.where(z > 0, z, alpha * (anp.exp(anp.minimum(z, 0.0)) - 1.0))


def selu(z):
    """Return the ELU, scaled such that mean 0 and variance 1 are kept."""
    return 1.0507009873554805 * elu(z, 1.6732632423543772)


ACTIVATIONS = {f.__name__: f for f in (linear, tanh, logistic, relu, leaky_relu, elu, selu)}


def softmax_cross_entropy(z, y):
    """Return the mean cross-entropy between the softmax of the logits `z` (N, K) and the labels `y` (N,)."""
    z = z - getval(z).max(axis=1, keepdims=True)
    log_p = z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True))
    of_label = np.arange(getval(z).shape[1]) == y[:, None]
    return -anp.sum(anp.where(of_label, log_p, 0.0)) / len(y)


# --- a forward/backward pair as one function ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A function that autograd differentiates by calling your backward.

    Parameters
    ----------
    forward : callable
        ``forward(*arrays, **options) -> (out, cache)``.
    backward : callable
        ``backward(dout, cache)`` -> the gradients of `arrays`, in order; one array alone needs no tuple.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]

    def __call__(self, *arrays, **options):
        return _through(self, options, [], *arrays)

    def answer(self, arrays: Sequence[np.ndarray], options: Mapping[str, Any]) -> tuple[np.ndarray, Any]:
        """Call forward, and check that it returns ``(out, cache)``."""
        answer = self.forward(*arrays, **options)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise ValueError(f"{_name(self.forward)} should return (out, cache), but it returned {described(answer)}")
        if not isinstance(answer[0], (np.ndarray, np.floating)):
            raise ValueError(f"the out of {_name(self.forward)} should be an array, but it is {described(answer[0])}")
        return answer

    def gradients(self, dout: np.ndarray, cache: Any, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Call backward, and check number, shapes and dtypes of the gradients."""
        answer = self.backward(dout, cache)
        gradients = list(answer) if isinstance(answer, (tuple, list)) else [answer]
        names = list(inspect.signature(self.forward).parameters)[: len(arrays)]
        if len(gradients) != len(arrays):
            wanted = ", ".join(f"d{name}" for name in names)
            raise ValueError(f"{_name(self.backward)} should return ({wanted}), but it returned {described(answer)}")
        for name, gradient, array in zip(names, gradients, arrays, strict=True):
            self._compare(name, gradient, np.asarray(array))
        return gradients

    def _compare(self, name: str, gradient: Any, array: np.ndarray) -> None:
        who = f"the d{name} that {_name(self.backward)} returned"
        if not isinstance(gradient, (np.ndarray, np.floating)):
            raise ValueError(f"{who} should be an array, but it is {described(gradient)}")
        if gradient.shape != array.shape:
            raise ValueError(
                f"{who} has shape {gradient.shape}, but {name} has shape {array.shape}: a gradient has the shape of its variable"
            )
        if gradient.dtype.kind != "f":
            raise ValueError(f"{who} has dtype {gradient.dtype}, but it should be float64")


@primitive
def _through(pair: Pair, options: Mapping[str, Any], tape: list, *arrays: np.ndarray) -> np.ndarray:
    out, cache = pair.answer(arrays, options)
    tape.append(cache)  # an autograd primitive returns the output only, so the cache is passed on in this argument
    return out


def _through_backward(argnums: Sequence[int], out: np.ndarray, args: tuple, kwargs: dict) -> Callable:
    pair, _, tape, *arrays = args

    def all_at_once(dout: np.ndarray) -> tuple[np.ndarray, ...]:
        gradients = pair.gradients(dout, tape[0], arrays)
        return tuple(gradients[argnum - 3] for argnum in argnums)

    return all_at_once


defvjp_argnums(_through, _through_backward)


# --- layers ---------------------------------------------------------------------------------------------------------------


class Layer:
    """A function of its input and of its parameters.

    `params` are trained; `state` is what else the layer keeps, such as running statistics.
    """

    def __init__(self, params: Params | None = None, state: Params | None = None) -> None:
        self.params: Params = params or {}
        self.state: Params = state or {}

    def apply(self, params: Params, x, training: bool):
        """Return the output for the batch `x`, with `params` in place of the layer's own."""
        raise NotImplementedError

    def after_step(self) -> None:
        """Update the layer's state; called once per training step, after the update of the parameters."""


class Dense(Layer):
    """x·W + b.

    Parameters
    ----------
    fan_in, fan_out : int
        The numbers of inputs and outputs.
    init : callable
        ``init(fan_in, fan_out, rng) -> W`` of shape (fan_in, fan_out).
    rng : Generator
        Where the weights are drawn from.
    """

    def __init__(self, fan_in: int, fan_out: int, *, init: Init, rng: np.random.Generator) -> None:
        W = init(fan_in, fan_out, rng)
        if not isinstance(W, np.ndarray) or W.shape != (fan_in, fan_out):
            call = f"{_name(init)}({fan_in}, {fan_out}, rng)"
            raise ValueError(f"{call} should return an array of shape ({fan_in}, {fan_out}), but it returned {described(W)}")
        super().__init__({"W": np.array(W, dtype=float), "b": np.zeros(fan_out)})

    @classmethod
    def of(cls, W: np.ndarray, b: np.ndarray) -> Dense:
        """Make a layer of these weights and biases."""
        return cls(*W.shape, init=lambda fan_in, fan_out, rng: W, rng=np.random.default_rng())._with_bias(b)

    def _with_bias(self, b: np.ndarray) -> Dense:
        if np.shape(b) != self.params["b"].shape:
            raise ValueError(
                f"b should have shape {self.params['b'].shape}, one bias for every column of W, but it has shape {np.shape(b)}"
            )
        self.params["b"] = np.array(b, dtype=float)
        return self

    def apply(self, params: Params, x, training: bool):
        return x @ params["W"] + params["b"]


class Activation(Layer):
    """An elementwise function.

    Parameters
    ----------
    function : str or callable
        A name in `ACTIVATIONS`; or a function of your own.
    derivative : callable, optional
        The derivative of a function that is written in plain NumPy. Without it, autograd has to be able to look inside.
    """

    def __init__(self, function: str | Callable, derivative: Callable | None = None) -> None:
        super().__init__()
        if isinstance(function, str):
            if function not in ACTIVATIONS:
                raise ValueError(f"there is no activation {function!r}; there are {', '.join(ACTIVATIONS)}")
            function = ACTIVATIONS[function]
        self.name = _name(function)
        self.function = function if derivative is None else _elementwise(function, derivative)

    def apply(self, params: Params, x, training: bool):
        return self.function(x)


class PairLayer(Layer):
    """A layer that is your own forward/backward pair.

    Parameters
    ----------
    forward, backward : callable
        ``forward(x, *params, **options) -> (out, cache)`` and ``backward(dout, cache) -> (dx, *gradients of the params)``.
    params : dict of str to ndarray
        The parameters, in the order of forward's arguments.
    options : object
        Passed on to forward by keyword, such as ``rate=0.5, rng=rng``. Where forward has an argument `training`, it is told
        whether the net is being trained.
    """

    def __init__(self, forward: Callable, backward: Callable, params: Params | None = None, **options: Any) -> None:
        super().__init__(params)
        self.pair, self.options = Pair(forward, backward), options
        self.tell_training = "training" in inspect.signature(forward).parameters

    def apply(self, params: Params, x, training: bool):
        told = {"training": training} if self.tell_training else {}
        return self.pair(x, *params.values(), **self.options, **told)


class BatchNorm(PairLayer):
    """Batch normalisation by your own functions, of features (N, D) or of the channels of images (N, C, H, W).

    Parameters
    ----------
    features : int
        D, or C.
    forward, backward : callable
        ``batchnorm_forward`` and ``batchnorm_backward`` (or their 2-d twins), used in training.
    inference : callable
        ``batchnorm_inference``, used otherwise.
    update : callable
        ``update_running``, called once per training step for the mean and once for the variance.
    momentum, eps : float
    """

    def __init__(
        self,
        features: int,
        forward: Callable,
        backward: Callable,
        inference: Callable,
        update: Callable,
        *,
        momentum: float = 0.9,
        eps: float = 1e-5,
    ) -> None:
        super().__init__(forward, backward, {"gamma": np.ones(features), "beta": np.zeros(features)}, eps=eps)
        self.state = {"running_mean": np.zeros(features), "running_var": np.ones(features)}
        self.inference, self.update, self.momentum = inference, update, momentum
        self._batch: Params = {}

    def apply(self, params: Params, x, training: bool):
        if not training:
            return self._infer(params, x)
        batch = getval(x)
        axes = tuple(axis for axis in range(batch.ndim) if axis != 1)
        self._batch = {"running_mean": batch.mean(axis=axes), "running_var": batch.var(axis=axes)}
        return super().apply(params, x, training)

    def _infer(self, params: Params, x):
        features_last = np.moveaxis(x, 1, -1)
        flat = features_last.reshape(-1, features_last.shape[-1])
        out = self.inference(flat, params["gamma"], params["beta"], **self.state, **self.options)
        return np.moveaxis(out.reshape(features_last.shape), -1, 1)

    def after_step(self) -> None:
        self.state = {name: self.update(value, self._batch[name], self.momentum) for name, value in self.state.items()}


class Flatten(Layer):
    """(N, C, H, W) → (N, C·H·W)."""

    def apply(self, params: Params, x, training: bool):
        return anp.reshape(x, (getval(x).shape[0], -1))


# --- helpers ---------------------------------------------------------------------------------------------------------------


def _elementwise(function: Callable, derivative: Callable) -> Callable:
    """Turn a function and its derivative into one that autograd can differentiate."""

    def forward(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return function(z), z

    def backward(dout: np.ndarray, z: np.ndarray) -> np.ndarray:
        return dout * derivative(z)

    forward.__name__, backward.__name__ = _name(function), _name(derivative)
    return Pair(forward, backward)


def _name(function: Callable) -> str:
    return getattr(function, "__name__", type(function).__name__)
