"""What tests of several folders use: the order of the files, one warm sandbox, and how many cases the fuzzers of `tests/hostile` try.

The fuzzers try a few in every run of the tests, and as many as ``FUZZ_CASES`` says in ``make fuzz``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from autograder.sandbox.host import Sandbox

CASES = int(os.environ.get("FUZZ_CASES", "200"))

LONGEST = (
    *("test_cluster", "test_troubles", "test_hostile_class", "test_real_lectures", "test_documents", "test_nbgrader_roads", "test_kills"),
    *("test_lectures", "test_hostile_answers", "test_benchmarks", "test_broken_files", "test_fuzz_host", "test_sandbox_student"),
)
"""The files that take longest, the longest first: so none of them is begun when the other workers have nothing left to do."""


BY_LECTURE = ("test_hostile_answers", "test_lectures")
"""Files whose tests of different lectures may run on different workers; all tests of any other file run on one, as its fixtures are."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files come first, and say what runs on one worker."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONGEST)))
    for item in items:
        lecture = getattr(item, "callspec", None) and item.callspec.params.get("lecture")
        part = f" {lecture.id}" if lecture and item.path.stem in BY_LECTURE else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.path}{part}"))


settings.register_profile(
    "fuzz",
    max_examples=CASES,
    deadline=None,
    derandomize="FUZZ_CASES" not in os.environ,  # every run of the tests tries the same cases, every run of make fuzz others
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Where submissions run, confined; its zygote stays warm for all tests."""
    with Sandbox() as sandbox:
        yield sandbox
