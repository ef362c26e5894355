"""The figures of lecture 12, convolution."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Rectangle

from coursekit import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, PALE, WINDOW = "#222222", "#b5b5b5", plots.PALETTE[1]
CELL, EDGE, FAINT_EDGE, LEFT_OVER = "#eaf3fa", "#8fb3cc", "#dddddd", "#d5d5d5"
MARKED, ZERO_BETWEEN, RESULT = "#fbe3d3", "#f2f2f2", "#e3f1ea"
TINTS = ("#cfe4f3", "#fbe0cd", "#cdebdf", "#f5dcea")

# --- parts ----------------------------------------------------------------------------------------------------------------


def draw_image(ax: Axes, image: np.ndarray, title: str = "", limit: float | None = None, fontsize: int = 11) -> None:
    """Draw an image without axes: grey for ink, or red for positive and blue for negative numbers up to `limit`."""
    if limit is None:
        ax.imshow(image, cmap="gray_r", vmin=0)
    else:
        ax.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=fontsize)
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color="#999999", linewidth=0.8)


def draw_grid(
    ax: Axes,
    values: np.ndarray,
    title: str = "",
    shades: Mapping[tuple[int, int], str] | None = None,
    real: np.ndarray | None = None,
    fontsize: int = 13,
) -> None:
    """Draw a matrix as cells with numbers; those where `real` is False are padding, and pale."""
    real = np.ones(values.shape, dtype=bool) if real is None else real
    for (i, j), value in np.ndenumerate(values):
        colour = (shades or {}).get((i, j), CELL if real[i, j] else "white")
        ax.add_patch(Rectangle((j, i), 1, 1, facecolor=colour, edgecolor=EDGE if real[i, j] else FAINT_EDGE))
        ax.text(j + 0.5, i + 0.5, _number(value), ha="center", va="center", color=INK if real[i, j] else PALE, fontsize=fontsize)
    ax.set(xlim=(-0.1, values.shape[1] + 0.1), ylim=(values.shape[0] + 0.1, -0.1), aspect="equal", title=title)
    ax.axis("off")


def _frame(ax: Axes, i: int, j: int, rows: int, columns: int) -> None:
    """Frame a window of a grid."""
    ax.add_patch(Rectangle((j, i), columns, rows, fill=False, edgecolor=WINDOW, linewidth=3))


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _cells(shape: tuple[int, ...], colour: str) -> dict[tuple[int, int], str]:
    return {(i, j): colour for i, j in np.ndindex(*shape)}


# --- §1 and §2 ------------------------------------------------------------------------------------------------------------


def scrambled_digits(images: np.ndarray, scrambled: np.ndarray, labels: np.ndarray, accuracies: Mapping[str, Sequence[float]]) -> Figure:
    """Draw four digits above their scrambled versions, and test accuracies over the epochs beside them."""
    fig, (left, right) = plots.figure(1, 2, (10.5, 3.6), width_ratios=(1.25, 1))
    left.axis("off")
    for column in range(4):
        for row, (pixels, name) in enumerate(((images, "a"), (scrambled, "scrambled"))):
            inset = left.inset_axes((0.24 * column + 0.04, 0.52 - 0.52 * row, 0.2, 0.4))
            draw_image(inset, pixels[column, 0], f"{name} {labels[column]}", fontsize=10)
    for index, (name, values) in enumerate(accuracies.items()):
        style: dict[str, Any] = {"linestyle": plots.LINES[index], "marker": plots.MARKERS[index], "markersize": 11 - 6 * index}
        right.plot(np.arange(1, len(values) + 1), values, label=name, **style)
    right.xaxis.get_major_locator().set_params(integer=True)
    right.set(xlabel="epoch", ylabel="test accuracy", ylim=(0.8, 1.0), title="A dense network")
    right.legend(loc="lower right")
    return fig


def kernels_at_work(image: np.ndarray, kernels: Mapping[str, np.ndarray], answers: Mapping[str, np.ndarray]) -> Figure:
    """Draw an image, kernels with their weights, and below each kernel its answer."""
    fig, axes = plots.figure(2, len(kernels) + 1, (11, 4))
    axes[0, 0].axis("off")
    draw_image(axes[1, 0], image, "the digit, 8×8", fontsize=10)
    for (name, kernel), top, bottom in zip(kernels.items(), axes[0, 1:], axes[1, 1:], strict=True):
        draw_image(top, kernel, name, limit=5)
        for (m, n), weight in np.ndenumerate(kernel):
            text = _number(weight) if weight == round(weight) else "1/9"
            top.text(n, m, text, ha="center", va="center", fontsize=10, color="white" if weight == 4 else "black")
        size = "×".join(map(str, answers[name].shape))
        draw_image(bottom, answers[name], f"answer, {size}", limit=np.max(np.abs(answers[name])), fontsize=10)
    return fig


# --- §3 to §6 -------------------------------------------------------------------------------------------------------------


def full_convolution(kernel: np.ndarray, upstream: np.ndarray) -> Figure:
    """Draw each step of the full convolution of `upstream` with the rotated kernel, both of 2×2."""
    rotated, around = kernel[::-1, ::-1], np.pad(upstream, 1)
    inside = np.pad(np.ones((2, 2), dtype=bool), 1)
    fig, axes = plots.figure(3, 4, (11, 8.4), width_ratios=(0.8, 1, 1, 1))
    total = np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        total[a, b] = np.sum(rotated * around[a : a + 2, b : b + 2])
        ax = axes[a, b + 1]
        draw_grid(ax, around, f"$\\bar X_{{{a}{b}}}$ = {_number(float(total[a, b]))}", real=inside)
        _frame(ax, a, b, 2, 2)
        for (m, n), weight in np.ndenumerate(rotated):
            ax.text(b + n + 0.95, a + m + 0.92, f"×{_number(weight)}", ha="right", fontsize=9, color=WINDOW, weight="bold")
    draw_grid(axes[0, 0], kernel, "the kernel W")
    draw_grid(axes[1, 0], rotated, "rotated: Ŵ", _cells((2, 2), MARKED))
    draw_grid(axes[2, 0], total, "all steps: $\\bar X$", _cells((3, 3), RESULT))
    return fig


def favourites(images: Mapping[str, np.ndarray]) -> Figure:
    """Draw the image that each kernel likes best."""
    fig, axes = plots.figure(1, len(images), (9, 3.2))
    for ax, (name, image) in zip(axes, images.items(), strict=True):
        draw_image(ax, (image + 1) / 2, f"what “{name}” likes")
    return fig


def places_of(cases: Sequence[tuple[int, int, int, int]]) -> Figure:
    """Draw rows of pixels and the places of a window on them, for several (n, kernel, stride, pad)."""
    fig, axes = plots.figure(len(cases), 1, (9.5, 1.65 * len(cases)), squeeze=False)
    for ax, (n, kernel, stride, pad) in zip(axes[:, 0], cases, strict=True):
        starts = range(-pad, n + pad - kernel + 1, stride)
        for pixel in range(-pad, n + pad):
            real, rest = 0 <= pixel < n, pixel >= starts[-1] + kernel
            colour = LEFT_OVER if rest else CELL if real else "white"
            ax.add_patch(Rectangle((pixel, 0), 1, 1, facecolor=colour, edgecolor=EDGE, hatch="///" if rest else None))
            if not real:
                ax.text(pixel + 0.5, 0.5, "0", ha="center", va="center", color=PALE)
        for number, start in enumerate(starts):
            height, colour = -0.28 - 0.3 * (number % 3), plots.PALETTE[number % 3]
            ax.plot([start + 0.08, start + kernel - 0.08], [height] * 2, "-", color=colour, linewidth=4)
            plate = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
            ax.text(start + kernel / 2, height, number, ha="center", va="center", fontsize=10, bbox=plate)
        ax.set(xlim=(-2.2, 10.2), ylim=(-1.35, 1.08))
        ax.set_title(f"n = {n}, K = {kernel}, stride {stride}, padding {pad}: {len(starts)} places", fontsize=11)
        ax.axis("off")
    return fig


def columns(image: np.ndarray, kernel: np.ndarray) -> Figure:
    """Draw im2col for an image of 4×4 and a kernel of 2×2 with stride 2: the windows as rows of a matrix, times the kernel as a column."""
    rows = np.lib.stride_tricks.sliding_window_view(image, (2, 2))[::2, ::2].reshape(4, 4)
    fig, axes = plots.figure(1, 4, (11.5, 3.4), width_ratios=(4, 4, 1.2, 2))
    draw_grid(axes[0], image, "image, windows of 2×2, stride 2", {(i, j): TINTS[2 * (i // 2) + j // 2] for i, j in np.ndindex(4, 4)})
    draw_grid(axes[1], rows, "one window a row", {(i, j): TINTS[i] for i, j in np.ndindex(4, 4)})
    draw_grid(axes[2], kernel.reshape(4, 1), "kernel")
    axes[2].text(-0.55, 2.0, "@", fontsize=16, ha="center", va="center")
    product = (rows @ kernel.ravel()).reshape(2, 2)
    draw_grid(axes[3], product, "out, folded up again", {(i, j): TINTS[2 * i + j] for i, j in np.ndindex(2, 2)})
    axes[3].text(-0.45, 1.0, "=", fontsize=16, ha="center", va="center")
    return fig


def channels(images: np.ndarray, maps: np.ndarray, names: Collection[str]) -> Figure:
    """Draw images, and beside each the channels that a layer makes of it."""
    fig, axes = plots.figure(len(images), len(names) + 1, (8.5, 6.6))
    for image, outputs, line in zip(images, maps, axes, strict=True):
        draw_image(line[0], image[0])
        for ax, channel in zip(line[1:], outputs, strict=True):
            draw_image(ax, channel, limit=np.max(np.abs(channel)))
    for ax, name in zip(axes[0], ("digit", *names), strict=True):
        ax.set_title(name, fontsize=11)
    return fig


def zeros_between(upstream: np.ndarray, kernel: np.ndarray) -> Figure:
    """Draw the full convolution for a kernel of 3×3 with stride 2, `upstream` of 2×2: zeros between and around its entries."""
    spread = np.zeros((7, 7))
    spread[2:5:2, 2:5:2] = upstream
    entries = np.zeros((7, 7), dtype=bool)
    entries[2:5:2, 2:5:2] = True
    shades = {(i, j): CELL if entries[i, j] else ZERO_BETWEEN for i in range(2, 5) for j in range(2, 5)}
    rotated = kernel[::-1, ::-1]
    windows = np.lib.stride_tricks.sliding_window_view(spread, (3, 3))
    fig, axes = plots.figure(1, 4, (12, 3.6), width_ratios=(2, 3, 7, 5))
    draw_grid(axes[0], upstream, "dout")
    draw_grid(axes[1], rotated, "kernel, rotated")
    draw_grid(axes[2], spread, "zeros between and around", shades, entries, fontsize=11)
    _frame(axes[2], 1, 2, 3, 3)
    draw_grid(axes[3], np.sum(windows * rotated, axis=(2, 3)), "gradient of the image", {(1, 2): MARKED}, fontsize=11)
    return fig


def kernel_found(snapshots: Mapping[int, np.ndarray], wanted: np.ndarray, losses: Sequence[float]) -> Figure:
    """Draw a kernel after several steps beside the wanted one, and the loss."""
    fig, axes = plots.figure(1, len(snapshots) + 2, (12, 2.8), width_ratios=(*[1] * (len(snapshots) + 1), 1.9))
    shown = {f"after {step} steps": kernel for step, kernel in snapshots.items()} | {"wanted": wanted}
    for ax, (title, kernel) in zip(axes, shown.items(), strict=False):
        draw_image(ax, kernel[0, 0], title, limit=2.5)
    axes[-1].semilogy(losses)
    axes[-1].set(xlabel="step", ylabel="mean squared error")
    return fig


# --- §7 and §8 ------------------------------------------------------------------------------------------------------------


def pooled_and_back(image: np.ndarray, pooled: np.ndarray, arrived: np.ndarray) -> Figure:
    """Draw an image with its windows of 2×2, their maxima, and the pixels at which the gradient arrives."""
    fig, axes = plots.figure(1, 3, (9.5, 3.4))
    shown = (image, "the digit, and its windows"), (pooled, "pooled"), (arrived, "where the gradient goes")
    for ax, (pixels, title) in zip(axes, shown, strict=True):
        draw_image(ax, pixels, title, fontsize=12)
        for line in np.arange(1.5, len(pixels) - 1, 2) if pixels is not pooled else ():
            ax.axhline(line, color=plots.PALETTE[1], linestyle="-", linewidth=1)
            ax.axvline(line, color=plots.PALETTE[1], linestyle="-", linewidth=1)
    return fig


def accuracies(runs: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    """Draw test accuracies over the epochs: for each name its runs, thin, and their mean."""
    fig, ax = plots.figure(1, 1, (7, 4.2))
    for index, (name, each) in enumerate(runs.items()):
        colour, epochs = plots.PALETTE[index], np.arange(1, len(each[0]) + 1)
        for run in each:
            ax.plot(epochs, run, "-", color=colour, linewidth=0.9, alpha=0.5)
        mean = np.mean(each, axis=0)
        ax.plot(epochs, mean, linestyle=plots.LINES[index], color=colour, marker=plots.MARKERS[index], label=f"{name} (mean)")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="epoch", ylabel="test accuracy", ylim=(min(0.85, *(min(run) for each in runs.values() for run in each)), 1.0))
    ax.legend(loc="lower right")
    return fig


def learned_kernels(image: np.ndarray, kernels: np.ndarray, maps: np.ndarray) -> Figure:
    """Draw learned kernels, and what each makes of an image."""
    fig, axes = plots.figure(2, len(kernels) + 1, (12.5, 3.2))
    axes[0, 0].axis("off")
    draw_image(axes[1, 0], image, "input", fontsize=10)
    for number, (top, bottom) in enumerate(zip(axes[0, 1:], axes[1, 1:], strict=True)):
        draw_image(top, kernels[number], f"kernel {number}", limit=np.max(np.abs(kernels)), fontsize=10)
        draw_image(bottom, maps[number])
    return fig
