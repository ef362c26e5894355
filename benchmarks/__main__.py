"""How long grading takes, by our grader and by nbgrader alone, and where the time goes: ``make bench``.

The figures go to standard output as Markdown; ``--write`` puts them into ``benchmarks/README.md``, and what they were made from into
``benchmarks/figures.json``. Nothing in there is typed in by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import machine
import meter
import page
import roster

from autograder.course import Course, find_course
from autograder.specimens import solved, write

HERE = Path(__file__).parent
FIGURES = HERE / "figures.json"
AUTOGRADE = [sys.executable, "-m", "nbgrader", "autograde", roster.LECTURE]
FLOOR = [sys.executable, "-c", "import numpy, pytest"]
COLD = 10


@dataclass(frozen=True)
class Road:
    """A way of grading the class: the command, and in which course it runs."""

    name: str
    command: Sequence[str]
    demonstrations: bool = True
    plugin: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


def roads(nbgrader: bool = True) -> list[Road]:
    """Return the ways that are compared, ours first."""
    program = [str(Path(sys.executable).parent / "autograder"), "grade", roster.LECTURE, "--no-cache"]
    no_checks = {"COURSEKIT_GRADING": "1"}
    ours = [Road("ours", program), Road("ours, one process", [*program, "--jobs", "1"])]
    theirs = [
        Road("nbgrader", AUTOGRADE, plugin=False),
        Road("nbgrader, no demonstrations", AUTOGRADE, demonstrations=False, plugin=False),
        Road("nbgrader, no demonstrations, no public checks", AUTOGRADE, demonstrations=False, plugin=False, environment=no_checks),
    ]
    return ours + theirs if nbgrader else ours


class Workshop:
    """A temporary folder with the class handed in, and an environment that is nobody's own."""

    def __init__(self, course: Course, folder: Path) -> None:
        self.lecture, self.folder = course.lecture(roster.LECTURE), folder
        self.environment = self._environment()
        self.students: list[str] = []
        for demonstrations in (True, False):
            self._prepare(demonstrations)

    def _environment(self) -> dict[str, str]:
        """Return an environment as after activation, without this account's own Jupyter configuration."""
        home = self.folder / "home"
        home.mkdir()
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
        own = {"HOME": home, "JUPYTER_CONFIG_DIR": home / "jupyter", "IPYTHONDIR": home / "ipython", "MPLCONFIGDIR": home / "mpl"}
        return {**os.environ, "PATH": programs, "PYTHONNOUSERSITE": "1", **threads, **{name: str(path) for name, path in own.items()}}

    def _prepare(self, demonstrations: bool) -> None:
        """Make the course of a variant, let nbgrader release it, and hand in."""
        lecture = roster.new_course(self.lecture, self._pristine(demonstrations), demonstrations)
        self.run([sys.executable, "-m", "nbgrader", "generate_assignment", lecture.id, "--force"], lecture.root)
        self.students = roster.hand_in(lecture)

    def _pristine(self, demonstrations: bool) -> Path:
        return self.folder / ("released" if demonstrations else "no-demonstrations")

    def run(self, command: Sequence[str], where: Path) -> None:
        """Run a command that isn't measured."""
        done = subprocess.run(command, cwd=where, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise meter.CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")

    @contextmanager
    def course(self, road: Road) -> Iterator[Path]:
        """Yield a fresh copy of the course that a road runs in, nothing graded."""
        copy = self.folder / "run"
        shutil.copytree(self._pristine(road.demonstrations), copy)
        if not road.plugin:
            roster.without_plugin(copy)
        try:
            yield copy
        finally:
            shutil.rmtree(copy)


# --- what is measured -------------------------------------------------------------------------------------------------------


def compare(workshop: Workshop, repeats: int, repeats_nbgrader: int) -> dict[str, Any]:
    """Grade the class on every road, in changing order; the marks must be the same each time."""
    ways = roads(nbgrader=repeats_nbgrader > 0)
    costs: dict[str, list[dict[str, float]]] = {road.name: [] for road in ways}
    seen: dict[tuple[str, str], float | None] = {}
    for turn in range(max(repeats, repeats_nbgrader)):
        for road in ways if turn % 2 == 0 else reversed(ways):
            if turn < (repeats if road.plugin else repeats_nbgrader):
                with workshop.course(road) as folder:
                    machine.pause_until_idle()
                    cost = meter.measure(road.command, folder, {**workshop.environment, **road.environment})
                    agree(seen, roster.marks(folder), road)
                costs[road.name].append(asdict(cost))
                say(f"{road.name}: {cost.wall:.1f} s, {cost.cpu:.1f} s of processor, others {cost.others:.0%}")
    occupied = {}
    for road in ways:
        with workshop.course(road) as folder:
            occupied[road.name] = asdict(meter.memory(road.command, folder, {**workshop.environment, **road.environment}))
            agree(seen, roster.marks(folder), road)
        say(f"{road.name}: {occupied[road.name]['together']:.0f} MiB")
    return {"students": len(workshop.students), "costs": costs, "memory": occupied, "marks": summary(seen)}


def agree(seen: dict[tuple[str, str], float | None], marks: dict[tuple[str, str], float | None], road: Road) -> None:
    """Hold all roads to the same marks: a comparison of different work is worth nothing.

    Raises
    ------
    SystemExit
        If a student's mark is another than on the roads before, or somebody has none.
    """
    if not seen:
        seen.update(marks)
    different = sorted(key for key in seen.keys() | marks.keys() if seen.get(key, -1) != marks.get(key, -1))
    if different or len({student for student, _ in marks}) != roster.STUDENTS:
        told = [f"{student} {cell}: {seen.get((student, cell))} and {marks.get((student, cell))}" for student, cell in different]
        raise SystemExit(f"the marks differ on the road of {road.name!r}: {'; '.join(told) or 'somebody is missing'}")


def summary(marks: Mapping[tuple[str, str], float | None]) -> dict[str, float]:
    """Return how the class did, to show that the marks are of all kinds."""
    totals: dict[str, float] = {}
    for (student, _), score in marks.items():
        totals[student] = totals.get(student, 0.0) + (score or 0.0)
    return {"compared": len(marks), "least": min(totals.values()), "most": max(totals.values()), "different": len(set(totals.values()))}


def cold_start(workshop: Workshop) -> dict[str, list[dict[str, float]]]:
    """Grade one bare notebook by a new process, ten times, each beside the imports that no grader with NumPy and pytest can do without."""
    where = write(solved(workshop.lecture), workshop.folder / "bare" / "one.ipynb").parent
    program = str(Path(sys.executable).parent / "autograder")
    commands = {"one notebook": [program, "grade", "one.ipynb", "--no-cache"], "import numpy, pytest": FLOOR}
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(COLD + 1):
        machine.pause_until_idle()
        for name, command in commands.items():
            costs[name].append(asdict(meter.measure(command, where, workshop.environment)))
    return {name: every[1:] for name, every in costs.items()}  # the first one brings files into the system's cache


def inside(workshop: Workshop, question: str) -> Any:
    """Ask `inside.py` about the class."""
    with workshop.course(roads()[0]) as folder:
        command = [sys.executable, str(HERE / "inside.py"), str(folder), question]
        done = subprocess.run(command, cwd=folder, env=workshop.environment, capture_output=True, text=True)
    if done.returncode:
        raise meter.CommandFailed(done.stderr[-3000:])
    return json.loads(done.stdout)


def take_all(course: Course, repeats: int, repeats_nbgrader: int, patience: float) -> dict[str, Any]:
    """Take all figures."""
    started = time.monotonic()
    meter.adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workshop = Workshop(course, Path(folder))
        for road in roads(nbgrader=repeats_nbgrader > 0):  # programs, fonts and bytecode into caches, as on the second day of a course
            with workshop.course(road) as copy:
                for student in workshop.students[1:]:
                    shutil.rmtree(copy / "submitted" / student)
                workshop.run(road.command, copy)
        load = machine.wait_until_quiet(patience)
        say(f"load {load}")
        figures = {
            "machine": machine.describe(),
            "load": load,
            "cold": cold_start(workshop),
            "confinement": inside(workshop, "confinement"),
            "breakdown": [inside(workshop, "breakdown") for _ in range(repeats)],
            **compare(workshop, repeats, repeats_nbgrader),
        }
    return {**figures, "minutes": round((time.monotonic() - started) / 60)}


def say(message: str) -> None:
    """Tell how far it is, on standard error."""
    print(message, file=sys.stderr, flush=True)


def main() -> None:
    """Take the figures, or those that were taken last, and show them."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--course", type=Path, default=HERE, metavar="DIR", help="where the lecture is taken from (default: here)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="how often we grade the class (default 3)")
    parser.add_argument("--repeats-nbgrader", type=int, default=1, metavar="N", help="how often nbgrader does (default 1; 0 leaves it out)")
    parser.add_argument("--patience", type=float, default=machine.PATIENCE, metavar="SECONDS", help="how long to wait for a quiet machine")
    parser.add_argument("--write", action="store_true", help="put the figures into benchmarks/README.md and figures.json")
    parser.add_argument("--last", action="store_true", help="measure nothing: show the figures in figures.json")
    arguments = parser.parse_args()
    if arguments.last:
        figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    else:
        figures = take_all(find_course(arguments.course), arguments.repeats, arguments.repeats_nbgrader, arguments.patience)
    text = page.render(figures)
    print(text)
    if arguments.write:
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        page.put(HERE / "README.md", text)


if __name__ == "__main__":
    main()
