"""Makes the released files of a lecture with nbgrader's ``generate_assignment`` (as with ``--no-db``) in a scratch directory."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import NotebookNode

from autograder.build.pairing import code_cells, normalise, text_of
from autograder.model.course import CONFIG, Lecture

IGNORED = (".ipynb_checkpoints", "__pycache__", ".pytest_cache", ".DS_Store")


class ReleaseError(Exception):
    """nbgrader can't make the released notebook."""


def release(root: Path, lecture: Lecture, notebook: NotebookNode) -> dict[Path, bytes]:
    """Return the released files of a lecture, by their paths in the course.

    Parameters
    ----------
    root : Path
        The course with its ``nbgrader_config.py``.
    lecture : Lecture
        Files beside its solution notebook are included as nbgrader's configuration says.
    notebook : NotebookNode
        Its solution notebook.

    Raises
    ------
    ReleaseError
        If nbgrader refuses; the text says why.
    """
    with TemporaryDirectory(prefix="autograder-build-") as scratch:
        folder = _generate(root, Path(scratch).resolve(), lecture, notebook)
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not is_ignored(path))
        files = {lecture.released.parent / path.relative_to(folder): path for path in paths}
        return {target: _cleaned(path) if target == lecture.released else path.read_bytes() for target, path in files.items()}


def is_ignored(path: Path) -> bool:
    """Tell whether a path belongs to files of editors and interpreters, such as caches."""
    return any(part in IGNORED or part.endswith(".egg-info") for part in path.parts)


def copy_other_files(lecture: Lecture, folder: Path) -> None:
    """Copy the folder of a solution notebook without the notebook."""
    shutil.copytree(lecture.source.parent, folder, ignore=shutil.ignore_patterns(*IGNORED, lecture.source.name))


def _generate(root: Path, scratch: Path, lecture: Lecture, notebook: NotebookNode) -> Path:
    """Run nbgrader on one lecture; return the folder that it wrote."""
    # imported here, because the import takes two seconds
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    source = scratch / lecture.source.parent.relative_to(root)
    copy_other_files(lecture, source)
    (source / lecture.source.name).write_text(text_of(notebook), encoding="utf-8")
    config = _config(root, scratch)
    coursedir = CourseDirectory(config=config, assignment_id=lecture.id)
    with _logged() as said:
        try:
            GenerateAssignment(coursedir=coursedir, config=config).start()
        except Exception as error:  # nbgrader raises whatever its preprocessors do
            raise ReleaseError(f"nbgrader can't release it: {_reason(said) or error}") from error
    return Path(coursedir.format_path(coursedir.release_directory, ".", lecture.id))


def _config(root: Path, scratch: Path):  # type: ignore[no-untyped-def]  # a traitlets Config creates attributes at access
    from traitlets.config.loader import PyFileConfigLoader

    config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    config.CourseDirectory.root = str(scratch)
    # The gradebook is filled when grading; a database here would take longer than the rest.
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect the errors that nbgrader logs, and print nothing of its log."""
    from traitlets.log import get_logger

    said: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                said.append(record.getMessage().strip())

    given = get_logger()
    logger = given if isinstance(given, logging.Logger) else given.logger
    handler = Collector()
    before, propagates, level = logger.handlers[:], logger.propagate, logger.level
    logger.handlers[:], logger.propagate = [handler], False
    logger.setLevel(logging.WARNING)
    try:
        yield said
    finally:
        logger.handlers[:], logger.propagate = before, propagates
        logger.setLevel(level)


def _reason(said: list[str]) -> str:
    """Return the line with the exception's message from nbgrader's log, which also has a traceback and hints."""
    lines = [line.strip() for text in said for line in text.splitlines() if re.match(r"\w*(Error|Exception)\b.*: ", line)]
    return lines[-1] if lines else " ".join(said[:1])


def _cleaned(path: Path) -> bytes:
    """Return a released notebook in a form that is the same on every machine."""
    notebook = normalise(nbformat.read(path, as_version=4))
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    return text_of(notebook).encode()
