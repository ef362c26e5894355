"""Whatever a notebook answers and calls back with, the host that judges it needs little memory and time, and says little.

The worst that we can think of is graded in a process of its own, whose memory is watched. The fuzzers flood every callback that a suite
hands out, and answer every call with the largest and oddest data that a guest may send.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.deadline import HostClock, Overdue, check, uncounted
from autograder.judging.grading import judge
from autograder.judging.known_answers import catalogue
from autograder.limits import Limits
from autograder.model.course import find_course
from autograder.sandbox.host import Sandbox
from coursekit.outcomes import MESSAGE_LENGTH
from coursekit.student import LocalStudent

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from measure import measured  # noqa: E402  # it is a script, too

LECTURES = {lecture.id: lecture for lecture in find_course(HERE).lectures()}
MEGABYTES, GROWN = 400, 300  # what docs/security.md promises, and what of it is one notebook's; a process that runs tests has more
JSON_BYTES = 1 << 20
SECONDS = 2 * Limits().host_seconds  # beside the host's share: reading, and what is computed once for everybody


def check_result(result: dict[str, Any]) -> None:
    """Check what the result of a hostile notebook says, and what it took."""
    messages = [test["message"] for exercise in result["exercises"] for test in exercise["tests"]] + list(result["problems"])
    assert max(map(len, messages), default=0) <= MESSAGE_LENGTH
    assert not [message for message in messages if "the test itself failed" in message]
    assert len(json.dumps(result)) < JSON_BYTES
    assert result["seconds"] < SECONDS
    assert result["grown"] < GROWN


# --- the worst that we can think of -------------------------------------------------------------------------------------------

REGIONS = "fractional_pool_regions"


def flood(times: int, arguments: str) -> str:
    """Return a cell whose mc_dropout calls predict so often, whatever comes of it, and then answers rightly."""
    return f"flooding('mc_dropout', {times}, lambda predict, x, n, rng: {arguments}, True, True)"


WORST = {
    "a flood of callbacks": ("11_dropout", flood(10**6, "(x, rng)")),
    "many callbacks": ("11_dropout", flood(99, "(x, rng)")),
    "large callbacks": ("11_dropout", flood(40, "(np.ones((3, 1 << 19)), rng)")),
    "callbacks with many rows": ("11_dropout", flood(40, "(np.ones((1 << 23, 1), '?'), rng)")),
    "callbacks without entries": ("11_dropout", flood(40, "(np.ones((8_000_000, 0)), rng)")),
    "arguments that NumPy makes an array of": (
        "05_batch_normalization",
        "for name in ('batchnorm_backward', 'batchnorm2d_backward'):\n    odd(name, argument=lambda: [bytes(7 << 20), *[b''] * 190])",
    ),
    "the same in another lecture": (
        "12_convolution",
        "for name in ('conv2d_backward', 'max_pool_backward'):\n    odd(name, argument=lambda: [bytes(7 << 20), *[b''] * 190])",
    ),
    "the same as an answer": ("11_dropout", "odd('stochastic_depth', lambda right: [bytes(15 << 20), *[b''] * 190])"),
    "huge boundaries": ("11_dropout", f"odd('{REGIONS}', lambda right: np.full(1_900_000, 2**62))"),
    "many boundaries": ("11_dropout", f"odd('{REGIONS}', lambda right: np.zeros(15 << 20, np.int8))"),
    "tuples that collide": ("12_convolution", "odd('conv_output_size', lambda right: colliding(800, 300))"),
    "numbers that collide": ("12_convolution", "odd('conv_output_size', lambda right: colliding(4000, 0))"),
    "empty lists": ("12_convolution", "odd('conv_output_size', lambda right: [[]] * 240_000)"),
    "large answers of all functions": (
        "05_batch_normalization",
        "for name in " + repr(list(LECTURES["05_batch_normalization"].points)) + ":\n    odd(name, lambda right: strided((500, 2000)))",
    ),
    "large text of all functions": (
        "11_dropout",
        "for name in " + repr(list(LECTURES["11_dropout"].points)) + ":\n    odd(name, lambda right: '\\U0001f600' + 'x' * 900_000)",
    ),
    "nearly as much as all functions may": (
        "11_dropout",
        "for name in " + repr(list(LECTURES["11_dropout"].points)) + ":\n"
        "    odd(name, lambda right, told=[]: right if told else (told.append(1), np.zeros(5 << 17))[1])",
    ),
    "huge integers": ("03_initialization", "odd('fans', lambda right: [1 << 3_000_000])"),
}


@pytest.fixture(scope="session")
def worst() -> dict[str, dict[str, Any]]:
    """Return what came of the worst, graded one after the other in one process."""
    cases = json.dumps(list(WORST.values()))
    done = subprocess.run([sys.executable, str(HERE / "measure.py")], input=cases, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return dict(zip(WORST, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", WORST)
def test_the_worst_costs_the_host_little(name: str, worst: dict[str, dict[str, Any]]) -> None:
    check_result(worst[name])
    assert worst[name]["peak"] < MEGABYTES


# --- fuzzers ------------------------------------------------------------------------------------------------------------------

SHAPES = "(3,) | (1, 1) | (4, 3) | (2, 2, 3, 3) | (1 << 20,) | (1 << 10, 1 << 10) | (1 << 20, 1) | (1, 1 << 20) | (60_000, 0) | (0,) | ()"
OTHERS = """None | True | 1 << 100_000 | -1 | 1e-320 | np.longdouble('1e4000') | np.float16(1) | 1j | b'x' * (1 << 23) | 'x' * (1 << 19)
    | '\U0001f600' + 'x' * (1 << 19) | object() | len | np.random.default_rng(0) | colliding(1000, 3) | colliding(4000, 0)
    | colliding(500, 300) | {'t': 1, 'm': np.zeros(1 << 20)} | [0.0] * 200_000 | [[]] * 200_000 | nested(28, 1.0) | right"""
shapes = st.sampled_from(SHAPES.split(" | "))
dtypes = st.sampled_from(["float", "'?'", "'i1'", "'u8'", "'f2'", "'f4'", "'g'", "complex"])
arrays = st.one_of(
    st.builds("np.zeros({}, {})".format, shapes, dtypes),
    st.builds("np.ones({}, {}, order='F')".format, shapes, dtypes),
    st.builds("np.full({}, {}).astype({})".format, shapes, st.sampled_from(["1e308", "np.nan", "-np.inf", "2**63", "0.5"]), dtypes),
    st.builds("strided({}, {})".format, shapes.filter(lambda shape: shape != "()"), dtypes),
)
others = st.sampled_from([each.strip() for each in OTHERS.split("|")])
leaves = arrays | others
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("[{}, *[b''] * 190]".format, inner),
        st.builds("({}, {})".format, inner, inner),
        st.builds("[{}] * {}".format, inner, st.sampled_from(["2", "8", "300"])),
        st.builds("{{0: {}, 'dx': {}}}".format, inner, inner),
    ),
    max_leaves=3,
)
functions = st.sampled_from([(lecture.id, name) for lecture in LECTURES.values() for name in lecture.points])
fuzz = settings.get_profile("fuzz")
few = settings(fuzz, max_examples=max(fuzz.max_examples // 100, 10))  # each is a notebook that is graded


@few
@given(functions, values, st.none() | values)
def test_the_largest_and_oddest_answers(sandbox: Sandbox, function: tuple[str, str], answer: str, argument: str | None) -> None:
    lecture, name = function
    sent_back = f", lambda right=None: {argument}" if argument else ""
    check_result(measured(sandbox, lecture, f"odd({name!r}, lambda right: {answer}{sent_back})"))


@cache
def called_back() -> list[tuple[str, str]]:
    """Return the exercises whose tests hand out functions, each with its lecture."""
    found = []
    for lecture in LECTURES.values():
        reference = vars(catalogue(lecture.hidden).reference)
        noted: set[str] = set()

        def noting(name: str, noted: set[str] = noted, reference: dict[str, Any] = reference) -> Any:
            def function(*arguments: Any, **options: Any) -> Any:
                if any(map(callable, (*arguments, *options.values()))):
                    noted.add(name)
                return reference[name](*arguments, **options)

            return function

        judge(lecture.hidden, LocalStudent({**reference, **{name: noting(name) for name in lecture.points}}), lecture.points)
        found += [(lecture.id, name) for name in lecture.points if name in noted]
    return found


def test_there_is_something_to_flood() -> None:
    assert ("11_dropout", "mc_dropout") in called_back()


numbers_of_calls = st.sampled_from([1, 99, 101, 999, 10**6])
passed_on = st.one_of(
    st.just("rest"),
    st.builds("[{}, *rest[2:]]".format, values.map(lambda value: value.replace("right", "rest"))),
    st.builds("[rest[0], {}]".format, values.map(lambda value: value.replace("right", "function"))),
    st.builds("[{}] * 3".format, values.map(lambda value: value.replace("right", "rest"))),
    st.sampled_from(["[]", "[function, function]", "[rest[0], rest[-1], *rest]", "[rest[0], np.random.default_rng(0)]"]),
)


@few
@given(st.data(), numbers_of_calls, passed_on, st.booleans(), st.booleans())
def test_callbacks_are_flooded(sandbox: Sandbox, data: st.DataObject, times: int, arguments: str, swallow: bool, after: bool) -> None:
    lecture, name = data.draw(st.sampled_from(called_back()))
    cell = f"flooding({name!r}, {times}, lambda function, *rest: {arguments}, {swallow}, {after})"
    check_result(measured(sandbox, lecture, cell, Limits(call_seconds=2)))


# --- the clock ----------------------------------------------------------------------------------------------------------------


def busy(clock: HostClock, exercise: str) -> None:
    """Work on an exercise until the clock says that it is enough."""
    clock.turn_to(exercise)
    while True:
        check()


def test_each_exercise_has_its_own_share_of_the_clock() -> None:
    with HostClock(0.2, 2) as clock:
        for exercise in ("softmax", "fold"):
            with pytest.raises(Overdue, match=rf"{exercise} took the grader more than 0.1 s .*host_seconds, 0.2 s"):
                busy(clock, exercise)
            with pytest.raises(Overdue):
                check()
        clock.turn_to("")
        check()
    check()


def test_what_is_the_same_for_everybody_is_not_counted() -> None:
    with HostClock(0.2, 1) as clock:
        clock.turn_to("softmax")
        with uncounted(), HostClock(0.3, 1) as other, pytest.raises(Overdue):
            busy(other, "something else")
        check()


def test_an_exercise_that_takes_the_host_too_long_has_what_it_earned(sandbox: Sandbox) -> None:
    """Its tests after that fail with a sentence that names the limit, other exercises go on, and the result isn't kept."""
    from autograder.model.results import submission_from_json
    from autograder.runners.result_store import is_final

    cell = 'odd("conv_output_size", lambda right: colliding(4000, 0))'
    result = measured(sandbox, "12_convolution", cell, Limits(host_seconds=0.35))
    found = {exercise["name"]: exercise for exercise in result["exercises"]}
    assert found["conv_output_size"]["status"] == "timeout"
    assert "host_seconds" in found["conv_output_size"]["tests"][-1]["message"]
    assert any(exercise["status"] == "passed" for exercise in found.values())
    assert not is_final(submission_from_json({key: value for key, value in result.items()}))
