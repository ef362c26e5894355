"""An author is told all that a lecture lacks, in sentences that say where."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.build.pairing import read_source
from autograder.build.structure import Parts, exercises, structure_findings

SCRIPT = "solutions/07_tiny/tiny.py"


def findings(root: Path) -> list[str]:
    """What the structure of the tiny lecture lacks."""
    script = root / SCRIPT
    notebook = read_source(script, script.with_suffix(".ipynb")).notebook
    return structure_findings(notebook, Parts(root, "tiny"))


def test_a_whole_lecture_lacks_nothing(unbuilt: Path) -> None:
    assert findings(unbuilt) == []


def test_exercises_are_found_in_order(unbuilt: Path) -> None:
    script = unbuilt / SCRIPT
    assert exercises(read_source(script, script.with_suffix(".ipynb")).notebook) == ["harmonic_mean"]


SPOILED = [
    ("#   kernelspec:", "#   grading:\n#     limits: {call_minutes: 1}\n#   kernelspec:", "there is no limit 'call_minutes'"),
    ("#   kernelspec:", "#   grading:\n#     limits: 30\n#   kernelspec:", "should hold limits by name"),
    ('"grade_id": "setup"', '"grade_id": "harmonic_mean"', "the grade_id 'harmonic_mean' stands on 2 cells"),
    ('"grade_id": "setup"', '"grade_id": "imports"', "cell 2 «imports» is locked and neither solution nor test"),
    ('"grade_id": "setup"', '"grade_id": ""', "1 cell(s) have nbgrader metadata without a grade_id"),
    ('"grade_id": "test_harmonic_mean"', '"grade_id": "test_mean"', "cell 5 «test_mean» tests no exercise"),
    ('"grade_id": "test_harmonic_mean"', '"grade_id": "test_mean"', "cell 4 «harmonic_mean» needs its test cell, with grade_id"),
    ('"points": 2', '"points": 0', "cell 5 «test_harmonic_mean» must be worth points, not 0"),
    ('"points": 2, ', "", "cell 5 «test_harmonic_mean» must be worth points, not None"),
    ('"points": 1', '"points": -1', "cell 7 «written_mean» must be worth points, not -1"),
    ("def harmonic_mean(a, b):", "def harmonic(a, b):", "cell 4 «harmonic_mean» must hold exactly one function, called harmonic_mean"),
    ("def harmonic_mean(a, b):", "import math\n\ndef harmonic_mean(a, b):", "must hold exactly one function"),
    ("def harmonic_mean(a, b):", "def harmonic_mean(a, b:", "cell 4 «harmonic_mean» is no valid Python: line 1"),
    ('    """Return the harmonic mean of two numbers."""\n', "", "lacks a docstring"),
    ("    ### BEGIN SOLUTION\n", "", "needs one «### BEGIN SOLUTION»"),
    ("    ### BEGIN SOLUTION\n", "    a = 1.0 * a\n    ### BEGIN SOLUTION\n", "; line 3 is not."),
    ("check(harmonic_mean)\n", "check(harmonic_mean);\n", "must be exactly the test cell of docs/architecture.md"),
    ("score(harmonic_mean)\n", "score(harmonic_mean) \n\nx = 1\n", "must be exactly the test cell of docs/architecture.md"),
    ('# %% tags=["demo"]', "# %%", "is no exercise, test or set-up, so it must be tagged demo"),
    ('if ready', 'plt.show()\nif ready', "calls plt.show: use plots.show(fig, alt=\"…\")"),
    ("# # A tiny lecture", "# ![](picture.svg)", "shows a picture without alternative text"),
    ("# # A tiny lecture", '# <img src="picture.svg" alt="">', "shows a picture without alternative text"),
    ("# === BEGIN SOLUTION ===\n# It always lies nearer to the smaller one of both.\n# === END SOLUTION ===\n", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), SPOILED)
def test_what_is_wrong_with_a_cell_is_said(unbuilt: Path, old: str, new: str, sentence: str) -> None:
    script = unbuilt / SCRIPT
    text = script.read_text(encoding="utf-8")
    assert old in text
    script.write_text(text.replace(old, new), encoding="utf-8")
    found = findings(unbuilt)
    assert any(sentence in finding for finding in found) if sentence else not found, found


@pytest.mark.parametrize(
    ("path", "old", "new", "sentence"),
    [
        ("course/coursekit/public", '@exercise("harmonic_mean")', "", "has no test class marked @exercise('harmonic_mean')"),
        ("course/coursekit/public", '"harmonic_mean"', '"geometric_mean"', "tests 'geometric_mean', which is no exercise"),
        ("course/coursekit/public", '"""The mean of equal numbers is that number."""', "pass", "line 6: test_of_equals has no docstring"),
        ("autograder/suites", '@exercise("harmonic_mean")', "", "has no test class marked"),
        ("autograder/suites", "class", "klass", "line 5, is no valid Python"),
        ("autograder/reference", "def harmonic_mean", "def mean", "autograder/reference/tiny.py has no function harmonic_mean"),
        ("autograder/misconceptions", "def half", "half = 1\ndef", "is no valid Python"),
    ],
)
def test_what_is_missing_beside_the_notebook_is_said(unbuilt: Path, path: str, old: str, new: str, sentence: str) -> None:
    file = next((unbuilt / path).glob("*tiny.py"))
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert any(sentence in finding for finding in findings(unbuilt)), findings(unbuilt)


@pytest.mark.parametrize("folder", ["course/coursekit/public", "autograder/suites", "autograder/reference", "autograder/misconceptions"])
def test_a_missing_module_is_named(unbuilt: Path, folder: str) -> None:
    file = next((unbuilt / folder).glob("*tiny.py"))
    file.unlink()
    assert findings(unbuilt) == [f"{file.relative_to(unbuilt)} is missing."]


def test_a_notebook_without_exercises(unbuilt: Path) -> None:
    (unbuilt / SCRIPT).write_text("# %% [markdown]\n# Words, words, words.\n", encoding="utf-8")
    assert "there is no exercise: no code cell has nbgrader's «solution» set." in findings(unbuilt)
