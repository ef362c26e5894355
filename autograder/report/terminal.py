"""Results on a terminal: one notebook in full, or a class as a table.

Text of students is put into `Text`, in which rich interprets no markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from autograder.errors import in_one_line, printable
from autograder.model.results import ExerciseResult, Findings, SubmissionResult

MOST = 15  # misconceptions in the table; the class report has all
MOST_ROWS = 200  # students in a table; for larger classes only sums are shown

_SIGNS = {"passed": "✓", "failed": "✗", "error": "✗", "timeout": "⧖", "not_attempted": "–"}
_STYLES = {"passed": "green", "failed": "red", "error": "red", "timeout": "yellow", "not_attempted": "dim"}


def show(results: Findings | Sequence[SubmissionResult], console: Console) -> None:
    """Print results: a single one in full, several as a table for each lecture with its misconceptions."""
    if len(results) == 1:
        console.print(in_full(next(iter(results))))
        return
    for lecture in sorted({result.lecture for result in results if result.graded}):
        # messages are dropped to save memory: a table doesn't show them
        results_of_lecture = (_short(result) for result in results if result.graded and result.lecture == lecture)
        if len(results) <= MOST_ROWS:
            everyone = list(results_of_lecture)
            console.print(as_table(everyone))
            if found := misconceptions(everyone):
                console.print(found)
        else:
            for part in as_sums(results_of_lecture):
                console.print(part)


def _short(result: SubmissionResult) -> SubmissionResult:
    return replace(result, exercises=tuple(replace(exercise, tests=()) for exercise in result.exercises), problems=(), printed=())


def in_full(result: SubmissionResult) -> RenderableType:
    """Return one result in full: exercises, messages of failures, and problems of the notebook."""
    if not result.graded:
        return Text.assemble((in_one_line(result.student), "bold"), ": not graded")
    title = Text(f"{in_one_line(result.student)} · {result.lecture} · {result.score:g} of {result.max_score:g}")
    table = Table(title=title, title_justify="left", box=None)
    for heading in ("", "exercise", "points", "what was found"):
        table.add_column(heading, justify="right" if heading == "points" else "left")
    for exercise in result.exercises:
        sign = Text(_SIGNS[exercise.status], style=_STYLES[exercise.status])
        table.add_row(sign, exercise.name, f"{exercise.score:g} / {exercise.max_score:g}", _found(exercise))
    notes = [Text.assemble(("note", "yellow"), f" {printable(problem)}") for problem in result.problems]
    return Group(table, *notes)


def _found(exercise: ExerciseResult) -> RenderableType:
    if exercise.status == "not_attempted":
        return Text("not attempted", style="dim")
    failed = [test for test in exercise.tests if test.outcome == "failed"]
    lines = [_failure([test.name for test in tests], message, "red") for message, tests in groupby(failed, lambda test: test.message)]
    for known in exercise.misconceptions:
        lines.append(Text.assemble((known.title, "bold"), f" (see {known.see})\n  {known.explanation}"))
    if exercise.follow_through:
        lines.append(Text(exercise.judged_with))
    return Text("\n").join(lines)


def _failure(sentences: Iterable[str], message: str, style: str) -> Text:
    """Return the sentences of consecutive tests that failed with the same message, and the message once."""
    return Text.assemble("".join(f"{printable(sentence)}\n" for sentence in sentences), "  ", (printable(message), style))


def as_table(results: Sequence[SubmissionResult]) -> Text:
    """Return the marks of a class in one lecture: a line for each student, a column for each exercise.

    Formatted as text, because rich's tables measure each cell several times, which is slow for a class.
    """
    everyone = sorted(results, key=lambda result: result.student)
    names = [in_one_line(result.student) for result in everyone]
    exercises = [exercise.name.replace("/", "/\n").replace("_", "\n_").split("\n") for exercise in everyone[0].exercises]
    first = max(len("student"), *map(cell_len, names))
    widths = [len("points"), *(max(5, *map(len, name)) for name in exercises)]
    upwards = zip_longest(["points"], *(name[::-1] for name in exercises), fillvalue="")
    heading = [_places(words, widths) for words in upwards][::-1]
    text = Text(f"{results[0].lecture}: {len(results)} graded", style="italic", overflow="fold")
    for line in heading:
        text.append("\n" + ("student" if line is heading[-1] else "").ljust(first) + "".join(line), style="bold not italic")
    for name, result in zip(names, everyone, strict=True):
        text.append("\n" + name + " " * (first - cell_len(name)), style="not italic")
        marks = [f"{result.score:g}", *(f"{_SIGNS[exercise.status]} {exercise.score:g}" for exercise in result.exercises)]
        styles = ["", *(_STYLES[exercise.status] for exercise in result.exercises)]
        for mark, style in zip(_places(marks, widths), styles, strict=True):
            text.append(mark, style=f"{style} not italic")
    return text


def _places(words: Iterable[str], widths: Iterable[int]) -> list[str]:
    """Return the words right-aligned in columns of these widths, with two blanks before each."""
    return [f"{word:>{width + 2}}" for word, width in zip(words, widths, strict=True)]


def as_sums(results: Iterable[SubmissionResult]) -> Iterator[RenderableType]:
    """Return a large class in one lecture: a line for each exercise with counts and mean points, and the misconceptions."""
    outcomes: dict[str, Counter[str]] = {}
    points: dict[str, float] = {}
    found: Misconceptions = {}
    graded: Counter[str] = Counter()
    for result in results:
        graded[result.lecture] += 1
        for exercise in result.exercises:
            outcomes.setdefault(exercise.name, Counter())[_SIGNS[exercise.status]] += 1
            points[exercise.name] = points.get(exercise.name, 0.0) + exercise.score
        _note(result, found)
    ((lecture, count),) = graded.items()
    yield Text(f"{lecture}: {count} graded; each student's marks are in the gradebook, in --json and in «autograder report»")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("exercise", "mean points", *dict.fromkeys(_SIGNS.values())):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for name, signs in outcomes.items():
        table.add_row(name, f"{points[name] / count:.2f}", *(str(signs[sign]) for sign in dict.fromkeys(_SIGNS.values())))
    yield table
    yield _misconceptions(found)


Misconceptions = dict[tuple[str, str], list[Any]]


def _note(result: SubmissionResult, found: Misconceptions) -> None:
    """Count the misconceptions of a result, and keep the first names."""
    for exercise in result.exercises:
        for known in exercise.misconceptions:
            entry = found.setdefault((exercise.name, known.title), [0, []])
            entry[0] += 1
            entry[1] = sorted([*entry[1], result.student])[:5]


def misconceptions(results: Iterable[SubmissionResult]) -> RenderableType | None:
    """Return the misconceptions of a class with their students, by frequency; None where no hidden suite looks for any."""
    found: Misconceptions = {}
    by_suite = False
    for result in results:
        _note(result, found)
        by_suite = by_suite or any(exercise.aspects for exercise in result.exercises)
    return _misconceptions(found) if by_suite else None


def _misconceptions(found: Misconceptions) -> RenderableType:
    if not found:
        return Text("No misconception was recognised.", style="dim")
    table = Table(title="misconceptions", title_justify="left", box=None, header_style="bold", pad_edge=False)
    for heading in ("students", "exercise", "misconception", "who"):
        table.add_column(heading, justify="right" if heading == "students" else "left")
    for (exercise, title), (count, who) in sorted(found.items(), key=lambda entry: -entry[1][0])[:MOST]:
        table.add_row(str(count), exercise, Text(title), Text(in_one_line(", ".join(who[:4]) + (" …" if len(who) > 4 else ""))))
    if len(found) > MOST:
        table.add_row("", "", Text(f"and {len(found) - MOST} more; «autograder report» has them all", style="dim"))
    return table
