"""README and docs/ are true: commands run, files and links are there, and numbers are those of the code.

Fenced blocks marked sh, python and json are run or compared. A text block right below one that was run is what it prints. What can't be run
here has a comment above that says why: ``<!-- not run: reason -->``.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import pytest
import typer

from autograder.build.structure import TEST_CELL, Parts
from autograder.cli import app
from autograder.gradebook.cell_run import CELLS_IN_ALL
from autograder.judging.known_answers import catalogue
from autograder.judging.sample_notebooks import solved, with_answers, write
from autograder.limits import LIMITS, NOTEBOOK_LIMITS, Limits, in_units, limits_in
from autograder.model.course import PACKAGE, Course, HiddenModules
from autograder.sandbox.confine import GUEST_PACKAGES

ROOT = Path(__file__).parents[1]
DOCUMENTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))}
README, STUDENTS, INSTRUCTORS, NEW_LECTURE, ARCHITECTURE, SECURITY, GRADEBOOKS = (
    "README.md",
    *(f"docs/{name}.md" for name in ("students", "instructors", "new-lecture", "architecture", "security", "gradebooks")),
)
EVERYTHING = "\n".join(DOCUMENTS.values())
LECTURE, SLUG = "05_batch_normalization", "batch_normalization"
SECONDS = 120

each_document = pytest.mark.parametrize("document", DOCUMENTS)


# --- blocks -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the file that it is to be saved as, why it isn't run, and what it should print."""

    language: str
    text: str
    file: str = ""
    reason: str = ""
    prints: str = ""


_BLOCK = re.compile(
    r"(?:^\*\*`(?P<file>[^`\n]+)`\*\*\n\n)?(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$"
    r"(?:\n\n```text\n(?P<prints>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def blocks(document: str, *languages: str) -> list[Block]:
    """Return the blocks of a document, those of some languages only where any are given."""
    found = [Block(**match.groupdict(default="")) for match in _BLOCK.finditer(DOCUMENTS[document])]
    return [block for block in found if not languages or block.language in languages]


def commands(document: str) -> Iterator[tuple[str, str]]:
    """Yield each command that is to be run, with what it should print."""
    for block in blocks(document, "sh"):
        *others, last = block.text.strip().splitlines()
        if not block.reason:
            yield from ((command, "") for command in others)
            yield last, block.prints


def prose(document: str) -> str:
    """Return a document without its blocks."""
    return _BLOCK.sub("", DOCUMENTS[document])


def spans(document: str) -> list[str]:
    """Return what stands between backticks in the prose."""
    return re.findall(r"`([^`\n]+)`", prose(document))


# --- a checkout in which the commands run -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkout:
    """A copy of the course with a small class in it, and what the documents' commands have said there."""

    root: Path
    said: dict[str, str] = field(default_factory=dict)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a reader would, with this checkout's packages."""
        path = os.pathsep.join(map(str, (self.root, self.root / "course")))
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COURSEKIT"))}
        environment |= {"PYTHONPATH": path, "PATH": programs}
        return subprocess.run(
            ["bash", "-c", command], cwd=self.root, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS
        )

    def follow(self, document: str) -> None:
        """Run all commands of a document, one after the other, but for those that another document has in common with it."""
        for command, prints in commands(document):
            if command not in self.said:
                done = self.run(command)
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                self.said[command] = done.stdout
            if prints:
                assert tidy(self.said[command]) == tidy(prints), command


def tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of what the repository holds, two students' work for one lecture, and a notebook of a third one's."""
    root = tmp_path_factory.mktemp("documents") / "course"
    ignore = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")
    for name in ("autograder", "course", "docs", "solutions", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=ignore)
    for name in ("README.md", "LICENSE", "nbgrader_config.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    lecture = Course(root).lecture(LECTURE)
    mistake = next(known for known in catalogue(HiddenModules(PACKAGE, SLUG)).misconceptions if known.id == "fold_bias_not_scaled")
    for student, notebook in (("ada", solved(lecture)), ("ben", with_answers(lecture, mistake))):
        path = write(notebook, root / "submitted" / student / LECTURE / f"{SLUG}.ipynb")
        path.with_name("timestamp.txt").write_text("2026-03-02 18:00:00 UTC", encoding="utf-8")
    write(solved(lecture), root / "alice.ipynb")
    return Checkout(root)


class TestReadme:
    """The commands on the first page."""

    def test_its_commands(self, checkout: Checkout) -> None:
        checkout.follow(README)
        assert (checkout.root / "report" / "index.html").stat().st_size > 1000


class TestAClass:
    """The commands for a reader who teaches."""

    def test_a_class_from_start_to_end(self, checkout: Checkout) -> None:
        checkout.follow(INSTRUCTORS)
        for name in (
            "gradebook.db",
            "grades.csv",
            "report/index.html",
            f"autograded/ben/{LECTURE}/{SLUG}.ipynb",
            f"feedback/ben/{LECTURE}/{SLUG}.html",
        ):
            assert (checkout.root / name).is_file(), name
            assert name.split("/")[0] in DOCUMENTS[INSTRUCTORS], name
        page = (checkout.root / "feedback" / "ben" / LECTURE / f"{SLUG}.html").read_text(encoding="utf-8")
        assert "The bias isn't scaled" in html.unescape(page)

    def test_the_json_has_the_keys_that_it_is_said_to_have(self, checkout: Checkout) -> None:
        (said,) = (json.loads(block.text) for block in blocks(INSTRUCTORS, "json"))
        done = checkout.run(f"autograder grade submitted/ben/{LECTURE} --json - --no-gradebook")
        found = json.loads(done.stdout)
        found["results"][0]["exercises"] = [one for one in found["results"][0]["exercises"] if one["status"] == "failed"]
        assert shape(said) == shape(found)
        (exercise,) = said["results"][0]["exercises"]
        assert exercise["misconception"]["title"] == found["results"][0]["exercises"][0]["misconception"]["title"]
        assert exercise["misconception"]["id"] == found["results"][0]["exercises"][0]["misconception"]["id"]


class TestTheUniversitysGradebook:
    """The commands about Canvas, Moodle and Gradescope."""

    def test_its_commands(self, checkout: Checkout) -> None:
        (roster,) = [block for block in blocks(GRADEBOOKS, "text") if block.file]
        (checkout.root / roster.file).write_text(roster.text, encoding="utf-8")
        archive = checkout.root / "downloaded" / LECTURE / "archive" / "Submissions.zip"
        archive.parent.mkdir(parents=True)
        with zipfile.ZipFile(archive, "w") as file:  # Moodle leaves out the apostrophe of the roster's name
            file.write(checkout.root / "alice.ipynb", f"Zoë dArc_12345_assignsubmission_file/{SLUG}.ipynb")
        checkout.said.pop(f"autograder grade {LECTURE}", None)  # once more, with what is collected
        checkout.follow(GRADEBOOKS)
        for name in ("canvas.csv", "moodle.csv"):
            rows = (checkout.root / name).read_text(encoding="utf-8-sig").splitlines()
            assert [row for row in rows if "Zoë d'Arc" in row and ",22" in row], name
        assert json.loads((checkout.root / "results.json").read_text(encoding="utf-8"))["score"] == 22

    @pytest.mark.parametrize(("notebook", "score", "said"), [("mine", 22.0, ""), ("other", 0.0, "but 05_batch_normalization was to be")])
    def test_the_archive_for_gradescope(self, checkout: Checkout, tmp_path: Path, notebook: str, score: float, said: str) -> None:
        """It is unpacked as Gradescope does, and run_autograder grades a notebook of any name, but not another lecture's."""
        (command,) = [command for command, _ in commands(GRADEBOOKS) if "zipfile" in command]
        assert checkout.run(command).returncode == 0
        with zipfile.ZipFile(checkout.root / "autograder.zip") as file:
            file.extractall(tmp_path / "source")
        lecture = Course(checkout.root).lecture(LECTURE if notebook == "mine" else "03")
        write(solved(lecture), tmp_path / "submission" / f"{notebook}.ipynb")
        (tmp_path / "results").mkdir()
        paths = f"AUTOGRADER_ROOT={tmp_path} PYTHONPATH={tmp_path / 'source'}:{tmp_path / 'source' / 'course'}"
        done = checkout.run(f"cd {tmp_path} && {paths} bash source/run_autograder")
        assert done.returncode == 0, done.stderr
        results = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
        assert results["score"] == sum(test["score"] for test in results["tests"]) == score
        assert said in results["output"]


def shape(value: object) -> object:
    """Return a JSON value's keys and types; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value)


class TestANewLecture:
    """The worked example is a lecture: it is built, leaks nothing, and is graded as it should be."""

    def test_the_worked_example(self, checkout: Checkout) -> None:
        files = [block for block in blocks(NEW_LECTURE, "python") if block.file]
        slug = next(Path(block.file).stem for block in files if block.file.startswith("solutions/"))
        parts = Parts(Path(), slug)
        expected = {parts.public, parts.suite, parts.reference, parts.answers, Path(f"solutions/15_{slug}/{slug}.py")}
        assert {Path(block.file) for block in files} == expected
        for block in files:
            path = checkout.root / block.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        checkout.follow(NEW_LECTURE)
        for name in (f"solutions/15_{slug}/{slug}.ipynb", f"course/15_{slug}/{slug}.ipynb"):
            assert (checkout.root / name).is_file(), name

    def test_the_table_names_the_five_files(self) -> None:
        table = DOCUMENTS[NEW_LECTURE].split("\n\n")[2]
        named = set(re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE))
        parts = Parts(Path(), "slug")
        others = (parts.public, parts.suite, parts.reference, parts.answers)
        assert named == {"solutions/NN_slug/slug.py", *(path.as_posix() for path in others)}


# --- Python blocks ----------------------------------------------------------------------------------------------------------

PYTHON = [pytest.param(block, id=f"{name}-{i}") for name in DOCUMENTS for i, block in enumerate(blocks(name, "python")) if not block.file]


@pytest.mark.parametrize("block", [param for param in PYTHON if not param.values[0].reason])
def test_python_blocks_do_what_they_say(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "block.py"
    path.write_text(block.text, encoding="utf-8")
    done = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert tidy(done.stdout) == tidy(block.prints)


def test_the_test_cell_is_the_one_that_the_build_wants() -> None:
    assert TEST_CELL.format(name="batchnorm_forward") in [block.text.strip() for block in blocks(ARCHITECTURE, "python")]


@each_document
def test_nothing_of_a_merge_is_left(document: str) -> None:
    """Two versions of a paragraph, one below the other, are one too many."""
    assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", DOCUMENTS[document], re.MULTILINE)


@each_document
def test_blocks_are_of_a_known_kind_and_few_are_not_run(document: str) -> None:
    found = blocks(document)
    assert {block.language for block in found} <= {"sh", "python", "json", "yaml", "text", "mermaid"}
    fences = len(re.findall(r"^```", DOCUMENTS[document], flags=re.MULTILINE))
    assert fences == 2 * sum(1 + bool(block.prints) for block in found), "a fence isn't closed, or wasn't understood"
    assert sum(bool(block.reason) for block in found) <= 3


# --- links, files, modules --------------------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@each_document
def test_links_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", prose(document))
    for link in links:
        if not link.startswith("https://"):
            name, _, anchor = link.partition("#")
            path = (ROOT / document).parent / name if name else ROOT / document
            assert path.is_file(), link
            assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), link


PLACEHOLDERS = re.compile(r"[<*…]|NN_|slug|\s")


@each_document
def test_files_that_are_named_exist(document: str) -> None:
    ours = {"autograder", "benchmarks", "course", "docs", "solutions", "tests"}
    for span in spans(document):
        if span.split("/")[0] in ours and "/" in span and not PLACEHOLDERS.search(span) and "label_smoothing" not in span:
            assert (ROOT / span).exists(), span


def test_every_module_is_in_the_architecture() -> None:
    named = set(spans(ARCHITECTURE))
    lectures = ("suites", "reference", "misconceptions", "public", "figures")
    files = {path for part in ("autograder", "course/coursekit") for path in (ROOT / part).rglob("*.py")}
    files = {path for path in files if path.parent.name not in lectures}
    empty = {path for path in files if path.name == "__init__.py" and path.read_text(encoding="utf-8").count("\n") < 6}  # a docstring
    assert {path.relative_to(ROOT).as_posix() for path in files - empty} <= named


@pytest.mark.parametrize(("document", "heading"), [(ARCHITECTURE, "Promises and where they are held"), (SECURITY, "What is promised")])
def test_every_promise_has_its_tests(document: str, heading: str) -> None:
    section = DOCUMENTS[document].split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.rstrip("| ") for line in section.splitlines() if line.startswith("| **")]
    assert len(rows) > 5
    assert all("`tests/" in row.split("|")[-1] or "the suites" in row for row in rows)


def test_a_lecture_asks_for_limits_as_it_is_said_here() -> None:
    (block,) = blocks(INSTRUCTORS, "yaml")
    header = "# ---\n# jupyter:\n" + block.text + "# ---\n\n# %%\n1\n"
    assert limits_in(jupytext.reads(header, fmt="py:percent").metadata) == Limits(call_seconds=30)


def test_pictures_are_small_and_described_and_made_by_the_tests_in_a_browser() -> None:
    used = {}
    for document, text in DOCUMENTS.items():
        for alt, place in re.findall(r"!\[(.+?)\]\(([^)\s]+\.png)\)", text, flags=re.DOTALL):
            used[((ROOT / document).parent / place).resolve()] = alt
    assert used.keys() == {path.resolve() for path in (ROOT / "docs" / "images").iterdir()}
    for path, alt in used.items():
        assert path.stat().st_size < 150_000 and len(alt) > 100, path.name
    made = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "browser").glob("test_*.py"))
    assert {path.stem for path in used} == set(re.findall(r'picture\("([\w-]+)"', made))


def test_no_machine_is_named() -> None:
    assert not re.findall(r"/(?:work|root|home|tmp)/|localhost|127\.0\.0", EVERYTHING)


# --- commands, options, targets ---------------------------------------------------------------------------------------------


def options() -> dict[str, list[set[str]]]:
    """Return the options of each command, each as the set of its spellings; hidden ones are left out."""
    group = typer.main.get_command(app)
    return {
        name: [{*option.opts, *option.secondary_opts} for option in command.params if option.opts[0].startswith("--") and not option.hidden]
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


OPTIONS = options()
OTHERS = {"--force", "--duedate", "--notebook", "--tb"}  # of nbgrader and pytest


def used(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yield every use of one of our commands in a text, with the options that it is given."""
    for command, rest in re.findall(r"\bautograder (grade|build|report|try|new|demo)\b([^`\n»]*)", text):
        yield command, set(re.findall(r"--[a-z-]+", rest))


@each_document
def test_options_exist(document: str) -> None:
    known = {command: set().union(*spellings) for command, spellings in OPTIONS.items()}
    for command, given in used(DOCUMENTS[document]):
        assert given <= known[command], f"autograder {command} has no {given - known[command]}"
    alone = {option for span in spans(document) if "autograder " not in span for option in re.findall(r"--[a-z-]+", span)}
    assert alone <= set().union(*known.values()) | OTHERS


def test_every_command_and_option_is_documented() -> None:
    assert OPTIONS.keys() == {"grade", "report", "build", "try", "new", "demo"} == {command for command, _ in used(EVERYTHING)}
    alone = {
        option for document in DOCUMENTS for span in spans(document) if span.startswith("--") for option in re.findall(r"--[a-z-]+", span)
    }
    for command, spellings in OPTIONS.items():
        given = set().union(alone - OTHERS, *(options for name, options in used(EVERYTHING) if name == command))
        for spelling in spellings:
            assert spelling & given, f"autograder {command} {spelling} isn't in the documents"


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", EVERYTHING, flags=re.MULTILINE))
    assert {"demo", "test", "setup"} <= named <= targets


# --- numbers and sentences --------------------------------------------------------------------------------------------------


def test_the_limits_are_those_of_the_code() -> None:
    limits = Limits()
    table = dict(re.findall(r"^\| `(\w+)` +\| ([^|]+?) +\| [^|]+ \|$", DOCUMENTS[INSTRUCTORS], flags=re.MULTILINE))
    values = {name: getattr(limits, name) for name in LIMITS}
    assert {name: table.get(name) for name in LIMITS} == {
        name: in_units(value) if name.endswith("_bytes") else f"{value:g}" for name, value in values.items()
    }
    changed = {name: value for name, value in vars(NOTEBOOK_LIMITS).items() if value != values[name]}
    (of_notebooks,) = re.findall(
        r"^A notebook that is graded by its own test cells .*?\n\n", DOCUMENTS[INSTRUCTORS], re.MULTILINE | re.DOTALL
    )
    assert {*re.findall(r"`(\w+_(?:seconds|bytes))`", of_notebooks)} == changed.keys()
    for name, value in changed.items():
        assert (in_units(value) if name.endswith("_bytes") else f"{value:g}") in of_notebooks, name
    assert f"or {CELLS_IN_ALL} times" in " ".join(of_notebooks.split())
    said = " ".join(DOCUMENTS[STUDENTS].split())
    assert f"a cell may take {limits.cell_seconds:g} seconds, a call of one of your functions {limits.call_seconds:g} seconds" in said
    assert f"all together {limits.total_seconds:g} seconds, with {limits.memory_bytes >> 30} GiB of memory" in said


def test_students_are_told_the_packages_that_there_are() -> None:
    (said,) = re.findall(r"The packages are ([^.]+) and\s+coursekit\.", DOCUMENTS[STUDENTS])
    assert {{"scikit-learn": "sklearn"}.get(name, name.lower()) for name in re.split(r",\s+", said)} < set(GUEST_PACKAGES)


PYTHONS_OWN = {"No module named 'coursekit'", "name 'np' is not defined"}


def test_messages_are_quoted_as_they_are() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "course" / "coursekit").glob("*.py"))
    table = DOCUMENTS[STUDENTS].split("## At midnight")[1]
    quoted = re.findall(r"^\| `([^`]+)` \|", table, flags=re.MULTILINE)
    assert len(quoted) > 5
    for message in quoted:
        for part in message.split("…"):
            assert message in PYTHONS_OWN or part.strip() in source, message
