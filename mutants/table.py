"""The table in ``README.md``: how many mutants of each exercise the hidden suite catches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from judging import Verdict

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = ["lecture", "exercise", "reference: caught", "solution: caught", "survivors, each with its reason"]


def rows_of(lecture: str, exercises: Iterable[str], verdicts: Iterable[Verdict]) -> list[list[str]]:
    """Return a row an exercise."""
    known = list(verdicts)
    return [_row(lecture, exercise, [verdict for verdict in known if verdict.subject.exercise == exercise]) for exercise in exercises]


def _row(lecture: str, exercise: str, verdicts: list[Verdict]) -> list[str]:
    caught = []
    for origin in ("reference", "solution"):
        mine = [verdict for verdict in verdicts if verdict.subject.origin == origin]
        caught.append(f"{sum(verdict.caught for verdict in mine)} of {len(mine)}")
    return [lecture, f"`{exercise}`", *caught, str(sum(not verdict.caught for verdict in verdicts))]


def merged(old: list[list[str]], new: list[list[str]]) -> list[list[str]]:
    """Return the new rows together with the old ones of other lectures."""
    judged = {row[0] for row in new}
    return sorted([row for row in old if row[0] not in judged] + new, key=lambda row: row[0])


def as_markdown(rows: list[list[str]]) -> str:
    """Return the table, a last line with the sums included."""
    body = [HEAD, ["---", "---", "--:", "--:", "--:"], *rows, _sums(rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in body)


def _sums(rows: list[list[str]]) -> list[str]:
    pairs = [[[int(number) for number in row[column].split(" of ")] for row in rows] for column in (2, 3)]
    totals = [f"{sum(caught for caught, _ in column)} of {sum(all_ for _, all_ in column)}" for column in pairs]
    return ["all", "", *totals, str(sum(int(row[4]) for row in rows))]


def read_rows(readme: Path) -> list[list[str]]:
    """Return the rows of the table that is there."""
    inside = readme.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in inside.splitlines() if line.startswith("|")]
    return [row for row in rows[2:] if row[0] != "all"]


def write_rows(readme: Path, rows: list[list[str]]) -> None:
    """Put a table between the markers."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    readme.write_text(f"{before}{BEGIN}\n{as_markdown(rows)}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
