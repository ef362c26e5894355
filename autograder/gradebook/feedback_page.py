"""The page that a student gets back: nbgrader's ``generate_feedback`` makes it by `FeedbackExporter`, set in ``nbgrader_config.py``.

It begins with a table of the exercises; each has a section with the student's answer, what the hidden tests found, and comments, and the
lecture's text is folded. Points and comments are those of the gradebook; what the tests found is read from the data that the autograded
notebook holds (`feedback.DATA`), or else, in an assignment without a hidden suite, from what each test cell put out. Of the source of test
cells only the statement that failed is shown, where students were given it.
"""

from __future__ import annotations

import ast
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
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
from traitlets import default
from traitlets.config import Config

from autograder.errors import in_one_line, printable
from autograder.gradebook import feedback, markup
from autograder.gradebook.autograded_notebook import MISSING, PROBLEMS, pictures
from autograder.gradebook.final_marks import FinalMarks, Mark, Remark, final_marks
from autograder.gradebook.writer import NO_RESPONSE
from autograder.model.course import grade_id, is_test, nbgrader_of, source_of
from autograder.model.results import ExerciseResult, exercise_from_json
from coursekit import show

Cell = Mapping[str, Any]
Resources = dict[str, Any]

_OUTPUTS = ("stream", "error", "display_data", "execute_result")
PAGE_LENGTH = 300_000  # characters of a notebook that a page shows; the longest lecture has a fifth of it
PICTURES_LENGTH = 4_000_000  # characters of the pictures that it shows, in base64: about 100 figures
TOP = 3  # headings of the lecture's text begin one below those of the exercises

_SECTION = re.compile(r"<(h[3-6])>§(\d+)(?!\d)")
_SEE = re.compile(r"See (\d+) §(\d+)(?!\d)")
_HEADING = re.compile(r"^#{1,3} +(\S.*)$", re.MULTILINE)
_MADE_UP = re.compile("cell-[0-9a-f]{16}")  # a `grade_id` as nbgrader makes them
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RAISED = re.compile(r"^-+> *(\d+) (.*)$", re.MULTILINE)  # a line of a traceback, with its number


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
        return page(nb, names["student"], names["assignment"], marks, self.config), resources


def page(notebook: Mapping[str, Any], student: str, assignment: str, marks: FinalMarks, config: Config | None = None) -> str:
    """Return the feedback page.

    Parameters
    ----------
    notebook : mapping
        The autograded notebook.
    student, assignment : str
        Their names.
    marks : FinalMarks
        What the gradebook has.
    config : Config, optional
        The course's configuration, which can name other marks of hidden tests and mark schemes than nbgrader's own.
    """
    hidden = _hidden(config or Config())
    cells = list(_shortened(_shown_cells(notebook["cells"], hidden)))
    problems = next((found for cell in cells if isinstance(found := cell["metadata"].get(PROBLEMS), dict)), {})
    sections, rest = _sections(cell for cell in cells if PROBLEMS not in cell["metadata"])
    graded = problems.get("graded") is not False
    for number, section in enumerate(sections, start=1):
        names = dict.fromkeys(grade_id(cell) for cell in (*section.answers, *section.tests))
        known = re.fullmatch("[a-z_][a-z_0-9]{0,60}", section.name) and section.name not in {one.name for one in sections[: number - 1]}
        section.anchor, section.graded, section.hidden = f"exercise-{section.name if known else number}", graded, hidden
        section.points = {name: marks.cells[name] for name in names if name in marks.cells}
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


def _hidden(config: Config) -> re.Pattern[str]:
    """Return what finds the lines that nbgrader hides from students, and puts back when it grades by itself."""
    tests, scheme = ClearHiddenTests(config=config), ClearMarkScheme(config=config)
    pairs = (
        (tests.begin_test_delimeter, tests.end_test_delimeter),
        (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
    )
    begin, end = ("|".join(map(re.escape, marks)) for marks in zip(*pairs, strict=True))
    return re.compile(rf"^[^\n]*(?:{begin}).*?(?:(?:{end})[^\n]*\n?|\Z)", re.DOTALL | re.MULTILINE)


def _shown_cells(cells: Iterable[Cell], hidden: re.Pattern[str]) -> Iterator[Cell]:
    """Yield the cells without hidden lines; test cells, whose sources aren't shown, as they are."""
    yield from (cell if is_test(cell) else {**cell, "source": hidden.sub("", source_of(cell))} for cell in cells)


def _shortened(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield the cells, cut where their sources are longer than `PAGE_LENGTH` together, or their pictures than `PICTURES_LENGTH`."""
    left, left_for_pictures = PAGE_LENGTH, PICTURES_LENGTH
    for cell in cells:
        source, outputs = source_of(cell), []
        for output in cell.get("outputs", ()):
            size = sum(len(picture) for picture in pictures(output.get("data")).values())
            outputs.append(output if size <= left_for_pictures else {**output, "data": {"text/plain": "(a picture more)"}})
            left_for_pictures -= size if size <= left_for_pictures else 0
        cut = source if len(source) <= left else f"{source[:left]}\n(and {len(source) - left} characters more)"
        yield {**cell, "source": cut, "outputs": outputs}
        left = max(0, left - len(source))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@lru_cache(maxsize=1)
def _template() -> Template:
    loader = PackageLoader("autograder", "gradebook")
    environment = Environment(loader=loader, autoescape=True, finalize=_shown, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(points=_points, counted=_counted, code=markup.code_html, plain=markup.plain)
    environment.filters.update(in_code=lambda text: Markup(show.code(printable(text))))
    return environment.get_template("feedback_page.html.jinja")


def _shown(value: Any) -> Any:
    """Return a value for the page; text is made printable."""
    return printable(value) if type(value) is str else value


def _points(points: float) -> str:
    return f"{round(points, 2):g}"


def _counted(points: float) -> str:
    return f"{_points(points)} point{'' if _points(points) == '1' else 's'}"


# --- sections ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What the hidden tests found in an exercise: the result, and its HTML."""

    result: ExerciseResult
    html: Markup


@dataclass(frozen=True)
class CellFound:
    """What a test cell of an assignment without a hidden suite found.

    Parameters
    ----------
    name : str
        The cell's `grade_id`.
    mark : Mark or None
        Its points in the gradebook.
    statement : str
        The statement that raised, where students were given it.
    raised : str
        The exception, and where it came from if that is hidden.
    shown : list of Markup
        What the cell put out.
    """

    name: str
    mark: Mark | None
    statement: str
    raised: str
    shown: list[Markup]

    @property
    def in_short(self) -> str:
        """The exception with its message, or else with the statement."""
        says_why = self.raised.partition(":")[2].strip() or not self.statement or "`" in self.statement
        return _first_line(self.raised) if says_why else f"{self.raised.rstrip(' :')}: `{_first_line(self.statement)}`"


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
    points : dict of str to Mark
        What the gradebook has for its cells.
    remarks : list of Remark
        The comments that the gradebook has for its cells.
    graded : bool
        False if nothing of the notebook could be graded.
    hidden : Pattern
        What finds the lines that students don't see.
    """

    name: str
    written: bool = False
    before: list[Cell] = field(default_factory=list)
    answers: list[Cell] = field(default_factory=list)
    tests: list[Cell] = field(default_factory=list)
    anchor: str = ""
    points: dict[str, Mark] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    graded: bool = True
    hidden: re.Pattern[str] = field(default_factory=lambda: _hidden(Config()))

    @property
    def marks(self) -> list[Mark]:
        """What the gradebook has for its cells."""
        return list(self.points.values())

    @property
    def task(self) -> bool:
        """Whether its first cell is the instructor's, and the student's answer stands below."""
        return bool(self.answers) and bool(nbgrader_of(self.answers[0]).get("task"))

    @cached_property
    def title(self) -> Markup:
        """The exercise's function; the heading of a written answer, or of an exercise whose name was made up by nbgrader."""
        if not self.written and not _MADE_UP.fullmatch(self.name):
            return Markup("<code>{}</code>").format(printable(self.name))
        headings = _headings(self.answers[:1] if self.task else ()) or _headings(self.before)
        return (headings or [Markup.escape(printable(" ".join(self.name.split("_"))))])[-1]

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
            raised = [cell.in_short for cell in self.tests_found if cell.raised]
            said = [*(_first_line(one.automatic) for one in self.remarks if self._needs(one)), *raised, *map(_first_line, self._texts)][:1]
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
        return [markup.plain(text) for cell in self.tests if _found(cell) for text in _texts(cell, ("stream", "error"))]

    @cached_property
    def tests_found(self) -> list[CellFound]:
        """What its test cells found, where no hidden suite judged it; where there are several, each with its points."""
        found = [self._found_by(cell) for cell in self.tests if not _found(cell)]
        return [one for one in found if one.raised or one.shown or (one.mark and len(found) > 1)]

    def _found_by(self, cell: Cell) -> CellFound:
        raised = next((_text_of(output) for output in cell.get("outputs", ()) if output.get("output_type") == "error"), "")
        statement = _statement_that_raised(cell, self.hidden) if raised else ""
        if statement is None:
            statement, raised = "", f"In a hidden test: {raised}"
        return CellFound(grade_id(cell), self.points.get(grade_id(cell)), statement, raised, _outputs(cell, ("stream", "display_data")))

    @property
    def _texts(self) -> list[str]:
        kinds = [("stream", "error") if _found(cell) else ("stream", "display_data") for cell in self.tests]
        return [text for cell, shown in zip(self.tests, kinds, strict=True) for text in _texts(cell, shown)]


def _sections(cells: Iterable[Cell]) -> tuple[list[Section], list[Cell]]:
    """Return the sections in the notebook's order, each with the cells before it, and the cells after the last one."""
    cells = list(cells)
    answers = {grade_id(cell) for cell in cells if nbgrader_of(cell).get("solution")}
    sections: list[Section] = []
    known: dict[str, Section] = {}
    before: list[Cell] = []
    answering: list[Cell] | None = None  # the cells below a task, up to the next heading, are its answer

    def section(name: str, written: bool = False) -> Section:
        nonlocal before
        if name not in known:
            known[name] = Section(name, written, before)
            before = []
            sections.append(known[name])
        return known[name]

    for cell in cells:
        name, nbgrader = grade_id(cell), nbgrader_of(cell)
        if name or _headings([cell]):
            answering = None
        if is_test(cell):
            exercise = name.removeprefix("test_")
            alone = exercise not in answers and (not sections or sections[-1].written)
            section(exercise if exercise in answers or alone else sections[-1].name).tests.append(cell)
        elif name and (nbgrader.get("solution") or nbgrader.get("task")):
            answers_of_section = section(name, bool(nbgrader.get("grade") or nbgrader.get("task"))).answers
            answers_of_section.append(cell)
            answering = answers_of_section if nbgrader.get("task") else None
        else:
            (before if answering is None else answering).append(cell)
    return sections, before


def _found(cell: Cell) -> Found | None:
    """Return what the hidden tests found, by a test cell's outputs; None if they don't hold it."""
    for output in cell.get("outputs", ()):
        with suppress(Exception):  # in a notebook that nbgrader graded by itself, a student may have written it
            result = exercise_from_json(json.loads(output["data"][feedback.DATA]))
            return Found(result, Markup(printable(feedback.bundle(result)["text/html"])))
    return None


def _statement_that_raised(cell: Cell, hidden: re.Pattern[str]) -> str | None:
    """Return the statement of a test cell at which its traceback begins; None if it is hidden, empty if it isn't known."""
    full = source_of(cell)
    shown = hidden.sub(lambda lines: "\n" * lines[0].count("\n"), full)  # the same numbers of lines
    traces = ["\n".join(map(str, _listed(output.get("traceback")))) for output in cell.get("outputs", ())]
    for number, text in _RAISED.findall(_COLOUR.sub("", "\n".join(traces))):
        lines, seen = full.split("\n"), shown.split("\n")
        if 0 < int(number) <= len(lines) and lines[int(number) - 1].strip() == text.strip():
            return _statement_at(shown, int(number)) if int(number) <= len(seen) and seen[int(number) - 1].strip() else None
    return ""


def _statement_at(source: str, number: int) -> str:
    """Return the shortest statement that has a line of this number, or the line if the source can't be parsed."""
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
        there = [node for node in statements if node.lineno <= number <= (node.end_lineno or 0)]
        node = min(there, key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)
        if node is not None and not hasattr(node, "body"):
            return "\n".join(source.split("\n")[node.lineno - 1 : node.end_lineno])
    return source.split("\n")[number - 1].strip()


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
    source = source_of(cell)
    if cell["cell_type"] == "markdown":
        return markup.html_of(source, cell.get("attachments"))
    if cell["cell_type"] == "code":
        return Markup("\n").join([markup.code_html(source), *_outputs(cell)])
    return markup.plain(source)


def _outputs(cell: Cell, kinds: Container[str] = _OUTPUTS) -> list[Markup]:
    """Return what a cell put out: pictures, and all else as text."""
    shown: list[Markup] = []
    for output in cell.get("outputs", ()):
        if output.get("output_type") in kinds:
            picture = markup.picture(output.get("data"), in_one_line(_text_of(output)) or "a picture")
            shown += [picture] if picture else map(markup.plain, _texts({"outputs": [output]}, kinds))
    return shown


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
