"""docs/syllabus.md and course/README.md say what the notebooks say: links, sections, minutes, points, order, and names of symbols."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from autograder.model.course import Course, nbgrader_of, source_of

ROOT = Path(__file__).parents[1]
SYLLABUS = (ROOT / "docs" / "syllabus.md").read_text(encoding="utf-8")
FOR_STUDENTS = (ROOT / "course" / "README.md").read_text(encoding="utf-8")
LECTURES = {lecture.id[:2]: lecture for lecture in Course(ROOT).lectures()}

LABEL = re.compile(r"\[(\d\d) ([^\]]+)\]\[(\d\d)\]")
"""A link to a place in a lecture, such as ``[05 §3][05]`` or ``[05 Batch normalization][05]``."""
WORDS_A_MINUTE = 100


# --- what is in a notebook ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What the syllabus says of a lecture, read from its notebook."""

    title: str
    places: frozenset[str]
    exercise_minutes: int
    reading_minutes: float
    points: str
    source: str


@cache
def facts(number: str) -> Facts:
    """Read the released notebook of a lecture."""
    cells = json.loads(LECTURES[number].released.read_text(encoding="utf-8"))["cells"]
    text = "\n".join(source_of(cell) for cell in cells if cell["cell_type"] == "markdown")
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    title = headings[0].removeprefix(f"Lecture {int(number)} · ")
    sections = {heading.split(" ")[0] for heading in headings if heading.startswith("§")}
    graded = [(cell["cell_type"], nbgrader_of(cell)["points"]) for cell in cells if nbgrader_of(cell).get("grade")]
    by_machine, by_hand = (sum(points for kind, points in graded if kind == which) for which in ("code", "markdown"))
    return Facts(
        title=title,
        places=frozenset({title, *headings, *sections}),
        exercise_minutes=sum(map(int, re.findall(r"^\*About (\d+) minutes", text, flags=re.MULTILINE))),
        reading_minutes=len(re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL).split()) / WORDS_A_MINUTE,
        points=f"{by_machine:g} + {by_hand:g}",
        source="\n".join(map(source_of, cells)),
    )


# --- what is in a document ----------------------------------------------------------------------------------------------------


def section(text: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all table rows, without the rows of headings."""
    lines = re.sub(r"^\|.*\n\|(?:---\|)+\n", "", text, flags=re.MULTILINE).splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


# --- what is wrong with a syllabus --------------------------------------------------------------------------------------------


def wrong_links(text: str) -> Iterator[str]:
    """Follow every link, to the notebook and to the section."""
    targets = dict(re.findall(r"^\[(\d\d)\]: \.\./(\S+)$", text, flags=re.MULTILINE))
    for number, lecture in LECTURES.items():
        if targets.get(number) != lecture.released.relative_to(ROOT).as_posix():
            yield f"[{number}] leads to {targets.get(number)}, and not to the notebook of {lecture.id}"
        elif not lecture.released.is_file():
            yield f"{lecture.released} is missing"
    yield from (f"there is no lecture {number}" for number in targets.keys() - LECTURES.keys())
    labels = LABEL.findall(text)
    if len(labels) != text.count("]["):
        yield "a link isn't of the form [05 §3][05]"
    for number, place, target in labels:
        if number != target or target not in targets:
            yield f"[{number} {place}] leads to {target}"
        elif place not in facts(number).places:
            yield f"lecture {number} has no {place}"


def wrong_lectures(text: str) -> Iterator[str]:
    """Compare the table of lectures with the notebooks."""
    table = rows(section(text, "The lectures"))
    listed = [LABEL.findall(row[0])[0][0] for row in table]
    if listed != sorted(LECTURES):
        yield f"the table has the lectures {listed}"
    for number, (lecture, minutes, points, needs, teaches) in zip(listed, table, strict=True):
        if any(needed >= int(number) for needed in numbers(needs)):
            yield f"lecture {number} needs a later one: {needs}"
        if not teaches:
            yield f"lecture {number} teaches nothing"
        found = facts(number)
        doing, reading = numbers(minutes)
        if f"[{number} {found.title}]" not in lecture:
            yield f"lecture {number} is called {found.title}, and not {lecture}"
        if doing != found.exercise_minutes:
            yield f"the exercises of lecture {number} take {found.exercise_minutes} minutes, and not {doing}"
        if abs(reading - found.reading_minutes) > 5 or reading % 5:
            yield f"to read lecture {number} takes {5 * round(found.reading_minutes / 5)} minutes, and not {reading}"
        if points != found.points:
            yield f"lecture {number} has {found.points} points, and not {points}"


def wrong_topics(text: str) -> Iterator[str]:
    """Look for topics and errata that no lecture is named for."""
    for heading in ("Topics of the slides", "Errata of the slides"):
        for row in rows(section(text, heading)):
            if not re.fullmatch(rf"{LABEL.pattern}(, {LABEL.pattern})*", row[-1]):
                yield f"no lecture is named for: {row[0]} | {row[1]}"


def wrong_symbols(text: str) -> Iterator[str]:
    """Compare the names in code with the notebooks, and look for symbols that no lecture introduces."""
    table = rows(section(text, "Symbols"))
    symbols = [row[0] for row in table]
    yield from (f"there are two rows for {symbol}" for symbol in set(symbols) if symbols.count(symbol) > 1)
    for symbol, _, code, introduced, elsewhere in table:
        if not LABEL.search(introduced):
            yield f"no lecture introduces {symbol}"
        for clause in (f"{code} {introduced}", *elsewhere.split(";")):
            where = {number for number, _, _ in LABEL.findall(clause)}
            for name in re.findall(r"`([^`]+)`", clause) if where else ():
                if not any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", facts(number).source) for number in where):
                    yield f"{symbol}: no lecture of {sorted(where)} has the name {name}"


def wrong_numbers(text: str) -> Iterator[str]:
    """Compare the first sentence with the course."""
    functions = sum(len(lecture.exercises) for lecture in LECTURES.values())
    if f"Fourteen lectures, {functions} functions" not in text:
        yield f"{len(LECTURES)} lectures have {functions} functions"


CHECKS = (wrong_links, wrong_lectures, wrong_topics, wrong_symbols, wrong_numbers)


def wrong_in(text: str) -> list[str]:
    return [complaint for check in CHECKS for complaint in check(text)]


def test_the_syllabus_says_what_the_notebooks_say() -> None:
    assert wrong_in(SYLLABUS) == []


BROKEN = {
    "no such section": ("[05 §3][05]", "[05 §30][05]", "lecture 05 has no §30"),
    "no such heading": (
        "[04 Where the slides disagree, or err]",
        "[04 Where the slides agree]",
        "lecture 04 has no Where the slides agree",
    ),
    "another lecture": ("[05 §3][05]", "[05 §3][06]", "[05 §3] leads to 06"),
    "another form": ("[05 §3][05]", "[section 3][05]", "a link isn't of the form"),
    "no such notebook": ("momentum.ipynb", "momenta.ipynb", "[07] leads to course/07_momentum/momenta.ipynb"),
    "a lecture too many": ("[12]: ", "[15]: ../course/15_x/x.ipynb\n[12]: ", "there is no lecture 15"),
    "a lecture isn't listed": ("| [07 Momentum]", "[07 Momentum]", "the table has the lectures"),
    "another title": ("[08 Adaptive optimisers]", "[08 §1]", "lecture 08 is called Adaptive optimisers"),
    "minutes of exercises": ("| 145 + 45 |", "| 140 + 45 |", "the exercises of lecture 01 take 145 minutes"),
    "minutes of reading": ("| 145 + 45 |", "| 145 + 15 |", "to read lecture 01 takes 45 minutes"),
    "points": ("| 24 + 2 |", "| 25 + 2 |", "lecture 01 has 24 + 2 points"),
    "needs itself": ("| 5 (moving averages)", "| 8 (moving averages)", "lecture 08 needs a later one"),
    "a topic without a link": ("| SELU, and the", "| Softplus | later |\n| SELU, and the", "no lecture is named for: Softplus"),
    "an erratum without a link": (
        "| Nguyen | it is crucial",
        "| Nguyen | x | y | |\n| Nguyen | it is crucial",
        "no lecture is named for: Nguyen | x",
    ),
    "a symbol without a lecture": ("| γ | learned scale", "| ω | speed | – | | |\n| γ | learned scale", "no lecture introduces ω"),
    "a symbol twice": ("| ε | small", "| γ | small", "there are two rows for γ"),
    "another name in code": ("`gamma`", "`gain_of_scale`", "has the name gain_of_scale"),
    "another name elsewhere": ("`max_norm`", "`longest`", "has the name longest"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_syllabus_is_noticed(name: str) -> None:
    right, wrong, complaint = BROKEN[name]
    assert right in SYLLABUS
    broken = SYLLABUS.replace(right, wrong, 1)
    assert any(complaint in found for found in wrong_in(broken)), wrong_in(broken)


# --- the page for students ----------------------------------------------------------------------------------------------------


def wrong_for_students(text: str) -> list[str]:
    """Compare the students' table with the syllabus: the same lectures in the same order, minutes in all, and what each needs."""
    link = re.compile(r"^\[(\d+) (.+)\]\((\S+)\)$")
    found = [(*link.findall(lecture)[0], minutes, numbers(needs)) for lecture, minutes, needs in rows(text)]
    expected = []
    for row in rows(section(SYLLABUS, "The lectures")):
        number, title, _ = LABEL.findall(row[0])[0]
        target = re.findall(rf"^\[{number}\]: \.\./course/(\S+)$", SYLLABUS, flags=re.MULTILINE)[0]
        expected.append((str(int(number)), title, target, str(sum(numbers(row[1]))), numbers(row[3])))
    return [f"{one} should be {other}" for one, other in zip(found, expected, strict=True) if one != other]


def test_students_are_told_the_same() -> None:
    assert wrong_for_students(FOR_STUDENTS) == []


@pytest.mark.parametrize(
    ("right", "wrong"), [("| 190 |", "| 100 |"), ("[7 Momentum]", "[7 Inertia]"), ("(05_batch", "(06_batch"), ("| 7, 8 |", "| 7 |")]
)
def test_a_broken_page_for_students_is_noticed(right: str, wrong: str) -> None:
    assert wrong_for_students(FOR_STUDENTS.replace(right, wrong, 1)) != []


def test_the_readme_leads_to_the_syllabus() -> None:
    assert "](docs/syllabus.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
