"""Imports the hidden modules of a course: its references and known answers, which lie in the course's folder.

Those of the course in which this package lies are modules of this package. Any other course's are in a package named after its folder, so
that lectures of several courses have modules of their own in one process. They import each other relatively: ``from ..reference import x``.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from autograder.model.course import PACKAGE, HiddenModules


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
