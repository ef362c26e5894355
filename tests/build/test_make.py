"""The Makefile sets up once, and again only when it must; what it would do is asked of make itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = ("demo", "test", "browser", "pictures", "lab", "bench", "crosscheck", "mutants", "build", "wheel")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What set-up depends on."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "course/pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def plan(checkout: Path, *arguments: str) -> str:
    """What make would do."""
    command = ["make", "--dry-run", f"PYTHON={sys.executable}", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True, env=environment).stdout


def set_up(checkout: Path) -> Path:
    """Pretend that set-up has been done; return the stamp that says so."""
    ready = checkout / ".venv" / f"ready-{sys.version.split()[0]}"
    ready.parent.mkdir()
    ready.touch()
    return ready


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_sets_up_by_itself(checkout: Path, target: str) -> None:
    assert "pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock" in plan(checkout, target)


@pytest.mark.parametrize("target", TARGETS)
def test_set_up_happens_once(checkout: Path, target: str) -> None:
    set_up(checkout)
    assert "requirements.lock" not in plan(checkout, target)


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml", "course/pyproject.toml"])
def test_set_up_happens_again_when_what_it_reads_changed(checkout: Path, name: str) -> None:
    later = set_up(checkout).stat().st_mtime + 10
    os.utime(checkout / name, (later, later))
    assert "requirements.lock" in plan(checkout, "build")


def test_an_interpreter_that_is_missing_or_too_old_is_named(checkout: Path, tmp_path: Path) -> None:
    old = tmp_path / "oldpython"
    old.write_text('#!/bin/sh\ncase "$*" in *exit*) exit 1;; *) echo 3.9.1;; esac\n')
    old.chmod(0o755)
    for python, sentence in (
        (str(old), "is Python 3.9.1; this course needs 3.11 or newer"),
        ("/no/such/python", "No Python 3.11 or newer was found"),
    ):
        done = subprocess.run(["make", "build", f"PYTHON={python}"], cwd=checkout, capture_output=True, text=True, check=False)
        assert done.returncode != 0 and sentence in done.stderr
        assert not (checkout / ".venv").exists()
