"""How long a class takes, by our grader, by its peers and at the least, and where our time goes."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import floor
import machine
import meter
import otter
import roster
from workshop import Workshop

from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import Course

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).parent / "autograder")
OURS = [PROGRAM, "grade", roster.LECTURE, "--no-cache"]
AUTOGRADE = [sys.executable, "-m", "nbgrader", "autograde"]
IMPORTS = [sys.executable, "-c", "import numpy, pytest"]
FLOOR = [sys.executable, str(HERE / "floor.py"), "."]
COLD, INSIDE = 10, 20
ROUNDED = 0.0051  # of a mark: ours are rounded to hundredths, otter's are not

Marks = dict[tuple[str, str], float | None]
Cost = dict[str, float]


@dataclass(frozen=True)
class Road:
    """A way of grading the class.

    Parameters
    ----------
    name, command : str, sequence of str
        What is run, in the course directory. With ``{submission}`` or ``{folder}`` in it, it is run for one student after the other.
    students : int
        How many of the class it grades.
    demonstrations, plugin : bool
        Whether the notebooks have their demonstrations, and whether nbgrader is configured to grade with ours.
    environment : mapping of str to str
        Changes to the environment.
    apart : bool
        Whether no two of the students answer alike.
    marks : callable
        Reads the marks of these students from the course directory.
    told : str
        The file in which the command says what it took, where it measures itself.
    """

    name: str
    command: Sequence[str]
    students: int
    demonstrations: bool = True
    plugin: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False
    marks: Callable[[Path, Sequence[str]], Marks] = lambda folder, students: roster.marks(folder)
    told: str = ""

    def commands(self, folder: Path, students: Sequence[str]) -> list[list[str]]:
        """Return what is run for these students."""
        if not any("{" in word for word in self.command):
            return [list(self.command)]
        paths = [roster.submission(Course(folder).lecture(roster.LECTURE), student) for student in students]
        return [[word.replace("{submission}", str(path)).replace("{folder}", str(path.parent)) for word in self.command] for path in paths]


def roads(students: int, sample: int, demonstrations: int) -> list[Road]:
    """Return the ways that are compared, ours first; `sample` and `demonstrations` say how many nbgrader grades without and with them."""
    ours = [
        Road("ours", OURS, students),
        Road("ours, one process", [*OURS, "--jobs", "1"], students),
        Road("ours, nobody answers alike", OURS, students, apart=True),
        Road("the floor", [*FLOOR, str(os.cpu_count())], students, marks=_floor_marks, told=floor.TOLD),
        Road("the floor, one process", [*FLOOR, "1"], students, marks=_floor_marks, told=floor.TOLD),
    ]
    command, no_checks = [*AUTOGRADE, roster.LECTURE], {"COURSEKIT_GRADING": "1"}
    peers = [
        Road("nbgrader", command, sample, demonstrations=False, plugin=False),
        Road("nbgrader, no public checks", command, sample, demonstrations=False, plugin=False, environment=no_checks),
        Road("nbgrader, with demonstrations", command, demonstrations, plugin=False),
    ]
    return ours + [road for road in peers if road.students]


def _floor_marks(folder: Path, students: Sequence[str]) -> Marks:
    said = json.loads((folder / floor.TOLD).read_text(encoding="utf-8"))["marks"]
    return {(student, f"test_{name}"): score for student in students for name, score in said[student].items()}


def otter_road(workshop: Workshop, sample: int, environment: Path) -> Road | None:
    """Return the way of ``otter run``, or None, with a sentence, where otter can't be installed."""
    try:
        programs = otter.install(environment, HERE.parent)
    except otter.Unavailable as error:
        say(str(error))
        return None
    made = otter.assignment(workshop, programs)
    return Road("otter", otter.command(programs, made), sample, demonstrations=False, plugin=False, marks=otter.marks)


# --- what is measured -------------------------------------------------------------------------------------------------------


def graded(workshop: Workshop, road: Road, students: Sequence[str], seen: Marks) -> Cost:
    """Let a road grade some students, and return what it took; the marks must be those that the roads before gave."""
    with workshop.course(students, road.demonstrations, road.plugin, road.apart) as folder:
        machine.pause_until_idle(workshop.patience)
        environment = {**workshop.environment, **road.environment}
        costs = [asdict(meter.measure(command, folder, environment)) for command in road.commands(folder, students)]
        wall = sum(cost["wall"] for cost in costs)
        total = {
            "wall": wall,
            "cpu": sum(cost["cpu"] for cost in costs),
            "others": sum(cost["others"] * cost["wall"] for cost in costs) / wall,
        }
        if road.told:
            said = json.loads((folder / road.told).read_text(encoding="utf-8"))
            total |= {"wall": said["wall"], "cpu": said["cpu"]}
        agree(seen, road.marks(folder, students), road.name, students)
    return total


def compare(workshop: Workshop, ways: Sequence[Road], repeats: int) -> dict[str, Any]:
    """Grade on every road, in changing order; the marks must be the same each time."""
    costs: dict[str, list[Cost]] = {road.name: [] for road in ways}
    seen: Marks = {}
    for turn in range(repeats):
        for road in ways if turn % 2 == 0 else list(reversed(ways)):
            cost = graded(workshop, road, roster.sample(workshop.students, road.students), seen)
            costs[road.name].append(cost)
            each, others = cost["wall"] / road.students, f"others {cost['others']:.0%}"
            say(f"{turn + 1} of {repeats}, {road.name}: {1000 * each:.0f} ms each, {cost['cpu']:.1f} s of processor, {others}")
    return {"costs": costs, "graded": {road.name: road.students for road in ways}, "marks": summary(seen)}


def agree(seen: Marks, marks: Marks, name: str, students: Sequence[str]) -> None:
    """Hold all roads to the same marks: a comparison of different work is worth nothing.

    Raises
    ------
    SystemExit
        If a student's mark is another than on the roads before, or somebody has none.
    """
    if not seen:
        seen.update(marks)
    different = [key for key in marks if key not in seen or abs((seen[key] or 0) - (marks[key] or 0)) > ROUNDED]
    missing = set(students) - {student for student, _ in marks}
    if different or missing:
        told = [f"{key[0]} {key[1]}: {seen.get(key)} and {marks[key]}" for key in sorted(different)]
        told += [f"{student} is missing" for student in sorted(missing)]
        raise SystemExit(f"the marks differ on the road of {name!r}: {'; '.join(told)}")


def summary(marks: Marks) -> dict[str, float]:
    """Return how the class did, to show that the marks are of all kinds."""
    totals: dict[str, float] = {}
    for (student, _), score in marks.items():
        totals[student] = totals.get(student, 0.0) + (score or 0.0)
    return {"compared": len(marks), "least": min(totals.values()), "most": max(totals.values()), "different": len(set(totals.values()))}


def occupied(workshop: Workshop, ways: Sequence[Road]) -> dict[str, dict[str, float]]:
    """Return the memory that each road takes at its peak."""
    found = {}
    for road in ways:
        students = roster.sample(workshop.students, road.students)
        with workshop.course(students, road.demonstrations, road.plugin, road.apart) as folder:
            command = road.commands(folder, students)[0]
            found[road.name] = asdict(meter.memory(command, folder, {**workshop.environment, **road.environment}))
        say(f"{road.name}: {found[road.name]['together']:.0f} MiB")
    return found


def cold_start(workshop: Workshop) -> dict[str, list[Cost]]:
    """Grade one bare notebook by a new process, ten times, each beside the imports that no grader with NumPy and pytest can do without."""
    where = write(solved(workshop.lecture), workshop.folder / "bare" / "one.ipynb").parent
    commands = {"one notebook": [PROGRAM, "grade", "one.ipynb", "--no-cache"], "import numpy, pytest": IMPORTS}
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(COLD + 1):
        machine.pause_until_idle(workshop.patience)
        for name, command in commands.items():
            costs[name].append(asdict(meter.measure(command, where, workshop.environment)))
    return {name: every[1:] for name, every in costs.items()}  # the first one brings files into the system's cache


def start_up(workshop: Workshop, repeats: int) -> list[Cost]:
    """Return what nbgrader takes before it looks at anybody's notebook."""
    command = [*AUTOGRADE, "--help"]
    return [asdict(meter.measure(command, workshop.folder, workshop.environment)) for _ in range(repeats)]


def inside(workshop: Workshop, question: str) -> Any:
    """Ask `inside.py` about an even sample of the class."""
    with workshop.course(roster.sample(workshop.students, INSIDE)) as folder:
        return json.loads(workshop.run([sys.executable, str(HERE / "inside.py"), str(folder), question], folder))


def take(course: Course, options: Any) -> dict[str, Any]:
    """Take all figures of speed."""
    started = time.monotonic()
    meter.adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workshop = Workshop(course, Path(folder), options.students, options.patience)
        ways = roads(options.students, options.sample, options.demonstrations)
        about = machine.describe()
        if options.sample and (beside := otter_road(workshop, options.sample, options.otter or Path(folder) / "otter")):
            ways.append(beside)
            about["otter-grader"] = otter.installed(Path(beside.command[0]).parent)
        for road in ways:  # programs, fonts and bytecode into caches, as on the second day of a course
            graded(workshop, road, workshop.students[:1], {})
        load = machine.wait_until_quiet(options.patience)
        say(f"load {load}")
        figures = {
            "machine": about,
            "load": load,
            "students": options.students,
            "cold": cold_start(workshop),
            "start-up": start_up(workshop, options.repeats),
            "confinement": inside(workshop, "confinement"),
            "breakdown": [inside(workshop, "breakdown") for _ in range(options.repeats)],
            **compare(workshop, ways, options.repeats),
            "memory": occupied(workshop, ways),
        }
    return {**figures, "minutes": round((time.monotonic() - started) / 60)}


def say(message: str) -> None:
    """Tell how far it is, on standard error."""
    print(message, file=sys.stderr, flush=True)
