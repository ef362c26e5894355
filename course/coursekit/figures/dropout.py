"""The figures of lecture 11, dropout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = """
A ...##... ..#..#.. ..#..#.. .#....#. .######. .#....#. .#....#. .#....#.
H .#....#. .#....#. .#....#. .######. .#....#. .#....#. .#....#. .#....#.
K .#...#.. .#..#... .#.#.... .##..... .#.#.... .#..#... .#...#.. .#....#.
M #.....#. ##...##. #.#.#.#. #..#..#. #.....#. #.....#. #.....#. #.....#.
T #######. ...#.... ...#.... ...#.... ...#.... ...#.... ...#.... ...#....
X #.....#. .#...#.. ..#.#... ...#.... ...#.... ..#.#... .#...#.. #.....#.
V #.....#. #.....#. .#...#.. .#...#.. ..#.#... ..#.#... ...#.... ...#....
W #.....#. #.....#. #.....#. #..#..#. #..#..#. #.#.#.#. ##...##. #.....#.
E .######. .#...... .#...... .#####.. .#...... .#...... .#...... .######.
N #.....#. ##....#. #.#...#. #..#..#. #...#.#. #....##. #.....#. #.....#.
"""


def letters() -> np.ndarray:
    """Return ten letters as images of zeros and ones, shape (10, 8, 8)."""
    lines = [line.split()[1:] for line in LETTERS.strip().splitlines()]
    return np.array([[[pixel == "#" for pixel in row] for row in rows] for rows in lines], dtype=float)


def sacking(shares: np.ndarray, accuracies: Mapping[str, np.ndarray]) -> Figure:
    """Draw the accuracy that is left when a share of the units is removed.

    Parameters
    ----------
    shares : array, shape (S,)
    accuracies : dict of str to array of shape (S, runs)
        A line of means, and a point for each run, under each label.
    """
    fig, ax = plots.figure(1, 1, (7, 3.8))
    for index, (label, found) in enumerate(accuracies.items()):
        colour = plots.PALETTE[index]
        ax.plot(shares, found.mean(axis=1), color=colour, marker=plots.MARKERS[index], label=label)
        ax.plot(shares + (index - 0.5) * 0.02, found, ".", color=colour, markersize=3, alpha=0.5)
    ax.set(xlabel="share of the hidden units that are removed", ylabel="test accuracy", ylim=(0, 1.03))
    ax.legend(loc="lower left")
    return fig


def networks(kept: Sequence[Sequence[np.ndarray]], titles: Sequence[str], rows: int = 1) -> Figure:
    """Draw small networks whose dropped units are crossed out.

    Parameters
    ----------
    kept : sequence of sequence of array of bool
        For each network and each of its layers, which units are there.
    titles : sequence of str
        One for each network.
    rows : int
        Of drawings.
    """
    fig, axes = plots.figure(rows, len(kept) // rows, (12, 2.9 if rows == 1 else 2.1 * rows))
    for ax, layers, title in zip(np.ravel(axes), kept, titles, strict=True):
        _draw_network(ax, [np.asarray(layer, dtype=bool) for layer in layers])
        ax.set_title(title, fontsize=12 if rows == 1 else 9)
    return fig


def _draw_network(ax: Axes, layers: Sequence[np.ndarray]) -> None:
    places = [[(x, y - (len(layer) - 1) / 2) for y in range(len(layer))] for x, layer in enumerate(layers)]
    for (left, here), (right, there) in pairwise(zip(places, layers, strict=True)):
        for (a, a_on), (b, b_on) in product(zip(left, here, strict=True), zip(right, there, strict=True)):
            colour, width = ("#333333", 0.8) if a_on and b_on else ("#dddddd", 0.4)
            ax.plot([a[0], b[0]], [a[1], b[1]], "-", color=colour, linewidth=width, zorder=1 + (a_on and b_on))
    for x, y, on in ((*place, on) for some, layer in zip(places, layers, strict=True) for place, on in zip(some, layer, strict=True)):
        face, edge = (plots.PALETTE[0], plots.PALETTE[0]) if on else ("white", "#bbbbbb")
        ax.plot(x, y, "o", markersize=11, color=face, markeredgecolor=edge, zorder=3)
        if not on:
            ax.plot(x, y, "x", markersize=6, color="#999999", zorder=4)
    height = max(len(layer) for layer in layers) + 0.4
    ax.set(xlim=(-0.4, len(layers) - 0.6), ylim=(-height / 2, height / 2))
    ax.axis("off")


def gaps(tasks: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw training and test accuracy of several runs, joined by lines.

    Parameters
    ----------
    tasks : dict of str to dict of str to array of shape (runs, 2)
        For each title the runs of each kind of network: training and test accuracy.
    """
    fig, axes = plots.figure(1, len(tasks), (5 * len(tasks) + 1, 3.8), sharey=True, squeeze=False)
    for ax, (title, runs) in zip(axes[0], tasks.items(), strict=True):
        _draw_gaps(ax, runs, title, "lower left")
    return fig


def _draw_gaps(ax: Axes, runs: Mapping[str, np.ndarray], title: str, legend: Any) -> None:
    for column, found in enumerate(runs.values()):
        x = column + 0.09 * (np.arange(len(found)) - (len(found) - 1) / 2)
        ax.vlines(x, found[:, 1], found[:, 0], color="#bbbbbb", linewidth=1.5)
        for index, name in enumerate(("train", "test")):
            style: dict[str, Any] = {"color": plots.PALETTE[index], "linestyle": "", "marker": plots.MARKERS[index]}
            ax.plot(x, found[:, index], label=None if column else name, **style)
    ax.set(xticks=range(len(runs)), xlim=(-0.5, len(runs) - 0.5), ylabel="accuracy", title=title)
    ax.set_xticklabels(runs)
    ax.legend(loc=legend)


def two_phases(rates: np.ndarray, training: Mapping[str, np.ndarray], prediction: Mapping[str, np.ndarray]) -> Figure:
    """Draw out/x in training, on average, and in prediction, against the rate.

    Parameters
    ----------
    rates : array, shape (R,)
    training, prediction : dict of str to array of shape (R,)
        For each form of dropout.
    """
    fig, axes = plots.figure(1, len(training), (10, 3.6), sharey=True)
    for ax, kind in zip(axes, training, strict=True):
        ax.plot(rates, prediction[kind], "-", color=plots.PALETTE[1], label="prediction")
        ax.plot(rates, training[kind], plots.MARKERS[0], linestyle="", color=plots.PALETTE[0], label="training, mean of 20 000 units")
        ax.set(xlabel="rate of dropping", ylim=(0, 1.5), title=f"{kind} dropout")
    axes[0].set_ylabel("out / x")
    axes[1].legend(loc="lower left")
    return fig


def ensemble(masks: np.ndarray, members: np.ndarray, means: Mapping[str, np.ndarray]) -> Figure:
    """Draw the probabilities that the network of each mask gives, and means of them.

    Parameters
    ----------
    masks : array of 0 and 1, shape (M, units)
    members : array, shape (M, classes)
    means : dict of str to array of shape (classes,)
    """
    fig, (left, right) = plots.figure(1, 2, (11, 3.6), gridspec_kw={"width_ratios": (2, 1)})
    names = ["".join(map(str, mask)) for mask in masks]
    for ax, values in ((left, members), (right, np.array(list(means.values())))):
        below = np.cumsum(values, axis=1) - values
        for k in range(values.shape[1]):
            style = {"color": plots.PALETTE[k], "hatch": plots.HATCHES[k], "edgecolor": "white"}
            ax.bar(range(len(values)), values[:, k], bottom=below[:, k], label=f"class {k}", **style)
    left.set(xlabel="mask", ylabel="probability", title=f"what each of the {len(masks)} networks says", xticks=range(len(masks)))
    left.set_xticklabels(names, rotation=60, fontsize=8)
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=3)
    right.set(xticks=range(len(means)), title="their means, and the whole one")
    right.set_xticklabels(means)
    return fig


def answers(images: Sequence[tuple[str, np.ndarray]], once: np.ndarray, mean: np.ndarray, std: np.ndarray) -> Figure:
    """Draw images, and below each the probabilities of the classes: of one answer, and of many answers with dropout.

    Parameters
    ----------
    images : sequence of (str, array)
        What it is, and the image.
    once, mean, std : arrays, shape (images, classes)
        Error bars end at 0 and 1.
    """
    ratios = {"height_ratios": (1.3, 1, 1)}
    fig, axes = plots.figure(3, len(images), (13, 4.4), sharey="row", gridspec_kw=ratios)
    classes = range(once.shape[1])
    for column, (name, image), p, m, s in zip(axes.T, images, once, mean, std, strict=True):
        column[0].imshow(image, cmap="gray_r", vmin=0, vmax=1)
        column[0].set_title(name, fontsize=9)
        column[0].axis("off")
        column[1].bar(classes, p, color=plots.PALETTE[0])
        column[2].bar(classes, m, color=plots.PALETTE[1])
        column[2].errorbar(classes, m, _within_0_and_1(m, s), fmt="none", ecolor="#555555", elinewidth=1)
        for ax in column[1:]:
            ax.set(ylim=(0, 1.05), xticks=(0, 3, 6, 9))
            ax.tick_params(labelsize=8)
    axes[1, 0].set_ylabel("asked once\nno dropout", fontsize=9)
    axes[2, 0].set_ylabel("MC dropout\nmean ± std", fontsize=9)
    fig.supxlabel("class", fontsize=10)
    return fig


def _within_0_and_1(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return how far a standard deviation goes down and up without leaving [0, 1]."""
    return np.array([np.minimum(std, mean), np.minimum(std, 1 - mean)])


def strips(panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw numbers as points, a row for each group, with a black line at the median.

    Parameters
    ----------
    panels : dict of str to dict of str to array
        For each label of the x axis the groups and their numbers.
    """
    fig, axes = plots.figure(1, len(panels), (11, 3.6))
    for ax, (xlabel, groups) in zip(axes, panels.items(), strict=True):
        for row, found in enumerate(groups.values()):
            jitter = np.random.default_rng(row).uniform(-0.28, 0.28, len(found))
            ax.plot(found, row + jitter, ".", markersize=3.5, color=plots.PALETTE[row], alpha=0.6)
            ax.plot([np.median(found)] * 2, [row - 0.38, row + 0.38], "-", color="black", linewidth=2.5)
        ax.set(xlabel=xlabel, yticks=range(len(groups)), ylim=(len(groups) - 0.4, -0.6))
        ax.set_yticklabels(groups)
    return fig


def turning(angles: np.ndarray, images: np.ndarray, mean: np.ndarray, std: np.ndarray) -> Figure:
    """Draw the probabilities of the four most probable classes while an image is turned.

    Parameters
    ----------
    angles : array, shape (A,)
    images : array, shape (A, 8, 8)
    mean, std : arrays, shape (A, classes)
        Bands of one standard deviation end at 0 and 1.
    """
    fig, (ax, strip) = plots.figure(2, 1, (9, 4.6), gridspec_kw={"height_ratios": (4, 1)})
    for index, k in enumerate(sorted(np.argsort(-mean.max(axis=0))[:4])):
        colour, (down, up) = plots.PALETTE[index], _within_0_and_1(mean[:, k], std[:, k])
        style = {"linestyle": plots.LINES[index], "marker": plots.MARKERS[index], "markersize": 4}
        ax.plot(angles, mean[:, k], color=colour, label=f"class {k}", **style)
        ax.fill_between(angles, mean[:, k] - down, mean[:, k] + up, color=colour, alpha=0.15)
    ax.set(ylabel="probability, mean ± std", xlim=(-5, 185), ylim=(0, 1.25), xticks=angles[::3], yticks=np.linspace(0, 1, 6))
    ax.legend(ncols=4, loc="upper center")
    strip.imshow(np.hstack(list(images[::2])), cmap="gray_r")
    strip.set(xlabel="angle in degrees, from 0 to 180", xticks=[], yticks=[])
    strip.grid(False)
    return fig


def weights_in_use(used: Mapping[str, np.ndarray], runs: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw which weights of a layer are in use, and the accuracies of networks.

    Parameters
    ----------
    used : dict of str to array of shape (inputs, units)
        Not zero where a weight is in use.
    runs, title
        As for `gaps`.
    """
    fig, axes = plots.figure(1, len(used) + 1, (13, 3.6), gridspec_kw={"width_ratios": (*[1] * len(used), 1.4)})
    for ax, (name, weights) in zip(axes[:-1], used.items(), strict=True):
        ax.imshow(weights != 0, cmap="gray_r", aspect="auto", interpolation="nearest", vmin=0, vmax=1.6)
        ax.set(xlabel="unit", ylabel="input", title=f"weights in use: {name}")
        ax.grid(False)
    _draw_gaps(axes[-1], runs, title, "lower right")
    return fig


def depths(found: np.ndarray, expected: float, blocks: int, accuracies: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how many blocks the examples of a batch go through, and accuracies over the epochs.

    Parameters
    ----------
    found : array of int
        For each example the number of its blocks.
    expected : float
        Its expected value, a dashed line.
    blocks : int
        The most that there can be.
    accuracies : dict of str to sequence of float
    """
    fig, (left, right) = plots.figure(1, 2, (11, 3.6))
    left.bar(range(blocks + 1), np.bincount(found, minlength=blocks + 1) / len(found), color=plots.PALETTE[1])
    left.axvline(expected, color="black", linestyle="--", linewidth=1.5)
    left.set(xlabel="blocks that an example goes through", ylabel="share of the examples", title="one batch, many depths")
    for index, (label, values) in enumerate(accuracies.items()):
        epochs = range(1, len(values) + 1)
        right.plot(epochs, values, color=plots.PALETTE[index], linestyle=plots.LINES[index], marker=plots.MARKERS[index], label=label)
        right.set(xlabel="epoch", ylabel="test accuracy", ylim=(0.5, 1.01), title="trained with and without", xticks=epochs)
    right.legend(loc="lower right")
    return fig


def pooled(image: np.ndarray, draws: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Draw an image cut into rectangles, and below it what pooling makes of it.

    Parameters
    ----------
    image : array, shape (n, n)
    draws : sequence of (pooled, rows, columns)
        The pooled image, and the boundaries of rows and columns.
    """
    fig, axes = plots.figure(2, len(draws), (10.5, 5.4))
    for (above, below), (small, rows, columns), number in zip(axes.T, draws, range(1, len(draws) + 1), strict=True):
        above.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        above.hlines(rows - 0.5, -0.5, len(image) - 0.5, color=plots.PALETTE[1], linewidth=1.5)
        above.vlines(columns - 0.5, -0.5, len(image) - 0.5, color=plots.PALETTE[1], linewidth=1.5)
        above.set_title("{0}×{0}, draw {1}".format(len(image), number))
        below.imshow(small, cmap="gray_r", vmin=0, vmax=1)
        below.set_title("{}×{}".format(*small.shape))
        for ax in (above, below):
            ax.axis("off")
    return fig
