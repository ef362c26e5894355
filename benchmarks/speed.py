"""How long a class takes in each lecture, by our grader, by nbgrader and at the least, and where our time goes."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import floor
import machine
import meter
import roster
from page import FLOOR, NBGRADER, OURS, PART
from workshop import Workshop

from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import Course, Lecture

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).parent / "autograder")
AUTOGRADE = [sys.executable, "-m", "nbgrader", "autograde"]
COLD, INSIDE, SHARE = 5, 20, 5
STUDENTS = 200

Marks = dict[tuple[str, str], float | None]
Cost = dict[str, Any]


@dataclass(frozen=True)
class Road:
    """A way of grading the class.

    Parameters
    ----------
    name, command : str, sequence of str
        What is run, in the course directory.
    students : int
        How many of the class it grades.
    plain : bool
        Whether the notebooks are without demonstrations, and nbgrader without our plugin.
    marks : callable
        Reads the marks from the course directory.
    told : str
        The file in which the command says what it took, where it measures itself.
    """

    name: str
    command: Sequence[str]
    students: int
    plain: bool = False
    marks: Callable[[Path], Marks] = roster.marks
    told: str = ""


def roads(lecture: Lecture, students: int, sample: int) -> list[Road]:
    """Return the ways that are compared, ours first; `sample` is how many nbgrader grades."""
    ours, least = [PROGRAM, "grade", lecture.id, "--no-cache"], [sys.executable, str(HERE / "floor.py"), ".", str(os.cpu_count())]
    every = [
        Road(OURS, ours, students),
        Road(PART, ours, max(1, students // SHARE)),
        Road(FLOOR, least, students, marks=_floor_marks, told=floor.TOLD),
        Road(NBGRADER, [*AUTOGRADE, lecture.id], sample, plain=True),
    ]
    return [road for road in every if road.students]


def _floor_marks(folder: Path) -> Marks:
    said = json.loads((folder / floor.TOLD).read_text(encoding="utf-8"))["marks"]
    return {(student, f"test_{name}"): score for student, scores in said.items() for name, score in scores.items()}


# --- what is measured -------------------------------------------------------------------------------------------------------


def graded(workshop: Workshop, road: Road, students: Sequence[str], seen: Marks) -> Cost:
    """Let a road grade some students, and return what it took; the marks must be those that the roads before gave."""
    with workshop.course(students, road.plain) as folder:
        machine.pause_until_idle(workshop.patience)
        cost = asdict(meter.measure(road.command, folder, workshop.environment))
        if road.told:
            said = json.loads((folder / road.told).read_text(encoding="utf-8"))
            cost |= {"wall": said["wall"], "cpu": said["cpu"]}
        agree(seen, road.marks(folder), road.name, students)
    return cost


def compare(workshop: Workshop, ways: Sequence[Road], repeats: int) -> dict[str, Any]:
    """Grade on every road, in changing order; the marks must be the same each time."""
    costs: dict[str, list[Cost]] = {road.name: [] for road in ways}
    seen: Marks = {}
    for turn in range(repeats):
        for road in ways if turn % 2 == 0 else list(reversed(ways)):
            cost = graded(workshop, road, roster.sample(workshop.students, road.students), seen)
            costs[road.name].append(cost)
            each = f"{1000 * cost['wall'] / road.students:.0f} ms each, {cost['cpu']:.1f} s of processor, others {cost['others']:.0%}"
            say(f"{workshop.lecture.id}, {turn + 1} of {repeats}, {road.name}: {each}")
    return {"costs": costs, "graded": {road.name: road.students for road in ways}, "marks": summary(seen)}


def agree(seen: Marks, marks: Marks, name: str, students: Sequence[str]) -> None:
    """Hold all roads to the same marks: a comparison of different work is worth nothing.

    Raises
    ------
    SystemExit
        If a student's mark is another than on the roads before, or somebody has none.
    """
    different = [key for key, mark in marks.items() if (seen.setdefault(key, mark) or 0) != (mark or 0)]
    missing = set(students) - {student for student, _ in marks}
    if different or missing:
        told = [f"{key[0]} {key[1]}: {seen[key]} and {marks[key]}" for key in sorted(different)]
        told += [f"{student} is missing" for student in sorted(missing)]
        raise SystemExit(f"the marks differ on the road of {name!r}: {'; '.join(told)}")


def summary(marks: Marks) -> dict[str, float]:
    """Return how the class did, to show that the marks are of all kinds."""
    totals: dict[str, float] = {}
    for (student, _), score in marks.items():
        totals[student] = totals.get(student, 0.0) + (score or 0.0)
    return {"compared": len(marks), "least": min(totals.values()), "most": max(totals.values()), "different": len(set(totals.values()))}


def cold_start(workshop: Workshop) -> list[Cost]:
    """Grade one bare notebook by a new process, several times."""
    where = write(solved(workshop.lecture), workshop.folder / "bare" / "one.ipynb").parent
    costs = []
    for _ in range(COLD + 1):
        machine.pause_until_idle(workshop.patience)
        costs.append(asdict(meter.measure([PROGRAM, "grade", "one.ipynb", "--no-cache"], where, workshop.environment)))
    return costs[1:]  # the first one brings files into the system's cache


def start_up(workshop: Workshop, repeats: int) -> list[Cost]:
    """Return what nbgrader takes before it looks at anybody's notebook."""
    return [asdict(meter.measure([*AUTOGRADE, "--help"], workshop.folder, workshop.environment)) for _ in range(repeats)]


def breakdown(workshop: Workshop) -> dict[str, float]:
    """Return milliseconds by step, from `inside.py`, for an even sample of the class."""
    with workshop.course(roster.sample(workshop.students, INSIDE)) as folder:
        found: dict[str, float] = json.loads(workshop.run([sys.executable, str(HERE / "inside.py"), str(folder)], folder))
    return found


def of_lecture(workshop: Workshop, options: Any) -> dict[str, Any]:
    """Take all figures of one lecture."""
    ways = roads(workshop.lecture, options.students, options.sample)
    for road in ways:  # programs, fonts and bytecode into caches, as on the second day of a course
        graded(workshop, road, workshop.students[:1], {})
    return {
        "cold": cold_start(workshop),
        "start-up": start_up(workshop, options.repeats),
        "breakdown": breakdown(workshop),
        **compare(workshop, ways, options.repeats),
    }


def take(course: Course, options: Any) -> dict[str, Any]:
    """Take all figures of speed, lecture by lecture."""
    meter.adopt_orphans()
    lectures = [course.lecture(name) for name in options.lectures] or course.lectures()
    load = machine.wait_until_quiet(options.patience)
    say(f"load {load}")
    started, found = time.monotonic(), {}
    for lecture in lectures:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found[lecture.id] = of_lecture(Workshop(lecture, Path(folder), options.students, options.patience), options)
    minutes = round((time.monotonic() - started) / 60)
    return {"machine": machine.describe(), "load": load, "students": options.students, "lectures": found, "minutes": minutes}


def joined(stored: dict[str, Any] | None, taken: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of some lectures with the stored ones of the others, if those are of a class of the same size."""
    if stored is None or stored["students"] != taken["students"]:
        return taken
    lectures = {**stored["lectures"], **taken["lectures"]}
    return {**taken, "lectures": {name: lectures[name] for name in sorted(lectures)}, "minutes": stored["minutes"] + taken["minutes"]}


def say(message: str) -> None:
    """Tell how far it is, on standard error."""
    print(message, file=sys.stderr, flush=True)
