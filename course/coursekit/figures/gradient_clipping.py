"""The figures of lecture 6, gradient clipping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Circle, Rectangle

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Lines = Mapping[str, Sequence[float]]


def beside(panels: Mapping[str, Lines], xlabel: str, ylabels: Sequence[str], *, ceiling: float | None = None) -> Figure:
    """Draw lines on logarithmic axes beside each other.

    Parameters
    ----------
    panels : dict of str to dict of str to sequence of float
        For each title a line for each label, of one number per step from 0 on. What isn't finite or positive is left out.
    xlabel : str
    ylabels : sequence of str
        One for each panel.
    ceiling : float, optional
        Where the vertical axes end; larger numbers leave the picture.
    """
    fig, axes = plots.figure(1, len(panels), (10.5, 3.6))
    for ax, (title, lines), ylabel in zip(axes, panels.items(), ylabels, strict=True):
        for label, numbers in lines.items():
            values = np.array(numbers, dtype=float)
            ax.plot(np.where(np.isfinite(values) & (values > 0), values, np.nan), label=label)
        ax.set(yscale="log", xlabel=xlabel, ylabel=ylabel, title=title)
        if ceiling is not None:
            lowest = min(number for numbers in lines.values() for number in numbers if number > 0)
            ax.set_ylim(lowest / 1.5, ceiling)
        if "" not in lines:
            ax.legend()
    return fig


def cliff(w: np.ndarray, loss: np.ndarray, slope: np.ndarray, paths: Mapping[str, Sequence[tuple[float, float]]]) -> Figure:
    """Draw a loss and the size of its slope over one weight, and the steps of gradient descent on the loss.

    Parameters
    ----------
    w, loss, slope : ndarray of shape (n,)
    paths : dict of str to sequence of (weight, loss)
        A path for each label; what lies outside the axes is left out.
    """
    fig, (left, right) = plots.figure(1, 2, (10.5, 3.8), sharex=True)
    left.plot(w, loss, color="#777777", linestyle="-")
    right.plot(w, np.abs(slope), color="#777777", linestyle="-")
    for colour, (label, path), marker in zip(plots.PALETTE, paths.items(), plots.MARKERS, strict=False):
        left.plot(*np.transpose(path), color=colour, marker=marker, markersize=4, linewidth=0.8, label=label)
    left.set(
        yscale="log", xlabel="weight $w$", ylabel="loss (log scale)", title="The cliff", xlim=(w[0], w[-1]), ylim=(1e-6, 2 * loss.max())
    )
    right.set(yscale="log", xlabel="weight $w$", ylabel="size of the slope (log scale)", title="Its slope")
    if paths:
        left.legend(loc="lower left")
    return fig


def arrows(panels: Mapping[str, Mapping[str, np.ndarray]], threshold: float) -> Figure:
    """Draw gradients of two entries as arrows, in a panel for each title, with the square and the circle of clipping.

    Parameters
    ----------
    panels : dict of str to dict of str to ndarray of shape (2,)
    threshold : float
        Half the side of the square, and the radius of the circle.
    """
    fig, axes = plots.figure(1, len(panels), (3.6 * len(panels), 3.9), sharex=True, sharey=True, squeeze=False)
    for ax, (title, vectors) in zip(axes[0], panels.items(), strict=True):
        ax.add_patch(Rectangle((-threshold, -threshold), 2 * threshold, 2 * threshold, fill=False, color="#777777", linestyle="--"))
        ax.add_patch(Circle((0, 0), threshold, fill=False, color="#777777", linestyle=":"))
        for colour, width, (label, vector) in zip(plots.PALETTE, (2, 4, 2), vectors.items(), strict=False):
            ax.annotate("", vector, (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0})
            ax.plot([], [], color=colour, linewidth=width, linestyle="-", label=label)
        ax.set(title=title, xlim=(-1.4, 2.2), ylim=(-1.4, 3.4), aspect="equal", xlabel="first entry", ylabel="second entry")
        ax.legend(loc="lower right", fontsize=9)
    return fig


def over_limits(limits: Sequence[float], lines: Lines, xlabel: str, ylabel: str) -> Figure:
    """Draw a line for each label over limits on a logarithmic axis."""
    fig, ax = plots.figure(1, 1, (7, 3.6))
    for (label, values), marker in zip(lines.items(), plots.MARKERS, strict=False):
        ax.plot(limits, values, marker=marker, label=label)
    ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel, ylim=(0, 1.06))
    ax.legend(loc="lower right")
    return fig


def norms_and_threshold(norms: Sequence[float], threshold: float) -> Figure:
    """Draw the norms of the gradients over the steps, and beside them how often each size occurs, with a line at the threshold."""
    fig, (left, right) = plots.figure(1, 2, (10.5, 3.6))
    left.plot(norms, ".", markersize=4, color=plots.PALETTE[0])
    right.hist(norms, np.geomspace(min(norms), max(norms), 30).tolist(), color=plots.PALETTE[0])
    left.axhline(threshold, color=plots.PALETTE[1], linestyle="--", label=f"threshold {threshold:g}")
    right.axvline(threshold, color=plots.PALETTE[1], linestyle="--", label=f"threshold {threshold:g}")
    left.set(yscale="log", xlabel="training step", ylabel="norm before clipping", title="Over the steps")
    right.set(xscale="log", xlabel="norm before clipping", ylabel="number of steps", title="How often")
    for ax in (left, right):
        ax.legend()
    return fig


def table_of_runs(runs: np.ndarray, thresholds: Sequence[float], rates: Sequence[float]) -> Figure:
    """Draw a table of test accuracies: the median of the runs, and below it the lowest and the highest.

    Parameters
    ----------
    runs : ndarray of shape (thresholds, rates, seeds)
        NaN where a run has diverged, which counts as 0.1.
    thresholds, rates : sequence of float
    """
    filled = np.where(np.isnan(runs), 0.1, runs)
    fig, ax = plots.figure(1, 1, (8.2, 4.2))
    ax.imshow(np.median(filled, axis=-1), vmin=0, vmax=1, cmap="cividis", aspect="auto")
    for row, column in np.ndindex(runs.shape[:2]):
        cell, lost = filled[row, column], int(np.isnan(runs[row, column]).sum())
        text = f"{np.median(cell):.2f}\n" + (f"{lost} of {len(cell)} diverged" if lost else f"{cell.min():.2f} to {cell.max():.2f}")
        ax.text(column, row, text, ha="center", va="center", fontsize=9, color="white" if np.median(cell) < 0.6 else "black")
    names = ["none" if np.isinf(threshold) else f"{threshold:g}" for threshold in thresholds]
    ax.set(xlabel="learning rate η", ylabel="threshold", xticks=range(len(rates)), xticklabels=rates, yticks=range(len(names)))
    ax.set_yticklabels(names)
    ax.grid(False)
    return fig


def by_layer(norms: Lines) -> Figure:
    """Draw the norm of the gradient of each layer's weights, a line for each label."""
    fig, ax = plots.figure(1, 1, (7, 3.6))
    for label, values in norms.items():
        ax.plot(np.arange(1, len(values) + 1), values, label=label)
    ax.set(yscale="log", xlabel="layer, from the input on", ylabel="norm of the gradient (log scale)")
    ax.legend()
    return fig
