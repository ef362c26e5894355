"""The figures of lecture 7, momentum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import plots

from .adaptive_optimizers import draw_valley

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = tuple[Sequence[float], Sequence[float]]


def ravines(panels: Mapping[str, Mapping[str, np.ndarray]], curvature: Sequence[float], reach: tuple[float, float]) -> Figure:
    """Draw walks in a ravine, a panel below another.

    Parameters
    ----------
    panels : dict of str to dict of str to ndarray of shape (steps + 1, 2)
        By title, the paths by label; a label that ends with "·" is drawn as dots alone.
    curvature : (float, float)
        Along and across.
    reach : (float, float)
        Where the axes end.
    """
    fig, axes = plots.figure(len(panels), 1, (9, 2.3 * len(panels) + 0.4), sharex=True, squeeze=False)
    for ax, (title, paths) in zip(axes[:, 0], panels.items(), strict=True):
        draw_valley(ax, curvature, reach)
        for (label, path), marker in zip(paths.items(), plots.MARKERS, strict=False):
            style: dict[str, Any] = (
                {"markersize": 8, "fillstyle": "none", "linestyle": "none"} if label.endswith("·") else {"markersize": 3.5}
            )
            ax.plot(*path.T, marker=marker, linewidth=1.3, label=label.rstrip("·"), **style)
        ax.set(title=title, xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]))
        ax.legend(loc="lower right")
    for ax in axes[:-1, 0]:
        ax.set_xlabel("")
    return fig


def lines(panels: Mapping[str, Mapping[str, Curve]], **axis: Any) -> Figure:
    """Draw curves, a panel beside another.

    Parameters
    ----------
    panels : dict of str to dict of str to (x, y)
        By title, the curves by label.
    **axis
        What is set on each panel: labels, scales, limits.
    """
    fig, axes = plots.figure(1, len(panels), (5.6 * len(panels) + 1, 3.8), sharey=True, squeeze=False)
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for (label, (x, y)), marker in zip(curves.items(), plots.MARKERS, strict=False):
            ax.plot(x, y, marker=marker, markevery=max(1, len(x) // 20), markersize=5, label=label)
        ax.set(title=title, **axis)
        ax.legend()
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    return fig


def landscapes(hessians: Mapping[str, np.ndarray]) -> Figure:
    """Draw the contours of ½ θᵀHθ around a critical point, for each Hessian by title; dashed where it lies below the point."""
    fig, axes = plots.figure(1, len(hessians), (3.1 * len(hessians), 3.2), sharey=True)
    x, y = np.meshgrid(np.linspace(-1, 1, 61), np.linspace(-1, 1, 61))
    for ax, (title, H) in zip(axes, hessians.items(), strict=True):
        height = (H[0, 0] * x**2 + 2 * H[0, 1] * x * y + H[1, 1] * y**2) / 2
        levels = [level for level in (-2, -1, -0.5, -0.15, 0.15, 0.5, 1, 2) if height.min() < level < height.max()]
        below = ["--" if level < 0 else "-" for level in levels]
        ax.contour(x, y, height, levels=levels, colors=plots.PALETTE[0], linestyles=below, linewidths=1.4)
        ax.plot(0, 0, "*", color="#000000", markersize=12)
        ax.set(title=title, xlabel="$θ_1$", aspect="equal")
    axes[0].set_ylabel("$θ_2$")
    return fig


def pits(x: np.ndarray, height: np.ndarray, ends: Mapping[str, np.ndarray]) -> Figure:
    """Draw a loss with pits, and below it how many balls came to rest where, by label."""
    fig, (above, below) = plots.figure(2, 1, (9, 4.8), sharex=True)
    above.plot(x, height)
    above.set(ylabel="loss", title=f"Where {len(next(iter(ends.values())))} balls come to rest")
    for side, (label, places) in enumerate(ends.items()):
        where, number = np.unique(np.round(places, 1), return_counts=True)
        style: dict[str, Any] = {"color": plots.PALETTE[side], "hatch": plots.HATCHES[side], "edgecolor": "white"}
        below.bar(where + 0.3 * (side - (len(ends) - 1) / 2), number, 0.3, label=label, **style)
    below.set(xlabel="θ", ylabel="balls")
    below.legend()
    return fig
