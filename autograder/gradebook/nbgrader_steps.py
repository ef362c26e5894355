"""nbgrader's own steps of autograding, with the course's configuration and without the database: a `Snapshot` answers in its place.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from subprocess import DEVNULL
from types import SimpleNamespace
from typing import Any

import jsonschema
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, convert, reader
from nbformat.v4.rwbase import strip_transient
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, common
from nbgrader.preprocessors import DeduplicateIds, Execute, latesubmissions, overwritecells, overwritekernelspec, saveautogrades
from traitlets.config import Config

from autograder.errors import SubmissionError, in_one_line
from autograder.gradebook.snapshot import Snapshot
from autograder.model.submission import MAX_BYTES, MAX_CELLS, few, json_notebook, read_file

Step = Callable[[Any, Any], tuple[Any, Any]]
OPENING = (overwritecells, overwritekernelspec, saveautogrades, latesubmissions)  # the modules whose steps open the database

HIDDEN_TESTS = "Attribute 'checksum' for cell"  # how a warning begins that every submission gets where hidden tests are put back


class Steps:
    """nbgrader's converter of a course, and its steps, made once for all submissions.

    Parameters
    ----------
    coursedir : CourseDirectory
        nbgrader's folders.
    config : Config
        The course's configuration. Steps of this package that it names are replaced by nbgrader's own.

    Attributes
    ----------
    converter : Autograde
        nbgrader's converter, for its options.
    execute : Execute or None
        The step that would run the notebook; None if it is turned off.
    before, after : list of callable
        The steps before and after it.
    noticed : list of str
        The warnings of these steps.
    """

    def __init__(self, coursedir: CourseDirectory, config: Config) -> None:
        self.noticed: list[str] = []
        self.converter = _converter(coursedir, config, self.noticed)
        self._db_url = coursedir.db_url
        sanitize, autograde = self._stage(True), self._stage(False)
        place = next((index for index, step in enumerate(autograde) if isinstance(step, Execute)), None)
        self.execute = None if place is None else autograde[place]
        self.before: list[Step] = sanitize if place is None else [*sanitize, *autograde[:place]]
        self.after: list[Step] = autograde if place is None else autograde[place + 1 :]

    def _stage(self, sanitizing: bool) -> list[Any]:
        """Return the steps of one of nbgrader's two stages, without those that are turned off."""
        self.converter._sanitizing = sanitizing
        self.converter._init_preprocessors()
        return [step for step in self.converter.exporter._preprocessors if getattr(step, "enabled", True)]

    def run(self, steps: Iterable[Step], notebook: NotebookNode, snapshot: Snapshot, student: str, path: Path) -> NotebookNode:
        """Run steps on a notebook, and return the result.

        Parameters
        ----------
        steps : iterable of callable
        notebook : NotebookNode
            It isn't changed.
        snapshot : Snapshot
            What the gradebook has of the assignment, and takes the marks.
        student : str
        path : Path
            Where the notebook is.
        """
        names = {"student": student, "assignment": snapshot.assignment.name, "notebook": path.stem, "db_url": self._db_url}
        metadata = ResourcesDict(name=path.stem, path=str(path.parent))
        resources = ResourcesDict(unique_key=path.stem, nbgrader=names, metadata=metadata, output_extension=".ipynb")
        notebook = deepcopy(notebook)
        _give_ids(notebook)
        with _answered_by(snapshot):
            for number, step in enumerate(steps):
                notebook, resources = step(notebook, resources)
                if isinstance(step, DeduplicateIds):
                    _make_ordinary(notebook)
                if number == 0:
                    nbformat.validate(notebook, relax_add_props=True)
        _give_ids(notebook)  # to cells that were added
        nbformat.validate(notebook, relax_add_props=True)
        return notebook

    def is_run(self, cell: NotebookNode) -> bool:
        """Tell whether nbclient would run a cell."""
        if self.execute is None or cell.cell_type != "code" or not cell.source.strip():
            return False
        return self.execute.skip_cells_with_tag not in cell.metadata.get("tags", [])

    def new_execute(self, seconds: float) -> Execute:
        """Return a new step that runs notebooks in a kernel, as the course has configured it; a cell may take so many seconds."""
        step = type(self.execute or Execute())(parent=self.converter.exporter, kernel_manager_class=QuietKernels)
        step.timeout = math.ceil(seconds)
        return step

    @property
    def timeout(self) -> float | None:
        """Seconds that a cell may take; None for no limit."""
        seconds = self.execute.timeout if self.execute else None
        return seconds if seconds and seconds > 0 else None

    def hook(self, when: str, assignment: str, student: str, notebooks: list[str]) -> None:
        """Call the configured ``pre_convert_hook`` or ``post_convert_hook`` for one submission; as in nbgrader, its errors stop nothing."""
        if hook := getattr(self.converter, f"{when}_convert_hook"):
            try:
                hook(assignment=assignment, student=student, notebooks=notebooks)
            except Exception as error:
                self.noticed.append(f"the {when}_convert_hook failed: {type(error).__name__}: {error}")

    def problems(self) -> tuple[str, ...]:
        """Return what was noticed, each in one line, and forget it."""
        noticed = tuple(few([in_one_line(message) for message in self.noticed if not message.startswith(HIDDEN_TESTS)]))
        self.noticed.clear()
        return noticed


def read_notebook(path: Path) -> NotebookNode:
    """Read a submitted notebook, of any format, as format 4.

    Raises
    ------
    SubmissionError
        If it isn't a notebook, or is too large.
    """
    data = read_file(path, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise SubmissionError(f"it is larger than {MAX_BYTES >> 20} MiB")
    json_notebook(data)  # says in a sentence what is wrong with it
    notebook = reader.reads(data.decode("utf-8-sig"))
    if reader.get_version(notebook) < (4, 0):
        notebook = convert(notebook, 4)
        for cell in notebook.cells:
            del cell["id"]  # drawn at random
    strip_transient(notebook)
    if len(notebook.cells) > MAX_CELLS:
        raise SubmissionError(f"it has {len(notebook.cells)} cells, more than the {MAX_CELLS} that are read")
    return notebook


def reason_of(error: Exception) -> str:
    """Return the reason of an error of nbgrader's steps; CheckCellMetadata raises one without the reason, and has it as its context."""
    first = error.__context__ if str(error).startswith("Notebook failed to validate") and error.__context__ else error
    message = in_one_line(str(getattr(first, "message", "") or first))
    if isinstance(error, SubmissionError):
        return message
    if isinstance(error, (SchemaTooOldError, SchemaTooNewError)):
        return f"{message}: keep a copy of the course, and run «nbgrader update .»"
    return f"{message} ({type(first).__name__})" if message else type(first).__name__


def _give_ids(notebook: NotebookNode) -> None:
    """Give an id to each cell that lacks one, or has that of another cell: nbformat would draw it at random."""
    if notebook.nbformat_minor < 5:
        return
    known, taken = {cell.get("id") for cell in notebook.cells}, set()
    for number, cell in enumerate(notebook.cells):
        if "id" not in cell or cell["id"] in taken:
            cell["id"] = next(name for name in (f"cell-{number}{'x' * more}" for more in range(64)) if name not in known)
            known.add(cell["id"])
        taken.add(cell["id"])


def _make_ordinary(notebook: NotebookNode) -> None:
    """Remove the empty metadata that DeduplicateIds leaves in a copy of a cell: CheckCellMetadata would stop at it."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]


class QuietKernels(AsyncKernelManager):
    """Starts kernels that print nothing here: what a notebook prints is among its outputs."""

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start a kernel."""
        await super().start_kernel(stdout=DEVNULL, stderr=DEVNULL, **options)


class _Noticed(logging.Handler):
    """Collects warnings and errors."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__()
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self._messages.append(record.getMessage())


def _converter(coursedir: CourseDirectory, config: Config, noticed: list[str]) -> Autograde:
    config = deepcopy(config)
    for option in ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"):
        if "autograder." in str(config.Autograde.get(option, "")):
            del config.Autograde[option]
    log = logging.Logger("nbgrader", logging.WARNING)
    log.addHandler(_Noticed(noticed))
    converter = Autograde(coursedir=coursedir, config=config, log=log)
    converter.exporter = converter.exporter_class(parent=converter, config=converter.config)
    return converter


@contextmanager
def _answered_by(snapshot: Snapshot) -> Iterator[None]:
    """Give nbgrader's steps a snapshot where they would open the database, and a faster check of metadata."""
    gradebook = overwritecells.Gradebook
    try:
        for module in OPENING:
            module.Gradebook = lambda *_: snapshot
        common.jsonschema = SimpleNamespace(validate=_validate)
        yield
    finally:
        for module in OPENING:
            module.Gradebook = gradebook
        common.jsonschema = jsonschema


def _validate(metadata: Any, schema: Any) -> None:
    """Do as ``jsonschema.validate``, which checks the schema itself each time: most cells of a class have the same metadata."""
    _check(json.dumps(metadata, sort_keys=True), json.dumps(schema))


@lru_cache(maxsize=4096)
def _check(metadata: str, schema: str) -> None:
    jsonschema.validate(json.loads(metadata), json.loads(schema))
