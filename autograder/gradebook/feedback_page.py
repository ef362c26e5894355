"""The page that a student gets back: nbgrader's ``generate_feedback`` makes it by `FeedbackExporter`, set in ``nbgrader_config.py``.

It begins with a table of the exercises; each has a section with the student's answer, what the hidden tests found, and comments, and the
lecture's text is folded. Points and comments are those of the gradebook; what the tests found is read from the data that the autograded
notebook holds (`feedback.DATA`), or else from the text that a test cell put out. The source of test cells is never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, Template
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets import default

from autograder.errors import in_one_line, printable
from autograder.gradebook import feedback, markup
from autograder.gradebook.autograded_notebook import MISSING, PROBLEMS
from autograder.gradebook.final_marks import FinalMarks, Mark, Remark, final_marks
from autograder.gradebook.writer import NO_RESPONSE
from autograder.model.course import grade_id, is_test, nbgrader_of, source_of
from autograder.model.results import ExerciseResult, exercise_from_json
from coursekit import show

Cell = Mapping[str, Any]
Resources = dict[str, Any]

_OUTPUTS = ("stream", "error", "display_data", "execute_result")
PAGE_LENGTH = 300_000  # characters of a notebook that a page shows; the longest lecture has a fifth of it
TOP = 3  # headings of the lecture's text begin one below those of the exercises

# What nbgrader hides from students, and puts back when it grades by itself.
_HIDDEN = re.compile(
    r"^[^\n]*(?:BEGIN HIDDEN TESTS|BEGIN MARK SCHEME).*?(?:(?:END HIDDEN TESTS|END MARK SCHEME)[^\n]*\n?|\Z)", re.DOTALL | re.MULTILINE
)
_SECTION = re.compile(r"<(h[3-6])>§(\d+)(?!\d)")
_SEE = re.compile(r"See (\d+) §(\d+)(?!\d)")
_HEADING = re.compile(r"^#{1,3} +(\S.*)$", re.MULTILINE)


class FeedbackExporter(Exporter):
    """Exports an autograded notebook as the student's feedback page."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Resources | None = None, **kwargs: Any
    ) -> tuple[str, Resources]:
        """Return the page; `resources` are nbgrader's, with the names of student, assignment and notebook."""
        nb, resources = super().from_notebook_node(nb, resources, **kwargs)
        names = resources["nbgrader"]
        marks = final_marks(names["db_url"], names["assignment"], names["notebook"], names["student"])
        return page(nb, names["student"], names["assignment"], marks), resources


def page(notebook: Mapping[str, Any], student: str, assignment: str, marks: FinalMarks) -> str:
    """Return the feedback page.

    Parameters
    ----------
    notebook : mapping
        The autograded notebook.
    student, assignment : str
        Their names.
    marks : FinalMarks
        What the gradebook has.
    """
    cells = list(_shortened(notebook["cells"]))
    problems = next((found for cell in cells if isinstance(found := cell["metadata"].get(PROBLEMS), dict)), {})
    sections, rest = _sections(cell for cell in cells if PROBLEMS not in cell["metadata"])
    graded = problems.get("graded") is not False
    for number, section in enumerate(sections, start=1):
        names = dict.fromkeys(grade_id(cell) for cell in (*section.answers, *section.tests))
        known = re.fullmatch("[a-z_][a-z_0-9]{0,60}", section.name) and section.name not in {one.name for one in sections[: number - 1]}
        section.anchor, section.graded = f"exercise-{section.name if known else number}", graded
        section.marks = [marks.cells[name] for name in names if name in marks.cells]
        section.remarks = [marks.remarks[name] for name in names if name in marks.remarks]
    html = _template().render(
        title=" ".join(assignment.split("_")),
        student=student,
        marks=marks,
        open_points=sum(mark.max_score for mark in marks.cells.values() if mark.is_open),
        problems=[str(problem) for problem in _listed(problems.get("said"))],
        graded=graded,
        sections=sections,
        rest=_fold(rest),
    )
    return _with_links(html, assignment.split("_")[0])


def _with_links(html: str, lecture: str) -> str:
    """Return the page with links from "See 03 §2" to that section, where the page has it. The attributes have no quotes, as in `markup`."""
    places: set[str] = set()

    def named(heading: re.Match[str]) -> str:
        if heading[2] in places:
            return heading[0]
        places.add(heading[2])
        return f"<{heading[1]} id=section-{heading[2]}>§{heading[2]}"

    def linked(see: re.Match[str]) -> str:
        there = see[1] == lecture and see[2] in places
        return f"See <a href=#section-{see[2]}>{see[1]} §{see[2]}</a>" if there else see[0]

    return _SEE.sub(linked, _SECTION.sub(named, html))


def _shortened(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield the cells, cut where their sources are longer than `PAGE_LENGTH` together."""
    left = PAGE_LENGTH
    for cell in cells:
        source = source_of(cell)
        yield cell if len(source) <= left else {**cell, "source": f"{source[:left]}\n(and {len(source) - left} characters more)"}
        left = max(0, left - len(source))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@lru_cache(maxsize=1)
def _template() -> Template:
    loader = PackageLoader("autograder", "gradebook")
    environment = Environment(loader=loader, autoescape=True, finalize=_shown, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(points=_points, in_code=lambda text: Markup(show.code(printable(text))))
    return environment.get_template("feedback_page.html.jinja")


def _shown(value: Any) -> Any:
    """Return a value for the page; text is made printable."""
    return printable(value) if type(value) is str else value


def _points(points: float) -> str:
    return f"{round(points, 2):g}"


# --- sections ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What the hidden tests found in an exercise: the result, and its HTML."""

    result: ExerciseResult
    html: Markup


@dataclass
class Section:
    """An exercise or a written answer, and what the page shows of it.

    Parameters
    ----------
    name : str
        The `grade_id` of the answer's cell, or of the test cell where there is no answer.
    written : bool
        Whether a person grades it.
    before, answers, tests : list of cells
        The notebook above the answer, the answer, and its test cells.
    anchor : str
        Its id on the page, which the report's links name.
    marks, remarks : list
        What the gradebook has for its cells.
    graded : bool
        False if nothing of the notebook could be graded.
    """

    name: str
    written: bool = False
    before: list[Cell] = field(default_factory=list)
    answers: list[Cell] = field(default_factory=list)
    tests: list[Cell] = field(default_factory=list)
    anchor: str = ""
    marks: list[Mark] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    graded: bool = True

    @cached_property
    def title(self) -> Markup:
        """The exercise's function, or the heading above a written answer."""
        if not self.written:
            return Markup("<code>{}</code>").format(printable(self.name))
        return (_headings(self.before) or [Markup.escape(printable(" ".join(self.name.split("_"))))])[-1]

    @cached_property
    def found(self) -> list[Found]:
        """What the hidden tests found, as far as the notebook holds it."""
        return [found for cell in self.tests if (found := _found(cell))]

    @property
    def score(self) -> float:
        """Its points in the gradebook."""
        return sum(mark.score for mark in self.marks)

    @property
    def max_score(self) -> float:
        """The points that it can earn."""
        return sum(mark.max_score for mark in self.marks)

    @property
    def is_open(self) -> bool:
        """Whether a person has to give the first points."""
        return any(mark.is_open for mark in self.marks)

    @property
    def waits(self) -> bool:
        """Whether a person has to look at it."""
        return any(mark.waits for mark in self.marks)

    @property
    def by_hand(self) -> list[Mark]:
        """The points that a person gave."""
        return [mark for mark in self.marks if mark.manual is not None or mark.extra_credit]

    @property
    def comments(self) -> list[Markup]:
        """The comments of a person."""
        return [_below(markup.html_of(remark.manual)) for remark in self.remarks if remark.manual.strip()]

    @property
    def automatic_comments(self) -> list[Markup]:
        """The automatic comments, where they are all that is known."""
        return [_below(markup.html_of(remark.automatic)) for remark in self.remarks if self._needs(remark)]

    def _needs(self, remark: Remark) -> bool:
        return self.graded and not self.found and remark.automatic.strip() != "" and not remark.manual.strip()

    @property
    def state(self) -> tuple[str, str]:
        """A sign and its meaning."""
        if self.is_open:
            return "…", "waits for a person"
        if self.max_score and self.score >= self.max_score:
            return "✓", "all points"
        if self.score > 0:
            return "◐", "a part of the points"
        untouched = [found.result.status == "not_attempted" for found in self.found] + [
            one.automatic == NO_RESPONSE for one in self.remarks
        ]
        return ("–", "not attempted") if any(untouched) else ("✗", "no points") if self.max_score else ("–", "no points to earn")

    @property
    def look_at(self) -> str:
        """What to look at, in a sentence or two; code stands between backticks."""
        said = [_look_at(found.result) for found in self.found]
        if not said and self.graded:
            said = [_first_line(text) for text in (*(one.automatic for one in self.remarks if self._needs(one)), *self._texts)][:1]
        if not self.graded:
            said = ["Could not be graded."]
        if self.waits:
            said.append("Waits for a person." if self.is_open else "Waits for a person to look at it again.")
        if any(remark.manual.strip() for remark in self.remarks):
            said.append("See your instructor's comment.")
        return " ".join(said)

    @cached_property
    def fold(self) -> dict[str, Any] | None:
        """The notebook above the answer, folded."""
        return _fold(cell for cell in self.before if source_of(cell) != MISSING)

    @property
    def missing(self) -> bool:
        """Whether the answer's cell was missing from what was handed in."""
        return any(source_of(cell) == MISSING for cell in self.before)

    @property
    def shown_answers(self) -> list[Markup]:
        """The student's cells, with what they printed."""
        return [_below(_cell(cell)) for cell in self.answers]

    @property
    def printed(self) -> list[Markup]:
        """What test cells put out beside what the hidden tests found."""
        return [markup.plain(text) for text in self._texts]

    @property
    def _texts(self) -> list[str]:
        kinds = [("stream", "error") if _found(cell) else ("stream", "error", "display_data") for cell in self.tests]
        return [text for cell, shown in zip(self.tests, kinds, strict=True) for text in _texts(cell, shown)]


def _sections(cells: Iterable[Cell]) -> tuple[list[Section], list[Cell]]:
    """Return the sections in the notebook's order, each with the cells before it, and the cells after the last one."""
    cells = list(cells)
    answers = {grade_id(cell) for cell in cells if nbgrader_of(cell).get("solution")}
    sections: list[Section] = []
    known: dict[str, Section] = {}
    before: list[Cell] = []

    def section(name: str, written: bool = False) -> Section:
        nonlocal before
        if name not in known:
            known[name] = Section(name, written, before)
            before = []
            sections.append(known[name])
        return known[name]

    for cell in cells:
        name, nbgrader = grade_id(cell), nbgrader_of(cell)
        if is_test(cell):
            exercise = name.removeprefix("test_")
            alone = exercise not in answers and (not sections or sections[-1].written)
            section(exercise if exercise in answers or alone else sections[-1].name).tests.append(cell)
        elif name and (nbgrader.get("solution") or nbgrader.get("task")):
            section(name, bool(nbgrader.get("grade") or nbgrader.get("task"))).answers.append(cell)
        else:
            before.append(cell)
    return sections, before


def _found(cell: Cell) -> Found | None:
    """Return what the hidden tests found, by a test cell's outputs; None if they don't hold it."""
    for output in cell.get("outputs", ()):
        with suppress(Exception):  # in a notebook that nbgrader graded by itself, a student may have written it
            result = exercise_from_json(json.loads(output["data"][feedback.DATA]))
            return Found(result, Markup(printable(feedback.bundle(result)["text/html"])))
    return None


def _look_at(result: ExerciseResult) -> str:
    if result.status == "not_attempted":
        return "Not attempted."
    if result.misconceptions:
        return " ".join(f"{found.title}." for found in result.misconceptions)
    failure = result.first_failure
    if failure is None:
        return result.judged_with or "All hidden tests passed."
    if result.status in ("error", "timeout"):
        return in_one_line(failure.message, 160)
    return f"{failure.aspect}: {failure.name}" if failure.aspect else failure.name


def _first_line(comment: str) -> str:
    return in_one_line(comment.strip().split("\n")[0], 160)


# --- cells ------------------------------------------------------------------------------------------------------------------


def _fold(cells: Iterable[Cell]) -> dict[str, Any] | None:
    """Return cells as HTML to be folded, with their headings; None if there are none."""
    cells = list(cells)
    if not cells:
        return None
    return {"headings": _headings(cells), "html": markup.with_headings_from(TOP, "\n".join(map(_cell, cells)))}


def _headings(cells: Iterable[Cell]) -> list[Markup]:
    texts = [source_of(cell) for cell in cells if cell["cell_type"] == "markdown"]
    return [markup.line_of(heading.rstrip(" #")) for text in texts for heading in _HEADING.findall(text)]


def _below(html: Markup) -> Markup:
    """Return what stands below a heading of a section."""
    return markup.with_headings_from(TOP + 1, html)


def _cell(cell: Cell) -> Markup:
    """Return a cell with its outputs as HTML."""
    source = _HIDDEN.sub("", source_of(cell))
    if cell["cell_type"] == "markdown":
        return markup.html_of(source, cell.get("attachments"))
    if cell["cell_type"] == "code":
        return Markup("\n").join([markup.code_html(source), *map(markup.plain, _texts(cell))])
    return markup.plain(source)


def _texts(cell: Cell, kinds: Container[str] = _OUTPUTS) -> Iterator[str]:
    """Yield what a cell put out, as text: HTML of a student's isn't shown, and an error without the lines of code that raised it."""
    for output in cell.get("outputs", ()):
        if output.get("output_type") in kinds and (text := _text_of(output)).strip():
            yield text if len(text) <= feedback.PRINTED_LENGTH else f"{text[: feedback.PRINTED_LENGTH]} …"


def _text_of(output: Mapping[str, Any]) -> str:
    kind = output["output_type"]
    if kind == "stream":
        return str(output.get("text", ""))
    if kind == "error":
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    return str(output.get("data", {}).get("text/plain", ""))
