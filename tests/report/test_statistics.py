"""From results to a class in numbers: students, exercises, tests, and what wants the instructor's eye."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.gradebook.manual import ByHand, CellMark
from autograder.report.class_report import advice_on
from autograder.report.course_so_far import so_far
from autograder.report.mistakes import mistakes_of, unexplained_of
from autograder.report.standing import SIGNS
from autograder.report.statistics import outcome_of, standing_of

from .conftest import LECTURE, POINTS, SWAPPED, exercise, result, ungraded, untouched


def standing(results, by_hand=None, handed_in=(), known=(), lecture=LECTURE):
    return standing_of(lecture, POINTS, results, by_hand or ByHand(), handed_in, known)


def row(found, student):
    return next(one for one in found.students if one.student == student)


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (exercise("mask"), "right"),
        (exercise("mask", 0.5), "partly"),
        (exercise("mask", 0.0), "wrong"),
        (exercise("mask", 0.0, "error"), "wrong"),
        (exercise("mask", 0.5, "error"), "partly"),
        (exercise("mask", 0.5, "timeout"), "timeout"),
        (untouched("mask"), "untouched"),
    ],
)
def test_each_outcome_has_its_sign(one, outcome):
    assert outcome_of(one) == outcome and outcome in SIGNS


def test_everybody_of_the_class_has_a_state():
    found = standing([result("ada"), ungraded("bao", "the file is empty")], handed_in={"ada", "bao", "cy"}, known={"ada", "dee"})
    assert {one.student: one.state for one in found.students} == {
        "ada": "graded",
        "bao": "not graded",
        "cy": "waits for grading",
        "dee": "not handed in",
    }
    assert row(found, "bao").problems == ("the file is empty",) and found.handed_in == 3


def test_who_loops_who_wrote_nothing_and_who_has_all_wrong_are_told_apart():
    loops = result("loops", exercise("mask", 0.0, "timeout"), exercise("forward", 0.0), exercise("backward", 0.0))
    nothing = result("nothing", *map(untouched, POINTS))
    wrong = result("wrong", exercise("mask", 0.0), exercise("forward", 0.0, "error"), untouched("backward"))
    found = standing([loops, nothing, wrong, result("right")])
    told = {one.student: (one.endless, one.wrote_nothing, one.all_wrong) for one in found.students}
    assert told == {
        "loops": (("mask",), False, False),
        "nothing": ((), True, False),
        "wrong": ((), False, True),
        "right": ((), False, False),
    }
    assert (row(found, "wrong").stuck, row(found, "wrong").untouched) == (2, 1)


def test_levels_with_and_without_manual_points():
    """Scores by hand take the automatic ones' place; written answers and extra credit are added; a waiting answer counts 0."""
    marks = {
        (LECTURE, "ada"): (CellMark("test_mask", 1.5, 0.0, False), CellMark("written_dropout", 2.0, 0.5, False)),
        (LECTURE, "bao"): (CellMark("written_dropout", None, 0.0, True),),
    }
    by_hand = ByHand(frozenset(), {LECTURE: {"written_dropout": 3.0}}, marks, {(LECTURE, "bao"): 1.0})
    found = standing([result("ada", exercise("mask", 0.0)), result("bao", exercise("forward", 0.5)), result("cy")], by_hand)
    scores = [9.5, 8.0, 10.0]
    assert [one.score for one in found.students] == scores
    assert (found.automatic.mean, found.automatic.median, found.automatic.maximum) == (pytest.approx(np.mean(scores)), 9.5, 10.0)
    totals = [12.0, 8.0, 10.0]
    assert [one.total for one in found.students] == totals
    assert (found.with_manual.mean, found.with_manual.median, found.with_manual.maximum) == (pytest.approx(np.mean(totals)), 10.0, 13.0)
    assert [one.student for one in found.waiting] == ["bao"] and row(found, "bao").penalty == 1.0
    assert sum(found.bins) == 3 and found.bins[-1] == 2 and found.bins[8] == 1


def test_discrimination_is_the_correlation_with_the_rest_of_the_lecture():
    rng = np.random.default_rng(0)
    shares = rng.choice([0.0, 0.25, 0.5, 1.0], size=(12, 3))
    results = [
        result(f"s{number:02}", *(exercise(name, share) for name, share in zip(POINTS, each, strict=True)))
        for number, each in enumerate(shares)
    ]
    points = shares * list(POINTS.values())
    for index, one in enumerate(standing(results).exercises):
        rest = np.delete(points, index, axis=1).sum(axis=1)
        assert one.discrimination == pytest.approx(np.corrcoef(points[:, index], rest)[0, 1])
        assert one.mean == pytest.approx(shares[:, index].mean())


@pytest.mark.parametrize("count", [0, 1, 4, 8])
def test_no_correlation_without_differences_or_with_few_students(count):
    results = [result(f"s{number}", exercise("mask", number / 10)) for number in range(count)]
    assert [one.discrimination for one in standing(results).exercises] == [None] * 3


def test_rates_are_of_those_who_tried():
    results = [result("a", exercise("mask", 0.5)), result("b", untouched("mask")), result("c")]
    mask = standing(results).exercises[0]
    assert mask.attempted == 2 and mask.outcomes == {"right": 1, "partly": 1, "wrong": 0, "timeout": 0, "untouched": 1}
    assert {test.sentence: (test.passed, test.tried) for test in mask.tests}["First values are right."] == (1, 2)
    assert (mask.aspects[0].name, mask.aspects[0].failed, mask.aspects[0].tried, mask.aspects[0].corner) == ("values", 1, 2, False)


def kinds(results, *wanted):
    return {(flag.exercise, flag.kind): flag for flag in standing(results).flags if not wanted or flag.kind in wanted}


def test_a_test_that_nobody_passes_and_those_that_everybody_passes_are_flagged():
    results = [result(f"s{number}", exercise("mask", 0.5, failed=["Integers are right."])) for number in range(6)]
    flags = kinds(results)
    assert flags["mask", "nobody passes"].tests == ("Integers are right.",) and flags["mask", "nobody passes"].students == 6
    assert len(flags["mask", "everybody passes"].tests) == 3
    assert ("forward", "nobody passes") not in flags
    assert not kinds(results[:4]), "four students are too few"


def class_of_thirty(failing):
    """Thirty students, the later the better in forward and backward; those of `failing` fail one test of mask."""
    levels = np.linspace(0, 0.9, 30)
    return [
        result(
            f"s{number:02}",
            exercise("mask", 0.75 if number in failing else 1.0, failed=["x stays as it is."] if number in failing else []),
            exercise("forward", level),
            exercise("backward", level),
        )
        for number, level in enumerate(levels)
    ]


def test_a_test_that_the_strong_fail_more_often_is_flagged():
    flag = kinds(class_of_thirty(range(22, 30)))["mask", "the strong fail"]
    assert (
        flag.tests == ("x stays as it is.",)
        and flag.sentence.startswith("8 of the 10 strongest fail")
        and "0 of the 10 weakest" in flag.sentence
    )
    assert ("mask", "no discrimination") in kinds(class_of_thirty(range(22, 30)))


@pytest.mark.parametrize("failing", [range(8), range(0, 30, 2), range(28, 30)], ids=["the weak", "half of all", "two of the strong"])
def test_what_may_be_chance_is_no_flag(failing):
    assert not kinds(class_of_thirty(failing), "the strong fail")


# --- mistakes -------------------------------------------------------------------------------------------------------------


def test_mistakes_stand_by_exercise_and_frequency():
    other = SWAPPED.__class__("forward_other", "Another", "You …", "11 §3")
    results = [
        result("ada", exercise("forward", 0.25, known=other)),
        result("bao", exercise("forward", 0.25, known=SWAPPED), exercise("backward", 0.5, known=other)),
        result("cy", exercise("forward", 0.5, known=SWAPPED)),
    ]
    found = [(one.exercise, one.known.id, one.students) for one in mistakes_of(results)]
    assert found == [
        ("forward", "forward_swapped", ("bao", "cy")),
        ("forward", "forward_other", ("ada",)),
        ("backward", "forward_other", ("bao",)),
    ]


def test_the_same_wrong_answers_stand_together():
    asked = []
    same = exercise("forward", 0.25, said="out[0]: got 1.0, expected 2.0")
    results = [
        result("ada", same),
        result("bao", exercise("forward", 0.25, said="out[0]: got 3.0, expected 2.0")),
        result("cy", same),
        result("dee", exercise("forward", 0.25, known=SWAPPED, said="out[0]: got 1.0, expected 2.0")),
        result("eve", untouched("forward")),
        result("fay", exercise("forward", 0.25, "timeout", said="out[0]: got 1.0, expected 2.0")),
    ]
    groups = unexplained_of(results, lambda student, name: asked.append((student, name)) or "def forward(): ...")
    assert [group.students for group in groups] == [("ada", "cy"), ("bao",)]
    assert asked == [("ada", "forward")] and [bool(group.code) for group in groups] == [True, False]
    assert groups[0].failed == (("First values are right.", "out[0]: got 1.0, expected 2.0"),) and groups[0].aspects == ("values",)


def test_a_group_that_stands_together_before_may_follow_from_that():
    pair = [result(name, exercise("forward", 0.25), exercise("backward", 0.5)) for name in ("ada", "bao")]
    groups = unexplained_of([*pair, result("cy", exercise("forward", 0.25))], lambda *_: "")
    assert [(group.exercise, len(group.students), group.after) for group in groups] == [("forward", 3, ""), ("backward", 2, "forward")]


# --- what to do next ------------------------------------------------------------------------------------------------------


def advice(results, **about):
    found = standing(results, **about)
    return advice_on(found, mistakes_of([one for one in results if one.graded]), unexplained_of(results, lambda *_: ""))


def test_three_sentences_say_what_to_do_next():
    wrong = [result(f"s{number}", exercise("forward", 0.25, known=SWAPPED)) for number in range(5)]
    alike = [result(f"t{number}", exercise("backward", 0.5)) for number in range(3)]
    explain, look, wait = advice([*wrong, *alike, result("u")], known={"v", "w"})
    assert explain == "Explain forward: 5 of 9 have the mistake «Keeping and dropping are swapped» (see 11 §2)."
    assert look == "Look at backward: 3 fail it in the same way, which no known mistake explains."
    assert wait == "Ask who has not handed in: v, w."


def test_nothing_to_do_is_no_sentence():
    assert advice([result("ada"), result("bao")]) == ()


def test_a_test_that_nobody_passes_comes_before_a_group_of_fewer():
    results = [result(f"s{number}", exercise("mask", 0.5, failed=["Integers are right."], said=f"{number // 2}")) for number in range(6)]
    (look,) = advice(results)
    assert look == "Look at a test of mask: none of 6 passes the test «Integers are right.»."


def test_an_exercise_that_many_leave_out():
    results = [result(f"s{number}", untouched("backward")) for number in range(3)] + [
        result("empty", *map(untouched, POINTS)),
        result("ada"),
    ]
    assert advice(results)[0] == "Explain how to begin backward: 3 of 5 left it out, though they did others."


# --- over the lectures ----------------------------------------------------------------------------------------------------


def course(*lectures):
    everybody = {student for students in lectures for student in students} | {"nobody"}
    return [
        standing([result(student, lecture=f"{number:02}_x") for student in students], known=everybody, lecture=f"{number:02}_x")
        for number, students in enumerate(lectures, start=1)
    ]


@pytest.mark.parametrize(
    ("lectures", "stopped"),
    [
        ((["ada", "bao"],), []),
        ((["ada", "bao"], ["ada"]), ["bao"]),
        ((["ada", "bao"], ["ada"], ["ada", "bao"]), []),
        ((["ada", "bao", "cy"], ["ada", "cy"], ["ada"]), ["bao"]),
        ((["ada"], ["ada"], ["ada", "late"]), []),
    ],
)
def test_who_has_stopped_handing_in(lectures, stopped):
    found = so_far(course(*lectures))
    assert [student.student for student in found if student.stopped] == stopped
    nobody = next(student for student in found if student.student == "nobody")
    assert nobody.handed_in == 0 and nobody.mean is None and not nobody.stopped
