"""A forward pass that behaves otherwise in the tests of the backward pass, and a backward pass that is garbage: for every pair there is.

The attacker knows which test is calling. That is more than a guest can know, which has to tell tests apart by their inputs, or by counting.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.judging.gradients import forward_of
from autograder.judging.grading import judge
from autograder.judging.known_answers import catalogue
from autograder.model.course import find_course
from coursekit.student import LocalStudent

PAIRS = [
    (lecture, forward, backward)
    for lecture in find_course().lectures()
    for backward in lecture.points
    if backward.endswith("_backward") and (forward := forward_of(backward, list(lecture.points)))
]
CORE = 0.35  # the most that a garbage answer may earn

# What the forward pass returns in the backward pass's tests, made of its first argument, a number and the right out.
FORWARDS: dict[str, Callable[[np.ndarray, float, np.ndarray], Any]] = {
    "right": lambda x, a, out: out,
    "scaled": lambda x, a, out: a * out,
    "shifted": lambda x, a, out: out + a,
    "linear in x": lambda x, a, out: a * np.resize(x, out.shape),
    "constant": lambda x, a, out: np.full(out.shape, a),
    "all zeros but one": lambda x, a, out: np.eye(1, out.size).reshape(out.shape) * a,
    "all kept but one": lambda x, a, out: (1 - np.eye(1, out.size)).reshape(out.shape) * np.resize(x, out.shape) * a,
    "every other one": lambda x, a, out: np.resize([1.0, 0.0], out.shape) * np.resize(x, out.shape) * a,
    "noise": lambda x, a, out: a * np.random.default_rng(int(abs(a))).normal(size=out.shape),
    "infinite": lambda x, a, out: np.full(out.shape, np.inf),
    "another shape": lambda x, a, out: np.resize(x, (*out.shape, 2)),
    "nothing": lambda x, a, out: None,
}
# What the backward pass returns for each argument, made of the upstream gradient, a number and the argument's shape.
BACKWARDS: dict[str, Callable[[np.ndarray, float, tuple[int, ...]], np.ndarray]] = {
    "ones": lambda dout, a, shape: np.ones(shape),
    "zeros": lambda dout, a, shape: np.zeros(shape),
    "constant": lambda dout, a, shape: np.full(shape, a),
    "dout": lambda dout, a, shape: a * np.resize(dout, shape),
    "sum": lambda dout, a, shape: a * np.resize(dout.reshape(len(dout), -1).sum(0), shape),
    "noise": lambda dout, a, shape: a * np.random.default_rng(int(abs(a))).normal(size=shape),
}
NUMBERS = st.one_of(st.sampled_from([1.0, 2.0, -1.0, 0.0, 1e-30, 1e30, 1e300]), st.floats(-100, 100))


def judging(backward: str) -> bool:
    """Tell whether a test of the backward pass is calling."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if getattr(type(frame.f_locals.get("self")), "exercise", "") == backward:
            return True
        frame = frame.f_back
    return False


def pair(reference: Any, forward: str, backward: str, fake: str, garbage: str, a: float, b: float, honest: Callable[..., Any]) -> Any:
    """Return the attacker's forward and backward pass; `honest` is what the forward pass is in its own tests."""
    has_cache = forward.endswith("_forward")
    right_forward, right_backward = getattr(reference, forward), getattr(reference, backward)

    def fake_forward(*args: Any, **kwargs: Any) -> Any:
        if not judging(backward):
            return honest(*args, **kwargs)
        out, cache = right_forward(*args, **kwargs)
        gradients = right_backward(np.ones(out.shape), cache)
        shapes = list(map(np.shape, gradients)) if isinstance(gradients, tuple) else np.shape(gradients)
        return FORWARDS[fake](np.asarray(args[0], dtype=float), a, out), shapes

    def fake_forward_alone(*args: Any) -> Any:
        return FORWARDS[fake](np.asarray(args[0], dtype=float), a, right_forward(*args)) if judging(backward) else honest(*args)

    def garbage_backward(dout: np.ndarray, *rest: Any) -> Any:
        shapes = rest[0] if has_cache else list(map(np.shape, rest))
        make = BACKWARDS[garbage]
        dout = np.asarray(dout, dtype=float)
        return tuple(make(dout, b, shape) for shape in shapes) if isinstance(shapes, list) else make(dout, b, shapes)

    return {forward: fake_forward if has_cache else fake_forward_alone, backward: garbage_backward}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(settings.get_profile("fuzz"))
@given(
    st.sampled_from(PAIRS),
    st.sampled_from(sorted(FORWARDS)),
    st.sampled_from(sorted(BACKWARDS)),
    NUMBERS,
    NUMBERS,
    st.integers(0, 60),
)
def test_garbage_gradients_earn_no_more_than_a_core_mistake(which: Any, fake: str, garbage: str, a: float, b: float, known: int) -> None:
    """Whatever the forward pass is in its own tests: right, or one of the misconceptions."""
    lecture, forward, backward = which
    found = catalogue(lecture.hidden)
    honest = [getattr(found.reference, forward), *(one.function for one in found.misconceptions if one.exercise == forward)]
    functions = pair(found.reference, forward, backward, fake, garbage, a, b, honest[known % len(honest)])
    points = {name: lecture.points[name] for name in (forward, backward)}
    with np.errstate(all="ignore"):
        results = judge(lecture.hidden, LocalStudent({**vars(found.reference), **functions}), points)
    share = results[1].score / results[1].max_score
    assert share <= CORE, (share, [test.name for test in results[1].tests if test.outcome == "passed"])
