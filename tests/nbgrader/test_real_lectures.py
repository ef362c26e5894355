"""The course's own lectures on every road through nbgrader: full marks for the solution, zero for what was handed out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.judging.sample_notebooks import fill, solved
from autograder.judging.sample_notebooks import write as write_notebook
from autograder.model.course import CONFIG, Course, Lecture, find_course
from autograder.runners.class_run import Options, grade, submitted

from .conftest import write

LECTURES = [pytest.param(lecture, id=lecture.id) for lecture in find_course(Path(__file__).parent).lectures()]


@pytest.fixture(scope="module", params=LECTURES)
def lecture(request) -> Lecture:
    return request.param


@pytest.fixture
def new_class(lecture, folder_at, tmp_path_factory):
    """Make a course with two students: one handed in the solution, the other what was handed out; both may have deleted demonstrations."""

    def make(road: str, demonstrations: bool = True):
        folder = folder_at(tmp_path_factory.mktemp(road))
        shutil.copy(lecture.root / CONFIG, folder.path)
        for path in (lecture.source, lecture.released):
            copy = folder.path / path.relative_to(lecture.root)
            copy.parent.mkdir(parents=True)
            shutil.copy(path, copy)
        for student, notebook in (("solution", solved(lecture)), ("stubs", fill(lecture, {}))):
            kept = [cell for cell in notebook["cells"] if demonstrations or "demo" not in cell["metadata"].get("tags", ())]
            assert demonstrations or len(kept) < len(notebook["cells"])
            write_notebook({**notebook, "cells": kept}, folder.path / "submitted" / student / lecture.id / f"{lecture.slug}.ipynb")
        return folder

    return make


def expected(lecture: Lecture) -> dict[tuple[str, str], float]:
    full = {("solution", f"test_{name}"): points for name, points in lecture.points.items()}
    return full | {("stubs", f"test_{name}"): 0.0 for name in lecture.points}


def marks(folder) -> dict[tuple[str, str], float | None]:
    return {(student, cell): grade[0] for (student, cell), grade in folder.grades().items() if cell.startswith("test_")}


def test_on_our_road(lecture, new_class):
    folder = new_class("ours")
    course = Course(folder.path)
    results = list(grade(submitted(course, course.lecture(lecture.id)), course, Options(jobs=2)))
    write(course, results)
    (stubs,) = (result for result in results if result.student == "stubs")
    assert {exercise.status for exercise in stubs.exercises} == {"not_attempted"}
    assert marks(folder) == expected(lecture)


def test_with_the_plugin(lecture, new_class):
    folder = new_class("plugin")
    statuses, said = folder.nbgrader(["generate_assignment", lecture.id, "--force"], ["autograde", lecture.id])
    assert statuses == [0, 0], said
    assert marks(folder) == expected(lecture)


def test_in_plain_kernels(lecture, new_class):
    """Without demonstrations, which take nearly all the time and earn nothing: nbval runs those of all solutions in a kernel."""
    folder = new_class("plain", demonstrations=False)
    config = folder.path / CONFIG
    config.write_text("".join(line for line in config.read_text().splitlines(keepends=True) if not line.startswith("c.Autograde")))
    statuses, said = folder.nbgrader(["generate_assignment", lecture.id, "--force"], ["autograde", lecture.id])
    assert statuses == [0, 0], said
    assert marks(folder) == expected(lecture)
