"""What the cells of an assignment's notebooks take by themselves, with everything loaded, and what drawing their figures takes of that.

The process runs the instructor's notebooks, and forks a child for each notebook that was handed in, some at once, which runs it twice; the
second time counts. No sandbox, nothing sent, no gradebook, no start of a process. Prints how many figures there were, the processor seconds
of all cells, and those in which Matplotlib turned a figure into a PNG, as IPython asks it to.
"""

from __future__ import annotations

import json
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.backend_bases import FigureCanvasBase
from traitlets.config import Config

PRINT = FigureCanvasBase.print_figure
seconds: list[float] = []


def timed(*arguments: Any, **options: Any) -> Any:
    """Print a figure, and note the processor time that it takes."""
    started = time.process_time()
    try:
        return PRINT(*arguments, **options)
    finally:
        seconds.append(time.process_time() - started)


def run(path: Path) -> tuple[int, float, float]:
    """Run a notebook's cells where it lies; return how many figures were drawn, in which time, and what all cells took."""
    seconds.clear()
    os.chdir(path.parent)
    started = time.process_time()
    with capture_output():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                InteractiveShell.instance().run_cell("".join(cell["source"]))
    return len(seconds), sum(seconds), time.process_time() - started


def again(path: Path) -> tuple[int, float, float]:
    """Run a notebook twice, and return what the second time took."""
    run(path)
    return run(path)


def main() -> None:
    """Run what was handed in for the assignment in the course in the working directory."""
    assignment, jobs, top = sys.argv[1], int(sys.argv[2]), Path.cwd()
    FigureCanvasBase.print_figure = timed  # type: ignore[method-assign]
    shell: Any = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}), user_module=ModuleType("cells_of_a_notebook"))
    shell.enable_gui = lambda gui=None: None
    for path in sorted((top / "source" / assignment).glob("*.ipynb")):
        run(path)
    shell.reset()
    with get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        drawn = pool.map(again, sorted((top / "submitted").glob(f"*/{assignment}/*.ipynb")), chunksize=1)
    print(json.dumps(dict(zip(("figures", "drawing", "cells"), map(sum, zip(*drawn, strict=True)), strict=True))))


if __name__ == "__main__":
    main()
