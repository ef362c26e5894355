"""Grades a task in a worker. Imports NumPy and pytest, so a host that only sends tasks doesn't import this module.

Suite, reference and misconceptions are those of the worker's own package, so the version of the grader is compared first.
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

GARBAGE = 20_000, 20, 20  # thresholds of gc: tests make few reference cycles, so collect less often


def make_ready() -> None:
    """Set up garbage collection for a process that only grades."""
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
    with _one_at_a_time:
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
        except Exception as error:  # as text: not every exception can be serialised
            return json.dumps({"failed": f"{type(error).__name__}: {in_one_line(str(error))}"}).encode()
        finally:
            gc.collect(1)  # tracebacks of failed tests hold arrays in reference cycles; young objects alone take a millisecond
    return json.dumps({"result": submission_to_json(replace(found, problems=task.problems + found.problems))}).encode()


def _refusal(data: dict[str, Any]) -> str:
    """Return why this process can't grade a task, or an empty text. Checked before the rest is decoded, which depends on the version."""
    wanted, slug = Installed(**data["grader"]), slug_of(data["lecture"])
    here = installed(slug)
    if here != wanted:
        return f"it has another version of the grader ({here.differs(wanted)}): install the same there, and start it again"
    if here != _first_installed(slug):
        return "the grader's files were changed since it started: start it again"
    return ""


@lru_cache
def _first_installed(slug: str) -> Installed:
    """Return the version of the grader when this process first graded the lecture, which is the one that it has loaded."""
    return installed(slug)


# One submission at a time, because pytest's collection and its capture of output are global to a process. The threads of a Dask worker
# wait here.
_one_at_a_time = threading.Lock()
_sandboxes: dict[bool, Sandbox] = {}


def _sandbox(confine: bool) -> Sandbox:
    """Return this process's sandbox; its zygote runs until the process ends."""
    if confine not in _sandboxes:
        _close()
        _sandboxes[confine] = Sandbox(confine=confine).__enter__()
        atexit.register(_close)
    return _sandboxes[confine]


def close_sandbox() -> None:
    """End this process's zygote, if it has one, after the running task."""
    with _one_at_a_time:
        _close()


def _close() -> None:
    while _sandboxes:
        _sandboxes.popitem()[1].close()
