"""The figures of lecture 2, data pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ravines(panels: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw the contours of quadratic losses with two parameters, and the path of gradient descent on each.

    Parameters
    ----------
    panels : dict of str to (array of shape (2, 2), array of shape (steps, 2))
        The matrix H of the loss ½ wᵀHw, where w is the distance from the minimum, and the path.
    """
    fig, axes = plots.figure(1, len(panels), (4.0 * len(panels), 3.8), squeeze=False)
    for ax, (label, (H, path)) in zip(axes[0], panels.items(), strict=True):
        reach = 1.15 * np.max(np.abs(path))
        u, v = np.meshgrid(*2 * [np.linspace(-reach, reach, 121)])
        loss = 0.5 * (H[0, 0] * u**2 + 2 * H[0, 1] * u * v + H[1, 1] * v**2)
        ax.contour(u, v, loss, levels=loss.max() * np.geomspace(1e-4, 0.9, 11), colors="#999999", linewidths=0.8)
        ax.plot(*path.T, color=plots.PALETTE[1], linestyle="-", marker="o", markersize=3, linewidth=1.2)
        ax.plot(0, 0, "*", color=plots.PALETTE[0], markersize=13)
        ax.set(title=label, xlabel="first weight − best", ylabel="second weight − best", aspect="equal")
    return fig


def pictures(images: Mapping[str, np.ndarray]) -> Figure:
    """Draw small grey images side by side, zero in the middle of the scale where an image has negative entries.

    Parameters
    ----------
    images : dict of str to array of shape (H, W)
    """
    fig, axes = plots.figure(1, len(images), (1.9 * len(images), 2.5), squeeze=False)
    for ax, (label, image) in zip(axes[0], images.items(), strict=True):
        size = float(np.max(np.abs(image))) or 1.0
        signed = bool(np.min(image) < -1e-9)
        ax.imshow(image, cmap="PuOr" if signed else "Greys", vmin=-size if signed else 0, vmax=size)
        ax.set(xticks=[], yticks=[])
        ax.set_title(label, fontsize=10)
    return fig


def clouds(panels: Mapping[str, np.ndarray], arrows: Mapping[str, np.ndarray] | None = None) -> Figure:
    """Draw clouds of points with two features, on axes with the same unit.

    Parameters
    ----------
    panels : dict of str to array of shape (N, 2)
    arrows : dict of str to array of shape (k, 2), optional
        Arrows from the mean of the panel with that label.
    """
    fig, axes = plots.figure(1, len(panels), (3.1 * len(panels), 3.2), squeeze=False)
    for ax, (label, points) in zip(axes[0], panels.items(), strict=True):
        ax.axhline(0, color="#999999", linewidth=0.8)
        ax.axvline(0, color="#999999", linewidth=0.8)
        ax.plot(*points.T, ".", color=plots.PALETTE[0], markersize=4, alpha=0.6)
        for number, arrow in enumerate((arrows or {}).get(label, ())):
            style = {"arrowstyle": "-|>", "color": plots.PALETTE[1], "linewidth": 2.5, "linestyle": ("-", "--")[number % 2]}
            ax.annotate("", points.mean(axis=0) + arrow, points.mean(axis=0), arrowprops=style)
        reach = 1.1 * max(float(np.max(np.abs(points))), 0.1)
        ax.set(title=label, xlabel="first column", xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes[0][0].set_ylabel("second column")
    return fig


def shares(variances: np.ndarray) -> Figure:
    """Draw the variances along the components, and the share of the first k of them.

    Parameters
    ----------
    variances : array of shape (D,)
        The largest first.
    """
    fig, (left, right) = plots.figure(1, 2, (10.0, 3.4))
    number = np.arange(1, len(variances) + 1)
    left.semilogy(number, np.maximum(variances, 1e-6 * variances[0]), ".")
    left.set(xlabel="component", ylabel="variance (log scale)", title="Variance along each component")
    right.plot(number, np.cumsum(variances) / np.sum(variances))
    right.set(xlabel="number of components k", ylabel="share of all variance", ylim=(0, 1.03), title="Kept by the first k")
    return fig


def orders(panels: Mapping[str, Sequence[int]]) -> Figure:
    """Draw for each item of a shuffled row when it comes out.

    Parameters
    ----------
    panels : dict of str to sequence of int
        The items, numbered as they went in, in the order in which they came out.
    """
    fig, axes = plots.figure(1, len(panels), (3.1 * len(panels), 3.1), squeeze=False)
    for ax, (label, order) in zip(axes[0], panels.items(), strict=True):
        ax.plot(np.arange(len(order)), order, ".", color=plots.PALETTE[0], markersize=3)
        ax.set(title=label, xlabel="place in the output", aspect="equal")
    axes[0][0].set_ylabel("place in the input")
    return fig


def bars(values: Mapping[str, Sequence[float]], ylabel: str, title: str, log: bool = False) -> Figure:
    """Draw a bar for the mean of each row of numbers, and the numbers as points.

    Parameters
    ----------
    values : dict of str to sequence of float
    ylabel, title : str
    log : bool
        Whether the axis is logarithmic.
    """
    fig, ax = plots.figure(1, 1, (1.5 * len(values) + 2.0, 3.3))
    for place, numbers in enumerate(values.values()):
        ax.bar(place, np.mean(numbers), 0.6, color=plots.PALETTE[place % len(plots.PALETTE)], alpha=0.75)
        ax.plot(np.full(len(numbers), place), numbers, "o", color="black", markersize=4)
    ax.set(ylabel=ylabel, title=title, xticks=range(len(values)), yscale="log" if log else "linear")
    ax.set_xticklabels(list(values))
    return fig


def timelines(panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]) -> Figure:
    """Draw who works when: a panel for each pipeline, a row for each worker, a box for each batch.

    Parameters
    ----------
    panels : dict of str to dict of str to sequence of (float, float)
        For each pipeline and each worker when a batch begins and ends. The last row is the training; the others load in turn.
    """
    end = max(stop for rows in panels.values() for boxes in rows.values() for _, stop in boxes)
    heights = [len(rows) for rows in panels.values()]
    fig, axes = plots.figure(
        len(panels), 1, (10.0, 0.55 * sum(heights) + 0.8 * len(panels)), sharex=True, squeeze=False, height_ratios=heights
    )
    for ax, (label, rows) in zip(axes[:, 0], panels.items(), strict=True):
        for level, (worker, boxes) in enumerate(rows.items()):
            training = worker == "train"
            for number, (start, stop) in enumerate(boxes):
                colour, hatch = (plots.PALETTE[5], "//") if training else (plots.PALETTE[4], "")
                ax.broken_barh([(start, stop - start)], (level - 0.4, 0.8), facecolors=colour, hatch=hatch, edgecolor="white")
                batch = number if training else number * (len(rows) - 1) + level
                ax.text((start + stop) / 2, level, str(batch + 1), ha="center", va="center", fontsize=9)
        ax.set(yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.5), xlim=(0, 1.01 * end))
        ax.set_yticklabels(list(rows))
        finish = max(stop for boxes in rows.values() for _, stop in boxes)
        ax.set_title(f"{label}: done at {finish:g}", loc="left", fontsize=11)
    axes[-1][0].set_xlabel("time (simulated clock)")
    return fig
