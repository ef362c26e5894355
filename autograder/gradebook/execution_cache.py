"""Keeps what came of running a notebook, so that an interrupted run goes on, and equal notebooks are run once."""

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
from autograder.gradebook.cell_grading import Execution, PreparedNotebook
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

    def key(self, notebook: PreparedNotebook, files: Mapping[str, Path], limits: Limits) -> str:
        """Return the hash of a notebook, the files that it can read, its limits, and what is installed."""
        contents = {name: digest_of(path) for name, path in files.items()}
        parts = [notebook.digest, contents, repr(limits), self._environment]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> Execution | None:
        """Return what is kept under a key; None if there is nothing, or it can't be read."""
        try:
            found: dict[str, Any] = json.loads((self._folder / f"{key}.json").read_bytes())
            outputs, counts = ({int(index): value for index, value in found[name].items()} for name in ("outputs", "counts"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return Execution(outputs, counts)

    def put(self, key: str, execution: Execution) -> None:
        """Keep what came of a notebook that ran to its end; if that isn't possible, it will be run again."""
        with suppress(OSError):
            content = json.dumps({"outputs": dict(execution.outputs), "counts": dict(execution.counts)})
            write_atomically(self._folder / f"{key}.json", content.encode())


@lru_cache(maxsize=1)
def installed_packages() -> list[str]:
    """Return the names and versions of all packages that can be imported, as their folders have them."""
    folders = [folder for folder in sys.path if os.path.isdir(folder)]
    return sorted({name for folder in folders for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))})
