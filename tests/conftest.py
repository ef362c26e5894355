"""What tests of several folders use: what is left out, what comes first, one warm sandbox, and how many cases `tests/hostile` tries.

The fuzzers try a few in every run of the tests, and as many as ``FUZZ_CASES`` says in ``make fuzz``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.scheduler import LoadScopeScheduling

from autograder.sandbox.host import Sandbox

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # takes each worker two seconds; jsonschema goes on without it

CASES = int(os.environ.get("FUZZ_CASES", "200"))

LONGEST = (
    *("test_cluster", "test_troubles", "test_hostile_class", "test_real_lectures", "test_documents", "test_nbgrader_roads", "test_kills"),
    *("test_lectures", "test_hostile_answers", "test_benchmarks", "test_broken_files", "test_fuzz_host", "test_sandbox_student"),
    *("test_equal_marks", "test_equal_marks_of_the_command", "test_hostile_cells"),
)
"""The files that take longest, the longest first: so none of them is begun when the other workers have nothing left to do."""


IN_A_BROWSER = Path(__file__).with_name("browser")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over the tests in a browser unless their folder is named, as `make browser` does: they need a Chromium, and take minutes."""
    named = any(IN_A_BROWSER.name in Path(argument).parts for argument in config.args)
    return True if collection_path == IN_A_BROWSER and not named else None


TOGETHER = "tests/nbgrader/any_course/test_equal_marks"
"""How the names of files begin that share a fixture that takes a minute: they run on one worker."""
BY_LECTURE = ("test_hostile_answers.py", "test_lectures.py")
"""Files whose tests of different lectures may run on different workers; all tests of any other file run on one, as its fixtures are."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files come first."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONGEST)))


class ByFileAndLecture(LoadScopeScheduling):
    """Sends the tests of a file to one worker, and those of some files by lecture; a test's id names its lecture.

    The groups of pytest-xdist 3.8 (``--dist loadgroup``) don't reach it through pytest 9.2: every test is a group of its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        lecture = re.search(r"\d\d_\w+", test) if file.endswith(BY_LECTURE) else None
        return f"{file} {lecture.group()}" if lecture else TOGETHER if file.startswith(TOGETHER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFileAndLecture | None:
    """Tell pytest-xdist which tests belong together, with ``--dist loadscope``."""
    return ByFileAndLecture(config, log) if config.getvalue("dist") == "loadscope" else None


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
