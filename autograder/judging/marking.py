"""Marks: from the outcomes of an exercise's tests to the points of its aspects.

An exercise earns the points of its aspects, each in proportion to its tests that passed; a failed test may earn a share of its points. A
corner is worth a share of what the other aspects earned, so an answer that is wrong in them gains nothing by it::

    mark = maximum · S · (1 − Σ shares of the corners that failed),   S = Σ points earned / Σ points of all aspects but the corners
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.model.results import AspectResult
from coursekit.outcomes import Aspect, TestOutcome

MOST_CORNERS = 0.3  # of an exercise: what is right in ordinary use earns 70 %


@dataclass(frozen=True)
class Marks:
    """The marks of one exercise.

    Parameters
    ----------
    score : float
        The points, not yet rounded.
    aspects : tuple of AspectResult
        Their points, which sum to the exercise's.
    weights : tuple of float
        For each test the points that it can earn.
    """

    score: float
    aspects: tuple[AspectResult, ...]
    weights: tuple[float, ...]


def marks_of(outcomes: Sequence[TestOutcome], maximum: float) -> Marks:
    """Return the marks of an exercise that is worth `maximum` points."""
    names = [outcome.aspect.name if outcome.aspect else outcome.sentence for outcome in outcomes]
    found: dict[str, Aspect] = {}
    passed: dict[str, float] = {}
    weight: dict[str, float] = {}
    for name, outcome in zip(names, outcomes, strict=True):
        known = found.get(name, Aspect(name))
        if outcome.aspect is None:  # an aspect of its own, which weighs as much as the test
            found[name] = Aspect(name, known.points + outcome.weight)
        else:
            found[name] = max(outcome.aspect, known, key=lambda one: one.points)
        weight[name] = weight.get(name, 0.0) + outcome.weight
        passed[name] = passed.get(name, 0.0) + outcome.weight * (1.0 if outcome.passed else outcome.share)
    corners = sum(aspect.points for aspect in found.values() if aspect.corner)
    total = sum(aspect.points for aspect in found.values() if not aspect.corner) or 1.0
    share = {name: aspect.points * (1.0 if aspect.corner else (1 - corners) / total) for name, aspect in found.items()}
    right = sum(aspect.points * passed[name] / weight[name] for name, aspect in found.items() if not aspect.corner) / total
    aspects = []
    for name, aspect in found.items():
        earned = share[name] * passed[name] / weight[name] * (right if aspect.corner else 1.0)
        aspects.append(AspectResult(name, earned * maximum, share[name] * maximum, aspect.corner))
    weights = tuple(maximum * share[name] * outcome.weight / weight[name] for name, outcome in zip(names, outcomes, strict=True))
    return Marks(sum(aspect.score for aspect in aspects), tuple(aspects), weights)
