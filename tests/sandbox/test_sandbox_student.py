"""What a test sees of a guest: answers, arguments, errors, and processes that come back."""

from __future__ import annotations

import gc
import os
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from autograder.limits import Limits
from autograder.sandbox.channel import Channel
from autograder.sandbox.host import Cell, Guest, Printed, Sandbox
from autograder.sandbox.reasons import reported_error
from autograder.sandbox.wire import Handle, WireError
from coursekit.expectations import expect_error
from coursekit.student import Died, Missing, NotAttempted, Raised, StudentError, TimedOut, Unreadable, layout, with_layout

Run = Callable[..., Guest]
QUICK = Limits(call_seconds=0.4, cell_seconds=0.5)

ANSWERS = """
import numpy as np
from collections import namedtuple

Point = namedtuple("Point", "x y")

def forward(x, kind):
    x = np.array(x)
    cache = {"dict": {"x": x}, "object": object(), "closure": lambda: x, "named": Point(x, 1), "pair": (x, Point(1, 2))}[kind]
    return x * 2, cache

def use(cache):
    return repr(type(cache)), [type(item).__name__ for item in cache] if isinstance(cache, tuple) else 0

def call(cache): return cache()
def spoil(x, items):
    x *= 0
    items.append(1)
    return None
def spoil_and_fail(x, items, more=1):
    x *= 0
    items.append(more)
    raise ValueError("spoilt")
def spoil_and_grow(x, items): spoil_and_fail(x, items, np.zeros(20_000_000))
def same(a, b): return a is b
def draw(rng, n=3): return rng.normal(size=n)
def draw_and_fail(rng): rng.normal(); raise ValueError("after a draw")
def apply(f, *args, **kwargs): return f(*args, **kwargs)
def apply_with_net(f, x):
    try:
        return f(x)
    except ValueError as error:
        return "caught " + str(error)
def apply_with_draw(f, rng):
    return rng.normal(), f(rng), rng.normal()
def describe(x): return x.flags.c_contiguous, x.flags.f_contiguous, x.dtype.str
def one(): return 1
"""

ERRORS = """
import sys
class Rude(Exception):
    def __str__(self): raise RuntimeError("no")
def helper(x):
    return 1 / x
def stub(x):
    raise NotImplementedError
def calls_stub(x): return stub(x)
def divides(x):
    y = x
    return helper(y)
def leaves(): sys.exit(3)
def rude(): raise Rude
class KernelTooLarge(ValueError): pass
class Names(type):
    __mro__, __bases__, __name__ = (), (), "KeyError"
class Hidden(KernelTooLarge, ZeroDivisionError, metaclass=Names): pass
def too_large(): raise KernelTooLarge("5 on 3")
def hidden(): raise Hidden("5 on 3")
def long(): raise ValueError("x" * 10_000)
def recurses(): return recurses()
def eats(): return bytearray(10 << 30)
def interrupts(): raise KeyboardInterrupt
def inside(): import numpy as np; return np.linalg.inv(np.zeros((2, 2)))
def text(): return "\\ud800"
def deep():
    x = []
    for _ in range(100): x = [x]
    return x
def large(): import numpy as np; return np.zeros(20_000_000)
def warns(): import warnings; warnings.warn("careful"); return 1
not_callable = 3
"""

ENDS = """
import os, ctypes, signal
def loop():
    while True: pass
def sleep(): import time; time.sleep(60)
def leave(): os._exit(7)
def crash(): ctypes.string_at(0)
def abort(): os.abort()
def eat():
    kept = []
    while True: kept.append(bytearray(1 << 26))
def nonsense(): os.write(3, b"\\xff" * 100); return 1
def promise(): os.write(3, b"\\x05\\x00\\x00\\x10\\x00\\x00\\x00\\x00\\x00"); return 1
def hang_up(): os.close(3); return 1
def fine(x): return x + 1
def me(): return os.getpid()
"""


@pytest.fixture
def answers(run: Run) -> Any:
    return run(ANSWERS).student


@pytest.fixture
def errors(run: Run) -> Any:
    return run(ERRORS).student


def test_answers_and_arguments(answers: Any) -> None:
    x, items = np.ones(3), [0]
    call = answers.spoil.call(x, items)
    assert call.answer is None
    assert np.array_equal(call.arguments[0], np.zeros(3)) and call.arguments[1] == [0, 1]
    assert np.array_equal(x, np.ones(3)) and items == [0]  # what the student changes is a copy


def test_arguments_after_an_exception(answers: Any) -> None:
    x, items = np.ones(3), [0]
    with pytest.raises(Raised) as caught:
        answers.spoil_and_fail.call(x, items)
    after = caught.value.arguments
    assert np.array_equal(after[0], np.zeros(3)) and after[1] == [0, 1]
    assert np.array_equal(x, np.ones(3)) and items == [0]
    with pytest.raises(Raised) as caught:
        answers.spoil_and_fail(x, items)
    assert caught.value.arguments == ()  # they were not asked for


def test_arguments_that_are_too_large_after_an_exception(answers: Any) -> None:
    with pytest.raises(Raised, match="ValueError: spoilt") as caught:
        answers.spoil_and_grow.call(np.ones(3), [0])
    assert caught.value.arguments == ()


@pytest.mark.parametrize("arguments", [None, 3, [1], "x"])
def test_malformed_arguments_are_refused(arguments: Any) -> None:
    with pytest.raises(WireError, match="malformed arguments"):
        reported_error("raised", "f", "Rude", "no", None, (), arguments)


@pytest.mark.parametrize("kind", ["C", "F", "strided"])
def test_layout_arrives(answers: Any, kind: str) -> None:
    x = with_layout(np.ones((3, 4), np.float32), kind)
    assert answers.describe(x) == (kind == "C", kind == "F", "<f4")
    assert layout(answers.forward(x, "dict")[1]["x"]) == ("F" if kind == "F" else "C")


def test_keyword_arguments(answers: Any) -> None:
    assert answers.draw(np.random.default_rng(0), n=4).shape == (4,)


@pytest.mark.parametrize(("kind", "seen"), [("object", "object"), ("closure", "function"), ("named", "Point")])
def test_handles_come_back_as_what_they_are(answers: Any, kind: str, seen: str) -> None:
    out, cache = answers.forward([1.0, 2.0], kind)
    assert np.array_equal(out, [2.0, 4.0])
    assert type(cache) is Handle and cache.type_name == seen and seen in repr(cache)
    assert seen in answers.use(cache)[0]
    assert answers.same(cache, cache)


def test_handles_within_data(answers: Any) -> None:
    _, cache = answers.forward([1.0], "pair")
    assert type(cache) is tuple and type(cache[1]) is Handle
    assert answers.use(cache)[1] == ["ndarray", "Point"]
    assert type(answers.forward([1.0], "dict")[1]["x"]) is np.ndarray


def test_handles_are_let_go(run: Run) -> None:
    guest = run("""
        import gc, weakref
        class Thing: pass
        alive = weakref.WeakSet()
        def make(): thing = Thing(); alive.add(thing); return thing
        def count(): gc.collect(); return len(alive)
    """)
    things = [guest.student.make() for _ in range(5)]
    assert guest.student.count() == 5
    del things
    gc.collect()
    assert guest.student.count() == 0


def test_generators_draw_on(answers: Any) -> None:
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    assert np.array_equal(answers.draw(rng), twin.normal(size=3))
    assert np.array_equal(answers.draw(rng), twin.normal(size=3))
    with pytest.raises(Raised):
        answers.draw_and_fail(rng)
    twin.normal()
    call = answers.draw.call(rng)
    assert np.array_equal(call.answer, twin.normal(size=3)) and call.arguments[0] is rng
    assert rng.normal() == twin.normal()


def test_generators_in_callbacks(answers: Any) -> None:
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    assert answers.apply_with_draw(lambda rng: float(rng.normal()), rng) == (twin.normal(), twin.normal(), twin.normal())


def test_callbacks(answers: Any) -> None:
    seen = []
    assert answers.apply(lambda x, k=0: seen.append(x) or x * k, 3, k=2) == 6 and seen == [3]
    assert np.array_equal(answers.apply(np.tanh, np.ones(2)), np.tanh(np.ones(2)))
    assert answers.apply.call(len, "abc").arguments[0] is len
    assert answers.apply(answers.one) == 1  # the student's own function never leaves the guest
    assert answers.apply(lambda: answers.apply(lambda: 5)) == 5


def test_callbacks_that_fail(answers: Any) -> None:
    def fails(error: Exception) -> Callable[..., Any]:
        def function(*args: Any) -> Any:
            raise error

        return function

    assert answers.apply_with_net(fails(ValueError("no")), 1) == "caught no"
    for error, name in (
        (KeyError("k"), "KeyError"),
        (np.linalg.LinAlgError("singular"), "RuntimeError"),
        (UnicodeError("u"), "UnicodeError"),
    ):
        with pytest.raises(Raised) as raised:
            answers.apply(fails(error))
        assert raised.value.type_name == name
    with pytest.raises(Raised, match="TypeError"):  # an answer that can't be sent is the test's mistake, but not the end
        answers.apply(lambda: 1, 2)


def test_callbacks_without_end(run: Run) -> None:
    guest = run("def f(g):\n    while True:\n        g()", limits=replace(QUICK, callbacks=50))
    with pytest.raises(Unreadable, match=r"more than 50 times \(the limit callbacks\)"):
        guest.student.f(lambda: None)


def test_what_callbacks_are_given_counts_as_answers(run: Run) -> None:
    source = "import numpy as np\ndef f(g):\n    for _ in range(40):\n        g(np.zeros(1 << 17))"
    guest = run(source, limits=replace(QUICK, all_answers_bytes=4 << 20))
    with pytest.raises(Unreadable, match=r"larger than 4 MiB altogether \(the limit all_answers_bytes\)"):
        guest.student.f(lambda x: None)
    with pytest.raises(Unreadable):  # of all its calls together
        guest.student.f(lambda x: None)


def test_a_function_that_was_passed_is_forgotten_after_the_call(run: Run) -> None:
    class Noting:
        def __call__(self, x: float) -> float:
            return x

    guest = run("kept = []\ndef f(g):\n    kept.append(g)\n    return g(1.0)\ndef again(g):\n    return kept[0](2.0)")
    passed = Noting()
    gone = weakref.ref(passed)
    assert guest.student.f(passed) == 1.0
    del passed
    assert gone() is None
    with pytest.raises(Unreadable, match="a callback of an unknown function"):
        guest.student.again(lambda x: x)


def test_a_callback_gives_away_nothing_of_the_host(run: Run) -> None:
    """Neither the code of a function of the host's, nor what it has closed over, nor another function is behind it."""
    secret, other = np.arange(7.0), []

    def close(x: float) -> float:
        return x - float(secret.sum())

    guest = run("""
        import gc
        def look(f):
            found = [hasattr(f, name) for name in ("__code__", "__closure__", "__globals__", "__wrapped__", "__self__", "__defaults__")]
            return found, sorted(vars(f)), f(21.0), any(type(one).__name__ == "ndarray" and one.size == 7 for one in gc.get_objects())
        def another(f): return f._guest.call_host(f._number + 1, (), {})
        def nothing(f): return f._guest.call_host("x", (), {})
        def keep(f): keep.f = f; return 1
        def use(): return keep.f(1.0)
        def time_it(f):
            import time
            times = []
            for x in (0.0, 21.0, 42.0):
                started = time.perf_counter()
                f(x)
                times.append(time.perf_counter() - started)
            return len(times)
    """)
    student = guest.student
    assert student.look(close) == ([False] * 6, ["_guest", "_number"], 0.0, False)
    assert student.time_it(close) == 3
    for name in ("another", "nothing"):
        with pytest.raises(Unreadable, match="a callback of an unknown function"):
            getattr(student, name)(close)
    assert student.keep(close) == 1
    with pytest.raises(Unreadable, match="a callback of an unknown function"):  # the host knows only the functions of this process's calls
        student.another(other.append)


def test_unsendable_arguments(answers: Any) -> None:
    with pytest.raises(TypeError, match="set"):
        answers.apply(len, {1, 2})
    assert answers.one() == 1


def test_not_attempted(errors: Any) -> None:
    for name in ("stub", "calls_stub"):
        with pytest.raises(NotAttempted) as caught:
            getattr(errors, name)(1)
        assert caught.value.name == "stub"


def test_raised_says_where(errors: Any) -> None:
    with pytest.raises(Raised) as caught:
        errors.divides(0)
    error = caught.value
    assert (error.name, error.type_name, error.message) == ("divides", "ZeroDivisionError", "division by zero")
    assert error.place is not None
    assert (error.place.function, error.place.cell, error.place.lineno, error.place.line) == ("helper", "cell 1", 5, "    return 1 / x")


@pytest.mark.parametrize(
    ("name", "type_name"),
    [
        ("leaves", "SystemExit"),
        ("rude", "Rude"),
        ("recurses", "RecursionError"),
        ("eats", "MemoryError"),
        ("interrupts", "KeyboardInterrupt"),
    ],
)
def test_raised_of_every_kind(errors: Any, name: str, type_name: str) -> None:
    with pytest.raises(Raised) as caught:
        getattr(errors, name)()
    assert caught.value.type_name == type_name
    assert errors.warns() == 1  # and the process goes on


def test_an_exception_is_what_it_is_derived_from(errors: Any) -> None:
    expect_error(errors.too_large, ValueError)
    for error in (ValueError, ZeroDivisionError, ArithmeticError):
        expect_error(errors.hidden, error)
    for function in (errors.too_large, errors.hidden):
        with pytest.raises(Raised, match="expected KeyError"):
            expect_error(function, KeyError)
    with pytest.raises(Raised) as caught:
        errors.too_large()
    assert (caught.value.type_name, caught.value.bases) == ("KernelTooLarge", ("ValueError", "Exception", "BaseException"))


@pytest.mark.parametrize("bases", [None, 3, "ValueError", ["ValueError"], ("ValueError", 3), ("ValueError",) * 51])
def test_malformed_bases_are_refused(bases: Any) -> None:
    with pytest.raises(WireError, match="malformed bases"):
        reported_error("raised", "f", "Rude", "no", None, bases)


def test_of_the_reported_bases_only_built_in_exceptions_are_kept() -> None:
    error = reported_error("raised", "f", "Rude", "no", None, ("ValueError", "x" * 10**6, "Rude", "int", "print"))
    assert isinstance(error, Raised) and error.bases == ("ValueError",)


def test_place_is_the_students_own_line(errors: Any) -> None:
    with pytest.raises(Raised) as caught:
        errors.inside()
    assert caught.value.type_name == "LinAlgError" and caught.value.place is not None and caught.value.place.function == "inside"


def test_long_messages_are_cut(errors: Any) -> None:
    with pytest.raises(Raised) as caught:
        errors.long()
    assert len(caught.value.message) == 2000


@pytest.mark.parametrize("name", ["nowhere", "not_callable"])
def test_missing(errors: Any, name: str) -> None:
    with pytest.raises(Missing, match=name):
        getattr(errors, name)()


@pytest.mark.parametrize("name", ["text", "deep", "large"])
def test_unreadable(errors: Any, name: str) -> None:
    with pytest.raises(Unreadable, match=name):
        getattr(errors, name)()
    assert errors.warns() == 1


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("loop", TimedOut, "0.4 s"),
        ("sleep", TimedOut, "0.4 s"),
        ("promise", TimedOut, "0.4 s"),
        ("leave", Died, "status 7"),
        ("crash", Died, "segmentation fault"),
        ("abort", Died, "abort"),
        ("nonsense", Unreadable, "unknown kind"),
        ("hang_up", Died, "left Python"),
    ],
)
def test_a_process_that_ends_comes_back(run: Run, name: str, kind: type[StudentError], reason: str) -> None:
    student = run(ENDS, limits=QUICK).student
    before = student.me()
    with pytest.raises(kind, match=reason):
        getattr(student, name)()
    assert student.fine(1) == 2 and student.me() != before
    assert not psutil.pid_exists(before)


def test_memory_bomb(run: Run) -> None:
    student = run(ENDS, limits=Limits(memory_bytes=1 << 29)).student
    with pytest.raises(Raised, match="MemoryError"):
        student.eat()
    assert student.fine(1) == 2


def test_processor_time(run: Run) -> None:
    student = run(ENDS, limits=Limits(cpu_seconds=1)).student
    with pytest.raises(Died, match="1 s of processor time"):
        student.loop()


def test_total_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    student = run(ENDS, limits=Limits(total_seconds=0.6)).student
    for _ in range(2):
        with pytest.raises(TimedOut, match=r"0\.6 s"):
            student.loop()
    monkeypatch.setattr(Channel, "send", lambda *message: pytest.fail("the guest was asked, though its time is up"))
    with pytest.raises(TimedOut):
        student.fine(1)


def test_a_handle_of_an_earlier_process(run: Run) -> None:
    student = run(ENDS + "def make(): return object()\ndef take(x): return 1", limits=QUICK).student
    handle = student.make()
    assert student.take([handle]) == 1
    with pytest.raises(TimedOut):
        student.loop()
    with pytest.raises(Died, match="earlier process"):
        student.take([handle])
    assert student.take(student.make()) == 1


def test_output_is_kept_up_to_its_limit(run: Run) -> None:
    guest = run("print('hello')\ndef shout(n):\n    for _ in range(n): print('x' * 10_000)\n    return n")
    assert guest.printed == (Printed("cell 1", "hello\n"),)
    assert guest.student.shout(3000) == 3000
    last = guest.printed[-1]
    assert last.where == "shout" and last.text.endswith("(cut here: more than 64 KiB was printed, the limit output_bytes)\n")
    assert 64 << 10 <= sum(len(part.text) for part in guest.printed) < 65 << 10


def test_what_is_printed_is_kept_where_it_was_printed(run: Run) -> None:
    guest = run(
        "print('one', end='')",
        "import sys\nprint('zwei', file=sys.stderr)",
        "def f(n):\n    print(n)\n    return n\ndef hang():\n    print('last words', flush=True)\n    while True: pass",
        "print('three', flush=True)\nwhile True: pass",
        limits=QUICK,
    )
    student = guest.student
    assert (student.f(1), student.f(2)) == (1, 2)
    with pytest.raises(TimedOut):
        student.hang()
    assert student.f(3) == 3
    # the cells have run three times by now, and have said the same each time
    assert [(part.where, part.text) for part in guest.printed] == [
        ("cell 1", "one"),
        ("cell 2", "zwei\n"),
        ("cell 4", "three\n"),
        ("f", "1\n2\n3\n"),
        ("hang", "last words\n"),
    ]


def test_a_closed_guest(run: Run) -> None:
    guest = run("def one(): return 1")
    guest.close()
    with pytest.raises(Died):
        guest.student.one()


def test_nothing_is_left_behind() -> None:
    with Sandbox(confine=False) as sandbox:
        guest = sandbox.guest([])
        root = sandbox._zygote._root
        pids = [child.pid for child in psutil.Process().children(recursive=True) if child.cwd().startswith(root)]
        assert len(pids) == 2 and len(os.listdir(root)) == 1
        guest.close()
        sandbox.guest([])
        assert len(os.listdir(root)) == 1, "an untouched directory is the next guest's"
    assert not os.path.exists(root)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_a_zygote_that_dies_is_replaced() -> None:
    with Sandbox(confine=False) as sandbox:
        guest = sandbox.guest([])
        root = sandbox._zygote._root
        sandbox._zygote._process.kill()
        psutil.wait_procs([psutil.Process(guest._process._pid)], timeout=5)
        with pytest.raises(Died):
            guest.student.anything()
        with pytest.raises(Missing):
            guest.student.anything()
        assert not os.path.exists(root)


def test_a_zygote_that_is_killed_while_it_starts_is_replaced() -> None:
    with Sandbox(confine=False) as sandbox:
        root = sandbox._zygote._root
        sandbox._zygote._process.kill()
        assert sandbox.guest([]).problems == ()
        assert not os.path.exists(root)


def test_a_scratch_directory_of_any_depth_is_removed(run: Run) -> None:
    guest = run("import os\nfor _ in range(1500):\n    os.mkdir('deeper')\n    os.chdir('deeper')")
    assert all("could not be counted" in problem.message for problem in guest.problems)
    root = guest._zygote._root
    guest.close()
    until(lambda: not list(Path(root).glob("*/*")))


def scratch_of(guest: Guest) -> str:
    """Return the name of the directory in which a guest works."""
    return os.path.basename(psutil.Process(guest._process._pid).cwd())


@pytest.mark.parametrize("confine", [True, False])
def test_only_an_untouched_directory_is_used_again(confine: bool) -> None:
    """One that was written into is not, though nothing be left in it."""
    with Sandbox(confine=confine) as sandbox:

        def used(source: str) -> str:
            with sandbox.guest([Cell("cell 1", source)]) as guest:
                assert guest.problems == ()
                return scratch_of(guest)

        first = used("")
        assert used("x = 1") == first
        assert used("import os; os.mkdir('a'); os.rmdir('a')") == first
        second = used("import os; assert os.listdir('.') == []; open('b', 'w').close()")
        assert second != first
        assert used("import os; assert os.listdir('.') == []; open('c', 'w').write('d')") not in (first, second)


def test_guests_at_the_same_time_have_their_own(sandbox: Sandbox) -> None:
    with sandbox.guest([]) as one, sandbox.guest([]) as other:
        assert scratch_of(one) != scratch_of(other)
        elsewhere = os.path.join(one._zygote._root, scratch_of(one))
        source = f"import os; os.listdir('.')\ntry: os.listdir({elsewhere!r})\nexcept PermissionError as error: found = str(error)"
        with sandbox.guest([Cell("cell 1", source + "\ndef said(): return found")]) as third:
            assert "Permission denied" in third.student.said()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_equal_runs_agree(run: Run) -> None:
    source = "import numpy as np, random\nx = np.random.rand(), random.random()\ndef f(): return x"
    assert run(source).student.f() == run(source).student.f()


def test_limits_are_named_once() -> None:
    assert replace(Limits(), depth=3).bounds.depth == 3


def test_disk(run: Run) -> None:
    guest = run(
        """
        import time
        def fill(n, seconds):
            for i in range(n):
                with open(f"file-{i}", "wb") as file:
                    file.write(bytes(7 << 20))
            time.sleep(seconds)
            return n
        def many(n):
            for i in range(n):
                open(f"empty-{i}", "w").close()
            time.sleep(100)
        def nameless():
            import os
            os.close(os.open(".", os.O_TMPFILE | os.O_RDWR))
        def still_here(): return True
        """,
        limits=Limits(disk_bytes=20 << 20, call_seconds=60),
    )
    student = guest.student
    assert student.fill(2, 0.3) == 2
    with pytest.raises(Raised, match="OSError"):
        student.nameless()
    for name, arguments in (("fill", (3, 100)), ("many", (6000,))):
        with pytest.raises(Died, match=r"took more than 20 MiB \(the limit disk_bytes\)"):
            getattr(student, name)(*arguments)
        assert student.still_here() is True


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("np.ones((1 << 28,))", "the limit memory_bytes is 1024 MiB"),
        ("open('large', 'wb').write(bytes(20 << 20))", "the limit file_bytes is 8 MiB"),
        ("np.zeros(9 << 20)", r"more than 16 MiB of arrays \(the limit answer_bytes\)"),
        ("nested(40)", r"nested deeper than 32 levels \(the limit depth\)"),
        ("time.sleep(9)", r"within 0\.4 s \(the limit call_seconds\)"),
        ("os.kill(os.getpid(), 9)", r"1 GiB of memory \(the limit memory_bytes\)"),
    ],
)
def test_a_limit_is_named_when_it_is_hit(run: Run, call: str, said: str) -> None:
    source = f"import os, time\nimport numpy as np\ndef nested(n): return [nested(n - 1)] if n else []\ndef f(): return {call}"
    with pytest.raises(StudentError, match=said):
        run(source, limits=replace(QUICK, memory_bytes=1 << 30)).student.f()


def test_the_processor_time_of_a_call_is_limited_and_waiting_is_free(run: Run) -> None:
    source = """
    import threading, time
    def works(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end: pass
        return seconds
    def waits(): time.sleep(0.8)
    def works_in_threads():
        threads = [threading.Thread(target=works, args=(9,)) for _ in range(2)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
    """
    student = run(source, limits=Limits(call_cpu_seconds=0.5)).student
    assert student.waits() is None
    assert [student.works(0.3), student.works(0.3)] == [0.3, 0.3]  # each call has its own time
    for name, arguments in (("works", (9,)), ("works_in_threads", ())):
        with pytest.raises(TimedOut, match=r"within 0\.5 s of processor time \(the limit call_cpu_seconds\)"):
            getattr(student, name)(*arguments)
    assert student.waits() is None


def test_a_cell_limit_is_named(run: Run) -> None:
    (problem,) = run("while True: pass", limits=QUICK).problems
    assert problem.message == "it did not finish within 0.5 s (the limit cell_seconds)"
