"""What a submission may use is said in one place, and can be changed by a lecture and on the command line, or not at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.errors import CourseError, LimitError
from autograder.judging.sample_notebooks import fill, write
from autograder.limits import LIMITS, Limits, in_units
from autograder.model.course import CONFIG, Course, find_course
from autograder.model.submission import read_submission
from autograder.runners.class_run import Options, fingerprint, limits_of

HERE = find_course(Path(__file__).parent)
LECTURE = HERE.lecture("05_batch_normalization")


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("call_seconds", "2.5", 2.5),
        ("call_seconds", 30, 30.0),
        ("cpu_seconds", "7", 7),
        ("cpu_seconds", 7.5, 8),
        ("memory_bytes", "4 GiB", 4 << 30),
        ("memory_bytes", "1.5GiB", 3 << 29),
        ("output_bytes", "10KiB", 10 << 10),
        ("file_bytes", 1000, 1000),
        ("depth", "64", 64),
    ],
)
def test_a_limit_is_changed_and_no_other(name, value, number):
    changed = Limits().changed({name: value})
    assert getattr(changed, name) == number
    assert all(getattr(changed, other) == getattr(Limits(), other) for other in LIMITS if other != name)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("minutes", 1, "there is no limit 'minutes'; there are: call_seconds, cell_seconds"),
        ("call_seconds", "soon", "'soon' can't be the limit call_seconds: write a number above 0, such as 2.5"),
        ("call_seconds", "-1", "write a number above 0"),
        ("call_seconds", "nan", "write a number above 0"),
        ("call_seconds", "1e5", "write a number above 0"),
        ("call_seconds", 0, "it has to be from 0.05"),
        ("call_seconds", "3 MiB", "such as 2.5"),
        ("call_seconds", True, "write a number"),
        ("call_seconds", None, "write a number"),
        ("memory_bytes", "4 GB", "such as 64 MiB"),
        ("memory_bytes", 1000, "it has to be from 2.68435e+08"),
        ("depth", [3], "such as 16"),
        ("processes", "9" * 5000, "write a number"),
    ],
)
def test_what_can_be_no_limit_gets_a_sentence(name, value, said):
    with pytest.raises(LimitError) as caught:
        Limits().changed({name: value})
    assert said in str(caught.value) and len(str(caught.value)) < 250


@pytest.mark.parametrize(("size", "words"), [(0, "0 bytes"), (1000, "1000 bytes"), (64 << 10, "64 KiB"), (3 << 29, "1.5 GiB")])
def test_sizes_in_words(size, words):
    assert in_units(size) == words


@pytest.fixture
def course(tmp_path) -> Course:
    """A course whose only lecture asks for limits of its own."""
    shutil.copy(HERE.root / CONFIG, tmp_path)
    notebook = json.loads(LECTURE.released.read_text(encoding="utf-8"))
    notebook["metadata"]["grading"] = {"limits": {"call_seconds": 30, "memory_bytes": "4GiB"}}
    write(notebook, tmp_path / LECTURE.released.relative_to(HERE.root))
    return Course(tmp_path)


def test_a_lecture_changes_limits_and_the_command_line_has_the_last_word(course):
    lecture = course.lecture(LECTURE.id)
    assert lecture.limits == Limits(call_seconds=30, memory_bytes=4 << 30)
    submission = read_submission(write(fill(LECTURE, {}), course.root / "ann.ipynb"), course)
    assert limits_of(submission, Options()) == lecture.limits
    assert limits_of(submission, Options(limits={"call_seconds": 1})) == Limits(call_seconds=1, memory_bytes=4 << 30)
    assert fingerprint(submission, Options()) != fingerprint(submission, Options(limits={"call_seconds": 1}))


def test_a_lecture_that_asks_for_nonsense_is_the_courses_mistake(course):
    path = course.lecture(LECTURE.id).released
    path.write_text(path.read_text(encoding="utf-8").replace("4GiB", "a lot"), encoding="utf-8")
    with pytest.raises(CourseError, match=r"limits in the metadata of .*'a lot' can't be the limit memory_bytes"):
        _ = Course(course.root).lecture(LECTURE.id).limits


def grade(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from autograder.cli import main; main()", "grade", *arguments, "--json", "-", "--no-cache"]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_options_change_limits(tmp_path):
    slow = "import time\nn = 0\ndef update_running(*args, **kwargs):\n    global n\n    n += 1\n    time.sleep(n == 1)\n    return 1"
    path = write(fill(LECTURE, {"update_running": slow}), tmp_path / "ann.ipynb")
    for options, seconds in ((["--timeout", "0.2"], "0.2"), (["--timeout=0.2", "--limit=call_seconds=0.3"], "0.3")):
        done = grade(str(path), *options, cwd=HERE.root)
        assert f"within {seconds} s (the limit call_seconds)" in done.stdout, done.stderr
    done = grade(str(path), "--limit", "call_seconds=4", "--limit", "output_bytes=1 KiB", cwd=HERE.root)
    assert done.returncode == 0 and "(the limit call_seconds)" not in done.stdout


@pytest.mark.parametrize("option", ["call_seconds", "call_seconds=", "minutes=3", "memory_bytes=lots"])
def test_an_option_that_can_be_no_limit_is_wrong_usage(option):
    done = grade("ann.ipynb", "--limit", option, cwd=HERE.root)
    assert done.returncode == 2 and "Traceback" not in done.stderr and option.split("=")[0] in done.stderr
