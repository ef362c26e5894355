"""Hand-ins that are closer to each other than the class is, and only those."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

from autograder.errors import SubmissionError
from autograder.judging.sample_notebooks import fill, solved, write
from autograder.model.course import CONFIG, Course, find_course
from autograder.report.alike import FEWEST, closest_pairs, pairs_among

HERE = find_course()
LECTURE = HERE.lecture("11_dropout")


def class_of(count, own=200, common=50, few=20):
    """Return fingerprints: what all have, what is a student's own, and a few that a student has from a pool."""
    rng = np.random.default_rng(count)
    return {
        f"s{number:02}": {
            "one": {*range(common), *(1000 * (number + 1) + place for place in range(own))},
            "two": {int(each) for each in rng.choice(range(500, 900), few, replace=False)},
        }
        for number in range(count)
    }


def test_a_class_of_different_hand_ins_has_no_pair():
    assert pairs_among(class_of(20)) == ()


def test_two_that_share_what_only_few_have_are_a_pair():
    prints = class_of(20)
    prints["s07"]["one"] = prints["s03"]["one"] | set(range(99_000, 99_010))
    (pair,) = pairs_among(prints)
    assert pair.students == ("s03", "s07") and pair.share > 0.8 and pair.exercises[0] == "one"


def test_what_is_common_to_the_class_makes_no_pair():
    """Everybody of a third has the same answer: that is the obvious one."""
    prints = class_of(21, own=140)
    for number in range(0, 21, 3):
        prints[f"s{number:02}"]["one"] |= set(range(50_000, 50_200))
    assert pairs_among(prints) == ()


def circle(shared):
    """Return ten hand-ins, each with four blocks that it shares with its neighbours in a circle, or has alone; two share a large block."""
    prints = {f"s{number}": {"one": set(range(600)) if number in (0, 5) else set()} for number in range(10)}
    for number in range(10):
        for place, other in enumerate(((number + 1) % 10, (number + 2) % 10)):
            start = 1000 * (1 + 10 * place + number)
            prints[f"s{number}"]["one"] |= set(range(start, start + 100))
            prints[f"s{other}"]["one"] |= set(range(start if shared else 50_000 + start, (start if shared else 50_000 + start) + 100))
    return prints


def test_what_is_close_depends_on_how_close_the_class_is():
    """The same two hand-ins are a pair where the others share nothing, and none where many pairs share much."""
    (pair,) = pairs_among(circle(shared=False))
    assert pair.students == ("s0", "s5") and pair.share == 0.6
    assert pairs_among(circle(shared=True)) == ()


def test_too_little_of_its_own_is_not_compared():
    def twins(size):
        return pairs_among({name: {"one": set(range(size))} for name in ("ada", "bao")})

    assert len(twins(FEWEST)) == 1 and twins(FEWEST - 1) == ()


@pytest.fixture
def course(tmp_path):
    """A class of six: two with the same long answer of their own, one with nothing, the others with the solution."""
    pytest.importorskip("copydetect")
    shutil.copy(HERE.root / CONFIG, tmp_path)
    (tmp_path / "course").symlink_to(HERE.root / "course")
    (tmp_path / "solutions").symlink_to(HERE.root / "solutions")
    name = LECTURE.exercises[1].name
    own = f"def {name}(*args):\n" + "\n".join(
        f"    value_{number} = [item ** {number} + {number * 7} for item in args if item != {number}]" for number in range(12)
    )
    renamed = own.replace("value_", "other_").replace("item", "each") + "\n    # my own work"
    for student, notebook in {
        "ada": fill(LECTURE, {name: own}),
        "bao": fill(LECTURE, {name: renamed}),
        "cy": fill(LECTURE, {}),
        **{f"right{number}": solved(LECTURE) for number in range(6)},
    }.items():
        write(notebook, tmp_path / "submitted" / student / LECTURE.id / f"{LECTURE.slug}.ipynb")
    return Course(tmp_path)


def test_names_and_comments_make_no_difference_and_given_code_none_either(course):
    students = ["ada", "bao", "cy", *(f"right{number}" for number in range(6)), "nobody"]
    (pair,) = closest_pairs(course, course.lecture(LECTURE.id), students)
    assert pair.students == ("ada", "bao") and pair.share > 0.9 and pair.exercises == (LECTURE.exercises[1].name,)


def test_the_same_twice(course):
    students = ["ada", "bao", "right0", "right1"]
    lecture = course.lecture(LECTURE.id)
    assert closest_pairs(course, lecture, students) == closest_pairs(course, lecture, students)


def test_without_copydetect_there_is_a_sentence(course, monkeypatch):
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(SubmissionError, match="pip install copydetect"):
        closest_pairs(course, course.lecture(LECTURE.id), ["ada"])
