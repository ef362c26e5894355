# The last cell of a notebook whose functions answer as they are told to. Each of ANSWERS gets the number of values that will be sent.

import functools
import itertools
import math
import os
import threading

import numpy as np


class Subclass(np.ndarray):
    pass


class Opaque:
    pass


class Again:
    """An iterator that goes on after its end."""

    asked = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.asked += 1
        if self.asked % 3 == 2:
            raise StopIteration
        return float(self.asked)


class Last(Again):
    """An iterator that ends the process."""

    def __next__(self):
        os._exit(3)


def raising():
    yield 1.0
    raise BaseException("no more")


def with_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    yield 1.0


def deep(levels):
    nested = 1.0
    for _ in range(levels):
        nested = [nested]
    return nested


WORDS = 4_000_000  # float64 numbers, of which an answer can hold 4 194 304
ANSWERS = {
    "huge: a vector": lambda parts: np.ones(WORDS // parts),
    "huge: a column": lambda parts: np.ones((WORDS // parts, 1)),
    "huge: a row": lambda parts: np.ones((1, WORDS // parts)),
    "huge: bytes": lambda parts: np.zeros(8 * WORDS // parts, np.int8),
    "huge: ten thousand arrays": lambda parts: tuple(np.ones(1) for _ in range(10_000 // parts)),
    "no entries in many rows": lambda parts: np.zeros((10**7, 0)),
    "no entries in many columns": lambda parts: np.zeros((0, 10**7)),
    "no entries at all": lambda parts: np.zeros(0),
    "not a number": lambda parts: math.nan,
    "infinite": lambda parts: -math.inf,
    "an array of NaN": lambda parts: np.full((3, 4), np.nan),
    "no dimension": lambda parts: np.array(1.5),
    "32 dimensions": lambda parts: np.ones((1,) * 32),
    "true": lambda parts: True,
    "an array of booleans": lambda parts: np.ones((4, 3), bool),
    "complex": lambda parts: np.ones((4, 3), complex),
    "a complex number": lambda parts: 1j,
    "long doubles": lambda parts: np.ones((4, 3), np.longdouble),
    "a long double beyond all doubles": lambda parts: np.longdouble("1e4000"),
    "half floats": lambda parts: np.full((4, 3), 6e4, np.float16),
    "unsigned": lambda parts: np.full((4, 3), 2**64 - 1, np.uint64),
    "text": lambda parts: "x" * 10_000,
    "bytes": lambda parts: b"\xff" * 10_000,
    "an integer of 6000 digits": lambda parts: 10**6000,
    "integers of 6000 digits": lambda parts: [10**6000, -(10**6000)],
    "an integer of 30 digits": lambda parts: 10**30,
    "numbers that are too large to add": lambda parts: np.full((4, 3), 1.7e308),
    "lists 25 deep": lambda parts: deep(25),
    "a ragged list": lambda parts: [[1.0], [1.0, 2.0], "three"],
    "a dictionary with numbers as keys": lambda parts: {0: 1.0, 1.5: 2.0, (1, 2): "x"},
    "a dictionary with the right names": lambda parts: dict.fromkeys(("W", "b", "dx", "out", "mean"), 0.0),
    "an opaque object": lambda parts: Opaque(),
    "opaque objects in a list": lambda parts: [Opaque(), Opaque()],
    "a function": lambda parts: len,
    "a type": lambda parts: float,
    "a dtype": lambda parts: np.dtype(float),
    "a random generator": lambda parts: np.random.default_rng(0),
    "nothing": lambda parts: None,
    "an empty list": lambda parts: [],
    "a thousand arrays": lambda parts: tuple(np.ones(1) for _ in range(1000 // parts)),
    "a subclass of an array": lambda parts: np.ones((4, 3)).view(Subclass),
    "a masked array": lambda parts: np.ma.masked_all((4, 3)),
    "a generator": lambda parts: (number for number in range(3)),
    "an iterator": lambda parts: iter([1.0]),
    "an iterator without an end": lambda parts: itertools.repeat(1.0),
    "an iterator that raises": lambda parts: raising(),
    "an iterator that goes on after its end": lambda parts: Again(),
    "an iterator that ends the process": lambda parts: Last(),
    "an iterator with a thread that stays": lambda parts: with_a_thread(),
}
chosen = {"answer": None, "names": ()}


def choose(answer, names):
    chosen.update(answer=answer, names=tuple(names))


def prepare(names):
    for name in names:
        globals()[name] = hostile(name, globals()[name])


def hostile(name, right):
    """Return a function that answers rightly, unless it is told to be hostile."""

    @functools.wraps(right)
    def answering(*arguments, **options):
        if name not in chosen["names"]:
            return right(*arguments, **options)
        try:
            answer = right(*arguments, **options)
        except Exception:
            answer = None
        return in_place_of(answer)

    return answering


def in_place_of(answer):
    """Return hostile values in the places of all parts of an answer."""
    make = ANSWERS[chosen["answer"]]
    if type(answer) in (list, tuple) and 0 < len(answer) <= 8:
        return type(answer)(make(len(answer)) for _ in answer)
    return make(1)
