"""``--gradescope`` writes what Gradescope's documentation asks for, and nothing that students shouldn't see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.judging.sample_notebooks import fill, write
from autograder.model.course import find_course
from autograder.model.results import SubmissionResult
from autograder.report.gradescope import as_gradescope

LECTURE = find_course().lecture("05_batch_normalization")
# https://gradescope-autograders.readthedocs.io/en/latest/specs/
FORMATS = {"text", "simple_format", "html", "md", "ansi"}
VISIBILITY = {"visible", "after_due_date", "after_published", "hidden"}
TOP = {"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility", "stdout_visibility"}
TEST = {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags", "visibility", "extra_data"}


def graded(notebook: Path, *options: str):
    target = notebook.with_name("results") / "results.json"
    done = CliRunner().invoke(app, ["grade", str(notebook), "--gradescope", str(target), "--jobs", "1", "--no-cache", *options])
    return done, json.loads(target.read_text(encoding="utf-8")) if target.exists() else None


@pytest.fixture(scope="module")
def partly(tmp_path_factory):
    """A notebook in which one exercise raises, one prints, and the others are stubs."""
    raises = "def update_running(*arguments, **options):\n    print('here')\n    raise ValueError('<b>\\x1b[31mno</b>')"
    notebook = write(fill(LECTURE, {"update_running": raises}), tmp_path_factory.mktemp("partly") / "mine.ipynb")
    done, results = graded(notebook, "--visibility", "after_published")
    assert done.exit_code == 0
    return results


def test_the_form_is_gradescopes(partly):
    assert partly.keys() <= TOP | {"tests", "extra_data", "leaderboard"}
    assert partly["visibility"] == "after_published" and partly["stdout_visibility"] == "hidden" and partly["output_format"] in FORMATS
    for test in partly["tests"]:
        assert test.keys() <= TEST and test["output_format"] in FORMATS
        assert test["status"] in ("passed", "failed") and isinstance(test["number"], str)
        assert 0 <= test["score"] <= test["max_score"]


def test_the_points_are_the_grader_s(partly):
    assert {test["name"]: test["max_score"] for test in partly["tests"]} == LECTURE.points
    assert partly["score"] == sum(test["score"] for test in partly["tests"])
    assert {test["name"]: test["extra_data"]["status"] for test in partly["tests"]} == {
        **dict.fromkeys(LECTURE.points, "not_attempted"),
        "update_running": "error",
    }


def test_outputs_have_the_feedback_but_no_hidden_code(partly):
    outputs = {test["name"]: test["output"] for test in partly["tests"]}
    assert "<b>" in outputs["update_running"] and "\x1b" not in outputs["update_running"]
    suite = [line.strip() for line in LECTURE.hidden.suite.read_text(encoding="utf-8").splitlines()]
    code = [line for line in suite if len(line) > 20 and line.startswith(("assert", "expect", "student.", "return", "for "))]
    assert len(code) > 20
    assert not [line for line in code for output in outputs.values() if line in output]


def test_a_notebook_that_cannot_be_graded_has_its_reason(tmp_path):
    broken = tmp_path / "mine.ipynb"
    broken.write_text("no notebook")
    done, results = graded(broken)
    assert done.exit_code == 1
    assert results["score"] == 0 and results["tests"] == [] and results["visibility"] == "after_due_date"
    assert results["output"].startswith("This notebook could not be graded.\nthe file isn't a notebook")


def test_several_notebooks_are_refused(tmp_path):
    for name in ("a", "b"):
        write(fill(LECTURE, {}), tmp_path / f"{name}.ipynb")
    done, results = graded(tmp_path)
    assert done.exit_code == 2 and results is None
    assert "for a single notebook, and there are 2" in done.output


def test_visibility_is_one_of_gradescopes():
    result = SubmissionResult("ada", LECTURE.id, "mine.ipynb")
    assert {as_gradescope(result, visibility)["visibility"] for visibility in VISIBILITY} == VISIBILITY
    assert CliRunner().invoke(app, ["grade", "x.ipynb", "--visibility", "sometimes"]).exit_code == 2
