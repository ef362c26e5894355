"""The figures of lecture 4, activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Steps = Sequence[int | None]


def _style(index: int) -> dict[str, Any]:
    return {"color": plots.PALETTE[index % len(plots.PALETTE)], "linestyle": plots.LINES[index % len(plots.LINES)]}


def curves(z: np.ndarray, functions: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw functions on the left and their slopes on the right; for each label the values of both at z."""
    fig, axes = plots.figure(1, 2, (10, 3.4))
    for index, (label, both) in enumerate(functions.items()):
        for ax, values in zip(axes, both, strict=True):
            ax.plot(z, values, label=label, **_style(index))
    for ax, name in zip(axes, ("activation", "its slope"), strict=True):
        ax.set(xlabel="pre-activation z", ylabel=name, title=name)
        ax.axhline(0, color="black", linewidth=0.6, linestyle="-")
    axes[0].legend()
    return fig


def steps_to_a_loss(runs: Mapping[str, Mapping[float, Steps]], most: int, loss: float) -> Figure:
    """Draw a dot for the steps of each run, in a column for each activation and learning rate; runs that don't get there at the top."""
    fig, ax = plots.figure(1, 1, (8, 3.8))
    for column, by_rate in enumerate(runs.values()):
        for index, (rate, steps) in enumerate(by_rate.items()):
            x = column + 0.2 * (index - (len(by_rate) - 1) / 2)
            heights = [most * 1.25 if count is None else count for count in steps]
            label = f"learning rate {rate:g}" if column == 0 else None
            ax.plot([x] * len(heights), heights, plots.MARKERS[index], color=plots.PALETTE[index], linestyle="none", label=label)
    ax.axhline(most, color="black", linewidth=0.8, linestyle=":")
    ax.text(len(runs) - 0.55, most * 1.25, "not reached", va="center", ha="right", fontsize=9)
    ax.set(yscale="log", ylabel="training steps", title=f"Steps to a loss of {loss:g}", xticks=range(len(runs)), xticklabels=list(runs))
    ax.yaxis.set_major_formatter("{x:.0f}")
    ax.yaxis.set_minor_formatter("{x:.0f}")
    ax.legend(loc="lower left")
    return fig


def dead_over_epochs(counts: Mapping[str, np.ndarray], units: int) -> Figure:
    """Draw how many units are dead after each epoch: for each label an array of shape (seeds, epochs), a line for each seed."""
    fig, ax = plots.figure(1, 1, (9, 3.6))
    for index, (label, lines) in enumerate(counts.items()):
        for number, line in enumerate(lines):
            style = {**_style(index), "marker": plots.MARKERS[index]}
            ax.plot(range(len(line)), line, label=label if number == 0 else None, **style)
    ax.set(xlabel="epoch at the learning rate 0.1", ylabel=f"dead units (of {units})", ylim=(-1, None))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig


def random_slopes(z: np.ndarray, in_training: np.ndarray, after: np.ndarray) -> Figure:
    """Draw an RReLU's outputs in training as dots, and after training as a line."""
    fig, ax = plots.figure(1, 1, (6.4, 3.4))
    ax.plot(z, in_training, ".", color=plots.PALETTE[0], markersize=4, linestyle="none", label="in training")
    ax.plot(z, after, color=plots.PALETTE[1], linestyle="--", label="after training")
    ax.set(xlabel="pre-activation z", ylabel="out")
    ax.legend()
    return fig


def learned_slopes(alphas: Sequence[np.ndarray], start: float) -> Figure:
    """Draw each layer's slopes as dots beside each other, and where they started as a line."""
    fig, ax = plots.figure(1, 1, (6.4, 3.4))
    for layer, values in enumerate(alphas, start=1):
        places = layer + np.linspace(-0.25, 0.25, len(values))
        ax.plot(places, np.sort(values), plots.MARKERS[layer % 4], color=plots.PALETTE[layer], markersize=4, linestyle="none")
    ax.axhline(start, color="black", linewidth=1, linestyle=":")
    ax.set(xlabel="hidden layer", ylabel="learned slope α", xticks=range(1, len(alphas) + 1))
    return fig


def through_layers(statistics: Mapping[str, Sequence[tuple[float, float]]]) -> Figure:
    """Draw the mean and the standard deviation of each layer's outputs, given as pairs, for each label."""
    fig, axes = plots.figure(1, 2, (10.5, 3.4))
    for index, (label, pairs) in enumerate(statistics.items()):
        for ax, values in zip(axes, np.transpose(pairs), strict=True):
            ax.plot(np.arange(1, len(values) + 1), values, label=label, **_style(index))
    axes[0].set(xlabel="layer", ylabel="mean", title="mean of the outputs")
    axes[1].set(xlabel="layer", ylabel="standard deviation (log scale)", yscale="log", title="standard deviation of the outputs")
    axes[0].legend()
    return fig


def maxout_pieces(x: np.ndarray, target: np.ndarray, units: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw maxout units of one input: for each label the values of the pieces, shape (k, N), and of their maximum; and a target."""
    fig, axes = plots.figure(1, len(units), (4.2 * len(units), 3.4), squeeze=False)
    for ax, (label, (pieces, out)) in zip(axes[0], units.items(), strict=True):
        ax.plot(x, pieces.T, color="#999999", linewidth=0.9, linestyle="-")
        ax.plot(x, out, color=plots.PALETTE[0], linewidth=2.5, linestyle="-", label="maxout")
        ax.plot(x, target, color=plots.PALETTE[1], linestyle="--", label="target")
        ax.set(xlabel="x", title=label, ylim=(-1.2, 1.5))
        ax.legend(loc="upper center")
    return fig


def accuracies(runs: Mapping[str, Mapping[float, Sequence[float]]]) -> Figure:
    """Draw the test accuracy of each run as a dot: an axis for each learning rate, a row for each activation."""
    rates = list(next(iter(runs.values())))
    fig, axes = plots.figure(1, len(rates), (10.5, 3.6), sharey=True)
    for index, (ax, rate) in enumerate(zip(axes, rates, strict=True)):
        for row, by_rate in enumerate(runs.values()):
            found = by_rate[rate]
            ax.plot(found, [row] * len(found), plots.MARKERS[index], color=plots.PALETTE[index], alpha=0.7, linestyle="none")
            ax.plot(np.mean(found), row, "|", color="black", markersize=16, linestyle="none")
        ax.set(xlabel="test accuracy", title=f"learning rate {rate:g}", xlim=(0, 1.02))
    axes[0].set(yticks=range(len(runs)), yticklabels=list(runs))
    axes[0].invert_yaxis()
    return fig
