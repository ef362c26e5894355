"""The figures of lecture 13, transfer learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Errors = Mapping[str, Sequence[float]]


def tasks(rows: Mapping[str, tuple[np.ndarray, np.ndarray]], columns: int = 10) -> Figure:
    """Draw the first images of some tasks, a row each, with their labels above them.

    Parameters
    ----------
    rows : dict of str to (images of shape (N, 64), labels of shape (N,))
    columns : int
        How many images are drawn.
    """
    fig, axes = plots.figure(len(rows), columns, (columns * 0.95, 1.35 * len(rows)), squeeze=False)
    for row, (label, (images, labels)) in zip(axes, rows.items(), strict=True):
        for ax, image, name in zip(row, images, labels, strict=False):
            ax.imshow(image.reshape(8, 8), cmap="gray_r")
            ax.set(title=f"{name:g}", xticks=[], yticks=[])
            ax.grid(visible=False)
        row[0].set_ylabel(label)
    return fig


def reuse(names_A: Sequence[str], names_B: Sequence[str], n_reuse: int) -> Figure:
    """Draw two networks as stacks of boxes, with arrows from the layers that are copied.

    Parameters
    ----------
    names_A, names_B : sequence of str
        The layers, the first one at the bottom.
    n_reuse : int
        How many layers are copied, from the one above the input on.
    """
    fig, ax = plots.figure(1, 1, (7.0, 0.62 * max(len(names_A), len(names_B)) + 1.2))
    for x, names, title in ((0.0, names_A, "network A"), (2.2, names_B, "network B")):
        for height, name in enumerate(names):
            copied = 0 < height <= n_reuse
            colour = plots.PALETTE[0] if copied else plots.PALETTE[1] if x and height else "#777777"
            ax.text(
                x,
                height,
                name,
                ha="center",
                va="center",
                bbox={"boxstyle": "round,pad=0.4", "fc": "white", "ec": colour, "lw": 2, "ls": "--" if height > n_reuse else "-"},
            )
            if x and copied:
                ax.annotate("", (x - 0.62, height), (0.62, height), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
                ax.text(1.1, height + 0.1, "copy", ha="center", va="bottom", fontsize=9)
        ax.text(x, -0.85, title, ha="center", weight="bold")
    ax.set(xlim=(-0.9, 3.1), ylim=(-1.2, max(len(names_A), len(names_B)) - 0.4))
    ax.axis("off")
    return fig


def spread(panels: Mapping[str, Errors], ylabel: str, *, connected: bool = True) -> Figure:
    """Draw a dot for each run under each label, with the mean as a bar, in a panel for each title.

    Parameters
    ----------
    panels : dict of str to dict of str to sequence of float
    ylabel : str
    connected : bool
        Connect the dots of one run by a thin line.
    """
    fig, axes = plots.figure(1, len(panels), (min(4.9 * len(panels) + 0.6, 11.0), 3.7), squeeze=False, sharey=True)
    for ax, (title, errors) in zip(axes[0], panels.items(), strict=True):
        values = np.array(list(errors.values()), dtype=float)
        if connected:
            ax.plot(values, color="#999999", linewidth=0.7, linestyle="-")
        for place, (column, colour, marker) in enumerate(zip(values, plots.PALETTE, plots.MARKERS, strict=False)):
            jitter = 0.0 if connected else np.linspace(-0.15, 0.15, len(column))
            ax.plot(place + jitter * np.ones(len(column)), column, marker, color=colour, alpha=0.75, linestyle="none")
            ax.plot([place - 0.27, place + 0.27], 2 * [column.mean()], color="black", linestyle="-", linewidth=3)
        ax.set(xticks=range(len(errors)), xticklabels=list(errors), title=title, xlim=(-0.5, len(errors) - 0.5))
    axes[0][0].set_ylabel(ylabel)
    return fig


def rates(factors: Sequence[float], curves: Mapping[str, np.ndarray]) -> Figure:
    """Draw the mean error over a factor, with a standard error as a band, for each label.

    Parameters
    ----------
    factors : sequence of float
    curves : dict of str to array of shape (runs, factors)
    """
    fig, ax = plots.figure(1, 1, (6.5, 3.6))
    places = np.arange(len(factors))
    for (label, errors), colour, line, marker in zip(curves.items(), plots.PALETTE, plots.LINES, plots.MARKERS, strict=False):
        mean, deviation = np.mean(errors, axis=0), np.std(errors, axis=0) / np.sqrt(len(errors))
        ax.fill_between(places, mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
        ax.plot(places, mean, color=colour, linestyle=line, marker=marker, label=label)
    ax.set(xticks=places, xticklabels=[f"{factor:g}" for factor in factors], ylim=(0, None))
    ax.set(xlabel="learning rate of the old layers / that of the head", ylabel="test error")
    ax.legend()
    return fig


def strategies(cells: Mapping[str, Errors]) -> Figure:
    """Draw the mean test errors of several strategies as bars, in a panel for each cell of a table with two rows.

    The lowest mean is hatched, a black line is a standard error to either side, and the panels of a row share their axis.

    Parameters
    ----------
    cells : dict of str to dict of str to sequence of float
        For each title the errors of all runs under each strategy.
    """
    fig, axes = plots.figure(2, len(cells) // 2, (10.5, 5.6), sharex="row", sharey=True)
    for ax, (title, errors) in zip(np.ravel(axes), cells.items(), strict=True):
        means = [float(np.mean(values)) for values in errors.values()]
        wide = [float(np.std(values) / np.sqrt(len(values))) for values in errors.values()]
        best = int(np.argmin(means))
        colours = [plots.PALETTE[1] if number == best else plots.PALETTE[4] for number in range(len(means))]
        ax.barh(list(errors), means, xerr=wide, color=colours, hatch=["//" if number == best else "" for number in range(len(means))])
        ax.set(title=title, xlabel="test error")  # bars make the axis begin at 0
    axes[0][0].invert_yaxis()  # the first strategy at the top; the panels share this axis
    return fig


def autoencoder(images: np.ndarray, rebuilt: np.ndarray, weights: np.ndarray, count: int = 8) -> Figure:
    """Draw images, what an autoencoder makes of them, and the weights of some hidden units.

    Parameters
    ----------
    images, rebuilt : array of shape (N, 64)
    weights : array of shape (64, H)
    count : int
        How many of each.
    """
    fig, axes = plots.figure(3, count, (count * 1.05, 3.6))
    for row, pictures, label in zip(axes, (images, rebuilt, weights.T), ("input", "output", "weights"), strict=True):
        for ax, picture in zip(row, pictures, strict=False):
            largest = np.max(np.abs(picture))
            ax.imshow(picture.reshape(8, 8), cmap="PuOr" if label == "weights" else "gray_r",
                      **({"vmin": -largest, "vmax": largest} if label == "weights" else {}))  # fmt: skip
            ax.set(xticks=[], yticks=[])
            ax.grid(visible=False)
        row[0].set_ylabel(label)
    return fig
