"""What travels between the host and a worker, and what the worker does with it.

A task is a submission's code with all that its marks depend on, as JSON: a worker needs the installed package, and neither a course folder
nor a shared disk. Suite, reference and misconceptions are those that lie in the worker's own package, so it compares versions first.
"""

from __future__ import annotations

import atexit
import json
import threading
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from coursekit.suite import BrokenSuite

from .course import slug_of
from .errors import CourseError, SandboxUnavailable, WorkerError, in_one_line
from .grading import grade_cells
from .installed import Installed, installed
from .limits import Limits
from .results import SubmissionResult, submission_from_json, submission_to_json
from .sandbox.host import Cell, Sandbox


@dataclass(frozen=True)
class Task:
    """A submission to grade, whoever's it is.

    Parameters
    ----------
    lecture : str
        The lecture's id.
    points : dict of str to float
        Its exercises, in order, with their points.
    cells : tuple of Cell
        The code to run.
    problems : tuple of str
        What the reader found wrong with the notebook.
    limits : Limits
        What the code may use.
    confine : bool
        Whether it is confined.
    grader : Installed
        What the host would grade with.
    """

    lecture: str
    points: dict[str, float]
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]
    limits: Limits
    confine: bool
    grader: Installed

    def to_bytes(self) -> bytes:
        """Return the task as JSON."""
        cells, limits, grader = [vars(cell) for cell in self.cells], asdict(self.limits), vars(self.grader)
        return json.dumps({**vars(self), "cells": cells, "limits": limits, "grader": grader}).encode()


def _task(data: dict[str, Any]) -> Task:
    cells = tuple(Cell(**cell) for cell in data["cells"])
    limits = Limits(**data["limits"])
    return Task(data["lecture"], data["points"], cells, tuple(data["problems"]), limits, data["confine"], Installed(**data["grader"]))


def work(message: bytes) -> bytes:
    """Grade a task in this process, and return the reply; see `result_in`.

    Parameters
    ----------
    message : bytes
        From `Task.to_bytes`.
    """
    data = json.loads(message)
    with _alone:
        if refusal := _refusal(data):
            return json.dumps({"refused": refusal}).encode()
        try:
            task = _task(data)
            found = grade_cells(task.cells, task.lecture, task.points, _sandbox(task.confine), task.limits)
        except SandboxUnavailable as error:
            _close()
            return json.dumps({"unconfined": str(error)}).encode()
        except BrokenSuite as error:
            return json.dumps({"broken": in_one_line(str(error), 2000)}).encode()
        except Exception as error:  # as data: not every exception can travel
            return json.dumps({"failed": f"{type(error).__name__}: {in_one_line(str(error))}"}).encode()
    return json.dumps({"result": submission_to_json(replace(found, problems=task.problems + found.problems))}).encode()


def result_in(reply: bytes) -> SubmissionResult:
    """Return the result in a worker's reply.

    Raises
    ------
    WorkerError
        If the worker would not grade as the host would.
    SandboxUnavailable
        If it can't confine a guest.
    CourseError
        If the lecture's suite can't be run, for anybody.
    RuntimeError
        If grading this submission failed.
    """
    data = json.loads(reply)
    if "broken" in data:
        raise CourseError(data["broken"])
    if "failed" in data:
        raise RuntimeError(data["failed"])
    if "unconfined" in data:
        raise SandboxUnavailable(data["unconfined"])
    if "refused" in data:
        raise WorkerError(data["refused"])
    return submission_from_json(data["result"])


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
