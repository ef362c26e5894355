"""Imports the hidden modules of a course: its references and known answers, which lie in the course's folder.

Those of the course in which this package lies are modules of this package. Any other course's are in a package named after its folder, so
that lectures of several courses have modules of their own in one process. They import each other relatively: ``from ..reference import x``.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from autograder.model.course import HIDDEN, PACKAGE, HiddenModules, layout_of


def reference_of(hidden: HiddenModules) -> ModuleType:
    """Import the reference of a lecture.

    Raises
    ------
    ModuleNotFoundError
        If it has none.
    """
    return import_module(f"{_package(hidden.folder)}.reference.{hidden.slug}")


def known_answers_of(hidden: HiddenModules) -> ModuleType:
    """Import the known answers of a lecture.

    Raises
    ------
    ModuleNotFoundError
        If it has none.
    """
    return import_module(f"{_package(hidden.folder)}.misconceptions.{hidden.slug}")


def copy_hidden(root: Path, folder: Path) -> None:
    """Copy the hidden modules of the course in `root` to `folder`, which has the same configuration.

    Those of the course around this package aren't copied: a course without any has these.
    """
    hidden = layout_of(root).hidden
    if (root / hidden).resolve() != PACKAGE:
        for path in (root / hidden / name for name in HIDDEN):
            if path.is_dir():
                shutil.copytree(path, folder / hidden / path.name, ignore=shutil.ignore_patterns("__pycache__"))


@cache
def _package(folder: Path) -> str:
    """Return the name of the package of a course's hidden modules; the package is made at the first call."""
    folder = folder.resolve()
    if folder == PACKAGE:
        return "autograder"
    name = f"course_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = module_from_spec(spec)
    return name
