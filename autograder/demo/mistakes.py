"""What students of the demonstration get wrong: kinds of mistakes with their frequencies, and how one is drawn."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from autograder.judging.known_answers import KnownAnswer, Severity, catalogue
from autograder.model.course import HiddenModules


@dataclass(frozen=True)
class Kind:
    """A kind of mistake: how often it is made, and a pattern that the titles of its misconceptions match."""

    name: str
    count: int
    titles: str = ""


FUNCTIONS, RIGHT = 1423, 893
"""How often students of courses like this one get an exercise right: of 1423 functions 893 were."""

BESIDE = 96 / 276
"""How often a function with a mistake of substance has a second one: a wrong number type, or an argument that is changed in place."""

OTHER = Kind("another formula", 161)
TYPES = Kind("number types and changed arguments", 202, r"in place|overwritten|(is|are) changed|integer|whole number|cut off|rounded")
KINDS = (
    TYPES,
    Kind("special cases", 52, r"exactly|= 0|empty|overflow|nan\b|infinity|square\b|two dimensions|single|length 1|an error|padding"),
    Kind("ε and other constants", 25, r"ε|\beps\b|(small|tiny|fixed) number|default|limit"),
    Kind("shape or form", 26, r"shape|ax[ei]s|transpos|\brows?\b|column|batch\b|features|one (number|sum)|each example|array|returned"),
    Kind("training and prediction mixed up", 7, r"training|prediction|batch's own|running|of the batch"),
    Kind("swapped, or the wrong way round", 16, r"swapped|(wrong|other) way|order\b|comes? (first|last)|upside|reversed|taken for"),
    Kind("sign", 1, r"\bsigns?\b|minus|subtract|added|uphill|negative"),
    Kind("counting", 4, r"counted|one too|n − 1|from [01]\b|\blate\b|\bearly\b|too (far|few|many)"),
    Kind("state not kept", 6, r"remember|stored|stays|memory|old (value|state)|kept outside|set back|counts? anew"),
    Kind("another random draw", 6, r"rng|generator|drawn?\b|draws|shuffl|random|seed|distribution"),
    Kind("something left out", 15, r"forgotten|left out|missing|ignored|without|isn't|aren't|never|only|alone"),
    Kind("wrong factor or power", 9, r"factor|divid|\bmean\b|\bsums?\b|squared|root|twice|half|averag|multipl|scaled|power|variance"),
    OTHER,
)
"""How often each kind was found among the 530 functions that were not right. A misconception belongs to the first kind whose pattern its
title matches; that of `OTHER`, the last, matches everything."""

NOT_ATTEMPTED, RAISES, UNREADABLE = Kind("not attempted", 40), Kind("a misspelt name", 25), Kind("a syntax error", 8)
UNFINISHED = (NOT_ATTEMPTED, RAISES, UNREADABLE)
"""Kinds that have no misconceptions. They were not counted: their figures are estimates."""

HABIT = 4.0  # how many times as often as others a student makes a mistake that is a habit
TILT = {"slip": 1.0, "part": 0.0, "core": -1.0}  # the stronger a student, the smaller the mistakes of a kind
COMPOSABLE = {"in_place", "cut_off"}  # families of misconceptions that can be put on top of another mistake


@dataclass(frozen=True)
class Mistake:
    """A mistake in one exercise: its kind, the misconception unless it has none, and a second misconception on top of it."""

    kind: Kind
    known: KnownAnswer | None = None
    beside: KnownAnswer | None = None

    @property
    def severity(self) -> Severity:
        """How severe it is."""
        return (self.known and self.known.severity) or "core"

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The wrong functions by exercise, if it is a misconception."""
        functions = self.known.functions if self.known else {}
        if self.known and self.beside:
            functions[self.known.exercise] = _both(self.known.function, self.beside.function)
        return functions


def kind_of(title: str) -> Kind:
    """Return the kind of a misconception by its title."""
    return next(kind for kind in KINDS if re.search(kind.titles, title, re.IGNORECASE))


def draw(ability: float, habits: Collection[Kind], hidden: HiddenModules, exercise: str, rng: Random, taken: Collection[str]) -> Mistake:
    """Draw a mistake in an exercise: its kind by the frequencies and the student's habits, and one of that kind by popularity and ability.

    The k-th of a kind is chosen in proportion to 1/k, so that a few mistakes are made by many.

    Parameters
    ----------
    ability : float
        In standard deviations from the mean.
    habits : collection of Kind
    hidden : HiddenModules
        Of the lecture.
    exercise : str
    rng : random.Random
    taken : collection of str
        Other exercises with a mistake: a misconception that replaces one of them, too, isn't drawn.
    """
    choices: dict[Kind, list[Mistake]] = {}
    for one in _choices(hidden, exercise):
        if one.functions.keys().isdisjoint(taken):
            choices.setdefault(one.kind, []).append(one)
    (mistakes,) = rng.choices(list(choices.values()), [kind.count * (HABIT if kind in habits else 1) for kind in choices])
    (mistake,) = rng.choices(mistakes, [math.exp(ability * TILT[one.severity]) / rank for rank, one in enumerate(mistakes, start=1)])
    slips = [known for known in catalogue(hidden).misconceptions if known.exercise == exercise and _is_composable(known)]
    if mistake.known and mistake.kind is not TYPES and not mistake.known.with_forward and slips and rng.random() < BESIDE:
        return Mistake(mistake.kind, mistake.known, rng.choice(slips))
    return mistake


@cache
def _choices(hidden: HiddenModules, exercise: str) -> list[Mistake]:
    """Return all mistakes in an exercise, the popular ones of each kind first."""
    known = [one for one in catalogue(hidden).misconceptions if one.exercise == exercise]
    Random(exercise).shuffle(known)
    return [*(Mistake(kind_of(one.title), one) for one in known), *map(Mistake, UNFINISHED)]


def _is_composable(known: KnownAnswer) -> bool:
    return hasattr(known.function, "family") and known.function.family[0].__name__ in COMPOSABLE


def _both(mistake: Callable[..., Any], slip: Any) -> Callable[..., Any]:
    """Return a function with two mistakes: `slip`, a member of a family of misconceptions, on top of the other."""
    change, _, options = slip.family

    def both(*args: Any, **kwargs: Any) -> Any:
        return change(mistake, options, *args, **kwargs)

    both.family = (change, mistake, options)  # type: ignore[attr-defined]
    return both
