"""The figures of lecture 10, regularization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def thresholds(panels: Mapping[str, np.ndarray], *, ceiling: float = 2.5) -> Figure:
    """Draw the training and the validation loss of runs, with a line where the validation loss is lowest.

    Parameters
    ----------
    panels : dict of str to ndarray of shape (2 or more, epochs)
        For each title the training losses, then the validation losses; further rows aren't drawn.
    ceiling : float
        Where the vertical axes end.
    """
    fig, axes = plots.figure(1, len(panels), (min(4.2 * len(panels), 12.5), 3.5), sharey=True, squeeze=False)
    for ax, (title, log) in zip(axes[0], panels.items(), strict=True):
        ax.plot(log[0], label="training")
        ax.plot(log[1], label="validation")
        ax.axvline(int(np.argmin(log[1])), color="#777777", linestyle=":", label="overfitting threshold")
        ax.set(xlabel="epoch", title=title, ylim=(0, ceiling))
    axes[0, 0].set_ylabel("loss")
    axes[0, 0].legend()
    return fig


def with_spread(
    panels: Mapping[str, Mapping[str, np.ndarray]], x: Sequence[float], xlabel: str, ylabel: str, *, log: bool = False, low: float = 0.0
) -> Figure:
    """Draw means over seeds, with bands from the lowest to the highest: a panel for each title, a line for each label.

    Parameters
    ----------
    panels : dict of str to dict of str to ndarray of shape (len(x), seeds)
    x : sequence of float
    xlabel, ylabel : str
    log : bool
        Whether the horizontal axis is logarithmic.
    low : float
        Where the vertical axes begin.
    """
    fig, axes = plots.figure(1, len(panels), (min(5.2 * len(panels) + 0.6, 12.0), 3.6), sharey=True, squeeze=False)
    for ax, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for (label, values), marker, colour in zip(lines.items(), plots.MARKERS, plots.PALETTE, strict=False):
            ax.plot(x, values.mean(axis=1), marker=marker, label=label)
            ax.fill_between(x, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.15, linewidth=0)
        ax.set(xlabel=xlabel, title=title, ylim=(low, None))
        if log:
            ax.set_xscale("log")
            ax.set_xticks(x, [f"{value:g}" for value in x], minor=False)
            ax.minorticks_off()
    axes[0, 0].set_ylabel(ylabel)
    axes[0, 0].legend()
    return fig


def weight_plane(path: np.ndarray, ends: np.ndarray, lams: Sequence[float], loss, best: int) -> Figure:
    """Draw a path of weights and the minima under penalties, in the plane of their two principal axes, on contours of a loss.

    Parameters
    ----------
    path : ndarray of shape (steps, weights)
        From the origin on.
    ends : ndarray of shape (penalties, weights)
    lams : sequence of float
        The λ of each penalty.
    loss : callable
        Takes a vector of weights.
    best : int
        The step with the lowest validation loss.
    """
    axes = np.linalg.svd(np.concatenate([path[::20], ends]), full_matrices=False)[2][:2]
    axes *= np.sign(axes @ path[-1])[:, None]
    points, minima = path @ axes.T, ends @ axes.T
    low, high = points.min(axis=0) - 0.8, np.maximum(points.max(axis=0), minima.max(axis=0)) + 0.8
    grid = [np.linspace(low[k], high[k], 24) for k in (0, 1)]
    heights = [[loss(np.array([a, b]) @ axes) for a in grid[0]] for b in grid[1]]
    fig, ax = plots.figure(1, 1, (7.4, 4.4))
    steps = [0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.1, 1.4]
    ax.contour(*grid, heights, levels=np.min(heights) + np.array(steps), cmap="Greys_r", linewidths=0.9)
    ax.plot(*points.T, color=plots.PALETTE[0], label="path of gradient descent")
    ax.plot(*points[best], "*", color=plots.PALETTE[0], markersize=16, label="early stopping")
    ax.plot(*minima.T, color=plots.PALETTE[1], linestyle="--", marker="s", label="minima with an L2 penalty")
    for point, lam in zip(minima, lams, strict=True):
        ax.annotate(f"λ = {lam:g}", point, xytext=(6, -14), textcoords="offset points", fontsize=9)
    ax.set(xlabel="first principal axis of the weights", ylabel="second principal axis")
    ax.legend(loc="upper left", fontsize=9)
    return fig


def penalties(centre: tuple[float, float], at_l2: np.ndarray, at_l1: np.ndarray) -> Figure:
    """Draw contours of a quadratic loss in two weights, with the circle and the diamond on which the two penalised minima lie.

    Parameters
    ----------
    centre : (float, float)
        Where the loss w ↦ (w − centre)ᵀA(w − centre)/2 is lowest, with A = ((1, 0.6), (0.6, 1)).
    at_l2, at_l1 : ndarray of shape (2,)
        The minima of the loss with each penalty.
    """
    u, v = np.meshgrid(np.linspace(-1.2, 2.4, 120), np.linspace(-1.2, 1.8, 120))
    du, dv = u - centre[0], v - centre[1]
    heights, angle = (du**2 + 1.2 * du * dv + dv**2) / 2, np.linspace(0, 2 * np.pi, 200)
    radius, corner = np.linalg.norm(at_l2), np.abs(at_l1).sum()
    curves = (radius * np.cos(angle), radius * np.sin(angle)), (corner * np.array([1, 0, -1, 0, 1]), corner * np.array([0, 1, 0, -1, 0]))
    fig, axes = plots.figure(1, 2, (10.0, 4.2), sharey=True)
    for ax, title, curve, point in zip(axes, ("L2: a circle", "L1: a diamond"), curves, (at_l2, at_l1), strict=True):
        ax.contour(u, v, heights, levels=[0.02, 0.1, 0.25, 0.5, 0.9, 1.4, 2.0], cmap="Greys_r", linewidths=0.9)
        ax.plot(*curve, color=plots.PALETTE[0], linestyle="-", label="weights with the same penalty")
        ax.plot(*centre, "x", color="black", markersize=9, label="lowest loss")
        ax.plot(*point, "o", color=plots.PALETTE[1], markersize=9, label="lowest loss + penalty")
        ax.set(xlabel="first weight", title=title, aspect="equal", xlim=(-1.2, 2.4), ylim=(-1.9, 1.8))
    axes[0].set_ylabel("second weight")
    axes[0].legend(loc="lower right", fontsize=9)
    return fig


def histograms(weights: Mapping[str, np.ndarray]) -> Figure:
    """Draw how often weights of each size occur, on a logarithmic scale: a panel for each title, on equal axes."""
    edges = np.linspace(-0.8, 0.8, 81)
    fig, axes = plots.figure(1, len(weights), (min(3.6 * len(weights), 12.0), 3.2), sharex=True, sharey=True)
    for ax, colour, (title, values) in zip(axes, plots.PALETTE, weights.items(), strict=False):
        ax.hist(np.clip(values, edges[0], edges[-1]), edges.tolist(), color=colour)
        ax.set(title=title, xlabel="weight", yscale="log")
    axes[0].set_ylabel("number of weights")
    return fig


def lines(curves: Mapping[str, Sequence[float]], xlabel: str, ylabel: str, *, logarithmic: bool = False) -> Figure:
    """Draw a line for each label, of one number per step."""
    fig, ax = plots.figure(1, 1, (7.2, 3.7))
    for label, values in curves.items():
        ax.plot(values, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel, **({"yscale": "log"} if logarithmic else {}))
    ax.legend()
    return fig


def images(rows: Mapping[str, np.ndarray], captions: Sequence[str] = ()) -> Figure:
    """Draw rows of images, each with its title on the left, and captions over those of the first row.

    Parameters
    ----------
    rows : dict of str to ndarray of shape (N, 8, 8)
    captions : sequence of str
    """
    count = max(len(some) for some in rows.values())
    fig, axes = plots.figure(len(rows), count, (1.05 * count + 1.2, 1.3 * len(rows)), squeeze=False)
    for row, (title, some) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(row, some, strict=True):
            ax.imshow(image, cmap="Greys", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[], frame_on=False)
            ax.grid(False)
        row[0].set_ylabel(title, rotation=0, ha="right", va="center")
    for ax, caption in zip(axes[0], captions, strict=False):
        ax.set_title(caption, fontsize=9)
    return fig


def remedies(runs: Mapping[str, np.ndarray]) -> Figure:
    """Draw, for each remedy, the overfitting threshold and two test accuracies: a dot for each seed, and a line at the mean.

    Parameters
    ----------
    runs : dict of str to ndarray of shape (seeds, 3)
        The threshold, the accuracy at the end, and that where the validation loss is lowest.
    """
    fig, axes = plots.figure(1, 2, (11.0, 0.5 * len(runs) + 1.4), sharey=True)
    for row, values in enumerate(runs.values()):
        for ax, columns in zip(axes, ((0,), (1, 2)), strict=True):
            for shift, column in zip((-0.12, 0.12), columns, strict=False):
                colour, marker = plots.PALETTE[column], plots.MARKERS[column]
                label = {1: "after 100 epochs", 2: "where validation loss is lowest"}.get(column) if row == 0 else None
                height = row + shift * (len(columns) > 1)
                ax.plot(values[:, column], np.full(len(values), height), marker, color=colour, alpha=0.4, markersize=5, linestyle="none")
                ax.plot(values[:, column].mean(), height, "|", color=colour, markersize=18, markeredgewidth=2.5, label=label)
    axes[0].set(xlabel="overfitting threshold (epoch)", yticks=range(len(runs)), yticklabels=list(runs), xlim=(0, 101))
    axes[1].set(xlabel="test accuracy")
    axes[0].invert_yaxis()
    axes[1].legend(loc="lower left", fontsize=9)
    return fig
