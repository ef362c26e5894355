"""pytest plugin for running a suite by hand: ``pytest autograder/suites/test_batch_normalization.py --notebook some.ipynb``.

The option can be repeated: the tests are parametrised by notebook. The grader itself uses `coursekit.suite.SuitePlugin` instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from autograder.model.course import HiddenModules

if TYPE_CHECKING:
    import numpy as np

    from autograder.sandbox.host import Sandbox
    from coursekit.student import Student


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("autograder")
    group.addoption("--notebook", action="append", default=[], metavar="FILE", help="a notebook that a hidden suite judges (repeats)")
    group.addoption("--sandbox", choices=["landlock", "none"], default="landlock", help="how the notebooks' code is confined")


def _is_suite(path: Path) -> bool:
    return _hidden(path).suite == path and _hidden(path).reference.is_file()


def _hidden(path: Path) -> HiddenModules:
    """Return the hidden modules of the lecture whose suite is at `path`."""
    return HiddenModules(path.parent.parent, path.stem.removeprefix("test_"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise each test of a hidden suite by the notebooks."""
    if _is_suite(metafunc.definition.path) and "student" in metafunc.fixturenames:
        notebooks = metafunc.config.getoption("--notebook")
        metafunc.parametrize("student", notebooks, indirect=True, ids=[Path(name).stem for name in notebooks], scope="module")


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The sandbox in which the notebooks' code runs."""
    from autograder.sandbox.host import Sandbox

    with Sandbox(confine=request.config.getoption("--sandbox") == "landlock") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def student(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Student]:
    """The functions of the notebook given by ``--notebook``."""
    from autograder.errors import AutograderError
    from autograder.model.course import find_course
    from autograder.model.submission import read_submission

    path = Path(request.param)
    try:
        submission = read_submission(path, find_course(path.parent))
    except AutograderError as error:
        pytest.fail(f"{path}: {error}", pytrace=False)
    with sandbox.guest(submission.cells, submission.lecture.limits) as guest:
        yield guest.student


@pytest.fixture(scope="module")
def reference(request: pytest.FixtureRequest) -> ModuleType:
    """The hidden reference of the suite's lecture."""
    from autograder.judging.hidden_modules import reference_of

    return reference_of(_hidden(request.path))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers for a test's inputs, the same in every run."""
    from coursekit.suite import seeded

    return seeded(request.node.cls.__name__, request.node.originalname)
