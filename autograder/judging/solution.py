"""The solution of a lecture as functions: the set-up and solution cells of its source, without demonstrations and tests."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.model.course import Lecture, nbgrader_of, source_of


@dataclass(frozen=True)
class Solution:
    """What a lecture's source defines, apart from demonstrations.

    Parameters
    ----------
    functions : dict of str to callable
        The solutions, in the notebook's order.
    namespace : dict of str to object
        The same functions, and what the set-up cells define.
    sections : frozenset of str
        The sections, such as "15 §1".
    """

    functions: Mapping[str, Callable[..., Any]]
    namespace: Mapping[str, Any]
    sections: frozenset[str]


_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)
_NBGRADER = re.compile(r"nbgrader=(\{.*?\})")
_SECTION = re.compile(r"^(?:# )?## (§\w+)", re.MULTILINE)


def solution_of(lecture: Lecture, script: str | None = None) -> Solution:
    """Run the set-up and solution cells of a lecture's source.

    That is ``slug.py``, or ``slug.ipynb`` where there is no script. The script is read without jupytext, whose import takes longer than
    judging an exercise.

    Parameters
    ----------
    lecture : Lecture
    script : str, optional
        The content of ``slug.py``; read from its file by default.

    Raises
    ------
    CourseError
        If the file is missing, or a cell raises.
    """
    path = lecture.source.with_suffix(".py")
    if script is None and not path.exists() and lecture.source.exists():
        path = lecture.source
    shown = path.relative_to(lecture.root)
    if script is None:
        try:
            script = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CourseError(f"{shown} is missing: write the lecture's solution there first") from None
    namespace: dict[str, Any] = {"__name__": lecture.slug}
    names: list[str] = []
    try:
        cells = list(_of_notebook(script) if path == lecture.source else _of_script(script))
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{shown} can't be read as a notebook ({error})") from None
    for cell in cells:
        nbgrader = cell.nbgrader
        if not cell.is_code or nbgrader.get("grade") or not (nbgrader.get("solution") or nbgrader.get("locked")):
            continue
        try:
            exec(compile("\n" * cell.lines_above + cell.text, str(path), "exec"), namespace)
        except (Exception, SystemExit) as error:
            raise CourseError(f"{shown} can't be run: {said_at(error, path)}") from None
        if nbgrader.get("solution"):
            names.append(str(nbgrader.get("grade_id")))
    missing = [name for name in names if not callable(namespace.get(name))]
    if missing:
        raise CourseError(f"{shown}: the cell {missing[0]} defines no function of this name")
    sections = frozenset(f"{lecture.number} {section}" for cell in cells for section in _SECTION.findall(cell.text))
    return Solution({name: namespace[name] for name in names}, namespace, sections)


@dataclass(frozen=True)
class _Cell:
    """A cell of a source: its text, its metadata of nbgrader, and how many lines of the file are above it."""

    text: str
    is_code: bool
    nbgrader: Mapping[str, Any]
    lines_above: int = 0


def _of_script(script: str) -> Iterator[_Cell]:
    heads = list(_CELL.finditer(script))
    for head, end in zip(heads, [*(head.start() for head in heads[1:]), len(script)], strict=True):
        text, lines_above = script[head.end() : end].lstrip(" "), script.count("\n", 0, head.end())
        yield _Cell(text, "[markdown]" not in head.group(1), _nbgrader(head.group(1)), lines_above)


def _of_notebook(text: str) -> Iterator[_Cell]:
    for cell in json.loads(text)["cells"]:
        yield _Cell(source_of(cell), cell["cell_type"] == "code", nbgrader_of(cell))


def _nbgrader(header: str) -> dict[str, Any]:
    found = _NBGRADER.search(header)
    try:
        return dict(json.loads(found.group(1))) if found else {}
    except ValueError:
        return {}


def said_at(error: BaseException, path: Path) -> str:
    """Return the message of an exception, with the last line of the file `path` that took part in it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"line {error.lineno}: {type(error).__name__}: {error.msg}"
    return f"{f'line {lines[-1]}: ' if lines else ''}{type(error).__name__}: {error}"
