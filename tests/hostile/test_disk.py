"""What a guest puts on the disk is counted whatever the host is doing, and a full disk costs one submission only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from autograder.errors import Shortage
from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import find_course
from autograder.runners.class_run import Handin, Options, grade
from autograder.runners.worker import close_sandbox
from autograder.sandbox import process, zygote
from autograder.sandbox.confine import available
from autograder.sandbox.host import Cell, Sandbox

from .conftest import as_user

HERE = find_course(Path(__file__).parent)
LECTURE = HERE.lecture("05_batch_normalization")
MIB = 1 << 20

JUDGING = """
import time
from pathlib import Path
from autograder.limits import Limits
from autograder.sandbox.host import Cell, Sandbox

CELLS = [Cell("cell 1", '''
import os, threading
def write():
    number = 0
    while True:
        with open(f"file-{number}", "wb") as file:
            file.write(bytes(1 << 20))
        number += 1
def begin():
    threading.Thread(target=write, daemon=True).start()
''')]

def taken(root):
    return sum(path.stat().st_blocks * 512 for path in root.rglob("file-*"))

with Sandbox() as sandbox, sandbox.guest(CELLS, Limits(disk_bytes=20 << 20)) as guest:
    guest.student.begin()
    root, before, deadline = Path(guest._zygote._root), -1, time.monotonic() + 20  # the host judges: it doesn't ask the guest again
    while before < 20 << 20 or (now := taken(root)) > before:
        before = max(before, taken(root))
        time.sleep(0.3)
        if time.monotonic() > deadline:
            break
print(before >> 20, *guest.problems)
"""


@pytest.fixture(autouse=True)
def _confined() -> None:
    if reason := available():
        pytest.skip(reason)


def test_the_disk_is_looked_at_while_the_host_judges(user: int | None, tmp_path: Path) -> None:
    command = [sys.executable, "-c", dedent(JUDGING)]
    if user is not None:
        os.chown(tmp_path, user, user)
        command = [*as_user(user), *command]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60)
    assert re.search(r"after the last answer.*took more than 20 MiB \(the limit disk_bytes\)", done.stdout), done


@pytest.mark.parametrize("trick", ["renamed", "swapped", "linked"])
def test_a_folder_that_moves_is_counted(trick: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest renames a folder between the moments in which its name is read and it is opened."""
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "file").write_bytes(bytes(MIB))
    if trick == "swapped":
        (tmp_path / "empty").mkdir()
    moves, real = count(), os.open

    def opened(path: str, *arguments: Any) -> int:
        if os.path.dirname(path) == str(tmp_path) and (number := next(moves)) < 5:
            full, *rest = sorted((each for each in tmp_path.iterdir() if not each.is_symlink()), key=lambda each: -len(os.listdir(each)))
            full.rename(tmp_path / f"moved-{number}")
            for other in rest:
                other.rename(full)
            if trick == "linked":
                full.symlink_to("/")
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", opened)
    assert zygote.holds_more_than(MIB // 2, str(tmp_path))
    assert not zygote.holds_more_than(2 * MIB, str(tmp_path))


def test_a_folder_too_deep_to_be_opened_counts_as_too_much(tmp_path: Path) -> None:
    where = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(20):
            os.mkdir("x" * 250)
            os.chdir("x" * 250)
    finally:
        os.chdir(where)
    assert zygote.holds_more_than(MIB, str(tmp_path))


# --- a disk that is full ------------------------------------------------------------------------------------------------------

FULL = """
import errno, os
made, real = [], os.mkdir
def mkdir(*arguments, **options):
    made.append(0)
    if {when}:
        raise OSError(errno.ENOSPC, "No space left on device")
    real(*arguments, **options)
os.mkdir = mkdir
"""


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let a zygote find the disk full: each time that it makes a directory and `when`, an expression, is true."""

    def full(when: str) -> None:
        monkeypatch.setattr(process, "_BOOT", process._BOOT.replace("main(", FULL.replace("{when}", when) + "main(", 1))

    close_sandbox()
    yield full
    close_sandbox()


def test_a_guest_is_started_at_the_second_try(full: Callable[[str], None]) -> None:
    full("len(made) == 1")
    with Sandbox() as sandbox, sandbox.guest([Cell("cell 1", "def one(): return 1")]) as guest:
        assert guest.student.one() == 1


def test_a_sandbox_outlives_a_full_disk(full: Callable[[str], None], tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    full(f"os.path.exists({str(tmp_path / 'full')!r})")
    with Sandbox() as sandbox:
        with pytest.raises(Shortage, match="No space left on device"):
            sandbox.guest([])
        zygote = sandbox._zygote._process
        (tmp_path / "full").unlink()
        with sandbox.guest([Cell("cell 1", "def one(): return 1")]) as guest:
            assert guest.student.one() == 1
        assert sandbox._zygote._process is zygote


def test_a_full_disk_costs_one_submission(full: Callable[[str], None], tmp_path: Path) -> None:
    full("len(made) in (2, 3)")
    names = ("ann", "ben", "cem", "dee")
    for name in names:
        notebook = solved(LECTURE)
        litter = f"open({name!r}, 'w').close()"  # so that nobody else gets the directory
        notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": litter, "outputs": [], "execution_count": None})
        write(notebook, tmp_path / f"{name}.ipynb")
    hand_ins = [Handin(tmp_path / f"{name}.ipynb", name, LECTURE) for name in names]
    results = {result.student: result for result in grade(hand_ins, HERE, Options(cache=False))}
    lost = results.pop("ben")
    assert not lost.graded and "no guest could be started" in lost.problems[0] and "report this" not in lost.problems[0]
    for name, result in results.items():
        assert result.graded and result.score == result.max_score, (name, result)
