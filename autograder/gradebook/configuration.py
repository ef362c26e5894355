"""The address of a course's gradebook, from nbgrader's configuration."""

from __future__ import annotations

from pathlib import Path

from autograder.model.configuration import configuration

__all__ = ["configuration", "database_url"]


def database_url(root: Path) -> str:
    """Return the address of the course's gradebook: the configured one, or nbgrader's default."""
    return str(configuration(root).CourseDirectory.get("db_url") or f"sqlite:///{root.resolve() / 'gradebook.db'}")
