# Family 2: other people's answers, and the grader's own.

# %% frames_above
# tries: to find the reference, the suite or what is expected in the frames above it
# must: find nothing
import sys


def look():
    frame, found = sys._getframe(), []
    while frame:
        names = [*frame.f_locals, *frame.f_globals, frame.f_code.co_filename]
        found += [name for name in names if name in ("expected", "reference", "right", "suite", "Mismatch") or "/suites/" in name]
        frame = frame.f_back
    if not found:
        raise LookupError("nothing")
    return found


attempt("frames", look)
given = update_running


def update_running(*arguments, **options):
    attempt("frames in a call", look)
    return given(*arguments, **options)

# %% everything_that_is_alive
# tries: to find modules and functions of the grader among all objects of the process
# must: find nothing
import gc
import types


def look():
    gc.unfreeze()
    hidden = ("autograder.reference", "autograder.suites", "autograder.misconceptions", "autograder.judging.grading", "pytest", "coursekit.suite")
    names = {str(value.__dict__.get("__name__", "")) for value in gc.get_objects() if type(value) is types.ModuleType}
    names |= {str(value.__module__) for value in gc.get_objects() if type(value) is types.FunctionType}
    found = [name for name in names if name.startswith(hidden)]
    if not found:
        raise LookupError("nothing")
    return found


attempt("objects", look)

# %% proc_of_the_graders
# tries: to read memory, environment, command line and open files of the processes around it
# must: be refused
# unconfined: succeeds
# layers: landlock
import os

for process in (os.getppid(), TARGETS["host"], 1, "self"):
    for what in ("environ", "cmdline", "maps", "mem", "status", "auxv", "stack", "root/etc/passwd", "cwd/pyproject.toml"):
        attempt(f"{what} of {process}", read, f"/proc/{process}/{what}")
    attempt(f"descriptors of {process}", os.listdir, f"/proc/{process}/fd")
    attempt(f"threads of {process}", os.listdir, f"/proc/{process}/task")
attempt("processes", os.listdir, "/proc")

# %% links_in_proc
# tries: to learn from links in proc what is open where
# must: be refused, or see its own name at the most
import os


def look(process):
    target = os.readlink(f"/proc/{process}/cwd")
    os.listdir(target)
    return target


attempt("the directory of the host", look, TARGETS["host"])
attempt("the directory of the zygote", lambda: os.listdir(f"/proc/{os.getppid()}/cwd/"))

# %% memory_of_the_graders
# tries: to attach to the processes around it, or to read their memory by system calls
# must: be refused
# layers: seccomp
import ctypes
import os

buffer = ctypes.create_string_buffer(64)
for process in (os.getppid(), TARGETS["host"]):
    attempt(f"ptrace attach {process}", system_call, 101, 16, process, 0, 0)
    attempt(f"ptrace seize {process}", system_call, 101, 0x4206, process, 0, 0)
    attempt(f"process_vm_readv {process}", system_call, 310, process, ctypes.addressof(buffer), 1, ctypes.addressof(buffer), 1, 0)
    attempt(f"pidfd_open {process}", system_call, 434, process, 0)
    attempt(f"kcmp {process}", system_call, 312, process, os.getpid(), 0, 0, 0)

# %% core_dumps
# tries: to let itself be dumped, and to raise the limit of dumps
# must: be refused, and leave no dump when it crashes
# says: ended the whole process
import ctypes
import os
import resource

attempt("a limit for dumps", resource.setrlimit, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
attempt("being dumpable", lambda: 1 / int(ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0))
os.abort()

# %% imports_of_the_grader
# tries: to import reference, suites, misconceptions and what else is installed for the grader
# must: be refused
# layers: landlock
import importlib

for name in ("reference", "suites", "misconceptions"):
    attempt(name, importlib.import_module, f"autograder.{name}.{TARGETS['slug']}")
for name in ("autograder.judging.grading", "autograder.model.course", "coursekit.suite", "coursekit.public", "nbgrader", "pytest", "nbformat", "typer"):
    if name not in ("coursekit.suite", "coursekit.public"):  # the student has these
        attempt(name, importlib.import_module, name)

# %% files_of_the_course
# tries: to read reference, suite, solutions, tests and history, by their paths
# must: be refused
# unconfined: succeeds
# layers: landlock
import importlib.machinery
import io
import linecache
import os
import runpy

root, slug = TARGETS["repository"], TARGETS["slug"]
paths = [f"autograder/{kind}/{name}{slug}.py" for kind, name in (("reference", ""), ("suites", "test_"), ("misconceptions", ""))]
paths += [f"solutions/05_{slug}/{slug}.ipynb", f"solutions/05_{slug}/{slug}.py", "tests/hostile/conftest.py", ".git/HEAD", "pyproject.toml"]
for path in paths:
    attempt(path, read, f"{root}/{path}")
attempt("with io", io.FileIO, f"{root}/{paths[0]}")
attempt("by a descriptor", os.open, f"{root}/{paths[0]}", os.O_RDONLY | os.O_NOFOLLOW)
attempt("as a path only", lambda: os.read(os.open(f"{root}/{paths[0]}", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECT), 100))
attempt("as code", runpy.run_path, f"{root}/{paths[0]}")
attempt("as a module", importlib.machinery.SourceFileLoader("stolen", f"{root}/{paths[0]}").load_module)
attempt("as lines", lambda: linecache.getlines(f"{root}/{paths[0]}")[0])
attempt("a listing", os.listdir, f"{root}/autograder/suites")

# %% ways_around_a_path
# tries: to reach the reference by links, from above, by handles and through other roots
# must: be refused
# layers: landlock
import os

secret = f"{TARGETS['repository']}/autograder/reference/{TARGETS['slug']}.py"


def by_symbolic_link():
    os.symlink(secret, "link")
    return read("link")


def by_hard_link():
    os.link(secret, "hard")
    return read("hard")


def by_descriptor_of_a_folder():
    folder = os.open("/", os.O_PATH | os.O_DIRECTORY)
    return os.read(os.open(secret[1:], os.O_RDONLY, dir_fd=folder), 100)


def by_going_up():
    os.chdir("/".join([".."] * 20))
    return read(secret[1:])


def by_renaming():
    os.rename(secret, "mine")
    return read("mine")


for way in (by_symbolic_link, by_hard_link, by_descriptor_of_a_folder, by_going_up, by_renaming):
    attempt(way.__name__, way)
attempt("through proc", read, f"/proc/self/root{secret}")
attempt("name_to_handle_at", system_call, 303, -100, 0, 0, 0, 0)
attempt("open_by_handle_at", system_call, 304, -100, 0, 0)
attempt("openat2", system_call, 437, -100, 0, 0, 0)
attempt("open_tree", system_call, 428, -100, 0, 1)

# %% other_submissions
# tries: to read what the others have handed in
# must: be refused
# unconfined: succeeds
# layers: landlock
import os

attempt("the class", os.listdir, TARGETS["class"])
attempt("a neighbour", read, f"{TARGETS['class']}/001-blameless-0.ipynb")
attempt("another course", read, TARGETS["files"]["another submission"])
attempt("all that was handed in", os.listdir, f"{TARGETS['course']}/submitted")

# %% the_gradebook
# tries: to read marks in the gradebook, and to write its own
# must: be refused
# unconfined: succeeds
# layers: landlock
import sqlite3

path = TARGETS["files"]["gradebook"]
attempt("reading", read, path)
attempt("reading as a database", lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("select * from sqlite_master").fetchall())
attempt("reading as unchangeable", lambda: sqlite3.connect(f"file:{path}?immutable=1", uri=True).execute("pragma schema_version").fetchall())

# %% the_cache_of_results
# tries: to read results of earlier runs
# must: be refused
# unconfined: succeeds
# layers: landlock
import os

attempt("a result", read, TARGETS["files"]["cache"])
attempt("all results", os.listdir, os.path.dirname(TARGETS["files"]["cache"]))

# %% homes
# tries: to read secrets in the home of whoever grades
# must: be refused
# unconfined: succeeds
# layers: landlock
import os

attempt("the secret", read, TARGETS["files"]["home"])
attempt("home", os.listdir, TARGETS["home"])
for path in ("/root", "/home", "/etc", "/etc/passwd", "/etc/shadow", "/etc/hostname", "/var", "/", "/run", "/sys", "/boot"):
    attempt(path, os.listdir if not os.path.splitext(path)[1] and path.count("/") == 1 else read, path)

# %% the_environment
# tries: to find a secret in the environment, as Python, the C library and the kernel know it
# must: find nothing
import ctypes
import os


def look():
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    strings = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    found, index = [], 0
    while strings[index]:
        found.append(strings[index].decode())
        index += 1
    found += [f"{name}={value}" for name, value in os.environ.items()]
    found = [one for one in found if "SECRET" in one or "TOKEN" in one or TARGETS["home"] in one]
    if libc.getenv(b"HOSTILE_SECRET"):
        found.append(libc.getenv(b"HOSTILE_SECRET"))
    if not found:
        raise LookupError("nothing")
    return found


attempt("the environment", look)
attempt("the kernel's", read, "/proc/self/environ")

# %% temporary_files
# tries: to read temporary files of the grader and of other guests
# must: be refused
# unconfined: succeeds
# layers: landlock
import os

attempt("the secret", read, TARGETS["files"]["temporary file"])
others = {"../1", "../2", "../3"} - {f"../{os.path.basename(os.getcwd())}"}
for path in (TARGETS["temporary"], "..", "../..", *sorted(others), "/tmp", "/var/tmp", "/dev/shm", "/run/user"):
    attempt(path, os.listdir, path)

# %% shared_memory
# tries: to open shared memory of the host: POSIX, System V and message queues
# must: be refused
# unconfined: succeeds
# layers: landlock
import mmap
from multiprocessing import shared_memory

attempt("by its name", lambda: bytes(shared_memory.SharedMemory(TARGETS["shared_memory"]).buf[:40]))
attempt("by its path", read, f"/dev/shm/{TARGETS['shared_memory']}")

# %% shared_memory_by_system_call
# tries: to open System V's shared memory, queues and semaphores, and POSIX queues
# must: be refused
# unconfined: succeeds
# layers: seccomp
attempt("shmget", system_call, 29, 0, 4096, 0o1600)
attempt("msgget", system_call, 68, 0, 0o1600)
attempt("semget", system_call, 64, 0, 1, 0o1600)
attempt("mq_open", system_call, 240, b"hostile", 0o102, 0o600, 0)
for segment in range(4):
    attempt(f"shmat {segment}", system_call, 30, segment, 0, 0o10000)

# %% open_descriptors
# tries: to read whatever was left open by the process that made it
# must: find four descriptors, of which one is the null device
import os


def look():
    found = []
    for descriptor in range(4, 4096):
        try:
            found.append((descriptor, os.fstat(descriptor).st_ino))
        except OSError:
            pass
    if not found:
        raise LookupError("nothing")
    return found


attempt("what is open", look)
attempt("standard input", lambda: 1 / len(os.read(0, 10)))

# %% what_the_kernel_tells
# tries: to read the kernel's log, keys, counters and programs
# must: be refused
# layers: seccomp
attempt("syslog", system_call, 103, 3, 0, 0)
attempt("add_key", system_call, 248, b"user", b"hostile", b"x", 1, -3)
attempt("keyctl", system_call, 250, 0, -3, 1)
attempt("perf_event_open", system_call, 298, 0, 0, -1, -1, 0)
attempt("bpf", system_call, 321, 5, 0, 0)
attempt("userfaultfd", system_call, 323, 1)
attempt("fanotify_init", system_call, 300, 0, 0)
attempt("inotify_init", system_call, 253)

# %% memory_that_was_freed
# tries: to find the host's secrets in memory that nobody has cleared
# must: find nothing


def look():
    blocks = [np.empty(1 << 20, np.uint8).tobytes() for _ in range(64)] + [np.empty(1 << size, np.uint8).tobytes() for size in range(4, 20)]
    words = [b"tnemnorivne eht fo ", b"NEDDIH NIGEB", b"stneidarg_tcepxe fed"]  # backwards, or it would find these words themselves
    found = [block for block in blocks if any(word in block[::-1] for word in words)]
    if not found:
        raise LookupError("nothing")
    return found[0][:100]


attempt("memory", look)

# %% sources_in_tracebacks
# tries: to let warnings, tracebacks and the inspector show sources of the host
# must: find only what it may read anyway
# layers: landlock
import inspect
import sys


def look():
    found = []
    for name, module in list(sys.modules.items()):
        if name.startswith("autograder") and module is not None:
            try:
                found.append(inspect.getsource(module)[:50])
            except (OSError, TypeError):
                pass
    if not found:
        raise LookupError("nothing")
    return found


attempt("sources", look)
