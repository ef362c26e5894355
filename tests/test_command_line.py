"""The command line as it is used: exit status, what goes to which stream, and sentences instead of tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.judging.sample_notebooks import fill, solved, with_answers, write
from autograder.model.course import find_course

COURSE = find_course()
LECTURE = COURSE.lecture("05_batch_normalization")


def run(*arguments: str | Path, cwd: Path = COURSE.root) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from autograder.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_one_notebook_in_full(tmp_path):
    done = run("grade", write(solved(LECTURE), tmp_path / "alice.ipynb"), "--no-cache")
    assert done.returncode == 0, done.stderr
    assert "alice · 05_batch_normalization" in done.stdout
    assert "batchnorm_backward" in done.stdout
    assert done.stderr == ""


def test_one_reason_is_said_once(tmp_path):
    hanging = fill(LECTURE, {"update_running": "def update_running(*args, **kwargs):\n    while True: pass"})
    done = run("grade", write(hanging, tmp_path / "alice.ipynb"), "--no-cache", "--timeout", "0.2")
    assert done.stdout.count("did not answer within 0.2 s") == 1, done.stdout
    assert "Without a momentum it is 0.9" in done.stdout and "Arrays of 32-bit floats" in done.stdout


def test_the_json_is_what_was_agreed(tmp_path):
    from autograder.judging.known_answers import catalogue

    wrong = next(known for known in catalogue(LECTURE.hidden).misconceptions if known.exercise == "update_running")
    done = run("grade", write(with_answers(LECTURE, wrong), tmp_path / "alice.ipynb"), "--json", "-", "--no-cache")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"] == 1
    (result,) = found["results"]
    assert {"student", "lecture", "notebook", "score", "max_score", "problems", "exercises"} <= result.keys()
    assert (result["student"], result["lecture"]) == ("alice", LECTURE.id)
    assert result["max_score"] == sum(LECTURE.points.values()) > result["score"] > 0
    exercise = next(exercise for exercise in result["exercises"] if exercise["name"] == "update_running")
    agreed = {"name", "score", "max_score", "status", "tests", "misconception"}
    assert exercise.keys() == agreed | {"aspects", "also", "follow_through"}
    assert exercise["status"] == "failed"
    assert exercise["misconception"].keys() == {"id", "title", "explanation", "see", "aspects"}
    assert sum(aspect["score"] for aspect in exercise["aspects"]) == pytest.approx(exercise["score"], abs=0.01)
    assert sum(test["weight"] for test in exercise["tests"]) == pytest.approx(exercise["max_score"])
    assert exercise["misconception"]["id"] == wrong.id
    assert {test["outcome"] for test in exercise["tests"]} <= {"passed", "failed"}
    assert all(test.keys() == {"name", "outcome", "message", "weight", "aspect"} for test in exercise["tests"])


def test_results_go_to_standard_output_and_progress_to_standard_error(tmp_path):
    for name in ("ann", "ben"):
        write(fill(LECTURE, {}), tmp_path / f"{name}.ipynb")
    done = run("grade", tmp_path, "--json", tmp_path / "out.json", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert "graded 2 of 2" in done.stderr
    assert "ann" in done.stdout and "graded 2 of 2" not in done.stdout
    assert len(json.loads((tmp_path / "out.json").read_text())["results"]) == 2


def test_what_cannot_be_graded_is_named_and_the_rest_is_graded(tmp_path):
    write(solved(LECTURE), tmp_path / "ann.ipynb")
    (tmp_path / "ben.ipynb").write_text("not a notebook")
    done = run("grade", tmp_path, "--no-cache", "--json", "-")
    assert done.returncode == 1
    assert "ben: not graded: the file isn't a notebook" in done.stderr
    ann, ben = json.loads(done.stdout)["results"]
    assert ann["score"] == ann["max_score"]
    assert ben["exercises"] == [] and ben["graded"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "nonsense"], "there is no lecture 'nonsense'"),
        (["grade", "99_nothing"], "there are: "),
        (["grade"], "Missing argument"),
        (["grade", "x.ipynb", "--sandbox", "docker"], "'docker'"),
        (["grade", "x.ipynb", "--jobs", "0"], "--jobs"),
        (["build", "nonsense"], "there is no lecture 'nonsense'"),
        (["report", "nonsense"], "there is no lecture 'nonsense'"),
        (["try", "nonsense"], "there is no lecture 'nonsense'"),
        (["try", "05", "batchnorm"], "05_batch_normalization has no exercise 'batchnorm'; there are: batchnorm_forward, "),
        (["new", "99_nothing"], "Missing argument"),
        (["new", "nothing", "f:1"], "'nothing' is no name of a lecture"),
        (["fly"], "No such command"),
    ],
)
def test_wrong_usage_gets_a_sentence_and_status_2(arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_notebook_that_is_not_there(tmp_path):
    done = run("grade", tmp_path / "nobody.ipynb")
    assert done.returncode == 1
    assert done.stderr == "nobody: not graded: nobody.ipynb does not exist\n"


def test_plain_pytest_is_a_way_in(tmp_path):
    good = write(solved(LECTURE), tmp_path / "good.ipynb")
    bad = write(fill(LECTURE, {}), tmp_path / "stubs.ipynb")
    command = [sys.executable, "-m", "pytest", LECTURE.hidden.suite, "--notebook", good, "--notebook", bad, "--tb=line"]
    done = subprocess.run(command, cwd=COURSE.root, capture_output=True, text=True, timeout=120)
    lines = done.stdout.strip().splitlines()
    failed, passed = (int(words.split()[0]) for words in lines[-1].split(", ")[:2])
    assert done.returncode == 1
    assert failed == passed > 20, lines[-1]
    assert "is not written yet" in done.stdout


def test_the_public_api_is_what_it_says():
    import autograder
    import coursekit

    for package in (autograder, coursekit):
        for name in package.__all__:
            assert getattr(package, name) is not None
        with pytest.raises(AttributeError):
            _ = package.nothing_of_the_kind
    assert autograder.__all__ == sorted(autograder.__all__)
