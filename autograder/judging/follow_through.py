"""Follow-through: an exercise is judged once more with the earlier exercises right that its function calls, and that lost points.

A wrong `bias_corrected` would otherwise cost its own points and those of each optimiser that calls it. In the second run the names of those
earlier exercises stand for right functions: in the sandbox for `autograder.sandbox.guest.StandIn`, answered by the reference in a guest of
its own; in a notebook's kernel for the reference's functions.

Which exercises a function uses is read from names: in the cells of a submission, or in the functions of a kernel. A name too many costs a
second run that changes nothing: the better of both counts, and the second only where a right function was called.

Only data can be passed on. In the second run a call of a right function with anything else raises, and so does one whose answer is
anything else, such as a cache that is an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, cached_property, partial
from itertools import takewhile
from types import CodeType, FunctionType, MethodType
from typing import Any, cast

from autograder.judging.known_answers import catalogue, cell_source
from autograder.model.cells import Cell
from autograder.model.course import HiddenModules
from autograder.sandbox.remote import RemoteStudent, cells_of, with_replaced
from autograder.sandbox.wire import builtin_error
from coursekit.student import LocalStudent, Student, copied

_NAME = re.compile(r"[^\W\d]\w*")
_TOKEN = re.compile(
    r"""
    \#[^\n]* | \"{3}[\s\S]*?(?:\"{3}|\Z) | '{3}[\s\S]*?(?:'{3}|\Z)                  # a comment, a docstring
    | (?P<read> \"(?:\\.|[^\"\\\n])*\"? | '(?:\\.|[^'\\\n])*'? | [^\W\d]\w* )   # another text, as in globals()["softmax"]; a name
    """,
    re.VERBOSE,
)
_DEFINED = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_ASSIGNED = re.compile(r"([^=()]+)=(?!=)")
_GLOBAL = re.compile(r"\bglobal[ \t]+([\w, \t]+)")

Definitions = Callable[[str], Iterable[str]]
"""Given a name, returns the names that occur in its definition."""


# --- what a function uses -------------------------------------------------------------------------------------------------


class Uses:
    """Which exercises use which earlier ones, themselves or through other functions.

    Parameters
    ----------
    student : Student
        The functions of a notebook.
    order : sequence of str
        The lecture's exercises in order.
    """

    def __init__(self, student: Student, order: Sequence[str]) -> None:
        self._student, self._order = student, order

    @cached_property
    def _names_in(self) -> Definitions:
        if isinstance(self._student, RemoteStudent):
            return definitions_in_cells(cells_of(self._student))
        namespace = _namespace(self._student)
        return lambda name: names_of(namespace.get(name))

    def before(self, dependent: str) -> list[str]:
        """Return all exercises before `dependent`."""
        return list(takewhile(lambda name: name != dependent, self._order))

    def of(self, dependent: str, without: Collection[str] = ()) -> list[str]:
        """Return the earlier exercises that `dependent` uses, in the lecture's order.

        Parameters
        ----------
        dependent : str
            The exercise. With a backward pass, its forward pass counts as a part of it: its tests call both.
        without : collection of str
            Exercises that count as used, but not what they use in turn.
        """
        own = {dependent, _partner(dependent)} if dependent.endswith("_backward") else {dependent}
        waiting, seen = list(own), set(own)
        while waiting:
            new = set(self._names_in(waiting.pop())) - seen
            seen |= new
            waiting += new.difference(without)
        return [name for name in self.before(dependent) if name in seen - own]


def definitions_in_cells(cells: Sequence[Cell]) -> Definitions:
    """Return the function that gives all names in the cells that bind a name. A cell is neither run nor parsed."""
    binding: dict[str, list[Cell]] = {}
    by_label = {cell.label: cell for cell in cells}
    for cell in cells:
        # of a demonstration only functions and classes: its variables are often called like those of an exercise
        for name in {*bound_in(cell.source, variables=not cell.lazy), *([cell.name] if cell.name else [])}:
            binding.setdefault(name, []).append(cell)
    read = cache(lambda label: frozenset(names_in(by_label[label].source)))
    return lambda name: set().union(*[read(cell.label) for cell in binding.get(name, ())])


def bound_in(source: str, variables: bool = True) -> Iterator[str]:
    """Yield the functions and classes that a cell binds, and its global variables; not what is local to a function or class."""
    local = False
    for line in source.splitlines():
        if line[:1] not in ("", " ", "\t", "#", ")"):
            local = False
        if not local:
            if defined := _DEFINED.match(line):
                yield defined[1]
                local = line == line.lstrip()
            elif variables and (assigned := _ASSIGNED.match(line)):
                yield from _NAME.findall(assigned[1])
        if variables and (shared := _GLOBAL.search(line)):
            yield from _NAME.findall(shared[1])


def names_in(source: str) -> Iterator[str]:
    """Yield the names in source code, also those in texts of one line; not those in comments and docstrings."""
    for match in _TOKEN.finditer(source):
        yield from _NAME.findall(match["read"] or "")


def names_of(value: Any) -> Iterator[str]:
    """Yield the names that a function or class refers to, with all that is inside it."""
    waiting, seen = [value], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, str):
            yield part
        elif isinstance(part, CodeType):
            waiting += [*part.co_names, *part.co_consts]
        elif isinstance(part, FunctionType):
            waiting += [part.__code__, *(part.__defaults__ or ()), *(part.__kwdefaults__ or {}).values()]
            for cell in part.__closure__ or ():
                with suppress(ValueError):  # an empty cell
                    waiting.append(cell.cell_contents)
        elif isinstance(part, MethodType):
            waiting += [part.__func__, type(part.__self__)]
        elif isinstance(part, partial):
            waiting += [part.func, *part.args, *part.keywords.values()]
        elif isinstance(part, type):
            waiting += [member for member in vars(part).values() if isinstance(member, FunctionType)]
        elif callable(part):
            waiting.append(type(part))


# --- right functions in place of wrong ones ---------------------------------------------------------------------------------


def replaceable(hidden: HiddenModules, earlier: str, dependent: str) -> bool:
    """Tell whether a right `earlier` may be used to judge `dependent`: not if its reference is made from that of `dependent`."""
    return f"_{earlier}_{dependent}" not in names_in(_source(hidden, earlier))  # `cell_source` calls a helper so


@contextmanager
def with_right(student: Student, hidden: HiddenModules, names: Sequence[str], before: Sequence[str]) -> Iterator[tuple[Student, set[str]]]:
    """Provide a notebook's functions with some exercises right, and the names of those that are called.

    Parameters
    ----------
    student : Student
        The notebook's functions.
    hidden : HiddenModules
        The lecture.
    names : sequence of str
        The exercises. Of a forward and a backward pass, which share a cache, both are replaced.
    before : sequence of str
        The exercises before the one that is judged; no other is replaced.
    """
    replaced = [name for name in before if name in names or _partner(name) in names]
    if isinstance(student, RemoteStudent):
        with with_replaced(student, {name: _source(hidden, name) for name in replaced}) as found:
            yield found
        return
    namespace, reference = cast(MutableMapping[str, Any], _namespace(student)), catalogue(hidden).reference
    own, asked = {name: namespace[name] for name in replaced if name in namespace}, set[str]()
    try:
        namespace.update({name: _answering(name, getattr(reference, name), asked) for name in replaced})
        yield student, asked
    finally:
        for name in replaced:
            namespace.pop(name, None)
        namespace.update(own)


def _answering(name: str, function: Callable[..., Any], asked: set[str]) -> Callable[..., Any]:
    """Return a function of the reference as the sandbox offers it: called on copies, with builtin exceptions."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        asked.add(name)
        try:
            return function(*copied(args), **copied(kwargs))
        except Exception as error:
            raise builtin_error(type(error).__name__, str(error)) from None

    return answer


def _partner(name: str) -> str:
    """Return the exercise with which `name` shares a cache: ``x_forward`` for ``x_backward`` and the other way round; else no name."""
    for end, other in (("_forward", "_backward"), ("_backward", "_forward")):
        if name.endswith(end):
            return name.removesuffix(end) + other
    return ""


def _source(hidden: HiddenModules, name: str) -> str:
    """Return the code of a cell with the reference's function, and nothing but what that needs."""
    return "import numpy as np\n\n\n" + cell_source(getattr(catalogue(hidden).reference, name), name)


def _namespace(student: Student) -> Mapping[str, Any]:
    return student._namespace if isinstance(student, LocalStudent) else {}
