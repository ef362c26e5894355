"""Judges the solution and the known answers of a lecture in this process, for ``autograder try`` and ``autograder build``.

Each answer is put among the reference's functions and judged as a submission is: its share of the points against the band of its severity,
the name that the diagnosis gives it, and what it costs other exercises. The solution is judged as a whole.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import CourseError, in_one_line
from autograder.judging.gradients import forward_of
from autograder.judging.grading import HiddenSuite, judge
from autograder.judging.hidden_modules import reference_of
from autograder.judging.known_answers import BANDS, Catalogue, KnownAnswer, catalogue, without_warnings
from autograder.judging.marking import MOST_CORNERS
from autograder.judging.solution import Solution, said_at
from autograder.model.course import Lecture
from autograder.model.results import ExerciseResult
from coursekit.outcomes import Aspect
from coursekit.student import LocalStudent
from coursekit.suite import BrokenSuite, CollectedTest, collected, run_tests

LEAST_CORNER = 0.03  # a corner that is worth less can't be seen in a mark
SOLUTION = "solution"
POINTS = 100.0  # of each exercise: the notebook's points aren't needed


@dataclass(frozen=True)
class KnownTrial:
    """A known answer, or the solution of an exercise, and how it was judged.

    Parameters
    ----------
    known : KnownAnswer
        The solution has the id `SOLUTION`.
    result : ExerciseResult
        Of its own exercise.
    others : tuple of ExerciseResult
        The other exercises that lost points.
    defects : tuple of str
        What is wrong with the answer's declaration.
    """

    known: KnownAnswer
    result: ExerciseResult
    others: tuple[ExerciseResult, ...]
    defects: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share of its exercise's points."""
        return self.result.score / self.result.max_score

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of the misconceptions by which it was named."""
        return tuple(found.id for found in self.result.misconceptions)

    @property
    def in_band(self) -> bool:
        """Whether a misconception earns what its severity says."""
        low, high = BANDS.get(self.known.severity or "", (1.0, 0.0))
        return self.share < 1 and low - 0.005 <= self.share <= high + 0.005

    def faults(self) -> Iterator[str]:
        """Yield what a build refuses: a defect of the declaration, or marks that the answer shouldn't get."""
        yield from self.defects
        if not self.known.title:
            if self.share < 1:
                yield f"{'' if self.known.id == SOLUTION else 'is right, and '}gets {self.share:.0%}: {_failures(self.result)}"
            yield from self._costs()
        elif self.share >= 1:
            yield "is wrong, and gets full marks"
        elif self.known.severity in BANDS and not self.in_band:
            low, high = BANDS[self.known.severity or ""]
            yield f"is a {self.known.severity} ({low:.0%} to {high:.0%}), and gets {self.share:.0%}"

    def findings(self) -> Iterator[str]:
        """Yield all that an author should look at: `faults`, false names, and what a misconception costs other exercises."""
        yield from self.faults()
        others = [name for name in self.names if name != self.known.id]
        if not self.known.title and others:
            yield f"is right, and is called {' and '.join(others)}"
        elif others:
            yield f"is {'also ' if len(others) < len(self.names) else ''}called {' and '.join(others)}"
        elif self.known.title and not self.names and self.share < 1:
            yield "isn't named"
        if self.known.title:
            yield from self._costs()

    def _costs(self) -> Iterator[str]:
        for other in self.others:
            named = "".join(f", called {found.id}" for found in other.misconceptions)
            yield f"costs {other.name} {1 - other.score / other.max_score:.0%}{named}: {_failures(other)}"


def tried(lecture: Lecture, solution: Solution, exercises: Sequence[str] = ()) -> Iterator[KnownTrial]:
    """Judge the solution and the known answers of a lecture, or of some of its exercises; the solution comes first.

    Raises
    ------
    CourseError
        If there is no such exercise, or a module of the lecture can't be used.
    """
    known, names = known_answers(lecture), list(solution.functions)
    for name in exercises:
        if name not in names:
            raise CourseError(f"{lecture.id} has no exercise {name!r}; there are: {', '.join(names)}")
    strangers = sorted({answer.exercise for answer in (*known.misconceptions, *known.alternatives)} - set(names))
    if strangers:
        where = lecture.shown(lecture.hidden.misconceptions)
        raise CourseError(f"{where} has answers to {strangers[0]!r}, which is no exercise of {lecture.source.stem}.py")
    wanted = [name for name in names if name in exercises or not exercises]
    judged = _judged(lecture, solution.namespace, dict.fromkeys(wanted, POINTS))
    for name in wanted:
        yield KnownTrial(KnownAnswer(name, SOLUTION, solution.functions[name]), judged[name], ())
    points = _dependents(lecture, known, names)
    for answer in (*known.misconceptions, *known.alternatives):
        if answer.exercise in wanted:
            results = _judged(lecture, {**vars(known.reference), **answer.functions}, points[answer.exercise])
            others = tuple(one for one in results.values() if one.status != "passed" and one.name != answer.exercise)
            yield KnownTrial(answer, results[answer.exercise], others, tuple(defects(answer, solution)))


def _judged(lecture: Lecture, functions: Mapping[str, Any], points: Mapping[str, float]) -> dict[str, ExerciseResult]:
    try:
        with without_warnings():
            return {result.name: result for result in judge(lecture.hidden, LocalStudent(functions), points)}
    except BrokenSuite as error:
        raise _broken(lecture, error) from None


def _broken(lecture: Lecture, error: Exception) -> CourseError:
    return CourseError(f"the hidden suite of {lecture.id} can't be run: {str(error).strip().splitlines()[-1]}")


def known_answers(lecture: Lecture) -> Catalogue:
    """Load a lecture's catalogue, with its reference.

    Raises
    ------
    CourseError
        If one of the lecture's modules is missing, or can't be imported.
    """
    hidden = lecture.hidden
    files = [hidden.reference, hidden.misconceptions]
    for path in (*files, hidden.suite):
        if not path.exists():
            raise CourseError(f"{lecture.shown(path)} is missing: each lecture has one")
    try:
        reference_of(hidden)
        return catalogue(hidden)
    except (Exception, SystemExit) as error:
        frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
        path = next((path for path in reversed(files) if path in frames or str(path) == getattr(error, "filename", "")), files[1])
        raise CourseError(f"{lecture.shown(path)} can't be imported: {said_at(error, path)}") from None


def _dependents(lecture: Lecture, known: Catalogue, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return for each exercise the points of the exercises whose result depends on it: whose hidden tests call its function."""
    suite = HiddenSuite(LocalStudent(vars(known.reference)), known.reference, names)
    run_tests(lecture.hidden.suite, suite)
    called: dict[str, set[str | None]] = {name: {name, forward_of(name, list(names))} for name in names}
    for trial in suite.trials:
        called[trial.exercise] |= {answer.function for answer in trial.answers}
    pairs = {name: {name, name.replace("_backward", "_forward")} for name in names}  # an answer may bring its own forward pass
    return {name: {other: POINTS for other in names if called[other] & pairs[name]} for name in names}


def defects(answer: KnownAnswer, solution: Solution) -> Iterator[str]:
    """Yield what is wrong with the declaration of a known answer: its severity, its section, its arguments."""
    if answer.title and answer.severity not in BANDS:
        yield f"has {f'the severity {answer.severity!r}' if answer.severity else 'no severity'}: say slip, part or core"
    if answer.title and answer.see not in solution.sections:
        there = ", ".join(sorted(solution.sections)) or "no section «## §1 …»"
        yield f"says «see {answer.see}», which leads nowhere: the notebook has {there}"
    wanted = list(inspect.signature(solution.functions[answer.exercise]).parameters.values())
    has = list(inspect.signature(answer.function).parameters.values())
    if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in has):
        return
    missing = [one.name for one in wanted if one.name not in [other.name for other in has]]
    if missing:
        yield f"has no argument {missing[0]}: the exercise's are ({', '.join(map(str, wanted))})"
    elif [one.name for one in has[: len(wanted)]] != [one.name for one in wanted]:
        yield f"has its arguments in another order than the exercise: ({', '.join(map(str, wanted))})"
    else:
        for one, other in zip(wanted, has, strict=False):
            if (one.default is one.empty) != (other.default is other.empty) or (not answer.title and _differ(one.default, other.default)):
                yield f"has the argument «{other}», where the exercise has «{one}»"
        yield from (f"has an argument more than the exercise: {one.name}" for one in has[len(wanted) :] if one.default is one.empty)


def _differ(one: object, other: object) -> bool:
    return one is not other and repr(one) != repr(other)


def _failures(result: ExerciseResult) -> str:
    failed = [f"«{test.name}» {in_one_line(test.message, 200)}" for test in result.tests if test.outcome == "failed"]
    return "; ".join(failed[:2]) + (f"; and {len(failed) - 2} more" if len(failed) > 2 else "") if failed else "it has no hidden tests"


# --- the suite --------------------------------------------------------------------------------------------------------------


def suite_findings(lecture: Lecture) -> list[str]:
    """Return what is wrong with the aspects and corners of a hidden suite.

    Raises
    ------
    CourseError
        If the suite can't be collected.
    """
    path = lecture.hidden.suite
    try:
        status = path.stat()
        tests = collected(path, status.st_mtime_ns, status.st_size)
    except (BrokenSuite, OSError) as error:
        raise _broken(lecture, error) from None
    exercises = dict.fromkeys(test.exercise for test in tests)
    return [found for name in exercises for found in _of_aspects(name, [test for test in tests if test.exercise == name])]


def _of_aspects(exercise: str, tests: Sequence[CollectedTest]) -> Iterator[str]:
    aspects: dict[tuple[str, bool], float] = {}
    for aspect in filter(None, (test.aspect for test in tests)):
        key = aspect.name, aspect.corner
        aspects[key] = max(aspects.get(key, 0.0), aspect.points)
    found = [Aspect(name, points, is_corner) for (name, is_corner), points in aspects.items()]
    for one in found:
        if not one.corner and one.points <= 0:
            yield f"{exercise}: the aspect «{one.name}» has no points: write them at one of its tests, as @aspect({one.name!r}, 2)"
        if one.corner and one.points < LEAST_CORNER - 1e-9:
            yield f"{exercise}: the corner «{one.name}» costs {one.points:g} of the exercise; the least is {LEAST_CORNER:g}"
    corners = sum(one.points for one in found if one.corner)
    if corners > MOST_CORNERS + 1e-9:
        yield f"{exercise}: its corners sum to {corners:.2f} of the exercise; {MOST_CORNERS:g} is the most"
    if all(test.is_corner for test in tests):
        yield f"{exercise}: all its tests belong to corners, so there is nothing to earn: add an @aspect"
