"""A build refuses a lecture whose tests or known answers are wrong, and says what is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.build import build
from autograder.build.answers import answer_findings
from autograder.build.structure import Parts
from autograder.errors import BuildError
from autograder.model.course import Course, Lecture

SCRIPT = "solutions/07_tiny/tiny.py"
PUBLIC = "course/coursekit/public/test_tiny.py"
SUITE = "autograder/suites/test_tiny.py"
REFERENCE = "autograder/reference/tiny.py"
ANSWERS = "autograder/misconceptions/tiny.py"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def findings(root: Path) -> list[str]:
    """What a build finds wrong with the answers of the tiny lecture."""
    return answer_findings(Lecture(root, "07_tiny"), Parts(root, "tiny"), (root / SCRIPT).read_text(encoding="utf-8"))


def wrong(root: Path) -> str:
    with pytest.raises(BuildError) as caught:
        build(Course(root))
    return str(caught.value)


def test_a_right_lecture_has_none(unbuilt: Path) -> None:
    assert findings(unbuilt) == []


REFUSED = [
    (
        "a wrong alternative",
        ANSWERS,
        "2 / (1 / b + 1 / a)",
        "2 / (1 / b + 1.5 / a)",
        "the answer as_quotients is right, and gets 0%: «Rand",
    ),
    ("a right misconception", ANSWERS, "return (a + b) / 2", "return 2 / (1 / a + 1 / b)", "the answer arithmetic is wrong, and gets full"),
    ("outside its band", ANSWERS, '"part", title', '"slip", title', "the answer arithmetic is a slip (70% to 98%), and gets 33%."),
    ("no severity", ANSWERS, '"core", title', "title", "harmonic_mean: the answer half has no severity: say slip, part or core."),
    ("an unknown severity", ANSWERS, '"core", title', '"cor", title', "the answer half has the severity 'cor': say slip, part or core."),
    (
        "a see that leads nowhere",
        ANSWERS,
        '"Half", see="07 §1"',
        '"Half", see="07 §3"',
        "half says «see 07 §3», which leads nowhere",
    ),
    ("a see of another lecture", ANSWERS, '"Half", see="07 §1"', '"Half", see="05 §1"', "which leads nowhere: the notebook has 07 §1."),
    ("a missing argument", ANSWERS, "def half(a, b)", "def half(a, c=2)", "the answer half has no argument b: the exercise's are (a, b)."),
    ("another order", ANSWERS, "def half(a, b)", "def half(b, a)", "the answer half has its arguments in another order"),
    ("one argument more", ANSWERS, "def half(a, b)", "def half(a, b, c)", "the answer half has an argument more than the exercise: c."),
    ("a default that isn't there", ANSWERS, "half(a, b)", "half(a, b=1)", "has the argument «b=1», where the exercise has «b»."),
    ("large corners", SUITE, '"large numbers", 0.1', '"large numbers", 0.31', "its corners sum to 0.31 of the exercise; 0.3 is the most."),
    ("a small corner", SUITE, '"large numbers", 0.1', '"large numbers", 0.02', "the corner «large numbers» costs 0.02 of the exercise; "),
    ("no points", SUITE, '@aspect("equal numbers", 1)', '@aspect("equal numbers")', "the aspect «equal numbers» has no points"),
    ("only corners", SUITE, "@aspect(", "@corner(", "all its tests belong to corners, so there is nothing to earn"),
    ("a broken suite", SUITE, "import aspect", "import aspects, aspect", "the hidden suite of 07_tiny can't be run: "),
    (
        "a test that fails",
        SUITE,
        "mean(0.75, 0.75)).",
        "mean(0.75, 0.5)).",
        "solution of harmonic_mean gets 67%: «The mean of two",
    ),
    ("a strict public check", PUBLIC, "to(3.0)", "to(3.5)", "check «The mean of equal numbers is that number.» refuses the solution of h"),
    ("a broken public check", PUBLIC, "import exercise", "import exercises, exercise", "the public checks can't be run: "),
    (
        "a name of nothing",
        ANSWERS,
        "(a + b) / 2\n",
        "(a + b) / 2\nx = y\n",
        "tiny.py can't be imported: line 8: NameError: ",
    ),
    ("no Python", REFERENCE, "def harmonic", "def  = harmonic", "reference/tiny.py can't be imported: line 4: SyntaxError: "),
    ("a wrong solution", SCRIPT, "answer = 2.0 / total", "answer = 2.5 / total", "the solution of harmonic_mean gets 0%: «"),
    ("a solution that can't run", SCRIPT, "mean(a, b):", "mean(a, b=c):", "tiny.py can't be run: line 26: NameError: name 'c' is"),
    (
        "too few alternatives",
        ANSWERS,
        '@alternative("harmonic_mean")\ndef as_powers',
        "def as_powers",
        "harmonic_mean has 2 alternatives; it should",
    ),
    ("a strange answer", ANSWERS, '"harmonic_mean", "core"', '"mean", "core"', "has answers to 'mean', which is no exercise of tiny.py."),
]


@pytest.mark.parametrize(("path", "old", "new", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused(unbuilt: Path, path: str, old: str, new: str, sentence: str) -> None:
    edit(unbuilt / path, old, new)
    found = findings(unbuilt)
    assert any(sentence in finding for finding in found), found
    assert not any("Traceback" in finding or "\n" in finding for finding in found)


def test_a_build_refuses_and_writes_nothing_for_students(root: Path, stand_ins: None) -> None:
    released = root / "course/07_tiny/tiny.ipynb"
    before = released.read_bytes()
    edit(root / ANSWERS, "2 / (1 / b + 1 / a)", "2 / (1 / b + 1.5 / a)")
    edit(root / SCRIPT, "# # A tiny lecture", "# # A lecture")
    assert "07_tiny: harmonic_mean: the answer as_quotients is right, and gets 0%" in wrong(root)
    assert released.read_bytes() == before


def test_answers_are_judged_again_only_when_something_changed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    monkeypatch.setattr("autograder.build.answer_findings", lambda lecture, *others: judged.append(lecture.id) or [])
    build(Course(root))
    edit(root / SCRIPT, "# # A tiny lecture", "# # A very tiny lecture")
    build(Course(root))
    assert judged == []
    edit(root / ANSWERS, "You took another mean", "You took another kind of mean")
    build(Course(root), check=True)
    assert judged == []
    build(Course(root))
    build(Course(root))
    assert judged == ["07_tiny"]


def test_findings_are_found_again_in_the_next_build(root: Path) -> None:
    edit(root / ANSWERS, '"core", title', "title")
    assert "no severity" in wrong(root)
    assert "no severity" in wrong(root)


@pytest.mark.parametrize("path", [SCRIPT, PUBLIC, SUITE, REFERENCE, ANSWERS, "course/coursekit/figures/tiny.py"])
def test_a_place_to_fill_is_refused_with_its_line(root: Path, path: str) -> None:
    file = root / path
    file.parent.mkdir(exist_ok=True)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    file.write_text(text + "# TODO: more\n", encoding="utf-8")
    number = len(text.splitlines()) + 1
    assert f"07_tiny: {path}, line {number}: fill what is marked TODO." in wrong(root)


def test_a_demonstration_that_raises_in_a_students_notebook_is_refused(root: Path, stand_ins: None) -> None:
    edit(root / SCRIPT, 'if ready(harmonic_mean):\n    print("of 1 and 3:", harmonic_mean(1, 3))', 'print("of 1:", harmonic_mean(1, 1))')
    sentence = '07_tiny: in a student\'s notebook cell 6 «print("of 1:", harmonic_mean(1, 1))», line 1 '
    message = wrong(root)
    assert sentence in message and "raised NotImplementedError: what uses functions of exercises belongs into «if ready(…):»." in message
    assert sentence in wrong(root), "the next build finds it again"


def test_names_are_unique_also_where_one_lecture_is_built(root: Path) -> None:
    other = root / "solutions/08_other"
    shutil.copytree(root / "solutions/07_tiny", other)
    (other / "tiny.py").rename(other / "other.py")
    (other / "tiny.ipynb").unlink()
    with pytest.raises(BuildError, match="07_tiny: the exercise harmonic_mean is in 08_other too: names are unique over the course"):
        build(Course(root), [Lecture(root, "07_tiny")], check=True)


def test_courses_in_one_process_have_modules_of_their_own(unbuilt: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(unbuilt, tmp_path / "elsewhere"))
    edit(elsewhere / REFERENCE, "return product", "return 2 * product")
    assert findings(unbuilt) == []
    assert any("the solution of harmonic_mean gets " in finding for finding in findings(elsewhere))
    assert findings(unbuilt) == []
