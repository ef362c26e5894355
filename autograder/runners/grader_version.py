"""The version of the grader on this machine: a hash of the code that affects marks, and the versions of Python and libraries.

It is a part of a stored result's key, and a worker compares it with the host's before it grades: every machine gives the same marks.
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
from autograder.model.course import HIDDEN, PACKAGE, HiddenModules

LIBRARIES = ("coursekit", "landlockpy", "msgpack", "numpy", "pyseccomp", "pytest", "scipy")
"""Libraries of the grader itself."""

GUEST_LIBRARIES = (
    *("autograd", "contourpy", "cycler", "fonttools", "joblib", "kiwisolver", "matplotlib", "narwhals", "packaging", "pillow"),
    *("pyparsing", "python-dateutil", "scikit-learn", "six", "threadpoolctl"),
)
"""Further libraries that a submission may import; see `autograder.sandbox.confine.GUEST_PACKAGES`."""

WITHOUT_EFFECT = frozenset(
    {
        *("autograder/cli.py", "autograder/kernel.py", "autograder/pytest_plugin.py"),
        *("autograder/build", "autograder/demo", "autograder/gradebook", "autograder/report", "coursekit/public"),
        *(
            "autograder/runners/class_run.py",
            "autograder/runners/result_store.py",
            "autograder/runners/local.py",
            "autograder/runners/dask_cluster.py",
        ),
    }
)
"""Files and folders left out of the hash: they run before or after judging, or only in students' own checks."""

OF_A_LECTURE = ("autograder/suites/test_{}.py", "autograder/reference/{}.py", "autograder/misconceptions/{}.py")
"""Files that affect the marks of one lecture only, by their names in the hash, which are the same in every course."""

CACHE_SECONDS = 0.1


@dataclass(frozen=True)
class Installed:
    """The grader of one machine: a hash of its code for a lecture, and the versions of Python and libraries by name."""

    code: str
    versions: dict[str, str]

    def differs(self, other: Installed) -> str:
        """Return the differences from `other` as text, or an empty text."""
        names = [name for name in self.versions | other.versions if self.versions.get(name) != other.versions.get(name)]
        found = [f"{name} {self.versions.get(name, 'none')} instead of {other.versions.get(name, 'none')}" for name in names]
        return ", ".join([*found, *(["other code"] if self.code != other.code else [])])


def installed(hidden: HiddenModules) -> Installed:
    """Return the version of the grader for the lecture with these modules; the files are checked for changes at each call."""
    return Installed(_code(tuple(sorted(_files(hidden)))), versions())


def engine_code(package: str) -> str:
    """Return the hash of the code of one of this package's packages, such as "sandbox"."""
    return _code(tuple(sorted(_python_files(f"{PACKAGE.name}/{package}", PACKAGE / package, frozenset()))))


class InstalledCache:
    """A cache of `installed` for `CACHE_SECONDS`, for the host; workers check the files for each task."""

    def __init__(self) -> None:
        self._found: dict[HiddenModules, tuple[Installed, float]] = {}

    def get(self, hidden: HiddenModules) -> Installed:
        """Return the version of the grader for the lecture with these modules, at most `CACHE_SECONDS` old."""
        found, when = self._found.get(hidden, (None, 0.0))
        if found is None or time.monotonic() > when + CACHE_SECONDS:
            found = installed(hidden)
            self._found[hidden] = found, time.monotonic()
        return found


@lru_cache(maxsize=64)
def _code(files: tuple[tuple[str, str, FileState], ...]) -> str:
    digest = hashlib.sha256()
    for name, path, state in files:
        digest.update(f"{name}\0{_digest(path, state) if state else ''}\0".encode())
    return digest.hexdigest()


def _files(hidden: HiddenModules) -> Iterator[tuple[str, str, FileState]]:
    """Yield name (the same on all machines), path and state of each file that affects marks of a lecture.

    These are all files of both packages without `WITHOUT_EFFECT`, and of the course's hidden modules all but those of other lectures.
    """
    try:
        suites = [name for name in os.listdir(hidden.suite.parent) if re.fullmatch(r"test_\w+\.py", name)]
    except OSError:  # the suite is missing, which is reported when it is to be run
        suites = []
    others = {suite[len("test_") : -len(".py")] for suite in suites} - {hidden.slug}
    left_out = WITHOUT_EFFECT | {f"autograder/{name}" for name in HIDDEN}
    for package in (PACKAGE, Path(coursekit.__file__).parent):
        yield from _python_files(package.name, package, left_out)
    of_others = frozenset(name.format(other) for name in OF_A_LECTURE for other in others)
    for name in HIDDEN:
        if (hidden.folder / name).is_dir():
            yield from _python_files(f"autograder/{name}", hidden.folder / name, of_others)


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
    """Return the hash of a file, cached until the file changes; an empty text if there is no file."""
    state = state_of(path)
    return _digest(str(path), state) if state else ""


@lru_cache(maxsize=1024)
def _digest(path: str, state: FileState) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that the grader or a submission may use."""
    found = {"Python": platform.python_version(), "implementation": platform.python_implementation(), "processor": platform.machine()}
    return found | {name: _version(name) for name in sorted((*LIBRARIES, *GUEST_LIBRARIES))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
