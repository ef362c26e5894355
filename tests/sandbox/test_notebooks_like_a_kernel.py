"""The outputs of a notebook in a guest are those that nbgrader gets from a kernel, cell by cell."""

from __future__ import annotations

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import Execute

from autograder.limits import NOTEBOOK_LIMITS
from autograder.sandbox.notebooks import IPythonSandbox, NotebookRun

SECONDS = 2
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CELLS = {
    "printed": "print('a', 'b', sep='-')\nprint('no end', end='')",
    "result": "1 + 1",
    "text": "'text'",
    "none": "None",
    "quiet": "5;",
    "assigned": "x = 5",
    "last of several": "1\n2",
    "unicode": "print('größer ∑ 😀')\n'ü'",
    "history": "print(In[2], Out[2], _2, _)",
    "history magic": "%history 1-3",
    "main": "print(__name__, get_ipython().__class__.__name__, 'IPKernelApp' in get_ipython().config)",
    "shell": "'zmq' in str(type(get_ipython())).lower()",
    "arguments": "import argparse\nargparse.ArgumentParser().parse_args()",
    "streams": "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\nsys.stderr.write('d')",
    "streams as files": "sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.name, sys.stdout.writable()",
    "not a text": "try:\n    sys.stdout.write(5)\nexcept TypeError as error:\n    print(error)",
    "print a type": "print(print, len, sys.stdout.errors)",
    "carriage returns": "for k in range(3): print('\\r', k, end='')",
    "threads": "import threading\nt = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join()",
    "exception in a thread": "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()\nprint('after')",
    "error": "1 / 0",
    "error after text": "print('before')\nimport math\nmath.sqrt(-1)",
    "define": "def half(n):\n    return n / 2\n\ndef twice(f, *a):\n    return half(f(*a))",
    "error through functions": "twice(lambda n: n.nothing, 3)",
    "chained": "try:\n    {}['key']\nexcept KeyError as error:\n    raise ValueError('no such thing') from error",
    "in the handler": "try:\n    {}['key']\nexcept KeyError:\n    1 / 0",
    "assertion": "assert half(3) == 2, 'half(3) should be 2'",
    "name": "nothing_of_that_name",
    "syntax": "def f(:\n    pass",
    "indentation": "if True:\npass",
    "unterminated": "print('x",
    "in a library": "import json\njson.loads('{')",
    "import": "import no_such_module",
    "exit": "raise SystemExit('bye')",
    "exit status": "sys.exit(2)",
    "keyboard": "raise KeyboardInterrupt",
    "group": "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])",
    "recursion": "def deep(): return deep()\ndeep()",
    "stop iteration": "next(iter([]))",
    "bare class": "class Odd(Exception): pass\nraise Odd",
    "own message": "class Odd(Exception):\n    def __str__(self): return 'odd\\nlines'\nraise Odd(1, 2)",
    "own traceback": "class Odd(Exception):\n    def _render_traceback_(self): return ['mine', 'own']\nraise Odd(1)",
    "own traceback that prints": "class Loud(Exception):\n    def _render_traceback_(self): print('loud'); return ['mine']\nraise Loud",
    "notes": "error = ValueError('x'); error.add_note('a note'); raise error",
    "repr raises": "class R:\n    def __repr__(self): raise ValueError('no repr')\nR()",
    "repr isn't text": "class R:\n    def __repr__(self): return 5\nR()",
    "repr with lines": "class R:\n    def __repr__(self): return '0.5\\n'\nR()",
    "number": "0.25",
    "negative": "-1",
    "scalar": "import numpy as np\nnp.float64(0.5)",
    "array": "np.arange(6.0).reshape(2, 3)",
    "table": "class T:\n    def _repr_html_(self): return '<table></table>'\n    def __repr__(self): return 'T'\nT()",
    "bundle": "class B:\n    def _repr_mimebundle_(self, **_): return {'text/plain': 'B', 'application/json': {'a': [1]}}, {'k': 1}\nB()",
    "broken html": "class H:\n    def _repr_html_(self): raise ValueError\n    def __repr__(self): return 'H'\nH()",
    "display": "from IPython.display import *\ndisplay(1, 'two', [3])\nprint('between')\ndisplay(T())",
    "rich": "display(HTML('<b>b</b>'), Markdown('*m*'), Latex('$x$'), JSON({'a': 1}), Math('x'), SVG('<svg></svg>'))",
    "script": "Javascript('1')",
    "image": f"import base64\nImage(base64.b64decode('{PIXEL}'))",
    "raw bundle": "display({'text/plain': 'p', 'text/html': '<i>h</i>'}, raw=True, metadata={'m': 1})",
    "display id": "handle = display('one', display_id='here')\nprint('text')",
    "same display id": "display('two', display_id='here')",
    "update": "handle.update('three')\nupdate_display('four', display_id='nowhere')",
    "cleared": "print('gone')\nclear_output()\nprint('kept')",
    "cleared later": "print('gone')\nclear_output(wait=True)\nprint('kept', end='')\nclear_output(wait=True)",
    "progress": "for k in range(3):\n    clear_output(wait=True)\n    display(k)",
    "capture": "%%capture out\nprint('inside')\ndisplay(1)\n2",
    "captured": "out.show()\nout.stdout",
    "write a file": "%%writefile helper.py\ndef seven():\n    return 7",
    "import the file": "import helper\nhelper.seven()",
    "run the file": "%run helper.py\nseven()",
    "run with an error": "%%writefile bad.py\n1 / 0",
    "run it": "%run bad.py",
    "who": "%who_ls function",
    "precision": "%precision 3\n3.14159265",
    "precision back": "%precision\n3.14159265",
    "unknown magic": "%no_such_magic",
    "unknown cell magic": "%%no_such_magic\nx",
    "automagic": "pwd = 3\npwd",
    "help": "half?",
    "more help": "?half",
    "traceback magic": "%tb",
    "xmode": "%xmode Plain",
    "plain error": "half('x')",
    "xmode back": "%xmode Context",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\n'slept'",
    "await an error": "async def fail():\n    await asyncio.sleep(0)\n    raise ValueError('async')\nawait fail()",
    "task": "task = asyncio.create_task(asyncio.sleep(0, 'done'))\nasyncio.get_running_loop().is_running()",
    "its result": "await task",
    "run": "coroutine = asyncio.sleep(0)\ntry:\n    asyncio.run(coroutine)\nfinally:\n    coroutine.close()",
    "to a thread": "await asyncio.to_thread(half, 4)",
    "async for": "async def count():\n    for k in range(2): yield k\n[k async for k in count()]",
    "input": "input('name? ')",
    "password": "import getpass\ngetpass.getpass()",
    "warning": "import warnings\nwarnings.warn('careful')\nprint('after')",
    "logging": "import logging\nlogging.warning('logged')\nlogging.info('not logged')",
    "future": "from __future__ import annotations\ndef g(x: nothing): return x\ng(1)",
    "semicolon in a comment": "3 # no; semicolon",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('title')",
    "figures": "for k in range(2):\n    plt.figure(figsize=(1, 1))\n    plt.plot([k])\nprint('printed after')",
    "show": "plt.figure(figsize=(1, 1))\nplt.plot([1])\nplt.show()\nprint('after')",
    "figure as result": "figure = plt.figure(figsize=(1, 1))\nfigure",
    "inline": "%matplotlib inline\nplt.figure(figsize=(1, 1)); plt.plot([1, 3]);",
    "data frame": "import pandas as pd\nframe = pd.DataFrame({'a': [1.5, 2], 'b': ['x', 'y']})\nframe",
    "series": "print(frame)\nframe.a",
    "no such column": "frame['c']",
    "no such group": "frame.groupby('c').sum()",
    "no such attribute": "frame.c",
    "plot of a data frame": "axes = frame.plot(title='$x^2$', figsize=(2, 2))\nplt.show()",
    "format": "%config InlineBackend.figure_formats = ['svg']\nplt.rcParams['svg.hashsalt'] = 'x'",
    "broken figure": "plt.figure(figsize=(1, 1)); plt.title('$\\\\nothing{$');",
    "closed figure": "plt.figure(); plt.close('all')",
    "backend": "plt.get_backend(), plt.isinteractive()",
    "no window": "print('before')\n%matplotlib nonsense",
    "displayhook": "sys.displayhook(3)\n4",
    "broken display hook": "get_ipython().display_formatter.formatters['text/plain'].for_type(T, lambda *a: 1 / 0)\nT()",
    "last traceback": "sys.last_type.__name__",
    "no traceback": "get_ipython().showtraceback = lambda *a, **k: None\n1 / 0",
    "figures of a browser": "%matplotlib notebook\nplt.close('all')\nplt.get_backend()",
    "inline again": "%matplotlib inline\nplt.get_backend()",
    "stored": "%store nothing_of_that_name",
    "copies": "import shutil\nshutil.copy('helper.py', 'copy.py'), shutil.copy2('helper.py', 'copy2.py')",
    "copied folder": "shutil.copytree('.', 'copies', ignore=shutil.ignore_patterns('copies')), shutil.rmtree('copies')",
    "folder": "import os\nos.mkdir('folder')\n%cd -q folder\nos.path.basename(os.getcwd())",
    "folder before": "%cd -q -\nos.path.exists('helper.py')",
    "bookmark": "%bookmark -d nowhere",
    "jobs": "from joblib import Parallel, delayed\nParallel(n_jobs=-1)(delayed(abs)(k) for k in (-1, -2))",
    "jobs of scikit-learn": "from sklearn.neighbors import NearestNeighbors\n"
    "NearestNeighbors(n_jobs=-1).fit(np.eye(3)).kneighbors(np.eye(3))[1][:, 0]",
    "threads of scikit-learn": "from sklearn.cluster import KMeans\n"
    "KMeans(2, n_init=1, random_state=0).fit_predict(np.array([[0.0], [9.0]])).shape",
    "the end": "x",
}  # fmt: skip


def both(notebooks: IPythonSandbox, cells: list[str], seconds: int, folder: Path) -> list[tuple[Any, Any]]:
    """For each cell return the outputs and the count that a guest and a kernel give."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    Execute(timeout=seconds, kernel_name="python3").preprocess(notebook, {"metadata": {"path": str(folder)}})
    ours = notebooks.run(cells, limits=NOTEBOOK_LIMITS.changed({"cell_seconds": seconds}))
    assert ours.ended_in is None
    kernels = [(cell.outputs, cell.execution_count) for cell in notebook.cells]
    return list(zip(zip(ours.outputs, ours.counts, strict=True), kernels, strict=True))


@pytest.fixture(scope="module")
def runs(notebooks: IPythonSandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    return dict(zip(CELLS, both(notebooks, list(CELLS.values()), 60, tmp_path_factory.mktemp("kernel")), strict=True))


def test_an_interrupt(notebooks: IPythonSandbox, tmp_path: Path) -> None:
    cells = ["x = 5", "print('started')\nwhile True: pass", "x"]
    for (ours, count), (kernels, kernel_count) in both(notebooks, cells, SECONDS, tmp_path):
        assert (plain(ours), count) == (plain(kernels), kernel_count)


def plain(outputs: list[Any]) -> list[Any]:
    """Return outputs without what differs from run to run, and with the texts of both streams put together between other outputs."""
    found: list[Any] = [{}]
    for output in outputs:
        if output["output_type"] == "stream":
            found[-1][output["name"]] = found[-1].get(output["name"], "") + output["text"]
        else:
            found += [dict(output), {}]
    text = json.dumps(found, sort_keys=True, indent=1, ensure_ascii=False)
    for pattern, replacement in (
        (r"/tmp/ipykernel_\d+/", "/tmp/ipykernel/"),
        (r"\b0x[0-9a-f]+\b", "0x"),
        (r"\(\d+ times\)", "(times)"),
        (r"unrecognized arguments: [^\\]*", "unrecognized arguments"),
        (r"(Thread-)\d+", r"\1"),
        (r"No reply from kernel before timeout|the cell did not finish within \d+ s \(the limit cell_seconds\)", "timeout"),
        (r"\b\d+\.py", "cell.py"),
        (r"(~|/tmp/[\w/-]*)/bad.py", "bad.py"),
        (r'"evalue": "timeout"', '"evalue": ""'),
    ):
        text = re.sub(pattern, replacement, text)
    return [line for line, _ in groupby(text.replace(f"{Path.home()}/", "~/").split("\n"))]  # a recursion may be a level deeper


@pytest.mark.parametrize("name", CELLS)
def test_a_cell(runs: dict[str, tuple[Any, Any]], name: str) -> None:
    (ours, count), (kernels, kernel_count) = runs[name]
    assert plain(ours) == plain(kernels)
    assert count == kernel_count
    for output in ours:
        nbformat.validate(nbformat.from_dict(output), ref=output["output_type"], version=4)


def test_in_a_kernel_for_code_that_is_trusted(tmp_path: Path) -> None:
    with IPythonSandbox(confine=False) as sandbox:
        run = sandbox.run(
            [
                "y = 'one'\n!echo {y}",
                "%%bash\necho two",
                "x = !echo three\nx",
                "import socket\nsocket.socket().close()",
                "open('/etc/passwd').close()",
            ]
        )
    texts = [output.get("text", "").strip() for output in run.outputs[0] + run.outputs[1]]
    assert texts == ["one", "two"] and "three" in run.outputs[2][0]["data"]["text/plain"]
    assert run.outputs[3] == run.outputs[4] == []


def test_neighbours_of_a_stream_are_one_output(notebooks: IPythonSandbox) -> None:
    source = "import sys\nfor k in range(100): print(k)\nprint('e', file=sys.stderr)\nprint('x')\nsys.stdout.flush()\nprint('y')"
    run = notebooks.run([source])
    assert [(output["name"], output["text"][-4:]) for output in run.outputs[0]] == [
        ("stdout", "\n99\n"),
        ("stderr", "e\n"),
        ("stdout", "x\ny\n"),
    ]


def test_text_of_libraries_in_c(notebooks: IPythonSandbox) -> None:
    run: NotebookRun = notebooks.run(
        ["import os\nprint('first')\nos.write(1, b'out\\n')\nos.write(2, b'err\\n');", "os.write(2, b'again');", "1"]
    )
    assert [(output["name"], output["text"]) for output in run.outputs[0]] == [("stdout", "first\nout\n"), ("stderr", "err\n")]
    assert run.outputs[1] == [{"output_type": "stream", "name": "stderr", "text": "again"}] and len(run.outputs[2]) == 1
    run = notebooks.run(["os = __import__('os')\nos.write(2, b'x')"])  # before a result, which nbgrader reads as points
    assert [output["output_type"] for output in run.outputs[0]] == ["stream", "execute_result"]
    assert notebooks.run(["import sys\nprint('a', file=sys.__stdout__)"]).outputs[0][0]["text"] == "a\n"


def test_empty_cells_have_no_count(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(["1", " \n", "# a comment", "2"])
    assert run.counts == (1, None, 2, 3) and run.outputs[1] == run.outputs[2] == []


def test_each_notebook_starts_anew(notebooks: IPythonSandbox) -> None:
    source = "import math, random\nprint(hasattr(math, 'mine'), random.random())\nmath.mine = 1"
    first, second = notebooks.run([source]), notebooks.run([source])
    assert first.outputs == second.outputs and "False" in first.outputs[0][0]["text"]


def test_a_shell_that_notes_less(notebooks: IPythonSandbox) -> None:
    """Old versions of ipykernel don't note whether showing a result has raised; the notebook goes on nevertheless."""
    run = notebooks.run(["del get_ipython()._last_traceback_during_displayhook", "1 + 1"])
    assert run.reason == "" and run.outputs[1][0]["data"]["text/plain"] == "2"


def test_where_it_differs_from_a_kernel(notebooks: IPythonSandbox) -> None:
    """What the list of differences says of the notebook's folder, and of joblib's processes."""
    jobs = 'from joblib import Parallel, delayed\nprint(Parallel(2, backend="multiprocessing")(delayed(abs)(-n) for n in (1, 2)))'
    run = notebooks.run(["import os\nos.path.basename(os.getcwd()).isdigit()", jobs])
    assert run.outputs[0][0]["data"]["text/plain"] == "True"
    said = {output["name"]: output["text"] for output in run.outputs[1]}
    assert said["stdout"] == "[1, 2]\n" and "UserWarning" in said["stderr"]
