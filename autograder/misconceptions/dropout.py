"""Known answers to lecture 11, wrong and right."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.kit import families
from autograder.kit.families import cut_off, in_a_tuple, in_place, negated, variants

from ..reference import dropout as right


def _ones(p, shape, rng):
    """Draw 1.0 with probability p, else 0.0, in every place."""
    return (rng.random(shape) < p).astype(float)


def _times(x, slope):
    """Return x·slope, and the slope as cache."""
    x = np.asarray(x, dtype=float)
    return x * slope, slope


def _inverted(x, rate, rng, shape):
    """Apply a mask of this shape, which is broadcast, and divide by the probability of keeping."""
    return _times(x, np.ones(np.shape(x)) * _ones(1 - rate, shape, rng) / (1 - rate))


def _dropconnect(x, W, b, slope):
    """Return the output with weights times `slope`, and a cache as the reference has it."""
    x, used = np.asarray(x, dtype=float), np.asarray(W, dtype=float) * slope
    return x @ used + b, (x, used, slope)


# --- dropout_forward, dropconnect_forward, vanilla_dropout_train: wrong -------------------------------------------------------------------


@families.family("", "", "part", swapped=False, scale=(-1, 0), after=(0, 0), active=False, own="")
def dropping(right, options, *arguments, training=True):
    """Drop units or weights. `scale` and `after`, in training and after it, are the powers of 1 − rate and rate."""
    *arrays, rate, rng = arguments
    shape, rate, keep = np.shape(arrays[-2:][0]), np.float64(rate), np.float64(1 - rate)
    drawn = {"rows": (shape[0], *[1] * len(shape[1:])), "columns": (1, *shape[1:]), "one": ()}.get(options["own"], shape)
    with np.errstate(all="ignore"):
        slope = np.ones(shape) * keep ** options["after"][0] * rate ** options["after"][1]
        if training or options["active"]:
            mask = np.ones(shape) * _ones(rate if options["swapped"] else keep, drawn, rng)
            slope = mask * (keep ** options["scale"][0] * rate ** options["scale"][1])
        answer = _dropconnect(*arrays, slope) if len(arrays) == 3 else _times(*arrays, slope)
    return answer if options["is_forward"] else answer[0]


DROPPING: list[Any] = []


def _dropping(name: str, title: str, vanilla: bool = False, **options: Any) -> None:
    for exercise, short, thing, see in (
        ("dropout_forward", "forward", "unit", "11 §2"),
        ("dropconnect_forward", "connect", "weight", "11 §7"),
        *[("vanilla_dropout_train", "vanilla", "unit", "11 §4")] * vanilla,
    ):
        called, scale = f"{short}_{name}", {"scale": (0, 0)} if short == "vanilla" else {}
        words = {"see": see, "called": called, "title": title, "thing": thing}
        DROPPING.append(dropping(exercise, getattr(right, exercise), **words, **scale, **options))


# fmt: off
_dropping("swapped", "Keeping and dropping are swapped", swapped=True, scale=(0, -1), text=
    "You kept a {thing} with probability rate, and scaled to suit. Here, as in Keras and PyTorch, rate is the probability of "
    "*dropping*: a {thing} is kept with probability 1 − rate. Some slides call the probability of keeping p; at 0.5 nobody sees the "
    "difference.")
_dropping("mask_swapped", "The mask is swapped", vanilla=True, swapped=True, text=
    "Your mask keeps a {thing} with probability rate: `random < rate` is true for the {thing}s that are to be *dropped*. Keep where "
    "it is false, with probability 1 − rate.")
_dropping("divided_by_rate", "Dropped with probability rate, but divided by rate", scale=(0, -1), text=
    "What is left is divided by rate. A {thing} is kept with probability 1 − rate, so only a division by 1 − rate brings the "
    "expectation back.")
_dropping("not_scaled", "Nothing is scaled", scale=(0, 0), text=
    "You dropped {thing}s and left the others as they are. Then the next layer gets more after training than it ever got in it. "
    "Divide what is kept by 1 − rate.")
_dropping("vanilla", "Scaled after training, as vanilla dropout is", scale=(0, 0), after=(1, 0), text=
    "You wrote the vanilla form: no scaling in training, and a factor 1 − rate after it. This function is the inverted one: it "
    "divides by 1 − rate in training, so that afterwards there is nothing left to do.")
_dropping("scaled_at_test_time", "Scaled in training, and after it as well", after=(1, 0), text=
    "You scaled twice: by 1/(1 − rate) in training, and by 1 − rate after it. Either of them makes the two phases agree; both "
    "together make them differ again.")
_dropping("times_rate_at_test_time", "Multiplied by the rate after training", after=(0, 1), text=
    "You multiplied by rate after training, perhaps because other texts multiply by p there, their probability of keeping. With "
    "training=False nothing is scaled.")
_dropping("multiplied_by_keep", "Multiplied by the probability of keeping instead of divided", scale=(1, 0), text=
    "You multiplied what is kept by 1 − rate. Some {thing}s are missing, so those that are left have to be made *larger*: divide.")
_dropping("always_active", "Nothing changes after training", active=True, text=
    "You never looked at `training`. With training=False all {thing}s take part, and nothing is scaled.")
_dropping("mask_per_column", "Whole columns are dropped", vanilla=True, own="columns", text=
    "Your mask has one entry for each column, so that whole columns are dropped: examples share the mask of a feature, or a unit "
    "loses all of its weights. Every {thing} draws for itself.")
_dropping("mask_per_row", "Whole rows are dropped", vanilla=True, own="rows", text=
    "Your mask has one entry for each row, so that whole rows are dropped: an example loses all of its features, or an input all of "
    "its weights. Every {thing} draws for itself.")
_dropping("one_draw", "One draw decides for all", vanilla=True, own="one", severity="core", text=
    "You drew a single number, so that all {thing}s stay or fall together. Every {thing} draws for itself: draw as many numbers as "
    "there are {thing}s.")
# fmt: on


@misconception("dropout_forward", "core", title="The two phases are swapped", see="11 §2")
def forward_phases_swapped(x, rate, rng, training=True):
    """You dropped units when `training` is False, and none when it is True. It is the other way round: noise in training."""
    return _times(x, 1.0) if training else _inverted(x, rate, rng, np.shape(x))


@misconception("dropout_forward", "part", title="A ReLU comes first", see="11 §2")
def forward_after_relu(x, rate, rng, training=True):
    """You set negative entries of x to zero before you dropped units. The activation is a layer of its own; dropout drops and scales
    whatever comes in, of either sign."""
    return _times(np.maximum(x, 0), _ones(1 - rate, np.shape(x), rng) / (1 - rate) if training else 1.0)


@misconception("dropout_forward", "part", title="Normal random numbers in place of uniform ones", see="11 §2")
def forward_by_normal_numbers(x, rate, rng, training=True):
    """You compared normal random numbers with the rate, as `rng.standard_normal` or `randn` gives them. Such a number lies below 0.2 with
    probability 0.58, not 0.2. A uniform one from [0, 1) does: `rng.random(x.shape)`."""
    return _times(x, (rng.standard_normal(np.shape(x)) >= rate) / (1 - rate) if training else 1.0)


@misconception("dropout_forward", "part", title="Always the same number of units is dropped", see="11 §2")
def forward_exact_number(x, rate, rng, training=True):
    """You dropped exactly round(rate·D) units of each example. Units drop *independently*: how many fall is random too, and of a small
    rate and few units, rounding makes none at all."""
    flat = np.ones((len(x), x[0].size))
    for row in flat if training else ():
        row[rng.permutation(row.size)[: round(rate * row.size)]] = 0
    return _times(x, flat.reshape(x.shape) / (1 - rate) if training else 1.0)


@misconception("dropout_forward", "slip", title="Whole channels are dropped", see="11 §2")
def forward_mask_per_channel(x, rate, rng, training=True):
    """Of images you dropped whole channels. That exists, as spatial dropout, but here every pixel of every channel draws for itself."""
    return _inverted(x, rate, rng, (*np.shape(x)[:2], *[1] * (np.ndim(x) - 2))) if training else _times(x, 1.0)


# --- dropout_forward: right -----------------------------------------------------------------------------------------------


@alternative("dropout_forward")
def forward_with_binomial(x, rate, rng, training=True):
    if training is False:
        return np.array(x, dtype=np.float64), np.ones(np.shape(x))
    slope = rng.binomial(1, 1 - rate, size=np.shape(x)) / (1 - rate)
    return np.multiply(x, slope), slope


@alternative("dropout_forward")
def forward_in_a_loop(x, rate, rng, training=True):
    slope = np.ones(np.shape(x))
    if training:
        for index in np.ndindex(slope.shape):
            slope[index] = 0.0 if rng.uniform() < rate else 1 / (1 - rate)
    return x * slope, slope


@alternative("dropout_forward")
def forward_backwards_and_transposed(x, rate, rng, training=True):
    if not training:
        return x, 1.0
    u = rng.random(np.shape(x)[::-1]).T[..., ::-1]
    return np.where(u >= rate, x / np.float64(1 - rate), 0.0), np.where(u >= rate, 1 / (1 - rate), 0)


@alternative("dropout_forward")
def forward_by_choice(x, rate, rng, training=True):
    slope = rng.choice([0.0, 1.0 / (1.0 - rate)], p=[rate, 1.0 - rate], size=x.shape) if training else np.ones(x.shape)
    return np.einsum("...,...->...", np.asarray(x, dtype=float), slope), slope


@alternative("dropout_forward")
def forward_in_32_bits(x, rate, rng, training=True):
    x = np.asarray(x, dtype=np.float32)
    slope = (rng.random(x.shape, dtype=np.float32) >= rate) / np.float32(1 - rate) if training else np.ones_like(x)
    return x * slope, slope


# --- dropout_backward: wrong ----------------------------------------------------------------------------------------------


def _handed_down(how, dout, cache):
    return np.asarray(dout) * how(np.asarray(cache))


# fmt: off
BACKWARD = variants("dropout_backward", "11 §2", right.dropout_backward, _handed_down, {
    "backward_without_mask": ("core", "The mask is forgotten",
        "You handed the gradient down as it came. A unit that was dropped had no part in the output, so its gradient is zero; one that was "
        "kept was multiplied by 1/(1 − rate), and so is its gradient.",
        lambda c: 1.0),
    "backward_scale_without_mask": ("part", "The scale is there, the mask is not",
        "You divided by 1 − rate, but let the gradient through to the units that were dropped as well. Their output was zero whatever x "
        "was, so their gradient is zero: multiply by the mask.",
        lambda c: np.max(c, initial=0.0)),
    "backward_without_scale": ("part", "The mask is there, the scale is not",
        "You multiplied by the mask alone. In the forward pass the units that were kept were divided by 1 − rate; that factor is part of "
        "the derivative.",
        lambda c: (c != 0)),
    "backward_multiplied_by_keep": ("part", "Multiplied by the probability of keeping instead of divided",
        "You multiplied by 1 − rate on the way back, as if to undo the scale of the forward pass. A derivative doesn't undo: out = x·s has "
        "the derivative s, so the same 1/(1 − rate) is due again.",
        lambda c: (c != 0) / (np.max(c, initial=0.0) or 1.0)),
    "backward_fixed_rate": ("part", "The rate is a fixed number",
        "You divided by 0.5, whatever the rate is. Put the rate, or the scaled mask, into the cache in the forward pass.",
        lambda c: (c != 0) / (0.5 if np.max(c, initial=0.0) > 1 else 1.0)),
    "backward_scaled_twice": ("part", "Scaled twice",
        "You divided by 1 − rate once more than the forward pass did: probably the mask in your cache holds the factor already.",
        lambda c: c**2),
    "backward_inverted_mask": ("core", "The gradient goes to the units that were dropped",
        "Your mask is turned round: the units that were dropped get the gradient, and those that were kept get none.",
        lambda c: (c == 0) * np.max(c, initial=0.0) if c.ndim else 1.0),
})
# fmt: on


def _forward_with_rate(x, rate, rng, training=True):
    out, slope = _inverted(x, rate, rng, np.shape(x)) if training else _times(x, np.ones(np.shape(x)))
    return out, (slope != 0, rate, training)


@misconception("dropout_backward", "part", title="Divided by rate", see="11 §2", with_forward=_forward_with_rate)
def backward_divided_by_rate(dout, cache):
    """You divided by rate on the way back. The forward pass divided by 1 − rate, the probability of keeping, and so does the gradient."""
    mask, rate, training = cache
    return np.asarray(dout) * mask / (rate if training else 1.0)


@misconception("dropout_backward", "part", title="Scaled after training, too", see="11 §2", with_forward=_forward_with_rate)
def backward_scaled_after_training(dout, cache):
    """Your backward pass divides by 1 − rate even where the forward pass, with training=False, didn't. There out is x, so dx is dout."""
    mask, rate, _ = cache
    return np.asarray(dout) * mask / (1 - rate)


def _forward_with_none(x, rate, rng, training=True):
    return _inverted(x, rate, rng, np.shape(x)) if training else (np.array(x, dtype=float), None)


@misconception("dropout_backward", "part", title="No gradient after training", see="11 §2", with_forward=_forward_with_none)
def backward_without_cache(dout, cache):
    """Your forward pass stores no mask where training is False, and the backward pass raises an error. There out is x, so dx is dout."""
    return np.asarray(dout) * cache


@misconception("dropout_backward", "part", title="Averaged over the batch", see="11 §2")
def backward_averaged(dout, cache):
    """You divided by the number of examples. If the loss is a mean over the batch, its 1/N is in dout already; dropout multiplies each
    entry by its own number, and nothing else."""
    return _times(dout, cache)[0] / len(dout)


def _forward_with_generator(x, rate, rng, training=True):
    out, _ = _inverted(x, rate, rng, np.shape(x)) if training else _times(x, 1.0)
    return out, (rate, training, np.random.default_rng(rng.integers(2**32)))


@misconception("dropout_backward", "core", title="A fresh mask is drawn on the way back", see="11 §2", with_forward=_forward_with_generator)
def backward_fresh_mask(dout, cache):
    """You drew a new mask in the backward pass. The derivative belongs to what the forward pass did: put the mask that it drew into the
    cache, and use it again."""
    rate, training, rng = cache
    return np.asarray(dout) * (_ones(1 - rate, np.shape(dout), rng) / (1 - rate) if training else 1.0)


def _forward_with_both(x, rate, rng, training=True):
    out, slope = _inverted(x, rate, rng, np.shape(x))
    return (out if training else np.array(x, dtype=float)), slope


@misconception("dropout_backward", "slip", title="The backward pass drops after training too", see="11 §2", with_forward=_forward_with_both)
def backward_always_active(dout, cache):
    """Your backward pass multiplies by a mask even where the forward pass, with training=False, used none. There out is x, so dx is
    dout; let the cache say so."""
    return np.asarray(dout) * cache


def _forward_with_out(x, rate, rng, training=True):
    out, _ = _inverted(x, rate, rng, np.shape(x)) if training else _times(x, 1.0)
    return out, (out, rate if training else 0.0, training)


@misconception(
    "dropout_backward", "part", title="Multiplied by the output instead of the mask", see="11 §2", with_forward=_forward_with_out
)
def backward_by_output(dout, cache):
    """You multiplied dout by what the forward pass put out. out is x·mask/(1 − rate), and its derivative with respect to x is the
    factor mask/(1 − rate) alone, without x."""
    return np.asarray(dout) * cache[0]


@misconception("dropout_backward", "slip", title="The mask is read off the output", see="11 §2", with_forward=_forward_with_out)
def backward_mask_from_output(dout, cache):
    """You took the units whose output is 0 for those that were dropped. Behind a ReLU many inputs are 0 themselves, so the output is 0
    although the unit was kept, and it still has a gradient. Keep the mask in the cache."""
    out, rate, training = cache
    return np.asarray(dout) * ((out != 0) / (1 - rate) if training else 1.0)


_last: dict = {}


def _forward_with_a_global(x, rate, rng, training=True):
    out, _last["slope"] = _inverted(x, rate, rng, np.shape(x)) if training else _times(x, 1.0)
    return out, lambda: _last["slope"]


@misconception(
    "dropout_backward", "slip", title="The mask of the last forward pass is used", see="11 §2", with_forward=_forward_with_a_global
)
def backward_by_a_global(dout, cache):
    """You kept the mask in a place that the next forward pass overwrites. A net has several dropout layers, and their backward passes
    come later: each must use the mask in the cache that it is given."""
    return np.asarray(dout) * cache()


backward_in_a_tuple = in_a_tuple("dropout_backward", right.dropout_backward, see="11 §2", severity="slip")
backward_negated = negated(
    "dropout_backward",
    right.dropout_backward,
    see="11 §2",
    severity="part",
    text="Your answer has the right size and the wrong sign: the gradient of a kept unit is *plus* dout/(1 − rate).",
)


# --- dropout_backward: right ----------------------------------------------------------------------------------------------


def _forward_with_a_dictionary(x, rate, rng, training=True):
    if not training:
        return np.array(x, dtype=float), {"training": False}
    dropped = rng.random(np.shape(x)) < rate
    out = x / np.float64(1 - rate)
    out[dropped] = 0
    return out, {"training": True, "dropped": dropped, "keep": 1 - rate}


@alternative("dropout_backward", with_forward=_forward_with_a_dictionary)
def backward_by_assignment(dout, cache):
    dx = np.array(dout, dtype=float)
    if cache["training"]:
        dx[cache["dropped"]] = 0
        dx /= cache["keep"]
    return dx


def _forward_with_a_closure(x, rate, rng, training=True):
    slope = rng.choice([0.0, 1.0], p=[rate, 1 - rate], size=np.shape(x)) / (1 - rate) if training else 1.0

    def pull_back(dout):
        return np.multiply(slope, dout)

    return np.multiply(x, slope, dtype=float), pull_back


@alternative("dropout_backward", with_forward=_forward_with_a_closure)
def backward_by_closure(dout, cache):
    return cache(dout)


@alternative("dropout_backward")
def backward_in_a_loop(dout, cache):
    slope, dx = np.broadcast_to(cache, np.shape(dout)), np.empty(np.shape(dout))
    for index in np.ndindex(dx.shape):
        dx[index] = slope[index] * dout[index]
    return dx


def _forward_with_an_object(x, rate, rng, training=True):
    class Memory:
        pass

    x = np.asarray(x, dtype=float)
    places = np.flatnonzero(rng.uniform(size=x.size) >= rate) if training else np.arange(x.size)
    memory = Memory()
    memory.places, memory.scale = places, 1 / (1 - rate) if training else 1.0
    out = np.zeros(x.size)
    out[places] = x.ravel()[places] * memory.scale
    return out.reshape(x.shape), memory


@alternative("dropout_backward", with_forward=_forward_with_an_object)
def backward_by_places(dout, cache):
    dx = np.zeros(dout.size)
    dx[cache.places] = np.ravel(dout)[cache.places] * cache.scale
    return dx.reshape(dout.shape)


# --- vanilla_dropout_train: wrong -----------------------------------------------------------------------------------------


@misconception("vanilla_dropout_train", "core", title="Nothing is random in training", see="11 §4")
def vanilla_expected(x, rate, rng):
    """You multiplied x by the probability of keeping. That is what (5) does after training. In training whole units are 0, others stay as
    they are, and a random number decides which: equation (4)."""
    return np.asarray(x) * (1 - rate)


@misconception("vanilla_dropout_train", "part", title="Scaled in training, as inverted dropout is", see="11 §4")
def vanilla_inverted(x, rate, rng):
    """You divided by 1 − rate. That is inverted dropout; the vanilla one leaves what is kept as it is, and scales when it predicts."""
    return _ones(1 - rate, np.shape(x), rng) / (1 - rate) * x


@misconception("vanilla_dropout_train", "part", title="Multiplied by the probability of keeping, in training too", see="11 §4")
def vanilla_scaled_in_training(x, rate, rng):
    """You multiplied by the mask and by 1 − rate. In training the mask alone takes the expectation down to (1 − rate)·x; the factor is
    for prediction, when there is no mask."""
    return _ones(1 - rate, np.shape(x), rng) * (1 - rate) * x


@misconception("vanilla_dropout_train", "part", title="Always the same number of units is dropped", see="11 §2")
def vanilla_exact_number(x, rate, rng):
    """You dropped exactly round(rate·n) of the n units. Units drop *independently*: how many fall is random, too."""
    flat = np.ones(np.size(x))
    flat[rng.permutation(flat.size)[: round(rate * flat.size)]] = 0
    return flat.reshape(np.shape(x)) * x


vanilla_in_a_tuple = in_a_tuple("vanilla_dropout_train", right.vanilla_dropout_train, see="11 §4", severity="slip")


# --- vanilla_dropout_train: right -----------------------------------------------------------------------------------------


@alternative("vanilla_dropout_train")
def vanilla_keeps_integers(x, rate, rng):
    return np.asarray(x) * (rng.random(np.shape(x)) >= rate)


@alternative("vanilla_dropout_train")
def vanilla_by_assignment(x, rate, rng):
    out = np.array(x, dtype=float)
    out[rng.uniform(0, 1, out.shape) < rate] = 0
    return out


@alternative("vanilla_dropout_train")
def vanilla_with_binomial(x, rate, rng):
    return np.multiply(x, rng.binomial(1, 1 - rate, np.shape(x)), dtype=float)


@alternative("vanilla_dropout_train")
def vanilla_in_a_loop(x, rate, rng):
    flat = [float(value) if rng.random() > rate else 0.0 for value in np.ravel(x)]
    return np.reshape(flat, np.shape(x))


# --- vanilla_dropout_predict: wrong ---------------------------------------------------------------------------------------


@misconception("vanilla_dropout_predict", "core", title="Nothing is scaled", see="11 §4")
def predict_not_scaled(x, rate):
    """You gave x back. In training the next layer got (1 − rate)·x on average; now that all units are there, they have to be scaled by
    1 − rate, or it gets more than it is used to."""
    return np.array(x, dtype=float)


@misconception("vanilla_dropout_predict", "core", title="Keeping and dropping are swapped", see="11 §4")
def predict_swapped(x, rate):
    """You multiplied by rate, which is the probability of dropping. The expectation of a unit that is kept with probability 1 − rate is
    (1 − rate)·x."""
    return np.asarray(x) * float(rate)


@misconception("vanilla_dropout_predict", "core", title="Divided instead of multiplied", see="11 §4")
def predict_divided(x, rate):
    """You divided by 1 − rate. That is what inverted dropout does in training. Here nothing was scaled in training and all units are
    there now, so each has to be made *smaller*: multiply."""
    return np.asarray(x) / (1 - rate)


@misconception("vanilla_dropout_predict", "core", title="Units are dropped after training too", see="11 §4")
def predict_drops(x, rate):
    """You dropped units at random. Prediction is not random: all units take part, each multiplied by its probability of being kept."""
    return np.asarray(x) * (np.random.default_rng(0).random(np.shape(x)) >= rate) * 1.0


predict_in_a_tuple = in_a_tuple("vanilla_dropout_predict", right.vanilla_dropout_predict, see="11 §4", severity="slip")


# --- vanilla_dropout_predict: right ---------------------------------------------------------------------------------------


@alternative("vanilla_dropout_predict")
def predict_in_32_bits(x, rate):
    return np.float32(1 - rate) * np.asarray(x, dtype=np.float32)


@alternative("vanilla_dropout_predict")
def predict_by_difference(x, rate):
    x = np.array(x, dtype=float)
    return x - rate * x


@alternative("vanilla_dropout_predict")
def predict_in_a_loop(x, rate):
    out = np.zeros(np.shape(x))
    for index in np.ndindex(out.shape):
        out[index] = (1.0 - rate) * x[index]
    return out


@alternative("vanilla_dropout_predict")
def predict_by_inverse(x, rate):
    return np.divide(x, 1 / (1 - rate))


# --- mc_dropout: wrong ----------------------------------------------------------------------------------------------------


def _samples(predict, x, n_samples, rng):
    return np.stack([predict(x, rng) for _ in range(n_samples)])


def _of_samples(how, predict, x, n_samples, rng, more=0):
    return how(_samples(predict, x, n_samples + more, rng))


# fmt: off
MC = variants("mc_dropout", "11 §6", right.mc_dropout, _of_samples, {
    "mc_variance": ("part", "The variance is returned",
        "You returned the variance. The standard deviation is its root, and has the unit of the probabilities themselves.",
        lambda s: (s.mean(axis=0), s.var(axis=0))),
    "mc_std_first": ("part", "The standard deviation comes first",
        "You returned std, mean. The caller unpacks them as mean, std: return them in this order.",
        lambda s: (s.std(axis=0), s.mean(axis=0))),
    "mc_over_examples": ("core", "Over the examples instead of the samples",
        "You averaged along the axis of the examples. The stacked samples have shape (T, N, K): mean and std go along axis 0.",
        lambda s: (s.mean(axis=1), s.std(axis=1))),
    "mc_one_too_few": ("part", "One sample is missing",
        "You took n_samples − 1 samples: `range(1, n)` has one number fewer than `range(n)`.",
        lambda s: (s.mean(axis=0), s.std(axis=0)), {"more": -1}),
    "mc_one_too_many": ("part", "One sample too many",
        "You called predict n_samples + 1 times: once more before the loop, or up to n_samples inclusive.",
        lambda s: (s.mean(axis=0), s.std(axis=0)), {"more": 1}),
    "mc_first_not_counted": ("part", "The sum is divided by n, but one sample wasn't added",
        "You called predict n_samples times, but the first answer is not in your mean, or only gave the shape. All count alike.",
        lambda s: ((s if len(s) == 1 else s[1:]).mean(axis=0), (s if len(s) == 1 else s[1:]).std(axis=0))),
    "mc_standard_error": ("part", "The error of the mean instead of the spread",
        "You divided the standard deviation by √n_samples. That says how well the *mean* is known, and goes to zero with more samples. How "
        "far the network's opinions lie apart doesn't.",
        lambda s: (s.mean(axis=0), s.std(axis=0) / np.sqrt(len(s)))),
    "mc_over_classes": ("part", "The spread over the classes",
        "Your std is the spread of the mean prediction over the classes. Uncertainty is how far the *samples* lie apart, for each class by "
        "itself: the axis of the samples is the one to go along.",
        lambda s: (s.mean(axis=0), np.zeros(s.shape[1:]) + s.mean(axis=0).std(axis=-1, keepdims=True))),
    "mc_median": ("part", "The median instead of the mean",
        "You took the median of the samples. Medians of probabilities needn't sum to 1; the prediction is the mean.",
        lambda s: (np.median(s, axis=0), s.std(axis=0))),
    "mc_over_everything": ("core", "One number for all examples and classes",
        "You averaged over everything. Each example and each class has a mean and a standard deviation of its own, over the samples: "
        "axis=0 of the stacked samples.",
        lambda s: (s.mean(), s.std())),
})
# fmt: on


@misconception("mc_dropout", "part", title="Asked example by example", see="11 §6")
def mc_example_by_example(predict, x, n_samples, rng):
    """You called predict for each example by itself, N·n_samples times. Pass the whole batch, as it is, n_samples times."""
    samples = np.array([[predict(x[n : n + 1], rng)[0] for _ in range(n_samples)] for n in range(len(x))])
    return samples.mean(axis=1), samples.std(axis=1)


@misconception("mc_dropout", "part", title="The standard deviation divides by N − 1", see="11 §6")
def mc_unbiased(predict, x, n_samples, rng):
    """You divided by n_samples − 1. In this course a variance is divided by the number of samples unless the text says otherwise, and
    for a single sample your way gives 0/0."""
    samples = _samples(predict, x, n_samples, rng)
    with np.errstate(all="ignore"):
        return samples.mean(axis=0), np.sqrt(np.sum((samples - samples.mean(axis=0)) ** 2, axis=0) / (np.float64(n_samples) - 1))


@misconception("mc_dropout", "part", title="The standard deviation is missing", see="11 §6")
def mc_mean_alone(predict, x, n_samples, rng):
    """You return the mean alone. How far the samples are spread is the point of asking several times: return both, `mean, std`."""
    return np.mean([predict(x, rng) for _ in range(n_samples)], axis=0)


@misconception("mc_dropout", "slip", title="Rounding makes the variance negative", see="11 §6")
def mc_by_squares(predict, x, n_samples, rng):
    """You subtract the squared mean from the mean of the squares. Where the samples agree, rounding can make that a little less than 0,
    and its root is NaN. Average the squares of the deviations, or use `np.std`."""
    samples = [predict(x, rng) for _ in range(n_samples)]
    mean, squares = sum(samples) / n_samples, sum(sample**2 for sample in samples) / n_samples
    with np.errstate(all="ignore"):
        return mean, np.sqrt(squares - mean**2)


@misconception("mc_dropout", "core", title="One prediction is counted n times", see="11 §6")
def mc_one_prediction(predict, x, n_samples, rng):
    """You called predict once and used its answer n_samples times, so nothing spreads. Call it anew each time."""
    samples = np.stack([predict(x, rng)] * n_samples)
    return samples.mean(axis=0), samples.std(axis=0)


@misconception("mc_dropout", "core", title="Every sample gets the same mask", see="11 §6")
def mc_same_mask(predict, x, n_samples, rng):
    """You handed predict a generator in the same state every time, so it dropped the same units n_samples times. Pass `rng` itself: it
    moves on with every number that is drawn from it."""
    seed = int(rng.integers(2**32))
    samples = np.stack([predict(x, np.random.default_rng(seed)) for _ in range(n_samples)])
    return samples.mean(axis=0), samples.std(axis=0)


@misconception("mc_dropout", "slip", title="predict gets another generator than rng", see="11 §6")
def mc_generators_of_their_own(predict, x, n_samples, rng):
    """You made new generators in your function, and passed those on. Pass rng itself to every call: it moves on by itself."""
    samples = np.stack([predict(x, np.random.default_rng(rng.integers(2**32))) for _ in range(n_samples)])
    return samples.mean(axis=0), samples.std(axis=0)


@misconception("mc_dropout", "slip", title="Errors of predict are swallowed", see="11 §6")
def mc_swallows_errors(predict, x, n_samples, rng):
    """You caught what predict raises, and went on without this sample. Then nobody learns that the network can't predict: let it pass."""
    try:
        samples = _samples(predict, x, n_samples, rng)
    except Exception:
        samples = np.array(np.nan)[None]  # mean and deviation of no samples
    return samples.mean(axis=0), samples.std(axis=0)


@misconception("mc_dropout", "core", title="Votes are averaged instead of probabilities", see="11 §6")
def mc_votes(predict, x, n_samples, rng):
    """You took the most probable class of each sample and averaged the votes. A vote forgets how sure it was: average probabilities."""
    samples = _samples(predict, x, n_samples, rng)
    votes = (samples == samples.max(axis=-1, keepdims=True)).astype(float)
    return votes.mean(axis=0), votes.std(axis=0)


mc_in_place = in_place("mc_dropout", right.mc_dropout, see="11 §6", name="x")


# --- mc_dropout: right ----------------------------------------------------------------------------------------------------


@alternative("mc_dropout")
def mc_stacked(predict, x, n_samples, rng):
    samples = np.stack([predict(x, rng) for _ in range(n_samples)], axis=-1)
    return np.mean(samples, axis=-1), np.std(samples, axis=-1)


@alternative("mc_dropout")
def mc_running(predict, x, n_samples, rng):
    mean, squares = 0.0, 0.0
    for t in range(1, n_samples + 1):
        p = np.asarray(predict(x, rng))
        step = p - mean
        mean = mean + step / t
        squares = squares + step * (p - mean)
    return mean, (squares / n_samples) ** 0.5


@alternative("mc_dropout")
def mc_by_einsum(predict, x, n_samples, rng):
    samples = []
    while len(samples) < n_samples:
        samples.append(predict(np.copy(x), rng))
    samples = np.array(samples)
    weights = np.full(n_samples, 1 / n_samples)
    mean = np.einsum("t,t...->...", weights, samples)
    return [mean, np.sqrt(np.einsum("t,t...->...", weights, (samples - mean) ** 2))]


# --- dropconnect_forward: wrong -------------------------------------------------------------------------------------------


@misconception("dropconnect_forward", "core", title="Outputs are dropped instead of weights", see="11 §7")
def connect_on_outputs(x, W, b, rate, rng, training=True):
    """You dropped entries of x·W. That is dropout behind the layer. DropConnect drops entries of W itself, before the product, so that
    an output loses some of its inputs and not all of them."""
    x, W = np.asarray(x, dtype=float), np.asarray(W, dtype=float)
    slope = _ones(1 - rate, (len(x), W.shape[1]), rng) / (1 - rate) if training else 1.0
    return (x @ W) * slope + b, (x, W, slope)


@misconception("dropconnect_forward", "core", title="Outputs are dropped, the bias with them", see="11 §7")
def connect_on_outputs_with_bias(x, W, b, rate, rng, training=True):
    """You computed x·W + b and dropped entries of it. That is dropout behind the layer. DropConnect drops entries of W itself, before
    the product, and leaves the bias alone."""
    x, W = np.asarray(x, dtype=float), np.asarray(W, dtype=float)
    slope = _ones(1 - rate, (len(x), W.shape[1]), rng) / (1 - rate) if training else 1.0
    return (x @ W + b) * slope, (x, W, slope)


@misconception("dropconnect_forward", "core", title="Inputs are dropped instead of weights", see="11 §7")
def connect_on_inputs(x, W, b, rate, rng, training=True):
    """You dropped entries of x. That is dropout before the layer: an input is lost for all units at once. DropConnect drops entries of
    W, so that one unit may lose an input that another keeps."""
    x, W = np.asarray(x, dtype=float), np.asarray(W, dtype=float)
    slope = _ones(1 - rate, x.shape, rng) / (1 - rate) if training else 1.0
    return (x * slope) @ W + b, (x, W, slope)


@misconception("dropconnect_forward", "slip", title="Every example gets a mask of its own", see="11 §7")
def connect_per_example(x, W, b, rate, rng, training=True):
    """You drew a mask for every example. So did the inventors; here one mask is drawn for the whole batch, which needs N times fewer
    random numbers and one matrix product."""
    x, W = np.asarray(x, dtype=float), np.asarray(W, dtype=float)
    if not training:
        return x @ W + b, (x, W, 1.0)
    out = np.stack([row @ (W * _ones(1 - rate, W.shape, rng)) / (1 - rate) for row in x])
    return out + b, (x, W, 1.0)


@misconception("dropconnect_forward", "slip", title="The cache is missing", see="11 §7")
def connect_without_cache(x, W, b, rate, rng, training=True):
    """You return out alone. A backward pass would need to know which weights were used: return out and the cache, `return out, cache`."""
    return _dropconnect(x, W, b, _ones(1 - rate, np.shape(W), rng) / (1 - rate) if training else 1.0)[0]


@misconception("dropconnect_forward", "part", title="The bias is forgotten", see="11 §7")
def connect_without_bias(x, W, b, rate, rng, training=True):
    """You return x·W' without the bias. It is neither dropped nor scaled, but it is there: add b."""
    return _dropconnect(x, W, 0.0 * b, _ones(1 - rate, np.shape(W), rng) / (1 - rate) if training else 1.0)


@misconception("dropconnect_forward", "slip", title="The bias is dropped as well", see="11 §7")
def connect_drops_bias(x, W, b, rate, rng, training=True):
    """You dropped entries of b as well. DropConnect drops weights; the bias stays whole, as it is."""
    slope = _ones(1 - rate, np.shape(W), rng) / (1 - rate) if training else 1.0
    gone = _ones(1 - rate, np.shape(b), rng) / (1 - rate) if training else 1.0
    return _dropconnect(x, W, b * gone, slope)


@misconception("dropconnect_forward", "part", title="The bias is scaled as well", see="11 §7")
def connect_scales_bias(x, W, b, rate, rng, training=True):
    """You divided the whole output by 1 − rate, the bias with it. Nothing was taken from the bias, so nothing has to be made up for:
    scale the weights, then add b."""
    slope = _ones(1 - rate, np.shape(W), rng) / (1 - rate) if training else 1.0
    return _dropconnect(x, W, b / np.float64(1 - rate) if training else b, slope)


# --- dropconnect_forward: right -------------------------------------------------------------------------------------------


@alternative("dropconnect_forward")
def connect_with_binomial(x, W, b, rate, rng, training=True):
    used = np.array(W, dtype=float)
    if training:
        used *= rng.binomial(1, 1 - rate, used.shape)
        used /= 1 - rate
    return np.dot(x, used) + b, None


@alternative("dropconnect_forward")
def connect_weight_by_weight(x, W, b, rate, rng, training=True):
    used = np.array(W, dtype=float)
    if training:
        for i, j in np.ndindex(used.shape):
            used[i, j] = 0.0 if rng.random() < rate else used[i, j] / (1 - rate)
    return np.stack([used.T @ row + b for row in np.asarray(x, dtype=float)]), {"used": used}


@alternative("dropconnect_forward")
def connect_transposed(x, W, b, rate, rng, training=True):
    if not training:
        return np.einsum("nd,dh->nh", x, W, dtype=float) + b, x
    dropped = rate > rng.uniform(size=np.shape(W)[::-1]).T
    return np.einsum("nd,dh->nh", np.asarray(x, dtype=float), np.where(dropped, 0.0, W)) / (1 - rate) + b, dropped


# --- stochastic_depth: wrong ----------------------------------------------------------------------------------------------


def _gates(survival, x, rng):
    return _ones(survival, (len(x), *[1] * (np.ndim(x) - 1)), rng)


def _plain(x, fx, s):
    return x + s * fx


def _branching(how, x, fx, survival, rng, training=True, after=_plain, own="example", swapped=False, scaled=False):
    x, fx = np.asarray(x, dtype=float), np.asarray(fx, dtype=float)
    if not training and after:
        return after(x, fx, survival)
    shape = {"batch": (), "unit": x.shape, "feature": x.shape[1:]}.get(own, (len(x), *[1] * (x.ndim - 1)))
    return how(x, fx, _ones(1 - survival if swapped else survival, shape, rng) / (survival if scaled else 1))


# fmt: off
DEPTH = variants("stochastic_depth", "11 §8", right.stochastic_depth, _branching, {
    "depth_swapped": ("part", "Survival is taken for the probability of dropping",
        "You skipped a branch with probability survival. Other than dropout's rate, survival is the probability of *keeping*.",
        _plain, {"swapped": True, "after": lambda x, fx, p: x + (1 - p) * fx}),
    "depth_swapped_in_training": ("part", "Swapped in training, right after it",
        "In training you skipped a branch with probability survival. survival is the probability that the branch is *there*; `random < "
        "survival` is true for those that live.",
        _plain, {"swapped": True}),
    "depth_inverted": ("part", "Divided by survival in training",
        "You divided by survival in training and left f(x) whole after it: the inverted form. It has the same expectation up to a factor, "
        "but stochastic depth as published, and here, doesn't scale in training; it multiplies by survival afterwards.",
        _plain, {"scaled": True, "after": lambda x, fx, p: x + fx}),
    "depth_scaled_twice": ("part", "Scaled in training, and after it as well",
        "You divided by survival in training and multiplied by it afterwards. One of the two makes the phases agree, both make them "
        "differ: don't scale in training.",
        _plain, {"scaled": True}),
    "depth_per_batch": ("part", "One draw for the whole batch",
        "You drew once for the whole batch. The paper does so too; here every example draws for itself, so that a batch goes through many "
        "networks of different depth.",
        _plain, {"own": "batch"}),
    "depth_per_unit": ("part", "One draw for each unit",
        "You drew for every unit, which is dropout on f(x). Here a branch is there or not there as a whole: one draw for an example, of "
        "shape (N, 1, …, 1).",
        _plain, {"own": "unit"}),
    "depth_per_feature": ("part", "One draw for each feature",
        "You drew for every feature, and all examples share these draws. One draw belongs to an example: the shape is (N, 1, …, 1), and "
        "broadcasting does the rest.",
        _plain, {"own": "feature"}),
    "depth_drops_the_identity": ("part", "The identity is dropped as well",
        "You dropped x together with f(x). The point of a residual block is that x always passes: only the branch f(x) is skipped.",
        lambda x, fx, s: s * (x + fx)),
    "depth_without_x": ("core", "x is missing",
        "You return f(x), there or not there, without x. A residual block puts out x + f(x): x always passes.",
        lambda x, fx, s: s * fx, {"after": lambda x, fx, p: p * fx}),
    "depth_either_or": ("part", "Either x or f(x)",
        "Where the branch survives you gave f(x) alone. The block puts out x + f(x): the identity is always there.",
        lambda x, fx, s: (1 - s) * x + s * fx),
    "depth_not_scaled": ("part", "Nothing is scaled after training",
        "After training you added f(x) whole. In training it was there only with probability survival, so what the next block is used to "
        "is x + survival·f(x).",
        _plain, {"after": lambda x, fx, p: x + fx}),
    "depth_without_branch": ("part", "The branch is left out after training",
        "After training you gave x alone. All blocks take part in a prediction, each with the weight survival: x + survival·f(x).",
        _plain, {"after": lambda x, fx, p: x}),
    "depth_scales_the_sum": ("part", "The sum is scaled after training",
        "After training you multiplied x + f(x) by survival. x was always there in training, so it isn't scaled: x + survival·f(x).",
        _plain, {"after": lambda x, fx, p: p * (x + fx)}),
    "depth_always_active": ("part", "Branches are dropped after training too",
        "You never looked at `training`. With training=False nothing is random: the answer is x + survival·f(x).",
        _plain, {"after": None}),
    "depth_on_the_identity": ("core", "The identity is scaled, the branch is not",
        "You multiplied x by the random number, and added f(x). It is the branch f(x) that may be left out; x is always there.",
        lambda x, fx, s: fx + s * x, {"after": lambda x, fx, p: fx + p * x}),
})
# fmt: on


@misconception("stochastic_depth", "core", title="Nothing is random in training", see="11 §8")
def depth_expected(x, fx, survival, rng, training=True):
    """You multiplied f(x) by survival in training as well. That is what (9) does afterwards. In training an example's branch is there or
    it isn't, and a random number decides which."""
    return x + survival * fx


@misconception("stochastic_depth", "slip", title="Made for two dimensions only", see="11 §8")
def depth_for_two_dimensions(x, fx, survival, rng, training=True):
    """Your draws have the shape (N, 1), which suits features. Images have shape (N, C, H, W), and need draws of shape (N, 1, 1, 1): N, and
    then a 1 for each further axis of x."""
    return x * 1.0 + (_ones(survival, (len(x), 1), rng) if training else survival) * fx


depth_in_a_tuple = in_a_tuple("stochastic_depth", right.stochastic_depth, see="11 §8", severity="slip")


depth_cut_off = cut_off("stochastic_depth", right.stochastic_depth, see="11 §8")


@misconception("stochastic_depth", "slip", title="f(x) is added into a copy of x", see="11 §8")
def depth_into_a_copy(x, fx, survival, rng, training=True):
    """You wrote x + f(x) into a copy of x. Where x holds integers, so does the copy, and what is behind f(x)'s decimal point is cut off.
    Make the copy with dtype float."""
    if not training:
        return x + survival * fx
    out, alive = np.array(x), rng.random(len(x)) < survival
    out[alive] = x[alive] + fx[alive]
    return out


# --- stochastic_depth: right ----------------------------------------------------------------------------------------------


@alternative("stochastic_depth")
def depth_keeps_integers(x, fx, survival, rng, training=True):
    return x + ((rng.random((len(x), *[1] * (x.ndim - 1))) < survival) if training else survival) * fx


@alternative("stochastic_depth")
def depth_example_by_example(x, fx, survival, rng, training=True):
    out = np.array(x, dtype=float)
    for n in range(len(out)):
        if not training:
            out[n] = x[n] + survival * fx[n]
        elif rng.random() < survival:
            out[n] = x[n] + fx[n]
    return out


@alternative("stochastic_depth")
def depth_by_transpose(x, fx, survival, rng, training=True):
    s = rng.binomial(1, survival, len(x)) if training else np.full(len(x), survival)
    return (np.transpose(x) + s * np.transpose(fx).astype(float)).T


@alternative("stochastic_depth")
def depth_by_choice(x, fx, survival, rng, training=True):
    n = len(x)
    s = rng.choice(2, size=n, p=[1 - survival, survival]) if training else np.ones(n) * survival
    return np.asarray(x, dtype=float) + np.einsum("n,n...->n...", s, fx)


# --- fractional_pool_regions: wrong ---------------------------------------------------------------------------------------


def _checked(n_in, n_out):
    if not n_out <= n_in <= 2 * n_out:
        raise ValueError("it doesn't fit")
    return np.repeat([1, 2], [2 * n_out - n_in, n_in - n_out])


def _from_steps(steps):
    return np.concatenate([[0], np.cumsum(steps)]).astype(int)


@misconception("fractional_pool_regions", "part", title="A coin decides, as long as both are left", see="11 §9")
def regions_by_a_coin(n_in, n_out, rng):
    """You tossed a coin for each region as long as narrow and wide ones were left. Then some orders are more probable than others: the
    last regions are often all alike. Shuffle the widths: every order has the same probability."""
    widths, left = [], list(np.bincount(_checked(n_in, n_out), minlength=3))
    for _ in range(n_out):
        widths.append(2 if left[2] and (not left[1] or rng.random() < 0.5) else 1)
        left[widths[-1]] -= 1
    return _from_steps(widths)


@misconception("fractional_pool_regions", "part", title="Narrow regions first", see="11 §9")
def regions_sorted(n_in, n_out, rng):
    """Your regions have the right widths, but always in the same order: all ones, then all twos. Shuffle them before you add them up."""
    return _from_steps(_checked(n_in, n_out))


@misconception("fractional_pool_regions", "part", title="Wide regions first", see="11 §9")
def regions_sorted_downwards(n_in, n_out, rng):
    """Your regions have the right widths, but always in the same order: all twos, then all ones. Shuffle them before you add them up."""
    return _from_steps(_checked(n_in, n_out)[::-1])


@misconception("fractional_pool_regions", "part", title="Evenly spread, not random", see="11 §9")
def regions_evenly_spread(n_in, n_out, rng):
    """You rounded the multiples of n_in/n_out. That gives widths of 1 and 2, but the same ones every time; the noise is what this
    pooling is for. Shuffle the widths."""
    _checked(n_in, n_out)
    return np.arange(n_out + 1) * n_in // n_out


@misconception("fractional_pool_regions", "part", title="Only the starting point is random", see="11 §9")
def regions_pseudorandom(n_in, n_out, rng):
    """You drew one number and rounded multiples of n_in/n_out that start there: Graham's «pseudorandom» regions. They have few possible
    orders, evenly spread. Here every order of the widths is equally probable: shuffle them."""
    _checked(n_in, n_out)
    if n_in == n_out:
        return np.arange(n_out + 1)
    steps = np.diff(np.floor(n_in / n_out * np.arange(n_out + 1) + rng.random()).astype(int))
    return _from_steps(steps)


@misconception("fractional_pool_regions", "part", title="Sorted again after shuffling", see="11 §9")
def regions_turned_at_random(n_in, n_out, rng):
    """You only chose at random where the block of wide regions begins, or turned the sorted widths round in a circle. Every order of
    the widths should be possible, and equally probable."""
    return _from_steps(np.roll(_checked(n_in, n_out), rng.integers(n_out)))


def _of_widths(how, n_in, n_out, rng):
    return how(rng.permutation(_checked(n_in, n_out)))


# fmt: off
REGIONS = variants("fractional_pool_regions", "11 §9", right.fractional_pool_regions, _of_widths, {
    "regions_widths": ("part", "Widths instead of boundaries",
        "You returned the widths of the regions. What is wanted are the n_out + 1 boundaries: 0, and then the widths added up.",
        lambda widths: widths),
    "regions_without_zero": ("part", "The first boundary is missing",
        "You returned the ends of the regions alone. n_out regions have n_out + 1 boundaries, and the first of them is 0.",
        lambda widths: np.cumsum(widths)),
    "regions_without_end": ("part", "The last boundary is missing",
        "You returned the starts of the regions alone. n_out regions have n_out + 1 boundaries, and the last of them is n_in.",
        lambda widths: _from_steps(widths)[:-1]),
    "regions_from_one": ("part", "Counted from 1",
        "Your boundaries go from 1 to n_in + 1. Pixels are counted from 0 here, so they go from 0 to n_in.",
        lambda widths: _from_steps(widths) + 1),
    "regions_counts_swapped": ("core", "The numbers of ones and twos are swapped",
        "You took n_in − n_out ones and the rest twos. If all widths were 1, they would cover n_out pixels; each two covers one pixel "
        "more, so n_in − n_out is the number of *twos*.",
        lambda widths: _from_steps(3 - widths)),
    "regions_in_a_list": ("slip", "The boundaries are a list", "You return a list. An array of integers is wanted: `np.array(boundaries)`.",
        lambda widths: _from_steps(widths).tolist()),
    "regions_floats": ("slip", "The boundaries are floats",
        "Your boundaries are right, but they are floats, and an array can't be sliced with floats: begin with an array of integers.",
        lambda widths: np.concatenate([[0.0], np.cumsum(widths)])),
})
# fmt: on


@misconception("fractional_pool_regions", "core", title="The last boundary is the last pixel", see="11 §9")
def regions_end_one_early(n_in, n_out, rng):
    """Your last boundary is n_in − 1, the last pixel's index. A region goes up to its end *without* it, as slices do, so the last
    boundary is n_in; as it is, the last region is one pixel too narrow."""
    found = _from_steps(rng.permutation(_checked(n_in, n_out)))
    found[-1] -= 1
    return found


@misconception("fractional_pool_regions", "core", title="Boundaries anywhere", see="11 §9")
def regions_anywhere(n_in, n_out, rng):
    """You drew the boundaries at random from all pixels and sorted them. Then a region may be three pixels wide, or ten. Draw the order
    of the widths: n_in − n_out twos, the rest ones."""
    _checked(n_in, n_out)
    inner = rng.choice(np.arange(1, n_in), n_out - 1, replace=False)
    return np.concatenate([[0], np.sort(inner), [n_in]]).astype(int)


@misconception("fractional_pool_regions", "core", title="Every width is drawn by itself", see="11 §9")
def regions_independent_widths(n_in, n_out, rng):
    """You drew each width by itself, 1 or 2, so their sum is n_in only by luck. There are n_in − n_out twos: only their order is random."""
    _checked(n_in, n_out)
    p = n_in / n_out - 1
    return _from_steps(1 + (rng.random(n_out) < p))


@misconception("fractional_pool_regions", "core", title="Every width is drawn by itself, and the end is forced", see="11 §9")
def regions_with_a_forced_end(n_in, n_out, rng):
    """You drew each width by itself, and then set the last boundary to n_in, so the last region has any width. There are n_in − n_out
    twos: only their order is random."""
    _checked(n_in, n_out)
    return np.append(_from_steps(rng.integers(1, 3, n_out))[:-1], n_in)


@misconception("fractional_pool_regions", "slip", title="The ends of the range are refused", see="11 §9")
def regions_strict(n_in, n_out, rng):
    """You raise ValueError for n_in = n_out or n_in = 2·n_out. Both are legal: write ≤ where you wrote <."""
    if not n_out < n_in < 2 * n_out:
        raise ValueError("it doesn't fit")
    return _from_steps(rng.permutation(_checked(n_in, n_out)))


@misconception("fractional_pool_regions", "slip", title="Another error than ValueError", see="11 §9")
def regions_other_error(n_in, n_out, rng):
    """You raise an error where the regions can't cover n_in, but not a ValueError. An `assert` raises AssertionError, and is left out
    where Python runs with -O; write `raise ValueError(…)`."""
    assert n_out <= n_in <= 2 * n_out, "it doesn't fit"
    return _from_steps(rng.permutation(_checked(n_in, n_out)))


@misconception("fractional_pool_regions", "slip", title="Nothing is refused", see="11 §9")
def regions_unchecked(n_in, n_out, rng):
    """You never raise ValueError. Regions of one or two pixels can't cover more than 2·n_out pixels, nor fewer than n_out."""
    return _from_steps(rng.permutation([2] * (n_in - n_out) + [1] * (2 * n_out - n_in)))


@misconception("fractional_pool_regions", "slip", title="Too small an input isn't refused", see="11 §9")
def regions_lower_end_unchecked(n_in, n_out, rng):
    """You don't raise ValueError where n_in < n_out. There are fewer pixels than regions then, and some region would be empty."""
    if n_in > 2 * n_out:
        raise ValueError("it doesn't fit")
    return regions_unchecked(n_in, n_out, rng)


@misconception("fractional_pool_regions", "slip", title="Too large an input isn't refused", see="11 §9")
def regions_upper_end_unchecked(n_in, n_out, rng):
    """You don't raise ValueError where n_in > 2·n_out. Regions of one or two pixels can't cover so many."""
    if n_in < n_out:
        raise ValueError("it doesn't fit")
    return regions_unchecked(n_in, n_out, rng)


# --- fractional_pool_regions: right ---------------------------------------------------------------------------------------


class _TooMany(ValueError):
    pass


@alternative("fractional_pool_regions")
def regions_with_an_exception_of_their_own(n_in, n_out, rng):
    if not n_out <= n_in <= 2 * n_out:
        raise _TooMany(f"{n_in} pixels, {n_out} regions")
    return np.append(0, np.cumsum(rng.permutation(np.repeat([1, 2], [2 * n_out - n_in, n_in - n_out]))))


@alternative("fractional_pool_regions")
def regions_shuffled(n_in, n_out, rng):
    if n_in < n_out or n_in > 2 * n_out:
        raise ValueError("regions are one or two pixels wide")
    steps = np.array([2] * (n_in - n_out) + [1] * (2 * n_out - n_in), dtype=int)
    rng.shuffle(steps)
    return np.insert(np.cumsum(steps), 0, 0)


@alternative("fractional_pool_regions")
def regions_urn(n_in, n_out, rng):
    ones, twos = 2 * n_out - n_in, n_in - n_out
    if min(ones, twos) < 0:
        raise ValueError("regions are one or two pixels wide")
    found = [0]
    for _ in range(n_out):
        wide = rng.random() < twos / (ones + twos)
        ones, twos = ones - (not wide), twos - wide
        found.append(found[-1] + (2 if wide else 1))
    return np.array(found)


@alternative("fractional_pool_regions")
def regions_by_choice(n_in, n_out, rng):
    if not 0 <= n_in - n_out <= n_out:
        raise ValueError("regions are one or two pixels wide")
    steps = np.ones(n_out, dtype=np.int32)
    steps[rng.choice(n_out, n_in - n_out, replace=False)] += 1
    return np.r_[0, steps.cumsum()]


# --- families that many exercises share -----------------------------------------------------------------------------------

_SECTIONS = {"dropout_forward": 2, "dropout_backward": 2, "vanilla_dropout_train": 4, "vanilla_dropout_predict": 4, "mc_dropout": 6}
_SECTIONS |= {"dropconnect_forward": 7, "stochastic_depth": 8, "fractional_pool_regions": 9}


def _members() -> Iterator[Callable[..., Any]]:
    for exercise, section in _SECTIONS.items():
        function, see = getattr(right, exercise), f"11 §{section}"
        names = list(inspect.signature(function).parameters)
        if not exercise.endswith("_forward"):  # whose backward pass it would cost as well
            yield families.nothing_returned(exercise, function, see=see)
        if "rng" in names:
            yield families.generator_ignored(exercise, function, see=see)
            yield families.reseeded(exercise, function, see=see)
        for name in {"rate", "survival"}.intersection(names):
            severity = "part" if "rng" in names else "core"
            yield families.fixed_number(exercise, function, see=see, name=name, value=0.5, severity=severity, text=_FIXED)
        if names[0] in ("x", "dout"):
            yield in_place(exercise, function, see=see, name="W" if "W" in names else names[0], casting="unsafe")
        if names[0] in ("x", "dout") and exercise not in ("vanilla_dropout_train", "stochastic_depth"):
            yield cut_off(exercise, function, see=see, name="W" if "W" in names else names[0])
        if exercise in ("dropout_forward", "vanilla_dropout_train", "vanilla_dropout_predict"):
            yield families.for_two_dimensions(exercise, function, see=see)


_FIXED = "You wrote {value:g} where {argument} belongs: a number that suits the example. The caller says what {argument} is."
MEMBERS = list(_members())
