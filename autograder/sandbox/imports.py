"""Which modules notebooks import, read from their code: the zygote imports them once for all of a class."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator

_PLOTTING = "matplotlib.pyplot"


def imported_modules(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that cells import, sorted; what stands behind ``from … import`` is returned as a possible module, too.

    Cells that can't be parsed are passed over. Give it the instructor's notebooks only: the zygote, a process of the grader, imports what
    is found.

    Parameters
    ----------
    sources : iterable of str
        The cells' code, with magics.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    transform = TransformerManager().transform_cell
    found: set[str] = set()
    for source in sources:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about escapes in texts
                tree = ast.parse(transform(source))
        except (SyntaxError, ValueError, RecursionError):
            continue
        found.update(_imported(tree))
    return tuple(sorted(found))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run_line_magic":
            names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if names[:1] in (["matplotlib"], ["pylab"]):
                yield _PLOTTING
