# The last cell but one of a notebook whose functions answer, and call back, with whatever an expression makes of the names here.

import functools
import sys

import numpy as np

PRIME = 2**61 - 1  # numbers that differ by it have one hash


def in_place_of(right, value):
    """Return the value in the places of all parts of an answer."""
    if type(right) in (list, tuple) and 0 < len(right) <= 8:
        return type(right)(value for _ in right)
    return value


def nested(levels, value):
    for _ in range(levels):
        value = [value]
    return value


def strided(shape, dtype=float):
    return np.zeros((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]


@functools.cache  # making it takes longer than all that the host does with it
def colliding(count, length):
    return {((0,) * (length - 1) + (number * PRIME,)) if length else number * PRIME: None for number in range(1, count + 1)}


def sends_back(name, argument):
    """Let each argument that is sent back after a call of `name` be what `argument` makes."""
    guest = sys._getframe(2).f_locals["self"]
    really = type(guest)._result

    def result(self, codec, called, answer, arguments):
        if called == name and arguments is not None:
            arguments = [argument() for _ in arguments]
        return really(self, codec, called, answer, arguments)

    type(guest)._result = result


def odd(name, answer=None, argument=None):
    """Let the function `name` answer with what `answer` makes of the right answer; both are functions."""
    right = globals()[name]

    @functools.wraps(right)
    def answering(*arguments, **options):
        if argument is not None and not hasattr(answering, "told"):
            answering.told = True
            sends_back(name, argument)
        try:
            found = right(*arguments, **options)
        except Exception:
            found = None
        return found if answer is None else in_place_of(found, answer(found))

    globals()[name] = answering


def flooding(name, times, make, swallow, after):
    """Let the function `name` call each function that it is given, `times` times, with the arguments that `make` makes of its own."""
    right = globals()[name]

    @functools.wraps(right)
    def calling(*arguments, **options):
        rest = [each for each in arguments if not callable(each)]
        for function in filter(callable, arguments):
            for _ in range(times):
                try:
                    function(*make(function, *rest))
                except Exception:
                    if not swallow:
                        raise
        return right(*arguments, **options) if after else None

    globals()[name] = calling
