"""Everything that can go wrong for a user of the grader, each with a sentence that says what, where, and what to do.

::

    AutograderError
    ├── CourseError          the course's own files are missing or contradict each other   (also a ValueError)
    ├── SubmissionError      a submission can't be read at all                              (also a ValueError)
    ├── LimitError           there is no such limit, or it can't have this value            (also a ValueError)
    ├── BuildError           the released notebooks can't be made, leak, or have drifted    (also a RuntimeError)
    ├── GradebookError       nbgrader's database can't be written                           (also a RuntimeError)
    ├── WorkerError          who should grade can't, or has gone away                       (also a RuntimeError)
    ├── SandboxUnavailable   this machine can't confine a guest                             (also an OSError)
    └── Shortage             it can, but has no room or memory for one just now             (also an OSError)

What a sentence quotes from outside, such as a file's name, goes through `printable` or `in_one_line` first.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path

# What a terminal obeys instead of showing it, what turns the reading direction round, and surrogates, which nothing can print.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class AutograderError(Exception):
    """The base of all errors that a user of the grader can meet."""


class CourseError(AutograderError, ValueError):
    """The course's own files are missing or contradict each other."""


class SubmissionError(AutograderError, ValueError):
    """A submission can't be read at all."""


class LimitError(AutograderError, ValueError):
    """There is no such limit, or it can't have this value."""


class BuildError(AutograderError, RuntimeError):
    """The released notebooks can't be made, leak, or have drifted from their sources."""


class GradebookError(AutograderError, RuntimeError):
    """nbgrader's database can't be written."""


class WorkerError(AutograderError, RuntimeError):
    """Who should grade can't, or has gone away: a cluster, or a process with another version of the grader."""


class SandboxUnavailable(AutograderError, OSError):
    """This machine can't confine a guest."""


class Shortage(AutograderError, OSError):
    """The disk, memory or processes of this machine don't suffice for a guest just now: one submission isn't graded, others may be."""


def printable(text: str) -> str:
    """Return text from outside as it may be shown anywhere: control characters are spelled out, lines stay."""
    return _UNPRINTABLE.sub(_spelled_out, text)


def in_one_line(text: str, length: int = 500) -> str:
    """Return text from outside as part of a sentence: printable, in one line, and no longer than `length`."""
    shown = " ".join(printable(text[: 2 * length]).split())
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def printable_json(text: str) -> str:
    """Return JSON text as it may be shown anywhere: what `printable` spells out is escaped as JSON has it, so the data stay the same."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def is_printable(name: str) -> bool:
    """Tell whether a name can be shown as it is, in one line."""
    return not _UNPRINTABLE.search(name) and not {"\t", "\n"} & set(name)


def unexpected(error: Exception) -> str:
    """Return what an error says that nobody has foreseen, and where it was raised: it is ours to mend."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return in_one_line(f"{type(error).__name__}{where}: {error}") + "; please report this"


def _spelled_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a file's name that isn't UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return found.group().encode("unicode_escape").decode("ascii")
