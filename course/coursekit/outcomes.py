"""The outcome of a test as plain data, for display and storage. Doesn't import pytest."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_LENGTH, END = 2000, 300


def shortened(text: str) -> str:
    """Return a text of at most `MESSAGE_LENGTH` characters, without its middle if necessary: the end often names the place of an error."""
    return text if len(text) <= MESSAGE_LENGTH else f"{text[: MESSAGE_LENGTH - END - 3]} … {text[-END:]}"


@dataclass(frozen=True)
class Aspect:
    """A thing of an exercise that a marker would give points for, such as a returned array, a mode, or a corner.

    Parameters
    ----------
    name : str
        What it is, shown to the student. Tests with the same name belong together.
    points : float
        How much it weighs beside the other aspects of the exercise. For a corner: the share of what the rest of the exercise earned that is
        lost where it fails. The largest number counts that one of its tests gives, so it is written once.
    corner : bool
        Whether it is a corner: something that matters only where the rest is right.
    """

    name: str
    points: float = 0.0
    corner: bool = False


@dataclass(frozen=True)
class TestOutcome:
    """The outcome of one test.

    Parameters
    ----------
    exercise, name, sentence : str
        The exercise, the test's own name, and the first paragraph of its docstring.
    kind : str
        Empty if the test passed, else the failed check: ``not_attempted``, ``missing``,
        ``raised``, ``timeout``, ``type``, ``shape``, ``dtype``, ``nan``, ``value``, or ``broken`` for a defect of the test itself.
    message : str
        The message for the student, shortened here for all messages.
    weight : float
        The test's weight within its aspect, or, for a test without one, the points of an aspect of its own.
    culprit : str
        The function that raised or is missing, if that is why the test failed.
    aspect : Aspect, optional
        What the test belongs to.
    share : float
        The share of its points that a failed test earns nevertheless.
    """

    __test__ = False  # tells pytest that this isn't a test class

    exercise: str
    name: str
    sentence: str
    kind: str = ""
    message: str = ""
    weight: float = 1.0
    culprit: str = ""
    aspect: Aspect | None = None
    share: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", shortened(self.message))

    @property
    def passed(self) -> bool:
        """Whether the test passed."""
        return not self.kind
