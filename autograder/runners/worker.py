"""What a worker does with a task: a host that only hands out tasks does without, for this brings NumPy and pytest.

Suite, reference and misconceptions are those that lie in the worker's own package, so it compares versions first.
"""

from __future__ import annotations

import atexit
import gc
import json
import threading
from dataclasses import replace
from functools import lru_cache
from typing import Any

from autograder.errors import SandboxUnavailable, Shortage, in_one_line
from autograder.judging.grading import grade_cells
from autograder.model.course import slug_of
from autograder.model.results import submission_to_json
from autograder.runners.grader_version import Installed, installed
from autograder.runners.protocol import task_in
from autograder.sandbox.host import Sandbox
from coursekit.suite import BrokenSuite

GARBAGE = 20_000, 20, 20  # a test leaves few cycles behind; to look for them as often as Python does costs more than they take


def make_ready() -> None:
    """Make this process one that grades, and does nothing else."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def work(message: bytes) -> bytes:
    """Grade a task in this process, and return the reply; see `autograder.runners.protocol.result_in`.

    Parameters
    ----------
    message : bytes
        From `autograder.runners.protocol.Task.to_bytes`.
    """
    data = json.loads(message)
    with _alone:
        if refusal := _refusal(data):
            return json.dumps({"refused": refusal}).encode()
        try:
            task = task_in(data)
            found = grade_cells(task.cells, task.lecture, task.points, _sandbox(task.confine), task.limits)
        except SandboxUnavailable as error:
            _close()
            return json.dumps({"unconfined": str(error)}).encode()
        except Shortage as error:
            return json.dumps({"short": in_one_line(str(error))}).encode()
        except BrokenSuite as error:
            return json.dumps({"broken": in_one_line(str(error), 2000)}).encode()
        except Exception as error:  # as data: not every exception can travel
            return json.dumps({"failed": f"{type(error).__name__}: {in_one_line(str(error))}"}).encode()
    return json.dumps({"result": submission_to_json(replace(found, problems=task.problems + found.problems))}).encode()


def _refusal(data: dict[str, Any]) -> str:
    """Say why this process can't grade as the host would, where it can't: read before all else, for a task may look otherwise elsewhere."""
    wanted, slug = Installed(**data["grader"]), slug_of(data["lecture"])
    here = installed(slug)
    if here != wanted:
        return f"it has another version of the grader ({here.differs(wanted)}): install the same there, and start it again"
    if here != _first_installed(slug):
        return "the grader's files were changed since it started: start it again"
    return ""


@lru_cache
def _first_installed(slug: str) -> Installed:
    """Return what was installed when this process first graded the lecture: what it has loaded, whatever the files say now."""
    return installed(slug)


# One submission at a time: pytest's collection and the redirection of its output belong to the whole process. A worker of Dask with
# several threads waits here.
_alone = threading.Lock()
_warm: dict[bool, Sandbox] = {}


def _sandbox(confine: bool) -> Sandbox:
    """Return this process's sandbox, whose zygote stays warm until the process ends."""
    if confine not in _warm:
        _close()
        _warm[confine] = Sandbox(confine=confine).__enter__()
        atexit.register(_close)
    return _warm[confine]


def close_sandbox() -> None:
    """End this process's zygote, if it has one and nobody is at work."""
    with _alone:
        _close()


def _close() -> None:
    while _warm:
        _warm.popitem()[1].close()
