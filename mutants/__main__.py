"""How many mutants the hidden suites catch: ``make mutants``.

Every exercise is mutated twice, as the reference has it and as the solution notebook has it. The run fails where a mutant survives that
``survivors.toml`` has no reason for, or where a reason's mutant doesn't survive any more.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from judging import JudgingFailed, Verdict, judge_mutants, seconds_for
from mutating import mutants_of
from reasons import as_toml, outdated, read_left_out, read_reasons, unexplained
from subjects import subjects_of
from table import as_markdown, merged, read_rows, rows_of, write_rows

from autograder.model.course import Lecture, find_course

HERE = Path(__file__).parent
SURVIVORS, README = HERE / "survivors.toml", HERE / "README.md"


def judge_lecture(lecture: Lecture, only: frozenset[str], processes: int) -> list[Verdict]:
    """Mutate a lecture's exercises (or some of them), and judge the mutants."""
    verdicts: list[Verdict] = []
    for subject in subjects_of(lecture):
        if (only and subject.exercise not in only) or subject.exercise in read_left_out(SURVIVORS):
            continue
        start = time.monotonic()
        mine = judge_mutants(subject, mutants_of(subject.source, subject.leave), seconds_for(subject), processes)
        caught = sum(verdict.caught for verdict in mine)
        name = f"{lecture.id} {subject.exercise} ({subject.origin})"
        print(f"{name:70} {caught} of {len(mine)} caught in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        verdicts += mine
    return verdicts


def chosen(wanted: Sequence[str]) -> list[tuple[Lecture, frozenset[str]]]:
    """Return the lectures that were asked for, by number, id, slug or exercise, each with its exercises (none: all of them)."""
    found = []
    for lecture in find_course(HERE).lectures():
        names = {lecture.id, lecture.slug, lecture.id[:2]}
        if not wanted or names & set(wanted):
            found.append((lecture, frozenset()))
        elif lecture.released.exists() and (exercises := set(wanted) & lecture.points.keys()):
            found.append((lecture, frozenset(exercises)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, print the table and what is wrong, and return 1 if anything is."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="*", help="lectures (number, id or slug) or exercises; all where none is named")
    parser.add_argument("--processes", type=int, default=2, help="how many mutants are judged at once")
    parser.add_argument("--write", action="store_true", help="put the table into README.md; lectures that weren't judged keep their rows")
    options = parser.parse_args(arguments)

    verdicts: list[Verdict] = []
    rows: list[list[str]] = []
    exercises: set[str] = set()
    whole = True
    for lecture, only in chosen(options.what):
        try:
            mine = judge_lecture(lecture, only, options.processes)
        except JudgingFailed as error:
            print(error, file=sys.stderr)
            return 2
        names = [name for name in lecture.points if (not only or name in only) and name not in read_left_out(SURVIVORS)]
        rows += rows_of(lecture.id, names, mine)
        verdicts += mine
        exercises |= set(names)
        whole = whole and not only
    print(as_markdown(rows))
    if options.write and whole:
        write_rows(README, merged(read_rows(README), rows) if options.what else rows)
    return report(verdicts, exercises if options.what else None)


def report(verdicts: Sequence[Verdict], exercises: set[str] | None = None, path: Path = SURVIVORS) -> int:
    """Print the survivors without a reason and the reasons without a survivor; return 1 if there are any."""
    reasons = read_reasons(path)
    unknown, old = unexplained(verdicts, reasons), outdated(verdicts, reasons, exercises)
    if unknown:
        print(f"\n{len(unknown)} mutants survive. Kill each with a better hidden test, or give the reason in {path.name}:\n")
        print(as_toml(unknown))
    for exercise, origin, line, becomes in old:
        print(f"\n{path.name} has a reason for what doesn't survive: {exercise} ({origin})\n    {line}\n    {becomes}")
    return int(bool(unknown or old))


if __name__ == "__main__":
    sys.exit(main())
