"""The outcome of a test as plain data, for display and storage. Doesn't import pytest."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_LENGTH, END = 2000, 300


def shortened(text: str) -> str:
    """Return a text of at most `MESSAGE_LENGTH` characters, without its middle if necessary: the end often names the place of an error."""
    return text if len(text) <= MESSAGE_LENGTH else f"{text[: MESSAGE_LENGTH - END - 3]} … {text[-END:]}"


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
        The test's weight within the exercise.
    culprit : str
        The function that raised or is missing, if that is why the test failed.
    """

    __test__ = False  # tells pytest that this isn't a test class

    exercise: str
    name: str
    sentence: str
    kind: str = ""
    message: str = ""
    weight: float = 1.0
    culprit: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", shortened(self.message))

    @property
    def passed(self) -> bool:
        """Whether the test passed."""
        return not self.kind
