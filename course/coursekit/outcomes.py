"""What a run of tests leaves behind: data that is shown and stored, by processes that run none."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_LENGTH, END = 2000, 300


def shortened(text: str) -> str:
    """Return a text without its middle where it is longer than anybody reads; the end often says where something happened."""
    return text if len(text) <= MESSAGE_LENGTH else f"{text[: MESSAGE_LENGTH - END - 3]} … {text[-END:]}"


@dataclass(frozen=True)
class TestOutcome:
    """What became of one test.

    Parameters
    ----------
    exercise, name, sentence : str
        The exercise, the test's own name, and the first paragraph of its docstring.
    kind : str
        Empty where the test passed, else the step in the order of feedback at which it failed: ``not_attempted``, ``missing``,
        ``raised``, ``timeout``, ``type``, ``shape``, ``dtype``, ``nan``, ``value``, or ``broken`` for a defect of the test itself.
    message : str
        What the student reads about the failure, shortened: the one place where the length of all messages is bounded.
    weight : float
        Of all weights in the exercise.
    culprit : str
        The function that kept the test from passing, where one did by raising or by being missing.
    """

    __test__ = False  # not a test class, whatever its name makes pytest think

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
