"""Older kernels, and other ways to install: a guest is confined by all that the kernel has, and never sees the instructor's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import landlockpy
import msgpack
import numpy as np
import pyseccomp
import pytest

import autograder
import coursekit
from autograder.sandbox import confine, process
from autograder.sandbox.host import Cell, Guest, Sandbox
from coursekit.student import Raised

TRIES = """
    import ctypes, os, signal, socket
    def read(path): return open(path, "rb").read(10)
    def write(path): open(path, "w").close()
    def truncate(path): os.truncate(path, 0)
    def tcp(port): socket.create_connection(("127.0.0.1", port), 1)
    def kill(pid): os.kill(pid, 0)
    def fork():
        if os.fork() == 0: os._exit(0)
    def own():
        with open("mine", "w") as file: file.write("x")
        os.mkdir("folder")
        os.rename("mine", "folder/mine")
        os.truncate("folder/mine", 0)
"""


@pytest.fixture(params=range(1, 7))
def old_guest(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    """A guest on a kernel whose Landlock has an older version."""
    if reason := confine.available():
        pytest.skip(reason)
    if landlockpy.abi_version() < request.param:
        pytest.skip("this kernel's Landlock is older still")
    older = f"import landlockpy._syscall\nlandlockpy._syscall.abi_version = lambda: {request.param}\n"
    monkeypatch.setattr(process, "_BOOT", older + process._BOOT.lstrip())
    with Sandbox() as sandbox, sandbox.guest([Cell("cell 1", dedent(TRIES))]) as guest:
        assert guest.problems == ()
        yield guest


def test_an_older_landlock_still_confines(old_guest: Guest, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("as it was")
    for name, argument in (("read", file), ("write", file), ("truncate", file), ("read", "/etc/passwd")):
        with pytest.raises(Raised, match="PermissionError"):
            getattr(old_guest.student, name)(str(argument))
    for name, arguments in (("tcp", (80,)), ("kill", (os.getpid(),)), ("fork", ())):
        with pytest.raises(Raised, match="PermissionError"):
            getattr(old_guest.student, name)(*arguments)
    assert file.read_text() == "as it was"


def test_an_older_landlock_lets_a_guest_work(old_guest: Guest, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["old_guest"] == 1:  # which refuses to move files between directories altogether
        with pytest.raises(Raised, match="Invalid cross-device link"):
            old_guest.student.own()
    else:
        with pytest.raises(Raised, match="truncate"):  # which seccomp refuses: no rule of Landlock's holds for it before ABI 3
            old_guest.student.own()


@pytest.mark.parametrize(
    ("abi", "lost"),
    [
        (1, "truncating files, TCP, ioctl on devices, signals and abstract sockets"),
        (3, "TCP, ioctl on devices, signals and abstract sockets"),
        (5, "signals and abstract sockets"),
    ],
)
def test_grading_says_what_an_older_landlock_lacks(monkeypatch: pytest.MonkeyPatch, abi: int, lost: str) -> None:
    monkeypatch.setattr(landlockpy, "abi_version", lambda: abi)
    assert confine.notice() == f"this kernel's Landlock has version {abi} of 6, and doesn't refuse {lost}: seccomp alone does"


def test_a_new_landlock_needs_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlockpy, "abi_version", lambda: 6)
    assert confine.notice() is None


NEIGHBOURS = """
import os, autograder, numpy
from autograder.sandbox.host import Cell, Sandbox
assert os.path.dirname(os.path.dirname(autograder.__file__)) == os.path.dirname(os.path.dirname(numpy.__file__))
cells = [
    Cell("cell 1", "import numpy, coursekit, glob, os, sys, ctypes, hashlib, json, ssl, zlib, decimal, concurrent.futures, numpy.linalg"),
    Cell("cell 2", "import autograder.reference.dropout"),
    Cell("cell 3", "open(os.path.join(os.path.dirname(os.path.dirname(numpy.__file__)), 'autograder', 'reference', 'dropout.py'))"),
    Cell("cell 4", "assert not glob.glob(os.path.dirname(os.path.dirname(numpy.__file__)) + '/autograder/*')"),
    Cell("cell 5", "assert 'autograder.reference' not in sys.modules and 'pytest' not in sys.modules"),
]
with Sandbox() as sandbox, sandbox.guest(cells) as guest:
    for problem in guest.problems:
        print(problem.label, problem.message)
"""


@pytest.mark.parametrize("python", [sys.executable, "/usr/bin/python3"])
def test_the_instructors_package_beside_numpy_is_not_readable(tmp_path: Path, python: str) -> None:
    """Installed for good, into the same folder as NumPy, as on a cluster's workers; also with the system's own Python."""
    if reason := confine.available():
        pytest.skip(reason)
    version = subprocess.run([python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True).stdout
    if version.split() != list(map(str, sys.version_info[:2])):
        pytest.skip("NumPy is built for another version than the system's Python")
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (folder,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    for package in (np, msgpack, landlockpy, autograder, coursekit):
        home = Path(str(package.__file__)).parent
        shutil.copytree(home, folder / home.name, copy_function=link_or_copy, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    for path in (pyseccomp.__file__, Path(np.__file__).parents[1] / "numpy.libs"):
        (shutil.copytree if Path(path).is_dir() else shutil.copy)(path, folder / Path(path).name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [tmp_path / "venv" / "bin" / "python", "-c", NEIGHBOURS]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("cell 2 PermissionError"), done
    assert second.startswith("cell 3 PermissionError"), done


@pytest.fixture
def guest_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Guest, Path]]:
    """A guest on a system whose libraries lie in a folder of ours, and that folder."""
    if reason := confine.available():
        pytest.skip(reason)
    folder = tmp_path / "usr" / "lib"
    names = ("python3/dist-packages/grader/suite.py", "python3.11/site-packages/grader.so", "grader/suite.py", "x86_64-linux-gnu/grader.py")
    libraries = ("liba.so", "libb.so.1.2", "x86_64-linux-gnu/libc.so.6", "x86_64-linux-gnu/blas/libblas.so.3")
    for name in (*names, *libraries):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    moved = f"import autograder.sandbox.confine as confine\nconfine.LIBRARY_FOLDERS += ({str(folder)!r},)\nmain("
    monkeypatch.setattr(process, "_BOOT", process._BOOT.replace("main(", moved, 1))
    with Sandbox() as sandbox, sandbox.guest([Cell("cell 1", dedent(TRIES))]) as guest:
        yield guest, folder


def test_what_is_installed_beside_the_systems_libraries_is_not_readable(guest_beside: tuple[Guest, Path]) -> None:
    guest, folder = guest_beside
    found = [path for path in folder.rglob("*") if path.is_file()]
    readable = []
    for path in found:
        try:
            readable.append(guest.student.read(str(path)))
        except Raised as error:
            assert error.type_name == "PermissionError"
    assert sorted(readable) == [b"liba.so", b"libb.so.1.", b"x86_64-lin", b"x86_64-lin"] and len(found) == 8


def test_packages_of_the_system_are_not_readable(confined: Sandbox) -> None:
    files = [path for root in ("/usr/lib", "/usr/lib64", "/usr/local/lib") for path in Path(root).glob("python3*/*-packages/*/__init__.py")]
    others = [path for path in files if path.parent.name not in confine.GUEST_PACKAGES][:20]
    if not others:
        pytest.skip("the system has no Python packages")
    with confined.guest([Cell("cell 1", dedent(TRIES))]) as guest:
        for path in others:
            with pytest.raises(Raised, match="PermissionError"):
                guest.student.read(str(path))


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
