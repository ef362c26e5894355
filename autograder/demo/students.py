"""The students of the demonstration: who is strong, who shares mistakes with whom, who is late, and who hands in what isn't a solution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from autograder.demo.mistakes import KINDS, Kind

NAMES = """ada alan amara bao beatriz carl chidi chioma daniela dmitri elif emeka emmy fatima felix grace hana ibrahim ines jamal jun kofi
lakshmi leila lin maryam mateo mei naoko noor olga omar paul priya quentin rosa sofia tariq thandi umar vera wei xiulan
yusuf zoe""".split()  # noqa: SIM905

# Places in a class by number. A class of more than ROUND students repeats them; a smaller one has those that come first.
ROUND, FIFTH = 30, 5  # every fifth has all exercises right
FRIENDS = {2: 1, 3: 1, 17: 16, 18: 16}  # who works with whom
TOGETHER = (6, 9, 12, 21)  # who shares a mistake that no misconception explains
LATE = (4, 12, 22, 26)
LOOPS, BROKEN, UNTOUCHED = "an endless loop", "a broken file", "nothing done"
MISHAPS = {7: (LOOPS, 1), 8: (BROKEN, 1), 11: (UNTOUCHED, 2)}  # what, and in which lecture, counted from 0
LECTURES_BEFORE_STOPPING = {13: 1, 23: 1, 14: 2}
FIRST_LECTURE = {19: 1}


@dataclass(frozen=True)
class Student:
    """Somebody in the class.

    Attributes
    ----------
    name : str
    ability : float
        0 for the mean of those who make mistakes, in standard deviations; infinite for those who make none.
    habits : tuple of Kind
        Kinds of mistakes that the student makes more often than others.
    friend : Student or None
        Whose style the student shares, and many mistakes.
    together : bool
        Whether the student shares the mistake that no misconception explains.
    late : bool
        Whether the student hands in after the due date.
    mishaps : dict of int to str
        What is handed in in place of a solution, by the number of the lecture.
    lectures : range
        The numbers of the lectures for which the student hands in something.
    """

    name: str
    ability: float
    habits: tuple[Kind, ...]
    friend: Student | None
    together: bool
    late: bool
    mishaps: dict[int, str]
    lectures: range

    def rng(self, *what: str) -> Random:
        """Return a generator for one thing about this student: the same one on every run."""
        return Random(" ".join((self.name, *what)))

    def handed_in(self, lecture: str, due: datetime) -> datetime:
        """Return when the student hands in a lecture."""
        rng = self.rng(lecture, "time")
        hours = rng.uniform(1, 60) if self.late else -rng.expovariate(1 / 20)
        return due + timedelta(seconds=round(3600 * hours))


def enrol(size: int, lectures: int) -> list[Student]:
    """Return a class of `size` students for so many lectures, in order of their places."""
    rounds = range(1, size // len(NAMES) + 2)
    names = [name if number == 1 else f"{name}{number}" for number in rounds for name in NAMES][:size]
    Random(size).shuffle(names)
    students: list[Student] = []
    for number, name in enumerate(names):
        place, rng, last = number % ROUND, Random(name), lectures - 1
        friend = students[number - place + FRIENDS[place]] if place in FRIENDS else None
        habits = rng.sample(KINDS[:-1], k=2)
        what, when = MISHAPS.get(place, ("", 0))
        students.append(
            Student(
                name=name,
                ability=_ability(place, rng),
                habits=friend.habits if friend else tuple(habits),
                friend=friend,
                together=place in TOGETHER,
                late=place in LATE,
                mishaps={min(when, last): what} if what else {},
                lectures=range(min(FIRST_LECTURE.get(place, 0), last), min(LECTURES_BEFORE_STOPPING.get(place, lectures), lectures)),
            )
        )
    return students


def _ability(place: int, rng: Random) -> float:
    """Draw an ability; whoever stops, or hands in something else once, isn't among the strong."""
    if not place % FIFTH:
        return math.inf
    ability = rng.gauss(0, 1)
    return -abs(ability) if place in {*MISHAPS, *LECTURES_BEFORE_STOPPING} else ability
