"""Installing coursekit as students do, over an older copy: what was changed arrives, and nothing is left in their folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).parents[2] / "course"
OLDEST = 946684800  # the year 2000: unpacking a new version can give files older times than those of the last build


def install(folder: Path, target: Path) -> None:
    """Install the course in `folder` into `target`, with the build backend that is installed here."""
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--upgrade",
        f"--target={target}",
    ]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "."], cwd=folder, check=True, capture_output=True, text=True)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info", ".*", "[0-9]*")
    return Path(shutil.copytree(COURSE, tmp_path / "course", ignore=ignored))


def test_a_new_version_replaces_the_old_one(copy: Path, tmp_path: Path) -> None:
    checks, target = copy / "coursekit" / "public", tmp_path / "target"
    (checks / "test_withdrawn.py").write_text('"""Checks of a lecture that is withdrawn later."""\n', encoding="utf-8")
    install(copy, target)
    assert (target / "coursekit" / "public" / "test_withdrawn.py").exists()
    changed, added = checks / "test_initialization.py", checks / "test_added.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "\n# a new version\n", encoding="utf-8")
    added.write_text('"""Checks of a new lecture."""\n', encoding="utf-8")
    (checks / "test_withdrawn.py").unlink()
    for path in (changed, added):
        os.utime(path, (OLDEST, OLDEST))
    before = files(copy)
    install(copy, target)
    installed = {name: content for name, content in files(target / "coursekit").items() if "__pycache__" not in name}
    assert installed == files(copy / "coursekit")
    assert files(copy) == before, "nothing is left in the student's folder"
