"""``score`` in a notebook's kernel: a plain float, nothing on standard error, no exception for a student's mistake."""

from __future__ import annotations

import linecache

import pytest

from autograder.errors import CourseError

SETUP = "import sys, warnings\nimport numpy as np\nfrom autograder import score\n"
RIGHT = "def fans(shape):\n    if len(shape) == 2:\n        return shape\n    f, c, h, w = shape\n    return c * h * w, f * h * w\n"


@pytest.fixture(autouse=True)
def in_course(pristine, monkeypatch):
    """Work where nbgrader runs a kernel: somewhere in the course."""
    monkeypatch.chdir(pristine.path / "course" / "03_initialization")


def run(cell, call="result = score(fans)"):
    """Run a cell, and then the hidden line, as a kernel does; return what it returned."""
    namespace = {}
    exec(SETUP + cell, namespace)
    linecache.cache["<hidden>"] = (len(call), None, [call], "<hidden>")
    exec(compile(call, "<hidden>", "exec"), namespace)
    return namespace["result"]


@pytest.mark.filterwarnings("ignore:z")
@pytest.mark.parametrize(
    ("cell", "points"),
    [
        (RIGHT, 3.0),
        (RIGHT.replace("def fans", "def mine") + "fans = mine", 3.0),
        (RIGHT + "class Fans:\n    def __call__(self, shape): return real(shape)\nreal, fans = fans, Fans()", 3.0),
        (RIGHT + "from functools import partial\nfans = partial(fans)", 3.0),
        (RIGHT.replace("    if", "    print('x'); print('y', file=sys.stderr); warnings.warn('z')\n    if", 1), 3.0),
        ("def fans(shape):\n    return shape[:2]", 0.71),
        ("def fans(shape):\n    raise NotImplementedError()", 0.0),
        ("def fans(shape):\n    return 1 / 0", 0.0),
        ("def fans(shape):\n    sys.exit(0)", 0.0),
        ("fans = 3", 0.0),
    ],
)
def test_score(cell, points, capfd):
    result = run(cell)
    assert type(result) is float and result == points
    said, wrong = capfd.readouterr()
    assert wrong == "" and f"{points:g} of 3 points" in said


def test_feedback_is_displayed_and_no_result(capfd):
    """The feedback says what is wrong."""
    run("def fans(shape):\n    return shape[:2]")
    said = capfd.readouterr().out
    assert "1 of 6 hidden tests passed" in said and "expected 75" in said


def test_no_such_exercise():
    """A mistake of the course, unlike one of a student, is an error."""
    with pytest.raises(CourseError, match="softmax"):
        run("def softmax(z): return z", "result = score(softmax)")
