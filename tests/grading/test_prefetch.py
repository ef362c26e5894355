"""Calls that tests are certain to make are sent together, and nothing comes out otherwise because of it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.judging import grading
from autograder.judging.grading import grade_submission
from autograder.judging.known_answers import catalogue
from autograder.judging.sample_notebooks import solved, with_answers
from autograder.limits import Limits
from autograder.model.course import find_course
from autograder.model.submission import parse_submission
from autograder.model.values import frozen
from autograder.sandbox import host
from autograder.sandbox.channel import Channel
from autograder.sandbox.host import Guest, Sandbox
from autograder.sandbox.prefetch import GeneratorNumber, Pending, PendingExpectation, PlannedCall, Planner, Prefetched, Reply, TestPlan
from coursekit import expect
from coursekit.expectations import Expectation
from coursekit.student import Call, TimedOut

COURSE = find_course(Path(__file__).parent)
LECTURES = list(COURSE.lectures())
LECTURE = COURSE.lecture("05_batch_normalization")


# --- what is planned ------------------------------------------------------------------------------------------------------


def plan_of(test: Any) -> TestPlan:
    """Return the plan of a test that is a function of the student."""
    student = Planner()
    with suppress(Exception):
        test(student)
    return student.plan("test")


def planned(test: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the calls that are planned of a test, with their frozen arguments."""
    return [(call.name, call.args) for call in plan_of(test).calls]


def test_an_answer_can_be_passed_on_before_it_is_there():
    def test(student: Any) -> None:
        out, cache = expect(student.forward(1.0)).items("out", "cache")
        expect(out).close_to(2.0)
        expect(student.backward(np.ones(2), cache)).close_to([3.0])
        student.last(1)

    (_, first), (_, second), (name, _) = planned(test)
    assert first == (frozen(1.0),) and name == "last"
    assert (second[1].call, second[1].path) == (0, (1,))


@pytest.mark.parametrize(
    "use",
    [
        lambda answer: answer + 1,
        lambda answer: np.ones(2) * answer,
        lambda answer: np.asarray(answer),
        lambda answer: answer[0],
        lambda answer: list(answer),
        lambda answer: float(answer),
        lambda answer: 1 if answer else 2,
        lambda answer: np.max(answer) + 1,
    ],
)
def test_what_depends_on_an_answer_is_not_planned(use):
    """Neither is anything after it."""

    def test(student: Any) -> None:
        student.second(use(student.first(1)))
        student.third(1)

    assert [name for name, _ in planned(test)] == ["first"]


@pytest.mark.parametrize("argument", [np.sin, object(), np.random.RandomState(0)])
def test_what_cannot_be_sent_ahead_ends_it(argument):
    def test(student: Any) -> None:
        student.first(1)
        with suppress(TypeError):
            student.second(argument)
        student.third(1)

    assert [name for name, _ in planned(test)] == ["first"]


def test_an_argument_is_planned_as_it_was_then():
    def test(student: Any) -> None:
        x = np.zeros(2)
        student.first(x)
        x += 1
        student.second(x)

    assert [args for _, args in planned(test)] == [(frozen(np.zeros(2)),), (frozen(np.ones(2)),)]


def test_every_expectation_lets_a_pending_answer_pass():
    for name, method in inspect.getmembers(Expectation, inspect.isfunction):
        if not name.startswith("_"):
            assert getattr(PendingExpectation, name) is not method, name
    assert isinstance(expect(Pending(0)), PendingExpectation) and not isinstance(expect(0), PendingExpectation)


def test_arguments_are_compared_to_the_last_bit():
    def matches(planned: Any, value: Any) -> bool:
        fetched = Prefetched(TestPlan("test", (PlannedCall("f", (frozen(planned),), {}, False, b""),)))
        fetched.outcomes.append(Reply(None, None))
        return fetched.is_next("f", (value,), {}, False)

    x = np.array([[1.0, np.nan], [0.0, 2.0]])
    for same in (1, 1.5, True, None, "a", np.nan, np.float32(1), [1, (2, {"a": x})], x, x.T, x[:, ::2]):
        assert matches(same, same), same
    for planned, value in [
        *((1, 1.0), (1, True), (0.0, -0.0), (1.5, np.float64(1.5)), ([1], (1,)), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1], [1, 2])),
        *((x, x + 1e-16), (x, x.T), (x, x.astype(np.float32)), (x, x.ravel()), (x, np.asfortranarray(x)), (np.zeros(1), -np.zeros(1))),
    ]:
        assert not matches(planned, value), (planned, value)


def test_generators_are_planned_by_their_first_state():
    """Calls that use one generator in turns are certain, as long as the test itself doesn't draw from it meanwhile."""

    def test(student: Any) -> None:
        one, other = np.random.default_rng(1), np.random.default_rng(2)
        student.first(one)
        student.second(other, one)
        student.third(other)
        one.random()
        student.fourth(one)

    plan = plan_of(test)
    assert [call.args for call in plan.calls] == [(GeneratorNumber(0),), (GeneratorNumber(1), GeneratorNumber(0)), (GeneratorNumber(1),)]
    assert list(plan.generators) == [np.random.default_rng(seed).bit_generator.state for seed in (1, 2)]
    assert plan.last_uses == {1: [0], 2: [1]}


# --- and nothing comes out otherwise --------------------------------------------------------------------------------------


def submission(lecture: Any, notebook: Any) -> Any:
    return parse_submission(json.dumps(notebook).encode(), Path("a.ipynb"), COURSE)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that grades as if nothing could be planned."""

    def grade(submission: Any, sandbox: Sandbox, limits: Limits | None = None) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(grading, "plans_of", lambda tests, fixtures: {})
            return grade_submission(submission, sandbox, limits)

    return grade


def known(lecture: Any) -> Iterator[Any]:
    """Yield the solution, then some notebooks with a misconception in every exercise, then one with alternatives."""
    yield solved(lecture)
    found = catalogue(lecture.hidden)
    for answers, some in ((found.misconceptions, slice(0, None, 12)), (found.alternatives, slice(0, 1))):
        by_exercise = [[answer for answer in answers if answer.exercise == name] for name in lecture.points]
        for together in list(zip_longest(*by_exercise))[some]:
            yield with_answers(lecture, *filter(None, together))


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.id)
def test_the_result_is_that_of_asking_one_by_one(lecture, sandbox, one_by_one):
    for notebook in known(lecture):
        mine = submission(lecture, notebook)
        assert grade_submission(mine, sandbox) == one_by_one(mine, sandbox)


def test_an_exercise_is_one_message(sandbox, monkeypatch):
    """For all its hidden tests."""
    sent = []
    send = Channel.send
    monkeypatch.setattr(Channel, "send", lambda self, frame, deadline: sent.append(frame) or send(self, frame, deadline))
    result = grade_submission(submission(LECTURE, solved(LECTURE)), sandbox)
    assert result.score == result.max_score
    cells = sum(not cell.lazy for cell in submission(LECTURE, solved(LECTURE)).cells)
    assert len(sent) == 1 + cells + len(LECTURE.points), "the cells, one message before each of them, and the calls of each exercise"


TROUBLE = {
    "prints": "print('in', {name!r})",
    "warns": "import warnings; warnings.warn('careful')",
    "ends": "import os; os._exit(3)",
    "loops": "while True: pass",
    "answers without end": "return [np.zeros(1 << 20)] * 9",
    "hides": "return object()",
    "fails": "raise KeyError('k')",
    "speaks out of turn": "import os; os.write(3, b'\\x0b' + b'\\0' * 8)",
}
QUICK = Limits(call_seconds=0.5, answer_bytes=1 << 22, output_bytes=4000)


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("name", ["batchnorm_forward", "batchnorm2d_backward", "update_running"])
def test_trouble_is_told_as_that_of_one_call(trouble, name, sandbox, one_by_one):
    notebook = solved(LECTURE)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            head, _, body = "".join(cell["source"]).partition(":\n")
            cell["source"] = f"{head}:\n    {TROUBLE[trouble].format(name=name)}\n{body}"
    mine = submission(LECTURE, notebook)
    found = grade_submission(mine, sandbox, QUICK)
    assert found == one_by_one(mine, sandbox, QUICK)
    if trouble == "prints":
        assert f"in {name}" in "".join(printed.text for printed in found.printed if printed.where == name)
    elif trouble not in ("warns", "hides"):
        assert next(one for one in found.exercises if one.name == name).score == 0


# --- with tests that go their own ways --------------------------------------------------------------------------------------


def asked(guest: Guest, test: Any) -> Any:
    """Run a test after its calls were fetched."""
    guest.prefetch("an exercise", (plan_of(test),))
    guest.turn_to("test")
    return test(guest.student)


CELLS = """
class Box: pass
def boxed(x):
    box = Box()
    box.x = x
    return x + 1, box
def opened(box): return box.x
def counted(items=[0]):
    items[0] += 1
    return items[0]
def doubled(x):
    x *= 2
    return x
def wrong(x): raise ValueError("no")
"""


@pytest.fixture
def guest(sandbox: Sandbox) -> Iterator[Guest]:
    with sandbox.guest([host.Cell("cell 1", CELLS)]) as guest:
        yield guest


def test_what_stays_in_the_guest_is_passed_on_there(guest):
    def test(student: Any) -> Any:
        _, box = expect(student.boxed(3)).items("x", "box")
        return student.opened(box)

    assert asked(guest, test) == 3


def test_what_is_data_is_passed_on_as_a_copy(guest):
    """As if it had been to the host and back: what a function does to it stays without effect."""

    def test(student: Any) -> Any:
        first = student.doubled(np.ones(2))
        return [student.doubled(first) for _ in range(2)]

    assert [answer.tolist() for answer in asked(guest, test)] == [[4, 4], [4, 4]]


def test_a_test_may_go_another_way(guest):
    """What was planned for the way that it didn't go is forgotten."""

    def test(student: Any) -> Any:
        answer = student.doubled(2)
        return student.doubled(5 if type(answer) is int else 7), student.doubled(8)

    assert asked(guest, test) == (10, 16)


def test_an_error_is_that_of_its_call(guest):
    def test(student: Any) -> Any:
        try:
            student.wrong(1)
        except Exception as error:
            return str(error), student.doubled(2)

    said, after = asked(guest, test)
    assert "ValueError: no" in said and "line 14 of cell 1" in said and after == 4


def test_arguments_come_back(guest):
    def test(student: Any) -> Any:
        return student.doubled.call(np.ones(2)), student.doubled(1)

    call, _ = asked(guest, test)
    assert isinstance(call, Call) and call.arguments[0].tolist() == [2, 2]


def test_each_call_is_made_once(guest):
    def test(student: Any) -> Any:
        return [student.counted() for _ in range(4)]

    assert asked(guest, test) == [1, 2, 3, 4]


def test_a_guest_can_be_asked_again(guest):
    """A guest can be asked about another suite, or about the same one once more, also when its process has ended meanwhile."""

    def test(student: Any) -> Any:
        return student.counted(), student.counted()

    assert asked(guest, test) == (1, 2)
    assert asked(guest, test) == (3, 4)
    guest._end()
    assert asked(guest, test) == (1, 2)


@pytest.mark.parametrize(
    "reply",
    [
        'self._codec().encode("result")',
        'self._codec().encode("result", 1)',
        'self._codec().encode("result", 1, 2)',
        'self._codec().encode("result", bytes(3 << 20), None)',
        'self._codec().encode("error", "raised")',
        'self._codec().encode("callback", 1, (), {})',
        'self._codec().encode("ready", [], [], [])',
        'b"\\x0b" + bytes(8)',
    ],
)
def test_a_forged_reply_gains_nothing(sandbox, reply):
    """It is an error of that call, and others are answered."""
    forge = f"import sys\nguest = sys.modules['autograder.sandbox.guest'].Guest\nguest._planned_reply = lambda self, *anything: {reply}\n"
    with sandbox.guest([host.Cell("cell 1", CELLS), host.Cell("cell 2", forge)], Limits(answer_bytes=1 << 21)) as guest:
        with pytest.raises(host.StudentError, match=r"can't be read|ended the whole process"):
            asked(guest, lambda student: (student.doubled(1), student.doubled(2)))
        assert guest.student.doubled(4) == 8


def test_generators_go_on_where_the_guest_is(sandbox):
    """After the last planned call with a generator the test's own is where it would be, had the calls been made one by one."""
    cells = "def draw(rng, n): return rng.random(n)\ndef normal(rng): return rng.normal()\n"

    def test(student: Any) -> Any:
        one, other = np.random.default_rng(1), np.random.default_rng(2)
        answers = [student.draw(one, 3), student.normal(other), student.draw(one, 2)]
        return [*map(np.ravel, answers), one.random(2), other.random(2)]

    with sandbox.guest([host.Cell("cell 1", cells)]) as guest:
        one, other = np.random.default_rng(1), np.random.default_rng(2)
        wanted = [one.random(3), np.ravel(other.normal()), one.random(2), one.random(2), other.random(2)]
        for got, right in zip(asked(guest, test), wanted, strict=True):
            np.testing.assert_array_equal(got, right)


def test_after_a_death_the_rest_is_made_by_a_fresh_process(sandbox):
    """Calls before the death have been answered, and the cells have run again before those after it."""
    cells = CELLS + "def deadly(): import os; os._exit(1)\ndef endless():\n    while True: pass\n"

    def test(student: Any) -> Any:
        said = []
        for name in ("counted", "counted", "deadly", "counted", "endless", "counted", "endless", "counted"):
            try:
                said.append(getattr(student, name)())
            except host.StudentError as error:
                said.append(type(error).__name__)
        return said

    with sandbox.guest([host.Cell("cell 1", cells)], Limits(call_seconds=0.5)) as guest:
        student = Planner()
        for name in ("counted", "counted", "deadly", "counted", "endless", "counted", "endless", "counted"):
            getattr(student, name)()
        guest.prefetch("an exercise", (student.plan("test"),))
        guest.turn_to("test")
        assert test(guest.student) == [1, 2, "Died", 1, "TimedOut", 1, "TimedOut", 2]


def test_a_function_that_has_timed_out_is_not_called_again(sandbox):
    """Neither for the tests of another exercise, which would have to wait for it once more."""
    cells = "def endless():\n    while True: pass\ndef one(): return 1\n"

    def plan(test: str) -> Any:
        student = Planner()
        student.endless(), student.one()
        return (student.plan(test),)

    with sandbox.guest([host.Cell("cell 1", cells)], Limits(call_seconds=1)) as guest:
        for exercise in ("first", "second", "third"):
            guest.prefetch(exercise, plan(exercise))
            guest.turn_to(exercise)
            with pytest.raises(TimedOut):
                guest.student.endless()
            assert guest.student.one() == 1
        assert guest._clock.spent < 2.5, "it was waited for once"


def test_nor_is_one_that_timed_out_when_a_test_called_it(sandbox):
    """A call that isn't planned, for an exercise before."""
    cells = "def endless():\n    while True: pass\n"
    student = Planner()
    student.endless()
    with sandbox.guest([host.Cell("cell 1", cells)], Limits(call_seconds=1)) as guest:
        for _ in range(2):
            with pytest.raises(TimedOut):
                guest.student.endless()
        guest.prefetch("another exercise", (student.plan("test"),))
        guest.turn_to("test")
        with pytest.raises(TimedOut):
            guest.student.endless()
        assert guest._clock.spent < 1.8, "it was waited for once"
