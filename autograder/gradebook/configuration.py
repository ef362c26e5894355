"""nbgrader's configuration of a course, and the address of its database. Doesn't import nbgrader, which takes seconds."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from traitlets.config import Config, PyFileConfigLoader

from autograder.model.course import CONFIG


def configuration(root: Path) -> Config:
    """Return nbgrader's configuration for the course in `root`: the user's own files, then the course's."""
    config = Config()
    for folder in (*reversed(jupyter_config_path()), str(root)):
        if Path(folder, CONFIG).is_file():
            config.merge(PyFileConfigLoader(CONFIG, path=folder).load_config())
    return config


def database_url(root: Path) -> str:
    """Return the address of the course's gradebook: the configured one, or nbgrader's default."""
    return str(configuration(root).CourseDirectory.get("db_url") or f"sqlite:///{root.resolve() / 'gradebook.db'}")
