"""flit's build backend without the lectures: what a course's folder holds stays out of the installed package."""

from collections.abc import Iterator
from pathlib import Path

from flit_core.buildapi import *  # noqa: F403  the hooks of PEP 517 and PEP 660
from flit_core.common import Module

LECTURES = ("suites", "reference", "misconceptions")

_all_files = Module.iter_files


def _files(module: Module) -> Iterator[str]:
    """Yield the files of a package, without the folders of lectures."""
    yield from (path for path in _all_files(module) if Path(path).relative_to(module.path).parts[0] not in LECTURES)


Module.iter_files = _files
