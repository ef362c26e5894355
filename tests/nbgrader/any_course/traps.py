"""Test cells with all that nbgrader's rules of scoring depend on: what is on stderr, the first result's text, an error, or nothing.

Each is a test cell with two points; what it earns is said by nbgrader's run, and some of it here, so that the comparison isn't of nothing.
"""

from __future__ import annotations

NOTHING, HALF, ONE, FULL = 0, 0.5, 1, 2

TRAPS = {
    # stderr takes all points, whoever writes there
    "stderr": ("import sys\nprint('oh', file=sys.stderr)", NOTHING),
    "warns": ("import warnings\nwarnings.warn('careful')", NOTHING),
    "logs": ("import logging\nlogging.warning('careful')", NOTHING),
    "thread": ("import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()", NOTHING),
    "captured": ("%%capture\nimport sys\nprint('oh', file=sys.stderr)", FULL),
    "cleared": ("from IPython.display import clear_output\nimport sys\nprint('oh', file=sys.stderr)\nclear_output()", FULL),
    # a result that is a number gives that many points; other results, and what isn't a result, all
    "number": ("0.5", HALF),
    "integer": ("1", ONE),
    "zero": ("0", NOTHING),
    "padded": ("type('Padded', (), {'__repr__': lambda self: ' 5e-1\\n'})()", HALF),
    "html": ("type('Both', (), {'__repr__': lambda self: '0.5', '_repr_html_': lambda self: '<b>2</b>'})()", HALF),
    "true": ("True", FULL),
    "text": ("'0.5'", FULL),
    "numpy": ("import numpy as np\nnp.float64(0.5)", FULL),
    "list": ("[0.5]", FULL),
    "none": ("None", FULL),
    "printed": ("print(0.5)", FULL),
    "suppressed": ("0.5;", FULL),
    "shown": ("display(0.5)", FULL),
    "comment": ("# nothing here", FULL),
    "last": ("1\n0.5", HALF),
    "latex": ("from IPython.display import Latex\nLatex('$x$')", FULL),
    # magics, coroutines, figures
    "time": ("%time 0.5", HALF),
    "timed": ("%%time\n0.5", HALF),
    "awaited": ("import asyncio\nawait asyncio.sleep(0)\n0.5", HALF),
    "figure": ("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('$x$');", FULL),
    "browser": ("%matplotlib notebook\n%matplotlib inline", FULL),
    "clusters": ("from sklearn.cluster import KMeans\nassert KMeans(1).fit([[0.0], [2.0]]).cluster_centers_[0, 0] == 1", FULL),
    "jobs": ("from joblib import Parallel, delayed\nassert Parallel(n_jobs=-1)([delayed(abs)(-1)]) == [1]", FULL),
    "writes": ("%%writefile written.py\nx = 1", FULL),
    "copies": ("import os, shutil\nshutil.copy('written.py', 'copy.py')\nos.remove('copy.py')", FULL),
    "moves": ("%cd -q .\n%cd -q -", FULL),
    "imports": ("from written import x\nassert x == 1", FULL),
    "runs": ("%run -i helper.py\nassert x == 1", FULL),
    # errors
    "asks": ("input('How many?')", NOTHING),
    "leaves": ("import sys\nsys.exit()", NOTHING),
    "syntax": ("def broken(:", NOTHING),
    "magic": ("%no_such_magic", NOTHING),
    "alone": ("class Quiet(Exception):\n    def _render_traceback_(self):\n        return []\nraise Quiet('x')", NOTHING),
    "after_result": ("display(1)\n1 / 0", NOTHING),
    # what nbgrader's documentation advises
    "environment": ("import os\nassert os.environ['NBGRADER_EXECUTION'] == 'autograde'", FULL),
    "uses": (
        "old = value\ndel value\ntry:\n    twice_value()\nexcept NameError:\n    pass\n"
        "else:\n    raise AssertionError('value is not called')\nfinally:\n    value = old",
        FULL,
    ),
    "mocked": (
        "from unittest.mock import patch\nwith patch('builtins.print') as mock:\n    say()\nmock.assert_called_once_with('hi')",
        FULL,
    ),
    "handed_over": ("assert open('handover.txt').read() == 'by another notebook'", FULL),
}
"""The source of each test cell, and what it earns where the notebook is as the instructor has written it."""

AUTOMATIC = {"automatic": "### AUTOTEST value()", "hashed": "### HASHED AUTOTEST value() + 1"}
"""Test cells that nbgrader writes. They are in a notebook of their own, because nbgrader runs it to know the values."""

ANSWERS = "def value():\n    return 3\ndef twice_value():\n    return 2 * value()\ndef say():\n    print('hi')"
POINTS = 2
