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


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Where submissions run, confined; its zygote stays warm for all tests."""
    with Sandbox() as sandbox:
        yield sandbox
