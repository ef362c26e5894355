"""Whatever is handed in, there is a result or a sentence, and everything that can be graded is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from autograder.errors import SubmissionError
from autograder.judging.grading import grade_submission
from autograder.judging.sample_notebooks import fill, solved
from autograder.limits import Limits
from autograder.model.course import Course, Lecture, find_course, grade_id
from autograder.model.results import SubmissionResult
from autograder.model.submission import read_submission

LECTURE = find_course().lecture("05_batch_normalization")


def read(data: bytes | str, tmp_path, lecture: Lecture | None = None, name: str = "someone.ipynb"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_submission(path, find_course(), lecture=lecture)


def refused(data: bytes | str, tmp_path, lecture: Lecture | None = None) -> str:
    with pytest.raises(SubmissionError) as caught:
        read(data, tmp_path, lecture)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"not json", "stops being JSON at line 1, column 1"),
        (b'{"cells": [', "stops being JSON"),
        (b"\xff\xfe\x00n", "isn't UTF-8"),
        (b"[1, 2]", "JSON but not a notebook"),
        (b"{}", "format is 'None'"),
        (b'{"nbformat": 5, "cells": []}', "format is '5'"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": []}', "no notebook of the course"),
        (b"[" * 200_000, "beyond all reason"),
        (b'{"nbformat": ' + b"9" * 10_000 + b"}", "beyond all reason"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence(data, said, tmp_path):
    assert said in refused(data, tmp_path)


def test_a_notebook_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "secret.ipynb"
    path.write_bytes(b"{}")

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("autograder.model.submission.os.open", refuse)  # root may read everything, so this is not left to the system
    with pytest.raises(SubmissionError, match=r"^secret.ipynb can't be read: Permission denied$"):
        read_submission(path, find_course())


def test_an_instructors_own_link_is_followed(tmp_path):
    (tmp_path / "real.ipynb").write_text(json.dumps(fill(LECTURE, {})))
    (tmp_path / "link.ipynb").symlink_to("real.ipynb")
    assert read_submission(tmp_path / "link.ipynb", find_course()).lecture.id == LECTURE.id


Change = Callable[[list[dict]], None]


@pytest.fixture
def graded(sandbox, tmp_path) -> Callable[[Change], SubmissionResult]:
    """Grade the solved notebook after a change to its cells."""

    def graded(change: Change) -> SubmissionResult:
        notebook = solved(LECTURE)
        change(notebook["cells"])
        return grade_submission(read(json.dumps(notebook), tmp_path, LECTURE), sandbox)

    return graded


def index_of(cells: list[dict], name: str) -> int:
    return next(index for index, cell in enumerate(cells) if grade_id(cell) == name)


def statuses(result: SubmissionResult) -> dict[str, str]:
    return {exercise.name: exercise.status for exercise in result.exercises}


FULL = dict.fromkeys(LECTURE.points, "passed")


def remove(name: str) -> Change:
    return lambda cells: cells.pop(index_of(cells, name))


def duplicate(name: str) -> Change:
    return lambda cells: cells.insert(index_of(cells, name), cells[index_of(cells, name)])


def retype(name: str) -> Change:
    return lambda cells: cells[index_of(cells, name)].update(cell_type="markdown")


def rename(name: str) -> Change:
    return lambda cells: cells[index_of(cells, name)]["metadata"]["nbgrader"].update(grade_id="something_else")


def source(name: str, text: str) -> Change:
    return lambda cells: cells[index_of(cells, name)].update(source=text)


def strip_metadata(cells: list[dict]) -> None:
    cells[index_of(cells, "update_running")]["metadata"] = {}


def spoil(cells: list[dict]) -> None:
    cells[3:3] = [
        "a string",
        None,
        7,
        {"cell_type": "code"},
        {"cell_type": "song", "source": ""},
        {"cell_type": "code", "source": {"a": 1}},
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (remove("setup"), None),
        (source("setup", "raise SystemExit"), None),
        (remove("test_update_running"), None),
        (source("test_update_running", "raise SystemExit"), None),
        (duplicate("update_running"), "there are 2 cells for update_running"),
        (rename("update_running"), "the solution cell of update_running is missing"),
        (strip_metadata, "the solution cell of update_running is missing"),
        (spoil, "isn't a cell and was passed over"),
        (lambda cells: cells.reverse(), None),
        (lambda cells: cells.append({"cell_type": "code", "source": "1 / 0", "metadata": {}}), "ZeroDivisionError"),
        (lambda cells: cells.append({"cell_type": "code", "source": "exit()", "metadata": {}}), ""),
        (lambda cells: cells.insert(0, {"cell_type": "code", "source": "%matplotlib inline\n!pip list\n?print", "metadata": {}}), None),
    ],
)
def test_everything_that_can_be_graded_is(graded, change, said):
    result = graded(change)
    assert statuses(result) == FULL
    assert result.score == result.max_score
    if said is None:
        assert result.problems == ()
    else:
        assert any(said in problem for problem in result.problems), result.problems


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (remove("update_running"), "error", "the solution cell of update_running is missing"),
        (retype("update_running"), "error", "a cell for update_running was turned into text"),
        (source("update_running", "def update_running(running, batch_value:"), "error", "SyntaxError"),
        (source("update_running", "exit()"), "error", "SystemExit"),
        (source("update_running", "update_running = 3"), "error", ""),
        (source("update_running", "import os; os._exit(3)"), "error", ""),
        (source("update_running", "def update_running(*args, **kwargs):\n    raise SystemExit"), "error", ""),
        (source("update_running", "def update_running(*args, **kwargs):\n    import os; os._exit(0)"), "error", ""),
        (source("update_running", "def update_running(*args, **kwargs):\n    return object()"), "failed", ""),
    ],
)
def test_one_bad_cell_costs_its_own_exercise(graded, change, status, said):
    result = graded(change)
    assert statuses(result) == FULL | {"update_running": status}
    assert result.score == result.max_score - LECTURE.points["update_running"]
    assert any(said in text for text in [*result.problems, ""]), result.problems


def test_an_endless_loop_costs_its_own_exercise(sandbox, tmp_path):
    notebook = solved(LECTURE)
    source("update_running", "def update_running(*args, **kwargs):\n    while True: pass")(notebook["cells"])
    limits = Limits(call_seconds=0.5)
    result = grade_submission(read(json.dumps(notebook), tmp_path, LECTURE), sandbox, limits)
    assert statuses(result) == FULL | {"update_running": "timeout"}
    assert "0.5 s" in result.exercises[list(LECTURE.points).index("update_running")].tests[0].message


def test_an_endless_cell_costs_its_own_exercise(sandbox, tmp_path):
    notebook = solved(LECTURE)
    source("update_running", "while True: pass")(notebook["cells"])
    result = grade_submission(read(json.dumps(notebook), tmp_path, LECTURE), sandbox, Limits(cell_seconds=0.5))
    assert statuses(result) == FULL | {"update_running": "error"}
    assert any("0.5 s" in problem for problem in result.problems), result.problems


def test_notebooks_of_format_3_are_read(sandbox, tmp_path):
    import nbformat

    old = nbformat.convert(nbformat.reads(json.dumps(solved(LECTURE)), as_version=4), 3)
    result = grade_submission(read(nbformat.v3.writes_json(old), tmp_path, LECTURE), sandbox)
    assert statuses(result) == FULL
    assert any("old format 3" in problem for problem in result.problems)


def test_a_helper_cell_of_the_students_own_counts(graded):
    def move_into_helper(cells: list[dict]) -> None:
        cell = cells[index_of(cells, "update_running")]
        helper = {"cell_type": "code", "metadata": {}, "source": "".join(cell["source"]).replace("def update_running", "def helper")}
        cell["source"] = "def update_running(*args, **kwargs):\n    return helper(*args, **kwargs)"
        cells.insert(0, helper)

    result = graded(move_into_helper)
    assert statuses(result) == FULL


def test_names_with_blanks_and_umlauts(tmp_path):
    data = json.dumps(fill(LECTURE, {}))
    assert read(data, tmp_path, name="Jürgen Müller 🎓.ipynb").student == "Jürgen Müller 🎓"


def test_a_byte_order_mark_does_no_harm(tmp_path):
    assert read(b"\xef\xbb\xbf" + json.dumps(fill(LECTURE, {})).encode(), tmp_path).lecture == Course(LECTURE.root).lecture(LECTURE.id)
