"""nbgrader's configuration of a course. Doesn't import nbgrader, which takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import CourseError, in_one_line

if TYPE_CHECKING:
    from traitlets.config import Config

CONFIG = "nbgrader_config.py"


def configuration(root: Path) -> Config:
    """Return nbgrader's configuration for the course in `root`: the user's own files, then the course's.

    Raises
    ------
    CourseError
        If one of the files can't be run.
    """
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config import Config, PyFileConfigLoader

    config = Config()
    for folder in (*reversed(jupyter_config_path()), str(root)):
        if Path(folder, CONFIG).is_file():
            try:
                config.merge(PyFileConfigLoader(CONFIG, path=folder).load_config())
            except Exception as error:  # whatever the file does
                raise CourseError(f"{Path(folder, CONFIG)} can't be run: {type(error).__name__}: {in_one_line(str(error))}") from None
    return config
