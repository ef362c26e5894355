"""How long grading takes in each lecture, beside nbgrader and the least that it can take; how it grows; and what it withstands.

The figures go to standard output as Markdown; ``--write`` puts them into ``benchmarks/README.md``, what a class costs by them into
``docs/instructors.md``, and what they were made from into ``benchmarks/figures.json``. Nothing in there is typed in by hand.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cells
import costs
import growth
import hostile
import machine
import page
import speed

from autograder.model.course import find_course

HERE = Path(__file__).parent
FIGURES, DRAWING = HERE / "figures.json", HERE / "growth.svg"
INSTRUCTORS = HERE.parent / "docs" / "instructors.md"


def take(arguments: argparse.Namespace) -> dict[str, Any]:
    """Take the figures that were asked for."""
    if arguments.what == "hostile":
        return hostile.take()
    if arguments.what == "cells":
        return cells.take(arguments)
    course = find_course(arguments.course)
    if arguments.what == "growth":
        return growth.take(course, arguments.sizes, arguments.patience)
    return speed.take(course, arguments)


def read() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=page.PARTS, default="speed", help="what to measure (default speed)")
    parser.add_argument("--course", type=Path, default=HERE, metavar="DIR", help="where the lectures are taken from (default: here)")
    parser.add_argument("--patience", type=float, default=machine.PATIENCE, metavar="SECONDS", help="how long to wait for a quiet machine")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md, docs/instructors.md and figures.json")
    parser.add_argument("--last", action="store_true", help="measure nothing: show all the figures in figures.json")
    own = parser.add_argument_group("speed")
    own.add_argument("--lectures", nargs="+", default=[], metavar="LECTURE", help="which lectures (default: all)")
    own.add_argument(
        "--students", type=int, metavar="N", help=f"how large the class is (default {speed.STUDENTS}; cells: {cells.STUDENTS})"
    )
    own.add_argument("--repeats", type=int, default=3, metavar="N", help="how often everything is measured (default 3)")
    own.add_argument("--sample", type=int, default=8, metavar="N", help="how many of the class nbgrader grades (default 8; 0: none)")
    grown = parser.add_argument_group("growth")
    grown.add_argument("--sizes", type=int, nargs="+", default=list(growth.SIZES), metavar="N", help="how large the classes are")
    arguments = parser.parse_args()
    arguments.students = arguments.students or (cells if arguments.what == "cells" else speed).STUDENTS
    return arguments


def main() -> None:
    """Take some figures, or those that were taken last, and show them."""
    arguments = read()
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    if arguments.last:
        print(page.render(figures))
    else:
        taken = take(arguments)
        print(page.render({arguments.what: taken}))
        figures[arguments.what] = speed.joined(figures.get("speed"), taken) if arguments.what == "speed" and arguments.lectures else taken
    if arguments.write:
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        if "growth" in figures:
            growth.draw(figures["growth"]["classes"], DRAWING)
        if "speed" in figures:
            page.put(INSTRUCTORS, costs.render(figures["speed"]))
        page.put(HERE / "README.md", page.render(figures))


if __name__ == "__main__":
    main()
