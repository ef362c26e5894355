"""What students believe about batch normalization, and right answers that are written in other ways.

The cache of the reference, which the answers here share, is (x̂, γ, √(σ² + ε)).
"""

import numpy as np

from autograder.judging.known_answers import alternative, misconception

# --- batchnorm_forward: wrong ---------------------------------------------------------------------------------------------


@misconception("batchnorm_forward", title="ε is left out", see="05 §2")
def forward_without_epsilon(x, gamma, beta, eps=1e-5):
    """You divided by √σ² and never used eps. A feature that doesn't vary in a batch has variance 0, and you divide 0 by 0;
    where the variance is small, the result is too large. Divide by √(σ² + ε)."""
    mean, std = np.mean(x, axis=0), np.std(x, axis=0)
    with np.errstate(all="ignore"):
        x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="ε is added to the standard deviation", see="05 §2")
def forward_epsilon_outside_the_root(x, gamma, beta, eps=1e-5):
    """You divided by √σ² + ε. In batch normalization ε is added to the variance, inside the root: √(σ² + ε). Next to a variance of
    10⁻⁵ that is no detail: the root of ε is 0.003, some 300 times ε."""
    mean, std = np.mean(x, axis=0), np.std(x, axis=0) + eps
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="The variance divides by N − 1", see="05 §2")
def forward_unbiased_variance(x, gamma, beta, eps=1e-5):
    """You divided the sum of squares by N − 1. That estimates the variance of a population; batch normalization wants the variance of
    this very batch, divided by N, so that the outputs have variance 1 and a batch of one is no division by zero."""
    with np.errstate(all="ignore"):
        var = np.sum((x - np.mean(x, axis=0)) ** 2, axis=0) / (np.float64(len(x)) - 1)
    std = np.sqrt(var + eps)
    x_hat = (x - np.mean(x, axis=0)) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="The statistics are taken over the features of each example", see="05 §2")
def forward_over_features(x, gamma, beta, eps=1e-5):
    """Your mean and variance run along axis 1, so each example is normalised by itself. That is another technique, layer
    normalization. Batch normalization compares the examples with each other: one mean per feature, over the batch, axis 0."""
    mean, std = np.mean(x, axis=1, keepdims=True), np.sqrt(np.var(x, axis=1, keepdims=True) + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="One mean and variance for the whole batch", see="05 §2")
def forward_over_everything(x, gamma, beta, eps=1e-5):
    """You took one mean and one variance over all entries. Features have scales of their own, and each needs its own statistics:
    say axis=0, so that μ and σ² have shape (D,)."""
    std = np.sqrt(np.var(x) + eps)
    x_hat = (x - np.mean(x)) / std
    return gamma * x_hat + beta, (x_hat, gamma, std * np.ones(np.shape(x)[1]))


@misconception("batchnorm_forward", title="Divides by the variance", see="05 §2")
def forward_by_the_variance(x, gamma, beta, eps=1e-5):
    """You divided by σ² + ε and forgot the root. The variance has the square of the feature's unit; only its root, the standard
    deviation, brings every feature to the same scale."""
    mean, var = np.mean(x, axis=0), np.var(x, axis=0) + eps
    x_hat = (x - mean) / var
    return gamma * x_hat + beta, (x_hat, gamma, var)


@misconception("batchnorm_forward", title="γ and β are ignored", see="05 §2")
def forward_without_gamma_and_beta(x, gamma, beta, eps=1e-5):
    """You returned x̂ itself. The layer's output is γ x̂ + β: with its scale and shift the network can undo the normalization
    where that serves it better."""
    std = np.sqrt(np.var(x, axis=0) + eps)
    x_hat = (x - np.mean(x, axis=0)) / std
    return x_hat, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="β is ignored", see="05 §2")
def forward_without_beta(x, gamma, beta, eps=1e-5):
    """You scaled by γ, but added no β. Without the shift every feature keeps the mean 0, and a ReLU behind it is stuck with losing
    about half of what it gets."""
    std = np.sqrt(np.var(x, axis=0) + eps)
    x_hat = (x - np.mean(x, axis=0)) / std
    return gamma * x_hat, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="Shifts before it scales", see="05 §2")
def forward_shift_before_scale(x, gamma, beta, eps=1e-5):
    """You computed γ (x̂ + β). Scale first, then shift: γ x̂ + β. Otherwise the mean of the output is γβ, and the gradient of β
    is another one too."""
    std = np.sqrt(np.var(x, axis=0) + eps)
    x_hat = (x - np.mean(x, axis=0)) / std
    return gamma * (x_hat + beta), (x_hat, gamma, std)


@misconception("batchnorm_forward", title="Running statistics are used in training", see="05 §4")
def forward_with_running_statistics(x, gamma, beta, eps=1e-5):
    """You normalised with running averages, which begin at mean 0 and variance 1 and move towards the batch by a tenth. They are for
    prediction. In training the batch's own mean and variance are used; only so does the gradient flow through them."""
    mean = 0.9 * 0.0 + 0.1 * np.mean(x, axis=0)
    std = np.sqrt(0.9 * 1.0 + 0.1 * np.var(x, axis=0) + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm_forward", title="x is changed in place", see="05 §2")
def forward_in_place(x, gamma, beta, eps=1e-5):
    """Your formula is right, but `x -= …` or `x /= …` writes into the caller's array: the layer before finds its output changed.
    Write `x = x - …`, which makes a new array."""
    x -= np.mean(x, axis=0)
    std = np.sqrt(np.mean(x**2, axis=0) + eps)
    x /= std
    return gamma * x + beta, (x.copy(), gamma, std)


@misconception("batchnorm_forward", title="The result has the integers' type", see="05 §2")
def forward_truncated(x, gamma, beta, eps=1e-5):
    """You wrote the result into an array made with `empty_like` or `zeros_like` of x. Where x holds integers, that array does too, and
    cuts off everything behind the decimal point. Make it with dtype float."""
    std = np.sqrt(np.var(x, axis=0) + eps)
    x_hat, out = np.zeros_like(x), np.zeros_like(x)
    x_hat[:] = (x - np.mean(x, axis=0)) / std
    out[:] = gamma * x_hat + beta
    return out, (x_hat, gamma, std)


# --- batchnorm_forward: right ---------------------------------------------------------------------------------------------


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


# --- batchnorm_backward: wrong --------------------------------------------------------------------------------------------


@misconception("batchnorm_backward", title="The mean and variance are treated as constants", see="05 §3")
def statistics_as_constants(dout, cache):
    """You multiplied by γ/√(σ² + ε) and stopped there. But μ and σ² are computed from x, so each example also moves the others through
    them: two more paths in the graph lead from x to the loss, and their gradients are added."""
    x_hat, gamma, std = cache
    return dout * gamma / std, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)


@misconception("batchnorm_backward", title="The variance is treated as a constant", see="05 §3")
def variance_as_constant(dout, cache):
    """Your dx has the path through the mean, but not the one through the variance. σ² depends on every x as well: the term
    − x̂ · mean(dout · x̂) is missing inside the brackets."""
    x_hat, gamma, std = cache
    return gamma / std * (dout - np.mean(dout, axis=0)), np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)


@misconception("batchnorm_backward", title="The mean is treated as a constant", see="05 §3")
def mean_as_constant(dout, cache):
    """Your dx has the path through the variance, but not the one through the mean: each example also lifts the mean that is subtracted
    from all of them. The term − mean(dout) is missing inside the brackets."""
    x_hat, gamma, std = cache
    dgamma = np.sum(dout * x_hat, axis=0)
    return gamma / std * (dout - x_hat * dgamma / len(dout)), dgamma, np.sum(dout, axis=0)


@misconception("batchnorm_backward", title="A factor 1/N is missing", see="05 §3")
def backward_without_one_over_n(dout, cache):
    """The terms of the mean and the variance in your dx are sums where they should be means. Each example enters μ and σ² with weight 1/N,
    so the gradient that comes back through them carries this 1/N too."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    return gamma / std * (dout - dbeta - x_hat * dgamma), dgamma, dbeta


@misconception("batchnorm_backward", title="The terms of mean and variance aren't summed over the batch", see="05 §3")
def backward_not_summed_over_the_batch(dout, cache):
    """The gradients of μ and σ² in your dx are still one per example. One μ served the whole batch, so what comes back from all examples
    has to be summed over the batch before it goes on to x."""
    x_hat, gamma, std = cache
    N = len(dout)
    dx = gamma / std * (dout - dout / N - x_hat * (dout * x_hat) / N)
    return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)


@misconception("batchnorm_backward", title="γ is forgotten in dx", see="05 §3")
def backward_without_gamma(dout, cache):
    """Your dx has no γ in it. Between dout and x̂ lies the multiplication by γ, so the gradient that reaches x̂ is γ · dout."""
    x_hat, _, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    return (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)) / std, dgamma, dbeta


@misconception("batchnorm_backward", title="The variance's path has lost its ½", see="05 §3")
def backward_without_one_half(dout, cache):
    """The path through the variance in your dx is twice as strong as it should be. The derivative of (σ² + ε)^(−½) is
    −½ (σ² + ε)^(−3/2), and this ½ is what cancels the 2 of the square."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    return gamma / std * (dout - dbeta / len(dout) - 2 * x_hat * dgamma / len(dout)), dgamma, dbeta


@misconception("batchnorm_backward", title="Divides by N − 1", see="05 §3")
def backward_n_minus_one(dout, cache):
    """The terms of the mean and the variance in your dx are divided by N − 1. The forward pass divided by N, both in μ and in σ², so the
    backward pass divides by N."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    with np.errstate(all="ignore"):
        N = np.float64(len(dout)) - 1
        return gamma / std * (dout - dbeta / N - x_hat * dgamma / N), dgamma, dbeta


@misconception("batchnorm_backward", title="Divides by the number of entries, not of examples", see="05 §3")
def backward_divides_by_the_size(dout, cache):
    """The terms of the mean and the variance in your dx are divided by N·D. Each μ is a mean over the N examples of its feature alone;
    `dout.size` counts the other features too."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    return gamma / std * (dout - dbeta / dout.size - x_hat * dgamma / dout.size), dgamma, dbeta


@misconception("batchnorm_backward", title="dγ is computed from x − μ", see="05 §3")
def dgamma_from_centered_x(dout, cache):
    """Your dgamma sums dout · (x − μ). What γ was multiplied with in the forward pass is x̂, the normalised value, so
    dγ = Σ dout · x̂."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    return gamma / std * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)), dgamma * std, dbeta


@misconception("batchnorm_backward", title="dγ and dβ are averaged over the batch", see="05 §3")
def parameter_gradients_averaged(dout, cache):
    """You took the mean over the batch for dgamma and dbeta. Every example used the same γ and β, so their gradients add up: a sum. If
    the loss is a mean over examples, its 1/N is in dout already."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.mean(dout * x_hat, axis=0), np.mean(dout, axis=0)
    return gamma / std * (dout - dbeta - x_hat * dgamma), dgamma, dbeta


@misconception("batchnorm_backward", title="dγ and dβ are kept as (1, D)", see="05 §3")
def parameter_gradients_keep_dimensions(dout, cache):
    """Your numbers are right, but dgamma and dbeta have shape (1, D). A gradient has the shape of what it belongs to, and γ and β have
    shape (D,): leave keepdims out where you sum for them."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0, keepdims=True), np.sum(dout, axis=0, keepdims=True)
    return gamma / std * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)), dgamma, dbeta


@misconception("batchnorm_backward", title="dγ and dβ aren't summed over the batch", see="05 §3")
def parameter_gradients_per_example(dout, cache):
    """Your dgamma and dbeta have one row per example. γ and β have shape (D,) and were used by every example, so what each of them says
    is summed over the batch."""
    x_hat, gamma, std = cache
    dx = gamma / std * (dout - np.mean(dout, axis=0) - x_hat * np.mean(dout * x_hat, axis=0))
    return dx, dout * x_hat, np.array(dout)


@misconception("batchnorm_backward", title="dγ and dβ are swapped", see="05 §3")
def parameter_gradients_swapped(dout, cache):
    """You return dbeta before dgamma. Gradients come in the order of the forward pass's arguments: x, gamma, beta."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    return gamma / std * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)), dbeta, dgamma


def _forward_keeping_the_variance(x, gamma, beta, eps=1e-5):
    mean, var = np.mean(x, axis=0), np.var(x, axis=0)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma * x_hat + beta, (x_hat, gamma, var, eps)


@misconception("batchnorm_backward", title="ε is left out of the backward pass", see="05 §3", with_forward=_forward_keeping_the_variance)
def backward_without_epsilon(dout, cache):
    """Your dx divides by √σ², though the forward pass divided by √(σ² + ε). The derivative has the same ε in it as the function:
    keep √(σ² + ε) in the cache."""
    x_hat, gamma, var, _ = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    with np.errstate(all="ignore"):
        return gamma / np.sqrt(var) * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)), dgamma, dbeta


@misconception("batchnorm_backward", title="ε is subtracted", see="05 §3", with_forward=_forward_keeping_the_variance)
def backward_subtracting_epsilon(dout, cache):
    """Your dx divides by √(σ² − ε). Nothing about ε is reversed on the way back: the derivative is taken at the values of the forward
    pass, and there it was √(σ² + ε)."""
    x_hat, gamma, var, eps = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    with np.errstate(all="ignore"):
        return gamma / np.sqrt(var - eps) * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout)), dgamma, dbeta


@misconception("batchnorm_backward", title="dout is changed in place", see="05 §3")
def backward_in_place(dout, cache):
    """Your gradients are right, but `dout *= …` writes into the caller's array, and whoever holds dout finds it changed. Write
    `dout = dout * …`, which makes a new array."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)
    dout *= gamma
    return (dout - np.mean(dout, axis=0) - x_hat * np.mean(dout * x_hat, axis=0)) / std, dgamma, dbeta


# --- batchnorm_backward: right --------------------------------------------------------------------------------------------


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


# --- update_running: wrong ------------------------------------------------------------------------------------------------


@misconception("update_running", title="The momentum is the wrong way round", see="05 §4")
def momentum_of_the_batch(running, batch_value, momentum=0.9):
    """You multiplied the batch's value by momentum, so with 0.9 the last batch decides nearly alone. Here momentum says how much of the
    old value is kept, as on the slides and in Keras. (PyTorch's momentum is the other share: 0.1 there is 0.9 here.)"""
    return (1 - momentum) * np.asarray(running) + momentum * np.asarray(batch_value)


@misconception("update_running", title="The batch's value is added in full", see="05 §4")
def batch_value_in_full(running, batch_value, momentum=0.9):
    """You kept momentum times the old value and added the batch's value in full. Then the result isn't an average: fed with the same value
    v forever, it grows to v/(1 − momentum), ten times v for 0.9. The two weights have to add up to 1."""
    return momentum * np.asarray(running) + np.asarray(batch_value)


@misconception("update_running", title="The old value is forgotten", see="05 §4")
def batch_value_alone(running, batch_value, momentum=0.9):
    """You returned the last batch's value. A running value remembers all batches, the recent ones best:
    running · momentum + batch · (1 − momentum)."""
    return np.array(batch_value, dtype=float)


@misconception("update_running", title="The momentum is ignored", see="05 §4")
def momentum_fixed(running, batch_value, momentum=0.9):
    """You wrote 0.9 into the formula, so the argument momentum has no effect. Use the argument."""
    return 0.9 * np.asarray(running) + 0.1 * np.asarray(batch_value)


@misconception("update_running", title="Old and new count the same", see="05 §4")
def plain_average(running, batch_value, momentum=0.9):
    """You took the plain average of the two values. So the last batch has half of the say, whatever momentum is; it should be
    1 − momentum."""
    return (np.asarray(running) + np.asarray(batch_value)) / 2


@misconception("update_running", title="running is changed in place", see="05 §4")
def running_in_place(running, batch_value, momentum=0.9):
    """Your formula is right, but it writes the new value into the caller's array. Return a new array, and leave it to the caller to
    put it in the old one's place."""
    running[:] = momentum * running + (1 - momentum) * np.asarray(batch_value)
    return running


# --- update_running: right ------------------------------------------------------------------------------------------------


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


# --- batchnorm_inference: wrong -------------------------------------------------------------------------------------------


@misconception("batchnorm_inference", title="ε is left out", see="05 §4")
def inference_without_epsilon(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by the root of running_var alone and never used eps. In training the layer divided by √(σ² + ε), so the same has to
    happen here; and a pixel that is always black has running_var 0."""
    with np.errstate(all="ignore"):
        return gamma * ((x - running_mean) / np.sqrt(running_var)) + beta


@misconception("batchnorm_inference", title="ε is added to the standard deviation", see="05 §4")
def inference_epsilon_outside_the_root(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √running_var + ε. ε is added to the variance, inside the root, as in training: √(running_var + ε)."""
    return gamma * (x - running_mean) / (np.sqrt(running_var) + eps) + beta


@misconception("batchnorm_inference", title="The batch's own statistics are used", see="05 §4")
def inference_with_batch_statistics(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You normalised with the mean and variance of x, as in training. Then a prediction depends on who else is in the batch, and a single
    example always comes out as β. Use running_mean and running_var."""
    return gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + eps) + beta


@misconception("batchnorm_inference", title="Divides by the variance", see="05 §4")
def inference_by_the_variance(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by running_var + ε and forgot the root. running_var is a variance; its root is what x is divided by."""
    return gamma * (x - running_mean) / (np.asarray(running_var) + eps) + beta


@misconception("batchnorm_inference", title="γ and β are ignored", see="05 §4")
def inference_without_gamma_and_beta(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You returned the normalised x̂. γ and β were learned together with the layers behind them, which expect γ x̂ + β."""
    return (x - running_mean) / np.sqrt(np.asarray(running_var) + eps)


@misconception("batchnorm_inference", title="Shifts before it scales", see="05 §4")
def inference_shift_before_scale(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You computed γ (x̂ + β). Scale first, then shift, as in training: γ x̂ + β."""
    return gamma * ((x - running_mean) / np.sqrt(np.asarray(running_var) + eps) + beta)


@misconception("batchnorm_inference", title="Prediction goes on updating the running statistics", see="05 §4")
def inference_updating_the_statistics(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """You moved the running statistics towards this batch before you used them. They are fixed once training is over; else the answer to
    one example depends on who else is asked about."""
    mean = 0.9 * np.asarray(running_mean) + 0.1 * np.mean(x, axis=0)
    var = 0.9 * np.asarray(running_var) + 0.1 * np.var(x, axis=0)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@misconception("batchnorm_inference", title="x is changed in place", see="05 §4")
def inference_in_place(x, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your formula is right, but `x -= …` or `x /= …` writes into the caller's array. Write `x = x - …`, which makes a new array."""
    x -= running_mean
    x /= np.sqrt(np.asarray(running_var) + eps)
    return gamma * x + beta


# --- batchnorm_inference: right -------------------------------------------------------------------------------------------


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


# --- batchnorm2d_forward: wrong -------------------------------------------------------------------------------------------


@misconception("batchnorm2d_forward", title="A plain reshape instead of a transpose", see="05 §5")
def images_plain_reshape(x, gamma, beta, eps=1e-5):
    """You wrote x.reshape(-1, C). The numbers lie in memory in the order N, C, H, W, so the columns of that matrix are no channels but
    mixtures of all of them. Bring the channel to the end with a transpose first, then reshape, and go back in the opposite order."""
    flat = np.reshape(x, (-1, np.shape(x)[1]))
    std = np.sqrt(np.var(flat, axis=0) + eps)
    x_hat = (flat - np.mean(flat, axis=0)) / std
    return (gamma * x_hat + beta).reshape(np.shape(x)), (x_hat.reshape(np.shape(x)), gamma, std)


@misconception("batchnorm2d_forward", title="The wrong axes are swapped on the way back", see="05 §5")
def images_swapped_axes(x, gamma, beta, eps=1e-5):
    """Your statistics are right, but height and width of the result are mixed up. What transpose(0, 2, 3, 1) did is undone by
    transpose(0, 3, 1, 2); a second transpose(0, 2, 3, 1), or a plain reshape, leaves the pixels in other places."""
    N, C, H, W = np.shape(x)
    flat = np.transpose(x, (0, 2, 3, 1)).reshape(-1, C)
    std = np.sqrt(np.var(flat, axis=0) + eps)
    x_hat = (flat - np.mean(flat, axis=0)) / std
    back = [array.reshape(N, W, H, C).transpose(0, 3, 2, 1) for array in (gamma * x_hat + beta, x_hat)]
    return back[0], (back[1], gamma, std)


@misconception("batchnorm2d_forward", title="Each pixel has statistics of its own", see="05 §5")
def images_statistics_per_pixel(x, gamma, beta, eps=1e-5):
    """You took mean and variance over the batch alone, so there is one for every channel and pixel. A convolution treats all places alike,
    and the normalization behind it should too: one mean per channel, over N, H and W."""
    std = np.sqrt(np.var(x, axis=0) + eps)
    x_hat = (x - np.mean(x, axis=0)) / std
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, std.mean(axis=(1, 2)))


@misconception("batchnorm2d_forward", title="Each image is normalised by itself", see="05 §5")
def images_one_by_one(x, gamma, beta, eps=1e-5):
    """You took mean and variance over H and W alone. That is another technique, instance normalization. Batch normalization pools
    the images of the batch as well: axes 0, 2 and 3."""
    std = np.sqrt(np.var(x, axis=(2, 3), keepdims=True) + eps)
    x_hat = (x - np.mean(x, axis=(2, 3), keepdims=True)) / std
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, std.mean(axis=(0, 2, 3)))


@misconception("batchnorm2d_forward", title="All channels share one mean and variance", see="05 §5")
def images_all_channels_together(x, gamma, beta, eps=1e-5):
    """You took one mean and one variance over everything. Each channel is a feature with a scale of its own, so the channel axis, axis 1,
    is the one that stays: axis=(0, 2, 3)."""
    std = np.sqrt(np.var(x) + eps)
    x_hat = (x - np.mean(x)) / std
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, std * np.ones(np.shape(x)[1]))


@misconception("batchnorm2d_forward", title="The last axis is taken for the channels", see="05 §5")
def images_channels_last(x, gamma, beta, eps=1e-5):
    """You took the statistics over axes 0, 1 and 2, which suits images stored as (N, H, W, C). Here the channel is axis 1: images are
    (N, C, H, W), so take axes 0, 2 and 3, and give γ and β the shape (1, C, 1, 1)."""
    std = np.sqrt(np.var(x, axis=(0, 1, 2)) + eps)
    x_hat = (x - np.mean(x, axis=(0, 1, 2))) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


@misconception("batchnorm2d_forward", title="γ and β are laid along the width", see="05 §5")
def images_gamma_along_the_width(x, gamma, beta, eps=1e-5):
    """Your statistics are right, but γ and β of shape (C,) are broadcast along the last axis, the width. Reshape them to (1, C, 1, 1)
    first."""
    std = np.sqrt(np.var(x, axis=(0, 2, 3), keepdims=True) + eps)
    x_hat = (x - np.mean(x, axis=(0, 2, 3), keepdims=True)) / std
    return gamma * x_hat + beta, (x_hat, gamma, std.ravel())


@misconception("batchnorm2d_forward", title="Divides by N instead of N·H·W", see="05 §5")
def images_divided_by_n(x, gamma, beta, eps=1e-5):
    """You summed over N, H and W but divided by N alone. A channel has N·H·W values in the batch, and that is what a mean over them
    divides by."""
    N = len(x)
    mean = np.sum(x, axis=(0, 2, 3), keepdims=True) / N
    std = np.sqrt(np.sum((x - mean) ** 2, axis=(0, 2, 3), keepdims=True) / N + eps)
    x_hat = (x - mean) / std
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, std.ravel())


@misconception("batchnorm2d_forward", title="The variance divides by N·H·W − 1", see="05 §5")
def images_unbiased_variance(x, gamma, beta, eps=1e-5):
    """You divided the sum of squares by N·H·W − 1. Batch normalization wants the variance of this very batch, divided by the number of
    values, N·H·W."""
    mean = np.mean(x, axis=(0, 2, 3), keepdims=True)
    with np.errstate(all="ignore"):
        var = np.sum((x - mean) ** 2, axis=(0, 2, 3), keepdims=True) / (np.float64(np.size(x)) / np.shape(x)[1] - 1)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, np.sqrt(var + eps).ravel())


@misconception("batchnorm2d_forward", title="ε is left out", see="05 §5")
def images_without_epsilon(x, gamma, beta, eps=1e-5):
    """You divided by √σ² and never used eps. Divide by √(σ² + ε), as for features."""
    mean, std = np.mean(x, axis=(0, 2, 3), keepdims=True), np.std(x, axis=(0, 2, 3), keepdims=True)
    with np.errstate(all="ignore"):
        x_hat = (x - mean) / std
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, std.ravel())


@misconception("batchnorm2d_forward", title="ε is added to the standard deviation", see="05 §5")
def images_epsilon_outside_the_root(x, gamma, beta, eps=1e-5):
    """You divided by √σ² + ε. ε is added to the variance, inside the root: √(σ² + ε), as for features."""
    mean, std = np.mean(x, axis=(0, 2, 3), keepdims=True), np.std(x, axis=(0, 2, 3), keepdims=True) + eps
    x_hat = (x - mean) / std
    return np.reshape(gamma, (-1, 1, 1)) * x_hat + np.reshape(beta, (-1, 1, 1)), (x_hat, gamma, std.ravel())


@misconception("batchnorm2d_forward", title="γ and β are ignored", see="05 §5")
def images_without_gamma_and_beta(x, gamma, beta, eps=1e-5):
    """You returned x̂ itself. The layer's output is γ x̂ + β, with one γ and one β per channel."""
    std = np.sqrt(np.var(x, axis=(0, 2, 3), keepdims=True) + eps)
    x_hat = (x - np.mean(x, axis=(0, 2, 3), keepdims=True)) / std
    return x_hat, (x_hat, gamma, std.ravel())


@misconception("batchnorm2d_forward", title="x is changed in place", see="05 §5")
def images_in_place(x, gamma, beta, eps=1e-5):
    """Your formula is right, but `x -= …` or `x /= …` writes into the caller's images. Write `x = x - …`, which makes a new array."""
    x -= np.mean(x, axis=(0, 2, 3), keepdims=True)
    std = np.sqrt(np.mean(x**2, axis=(0, 2, 3), keepdims=True) + eps)
    x /= std
    return np.reshape(gamma, (-1, 1, 1)) * x + np.reshape(beta, (-1, 1, 1)), (x.copy(), gamma, std.ravel())


# --- batchnorm2d_forward: right -------------------------------------------------------------------------------------------


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


# --- batchnorm2d_backward: wrong ------------------------------------------------------------------------------------------


@misconception("batchnorm2d_backward", title="The mean and variance are treated as constants", see="05 §5")
def images_statistics_as_constants(dout, cache):
    """You multiplied by γ/√(σ² + ε) and stopped there. The mean and variance of a channel depend on every pixel in it, so two more paths
    in the graph lead from x to the loss, as for features."""
    x_hat, gamma, std = cache
    return dout * np.reshape(gamma / std, (-1, 1, 1)), np.sum(dout * x_hat, axis=(0, 2, 3)), np.sum(dout, axis=(0, 2, 3))


@misconception("batchnorm2d_backward", title="The variance is treated as a constant", see="05 §5")
def images_variance_as_constant(dout, cache):
    """Your dx has the path through the mean, but not the one through the variance: the term − x̂ · mean(dout · x̂) is missing inside
    the brackets, with the mean over N, H and W."""
    x_hat, gamma, std = cache
    dx = np.reshape(gamma / std, (-1, 1, 1)) * (dout - np.mean(dout, axis=(0, 2, 3), keepdims=True))
    return dx, np.sum(dout * x_hat, axis=(0, 2, 3)), np.sum(dout, axis=(0, 2, 3))


@misconception("batchnorm2d_backward", title="The mean is treated as a constant", see="05 §5")
def images_mean_as_constant(dout, cache):
    """Your dx has the path through the variance, but not the one through the mean: the term − mean(dout) is missing inside the brackets,
    with the mean over N, H and W."""
    x_hat, gamma, std = cache
    dx = np.reshape(gamma / std, (-1, 1, 1)) * (dout - x_hat * np.mean(dout * x_hat, axis=(0, 2, 3), keepdims=True))
    return dx, np.sum(dout * x_hat, axis=(0, 2, 3)), np.sum(dout, axis=(0, 2, 3))


@misconception("batchnorm2d_backward", title="A factor 1/(N·H·W) is missing", see="05 §5")
def images_sums_for_means(dout, cache):
    """The terms of the mean and the variance in your dx are sums where they should be means: each pixel enters μ and σ² with weight
    1/(N·H·W), and the gradient that comes back carries it too."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=(0, 2, 3), keepdims=True), np.sum(dout, axis=(0, 2, 3), keepdims=True)
    return np.reshape(gamma / std, (-1, 1, 1)) * (dout - dbeta - x_hat * dgamma), dgamma.ravel(), dbeta.ravel()


@misconception("batchnorm2d_backward", title="Divides by N instead of N·H·W", see="05 §5")
def images_backward_divided_by_n(dout, cache):
    """The terms of the mean and the variance in your dx are divided by N, the number of images. A channel's mean was taken over N·H·W
    values, so that is what the backward pass divides by."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=(0, 2, 3), keepdims=True), np.sum(dout, axis=(0, 2, 3), keepdims=True)
    dx = np.reshape(gamma / std, (-1, 1, 1)) * (dout - dbeta / len(dout) - x_hat * dgamma / len(dout))
    return dx, dgamma.ravel(), dbeta.ravel()


@misconception("batchnorm2d_backward", title="Averages over the images alone", see="05 §5")
def images_backward_per_pixel(dout, cache):
    """The means in your dx run over the batch alone, so every pixel has its own. The forward pass shared one mean among all pixels of
    a channel, so what comes back is averaged over N, H and W."""
    x_hat, gamma, std = cache
    dx = np.reshape(gamma / std, (-1, 1, 1)) * (dout - np.mean(dout, axis=0) - x_hat * np.mean(dout * x_hat, axis=0))
    return dx, np.sum(dout * x_hat, axis=(0, 2, 3)), np.sum(dout, axis=(0, 2, 3))


@misconception("batchnorm2d_backward", title="A plain reshape instead of a transpose", see="05 §5")
def images_backward_plain_reshape(dout, cache):
    """You wrote dout.reshape(-1, C). The columns of that matrix are mixtures of all channels. Bring the channel to the end with a transpose
    first, as in the forward pass, then reshape."""
    x_hat, gamma, std = cache
    flat, hat = np.reshape(dout, (-1, np.size(gamma))), np.transpose(x_hat, (0, 2, 3, 1)).reshape(-1, np.size(gamma))
    dgamma, dbeta = np.sum(flat * hat, axis=0), np.sum(flat, axis=0)
    dx = gamma / std * (flat - dbeta / len(flat) - hat * dgamma / len(flat))
    return dx.reshape(np.shape(dout)), dgamma, dbeta


@misconception("batchnorm2d_backward", title="γ is forgotten in dx", see="05 §5")
def images_backward_without_gamma(dout, cache):
    """Your dx has no γ in it. Between dout and x̂ lies the multiplication by γ, so the gradient that reaches x̂ is γ · dout, with the γ of
    the channel."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=(0, 2, 3), keepdims=True), np.sum(dout, axis=(0, 2, 3), keepdims=True)
    M = np.size(dout) / np.size(gamma)
    return (dout - dbeta / M - x_hat * dgamma / M) / np.reshape(std, (-1, 1, 1)), dgamma.ravel(), dbeta.ravel()


@misconception("batchnorm2d_backward", title="dγ and dβ are averaged", see="05 §5")
def images_parameter_gradients_averaged(dout, cache):
    """You took means for dgamma and dbeta. Every pixel of a channel used the same γ and β, so their gradients add up: a sum over
    N, H and W."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.mean(dout * x_hat, axis=(0, 2, 3), keepdims=True), np.mean(dout, axis=(0, 2, 3), keepdims=True)
    return np.reshape(gamma / std, (-1, 1, 1)) * (dout - dbeta - x_hat * dgamma), dgamma.ravel(), dbeta.ravel()


@misconception("batchnorm2d_backward", title="dγ and dβ are kept as (1, C, 1, 1)", see="05 §5")
def images_parameter_gradients_keep_dimensions(dout, cache):
    """Your numbers are right, but dgamma and dbeta have shape (1, C, 1, 1). A gradient has the shape of what it belongs to, and γ and β
    have shape (C,)."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=(0, 2, 3), keepdims=True), np.sum(dout, axis=(0, 2, 3), keepdims=True)
    M = np.size(dout) / np.size(gamma)
    return np.reshape(gamma / std, (-1, 1, 1)) * (dout - dbeta / M - x_hat * dgamma / M), dgamma, dbeta


@misconception("batchnorm2d_backward", title="dout is changed in place", see="05 §5")
def images_backward_in_place(dout, cache):
    """Your gradients are right, but `dout *= …` writes into the caller's array. Write `dout = dout * …`, which makes a new array."""
    x_hat, gamma, std = cache
    dgamma, dbeta = np.sum(dout * x_hat, axis=(0, 2, 3)), np.sum(dout, axis=(0, 2, 3))
    dout *= np.reshape(gamma / std, (-1, 1, 1))
    dx = dout - np.mean(dout, axis=(0, 2, 3), keepdims=True) - x_hat * np.mean(dout * x_hat, axis=(0, 2, 3), keepdims=True)
    return dx, dgamma, dbeta


# --- batchnorm2d_backward: right ------------------------------------------------------------------------------------------


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


# --- fold_batchnorm: wrong ------------------------------------------------------------------------------------------------


@misconception("fold_batchnorm", title="The bias isn't scaled", see="05 §6")
def fold_bias_not_scaled(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You added b as it is. The batch normalization scales everything that the dense layer gives, its bias too: the new bias is
    (b − μ) γ/√(σ² + ε) + β."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, b + beta - running_mean * scale


@misconception("fold_batchnorm", title="The dense layer's bias is forgotten", see="05 §6")
def fold_without_bias(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your new bias has no b in it. Only in training does the normalization remove the bias, by subtracting the batch's mean; the running
    mean is a fixed number, and b − μ is seldom zero."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, beta - running_mean * scale


@misconception("fold_batchnorm", title="β is forgotten", see="05 §6")
def fold_without_beta(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your new bias has no β in it. What the layer gives without any input is (b − μ) γ/√(σ² + ε) + β, and β is part of it."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, (b - np.asarray(running_mean)) * scale


@misconception("fold_batchnorm", title="γ is forgotten", see="05 §6")
def fold_without_gamma(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √(σ² + ε) but didn't multiply by γ. What the columns of W are scaled with is γ/√(σ² + ε)."""
    scale = 1 / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, (b - np.asarray(running_mean)) * scale + beta


@misconception("fold_batchnorm", title="The running mean is added", see="05 §6")
def fold_mean_added(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You added the running mean to the bias. The normalization subtracts it: (b − μ) γ/√(σ² + ε) + β."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, (b + np.asarray(running_mean)) * scale + beta


@misconception("fold_batchnorm", title="The running mean is forgotten", see="05 §6")
def fold_without_mean(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your new bias has no running mean in it. The normalization subtracts μ before it scales: (b − μ) γ/√(σ² + ε) + β."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return W * scale, b * scale + beta


@misconception("fold_batchnorm", title="The rows of W are scaled instead of the columns", see="05 §6")
def fold_scales_rows(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You scaled the rows of W. W has shape (fan_in, fan_out), so a column holds the weights of one unit, and the unit's scale belongs to
    its column: W * scale, which broadcasts along the last axis."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return np.reshape(scale, (-1, 1)) * W, (b - np.asarray(running_mean)) * scale + beta


@misconception("fold_batchnorm", title="The batch normalization is taken to come first", see="05 §6")
def fold_into_the_layer_behind(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You folded as if the batch normalization came before the dense layer. Here it comes after it, so it scales what the layer gives, the
    columns of W and b, and not what the layer gets."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    return np.reshape(scale, (-1, 1)) * W, b + (beta - running_mean * scale) @ W


@misconception("fold_batchnorm", title="ε is left out", see="05 §6")
def fold_without_epsilon(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √σ² and never used eps. The layer that you fold divides by √(σ² + ε), so the folded one has to as well."""
    with np.errstate(all="ignore"):
        scale = gamma / np.sqrt(running_var)
        return W * scale, (b - np.asarray(running_mean)) * scale + beta


@misconception("fold_batchnorm", title="ε is added to the standard deviation", see="05 §6")
def fold_epsilon_outside_the_root(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by √σ² + ε. ε is added to the variance, inside the root, as in the layer that you fold: √(σ² + ε)."""
    scale = gamma / (np.sqrt(running_var) + eps)
    return W * scale, (b - np.asarray(running_mean)) * scale + beta


@misconception("fold_batchnorm", title="Divides by the variance", see="05 §6")
def fold_by_the_variance(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """You divided by running_var + ε and forgot the root. What the columns of W are scaled with is γ/√(σ² + ε)."""
    scale = gamma / (np.asarray(running_var) + eps)
    return W * scale, (b - np.asarray(running_mean)) * scale + beta


@misconception("fold_batchnorm", title="W and b are changed in place", see="05 §6")
def fold_in_place(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Your formula is right, but `W *= …` writes into the network's own weights: fold twice, or compare with the net before, and the
    numbers are off. Write `W * …`, which makes a new array."""
    scale = gamma / np.sqrt(np.asarray(running_var) + eps)
    W *= scale
    b -= running_mean
    b *= scale
    b += beta
    return W, b


# --- fold_batchnorm: right ------------------------------------------------------------------------------------------------


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
