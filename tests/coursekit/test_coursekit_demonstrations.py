"""`ready`, and the guard of demonstrations: in a plain process, and in a real kernel."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit import checks, demonstrations

PUBLIC = '''
import numpy as np
from coursekit import exercise, expect


@exercise("double")
class TestDouble:
    def test_by_hand(self, student):
        """Two is doubled to four."""
        expect(student.double(np.array([2.0])), "double([2])").close_to(np.array([4.0]))

    def test_random(self, student, rng):
        """A random array is doubled."""
        x = rng.normal(size=(3, 2))
        expect(student.double(x), "double(x)").close_to(2 * x)


@exercise("halve")
class TestHalve:
    def test_undoes_double(self, student):
        """What is doubled and halved is what it was."""
        expect(student.halve(student.double(np.array([2.0]))), "the answer").close_to(np.array([2.0]))
'''
DOUBLE, HALVE = "def double(x): return 2 * x\n", "def halve(x): return x / 2\n"
STUB, OTHER_STUB = "def double(x):\n    raise NotImplementedError()\n", "def halve(x): raise NotImplementedError\n"
WRONG = "def double(x): return 3 * x\n"


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "test_arithmetic.py").write_text(PUBLIC, encoding="utf-8")
    monkeypatch.setattr(checks, "PUBLIC", folder)
    monkeypatch.setattr(demonstrations, "_results", {})
    for name in ("COURSEKIT_GRADING", "COURSEKIT_STRICT"):
        monkeypatch.delenv(name, raising=False)
    return folder


class Notebook:
    """Runs cells one after the other in one namespace; `said` is what the latest one printed."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.namespace: dict = {"__name__": "__main__"}
        self.run("import numpy as np\nfrom coursekit import check, ready")

    def run(self, source: str) -> str:
        self._capfd.readouterr()
        exec(source, self.namespace)
        captured = self._capfd.readouterr()
        assert captured.err == ""
        return captured.out


@pytest.fixture
def notebook(public: Path, capfd: pytest.CaptureFixture[str]) -> Notebook:
    return Notebook(capfd)


# --- ready ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "functions", "sentence"),
    [
        (STUB, "double", "This figure waits for double: it is not written yet."),
        (STUB + OTHER_STUB, "double, halve", "This figure waits for double and halve: they are not written yet."),
        (WRONG, "double", "This figure waits for double: 2 of its 2 checks fail; run check(double)."),
        (
            WRONG + OTHER_STUB,
            "double, halve",
            "This figure waits for double (2 of its 2 checks fail; run check(double)) and halve (not written yet).",
        ),
        (STUB + HALVE, "halve", "This figure waits for halve: its checks wait for double."),
        (HALVE, "halve", "This figure waits for halve: its checks wait for double."),
        ("def double(x): return 2 * x[:1]", "double", "This figure waits for double: 1 of its 2 checks fails; run check(double)."),
        ("double = np.ones(2)", "double", "This figure waits for [1. 1.]: it is not written yet."),
    ],
)
def test_what_a_figure_waits_for(notebook: Notebook, source: str, functions: str, sentence: str) -> None:
    assert notebook.run(f"{source}\nassert ready({functions}) is False") == sentence + "\n"


@pytest.mark.parametrize(
    "source",
    [
        DOUBLE + HALVE + "assert ready(double, halve) is True",
        "assert ready() is True",
        "def helper(x): return 7\nassert ready(helper) and ready(lambda x: x) and ready(np.mean)",
        "def double(x):\n    print('greetings')\n    return 2 * x\n    raise NotImplementedError()\nassert ready(double)",
    ],
    ids=["right answers", "nothing", "no exercises", "a stub's last line left behind"],
)
def test_a_figure_that_waits_for_nothing(notebook: Notebook, source: str) -> None:
    assert notebook.run(source) == ""


def test_a_broken_check_holds_no_figure_up(notebook: Notebook, public: Path) -> None:
    source = (
        'from coursekit import exercise\n@exercise("root")\nclass TestRoot:\n    def test_it(self):\n        """It."""\n        1 / 0\n'
    )
    (public / "test_broken.py").write_text(source)
    assert notebook.run("def root(x): return x\nassert ready(root)") == ""


def test_checks_that_cannot_be_run(notebook: Notebook, public: Path) -> None:
    (public / "test_broken.py").write_text('import nowhere\nfrom coursekit import exercise\n@exercise("cube")\nclass TestCube: ...\n')
    assert "a defect of the course and not yours" in notebook.run("def cube(x): return x\nassert not ready(cube)")
    interrupted = notebook.run("def double(x): raise KeyboardInterrupt\nassert not ready(double)")
    assert interrupted == "You stopped the checks before they were through.\n"


COUNTED = "calls = np.zeros(1)\ndef count(): calls[0] += 1\n"


@pytest.mark.parametrize(
    ("cells", "change", "again"),
    [
        ([DOUBLE], "figure, x = 'another', 2", False),
        (["factor = 2", "def double(x): return factor * x"], "factor = 3", True),
        (["def helper(x): return x + x", "def double(x): return helper(x)"], "def helper(x): return x", True),
        (["def double(x): return (lambda: factor * x)()", "factor = 2"], "del factor", True),
        (["def double(x): return table[0] * x", "table = np.array([2])"], "table[0] = 3", True),
        (["class Twice:\n    by = 2\ndef double(x): return Twice.by * x"], "Twice.by = 3", True),
        (["def times(n):\n    def double(x): return n[0] * x\n    return double", "n = [2]\ndouble = times(n)"], "n[0] = 3", True),
        ([DOUBLE], WRONG, True),
    ],
    ids=["another name", "constant", "helper", "helper gone", "array", "class", "closure", "the function"],
)
def test_checks_run_again_when_what_they_reach_changed(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, cells: list[str], change: str, again: bool
) -> None:
    runs = []
    run = checks.outcomes_of
    monkeypatch.setattr(checks, "outcomes_of", lambda *arguments: runs.append(arguments[2]) or run(*arguments))
    for cell in [*cells, "assert ready(double)"]:
        notebook.run(cell)
    before = len(runs)
    notebook.run(change)
    notebook.run(f"assert ready(double) is {not again}")
    assert (len(runs) > before) is again


def test_checks_run_again_when_another_exercise_changed(notebook: Notebook) -> None:
    notebook.run(DOUBLE + HALVE + "assert ready(halve)")
    assert "halve: its check fails; run check(halve)." in notebook.run(WRONG + "assert not ready(halve)")


def test_a_failure_is_told_each_time(notebook: Notebook) -> None:
    assert notebook.run(WRONG + "ready(double)") == notebook.run("ready(double)") != ""


def test_grading_runs_no_checks(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_GRADING", "1")
    assert notebook.run(STUB + "assert ready(double) is False\n" + WRONG + "assert ready(double) is True") == ""


def test_a_build_raises(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_STRICT", "1")
    with pytest.raises(AssertionError, match="waits for double"):
        notebook.run(WRONG + "ready(double)")
    with pytest.raises(ZeroDivisionError):
        notebook.run("from coursekit.demonstrations import demonstration\nwith demonstration(): 1 / 0")


# --- in a kernel ------------------------------------------------------------------------------------------------------------

FRAGILE = "def double(x):\n    if np.size(x) > 99:\n        x = x[100000]\n    return 2 * x\n"
PASSES = "It uses double, and check(double) passes: read its docstring again."
STOPPED = "Its checks pass, but with other inputs; see check(double)."
DEMONSTRATIONS = {
    "right": ("if ready(double):\n    print(double(2.0))", ""),
    "raises in the function": (
        "def feed(n): return double(np.ones(n))\nif ready(double):\n    feed(100)",
        f"index 100000 is out of bounds for axis 0 with size 100 (in line 3 of double: x = x[100000]). {STOPPED}",
    ),
    "claim": (
        "if ready(double):\n    assert double(1.0) > 5, 'five is exceeded'",
        f"This figure comes out otherwise than it should: five is exceeded. {PASSES}",
    ),
    "raises in the cell": (
        "a = 1\nif ready(double):\n    b, c = double(np.ones(3))",
        "This figure stopped: ValueError: too many values to unpack (expected 2) (in line 3 of this cell: b, c = double(np.ones(3))). "
        f"{PASSES}",
    ),
    "a claim about two": (
        "def halve(x): return x / 2\nif ready(double, halve):\n    assert not double(halve(1.0)), 'it vanishes'",
        "should: it vanishes. It uses double and halve, and their checks pass: read their docstrings again.",
    ),
    "an exercise that isn't there": (
        "del halve\nif ready(halve):\n    halve(2)",
        "This figure waits for halve: run the cell that defines it.",
    ),
    "a variable that isn't there": (
        "if ready(double):\n    trained.plot()",
        "This figure needs trained, which a cell above defines: run the cells above, then this one again.",
    ),
    "half drawn": (
        "import matplotlib.pyplot as plt\nif ready(double):\n    plt.figure()\n    plt.plot([1, 2])\n    1 / 0",
        f"This figure stopped: ZeroDivisionError: division by zero (in line 5 of this cell: 1 / 0). {PASSES}",
    ),
}


def test_in_a_kernel(public: Path) -> None:
    start = f"import numpy as np\nfrom pathlib import Path\nfrom coursekit import checks, ready\nchecks.PUBLIC = Path({str(public)!r})"
    cells = [start, FRAGILE, *(cell for cell, _ in DEMONSTRATIONS.values())]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()  # raises where a cell does
    for (name, (_, sentence)), cell in zip(DEMONSTRATIONS.items(), notebook.cells[2:], strict=True):
        shown = [output.data["text/plain"] for output in cell.outputs if output.output_type == "display_data"]
        assert len(shown) == bool(sentence), name
        assert not sentence or shown[0].endswith(sentence), (name, shown)
    assert notebook.cells[2].outputs[0].text == "4.0\n"


def test_a_students_own_code_raises_as_ever(public: Path) -> None:
    cells = ["from coursekit import ready", "if True:\n    1 / 0"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True).execute()
    assert notebook.cells[1].outputs[0].ename == "ZeroDivisionError"
