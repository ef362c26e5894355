"""Figures: words are demanded and escaped, what isn't finite is survived, and colour is never the only cue."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plots
from coursekit.nets import History


@pytest.fixture(autouse=True)
def fresh():
    with matplotlib.rc_context():
        yield
    plt.close("all")


def test_a_figure_needs_words():
    fig, _ = plots.figure()
    with pytest.raises(ValueError, match="needs words"):
        plots.show(fig, alt=" ")
    with pytest.raises(TypeError):
        plots.show(fig)


def test_shown_as_an_image_with_words(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(plots, "display", lambda html, text: shown.append((html, text)) or True)
    fig, _ = plots.figure()
    plots.show(fig, alt='loss < 1, "falling" & <b>')
    html, text = shown[0]
    assert 'alt="loss &lt; 1, &quot;falling&quot; &amp; &lt;b&gt;"' in html and "max-width:100%" in html
    assert 'src="data:image/png;base64,iVBOR' in html
    assert text == 'Figure: loss < 1, "falling" & <b>'
    assert not plt.fignum_exists(fig.number)


def test_a_moving_figure_shows_its_last_frame_where_nothing_moves(monkeypatch):
    import base64
    import io

    from PIL import Image

    shown, drawn = [], []
    monkeypatch.setattr(plots, "display", lambda html, text: shown.append(html) or True)
    fig, ax = plots.figure()
    (line,) = ax.plot([0, 1], [0, 1])
    plots.show_moving(fig, lambda frame: drawn.append(line.set_ydata([0, frame / 2])), 3, alt="A line rises.")
    image = Image.open(io.BytesIO(base64.b64decode(shown[0].split("base64,")[1].split('"')[0])))
    assert len(drawn) == 3 and not plt.fignum_exists(fig.number)
    assert image.n_frames == 4 and image.default_image  # the still one, and three that move
    still = np.asarray(image.convert("RGB"))
    image.seek(3)
    assert np.array_equal(still, np.asarray(image.convert("RGB")))
    with pytest.raises(ValueError, match="needs words"):
        plots.show_moving(fig, print, 1, alt="")


def test_in_a_terminal_the_words_are_printed(capsys):
    fig, _ = plots.figure()
    plots.show(fig, alt="The loss falls.")
    captured = capsys.readouterr()
    assert captured.out == "Figure: The loss falls.\n" and captured.err == ""


def test_lines_differ_in_more_than_colour():
    _, ax = plots.figure()
    looks = {(line.get_color(), line.get_linestyle()) for line in [ax.plot([0, 1])[0] for _ in range(len(plots.PALETTE))]}
    assert len(looks) == len({colour for colour, _ in looks}) == len(plots.PALETTE)
    assert len({style for _, style in looks}) > 3
    assert len(plots.PALETTE) == len(plots.LINES) == len(plots.MARKERS) == len(plots.HATCHES)


def test_histograms_count_every_finite_entry():
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=(20, 10)), np.full((20, 10), np.nan), np.zeros((20, 10))]
    fig = plots.layer_histograms({"one": layers, "two": layers[:2]})
    heights = [sum(patch.get_height() for patch in ax.patches) for ax in fig.axes]
    assert heights == [200, 0, 200, 200, 0, 0]
    assert "std" in fig.axes[0].get_title() and "not finite" in fig.axes[1].get_title()
    assert not fig.axes[5].get_visible()


def test_histograms_keep_outliers_in_the_outermost_bins():
    fig = plots.layer_histograms([np.array([-5.0, 0.0, 5.0, 7.0])], bounds=(-1, 1), bins=4)
    assert [patch.get_height() for patch in fig.axes[0].patches] == [1, 0, 1, 2]


def test_curves_of_a_run_that_diverged():
    good = History([2.3, 1.0, 0.5], [0.8], [0.7])
    bad = History([2.3, 1e60, float("nan")], [0.1], [0.1], diverged=True)
    fig = plots.training_curves({"good": good, "bad": bad})
    left, right = fig.axes
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["good", "bad (diverged)"]
    assert left.get_ylim()[1] <= 23.0 + 1e-9
    assert list(right.lines[0].get_ydata()) == [0.7]


def test_lines_and_bars_over_layers():
    values = {"a": [1.0, 0.0, np.inf], "b": [1e-9, 1e-5, 1.0]}
    ax = plots.per_layer_lines(values, ylabel="norm").axes[0]
    assert ax.get_yscale() == "log" and ax.get_ylabel() == "norm" and list(ax.get_xticks()) == [1, 2, 3]
    assert np.isnan(ax.lines[0].get_ydata()[1:]).all()
    fig, axes = plots.figure(1, 2)
    assert plots.per_layer_bars(values, ylabel="norm", ax=axes[1]) is fig
    assert len(axes[1].patches) == 6 and not axes[0].patches
