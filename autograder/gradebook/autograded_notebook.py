"""The autograded notebook: what formgrader shows, and what the feedback page is made from.

It has the student's cells in the student's order, the instructor's cells as they were released, and our feedback below the tests. Nothing
else of what was handed in survives: no output, no metadata, no markup that an instructor's browser would run.
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

MISSING = "*The next cell was missing from what was handed in. Here it is as it was released.*"
_PICTURE = re.compile(r"\]\(attachment:((?:[^\s()\[\]]|\([^\s()\[\]]*\))*)")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif"})

# Commands of MathJax that make links, set styles or names of HTML elements, or load more of it.
_COMMANDS = ("href", "url", "style", "class", "cssId", "data", "html", "bbox", "unicode", "mmlToken", "require", "setOptions")
_COMMAND = re.compile(rf"\\(?=(?:{'|'.join(_COMMANDS)})(?![A-Za-z]))")


def build(release: Mapping[str, Any], submitted: Mapping[str, Any] | None, result: SubmissionResult | None = None) -> dict[str, Any]:
    """Return the autograded notebook, as plain JSON; parts of it are the release's, so change nothing in it.

    Parameters
    ----------
    release : mapping
        The lecture's notebook as students get it, without hidden tests.
    submitted : mapping, optional
        The notebook that was handed in; None where it can't be read, which leaves the released cells.
    result : SubmissionResult, optional
        What grading found; without it the test cells have no outputs.
    """
    handed_in = release["cells"] if submitted is None else submitted["cells"]
    printed = {part.where: part.text for part in result.printed} if result else {}
    cells = _restored(release["cells"], handed_in, printed)
    if result is not None:
        _show_results(cells, result, printed)
        if result.problems:
            cells.insert(0, _markdown(_problems(result)))
    _number(cells)
    metadata = {key: release["metadata"][key] for key in ("kernelspec", "language_info") if key in release["metadata"]}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


# --- the instructor's cells among the student's -----------------------------------------------------------------------------


def _restored(released: Iterable[Cell], handed_in: Iterable[Cell], printed: Mapping[str, str]) -> list[Cell]:
    """Return the student's cells, with each of the instructor's graded, locked and solution cells exactly once.

    Below each stands what it has printed in the sandbox.
    """
    handed_in = list(handed_in)
    ours = {name: cell for cell in released if (name := grade_id(cell))}
    # Of two cells with one id the last counts, as in a run of the notebook, and as nbgrader has it.
    last = {grade_id(cell): index for index, cell in enumerate(handed_in)}
    texts = {source_of(cell): _shown(source_of(cell), cell.get("attachments")) for cell in released if cell["cell_type"] == "markdown"}
    cells = [
        _ours(ours[name], cell) if (name := grade_id(cell)) in ours and last[name] == index else _theirs(cell, texts)
        for index, cell in enumerate(handed_in)
    ]
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            cell["outputs"] = feedback.stream(printed.get(f"cell {number}", ""))
    return _completed(cells, ours)


def _ours(released: Cell, handed_in: Cell) -> Cell:
    """Return one of the instructor's cells, with the student's answer where it asks for one."""
    cell = _blank(released)
    source = source_of(handed_in)
    if nbgrader_of(released).get("solution") and source != cell["source"]:
        cell["source"] = source
        if cell["cell_type"] != "code":
            cell.update(_text(source, handed_in.get("attachments")))
    return cell


def _theirs(handed_in: Cell, texts: Mapping[str, Any]) -> Cell:
    """Return a cell that nbgrader doesn't know: the released text, or something that the student added."""
    source = source_of(handed_in)
    if handed_in["cell_type"] == "code":
        return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, **_id(handed_in)}
    if handed_in["cell_type"] == "markdown":
        shown = texts[source] if source in texts else _text(source, handed_in.get("attachments"))
    else:
        shown = {"source": source if source in texts else harmless(source)}
    return {"cell_type": handed_in["cell_type"], "metadata": {}, **shown, **_id(handed_in)}


def _completed(cells: list[Cell], ours: Mapping[str, Cell]) -> list[Cell]:
    """Put each missing cell behind the one that it followed in the released notebook."""
    present = {grade_id(cell) for cell in cells}
    previous = ""
    for name, released in ours.items():
        if name not in present:
            place = next((index + 1 for index, cell in enumerate(cells) if previous and grade_id(cell) == previous), 0)
            cells[place:place] = [_markdown(MISSING), _blank(released)]
        previous = name
    return cells


def _blank(released: Cell) -> Cell:
    """Return a released cell without outputs; what is in it stays the release's."""
    cell = {**released, "source": source_of(released)}
    if cell["cell_type"] == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _markdown(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _id(cell: Mapping[str, Any]) -> dict[str, str]:
    return {"id": cell["id"]} if isinstance(cell.get("id"), str) else {}


def _number(cells: Iterable[Cell]) -> None:
    """Give each cell an id that is valid, its own, and the same in every run."""
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        name = str(cell.get("id", ""))
        if not _ID.fullmatch(name) or name in taken:
            name = f"autograded-{number}"
        while name in taken:  # a student's cell can be called so, too
            name += "x"
        taken.add(name)
        cell["id"] = name


# --- what a student wrote must not run in the instructor's browser ----------------------------------------------------------


def harmless(markdown: str) -> str:
    """Return Markdown without raw HTML and without links to anything but the web; it looks the same otherwise.

    nbconvert passes raw HTML and ``javascript:`` links through, and MathJax makes a link of ``\\href``. A blank behind ``<`` makes it a
    sign, in text, formulas and code alike. One behind a backslash makes a command a word, and one behind ``&`` keeps either from being
    spelled in another way.
    """
    markdown = re.sub(r"<(?=[A-Za-z/!?])", "< ", markdown)
    markdown = re.sub(r"\]\((?!https?://|attachment:)", "] (", markdown)
    markdown = re.sub(r"\]:(?!\s*https?://)", "] :", markdown)
    markdown = re.sub(r"&(?=#|bsol)", "& ", markdown)
    return _COMMAND.sub(r"\\ ", markdown)


def _text(markdown: str, attachments: Any) -> Cell:
    """Return source and attachments of a student's text: harmless, with the pictures that were pasted into it, as far as they are there.

    nbconvert refuses a whole notebook where the text asks for a picture that isn't attached under just the name that its reader of Markdown
    makes of it. So pictures are attached under their names as URLs have them, and what asks for another one is no link any more.
    """
    found = attachments if isinstance(attachments, dict) else {}
    shown: dict[str, dict[str, str]] = {}

    def checked(link: re.Match[str]) -> str:
        asked, ends = link[1], link.string[link.end() : link.end() + 1]
        image = _image(found.get(asked, found.get(unquote(asked))))
        if not image or not (ends == ")" or ends.isspace()):
            return f"] (attachment:{asked}"
        name = quote(unquote(asked), safe="")
        shown[name] = image
        return f"](attachment:{name}"

    return _shown(_PICTURE.sub(checked, harmless(markdown)), shown)


def _shown(markdown: str, attachments: Any) -> Cell:
    return {"source": markdown, **({"attachments": attachments} if attachments else {})}


def _image(bundle: Any) -> dict[str, str]:
    """Return what is a picture of an attachment. SVG isn't one: it can hold scripts."""
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
