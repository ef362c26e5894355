"""The one open connection to a course's gradebook: its lock, its configuration, and a transaction for rows and files together.

The import of nbgrader takes long: it is done while other processes grade the first notebooks, or else when the gradebook is opened.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from autograder.errors import GradebookError, SubmissionError, unexpected
from autograder.files import only_writer, staged, undisturbed

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

LOCK = Path(".autograder") / "gradebook.lock"

# How long a statement waits for a database that another process has locked: at first, and after a timeout.
LOCK_SECONDS, SHORT_LOCK_SECONDS = 10.0, 0.2


def import_nbgrader() -> None:
    """Import nbgrader without rfc3987_syntax, which takes a second and isn't used.

    nbgrader imports nbformat, that jsonschema, and that rfc3987_syntax, if it is installed, for a check of addresses. None in `sys.modules`
    makes its import fail, and jsonschema goes on without it. Garbage collection is off meanwhile, and the imported objects are frozen.
    Ctrl-C is delayed, because during an import Python 3.11 may turn it into another error.
    """
    if "rfc3987_syntax" in sys.modules or "nbgrader" in sys.modules:
        return
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    collects = gc.isenabled()
    gc.disable()
    try:
        with undisturbed():
            importlib.import_module("nbgrader")
            importlib.import_module(f"{__package__}.assignment")
    finally:
        del sys.modules["rfc3987_syntax"]
        gc.freeze()
        if collects:
            gc.enable()


class GradebookConnection:
    """The only writer of a course's gradebook, by a lock file; a context manager. A second one, in any process, waits for the first.

    Parameters
    ----------
    root : Path
        The course's folder.
    coursedir : CourseDirectory, optional
        nbgrader's folders; by default from its configuration for the course.
    say : callable, optional
        Called with a message if the writer has to wait for another one.
    config : Config, optional
        nbgrader's configuration; by default that of the course's files.
    """

    def __init__(
        self,
        root: Path,
        coursedir: CourseDirectory | None = None,
        say: Callable[[str], None] | None = None,
        config: Config | None = None,
    ) -> None:
        self._root, self._coursedir_given, self._say = root, coursedir, say or (lambda message: None)
        self._config_given = config
        self._exit_stack = ExitStack()
        self._is_open = False

    def __enter__(self) -> Self:
        self._exit_stack.enter_context(only_writer(self._root / LOCK, self._say))
        return self

    def __exit__(self, *error: object) -> None:
        self._exit_stack.close()

    def _open(self) -> None:
        """Open the gradebook, when it is needed for the first time."""
        if self._is_open:
            return
        import_nbgrader()
        from autograder.gradebook import assignment as assignments
        from autograder.gradebook.configuration import configuration

        self._config = configuration(self._root) if self._config_given is None else self._config_given
        self._coursedir = self._coursedir_given or assignments.course_directory(self._root, self._config)
        self._gradebook = assignments.open_gradebook(self._coursedir)
        self._exit_stack.callback(self._gradebook.close)
        self._connection = self._exit_stack.enter_context(self._gradebook.engine.connect())
        self._seconds = 0.0
        self._wait_for_locks(LOCK_SECONDS)
        self._is_open = True

    def _wait_for_locks(self, seconds: float) -> None:
        """Set how long a statement waits for a lock of another connection."""
        from sqlalchemy.exc import SQLAlchemyError

        setting = {"sqlite": "PRAGMA busy_timeout = {}", "postgresql": "SET lock_timeout = {}"}.get(self._gradebook.engine.dialect.name)
        if seconds != self._seconds and setting:
            with suppress(SQLAlchemyError):  # the server may have gone
                self._connection.exec_driver_sql(setting.format(round(1000 * seconds)))
                self._connection.commit()
        self._seconds = seconds

    @contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        """Turn what goes wrong while `what` is written into a GradebookError: an unexpected error concerns this student only."""
        from sqlalchemy.exc import SQLAlchemyError

        from autograder.gradebook.assignment import reason_of

        try:
            yield
        except (GradebookError, SubmissionError):
            raise
        except Exception as error:
            known = isinstance(error, (SQLAlchemyError, OSError))
            if known:
                self._wait_for_locks(SHORT_LOCK_SECONDS)
            raise GradebookError(f"{what} can't be written to the gradebook: {reason_of(error) if known else unexpected(error)}") from error
        self._wait_for_locks(LOCK_SECONDS)

    def _save(self, files: Mapping[Path, str | Path], mode: int, write: Callable[[], None]) -> None:
        """Write rows and files, both or neither.

        The files are written under temporary names before the database commits, and renamed after it. A process that is killed in between
        leaves old files and new rows; the next run compares both, and writes the files.

        Parameters
        ----------
        files : mapping of Path to str or Path
            The files' texts, or the files to copy.
        mode : int
            Their permissions.
        write : callable
            Writes the rows, without a commit.
        """
        with staged(files, mode) as place:
            write()
            with undisturbed():
                self._connection.commit()
                place()
