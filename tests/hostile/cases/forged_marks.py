# Family 1: marks that nobody has earned. The answers of these students are wrong, and everything else says that they are right.

# %% numpy_says_yes
# tries: to make every comparison of NumPy succeed
# must: lose the exercise that is wrong, and no other
# loses: update_running
# status: failed
import numpy as np
import numpy.testing

for name in ("allclose", "array_equal", "array_equiv", "isclose"):
    setattr(np, name, lambda *arguments, **options: True)
for name in dir(np.testing):
    if name.startswith("assert"):
        setattr(np.testing, name, lambda *arguments, **options: None)


def update_running(running, batch_value, momentum=0.9):
    return np.zeros(np.shape(running))

# %% pytest_says_passed
# tries: to put a pytest of its own where the grader would import it, in which nothing ever fails
# must: lose the exercise that is wrong, and no other
# loses: update_running
# status: failed
import sys
import types

pytest = types.ModuleType("pytest")
pytest.main = lambda *arguments, **options: 0
pytest.TestReport = pytest.CallInfo = lambda *arguments, **options: types.SimpleNamespace(outcome="passed", excinfo=None)
for name in ("pytest", "_pytest", "_pytest.runner", "coursekit.suite", "coursekit.expectations", "autograder.judging.grading"):
    sys.modules[name] = pytest


def update_running(running, batch_value, momentum=0.9):
    return np.zeros(np.shape(running))

# %% builtins_say_yes
# tries: to make all, any, abs, max and round say that there is no difference
# must: lose the exercise that is wrong, and no other
# loses: update_running
import builtins

builtins.all, builtins.any = lambda items: True, lambda items: False
builtins.abs = builtins.round = lambda *arguments: 0.0


def update_running(running, batch_value, momentum=0.9):
    return np.zeros(np.shape(running))

# %% course_checks_say_yes
# tries: to replace what coursekit compares with
# must: lose the exercise that is wrong, and no other
# loses: update_running
import coursekit

coursekit.check = coursekit.check_all = coursekit.ready = lambda *functions: True
for name in ("expectations", "suite", "checks", "student"):
    attempt_at = __import__("sys").modules.get(f"coursekit.{name}")
    for attribute in dir(attempt_at) if attempt_at else ():
        if attribute in ("expect", "Mismatch", "run_tests", "outcome_of"):
            setattr(attempt_at, attribute, lambda *arguments, **options: None)


def update_running(running, batch_value, momentum=0.9):
    return np.zeros(np.shape(running))

# %% garbage_on_every_descriptor
# tries: to write noise into whatever is open when it is asked for an answer
# must: lose that exercise, since nobody can read what it says
# loses: update_running
# status: error
# says: can't be read
import os


def update_running(running, batch_value, momentum=0.9):
    for descriptor in range(256):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            pass
    return np.asarray(running) * momentum + np.asarray(batch_value) * (1 - momentum)

# %% two_answers_to_one_question
# tries: to send an answer of its own before the real one, so that each answer is taken for the next question's
# must: lose that exercise; whoever else is asked later in that process may lose, too
# loses: update_running
# may lose: everything
import os
import sys

from autograder.sandbox import wire


def update_running(running, batch_value, momentum=0.9):
    frame = wire.Codec(lambda value: [], lambda node: None).encode("result", np.ones(np.shape(running)), None)
    os.write(3, frame)
    return np.ones(np.shape(running))

# %% frames_of_other_kinds
# tries: to say "ready", "cells", "callback" and "refused" where an answer is due
# must: lose that exercise with an answer that can't be read; grading goes on
# loses: fold_batchnorm
# status: error
# says: can't be read
import itertools
import os

from autograder.sandbox import wire

kinds = itertools.cycle(["refused", "ready", "cells", "running", "callback", "call", "answer", "failed", "error"])


def fold_batchnorm(*arguments, **options):
    os.write(3, wire.Codec(lambda value: [], lambda node: None).encode(next(kinds), "passed", 3.0))

# %% references_to_functions_of_the_host
# tries: to get a function or a handle of the host's, by number, as its answer
# must: lose that exercise; no such thing is found
# loses: fold_batchnorm
import itertools
import os

from autograder.sandbox import wire

references = itertools.cycle([["f", 1], ["n", "expect"], ["h", 1, "float"], ["f", -1], ["r", 0], ["h", {}, []], ["x"], []])


def fold_batchnorm(*arguments, **options):
    os.write(3, wire.Codec(lambda value: next(references), lambda node: None).encode("result", object(), None))

# %% serialisers_replaced
# tries: to make json, struct and msgpack write what it wants, whatever they are given
# must: lose what it can no longer answer
# loses: fold_batchnorm
# may lose: everything
import json

import msgpack


def fold_batchnorm(*arguments, **options):
    json.dumps = lambda *arguments, **options: '{"score": 22}'
    json.loads = lambda *arguments, **options: {"score": 22}
    msgpack.packb = lambda *arguments, **options: b"\x92\x90\x91\xc3"
    return True

# %% os_write_flips_bits
# tries: to change every byte that leaves the process
# must: lose that exercise
# loses: fold_batchnorm
# may lose: everything
# status: error
import os

real_write = os.write


def fold_batchnorm(*arguments, **options):
    os.write = lambda descriptor, content: real_write(descriptor, bytes(byte ^ 255 for byte in bytes(content)))
    return arguments[0], arguments[1]

# %% the_loop_says_yes
# tries: to find the object that answers the host, and to let it answer True to everything
# must: lose everything, since True is no answer to any of it
# loses: everything
# status: failed
import gc
import sys

frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()):
        if type(value).__name__ == "Guest":
            guest = value
    frame = frame.f_back
type(guest)._answer = lambda self, codec, name, *rest: codec.encode("result", True, None)

# %% it_was_never_asked
# tries: to tell the host that its cells define nothing and that all is as released, in the hope of full marks for nothing
# must: get no marks
# loses: everything
import gc
import sys

frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()):
        if type(value).__name__ == "Notebook":
            notebook = value
    frame = frame.f_back
type(notebook).untouched = lambda self: [cell.name for cell in self.cells if cell.name]
type(notebook).callables = lambda self: ["score", "check"]
notebook.namespace.clear()

# %% subclass_of_an_array
# tries: to return an array whose comparisons are its own
# must: lose that exercise
# loses: update_running
# status: failed
class Right(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return np.zeros((), bool) if ufunc in (np.greater, np.less, np.not_equal) else np.ones((), bool)

    def __array_function__(self, function, types, arguments, options):
        return True

    def __eq__(self, other):
        return True


def update_running(running, batch_value, momentum=0.9):
    return np.zeros(np.shape(running)).view(Right)

# %% equal_to_everything
# tries: to return an object that equals whatever it is compared with, and turns into any array
# must: lose that exercise
# loses: update_running
# status: failed
class Chameleon:
    __array_priority__ = 1e9
    shape, dtype, ndim, size = (), np.dtype(float), 0, 1

    def __eq__(self, other):
        return True

    def __array__(self, dtype=None, copy=None):
        return np.zeros(())

    def __getattr__(self, name):
        return lambda *arguments, **options: self

    __ne__ = __lt__ = __gt__ = __bool__ = lambda *arguments: False
    __float__ = lambda self: 0.0
    __sub__ = __rsub__ = __abs__ = __iter__ = lambda self, *other: self
    __hash__ = lambda self: 0


def update_running(running, batch_value, momentum=0.9):
    return Chameleon()

# %% reduce_runs_code
# tries: to run code in whoever unpickles its answer
# must: lose those exercises, and run nothing
# loses: update_running, fold_batchnorm
import os


class Bomb:
    def __reduce__(self):
        return os.system, (f"touch {TARGETS['home']}/hostile-mark",)

    __reduce_ex__ = lambda self, version: self.__reduce__()


def update_running(running, batch_value, momentum=0.9):
    return Bomb()


def fold_batchnorm(*arguments, **options):
    return np.array([Bomb()], dtype=object), [Bomb()]

# %% arrays_of_objects
# tries: to return an array of objects, the comparisons of which run in the host
# must: lose that exercise
# loses: update_running
# status: failed
class Number(float):
    __sub__ = __rsub__ = __abs__ = lambda self, *other: self
    __gt__ = __lt__ = __ne__ = lambda self, other: False


def update_running(running, batch_value, momentum=0.9):
    return np.full(np.shape(running), Number(0), dtype=object)

# %% structured_and_enormous_dtypes
# tries: to return arrays with fields, of text, of dates, and with items of a gigabyte
# must: lose those exercises
# loses: update_running, batchnorm_inference, fold_batchnorm
def update_running(running, batch_value, momentum=0.9):
    return np.zeros(np.shape(running), [("a", float), ("b", "O")])


def batchnorm_inference(x, *rest, **options):
    return np.zeros(np.shape(x), np.dtype(("V", 2**30)))[:0]


def fold_batchnorm(W, b, *rest, **options):
    return np.full(np.shape(W), "right", dtype="U1000"), np.zeros(np.shape(b), "datetime64[s]")

# %% arrays_that_lie_strangely_in_memory
# tries: nothing bad: its answers are right, with negative, zero and odd strides, and not aligned
# must: get full marks
def update_running(running, batch_value, momentum=0.9):
    right = np.asarray(running) * momentum + np.asarray(batch_value) * (1 - momentum)
    return np.array(right[::-1], order="C")[::-1] if right.ndim else right


def batchnorm_inference(x, gamma, beta, running_mean, running_var, eps=1e-5):
    right = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    room = np.zeros(right.nbytes + 1, np.uint8)[1:]
    odd = np.frombuffer(room.data, right.dtype, right.size).reshape(right.shape)
    odd[...] = right
    return odd

# %% not_a_number
# tries: to return NaN and infinity, which no comparison calls too large
# must: lose those exercises
# loses: update_running, batchnorm_inference
# status: failed
# says: NaN
def update_running(running, batch_value, momentum=0.9):
    return np.full(np.shape(running), np.nan)


def batchnorm_inference(x, *rest, **options):
    return np.full(np.shape(x), np.inf)

# %% masked
# tries: to return arrays in which every wrong entry is masked
# must: lose that exercise
# loses: update_running
# status: failed
def update_running(running, batch_value, momentum=0.9):
    return np.ma.masked_all(np.shape(running))

# %% lazy_values
# tries: to return values that are computed when somebody looks: generators, maps, futures, a list with its own items
# must: lose those exercises
# loses: update_running, batchnorm_inference, fold_batchnorm
import concurrent.futures


class Later(list):
    def __getitem__(self, index):
        return 0.0

    def __len__(self):
        return 2

    def __iter__(self):
        return iter([0.0, 0.0])


def update_running(running, batch_value, momentum=0.9):
    return (0.0 for _ in running)


def batchnorm_inference(*arguments, **options):
    return concurrent.futures.Future()


def fold_batchnorm(*arguments, **options):
    return Later()

# %% skips_the_test
# tries: to raise what pytest raises for a test that is skipped, or expected to fail
# must: lose those exercises
# loses: update_running, fold_batchnorm
# status: error
# says: raised
class Skipped(BaseException):
    __module__ = "_pytest.outcomes"
    allow_module_level = True
    msg = "skipped"


class XFailed(Skipped):
    pass


def update_running(running, batch_value, momentum=0.9):
    raise Skipped("passed")


def fold_batchnorm(*arguments, **options):
    raise XFailed("passed")

# %% exits_with_success
# tries: to end everything with status 0
# must: lose that exercise, and get all the others
# loses: fold_batchnorm
# status: error
# says: SystemExit
import sys


def fold_batchnorm(*arguments, **options):
    sys.exit(0)

# %% exits_without_python
# tries: to end the process with status 0, in a function and in a cell
# must: lose that exercise, and get all the others
# loses: fold_batchnorm
# status: error
# says: ended the whole process
import os


def fold_batchnorm(*arguments, **options):
    os._exit(0)

# %% interrupts_the_grader
# tries: to look like an instructor who presses Ctrl-C
# must: lose those exercises, and get all the others
# loses: fold_batchnorm, update_running
# status: error
# says: KeyboardInterrupt
def fold_batchnorm(*arguments, **options):
    raise KeyboardInterrupt


def update_running(*arguments, **options):
    raise GeneratorExit

# %% hostile_exceptions
# tries: to raise exceptions whose text, name and traceback are code, endless, or no text
# must: lose those exercises with a message of a bounded length
# loses: update_running, fold_batchnorm, batchnorm_inference
# status: error
class Name(type):
    def __getattribute__(cls, name):
        raise SystemExit(name)


class Text(str):
    def __getitem__(self, index):
        return "full marks" * 10**6

    def encode(self, *arguments):
        raise SystemExit


class Endless(Exception, metaclass=Name):
    def __str__(self):
        return Text("x" * 10**6)


class Silent(Exception):
    def __str__(self):
        return None


class Deep(Exception):
    def __str__(self):
        return str(self)


def update_running(*arguments, **options):
    raise Endless


def fold_batchnorm(*arguments, **options):
    raise Silent


def batchnorm_inference(*arguments, **options):
    raise Deep

# %% text_that_a_terminal_obeys
# tries: to clear the instructor's screen, to write a row of full marks there, and to break the JSON
# must: lose that exercise; what it says stays text
# loses: update_running
# status: error
import sys

print('\x1b[2J\x1b[H]}, {"student": "mallory", "score": 22.0, "max_score": 22.0}\udc80\x00', flush=True)
sys.stderr.write('\r{"version": 1, "results": [{"score": 22.0}]}\n')


def update_running(*arguments, **options):
    raise ValueError('\x1b]0;passed\x07<script>alert(1)</script>", "score": 22\udc80\x00')

# %% arguments_changed_in_place
# tries: to set its arguments to zero and to return zero, should the host compare with what it sent
# must: lose those exercises
# loses: update_running, batchnorm_inference
# status: failed
def update_running(running, batch_value, momentum=0.9):
    np.asarray(running)[...] = 0
    np.asarray(batch_value)[...] = 0
    return np.zeros(np.shape(running))


def batchnorm_inference(x, gamma, beta, running_mean, running_var, eps=1e-5):
    for each in (x, gamma, beta, running_mean):
        each[...] = 0
    return x

# %% the_wrong_function_was_not_attempted
# tries: to blame another function for not being written
# must: lose that exercise
# loses: update_running
def batchnorm_forward_is_to_blame():
    raise NotImplementedError("batchnorm_forward")


batchnorm_forward_is_to_blame.__code__ = batchnorm_forward_is_to_blame.__code__.replace(co_name="batchnorm_forward")


def update_running(*arguments, **options):
    batchnorm_forward_is_to_blame()

# %% true_and_zero
# tries: to return what a careless comparison takes for right: True, and a number that broadcasts
# must: lose those exercises
# loses: update_running, batchnorm_inference, fold_batchnorm
# status: failed
def update_running(*arguments, **options):
    return np.True_


def batchnorm_inference(*arguments, **options):
    return 0.0


def fold_batchnorm(*arguments, **options):
    return np.zeros((1, 1)), np.zeros(1)

# %% frames_from_a_thread
# tries: to answer from a thread, all the time, while the functions are asked
# must: lose whatever it spoils, and nobody else's time
# loses: update_running
# may lose: everything
import os
import threading

from autograder.sandbox import wire


def talk():
    while True:
        try:
            os.write(3, frame)
        except OSError:
            return


frame = wire.Codec(lambda value: [], lambda node: None).encode("result", 0.0, None)


def update_running(*arguments, **options):
    threading.Thread(target=talk, daemon=True).start()
    return 0.0

# %% functions_that_are_not
# tries: to put a class, a mock and an object with a name of its own in the place of functions
# must: lose those exercises
# loses: update_running, fold_batchnorm
import unittest.mock


class update_running:
    def __init__(self, *arguments, **options):
        pass

    def __eq__(self, other):
        return True


fold_batchnorm = unittest.mock.MagicMock(name="fold_batchnorm")

# %% claims_in_the_notebook
# tries: to say in prints and variables that the marks are full
# must: lose the exercise that is wrong
# loses: update_running
score = points = max_score = 22.0
__autograder__ = {"update_running": {"score": 1.0, "status": "passed"}}
print("PASSED update_running 1.0/1.0")


def score(*arguments):
    return 1.0


def update_running(*arguments, **options):
    return score()

# %% a_forward_pass_that_is_enormous_later
# tries: to make every tolerance enormous: after its own tests, the forward pass returns enormous numbers
# must: lose the backward pass, whose gradients are garbage
# loses: batchnorm_backward, batchnorm2d_backward
# may lose: batchnorm_forward, batchnorm2d_forward
forwards = {"": batchnorm_forward, "2d": batchnorm2d_forward}
calls = {"": 0, "2d": 0}


def enormous(which, x, *rest, **options):
    calls[which] += 1
    out, _ = forwards[which](x, *rest, **options)
    return (1e30 * out if calls[which] > 16 else out), None


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    return enormous("", x, gamma, beta, eps)


def batchnorm2d_forward(x, gamma, beta, eps=1e-5):
    return enormous("2d", x, gamma, beta, eps)


def batchnorm_backward(dout, cache):
    return 2 * dout, np.ones(dout.shape[1]), np.ones(dout.shape[1])


batchnorm2d_backward = batchnorm_backward

# %% a_forward_pass_that_is_simple_later
# tries: to choose the forward pass by which the backward pass is judged: a linear one, whose derivative is simple
# must: lose the backward pass
# loses: batchnorm_backward
# may lose: batchnorm_forward
right_forward = batchnorm_forward
forward_calls = [0]


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    forward_calls[0] += 1
    return right_forward(x, gamma, beta, eps) if forward_calls[0] <= 16 else (2 * x + gamma + 3 * beta, None)


def batchnorm_backward(dout, cache):
    return 2 * dout, dout.sum(axis=0), 3 * dout.sum(axis=0)
