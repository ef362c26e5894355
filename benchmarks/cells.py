"""How long a class takes that is graded by an assignment's own test cells, beside nbgrader, and whether marks and outputs are the same.

Two assignments: the one that ``nbgrader quickstart`` makes, without a change, and one with pandas and figures (``weather/weather.md``).
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jupytext
import machine
import meter
import nbformat
import roster
from nbformat import NotebookNode
from page import NBGRADER, OURS
from speed import PROGRAM, agree, say, summary
from workshop import environment, run

HERE = Path(__file__).parent
STUDENTS, JOBS, ASSIGNMENT = 50, 2, "ps1"
ROADS = {
    OURS: [PROGRAM, "grade", ASSIGNMENT, "--jobs", str(JOBS), "--no-cache"],
    NBGRADER: [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT],
}
RICH = ("image/png", "text/html", "text/plain")

# What the class writes into each cell: right answers, some that are wrong in part, one that raises; None is the released cell.
SQUARES = {
    "squares": [
        "def squares(n):\n    if n < 1:\n        raise ValueError('n must be at least 1')\n    return [i ** 2 for i in range(1, n + 1)]",
        "def squares(n):\n    return [i * i for i in range(1, n + 1)]",
        "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n    return [i ** 2 for i in range(n)]",
        "def squares(n):\n    return n / 0",
        None,
    ],
    "sum_of_squares": [
        "def sum_of_squares(n):\n    return sum(squares(n))",
        "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6",
        "def sum_of_squares(n):\n    return sum(square for square in squares(n))",
        "def sum_of_squares(n):\n    return total(squares(n))",
        None,
    ],
    "sum_of_squares_application": ["def pyramid(n):\n    return sum_of_squares(n)\n\npyramid(4)", "print('pyramids')", None],
    "sum_of_squares_equation": [r"$\sum_{i=1}^n i^2$", "$1 + 4 + 9$", None],
    "part-a": ["It computes the Fibonacci numbers.", "It calls itself.", None],
    "part-b": ["Below zero, it never ends.", "For letters.", None],
}
WEATHER = {
    "monthly_means": [
        "def monthly_means(data):\n    return data.pivot_table('temperature', data['date'].dt.month, 'station')",
        "def monthly_means(data):\n    return data.groupby([data.date.dt.month, 'station']).temperature.mean().unstack()",
        "def monthly_means(data):\n    return data.groupby([data.date.dt.month, 'station']).temperature.median().unstack()",
        "def monthly_means(data):\n    return data.groupby(['month', 'station']).temperature.mean().unstack()",
        None,
    ],
    "rain_of_a_year": [
        "def rain_of_a_year(data, year):\n    one = data[data.date.dt.year == year]\n"
        "    return one.groupby('station').rain.sum().sort_values(ascending=False)",
        "def rain_of_a_year(data, year):\n    return data[data.date.dt.year == year].groupby('station').rain.sum()",
        "def rain_of_a_year(data, year):\n    return data.groupby('station').rain.sum().sort_values(ascending=False)",
        "def rain_of_a_year(data, year):\n    return data[data.year == year].groupby('station').rain.sum()",
        None,
    ],
    "anomalies": [
        "def anomalies(data):\n    return data.temperature - data.groupby([data.date.dt.month, 'station']).temperature.transform('mean')",
        "def anomalies(data):\n    return data.temperature - data.temperature.mean()",
        "def anomalies(data):\n    return data.temperature - monthly_means(data)",
        None,
    ],
    "in_your_own_words": ["The Hill is cold and wet.", "It gets warmer.", None],
}


def take(options: Any) -> dict[str, Any]:
    """Take the figures of both assignments."""
    meter.adopt_orphans()
    load = machine.wait_until_quiet(options.patience)
    students = roster.names(options.students)
    found = {}
    for name, (make, answers) in ASSIGNMENTS.items():
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            course = Path(folder) / "course"
            own = environment(Path(folder))
            make(course, own)
            run([sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT], course, own)
            hand_in(course, students, answers)
            found[name] = compared(name, course, students, own, options)
    return {"machine": machine.describe(), "load": load, "students": len(students), "jobs": JOBS, "assignments": found}


def compared(name: str, course: Path, students: Sequence[str], own: Mapping[str, str], options: Any) -> dict[str, Any]:
    """Let both roads grade copies of a course in turn; marks, figures, tables and printed texts must be the same each time."""
    costs: dict[str, list[dict[str, Any]]] = {road: [] for road in ROADS}
    seen: dict[tuple[str, str], float | None] = {}
    shown: dict[tuple[str, str], Any] = {}
    for road in ROADS:  # programs, fonts and bytecode into caches, as on the second day of a course
        graded(course, students[:1], road, own, options.patience, {}, {})
    for turn in range(options.repeats):
        for road in ROADS if turn % 2 == 0 else reversed(ROADS):
            cost = graded(course, students, road, own, options.patience, seen, shown)
            costs[road].append(cost)
            say(f"{name}, {turn + 1} of {options.repeats}, {road}: {cost}")
    floor = json.loads(run([sys.executable, str(HERE / "cell_floor.py"), ASSIGNMENT, str(JOBS)], course, own))
    figures = sum("image/png" in output for outputs in shown.values() for output in outputs)
    if floor["figures"] != figures:
        raise SystemExit(f"there are {figures} figures in the autograded notebooks, and {floor['figures']} on the floor")
    return {"costs": costs, "marks": summary(seen), "floor": floor}


def graded(
    course: Path,
    students: Sequence[str],
    road: str,
    own: Mapping[str, str],
    patience: float,
    seen: dict[tuple[str, str], float | None],
    shown: dict[tuple[str, str], Any],
) -> dict[str, Any]:
    """Let a road grade some students in a copy of a course, and return what it took; `seen` and `shown` are what the roads before gave."""
    copy = course.parent / "run"
    shutil.copytree(course, copy)
    try:
        roster.keep(copy, set(students))
        machine.pause_until_idle(patience)
        cost = asdict(meter.measure(ROADS[road], copy, own, shared=True))
        agree(seen, roster.marks(copy, "notebook.name || '/' || base_cell.name"), road, students)
        others = [key for key, outputs in outputs_in(copy).items() if shown.setdefault(key, outputs) != outputs]
        if others:
            raise SystemExit(f"the outputs differ on the road of {road!r}: {others[:5]}")
    finally:
        shutil.rmtree(copy)
    return cost


def outputs_in(course: Path) -> dict[tuple[str, str], Any]:
    """Return what the cells of all autograded notebooks show, by notebook and cell: figures to the last byte, tables, texts, errors."""
    found = {}
    for path in (course / "autograded").glob("*/*/*.ipynb"):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                found[str(path.relative_to(course)), str(number)] = [_shown(output) for output in cell["outputs"]]
    return found


def _shown(output: Mapping[str, Any]) -> Any:
    if output["output_type"] == "error":
        return [output["ename"], output["evalue"]]
    return output.get("text") or {
        kind: output["data"][kind] for kind in RICH if kind in output["data"] and " at 0x" not in str(output["data"])
    }


# --- the assignments ---------------------------------------------------------------------------------------------------------


def quickstart(course: Path, own: Mapping[str, str]) -> None:
    """Make the course that nbgrader makes."""
    run([sys.executable, "-m", "nbgrader", "quickstart", course.name], course.parent, own)


def weather(course: Path, own: Mapping[str, str]) -> None:
    """Make a course with an assignment that uses pandas and draws figures."""
    source = course / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "weather"\n', encoding="utf-8")
    jupytext.write(jupytext.read(HERE / "weather" / "weather.md"), source / "weather.ipynb")
    draw, lines = random.Random(0), ["station,date,temperature,rain"]
    for station, warm, rainy in (("Coast", 11, 60), ("Forest", 8, 80), ("Hill", 4, 95), ("Valley", 9, 55)):
        for month in range(120):
            temperature = warm - 9 * [1, 0.9, 0.5, 0, -0.5, -0.9, -1, -0.9, -0.5, 0, 0.5, 0.9][month % 12] + draw.gauss(0, 1.5)
            lines.append(f"{station},{2014 + month // 12}-{month % 12 + 1:02}-01,{temperature:.1f},{draw.gammavariate(4, rainy / 4):.1f}")
    (source / "weather.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


ASSIGNMENTS: dict[str, tuple[Callable[[Path, Mapping[str, str]], None], dict[str, list[str | None]]]] = {
    "nbgrader's quickstart": (quickstart, SQUARES),
    "pandas and figures": (weather, WEATHER),
}


def hand_in(course: Path, students: Sequence[str], answers: Mapping[str, Sequence[str | None]]) -> None:
    """Write what a class hands in: a fifth is right, the rest has a mixture of answers; nobody's notebook is another's."""
    for number, student in enumerate(students):
        place = course / "submitted" / student / ASSIGNMENT
        shutil.copytree(course / "release" / ASSIGNMENT, place)
        (place / "timestamp.txt").write_text(roster.HANDED_IN, encoding="utf-8")
        for path in place.glob("*.ipynb"):
            notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
            for turn, cell in enumerate(notebook.cells):
                chosen = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), [None])
                answer = chosen[0] if number % 5 == 0 else chosen[(number * (turn + 1) + number // 5) % len(chosen)]
                cell.source = _own(cell, answer or cell.source, student)
            nbformat.write(notebook, path)


def _own(cell: NotebookNode, text: str, student: str) -> str:
    """Return a text as this student writes it; locked cells and test cells are left as they are."""
    about = cell.metadata.get("nbgrader", {})
    if about.get("locked") or (about.get("grade") and not about.get("solution")):
        return text
    if cell.cell_type == "code" and "plt.show()" in text:
        return text.replace("plt.show()", f"plt.figtext(0, 0, {student!r}, fontsize=6)\nplt.show()")
    return f"{text}\n# {student}" if cell.cell_type == "code" else f"{text}\n\n{student}"
