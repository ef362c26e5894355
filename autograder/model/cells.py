"""What goes into a guest and what comes out of it besides answers: plain data that host, grading and results share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission.

    Parameters
    ----------
    label : str
        What messages call it, such as "cell 12". Unique in the notebook.
    source : str
        Its text.
    name : str, optional
        The exercise that it answers.
    stub : str, optional
        What the released notebook had there.
    lazy : bool
        Run it only when a later cell, or a call, needs a name from it.
    """

    label: str
    source: str
    name: str | None = None
    stub: str | None = None
    lazy: bool = False


@dataclass(frozen=True)
class Printed:
    """What was printed in one place: while a cell ran (its label), or while an exercise was judged (its name)."""

    where: str
    text: str


@dataclass(frozen=True)
class CellProblem:
    """A cell that didn't run to its end: where, what was wrong, and which exercise it answers, if any."""

    label: str
    message: str
    name: str | None
