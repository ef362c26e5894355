"""Keeps what came of running a submission's notebooks, so that an interrupted run goes on, and equal submissions are run once."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.files import sweep, write_atomically
from autograder.gradebook.cell_grading import Execution, Prepared
from autograder.limits import Limits
from autograder.runners.grader_version import digest_of, engine_code, versions

FOLDER = Path(".autograder") / "executions"


class ExecutionCache:
    """Executions on disk, one file each, under the hash of everything that determines them. Threads can share it.

    Parameters
    ----------
    root : Path
        The course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._environment = [engine_code("sandbox"), versions(), installed_packages()]
        with suppress(OSError):
            sweep(self._folder)

    def key(self, prepared: Prepared, limits: Limits) -> str:
        """Return the hash of a submission's notebooks, the files that they can read, their limits, and what is installed."""
        notebooks = [(notebook.name, notebook.digest) for notebook in prepared.notebooks]
        contents = {name: digest_of(path) for name, path in prepared.data.items()}
        parts = [notebooks, contents, repr(limits), self._environment]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> dict[str, Execution] | None:
        """Return what is kept under a key, by the notebooks' names; None if there is nothing, or it can't be read."""
        try:
            found: dict[str, Any] = json.loads((self._folder / f"{key}.json").read_bytes())
            return {name: Execution(_numbered(kept["outputs"]), _numbered(kept["counts"])) for name, kept in found.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, key: str, executions: Mapping[str, Execution]) -> None:
        """Keep what came of notebooks that ran to their ends; if that isn't possible, they will be run again."""
        content = {name: {"outputs": dict(found.outputs), "counts": dict(found.counts)} for name, found in executions.items()}
        with suppress(OSError):
            write_atomically(self._folder / f"{key}.json", json.dumps(content).encode())


def _numbered(by_index: Mapping[str, Any]) -> dict[int, Any]:
    return {int(index): value for index, value in by_index.items()}


@lru_cache(maxsize=1)
def installed_packages() -> list[str]:
    """Return the names and versions of all packages that can be imported, as their folders have them."""
    folders = [folder for folder in sys.path if os.path.isdir(folder)]
    return sorted({name for folder in folders for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))})
