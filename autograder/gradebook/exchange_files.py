"""What nbgrader's exchange puts beside a submission: when it was handed in, and the secret by which a student fetches the feedback.

Both are a student's files: only plain files in the student's own folder are read, and nbgrader gets only what it can read.
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
    """Return what ``timestamp.txt`` in a student's folder says; nothing where it says no time, or is not a plain file."""
    text = _text(folder / TIMESTAMP, folder.parents[1], STAMP_BYTES)
    return text if time_of(text) else ""


def time_of(stamp: str) -> datetime | None:
    """Return a time as nbgrader reads it; None where there is none."""
    from nbgrader.utils import parse_utc

    with suppress(Exception):  # what dateutil raises depends on the text: decimal.InvalidOperation, for one
        return parse_utc(stamp.strip())
    return None


def secret_in(folder: Path, kept: Path) -> str:
    """Return the secret of a submission.

    Without one, ``nbgrader release_feedback`` stops for the whole class, so who has none that can be used gets one that nobody knows.

    Parameters
    ----------
    folder : Path
        The student's folder in ``submitted/``.
    kept : Path
        The one in ``autograded/``, which holds what was given to the student before.
    """
    found = (_text(path / SECRET, path.parents[1], SECRET_BYTES) for path in (folder, kept))
    return next((text for text in found if text.isascii() and text.isprintable() and text), "") or secrets.token_hex(64)


def _text(path: Path, top: Path, limit: int) -> str:
    """Return the text of a short plain file to which no link leads; nothing where there is no such file."""
    with suppress(OSError, SubmissionError, UnicodeDecodeError):
        check_place(path, top)
        data = read_file(path, limit)
        return data.decode("utf-8") if len(data) <= limit else ""
    return ""
