"""An exercise that calls wrong earlier ones is judged once more with those right: it keeps what it earns then, and nobody else gains."""

from __future__ import annotations

import ast
import json
import linecache
import re
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.gradebook import feedback
from autograder.judging.follow_through import Uses, bound_in, definitions_in_cells, names_in, replaceable, with_right
from autograder.judging.grading import grade_cells
from autograder.judging.known_answers import catalogue, cell_source
from autograder.judging.sample_notebooks import fill, solved, with_answers
from autograder.kernel import score
from autograder.limits import Limits
from autograder.model.course import Lecture, find_course, grade_id, source_of
from autograder.model.results import ExerciseResult, SubmissionResult, submission_from_json, submission_to_json
from autograder.model.submission import parse_submission
from autograder.sandbox.host import Cell, Guest, Sandbox
from coursekit.student import LocalStudent, Raised, TimedOut

COURSE = find_course()
OPTIMIZERS, CONVOLUTION, NORMALIZATION = (COURSE.lecture(name) for name in ("adaptive_optimizers", "convolution", "batch_normalization"))
STEPS = ("adam_step", "nadam_step", "adamax_step")
Results = dict[str, ExerciseResult]


def sources(lecture: Lecture) -> dict[str, str]:
    """Return the solution's cells by exercise; its optimisers call `bias_corrected`."""
    return {grade_id(cell): source_of(cell) for cell in solved(lecture)["cells"] if grade_id(cell) in lecture.points}


def known(lecture: Lecture, id: str) -> dict[str, str]:
    """Return a misconception as the cell of its exercise."""
    answer = next(one for one in catalogue(lecture.hidden).misconceptions if one.id == id)
    return {answer.exercise: cell_source(answer.function, answer.exercise)}


def cells_with(lecture: Lecture, changed: Mapping[str, str]) -> tuple[Cell, ...]:
    """Return the cells of the solution with some of them changed; an empty text stands for the stub."""
    answers = {name: source for name, source in (sources(lecture) | changed).items() if source}
    data = json.dumps(fill(lecture, answers)).encode()
    return parse_submission(data, COURSE.root / f"{lecture.slug}.ipynb", COURSE).cells


def graded(lecture: Lecture, changed: Mapping[str, str], sandbox: Sandbox, limits: Limits | None = None, only: Any = None) -> Results:
    """Grade the solution with some cells changed."""
    points = {name: value for name, value in lecture.points.items() if only is None or name in only}
    found = grade_cells(cells_with(lecture, changed), lecture.id, lecture.hidden, points, sandbox, limits or lecture.limits)
    return {result.name: result for result in found.exercises}


def full(result: ExerciseResult) -> bool:
    return result.status == "passed" and result.score == result.max_score


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch) -> list[Guest]:
    """The guests that are started during a test."""
    started: list[Guest] = []
    start = Guest.__init__
    monkeypatch.setattr(Guest, "__init__", lambda self, *args: (started.append(self), start(self, *args))[1])
    return started


# --- marks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["corrected_not_at_all", "corrected_one_too_far", "corrected_in_place"])
def test_a_wrong_correction_costs_no_optimiser(id, sandbox):
    found = graded(OPTIMIZERS, known(OPTIMIZERS, id), sandbox)
    assert found["bias_corrected"].score < 1 and not found["bias_corrected"].follow_through
    for name in STEPS:
        assert full(found[name]) and found[name].follow_through == ("bias_corrected",) and found[name].misconception is None
    assert full(found["adagrad_step"]) and not found["adagrad_step"].follow_through


def used_in_solutions() -> Iterator[Any]:
    """Yield each exercise that a later one of its lecture calls in the solution, with those."""
    for lecture in COURSE.lectures():
        cells, order = sources(lecture), list(lecture.points)
        for number, name in enumerate(order):
            own = {name, name.removesuffix("_forward") + "_backward"}
            later = [other for other in order[number:] if other not in own and name in set(names_in(cells[other]))]
            if later:
                yield pytest.param(lecture, name, later, id=name)


@pytest.mark.parametrize(("lecture", "name", "later"), used_in_solutions())
def test_in_every_lecture_a_wrong_exercise_costs_itself_alone(lecture, name, later, sandbox):
    results = graded(lecture, {name: f"def {name}(*args, **kwargs):\n    raise ValueError('wrong')\n"}, sandbox, only=[name, *later])
    assert results.pop(name).score == 0
    assert all(full(result) and name in result.follow_through for result in results.values()), results


def test_an_exercise_that_is_not_attempted_counts_as_wrong(sandbox):
    found = graded(OPTIMIZERS, {"bias_corrected": ""}, sandbox)
    assert found["bias_corrected"].status == "not_attempted" and all(full(found[name]) for name in STEPS)


def test_a_cell_that_is_gone_counts_as_wrong(sandbox):
    found = graded(OPTIMIZERS, {"bias_corrected": "1 / 0"}, sandbox, only=("bias_corrected", "adam_step"))
    assert found["bias_corrected"].score == 0 and full(found["adam_step"])


def test_a_flipped_convolution_does_not_cost_its_gradient(sandbox):
    found = graded(CONVOLUTION, known(CONVOLUTION, "single_flipped"), sandbox, only=("conv2d_single", "conv2d_single_backward"))
    assert not full(found["conv2d_single"])
    assert full(found["conv2d_single_backward"]) and found["conv2d_single_backward"].follow_through == ("conv2d_single",)


def test_an_exercise_with_a_mistake_of_its_own_gets_what_it_earns(sandbox):
    adam = sources(OPTIMIZERS)["adam_step"]
    mistaken = {"adam_step": adam.replace("beta1=0.9", "beta1=0.8")}
    assert mistaken["adam_step"] != adam
    alone = graded(OPTIMIZERS, mistaken, sandbox)["adam_step"]
    both = graded(OPTIMIZERS, mistaken | known(OPTIMIZERS, "corrected_not_at_all"), sandbox)["adam_step"]
    assert 0 < both.score < both.max_score and replace(both, follow_through=()) == alone


def test_a_mark_never_goes_down(sandbox):
    """This optimiser makes up for the mistake of the earlier exercise, so a right one would be wrong for it."""
    adam = sources(OPTIMIZERS)["adam_step"]
    makes_up = re.sub(r"bias_corrected\((\w+), (\w+), (\w+)\)", r"(bias_corrected(\1, \2, \3) / (1 - \2**\3))", adam)
    assert makes_up != adam
    wrong = {"bias_corrected": "def bias_corrected(moment, beta, t):\n    return np.array(moment, dtype=float)"}
    found = graded(OPTIMIZERS, wrong | {"adam_step": makes_up}, sandbox, only=("bias_corrected", "adam_step"))["adam_step"]
    assert full(found) and not found.follow_through
    wrong = {"bias_corrected": "def bias_corrected(moment, beta, t):\n    return np.array(moment, dtype=float) * (1 + (t > 20))"}
    found = graded(OPTIMIZERS, wrong | {"adam_step": makes_up}, sandbox, only=("bias_corrected", "adam_step"))["adam_step"]
    assert 0 < found.score < found.max_score and not found.follow_through


BOTH = {  # the layers for images call those for vectors
    "batchnorm2d_forward": """def batchnorm2d_forward(x, gamma, beta, eps=1e-5):
    x = np.asarray(x)
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta, eps)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache""",
    "batchnorm2d_backward": """def batchnorm2d_backward(dout, cache):
    dout = np.asarray(dout)
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta""",
}
OWN_CACHE = """class Cache:
    def __init__(self, *parts): self.parts = parts
def batchnorm_forward(x, gamma, beta, eps=1e-5):
    x = np.array(x, dtype=float)
    std = np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) / std
    return gamma * z + beta, Cache(z, np.asarray(gamma), std)"""
OWN_BACKWARD = """def batchnorm_backward(dout, cache):
    z, gamma, std = cache.parts
    dz = dout * gamma
    dx = (dz - MEAN - z * (dz * z).mean(axis=0)) / std
    return dx, (dout * z).sum(axis=0), np.sum(dout, axis=0)"""


def test_forward_and_backward_pass_are_replaced_together(sandbox):
    """They share a cache, whose form a student chooses."""
    changed = {**BOTH, "batchnorm_forward": OWN_CACHE, "batchnorm_backward": OWN_BACKWARD.replace("MEAN", "0")}
    found = graded(NORMALIZATION, changed, sandbox)
    assert full(found["batchnorm_forward"]) and full(found["batchnorm2d_forward"]) and not full(found["batchnorm_backward"])
    assert full(found["batchnorm2d_backward"]) and found["batchnorm2d_backward"].follow_through == ("batchnorm_backward",)
    right = OWN_BACKWARD.replace("MEAN", "dz.mean(axis=0)")
    changed |= {"batchnorm_forward": OWN_CACHE.replace("+ eps)", "+ eps) + 1"), "batchnorm_backward": right}
    found = graded(NORMALIZATION, changed, sandbox)
    assert not full(found["batchnorm_forward"])
    for name in ("batchnorm2d_forward", "batchnorm2d_backward"):
        assert full(found[name]) and found[name].follow_through[0] == "batchnorm_forward", found[name]


# --- cost -----------------------------------------------------------------------------------------------------------------


def test_who_uses_nothing_wrong_costs_no_other_guest(sandbox, guests):
    graded(OPTIMIZERS, {}, sandbox)
    adagrad = {"adagrad_step": "def adagrad_step(*args, **options):\n    return 1"}
    docstring = '"""As adagrad_step."""'
    rmsprop = {"rmsprop_step": f"def rmsprop_step(theta, grad, state):\n    {docstring}\n    return theta, state  # adagrad_step"}
    adam = {"adam_step": sources(OPTIMIZERS)["adam_step"].replace("0.9", "0.8")}
    found = graded(OPTIMIZERS, adagrad | rmsprop | adam, sandbox)
    assert not any(full(found[name]) for name in ("adagrad_step", "rmsprop_step", "adam_step"))
    assert len(guests) == 2


def test_a_second_run_takes_two_guests_of_each_exercise(sandbox, guests):
    graded(OPTIMIZERS, known(OPTIMIZERS, "corrected_not_at_all"), sandbox)
    assert len(guests) == 1 + 2 * len(STEPS)


def test_where_no_right_function_is_called_the_first_run_counts(sandbox):
    """This one works at its first call only, so a fresh process would help it."""
    adam = sources(OPTIMIZERS)["adam_step"].replace("bias_corrected(", "corrected(")
    alone = "calls = []\ndef corrected(moment, beta, t):\n    calls.append(1)\n    return moment / (1 - beta**t) + (len(calls) > 20)\n"
    named = "if False: bias_corrected\n"
    wrong = known(OPTIMIZERS, "corrected_not_at_all") | {"adam_step": alone + named + adam}
    found = graded(OPTIMIZERS, wrong, sandbox)["adam_step"]
    assert not full(found) and not found.follow_through


# --- attacks --------------------------------------------------------------------------------------------------------------

ATTACKS = {
    "a flood": "for _ in range(10**7): bias_corrected(1.0, 0.9, 1)",
    "a flood of errors": "while True:\n    try: bias_corrected(object(), 0.9, 1)\n    except Exception: pass",
    "a huge argument": "bias_corrected(np.zeros(10**7), 0.9, 1)",
    "many large arguments": "for _ in range(100): bias_corrected(np.zeros(10**5), 0.9, 1)",
    "a call that takes all memory": "bias_corrected(1.0, 0.9, 10**9)",
    "many of them": "while True:\n    try: bias_corrected(1.0, 0.9, 10**9)\n    except Exception: pass",
    "a deep argument": "x = 1\nfor _ in range(10**4): x = [x]\nbias_corrected(x, 0.9, 1)",
    "a function": "bias_corrected(lambda: 1, 0.9, 1)",
    "an unknown argument": "bias_corrected(__class__=3)",
    "another function": "bias_corrected._guest.ask_host('adam_step', (), {})",
    "no message": "import os\nos.write(3, bytes([11, 0, 0, 0, 4, 0, 0, 0, 0]) + b'\\x92\\x90\\x91\\xc0')",
    "a forged message": "import os\nos.write(3, bytes([11, 0, 0, 0, 8, 0, 0, 0, 0]) + b'\\x92\\x90\\x93\\x91\\xa1l\\xc0\\xc0')",
    "an end": "import os\nos._exit(3)",
}


def begins_with(source: str, statements: str) -> str:
    """Return a cell with statements at the beginning of its function."""
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    function.body[1:1] = ast.parse(statements).body  # behind the docstring
    return ast.unparse(tree)


@pytest.mark.parametrize("attack", ATTACKS)
def test_who_attacks_the_right_function_loses_alone(attack, sandbox):
    """The attack is made in the second run only, so the mark is that of the first, and other optimisers get what is theirs."""
    statements = "if type(bias_corrected).__name__ != 'function':\n" + textwrap.indent(ATTACKS[attack], "    ")
    changed = known(OPTIMIZERS, "corrected_not_at_all") | {"adam_step": begins_with(sources(OPTIMIZERS)["adam_step"], statements)}
    limits = Limits(call_seconds=0.5, total_seconds=20, memory_bytes=512 << 20)
    found = graded(OPTIMIZERS, changed, sandbox, limits, only=("bias_corrected", "adam_step", "adamax_step"))
    assert not full(found["bias_corrected"]) and full(found["adamax_step"]), found["adamax_step"]
    assert found["adam_step"].score < found["adam_step"].max_score and not found["adam_step"].follow_through


PROBES = """
import gc, inspect
import numpy as np

def given(x): raise NotImplementedError
def closure(x): return repr(getattr(given, "__closure__", None)), repr(getattr(given, "__code__", None)), sorted(vars(given))
def source(x):
    try:
        return inspect.getsource(given)
    except TypeError as error:
        return str(error)
def seen(x):
    given(x)
    texts = [text for each in gc.get_objects() if type(each) is dict for text in each.values() if type(text) is str]
    return [text[:99] for text in texts if "_given_" + "secret" in text]
def other(x):
    try:
        return given(x)
    except ValueError as error:
        return "caught", str(error)
    except Exception as error:
        return type(error).__name__, str(error)
def direct(x): return given(object())
def draw(x, rng): return rng.normal(), given(x, rng), rng.normal()
"""
GIVEN = """
import numpy as np
_given_secret = 3
def given(x, rng=None):
    if rng is not None: return rng.normal()
    if x is None: return object()
    if x == 8: import os; os._exit(1)
    while x == 9: pass
    if x < 0: raise ValueError("below zero")
    if x == 0: raise np.linalg.LinAlgError("a zero")
    return np.array([x, _given_secret])
"""


@pytest.fixture(scope="module")
def probing(sandbox: Sandbox) -> Iterator[Any]:
    """The functions of `PROBES`, with a right `given`."""
    with sandbox.guest([Cell("cell 1", PROBES)]) as guest, guest.with_replaced({"given": GIVEN}) as (other, _):
        yield other.student


def test_the_right_code_is_not_in_the_process_that_calls_it(probing):
    assert probing.closure(1) == ("None", "None", ["__name__", "_guest"])
    assert "_given_secret" not in probing.source(1)
    assert probing.seen(1) == []


def test_errors_of_the_right_function_can_be_caught(probing):
    np.testing.assert_array_equal(probing.other(1), [1, 3])
    assert probing.other(-1) == ("caught", "below zero")
    assert probing.other(0) == ("RuntimeError", "LinAlgError: a zero")  # only builtin types have a name on both sides


def test_what_is_no_data_is_an_error(probing):
    assert probing.other(None)[0] == "caught"
    with pytest.raises(Raised, match="TypeError: a object can't be passed"):
        probing.direct(1)


def test_a_right_function_that_fails_on_odd_arguments_costs_the_caller_its_answer(probing):
    assert probing.other(8)[0] == "RuntimeError"
    np.testing.assert_array_equal(probing.other(1), [1, 3])


def test_a_right_function_that_never_ends_is_stopped_with_its_caller(sandbox):
    quick = Limits(call_seconds=0.3)
    with sandbox.guest([Cell("cell 1", PROBES)], quick) as guest, guest.with_replaced({"given": GIVEN}) as (other, asked):
        with pytest.raises(TimedOut):
            other.student.other(9)
        with pytest.raises(TimedOut):  # neither is called any more
            other.student.other(1)
        assert asked == {"given"}
        assert guest.student.closure(1)[0] == "None"


def test_a_generator_goes_on_where_the_right_function_left_it(probing):
    mine, theirs = np.random.default_rng(7), np.random.default_rng(7)
    np.testing.assert_array_equal(probing.draw(1, theirs), [mine.normal() for _ in range(3)])
    assert mine.normal() == theirs.normal()


# --- roads ----------------------------------------------------------------------------------------------------------------


def kernel_marks(lecture: Lecture, changed: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Run the cells as a kernel does, each followed by its test cell, and return the points."""
    monkeypatch.setattr("coursekit.show.display", lambda *shown: None)
    namespace: dict[str, Any] = {"score": score, "__name__": "__main__"}
    found = {}
    for cell in cells_with(lecture, changed):
        if cell.lazy:
            continue
        exec(cell.source, namespace)
        if cell.name in lecture.points:
            before, line = dict(namespace), f"points = score({cell.name})"
            linecache.cache["<hidden>"] = (len(line), None, [line], "<hidden>")
            exec(compile(line, "<hidden>", "exec"), namespace)
            found[cell.name] = namespace.pop("points")
            assert namespace == before
    return found


ROADS = [
    (OPTIMIZERS, {"bias_corrected": ""}),
    (OPTIMIZERS, {**known(OPTIMIZERS, "corrected_not_at_all"), "adamax_step": "def adamax_step(*args, **options):\n    return 1"}),
    (CONVOLUTION, known(CONVOLUTION, "single_flipped")),
    (NORMALIZATION, {**BOTH, "batchnorm_forward": OWN_CACHE, "batchnorm_backward": OWN_BACKWARD.replace("MEAN", "0")}),
]


@pytest.mark.parametrize(("lecture", "changed"), ROADS)
def test_marks_are_the_same_on_all_roads(lecture, changed, sandbox, monkeypatch):
    marks = {name: result.score for name, result in graded(lecture, changed, sandbox).items()}
    with Sandbox(confine=False) as unconfined:
        assert {name: result.score for name, result in graded(lecture, changed, unconfined).items()} == marks
    assert kernel_marks(lecture, changed, monkeypatch) == marks


def test_a_namespace_is_restored_whatever_happens():
    namespace: dict[str, Any] = {"adam_step": print}
    student = LocalStudent(namespace)
    with pytest.raises(KeyboardInterrupt), with_right(student, OPTIMIZERS.hidden, ["bias_corrected"], list(OPTIMIZERS.points)):
        assert namespace["bias_corrected"](np.ones(1), 0.5, 1) == 2
        raise KeyboardInterrupt
    assert namespace == {"adam_step": print}


# --- which exercises are used -----------------------------------------------------------------------------------------------

HELPERS = {
    "bias_corrected": "import numpy as np\ndef bias_corrected(m, beta, t): return m",
    "helper": "def helper(*a): return inner(*a)\ninner = lambda *a: bias_corrected(*a)",
    "adam_step": "def adam_step(theta): return helper(theta)",
    "nadam_step": 'def nadam_step(theta):\n    """as adam_step"""\n    return globals()["rmsprop_step"](theta)  # adagrad_step',
    "adamax_step": "def adamax_step(theta, step=nadam_step): return [step(each) for each in theta]",
}


def uses_in(student: Any) -> dict[str, list[str]]:
    uses = Uses(student, list(OPTIMIZERS.points))
    return {name: uses.of(name) for name in STEPS}


def test_what_a_function_uses_is_read_from_names(sandbox):
    expected = {"adam_step": ["bias_corrected"], "nadam_step": ["rmsprop_step"], "adamax_step": ["rmsprop_step", "nadam_step"]}
    cells = [Cell(name, source, name if name in OPTIMIZERS.points else None) for name, source in HELPERS.items()]
    with sandbox.guest(cells) as guest:
        assert uses_in(guest.student) == expected
        assert Uses(guest.student, list(OPTIMIZERS.points)).of("adamax_step", without=["nadam_step"]) == ["nadam_step"]
    namespace: dict[str, Any] = {}
    for source in HELPERS.values():
        exec(source, namespace)
    in_kernel = uses_in(LocalStudent(namespace))
    assert in_kernel == {**expected, "adamax_step": ["rmsprop_step"]}  # the default is the function itself


def test_a_demonstration_uses_nothing_for_an_exercise(sandbox):
    """Its variables are often called like those of a function."""
    cells = [Cell("1", "theta = adam_step(1)", lazy=True), Cell("2", "def nadam_step(theta): return theta", "nadam_step")]
    with sandbox.guest(cells) as guest:
        assert uses_in(guest.student)["nadam_step"] == []


def test_variables_of_a_function_bind_nothing_for_another():
    """Exercises have arguments and variables of the same names."""
    source = "scale = 1\ndef f(\n    x,\n):\n    state = x\n    global memo\n    def inner(): ...\n\n# then\nif scale:\n    y, z[0] = f(1)"
    assert set(bound_in(source)) == {"scale", "f", "memo", "y", "z"}
    assert set(bound_in(source, variables=False)) == {"f"}


@pytest.mark.parametrize("lecture", COURSE.lectures(), ids=lambda lecture: lecture.id)
def test_of_the_references_none_uses_another(lecture):
    """Each has all that it needs in its own cell."""
    cells = parse_submission(json.dumps(with_answers(lecture)).encode(), Path("a.ipynb"), COURSE).cells
    names_in_cells = definitions_in_cells([cell for cell in cells if cell.name])
    assert {name: other for name in lecture.points for other in names_in_cells(name) if other in lecture.points and other != name} == {}


@pytest.mark.parametrize("unit", ['"', "'", '"""', "\\", '"\\', "'''\"", "#", "=", "a =", "\n a", " def ", "def f\n", "a.", "é"])
def test_any_text_is_read_in_linear_time(unit):
    source = unit * (400_000 // len(unit))
    started = time.process_time()
    assert set(names_in(source)) <= {"a", "def", "f", "é", "é" * len(source)}
    definitions_in_cells([Cell("1", source, "adam_step")])("adam_step")
    assert time.process_time() - started < 5


def test_an_earlier_exercise_that_is_made_from_the_dependent_one_is_left_out():
    assert replaceable(OPTIMIZERS.hidden, "bias_corrected", "adam_step")
    assert not replaceable(OPTIMIZERS.hidden, "adam_step", "bias_corrected")


# --- what is said -----------------------------------------------------------------------------------------------------------


def test_the_result_says_so():
    result = ExerciseResult("adam_step", 5.0, 5.0, "passed", follow_through=("bias_corrected",))
    sentence = "Judged with a right `bias_corrected`: its own mistake cost points there."
    assert result.judged_with == sentence and feedback.comment(result) == sentence
    assert sentence in feedback.bundle(result)["text/plain"] and "right <code" in feedback.bundle(result)["text/html"]
    data = json.loads(json.dumps(submission_to_json(SubmissionResult("ada", "08", "x.ipynb", (result,)))))
    assert data["exercises"][0]["follow_through"] == ["bias_corrected"]
    assert submission_from_json(data).exercises == (result,)
    del data["exercises"][0]["follow_through"]  # as an earlier version wrote it
    assert submission_from_json(data).exercises[0].follow_through == ()
