"""What the arguments of ``autograder grade`` name of assignments that are graded by their own test cells."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from autograder.model.course import Course, layout_of


class CellHandin(NamedTuple):
    """What was handed in for an assignment without a hidden suite, by names; by all students, if `student` is empty."""

    assignment: str
    student: str = ""


def cell_hand_ins(names: Iterable[str], course: Course) -> tuple[list[CellHandin], list[str]]:
    """Return what is named of assignments without a hidden suite, and the other names.

    Parameters
    ----------
    names : iterable of str
        Assignments, also where a folder of that name is here, as in a course with a folder for each; or folders and notebooks in
        ``submitted/``, which stand for that student's submission.
    course : Course
    """
    found: dict[CellHandin, None] = {}
    others = []
    for name in names:
        hand_in = _named(name, course) or _at(Path(name), course)
        if hand_in is None:
            others.append(name)
        else:
            found[hand_in] = None
    return list(found), others


def _named(name: str, course: Course) -> CellHandin | None:
    return CellHandin(name) if not course.has_lecture(name) and name in course.assignments else None


def _at(path: Path, course: Course) -> CellHandin | None:
    """Return the submission to which a file or folder belongs; None if it lies elsewhere, or a hidden suite judges it."""
    if not path.exists():
        return None
    layout = layout_of(course.root)
    pattern = re.escape(os.path.join(course.root.resolve(), layout.path(layout.submitted, "STUDENT", "ASSIGNMENT")))
    pattern = pattern.replace("STUDENT", "(?P<student>[^/]+)").replace("ASSIGNMENT", "(?P<assignment>[^/]+)")
    names = re.match(rf"{pattern}(?:/|\Z)", str(path.resolve()))
    return CellHandin(names["assignment"], names["student"]) if names and names["assignment"] in course.assignments else None
