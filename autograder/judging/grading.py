"""Grades one submission: runs its cells in a guest and the hidden suite in this process, and returns a result.

pytest runs the suite. Calls of the student's functions are recorded, and `diagnosis` compares them with the misconceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from autograder.deadline import HostClock, Overdue, uncounted
from autograder.judging import diagnosis
from autograder.judging.diagnosis import Trial
from autograder.judging.follow_through import Uses, replaceable, with_right
from autograder.judging.forms import Form, InForm, caches_for, forms_of
from autograder.judging.gradients import AnsweringAs, KnownForward, forward_of, known_forward
from autograder.judging.hidden_modules import reference_of
from autograder.judging.known_answers import catalogue
from autograder.judging.marking import marks_of
from autograder.judging.recorder import Account, Recorder
from autograder.judging.reference_cache import Remembered, remembered
from autograder.limits import Limits
from autograder.model.course import HiddenModules
from autograder.model.results import KILLED, ExerciseResult, MisconceptionFound, Status, SubmissionResult, TestResult, rounded
from autograder.model.submission import Submission, few
from autograder.sandbox.host import Cell, Sandbox
from autograder.sandbox.prefetch import Plan, plans_of
from autograder.sandbox.remote import RemoteStudent, prefetch, turn_to
from coursekit.expectations import Mismatch
from coursekit.outcomes import TestOutcome, shortened
from coursekit.student import Raised, Student, StudentError, parameters_of
from coursekit.suite import CollectedTest, SuitePlugin, outcome_of, run_tests

_RAISED = frozenset({"raised", "missing", "died", "unreadable"})


class HiddenSuite(SuitePlugin):
    """The pytest plugin of a hidden suite: provides the fixtures, and keeps a `Trial` of each test for the diagnosis.

    Parameters
    ----------
    student : Student
        The judged functions.
    reference : module
        The right functions.
    only : sequence of str, optional
        The exercises whose tests are run; all by default.
    limits : Limits, optional
        Of which all_answers_bytes and host_seconds are used.

    Attributes
    ----------
    reference : module
        As passed.
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
        self.reference, self._account = reference, Account(self.limits)
        self.clock = HostClock(self.limits.host_seconds, len(only or ()))
        self._plans: dict[str, Plan] = {}
        self._exercise = ""
        self.trials: list[Trial] = []

    def begin(self, tests: Sequence[CollectedTest]) -> None:
        """Plan the calls of the suite, if the student is in another process."""
        if isinstance(self.student, RemoteStudent):
            self._plans = dict(plans_of(tests, {"reference": self.reference}))

    def outcome_with(self, trial: Trial, reference: KnownForward) -> TestOutcome:
        """Run a test with another reference, and return its outcome; the message of a failure stays that of the right reference."""
        if isinstance(self.student, RemoteStudent):
            prefetch(self.student, trial.exercise, ())
        try:
            trial.again(AnsweringAs(Recorder(self.student, self._account), reference.known), reference)
        except (StudentError, Mismatch) as error:
            before = trial.outcome
            if not before.passed:
                return before
            return outcome_of(before.exercise, before.name, before.sentence, before.weight, error, before.aspect)
        except Exception:  # the misconception itself raises in this test
            return trial.outcome
        return replace(trial.outcome, kind="", message="", culprit="")

    def trial_in(self, trial: Trial, forms: Mapping[str, Form]) -> Trial:
        """Run a test with the answers of some functions in another form."""
        if isinstance(self.student, RemoteStudent):
            prefetch(self.student, trial.exercise, ())
        recorder = Recorder(InForm(self.student, forms), self._account, self.reference)
        before, found = trial.outcome, None
        try:
            trial.again(recorder)
        except Overdue:
            raise
        except Exception as error:
            _drop_frames(error)
            found = error
        outcome = outcome_of(before.exercise, before.name, before.sentence, before.weight, found, before.aspect)
        return replace(trial, outcome=outcome, answers=tuple(recorder.answers), got=getattr(found, "got", None))

    def provide(self, test: CollectedTest) -> dict[str, Any]:
        """Return the fixtures of one test."""
        self.clock.turn_to(test.exercise)
        if isinstance(self.student, RemoteStudent):
            if test.exercise != self._exercise:
                self._exercise = test.exercise
                prefetch(self.student, test.exercise, self._plans.pop(test.exercise, ()))
            turn_to(self.student, test.id)
        return {"student": Recorder(self.student, self._account, self.reference), "rng": test.rng(), "reference": self.reference}

    def note(self, test: CollectedTest, fixtures: Mapping[str, Any], error: BaseException | None) -> TestOutcome:
        """Keep the test, its outcome and the answers for the diagnosis."""
        outcome = super().note(test, fixtures, error)
        if isinstance(error, Overdue):
            outcome = self.outcomes[-1] = replace(outcome, kind="timeout", message=str(error), culprit=test.exercise)
        recorder = fixtures.get("student")
        answers = tuple(recorder.answers) if isinstance(recorder, Recorder) else ()
        for answer in answers:
            if answer.error is not None:
                _drop_frames(answer.error)
        self.trials.append(Trial(test.exercise, test.id, _again(test, fixtures), outcome, answers, getattr(error, "got", None)))
        return outcome


def _drop_frames(error: BaseException) -> None:
    """Remove an error's traceback and context, which keep all variables of the test alive."""
    error.__traceback__ = error.__context__ = error.__cause__ = None


def _again(test: CollectedTest, fixtures: Mapping[str, Any]) -> Callable[..., None]:
    """Return a function that runs the test again, with another student and optionally another reference, and the same random numbers."""

    def again(student: Student, reference: Any = None) -> None:
        test.run({**fixtures, "student": student, "rng": test.rng(), **({"reference": reference} if reference is not None else {})})

    return again


def judge(
    hidden: HiddenModules,
    student: Student,
    points: Mapping[str, float],
    untouched: frozenset[str] = frozenset(),
    limits: Limits | None = None,
    order: Sequence[str] = (),
) -> tuple[ExerciseResult, ...]:
    """Run a lecture's hidden suite against a student's functions.

    Parameters
    ----------
    hidden : HiddenModules
        Of the lecture.
    student : Student
        The functions, in this process or in a guest.
    points : mapping of str to float
        The exercises to judge, in order, with their points.
    untouched : frozenset of str
        The exercises whose cell is still the stub.
    limits : Limits, optional
        Of which all_answers_bytes and host_seconds are used.
    order : sequence of str, optional
        The lecture's exercises in order, where `points` has only some of them; see `autograder.judging.follow_through`.

    Returns
    -------
    tuple of ExerciseResult
        One for each exercise, in the order of `points`.
    """
    suite = HiddenSuite(student, remembered(reference_of(hidden)), list(points), limits)
    results: dict[str, ExerciseResult] = {}
    final: dict[str, ExerciseResult] = {}
    uses, forms = Uses(student, order or list(points)), dict[str, Form]()
    with suite.clock:
        run_tests(hidden.suite, suite)
        for name in points:
            suite.clock.turn_to(name)
            result = _exercise_result(hidden, name, points[name], suite.trials, name in untouched)
            if result.status in ("failed", "error"):
                try:
                    result = _in_another_form(suite, hidden, result, forms) or result
                except Overdue as late:
                    result = replace(result, status="timeout", tests=tuple(_without_diagnosis(test, late) for test in result.tests))
            if name.endswith("_backward") and result.status in ("failed", "error"):
                try:
                    result = _rejudged(suite, hidden, result, results) or result
                except Overdue as late:
                    result = replace(result, status="timeout", tests=tuple(_without_diagnosis(test, late) for test in result.tests))
            results[name] = final[name] = result
            if result.status not in ("passed", "not_attempted"):
                final[name] = _followed_through(suite, hidden, result, uses, final)
    return tuple(final[name] for name in points)


def _followed_through(
    suite: HiddenSuite, hidden: HiddenModules, result: ExerciseResult, uses: Uses, final: dict[str, ExerciseResult]
) -> ExerciseResult:
    """Judge an exercise once more where it uses earlier ones that lost points, with those right; return the better result.

    `final` has the results of earlier exercises. Those that aren't there, because each exercise is judged alone, are added.
    """
    student, name, limits = suite.student, result.name, suite.limits
    before = uses.before(name)
    if all(earlier in final and final[earlier].status == "passed" for earlier in before):
        return result
    unknown = [earlier for earlier in uses.of(name) if earlier not in final]
    if unknown:
        final |= {found.name: found for found in judge(hidden, student, dict.fromkeys(unknown, 1.0), limits=limits)}
    lost = [earlier for earlier, found in final.items() if found.status != "passed"]
    taken = [earlier for earlier in uses.of(name, without=lost) if earlier in lost and replaceable(hidden, earlier, name)]
    if not taken:
        return result
    share = replace(limits, host_seconds=limits.host_seconds / len(suite.only or [name]))
    with uncounted(), with_right(student, hidden, taken, before) as (helped, asked):
        (again,) = judge(hidden, helped, {name: result.max_score}, limits=share)
    called = tuple(earlier for earlier in taken if earlier in asked)
    if called and again.score > result.score:
        return replace(again, follow_through=called)
    return replace(result, status="timeout") if again.status == "timeout" else result  # another run may get further: don't store it


def _in_another_form(suite: HiddenSuite, hidden: HiddenModules, result: ExerciseResult, forms: dict[str, Form]) -> ExerciseResult | None:
    """Judge an exercise that earned nothing with its answers in another form, and note the form in `forms`; None if there is no gain.

    A backward pass is judged with the answers of its forward pass in the form that was found for them. Where the forward pass returned no
    cache, or raised an exception, a cache is made: that is a mistake of the forward pass alone.
    """
    name, best = result.name, result
    forward, given = name.removesuffix("_backward") + "_forward", dict[str, Form]()
    mine = [trial for trial in suite.trials if trial.exercise == name]
    choices = [forms[forward]] if forward in forms else []
    if name.endswith("_backward") and not choices and _lacks_a_cache(forward, mine):
        choices = list(caches_for(getattr(suite.reference, forward)))
    if result.score > 0 and not choices:
        return None
    for form in choices:
        trials = [suite.trial_in(trial, {forward: form}) for trial in mine]
        again = _exercise_result(hidden, name, result.max_score, trials, False)
        if again.score >= best.score:
            best, mine, given = again, trials, {forward: form}
    answer = next((answer.answer for trial in mine for answer in trial.answers if answer.function == name and answer.error is None), None)
    if not best.score and answer is not None:
        has_state = "state" in parameters_of(getattr(suite.reference, name, None))
        for form in forms_of(answer, first_only=has_state or name.endswith("_forward")):
            trials = [suite.trial_in(trial, {**given, name: form}) for trial in mine]
            trials.append(Trial(name, "form", lambda *_: None, form.outcome(name), ()))
            again = _exercise_result(hidden, name, result.max_score, trials, False)
            if again.score > best.score:
                best, forms[name] = again, form
    return best if best.score > result.score else None


def _lacks_a_cache(forward: str, trials: Sequence[Trial]) -> bool:
    """Tell whether a forward pass returned an array where a pair is asked for, or raised an exception."""
    answers = [answer for trial in trials for answer in trial.answers if answer.function == forward]
    return any(isinstance(answer.answer, np.ndarray) or isinstance(answer.error, Raised) for answer in answers)


def _rejudged(
    suite: HiddenSuite, hidden: HiddenModules, result: ExerciseResult, results: Mapping[str, ExerciseResult]
) -> ExerciseResult | None:
    """Judge a backward pass with the misconception that explains the student's forward pass; None if there is none, or no gain.

    The tests are run again with another reference; see `autograder.judging.gradients`.
    """
    forward = forward_of(result.name, [known.exercise for known in catalogue(hidden).misconceptions])
    if forward is None:
        return None
    of_forward = results.get(forward) or judge(hidden, suite.student, {forward: 1.0}, limits=suite.limits)[0]
    if of_forward.misconception is None:
        return None
    best = result
    for by_formula in (False, True) if forward.endswith("_forward") else (False,):
        reference = known_forward(hidden, forward, of_forward.misconception.id, result.name, by_formula)
        reference.trivial.clear()
        trials = [replace(trial, outcome=suite.outcome_with(trial, reference)) for trial in suite.trials if trial.exercise == result.name]
        if sum(reference.trivial) <= len(reference.trivial) / 2:  # otherwise most gradients are zero or the upstream gradient: no evidence
            best = max(best, _exercise_result(hidden, result.name, result.max_score, trials, False), key=lambda one: one.score)
    return best if best.score > result.score else None


def _exercise_result(hidden: HiddenModules, name: str, maximum: float, trials: Sequence[Trial], untouched: bool) -> ExerciseResult:
    mine = [trial for trial in trials if trial.exercise == name]
    outcomes = [trial.outcome for trial in mine]
    marks = marks_of(outcomes, maximum)
    tests = tuple(_test_result(outcome, weight) for outcome, weight in zip(outcomes, marks.weights, strict=True))
    status = _status(name, outcomes, untouched)
    if status == "not_attempted":
        return ExerciseResult(name, 0.0, maximum, status, tests)
    found: list[MisconceptionFound] = []
    try:
        if status in ("failed", "error"):
            found = diagnosis.explain(hidden, name, mine)
    except Overdue as late:  # the marks are final, but another run might find a misconception, so the result isn't stored
        status, tests = "timeout", tuple(_without_diagnosis(test, late) for test in tests)
    return ExerciseResult(name, rounded(marks.score), maximum, status, tests, found[0] if found else None, marks.aspects, tuple(found[1:]))


def _without_diagnosis(test: TestResult, late: Overdue) -> TestResult:
    """Add to a failed test's message that the diagnosis ran out of time."""
    said = f"{test.message}; no misconception was looked for, because {late}"
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


def _test_result(outcome: TestOutcome, weight: float) -> TestResult:
    aspect = outcome.aspect.name if outcome.aspect else ""
    return TestResult(outcome.sentence, "passed" if outcome.passed else "failed", outcome.message, weight, aspect)


def grade_submission(submission: Submission, sandbox: Sandbox, limits: Limits | None = None) -> SubmissionResult:
    """Grade a submission.

    Parameters
    ----------
    submission : Submission
    sandbox : Sandbox
        Runs its code.
    limits : Limits, optional
        Limits of the guest and the host; the lecture's by default.
    """
    lecture = submission.lecture
    found = grade_cells(submission.cells, lecture.id, lecture.hidden, lecture.points, sandbox, limits or lecture.limits)
    return replace(found, student=submission.student, notebook=submission.path, problems=submission.problems + found.problems)


def grade_cells(
    cells: Sequence[Cell], lecture: str, hidden: HiddenModules, points: Mapping[str, float], sandbox: Sandbox, limits: Limits
) -> SubmissionResult:
    """Run a submission's cells in a guest and judge them. In contrast to `grade_submission`, no course is needed.

    Parameters
    ----------
    cells : sequence of Cell
        The code to run.
    lecture : str
        The lecture's id.
    hidden : HiddenModules
        Its hidden modules.
    points : mapping of str to float
        Its exercises, in order, with their points.
    sandbox : Sandbox
        Runs the code.
    limits : Limits
        Limits of the guest and the host.

    Returns
    -------
    SubmissionResult
        With empty `student` and `notebook`.
    """
    found, killed = _graded(cells, lecture, hidden, points, sandbox, limits)
    if killed:  # perhaps from outside, because memory ran out: grade again, for it may not be the submission's fault
        found, killed = _graded(cells, lecture, hidden, points, sandbox, limits)
    return replace(found, problems=(*found.problems, KILLED)) if killed else found


def _graded(
    cells: Sequence[Cell], lecture: str, hidden: HiddenModules, points: Mapping[str, float], sandbox: Sandbox, limits: Limits
) -> tuple[SubmissionResult, bool]:
    """Grade once; return the result, and whether the guest's process was killed."""
    with sandbox.guest(cells, limits) as guest:
        exercises = judge(hidden, guest.student, points, guest.untouched, limits)
        printed = guest.printed
    problems = tuple(few([f"{problem.label}: {problem.message}" for problem in guest.problems]))  # complete only after the guest has ended
    return SubmissionResult("", lecture, "", exercises, problems, printed), guest.killed
