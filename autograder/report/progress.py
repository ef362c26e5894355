"""Progress while a class is graded: a bar on a terminal, plain lines elsewhere, both on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from autograder.errors import in_one_line
from autograder.model.results import SubmissionResult


def watched(results: Iterable[SubmissionResult], total: int) -> Iterator[SubmissionResult]:
    """Yield `total` results, and show progress; print a message for each that can't be graded."""
    console = Console(stderr=True)
    yield from (_as_bar if console.is_terminal else _as_lines)(results, total, console)


def _as_bar(results: Iterable[SubmissionResult], total: int, console: Console) -> Iterator[SubmissionResult]:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    pace = Pace(total)
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("grading", total=total, rate="", note="")
        for result in results:
            pace.count(result)
            if not result.graded:
                progress.console.print(_sentence(result))
            note = f"{pace.failures} not graded" if pace.failures else in_one_line(result.student, 40)
            progress.update(bar, advance=1, rate=pace.rate, note=note)
            yield result


def _as_lines(results: Iterable[SubmissionResult], total: int, console: Console) -> Iterator[SubmissionResult]:
    step = max(1, total // 10)
    pace = Pace(total)
    for result in results:
        pace.count(result)
        if not result.graded:
            console.print(_sentence(result), soft_wrap=True)
        if pace.done % step == 0 or pace.done == total:
            console.print(f"graded {pace.done} of {total} ({pace.in_words})", highlight=False)
        yield result


class Pace:
    """Counts results and failures, and computes the rate."""

    def __init__(self, total: int) -> None:
        self._total, self._started = total, time.monotonic()
        self.done = self.failures = 0

    def count(self, result: SubmissionResult) -> None:
        """Count a result."""
        self.done += 1
        self.failures += not result.graded

    @property
    def rate(self) -> str:
        """Results per second, as text."""
        return f"{self.done / self._seconds:.1f}/s"

    @property
    def in_words(self) -> str:
        """Rate, remaining time, and failures if there are any."""
        remaining = round((self._total - self.done) * self._seconds / max(1, self.done))
        left = [f"{remaining // 60}:{remaining % 60:02} left"] if self.done < self._total else []
        return ", ".join([self.rate, *left, *([f"{self.failures} not graded"] if self.failures else [])])

    @property
    def _seconds(self) -> float:
        return max(1e-3, time.monotonic() - self._started)


def _sentence(result: SubmissionResult) -> Text:
    return Text(f"{in_one_line(result.student)}: not graded: {in_one_line('; '.join(result.problems), 2000)}")
