"""Runs a solution notebook on one core, stores its outputs, and checks them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.build.pairing import code_cells
from autograder.build.release import copy_other_files
from autograder.judging.hidden_modules import copy_hidden
from autograder.model.course import CONFIG, Lecture

SECONDS_A_CELL = 300
ONE_CORE = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")}


def code_digest(notebook: NotebookNode, others: Iterable[Path] = ()) -> str:
    """Return a digest of everything that determines the outputs: code, points, and the files `others` (tests, whose sentences are shown).

    The rest of coursekit is left out, because each change there would make all lectures stale; ``build --force`` runs them again.
    """
    digest = hashlib.sha256()
    for cell in code_cells(notebook):
        points = cell.metadata.get("nbgrader", {}).get("points", "")
        digest.update(f"{points}\n{cell.source}\0".encode())
    for path in others:
        digest.update(path.read_bytes() + b"\0" if path.exists() else b"\0")
    return digest.hexdigest()


@contextmanager
def working_copy(root: Path, lecture: Lecture, released: Mapping[Path, bytes]) -> Iterator[Path]:
    """Yield a folder to run a lecture in, inside a temporary copy of the course with the released files."""
    with TemporaryDirectory(prefix="autograder-build-") as scratch:
        copy = Path(scratch).resolve()
        shutil.copy(root / CONFIG, copy)
        copy_hidden(root, copy)
        for path, content in released.items():
            target = copy / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        folder = copy / lecture.source.parent.relative_to(root)
        copy_other_files(lecture, folder)
        yield folder


def execute(notebook: NotebookNode, folder: Path, strict: bool = True) -> str:
    """Run all cells in `folder` and store their outputs in `notebook`; return the message of a failure, or an empty string.

    `strict`: demonstrations raise, instead of showing a sentence as they do in a student's notebook.
    """
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    try:
        client.execute(env={**os.environ, **ONE_CORE, "COURSEKIT_STRICT": "1" if strict else ""})
    except CellExecutionError:
        return _failure(notebook)
    except (CellTimeoutError, DeadKernelError) as error:
        running = next((cell for cell in code_cells(notebook) if cell.execution_count is None), None)
        where = describe(notebook, running) if running is not None else "the notebook"
        return f"{where} never came to an end: {str(error).splitlines()[0]}"
    _tidy(notebook)
    return ""


def _tidy(notebook: NotebookNode) -> None:
    """Set execution counts and join streams, so that equal outputs are stored equally."""
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive outputs of one stream, whose division depends on timing."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if joined and output.output_type == "stream" == joined[-1].output_type and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(nbformat.from_dict(output))
    return joined


def describe(notebook: NotebookNode, cell: NotebookNode) -> str:
    """Return number and name of a cell for a message."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    name = f"«{grade_id}»" if grade_id else f"«{first.strip()[:50]}»"
    return f"cell {notebook.cells.index(cell) + 1} {name}"


def _failure(notebook: NotebookNode) -> str:
    """Return the message about the cell that raised, with its line."""
    for cell in code_cells(notebook):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                lines = cell.source.splitlines()
                found = re.findall(r"Cell In\[\d+\], line (\d+)|<ipython-input-[^>]*>, line (\d+)", _plain("\n".join(output.traceback)))
                number = next((int(n) for pair in found for n in pair if n and int(n) <= len(lines)), 0)
                where = f", line {number} ({lines[number - 1].strip()})" if number else ""
                return f"{describe(notebook, cell)}{where} raised {output.ename}: {output.evalue}".rstrip(": ")
    return "a cell raised an error"


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def stderr_findings(notebook: NotebookNode) -> list[str]:
    """Return a message for each cell that wrote to standard error, which students would see, and nbgrader would score as zero."""
    return [
        f"{describe(notebook, cell)} writes to standard error ({output.text.strip().splitlines()[0][:100]}): mend what it warns of."
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr" and output.text.strip()
    ]


def score_findings(notebook: NotebookNode) -> list[str]:
    """Return a message for each test cell in which the solution doesn't get full points."""
    found = []
    for cell in code_cells(notebook):
        points = cell.metadata.get("nbgrader", {}).get("points")
        shown = [output.data.get("text/plain", "") for output in cell.outputs if output.output_type == "execute_result"]
        if points is not None and shown != [str(float(points))]:
            got = shown[0] if shown else "nothing"
            found.append(f"{describe(notebook, cell)}: the solution gets {got} of {points} points; solution or suite is wrong.")
    return found


def figure_findings(notebook: NotebookNode) -> list[str]:
    """Return a message for each figure without alternative text."""
    found = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            images = re.findall(r"<img\b[^>]*>", data.get("text/html", ""), flags=re.IGNORECASE)
            without = any(not re.search(r"""\balt=(["'])\s*[^\s"']""", image) for image in images)
            if without or any(kind.startswith("image/") for kind in data):
                found.append(f'{describe(notebook, cell)} shows a figure without alternative text: use plots.show(fig, alt="…").')
    return found
