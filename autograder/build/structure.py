"""Checks the cells and files of a lecture before anything runs, and returns all findings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from autograder.build.execution import describe
from autograder.errors import CourseError, LimitError
from autograder.limits import limits_in
from autograder.model.course import Course, HiddenModules, layout_of

SHOWN = 10  # lines named in one message
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
TEST_CELL = """\
check({name})
### BEGIN HIDDEN TESTS
from autograder import score
score({name})
### END HIDDEN TESTS"""


def structure_findings(notebook: NotebookNode, parts: Parts) -> list[str]:
    """Return a message for each defect of a source notebook's cells, and of the modules beside it."""
    cells = notebook.cells
    names = exercises(notebook)
    findings = [*_limits(notebook), *_grade_ids(cells), *_tests_without_exercise(notebook, names)]
    for index, cell in enumerate(cells):
        kind = _CHECKS.get(kind_of(cell))
        findings += [f"{describe(notebook, cell)} {what}" for what in (kind(cell) if kind else ())]
        if kind_of(cell) == "solution":
            below = cells[index + 1] if index + 1 < len(cells) else None
            findings += [f"{describe(notebook, cell)} {what}" for what in _below(cell, below)]
    if not names:
        findings.append("there is no exercise: no code cell has nbgrader's «solution» set.")
    return findings + parts.findings(names)


def exercises(notebook: NotebookNode) -> list[str]:
    """Return the names of the exercises, in order."""
    return [_nbgrader(cell).get("grade_id", "") for cell in notebook.cells if kind_of(cell) == "solution"]


def kind_of(cell: NotebookNode) -> str:
    """Return the kind of a cell, as in the table of docs/architecture.md, or an empty string for locked text."""
    nbgrader, code = _nbgrader(cell), cell.cell_type == "code"
    if nbgrader.get("solution"):
        return "solution" if code else "written"
    if nbgrader.get("grade"):
        return "test"
    if nbgrader.get("locked"):
        return "setup" if code else ""
    return "demo" if code else "prose"


def _nbgrader(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


# --- each kind of cell ------------------------------------------------------------------------------------------------------


def _limits(notebook: NotebookNode) -> Iterator[str]:
    try:
        limits_in(notebook.metadata)
    except LimitError as error:
        yield f"the limits in the notebook's metadata can't be used: {error}."


def _grade_ids(cells: list[NotebookNode]) -> Iterator[str]:
    counts = Counter(_nbgrader(cell).get("grade_id") for cell in cells if _nbgrader(cell))
    for name, count in counts.items():
        if not name:
            yield f"{count} cell(s) have nbgrader metadata without a grade_id: give each one of its own."
        elif count > 1:
            yield f"the grade_id {name!r} stands on {count} cells: nbgrader needs each once."


def _tests_without_exercise(notebook: NotebookNode, names: list[str]) -> Iterator[str]:
    for cell in notebook.cells:
        if kind_of(cell) == "test" and _nbgrader(cell).get("grade_id", "").removeprefix("test_") not in names:
            yield f"{describe(notebook, cell)} tests no exercise: its grade_id must be test_ and the grade_id of a solution cell."


def _solution(cell: NotebookNode) -> Iterator[str]:
    name, source = _nbgrader(cell).get("grade_id", ""), cell.source
    if _nbgrader(cell).get("grade"):
        yield "is solution and grade in one: the points belong to the test cell below."
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        yield f"is no valid Python: line {error.lineno}: {error.msg}."
        return
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or body[0].name != name:
        yield f"must hold exactly one function, called {name} like its grade_id, and nothing else."
        return
    if not ast.get_docstring(body[0]):
        yield f"lacks a docstring: it is the contract from which {name} is solved."
        return
    yield from _region(source, body[0])


def _region(source: str, function: ast.FunctionDef) -> Iterator[str]:
    lines = source.splitlines()
    begins = [number for number, line in enumerate(lines, start=1) if BEGIN in line]
    ends = [number for number, line in enumerate(lines, start=1) if END in line]
    if len(begins) != 1 or len(ends) != 1 or begins[0] >= ends[0]:
        yield f"needs one «### {BEGIN}» and, below it, one «### {END}» around the body."
        return
    outside = [node for node in function.body[1:] if not begins[0] < node.lineno <= (node.end_lineno or node.lineno) < ends[0]]
    if outside or len(function.body) < 2:
        where = f"; line {outside[0].lineno} is not" if outside else ""
        yield f"must have its whole body between «### {BEGIN}» and «### {END}»{where}."


def _below(cell: NotebookNode, below: NotebookNode | None) -> Iterator[str]:
    name = _nbgrader(cell).get("grade_id", "")
    if below is None or kind_of(below) != "test" or _nbgrader(below).get("grade_id") != f"test_{name}":
        yield f"needs its test cell, with grade_id test_{name}, right below."


def _test(cell: NotebookNode) -> Iterator[str]:
    nbgrader = _nbgrader(cell)
    name = nbgrader.get("grade_id", "").removeprefix("test_")
    yield from _points(nbgrader)
    if not nbgrader.get("locked"):
        yield "must be locked."
    if cell.cell_type != "code" or cell.source.strip() != TEST_CELL.format(name=name):
        yield f"must be exactly the test cell of docs/architecture.md with {name} in it: check, and score between the hidden-test markers."


def _points(nbgrader: dict) -> Iterator[str]:
    points = nbgrader.get("points")
    if not isinstance(points, int | float) or isinstance(points, bool) or points <= 0:
        yield f"must be worth points, not {points!r}."


def _written(cell: NotebookNode) -> Iterator[str]:
    yield from _points(_nbgrader(cell))
    if not _nbgrader(cell).get("grade"):
        yield "must have nbgrader's «grade» set too: a written answer is graded by hand."
    if len(cell.source.split()) < 5:
        yield "needs a model answer: it is what the graders compare with."


def _setup(cell: NotebookNode) -> Iterator[str]:
    if not _nbgrader(cell).get("grade_id", "").startswith("setup"):
        yield "is locked and neither solution nor test, so its grade_id must start with setup."


def _demo(cell: NotebookNode) -> Iterator[str]:
    if "demo" not in cell.metadata.get("tags", ()):
        yield "is no exercise, test or set-up, so it must be tagged demo: grading would run it otherwise."
    if re.search(r"\bplt\.show\(", cell.source):
        yield 'calls plt.show: use plots.show(fig, alt="…"), so that the figure has alternative text.'


def _prose(cell: NotebookNode) -> Iterator[str]:
    if re.search(r"!\[\s*\]\(", cell.source) or re.search(r"<img\b(?![^>]*\balt=[\"'][^\"'])", cell.source, flags=re.IGNORECASE):
        yield "shows a picture without alternative text."


_CHECKS = {"solution": _solution, "test": _test, "written": _written, "setup": _setup, "demo": _demo, "prose": _prose}


# --- the files beside the notebook --------------------------------------------------------------------------------------------


class Parts:
    """The four modules of a lecture, read as text: what they define by name, without running any of it.

    Parameters
    ----------
    root : Path
        The course.
    slug : str
        The lecture's name.
    """

    def __init__(self, root: Path, slug: str) -> None:
        layout = layout_of(root)
        hidden, kit = HiddenModules(root / layout.hidden, slug), root / layout.release / "coursekit"
        self.root = root
        self.public, self.figures = kit / "public" / f"test_{slug}.py", kit / "figures" / f"{slug}.py"
        self.suite, self.reference, self.answers = hidden.suite, hidden.reference, hidden.misconceptions

    def findings(self, names: list[str]) -> list[str]:
        """Return a message for each missing part of an exercise, and for each name without an exercise."""
        return [*self._tests(self.public, names), *self._tests(self.suite, names), *self._reference(names), *self._answers()]

    def places_to_fill(self) -> Iterator[str]:
        """Yield a message for each module with a TODO in it."""
        for path in (self.public, self.suite, self.reference, self.answers, self.figures):
            if path.exists():
                yield from places_to_fill(path.read_text(encoding="utf-8"), path.relative_to(self.root))

    def _tree(self, path: Path) -> ast.Module | str:
        shown = path.relative_to(self.root)
        try:
            return ast.parse(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return f"{shown} is missing."
        except SyntaxError as error:
            return f"{shown}, line {error.lineno}, is no valid Python: {error.msg}."

    def _tests(self, path: Path, names: list[str]) -> Iterator[str]:
        tree, shown = self._tree(path), path.relative_to(self.root)
        if isinstance(tree, str):
            yield tree
            return
        classes = [(node, _decorated(node, "exercise")) for node in tree.body if isinstance(node, ast.ClassDef)]
        tested = {name for _, marks in classes for name in marks}
        yield from (f"{shown} has no test class marked @exercise({name!r})." for name in names if name not in tested)
        yield from (f"{shown} tests {name!r}, which is no exercise of the notebook." for name in sorted(tested - set(names)))
        for node, _ in classes:
            for test in node.body:
                if isinstance(test, ast.FunctionDef) and test.name.startswith("test") and not ast.get_docstring(test):
                    yield f"{shown}, line {test.lineno}: {test.name} has no docstring, which is the sentence that students read."

    def _reference(self, names: list[str]) -> Iterator[str]:
        tree, shown = self._tree(self.reference), self.reference.relative_to(self.root)
        if isinstance(tree, str):
            yield tree
            return
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        yield from (f"{shown} has no function {name}." for name in names if name not in functions)

    def _answers(self) -> Iterator[str]:
        if isinstance(tree := self._tree(self.answers), str):
            yield tree


def needs_coursekit(course: Course) -> None:
    """Refuse a course whose released folder holds no student's package with public checks.

    Raises
    ------
    CourseError
        With what to do instead.
    """
    kit = course.root / layout_of(course.root).release / "coursekit" / "public"
    if not kit.is_dir():
        raise CourseError(
            f"{course.root} has no {kit.relative_to(course.root)}, the public checks that new and build write and run: "
            "release its assignments with «nbgrader generate_assignment», and write suites and references by hand (docs/new-lecture.md)"
        )


def places_to_fill(text: str, shown: object) -> Iterator[str]:
    """Yield a message if a file has a TODO left, with the numbers of its lines; `shown` is the file's name."""
    numbers = [number for number, line in enumerate(text.splitlines(), start=1) if re.search(r"\bTODO\b", line)]
    if numbers:
        more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
        lines = f"line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:SHOWN]))}{more}"
        yield f"{shown}, {lines}: fill what is marked TODO."


def _decorated(node: ast.ClassDef | ast.FunctionDef, mark: str) -> list[str]:
    """Return the first argument of each decorator called `mark`."""
    found = []
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).split(".")[-1] == mark:
            first = next(iter([*decorator.args, *(keyword.value for keyword in decorator.keywords)]), None)
            if isinstance(first, ast.Constant):
                found.append(str(first.value))
    return found
