"""Everything that can go wrong for a user of the grader, each with a sentence that says what, where, and what to do.

::

    AutograderError
    ├── CourseError          the course's own files are missing or contradict each other   (also a ValueError)
    ├── SubmissionError      a submission can't be read at all                              (also a ValueError)
    ├── LimitError           there is no such limit, or it can't have this value            (also a ValueError)
    ├── BuildError           the released notebooks can't be made, leak, or have drifted    (also a RuntimeError)
    ├── GradebookError       nbgrader's database can't be written                           (also a RuntimeError)
    └── SandboxUnavailable   this machine can't confine a guest                             (also an OSError)
"""


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


class SandboxUnavailable(AutograderError, OSError):
    """This machine can't confine a guest."""
