"""Stores results on disk: a file for each, under the hash of everything that determines it, or under the student."""

from __future__ import annotations

import json
import logging
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from autograder.files import sweep, write_atomically
from autograder.model.results import KILLED, SubmissionResult, submission_from_json, submission_to_json

STORE = Path(".autograder") / "results"


class Store:
    """Results on disk, one file each, named by the key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> SubmissionResult | None:
        """Return the result stored under `key`; None if there is none, or it can't be read."""
        try:
            return submission_from_json(json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, result: SubmissionResult) -> None:
        """Store a result atomically."""
        write_atomically(self.folder / f"{key}.json", json.dumps(submission_to_json(result)).encode())


def keep(store: Store, key: str, result: SubmissionResult) -> bool:
    """Store a result, and return whether that succeeded; log a warning at the first failure."""
    try:
        store.put(key, result)
    except OSError as error:
        _warn_once(f"Results can't be kept in {STORE.parent} ({error.strerror}), so the next run grades these again.")
        return False
    return True


@lru_cache
def _warn_once(sentence: str) -> None:
    """Log a warning once."""
    logging.getLogger(__name__).warning(sentence)


def is_final(result: SubmissionResult) -> bool:
    """Tell whether a result may be stored: a timeout or a lack of memory may not occur in another run."""
    return result.graded and KILLED not in result.problems and all(exercise.status != "timeout" for exercise in result.exercises)


class ResultCache:
    """Results of this run and of earlier runs, by fingerprint; a context manager.

    Results that may differ in another run, such as timeouts, are kept for this run only.

    Parameters
    ----------
    root : Path
        The course's folder.
    lasting : bool
        Whether results of earlier runs are used, and those of this run are stored; without, all are kept for this run only.
    """

    def __init__(self, root: Path, lasting: bool) -> None:
        self._stored = Store(root / STORE) if lasting else None
        with suppress(OSError):
            sweep(root / STORE)

    def __enter__(self) -> ResultCache:
        self._folder = tempfile.TemporaryDirectory(prefix="results-", ignore_cleanup_errors=True)
        self._of_this_run = Store(Path(self._folder.name))
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def get(self, key: str) -> SubmissionResult | None:
        """Return the result with this key, or None."""
        return self._of_this_run.get(key) or (self._stored.get(key) if self._stored else None)

    def put(self, key: str, result: SubmissionResult) -> None:
        """Add a result."""
        if not (self._stored and is_final(result) and keep(self._stored, key, result)):
            with suppress(OSError):  # equal code will be graded again
                self._of_this_run.put(key, result)
