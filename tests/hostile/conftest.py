"""The hostile class: every case in `cases/` becomes a student's notebook, and whole classes of them are graded as an instructor would.

A case is a cell of a file in jupytext's percent form. Its name stands behind the ``# %%``, and what must happen in the comments below::

    # %% numpy_says_yes
    # tries: to make every comparison of NumPy succeed
    # must: lose the exercise that it answers wrongly, and nothing else
    # loses: update_running

====================  ==============================================================================================================
``tries``, ``must``   a sentence each, for people
``loses``             the exercises that must get no points, or ``everything``; all others must get full marks (without: none is lost)
``may lose``          as above, but those which may lose some: what a case does to itself is its own affair
``status``            what one of the lost exercises must say, such as ``timeout``
``says``              a regular expression that must be found in what the student reads
``where``             ``first``: the cell stands above the answers, not below (without: last)
``unconfined``        ``succeeds``: without the sandbox the attempt works, so the case proves something
``layers``            which of ``landlock`` and ``seccomp`` stops it alone (without: both together are needed, or neither)
``slow``              ``yes``: left out where the same class is graded a second time
``files``             of `cells.py`: names of files that are handed in beside the notebook
``outputs``           of `cells.py`: a regular expression that must be found in the outputs
``score``             of `cells.py`: the points that it must get
====================  ==============================================================================================================

The other cells of a notebook are right answers, so full marks are what a case would have got. An attempt that succeeds says so itself:
it prints ``SUCCEEDED`` (see `attacker.py`), and what it could read.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import find_course
from autograder.sandbox.confine import available

HERE = Path(__file__).parent
CASES = HERE / "cases"
ROOT = HERE.parents[1]
LECTURE = find_course(ROOT).lecture("05_batch_normalization")
KEYS = ("tries", "must", "loses", "may lose", "status", "says", "where", "unconfined", "layers", "slow", "files", "outputs", "score")
NOBODY = 65534
BLAMELESS_EVERY = 8
GRADE_SECONDS, LAST_SECONDS = 300, 10


@dataclass(frozen=True)
class Case:
    """A hostile notebook: what it does, and what must come of it."""

    family: str
    name: str
    source: str
    header: dict[str, str]

    @property
    def id(self) -> str:
        """What the test and the notebook are called."""
        return f"{self.family}-{self.name}"

    def names(self, key: str) -> frozenset[str]:
        """Return the names that a line of the header lists; every exercise's where it says so."""
        names = frozenset(filter(None, re.split(r"[,\s]+", self.header.get(key, ""))))
        return frozenset(LECTURE.points) if names == {"everything"} else names


def read_cases(family: str) -> list[Case]:
    """Return the cases of a family, in order."""
    text = (CASES / f"{family}.py").read_text(encoding="utf-8")
    return [one_case(family, part) for part in re.split(r"^# %% ", text, flags=re.MULTILINE)[1:]]


def one_case(family: str, text: str) -> Case:
    """Read a cell: its name, the lines of its header, and its code."""
    lines = text.splitlines()
    header: dict[str, str] = {}
    for line in lines[1:]:
        key, colon, value = line.removeprefix("# ").partition(": ")
        if not (line.startswith("# ") and colon and key in KEYS):
            break
        header[key] = value.strip()
    name = lines[0].strip()
    missing = {"tries", "must"} - header.keys()
    assert not missing, f"{family}.{name} doesn't say {missing}"
    return Case(family, name, "\n".join(lines[1 + len(header) :]).strip("\n"), header)


TOGETHER = ("forged_marks", "stolen_answers", "escape", "network")
FAMILIES = {family: read_cases(family) for family in (*TOGETHER, "exhaustion", "across_students")}


# --- what must stay untouched -------------------------------------------------------------------------------------------------


class Canaries:
    """Secrets that nobody may read, and sockets that nobody may reach, in a place of their own.

    Parameters
    ----------
    place : Path
        An empty directory.
    owner : int
        The user who grades, and to whom all of it belongs.
    """

    def __init__(self, place: Path, owner: int) -> None:
        self.word = secrets.token_hex(8)
        self.home, self.temporary, self.course = (place / name for name in ("home", "temporary", "course"))
        self.environment = {"HOSTILE_SECRET": self.secret("environment")}
        self.files = {
            "home": self.home / ".secret",
            "temporary file": self.temporary / "guests-of-another" / "1" / "answers.npy",
            "another submission": self.course / "submitted" / "another" / LECTURE.id / f"{LECTURE.slug}.ipynb",
            "gradebook": self.course / "gradebook.db",
            "cache": self.course / ".autograder" / "results" / "0123.json",
        }
        for what, path in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.secret(what), encoding="utf-8")
        for folder, _, files in os.walk(place):
            for name in (".", *files):
                os.chown(os.path.join(folder, name), owner, owner)
        self._open_sockets(place)
        self._share_memory(owner)
        self.before = self.listing()

    def secret(self, what: str) -> str:
        """Return something that only the host knows."""
        return f"{self.word} of the {what}"

    def listing(self) -> dict[str, bytes]:
        """Return all files and what is in them."""
        places = (self.home, self.temporary, self.course)
        return {str(path): path.read_bytes() if path.is_file() else b"" for place in places for path in sorted(place.rglob("*"))}

    def targets(self) -> dict[str, Any]:
        """Return what every attacker knows: where all of it is, and nothing that is in it."""
        return {
            "files": {what: str(path) for what, path in self.files.items()},
            "home": str(self.home),
            "temporary": str(self.temporary),
            "course": str(self.course),
            "tcp": self.tcp.getsockname()[1],
            "tcp6": self.tcp6.getsockname()[1] if self.tcp6 else None,
            "udp": self.udp.getsockname()[1],
            "unix": self.unix.getsockname(),
            "abstract": "\0" + self.abstract.getsockname()[1:].decode(),
            "shared_memory": self.shared.name,
            "host": os.getpid(),
            "repository": str(ROOT),
            "slug": LECTURE.slug,
        }

    def touched(self) -> list[str]:
        """Return what was found, changed or reached, a phrase each."""
        found = [f"a connection over {name}" for name in ("tcp", "tcp6", "unix", "abstract") if self._was_reached(getattr(self, name))]
        with suppress(BlockingIOError):
            self.udp.recv(100)
            found.append("a datagram")
        after = self.listing()
        found += [f"changed or new: {path}" for path in sorted({*after, *self.before}) if after.get(path) != self.before.get(path)]
        if not self.shared.exists() or self.shared.read_bytes() != self.secret("shared memory").encode():
            found.append("shared memory was changed or removed")
        places = (Path("/dev/shm"), Path("/tmp"), Path("/var/tmp"), ROOT, HERE)
        return found + [f"left behind: {path}" for place in places if place.is_dir() for path in place.glob("hostile-mark*")]

    def survivors(self) -> list[str]:
        """Return the processes that still work where guests did; a guest's command line names its directory, as the zygote's does.

        A zygote whose host has gone cleans up first, and then goes, too.
        """
        place, deadline = str(self.temporary), time.monotonic() + LAST_SECONDS
        while True:
            found = [_command_line(process) for process in psutil.process_iter() if place in _command_line(process)]
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def close(self) -> None:
        """Take all of it down."""
        for server in filter(None, (self.tcp, self.tcp6, self.udp, self.unix, self.abstract)):
            server.close()
        self.shared.unlink(missing_ok=True)

    def _open_sockets(self, place: Path) -> None:
        self.tcp, self.udp = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp6 = socket.create_server(("::1", 0), family=socket.AF_INET6) if _has_ipv6() else None
        self.udp.bind(("127.0.0.1", 0))
        self.unix, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        folder = os.open(place, os.O_RDONLY)  # the path of a socket is limited to a hundred letters
        self.unix.bind(f"/proc/self/fd/{folder}/socket")
        os.close(folder)
        self.abstract.bind(f"\0hostile-{self.word[::-1]}")
        (place / "socket").chmod(0o777)
        for server in filter(None, (self.tcp, self.tcp6, self.udp, self.unix, self.abstract)):
            server.setblocking(False)
        for server in (self.unix, self.abstract):
            server.listen()

    def _share_memory(self, owner: int) -> None:
        self.shared = Path("/dev/shm") / f"canary-{os.getpid()}-{self.word[:4]}"
        self.shared.write_text(self.secret("shared memory"), encoding="utf-8")
        os.chown(self.shared, owner, owner)

    @staticmethod
    def _was_reached(server: socket.socket | None) -> bool:
        if server is None:
            return False
        with suppress(BlockingIOError):
            server.accept()
            return True
        return False


def _command_line(process: psutil.Process) -> str:
    """Return a process's command line and directory; "" for one that has ended, and no directory where it is unreadable or too deep."""
    words: list[str] = []
    with suppress(psutil.Error, OSError):  # OSError: a guest of another test that went down a path longer than the kernel tells
        words += process.cmdline()
        words.append(process.cwd())
    return " ".join(words)


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


# --- a class, and how it is graded --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class How:
    """How a class is graded: as which user, with which limits, confined or not."""

    user: int | None = None
    jobs: int = 2
    limits: dict[str, object] = field(default_factory=dict)
    confine: bool = True
    layers: tuple[str, ...] = ()


class Graded:
    """A class that was graded: its results by name, and what became of everything around it."""

    def __init__(self, results: dict[str, dict[str, Any]], canaries: Canaries, said: str, status: int) -> None:
        self.results, self.said, self.status, self.word = results, said, status, canaries.word  # said: to standard error
        self.survivors = canaries.survivors()
        self.touched = canaries.touched()

    @property
    def blameless(self) -> dict[str, dict[str, Any]]:
        """The results of those who did nothing."""
        return {name: result for name, result in self.results.items() if name.startswith("blameless")}


def notebook(extra: str, first: bool, targets: dict[str, Any]) -> dict[str, Any]:
    """Return a solved notebook with a hostile cell in it."""
    made = solved(LECTURE)
    tools = (HERE / "attacker.py").read_text(encoding="utf-8").replace("TARGETS = {}", f"TARGETS = {targets!r}")
    cells = [{"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None} for text in (tools, extra)]
    answers = made["cells"]
    made["cells"] = [*cells, *answers] if first else [cells[0], *answers, cells[1]]
    return made


def grade(cases: list[Case], place: Path, how: How) -> Graded:
    """Grade a class made of `cases`, with blameless students among them, and look at what it left behind."""
    canaries = Canaries(place, os.getuid() if how.user is None else how.user)
    try:
        folder, names = place / "class", []
        for number, case in enumerate(cases):
            if number % BLAMELESS_EVERY == 0:
                names.append(f"blameless-{number}")
                write(notebook(f"# {names[-1]}", False, {}), folder / f"{len(names):03}-{names[-1]}.ipynb")
            names.append(case.id)
            hostile = notebook(case.source, case.header.get("where") == "first", canaries.targets() | {"class": str(folder)})
            write(hostile, folder / f"{len(names):03}-{case.id}.ipynb")
        handed_in = _contents(folder)
        done = subprocess.run(
            command(folder, how), env=environment(canaries), cwd=canaries.course, capture_output=True, text=True, timeout=GRADE_SECONDS
        )
        assert _contents(folder) == handed_in, "what was handed in was changed"
        assert done.stdout.startswith("{"), done.stderr
        results = {result["student"][4:]: result for result in json.loads(done.stdout)["results"]}
        return Graded(results, canaries, done.stderr, done.returncode)
    finally:
        canaries.close()


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def command(folder: Path, how: How) -> list[str]:
    """Return the command that grades a folder: the real one, unless a layer is to be left out, which it can't."""
    if how.layers:
        words = [sys.executable, str(HERE / "grade_in_layers.py"), str(folder), *how.layers]
    else:
        program = str(Path(sys.executable).with_name("autograder"))
        words = [program, "grade", str(folder), "--json", "-", "--no-gradebook", "--no-cache", "--jobs", str(how.jobs)]
        words += [word for name, value in how.limits.items() for word in ("--limit", f"{name}={value}")]
        words += [] if how.confine else ["--sandbox", "none"]
    return words if how.user is None else [*as_user(how.user), *words]


def as_user(user: int) -> list[str]:
    """Return the words that make a command run as another user, who may read what root may: the interpreter can lie in root's home."""
    may_read = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *may_read]


def environment(canaries: Canaries) -> dict[str, str]:
    """Return the environment of the grader, with a secret in it."""
    places = {"HOME": str(canaries.home), "TMPDIR": str(canaries.temporary)}
    return {**os.environ, **places, **canaries.environment, "PYTHONDONTWRITEBYTECODE": "1"}


# --- fixtures -----------------------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the argument `case` once for each case; the mark `having` says for which: those with a line, and a word in it."""
    if "case" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("having")
        key, word = mark.args if mark else ("tries", "")
        cases = [case for family in FAMILIES.values() for case in family if key in case.header and word in case.header[key]]
        metafunc.parametrize("case", cases, ids=lambda case: case.id)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "having(key, word): the hostile cases that a test is about")


SMALL = {
    **{"call_seconds": 1, "cell_seconds": 1.5, "total_seconds": 12, "memory_bytes": "1GiB", "processes": 32},
    **{"file_bytes": "2MiB", "disk_bytes": "64MiB"},
}
"""Limits for those who exhaust something: what takes ten seconds otherwise is seen after less than one, on a busy machine, too."""


@pytest.fixture(scope="session")
def class_graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Graded]]:
    """Return the class that some families make, graded once however often it is asked for."""
    if reason := available():
        pytest.skip(reason)
    done: dict[str, Graded] = {}
    places: list[Path] = []

    def class_graded(families: tuple[str, ...], how: How, wanted: Callable[[Case], bool] = lambda case: True) -> Graded:
        key = repr((families, how))
        if key not in done:
            places.append(tmp_path_factory.mktemp("hostile"))
            done[key] = grade([case for family in families for case in FAMILIES[family] if wanted(case)], places[-1], how)
        return done[key]

    yield class_graded
    for place in places:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session", params=["as whoever runs the tests", "as an ordinary user"])
def user(request: pytest.FixtureRequest) -> int | None:
    """Return the user who grades: root has rights, and lacks limits, that others have."""
    if request.param == "as whoever runs the tests":
        return None
    if os.getuid() != 0:
        pytest.skip("the tests run as an ordinary user already")
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv to become an ordinary user with")
    probe = [*as_user(NOBODY), sys.executable, "-c", "import autograder.sandbox.host"]
    if subprocess.run(probe, capture_output=True, cwd="/").returncode:
        pytest.skip("an ordinary user can't run this Python")
    return NOBODY


@pytest.fixture
def graded(class_graded: Callable[..., Graded], user: int | None) -> Callable[[str], Graded]:
    """Return the class in which a family sits."""

    def graded(family: str) -> Graded:
        if family == "exhaustion":
            return class_graded((family,), How(user, limits=SMALL), lambda case: user is None or "slow" not in case.header)
        if family == "across_students":
            return class_graded((family,), How(user, jobs=1))  # one after the other, all from one zygote
        return class_graded(TOGETHER, How(user))

    return graded


@pytest.fixture(scope="session")
def how() -> type[How]:
    """Return the way to say how a class is graded."""
    return How
