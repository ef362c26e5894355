"""One zygote for all tests of the sandbox, with and one without confinement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent

import pytest

from autograder.sandbox.confine import available
from autograder.sandbox.host import Cell, Guest, Limits, Sandbox
from autograder.sandbox.notebooks import IPythonSandbox


@pytest.fixture(scope="session")
def confined(request: pytest.FixtureRequest) -> Sandbox:
    if reason := available():
        pytest.skip(reason)
    return request.getfixturevalue("sandbox")


@pytest.fixture(scope="session")
def unconfined() -> Iterator[Sandbox]:
    with Sandbox(confine=False) as sandbox:
        yield sandbox


@pytest.fixture
def run(confined: Sandbox) -> Iterator[Callable[..., Guest]]:
    """Run sources, or cells, in a guest that ends with the test."""
    guests = []

    def run(*sources: str | Cell, sandbox: Sandbox = confined, limits: Limits | None = None) -> Guest:
        cells = [cell if isinstance(cell, Cell) else Cell(f"cell {n}", dedent(cell).strip("\n")) for n, cell in enumerate(sources, 1)]
        guests.append(sandbox.guest(cells, limits))
        return guests[-1]

    yield run
    for guest in guests:
        guest.close()


@pytest.fixture(scope="session")
def notebooks() -> Iterator[IPythonSandbox]:
    """Run notebooks in confined guests."""
    if reason := available():
        pytest.skip(reason)
    with IPythonSandbox(modules=["matplotlib.pyplot", "no_such_module", "pandas"]) as sandbox:
        yield sandbox
