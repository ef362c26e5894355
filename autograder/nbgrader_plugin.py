"""The same engine inside ``nbgrader autograde`` and behind formgrader's button, by configuration alone; see ``nbgrader_config.py``.

nbgrader autogrades in two stages: it sanitises what was handed in, and then runs it. Here the first stage restores the instructor's cells
(`Restore`), and the second grades in the sandbox instead of a kernel, and writes the gradebook as ``autograder grade`` does (`Grade`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Enum

from . import autograded
from .classroom import Handin, Options, grade
from .course import Course, Lecture
from .errors import SubmissionError
from .gradebook import GradebookWriter
from .submission import read_submission

Resources = dict[str, Any]


class SubmissionExporter(NotebookExporter):
    """nbgrader's exporter, for files that may not be notebooks: those go on as empty ones, and `Grade` says what is wrong with them."""

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> tuple[Any, Resources]:
        """Export the notebook in a file."""
        # Restore and Grade read the file themselves, so what is in it doesn't matter here.
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources, **kwargs)


class _Step(NbGraderPreprocessor):
    """A step of autograding: knows course, lecture and student from nbgrader."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Replace the notebook by what this step makes of the submission."""
        names = resources["nbgrader"]
        coursedir = self.parent.parent.coursedir  # exporter, converter
        course = Course(Path(coursedir.root))
        lecture = course.lecture(names["assignment"])
        folder = Path(coursedir.format_path(coursedir.submitted_directory, names["student"], lecture.id))
        hand_in = Handin(folder / f"{names['notebook']}.ipynb", names["student"], lecture)
        with GradebookWriter(course, coursedir, say=self.log.warning) as writer:
            return nbformat.from_dict(self.notebook(hand_in, course, writer)), resources

    def notebook(self, hand_in: Handin, course: Course, writer: GradebookWriter) -> Mapping[str, Any]:
        """Return the notebook that this step leaves."""
        raise NotImplementedError


class Restore(_Step):
    """The student's cells, with the instructor's in place; nothing is run."""

    def notebook(self, hand_in: Handin, course: Course, writer: GradebookWriter) -> Mapping[str, Any]:
        """Return the restored notebook."""
        assert isinstance(hand_in.lecture, Lecture)
        try:
            submitted = read_submission(hand_in.path, course, hand_in.student, hand_in.lecture).notebook
        except SubmissionError:
            submitted = None
        return autograded.build(writer.assignment(hand_in.lecture).release, submitted)


class Grade(_Step):
    """The marks: graded in the sandbox, written into the gradebook."""

    limits = Dict(help="Changes to what a submission may use, such as {'call_seconds': 30}.").tag(config=True)
    sandbox = Enum(["landlock", "none"], default_value="landlock", help="How submissions are confined; none for code that you trust.").tag(
        config=True
    )

    def notebook(self, hand_in: Handin, course: Course, writer: GradebookWriter) -> Mapping[str, Any]:
        """Return the autograded notebook."""
        (result,) = grade([hand_in], course, Options(confine=self.sandbox == "landlock", limits=self.limits))
        for problem in result.problems:
            self.log.warning("%s: %s", hand_in.student, problem)
        return writer.write(result)
