"""The beginning of a misconception for a group of unexplained failures, and the students' code that it quotes."""

from __future__ import annotations

import ast
import shutil

import pytest

from autograder.judging.known_answers import BANDS
from autograder.judging.sample_notebooks import fill, write
from autograder.model.course import CONFIG, Course, find_course
from autograder.report.mistakes import MOST_LINES, Unexplained, code_in, skeleton, skeletons

HERE = find_course()
LECTURE = HERE.lecture("11_dropout")
EXERCISE = next(one for one in LECTURE.exercises if one.name == "dropout_forward")
FAILED = (("The mean stays.", "out: 3 of 4 entries are wrong"),)


def group(code, students=("ada", "bao"), exercise="dropout_forward"):
    return Unexplained(exercise, students, 0.4, FAILED, 0, ("training",), code)


def parsed(text):
    """Return the only function of a skeleton."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    return function


def test_it_has_the_form_of_the_catalogue():
    text = skeleton(LECTURE, EXERCISE, group("def dropout_forward(x, rate, rng, training=True):\n    return x, None"))
    function = parsed(text)
    stub = next(node for node in ast.walk(ast.parse(EXERCISE.stub)) if isinstance(node, ast.FunctionDef) and node.name == EXERCISE.name)
    assert [one.arg for one in function.args.args] == [one.arg for one in stub.args.args]
    assert [ast.unparse(one) for one in function.args.defaults] == [ast.unparse(one) for one in stub.args.defaults]
    (decorator,) = function.decorator_list
    assert isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "misconception"
    assert {one.arg for one in decorator.keywords} == {"title", "see"} and "11 §TODO" in text
    assert ast.get_docstring(function).startswith("TODO") and all(severity in text for severity in BANDS)
    assert "# The mean stays." in text.replace("✗ ", "") and "2 students have 40% of the points" in text


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.system('rm -rf x')",
        "def f():\r    pass\rimport os",
        "a\x0cb = 1\x85import os\u2028import os",
        "\"\"\"\n'''\nraise SystemExit",
        "\\\nimport os",
    ],
)
def test_nothing_of_the_students_code_runs(tmp_path, code):
    """It stands in comments, whatever it contains: what is left is a function that raises."""
    course, student = handed_in(tmp_path, code)
    text = skeleton(LECTURE, EXERCISE, group(code_in(course, course.lecture(LECTURE.id))(student, EXERCISE.name)))
    _, raises = parsed(text).body
    assert isinstance(raises, ast.Raise) and "One of them wrote" in text


def handed_in(tmp_path, code):
    """Return a course in which a student has handed in this code."""
    course = tmp_path / "course"
    course.mkdir()
    shutil.copy(HERE.root / CONFIG, course)
    (course / "course").symlink_to(HERE.root / "course")
    write(fill(LECTURE, {EXERCISE.name: code}), course / "submitted" / "ada" / LECTURE.id / f"{LECTURE.slug}.ipynb")
    return Course(course), "ada"


def test_long_code_is_cut_and_missing_code_is_none(tmp_path):
    course, student = handed_in(tmp_path, "def dropout_forward():\n" + "    pass\n" * 500)
    code_of = code_in(course, course.lecture(LECTURE.id))
    assert code_of(student, EXERCISE.name).count("\n") == MOST_LINES and code_of(student, EXERCISE.name).endswith("…")
    assert code_of("nobody", EXERCISE.name) == code_of(student, "no_such_exercise") == ""


def test_only_groups_get_one():
    texts = list(skeletons(LECTURE, [group("x = 1"), group("", ("ada",)), group("", exercise="gone"), group("")]))
    assert [parsed(text).name for text in texts] == ["dropout_forward_todo_1", "dropout_forward_todo_4"]
