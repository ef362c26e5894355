"""Whatever is planted under course/, the search for leaks finds it; and it leaves alone what is no secret."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from autograder.build import build
from autograder.build.leaks import NOT_SECRET, leak_findings, module_secrets, revealing_lines, suite_secrets
from autograder.errors import BuildError
from autograder.model.course import Course

RELEASED = "course/07_tiny/tiny.ipynb"
SOLVED = "total = 1.0 / a + 1.0 / b\nanswer = 2.0 / total\nreturn answer"


def wrong(root: Path, check: bool = True) -> str:
    """Return what is wrong with the course at `root`."""
    with pytest.raises(BuildError) as caught:
        build(Course(root), check=check)
    return str(caught.value)


def spoil(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the released notebook, as JSON: its cells by id, and the notebook itself as «notebook»."""
    path = root / RELEASED
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change({"notebook": notebook, **{cell["id"]: cell for cell in notebook["cells"]}})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def in_cell(name: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda cells: cells[name].update({key: value})


IN_NOTEBOOK = {
    "the solution was never stripped": (
        in_cell("harmonic_mean", "source", "def harmonic_mean(a, b):\n    " + SOLVED.replace("\n", "\n    ")),
        ["cell 4, line 2 (“total = 1.0 / a + 1.0 / b”) tells the solution of harmonic_mean", "cell 4 (harmonic_mean), is for students"],
    ),
    "one line of it stands beside the stub": (
        in_cell("harmonic_mean", "source", "def f(a, b):\n    total=1.0/a + 1.0/b  # hint\n    raise NotImplementedError()"),
        [],  # not a line of its own, and a short one: see test_short_lines
    ),
    "one line of it is commented out": (
        in_cell("harmonic_mean", "source", "def f(a, b):\n    # total = 1.0 / a + 1.0 / b\n    raise NotImplementedError()"),
        ["cell 4, line 2 (“# total = 1.0 / a + 1.0 / b”) tells the solution of harmonic_mean in 07_tiny"],
    ),
    "nbgrader's marker is left": (
        in_cell("harmonic_mean", "source", ["### BEGIN SOLUTION\n", "raise NotImplementedError()"]),
        ["cell 4, line 1, has the marker “BEGIN SOLUTION”"],
    ),
    "a marker in another form is left": (
        in_cell("harmonic_mean", "source", "raise NotImplementedError()  # to remove solution"),
        ["has the marker “to remove”"],
    ),
    "a tag that no stripper matched is left": (
        lambda cells: cells["setup"]["metadata"].update(tags=["to_remove"]),
        ["outputs and metadata of cell 2, line", "has the marker “to_remove”"],
    ),
    "a mark scheme is left": (
        in_cell("written_mean", "source", "YOUR ANSWER HERE\n=== BEGIN MARK SCHEME ==="),
        ["has the marker “BEGIN MARK SCHEME”"],
    ),
    "the hidden test is left": (
        in_cell("test_harmonic_mean", "source", "check(harmonic_mean)\nfrom autograder import score\nscore(harmonic_mean)"),
        ["cell 5, line 2, imports autograder", "cell 5 (test_harmonic_mean), still has its hidden test"],
    ),
    "the hidden test is left with its markers": (
        in_cell("test_harmonic_mean", "source", "check(harmonic_mean)\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"),
        ["has the marker “BEGIN HIDDEN”", "has the marker “END HIDDEN”"],
    ),
    "the model answer is left": (
        in_cell("written_mean", "source", "It always lies nearer to the smaller one of both."),
        ["tells the solution of written_mean in 07_tiny", "cell 7 (written_mean), is for students to fill in, but it has no stub"],
    ),
    "the model answer is left, wrapped otherwise": (
        in_cell("written_mean", "source", "YOUR ANSWER HERE\nIt always lies nearer\nto the smaller one of both."),
        ["cell 7, line 2 (“It always lies nearer”) tells the solution of written_mean"],
    ),
    "an output is left": (
        in_cell("setup", "outputs", [{"output_type": "stream", "name": "stdout", "text": ["nothing\n"]}]),
        ["cell 2, has outputs"],
    ),
    "an execution count is left": (in_cell("setup", "execution_count", 7), ["cell 2, has outputs"]),
    "an output tells the solution": (
        in_cell("setup", "outputs", [{"output_type": "stream", "name": "stdout", "text": SOLVED.splitlines(keepends=True)}]),
        ["outputs and metadata of cell 2, line", "tells the solution of harmonic_mean"],
    ),
    "the notebook's metadata tells the solution": (
        lambda cells: cells["notebook"]["metadata"].update(notes=SOLVED),
        ["tiny.ipynb, metadata, line", "tells the solution of harmonic_mean"],
    ),
    "the reference is quoted in prose": (
        in_cell("setup", "source", "Think of `return product / arithmetic + 0.0 * product`."),
        ["tells reference/tiny.py, line 7"],
    ),
    "a known answer is quoted, cut in two": (
        in_cell("setup", "source", "x = (\n    2 * a * b\n)\nreturn 2 * (\n    a**-1 + b**-1\n) ** -1"),
        ["cell 2, line 4 (“return 2 * (”) tells misconceptions/tiny.py"],
    ),
}


@pytest.mark.parametrize("case", IN_NOTEBOOK)
def test_a_leak_in_the_released_notebook_is_found(root: Path, case: str) -> None:
    change, sentences = IN_NOTEBOOK[case]
    spoil(root, change)
    message = wrong(root)
    assert "course/07_tiny/tiny.ipynb differs from what its source gives" in message
    for sentence in sentences:
        assert sentence in message
    assert sentences or " tells " not in message


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "coursekit/helpers.py",
            "def mean(a, b):\n    answer = 2.0 / total\n",
            "helpers.py, line 2 (“answer = 2.0 / total”) tells",
        ),
        ("coursekit/helpers.py", "def mean(a, b):\n    return product/arithmetic + 0.*0 or 0.0*product\n", ""),
        ("coursekit/helpers.py", "return product/arithmetic+0.0*product", "helpers.py, line 1"),
        ("coursekit/helpers.py", "import numpy\n\nfrom autograder.reference import tiny\n", "helpers.py, line 3, imports autograder"),
        ("README.md", "1. First\n- `total = 1.0 / a + 1.0 / b`\n", "course/README.md, line 2"),
        ("coursekit/data.json", '{"answer": "return 2 * (a**-1 + b**-1) ** -1"}', "course/coursekit/data.json, line 1"),
    ],
)
def test_a_leak_anywhere_under_course_is_found(root: Path, name: str, text: str, sentence: str) -> None:
    (root / "course" / name).write_text(text, encoding="utf-8")
    if sentence:
        assert sentence in wrong(root)
        assert sentence in wrong(root, check=False)
    else:
        build(Course(root), check=True)


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
@pytest.mark.parametrize("target", ["07_tiny", "coursekit", "."])
def test_a_copy_of_the_source_is_found(root: Path, suffix: str, target: str) -> None:
    copy = root / "course" / target / f"copied{suffix}"
    shutil.copy(root / f"solutions/07_tiny/tiny{suffix}", copy)
    message = wrong(root)
    assert f"copied{suffix}" in message and "tells the solution of harmonic_mean" in message
    assert (f"{copy.relative_to(root)} is not made from solutions/" in message) == (target == "07_tiny")


def test_hidden_tests_copied_into_the_public_checks_are_found(root: Path) -> None:
    hidden = (root / "autograder/suites/test_tiny.py").read_text(encoding="utf-8").splitlines()
    public = root / "course/coursekit/public/test_tiny.py"
    one_line = public.read_text(encoding="utf-8") + hidden[8] + "\n"
    assert "rng.uniform" in one_line
    public.write_text(one_line, encoding="utf-8")
    assert " tells " not in wrong(root)  # outputs are stale, no more: one line may well be in both
    public.write_text(one_line + "\n".join(hidden[9:11]) + "\n", encoding="utf-8")
    assert "tells suites/test_tiny.py, lines 9 to 11" in wrong(root)


def test_a_leak_is_never_written(root: Path) -> None:
    """A hint in the source that gives the answer away doesn't reach what students get."""
    before = (root / RELEASED).read_bytes()
    script = root / "solutions/07_tiny/tiny.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("· harmonic_mean\n", "· harmonic_mean\n#\n# `answer = 2.0 / total`\n"), encoding="utf-8")
    assert "cell 3, line 5 (“`answer = 2.0 / total`”) tells the solution of harmonic_mean" in wrong(root, check=False)
    assert (root / RELEASED).read_bytes() == before


def test_what_is_no_secret_can_be_said(root: Path, stand_ins: None) -> None:
    (root / "course/coursekit/helpers.py").write_text("answer = 2.0 / total\n", encoding="utf-8")
    script = root / "solutions/07_tiny/tiny.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("answer = 2.0 / total", f"answer = 2.0 / total  {NOT_SECRET}"), encoding="utf-8")
    build(Course(root))
    assert NOT_SECRET not in (root / RELEASED).read_text(encoding="utf-8")


def test_what_a_stub_s_docstring_says_is_no_secret(root: Path, stand_ins: None) -> None:
    script = root / "solutions/07_tiny/tiny.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("of two numbers.", "of two numbers: answer = 2.0 / total."), encoding="utf-8")
    build(Course(root))
    assert "answer = 2.0 / total" in (root / RELEASED).read_text(encoding="utf-8")
    spoil(root, in_cell("harmonic_mean", "source", "raise NotImplementedError()\ntotal = 1.0 / a + 1.0 / b"))
    assert "tells the solution of harmonic_mean" in wrong(root)


def test_short_lines_count_only_by_themselves(tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    reference.mkdir()
    (reference / "m.py").write_text("y = np.exp(-x) * 2\nz = np.exp(-x) / (1 + np.exp(-x))\n")
    secrets = list(module_secrets(reference))
    assert [secret.text for secret in secrets] == ["z=np.exp(-x)/(1+np.exp(-x))"]
    files = {tmp_path / "a.md": b"so z = np.exp(-x) /\n (1 + np.exp(-x)), they say", tmp_path / "b.md": b"y = np.exp(-x) * 2"}
    assert len(leak_findings(files, secrets, tmp_path)) == 1


def test_lines_that_tell_nothing() -> None:
    source = '''
    @exercise("f")
    def f(x, gamma, beta):
        """Return the value.

        answer = secret + 1
        """
        x = np.asarray(x, dtype=float)  # a comment
        N, D = x.shape
        out = np.empty_like(x)
        for row in x:
            pass
        if x.ndim != 2:
            raise ValueError(f"x must have two axes, not {x.ndim}")
        cache = (x, gamma, beta)
        return out, cache
    '''
    assert list(revealing_lines(dedent(source)).values()) == ["if x.ndim != 2:"]


def test_hidden_tests_are_secret_three_lines_at_a_time(tmp_path: Path) -> None:
    suites = tmp_path / "suites"
    suites.mkdir()
    (suites / "test_m.py").write_text("a = rng.normal(size=3)\nb = rng.normal(size=4)\n\nc = rng.normal(size=5)\nd = rng.normal(size=6)\n")
    assert not list(suite_secrets(suites))  # a blank line between: not three in a row
