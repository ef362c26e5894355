# Family 4: out of the process, and alive after its end.

# %% daemon
# tries: to fork, to become a session of its own, and to live on
# must: be refused
import os


def become_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            import time

            time.sleep(60)
        os._exit(0)
    return "forked"


attempt("a daemon", become_daemon)
attempt("a session", os.setsid)
attempt("a process group", os.setpgid, 0, 0)

# %% processes_of_python
# tries: every way that Python knows to start a process
# must: be refused
# unconfined: succeeds
# layers: seccomp
import os
import subprocess
import sys


def fork_and_end():
    process = os.fork()
    if process == 0:
        os._exit(0)
    return os.waitpid(process, 0)


def by_pty():
    import pty

    process, _ = pty.fork()
    if process == 0:
        os._exit(0)
    return process


def by_pool():
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(1) as pool:
        return pool.submit(len, "x").result(5)


attempt("fork", fork_and_end)
attempt("spawn", lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0))
attempt("run", subprocess.run, ["/bin/true"])
attempt("this Python", subprocess.run, [sys.executable, "-c", "pass"])
attempt("pty", by_pty)
if not os.path.isdir("/nowhere") and "COURSEKIT_GRADING" in os.environ:
    attempt("exec", lambda: os.execv("/bin/nothing-there", ["x"]))

# %% shell
# tries: to run a command in a shell
# must: be refused
# layers: seccomp
import os


def shell(command):
    status = os.system(command)
    if status:
        raise PermissionError(f"status {status}")


attempt("system", shell, f"touch {TARGETS['home']}/hostile-mark")
attempt("popen", lambda: 1 / len(os.popen("echo here").read()))

# %% forks_below_python
# tries: to fork by numbers of system calls
# must: be refused
# layers: seccomp
import os


def fork_by(number, *arguments):
    result = system_call(number, *arguments)
    if result == 0:
        os._exit(0)
    return result


for what, number, arguments in (
    ("fork", 57, ()),
    ("clone", 56, (17, 0, 0, 0, 0)),
    ("clone with a thread's flags but its own memory", 56, (0x00000F00 | 17, 0, 0, 0, 0)),
    ("clone3", 435, (0, 0)),
    ("execve", 59, (b"/bin/true", 0, 0)),
    ("execveat", 322, (-100, b"/bin/true", 0, 0, 0)),
):
    attempt(what, fork_by, number, *arguments)

# %% calls_of_another_architecture
# tries: to fork through the gate for 32-bit programs, from machine code of its own
# must: be ended, or refused
# says: ended the whole process|^$
# layers: seccomp
import ctypes
import mmap
import platform

print("refused: (it is ended before it could say so)", flush=True)


def gate(number):
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\x53\xb8" + number.to_bytes(4, "little") + b"\x31\xdb\xcd\x80\x5b\x48\x98\xc3")  # eax = number; ebx = 0; int 0x80
    call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    result = call()
    if result < 0:
        raise OSError(-result, "refused")
    return result


if platform.machine() == "x86_64":
    attempt("setsid or getpid through int 0x80", gate, 20)

# %% calls_of_x32
# tries: to open a socket by its number in the x32 table
# must: be ended, or refused
# says: ended the whole process|^$
# layers: seccomp
import platform

print("refused: (it is ended before it could say so)", flush=True)
if platform.machine() == "x86_64":
    attempt("socket of x32", system_call, 0x40000000 + 41, 2, 1, 0)

# %% machine_code_of_its_own
# tries: to make the system call for a socket from machine code in its own memory
# must: be refused
# layers: seccomp
import ctypes
import mmap
import platform


def gate(number, first, second):
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8" + number.to_bytes(4, "little") + b"\x31\xd2\x0f\x05\xc3")  # eax = number; edx = 0; syscall
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    result = call(first, second)
    if result < 0:
        raise OSError(-result, "refused")
    return result


if platform.machine() == "x86_64":
    attempt("socket", gate, 41, 2, 1)
else:
    attempt("socket", system_call, 198, 2, 1, 0)

# %% io_uring
# tries: to let the kernel open files and sockets on its behalf, past the filter
# must: be refused
# layers: seccomp
import ctypes

parameters = ctypes.create_string_buffer(120)
attempt("io_uring_setup", system_call, 425, 8, ctypes.addressof(parameters))
attempt("io_uring_enter", system_call, 426, 3, 1, 1, 0, 0, 0)
attempt("io_uring_register", system_call, 427, -1, 0, 0, 0)
attempt("io_setup", system_call, 206, 8, ctypes.addressof(parameters))

# %% namespaces
# tries: to become root in a namespace of its own
# must: be refused
# layers: seccomp
attempt("a namespace for users", system_call, 272, 0x10000000)
attempt("a namespace for files", system_call, 272, 0x00020000)
attempt("a namespace for processes", system_call, 272, 0x20000000)
attempt("clone into one", system_call, 56, 0x10000000 | 17, 0, 0, 0, 0)
attempt("setns", system_call, 308, 3, 0)
attempt("chroot", system_call, 161, b".")
attempt("mount", system_call, 165, b"none", b".", b"tmpfs", 0, 0)
attempt("fsopen", system_call, 430, b"tmpfs", 0)
attempt("pivot_root", system_call, 155, b".", b".")

# %% memory_that_runs
# tries: to make a program in memory, and to run it
# must: be refused
# layers: seccomp
import os

attempt("memfd_create", system_call, 319, b"hostile", 0)
attempt("memfd_secret", system_call, 447, 0)
attempt("execveat of a descriptor", system_call, 322, 0, b"", 0, 0, 0x1000)


def program_in_scratch():
    with open("program", "wb") as file:
        file.write(b"#!/bin/sh\n")
    os.chmod("program", 0o700)
    os.execv("./program", ["program"])


attempt("a program in its directory", program_in_scratch)

# %% writing_beside_the_notebook
# tries: to write, rename, remove, link and change what lies beside its notebook
# must: be refused, and change nothing
# layers: landlock
import os

folder = TARGETS["class"]
neighbour = f"{folder}/001-blameless-0.ipynb"


def write(path):
    with open(path, "w") as file:
        file.write("hostile")


attempt("a new file", write, f"{folder}/hostile-mark.ipynb")
attempt("another's notebook", write, neighbour)
attempt("appending", lambda: os.open(neighbour, os.O_WRONLY | os.O_APPEND))
attempt("renaming", os.rename, neighbour, neighbour + "-hostile-mark")
attempt("removing", os.remove, neighbour)
attempt("linking in", os.link, neighbour, "mine")
attempt("linking out", os.symlink, "/etc/passwd", f"{folder}/hostile-mark")
attempt("a folder", os.mkdir, f"{folder}/hostile-mark")

# %% changing_without_opening
# tries: to change files by calls that open nothing: rights, owners, times, length, attributes
# must: be refused, and change nothing
# layers: seccomp
import os

neighbour = f"{TARGETS['class']}/001-blameless-0.ipynb"
attempt("rights", os.chmod, neighbour, 0o666)
attempt("owner", os.chown, neighbour, os.getuid(), os.getgid())
attempt("times", os.utime, neighbour, (0, 0))
attempt("length", os.truncate, neighbour, 0)
attempt("attributes", os.setxattr, neighbour, "user.hostile", b"x")
attempt("a device", os.mknod, "device", 0o20600, os.makedev(1, 1))
attempt("a pipe with a name", os.mkfifo, "pipe")
attempt("fchmodat2", system_call, 452, -100, neighbour.encode(), 0o666, 0)

# %% writing_into_what_runs_next
# tries: to change NumPy, the standard library, the course and what Python loads when it starts
# must: be refused, and change nothing
# layers: landlock
import os
import site
import sys

import coursekit


def write(path):
    with open(path, "a") as file:
        file.write("")
    return path


places = [os.path.dirname(np.__file__), os.path.dirname(os.__file__), os.path.dirname(coursekit.__file__), TARGETS["repository"]]
places += [f"{TARGETS['repository']}/autograder", f"{TARGETS['repository']}/autograder/suites", *site.getsitepackages(), "/usr/lib", "/etc"]
for place in places:
    attempt(f"a new file in {place}", write, f"{place}/hostile-mark.py")
for path in (np.__file__, os.__file__, coursekit.__file__, f"{TARGETS['repository']}/pyproject.toml"):
    attempt(f"changing {path}", write, path)
attempt("to be ended last", write, "/proc/self/oom_score_adj")
attempt("what Python starts with", write, os.path.join(TARGETS["home"], "hostile-mark"))

# %% signals_to_others
# tries: to send signals to the processes around it, in every way there is
# must: be refused
# layers: seccomp
import fcntl
import os

for process in (os.getppid(), TARGETS["host"], 1):
    attempt(f"kill {process}", os.kill, process, 0)
    attempt(f"tgkill {process}", system_call, 234, process, process, 0)
    attempt(f"tkill {process}", system_call, 200, process, 0)
    attempt(f"sigqueue {process}", system_call, 129, process, 0, 0)
    attempt(f"pidfd {process}", system_call, 424, 3, 0, 0, 0)
reading, writing = os.pipe()
attempt("by a file", fcntl.fcntl, reading, fcntl.F_SETOWN, os.getppid())
attempt("the group", os.killpg, 0, 0)

# %% limits_and_priorities
# tries: to raise its own limits, and to change those of others
# must: be refused
# layers: seccomp
import os
import resource

for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_CORE", "RLIMIT_NOFILE"):
    attempt(name, resource.setrlimit, getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
attempt("the zygote's", resource.prlimit, os.getppid(), resource.RLIMIT_CPU, (1, 1))
attempt("priority", os.setpriority, os.PRIO_PROCESS, os.getppid(), 19)
attempt("nice", os.nice, -5)
attempt("a real-time scheduler", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
attempt("processors of others", os.sched_setaffinity, os.getppid(), {0})
attempt("ioprio_set", system_call, 251, 1, os.getppid(), 0)

# %% outliving_its_parent
# tries: to take back what ties its life to the grader's
# must: be refused
# layers: seccomp
attempt("not to die with its parent", system_call, 157, 1, 0, 0, 0, 0)
attempt("to adopt orphans", system_call, 157, 36, 1, 0, 0, 0)
attempt("a filter of its own", system_call, 157, 22, 2, 0, 0, 0)
attempt("seccomp", system_call, 317, 1, 0, 0)
attempt("to let itself be traced", system_call, 157, 0x59616D61, -1, 0, 0, 0)
attempt("ptrace me", system_call, 101, 0, 0, 0, 0)

# %% devices
# tries: to open terminals, disks and memory, and to type into the instructor's terminal
# must: be refused
# layers: landlock
import fcntl
import os

for path in ("/dev/tty", "/dev/mem", "/dev/kmsg", "/dev/ptmx", "/dev/fuse", "/dev/kvm", "/dev/loop-control", "/dev/sda", "/dev/full"):
    attempt(path, os.open, path, os.O_RDWR)
attempt("typing", fcntl.ioctl, 0, 0x5412, b"x")

# %% threads_that_go_on
# tries: to go on in a thread after its cells, and to change answers and streams behind the grader's back
# must: get full marks, and leave nothing
import threading
import time


def meddle():
    while True:
        time.sleep(0.002)
        globals()["meddled"] = globals().get("meddled", 0) + 1


for _ in range(3):
    threading.Thread(target=meddle).start()

# %% last_words
# tries: to act at its end: at exit, in finalisers, in hooks and excepthooks
# must: get full marks, and leave nothing
import atexit
import os
import sys
import threading
import weakref


def act(*arguments):
    attempt("last words", lambda: open(TARGETS["home"] + "/hostile-mark", "w"))


atexit.register(act)
weakref.finalize(act, act)
sys.excepthook = sys.unraisablehook = threading.excepthook = act
act()

# %% tracing
# tries: to trace the grader's own loop in its process, and to change what it holds
# must: get full marks; there is nothing to find
import sys
import threading

seen = set()


def trace(frame, event, argument):
    seen.update(frame.f_locals)
    if {"expected", "reference", "suite"} & seen:
        print("SUCCEEDED: tracing", sorted(seen))
    return trace


sys.settrace(trace)
sys.setprofile(trace)
threading.settrace(trace)
sys.addaudithook(lambda *event: None)

# %% interrupting_the_loop
# tries: to interrupt the loop that answers by signals every millisecond
# must: get full marks
import signal

signal.signal(signal.SIGALRM, lambda *arguments: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)

# %% raising_in_the_loop
# tries: to raise an exception inside the loop that answers, from a signal's handler
# must: lose what it could not answer, and leave the others alone
# may lose: everything
import signal


def interrupt(*arguments):
    raise SystemExit("the loop ends here")


signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.005)

# %% descriptors_closed
# tries: to close what connects it with the grader
# must: lose that exercise
# loses: fold_batchnorm
# status: error
import os


def fold_batchnorm(*arguments, **options):
    os.closerange(0, 64)

# %% descriptors_exchanged
# tries: to put its output where its answers go
# must: lose that exercise
# loses: fold_batchnorm
# status: error
import os


def fold_batchnorm(*arguments, **options):
    os.dup2(1, 3)
    return arguments[:2]

# %% its_own_directory_gone
# tries: to remove its own directory, or to put a link in its place
# must: get full marks, and leave nothing
import os

here = os.getcwd()
attempt("removing", os.rmdir, here)
attempt("renaming", os.rename, here, here + "-hostile-mark")
attempt("a link outside", os.symlink, TARGETS["home"], here + "-hostile-mark")
os.symlink(TARGETS["home"], "link-to-be-removed-not-followed")
os.mkdir("locked", 0o700)
os.symlink("/", "locked/root")
