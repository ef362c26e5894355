"""A class is graded once: twins together, nothing again that was graded before, and everything again when anything changed."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import coursekit
from autograder.errors import CourseError, SubmissionError, WorkerError
from autograder.judging.sample_notebooks import fill, solved, write
from autograder.limits import LIMITS, Limits
from autograder.model import course as course_module
from autograder.model.course import CONFIG, Course, find_course
from autograder.model.results import submission_from_json, submission_to_json
from autograder.model.submission import read_submission
from autograder.runners import class_run as classroom
from autograder.runners import grader_version as installed
from autograder.runners import local as executors
from autograder.runners import worker
from autograder.runners.class_run import Handin, Options, fingerprint, grade, handins, latest, submitted
from autograder.runners.protocol import result_in
from autograder.runners.result_store import STORE, Store
from autograder.runners.worker import work
from autograder.sandbox.confine import GUEST_PACKAGES
from coursekit.suite import BrokenSuite

HERE = find_course(Path(__file__).parent)
ID, SLUG = "05_batch_normalization", "batch_normalization"


@pytest.fixture
def course(tmp_path) -> Course:
    """A course with a class of four, two of whom handed in the same."""
    shutil.copy(HERE.root / CONFIG, tmp_path)
    lecture = HERE.lecture(ID)
    for path in (lecture.source, lecture.released):
        copy = tmp_path / path.relative_to(HERE.root)
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
    course = Course(tmp_path)
    for student, notebook in (("ann", solved(lecture)), ("ben", fill(lecture, {})), ("cem", solved(lecture))):
        write(notebook, tmp_path / "submitted" / student / ID / f"{SLUG}.ipynb")
    (tmp_path / "submitted" / "dee" / ID).mkdir(parents=True)
    return course


def run(course: Course, **options) -> dict:
    return {result.student: result for result in grade(submitted(course, course.lecture(ID)), course, Options(**options))}


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """The students whose notebooks are really graded."""
    graded: list[str] = []
    real = classroom.task_of

    def counting(submission, options, grader):
        graded.append(submission.student)
        return real(submission, options, grader)

    monkeypatch.setattr(classroom, "task_of", counting)
    return graded


def test_twins_are_graded_once_and_everyone_gets_a_result(course, counted):
    results = run(course)
    assert set(results) == {"ann", "ben", "cem", "dee"}
    assert sorted(counted) == ["ann", "ben"]
    assert results["ann"].score == results["cem"].score == results["ann"].max_score > 0 == results["ben"].score
    assert results["cem"].notebook.endswith(f"cem/{ID}/{SLUG}.ipynb")
    assert not results["dee"].graded and f"{SLUG}.ipynb does not exist" in results["dee"].problems[0]


def test_what_was_graded_is_not_graded_again(course, counted):
    first = run(course)
    counted.clear()
    assert run(course) == first
    assert counted == []
    half = fill(course.lecture(ID), {"update_running": "update_running = None"})
    write(half, course.root / "submitted" / "ben" / ID / f"{SLUG}.ipynb")
    run(course)
    assert counted == ["ben"]
    counted.clear()
    run(course, cache=False)
    assert sorted(counted) == ["ann", "ben"]


def test_a_damaged_result_is_graded_again(course, counted):
    run(course)
    for path in (course.root / STORE).glob("*.json"):
        path.write_text(path.read_text()[:50])
    counted.clear()
    assert run(course)["ann"].graded
    assert sorted(counted) == ["ann", "ben"]


def test_a_timeout_is_not_remembered(course, counted):
    path = course.root / "submitted" / "ben" / ID / f"{SLUG}.ipynb"
    write(fill(course.lecture(ID), {"update_running": "def update_running(*args, **kwargs):\n    while True: pass"}), path)
    limits = {"call_seconds": 0.3}
    assert "timeout" in {exercise.status for exercise in run(course, limits=limits)["ben"].exercises}
    counted.clear()
    run(course, limits=limits)
    assert counted == ["ben"]


@pytest.fixture
def copied(monkeypatch, tmp_path) -> Path:
    """A copy of both packages, which stands for what is installed."""
    for package in (installed.PACKAGE, Path(coursekit.__file__).parent):
        shutil.copytree(package, tmp_path / "copy" / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (installed, course_module):
        monkeypatch.setattr(module, "PACKAGE", tmp_path / "copy" / "autograder")
    shutil.copy(HERE.root / CONFIG, tmp_path / "copy")
    monkeypatch.setattr(coursekit, "__file__", str(tmp_path / "copy" / "coursekit" / "__init__.py"))
    return tmp_path / "copy"


def key_of(course: Course, **options) -> str:
    lecture = Course(course.root).lecture(ID)
    path = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    return fingerprint(read_submission(path, Course(course.root), "ann", lecture), Options(**options))


OWN = ["autograder/suites/test_SLUG.py", "autograder/reference/SLUG.py", "autograder/misconceptions/SLUG.py"]
SERVICES = ["autograder.sandbox.guest"]  # which the zygote imports by name
ROOTS = ["autograder.runners.worker", "autograder.sandbox.zygote", *SERVICES, *(name.removesuffix(".py").replace("/", ".") for name in OWN)]


@cache
def judging() -> list[str]:
    """Return the file of each module that judges the lecture: what a worker, a guest and the lecture's own modules import."""
    layers = runpy.run_path(str(Path(__file__).parents[1] / "test_layers.py"))
    found: set[str] = set()
    waiting = [root.replace("SLUG", SLUG) for root in ROOTS]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [*layers["imports"]()[name], *([name.rpartition(".")[0]] if "." in name else [])]
    return sorted(layers["FILES"][name] for name in found)


def changed_by(course: Course, copied: Path, change: Callable[[], object]) -> bool:
    """Tell whether a change of what is installed changes the key; what it does to files is undone."""
    before = key_of(course)
    with tempfile.TemporaryDirectory() as kept:
        shutil.copytree(copied, kept, dirs_exist_ok=True)
        change()
        found = key_of(course) != before
        shutil.rmtree(copied)
        shutil.copytree(kept, copied)
    assert key_of(course) == before
    return found


def edit(path: Path) -> None:
    """Change a file, or make a new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "# changed\n")


def test_the_key_changes_with_every_module_that_judges(course, copied):
    files = judging()
    assert {"autograder/judging/diagnosis.py", "autograder/sandbox/guest.py", "coursekit/suite.py", "autograder/limits.py"} <= {*files}
    last = key_of(course)
    for name in files:
        edit(copied / name)
        before, last = last, key_of(course)
        assert last != before, name


NEW = ["autograder/new.py", "autograder/new/inner/new.py", "autograder/judging/new.py", "autograder/suites/kit.py", "coursekit/new.py"]


@pytest.mark.parametrize("name", NEW)
def test_the_key_changes_with_a_new_file_wherever_it_lies(course, copied, name):
    assert changed_by(course, copied, lambda: edit(copied / name))


def test_the_key_changes_where_files_move(course, copied):
    """Also where the contents of two change places, and where a module becomes a package."""
    files = copied / "autograder" / "judging" / "grading.py", copied / "autograder" / "judging" / "diagnosis.py"
    one, other = (path.read_text() for path in files)
    assert changed_by(course, copied, lambda: files[0].rename(copied / "autograder" / "model" / "grading.py"))
    assert changed_by(course, copied, lambda: (files[0].write_text(other), files[1].write_text(one)))
    assert changed_by(course, copied, lambda: ((copied / "grading").mkdir(), files[0].rename(copied / "grading" / "__init__.py")))
    assert changed_by(course, copied, files[0].unlink)


def test_the_key_does_not_change_with_what_runs_before_and_after(course, copied):
    """Commands, demonstration, build, report and gradebook: new modules of theirs, too."""
    autograder, before = copied / "autograder", key_of(course)
    packages = [autograder / name for name in ("build", "demo", "report", "gradebook")]
    modules = [path for package in packages for path in (*package.glob("*.py"), package / "new.py")]
    for path in (autograder / "cli.py", *modules):
        assert path.relative_to(copied).as_posix() not in judging()
        edit(path)
        assert key_of(course) == before, path


def test_another_lectures_files_do_not_change_the_key(course, copied):
    before = key_of(course)
    for name in OWN:
        edit(copied / name.replace("SLUG", "dropout"))
    assert key_of(course) == before


def test_the_key_changes_with_the_students_code_and_the_released_notebook(course):
    keys = [key_of(course)]
    path = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    notebook = json.loads(path.read_text())
    cell = next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "update_running")
    cell["source"] = "".join(cell["source"]) + "\n# a comment"
    write(notebook, path)
    keys.append(key_of(course))
    released = course.lecture(ID).released
    released.write_text(released.read_text() + "\n")
    keys.append(key_of(course))
    assert len(set(keys)) == 3


@pytest.mark.parametrize("name", LIMITS)
def test_the_key_changes_with_each_limit(course, name):
    assert key_of(course, limits={name: 2 * getattr(Limits(), name)}) != key_of(course)


def test_the_key_changes_with_confinement_and_with_nothing_that_says_who_grades(course):
    assert key_of(course, confine=False) != key_of(course)
    assert key_of(course, jobs=8, cache=False, scheduler="tcp://somewhere:1") == key_of(course)


@pytest.mark.parametrize("name", installed.versions())
def test_the_key_changes_with_each_version(course, monkeypatch, name):
    before = key_of(course)
    other = {**installed.versions(), name: "0.0.1"}
    monkeypatch.setattr(installed, "versions", lambda: other)
    assert key_of(course) != before


def test_every_package_that_a_guest_may_import_has_its_version_in_the_key():
    found = packages_distributions()
    modules = {Path(name).stem for name in GUEST_PACKAGES if not name.endswith(".libs")} - {"mpl_toolkits", "pylab"}  # matplotlib's own
    assert {distribution for module in modules for distribution in found[module]} <= installed.versions().keys()


def test_outputs_and_the_students_name_do_not_matter(course):
    path = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    key = fingerprint(read_submission(path, course), Options())
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "something"}]
    other = write(notebook, course.root / "somebody else.ipynb")
    assert fingerprint(read_submission(other, course), Options()) == key


def test_several_processes_give_the_same_results(course):
    alone, together = run(course, cache=False), run(course, cache=False, jobs=2)
    assert alone == together


def class_of(course: Course, sources: dict[str, str]) -> None:
    """Replace the class by students with these sources of `update_running`."""
    shutil.rmtree(course.root / "submitted")
    for student, source in sources.items():
        path = course.root / "submitted" / student / ID / f"{SLUG}.ipynb"
        write(fill(course.lecture(ID), {"update_running": source}), path)


@pytest.fixture
def mortal(monkeypatch, tmp_path) -> Path:
    """Worker processes end, as if the kernel had run out of memory, at a task that says so."""
    monkeypatch.setattr(executors, "work", dying)
    monkeypatch.setenv("MARKS_OF_DEATH", str(tmp_path))
    return tmp_path


def dying(task: bytes) -> bytes:
    """Grade, but die of what is marked so: always, or the first time."""
    once = Path(os.environ["MARKS_OF_DEATH"]) / "died once"
    if b"die always" in task or (b"die once" in task and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if b"go wrong" in task:
        raise OSError("no space left")
    return work(task)


def test_a_killed_worker_costs_only_who_brought_it_down_twice(course, mortal):
    class_of(course, {"ann": "# 1", "ben": "# die always", "cem": "# die once", "dee": "# 2", "eva": "# 3", "fay": "# 4"})
    results = run(course, jobs=2)
    assert {student for student, result in results.items() if not result.graded} == {"ben"}
    assert len(results) == 6
    assert "brought down 2 grading processes" in results["ben"].problems[0]
    assert (results["ben"].lecture, results["ben"].notebook) == (ID, str(course.root / "submitted" / "ben" / ID / f"{SLUG}.ipynb"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_the_graders_costs_one_submission_and_twins_are_not_graded_again(course, mortal, counted, jobs):
    class_of(course, {"ann": "# 1", "ben": "# go wrong", "cem": "# 2", "dee": "# go wrong"})
    results = run(course, jobs=jobs)
    assert {student for student, result in results.items() if not result.graded} == {"ben", "dee"}
    assert "grading it failed (OSError: no space left)" in results["dee"].problems[0]
    assert sorted(counted) == ["ann", "ben", "cem"]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("where", ["read_submission", "fingerprint", "task_of"])
def test_what_nobody_has_foreseen_costs_one_student(course, monkeypatch, jobs, where):
    """Whatever is raised on the way to a worker; the sentence says what, where in the code, and what to do."""
    real = getattr(classroom, where)

    def failing(subject, *others):
        if "ben" in str(getattr(subject, "path", subject)):
            raise RecursionError("\x1b[31mtoo deep")
        return real(subject, *others)

    monkeypatch.setattr(classroom, where, failing)
    results = run(course, jobs=jobs)
    assert results["ann"].graded and results["cem"].graded and not results["ben"].graded
    assert re.fullmatch(
        r"reading it failed \(RecursionError in test_classroom.py, line \d+: \\x1b\[31mtoo deep; please report this\)",
        results["ben"].problems[0],
    )


def test_trouble_of_the_course_is_not_a_students(course, monkeypatch):
    def failing(*given):
        raise CourseError("no such lecture")

    monkeypatch.setattr(classroom, "read_submission", failing)
    with pytest.raises(CourseError):
        run(course)


def test_a_bare_notebook_has_a_name_as_well(course, tmp_path):
    """Its file's: it is refused as a folder's is, and the others are graded."""
    names = ["=1+1|cmd.ipynb", "-x.ipynb", "two\nlines.ipynb", "x,=1.ipynb", "anna-m.ipynb"]
    paths = [write(solved(course.lecture(ID)), tmp_path / "bare" / name) for name in names]
    results = list(grade(handins(map(str, paths), course), course, Options()))
    assert {Path(result.notebook).name: result.graded for result in results} == {name: name == "anna-m.ipynb" for name in names}
    assert all("rename it" in result.problems[0] for result in results if not result.graded)


def test_who_is_graded_is_read_when_there_is_room_for_it(course, monkeypatch):
    class_of(course, {f"student{number:02}": f"# {number}" for number in range(40)})
    read = []
    real = classroom.read_submission
    monkeypatch.setattr(classroom, "read_submission", lambda *given: read.append(given) or real(*given))
    results = grade(submitted(course, course.lecture(ID)), course, Options(jobs=2))
    for count, _ in enumerate(results, start=1):
        assert len(read) <= count + 2 * executors.QUEUE_LENGTH + 1
    assert len(read) == 40


def test_the_host_has_time_for_something_else_when_everybody_is_at_work(course, counted):
    """It takes its time after tasks were given, before the first result, and never where nothing is to be graded."""
    hand_ins, happened = submitted(course, course.lecture(ID)), []
    for result in grade(hand_ins, course, Options(), lambda: happened.append(list(counted))):
        happened.append(result.student)
    assert happened[:2] == [["ann"], "ann"]
    happened.clear()
    list(grade(hand_ins, course, Options(), lambda: happened.append("in vain")))
    assert happened == []


def test_a_worker_whose_files_were_changed_says_so(course, copied, monkeypatch):
    (first, *_) = submitted(course, course.lecture(ID))
    submission = read_submission(first.path, course, "ann", first.lecture)
    message = classroom.task_of(submission, Options()).to_bytes()
    worker._first_installed.cache_clear()
    assert result_in(work(message)).graded
    for name, said in (("grading", "other code"), ("grading", "start it again")):
        path = copied / "autograder" / "judging" / f"{name}.py"
        path.write_text(path.read_text() + "\n# changed")
        with pytest.raises(WorkerError, match=said):
            result_in(work(message))
        message = classroom.task_of(submission, Options()).to_bytes()
    with pytest.raises(WorkerError, match="were changed since it started"):
        result_in(work(message))
    with pytest.raises(WorkerError, match="changed while it was at work: run the same command again"):
        run(course)
    worker._first_installed.cache_clear()


def test_the_last_results_are_kept_for_the_report(course):
    assert latest(course, course.lecture(ID)) == []
    results = run(course)
    assert {result.student: result for result in latest(course, course.lecture(ID))} == results


def test_results_survive_json(course):
    for result in run(course).values():
        written = submission_to_json(result)
        assert submission_from_json(json.loads(json.dumps(written))) == result
        assert json.dumps(written) == json.dumps({**asdict(result), "score": result.score, "max_score": result.max_score})


def test_half_a_result_is_never_there(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space left"):
        store.put("key", classroom.ungraded(Handin(tmp_path, "ann"), "why"))
    assert store.get("key") is None


def test_what_a_killed_run_left_is_removed(course):
    """What another process is writing at this moment is left alone."""
    store = course.root / STORE
    store.mkdir(parents=True)
    left, others = store / f".one.json.{killed_process()}.unfinished", store / f".one.json.{os.getppid()}.unfinished"
    left.touch()
    others.touch()
    list(classroom.grade(handins([ID], course)[:1], course, classroom.Options()))
    assert not left.exists() and others.exists()


def killed_process():
    """Return the id of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_who_is_meant(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course.root)
    inside = course.root / "submitted" / "ann" / ID / f"{SLUG}.ipynb"
    assert handins([str(inside)], course) == [Handin(inside, "ann", course.lecture(ID))]
    assert {hand_in.student for hand_in in handins([ID], course)} == {"ann", "ben", "cem", "dee"}
    assert handins([SLUG], course) == handins([ID], course)
    bare = write(fill(course.lecture(ID), {}), tmp_path / "downloads" / "gus.ipynb")
    assert handins([str(bare.parent)], course) == handins([str(bare)], course) == [Handin(bare, "gus")]
    with pytest.raises(CourseError, match="no lecture 'nothing'"):
        handins(["nothing"], course)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionError, match="no notebook"):
        handins([str(tmp_path / "empty")], course)


def test_a_suite_that_is_broken_for_everybody_ends_the_run(course, monkeypatch):
    """Nobody gets no points for a mistake of the course's."""

    def broken(*arguments):
        raise BrokenSuite("the tests in test_batch_normalization.py could not be run: SyntaxError")

    monkeypatch.setattr(worker, "grade_cells", broken)
    with pytest.raises(CourseError, match="could not be run: SyntaxError"):
        run(course)
