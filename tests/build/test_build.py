"""The whole way from a script to what students get, on a tiny course."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from autograder.build import Built, build
from autograder.build.execution import execute
from autograder.errors import BuildError
from autograder.limits import Limits
from autograder.model.course import Course

SCRIPT, SOURCE, RELEASED = "solutions/07_tiny/tiny.py", "solutions/07_tiny/tiny.ipynb", "course/07_tiny/tiny.ipynb"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def wrong(root: Path, check: bool = True) -> str:
    """Return what a build finds wrong."""
    with pytest.raises(BuildError) as caught:
        build(Course(root), check=check)
    return str(caught.value)


def tree(root: Path) -> dict[str, tuple[str, int]]:
    """Every file and folder, with its content and the time of its last change."""
    return {
        str(path.relative_to(root)): (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "", path.stat().st_mtime_ns)
        for path in (root, *root.rglob("*"))
    }


def cells(path: Path) -> dict[str, nbformat.NotebookNode]:
    """The cells of a notebook, by id."""
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def test_first_build(first_build: tuple[Path, Built]) -> None:
    root, built = first_build
    assert built.lectures == built.executed == ("07_tiny",)
    assert sorted(path.relative_to(root).as_posix() for path in built.written) == ["course/07_tiny/picture.svg", RELEASED, SOURCE]


def test_what_students_get(root: Path) -> None:
    released = cells(root / RELEASED)
    assert released["harmonic_mean"].source == (
        "def harmonic_mean(a, b):\n"
        '    """Return the harmonic mean of two numbers."""\n'
        "    # YOUR CODE HERE\n"
        "    raise NotImplementedError()"
    )
    assert released["test_harmonic_mean"].source == "check(harmonic_mean)"
    assert released["test_harmonic_mean"].metadata.nbgrader.points == 2
    assert released["test_harmonic_mean"].metadata.editable is False
    assert "YOUR ANSWER HERE" in released["written_mean"].source and "smaller" not in released["written_mean"].source
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in released.values())
    assert sorted(path.name for path in (root / "course/07_tiny").iterdir()) == ["picture.svg", "tiny.ipynb"]


def test_what_instructors_get(root: Path) -> None:
    source = cells(root / SOURCE)
    assert source["test_harmonic_mean"].outputs[-1].data["text/plain"] == "2.0"
    assert "of 1 and 3: 1.5" in [output.get("text", "").strip() for cell in source.values() for output in cell.get("outputs", ())]


@pytest.mark.parametrize("name", [SOURCE, RELEASED])
def test_notebooks_are_the_same_on_every_machine(root: Path, name: str) -> None:
    notebook = json.loads((root / name).read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    assert set(notebook["metadata"]) - {"kernelspec", "language_info"} == ({"autograder", "jupytext"} if name == SOURCE else set())
    assert str(root.parent) not in (root / name).read_text(encoding="utf-8")


def test_building_again_changes_no_byte(root: Path) -> None:
    before = tree(root)
    assert build(Course(root)) == Built(("07_tiny",))
    assert tree(root) == before


def test_building_from_nothing_gives_the_same_bytes(root: Path, unbuilt: Path, stand_ins: None) -> None:
    build(Course(unbuilt))
    for name in (SCRIPT, SOURCE, RELEASED):
        assert (unbuilt / name).read_bytes() == (root / name).read_bytes(), name


def test_a_change_of_prose_runs_nothing(root: Path) -> None:
    edit(root / SCRIPT, "# # A tiny lecture", "# # A very tiny lecture")
    assert "tiny.py was edited after the last build" in wrong(root)
    built = build(Course(root))
    assert not built.executed and len(built.written) == 2
    assert "very tiny" in (root / RELEASED).read_text(encoding="utf-8") and "of 1 and 3: 1.5" in (root / SOURCE).read_text(encoding="utf-8")


def test_the_limits_of_a_lecture_are_released_with_it(root: Path) -> None:
    edit(root / SCRIPT, "#   kernelspec:", "#   grading:\n#     limits: {call_seconds: 30}\n#   kernelspec:")
    assert "differs from what its source gives" in wrong(root)
    build(Course(root))
    assert Course(root).lecture("07_tiny").limits == Limits(call_seconds=30)
    build(Course(root), check=True)


def test_a_change_of_code_runs_the_notebook(root: Path, stand_ins: None) -> None:
    edit(root / SCRIPT, "harmonic_mean(1, 3))", "harmonic_mean(3, 6))")
    assert "outputs in tiny.ipynb are of other code" in wrong(root)
    assert build(Course(root)).executed == ("07_tiny",)
    assert "of 1 and 3: 4.0" in (root / SOURCE).read_text(encoding="utf-8")
    build(Course(root), check=True)


def test_a_change_of_the_public_checks_makes_outputs_stale(root: Path) -> None:
    edit(root / "course/coursekit/public/test_tiny.py", "equal numbers", "two equal numbers")
    assert "of other code, points or tests" in wrong(root)


def test_force_runs_what_did_not_change(root: Path, stand_ins: None) -> None:
    assert build(Course(root), force=True) == Built(("07_tiny",), executed=("07_tiny",))


def test_the_notebook_may_be_edited_instead(root: Path) -> None:
    path = root / SOURCE
    edit(path, "# A tiny lecture", "# A lecture edited in JupyterLab")
    assert "tiny.ipynb was edited after the last build" in wrong(root)
    build(Course(root))
    assert "# # A lecture edited in JupyterLab" in (root / SCRIPT).read_text(encoding="utf-8")
    assert "A lecture edited in JupyterLab" in (root / RELEASED).read_text(encoding="utf-8")
    build(Course(root), check=True)


def test_nothing_is_lost_when_both_were_edited(root: Path) -> None:
    edit(root / SOURCE, "# A tiny lecture", "# Edited here")
    edit(root / SCRIPT, "# # A tiny lecture", "# # Edited there")
    before = tree(root)
    message = wrong(root, check=False)
    assert "tiny.py and tiny.ipynb both changed" in message
    assert tree(root) == before


def test_a_broken_source_notebook_is_named(root: Path) -> None:
    (root / SOURCE).write_text("{", encoding="utf-8")
    assert "tiny.ipynb can't be read as a notebook" in wrong(root, check=False)


# --- --check ----------------------------------------------------------------------------------------------------------------


def test_check_changes_nothing_on_disk(root: Path) -> None:
    before = tree(root)
    assert build(Course(root), check=True) == Built(("07_tiny",))
    assert tree(root) == before


def test_check_changes_nothing_even_where_all_is_wrong(root: Path) -> None:
    edit(root / SCRIPT, "total = ", "the_total = ")
    os.utime(root / SCRIPT, ns=(1, 1))
    (root / RELEASED).unlink()
    before = tree(root)
    wrong(root)
    assert tree(root) == before


@pytest.mark.parametrize(
    ("path", "old", "new", "sentence"),
    [
        (RELEASED, "A tiny lecture", "A wee lecture", "course/07_tiny/tiny.ipynb differs from what its source gives"),
        (RELEASED, '"points": 2', '"points": 3', "course/07_tiny/tiny.ipynb differs from what its source gives"),
        (SOURCE, "of 1 and 3: 1.5", "of 1 and 3: 2.5", ""),  # an output: nbval's business, a build doesn't run anything to check
        (SCRIPT, '"points": 2', '"points": 3', "tiny.py was edited after the last build"),
        (SCRIPT, "import check", "import check  # it", "of other code"),
        ("course/07_tiny/picture.svg", "<svg/>", "<svg />", "course/07_tiny/picture.svg differs"),
    ],
)
def test_check_finds_drift(root: Path, path: str, old: str, new: str, sentence: str) -> None:
    edit(root / path, old, new)
    if sentence:
        assert sentence in wrong(root)
    else:
        build(Course(root), check=True)


def test_check_finds_a_missing_notebook(root: Path) -> None:
    (root / RELEASED).unlink()
    assert "course/07_tiny/tiny.ipynb is missing: run «autograder build 07_tiny»" in wrong(root)


def test_a_stray_file_is_found(root: Path) -> None:
    (root / "course/07_tiny/notes.txt").write_text("remember the milk\n")
    assert "course/07_tiny/notes.txt is not made from solutions/" in wrong(root)


# --- what goes wrong while building -------------------------------------------------------------------------------------------


def test_a_failing_cell_is_named_with_its_line(root: Path, stand_ins: None) -> None:
    edit(root / SCRIPT, "    total = 1.0 / a", "    total = 1.0 / (a - a)")
    before = (root / SOURCE).read_bytes(), (root / RELEASED).read_bytes()
    message = wrong(root, check=False)
    assert re.search(r"07_tiny: cell 6 «if ready.*», line 2 .*raised ZeroDivisionError", message)
    assert before == ((root / SOURCE).read_bytes(), (root / RELEASED).read_bytes())


def test_warnings_figures_and_lost_points_are_found(root: Path, stand_ins: None) -> None:
    edit(
        root / SCRIPT,
        'if ready(harmonic_mean):\n    print("of 1 and 3:", harmonic_mean(1, 3))',
        "import sys; print('careful', file=sys.stderr)\n" + FIGURE,
    )
    edit(root / SCRIPT, '"points": 2', '"points": 5')
    message = wrong(root, check=False)
    assert "writes to standard error (careful)" in message
    assert "shows a figure without alternative text" in message
    assert "the solution gets 2.0 of 5 points" in message


FIGURE = 'from IPython.display import HTML, display\ndisplay(HTML(\'<img src="data:image/png;base64,AAAA" alt="">\'))'


def test_a_demonstration_raises_in_a_build(tmp_path: Path) -> None:
    """In a student's notebook it shows a sentence instead."""
    claim = "from coursekit import ready", "if ready():\n    assert 1 > 2, 'one is more than two'"
    unwritten = "from coursekit import ready\ndef fans(shape): raise NotImplementedError", "if ready(fans):\n    print(1)"
    for cells, sentence in ((claim, "one is more than two"), (unwritten, "This figure waits for fans")):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        assert re.search(f"cell 2 .*raised AssertionError: {sentence}", execute(notebook, tmp_path))


def test_nbgrader_s_refusal_is_passed_on(root: Path) -> None:
    # nbgrader wants the markers it removes to be in solution cells only
    edit(root / SCRIPT, "# # A tiny lecture", "# ### BEGIN SOLUTION\n# # A tiny lecture\n# ### END SOLUTION")
    assert "07_tiny: nbgrader can't release it: RuntimeError: Solution region detected in a non-solution cell" in wrong(root, check=False)


def test_nothing_to_build(tmp_path: Path) -> None:
    assert "there is nothing to build" in wrong(tmp_path)


def test_all_that_is_wrong_is_said_at_once(root: Path) -> None:
    edit(root / "autograder/reference/tiny.py", "def harmonic_mean", "def harmonic")
    (root / "course/07_tiny/notes.txt").write_text("remember the milk\n")
    message = wrong(root)
    assert message.startswith("2 things are wrong:\n") and message.count("\n  - ") == 2
