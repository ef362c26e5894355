"""The figures of the class report, as inline SVG: no script, no file, the page's own colours, and a text in place of each.

Colours are classes that the page's style sheet defines for light and dark. Nothing is said by colour alone: bars have their numbers, and
parts of a bar their signs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from autograder.report.standing import MEANINGS, SIGNS, ExerciseRow, Outcome

DIGIT = 7  # width of a digit
CHART, LABELS, ROW = 460, 190, 24  # width of the bars, width of the names beside them, height of a bar with its gap


def percent(share: float) -> str:
    """Return a share as percent."""
    return f"{100 * share:.0f} %"


def _svg(width: float, height: float, title: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg role="img" viewBox="0 0 {0:g} {1:g}" width="{0:g}" height="{1:g}"><title>{2}</title>').format(width, height, title)
    return head + Markup("").join(parts) + Markup("</svg>")


def _text(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> Markup:
    return Markup('<text x="{:g}" y="{:g}" text-anchor="{}" class="{}">{}</text>').format(x, y, anchor, kind or "label", text)


def _bar(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return Markup('<rect x="{:g}" y="{:g}" width="{:.4g}" height="{:.4g}" class="{}"/>').format(x, y, width, height, kind)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<path d="M{:g} {:g}L{:g} {:g}" class="axis"/>').format(x1, y1, x2, y2)


def histogram(counts: Sequence[int], height: float = 110, width: float = 300, highest: int = 0) -> Markup:
    """Return the distribution of marks: a bar for each part of the points, with the number of students above it.

    Parameters
    ----------
    counts : sequence of int
        Students by share of the points, from none to all.
    height, width : float
        Of the bars.
    highest : int
        The number of students at the top of the axis; by default the largest count.
    """
    top = max(highest, *counts, 1)
    left, above, step = 24.0, 16.0, width / len(counts)
    parts: list[Markup] = []
    for number, count in enumerate(counts):
        tall = height * count / top
        if count:
            parts.append(_bar(left + number * step + 1, above + height - tall, step - 2, tall, "bar"))
            parts.append(_text(left + (number + 0.5) * step, above + height - tall - 4, str(count)))
    floor = above + height
    parts.append(_line(left, floor, left + width, floor))
    parts += [_text(left + share * width, floor + 15, percent(share)) for share in (0, 0.25, 0.5, 0.75, 1)]
    parts.append(_text(left + width / 2, floor + 32, "share of the points"))
    parts.append(Markup('<text transform="translate(12 {:g}) rotate(-90)" text-anchor="middle">students</text>').format(above + height / 2))
    said = ", ".join(f"{count} with {_part(number, len(counts))}" for number, count in enumerate(counts) if count) or "nobody"
    return _svg(left + width + 28, floor + 40, f"Students by their share of the points: {said}.", parts)


def _part(number: int, parts: int) -> str:
    return f"{100 * number // parts} to {100 * (number + 1) // parts} %"


def outcomes(exercises: Sequence[ExerciseRow]) -> Markup:
    """Return a bar for each exercise: how many students have it right, partly right, wrong, without an end, or untouched."""
    parts: list[Markup] = []
    said: list[str] = []
    for number, exercise in enumerate(exercises):
        y, x = number * ROW + 4.0, float(LABELS)
        parts.append(_text(LABELS - 8, y + 14, _fitting(exercise.name), "end", "name"))
        total = sum(exercise.outcomes.values())
        for outcome, count in exercise.outcomes.items():
            wide = CHART * count / total if total else 0.0
            if count:
                parts.append(_bar(x, y, wide, ROW - 4, outcome))
                labels = (f"{SIGNS[outcome]} {count}", SIGNS[outcome])
                if label := next((label for label in labels if wide > DIGIT * len(label) + 4), ""):
                    parts.append(_text(x + wide / 2, y + 14, label, kind="on"))
            x += wide
        said.append(f"{exercise.name}: {counted(exercise.outcomes)}")
    floor = len(exercises) * ROW + 6.0
    parts.append(_line(LABELS, floor, LABELS + CHART, floor))
    parts += [_text(LABELS + share * CHART, floor + 15, percent(share)) for share in (0, 0.25, 0.5, 0.75, 1)]
    parts.append(_text(LABELS + CHART / 2, floor + 32, "share of those who were graded"))
    return _svg(LABELS + CHART + 20, floor + 40, "Outcomes of the exercises. " + "; ".join(said) + ".", parts)


def counted(counts: Mapping[Outcome, int]) -> str:
    """Return the outcomes that occur, in words."""
    return ", ".join(f"{count} {MEANINGS[outcome]}" for outcome, count in counts.items() if count) or "nobody"


def means(exercises: Sequence[ExerciseRow]) -> Markup:
    """Return the mean share of each exercise as a bar with its number: a small multiple for the overview."""
    parts: list[Markup] = []
    width = 150.0
    for number, exercise in enumerate(exercises):
        y = number * 18.0 + 2
        parts.append(_text(LABELS - 6, y + 12, _fitting(exercise.name), "end", "name"))
        parts.append(_bar(LABELS, y, max(1.0, width * exercise.mean), 14, "bar"))
        parts.append(_text(LABELS + width * exercise.mean + 4, y + 12, percent(exercise.mean), "start"))
    floor = len(exercises) * 18.0 + 4
    parts += [_line(LABELS, 0, LABELS, floor), _text(LABELS, floor + 14, "mean share of the points", "start")]
    said = ", ".join(f"{exercise.name} {percent(exercise.mean)}" for exercise in exercises)
    return _svg(LABELS + width + 56, floor + 20, f"Mean share of the points by exercise: {said}.", parts)


def _fitting(name: str) -> str:
    """Return a name that fits beside the bars; the figure's text has it whole."""
    return name if len(name) <= 24 else name[:23] + "…"


def course_line(shares: Sequence[float | None]) -> Markup:
    """Return a student's shares of the points by lecture as a line with dots; a gap where there is no mark. Numbers stand in the table."""
    step, height = 9.0, 20.0
    points = [(4 + number * step, 3 + height * (1 - share)) for number, share in enumerate(shares) if share is not None]
    drawn, pen = "", "M"
    for number, share in enumerate(shares):
        if share is None:
            pen = "M"
            continue
        drawn += f"{pen}{4 + number * step:g} {3 + height * (1 - share):.3g}"
        pen = "L"
    dots = Markup("").join(Markup('<circle cx="{:g}" cy="{:.3g}" r="2"/>').format(x, y) for x, y in points)
    width = 8 + step * max(1, len(shares) - 1)
    line = Markup('<path d="{}"/>').format(drawn)
    return Markup('<svg class="line" aria-hidden="true" width="{:g}" height="26">').format(width) + line + dots + Markup("</svg>")


def bar(share: float) -> Markup:
    """Return a small bar for a table's cell that has the number beside it."""
    rail = Markup('<rect width="60" height="10" class="rail"/>') + _bar(0, 0, 60 * share, 10, "bar")
    return Markup('<svg class="small" aria-hidden="true" width="60" height="10">') + rail + Markup("</svg>")


def levels(lectures: Sequence[tuple[str, float, float]]) -> Markup:
    """Return mean and median of the automatic points by lecture: a dot and a line across.

    Parameters
    ----------
    lectures : sequence of (str, float, float)
        The lecture's number, the mean share and the median share.
    """
    left, above, height, step = 44.0, 8.0, 120.0, 34.0
    width = step * max(2, len(lectures))
    parts = [_line(left, above, left, above + height), _line(left, above + height, left + width, above + height)]
    parts += [_text(left - 6, above + height * (1 - share) + 4, percent(share), "end") for share in (0, 0.5, 1)]
    for number, (name, mean, median) in enumerate(lectures):
        x = left + (number + 0.5) * step
        parts.append(_bar(x - 10, above + height * (1 - median) - 1.5, 20, 3, "median"))
        parts.append(Markup('<circle cx="{:g}" cy="{:.4g}" r="5" class="mean"/>').format(x, above + height * (1 - mean)))
        parts.append(_text(x, above + height + 15, name))
    parts.append(_text(left + width / 2, above + height + 32, "lecture"))
    said = ", ".join(f"{name}: mean {percent(mean)}, median {percent(median)}" for name, mean, median in lectures)
    return _svg(left + width + 10, above + height + 40, f"Share of the points by lecture: {said}.", parts)
