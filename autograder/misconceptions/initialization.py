"""Known answers to lecture 03, wrong and right."""

from __future__ import annotations

import numpy as np

from autograder.judging.known_answers import alternative, misconception
from autograder.kit.families import family, generator_ignored, in_place, nothing_returned, reseeded

from ..reference import initialization as reference

# --- fans: wrong ----------------------------------------------------------------------------------------------------------


@misconception("fans", "part", title="Fan-in and fan-out are swapped", see="03 §3")
def fans_swapped(shape):
    """You returned (fan_out, fan_in). Dense weights have shape (in, out) in this course, because a batch is multiplied from the left,
    x·W; kernels have shape (F, C, KH, KW), and there the output channels come first."""
    return right_fans(shape)[::-1]


@misconception("fans", "part", title="Only the kernels' fans are swapped", see="03 §3")
def fans_kernels_swapped(shape):
    """You read a kernel's shape as you read a dense layer's, inputs first. In (F, C, KH, KW) the F output channels come first and the C
    input channels second, so fan_in is C·KH·KW."""
    return tuple(shape) if len(shape) == 2 else right_fans(shape)[::-1]


@misconception("fans", "part", title="Dense weights are read as (out, in)", see="03 §3")
def fans_dense_swapped(shape):
    """You read the shape of dense weights as PyTorch writes it, (out, in). In this course a batch is multiplied from the left, x·W, so the
    inputs come first."""
    return tuple(shape)[::-1] if len(shape) == 2 else right_fans(shape)


@misconception("fans", "part", title="A kernel's window is left out", see="03 §3")
def fans_without_window(shape):
    """You counted channels. One output value of a convolution is a sum over all KH·KW positions of the window in each channel, so every
    channel counts KH·KW times, on the way in as on the way out."""
    return tuple(shape) if len(shape) == 2 else (shape[1], shape[0])


@misconception("fans", "part", title="The first two numbers of every shape are taken", see="03 §3")
def fans_first_two(shape):
    """You returned the first two numbers of the shape. For kernels, (F, C, KH, KW), these are channels out and in, and each channel counts
    KH·KW times."""
    return tuple(shape)[:2]


@misconception("fans", "part", title="The window counts on the way in only", see="03 §3")
def fans_window_only_in(shape):
    """Your fan_in is right, but your fan_out has no KH·KW. As the window slides over the image, one input value meets each of its KH·KW
    positions once in every one of the F kernels, so it takes part in F·KH·KW outputs."""
    return tuple(shape) if len(shape) == 2 else (right_fans(shape)[0], shape[0])


@misconception("fans", "part", title="Kernels aren't handled", see="03 §3")
def fans_of_dense_alone(shape):
    """You unpack a shape of two numbers, which fails for kernels: theirs has four, (F, C, KH, KW). Ask for len(shape) first."""
    fan_in, fan_out = shape
    return fan_in, fan_out


@misconception("fans", "part", title="The shape is read as (KH, KW, C, F)", see="03 §3")
def fans_channels_last(shape):
    """You read the kernels' shape as Keras writes it, (KH, KW, C, F). In this course, as in PyTorch, it is (F, C, KH, KW)."""
    return tuple(shape) if len(shape) == 2 else right_fans((shape[3], shape[2], shape[0], shape[1]))


@misconception("fans", "slip", title="Kernels are taken to be square", see="03 §3")
def fans_square_window(shape):
    """You squared one side of the kernel. A kernel need not be square: multiply its height by its width."""
    return tuple(shape) if len(shape) == 2 else right_fans((*shape[:3], shape[2]))


@misconception("fans", "part", title="The first axis is always the fan-in", see="03 §3")
def fans_first_axis_first(shape):
    """You took the first axis as the inputs and multiplied all others into the outputs. That suits a dense layer, but the first axis of a
    stack of kernels counts the output channels."""
    return shape[0], int(np.prod(shape[1:]))


@misconception("fans", "part", title="The bias is counted as a connection", see="03 §3")
def fans_with_bias(shape):
    """You added one connection for the bias. A bias adds no variance to the sum as long as it starts at a constant, so fans count the
    weights alone."""
    return right_fans(shape)[0] + 1, right_fans(shape)[1]


def right_fans(shape):
    """Return (fan_in, fan_out)."""
    if len(shape) == 2:
        return tuple(shape)
    F, C, KH, KW = shape
    return C * KH * KW, F * KH * KW


# --- fans: right ----------------------------------------------------------------------------------------------------------


@alternative("fans")
def fans_by_products(shape):
    window = int(np.prod(shape[2:]))
    if len(shape) == 2:
        return int(shape[0]), int(shape[1])
    return int(shape[1]) * window, int(shape[0]) * window


@alternative("fans")
def fans_of_an_array(shape):
    W = np.empty(shape)
    if W.ndim == 2:
        return W.shape
    return W[0].size, W[:, 0].size


@alternative("fans")
def fans_counted_in_a_loop(shape):
    dims = list(shape)
    if len(dims) == 4:
        dims[0], dims[1] = dims[1], dims[0]
    fan_in, fan_out = dims[:2]
    for side in dims[2:]:
        fan_in *= side
        fan_out *= side
    return [np.int64(fan_in), np.int64(fan_out)]


@alternative("fans")
def fans_as_an_array(shape):
    fan_in, fan_out = shape if len(shape) == 2 else (shape[1], shape[0])
    return np.array([fan_in, fan_out]) * np.prod(shape[2:], dtype=int)


# --- initialisers: families ---------------------------------------------------------------------------------------------

VARIANCES = {
    "lecun": lambda fan_in, fan_out: 1 / fan_in,
    "glorot": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2 / fan_in,
}


@family(
    "The variance is used as the standard deviation",
    "The equation gives the variance, but NumPy's normal wants the standard deviation as its scale, which is the root of it. Your weights "
    "are far too small, and the signal dies within a few layers.",
    "core",
)
def variance_as_deviation(right, options, fan_in, fan_out, rng):
    return right(fan_in, fan_out, rng) * np.sqrt(VARIANCES[options["own"]](fan_in, fan_out))


@family(
    "The standard deviation is passed as the mean",
    "You called rng.normal with σ as its first argument, which is the mean; the deviation stayed 1. Write rng.normal(0, σ, shape).",
    "core",
)
def deviation_as_mean(right, options, fan_in, fan_out, rng):
    return rng.normal(np.sqrt(VARIANCES[options["own"]](fan_in, fan_out)), size=(fan_in, fan_out))


@family(
    "A uniform distribution instead of a normal one",
    "Your weights have the right variance, but they are uniform. This exercise asks for normal ones.",
    "part",
)
def uniform_instead(right, options, fan_in, fan_out, rng):
    r = np.sqrt(3 * VARIANCES[options["own"]](fan_in, fan_out))
    return rng.uniform(-r, r, (fan_in, fan_out))


@family(
    "The normal distribution is truncated",
    "You cut off, or drew again, whatever was more than two standard deviations out, as Keras's normal initialisers do. That takes away up "
    "to a quarter of the variance (Keras widens σ to make up for it); this course wants a plain normal distribution.",
    "part",
)
def truncated(right, options, fan_in, fan_out, rng):
    W = rng.standard_normal((fan_in, fan_out))
    while np.any(np.abs(W) > 2):
        far = np.abs(W) > 2
        W[far] = rng.standard_normal(far.sum())
    return W * np.sqrt(VARIANCES[options["own"]](fan_in, fan_out))


@family(
    "All weights are positive",
    "Your weights are never negative. It is the activation that ReLU rectifies; weights are symmetric about 0. With weights of one sign "
    "the mean of the signal grows with the fan-in, from layer to layer.",
    "part",
)
def positive(right, options, fan_in, fan_out, rng):
    return np.abs(right(fan_in, fan_out, rng))


@family(
    "The shape is transposed",
    "You returned an array of shape (fan_out, fan_in). In this course a batch is multiplied from the left, x·W, so W has a row for every "
    "input and a column for every unit: (fan_in, fan_out).",
    "part",
)
def transposed(right, options, fan_in, fan_out, rng):
    return right(fan_in, fan_out, rng).T


@family(
    "All units get the same weights",
    "You drew one vector and gave it to every unit. Units that start alike stay alike, so the layer is worth a single unit; draw every "
    "entry by itself.",
    "part",
)
def repeated(right, options, fan_in, fan_out, rng):
    return np.tile(right(fan_in, fan_out, rng)[:, :1], fan_out)


@family(
    "All weights are the same number",
    "All your weights are equal, so all units of a layer compute the same, get the same gradient, and stay equal for ever. Draw every "
    "entry from rng.",
    "core",
)
def constant(right, options, fan_in, fan_out, rng):
    return np.full((fan_in, fan_out), np.sqrt(VARIANCES[options["own"]](fan_in, fan_out)))


@family(
    "The weights are a flat row",
    "You returned fan_in·fan_out numbers in one row. x·W needs a matrix with a row for every input: pass the shape (fan_in, fan_out).",
    "part",
)
def flat(right, options, fan_in, fan_out, rng):
    return right(fan_in, fan_out, rng).ravel()


@family(
    "The average of the fans is rounded down",
    "You divided with `//`, which cuts off the half where the sum of the fans is odd. fan_avg is (fan_in + fan_out)/2, with one stroke.",
    "slip",
)
def rounded_average(right, options, fan_in, fan_out, rng):
    return right(fan_in, fan_out, rng) * np.sqrt((fan_in + fan_out) / 2 / ((fan_in + fan_out) // 2))


@family(
    "Numbers between 0 and 1 instead of normal ones",
    "You multiplied rng.random(…) by σ. Its numbers lie evenly between 0 and 1: their mean isn't 0, and their deviation isn't 1. Draw with "
    "rng.normal or rng.standard_normal.",
    "part",
)
def between_0_and_1(right, options, fan_in, fan_out, rng):
    return rng.random((fan_in, fan_out)) * np.sqrt(VARIANCES[options["own"]](fan_in, fan_out))


IN_ALL = transposed, flat, repeated, constant, generator_ignored, reseeded, nothing_returned
IN_NORMAL = variance_as_deviation, deviation_as_mean, uniform_instead, truncated, positive, between_0_and_1
SECTIONS = {transposed: "03 §3", flat: "03 §3", repeated: "03 §1", constant: "03 §1", generator_ignored: "03 §2", reseeded: "03 §2"}
SCHEMES = {"lecun_normal": "lecun", "glorot_normal": "glorot", "glorot_uniform": "glorot", "he_normal": "he"}

MEMBERS = [
    change(exercise, getattr(reference, exercise), see=SECTIONS.get(change, "03 §5" if scheme == "he" else "03 §4"), own=scheme)
    for exercise, scheme in SCHEMES.items()
    for change in (*IN_ALL, *(() if exercise == "glorot_uniform" else IN_NORMAL), *((rounded_average,) if scheme == "glorot" else ()))
]
OTHERS = {"fans": "03 §3", "activation_statistics": "03 §2", "gradient_norms": "03 §6", "init_std": "03 §7"}
MEMBERS += [nothing_returned(exercise, getattr(reference, exercise), see=see) for exercise, see in OTHERS.items()]


# --- lecun_normal: wrong -------------------------------------------------------------------------------------------------


@misconception("lecun_normal", "part", title="Fan-out is used for fan-in", see="03 §4")
def lecun_normal_fan_out(fan_in, fan_out, rng):
    """Your variance is 1/fan_out. What keeps the signal is the number of terms in a unit's sum, and that is the fan-in, the number of rows
    of W."""
    return rng.normal(0.0, np.sqrt(1 / fan_out), (fan_in, fan_out))


@misconception("lecun_normal", "part", title="This is He's variance", see="03 §4")
def lecun_normal_he(fan_in, fan_out, rng):
    """Your variance is 2/fan_in, which is He's: the 2 is for ReLU. LeCun's derivation has an activation that keeps the variance by itself,
    so it is 1/fan_in."""
    return rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, fan_out))


@misconception("lecun_normal", "part", title="This is Glorot's variance", see="03 §4")
def lecun_normal_glorot(fan_in, fan_out, rng):
    """Your variance is 1/fan_avg, which is Glorot's compromise. LeCun's looks at the way forward only: 1/fan_in."""
    return rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


@misconception("lecun_normal", "core", title="Multiplied by √fan_in instead of divided", see="03 §4")
def lecun_normal_multiplied(fan_in, fan_out, rng):
    """You multiplied by √fan_in. The more terms a unit's sum has, the *smaller* each weight has to be for the sum to keep its size:
    divide."""
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(fan_in)


@misconception("lecun_normal", "part", title="The weights are small, whatever the size of the layer", see="03 §2")
def lecun_normal_fixed(fan_in, fan_out, rng):
    """You drew with the standard deviation 0.01, whatever the layer. A number that suits one width makes the signal vanish or explode at
    another; σ has to depend on fan_in."""
    return 0.01 * rng.standard_normal((fan_in, fan_out))


# --- lecun_normal: right -------------------------------------------------------------------------------------------------


@alternative("lecun_normal")
def lecun_normal_divided(fan_in, fan_out, rng):
    return rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)


@alternative("lecun_normal")
def lecun_normal_from_a_list(fan_in, fan_out, rng):
    return np.array([[rng.normal(0, fan_in**-0.5) for _ in range(fan_out)] for _ in range(fan_in)])


@alternative("lecun_normal")
def lecun_normal_einsum(fan_in, fan_out, rng):
    raw = rng.normal(loc=0.0, scale=1.0, size=(fan_out, fan_in))
    return np.einsum("oi,i->io", raw, np.full(fan_in, 1 / np.sqrt(fan_in)))


# --- glorot_normal: wrong ------------------------------------------------------------------------------------------------


@misconception("glorot_normal", "part", title="Only the fan-in is counted", see="03 §4")
def glorot_normal_fan_in(fan_in, fan_out, rng):
    """You used the variance 1/fan_in. Some slides call that «Xavier», but it keeps the signal on the way forward only (it is LeCun's);
    Glorot's compromise between forward and backward is 1/fan_avg with fan_avg = (fan_in + fan_out)/2."""
    return rng.normal(0.0, np.sqrt(1 / fan_in), (fan_in, fan_out))


@misconception("glorot_normal", "part", title="Only the fan-out is counted", see="03 §4")
def glorot_normal_fan_out(fan_in, fan_out, rng):
    """You used the variance 1/fan_out. That keeps the gradient on the way back, but not the signal on the way forward; Glorot's
    compromise between the two is 1/fan_avg with fan_avg = (fan_in + fan_out)/2."""
    return rng.normal(0.0, np.sqrt(1 / fan_out), (fan_in, fan_out))


@misconception("glorot_normal", "part", title="The sum of the fans instead of their average", see="03 §4")
def glorot_normal_sum(fan_in, fan_out, rng):
    """You divided by fan_in + fan_out. The average is half of that, so the variance is 2/(fan_in + fan_out), twice yours; with yours, a
    square layer halves the variance of the signal."""
    return rng.normal(0.0, np.sqrt(1 / (fan_in + fan_out)), (fan_in, fan_out))


@misconception("glorot_normal", "part", title="The factor for ReLU has slipped in", see="03 §5")
def glorot_normal_relu(fan_in, fan_out, rng):
    """Your variance is 4/(fan_in + fan_out), twice Glorot's. That factor 2 makes up for the half that ReLU cuts away; Glorot's own
    derivation has an activation that is the identity near 0, and needs no such factor."""
    return rng.normal(0.0, np.sqrt(4 / (fan_in + fan_out)), (fan_in, fan_out))


# --- glorot_normal: right ------------------------------------------------------------------------------------------------


@alternative("glorot_normal")
def glorot_normal_transposed_twice(fan_in, fan_out, rng):
    return (rng.standard_normal((fan_out, fan_in)) / np.sqrt((fan_in + fan_out) / 2)).T


@alternative("glorot_normal")
def glorot_normal_row_by_row(fan_in, fan_out, rng):
    W = np.zeros((fan_in, fan_out))
    for i in range(fan_in):
        for j in range(0, fan_out, 8):
            W[i, j : j + 8] = rng.normal(0, (2 / (fan_in + fan_out)) ** 0.5, len(W[i, j : j + 8]))
    return W


@alternative("glorot_normal")
def glorot_normal_box_muller(fan_in, fan_out, rng):
    radius = np.sqrt(-2 * np.log(1 - rng.random((fan_in, fan_out))))
    angle = 2 * np.pi * rng.random((fan_in, fan_out))
    return radius * np.cos(angle) * np.sqrt(2 / (fan_in + fan_out))


@alternative("glorot_normal")
def glorot_normal_multivariate(fan_in, fan_out, rng):
    child = np.random.default_rng(rng.integers(2**63))  # a seed drawn from rng depends on rng
    return child.normal(scale=np.sqrt(1 / np.mean([fan_in, fan_out])), size=fan_in * fan_out).reshape(fan_in, fan_out)


# --- glorot_uniform: wrong -----------------------------------------------------------------------------------------------


@misconception("glorot_uniform", "part", title="The bound is the standard deviation", see="03 §4")
def glorot_uniform_bound_is_std(fan_in, fan_out, rng):
    """You took the standard deviation as the bound. A uniform distribution on ±r has variance r²/3, so a bound of σ gives a third of the
    variance that is wanted; r = √3·σ."""
    return rng.uniform(-1.0, 1.0, (fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))


@misconception("glorot_uniform", "part", title="The 6 of one formula with the average of the other", see="03 §4")
def glorot_uniform_six_over_average(fan_in, fan_out, rng):
    """You mixed the two ways to write the bound: it is √(6/(fan_in + fan_out)), or √(3/fan_avg), which is the same. √(6/fan_avg) gives
    twice the variance."""
    return rng.uniform(-1.0, 1.0, (fan_in, fan_out)) * np.sqrt(6 / ((fan_in + fan_out) / 2))


@misconception("glorot_uniform", "part", title="The 3 of one formula with the sum of the other", see="03 §4")
def glorot_uniform_three_over_sum(fan_in, fan_out, rng):
    """You mixed the two ways to write the bound: it is √(3/fan_avg), or √(6/(fan_in + fan_out)), which is the same.
    √(3/(fan_in + fan_out)) gives half the variance."""
    return rng.uniform(-1.0, 1.0, (fan_in, fan_out)) * np.sqrt(3 / (fan_in + fan_out))


@misconception("glorot_uniform", "part", title="The root is missing from the bound", see="03 §4")
def glorot_uniform_without_root(fan_in, fan_out, rng):
    """Your bound is 3/fan_avg. That is r², the square of the bound; take the root of it."""
    return rng.uniform(-1.0, 1.0, (fan_in, fan_out)) * 6 / (fan_in + fan_out)


@misconception("glorot_uniform", "part", title="Only positive weights", see="03 §4")
def glorot_uniform_one_sided(fan_in, fan_out, rng):
    """Your weights lie between 0 and r. Weights of one sign have a mean that isn't 0, and the mean of the signal then grows with the
    fan-in; the interval goes from −r to r."""
    return rng.random((fan_in, fan_out)) * np.sqrt(6 / (fan_in + fan_out))


@misconception("glorot_uniform", "part", title="The width of the interval is taken for its bound", see="03 §4")
def glorot_uniform_width_for_bound(fan_in, fan_out, rng):
    """Your interval is r wide, from −r/2 to r/2. It goes from −r to r: rng.random() − 0.5 has to be multiplied by 2r."""
    return (rng.random((fan_in, fan_out)) - 0.5) * np.sqrt(6 / (fan_in + fan_out))


@misconception("glorot_uniform", "part", title="Only the fan-in is counted", see="03 §4")
def glorot_uniform_fan_in(fan_in, fan_out, rng):
    """Your bound is √(3/fan_in), which is LeCun's. Glorot's compromise between the way forward and the way back counts both fans:
    √(3/fan_avg)."""
    return rng.uniform(-1.0, 1.0, (fan_in, fan_out)) * np.sqrt(3 / fan_in)


@misconception("glorot_uniform", "part", title="A normal distribution instead of a uniform one", see="03 §4")
def glorot_uniform_normal(fan_in, fan_out, rng):
    """Your weights have the right variance, but they are normal. This exercise asks for the uniform version: no weight lies outside ±r."""
    return rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


# --- glorot_uniform: right -----------------------------------------------------------------------------------------------


@alternative("glorot_uniform")
def glorot_uniform_stretched(fan_in, fan_out, rng):
    return (rng.random((fan_in, fan_out)) - 0.5) * 2 * np.sqrt(3 / ((fan_in + fan_out) / 2))


@alternative("glorot_uniform")
def glorot_uniform_by_sign(fan_in, fan_out, rng):
    size = rng.uniform(0, np.sqrt(6 / (fan_in + fan_out)), (fan_in, fan_out))
    return size * rng.choice([-1.0, 1.0], (fan_in, fan_out))


@alternative("glorot_uniform")
def glorot_uniform_column_by_column(fan_in, fan_out, rng):
    r = (6 / (fan_in + fan_out)) ** 0.5
    return np.stack([rng.uniform(-r, r, fan_in) for _ in range(fan_out)], axis=1)


# --- he_normal: wrong ----------------------------------------------------------------------------------------------------


@misconception("he_normal", "part", title="The root covers only the 2", see="03 §5")
def he_normal_root_of_two(fan_in, fan_out, rng):
    """Your standard deviation is √2/fan_in: the root covers the 2 but not the fan-in. The variance is 2/fan_in, so σ = √(2/fan_in)."""
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2.0) / fan_in


@misconception("he_normal", "part", title="The 2 stands outside of the root", see="03 §5")
def he_normal_two_outside(fan_in, fan_out, rng):
    """Your standard deviation is 2/√fan_in, which makes the variance 4/fan_in. It is 2/fan_in: the root covers the 2, too."""
    return rng.standard_normal((fan_in, fan_out)) * 2 / np.sqrt(fan_in)


@misconception("he_normal", "part", title="Fan-out is used for fan-in", see="03 §5")
def he_normal_fan_out(fan_in, fan_out, rng):
    """Your variance is 2/fan_out. He et al. derive that too, for the way back, but the stub wants the version for the way forward:
    a unit's sum has fan_in terms, one for each row of W."""
    return rng.normal(0.0, np.sqrt(2 / fan_out), (fan_in, fan_out))


@misconception("he_normal", "part", title="The factor 2 for ReLU is missing", see="03 §5")
def he_normal_without_two(fan_in, fan_out, rng):
    """Your variance is 1/fan_in, which is LeCun's. ReLU sets half of a symmetric signal to zero and so halves its mean square; the
    factor 2 makes up for that, at every layer."""
    return rng.normal(0.0, np.sqrt(1 / fan_in), (fan_in, fan_out))


@misconception("he_normal", "part", title="Glorot's average of the fans with He's factor", see="03 §7")
def he_normal_average(fan_in, fan_out, rng):
    """Your variance is 4/(fan_in + fan_out). Some slides write it so, and for a square layer it is the same; the stub wants He et al.'s
    own 2/fan_in, which keeps the forward signal whatever the number of outputs."""
    return rng.normal(0.0, np.sqrt(4 / (fan_in + fan_out)), (fan_in, fan_out))


@misconception("he_normal", "part", title="This is Glorot's variance", see="03 §5")
def he_normal_glorot(fan_in, fan_out, rng):
    """Your variance is 2/(fan_in + fan_out), which is Glorot's 1/fan_avg: the 2 in it comes from the average and not from ReLU. He's is
    2/fan_in."""
    return rng.normal(0.0, np.sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out))


# --- he_normal: right ----------------------------------------------------------------------------------------------------


@alternative("he_normal")
def he_normal_by_scale(fan_in, fan_out, rng):
    return rng.standard_normal(size=(fan_in, fan_out)) / np.sqrt(fan_in / 2)


@alternative("he_normal")
def he_normal_column_by_column(fan_in, fan_out, rng):
    W = np.empty((fan_in, fan_out), order="F")
    for unit in range(fan_out):
        W[:, unit] = np.sqrt(2 / fan_in) * rng.normal(size=fan_in)
    return W


@alternative("he_normal")
def he_normal_sum_of_two(fan_in, fan_out, rng):
    one, other = rng.standard_normal((2, fan_in, fan_out))  # the variances of independent normals add up
    return (one + other) / fan_in**0.5


# --- init_std: wrong -----------------------------------------------------------------------------------------------------


def table(fan_in, fan_out):
    """Return the variance for each name, as Table 11-1 has it."""
    glorot, he, lecun = 2 / (fan_in + fan_out), 2 / fan_in, 1 / fan_in
    return dict.fromkeys(GLOROT, glorot) | dict.fromkeys(HE, he) | {"selu": lecun}


def deviation(activation, variances):
    """Return the standard deviation for a name, or raise ValueError."""
    if activation not in variances:
        raise ValueError(f"there is no activation called {activation}")
    return np.sqrt(variances[activation])


GLOROT = ("linear", "tanh", "logistic", "softmax")
HE = ("relu", "leaky_relu", "elu")


@misconception("init_std", "part", title="The variance is returned", see="03 §7")
def init_std_variance(activation, fan_in, fan_out):
    """Table 11-1 lists variances σ², but the function is asked for the standard deviation: take the root."""
    return deviation(activation, table(fan_in, fan_out)) ** 2


@misconception("init_std", "part", title="He with the average of the fans", see="03 §7")
def init_std_he_average(activation, fan_in, fan_out):
    """For ReLU and its relatives you used 4/(fan_in + fan_out). Some slides write it so, and for a square layer it is the same; Table 11-1
    and He et al. have 2/fan_in."""
    return deviation(activation, table(fan_in, fan_out) | dict.fromkeys(HE, 4 / (fan_in + fan_out)))


@misconception("init_std", "part", title="Glorot with the fan-in alone", see="03 §7")
def init_std_glorot_fan_in(activation, fan_in, fan_out):
    """For tanh and its like you used 1/fan_in. Some slides call that «Xavier»; Table 11-1 and Glorot's paper average both fans:
    1/fan_avg = 2/(fan_in + fan_out)."""
    return deviation(activation, table(fan_in, fan_out) | dict.fromkeys(GLOROT, 1 / fan_in))


@misconception("init_std", "part", title="The sum of the fans instead of their average", see="03 §7")
def init_std_glorot_sum(activation, fan_in, fan_out):
    """For tanh and its like you divided by fan_in + fan_out. fan_avg is half of that, so the variance is 2/(fan_in + fan_out)."""
    return deviation(activation, table(fan_in, fan_out) | dict.fromkeys(GLOROT, 1 / (fan_in + fan_out)))


@misconception("init_std", "part", title="A factor 4 for tanh", see="03 §7")
def init_std_four_for_tanh(activation, fan_in, fan_out):
    """You gave tanh the factor 4 that some slides print. It belongs, if anywhere, to the logistic function, whose slope at 0 is 1/4; with
    it tanh units saturate from the first layer on. Table 11-1 has no such factor."""
    return deviation(activation, table(fan_in, fan_out) | {"tanh": 16 * 2 / (fan_in + fan_out)})


@misconception("init_std", "part", title="A factor 4 for the logistic function", see="03 §7")
def init_std_four_for_logistic(activation, fan_in, fan_out):
    """You gave the logistic function the factor 4 that makes up for its slope of 1/4 at 0. There is a case for it, which the lecture
    tells, but Table 11-1 gives it Glorot's 1/fan_avg as it is."""
    return deviation(activation, table(fan_in, fan_out) | {"logistic": 16 * 2 / (fan_in + fan_out)})


@misconception("init_std", "part", title="SELU is treated as a relative of ReLU", see="03 §7")
def init_std_selu_he(activation, fan_in, fan_out):
    """You gave SELU the variance 2/fan_in. SELU's own constants λ and α already keep mean 0 and variance 1, and they do so for weights of
    variance 1/fan_in: LeCun's."""
    return deviation(activation, table(fan_in, fan_out) | {"selu": 2 / fan_in})


@misconception("init_std", "part", title="ELU is treated like SELU", see="03 §7")
def init_std_elu_lecun(activation, fan_in, fan_out):
    """You gave ELU the variance 1/fan_in. In Table 11-1 ELU is one of ReLU's variants and gets 2/fan_in; it is SELU alone that has LeCun's
    1/fan_in."""
    return deviation(activation, table(fan_in, fan_out) | {"elu": 1 / fan_in})


@misconception("init_std", "part", title="Softmax is treated as if it were ReLU", see="03 §7")
def init_std_softmax_he(activation, fan_in, fan_out):
    """You gave softmax the variance 2/fan_in. No half of the signal is cut away before a softmax; in Table 11-1 it stands with tanh and
    the logistic function, 1/fan_avg."""
    return deviation(activation, table(fan_in, fan_out) | {"softmax": 2 / fan_in})


@misconception("init_std", "slip", title="Leaky ReLU with a correction for its slope", see="03 §7")
def init_std_leaky_gain(activation, fan_in, fan_out):
    """For leaky ReLU you used 2/((1 + α²)·fan_in), He et al.'s exact value for the slope α. It is a good formula, but Table 11-1, and so
    the stub, gives all of ReLU's variants 2/fan_in; for α = 0.01 the two differ by a ten-thousandth."""
    return deviation(activation, table(fan_in, fan_out) | {"leaky_relu": 2 / ((1 + 0.01**2) * fan_in)})


@misconception("init_std", "part", title="Fan-out is used for fan-in", see="03 §3")
def init_std_fan_out(activation, fan_in, fan_out):
    """Where the table says fan_in you used fan_out. A unit's sum has one term for every input, so what counts on the way forward is the
    fan-in."""
    return deviation(activation, table(fan_in, fan_out) | dict.fromkeys(HE, 2 / fan_out) | {"selu": 1 / fan_out})


@misconception("init_std", "part", title="Leaky ReLU and ELU are missing", see="03 §7")
def init_std_relu_alone(activation, fan_in, fan_out):
    """You raise ValueError for leaky ReLU and ELU. Both stand in the table, in one row with ReLU: 2/fan_in."""
    return deviation(activation, {name: value for name, value in table(fan_in, fan_out).items() if name not in HE[1:]})


@misconception("init_std", "slip", title="An unknown name gets an answer", see="03 §7")
def init_std_default(activation, fan_in, fan_out):
    """For a name that isn't in the table you return something, perhaps None. A misspelt «ReLU» would then train badly, or blow up
    elsewhere, and nobody would know why: `raise` a ValueError."""
    variances = table(fan_in, fan_out)
    return np.sqrt(variances[activation]) if activation in variances else ...


@misconception("init_std", "part", title="Every name gets Glorot's deviation", see="03 §7")
def init_std_glorot_for_all(activation, fan_in, fan_out):
    """Your answer is √(1/fan_avg) whatever the name is. `activation == "linear" or "tanh"` is always true, for a string that isn't empty
    counts as true: write `activation in ("linear", "tanh")`."""
    return np.sqrt(2 / (fan_in + fan_out))


@misconception("init_std", "slip", title="An unknown name raises KeyError", see="03 §7")
def init_std_key_error(activation, fan_in, fan_out):
    """For a name that isn't in the table your dictionary raises KeyError. The stub asks for ValueError: the argument has the right type
    but a value that makes no sense. Ask whether the name is in the dictionary first."""
    return np.sqrt(table(fan_in, fan_out)[activation])


@misconception("init_std", "slip", title="Names in capitals are let through", see="03 §7")
def init_std_any_case(activation, fan_in, fan_out):
    """You lower or strip the name before you look it up. It is a kind thought, but the stub wants exact names: «ReLU» raises ValueError."""
    return deviation(activation.strip().lower(), table(fan_in, fan_out))


# --- init_std: right -----------------------------------------------------------------------------------------------------


@alternative("init_std")
def init_std_by_table(activation, fan_in, fan_out):
    glorot, he, lecun = 2.0 / (fan_in + fan_out), 2.0 / fan_in, 1.0 / fan_in
    table = {"linear": glorot, "tanh": glorot, "logistic": glorot, "softmax": glorot}
    table.update(dict.fromkeys(["relu", "leaky_relu", "elu"], he), selu=lecun)
    if activation not in table:
        raise ValueError(f"no such activation: {activation}")
    return np.sqrt(table[activation])


@alternative("init_std")
def init_std_by_match(activation, fan_in, fan_out):
    match activation:
        case "linear" | "tanh" | "logistic" | "softmax":
            numerator, fan = 2, fan_in + fan_out
        case "relu" | "leaky_relu" | "elu":
            numerator, fan = 2, fan_in
        case "selu":
            numerator, fan = 1, fan_in
        case _:
            raise ValueError("unknown activation")
    return float(np.exp(0.5 * (np.log(numerator) - np.log(fan))))


@alternative("init_std")
def init_std_own_exception(activation, fan_in, fan_out):
    names = ["linear", "tanh", "logistic", "softmax", "relu", "leaky_relu", "elu", "selu"]
    place = names.index(activation)  # raises ValueError where the name isn't in the list
    fan = np.mean([fan_in, fan_out]) if place < 4 else fan_in
    gain = np.sqrt(2) if 4 <= place < 7 else 1.0
    return np.float64(gain / fan**0.5)


@alternative("init_std")
def init_std_derived_exception(activation, fan_in, fan_out):
    class UnknownActivation(ValueError):
        pass

    try:
        return table(fan_in, fan_out)[activation] ** 0.5
    except KeyError:
        raise UnknownActivation(activation) from None


# --- activation_statistics and gradient_norms: parts of many answers -----------------------------------------------------

F = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "logistic": lambda z: 1 / (1 + np.exp(-z))}
SLOPES = {"tanh": lambda h: 1 - h**2, "relu": lambda h: h > 0, "logistic": lambda h: h * (1 - h)}


def signals(X, weights, activation, functions=F):
    """Return h_0 = X, h_1, h_2, …"""
    h = [X]
    for W in weights:
        h.append(functions[activation](h[-1] @ W))
    return h


def pairs_of(layers):
    """Return the mean and the standard deviation of each layer."""
    return [(np.mean(h), np.std(h)) for h in layers]


def deltas(h, weights, dout, slopes):
    """Return δ_1, δ_2, …, given the slopes f′(z_1), f′(z_2), …"""
    found = [dout * slopes[-1]]
    for W, slope in zip(weights[:0:-1], slopes[-2::-1], strict=True):
        found.insert(0, (found[0] @ W.T) * slope)
    return found


def layers_of(X, weights, dout, activation):
    """Return what each layer gets, δ of each layer, and what each layer puts out."""
    h = signals(X, weights, activation)
    return h[:-1], deltas(h, weights, dout, [SLOPES[activation](out) for out in h[1:]]), h[1:]


def norms_of(h, found):
    """Return the norms of the gradients."""
    return [np.linalg.norm(inputs.T @ delta) for inputs, delta in zip(h, found, strict=True)]


def norms_with(X, weights, dout, activation, slopes):
    """Return the norms with slopes of one's own, which `slopes` makes of h_0, h_1, …"""
    h = signals(X, weights, activation)
    return norms_of(h[:-1], deltas(h, weights, dout, slopes(h)))


# --- activation_statistics: wrong ----------------------------------------------------------------------------------------


@misconception("activation_statistics", "part", title="The input is counted as a layer", see="03 §2")
def statistics_with_input(X, weights, activation):
    """Your list begins with the statistics of X. The input is not a layer: the first pair belongs to what comes out of the first
    activation."""
    return pairs_of(signals(X, weights, activation))


@misconception("activation_statistics", "part", title="The input is counted and the last layer left out", see="03 §2")
def statistics_one_behind(X, weights, activation):
    """Your list is one layer behind: it begins with the input and leaves out the last layer. Apply W and the activation first, then
    measure."""
    return pairs_of(signals(X, weights, activation)[:-1])


@misconception("activation_statistics", "part", title="The last layer is left out", see="03 §2")
def statistics_without_last(X, weights, activation):
    """Your list ends one layer too early. The last layer is a layer like the others: it is activated, and measured."""
    return pairs_of(signals(X, weights, activation)[1:-1])


@misconception("activation_statistics", "core", title="Only the first layer is measured", see="03 §2")
def statistics_first_alone(X, weights, activation):
    """Your list ends after the first layer. A `return` in the body of the loop ends the function in its first round: put it behind it."""
    return pairs_of(signals(X, weights[:1], activation)[1:])


@misconception("activation_statistics", "part", title="Two lists instead of a list of pairs", see="03 §2")
def statistics_two_lists(X, weights, activation):
    """You returned all means in one list and all deviations in another. The stub asks for one list with a pair (mean, std) for each layer:
    append both numbers together."""
    h = signals(X, weights, activation)[1:]
    return [np.mean(out) for out in h], [np.std(out) for out in h]


@misconception("activation_statistics", "part", title="Measured before the activation", see="03 §2")
def statistics_before_activation(X, weights, activation):
    """You measured the sums z = h·W. What the next layer sees, and what saturates, is h = f(z): measure after the activation."""
    return pairs_of(h @ W for h, W in zip(signals(X, weights, activation), weights, strict=False))


@misconception("activation_statistics", "part", title="The last layer is left linear", see="03 §2")
def statistics_last_linear(X, weights, activation):
    """You left the activation out at the last layer, as one does for the logits of a classifier. Here every layer is activated, the last
    one too."""
    h = signals(X, weights, activation)[:-1]
    return [(np.mean(h), np.std(h)) for h in (*h[1:], h[-1] @ weights[-1])]


@misconception("activation_statistics", "part", title="The activations are never applied", see="03 §2")
def statistics_linear(X, weights, activation):
    """You multiplied by the weights only, so your network is linear and nothing in it can saturate. Each layer is h = f(h·W)."""
    return pairs_of(signals(X, weights, activation, {activation: lambda z: z})[1:])


@misconception("activation_statistics", "part", title="The name of the activation is ignored", see="03 §2")
def statistics_always_tanh(X, weights, activation):
    """You applied tanh whatever the name says. The argument `activation` chooses between tanh, ReLU and the logistic function."""
    return pairs_of(signals(X, weights, "tanh")[1:])


@misconception("activation_statistics", "part", title="The logistic function is tanh", see="03 §2")
def statistics_logistic_as_tanh(X, weights, activation):
    """You applied tanh where the name is "logistic". Both are S-shaped, but the logistic function is 1/(1 + e^(−z)), between 0 and 1."""
    return pairs_of(signals(X, weights, activation, F | {"logistic": np.tanh})[1:])


@misconception("activation_statistics", "part", title="The logistic function is missing", see="03 §2")
def statistics_without_logistic(X, weights, activation):
    """You apply nothing where the name is "logistic", so that network is linear. The logistic function is 1/(1 + e^(−z))."""
    return pairs_of(signals(X, weights, activation, F | {"logistic": lambda z: z})[1:])


@misconception("activation_statistics", "part", title="The logistic function falls", see="03 §2")
def statistics_logistic_sign(X, weights, activation):
    """Your logistic function is 1/(1 + e^z), which falls. The exponent is −z: 1/(1 + e^(−z)) rises from 0 to 1."""
    return pairs_of(signals(X, weights, activation, F | {"logistic": lambda z: F["logistic"](-z)})[1:])


@misconception("activation_statistics", "part", title="The deviation is averaged over the units", see="03 §2")
def statistics_per_unit(X, weights, activation):
    """You took the standard deviation of each unit over the batch and averaged those. The stub asks for one standard deviation over all
    N·D entries, which also counts how far the units' means lie apart."""
    return [(np.mean(h), np.mean(np.std(h, axis=0))) for h in signals(X, weights, activation)[1:]]


@misconception("activation_statistics", "part", title="One mean for every unit", see="03 §2")
def statistics_over_the_batch(X, weights, activation):
    """You took mean and standard deviation over the batch only, which gives one number for every unit. The stub asks for two numbers a
    layer, over all entries: no axis."""
    return [(np.mean(h, axis=0), np.std(h, axis=0)) for h in signals(X, weights, activation)[1:]]


@misconception("activation_statistics", "part", title="The variance is returned", see="03 §2")
def statistics_variance(X, weights, activation):
    """You returned the variance as the second number. The stub asks for its root, the standard deviation, which has the units of the
    activations."""
    return [(np.mean(h), np.var(h)) for h in signals(X, weights, activation)[1:]]


@misconception("activation_statistics", "slip", title="Divided by N − 1", see="03 §2")
def statistics_unbiased(X, weights, activation):
    """You divided by the number of entries less one. In this course the variance is the biased one, divided by the number itself, which is
    NumPy's default (ddof=0)."""
    return [(np.mean(h), np.std(h, ddof=1)) for h in signals(X, weights, activation)[1:]]


@misconception("activation_statistics", "part", title="The root of the mean square is taken for the deviation", see="03 §2")
def statistics_root_mean_square(X, weights, activation):
    """You took √mean(h²). That is the standard deviation only where the mean is 0; after ReLU or the logistic function it isn't, so
    subtract it first."""
    return [(np.mean(h), np.sqrt(np.mean(h**2))) for h in signals(X, weights, activation)[1:]]


@misconception("activation_statistics", "part", title="Standard deviation and mean are swapped", see="03 §2")
def statistics_swapped(X, weights, activation):
    """Each of your pairs is (std, mean). The stub asks for the mean first."""
    return [(np.std(h), np.mean(h)) for h in signals(X, weights, activation)[1:]]


@misconception("activation_statistics", "core", title="The weights are transposed", see="03 §3")
def statistics_transposed(X, weights, activation):
    """You multiplied by Wᵀ. Weights have shape (fan_in, fan_out) in this course and a batch has its examples in rows, so a layer is h·W.
    With square layers nothing raises, and the answer is wrong all the same."""
    return pairs_of(signals(X, [W.T for W in weights], activation)[1:])


@misconception("activation_statistics", "part", title="The signal is standardised on the way", see="03 §2")
def statistics_standardised(X, weights, activation):
    """You standardise each layer's output before it goes on. That is batch normalisation, and it hides the very thing that is to be
    measured: pass the activations on as they are."""
    h, statistics = X, []
    for W in weights:
        h = F[activation](h @ W)
        statistics.append((np.mean(h), np.std(h)))
        h = (h - np.mean(h)) / (np.std(h) + 1e-8)
    return statistics


statistics_in_place = in_place("activation_statistics", reference.activation_statistics, see="03 §2")


@misconception("activation_statistics", "slip", title="The list of weights is used up", see="03 §2")
def statistics_uses_up_weights(X, weights, activation):
    """You take the weights out of the list with pop, and the list belongs to whoever called you: a second call with it finds no layers.
    Loop over the list and leave it as it is."""
    statistics = pairs_of(signals(X, weights, activation)[1:])
    weights.clear()
    return statistics


@misconception("activation_statistics", "core", title="Every layer gets the input", see="03 §2")
def statistics_no_chain(X, weights, activation):
    """You multiply X by the weights of every layer. Only the first layer sees X; each later one sees what the layer before put out, so the
    result of a layer has to become the input of the next."""
    return pairs_of(F[activation](X @ W) for W in weights)


# --- activation_statistics: right ----------------------------------------------------------------------------------------


@alternative("activation_statistics")
def statistics_example_by_example(X, weights, activation):
    from math import exp, sqrt, tanh

    f = {"tanh": tanh, "relu": lambda z: max(z, 0.0), "logistic": lambda z: 1 / (1 + exp(-z)) if z > 0 else exp(z) / (1 + exp(z))}
    signals, pairs = [[float(x) for x in row] for row in X], []
    for W in weights:
        fan_in, fan_out = np.shape(W)
        signals = [[f[activation](sum(h[i] * float(W[i][o]) for i in range(fan_in))) for o in range(fan_out)] for h in signals]
        entries = [value for h in signals for value in h]
        mean = sum(entries) / len(entries)
        pairs.append((mean, sqrt(sum((value - mean) ** 2 for value in entries) / len(entries))))
    return pairs


@alternative("activation_statistics")
def statistics_as_an_array(X, weights, activation):
    f = {"tanh": np.tanh, "relu": lambda z: z * (z > 0), "logistic": lambda z: 0.5 + 0.5 * np.tanh(z / 2)}[activation]
    layers = []
    for W in weights:
        layers.append(f(np.einsum("ij,jk->ik", layers[-1] if layers else X, W)))
    return np.array([[h.mean(), h.std()] for h in layers])


@alternative("activation_statistics")
def statistics_recursive(X, weights, activation):
    def forward(h, rest):
        if not rest:
            return []
        z = np.dot(h, rest[0]).astype(float)
        if activation == "relu":
            z = np.where(z > 0, z, 0)
        elif activation == "tanh":
            z = 2 / (1 + np.exp(-2 * z)) - 1
        else:
            z = 1 / (1 + np.exp(-z))
        mean = z.sum() / z.size
        return [[mean, np.linalg.norm(z - mean) / np.sqrt(z.size)], *forward(z, rest[1:])]

    return tuple(forward(X, list(weights)))


# --- gradient_norms: wrong -----------------------------------------------------------------------------------------------


@misconception("gradient_norms", "part", title="The last layer is left linear", see="03 §6")
def norms_last_linear(X, weights, dout, activation):
    """You started the way back at the last layer's sums. Here every layer is activated, the last one too, and dout is the gradient
    *after* that activation: multiply it by f′(z_L) first."""
    return norms_with(X, weights, dout, activation, lambda h: [*[SLOPES[activation](out) for out in h[1:-1]], 1.0])


@misconception("gradient_norms", "part", title="The activation's derivative is left out", see="03 §6")
def norms_without_slope(X, weights, dout, activation):
    """You went back through the weights but not through the activations. The chain rule has a factor f′(z) for every layer, and with
    saturated units it is that factor that makes gradients vanish."""
    return norms_with(X, weights, dout, activation, lambda h: [1.0 for _ in weights])


@misconception("gradient_norms", "part", title="The gradient goes on without the derivative", see="03 §6")
def norms_without_slope_on_the_way(X, weights, dout, activation):
    """You multiplied by f′(z) for the gradient of the weights, but sent the gradient on without it. What goes back through Wᵀ is δ_l, the
    gradient behind the derivative."""
    h = signals(X, weights, activation)
    slopes = [SLOPES[activation](out) for out in h[1:]]
    upstream = deltas(h, weights, dout, [1.0 for _ in weights])
    return norms_of(h[:-1], [each * slope for each, slope in zip(upstream, slopes, strict=True)])


@misconception("gradient_norms", "part", title="Divided by the size of the batch", see="03 §6")
def norms_over_n(X, weights, dout, activation):
    """You divided by N. Whether the loss is a mean over the batch is already told by dout; the gradient of a weight is the plain sum over
    the examples, h_{l−1}ᵀ δ_l."""
    return [norm / len(X) for norm in norms_of(*layers_of(X, weights, dout, activation)[:2])]


@misconception("gradient_norms", "part", title="The last layer comes first", see="03 §6")
def norms_reversed(X, weights, dout, activation):
    """Your norms are right, but in the order in which the backward pass meets the layers, last layer first. The stub asks for the first
    layer first."""
    return norms_of(*layers_of(X, weights, dout, activation)[:2])[::-1]


@misconception("gradient_norms", "part", title="The gradient of the activations instead of the weights", see="03 §6")
def norms_of_activations(X, weights, dout, activation):
    """You measured δ_l = ∂L/∂z_l. It is a step on the way; the gradient of the weights is h_{l−1}ᵀ δ_l, which also vanishes where the
    layer's input does."""
    return [np.linalg.norm(delta) for delta in layers_of(X, weights, dout, activation)[1]]


@misconception("gradient_norms", "part", title="The derivative is taken at f(z) instead of z", see="03 §6")
def norms_slope_of_slope(X, weights, dout, activation):
    """You put h = f(z) where the derivative wants z: f′(h) instead of f′(z). Write tanh′ as 1 − h² or as 1 − tanh²(z), but not as
    1 − tanh²(h); and likewise h·(1 − h) for the logistic function."""
    return norms_with(X, weights, dout, activation, lambda h: [SLOPES[activation](F[activation](out)) for out in h[1:]])


@misconception("gradient_norms", "part", title="The derivative's shorthand is applied to z", see="03 §6")
def norms_shorthand_of_z(X, weights, dout, activation):
    """1 − h² and h·(1 − h) are shorthands in terms of the *output* h = f(z). You applied them to the sums z; keep the outputs of the
    forward pass and use those."""
    return norms_with(X, weights, dout, activation, lambda h: [SLOPES[activation](x @ W) for x, W in zip(h, weights, strict=False)])


@misconception("gradient_norms", "part", title="ReLU's derivative is 1 everywhere", see="03 §6")
def norms_relu_lets_all_through(X, weights, dout, activation):
    """For ReLU you compare h ≥ 0, but h = max(0, z) is never negative, so the comparison is always true and every gradient passes. Compare
    h > 0, or z > 0."""
    return norms_with(
        X, weights, dout, activation, lambda h: [out >= 0 if activation == "relu" else SLOPES[activation](out) for out in h[1:]]
    )


@misconception("gradient_norms", "part", title="The spectral norm instead of Frobenius's", see="03 §6")
def norms_spectral(X, weights, dout, activation):
    """You took np.linalg.norm(dW, 2), which for a matrix is its largest singular value. The Frobenius norm is the root of the sum of all
    squares, NumPy's default for a matrix."""
    inputs, found, _ = layers_of(X, weights, dout, activation)
    return [np.linalg.norm(h.T @ delta, 2) for h, delta in zip(inputs, found, strict=True)]


@misconception("gradient_norms", "part", title="The root of the norm is missing", see="03 §6")
def norms_squared(X, weights, dout, activation):
    """You returned the sum of the squares of a gradient's entries, which is the norm squared: take the root. A gradient that is a thousand
    times smaller at the first layer would otherwise look a million times smaller."""
    return [norm**2 for norm in norms_of(*layers_of(X, weights, dout, activation)[:2])]


@misconception("gradient_norms", "part", title="The gradients are returned instead of their norms", see="03 §6")
def norms_as_gradients(X, weights, dout, activation):
    """You returned the matrices ∂L/∂W_l. The stub asks for one number for each layer: the root of the sum of the squares of its entries."""
    inputs, found, _ = layers_of(X, weights, dout, activation)
    return [h.T @ delta for h, delta in zip(inputs, found, strict=True)]


@misconception("gradient_norms", "part", title="A layer's output is used where its input belongs", see="03 §6")
def norms_with_output(X, weights, dout, activation):
    """You multiplied δ_l by the layer's output. The weights W_l were multiplied by the layer's *input* on the way forward, so their
    gradient is h_{l−1}ᵀ δ_l."""
    _, found, outputs = layers_of(X, weights, dout, activation)
    return norms_of(outputs, found)


@misconception("gradient_norms", "part", title="The gradient is multiplied by W instead of Wᵀ", see="03 §6")
def norms_not_transposed(X, weights, dout, activation):
    """You sent the gradient back through W. On the way forward W maps inputs to outputs, so on the way back it is Wᵀ that maps the
    gradient of outputs to that of inputs. With square layers nothing raises, and the answer is wrong all the same."""
    h = signals(X, weights, activation)
    slopes = [SLOPES[activation](out) for out in h[1:]]
    return norms_of(h[:-1], deltas(h, [W.T for W in weights], dout, slopes))


@misconception("gradient_norms", "part", title="A norm for every example, averaged", see="03 §6")
def norms_per_example(X, weights, dout, activation):
    """You took the norm of every example's gradient and added those up. The gradients of the examples are added first, and partly cancel;
    the norm is taken of their sum."""
    inputs, found, _ = layers_of(X, weights, dout, activation)
    return [np.sum(np.linalg.norm(h, axis=1) * np.linalg.norm(delta, axis=1)) for h, delta in zip(inputs, found, strict=True)]


norms_in_place = in_place("gradient_norms", reference.gradient_norms, see="03 §6", name="dout")


@misconception("gradient_norms", "slip", title="The list of weights is reversed in place", see="03 §6")
def norms_reverses_weights(X, weights, dout, activation):
    """You turned the list of weights around with weights.reverse(), and the list belongs to whoever called you: to them their first layer
    is now the last. Use reversed(weights), which leaves the list as it is."""
    norms = norms_of(*layers_of(X, list(weights), dout, activation)[:2])
    weights.reverse()
    return norms


# --- gradient_norms: right -----------------------------------------------------------------------------------------------


@alternative("gradient_norms")
def norms_sum_of_outer_products(X, weights, dout, activation):
    gradients = [np.zeros(np.shape(W)) for W in weights]
    for x, g in zip(np.asarray(X, dtype=float), np.asarray(dout, dtype=float), strict=True):
        h = [x]
        for W in weights:
            z = h[-1] @ W
            h.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0) if activation == "relu" else 0.5 + 0.5 * np.tanh(z / 2))
        for layer in range(len(weights) - 1, -1, -1):
            out = h[layer + 1]
            g = g * (1 - out**2 if activation == "tanh" else np.sign(out) if activation == "relu" else out - out**2)
            gradients[layer] += np.outer(h[layer], g)
            g = weights[layer] @ g
    return [float(np.sqrt((gradient**2).sum())) for gradient in gradients]


@alternative("gradient_norms")
def norms_from_z(X, weights, dout, activation):
    def f(z):
        return {"tanh": np.tanh(z), "relu": np.where(z > 0, z, 0.0), "logistic": 1 / (1 + np.exp(-z))}[activation]

    def slope(z):  # 1 at ReLU's kink
        return {"tanh": 1 - np.tanh(z) ** 2, "relu": (z >= 0) * 1.0, "logistic": f(z) * f(-z)}[activation]

    def back(h, rest):
        if not rest:
            return dout, []
        z = np.dot(h, rest[0])
        dh, norms = back(f(z), rest[1:])
        dz = dh * slope(z)
        return np.einsum("no,io->ni", dz, rest[0]), [np.linalg.norm(np.einsum("ni,no->io", h, dz), "fro"), *norms]

    return back(X, list(weights))[1]


@alternative("gradient_norms")
def norms_as_an_array(X, weights, dout, activation):
    f = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "logistic": lambda z: 1 / (1 + np.exp(-z))}[activation]
    slope = {"tanh": lambda h: 1 - h * h, "relu": lambda h: np.where(h > 0, 1.0, 0.0), "logistic": lambda h: h * (1 - h)}[activation]
    h = [X]
    for W in weights:
        h.append(f(np.matmul(h[-1], W)))
    norms = np.zeros(len(weights))
    for layer in range(len(weights))[::-1]:
        dout = dout * slope(h[layer + 1])
        norms[layer] = np.sqrt(np.trace((h[layer].T @ dout).T @ (h[layer].T @ dout)))
        dout = dout @ np.transpose(weights[layer])
    return norms
