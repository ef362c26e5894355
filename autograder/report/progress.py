"""Progress while a class is graded: a bar on a terminal, plain lines elsewhere, both on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from ..errors import in_one_line
from ..results import SubmissionResult


def watched(results: Iterable[SubmissionResult], total: int) -> Iterator[SubmissionResult]:
    """Pass `total` results on as they come, and show how far it is; one that can't be graded is named at once."""
    console = Console(stderr=True)
    yield from (_as_bar if console.is_terminal else _as_lines)(results, total, console)


def _as_bar(results: Iterable[SubmissionResult], total: int, console: Console) -> Iterator[SubmissionResult]:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    failures = 0
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("grading", total=total, note="")
        for result in results:
            failures += not result.graded
            if not result.graded:
                progress.console.print(_sentence(result))
            progress.update(bar, advance=1, note=f"{failures} not graded" if failures else in_one_line(result.student, 40))
            yield result


def _as_lines(results: Iterable[SubmissionResult], total: int, console: Console) -> Iterator[SubmissionResult]:
    step = max(1, total // 10)
    for count, result in enumerate(results, start=1):
        if not result.graded:
            console.print(_sentence(result), soft_wrap=True)
        if count % step == 0 or count == total:
            console.print(f"graded {count} of {total}", highlight=False)
        yield result


def _sentence(result: SubmissionResult) -> Text:
    return Text(f"{in_one_line(result.student)}: not graded: {in_one_line('; '.join(result.problems), 2000)}")
