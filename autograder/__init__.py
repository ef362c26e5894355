"""The instructor's side of the course: grade, build, report.

What is public is listed in `__all__` and loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "AutograderError": "errors",
    "BuildError": "errors",
    "Course": "course",
    "CourseError": "errors",
    "ExerciseResult": "results",
    "GradebookError": "errors",
    "Lecture": "course",
    "Limits": "limits",
    "MisconceptionFound": "results",
    "Sandbox": "sandbox.host",
    "SandboxUnavailable": "errors",
    "SubmissionError": "errors",
    "SubmissionResult": "results",
    "TestResult": "results",
    "find_course": "course",
    "grade_submission": "grading",
    "read_submission": "submission",
    "score": "kernel",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
