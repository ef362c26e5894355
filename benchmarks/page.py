"""The figures as Markdown, and their place on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from statistics import mean, median
from typing import Any

BEGIN, END = "<!-- figures: written by «python benchmarks --write» -->", "<!-- end of the figures -->"
BUSY = 0.1
HOST_MIB, WORKER_MIB, COLD_SECONDS = 400, 150, 0.7
FLOOR_TIMES, WALL_TIMES, CPU_TIMES, CELL_TIMES = 3, 50, 20, 20
PROCESSES = ("host", "worker", "zygote", "guest")
KINDS = {"wall": "wall clock", "cpu": "processor time"}
OURS, PART, FLOOR, NBGRADER = "ours", "ours, a part of the class", "the floor", "nbgrader"


def put(path: Path, text: str) -> None:
    """Replace what stands between the markers of a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


def render(figures: Mapping[str, Any]) -> str:
    """Return the tables of all parts that were measured."""
    return "\n".join(PARTS[name](figures[name]) for name in PARTS if name in figures)


def _speed(figures: dict[str, Any]) -> str:
    return "\n".join([_goals(figures), _classes(figures), _breakdown(figures["lectures"]), _machine(figures)])


def seconds_each(figures: Mapping[str, Any], lecture: str, way: str, kind: str) -> list[float]:
    """Return the seconds that a way takes for a submission of a lecture, in each run.

    A command of nbgrader's starts once, for its sample here and for a whole class otherwise: so of its start-up only the share counts that
    a submission would bear in the whole class.
    """
    about = figures["lectures"][lecture]
    start = median(run[kind] for run in about["start-up"]) if way == NBGRADER else 0.0
    return [(run[kind] - start) / about["graded"][way] + start / figures["students"] for run in about["costs"][way]]


def times(figures: Mapping[str, Any], lecture: str, way: str, kind: str, other: str) -> tuple[float, float, float]:
    """Return how many times `other` a way takes: the ratio of medians, and the least and the most of the runs in pairs."""
    theirs, ours = seconds_each(figures, lecture, way, kind), seconds_each(figures, lecture, other, kind)
    pairs = [one / two for one, two in zip(theirs, ours, strict=True)]
    return median(theirs) / median(ours), min(pairs), max(pairs)


def further(about: Mapping[str, Any], seconds: Callable[[Mapping[str, Any]], float]) -> float:
    """Return the seconds that each further submission of a lecture takes: what the class takes longer than a part of it, by students."""
    longer = [seconds(whole) - seconds(part) for whole, part in zip(about["costs"][OURS], about["costs"][PART], strict=True)]
    return median(longer) / (about["graded"][OURS] - about["graded"][PART])


def peak(about: Mapping[str, Any], *kinds: str, way: str = OURS) -> float:
    """Return the peak in MiB of the largest process of each of these kinds, together; of all kinds, where none is named, the largest."""
    peaks = [run["peaks"] for run in about["costs"][way]]
    most = {kind: max(run.get(kind, 0.0) for run in peaks) for kind in kinds or set().union(*peaks)}
    return sum(most.values()) if kinds else max(most.values())


def _goals(figures: dict[str, Any]) -> str:
    header = ["lecture", f"CPU of a further submission, the floor = 1 (aim: {FLOOR_TIMES} or less)"]
    header += [f"nbgrader's {what}, ours = 1 (aim: {aim} or more)" for what, aim in (("wall clock", WALL_TIMES), ("CPU", CPU_TIMES))]
    header += [f"a worker's peak, MiB (aim: less than {WORKER_MIB})", f"cold start to the first result, s (aim: less than {COLD_SECONDS})"]
    rows = []
    for name, about in figures["lectures"].items():
        floor = further(about, itemgetter("cpu")) / median(seconds_each(figures, name, FLOOR, "cpu"))
        row = [name, f"{floor:.1f}: {_reached(floor <= FLOOR_TIMES)}"]
        for kind, aim in (("wall", WALL_TIMES), ("cpu", CPU_TIMES)):
            if NBGRADER in about["costs"]:
                ratio, of_floor = times(figures, name, NBGRADER, kind, OURS), times(figures, name, NBGRADER, kind, FLOOR)[0]
                row.append(f"{_spread(*ratio)}, the floor = 1: {of_floor:.0f}: {_reached(ratio[0] >= aim)}")
            else:
                row.append("not measured")
        worker, cold = peak(about, "worker"), [run["wall"] for run in about["cold"]]
        row += [f"{worker:.0f}: {_reached(worker < WORKER_MIB)}", f"{_seconds(cold)}: {_reached(median(cold) < COLD_SECONDS)}"]
        rows.append(row)
    text = "### Goals\n\nRatios of the medians of one run of the benchmark; in brackets the least and the most of its repeats. "
    text += (
        "«The floor = 1» is what a grader would reach that takes no longer than the floor. The floor's start-up isn't counted, so it is "
    )
    text += "compared with a further submission, which leaves out ours.\n\n"
    return text + table(header, rows)


def _classes(figures: dict[str, Any]) -> str:
    header = "lecture | ours, wall | ours, CPU | each further one, wall | each further one, CPU | the floor, wall | the floor, CPU"
    header += " | nbgrader, wall | nbgrader, CPU | host, MiB | worker, MiB | nbgrader, MiB | points of the students"
    rows = []
    for name, about in figures["lectures"].items():
        marks = about["marks"]
        each = {way: [f"{1000 * median(seconds_each(figures, name, way, kind)):.0f}" for kind in KINDS] for way in about["costs"]}
        more = [f"{1000 * further(about, itemgetter(kind)):.0f}" for kind in KINDS]
        sizes = [
            f"{peak(about, 'host'):.0f}",
            f"{peak(about, 'worker'):.0f}",
            f"{peak(about, way=NBGRADER):.0f}" if NBGRADER in each else "",
        ]
        points = f"{marks['least']:g} to {marks['most']:g}, {marks['different']} different"
        rows.append([name, *each[OURS], *more, *each[FLOOR], *each.get(NBGRADER, ["", ""]), *sizes, points])
    first = next(iter(figures["lectures"].values()))
    compared = sum(about["marks"]["compared"] for about in figures["lectures"].values())
    part, sample = first["graded"][PART], first["graded"].get(NBGRADER, 0)
    text = (
        f"### A class of {figures['students']} in each lecture\n\nMilliseconds for each submission, median of {len(first['costs'][OURS])} "
        "runs, start and end of the command included; a further submission is one that the whole class has more than "
        f"{part} of its students. nbgrader graded an even sample of {sample}; its start-up is shared by as many submissions as ours. "
        f"MiB are the peaks of the largest process. All runs gave the same marks for {compared} test cells.\n\n"
    )
    return text + table(header.split(" | "), rows)


def _breakdown(lectures: Mapping[str, Any]) -> str:
    steps = [about["breakdown"] for about in lectures.values()]
    rows = [[step, *(f"{found[step]:.1f}" for found in steps)] for step in steps[0]]
    rows.append(["together", *(f"{sum(found.values()):.1f}" for found in steps)])
    text = "### Where the time of a submission goes\n\nMilliseconds, mean over a sample, by one process; imports are left out.\n\n"
    return text + table(["step", *lectures], rows)


def _machine(figures: dict[str, Any]) -> str:
    others = [run["others"] for about in figures["lectures"].values() for runs in about["costs"].values() for run in runs]
    facts = {
        **figures["machine"],
        "load before": f"{figures['load']:g}",
        "kept busy by others meanwhile": _others(others),
        "all figures taken in": f"{figures['minutes']} minutes",
    }
    return "### The machine\n\n" + table(["", ""], [[name, str(value)] for name, value in facts.items()])


def _cells(figures: dict[str, Any]) -> str:
    header = "assignment | ours, wall s | nbgrader, wall s | nbgrader's wall clock, ours = 1 | ours, CPU s | nbgrader, CPU s"
    header += " | nbgrader's CPU, ours = 1 | host, MiB | all our processes, MiB | nbgrader and its kernel, MiB | points of the students"
    rows, floors = [], []
    for name, about in figures["assignments"].items():
        row = [name]
        for kind in KINDS:
            ours, theirs = ([run[kind] for run in about["costs"][way]] for way in (OURS, NBGRADER))
            pairs = [one / two for one, two in zip(theirs, ours, strict=True)]
            ratio = median(theirs) / median(ours)
            reached = f": {_reached(ratio >= CELL_TIMES)}" if kind == "wall" else ""
            row += [f"{median(ours):.1f}", f"{median(theirs):.1f}", _spread(ratio, min(pairs), max(pairs)) + reached]
            if kind == "wall":
                floor = about["floor"]
                least = floor["cells"] / figures["jobs"]
                drawn = f", {floor['drawing']:.1f} s of it for drawing {floor['figures']} figures" if floor["figures"] else ""
                floors.append(
                    f"{name}: the cells by themselves take {floor['cells']:.1f} s of a processor{drawn}, so {least:.1f} s on "
                    f"{figures['jobs']} cores. nbgrader's wall clock is {median(theirs) / least:.1f} times that: the most that a grader "
                    f"reaches which runs them in IPython. Ours takes {median(ours) - least:.1f} s longer."
                )
        row += [f"{peak(about, kind, way=way):.0f}" for way, kind in ((OURS, "host"), (OURS, "all"), (NBGRADER, "all"))]
        marks = about["marks"]
        rows.append([*row, f"{marks['least']:g} to {marks['most']:g}, {marks['different']} different"])
    every = figures["assignments"].values()
    costs = [runs for about in every for runs in about["costs"].values()]
    busy = _others([run["others"] for runs in costs for run in runs])
    text = (
        f"### Graded by their own test cells\n\nA class of {figures['students']}, graded as a whole by both: seconds from the start of a "
        f"command to its end, median of {len(costs[0])} runs; the aim is {CELL_TIMES} times by the wall clock. All runs gave the same "
        f"marks for {sum(about['marks']['compared'] for about in every)} cells, and the same texts, tables and figures in all autograded "
        "notebooks. MiB are peaks, of all processes at once with what they share counted once. "
        f"{', '.join([*figures['machine'].values()][:3])}; others kept {busy} busy.\n\n"
    )
    return text + table(header.split(" | "), rows) + "".join(f"\n{sentence}\n" for sentence in floors)


def _growth(figures: dict[str, Any]) -> str:
    classes = figures["classes"]
    first, last = classes[0], classes[-1]
    rows = [
        [
            str(graded["students"]),
            *(f"{graded[kind]:.0f}" for kind in KINDS),
            f"{1000 * graded['wall'] / graded['students']:.0f}",
            more,
            *(f"{graded['peaks'].get(kind, 0):.0f}" for kind in PROCESSES),
        ]
        for graded, more in zip(classes, _further(classes), strict=True)
    ]
    kinds = [f"largest {kind}, MiB" for kind in PROCESSES]
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
    text = f"### How it grows\n\n{figures['lecture']}: {''.join(told)}. Others kept {busy} busy. {where}.\n\n{drawing}\n\n"
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


PARTS = {"speed": _speed, "cells": _cells, "growth": _growth, "hostile": _hostile}


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


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
