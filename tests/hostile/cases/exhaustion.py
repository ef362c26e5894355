# Family 3: time, memory, processes, output, depth. The class is graded with small limits, so that a test takes a second where it would take ten.

# %% endless_loop
# tries: to keep the grader waiting
# must: lose that exercise by time, and get all the others
# loses: fold_batchnorm
# status: timeout
# says: did not answer within 1 s
# slow: yes
def fold_batchnorm(*arguments, **options):
    while True:
        pass

# %% endless_cell
# tries: to keep the grader waiting in a cell, before it is asked anything
# must: get full marks for the rest, and a sentence about the cell
# says: did not finish within 1.5 s
# slow: yes
while True:
    pass

# %% endless_call_of_numpy
# tries: to stay inside one call of NumPy, where Python sees no signal
# must: lose that exercise by time
# loses: fold_batchnorm
# status: timeout
# slow: yes
def fold_batchnorm(*arguments, **options):
    return np.linalg.svd(np.random.default_rng(0).normal(size=(3000, 3000)))

# %% deaf
# tries: to ignore every signal that can be ignored, and to sleep
# must: lose that exercise by time
# loses: fold_batchnorm
# status: timeout
# slow: yes
import signal
import time


def fold_batchnorm(*arguments, **options):
    for number in signal.valid_signals():
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        time.sleep(1000)

# %% thirty_gigabytes
# tries: to have more memory than the machine
# must: lose that exercise with NumPy's own sentence
# loses: fold_batchnorm
# status: error
# says: Unable to allocate 30.0 GiB
def fold_batchnorm(*arguments, **options):
    return np.zeros(30 << 27), None

# %% millions_of_small_objects
# tries: to fill memory a little at a time
# must: lose that exercise, by memory or by time
# loses: fold_batchnorm
# slow: yes
def fold_batchnorm(*arguments, **options):
    kept = []
    while True:
        kept.append([len(kept)] * 1000)

# %% memory_that_touches
# tries: to fill memory in a cell, faster than anybody looks
# must: get full marks for the rest, and a sentence about the cell: where others keep the machine busy, time can end first
# says: MemoryError|did not finish
kept = []
while True:
    kept.append(bytearray(64 << 20))

# %% fork_bomb
# tries: to fork without end
# must: be refused
import os

for _ in range(100):
    attempt("fork", os.fork)

# %% thread_bomb
# tries: to start threads without end
# must: be told where the end is
# says: can't start new thread|MemoryError|did not finish
import threading
import time

for _ in range(100_000):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()

# %% thread_bomb_in_a_call
# tries: to start threads without end when it is asked for an answer
# must: lose that exercise
# loses: fold_batchnorm
# says: can't start new thread|MemoryError|did not answer|ended the whole process
import threading
import time


def fold_batchnorm(*arguments, **options):
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()

# %% output_in_long_lines
# tries: to print 200 MB in lines of a megabyte
# must: get full marks; what is printed is cut
# slow: yes
line = "x" * (1 << 20)
for _ in range(200):
    print(line)

# %% output_in_short_lines
# tries: to print short lines without end
# must: lose that exercise by time
# loses: fold_batchnorm
# status: timeout
# slow: yes
def fold_batchnorm(*arguments, **options):
    while True:
        print("x")

# %% output_below_python
# tries: to print without end, past Python's own streams, while its answers are right
# must: get full marks; what is printed is cut
# slow: yes
import os
import threading


def talk():
    while True:
        os.write(2, b"y" * 65536)


threading.Thread(target=talk, daemon=True).start()

# %% deep_recursion
# tries: to go deeper than the stack
# must: lose that exercise, with Python's sentence or a crash
# loses: fold_batchnorm
# status: error
# says: RecursionError|segmentation fault
import sys


def fold_batchnorm(*arguments, **options):
    sys.setrecursionlimit(10**9)
    return fold_batchnorm(*arguments, **options)

# %% deep_recursion_in_c
# tries: to overflow the stack inside the interpreter
# must: lose that exercise, with Python's sentence or a crash
# loses: fold_batchnorm
import sys


def fold_batchnorm(*arguments, **options):
    sys.setrecursionlimit(10**9)
    nested = ()
    for _ in range(10**6):
        nested = (nested,)
    return repr(nested)

# %% half_a_gigabyte_back
# tries: to return more than anybody could want
# must: lose that exercise, and be told so
# loses: update_running
# status: error
# says: more than 16 MiB of arrays
def update_running(*arguments, **options):
    return np.zeros(62_500_000)

# %% a_gigabyte_that_is_one_number
# tries: to return an array that is small here and enormous on its way
# must: lose that exercise, and be told so
# loses: update_running
# status: error
# says: more than 16 MiB of arrays
def update_running(*arguments, **options):
    return np.broadcast_to(1.0, (10**9,))

# %% arrays_of_nothing
# tries: to return arrays without entries whose shapes are beyond all bounds
# must: lose those exercises, and cost nobody memory
# loses: update_running, batchnorm_inference
# status: error
# says: can't be read
def update_running(*arguments, **options):
    return np.zeros((10**9, 0))


def batchnorm_inference(*arguments, **options):
    return np.zeros((0, 2**40))

# %% nested_too_deep
# tries: to return dictionaries in dictionaries, a hundred thousand deep
# must: lose that exercise, and be told so
# loses: update_running
# status: error
# says: nested deeper than 32 levels
def update_running(*arguments, **options):
    nested = {}
    for _ in range(100_000):
        nested = {"inside": nested}
    return nested

# %% nested_in_itself
# tries: to return a list that holds itself
# must: lose that exercise, and be told so
# loses: update_running
# status: error
# says: nested deeper than 32 levels
def update_running(*arguments, **options):
    endless = []
    endless.append(endless)
    return endless

# %% more_values_than_anybody_reads
# tries: to return millions of small values
# must: lose those exercises, and be told so
# loses: update_running, batchnorm_inference
# status: error
# says: more than
def update_running(*arguments, **options):
    return [0.0] * 3_000_000


def batchnorm_inference(*arguments, **options):
    return {(number, 0.5): "x" for number in range(5000)}

# %% keys_that_collide
# tries: to return a dictionary whose keys all have one hash
# must: lose that exercise, and nobody's time
# loses: update_running
# status: error
import functools


@functools.cache
def colliding():
    return dict.fromkeys(number * (2**61 - 1) for number in range(4500))


def update_running(*arguments, **options):
    return colliding()

# %% an_enormous_integer
# tries: to return integers that no one can print
# must: lose those exercises
# loses: update_running, batchnorm_inference, fold_batchnorm
def update_running(*arguments, **options):
    return 1 << (1 << 23)


def batchnorm_inference(*arguments, **options):
    return 10**6000


def fold_batchnorm(*arguments, **options):
    return [10**6000, -(10**6000)]

# %% an_expression_that_explodes
# tries: a regular expression that takes for ever, and lets nobody interrupt it
# must: lose that exercise by time
# loses: fold_batchnorm
# status: timeout
# slow: yes
import re


def fold_batchnorm(*arguments, **options):
    return re.match(r"(a+)+$", "a" * 60 + "b")

# %% a_number_that_explodes
# tries: one multiplication that takes for ever, and lets nobody interrupt it
# must: get full marks for the rest, and a sentence about the cell
# says: did not finish|MemoryError
# slow: yes
9 ** (9**9 + len(TARGETS))

# %% a_program_that_explodes
# tries: to let the compiler nest a hundred thousand brackets and signs
# must: get full marks for the rest
for source in ("(" * 100_000, "-" * 200_000 + "1", "[" * 150 + "]" * 150, "a." * 10_000 + "a"):
    try:
        compile(source, "explosion", "exec")
    except (SyntaxError, MemoryError, RecursionError) as error:
        print("could not:", type(error).__name__)

# %% silence
# tries: to swallow its own answer, so that the host waits
# must: lose that exercise by time
# loses: fold_batchnorm
# status: timeout
# slow: yes
import os

real_write = os.write


def fold_batchnorm(*arguments, **options):
    os.write = lambda descriptor, content: len(content)
    return arguments[:2]

# %% a_promise_that_is_not_kept
# tries: to announce 10 MB, to send a byte now and then, and to keep the host waiting
# must: lose that exercise by time
# loses: fold_batchnorm
# status: timeout
# slow: yes
import os
import struct
import time


def fold_batchnorm(*arguments, **options):
    os.write(3, struct.pack("!BII", 5, 1 << 20, 10 << 20))
    while True:
        os.write(3, b"\0")
        time.sleep(0.05)

# %% a_promise_beyond_the_limit
# tries: to announce four gigabytes
# must: lose that exercise, and be told so
# loses: fold_batchnorm
# status: error
# says: can't be read
import os
import struct


def fold_batchnorm(*arguments, **options):
    os.write(3, struct.pack("!BII", 5, 0xFFFFFFFF, 0xFFFFFFFF))

# %% descriptors_without_end
# tries: to open files without end
# must: get full marks; the limit of its own process ends it
import os

opened = []
try:
    while len(opened) < 2_000_000:
        opened.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print("ended:", error)
for descriptor in opened:
    os.close(descriptor)

# %% one_large_file
# tries: to write a file without end
# must: get full marks for the rest; the limit of a file ends it
# says: File too large
with open("large", "wb") as file:
    while True:
        file.write(bytes(1 << 20))

# %% files_without_end
# tries: to write as many files as fit on the disk
# must: get full marks for the rest; the limit of all its files ends it
# says: disk_bytes
# slow: yes
for number in range(10**6):
    with open(str(number), "wb") as file:
        file.write(bytes(1 << 20))

# %% room_without_writing
# tries: to take a gigabyte of the disk with one system call
# must: be refused, and get full marks
import ctypes


def allocate():
    libc = ctypes.CDLL(None, use_errno=True)
    with open("large", "wb") as file:
        if libc.fallocate(file.fileno(), 1, ctypes.c_long(0), ctypes.c_long(1 << 30)):  # 1: the file's length stays as it is
            raise OSError(ctypes.get_errno(), "fallocate")


attempt("fallocate", allocate)

# %% deleted_files_that_stay_open
# tries: to keep twice as much as the disk's limit in files that nobody finds, because they were deleted while they were open
# must: be refused, for want of open files, and get full marks
import os

kept = []


def hold():
    taken = 0
    while taken < 128 << 20:
        file = open("file", "wb", buffering=0)
        kept.append(file)
        os.unlink("file")
        try:
            while len(kept) < 1000:
                taken += file.write(bytes(1 << 20))
        except OSError as error:
            if "large" not in str(error):
                raise


attempt("twice the limit in deleted files", hold)
for file in kept:
    file.close()

# %% open_files_for_each_thread
# tries: to give a thread a table of open files of its own, with as many more deleted files in it
# must: be refused, and get full marks
CLOSE_RANGE, UNSHARE = 436, 2
attempt("a table of its own", system_call, CLOSE_RANGE, 1000, 1001, UNSHARE)

# %% deleted_files_in_memory
# tries: to keep files that nobody finds, because they were deleted while they were mapped into memory
# must: get full marks for the rest; each counts as if it were as large as a file can be
# says: disk_bytes
# slow: yes
import ctypes
import os
import time

READ, PRIVATE = 1, 2
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
for _ in range(1000):
    with open("file", "wb") as file:
        file.write(bytes(4096))
    with open("file", "rb") as file:  # Python's own mmap would keep it open
        libc.mmap(None, ctypes.c_size_t(4096), READ, PRIVATE, file.fileno(), ctypes.c_long(0))
    os.unlink("file")
time.sleep(1000)

# %% folders_that_nobody_can_look_into
# tries: to make folders whose files an ordinary user can't count
# must: be refused, and get full marks
import os

attempt("a folder without the right to list it", os.mkdir, "closed", 0o300)
attempt("the same for all folders to come", os.umask, 0o777)

# %% a_folder_that_moves
# tries: to rename a folder all the time, so that who counts the files doesn't find it
# must: get full marks for the rest; the limit of all its files ends it
# says: disk_bytes
# slow: yes
import os
import sys
import threading

TWO_MEBIBYTES = bytes(2 << 20)
sys.setswitchinterval(1e-4)  # the two threads take turns often, so that the disk is full soon


def move():
    number = 0
    while True:
        os.rename(f"{start}/{number}", f"{start}/{number + 1}")
        number += 1


start = os.getcwd()
os.mkdir("0")
os.chdir("0")
threading.Thread(target=move, daemon=True).start()
for number in range(10**6):
    with open(str(number), "wb", buffering=0) as file:
        file.write(TWO_MEBIBYTES)

# %% folders_without_end
# tries: to leave folders in folders which nobody may enter, so that nobody can clean up
# must: leave nothing; what lies too deep to be counted counts as too much
# may lose: everything
import os

for _ in range(300):
    os.mkdir("x" * 100, 0o700)
    os.chdir("x" * 100)
open("file", "w").close()

# %% threads_that_spin
# tries: to take all processors while its right answers are judged
# must: get its marks, if it answers in time, and leave the others theirs
# may lose: everything
# slow: yes
import hashlib
import threading


def spin():
    while True:
        hashlib.sha256(bytes(1 << 22))  # where others of this process can go on meanwhile


for _ in range(8):
    threading.Thread(target=spin, daemon=True).start()

# %% never_to_be_ended
# tries: to be busy for ever when the process ends: at exit, in finalisers and in threads that aren't daemons
# must: get full marks; nobody waits for it
import atexit
import threading
import time


class Endless:
    def __del__(self):
        while True:
            pass


kept = Endless()
atexit.register(lambda: time.sleep(1000))
threading.Thread(target=time.sleep, args=(1000,)).start()

# %% arguments_that_grow_as_an_array
# tries: to send back 7 MB and 190 empty texts in place of an argument, of which NumPy would make an array of 1.3 GB
# must: lose the tests that look at arguments, and cost nobody memory
# may lose: batchnorm_backward, batchnorm2d_backward
# says: changed dout in place
import sys

right_backward = {name: globals()[name] for name in ("batchnorm_backward", "batchnorm2d_backward")}


def sends_back_a_list(name):
    def backward(*arguments):
        guest = type(sys._getframe(1).f_locals["self"])
        if not hasattr(guest, "really"):
            guest.really = guest._result
            guest._result = instead
        return right_backward[name](*arguments)

    return backward


def instead(self, codec, name, answer, arguments):
    if name in right_backward and arguments is not None:
        arguments = [[bytes(7 << 20), *[b""] * 190] for _ in arguments]
    return self.really(codec, name, answer, arguments)


batchnorm_backward, batchnorm2d_backward = map(sends_back_a_list, right_backward)

# %% tuples_that_collide
# tries: to return a dictionary whose keys are long tuples of one hash, so that each is compared with all others
# must: lose that exercise, and nobody's time
# loses: update_running
# status: error
# says: elements of such keys
def update_running(*arguments, **options):
    return {((0,) * 250 + (number * (2**61 - 1),)): None for number in range(1, 100)}

# %% a_message_without_end
# tries: to fill what everybody reads with the text of an error
# must: lose that exercise, and be cut
# loses: update_running
# status: error
# says: …
def update_running(*arguments, **options):
    raise ValueError("x" * 1_000_000, "y" * 1_000_000)
