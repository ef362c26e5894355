"""The demonstration on small classes: who is in them, what they hand in, what is written, and what is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from statistics import correlation, mean

import pytest

from autograder.demo import new_course, run_demo
from autograder.demo.hand_ins import due, hand_in, mistakes
from autograder.demo.mistakes import FUNCTIONS, KINDS, RIGHT, TYPES, UNFINISHED, kind_of
from autograder.demo.students import BROKEN, LOOPS, UNTOUCHED, enrol
from autograder.demo.written_answers import written_answers
from autograder.errors import CourseError
from autograder.gradebook.exchange_files import SECRET, TIMESTAMP, time_of
from autograder.judging.known_answers import catalogue
from autograder.model.course import CONFIG, Course, find_course, grade_id, source_of

HERE = find_course(Path(__file__).parent)
ID, SLUG = "05_batch_normalization", "batch_normalization"
LECTURES = [HERE.lecture(name) for name in ("01", "05", "09")]
WRITTEN = f"written_{SLUG}"
UNEXPLAINED = catalogue(HERE.lecture(ID).hidden).unexplained
COUNTED = sum(kind.count for kind in (*KINDS, *UNFINISHED))


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """The course with one lecture, so that the demo is quick."""
    root, lecture = tmp_path_factory.mktemp("course"), HERE.lecture(ID)
    shutil.copy(HERE.root / CONFIG, root)
    for path in (lecture.source, lecture.released):
        copy = root / path.relative_to(HERE.root)
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
    return Course(root)


@pytest.fixture(scope="module")
def thirty(tmp_path_factory) -> Course:
    """A course in which a class of 30 has handed in three lectures."""
    demo = new_course(HERE, tmp_path_factory.mktemp("demo") / "thirty", LECTURES)
    hand_in(demo, enrol(30, 3))
    return demo


def test_a_class_is_graded_recorded_and_shown(course, tmp_path, capsys):
    said: list[str] = []
    results = run_demo(course, tmp_path / "demo", 7, said.append)
    by_name = {result.student: result for result in results}
    assert by_name.keys() == {student.name for student in enrol(7, 1)}
    for student in enrol(7, 1):
        exercises = {exercise.name: exercise for exercise in by_name[student.name].exercises}
        wrong = {*mistakes(student, course.lecture(ID)), *(UNEXPLAINED if student.together else ())}
        full = {name for name, exercise in exercises.items() if exercise.score == exercise.max_score}
        assert full <= exercises.keys() - wrong, student
        assert wrong or full == exercises.keys(), student
        if student.together:
            assert [exercises[name].misconception for name in UNEXPLAINED] == [None]
    assert any(exercise.misconception for result in results for exercise in result.exercises)
    table = capsys.readouterr().out
    assert f"{ID}: " in table and "misconceptions" in table
    named = [line.split("   ")[0].strip() for line in said if line.startswith("  ")]
    assert len(named) == 3, said
    assert all(Path(name).is_file() for name in named), named
    assert "batchnorm_backward" in (tmp_path / "demo" / "report" / "index.html").read_text()
    assert len(list((tmp_path / "demo" / "feedback").glob(f"*/{ID}/{SLUG}.html"))) == 7
    check_gradebook(tmp_path / "demo", course)


def check_gradebook(folder: Path, course: Course) -> None:
    """There is a due date, somebody is late, and written answers are graded in the first half of the class alone."""
    from nbgrader.api import Gradebook

    answers = {student.name: written_answers(student, course.lecture(ID))[WRITTEN] for student in enrol(7, 1)}
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        assert gradebook.find_assignment(ID).duedate == due(0).replace(tzinfo=None)
        late = {one.student.id for one in gradebook.assignment_submissions(ID) if one.total_seconds_late}
        assert late == {student.name for student in enrol(7, 1) if student.late} != set()
        for number, (name, answer) in enumerate(sorted(answers.items())):
            grade = gradebook.find_grade(WRITTEN, SLUG, ID, name)
            comment = gradebook.find_comment(WRITTEN, SLUG, ID, name)
            graded = (answer.points, answer.comment, False) if number < 3 else (None, None, True)
            if answer.text:
                assert (grade.manual_score, comment.manual_comment, bool(grade.needs_manual_grade)) == graded, name
            else:
                assert (grade.score, grade.needs_manual_grade) == (0, False), name


def test_the_class_is_the_same_on_every_run(thirty, tmp_path):
    """Also where texts have other hashes."""
    code = f"""
from pathlib import Path
from autograder.demo import new_course
from autograder.demo.hand_ins import hand_in
from autograder.demo.students import enrol
from autograder.model.course import Course
course = Course(Path({str(HERE.root)!r}))
demo = new_course(course, Path({str(tmp_path / "again")!r}), [course.lecture(name) for name in {[lecture.id for lecture in LECTURES]}])
hand_in(demo, enrol(30, 3))
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert hash_of(thirty.root / "submitted") == hash_of(tmp_path / "again" / "submitted")


def hash_of(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert files
    return hashlib.sha256(b"".join(path.relative_to(folder).as_posix().encode() + path.read_bytes() for path in files)).hexdigest()


def test_everybody_who_was_promised_is_there(thirty):
    students = enrol(30, 3)
    first, second, third = ids = [lecture.id for lecture in thirty.lectures()]
    cells = {(student.name, lecture): cells_of(thirty, student.name, lecture) for student in students for lecture in ids}
    handed_in = Counter(tuple(lecture for lecture in ids if cells[student.name, lecture] is not None) for student in students)
    assert handed_in == {(first, second, third): 26, (first,): 2, (first, second): 1, (second, third): 1}

    for what, lecture in ((LOOPS, second), (BROKEN, second), (UNTOUCHED, third)):
        (student,) = (student for student in students if what in student.mishaps.values())
        found = cells[student.name, lecture]
        assert found is not None
        if what == LOOPS:
            assert "while step >= 0:" in found["batchnorm_forward"]
        elif what == BROKEN:
            assert not found
        else:
            assert all(exercise.stub == found[exercise.name] for exercise in thirty.lecture(third).exercises)

    right = [student for student in students if not any(mistakes(student, lecture) for lecture in thirty.lectures())]
    assert len(right) >= 6, "every fifth, and whoever is strong enough"
    assert len({cells[student.name, first]["softmax"] for student in right}) > 2, "in styles of their own"

    odd = [found["fold_batchnorm"] for found in cells.values() if found and "fold_batchnorm" in found]
    assert odd.count(UNEXPLAINED["fold_batchnorm"]) == 4
    made = [mistake for student in students for mistake in mistakes(student, thirty.lecture(second)).values()]
    most = Counter(mistake.known.id for mistake in made if mistake.known).most_common()
    assert most[2][1] >= 4, "the same mistakes at many"
    assert sum(bool(mistake.beside) for mistake in made) > 3, "two mistakes in one function"

    written = [found[WRITTEN] for found in cells.values() if found and WRITTEN in found]
    assert 0 < written.count("YOUR ANSWER HERE") < 10 < len(set(written))


def cells_of(course: Course, student: str, lecture: str) -> dict[str, str] | None:
    """Return the cells of a hand-in by their `grade_id`: none in a broken file, and None where nothing was handed in."""
    folder = course.root / "submitted" / student / lecture
    if not folder.exists():
        return None
    notebook = f"{lecture[3:]}.ipynb"
    assert {path.name for path in folder.iterdir()} == {notebook, TIMESTAMP, SECRET}
    assert time_of((folder / TIMESTAMP).read_text())
    try:
        return {grade_id(cell): source_of(cell) for cell in json.loads((folder / notebook).read_text())["cells"]}
    except ValueError:
        return {}


def test_who_is_strong_stays_strong():
    students = enrol(90, 3)
    right = [[1 - len(mistakes(student, lecture)) / len(lecture.points) for student in students] for lecture in LECTURES]
    assert all(correlation(one, other) > 0.6 for one, other in combinations(right, 2))
    assert all(sum(share == 1 for share in shares) < 45 and min(shares) < 0.25 for shares in right)
    lecture = LECTURES[1]
    missed = Counter(name for student in students for name in mistakes(student, lecture))
    assert correlation([lecture.points[name] for name in missed], list(missed.values())) > 0.6, "harder exercises are missed more often"


def test_mistakes_are_as_frequent_as_the_counts_say():
    """A kind is counted in those exercises that have a misconception of it."""
    students = enrol(300, 3)
    made = [(name, one.kind) for student in students for lecture in LECTURES for name, one in mistakes(student, lecture).items()]
    functions = sum(len(lecture.points) for lecture in LECTURES) * len(students)
    assert abs(1 - len(made) / functions - RIGHT / FUNCTIONS) < 0.07
    for kind in (*KINDS, *UNFINISHED):
        among = {
            known.exercise for lecture in LECTURES for known in catalogue(lecture.hidden).misconceptions if kind_of(known.title) is kind
        } or {name for name, _ in made}
        kinds = Counter(found for name, found in made if name in among)
        if kind.count >= 15:
            assert 0.5 < (kinds[kind] / kinds.total()) / (kind.count / COUNTED) < 2, kind.name
    assert Counter(kind for _, kind in made).most_common(1)[0][0] is TYPES


def test_no_mistake_takes_the_place_of_another():
    """Some wrong backward passes bring a forward pass of their own, which must not hide that the student's is wrong in another way."""
    lectures = [HERE.lecture(name) for name in ("11", "12")]
    for student in enrol(250, len(lectures)):
        for made in (mistakes(student, lecture) for lecture in lectures):
            brought = {other: name for name, one in made.items() for other in one.functions if other != name}
            assert brought.keys().isdisjoint(made), (student.name, brought)


def test_habits_last():
    """Who has a habit makes such mistakes more often than others do, in each lecture."""
    students, kind = [student for student in enrol(300, 3) if student.ability < 2], TYPES
    for lecture in LECTURES:
        share = {
            habit: mean([one.kind is kind for s in students if (kind in s.habits) is habit for one in mistakes(s, lecture).values()])
            for habit in (True, False)
        }
        assert share[True] > 1.5 * share[False]


def test_each_kind_has_misconceptions():
    titles = [known.title for lecture in HERE.lectures() for known in catalogue(lecture.hidden).misconceptions]
    assert {kind_of(title) for title in titles} == set(KINDS)


def test_four_hundred_students_have_names_of_their_own():
    assert len({student.name for student in enrol(400, 1)}) == 400
    assert {student.lectures for student in enrol(400, 1)} == {range(1)}, "with one lecture, everybody hands it in"


def test_nothing_that_is_not_a_demo_is_overwritten(course, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CourseError, match="not empty"):
        new_course(course, tmp_path, course.lectures())
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    again = new_course(course, tmp_path / "demo", course.lectures())
    (again.root / "submitted").mkdir()
    assert not (new_course(course, tmp_path / "demo", course.lectures()).root / "submitted").exists()
