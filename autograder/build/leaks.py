"""Searches ``course/`` for secrets: lines of solutions, references, misconceptions and hidden tests.

*Secret* are

1. the lines of a solution (between the markers, or the whole of a written answer),
2. the code of ``autograder/reference`` and ``autograder/misconceptions``,
3. three lines of a hidden test in a row (one line alone, such as drawing the same inputs, may well be in a public check).

Comments, docstrings, headers (``def``, ``class``, decorators, imports), ``raise`` and lines that only name, convert or unpack things
(``return out, cache``, ``x = np.asarray(x, dtype=float)``, ``N, D = x.shape``) aren't secret. The others are compared without blanks. A
line of 25 characters or more is a leak anywhere in code, prose, metadata or outputs, also broken into several lines; a line of 16 or more
only as a whole line. Docstrings of stubs aren't secret. Any other exception ends with the comment ``# not secret``.

Also reported are markers that nbgrader should have removed, in any form; outputs; solution cells without the stub; and imports of
autograder.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

LONG, SHORT, TOGETHER = 25, 16, 3
NOT_SECRET = "# not secret"
STUBS = {"code": "raise NotImplementedError", "markdown": "YOUR ANSWER HERE"}

_MARKERS = re.compile(
    r"(begin|end)[ _-]*(solution|hidden|answer|mark[ _-]*scheme)"
    r"|\bto[ _-]*remove\b|\bremove[ _-]*(solution|answer|cell|input)|#+\s*solution\b|%%solution|</?solution>",
    flags=re.IGNORECASE,
)
_IMPORT = re.compile(r"^\s*(?:from|import)\s+autograder\b", flags=re.MULTILINE)
_TRIVIAL = re.compile(
    r"(@|class\b|def\b|async def\b|import\b|from\b|raise\b|global\b|nonlocal\b|pass\b)"
    r"|(return\b|yield\b|assert\b|del\b)?(?!.*\w\()[\s\w.,()\[\]:*]*$"  # names alone, no call
    r"|[\w, ()]+= *np\.((as|ascontiguous)?array|(empty|zeros|ones)(_like)?|random\.default_rng)\([\w, .=()]*\)$"
    r"|[\w, ()]+= *\w+\.(shape(\[[-\w:]+\])?|size|ndim|dtype|copy\(\))$"
    r"|[\w, ()]+= *(float|int|len|list|tuple|dict)\([\w, .]*\)$"
    r"|(for|while|if|elif|else|try|except|with)\b[\s\w.,()\[\]]*:$"
    r"|[\w, ]+= *-?(?!.*\w\()[\s\w.,()\[\]:]*$"
)


@dataclass(frozen=True)
class Secret:
    """A line, or several consecutive lines, that must not be public; `text` is without blanks."""

    text: str
    where: str


@dataclass(frozen=True)
class Document:
    """A public file, or a cell of one."""

    where: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without blanks, and without the marks that make a line a comment or a list item."""
        return [squeezed(re.sub(r"^[\s#>*`-]+|[\s`]+$", "", line)) for line in self.text.splitlines()]

    @cached_property
    def line_set(self) -> frozenset[str]:
        """The lines as a set."""
        return frozenset(self.lines)

    @cached_property
    def whole(self) -> str:
        """All lines joined."""
        return "".join(self.lines)

    def line_of(self, text: str) -> int:
        """Return the number of the line where `text` begins."""
        end, begin = 0, self.whole.find(text)
        for number, line in enumerate(self.lines, start=1):
            end += len(line)
            if end > begin:
                return number
        return 1


def squeezed(text: str) -> str:
    """Return `text` without blanks."""
    return re.sub(r"\s+", "", text)


# --- secrets ------------------------------------------------------------------------------------------------------------------


def secrets_of(notebooks: Mapping[str, NotebookNode], hidden: Path) -> list[Secret]:
    """Return all secrets.

    Parameters
    ----------
    notebooks : mapping of str to NotebookNode
        The source notebooks, by lecture.
    hidden : Path
        The folder of reference, suites and misconceptions.
    """
    secrets = [secret for name, notebook in notebooks.items() for secret in solution_secrets(notebook, name)]
    secrets += module_secrets(hidden / "reference")
    secrets += module_secrets(hidden / "misconceptions")
    secrets += suite_secrets(hidden / "suites")
    stub_docstrings = "".join(squeezed(line) for notebook in notebooks.values() for line in _stub_docstrings(notebook))
    return [secret for secret in secrets if secret.text not in stub_docstrings]


def solution_secrets(notebook: NotebookNode, name: str) -> Iterator[Secret]:
    """The lines of a source notebook's solutions and model answers."""
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if nbgrader.get("solution"):
            where = f"the solution of {nbgrader.get('grade_id')} in {name}"
            code = cell.cell_type == "code"
            hidden = _between_markers(cell.source)
            revealing = revealing_lines(cell.source) if code else {n: line for n, line in enumerate(cell.source.splitlines(), 1)}
            for number, line in revealing.items():
                text = squeezed(re.sub(r"^[\s>*-]+", "", line))
                if number in hidden and len(text) >= (SHORT if code else LONG):
                    yield Secret(text, where)


def _stub_docstrings(notebook: NotebookNode) -> Iterator[str]:
    """The docstrings of the stubs."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            lines = cell.source.splitlines()
            yield from (lines[number - 1] for number in sorted(_docstring_lines(cell.source) - _between_markers(cell.source)))


def _between_markers(source: str) -> frozenset[int]:
    """The numbers of the lines between the markers, or of all lines where there are none."""
    inside, numbers = False, set()
    for number, line in enumerate(source.splitlines(), start=1):
        if "END SOLUTION" in line:
            inside = False
        if inside:
            numbers.add(number)
        if "BEGIN SOLUTION" in line:
            inside = True
    return frozenset(numbers or range(1, len(source.splitlines()) + 1))


def module_secrets(folder: Path) -> Iterator[Secret]:
    """The long lines of references or known answers, one by one."""
    for path in sorted(folder.glob("*.py")):
        for number, line in revealing_lines(path.read_text(encoding="utf-8")).items():
            if len(squeezed(line)) >= LONG:
                yield Secret(squeezed(line), f"{folder.name}/{path.name}, line {number}")


def suite_secrets(folder: Path) -> Iterator[Secret]:
    """The lines of hidden tests, in groups of three consecutive ones."""
    for path in sorted(folder.glob("test_*.py")):
        lines = list(revealing_lines(path.read_text(encoding="utf-8")).items())
        for start in range(len(lines) - TOGETHER + 1):
            group = lines[start : start + TOGETHER]
            text = "".join(squeezed(line) for _, line in group)
            if len(text) >= TOGETHER * SHORT and group[-1][0] - group[0][0] == TOGETHER - 1:
                yield Secret(text, f"{folder.name}/{path.name}, lines {group[0][0]} to {group[-1][0]}")


def revealing_lines(source: str) -> dict[int, str]:
    """Return the revealing lines of code by number: without comments, docstrings and trivial statements."""
    lines = dict(enumerate(source.splitlines(), start=1))
    excused = {number for number, line in lines.items() if NOT_SECRET in line}
    for number in _docstring_lines(source) | excused:
        lines.pop(number, None)
    for number, column in _comments(source):
        if number in lines:
            lines[number] = lines[number][:column]
    return {number: line.strip() for number, line in lines.items() if line.strip() and not _TRIVIAL.match(line.strip())}


def _docstring_lines(source: str) -> set[int]:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return set()
    texts = (n for n in nodes if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant) and isinstance(n.value.value, str))
    return {number for text in texts for number in range(text.lineno, (text.end_lineno or text.lineno) + 1)}


def _comments(source: str) -> list[tuple[int, int]]:
    try:
        return [token.start for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        return []


# --- public files -------------------------------------------------------------------------------------------------------------


def leak_findings(files: Mapping[Path, bytes], secrets: Iterable[Secret], root: Path) -> list[str]:
    """Return a message for each secret found in the public `files`.

    Parameters
    ----------
    files : mapping of Path to bytes
        The public files.
    secrets : iterable of Secret
        What must not be in them.
    root : Path
        The course; paths are told from here.
    """
    secrets = list(secrets)
    findings: list[str] = []
    for path, content in sorted(files.items()):
        name = path.relative_to(root).as_posix()
        text = content.decode("utf-8", errors="replace")
        documents = [Document(name, text)]
        if path.suffix == ".ipynb":
            documents = list(_notebook_documents(name, text))
            findings += _notebook_findings(name, text)
        everything = "\n".join(document.whole for document in documents)
        near = [secret for secret in secrets if secret.text in everything]
        for document in documents:
            findings += _told(document, near)
    return list(dict.fromkeys(findings))


def _told(document: Document, secrets: list[Secret]) -> Iterator[str]:
    """Compare one document with all secrets; each place is reported once."""
    places: dict[int, Secret] = {}
    for secret in secrets:
        if secret.text in document.whole if len(secret.text) >= LONG else secret.text in document.line_set:
            places.setdefault(document.line_of(secret.text), secret)
    for number, secret in sorted(places.items()):
        line = document.text.splitlines()[number - 1].strip()[:80]
        advice = f"take it out, or, if it is no secret, end the line there with «{NOT_SECRET}»"
        yield f"{document.where}, line {number} (“{line}”) tells {secret.where}: {advice}."
    for number, line in enumerate(document.text.splitlines(), start=1):
        if marker := _MARKERS.search(line):
            yield f"{document.where}, line {number}, has the marker “{marker.group()}”, which nbgrader did not remove: mend the source."
        if _IMPORT.match(line):
            yield f"{document.where}, line {number}, imports autograder, which students don't have and mustn't see."


def _notebook_documents(name: str, text: str) -> Iterator[Document]:
    """A notebook's cells, and all other text in it."""
    try:
        notebook = json.loads(text)
        cells = [dict(cell) for cell in notebook["cells"]]
    except (ValueError, TypeError, KeyError):
        yield Document(name, text)
        return
    for number, cell in enumerate(cells, start=1):
        yield Document(f"{name}, cell {number}", _source(cell))
        rest = "\n".join(_strings({key: value for key, value in cell.items() if key != "source"}))
        yield Document(f"{name}, outputs and metadata of cell {number}", rest)
    yield Document(f"{name}, metadata", "\n".join(_strings(notebook.get("metadata"))))


def _source(cell: Mapping) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _strings(value: object) -> Iterator[str]:
    """All strings in JSON data; a list of strings is joined, as the lines of one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *_strings(item))


def _notebook_findings(name: str, text: str) -> Iterator[str]:
    """Messages about outputs, and about solution cells that aren't stubs, in a released notebook."""
    try:
        cells = [dict(cell) for cell in json.loads(text)["cells"]]
    except (ValueError, TypeError, KeyError):
        yield f"{name} can't be read as a notebook: build it anew."
        return
    for number, cell in enumerate(cells, start=1):
        kind = str(cell.get("cell_type"))
        nbgrader = cell.get("metadata", {}).get("nbgrader", {})
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"{name}, cell {number}, has outputs: students get none; build it anew."
        if nbgrader.get("solution") and STUBS.get(kind, "") not in _source(cell):
            yield f"{name}, cell {number} ({nbgrader.get('grade_id')}), is for students to fill in, but it has no stub: is it still solved?"
        if nbgrader.get("grade") and kind == "code" and "score(" in _source(cell):
            yield f"{name}, cell {number} ({nbgrader.get('grade_id')}), still has its hidden test."
