"""A class whose assignment is graded by its own test cells, and in which almost everybody attacks: nobody but themselves is harmed.

The attacks are those of `cases/cells.py`, and those of the other families that need no function of a lecture. Students who attack by
the files that they hand in are in `HANDED_IN`. Forging marks isn't prevented on this road; escaping is.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.sandbox.confine import available

from .conftest import FAMILIES, HERE, LECTURE, Canaries, Case, as_user, environment, read_cases

ELSEWHERE = {
    "stolen_answers-imports_of_the_grader": "here all packages may be imported; see packages_that_hold_it",
    "stolen_answers-open_descriptors": "here the event loop has three more of its own",
    "across_students-leaves_the_zygote_confused": "as above: it writes into the event loop's pipe",
    "across_students-looks_for_files": "here the directory holds the assignment's files",
    "across_students-looks_for_settings": "as above",
}
EXERCISES = re.compile(r"\b(" + "|".join(LECTURE.points) + r")\b")
CASES = [
    *read_cases("cells"),
    *(
        case
        for family in FAMILIES.values()
        for case in family
        if case.id not in ELSEWHERE and case.family != "forged_marks" and not EXERCISES.search(case.source)
    ),
]
OF_ANY_USER = [case for case in CASES if case.family not in ("exhaustion", "across_students")]
"""The cases that are tried as an ordinary user, too."""
Change = Callable[[Path, Any], None]
LIMITS = {
    **{"cell_seconds": 2, "total_seconds": 4, "memory_bytes": "1GiB", "processes": 32, "file_bytes": "2MiB", "disk_bytes": "64MiB"},
    **{"output_bytes": "64KiB", "answer_bytes": "4MiB"},
}
WORD = secrets.token_hex(8)
JOBS = 4  # the attackers wait for most of their time
HONEST = {"amy": "return a + b", "kim": "return a - b", "zoe": "raise NotImplementedError()"}
SCORES = {"amy": 4.5, "kim": 0.5, "zoe": 0}
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


# --- the course -------------------------------------------------------------------------------------------------------------------


def cell(source: str, name: str, **nbgrader: Any) -> Any:
    flags = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, "grade_id": name}
    return new_code_cell(source, metadata={"nbgrader": flags | nbgrader}, id=name)


def make_course(path: Path) -> None:
    """Make a course with two assignments, of which nobody may see the other one."""
    hidden = "### BEGIN HIDDEN TESTS\nassert add(2, 3) == 5\n### END HIDDEN TESTS"
    cells = [
        cell("import json, os", "setup", locked=True),
        cell("def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION", "add", solution=True),
        cell(f"assert add(1, 1) == 2\n{hidden}", "test_add", grade=True, locked=True, points=2),
        cell("add(0.5, 0)", "test_half", grade=True, locked=True, points=1),
        cell("print(open('table.csv').read())\nassert add(1, 2) == 3", "test_table", grade=True, locked=True, points=2),
    ]
    other = [*cells, cell(f"# {WORD} of the tests of another assignment", "test_other", grade=True, locked=True, points=2)]
    for name, content in (("ps1", cells), ("ps2", other)):
        folder = path / "source" / name
        folder.mkdir(parents=True)
        nbformat.write(new_notebook(cells=deepcopy(content), metadata={"kernelspec": KERNELSPEC}), folder / "problem1.ipynb")
        (folder / "table.csv").write_text("1,2\n", encoding="utf-8")
    settings = f"c = get_config()\nc.CourseDirectory.course_id = 'any'\n# {WORD} of the configuration\n"
    (path / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    words = [sys.executable, "-m", "nbgrader", "generate_assignment", "ps1"]
    done = subprocess.run(words, cwd=path, env={**os.environ, "HOME": str(path.parent)}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def hand_in(course: Path, student: str, notebook: Any, **files: str) -> Path:
    """Hand in a notebook, and files by their names."""
    folder = course / "submitted" / student / "ps1"
    folder.mkdir(parents=True)
    for name, content in {"problem1.ipynb": json.dumps(notebook), **files}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def answered(released: Any, body: str, *more: str) -> Any:
    """Return the released notebook with an answer, and more cells before the tests."""
    notebook = deepcopy(released)
    notebook.cells[1].source = f"def add(a, b):\n    {body}"
    notebook.cells[2:2] = [new_code_cell(source, id=f"more-{number}") for number, source in enumerate(more)]
    return notebook


# --- what is handed in ----------------------------------------------------------------------------------------------------------


def plain(folder: Path, notebook: Any) -> None:
    """Change nothing."""


def files_with_odd_names(folder: Path, notebook: Any) -> None:
    for name in (
        "a\nb.txt",
        "\x1b]0;hostile\x07",
        "-rf",
        "…\u202e",
        "x" * 240,
        " ",
        "problem1.ipynb.txt",
        "problem1 copy.ipynb",
        "..ipynb",
    ):
        (folder / name).write_text("x", encoding="utf-8")
    with open(os.fsencode(folder) + b"/\xff\xfe.txt", "wb") as file:
        file.write(b"x")


def a_name_too_long_for_a_copy(folder: Path, notebook: Any) -> None:
    (folder / ("x" * 255)).write_text("x", encoding="utf-8")


def pipes(folder: Path, notebook: Any) -> None:
    for name in ("pipe", "timestamp.txt", "submission_secret.txt"):
        os.mkfifo(folder / name)


def a_pipe_for_a_notebook(folder: Path, notebook: Any) -> None:
    (folder / "problem1.ipynb").unlink()
    os.mkfifo(folder / "problem1.ipynb")


def a_folder_for_a_notebook(folder: Path, notebook: Any) -> None:
    (folder / "problem1.ipynb").unlink()
    (folder / "problem1.ipynb").mkdir()


def links(folder: Path, notebook: Any) -> None:
    for name, target in {"book": "gradebook.db", "all": ".", "amys": "submitted/amy", "timestamp.txt": "nbgrader_config.py"}.items():
        (folder / name).symlink_to(folder.parents[2] / target)
    (folder / "loop").symlink_to("loop")


def a_link_to_a_notebook(folder: Path, notebook: Any) -> None:
    (folder / "problem1.ipynb").unlink()
    (folder / "problem1.ipynb").symlink_to(folder.parents[1] / "amy" / "ps1" / "problem1.ipynb")


def a_folder_for_a_file(folder: Path, notebook: Any) -> None:
    (folder / "table.csv").mkdir()
    (folder / "table.csv" / "inner").write_text("x", encoding="utf-8")
    (folder / ".problem1.ipynb.unfinished").write_text("x", encoding="utf-8")


def a_huge_file_of_nothing(folder: Path, notebook: Any) -> None:
    with open(folder / "huge", "wb") as file:
        file.truncate(1 << 40)


def more_than_the_guest_may_have(folder: Path, notebook: Any) -> None:
    with open(folder / "large", "wb") as file:
        file.truncate(80 << 20)


def folders_in_folders(folder: Path, notebook: Any) -> None:
    (folder / "/".join(["d" * 50] * 40)).mkdir(parents=True)
    (folder / "/".join(["d" * 50] * 40) / "deep.txt").write_text("x", encoding="utf-8")


def metadata_of_other_types(folder: Path, notebook: Any) -> None:
    notebook.metadata = {"kernelspec": ["python3"], "language_info": "python"}


def a_kernel_of_its_own(folder: Path, notebook: Any) -> None:
    notebook.metadata.kernelspec = {"name": "../../bin/sh", "language": "bash", "display_name": "\x1b[2J", "argv": ["sh"]}


def metadata_too_deep(folder: Path, notebook: Any) -> None:
    text = json.dumps(notebook).replace('"kernelspec"', '"deep": ' + "[" * 50_000 + "]" * 50_000 + ', "kernelspec"', 1)
    (folder / "problem1.ipynb").write_text(text, encoding="utf-8")


def a_format_beyond_all_numbers(folder: Path, notebook: Any) -> None:
    text = json.dumps(notebook).replace('"nbformat_minor": 5', '"nbformat_minor": 1' + "0" * 5000)
    (folder / "problem1.ipynb").write_text(text, encoding="utf-8")


def tags_of_other_types(folder: Path, notebook: Any) -> None:
    for each in notebook.cells:
        each.metadata.tags = 5


def cells_without_number(folder: Path, notebook: Any) -> None:
    notebook.cells += [new_code_cell("1", id=f"c{number}") for number in range(6000)]


def many_cells(folder: Path, notebook: Any) -> None:
    notebook.cells += [new_code_cell("", id=f"c{number}") for number in range(2000)]


def half_a_character(folder: Path, notebook: Any) -> None:
    notebook.cells[1].source = "x = '\ud800'"


def a_cell_too_large(folder: Path, notebook: Any) -> None:
    notebook.cells[1].source = "#" * (6 << 20)


def outputs_of_its_own(folder: Path, notebook: Any) -> None:
    markup = {"text/html": "<script>alert(1)</script>", "application/javascript": "alert(1)"}
    for each in notebook.cells:
        each.outputs = [{"output_type": "display_data", "data": markup, "metadata": {}}] * 1000


def attachments(folder: Path, notebook: Any) -> None:
    image = {"../../x.png": {"image/png": "A" * 100_000}, "x": {"text/html": "<script>alert(1)</script>"}}
    source = "![](attachment:x) <script>alert(1)</script>"
    notebook.cells.append({"cell_type": "markdown", "metadata": {}, "source": source, "attachments": image, "id": "m"})


HANDED_IN: dict[Change, str] = {
    files_with_odd_names: r"isn't a notebook of ps1",
    a_name_too_long_for_a_copy: r"too long",
    pipes: r"pipe isn't a plain file, and was passed over",
    a_pipe_for_a_notebook: r"is not a file but a pipe",
    a_folder_for_a_notebook: r"is not a file but a folder",
    links: r"book isn't a plain file, and was passed over",
    a_link_to_a_notebook: r"is a link to",
    a_folder_for_a_file: r"has the name of another file or folder, and was passed over",
    a_huge_file_of_nothing: r"larger than CourseDirectory.max_file_size, and was passed over",
    more_than_the_guest_may_have: r"its files take 80 MiB, and may take 64 MiB \(the limit disk_bytes\)",
    folders_in_folders: r"^$",
    metadata_of_other_types: r"problem1.ipynb: ",
    a_kernel_of_its_own: r"^$",
    metadata_too_deep: r"problem1.ipynb: ",
    a_format_beyond_all_numbers: r"problem1.ipynb: ",
    tags_of_other_types: r"problem1.ipynb: ",
    cells_without_number: r"more than the 5000 that are read",
    many_cells: r"^$",
    half_a_character: r"problem1.ipynb: ",
    a_cell_too_large: r"its cells can't be run",
    outputs_of_its_own: r"^$",
    attachments: r"^$",
}
"""What is done to a right submission, and what its student is told."""


NAMES = {
    "a\nb": "has control characters in it",
    "=1+1": "would be a formula",
    "\x1b[2Jclear": "has control characters in it",
    "-rf": "would be a formula",
    "x" * 200: "^$",
    "ünï 1": "^$",
    "per%cent {0}": "^$",
    "[a-z]*?": "^$",
}
"""Names of students, and what they are told."""


# --- the class ------------------------------------------------------------------------------------------------------------------


@dataclass
class CellClass:
    """A class that was graded.

    Parameters
    ----------
    course : Path
    results : dict
        By student.
    said : str
        All that the command wrote.
    word : str
        What all secrets begin with.
    touched, survivors : list of str
        What is left of the attacks outside of the guests, and processes that go on.
    changed : list of str
        Files of the course that were changed.
    """

    course: Path
    results: dict[str, dict[str, Any]]
    said: str
    word: str
    touched: list[str]
    survivors: list[str]
    changed: list[str]

    def autograded(self, student: str) -> dict[str, Any]:
        """Return a student's autograded notebook."""
        return json.loads((self.course / "autograded" / student / "ps1" / "problem1.ipynb").read_text(encoding="utf-8"))

    def texts(self, student: str) -> str:
        """Return all that a notebook has shown."""
        with suppress(FileNotFoundError):
            return json.dumps([each.get("outputs") for each in self.autograded(student)["cells"]], ensure_ascii=False)
        return ""

    def marks(self) -> dict[str, Any]:
        """Return the points of each cell in the gradebook, by student."""
        from nbgrader.api import Gradebook

        book = Gradebook(f"sqlite:///{self.course / 'gradebook.db'}", "any")
        try:
            rows = book.assignment_submissions("ps1")
            return {row.student.id: {grade.name: grade.auto_score for each in row.notebooks for grade in each.grades} for row in rows}
        finally:
            book.close()


def graded_class(released: Path, place: Path, user: int | None, cases: list[Case], changes: Iterable[Change]) -> CellClass:
    """Make a class, grade it by the command, and look at what is left."""
    owner = os.getuid() if user is None else user
    canaries = Canaries(place, owner)
    course = place / "cells"
    start = [] if user is None else as_user(user)
    surroundings = {name: value for name, value in environment(canaries).items() if name != "PYTHONDONTWRITEBYTECODE"}
    surroundings |= {"PYTHONPYCACHEPREFIX": str(place / "bytecode"), "JUPYTER_CONFIG_DIR": str(place), "IPYTHONDIR": str(place)}
    try:
        shutil.copytree(released, course)
        os.chown(place, owner, -1)
        hand_in_class(course, canaries, cases, changes)
        for folder, names, files in os.walk(course):
            for name in (".", *names, *files):
                os.chown(os.path.join(folder, name), owner, -1, follow_symlinks=False)
        canaries.before = canaries.listing()
        before = contents(course)
        program = str(Path(sys.executable).with_name("autograder"))
        words = [*start, program, "grade", "ps1", "--json", "-", "--jobs", str(JOBS)]
        words += [word for name, value in LIMITS.items() for word in ("--limit", f"{name}={value}")]
        done = subprocess.run(words, cwd=course, env=surroundings, capture_output=True, text=True, timeout=300)
        assert done.stdout.startswith("{"), done.stderr
        results = {result["student"]: result for result in json.loads(done.stdout)["results"]}
        after = contents(course)
        changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
        said = done.stdout + done.stderr
        return CellClass(course, results, said, canaries.word, canaries.touched(), canaries.survivors(), changed)
    finally:
        canaries.close()


def hand_in_class(course: Path, canaries: Canaries, cases: list[Case], changes: Iterable[Change]) -> None:
    """Hand in the honest students' notebooks, and the others'."""
    released = nbformat.read(course / "release" / "ps1" / "problem1.ipynb", as_version=4)
    for student, body in HONEST.items():
        hand_in(course, student, answered(released, body), **{f"{student}.txt": canaries.secret("file of another student")})
    own = {"cells": str(course), "class": str(course / "submitted" / "amy" / "ps1"), "course": str(course)}
    tools = (HERE / "attacker.py").read_text(encoding="utf-8").replace("TARGETS = {}", f"TARGETS = {canaries.targets() | own!r}")
    for case in cases:
        files = {
            name.strip(): f"open('hostile-mark-{name.strip()}', 'w')\nraise SystemExit" for name in case.header.get("files", "").split(",")
        }
        files.pop("", None)
        hand_in(course, case.id, answered(released, "return a + b", f"import numpy as np\n{tools}", case.source), **files)
    for name in NAMES if cases else ():
        hand_in(course, name, answered(released, "return a + b"))
    for change in changes:
        notebook = answered(released, "return a + b")
        folder = hand_in(course, f"files-{change.__name__}", notebook)
        original = json.dumps(notebook)
        change(folder, notebook)
        if (text := json.dumps(notebook)) != original:
            (folder / "problem1.ipynb").write_text(text, encoding="utf-8")


def contents(course: Path) -> dict[str, bytes | str]:
    """Return the course's files, without those that grading writes."""
    found: dict[str, bytes | str] = {}
    for folder, names, files in os.walk(course):
        if folder == str(course):
            names[:] = [name for name in names if name not in ("autograded", ".autograder")]
            files = [name for name in files if not name.startswith("gradebook.db")]
        for name in files:
            path = os.path.join(folder, name)
            is_plain = os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < 1 << 30
            found[path] = Path(path).read_bytes() if is_plain else str(os.lstat(path).st_mode)
    return found


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course before anything was handed in."""
    path = tmp_path_factory.mktemp("released") / "course"
    make_course(path)
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, released: Path) -> Iterator[CellClass]:
    """The honest students without the others."""
    place = tmp_path_factory.mktemp("cells")
    yield graded_class(released, place, None, [], [])
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, released: Path, user: int | None) -> Iterator[CellClass]:
    """The whole class."""
    if reason := available():
        pytest.skip(reason)
    place = tmp_path_factory.mktemp("cells")
    yield graded_class(released, place, user, CASES if user is None else OF_ANY_USER, HANDED_IN)
    shutil.rmtree(place, ignore_errors=True)


each_attack = pytest.mark.parametrize("attack", CASES, ids=lambda attack: attack.id)


# --- the others ------------------------------------------------------------------------------------------------------------------


def test_the_honest_have_what_they_have_alone(alone: CellClass, done: CellClass) -> None:
    """Marks, outputs, files and what they are told."""
    marks = done.marks()
    for student, score in SCORES.items():
        assert sum(points or 0 for points in marks[student].values()) == score
        assert marks[student] == alone.marks()[student]
        assert done.autograded(student) == alone.autograded(student)
        told, expected = done.results[student], alone.results[student]
        assert all(told[name] == expected[name] for name in ("graded", "problems", "exercises"))
        folder = done.course / "autograded" / student / "ps1"
        assert {path.name for path in folder.iterdir()} == {"problem1.ipynb", "table.csv", f"{student}.txt", "submission_secret.txt"}


def test_everybody_has_a_result(done: CellClass) -> None:
    """Whoever isn't graded is told why, in one line, and nothing that the engine itself has raised."""
    assert done.results.keys() == {path.name for path in (done.course / "submitted").iterdir()} > HONEST.keys()
    assert "Traceback" not in done.said and "report this" not in done.said
    for student, result in done.results.items():
        assert result["graded"] or result["problems"], student
        assert all("\n" not in problem and len(problem) < 1000 and "\x1b" not in problem for problem in result["problems"]), student
    assert "\x1b]0;hostile" not in done.said and "\x1b[2J" not in done.said


def test_no_secret_got_out(done: CellClass) -> None:
    """Neither into what the command says, nor into the marks or autograded files of somebody else."""
    told = done.said + json.dumps(done.marks())
    assert done.word not in told and WORD not in told
    for path in (done.course / "autograded").rglob("*"):
        if path.is_file() and path.stat().st_size < 1 << 24 and path.name not in {f"{student}.txt" for student in HONEST}:
            content = path.read_bytes()
            assert done.word.encode() not in content and WORD.encode() not in content, path


def test_nothing_was_changed_reached_or_left_behind(done: CellClass) -> None:
    assert done.touched == [] and done.changed == []
    assert not list((done.course / "autograded").rglob("hostile-mark*"))


def test_nobody_survives(done: CellClass) -> None:
    assert done.survivors == []


# --- the attackers ----------------------------------------------------------------------------------------------------------------


@each_attack
def test_no_attempt_succeeds(attack: Case, done: CellClass) -> None:
    if attack.id not in done.results:
        pytest.skip("tried as whoever runs the tests only")
    shown = done.texts(attack.id)
    assert "SUCCEEDED" not in shown, shown
    if "attempt(" in attack.source:
        assert "refused: " in shown or "ended the whole process" in str(done.results[attack.id]), "it has not even tried"


@pytest.mark.parametrize("attack", [case for case in CASES if case.family == "cells"], ids=lambda attack: attack.name)
def test_what_comes_of_it(attack: Case, done: CellClass) -> None:
    """What the case says; the outputs of all are valid."""
    result = done.results[attack.id]
    assert re.search(attack.header.get("says", ""), " ".join(result["problems"])), result["problems"]
    assert re.search(attack.header.get("outputs", ""), done.texts(attack.id))
    nbformat.validate(nbformat.from_dict(done.autograded(attack.id)))
    if "score" in attack.header:
        assert sum(points or 0 for points in done.marks()[attack.id].values()) == float(attack.header["score"])


@pytest.mark.parametrize("change", HANDED_IN, ids=lambda change: change.__name__)
def test_what_is_handed_in(change: Change, done: CellClass) -> None:
    """There is a mark, or a sentence that says why not."""
    result = done.results[f"files-{change.__name__}"]
    told = " ".join(result["problems"])
    assert re.search(HANDED_IN[change], told), told
    if HANDED_IN[change] == "^$":
        assert sum(points or 0 for points in done.marks()[f"files-{change.__name__}"].values()) == SCORES["amy"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names(name: str, done: CellClass) -> None:
    """A student's name harms nobody: where nbgrader or a spreadsheet can't stand it, there is a sentence."""
    told = " ".join(done.results[name]["problems"])
    assert re.search(NAMES[name], told), told
    assert done.results[name]["graded"] is (NAMES[name] == "^$")


def test_markup_in_the_browser(done: CellClass) -> None:
    """What docs/security.md says of formgrader: scripts in outputs run unless one option is set, and those in Markdown cells always."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    def page(student: str, **options: bool) -> str:
        where = {"template_name": "formgrade", "extra_template_basedirs": [handlers.template_path]}
        exporter = HTMLExporter(config=Config({"HTMLExporter": {**where, **options}}))
        given = dict.fromkeys(("notebook_id", "submission_id", "assignment_id", "base_url", "mathjax_url", "notebook_path", "student"), "")
        names = {**given, "index": 0, "total": 1, "first_name": "", "last_name": "", "last_used": "", "my_assignment_id": 0}
        return str(
            exporter.from_notebook_node(
                nbformat.reads(json.dumps(done.autograded(student)), as_version=4), resources={**names, "nbgrader": {}}
            )[0]
        )

    assert "<script>fetch('/api')</script>" in page("cells-active_markup")
    cleaned = page("cells-active_markup", sanitize_html=True)
    assert "<script>fetch('/api')</script>" not in cleaned and "<img src=x onerror" not in cleaned and "alert(1)\n</script>" not in cleaned
    assert "<script>alert(1)</script>" in page("files-attachments", sanitize_html=True)
