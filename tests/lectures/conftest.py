"""What the tests of all references use."""

from __future__ import annotations

from typing import Any

import jupytext
import numpy as np
import pytest

from autograder.model.course import find_course, is_solution


@pytest.fixture(scope="module")
def solution(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The functions of the solution notebook of the lecture that the test module is named after."""
    lecture = find_course().lecture(request.path.stem.removeprefix("test_reference_"))
    namespace: dict[str, Any] = {"np": np}
    for cell in jupytext.read(lecture.source.with_suffix(".py")).cells:
        if is_solution(cell) or cell.metadata.get("nbgrader", {}).get("grade_id") == "setup":  # the imports
            exec(cell.source, namespace)
    return namespace
