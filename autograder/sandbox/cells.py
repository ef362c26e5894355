"""Runs a notebook's cells in one namespace, as a kernel does, but goes on after a cell that raises.

Runs in the guest. Each cell is compiled with its label as the file name, and its source is added to `linecache`, so that tracebacks,
``inspect.getsource`` and the places in messages refer to "cell 12".
"""

from __future__ import annotations

import ast
import builtins
import errno
import linecache
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, ModuleType, TracebackType
from typing import Any

MESSAGE_LENGTH = 2000
_LAST_LINE = "NotImplementedError"  # the last line of a stub
TRANSPARENT_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # cells with other cell magics aren't Python, and are skipped
_MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2}\s*)$")
_ASSIGNED_MAGIC = re.compile(r"^(\s*\w+\s*=\s*)[%!].*$")


@dataclass(frozen=True)
class GuestCell:
    """A cell in the guest; see `autograder.model.cells.Cell`."""

    label: str
    source: str
    name: str | None
    stub: str | None
    lazy: bool


@dataclass
class Notebook:
    """The cells of a submission, their namespace, and their problems.

    Parameters
    ----------
    cells : list of GuestCell
        In order.
    skipped : set of int
        Indices of cells not to run, because they have ended an earlier process.
    announce : callable
        Called with the index of each cell before it runs, so that the host can measure its time.
    """

    cells: list[GuestCell]
    skipped: set[int]
    announce: Callable[[int], None]
    problems: list[tuple[int, str]] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        module = ModuleType("__main__")
        self.namespace = module.__dict__
        self.namespace.update(__builtins__=builtins)
        sys.modules["__main__"] = module  # dataclasses and typing look up names there
        builtins.input, builtins.display = _no_input, _display  # type: ignore[attr-defined]

    @cached_property
    def _waiting(self) -> dict[int, set[str]]:
        """The lazy cells that have not run, with the names that they bind. Computed only when a name is missing."""
        lazy = [index for index, cell in enumerate(self.cells) if cell.lazy and index not in self.skipped]
        return {index: bound_names(self.cells[index].source) for index in lazy}

    def run(self) -> None:
        """Run all cells that are neither lazy nor skipped."""
        for index, cell in enumerate(self.cells):
            if not cell.lazy and index not in self.skipped:
                self.announce(index)
                problem = self._run(index)
                if problem:
                    self.problems.append((index, problem))

    def provide(self, name: str | None, before: int | None = None) -> bool:
        """Run the lazy cells that bind `name` (of those before the cell `before`), and return whether there were any."""
        last = len(self.cells) if before is None else before
        found = [index for index, names in self._waiting.items() if name in names and index < last]
        for index in found:
            del self._waiting[index]  # before it runs, so that cells which need each other don't recur for ever
            self._run(index)  # a cell of the instructor: its errors aren't the student's
        return bool(found)

    def untouched(self) -> list[str]:
        """Return the names of the cells whose code equals the released stub; comments and blank lines are ignored."""
        return [cell.name for cell in self.cells if cell.name and cell.stub is not None and _same_code(cell.source, cell.stub)]

    def callables(self) -> list[str]:
        """Return the names of callables in the namespace."""
        return [name for name, value in self.namespace.items() if type(name) is str and name[:2] != "__" and callable(value)]

    def _run(self, index: int) -> str | None:
        """Run one cell, and return the message of its error, if it raises one."""
        cell = self.cells[index]
        try:
            code = compiled(cell)
        except Exception as error:
            return syntax_message(error)
        while True:
            try:
                exec(code, self.namespace)
                return None
            except BaseException as error:  # SystemExit and KeyboardInterrupt, too: the next cell is run in any case
                if not (isinstance(error, NameError) and self.provide(error.name, before=index)):
                    return runtime_message(error)


def compiled(cell: GuestCell) -> CodeType:
    """Compile a cell; if that fails, compile it without magics and with the same line numbers."""
    source = cell.source
    if source.lstrip().startswith("%%"):
        magic, _, body = source.lstrip().partition("\n")
        source = "\n" + body if magic.split()[0] in TRANSPARENT_MAGICS else ""
    linecache.cache[cell.label] = (len(source), None, source.splitlines(keepends=True), cell.label)
    try:
        return compile(source, cell.label, "exec", dont_inherit=True)
    except SyntaxError:
        plain = "\n".join(_ASSIGNED_MAGIC.sub(r"\1None", _MAGIC.sub(r"\1pass", line)) for line in source.split("\n"))
        if plain == source:
            raise
        return compile(plain, cell.label, "exec", dont_inherit=True)


def bound_names(source: str) -> set[str]:
    """Return the names that a cell binds at its top level, whether in a loop, an ``if`` or a ``with``."""
    try:
        tree = ast.parse(source)
    except Exception:
        return set()
    names: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue  # its body has a scope of its own
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        if not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return names


def place_of(traceback: TracebackType | None, labels: set[str]) -> tuple[str, int, str, str] | None:
    """Return function, line number, line and cell of the innermost frame that belongs to a cell."""
    place = None
    while traceback is not None:
        code, line = traceback.tb_frame.f_code, traceback.tb_lineno
        if code.co_filename in labels:
            place = (code.co_name, line, linecache.getline(code.co_filename, line).rstrip("\n")[:MESSAGE_LENGTH], code.co_filename)
        traceback = traceback.tb_next
    return place


def type_name(error: BaseException) -> str:
    """Return the name of an exception's type."""
    return str(type.__dict__["__name__"].__get__(type(error)))  # not `__name__`, which a metaclass can override


def text_of(error: BaseException) -> str:
    """Return an exception's message, cut to `MESSAGE_LENGTH`; its `__str__` may be the student's and raise."""
    try:
        text = str(error)
    except BaseException as another:
        return f"(its message can't be read: {type_name(another)})"
    return str.__getitem__(text, slice(MESSAGE_LENGTH)).encode("utf-8", "replace").decode() + exceeded(error)


def exceeded(error: BaseException) -> str:
    """Return the name and value of the limit that caused a builtin exception, as a suffix of its message, or an empty text."""
    import resource

    kind = type(error)
    if issubclass(kind, MemoryError):  # NumPy raises a subclass
        return f" (the limit memory_bytes is {resource.getrlimit(resource.RLIMIT_AS)[0] >> 20} MiB)"
    if kind is OSError and error.errno == errno.EFBIG:  # type: ignore[attr-defined]
        return f" (the limit file_bytes is {resource.getrlimit(resource.RLIMIT_FSIZE)[0] >> 20} MiB)"
    if kind is RuntimeError and error.args == ("can't start new thread",):
        return " (the limit is called processes)"
    return ""


def runtime_message(error: BaseException) -> str:
    """Return the message about an exception that a cell raised."""
    said = ": ".join(filter(None, (type_name(error), text_of(error))))
    traceback = error.__traceback__.tb_next if error.__traceback__ else None
    if traceback is None:
        return said
    line = linecache.getline(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno).strip()
    return f"{said} (line {traceback.tb_lineno}: `{line[:MESSAGE_LENGTH]}`)"


def syntax_message(error: Exception) -> str:
    """Return the message about a cell that doesn't compile."""
    if not isinstance(error, SyntaxError) or error.lineno is None:
        return f"{type_name(error)}: {text_of(error)}"
    return f"{type_name(error)}: {error.msg} (line {error.lineno}: `{(error.text or '').strip()[:MESSAGE_LENGTH]}`)"


def _same_code(source: str, stub: str) -> bool:
    if source == stub:
        return True
    if _LAST_LINE in stub and _LAST_LINE not in source:
        return False  # faster than parsing both
    try:
        return ast.dump(ast.parse(source)) == ast.dump(ast.parse(stub))
    except Exception:
        return source == stub


def _display(*objects: Any, **options: Any) -> None:
    """Replace the notebook's ``display``; it does nothing."""


def _no_input(prompt: Any = "") -> str:
    raise RuntimeError("input() can't be answered while a notebook is graded")
