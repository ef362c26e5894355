"""`autograder try` shows an author what is wrong with a lecture's answers, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder.cli import app
from autograder.errors import CourseError

ANSWERS = "autograder/misconceptions/tiny.py"
SCRIPT = "solutions/07_tiny/tiny.py"


@pytest.fixture
def try_tiny(unbuilt: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `autograder try 07` in the tiny course, after changes in its files."""
    monkeypatch.chdir(unbuilt)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, **changes: tuple[str, str]) -> Result:
        for path, (old, new) in changes.items():
            file = unbuilt / {"answers": ANSWERS, "script": SCRIPT}[path]
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
        return CliRunner().invoke(app, ["try", "07", *arguments])

    return run


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_all_is_well(try_tiny: Callable[..., Result]) -> None:
    done = try_tiny()
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 100
    said = lines(done.output)
    assert said[0] == "harmonic_mean"
    assert said[1].split() == ["✓", "solution", "right", "100%"]
    assert said[2].split()[:5] == ["✓", "arithmetic", "part", "20–80%", "33%"]
    assert said[-3:] == [
        "right: 1 of 1 solutions, 3 of 3 alternatives",
        "wrong: 3 of 3 misconceptions are in their band, 3 are named",
        "named as something that they aren't: 0",
    ]


def test_findings_stand_below_their_answer_and_make_the_status(try_tiny: Callable[..., Result]) -> None:
    done = try_tiny(answers=('"part", title', '"slip", title'))
    assert done.exit_code == 1
    said = lines(done.output)
    assert said[2].startswith("✗ arithmetic") and said[3] == "is a slip (70% to 98%), and gets 33%"


def test_only_what_failed(try_tiny: Callable[..., Result]) -> None:
    done = try_tiny("--failed", answers=('"part", title', '"slip", title'))
    assert lines(done.output)[1].startswith("✗ arithmetic") and "solution " not in done.output
    assert "2 of 3 misconceptions are in their band" in done.output


def test_one_exercise(try_tiny: Callable[..., Result]) -> None:
    assert try_tiny("harmonic_mean").exit_code == 0
    done = try_tiny("harmonic_means")
    assert isinstance(done.exception, CourseError)  # the command's `main` prints it, with status 2
    assert str(done.exception) == "07_tiny has no exercise 'harmonic_means'; there are: harmonic_mean"


def test_false_accusations_are_shown(try_tiny: Callable[..., Result]) -> None:
    done = try_tiny(answers=("2 / (1 / b + 1 / a)", "(a + b) / 2"))
    assert done.exit_code == 1
    assert "is right, and is called arithmetic" in lines(done.output)
    assert "named as something that they aren't: 1" in lines(done.output)


def test_one_misconception_for_another_is_shown(try_tiny: Callable[..., Result]) -> None:
    done = try_tiny(answers=("return 1 / (1 / a + 1 / b)", "return (a + b) / 2"))
    assert "is called arithmetic" in lines(done.output)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"answers": ("import alternative", "import alternate, alternative")}, f"{ANSWERS} can't be imported: line 1: ImportError: "),
        ({"answers": ('"core", title', '"core", titel')}, f"{ANSWERS} can't be imported: line 16: TypeError: "),
        ({"script": ("    answer = 2.0", "    answer  2.0")}, f"{SCRIPT} can't be run: line 30: SyntaxError: invalid syntax"),
        ({"script": ("def harmonic_mean", "def mean")}, f"{SCRIPT}: the cell harmonic_mean defines no function of this name"),
    ],
)  # fmt: skip
def test_a_lecture_that_cannot_be_used_gets_a_sentence(try_tiny: Callable[..., Result], change: dict, sentence: str) -> None:
    done = try_tiny(**change)
    assert isinstance(done.exception, CourseError)
    assert sentence in str(done.exception)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (SCRIPT, f"{SCRIPT} is missing: write the lecture's solution there first"),
        (ANSWERS, f"{ANSWERS} is missing"),
        ("autograder/reference/tiny.py", "autograder/reference/tiny.py is missing"),
        ("autograder/suites/test_tiny.py", "autograder/suites/test_tiny.py is missing"),
    ],
)
def test_a_file_that_is_not_there(unbuilt: Path, try_tiny: Callable[..., Result], path: str, sentence: str) -> None:
    (unbuilt / path).unlink()
    done = try_tiny()
    assert isinstance(done.exception, CourseError)
    assert sentence in str(done.exception)
