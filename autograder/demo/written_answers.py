"""The written answers of the demonstration: parts and sentences of the solution's, some left out, some left empty."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache

from autograder.demo.students import Student
from autograder.model.course import Lecture, grade_id, nbgrader_of, source_of

EMPTY = 0.15  # how often those who make mistakes leave it out
FULL = 0.9  # how much of a part the best write
GUESSES = (
    "I don't know.",
    "I would try a smaller learning rate and see whether the loss falls.",
    "It depends on the data, I think.",
    "Because the gradients vanish.",
)


@dataclass(frozen=True)
class WrittenAnswer:
    """An answer in words: its text (empty if there is none), what it earns, and what a marker says about it."""

    text: str
    points: float
    comment: str


def written_answers(student: Student, lecture: Lecture) -> dict[str, WrittenAnswer]:
    """Return the student's answers to the questions that a person grades, by the cells' `grade_id`."""
    return {name: _answer(student, name, points, without_markers(text).strip().split("\n\n")) for name, points, text in _questions(lecture)}


@cache
def _questions(lecture: Lecture) -> list[tuple[str, float, str]]:
    """Return the name, the points and the solution of each question that is answered in words."""
    cells = json.loads(lecture.source.read_text(encoding="utf-8"))["cells"]
    written = [cell for cell in cells if cell["cell_type"] == "markdown" and nbgrader_of(cell).get("solution")]
    return [(grade_id(cell), float(nbgrader_of(cell)["points"]), source_of(cell)) for cell in written]


def without_markers(text: str) -> str:
    """Return the text of a solution without nbgrader's markers."""
    return re.sub(r"(?m)^[^\w\n]*(BEGIN|END) SOLUTION[^\w\n]*\n?", "", text)


def _answer(student: Student, name: str, most: float, parts: list[str]) -> WrittenAnswer:
    rng = student.rng(name)
    if math.isfinite(student.ability) and rng.random() < EMPTY:
        return WrittenAnswer("", 0, "")
    likely = 1 / (1 + math.exp(-1 - 1.2 * student.ability))
    answers, missing = [], []
    for part in parts:
        label = re.match(r"(\([a-z]\) )?", part).group()  # type: ignore[union-attr]
        first, *others = re.split(r"(?<=[.?!])\s+(?=[A-Z])", part)
        if rng.random() < likely:
            answers.append(" ".join([first, *(sentence for sentence in others if rng.random() < min(likely, FULL))]))
        else:
            answers.append(label + rng.choice(GUESSES))
            missing.append(label.strip() or "the reason")
    points = round(2 * most * (1 - len(missing) / len(parts))) / 2
    comment = f"Look at {' and '.join(missing)} again." if missing else "Right, and well explained."
    return WrittenAnswer("\n\n".join(answers), points, comment)
