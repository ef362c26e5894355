"""How many cases the fuzzers of `tests/hostile` try: a few in every run of the tests, as many as ``FUZZ_CASES`` says in ``make fuzz``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

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
