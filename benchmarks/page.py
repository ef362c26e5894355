"""The figures as Markdown, and their place on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

BEGIN, END = "<!-- figures: written by «python benchmarks --write» -->", "<!-- end of the figures -->"
BUSY = 0.1
HOST_MIB, COLD_SECONDS, FLOOR_TIMES = 400, 0.7, 3
AIMS = (  # a peer, what is compared, how many times ours it should take
    ("nbgrader", "wall", 50),
    ("otter", "wall", 100),
    ("nbgrader", "cpu", 20),
)
KINDS = {"wall": "wall clock", "cpu": "processor time"}


def put(path: Path, text: str) -> None:
    """Replace what stands between the markers of a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


def render(figures: Mapping[str, Any]) -> str:
    """Return the tables of all parts that were measured."""
    return "\n".join(PARTS[name](figures[name]) for name in PARTS if name in figures)


def _speed(figures: dict[str, Any]) -> str:
    parts = [_aims(figures), _class(figures), _cold(figures["cold"]), _confinement(figures["confinement"])]
    parts += [_breakdown(figures["breakdown"]), _machine(figures)]
    return "\n".join(parts)


def seconds_each(figures: Mapping[str, Any], name: str, kind: str) -> list[float]:
    """Return the seconds that a way takes for a submission, in each run.

    A command of nbgrader's starts once, for its sample here and for a whole class otherwise: so of its start-up only the share counts that
    a submission would bear in the whole class.
    """
    graded, students = figures["graded"][name], figures["students"]
    start = median(run[kind] for run in figures["start-up"]) if name.startswith("nbgrader") else 0.0
    return [(run[kind] - start) / graded + start / students for run in figures["costs"][name]]


def times(figures: Mapping[str, Any], name: str, kind: str, other: str = "ours") -> tuple[float, float, float]:
    """Return how many times `other` a way takes: the ratio of medians, and the least and the most of the runs in pairs."""
    theirs, ours = seconds_each(figures, name, kind), seconds_each(figures, other, kind)
    pairs = [one / two for one, two in zip(theirs, ours, strict=True)]
    return median(theirs) / median(ours), min(pairs), max(pairs)


def _aims(figures: dict[str, Any]) -> str:
    rows = []
    for peer, kind, least_times in AIMS:
        if peer in figures["costs"]:
            ratio, least, most = times(figures, peer, kind)
            bound = f"{times(figures, peer, kind, 'the floor')[0]:.1f}"
            aim = f"{least_times} times ours or more"
            rows.append([f"{peer} takes, {KINDS[kind]}", aim, _spread(ratio, least, most), _reached(ratio >= least_times), bound])
    for kind in KINDS:
        ratio, least, most = times(figures, "ours", kind, "the floor")
        aim = f"{FLOOR_TIMES} times the floor or less"
        rows.append([f"ours takes, {KINDS[kind]}", aim, _spread(ratio, least, most), _reached(ratio <= FLOOR_TIMES), ""])
    cold = [run["wall"] for run in figures["cold"]["one notebook"]]
    aim = f"less than {COLD_SECONDS} s"
    rows.append(["one notebook from a cold start, wall clock", aim, f"{_seconds(cold)} s", _reached(median(cold) < COLD_SECONDS), ""])
    text = "### What we aim at\n\nRatios of the medians of one run of the benchmark; in brackets the least and the most of its repeats. "
    text += "The floor's own ratio is what a grader would reach that takes no longer than the floor.\n\n"
    return text + table(["what", "aim", "measured", "", "the floor's own ratio"], rows)


def _class(figures: dict[str, Any]) -> str:
    marks, memory = figures["marks"], figures["memory"]
    rows = [
        [
            name,
            str(figures["graded"][name]),
            str(len(runs)),
            *(_milliseconds(seconds_each(figures, name, kind)) for kind in KINDS),
            *(_spread(*times(figures, name, kind)) for kind in KINDS),
            f"{memory[name]['together']:.0f}",
            f"{memory[name]['largest']:.0f}",
        ]
        for name, runs in figures["costs"].items()
    ]
    start = _seconds([run["wall"] for run in figures["start-up"]])
    header = "way | graded | runs | wall ms | CPU ms | wall, ours = 1 | CPU, ours = 1 | peak MiB, all processes | peak MiB, largest process"
    text = (
        f"### A class of {figures['students']}\n\nMilliseconds for each submission, start and end of the command included: "
        "median (least to most). The peers grade an even sample of the class.\n"
        f"All runs gave the same marks for {marks['compared']} test cells; the students have from {marks['least']:g} to {marks['most']:g} "
        f"points, {marks['different']} different totals. nbgrader's start-up, {start} s, is shared by as many submissions "
        "as ours.\n\n"
    )
    return text + table(header.split(" | "), rows)


def _cold(costs: dict[str, list[dict[str, float]]]) -> str:
    rows = [[f"`{name}`" if "import" in name else name, *(_seconds([run[kind] for run in runs]) for kind in KINDS)]
            for name, runs in costs.items()]  # fmt: skip
    count = len(next(iter(costs.values())))
    text = f"### From cold start to the result of one notebook\n\nA new process each time, {count} times: median (least to most).\n\n"
    return text + table(["what", "wall s", "CPU s"], rows)


def _confinement(milliseconds: dict[str, list[float]]) -> str:
    pairs = list(zip(milliseconds["landlock"], milliseconds["none"], strict=True))
    differences = [confined - free for confined, free in pairs]
    quarter = len(differences) // 4
    inner = sorted(differences)[quarter : len(differences) - quarter]
    return (
        "### What confinement costs\n\n"
        f"**{median(differences):.1f} ms a submission** (the middle half of {len(pairs)}: {inner[0]:.1f} to {inner[-1]:.1f}): "
        f"a submission takes {median(c for c, _ in pairs):.0f} ms with `--sandbox landlock` and {median(f for _, f in pairs):.0f} ms "
        "with `--sandbox none` (medians, each the least of ten), by one process, without gradebook.\n"
    )


def _breakdown(runs: Sequence[dict[str, float]]) -> str:
    steps = {name: median(run[name] for run in runs) for name in runs[0]}
    total = sum(steps.values())
    rows = [[name, f"{value:.1f}", f"{value / total:.0%}"] for name, value in steps.items()]
    rows.append(["together", f"{total:.1f}", ""])
    text = "### Where the time of a submission goes\n\nMilliseconds, mean over a sample, by one process; imports are left out.\n\n"
    return text + table(["step", "ms", "share"], rows)


def _machine(figures: dict[str, Any]) -> str:
    others = [run["others"] for runs in figures["costs"].values() for run in runs]
    facts = {
        **figures["machine"],
        "load before": f"{figures['load']:g}",
        "kept busy by others meanwhile": _others(others),
        "all figures taken in": f"{figures['minutes']} minutes",
    }
    return "### The machine\n\n" + table(["", ""], [[name, str(value)] for name, value in facts.items()])


def _growth(figures: dict[str, Any]) -> str:
    classes = figures["classes"]
    first, last = classes[0], classes[-1]
    rows = [
        [
            str(graded["students"]),
            *(f"{graded[kind]:.0f}" for kind in KINDS),
            f"{1000 * graded['wall'] / graded['students']:.0f}",
            more,
            *(f"{size:.0f}" for size in graded["peaks"].values()),
        ]
        for graded, more in zip(classes, _further(classes), strict=True)
    ]
    kinds = [f"largest {kind}, MiB" for kind in last["peaks"]]
    host = last["peaks"]["host"]
    told = [f"{last['students']} submissions took {last['wall'] / 60:.1f} minutes; the host had {host:.0f} MiB at its peak "]
    told.append(f"(aim: less than {HOST_MIB}: {_reached(host < HOST_MIB)})")
    if len(classes) > 1:
        larger = host / first["peaks"]["host"]
        told.append(
            f", {larger:.1f} times that of {first['students']} submissions. Time is linear where each further submission takes as long as "
            "those before"
        )
    where = ", ".join([*figures["machine"].values()][:3])
    busy = _others([graded["others"] for graded in classes])
    drawing = (
        f"![Two line charts over the number of submissions, from {first['students']} to {last['students']}: minutes of wall clock and of "
        "processor time, and the peak memory of the largest host, worker, zygote and guest. The table below has the numbers.](growth.svg)"
    )
    text = f"### How it grows\n\n{''.join(told)}. Others kept {busy} busy. {where}.\n\n{drawing}\n\n"
    return text + table(["submissions", "wall s", "CPU s", "wall ms each", "wall ms for each further one", *kinds], rows)


def _further(classes: Sequence[dict[str, Any]]) -> list[str]:
    """Return the milliseconds that each submission took which a class has more than the one before."""
    pairs = pairwise(classes)
    steps = [1000 * (larger["wall"] - smaller["wall"]) / (larger["students"] - smaller["students"]) for smaller, larger in pairs]
    return ["", *(f"{step:.0f}" for step in steps)]


def _hostile(figures: dict[str, Any]) -> str:
    rows = [
        [kind, f"{count['passed']} of {count['all']}", f"{count['class-wide']['passed']} of {count['class-wide']['all']}"]
        for kind, count in figures["kinds"].items()
    ]
    failing = [case for count in figures["kinds"].values() for case in count["not"]]
    text = "### Hostile submissions\n\nA case counts where all tests about it pass. "
    text += f"Not among them: {', '.join(f'`{case}`' for case in failing)}.\n\n" if failing else "All do.\n\n"
    return text + table(["what is handed in", "cases", "tests of the whole class"], rows)


PARTS = {"speed": _speed, "growth": _growth, "hostile": _hostile}


def _others(others: Sequence[float]) -> str:
    late = " (so the times are too long)" if max(others) > BUSY else ""
    return f"{mean(others):.2f} cores on average, {max(others):.2f} at worst{late}"


def _reached(yes: bool) -> str:
    return "reached" if yes else "not reached"


def _spread(value: float, least: float, most: float) -> str:
    return f"{value:.1f} ({least:.1f} to {most:.1f})"


def _seconds(values: Sequence[float]) -> str:
    shown = f"{median(values):.2f}"
    return shown if len(values) == 1 else f"{shown} ({min(values):.2f} to {max(values):.2f})"


def _milliseconds(values: Sequence[float]) -> str:
    low, middle, high = (1000 * value for value in (min(values), median(values), max(values)))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
