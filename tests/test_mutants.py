"""``make mutants`` really finds a weak suite, and fails where a survivor has no reason."""

from __future__ import annotations

import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from autograder.model.course import HiddenModules, find_course

ROOT = Path(__file__).parents[1]
pytest.importorskip("cosmic_ray")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits on a mutant need Linux")

SOURCE = "def double(x):\n    return x * 2\n"
LOOP = "def double(x):\n    total = 0\n    while total < 2 * x:\n        total += 1\n    return total\n"
WEAK, STRONG = (2,), (2, 3)  # 2 is a poor input: 2·2, 2 + 2 and 2² are the same


@pytest.fixture
def tool(monkeypatch):
    """The modules of mutants/, importable as its scripts import them."""
    monkeypatch.syspath_prepend(str(ROOT / "mutants"))
    names = ("judging", "mutating", "reasons", "subjects", "table")
    yield ModuleType("tool")
    for name in names:
        sys.modules.pop(name, None)


def main_of(tool):
    """Return the module of ``python mutants``; the fixture `tool` makes its imports work."""
    spec = spec_from_file_location("mutants_main", ROOT / "mutants" / "__main__.py")
    main = module_from_spec(spec)
    spec.loader.exec_module(main)
    return main


@pytest.fixture
def subject(tool, tmp_path):
    """Plant a lecture of one function, whose suite tries the given inputs."""
    from judging import Subject

    def plant(inputs, source=SOURCE):
        hidden = HiddenModules(tmp_path, "planted")
        for path in (hidden.suite, hidden.reference):
            path.parent.mkdir(exist_ok=True)
        hidden.reference.write_text(SOURCE)
        hidden.suite.write_text(
            "from coursekit import exercise, expect\n\n\n@exercise('double')\nclass TestDouble:\n"
            "    def test_inputs(self, student, reference):\n        '''It doubles.'''\n"
            f"        for x in {inputs}:\n            expect(student.double(x)).equals(reference.double(x))\n"
        )
        return Subject(hidden, "double", "reference", source, {}, ("double",))

    return plant


def judged(subject, seconds=3):
    from judging import judge_mutants
    from mutating import mutants_of

    return judge_mutants(subject, mutants_of(subject.source), seconds)


def survivors(verdicts):
    return {verdict.mutant.becomes for verdict in verdicts if not verdict.caught}


def test_a_weak_suite_lets_mutants_through_and_a_strong_one_none(subject):
    weak = judged(subject(WEAK))
    assert survivors(weak) == {"return x + 2", "return x ** 2"}
    assert len(weak) > 10
    assert survivors(judged(subject(STRONG))) == set()


def test_a_survivor_without_a_reason_fails_the_run_and_so_does_a_reason_without_a_survivor(tool, subject, tmp_path, capsys):
    from reasons import as_toml

    main = main_of(tool)
    weak, path = judged(subject(WEAK)), tmp_path / "survivors.toml"
    assert main.report(weak, path=path) == 1
    assert "return x + 2" in capsys.readouterr().out

    empty = as_toml(verdict for verdict in weak if not verdict.caught)
    path.write_text(empty)
    assert main.report(weak, path=path) == 1, "an empty reason is none"
    path.write_text(empty.replace('reason = ""', 'reason = "planted"'))
    assert main.report(weak, path=path) == 0
    assert main.report(judged(subject(STRONG)), path=path) == 1
    assert "what doesn't survive" in capsys.readouterr().out


def test_a_function_without_full_marks_is_not_mutated(subject):
    from judging import JudgingFailed, seconds_for

    with pytest.raises(JudgingFailed, match="does not get full marks"):
        seconds_for(subject(STRONG, SOURCE.replace("*", "+")))


def test_a_mutant_that_never_ends_is_caught(subject):
    from judging import judge_mutants
    from mutating import Mutant

    endless = Mutant(LOOP.replace("total += 1", "total += 0"), "by hand", "", "")
    (verdict,) = judge_mutants(subject(STRONG, LOOP), [endless], seconds=1)
    assert verdict.caught


def test_what_no_caller_sees_and_what_is_no_program_is_no_mutant(tool):
    from mutating import mutants_of

    source = 'def f(x: int = None) -> "int | None":\n    """Text 1 + 1."""\n    raise ValueError(f"{1 + 1} and {x}")\n'
    assert list(mutants_of(source)) == []


def test_a_forward_pass_is_judged_by_its_backward_pass_too(tool):
    from judging import judges_of

    names = ("norm_forward", "norm_backward", "other_forward")
    assert [judges_of(name, names) for name in names] == [names[:2], names[1:2], names[2:]]


def test_every_survivor_that_is_known_has_a_reason():
    known = tomllib.loads((ROOT / "mutants" / "survivors.toml").read_text(encoding="utf-8"))["survivor"]
    assert known
    for entry in known:
        assert entry["origin"] in ("reference", "solution") and entry["becomes"]
        assert len(entry["reason"]) > 15


def test_what_is_left_out_is_an_exercise_and_has_a_reason(tool):
    from reasons import read_left_out

    left_out = read_left_out(ROOT / "mutants" / "survivors.toml")
    assert "capstone" in left_out and all(left_out.values())
    assert left_out.keys() <= {name for lecture in find_course(ROOT).lectures() for name in lecture.points}


def test_what_is_left_out_is_not_judged(tool):
    assert main_of(tool).judge_lecture(find_course(ROOT).lecture("14_practice"), frozenset({"capstone"}), 1) == []
