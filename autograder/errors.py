"""The errors that a user of the grader can get; each message says what is wrong, where, and what to do.

::

    AutograderError
    ├── CourseError          the course's own files are missing or contradict each other   (also a ValueError)
    ├── SubmissionError      a submission can't be read at all                              (also a ValueError)
    ├── LimitError           an unknown limit, or an invalid value                          (also a ValueError)
    ├── BuildError           the released notebooks can't be made, leak, or have drifted    (also a RuntimeError)
    ├── GradebookError       nbgrader's database can't be written                           (also a RuntimeError)
    ├── WorkerError          a cluster or a worker process can't grade                       (also a RuntimeError)
    ├── SandboxUnavailable   this machine can't confine a guest                             (also an OSError)
    └── Shortage             this machine lacks disk, memory or processes for a guest now   (also an OSError)

Text from outside, such as a file's name, goes through `printable` or `in_one_line` before it is put into a message.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path

# Control characters, marks that change the reading direction, and surrogates.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class AutograderError(Exception):
    """The base of all errors that a user of the grader can meet."""


class CourseError(AutograderError, ValueError):
    """The course's own files are missing or contradict each other."""


class SubmissionError(AutograderError, ValueError):
    """A submission can't be read at all."""


class LimitError(AutograderError, ValueError):
    """An unknown limit, or an invalid value of one."""


class BuildError(AutograderError, RuntimeError):
    """The released notebooks can't be made, leak, or have drifted from their sources."""


class GradebookError(AutograderError, RuntimeError):
    """nbgrader's database can't be written."""


class WorkerError(AutograderError, RuntimeError):
    """No worker can grade: the cluster is gone, or has another version of the grader."""


class SandboxUnavailable(AutograderError, OSError):
    """This machine can't confine a guest."""


class Shortage(AutograderError, OSError):
    """This machine lacks disk, memory or processes for a guest now. The submission isn't graded; others may be."""


def printable(text: str) -> str:
    """Return text from outside with control characters escaped; line breaks stay."""
    return _UNPRINTABLE.sub(_spelled_out, text)


def in_one_line(text: str, length: int = 500) -> str:
    """Return text from outside for use in a message: printable, in one line, and no longer than `length`."""
    shown = " ".join(printable(text[: 2 * length]).split())
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def printable_json(text: str) -> str:
    """Return JSON text with the same characters as in `printable` escaped, as ``\\uNNNN``; the data stay the same."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def is_printable(name: str) -> bool:
    """Tell whether a name has neither control characters nor line breaks."""
    return not _UNPRINTABLE.search(name) and not {"\t", "\n"} & set(name)


def unexpected(error: Exception) -> str:
    """Return the message of an unexpected error, with the place where it was raised, for a bug report."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return in_one_line(f"{type(error).__name__}{where}: {error}") + "; please report this"


def _spelled_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:  # Python's encoding of a byte of a file's name that isn't UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return found.group().encode("unicode_escape").decode("ascii")
