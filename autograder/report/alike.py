"""Which hand-ins of a lecture are closer to each other than the class is, by the fingerprints of copydetect (the extra ``alike``).

A fingerprint is a short stretch of code without names and comments. Those of the given code (stubs, set-up, demonstrations) are left
out, and so is what is common to the class: an exercise of four lines has few right answers. What remains is what only few have. Two
hand-ins that share most of it, far more than two hand-ins of this class usually do, are a pair. That is a reason to talk to two students.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

import numpy as np

from autograder.errors import AutograderError, SubmissionError
from autograder.model.course import Course, Lecture, grade_id, normalised, source_of
from autograder.model.submission import read_submission

LENGTH = 25  # characters of a fingerprint, after each name became one letter: copydetect's own default
COMMON = 0.2  # a fingerprint that more than this share of the class has is common to it,
FEW = 3  # if more students than these have it
FEWEST = 150  # fingerprints that only few have, some five lines, below which a hand-in has too little of its own to be compared
CLOSE = 0.5  # the least share that makes a pair
FENCE = 3.0  # Tukey's fence for values that are far out: interquartile ranges above the upper quartile of all pairs
MOST = 20  # pairs that are shown

Prints = dict[str, set[int]]  # fingerprints by exercise


@dataclass(frozen=True)
class Pair:
    """Two hand-ins that are closer to each other than the class is.

    Parameters
    ----------
    students : (str, str)
    share : float
        The share of what only few in the class have that the smaller one has in common with the other.
    exercises : tuple of str
        Where, most of it first.
    """

    students: tuple[str, str]
    share: float
    exercises: tuple[str, ...]


def closest_pairs(course: Course, lecture: Lecture, students: Sequence[str]) -> tuple[Pair, ...]:
    """Return the pairs of hand-ins that are closer to each other than the class is, the closest first.

    Parameters
    ----------
    course : Course
    lecture : Lecture
    students : sequence of str
        Whose hand-ins to compare.

    Raises
    ------
    SubmissionError
        If copydetect isn't installed.
    """
    given = _fingerprints("\n".join(source_of(cell) for cell in lecture.cells if cell.get("cell_type") == "code"))
    prints = {student: found for student in students if (found := _prints_of(course, lecture, student, given))}
    return pairs_among(prints)


def pairs_among(prints: Mapping[str, Prints]) -> tuple[Pair, ...]:
    """Return the pairs among hand-ins, given by the fingerprints of their exercises."""
    rare = _without_common(prints)
    students = sorted(student for student, found in rare.items() if sum(map(len, found.values())) >= FEWEST)
    if len(students) < 2:
        return ()
    shares = _shares([set().union(*rare[student].values()) for student in students])
    rows, columns = np.triu_indices(len(students), 1)
    every = shares[rows, columns]
    if len(every) > 1:
        low, _, high = quantiles(every.tolist(), n=4, method="inclusive")
        limit = max(CLOSE, min(1.0, high + FENCE * (high - low)))
    else:
        limit = CLOSE
    far_out = sorted((pair for pair in zip(-every, rows, columns, strict=True) if -pair[0] >= limit), key=lambda pair: pair)
    return tuple(_pair(students[row], students[column], float(-share), rare) for share, row, column in far_out[:MOST])


def _pair(one: str, other: str, share: float, rare: Mapping[str, Prints]) -> Pair:
    common = {name: len(found & rare[other].get(name, set())) for name, found in rare[one].items()}
    most_first = sorted((name for name, count in common.items() if count), key=lambda name: -common[name])
    return Pair((one, other), share, tuple(most_first))


def _without_common(prints: Mapping[str, Prints]) -> dict[str, Prints]:
    """Leave out the fingerprints that are common to the class."""
    holders = Counter(number for found in prints.values() for number in set().union(*found.values()))
    limit = max(FEW, COMMON * len(prints))
    common = {number for number, count in holders.items() if count > limit}
    return {student: {name: numbers - common for name, numbers in found.items()} for student, found in prints.items()}


def _shares(found: Sequence[set[int]]) -> np.ndarray:
    """Return for each two sets the share of the smaller one that is in the other."""
    holders: dict[int, list[int]] = defaultdict(list)
    for number, numbers in enumerate(found):
        for each in numbers:
            holders[each].append(number)
    common = np.zeros((len(found), len(found)))
    for who in holders.values():
        common[np.ix_(who, who)] += 1
    sizes = np.array([len(numbers) for numbers in found])
    return common / np.minimum.outer(sizes, sizes)


def _prints_of(course: Course, lecture: Lecture, student: str, given: set[int]) -> Prints:
    """Return the fingerprints of a hand-in by exercise, without the given code; those of exercises that were not attempted are left out."""
    try:
        path = course.root / "submitted" / student / lecture.id / f"{lecture.slug}.ipynb"
        cells = read_submission(path, course, student, lecture).notebook["cells"]
    except (AutograderError, OSError):
        return {}
    stubs = {exercise.name: normalised(exercise.stub) for exercise in lecture.exercises}
    own = {name: source_of(cell) for cell in cells if (name := grade_id(cell)) in stubs and normalised(source_of(cell)) != stubs[name]}
    return {name: _fingerprints(source) - given for name, source in own.items()}


def _fingerprints(source: str) -> set[int]:
    """Return the fingerprints of code. All are kept (a window of 1): which ones winnowing chooses changes from run to run."""
    try:
        from copydetect import CodeFingerprint
    except ImportError:
        raise SubmissionError("--alike needs the package copydetect, which isn't installed: pip install copydetect") from None
    return set(CodeFingerprint("cell.py", LENGTH, 1, fp=io.StringIO(source)).hashes)
