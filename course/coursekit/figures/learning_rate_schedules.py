"""The figures of lecture 9, learning-rate schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curves = Mapping[str, np.ndarray | Sequence[float]]


def draw(ax: Axes, x: np.ndarray | Sequence[float], curves: Curves, marked: bool = False) -> None:
    """Draw a line for each label, with markers if the x are few."""
    for (label, values), marker in zip(curves.items(), (*plots.MARKERS, "*"), strict=False):
        ax.plot(x[: len(values)], values, marker=marker if marked else None, label=label)


def rates_and_losses(times: np.ndarray, rates: Curves, losses: Curves, top: float) -> Figure:
    """Draw the rate against the time in epochs, and beside it the training loss after each epoch, up to `top`."""
    fig, (left, right) = plots.figure(1, 2, (11, 3.8))
    draw(left, times, rates)
    left.set(yscale="log", xlabel="epoch", ylabel="learning rate η")
    draw(right, np.arange(1, 1 + max(map(len, losses.values()))), losses, marked=True)
    right.set(xlabel="epoch", ylabel="training loss", ylim=(None, top))
    right.legend()
    return fig


def on_two_scales(times: np.ndarray, rates: Curves) -> Figure:
    """Draw rates against the time, on a linear scale and beside it on a logarithmic one."""
    fig, axes = plots.figure(1, 2, (11, 3.8))
    for ax, scale in zip(axes, ("linear", "log"), strict=True):
        draw(ax, times, rates)
        ax.set(yscale=scale, xlabel="epoch", ylabel="learning rate η", title=f"{scale} scale")
    axes[0].legend()
    return fig


def spreads(losses: Curves, accuracies: Curves) -> Figure:
    """Draw a row for each label: all runs as dots, their range as a line; losses on the left, test accuracies on the right."""
    fig, axes = plots.figure(1, 2, (11, 0.9 + 0.42 * len(losses)), sharey=True)
    rows = range(len(losses) - 1, -1, -1)
    for ax, measured, xlabel in zip(axes, (losses, accuracies), ("training loss (← better)", "test accuracy (better →)"), strict=True):
        for row, values in zip(rows, measured.values(), strict=True):
            ax.plot([min(values), max(values)], [row, row], color=plots.PALETTE[0], linestyle="-")
            ax.plot(values, [row] * len(values), "o", color=plots.PALETTE[0], alpha=0.7)
        ax.set(xlabel=xlabel, yticks=list(rows), yticklabels=list(losses))
    return fig


def range_test(rates: np.ndarray, loss: np.ndarray, marks: Mapping[str, float]) -> Figure:
    """Draw the loss against a rate that rises from step to step, with vertical lines at the rates in `marks`."""
    fig, ax = plots.figure(1, 1, (7.5, 3.8))
    ax.plot(rates, loss, label="mean loss of ten steps")
    for (label, rate), colour, line in zip(marks.items(), plots.PALETTE[1:], plots.LINES[1:], strict=False):
        ax.axvline(rate, color=colour, linestyle=line, label=f"{label}: {rate:.2g}")
    ax.set(xscale="log", ylim=(0, 4), xlabel="learning rate η", ylabel="training loss")
    ax.legend()
    return fig


def one_run(times: np.ndarray, rates: Sequence[float], momenta: Sequence[float]) -> Figure:
    """Draw the rate of a run, and below it the momentum."""
    fig, axes = plots.figure(2, 1, (7.5, 4.6), sharex=True)
    axes[0].plot(times, rates)
    axes[1].plot(times, momenta, color=plots.PALETTE[1], linestyle="--")
    axes[0].set(ylabel="learning rate η", ylim=(0, None))
    axes[1].set(xlabel="epoch", ylabel="momentum β", ylim=(0.8, 1))
    return fig


def loss_against_budget(budgets: Sequence[int], losses: Mapping[str, np.ndarray]) -> Figure:
    """Draw the final loss against the length of the run.

    Parameters
    ----------
    budgets : sequence of int
        In epochs.
    losses : dict of str to ndarray of shape (budgets, runs)
        The mean is a line, and the range a band.
    """
    fig, ax = plots.figure(1, 1, (7.5, 3.8))
    draw(ax, budgets, {label: runs.mean(axis=1) for label, runs in losses.items()}, marked=True)
    for runs, colour in zip(losses.values(), plots.PALETTE, strict=False):
        ax.fill_between(budgets, runs.min(axis=1), runs.max(axis=1), color=colour, alpha=0.15, linewidth=0)
    ax.set(xscale="log", xticks=budgets, xticklabels=budgets, xlabel="length of the run, in epochs", ylabel="final training loss")
    ax.minorticks_off()
    ax.legend()
    return fig


def noisy_walks(distances: Curves) -> Figure:
    """Draw distances from a minimum against the step, both on logarithmic scales."""
    fig, ax = plots.figure(1, 1, (7.5, 3.8))
    draw(ax, np.arange(1, 1 + max(map(len, distances.values()))), distances)
    ax.set(xscale="log", yscale="log", xlabel="step", ylabel="distance from the minimum")
    ax.legend()
    return fig
