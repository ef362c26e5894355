"""What a submission has used up, in all processes that have run it: time and printed text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from autograder.limits import Limits, in_units
from autograder.model.cells import Printed
from autograder.sandbox.channel import Channel


class Clock:
    """Adds up the time that is spent on waiting for a submission.

    Parameters
    ----------
    seconds : float
        The most that it may take: `Limits.total_seconds`.
    spent : float
        What it has taken already.
    """

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        self._seconds, self._depth, self._since = seconds, 0, 0.0
        self.spent = spent

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add the time inside this context; nested contexts (a call in a callback) count once."""
        started, self._depth = time.monotonic(), self._depth + 1
        if self._depth == 1:
            self._since = started
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.spent += time.monotonic() - started

    @property
    def left(self) -> float:
        """The seconds that are left; 0 or less when the time is up."""
        return self._seconds - self.spent - (time.monotonic() - self._since if self._depth else 0)

    def deadline(self, seconds: float) -> float:
        """Return the moment, on the monotonic clock, by which an answer has to be there that may take so long."""
        return time.monotonic() + min(seconds, self.left)

    def exceeded(self, limits: Limits, limit: str) -> tuple[float, str]:
        """Return the value and the name of the time limit that was exceeded: `limit`, or total_seconds."""
        limit = "total_seconds" if self.left <= 0 else limit
        return getattr(limits, limit), limit


class Output:
    """Keeps what a submission prints, by the cell or exercise that printed it.

    Parameters
    ----------
    most : int
        How many bytes are kept: `Limits.output_bytes`.
    """

    def __init__(self, most: int) -> None:
        self._most, self._texts = most, dict[str, bytes]()
        self._cut: str | None = None
        self.place = ""
        """The cell or exercise that is running."""

    @property
    def left(self) -> int:
        """How many bytes more are kept."""
        return max(0, self._most - sum(map(len, self._texts.values())))

    def take(self, channel: Channel) -> None:
        """Store the text that was printed since the last call of this method."""
        text = channel.take_printed()
        if text:
            self._texts[self.place] = self._texts.get(self.place, b"") + text
        if channel.cut and self._cut is None:
            self._cut = self.place

    def forget(self, places: set[str]) -> None:
        """Drop the text of cells that are about to run again."""
        self._texts = {place: text for place, text in self._texts.items() if place not in places}

    def of(self, labels: Sequence[str]) -> tuple[Printed, ...]:
        """Return the text of the cells with these labels, in this order, and after it that of the exercises."""
        cut = f"\n(cut here: more than {in_units(self._most)} was printed, the limit output_bytes)\n"
        places = [*labels, *(place for place in self._texts if place not in labels)]
        texts = {place: self._texts[place].decode("utf-8", "replace") for place in places if place in self._texts}
        return tuple(Printed(place, text + cut * (place == self._cut)) for place, text in texts.items())
