"""What a test is going to ask is asked at once, and nothing comes out otherwise because of it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import grading
from autograder.catalogue import catalogue
from autograder.course import find_course
from autograder.foresight import Foreteller
from autograder.grading import grade_submission
from autograder.limits import Limits
from autograder.pending import NotYet, Pending
from autograder.sandbox import ahead, host
from autograder.sandbox.channel import Channel
from autograder.sandbox.host import Guest, Sandbox
from autograder.specimens import solved, with_answers
from autograder.submission import parse_submission
from autograder.values import frozen
from coursekit import expect
from coursekit.expectations import Expectation
from coursekit.student import Call

COURSE = find_course(Path(__file__).parent)
LECTURES = list(COURSE.lectures())
LECTURE = COURSE.lecture("05_batch_normalization")


# --- what is foreseen -----------------------------------------------------------------------------------------------------


def foreseen(test: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the calls that are foreseen of a test, with their frozen arguments."""
    student = Foreteller()
    with suppress(Exception):
        test(student)
    return [(call.name, call.args) for call in student.calls]


def test_an_answer_can_be_passed_on_before_it_is_there():
    def test(student: Any) -> None:
        out, cache = expect(student.forward(1.0)).items("out", "cache")
        expect(out).close_to(2.0)
        expect(student.backward(np.ones(2), cache)).close_to([3.0])
        student.last(1)

    (_, first), (_, second), (name, _) = foreseen(test)
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
def test_what_depends_on_an_answer_is_not_foreseen(use):
    """Neither is anything after it, though the test may catch the error."""

    def test(student: Any) -> None:
        try:
            student.second(use(student.first(1)))
        except TypeError:
            student.third(1)

    assert [name for name, _ in foreseen(test)] in (["first"], ["first", "third"])
    assert "second" not in dict(foreseen(test))


@pytest.mark.parametrize("argument", [np.random.default_rng(0), np.sin, object()])
def test_what_cannot_be_sent_ahead_ends_it(argument):
    def test(student: Any) -> None:
        student.first(1)
        with suppress(TypeError):
            student.second(argument)
        student.third(1)

    assert [name for name, _ in foreseen(test)] == ["first"]


def test_an_argument_is_foreseen_as_it_was_then():
    def test(student: Any) -> None:
        x = np.zeros(2)
        student.first(x)
        x += 1
        student.second(x)

    assert [args for _, args in foreseen(test)] == [(frozen(np.zeros(2)),), (frozen(np.ones(2)),)]


def test_every_expectation_lets_a_pending_answer_pass():
    for name, method in inspect.getmembers(Expectation, inspect.isfunction):
        if not name.startswith("_"):
            assert getattr(NotYet, name) is not method, name
    assert isinstance(expect(Pending(0)), NotYet) and not isinstance(expect(0), NotYet)


def test_arguments_are_compared_to_the_last_bit():
    def matches(planned: Any, value: Any) -> bool:
        return ahead.Batch([ahead.foreseen("f", (planned,), {}, False)]).is_next("f", (value,), {}, False)

    x = np.array([[1.0, np.nan], [0.0, 2.0]])
    for same in (1, 1.5, True, None, "a", np.nan, np.float32(1), [1, (2, {"a": x})], x, x.T, x[:, ::2]):
        assert matches(same, same), same
    for planned, value in [
        *((1, 1.0), (1, True), (0.0, -0.0), (1.5, np.float64(1.5)), ([1], (1,)), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1], [1, 2])),
        *((x, x + 1e-16), (x, x.T), (x, x.astype(np.float32)), (x, x.ravel()), (x, np.asfortranarray(x)), (np.zeros(1), -np.zeros(1))),
    ]:
        assert not matches(planned, value), (planned, value)


# --- and nothing comes out otherwise --------------------------------------------------------------------------------------


def submission(lecture: Any, notebook: Any) -> Any:
    return parse_submission(json.dumps(notebook).encode(), Path("a.ipynb"), COURSE)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that grades as if nothing could be foreseen."""

    def grade(submission: Any, sandbox: Sandbox, limits: Limits | None = None) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(grading, "foretell", lambda student, calls: None)
            return grade_submission(submission, sandbox, limits)

    return grade


def known(lecture: Any) -> Iterator[Any]:
    yield solved(lecture)
    found = catalogue(lecture.slug)
    for answer in (*found.misconceptions[::11], *found.alternatives[::7]):
        yield with_answers(lecture, answer)


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.id)
def test_the_result_is_that_of_asking_one_by_one(lecture, sandbox, one_by_one):
    for notebook in known(lecture):
        mine = submission(lecture, notebook)
        assert grade_submission(mine, sandbox) == one_by_one(mine, sandbox)


def test_a_submission_is_asked_once(sandbox, monkeypatch):
    """All hidden tests of the lecture: one message there, and one back."""
    sent = []
    send = Channel.send
    monkeypatch.setattr(Channel, "send", lambda self, frame, deadline: sent.append(frame) or send(self, frame, deadline))
    result = grade_submission(submission(LECTURE, solved(LECTURE)), sandbox)
    assert result.score == result.max_score
    cells = sum(not cell.lazy for cell in submission(LECTURE, solved(LECTURE)).cells)
    assert len(sent) == 1 + cells + 1, "the cells, one message before each of them, and all calls"


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


def test_a_slow_function_is_asked_one_by_one(sandbox, one_by_one, monkeypatch):
    monkeypatch.setattr(host, "AHEAD_SECONDS", 0.05)
    notebook = solved(LECTURE)
    source = {"batchnorm_inference": "def batchnorm_inference(*a, **k):\n    import time\n    time.sleep(0.03)\n    return old(*a, **k)\n"}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in source:
            cell["source"] = "".join(cell["source"]) + "\nold = batchnorm_inference\n" + source["batchnorm_inference"]
    mine = submission(LECTURE, notebook)
    found = grade_submission(mine, sandbox)
    assert found.score == found.max_score and found == one_by_one(mine, sandbox)


# --- with tests that go their own ways --------------------------------------------------------------------------------------


def asked(guest: Guest, test: Any, plan: ahead.Plan | None = None) -> Any:
    """Run a test after it was foreseen, now or as `plan`."""
    student = Foreteller()
    with suppress(Exception):
        test(student)
    guest.foretell(plan or ahead.Plan({"test": student.calls}))
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
    """What was foreseen for the way that it didn't go is forgotten."""

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


def test_what_was_foreseen_once_is_not_said_again(guest):
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
        'self._codec().encode("replies", [])',
        'self._codec().encode("replies", [[b""]])',
        'self._codec().encode("replies", [["a", "b"]])',
        'self._codec().encode("replies", [[b"", b"", b""]])',
        'self._codec().encode("replies", [[b"xx", b"yyyyyyyyyyyyyyyyyyy"]])',
        'self._codec().encode("replies", [[bytes(3 << 20), b""]])',
        'self._codec().encode("replies", 7)',
        'self._codec().encode("result", [[b"", b""]])',
        'self._codec().encode("ready", [], [], [])',
    ],
)
def test_a_forged_reply_gains_nothing(sandbox, reply):
    """The calls are made one by one then, or end in an error."""
    forge = (
        f"import sys\nguest = sys.modules['autograder.sandbox.guest'].Guest\nguest._call_all = lambda self, frame: self._send({reply})\n"
    )
    with sandbox.guest([host.Cell("cell 1", CELLS), host.Cell("cell 2", forge)], Limits(answer_bytes=1 << 21)) as guest:

        def test(student: Any) -> Any:
            return student.doubled(1), student.doubled(2)

        try:
            assert asked(guest, test) == (2, 4)
        except host.StudentError as error:
            assert "can't be read" in str(error)
        assert guest.student.doubled(4) == 8
