"""Which package may import which: each only what stands below it, and no module itself, by whatever way round."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "autograder", ROOT / "course" / "coursekit")
LAYERS = [
    {"autograder.cli", "autograder.demo", "autograder.kernel", "autograder.pytest_plugin", "autograder.build", "autograder"},
    {"autograder.report"},
    {"autograder.gradebook"},
    {"autograder.runners"},
    {"autograder.judging"},
    {"autograder.suites", "autograder.misconceptions", "autograder.reference"},
    {"autograder.sandbox"},
    {"autograder.model"},
    {"autograder.deadline", "autograder.limits"},
    {"autograder.files"},
    {"autograder.errors"},
    {"coursekit"},
]
"""From the top. A name stands for a package with all its modules, or for one module."""

UPWARDS = {
    ("autograder.misconceptions", "autograder.judging.known_answers"): "the decorators",
    ("autograder.limits", "autograder.sandbox.wire"): "the limits of a message, when they are asked for",
}
"""What a layer uses of one above it."""


def files_of(package: Path) -> dict[str, str]:
    """Return the file of each module of a package, with the package's name in front."""
    names = [path.relative_to(package.parent) for path in package.rglob("*.py")]
    return {_name(name): name.as_posix() for name in names}


@cache
def imports() -> dict[str, set[str]]:
    """Return what each module imports of ours, wherever in it the import stands, unless only types are wanted."""
    files = {name: package.parent / path for package in PACKAGES for name, path in files_of(package).items()}
    return {name: set(_imported(name, path, files)) - {name} for name, path in files.items()}  # parses 200 files: for one worker only


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(name: str, path: Path, files: dict[str, Path]):
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                yield from [full for full in (f"{base}.{alias.name}", base) if full in files][:1]
        elif isinstance(node, ast.Import):
            yield from [alias.name for alias in node.names if alias.name in files]


FILES = {name: path for package in PACKAGES for name, path in files_of(package).items()}


def layer_of(module: str) -> int:
    found = [index for index, layer in enumerate(LAYERS) for name in layer if module == name or module.startswith(f"{name}.")]
    assert found, f"{module} belongs to no layer"
    return max(found)  # the most special name is the lowest: «autograder» itself is at the top


@pytest.mark.parametrize("module", sorted(FILES))
def test_a_module_imports_only_what_stands_below_it(module):
    above = [other for other in imports()[module] if layer_of(other) < layer_of(module) and other != "autograder"]
    allowed = [other for other in above for (inside, what) in UPWARDS if (module + ".").startswith(inside + ".") and other == what]
    assert sorted(set(above) - set(allowed)) == []


def test_no_import_runs_in_a_circle():
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way[way.index(module) :], module))
        if module not in done:
            for other in sorted(imports()[module]):
                visit(other, (*way, module))
            done.add(module)

    for module in sorted(imports()):
        visit(module, ())


def test_what_is_allowed_upwards_is_used():
    for inside, what in UPWARDS:
        assert any(what in imports()[module] for module in imports() if (module + ".").startswith(inside + ".")), (inside, what)
