"""Plugin for ``nbgrader autograde`` and formgrader, activated in ``nbgrader_config.py``: grades with this package.

nbgrader autogrades in two stages, which sanitise a submission and run it. Here the first restores the instructor's cells (`Restore`), and
the second grades in the sandbox and writes the gradebook like ``autograder grade`` (`Grade`). `SafeAutograde` replaces nbgrader's handling
of a student's files before these stages, and grades assignments without a hidden suite by their own test cells, many at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Enum

from autograder.errors import AutograderError, in_one_line
from autograder.gradebook import autograded_notebook as autograded
from autograder.gradebook.cell_run import CellRun
from autograder.gradebook.exchange_files import time_of, timestamp_in
from autograder.gradebook.writer import GradebookWriter
from autograder.model.course import Course, Lecture
from autograder.model.submission import read_submission, refusal_of
from autograder.runners.cell_hand_ins import CellHandin
from autograder.runners.class_run import Handin, Options, grade

Resources = dict[str, Any]


class SafeAutograde(Autograde):
    """nbgrader's converter with safe handling of a student's files.

    nbgrader itself stops at a malformed timestamp, blocks at one that is a pipe, and follows links.
    """

    assignments: dict[str, list[str]]

    def convert_notebooks(self) -> None:
        """Autograde all submissions except those with refused student names, and raise NbGraderException if there are any."""
        course = Course(Path(self.coursedir.root))
        self.coursedir.get_existing_timestamp = self._timestamp
        pattern = re.compile(self._format_source("(?P<assignment_id>.*)", "(?P<student_id>.*)", escape=True), re.DOTALL)
        found = {path: pattern.match(path) for path in self.assignments}
        refused = {path: why for path, names in found.items() if names and (why := refusal_of(names["student_id"]))}
        for why in refused.values():
            self.log.error("Not graded: %s", why)
        failures = list(refused.values())
        by_cells = [
            CellHandin(names["assignment_id"], names["student_id"])
            for path, names in sorted(found.items())
            if names and path not in refused and names["assignment_id"] in course.assignments
        ]
        others = {path for path, names in found.items() if names and names["assignment_id"] in course.assignments} | refused.keys()
        self.assignments = {path: notebooks for path, notebooks in self.assignments.items() if path not in others}
        try:
            super().convert_notebooks()
        except NbGraderException as error:
            failures.append(str(error))
        try:
            failures += self._grade_by_cells([hand_in for hand_in in by_cells if self._is_due(hand_in)], course)
        except AutograderError as error:  # it concerns the course or this machine
            self.log.error("%s", error)
            failures.append(str(error))
        if failures:
            raise NbGraderException("; ".join(failures))

    def _grade_by_cells(self, hand_ins: list[CellHandin], course: Course) -> list[str]:
        """Grade assignments without a hidden suite by their own test cells; return sentences about those that can't be graded."""
        step = Grade(parent=self.exporter)
        options = Options(confine=step.sandbox == "landlock", limits=step.limits, jobs=os.cpu_count() or 1, cache=not self.force)
        failures: list[str] = []
        if not hand_ins:
            return failures
        with CellRun(course, hand_ins, options, say=self.log.warning, converter=self) as run:
            for number, result in enumerate(run.results(), start=1):
                name = in_one_line(result.student)
                for problem in result.problems:
                    (self.log.warning if result.graded else self.log.error)("%s: %s", name, in_one_line(problem, 2000))
                if result.graded:
                    self.log.info("%d of %d: %s, %s", number, len(run), result.lecture, name)
                else:
                    failures.append(f"{result.lecture} of {name} was not graded: {in_one_line('; '.join(result.problems))}")
        return failures

    def _is_due(self, hand_in: CellHandin) -> bool:
        """Tell whether nbgrader would grade a submission: it was not graded yet, was handed in once more, or all are, by ``--force``."""
        if hand_in.student in self.coursedir.student_id_exclude.split(","):
            return False
        source, folder = (Path(path(hand_in.assignment, hand_in.student)) for path in (self._format_source, self._format_dest))
        wanted = folder.glob(f"{self.coursedir.notebook_id}.ipynb")
        before, now = self._timestamp(str(folder)), self._timestamp(str(source))
        if self.force or not any(wanted) or (before and now and now > before):
            return True
        self.log.info("Skipping existing assignment: %s", folder)
        return False

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Set the notebook to grade, also if it is missing; `Grade` writes ``autograded/`` and the gradebook."""
        lecture = Course(Path(self.coursedir.root)).lecture(assignment_id)
        self.notebooks = [str(Path(self._format_source(assignment_id, student_id), f"{lecture.slug}.ipynb"))]

    def write_single_notebook(self, output: str, resources: Resources) -> None:
        """Write the restored notebook; the graded one was written by `Grade`, and is read-only."""
        if self._sanitizing:
            super().write_single_notebook(output, resources)

    @staticmethod
    def _timestamp(folder: str) -> datetime | None:
        return time_of(timestamp_in(Path(folder)))


class SubmissionExporter(NotebookExporter):
    """An exporter that doesn't parse the file, which may be no notebook: the steps get an empty notebook, and `Grade` reports problems."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if type(self.parent) is Autograde:  # not configurable; it makes its exporter before it reads a student's files
            self.parent.__class__ = SafeAutograde

    def from_filename(self, filename: str, resources: Resources | None = None, **kwargs: Any) -> tuple[Any, Resources]:
        """Export the notebook in a file."""
        # Restore and Grade read the file themselves.
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources, **kwargs)


class _Step(NbGraderPreprocessor):
    """A step of autograding: gets course, lecture and student from nbgrader's resources."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Replace the notebook by the one that this step returns."""
        names = resources["nbgrader"]
        coursedir = self.parent.parent.coursedir  # exporter, converter
        course = Course(Path(coursedir.root))
        lecture = course.lecture(names["assignment"])
        folder = Path(coursedir.format_path(coursedir.submitted_directory, names["student"], lecture.id))
        hand_in = Handin(folder / f"{names['notebook']}.ipynb", names["student"], lecture)
        with GradebookWriter(course, coursedir, say=self.log.warning) as writer:
            return nbformat.from_dict(self.notebook(hand_in, course, writer)), resources

    def notebook(self, hand_in: Handin, course: Course, writer: GradebookWriter) -> Mapping[str, Any]:
        """Return the new notebook."""
        raise NotImplementedError


class Restore(_Step):
    """Restores the instructor's cells; runs nothing."""

    def notebook(self, hand_in: Handin, course: Course, writer: GradebookWriter) -> Mapping[str, Any]:
        """Return the restored notebook."""
        assert isinstance(hand_in.lecture, Lecture)
        submitted = None
        with suppress(Exception):  # Grade reports the problem
            submitted = read_submission(hand_in.path, course, hand_in.student, hand_in.lecture).notebook
        return autograded.build(writer.assignment(hand_in.lecture).release, submitted)


class Grade(_Step):
    """Grades in the sandbox, and writes the gradebook."""

    limits = Dict(help="Changes to what a submission may use, such as {'call_seconds': 30}.").tag(config=True)
    sandbox = Enum(["landlock", "none"], default_value="landlock", help="How submissions are confined; none for code that you trust.").tag(
        config=True
    )

    def notebook(self, hand_in: Handin, course: Course, writer: GradebookWriter) -> Mapping[str, Any]:
        """Return the autograded notebook."""
        (result,) = grade([hand_in], course, Options(confine=self.sandbox == "landlock", limits=self.limits))
        for problem in result.problems:
            self.log.warning("%s: %s", in_one_line(hand_in.student), in_one_line(problem, 2000))
        return writer.write(result)
