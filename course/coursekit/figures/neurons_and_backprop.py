"""The figures of lecture 1, neurons and backpropagation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOX: dict[str, Any] = {"boxstyle": "round,pad=0.4", "fc": "#eaf3fa", "ec": plots.PALETTE[0]}


def neuron() -> Figure:
    """Draw a threshold unit, with the parts of a biological neuron that it imitates."""
    fig, ax = plots.figure(1, 1, (9, 3.2))
    body = ax.text(4.2, 1, r"$\sum$", ha="center", va="center", fontsize=20, bbox={**BOX, "boxstyle": "circle,pad=0.35"})
    for y, x, w in ((2, "$x_1$", "$w_1$"), (1, "$x_2$", "$w_2$"), (0, "$1$", "$b$")):
        start = ax.text(1.2, y, x, ha="center", va="center", fontsize=14)
        _arrow(ax, start, body)
        ax.text(2.5, {2: 1.86, 1: 1.1, 0: 0.68}[y], w, color=plots.PALETTE[1], fontsize=14)
    step = ax.text(6.3, 1, "step", ha="center", va="center", fontsize=13, bbox=BOX)
    end = ax.text(8.3, 1, r"$\hat{y}$", ha="center", va="center", fontsize=15)
    _arrow(ax, body, step, "$z$")
    _arrow(ax, step, end)
    for place, words in (
        (1.2, "signals on\nthe dendrites"),
        (2.75, "synapses"),
        (4.2, "cell body"),
        (6.3, "threshold"),
        (8.3, "signal on\nthe axon"),
    ):
        ax.text(place, -0.75, words, ha="center", va="center", color="#555555")
    ax.set(xlim=(0.4, 9.1), ylim=(-1.1, 2.3))
    ax.axis("off")
    return fig


def _arrow(ax: Axes, start: Any, end: Any, label: str = "", below: str = "") -> None:
    """Draw an arrow from one text to another; with `below`, another one back, in the second colour."""
    (x0, y0), (x1, y1) = start.get_position(), end.get_position()
    ends: dict[str, Any] = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(), "shrinkA": 9, "shrinkB": 9}
    lift = 0.09 if below else 0.0
    ax.annotate("", (x1, y1 + lift), (x0, y0 + lift), arrowprops={"arrowstyle": "->", "lw": 1.6, **ends})
    ax.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.1 + lift, label, ha="center", va="bottom")
    if below:
        back = {"arrowstyle": "->", "lw": 1.6, "color": plots.PALETTE[1], "linestyle": "--", **ends}
        back |= {"patchA": ends["patchB"], "patchB": ends["patchA"]}
        ax.annotate("", (x0, y0 - lift), (x1, y1 - lift), arrowprops=back)
        ax.text((x0 + x1) / 2, (y0 + y1) / 2 - 0.16 - lift, below, ha="center", va="top", color=plots.PALETTE[1])


def regions(panels: Mapping[str, tuple[Callable[[np.ndarray], np.ndarray], np.ndarray, np.ndarray]]) -> Figure:
    """Draw for each title where a function of points in the plane is 0 and where 1, and the examples with their labels.

    Parameters
    ----------
    panels : dict of str to (predict, X, y)
        `predict` takes points, shape (M, 2), and gives 0 or 1 for each; X and y are examples and their labels.
    """
    fig, axes = plots.figure(1, len(panels), (3.4 * len(panels), 3.3), squeeze=False)
    ticks = np.linspace(-0.5, 1.5, 121)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for ax, (title, (predict, X, y)) in zip(axes[0], panels.items(), strict=True):
        values = np.reshape(predict(points), (121, 121)).astype(float)
        ax.contourf(ticks, ticks, values, levels=[-0.5, 0.5, 1.5], colors=["#f6e3d6", "#d7e8f5"])
        for label, marker, colour in ((0, "o", plots.PALETTE[1]), (1, "s", plots.PALETTE[0])):
            ax.plot(*X[y == label].T, marker, color=colour, markersize=11, markeredgecolor="white", label=f"label {label}")
        ax.set(title=title, xlabel="$x_1$", xticks=[0, 1], yticks=[0, 1], xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), aspect="equal")
        ax.grid(False)
    axes[0][0].set_ylabel("$x_2$")
    axes[0][0].legend(loc="lower left", frameon=True)
    return fig


def losses_of_a_weight(weights: np.ndarray, panels: Mapping[str, Sequence[float]]) -> Figure:
    """Draw a loss against a weight, beside each other for each title."""
    fig, axes = plots.figure(1, len(panels), (9.5, 3.2))
    for ax, (title, values), colour in zip(axes, panels.items(), plots.PALETTE[1::-1], strict=False):
        ax.plot(weights, values, color=colour, linestyle="-")
        ax.set(title=title, xlabel="weight $w_1$", ylabel="loss")
    return fig


def slopes_of_losses(z: np.ndarray, slopes: Mapping[str, np.ndarray]) -> Figure:
    """Draw the size of a loss's slope along the logit, a line for each label."""
    fig, ax = plots.figure(1, 1, (6.6, 3.4))
    for label, values in slopes.items():
        ax.plot(z, np.abs(values), label=label)
    ax.set(xlabel="logit $z$ of an example with label 1  (left: sure and wrong)", ylabel="size of the slope")
    ax.legend()
    return fig


def graph() -> Figure:
    """Draw the computational graph of a network with one hidden layer: values go to the right, gradients to the left."""
    fig, ax = plots.figure(1, 1, (11.5, 3.2))
    nodes = {"x": (0, "$x$"), "z1": (2.1, "$z_1 = xW_1 + b_1$"), "a1": (4.6, r"$a_1 = \max(0, z_1)$"), "z2": (7.1, "$z_2 = a_1W_2 + b_2$")}
    nodes |= {"L": (9.6, "$L$ = softmax,\ncross-entropy")}
    drawn = {name: ax.text(x, 1, text, ha="center", va="center", fontsize=12, bbox=BOX) for name, (x, text) in nodes.items()}
    backwards = {("z1", "a1"): "(16)", ("a1", "z2"): "(12)", ("z2", "L"): "(10)"}
    for (start, end), number in backwards.items():
        _arrow(ax, drawn[start], drawn[end], below=number)
    _arrow(ax, drawn["x"], drawn["z1"])
    for x, layer in ((2.1, "1"), (7.1, "2")):
        par = ax.text(
            x, 0, f"$W_{layer},\\ b_{layer}$", ha="center", va="center", fontsize=12, bbox={**BOX, "ec": "#777777", "fc": "white"}
        )
        target = drawn["z1" if layer == "1" else "z2"]
        for shift, colour, line, ends in ((-0.12, "black", "-", (par, target)), (0.12, plots.PALETTE[1], "--", (target, par))):
            (_, y0), (_, y1) = (text.get_position() for text in ends)
            style = {"arrowstyle": "->", "lw": 1.6, "color": colour, "linestyle": line, "shrinkA": 14, "shrinkB": 14}
            ax.annotate("", (x + shift, y1), (x + shift, y0), arrowprops=style)
        ax.text(x + 0.25, 0.5, "(12)", color=plots.PALETTE[1], va="center")
    ax.set(xlim=(-0.5, 10.6), ylim=(-0.35, 1.5))
    ax.axis("off")
    return fig


def errors_of_differences(steps: np.ndarray, errors: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the error of estimated slopes against h on logarithmic axes, a line for each label."""
    fig, ax = plots.figure(1, 1, (6.8, 3.8))
    for (label, values), marker in zip(errors.items(), plots.MARKERS, strict=False):
        ax.plot(steps, values, marker=marker, label=label)
    ax.set(xscale="log", yscale="log", xlabel="$h$", ylabel="largest error of a slope")
    ax.legend()
    return fig


def over_epochs(lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], ylabel: str, log: bool = False) -> Figure:
    """Draw numbers against epochs; for each label (epochs, numbers)."""
    fig, ax = plots.figure(1, 1, (7, 3.6))
    for label, (epochs, values) in lines.items():
        ax.plot(epochs, values, label=label)
    ax.set(yscale="log" if log else "linear", xlabel="epoch", ylabel=ylabel)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return fig


def runs_as_points(groups: Mapping[str, Sequence[float]], xlabel: str) -> Figure:
    """Draw a number of each run as a point, a row for each label."""
    fig, ax = plots.figure(1, 1, (7, 0.9 + 0.55 * len(groups)))
    for row, (values, marker) in enumerate(zip(groups.values(), plots.MARKERS, strict=False)):
        ax.plot(values, [row] * len(values), marker, markersize=8, color=plots.PALETTE[row], alpha=0.7)
    ax.set(xlabel=xlabel, yticks=range(len(groups)), yticklabels=list(groups), ylim=(len(groups) - 0.5, -0.5))
    return fig
