"""What is installed of the grader on this machine: its code and the versions that it stands on, as far as they determine a mark.

It is part of the key under which a result is kept, and what a worker compares before it grades: the same submission has to get the same
marks on every machine.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import coursekit

from .course import PACKAGE, suite_of

LIBRARIES = ("coursekit", "landlockpy", "msgpack", "numpy", "pyseccomp", "pytest", "scipy")
"""What grading itself uses."""

GUEST_LIBRARIES = (
    *("autograd", "contourpy", "cycler", "fonttools", "joblib", "kiwisolver", "matplotlib", "narwhals", "packaging", "pillow"),
    *("pyparsing", "python-dateutil", "scikit-learn", "six", "threadpoolctl"),
)
"""What else a submission may import; see `autograder.sandbox.confine.GUEST_PACKAGES`."""


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
    digest = hashlib.sha256()
    for name, path in sorted(_files(slug)):
        digest.update(f"{name}\0{digest_of(path)}\0".encode())
    return Installed(digest.hexdigest(), versions())


def _files(slug: str) -> Iterator[tuple[str, Path]]:
    """Yield every file of ours that has a part in a mark, with a name that is the same on all machines."""
    for folder in (PACKAGE, PACKAGE / "sandbox"):
        yield from ((f"{folder.relative_to(PACKAGE.parent).as_posix()}/{path.name}", path) for path in folder.glob("*.py"))
    yield from ((f"coursekit/{path.name}", path) for path in Path(coursekit.__file__).parent.glob("*.py"))
    yield from ((f"{kind}/{slug}", PACKAGE / kind / f"{slug}.py") for kind in ("reference", "misconceptions"))
    yield f"suites/{slug}", suite_of(slug)


def digest_of(path: Path) -> str:
    """Return the hash of a file, which is read again only where it has changed; nothing where there is no file."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return ""
    return _digest(path, about.st_mtime_ns, about.st_size, about.st_ino)


@lru_cache(maxsize=1024)
def _digest(path: Path, changed: int, size: int, inode: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
