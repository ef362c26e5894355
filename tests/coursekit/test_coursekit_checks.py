"""`check` and `check_all`: in a plain process, and in a real kernel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit import checks
from coursekit.suite import collected

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
NOTE = checks.NOTE + "\n"


@pytest.fixture
def public(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "test_arithmetic.py").write_text(PUBLIC, encoding="utf-8")
    (folder / "test_other.py").write_text('@exercise("square")\nclass TestSquare: ...\n', encoding="utf-8")
    monkeypatch.setattr(checks, "PUBLIC", folder)
    monkeypatch.delenv("COURSEKIT_GRADING", raising=False)
    return folder


@pytest.fixture
def said(public, capfd):
    """Run lines as a notebook would, and return what was printed; standard error stays empty."""

    def run(source: str, **names: object) -> str:
        namespace: dict = {"__name__": "__main__", **names}
        exec("import numpy as np\nfrom coursekit import check, check_all, ready", namespace)
        capfd.readouterr()
        exec(source, namespace)
        captured = capfd.readouterr()
        assert captured.err == ""
        return captured.out

    return run


STUB = "def double(x):\n    raise NotImplementedError()\n"


def test_a_right_answer(said):
    out = said("def double(x): return 2 * x\nassert check(double) is None")
    assert out == f"✓ double: 2 of 2 checks passed\n  ✓ Two is doubled to four.\n  ✓ A random array is doubled.\n{NOTE}"


def test_a_wrong_answer(said):
    out = said("def double(x): return 3 * x\ncheck(double)")
    assert out.startswith("✗ double: 0 of 2 checks passed\n  ✗ Two is doubled to four.\n      double([2]) is 6, expected 4\n")
    assert out.endswith(NOTE)


def test_the_first_check_is_spoken_of_before_the_others(said):
    """It is the worked example, with numbers that a student can follow."""
    out = said("def double(x): return 3 * x if x.ndim == 1 else x[0]\ncheck(double)")
    first, later = out.split("The other message:")
    assert "double([2]) is 6, expected 4" in first and "has shape" not in first
    assert "has shape (2,), but it should have shape (3, 2)" in later


@pytest.mark.parametrize("module", sorted(checks.PUBLIC.glob("test_*.py")), ids=lambda path: path.stem)
def test_the_worked_example_comes_first(module):
    status = module.stat()
    sentences: dict[str, list[str]] = {}
    for test in collected(module, status.st_mtime_ns, status.st_size):
        sentences.setdefault(test.exercise, []).append(test.sentence)
    for exercise, some in sentences.items():
        worked = ["worked example" in sentence for sentence in some]
        assert worked == sorted(worked, reverse=True), exercise


def test_a_stub_is_not_attempted(said):
    assert said(STUB + "check(double)") == f"○ double: not attempted\n{NOTE}"


def test_what_an_exercise_waits_for(said):
    assert said(STUB + "def halve(x): return x / 2\ncheck(halve)") == f"○ halve: waits for double\n{NOTE}"
    assert said("def halve(x): return x / 2\ncheck(halve)") == f"○ halve: waits for double\n{NOTE}"


@pytest.mark.parametrize(("body", "error"), [("x / None", "TypeError"), ("nothing", "NameError"), ("exit_now()", "SystemExit")])
def test_an_exception_is_told_with_the_students_line(said, body, error):
    out = said(f"def exit_now(): raise SystemExit(3)\ndef double(x):\n    return {body}\ncheck(double)")
    assert f"double raised {error}" in out and "line " in out and "Traceback" not in out and "coursekit" not in out


def test_printing_and_warning_stay_out_of_the_way(said):
    noisy = "    print('greetings')\n    warnings.warn('oh')\n    np.log(-x)\n"
    out = said(f"import warnings\ndef double(x):\n{noisy}    return 2 * x\ncheck(double)")
    assert out.startswith("✓ double: 2 of 2") and "greetings" not in out


def test_the_function_itself_counts_not_what_has_its_name(said):
    assert "2 of 2" in said("def double(x): return 2 * x\nmine = double\n" + STUB + "check(mine)")


def test_by_name(said):
    assert "2 of 2" in said("def double(x): return 2 * x\ncheck('double')")
    assert said("check('double')") == "There is no function called double yet: run the cell that defines it.\n"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("check()", "Pass your function, such as check("),
        ("check(np.ones(3))", "but this is of type ndarray. Has the function been called by mistake?"),
        ("check(None)", "but this is of type NoneType."),
        ("def dubble(x): ...\ncheck(dubble)", "There is no exercise called dubble. Did you mean double?"),
        ("check('sqare')", "Did you mean square?"),
        ("check(np.mean)", "There is no exercise called mean."),
        ("check(lambda x: x)", "There is no exercise called <lambda>."),
        ("check_all('arithmetics')", "There is no lecture called arithmetics. Did you mean arithmetic?"),
        ("check_all()", "None of the course's functions is defined here yet"),
    ],
)
def test_what_cannot_be_checked_is_answered_with_a_sentence(said, call, sentence):
    out = said(call)
    assert sentence in out and out.count("\n") == 1


def test_all_of_a_lecture(said):
    source = "def double(x): return 2 * x\ndef halve(x): return x / 3\n"
    for call in ("check_all()", "check_all('arithmetic')", "check_all('07_arithmetic')"):
        assert said(source + call) == (
            "arithmetic: 1 of 2 exercises pass their checks\n  ✓ double  2 of 2 checks passed\n  ✗ halve   0 of 1 check passed\n" + NOTE
        )
    out = said(STUB + "check_all()")
    assert "○ double  not attempted\n  ○ halve   missing: run the cell that defines it" in out


def test_silent_while_grading(said, monkeypatch):
    monkeypatch.setenv("COURSEKIT_GRADING", "1")
    assert said(STUB + "check(double)\ncheck_all()\ncheck()\nassert ready(double) is False") == ""


@pytest.mark.parametrize(
    ("source", "raised"),
    [
        ("def double(x): return 2 * x\ncheck(double)", ""),
        ("def double(x): return 3 * x\ncheck(double)", "double: 0 of 2 checks passed\nTwo is doubled to four.\ndouble([2]) is 6"),
        (STUB + "check(double)", "double: not attempted\n"),
        ("check('double')", "There is no function called double yet"),
        ("def double(x): return 3 * x\ncheck_all()", ""),
    ],
    ids=["right", "wrong", "stub", "missing", "check_all"],
)
@pytest.mark.parametrize("execution", ["validate", "autograde", ""])
def test_validation_alone_raises(said, monkeypatch, source, raised, execution):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    shown = said(f"try:\n    exec({source!r})\nexcept checks.NotPassed: pass", checks=checks)
    if execution:
        monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    error = []
    again = said(f"try:\n    exec({source!r})\nexcept checks.NotPassed as e: error.append(str(e))", checks=checks, error=error)
    assert again == shown != ""
    assert len(error) == (execution == "validate" and raised != "")
    assert not error or error[0].startswith(raised)


def test_a_defect_of_the_course_is_owned(said, public):
    (public / "test_broken_here.py").write_text('import nowhere\nfrom coursekit import exercise\n@exercise("cube")\nclass TestCube: ...\n')
    out = said("def cube(x): return x\ncheck(cube)")
    assert "a defect of the course and not yours" in out and "nowhere" in out and "Traceback" not in out
    (public / "test_broken_too.py").write_text(
        'from coursekit import exercise\n@exercise("root")\nclass TestRoot:\n    def test_it(self):\n        """It."""\n        1 / 0\n'
    )
    assert said("def root(x): return x\ncheck(root)").startswith("! root: 0 of 1 check passed, and a defect of the course")


def test_an_interrupted_check_ends_in_peace(said):
    assert said("def double(x): raise KeyboardInterrupt\ncheck(double)") == "You stopped the checks before they were through.\n"


def test_importing_is_light():
    code = (
        "import sys, numpy\nfrom coursekit import check, check_all, ready\nprint({'pytest', 'IPython', 'rich', 'scipy'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_pipe_that_knows_only_ascii(public):
    start = f"from pathlib import Path\nfrom coursekit import check, checks\nchecks.PUBLIC = Path({str(public)!r})\n"
    code = start + "def double(x): return 2 * x\ncheck(double)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=True)
    assert run.stdout.startswith(b"? double: 2 of 2 checks passed") and run.stderr == b""


# --- in a kernel ------------------------------------------------------------------------------------------------------------


def test_in_a_kernel(public):
    cells = [
        f"from pathlib import Path\nfrom coursekit import check, check_all, checks, ready\nchecks.PUBLIC = Path({str(public)!r})",
        "def double(x): return 2 * x\ncheck(double)",
        "import numpy as np\ndef double(x):\n    print('<hi>')\n    np.log(-x)\n    return 3 * x\ncheck(double)",
        STUB + "check(double)",
        "def double(x):\n    y = x['<a>']\n    return y\ncheck(double)",
        "check('double')",
        "del double\ncheck('double')",
        "check_all()",
        "def halve(x): raise NotImplementedError\nif ready(halve): 1 / 0",
        "check_all()",
        "from coursekit import plots\nfig, ax = plots.figure()\nax.plot([1, 2])\nplots.show(fig, alt='A line & <b>')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert outputs[0] == []
    for cell in outputs[1:]:
        assert [output.output_type for output in cell] == ["display_data"], cell
        assert set(cell[0].data) == {"text/html", "text/plain"}
    html, text = [[cell[0].data[kind] for cell in outputs[1:]] for kind in ("text/html", "text/plain")]
    assert text[0].startswith("✓ double: 2 of 2 checks passed\n  ✓ Two is doubled to four.")
    assert "is 6, expected 4" in text[1] and "is 6, expected 4" in html[1] and 'aria-label="failed"' in html[1]
    assert text[2].startswith("○ double: not attempted") and "✗" not in html[2] and "error" not in html[2]
    assert "in line 2 of double: y = x['<a>']" in text[3] and "&lt;a&gt;" in html[3] and "<a>" not in html[3]
    assert text[5] == "There is no function called double yet: run the cell that defines it."
    assert text[6].startswith("None of the course's functions")
    assert text[7] == "This figure waits for halve: it is not written yet."
    assert text[8].startswith("arithmetic: 0 of 2") and "○ halve" in text[8]
    assert text[9] == "Figure: A line & <b>" and 'alt="A line &amp; &lt;b&gt;"' in html[9]
