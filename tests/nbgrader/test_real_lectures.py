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

LECTURES = find_course(Path(__file__).parent).lectures()
each_lecture = pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.id)


@pytest.fixture(scope="module")
def released(folder_at, tmp_path_factory):
    """A course of which nbgrader has released all lectures."""
    folder = folder_at(tmp_path_factory.mktemp("released"))
    shutil.copy(LECTURES[0].root / CONFIG, folder.path)
    for lecture in LECTURES:
        for path in (lecture.source, lecture.released):
            copy = folder.path / path.relative_to(lecture.root)
            copy.parent.mkdir(parents=True)
            shutil.copy(path, copy)
    in_one_process(folder, "generate_assignment", "--force")
    return folder


@pytest.fixture(scope="module")
def new_class(released, folder_at, tmp_path_factory):
    """Make a class of two students: one handed in all solutions, the other what was handed out; both may have deleted demonstrations."""

    def make(road: str, demonstrations: bool = True):
        path = tmp_path_factory.mktemp(road)
        shutil.copytree(released.path, path, dirs_exist_ok=True)
        folder = folder_at(path)
        for lecture in LECTURES:
            for student, notebook in (("solution", solved(lecture)), ("stubs", fill(lecture, {}))):
                kept = [cell for cell in notebook["cells"] if demonstrations or "demo" not in cell["metadata"].get("tags", ())]
                assert demonstrations or len(kept) < len(notebook["cells"])
                write_notebook({**notebook, "cells": kept}, folder.path / "submitted" / student / lecture.id / f"{lecture.slug}.ipynb")
        return folder

    return make


def in_one_process(folder, command: str, *options: str) -> None:
    """Let one process of nbgrader do something with each lecture."""
    statuses, said = folder.nbgrader(*([command, lecture.id, *options] for lecture in LECTURES))
    assert not any(statuses), said


@pytest.fixture(scope="module")
def ours(new_class):
    """The class graded by us, and the results."""
    folder = new_class("ours")
    course = Course(folder.path)
    hand_ins = [hand_in for lecture in course.lectures() for hand_in in submitted(course, lecture)]
    results = list(grade(hand_ins, course, Options(jobs=2)))
    write(course, results)
    return folder, results


@pytest.fixture(scope="module")
def plugin(new_class):
    """The class graded by ``nbgrader autograde`` with the course's configuration."""
    folder = new_class("plugin")
    in_one_process(folder, "autograde")
    return folder


@pytest.fixture(scope="module")
def plain(new_class):
    """The class graded in kernels, without demonstrations, which take nearly all the time and earn nothing: nbval runs them."""
    folder = new_class("plain", demonstrations=False)
    config = folder.path / CONFIG
    config.write_text("".join(line for line in config.read_text().splitlines(keepends=True) if not line.startswith("c.Autograde")))
    in_one_process(folder, "autograde")
    return folder


def expected(lecture: Lecture) -> dict[tuple[str, str], float]:
    full = {("solution", f"test_{name}"): points for name, points in lecture.points.items()}
    return full | {("stubs", f"test_{name}"): 0.0 for name in lecture.points}


def marks(folder, lecture: Lecture) -> dict[tuple[str, str], float | None]:
    found = (grade for grade in folder.rows("Grade") if grade.notebook.assignment.name == lecture.id)
    return {(grade.student.id, grade.name): grade.auto_score for grade in found if grade.name.startswith("test_")}


@each_lecture
def test_on_our_road(lecture, ours):
    folder, results = ours
    (stubs,) = (result for result in results if (result.student, result.lecture) == ("stubs", lecture.id))
    assert {exercise.status for exercise in stubs.exercises} == {"not_attempted"}
    assert marks(folder, lecture) == expected(lecture)


@each_lecture
def test_with_the_plugin(lecture, plugin):
    assert marks(plugin, lecture) == expected(lecture)


@each_lecture
def test_in_plain_kernels(lecture, plain):
    assert marks(plain, lecture) == expected(lecture)
