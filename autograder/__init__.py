"""The instructor's package: grade, build, report.

The public API is listed in `__all__`; each name is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "AutograderError": "errors",
    "BuildError": "errors",
    "Course": "model.course",
    "CourseError": "errors",
    "ExerciseResult": "model.results",
    "GradebookError": "errors",
    "Lecture": "model.course",
    "Limits": "limits",
    "MisconceptionFound": "model.results",
    "Sandbox": "sandbox.host",
    "SandboxUnavailable": "errors",
    "SubmissionError": "errors",
    "SubmissionResult": "model.results",
    "TestResult": "model.results",
    "find_course": "model.course",
    "grade_submission": "judging.grading",
    "read_submission": "model.submission",
    "score": "kernel",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
