"""What the course is installed from says the same thing everywhere, and names no machine."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"matplotlib-base": "matplotlib", "msgpack-python": "msgpack"}
LOCAL = {"-e ./course": "coursekit", "-e .": "training-deep-neural-networks"}


def declared() -> dict[str, Requirement]:
    """Every requirement of both packages and of development, by name."""
    course, root = (
        tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"] for path in ("course/pyproject.toml", "pyproject.toml")
    )
    texts = [*course["dependencies"], *root["dependencies"], *root["optional-dependencies"]["dev"]]
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, texts) if requirement.name != "coursekit"}


def conda() -> dict[str, Requirement]:
    """Every requirement in environment.yml, by its name on PyPI."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    texts = [entry for entry in entries if isinstance(entry, str)] + [line for line in pip_section(entries) if line not in LOCAL]
    found = {CONDA_NAMES.get(requirement.name, requirement.name): requirement for requirement in map(Requirement, texts)}
    return {canonicalize_name(name): requirement for name, requirement in found.items() if name not in ("pip", "python")}


def pip_section(entries: list) -> list[str]:
    return next(entry["pip"] for entry in entries if isinstance(entry, dict))


def locked() -> dict[str, Requirement]:
    """Every package in requirements.lock, by name."""
    lines = re.findall(r"^([\w.-]+==[^\\\n]+?) \\$", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


def test_conda_has_the_same_names_and_lower_bounds() -> None:
    expected, found = declared(), conda()
    assert found.keys() == expected.keys()
    assert {name: str(each.specifier) for name, each in found.items()} == {name: str(each.specifier) for name, each in expected.items()}


def test_conda_installs_this_checkout() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert [line for line in pip_section(entries) if line in LOCAL] == list(LOCAL)  # coursekit first: the other one needs it


def test_the_lock_has_all_that_is_declared() -> None:
    versions = locked()
    for name, requirement in declared().items():
        assert requirement.specifier.contains(str(versions[name].specifier).removeprefix("==")), name


def test_every_locked_package_has_a_hash() -> None:
    blocks = re.split(r"^(?=[\w.-]+==)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) > 100
    assert all("--hash=sha256:" in block for block in blocks)


def test_nothing_heavy_is_locked() -> None:
    assert not {"torch", "tensorflow", "jax", "coursekit"} & locked().keys()
    assert not [name for name in locked() if name.startswith("nvidia")]


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml", "course/pyproject.toml", "environment.yml", "Makefile", ".ci/run"])
def test_no_host_and_no_machine_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.findall(r"https?://|file:|--index-url|--find-links|/(?:home|root|work|opt)/", text)


def test_python_versions_agree() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    versions = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    required = {
        tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]["requires-python"]
        for path in ("pyproject.toml", "course/pyproject.toml")
    }
    assert required == {f">={versions[0]}"}
    assert f"python>={versions[0]},<3.{int(versions[-1].split('.')[1]) + 1}" in (ROOT / "environment.yml").read_text(encoding="utf-8")


def test_pytest_looks_into_every_folder_of_tests(pytestconfig: pytest.Config) -> None:
    """By default it passes over folders that are called build."""
    skipped = pytestconfig.getini("norecursedirs")
    folders = {folder for path in (ROOT / "tests").rglob("test_*.py") for folder in path.relative_to(ROOT).parent.parts}
    assert {"build", "grading"} <= folders
    assert not [folder for folder in folders if any(fnmatch(folder, pattern) for pattern in skipped)]
