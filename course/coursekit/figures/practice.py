"""The figures of lecture 14, practice, and the nets of its clinic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATIENTS: tuple[dict[str, Any], ...] = (
    {"lr": 3.0},
    {"spread": 0.0},
    {"pixels": 60.0},
    {"in_order": True},
    {"lr": 1e-4},
    {"same_scaling": False},
    {"mixed_up": True},
    {"activation": "logistic", "depth": 5},
)
"""What is wrong with each net of the clinic, as arguments of the notebook's function `treat`."""
REPAIRS: tuple[dict[str, Any], ...] = (
    {"lr": 0.1},
    {"spread": 1.0},
    {"pixels": 1.0},
    {"in_order": False},
    {"lr": 0.1},
    {"same_scaling": True},
    {"mixed_up": False},
    {"activation": "relu"},
)
"""What heals each of them."""


def dots(scores: Mapping[tuple[str, str], Sequence[float]], xlabel: str) -> Figure:
    """Draw the scores of several runs as dots, a panel for each first key and a row for each second one, with the mean as a bar."""
    panels = list(dict.fromkeys(panel for panel, _ in scores))
    fig, axes = plots.figure(1, len(panels), (5.2 * len(panels), 2.8), sharex=True, sharey=True, squeeze=False)
    for ax, panel in zip(axes[0], panels, strict=True):
        rows = {row: values for (where, row), values in scores.items() if where == panel}
        for place, (values, marker) in enumerate(zip(rows.values(), plots.MARKERS, strict=False)):
            ax.plot(values, np.full(len(values), place), marker, color=plots.PALETTE[place], linestyle="none")
            ax.plot(np.mean(values), place, "|", color="#000000", markersize=18, linestyle="none")
        ax.set(title=panel, xlabel=xlabel, yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5))
    return fig


def lines(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]], xlabels: Sequence[str], ylabels: Sequence[str]
) -> Figure:
    """Draw curves (x, y) by label, a panel beside another by title."""
    fig, axes = plots.figure(1, len(panels), (5.6 * len(panels), 3.6), squeeze=False)
    for ax, (title, curves), xlabel, ylabel in zip(axes[0], panels.items(), xlabels, ylabels, strict=True):
        for number, (label, (x, y)) in enumerate(curves.items()):
            style: dict[str, Any] = {"color": plots.PALETTE[number], "linestyle": plots.LINES[number], "marker": plots.MARKERS[number]}
            ax.plot(x, y, label=label, markersize=5, **style)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
        ax.legend()
    return fig


def quantized(by_bits: Sequence[float], weights: Mapping[str, np.ndarray]) -> Figure:
    """Draw the accuracy with 1, 2, … bits per weight, and some weights, exact (first) and rounded."""
    fig, (left, right) = plots.figure(1, 2, (11.2, 3.6))
    bits = range(1, len(by_bits) + 1)
    left.plot(bits, by_bits, color=plots.PALETTE[0], marker=plots.MARKERS[0], markersize=5)
    left.set(title="Accuracy", xlabel="bits per weight", ylabel="test accuracy", xticks=bits[1::2])
    for number, (label, values) in enumerate(weights.items()):
        style: dict[str, Any] = {"markersize": 5} if number else {"markersize": 10, "markerfacecolor": "none"}
        right.plot(values, plots.MARKERS[number], color=plots.PALETTE[number], linestyle="none", label=label, **style)
    right.set(title="Weights of the first layer", xlabel="number of the weight", ylabel="value", xticks=range(0, len(values), 2))
    right.legend()
    return fig


def bars(rows: Sequence[str], columns: Mapping[str, Sequence[float]], log: Sequence[str] = ()) -> Figure:
    """Draw a column of horizontal bars for each quantity, with the numbers beside them; the quantities in `log` on a logarithmic axis."""
    fig, axes = plots.figure(1, len(columns), (2.9 * len(columns) + 1.6, 0.42 * len(rows) + 1.2), sharey=True)
    for number, (ax, (name, values)) in enumerate(zip(axes, columns.items(), strict=True)):
        drawn = ax.barh(range(len(rows)), values, color=plots.PALETTE[number], hatch=plots.HATCHES[number], edgecolor="white")
        ax.bar_label(drawn, [f"{value:.3g}" if value < 1000 else f"{value:,.0f}" for value in values], padding=2, fontsize=8)
        ax.set(title=name, yticks=range(len(rows)), yticklabels=rows, xscale="log" if name in log else "linear")
        ax.margins(x=0.35)
        if name not in log:
            ax.set_xticks(np.linspace(0, 1, 5))
    axes[0].invert_yaxis()
    return fig


def groups(values: Mapping[str, Mapping[str, Sequence[float]]], ylabel: str, level: tuple[float, str] | None = None) -> Figure:
    """Draw bars of means with the single runs as dots: a group for each first key, a bar for each second one; `level` is a line across."""
    fig, ax = plots.figure(1, 1, (7.6, 3.6))
    labels = list(next(iter(values.values())))
    for number, label in enumerate(labels):
        for place, group in enumerate(values.values()):
            x = place + (number - (len(labels) - 1) / 2) * 0.8 / len(labels)
            style: dict[str, Any] = {"color": plots.PALETTE[number], "hatch": plots.HATCHES[number], "edgecolor": "white"}
            ax.bar(x, np.mean(group[label]), 0.76 / len(labels), label=label if place == 0 else None, **style)
            ax.plot(np.full(len(group[label]), x), group[label], "o", color="#000000", markersize=3, linestyle="none")
    if level:
        ax.axhline(level[0], color="#555555", linestyle="--", label=level[1])
    ax.set(xticks=range(len(values)), xticklabels=list(values), ylabel=ylabel)
    ax.legend()
    return fig


def clinic(cases: Sequence[tuple[Sequence[float], float, float]]) -> Figure:
    """Draw the loss of each net over its steps; its accuracies in training and test stand above it."""
    fig, axes = plots.figure(2, (len(cases) + 1) // 2, (12, 5), sharex=True, sharey=True)
    for number, (ax, (loss, train, test)) in enumerate(zip(axes.flat, cases, strict=True), start=1):
        shown = np.where(np.isfinite(loss), np.clip(loss, 1e-3, 1e3), np.nan)
        ax.plot(np.arange(1, len(shown) + 1), shown, color=plots.PALETTE[0], linewidth=1)
        ax.axhline(np.log(10), color="#555555", linestyle="--", linewidth=1)
        ax.set_title(f"patient {number}: training {100 * train:.0f} %, test {100 * test:.0f} %", fontsize=10)
    axes[0, 0].set(yscale="log", ylim=(5e-3, 1.5e3))
    axes[0, 0].minorticks_off()
    for ax in axes[-1]:
        ax.set_xlabel("step")
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    return fig


def misread(X: np.ndarray, labels: np.ndarray, right: np.ndarray, which: Sequence[int]) -> Figure:
    """Draw images of 8×8 pixels that were misread, with the label that they got and the right one."""
    fig, axes = plots.figure(1, max(2, len(which)), (11, 1.7))
    for ax in axes:
        ax.axis("off")
    for ax, number in zip(axes, which, strict=False):
        ax.imshow(X[number].reshape(8, 8), cmap="Greys")
        ax.set_title(f"{labels[number]:.0f}, is {right[number]}")
        ax.title.set_fontsize(10)
    return fig
