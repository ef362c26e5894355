"""Makes the autograded notebook, which formgrader shows, and from which nbgrader makes the feedback page.

It has the student's cells in their order, the instructor's cells as released, and the feedback as outputs of the test cells. The student's
outputs, metadata and active markup are removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from autograder.gradebook import feedback
from autograder.model.course import grade_id, is_test, nbgrader_of, source_of
from autograder.model.results import SubmissionResult

Cell = dict[str, Any]

PROBLEMS = "autograder_problems"  # in the metadata of the cell that says what the grader noticed in the notebook
MISSING = "*The next cell was missing from what was handed in. Here it is as it was released.*"
_PICTURE = re.compile(r"\]\(attachment:((?:[^\s()\[\]]|\([^\s()\[\]]*\))*)")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif"})

# Commands of MathJax that make links, set styles or names of HTML elements, or load more of it.
_COMMANDS = ("href", "url", "style", "class", "cssId", "data", "html", "bbox", "unicode", "mmlToken", "require", "setOptions")
_COMMAND = re.compile(rf"\\(?=(?:{'|'.join(_COMMANDS)})(?![A-Za-z]))")


def build(release: Mapping[str, Any], submitted: Mapping[str, Any] | None, result: SubmissionResult | None = None) -> dict[str, Any]:
    """Return the autograded notebook, as plain JSON. It shares parts with `release`, so it must not be changed.

    Parameters
    ----------
    release : mapping
        The lecture's released notebook.
    submitted : mapping, optional
        The submitted notebook; the released cells by default, if it can't be read.
    result : SubmissionResult, optional
        The result; without it the test cells have no outputs.
    """
    handed_in = release["cells"] if submitted is None else submitted["cells"]
    printed = {part.where: part.text for part in result.printed} if result else {}
    cells = _restored(release["cells"], handed_in, printed)
    if result is not None:
        _show_results(cells, result, printed)
        if result.problems:
            noticed = {"graded": result.graded, "said": list(result.problems)}
            cells.insert(0, {**_markdown(_problems(result)), "metadata": {PROBLEMS: noticed}})
    _number(cells)
    metadata = {key: release["metadata"][key] for key in ("kernelspec", "language_info") if key in release["metadata"]}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


# --- the instructor's cells among the student's -----------------------------------------------------------------------------


def _restored(released: Iterable[Cell], handed_in: Iterable[Cell], printed: Mapping[str, str]) -> list[Cell]:
    """Return the student's cells, with each of the instructor's graded, locked and solution cells exactly once.

    The outputs of code cells are the text that they printed in the sandbox.
    """
    handed_in = list(handed_in)
    ours = {name: cell for cell in released if (name := grade_id(cell))}
    # Of several cells with the same grade_id the last counts, as in a run of the notebook and in nbgrader.
    last = {grade_id(cell): index for index, cell in enumerate(handed_in)}
    texts = {source_of(cell): _shown(source_of(cell), cell.get("attachments")) for cell in released if cell["cell_type"] == "markdown"}
    cells = [
        _instructor_cell(ours[name], cell) if (name := grade_id(cell)) in ours and last[name] == index else _student_cell(cell, texts)
        for index, cell in enumerate(handed_in)
    ]
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            cell["outputs"] = feedback.stream(printed.get(f"cell {number}", ""))
    return _with_missing_cells(cells, ours)


def _instructor_cell(released: Cell, handed_in: Cell) -> Cell:
    """Return a released cell, with the student's answer if it is a solution cell."""
    cell = _blank(released)
    source = source_of(handed_in)
    if nbgrader_of(released).get("solution") and source != cell["source"]:
        cell["source"] = source
        if cell["cell_type"] != "code":
            cell.update(_text(source, handed_in.get("attachments")))
    return cell


def _student_cell(handed_in: Cell, texts: Mapping[str, Any]) -> Cell:
    """Return a cell without grade_id: released text, or a cell that the student added."""
    source = source_of(handed_in)
    if handed_in["cell_type"] == "code":
        return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, **_id(handed_in)}
    if handed_in["cell_type"] == "markdown":
        shown = texts[source] if source in texts else _text(source, handed_in.get("attachments"))
    else:
        shown = {"source": source if source in texts else harmless(source)}
    return {"cell_type": handed_in["cell_type"], "metadata": {}, **shown, **_id(handed_in)}


def _with_missing_cells(cells: list[Cell], ours: Mapping[str, Cell]) -> list[Cell]:
    """Insert each missing cell after the one that it follows in the released notebook."""
    present = {grade_id(cell) for cell in cells}
    previous = ""
    for name, released in ours.items():
        if name not in present:
            place = next((index + 1 for index, cell in enumerate(cells) if previous and grade_id(cell) == previous), 0)
            cells[place:place] = [_markdown(MISSING), _blank(released)]
        previous = name
    return cells


def _blank(released: Cell) -> Cell:
    """Return a shallow copy of a released cell without outputs."""
    cell = {**released, "source": source_of(released)}
    if cell["cell_type"] == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _markdown(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _id(cell: Mapping[str, Any]) -> dict[str, str]:
    return {"id": cell["id"]} if isinstance(cell.get("id"), str) else {}


def _number(cells: Iterable[Cell]) -> None:
    """Give each cell a valid and unique id, the same in every run."""
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        name = str(cell.get("id", ""))
        if not _ID.fullmatch(name) or name in taken:
            name = f"autograded-{number}"
        while name in taken:  # a student's cell may have this id
            name += "x"
        taken.add(name)
        cell["id"] = name


# --- active markup of students is removed -----------------------------------------------------------------------------------


def harmless(markdown: str) -> str:
    """Return Markdown without raw HTML, and with links to the web only; it looks the same otherwise.

    nbconvert passes raw HTML and ``javascript:`` links through, and MathJax makes a link of ``\\href``. A blank is inserted after ``<``
    (then it starts no tag), after the backslash of such commands, and after ``&`` where it could encode either character.
    """
    markdown = re.sub(r"<(?=[A-Za-z/!?])", "< ", markdown)
    markdown = re.sub(r"\]\((?!https?://|attachment:)", "] (", markdown)
    markdown = re.sub(r"\]:(?!\s*https?://)", "] :", markdown)
    markdown = re.sub(r"&(?=#|bsol)", "& ", markdown)
    return _COMMAND.sub(r"\\ ", markdown)


def _text(markdown: str, attachments: Any) -> Cell:
    """Return source and attachments of a student's text, made harmless, with its attached pictures.

    nbconvert refuses a notebook if the text refers to a picture that isn't attached under the name that its Markdown parser makes of the
    link. So pictures are attached under their URL-quoted names, and links to missing pictures are turned into text.
    """
    found = attachments if isinstance(attachments, dict) else {}
    shown: dict[str, dict[str, str]] = {}

    def checked(link: re.Match[str]) -> str:
        asked, ends = link[1], link.string[link.end() : link.end() + 1]
        image = pictures(found.get(asked, found.get(unquote(asked))))
        if not image or not (ends == ")" or ends.isspace()):
            return f"] (attachment:{asked}"
        name = quote(unquote(asked), safe="")
        shown[name] = image
        return f"](attachment:{name}"

    return _shown(_PICTURE.sub(checked, harmless(markdown)), shown)


def _shown(markdown: str, attachments: Any) -> Cell:
    return {"source": markdown, **({"attachments": attachments} if attachments else {})}


def pictures(bundle: Any) -> dict[str, str]:
    """Return the pictures in an attachment. SVG is left out, because it can hold scripts."""
    return {mime: data for mime, data in bundle.items() if _is_image(mime, data)} if isinstance(bundle, dict) else {}


def _is_image(mime: str, data: Any) -> bool:
    return mime in _IMAGES and isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data) is not None


# --- results -----------------------------------------------------------------------------------------------------------------


def _show_results(cells: Iterable[Cell], result: SubmissionResult, printed: Mapping[str, str]) -> None:
    exercises = {f"test_{exercise.name}": exercise for exercise in result.exercises}
    for cell in cells:
        if is_test(cell) and grade_id(cell) in exercises:
            exercise = exercises[grade_id(cell)]
            cell["outputs"] = feedback.outputs(exercise, printed.get(exercise.name, ""))


def _problems(result: SubmissionResult) -> str:
    heading = "What the grader noticed in this notebook:" if result.graded else "This notebook could not be graded:"
    return "\n\n".join([f"**{heading}**", *map(feedback.verbatim, result.problems)])
