"""How time and memory grow with the class: one lecture, the same command on ever more submissions, a course directory for each size."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import machine
import meter
import roster
from page import PROCESSES
from workshop import Workshop

from autograder.model.course import Course

LECTURE = "05_batch_normalization"
SIZES = (100, 300, 1000, 3000, 5000)
COMMAND = [str(Path(sys.executable).parent / "autograder"), "grade", LECTURE, "--no-cache"]


def take(course: Course, sizes: Sequence[int], patience: float) -> dict[str, Any]:
    """Grade classes of these sizes, and return what each took."""
    meter.adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workshop = Workshop(course.lecture(LECTURE), Path(folder), max(sizes), patience)
        machine.wait_until_quiet(patience)
        first = roster.sample(workshop.students, min(sizes))
        with workshop.course(first) as where:  # bytecode and files into caches
            workshop.run(COMMAND, where)
        classes = [_graded(workshop, size) for size in sorted(sizes)]
    return {"machine": machine.describe(), "lecture": LECTURE, "classes": classes}


def _graded(workshop: Workshop, size: int) -> dict[str, Any]:
    """Grade an even sample of the class, so that classes of all sizes are alike, and hold it to a mark for everyone."""
    with workshop.course(roster.sample(workshop.students, size)) as where:
        machine.pause_until_idle(workshop.patience)
        cost = meter.measure(COMMAND, where, workshop.environment)
        written = len({student for student, _ in roster.marks(where)})
    if written != size:
        raise SystemExit(f"{written} of {size} students are in the gradebook")
    told = f"{cost.wall:.1f} s, {cost.cpu_by_kind} s, {cost.peaks} MiB, others {cost.others:.0%}"
    print(f"{size} students: {told}", file=sys.stderr, flush=True)
    return {"students": size, **asdict(cost)}


def draw(classes: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw time and memory over the number of submissions."""
    import matplotlib

    matplotlib.use("svg")
    # the same file for the same figures, and its words as words
    matplotlib.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.family": "sans-serif"})
    from matplotlib import pyplot

    sizes = [graded["students"] for graded in classes]
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    time.plot(sizes, [graded["wall"] / 60 for graded in classes], color="#0072B2", marker="o", label="wall clock")
    time.plot(sizes, [graded["cpu"] / 60 for graded in classes], color="#D55E00", marker="s", linestyle="--", label="processors, together")
    time.set(xlabel="submissions", ylabel="minutes", title="Time")
    for kind, color, marker in zip(PROCESSES, ("#0072B2", "#D55E00", "#009E73", "#CC79A7"), "osD^", strict=True):
        memory.plot(sizes, [graded["peaks"].get(kind, 0) for graded in classes], color=color, marker=marker, label=f"largest {kind}")
    memory.set(xlabel="submissions", ylabel="MiB at the peak", title="Memory of one process")
    for axes in (time, memory):
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    time.legend(frameon=False, fontsize=8)
    memory.legend(frameon=False, fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.62))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
