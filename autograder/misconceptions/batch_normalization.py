"""What students believe about batch normalization, and right answers that are written in other ways.

The cache of the reference, which the answers here share, is (x̂, γ, √(σ² + ε)).
"""

import functools
from typing import Any

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.kit.families import cut_off, fixed_number, in_a_tuple, in_place, members, nothing_returned, only_the_first

from ..reference import batch_normalization as right


def _axes(x):
    """Return the axes of the batch: all but the features', or the channels'."""
    return tuple(axis for axis in range(np.ndim(x)) if axis != 1)


def _along(values, x):
    """Give one number per feature, or per channel, the shape that broadcasts against x; leave other shapes as they are."""
    return np.reshape(values, (-1, *[1] * (np.ndim(x) - 2))) if np.ndim(values) == 1 else values


def _statistics(x):
    return np.mean(x, axis=_axes(x)), np.var(x, axis=_axes(x))


def _statistics_and_root(x, eps):
    mean, var = _statistics(x)
    return mean, np.sqrt(var + eps)


def _normalised(x, gamma, beta, mean, std):
    """Return γ·(x − mean)/std + β, and the reference's cache."""
    with np.errstate(all="ignore"):
        x_hat = (x - _along(mean, x)) / _along(std, x)
    kept = std if np.shape(std) == np.shape(gamma) else np.full(np.shape(gamma), np.mean(std))
    return _along(gamma, x) * x_hat + _along(beta, x), (x_hat, gamma, kept)


def _pulled_back(dout, cache, mean_path=1.0, variance_path=1.0):
    """Return the gradients, with the paths through the mean and the variance as many times as strong as they should be."""
    x_hat, gamma, std = cache
    mean = np.mean(dout, axis=_axes(dout), keepdims=True)
    along = np.mean(dout * x_hat, axis=_axes(dout), keepdims=True)
    dx = _along(gamma / std, dout) * (dout - mean_path * mean - variance_path * x_hat * along)
    return dx, np.sum(dout * x_hat, axis=_axes(dout)), np.sum(dout, axis=_axes(dout))


def _count(dout, cache):
    """Return how many values a mean was taken over."""
    return np.size(dout) / np.size(cache[1])


def _unchanged(function, _, *args, **kwargs):
    return function(*args, **kwargs)


OF_IMAGES: list[Any] = []


def for_both(exercise, severity, *, title, see):
    """Register a misconception about features, and the same one about images."""

    def register(function):
        @functools.wraps(function)
        def of_images(*args, **kwargs):
            return function(*args, **kwargs)

        of_images.__name__ = f"images_{function.__name__.removeprefix('forward_')}"
        of_images.family = _unchanged, function, {}
        OF_IMAGES.append(misconception(exercise.replace("_", "2d_"), severity, title=title, see="05 §5")(of_images))
        return misconception(exercise, severity, title=title, see=see)(function)

    return register


# --- batchnorm_forward: wrong ---------------------------------------------------------------------------------------------


@for_both("batchnorm_forward", "slip", title="ε is left out", see="05 §2")
def forward_without_epsilon(x, gamma, beta, eps=1e-5):
    """You divided by √σ² and never used eps. A feature that doesn't vary in a batch has variance 0, and you divide 0 by 0;
    where the variance is small, the result is too large. Divide by √(σ² + ε)."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, mean, np.sqrt(var))


@for_both("batchnorm_forward", "slip", title="ε is added to the standard deviation", see="05 §2")
def forward_epsilon_outside_the_root(x, gamma, beta, eps=1e-5):
    """You divided by √σ² + ε. In batch normalization ε is added to the variance, inside the root: √(σ² + ε). Next to a variance of
    10⁻⁵ that is no detail: the root of ε is 0.003, some 300 times ε."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, mean, np.sqrt(var) + eps)


@for_both("batchnorm_forward", "slip", title="ε is squared", see="05 §2")
def forward_epsilon_squared(x, gamma, beta, eps=1e-5):
    """You divided by √(σ² + ε²). ε is added to the variance as it is: √(σ² + ε)."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, mean, np.sqrt(var + eps**2))


@for_both("batchnorm_forward", "part", title="The variance divides by N − 1", see="05 §2")
def forward_unbiased_variance(x, gamma, beta, eps=1e-5):
    """You divided the sum of squares by the number of values less one. That estimates the variance of a population; batch normalization
    wants the variance of this very batch, so that the outputs have variance 1 and a single value is no division by zero."""
    mean, var = _statistics(x)
    count = np.float64(np.size(x)) / np.size(gamma)
    with np.errstate(all="ignore"):
        return _normalised(x, gamma, beta, mean, np.sqrt(var * count / (count - 1) + eps))


@misconception("batchnorm_forward", "core", title="The statistics are taken over the features of each example", see="05 §2")
def forward_over_features(x, gamma, beta, eps=1e-5):
    """Your mean and variance run along axis 1, so each example is normalised by itself. That is another technique, layer
    normalization. Batch normalization compares the examples with each other: one mean per feature, over the batch, axis 0."""
    return _normalised(x, gamma, beta, np.mean(x, axis=1, keepdims=True), np.sqrt(np.var(x, axis=1, keepdims=True) + eps))


@for_both("batchnorm_forward", "core", title="One mean and variance for the whole batch", see="05 §2")
def forward_over_everything(x, gamma, beta, eps=1e-5):
    """You took one mean and one variance over all entries. Each feature has a scale of its own and needs its own statistics: name the
    axes of the batch in `axis`, so that μ and σ² keep one number for each feature."""
    return _normalised(x, gamma, beta, np.mean(x), np.sqrt(np.var(x) + eps))


@for_both("batchnorm_forward", "part", title="One variance for all features", see="05 §2")
def forward_one_variance(x, gamma, beta, eps=1e-5):
    """Your means are those of the features, but there is one variance for all of them. Each feature needs its own: σ² has one number for
    each feature, as μ has."""
    return _normalised(x, gamma, beta, _statistics(x)[0], np.sqrt(np.var(x) + eps))


@for_both("batchnorm_forward", "part", title="Divides by the variance", see="05 §2")
def forward_by_the_variance(x, gamma, beta, eps=1e-5):
    """You divided by σ² + ε and forgot the root. The variance has the square of the feature's unit; only its root, the standard
    deviation, brings every feature to the same scale."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, mean, var + eps)


@for_both("batchnorm_forward", "part", title="The standard deviation is taken for the variance", see="05 §2")
def forward_root_of_the_deviation(x, gamma, beta, eps=1e-5):
    """You took the root twice: `std` is √σ² already, and under the root in (3) stands the variance, `var`."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, mean, np.sqrt(np.sqrt(var) + eps))


@for_both("batchnorm_forward", "part", title="The variance is the mean square of x", see="05 §2")
def forward_mean_square(x, gamma, beta, eps=1e-5):
    """You averaged the squares of x itself. The variance is the mean square of the distance from the mean, x − μ."""
    return _normalised(x, gamma, beta, _statistics(x)[0], np.sqrt(np.mean(np.square(x), axis=_axes(x)) + eps))


@for_both("batchnorm_forward", "part", title="The mean isn't subtracted", see="05 §2")
def forward_without_mean(x, gamma, beta, eps=1e-5):
    """You divided x by its deviation, but subtracted no mean. x̂ is (x − μ)/√(σ² + ε)."""
    return _normalised(x, gamma, beta, 0.0 * _statistics(x)[0], np.sqrt(_statistics(x)[1] + eps))


@for_both("batchnorm_forward", "part", title="Only the mean is divided by the deviation", see="05 §2")
def forward_without_brackets(x, gamma, beta, eps=1e-5):
    """You wrote x − μ/√(σ² + ε), without brackets around the difference. A division comes before a subtraction: (x − μ)/√(σ² + ε)."""
    mean, std = _statistics_and_root(x, eps)
    return _normalised(x, gamma, beta, mean / std, np.ones(np.shape(gamma)))


@for_both("batchnorm_forward", "part", title="γ and β are ignored", see="05 §2")
def forward_without_gamma_and_beta(x, gamma, beta, eps=1e-5):
    """You returned x̂ itself. The layer's output is γ x̂ + β: with its scale and shift the network can undo the normalization
    where that serves it better."""
    x_hat, cache = _normalised(x, np.ones(np.shape(gamma)), np.zeros(np.shape(beta)), *_statistics_and_root(x, eps))
    return x_hat, (x_hat, gamma, cache[2])


@for_both("batchnorm_forward", "part", title="β is ignored", see="05 §2")
def forward_without_beta(x, gamma, beta, eps=1e-5):
    """You scaled by γ, but added no β. Without the shift every feature keeps the mean 0, and a ReLU behind it is stuck with losing
    about half of what it gets."""
    return _normalised(x, gamma, np.zeros(np.shape(beta)), *_statistics_and_root(x, eps))


@for_both("batchnorm_forward", "part", title="γ is ignored", see="05 §2")
def forward_without_gamma(x, gamma, beta, eps=1e-5):
    """You added β, but scaled by no γ. The layer's output is γ x̂ + β."""
    out, cache = _normalised(x, np.ones(np.shape(gamma)), beta, *_statistics_and_root(x, eps))
    return out, (cache[0], gamma, cache[2])


@for_both("batchnorm_forward", "part", title="Shifts before it scales", see="05 §2")
def forward_shift_before_scale(x, gamma, beta, eps=1e-5):
    """You computed γ (x̂ + β). Scale first, then shift: γ x̂ + β. Otherwise the mean of the output is γβ, and the gradient of β
    is another one too."""
    return _normalised(x, gamma, gamma * beta, *_statistics_and_root(x, eps))


@for_both("batchnorm_forward", "core", title="γ and β are swapped", see="05 §2")
def forward_swapped(x, gamma, beta, eps=1e-5):
    """You scaled by β and shifted by γ. γ is the scale and β the shift: γ x̂ + β."""
    return _normalised(x, beta, gamma, *_statistics_and_root(x, eps))


@misconception("batchnorm_forward", "core", title="Running statistics are used in training", see="05 §4")
def forward_with_running_statistics(x, gamma, beta, eps=1e-5):
    """You normalised with running averages, which begin at mean 0 and variance 1 and move towards the batch by a tenth. They are for
    prediction. In training the batch's own mean and variance are used; only so does the gradient flow through them."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, 0.1 * mean, np.sqrt(0.9 + 0.1 * var + eps))


# --- batchnorm_forward: right -------------------------------------------------------------------------------------------


@alternative("batchnorm_forward")
def forward_in_loops(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    out, x_hat, stds = np.zeros((N, D)), np.zeros((N, D)), np.zeros(D)
    for j in range(D):
        mean = sum(float(x[i, j]) for i in range(N)) / N
        stds[j] = (sum((float(x[i, j]) - mean) ** 2 for i in range(N)) / N + eps) ** 0.5
        for i in range(N):
            x_hat[i, j] = (x[i, j] - mean) / stds[j]
            out[i, j] = gamma[j] * x_hat[i, j] + beta[j]
    return out, (x_hat, np.array(gamma, dtype=float), stds)


@alternative("batchnorm_forward")
def forward_by_second_moment(x, gamma, beta, eps=1e-5):
    x = np.asarray(x, dtype=np.float64)
    mean = x.mean(axis=0, keepdims=True)
    var = np.maximum((x**2).mean(axis=0, keepdims=True) - mean**2, 0)
    std = np.sqrt(var + eps)
    scale = gamma / std
    return x * scale + (beta - mean * scale), ((x - mean) / std, np.asarray(gamma), std[0])


@alternative("batchnorm_forward")
def forward_by_einsum(x, gamma, beta, eps=1e-5):
    N = x.shape[0]
    centered = x - np.einsum("nd->d", x) / N
    inverse = 1.0 / np.sqrt(np.einsum("nd,nd->d", centered, centered) / N + eps)
    x_hat = centered * inverse
    return np.einsum("nd,d->nd", x_hat, gamma) + beta, (x_hat, gamma, 1 / inverse)


@alternative("batchnorm_forward")
def forward_transposed_and_standardised_by_a_helper(x, gamma, beta, eps=1e-5):
    def standardise(row):
        mean = np.average(row)
        return (row - mean) / np.sqrt(np.average(np.square(row - mean)) + eps)

    columns = [standardise(np.array(column, dtype=float)) for column in np.transpose(x)]
    x_hat = np.stack(columns, axis=-1)
    out = np.add(np.multiply(x_hat, np.reshape(gamma, (1, -1))), np.reshape(beta, (1, -1)))
    return out, (x_hat, np.array(gamma, float), np.sqrt(np.var(x, axis=0, dtype=float) + eps))


@alternative("batchnorm_forward")
def forward_in_single_precision(x, gamma, beta, eps=1e-5):
    out, cache = _normalised(x, gamma, beta, *_statistics_and_root(x, eps))
    return out.astype(np.float32), cache


# --- batchnorm_backward: wrong ------------------------------------------------------------------------------------------


@for_both("batchnorm_backward", "part", title="The mean and variance are treated as constants", see="05 §3")
def statistics_as_constants(dout, cache):
    """You multiplied by γ/√(σ² + ε) and stopped there. But μ and σ² are computed from x, so each example also moves the others through
    them: two more paths in the graph lead from x to the loss, and their gradients are added."""
    return _pulled_back(dout, cache, 0, 0)


@for_both("batchnorm_backward", "part", title="The variance is treated as a constant", see="05 §3")
def variance_as_constant(dout, cache):
    """Your dx has the path through the mean, but not the one through the variance. σ² depends on every x as well: the term
    − x̂ · mean(dout · x̂) is missing inside the brackets."""
    return _pulled_back(dout, cache, 1, 0)


@for_both("batchnorm_backward", "part", title="The mean is treated as a constant", see="05 §3")
def mean_as_constant(dout, cache):
    """Your dx has the path through the variance, but not the one through the mean: each example also lifts the mean that is subtracted
    from all of them. The term − mean(dout) is missing inside the brackets."""
    return _pulled_back(dout, cache, 0, 1)


@for_both("batchnorm_backward", "part", title="The paths through the mean and the variance are added", see="05 §3")
def backward_with_the_wrong_signs(dout, cache):
    """The terms of the mean and the variance have a plus in your dx. Both statistics stand behind a minus or below a fraction line, so
    what comes back through them is subtracted."""
    return _pulled_back(dout, cache, -1, -1)


@for_both("batchnorm_backward", "part", title="A factor 1/N is missing", see="05 §3")
def backward_without_one_over_n(dout, cache):
    """The terms of the mean and the variance in your dx are sums where they should be means. Each value enters μ and σ² with the weight
    of one over their number, so the gradient that comes back through them carries this factor too."""
    return _pulled_back(dout, cache, _count(dout, cache), _count(dout, cache))


@misconception("batchnorm_backward", "part", title="The terms of mean and variance aren't summed over the batch", see="05 §3")
def backward_not_summed_over_the_batch(dout, cache):
    """The gradients of μ and σ² in your dx are still one per example. One μ served the whole batch, so what comes back from all examples
    has to be summed over the batch before it goes on to x."""
    (x_hat, gamma, std), (_, *rest) = cache, _pulled_back(dout, cache)
    count = np.size(dout) / np.size(gamma)
    return _along(gamma / std, dout) * (dout - dout / count - x_hat * (dout * x_hat) / count), *rest


@for_both("batchnorm_backward", "part", title="γ is forgotten in dx", see="05 §3")
def backward_without_gamma(dout, cache):
    """Your dx has no γ in it. Between dout and x̂ lies the multiplication by γ, so the gradient that reaches x̂ is γ · dout."""
    x_hat, gamma, std = cache
    return _pulled_back(dout, (x_hat, np.ones(np.shape(gamma)), std))


@for_both("batchnorm_backward", "part", title="The deviation is forgotten in dx", see="05 §3")
def backward_without_deviation(dout, cache):
    """Your dx isn't divided by √(σ² + ε). The forward pass divides by it, and so does the derivative."""
    x_hat, gamma, std = cache
    return _pulled_back(dout, (x_hat, gamma, np.ones(np.shape(std))))


@for_both("batchnorm_backward", "part", title="The variance's path has lost its ½", see="05 §3")
def backward_without_one_half(dout, cache):
    """The path through the variance in your dx is twice as strong as it should be. The derivative of (σ² + ε)^(−½) is
    −½ (σ² + ε)^(−3/2), and this ½ is what cancels the 2 of the square."""
    return _pulled_back(dout, cache, 1, 2)


@for_both("batchnorm_backward", "part", title="Divides by N − 1", see="05 §3")
def backward_n_minus_one(dout, cache):
    """The terms of the mean and the variance in your dx are divided by the number of values less one. The forward pass divided by their
    number, both in μ and in σ², so the backward pass does too."""
    count = np.float64(np.size(dout) / np.size(cache[1]))
    with np.errstate(all="ignore"):
        return _pulled_back(dout, cache, count / (count - 1), count / (count - 1))


@for_both("batchnorm_backward", "part", title="Divides by the number of entries, not of examples", see="05 §3")
def backward_divides_by_the_size(dout, cache):
    """The terms of the mean and the variance in your dx are divided by the size of the whole array. Each μ is a mean over its feature
    alone; `dout.size` counts the other features too."""
    return _pulled_back(dout, cache, 1 / np.size(cache[1]), 1 / np.size(cache[1]))


@for_both("batchnorm_backward", "part", title="dγ is computed from x − μ", see="05 §3")
def dgamma_from_centered_x(dout, cache):
    """Your dgamma sums dout · (x − μ). What γ was multiplied with in the forward pass is x̂, the normalised value, so
    dγ = Σ dout · x̂."""
    dx, dgamma, dbeta = _pulled_back(dout, cache)
    return dx, dgamma * cache[2], dbeta


@for_both("batchnorm_backward", "part", title="dγ has a γ in it", see="05 §3")
def dgamma_times_gamma(dout, cache):
    """Your dgamma sums γ · dout · x̂: you used the gradient that goes on to x̂, behind the multiplication by γ. dγ = Σ dout · x̂."""
    dx, dgamma, dbeta = _pulled_back(dout, cache)
    return dx, dgamma * cache[1], dbeta


@misconception("batchnorm_backward", "part", title="The sums run over the features", see="05 §3")
def backward_over_features(dout, cache):
    """The means in your dx run over the features of each example. In the forward pass μ and σ² were shared by all examples of one feature,
    so what comes back through them is summed over the batch, axis 0."""
    (x_hat, gamma, std), (_, *rest) = cache, _pulled_back(dout, cache)
    inner = gamma * dout
    along = np.mean(inner * x_hat, axis=1, keepdims=True)
    return (inner - np.mean(inner, axis=1, keepdims=True) - x_hat * along) / std, *rest


def _forward_keeping_out(x, gamma, beta, eps=1e-5):
    out, cache = _normalised(x, gamma, beta, *_statistics_and_root(x, eps))
    return out, (out, cache)


@misconception("batchnorm_backward", "part", title="dγ is computed from out", see="05 §3", with_forward=_forward_keeping_out)
def dgamma_from_out(dout, cache):
    """Your dgamma sums dout · out. γ was multiplied with x̂, before β was added: dγ = Σ dout · x̂."""
    dx, _, dbeta = _pulled_back(dout, cache[1])
    return dx, np.sum(dout * cache[0], axis=0), dbeta


@for_both("batchnorm_backward", "part", title="dγ and dβ are averaged over the batch", see="05 §3")
def parameter_gradients_averaged(dout, cache):
    """You took the mean over the batch for dgamma and dbeta. Every value of a feature used the same γ and β, so their gradients add up: a
    sum. If the loss is a mean over examples, its 1/N is in dout already."""
    dx, dgamma, dbeta = _pulled_back(dout, cache)
    return dx, dgamma / _count(dout, cache), dbeta / _count(dout, cache)


@for_both("batchnorm_backward", "part", title="dγ and dβ have an axis too many", see="05 §3")
def parameter_gradients_keep_dimensions(dout, cache):
    """Your numbers are right, but dgamma and dbeta kept the summed axes, with length 1. A gradient has the shape of what it belongs to, and
    γ and β have one axis: leave keepdims out where you sum for them."""
    dx, dgamma, dbeta = _pulled_back(dout, cache)
    return dx, _along(dgamma, dout)[None], _along(dbeta, dout)[None]


@for_both("batchnorm_backward", "slip", title="dγ has an axis too many", see="05 §3")
def dgamma_keeps_dimensions(dout, cache):
    """Your numbers are right, but dgamma kept the summed axes, with length 1. It has the shape of γ: leave keepdims out there."""
    dx, dgamma, dbeta = _pulled_back(dout, cache)
    return dx, _along(dgamma, dout)[None], dbeta


@misconception("batchnorm_backward", "part", title="dγ and dβ aren't summed over the batch", see="05 §3")
def parameter_gradients_per_example(dout, cache):
    """Your dgamma and dbeta have one row per example. γ and β have shape (D,) and were used by every example, so what each of them says
    is summed over the batch."""
    return _pulled_back(dout, cache)[0], dout * cache[0], np.array(dout)


@for_both("batchnorm_backward", "part", title="dγ and dβ are swapped", see="05 §3")
def parameter_gradients_swapped(dout, cache):
    """You return dbeta before dgamma. Gradients come in the order of the forward pass's arguments: x, gamma, beta."""
    dx, dgamma, dbeta = _pulled_back(dout, cache)
    return dx, dbeta, dgamma


def _forward_keeping_the_variance(x, gamma, beta, eps=1e-5):
    mean, var = _statistics(x)
    out, (x_hat, *_) = _normalised(x, gamma, beta, mean, np.sqrt(var + eps))
    return out, (x_hat, gamma, var, eps)


@misconception(
    "batchnorm_backward", "slip", title="ε is left out of the backward pass", see="05 §3", with_forward=_forward_keeping_the_variance
)
def backward_without_epsilon(dout, cache):
    """Your dx divides by √σ², though the forward pass divided by √(σ² + ε). The derivative has the same ε in it as the function:
    keep √(σ² + ε) in the cache."""
    x_hat, gamma, var, _ = cache
    with np.errstate(all="ignore"):
        return _pulled_back(dout, (x_hat, gamma, np.sqrt(var)))


@misconception("batchnorm_backward", "slip", title="ε is subtracted", see="05 §3", with_forward=_forward_keeping_the_variance)
def backward_subtracting_epsilon(dout, cache):
    """Your dx divides by √(σ² − ε). Nothing about ε is reversed on the way back: the derivative is taken at the values of the forward
    pass, and there it was √(σ² + ε)."""
    x_hat, gamma, var, eps = cache
    with np.errstate(all="ignore"):
        return _pulled_back(dout, (x_hat, gamma, np.sqrt(var - eps)))


_MEMORY = type("Memory", (), {})()


def _forward_keeping_one_cache(x, gamma, beta, eps=1e-5):
    out, _MEMORY.kept = _normalised(x, gamma, beta, *_statistics_and_root(x, eps))
    return out, _MEMORY


@misconception(
    "batchnorm_backward", "slip", title="There is one cache for all layers", see="05 §3", with_forward=_forward_keeping_one_cache
)
def backward_from_the_last_forward_pass(dout, cache):
    """Your backward pass uses what the last forward pass left behind, in a global variable or in one object for all calls. A network has
    several such layers: make a new cache in each call."""
    return _pulled_back(dout, cache.kept)


@for_both("batchnorm_backward", "part", title="A factor 1/N is missing in the mean's path", see="05 §3")
def backward_mean_not_divided(dout, cache):
    """What comes back through the mean in your dx is N times too strong. μ = Σx/N, so each x moves it by 1/N: dμ is divided by N before
    it is added to dx."""
    return _pulled_back(dout, cache, _count(dout, cache), 1)


@for_both("batchnorm_backward", "part", title="A factor 1/N is missing in the variance's path", see="05 §3")
def backward_variance_not_divided(dout, cache):
    """What comes back through the variance in your dx is N times too strong. σ² is a mean of squares, so each of them moves it by 1/N."""
    return _pulled_back(dout, cache, 1, _count(dout, cache))


@for_both("batchnorm_backward", "part", title="The variance's path has lost its 2", see="05 §3")
def backward_without_two(dout, cache):
    """The path through the variance in your dx is half as strong as it should be. The derivative of c² is 2c, and this 2 is what cancels
    the ½ of the root."""
    return _pulled_back(dout, cache, 1, 0.5)


@for_both("batchnorm_backward", "part", title="The path through the variance is added", see="05 §3")
def backward_with_the_variance_added(dout, cache):
    """The term of the variance has a plus in your dx. A larger variance makes x̂ smaller, so what comes back through it is subtracted."""
    return _pulled_back(dout, cache, 1, -1)


@for_both("batchnorm_backward", "part", title="The deviation is taken for the variance in the backward pass", see="05 §3")
def backward_with_the_deviation_for_the_variance(dout, cache):
    """You computed the variance's path with σ^(−3/2) where (σ² + ε)^(−3/2) belongs: what you took out of the cache for the variance is
    its root already."""
    return _pulled_back(dout, cache, 1, _along(cache[2], dout) ** 1.5)


@for_both("batchnorm_backward", "part", title="The variance's term isn't summed over the batch", see="05 §3")
def backward_variance_not_summed(dout, cache):
    """The gradient of σ² in your dx is still one per example. One σ² served the whole batch, so what comes back from all examples has to
    be summed over the batch before it goes on to x."""
    (x_hat, gamma, std), (_, *rest) = cache, _pulled_back(dout, cache)
    mean = np.mean(dout, axis=_axes(dout), keepdims=True)
    return _along(gamma / std, dout) * (dout - mean - x_hat * (dout * x_hat) / _count(dout, cache)), *rest


@for_both("batchnorm_backward", "part", title="The mean's path overwrites the others", see="05 §3")
def backward_mean_path_alone(dout, cache):
    """Your dx is what comes back through the mean, and nothing else. Where a value has several ways to the loss, the gradients along
    them are added: don't overwrite the direct part, add to it."""
    (_, gamma, std), (_, *rest) = cache, _pulled_back(dout, cache)
    return -_along(gamma / std, dout) * np.mean(dout, axis=_axes(dout), keepdims=True) * np.ones(np.shape(dout)), *rest


@for_both("batchnorm_backward", "part", title="dγ and dβ are summed over everything", see="05 §3")
def parameter_gradients_as_one_number(dout, cache):
    """Your dgamma and dbeta are one number each. Every feature has a γ and a β of its own: sum over the batch alone, and leave the
    features apart."""
    return _pulled_back(dout, cache)[0], np.sum(dout * cache[0]), np.sum(dout)


backward_without_parameter_gradients = only_the_first(
    "batchnorm_backward", right.batchnorm_backward, see="05 §3", first="dx", all="dx, dgamma and dbeta"
)


# --- batchnorm_backward: right ------------------------------------------------------------------------------------------


@alternative("batchnorm_backward")
def backward_in_one_line(dout, cache):
    x_hat, gamma, std = cache
    N = dout.shape[0]
    dgamma, dbeta = (dout * x_hat).sum(0), dout.sum(0)
    return gamma / (N * std) * (N * dout - dbeta - x_hat * dgamma), dgamma, dbeta


def _forward_with_a_dictionary(x, gamma, beta, eps=1e-5):
    mu = 1 / x.shape[0] * np.sum(x, axis=0)
    xmu = x - mu
    var = 1 / x.shape[0] * np.sum(xmu**2, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1 / sqrtvar
    return gamma * (xmu * ivar) + beta, {"xmu": xmu, "ivar": ivar, "sqrtvar": sqrtvar, "var": var, "gamma": gamma, "eps": eps}


@alternative("batchnorm_backward", with_forward=_forward_with_a_dictionary)
def backward_gate_by_gate(dout, cache):
    xmu, ivar, sqrtvar = cache["xmu"], cache["ivar"], cache["sqrtvar"]
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * (xmu * ivar), axis=0)
    dxhat = dout * cache["gamma"]
    divar = np.sum(dxhat * xmu, axis=0)
    dsqrtvar = -1.0 / sqrtvar**2 * divar
    dvar = 0.5 / np.sqrt(cache["var"] + cache["eps"]) * dsqrtvar
    dsq = np.ones((N, D)) / N * dvar
    dxmu = dxhat * ivar + 2 * xmu * dsq
    return dxmu + np.ones((N, D)) / N * -np.sum(dxmu, axis=0), dgamma, dbeta


def _forward_with_an_object(x, gamma, beta, eps=1e-5):
    class Memory:
        pass

    memory = Memory()
    memory.x, memory.gamma, memory.eps = np.array(x, dtype=float), np.array(gamma, dtype=float), eps
    x_hat = (memory.x - memory.x.mean(0)) / np.sqrt(memory.x.var(0) + eps)
    return memory.gamma * x_hat + beta, memory


@alternative("batchnorm_backward", with_forward=_forward_with_an_object)
def backward_by_full_jacobian(dout, cache):
    x, gamma, eps = cache.x, cache.gamma, cache.eps
    N, D = x.shape
    centered, var = x - x.mean(0), x.var(0) + eps
    dx = np.zeros((N, D))
    for i in range(N):
        for k in range(N):
            own = 1.0 if i == k else 0.0
            dx[i] += dout[k] * gamma * ((own - 1 / N) / np.sqrt(var) - centered[k] * centered[i] / N / var**1.5)
    return dx, np.einsum("nd,nd->d", dout, centered / np.sqrt(var)), np.einsum("nd->d", dout)


def _forward_with_a_closure(x, gamma, beta, eps=1e-5):
    x, scale = np.asarray(x, dtype=float), np.asarray(gamma, dtype=float)
    centered = x - x.mean(axis=0)
    inverse = (centered**2).mean(axis=0) + eps
    inverse = inverse**-0.5

    def pull_back(dout):
        g = np.asarray(dout, dtype=float) * scale
        dvar = -0.5 * (g * centered).sum(axis=0) * inverse**3
        dmean = -g.sum(axis=0) * inverse
        dx = g * inverse + 2 / len(x) * centered * dvar + dmean / len(x)
        return dx, (dout * centered * inverse).sum(axis=0), np.asarray(dout).sum(axis=0)

    return scale * centered * inverse + beta, pull_back


@alternative("batchnorm_backward", with_forward=_forward_with_a_closure)
def backward_by_closure(dout, cache):
    return cache(dout)


def _forward_with_a_named_tuple(x, gamma, beta, eps=1e-5):
    from collections import namedtuple

    Cache = namedtuple("Cache", "x_hat scale")
    std = np.sqrt(np.var(x, axis=0) + eps)
    x_hat = (x - np.mean(x, axis=0)) / std
    return gamma * x_hat + beta, Cache(x_hat, gamma / std)


@alternative("batchnorm_backward", with_forward=_forward_with_a_named_tuple)
def backward_by_projection(dout, cache):
    x_hat, scale = cache.x_hat, cache.scale
    centered = dout - np.mean(dout, axis=0)
    dx = scale * (centered - x_hat * np.mean(centered * x_hat, axis=0))
    return [dx, np.sum(centered * x_hat, axis=0), np.sum(dout, axis=0)]


# --- update_running: wrong ----------------------------------------------------------------------------------------------


@misconception("update_running", "core", title="The momentum is the wrong way round", see="05 §4")
def momentum_of_the_batch(running, batch_value, momentum=0.9):
    """You multiplied the batch's value by momentum, so with 0.9 the last batch decides nearly alone. Here momentum says how much of the
    old value is kept, as on the slides and in Keras. (PyTorch's momentum is the other share: 0.1 there is 0.9 here.)"""
    return (1 - momentum) * np.asarray(running) + momentum * np.asarray(batch_value)


@misconception("update_running", "core", title="The batch's value is added in full", see="05 §4")
def batch_value_in_full(running, batch_value, momentum=0.9):
    """You kept momentum times the old value and added the batch's value in full. Then the result isn't an average: fed with the same value
    v forever, it grows to v/(1 − momentum), ten times v for 0.9. The two weights have to add up to 1."""
    return momentum * np.asarray(running) + np.asarray(batch_value)


@misconception("update_running", "core", title="The batch's share is subtracted", see="05 §4")
def batch_value_subtracted(running, batch_value, momentum=0.9):
    """You subtracted the batch's share, so the running value moves away from the batch's. The two shares are added."""
    return momentum * np.asarray(running) - (1 - momentum) * np.asarray(batch_value)


@misconception("update_running", "core", title="The old value is forgotten", see="05 §4")
def batch_value_alone(running, batch_value, momentum=0.9):
    """You returned the last batch's value. A running value remembers all batches, the recent ones best:
    running · momentum + batch · (1 − momentum)."""
    return np.array(batch_value, dtype=float)


@misconception("update_running", "part", title="The batch's values are averaged to one number", see="05 §4")
def batch_value_as_one_number(running, batch_value, momentum=0.9):
    """You took the mean of batch_value. It holds one number for each feature already, as running does: use it as it is."""
    return momentum * np.asarray(running) + (1 - momentum) * np.mean(batch_value)


@misconception("update_running", "part", title="The momentum is ignored", see="05 §4")
def momentum_fixed(running, batch_value, momentum=0.9):
    """You wrote 0.9 into the formula, so the argument momentum has no effect. Use the argument."""
    return 0.9 * np.asarray(running) + 0.1 * np.asarray(batch_value)


@misconception("update_running", "slip", title="The momentum has another default", see="05 §4")
def momentum_with_another_default(running, batch_value, momentum=0.99):
    """You changed the default of momentum. It is 0.9, and who calls the function without a momentum relies on that."""
    return momentum * np.asarray(running) + (1 - momentum) * np.asarray(batch_value)


@misconception("update_running", "core", title="Old and new count the same", see="05 §4")
def plain_average(running, batch_value, momentum=0.9):
    """You took the plain average of the two values. So the last batch has half of the say, whatever momentum is; it should be
    1 − momentum."""
    return (np.asarray(running) + np.asarray(batch_value)) / 2


@misconception("update_running", "slip", title="running is changed in place", see="05 §4")
def running_in_place(running, batch_value, momentum=0.9):
    """Your formula is right, but it writes the new value into the caller's array. Return a new array, and leave it to the caller to
    put it in the old one's place."""
    running[:] = momentum * running + (1 - momentum) * np.asarray(batch_value)
    return running


@misconception("update_running", "core", title="The old value is kept in full", see="05 §4")
def running_in_full(running, batch_value, momentum=0.9):
    """You added the batch's share to the old value, but didn't multiply the old value by momentum. The two weights have to add up to 1,
    or the result isn't an average and grows without end."""
    return np.asarray(running) + (1 - momentum) * np.asarray(batch_value)


# --- update_running: right ----------------------------------------------------------------------------------------------


@alternative("update_running")
def update_by_a_step(running, batch_value, momentum=0.9):
    return running + (1 - momentum) * (batch_value - running)


@alternative("update_running")
def update_by_average(running, batch_value, momentum=0.9):
    return np.average(np.stack([running, batch_value]).astype(float), axis=0, weights=[momentum, 1 - momentum])


@alternative("update_running")
def update_in_a_loop(running, batch_value, momentum=0.9):
    result = np.zeros(np.shape(running))
    for index in np.ndindex(result.shape):
        result[index] = running[index] * momentum + batch_value[index] * (1.0 - momentum)
    return result


@alternative("update_running")
def update_in_single_precision(running, batch_value, momentum=0.9):
    return np.asarray(momentum * running + (1 - momentum) * batch_value, dtype=np.float32)


# --- batchnorm_inference: wrong -----------------------------------------------------------------------------------------


@misconception("batchnorm_inference", "slip", title="ε is left out", see="05 §4")
def inference_without_epsilon(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by the root of running_var alone and never used eps. In training the layer divided by √(σ² + ε), so the same has to
    happen here; and a pixel that is always black has running_var 0."""
    return _normalised(x, gamma, beta, running_mean, np.sqrt(running_var))[0]


@misconception("batchnorm_inference", "slip", title="ε is added to the standard deviation", see="05 §4")
def inference_epsilon_outside_the_root(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √running_var + ε. ε is added to the variance, inside the root, as in training: √(running_var + ε)."""
    return _normalised(x, gamma, beta, running_mean, np.sqrt(running_var) + eps)[0]


inference_in_place = in_place("batchnorm_inference", right.batchnorm_inference, see="05 §4")  # before a change of the statistics
inference_with_cache = in_a_tuple("batchnorm_inference", right.batchnorm_inference, see="05 §4", severity="slip")


@misconception("batchnorm_inference", "core", title="The batch's own statistics are used", see="05 §4")
def inference_with_batch_statistics(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You normalised with the mean and variance of x, as in training. Then a prediction depends on who else is in the batch, and a single
    example always comes out as β. Use running_mean and running_var."""
    return _normalised(x, gamma, beta, np.mean(x, axis=0), np.sqrt(np.var(x, axis=0) + eps))[0]


@misconception("batchnorm_inference", "core", title="Prediction goes on updating the running statistics", see="05 §4")
def inference_updating_the_statistics(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You moved the running statistics towards this batch before you used them. They are fixed once training is over; else the answer to
    one example depends on who else is asked about."""
    mean, var = (0.9 * old + 0.1 * new for old, new in zip((running_mean, running_var), _statistics(x), strict=True))
    return _normalised(x, gamma, beta, mean, np.sqrt(var + eps))[0]


@misconception("batchnorm_inference", "part", title="Divides by the variance", see="05 §4")
def inference_by_the_variance(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by running_var + ε and forgot the root. running_var is a variance; its root is what x is divided by."""
    return _normalised(x, gamma, beta, running_mean, running_var + eps)[0]


@misconception("batchnorm_inference", "part", title="The running mean isn't subtracted", see="05 §4")
def inference_without_mean(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by the deviation, but subtracted no mean. The answer is γ (x − running_mean)/√(running_var + ε) + β."""
    return _normalised(x, gamma, beta, 0.0 * running_mean, np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "part", title="Only the mean is divided by the deviation", see="05 §4")
def inference_without_brackets(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You subtracted running_mean/√(running_var + ε), without brackets around the difference. A division comes before a subtraction:
    (x − running_mean)/√(running_var + ε)."""
    return gamma * x - running_mean / np.sqrt(running_var + eps) + beta


@misconception("batchnorm_inference", "part", title="The mean of the batch is used", see="05 §4")
def inference_with_batch_mean(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by the running deviation, but subtracted the mean of x. Both statistics are the running ones here: the answer to one
    example doesn't depend on who else is in the batch."""
    return _normalised(x, gamma, beta, np.mean(x, axis=0), np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "part", title="The running mean is added", see="05 §4")
def inference_mean_added(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You added the running mean to x. The normalization subtracts it: γ (x − running_mean)/√(running_var + ε) + β."""
    return _normalised(x, gamma, beta, -running_mean, np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "part", title="The variance of the batch is used", see="05 §4")
def inference_with_batch_variance(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You subtracted the running mean, but divided by the deviation of x. Both statistics are the running ones here."""
    return _normalised(x, gamma, beta, running_mean, np.sqrt(np.var(x, axis=0) + eps))[0]


@misconception("batchnorm_inference", "part", title="γ and β are ignored", see="05 §4")
def inference_without_gamma_and_beta(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You returned the normalised x̂. γ and β were learned together with the layers behind them, which expect γ x̂ + β."""
    return (x - running_mean) / np.sqrt(np.asarray(running_var) + eps)


@misconception("batchnorm_inference", "part", title="β is ignored", see="05 §4")
def inference_without_beta(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You scaled by γ, but added no β. The layers behind this one were trained with γ x̂ + β."""
    return _normalised(x, gamma, 0.0 * beta, running_mean, np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "part", title="Shifts before it scales", see="05 §4")
def inference_shift_before_scale(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You computed γ (x̂ + β). Scale first, then shift, as in training: γ x̂ + β."""
    return _normalised(x, gamma, gamma * beta, running_mean, np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "core", title="γ and β are swapped", see="05 §4")
def inference_swapped(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You scaled by β and shifted by γ. γ is the scale and β the shift: γ x̂ + β."""
    return _normalised(x, beta, gamma, running_mean, np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "slip", title="γ, β or the running statistics are changed", see="05 §4")
def inference_changing_the_statistics(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your answer is right, but you write into γ, β, running_mean or running_var. They are fixed once training is over."""
    out = _normalised(x, gamma, beta, running_mean, np.sqrt(running_var + eps))[0]
    running_mean += 0.1 * (np.mean(x, axis=0) - running_mean)
    return out


@misconception("batchnorm_inference", "part", title="γ is ignored", see="05 §4")
def inference_without_gamma(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You added β, but didn't scale by γ. The layers behind this one were trained with γ x̂ + β."""
    return _normalised(x, np.ones(np.shape(gamma)), beta, running_mean, np.sqrt(running_var + eps))[0]


@misconception("batchnorm_inference", "slip", title="A single example loses its axis", see="05 §4")
def inference_squeezed(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You squeezed the answer. A batch of one example has shape (1, D), and the answer has the shape of x: leave `squeeze` out."""
    return np.squeeze(_normalised(x, gamma, beta, running_mean, np.sqrt(running_var + eps))[0])


# --- batchnorm_inference: right -----------------------------------------------------------------------------------------


@alternative("batchnorm_inference")
def inference_as_an_affine_map(x, gamma, beta, running_mean, running_var, eps=1e-5):
    scale = gamma / np.sqrt(running_var + eps)
    return x * scale + (beta - running_mean * scale)


@alternative("batchnorm_inference")
def inference_example_by_example(x, gamma, beta, running_mean, running_var, eps=1e-5):
    def example(row):
        columns = zip(row, gamma, beta, running_mean, running_var, strict=True)
        return [g * (value - mean) * (var + eps) ** -0.5 + b for value, g, b, mean, var in columns]

    return np.array([example(row) for row in x], dtype=float)


@alternative("batchnorm_inference")
def inference_by_a_diagonal_matrix(x, gamma, beta, running_mean, running_var, eps=1e-5):
    return (x - np.asarray(running_mean)) @ np.diag(1.0 / np.sqrt(np.asarray(running_var) + eps)) @ np.diag(gamma) + beta


@alternative("batchnorm_inference")
def inference_in_single_precision(x, gamma, beta, running_mean, running_var, eps=1e-5):
    return np.float32(_normalised(x, gamma, beta, running_mean, np.sqrt(running_var + eps))[0])


# --- batchnorm2d_forward: wrong -----------------------------------------------------------------------------------------


@misconception("batchnorm2d_forward", "core", title="A plain reshape instead of a transpose", see="05 §5")
def images_plain_reshape(x, gamma, beta, eps=1e-5):
    """You wrote x.reshape(-1, C). The numbers lie in memory in the order N, C, H, W, so the columns of that matrix are no channels but
    mixtures of all of them. Bring the channel to the end with a transpose first, then reshape, and go back in the opposite order."""
    flat = np.reshape(x, (-1, np.shape(x)[1]))
    out, (x_hat, *rest) = _normalised(flat, gamma, beta, np.mean(flat, axis=0), np.sqrt(np.var(flat, axis=0) + eps))
    return out.reshape(np.shape(x)), (x_hat.reshape(np.shape(x)), *rest)


def _elsewhere(move, x, gamma, beta, eps):
    """Normalise images, and let `move` bring the pixels of an array to other places."""
    out, (x_hat, *rest) = _normalised(x, gamma, beta, *_statistics_and_root(x, eps))
    return move(out).reshape(np.shape(x)), (move(x_hat).reshape(np.shape(x)), *rest)


@misconception("batchnorm2d_forward", "part", title="The wrong axes are swapped on the way back", see="05 §5")
def images_swapped_axes(x, gamma, beta, eps=1e-5):
    """Your statistics are right, but height and width of the result are mixed up. What transpose(0, 2, 3, 1) did is undone by
    transpose(0, 3, 1, 2); a second transpose(0, 2, 3, 1), or a plain reshape, leaves the pixels in other places."""
    N, C, H, W = np.shape(x)
    return _elsewhere(lambda each: each.reshape(N, C, W, H).transpose(0, 1, 3, 2), x, gamma, beta, eps)


@misconception("batchnorm2d_forward", "part", title="Height and width are swapped on the way there", see="05 §5")
def images_swapped_on_the_way(x, gamma, beta, eps=1e-5):
    """Your statistics are right, but height and width of the result are mixed up: you went there by transpose(0, 3, 2, 1), and back as if
    it had been transpose(0, 2, 3, 1)."""
    return _elsewhere(lambda each: each.transpose(0, 1, 3, 2), x, gamma, beta, eps)


@misconception("batchnorm2d_forward", "core", title="The way back is a plain reshape", see="05 §5")
def images_reshaped_back(x, gamma, beta, eps=1e-5):
    """Your statistics are right, but the result lies in other places. What transpose(0, 2, 3, 1) did is undone by reshape(N, H, W, C) and
    transpose(0, 3, 1, 2), not by a plain reshape."""
    return _elsewhere(lambda each: each.transpose(0, 2, 3, 1), x, gamma, beta, eps)


@misconception("batchnorm2d_forward", "core", title="Each pixel has statistics of its own", see="05 §5")
def images_statistics_per_pixel(x, gamma, beta, eps=1e-5):
    """You took mean and variance over the batch alone, so there is one for every channel and pixel. A convolution treats all places alike,
    and the normalization behind it should too: one mean per channel, over N, H and W."""
    return _normalised(x, gamma, beta, np.mean(x, axis=0), np.sqrt(np.var(x, axis=0) + eps))


@misconception("batchnorm2d_forward", "core", title="Each image is normalised by itself", see="05 §5")
def images_one_by_one(x, gamma, beta, eps=1e-5):
    """You took mean and variance over H and W alone. That is another technique, instance normalization. Batch normalization pools
    the images of the batch as well: axes 0, 2 and 3."""
    mean, var = np.mean(x, axis=(2, 3), keepdims=True), np.var(x, axis=(2, 3), keepdims=True)
    return _normalised(x, gamma, beta, mean, np.sqrt(var + eps))


@misconception("batchnorm2d_forward", "core", title="The last axis is taken for the channels", see="05 §5")
def images_channels_last(x, gamma, beta, eps=1e-5):
    """You took the statistics over axes 0, 1 and 2, which suits images stored as (N, H, W, C). Here the channel is axis 1: images are
    (N, C, H, W), so take axes 0, 2 and 3, and give γ and β the shape (1, C, 1, 1)."""
    std = np.sqrt(np.var(x, axis=(0, 1, 2)) + eps)
    x_hat = (x - np.mean(x, axis=(0, 1, 2))) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm2d_forward", "part", title="γ and β are laid along the width", see="05 §5")
def images_gamma_along_the_width(x, gamma, beta, eps=1e-5):
    """Your statistics are right, but γ and β of shape (C,) are broadcast along the last axis, the width. Reshape them to (1, C, 1, 1)
    first."""
    std = np.sqrt(np.var(x, axis=(0, 2, 3), keepdims=True) + eps)
    x_hat = (x - np.mean(x, axis=(0, 2, 3), keepdims=True)) / std
    return gamma * x_hat + beta, (x_hat, gamma, std.ravel())


@misconception("batchnorm2d_forward", "core", title="Divides by N instead of N·H·W", see="05 §5")
def images_divided_by_n(x, gamma, beta, eps=1e-5):
    """You summed over N, H and W but divided by N alone. A channel has N·H·W values in the batch, and that is what a mean over them
    divides by."""
    mean = np.sum(x, axis=(0, 2, 3), keepdims=True) / len(x)
    std = np.sqrt(np.sum((x - mean) ** 2, axis=(0, 2, 3)) / len(x) + eps)
    return _normalised(x, gamma, beta, mean, std)


@misconception("batchnorm2d_forward", "part", title="The variance divides by N instead of N·H·W", see="05 §5")
def images_variance_divided_by_n(x, gamma, beta, eps=1e-5):
    """You summed the squares over N, H and W but divided by N alone. A channel has N·H·W values in the batch."""
    mean, var = _statistics(x)
    return _normalised(x, gamma, beta, mean, np.sqrt(var * np.size(x) / np.size(gamma) / len(x) + eps))


# --- batchnorm2d_forward: right -----------------------------------------------------------------------------------------


@alternative("batchnorm2d_forward")
def images_by_transpose(x, gamma, beta, eps=1e-5):
    N, C, H, W = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, C)
    std = np.sqrt(flat.var(axis=0) + eps)
    x_hat = (flat - flat.mean(axis=0)) / std
    out = (gamma * x_hat + beta).reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, (x_hat.reshape(N, H, W, C).transpose(0, 3, 1, 2), gamma, std)


@alternative("batchnorm2d_forward")
def images_channel_by_channel(x, gamma, beta, eps=1e-5):
    out, x_hat, stds = np.zeros(x.shape), np.zeros(x.shape), []
    for c in range(x.shape[1]):
        values = x[:, c, :, :].astype(float)
        stds.append((((values - values.mean()) ** 2).mean() + eps) ** 0.5)
        x_hat[:, c] = (values - values.mean()) / stds[-1]
        out[:, c] = x_hat[:, c] * gamma[c] + beta[c]
    return out, (x_hat, np.array(gamma, dtype=float), np.array(stds))


@alternative("batchnorm2d_forward")
def images_by_einsum(x, gamma, beta, eps=1e-5):
    x = np.asarray(x, dtype=float)
    M = x.size / x.shape[1]
    mean = np.einsum("nchw->c", x) / M
    std = np.sqrt(np.einsum("nchw,nchw->c", x, x) / M - mean**2 + eps)
    x_hat = np.moveaxis((np.moveaxis(x, 1, -1) - mean) / std, -1, 1)
    return np.einsum("c,nchw->nchw", gamma, x_hat) + beta[None, :, None, None], (x_hat, gamma, std)


# --- batchnorm2d_backward: wrong ----------------------------------------------------------------------------------------


@misconception("batchnorm2d_backward", "part", title="Divides by N instead of N·H·W", see="05 §5")
def images_backward_divided_by_n(dout, cache):
    """The terms of the mean and the variance in your dx are divided by N, the number of images. A channel's mean was taken over N·H·W
    values, so that is what the backward pass divides by."""
    pixels = np.size(dout) / np.size(cache[1]) / len(dout)
    return _pulled_back(dout, cache, pixels, pixels)


@misconception("batchnorm2d_backward", "part", title="Averages over the images alone", see="05 §5")
def images_backward_per_pixel(dout, cache):
    """The means in your dx run over the batch alone, so every pixel has its own. The forward pass shared one mean among all pixels of
    a channel, so what comes back is averaged over N, H and W."""
    (x_hat, gamma, std), (_, *rest) = cache, _pulled_back(dout, cache)
    return _along(gamma / std, dout) * (dout - np.mean(dout, axis=0) - x_hat * np.mean(dout * x_hat, axis=0)), *rest


def _reshaped_and_pulled_back(dout, cache, x_hat):
    _, gamma, std = cache
    dx, *rest = _pulled_back(np.reshape(dout, (-1, np.size(gamma))), (np.reshape(x_hat, (-1, np.size(gamma))), gamma, std))
    return dx.reshape(np.shape(dout)), *rest


@misconception("batchnorm2d_backward", "core", title="A plain reshape instead of a transpose", see="05 §5")
def images_backward_plain_reshape(dout, cache):
    """You wrote dout.reshape(-1, C). The columns of that matrix are mixtures of all channels. Bring the channel to the end with a transpose
    first, as in the forward pass, then reshape."""
    return _reshaped_and_pulled_back(dout, cache, np.transpose(cache[0], (0, 2, 3, 1)))


@misconception("batchnorm2d_backward", "part", title="dx goes back by a plain reshape", see="05 §5")
def images_backward_reshaped_back(dout, cache):
    """Your sums are right, but in dx the pixels lie in other places. What transpose(0, 2, 3, 1) did is undone by reshape(N, H, W, C) and
    transpose(0, 3, 1, 2), not by a plain reshape."""
    dx, *rest = _pulled_back(dout, cache)
    return np.transpose(dx, (0, 2, 3, 1)).reshape(np.shape(dout)), *rest


@misconception("batchnorm2d_backward", "part", title="dx stays a matrix", see="05 §5")
def images_backward_as_a_matrix(dout, cache):
    """Your dx has shape (N·H·W, C). It has the shape of x: bring it back by reshape(N, H, W, C) and transpose(0, 3, 1, 2)."""
    dx, *rest = _pulled_back(dout, cache)
    return np.moveaxis(dx, 1, -1).reshape(-1, np.shape(dx)[1]), *rest


images_backward_without_parameter_gradients = only_the_first(
    "batchnorm2d_backward", right.batchnorm2d_backward, see="05 §5", first="dx", all="dx, dgamma and dbeta"
)


@misconception("batchnorm2d_backward", "part", title="dγ and dβ are summed over the images alone", see="05 §5")
def images_parameter_gradients_per_pixel(dout, cache):
    """Your dgamma and dbeta have a number for every pixel. One γ and one β served all pixels of a channel: sum over N, H and W."""
    return _pulled_back(dout, cache)[0], np.sum(dout * cache[0], axis=0), np.sum(dout, axis=0)


@misconception("batchnorm2d_backward", "part", title="γ and the deviation are forgotten in dx", see="05 §5")
def images_backward_without_scale(dout, cache):
    """Your dx isn't multiplied by γ/√(σ² + ε), by which the forward pass multiplied x."""
    x_hat, gamma, _ = cache
    return _pulled_back(dout, (x_hat, np.ones(np.shape(gamma)), np.ones(np.shape(gamma))))


@misconception("batchnorm2d_backward", "core", title="A plain reshape of dout and x̂", see="05 §5")
def images_backward_all_plainly_reshaped(dout, cache):
    """You wrote reshape(-1, C) for dout and for x̂. The columns of these matrices are mixtures of all channels. Bring the channel to the
    end with a transpose first, then reshape."""
    return _reshaped_and_pulled_back(dout, cache, cache[0])


# --- batchnorm2d_backward: right ----------------------------------------------------------------------------------------


@alternative("batchnorm2d_backward")
def images_backward_by_transpose(dout, cache):
    x_hat, gamma, std = cache
    N, C, H, W = dout.shape
    d, hat = (array.transpose(0, 2, 3, 1).reshape(-1, C) for array in (dout, x_hat))
    dgamma, dbeta = (d * hat).sum(axis=0), d.sum(axis=0)
    dx = gamma / std * (d - dbeta / len(d) - hat * dgamma / len(d))
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta


def _images_with_a_dictionary(x, gamma, beta, eps=1e-5):
    x = np.asarray(x, dtype=float)
    shape = (1, x.shape[1], 1, 1)
    mean, var = x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True)
    out = np.reshape(gamma, shape) * (x - mean) / np.sqrt(var + eps) + np.reshape(beta, shape)
    return out, {"x": x, "mean": mean, "var": var + eps, "gamma": np.reshape(gamma, shape)}


@alternative("batchnorm2d_backward", with_forward=_images_with_a_dictionary)
def images_backward_by_paths(dout, cache):
    x, mean, var = cache["x"], cache["mean"], cache["var"]
    every = (0, 2, 3)
    M = x.shape[0] * x.shape[2] * x.shape[3]
    g = dout * cache["gamma"]
    dvar = np.sum(g * (x - mean) * -0.5 * var**-1.5, axis=every, keepdims=True)
    dmean = np.sum(-g / np.sqrt(var), axis=every, keepdims=True) + dvar * np.sum(-2 * (x - mean), axis=every, keepdims=True) / M
    dx = g / np.sqrt(var) + dvar * 2 * (x - mean) / M + dmean / M
    return dx, np.sum(dout * (x - mean) / np.sqrt(var), axis=every), np.sum(dout, axis=every)


def _images_with_a_closure(x, gamma, beta, eps=1e-5):
    C = x.shape[1]
    flat = np.moveaxis(np.asarray(x, dtype=float), 1, 0).reshape(C, -1)
    centered = flat - flat.mean(axis=1, keepdims=True)
    std = np.sqrt((centered**2).mean(axis=1, keepdims=True) + eps)

    def unflat(rows):
        return np.moveaxis(rows.reshape(C, x.shape[0], x.shape[2], x.shape[3]), 0, 1)

    def pull_back(dout):
        rows, hat = np.moveaxis(dout, 1, 0).reshape(C, -1), centered / std
        inner = rows - rows.mean(axis=1, keepdims=True) - hat * (rows * hat).mean(axis=1, keepdims=True)
        return unflat(np.reshape(gamma, (C, 1)) * inner / std), (rows * hat).sum(axis=1), rows.sum(axis=1)

    return unflat(np.reshape(gamma, (C, 1)) * centered / std + np.reshape(beta, (C, 1))), pull_back


@alternative("batchnorm2d_backward", with_forward=_images_with_a_closure)
def images_backward_by_closure(dout, cache):
    return cache(dout)


@alternative("batchnorm2d_backward")
def images_backward_channel_by_channel(dout, cache):
    x_hat, gamma, std = cache
    dx, dgamma, dbeta = np.zeros(dout.shape), np.zeros(dout.shape[1]), np.zeros(dout.shape[1])
    for c in range(dout.shape[1]):
        d, hat = dout[:, c].astype(float), x_hat[:, c]
        dgamma[c], dbeta[c] = np.vdot(d, hat), d.sum()
        dx[:, c] = gamma[c] * (d - d.mean() - hat * (d * hat).mean()) / std[c]
    return dx, dgamma, dbeta


# --- fold_batchnorm: wrong ----------------------------------------------------------------------------------------------


def _folded(W, b, gamma, beta, running_mean, std):
    with np.errstate(all="ignore"):
        scale = gamma / std
    return W * scale, (b - running_mean) * scale + beta


@misconception("fold_batchnorm", "part", title="The bias isn't scaled", see="05 §6")
def fold_bias_not_scaled(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You added b as it is. The batch normalization scales everything that the dense layer gives, its bias too: the new bias is
    (b − μ) γ/√(σ² + ε) + β."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, b + beta - running_mean * scale


@misconception("fold_batchnorm", "part", title="The dense layer's bias is forgotten", see="05 §6")
def fold_without_bias(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your new bias has no b in it. Only in training does the normalization remove the bias, by subtracting the batch's mean; the running
    mean is a fixed number, and b − μ is seldom zero."""
    return _folded(W, 0.0 * b, gamma, beta, running_mean, np.sqrt(running_var + eps))


@misconception("fold_batchnorm", "part", title="The running mean isn't scaled", see="05 §6")
def fold_mean_not_scaled(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You scaled b, and then subtracted μ as it is. The normalization subtracts μ before it scales: (b − μ) γ/√(σ² + ε) + β."""
    return _folded(W, b, gamma, beta - running_mean, 0.0, np.sqrt(running_var + eps))


@misconception("fold_batchnorm", "part", title="Only W is folded", see="05 §6")
def fold_weights_alone(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You returned b as it was. The batch normalization acts on the bias too: the new one is (b − μ) γ/√(σ² + ε) + β."""
    return _folded(W, b, gamma, beta, running_mean, np.sqrt(running_var + eps))[0], 1.0 * b


@misconception("fold_batchnorm", "part", title="β is forgotten", see="05 §6")
def fold_without_beta(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your new bias has no β in it. What the layer gives without any input is (b − μ) γ/√(σ² + ε) + β, and β is part of it."""
    return _folded(W, b, gamma, 0.0 * beta, running_mean, np.sqrt(running_var + eps))


@misconception("fold_batchnorm", "part", title="β is scaled", see="05 §6")
def fold_beta_scaled(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You multiplied β by the scale, too. β is added behind it: the new bias is (b − μ) γ/√(σ² + ε) + β."""
    std = np.sqrt(running_var + eps)
    return _folded(W, b, gamma, beta * gamma / std, running_mean, std)


@misconception("fold_batchnorm", "part", title="γ is forgotten", see="05 §6")
def fold_without_gamma(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √(σ² + ε) but didn't multiply by γ. What the columns of W are scaled with is γ/√(σ² + ε)."""
    return _folded(W, b, 1.0, beta, running_mean, np.sqrt(running_var + eps))


@misconception("fold_batchnorm", "part", title="The running mean is added", see="05 §6")
def fold_mean_added(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You added the running mean to the bias. The normalization subtracts it: (b − μ) γ/√(σ² + ε) + β."""
    return _folded(W, b, gamma, beta, -running_mean, np.sqrt(running_var + eps))


@misconception("fold_batchnorm", "part", title="The running mean is forgotten", see="05 §6")
def fold_without_mean(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your new bias has no running mean in it. The normalization subtracts μ before it scales: (b − μ) γ/√(σ² + ε) + β."""
    return _folded(W, b, gamma, beta, 0.0, np.sqrt(running_var + eps))


@misconception("fold_batchnorm", "part", title="The rows of W are scaled instead of the columns", see="05 §6")
def fold_scales_rows(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You scaled the rows of W. W has shape (fan_in, fan_out), so a column holds the weights of one unit, and the unit's scale belongs to
    its column: W * scale, which broadcasts along the last axis."""
    std = np.sqrt(running_var + eps)
    return np.reshape(gamma / std, (-1, 1)) * W, _folded(W, b, gamma, beta, running_mean, std)[1]


@misconception("fold_batchnorm", "core", title="The batch normalization is taken to come first", see="05 §6")
def fold_into_the_layer_behind(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You folded as if the batch normalization came before the dense layer. Here it comes after it, so it scales what the layer gives, the
    columns of W and b, and not what the layer gets."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return np.reshape(scale, (-1, 1)) * W, b + (beta - running_mean * scale) @ W


@misconception("fold_batchnorm", "slip", title="ε is left out", see="05 §6")
def fold_without_epsilon(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √σ² and never used eps. The layer that you fold divides by √(σ² + ε), so the folded one has to as well."""
    return _folded(W, b, gamma, beta, running_mean, np.sqrt(running_var))


@misconception("fold_batchnorm", "slip", title="ε is added to the standard deviation", see="05 §6")
def fold_epsilon_outside_the_root(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √σ² + ε. ε is added to the variance, inside the root, as in the layer that you fold: √(σ² + ε)."""
    return _folded(W, b, gamma, beta, running_mean, np.sqrt(running_var) + eps)


@misconception("fold_batchnorm", "part", title="Divides by the variance", see="05 §6")
def fold_by_the_variance(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by running_var + ε and forgot the root. What the columns of W are scaled with is γ/√(σ² + ε)."""
    return _folded(W, b, gamma, beta, running_mean, running_var + eps)


fold_without_the_bias = only_the_first("fold_batchnorm", right.fold_batchnorm, see="05 §6", first="W", all="W and b")


@misconception("fold_batchnorm", "slip", title="b has an axis too many", see="05 §6")
def fold_bias_as_a_row(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your numbers are right, but the new bias has shape (1, fan_out). It replaces b, so it has the shape of b, (fan_out,)."""
    W, b = _folded(W, b, gamma, beta, running_mean, np.sqrt(running_var + eps))
    return W, b[None]


@misconception("fold_batchnorm", "part", title="W is left as it was", see="05 §6")
def fold_bias_alone(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You returned W as it was. The batch normalization scales what the dense layer gives, so each column of W is multiplied by
    γ/√(σ² + ε), as b is."""
    return 1.0 * W, _folded(W, b, gamma, beta, running_mean, np.sqrt(running_var + eps))[1]


# --- fold_batchnorm: right ----------------------------------------------------------------------------------------------


@alternative("fold_batchnorm")
def fold_by_matrix_product(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    scale = np.diag(gamma / np.sqrt(running_var + eps))
    return W @ scale, (b - running_mean) @ scale + beta


@alternative("fold_batchnorm")
def fold_unit_by_unit(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    W_new, b_new = np.empty(np.shape(W)), np.empty(np.shape(b))
    for j in range(len(b)):
        scale = gamma[j] / (running_var[j] + eps) ** 0.5
        for i in range(len(W)):
            W_new[i, j] = W[i, j] * scale
        b_new[j] = scale * b[j] - scale * running_mean[j] + beta[j]
    return W_new, b_new


@alternative("fold_batchnorm")
def fold_with_the_bias_as_a_row(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    augmented = np.vstack([W, np.asarray(b) - running_mean]).astype(float)
    augmented = np.einsum("ij,j->ij", augmented, np.asarray(gamma) * (np.asarray(running_var) + eps) ** -0.5)
    return [augmented[:-1], augmented[-1] + beta]


# --- wrong in several exercises -------------------------------------------------------------------------------------------

SECTIONS = {
    "batchnorm_forward": "05 §2",
    "batchnorm_backward": "05 §3",
    "update_running": "05 §4",
    "batchnorm_inference": "05 §4",
    "batchnorm2d_forward": "05 §5",
    "batchnorm2d_backward": "05 §5",
    "fold_batchnorm": "05 §6",
}
FOLDED_IN_PLACE = in_place("fold_batchnorm", right.fold_batchnorm, see="05 §6", title="W or b is changed in place")
IN_PLACE = members({name: see for name, see in SECTIONS.items() if name.endswith(("ward", "running"))}, vars(right), in_place)
NOTHING = members({name: see for name, see in SECTIONS.items() if not name.endswith("_forward")}, vars(right), nothing_returned)
CUT_OFF = members({name: see for name, see in SECTIONS.items() if not name.endswith("_backward")}, vars(right), cut_off)
EPSILONS = [
    fixed_number(name, vars(right)[name], see=see, name="eps", value=value, title=title, called=f"{name}_with_epsilon_{called}")
    for name, see in SECTIONS.items()
    if not name.endswith("_backward") and name != "update_running"
    for value, called, title in (
        (1e-5, "1e_5", "eps is ignored"),
        (1e-8, "1e_8", "ε has another size"),
        (1e-6, "1e_6", "ε has another size"),
        (1e-3, "1e_3", "ε has another size"),
    )
]


# --- for the demonstration ------------------------------------------------------------------------------------------------

UNEXPLAINED = {
    "fold_batchnorm": """def fold_batchnorm(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    # gamma belongs to the weights, the statistics belong to the bias
    std = np.sqrt(np.asarray(running_var) + eps)
    return np.asarray(W) * gamma, gamma * (np.asarray(b) - running_mean) / std + beta"""
}
"""Wrong functions that no misconception explains, by exercise: a group of the demonstration's students shares them."""
