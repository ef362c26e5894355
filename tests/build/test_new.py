"""`autograder new` writes a lecture that works, and that a build takes as soon as no TODO is left in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from autograder.build import build
from autograder.build.new import write_lecture
from autograder.build.pairing import read_source
from autograder.build.structure import Parts, exercises, structure_findings
from autograder.errors import BuildError, CourseError
from autograder.judging.solution import solution_of
from autograder.judging.trials import suite_findings, tried
from autograder.model.course import Course, Lecture

REPOSITORY = Path(__file__).parents[2]
ID, SLUG = "16_layer_normalization", "layer_normalization"
WANTED = ("layernorm_forward:3", "layernorm_backward:4.5", "group_sizes:2")


@pytest.fixture
def written(unbuilt: Path) -> list[Path]:
    """The files of a new lecture, in the tiny course."""
    return [unbuilt / path for path in write_lecture(Course(unbuilt), ID, WANTED)]


def fill(paths: list[Path]) -> None:
    for path in paths:
        path.write_text(path.read_text(encoding="utf-8").replace("TODO", "Filled"), encoding="utf-8")


def test_five_files_are_written(unbuilt: Path, written: list[Path]) -> None:
    parts = Parts(unbuilt, SLUG)
    assert written == [unbuilt / f"solutions/{ID}/{SLUG}.py", parts.public, parts.suite, parts.reference, parts.answers]
    assert all("TODO" in path.read_text(encoding="utf-8") for path in written)


def test_a_new_lecture_has_all_its_parts(unbuilt: Path, written: list[Path]) -> None:
    notebook = read_source(written[0], written[0].with_suffix(".ipynb")).notebook
    assert structure_findings(notebook, Parts(unbuilt, SLUG)) == []
    assert exercises(notebook) == ["layernorm_forward", "layernorm_backward", "group_sizes"]
    graded = [cell.metadata.nbgrader for cell in notebook.cells if "points" in cell.metadata.get("nbgrader", {})]
    assert [cell.points for cell in graded] == [3, 4.5, 2, 1]
    text = written[0].read_text(encoding="utf-8")
    assert text.count("<details>") == 6 and text.count("**By hand.**") == 3 and text.count("*About 15 minutes · difficulty") == 3
    assert text.count("if ready(") == 3


def test_its_answers_get_the_marks_that_they_should(unbuilt: Path, written: list[Path]) -> None:
    lecture = Lecture(unbuilt, ID)
    assert suite_findings(lecture) == []
    trials = list(tried(lecture, solution_of(lecture)))
    assert {(trial.known.exercise, trial.known.id): list(trial.findings()) for trial in trials if any(trial.findings())} == {}
    assert len([trial for trial in trials if trial.known.title]) == 12


def test_a_build_refuses_what_is_marked(unbuilt: Path, written: list[Path]) -> None:
    fill(written[1:])
    with pytest.raises(BuildError) as caught:
        build(Course(unbuilt), [Lecture(unbuilt, ID)])
    assert f"{ID}: solutions/{ID}/{SLUG}.py, lines 17, 21, " in str(caught.value) and "TODO" in str(caught.value)
    assert not (unbuilt / f"course/{ID}").exists() and not written[0].with_suffix(".ipynb").exists()


def test_the_text_is_formatted_and_clean(unbuilt: Path, written: list[Path]) -> None:
    ruff = [Path(sys.executable).with_name("ruff"), "--config", REPOSITORY / "pyproject.toml"]
    for command in (["check", "--ignore=E501,E402,B018,I001"], ["format", "--check"]):
        done = subprocess.run([ruff[0], command[0], *ruff[1:], *command[1:], *written[1:]], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_built_as_soon_as_nothing_is_marked(tmp_path: Path) -> None:
    """In a course with the real packages."""
    for name in ("autograder", "course"):
        copytree(REPOSITORY / name, tmp_path / name, ignore=ignore_patterns("__pycache__", "*.ipynb", ".*", "[0-9][0-9]_*"))
    (tmp_path / "nbgrader_config.py").write_bytes((REPOSITORY / "nbgrader_config.py").read_bytes())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from autograder.cli import main; main()", *arguments]
        environment = {"PYTHONPATH": f"{tmp_path}:{tmp_path / 'course'}", "PATH": str(Path(sys.executable).parent)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    done = run("new", ID, *WANTED)
    assert done.returncode == 0, done.stderr
    fill([tmp_path / line for line in done.stdout.splitlines()])
    done = run("build", ID)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"course/{ID}/{SLUG}.ipynb").is_file()


@pytest.mark.parametrize(
    ("id", "wanted", "sentence"),
    [
        ("layer_normalization", ["f:1"], "'layer_normalization' is no name of a lecture: it needs two digits and a slug in small letters"),
        ("16_Layer", ["f:1"], "'16_Layer' is no name of a lecture"),
        ("../16_x", ["f:1"], "is no name of a lecture"),
        ("16_lambda", ["f:1"], "'lambda' can't name a module"),
        ("07_other", ["f:1"], "the number 07 is taken by 07_tiny"),
        ("16_tiny", ["f:1"], "the slug tiny is taken by 07_tiny"),
        ("16_families", ["f:1"], "autograder/misconceptions/families.py exists already, and is never overwritten"),
        ("16_new", [], "a lecture needs an exercise"),
        ("16_new", ["f"], "'f' should say how many points the exercise is worth, as in f:3"),
        ("16_new", ["f:0"], "'f:0' should say how many points"),
        ("16_new", ["f:-1"], "'f:-1' should say how many points"),
        ("16_new", ["f:nan"], "'f:nan' should say how many points"),
        ("16_new", ["F:1"], "'F' is no name of an exercise"),
        ("16_new", ["2f:1"], "'2f' is no name of an exercise"),
        ("16_new", ["pass:1"], "'pass' is no name of an exercise"),
        ("16_new", ["np:1"], "'np' has another meaning in a notebook"),
        ("16_new", ["sum:1"], "'sum' has another meaning"),
        ("16_new", ["f__g:1"], "'f__g' is no name of an exercise"),
        ("16_new", ["f_backward:1", "f_forward:1"], "f_forward should come before f_backward, which needs its cache"),
        ("16_new", ["test_f:1"], "'test_f' has another meaning"),
        ("16_new", ["f:1", "f:2"], "the exercise f is named twice"),
        ("16_new", ["f:1", "harmonic_mean:2"], "the exercise harmonic_mean is in 07_tiny already: names are unique over the course"),
    ],
)
def test_a_name_that_cannot_be_used(unbuilt: Path, id: str, wanted: list[str], sentence: str) -> None:
    (unbuilt / "autograder/misconceptions/families.py").write_text("# shared\n", encoding="utf-8")
    before = sorted(unbuilt.rglob("*"))
    with pytest.raises(CourseError) as caught:
        write_lecture(Course(unbuilt), id, wanted)
    assert sentence in str(caught.value)
    assert sorted(unbuilt.rglob("*")) == before


def test_nothing_is_overwritten(unbuilt: Path, written: list[Path]) -> None:
    written[0].unlink()
    written[0].parent.rmdir()
    with pytest.raises(CourseError, match=r"test_layer_normalization.py exists already, and is never overwritten"):
        write_lecture(Course(unbuilt), ID, WANTED)
    assert not written[0].parent.exists()


def test_a_backward_pass_without_its_forward_pass_stands_alone(unbuilt: Path) -> None:
    paths = [unbuilt / path for path in write_lecture(Course(unbuilt), ID, ["convolve:1", "convolve_backward:2", "dropout_forward:1"])]
    lecture = Lecture(unbuilt, ID)
    assert all(not list(trial.findings()) for trial in tried(lecture, solution_of(lecture)))
    assert "(Backward" not in paths[2].read_text(encoding="utf-8")
