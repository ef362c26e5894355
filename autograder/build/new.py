"""Writes the five files of a new lecture from the templates in ``templates/``.

What they define is a lecture that works: its functions multiply numbers. Each place that its author has to fill is marked TODO, and `build`
refuses the lecture as long as one is left.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.build.pairing import HEADER, Conflict, read_source
from autograder.build.structure import TEST_CELL, Parts, exercises, needs_coursekit
from autograder.errors import CourseError
from autograder.model.course import Course, Lecture

IN_NOTEBOOKS = ("np", "check", "check_all", "ready", "score", "data", "nets", "plots", "numbers", "fig", "ax", "out", "cache", "dx", "dw")
TAKEN = frozenset((*IN_NOTEBOOKS, *dir(builtins)))
"""Names that mean something else in a notebook."""


@dataclass(frozen=True)
class NewExercise:
    """An exercise of the new lecture.

    Parameters
    ----------
    number : int
        Its place in the lecture, from 1.
    name : str
    points : float
    kind : {"single", "forward", "backward"}
        A backward pass has its forward pass in the same lecture, and gets that one's cache.
    """

    number: int
    name: str
    points: float
    kind: str

    @property
    def stem(self) -> str:
        """The name of a pair without its suffix."""
        return re.sub(r"_(forward|backward)$", "", self.name)

    @property
    def test_class(self) -> str:
        """The name of its test class."""
        return "Test" + "".join(word.title() for word in self.name.split("_"))

    @property
    def test_cell(self) -> str:
        """The source of its test cell."""
        return TEST_CELL.format(name=self.name)

    @property
    def shown_points(self) -> str:
        """The points as in a cell's metadata."""
        return f"{self.points:g}"


def write_lecture(course: Course, id: str, wanted: Sequence[str]) -> list[Path]:
    """Write the files of a new lecture, and return their paths in the course.

    Parameters
    ----------
    course : Course
    id : str
        Such as "16_layer_normalization".
    wanted : sequence of str
        Its exercises in order with their points, such as "layernorm_forward:3".

    Raises
    ------
    CourseError
        If a name or number is no valid one, or is taken, or the course has no public checks; nothing is written then.
    """
    from jinja2 import Environment, PackageLoader

    needs_coursekit(course)
    lecture = _lecture(course, id)
    chosen = _exercises(wanted)
    _unique(course, chosen)
    parts = Parts(course.root, lecture.slug)
    files = {
        lecture.source.with_suffix(".py"): "lecture",
        parts.public: "public",
        parts.suite: "suite",
        parts.reference: "reference",
        parts.answers: "answers",
    }
    for path in (*files, lecture.source):
        if path.exists():
            raise CourseError(f"{path.relative_to(course.root)} exists already, and is never overwritten")
    environment = Environment(
        loader=PackageLoader("autograder", "build/templates"), trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    title = lecture.slug.replace("_", " ")
    for path, template in files.items():
        text = environment.get_template(f"{template}.py.jinja").render(
            exercises=chosen, number=id[:2], title=title[0].upper() + title[1:], topic=title, slug=lecture.slug, header=HEADER
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [path.relative_to(course.root) for path in files]


def _lecture(course: Course, id: str) -> Lecture:
    if not re.fullmatch(r"[0-9]{2}_[a-z][a-z0-9]*(_[a-z0-9]+)*", id):
        raise CourseError(f"{id!r} is no name of a lecture: it needs two digits and a slug in small letters, as 16_layer_normalization has")
    lecture = Lecture(course.root, id)
    if keyword.iskeyword(lecture.slug):
        raise CourseError(f"{lecture.slug!r} can't name a module, because it is a word of Python's")
    for other in course.lectures():
        if other.id[:2] == id[:2]:
            raise CourseError(f"the number {id[:2]} is taken by {other.id}")
        if other.slug == lecture.slug:
            raise CourseError(f"the slug {lecture.slug} is taken by {other.id}")
    return lecture


def _exercises(wanted: Sequence[str]) -> list[NewExercise]:
    points: dict[str, float] = {}
    for one in wanted:
        name, _, worth = one.partition(":")
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
            raise CourseError(
                f"{name!r} is no name of an exercise: small letters, digits and underscores make one, as layernorm_forward has"
            )
        if name in TAKEN or name.startswith(("test_", "setup", "written")):
            raise CourseError(f"{name!r} has another meaning in a notebook: choose another name for the exercise")
        if name in points:
            raise CourseError(f"the exercise {name} is named twice")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", worth) or float(worth) == 0:
            raise CourseError(f"{one!r} should say how many points the exercise is worth, as in {name}:3")
        points[name] = float(worth)
    if not points:
        raise CourseError("a lecture needs an exercise, such as layernorm_forward:3")
    names = list(points)
    for number, name in enumerate(names):
        if (forward := f"{name.removesuffix('_backward')}_forward") in names[number + 1 :] and name.endswith("_backward"):
            raise CourseError(f"{forward} should come before {name}, which needs its cache")
    return [NewExercise(number, name, points[name], _kind(name, names[:number])) for number, name in enumerate(names, start=1)]


def _kind(name: str, so_far: Sequence[str]) -> str:
    if name.endswith("_forward"):
        return "forward"
    return "backward" if name.endswith("_backward") and f"{name.removesuffix('_backward')}_forward" in so_far else "single"


def _unique(course: Course, chosen: Sequence[NewExercise]) -> None:
    for lecture in course.lectures():
        try:
            taken = exercises(read_source(lecture.source.with_suffix(".py"), lecture.source).notebook)
        except Conflict:  # a build reports it
            continue
        for exercise in chosen:
            if exercise.name in taken:
                raise CourseError(f"the exercise {exercise.name} is in {lecture.id} already: names are unique over the course")
