"""Computes what a class has done in one lecture from results and from what persons have graded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import sqrt
from statistics import StatisticsError, correlation, fmean, median

from autograder.errors import in_one_line
from autograder.gradebook.manual import ByHand
from autograder.model.results import ExerciseResult, SubmissionResult
from autograder.report.standing import SIGNS, AspectRow, ExerciseRow, Flag, Level, Mark, Outcome, Standing, StudentRow, TestRow

BINS = 10  # of the distribution of marks
FEWEST = 5  # students who tried, below which a test isn't flagged and a correlation isn't computed
CHANCE = 2.33  # standard errors: by chance, the strong fail a test so much more often in 1 of 100 tests
REASON_LENGTH = 300


def standing_of(
    lecture: str,
    points: Mapping[str, float],
    results: Sequence[SubmissionResult],
    by_hand: ByHand,
    handed_in: Collection[str],
    known: Collection[str],
) -> Standing:
    """Return what a class has done in a lecture.

    Parameters
    ----------
    lecture : str
        Its id.
    points : mapping of str to float
        Its exercises with their points, in order.
    results : sequence of SubmissionResult
        The latest result of each student.
    by_hand : ByHand
        What persons have entered into the gradebook.
    handed_in : collection of str
        Everybody with a submission for the lecture.
    known : collection of str
        Everybody in the class.
    """
    rows = [_student(result, points, by_hand) for result in results]
    there = {row.student for row in rows}
    rows += [StudentRow(student, "waits for grading") for student in set(handed_in) - there]
    rows += [StudentRow(student, "not handed in") for student in set(known) - there - set(handed_in)]
    graded = [result for result in results if result.graded]
    shares = {name: _shares(name, graded) for name in points}
    exercises = tuple(_exercise(name, points, graded, shares) for name in points)
    of_graded = [row for row in rows if row.state == "graded"]
    maximum, written = sum(points.values()), sum(by_hand.written.get(lecture, {}).values())
    return Standing(
        lecture=lecture,
        students=tuple(sorted(rows, key=lambda row: row.student)),
        exercises=exercises,
        automatic=_level([row.score for row in of_graded], maximum),
        with_manual=_level([row.total for row in of_graded], maximum + written),
        bins=_bins([row.score for row in of_graded], maximum),
        flags=tuple(flag for exercise in exercises for flag in _flags(exercise, graded, _rest(exercise.name, points, shares))),
    )


def outcome_of(exercise: ExerciseResult) -> Outcome:
    """Return what became of an exercise."""
    if exercise.status == "not_attempted":
        return "untouched"
    if exercise.status in ("passed", "timeout"):
        return "right" if exercise.status == "passed" else "timeout"
    return "partly" if exercise.score > 0 else "wrong"


# --- students -------------------------------------------------------------------------------------------------------------


def _student(result: SubmissionResult, points: Mapping[str, float], by_hand: ByHand) -> StudentRow:
    key = (result.lecture, result.student)
    problems = tuple(in_one_line(problem, REASON_LENGTH) for problem in result.problems)
    cells = {mark.cell: mark for mark in by_hand.marks.get(key, ())}
    entered = {name.removeprefix("test_"): mark.score for name, mark in cells.items() if mark.score is not None}
    scores = {exercise.name: entered.get(exercise.name, exercise.score) for exercise in result.exercises}
    added = sum(mark.extra + (mark.score or 0.0 if name.removeprefix("test_") not in scores else 0.0) for name, mark in cells.items())
    return StudentRow(
        student=result.student,
        state="graded" if result.graded else "not graded",
        score=round(sum(scores.values()), 2),
        by_hand=round(added, 2),
        penalty=by_hand.penalties.get(key, 0.0),
        waits=len(by_hand.waiting(*key)),
        marks=tuple(Mark(exercise.name, outcome_of(exercise), scores[exercise.name]) for exercise in result.exercises),
        problems=problems,
    )


def _level(scores: Sequence[float], maximum: float) -> Level | None:
    return Level(fmean(scores), median(scores), maximum) if scores else None


def _bins(scores: Iterable[float], maximum: float) -> tuple[int, ...]:
    counts = Counter(max(0, min(BINS - 1, int(BINS * score / maximum))) if maximum else 0 for score in scores)
    return tuple(counts[number] for number in range(BINS))


# --- exercises and tests --------------------------------------------------------------------------------------------------


def _shares(name: str, graded: Sequence[SubmissionResult]) -> list[float]:
    """Return each student's share of an exercise's points."""
    found = ({exercise.name: exercise for exercise in result.exercises}.get(name) for result in graded)
    return [exercise.score / exercise.max_score if exercise and exercise.max_score else 0.0 for exercise in found]


def _rest(name: str, points: Mapping[str, float], shares: Mapping[str, Sequence[float]]) -> list[float]:
    """Return each student's points in all other exercises."""
    others = [[points[other] * share for share in shares[other]] for other in points if other != name]
    return [sum(column) for column in zip(*others, strict=True)] if others else []


def _exercise(
    name: str, points: Mapping[str, float], graded: Sequence[SubmissionResult], shares: Mapping[str, Sequence[float]]
) -> ExerciseRow:
    mine = [exercise for result in graded for exercise in result.exercises if exercise.name == name]
    tried = [exercise for exercise in mine if exercise.status != "not_attempted"]
    outcomes = Counter(map(outcome_of, mine))
    return ExerciseRow(
        name=name,
        points=points[name],
        mean=fmean(shares[name]) if shares[name] else 0.0,
        discrimination=_correlation(shares[name], _rest(name, points, shares)),
        outcomes={outcome: outcomes[outcome] for outcome in SIGNS},
        aspects=_aspects(tried),
        tests=_tests(tried),
    )


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the correlation; None where a side is constant or there are few students."""
    if len(one) < FEWEST or len(one) != len(other):
        return None
    try:
        return correlation(one, other)
    except StatisticsError:  # one of them is constant
        return None


def _aspects(tried: Sequence[ExerciseResult]) -> tuple[AspectRow, ...]:
    failed: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    corners: dict[str, bool] = {}
    for exercise in tried:
        lost = {test.aspect or test.name for test in exercise.tests if test.outcome == "failed"}
        for aspect in exercise.aspects:
            corners.setdefault(aspect.name, aspect.corner)
            seen[aspect.name] += 1
            failed[aspect.name] += aspect.name in lost
    rows = (AspectRow(name, corner, failed[name], seen[name]) for name, corner in corners.items())
    return tuple(sorted(rows, key=lambda row: -row.failed / row.tried))


def _tests(tried: Sequence[ExerciseResult]) -> tuple[TestRow, ...]:
    passed: Counter[tuple[str, str]] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    for exercise in tried:
        for (name, aspect), right in _passed(exercise).items():
            seen[name, aspect] += 1
            passed[name, aspect] += right
    return tuple(TestRow(name, aspect, passed[name, aspect], count) for (name, aspect), count in seen.items())


def _passed(exercise: ExerciseResult) -> dict[tuple[str, str], bool]:
    """Tell which tests passed. Tests of one aspect with the same sentence count as one, which passes where all do."""
    found: dict[tuple[str, str], bool] = {}
    for test in exercise.tests:
        found[test.name, test.aspect] = found.get((test.name, test.aspect), True) and test.outcome == "passed"
    return found


# --- what wants the instructor's eye ----------------------------------------------------------------------------------------


def _flags(exercise: ExerciseRow, graded: Sequence[SubmissionResult], rest: Sequence[float]) -> Iterator[Flag]:
    """Yield what is odd about an exercise and its tests, where enough students have attempted it."""
    enough = [test for test in exercise.tests if test.tried >= FEWEST]
    for test in enough:
        if not test.passed:
            said = f"None of {test.tried} passes the test «{test.sentence}»"
            yield Flag(exercise.name, "nobody passes", said, test.tried, (test.sentence,))
    everybody = tuple(test.sentence for test in enough if test.passed == test.tried)
    if everybody:
        said = f"{len(everybody)} of {len(exercise.tests)} tests are passed by everybody who tried"
        yield Flag(exercise.name, "everybody passes", said, exercise.attempted, everybody)
    yield from _inverted(exercise.name, graded, rest)
    if exercise.discrimination is not None and exercise.discrimination < 0:
        said = f"Its points fall where those of the rest of the lecture rise (r = {exercise.discrimination:.2f})"
        yield Flag(exercise.name, "no discrimination", said.replace("-", "−"), exercise.attempted)


def _inverted(name: str, graded: Sequence[SubmissionResult], rest: Sequence[float]) -> Iterator[Flag]:
    """Yield the tests that the upper third of the class, by the rest of the lecture, fails more often than the lower third."""
    if not rest:
        return
    tried = [
        (score, _passed(exercise))
        for score, result in zip(rest, graded, strict=True)
        for exercise in result.exercises
        if exercise.name == name and exercise.status != "not_attempted"
    ]
    tried.sort(key=lambda one: one[0])
    size = len(tried) // 3
    if size < FEWEST:
        return
    weak, strong = tried[:size], tried[-size:]
    if weak[-1][0] >= strong[0][0]:
        return  # ties: nobody is stronger
    for test in dict.fromkeys(test for _, tests in tried for test in tests):
        failed = [sum(not tests.get(test, True) for _, tests in group) for group in (strong, weak)]
        pooled = sum(failed) / (2 * size)
        spread = sqrt(pooled * (1 - pooled) * 2 / size)
        if spread and (failed[0] - failed[1]) / size > CHANCE * spread:
            said = f"{failed[0]} of the {size} strongest fail «{test[0]}», and {failed[1]} of the {size} weakest"
            yield Flag(name, "the strong fail", said, failed[0], (test[0],))
