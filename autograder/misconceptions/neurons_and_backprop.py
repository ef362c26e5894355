"""What students believe about neurons, losses and backpropagation, and right answers that are written in other ways.

What goes wrong in several exercises alike comes first, then tables of the answers that are one expression, and then the longer ones.
The cache of the reference's dense layer, which the answers here share, is (x, W).
"""

from functools import partial

import numpy as np

from autograder.judging.known_answers import alternative, alternatives, misconception, misconceptions
from autograder.kit.families import (
    changed_items,
    cut_off,
    fixed_number,
    generator_ignored,
    in_a_tuple,
    in_place,
    in_single_precision,
    left_out,
    members,
    nothing_returned,
    only_the_first,
    reseeded,
)

from ..reference import neurons_and_backprop as right

RIGHT = vars(right)
# fmt: off
SECTIONS = {
    "threshold_unit": "01 §1", "logistic_neuron_step": "01 §2", "softmax": "01 §3", "cross_entropy": "01 §3",
    "softmax_cross_entropy": "01 §3", "dense_forward": "01 §4", "dense_backward": "01 §4", "numerical_gradient": "01 §5",
    "mlp_gradients": "01 §6", "minibatches": "01 §7",
}
# fmt: on


def _each(exercises: str, *families):
    return members({name: SECTIONS[name] for name in exercises.split()}, RIGHT, *families)


NOTHING_RETURNED = _each("threshold_unit minibatches", nothing_returned)
IN_PLACE = _each("threshold_unit logistic_neuron_step cross_entropy dense_backward", in_place)
INTEGERS_IN_PLACE = _each("softmax softmax_cross_entropy dense_forward", partial(in_place, casting="unsafe"))
CUT_OFF = _each("logistic_neuron_step softmax softmax_cross_entropy dense_forward", cut_off)
X_CUT_OFF = _each("numerical_gradient", partial(cut_off, name="x"))
W_ALONE = _each("logistic_neuron_step", partial(only_the_first, first="w", all="w and b"))
LOSS_ALONE = _each("softmax_cross_entropy", partial(only_the_first, first="the loss", all="loss and dz"))
LOSS_ALONE_OF_NETWORK = _each("mlp_gradients", partial(only_the_first, first="the loss", all="loss and grads"))
IN_A_TUPLE = _each("softmax", partial(in_a_tuple, severity="slip"))
IGNORED = _each("minibatches", generator_ignored)
ALWAYS_THE_SAME = _each(
    "minibatches",
    partial(
        reseeded,
        title="Every epoch has the same batches",
        text="Your batches are the same in every call: rng isn't used, or a generator with a fixed seed is made in the function. Draw "
        "from rng, which the caller passes.",
    ),
)
OWN_RATE = _each("logistic_neuron_step", partial(fixed_number, name="lr", value=0.1, severity="part", called="step_with_its_own_rate"))
OWN_H = _each("numerical_gradient", partial(fixed_number, name="h", title="h is ignored", called="slope_with_its_own_h"))
DX_NONE = _each("dense_backward", partial(left_out, output=0, argument="dx", filler=None, called="back_dx_none"))
IN_SINGLE_PRECISION = [member for name in SECTIONS if name != "minibatches" for member in _each(name, in_single_precision)]


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z, dtype=float)))


def _sigmoid_slope(z):
    return _sigmoid(z) * (1 - _sigmoid(z))


def _exp(z):
    """Return e^z, each row up to a factor."""
    return np.exp(z - np.max(z, axis=1, keepdims=True))


def _shares(e):
    return e / np.sum(e, axis=1, keepdims=True)


def _softmax(z):
    return _shares(_exp(z))


def _log_softmax(z):
    return z - np.max(z, axis=1, keepdims=True) - np.log(np.sum(_exp(z), axis=1, keepdims=True))


def _one_hot(z, y):
    """Return the one-hot labels, with the shape of the logits z."""
    return np.eye(np.shape(z)[1])[np.asarray(y)]


def _of_label(z, y):
    return np.asarray(z, dtype=float)[np.arange(len(y)), y]


def _loss(z, y):
    return -np.mean(_of_label(_log_softmax(z), y))


def _dz(z, y):
    return (_softmax(z) - _one_hot(z, y)) / len(y)


def _moved(w, b, X, error, lr):
    """Return w and b after a step; the error of an example is p − y."""
    return w - lr * error @ X / len(X), b - lr * np.mean(error)


def _slopes(w, b, X, y, lr):
    """Return the gradients of w and b."""
    error = _sigmoid(X @ w + b) - y
    return error @ X / len(y), np.mean(error)


def _of_probabilities(p, y):
    """Return the loss, and dz, of probabilities p."""
    return -np.mean(np.log(_of_label(p, y))), (p - _one_hot(p, y)) / len(y)


def _dense(x, W, out):
    return out, (np.array(x, dtype=float), np.array(W, dtype=float))


def _pulled(dout, cache):
    x, W = cache
    return dout @ W.T, x.T @ dout, np.sum(dout, axis=0)


def _differences(f, x, h=1e-5, up=1.0, down=1.0, by=2.0, dtype=float, indices=None):
    """Return (f(x + up·h) − f(x − down·h))/(by·h) for every entry, or for every one of `indices`; h may be an array."""
    x, h = np.array(x, dtype=dtype), np.broadcast_to(h, x.shape)
    gradient = np.zeros(x.shape)
    for index in indices or np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] = x[index] + up * h[index]
        below[index] = x[index] - down * h[index]
        gradient[index] = (f(above) - f(below)) / (by * h[index])
    return gradient


def _relu(z):
    return np.maximum(z, 0)


def _masked(da, z):
    return da * (z > 0)


def _network(params, X, y, hidden=_relu, back=_masked, last=lambda z: z, last_back=lambda dz, z: dz):
    """Return the loss and the gradients of a network.

    `hidden` and `last` are the activations of z; `back` and `last_back` make dz of the gradient da of an activation, and of z.
    """
    a, inputs, sums = np.asarray(X, dtype=float), [], []
    for W, b in params:
        inputs.append(a)
        sums.append(a @ W + b)
        a = hidden(sums[-1]) if len(sums) < len(params) else last(sums[-1])
    dz, grads = last_back(_dz(a, y), sums[-1]), []
    for number in reversed(range(len(params))):
        grads.insert(0, (inputs[number].T @ dz, dz.sum(axis=0)))
        if number:
            dz = back(dz @ np.transpose(params[number][0]), sums[number - 1])
    return _loss(a, y), grads


def _dealt(order, batch_size):
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


# --- answers that are one expression each ---------------------------------------------------------------------------------
# fmt: off
THRESHOLD_UNIT = misconceptions("threshold_unit", "01 §1", {
    "unit_strict": ("slip", "A sum of exactly 0 doesn't fire",
        "You ask for a sum that is larger than 0. Here step(0) = 1: write >= instead of >.",
        lambda X, w, b: (X @ w + b > 0).astype(float)),
    "unit_booleans": ("slip", "True and False instead of 1 and 0",
        "You returned the comparison itself, an array of booleans. Turn it into numbers, for example by `.astype(float)`.",
        lambda X, w, b: X @ w + b >= 0),
    "unit_column": ("slip", "The answer is a column",
        "Your answer has shape (N, 1). With w of shape (D,) the product X @ w has shape (N,) already: leave w as it is.",
        lambda X, w, b: (X @ np.reshape(w, (-1, 1)) + b >= 0).astype(float)),
    "unit_without_bias": ("part", "The bias is forgotten",
        "Your sum has no b in it, so the boundary always goes through the origin. The unit fires where w·x + b ≥ 0.",
        lambda X, w, b: (X @ w >= 0).astype(float)),
    "unit_bias_subtracted": ("part", "The bias is taken for a threshold",
        "You compare w·x with b, as if b were the threshold. The bias is added, so it is minus the threshold: w·x + b ≥ 0.",
        lambda X, w, b: (X @ w >= b).astype(float)),
    "unit_signs": ("part", "The outputs are −1 and 1",
        "Your unit says −1 where it doesn't fire. Some books do so; here a silent unit says 0.",
        lambda X, w, b: np.where(X @ w + b >= 0, 1.0, -1.0)),
    "unit_at_half": ("part", "The threshold is 0.5",
        "You compare the sum with 0.5. That is the threshold for a *probability*; the sum is compared with 0.",
        lambda X, w, b: (X @ w + b >= 0.5).astype(float)),
    "unit_sum": ("core", "The sum is returned without a step",
        "You returned the weighted sum. The unit answers with 1.0 where it is positive or 0, and with 0.0 elsewhere.",
        lambda X, w, b: X @ w + b),
    "unit_relu": ("core", "ReLU instead of the step", "You returned max(0, z). The threshold unit answers with 1.0 or 0.0 alone.",
        lambda X, w, b: np.maximum(X @ w + b, 0)),
    "unit_inverted": ("core", "The step is upside down", "Your unit fires where the sum is negative. It fires where w·x + b is at least 0.",
        lambda X, w, b: (X @ w + b < 0).astype(float)),
    "unit_unsummed": ("core", "The products aren't summed",
        "You multiplied X with w entry by entry and compared each product. A unit adds up its inputs first: X @ w.",
        lambda X, w, b: (X * w + b >= 0).astype(float)),
    "unit_sums_cut_off": ("slip", "The sums have the integers' type",
        "You wrote the sums into an array of X's type. Where X holds integers, −0.75 becomes 0 there, and the unit fires. Make the array "
        "with dtype float, or write X @ w + b.",
        lambda X, w, b: ((X @ w + b).astype(X.dtype) >= 0).astype(float)),
    "unit_if_of_array": ("core", "An `if` on a whole array",
        "You ask `if z >= 0` of an array, which has no single answer. Compare the whole array, and turn True and False into 1.0 and 0.0.",
        lambda X, w, b: 1.0 if X @ w + b >= 0 else 0.0),
})
THRESHOLD_UNIT_OTHERWISE = alternatives("threshold_unit", {
    "unit_by_einsum": lambda X, w, b: np.heaviside(np.einsum("nd,d->n", X, w) + b, 1),
    "unit_with_integers": lambda X, w, b: np.array([int(np.dot(row, w) >= -b) for row in X]),
})
LOGISTIC_NEURON_STEP = misconceptions("logistic_neuron_step", "01 §2", {
    "step_overflows": ("slip", "exp overflows",
        "You compute e^z/(1 + e^z). For z = 1000 that is ∞/∞, which is NaN. Write 1/(1 + e^−z), or treat both signs of z apart.",
        lambda w, b, X, y, lr: _moved(w, b, X, np.exp(X @ w + b) / (1 + np.exp(X @ w + b)) - y, lr)),
    "step_squared_error": ("part", "The gradient of the squared error",
        "Your gradient has a factor p(1 − p) that belongs to the squared error. With the cross-entropy the slope of the logistic function "
        "cancels, and p − y is left. That is why one takes it: a neuron that is sure and wrong learns fast.",
        lambda w, b, X, y, lr: _moved(w, b, X, (_sigmoid(X @ w + b) - y) * _sigmoid_slope(X @ w + b), lr)),
    "step_bias_left_out": ("part", "The neuron has no bias", "Your prediction is σ(w·x), without the bias. It is σ(w·x + b).",
        lambda w, b, X, y, lr: _moved(w, b, X, _sigmoid(X @ w) - y, lr)),
    "step_linear": ("core", "There is no logistic function",
        "You used the weighted sum itself as the prediction. That is linear regression; this neuron predicts σ(w·x + b).",
        lambda w, b, X, y, lr: _moved(w, b, X, X @ w + b - y, lr)),
    "step_sigmoid_sign": ("core", "σ has the wrong sign", "Your σ falls: 1/(1 + e^z). The exponent has a minus sign: 1/(1 + e^−z).",
        lambda w, b, X, y, lr: _moved(w, b, X, _sigmoid(-(X @ w + b)) - y, lr)),
})
LOGISTIC_NEURON_STEP_CHANGED = changed_items("logistic_neuron_step", "01 §2", _slopes, {
    "step_bias_array": ("slip", "b is an array",
        "Your new b is an array with one entry. It is a number, as the old one: sum or average the errors without keepdims.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw, np.array([b - lr * db]))),
    "step_swapped": ("slip", "w and b in the wrong order", "You returned (b, w). The order is that of the arguments: w first.",
        lambda dw, db, w, b, X, y, lr: (b - lr * db, w - lr * dw)),
    "step_sum": ("part", "The sum instead of the mean",
        "You added up the gradients of the examples. The loss is the mean over the batch, so divide by N: otherwise the step grows with "
        "the size of the batch.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw * len(y), b - lr * db * len(y))),
    "step_twice": ("part", "A factor 2 too many",
        "Your step is twice too long: the 2 belongs to the derivative of a square. That of the cross-entropy is p − y.",
        lambda dw, db, w, b, X, y, lr: (w - 2 * lr * dw, b - 2 * lr * db)),
    "step_without_rate": ("part", "lr is ignored", "You subtracted the whole gradient. The step is lr times the gradient.",
        lambda dw, db, w, b, X, y, lr: (w - dw, b - db)),
    "step_by_inputs": ("part", "Divided by the number of inputs",
        "You divided by the number of inputs, D. The mean is taken over the N examples: divide by len(y).",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw * len(y) / len(w), b - lr * db * len(y) / len(w))),
    "step_bias_kept": ("part", "The bias isn't learned",
        "You returned b as it was. It is a parameter as well, the weight of an input that is always 1: its gradient is the mean of p − y.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw, b)),
    "step_bias_sum": ("part", "The bias steps by the sum",
        "Your w is right, but b moves by the sum of the errors. It is the mean for both.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw, b - lr * db * len(y))),
    "step_weights_sum": ("part", "w steps by the sum",
        "Your b is right, but w moves by the sum over the examples. It is the mean for both: X.T @ (p − y) is a sum, so divide it by N.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw * len(y), b - lr * db)),
    "step_bias_uphill": ("part", "The bias steps uphill",
        "Your w is right, but b moves along its gradient. Both are moved against it: subtract.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw, b + lr * db)),
    "step_one_after_the_other": ("part", "b's gradient is taken at the new w",
        "You moved w first and then computed the gradient of b with the new w. Both gradients belong to one point: compute them, then "
        "move.",
        lambda dw, db, w, b, X, y, lr: (w - lr * dw, b - lr * _slopes(w - lr * dw, b, X, y, lr)[1])),
    "step_of_means": ("part", "Mean error times mean input",
        "You averaged the errors and the inputs apart and multiplied the means. Each example's error belongs to its own x: multiply "
        "first, then average.",
        lambda dw, db, w, b, X, y, lr: (w - lr * db * np.mean(X, axis=0), b - lr * db)),
    "step_bias_first": ("part", "w's gradient is taken at the new b",
        "You moved b first and then computed the gradient of w with the new b. Both gradients belong to one point: compute them, then "
        "move.",
        lambda dw, db, w, b, X, y, lr: (w - lr * _slopes(w, b - lr * db, X, y, lr)[0], b - lr * db)),
    "step_uphill": ("core", "The step goes uphill",
        "You added the gradient, or had y − p in it and subtracted. The loss falls *against* its gradient: w − η·mean((p − y)·x).",
        lambda dw, db, w, b, X, y, lr: (w + lr * dw, b + lr * db)),
    "step_gradients": ("core", "The gradients are returned", "You returned the gradients. What is asked for is w and b after the step.",
        lambda dw, db, *_: (dw, db)),
})
SOFTMAX = misconceptions("softmax", "01 §3", {
    "softmax_overflows": ("slip", "exp overflows",
        "Your formula is right, but exp(10⁴) is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first: the same factor "
        "appears above and below and cancels.",
        lambda z: _shares(np.exp(z))),
    "softmax_global_maximum": ("slip", "One maximum for the whole batch",
        "You subtract the largest logit of the whole batch. A row far below it is all zeros then, and 0/0 is NaN. Each row has its own "
        "maximum: axis=1, keepdims=True.",
        lambda z: _shares(np.exp(z - np.max(z)))),
    "softmax_minimum": ("slip", "The smallest logit is subtracted",
        "You subtract the smallest logit of each row. What is left is positive and can still overflow: subtract the largest one.",
        lambda z: _shares(np.exp(z - np.min(z, axis=1, keepdims=True)))),
    "softmax_centred": ("slip", "The mean logit is subtracted",
        "You subtract the mean of each row. A logit far above the mean can still overflow: subtract the largest one.",
        lambda z: _shares(np.exp(z - np.mean(z, axis=1, keepdims=True)))),
    "softmax_clipped": ("slip", "The logits are cut off",
        "You cut the logits off before exp. That keeps infinity away, but makes different large logits equal. Subtract the row's maximum.",
        lambda z: _shares(np.exp(np.clip(z, -500, 500)))),
    "softmax_with_epsilon": ("slip", "A small number is added to the sum",
        "You added a small number to the sum, against a division by 0. Once the largest logit is subtracted, the sum is at least 1; with "
        "the addition the rows no longer sum to 1.",
        lambda z: _exp(z) / (np.sum(_exp(z), axis=1, keepdims=True) + 1e-8)),
    "softmax_squeezed": ("slip", "Axes of length 1 are lost",
        "Where there is one example, or one class, your answer has an axis less. It always has the shape of z, (N, K).",
        lambda z: np.squeeze(_softmax(z))),
    "softmax_one_sum": ("part", "One sum for the whole batch",
        "You divide by the sum over the whole batch. Each example has a distribution of its own: sum along axis 1 only.",
        lambda z: np.exp(z - np.max(z)) / np.sum(np.exp(z - np.max(z)))),
    "softmax_one_sum_of_rows": ("part", "The rows' exponentials are divided by one sum",
        "You divide by the sum over the whole batch, after each row's maximum was subtracted. Each example has a distribution of its own: "
        "sum along axis 1 only.",
        lambda z: _exp(z) / np.sum(_exp(z))),
    "softmax_over_the_batch": ("core", "Normalised over the batch",
        "You sum along axis 0, so the examples compete for each class. It is the classes that compete, for each example: axis 1.",
        lambda z: np.exp(z - np.max(z, axis=0)) / np.sum(np.exp(z - np.max(z, axis=0)), axis=0)),
    "softmax_without_keepdims": ("core", "The sums are lined up with the classes",
        "Your sums have shape (N,), which NumPy lines up with the last axis, the classes. Keep the axis: np.sum(e, axis=1, "
        "keepdims=True).",
        lambda z: _exp(z) / np.sum(_exp(z), axis=1)),
    "softmax_not_normalised": ("core", "Not normalised",
        "You returned the exponentials. Divide each row by its sum, so that it is a distribution.",
        lambda z: np.exp(z)),
    "softmax_negative": ("core", "The exponent has a minus sign",
        "You wrote exp(−z), so the smallest logit gets the largest probability. The minus belongs to the logistic function.",
        lambda z: _softmax(-np.asarray(z))),
    "softmax_linear": ("core", "There is no exponential",
        "You divide the logits by their sum. Logits may be negative: it is their exponentials that are divided by their sum.",
        lambda z: _shares(z)),
    "softmax_sigmoid": ("core", "The logistic function for each class",
        "You put each logit through σ by itself. Then the classes don't compete, and a row's sum isn't 1.",
        lambda z: _sigmoid(z)),
    "softmax_logarithm": ("core", "The logarithm is returned", "You returned log softmax. The probabilities themselves are asked for.",
        lambda z: _log_softmax(np.asarray(z, dtype=float))),
    "softmax_hard": ("core", "All goes to the largest logit",
        "You gave 1 to the largest logit. That is argmax; softmax is its soft version, so that it has a gradient.",
        lambda z: (z == np.max(z, axis=1, keepdims=True)).astype(float)),
    "softmax_base_two": ("core", "Powers of 2",
        "You used powers of 2. The base is e: np.exp. With another base the gradient isn't p − one-hot.",
        lambda z: _shares(np.exp2(z - np.max(z, axis=1, keepdims=True)))),
    "softmax_by_the_largest": ("core", "Divided by the largest",
        "You divide the exponentials by the largest one. Divide by their sum: then each row adds up to 1.",
        lambda z: _exp(z) / np.max(_exp(z), axis=1, keepdims=True)),
})
CROSS_ENTROPY = misconceptions("cross_entropy", "01 §3", {
    "entropy_of_one_hot": ("slip", "0 times −∞",
        "You multiply one-hot labels with log p and sum. Where another class has probability 0 that is 0·(−∞), which is NaN. Pick the "
        "label's probability first, and take the logarithm of that alone.",
        lambda p, y: -np.mean(np.sum(_one_hot(p, y) * np.log(p), axis=1))),
    "entropy_with_epsilon": ("slip", "A small number is added to p",
        "You added a small number to p before the logarithm. Where the label's probability is as small, the loss is wrong, and the "
        "network isn't told how wrong it was. Here p is used as it is.",
        lambda p, y: -np.mean(np.log(_of_label(p, y) + 1e-8))),
    "entropy_with_epsilon_1e_12": ("slip", "A tiny number is added to p",
        "You added 1e-12 or so to p before the logarithm. Where the label's probability is as small, the loss is wrong, and the network "
        "isn't told how wrong it was. Here p is used as it is.",
        lambda p, y: -np.mean(np.log(_of_label(p, y) + 1e-12))),
    "entropy_clipped_at_1e_15": ("slip", "p is cut off at 1e-15",
        "You cut p off at 1e-15 before the logarithm. Smaller probabilities then all cost the same. Here p is used as it is.",
        lambda p, y: -np.mean(np.log(np.clip(_of_label(p, y), 1e-15, 1 - 1e-15)))),
    "entropy_clipped": ("slip", "p is cut off",
        "You cut p off at a small number before the logarithm. Smaller probabilities then all cost the same. Here p is used as it is.",
        lambda p, y: -np.mean(np.log(np.clip(_of_label(p, y), 1e-12, 1 - 1e-12)))),
    "entropy_sum": ("part", "The sum instead of the mean",
        "You added up the examples. The loss is their mean, so that batches of different sizes can be compared.",
        lambda p, y: -np.sum(np.log(_of_label(p, y)))),
    "entropy_over_classes": ("part", "The mean over the classes, too",
        "You averaged over all N·K entries of the one-hot labels times log p. The mean is taken over the N examples alone.",
        lambda p, y: -np.sum(np.log(_of_label(p, y))) / np.size(p)),
    "entropy_negative": ("part", "The minus sign is missing",
        "Your loss is negative, and it grows as the prediction gets better. The minus sign is missing.",
        lambda p, y: np.mean(np.log(_of_label(p, y)))),
    "entropy_in_bits": ("part", "The logarithm to the base 2",
        "You used log2, which measures in bits. Here it is the natural logarithm, np.log; otherwise a factor stays in all gradients.",
        lambda p, y: -np.mean(np.log2(_of_label(p, y)))),
    "entropy_base_ten": ("part", "The logarithm to the base 10",
        "You used log10. Here it is the natural logarithm, np.log; otherwise a factor stays in all gradients.",
        lambda p, y: -np.mean(np.log10(_of_label(p, y)))),
    "entropy_of_each": ("part", "One loss for each example", "You returned the examples' losses. Their mean is asked for, a single number.",
        lambda p, y: -np.log(_of_label(p, y))),
    "entropy_log_of_mean": ("part", "The logarithm of the mean",
        "You averaged the probabilities and took the logarithm of that. It is the mean of the logarithms: then a single hopeless example "
        "counts as much as it should.",
        lambda p, y: -np.log(np.mean(_of_label(p, y)))),
    "entropy_of_first": ("part", "One example alone counts",
        "You returned the loss of one example of the batch. It is the mean over all of them.",
        lambda p, y: -np.log(_of_label(p, y))[0]),
    "entropy_after_softmax": ("core", "A softmax is applied first", "You put p through a softmax. These are probabilities already.",
        lambda p, y: -np.mean(np.log(_of_label(_softmax(np.asarray(p, dtype=float)), y)))),
    "entropy_as_accuracy": ("core", "The share of mistakes",
        "You counted wrong predictions. The cross-entropy is the mean of −log p[y]: it tells a near miss from a bad one, and has a slope.",
        lambda p, y: np.mean(np.argmax(p, axis=1) != y)),
    "entropy_all_pairs": ("core", "All labels for every example",
        "p[:, y] takes for every example the labels of *all* examples. Pair them: p[np.arange(N), y].",
        lambda p, y: -np.mean(np.log(np.asarray(p, dtype=float)[:, y]))),
    "entropy_of_rows": ("core", "The labels pick rows",
        "p[y] takes whole rows, those of the examples with the labels' numbers. Pick one entry in each row: p[np.arange(N), y].",
        lambda p, y: -np.mean(np.log(np.asarray(p, dtype=float)[np.asarray(y) % len(p)]))),
    "entropy_of_largest": ("core", "The labels are ignored",
        "You took each row's largest probability. What counts is the probability of the right class, however small it is.",
        lambda p, y: -np.mean(np.log(np.max(p, axis=1)))),
    "entropy_of_prediction": ("core", "The entropy of the prediction",
        "You computed −Σ p log p, which says how undecided the prediction is. The cross-entropy weighs log p with the *labels*.",
        lambda p, y: -np.mean(np.sum(p * np.log(np.where(p > 0, p, 1)), axis=1))),
    "entropy_without_log": ("core", "There is no logarithm",
        "You returned the mean of 1 − p. The cross-entropy is the mean of −log p: a sure and wrong answer costs much more than 1.",
        lambda p, y: np.mean(1 - _of_label(p, y))),
    "entropy_binary": ("core", "The other classes count, too",
        "You added −log(1 − p) of the other classes, as for K separate logistic outputs. After a softmax only the label's term counts.",
        lambda p, y: -np.mean(np.sum(np.log(np.where(_one_hot(p, y) == 1, p, 1 - p)), axis=1))),
    "entropy_squared": ("core", "The squared error",
        "You returned the squared distance from the one-hot labels. The cross-entropy is the mean of −log p[y].",
        lambda p, y: np.mean(np.sum((p - _one_hot(p, y)) ** 2, axis=1))),
})
CROSS_ENTROPY_OTHERWISE = alternatives("cross_entropy", {
    "entropy_masked": lambda p, y: np.average(-np.log(p[np.equal.outer(y, np.arange(p.shape[1]))].astype(float))),
    "entropy_of_one_hot_first": lambda p, y: float(-np.log(np.sum(np.identity(p.shape[1])[y] * p, axis=1)).mean()),
})
SOFTMAX_CROSS_ENTROPY = misconceptions("softmax_cross_entropy", "01 §3", {
    "logits_overflow": ("slip", "exp overflows",
        "Your formulas are right, but exp(10⁴) is infinite, and ∞/∞ is NaN. Subtract each row's largest logit first.",
        lambda z, y: _of_probabilities(_shares(np.exp(z)), y)),
    "logits_log_of_zero": ("slip", "The logarithm of a rounded 0",
        "You computed softmax first and then its logarithm. A probability of e^−20000 is rounded to 0, and its logarithm is −∞. Use (9): "
        "log p = z − max − log Σ exp(z − max), where no logarithm of a tiny number is taken.",
        lambda z, y: _of_probabilities(_softmax(z), y)),
    "logits_global_maximum": ("slip", "One maximum for the whole batch",
        "You subtract the largest logit of the whole batch. In a row far below it all exponentials are 0. Each row has its own maximum.",
        lambda z, y: _of_probabilities(_shares(np.exp(z - np.max(z))), y)),
    "logits_over_the_batch": ("core", "Normalised over the batch",
        "Your softmax runs over the examples. It is the classes that compete, for each example: axis 1.",
        lambda z, y: _of_probabilities(np.transpose(_softmax(np.transpose(z))), y)),
    "logits_as_probabilities": ("core", "The softmax is missing",
        "You took the logits for probabilities. They can be negative; put them through the softmax first.",
        lambda z, y: _of_probabilities(z, y)),
})
SOFTMAX_CROSS_ENTROPY_CHANGED = changed_items("softmax_cross_entropy", "01 §3", right.softmax_cross_entropy, {
    "logits_with_epsilon": ("slip", "A small number is added to p",
        "You added a small number inside the logarithm. That keeps infinity away, but gives a wrong loss where the network is sure and "
        "wrong. With (9) nothing has to be added.",
        lambda loss, dz, z, y: (-np.mean(np.log(_of_label(_softmax(z), y) + 1e-12)), dz)),
    "logits_swapped": ("slip", "Loss and gradient in the wrong order",
        "You returned (dz, loss). The order is the other way round: the loss first, then its gradient dz.",
        lambda loss, dz, *_: (dz, loss)),
    "logits_not_averaged": ("part", "dz isn't divided by N",
        "Your loss is the mean over the batch, but dz is p − one-hot, the gradient of the sum. Divide it by N as well.",
        lambda loss, dz, z, y: (loss, dz * len(y))),
    "logits_sum": ("part", "The loss is a sum", "Your dz is right, but the loss is the sum over the batch. It is the mean.",
        lambda loss, dz, z, y: (loss * len(y), dz)),
    "logits_both_sums": ("part", "Sums instead of means", "Loss and gradient are those of the sum over the batch. Divide both by N.",
        lambda loss, dz, z, y: (loss * len(y), dz * len(y))),
    "logits_by_all_entries": ("part", "Divided by the number of classes, too",
        "You divided dz by N·K, as np.mean over all entries does. The mean is taken over the N examples.",
        lambda loss, dz, z, y: (loss, dz / np.shape(z)[1])),
    "logits_without_labels": ("part", "The labels aren't subtracted",
        "Your dz is the softmax itself. Subtract 1 at the label: dz = (p − one-hot)/N. Then each row adds up to 0.",
        lambda loss, dz, z, y: (loss, _softmax(z) / len(y))),
    "logits_negative": ("part", "dz has the wrong sign",
        "Your dz is (one-hot − p)/N. The gradient points to where the loss *grows*: p − one-hot.",
        lambda loss, dz, *_: (loss, -dz)),
    "logits_label_alone": ("part", "dz at the label alone",
        "Your dz is zero but at the label. The other logits are in the softmax's sum as well: their gradient is p.",
        lambda loss, dz, z, y: (loss, dz * _one_hot(z, y))),
    "logits_gradient_of_p": ("part", "The gradient with respect to p",
        "Your dz is −1/p at the label, the gradient with respect to the probabilities. It has to go through the softmax, too; what comes "
        "out is (p − one-hot)/N.",
        lambda loss, dz, z, y: (loss, -_one_hot(z, y) / _softmax(z) / len(y))),
    "logits_extra_slope": ("part", "The slope of the logistic function is left in",
        "Your dz has a factor p(1 − p) too many. Together with the cross-entropy it cancels.",
        lambda loss, dz, z, y: (loss, dz * _softmax(z) * (1 - _softmax(z)))),
    "logits_label_number": ("part", "The label's number is subtracted",
        "You subtracted y itself, a number such as 7, from all probabilities. Subtract the *one-hot* label: 1 at the label, 0 elsewhere.",
        lambda loss, dz, z, y: (loss, (_softmax(z) - np.reshape(y, (-1, 1))) / len(y))),
    "logits_negative_loss": ("part", "The loss has the wrong sign",
        "Your loss is negative: the minus sign before the logarithm is missing.",
        lambda loss, dz, *_: (-loss, dz)),
    "logits_losses": ("part", "One loss for each example", "You returned the examples' losses. Their mean is asked for, a single number.",
        lambda loss, dz, z, y: (-_of_label(_log_softmax(z), y), dz)),
    "logits_shift_forgotten": ("part", "The maximum isn't added back",
        "You subtracted the maximum in the sum of exponentials, but not from the label's logit: log Σ exp(z − max) − z[y] is too small by "
        "the maximum. Subtract it in both places.",
        lambda loss, dz, z, y: (loss - np.mean(np.max(z, axis=1)), dz)),
    "logits_averaged_twice": ("part", "dz is divided by N twice", "You divided dz by N twice. The mean over the batch brings one 1/N.",
        lambda loss, dz, z, y: (loss, dz / len(y))),
    "logits_labels_added": ("part", "The labels are added", "Your dz is p plus one-hot. It is the difference: prediction minus label.",
        lambda loss, dz, z, y: (loss, (_softmax(z) + _one_hot(z, y)) / len(y))),
    "logits_loss_of_largest": ("part", "The loss ignores the labels",
        "Your loss takes each row's largest probability. What counts is the probability of the right class.",
        lambda loss, dz, z, y: (-np.mean(np.max(_log_softmax(z), axis=1)), dz)),
    "logits_gradient_alone": ("part", "Only dz is returned", "You returned dz alone. The loss and dz are asked for, in this order.",
        lambda loss, dz, *_: dz),
    "logits_three_items": ("slip", "More is returned than is asked for", "You returned a third item. Two are asked for: the loss and dz.",
        lambda loss, dz, z, y: (loss, dz, _softmax(z))),
})
DENSE_FORWARD = misconceptions("dense_forward", "01 §4", {
    "dense_without_bias": ("part", "The bias is forgotten",
        "Your layer computes x W. Add b, which goes to every row: NumPy lines up (H,) with the last axis by itself.",
        lambda x, W, b: _dense(x, W, x @ W)),
    "dense_bias_subtracted": ("part", "The bias is subtracted", "You subtracted b, as if it were a threshold. The bias is added: x W + b.",
        lambda x, W, b: _dense(x, W, x @ W - b)),
    "dense_summed_bias": ("part", "One number for all biases",
        "You added the sum of all biases to every unit. Each unit has its own: x W + b.",
        lambda x, W, b: _dense(x, W, x @ W + np.sum(b))),
    "dense_with_relu": ("part", "The ReLU is included",
        "You put the sums through a ReLU. This function gives the sums alone; the activation is a step of its own.",
        lambda x, W, b: _dense(x, W, np.maximum(x @ W + b, 0))),
    "dense_with_sigmoid": ("core", "The logistic function is included",
        "You put the sums through σ. This function gives the sums alone; the activation is a step of its own.",
        lambda x, W, b: _dense(x, W, _sigmoid(x @ W + b))),
    "dense_transposed": ("core", "The weights are transposed",
        "You multiplied with W transposed. Here W has shape (D, H), one column for each unit: x W, without a transpose.",
        lambda x, W, b: _dense(x, W, x @ np.transpose(np.reshape(W, (len(b), -1))) + b)),
    "dense_columns": ("core", "Examples in columns",
        "Your out has shape (H, N). Here the batch comes first: (N, H), one row for each example.",
        lambda x, W, b: _dense(x, W, (x @ W + b).T)),
    "dense_mean": ("core", "Averaged over the inputs",
        "You divided by the number of inputs. A unit adds up its weighted inputs; they aren't averaged.",
        lambda x, W, b: _dense(x, W, x @ W / len(W) + b)),
})
DENSE_FORWARD_OTHERWISE = alternatives("dense_forward", {
    "dense_augmented": lambda x, W, b: _dense(x, W, np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([W, np.reshape(b, (1, -1))])),
    "dense_by_einsum": lambda x, W, b: _dense(x, W, (np.einsum("nd,dh->hn", x, W) + np.reshape(b, (-1, 1))).T),
})
DENSE_BACKWARD = changed_items("dense_backward", "01 §4", _pulled, {
    "back_bias_row": ("slip", "db has an axis too many",
        "Your db has shape (1, H). A gradient has the shape of its variable, (H,): sum without keepdims.",
        lambda dx, dW, db, *_: (dx, dW, db[None])),
    "back_weights_first": ("slip", "The gradients are in another order",
        "You returned dW first. The order is that of the arguments of dense_forward: dx, dW, db.",
        lambda dx, dW, db, *_: (dW, dx, db)),
    "back_dx_last": ("slip", "dx comes last", "You returned dW, db, dx. The order is that of the arguments of dense_forward: dx, dW, db.",
        lambda dx, dW, db, *_: (dW, db, dx)),
    "back_untransposed_everywhere": ("part", "W isn't transposed, and the shapes don't fit",
        "You multiplied dout with W as it is, which raises an error where a layer has more inputs than units, or fewer. dx needs W "
        "transposed: (N, H) times (H, D).",
        lambda dx, dW, db, dout, cache: (dout @ cache[1], dW, db)),
    "back_without_dx": ("part", "dx is missing",
        "You returned dW and db. dx is what the layer below is waiting for: without it backpropagation ends here.",
        lambda dx, dW, db, *_: (dW, db)),
    "back_untransposed": ("part", "W isn't transposed",
        "You multiplied dout with W as it is. dx needs W transposed: (N, H) times (H, D). With as many units as inputs both products "
        "exist, and only one is right.",
        lambda dx, dW, db, dout, cache: (dout @ cache[1] if dx.shape == dout.shape else 0 * dx, dW, db)),
    "back_weights_transposed": ("part", "dW is transposed",
        "Your dW has shape (H, D). A gradient has the shape of its variable, (D, H): x.T @ dout.",
        lambda dx, dW, db, *_: (dx, dW.T, db)),
    "back_weights_averaged": ("part", "dW is averaged",
        "You divided dW by N. The 1/N of the mean loss is in dout already: what comes back from the examples is added.",
        lambda dx, dW, db, dout, cache: (dx, dW / len(dout), db)),
    "back_bias_averaged": ("part", "db is averaged",
        "You took the mean of dout. The 1/N of the mean loss is in dout already: what comes back from the examples is added.",
        lambda dx, dW, db, dout, cache: (dx, dW, db / len(dout))),
    "back_both_averaged": ("part", "dW and db are averaged",
        "You divided dW and db by N. The 1/N of the mean loss is in dout already: what comes back from the examples is added.",
        lambda dx, dW, db, dout, cache: (dx, dW / len(dout), db / len(dout))),
    "back_bias_unsummed": ("part", "db isn't summed",
        "Your db is dout itself, one row for each example. All examples use the same b, so their gradients are summed: axis=0.",
        lambda dx, dW, db, dout, cache: (dx, dW, 1.0 * dout)),
    "back_bias_over_units": ("part", "db is summed over the units",
        "You summed dout over the units. Each unit has a bias, so the sum goes over the examples: axis=0.",
        lambda dx, dW, db, dout, cache: (dx, dW, np.sum(dout, axis=1))),
    "back_bias_number": ("part", "One number for all biases", "You summed dout over both axes. Each unit has a bias of its own: axis=0.",
        lambda dx, dW, db, *_: (dx, dW, np.sum(db))),
    "back_outer_of_sums": ("part", "The sums over the batch are multiplied",
        "You summed x and dout over the batch and multiplied the sums. Each example's x belongs to its own dout: multiply first, then "
        "sum, as x.T @ dout does.",
        lambda dx, dW, db, dout, cache: (dx, np.outer(np.sum(cache[0], axis=0), db), db)),
    "back_bias_ones": ("part", "db is always 1",
        "Your db is 1, the slope of out along b. The chain rule multiplies it with dout and sums over the examples.",
        lambda dx, dW, db, *_: (dx, dW, np.ones(db.shape))),
    "back_dx_without_upstream": ("part", "dx is W",
        "Your dx adds up the weights and doesn't contain dout. The slope of out along x is W; the chain rule multiplies it with dout.",
        lambda dx, dW, db, dout, cache: (np.ones(dx.shape) * np.sum(cache[1], axis=1), dW, db)),
    "back_all_averaged": ("part", "All gradients are averaged", "You divided by N. The 1/N of the mean loss is in dout already.",
        lambda dx, dW, db, dout, cache: (dx / len(dout), dW / len(dout), db / len(dout))),
    "back_without_db": ("part", "db is missing", "You returned dx and dW. b is learned as well: db is the sum of dout over the batch.",
        lambda dx, dW, db, *_: (dx, dW)),
    "back_dx_summed": ("part", "dx is summed over the batch",
        "You summed dx over the examples. Each example has its own x, so dx has the shape of x; only W and b are shared.",
        lambda dx, dW, db, *_: (np.sum(dx, axis=0), dW, db)),
    "back_without_upstream": ("core", "The upstream gradient is ignored",
        "You returned the layer's own slopes. The chain rule multiplies them with the upstream gradient dout.",
        lambda dx, dW, db, dout, cache: _pulled(np.ones(dout.shape), cache)),
    "back_negative": ("core", "All signs are wrong",
        "Your gradients have the wrong sign. Subtracting happens later, in the step; the gradients are those of out = x W + b.",
        lambda dx, dW, db, *_: (-dx, -dW, -db)),
})
NUMERICAL_GRADIENT = misconceptions("numerical_gradient", "01 §5", {
    "slope_forward": ("part", "Forward differences",
        "You took (f(x + h) − f(x))/h. Its error is of the order h; that of (f(x + h) − f(x − h))/(2h) is of the order h², a hundred "
        "thousand times smaller.",
        lambda f, x, h=1e-5: _differences(f, x, h, 1.0, 0.0, 1.0)),
    "slope_backward": ("part", "Backward differences",
        "You took (f(x) − f(x − h))/h. Its error is of the order h; that of (f(x + h) − f(x − h))/(2h) is of the order h².",
        lambda f, x, h=1e-5: _differences(f, x, h, 0.0, 1.0, 1.0)),
    "slope_twice": ("part", "The 2 below is missing",
        "You divided by h. Between x + h and x − h lie 2h, so your slopes are twice too large.",
        lambda f, x, h=1e-5: _differences(f, x, h, 1.0, 1.0, 1.0)),
    "slope_not_divided": ("part", "Not divided by h",
        "You returned f(x + h) − f(x − h). A slope is that difference divided by the distance, 2h.",
        lambda f, x, h=1e-5: _differences(f, x, h, 1.0, 1.0, 2.0) * 2 * h),
    "slope_without_brackets": ("part", "/ 2 * h divides by 2 and multiplies with h",
        "Without brackets, a / 2 * h is (a/2)·h. The distance between the points is 2h: write a / (2 * h).",
        lambda f, x, h=1e-5: _differences(f, x, h) * h * h),
    "slope_half": ("part", "Half a step, divided by a whole one too many",
        "Your slopes are half as large as they should be: the distance between the two points is h, and you divide by 2h.",
        lambda f, x, h=1e-5: _differences(f, x, h, 0.5, 0.5, 2.0)),
    "slope_forward_halved": ("part", "A one-sided difference, divided by 2h",
        "You divided f(x + h) − f(x) by 2h. Between these two points lies h. Take f(x + h) − f(x − h), between which lie 2h.",
        lambda f, x, h=1e-5: _differences(f, x, h, 1.0, 0.0, 2.0)),
    "slope_list": ("slip", "A list instead of an array",
        "You returned a list. Make it an array with the shape of x, with which one can compute.",
        lambda f, x, h=1e-5: _differences(f, x, h).tolist()),
    "slope_large_step": ("slip", "h is too large", "Your h is 1e-3. The default is 1e-5, where a central difference is most accurate.",
        lambda f, x, h=1e-3: _differences(f, x, h)),
    "slope_flat": ("part", "The answer is flat", "Your answer has one axis. The gradient has the shape of x: reshape it at the end.",
        lambda f, x, h=1e-5: _differences(f, x, h).ravel()),
    "slope_all_at_once": ("core", "All entries are moved at once",
        "You compute f(x + h) and f(x − h) with all entries moved together. That is one slope, along the diagonal. Move one entry at a "
        "time.",
        lambda f, x, h=1e-5: np.full(np.shape(x), (f(x + h) - f(x - h)) / (2 * h))),
    "slope_negative": ("core", "The sign is wrong", "You subtracted f(x + h) from f(x − h). It is the other way round.",
        lambda f, x, h=1e-5: -_differences(f, x, h)),
    "slope_second": ("core", "The second derivative",
        "You computed (f(x + h) − 2 f(x) + f(x − h))/h², which is the curvature. The slope is (f(x + h) − f(x − h))/(2h).",
        lambda f, x, h=1e-5: (_differences(f, x, h, 1.0, 0.0, 1.0) - _differences(f, x, h, 0.0, 1.0, 1.0)) / h),
    "slope_of_rows": ("part", "Whole rows are moved",
        "`x[i] += h` moves a whole row where x has two axes. Go through all indices, for example with np.ndindex(x.shape).",
        lambda f, x, h=1e-5: _differences(f, x, h, indices=range(len(x)))),
    "slope_of_integers": ("slip", "Integers aren't moved",
        "Where x holds integers, x[i] + h loses what is behind the decimal point, so x is moved by 0 or by 1, and the slopes are wrong. "
        "Make a copy with dtype float.",
        lambda f, x, h=1e-5: _differences(f, x, h, dtype=x.dtype)),
    "slope_relative": ("slip", "h is relative to x", "You scaled h with the size of each entry. Here every entry is moved by h itself.",
        lambda f, x, h=1e-5: _differences(f, x, h * np.maximum(1.0, np.abs(x)))),
})
MLP_GRADIENTS = misconceptions("mlp_gradients", "01 §6", {
    "net_without_mask": ("part", "The ReLU is left out on the way back",
        "Your gradients go through the weights, but not through the ReLU. Where a unit was silent (z ≤ 0) its slope is 0, and nothing "
        "goes back: multiply da with z > 0. (a >= 0 doesn't tell: after a ReLU it is always true.)",
        lambda params, X, y: _network(params, X, y, back=lambda da, z: da)),
    "net_mask_of_gradient": ("part", "The mask is taken from the gradient",
        "You set negative *gradients* to zero. The ReLU's slope depends on its input: the gradient passes, with any sign, where z > 0.",
        lambda params, X, y: _network(params, X, y, back=lambda da, z: np.maximum(da, 0))),
    "net_sigmoid_slope": ("part", "The slope of the logistic function in a ReLU network",
        "On the way back you used σ(z)(1 − σ(z)), the slope of the logistic function. The hidden units are ReLUs, whose slope is 1 or 0.",
        lambda params, X, y: _network(params, X, y, back=lambda da, z: da * _sigmoid_slope(z))),
    "net_last_masked": ("part", "The last layer's gradient is masked",
        "You multiplied the gradient of the logits with z > 0. The last layer has no ReLU: its dz comes from the loss as it is.",
        lambda params, X, y: _network(params, X, y, last_back=_masked)),
    "net_last_activated": ("core", "The logits go through a ReLU",
        "You put the last layer's sums through a ReLU, too. Logits may be negative; they go to the softmax as they are.",
        lambda params, X, y: _network(params, X, y, last=_relu, last_back=_masked)),
    "net_last_activated_without_mask": ("core", "The loss is that of max(0, logits)",
        "You handed the last layer's activations to the loss. The logits are its sums: there is no ReLU behind the last layer.",
        lambda params, X, y: _network(params, X, y, last=_relu)),
    "net_linear": ("core", "There is no ReLU",
        "There is no activation between your layers, so all of them together are one linear layer. Put max(0, z) between them.",
        lambda params, X, y: _network(params, X, y, hidden=lambda z: z, back=lambda da, z: da)),
    "net_sigmoid": ("core", "The hidden units are logistic",
        "Your hidden units are logistic. Here they are ReLUs: max(0, z), with slope 1 or 0.",
        lambda params, X, y: _network(params, X, y, hidden=_sigmoid, back=lambda da, z: da * _sigmoid_slope(z))),
    "net_without_hidden_biases": ("part", "Hidden biases are left out",
        "Your hidden layers compute x W without b. Every layer has its bias.",
        lambda params, X, y: _network([(W, 0.0 * b) for W, b in params[:-1]] + params[-1:], X, y)),
    "net_input_activated": ("part", "Inputs go through a ReLU",
        "You put X through a ReLU before the first layer. Only what a hidden layer gives is activated; inputs may be negative.",
        lambda params, X, y: _network(params, np.maximum(X, 0), y)),
    "net_times_relu": ("part", "Multiplied with z instead of its sign",
        "On the way back you multiplied with max(0, z). The *slope* of the ReLU belongs there, 1 where z > 0 and 0 elsewhere.",
        lambda params, X, y: _network(params, X, y, back=lambda da, z: da * _relu(z))),
})
MLP_GRADIENTS_CHANGED = changed_items("mlp_gradients", "01 §6", right.mlp_gradients, {
    "net_reversed": ("part", "The gradients begin with the last layer",
        "Your gradients are in the order in which they were computed, the last layer first. They belong to params, so turn them round.",
        lambda loss, grads, *_: (loss, grads[::-1])),
    "net_sums": ("part", "Sums instead of means",
        "Your loss and gradients are those of the sum over the batch. The loss is the mean: divide by N once, where the loss is taken.",
        lambda loss, grads, params, X, y: (loss * len(y), [(dW * len(y), db * len(y)) for dW, db in grads])),
    "net_gradients_of_sum": ("part", "The gradients are those of the sum",
        "Your loss is the mean over the batch, but the gradients are those of the sum. Divide by N once, in the loss's gradient.",
        lambda loss, grads, params, X, y: (loss, [(dW * len(y), db * len(y)) for dW, db in grads])),
    "net_averaged_twice": ("part", "Divided by N twice",
        "You divided by N in the loss's gradient, and again in each layer. Once is enough: the 1/N travels back with the gradient.",
        lambda loss, grads, params, X, y: (loss, [(dW / len(y), db / len(y)) for dW, db in grads])),
    "net_negative": ("core", "The gradients have the wrong sign",
        "Your loss is right, but the gradients point downhill. The minus belongs to the step, not to the gradient.",
        lambda loss, grads, *_: (loss, [(-dW, -db) for dW, db in grads])),
    "net_without_biases": ("part", "The biases get no gradient",
        "Your db are zero. A bias is a parameter as well: its gradient is the sum of dz over the batch.",
        lambda loss, grads, *_: (loss, [(dW, 0 * db) for dW, db in grads])),
    "net_biases_averaged": ("part", "The biases' gradients are means",
        "Your db are means of dz over the batch. The 1/N is in dz already: sum it.",
        lambda loss, grads, params, X, y: (loss, [(dW, db / len(y)) for dW, db in grads])),
    "net_last_alone": ("part", "Only the last layer learns",
        "Only your last layer has a gradient. Send dz back through its weights and the ReLU to the layer below, and so on.",
        lambda loss, grads, *_: (loss, [(0 * dW, 0 * db) for dW, db in grads[:-1]] + grads[-1:])),
    "net_flat_list": ("part", "The gradients aren't in pairs",
        "You returned one flat list, dW1, db1, dW2, … The gradients have the form of params: a list of pairs (dW, db).",
        lambda loss, grads, *_: (loss, [part for pair in grads for part in pair])),
    "net_swapped_pairs": ("part", "db comes before dW", "Your pairs are (db, dW). They have the order of params: (dW, db).",
        lambda loss, grads, *_: (loss, [(db, dW) for dW, db in grads])),
    "net_weights_alone": ("part", "The gradients of the biases are missing",
        "You returned dW for each layer, without db. Each layer's item is a pair: (dW, db).",
        lambda loss, grads, *_: (loss, [dW for dW, _ in grads])),
    "net_gradients_alone": ("part", "The loss is missing", "You returned the gradients alone. The loss comes first: (loss, grads).",
        lambda loss, grads, *_: grads),
    "net_transposed": ("part", "dW is transposed", "Your dW have shape (fan_out, fan_in). A gradient has the shape of its variable.",
        lambda loss, grads, *_: (loss, [(dW.T, db) for dW, db in grads])),
    "net_loss_sum": ("part", "The loss is a sum",
        "Your gradients are those of the mean, but the loss is the sum over the batch. Divide it by N.",
        lambda loss, grads, params, X, y: (loss * len(y), grads)),
    "net_stepped": ("part", "New parameters are returned",
        "You made a step and returned the new parameters. What is asked for are the gradients; the caller makes the step.",
        lambda loss, grads, params, X, y: (loss, [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(params, grads, strict=True)])),
    "net_bias_rows": ("slip", "db has an axis too many",
        "Your db have shape (1, fan_out). A gradient has the shape of its variable, (fan_out,): sum without keepdims.",
        lambda loss, grads, *_: (loss, [(dW, db[None]) for dW, db in grads])),
    "net_cut_off": ("slip", "The gradients have the integers' type",
        "You wrote the gradients into arrays made with `zeros_like` of the parameters. Where these hold integers, that cuts off "
        "everything behind the decimal point. Make the arrays with dtype float.",
        lambda loss, grads, params, X, y:
            (loss, [(dW.astype(W.dtype), db.astype(b.dtype)) for (dW, db), (W, b) in zip(grads, params, strict=True)])),
})
MINIBATCHES = misconceptions("minibatches", "01 §7", {
    "batches_constant_order": ("part", "The examples aren't shuffled",
        "Your batches are the same in every epoch, in the order of the data. If that is sorted, a batch has one class alone. Shuffle with "
        "rng first.",
        lambda n, batch_size, rng: _dealt(np.arange(n), batch_size)),
    "batches_shuffled_inside": ("part", "Shuffled within each batch alone",
        "You cut first and shuffled each batch. The same examples are together in every epoch. Shuffle all indices, and then cut.",
        lambda n, batch_size, rng: [rng.permutation(batch) for batch in _dealt(np.arange(n), batch_size)]),
    "batches_sorted": ("part", "The batches are sorted",
        "You put the indices of each batch into the order of the data. Leave them in the order in which they were drawn.",
        lambda n, batch_size, rng: [np.sort(batch) for batch in _dealt(rng.permutation(n), batch_size)]),
    "batches_uncut": ("part", "The indices aren't cut into batches",
        "You returned all indices in one array. Cut it into pieces of batch_size, and return the list of them.",
        lambda n, batch_size, rng: rng.permutation(n)),
    "batches_rotated": ("part", "The order is turned round, not shuffled",
        "You begin at a random index and go on in the order of the data, so each batch holds neighbours. Shuffle all indices, and then "
        "cut.",
        lambda n, batch_size, rng: _dealt(np.roll(np.arange(n), rng.integers(n)), batch_size)),
    "batches_by_choice": ("core", "Each batch is drawn by itself",
        "You drew each batch anew from all indices, so an index can be in several batches, and others are in none. Shuffle all indices "
        "once, and then cut.",
        lambda n, batch_size, rng: [rng.choice(n, min(batch_size, n), replace=False) for _ in range(-(-n // batch_size))]),
    "batches_with_replacement": ("part", "Examples are drawn with replacement",
        "You drew every index, or every batch, anew, so some examples come twice and about a third not at all. In an epoch each comes "
        "once: rng.permutation for all, and then cut; not rng.integers, or rng.choice for each batch.",
        lambda n, batch_size, rng: _dealt(rng.integers(n, size=n), batch_size)),
    "batches_rest_dropped": ("part", "The last batch is dropped",
        "Where batch_size doesn't divide n, you leave the rest out. Those examples wait for an epoch with another order; here they form a "
        "last, smaller batch.",
        lambda n, batch_size, rng: [batch for batch in _dealt(rng.permutation(n), batch_size) if len(batch) == batch_size]),
    "batches_padded": ("part", "The last batch is filled up",
        "You filled the last batch with examples from the beginning. They count twice in this epoch then. The last batch may be smaller.",
        lambda n, batch_size, rng: _dealt(np.resize(rng.permutation(n), -(-n // batch_size) * batch_size), batch_size)),
    "batches_equal": ("part", "The batches are made equal",
        "np.array_split makes batches that are as equal as possible. Here all but the last have exactly batch_size indices.",
        lambda n, batch_size, rng: np.array_split(rng.permutation(n), -(-n // batch_size))),
    "batches_counted": ("part", "batch_size is taken for the number of batches",
        "You made batch_size batches. batch_size says how many examples are in each.",
        lambda n, batch_size, rng: np.array_split(rng.permutation(n), min(batch_size, n))),
    "batches_without_the_last": ("core", "One index is missing",
        "You shuffled the indices up to n − 2 only. range(n) ends before n by itself.",
        lambda n, batch_size, rng: _dealt(rng.permutation(max(n - 1, 1)), batch_size)),
    "batches_from_one": ("part", "The indices begin at 1",
        "Your indices go from 1 to n. The first example has index 0, and X[n] doesn't exist.",
        lambda n, batch_size, rng: _dealt(1 + rng.permutation(n), batch_size)),
    "batches_of_one": ("part", "One example in each batch", "Your batches have one index each. They have batch_size indices.",
        lambda n, batch_size, rng: [np.array([index]) for index in rng.permutation(n)]),
    "batches_first_alone": ("core", "Only one batch is returned",
        "You returned one random batch. In an epoch every example comes once: return all batches.",
        lambda n, batch_size, rng: [rng.permutation(n)[:batch_size]]),
    "batches_empty_last": ("slip", "An empty batch at the end",
        "Where batch_size divides n, your last batch is empty, and the mean over it is NaN. There are ⌈n/batch_size⌉ batches, not "
        "⌊n/batch_size⌋ + 1.",
        lambda n, batch_size, rng: np.split(rng.permutation(n), range(batch_size, n + 1, batch_size))),
    "batches_as_lists": ("slip", "Lists instead of arrays",
        "Your batches are lists. Return arrays of integers, with which one can compute.",
        lambda n, batch_size, rng: [batch.tolist() for batch in _dealt(rng.permutation(n), batch_size)]),
    "batches_of_floats": ("slip", "The indices are floats",
        "Your indices are floats, with which NumPy can't index. Convert them with astype(int).",
        lambda n, batch_size, rng: _dealt(rng.permutation(n).astype(float), batch_size)),
    "batches_rest_joined": ("part", "The rest joins the batch before",
        "You put what is left into the batch before, which has more than batch_size examples then. It is a batch of its own.",
        lambda n, batch_size, rng: np.split(rng.permutation(n), range(batch_size, n // batch_size * batch_size, batch_size))),
    "batches_short_first": ("part", "The short batch comes first",
        "Your first batch has what is left. It is the last one that may be shorter.",
        lambda n, batch_size, rng: np.split(rng.permutation(n), range(n % batch_size or batch_size, n, batch_size))),
})
# fmt: on


# --- threshold_unit: longer answers ---------------------------------------------------------------------------------------


@misconception("threshold_unit", "core", title="The logistic function instead of the step", see="01 §2")
def unit_sigmoid(X, w, b):
    """You put the sum through the logistic function. That is the neuron of §2; this one has a hard step."""
    return _sigmoid(X @ w + b)


@alternative("threshold_unit")
def unit_in_loops(X, w, b):
    out = np.zeros(len(X))
    for n in range(len(X)):
        z = b
        for d in range(len(w)):
            z += w[d] * X[n][d]
        out[n] = 1.0 if z >= 0 else 0.0
    return out


# --- logistic_neuron_step: longer answers ---------------------------------------------------------------------------------


@misconception("logistic_neuron_step", "part", title="One step for each example", see="01 §7")
def step_one_by_one(w, b, X, y, lr):
    """You made a step after each example. Here it is one step for the whole batch, along the mean of the examples' gradients."""
    w = np.array(w, dtype=float)
    for x, label in zip(X, y, strict=True):
        error = _sigmoid(x @ w + b) - label
        w, b = w - lr * error * x, b - lr * error
    return w, b


@misconception("logistic_neuron_step", "core", title="The old perceptron's rule", see="01 §1")
def step_perceptron(w, b, X, y, lr):
    """Your neuron answers with a hard step, so it learns from its mistakes alone. This one answers with σ(z) and has a gradient for
    every example."""
    error = (X @ w + b >= 0) - np.asarray(y)
    return w - lr * error @ X / len(y), b - lr * np.mean(error)


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


# --- softmax: longer answers ----------------------------------------------------------------------------------------------


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


# --- cross_entropy: longer answers ----------------------------------------------------------------------------------------


@alternative("cross_entropy")
def entropy_in_a_loop(p, y):
    total = 0.0
    for n in range(len(y)):
        total -= np.log(float(p[n][y[n]]))
    return total / len(y)


@alternative("cross_entropy")
def entropy_taken_along(p, y):
    picked = np.take_along_axis(np.asarray(p), np.reshape(y, (-1, 1)), axis=1)
    return np.array(np.log(1 / np.float64(picked)).sum() / len(picked))


# --- softmax_cross_entropy: longer answers --------------------------------------------------------------------------------


@misconception("softmax_cross_entropy", "part", title="1 is subtracted in every row and column of a label", see="01 §3")
def logits_all_pairs(z, y):
    """dz[:, y] takes for every example the labels of *all* examples. Pair them: dz[np.arange(N), y] -= 1."""
    dz = _softmax(z)
    dz[:, y] -= 1
    return _loss(z, y), dz / len(y)


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
    total, rows = np.exp(zt).sum(axis=0), range(len(y))
    dz = np.exp(zt) / total / len(y)
    dz[y, rows] -= 1 / len(y)
    return np.array((np.log(total) - zt[y, rows]).mean()), dz.T


# --- dense_forward: longer answers ----------------------------------------------------------------------------------------


@misconception("dense_forward", "slip", title="The bias is added to an array of integers", see="01 §4")
def dense_added_in_place(x, W, b):
    """You wrote `out += b`, or `out += x @ W`. Where out holds integers and the other has fractions, NumPy raises an error, since an array
    keeps its type. Write `out = x @ W + b`."""
    out = x @ W
    out += b
    return _dense(x, W, out)


@alternative("dense_forward")
def dense_in_loops(x, W, b):
    out = np.zeros((len(x), len(b)))
    for n, h in np.ndindex(out.shape):
        out[n, h] = b[h] + sum(x[n][d] * W[d][h] for d in range(len(W)))
    return _dense(x, W, out)


# --- dense_backward: longer answers ---------------------------------------------------------------------------------------


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


@alternative("dense_backward")
def back_in_loops(dout, cache):
    x, W = cache
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n, h in np.ndindex(dout.shape):
        dx[n] += dout[n, h] * W[:, h]
        dW[:, h] += dout[n, h] * x[n]
        db[h] += dout[n, h]
    return dx, dW, db


def _with_dictionary(x, W, b):
    return np.dot(x, W) + b, {"x": x, "W": W, "b": b}


@alternative("dense_backward", with_forward=_with_dictionary)
def back_from_dictionary(dout, cache):
    return [np.dot(dout, np.transpose(cache["W"])), np.dot(dout.T, cache["x"]).T, np.ones(len(dout)) @ dout]


@alternative("dense_backward")
def back_by_einsum(dout, cache):
    x, W = cache
    return np.einsum("nh,dh->nd", dout, W), np.einsum("nd,nh->dh", x, dout), np.einsum("nh->h", dout)


@alternative("dense_backward")
def back_example_by_example(dout, cache):
    x, W = cache
    dW = sum(np.outer(x_n, d_n) for x_n, d_n in zip(x, dout, strict=True))
    return np.stack([W @ d_n for d_n in dout]), dW, sum(dout)


# --- numerical_gradient: longer answers -----------------------------------------------------------------------------------


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


@alternative("numerical_gradient")
def slope_in_place_and_back(f, x, h=1e-5):
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    gradient = np.empty(x.shape)
    for index, old in np.ndenumerate(x):
        try:
            x[index] = old + h
            above = f(x)
            x[index] = old - h
            gradient[index] = (above - f(x)) / (2 * h)
        finally:
            x[index] = old
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


# --- mlp_gradients: longer answers ----------------------------------------------------------------------------------------


@misconception("mlp_gradients", "part", title="Written for two layers", see="01 §6")
def net_two_layers(params, X, y):
    """Your function takes exactly two layers. `params` may have any number, also one: loop over them."""
    (_W1, _b1), (_W2, _b2) = params
    return _network(params, X, y)


@misconception("mlp_gradients", "part", title="Without hidden layers it fails", see="01 §6")
def net_needs_hidden_layers(params, X, y):
    """Your function needs a hidden layer. With a single layer there is no ReLU, and the logits are X W + b."""
    if len(params) == 1:
        raise IndexError("list index out of range")
    return _network(params, X, y)


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


@alternative("mlp_gradients")
def net_by_recursion(params, X, y):
    def through(x, layers):
        (W, b), *rest = layers
        z = x @ W + b
        loss, da, grads = through(np.maximum(0, z), rest) if rest else (_loss(z, y), _dz(z, y), [])
        dz = np.where(z > 0, da, 0) if rest else da
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


# --- minibatches: longer answers ------------------------------------------------------------------------------------------


@misconception("minibatches", "slip", title="The batches are yielded", see="01 §7")
def batches_yielded(n, batch_size, rng):
    """You wrote `yield`, so the caller gets the batches one by one. A list is asked for, which has a length and can be used twice."""
    yield from _dealt(rng.permutation(n), batch_size)


@misconception("minibatches", "part", title="Neighbours stay together", see="01 §7")
def batches_of_neighbours(n, batch_size, rng):
    """You shuffled the order of the batches, or began at a random index, but each batch still holds neighbours. Shuffle the indices, and
    then cut."""
    batches = _dealt(np.arange(n), batch_size)
    full, rest = [batch for batch in batches if len(batch) == batch_size], [batch for batch in batches if len(batch) < batch_size]
    return [full[k] for k in rng.permutation(len(full))] + rest


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
def batches_in_rows(n, batch_size, rng):
    order = rng.choice(n, size=n, replace=False).astype(np.int32)
    rest = n % batch_size
    return [*order[: n - rest].reshape(-1, batch_size), *[order[n - rest :]] * (rest > 0)]
