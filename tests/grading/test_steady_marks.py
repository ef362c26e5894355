"""A mark is a function of the notebook: output, pauses, load, company, order and the kind of worker don't change it.

The notebooks keep state between calls, so that their marks depend on which calls are made, and in which order. Each is handed in in
several manners, which differ in what else its functions do, and the class of all of them is graded in several ways.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.judging.sample_notebooks import fill, solved, write
from autograder.model.course import Lecture, find_course, grade_id, source_of
from autograder.model.results import ExerciseResult
from autograder.runners.class_run import Options, grade, handins

COURSE = find_course(Path(__file__).parent)
NORMALIZATION, DROPOUT, INITIALIZATION = (COURSE.lecture(name) for name in ("batch_normalization", "dropout", "initialization"))


# --- notebooks with state -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """How the cell of a right answer is changed.

    Parameters
    ----------
    exercise : str
        Whose cell.
    first : str
        Statements that the function begins with.
    above : str
        Statements above the function.
    """

    exercise: str
    first: str = ""
    above: str = ""


WRONG = "return None"
STATE: dict[str, tuple[Lecture, list[Change]]] = {
    "a global takes the place of a helper": (
        INITIALIZATION,
        [
            Change("fans"),
            Change("glorot_normal", "global std\nstd = np.sqrt(2 / (fan_in + fan_out))"),
            Change("activation_statistics", f"try: std(X)\nexcept TypeError: {WRONG}", "def std(a): return np.std(a)"),
        ],
    ),
    "a dictionary that another exercise reads": (
        DROPOUT,
        [
            Change("vanilla_dropout_train", "kept['rate'] = rate", "kept = {}"),
            Change("vanilla_dropout_predict", "rate = kept.get('rate', rate)"),
        ],
    ),
    "the test's generator is kept": (
        DROPOUT,
        [
            Change("dropout_forward", "kept_rng.append(rng)\nrng = kept_rng[len(kept_rng) // 3]", "kept_rng = []"),
            Change("vanilla_dropout_train", "if kept_rng[-1].random() < 0.3: return x * 1.5"),
        ],
    ),
    "calls are counted": (
        NORMALIZATION,
        [
            Change("batchnorm_forward", "calls.append(1)", "calls = []"),
            Change("update_running", f"calls.append(1)\nif len(calls) % 5 == 0: {WRONG}"),
            Change("batchnorm_inference", f"calls.append(1)\nif len(calls) > 25: {WRONG}"),
            Change("fold_batchnorm", f"calls.append(1)\nif len(calls) % 7 == 3: {WRONG}"),
        ],
    ),
    "cells define one helper differently": (
        NORMALIZATION,
        [
            Change("batchnorm_forward", "x = prepared(x)", "def prepared(x): return x"),
            Change("batchnorm2d_forward", "global prepared\nprepared = lambda x: x + 1", "def prepared(x): return 2 * np.asarray(x)"),
            Change("batchnorm_inference", "x = prepared(x)"),
            Change("fold_batchnorm", "b = prepared(b)"),
        ],
    ),
    "a memo by arguments": (
        NORMALIZATION,
        [
            Change("batchnorm_forward", "gamma = memo.setdefault(len(gamma), gamma)", "memo = {}"),
            Change("batchnorm_inference", "gamma = memo.setdefault(len(gamma), gamma)"),
            Change("fold_batchnorm", "beta = memo.setdefault(('beta', np.shape(W)), beta)"),
        ],
    ),
    "a memo by identity": (
        NORMALIZATION,
        [
            Change("batchnorm_forward", "known[id(x)] = x", "known = {}"),
            Change("update_running", "known[id(running)] = running\nmomentum = 0.5 if len(known) % 3 == 0 else momentum"),
            Change("fold_batchnorm", f"known[id(W)] = W\nif len(known) > 20: {WRONG}"),
        ],
    ),
    "NumPy's global random numbers": (
        NORMALIZATION,
        [
            Change("batchnorm_forward", "if np.shape(x)[0] == 1: np.random.seed(3)", "np.random.seed(11)"),
            *(Change(name, f"if np.random.rand() < 0.15: {WRONG}") for name in ("update_running", "fold_batchnorm")),
            Change("batchnorm_inference", f"import random\nif random.random() < 0.15: {WRONG}"),
        ],
    ),
    "an array of the module is changed": (
        NORMALIZATION,
        [
            Change("update_running", "shift[:] += 2e-8", "shift = np.zeros(3)"),
            Change("batchnorm_inference", "x = x + shift[0]\nshift[0] += 5e-8"),
            Change("fold_batchnorm", "b = b + shift[0] + shift[1]\nshift[1:] *= -1"),
        ],
    ),
    "a Python generator is kept": (
        NORMALIZATION,
        [
            Change("update_running", f"if next(turns) == 4: {WRONG}", "turns = (n * n % 7 for n in range(10**6))"),
            Change("fold_batchnorm", f"if next(turns) == 2: {WRONG}"),
        ],
    ),
    "the process ends now and then": (
        NORMALIZATION,
        [
            Change("batchnorm_forward", "lived.append(1)", "lived = []"),
            Change("update_running", "lived.append(1)\nif len(lived) % 6 == 4:\n    import os\n    os._exit(3)"),
            Change("fold_batchnorm", f"lived.append(1)\nif len(lived) % 4 == 0: {WRONG}"),
        ],
    ),
    "hashes of text": (
        NORMALIZATION,
        [
            Change("update_running", f"if next(iter({{'running', 'mean', 'variance', 'std'}})) == 'mean': {WRONG}"),
            *(Change(name, f"if hash({name!r}) % 2: {WRONG}") for name in ("batchnorm_inference", "fold_batchnorm")),
        ],
    ),
}
ONE_EXERCISE_CHANGES_ANOTHER = {"a global takes the place of a helper", "a dictionary that another exercise reads", "hashes of text"}
"""What gets full marks, or doesn't, by chance or by what the exercises know of each other."""

PAUSES = [0.02, 0.1]  # the last one first
MANNERS = {
    "quiet": "",
    "printing": "import sys; print('in', {name!r}); print('in', {name!r}, file=sys.stderr)",
    "warning": "import warnings; warnings.warn('careful')",
    "pausing": "import time; time.sleep(pauses.pop() if pauses else 0)",
}


def begins_with(source: str, statements: str) -> str:
    """Return a cell with statements at the beginning of each of its functions."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body[1:1] = ast.parse(statements.format(name=node.name)).body  # behind the docstring
    return ast.unparse(tree)


def notebook(name: str, manner: str) -> dict[str, Any]:
    """Return the notebook with this state, whose functions behave in this manner; other exercises are not attempted."""
    lecture, changes = STATE[name]
    right = {grade_id(cell): source_of(cell) for cell in solved(lecture)["cells"]}
    sources = {}
    for change in changes:
        cell = begins_with(right[change.exercise], change.first.replace("{", "{{").replace("}", "}}"))
        sources[change.exercise] = f"{change.above}\n{begins_with(cell, MANNERS[manner])}"
    first = changes[0].exercise
    pauses = [*PAUSES, 0.4] if lecture in (INITIALIZATION, DROPOUT) else PAUSES
    sources[first] = f"pauses = {pauses}\n{sources[first]}"
    return fill(lecture, sources)


# --- ways to grade them ---------------------------------------------------------------------------------------------------

Marks = dict[str, tuple[ExerciseResult, ...]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class: each notebook in each manner."""
    folder = tmp_path_factory.mktemp("class")
    for name in STATE:
        for manner in MANNERS:
            write(notebook(name, manner), folder / f"{name}, {manner}.ipynb")
    return folder


def graded(paths: Sequence[Path], **options: Any) -> Marks:
    """Grade notebooks in this order, and return what came of the exercises of each."""
    results = list(grade(handins(map(str, paths), COURSE), COURSE, Options(cache=False, **options)))
    assert all(result.graded for result in results), [result.problems for result in results]
    return {result.student: result.exercises for result in results}


@pytest.fixture(scope="module")
def marks(folder: Path) -> Marks:
    """Return the marks of a class that one worker grades."""
    return graded(sorted(folder.iterdir()))


def of(folder: Path, *manners: str) -> list[Path]:
    """Return the notebooks of some manners."""
    return [path for manner in manners for path in sorted(folder.glob(f"*, {manner}.ipynb"))]


@pytest.fixture
def busy() -> Iterator[None]:
    """Keep two processors busy."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for process in processes:
        process.kill()
        process.wait()


def in_marks(exercises: tuple[ExerciseResult, ...]) -> list[Any]:
    """Return scores, and what came of each test, without messages: these name lines, which differ from manner to manner."""
    found = ((each.name, each.score, each.status, [(test.name, test.outcome) for test in each.tests]) for each in exercises)
    return sorted(found)


@pytest.mark.parametrize("name", STATE)
@pytest.mark.parametrize("manner", list(MANNERS)[1:])
def test_neither_output_nor_time_changes_a_mark(name: str, manner: str, marks: Marks) -> None:
    assert in_marks(marks[f"{name}, {manner}"]) == in_marks(marks[f"{name}, quiet"])


@pytest.mark.parametrize("name", [name for name in STATE if name not in ONE_EXERCISE_CHANGES_ANOTHER])
def test_the_state_decides_about_marks(name: str, marks: Marks) -> None:
    """Otherwise these notebooks would prove nothing."""
    outcomes = {test.outcome for exercise in marks[f"{name}, quiet"] for test in exercise.tests if exercise.status != "not_attempted"}
    assert outcomes == {"passed", "failed"}


def test_two_workers_in_another_order_beside_busy_processes(folder: Path, marks: Marks, busy: None) -> None:
    found = graded(sorted(of(folder, "quiet", "pausing"), reverse=True), jobs=2)
    assert found == {student: marks[student] for student in found} and len(found) == 2 * len(STATE)


def test_alone(folder: Path, marks: Marks) -> None:
    """In a fresh sandbox each, without a class: what comes from the process itself is the same in all of them."""
    for name in ("the test's generator is kept", "a memo by identity", "NumPy's global random numbers", "hashes of text"):
        student = f"{name}, quiet"
        assert graded([folder / f"{student}.ipynb"]) == {student: marks[student]}


def test_on_a_cluster(folder: Path, marks: Marks) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        found = graded(of(folder, "printing"), scheduler=cluster.scheduler_address)
    assert found == {student: marks[student] for student in found} and len(found) == len(STATE)
