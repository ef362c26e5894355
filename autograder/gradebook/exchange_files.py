"""Reads the files of nbgrader's exchange beside a submission: the time of submission, and the secret for fetching the feedback.

Students can write both, so only short plain files in the student's own folder are read, and their content is checked.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from autograder.errors import SubmissionError
from autograder.model.submission import check_place, read_file

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"
STAMP_BYTES, SECRET_BYTES = 100, 1000


def timestamp_in(folder: Path) -> str:
    """Return the text of ``timestamp.txt`` in a student's folder; an empty text if it is no time, or no plain file."""
    text = _text(folder / TIMESTAMP, folder.parents[1], STAMP_BYTES)
    return text if time_of(text) else ""


def time_of(stamp: str) -> datetime | None:
    """Return a time as nbgrader parses it; None if it can't be parsed."""
    from nbgrader.utils import parse_utc

    with suppress(Exception):  # what dateutil raises depends on the text: decimal.InvalidOperation, for one
        return parse_utc(stamp.strip())
    return None


def secret_in(folder: Path, kept: Path) -> str:
    """Return the secret of a submission.

    Without one, ``nbgrader release_feedback`` stops for the whole class, so a missing or malformed secret is replaced by a random one.

    Parameters
    ----------
    folder : Path
        The student's folder in ``submitted/``.
    kept : Path
        The student's folder in ``autograded/``, with the secret of an earlier run.
    """
    found = (_text(path / SECRET, path.parents[1], SECRET_BYTES) for path in (folder, kept))
    return next((text for text in found if text.isascii() and text.isprintable() and text), "") or secrets.token_hex(64)


def _text(path: Path, top: Path, limit: int) -> str:
    """Return the text of a plain file of at most `limit` bytes, not reached through links; else an empty text."""
    with suppress(OSError, SubmissionError, UnicodeDecodeError):
        check_place(path, top)
        data = read_file(path, limit)
        return data.decode("utf-8") if len(data) <= limit else ""
    return ""
