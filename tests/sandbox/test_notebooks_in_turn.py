"""The notebooks of one submission: each in a guest of its own, in one working directory, which nobody else gets."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import Shortage
from autograder.limits import NOTEBOOK_LIMITS
from autograder.sandbox import notebooks as module
from autograder.sandbox.notebooks import IPythonSandbox

LOOK = "import os\nprint(sorted(os.listdir('.')), os.path.basename(os.getcwd()))"


def printed(run: Any, cell: int = 0) -> str:
    return "".join(output.get("text", output.get("evalue", "")) for output in run.outputs[cell])


def scratch_directories(sandbox: IPythonSandbox) -> list[str]:
    """Return those with something in them, after a while: processes of the zygote remove them; it keeps unused ones."""
    root, deadline = Path(sandbox._zygote._root), time.monotonic() + 10
    while True:
        found = [str(path) for path in root.iterdir() if path.name.isdigit() and _is_used(path)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def _is_used(path: Path) -> bool:
    with suppress(FileNotFoundError):  # it has just been removed
        return bool(os.listdir(path))
    return False


def test_a_notebook_reads_what_one_before_it_has_written(notebooks: IPythonSandbox, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("given")
    first = ["open('made.txt', 'w').write('by the first'); open('table.csv', 'w').write('changed')", "x = 1"]
    second = ["print(open('made.txt').read(), open('table.csv').read())", "x"]
    runs = notebooks.run_in_turn([first, second, [LOOK]], [tmp_path / "table.csv"])
    assert printed(runs[1]) == "by the first changed\n"
    assert runs[1].outputs[1][0]["ename"] == "NameError"  # a process of its own
    assert "['made.txt', 'table.csv']" in printed(runs[2])
    assert (tmp_path / "table.csv").read_text() == "given"
    assert "[]" in printed(notebooks.run([LOOK])) and scratch_directories(notebooks) == []


@pytest.mark.parametrize("end", ["import os; os._exit(1)", "import os; os.write(3, b'nonsense' * 9)", "import time; time.sleep(60)"])
def test_one_that_ends_early(notebooks: IPythonSandbox, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one runs, in what is there."""
    monkeypatch.setattr(module, "INTERRUPT_SECONDS", 0.3)
    runs = notebooks.run_in_turn([["open('made', 'w').close()", end], [LOOK]], limits=NOTEBOOK_LIMITS.changed({"total_seconds": 1}))
    assert runs[0].ended_in == 1 and "['made']" in printed(runs[1])
    assert scratch_directories(notebooks) == []


def test_one_that_can_not_be_run(notebooks: IPythonSandbox, tmp_path: Path) -> None:
    """The next one gets the files."""
    (tmp_path / "given").write_text("x")
    runs = notebooks.run_in_turn([["x = '\ud800'"], [LOOK]], [tmp_path / "given"])
    assert runs[0].ended_in == -1 and "['given']" in printed(runs[1])


def test_links_that_an_earlier_notebook_left(notebooks: IPythonSandbox, tmp_path: Path) -> None:
    """Nothing is copied over them, and they lead nowhere."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "table.csv").write_text("given")
    canary = tmp_path / "gradebook.db"
    canary.write_text("marks")
    link = f"import os\nos.remove('table.csv')\nos.symlink({str(canary)!r}, 'table.csv')"
    runs = notebooks.run_in_turn([[link], ["print(open('table.csv').read())", "open('table.csv', 'w')"]], [tmp_path / "class"])
    assert runs[0].outputs == ([],)
    assert [cell[0]["ename"] for cell in runs[1].outputs] == ["PermissionError", "PermissionError"]
    assert canary.read_text() == "marks"


def test_nothing_of_the_first_is_alive(notebooks: IPythonSandbox) -> None:
    """Its threads have ended before the second begins."""
    write = "import threading, time\ndef go():\n    while True: open('beat', 'w').write(str(time.time()))\n"
    write += "threading.Thread(target=go, daemon=True).start()\ntime.sleep(0.05)"
    look = "import os, time\nbefore = os.stat('beat').st_mtime_ns\ntime.sleep(0.2)\nprint(os.stat('beat').st_mtime_ns == before)"
    assert printed(notebooks.run_in_turn([[write], [look]])[1]) == "True\n"


def test_the_sum_of_all_files_is_limited(notebooks: IPythonSandbox) -> None:
    fill = "import time\nopen(f'{time.time()}', 'wb').write(bytes(3 << 20))\ntime.sleep(0.5)"
    runs = notebooks.run_in_turn([[fill], [fill], [fill]], limits=NOTEBOOK_LIMITS.changed({"disk_bytes": "8 MiB"}))
    assert [run.ended_in for run in runs[:2]] == [None, None] and "disk_bytes" in runs[2].reason
    assert scratch_directories(notebooks) == []


def test_no_guest_in_time(notebooks: IPythonSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is removed also then."""
    monkeypatch.setattr(module, "START_SECONDS", 0)
    with pytest.raises(Shortage, match="did not start"):
        notebooks.run_in_turn([["1"], ["1"]])
    assert scratch_directories(notebooks) == []


def test_the_zygote_dies_between_two(notebooks: IPythonSandbox) -> None:
    """Then the submission has to be graded again: what the first has written is lost."""
    process = notebooks._zygote.fork(NOTEBOOK_LIMITS, 0)
    folder = process.end(keep=True).folder
    assert os.path.isdir(folder)
    notebooks._zygote._process.kill()
    notebooks._zygote._process.wait()
    with pytest.raises(Shortage, match="has lost what earlier notebooks wrote"):
        notebooks._zygote.fork(NOTEBOOK_LIMITS, 0, folder)
    notebooks._zygote.remove(folder)
    assert notebooks.run(["1"]).ended_in is None
