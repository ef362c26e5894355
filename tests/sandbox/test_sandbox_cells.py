"""A bad cell costs only itself; demonstrations run only when somebody needs them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.sandbox.host import Cell, CellProblem, Guest, Limits
from coursekit.student import Died, Missing, TimedOut

Run = Callable[..., Guest]
QUICK = Limits(call_seconds=0.4, cell_seconds=0.5)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\n\nreturn x +", "SyntaxError: invalid syntax (line 3: `return x +`)"),
        ("a = 1\nb = nothing", "NameError: name 'nothing' is not defined (line 2: `b = nothing`)"),
        ("exit()", "SystemExit: None (line 1: `exit()`)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (line 1: `raise KeyboardInterrupt`)"),
        ("input('name?')", "RuntimeError: input() can't be answered while a notebook is graded (line 1: `input('name?')`)"),
        ("x = '\0'", "source code string cannot contain null bytes"),
        ("(" * 500 + ")" * 500, "too many nested parentheses"),
    ],
)
def test_one_bad_cell(run: Run, source: str, message: str) -> None:
    guest = run("def before(): return 1", Cell("cell 2", source, name="exercise"), "def after(): return 2")
    (problem,) = guest.problems
    assert (problem.label, problem.name) == ("cell 2", "exercise") and message in problem.message
    assert guest.student.before() + guest.student.after() == 3
    assert guest.defined == {"before", "after"}


def test_a_missing_function_says_why(run: Run) -> None:
    guest = run(Cell("cell 1", "def f(:", name="f"))
    with pytest.raises(Missing, match="cell 1: SyntaxError"):
        guest.student.f()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("while True: pass", "it did not finish within 0.5 s (the limit cell_seconds)"),
        ("import os; os._exit(3)", "it ended the whole process: it left Python with status 3"),
        ("import ctypes; ctypes.string_at(0)", "it ended the whole process: it crashed (segmentation fault)"),
        ("import os; os.write(3, b'nonsense' * 9)", "it sent something that can't be read (an unknown kind of message)"),
    ],
)
def test_a_cell_that_ends_the_process(run: Run, source: str, reason: str) -> None:
    guest = run("def before(): return 1", source, "x =", "def after(): return 2", limits=QUICK)
    assert guest.problems[0] == CellProblem("cell 2", reason, None)
    assert [problem.label for problem in guest.problems] == ["cell 2", "cell 3"]
    assert guest.student.before() + guest.student.after() == 3


def test_every_cell_ends_the_process(run: Run) -> None:
    guest = run(*["import os; os._exit(0)"] * 3)
    assert len(guest.problems) == 3
    with pytest.raises(Missing):
        guest.student.f()


def test_cells_that_use_up_the_total_time(run: Run) -> None:
    guest = run("import time; time.sleep(9)", "def f(): return 1", limits=Limits(total_seconds=0.3))
    with pytest.raises((TimedOut, Died)):
        guest.student.f()


def test_a_forged_stocktaking(run: Run) -> None:
    forged = """
        import sys, msgpack, struct, os
        body = msgpack.packb([[], [["l"], ["l", 5], ["l"]]])
        os.write(3, struct.pack("!BII", 2, len(body), 0) + body)
    """
    guest = run(forged, "def f(): return 1")
    assert "can't be read" in guest.problems[0].message
    assert guest.student.f() == 1


def test_a_forged_refusal(run: Run) -> None:
    forged = """
        import msgpack, struct, os
        body = msgpack.packb([[], ["no"]])
        os.write(3, struct.pack("!BII", 3, len(body), 0) + body)
    """
    guest = run(forged, "def f(): return 1")
    assert "can't be read" in guest.problems[0].message
    assert guest.student.f() == 1


def test_magics(run: Run) -> None:
    guest = run(
        "%matplotlib inline\nimport numpy as np\nif True:\n    !pip install torch\nnp?\ndef f(x):\n    return x % 3\n?f",
        "%%time\ndef g():\n    return 7",
        "%%bash\nls -l",
        "s = '''\n%not a magic\n'''",
        "%time h = f\n1 +",
        "files = !ls\nwhen = %time 1",
    )
    assert [problem.label for problem in guest.problems] == ["cell 5"] and "line 2" in guest.problems[0].message
    assert guest.student.f(5) == 2 and guest.student.g() == 7


STUB = 'def f(x):\n    """Say f."""\n    # YOUR CODE HERE\n    raise NotImplementedError\n'


@pytest.mark.parametrize(
    ("source", "untouched"),
    [
        (STUB, True),
        (STUB.replace("# YOUR CODE HERE", "\n    # I don't know\n"), True),
        (STUB.replace("raise NotImplementedError", "return x"), False),
        ("", False),
        ("def f(x:", False),
    ],
)
def test_untouched_stubs(run: Run, source: str, untouched: bool) -> None:
    assert run(Cell("cell 1", source, name="f", stub=STUB)).untouched == ({"f"} if untouched else frozenset())


def lazy(number: int, source: str) -> Cell:
    return Cell(f"cell {number}", source, lazy=True)


def test_demonstrations_wait(run: Run) -> None:
    guest = run(lazy(1, "print('one')\nx = 1"), lazy(2, "print('two')\nraise ValueError"), "y = 2\ndef f(): return y")
    assert (guest.printed, guest.problems, guest.student.f()) == ((), (), 2)


def test_demonstrations_run_for_a_later_cell(run: Run) -> None:
    guest = run(
        lazy(1, "print('one')\nbase = 10"),
        lazy(2, "print('two')\nfor k in range(3):\n    total = base + k"),
        lazy(3, "print('three')\nother = 0"),
        "def f(): return mine\nmine = total * 2",
        lazy(5, "later = 1"),
    )
    assert guest.problems == () and guest.student.f() == 24
    printed = "".join(part.text for part in guest.printed)
    assert set(printed.split()) == {"one", "two"}


def test_demonstrations_after_the_cell_do_not_count(run: Run) -> None:
    guest = run("y = x", lazy(2, "x = 1"))
    assert "NameError" in guest.problems[0].message


def test_demonstrations_run_for_a_call(run: Run) -> None:
    guest = run(lazy(1, "eps = 1"), "def f(x):\n    x += 1\n    return x + eps\ndef g(): return nothing")
    assert guest.student.f(1) == 3
    import numpy as np

    fresh = run(lazy(1, "eps = 1"), "def f(x):\n    x += 1\n    return x + eps")
    assert np.array_equal(fresh.student.f(np.zeros(2)), [2, 2])  # called again with arguments nobody has touched
    with pytest.raises(Exception, match="nothing"):
        guest.student.g()


def test_a_call_may_need_several_demonstrations(run: Run) -> None:
    cells = (lazy(1, "one = 1"), lazy(2, "two = one + 1"), lazy(3, "three = 3"), "def f(x): return x + one + two + three + four")
    with pytest.raises(Exception, match="four"):
        run(*cells).student.f(1)
    assert run(*cells, "four = 4").student.f(1) == 11


def test_the_namespace_is_a_main_module(run: Run) -> None:
    guest = run("""
        import inspect, sys
        from dataclasses import dataclass
        @dataclass
        class Config:
            rate: float = 0.5
        def f(): return Config().rate, __name__, sys.modules["__main__"].f is f, inspect.getsource(f).startswith("def f")
        display(f)
    """)
    assert guest.problems == () and guest.student.f() == (0.5, "__main__", True, True)


def test_the_set_up_cell_of_the_course(run: Run) -> None:
    assert run("import numpy as np\nfrom coursekit import check, ready").problems == ()
