# Family 7: notebooks whose own cells are their tests. Forged outputs are the student's own affair; nothing else may come of them.

# %% the_course
# tries: to read other submissions, the gradebook, hidden tests and solutions, the configuration, marks of others, and what is kept of other runs
# must: be refused
import glob
import os

course = TARGETS["cells"]
for path in (
    *("submitted/amy/ps1/problem1.ipynb", "submitted/amy/ps1/amy.txt", "autograded/amy/ps1/problem1.ipynb", "source/ps1/problem1.ipynb"),
    *("source/ps1/table.csv", "source/ps2/problem1.ipynb", "release/ps1/problem1.ipynb", "gradebook.db", "nbgrader_config.py"),
):
    attempt(path, read, f"{course}/{path}")
for folder in ("", "submitted", "submitted/amy/ps1", "source", "autograded", ".autograder", ".autograder/executions"):
    attempt(f"a listing of {folder}", os.listdir, f"{course}/{folder}")
attempt("a pattern", lambda: glob.glob(f"{course}/.autograder/executions/*")[0])
attempt("a database", lambda: __import__("sqlite3").connect(f"file:{course}/gradebook.db?mode=ro", uri=True).execute("select * from grade"))
attempt("a mark", lambda: __import__("sqlite3").connect(f"{course}/gradebook.db").execute("update grade set auto_score = 9"))
attempt("a file in autograded/", lambda: open(f"{course}/autograded/amy/ps1/hostile-mark", "w"))
attempt("a folder in autograded/", os.makedirs, f"{course}/autograded/cells-the_course/ps1/hostile-mark")

# %% the_course_by_links
# tries: the same by links in its own folder, and by the folders of other guests
# must: be refused
import os

os.symlink(TARGETS["cells"], "course")
os.symlink(f"{TARGETS['cells']}/gradebook.db", "gradebook.db")
attempt("through a linked folder", read, "course/gradebook.db")
attempt("through a linked file", read, "gradebook.db")
attempt("a hard link", lambda: (os.link(f"{TARGETS['cells']}/gradebook.db", "mine"), read("mine")))
attempt("other guests", os.listdir, "..")
number = int(os.path.basename(os.getcwd()))
for other in range(max(1, number - 3), number + 3):
    if other != number:
        attempt(f"guest {other}", os.listdir, f"../{other}")
        attempt(f"a file for guest {other}", lambda other=other: open(f"../{other}/hostile-mark", "w"))

# %% packages_that_hold_it
# tries: to import the grader, and to read what is beside the packages that it may import
# must: be refused
import importlib
import os

for name in ("autograder.cli", "autograder.judging.grading", "autograder.gradebook.cell_run", "autograder.model.course"):
    attempt(name, importlib.import_module, name)
import nbgrader

packages = os.path.dirname(os.path.dirname(nbgrader.__file__))
attempt("a listing of the packages", os.listdir, packages)
attempt("a file among them", lambda: open(f"{packages}/hostile-mark.py", "w"))
attempt("a changed package", lambda: open(nbgrader.__file__, "a"))
attempt("bytecode", lambda: open(f"{packages}/nbgrader/__pycache__/hostile-mark.pyc", "wb"))

# %% a_module_of_the_shell
# tries: to end the grading of the class by modules that the shell would import from its folder
# must: be one file of many
# files: bdb.py, site.py, sitecustomize.py, usercustomize.py, encodings.py, traceback.py, asyncio.py, json.py, IPython.py, nbformat.py, numpy.py
print("as any other")

# %% says_ready_early
# tries: to end its run before its tests, which would then have no errors
# must: get nothing for cells that weren't run
# score: 0
get_ipython().displayhook.session.outlet.send("ready")
import time

time.sleep(60)

# %% says_that_all_ran
# tries: to claim that all cells ran, without errors
# must: get what it claims, and nobody else less
outlet = get_ipython().displayhook.session.outlet
for index in range(4, 20):
    outlet.send("running", index, index + 1)
    outlet.send("result", None)
outlet.send("ready")

# %% refuses_to_have_begun
# tries: to stop the class by the message that no guest can be started
# must: be ended
# says: sent something that can't be read
get_ipython().displayhook.session.outlet.send("refused", "no guest for anybody")

# %% a_machine_that_is_full
# tries: to stop the class by the message that the machine has no room
# must: be ended
# says: sent something that can't be read
get_ipython().displayhook.session.outlet.send("uncopied", 28, "No space left on device")

# %% half_a_message
# tries: to keep the host waiting for the rest of a message
# must: be ended by time
# says: did not finish within
import os
import time

os.write(3, (12).to_bytes(1, "big") + (1000).to_bytes(4, "big"))
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass

# %% results_without_end
# tries: to keep the host busy with answers to no question
# must: be interrupted or ended
# outputs: far more than the limits allow|CellTimeoutError
send = get_ipython().displayhook.session.outlet.send
while True:
    send("result", None)

# %% a_million_outputs
# tries: to show a million things
# must: be cut
# outputs: cut here|CellTimeoutError
for number in range(1_000_000):
    display(number)

# %% a_million_updates
# tries: to change one output a million times, which others share
# must: be cut, or ended
handle = display("x" * 100, display_id="one")
for _ in range(50):
    display("y", display_id="one")
for number in range(1_000_000):
    handle.update("z" * 1000)

# %% cleared_without_end
# tries: to print and clear without end
# must: be cut, or ended
from IPython.display import clear_output

while True:
    print("x" * 1000)
    clear_output()

# %% malformed_bundles
# tries: to show what is no output by nbformat
# must: have what can be shown
publish = get_ipython().display_pub.publish
publish({"text/plain": 5, "image/png": {"a": 1}, "": "", "application/json": {"n": float("nan")}, "text/html": ["a", "b"]})
publish({"text/plain": "ok", "application/x+json": [[[[[1]]]]]}, metadata={"a": {"b": [None]}})
publish({"text/plain": "x"}, metadata={"nbgrader": {"grade": True, "points": 99, "grade_id": "test_add"}}, transient={"display_id": ["no"]})

# %% bundles_that_nobody_reads
# tries: to show bundles that can't be sent
# must: be told so
publish = get_ipython().display_pub.publish
nested = []
for _ in range(5000):
    nested = [nested]
attempt("nested", publish, {"application/json": nested})
publish({1: "x"})
attempt("an integer that nobody can print", publish, {"application/json": 10**6000})

# %% half_characters
# tries: to print and raise what can't be written as UTF-8
# must: be written in another way
import sys

print("\ud800")
print("\udfff", file=sys.stdout)
display({"text/plain": "\ud800"}, raw=True)
raise type("\ud83d", (Exception,), {})("\ude00 \x00")

# %% active_markup
# tries: to run a script in the instructor's browser
# must: be as in nbgrader: kept in the notebook
from IPython.display import HTML, Javascript

display(HTML("<script>fetch('/api')</script><img src=x onerror=alert(1)>"), Javascript("alert(1)"))

# %% a_terminal_that_obeys
# tries: to write to the instructor's terminal by errors and by the name of what ends the process
# must: be printed harmlessly
test = "\x1b]0;hostile\x07\x1b[2J\u202e"
raise ValueError(test)

# %% finally_without_end
# tries: to go on where it is interrupted
# must: be killed
# says: did not finish within
import time

while True:
    try:
        while True:
            time.sleep(60)
    finally:
        while True:
            try:
                time.sleep(60)
            except BaseException:
                continue

# %% handlers_without_end
# tries: to ignore all signals, and to loop in a handler
# must: be killed
# says: did not finish within
import signal


def loop(*_):
    while True:
        pass


for number in signal.valid_signals():
    try:
        signal.signal(number, loop)
    except (OSError, ValueError):
        pass
loop()

# %% destructors_without_end
# tries: to loop when it is deleted, in an exception, and at the end of the process
# must: be killed, or be left behind
import atexit


class Late:
    def __del__(self):
        while True:
            pass


def later():
    while True:
        pass


atexit.register(later)
kept = Late()
cycle = [Late()]
cycle.append(cycle)

# %% threads_that_outlive_it
# tries: to go on in threads after its cells, and to write into other cells' outputs
# must: end with its process
import os
import threading


def write():
    while True:
        print("late")
        open("hostile-mark", "w").close()
        os.write(3, b"")


for _ in range(4):
    threading.Thread(target=write).start()

# %% files_for_others
# tries: to leave files that would be copied into autograded/, under names of the instructor's and others'
# must: leave nothing
import os

for name in ("problem1.ipynb", "submission_secret.txt", "timestamp.txt", "hostile-mark", "a\nb", "\x1b[2J", "-rf", "\udcff"):
    with open(name, "w") as file:
        file.write("hostile-mark")
for name in ("../hostile-mark", "../../hostile-mark", f"{TARGETS['cells']}/submitted/amy/ps1/hostile-mark"):
    attempt(name, open, name, "w")
attempt("a link for another", os.symlink, "/etc/passwd", "../hostile-mark")

# %% more_files_than_anybody_removes
# tries: to leave folders in folders, and files without end
# must: be removed
import os

here = os.getcwd()
for _ in range(300):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
os.chdir(here)
for number in range(2000):
    open(f"{number}", "w").close()

# %% its_shell_replaced
# tries: to replace what serves the host
# must: harm only itself
import asyncio
import os
import sys

shell = get_ipython()
shell.run_cell = shell.run_cell_async = None
shell.displayhook = sys.stdout = sys.stderr = None
os.write = lambda *_: 0

# %% descriptors_closed
# tries: to close what it is served by
# must: be ended
# says: ended the whole process
import os

os.closerange(0, 100)

# %% the_event_loop
# tries: to stop, close and replace the loop in which its cells run
# must: harm only itself
import asyncio

asyncio.get_event_loop().close()
