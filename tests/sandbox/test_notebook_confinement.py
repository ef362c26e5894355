"""What a notebook in a guest may read, write and reach."""

from __future__ import annotations

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograder
from autograder.limits import NOTEBOOK_LIMITS
from autograder.sandbox.confine import available
from autograder.sandbox.notebooks import IPythonSandbox, NotebookRun, files_in

ROOT = Path(autograder.__file__).parents[1]


def errors(run: NotebookRun) -> list[dict[str, Any]]:
    return [output for cell in run.outputs for output in cell if output["output_type"] == "error"]


def text(cell: list[dict[str, Any]]) -> str:
    return "".join(output.get("text") or output["data"]["text/plain"] for output in cell)


REFUSED = [
    "open('/etc/passwd').read()",
    f"open({str(ROOT / 'autograder' / 'errors.py')!r}).read()",
    f"open({str(ROOT / 'nbgrader_config.py')!r}).read()",
    f"import os\nos.listdir({str(ROOT)!r})",
    "import os\nos.listdir('/')",
    "import os\nos.listdir('..')",
    "import os\nos.listdir('/tmp')",
    "open('/tmp/x', 'w')",
    "open('../x', 'w')",
    f"open({np.__file__!r}, 'a')",
    "import os\nos.symlink('/etc/passwd', 'way')\nopen('way')",
    "import socket\nsocket.socket()",
    "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')",
    "import subprocess\nsubprocess.run(['true'])",
    "import os\nos.fork()",
    "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
    "import multiprocessing\nmultiprocessing.Queue()",
    "from multiprocessing.pool import ThreadPool\nThreadPool(2)",
    "%%bash\ntrue",
    "%%script python\n1",
    "import os\nos.kill(1, 0)",
    "import os\nos.kill(os.getppid(), 9)",
    "import os\nos.chmod('.', 0)",
    "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))",
]


@pytest.fixture(scope="module")
def refusals(notebooks: IPythonSandbox) -> NotebookRun:
    return notebooks.run(REFUSED)


@pytest.mark.parametrize("index", range(len(REFUSED)), ids=[source.split("\n")[-1][:40] for source in REFUSED])
def test_what_is_refused(refusals: NotebookRun, index: int) -> None:
    assert refusals.ended_in is None
    *_, error = refusals.outputs[index]
    assert error["output_type"] == "error", error
    assert "--sandbox none" in error["evalue"] and "--sandbox none" in error["traceback"][-1]


@pytest.mark.parametrize(
    "source", ["!ls", "x = !ls\nx", "%sx ls", "%pip install nothing", "%system ls", "!!ls", "%ls", "import os\nos.system('ls')"]
)
def test_a_command_is_refused_and_the_cell_goes_on(notebooks: IPythonSandbox, source: str) -> None:
    run = notebooks.run([f"{source}", "print('on')"])
    assert errors(run) == [] and "--sandbox none" in run.outputs[0][0]["text"] and run.outputs[0][0]["name"] == "stderr"
    run = notebooks.run(["!pip install x\nimport json\nprint('on', _exit_code)"])
    assert run.outputs[0][-1]["text"] == "on 126\n"


def test_an_error_of_the_student_is_no_refusal(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(["raise PermissionError('no')", "open('nothing')", "1 / 0"])
    assert not [error for error in errors(run) if "--sandbox" in error["evalue"]]


def test_installed_packages_can_be_read(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(
        [
            "import nbformat, yaml, scipy.stats, jsonschema, IPython\nprint('imported')",
            "print(len(open(nbformat.__file__).read()) > 100)",
            "from importlib.metadata import version\nprint(version('nbformat') == nbformat.__version__)",
            "from coursekit import check\nprint(check.__name__)",
            "import nbgrader.utils\nprint('nbgrader')",
        ]
    )
    assert errors(run) == []
    assert [text(cell) for cell in run.outputs] == ["imported\n", "True\n", "True\n", "check\n", "nbgrader\n"]


def test_a_guest_has_nothing_of_the_zygotes(notebooks: IPythonSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
import os, sys
def exists(number):
    try: return bool(os.fstat(number))
    except OSError: return False
print([number for number in range(256) if exists(number)])
print(sorted(os.environ))
print(sys.path)
print(os.listdir('.'), os.getcwd() == os.environ['HOME'] == os.environ['TMPDIR'])
import tempfile
print(os.path.dirname(tempfile.mkstemp()[1]) == os.getcwd())
print(sorted(name for name in sys.modules if name.startswith('autograder.') and not name.startswith('autograder.sandbox')))
"""
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    run = notebooks.run([source])
    assert errors(run) == []
    lines = run.outputs[0][0]["text"].splitlines()
    assert lines[0] in ("[0, 1, 2, 3, 4, 5, 6]", "[0, 1, 2, 3, 4, 5, 6, 7]")  # the event loop's
    assert "SECRET" not in lines[1] and "NBGRADER_EXECUTION" in lines[1]
    assert str(ROOT) not in eval(lines[2]) and eval(lines[2])[0] == ""
    assert lines[3:5] == ["[] True", "True"]
    assert not {"autograder.judging", "autograder.suites"} & set(eval(lines[5]))


def test_sockets_of_the_host(notebooks: IPythonSandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        run = notebooks.run([f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"])
    assert errors(run)[0]["ename"] == "PermissionError"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name, content in (("data/table.csv", "a,b\n1,2\n"), ("helper.py", "def seven(): return 7\n"), ("big.bin", "0" * 5000)):
        path = tmp_path / "release" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "gradebook.db").write_text("marks")
    return tmp_path


def test_files_of_the_assignment(notebooks: IPythonSandbox, course: Path) -> None:
    cells = [
        "print(open('data/table.csv').read())",
        "import helper\nprint(helper.seven())",
        "open('data/table.csv', 'a').write('more')\nopen('new', 'w').write('x')\nimport os\nos.remove('big.bin')",
        "import os\nprint(sorted(os.listdir('.')))",
        f"open({str(course / 'release' / 'helper.py')!r})",
        f"open({str(course / 'gradebook.db')!r})",
    ]
    before = {path: path.read_text() for path in course.rglob("*") if path.is_file()}
    run = notebooks.run(cells, files=[course / "release"])
    assert text(run.outputs[0]) == "a,b\n1,2\n\n" and text(run.outputs[1]) == "7\n"
    assert "'data', 'helper.py', 'new'" in text(run.outputs[3])
    assert [error["ename"] for error in errors(run)] == ["PermissionError", "PermissionError"]
    assert {path: path.read_text() for path in course.rglob("*") if path.is_file()} == before
    run = notebooks.run(["import os\nprint(os.listdir('.'))"])
    assert text(run.outputs[0]) == "[]\n"


def test_links_and_pipes_are_not_followed(course: Path) -> None:
    handed_in = course / "submitted"
    handed_in.mkdir()
    (handed_in / "mine.txt").write_text("mine")
    (handed_in / "link").symlink_to(course / "gradebook.db")
    (handed_in / "folder").symlink_to(course / "release")
    os.mkfifo(handed_in / "pipe")
    (handed_in / "closed").write_text("x")
    assert files_in([handed_in, handed_in / "link", handed_in / "nothing"]).keys() == {"mine.txt", "closed"}


def test_later_files_win(course: Path, tmp_path: Path) -> None:
    handed_in = course / "submitted"
    (handed_in / "helper.py").mkdir(parents=True)
    (handed_in / "helper.py" / "deep").write_text("x")
    (handed_in / "data").write_text("a file in the place of a folder")
    assert files_in([handed_in, course / "release"]).keys() == {"data/table.csv", "helper.py", "big.bin"}
    assert files_in([course / "release", handed_in]).keys() == {"data", "helper.py/deep", "big.bin"}
    assert files_in([course / "gradebook.db"]) == {"gradebook.db": str(course / "gradebook.db")}


def test_too_many_files(notebooks: IPythonSandbox, course: Path) -> None:
    run = notebooks.run(["1"], files=[course / "release"], limits=NOTEBOOK_LIMITS.changed({"disk_bytes": 4096}))
    assert run.ended_in == -1 and "(the limit disk_bytes)" in run.reason and run.outputs == ([],)


def test_a_file_that_can_not_be_copied(notebooks: IPythonSandbox, course: Path) -> None:
    """It concerns this submission; a machine without room is said to be that."""
    gone = {"x": course / "release" / "big.bin", "y": course / "release" / "link"}
    gone["y"].symlink_to(course / "gradebook.db")
    run = notebooks.run(["1"], files=gone)
    assert run.ended_in == -1 and run.reason.startswith("the files beside it can't be copied: ") and run.outputs == ([],)


def test_the_names_of_a_notebooks_files(notebooks: IPythonSandbox, tmp_path: Path) -> None:
    """A module of theirs doesn't take the place of one that the shell imports, as it wouldn't in a kernel."""
    for name in sorted({*sys.stdlib_module_names, "matplotlib", "jedi", "colorama", "pexpect", "sitecustomize", "usercustomize"}):
        (tmp_path / f"{name}.py").write_text(f"open('was-imported-{name}', 'w')\nraise SystemExit")
    look = "import os\nprint([name for name in os.listdir('.') if 'imported' in name])"
    run = notebooks.run(["1", "1 / 0", "display(2)", look], [tmp_path])
    assert text(run.outputs[0]) == "1" and errors(run)[0]["ename"] == "ZeroDivisionError" and text(run.outputs[3]) == "[]\n"


def test_packages_in_a_closed_folder(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of packages can be read unless it is the course's."""
    if reason := available():
        pytest.skip(reason)
    other = course / "packages"
    for folder, name in ((other, "shared"), (course / "release", "helper")):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text("x = get_ipython().__class__.__name__")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (other, course / "release"))))
    monkeypatch.setattr("sys.path", [*__import__("sys").path, str(other), str(course / "release")])
    cells = ["import shared\nshared.x", "import helper", f"open({str(course / 'release' / 'helper.py')!r})"]
    with IPythonSandbox(modules=["shared"], closed=[course / "release"]) as sandbox:
        run = sandbox.run(cells)
    assert text(run.outputs[0]) == "'ZMQInteractiveShell'"  # imported before, as in a notebook
    assert [error["ename"] for error in errors(run)] == ["PermissionError", "PermissionError"]
    with IPythonSandbox(closed=[course]) as sandbox:
        assert len(errors(sandbox.run(cells))) == 3


def test_modules_are_loaded_before(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(["import sys\nprint('matplotlib.pyplot' in sys.modules, 'wave' in sys.modules)"])
    assert text(run.outputs[0]) == "True False\n"
    with IPythonSandbox(environment={"MINE": "1"}) as sandbox:
        run = sandbox.run(["import sys, os\nprint('matplotlib.pyplot' in sys.modules, os.environ['MINE'])"])
    assert text(run.outputs[0]) == "False 1\n"


@pytest.mark.parametrize(("layer", "refused"), [("landlock", "open('/etc/passwd')"), ("seccomp", "import os\nos.fork()")])
def test_each_layer_alone(layer: str, refused: str) -> None:
    if reason := available():
        pytest.skip(reason)
    with IPythonSandbox(layers=frozenset({layer})) as sandbox:
        run = sandbox.run([refused, "'on'"])
    assert errors(run)[0]["ename"] == "PermissionError" and text(run.outputs[1]) == "'on'"


def test_the_scratch_directory_of_another_notebook(notebooks: IPythonSandbox, tmp_path: Path) -> None:
    """A notebook that runs at the same time can't be read."""
    (tmp_path / "secret").write_text("x")
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(notebooks.run, ["import time\ntime.sleep(3)"], [tmp_path])
        look = "import os\nbelow = os.path.dirname(os.getcwd())\nmine = int(os.path.basename(os.getcwd()))"
        paths = "[f'{below}/{number}/secret' for number in range(mine + 5) if number != mine]"
        cells = [look, "import time\nwhile not any(map(os.path.exists, " + paths + ")): time.sleep(0.02)"]
        cells += ["open(next(filter(os.path.exists, " + paths + ")))", "os.listdir(below)"]
        run = notebooks.run(cells)
        assert waiting.result().ended_in is None
    assert run.interrupted == () and [error["ename"] for error in errors(run)] == ["PermissionError"] * 2
