"""Grades what was handed in for an assignment by the assignment's own test cells: many notebooks at once, one writer of the gradebook."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from autograder.errors import GradebookError, SubmissionError
from autograder.gradebook.cell_assignment import CellAssignment
from autograder.gradebook.cell_grading import CellGradebook, Execution, Prepared, PreparedNotebook, Recorded
from autograder.limits import NOTEBOOK_LIMITS, Limits
from autograder.model.results import ExerciseResult, SubmissionResult
from autograder.sandbox.imports import imported_modules
from autograder.sandbox.notebooks import IPythonSandbox

AHEAD = 4  # submissions that are prepared for each guest that runs

Pending = tuple[Prepared, dict[str, "Future[Execution]"]]


def grade_by_cells(
    root: Path, name: str, jobs: int = 1, confine: bool = True, limits: Limits = NOTEBOOK_LIMITS, say: Callable[[str], None] | None = None
) -> Generator[SubmissionResult, None, None]:
    """Grade all that was handed in for an assignment, and write the gradebook and ``autograded/``.

    Parameters
    ----------
    root : Path
        The course's folder, the one with ``nbgrader_config.py``.
    name : str
        The assignment.
    jobs : int
        How many notebooks are run at once.
    confine : bool
        Whether they run confined.
    limits : Limits
        What a notebook may use. A shorter ``Execute.timeout`` of the course takes the place of `cell_seconds`.
    say : callable, optional
        Called with a message if another process writes to the gradebook.

    Yields
    ------
    SubmissionResult
        One for each student who has handed in, in the order of their names; `exercises` are the graded cells.

    Raises
    ------
    GradebookError, SandboxUnavailable
        If the gradebook can't be opened, or no guest can be started.
    """
    with CellGradebook(root, say=say) as book:
        assignment = book.assignment(name)
        code = [cell.source for each in assignment.notebooks.values() for cell in each.source_cells if cell.cell_type == "code"]
        with IPythonSandbox(imported_modules(code), closed=[root], confine=confine) as sandbox, ThreadPoolExecutor(jobs) as pool:
            waiting: deque[Pending] = deque()
            try:
                for student in book.students(assignment):
                    try:
                        prepared = book.prepare(assignment, student)
                    except SubmissionError as error:
                        yield _refused(book, assignment, student, error)
                        continue
                    runs = {each.name: pool.submit(_run, sandbox, each, prepared, limits) for each in prepared.notebooks}
                    waiting.append((prepared, runs))
                    if len(waiting) >= AHEAD * jobs:
                        yield _recorded(book, *waiting.popleft())
                while waiting:
                    yield _recorded(book, *waiting.popleft())
            finally:
                pool.shutdown(cancel_futures=True)


def _run(sandbox: IPythonSandbox, notebook: PreparedNotebook, prepared: Prepared, limits: Limits) -> Execution:
    if prepared.timeout is not None and prepared.timeout < limits.cell_seconds:
        limits = limits.changed({"cell_seconds": prepared.timeout})
    run = sandbox.run(list(notebook.code.values()), prepared.data, limits)
    return Execution.of(notebook, run.outputs, run.counts, run.reason)


def _recorded(book: CellGradebook, prepared: Prepared, runs: dict[str, Future[Execution]]) -> SubmissionResult:
    assignment, student = prepared.assignment, prepared.student
    try:
        found = book.record(prepared, {name: run.result() for name, run in runs.items()})
    except SubmissionError as error:
        return _refused(book, assignment, student, error)
    except GradebookError as error:
        return _ungraded(assignment, student, error)
    return SubmissionResult(student, assignment.name, "", tuple(_exercises(assignment, found)), found.problems)


def _exercises(assignment: CellAssignment, found: Recorded) -> Iterator[ExerciseResult]:
    """Yield the test cells, all but those that a person grades."""
    for (notebook, cell), score in found.scores.items():
        by_hand = {each.name for each in (*assignment.notebooks[notebook].solution_cells, *assignment.notebooks[notebook].task_cells)}
        if cell not in by_hand:
            score = score or 0.0
            label = f"{notebook}/{cell}" if len(assignment.notebooks) > 1 else cell
            most = assignment.notebooks[notebook].graded[cell].max_score
            yield ExerciseResult(label, score, most, "passed" if score >= most else "failed")


def _refused(book: CellGradebook, assignment: CellAssignment, student: str, error: Exception) -> SubmissionResult:
    try:
        book.refuse(assignment, student)
    except GradebookError as worse:
        return _ungraded(assignment, student, worse)
    return _ungraded(assignment, student, error)


def _ungraded(assignment: CellAssignment, student: str, why: Exception) -> SubmissionResult:
    return SubmissionResult(student, assignment.name, "", problems=(str(why),), graded=False)
