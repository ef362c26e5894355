"""The command line: parses arguments, and calls `runners`, `gradebook`, `build`, `demo` and `report`.

Results go to standard output, progress and messages to standard error. Exit status: 0 all graded, 1 something could not be graded or
built (each is named), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.errors import (
    AutograderError,
    BuildError,
    GradebookError,
    LimitError,
    SandboxUnavailable,
    WorkerError,
    in_one_line,
    printable,
    printable_json,
)
from autograder.limits import LIMITS, Limits

if TYPE_CHECKING:
    from autograder.model.course import Course
    from autograder.model.results import Findings, SubmissionResult
    from autograder.runners.cell_hand_ins import CellHandin
    from autograder.runners.class_run import Handin, Options

app = typer.Typer(
    help="Grade the notebooks of an nbgrader course, by their own test cells or by hidden tests.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130
Confinement = Literal["landlock", "none"]
Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]


@app.command()
def grade(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Notebooks, folders of notebooks, or an assignment: all that was handed in.")
    ],
    json_to: Annotated[str, typer.Option("--json", metavar="FILE|-", help="Write the results as JSON.")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Processes that grade at once.")] = os.cpu_count() or 1,
    sandbox: Annotated[Confinement, typer.Option(help="How submissions are confined; none only for code that you trust.")] = "landlock",
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Time for one call of a student's function: --limit call_seconds=SECONDS.")
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help=f"What a submission may use (repeats): {', '.join(LIMITS)}.")
    ] = None,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Use results of earlier runs where nothing has changed.")] = True,
    gradebook: Annotated[bool, typer.Option("--gradebook/--no-gradebook", help="Write nbgrader's database and autograded/.")] = True,
    scheduler: Annotated[str, typer.Option(metavar="tcp://host:port", help="Grade on this Dask cluster instead of here.")] = "",
    gradescope: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result of one notebook for Gradescope.")] = None,
    visibility: Annotated[Visibility, typer.Option(help="When students see the tests on Gradescope.")] = "after_due_date",
) -> None:
    """Grade notebooks, or a whole class."""
    from autograder.model.course import find_course
    from autograder.model.results import Findings
    from autograder.model.submission import spelled
    from autograder.runners.cell_hand_ins import cell_hand_ins
    from autograder.runners.class_run import Options, handins

    course = find_course()
    by_cells, others = cell_hand_ins(paths, course)
    hand_ins = handins(others, course)
    if by_cells and (scheduler or gradescope):
        option = "--scheduler" if scheduler else "--gradescope"
        raise typer.BadParameter(f"{option} is for assignments with a hidden suite, and {by_cells[0].assignment} has none")
    if gradescope and len(hand_ins) != 1:
        raise typer.BadParameter(f"--gradescope is for a single notebook, and there are {len(hand_ins)}")
    options = Options(confine=sandbox == "landlock", limits=_limits(limit or [], timeout), jobs=jobs, cache=cache, scheduler=scheduler)
    _notice(options)
    unwritten: list[str] = []
    handed_in = {(hand_in.lecture.id, spelled(hand_in.student)) for hand_in in hand_ins if hand_in.lecture}
    with Findings() as findings:
        if hand_ins:
            _grade_by_suites(hand_ins, course, options, gradebook, findings, unwritten)
        if by_cells:
            handed_in |= _grade_by_cells(by_cells, course, options, gradebook, findings)
        _report(findings, json_to)
        if gradescope:
            _write_gradescope(findings, gradescope, visibility)
        if gradebook:
            _say_what_waits(course, handed_in)
        for sentence in dict.fromkeys(unwritten):
            _say(sentence)
        raise typer.Exit(0 if findings.all_graded and not unwritten else 1)


def _grade_by_suites(
    hand_ins: list[Handin], course: Course, options: Options, gradebook: bool, findings: Findings, unwritten: list[str]
) -> None:
    """Grade notebooks by the hidden suites of their lectures; append messages about failures to `unwritten`."""
    from autograder.gradebook.writer import import_nbgrader
    from autograder.runners.class_run import grade as grade_all

    gradebook = gradebook and any(hand_in.lecture for hand_in in hand_ins)
    graded = grade_all(hand_ins, course, options, import_nbgrader) if gradebook else grade_all(hand_ins, course, options)
    with closing(graded):  # also after an interrupt
        results = _recorded(graded, hand_ins, course, unwritten) if gradebook else graded
        try:
            for result in _watched(results, len(hand_ins)):
                findings.add(result)
        except WorkerError as error:  # the others are shown first
            unwritten.append(f"autograder: {error}")


def _grade_by_cells(
    hand_ins: list[CellHandin], course: Course, options: Options, gradebook: bool, findings: Findings
) -> set[tuple[str, str]]:
    """Grade assignments without a hidden suite by their own test cells; return assignment and student of each graded submission."""
    from autograder.gradebook.cell_run import CellRun

    graded = set()
    with CellRun(course, hand_ins, options, gradebook, _say) as run:
        for result in _watched(run.results(), len(run)):
            findings.add(result)
            graded |= {(result.lecture, result.student)} if result.graded else set()
    return graded


@app.command()
def report(
    lecture: Annotated[str, typer.Argument(metavar="[LECTURE]", help="One lecture; all where it is left out.")] = "",
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where the pages go.")] = Path("report"),
    json_to: Annotated[str, typer.Option("--json", metavar="FILE|-", help="Write the report as JSON, too.")] = "",
    csv_to: Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write the report as CSV files, too.")] = None,
    skeleton: Annotated[bool, typer.Option("--skeleton", help="Print misconceptions to fill in, for unexplained failures.")] = False,
    alike: Annotated[bool, typer.Option("--alike", help="Show which hand-ins are closer to each other than the class is.")] = False,
) -> None:
    """Write the class report from the last results: who is stuck and where, what to explain, which tests to look at, what waits."""
    from autograder.model.course import find_course
    from autograder.report.class_report import class_report
    from autograder.report.data import to_json, write_csv
    from autograder.report.mistakes import skeletons
    from autograder.report.page import write_pages

    course = find_course()
    found = class_report(course, [course.lecture(lecture)] if lecture else course.lectures(), alike)
    data = printable_json(json.dumps(to_json(found), ensure_ascii=False, indent=1)) if json_to else ""
    if json_to not in ("", "-"):
        Path(json_to).write_text(data + "\n", encoding="utf-8")
    if csv_to:
        write_csv(found, csv_to)
    page = write_pages(found, course, output)
    if not lecture and course.assignments:
        _say(f"Left out, because they have no hidden suite: {', '.join(course.assignments)}. Formgrader shows their marks.")
    if json_to == "-":
        print(data)
    if skeleton:
        lectures = ((course.lecture(each.standing.lecture), each.unexplained) for each in found.lectures)
        todo = [text for lecture_of_group, groups in lectures for text in skeletons(lecture_of_group, groups)]
        print(*todo or ["# no two students fail an exercise in the same way without a known mistake"], sep="\n\n\n")
    (_say if skeleton or json_to == "-" else print)(str(page))


@app.command()
def build(
    lectures: Annotated[list[str] | None, typer.Argument(metavar="[LECTURE...]", help="Which; all where it is left out.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail on drift.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Execute solutions even where their code is unchanged.")] = False,
) -> None:
    """Make the students' notebooks from solutions/, and check that nothing leaks."""
    from autograder.build import build as build_lectures
    from autograder.model.course import find_course

    course = find_course()
    chosen = map(course.lecture, lectures) if lectures else course.lectures()
    build_lectures(course, chosen, check=check, report=_say, force=force)


@app.command(name="try")
def try_answers(
    lecture: Annotated[str, typer.Argument(metavar="LECTURE", help="Its number, slug or id.")],
    exercises: Annotated[list[str] | None, typer.Argument(metavar="[EXERCISE...]", help="Which; all where it is left out.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Show only answers with a finding.")] = False,
) -> None:
    """Judge a lecture's solution and known answers: the share of each against its severity's band, its name, what it costs elsewhere."""
    from rich.console import Console

    from autograder.judging.solution import solution_of
    from autograder.judging.trials import suite_findings, tried
    from autograder.model.course import find_course
    from autograder.report.trials import as_table

    chosen = find_course().lecture(lecture)
    trials = list(tried(chosen, solution_of(chosen), exercises or ()))
    findings = [] if exercises else suite_findings(chosen)
    console = Console()
    console = console if console.is_terminal else Console(width=max(console.width, 100))
    console.print(as_table(trials, failed, findings))
    raise typer.Exit(bool(findings) or any(finding for trial in trials for finding in trial.findings()))


@app.command()
def new(
    lecture: Annotated[str, typer.Argument(metavar="NN_SLUG", help="Its id, such as 16_layer_normalization.")],
    exercises: Annotated[
        list[str], typer.Argument(metavar="EXERCISE:POINTS...", help="Its functions in order. x_forward and x_backward make a pair.")
    ],
) -> None:
    """Write the five files of a new lecture, with a TODO at each place to fill."""
    from autograder.build.new import write_lecture
    from autograder.model.course import find_course

    for path in write_lecture(find_course(), lecture, exercises):
        print(path)


@app.command()
def demo(
    lectures: Annotated[list[str] | None, typer.Argument(metavar="[LECTURE...]", help="Which; the first two where it is left out.")] = None,
    students: Annotated[int, typer.Option(min=3, metavar="N", help="How large a class.")] = 30,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where the class is built.")] = Path("demo"),
) -> None:
    """Build a class, grade it, and show what an instructor gets."""
    from autograder.demo import run_demo
    from autograder.model.course import find_course

    course = find_course()
    run_demo(course, output, students, _say, [course.lecture(name) for name in lectures or []])


def main() -> None:
    """Run the command line; expected errors are printed as a message without a traceback."""
    try:
        app()
    except (BuildError, GradebookError, SandboxUnavailable, WorkerError) as error:
        _fail(error, 1)
    except AutograderError as error:
        _fail(error, 2)
    except OSError as error:  # a full disk, most often
        _fail(f"the system refused something ({error}); what was graded is kept, and the same command goes on from there", 1)
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # Typer catches KeyboardInterrupt itself, and prints nothing
            _interrupted()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C while Python exits would print a traceback
        raise


def _interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C is ignored
    _fail("interrupted; what was graded is kept, and the same command goes on from there", INTERRUPTED)


def _notice(options: Options) -> None:
    """Print a notice if submissions are confined less than usual."""
    from autograder.sandbox.confine import available, notice

    if not options.confine:
        if options.scheduler:
            _say("Submissions run unconfined, with the workers' rights: they can read the hidden tests, and do what a worker can.")
        else:
            _say("Submissions run unconfined, with your rights: they can read the hidden tests, and do to this machine what you can.")
    elif not options.scheduler and not available() and (lost := notice()):
        _say(f"Note: {lost}.")


def _limits(settings: list[str], timeout: float | None) -> dict[str, object]:
    """Return the limits that the options change."""
    changes: dict[str, object] = {} if timeout is None else {"call_seconds": timeout}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise typer.BadParameter(f"{setting!r} should be NAME=VALUE, such as call_seconds=30 or memory_bytes=4GiB")
        changes[name.strip()] = value
    try:
        Limits().changed(changes)
    except LimitError as error:
        raise typer.BadParameter(str(error)) from None
    return changes


def _fail(error: object, status: int) -> None:
    _say(f"autograder: {error}")
    sys.exit(status)


def _say(message: str) -> None:
    print(printable(message), file=sys.stderr)


def _recorded(
    results: Iterable[SubmissionResult], hand_ins: list[Handin], course: Course, unwritten: list[str]
) -> Iterator[SubmissionResult]:
    """Yield the results, after writing those of submitted/ into the gradebook; append messages about failures to `unwritten`."""
    from autograder.gradebook.writer import GradebookWriter
    from autograder.model.submission import refusal_of

    theirs = {str(hand_in.path) for hand_in in hand_ins if hand_in.lecture and not refusal_of(hand_in.student)}
    with GradebookWriter(course, say=_say) as writer:
        for result in results:
            if result.notebook in theirs:
                try:
                    writer.write(result)
                except GradebookError as error:
                    unwritten.append(str(error))
            yield result


def _say_what_waits(course: Course, handed_in: set[tuple[str, str]]) -> None:
    """Print which written answers wait for a person, among the submissions with these lectures and students."""
    from autograder.gradebook.manual import waiting_sentences

    try:
        for sentence in waiting_sentences(course, handed_in):
            _say(sentence)
    except GradebookError:  # said already, when it was to be written
        pass


def _watched(results: Iterable[SubmissionResult], total: int) -> Iterator[SubmissionResult]:
    """Yield the results, and show progress: a bar on a terminal, plain lines elsewhere; print why a submission can't be graded."""
    if total <= 1:
        yield from map(_named, results)
        return
    from autograder.report.progress import watched

    yield from watched(results, total)


def _named(result: SubmissionResult) -> SubmissionResult:
    if not result.graded:
        _say(f"{in_one_line(result.student)}: not graded: {in_one_line('; '.join(result.problems), 2000)}")
    return result


def _write_gradescope(findings: Findings, path: Path, visibility: Visibility) -> None:
    from autograder.files import write_atomically
    from autograder.report.gradescope import as_gradescope

    for result in findings:
        write_atomically(path, json.dumps(as_gradescope(result, visibility), indent=1).encode())


def _report(findings: Findings, json_to: str) -> None:
    if json_to == "-":
        for line in findings.as_json():
            print(line)
        return
    if json_to:
        with open(json_to, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in findings.as_json())
    from rich.console import Console

    from autograder.report.terminal import show

    console = Console()
    show(findings, console if console.is_terminal else Console(width=max(console.width, 160)))
