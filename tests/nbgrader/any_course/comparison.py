"""What is compared between nbgrader's run and ours, where the two differ on purpose and why, and the table of it for the documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .conftest import Graded, Sample, marks

ENDS = "The cells before the one that ends the process keep their marks, and those after it get none; nbgrader records nothing."
DIFFERENT = {
    "dies": ENDS,
    "leaves": "After `exit()` no cell is run; nbgrader's kernel lives for another tenth of a second, in which quick cells still are.",
    "no_time": "A timestamp that is no time is passed over; nbgrader stops at this submission.",
    "zz_twice": "A cell that is there twice counts once; nbgrader stops at it, for the whole class.",
    "odd_too_many": "Nothing is recorded where nbgrader stops, as at too many points; nbgrader keeps the marks of the cells before.",
}
"""Students of `everything` whose marks aren't nbgrader's."""

DIFFERENT_OUTPUTS = {
    "commands": "`!command` isn't run, nor anything else that starts a program or reaches a network. It says so on stderr, which costs a "
    "test cell its points; `--sandbox none` runs it.",
    "own_file": "A notebook doesn't find the notebooks' own files in its folder.",
    "slow": "The error of a cell that took too long says how long it may take.",
}
"""Students whose outputs aren't nbgrader's, though their marks are."""

DIFFERENT_FILES = "What a notebook writes while it runs isn't copied into `autograded/`; the notebooks after it find it."
DIFFERENT_ELSEWHERE = (
    "Memory, disk, processor time and outputs have limits, which the outputs name (`tests/sandbox/test_notebook_limits.py`).",
    "`joblib`, and so scikit-learn's `n_jobs`, runs its jobs one after the other (`tests/sandbox/test_notebooks_like_a_kernel.py`).",
    "Processes, queues, locks and pools of `multiprocessing` are refused, and so are files outside of the notebook's folder, as in `/tmp`, "
    "and changes of a file's permissions (`tests/sandbox/test_notebook_confinement.py`).",
    "A notebook's folder doesn't have the assignment's name, and joblib's `backend=\"multiprocessing\"` says on stderr that it runs in "
    "sequence, which costs a test cell its points (`tests/sandbox/test_notebooks_like_a_kernel.py`).",
    "Random numbers without a seed are the same in each run (`tests/sandbox/test_notebooks_like_a_kernel.py`).",
    "A notebook in another language than Python is refused; `--sandbox none` runs it (`test_command.py`).",
    "A notebook for a Python kernel that isn't installed, such as somebody's environment, is run by the Python that grades; nbgrader stops "
    "at it (`test_command.py`).",
)
"""Differences that no student of these courses meets."""

_OF_ANY_RUN = (  # what differs between two runs of nbgrader, too
    (re.compile(r"/tmp/ipykernel[_/\d]+\.py|\d+\.py(?=, line)"), "<the cell's file>"),
    (re.compile(r"0x[0-9a-f]{6,}"), "<an address>"),
    (re.compile(r"Thread-\d+"), "<a thread>"),
    (re.compile(r"CPU times: .*?\\nWall time: .*?\\n"), "<times>"),
)


def outputs(sample: Sample, student: str) -> dict[str, list[Any]]:
    """Return the outputs of a student's code cells, by notebook, without what differs in any two runs."""
    paths = sorted(sample.folder("autograded", student).glob("*.ipynb"))
    return {path.stem: [_plain(cell["outputs"]) for cell in _cells(path) if cell["cell_type"] == "code"] for path in paths}


def _cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def _plain(given: list[dict[str, Any]]) -> Any:
    """Return outputs with neighbouring pieces of a stream joined: where nbclient cuts them depends on the moment."""
    joined: list[dict[str, Any]] = []
    for output in given:
        if output["output_type"] == "stream":
            text = "".join(output["text"])
            if joined and joined[-1].get("name") == output["name"]:
                joined[-1]["text"] += text
                continue
            output = {**output, "text": text}
        joined.append(output)
    plain = json.dumps(joined, ensure_ascii=False)
    for pattern, name in _OF_ANY_RUN:
        plain = pattern.sub(name, plain)
    return json.loads(plain)


def written(sample: Sample, student: str) -> set[str]:
    """Return the files in a student's autograded folder that neither the student nor the instructor has given."""
    given = _files(sample.folder("submitted", student)) | _files(sample.folder("source")) | {"submission_secret.txt"}
    return _files(sample.folder("autograded", student)) - given


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def equality(graded: dict[str, Graded]) -> str:
    """Return the table of equal marks and the list of differences, in Markdown, as made from the run."""
    lines = [
        "| course | students | notebooks | graded cells | with equal marks | code cells | with equal outputs | students with other marks |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, both in graded.items():
        lines.append("| " + " | ".join([NAMES[name], *map(str, _counts(both))]) + " |")
    differences = [*DIFFERENT.items(), *DIFFERENT_OUTPUTS.items()]
    lines += ["", "Different on purpose:", "", *(f"- `{student}`: {why}" for student, why in differences)]
    lines += [f"- {why}" for why in (DIFFERENT_FILES, *DIFFERENT_ELSEWHERE)]
    return "\n".join(lines)


NAMES = {
    "quickstart": "nbgrader's quickstart",
    "own": "the notebooks of nbgrader's own tests",
    "everything": "an assignment with all that its documentation names",
}


def _counts(both: Graded) -> list[int]:
    right, got = marks(both.theirs), marks(both.command)
    students = [student for student in {**right, **got} if student not in DIFFERENT]
    shown, others = ({student: outputs(sample, student) for student in students} for sample in (both.command, both.theirs))
    found, expected = (
        {(student, *cell): grade for student in students for cell, grade in _grades(rows.get(student, {}), shown[student]).items()}
        for rows in (got, right)
    )
    cells = [
        (student, cell == other)
        for student in students
        for name, found_outputs in shown[student].items()
        for cell, other in zip(found_outputs, others[student].get(name, []), strict=True)
    ]
    return [
        len(both.said),
        sum(map(len, shown.values())),
        len({**found, **expected}),
        sum(grade == expected.get(cell) for cell, grade in found.items()),
        len(cells),
        sum(is_equal for _, is_equal in cells),
        len(DIFFERENT.keys() & both.said.keys()),
    ]


def _grades(row: dict[str, Any], handed_in: Iterable[str]) -> dict[tuple[str, str], Any]:
    return {(name, cell): grade for name in handed_in for cell, grade in row[name]["grades"].items()}
