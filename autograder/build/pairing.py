"""Synchronises the two files of a lecture's source: ``slug.py``, which is edited, and ``slug.ipynb``, which also holds the outputs.

The file that changed since the last build is taken. The notebook's metadata hold a digest of the cells at the last build.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from autograder.limits import SETTINGS

METADATA_KEY = "autograder"  # the key of the digests of a build in the notebook's metadata
PERCENT = {"extension": ".py", "format_name": "percent"}
HEADER = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

"""
_HEADER = re.compile(r"\A# ---\n(?:#.*\n)*?# ---\n\n*")


@dataclass(frozen=True)
class Source:
    """The source of a lecture, for both files of the pair.

    Parameters
    ----------
    notebook : NotebookNode
        The cells, with the outputs of the notebook file if its code is the same.
    script : str
        The content for ``slug.py``.
    digest : str
        A digest of all cells.
    drift : str
        A message about the file that is out of date; empty if none is.
    """

    notebook: NotebookNode
    script: str
    digest: str
    drift: str = ""


class Conflict(Exception):
    """Both files of a pair changed, or neither can be read."""


def read_source(script: Path, notebook: Path) -> Source:
    """Read a pair of files, and choose the one that changed.

    Raises
    ------
    Conflict
        If both changed since the last build, or one of them can't be read. Nothing is written either way.
    """
    text = script.read_text(encoding="utf-8") if script.exists() else None
    old = _read_notebook(notebook) if notebook.exists() else None
    if text is None:
        if old is None:
            raise Conflict(f"{script} is missing: write the lecture there, in jupytext's percent format.")
        return Source(old, HEADER + body_of(old), digest_of(old), f"{script} is missing beside {notebook.name}")
    edited = _read_script(script, text)
    if old is None:
        return Source(edited, text, digest_of(edited), f"{notebook} is missing beside {script.name}")
    return _settled(script, notebook, text, edited, old)


def _settled(script: Path, notebook: Path, text: str, edited: NotebookNode, old: NotebookNode) -> Source:
    """Choose between two files that are both there."""
    remembered = old.metadata.get(METADATA_KEY, {}).get("source")
    ours, theirs = digest_of(edited), digest_of(old)
    if ours == theirs:
        return Source(with_outputs(edited, old), text, ours)
    if theirs == remembered:
        return Source(with_outputs(edited, old), text, ours, f"{script} was edited after the last build of {notebook.name}")
    if ours == remembered:
        header = _HEADER.match(text)
        return Source(old, (header.group() if header else HEADER) + body_of(old), theirs, f"{notebook} was edited after the last build")
    raise Conflict(
        f"{script} and {notebook.name} both changed since the last build, so neither may overwrite the other: "
        f"bring into one what the other has (jupytext --to py:percent --output - {notebook.name} shows the notebook as text), "
        f"then delete the notebook and build again."
    )


def _read_script(path: Path, text: str) -> NotebookNode:
    try:
        return jupytext.reads(text, fmt=PERCENT)
    except Exception as error:  # jupytext passes on whatever its YAML and JSON parsers raise
        raise Conflict(f"{path} can't be read as a notebook in percent format: {error}.") from error


def _read_notebook(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises a dozen unrelated types for a broken file
        raise Conflict(f"{path} can't be read as a notebook ({error}): delete it, the build makes it anew from the script.") from error


def body_of(notebook: NotebookNode) -> str:
    """Return the cells as percent-format text, without the header."""
    return _HEADER.sub("", jupytext.writes(notebook, fmt=PERCENT))


def digest_of(notebook: NotebookNode) -> str:
    """Return a digest of all cells: kinds, sources and metadata, but neither outputs nor ids."""
    return hashlib.sha256(body_of(notebook).encode()).hexdigest()


def with_outputs(notebook: NotebookNode, old: NotebookNode) -> NotebookNode:
    """Copy outputs and build metadata from `old` to `notebook` if all code cells are equal."""
    ours, theirs = code_cells(notebook), code_cells(old)
    if [cell.source for cell in ours] == [cell.source for cell in theirs]:
        for cell, before in zip(ours, theirs, strict=True):
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
    if METADATA_KEY in old.metadata:
        notebook.metadata[METADATA_KEY] = old.metadata[METADATA_KEY]
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# --- notebooks that are the same on every machine ---------------------------------------------------------------------------

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def normalise(notebook: NotebookNode, keep: Iterable[str] = ()) -> NotebookNode:
    """Set ids, metadata and format of `notebook` to values that depend on its cells only. `keep` names further metadata to keep."""
    metadata: dict[str, Any] = {"kernelspec": dict(_KERNEL), "language_info": {"name": "python"}}
    metadata.update({key: notebook.metadata[key] for key in (SETTINGS, *keep) if key in notebook.metadata})
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        cell.id = _free(_preferred_id(cell), taken)
        taken.add(cell.id)
    return notebook


def _preferred_id(cell: NotebookNode) -> str:
    """Set the id of each cell to its `grade_id`, or to a hash of its source."""
    grade_id = str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
    if re.fullmatch(r"[a-zA-Z0-9_-]{1,48}", grade_id):
        return grade_id
    return hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(candidate for number in range(2, len(taken) + 3) if (candidate := f"{name}-{number}") not in taken)


def text_of(notebook: NotebookNode) -> str:
    """Return `notebook` as the text of a file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"
