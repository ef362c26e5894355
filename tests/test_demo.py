"""The demo on a small class: what it hands in, what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder.demo import make_class, new_course, run_demo
from autograder.errors import CourseError
from autograder.judging.known_answers import catalogue
from autograder.model.course import CONFIG, Course, find_course

HERE = find_course(Path(__file__).parent)
ID, SLUG = "05_batch_normalization", "batch_normalization"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """The course with one lecture, so that the demo is quick."""
    root, lecture = tmp_path_factory.mktemp("course"), HERE.lecture(ID)
    shutil.copy(HERE.root / CONFIG, root)
    for path in (lecture.source, lecture.released):
        copy = root / path.relative_to(HERE.root)
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
    return Course(root)


def test_a_class_is_graded_recorded_and_shown(course, tmp_path, capsys):
    said: list[str] = []
    results = run_demo(course, tmp_path / "demo", 6, said.append)
    assert len(results) == 6
    assert max(result.score for result in results) == results[0].max_score
    assert any(exercise.misconception for result in results for exercise in result.exercises)
    table = capsys.readouterr().out
    assert f"{ID}: " in table and "misconceptions" in table
    named = [line.split("   ")[0].strip() for line in said if line.startswith("  ")]
    assert len(named) == 3, said
    assert all(Path(name).is_file() for name in named), named
    assert "batchnorm_backward" in (tmp_path / "demo" / "report" / "index.html").read_text()
    assert len(list((tmp_path / "demo" / "feedback").glob(f"*/{ID}/{SLUG}.html"))) == 6


def test_a_class_of_sixty_holds_everything(course, tmp_path):
    demo = new_course(course, tmp_path / "demo", course.lectures())
    make_class(demo, demo.lecture(ID), 60)
    notebooks = [path.read_text() for path in sorted(demo.root.glob(f"submitted/*/{ID}/*.ipynb"))]
    assert len(notebooks) == 60
    sources = "\n".join(re.sub(r"\s+", " ", "\n".join(cells_of(text))) for text in notebooks)
    assert "while True: pass" in sources and "undefined_name" in sources
    assert sum(not cells_of(text) for text in notebooks) == 1, "one file is broken"
    for known in catalogue(SLUG).misconceptions:
        from autograder.judging.known_answers import cell_source

        body = re.sub(r"\s+", " ", cell_source(known.function, known.exercise))
        assert body in sources, f"nobody has {known.id}"


def cells_of(text: str) -> list[str]:
    try:
        return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]
    except ValueError:
        return []


def test_nothing_that_is_not_a_demo_is_overwritten(course, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CourseError, match="not empty"):
        new_course(course, tmp_path, course.lectures())
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    again = new_course(course, tmp_path / "demo", course.lectures())
    (again.root / "submitted").mkdir()
    assert not (new_course(course, tmp_path / "demo", course.lectures()).root / "submitted").exists()
