"""nbval, as `make test` calls it, fails where a fresh run shows something else than a solution notebook has stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]
FIGURE = """\
from IPython.display import display
display({"text/html": '<img alt="A line" src="data:image/png;base64,AAAA+/==">', "text/plain": "Figure: A line"}, raw=True)
"""


def figure(pixels: str, alt: str) -> nbformat.NotebookNode:
    """A cell that draws, with what it drew another time."""
    html = f'<img alt="{alt}" src="data:image/png;base64,{pixels}">'
    return new_code_cell(FIGURE, outputs=[new_output("display_data", {"text/html": html, "text/plain": f"Figure: {alt}"})])


def test_nbval_sees_what_matters(tmp_path: Path) -> None:
    cells = {
        "same": new_code_cell("print(1)", outputs=[new_output("stream", text="1\n")]),
        "other pixels": figure("BBBBBBBB", "A line"),
        "other output": new_code_cell("print(1)", outputs=[new_output("stream", text="2\n")]),
        "other alternative text": figure("AAAA+/==", "A circle"),
        "a claim that is wrong": new_code_cell("assert 1 > 2, 'one is not larger'"),
    }
    for count, cell in enumerate(cells.values(), start=1):
        cell.execution_count = count
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=list(cells.values()), metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "claims.ipynb")
    options = ["--nbval", f"--nbval-sanitize-with={ROOT / '.ci/nbval.cfg'}", "-p", "no:cacheprovider", "-rA", f"--rootdir={tmp_path}"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    passed = [f"PASSED claims.ipynb::Cell {number}" in done.stdout for number in range(len(cells))]
    assert dict(zip(cells, passed, strict=True)) == {name: name in ("same", "other pixels") for name in cells}, done.stdout
