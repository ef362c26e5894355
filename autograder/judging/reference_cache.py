"""A cache of the reference's answers, which are the same for every submission."""

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
    """A module whose functions are cached; each call returns a copy of the answer.

    The key is the exact arguments, memory layout included. A call isn't cached if an argument or the answer isn't plain data (a random
    generator, an object), or if the function changes its arguments.

    Parameters
    ----------
    module : module
        The module.
    room : int
        Size of the cache in bytes; it is emptied when it is full.
    """

    def __init__(self, module: ModuleType, room: int = ROOM) -> None:
        self._module, self._room = module, room
        self._answers: dict[Any, Any] = {}
        self._left = room

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if callable(value) and not isinstance(value, type):
            value = self._remembering(name, value)
        setattr(self, name, value)  # so that __getattr__ isn't called again for it
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
        except TypeError:  # an object, which tests could change
            return
        size = size_of(key) + size_of(answer)
        if size > self._left:
            self._answers.clear()
            self._left = self._room
        self._answers[key] = copied(answer)
        self._left -= size


@lru_cache(maxsize=32)
def remembered(module: ModuleType) -> Remembered:
    """Return a module with a cache that is shared by the whole process."""
    return Remembered(module)
