"""What ``autograder try`` prints: a lecture's solution and known answers by exercise, each with its share, its band, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.judging.known_answers import BANDS
from autograder.judging.trials import SOLUTION, KnownTrial

WIDTHS = (1, 38, 15, 5)  # of the columns: mark, answer, severity with its band, share; aspects take the rest


def as_table(trials: Iterable[KnownTrial], only_failed: bool = False, findings: Sequence[str] = ()) -> RenderableType:
    """Return a table for each exercise, and lines below them that count what is as it should be.

    Parameters
    ----------
    trials : iterable of KnownTrial
    only_failed : bool
        Leave out answers without findings; they are counted nevertheless.
    findings : sequence of str
        What is wrong beside the answers: in the suite.
    """
    trials = list(trials)
    parts: list[RenderableType] = []
    for exercise in dict.fromkeys(trial.result.name for trial in trials):
        shown = [one for one in trials if one.result.name == exercise and not (only_failed and not any(one.findings()))]
        if shown:
            parts += [Text(exercise, style="bold"), *_lines(shown), Text("")]
    parts += [Text.assemble(("✗ ", "red"), finding) for finding in findings]
    return Group(*parts, Text(_summary(trials)))


def _lines(trials: Sequence[KnownTrial]) -> Iterator[RenderableType]:
    """Yield a row for each trial, and a paragraph for each of its findings."""
    for trial in trials:
        findings = list(trial.findings())
        table = Table.grid(padding=(0, 1), expand=True)
        for width in WIDTHS:
            table.add_column(width=width, overflow="fold", justify="right" if width == WIDTHS[-1] else "left")
        table.add_column(ratio=1, overflow="fold")
        mark = Text("✗", style="red") if findings else Text("✓", style="green")
        table.add_row(mark, Text(trial.known.id), Text(_expected(trial)), f"{trial.share:.0%}", Text(", ".join(_lost(trial))))
        yield table
        yield from (Padding(Text(finding), (0, 0, 0, WIDTHS[0] + 3)) for finding in findings)


def _expected(trial: KnownTrial) -> str:
    if not trial.known.title:
        return "right"
    low, high = BANDS.get(trial.known.severity or "", (0.0, 0.0))
    return f"{trial.known.severity} {100 * low:.0f}–{high:.0%}" if high else "–"


def _lost(trial: KnownTrial) -> list[str]:
    failed = {test.aspect or test.name for test in trial.result.tests if test.outcome == "failed"}
    return [f"{one.name} {one.score:.2g}/{one.max_score:.2g}" for one in trial.result.aspects if one.name in failed]


def _summary(trials: Sequence[KnownTrial]) -> str:
    wrong = [trial for trial in trials if trial.known.title]
    right = [trial for trial in trials if not trial.known.title and trial.known.id != SOLUTION]
    solutions = [trial for trial in trials if trial.known.id == SOLUTION]
    in_band, named = sum(trial.in_band for trial in wrong), sum(trial.known.id in trial.names for trial in wrong)
    accused = sum(any(name != trial.known.id for name in trial.names) for trial in trials)
    return (
        f"right: {sum(one.share == 1 for one in solutions)} of {len(solutions)} solutions, "
        f"{sum(one.share == 1 for one in right)} of {len(right)} alternatives\n"
        f"wrong: {in_band} of {len(wrong)} misconceptions are in their band, {named} are named\n"
        f"named as something that they aren't: {accused}"
    )
