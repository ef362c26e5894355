"""Whatever bytes are handed in, the reader gives a notebook that everything behind it can work with, or one sentence."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import SubmissionError
from autograder.gradebook import autograded_notebook as autograded
from autograder.judging.sample_notebooks import solved
from autograder.model.course import find_course, grade_id
from autograder.model.results import SubmissionResult
from autograder.model.submission import Submission, parse_submission
from autograder.runners.class_run import Options, fingerprint
from autograder.sandbox import wire

COURSE = find_course(Path(__file__).parent)
LECTURE = COURSE.lecture("03_initialization")
PATH = Path("someone.ipynb")
SECONDS = 5.0  # of the processor
LENGTH = 600

Notebook = dict[str, Any]
Change = Callable[[Notebook], None]


def _part_of(notebook: Notebook) -> Notebook:
    """Return a notebook with a cell or two of each kind, without outputs: 100,000 of it are read in minutes."""
    wanted = {*list(LECTURE.setup)[:1], *list(LECTURE.points)[:2], *(f"test_{name}" for name in list(LECTURE.points)[:2])}
    cells = [cell for index, cell in enumerate(notebook["cells"]) if index < 3 or grade_id(cell) in wanted]
    return {**notebook, "cells": [{**cell, "outputs": []} if cell["cell_type"] == "code" else cell for cell in cells]}


WHOLE = _part_of(solved(LECTURE))
RELEASE = _part_of(json.loads(LECTURE.released.read_text(encoding="utf-8")))
BYTES = json.dumps(WHOLE).encode()
RESULT = SubmissionResult("someone", LECTURE.id, str(PATH))

# --- what can be wrong ----------------------------------------------------------------------------------------------------------

awkward = st.sampled_from(
    [
        "",
        "\0",
        "\ud800",
        "\udc80 \x1b[2J",
        "<script>alert(1)</script>",
        "$\\href{javascript:alert(1)}{x}$",
        "](javascript:alert(1))",
        "%%bash\nls",
        " " * 20_000 + "x",
        "\n" * 20_000,
        "]:" * 5_000,
        "autograded-3",
        *filter(None, map(grade_id, WHOLE["cells"])),
    ]
)
texts = st.one_of(awkward, st.text(st.characters(exclude_categories=()), max_size=20))
numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.sampled_from([2, 3, 4, 4.0, 10**400]))
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
anything = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6)
places = st.integers(0, 10)
kinds = st.sampled_from(["code", "markdown", "raw", "heading", "song", 7])
keys = st.sampled_from(["source", "metadata", "id", "outputs", "attachments", "execution_count", "cell_type", "input"])
top_keys = st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor", "worksheets"])


def cells_of(notebook: Notebook) -> list[Any]:
    return notebook["cells"] if isinstance(notebook.get("cells"), list) else []


def one_of(notebook: Notebook, place: int) -> dict[str, Any]:
    cells = cells_of(notebook)
    found = cells[place % len(cells)] if cells else {}
    return found if isinstance(found, dict) else {}


def delete(place: int) -> Change:
    return lambda notebook: cells_of(notebook) and cells_of(notebook).pop(place % len(cells_of(notebook)))


def duplicate(place: int, to: int) -> Change:
    return lambda notebook: cells_of(notebook).insert(to, copy.deepcopy(one_of(notebook, place)))


def move(place: int, to: int) -> Change:
    return lambda notebook: cells_of(notebook) and cells_of(notebook).insert(to, cells_of(notebook).pop(place % len(cells_of(notebook))))


def put(place: int, key: str, value: Any) -> Change:
    return lambda notebook: one_of(notebook, place).__setitem__(key, value)


def put_nbgrader(place: int, value: Any) -> Change:
    return lambda notebook: one_of(notebook, place).__setitem__("metadata", {"nbgrader": value})


def put_grade_id(place: int, value: Any) -> Change:
    return put_nbgrader(place, {"grade_id": value, "solution": True})


def attach(place: int, name: str, value: Any) -> Change:
    return put(place, "attachments", {name: {"image/png": "aGFsbG8=", name: value}})


def insert(place: int, value: Any) -> Change:
    return lambda notebook: cells_of(notebook).insert(place, value)


def put_on_top(key: str, value: Any) -> Change:
    return lambda notebook: notebook.__setitem__(key, value)


def to_format_3(place: int) -> Change:
    def change(notebook: Notebook) -> None:
        cells = [{**cell, "input": cell.pop("source", "")} if isinstance(cell, dict) else cell for cell in cells_of(notebook)]
        notebook.update(nbformat=3, worksheets=[{"cells": cells[:place]}, {"cells": cells[place:]}])

    return change


changes = st.one_of(
    st.builds(delete, places),
    st.builds(duplicate, places, places),
    st.builds(move, places, places),
    st.builds(put, places, st.just("cell_type"), kinds),
    st.builds(put, places, st.just("source"), texts),
    st.builds(put, places, st.just("source"), st.lists(plain, max_size=3)),
    st.builds(put, places, st.just("id"), texts),
    st.builds(put, places, keys, anything),
    st.builds(put_nbgrader, places, anything),
    st.builds(put_grade_id, places, plain),
    st.builds(attach, places, texts, plain),
    st.builds(insert, places, anything),
    st.builds(put_on_top, top_keys, anything),
    st.builds(to_format_3, places),
)
cuts = st.tuples(st.sampled_from(["cut", "flip", "insert", "repeat"]), st.integers(0, len(BYTES)), st.binary(max_size=6), st.integers(0, 7))


# --- what must hold -------------------------------------------------------------------------------------------------------------


def check(data: bytes) -> None:
    """Read `data`, and let everything work with it that would."""
    started = time.process_time()
    try:
        submission = parse_submission(data, PATH, COURSE)
    except SubmissionError as error:
        said = str(error)
        assert said.isprintable() and said and len(said) < LENGTH, said
    else:
        _check_submission(submission)
    assert time.process_time() - started < SECONDS


def _check_submission(submission: Submission) -> None:
    assert len(fingerprint(submission, Options())) == 64
    frame = wire.Codec(_refused, _refused).encode("cells", [astuple(cell) for cell in submission.cells], [], [])
    assert len(frame) > wire.HEADER.size
    assert len({cell.label for cell in submission.cells}) == len(submission.cells)
    assert all(problem.isprintable() and len(problem) < LENGTH for problem in submission.problems), submission.problems
    result = SubmissionResult(RESULT.student, RESULT.lecture, RESULT.notebook, problems=submission.problems)
    built = autograded.build(RELEASE, submission.notebook, result)
    nbformat.validate(nbformat.from_dict(built))
    assert json.loads(nbformat.writes(nbformat.from_dict(built)).encode("utf-8"))["nbformat"] == 4
    assert len({cell["id"] for cell in built["cells"]}) == len(built["cells"])


def _refused(value: Any) -> Any:
    raise AssertionError(f"{value!r} is not plain data")


def test_the_notebook_that_is_changed_is_one() -> None:
    _check_submission(parse_submission(BYTES, PATH, COURSE))


fuzz = settings.get_profile("fuzz")


@settings(fuzz, max_examples=max(fuzz.max_examples // 2, 1))
@given(st.lists(changes, min_size=1, max_size=4))
def test_a_notebook_that_was_changed(steps: list[Change]) -> None:
    notebook = copy.deepcopy(WHOLE)
    for step in steps:
        step(notebook)
    check(json.dumps(notebook).encode())


@settings(fuzz, max_examples=max(fuzz.max_examples // 3, 1))
@given(st.lists(cuts, min_size=1, max_size=4))
def test_a_file_that_was_damaged(steps: list[tuple[str, int, bytes, int]]) -> None:
    data = BYTES
    for how, place, more, bit in steps:
        if how == "cut":
            data = data[:place]
        elif how == "flip" and place < len(data):
            data = data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
        elif how == "insert":
            data = data[:place] + more + data[place:]
        else:
            data = data[: place + 50 * bit] + data[place:]
    check(data)


@settings(fuzz, max_examples=max(fuzz.max_examples // 6, 1))
@given(st.one_of(st.builds(lambda found: json.dumps(found).encode(), anything), st.binary(max_size=60), st.builds(str.encode, st.text())))
def test_anything_at_all(data: bytes) -> None:
    with pytest.raises(SubmissionError):
        parse_submission(data, PATH, COURSE)
    check(data)
