"""The figures of lecture 8, adaptive optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_valley(ax: Axes, curvature: Sequence[float], reach: tuple[float, float] = (4.6, 1.6)) -> None:
    """Draw the contours of ½(a·θ₁² + b·θ₂²) with the curvatures a and b, and a star at the minimum; `reach` is where the axes end."""
    x, y = np.meshgrid(np.linspace(-reach[0], reach[0], 121), np.linspace(-reach[1], reach[1], 121))
    height = (curvature[0] * x**2 + curvature[1] * y**2) / 2
    ax.contour(x, y, height, levels=height.max() * np.linspace(0.05, 1, 9) ** 2, colors="#bbbbbb", linewidths=0.8)
    ax.plot(0, 0, "*", color="#000000", markersize=14)
    ax.set(xlabel="$θ_1$", ylabel="$θ_2$")


def accuracy_against_rate(runs: Mapping[str, tuple[np.ndarray, Sequence[float]]], title: str) -> Figure:
    """Draw the test accuracy against the learning rate.

    Parameters
    ----------
    runs : dict of str to (rates, accuracies)
        A line for each label.
    title : str
    """
    fig, ax = plots.figure(1, 1, (7, 3.8))
    for (label, (rates, accuracies)), marker in zip(runs.items(), plots.MARKERS, strict=False):
        ax.plot(rates, accuracies, marker=marker, label=label)
    ax.set(xscale="log", ylim=(0, 1), xlabel="learning rate η", ylabel="test accuracy", title=title)
    ax.legend(loc="lower right")
    return fig


def two_valleys(walks: Mapping[float, Mapping[str, np.ndarray]]) -> Figure:
    """Draw walks in valleys beside each other.

    Parameters
    ----------
    walks : dict of float to dict of str to ndarray of shape (steps + 1, 2)
        For each curvature across (the one along is 1) a path for each label.
    """
    fig, axes = plots.figure(1, len(walks), (11, 3.8), sharey=True)
    for ax, (curvature, paths) in zip(axes, walks.items(), strict=True):
        draw_valley(ax, (1.0, curvature))
        for (label, path), marker in zip(paths.items(), plots.MARKERS, strict=False):
            ax.plot(*path.T, marker=marker, markersize=4, linewidth=1.4, label=label)
        ax.set_title(f"{curvature:g} times steeper across")
    axes[0].legend(loc="lower right")
    return fig


def losses_and_own_rates(losses: Mapping[str, Sequence[float]], rates: Mapping[str, Sequence[float]], window: int) -> Figure:
    """Draw training losses, averaged over `window` steps, and beside them the learning rates of the weights, by label."""
    fig, (left, right) = plots.figure(1, 2, (11, 3.8))
    for label, loss in losses.items():
        left.plot(np.arange(len(loss)) + window, loss, label=label)
        right.plot(np.arange(1, len(rates[label]) + 1), rates[label], label=label)
    left.set(yscale="log", xlabel="step", ylabel="training loss", title="Ahead first, overtaken later")
    right.set(xscale="log", yscale="log", xlabel="step", ylabel="median learning rate of a weight", title="AdaGrad's rates only ever fall")
    for ax in (left, right):
        ax.legend()
    return fig


def first_steps(lengths: Mapping[str, Sequence[float]], losses: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the lengths of the first steps, in η, and beside them the losses of a network over its first steps, by label."""
    fig, (left, right) = plots.figure(1, 2, (11, 3.8))
    for (label, values), marker in zip(lengths.items(), plots.MARKERS, strict=False):
        number = np.arange(1, len(values) + 1)
        left.plot(number, values, marker=marker, label=label)
        right.plot(number, losses[label], marker=marker, label=label)
    left.set(xlabel="step", ylabel="length of the step, in η", xticks=number, ylim=(0, 7.5), title="All gradients alike")
    right.set(xlabel="step", ylabel="training loss", xticks=number, ylim=(0, None), title="The first ten steps on the digits")
    left.legend(loc="center right")
    return fig


def moving_paths(paths: Mapping[str, np.ndarray], curvature: Sequence[float]) -> tuple[Figure, Callable[[int], None], int]:
    """Prepare a moving picture of eight paths in a valley, four above and four below; faster and faster, up to step 64.

    Parameters
    ----------
    paths : dict of str to ndarray of shape (steps + 1, 2)
    curvature : (float, float)
        Along and across.

    Returns
    -------
    fig, update, frames
        The arguments of `coursekit.plots.show_moving`.
    """
    fig, axes = plots.figure(2, 1, (7.2, 5.4), sharex=True)
    trails = []
    for ax, labels in zip(axes, (list(paths)[:4], list(paths)[4:]), strict=True):
        draw_valley(ax, curvature)
        ax.set_xlabel("")
        for colour, marker, label in zip(plots.PALETTE, plots.MARKERS, labels, strict=False):
            (trail,) = ax.plot([], [], label=label, color=colour, marker=marker, markevery=[-1], markersize=8, lw=1.6)
            trails.append(trail)
        ax.legend(loc="upper right", ncols=2)
    axes[1].set_xlabel("$θ_1$")
    shown = np.unique(np.round(np.linspace(0, 8, 18) ** 2).astype(int))

    def draw_until(frame: int) -> None:
        for trail, path in zip(trails, paths.values(), strict=True):
            trail.set_data(*path[: shown[frame] + 1].T)
        axes[0].set_title(f"after {shown[frame]} steps", loc="left")

    return fig, draw_until, len(shown)


def steps_needed(counts: Mapping[str, Sequence[int]], cases: Sequence[str], ylabel: str) -> Figure:
    """Draw a group of bars for each label, a bar for each case.

    Parameters
    ----------
    counts : dict of str to sequence of int
        By label, a number for each case.
    cases : sequence of str
    ylabel : str
    """
    fig, ax = plots.figure(1, 1, (9, 3.8))
    places, width = np.arange(len(counts)), 0.8 / len(cases)
    for side, case in enumerate(cases):
        style: dict[str, Any] = {"color": plots.PALETTE[side], "hatch": plots.HATCHES[side], "edgecolor": "white"}
        ax.bar(places + width * (side - (len(cases) - 1) / 2), [one[side] for one in counts.values()], width, label=case, **style)
    ax.set(xticks=places, xticklabels=list(counts), ylabel=ylabel)
    ax.legend(loc="upper left")
    return fig


Measured = Mapping[tuple[str, str], Sequence[float]]


def measured_stars(stars: Mapping[str, tuple[str, str]], speed: Measured, quality: Measured) -> Figure:
    """Draw a table as a figure: a row for each optimiser, all runs as dots, their range as a line, and the slides' stars beside it.

    Parameters
    ----------
    stars : dict of str to (str, str)
        By optimiser, for speed and quality.
    speed, quality : dict of (str, str) to sequence of float
        By data set and optimiser, a number for each run.
    """
    fig, axes = plots.figure(1, 2, (12, 4.6), sharey=True)
    rows = dict(zip(stars, range(len(stars) - 1, -1, -1), strict=True))
    for column, (ax, measured, title) in enumerate(zip(axes, (speed, quality), ("Speed", "Quality"), strict=True)):
        for side, which in enumerate(dict.fromkeys(which for which, _ in measured)):
            colour, marker = plots.PALETTE[side], plots.MARKERS[side]
            for label, row in rows.items():
                values, height = np.array(measured[which, label], dtype=float), row + 0.16 - 0.32 * side
                ax.plot([values.min(), values.max()], [height] * 2, color=colour, linestyle="-", linewidth=2)
                dots = {"color": colour, "alpha": 0.8, "label": None if row else which}
                ax.plot(values, [height] * len(values), marker, linestyle="none", **dots)
        for label, row in rows.items():
            ax.text(1.03, row, stars[label][column], transform=ax.get_yaxis_transform(), va="center")
        ax.text(1.03, len(rows) - 0.3, "slides", transform=ax.get_yaxis_transform(), color="#555555")
        ax.set_title(title)
    axes[0].set(yticks=list(rows.values()), yticklabels=list(rows), xscale="log")
    axes[0].set(xlabel="steps to a training loss of 0.5  (← better)", xticks=[10, 20, 50, 100])
    axes[0].set_xticklabels([10, 20, 50, 100])
    axes[0].minorticks_off()
    axes[1].set(xlabel="test accuracy after seven epochs  (better →)")
    axes[0].legend(loc="lower right")
    return fig
