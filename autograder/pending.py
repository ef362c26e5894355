"""Answers that haven't come yet: what a test gets where its calls are foreseen. Students' own package knows nothing of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from coursekit.expectations import Expectation, expect


class Pending:
    """An answer that hasn't come yet, or a part of one: what a test gets where its calls are foreseen before anybody answers them.

    It can be taken apart by `expect`, and passed on to another call. All else that a test may do with an answer fails, for nobody can know
    what it would lead to.

    Parameters
    ----------
    call : int
        Which of the test's calls it is the answer to, counted from zero.
    path : tuple of int
        Which part of the answer, and of that part.
    """

    __slots__ = ("call", "path")
    __array_ufunc__ = None  # arithmetic with an array is refused, too

    def __init__(self, call: int, path: tuple[int, ...] = ()) -> None:
        self.call, self.path = call, path

    def part(self, index: int) -> Pending:
        """Return a part of it."""
        return Pending(self.call, (*self.path, index))

    def __bool__(self) -> bool:
        raise TypeError("this answer hasn't come yet")

    def __array__(self, *anyhow: Any, **options: Any) -> np.ndarray:
        raise TypeError("this answer hasn't come yet")


class NotYet(Expectation):
    """Whatever is expected of an answer that hasn't come yet: it may be so."""

    def close_to(self, *anything: Any, **options: Any) -> None:
        """Expect nothing."""

    equals = differs_from = same_as = close_to

    def shaped(self, *anything: Any, **options: Any) -> Expectation:
        """Expect nothing."""
        return self

    within = is_normal = is_uniform = is_independent = shaped

    def items(self, *names: str) -> list[Any]:
        """Return as many parts as there are names."""
        return [self.answer.part(index) for index in range(len(names))]


@expect.register
def _expect_nothing(answer: Pending, name: str = "the answer") -> Expectation:
    return NotYet(answer, name)
