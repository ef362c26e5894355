# Family 7: what one student leaves for the next. These are graded one after the other, by one zygote: an odd case leaves, the next one looks.

# %% leaves_files
# tries: to leave files wherever somebody else could find them
# must: be refused, and leave nothing
import os
import tempfile


def write(path):
    with open(path, "w") as file:
        file.write("for the next")
    return path


for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "..", "../..", TARGETS["temporary"], TARGETS["home"], TARGETS["class"], TARGETS["course"]):
    attempt(folder, write, f"{folder}/hostile-mark")
write("hostile-mark-in-its-own-place")
write(os.path.join(tempfile.gettempdir(), "hostile-mark-in-its-own-temporary-directory"))

# %% looks_for_files
# tries: to find what the one before has left
# must: find nothing
import glob
import os
import tempfile


def look():
    places = [".", tempfile.gettempdir(), os.environ["MPLCONFIGDIR"], os.path.expanduser("~"), "/tmp", "/dev/shm", ".."]
    found = [path for place in places for path in glob.glob(place + "/*hostile*")]
    if not found:
        raise LookupError("nothing")
    return found


attempt("files", look)
attempt("a full directory", lambda: 1 / len(os.listdir(".")))

# %% leaves_changed_modules
# tries: to spoil every module of the warm process for the next
# must: lose what it spoils for itself
# may lose: everything
import builtins
import json
import sys

builtins.left_behind = sys.left_behind = np.left_behind = json.left_behind = "here I was"
np.mean = np.sqrt = np.sum = lambda *arguments, **options: 0.0
sys.modules["scipy"] = None
sys.path.insert(0, "/tmp")
sys.meta_path.clear()
builtins.print = lambda *arguments, **options: None
for name, module in list(sys.modules.items()):
    if name.startswith("autograder."):
        module.left_behind = "here I was"

# %% looks_for_changed_modules
# tries: to find modules that the one before has changed
# must: find nothing, and get full marks
import builtins
import json
import sys


def look():
    found = [name for name, module in sys.modules.items() if hasattr(module, "left_behind")]
    found += [path for path in sys.path if path == "/tmp"] + [] if sys.meta_path else ["no finders"]
    if not found:
        raise LookupError("nothing")
    return found


attempt("changed modules", look)

# %% leaves_settings
# tries: to change what a process or a library remembers: seeds, modes, limits, signals, variables, directories
# must: lose what it spoils for itself
# may lose: everything
import decimal
import gc
import os
import random
import signal
import sys
import warnings

np.random.seed(7)
random.seed(7)
np.seterr(all="raise")
np.set_printoptions(precision=1)
decimal.getcontext().prec = 1
sys.setrecursionlimit(150)
sys.setswitchinterval(10)
gc.disable()
warnings.simplefilter("error")
os.environ["LEFT_BEHIND"] = "here I was"
os.umask(0)
os.mkdir("left-behind")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})

# %% looks_for_settings
# tries: to find settings that the one before has changed
# must: find nothing, and get full marks
import decimal
import gc
import os
import random
import signal
import sys
import warnings


def look():
    default = np.random.RandomState(0)
    found = {
        "numpy's seed": np.random.random() != default.random_sample(),
        "random's seed": random.random() != random.Random(0).random(),
        "errors": np.geterr()["divide"] != "warn",
        "printing": np.get_printoptions()["precision"] != 8,
        "decimals": decimal.getcontext().prec != 28,
        "recursion": sys.getrecursionlimit() < 1000,
        "switching": sys.getswitchinterval() > 1,
        "collector": not gc.isenabled(),
        "warnings": warnings.filters[0][0] == "error" if warnings.filters else False,
        "environment": "LEFT_BEHIND" in os.environ,
        "umask": os.umask(0o077) != 0o077,
        "directory": os.listdir(".") != [],
        "handlers": signal.getsignal(signal.SIGTERM) is signal.SIG_IGN,
        "masks": signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, set()),
    }
    if not any(found.values()):
        raise LookupError("nothing")
    return [name for name, changed in found.items() if changed]


attempt("settings", look)

# %% leaves_a_lock
# tries: to lock files that everybody reads, so that the next waits for ever
# must: get full marks
import fcntl
import os

held = []
for path in (np.__file__, os.__file__, "/dev/null", "/dev/urandom"):
    held.append(os.open(path, os.O_RDONLY))
    try:
        fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pass

# %% looks_for_a_lock
# tries: to find a file still locked
# must: find nothing
import fcntl
import os


def look():
    for path in (np.__file__, os.__file__):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return path
        os.close(descriptor)
    raise LookupError("nothing")


attempt("locks", look)

# %% leaves_shared_memory
# tries: to leave memory, queues and semaphores in the kernel
# must: be refused
from multiprocessing import shared_memory

attempt("POSIX", lambda: shared_memory.SharedMemory("hostile-mark", create=True, size=64))
attempt("System V", system_call, 29, 0x686F7374, 4096, 0o1600)
attempt("a semaphore", __import__("multiprocessing").Semaphore)
attempt("a queue", system_call, 240, b"hostile-mark", 0o102, 0o600, 0)

# %% looks_for_shared_memory
# tries: to find memory that the one before has left
# must: find nothing
from multiprocessing import shared_memory

attempt("POSIX", lambda: shared_memory.SharedMemory("hostile-mark"))
attempt("System V", system_call, 29, 0x686F7374, 4096, 0o600)

# %% leaves_work
# tries: to leave threads, timers and alarms that go on working
# must: get full marks
import hashlib
import signal
import threading


def spin():
    while True:
        hashlib.sha256(bytes(1 << 22))  # others of this process can go on meanwhile


threading.Thread(target=spin, daemon=True).start()
threading.Timer(0.2, spin).start()
signal.signal(signal.SIGALRM, lambda *arguments: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)

# %% looks_for_work
# tries: to find threads and timers that the one before has left
# must: find nothing
import signal
import threading


def look():
    if threading.active_count() > 1 or signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0):
        return threading.enumerate()
    raise LookupError("nothing")


attempt("work", look)

# %% leaves_compiled_code
# tries: to put compiled code where Python will look for it the next time
# must: be refused
import os
import py_compile
import sys

import coursekit

with open("evil.py", "w") as file:
    file.write("print('SUCCEEDED: code of another')\n")
for module in (coursekit, np, os):
    folder = os.path.join(os.path.dirname(module.__file__), "__pycache__")
    attempt(f"compiled code in {folder}", py_compile.compile, "evil.py", f"{folder}/hostile-mark.pyc", None, True)

# %% leaves_a_full_directory
# tries: to leave thousands of files and folders without rights, so that the grader is busy cleaning up
# must: get full marks, and leave nothing
import os

for folder in range(20):
    os.mkdir(str(folder))
    for number in range(50):
        open(f"{folder}/{number}", "w").close()
os.symlink(TARGETS["home"], "0/home")

# %% leaves_the_zygote_confused
# tries: to speak to the process that makes the next guest, as if it were the grader
# must: be refused
import os
import struct

import msgpack

request = msgpack.packb({"do": "end", "pid": os.getppid(), "grace": 0})
for descriptor in range(4, 64):
    attempt(f"descriptor {descriptor}", os.write, descriptor, struct.pack("!I", len(request)) + request)

# %% is_untouched
# tries: nothing: it uses what the ones before it have tried to spoil
# must: get full marks
import json
import os
import tempfile

import scipy.stats

with tempfile.NamedTemporaryFile("w+") as file:
    json.dump({"mean": float(np.mean([1.0, 3.0]))}, file)
    file.seek(0)
    assert json.load(file) == {"mean": 2.0}
assert scipy.stats.norm.cdf(0) == 0.5
