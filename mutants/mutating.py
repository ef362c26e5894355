"""Mutants of one function's source: every operator of Cosmic Ray, at every place where it applies."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import cosmic_ray.plugins
from cosmic_ray.mutating import mutate_code

WITHOUT_ARGUMENTS = tuple(name for name in cosmic_ray.plugins.operator_names() if not cosmic_ray.plugins.get_operator(name).arguments())


@dataclass(frozen=True)
class Mutant:
    """A source with one change: the operator that made it, and the line before and after."""

    source: str
    operator: str
    line: str
    becomes: str


def mutants_of(source: str, leave: frozenset[str] = frozenset()) -> Iterator[Mutant]:
    """Yield the mutants of `source`, each program once.

    What can't be compiled is no mutant, and neither is a change that no caller could see: of an annotation, a docstring, or the text of an
    exception.

    Parameters
    ----------
    source : str
        Definitions of functions, as `ast.unparse` writes them: a statement a line.
    leave : frozenset of str
        Functions in it which are not mutated.
    """
    seen = {meaning(source)}
    protected = lines_of(source, leave)
    for name in WITHOUT_ARGUMENTS:
        for mutated in _occurrences(source, name):
            same = meaning(mutated)
            number, line, becomes = changed_line(source, mutated)
            if same is None or same in seen or number in protected:
                continue
            seen.add(same)
            yield Mutant(mutated, name.removeprefix("core/"), line, becomes)


def _occurrences(source: str, name: str) -> Iterator[str]:
    operator, occurrence = cosmic_ray.plugins.get_operator(name)(), 0
    while (mutated := mutate_code(source, operator, occurrence)) is not None:
        yield mutated
        occurrence += 1


def normal(source: str) -> str:
    """Return source with a statement a line, and without comments."""
    return ast.unparse(ast.parse(source)) + "\n"


def meaning(source: str) -> str | None:
    """Return what is equal for two sources that no caller can tell apart by calling; None for what is no program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of `x is "text"`, which is a mutant like any other
            compile(source, "<mutant>", "exec")
    except (SyntaxError, ValueError, OverflowError, MemoryError):
        return None
    return ast.dump(_Seen().visit(ast.parse(source)))


class _Seen(ast.NodeTransformer):
    """Leaves out what no caller sees."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        if isinstance(node.exc, ast.Call):
            node.exc.args = []
        return node


def lines_of(source: str, functions: frozenset[str]) -> frozenset[int]:
    """Return the numbers of the lines on which these functions stand."""
    nodes = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name in functions)
    return frozenset(number for node in nodes for number in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def changed_line(source: str, mutated: str) -> tuple[int, str, str]:
    """Return the number of the first line that differs, and the line before and after, blanks put right."""
    before, after = source.splitlines(), mutated.splitlines()
    for number, (old, new) in enumerate(zip(before, after, strict=False), start=1):
        if old != new:
            return number, tidy(old), tidy(new)
    return len(before), tidy(before[-1]), ""


def tidy(line: str) -> str:
    """Return a line with single blanks."""
    return " ".join(line.split())
