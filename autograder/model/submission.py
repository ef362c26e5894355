"""Reads a submitted notebook, and returns the cells to run.

The file is untrusted: it is parsed as plain JSON, and anything malformed becomes a problem (a message) or a `SubmissionError`. The
instructor's locked cells replace the student's copies of them.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import SubmissionError, in_one_line, is_printable
from autograder.files import state_of
from autograder.model.cells import Cell
from autograder.model.course import Course, Lecture, grade_id, normalised, source_of

MAX_BYTES = 64 << 20
MAX_CELLS = 5_000
MAX_VALUES = 2_000_000  # lists, dictionaries and their items: as Python objects they take many times the size of the file
MAX_PROBLEMS = 20
MAX_CODE = 3 << 20  # less than the bound of a message to a guest
LATEST, LATEST_BYTES = 64, 256 << 10  # size of the cache of parsed notebooks, and the largest file in it

_CLEAR = "clear its outputs, save it, and hand it in again"
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
# nbgrader's export doesn't quote, so a spreadsheet's cell also begins after a comma or a semicolon.
_FORMULA = re.compile(r"""(?:^|[,;])[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20]""")


@dataclass(frozen=True)
class Submission:
    """One submitted notebook.

    Parameters
    ----------
    student, path : str
        The student, and the notebook's path.
    lecture : Lecture
        The lecture that it belongs to.
    cells : tuple of Cell
        The code to run, in order.
    problems : tuple of str
        Messages about the notebook.
    notebook : dict
        The notebook in format 4 with the submitted cells, without outputs and unused metadata.
    """

    student: str
    path: str
    lecture: Lecture
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]
    notebook: Mapping[str, Any]


def read_submission(path: Path, course: Course, student: str | None = None, lecture: Lecture | None = None) -> Submission:
    """Read the notebook at `path`.

    Parameters
    ----------
    path : Path
        The notebook's file. In ``submitted/`` neither it nor a folder of its student may be a link.
    course : Course
        Where the lecture is looked up.
    student : str, optional
        The student; the file's stem by default.
    lecture : Lecture, optional
        The expected lecture; found from the cells by default.

    Raises
    ------
    SubmissionError
        If the file is missing, unreadable, no notebook, or no notebook of this course.
    """
    name = in_one_line(path.name)
    try:
        check_place(path, course.root / "submitted")
        if why := refusal_of(spelled(student or path.stem)):
            raise SubmissionError(why)
        asked = (path, course, student, lecture.id if lecture else None, state_of(path))
        if asked in _latest:
            return _latest[asked]
        data = read_file(path, MAX_BYTES)
    except FileNotFoundError:
        raise SubmissionError(_missing(path)) from None
    except OSError as error:
        raise SubmissionError(f"{name} can't be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise SubmissionError(f"{name} is larger than {MAX_BYTES >> 20} MiB: {_CLEAR}")
    submission = parse_submission(data, path, course, student, lecture)
    if len(data) <= LATEST_BYTES:
        while len(_latest) >= LATEST:
            del _latest[next(iter(_latest))]
        _latest[asked] = submission
    return submission


# A cache: a notebook is read twice, for its code and a moment later for the autograded notebook.
_latest: dict[tuple[Any, ...], Submission] = {}


def read_file(path: Path, limit: int) -> bytes:
    """Return the first `limit` bytes of a file, and one more if it is longer. Pipes and devices are refused without blocking.

    Raises
    ------
    OSError
        If it can't be read.
    SubmissionError
        If it is a folder, a pipe, a device or a socket.
    """
    _check_plain(path, os.stat(path).st_mode)  # before it is opened, which can have effects on a device
    with open(path, "rb", opener=_without_waiting) as file:
        opened = os.fstat(file.fileno())
        _check_plain(path, opened.st_mode)
        return file.read(min(opened.st_size, limit) + 1)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_plain(path: Path, mode: int) -> None:
    kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
    if not stat.S_ISREG(mode):
        found = next((kind for test, kind in kinds if test(mode)), "device")
        raise SubmissionError(f"{in_one_line(path.name)} is not a file but a {found}: hand in the notebook itself")


def refusal_of(student: str) -> str:
    """Return why a student's name is refused, or an empty text.

    nbgrader's commands stop for the whole class at a name with a line break, and a spreadsheet computes what looks like a formula in
    nbgrader's export.
    """
    shown = in_one_line(student.replace("\n", r"\n").replace("\t", r"\t"), 100)
    if not is_printable(student):
        return f"the name {shown} has control characters in it, which nbgrader's commands can't handle: rename it"
    if _FORMULA.search(student):
        return f"the name {shown} would be a formula in a spreadsheet with nbgrader's export (it begins with =, +, - or @): rename it"
    return ""


def check_place(path: Path, submitted: Path) -> None:
    """Refuse links in ``submitted/``, and names that the gradebook can't store.

    Raises
    ------
    SubmissionError
        If the file or a folder above it, below `submitted`, is a link, or has a name that isn't text.
    """
    inside = Path(os.path.abspath(path)).parts
    root = Path(os.path.abspath(submitted)).parts
    if inside[: len(root)] != root:
        return
    for count in range(len(root) + 1, len(inside) + 1):
        step = Path(*inside[:count])
        name = in_one_line(step.name)
        if step.is_symlink():
            raise SubmissionError(f"{name} is a link to {in_one_line(os.readlink(step))}: hand in the file itself")
        if _NO_TEXT.search(step.name):
            raise SubmissionError(f"the name {name} in submitted/ isn't UTF-8 text, which the gradebook can't hold: rename it")


def _missing(path: Path) -> str:
    """Return the message that there is no notebook at `path`, with the notebooks beside it."""
    others = sorted(in_one_line(other.name, 100) for other in path.parent.glob("*.ipynb")) if path.parent.is_dir() else []
    hint = f"; its folder holds {', '.join(others[:3])}: was the notebook renamed?" if others else ""
    return f"{in_one_line(path.name, 100)} does not exist{hint}"


def parse_submission(data: bytes, path: Path, course: Course, student: str | None = None, lecture: Lecture | None = None) -> Submission:
    """Read a notebook from its bytes; parameters and errors are those of `read_submission`."""
    problems: list[str] = []
    cells = list(_cells(_raw_cells(json_notebook(data, _without_outputs), problems), problems))
    found = course.lecture_of(frozenset(grade_id(cell) for _, cell in cells))
    if found is None:
        wanted = lecture.id if lecture else "a lecture"
        hint = f"; {next(iter(course.assignments))}, for one, is graded where nbgrader puts it, in submitted/" if course.assignments else ""
        raise SubmissionError(f"this is no notebook of the course: none of its cells is an exercise of {wanted}{hint}")
    if lecture is not None and found.id != lecture.id:
        raise SubmissionError(f"this is the notebook of {found.id}, but {lecture.id} was to be handed in")
    problems += _check_exercises([cell for _, cell in cells], found)
    to_run = tuple(_that_fit(_to_run(cells, found), problems))
    notebook = {"cells": [cell for _, cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return Submission(spelled(student or path.stem), spelled(str(path)), found, to_run, tuple(few(problems)), notebook)


def spelled(name: str) -> str:
    """Return the name of a file or a folder as text, with bytes that aren't UTF-8 as ``\\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def few(problems: list[str]) -> list[str]:
    """Return the first `MAX_PROBLEMS` messages, and how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    return problems if more <= 0 else [*problems[:MAX_PROBLEMS], f"and {more} more problems of this kind"]


# --- JSON -----------------------------------------------------------------------------------------------------------------


def json_notebook(data: bytes, hook: Callable[[dict[str, Any]], Any] | None = None) -> dict[str, Any]:
    """Parse the bytes of a notebook, of any format.

    Parameters
    ----------
    data : bytes
        The file's content.
    hook : callable, optional
        Called with each JSON object; its result takes the object's place.

    Raises
    ------
    SubmissionError
        If it isn't a JSON object, or is too large.
    """
    if not data or data.isspace():
        raise SubmissionError("the file is empty")
    if len(data) > MAX_VALUES and sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise SubmissionError(f"the notebook holds more than {MAX_VALUES} values: {_CLEAR}")
    try:
        notebook = json.loads(data.decode("utf-8-sig"), object_hook=hook)
    except UnicodeDecodeError as error:
        raise SubmissionError(f"the file isn't UTF-8 text (byte {error.start}): it isn't a notebook, or was damaged on its way") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} ({error.msg})"
        raise SubmissionError(f"the file isn't a notebook: it stops being JSON at {where}") from None
    except (ValueError, RecursionError):
        raise SubmissionError("the file isn't a notebook: its JSON has numbers or nesting beyond all reason") from None
    if not isinstance(notebook, dict):
        raise SubmissionError("the file is JSON but not a notebook: it should be an object with a list of cells")
    return notebook


def _without_outputs(found: dict[str, Any]) -> dict[str, Any]:
    """Drop a cell's outputs as soon as they are parsed: they may be large, and aren't used."""
    found.pop("outputs", None)
    return found


def _raw_cells(notebook: Mapping[str, Any], problems: list[str]) -> list[Any]:
    """Return the unchecked list of a notebook's cells, of format 2, 3 or 4."""
    version = notebook.get("nbformat")
    if version in (2, 3):
        problems.append(f"the notebook is in the old format {int(version)}; it was read as format 4")
        return _upgraded(notebook)
    if version != 4:
        found = repr(str(version)[:20]) if isinstance(version, (str, int, float, type(None))) else "no number"
        raise SubmissionError(f"the notebook's format is {found}, and only 2, 3 and 4 can be read: open it in JupyterLab and save it again")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError("the notebook has no list of cells")
    return cells


def _upgraded(notebook: Mapping[str, Any]) -> list[Any]:
    """Return the cells of format 2 or 3 as those of format 4; anything that isn't a cell is left as it is."""
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        raise SubmissionError("the notebook has no list of worksheets, in which its old format keeps cells: save it in JupyterLab")
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [_upgraded_cell(cell) for cells in lists if isinstance(cells, list) for cell in cells]


def _upgraded_cell(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    if cell.get("cell_type") == "code":
        return {**cell, "source": cell.get("input", "")}
    if cell.get("cell_type") == "heading" and _is_cell({**cell, "cell_type": "markdown"}):
        return {**cell, "cell_type": "markdown", "source": f"# {source_of(cell)}"}
    return {**cell, "cell_type": "markdown"} if cell.get("cell_type") in ("html", "text") else cell


# --- cells ----------------------------------------------------------------------------------------------------------------


def _cells(cells: list[Any], problems: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each cell with its number from 1; a malformed one becomes an empty raw cell, so that numbers stay the same."""
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"the notebook has {len(cells)} cells, more than the {MAX_CELLS} that are read")
    for number, cell in enumerate(cells, start=1):
        if not _is_cell(cell):
            problems.append(f"cell {number} isn't a cell and was passed over")
            cell = {"cell_type": "raw"}
        kept = _kept(cell)
        if _NO_TEXT.search(kept["source"]):
            kept["source"] = _as_text(kept["source"])
            problems.append(f"cell {number} has characters that no text has; each was replaced by \N{REPLACEMENT CHARACTER}")
        yield number, kept


def _kept(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return the used fields of a cell; all others could be of any size and depth, and are dropped."""
    kept = {"cell_type": cell["cell_type"], "source": source_of(cell), "metadata": {}}
    if name := grade_id(cell):
        kept["metadata"] = {"nbgrader": {"grade_id": name}}
    if isinstance(cell.get("id"), str):
        kept["id"] = cell["id"]
    if isinstance(cell.get("attachments"), dict):
        kept["attachments"] = {_as_text(name): _strings(image) for name, image in cell["attachments"].items() if isinstance(image, dict)}
    return kept


def _strings(found: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _as_text(text: str) -> str:
    """Replace surrogates and NUL, which files, databases and messages can't hold."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


def _that_fit(cells: Iterator[Cell], problems: list[str]) -> Iterator[Cell]:
    """Yield cells as long as their code together is within `MAX_CODE`; add a problem for each of the others."""
    left = MAX_CODE
    for cell in cells:
        length = len(cell.source.encode())
        if length <= left:
            left -= length
            yield cell
        else:
            problems.append(f"{cell.label} isn't run: with it, the notebook has more than {MAX_CODE >> 20} MiB of code")


def _is_cell(cell: Any) -> bool:
    return (
        isinstance(cell, dict) and isinstance(cell.get("source", ""), (str, list)) and cell.get("cell_type") in ("code", "markdown", "raw")
    )


def _check_exercises(cells: list[dict[str, Any]], lecture: Lecture) -> Iterator[str]:
    """Yield a message for each exercise whose cell is missing, duplicated, or no longer code."""
    counts = Counter(grade_id(cell) for cell in cells)
    retyped = {grade_id(cell) for cell in cells if cell["cell_type"] != "code"}
    for exercise in lecture.exercises:
        if not counts[exercise.name]:
            yield f"the solution cell of {exercise.name} is missing; the function counts wherever else it is defined"
        elif counts[exercise.name] > 1:
            yield f"there are {counts[exercise.name]} cells for {exercise.name}; as in a notebook, the last definition counts"
        if exercise.name in retyped:
            yield f"a cell for {exercise.name} was turned into text, so what is in it isn't run"


def _to_run(cells: list[tuple[int, dict[str, Any]]], lecture: Lecture) -> Iterator[Cell]:
    """Yield the cells to run: the instructor's set-up cells, and all code of the student."""
    stubs = {exercise.name: exercise.stub for exercise in lecture.exercises}
    present = {grade_id(cell) for _, cell in cells}
    for name, source in lecture.setup.items():
        if name not in present:
            yield Cell(f"set-up cell {name}", source, name)
    done: set[str] = set()
    for number, cell in cells:
        label, name, source = f"cell {number}", grade_id(cell), source_of(cell)
        if name in lecture.setup:
            if name not in done:
                yield Cell(label, lecture.setup[name], name)
            done.add(name)
        elif cell["cell_type"] != "code" or (name.removeprefix("test_") in stubs and name not in stubs):
            continue  # text cells, and test cells, whose tests run in the host
        elif name in stubs:
            yield Cell(label, source, name, stubs[name])
        elif source.strip():
            yield Cell(label, source, lazy=normalised(source) in lecture.demonstrations)
