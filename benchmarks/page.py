"""The figures as Markdown, and their place in the README."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

BEGIN, END = "<!-- figures: written by «python benchmarks --write» -->", "<!-- end of the figures -->"
BUSY = 0.1


def put(path: Path, text: str) -> None:
    """Replace what stands between the markers of a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


def render(figures: dict[str, Any]) -> str:
    """Return all tables."""
    parts = [_class(figures), _cold(figures["cold"]), _confinement(figures["confinement"]), _breakdown(figures["breakdown"])]
    return "\n".join([*parts, _machine(figures)])


def _class(figures: dict[str, Any]) -> str:
    students, costs, memory, marks = (figures[name] for name in ("students", "costs", "memory", "marks"))
    ours = costs["ours"]
    rows = [
        [
            name,
            str(len(runs)),
            *(_seconds([run[kind] / students for run in runs]) for kind in ("wall", "cpu")),
            *(_ratio(runs, ours, kind) for kind in ("wall", "cpu")),
            f"{memory[name]['together']:.0f}",
            f"{memory[name]['largest']:.0f}",
        ]
        for name, runs in costs.items()
    ]
    header = "way | runs | wall s | CPU s | wall, ours = 1 | CPU, ours = 1 | peak MiB, all processes | peak MiB, largest process"
    text = (
        f"### A class of {students}\n\nSeconds for each of {students} submissions, start and end of the command included: "
        "median (least to most).\n"
        f"All runs gave the same {marks['compared']} marks; the students have from {marks['least']:g} to {marks['most']:g} points, "
        f"{marks['different']} different totals.\n\n"
    )
    return text + _table(header.split(" | "), rows)


def _cold(costs: dict[str, list[dict[str, float]]]) -> str:
    rows = [[f"`{name}`" if "import" in name else name, *(_seconds([run[kind] for run in runs]) for kind in ("wall", "cpu"))]
            for name, runs in costs.items()]  # fmt: skip
    count = len(next(iter(costs.values())))
    text = f"### From cold start to the result of one notebook\n\nA new process each time, {count} times: median (least to most).\n\n"
    return text + _table(["what", "wall s", "CPU s"], rows)


def _confinement(milliseconds: dict[str, list[float]]) -> str:
    pairs = list(zip(milliseconds["landlock"], milliseconds["none"], strict=True))
    differences = [confined - free for confined, free in pairs]
    quarter = len(differences) // 4
    inner = sorted(differences)[quarter:-quarter]
    return (
        "### What confinement costs\n\n"
        f"**{median(differences):.1f} ms a submission** (the middle half of the class: {inner[0]:.1f} to {inner[-1]:.1f}): "
        f"a submission takes {median(c for c, _ in pairs):.0f} ms with `--sandbox landlock` and {median(f for _, f in pairs):.0f} ms "
        "with `--sandbox none` (medians of the class, each the least of ten), by one process, without gradebook.\n"
    )


def _breakdown(runs: Sequence[dict[str, float]]) -> str:
    steps = {name: median(run[name] for run in runs) for name in runs[0]}
    total = sum(steps.values())
    rows = [[name, f"{value:.1f}", f"{value / total:.0%}"] for name, value in steps.items()]
    rows.append(["together", f"{total:.1f}", ""])
    text = "### Where the time of a submission goes\n\nMilliseconds, mean over the class, by one process; imports are left out.\n\n"
    return text + _table(["step", "ms", "share"], rows)


def _machine(figures: dict[str, Any]) -> str:
    others = [run["others"] for runs in figures["costs"].values() for run in runs]
    facts = {
        **figures["machine"],
        "load before": f"{figures['load']:g}",
        "kept busy by others meanwhile": f"{mean(others):.2f} cores on average, {max(others):.2f} at worst"
        + (" (so the times are too long)" if max(others) > BUSY else ""),
        "all figures taken in": f"{figures['minutes']} minutes",
    }
    return "### The machine\n\n" + _table(["", ""], [[name, str(value)] for name, value in facts.items()])


def _seconds(values: Sequence[float]) -> str:
    shown = f"{median(values):.2f}"
    return shown if len(values) == 1 else f"{shown} ({min(values):.2f} to {max(values):.2f})"


def _ratio(runs: Sequence[dict[str, float]], ours: Sequence[dict[str, float]], kind: str) -> str:
    return f"{median(run[kind] for run in runs) / median(run[kind] for run in ours):.1f}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
