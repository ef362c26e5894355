"""Accessible figures: a palette for the colour-blind, lines that also differ in style, and alternative texts.

fig, axes = plots.figure(1, 2)
axes[0].plot(losses)
plots.show(fig, alt="The loss falls from 2.3 to 0.1 within five epochs.")
"""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, cast

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from PIL import Image

from .show import display

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .nets import History

# Okabe and Ito's palette with black at the end, without yellow, which is too pale for lines on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

STYLE: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=LINES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "figure.titlesize": 13,
    "font.size": 11,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.8,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}

DPI = 120  # of the stored image, which is shown smaller: sharp on high-resolution screens
CSS_DPI = 80
COLOURS = 128  # enough for lines, bars and their smooth edges, at a third of the size


def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] | None = None, **more: Any) -> tuple[Figure, Any]:
    """Open a figure in the course's style.

    Parameters
    ----------
    rows, columns : int
        Of axes.
    size : (float, float), optional
        Width and height in inches.
    more
        Passed on to `matplotlib.pyplot.subplots`, such as ``sharex=True``.

    Returns
    -------
    fig, axes
        As from `matplotlib.pyplot.subplots`.
    """
    plt.rcParams.update(STYLE)  # permanently: titles and legends that are added later use it, too
    return plt.subplots(rows, columns, figsize=size or (min(4.6 * columns + 1.0, 12.0), 3.4 * rows), **more)


def show(fig: Figure, *, alt: str) -> None:
    """Display a figure together with its description, and close it.

    Parameters
    ----------
    fig : Figure
    alt : str
        What one is to see in the figure, in a sentence or two, for those who can't see it.
    """
    if not alt or not alt.strip():
        raise ValueError("a figure needs words too: say in `alt` what one is to see in it")
    image = _png(fig)
    width = round(struct.unpack(">I", image[16:20])[0] * CSS_DPI / DPI)
    _show(fig, image, width, alt)


def show_moving(fig: Figure, update: Callable[[int], None], frames: int, *, alt: str, seconds: float = 4.0) -> None:
    """Display an animated figure, and close it. Where images aren't animated, the last frame is shown.

    Parameters
    ----------
    fig : Figure
    update : callable
        ``update(k)`` draws frame k, from 0 to `frames` − 1, by changing what is in the figure.
    frames : int
    alt : str
        What one is to see, in words.
    seconds : float
        How long one of the two rounds takes, after which it stands still.
    """
    if not alt or not alt.strip():
        raise ValueError("a figure needs words too: say in `alt` what one is to see in it")
    images = []
    for frame in range(frames):
        update(frame)
        fig.canvas.draw()
        fig.set_layout_engine("none")  # the first frame's layout holds for all
        images.append(Image.fromarray(np.asarray(fig.canvas.buffer_rgba())).convert("RGB"))  # type: ignore[attr-defined]
    pictures = [image.quantize(palette=_few_colours(), dither=Image.Dither.NONE) for image in images]
    last = pictures[-1]
    buffer = io.BytesIO()
    durations = [round(1000 * seconds / frames)] * (frames - 1) + [2000]
    last.save(buffer, format="png", save_all=True, default_image=True, append_images=pictures, duration=durations, loop=2, optimize=True)
    _show(fig, buffer.getvalue(), last.width, alt)


def layer_histograms(
    activations: Sequence[np.ndarray] | Mapping[str, Sequence[np.ndarray]],
    *,
    bounds: tuple[float, float] | None = None,
    bins: int = 60,
    xlabel: str = "activation",
    title: str = "",
) -> Figure:
    """Draw a histogram per layer, with the mean and standard deviation above it.

    Parameters
    ----------
    activations : sequence of ndarray, or dict of str to sequence of ndarray
        One array per layer; a dictionary gives a row of histograms for each of its labels.
    bounds : (float, float), optional
        What the x axes show; what lies outside is counted in the outermost bins. By default, all there is.
    bins : int
    xlabel, title : str

    Returns
    -------
    Figure
        ``fig.axes`` holds the axes row by row.
    """
    rows = dict(activations) if isinstance(activations, Mapping) else {"": activations}
    columns = max(len(layers) for layers in rows.values())
    fig, axes = figure(len(rows), columns, (min(2.0 * columns + 0.8, 13.0), 1.9 * len(rows) + 0.6), squeeze=False, sharex=True)
    low, high = bounds or _bounds([layer for layers in rows.values() for layer in layers])
    for index, (label, layers) in enumerate(rows.items()):
        for ax, layer in zip(axes[index], layers, strict=False):
            _histogram(ax, layer, np.linspace(low, high, bins + 1), PALETTE[index % len(PALETTE)])
        for unused in axes[index][len(layers) :]:
            unused.set_visible(False)
        axes[index][0].set_ylabel(label)
    for number, ax in enumerate(axes[0], start=1):
        ax.set_title(f"layer {number}\n{ax.get_title()}", fontsize=10)
    fig.supxlabel(xlabel, fontsize=11)
    if title:
        fig.suptitle(title)
    return fig


def training_curves(histories: Mapping[str, History], *, title: str = "") -> Figure:
    """Draw the loss per step and the test accuracy per epoch of several training runs.

    Parameters
    ----------
    histories : dict of str to History
        A run under each label. A run that diverged ends in a cross and says so in the legend.
    title : str

    Returns
    -------
    Figure
        ``fig.axes`` holds the loss first and the accuracy second.
    """
    fig, (left, right) = figure(1, 2, (11.0, 3.8))
    # A run that diverges to 1e100 may leave the picture, so that the others can be told apart.
    ceiling = 10 * max((history.loss[0] for history in histories.values() if history.loss and np.isfinite(history.loss[0])), default=1.0)
    for index, (label, history) in enumerate(histories.items()):
        colour, marker = PALETTE[index % len(PALETTE)], MARKERS[index % len(MARKERS)]
        loss = np.array(history.loss)
        loss = loss[np.isfinite(loss) & (loss > 0)]
        smooth = _smooth(loss, max(1, len(history.loss) // 40))
        left.plot(np.arange(1, len(loss) + 1), loss, color=colour, linestyle="-", linewidth=0.8, alpha=0.25)
        steps = np.arange(1, len(smooth) + 1) + (len(loss) - len(smooth)) / 2
        left.plot(
            steps, smooth, color=colour, linestyle=LINES[index % len(LINES)], label=label + (" (diverged)" if history.diverged else "")
        )
        if history.diverged and len(loss):
            left.plot(len(loss), min(loss[-1], ceiling), "x", color=colour, markersize=10, markeredgewidth=2.5, clip_on=False)
        epochs = np.arange(1, len(history.test_accuracy) + 1)
        right.plot(epochs, history.test_accuracy, color=colour, linestyle=LINES[index % len(LINES)], marker=marker, label=label)
    left.set(yscale="log", xlabel="step", ylabel="loss (log scale)", title="Training loss")
    lowest = min((loss for history in histories.values() for loss in history.loss if loss > 0), default=0.1)
    left.set_ylim(lowest / 1.5, min(left.get_ylim()[1], ceiling))
    right.set(ylim=(0, 1.03), xlabel="epoch", ylabel="accuracy", title="Accuracy on the test set")
    right.xaxis.get_major_locator().set_params(integer=True)
    left.legend()
    if title:
        fig.suptitle(title)
    return fig


def per_layer_lines(
    values: Mapping[str, Sequence[float]], *, ylabel: str, xlabel: str = "layer", log: bool = True, title: str = "", ax: Axes | None = None
) -> Figure:
    """Draw a line over the layers for each label, such as the norm of the gradient.

    Parameters
    ----------
    values : dict of str to sequence of float
        One number per layer, first layer first. On a log scale, zeros and what isn't finite are left out.
    ylabel, xlabel, title : str
    log : bool
        Whether the y axis is logarithmic.
    ax : Axes, optional
        Where to draw, instead of in a figure of its own.

    Returns
    -------
    Figure
    """
    ax = figure(1, 1, (6.4, 3.8))[1] if ax is None else ax
    for index, (label, numbers) in enumerate(values.items()):
        style: dict[str, Any] = {
            "color": PALETTE[index % len(PALETTE)],
            "linestyle": LINES[index % len(LINES)],
            "marker": MARKERS[index % len(MARKERS)],
        }
        ax.plot(np.arange(1, len(numbers) + 1), _drawable(numbers, log), label=label, **style)
    _label_layers(ax, values, ylabel, xlabel, log, title)
    return cast("Figure", ax.figure)


def per_layer_bars(
    values: Mapping[str, Sequence[float]], *, ylabel: str, xlabel: str = "layer", log: bool = False, title: str = "", ax: Axes | None = None
) -> Figure:
    """Draw a bar per layer and label, side by side; the parameters are those of `per_layer_lines`."""
    ax = figure(1, 1, (6.4, 3.8))[1] if ax is None else ax
    width = 0.8 / len(values)
    for index, (label, numbers) in enumerate(values.items()):
        places = np.arange(1, len(numbers) + 1) - 0.4 + (index + 0.5) * width
        style: dict[str, Any] = {"color": PALETTE[index % len(PALETTE)], "hatch": HATCHES[index % len(HATCHES)], "edgecolor": "white"}
        ax.bar(places, _drawable(numbers, log), width, label=label, **style)
    _label_layers(ax, values, ylabel, xlabel, log, title)
    return cast("Figure", ax.figure)


HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "++")

# --- helpers ---------------------------------------------------------------------------------------------------------------


def _show(fig: Figure, image: bytes, width: int, alt: str) -> None:
    source = base64.b64encode(image).decode("ascii")
    img = (
        f'<img alt="{escape(alt)}" width="{width}" style="max-width:100%;height:auto;background:#fff" src="data:image/png;base64,{source}">'
    )
    if not display(img, f"Figure: {alt}") and matplotlib.get_backend().lower() in _screens():
        plt.show()
    plt.close(fig)


def _histogram(ax: Axes, layer: np.ndarray, edges: np.ndarray, colour: str) -> None:
    flat = np.asarray(layer, dtype=float).ravel()
    finite = flat[np.isfinite(flat)]
    ax.hist(np.clip(finite, edges[0], edges[-1]), edges.tolist(), color=colour)
    missing = "" if len(finite) == len(flat) else ", some not finite"
    ax.set_title((_moments(finite) if len(finite) else "nothing finite") + missing, fontsize=10)
    ax.set_yticks([])
    ax.grid(False)


def _moments(values: np.ndarray) -> str:
    mean, std = float(values.mean()), float(values.std())
    return f"mean {0.0 if abs(mean) < 0.01 * std else mean:.2g}, std {std:.2g}"


def _bounds(layers: Sequence[np.ndarray]) -> tuple[float, float]:
    finite = [layer[np.isfinite(layer)] for layer in map(np.asarray, layers)]
    low = min((float(layer.min()) for layer in finite if layer.size), default=0.0)
    high = max((float(layer.max()) for layer in finite if layer.size), default=1.0)
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def _smooth(values: np.ndarray, window: int) -> np.ndarray:
    return np.convolve(values, np.ones(window) / window, mode="valid") if len(values) >= window else values


def _drawable(numbers: Sequence[float], log: bool) -> np.ndarray:
    values = np.array(numbers, dtype=float)
    return np.where(np.isfinite(values) & ((values > 0) | (not log)), values, np.nan)


def _label_layers(ax: Axes, values: Mapping[str, Sequence[float]], ylabel: str, xlabel: str, log: bool, title: str) -> None:
    count = max(len(numbers) for numbers in values.values())
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title, xticks=range(1, count + 1))
    if log:
        ax.set_yscale("log")
    if len(values) > 1 or "" not in values:
        ax.legend()


def _few_colours() -> Image.Image:
    """Return an image whose palette holds greys and a few tints of the figure's colours, for small animation frames."""
    ink = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in PALETTE[:4]])
    tints = [255 - (255 - ink) * share for share in (1.0, 0.6, 0.25)]
    greys = np.repeat(np.array([255, 227, 210, 187, 150, 100, 50, 0])[:, None], 3, axis=1)
    image = Image.new("P", (1, 1))
    image.putpalette(np.concatenate([greys, *tints]).round().astype(np.uint8).tobytes())
    return image


def _png(fig: Figure) -> bytes:
    buffer = io.BytesIO()
    # Without metadata the same figure gives the same bytes.
    fig.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.1, metadata={"Software": None})
    few_colours = Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small = io.BytesIO()
    few_colours.save(small, format="png", optimize=True)
    return small.getvalue()


def _screens() -> set[str]:
    from matplotlib.backends import BackendFilter, backend_registry

    return {name.lower() for name in backend_registry.list_builtin(BackendFilter.INTERACTIVE)}
