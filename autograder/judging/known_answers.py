"""Known answers, wrong and right: the decorators of ``misconceptions/<slug>.py``, and the loader of such a module.

A misconception is a wrong answer with a name; its docstring tells the student why it is wrong, and its severity what a fair marker would
still give for it. An alternative is a right answer written in
another way; tests of the suites check that it gets full marks. Both are written against the reference of their
lecture: the cache that a backward pass gets is the reference's own, and the cache that a forward pass returns must suit it::

    @misconception("batchnorm_backward", "part", title="The mean and variance are treated as constants", see="05 §3")
    def statistics_as_constants(dout, cache):
        '''You multiplied by γ/σ and stopped there. …'''

    @alternative("batchnorm_backward")
    def backward_in_stages(dout, cache): ...

Answers that are one expression stand in tables: see `misconceptions` and `alternatives`.

An answer uses NumPy and names of its own module only, so `cell_source` can put it into a notebook in place of the exercise.
"""

from __future__ import annotations

import ast
import copy
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, TypeVar

from autograder.judging.hidden_modules import known_answers_of, reference_of
from autograder.model.course import HiddenModules

F = TypeVar("F", bound=Callable[..., Any])

Severity = Literal["slip", "part", "core"]

BANDS: dict[str, tuple[float, float]] = {"slip": (0.70, 0.98), "part": (0.20, 0.80), "core": (0.0, 0.35)}
"""What share of an exercise a misconception earns, from and to, by its severity."""


@dataclass(frozen=True)
class KnownAnswer:
    """A misconception (with a title) or an alternative (without)."""

    exercise: str
    id: str
    function: Callable[..., Any]
    title: str = ""
    see: str = ""
    with_forward: Callable[..., Any] | None = None
    severity: Severity | None = None

    @property
    def explanation(self) -> str:
        """The function's docstring in one line, as shown to the student."""
        return " ".join((inspect.getdoc(self.function) or "").split())

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The answer by the name of its exercise, and its own forward pass, if it has one."""
        answers = {self.exercise: self.function}
        if self.with_forward is not None:
            answers[self.exercise.replace("_backward", "_forward")] = self.with_forward
        return answers


def misconception(
    exercise: str, severity: Severity | None = None, *, title: str, see: str, with_forward: Callable[..., Any] | None = None
) -> Callable[[F], F]:
    """Register a wrong answer to `exercise`.

    Parameters
    ----------
    exercise : str
        The function that it stands for.
    severity : {"slip", "part", "core"}
        *slip*: right in ordinary use, wrong in a corner; *part*: a recognisable portion is right, another wrong; *core*: what the exercise
        is about is wrong. See `BANDS`.
    title : str
        The mistake in a few words.
    see : str
        The section of the lecture that explains it, as ``"05 §3"``.
    with_forward : callable, optional
        The forward pass that makes the cache for a backward pass; the reference's by default.
    """

    def register(function: F) -> F:
        known = KnownAnswer(exercise, function.__name__, function, title, see, with_forward, severity)
        function.known_answer = known  # type: ignore[attr-defined]
        return function

    return register


def alternative(exercise: str, with_forward: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """Register a right answer to `exercise` that is written in another way; the parameters are those of `misconception`."""
    return misconception(exercise, title="", see="", with_forward=with_forward)


def misconceptions(
    exercise: str,
    see: str,
    answers: Mapping[str, tuple[Severity, str, str, Callable[..., Any]]],
    with_forward: Callable[..., Any] | None = None,
) -> list[Callable[..., Any]]:
    """Register wrong answers to `exercise` that are one expression each, as a table; assign it to a name of the module::

        CENTER = misconceptions("center", "02 §2", {
            "center_added": ("part", "The mean is added", "You added the mean. …", lambda X: (X + mean_of(X), mean_of(X))),
        })

    Parameters
    ----------
    exercise, see, with_forward
        As for `misconception`.
    answers : mapping of str to (severity, title, explanation, lambda)
        By id. No two of the functions may begin on one line.
    """
    for name, (severity, title, explanation, function) in answers.items():
        function.__name__, function.__doc__ = name, explanation
        misconception(exercise, severity, title=title, see=see, with_forward=with_forward)(function)
    return [function for *_, function in answers.values()]


def alternatives(exercise: str, answers: Mapping[str, Callable[..., Any]]) -> list[Callable[..., Any]]:
    """Register right answers to `exercise` that are one expression each: lambdas by their ids, as in `misconceptions`."""
    for name, function in answers.items():
        function.__name__ = name
        alternative(exercise)(function)
    return list(answers.values())


@contextmanager
def without_warnings() -> Iterator[None]:
    """Ignore warnings inside this context: wrong answers overflow and divide by zero, and nbgrader gives no points where a cell warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class Catalogue:
    """The reference of a lecture and its known answers, in the order of the source file.

    Parameters
    ----------
    unexplained : mapping of str to str
        Sources of wrong functions that no misconception explains, by exercise, which a group of the demonstration's students shares:
        ``UNEXPLAINED`` in the module of known answers, where it has any.
    """

    reference: ModuleType
    misconceptions: tuple[KnownAnswer, ...]
    alternatives: tuple[KnownAnswer, ...]
    unexplained: Mapping[str, str]


@cache
def catalogue(hidden: HiddenModules) -> Catalogue:
    """Load the known answers of a lecture: the marked functions of its module, and those in the module's lists.

    Raises
    ------
    ModuleNotFoundError
        If the lecture has no reference or no catalogue.
    """
    module = known_answers_of(hidden)
    values = [one for value in vars(module).values() for one in (value if isinstance(value, list) else [value])]
    known = list(dict.fromkeys(one.known_answer for one in values if hasattr(one, "known_answer") and one.__module__ == module.__name__))
    return Catalogue(
        reference=reference_of(hidden),
        misconceptions=tuple(answer for answer in known if answer.title),
        alternatives=tuple(answer for answer in known if not answer.title),
        unexplained=getattr(module, "UNEXPLAINED", {}),
    )


@cache
def cell_source(function: Callable[..., Any], name: str) -> str:
    """Return `function` as the source of a notebook's cell that defines `name`.

    Decorators, docstring and annotations are left out. Helpers and constants of the function's module are put before it under the names
    ``_<name>_<helper>``, because a helper that is itself an exercise would overwrite the student's answer to that one.
    """
    if hasattr(function, "family"):
        change, right, options = function.family
        functions = {key: option for key, option in options.items() if inspect.isfunction(option)}
        parts = [cell_source(each, f"_{name}_{key}") for key, each in {"right": right, "change": change, **functions}.items()]
        given = ", ".join(f"{key!r}: " + (f"_{name}_{key}" if key in functions else repr(option)) for key, option in options.items())
        call = f"def {name}(*args, **kwargs):\n    return _{name}_change(_{name}_right, {{{given}}}, *args, **kwargs)"
        return "\n\n\n".join((*parts, call))
    definitions = _definitions(function.__module__)
    main = _bare(definitions[function.__name__] if function.__name__ in definitions else _of_lambda(function))
    wanted: list[ast.stmt] = []
    _gather(main, definitions, wanted, seen={function.__name__, name, "np"})
    renamed = {
        helper: f"_{name}_{helper}" for node in wanted if not isinstance(node, (ast.Import, ast.ImportFrom)) for helper in _defined(node)
    }
    main.name = name
    return "\n\n\n".join(ast.unparse(ast.fix_missing_locations(_Renamed(renamed).visit(node))) for node in (*wanted, main))


class _Renamed(ast.NodeTransformer):
    """Renames variables, functions and classes."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    """Return the statements of a module that define a name, by that name."""
    return {name: node for node in _tree(module).body for name in _defined(node)}


def _of_lambda(function: Callable[..., Any]) -> ast.stmt:
    """Return the definition of a function that was written as a lambda: the outermost on its line."""
    line = function.__code__.co_firstlineno
    found = next(node for node in ast.walk(_tree(function.__module__)) if isinstance(node, ast.Lambda) and node.lineno == line)
    definition: Any = ast.parse(f"def {function.__name__}(): ...").body[0]
    definition.args, definition.body = found.args, [ast.Return(found.body)]
    return definition


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in node.names]
    return []


def _bare(node: ast.stmt) -> Any:
    """Return a copy of a definition without decorators, docstrings and annotations."""
    node = copy.deepcopy(node)
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef):
            part.decorator_list, part.returns = [], None
            if ast.get_docstring(part) and len(part.body) > 1:
                part.body = part.body[1:]
        elif isinstance(part, ast.arg):
            part.annotation = None
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return ast.Assign([node.target], node.value)
    return node


def _gather(node: ast.stmt, definitions: dict[str, ast.stmt], wanted: list[ast.stmt], seen: set[str]) -> None:
    """Append to `wanted` the definitions that `node` uses, each after those that it uses itself."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in definitions and part.id not in seen:
            seen.add(part.id)
            definition = _bare(definitions[part.id])
            _gather(definition, definitions, wanted, seen)
            wanted.append(definition)
