"""flit's build backend for the engine's wheel, which stands by itself: no lectures, and the general part of coursekit.

What a course's folder holds (suites, references, misconceptions) stays out of the installed package. The files of coursekit that the engine
imports, and suites are written with, are those that pyproject.toml lists for the source distribution. An editable installation has neither
change: there coursekit is a package of its own, with the lectures' parts.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from flit_core.buildapi import *  # noqa: F403  the hooks of PEP 517 and PEP 660
from flit_core.common import Module
from flit_core.wheel import WheelBuilder

LECTURES = ("suites", "reference", "misconceptions")
COURSE = "course/"

_all_files, _copy_module = Module.iter_files, WheelBuilder.copy_module


def _files(module: Module) -> Iterator[str]:
    """Yield the files of a package, without the folders of lectures."""
    yield from (path for path in _all_files(module) if Path(path).relative_to(module.path).parts[0] not in LECTURES)


def _copy_both(builder: WheelBuilder) -> None:
    """Copy the engine, and the general part of coursekit, into a wheel."""
    _copy_module(builder)
    project = tomllib.loads(Path(builder.directory, "pyproject.toml").read_text(encoding="utf-8"))
    for name in project["tool"]["flit"]["sdist"]["include"]:
        if name.startswith(COURSE):
            builder._add_file(Path(builder.directory, name), name.removeprefix(COURSE))


Module.iter_files = _files
WheelBuilder.copy_module = _copy_both
