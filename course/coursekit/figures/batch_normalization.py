"""The figures of lecture 5, batch normalization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coursekit.nets import Net


def statistics_over_steps(runs: Mapping[str, np.ndarray], thin: int = 20) -> Figure:
    """Draw how the means and the standard deviations of a layer's inputs change in training.

    Parameters
    ----------
    runs : dict of str to ndarray of shape (steps, 2, units)
        For each label the mean and the standard deviation of each unit's input. A row of axes each.
    thin : int
        So many units have a thin line. Two thick lines hold 80 % of all units between them.
    """
    fig, axes = plots.figure(len(runs), 2, (10, 3 * len(runs)), sharex=True, sharey="col", squeeze=False)
    for row, (label, seen) in enumerate(runs.items()):
        colour = plots.PALETTE[row]
        for ax, values, name in zip(axes[row], (seen[:, 0], seen[:, 1]), ("mean", "standard deviation"), strict=True):
            ax.plot(values[:, :thin], color=colour, linewidth=0.8, alpha=0.5, linestyle="-")
            ax.plot(np.quantile(values, [0.1, 0.9], axis=1).T, color=colour, linewidth=3, linestyle="-")
            ax.set(ylabel=f"{name} of the input", title=label)
    for ax in axes[-1]:
        ax.set_xlabel("training step")
    return fig


NODES = {  # name: (x, y, formula)
    "x": (0, 1, r"$x$"),
    "mu": (1, 0, r"$\mu=\frac{1}{N}\sum x$"),
    "c": (2, 1, r"$c=x-\mu$"),
    "var": (3, 0, r"$\sigma^2=\frac{1}{N}\sum c^2$"),
    "s": (4.4, 0, r"$s=\sqrt{\sigma^2+\varepsilon}$"),
    "hat": (5.4, 1, r"$\hat x=c/s$"),
    "y": (6.8, 1, r"$y=\gamma\hat x+\beta$"),
    "par": (6.8, 0, r"$\gamma,\ \beta$"),
}
ARROWS = {  # start and end: number of the equation that goes back along the arrow
    ("x", "mu"): 10,
    ("x", "c"): 9,
    ("mu", "c"): 9,
    ("c", "var"): 8,
    ("c", "hat"): 6,
    ("var", "s"): 7,
    ("s", "hat"): 6,
    ("hat", "y"): 5,
    ("par", "y"): 5,
}


def computational_graph() -> Figure:
    """Draw the operations of batch normalization, with the number of the equation that goes back along each arrow."""
    fig, ax = plots.figure(1, 1, (11, 2.8))
    box = {"boxstyle": "round,pad=0.4", "fc": "#eaf3fa", "ec": plots.PALETTE[0]}
    drawn = {name: ax.text(x, y, formula, ha="center", va="center", fontsize=13, bbox=box) for name, (x, y, formula) in NODES.items()}
    for (start, end), number in ARROWS.items():
        (x0, y0, _), (x1, y1, _) = NODES[start], NODES[end]
        ends: dict[str, Any] = {"patchA": drawn[start].get_bbox_patch(), "patchB": drawn[end].get_bbox_patch(), "shrinkA": 3, "shrinkB": 3}
        ax.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "lw": 1.6, **ends})
        place = (x0 + x1) / 2 + 0.17 * (y0 != y1), (y0 + y1) / 2 + 0.12 * (y0 == y1)
        ax.text(*place, f"({number})", ha="center", color=plots.PALETTE[1])
    ax.set(xlim=(-0.4, 7.5), ylim=(-0.4, 1.4))
    ax.axis("off")
    return fig


def over_steps(lines: Mapping[str, Sequence[float]], ylabel: str, title: str = "") -> Figure:
    """Draw one line over the training steps for each label."""
    fig, ax = plots.figure(1, 1, (6.4, 3.6))
    for label, values in lines.items():
        ax.plot(values, label=label)
    ax.set(xlabel="training step", ylabel=ylabel, title=title)
    ax.legend()
    return fig


def running_means(batch_means: np.ndarray, averages: Mapping[float, Sequence[float]], true_mean: float) -> Figure:
    """Draw the means of batches as dots, and their running averages as a line for each momentum."""
    fig, ax = plots.figure(1, 1, (8, 3.6))
    ax.plot(batch_means, ".", color="#999999", markersize=4, label="mean of a batch")
    for momentum, values in averages.items():
        ax.plot(values, label=f"running mean, momentum {momentum}")
    ax.axhline(true_mean, color="black", linewidth=1, linestyle=":")
    ax.set(xlabel="training step", ylabel="mean of the feature")
    ax.legend(loc="lower right")
    return fig


def accuracy_tables(tables: Mapping[str, np.ndarray], rows: Sequence[str], columns: Sequence[float]) -> Figure:
    """Draw a table of test accuracies for each title; a row for each initialization, a column for each learning rate."""
    fig, axes = plots.figure(1, len(tables), (9.5, 4.2))
    for ax, (title, table) in zip(axes, tables.items(), strict=True):
        ax.imshow(table, vmin=0, vmax=1, cmap="cividis")
        for (row, column), value in np.ndenumerate(table):
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value < 0.6 else "black")
        ax.set(title=title, xlabel="learning rate", xticks=range(len(columns)), xticklabels=columns, yticks=range(len(rows)))
        ax.set_yticklabels(rows)
        ax.grid(False)
    return fig


def accuracy_by_size(sizes: Sequence[int], accuracies: Mapping[str, Sequence[float]], xlabel: str) -> Figure:
    """Draw test accuracies against a number of images on a logarithmic axis, a line for each label."""
    fig, ax = plots.figure(1, 1, (7, 3.6))
    for (label, values), marker in zip(accuracies.items(), plots.MARKERS, strict=False):
        ax.plot(sizes, values, marker=marker, label=label)
    ax.set(xscale="log", xlabel=xlabel, ylabel="test accuracy", ylim=(0, 1.03), xticks=sizes, xticklabels=sizes)
    ax.minorticks_off()
    ax.legend(loc="lower right")
    return fig


def accuracy_of_places(places: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the test accuracies of several runs as points, a row for each label."""
    fig, ax = plots.figure(1, 1, (6, 3.2))
    for row, (accuracies, marker) in enumerate(zip(places.values(), plots.MARKERS, strict=False)):
        ax.plot(accuracies, [row] * len(accuracies), marker, markersize=9, color=plots.PALETTE[row], alpha=0.8)
    ax.set(xlabel="test accuracy", yticks=range(len(places)), yticklabels=list(places), ylim=(-0.6, len(places) - 0.4), xlim=(0.8, 1))
    return fig


def moved_images(rows: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw two versions of an image beside each other, and their difference; a row for each label."""
    fig, axes = plots.figure(len(rows), 3, (6.6, 2.2 * len(rows)), squeeze=False)
    for row, (label, (one, other)) in zip(axes, rows.items(), strict=True):
        most = float(np.max(np.abs([one, other])))
        for ax, image, title in zip(row, (one, other, other - one), ("as it stood", "moved and back", "difference"), strict=True):
            _draw_image(ax, image, most)
            ax.set_title(title)
        row[0].set_ylabel(label)
    return fig


def _draw_image(ax: Axes, image: np.ndarray, most: float) -> None:
    ax.imshow(image, vmin=-most, vmax=most, cmap="RdBu_r")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)


def parameter_table(net: Net) -> str:
    """Return how many numbers each layer keeps, trained and running, as text."""
    lines = [f"{'layer':<12}{'numbers':>12}{'trained':>10}{'running':>10}"]
    for name, layers in [*((type(layer).__name__, [layer]) for layer in net.layers if layer.params), ("all", net.layers)]:
        trained, running = (sum(values.size for layer in layers for values in kept(layer).values()) for kept in (_params, _state))
        lines.append(f"{name:<12}{trained + running:>12}{trained:>10}{running:>10}")
    return "\n".join(lines)


def _params(layer: Any) -> dict[str, np.ndarray]:
    return layer.params


def _state(layer: Any) -> dict[str, np.ndarray]:
    return layer.state
