"""The figures of lecture 03, initialization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from coursekit.nets import History


def weights_over_steps(paths: Mapping[str, np.ndarray], accuracies: Sequence[float]) -> Figure:
    """Draw how the weights from one pixel into all units of a layer move during training.

    Parameters
    ----------
    paths : dict of str to array of shape (steps, units)
        A panel for each label.
    accuracies : sequence of float
        The test accuracy in the end, for the titles.
    """
    fig, axes = plots.figure(1, len(paths), sharey=True)
    for ax, (label, path), accuracy in zip(axes, paths.items(), accuracies, strict=True):
        ax.plot(path, color=plots.PALETTE[0], linestyle="-", linewidth=1.5, alpha=0.8)
        ax.set(xlabel="step", title=f"{label}\ntest accuracy {accuracy:.0%}")
        if np.ptp(path, axis=1).max() < 1e-6:
            arrow = {"arrowstyle": "->"}
            ax.annotate(f"{path.shape[1]} curves, one on top of the other", (100, path[100, 0]), (60, 0.2), arrowprops=arrow)
    axes[0].set_ylabel(f"a pixel's weights into {next(iter(paths.values())).shape[1]} units")
    return fig


def connections(seen: np.ndarray, reached: np.ndarray) -> Figure:
    """Draw which inputs of a convolution an output value sees, and which outputs an input value reaches.

    Parameters
    ----------
    seen : array of bool, shape (C, H, W)
        The inputs that one output value is computed from.
    reached : array of bool, shape (F, H', W')
        The outputs that one input value takes part in.
    """
    fig, axes = plots.figure(1, 2, size=(9.0, 3.6))
    titles = "input: what one output value sees", "output: what one input value reaches"
    for ax, found, title in zip(axes, (seen, reached), titles, strict=True):
        touched = np.any(found, axis=0)
        window = " × ".join(str(np.count_nonzero(np.any(touched, axis=axis))) for axis in (1, 0))
        ax.imshow(touched, cmap="Blues", vmax=1.4)
        ax.set(title=f"{title}\n{len(found)} channels × {window} = {found.sum()} values", xlabel="column", ylabel="row")
        ax.set(xticks=range(0, touched.shape[1], 2), yticks=range(0, touched.shape[0], 2))
        ax.grid(False)
    return fig


def against_fan_in(widths: Sequence[int], spreads: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the deviation of a unit's sum against the number of its inputs, on log scales.

    Parameters
    ----------
    widths : sequence of int
    spreads : dict of str to sequence of float
        A line for each label, with a number for each width.
    """
    fig, ax = plots.figure(1, 1, size=(6.0, 3.6))
    for (label, values), marker in zip(spreads.items(), plots.MARKERS, strict=False):
        ax.loglog(widths, values, marker=marker, label=label)
    ax.set(xlabel="fan-in (log scale)", ylabel="deviation of the sum z (log scale)")
    ax.legend()
    return fig


def side_by_side(panels: Mapping[str, Mapping[str, Sequence[float]]], ylabels: Sequence[str], log: bool = False) -> Figure:
    """Draw lines over the layers, in a panel for each title.

    Parameters
    ----------
    panels : dict of str to dict of str to sequence of float
        For each title the lines, each with a number for each layer.
    ylabels : sequence of str
        One for each panel.
    log : bool
        Whether the y axes are logarithmic; if not, they begin at 0.
    """
    fig, axes = plots.figure(1, len(panels), size=(5.4 * len(panels), 3.9))
    for ax, (title, lines), ylabel in zip(axes, panels.items(), ylabels, strict=True):
        plots.per_layer_lines(lines, ylabel=ylabel, title=title, log=log, ax=ax)
        if not log:
            ax.set_ylim(bottom=0)
    return fig


def by_the_table(spread: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the deviation after each layer for several activations, on a log scale from 0.06 to 5."""
    fig = plots.per_layer_lines(spread, ylabel="deviation after the activation (log scale)")
    ax = fig.axes[0]
    ticks = [0.1, 0.2, 0.5, 1, 2, 5]
    ax.set_yticks(ticks, list(map(str, ticks)))
    ax.minorticks_off()
    ax.legend(loc="lower left", ncols=3)
    ax.set_ylim(0.06, 5)
    return fig


def training(runs: Mapping[str, History], title: str) -> Figure:
    """Draw training curves with the losses cut off above 30, where a run that diverges leaves the picture."""
    fig = plots.training_curves(runs, title=title)
    fig.axes[0].set_ylim(0.02, 30)
    for line in fig.axes[0].lines:
        line.set_clip_on(True)
    return fig
