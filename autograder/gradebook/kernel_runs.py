"""Runs notebooks by Jupyter, in kernels with the rights of this user: for trusted code, other languages, commands and networks.

Imports nbgrader, which takes seconds: import this module only where it is used.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel

from autograder.errors import SubmissionError, in_one_line
from autograder.gradebook.cell_grading import Execution, Prepared, PreparedNotebook
from autograder.gradebook.nbgrader_steps import Steps, reason_of
from autograder.limits import Limits


class KernelRuns:
    """Runs notebooks by nbgrader's own ``Execute`` (nbclient), as the course has configured it. Threads can share it.

    Parameters
    ----------
    steps : Steps
        nbgrader's steps for the course.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._running: set[Any] = set()
        self._is_closed = False

    def run(self, prepared: Prepared, limits: Limits) -> dict[str, Execution]:
        """Run the notebooks of a submission one after the other in a folder of their own, which is removed afterwards.

        Parameters
        ----------
        prepared : Prepared
        limits : Limits
            Only `cell_seconds` hold.

        Raises
        ------
        SubmissionError
            If the kernel of a notebook isn't installed.
        """
        with tempfile.TemporaryDirectory(prefix="notebooks-", ignore_cleanup_errors=True) as folder:
            for name, path in prepared.data.items():
                copy = Path(folder, name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            return {notebook.name: self._execution(notebook, folder, limits) for notebook in prepared.notebooks}

    def _execution(self, prepared: PreparedNotebook, folder: str, limits: Limits) -> Execution:
        notebook = deepcopy(prepared.notebook)
        step = self._steps.new_execute(limits.cell_seconds)
        problem = "interrupted" if self._is_closed else ""
        self._running.add(step)
        try:
            if not problem:
                step.preprocess(notebook, {"metadata": {"path": folder}})
        except NoSuchKernel as error:
            name = in_one_line(error.name, 60)
            raise SubmissionError(
                f"{prepared.name}.ipynb: there is no kernel {name!r} on this machine; «jupyter kernelspec list» shows those that there are"
            ) from error
        except Exception as error:  # the kernel has died, most often
            problem = f"{prepared.name}.ipynb: {reason_of(error)}"
        finally:
            self._running.discard(step)
        ran = {index: notebook.cells[index] for index in prepared.code if notebook.cells[index].get("execution_count") is not None}
        outputs, counts = {index: cell.outputs for index, cell in ran.items()}, {index: cell.execution_count for index, cell in ran.items()}
        return Execution(outputs, counts, problem, notebook.metadata.get("language_info"))

    def close(self) -> None:
        """Kill the kernels that are running."""
        self._is_closed = True
        for step in list(self._running):
            with suppress(AttributeError, OSError):  # it has no process yet, or no more
                os.killpg(os.getpgid(step.km.provisioner.pid), signal.SIGKILL)
