"""The reference's answers, which are the same for everybody's submission: computed once, and handed out as copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from types import ModuleType
from typing import Any

from autograder import deadline
from autograder.model.values import frozen, size_of
from coursekit.student import copied

ROOM = 64 << 20  # bytes; a suite takes some hundred kilobytes


class Remembered:
    """A module whose functions answer from memory where they were asked the same before.

    Arguments are the same where they are to the last bit, memory layout included. What isn't data, such as a generator, is not remembered,
    and neither is a function that changes its arguments.

    Parameters
    ----------
    module : module
        Whose functions these are.
    room : int
        How many bytes are kept; where they don't do, all is forgotten.
    """

    def __init__(self, module: ModuleType, room: int = ROOM) -> None:
        self._module, self._room = module, room
        self._answers: dict[Any, Any] = {}
        self._left = room

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if callable(value) and not isinstance(value, type):
            value = self._remembering(name, value)
        setattr(self, name, value)  # the next look finds it without us
        return value

    def _remembering(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def asked(*args: Any, **kwargs: Any) -> Any:
            deadline.check()
            try:
                key = name, frozen(args), frozen(kwargs)
            except TypeError:
                return function(*args, **kwargs)
            if key in self._answers:
                return copied(self._answers[key])
            answer = function(*args, **kwargs)
            if key == (name, frozen(args), frozen(kwargs)):
                self._keep(key, answer)
            return answer

        return asked

    def _keep(self, key: Any, answer: Any) -> None:
        try:
            frozen(answer)
        except TypeError:  # an object, which two tests must not share
            return
        size = size_of(key) + size_of(answer)
        if size > self._left:
            self._answers.clear()
            self._left = self._room
        self._answers[key] = copied(answer)
        self._left -= size


@lru_cache(maxsize=32)
def remembered(module: ModuleType) -> Remembered:
    """Return a module with a memory that lasts as long as this process."""
    return Remembered(module)
