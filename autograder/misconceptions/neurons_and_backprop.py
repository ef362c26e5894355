"""What students believe about neurons, losses and backpropagation, and right answers that are written in other ways.

The cache of the reference's dense layer, which the answers here share, is (x, W).
"""

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.misconceptions.families import (
    cut_off,
    fixed_number,
    generator_ignored,
    in_a_tuple,
    in_place,
    left_out,
    members,
    nothing_returned,
    only_the_first,
    reseeded,
)
from autograder.reference import neurons_and_backprop as right

NOTHING_RETURNED = members({"threshold_unit": "01 §1", "minibatches": "01 §7"}, vars(right), nothing_returned)


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z, dtype=float)))


def _softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def _log_softmax(z):
    shifted = z - np.max(z, axis=1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))


def _one_hot(y, K):
    return np.eye(K)[np.asarray(y)]


# --- threshold_unit: wrong ------------------------------------------------------------------------------------------------


@misconception("threshold_unit", "slip", title="A sum of exactly 0 doesn't fire", see="01 §1")
def unit_strict(X, w, b):
    """You ask for a sum that is larger than 0. Here step(0) = 1: write >= instead of >."""
    return (X @ w + b > 0).astype(float)


@misconception("threshold_unit", "slip", title="True and False instead of 1 and 0", see="01 §1")
def unit_booleans(X, w, b):
    """You returned the comparison itself, an array of booleans. Turn it into numbers, for example by `.astype(float)`."""
    return X @ w + b >= 0


@misconception("threshold_unit", "slip", title="The answer is a column", see="01 §1")
def unit_column(X, w, b):
    """Your answer has shape (N, 1). With w of shape (D,) the product X @ w has shape (N,) already: leave w as it is."""
    return (X @ np.reshape(w, (-1, 1)) + b >= 0).astype(float)


@misconception("threshold_unit", "part", title="The bias is forgotten", see="01 §1")
def unit_without_bias(X, w, b):
    """Your sum has no b in it, so the boundary always goes through the origin. The unit fires where w·x + b ≥ 0."""
    return (X @ w >= 0).astype(float)


@misconception("threshold_unit", "part", title="The bias is taken for a threshold", see="01 §1")
def unit_bias_subtracted(X, w, b):
    """You compare w·x with b, as if b were the threshold. The bias is added, so it is minus the threshold: w·x + b ≥ 0."""
    return (X @ w >= b).astype(float)


@misconception("threshold_unit", "part", title="The outputs are −1 and 1", see="01 §1")
def unit_signs(X, w, b):
    """Your unit says −1 where it doesn't fire. Some books do so; here a silent unit says 0."""
    return np.where(X @ w + b >= 0, 1.0, -1.0)


@misconception("threshold_unit", "part", title="The threshold is 0.5", see="01 §1")
def unit_at_half(X, w, b):
    """You compare the sum with 0.5. That is the threshold for a *probability*; the sum is compared with 0."""
    return (X @ w + b >= 0.5).astype(float)


@misconception("threshold_unit", "core", title="The sum is returned without a step", see="01 §1")
def unit_sum(X, w, b):
    """You returned the weighted sum. The unit answers with 1.0 where it is positive or 0, and with 0.0 elsewhere."""
    return X @ w + b


@misconception("threshold_unit", "core", title="The logistic function instead of the step", see="01 §2")
def unit_sigmoid(X, w, b):
    """You put the sum through the logistic function. That is the neuron of §2; this one has a hard step."""
    return _sigmoid(X @ w + b)


@misconception("threshold_unit", "core", title="ReLU instead of the step", see="01 §1")
def unit_relu(X, w, b):
    """You returned max(0, z). The threshold unit answers with 1.0 or 0.0 alone."""
    return np.maximum(X @ w + b, 0)


@misconception("threshold_unit", "core", title="The step is upside down", see="01 §1")
def unit_inverted(X, w, b):
    """Your unit fires where the sum is negative. It fires where w·x + b is at least 0."""
    return (X @ w + b < 0).astype(float)


@misconception("threshold_unit", "core", title="The products aren't summed", see="01 §1")
def unit_unsummed(X, w, b):
    """You multiplied X with w entry by entry and compared each product. A unit adds up its inputs first: X @ w."""
    return (X * w + b >= 0).astype(float)


@misconception("threshold_unit", "slip", title="The sums have the integers' type", see="01 §1")
def unit_sums_cut_off(X, w, b):
    """You wrote the sums into an array of X's type. Where X holds integers, −0.75 becomes 0 there, and the unit fires. Make the array with
    dtype float, or write X @ w + b."""
    z = np.zeros(len(X), dtype=X.dtype)
    z[:] = X @ w + b
    return (z >= 0).astype(float)


@misconception("threshold_unit", "core", title="An `if` on a whole array", see="01 §1")
def unit_if_of_array(X, w, b):
    """You ask `if z >= 0` of an array, which has no single answer. Compare the whole array, and turn True and False into 1.0 and 0.0."""
    if X @ w + b >= 0:
        return 1.0
    return 0.0


unit_in_place = in_place("threshold_unit", right.threshold_unit, see="01 §1", name="X")


# --- threshold_unit: right ------------------------------------------------------------------------------------------------


@alternative("threshold_unit")
def unit_in_loops(X, w, b):
    out = np.zeros(len(X))
    for n in range(len(X)):
        z = b
        for d in range(len(w)):
            z += w[d] * X[n][d]
        out[n] = 1.0 if z >= 0 else 0.0
    return out


@alternative("threshold_unit")
def unit_by_einsum(X, w, b):
    return np.heaviside(np.einsum("nd,d->n", X, w) + b, 1)


@alternative("threshold_unit")
def unit_with_integers(X, w, b):
    return np.array([int(np.dot(row, w) >= -b) for row in X])


@alternative("threshold_unit")
def unit_in_single_precision(X, w, b):
    return 1 - (np.dot(X, w) < -b).astype(np.float32)


def _stepped(w, b, X, y, lr):
    error = _sigmoid(X @ w + b) - y
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


# --- logistic_neuron_step: wrong ------------------------------------------------------------------------------------------


@misconception("logistic_neuron_step", "slip", title="exp overflows", see="01 §2")
def step_overflows(w, b, X, y, lr):
    """You compute e^z/(1 + e^z). For z = 1000 that is ∞/∞, which is NaN. Write 1/(1 + e^−z), or treat both signs of z apart."""
    with np.errstate(all="ignore"):
        e = np.exp(X @ w + b)
        error = e / (1 + e) - y
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "slip", title="b is an array", see="01 §2")
def step_bias_array(w, b, X, y, lr):
    """Your new b is an array with one entry. It is a number, as the old one: sum or average the errors without keepdims."""
    w, b = _stepped(w, b, X, y, lr)
    return w, np.array([b])


@misconception("logistic_neuron_step", "slip", title="w and b in the wrong order", see="01 §2")
def step_swapped(w, b, X, y, lr):
    """You returned (b, w). The order is that of the arguments: w first."""
    w, b = _stepped(w, b, X, y, lr)
    return b, w


@misconception("logistic_neuron_step", "part", title="The sum instead of the mean", see="01 §2")
def step_sum(w, b, X, y, lr):
    """You added up the gradients of the examples. The loss is the mean over the batch, so divide by N: otherwise the step grows with
    the size of the batch."""
    error = _sigmoid(X @ w + b) - y
    return w - lr * error @ X, b - lr * np.sum(error)


@misconception("logistic_neuron_step", "part", title="The gradient of the squared error", see="01 §2")
def step_squared_error(w, b, X, y, lr):
    """Your gradient has a factor p(1 − p) that belongs to the squared error. With the cross-entropy the slope of the logistic function
    cancels, and p − y is left. That is why one takes it: a neuron that is sure and wrong learns fast."""
    p = _sigmoid(X @ w + b)
    error = (p - y) * p * (1 - p)
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "part", title="A factor 2 too many", see="01 §2")
def step_twice(w, b, X, y, lr):
    """Your step is twice too long: the 2 belongs to the derivative of a square. That of the cross-entropy is p − y."""
    error = 2 * (_sigmoid(X @ w + b) - y)
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "part", title="lr is ignored", see="01 §2")
def step_without_rate(w, b, X, y, lr):
    """You subtracted the whole gradient. The step is lr times the gradient."""
    error = _sigmoid(X @ w + b) - y
    return w - error @ X / len(y), b - np.mean(error)


@misconception("logistic_neuron_step", "part", title="Divided by the number of inputs", see="01 §2")
def step_by_inputs(w, b, X, y, lr):
    """You divided by the number of inputs, D. The mean is taken over the N examples: divide by len(y)."""
    error = (_sigmoid(X @ w + b) - y) / np.shape(X)[1]
    return w - lr * error @ X, b - lr * np.sum(error)


@misconception("logistic_neuron_step", "part", title="The bias isn't learned", see="01 §2")
def step_bias_kept(w, b, X, y, lr):
    """You returned b as it was. It is a parameter as well, the weight of an input that is always 1: its gradient is the mean of p − y."""
    return w - lr * (_sigmoid(X @ w + b) - y) @ X / len(y), b


@misconception("logistic_neuron_step", "part", title="The bias steps by the sum", see="01 §2")
def step_bias_sum(w, b, X, y, lr):
    """Your w is right, but b moves by the sum of the errors. It is the mean for both."""
    error = _sigmoid(X @ w + b) - y
    return w - lr * error @ X / len(y), b - lr * np.sum(error)


@misconception("logistic_neuron_step", "part", title="w steps by the sum", see="01 §2")
def step_weights_sum(w, b, X, y, lr):
    """Your b is right, but w moves by the sum over the examples. It is the mean for both: X.T @ (p − y) is a sum, so divide it by N."""
    error = _sigmoid(X @ w + b) - y
    return w - lr * error @ X, b - lr * np.mean(error)


@misconception("logistic_neuron_step", "part", title="The bias steps uphill", see="01 §2")
def step_bias_uphill(w, b, X, y, lr):
    """Your w is right, but b moves along its gradient. Both are moved against it: subtract."""
    error = _sigmoid(X @ w + b) - y
    return w - lr * error @ X / len(y), b + lr * np.mean(error)


@misconception("logistic_neuron_step", "part", title="b's gradient is taken at the new w", see="01 §2")
def step_one_after_the_other(w, b, X, y, lr):
    """You moved w first and then computed the gradient of b with the new w. Both gradients belong to one point: compute them, then
    move."""
    new = w - lr * (_sigmoid(X @ w + b) - y) @ X / len(y)
    return new, b - lr * np.mean(_sigmoid(X @ new + b) - y)


@misconception("logistic_neuron_step", "part", title="The neuron has no bias", see="01 §2")
def step_bias_left_out(w, b, X, y, lr):
    """Your prediction is σ(w·x), without the bias. It is σ(w·x + b)."""
    error = _sigmoid(X @ w) - y
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "part", title="One step for each example", see="01 §7")
def step_one_by_one(w, b, X, y, lr):
    """You made a step after each example. Here it is one step for the whole batch, along the mean of the examples' gradients."""
    w = np.array(w, dtype=float)
    for x, label in zip(X, y, strict=True):
        error = _sigmoid(x @ w + b) - label
        w, b = w - lr * error * x, b - lr * error
    return w, b


@misconception("logistic_neuron_step", "part", title="Mean error times mean input", see="01 §2")
def step_of_means(w, b, X, y, lr):
    """You averaged the errors and the inputs apart and multiplied the means. Each example's error belongs to its own x: multiply first,
    then average."""
    error = _sigmoid(X @ w + b) - y
    return w - lr * np.mean(error) * np.mean(X, axis=0), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "part", title="w's gradient is taken at the new b", see="01 §2")
def step_bias_first(w, b, X, y, lr):
    """You moved b first and then computed the gradient of w with the new b. Both gradients belong to one point: compute them, then
    move."""
    new = b - lr * np.mean(_sigmoid(X @ w + b) - y)
    return w - lr * (_sigmoid(X @ w + new) - y) @ X / len(y), new


@misconception("logistic_neuron_step", "core", title="The step goes uphill", see="01 §2")
def step_uphill(w, b, X, y, lr):
    """You added the gradient, or had y − p in it and subtracted. The loss falls *against* its gradient: w − η·mean((p − y)·x)."""
    error = _sigmoid(X @ w + b) - y
    return w + lr * error @ X / len(y), b + lr * np.mean(error)


@misconception("logistic_neuron_step", "core", title="The old perceptron's rule", see="01 §1")
def step_perceptron(w, b, X, y, lr):
    """Your neuron answers with a hard step, so it learns from its mistakes alone. This one answers with σ(z) and has a gradient for
    every example."""
    error = (X @ w + b >= 0) - np.asarray(y)
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "core", title="There is no logistic function", see="01 §2")
def step_linear(w, b, X, y, lr):
    """You used the weighted sum itself as the prediction. That is linear regression; this neuron predicts σ(w·x + b)."""
    error = X @ w + b - y
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "core", title="σ has the wrong sign", see="01 §2")
def step_sigmoid_sign(w, b, X, y, lr):
    """Your σ falls: 1/(1 + e^z). The exponent has a minus sign: 1/(1 + e^−z)."""
    error = _sigmoid(-(X @ w + b)) - y
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


@misconception("logistic_neuron_step", "core", title="The gradients are returned", see="01 §2")
def step_gradients(w, b, X, y, lr):
    """You returned the gradients. What is asked for is w and b after the step."""
    error = _sigmoid(X @ w + b) - y
    return error @ X / len(y), np.mean(error)


step_with_its_own_rate = fixed_number(
    "logistic_neuron_step", right.logistic_neuron_step, see="01 §2", severity="part", name="lr", value=0.1, called="step_with_its_own_rate"
)
step_in_place = in_place("logistic_neuron_step", right.logistic_neuron_step, see="01 §2", name="w")
step_truncated = cut_off("logistic_neuron_step", right.logistic_neuron_step, see="01 §2", position=0)
step_weights_alone = only_the_first("logistic_neuron_step", right.logistic_neuron_step, see="01 §2", first="w", all="w and b")


# --- logistic_neuron_step: right ------------------------------------------------------------------------------------------


@alternative("logistic_neuron_step")
def step_in_a_loop(w, b, X, y, lr):
    N, D = np.shape(X)
    dw, db = [0.0] * D, 0.0
    for n in range(N):
        z = sum(float(w[d]) * float(X[n][d]) for d in range(D)) + b
        p = 1 / (1 + np.exp(-z)) if z > 0 else np.exp(z) / (1 + np.exp(z))
        for d in range(D):
            dw[d] += (p - y[n]) * X[n][d] / N
        db += (p - y[n]) / N
    return np.array([w[d] - lr * dw[d] for d in range(D)]), float(b - lr * db)


@alternative("logistic_neuron_step")
def step_by_columns(w, b, X, y, lr):
    with np.errstate(over="ignore"):
        p = 1 / (1 + np.exp(-(np.reshape(w, (1, -1)) @ np.transpose(X) + b)))
    delta = p - np.reshape(y, (1, -1))
    return w - lr * np.mean(delta.T * X, axis=0), (b - lr * delta.mean(axis=1))[0]


@alternative("logistic_neuron_step")
def step_by_einsum(w, b, X, y, lr):
    z = np.clip(np.einsum("nd,d->n", X, w) + b, -700, 700)
    delta = np.reciprocal(1 + np.exp(-z)) - y
    return [np.asarray(w) - lr * np.einsum("n,nd->d", delta, X) / len(X), np.float64(b) - lr * np.average(delta)]


@alternative("logistic_neuron_step")
def step_in_single_precision(w, b, X, y, lr):
    error = _sigmoid(np.dot(X, w) + b) - np.asarray(y)
    return (w - lr * np.dot(np.transpose(X), error) / len(X)).astype(np.float32), np.float32(b - lr * np.sum(error) / len(X))


# --- softmax: wrong -------------------------------------------------------------------------------------------------------


@misconception("softmax", "slip", title="exp overflows", see="01 §3")
def softmax_overflows(z):
    """Your formula is right, but exp(10⁴) is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first: the same factor appears
    above and below and cancels."""
    with np.errstate(all="ignore"):
        return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


@misconception("softmax", "slip", title="One maximum for the whole batch", see="01 §3")
def softmax_global_maximum(z):
    """You subtract the largest logit of the whole batch. A row far below it is all zeros then, and 0/0 is NaN. Each row has its own
    maximum: axis=1, keepdims=True."""
    with np.errstate(all="ignore"):
        e = np.exp(z - np.max(z))
        return e / e.sum(axis=1, keepdims=True)


@misconception("softmax", "slip", title="The smallest logit is subtracted", see="01 §3")
def softmax_minimum(z):
    """You subtract the smallest logit of each row. What is left is positive and can still overflow: subtract the largest one."""
    with np.errstate(all="ignore"):
        e = np.exp(z - np.min(z, axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


@misconception("softmax", "slip", title="The mean logit is subtracted", see="01 §3")
def softmax_centred(z):
    """You subtract the mean of each row. A logit far above the mean can still overflow: subtract the largest one."""
    with np.errstate(all="ignore"):
        e = np.exp(z - np.mean(z, axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


@misconception("softmax", "slip", title="The logits are cut off", see="01 §3")
def softmax_clipped(z):
    """You cut the logits off before exp. That keeps infinity away, but makes different large logits equal. Subtract the row's maximum."""
    e = np.exp(np.clip(z, -500, 500))
    return e / e.sum(axis=1, keepdims=True)


@misconception("softmax", "slip", title="A small number is added to the sum", see="01 §3")
def softmax_with_epsilon(z):
    """You added a small number to the sum, against a division by 0. Once the largest logit is subtracted, the sum is at least 1; with the
    addition the rows no longer sum to 1."""
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / (e.sum(axis=1, keepdims=True) + 1e-8)


@misconception("softmax", "slip", title="Axes of length 1 are lost", see="01 §3")
def softmax_squeezed(z):
    """Where there is one example, or one class, your answer has an axis less. It always has the shape of z, (N, K)."""
    return np.squeeze(_softmax(z))


@misconception("softmax", "part", title="One sum for the whole batch", see="01 §3")
def softmax_one_sum(z):
    """You divide by the sum over the whole batch. Each example has a distribution of its own: sum along axis 1 only."""
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


@misconception("softmax", "part", title="The rows' exponentials are divided by one sum", see="01 §3")
def softmax_one_sum_of_rows(z):
    """You divide by the sum over the whole batch, after each row's maximum was subtracted. Each example has a distribution of its own:
    sum along axis 1 only."""
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e)


@misconception("softmax", "core", title="Normalised over the batch", see="01 §3")
def softmax_over_the_batch(z):
    """You sum along axis 0, so the examples compete for each class. It is the classes that compete, for each example: axis 1."""
    e = np.exp(z - np.max(z, axis=0))
    return e / np.sum(e, axis=0)


@misconception("softmax", "core", title="The sums are lined up with the classes", see="01 §3")
def softmax_without_keepdims(z):
    """Your sums have shape (N,), which NumPy lines up with the last axis, the classes. Keep the axis: np.sum(e, axis=1,
    keepdims=True)."""
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1)


@misconception("softmax", "core", title="Not normalised", see="01 §3")
def softmax_not_normalised(z):
    """You returned the exponentials. Divide each row by its sum, so that it is a distribution."""
    with np.errstate(over="ignore"):
        return np.exp(z)


@misconception("softmax", "core", title="The exponent has a minus sign", see="01 §3")
def softmax_negative(z):
    """You wrote exp(−z), so the smallest logit gets the largest probability. The minus belongs to the logistic function."""
    return _softmax(-np.asarray(z))


@misconception("softmax", "core", title="There is no exponential", see="01 §3")
def softmax_linear(z):
    """You divide the logits by their sum. Logits may be negative: it is their exponentials that are divided by their sum."""
    return z / np.sum(z, axis=1, keepdims=True)


@misconception("softmax", "core", title="The logistic function for each class", see="01 §3")
def softmax_sigmoid(z):
    """You put each logit through σ by itself. Then the classes don't compete, and a row's sum isn't 1."""
    return _sigmoid(z)


@misconception("softmax", "core", title="The logarithm is returned", see="01 §3")
def softmax_logarithm(z):
    """You returned log softmax. The probabilities themselves are asked for."""
    return _log_softmax(np.asarray(z, dtype=float))


@misconception("softmax", "core", title="All goes to the largest logit", see="01 §3")
def softmax_hard(z):
    """You gave 1 to the largest logit. That is argmax; softmax is its soft version, so that it has a gradient."""
    return (z == np.max(z, axis=1, keepdims=True)).astype(float)


@misconception("softmax", "core", title="Powers of 2", see="01 §3")
def softmax_base_two(z):
    """You used powers of 2. The base is e: np.exp. With another base the gradient isn't p − one-hot."""
    e = np.exp2(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


@misconception("softmax", "core", title="Divided by the largest", see="01 §3")
def softmax_by_the_largest(z):
    """You divide the exponentials by the largest one. Divide by their sum: then each row adds up to 1."""
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.max(e, axis=1, keepdims=True)


softmax_in_place = in_place("softmax", right.softmax, see="01 §3", name="z", casting="unsafe")
softmax_truncated = cut_off("softmax", right.softmax, see="01 §3")
softmax_in_a_tuple = in_a_tuple("softmax", right.softmax, see="01 §3", severity="slip")


# --- softmax: right -------------------------------------------------------------------------------------------------------


@alternative("softmax")
def softmax_in_loops(z):
    p = np.zeros(np.shape(z), dtype=float)
    for n, row in enumerate(z):
        largest = max(row)
        total = sum(np.exp(float(value) - largest) for value in row)
        for k, value in enumerate(row):
            p[n, k] = np.exp(float(value) - largest) / total
    return p


@alternative("softmax")
def softmax_by_logarithms(z):
    z = np.asarray(z, dtype=float)
    return np.exp(z - np.logaddexp.reduce(z, axis=-1)[:, np.newaxis])


@alternative("softmax")
def softmax_transposed(z):
    e = np.exp(np.transpose(z) - np.amax(z, axis=1))
    return (e / e.sum(axis=0)).T


@alternative("softmax")
def softmax_in_single_precision(z):
    return np.stack([_softmax(np.array(row, dtype=np.float64)[None])[0] for row in z]).astype(np.float32)


# --- cross_entropy: wrong -------------------------------------------------------------------------------------------------


def _of_label(p, y):
    return np.asarray(p, dtype=float)[np.arange(len(y)), y]


@misconception("cross_entropy", "slip", title="0 times −∞", see="01 §3")
def entropy_of_one_hot(p, y):
    """You multiply one-hot labels with log p and sum. Where another class has probability 0 that is 0·(−∞), which is NaN. Pick the
    label's probability first, and take the logarithm of that alone."""
    with np.errstate(all="ignore"):
        return -np.mean(np.sum(_one_hot(y, np.shape(p)[1]) * np.log(p), axis=1))


@misconception("cross_entropy", "slip", title="A small number is added to p", see="01 §3")
def entropy_with_epsilon(p, y):
    """You added a small number to p before the logarithm. Where the label's probability is as small, the loss is wrong, and the network
    isn't told how wrong it was. Here p is used as it is."""
    return -np.mean(np.log(_of_label(p, y) + 1e-8))


@misconception("cross_entropy", "slip", title="A tiny number is added to p", see="01 §3")
def entropy_with_epsilon_1e_12(p, y):
    """You added 1e-12 or so to p before the logarithm. Where the label's probability is as small, the loss is wrong, and the network
    isn't told how wrong it was. Here p is used as it is."""
    return -np.mean(np.log(_of_label(p, y) + 1e-12))


@misconception("cross_entropy", "slip", title="p is cut off at 1e-15", see="01 §3")
def entropy_clipped_at_1e_15(p, y):
    """You cut p off at 1e-15 before the logarithm. Smaller probabilities then all cost the same. Here p is used as it is."""
    return -np.mean(np.log(np.clip(_of_label(p, y), 1e-15, 1 - 1e-15)))


@misconception("cross_entropy", "slip", title="p is cut off", see="01 §3")
def entropy_clipped(p, y):
    """You cut p off at a small number before the logarithm. Smaller probabilities then all cost the same. Here p is used as it is."""
    return -np.mean(np.log(np.clip(_of_label(p, y), 1e-12, 1 - 1e-12)))


@misconception("cross_entropy", "part", title="The sum instead of the mean", see="01 §3")
def entropy_sum(p, y):
    """You added up the examples. The loss is their mean, so that batches of different sizes can be compared."""
    return -np.sum(np.log(_of_label(p, y)))


@misconception("cross_entropy", "part", title="The mean over the classes, too", see="01 §3")
def entropy_over_classes(p, y):
    """You averaged over all N·K entries of the one-hot labels times log p. The mean is taken over the N examples alone."""
    return -np.sum(np.log(_of_label(p, y))) / np.size(p)


@misconception("cross_entropy", "part", title="The minus sign is missing", see="01 §3")
def entropy_negative(p, y):
    """Your loss is negative, and it grows as the prediction gets better. The minus sign is missing."""
    return np.mean(np.log(_of_label(p, y)))


@misconception("cross_entropy", "part", title="The logarithm to the base 2", see="01 §3")
def entropy_in_bits(p, y):
    """You used log2, which measures in bits. Here it is the natural logarithm, np.log; otherwise a factor stays in all gradients."""
    return -np.mean(np.log2(_of_label(p, y)))


@misconception("cross_entropy", "part", title="The logarithm to the base 10", see="01 §3")
def entropy_base_ten(p, y):
    """You used log10. Here it is the natural logarithm, np.log; otherwise a factor stays in all gradients."""
    return -np.mean(np.log10(_of_label(p, y)))


@misconception("cross_entropy", "part", title="One loss for each example", see="01 §3")
def entropy_of_each(p, y):
    """You returned the examples' losses. Their mean is asked for, a single number."""
    return -np.log(_of_label(p, y))


@misconception("cross_entropy", "part", title="The logarithm of the mean", see="01 §3")
def entropy_log_of_mean(p, y):
    """You averaged the probabilities and took the logarithm of that. It is the mean of the logarithms: then a single hopeless example
    counts as much as it should."""
    return -np.log(np.mean(_of_label(p, y)))


@misconception("cross_entropy", "part", title="One example alone counts", see="01 §3")
def entropy_of_first(p, y):
    """You returned the loss of one example of the batch. It is the mean over all of them."""
    return -np.log(_of_label(p, y))[0]


@misconception("cross_entropy", "core", title="A softmax is applied first", see="01 §3")
def entropy_after_softmax(p, y):
    """You put p through a softmax. These are probabilities already."""
    return -np.mean(np.log(_of_label(_softmax(np.asarray(p, dtype=float)), y)))


@misconception("cross_entropy", "core", title="The share of mistakes", see="01 §3")
def entropy_as_accuracy(p, y):
    """You counted wrong predictions. The cross-entropy is the mean of −log p[y]: it tells a near miss from a bad one, and has a slope."""
    return np.mean(np.argmax(p, axis=1) != y)


@misconception("cross_entropy", "core", title="All labels for every example", see="01 §3")
def entropy_all_pairs(p, y):
    """p[:, y] takes for every example the labels of *all* examples. Pair them: p[np.arange(N), y]."""
    return -np.mean(np.log(np.asarray(p, dtype=float)[:, y]))


@misconception("cross_entropy", "core", title="The labels pick rows", see="01 §3")
def entropy_of_rows(p, y):
    """p[y] takes whole rows, those of the examples with the labels' numbers. Pick one entry in each row: p[np.arange(N), y]."""
    return -np.mean(np.log(np.asarray(p, dtype=float)[np.asarray(y) % len(p)]))


@misconception("cross_entropy", "core", title="The labels are ignored", see="01 §3")
def entropy_of_largest(p, y):
    """You took each row's largest probability. What counts is the probability of the right class, however small it is."""
    return -np.mean(np.log(np.max(p, axis=1)))


@misconception("cross_entropy", "core", title="The entropy of the prediction", see="01 §3")
def entropy_of_prediction(p, y):
    """You computed −Σ p log p, which says how undecided the prediction is. The cross-entropy weighs log p with the *labels*."""
    p = np.asarray(p, dtype=float)
    return -np.mean(np.sum(p * np.log(np.where(p > 0, p, 1)), axis=1))


@misconception("cross_entropy", "core", title="There is no logarithm", see="01 §3")
def entropy_without_log(p, y):
    """You returned the mean of 1 − p. The cross-entropy is the mean of −log p: a sure and wrong answer costs much more than 1."""
    return np.mean(1 - _of_label(p, y))


@misconception("cross_entropy", "core", title="The other classes count, too", see="01 §3")
def entropy_binary(p, y):
    """You added −log(1 − p) of the other classes, as for K separate logistic outputs. After a softmax only the label's term counts."""
    with np.errstate(all="ignore"):
        one_hot = _one_hot(y, np.shape(p)[1])
        return -np.mean(np.sum(np.log(np.where(one_hot == 1, p, 1 - np.asarray(p))), axis=1))


@misconception("cross_entropy", "core", title="The squared error", see="01 §3")
def entropy_squared(p, y):
    """You returned the squared distance from the one-hot labels. The cross-entropy is the mean of −log p[y]."""
    return np.mean(np.sum((p - _one_hot(y, np.shape(p)[1])) ** 2, axis=1))


entropy_in_place = in_place("cross_entropy", right.cross_entropy, see="01 §3", name="p")


# --- cross_entropy: right -------------------------------------------------------------------------------------------------


@alternative("cross_entropy")
def entropy_in_a_loop(p, y):
    total = 0.0
    for n in range(len(y)):
        total -= np.log(float(p[n][y[n]]))
    return total / len(y)


@alternative("cross_entropy")
def entropy_masked(p, y):
    mask = np.arange(p.shape[1])[None, :] == np.asarray(y)[:, None]
    return np.average(-np.log(p[mask].astype(float)))


@alternative("cross_entropy")
def entropy_taken_along(p, y):
    picked = np.take_along_axis(np.asarray(p), np.reshape(y, (-1, 1)), axis=1)
    return np.array(np.log(1 / np.float64(picked)).sum() / len(picked))


@alternative("cross_entropy")
def entropy_of_one_hot_first(p, y):
    return float(-np.log(np.sum(np.identity(p.shape[1])[y] * p, axis=1)).mean())


@alternative("cross_entropy")
def entropy_in_single_precision(p, y):
    return np.float32(np.mean(-np.log([row[label] for row, label in zip(p.astype(float), y, strict=True)])))


# --- softmax_cross_entropy: wrong -----------------------------------------------------------------------------------------


def _loss(z, y):
    return -np.mean(_log_softmax(np.asarray(z, dtype=float))[np.arange(len(y)), y])


def _dz(z, y):
    return (_softmax(z) - _one_hot(y, np.shape(z)[1])) / len(y)


@misconception("softmax_cross_entropy", "slip", title="exp overflows", see="01 §3")
def logits_overflow(z, y):
    """Your formulas are right, but exp(10⁴) is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first."""
    with np.errstate(all="ignore"):
        p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
        return -np.mean(np.log(p[np.arange(len(y)), y])), (p - _one_hot(y, np.shape(z)[1])) / len(y)


@misconception("softmax_cross_entropy", "slip", title="The logarithm of a rounded 0", see="01 §3")
def logits_log_of_zero(z, y):
    """You computed softmax first and then its logarithm. A probability of e^−20000 is rounded to 0, and its logarithm is −∞. Use (9):
    log p = z − max − log Σ exp(z − max), where no logarithm of a tiny number is taken."""
    with np.errstate(all="ignore"):
        return -np.mean(np.log(_of_label(_softmax(z), y))), _dz(z, y)


@misconception("softmax_cross_entropy", "slip", title="A small number is added to p", see="01 §3")
def logits_with_epsilon(z, y):
    """You added a small number inside the logarithm. That keeps infinity away, but gives a wrong loss where the network is sure and
    wrong. With (9) nothing has to be added."""
    return -np.mean(np.log(_of_label(_softmax(z), y) + 1e-12)), _dz(z, y)


@misconception("softmax_cross_entropy", "slip", title="One maximum for the whole batch", see="01 §3")
def logits_global_maximum(z, y):
    """You subtract the largest logit of the whole batch. In a row far below it all exponentials are 0. Each row has its own maximum."""
    with np.errstate(all="ignore"):
        shifted = z - np.max(z)
        e = np.exp(shifted)
        total = e.sum(axis=1, keepdims=True)
        log_p = shifted - np.log(total)
        return -np.mean(log_p[np.arange(len(y)), y]), (e / total - _one_hot(y, np.shape(z)[1])) / len(y)


@misconception("softmax_cross_entropy", "slip", title="Loss and gradient in the wrong order", see="01 §3")
def logits_swapped(z, y):
    """You returned (dz, loss). The order is the other way round: the loss first, then its gradient dz."""
    return _dz(z, y), _loss(z, y)


@misconception("softmax_cross_entropy", "part", title="dz isn't divided by N", see="01 §3")
def logits_not_averaged(z, y):
    """Your loss is the mean over the batch, but dz is p − one-hot, the gradient of the sum. Divide it by N as well."""
    return _loss(z, y), _dz(z, y) * len(y)


@misconception("softmax_cross_entropy", "part", title="The loss is a sum", see="01 §3")
def logits_sum(z, y):
    """Your dz is right, but the loss is the sum over the batch. It is the mean."""
    return _loss(z, y) * len(y), _dz(z, y)


@misconception("softmax_cross_entropy", "part", title="Sums instead of means", see="01 §3")
def logits_both_sums(z, y):
    """Loss and gradient are those of the sum over the batch. Divide both by N."""
    return _loss(z, y) * len(y), _dz(z, y) * len(y)


@misconception("softmax_cross_entropy", "part", title="Divided by the number of classes, too", see="01 §3")
def logits_by_all_entries(z, y):
    """You divided dz by N·K, as np.mean over all entries does. The mean is taken over the N examples."""
    return _loss(z, y), _dz(z, y) / np.shape(z)[1]


@misconception("softmax_cross_entropy", "part", title="The labels aren't subtracted", see="01 §3")
def logits_without_labels(z, y):
    """Your dz is the softmax itself. Subtract 1 at the label: dz = (p − one-hot)/N. Then each row adds up to 0."""
    return _loss(z, y), _softmax(z) / len(y)


@misconception("softmax_cross_entropy", "part", title="dz has the wrong sign", see="01 §3")
def logits_negative(z, y):
    """Your dz is (one-hot − p)/N. The gradient points to where the loss *grows*: p − one-hot."""
    return _loss(z, y), -_dz(z, y)


@misconception("softmax_cross_entropy", "part", title="dz at the label alone", see="01 §3")
def logits_label_alone(z, y):
    """Your dz is zero but at the label. The other logits are in the softmax's sum as well: their gradient is p."""
    return _loss(z, y), _dz(z, y) * _one_hot(y, np.shape(z)[1])


@misconception("softmax_cross_entropy", "part", title="The gradient with respect to p", see="01 §3")
def logits_gradient_of_p(z, y):
    """Your dz is −1/p at the label, the gradient with respect to the probabilities. It has to go through the softmax, too; what comes
    out is (p − one-hot)/N."""
    return _loss(z, y), -_one_hot(y, np.shape(z)[1]) / _softmax(z) / len(y)


@misconception("softmax_cross_entropy", "part", title="The slope of the logistic function is left in", see="01 §3")
def logits_extra_slope(z, y):
    """Your dz has a factor p(1 − p) too many. Together with the cross-entropy it cancels."""
    p = _softmax(z)
    return _loss(z, y), _dz(z, y) * p * (1 - p)


@misconception("softmax_cross_entropy", "part", title="The label's number is subtracted", see="01 §3")
def logits_label_number(z, y):
    """You subtracted y itself, a number such as 7, from all probabilities. Subtract the *one-hot* label: 1 at the label, 0 elsewhere."""
    return _loss(z, y), (_softmax(z) - np.reshape(y, (-1, 1))) / len(y)


@misconception("softmax_cross_entropy", "part", title="1 is subtracted in every row and column of a label", see="01 §3")
def logits_all_pairs(z, y):
    """dz[:, y] takes for every example the labels of *all* examples. Pair them: dz[np.arange(N), y] -= 1."""
    dz = _softmax(z)
    dz[:, y] -= 1
    return _loss(z, y), dz / len(y)


@misconception("softmax_cross_entropy", "part", title="The loss has the wrong sign", see="01 §3")
def logits_negative_loss(z, y):
    """Your loss is negative: the minus sign before the logarithm is missing."""
    return -_loss(z, y), _dz(z, y)


@misconception("softmax_cross_entropy", "part", title="One loss for each example", see="01 §3")
def logits_losses(z, y):
    """You returned the examples' losses. Their mean is asked for, a single number."""
    return -_log_softmax(np.asarray(z, dtype=float))[np.arange(len(y)), y], _dz(z, y)


@misconception("softmax_cross_entropy", "part", title="The maximum isn't added back", see="01 §3")
def logits_shift_forgotten(z, y):
    """You subtracted the maximum in the sum of exponentials, but not from the label's logit: log Σ exp(z − max) − z[y] is too small by
    the maximum. Subtract it in both places."""
    shifted = z - np.max(z, axis=1, keepdims=True)
    total = np.log(np.sum(np.exp(shifted), axis=1))
    return np.mean(total - np.asarray(z)[np.arange(len(y)), y]), _dz(z, y)


@misconception("softmax_cross_entropy", "part", title="dz is divided by N twice", see="01 §3")
def logits_averaged_twice(z, y):
    """You divided dz by N twice. The mean over the batch brings one 1/N."""
    return _loss(z, y), _dz(z, y) / len(y)


@misconception("softmax_cross_entropy", "part", title="The labels are added", see="01 §3")
def logits_labels_added(z, y):
    """Your dz is p plus one-hot. It is the difference: prediction minus label."""
    return _loss(z, y), (_softmax(z) + _one_hot(y, np.shape(z)[1])) / len(y)


@misconception("softmax_cross_entropy", "part", title="The loss ignores the labels", see="01 §3")
def logits_loss_of_largest(z, y):
    """Your loss takes each row's largest probability. What counts is the probability of the right class."""
    return -np.mean(np.max(_log_softmax(np.asarray(z, dtype=float)), axis=1)), _dz(z, y)


@misconception("softmax_cross_entropy", "part", title="Only dz is returned", see="01 §3")
def logits_gradient_alone(z, y):
    """You returned dz alone. The loss and dz are asked for, in this order."""
    return _dz(z, y)


@misconception("softmax_cross_entropy", "slip", title="More is returned than is asked for", see="01 §3")
def logits_three_items(z, y):
    """You returned a third item. Two are asked for: the loss and dz."""
    return _loss(z, y), _dz(z, y), _softmax(z)


@misconception("softmax_cross_entropy", "core", title="Normalised over the batch", see="01 §3")
def logits_over_the_batch(z, y):
    """Your softmax runs over the examples. It is the classes that compete, for each example: axis 1."""
    e = np.exp(z - np.max(z, axis=0))
    p = e / e.sum(axis=0)
    with np.errstate(divide="ignore"):
        return -np.mean(np.log(_of_label(p, y))), (p - _one_hot(y, np.shape(z)[1])) / len(y)


@misconception("softmax_cross_entropy", "core", title="The softmax is missing", see="01 §3")
def logits_as_probabilities(z, y):
    """You took the logits for probabilities. They can be negative; put them through the softmax first."""
    with np.errstate(all="ignore"):
        return -np.mean(np.log(np.abs(_of_label(z, y)))), (z - _one_hot(y, np.shape(z)[1])) / len(y)


logits_in_place = in_place("softmax_cross_entropy", right.softmax_cross_entropy, see="01 §3", name="z", casting="unsafe")
logits_truncated = cut_off("softmax_cross_entropy", right.softmax_cross_entropy, see="01 §3")
logits_loss_alone = only_the_first("softmax_cross_entropy", right.softmax_cross_entropy, see="01 §3", first="the loss", all="loss and dz")


# --- softmax_cross_entropy: right -----------------------------------------------------------------------------------------


@alternative("softmax_cross_entropy")
def logits_in_a_loop(z, y):
    N, K = z.shape
    loss, dz = 0.0, np.zeros((N, K))
    for n in range(N):
        row = z[n].astype(float) - float(z[n].max())
        log_total = np.log(np.exp(row).sum())
        loss += (log_total - row[y[n]]) / N
        for k in range(K):
            dz[n, k] = (np.exp(row[k] - log_total) - (k == y[n])) / N
    return float(loss), dz


@alternative("softmax_cross_entropy")
def logits_by_log_sum_exp(z, y):
    z = np.asarray(z, dtype=float)
    one_hot = np.eye(z.shape[1])[y]
    total = np.logaddexp.reduce(z, axis=1)
    loss = np.mean(total - np.einsum("nk,nk->n", z, one_hot))
    return [loss, (np.exp(z - total[:, None]) - one_hot) / z.shape[0]]


@alternative("softmax_cross_entropy")
def logits_transposed(z, y):
    zt = np.array(z, dtype=float).T
    zt = zt - zt.max(axis=0)
    e = np.exp(zt)
    total = e.sum(axis=0)
    rows = range(len(y))
    dz = e / total / len(y)
    dz[y, rows] -= 1 / len(y)
    return np.array((np.log(total) - zt[y, rows]).mean()), dz.T


@alternative("softmax_cross_entropy")
def logits_in_single_precision(z, y):
    return np.float32(_loss(z, y)), _dz(z, y).astype(np.float32)


# --- dense_forward: wrong -------------------------------------------------------------------------------------------------


def _dense(x, W, out):
    return out, (np.array(x, dtype=float), np.array(W, dtype=float))


@misconception("dense_forward", "part", title="The bias is forgotten", see="01 §4")
def dense_without_bias(x, W, b):
    """Your layer computes x W. Add b, which goes to every row: NumPy lines up (H,) with the last axis by itself."""
    return _dense(x, W, x @ W)


@misconception("dense_forward", "part", title="The bias is subtracted", see="01 §4")
def dense_bias_subtracted(x, W, b):
    """You subtracted b, as if it were a threshold. The bias is added: x W + b."""
    return _dense(x, W, x @ W - b)


@misconception("dense_forward", "part", title="One number for all biases", see="01 §4")
def dense_summed_bias(x, W, b):
    """You added the sum of all biases to every unit. Each unit has its own: x W + b."""
    return _dense(x, W, x @ W + np.sum(b))


@misconception("dense_forward", "part", title="The ReLU is included", see="01 §4")
def dense_with_relu(x, W, b):
    """You put the sums through a ReLU. This function gives the sums alone; the activation is a step of its own."""
    return _dense(x, W, np.maximum(x @ W + b, 0))


@misconception("dense_forward", "core", title="The logistic function is included", see="01 §4")
def dense_with_sigmoid(x, W, b):
    """You put the sums through σ. This function gives the sums alone; the activation is a step of its own."""
    return _dense(x, W, _sigmoid(x @ W + b))


@misconception("dense_forward", "core", title="The weights are transposed", see="01 §4")
def dense_transposed(x, W, b):
    """You multiplied with W transposed. Here W has shape (D, H), one column for each unit: x W, without a transpose."""
    return _dense(x, W, x @ np.transpose(np.reshape(W, (len(b), -1))) + b)


@misconception("dense_forward", "core", title="Examples in columns", see="01 §4")
def dense_columns(x, W, b):
    """Your out has shape (H, N). Here the batch comes first: (N, H), one row for each example."""
    return _dense(x, W, (x @ W + b).T)


@misconception("dense_forward", "core", title="Averaged over the inputs", see="01 §4")
def dense_mean(x, W, b):
    """You divided by the number of inputs. A unit adds up its weighted inputs; they aren't averaged."""
    return _dense(x, W, x @ W / len(W) + b)


@misconception("dense_forward", "slip", title="The bias is added to an array of integers", see="01 §4")
def dense_added_in_place(x, W, b):
    """You wrote `out += b`, or `out += x @ W`. Where out holds integers and the other has fractions, NumPy raises an error, since an array
    keeps its type. Write `out = x @ W + b`."""
    out = x @ W
    out += b
    return _dense(x, W, out)


dense_in_place = in_place("dense_forward", right.dense_forward, see="01 §4", name="x", casting="unsafe")
dense_truncated = cut_off("dense_forward", right.dense_forward, see="01 §4")


# --- dense_forward: right -------------------------------------------------------------------------------------------------


@alternative("dense_forward")
def dense_in_loops(x, W, b):
    out = np.zeros((len(x), len(b)))
    for n in range(len(x)):
        for h in range(len(b)):
            out[n, h] = b[h] + sum(x[n][d] * W[d][h] for d in range(len(W)))
    return _dense(x, W, out)


@alternative("dense_forward")
def dense_augmented(x, W, b):
    ones = np.ones((len(x), 1))
    return _dense(x, W, np.hstack([x, ones]) @ np.vstack([W, np.reshape(b, (1, -1))]))


@alternative("dense_forward")
def dense_by_einsum(x, W, b):
    return _dense(x, W, (np.einsum("nd,dh->hn", x, W) + np.reshape(b, (-1, 1))).T)


@alternative("dense_forward")
def dense_in_single_precision(x, W, b):
    return _dense(x, W, np.add(np.dot(x, W), b).astype(np.float32))


# --- dense_backward: wrong ------------------------------------------------------------------------------------------------


def _pulled(dout, cache):
    x, W = cache
    return dout @ W.T, x.T @ dout, np.sum(dout, axis=0)


@misconception("dense_backward", "slip", title="db has an axis too many", see="01 §4")
def back_bias_row(dout, cache):
    """Your db has shape (1, H). A gradient has the shape of its variable, (H,): sum without keepdims."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW, db[None]


@misconception("dense_backward", "slip", title="The gradients are in another order", see="01 §4")
def back_weights_first(dout, cache):
    """You returned dW first. The order is that of the arguments of dense_forward: dx, dW, db."""
    dx, dW, db = _pulled(dout, cache)
    return dW, dx, db


@misconception("dense_backward", "slip", title="dx comes last", see="01 §4")
def back_dx_last(dout, cache):
    """You returned dW, db, dx. The order is that of the arguments of dense_forward: dx, dW, db."""
    dx, dW, db = _pulled(dout, cache)
    return dW, db, dx


@misconception("dense_backward", "part", title="W isn't transposed, and the shapes don't fit", see="01 §4")
def back_untransposed_everywhere(dout, cache):
    """You multiplied dout with W as it is, which raises an error where a layer has more inputs than units, or fewer. dx needs W
    transposed: (N, H) times (H, D)."""
    return dout @ cache[1], *_pulled(dout, cache)[1:]


@misconception("dense_backward", "part", title="dx is missing", see="01 §4")
def back_without_dx(dout, cache):
    """You returned dW and db. dx is what the layer below is waiting for: without it backpropagation ends here."""
    return _pulled(dout, cache)[1:]


@misconception("dense_backward", "part", title="W isn't transposed", see="01 §4")
def back_untransposed(dout, cache):
    """You multiplied dout with W as it is. dx needs W transposed: (N, H) times (H, D). With as many units as inputs both products exist,
    and only one is right."""
    x, W = cache
    dx = dout @ W if W.shape[0] == W.shape[1] else np.zeros(x.shape)
    return dx, *_pulled(dout, cache)[1:]


@misconception("dense_backward", "part", title="dW is transposed", see="01 §4")
def back_weights_transposed(dout, cache):
    """Your dW has shape (H, D). A gradient has the shape of its variable, (D, H): x.T @ dout."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW.T, db


@misconception("dense_backward", "part", title="dW is averaged", see="01 §4")
def back_weights_averaged(dout, cache):
    """You divided dW by N. The 1/N of the mean loss is in dout already: what comes back from the examples is added."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW / len(dout), db


@misconception("dense_backward", "part", title="db is averaged", see="01 §4")
def back_bias_averaged(dout, cache):
    """You took the mean of dout. The 1/N of the mean loss is in dout already: what comes back from the examples is added."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW, db / len(dout)


@misconception("dense_backward", "part", title="dW and db are averaged", see="01 §4")
def back_both_averaged(dout, cache):
    """You divided dW and db by N. The 1/N of the mean loss is in dout already: what comes back from the examples is added."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW / len(dout), db / len(dout)


@misconception("dense_backward", "part", title="db isn't summed", see="01 §4")
def back_bias_unsummed(dout, cache):
    """Your db is dout itself, one row for each example. All examples use the same b, so their gradients are summed: axis=0."""
    dx, dW, _ = _pulled(dout, cache)
    return dx, dW, 1.0 * dout


@misconception("dense_backward", "part", title="db is summed over the units", see="01 §4")
def back_bias_over_units(dout, cache):
    """You summed dout over the units. Each unit has a bias, so the sum goes over the examples: axis=0."""
    dx, dW, _ = _pulled(dout, cache)
    return dx, dW, np.sum(dout, axis=1)


@misconception("dense_backward", "part", title="One number for all biases", see="01 §4")
def back_bias_number(dout, cache):
    """You summed dout over both axes. Each unit has a bias of its own: axis=0."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW, np.sum(db)


@misconception("dense_backward", "part", title="The sums over the batch are multiplied", see="01 §4")
def back_outer_of_sums(dout, cache):
    """You summed x and dout over the batch and multiplied the sums. Each example's x belongs to its own dout: multiply first, then sum,
    as x.T @ dout does."""
    dx, _, db = _pulled(dout, cache)
    return dx, np.outer(np.sum(cache[0], axis=0), db), db


@misconception("dense_backward", "part", title="db is always 1", see="01 §4")
def back_bias_ones(dout, cache):
    """Your db is 1, the slope of out along b. The chain rule multiplies it with dout and sums over the examples."""
    dx, dW, db = _pulled(dout, cache)
    return dx, dW, np.ones(db.shape)


@misconception("dense_backward", "part", title="dx is W", see="01 §4")
def back_dx_without_upstream(dout, cache):
    """Your dx adds up the weights and doesn't contain dout. The slope of out along x is W; the chain rule multiplies it with dout."""
    x, W = cache
    return np.ones(x.shape) * np.sum(W, axis=1), *_pulled(dout, cache)[1:]


@misconception("dense_backward", "part", title="All gradients are averaged", see="01 §4")
def back_all_averaged(dout, cache):
    """You divided by N. The 1/N of the mean loss is in dout already."""
    return tuple(gradient / len(dout) for gradient in _pulled(dout, cache))


@misconception("dense_backward", "part", title="db is missing", see="01 §4")
def back_without_db(dout, cache):
    """You returned dx and dW. b is learnt as well: db is the sum of dout over the batch."""
    return _pulled(dout, cache)[:2]


@misconception("dense_backward", "part", title="dx is summed over the batch", see="01 §4")
def back_dx_summed(dout, cache):
    """You summed dx over the examples. Each example has its own x, so dx has the shape of x; only W and b are shared."""
    dx, dW, db = _pulled(dout, cache)
    return np.sum(dx, axis=0), dW, db


@misconception("dense_backward", "core", title="The upstream gradient is ignored", see="01 §4")
def back_without_upstream(dout, cache):
    """You returned the layer's own slopes. The chain rule multiplies them with the upstream gradient dout."""
    return _pulled(np.ones(dout.shape), cache)


@misconception("dense_backward", "core", title="All signs are wrong", see="01 §4")
def back_negative(dout, cache):
    """Your gradients have the wrong sign. Subtracting happens later, in the step; the gradients are those of out = x W + b."""
    return tuple(-gradient for gradient in _pulled(dout, cache))


_LATEST: dict[str, tuple[np.ndarray, np.ndarray]] = {}


def _remembering(x, W, b):
    _LATEST["cache"] = np.array(x, dtype=float), np.array(W, dtype=float)
    return x @ W + b, lambda: _LATEST["cache"]


@misconception("dense_backward", "slip", title="The last forward pass is remembered", see="01 §4", with_forward=_remembering)
def back_from_global(dout, cache):
    """You keep x and W in a variable outside the function. With two layers, or two batches, the second overwrites the first. Put into
    `cache` what the backward pass needs."""
    return _pulled(dout, cache())


def _keeping_types(x, W, b):
    return x @ W + b, (x, W)


@misconception("dense_backward", "slip", title="The gradients have the integers' type", see="01 §4", with_forward=_keeping_types)
def back_cut_off(dout, cache):
    """You wrote dx and dW into arrays made with `zeros_like`. Where x and W hold integers, that cuts off everything behind the decimal
    point. Make the arrays with dtype float."""
    x, W = cache
    dx, dW, db = _pulled(dout, cache)
    return dx.astype(x.dtype), dW.astype(W.dtype), db


back_dx_none = left_out("dense_backward", right.dense_backward, see="01 §4", output=0, argument="dx", filler=None, called="back_dx_none")
back_in_place = in_place("dense_backward", right.dense_backward, see="01 §4", name="dout")


# --- dense_backward: right ------------------------------------------------------------------------------------------------


@alternative("dense_backward")
def back_in_loops(dout, cache):
    x, W = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n in range(dout.shape[0]):
        for h in range(dout.shape[1]):
            dx[n] += dout[n, h] * W[:, h]
            dW[:, h] += dout[n, h] * x[n]
            db[h] += dout[n, h]
    return dx, dW, db


def _with_dictionary(x, W, b):
    return np.dot(x, W) + b, {"x": x, "W": W, "b": b}


@alternative("dense_backward", with_forward=_with_dictionary)
def back_from_dictionary(dout, cache):
    ones = np.ones(len(dout))
    return [np.dot(dout, np.transpose(cache["W"])), np.dot(dout.T, cache["x"]).T, ones @ dout]


@alternative("dense_backward")
def back_by_einsum(dout, cache):
    x, W = cache
    return np.einsum("nh,dh->nd", dout, W), np.einsum("nd,nh->dh", x, dout), np.einsum("nh->h", dout)


@alternative("dense_backward")
def back_example_by_example(dout, cache):
    x, W = cache
    dW = sum(np.outer(x_n, d_n) for x_n, d_n in zip(x, dout, strict=True))
    return np.stack([W @ d_n for d_n in dout]), dW, sum(dout)


@alternative("dense_backward")
def back_in_single_precision(dout, cache):
    return [np.asarray(gradient, dtype=np.float32) for gradient in _pulled(dout, cache)]


# --- numerical_gradient: wrong --------------------------------------------------------------------------------------------


def _differences(f, x, h=1e-5, up=1.0, down=1.0, by=2.0):
    """Return (f(x + up·h) − f(x − down·h))/(by·h) for every entry."""
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += up * h
        below[index] -= down * h
        gradient[index] = (f(above) - f(below)) / (by * h)
    return gradient


@misconception("numerical_gradient", "part", title="Forward differences", see="01 §5")
def slope_forward(f, x, h=1e-5):
    """You took (f(x + h) − f(x))/h. Its error is of the order h; that of (f(x + h) − f(x − h))/(2h) is of the order h², a hundred
    thousand times smaller."""
    return _differences(f, x, h, 1.0, 0.0, 1.0)


@misconception("numerical_gradient", "part", title="Backward differences", see="01 §5")
def slope_backward(f, x, h=1e-5):
    """You took (f(x) − f(x − h))/h. Its error is of the order h; that of (f(x + h) − f(x − h))/(2h) is of the order h²."""
    return _differences(f, x, h, 0.0, 1.0, 1.0)


@misconception("numerical_gradient", "part", title="The 2 below is missing", see="01 §5")
def slope_twice(f, x, h=1e-5):
    """You divided by h. Between x + h and x − h lie 2h, so your slopes are twice too large."""
    return _differences(f, x, h, 1.0, 1.0, 1.0)


@misconception("numerical_gradient", "part", title="Not divided by h", see="01 §5")
def slope_not_divided(f, x, h=1e-5):
    """You returned f(x + h) − f(x − h). A slope is that difference divided by the distance, 2h."""
    return _differences(f, x, h, 1.0, 1.0, 2.0) * 2 * h


@misconception("numerical_gradient", "part", title="/ 2 * h divides by 2 and multiplies with h", see="01 §5")
def slope_without_brackets(f, x, h=1e-5):
    """Without brackets, a / 2 * h is (a/2)·h. The distance between the points is 2h: write a / (2 * h)."""
    return _differences(f, x, h) * h * h


@misconception("numerical_gradient", "part", title="Half a step, divided by a whole one too many", see="01 §5")
def slope_half(f, x, h=1e-5):
    """Your slopes are half as large as they should be: the distance between the two points is h, and you divide by 2h."""
    return _differences(f, x, h, 0.5, 0.5, 2.0)


@misconception("numerical_gradient", "part", title="A one-sided difference, divided by 2h", see="01 §5")
def slope_forward_halved(f, x, h=1e-5):
    """You divided f(x + h) − f(x) by 2h. Between these two points lies h. Take f(x + h) − f(x − h), between which lie 2h."""
    return _differences(f, x, h, 1.0, 0.0, 2.0)


@misconception("numerical_gradient", "slip", title="A list instead of an array", see="01 §5")
def slope_list(f, x, h=1e-5):
    """You returned a list. Make it an array with the shape of x, with which one can compute."""
    return _differences(f, x, h).tolist()


@misconception("numerical_gradient", "slip", title="h is too large", see="01 §5")
def slope_large_step(f, x, h=1e-3):
    """Your h is 1e-3. The default is 1e-5, where a central difference is most accurate."""
    return _differences(f, x, h)


@misconception("numerical_gradient", "part", title="Moved entries aren't moved back", see="01 §5")
def slope_in_place_not_restored(f, x, h=1e-5):
    """You move an entry of x and leave it there. The next slope is measured at another point, and the caller's x has changed. Move it
    back before you go on, or work on a copy."""
    x = x if x.dtype.kind == "f" else x.astype(float)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = (above - f(x)) / (2 * h)
    return gradient


@misconception("numerical_gradient", "part", title="The answer is flat", see="01 §5")
def slope_flat(f, x, h=1e-5):
    """Your answer has one axis. The gradient has the shape of x: reshape it at the end."""
    return _differences(f, x, h).ravel()


@misconception("numerical_gradient", "part", title="Whole rows are moved", see="01 §5")
def slope_of_rows(f, x, h=1e-5):
    """`x[i] += h` moves a whole row where x has two axes. Go through all indices, for example with np.ndindex(x.shape)."""
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (f(above) - f(below)) / (2 * h)
    return gradient


@misconception("numerical_gradient", "core", title="All entries are moved at once", see="01 §5")
def slope_all_at_once(f, x, h=1e-5):
    """You compute f(x + h) and f(x − h) with all entries moved together. That is one slope, along the diagonal. Move one entry at a
    time."""
    return np.full(np.shape(x), (f(x + h) - f(x - h)) / (2 * h))


@misconception("numerical_gradient", "core", title="The sign is wrong", see="01 §5")
def slope_negative(f, x, h=1e-5):
    """You subtracted f(x + h) from f(x − h). It is the other way round."""
    return -_differences(f, x, h)


@misconception("numerical_gradient", "core", title="The second derivative", see="01 §5")
def slope_second(f, x, h=1e-5):
    """You computed (f(x + h) − 2 f(x) + f(x − h))/h², which is the curvature. The slope is (f(x + h) − f(x − h))/(2h)."""
    return (_differences(f, x, h, 1.0, 0.0, 1.0) - _differences(f, x, h, 0.0, 1.0, 1.0)) / h


@misconception("numerical_gradient", "slip", title="x isn't restored where f raises", see="01 §5")
def slope_without_finally(f, x, h=1e-5):
    """You move x in place and back, but where f raises an exception, the line that moves it back isn't reached. Put it into a `finally`,
    or work on a copy."""
    moved = x if x.dtype.kind == "f" else x.astype(float)
    gradient = np.zeros(moved.shape)
    for index in np.ndindex(moved.shape):
        old = moved[index]
        moved[index] = old + h
        above = f(moved)
        moved[index] = old - h
        gradient[index] = (above - f(moved)) / (2 * h)
        moved[index] = old
    return gradient


@misconception("numerical_gradient", "slip", title="x is moved back by h, wherever it is", see="01 §5")
def slope_back_by_h(f, x, h=1e-5):
    """In the end you move x by h, in a `finally` maybe. That is right after the second call of f alone: where the first one raises, x
    stands at x + h still. Keep the old value, and write that back."""
    moved = x if x.dtype.kind == "f" else x.astype(float)
    gradient = np.zeros(moved.shape)
    for index in np.ndindex(moved.shape):
        try:
            moved[index] += h
            above = f(moved)
            moved[index] -= 2 * h
            gradient[index] = (above - f(moved)) / (2 * h)
        finally:
            moved[index] += h
    return gradient


@misconception("numerical_gradient", "slip", title="x is left moved", see="01 §5")
def slope_last_left(f, x, h=1e-5):
    """Your slopes are right, but x isn't what it was after the call. Move every entry back, the last one too, or work on a copy."""
    gradient = _differences(f, x, h)
    x -= np.array(h).astype(x.dtype) if x.dtype.kind == "f" else 1
    return gradient


@misconception("numerical_gradient", "slip", title="Integers aren't moved", see="01 §5")
def slope_of_integers(f, x, h=1e-5):
    """Where x holds integers, x[i] + h loses what is behind the decimal point, so x is moved by 0 or by 1, and the slopes are wrong. Make
    a copy with dtype float."""
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] = x[index] + h
        below[index] = x[index] - h
        gradient[index] = (f(above) - f(below)) / (2 * h)
    return gradient


@misconception("numerical_gradient", "slip", title="A reshaped copy is moved", see="01 §5")
def slope_of_flat_view(f, x, h=1e-5):
    """You move entries of x.reshape(-1), or x.ravel(), and call f(x). For a transposed x or a slice that is a copy, so x doesn't move.
    Use np.ndindex, or x.flat."""
    x = x if x.dtype.kind == "f" else x.astype(float)
    flat, gradient = x.reshape(-1), np.zeros(x.size)
    for i in range(x.size):
        old = flat[i]
        try:
            flat[i] = old + h
            above = f(x)
            flat[i] = old - h
            gradient[i] = (above - f(x)) / (2 * h)
        finally:
            flat[i] = old
    return gradient.reshape(x.shape)


@misconception("numerical_gradient", "slip", title="Exceptions of f are swallowed", see="01 §5")
def slope_swallows(f, x, h=1e-5):
    """You catch what f raises and go on. The caller has to learn that there is no gradient: use `finally`, not `except`."""
    try:
        return _differences(f, x, h)
    except Exception:
        return np.zeros(np.shape(x))


@misconception("numerical_gradient", "slip", title="h is relative to x", see="01 §5")
def slope_relative(f, x, h=1e-5):
    """You scaled h with the size of each entry. Here every entry is moved by h itself."""
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = h * max(1.0, abs(x[index]))
        above, below = x.copy(), x.copy()
        above[index] += step
        below[index] -= step
        gradient[index] = (f(above) - f(below)) / (2 * step)
    return gradient


slope_cut_off = cut_off("numerical_gradient", right.numerical_gradient, see="01 §5", name="x")
slope_with_its_own_h = fixed_number(
    "numerical_gradient", right.numerical_gradient, see="01 §5", name="h", value=1e-5, title="h is ignored", called="slope_with_its_own_h"
)


# --- numerical_gradient: right --------------------------------------------------------------------------------------------


@alternative("numerical_gradient")
def slope_in_place_and_back(f, x, h=1e-5):
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    gradient = np.empty(x.shape)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        index = it.multi_index
        old = x[index]
        try:
            x[index] = old + h
            above = f(x)
            x[index] = old - h
            below = f(x)
        finally:
            x[index] = old
        gradient[index] = (above - below) / (2 * h)
        it.iternext()
    return gradient


@alternative("numerical_gradient")
def slope_by_directions(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    directions = (h * np.eye(x.size)).reshape((x.size, *x.shape))
    return np.array([f(x + d) - f(x - d) for d in directions]).reshape(x.shape) / (2 * h)


@alternative("numerical_gradient")
def slope_on_a_flat_copy(f, x, h=1e-5):
    flat = np.array(x, dtype=float).ravel()
    slopes = []
    for i in reversed(range(flat.size)):
        flat[i] -= h
        below = f(flat.reshape(np.shape(x)))
        flat[i] += 2 * h
        above = f(flat.reshape(np.shape(x)))
        flat[i] -= h
        slopes.append(0.5 * (above - below) / h)
    return np.array(slopes[::-1]).reshape(np.shape(x))


@alternative("numerical_gradient")
def slope_from_both_sides(f, x, h=1e-5):
    middle, x = f(x), np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for index, _ in np.ndenumerate(x):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = ((f(x + step) - middle) + (middle - f(x - step))) / (h + h)
    return gradient


@alternative("numerical_gradient")
def slope_in_single_precision(f, x, h=1e-5):
    return _differences(f, x, h).astype(np.float32)


# --- mlp_gradients: wrong -------------------------------------------------------------------------------------------------


def _network(params, X, y, act=None, slope=None, last=False, last_slope=None):
    """Return the loss and the gradients of a network with another activation, or another slope of it.

    `act` and `slope` are functions of z; `last` says whether the logits are activated, too.
    """
    act, slope = act or _relu, slope or _step
    a, inputs, sums = np.asarray(X, dtype=float), [], []
    for number, (W, b) in enumerate(params, start=1):
        inputs.append(a)
        sums.append(a @ W + b)
        a = act(sums[-1]) if last or number < len(params) else sums[-1]
    dz = _dz(a, y) * ((last_slope or slope)(sums[-1]) if last else 1)
    grads = []
    for number in range(len(params) - 1, -1, -1):
        grads.insert(0, (inputs[number].T @ dz, dz.sum(axis=0)))
        if number:
            dz = (dz @ np.transpose(params[number][0])) * slope(sums[number - 1])
    return _loss(a, y), grads


def _relu(z):
    return np.maximum(z, 0)


def _step(z):
    return (z > 0).astype(float)


def _same(z):
    return z


def _ones(z):
    return np.ones(np.shape(z))


def _sigmoid_slope(z):
    return _sigmoid(z) * (1 - _sigmoid(z))


@misconception("mlp_gradients", "part", title="The ReLU is left out on the way back", see="01 §6")
def net_without_mask(params, X, y):
    """Your gradients go through the weights, but not through the ReLU. Where a unit was silent (z ≤ 0) its slope is 0, and nothing goes
    back: multiply da with z > 0. (a >= 0 doesn't tell: after a ReLU it is always true.)"""
    return _network(params, X, y, slope=_ones)


@misconception("mlp_gradients", "part", title="The mask is taken from the gradient", see="01 §6")
def net_mask_of_gradient(params, X, y):
    """You set negative *gradients* to zero. The ReLU's slope depends on its input: the gradient passes, with any sign, where z > 0."""
    a, inputs = np.asarray(X, dtype=float), []
    for W, b in params:
        inputs.append(a)
        z = a @ W + b
        a = _relu(z)
    dz, grads = _dz(z, y), []
    for number in range(len(params) - 1, -1, -1):
        grads.insert(0, (inputs[number].T @ dz, dz.sum(axis=0)))
        dz = _relu(dz @ np.transpose(params[number][0]))
    return _loss(z, y), grads


@misconception("mlp_gradients", "part", title="The slope of the logistic function in a ReLU network", see="01 §6")
def net_sigmoid_slope(params, X, y):
    """On the way back you used σ(z)(1 − σ(z)), the slope of the logistic function. The hidden units are ReLUs, whose slope is 1 or 0."""
    return _network(params, X, y, slope=_sigmoid_slope)


@misconception("mlp_gradients", "part", title="The last layer's gradient is masked", see="01 §6")
def net_last_masked(params, X, y):
    """You multiplied the gradient of the logits with z > 0. The last layer has no ReLU: its dz comes from the loss as it is."""
    a, inputs, sums = np.asarray(X, dtype=float), [], []
    for W, b in params:
        inputs.append(a)
        sums.append(a @ W + b)
        a = _relu(sums[-1])
    da, grads = _dz(sums[-1], y), []
    for number in range(len(params) - 1, -1, -1):
        dz = da * _step(sums[number])
        grads.insert(0, (inputs[number].T @ dz, dz.sum(axis=0)))
        da = dz @ np.transpose(params[number][0])
    return _loss(sums[-1], y), grads


@misconception("mlp_gradients", "core", title="The logits go through a ReLU", see="01 §6")
def net_last_activated(params, X, y):
    """You put the last layer's sums through a ReLU, too. Logits may be negative; they go to the softmax as they are."""
    return _network(params, X, y, last=True)


@misconception("mlp_gradients", "core", title="The loss is that of max(0, logits)", see="01 §6")
def net_last_activated_without_mask(params, X, y):
    """You handed the last layer's activations to the loss. The logits are its sums: there is no ReLU behind the last layer."""
    return _network(params, X, y, last=True, last_slope=_ones)


@misconception("mlp_gradients", "core", title="There is no ReLU", see="01 §6")
def net_linear(params, X, y):
    """There is no activation between your layers, so all of them together are one linear layer. Put max(0, z) between them."""
    return _network(params, X, y, act=_same, slope=_ones)


@misconception("mlp_gradients", "core", title="The hidden units are logistic", see="01 §6")
def net_sigmoid(params, X, y):
    """Your hidden units are logistic. Here they are ReLUs: max(0, z), with slope 1 or 0."""
    return _network(params, X, y, act=_sigmoid, slope=_sigmoid_slope)


@misconception("mlp_gradients", "part", title="The gradients begin with the last layer", see="01 §6")
def net_reversed(params, X, y):
    """Your gradients are in the order in which they were computed, the last layer first. They belong to params, so turn them round."""
    loss, grads = _network(params, X, y)
    return loss, grads[::-1]


@misconception("mlp_gradients", "part", title="Sums instead of means", see="01 §6")
def net_sums(params, X, y):
    """Your loss and gradients are those of the sum over the batch. The loss is the mean: divide by N once, where the loss is taken."""
    loss, grads = _network(params, X, y)
    return loss * len(y), [(dW * len(y), db * len(y)) for dW, db in grads]


@misconception("mlp_gradients", "part", title="The gradients are those of the sum", see="01 §6")
def net_gradients_of_sum(params, X, y):
    """Your loss is the mean over the batch, but the gradients are those of the sum. Divide by N once, in the loss's gradient."""
    loss, grads = _network(params, X, y)
    return loss, [(dW * len(y), db * len(y)) for dW, db in grads]


@misconception("mlp_gradients", "part", title="Divided by N twice", see="01 §6")
def net_averaged_twice(params, X, y):
    """You divided by N in the loss's gradient, and again in each layer. Once is enough: the 1/N travels back with the gradient."""
    loss, grads = _network(params, X, y)
    return loss, [(dW / len(y), db / len(y)) for dW, db in grads]


@misconception("mlp_gradients", "core", title="The gradients have the wrong sign", see="01 §6")
def net_negative(params, X, y):
    """Your loss is right, but the gradients point downhill. The minus belongs to the step, not to the gradient."""
    loss, grads = _network(params, X, y)
    return loss, [(-dW, -db) for dW, db in grads]


@misconception("mlp_gradients", "part", title="The biases get no gradient", see="01 §6")
def net_without_biases(params, X, y):
    """Your db are zero. A bias is a parameter as well: its gradient is the sum of dz over the batch."""
    loss, grads = _network(params, X, y)
    return loss, [(dW, 0 * db) for dW, db in grads]


@misconception("mlp_gradients", "part", title="The biases' gradients are means", see="01 §6")
def net_biases_averaged(params, X, y):
    """Your db are means of dz over the batch. The 1/N is in dz already: sum it."""
    loss, grads = _network(params, X, y)
    return loss, [(dW, db / len(y)) for dW, db in grads]


@misconception("mlp_gradients", "part", title="Only the last layer learns", see="01 §6")
def net_last_alone(params, X, y):
    """Only your last layer has a gradient. Send dz back through its weights and the ReLU to the layer below, and so on."""
    loss, grads = _network(params, X, y)
    return loss, [(0 * dW, 0 * db) for dW, db in grads[:-1]] + grads[-1:]


@misconception("mlp_gradients", "part", title="Written for two layers", see="01 §6")
def net_two_layers(params, X, y):
    """Your function takes exactly two layers. `params` may have any number, also one: loop over them."""
    (W1, b1), (W2, b2) = params
    z1 = X @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    dz2 = _dz(z2, y)
    dz1 = (dz2 @ np.transpose(W2)) * (z1 > 0)
    return _loss(z2, y), [(np.transpose(X) @ dz1, dz1.sum(axis=0)), (a1.T @ dz2, dz2.sum(axis=0))]


@misconception("mlp_gradients", "part", title="Hidden biases are left out", see="01 §6")
def net_without_hidden_biases(params, X, y):
    """Your hidden layers compute x W without b. Every layer has its bias."""
    loss, grads = _network([(W, 0.0 * np.asarray(b)) for W, b in params[:-1]] + params[-1:], X, y)
    return loss, grads


@misconception("mlp_gradients", "part", title="Inputs go through a ReLU", see="01 §6")
def net_input_activated(params, X, y):
    """You put X through a ReLU before the first layer. Only what a hidden layer gives is activated; inputs may be negative."""
    return _network(params, np.maximum(X, 0), y)


@misconception("mlp_gradients", "part", title="The gradients aren't in pairs", see="01 §6")
def net_flat_list(params, X, y):
    """You returned one flat list, dW1, db1, dW2, … The gradients have the form of params: a list of pairs (dW, db)."""
    loss, grads = _network(params, X, y)
    return loss, [part for pair in grads for part in pair]


@misconception("mlp_gradients", "part", title="db comes before dW", see="01 §6")
def net_swapped_pairs(params, X, y):
    """Your pairs are (db, dW). They have the order of params: (dW, db)."""
    loss, grads = _network(params, X, y)
    return loss, [(db, dW) for dW, db in grads]


@misconception("mlp_gradients", "part", title="The gradients of the biases are missing", see="01 §6")
def net_weights_alone(params, X, y):
    """You returned dW for each layer, without db. Each layer's item is a pair: (dW, db)."""
    loss, grads = _network(params, X, y)
    return loss, [dW for dW, db in grads]


@misconception("mlp_gradients", "part", title="The loss is missing", see="01 §6")
def net_gradients_alone(params, X, y):
    """You returned the gradients alone. The loss comes first: (loss, grads)."""
    return _network(params, X, y)[1]


@misconception("mlp_gradients", "part", title="dW is transposed", see="01 §6")
def net_transposed(params, X, y):
    """Your dW have shape (fan_out, fan_in). A gradient has the shape of its variable."""
    loss, grads = _network(params, X, y)
    return loss, [(dW.T, db) for dW, db in grads]


@misconception("mlp_gradients", "part", title="The loss is a sum", see="01 §6")
def net_loss_sum(params, X, y):
    """Your gradients are those of the mean, but the loss is the sum over the batch. Divide it by N."""
    loss, grads = _network(params, X, y)
    return loss * len(y), grads


@misconception("mlp_gradients", "part", title="New parameters are returned", see="01 §6")
def net_stepped(params, X, y):
    """You made a step and returned the new parameters. What is asked for are the gradients; the caller makes the step."""
    loss, grads = _network(params, X, y)
    return loss, [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(params, grads, strict=True)]


@misconception("mlp_gradients", "part", title="Without hidden layers it fails", see="01 §6")
def net_needs_hidden_layers(params, X, y):
    """Your function needs a hidden layer. With a single layer there is no ReLU, and the logits are X W + b."""
    if len(params) == 1:
        raise IndexError("list index out of range")
    return _network(params, X, y)


@misconception("mlp_gradients", "part", title="Multiplied with z instead of its sign", see="01 §6")
def net_times_relu(params, X, y):
    """On the way back you multiplied with max(0, z). The *slope* of the ReLU belongs there, 1 where z > 0 and 0 elsewhere."""
    return _network(params, X, y, slope=_relu)


@misconception("mlp_gradients", "slip", title="db has an axis too many", see="01 §6")
def net_bias_rows(params, X, y):
    """Your db have shape (1, fan_out). A gradient has the shape of its variable, (fan_out,): sum without keepdims."""
    loss, grads = _network(params, X, y)
    return loss, [(dW, db[None]) for dW, db in grads]


@misconception("mlp_gradients", "slip", title="The parameters are changed in place", see="01 §6")
def net_in_place(params, X, y):
    """Your function already makes a step, or writes into W and b in another way. It has to leave the parameters as they are: the caller
    decides about the step."""
    answer = _network(params, X, y)
    for (W, b), (dW, db) in zip(params, answer[1], strict=True):
        W -= (0.5 * dW).astype(W.dtype)
        b -= (0.5 * db + 1).astype(b.dtype)
    return answer


@misconception("mlp_gradients", "slip", title="The bias is added to an array of integers", see="01 §6")
def net_added_in_place(params, X, y):
    """You wrote `z += b`. Where z holds integers and b has fractions, NumPy raises an error, since an array keeps its type. Write
    `z = a @ W + b`."""
    a = X
    for W, b in params:
        z = a @ W
        z += b
        a = _relu(z)
    return _network(params, X, y)


@misconception("mlp_gradients", "slip", title="The gradients have the integers' type", see="01 §6")
def net_cut_off(params, X, y):
    """You wrote the gradients into arrays made with `zeros_like` of the parameters. Where these hold integers, that cuts off everything
    behind the decimal point. Make the arrays with dtype float."""
    loss, grads = _network(params, X, y)
    return loss, [(dW.astype(W.dtype), db.astype(b.dtype)) for (W, b), (dW, db) in zip(params, grads, strict=True)]


net_loss_alone = only_the_first("mlp_gradients", right.mlp_gradients, see="01 §6", first="the loss", all="loss and grads")


# --- mlp_gradients: right -------------------------------------------------------------------------------------------------


@alternative("mlp_gradients")
def net_by_recursion(params, X, y):
    def through(x, layers):
        (W, b), *rest = layers
        z = x @ W + b
        if rest:
            loss, da, grads = through(np.maximum(0, z), rest)
            dz = np.where(z > 0, da, 0)
        else:
            loss, dz, grads = _loss(z, y), _dz(z, y), []
        return loss, dz @ np.transpose(W), [(np.transpose(x) @ dz, dz.sum(axis=0)), *grads]

    loss, _, grads = through(np.asarray(X), list(params))
    return float(loss), grads


@alternative("mlp_gradients")
def net_example_by_example(params, X, y):
    N = len(X)
    loss, grads = 0.0, [[np.zeros(np.shape(W)), np.zeros(np.shape(b))] for W, b in params]
    for x, label in zip(X, y, strict=True):
        a, sums = [np.asarray(x, dtype=float)], []
        for W, b in params:
            sums.append(a[-1] @ W + b)
            a.append(np.where(sums[-1] >= 0, sums[-1], 0.0))
        z = sums[-1] - sums[-1].max()
        p = np.exp(z) / np.exp(z).sum()
        loss += -np.log(p[label]) / N
        delta = p - (np.arange(len(p)) == label)
        for k in reversed(range(len(params))):
            grads[k][0] += np.outer(a[k], delta) / N
            grads[k][1] += delta / N
            if k:
                delta = (np.asarray(params[k][0]) @ delta) * (sums[k - 1] >= 0)
    return loss, grads


@alternative("mlp_gradients")
def net_with_its_own_functions(params, X, y):
    weights, biases = zip(*params, strict=True)
    a = [np.array(X, dtype=np.float64)]
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        z = np.einsum("nd,dh->nh", a[-1], W) + b
        a.append(z if k == len(params) - 1 else z * (z > 0))
    delta = _dz(a[-1], y)
    dWs, dbs = [], []
    for k in range(1, len(params) + 1):
        dWs.append(np.einsum("nd,nh->dh", a[-k - 1], delta))
        dbs.append(np.einsum("nh->h", delta))
        delta = np.einsum("nh,dh->nd", delta, weights[-k]) * np.sign(a[-k - 1])
    return _loss(a[-1], y), list(zip(dWs[::-1], dbs[::-1], strict=True))


@alternative("mlp_gradients")
def net_in_single_precision(params, X, y):
    loss, grads = _network(params, X, y)
    return np.float32(loss), tuple([dW.astype(np.float32), db.astype(np.float32)] for dW, db in grads)


# --- minibatches: wrong ---------------------------------------------------------------------------------------------------


def _dealt(order, batch_size):
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


@misconception("minibatches", "part", title="The examples aren't shuffled", see="01 §7")
def batches_constant_order(n, batch_size, rng):
    """Your batches are the same in every epoch, in the order of the data. If that is sorted, a batch has one class alone. Shuffle with
    rng first."""
    return _dealt(np.arange(n), batch_size)


@misconception("minibatches", "part", title="Neighbours stay together", see="01 §7")
def batches_of_neighbours(n, batch_size, rng):
    """You shuffled the order of the batches, or began at a random index, but each batch still holds neighbours. Shuffle the indices, and
    then cut."""
    batches = _dealt(np.arange(n), batch_size)
    full, rest = [batch for batch in batches if len(batch) == batch_size], [batch for batch in batches if len(batch) < batch_size]
    return [full[k] for k in rng.permutation(len(full))] + rest


@misconception("minibatches", "part", title="Shuffled within each batch alone", see="01 §7")
def batches_shuffled_inside(n, batch_size, rng):
    """You cut first and shuffled each batch. The same examples are together in every epoch. Shuffle all indices, and then cut."""
    return [rng.permutation(batch) for batch in _dealt(np.arange(n), batch_size)]


@misconception("minibatches", "part", title="The batches are sorted", see="01 §7")
def batches_sorted(n, batch_size, rng):
    """You put the indices of each batch into the order of the data. Leave them in the order in which they were drawn."""
    return [np.sort(batch) for batch in _dealt(rng.permutation(n), batch_size)]


@misconception("minibatches", "part", title="The indices aren't cut into batches", see="01 §7")
def batches_uncut(n, batch_size, rng):
    """You returned all indices in one array. Cut it into pieces of batch_size, and return the list of them."""
    return rng.permutation(n)


@misconception("minibatches", "part", title="The order is turned round, not shuffled", see="01 §7")
def batches_rotated(n, batch_size, rng):
    """You begin at a random index and go on in the order of the data, so each batch holds neighbours. Shuffle all indices, and then
    cut."""
    return _dealt(np.roll(np.arange(n), rng.integers(n)), batch_size)


@misconception("minibatches", "core", title="Each batch is drawn by itself", see="01 §7")
def batches_by_choice(n, batch_size, rng):
    """You drew each batch anew from all indices, so an index can be in several batches, and others are in none. Shuffle all indices once,
    and then cut."""
    return [rng.choice(n, min(batch_size, n), replace=False) for _ in range(-(-n // batch_size))]


@misconception("minibatches", "part", title="Examples are drawn with replacement", see="01 §7")
def batches_with_replacement(n, batch_size, rng):
    """You drew every index, or every batch, anew, so some examples come twice and about a third not at all. In an epoch each comes once:
    rng.permutation for all, and then cut; not rng.integers, or rng.choice for each batch."""
    return _dealt(rng.integers(n, size=n), batch_size)


@misconception("minibatches", "part", title="The last batch is dropped", see="01 §7")
def batches_rest_dropped(n, batch_size, rng):
    """Where batch_size doesn't divide n, you leave the rest out. Those examples wait for an epoch with another order; here they form a
    last, smaller batch."""
    return [batch for batch in _dealt(rng.permutation(n), batch_size) if len(batch) == batch_size]


@misconception("minibatches", "part", title="The last batch is filled up", see="01 §7")
def batches_padded(n, batch_size, rng):
    """You filled the last batch with examples from the beginning. They count twice in this epoch then. The last batch may be smaller."""
    order = rng.permutation(n)
    count = -(-n // batch_size)
    return _dealt(np.resize(order, count * batch_size), batch_size)


@misconception("minibatches", "part", title="The rest joins the batch before", see="01 §7")
def batches_rest_joined(n, batch_size, rng):
    """You put what is left into the batch before, which has more than batch_size examples then. It is a batch of its own."""
    count = max(n // batch_size, 1)
    order = rng.permutation(n)
    return [order[k * batch_size : (k + 1) * batch_size if k < count - 1 else n] for k in range(count)]


@misconception("minibatches", "part", title="The batches are made equal", see="01 §7")
def batches_equal(n, batch_size, rng):
    """np.array_split makes batches that are as equal as possible. Here all but the last have exactly batch_size indices."""
    return np.array_split(rng.permutation(n), -(-n // batch_size))


@misconception("minibatches", "part", title="batch_size is taken for the number of batches", see="01 §7")
def batches_counted(n, batch_size, rng):
    """You made batch_size batches. batch_size says how many examples are in each."""
    return np.array_split(rng.permutation(n), min(batch_size, n))


@misconception("minibatches", "core", title="One index is missing", see="01 §7")
def batches_without_the_last(n, batch_size, rng):
    """You shuffled the indices up to n − 2 only. range(n) ends before n by itself."""
    return _dealt(rng.permutation(max(n - 1, 1)), batch_size)


@misconception("minibatches", "part", title="The indices begin at 1", see="01 §7")
def batches_from_one(n, batch_size, rng):
    """Your indices go from 1 to n. The first example has index 0, and X[n] doesn't exist."""
    return _dealt(1 + rng.permutation(n), batch_size)


@misconception("minibatches", "part", title="The short batch comes first", see="01 §7")
def batches_short_first(n, batch_size, rng):
    """Your first batch has what is left. It is the last one that may be shorter."""
    order, first = rng.permutation(n), n % batch_size or batch_size
    return [order[:first]] + [order[start : start + batch_size] for start in range(first, n, batch_size)]


@misconception("minibatches", "part", title="One example in each batch", see="01 §7")
def batches_of_one(n, batch_size, rng):
    """Your batches have one index each. They have batch_size indices."""
    return [np.array([index]) for index in rng.permutation(n)]


@misconception("minibatches", "core", title="Only one batch is returned", see="01 §7")
def batches_first_alone(n, batch_size, rng):
    """You returned one random batch. In an epoch every example comes once: return all batches."""
    return [rng.permutation(n)[:batch_size]]


@misconception("minibatches", "slip", title="An empty batch at the end", see="01 §7")
def batches_empty_last(n, batch_size, rng):
    """Where batch_size divides n, your last batch is empty, and the mean over it is NaN. There are ⌈n/batch_size⌉ batches, not
    ⌊n/batch_size⌋ + 1."""
    order = rng.permutation(n)
    return [order[k * batch_size : (k + 1) * batch_size] for k in range(n // batch_size + 1)]


@misconception("minibatches", "slip", title="Lists instead of arrays", see="01 §7")
def batches_as_lists(n, batch_size, rng):
    """Your batches are lists. Return arrays of integers, with which one can compute."""
    return [batch.tolist() for batch in _dealt(rng.permutation(n), batch_size)]


@misconception("minibatches", "slip", title="The indices are floats", see="01 §7")
def batches_of_floats(n, batch_size, rng):
    """Your indices are floats, with which NumPy can't index. Convert them with astype(int)."""
    return _dealt(rng.permutation(n).astype(float), batch_size)


batches_with_their_own_generator = generator_ignored("minibatches", right.minibatches, see="01 §7")
batches_reseeded = reseeded("minibatches", right.minibatches, see="01 §7")


# --- minibatches: right ---------------------------------------------------------------------------------------------------


@alternative("minibatches")
def batches_by_shuffle(n, batch_size, rng):
    order = np.arange(n)
    rng.shuffle(order)
    batches = []
    while len(order):
        batches.append(order[:batch_size])
        order = order[batch_size:]
    return batches


@alternative("minibatches")
def batches_by_sorting(n, batch_size, rng):
    order = np.argsort(rng.standard_normal(n))
    return np.split(order, np.arange(batch_size, n, batch_size))


@alternative("minibatches")
def batches_one_by_one(n, batch_size, rng):
    left, batches = list(range(n)), []
    while left:
        batches.append([])
        while left and len(batches[-1]) < batch_size:
            batches[-1].append(left.pop(int(rng.integers(len(left)))))
    return tuple(np.array(batch) for batch in batches)


@alternative("minibatches")
def batches_from_the_end(n, batch_size, rng):
    order = rng.choice(n, size=n, replace=False).astype(np.int32)
    full = n // batch_size
    batches = [order[k * batch_size : (k + 1) * batch_size] for k in range(full)]
    return batches + [order[full * batch_size :]] * (n % batch_size > 0)
