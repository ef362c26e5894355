"""What is installed of the grader on this machine: its code and the versions that it stands on, as far as they determine a mark.

It is part of the key under which a result is kept, and what a worker compares before it grades: the same submission has to get the same
marks on every machine.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import coursekit
from autograder.files import FileState, state_of
from autograder.model.course import PACKAGE

LIBRARIES = ("coursekit", "landlockpy", "msgpack", "numpy", "pyseccomp", "pytest", "scipy")
"""What grading itself uses."""

GUEST_LIBRARIES = (
    *("autograd", "contourpy", "cycler", "fonttools", "joblib", "kiwisolver", "matplotlib", "narwhals", "packaging", "pillow"),
    *("pyparsing", "python-dateutil", "scikit-learn", "six", "threadpoolctl"),
)
"""What else a submission may import; see `autograder.sandbox.confine.GUEST_PACKAGES`."""

ELSEWHERE = frozenset(
    {
        *("autograder/cli.py", "autograder/demo.py", "autograder/kernel.py", "autograder/pytest_plugin.py"),
        *("autograder/build", "autograder/gradebook", "autograder/report", "coursekit/public"),
        *("autograder/runners/class_run.py", "autograder/runners/local.py", "autograder/runners/dask_cluster.py"),
    }
)
"""Files and folders that have no part in any mark: they run before and after the judging, or in students' own tests."""

OF_A_LECTURE = ("autograder/suites/test_{}.py", "autograder/reference/{}.py", "autograder/misconceptions/{}.py")
"""Files that have a part in the marks of one lecture."""

LATELY_SECONDS = 0.1


@dataclass(frozen=True)
class Installed:
    """The grader of one machine: a hash of its code for a lecture, and the versions of all that it stands on, by name."""

    code: str
    versions: dict[str, str]

    def differs(self, other: Installed) -> str:
        """Return in words how this one differs from `other`, or an empty text."""
        names = [name for name in self.versions | other.versions if self.versions.get(name) != other.versions.get(name)]
        found = [f"{name} {self.versions.get(name, 'none')} instead of {other.versions.get(name, 'none')}" for name in names]
        return ", ".join([*found, *(["other code"] if self.code != other.code else [])])


def installed(slug: str) -> Installed:
    """Return what grades the lecture `slug` here; files are looked at each time, for they may be edited meanwhile."""
    return Installed(_code(tuple(sorted(_files(slug)))), versions())


class Looked:
    """What was installed a moment ago: a host looks at the files a few times a second, for its workers look each time."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Installed, float]] = {}

    def lately(self, slug: str) -> Installed:
        """Return what graded the lecture `slug` at most `LATELY_SECONDS` ago."""
        found, when = self._found.get(slug, (None, 0.0))
        if found is None or time.monotonic() > when + LATELY_SECONDS:
            found = installed(slug)
            self._found[slug] = found, time.monotonic()
        return found


@lru_cache(maxsize=64)
def _code(files: tuple[tuple[str, str, FileState], ...]) -> str:
    digest = hashlib.sha256()
    for name, path, state in files:
        digest.update(f"{name}\0{_digest(path, state) if state else ''}\0".encode())
    return digest.hexdigest()


def _files(slug: str) -> Iterator[tuple[str, str, FileState]]:
    """Yield every file of ours that has a part in a mark: a name that is the same on all machines, where it lies, and its state.

    That is all of both packages but `ELSEWHERE` and other lectures' own files.
    """
    suites = filter(re.compile(r"test_\w+\.py").fullmatch, os.listdir(PACKAGE / "suites"))
    others = {suite[len("test_") : -len(".py")] for suite in suites} - {slug}
    left_out = ELSEWHERE | {name.format(other) for name in OF_A_LECTURE for other in others}
    for package in (PACKAGE, Path(coursekit.__file__).parent):
        yield from _python_files(package.name, package, left_out)


def _python_files(name: str, folder: Path, left_out: frozenset[str]) -> Iterator[tuple[str, str, FileState]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            inside = f"{name}/{entry.name}"
            if inside in left_out or entry.name.startswith((".", "__pycache__")):
                continue
            if entry.is_dir():
                yield from _python_files(inside, Path(entry.path), left_out)
            elif entry.name.endswith(".py"):
                yield inside, entry.path, state_of(entry)


def digest_of(path: Path) -> str:
    """Return the hash of a file, which is read again only where it has changed; nothing where there is no file."""
    state = state_of(path)
    return _digest(str(path), state) if state else ""


@lru_cache(maxsize=1024)
def _digest(path: str, state: FileState) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of Python and of all libraries that grading, or a submission, may use."""
    found = {"Python": platform.python_version(), "implementation": platform.python_implementation(), "processor": platform.machine()}
    return found | {name: _version(name) for name in sorted((*LIBRARIES, *GUEST_LIBRARIES))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
