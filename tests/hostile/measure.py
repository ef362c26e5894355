"""Grades hostile cells, each behind a solved notebook, in this process, and says what that took.

Only the exercises that the cell names are judged, unless there are none.

``measure.py < CASES``, a list of [lecture, cell] in JSON, prints a list of what `measured` returns.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from autograder.judging.grading import grade_cells
from autograder.judging.sample_notebooks import solved
from autograder.limits import Limits
from autograder.model.course import find_course
from autograder.model.results import submission_to_json
from autograder.model.submission import parse_submission
from autograder.sandbox.host import Cell, Sandbox

HERE = Path(__file__).parent
COURSE = find_course(HERE)
ODDITIES = (HERE / "oddities.py").read_text(encoding="utf-8")


def peak() -> int:
    """Return how many MiB this process has used at most since `forget_peak`."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM"))


def forget_peak() -> None:
    """Begin anew to look for the peak."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def measured(sandbox: Sandbox, lecture_id: str, cell: str, limits: Limits | None = None) -> dict[str, Any]:
    """Grade a hostile cell, and return its result as JSON has it, with the host's peak of memory and its processor time."""
    lecture = COURSE.lecture(lecture_id)
    cells = parse_submission(json.dumps(solved(lecture)).encode(), Path("right.ipynb"), COURSE).cells
    points = {name: most for name, most in lecture.points.items() if f"'{name}'" in cell} or lecture.points
    hostile = [*cells, Cell("oddities", ODDITIES), Cell("hostile", cell)]
    forget_peak()
    before, started = peak(), time.thread_time()
    found = grade_cells(hostile, lecture.id, lecture.hidden, points, sandbox, limits or Limits())
    return {**submission_to_json(found), "seconds": time.thread_time() - started, "peak": peak(), "grown": peak() - before}


if __name__ == "__main__":
    with Sandbox() as sandbox:
        print(json.dumps([measured(sandbox, *case) for case in json.load(sys.stdin)]))
