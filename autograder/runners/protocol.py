"""The messages between host and worker, as JSON: a task, and the reply to it.

A task holds everything that the marks depend on but the grader: the installed package and the course's hidden modules, which a worker has
itself. Host and worker compare theirs by `Installed`. Neither needs a shared disk.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from autograder.errors import CourseError, SandboxUnavailable, Shortage, WorkerError
from autograder.limits import Limits
from autograder.model.cells import Cell
from autograder.model.results import SubmissionResult, submission_from_json
from autograder.runners.grader_version import Installed


@dataclass(frozen=True)
class Task:
    """A submission to grade, without the student's name.

    Parameters
    ----------
    lecture : str
        The lecture's id.
    points : dict of str to float
        Its exercises, in order, with their points.
    cells : tuple of Cell
        The code to run.
    problems : tuple of str
        Messages of the reader about the notebook.
    limits : Limits
        Limits of the guest and the host.
    confine : bool
        Whether the guest is confined.
    grader : Installed
        The host's version of the grader.
    hidden : str
        The folder of the course's hidden modules on the host.
    """

    lecture: str
    points: dict[str, float]
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]
    limits: Limits
    confine: bool
    grader: Installed
    hidden: str

    def to_bytes(self) -> bytes:
        """Return the task as JSON."""
        cells, limits, grader = [vars(cell) for cell in self.cells], asdict(self.limits), vars(self.grader)
        return json.dumps({**vars(self), "cells": cells, "limits": limits, "grader": grader}).encode()


def task_in(data: dict[str, Any]) -> Task:
    """Return the task that `Task.to_bytes` wrote, read from JSON."""
    cells = tuple(Cell(**cell) for cell in data["cells"])
    limits = Limits(**data["limits"])
    grader = Installed(**data["grader"])
    return Task(data["lecture"], data["points"], cells, tuple(data["problems"]), limits, data["confine"], grader, data["hidden"])


def result_in(reply: bytes) -> SubmissionResult:
    """Return the result in a worker's reply.

    Raises
    ------
    WorkerError
        If the worker has another version of the grader.
    SandboxUnavailable
        If the worker can't confine a guest.
    Shortage
        If the worker lacked disk, memory or processes for this submission.
    CourseError
        If the lecture's suite can't be run for any submission.
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
    if "short" in data:
        raise Shortage(data["short"])
    if "refused" in data:
        raise WorkerError(data["refused"])
    return submission_from_json(data["result"])
