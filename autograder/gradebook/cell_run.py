"""Grades assignments by their own test cells: many submissions at once, one writer of the gradebook.

A submission's notebooks are run in the sandbox, or by Jupyter where nothing is confined; `CellGradebook` does what nbgrader does before and
after.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from autograder.errors import GradebookError, SandboxUnavailable, Shortage, SubmissionError, in_one_line, unexpected
from autograder.gradebook.cell_grading import CellGradebook, Execution, Prepared, PreparedNotebook, Recorded
from autograder.gradebook.execution_cache import ExecutionCache
from autograder.limits import NOTEBOOK_LIMITS, Limits
from autograder.model.configuration import configuration
from autograder.model.course import Course, grade_id, source_of
from autograder.model.results import ExerciseResult, Status, SubmissionResult, TestResult
from autograder.runners.cell_hand_ins import CellHandin
from autograder.runners.class_run import Options
from autograder.sandbox.imports import imported_modules
from autograder.sandbox.notebooks import IPythonSandbox, NotebookRun

if TYPE_CHECKING:
    from nbgrader.converters import Autograde

    from autograder.gradebook.cell_assignment import CellAssignment

AHEAD = 2  # submissions in memory for each that is being run
CELLS_IN_ALL = 20  # a notebook may take as long as so many cells at their limit
TIMED_OUT = "CellTimeoutError"
_COLOURS = re.compile("\x1b\\[[0-9;]*m")


class Runner(Protocol):
    """Runs the notebooks of a submission."""

    def run(self, prepared: Prepared, limits: Limits) -> dict[str, Execution]:
        """Return what came of running each notebook, by name."""

    def close(self) -> None:
        """End what is running."""


class CellRun:
    """One run of ``autograder grade`` over assignments without a hidden suite; a context manager.

    Parameters
    ----------
    course : Course
    chosen : iterable of CellHandin
        What to grade.
    options : Options
        `jobs` is how many submissions are run at once; `limits` are changes to `NOTEBOOK_LIMITS`, whose `cell_seconds` are otherwise those
        of nbgrader's ``Execute.timeout``.
    write : bool
        Whether marks are written into the gradebook, and files into ``autograded/``.
    say : callable, optional
        Called with a message if another process writes to the gradebook.
    converter : Autograde, optional
        nbgrader's converter, where that has been started: its folders, configuration and options hold, and not those of the course's files.

    Raises
    ------
    GradebookError, SandboxUnavailable, SubmissionError
        If the gradebook can't be opened, no guest can be started, or nothing was handed in.
    """

    def __init__(
        self,
        course: Course,
        chosen: Iterable[CellHandin],
        options: Options,
        write: bool = True,
        say: Callable[[str], None] | None = None,
        converter: Autograde | None = None,
    ) -> None:
        self._course, self._chosen, self._options = course, list(chosen), options
        self._write, self._say, self._converter = write, say, converter

    def __enter__(self) -> Self:
        names = list(dict.fromkeys(hand_in.assignment for hand_in in self._chosen))
        with ExitStack() as stack:
            sandbox = self._sandbox_for(names) if self._options.confine else None  # starts while nbgrader is imported
            if sandbox:
                stack.enter_context(sandbox)
            self._book = stack.enter_context(self._gradebook())
            if self._converter:
                self._book.steps.converter.create_student = self._converter.create_student  # formgrader sets it
            found = [each for hand_in in self._chosen for each in self._found(hand_in)]
            self._submissions = list({(assignment.name, student): (assignment, student) for assignment, student in found}.values())
            if sandbox:
                self._runner: Runner = _Confined(sandbox, ExecutionCache(self._course.root) if self._options.cache else None)
            else:
                from nbgrader.utils import setenv

                from autograder.gradebook.kernel_runs import KernelRuns

                stack.enter_context(setenv(NBGRADER_EXECUTION="autograde"))  # notebooks may ask for it
                self._runner = KernelRuns(self._book.steps)
            stack.callback(self._runner.close)
            self._pool = ThreadPoolExecutor(self._options.jobs)
            self._checked = self._pool.submit(sandbox.check) if sandbox else None
            self._exit_stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._runner.close()  # first, so that nothing is waited for after an interrupt
        self._pool.shutdown(cancel_futures=True)
        self._exit_stack.close()

    def __len__(self) -> int:
        """How many submissions there are."""
        return len(self._submissions)

    def results(self) -> Iterator[SubmissionResult]:
        """Grade, and yield a result for each submission, in the order in which they are done; its exercises are the graded cells."""
        waiting: dict[Future[dict[str, Execution]], Prepared] = {}
        for assignment, student in self._submissions:
            try:
                prepared = self._book.prepare(assignment, student)
            except SubmissionError as error:
                yield self._refused(assignment, student, error)
                continue
            waiting[self._pool.submit(self._runner.run, prepared, self._limits(prepared))] = prepared
            yield from self._arrived(waiting, wait_for_one=len(waiting) >= AHEAD * self._options.jobs)
        while waiting:
            yield from self._arrived(waiting, wait_for_one=True)

    def _arrived(self, waiting: dict[Future[dict[str, Execution]], Prepared], wait_for_one: bool) -> Iterator[SubmissionResult]:
        """Record the submissions that were run, and yield their results."""
        for done in wait(waiting, None if wait_for_one else 0, FIRST_COMPLETED).done:
            yield self._recorded(waiting.pop(done), done)

    # --- before it starts

    def _sandbox_for(self, names: Iterable[str]) -> IPythonSandbox:
        """Return the sandbox, which imports what notebooks and modules of the instructor import, and what the configuration lists."""
        paths = [path for name in names for path in sorted(self._course.assignments[name].iterdir())]
        listed = configuration(self._course.root).Autograder.get("modules", [])
        found = imported_modules(source for path in paths for source in _sources(path))
        return IPythonSandbox(sorted({*found, *map(str, listed)}), closed=[self._course.root])

    def _gradebook(self) -> CellGradebook:
        if self._converter is None:
            return CellGradebook(self._course.root, say=self._say)
        return CellGradebook(self._course.root, self._converter.coursedir, self._say, self._converter.config)

    def _found(self, hand_in: CellHandin) -> list[tuple[CellAssignment, str]]:
        assignment = self._book.assignment(hand_in.assignment)
        for known in assignment.notebooks.values():
            kernel = json.loads(known.kernelspec or "null") or {}
            why = _refusal_of(str(kernel.get("language") or "python"), str(kernel.get("name", "")))
            if why and self._options.confine:
                raise SandboxUnavailable(f"{known.name}.ipynb of {assignment.name}: {why}")
        students = [hand_in.student] if hand_in.student else self._book.students(assignment)
        if not students:
            raise SubmissionError(
                f"nothing was handed in for {assignment.name}: there is no {self._book.place_of('<student>', assignment)}"
            )
        return [(assignment, student) for student in students]

    def _limits(self, prepared: Prepared) -> Limits:
        """Return the limits of a submission: a notebook may take longer where nbgrader lets a cell take longer."""
        total = max(NOTEBOOK_LIMITS.total_seconds, CELLS_IN_ALL * (prepared.timeout or 0))
        limits = replace(NOTEBOOK_LIMITS, cell_seconds=prepared.timeout or total, total_seconds=total, cpu_seconds=round(total))
        return limits.changed(self._options.limits)

    # --- after a submission was run

    def _recorded(self, prepared: Prepared, running: Future[dict[str, Execution]]) -> SubmissionResult:
        assignment, student = prepared.assignment, prepared.student
        try:
            if self._checked:
                self._checked.result()
            executions = running.result()
            found = self._book.record(prepared, executions, self._write)
        except SubmissionError as error:
            return self._refused(assignment, student, error)
        except (GradebookError, Shortage) as error:
            return _ungraded(assignment, student, error)
        except SandboxUnavailable:
            raise
        except Exception as error:  # it concerns this submission only
            return _ungraded(assignment, student, unexpected(error))
        path = self._book.place_of(student, assignment)
        return SubmissionResult(student, assignment.name, path, tuple(_exercises(prepared, executions, found)), found.problems)

    def _refused(self, assignment: CellAssignment, student: str, error: Exception) -> SubmissionResult:
        try:
            if self._write:
                self._book.refuse(assignment, student)
        except GradebookError as worse:
            return _ungraded(assignment, student, worse)
        return _ungraded(assignment, student, error)


@dataclass
class _Confined:
    """Runs notebooks in confined guests; what ran to its end is kept, and isn't run again while nothing changes."""

    sandbox: IPythonSandbox
    cache: ExecutionCache | None

    def run(self, prepared: Prepared, limits: Limits) -> dict[str, Execution]:
        for notebook in prepared.notebooks:
            if why := _refusal_of(notebook.language, notebook.kernel):
                raise SubmissionError(f"{notebook.name}.ipynb: {why}")
        key = self.cache.key(prepared, limits) if self.cache else ""
        known = self.cache.get(key) if self.cache else None
        if known is not None:
            return known
        runs = self.sandbox.run_in_turn([list(notebook.code.values()) for notebook in prepared.notebooks], prepared.data, limits)
        found = {notebook.name: _execution(notebook, run) for notebook, run in zip(prepared.notebooks, runs, strict=True)}
        if self.cache and not any(run.reason or run.interrupted for run in runs):  # a limit of time or memory may hold in another run
            self.cache.put(key, found)
        return found

    def close(self) -> None:
        self.sandbox.close()


def _execution(notebook: PreparedNotebook, run: NotebookRun) -> Execution:
    where = "a cell" if run.ended_in != -1 else "it was not run:"
    return Execution.of(notebook, run.outputs, run.counts, run.reason and f"{notebook.name}.ipynb: {where} {run.reason}")


def _sources(path: Path) -> Iterator[str]:
    """Yield the code in a notebook or module of the course; nothing where there is none, or it can't be read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        if path.suffix == ".py":
            yield path.read_text(encoding="utf-8")
        elif path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            yield from [source_of(cell) for cell in cells if cell.get("cell_type") == "code"]


def _refusal_of(language: str, name: str) -> str:
    """Return why the notebooks of a kernel can't be run in the sandbox; an empty text if they can."""
    if language.lower() == "python":
        return ""
    language, name = in_one_line(language, 60), in_one_line(name, 60)
    of_kernel = f"the kernel {name} is for {language}" if name else f"the notebook is in {language}"
    return f"the sandbox runs Python, and {of_kernel}: --sandbox none runs it by Jupyter, unconfined"


def _exercises(prepared: Prepared, executions: Mapping[str, Execution], found: Recorded) -> Iterator[ExerciseResult]:
    """Yield the test cells, all but those that a person grades."""
    notebooks = prepared.assignment.notebooks
    errors = {each.name: _errors(each, executions[each.name]) for each in prepared.notebooks}
    for (notebook, cell), score in found.scores.items():
        by_hand = {each.name for each in (*notebooks[notebook].solution_cells, *notebooks[notebook].task_cells)}
        if cell not in by_hand:
            error, message = errors.get(notebook, {}).get(cell, ("", ""))
            score, most = score or 0.0, notebooks[notebook].graded[cell].max_score
            passed = score >= most and not error
            status: Status = "passed" if passed else "timeout" if error == TIMED_OUT else "failed"
            label = f"{notebook}/{cell}" if len(notebooks) > 1 else cell
            if not (passed or message):
                missing = notebook in prepared.missing
                message = "the notebook was not handed in" if missing else f"its result gives {score:g} of {most:g} points"
            test = TestResult(cell, "passed" if passed else "failed", message, most)
            yield ExerciseResult(label, score, most, status, (test,))


def _errors(notebook: PreparedNotebook, execution: Execution) -> dict[str, tuple[str, str]]:
    """Return the last error in each cell with a name, and its message."""
    found = {}
    for index in notebook.code:
        outputs = execution.outputs.get(index)
        errors = [output for output in outputs if output["output_type"] == "error"] if outputs is not None else [None]
        if errors and (name := grade_id(notebook.notebook.cells[index])):
            kind, said = (errors[-1]["ename"], errors[-1]["evalue"]) if errors[-1] else ("", execution.problem or "it was not run")
            found[name] = kind or "not run", in_one_line(_COLOURS.sub("", f"{kind}: {said}" if kind and said else said or kind))
    return found


def _ungraded(assignment: CellAssignment, student: str, why: Exception | str) -> SubmissionResult:
    return SubmissionResult(student, assignment.name, "", problems=(str(why),), graded=False)
