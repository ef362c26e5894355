"""What all tests share: the course itself, its lectures, and a place to put notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import Course, find_course

LECTURES = [lecture.id for lecture in find_course(Path(__file__).parent).lectures()]


@pytest.fixture(scope="session")
def course() -> Course:
    """The course in this repository."""
    return find_course(Path(__file__).parent)
