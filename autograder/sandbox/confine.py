"""Confinement of guests: they may read Python and a few packages, start threads, and write into their own scratch directory.

Landlock restricts files (and TCP, signals and abstract sockets where the kernel is new enough), seccomp restricts system calls. Neither
needs root, a container or a namespace, and a process can't lift either. Landlock doesn't cover changes of metadata (``chmod``,
``utime``), so seccomp refuses the system calls for these.

Rulesets and filter are made in the zygote before it forks; the guest itself only runs `Confinement.apply`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

GUEST_PACKAGES = (
    *("numpy", "numpy.libs", "scipy", "scipy.libs", "sklearn", "scikit_learn.libs", "joblib", "threadpoolctl.py", "autograd", "narwhals"),
    *("matplotlib", "matplotlib.libs", "mpl_toolkits", "PIL", "pillow.libs", "kiwisolver", "contourpy", "cycler", "dateutil", "six.py"),
    *("pyparsing", "packaging", "fontTools", "msgpack", "pylab.py"),
)
"""Packages that a notebook may import besides the standard library and coursekit: entries of site-packages."""

SYSTEM_PATHS = (
    *("/etc/ld.so.cache", "/etc/localtime", "/usr/lib/locale", "/usr/share/zoneinfo", "/usr/share/fonts", "/dev/urandom", "/dev/zero"),
)
INFORMATION_PATHS = ("/etc/mime.types", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")
"""What libraries ask about the machine."""
LIBRARY_FOLDERS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")
LIBRARIES = ("*.so*", "*-linux-*/*.so*", "*-linux-*/*/lib*.so*")
"""Patterns of shared libraries in `LIBRARY_FOLDERS`, in folders such as ``x86_64-linux-gnu``, and one level below (``openblas-pthread``).
Files are granted, not the folders, which may hold Python packages of other software."""

ALLOWED_CALLS = {
    "files, restricted by Landlock": """
        read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close lseek _llseek stat fstat lstat newfstatat
        statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir rmdir
        unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat ftruncate fsync fdatasync flock fadvise64
        readahead copy_file_range sendfile dup dup2 dup3 pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl
        epoll_wait epoll_pwait eventfd eventfd2""",
    "memory, threads, clocks": """
        mmap munmap mremap mprotect madvise msync mincore brk get_mempolicy futex futex_waitv set_robust_list get_robust_list
        set_tid_address rseq membarrier exit exit_group arch_prctl sched_yield sched_getaffinity sched_getparam sched_getscheduler
        sched_get_priority_max sched_get_priority_min getcpu time gettimeofday clock_gettime clock_getres clock_nanosleep
        nanosleep restart_syscall""",
    "information about the process, and its own signals": """
        gettid getpid getppid getuid geteuid getgid getegid getgroups getpgrp getpgid getsid getresuid getresgid uname sysinfo getrusage
        getrlimit getpriority getrandom rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack
        pause alarm setitimer getitimer""",
}

REFUSED_CALLS = """
    fork vfork execve execveat socket socketpair connect bind listen accept accept4 sendto sendmsg recvfrom recvmsg ptrace setsid setpgid
    chmod fchmod fchmodat chown lchown fchown fchownat utime utimes utimensat futimesat truncate creat mknod mknodat mount umount2 chroot
    setuid setgid setgroups setresuid setresgid setrlimit setpriority sched_setaffinity memfd_create sethostname reboot"""
"""Calls that fail with EPERM ("not permitted"), the message that a student should read. All others fail with ENOSYS ("no such call")."""

LAYERS = frozenset({"landlock", "seccomp"})
"""The mechanisms that confine a guest. They are independent of each other."""

LOST = {
    2: "",  # ABI 1 refuses to move files between directories altogether
    3: "truncating files",
    4: "TCP",
    5: "ioctl on devices",
    6: "signals and abstract sockets",
}
"""What each version of Landlock's ABI added. On an older kernel, seccomp alone restricts it."""

_CLONE_THREAD, _CLONE_FILES, _CLONE_NEW = 0x00010000, 0x00000400, 0x7E020080  # flags of a thread, of a shared file table, and of namespaces
_CLOSE_RANGE_CLOEXEC = 4
_IOCTLS = {"TCGETS": 0x5401, "TIOCGWINSZ": 0x5413, "FIONREAD": 0x541B, "FIONBIO": 0x5421, "FIONCLEX": 0x5450, "FIOCLEX": 0x5451}
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030)  # duplicate, flags and locks; not F_SETOWN, which sends signals to others
_PRCTLS = (15, 16, 0x53564D41)  # the names of threads and of memory
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38

STEP_BYTES = 8  # struct sock_filter: an operation, two jumps, and at the end a constant
_PID_PLACEHOLDER = 0x7A5C311D
"""Stands for the guest's process id in the compiled filter; larger than any process id of Linux."""


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def available() -> str | None:
    """Return None if guests can be confined on this machine, else the reason."""
    if not sys.platform.startswith("linux"):
        return f"confinement needs Linux, and this is {sys.platform}"
    try:
        import landlockpy

        if landlockpy.abi_version() < 1:
            return "this kernel has no Landlock (it came with Linux 5.13, and some systems start without it)"
        import pyseccomp  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        return f"confinement needs landlockpy, pyseccomp and libseccomp ({error})"
    return None


def notice() -> str | None:
    """Return a notice if this kernel's Landlock lacks some restrictions, else None."""
    import landlockpy

    abi = landlockpy.abi_version()
    lost = [name for version, name in LOST.items() if name and abi < version]
    if not lost:
        return None
    return f"this kernel's Landlock has version {abi} of {max(LOST)}, and doesn't refuse {', '.join(lost)}: seccomp alone does"


class Confinement:
    """The confinement of the guests of one zygote.

    A guest has two Landlock rulesets, and may do what both allow. The first one has up to thousands of rules, and is the same for all: it
    allows to read certain files, and to use the folder with all scratch directories. The second one, a guest's own, has about ten rules: it
    allows to use the guest's scratch directory, and to read folders that hold what the first one allows, but not other scratch directories.

    Parameters
    ----------
    readable : iterable of str
        The files and folders that guests may read.
    root : str
        The folder with the scratch directories.
    layers : frozenset of str
        The mechanisms to apply; a part of `LAYERS` only for tests of the others.
    """

    def __init__(self, readable: Iterable[str], root: str, layers: frozenset[str] = LAYERS) -> None:
        self._layers = layers
        root = os.path.realpath(root)
        paths = sorted({os.path.realpath(path) for path in readable})
        self._around = sorted({_folder_beside(path, root) for path in paths if os.path.commonpath([path, root]) != path})
        self._shared: Any = self._ruleset(paths, root) if "landlock" in layers else None
        self._filter = _compiled(_system_calls())
        self._libc = ctypes.CDLL(None, use_errno=True)

    def rules(self, scratch: str) -> Any:
        """Return the ruleset of a guest with the scratch directory `scratch`; None without the layer "landlock"."""
        return self._ruleset(self._around, scratch) if self._shared is not None else None

    def descriptors(self, rules: Any) -> list[int]:
        """Return the descriptors that a guest with these rules needs until `apply`."""
        return [] if rules is None else [self._shared.fileno(), rules.fileno()]

    def apply(self, rules: Any) -> None:
        """Apply the rulesets and the seccomp filter to this process, irrevocably."""
        self._libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if rules is not None:
            for ruleset in (self._shared, rules):
                ruleset.restrict()  # sets no_new_privs, too
                ruleset.close()
        if "seccomp" in self._layers:
            self._load_filter()

    @staticmethod
    def _ruleset(readable: Iterable[str], writable: str) -> Any:
        from landlockpy import AccessFS, Ruleset, Scope

        look = AccessFS.READ_FILE | AccessFS.READ_DIR
        ruleset = Ruleset(scoped=Scope.SIGNAL | Scope.ABSTRACT_UNIX_SOCKET)
        for path in readable:
            ruleset.allow_path(path, look if os.path.isdir(path) else AccessFS.READ_FILE)
        ruleset.allow_path("/dev/null", AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.TRUNCATE)
        special = AccessFS.EXECUTE | AccessFS.MAKE_CHAR | AccessFS.MAKE_BLOCK | AccessFS.MAKE_SOCK | AccessFS.IOCTL_DEV
        ruleset.allow_path(writable, ruleset.handled_fs & ~special)
        return ruleset

    def _load_filter(self) -> None:
        """Load the compiled filter. libseccomp compiles it once, in the zygote, because that takes longer than a fork."""
        steps = self._filter.replace(_PID_PLACEHOLDER.to_bytes(4, sys.byteorder), os.getpid().to_bytes(4, sys.byteorder))
        program = _Program(len(steps) // STEP_BYTES, steps)
        if self._libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or self._libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0):
            raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def _folder_beside(path: str, root: str) -> str:
    """Return the topmost folder (or the file) on the way to `path` that doesn't hold `root`."""
    way = [*reversed(Path(path).parents), Path(path)]
    return next(str(place) for place in way if os.path.commonpath([place, root]) != str(place))


def readable_paths() -> Iterator[str]:
    """Yield every existing file or directory that a guest may read, the standard library first."""
    yield from _base_paths()
    for directory in {*_site_packages(), *_package_folders(), *sys.path}:
        yield from (path for name in GUEST_PACKAGES if os.path.exists(path := os.path.join(directory, name)))


def coursekit_folders() -> list[str]:
    """Import coursekit, and return its folders: they may lie outside site-packages, in a folder that guests may not list."""
    import coursekit

    return list(coursekit.__path__)


def installed_paths(closed: Sequence[str]) -> Iterator[str]:
    """Yield what a guest may read that may import every installed package: the entries of the folders in ``sys.path``.

    Autograder itself is left out, and so are folders that hold a `closed` one or lie in one, other than site-packages.
    """
    yield from _base_paths()
    yield from (path for path in INFORMATION_PATHS if os.path.exists(path))
    installed = {os.path.realpath(path) for path in (*site.getsitepackages(), site.getusersitepackages(), *_site_packages())}
    library = {os.path.realpath(path) for path in (os.path.dirname(os.__file__), sysconfig.get_path("platstdlib"))}
    for folder in {os.path.realpath(entry) for entry in sys.path if os.path.isdir(entry)} - library:
        if folder in installed or _is_apart(folder, closed):
            entries = (entry.path for entry in os.scandir(folder) if entry.name.partition("-")[0].partition(".")[0] != "autograder")
            yield from (path for path in entries if not os.path.islink(path) or _is_apart(os.path.realpath(path), closed))


def _is_apart(path: str, closed: Sequence[str]) -> bool:
    """Tell whether a path neither lies in one of the `closed` folders nor holds one."""
    return not any(os.path.commonpath([path, folder]) in (path, folder) for folder in map(os.path.realpath, closed))


def _site_packages() -> set[str]:
    return {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}


def _base_paths() -> Iterator[str]:
    yield from _standard_library()
    yield from (path for path in SYSTEM_PATHS if os.path.exists(path))
    yield from _shared_libraries()


def _standard_library() -> Iterator[str]:
    """Yield the entries of the standard library one by one, without site-packages, which may lie inside its folder."""
    for directory in {os.path.dirname(os.__file__), sysconfig.get_path("platstdlib")}:
        yield from (entry.path for entry in os.scandir(directory) if entry.name not in ("site-packages", "dist-packages"))
    for directory in {os.path.join(prefix, "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)}:
        yield from map(str, Path(directory).glob("*.so*"))


def _shared_libraries() -> Iterator[str]:
    """Yield the shared libraries of the system, file by file."""
    for directory in LIBRARY_FOLDERS:
        for pattern in LIBRARIES:
            yield from (str(path) for path in Path(directory).glob(pattern) if path.is_file())


def _package_folders() -> Iterator[str]:
    """Yield the directories that hold NumPy and msgpack, which are loaded already."""
    for name in ("numpy", "msgpack"):
        location = getattr(sys.modules.get(name), "__file__", None)
        if location:
            yield os.path.dirname(os.path.dirname(location))


def _system_calls() -> Any:
    """Return the seccomp filter, with `_PID_PLACEHOLDER` as the guest's process id."""
    import pyseccomp as seccomp

    known = seccomp.resolve_syscall
    # ENOSYS for unlisted calls: glibc then falls back on an older one, from clone3 to clone for example
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    for action, names in ((seccomp.ALLOW, " ".join(ALLOWED_CALLS.values())), (seccomp.ERRNO(errno.EPERM), REFUSED_CALLS)):
        for name in names.split():
            if known(seccomp.Arch.NATIVE, name) >= 0:
                rules.add_rule(action, name)
    for call in ("kill", "tgkill"):
        rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(0, seccomp.EQ, _PID_PLACEHOLDER))
        rules.add_rule(seccomp.ERRNO(errno.EPERM), call, seccomp.Arg(0, seccomp.NE, _PID_PLACEHOLDER))
    _add_conditions(rules, seccomp)
    _add_opening(rules, seccomp)
    return rules


def _compiled(rules: Any) -> bytes:
    """Return a filter compiled to BPF, still with `_PID_PLACEHOLDER`."""
    with open(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add_conditions(rules: Any, seccomp: Any) -> None:
    """Allow calls that are harmless with certain arguments, with these arguments only."""
    # Threads must share one table of open files, because RLIMIT_NOFILE holds for each table
    thread = _CLONE_THREAD | _CLONE_FILES
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, thread | _CLONE_NEW, thread))
    for flags in (0, _CLOSE_RANGE_CLOEXEC):
        rules.add_rule(seccomp.ALLOW, "close_range", seccomp.Arg(2, seccomp.EQ, flags))
    # The zygote adds up the files in directories, so their owner must keep the right to read them
    for call, argument, value in (("mkdir", 1, 0o700), ("mkdirat", 2, 0o700), ("umask", 0, 0)):
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, call) >= 0:
            rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(argument, seccomp.MASKED_EQ, 0o700, value))
    rules.add_rule(seccomp.ERRNO(errno.EOPNOTSUPP), "fallocate")  # it could allocate gigabytes at once; libraries fall back on write
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(2, seccomp.EQ, 0))  # read limits only
    for call, argument, values in (("ioctl", 1, _IOCTLS.values()), ("fcntl", 1, _FCNTLS), ("prctl", 0, _PRCTLS)):
        for value in values:
            rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(argument, seccomp.EQ, value))


def _add_opening(rules: Any, seccomp: Any) -> None:
    """Allow open, except for O_RDONLY with O_TRUNC, which Landlock checks since ABI 3 only, and O_TMPFILE."""
    # O_TMPFILE makes a file without a name, which the zygote would not count
    nameless = os.O_ACCMODE | (getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY)
    ways = ((nameless | os.O_TRUNC, os.O_RDONLY), (nameless, os.O_WRONLY), (nameless, os.O_RDWR))
    for call, argument in (("open", 1), ("openat", 2)):
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, call) >= 0:
            for mask, value in ways:
                rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(argument, seccomp.MASKED_EQ, mask, value))
