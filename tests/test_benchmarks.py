"""The benchmarks' page says what its figures say, and the class that is graded is one that can be compared."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.judging.grading import grade_submission
from autograder.judging.sample_notebooks import write
from autograder.model.course import Lecture, find_course, source_of
from autograder.model.submission import read_submission
from autograder.sandbox.host import Sandbox

FOLDER = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(FOLDER))
try:
    import cells
    import costs
    import hostile
    import page
    import roster
    import speed
finally:
    sys.path.remove(str(FOLDER))

COURSE = find_course(FOLDER)
LECTURE = COURSE.lecture("05_batch_normalization")
REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_hostile_class" name="test_marks[as somebody-escape-good]"/>
<testcase classname="tests.test_hostile_class" name="test_marks[as somebody else-escape-good]"><skipped type="pytest.skip"/></testcase>
<testcase classname="tests.test_hostile_class" name="test_marks[as somebody-escape-bad]"/>
<testcase classname="tests.test_hostile_class" name="test_attempt[as somebody-escape-bad]"><failure/></testcase>
<testcase classname="tests.test_hostile_class" name="test_marks[as somebody-escape-known]"><skipped type="pytest.xfail"/></testcase>
<testcase classname="tests.test_hostile_class" name="test_marks[as somebody-escape-skipped]"><skipped type="pytest.skip"/></testcase>
<testcase classname="tests.test_hostile_class" name="test_nobody_survives[as somebody-escape]"/>
</testsuite></testsuites>"""


@pytest.mark.parametrize("lecture", COURSE.lectures(), ids=lambda lecture: lecture.id)
def test_a_class_in_which_nobody_answers_alike_has_the_same_marks(lecture: Lecture, tmp_path: Path, sandbox: Sandbox) -> None:
    right, *others = roster.class_of(lecture, 8)
    marks = []
    for number, notebook in enumerate([right, *others[roster.TROUBLED :]], start=200):
        grades = []
        for apart in (False, True):
            if apart:
                roster.set_apart(notebook, lecture, number)
            path = write(notebook, tmp_path / f"{number}.ipynb")
            grades.append(grade_submission(read_submission(path, COURSE, lecture=lecture), sandbox).exercises)
        assert [result.score for result in grades[0]] == [result.score for result in grades[1]]
        assert [result.misconception for result in grades[0]] == [result.misconception for result in grades[1]]
        marks.append([result.score for result in grades[0]])
    assert len({str(each) for each in marks}) > 2


def runs(*walls: float, **more: Any) -> list[dict[str, Any]]:
    return [{"wall": wall, "cpu": 2 * wall, "others": 0.0, **more} for wall in walls]


@pytest.fixture
def figures() -> dict[str, Any]:
    """Figures of a class of ten, of which nbgrader graded two: ours takes 0.1 s each, nbgrader 2.1 s with its start-up of a second."""
    costs = {page.OURS: runs(1.0, 0.5, 2.0), page.NBGRADER: runs(5.0, 3.0, 9.0)}
    about = {"graded": {page.OURS: 10, page.NBGRADER: 2}, "costs": costs, "start-up": runs(1.0, 1.0, 1.0)}
    return {"students": 10, "lectures": {"01_lecture": about}}


def test_the_page_has_the_stored_figures() -> None:
    stored = json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    shown = text.partition(page.BEGIN)[2].partition(page.END)[0]
    assert shown.strip() == page.render(stored).strip(), "run «python benchmarks --last --write»"


def test_instructors_are_told_what_the_stored_figures_say_of_a_class() -> None:
    stored = json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))
    text = (FOLDER.parent / "docs" / "instructors.md").read_text(encoding="utf-8")
    shown = text.partition(page.BEGIN)[2].partition(page.END)[0]
    assert shown.strip() == costs.render(stored["speed"]).strip(), "run «python benchmarks --last --write»"


def test_some_lectures_join_the_others_of_a_class_of_the_same_size() -> None:
    stored = {"students": 10, "minutes": 5, "lectures": {"02_b": "old", "03_c": "old"}}
    taken = {"students": 10, "minutes": 2, "lectures": {"02_b": "new", "01_a": "new"}}
    joined = speed.joined(stored, taken)
    assert list(joined["lectures"].items()) == [("01_a", "new"), ("02_b", "new"), ("03_c", "old")] and joined["minutes"] == 7
    assert speed.joined({**stored, "students": 20}, taken) == taken == speed.joined(None, taken)


def lecture_that_takes(worker: float) -> dict[str, Any]:
    """A run takes 2 s and 0.05 s a submission; of processors, the host has 0.01 s of it and a worker with its sandbox `worker` s."""
    peaks = {"host": 100.0, "worker": 60.0, "zygote": 30.0, "guest": 20.0}
    costs = {
        way: [
            {
                "wall": 2 + 0.05 * students,
                "cpu": 1 + (0.01 + worker) * students,
                "cpu_by_kind": {"host": 1 + 0.01 * students},
                "peaks": peaks | {"worker": 60.0 + turn},
            }
            for turn in range(3)
        ]
        for way, students in ((page.OURS, 100), (page.PART, 20))
    }
    return {"graded": {page.OURS: 100, page.PART: 20}, "costs": costs}


@pytest.fixture
def cost_block() -> str:
    """What is said of three lectures, of which the first is the worst."""
    lectures = {"01_worst": lecture_that_takes(0.64), "02_least": lecture_that_takes(0.02), "03_usual": lecture_that_takes(0.08)}
    return costs.render({"machine": {"processor": "one of ours, 2 cores"}, "lectures": lectures})


def test_a_class_on_a_laptop_is_start_up_and_so_much_for_each(cost_block: str) -> None:
    assert "(one of ours, 2 cores)" in cost_block
    assert "| usual: 03_usual | 2.0 s + 400 × 50.0 ms = **22 s** | 80.0 ms | 10.0 ms | 100 MiB | 112 MiB |" in cost_block
    assert "| worst: 01_worst | 2.0 s + 400 × 50.0 ms = **22 s** | 640.0 ms | 10.0 ms | 100 MiB | 112 MiB |" in cost_block
    assert "02_least" not in cost_block


def test_of_workers_and_host_the_slower_sets_a_clusters_time(cost_block: str) -> None:
    assert "| 2 | 67 min (the workers) | 533 min (the workers) |" in cost_block
    assert "| 32 | 17 min (the host) | 33 min (the workers) |" in cost_block


def test_of_a_peers_start_up_only_the_share_in_the_whole_class_counts(figures: dict[str, Any]) -> None:
    assert page.seconds_each(figures, "01_lecture", page.NBGRADER, "wall") == pytest.approx([2.1, 1.1, 4.1])
    assert page.seconds_each(figures, "01_lecture", page.OURS, "wall") == pytest.approx([0.1, 0.05, 0.2])


def test_nobody_in_a_class_of_cells_hands_in_what_another_does_and_the_tests_are_left_as_they_are(tmp_path: Path) -> None:
    cells.weather(tmp_path, {})
    shutil.copytree(tmp_path / "source", tmp_path / "release")
    cells.hand_in(tmp_path, roster.names(20), cells.WEATHER)
    given = json.loads((tmp_path / "source/ps1/weather.ipynb").read_text(encoding="utf-8"))["cells"]
    handed_in = [json.loads(path.read_text(encoding="utf-8"))["cells"] for path in tmp_path.glob("submitted/*/ps1/weather.ipynb")]
    for number, cell in enumerate(given):
        sources = {source_of(notebook[number]) for notebook in handed_in}
        if cell["metadata"].get("nbgrader", {}).get("locked"):
            assert sources == {source_of(cell)}
        else:
            assert len(sources) == 20


def test_a_class_of_cells_is_compared_as_a_whole_and_with_its_floor() -> None:
    peaks = {"host": 120.0, "all": 200.0}
    about = {
        "costs": {page.OURS: runs(4.0, 6.0, 5.0, peaks=peaks), page.NBGRADER: runs(120.0, 100.0, 130.0, peaks=peaks)},
        "marks": {"compared": 70, "least": 0.5, "most": 3, "different": 4},
        "floor": {"figures": 200, "drawing": 3.0, "cells": 4.0},
    }
    shown = page._cells({"machine": {}, "students": 50, "jobs": 2, "assignments": {"ps1": about}})
    assert "| ps1 | 5.0 | 120.0 | 24.0 (16.7 to 30.0): reached | 10.0 | 240.0 | 24.0 (16.7 to 30.0) | 120 | 200 | 200 |" in shown
    assert "take 4.0 s of a processor, 3.0 s of it for drawing 200 figures, so 2.0 s on 2 cores" in shown
    assert "nbgrader's wall clock is 60.0 times that" in shown and "Ours takes 3.0 s longer." in shown


def test_a_ratio_is_of_medians_and_its_spread_of_runs_in_pairs(figures: dict[str, Any]) -> None:
    assert page.times(figures, "01_lecture", page.NBGRADER, "wall", page.OURS) == pytest.approx((21.0, 20.5, 22.0))


def test_each_goal_of_each_lecture_is_said_to_be_reached_or_not(figures: dict[str, Any]) -> None:
    about = figures["lectures"]["01_lecture"]
    about["cold"] = runs(0.9, 0.6, 0.65)
    about["costs"][page.OURS] = runs(1.0, 0.5, 2.0, peaks={"host": 200.0, "worker": 151.0})
    about["costs"][page.PART] = runs(0.3, 0.2, 0.4, peaks={"host": 200.0, "worker": 100.0})
    about["costs"][page.FLOOR] = runs(0.4, 0.3, 0.5)
    about["graded"] |= {page.PART: 2, page.FLOOR: 10}
    goals = [cell.rpartition(": ")[2] for cell in page._goals(figures).splitlines()[-1].split("|")[2:-1]]
    assert [goal.strip() for goal in goals] == ["reached", "not reached", "reached", "not reached", "reached"]


def test_growth_is_told_by_what_each_further_submission_takes() -> None:
    classes = [{"students": 10, "wall": 5.0}, {"students": 30, "wall": 6.0}, {"students": 40, "wall": 8.0}]
    assert page._further(classes) == ["", "50", "200"]


FAMILY = """
import subprocess, sys, time
if sys.argv[1] == "host":
    for kind in ("spawn_main", "guest"):
        subprocess.run([sys.executable, __file__, kind])
while time.process_time() < {"host": 0.5, "spawn_main": 1.0, "guest": 0.6}[sys.argv[1]]:
    pass
"""
MEASURED = """
import json, os, sys
from pathlib import Path
import meter
print(json.dumps(meter.measure([sys.executable, sys.argv[1], "host"], Path(), os.environ).cpu_by_kind))
"""


def test_processor_time_is_told_by_kind_of_process(tmp_path: Path) -> None:
    (tmp_path / "family.py").write_text(FAMILY, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", MEASURED, tmp_path / "family.py"], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == pytest.approx({"host": 0.5, "worker": 1.0, "sandbox": 0.6}, abs=0.2)


def test_what_is_put_on_the_page_leaves_the_rest_alone(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", encoding="utf-8")
    page.put(path, "new\n")
    assert path.read_text(encoding="utf-8") == f"before\n{page.BEGIN}\nnew\n{page.END}\nafter\n"


def test_a_hostile_case_passes_only_if_every_test_about_it_does() -> None:
    found = hostile.counted(REPORT)
    assert (found["passed"], found["all"]) == (1, 4)
    assert found["not"] == ["escape-bad", "escape-known", "escape-skipped"]
    assert found["class-wide"] == {"passed": 1, "all": 1}


def test_no_two_of_a_class_hand_in_the_same() -> None:
    sources = [json.dumps([source_of(cell) for cell in notebook["cells"]]) for notebook in roster.class_of(LECTURE, 60)]
    assert len(set(sources)) == 60


def test_a_sample_is_drawn_evenly_and_never_twice() -> None:
    assert roster.sample("abcdefghij", 5) == list("acegi")
    assert roster.sample("abc", 9) == list("abc")


def test_a_run_with_another_mark_stops_the_comparison() -> None:
    seen = {("ada", "test_f"): 1.0}
    speed.agree(seen, {("ada", "test_f"): 1.0}, "another", ["ada"])
    with pytest.raises(SystemExit, match=r"ada test_f: 1\.0 and 2\.0"):
        speed.agree(seen, {("ada", "test_f"): 2.0}, "another", ["ada"])
    with pytest.raises(SystemExit, match="bob is missing"):
        speed.agree(seen, {("ada", "test_f"): 1.0}, "another", ["ada", "bob"])
