"""Data classes that the sandbox and the rest of the grader share: cells, printed text, problems of cells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission.

    Parameters
    ----------
    label : str
        Its name in messages, such as "cell 12". Unique in the notebook.
    source : str
        Its source code.
    name : str, optional
        The exercise that it answers.
    stub : str, optional
        The source of the released cell.
    lazy : bool
        Whether to run it only when a later cell, or a call, needs a name that it binds.
    """

    label: str
    source: str
    name: str | None = None
    stub: str | None = None
    lazy: bool = False


@dataclass(frozen=True)
class Printed:
    """Printed text, and where it was printed: the label of a cell, or the name of the exercise that was judged."""

    where: str
    text: str


@dataclass(frozen=True)
class CellProblem:
    """A cell that failed: its label, the message, and its exercise, if any."""

    label: str
    message: str
    name: str | None
