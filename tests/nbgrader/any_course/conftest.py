"""Courses of other people: nbgrader's quickstart, the notebooks of its own tests, and an assignment with all that its documentation has.

Each `Sample` has its submissions already. `theirs` grades it with ``nbgrader autograde`` and its own steps, and keeps what came out of each
kernel; `ours` grades a copy with `CellGradebook`, with the same outputs or with what else runs a notebook.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.errors import SubmissionError
from autograder.gradebook.cell_grading import CellGradebook, Execution, Prepared, Recorded

from .traps import ANSWERS, AUTOMATIC, POINTS, TRAPS

NBGRADER = Path(nbgrader.__file__).parent
Run = Callable[..., tuple[list[int], str]]  # nbgrader's commands in a folder: their statuses, and what they said
TIMES = "execution"  # where nbclient notes in a cell's metadata when it was run
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

KEEP = '''
from pathlib import Path
import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

class Keep(NbGraderPreprocessor):
    """Writes the notebook as the kernel has left it."""

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        path = Path("executed", names["student"], names["assignment"], names["notebook"] + ".ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, path)
        return nb, resources
'''
WITH_KEEP = """
import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from keep import Keep
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, Execute, IgnorePattern, LimitOutput, SaveAutoGrades
c.Autograde.autograde_preprocessors = [
    Execute, Keep, IgnorePattern, ClearMetadataPreprocessor, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata
]
"""


@dataclass(frozen=True)
class Sample:
    """A course with one assignment that was handed in.

    Parameters
    ----------
    path : Path
        The course's folder.
    assignment : str
    structure : str, optional
        Its `CourseDirectory.directory_structure`.
    names : mapping of str to str, optional
        What it calls nbgrader's steps.
    stopped : tuple of str, optional
        Students at whom ``nbgrader autograde`` stops for the whole class; it is run for each of them once more.
    """

    path: Path
    assignment: str
    structure: str = "{nbgrader_step}/{student_id}/{assignment_id}"
    names: Mapping[str, str] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()

    def folder(self, step: str, student: str = ".") -> Path:
        """Return the folder of a student's submission in one of nbgrader's steps."""
        name = self.names.get(step, step)
        return self.path / self.structure.format(nbgrader_step=name, student_id=student, assignment_id=self.assignment)

    def copied(self, path: Path) -> Sample:
        """Return a copy in another folder."""
        shutil.copytree(self.path, path, symlinks=True)
        return replace(self, path=path)

    def released(self, name: str) -> dict[str, Any]:
        """Return a notebook as students get it."""
        return nbformat.read(self.folder("release") / f"{name}.ipynb", as_version=4)

    def hand_in(self, student: str, stamp: str | None, **files: Any) -> Path:
        """Put notebooks (by name), and other files as text (by their paths), into a student's folder."""
        folder = self.folder("submitted", student)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {**files, **({"timestamp.txt": stamp} if stamp else {})}.items():
            path = folder / (name if "." in name else f"{name}.ipynb")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return folder

    def gradebook(self) -> Any:
        """Return nbgrader's own gradebook, to be closed by the caller."""
        from nbgrader.api import Gradebook

        return Gradebook(f"sqlite:///{self.path / 'gradebook.db'}", "any")


# --- grading on both roads ----------------------------------------------------------------------------------------------------


def theirs(sample: Sample, run: Run) -> str:
    """Grade with ``nbgrader autograde``: the class, and then those at whom the run has stopped; return what it said."""
    (sample.path / "keep.py").write_text(KEEP, encoding="utf-8")
    with open(sample.path / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(WITH_KEEP)
    one_by_one = [["autograde", sample.assignment, f"--student={student}"] for student in sample.stopped]
    return run(sample.path, ["autograde", sample.assignment], *one_by_one)[1]


def ours(sample: Sample, execute: Callable[[Prepared], dict[str, Execution]]) -> dict[str, Recorded | str]:
    """Grade with `CellGradebook` and what runs a submission's notebooks; return what was recorded, or why nothing was."""
    results: dict[str, Recorded | str] = {}
    with CellGradebook(sample.path) as gradebook:
        assignment = gradebook.assignment(sample.assignment)
        for student in gradebook.students(assignment):
            try:
                prepared = gradebook.prepare(assignment, student)
                results[student] = gradebook.record(prepared, execute(prepared))
            except SubmissionError as error:
                gradebook.refuse(assignment, student)
                results[student] = str(error)
    return results


def by_command(sample: Sample, environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Grade with ``autograder grade`` and two notebooks at once; return the result of each student."""
    program = str(Path(sys.executable).with_name("autograder"))
    words = [program, "grade", sample.assignment, "--jobs", "2", "--json", "-"]
    done = subprocess.run(words, cwd=sample.path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.stdout.startswith("{") and "Traceback" not in done.stderr, done.stderr
    results = {result["student"]: result for result in json.loads(done.stdout)["results"]}
    assert done.returncode == (0 if all(result["graded"] for result in results.values()) else 1)
    return results


def executed_by(executed: Sample, prepared: Prepared) -> dict[str, Execution]:
    """Return what nbgrader's kernels have given for a submission; the cells have to be those that it has run."""
    found = {}
    for notebook in prepared.notebooks:
        student = {"zz_twice": "by_hand"}.get(prepared.student, prepared.student)  # nbgrader doesn't run the one, and the other is the same
        path = executed.path / "executed" / student / prepared.assignment.name / f"{notebook.name}.ipynb"
        if not path.exists():  # nbgrader stopped before, or its kernel died
            found[notebook.name] = Execution({}, problem="the kernel died")
            continue
        cells = nbformat.read(path, as_version=4).cells
        assert [_as_run(cell) for cell in notebook.notebook.cells] == [_as_run(cell) for cell in cells]
        ran = {index for index, cell in enumerate(cells) if cell.cell_type == "code" and cell.execution_count is not None}
        assert ran == set(notebook.code)
        outputs = [json.loads(json.dumps(cells[index].outputs)) for index in notebook.code]
        found[notebook.name] = Execution.of(notebook, outputs, [cells[index].execution_count for index in notebook.code])
    return found


def _as_run(cell: Any) -> tuple[str, str, dict[str, Any]]:
    return cell.cell_type, cell.source, {name: value for name, value in cell.metadata.items() if name != TIMES}


# --- what is compared ---------------------------------------------------------------------------------------------------------


def marks(sample: Sample) -> dict[str, Any]:
    """Return all that the gradebook says of each student's submission."""
    book = sample.gradebook()
    try:
        return {row.student.id: _submission(row) for row in book.assignment_submissions(sample.assignment)}
    finally:
        book.close()


def _submission(row: Any) -> dict[str, Any]:
    of_submission = ("timestamp", "score", "max_score", "needs_manual_grade", "late_submission_penalty")
    of_notebook = ("score", "max_score", "code_score", "written_score", "task_score", "needs_manual_grade", "failed_tests")
    of_grade = ("auto_score", "manual_score", "extra_credit", "max_score", "needs_manual_grade", "failed_tests", "cell_type")
    found = {name: getattr(row, name, None) for name in of_submission}
    for notebook in row.notebooks:
        found[notebook.name] = {
            **{name: getattr(notebook, name, None) for name in (*of_notebook, "late_submission_penalty")},
            "grades": {grade.name: {name: getattr(grade, name) for name in of_grade} for grade in notebook.grades},
            "comments": {comment.name: (comment.auto_comment, comment.manual_comment) for comment in notebook.comments},
        }
    return found


def autograded(sample: Sample, student: str) -> dict[str, Any]:
    """Return a student's autograded files, with their permissions: notebooks without times and random ids, others as bytes."""
    folder = sample.folder("autograded", student)
    known = _ids(sample, student)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (oct(path.stat().st_mode), _content(path, known)) for path in files}


def _ids(sample: Sample, student: str) -> set[str]:
    """Return the ids in what a student has handed in; all others are random."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in sample.folder("submitted", student).glob("*.ipynb"))
    return {part for text in texts for part in text.split('"')}


def _content(path: Path, known: set[str]) -> Any:
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].pop(TIMES, None)
        if "id" in cell and cell["id"] not in known:
            cell["id"] = "random"
    return notebook


# --- nbgrader's quickstart ----------------------------------------------------------------------------------------------------


def quickstart(path: Path, run: Run) -> Sample:
    """Make nbgrader's quickstart course, with the submissions of nbgrader's documentation and one that is untouched."""
    run(path.parent, ["quickstart", path.name])
    sample = Sample(path, "ps1")
    run(path, ["generate_assignment", "ps1"])
    for student in ("bitdiddle", "hacker"):
        shutil.copytree(NBGRADER / "docs/source/user_guide/submitted" / student / "ps1", sample.folder("submitted", student))
    untouched = {name: sample.released(name) for name in ("problem1", "problem2")}
    sample.hand_in("reasoner", "2015-02-02 15:58:23.948203 UTC", **untouched)
    return sample


# --- the notebooks of nbgrader's own tests ---------------------------------------------------------------------------------------

OWN = """
c = get_config()
c.CourseDirectory.course_id = "any"
c.CourseDirectory.source_directory = "originals"
c.CourseDirectory.submitted_directory = "handed in"
c.CourseDirectory.autograded_directory = "marked"
c.CourseDirectory.directory_structure = "{assignment_id}/{nbgrader_step}/{student_id}"
c.CourseDirectory.student_id_exclude = "left_out"
c.OverwriteCells.add_missing_cells = True
c.LimitOutput.max_lines = 20
c.LimitOutput.max_traceback = 10
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "^warning"
c.ClearMetadataPreprocessor.enabled = True
c.ClearMetadataPreprocessor.clear_cell_metadata = False
c.LateSubmissionPlugin.penalty_method = "zero"
c.Autograde.exclude_overwriting = {"ps1": ["helper.py"]}
c.Autograde.permissions = 644
"""
OWN_FILES = {
    **{name: f"apps/files/submitted-{name}" for name in ("changed", "unchanged", "cheat-attempt", "cheat-attempt-alternative")},
    **{name: f"apps/files/submitted-{name}" for name in ("grade-cell-changed", "locked-cell-changed")},
    "answer_type": "preprocessors/files/submitted-answer-cell-type-changed",
    "grade_type": "preprocessors/files/submitted-grade-cell-type-changed",
    "zz_too_new": "apps/files/too-new",
}


def own_notebooks(path: Path, run: Run) -> Sample:
    """Make a course of the notebooks with which nbgrader tests itself, in other folders and with other options than the default."""
    names = {"source": "originals", "submitted": "handed in", "autograded": "marked"}
    sample = Sample(path, "ps1", "{assignment_id}/{nbgrader_step}/{student_id}", names, ("zz_too_new",))
    source = sample.folder("source")
    (source / "data").mkdir(parents=True)
    (path / "nbgrader_config.py").write_text(OWN, encoding="utf-8")
    notebook = nbformat.read(NBGRADER / "tests/apps/files/submitted-unchanged.ipynb", as_version=4)
    nbformat.write(nbformat.from_dict({**notebook, "metadata": {"kernelspec": KERNELSPEC}}), source / "p1.ipynb")
    for name, text in {"helper.py": "whose = 'instructor'\n", "data/numbers.csv": "1,2,3\n", "cache.pyc": "ignored"}.items():
        (source / name).write_text(text, encoding="utf-8")
    run(path, ["db", "assignment", "add", "ps1", "--duedate=2026-03-01 10:00:00 UTC"], ["generate_assignment", "ps1"])
    untouched = sample.released("p1")
    for student, file in OWN_FILES.items():
        stamp = "2026-03-01 12:30:00 UTC" if student == "changed" else "2026-03-01 09:00:00 UTC"
        shutil.copy(NBGRADER / "tests" / f"{file}.ipynb", sample.hand_in(student, stamp) / "p1.ipynb")
    sample.hand_in("left_out", None, p1=untouched)
    last = max(index for index, cell in enumerate(untouched.cells) if cell.metadata.get("nbgrader", {}).get("grade"))
    sample.hand_in("deleted_one", None, p1={**untouched, "cells": [*untouched.cells[:last], *untouched.cells[last + 1 :]]})
    sample.hand_in("deleted", None, p1={**untouched, "cells": untouched["cells"][:1]}, **{"helper.py": "whose = 'student'\n"})
    sample.hand_in("files", None, p1=untouched, **{"data/numbers.csv": "9\n", "deep/er/notes.txt": "mine\n", "x.pyc": "ignored"})
    return sample


# --- all that nbgrader's documentation names -------------------------------------------------------------------------------------

LATE_PLUGIN = '''
from nbgrader.plugins import BasePlugin

class Late(BasePlugin):
    """A point for each hour; one student is forgiven, and one would lose more than there is."""

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return {"cem": None, "fay": 1000}.get(student_id, total_seconds_late / 3600)
'''
EVERYTHING = """
import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
c = get_config()
c.CourseDirectory.course_id = "any"
c.AssignLatePenalties.plugin_class = "late_penalty.Late"
c.ExecutePreprocessor.timeout = 15
"""
RIGHT = {
    "add": "def add(a, b):\n    return a + b",
    "scale": "def scale(x):\n    return 2 * x",
    "odd": "def odd():\n    return None",
    "essay": "answer = 42  # because",
    "why": "Because **it** is.",
    "how": "Slowly.",
}
ADD_TEST = """assert add(1, 1) == 2
### BEGIN HIDDEN TESTS
assert add(2, 3) == 5
### END HIDDEN TESTS"""
SETUP = """import sys, json
import helper
with open('handover.txt', 'w') as file:
    file.write('by another notebook')
None"""
TASK = """Do something.

=== BEGIN MARK SCHEME ===
two points for each thing that was done
=== END MARK SCHEME ==="""
SCALE_TEST = """points = 0
if scale(0) == 0:
    points += 1.5
if scale(3) == 6:
    points += 1.5
points"""


def everything_notebooks() -> dict[str, Any]:
    """Return the instructor's four notebooks; one of them reads what the one before it has written."""
    code = [
        _text("# Problem set\n\n![](picture.png)", grade_id="intro", locked=True),
        _code(
            SETUP,
            grade_id="setup",
            locked=True,
        ),
        _code("print('not graded')"),
        _code(_solution("add"), grade_id="add", solution=True),
        _code(ADD_TEST, grade_id="test_add", grade=True, locked=True, points=2),
        _code(_solution("scale"), grade_id="scale", solution=True),
        _code(SCALE_TEST, grade_id="test_scale", grade=True, locked=True, points=3),
        _code(_solution("odd"), grade_id="odd", solution=True),
        _code("odd()", grade_id="test_odd", grade=True, locked=True, points=4),
        _code("assert open('numbers.csv').read() == '1,2,3\\n'", grade_id="test_data", grade=True, locked=True, points=1),
        _code("assert add(1, 2) == 3", grade_id="test_nothing", grade=True, locked=True, points=0),
        _code(_solution("essay"), grade_id="essay", grade=True, solution=True, points=2.5),
    ]
    words = [
        _text("Your answer:", grade_id="why", grade=True, solution=True, points=3),
        _text(TASK, grade_id="task", locked=True, task=True, points=5),
        _text("Your way:", grade_id="how", grade=True, solution=True, points=1),
    ]
    traps = [
        _code(f"### BEGIN SOLUTION\n{ANSWERS}\n### END SOLUTION", grade_id="answers", solution=True),
        *(_code(source, grade_id=name, grade=True, locked=True, points=POINTS) for name, (source, _) in TRAPS.items()),
    ]
    automatic = [traps[0], *(_code(source, grade_id=name, grade=True, locked=True, points=1) for name, source in AUTOMATIC.items())]
    return {"automatic": _notebook(automatic), "code": _notebook(code), "traps": _notebook(traps), "words": _notebook(words)}


def _notebook(cells: list[Any]) -> Any:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})


def _solution(name: str) -> str:
    return f"### BEGIN SOLUTION\n{RIGHT[name]}\n### END SOLUTION"


def _code(source: str, **metadata: Any) -> Any:
    return new_code_cell(source, metadata=_metadata(metadata))


def _text(source: str, **metadata: Any) -> Any:
    return new_markdown_cell(source, metadata=_metadata(metadata))


def _metadata(given: dict[str, Any]) -> dict[str, Any]:
    return {"nbgrader": {"schema_version": 3, "grade": False, "locked": False, "solution": False, "task": False, **given}} if given else {}


class Answers:
    """Notebooks as students change them: each method returns a new one."""

    def __init__(self, notebook: Any) -> None:
        self.notebook = copy.deepcopy(notebook)

    def index(self, name: str) -> int:
        """Return where a cell is."""
        return next(index for index, cell in enumerate(self.notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name)

    def cell(self, name: str) -> Any:
        """Return a cell of the notebook, to be changed."""
        return self.notebook.cells[self.index(name)]

    def with_sources(self, **sources: str) -> Answers:
        """Return a copy with other texts in cells."""
        other = Answers(self.notebook)
        for name, source in sources.items():
            other.cell(name).source = source
        return other

    def after(self, name: str, *cells: Any) -> Answers:
        """Return a copy with more cells after one."""
        other = Answers(self.notebook)
        place = other.index(name) + 1
        other.notebook.cells[place:place] = [{**copy.deepcopy(cell), "id": f"new-{name}-{number}"} for number, cell in enumerate(cells)]
        other.notebook.cells = [nbformat.from_dict(cell) for cell in other.notebook.cells]
        return other


def everything(path: Path, run: Run) -> Sample:
    """Make a course with one assignment that has all that nbgrader's documentation names, and a class that does all that students do."""
    sample = Sample(path, "ps", stopped=("zz_too_old", "zz_too_new", "zz_twice"))
    sample.folder("source").mkdir(parents=True)
    (path / "nbgrader_config.py").write_text(EVERYTHING, encoding="utf-8")
    (path / "late_penalty.py").write_text(LATE_PLUGIN, encoding="utf-8")
    for name, notebook in everything_notebooks().items():
        nbformat.write(notebook, sample.folder("source") / f"{name}.ipynb")
    (sample.folder("source") / "helper.py").write_text("x = 1\n", encoding="utf-8")
    (sample.folder("source") / "numbers.csv").write_text("1,2,3\n", encoding="utf-8")
    shutil.copy(NBGRADER / "docs/source/user_guide/source/ps1/jupyter.png", sample.folder("source") / "picture.png")
    shutil.copy(NBGRADER / "tests/apps/files/autotests.yml", path)
    run(path, ["db", "assignment", "add", "ps", "--duedate=2026-03-01 10:00:00 UTC"], ["generate_assignment", "ps"])
    for student, (stamp, files) in class_of(sample).items():
        sample.hand_in(student, stamp, **files)
    return sample


ON_TIME, LATE = "2026-03-01 09:00:00.5 UTC", "2026-03-01 12:30:00 UTC"


def class_of(sample: Sample) -> dict[str, tuple[str | None, dict[str, Any]]]:
    """Return each student's time of submission and files."""
    untouched, words = Answers(sample.released("code")), Answers(sample.released("words"))
    traps, automatic = Answers(sample.released("traps")), Answers(sample.released("automatic"))
    avoided = traps.with_sources(answers=ANSWERS)
    right = untouched.with_sources(**{name: source for name, source in RIGHT.items() if name not in ("why", "how")})
    said = words.with_sources(why=RIGHT["why"], how=RIGHT["how"])
    wrong = right.with_sources(
        add="import sys\ndef add(a, b):\n    return 2",
        scale="def scale(x):\n    return x",
        odd="def odd():\n    print('careful', file=sys.stderr)\n    return 4",
    )
    middle = [_code("1 / 0"), _code("def broken(:"), _code("display({'text/html': '<b>x</b>', 'application/json': {'a': [1]}}, raw=True)")]
    odd = {name: right.with_sources(odd=f"def odd():\n    return {value}") for name, value in ODD.items()}
    students = {
        "ann": (ON_TIME, {"code": right, "words": said, "traps": avoided, "automatic": automatic.with_sources(answers=ANSWERS)}),
        "ben": (LATE, {"code": wrong, "words": words}),
        "cem": (LATE, {"code": untouched}),
        "dee": (ON_TIME, {"code": forged(right), "words": said, "numbers.csv": "4,5\n", "own/table.txt": "7\n"}),
        "eve": (ON_TIME, {"code": retyped(right), "words": retyped_words(said)}),
        "fay": (LATE, {"code": right.after("setup", *middle), "words": said}),
        "ida": (ON_TIME, {"words": said, "notes": right}),
        "lou": (None, {"code": long_outputs(right)}),
        "mia": (ON_TIME, {"code": Answers(_notebook([]))}),
        "pia": (ON_TIME, {"code": in_format_3(renamed_kernel(right))}),
        "roy": (ON_TIME, {"code": tagged(wrong)}),
        "sue": (ON_TIME, {"code": awkward(right)}),
        **{name: (ON_TIME, {"code": notebook}) for name, notebook in odd.items()},
        "unknown_cell": (ON_TIME, {"code": renamed_cell(right)}),
        "bad_metadata": (ON_TIME, {"code": with_metadata(right, points="many")}),
        "no_time": ("yesterday", {"code": Answers(_notebook([]))}),
        "no_points": (ON_TIME, {"code": without(right, "points")}),
        "tricks": (ON_TIME, {"code": right, "traps": tricky(avoided)}),
        "alone": (ON_TIME, {"traps": avoided, "automatic": automatic.with_sources(answers="def value():\n    return 4")}),
        "slow": (ON_TIME, {"code": right.after("scale", _code("print('on')\nimport time\ntime.sleep(60)"))}),
        "commands": (ON_TIME, {"code": right.after("scale", _code("!echo hi"))}),
        "own_file": (ON_TIME, {"code": right.after("scale", _code("print(len(open('code.ipynb').read()) > 9)"))}),
        "leaves": (ON_TIME, {"code": right.after("scale", _code("exit()"))}),
        "dies": (ON_TIME, {"code": right.after("scale", _code("import os\nos._exit(1)"))}),
        "no_json": (ON_TIME, {"code": '{"cells": ['}),
        "by_hand": (ON_TIME, {"code": twice(right, by_hand=True)}),
        "zz_twice": (ON_TIME, {"code": twice(right)}),
        "zz_too_old": (ON_TIME, {"code": with_metadata(right, schema_version=1)}),
        "zz_too_new": (ON_TIME, {"code": with_metadata(right, schema_version=4)}),
    }
    return {
        student: (stamp, {name: found.notebook if isinstance(found, Answers) else found for name, found in files.items()})
        for student, (stamp, files) in students.items()
    }


ODD = {
    "odd_negative": "-1",
    "odd_repr": "type('Half', (), {'__repr__': lambda self: 'half(0.5)'})()",
    "odd_infinite": "float('nan')",
    "odd_too_many": "5",
}
"""What `odd` returns, whose repr nbgrader reads as the points of a cell with 4."""


def forged(right: Answers) -> Answers:
    """Return a notebook with locked cells changed, one deleted, another moved, and other points and locks."""
    cheated = right.with_sources(test_add="pass", setup="import this", intro="# My own problem set")
    cheated.cell("test_odd").metadata.nbgrader.update(points=100, locked=False)
    del cheated.notebook.cells[cheated.index("test_scale")]
    cheated.notebook.cells.append(cheated.notebook.cells.pop(cheated.index("test_data")))
    return cheated


def tricky(avoided: Answers) -> Answers:
    """Return a notebook that changes how the cells after it show what they compute."""
    options = _code("get_ipython().ast_node_interactivity = 'all'\nimport warnings\nwarnings.simplefilter('ignore')")
    later = "import threading, time, sys\nthreading.Timer(0.05, lambda: print('later', file=sys.stderr)).start()\ntime.sleep(0.3)"
    return avoided.after("answers", options, _code(later), _code("import builtins\nbuiltins.input = lambda prompt: 1"))


def twice(right: Answers, by_hand: bool = False) -> Answers:
    """Return a notebook with two cells twice: the last ones count. By hand, the others have no metadata of nbgrader."""
    copies = right.after("add", right.cell("test_add"), _code("copy = 1", grade_id="add", solution=True))
    if by_hand:
        for index in (copies.index("add"), copies.index("test_add")):
            del copies.notebook.cells[index].metadata["nbgrader"]
    return copies


def retyped(right: Answers) -> Answers:
    """Return a notebook with cells of other types."""
    other = Answers(right.notebook)
    for name in ("scale", "test_scale", "essay"):
        cell = other.cell(name)
        cell.cell_type = "markdown"
        del cell["outputs"], cell["execution_count"]
    return other


def retyped_words(said: Answers) -> Answers:
    """Return a notebook in which an answer in words is a code cell."""
    other = Answers(said.notebook)
    other.cell("why").update(cell_type="code", outputs=[], execution_count=None)
    return other


def renamed_kernel(right: Answers) -> Answers:
    """Return a notebook for a kernel that isn't installed."""
    other = Answers(right.notebook)
    other.notebook.metadata.kernelspec = {"display_name": "Julia 1.9", "language": "julia", "name": "julia-1.9"}
    return other


def long_outputs(right: Answers) -> Answers:
    """Return a notebook that prints many lines, and recurses without end."""
    endless = "def add(a, b):\n    return add(a, b)"
    return right.with_sources(add=endless).after("add", _code("for number in range(1500):\n    print(number)"))


def in_format_3(right: Answers) -> str:
    """Return a notebook in an old format."""
    return str(nbformat.writes(nbformat.convert(copy.deepcopy(right.notebook), 3), version=3))


def tagged(wrong: Answers) -> Answers:
    """Return a notebook with tags that nbclient and nbconvert know."""
    other = Answers(wrong.notebook)
    other.cell("test_add").metadata.tags = ["skip-execution"]
    other.cell("test_scale").metadata.tags = ["raises-exception"]
    return other


def awkward(right: Answers) -> Answers:
    """Return a notebook with outputs of its own, attachments, equal ids, characters of all kinds, and a raw cell."""
    other = right.with_sources(essay="answer = '\u2028 \x0c ü \U0001f600 \\ \"'\n\n\n")
    raw = {"cell_type": "raw", "metadata": {"format": "text/x"}, "source": "raw\ntext"}
    image = {"cell_type": "markdown", "metadata": {}, "source": "![](attachment:a.png)", "attachments": {"a.png": {"image/png": "aGk="}}}
    rich = _code("from IPython.display import SVG, Image, display\ndisplay(SVG('<svg>\\n</svg>'))\nprint('a', end='')\nSVG('<svg/>')")
    blank = _code("  \n ")
    other = other.after("setup", raw, image, rich, blank)
    other.notebook.cells[-1]["id"] = other.notebook.cells[0]["id"]
    other.cell("add").outputs = [{"output_type": "stream", "name": "stdout", "text": "old"}]
    other.cell("add").metadata.update(collapsed=True, scrolled=False, trusted=True)
    other.notebook.metadata["my own"] = {"b": [1.5, None, True], "a": {}}
    return other


def renamed_cell(right: Answers) -> Answers:
    """Return a notebook in which a test cell has a name that the gradebook doesn't know."""
    return with_metadata(right, "test_add", grade_id="test_sum")


def with_metadata(right: Answers, name: str = "scale", **metadata: Any) -> Answers:
    """Return a notebook with other metadata in a cell."""
    other = Answers(right.notebook)
    other.cell(name).metadata.nbgrader.update(metadata)
    return other


def without(right: Answers, key: str) -> Answers:
    """Return a notebook in which a test cell lacks a key."""
    other = Answers(right.notebook)
    del other.cell("test_add").metadata.nbgrader[key]
    return other


# --- fixtures -----------------------------------------------------------------------------------------------------------------


MAKERS = {"quickstart": quickstart, "own": own_notebooks, "everything": everything}


@dataclass(frozen=True)
class Graded:
    """A course as nbgrader has graded it, and as we have, with what we said of each student.

    Parameters
    ----------
    theirs : Sample
        Graded with ``nbgrader autograde``.
    ours : Sample
        Graded with `CellGradebook`, and the outputs of nbgrader's kernels.
    results : mapping of str to Recorded or str
        What was recorded there, or why nothing was.
    command : Sample
        Graded with ``autograder grade``: with the outputs of our guests.
    said : mapping of str to dict
        The command's result for each student.
    """

    theirs: Sample
    ours: Sample
    results: Mapping[str, Recorded | str]
    command: Sample
    said: Mapping[str, dict[str, Any]]


@pytest.fixture(scope="session")
def run(folder_at: Any) -> Run:
    """Return what runs nbgrader's commands in a folder."""
    return lambda path, *commands: folder_at(path).nbgrader(*commands)


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory, run: Run, folder_at: Any) -> dict[str, Graded]:
    """Make the courses and grade them on all roads: nbgrader's kernels two courses at a time, because most of it is waiting."""
    top = tmp_path_factory.mktemp("courses")

    def made(name: str) -> tuple[Sample, Sample, Sample]:
        sample = MAKERS[name](top / name, run)
        others = sample.copied(top / f"{name}-ours"), sample.copied(top / f"{name}-command")
        theirs(sample, run)
        return sample, *others

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(MAKERS, pool.map(made, MAKERS), strict=True))
    graded = {}
    for name, (sample, same_outputs, command) in found.items():
        results = ours(same_outputs, partial(executed_by, sample))
        graded[name] = Graded(sample, same_outputs, results, command, by_command(command, folder_at(command.path).environment()))
    return graded
