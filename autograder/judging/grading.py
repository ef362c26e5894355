"""One submission in, one result out.

pytest runs the hidden suite in this process, the host. Each call of a student's function is recorded, so that `diagnosis` can later ask
which misconception would have answered alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

from autograder.deadline import HostClock, Overdue
from autograder.judging import diagnosis
from autograder.judging.diagnosis import Trial
from autograder.judging.gradients import AnsweringAs, KnownForward, forward_of, known_forward
from autograder.judging.known_answers import catalogue
from autograder.judging.recorder import Account, Recorder
from autograder.judging.reference_cache import Remembered, remembered
from autograder.limits import Limits
from autograder.model.course import slug_of, suite_of
from autograder.model.results import KILLED, ExerciseResult, Status, SubmissionResult, TestResult
from autograder.model.results import points as marks
from autograder.model.submission import Submission, few
from autograder.sandbox.host import Cell, Sandbox
from autograder.sandbox.prefetch import Plan, plans_of
from autograder.sandbox.remote import RemoteStudent, prefetch, turn_to
from coursekit.expectations import Mismatch
from coursekit.outcomes import TestOutcome, shortened
from coursekit.student import Student, StudentError
from coursekit.suite import CollectedTest, SuitePlugin, outcome_of, run_tests

_RAISED = frozenset({"raised", "missing", "died", "unreadable"})


class HiddenSuite(SuitePlugin):
    """What a hidden suite is run with: the student recorded, the reference, and a record of each test for the diagnosis.

    Parameters
    ----------
    student : Student
        Whose functions are judged.
    reference : module
        What they are compared with.
    only : sequence of str, optional
        The exercises whose tests are run; all where it is left out.
    limits : Limits, optional
        How many bytes all answers of a function may come to, and how long the host may work.
    """

    fixtures = ("student", "rng", "reference")

    def __init__(
        self,
        student: Student,
        reference: ModuleType | Remembered,
        only: Sequence[str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(student, only)
        self.limits = limits or Limits()
        self._reference, self._account = reference, Account(self.limits.all_answers_bytes)
        self.clock = HostClock(self.limits.host_seconds, len(only or ()))
        self._plans: dict[str, Plan] = {}
        self._exercise = ""
        self.trials: list[Trial] = []

    def begin(self, tests: Sequence[CollectedTest]) -> None:
        """Plan the calls of a student in another process."""
        if isinstance(self.student, RemoteStudent):
            self._plans = dict(plans_of(tests, {"reference": self._reference}))

    def outcome_with(self, trial: Trial, reference: KnownForward) -> TestOutcome:
        """Return what comes of a test with another reference; what is said of a failure stays what was said with the right one."""
        if isinstance(self.student, RemoteStudent):
            prefetch(self.student, trial.exercise, ())
        try:
            trial.again(AnsweringAs(Recorder(self.student, self._account), reference.known), reference)
        except (StudentError, Mismatch) as error:
            before = trial.outcome
            return outcome_of(before.exercise, before.name, before.sentence, before.weight, error) if before.passed else before
        except Exception:  # the misconception itself has no answer here
            return trial.outcome
        return replace(trial.outcome, kind="", message="", culprit="")

    def provide(self, test: CollectedTest) -> dict[str, Any]:
        """Return the fixtures of one test."""
        self.clock.turn_to(test.exercise)
        if isinstance(self.student, RemoteStudent):
            if test.exercise != self._exercise:
                self._exercise = test.exercise
                prefetch(self.student, test.exercise, self._plans.pop(test.exercise, ()))
            turn_to(self.student, test.id)
        return {"student": Recorder(self.student, self._account), "rng": test.rng(), "reference": self._reference}

    def note(self, test: CollectedTest, fixtures: Mapping[str, Any], error: BaseException | None) -> TestOutcome:
        """Keep what the diagnosis needs to try the test again."""
        outcome = super().note(test, fixtures, error)
        if isinstance(error, Overdue):
            outcome = self.outcomes[-1] = replace(outcome, kind="timeout", message=str(error), culprit=test.exercise)
        recorder = fixtures.get("student")
        answers = tuple(recorder.answers) if isinstance(recorder, Recorder) else ()
        for answer in answers:
            if answer.error is not None:
                _forget_frames(answer.error)
        self.trials.append(Trial(test.exercise, test.id, _again(test, fixtures), outcome, answers))
        return outcome


def _forget_frames(error: BaseException) -> None:
    """Let go of the frames that an error has passed through: all that the test has had in its variables hangs on them."""
    error.__traceback__ = error.__context__ = error.__cause__ = None


def _again(test: CollectedTest, fixtures: Mapping[str, Any]) -> Callable[..., None]:
    """Return the test as a function of the student, and of the reference if it is to be another, its random numbers as they were."""

    def again(student: Student, reference: Any = None) -> None:
        test.run({**fixtures, "student": student, "rng": test.rng(), **({"reference": reference} if reference is not None else {})})

    return again


def judge(
    slug: str,
    student: Student,
    points: Mapping[str, float],
    untouched: frozenset[str] = frozenset(),
    limits: Limits | None = None,
) -> tuple[ExerciseResult, ...]:
    """Run a lecture's hidden suite against a student's functions.

    Parameters
    ----------
    slug : str
        The lecture.
    student : Student
        The functions, in this process or in a guest.
    points : mapping of str to float
        The exercises to judge, in order, with their points.
    untouched : frozenset of str
        The exercises whose stub was left as it is.
    limits : Limits, optional
        How many bytes all answers of a function may come to, and how long the host may work.

    Returns
    -------
    tuple of ExerciseResult
        One an exercise, in the order of `points`.
    """
    suite = HiddenSuite(student, remembered(import_module(f"autograder.reference.{slug}")), list(points), limits)
    results: dict[str, ExerciseResult] = {}
    with suite.clock:
        run_tests(suite_of(slug), suite)
        for name in points:
            suite.clock.turn_to(name)
            result = _exercise_result(slug, name, points[name], suite.trials, name in untouched)
            if name.endswith("_backward") and result.status in ("failed", "error"):
                try:
                    result = _excused(suite, slug, result, results) or result
                except Overdue as late:
                    result = replace(result, status="timeout", tests=tuple(_and_late(test, late) for test in result.tests))
            results[name] = result
    return tuple(results.values())


def _excused(suite: HiddenSuite, slug: str, result: ExerciseResult, results: Mapping[str, ExerciseResult]) -> ExerciseResult | None:
    """Judge a backward pass by a forward pass that is wrong in a way that we know, where the student's is; None where that gains nothing.

    All its tests are run again with that forward pass in the reference's place; see `autograder.judging.gradients`.
    """
    forward = forward_of(result.name, [known.exercise for known in catalogue(slug).misconceptions])
    if forward is None:
        return None
    of_forward = results.get(forward) or judge(slug, suite.student, {forward: 1.0}, limits=suite.limits)[0]
    if of_forward.misconception is None:
        return None
    reference = known_forward(slug, forward, of_forward.misconception.id, result.name)
    reference.trivial.clear()
    trials = [replace(trial, outcome=suite.outcome_with(trial, reference)) for trial in suite.trials if trial.exercise == result.name]
    if sum(reference.trivial) > len(reference.trivial) / 2:  # a forward pass that asks for nothing on the way back
        return None
    excused = _exercise_result(slug, result.name, result.max_score, trials, False)
    return excused if excused.score > result.score else None


def _exercise_result(slug: str, name: str, maximum: float, trials: Sequence[Trial], untouched: bool) -> ExerciseResult:
    mine = [trial for trial in trials if trial.exercise == name]
    outcomes = [trial.outcome for trial in mine]
    tests = tuple(_test_result(outcome) for outcome in outcomes)
    status = _status(name, outcomes, untouched)
    if status == "not_attempted":
        return ExerciseResult(name, 0.0, maximum, status, tests)
    total = sum(outcome.weight for outcome in outcomes)
    share = sum(outcome.weight for outcome in outcomes if outcome.passed) / total if total else 0.0
    found = None
    try:
        if status in ("failed", "error"):
            found = diagnosis.explain(slug, name, mine)
    except Overdue as late:  # the marks stand; that nothing is explained might come out otherwise another time
        status, tests = "timeout", tuple(_and_late(test, late) for test in tests)
    return ExerciseResult(name, marks(share, maximum), maximum, status, tests, found)


def _and_late(test: TestResult, late: Overdue) -> TestResult:
    """Say of a failed test why no misconception is named."""
    said = f"{test.message}; nothing was looked for behind it, for {late}"
    return test if test.outcome == "passed" else replace(test, message=shortened(said))


def _status(name: str, outcomes: list[TestOutcome], untouched: bool) -> Status:
    kinds = {outcome.kind for outcome in outcomes if not outcome.passed}
    if any(outcome.kind == "not_attempted" and outcome.culprit == name for outcome in outcomes):
        return "not_attempted"
    if untouched and not any(outcome.passed for outcome in outcomes):
        return "not_attempted"
    if not kinds:
        return "passed" if outcomes else "error"
    if "timeout" in kinds:
        return "timeout"
    return "error" if kinds <= _RAISED else "failed"


def _test_result(outcome: TestOutcome) -> TestResult:
    return TestResult(outcome.sentence, "passed" if outcome.passed else "failed", outcome.message, float(outcome.weight))


def grade_submission(submission: Submission, sandbox: Sandbox, limits: Limits | None = None) -> SubmissionResult:
    """Run a submission in a guest, judge it from here, and return what was found.

    Parameters
    ----------
    submission : Submission
        What was handed in.
    sandbox : Sandbox
        Where its code runs.
    limits : Limits, optional
        What a guest may use; the lecture's own where it is left out.
    """
    lecture = submission.lecture
    found = grade_cells(submission.cells, lecture.id, lecture.points, sandbox, limits or lecture.limits)
    return replace(found, student=submission.student, notebook=submission.path, problems=submission.problems + found.problems)


def grade_cells(cells: Sequence[Cell], lecture: str, points: Mapping[str, float], sandbox: Sandbox, limits: Limits) -> SubmissionResult:
    """Run a submission's cells in a guest and judge them: what `grade_submission` does, without a course around it.

    Parameters
    ----------
    cells : sequence of Cell
        The code to run.
    lecture : str
        The lecture's id.
    points : mapping of str to float
        Its exercises, in order, with their points.
    sandbox : Sandbox
        Where the code runs.
    limits : Limits
        What a guest may use.

    Returns
    -------
    SubmissionResult
        Of nobody yet: without student and notebook.
    """
    found, killed = _graded(cells, lecture, points, sandbox, limits)
    if killed:  # perhaps from outside, for want of memory: that would be nothing that the code has done
        found, killed = _graded(cells, lecture, points, sandbox, limits)
    return replace(found, problems=(*found.problems, KILLED)) if killed else found


def _graded(
    cells: Sequence[Cell], lecture: str, points: Mapping[str, float], sandbox: Sandbox, limits: Limits
) -> tuple[SubmissionResult, bool]:
    """Grade once, and tell whether a process was killed meanwhile."""
    with sandbox.guest(cells, limits) as guest:
        exercises = judge(slug_of(lecture), guest.student, points, guest.untouched, limits)
        printed = guest.printed
    problems = tuple(few([f"{problem.label}: {problem.message}" for problem in guest.problems]))  # known when the guest has ended
    return SubmissionResult("", lecture, "", exercises, problems, printed), guest.killed
