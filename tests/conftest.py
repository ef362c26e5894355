"""What tests of several folders use: one warm sandbox, and how many cases the fuzzers of `tests/hostile` try.

The fuzzers try a few in every run of the tests, and as many as ``FUZZ_CASES`` says in ``make fuzz``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from autograder.sandbox.host import Sandbox

CASES = int(os.environ.get("FUZZ_CASES", "200"))

settings.register_profile(
    "fuzz",
    max_examples=CASES,
    deadline=None,
    derandomize="FUZZ_CASES" not in os.environ,  # every run of the tests tries the same cases, every run of make fuzz others
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a module on one worker of ``-n 2 --dist loadgroup``, as its fixtures are, unless it names groups of its own."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Where submissions run, confined; its zygote stays warm for all tests."""
    with Sandbox() as sandbox:
        yield sandbox
