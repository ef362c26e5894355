"""What a guest may not do. Each proof can fail: without confinement the same code succeeds."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import autograder
from autograder.sandbox import confine
from autograder.sandbox.host import Cell, Guest, Sandbox
from coursekit.student import Raised

Run = Callable[..., Guest]
HOME = Path(autograder.__file__).parent

TRIES = """
import ctypes, os, signal, socket, subprocess, sys, threading
import numpy as np

libc = ctypes.CDLL(None, use_errno=True)

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def read(path):
    with open(path, "rb") as file:
        return len(file.read(100))
def listing(path): return len(os.listdir(path))
def write(path):
    with open(path, "a") as file:
        return file.write("x")
def truncate(path): os.truncate(path, 0)
def open_and_truncate(path): os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))
def strange_open(path): os.close(os.open(path, 3 | os.O_TRUNC))
def chmod(path): os.chmod(path, 0o600)
def utime(path): os.utime(path)
def link(path): os.link(path, "linked")
def rename(path): os.rename(path, path + "-renamed"); os.rename(path + "-renamed", path)
def remove(path): os.remove(path)
def symlink_out(path):
    os.symlink(path, "way-out")
    try:
        return read("way-out")
    finally:
        os.remove("way-out")

def tcp(port): socket.create_connection(("127.0.0.1", port), 1).close()
def listen(): s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.close()
def udp(): s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("127.0.0.1", 9)); s.close()
def unix(path): s = socket.socket(socket.AF_UNIX); s.connect(path); s.close()
def pair(): [s.close() for s in socket.socketpair()]

def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
def execute(): subprocess.run(["/bin/true"], check=True)
def shell():
    if os.system("true"):
        raise PermissionError
def work():
    pass
def multiprocess():
    import multiprocessing
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
def spawn(): os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
def clone_bare(): checked(libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x11, 0, 0, 0, 0)) or os._exit(0)

def kill(pid): os.kill(pid, 0)
def kill_group(): os.killpg(0, 0)
def priority(pid): os.setpriority(os.PRIO_PROCESS, pid, 5)
def attach(pid): checked(libc.ptrace(16, pid, 0, 0))
def memory_file(): os.close(os.memfd_create("x"))
def own_session(): os.setsid()
def raise_limit():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
def pid(): return os.getpid()
def outlive(): checked(libc.prctl(1, 0, 0, 0, 0))
def send_signal_by_file(pid):
    import fcntl
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, pid)
def environment(): return dict(os.environ)
def command_line(pid): return read(f"/proc/{pid}/cmdline")
def descriptors(): return [fd for fd in range(256) if exists(fd)]
def exists(fd):
    try:
        return bool(os.fstat(fd))
    except OSError:
        return False
def modules(): return sorted(sys.modules)
def paths(): return sys.path
def identity(): return os.getsid(0) == os.getpgrp() == os.getpid(), os.listdir(".")
"""


@pytest.fixture(scope="module")
def guests(confined: Sandbox, unconfined: Sandbox) -> Iterator[tuple[Guest, Guest]]:
    cells = [Cell("cell 1", TRIES)]
    with confined.guest(cells) as inside, unconfined.guest(cells) as outside:
        assert inside.problems == outside.problems == ()
        yield inside, outside


@pytest.fixture
def refuses(guests: tuple[Guest, Guest]) -> Callable[..., None]:
    """Check that a call is refused to a confined guest, and works for another."""

    def check(name: str, *args: object, fails_anyway: bool = False) -> None:
        with pytest.raises(Raised) as caught:
            getattr(guests[0].student, name)(*args)
        assert caught.value.type_name in ("PermissionError", "OSError"), caught.value
        if not fails_anyway:
            getattr(guests[1].student, name)(*args)

    return check


@pytest.mark.parametrize(
    "path", [HOME / "errors.py", HOME / "sandbox" / "guest.py", HOME.parent / "pyproject.toml", Path(__file__), "/etc/passwd"]
)
def test_files_of_others(refuses: Callable[..., None], path: Path) -> None:
    refuses("read", str(path))
    refuses("symlink_out", str(path))


def test_the_hidden_parts_of_the_course(refuses: Callable[..., None]) -> None:
    for directory in ("reference", "suites", "misconceptions", "../solutions", "../tests"):
        refuses("listing", str(HOME / directory))
        for file in sorted((HOME / directory).rglob("*.py"))[:3]:
            refuses("read", str(file))


def test_what_the_grader_loaded_is_not_in_the_guest(guests: tuple[Guest, Guest]) -> None:
    for guest in guests:
        names = guest.student.modules()
        hidden = ("reference", "suites", "misconceptions", "diagnosis", "grading")
        assert not [name for name in names if name.startswith("autograder.") and any(part in name for part in hidden)]
        assert not {"pytest", "nbgrader", "coursekit.suite"} & set(names)
        assert str(HOME.parent) not in guest.student.paths()


PACKAGES, LIBRARY = str(Path(np.__file__).parents[1]), os.path.dirname(os.__file__)


@pytest.mark.parametrize("directory", ["/", "/proc", "/proc/self", "/tmp", "/root", "/etc", "/home", "/dev", PACKAGES, LIBRARY])
def test_directories_of_others(refuses: Callable[..., None], directory: str) -> None:
    if os.path.isdir(directory) and os.access(directory, os.R_OK):
        refuses("listing", directory)


def test_other_scratch_directories(refuses: Callable[..., None], confined: Sandbox) -> None:
    with confined.guest([Cell("cell 1", "import os\nopen('secret', 'w').write('x')\ndef here(): return os.getcwd()")]) as other:
        secret = os.path.join(other.student.here(), "secret")
        refuses("read", secret)
        refuses("listing", os.path.dirname(secret))
        refuses("write", secret)


def test_other_processes(refuses: Callable[..., None]) -> None:
    refuses("command_line", os.getpid())
    refuses("kill", os.getpid())
    refuses("kill_group")
    refuses("priority", os.getpid())
    refuses("attach", os.getpid(), fails_anyway=True)  # some systems refuse it to everybody
    refuses("send_signal_by_file", os.getpid())


@pytest.mark.parametrize("way", ["write", "truncate", "open_and_truncate", "strange_open", "chmod", "utime", "link", "rename", "remove"])
def test_writing(refuses: Callable[..., None], tmp_path: Path, way: str) -> None:
    file = tmp_path / "file"
    file.write_text("as it was")
    refuses(way, str(file), fails_anyway=True)
    assert file.read_text() == "as it was"


@pytest.mark.parametrize("way", ["write", "truncate", "open_and_truncate", "chmod", "utime", "rename", "remove"])
def test_writing_works_without_confinement(guests: tuple[Guest, Guest], tmp_path: Path, way: str) -> None:
    file = tmp_path / "file"
    file.write_text("as it was")
    getattr(guests[1].student, way)(str(file))


@pytest.mark.parametrize("path", [os.__file__, confine.__file__, os.path.join(os.path.dirname(os.__file__), "new.py")])
@pytest.mark.parametrize("way", ["write", "chmod"])
def test_what_may_be_read_may_not_be_changed(guests: tuple[Guest, Guest], path: str, way: str) -> None:
    with pytest.raises(Raised, match="PermissionError"):
        getattr(guests[0].student, way)(path)


def test_sockets(refuses: Callable[..., None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        refuses("tcp", server.getsockname()[1])
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as server:
        server.bind(directory + "/s")
        server.listen()
        refuses("unix", directory + "/s")
    for way in ("listen", "udp", "pair"):
        refuses(way)


@pytest.mark.parametrize("way", ["fork", "execute", "shell", "multiprocess", "spawn", "clone_bare"])
def test_processes(refuses: Callable[..., None], way: str) -> None:
    refuses(way)


def test_the_rest(refuses: Callable[..., None]) -> None:
    refuses("memory_file")
    refuses("own_session", fails_anyway=True)  # it has one already
    refuses("outlive")


def test_limits_can_not_be_raised(guests: tuple[Guest, Guest]) -> None:
    with pytest.raises(Raised):
        guests[0].student.raise_limit()


def test_the_environment_is_not_the_hosts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    with Sandbox() as sandbox:
        environment = run(TRIES, sandbox=sandbox).student.environment()
    assert "SECRET_TOKEN" not in environment and environment["COURSEKIT_GRADING"] == "1"
    known = {"PATH", "LANG", "LC_CTYPE", "HOME", "TMPDIR", "COURSEKIT_GRADING", "PYTHONHASHSEED", "LD_LIBRARY_PATH"}
    assert set(environment) <= known | {name for name in environment if name.startswith("MPL") or name.endswith("_THREADS")}


def test_a_guest_has_nothing_of_the_zygotes(run: Run) -> None:
    student = run(TRIES).student
    assert student.descriptors() == [0, 1, 2, 3]
    assert student.identity() == (True, [])


def test_what_a_guest_can_do(run: Run) -> None:
    guest = run("""
        import concurrent.futures, os, signal, tempfile, threading, time
        import numpy as np

        def threads():
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                return list(pool.map(lambda x: x * x, range(5)))
        def algebra():
            a = np.random.default_rng(0).normal(size=(200, 200))
            return float(np.abs(np.linalg.inv(a) @ a - np.eye(200)).max())
        def files():
            with tempfile.NamedTemporaryFile("w+") as file:
                file.write("mine"); file.flush()
                np.save("x.npy", np.ones(3))
                return open(file.name).read(), np.load("x.npy").sum()
        def own_signal():
            heard = []
            signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.001)
            return len(heard)
        def clock(): return time.localtime().tm_year > 2000 and os.urandom(3) != b""
        def large_file():
            open("large", "wb").write(bytes(20 << 20))
    """)
    student = guest.student
    assert student.threads() == [0, 1, 4, 9, 16]
    assert student.algebra() < 1e-9
    assert student.files() == ("mine", 3.0)
    assert student.own_signal() == 1 and student.clock() is True
    with pytest.raises(Raised, match="File too large"):
        student.large_file()


@pytest.mark.parametrize(
    "source",
    [
        "import scipy.stats, scipy.optimize, scipy.linalg; print(scipy.stats.norm.cdf(0))",
        "from sklearn.linear_model import LogisticRegression as L\nprint(L().fit([[0.0], [1.0]], [0, 1]).predict([[0.9]]))",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.title('$x$'); plt.savefig('a.png'); plt.show()",
        "import autograd.numpy as np\nfrom autograd import grad\nassert grad(np.tanh)(0.0) == 1",
    ],
)
def test_packages(run: Run, source: str) -> None:
    guest = run(source)
    assert guest.problems == (), guest.printed


def test_packages_that_a_guest_does_not_have(run: Run) -> None:
    guest = run(
        "import nbgrader", "import no_such_package", "import autograder.reference", "try:\n    import torch\nexcept ImportError:\n    pass"
    )
    assert ["ModuleNotFoundError" in problem.message for problem in guest.problems[:2]] == [True, True]
    assert [problem.label for problem in guest.problems] == ["cell 1", "cell 2", "cell 3"]


def test_several_guests_at_a_time(confined: Sandbox) -> None:
    answers: list[int] = []

    def work(number: int) -> None:
        with confined.guest([Cell("cell 1", f"def f(): return {number}")]) as guest:
            answers.append(guest.student.f())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == list(range(6))


def test_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    import landlockpy

    monkeypatch.setattr(landlockpy, "abi_version", lambda: 0)
    assert "Landlock" in str(confine.available())
    with pytest.raises(autograder.SandboxUnavailable, match="--sandbox none"):
        Sandbox()
    Sandbox(confine=False)
